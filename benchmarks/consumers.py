"""Labels exported by Handful, read by the programs they are for.

    python benchmarks/consumers.py [--venv FOLDER] [--format KEY]

Paints images under hostile names, exports their labels by ``handful labels export`` in every format
and lets each real consumer read them: what it finds for an image (by its bytes) must be the label
that was given. All but torchvision are installed into an environment of their own (1.6 GB).
FiftyOne's importer reads the files, which needs none of the data base that it downloads.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import urllib.parse
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGES = ("datasets[vision]", "label-studio-sdk", "fiftyone", "pandas", "pyqt5", "onnxruntime")
LABELME = ("labelme", "loguru", "imgviz", "qtpy", "natsort", "tifffile")  # Without osam: no AI.
CLASSES = ("fox", "a/b", "=sum", "NUL", '"<&>"', "狐狸", "None of these")
FOLDERS = {"a/b": "a_b", "NUL": "_NUL", '"<&>"': "__&__"}  # Where a class is one.
NAMES = (
    *("=1+1.png", "a\nb.png", 'say "x".png', "#50%?&.png", "[1].png", "\u202egnp.png", "con.png"),
    *("test/validation/my_test_1.png", "train/eval.png", "dev.png", "__hidden/x.png"),
    *("same.png", "same.jpg", "Same.png", "sub/same.png", "é" * 125 + ".png"),
    *("ends. /dot..png", "metadata.jsonl.png", "deep/er/and/deeper.png", "labels.json.png"),
)
N_PLAIN = 180


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--venv", type=Path, default=Path(tempfile.gettempdir()) / "consumers")
    parser.add_argument("--format", choices=READERS, help="this one alone")
    parser.add_argument("--read", nargs=4, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.read:
        read(*chosen.read)
        return
    python = environment(chosen.venv)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        truth = paint(root)
        print(f"{len(truth)} images, {len(CLASSES)} classes, Python {platform.python_version()}\n")
        print(
            "| format | consumer | images | labels as given | predictions |\n|---|---|---|---|---|"
        )
        for key, consumers in READERS.items():
            if chosen.format not in (None, key):
                continue
            for is_with in (False, True):
                if is_with and key in ("imagefolder", "labelme"):
                    continue
                out = root / f"{key}-{is_with}{'.csv' if key == 'csv' else ''}"
                export(root, key, out, is_with)
                for consumer in consumers:
                    # torchvision is the program's own.
                    using = sys.executable if consumer == "torchvision" else str(python)
                    command = [using, __file__, "--read", key, consumer, str(out), str(root)]
                    home = {"HOME": str(chosen.venv), "HF_HUB_OFFLINE": "1"}
                    quiet = {"FIFTYONE_DO_NOT_TRACK": "1", "QT_QPA_PLATFORM": "offscreen"}
                    done = subprocess.run(
                        command,
                        env={**os.environ, **home, **quiet},
                        capture_output=True,
                        text=True,
                        check=False,
                    )
                    if done.returncode:
                        sys.exit(done.stderr[-4000:])
                    found = json.loads(done.stdout.splitlines()[-1])
                    labels = {
                        content: label for content, label, is_human in found["rows"] if is_human
                    }
                    wanted = {
                        content: FOLDERS.get(label, label) if key == "imagefolder" else label
                        for content, label in truth.items()
                        if label
                    }
                    n_right = sum(labels.get(content) == label for content, label in wanted.items())
                    n_more = len(found["rows"]) - len(labels)
                    print(
                        f"| {key} | {found['consumer']} | {len(found['rows'])} | "
                        f"{n_right} of {len(wanted)} | {n_more} |",
                        flush=True,
                    )
                    assert n_right == len(wanted) == len(labels), set(labels) ^ set(wanted)
                    assert n_more == (len(truth) - len(wanted) if is_with else 0)


def environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.is_file():
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "-q", "--no-cache-dir"]
        subprocess.run([*install, *PACKAGES], check=True)
        subprocess.run([*install, "--no-deps", *LABELME, "cmap"], check=True)
    return python


def paint(root: Path) -> dict[str, str]:
    """Images of one colour a class; half of the plain ones have no label (an empty one here)."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    truth = {}
    names = [*NAMES, *(f"plain/{number:04d}.jpg" for number in range(N_PLAIN))]
    with (root / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file_name", "label"])
        for number, name in enumerate(names):
            label = CLASSES[number % len(CLASSES)]
            path = root / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            colour = np.array([37 * (number % len(CLASSES)), 128, 255 - 36 * (number % 7)])
            pixels = np.clip(colour + random.normal(0, 20, (40 + number % 9, 48, 3)), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(path)
            is_labelled = number < len(NAMES) or number % 2 == 0
            truth[_digest(path)] = label if is_labelled else ""
            if is_labelled:
                rows.writerow([name if name[0] not in "=" else f"./{name}", label])
    return truth


def export(root: Path, key: str, out: Path, with_predictions: bool) -> None:
    command = [sys.executable, "-m", "engine", "labels", "export", str(root / "images")]
    command += ["--labels", str(root / "labels.csv"), "--format", key, "--out", str(out)]
    command += ["--with-predictions", "--effort", "instant"] if with_predictions else []
    subprocess.run(command, check=True, capture_output=True)


# --- The consumers, in their own environment ------------------------------------------------------


def read(key: str, consumer: str, out: str, root: str) -> None:
    told, rows = CONSUMERS[consumer](Path(out), Path(root))
    print(json.dumps({"consumer": told, "rows": [list(row) for row in rows]}))


def by_pandas(out: Path, root: Path) -> Any:
    import pandas

    table = pandas.read_csv(out, keep_default_na=False)
    human = table.get("label_source", pandas.Series("human", table.index)) == "human"
    labels = [label[1:] if label[:2] == "'=" else label for label in table["label"]]
    rows = [
        (_digest(root / "images" / name), label, bool(is_human))
        for name, label, is_human in zip(table["file_name"], labels, human, strict=True)
    ]
    return _version("pandas"), rows


def by_torchvision(out: Path, root: Path) -> Any:
    from torchvision.datasets import ImageFolder

    found = ImageFolder(str(out))
    rows = [(_digest(Path(path)), found.classes[number], True) for path, number in found.samples]
    for index in range(len(found)):
        found[index][0].load()
    return _version("torchvision"), rows


def by_datasets(out: Path, root: Path) -> Any:
    from datasets import Image, load_dataset

    found = load_dataset("imagefolder", data_dir=str(out))
    assert list(found) == ["train"], list(found)
    split = found["train"].cast_column("image", Image(decode=False))
    names = getattr(split.features["label"], "names", None)
    rows = []
    for row in split:
        content = row["image"]["bytes"] or Path(row["image"]["path"]).read_bytes()
        label = row["label"] if names is None else names[row["label"]]
        is_human = row.get("label_source", "human") == "human"
        rows.append((hashlib.sha256(content).hexdigest(), label, is_human))
    for row in found["train"]:
        row["image"].load()
    return f"{_version('datasets')}, load_dataset", rows


def by_label_studio(out: Path, root: Path) -> Any:
    """Its checks of configuration, tasks, annotations and predictions, and its converter."""
    from label_studio_sdk.converter import Converter
    from label_studio_sdk.label_interface import LabelInterface

    config = (out / "labeling_config.xml").read_text(encoding="utf-8")
    interface = LabelInterface(config)
    interface.validate()
    tasks = json.loads((out / "tasks.json").read_text(encoding="utf-8"))
    rows, exported = [], []
    for number, task in enumerate(tasks):
        assert interface.validate_task({"data": task["data"]}), task
        query = urllib.parse.urlsplit(task["data"]["image"]).query
        (place,) = urllib.parse.parse_qs(query)["d"]
        content = _digest(root / place)  # The folder of images lies in the document root.
        for kind in ("annotations", "predictions"):
            for item in task.get(kind, ()):
                check = (
                    interface.validate_annotation
                    if kind == "annotations"
                    else interface.validate_prediction
                )
                assert check(item), item
        source = (task.get("annotations") or task["predictions"])[0]
        (label,) = source["result"][0]["value"]["choices"]
        rows.append((content, label, bool(task.get("annotations"))))
        if task.get("annotations"):
            exported.append(
                {**task, "id": number, "annotations": [{**task["annotations"][0], "id": number}]}
            )
    with tempfile.TemporaryDirectory() as name:
        source_file = Path(name) / "export.json"
        source_file.write_text(json.dumps(exported), encoding="utf-8")
        converter = Converter(config, name, download_resources=False)
        converter.convert_to_csv(str(source_file), name, is_dir=False, sep=",")
        (table,) = Path(name).glob("*.csv")
        with table.open(encoding="utf-8", newline="") as file:
            choices = [row["choice"] for row in csv.DictReader(file)]
    assert choices == [label for _, label, is_human in rows if is_human]
    return f"{_version('label-studio-sdk')}, LabelInterface and Converter", rows


def by_fiftyone(out: Path, root: Path) -> Any:
    import fiftyone
    import fiftyone.utils.data as importers

    kind = importers.FiftyOneImageClassificationDatasetImporter
    rows = []
    with kind(str(out)) as importer:
        for path, _, label in importer:
            is_human = not label.has_field("label_source") or label["label_source"] == "human"
            assert label.confidence is None or (label.confidence == 1) == is_human
            rows.append((_digest(Path(path)), label.label, is_human))
    return f"fiftyone {fiftyone.__version__}, its importer", rows


def by_labelme(out: Path, root: Path) -> Any:
    from labelme import LabelFile

    rows = []
    for path in sorted(out.rglob("*.json")):
        found = LabelFile(str(path))  # Compares the sizes of image and file, too.
        assert found.image_path is not None
        image = path.parent / found.image_path
        (label,) = [name for name, is_set in found.flags.items() if is_set]
        rows.append((_digest(image), label, True))
    return _version("labelme"), rows


CONSUMERS: dict[str, Callable[[Path, Path], Any]] = {
    "pandas": by_pandas,
    "torchvision": by_torchvision,
    "datasets": by_datasets,
    "label-studio-sdk": by_label_studio,
    "fiftyone": by_fiftyone,
    "labelme": by_labelme,
}
READERS = {
    "csv": ("pandas",),
    # Not datasets: it takes names such as test_1.png for splits, which "huggingface" is safe from.
    "imagefolder": ("torchvision",),
    "huggingface": ("datasets",),
    "labelstudio": ("label-studio-sdk",),
    "fiftyone": ("fiftyone",),
    "labelme": ("labelme",),
}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _version(package: str) -> str:
    return f"{package} {importlib.metadata.version(package)}"


if __name__ == "__main__":
    main()

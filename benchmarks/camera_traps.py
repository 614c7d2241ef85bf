"""Camera trap files of Handful, read by the programs they are for.

    python benchmarks/camera_traps.py [--venv FOLDER] [--large N]

Paints photographs with animals pasted in, runs the ``handful`` commands on them and lets
MegaDetector's own checks, pycocotools and frictionless read what came out. They are installed into
an environment of their own (0.7 GB; MegaDetector without torch). The schemas of Camtrap DP are on
the web only: what they ask for is written out here. ``--large`` makes a results file of N images,
to see how long one of 100 MB takes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

PACKAGES = (
    *("numpy", "Pillow", "tqdm", "jsonpickle", "humanfriendly", "python-dateutil", "pandas"),
    *("pycocotools", "frictionless", "requests", "send2trash", "opencv-python-headless"),
    *("fastquadtree", "matplotlib", "clipboard", "dill", "scikit-learn", "pytest"),
)
KINDS = ("checks", "dots", "stripes")
BOXES = ((0.05, 0.1, 0.4, 0.5), (0.5, 0.3, 0.45, 0.6))
N_PHOTOS = 60
# What the schemas of Camtrap DP 1.0 demand of columns, in the words of Table Schema.
_TEXT = {"type": "string"}
_NEEDED = {"type": "string", "constraints": {"required": True}}
_KEY = {"type": "string", "constraints": {"required": True, "unique": True}}
_TIME = {
    "type": "datetime",
    "format": "%Y-%m-%dT%H:%M:%S%z",
    "constraints": {"required": True},
}
_PATH = {
    "type": "string",
    "constraints": {"required": True, "pattern": r"^(?=^[^./~])(^((?!\.{2}).)*$).*$"},
}


def _one_of(*values: str, required: bool = False) -> dict[str, Any]:
    return {"type": "string", "constraints": {"enum": list(values), "required": required}}


SCHEMAS: dict[str, dict[str, dict[str, Any]]] = {
    "deployments": {
        "deploymentID": _KEY,
        "latitude": {"type": "number", "constraints": {"required": True}},
        "longitude": {"type": "number", "constraints": {"required": True}},
        "deploymentStart": _TIME,
        "deploymentEnd": _TIME,
        "timestampIssues": {"type": "boolean"},
    },
    "media": {
        "mediaID": _KEY,
        "deploymentID": _NEEDED,
        "timestamp": _TIME,
        "filePath": _PATH,
        "filePublic": {"type": "boolean", "constraints": {"required": True}},
        "fileMediatype": _NEEDED,
    },
    "observations": {
        "observationID": _KEY,
        "deploymentID": _NEEDED,
        "mediaID": _TEXT,
        "eventStart": _TIME,
        "eventEnd": _TIME,
        "observationLevel": _one_of("media", "event", required=True),
        "observationType": _one_of(
            *("animal", "human", "vehicle", "blank", "unknown", "unclassified"), required=True
        ),
        "classificationMethod": _one_of("human", "machine"),
        "classificationProbability": {
            "type": "number",
            "constraints": {"minimum": 0, "maximum": 1},
        },
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    folder = Path(tempfile.gettempdir()) / "camera_traps"
    parser.add_argument("--venv", type=Path, default=folder)
    parser.add_argument("--large", type=int, metavar="N")
    parser.add_argument("--read", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.read:
        kind, root = chosen.read
        print(READERS[kind](Path(root)))
        return
    if chosen.large:
        time_large(chosen.large)
        return
    python = environment(chosen.venv)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_all(root)
        print(f"{N_PHOTOS} photographs, Python {platform.python_version()}\n")
        print("| written | read by | found |\n|---|---|---|")
        for kind in READERS:
            command = [str(python), __file__, "--read", kind, str(root)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(done.stdout[-2000:] + done.stderr[-4000:])
            print(f"| {kind} | {done.stdout.splitlines()[-1]} |", flush=True)


def environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.is_file():
        venv.create(folder, with_pip=True)
        install = [python, "-m", "pip", "install", "-q", "--no-cache-dir"]
        subprocess.run([*install, *PACKAGES], check=True)
        subprocess.run([*install, "--no-deps", "megadetector"], check=True)
    return python


# --- Writing --------------------------------------------------------------------------------------


def write_all(root: Path) -> None:
    from engine.interchange.crops import read_manifest

    paint(root)
    images, results, crops = root / "trap", root / "results.json", root / "crops"
    handful("crops", "make", results, "--images", images, "--out", crops)
    shown = {crop.file: crop for crop in read_manifest(crops)[1]}
    write_labels(
        root / "crops.csv",
        {
            file: KINDS[(int(crop.image_file[-8:-4]) + crop.detection) % 3]
            for file, crop in list(shown.items())[:30]
        },
    )
    labels = ("--labels", root / "crops.csv", "--effort", "instant")
    handful("crops", "write-back", crops, *labels, "--out", root / "classified.json")
    photos = sorted(path.relative_to(images).as_posix() for path in images.rglob("*.JPG"))
    classes = ("Vulpes vulpes", "Cervus elaphus", "empty", "person", "None of these")
    named = {name: classes[number % 5] for number, name in enumerate(photos[: N_PHOTOS // 2])}
    write_labels(root / "photos.csv", named)
    export = ("labels", "export", images, "--labels", root / "photos.csv", "--effort", "instant")
    handful(*export, "--format", "coco-camera-traps", "--out", root / "cct.json")
    handful(*export, "--format", "camtrap-dp", "--out", root / "dp", "--with-predictions")


def paint(root: Path) -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from PIL import Image

    from tests.engine.painted import paint as picture

    entries: list[dict[str, Any]] = []
    for number in range(N_PHOTOS):
        photo = Image.new("RGB", (1600, 1200), (90, 100, 80))
        for place, (left, top, width, height) in enumerate(BOXES):
            size = round(width * 1600), round(height * 1200)
            kind = KINDS[(number + place) % 3]
            photo.paste(picture(kind, *size, seed=number), (round(left * 1600), round(top * 1200)))
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:{1 + number % 28:02d} 10:00:00"
        name = f"camera {number % 3}/IMG_{number:04d}.JPG"
        path = root / "trap" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        photo.save(path, "JPEG", quality=90, exif=exif)
        found = [{"category": "1", "conf": 0.9, "bbox": list(box)} for box in BOXES]
        entries.append({"file": name, "detections": found})
    entries.append({"file": "bad.jpg", "failure": "Failure image access", "detections": None})
    write_results(root / "results.json", entries)


def write_results(path: Path, entries: list[dict[str, Any]]) -> None:
    content = {
        "info": {"format_version": "1.4", "detector": "md_v5a.0.0.pt"},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": entries,
    }
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def write_labels(path: Path, labels: dict[str, str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file_name", "label"])
        rows.writerows(labels.items())


def handful(*arguments: object) -> None:
    command = [sys.executable, "-m", "engine", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr[-4000:]}")


# --- Reading, in the other environment ------------------------------------------------------------


def _version(package: str) -> str:
    import importlib.metadata

    return f"{package} {importlib.metadata.version(package)}"


def read_classified(root: Path) -> str:
    from megadetector.postprocessing.validate_batch_results import (
        ValidateBatchResultsOptions,
        validate_batch_results,
    )

    options = ValidateBatchResultsOptions()
    options.return_data = True
    data = validate_batch_results(str(root / "classified.json"), options)
    found = data["validation_results"]
    assert not found["errors"], found
    names = data["classification_categories"]
    top = [
        names[item["classifications"][0][0]] == KINDS[(int(image["file"][-8:-4]) + number) % 3]
        for image in data["images"]
        for number, item in enumerate(image["detections"] or ())
    ]
    assert len(top) == 2 * N_PHOTOS
    return (
        f"{_version('megadetector')} validate_batch_results | {len(found['errors'])} errors, "
        f"{len(found['warnings'])} warnings; {sum(top)} of {len(top)} detections have the class "
        "that was pasted there"
    )


def read_integrity(root: Path) -> str:
    from megadetector.data_management import integrity_check_json_db as check

    options = check.IntegrityCheckOptions()
    options.baseDir = str(root / "trap")
    options.bCheckImageSizes = options.bCheckImageExistence = True
    options.bRequireLocation = options.verbose = False
    options.requireInfo = True
    _, data, errors = check.integrity_check_json_db(str(root / "cct.json"), options)
    assert not any(errors.values()), errors
    return (
        f"{_version('megadetector')} integrity_check_json_db, with images and their sizes | "
        f"{len(data['images'])} images, {len(data['annotations'])} annotations, "
        f"{len(errors['validation_errors'])} errors"
    )


def read_pycocotools(root: Path) -> str:
    from pycocotools.coco import COCO

    coco = COCO(str(root / "cct.json"))
    with (root / "photos.csv").open(encoding="utf-8") as file:
        wanted = {row["file_name"]: row["label"] for row in csv.DictReader(file)}
    found = {
        coco.loadImgs([item["image_id"]])[0]["file_name"]: coco.cats[item["category_id"]]["name"]
        for item in coco.dataset["annotations"]
    }
    assert found == wanted
    return f"{_version('pycocotools')} COCO | {len(found)} of {len(wanted)} labels as given"


def read_frictionless(root: Path) -> str:
    from frictionless import Package

    package = json.loads((root / "dp" / "datapackage.json").read_text())
    for item in package["resources"]:
        with (root / "dp" / item["path"]).open(encoding="utf-8") as file:
            columns = next(csv.reader(file))
        known = SCHEMAS[item["name"]]
        assert known.keys() <= set(columns)
        fields = [{"name": name, **known.get(name, _TEXT)} for name in columns]
        item["schema"] = {"fields": fields, "missingValues": [""]}
        if item["name"] != "deployments":
            item["schema"]["foreignKeys"] = [
                {
                    "fields": ["deploymentID"],
                    "reference": {"resource": "deployments", "fields": ["deploymentID"]},
                }
            ]
    package.pop("profile")  # It is on the web.
    package.pop("contributors")  # Empty: for the person to fill in.
    report = Package.from_descriptor(package, basepath=str(root / "dp")).validate()
    rows = report.flatten(["type", "fieldName", "title", "note"])
    cells = [row for row in rows if row[1] not in ("latitude", "longitude")]
    assert not cells, cells[:5]
    n_rows = sum(task.stats["rows"] for task in report.tasks)
    return (
        f"{_version('frictionless')}, with what the schemas of Camtrap DP 1.0 demand | {n_rows} "
        f"rows of 3 tables; {len(rows)} empty cells, all latitudes and longitudes"
    )


READERS = {
    "results of MegaDetector": read_classified,
    "COCO Camera Traps": read_integrity,
    "COCO Camera Traps ": read_pycocotools,
    "Camtrap DP": read_frictionless,
}


# --- Large files ----------------------------------------------------------------------------------


def time_large(n_images: int) -> None:
    from engine.interchange.formats.megadetector import MegaDetectorResults

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "results.json"
        found = [{"category": "1", "conf": 0.9123, "bbox": list(box)} for box in BOXES]
        write_results(
            path, [{"file": f"a/IMG_{n:07d}.JPG", "detections": found} for n in range(n_images)]
        )
        began = time.perf_counter()
        source = MegaDetectorResults(path)
        read_s = time.perf_counter() - began
        classes = [("fox", 0.9), ("elk", 0.1)]
        classified = {(n, k): classes for n in range(n_images) for k in range(2)}
        began = time.perf_counter()
        longest = 0.0
        with (Path(name) / "new.json").open("w", encoding="utf-8") as file:
            pieces = source.with_classes(classified, "Handful", "now")
            file.write(next(pieces))  # On a thread of its own in the program.
            first_s = time.perf_counter() - began
            last = time.perf_counter()
            for piece in pieces:
                file.write(piece)
                longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
        write_s = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(
            f"{path.stat().st_size / 1e6:.0f} MB, {n_images} images: read in {read_s:.1f} s, "
            f"written back in {write_s:.1f} s ({first_s:.1f} s of it on a thread of its own), "
            f"longest step {1000 * longest:.0f} ms, "
            f"peak memory {peak:.1f} GB"
        )


if __name__ == "__main__":
    main()

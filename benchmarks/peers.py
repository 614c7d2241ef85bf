"""How fast a folder is embedded, beside what people would otherwise write or use.

    python benchmarks/peers.py [--widths 500,1224,3000] [--images 300,120,40] [--trials 3]
                               [--only NAME,...] [--json FILE] [--markdown FILE]

The same painted JPEGs for all, a process of its own for each, one after another within a trial, so
that a computer's moods meet all alike. The clock starts when everything is imported and the network
is loaded, and stops when the last embedding is there. Every network is a MobileNetV2 of width 1 at
224 px in single precision. Handful's and the plain loop's are the shipped encoder with its weights,
the others have the same layers with weights drawn at random, which cost the same.

- ``handful``: the engine as a window runs it, cache empty: hashes, thumbnails, dates and the cache
  are written beside the embeddings.
- ``torchvision``: ``ImageFolder``, ``DataLoader`` with its defaults, eager torch.
- ``torchvision-2``: the same with two loader processes.
- ``timm``: the loader and the loop of timm's inference script (``create_dataset``,
  ``create_loader`` with its default of two workers).
- ``transformers``: ``pipeline("image-feature-extraction")``, batches of 32.
- ``fiftyone``: what ``apply_model`` does with a torch model (its image data set, its transforms,
  its ``embed_all``), batches of 32, two loader processes; without its database, which is MongoDB.

What is not installed is left out and said.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from folder_rate import interval, paint_files

BATCH = 32
NEEDS = {"timm": "timm", "transformers": "transformers", "fiftyone": "fiftyone"}


def handful(folder: Path) -> Callable[[], int]:
    from engine.jobs.embedding import embed_images
    from engine.jobs.workspace import open_workspace
    from engine.messages import EmbedImages, ImageId, ImageRef

    workspace = open_workspace(Path(os.environ["PEERS_SCRATCH"]) / "cache", device="cpu")
    files = sorted(folder.rglob("*.jpg"))
    refs = tuple(ImageRef(ImageId(i), path, path.name) for i, path in enumerate(files))

    def run() -> int:
        for _ in embed_images(workspace, EmbedImages(0, refs)):
            pass
        return len(workspace.store)

    return run


def torchvision_loop(folder: Path, workers: int = 0) -> Callable[[], int]:
    import torch
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
    from engine.encoder.network import build_network

    network = build_network(load_encoder(shipped_encoder_path())).eval()
    transform = transforms.Compose(
        [transforms.Resize((224, 224)), transforms.ToTensor(), _normalise(transforms)]
    )
    loader = DataLoader(
        datasets.ImageFolder(str(folder), transform), batch_size=BATCH, num_workers=workers
    )

    def run() -> int:
        with torch.inference_mode():
            return sum(len(network(batch)) for batch, _ in loader)

    return run


def _normalise(transforms: Any) -> Any:
    return transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def timm_loop(folder: Path) -> Callable[[], int]:
    import timm
    import torch
    from timm.data import create_dataset, create_loader, resolve_data_config

    network = timm.create_model("mobilenetv2_100", pretrained=False, num_classes=0).eval()
    config = resolve_data_config({}, model=network)
    loader = create_loader(
        create_dataset("", root=str(folder)),
        input_size=config["input_size"],
        batch_size=BATCH,
        use_prefetcher=False,
        num_workers=2,
        interpolation=config["interpolation"],
        mean=config["mean"],
        std=config["std"],
        crop_pct=config["crop_pct"],
        device=torch.device("cpu"),
    )

    def run() -> int:
        with torch.inference_mode():
            return sum(len(network(batch)) for batch, _ in loader)

    return run


def transformers_pipeline(folder: Path) -> Callable[[], int]:
    from transformers import (
        MobileNetV2Config,
        MobileNetV2ImageProcessor,
        MobileNetV2Model,
        pipeline,
    )

    extract = pipeline(
        "image-feature-extraction",
        model=MobileNetV2Model(MobileNetV2Config()).eval(),
        image_processor=MobileNetV2ImageProcessor(),
        device="cpu",
    )
    files = [str(path) for path in sorted(folder.rglob("*.jpg"))]
    return lambda: sum(1 for _ in extract(files, batch_size=BATCH, pool=True))


def fiftyone_loop(folder: Path) -> Callable[[], int]:
    import fiftyone.utils.torch as fout
    from torch.utils.data import DataLoader

    model = fout.TorchImageModel(
        fout.TorchImageModelConfig(
            {
                "entrypoint_fcn": "torchvision.models.mobilenet_v2",
                "entrypoint_args": {"weights": None},
                "embeddings_layer": "features.18",
                "image_min_dim": 224,
                "image_max_dim": 2048,
                "image_size": [224, 224],
                "image_mean": [0.485, 0.456, 0.406],
                "image_std": [0.229, 0.224, 0.225],
                "use_half_precision": False,
            }
        )
    )
    paths = [str(path) for path in sorted(folder.rglob("*.jpg"))]
    model.preprocess = False  # As apply_model does where the loader transforms.
    loader = DataLoader(
        fout.TorchImageDataset(image_paths=paths, transform=model.transforms, force_rgb=True),
        batch_size=BATCH,
        num_workers=2,
    )

    def run() -> int:
        with model:
            return sum(len(model.embed_all(batch)) for batch in loader)

    return run


PEERS: dict[str, Callable[[Path], Callable[[], int]]] = {
    "handful": handful,
    "torchvision": torchvision_loop,
    "torchvision-2": lambda folder: torchvision_loop(folder, 2),
    "timm": timm_loop,
    "transformers": transformers_pipeline,
    "fiftyone": fiftyone_loop,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--widths", default="500,1224,3000")
    parser.add_argument("--images", default="300,120,40")
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--only", default=",".join(PEERS))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--one", nargs=2, metavar=("PEER", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        _run_one(*options.one)
        return
    widths = [int(item) for item in options.widths.split(",")]
    counts = [int(item) for item in options.images.split(",")]
    names = [name for name in PEERS if name in options.only.split(",")]
    results = [
        row
        for width, count in zip(widths, counts, strict=True)
        for row in measure(width, count, names, options.trials)
    ]
    text = as_markdown(results)
    print(text)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if options.markdown:
        options.markdown.write_text(text + "\n", encoding="utf-8")


def measure(width: int, count: int, names: list[str], trials: int) -> list[dict[str, Any]]:
    """A row for each peer: rates of the trials, and why there are none."""
    rows: dict[str, dict[str, Any]] = {
        name: {"width": width, "images": count, "peer": name, "rates": [], "peak_mb": 0, "why": ""}
        for name in names
    }
    with tempfile.TemporaryDirectory() as folder:
        list(paint_files(Path(folder) / "images" / "all", count, width))
        for trial in range(trials):
            for name in names:
                row = rows[name]
                if row["why"]:
                    continue
                found = _in_child(name, Path(folder) / "images")
                row["why"] = found.get("why", "")
                if not row["why"]:
                    row["rates"].append(found["images"] / found["seconds"])
                    row["peak_mb"] = max(row["peak_mb"], found["peak_mb"])
                print(f"{width} px, trial {trial + 1}, {name}: {found}", file=sys.stderr)
    return list(rows.values())


def _in_child(name: str, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, str(folder)],
            env={
                **os.environ,
                "PEERS_SCRATCH": scratch,
                "HF_HUB_OFFLINE": "1",
                "FIFTYONE_DO_NOT_TRACK": "1",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    last = (done.stdout.strip().splitlines() or [""])[-1]
    if done.returncode == 0 and last.startswith("{"):
        return dict(json.loads(last))
    error = (done.stderr.strip().splitlines() or ["it printed nothing"])[-1]
    missing = NEEDS.get(name)
    if missing and f"No module named '{missing}'" in done.stderr:
        return {"why": "not installed"}
    return {"why": f"did not run: {error}"}


def _run_one(name: str, folder: str) -> None:
    run = PEERS[name](Path(folder))
    started = time.perf_counter()
    images = run()
    seconds = time.perf_counter() - started
    kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kib += resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps({"images": images, "seconds": seconds, "peak_mb": round(kib / 1024)}))
    sys.stdout.flush()
    os._exit(0)  # Loader processes and databases of others are not waited for.


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """A table; times are the mean over trials of Handful's rate over the peer's in that trial."""
    lines = [
        "| files | who | images a second | Handful is so many times as fast | peak memory |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        size = f"{row['images']} of {row['width']} px"
        if row["why"]:
            lines.append(f"| {size} | {row['peer']} | {row['why']} | | |")
            continue
        ours = next(
            item["rates"]
            for item in rows
            if item["width"] == row["width"] and item["peer"] == "handful"
        )
        ratios = [mine / theirs for mine, theirs in zip(ours, row["rates"], strict=True)]
        times = "" if row["peer"] == "handful" else f"{interval(ratios)}"
        rate = f"{np.mean(row['rates']):.0f}"
        lines.append(f"| {size} | {row['peer']} | {rate} | {times} | {row['peak_mb']} MB |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

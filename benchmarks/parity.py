"""Does a bundle give the answers of predictions.csv where nothing of this project is?

    python benchmarks/parity.py BUNDLE PREDICTIONS.csv IMAGES

Imports nothing of this project and is best run where there is none: onnxruntime, numpy and Pillow
are enough. The bundle's own predict.py is run on all images as a fresh process, once with each
model file, and its tables are compared with PREDICTIONS; beside it all is decoded once more in
full, by a decoder written here, to see how much the documented rule matters. Exits with 1 if the
rule's limits (1e-4; the same class wherever the margin exceeds 0.002) do not hold for model.onnx.
"""

from __future__ import annotations

import argparse
import csv
import json
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps
from PIL import __version__ as pillow_version

MARGIN_RULE, MARGIN_FULL, LIMIT = 0.002, 0.02, 1e-4


def decode_in_full(path: Path) -> np.ndarray:
    """Turned, on white, eight bits; never shrunk while decoding."""
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I"):
            grey = np.maximum(np.asarray(image), 0)
            shift = max(0, int(grey.max()).bit_length() - 8)
            image = Image.fromarray((grey >> shift).astype(np.uint8))
        elif image.mode == "F":
            grey = np.asarray(image).astype(np.float32)
            low, high = grey.min(), grey.max()
            if low >= 0 and high <= 1:
                grey = grey * 255
            elif low < 0 or high > 255:
                grey = (grey - low) * np.float32(255 / (high - low) if high > low else 1)
            image = Image.fromarray(np.rint(grey).astype(np.uint8))
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        return np.asarray(image.convert("RGB"))


def read_table(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    """Probabilities (n_classes,) by file name."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {
            row["file_name"]: np.array([float(row[f"prob_{name}"]) for name in names])
            for row in csv.DictReader(file)
            if row[f"prob_{names[0]}"]
        }


def compare(
    title: str, expected: np.ndarray, found: np.ndarray, margin: float, clear: np.ndarray
) -> tuple[bool, float]:
    """Print a row of the report; whether all clear files have the same class, and the largest
    difference."""
    same = (found.argmax(axis=1) == expected.argmax(axis=1))[clear]
    difference = np.abs(found - expected).max(axis=1)
    print(
        f"| {title} | {same.sum()} of {same.size} with a margin over {margin} | "
        f"{difference.max():.1e} | {np.median(difference):.1e} |"
    )
    return bool(same.all()), float(difference.max())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("images", type=Path)
    options = parser.parse_args()
    signature = json.loads((options.bundle / "signature.json").read_text("utf-8"))
    names = signature["classes"]["Label"]
    ours = read_table(options.predictions, names)
    files = sorted(ours)
    expected = np.stack([ours[name] for name in files])
    kinds: Counter[str] = Counter()
    sizes, turns = set(), set()
    for name in files:
        with Image.open(options.images / name) as image:
            kinds[f"{image.format} {image.mode}"] += 1
            sizes.add(image.size)
            turns.add(image.getexif().get(0x0112, 1))
    print(f"Python {platform.python_version()}, onnxruntime {onnxruntime.__version__}, "
          f"numpy {np.__version__}, Pillow {pillow_version}")  # fmt: skip
    print(f"{len(files)} files, {len(names)} classes, {len(sizes)} sizes, EXIF turns "
          f"{', '.join(map(str, sorted(turns)))}")  # fmt: skip
    print(", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))
    ordered = np.sort(expected, axis=1)
    margin = ordered[:, -1] - ordered[:, -2]
    print("\n| decoded, model | same top class | largest difference | median |\n|---|---|---|---|")
    passed = True
    for model in signature["models"]:
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder, "theirs.csv")
            command = [sys.executable, str(options.bundle / "predict.py"), str(options.images)]
            subprocess.run([*command, "--out", str(table), "--model", model], check=True)
            theirs = read_table(table, names)
        assert sorted(theirs) == files, "other files were read"
        found = np.stack([theirs[name] for name in files])
        is_same, largest = compare(
            f"by the rule, {model}", expected, found, MARGIN_RULE, margin > MARGIN_RULE
        )
        if model == "model.onnx":
            passed = is_same and largest <= LIMIT
    session = onnxruntime.InferenceSession(
        str(options.bundle / "model.onnx"), providers=["CPUExecutionProvider"]
    )
    found = np.stack(
        [
            session.run(["probabilities"], {"image": decode_in_full(options.images / name)[None]})[
                0
            ][0]
            for name in files
        ]
    )
    compare("in full, model.onnx", expected, found, MARGIN_FULL, margin > MARGIN_FULL)
    print("\npassed" if passed else "\nFAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

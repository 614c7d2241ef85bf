"""Does an exported model give the answers of predictions.csv in plain onnxruntime?

    python benchmarks/parity.py MODEL.onnx PREDICTIONS.csv IMAGES_DIR [--limit N]

Imports nothing of this project: pixels are decoded by the documented rule, written here once
more. Prints, for files decoded by the rule and in full, the largest difference in probability and
how often the top class is the same; exits with 1 if the rule's limits (1e-4; the same class
wherever the margin exceeds 0.002) do not hold.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

SIDE = 448


def decode(path: Path, shrink: bool) -> np.ndarray:
    image = Image.open(path)
    stored, factor = image.size, 1
    if shrink:
        factor = 1 << (max(1, min(stored) // SIDE).bit_length() - 1)
    if factor > 1:
        image.draft(None, (SIDE, SIDE))
        factor //= max(1, round(stored[0] / image.size[0]))
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        grey = np.maximum(np.asarray(image), 0)
        shift = max(0, int(grey.max()).bit_length() - 8)
        image = Image.fromarray((grey >> shift).astype(np.uint8))
    elif image.has_transparency_data and image.mode not in ("LA", "La", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode in ("1", "P"):
        image = image.convert("RGB")
    if factor > 1:
        image = image.reduce(factor)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("--limit", type=int, default=400)
    options = parser.parse_args()
    session = onnxruntime.InferenceSession(str(options.model), providers=["CPUExecutionProvider"])
    names = json.loads(session.get_modelmeta().custom_metadata_map["class_names"])
    with options.predictions.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows = rows[:: max(1, len(rows) // options.limit)]
    expected = np.array([[float(row[f"prob_{name}"]) for name in names] for row in rows])
    kinds: Counter[str] = Counter()
    sizes = set()
    for row in rows:
        with Image.open(options.images / row["file_name"]) as image:
            kinds[f"{image.format} {image.mode}"] += 1
            sizes.add(image.size)
    ordered = np.sort(expected, axis=1)
    margin = ordered[:, -1] - ordered[:, -2]
    print(f"{len(rows)} files, {len(sizes)} sizes, {dict(kinds)}")
    print(f"onnxruntime {onnxruntime.__version__}, {len(names)} classes")
    passed = True
    for shrink, clear in ((True, 0.002), (False, 0.02)):
        found = np.stack(
            [
                session.run(
                    ["probabilities"],
                    {"image": decode(options.images / row["file_name"], shrink)[None]},
                )[0][0]
                for row in rows
            ]
        )
        same = (found.argmax(axis=1) == expected.argmax(axis=1))[margin > clear]
        difference = np.abs(found - expected).max(axis=1)
        print(
            f"decoded {'by the rule' if shrink else 'in full    '}: same class {same.sum()} of "
            f"{same.size} with a margin over {clear}; difference max {difference.max():.2e}, "
            f"median {np.median(difference):.2e}"
        )
        if shrink:
            passed = bool(same.all()) and difference.max() <= 1e-4
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

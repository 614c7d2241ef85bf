"""Does OpenCV's dnn give the same answers with a bundle's plain float model?

    python benchmarks/parity_opencv.py BUNDLE PREDICTIONS.csv IMAGES

Imports nothing of this project and no onnxruntime: numpy, Pillow and OpenCV. Images are decoded by
the documented rule and resized as ``signature.json`` says, by functions of the bundle's predict.py
that need Pillow alone. Exits with 1 if the top class is another one wherever the margin exceeds
0.02, or a probability differs by more than 1e-3 (the float variant is resized outside of it).
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
import types
from pathlib import Path

import cv2
import numpy as np

MARGIN, LIMIT = 0.02, 1e-3


def functions_of(script: Path) -> types.ModuleType:
    """predict.py without onnxruntime, which it asks for at its head."""
    sys.modules.setdefault("onnxruntime", types.ModuleType("onnxruntime"))
    module = types.ModuleType("predict")
    module.__file__ = str(script)
    exec(compile(script.read_text("utf-8"), str(script), "exec"), module.__dict__)
    return module


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("images", type=Path)
    options = parser.parse_args()
    signature = json.loads((options.bundle / "signature.json").read_text("utf-8"))
    names, rule = signature["classes"]["Label"], signature["preprocess"]
    predict = functions_of(options.bundle / "predict.py")
    network = cv2.dnn.readNetFromONNX(str(options.bundle / "model_float.onnx"))
    with options.predictions.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[f"prob_{names[0]}"]]
    expected = np.array([[float(row[f"prob_{name}"]) for name in names] for row in rows])
    found = []
    seconds = 0.0
    for row in rows:
        pixels = predict.decode(options.images / row["file_name"])
        is_cubic = rule["filter"].startswith("bicubic")
        given = predict.resized(pixels, rule["size"], is_cubic)[None]
        began = time.perf_counter()
        network.setInput(given, "image")
        found.append(network.forward("probabilities").reshape(-1))
        seconds += time.perf_counter() - began
    answers = np.stack(found)
    ordered = np.sort(expected, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > MARGIN
    same = (answers.argmax(axis=1) == expected.argmax(axis=1))[clear]
    difference = np.abs(answers - expected).max(axis=1)
    print(f"OpenCV {cv2.__version__}, numpy {np.__version__}, {1000 * seconds / len(rows):.0f} ms "
          f"an image in the network")  # fmt: skip
    print(
        f"{len(rows)} files: same class {same.sum()} of {same.size} with a margin over {MARGIN}; "
        f"difference max {difference.max():.1e}, median {np.median(difference):.1e}"
    )
    passed = bool(same.all()) and difference.max() <= LIMIT
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())

"""The command itself on labelled sets: ``handful classify`` against plain prototypes, same splits.

    python benchmarks/classify_command.py --start UNTOUCHED.safetensors DIR... [--shots 1,5,10]

For each set (a folder of class folders, a tar file of one, or a folder of these) and number of
shots, labels that many images of every class at random, runs the command on all the others, and
classifies them by the nearest class mean of the untouched network's activations as well, given as
an encoder file or as bare weights. One draw a cell: the mean over the sets is what this is for;
encoder_quality.py repeats the draws.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.encoder.encoder_file import open_encoder
from engine.encoder.runtime import load_runtime
from engine.images import decode_image
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.encoder_training.label_draws import Draw, draw_labels, plain_prototypes
from engine.worker import default_cache_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--start", required=True, type=Path)
    parser.add_argument("--shots", default="1,5,10")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    shots = [int(text) for text in options.shots.split(",")]
    encoder = open_encoder(options.start, "untouched")
    start = load_runtime(encoder, default_cache_folder() / "encoders", "cpu")
    print("| set | " + " | ".join(f"{k}: prototypes / command" for k in shots) + " |")
    print("|---" * (1 + len(shots)) + "|")
    rows = []
    for images in open_image_sets(options.sets):
        with ThreadPoolExecutor(start.n_threads) as pool:
            pixels = (decode_image(images.read(i)).pixels for i in range(len(images)))
            embeddings = np.stack(list(pool.map(start.embed, pixels))).astype(np.float32)
        if encoder.projection is None:  # The pooled activation z, as published, not its root.
            embeddings **= 2
        row = []
        for k in shots:
            (draw,) = draw_labels(images.labels, k, 1, options.seed)
            found = plain_prototypes(
                embeddings[draw.support],
                images.labels[draw.support],
                embeddings[draw.query],
                embeddings.mean(0),
                len(images.class_names),
            )
            bar = float(np.mean(found == images.labels[draw.query]))
            row.append((100 * bar, 100 * run_command(images, draw)))
        rows.append(row)
        print(line(images.name, row), flush=True)
    print(line("**mean**", [tuple(pair) for pair in np.mean(rows, axis=0)]))


def run_command(images: ImageSet, draw: Draw) -> float:
    """The accuracy of the table that the command writes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for index in range(len(images)):
            part = "examples" if index in draw.support else "images"
            path = folder / part / images.image_names[index]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(images.read(index))
        out = folder / "predictions.csv"
        command = [sys.executable, "-m", "engine", "classify", str(folder / "images")]
        command += ["--support", str(folder / "examples"), "--out", str(out), "--device", "cpu"]
        subprocess.run(command, check=True, capture_output=True)
        with out.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    return float(np.mean([row["file_name"].split("/")[0] == row["label"] for row in rows]))


def line(name: str, row: list[tuple[float, float]]) -> str:
    return f"| {name} | " + " | ".join(f"{bar:.1f} / {ours:.1f}" for bar, ours in row) + " |"


if __name__ == "__main__":
    main()

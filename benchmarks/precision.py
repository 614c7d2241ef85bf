"""What half precision and 8-bit integers cost an exported model, and what they gain, as Markdown.

    python benchmarks/precision.py FOLDER... [--shots 10] [--effort instant]

Each folder has a folder of images for each class. Some of every class are labelled at random, the
model is fitted and exported as the program does it, also where the program would not offer a
variant. "same class": images with the program's class, of those that the variant was not made
with. "right": accuracy against the true classes over all images without a label, with its 95 %
interval; in brackets that of the program. "none": images on whose none-of-these verdict
(none_score > 0.5) both agree. Speed: images a second on one thread, in brackets that of the model
in full precision, in turns.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import tempfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnxruntime

from engine.encoder.runtime import cpu_session
from engine.images import decode_image, read_file
from engine.jobs.export_graph import NONE_THRESHOLD
from engine.jobs.precision import Made, make_variants
from engine.jobs.predictions import FittedSnapshot, fit_snapshot
from engine.jobs.workspace import open_workspace
from engine.messages import Effort, Precision, Snapshot
from engine.method.intervals import wilson_interval
from engine.sources import SnapshotBuilder

_T = TypeVar("_T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--shots", type=int, default=10)
    parser.add_argument("--effort", type=Effort, default=Effort.INSTANT)
    options = parser.parse_args()
    print(f"onnxruntime {onnxruntime.__version__}, {processor()}, {os.cpu_count()} cores")
    print("\n| set | variant | MB | images/s | same class | largest difference | right | none |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as cache:
            workspace = open_workspace(Path(cache), device="cpu")
            try:
                snapshot = labelled(folder, options.shots, Path(cache), options.effort)
                fitted = result_of(fit_snapshot(workspace, snapshot, 0))
                steps = make_variants(workspace, fitted, Path("model.onnx"), list(Precision), 0)
                for made in result_of(steps):
                    print(row(fitted, made, folder.name), flush=True)
            finally:
                workspace.close()


def labelled(folder: Path, shots: int, scratch: Path, effort: Effort) -> Snapshot:
    table = scratch / "labels.csv"
    draw = np.random.default_rng(0)
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "label"])
        for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
            for path in draw.permutation(sorted(map(str, kind.iterdir())))[:shots]:
                writer.writerow([Path(path).relative_to(folder).as_posix(), kind.name])
    builder = SnapshotBuilder()
    builder.add_images(folder)
    builder.add_labels(table, folder)

    return replace(builder.build(), effort=effort)


def row(fitted: FittedSnapshot, made: Made, name: str) -> str:
    known = {image.image_id for image, _ in fitted.snapshot.support}
    images = [image for image in fitted.snapshot.images if image.image_id not in known]
    truth = [image.path.parent.name for image in images]
    embeddings = fitted.seen.store.select([image.image_id for image in images])
    classes = [item.name for item in fitted.classes]
    own = fitted.model.probabilities(embeddings).argmax(axis=1)
    own_none = fitted.model.none_scores(embeddings) > NONE_THRESHOLD
    session = cpu_session(made.content)
    found, none = [], []
    for image in images:
        given = {"image": decode_image(read_file(image.path)).pixels[None]}
        place, score = session.run(["class_index", "none_score"], given)
        found.append(int(place[0]))
        none.append(bool(score[0] > NONE_THRESHOLD))
    right, own_right = (
        float(np.mean([classes[index] == wanted for index, wanted in zip(of, truth, strict=True)]))
        for of in (found, own)
    )
    low, high = wilson_interval(right, len(images))
    report = made.report
    cells = (
        name,
        report.precision.value + (" (not offered)" if report.refusal else ""),
        f"{report.size_bytes / 1e6:.1f}",
        f"{report.images_per_second:.0f} ({report.full_images_per_second:.0f})",
        f"{report.n_agree} of {report.n_files} ({100 * report.n_agree / report.n_files:.1f} %)",
        f"{report.max_difference:.1e}",
        f"{100 * right:.1f} % [{100 * low:.1f}, {100 * high:.1f}] ({100 * own_right:.1f})",
        f"{100 * np.mean(np.array(none) == own_none):.1f} %",
    )
    return f"| {' | '.join(cells)} |"


def result_of(steps: Generator[object, None, _T]) -> _T:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()

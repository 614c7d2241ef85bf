"""What a cluster costs beside the images: rates, the memory of the driver, what a part weighs.

    python benchmarks/cluster.py [--images 2000] [--names 1000000]

1. Painted JPEGs of 500 px, hard-linked: `handful classify --model` on this computer alone, then
   with `--cluster local`, of which Ray's start and the work are told apart; a rerun with nothing
   left to do.
2. Each step of an image, on one thread, for three sizes.
3. The driver alone with many names: listing files, planning parts, and what a resume reads.
4. What a part weighs, for 2 and 20 classes.

Seconds are by the clock in 1 and of the processor in all others.
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
from PIL import Image

from engine.cluster.listing import Listing, list_images, rows_per_part
from engine.cluster.parts import images_in, part_name, part_of
from engine.cluster.storage import Storage
from engine.images import decode_image, read_file
from engine.interchange.records import Record, Results
from engine.jobs.exported_model import ExportedModel
from engine.messages import ImageId, ImageRef

_N_FILES = 60
_SIDE_PX = 500


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--images", type=int, default=2000)
    options.add_argument("--names", type=int, default=1_000_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hb-") as folder:
        rates(Path(folder), asked.images)
        stages(Path(folder))
        weights()
        driver(Path(folder), asked.names)


def rates(folder: Path, n_images: int) -> None:
    support, images = folder / "support", folder / "images"
    files = [paint(folder / "files" / f"{number:03d}.jpg", number) for number in range(_N_FILES)]
    for number, path in enumerate(files[:10]):
        link = support / f"class {number % 2}" / path.name
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, link)
    images.mkdir()
    for number in range(n_images):
        os.link(files[number % _N_FILES], images / f"{number:07d}.jpg")
    model = folder / "model.onnx"
    handful("export", "--support", support, "--out", model, "--effort", "instant")
    given = ("classify", images, "--model", model, "--device", "cpu")
    alone = handful(*given, "--out", folder / "alone.parquet")
    ray = handful(*given, "--out", folder / "ray", "--cluster", "local")
    parts = sorted((folder / "ray").glob("part-*"), key=lambda path: path.stat().st_mtime)
    first, last = (path.stat().st_mtime for path in (parts[0], parts[-1]))
    n_rows = rows_per_part(n_images, ray["n_workers"])
    again = handful(*given, "--out", folder / "ray", "--cluster", "local")
    print(f"| {n_images} JPEGs of {_SIDE_PX} px, {os.path.getsize(files[0]) / 1e3:.0f} kB | |")
    print("|---|---|")
    print(f"| one machine's command | {n_images / alone['seconds']:.0f} images/s |")
    print(
        f"| Ray, {ray['n_workers']} workers, between the first part and the last | "
        f"{n_rows * (len(parts) - 1) / (last - first):.0f} images/s |"
    )
    print(f"| Ray's command from beginning to end | {ray['seconds']:.1f} s |")
    print(f"| again, with nothing to do | {again['seconds']:.1f} s |")


def stages(folder: Path) -> None:
    model = ExportedModel(folder / "model.onnx")
    print("\n| JPEG | kB | read | decode | model |\n|---|---|---|---|---|")
    for width, height, count in ((500, 375, 60), (1632, 1224, 30), (4000, 3000, 10)):
        path = folder / "stages.jpg"
        picture = Image.open(paint(folder / "large.jpg", width)).resize((width, height))
        # The grain of a camera: without it a large file would be a tenth of a photograph's.
        grain = np.random.default_rng(0).normal(0, 5, (height, width, 3))
        grainy = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
        Image.fromarray(grainy).save(path, quality=85)
        ref = ImageRef(ImageId(0), path, path.name)
        spent = {"read": 0.0, "decode": 0.0, "model": 0.0}
        for round_ in range(count + 2):  # The first two warm up.
            marks = [time.thread_time()]
            content = read_file(path)
            marks.append(time.thread_time())
            pixels = decode_image(content).pixels
            marks.append(time.thread_time())
            model.record(ref, pixels)
            marks.append(time.thread_time())
            if round_ >= 2:
                for name, start, end in zip(spent, marks[:-1], marks[1:], strict=True):
                    spent[name] += (end - start) / count
        shown = " | ".join(f"{1e3 * value:.2f} ms" for value in spent.values())
        print(f"| {width} x {height} | {path.stat().st_size / 1e3:.0f} | {shown} |")


def handful(*arguments: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "engine", *map(str, arguments)]
    if arguments[0] == "classify":
        command.append("--json")
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout)) if arguments[0] == "classify" else {}


def paint(path: Path, seed: int) -> Path:
    """A picture with as much detail as a photograph: its file has some 60 kB."""
    path.parent.mkdir(exist_ok=True)
    random = np.random.default_rng(seed)
    picture = np.zeros((_SIDE_PX, _SIDE_PX, 3), np.float32)
    for side in (4, 16, 64, 250):
        noise = random.integers(0, 256, (side, side, 3)).astype(np.uint8)
        grown = Image.fromarray(noise).resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BICUBIC)
        picture += np.asarray(grown, np.float32) / side**0.5
    picture *= 255 / picture.max()
    Image.fromarray(picture.astype(np.uint8)).save(path, quality=88)
    return path


def driver(folder: Path, n_names: int) -> None:
    print("\n| the driver alone | |\n|---|---|")
    listed = folder / "listed"
    listed.mkdir()
    n_files = min(n_names, 50_000)
    for start in range(0, n_files, 1000):
        (listed / f"{start:07d}").mkdir()
        for number in range(1000):
            (listed / f"{start:07d}" / f"{number:03d}.jpg").touch()
    _, seconds = timed(lambda: finish(list_images(Storage(str(listed)), 0)))
    print(f"| listing files on a local disk | {n_files / seconds / 1e3:.0f} k names/s |")
    text = folder / "names.txt"
    camera = "camera_{:03d}/2026-11/IMG_{:08d}.JPG\n"
    text.write_text("".join(camera.format(number % 300, number) for number in range(n_names)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB on Linux.
    listing, seconds = timed(lambda: finish(list_images(Storage(str(text)), 0)))
    print(f"| reading and sorting a list of {n_names:,} names | {seconds:.1f} s |")
    n_rows = rows_per_part(n_names, 64)
    parts, seconds = timed(lambda: listing.blocks(n_rows))
    print(f"| planning {len(parts)} parts of {n_rows} | {seconds:.2f} s |")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    n_bytes = (listing.names.nbytes + listing.sizes.nbytes) / n_names
    print(f"| names as columns | {n_bytes:.0f} bytes each |")
    print(f"| peak memory of both | {(after - before) * 1024 / n_names:.0f} bytes a name |")
    out = Storage(str(folder / "resumed"))
    results = results_of(2)
    parts = parts[: len(parts) // 10]  # Making their rows takes longer than all that is measured.
    for part in parts:
        names = part.to_pylist()[0]["names"]
        out.write(part_name("m", names), part_of(results, records(names, 2))[0])
    found, seconds = timed(lambda: images_in(out, out.names()))
    print(f"| reading the {len(found):,} names in {len(parts)} parts | {seconds:.2f} s |")
    left, seconds = timed(lambda: listing.without(found))
    assert len(left) == n_names - len(found)
    print(f"| finding which of all are missing | {seconds:.2f} s |")


def weights() -> None:
    print("\n| a part of 4,096 rows | bytes a row | s to write |\n|---|---|---|")
    names = [f"camera_{n % 300:03d}/2026-11/IMG_{n:08d}.JPG" for n in range(4096)]
    for n_classes in (2, 20):
        rows = records(names, n_classes)
        (content, _), seconds = timed(lambda n=n_classes, rows=rows: part_of(results_of(n), rows))
        print(f"| {n_classes} classes | {len(content) / len(names):.0f} | {seconds:.2f} |")


def results_of(n_classes: int) -> Results:
    classes = tuple(f"class {number}" for number in range(n_classes))
    return Results(Path(), classes, classes, "m", 0, lambda: iter(()))


def records(names: list[str], n_classes: int) -> list[Record]:
    random = np.random.default_rng(0)
    made = []
    for number, name in enumerate(names):
        chances = random.dirichlet(np.full(n_classes, 0.2)).astype(np.float32)
        image = ImageRef(ImageId(number), Path(name), name)
        made.append(Record(image, None, chances, float(random.random())))
    return made


def finish(steps: Any) -> Listing:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            listing: Listing = end.value
            return listing


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What was made, and the processor seconds that it took."""
    started = time.process_time()
    made = work()
    return made, time.process_time() - started


if __name__ == "__main__":
    main()

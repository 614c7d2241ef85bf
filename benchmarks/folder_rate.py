"""How fast a folder is embedded, against this machine's own limit and a plain torch loop.

    python benchmarks/folder_rate.py [--images 600] [--width 500] [--trials 3] [--no-torch]

Paints photographs-like JPEGs, then measures, trial by trial in one process: decoding alone and
forward passes alone (core-seconds per image, one thread), the limit that they imply for all
cores, the engine's own pipeline on an empty cache, and torchvision's ``ImageFolder`` +
``DataLoader`` + eager network over the same files and weights.

Each is also told in processor time, its decoding processes included (Linux): beside other programs
that is the figure to go by, since it does not grow while a core is somebody else's. Starting those
processes is not counted.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from engine.decoding.decoders import DECODERS
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import load_runtime
from engine.image_cache import ImageCache
from engine.images import decode_image, make_thumbnail
from engine.jobs.embedding import embed_images
from engine.jobs.workspace import Workspace
from engine.messages import EmbedImages, ImageId, ImageRef
from engine.painting import CLASS_NAMES, paint_picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--width", type=int, default=500)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--no-torch", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    encoder = load_encoder(shipped_encoder_path())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = list(paint_files(folder / "images" / "all", options.images, options.width))
        runtime = load_runtime(encoder, folder / "encoders", "cpu")
        print(
            f"{len(files)} JPEGs, {options.width} px wide, {runtime.device}, {platform.machine()}"
        )
        refs = tuple(ImageRef(ImageId(i), path, path.name) for i, path in enumerate(files))
        sample = [path.read_bytes() for path in files[:60]]
        pixels = [decode_image(content).pixels for content in sample]
        ratios, speedups, worked_shares = [], [], []
        rows: list[dict[str, float]] = []
        for trial in range(options.trials):
            decode_s, decode_work_s = timed(
                lambda: [make_thumbnail(decode_image(c).pixels) for c in sample]
            )
            forward_s, forward_work_s = timed(lambda: [runtime.embed(p) for p in pixels])
            alone_s = (decode_s + forward_s) / len(sample)
            alone_work_s = (decode_work_s + forward_work_s) / len(sample)
            limit = runtime.n_threads / alone_s
            cache = ImageCache(
                folder / f"cache{trial}", encoder.fingerprint, encoder.embedding_size
            )
            workspace = Workspace(runtime, cache)
            command = EmbedImages(0, refs)
            start_decoding(sample[:12], runtime.n_threads + 1)
            seconds, work_s = timed(partial(exhaust, embed_images(workspace, command)))
            workspace.close()
            rate = len(files) / seconds
            ratios.append(rate / limit)
            worked_shares.append(alone_work_s * len(files) / work_s)
            row = {
                "decode_ms": 1000 * decode_s / len(sample),
                "forward_ms": 1000 * forward_s / len(sample),
                "limit": limit,
                "rate": rate,
                "share": ratios[-1],
                "processor_ms": 1000 * work_s / len(files),
                "share_of_processor_time": worked_shares[-1],
            }
            rows.append(row)
            line = (
                f"decode + thumbnail {1000 * decode_s / len(sample):.2f} ms, "
                f"forward {1000 * forward_s / len(sample):.2f} ms, "
                f"limit {limit:.0f} img/s, pipeline {rate:.0f} img/s = {rate / limit:.2f} of it; "
                f"processor time {1000 * work_s / len(files):.2f} ms an image, "
                f"{worked_shares[-1]:.2f} of it decoding and forward"
            )
            if not options.no_torch:
                import torch  # noqa: F401  # Its loading is not the loop's fault.
                import torchvision  # noqa: F401

                loop_s, loop_work_s = timed(lambda: torch_loop(folder / "images"))
                loop = len(files) / loop_s
                speedups.append(rate / loop)
                row["torch_loop_rate"] = loop
                line += (
                    f"; torch loop {loop:.0f} img/s, {rate / loop:.1f} times "
                    f"(processor time {loop_work_s / work_s:.1f} times)"
                )
            print(line, flush=True)
    print(f"share of the limit: {interval(ratios)}")
    print(f"share of the processor time: {interval(worked_shares)}")
    if speedups:
        print(f"times the torch loop: {interval(speedups)}")
    if options.json:
        found = {"width": options.width, "images": options.images, "trials": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def paint_files(folder: Path, count: int, width: int) -> Iterator[Path]:
    """A few painted pictures, each shifted and mirrored into many files of their own bytes."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    originals = [paint_picture(name, generator).convert("RGB") for name in CLASS_NAMES * 2]
    for index in range(count):
        picture = originals[index % len(originals)]
        picture = picture.resize((width, round(width * picture.height / picture.width)))
        pixels = np.roll(np.asarray(picture), index * 7, axis=(0, 1))
        path = folder / f"{index:05d}.jpg"
        Image.fromarray(pixels).save(path, quality=90)
        yield path


def torch_loop(folder: Path) -> None:
    import torch
    from torch.utils.data import DataLoader
    from torchvision import datasets, models, transforms

    transform = transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    )
    network = models.mobilenet_v2(weights=None).features.eval()
    loader = DataLoader(datasets.ImageFolder(str(folder), transform), batch_size=32)
    with torch.inference_mode():
        for batch, _ in loader:
            network(batch).mean((2, 3))


def exhaust(steps: Iterator[object]) -> None:
    for _ in steps:
        pass


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of processor time."""
    started, worked = time.perf_counter(), processor_s()
    work()
    seconds = time.perf_counter() - started
    return seconds, sum(used - worked.get(pid, 0.0) for pid, used in processor_s().items())


def processor_s() -> dict[int, float]:
    """What this process (0) and those that decode for it have had."""
    used = {0: time.process_time()}
    for pid in DECODERS.pids():
        with suppress(OSError):  # Not Linux, or it has just ended.
            used[pid] = int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return used


def start_decoding(contents: list[bytes], n_threads: int) -> None:
    """Have the processes there, which leave when they have had nothing to do for a while."""
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(DECODERS.look, contents))


def interval(values: list[float]) -> str:
    half = 1.96 * float(np.std(values, ddof=1)) / np.sqrt(len(values)) if len(values) > 1 else 0.0
    return f"{np.mean(values):.2f} ± {half:.2f} over {len(values)} trials"


if __name__ == "__main__":
    main()

"""What decoding a JPEG costs by decoder: Pillow, simplejpeg, torchvision, pyvips where it is there.

    python benchmarks/decoders.py [--files 24] [--trials 9]

Paints JPEGs of 0.3, 2 and 12 megapixels and decodes each to an array of pixels (height, width, 3)
as the program's rule asks (shrunk while decoding, where that decoder can), on one thread. The
figures are processor time in the fastest of the trials; whether the pixels are Pillow's is checked.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import simplejpeg
from folder_rate import paint_files
from numpy.typing import NDArray
from PIL import Image

from engine.images import DRAFT_SIDE_PX, look_at

Decoder = Callable[[bytes, tuple[int, int]], NDArray[np.uint8]]
WIDTHS = {"0.3 MP": 500, "2 MP": 1224, "12 MP": 3000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--trials", type=int, default=9)
    options = parser.parse_args()
    decoders: dict[str, Decoder] = {"Pillow": pillow, "simplejpeg": by_simplejpeg}
    decoders |= optional_decoders()
    print("| picture | decoder | ms | the same pixels |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, width in WIDTHS.items():
            files = list(paint_files(Path(folder) / name, options.files, width))
            contents = [path.read_bytes() for path in files]
            shrunk = [shrunk_size(content) for content in contents]
            wanted = [pillow(*item) for item in zip(contents, shrunk, strict=True)]
            for decoder_name, decode in decoders.items():
                given = [decode(*item) for item in zip(contents, shrunk, strict=True)]
                is_same = all(map(np.array_equal, given, wanted))
                spent = fastest(decode, contents, shrunk, options.trials)
                print(f"| {name} | {decoder_name} | {1000 * spent:.2f} | {is_same} |", flush=True)
            spent = fastest(lambda content, _: look_at(content), contents, shrunk, options.trials)
            print(f"| {name} | all of a look, with thumbnail and hash | {1000 * spent:.2f} | |")


def fastest(
    decode: Callable[[bytes, tuple[int, int]], object],
    contents: list[bytes],
    shrunk: list[tuple[int, int]],
    trials: int,
) -> float:
    """Seconds of processor time for one file, in the fastest of some trials."""
    times = []
    for _ in range(trials):
        started = time.process_time()
        for content, size in zip(contents, shrunk, strict=True):
            decode(content, size)
        times.append(time.process_time() - started)
    return min(times) / len(contents)


def shrunk_size(content: bytes) -> tuple[int, int]:
    """Width and height that the program's rule lets a JPEG be decoded to."""
    with Image.open(io.BytesIO(content)) as image:
        if min(image.size) // DRAFT_SIDE_PX > 1:
            image.draft(None, (DRAFT_SIDE_PX, DRAFT_SIDE_PX))
        return image.size


def pillow(content: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as image:
        if size != image.size:
            image.draft(None, (DRAFT_SIDE_PX, DRAFT_SIDE_PX))
        return np.asarray(image)


def by_simplejpeg(content: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = simplejpeg.decode_jpeg_header(content)[:2]
    least = {} if size == (width, height) else {"min_width": size[0], "min_height": size[1]}
    pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(content, "RGB", **least)
    return pixels


def optional_decoders() -> dict[str, Decoder]:
    """Those that are installed."""
    found: dict[str, Decoder] = {}
    try:
        import torch
        from torchvision.io import ImageReadMode, decode_jpeg

        torch.set_num_threads(1)

        def torchvision(content: bytes, _: tuple[int, int]) -> NDArray[np.uint8]:
            planes = decode_jpeg(
                torch.frombuffer(bytearray(content), dtype=torch.uint8), ImageReadMode.RGB
            )
            pixels: NDArray[np.uint8] = planes.permute(1, 2, 0).contiguous().numpy()
            return pixels

        found["torchvision.io (in full)"] = torchvision
    except ImportError as error:
        print(f"torchvision is left out: {error}")
    try:
        os.environ["VIPS_CONCURRENCY"] = "1"
        import pyvips

        pyvips.cache_set_max(0)  # Else it would decode each file once only.

        def vips(content: bytes, size: tuple[int, int]) -> NDArray[np.uint8]:
            factor = max(1, round(Image.open(io.BytesIO(content)).width / size[0]))
            image = pyvips.Image.jpegload_buffer(content, shrink=factor)
            pixels: NDArray[np.uint8] = image.numpy()
            return pixels

        found["pyvips"] = vips
    except (ImportError, OSError) as error:
        print(f"pyvips is left out: {error}")
    return found


if __name__ == "__main__":
    main()

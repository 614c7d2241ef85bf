"""How far perceptual hashes of two versions lie apart, and which near-duplicates that costs.

    python benchmarks/hashes.py SET.tar... [--images 25]

Pictures of tar files are enlarged to 1,200 pixels and made grainy, as photographs are. Told are the
bits by which the hash of now differs from the one before (every so many pixels instead of the
thumbnail) and from the one that is made again of the cached thumbnail; and how many copies of a
picture change sides of the limit for near-duplicates where one of the two is of another version.
"""

from __future__ import annotations

import argparse
import io
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from engine.images import _hash_of, hash_of_thumbnail, look_at
from engine.method.duplicates import SAME_LAYOUT_BITS

_SIDE_PX = 1200
_SAMPLE_PX = 128


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("sets", type=Path, nargs="+")
    options.add_argument("--images", type=int, default=25)
    asked = options.parse_args()
    apart: dict[str, list[int]] = {"before": [], "remade": []}
    sides: dict[tuple[str, str], list[bool]] = {}
    for picture in pictures(asked.sets, asked.images):
        look = look_at(as_jpeg(picture, 92))
        remade = hash_of_thumbnail(look.thumbnail)
        assert remade is not None
        others = {"before": former_hash(look.decoded.pixels), "remade": remade}
        for name, bits in others.items():
            apart[name].append(distance(bits, look.perceptual_hash))
        for kind, copy in copies(picture).items():
            of_copy = look_at(copy).perceptual_hash
            is_like = distance(look.perceptual_hash, of_copy) <= SAME_LAYOUT_BITS
            for name, bits in others.items():
                is_like_now = distance(bits, of_copy) <= SAME_LAYOUT_BITS
                sides.setdefault((kind, name), []).append(is_like != is_like_now)
    print("| hash | pictures | bits from that of now, mean | most |\n|---|---|---|---|")
    for name, bits in apart.items():
        print(f"| {name} | {len(bits)} | {np.mean(bits):.1f} | {max(bits)} |")
    print("\n| copy | hash of the other | change sides |\n|---|---|---|")
    for (kind, name), changed in sides.items():
        print(f"| {kind} | {name} | {sum(changed)} of {len(changed)} |")


def pictures(sets: list[Path], n_images: int) -> Iterator[Image.Image]:
    chance, noise = random.Random(0), np.random.default_rng(0)
    for path in sorted(sets):
        with tarfile.open(path) as archive:
            files = [item for item in archive if item.isfile()]
            for item in chance.sample(files, min(n_images, len(files))):
                content = archive.extractfile(item)
                assert content is not None
                image = Image.open(content).convert("RGB")
                factor = _SIDE_PX / max(image.size)
                size = round(image.width * factor), round(image.height * factor)
                large = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32)
                grainy = large + noise.normal(0, 4, large.shape)
                yield Image.fromarray(np.clip(grainy, 0, 255).astype(np.uint8))


def copies(picture: Image.Image) -> dict[str, bytes]:
    left, top = round(0.015 * picture.width), round(0.015 * picture.height)
    cropped = picture.crop((left, top, picture.width - left, picture.height - top))
    return {
        "JPEG quality 60": as_jpeg(picture, 60),
        "3 % less at the border, lighter": as_jpeg(ImageEnhance.Brightness(cropped).enhance(1.15)),
    }


def former_hash(pixels: np.ndarray) -> int:
    """Of every so many pixels, as it was before version 2."""
    step = max(1, min(pixels.shape[:2]) // _SAMPLE_PX)
    image = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    return _hash_of(image, image)


def as_jpeg(image: Image.Image, quality: int = 92) -> bytes:
    content = io.BytesIO()
    image.save(content, "JPEG", quality=quality)
    return content.getvalue()


def distance(one: int, other: int) -> int:
    return (one ^ other).bit_count()


if __name__ == "__main__":
    main()

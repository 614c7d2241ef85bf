"""Real pictures in every form that a file of them can have, for checks that two decoders agree.

    python benchmarks/parity_files.py PICTURES OUT

PICTURES is a folder with a folder of pictures for each class. OUT gets ``images/`` (some hundred
files: Pillow's modes, formats, EXIF turns, odd sizes) and ``labels.csv``, which labels a few plain
ones of each class. Of Pillow's modes only HSV, La, RGBa and RGBX are not among what opens: no file
opens as HSV, and the others are ways in which a TIFF may hold RGBA or RGB.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms

PLAIN_PER_CLASS = 5  # Labelled.
TURNS = range(1, 9)  # Of the EXIF orientation.
# (mode, suffix): all that Pillow 13 can write and opens again, each for some pictures.
FORMS = (
    ("1", "png"), ("1", "tif"), ("1", "bmp"), ("1", "gif"), ("1", "pbm"),
    ("L", "png"), ("L", "jpg"), ("L", "tif"), ("L", "bmp"), ("L", "webp"), ("L", "pgm"),
    ("LA", "png"), ("LA", "tif"),
    ("P", "png"), ("P", "gif"), ("P", "bmp"), ("P", "tif"), ("P transparent", "png"),
    ("P transparent", "gif"), ("PA", "tif"),
    ("RGB", "png"), ("RGB", "jpg"), ("RGB", "tif"), ("RGB", "bmp"), ("RGB", "webp"),
    ("RGB", "avif"), ("RGB", "jp2"), ("RGB", "ppm"), ("RGB transparent", "png"),
    ("RGBA", "png"), ("RGBA", "tif"), ("RGBA", "webp"), ("RGBA", "avif"), ("RGBA", "jp2"),
    ("CMYK", "jpg"), ("CMYK", "tif"), ("YCbCr", "tif"), ("YCbCr", "jpg"), ("LAB", "tif"),
    ("I", "tif"), ("I;16", "png"), ("I;16", "tif"), ("I;16B", "tif"), ("F", "tif"),
    ("F unit", "tif"), ("F signed", "tif"),
)  # fmt: skip
SIZES = (
    (1, 1), (1, 4000), (4000, 1), (2, 3), (31, 17), (4000, 60), (60, 4000), (447, 448), (448, 449),
    (895, 1800), (896, 896), (3000, 2000), (1793, 1792),
)  # fmt: skip


def in_mode(picture: Image.Image, mode: str, number: int) -> Image.Image:
    """An RGB picture as another mode, with what that mode can hold beyond it."""
    random = np.random.default_rng(number)
    kind, _, way = mode.partition(" ")
    if kind == "F":
        grey = np.asarray(picture.convert("F"), np.float32)
        if way == "unit":
            grey = grey / 255
        elif way == "signed":
            grey = (grey - 128) * 3
        return Image.fromarray(grey)
    if kind == "I":
        grey = np.asarray(picture.convert("L")).astype(np.int32)
        return Image.fromarray(grey * int(random.integers(1, 300)))
    if kind.startswith("I;16"):
        grey = np.asarray(picture.convert("L")).astype(np.uint16)
        made = Image.fromarray(grey * np.uint16(random.integers(1, 257)))
        return made if kind == "I;16" else made.convert("I").convert("I;16B")
    if kind in ("LA", "RGBA"):
        alpha = Image.linear_gradient("L").resize(picture.size)
        made = picture.convert(kind)
        made.putalpha(alpha)
        return made
    if kind in ("P", "PA"):
        made = picture.quantize(int(random.integers(2, 257)))
        if kind == "PA":
            made = made.convert("PA")
            made.putalpha(Image.linear_gradient("L").resize(picture.size))
        return made
    if kind == "LAB":
        change = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        made = ImageCms.applyTransform(picture, change)
        assert made is not None
        return made
    if kind == "RGB":
        return picture
    return picture.convert(kind)


def write_files(pictures: Sequence[Image.Image], folder: Path, per_form: int) -> list[Path]:
    """Write RGB pictures in every form; which ones is dealt out in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []

    def save(made: Image.Image, name: str, **options: object) -> None:
        path = folder / name
        made.save(path, **options)
        written.append(path)

    def dealt() -> Image.Image:
        return pictures[len(written) % len(pictures)]

    for mode, suffix in FORMS:
        for _ in range(per_form):
            number = len(written)
            made = in_mode(dealt(), mode, number)
            options: dict[str, object] = {}
            if mode == "P transparent":
                options["transparency"] = 0
            elif mode == "RGB transparent":
                options["transparency"] = made.getpixel((0, 0))
            name = mode.replace(";", "").replace(" ", "_")
            save(made, f"mode_{name}_{number:03}.{suffix}", **options)
    for suffix in ("jpg", "png", "webp", "tif"):
        for turn in TURNS:
            exif = Image.Exif()
            exif[ExifTags.Base.Orientation] = turn
            save(dealt(), f"turn_{turn}_{suffix}.{suffix}", exif=exif)
    for width, height in SIZES:
        for suffix in ("jpg", "png"):
            made = dealt().resize((width, height), Image.Resampling.BICUBIC)
            save(made, f"size_{width}x{height}_{suffix}.{suffix}")
    return written


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--per-form", type=int, default=5)
    options = parser.parse_args()
    classes = sorted(path for path in options.pictures.iterdir() if path.is_dir())
    images = options.out / "images"
    images.mkdir(parents=True)
    rows: list[tuple[str, str]] = []
    pictures = []
    for folder in classes:
        files = sorted(folder.iterdir())
        for path in files[:PLAIN_PER_CLASS]:
            name = f"plain_{folder.name}_{path.name}"
            (images / name).write_bytes(path.read_bytes())
            rows.append((name, folder.name))
        for path in files[PLAIN_PER_CLASS : PLAIN_PER_CLASS + 12]:
            pictures.append(Image.open(path).convert("RGB"))
    order = np.random.default_rng(0).permutation(len(pictures))
    written = write_files([pictures[place] for place in order], images, options.per_form)
    with (options.out / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file_name", "label"), *rows])
    print(f"{len(written)} files beside {len(rows)} labelled ones of {len(classes)} classes")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Painted pictures for the engine's tests: three kinds that no encoder mixes up, any size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engine.messages import ClassId, ClassSpec, ImageId, ImageRef, Snapshot

KINDS = ("checks", "dots", "stripes")


def paint(kind: str, width: int = 160, height: int = 120, seed: int = 0) -> Image.Image:
    """An RGB picture of a kind; seed and size change its colours, phase and noise."""
    random = np.random.default_rng([seed, width, height, KINDS.index(kind)])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x + random.uniform(0, 40), y + random.uniform(0, 40)
    step = max(6.0, min(width, height) / 8) * random.uniform(0.9, 1.1)
    match kind:
        case "checks":
            shape = (np.floor(x / step) + np.floor(y / step)) % 2
        case "dots":
            shape = np.hypot(x % step - step / 2, y % step - step / 2) < step / 3
        case _:
            shape = (np.floor((x + y) / step)) % 2
    dark = random.uniform(0, 90, 3)
    light = random.uniform(150, 255, 3)
    pixels = np.where(np.asarray(shape)[..., None] > 0, light, dark)
    pixels = pixels + random.normal(0, 6, pixels.shape)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def noise(width: int = 60, height: int = 40, seed: int = 0) -> Image.Image:
    """An RGB picture in which no two pixels are likely to be the same."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return Image.fromarray(values.astype(np.uint8))


def paint_folder(folder: Path, per_kind: int, *, seed: int = 0) -> list[Path]:
    """``per_kind`` JPEGs of each kind as FOLDER/KIND_NN.jpg; the paths in the order of names."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in KINDS:
        for number in range(per_kind):
            path = folder / f"{kind}_{number:02d}.jpg"
            paint(kind, seed=1000 * seed + number).save(path, quality=90)
            paths.append(path)
    return sorted(paths)


def refs(paths: Sequence[Path], folder: Path | None = None, first: int = 1) -> list[ImageRef]:
    """References with ids counted from ``first``."""
    return [
        ImageRef(
            ImageId(first + index),
            path,
            path.relative_to(folder).as_posix() if folder else path.name,
        )
        for index, path in enumerate(paths)
    ]


def kind_of(path: Path) -> str:
    return path.name.split("_")[0]


def snapshot_of(
    folder: Path, paths: Sequence[Path], shots: int, names: Sequence[str] = KINDS
) -> Snapshot:
    """A snapshot of painted files whose first ``shots`` of each kind are labelled."""
    images = refs(paths, folder)
    classes = tuple(ClassSpec(ClassId(10 + 7 * index), name) for index, name in enumerate(names))
    support = []
    for kind, item in zip(KINDS, classes, strict=True):
        of_kind = [image for image in images if kind_of(image.path) == kind]
        support += [(image, item.class_id) for image in of_kind[:shots]]
    return Snapshot(folder, classes, tuple(support), tuple(images))

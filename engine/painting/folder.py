"""The sample folder: which class each picture has, and its file."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from engine.errors import EngineError, sentence_for
from engine.painting.picture import CLASS_NAMES, paint_picture

# One tray is one round of these counts in a shuffled order: 300 pictures give 70, 60, 50, 45, 40
# and 35, and the first pictures stay the same however many are asked for.
_COUNTS_PER_TRAY: Final = (14, 12, 10, 9, 8, 7)
_TRAY_SIZE: Final = sum(_COUNTS_PER_TRAY)
_PNG_EVERY: Final = 37


@dataclass(frozen=True, slots=True)
class PaintedImage:
    """One picture of the folder; ``name`` is relative to it, with ``/``."""

    name: str
    class_name: str


def paint_folder(folder: Path, *, n_images: int = 300, seed: int = 7) -> Iterator[PaintedImage]:
    """Paint ``n_images`` pictures into trays below ``folder``, yielding after each.

    A file that exists is left as it is, so a run that was broken off can be taken up again with
    the same ``seed``; a folder holds the pictures of one seed.

    Raises:
        EngineError: the folder cannot be written.
    """
    for index, class_name in enumerate(_class_order(n_images, seed)):
        suffix = "png" if index % _PNG_EVERY == _PNG_EVERY // 2 else "jpg"
        name = f"tray_{index // _TRAY_SIZE + 1:02d}/IMG_{index + 1:04d}.{suffix}"
        path = folder / name
        try:
            if not path.is_file():
                generator = np.random.default_rng([seed, 1, index])
                picture = paint_picture(class_name, generator)
                _write(path, _encoded(picture, suffix, generator))
        except OSError as error:
            raise EngineError(sentence_for(error, path, "write")) from error
        yield PaintedImage(name, class_name)


def _class_order(n_images: int, seed: int) -> list[str]:
    """The class of every picture, tray by tray; which class is frequent depends on the seed."""
    generator = np.random.default_rng([seed, 0])
    frequent_first = [CLASS_NAMES[i] for i in generator.permutation(len(CLASS_NAMES))]
    tray = [
        name
        for name, count in zip(frequent_first, _COUNTS_PER_TRAY, strict=True)
        for _ in range(count)
    ]
    order: list[str] = []
    while len(order) < n_images:
        order += [tray[i] for i in generator.permutation(_TRAY_SIZE)]
    return order[:n_images]


def _encoded(picture: Image.Image, suffix: str, generator: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    if suffix == "png":
        picture.save(buffer, "PNG", compress_level=1)  # Level 6 takes six times as long.
    else:
        picture.save(buffer, "JPEG", quality=int(generator.integers(85, 92)))
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all: nobody may ever scan half a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)

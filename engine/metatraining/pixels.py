"""Small images in memory: Omniglot, handwritten digits, or any image set made small."""

from __future__ import annotations

import zlib
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import EngineError, UnreadableImageError, sentence_for
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.progress import result_of
from engine.metatraining.tasks import PixelSet

DIGITS: Final = "digits"
"""Stands for scikit-learn's handwritten digits, where a path is expected."""

OMNIGLOT: Final = "omniglot"
"""The collection that its parts belong to."""

OMNIGLOT_NAME: Final = "omniglot_28.npz"
"""The file that makes a folder Omniglot's."""

_READ_AT_ONCE: Final = 64  # Images between two chances to stop.
_DIGITS_LEVELS: Final = 16  # scikit-learn's digits have 17 levels of ink, 8 x 8 pixels.


def load_pixels(
    path: Path, side_px: int, channels: int, inverted: bool, split: str | None = None
) -> list[PixelSet]:
    """The image sets of ``path``, made small.

    Args:
        path: a folder with ``omniglot_28.npz`` and ``vinyals_SPLIT.txt``; or image sets as
            ``open_image_sets`` takes them; or the word ``digits`` for scikit-learn's.
        side_px: images are shrunk or enlarged to this square.
        channels: 1 for grey, 3 for RGB.
        inverted: dark ink on white paper becomes bright ink on black.
        split: of Omniglot: train, val, trainval or test.

    Raises:
        EngineError: nothing usable is there.
    """
    return result_of(read_pixels(path, side_px, channels, inverted, split))


def read_pixels(
    path: Path, side_px: int, channels: int, inverted: bool, split: str | None = None
) -> Generator[int, None, list[PixelSet]]:
    """As ``load_pixels``, yielding how many images were read since the last yield."""
    if path.name == DIGITS and not path.exists():
        sets = [_digits(side_px)]
    elif (path / OMNIGLOT_NAME).is_file():
        sets = [_omniglot(path, split or "train", side_px)]
    else:
        sets = []
        for images in open_image_sets([path]):
            sets.append((yield from _shrunk(images, side_px, channels)))
    return [_finished(pixels, channels, inverted) for pixels in sets]


def omniglot_characters(folder: Path, split: str) -> list[str]:
    """The names in the list of one of Vinyals' splits, sorted.

    The lists name every character with its four rotations; the upright one stands for all.

    Raises:
        EngineError: the list cannot be read, or is empty.
    """
    list_path = _list_path(folder, split)
    try:
        lines = list_path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise EngineError(sentence_for(error, list_path, "read")) from error
    except UnicodeDecodeError as error:
        raise EngineError(f"{list_path} is no text.") from error
    names = sorted({line.split("/rot")[0] for line in lines})
    if not names:
        raise EngineError(f"{list_path} names no characters.")
    return names


def _list_path(folder: Path, split: str) -> Path:
    return folder / f"vinyals_{split}.txt"


def _omniglot(folder: Path, split: str, side_px: int) -> PixelSet:
    """Characters of one of Vinyals' splits, upright; turning them is the sampler's work."""
    wanted = omniglot_characters(folder, split)
    names, drawings, class_index = _stored_drawings(folder / OMNIGLOT_NAME)
    index_of = {name: index for index, name in enumerate(names)}
    for name in wanted:
        if name not in index_of:
            list_path = _list_path(folder, split)
            raise EngineError(f"{list_path} names {name!r}, which {OMNIGLOT_NAME} does not have.")
    parts = [drawings[class_index == index_of[name]] for name in wanted]
    images = np.concatenate(parts)
    if images.shape[1:] != (side_px, side_px):
        images = np.stack([_resized(image, side_px) for image in images])
    return PixelSet(
        name=f"{OMNIGLOT}_{split}",
        images=images[:, None],
        labels=np.repeat(np.arange(len(wanted)), [len(part) for part in parts]),
        class_names=tuple(wanted),
        collection=OMNIGLOT,
    )


def _stored_drawings(path: Path) -> tuple[list[str], NDArray[np.uint8], NDArray[np.int64]]:
    """Names of the characters, drawings (n, side, side) dark on white, character of each (n,)."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            names = [str(name) for name in stored["class_names"]]
            drawings, class_index = stored["images"], stored["class_index"]
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read")) from error
    except (KeyError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise EngineError(f"{path} is damaged.") from error
    if drawings.ndim != 3 or drawings.dtype != np.uint8 or len(drawings) != len(class_index):
        raise EngineError(f"{path} is damaged.")
    return names, drawings, class_index


def _digits(side_px: int) -> PixelSet:
    """scikit-learn's 1,797 digits as dark ink on white, enlarged as Omniglot's drawings are."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]  # Slow to import.

    stored = load_digits()
    ink = np.rint(stored.images * (255 / _DIGITS_LEVELS)).astype(np.uint8)
    images = np.stack([_resized(255 - image, side_px) for image in ink])
    return PixelSet(
        name=DIGITS,
        images=images[:, None],
        labels=stored.target.astype(np.int64),
        class_names=tuple(str(digit) for digit in range(10)),
    )


def _shrunk(image_set: ImageSet, side_px: int, channels: int) -> Generator[int, None, PixelSet]:
    kept: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for index in range(len(image_set)):
        if index % _READ_AT_ONCE == 0 and index:
            yield _READ_AT_ONCE
        try:
            decoded = Image.fromarray(image_set.decode(index))
        except UnreadableImageError:
            continue
        pixels = np.asarray(
            decoded.convert("L" if channels == 1 else "RGB").resize(
                (side_px, side_px), Image.Resampling.BILINEAR
            )
        )
        kept.append(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))
        labels.append(int(image_set.labels[index]))
    if not kept:
        raise EngineError(f"None of the images of the data set {image_set.name!r} can be decoded.")
    return PixelSet(
        image_set.name, np.stack(kept), np.array(labels, np.int64), image_set.class_names
    )


def _finished(pixels: PixelSet, channels: int, inverted: bool) -> PixelSet:
    images = pixels.images
    if images.shape[1] != channels:
        images = np.repeat(images, channels, axis=1)
    if inverted:
        images = 255 - images
    return replace(pixels, images=np.ascontiguousarray(images))


def _resized(image: NDArray[np.uint8], side_px: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(image).resize((side_px, side_px), Image.Resampling.BICUBIC))

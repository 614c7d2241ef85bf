"""Crops of detections: a folder of images with a manifest that says what each was cut out of."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from engine.errors import LabelsError
from engine.files import write_whole
from engine.interchange.crop_folder import MANIFEST
from engine.interchange.formats.megadetector import Box
from engine.interchange.reading import read_json
from engine.interchange.writing import Names, portable_path
from engine.messages import NO_DATE
from engine.words import say

BEGUN: Final = ".crops.json"
"""In place of the manifest before: whose crops they are going to be."""
RESULTS: Final = "detections.json"
"""A copy of the detector's file: what is written back is that one with more in it."""
MAX_SIDE_PX: Final = 1024  # More than the encoder looks at, and enough for the large view.

_KIND: Final = "handful-crops"
_VERSION: Final = 1
_MARGIN: Final = 0.1  # Of the longer side of the box, shared by both ends: what is around it helps.
_QUALITY: Final = 92


@dataclass(frozen=True, slots=True)
class CropOrder:
    """What was to be cut out; two folders of crops are the same where these are.

    ``results_sha256`` are the hexadecimal digits of the detector's file; ``images_folder`` is where
    the images lay; ``least_confidence`` in [0, 1].
    """

    results_sha256: str
    images_folder: str
    categories: tuple[str, ...]
    least_confidence: float

    def is_same_as(self, other: CropOrder) -> bool:
        """Whether they give the same crops; images may be moved meanwhile."""
        return (self.results_sha256, self.categories, self.least_confidence) == (
            other.results_sha256,
            other.categories,
            other.least_confidence,
        )


@dataclass(frozen=True, slots=True)
class Crop:
    """One crop: ``file`` is its name in the folder, with ``/``.

    ``image`` and ``detection`` are places in the detector's file; ``image_file`` is what the image
    is called there.
    """

    file: str
    image: int
    image_file: str
    detection: int
    category: str
    confidence: float
    box: Box


class CropNames:
    """Names for crops, the same for the same file of results: asked in its order."""

    def __init__(self) -> None:
        self._names = Names()

    def give(self, place: str, number: int) -> str:
        """A name for the detection of that number in the image at ``place``."""
        stem = os.path.splitext(place)[0]
        return self._names.give(f"{portable_path(stem)}_d{number}.jpg")


def write_manifest(folder: Path, order: CropOrder, crops: Sequence[Crop], name: str) -> None:
    """Write ``name`` whole; raises OSError."""
    content = {
        "kind": _KIND,
        "version": _VERSION,
        "order": asdict(order),
        "crops": [asdict(item) for item in crops],
    }
    write_whole(folder / name, json.dumps(content, indent=1).encode())


def read_manifest(folder: Path, name: str = MANIFEST) -> tuple[CropOrder, tuple[Crop, ...]]:
    """Whose crops a folder has, and which.

    Raises:
        LabelsError: it has no manifest, or one that cannot be understood.
    """
    path = folder / name
    if not path.is_file():
        raise LabelsError(
            say(
                "{folder} holds no crops of detections: it has no {name}.", folder=folder, name=name
            )
        )
    content = read_json(path)
    try:
        if (content["kind"], content["version"]) != (_KIND, _VERSION):
            raise ValueError(content["kind"])
        order = content["order"]
        return (
            CropOrder(
                str(order["results_sha256"]),
                str(order["images_folder"]),
                tuple(map(str, order["categories"])),
                float(order["least_confidence"]),
            ),
            tuple(_crop(item) for item in content["crops"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise LabelsError(
            say("{path} is damaged, or was made by a newer Handful.", path=path)
        ) from error


def digest_of(path: Path) -> str:
    """The SHA-256 of a file; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cut_out(pixels: NDArray[np.uint8], box: Box, taken_s: int = NO_DATE) -> bytes:
    """A detection as a JPEG with a little of what is around it.

    A square where the image has room for one, since the encoder would stretch anything else to it;
    at most ``MAX_SIDE_PX`` a side.

    Args:
        pixels: the image, (height, width, 3) uint8, upright.
        box: left, top, width and height within [0, 1].
        taken_s: when the picture was taken, see :class:`engine.images.Head`; it stays known.
    """
    height, width = pixels.shape[:2]
    left, top, box_width, box_height = box
    side = max(box_width * width, box_height * height) * (1 + _MARGIN)
    first_x, last_x = _span((left + box_width / 2) * width, side, width)
    first_y, last_y = _span((top + box_height / 2) * height, side, height)
    image = Image.fromarray(np.ascontiguousarray(pixels[first_y:last_y, first_x:last_x]))
    image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), Image.Resampling.LANCZOS)
    exif = Image.Exif()
    if taken_s != NO_DATE:
        moment = datetime.fromtimestamp(taken_s, UTC).strftime("%Y:%m:%d %H:%M:%S")
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = moment
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, exif=exif)
    return buffer.getvalue()


def _span(centre: float, side: float, length: int) -> tuple[int, int]:
    """``side`` pixels about a centre, moved into the image; all of it where it is too short."""
    size = min(length, max(1, round(side)))
    first = min(max(0, round(centre - size / 2)), length - size)
    return first, first + size


def _crop(item: Any) -> Crop:
    left, top, width, height = map(float, item["box"])
    return Crop(
        str(item["file"]),
        int(item["image"]),
        str(item["image_file"]),
        int(item["detection"]),
        str(item["category"]),
        float(item["confidence"]),
        (left, top, width, height),
    )

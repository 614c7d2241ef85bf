"""Results of MegaDetector, a JSON file of boxes; and the same file with what is in the boxes.

https://lila.science/megadetector-output-format describes it; AddaxAI, Timelapse and others read and
write it, too. Versions 1.x are known. Boxes are relative to the image as it is looked at, after its
EXIF turn: left, top, width, height in [0, 1].
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import LabelsError
from engine.interchange.reading import head_of, read_json
from engine.words import Sentence, say

ANIMAL: Final = "animal"
CATEGORIES: Final = (ANIMAL, "person", "vehicle")
"""What MegaDetector finds; other detectors of the same format may find other things."""
LEAST_CONFIDENCE: Final = 0.2
"""From which on MegaDetector 5 is usually believed."""

_USUAL_CATEGORIES: Final = {str(number + 1): name for number, name in enumerate(CATEGORIES)}
_FORMAT_VERSION: Final = "1.4"  # The first with classifications as they are written here.
_HUGE: Final = 1e9
_SLACK: Final = 0.1  # Boxes that reach further beyond the image are no shares of it, but pixels.
IMAGES_PER_PIECE: Final = 256
"""So many come in one piece of the text that is written."""

Box = tuple[float, float, float, float]
Classified = Sequence[tuple[str, float]]
"""Names and confidences in [0, 1], the most likely first."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One box: left, top, width and height within [0, 1], the width and height above 0.

    ``number`` is its place among those of its image, ``category`` a name such as "animal".
    """

    number: int
    category: str
    confidence: float
    box: Box


@dataclass(frozen=True, slots=True)
class DetectedImage:
    """An image with its valid detections; ``number`` is its place in the file.

    ``name`` is the path as it stands there, with ``/``, never trusted as a place.
    """

    number: int
    name: str
    detections: tuple[Detection, ...]
    n_damaged: int = 0
    has_failed: bool = False


class MegaDetectorResults:
    """A file of results, kept as it is in memory: of 100 MB about 700 MB.

    Any thread, one at a time.
    """

    def __init__(self, path: Path) -> None:
        """Read and check a file; seconds where it is large.

        Raises:
            LabelsError: it cannot be read, or holds no such results.
        """
        self.path = path
        content = read_json(path)
        images = content.get("images") if isinstance(content, dict) else None
        if not isinstance(images, list) or not _has_detections(content, images):
            raise LabelsError(
                say(
                    "{path} holds no results of MegaDetector: there are no “images” with "
                    "“detections” in it.",
                    path=path,
                )
            )
        self._content: dict[str, Any] = content
        self._images: list[Any] = images
        self.notice = _check_version(content, path)
        named = content.get("detection_categories")
        self._categories: dict[str, str] = (
            {key: str(name) for key, name in named.items()}
            if isinstance(named, dict) and named
            else _USUAL_CATEGORIES
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """What there are boxes of, in the file's order."""
        return tuple(dict.fromkeys(self._categories.values()))

    def __len__(self) -> int:
        return len(self._images)

    def images(self) -> Iterator[DetectedImage]:
        """All images; one whose entry makes no sense is called "" and has no detection."""
        for number, entry in enumerate(self._images):
            name = entry.get("file") if isinstance(entry, dict) else None
            if not isinstance(name, str):
                yield DetectedImage(number, "", (), 1)
                continue
            detections = entry.get("detections")
            found: list[Detection] = []
            n_damaged = 0
            listed = detections if isinstance(detections, list) else ()
            for place, item in enumerate(listed):
                detection = self._detection(place, item)
                if detection is None:
                    n_damaged += 1
                else:
                    found.append(detection)
            has_failed = not isinstance(detections, list)
            yield DetectedImage(number, name, tuple(found), n_damaged, has_failed)

    def with_classes(
        self, classified: Mapping[tuple[int, int], Classified], classifier: str, made: str
    ) -> Iterator[str]:
        """The file's text with classes for some detections, in pieces; all else as it was.

        Args:
            classified: by the places of image and detection, for detections that there are; they
                take the place of what was there.
            classifier: what is said to have found them.
            made: when, as ISO 8601.
        """
        known = self._content.get("classification_categories")
        names = dict(known) if isinstance(known, dict) else {}
        keys = {name: key for key, name in names.items() if isinstance(name, str)}
        for pairs in classified.values():
            for name, _ in pairs:
                if name not in keys:
                    keys[name] = _free_key(names)
                    names[keys[name]] = name
        info = self._content.get("info")
        told = dict(info) if isinstance(info, dict) else {}
        told.setdefault("format_version", _FORMAT_VERSION)
        told |= {"classifier": classifier, "classification_completion_time": made}
        parts = {"info": told} | self._content | {"info": told, "classification_categories": names}
        by_image: dict[int, dict[int, Classified]] = {}
        for (image, number), pairs in classified.items():
            by_image.setdefault(image, {})[number] = pairs
        yield "{\n"
        last = list(parts)[-1]
        for key, value in parts.items():
            yield f" {_text(key)}: "
            yield from self._image_texts(by_image, keys) if key == "images" else (_text(value),)
            yield "\n" if key == last else ",\n"
        yield "}\n"

    def _image_texts(
        self, by_image: Mapping[int, Mapping[int, Classified]], keys: Mapping[str, str]
    ) -> Iterator[str]:
        """Also in pieces of about the same size, so that a step with them is short."""
        yield "[\n"
        for start in range(0, len(self._images), IMAGES_PER_PIECE):
            lines = []
            for number in range(start, min(start + IMAGES_PER_PIECE, len(self._images))):
                entry = self._images[number]
                if number in by_image:
                    entry = _classified_entry(entry, by_image[number], keys)
                lines.append("  " + _text(entry))
            is_last = start + IMAGES_PER_PIECE >= len(self._images)
            yield ",\n".join(lines) + ("\n" if is_last else ",\n")
        yield " ]"

    def _detection(self, place: int, item: Any) -> Detection | None:
        """None for one that is damaged: no numbers, or a box that is not one within the image."""
        if not isinstance(item, dict):
            return None
        confidence, box, category = item.get("conf"), item.get("bbox"), item.get("category")
        if not isinstance(confidence, int | float) or category is None:
            return None
        if not 0 <= confidence <= 1:  # NaN is not, either.
            return None
        if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
            return None
        left, top, width, height = map(float, box)
        right, bottom = left + width, top + height
        if min(left, top) < -_SLACK or max(right, bottom) > 1 + _SLACK:
            return None
        left, top, right, bottom = max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
        if right <= left or bottom <= top:
            return None
        name = self._categories.get(str(category), str(category))
        return Detection(place, name, float(confidence), (left, top, right - left, bottom - top))


def looks_like_detections(path: Path) -> bool:
    """Whether a file seems to be one of results, from its name and its first 64 KiB alone."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    head = head_of(path)
    return '"detection_categories"' in head or ('"detections"' in head and '"bbox"' in head)


def place_within(name: str, folder: Path) -> str | None:
    """Where in ``folder`` the image of that name is, with ``/``; None where it is not in it.

    Programs on Windows write backslashes; MegaDetector writes whole paths unless it is told to.
    """
    name = name.replace("\\", "/")
    whole = folder.absolute().as_posix().rstrip("/") + "/"
    if name.startswith(whole):
        name = name[len(whole) :]
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or name.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in name:
        return None
    return "/".join(parts)


def _has_detections(content: dict[str, Any], images: list[Any]) -> bool:
    return isinstance(content.get("detection_categories"), dict) or any(
        isinstance(item, dict) and ("detections" in item or "failure" in item)
        for item in images[:1000]
    )


def _check_version(content: dict[str, Any], path: Path) -> Sentence | None:
    info = content.get("info")
    version = info.get("format_version") if isinstance(info, dict) else None
    if version is None:
        return None
    try:
        number = float(str(version))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return say(
            "{path} says to be of version “{version}”, which is none; it was read as version 1.",
            path=path,
            version=str(version)[:20],
        )
    if not 1 <= number < 2:
        raise LabelsError(
            say(
                "{path} is of version {version}; Handful knows the versions 1.0 to 1.9.",
                path=path,
                version=str(version)[:20],
            )
        )
    return None


def _classified_entry(
    entry: dict[str, Any], found: Mapping[int, Classified], keys: Mapping[str, str]
) -> dict[str, Any]:
    detections = list(entry["detections"])
    for number, pairs in found.items():
        pairs = sorted(pairs, key=lambda pair: -pair[1])
        classes = [[keys[name], round(confidence, 4)] for name, confidence in pairs]
        detections[number] = {**detections[number], "classifications": classes}
    return {**entry, "detections": detections}


def _free_key(names: Mapping[str, Any]) -> str:
    number = len(names)
    while str(number) in names:
        number += 1
    return str(number)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < _HUGE  # Compared, not converted: JSON has endless integers.


def _text(value: Any) -> str:
    """As MegaDetector writes it: what was no JSON number before (NaN) stays what it was."""
    return json.dumps(value, ensure_ascii=True)

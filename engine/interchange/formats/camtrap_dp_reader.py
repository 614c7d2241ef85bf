"""Camtrap DP, of any version with observations of single images; see ``camtrap_dp``."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.errors import LabelsError
from engine.interchange.formats.camtrap_dp import MEDIA, OBSERVATIONS
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.interchange.formats.megadetector import place_within
from engine.interchange.reading import head_of, is_file, read_text, told_as_no_csv
from engine.messages import NONE_NAME
from engine.words import Sentence, say

_NEEDED: Final = ("mediaID", "observationType")
_KINDS: Final = frozenset({"human", "vehicle", "blank"})  # Which are labels by themselves.


def read(path: Path) -> Foreign:
    """Observations of single images: the species, or that there is a person, a vehicle, nothing.

    Args:
        path: the folder, or a file in it.
    """
    folder = path if path.is_dir() else path.parent
    media: dict[str, tuple[str, Path | None]] = {}
    for _, row in _rows(folder / MEDIA, ("mediaID", "filePath")):
        name = (row.get("filePath") or "").replace("\\", "/")
        if "://" in name:  # On a server: the name is all there is to find it by.
            name = row.get("fileName") or name
        place = place_within(name, folder)
        file = None if place is None else folder / place
        media[row.get("mediaID") or ""] = (
            name,
            file if file is not None and is_file(file) else None,
        )
    labels: dict[tuple[str, str], ForeignLabel] = {}
    counts: Counter[str] = Counter()
    for line, row in _rows(folder / OBSERVATIONS, _NEEDED):
        kind = (row.get("observationType") or "").strip()
        label = kind if kind in _KINDS else (row.get("scientificName") or "").strip()
        if kind == "unknown" and row.get("observationComments") == NONE_NAME:
            label = str(NONE_NAME)
        if (row.get("observationLevel") or "media").strip() != "media":
            counts["events"] += 1
        elif (row.get("mediaID") or "") not in media:
            counts["unknown"] += 1
        elif label:
            name, file = media[row["mediaID"] or ""]
            is_machine = (row.get("classificationMethod") or "").strip() == "machine"
            found = ForeignLabel(name, label, file, is_machine, f"line {line}")
            labels.setdefault((name, label), found)
    notices: list[Sentence] = []
    if counts["events"]:
        notices.append(
            say(
                "{count} observations are of whole events, not of single images, and were passed "
                "over.",
                count=counts["events"],
            )
        )
    if counts["unknown"]:
        notices.append(
            say(
                "{count} observations are of images that {name} does not list and were passed "
                "over.",
                count=counts["unknown"],
                name=MEDIA,
            )
        )
    classes = dict.fromkeys(item.label for item in labels.values())
    return Foreign(tuple(classes), tuple(labels.values()), tuple(notices))


def recognises(path: Path) -> bool:
    """A folder with observations and media, or one of these files."""
    if path.is_dir():
        return all((path / name).is_file() for name in (OBSERVATIONS, MEDIA))
    if path.name not in (OBSERVATIONS, MEDIA, "datapackage.json") or not path.is_file():
        return False
    return path.suffix == ".csv" or '"media"' in head_of(path)


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str | None]]]:
    """Lines with their numbers.

    Raises:
        LabelsError: no table, or one without these columns.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    with told_as_no_csv(path, reader):
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise LabelsError(say("{path} has no column “{column}”.", path=path, column=missing[0]))
        for row in reader:
            yield reader.line_num, row

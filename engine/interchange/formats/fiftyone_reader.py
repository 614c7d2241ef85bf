"""FiftyOne's image classification dataset: ``labels.json`` beside ``data/``.

https://docs.voxel51.com/user_guide/export_datasets.html#fiftyoneimageclassificationdataset
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from engine.errors import LabelsError
from engine.images import find_images
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.interchange.reading import head_of, read_json
from engine.messages import FoundFile
from engine.words import say


def read(path: Path) -> Foreign:
    """Labels by the images' names without their extensions; those with a confidence are predicted.

    Unless an attribute ``label_source`` says otherwise, as in what Handful writes.

    Args:
        path: the folder, or its labels.json.
    """
    labels_path = path / "labels.json" if path.is_dir() else path
    found = read_json(labels_path)
    by_name = found.get("labels") if isinstance(found, dict) else None
    if not isinstance(by_name, dict):
        raise LabelsError(
            say("{path} is no data set of FiftyOne: it has no “labels”.", path=labels_path)
        )
    classes = found.get("classes")
    classes = [str(name) for name in classes] if isinstance(classes, list) else []
    files = _files_in(labels_path.parent / "data")
    labels: list[ForeignLabel] = []
    n_odd = 0
    for name, value in by_name.items():
        for label, is_machine in _labels_in(value, classes):
            if not label:
                n_odd += 1
                continue
            file = files.get(name)
            shown = name if file is None else file
            path_of = None if file is None else labels_path.parent / "data" / file
            labels.append(ForeignLabel(shown, label, path_of, is_machine, ""))
    if not labels:
        raise LabelsError(say("{path} gives no image a label.", path=labels_path))
    notices = (
        (say("{count} labels are no classes of the file and were passed over.", count=n_odd),)
        if n_odd
        else ()
    )
    seen = dict.fromkeys((*classes, *(item.label for item in labels)))
    return Foreign(tuple(seen), tuple(labels), notices)


def recognises(path: Path) -> bool:
    """A folder with, or a file that is, JSON with "classes" and "labels"."""
    file = path / "labels.json" if path.is_dir() else path
    head = head_of(file).lstrip("\ufeff \t\r\n") if file.suffix.lower() == ".json" else ""
    return head.startswith("{") and '"labels"' in head and '"shapes"' not in head


def _files_in(data: Path) -> dict[str, str]:
    """The images there by their names without extensions; none where that could be two."""
    if not data.is_dir():
        return {}
    found: dict[str, str] = {}
    twice: set[str] = set()
    for item in find_images(data):
        if isinstance(item, FoundFile):
            stem = PurePosixPath(item.name).with_suffix("").as_posix()
            twice.update({stem} & found.keys())
            found[stem] = item.name
    return {stem: name for stem, name in found.items() if stem not in twice}


def _labels_in(value: Any, classes: list[str]) -> Iterator[tuple[str, bool]]:
    """Names, empty where it is none, and whether they were predicted; nothing without a label."""
    if isinstance(value, list):
        for item in value:
            yield from _labels_in(item, classes)
    elif isinstance(value, dict):
        attributes = value.get("attributes")
        source = attributes.get("label_source") if isinstance(attributes, dict) else None
        has_confidence = isinstance(value.get("confidence"), int | float)
        is_machine = source == "machine" if isinstance(source, str) else has_confidence
        for label, _ in _labels_in(value.get("label"), classes):
            yield label, is_machine
    elif isinstance(value, str):
        yield value, False
    elif isinstance(value, int) and not isinstance(value, bool):
        yield (classes[value] if 0 <= value < len(classes) else ""), False
    elif value is not None:
        yield "", False

"""COCO Camera Traps: COCO for whole images, with classes that need no box.

https://github.com/agentmorris/MegaDetector/blob/main/megadetector/data_management/README.md has the
form; LILA's data sets come in it. Identifiers of images are their names; class 0 is "empty".
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from engine.decoding.heads import read_size
from engine.errors import LabelsError
from engine.interchange.formats.camera_trap_words import BLANK
from engine.interchange.formats.interface import (
    Foreign,
    ForeignLabel,
    Format,
    WriteOptions,
    Written,
)
from engine.interchange.reading import head_of, read_json
from engine.interchange.records import Results
from engine.interchange.writing import Tally, json_text
from engine.messages import NONE_NAME
from engine.words import Sentence, say

_EMPTY: Final = "empty"


def write(results: Results, out: Path, _options: WriteOptions) -> Generator[int, None, Written]:
    """Labelled images; the others are left out, since without a class they would pass for empty."""
    numbers = {_EMPTY: 0}
    for name in results.class_names:
        numbers.setdefault(_category(name), len(numbers))
    tally = Tally()
    info = {"version": "1.0", "description": "Labels made with Handful", "contributor": ""}
    with (
        out.open("w", encoding="utf-8", newline="\n") as file,
        # Annotations come behind all images.
        tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as annotations,
    ):
        file.write(f'{{"info": {json_text(info)},\n"images": [')
        count = 0
        for chunk in results.chunks():
            for record in chunk:
                if record.label is not None:
                    count += 1
                    comma = "\n" if count == 1 else ",\n"
                    name = record.image.name
                    image: dict[str, Any] = {"id": name, "file_name": name}
                    if (size := read_size(record.image.path)) is not None:
                        image |= {"width": size[0], "height": size[1]}
                    number = numbers.setdefault(_category(record.label), len(numbers))
                    annotation = {"id": f"a{count}", "image_id": name, "category_id": number}
                    file.write(comma + json_text(image))
                    annotations.write(comma + json_text(annotation))
                    tally.count(record)
                yield 1
        categories = [{"id": number, "name": name} for name, number in numbers.items()]
        file.write(f'\n],\n"categories": {json_text(categories)},\n"annotations": [')
        annotations.seek(0)
        shutil.copyfileobj(annotations, file)
        file.write("\n]}\n")
    return tally.written()


def read(path: Path) -> Foreign:
    """One label for each annotation, boxes or not: several of one class are one."""
    content = read_json(path)
    parts = [content.get(key) if isinstance(content, dict) else None for key in _PARTS]
    if not all(isinstance(part, list) for part in parts):
        raise LabelsError(
            say("{path} is no COCO file: it needs images, categories and annotations.", path=path)
        )
    names: dict[Any, str] = {}
    classes: dict[Any, str] = {}
    n_odd = 0
    for item, known, key in (
        *((item, names, "file_name") for item in parts[0] or ()),
        *((item, classes, "name") for item in parts[1] or ()),
    ):
        identifier = item.get("id") if isinstance(item, dict) else None
        if isinstance(identifier, str | int) and isinstance(item.get(key), str):
            known[identifier] = item[key]
        else:
            n_odd += 1
    labels: dict[tuple[str, str], ForeignLabel] = {}
    for place, item in enumerate(parts[2] or (), 1):
        ids = (item.get("image_id"), item.get("category_id")) if isinstance(item, dict) else ()
        if len(ids) != 2 or not all(isinstance(one, str | int) for one in ids):
            n_odd += 1
        elif ids[0] in names and ids[1] in classes:
            name, label = names[ids[0]].replace("\\", "/"), classes[ids[1]]
            is_machine = isinstance(item.get("score"), int | float)  # As in COCO's results.
            found = ForeignLabel(name, label, None, is_machine, f"annotation {place}")
            labels.setdefault((name, label), found)
        else:
            n_odd += 1
    notices: tuple[Sentence, ...] = ()
    if n_odd:
        notices = (
            say(
                "{count} entries are of no known image or class and were passed over.",
                count=n_odd,
            ),
        )
    return Foreign(tuple(dict.fromkeys(classes.values())), tuple(labels.values()), notices)


def recognises(path: Path) -> bool:
    """A JSON file that begins as one: the rest of what it needs may stand behind all images."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return False
    head = head_of(path).lstrip("\ufeff \t\r\n")
    is_coco = '"file_name"' in head or ('"annotations"' in head and '"image_id"' in head)
    return head.startswith("{") and is_coco and '"detections"' not in head


_PARTS: Final = ("images", "categories", "annotations")


def _category(label: str) -> str:
    """A class without an animal has the number and the name that every reader knows."""
    return _EMPTY if label.casefold() in BLANK and label != NONE_NAME else str(label)


FORMAT: Final = Format(
    key="coco-camera-traps",
    title="COCO Camera Traps",
    suffix=".json",
    consumer=say("MegaDetector's tools, LILA, pycocotools"),
    write=write,
)

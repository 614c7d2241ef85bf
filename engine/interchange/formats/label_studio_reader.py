"""What Label Studio exports of an image classification project: JSON, JSON-MIN and CSV.

Shapes: https://labelstud.io/guide/export and the converter of its SDK.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from engine.errors import LabelsError
from engine.images import EXTENSIONS
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.interchange.reading import head_of, read_json, read_text, told_as_no_csv
from engine.words import Sentence, say

# The first is what Handful writes beside the address of an image.
_IMAGE_KEYS: Final = ("file_name", "image", "img", "photo", "picture", "url")
_TELLING: Final = ("annotations", "completions", "predictions", "annotation_id")
_LABEL_KEYS: Final = ("choice", "choices", "label", "class")
# What is said of an annotation, and not in it, where the export is flat.
_ABOUT: Final = frozenset(
    ("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement")
) | {"history", "comments"}


def read(path: Path) -> Foreign:
    """Choices of each task's annotations that were not cancelled; its newest prediction, too.

    Args:
        path: an export, or the folder of tasks.json that Handful writes.
    """
    path = path / "tasks.json" if path.is_dir() else path
    if _is_table(path):
        return _of_rows(path, _rows_of_table(path))
    tasks = read_json(path)
    if not isinstance(tasks, list):
        raise LabelsError(say("{path} is no export of Label Studio: it lists no tasks.", path=path))
    if any(isinstance(task, dict) and _annotations_of(task) is not None for task in tasks):
        return _of_tasks(path, tasks)
    return _of_rows(path, ((task, _place(number)) for number, task in enumerate(tasks, 1)))


def recognises(path: Path) -> bool:
    """JSON that lists tasks with annotations, or a table with their numbers."""
    path = path / "tasks.json" if path.is_dir() else path
    if not path.is_file():
        return False
    head = head_of(path).lstrip("\ufeff \t\r\n")
    if head.startswith("["):
        return any(
            f'"{key}"' in head
            for key in ("annotations", "completions", "annotation_id", "predictions")
        )
    return _is_table(path) and {"annotation_id", "annotator"} <= set(_header_of(head))


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in (".csv", ".tsv")


def _header_of(text: str) -> list[str]:
    first = text.partition("\n")[0]
    try:
        return next(csv.reader([first], delimiter="\t" if "\t" in first else ","), [])
    except csv.Error:  # It has no columns, so it is of no format with any.
        return []


def _place(number: int) -> Sentence:
    return say("task {number}", number=number)


# --- The full export ------------------------------------------------------------------------------


def _annotations_of(task: dict[str, Any]) -> list[Any] | None:
    found = task.get("annotations", task.get("completions"))
    return found if isinstance(found, list) else None


def _of_tasks(path: Path, tasks: list[Any]) -> Foreign:
    labels: list[ForeignLabel] = []
    controls: dict[str, int] = {}
    n_odd = 0
    for number, task in enumerate(tasks, 1):
        name = _image_in(task.get("data")) if isinstance(task, dict) else ""
        if not name:
            n_odd += 1
            continue
        where = _place(number)
        for is_machine, given in ((False, _chosen(task)), (True, _predicted(task))):
            for control, label in given:
                controls[control] = controls.get(control, 0) + 1
                labels.append(ForeignLabel(name, label, None, is_machine, f"{control}\0{where}"))
    if not labels:
        raise LabelsError(
            say("{path} has no task of an image with a choice, so no labels.", path=path)
        )
    main = max(controls, key=lambda control: controls[control])
    kept = tuple(
        ForeignLabel(item.name, item.label, None, item.is_machine, item.where.partition("\0")[2])
        for item in labels
        if item.where.startswith(f"{main}\0")
    )
    return Foreign(_classes(kept), kept, _notices(path, n_odd, controls, main))


def _chosen(task: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Controls and choices of the annotation that counts."""
    given = [
        item
        for item in _annotations_of(task) or ()
        if isinstance(item, dict) and not item.get("was_cancelled")
    ]
    truth = [item for item in given if item.get("ground_truth")]
    # Several people may have annotated it; where they disagree, all that they said is passed on.
    for item in truth[-1:] or given:
        yield from _choices_in(item)


def _predicted(task: dict[str, Any]) -> Iterator[tuple[str, str]]:
    given = task.get("predictions")
    last = given[-1] if isinstance(given, list) and given else None
    if isinstance(last, dict):
        yield from _choices_in(last)


def _choices_in(annotation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    results = annotation.get("result")
    for result in results if isinstance(results, list) else ():
        if not isinstance(result, dict) or result.get("type") != "choices":
            continue
        value = result.get("value")
        choices = value.get("choices") if isinstance(value, dict) else None
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, str) and choice.strip():
                yield str(result.get("from_name")), choice


def _notices(path: Path, n_odd: int, controls: Iterable[str], main: str) -> tuple[Sentence, ...]:
    notices = []
    others = [control for control in controls if control != main]
    if n_odd:
        notices.append(say("{count} tasks have no image and were passed over.", count=n_odd))
    if others:
        notices.append(
            say(
                "Labels are the choices of “{main}”; those of {others} were passed over.",
                main=main,
                others=", ".join(others[:5]),
            )
        )
    return tuple(notices)


# --- The flat ones --------------------------------------------------------------------------------


def _rows_of_table(path: Path) -> Iterator[tuple[Any, Sentence]]:
    text = read_text(path)
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    with told_as_no_csv(path, reader):
        for row in reader:
            yield row, say("line {number}", number=reader.line_num)


def _of_rows(path: Path, rows: Iterable[tuple[Any, Sentence]]) -> Foreign:
    labels: list[ForeignLabel] = []
    n_odd, key = 0, ""
    for row, where in rows:
        if not isinstance(row, dict):
            n_odd += 1
            continue
        name = _image_in(row)
        key = key or _label_key(row)
        given = list(_flat_choices(row.get(key)))
        if not name:
            n_odd += 1
        labels += [ForeignLabel(name, label, None, False, where) for label in given if name]
    if not labels:
        raise LabelsError(
            say("{path} has no task of an image with a choice, so no labels.", path=path)
        )
    return Foreign(_classes(labels), tuple(labels), _notices(path, n_odd, (), ""))


def _label_key(row: dict[str, Any]) -> str:
    """What the column of choices is called, which is what the labelling interface calls it."""
    images = {key for key, value in row.items() if _as_image(value)}
    others = [key for key in row if key is not None and key not in _ABOUT | images]
    given = [key for key in others if any(_flat_choices(row[key]))]
    return next((key for key in _LABEL_KEYS if key in given), given[0] if given else "")


def _flat_choices(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return
    if isinstance(value, dict):
        value = value.get("choices")
    for choice in value if isinstance(value, list) else [value]:
        if isinstance(choice, str) and choice.strip():
            yield choice


# --- Both -----------------------------------------------------------------------------------------


def _image_in(data: Any) -> str:
    """The value that is an image's place; empty where there is none."""
    if not isinstance(data, dict):
        return ""
    named = [data.get(key) for key in _IMAGE_KEYS]
    found = next((value for value in (*named, *data.values()) if _as_image(value)), None)
    found = found or next((value for value in named if isinstance(value, str)), None)
    return found if isinstance(found, str) else ""


def _as_image(value: Any) -> bool:
    if not isinstance(value, str) or "." not in value or len(value) > 5_000:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return any(
        unquote(text).lower().endswith(tuple(EXTENSIONS)) for text in (parts.path, parts.query)
    )


def _classes(labels: Iterable[ForeignLabel]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item.label for item in labels))

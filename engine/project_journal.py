"""The journal of a project: every change, with what was before and what is after. It only grows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from engine.messages import ClassId
from engine.project_records import ImageClass

_ADD: Final = (
    "INSERT INTO journal (change, at, action, subject, name, before, after) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


def now() -> str:
    """The time as it is written in a project: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class JournalEntry:
    """What is written of one change, within its transaction."""

    def __init__(self, connection: sqlite3.Connection, action: str) -> None:
        self._connection = connection
        (last,) = connection.execute("SELECT max(change) FROM journal").fetchone()
        self._head = (1 + (last or 0), now(), action)

    def tell(self, subject: str, rows: Iterable[tuple[str, str | None, str | None]]) -> None:
        """Write what became of images or classes.

        Args:
            subject: "image", "class" or "model".
            rows: name, JSON of before and of after; None: there was, or is, none.
        """
        self._connection.executemany(_ADD, [(*self._head, subject, *row) for row in rows])


def class_json(item: ImageClass | None) -> str | None:
    if item is None:
        return None
    fields = {
        "class_id": item.class_id,
        "name": item.name,
        "colour": item.colour,
        "hotkey": item.hotkey,
        "position": item.position,
        "removed": item.removed,
    }
    if item.note:
        fields["note"] = item.note
    return json.dumps(fields, ensure_ascii=False)


def set_aside_json(is_set_aside: bool) -> str | None:
    """That an image is set aside, as it is written."""
    return json.dumps({"set_aside": True}) if is_set_aside else None


def label_json(class_id: ClassId | None, names: Mapping[ClassId, str]) -> str | None:
    if class_id is None:
        return None
    return json.dumps({"class_id": class_id, "name": names[class_id]}, ensure_ascii=False)


def examples_json(class_id: ClassId | None, count: int, names: Mapping[ClassId, str]) -> str | None:
    """That so many examples of a model teach a class."""
    if class_id is None:
        return None
    told = {"class_id": class_id, "name": names.get(class_id, ""), "examples": count}
    return json.dumps(told, ensure_ascii=False)

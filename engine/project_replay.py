"""Doing once more what the journal says was done, to a project that has not seen it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.messages import NONE_OF_THESE
from engine.project_schema import (
    has_table,
    make_room_for_notes,
    make_room_for_set_aside,
    take_in_none,
)
from engine.project_trail import Entry, Image

_KEEP: Final = "INSERT OR IGNORE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_IMAGE: Final = (
    "INSERT OR IGNORE INTO images (image_id, name, size_bytes, modified_ns, content) "
    "VALUES (?, ?, ?, ?, ?)"
)
_LABEL: Final = (
    "INSERT INTO labels VALUES (?1, ?2, ?3) "
    "ON CONFLICT DO UPDATE SET class_id = excluded.class_id, content = excluded.content"
)


@dataclass(slots=True)
class Replayed:
    """What came of it: entries written, and those whose image or class is nowhere to be found."""

    n_entries: int = 0
    n_lost: int = 0


def replay(
    connection: sqlite3.Connection,
    entries: Iterable[Entry],
    moves: Sequence[tuple[int, str, str]] = (),
) -> Replayed:
    """Bring a project to where the entries left it, within a transaction.

    Entries that its journal has already change nothing; images and classes that it does not know
    are made where an entry says enough of them.

    Args:
        entries: in their order.
        moves: images that were given other names: number of the entry before, before, after.
    """
    done = Replayed()
    pending = sorted(moves, key=lambda move: move[0])
    for entry in entries:
        while pending and pending[0][0] < entry.entry:
            _move(connection, pending.pop(0))
        kept = connection.execute(
            _KEEP,
            (
                entry.entry,
                entry.change,
                entry.at,
                entry.action,
                entry.subject,
                entry.name,
                entry.before,
                entry.after,
            ),
        )
        if not kept.rowcount:
            continue
        done.n_entries += 1
        if not _do(connection, entry):
            done.n_lost += 1
    for move in pending:
        _move(connection, move)
    return done


def _do(connection: sqlite3.Connection, entry: Entry) -> bool:
    before, after = _told(entry.before), _told(entry.after)
    match entry.subject:
        case "class":
            return after is not None and _write_class(connection, after)
        case "image":
            image_id = _image_of(connection, entry)
            return image_id is not None and _write_image(
                connection, image_id, entry.image, before, after
            )
        case "model":
            return _write_examples(connection, entry.name, before, after)
        case _:
            return False


def _told(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _write_class(connection: sqlite3.Connection, told: dict[str, Any]) -> bool:
    match told:
        case {
            "class_id": int(number),
            "name": str(name),
            "colour": str(colour),
            "hotkey": int() | None as hotkey,
            "position": int(position),
            "removed": bool() | int() as removed,
        } if number > 0:
            connection.execute(
                "INSERT INTO classes VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (class_id) DO UPDATE "
                "SET name = excluded.name, colour = excluded.colour, hotkey = excluded.hotkey, "
                "position = excluded.position, removed = excluded.removed",
                (number, name, colour, hotkey, position, int(removed)),
            )
            note = told.get("note") or ""
            if isinstance(note, str) and (note or has_table(connection, "class_notes")):
                make_room_for_notes(connection)
                connection.execute(
                    "INSERT INTO class_notes VALUES (?, ?) "
                    "ON CONFLICT DO UPDATE SET note = excluded.note",
                    (number, note),
                )
            return True
        case _:
            return False


def _image_of(connection: sqlite3.Connection, entry: Entry) -> int | None:
    """The number of the image that an entry is about; made where it is not known yet."""
    known = entry.image
    if known is not None:
        found = connection.execute(
            "SELECT image_id FROM images WHERE image_id = ? AND name = ?",
            (known.image_id, entry.name),
        ).fetchone()
        if found is not None:
            return known.image_id
    found = connection.execute(
        "SELECT image_id FROM images WHERE name = ?", (entry.name,)
    ).fetchone()
    if found is not None:
        return int(found[0])
    if known is None:
        return None
    content = _bytes(known.content)
    taken = connection.execute(
        "SELECT content, size_bytes, modified_ns FROM images WHERE image_id = ?",
        (known.image_id,),
    ).fetchone()
    number = known.image_id
    if taken is not None:
        is_same = bool(content) and taken[0] == content
        if is_same or taken[1:] == (known.size_bytes, known.modified_ns):
            return number  # It has another name since, or had then.
        # A scan has given the number to another image.
        (number,) = connection.execute("SELECT max(image_id) + 1 FROM images").fetchone()
    row = (number, entry.name, known.size_bytes, known.modified_ns, content)
    connection.execute(_IMAGE, row)
    return int(number)


def _write_image(
    connection: sqlite3.Connection,
    image_id: int,
    known: Image | None,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> bool:
    told = after or before or {}
    if "set_aside" in told:
        if after is None:
            if has_table(connection, "set_aside"):
                connection.execute("DELETE FROM set_aside WHERE image_id = ?", (image_id,))
        else:
            make_room_for_set_aside(connection)
            connection.execute(
                "INSERT OR IGNORE INTO set_aside "
                "VALUES (?1, (SELECT content FROM images WHERE image_id = ?1))",
                (image_id,),
            )
        return True
    if after is None:
        connection.execute("DELETE FROM labels WHERE image_id = ?", (image_id,))
        return True
    class_id = after.get("class_id")
    if class_id == NONE_OF_THESE:
        take_in_none(connection)
    elif not _has_class(connection, class_id):
        return False
    content = None if known is None else _bytes(known.labelled_content)
    if content is None and known is None:
        (content,) = connection.execute(
            "SELECT content FROM images WHERE image_id = ?", (image_id,)
        ).fetchone()
    connection.execute(_LABEL, (image_id, class_id, content))
    if has_table(connection, "set_aside"):
        connection.execute("DELETE FROM set_aside WHERE image_id = ?", (image_id,))
    return True


def _write_examples(
    connection: sqlite3.Connection,
    model: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> bool:
    """Give a model's examples their class; those that the file has lost stay lost."""
    told = after or before or {}
    if not has_table(connection, "model_examples"):
        return False
    was, now = (before or {}).get("class_id"), (after or {}).get("class_id")
    if not all(number is None or isinstance(number, int) for number in (was, now)):
        return False
    cursor = connection.execute(
        "UPDATE model_examples SET class_id = ? WHERE model = ? AND class_id IS ?",
        (now, model, was),
    )
    return cursor.rowcount >= int(told.get("examples", 0) or 0)


def _has_class(connection: sqlite3.Connection, class_id: object) -> bool:
    return (
        isinstance(class_id, int)
        and connection.execute("SELECT 1 FROM classes WHERE class_id = ?", (class_id,)).fetchone()
        is not None
    )


def _move(connection: sqlite3.Connection, move: tuple[int, str, str]) -> None:
    _, before, after = move
    connection.execute(
        "UPDATE images SET name = ?2, missing = 0 WHERE name = ?1 "
        "AND NOT EXISTS (SELECT 1 FROM images WHERE name = ?2)",
        (before, after),
    )


def _bytes(digits: str | None) -> bytes | None:
    try:
        return None if digits is None else bytes.fromhex(digits)
    except ValueError:
        return None

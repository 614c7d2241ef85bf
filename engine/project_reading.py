"""Questions to a project's file: images, classes, labels. Nothing is changed here."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

from engine.messages import NONE_OF_THESE, ClassId, ImageId
from engine.project_records import CLASS_COLOURS, ImageClass, ImageRecord, KnownImages
from engine.project_schema import has_table

_T = TypeVar("_T")
_COLOUR: Final = re.compile("#[0-9a-fA-F]{6}")
_LAST_ID: Final = 2**63 - 1
_RECORD: Final = "SELECT image_id, name, size_bytes, modified_ns, missing FROM images"


def read_images(connection: sqlite3.Connection) -> list[ImageRecord]:
    """All images in the order in which they were found."""
    return _records(connection.execute(f"{_RECORD} ORDER BY image_id"))


def read_images_after(connection: sqlite3.Connection, image_id: ImageId, count: int) -> KnownImages:
    """Up to ``count`` images in the order of their numbers, with their labels and marks."""
    images = _records(
        connection.execute(
            f"{_RECORD} WHERE image_id > ? ORDER BY image_id LIMIT ?", (image_id, count)
        )
    )
    if not images:
        return KnownImages(images, {}, [])
    span = images[0].image_id, images[-1].image_id
    labels = connection.execute(
        "SELECT image_id, class_id FROM labels WHERE image_id BETWEEN ? AND ?", span
    ).fetchall()
    if not all(isinstance(class_id, int) for _, class_id in labels):
        raise malformed()
    return KnownImages(
        images,
        {ImageId(image): ClassId(class_id) for image, class_id in labels},
        read_set_aside(connection, span),
    )


def images_named(connection: sqlite3.Connection, names: Sequence[str]) -> list[ImageRecord]:
    """The images of these names."""
    records: list[ImageRecord] = []
    for chunk in chunks(names):
        marks = ",".join("?" * len(chunk))
        records += _records(
            connection.execute(f"{_RECORD} WHERE name IN ({marks}) ORDER BY image_id", chunk)
        )
    return records


def read_classes(connection: sqlite3.Connection, *, with_removed: bool) -> list[ImageClass]:
    """The classes in the person's order, with their notes."""
    rows = connection.execute(
        "SELECT class_id, name, colour, hotkey, position, removed FROM classes "
        "WHERE (removed = 0 OR ?) AND class_id != ? ORDER BY position, class_id",
        (with_removed, NONE_OF_THESE),
    )
    notes: dict[int, str] = {}
    if has_table(connection, "class_notes"):
        notes = dict(connection.execute("SELECT class_id, note FROM class_notes"))
    found = []
    for number, name, colour, hotkey, position, removed in rows:
        note = notes.get(number, "")
        if not all(isinstance(text, str) for text in (name, colour, note)):
            raise malformed()
        if not isinstance(position, int) or not isinstance(hotkey, int | None):
            raise malformed()
        colour = _colour(colour, number)
        found.append(
            ImageClass(ClassId(number), name, colour, hotkey, position, bool(removed), note)
        )
    return found


def read_labels(connection: sqlite3.Connection) -> dict[ImageId, ClassId]:
    """The class of every labelled image."""
    rows = connection.execute("SELECT image_id, class_id FROM labels ORDER BY image_id")
    return {ImageId(image): ClassId(class_id) for image, class_id in rows}


def labels_of(
    connection: sqlite3.Connection, images: Iterable[ImageId]
) -> dict[ImageId, tuple[ClassId, bytes | None]]:
    """The labels of those of ``images`` that have one, and the hash of the bytes labelled."""
    found: dict[ImageId, tuple[ClassId, bytes | None]] = {}
    for chunk in chunks(list(images)):
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT image_id, class_id, content FROM labels WHERE image_id IN ({marks})", chunk
        )
        found.update({ImageId(row[0]): (ClassId(row[1]), row[2]) for row in rows})
    return found


def read_set_aside(
    connection: sqlite3.Connection, span: tuple[int, int] = (0, _LAST_ID)
) -> list[ImageId]:
    """The images that the person set aside; none that an older program has labelled since."""
    if not has_table(connection, "set_aside"):
        return []
    rows = connection.execute(
        "SELECT image_id FROM set_aside WHERE image_id BETWEEN ? AND ? AND NOT EXISTS "
        "(SELECT 1 FROM labels WHERE labels.image_id = set_aside.image_id) ORDER BY image_id",
        span,
    )
    return [ImageId(image) for (image,) in rows]


def set_aside_among(
    connection: sqlite3.Connection, images: Sequence[ImageId]
) -> dict[ImageId, bytes | None]:
    """Those of ``images`` that are set aside, and the hash of the bytes that were."""
    found: dict[ImageId, bytes | None] = {}
    if has_table(connection, "set_aside"):
        for chunk in chunks(images):
            marks = ",".join("?" * len(chunk))
            rows = connection.execute(
                f"SELECT image_id, content FROM set_aside WHERE image_id IN ({marks})", chunk
            )
            found.update({ImageId(image): content for image, content in rows})
    return found


def labelled_as(connection: sqlite3.Connection, class_id: ClassId) -> list[ImageId]:
    """The images with that label."""
    rows = connection.execute(
        "SELECT image_id FROM labels WHERE class_id = ? ORDER BY image_id", (class_id,)
    )
    return [ImageId(image) for (image,) in rows]


def names_of(connection: sqlite3.Connection, images: Sequence[ImageId]) -> dict[ImageId, str]:
    """The names of images."""
    found: dict[ImageId, str] = {}
    for chunk in chunks(images):
        marks = ",".join("?" * len(chunk))
        rows = connection.execute(
            f"SELECT image_id, name FROM images WHERE image_id IN ({marks})", chunk
        )
        found.update({ImageId(image): name for image, name in rows})
    return found


def chunks(items: Sequence[_T], size: int = 500) -> Iterator[Sequence[_T]]:
    """Pieces small enough for one statement's parameters."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _colour(text: str, number: int) -> str:
    """A colour of a file that may be anybody's; it is written into pages and reports."""
    return text if _COLOUR.fullmatch(text) else CLASS_COLOURS[number % len(CLASS_COLOURS)]


def _records(rows: Iterable[tuple[int, str, int, int, int]]) -> list[ImageRecord]:
    records = []
    for number, name, size_bytes, modified_ns, missing in rows:
        if not (isinstance(name, str) and type(size_bytes) is type(modified_ns) is int):
            raise malformed()
        records.append(ImageRecord(ImageId(number), name, size_bytes, modified_ns, bool(missing)))
    return records


def malformed() -> sqlite3.DatabaseError:
    """As SQLite says it; a large file is looked through beside the work, so it may meet any row."""
    return sqlite3.DatabaseError("database disk image is malformed: a value is of another kind")

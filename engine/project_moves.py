"""Labels and marks follow the bytes they were given to, whatever becomes of the files' names."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Final

from engine.messages import ClassId, ImageId, RewrittenImage
from engine.project_reading import chunks, read_set_aside
from engine.project_records import Change
from engine.project_schema import has_table
from engine.words import say

# Left to itself SQLite goes through all images, of which there are many more than labels.
_LABELLED: Final = "FROM labels CROSS JOIN images USING (image_id)"
_SET_ASIDE: Final = "FROM set_aside CROSS JOIN images USING (image_id)"
_CHANGED_SET_ASIDE: Final = (
    f"{_SET_ASIDE} WHERE images.missing = 0 AND set_aside.content != images.content"
)
_CHANGED: Final = f"{_LABELLED} WHERE images.missing = 0 AND labels.content != images.content"


def carried(connection: sqlite3.Connection, *, all_known: bool) -> Change | None:
    """As :meth:`engine.project.Project.carry_labels`."""
    strays = connection.execute(
        f"SELECT labels.image_id, labels.class_id, labels.content {_LABELLED} "
        "WHERE length(labels.content) > 0 "
        "AND (images.missing OR labels.content != images.content) ORDER BY images.name"
    ).fetchall()
    places: dict[bytes, list[ImageId]] = {}
    unfit: set[ImageId] = set()
    for chunk in chunks(list({content for _, _, content in strays})):
        marks = ",".join("?" * len(chunk))
        for image, content, is_unfit in connection.execute(
            "SELECT images.image_id, images.content, labels.image_id IS NOT NULL FROM images "
            "LEFT JOIN labels USING (image_id) WHERE images.missing = 0 "
            f"AND images.content IN ({marks}) "
            "AND (labels.image_id IS NULL OR labels.content != images.content) "
            "ORDER BY labels.image_id IS NOT NULL, images.name",
            chunk,
        ):
            places.setdefault(content, []).append(image)
            if is_unfit:
                unfit.add(image)
    targets: dict[ImageId, ImageId] = {}
    class_of: dict[ImageId, ClassId] = {}
    for stray, class_id, content in strays:
        if places.get(content):
            targets[stray] = places[content].pop(0)
            class_of[stray] = class_id
    while not all_known:
        waiting = [
            stray for stray, target in targets.items() if target in unfit and target not in targets
        ]
        if not waiting:
            break
        for stray in waiting:
            del targets[stray]
    aside = _carried_set_aside(
        connection, set(targets.values()), set(targets).difference(targets.values()), all_known
    )
    if not targets and not aside:
        return None
    labels: dict[ImageId, ClassId | None] = dict.fromkeys(targets)
    labels.update({target: class_of[stray] for stray, target in targets.items()})
    action = say("Find the labels of {count} moved images again", count=len(targets))
    if len(targets) == 1:
        action = say("Find the labels of 1 moved image again")
    if not targets:
        n_aside = sum(aside.values())
        action = say("Keep {count} moved images set aside", count=n_aside)
        if n_aside == 1:
            action = say("Keep 1 moved image set aside")
    return Change(action, labels, is_carrying=True, set_aside=aside)


def _carried_set_aside(
    connection: sqlite3.Connection, taken: set[ImageId], left: set[ImageId], all_known: bool
) -> dict[ImageId, bool]:
    """Which images are set aside, and which no longer, so that the marks are with their bytes.

    Args:
        taken: images that get a label.
        left: images that lose theirs.
        all_known: as in :func:`carried`.
    """
    if not has_table(connection, "set_aside"):
        return {}
    marked = set(read_set_aside(connection))
    strays = [
        (image, content)
        for image, content in connection.execute(
            f"SELECT set_aside.image_id, set_aside.content {_SET_ASIDE} "
            "WHERE length(set_aside.content) > 0 "
            "AND (images.missing OR set_aside.content != images.content) ORDER BY images.name"
        )
        if image in marked
    ]
    unfit = {image for image, _ in strays}
    places: dict[bytes, list[ImageId]] = {}
    for chunk in chunks(list({content for _, content in strays})):
        parameters = ",".join("?" * len(chunk))
        for image, content, is_labelled in connection.execute(
            "SELECT images.image_id, images.content, labels.image_id IS NOT NULL FROM images "
            "LEFT JOIN labels USING (image_id) WHERE images.missing = 0 "
            f"AND images.content IN ({parameters}) ORDER BY images.name",
            chunk,
        ):
            is_free = image not in taken and (not is_labelled or image in left)
            if is_free and (image not in marked or image in unfit):
                places.setdefault(content, []).append(image)
    targets = {stray: places[content].pop(0) for stray, content in strays if places.get(content)}
    while not all_known:  # A mark may have a place to go to itself, which is not known yet.
        waiting = [
            stray for stray, target in targets.items() if target in unfit and target not in targets
        ]
        if not waiting:
            break
        for stray in waiting:
            del targets[stray]
    return {**dict.fromkeys(targets, False), **dict.fromkeys(targets.values(), True)}


def has_changed_set_aside(connection: sqlite3.Connection) -> bool:
    """Whether a present image that is set aside has other bytes now."""
    if not has_table(connection, "set_aside"):
        return False
    return connection.execute(f"SELECT 1 {_CHANGED_SET_ASIDE} LIMIT 1").fetchone() is not None


def changed_names(connection: sqlite3.Connection) -> list[str]:
    """The names of present images whose bytes are not those that were labelled."""
    rows = connection.execute(f"SELECT images.name {_CHANGED} ORDER BY images.name")
    return [name for (name,) in rows]


def accept_changed(connection: sqlite3.Connection) -> None:
    """Let labels and marks stand for the bytes that are there now, within a transaction."""
    for table, changed in (("labels", _CHANGED), ("set_aside", _CHANGED_SET_ASIDE)):
        if has_table(connection, table):
            connection.execute(
                f"UPDATE {table} SET content = (SELECT content FROM images "
                f"WHERE images.image_id = {table}.image_id) "
                f"WHERE image_id IN (SELECT image_id {changed})"
            )


def follow_rewritten(connection: sqlite3.Connection, path: Path, image: RewrittenImage) -> None:
    """Let an image's label and mark stand for its file's new bytes, within a transaction."""
    for table in ("labels", "set_aside"):
        if has_table(connection, table):
            connection.execute(
                f"UPDATE {table} SET content = ? WHERE content = ? "
                "AND image_id = (SELECT image_id FROM images WHERE name = ?)",
                (image.after, image.before, image.name),
            )
    with contextlib.suppress(OSError):  # Else the next scan finds it changed.
        status = path.stat()
        connection.execute(
            "UPDATE images SET content = ?, size_bytes = ?, modified_ns = ? "
            "WHERE name = ? AND content = ?",
            (image.after, status.st_size, status.st_mtime_ns, image.name, image.before),
        )

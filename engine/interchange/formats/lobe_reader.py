"""Projects of Lobe, which is no longer developed: its data base and the images in it.

As Lobe's own exporter reads them: https://github.com/lobe/image-tools,
``dataset/export_from_lobe.py``. What that exporter writes is a folder per class.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from engine.errors import LabelsError
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.words import say

_QUERY: Final = (
    "SELECT example_images.hash, example_labels.label FROM example_images JOIN example_labels "
    "ON example_images.example_id = example_labels.example_id"
)
_OTHERS: Final = (
    "SELECT name FROM sqlite_schema WHERE name IN ('example_images', 'example_labels') "
    "AND (type <> 'table' OR sql LIKE 'CREATE VIRTUAL%')"
)


def read(path: Path) -> Foreign:
    """Labels of images that are told by their content alone: Lobe does not keep their names.

    Args:
        path: a project's folder, as in ``%APPDATA%/lobe/projects``.
    """
    database, images = path / "db.sqlite", path / "data" / "blobs"
    if not database.is_file():
        raise LabelsError(say("{path} is no project of Lobe: it has no db.sqlite.", path=path))
    labels: list[ForeignLabel] = []
    try:
        # As it is on the disk: nothing is written, and no other file is made beside it.
        uri = f"{database.resolve().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True)
        try:
            if connection.execute(_OTHERS).fetchone():  # A view computes for as long as it likes.
                raise sqlite3.DatabaseError("what should be tables is none")
            for name, label in connection.execute(_QUERY):
                # A name of letters and digits is a file of that folder, and nothing else.
                if isinstance(name, str) and name.isalnum() and isinstance(label, str):
                    labels.append(ForeignLabel(name, label, images / name, False, ""))
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError, MemoryError) as error:
        raise LabelsError(
            say(
                "{path} could not be read as a project of Lobe: {error}.",
                path=path,
                error=str(error) or type(error).__name__,
            )
        ) from error
    if not labels:
        raise LabelsError(say("{path} gives no image a label.", path=path))
    return Foreign(tuple(dict.fromkeys(item.label for item in labels)), tuple(labels))


def recognises(path: Path) -> bool:
    """A folder with Lobe's description and its data base."""
    return (path / "project.json").is_file() and (path / "db.sqlite").is_file()

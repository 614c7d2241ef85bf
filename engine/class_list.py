"""Lists of classes as other programs write them: one name a line, or a column of a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from engine.errors import EngineError, sentence_for
from engine.words import say

_MAX_BYTES: Final = 1_000_000  # A list of names; what is longer is some other file.
_MAX_LETTERS: Final = 80
# Lower case; what the column of names is called in the tables that people have.
_COLUMNS: Final = (
    "class",
    "class_name",
    "classes",
    "label",
    "labels",
    "name",
    "species",
    "category",
)


def read_class_list(path: Path) -> list[str]:
    """The names in a list, in its order, each once, spaces around them taken off.

    A table (commas, semicolons or tabs) may have a first line with the columns' names; then the
    column called class, label, name, species or the like counts, else the first one. Empty lines
    and lines that begin with # are passed over.

    Raises:
        EngineError: the file cannot be read, is not UTF-8, or names nothing.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise EngineError(
                say("{path} is larger than a megabyte, so it is no list of classes.", path=path)
            )
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EngineError(say("{path} is not a text file in UTF-8.", path=path)) from error
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read"))) from error
    names = names_in(text)
    if not names:
        raise EngineError(say("{path} names no classes.", path=path))
    long = next((name for name in names if len(name) > _MAX_LETTERS), None)
    if long is not None:
        raise EngineError(
            say(
                "{path} is no list of classes: “{start}…” has more than {most} letters.",
                path=path,
                start=long[:40],
                most=_MAX_LETTERS,
            )
        )
    return names


def names_in(text: str) -> list[str]:
    """The same of a text, which may be empty; for what is pasted."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return []
    delimiter = next((mark for mark in "\t;," if mark in lines[0]), ",")
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:  # A quotation mark that is never closed, and much text behind it.
        return []
    header = [cell.strip().casefold() for cell in rows[0]]
    column = next((header.index(name) for name in _COLUMNS if name in header), -1)
    if column >= 0:
        rows = rows[1:]
    cells = (row[max(column, 0)].strip() for row in rows if len(row) > max(column, 0))
    return list(dict.fromkeys(cell for cell in cells if cell))

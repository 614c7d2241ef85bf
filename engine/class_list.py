"""Lists of classes as other programs write them: a name a line, a column of a table, or JSON."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError, sentence_for
from engine.project_records import is_text
from engine.words import say

_MAX_BYTES: Final = 1_000_000  # A list of names; what is longer is some other file.
MAX_LETTERS: Final = 80
MAX_CLASSES: Final = 1_000  # Nobody labels by hand into more; what is longer is a list of files.
# Lower case; what the column of names is called in the tables that people have, and the member in
# JSON.
_COLUMNS: Final = (
    "class",
    "class_name",
    "classes",
    "label",
    "labels",
    "name",
    "names",
    "species",
    "category",
    "categories",
)
# Control characters, marks of writing direction, and what has no width. Not the joiners, which
# Persian and Indian scripts are written with.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)


def read_class_list(path: Path) -> list[str]:
    """The names in a list, in its order, each once, as :func:`names_in` finds them.

    The text is UTF-8, or UTF-16 with a mark at its beginning, as spreadsheets write it.

    Raises:
        EngineError: the file cannot be read, is no text, names nothing, or is no list of classes
            by :func:`check_class_names`.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise EngineError(
                say("{path} is larger than a megabyte, so it is no list of classes.", path=path)
            )
        content = path.read_bytes()
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read"))) from error
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise EngineError(say("{path} is not a text file in UTF-8.", path=path)) from error
    if "\0" in text:
        raise EngineError(say("{path} is not a text file in UTF-8.", path=path))
    if path.suffix.lower() == ".json":
        try:
            json.loads(text)
        except ValueError as error:  # By lines it would give names with brackets and quotes.
            raise EngineError(say("{path} is no JSON, or it is damaged.", path=path)) from error
        except RecursionError as error:
            raise EngineError(say("{path} is no JSON, or it is damaged.", path=path)) from error
    names = names_in(text)
    check_class_names(names, str(path))
    return names


def check_class_names(names: Sequence[str], path: str) -> None:
    """Whether these can be the names of classes.

    Args:
        names: as :func:`names_in` gives them.
        path: what the sentence names: the file, or what else they were in.

    Raises:
        EngineError: there are none, more than a thousand, or one of more than 80 letters.
    """
    if not names:
        raise EngineError(
            say(
                "{path} names no classes; a list has a name a line, or a column called class, "
                "label or name.",
                path=path,
            )
        )
    long = next((name for name in names if len(name) > MAX_LETTERS), None)
    if long is not None:
        raise EngineError(
            say(
                "{path} is no list of classes: “{start}…” has more than {most} letters.",
                path=path,
                start=long[:40],
                most=MAX_LETTERS,
            )
        )
    if not all(map(is_text, names)):
        raise EngineError(
            say("{path} is damaged: a name in it has a letter that is no text.", path=path)
        )
    if len(names) > MAX_CLASSES:
        raise EngineError(
            say(
                "{path} names {count:,} classes; a list may have {most:,}.",
                path=path,
                count=len(names),
                most=MAX_CLASSES,
            )
        )


def names_in(text: str) -> list[str]:
    """The names in a text, in its order, each once, tidied; none where there are none.

    - JSON: an array of names or of objects with a name; an object of names by number or of numbers
      by name, or that holds one of these as its classes, categories, labels or names.
    - A table (commas, semicolons or tabs) may have a first line with the columns' names; then the
      column called class, label, name, species or the like counts, else the first one.
    - Otherwise a name a line. Empty lines and lines that begin with # are passed over.

    Spaces around names are taken off; what cannot be seen in them (control characters, marks of
    writing direction) too, so that two names that look the same are one class.
    """
    found = _names_in_json(text) if text.lstrip("\ufeff \t\r\n")[:1] in ("[", "{") else None
    if found is None:
        found = _names_in_lines(text)
    return list(dict.fromkeys(name for name in map(tidy_name, found) if name))


def tidy_name(name: str) -> str:
    """A name without what cannot be seen in it, and with single spaces."""
    return " ".join(_UNSEEN.sub("", name).split())


def _names_in_lines(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return []
    delimiter = next((mark for mark in "\t;," if mark in lines[0]), ",")
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter))
    except csv.Error:  # A quotation mark that is never closed, and much text behind it.
        return []
    header = [_UNSEEN.sub("", cell).strip().casefold() for cell in rows[0]]
    column = next((header.index(name) for name in _COLUMNS if name in header), -1)
    if column >= 0:
        rows = rows[1:]
    return [row[max(column, 0)] for row in rows if len(row) > max(column, 0)]


def _names_in_json(text: str) -> list[str] | None:
    """None where it is no JSON: a name may begin with a bracket."""
    try:
        return _names_among(json.loads(text.lstrip("\ufeff")))
    except (ValueError, RecursionError):
        return None


def _names_among(value: Any) -> list[str]:
    if isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            return list(value)
        named = [_named(item) for item in value if isinstance(item, dict)]
        return [name for name in named if isinstance(name, str)]
    if not isinstance(value, dict) or not value:
        return []
    inner = _named(value)
    if isinstance(inner, list | dict):
        return _names_among(inner)
    if all(isinstance(item, str) for item in value.values()):
        return list(value.values())
    if all(isinstance(item, int) for item in value.values()):
        return list(value)
    return []


def _named(table: dict[str, Any]) -> Any:
    """What the first member that is called as a column of names may be holds."""
    by_name = {key.casefold(): item for key, item in table.items()}
    return next((by_name[name] for name in _COLUMNS if name in by_name), None)

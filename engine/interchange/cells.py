"""Cells of CSV files: names and classes as no spreadsheet takes them amiss, and back again."""

from __future__ import annotations

import csv
from collections.abc import Collection
from typing import Final

# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_DELIMITERS: Final = (",", ";", "\t")


def safe_name(name: str) -> str:
    """A path as a cell that no spreadsheet takes for a formula, and that is still the path."""
    return f"./{name}" if name.startswith(_FORMULA_STARTS) else name


def plain_name(cell: str) -> str:
    """What :func:`safe_name` was given."""
    return cell[2:] if cell.startswith("./") else cell  # No path of ours begins with "./" itself.


def safe_label(label: str) -> str:
    """A label as a cell that no spreadsheet takes for a formula: an apostrophe before it.

    A label that looks as if it had one already gets another, so that it can be told.
    """
    return f"'{label}" if label.lstrip("'").startswith(_FORMULA_STARTS) else label


def plain_label(cell: str) -> str:
    """What :func:`safe_label` was given."""
    is_marked = cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA_STARTS)
    return cell[1:] if is_marked else cell


def text_of(name: str) -> str:
    r"""A name as text that every file can hold.

    On Linux a name is bytes, which need not be text. A byte that is none is written as ``\xff``,
    half a pair of UTF-16, as Windows allows in names, as ``\ud800``. Such a row cannot lead back to
    its file; but it is there.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return "".join(map(_shown, name))
    return name


def delimiter_of(header: str, needed: Collection[str]) -> str:
    """What parts the columns of a table whose first line is ``header``: , or ; or a tab.

    Where the comma is a decimal point, spreadsheets part columns by semicolons. It is the one that
    leaves the ``needed`` columns whole; where none does, a comma.
    """
    for mark in _DELIMITERS:
        try:
            columns = next(csv.reader([header], delimiter=mark), [])
        except csv.Error:  # Whoever reads the table is told so with the line.
            return ","
        if set(needed) <= {column.strip() for column in columns}:
            return mark
    return ","


def holds_predictions(columns: Collection[str]) -> bool:
    """Whether the labels of a table with these columns are a machine's, though none says so.

    Where there is a ``label_source`` each row says it. Without one, a confidence or probabilities
    beside the labels are what a model gave.
    """
    known = {column.strip().casefold() for column in columns if column}
    if "label_source" in known:
        return False
    return "confidence" in known or any(column.startswith("prob_") for column in known)


def _shown(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # Python's way of keeping a byte that is no text.
        return f"\\x{number - 0xDC00:02x}"
    return f"\\u{number:04x}" if 0xD800 <= number <= 0xDFFF else character

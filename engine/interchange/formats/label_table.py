"""Labels as CSV with the columns file_name and label, as Handful's own tables have them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from engine.errors import LabelsError
from engine.interchange.cells import (
    holds_predictions,
    plain_label,
    plain_name,
    safe_label,
    safe_name,
    text_of,
)
from engine.interchange.formats.interface import Foreign, ForeignLabel, Format, WriteOptions
from engine.interchange.reading import head_of, read_text, told_as_no_csv
from engine.interchange.records import Results
from engine.interchange.tables import write_table
from engine.messages import TableFormat
from engine.words import say

# What others call these columns; lower case.
_NAME_COLUMNS: Final = ("file_name", "filename", "file", "filepath", "path", "image", "image_path")
_LABEL_COLUMNS: Final = ("label", "class", "class_name", "category", "species")
_DELIMITERS: Final = (",", ";", "\t")


def write(results: Results, out: Path, options: WriteOptions) -> Iterator[int]:
    """With predictions Handful's table of predictions, else a row per labelled image."""
    if options.with_predictions:
        for chunk in write_table(results, out, TableFormat.CSV):
            yield len(chunk)
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file_name", "label"])
        for chunk in results.chunks():
            for record in chunk:
                if record.label is not None:
                    writer.writerow(
                        [safe_name(text_of(record.image.name)), safe_label(text_of(record.label))]
                    )
            yield len(chunk)


def read(path: Path) -> Foreign:
    """Rows of Handful's tables, or of any table with columns for the image's name and the label.

    Commas, semicolons or tabs part the columns. Rows whose ``label_source`` is "machine" are
    predictions; without that column all are where there is a confidence or are probabilities.
    """
    text = read_text(path)
    delimiter = _delimiter_of(text.partition("\n")[0])
    # Not str.splitlines, which would also cut names at other characters.
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    labels: list[ForeignLabel] = []
    with told_as_no_csv(path, reader):
        name_column, label_column = _columns_of(reader.fieldnames or ())
        if not name_column or not label_column:
            raise LabelsError(
                say(
                    "{path} needs a first line with the columns file_name and label.",
                    path=path,
                )
            )
        are_predictions = holds_predictions(reader.fieldnames or ())
        for row in reader:
            # Names are left as they are: they may begin or end with spaces.
            name = plain_name(row[name_column] or "")
            label = plain_label((row[label_column] or "").strip())
            if name.strip() and label:
                says_machine = (row.get("label_source") or "").strip() == "machine"
                is_machine = are_predictions or says_machine
                where = f"line {reader.line_num}"
                labels.append(ForeignLabel(name, label, None, is_machine, where))
    return Foreign(tuple(dict.fromkeys(item.label for item in labels)), tuple(labels))


def recognises(path: Path) -> bool:
    """A text file whose first line has the columns."""
    if not path.is_file():
        return False
    header = head_of(path).partition("\n")[0].lstrip("\ufeff")
    return all(_columns_of(_header(header, _delimiter_of(header))))


def _delimiter_of(header: str) -> str:
    """What parts the columns of a first line: where a comma is a decimal point, a semicolon."""
    marks = (mark for mark in _DELIMITERS if all(_columns_of(_header(header, mark))))
    return next(marks, _DELIMITERS[0])


def _header(line: str, delimiter: str) -> Sequence[str]:
    try:
        return next(csv.reader([line.rstrip("\r")], delimiter=delimiter), ())
    except csv.Error:  # It has no columns; reading the file tells why.
        return ()


def _columns_of(header: Sequence[str]) -> tuple[str, str]:
    """The columns of names and of labels, as they are written; empty where there is none."""
    known = {column.strip().casefold(): column for column in reversed(header) if column}
    name = next((known[column] for column in _NAME_COLUMNS if column in known), "")
    label = next((known[column] for column in _LABEL_COLUMNS if column in known), "")
    return name, label


FORMAT: Final = Format(
    key="csv",
    title="CSV",
    suffix=".csv",
    consumer=say("Excel, pandas, and Handful on the command line"),
    write=write,
    read=read,
    recognises=recognises,
    marks_predictions=True,
)

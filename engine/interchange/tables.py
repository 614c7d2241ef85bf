"""Tables of predictions: CSV, JSON Lines and Parquet, a row per readable image."""

from __future__ import annotations

import codecs
import csv
import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.errors import ExportError
from engine.interchange.cells import safe_label, safe_name, text_of
from engine.interchange.records import Record, Results
from engine.messages import TableFormat
from engine.words import say

if TYPE_CHECKING:
    import pyarrow

EXCEL_MAX_ROWS: Final = 1_048_576
_ROWS_PER_GROUP: Final = 20_000  # Of a Parquet file: what a reader takes at once.
EXCEL: Final = (TableFormat.EXCEL_CSV, TableFormat.EXCEL_CSV_SEMICOLON)
_ERRORS_HEADER: Final = ("file_name", "reason")
_BY_SUFFIX: Final = {
    ".csv": TableFormat.CSV,
    ".jsonl": TableFormat.JSON_LINES,
    ".ndjson": TableFormat.JSON_LINES,
    ".parquet": TableFormat.PARQUET,
}
# JSON may hold them, but programs that part lines by all that Unicode calls a line end would cut.
_LINE_ENDS: Final = {number: f"\\u{number:04x}" for number in (0x85, 0x2028, 0x2029)}


def table_format_of(path: Path) -> TableFormat:
    """The format that a file's name asks for.

    Raises:
        ExportError: it asks for none that Handful writes.
    """
    found = _BY_SUFFIX.get(path.suffix.lower())
    if found is None:
        raise ExportError(
            say(
                "Could not write {path}: a table's name ends in .csv, .jsonl or .parquet.",
                path=path,
            )
        )
    return found


def checked_format(path: Path, chosen: TableFormat | None) -> TableFormat:
    """The format of a table: what was chosen, or else what its name asks for.

    Raises:
        ExportError: the name has an ending that promises something else than a table of ours, or
            none, and no format was chosen.
    """
    if chosen is not None and not path.suffix:
        return chosen
    by_name = table_format_of(path)
    return chosen or by_name


def write_table(
    results: Results, out: Path, table_format: TableFormat
) -> Iterator[Sequence[Record]]:
    """Write a row per readable image to ``out``, which exists already and becomes the table.

    Yields the records, unreadable ones among them, once they are written.

    Raises:
        ExportError: more rows than Excel can open (for that format alone).
    """
    if table_format in EXCEL and results.n_images >= EXCEL_MAX_ROWS:
        raise ExportError(
            say(
                "Excel opens at most {most} rows and this table has {count}; save it as plain CSV "
                "or Parquet.",
                most=EXCEL_MAX_ROWS,
                count=results.n_images + 1,
            )
        )
    writers: dict[TableFormat, Callable[[Results, Path], Iterator[Sequence[Record]]]] = {
        TableFormat.CSV: lambda results, out: _write_csv(results, out, "utf-8"),
        # With a byte order mark: without it Excel takes UTF-8 for the system's old encoding.
        TableFormat.EXCEL_CSV: lambda results, out: _write_csv(results, out, "utf-8-sig"),
        TableFormat.EXCEL_CSV_SEMICOLON: lambda results, out: _write_csv(
            results, out, "utf-8-sig", delimiter=";", point=","
        ),
        TableFormat.JSON_LINES: _write_json_lines,
        TableFormat.PARQUET: _write_parquet,
    }
    yield from writers[table_format](results, out)


def table_header(class_names: Sequence[str]) -> list[str]:
    """The columns of a table of predictions."""
    return [
        *("file_name", "label", "confidence", "label_source", "is_verified"),
        *("second_label", "second_confidence", "none_score"),
        *("machine_label", "machine_confidence", "model_id"),
        *(f"prob_{text_of(name)}" for name in class_names),
    ]


def row_of(results: Results, record: Record) -> dict[str, Any]:
    """A readable image's row without its probabilities; None for what is not known.

    Names and classes are text (:func:`engine.interchange.cells.text_of`). A labelled image has the
    person's label with confidence 1 and the machine's opinion beside it.
    """
    answer = results.answer(record)
    order = record.best_first()
    chances = record.probabilities
    machine = results.machine_label(record)
    return {
        "file_name": text_of(record.image.name),
        "label": text_of(answer.label) if answer else None,
        "confidence": answer.confidence if answer else None,
        "label_source": ("human" if answer.is_human else "machine") if answer else None,
        "is_verified": bool(answer and answer.is_human),
        "second_label": text_of(results.predicted[order[1]]) if len(order) > 1 else None,
        "second_confidence": (
            float(chances[order[1]]) if chances is not None and len(order) > 1 else None
        ),
        "none_score": record.none_score,
        "machine_label": text_of(machine[0]) if machine else None,
        "machine_confidence": machine[1] if machine else None,
        "model_id": results.model_id,
    }


def errors_path_for(out: Path) -> Path:
    """Where the unreadable images of a table are listed, as CSV: beside it."""
    is_other = out.suffix.lower() in (".jsonl", ".ndjson", ".parquet")
    return out.with_suffix(f".errors{'.csv' if is_other else out.suffix}")


def errors_place(out: Path) -> Path:
    """As :func:`errors_path_for`, with a number where somebody else's file has that name."""
    plain = errors_path_for(out)
    for number in itertools.count(2):
        if not os.path.lexists(plain) or _is_errors(plain):
            break
        plain = errors_path_for(out).with_suffix(f".{number}{errors_path_for(out).suffix}")
    return plain


def remove_errors(path: Path) -> None:
    """Remove a list of unreadable images that Handful wrote, if there is one. Raises OSError."""
    if _is_errors(path):
        path.unlink()


def _is_errors(path: Path) -> bool:
    """Whether a file is a list of ours; its first line tells, however long the rest is."""
    headers = {mark.join(_ERRORS_HEADER).encode() for mark in ",;"}
    try:
        with path.open("rb") as file:
            first = file.readline(100)
    except (OSError, ValueError):
        return False
    return first.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n") in headers


def write_errors(
    unreadable: Iterable[tuple[str, str]], out: Path, table_format: TableFormat = TableFormat.CSV
) -> None:
    """Write (file name, reason) pairs to ``out``, which exists already, as CSV.

    In the encoding and with the separator of the table, so that the same program opens both right.
    """
    encoding = "utf-8-sig" if table_format in EXCEL else "utf-8"
    delimiter = ";" if table_format is TableFormat.EXCEL_CSV_SEMICOLON else ","
    with out.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(_ERRORS_HEADER)
        writer.writerows([safe_name(text_of(name)), text_of(reason)] for name, reason in unreadable)


def _write_csv(
    results: Results, out: Path, encoding: str, *, delimiter: str = ",", point: str = "."
) -> Iterator[Sequence[Record]]:
    with out.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(table_header(results.predicted))
        for chunk in results.chunks():
            for record in chunk:
                if not record.failure:
                    writer.writerow(csv_row(results, record, point))
            yield chunk


def csv_row(
    results: Results,
    record: Record,
    point: str = ".",
    more: Mapping[str, int] | None = None,
) -> list[str]:
    """A readable image's cells; ``more`` are columns between the others and the probabilities."""
    row = row_of(results, record)
    row["file_name"] = safe_name(row["file_name"])
    for key in ("label", "second_label", "machine_label"):
        row[key] = None if row[key] is None else safe_label(row[key])
    row["is_verified"] = "TRUE" if row["is_verified"] else "FALSE"
    row |= more or {}
    chances = () if record.probabilities is None else record.probabilities
    cells = [*row.values(), *(float(value) for value in chances)]
    cells += [None] * (len(row) + len(results.predicted) - len(cells))
    return [
        ""
        if cell is None
        else f"{cell:.6f}".replace(".", point)
        if isinstance(cell, float)
        else str(cell)
        for cell in cells
    ]


def json_object(
    results: Results, record: Record, more: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """A readable image's line of JSON Lines, before it is text; ``more`` as in :func:`csv_row`."""
    row: dict[str, Any] = {
        key: round(value, 6) if isinstance(value, float) else value
        for key, value in row_of(results, record).items()
    }
    row |= more or {}
    if record.probabilities is not None:
        row["probabilities"] = {
            text_of(name): round(float(value), 6)
            for name, value in zip(results.predicted, record.probabilities, strict=True)
        }
    return row


def json_line(row: dict[str, Any]) -> str:
    """A line of JSON Lines, its end included."""
    return json.dumps(row, ensure_ascii=False).translate(_LINE_ENDS) + "\n"


def _write_json_lines(results: Results, out: Path) -> Iterator[Sequence[Record]]:
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for chunk in results.chunks():
            for record in chunk:
                if not record.failure:
                    file.write(json_line(json_object(results, record)))
            yield chunk


def _write_parquet(results: Results, out: Path) -> Iterator[Sequence[Record]]:
    import pyarrow.parquet

    schema = parquet_schema(results)
    records: list[Record] = []
    with pyarrow.parquet.ParquetWriter(out, schema) as writer:
        for chunk in results.chunks():
            records += (record for record in chunk if not record.failure)
            if len(records) >= _ROWS_PER_GROUP:
                writer.write_table(parquet_rows(results, records, schema))
                records.clear()
            yield chunk
        if records:
            writer.write_table(parquet_rows(results, records, schema))


def parquet_schema(results: Results, more: Sequence[str] = ()) -> pyarrow.Schema:
    """The columns of a Parquet table; ``more`` are texts between the others and probabilities."""
    import pyarrow

    text, number = pyarrow.string(), pyarrow.float32()
    kinds = {
        "is_verified": pyarrow.bool_(),
        **dict.fromkeys(("confidence", "second_confidence", "none_score"), number),
        "machine_confidence": number,
    }
    fields = [(name, kinds.get(name, text)) for name in (*table_header(()), *more)]
    fields += [(name, number) for name in table_header(results.predicted)[len(table_header(())) :]]
    return pyarrow.schema(
        fields,
        metadata={
            "model_id": results.model_id,
            "class_names": json.dumps(results.predicted),
        },
    )


def parquet_rows(
    results: Results,
    records: Sequence[Record],
    schema: pyarrow.Schema,
    more: Sequence[Sequence[str | None]] = (),
) -> pyarrow.Table:
    """Records as rows of a Parquet table; ``more`` are the columns that its schema has besides."""
    import pyarrow

    rows: list[list[Any]] = []
    for number, record in enumerate(records):
        chances: list[float | None] = [None] * len(results.predicted)
        if record.probabilities is not None:
            chances = [float(value) for value in record.probabilities]
        others = (column[number] for column in more)
        rows.append([*row_of(results, record).values(), *others, *chances])
    columns = [
        pyarrow.array(column, field.type)
        for column, field in zip(zip(*rows, strict=True), schema, strict=True)
    ]
    return pyarrow.Table.from_arrays(columns, schema=schema)

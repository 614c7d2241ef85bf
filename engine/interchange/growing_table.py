"""A table of predictions that grows: rows are appended, and it is gone on with after any end.

It is its own log: every row says with ``size_bytes`` and ``modified_s`` (whole seconds since 1970)
which state of the file it is about. Of several rows of one file the last counts.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from engine.errors import ExportError, sentence_for
from engine.interchange.cells import plain_name, safe_name, text_of
from engine.interchange.records import Record, Results
from engine.interchange.tables import EXCEL, csv_row, json_line, json_object, table_header
from engine.messages import FoundFile, TableFormat
from engine.words import say

_SIZE: Final = "size_bytes"
_MODIFIED: Final = "modified_s"
_S: Final = 1_000_000_000
_BOM: Final = b"\xef\xbb\xbf"


class GrowingTable:
    """A table that rows are appended to: CSV or JSON Lines.

    Attributes:
        n_rows: how many rows there are.
        table_format: CSV, in which form, or JSON Lines.
        n_mended: bytes of a row that a crash had torn; it was taken off.
    """

    def __init__(self, path: Path, table_format: TableFormat, class_names: Sequence[str]) -> None:
        """Open a table that is there, or describe one to come: its first row makes it.

        Args:
            path: CSV or JSON Lines.
            table_format: which of them.
            class_names: the columns of the probabilities.

        Raises:
            ExportError: Parquet, which cannot grow; a file that is no such table or has other
                classes; it cannot be read, or a torn row cannot be taken off.
        """
        if table_format is TableFormat.PARQUET:
            raise ExportError(
                say("A Parquet file cannot grow; name a .csv or .jsonl file: {path}.", path=path)
            )
        self._path = path
        self.table_format = table_format
        is_semicolon = table_format is TableFormat.EXCEL_CSV_SEMICOLON
        self._delimiter, self._point = (";", ",") if is_semicolon else (",", ".")
        header = table_header(class_names)
        place = len(header) - len(class_names)
        self._header = [*header[:place], _SIZE, _MODIFIED, *header[place:]]
        self._class_names = [text_of(name) for name in class_names]
        self._states: dict[str, tuple[int, int]] = {}
        self._unwritten: list[bytes] = []
        self._head_end = 0
        self.n_rows = 0
        self.n_mended = 0
        try:
            if path.exists() and path.stat().st_size:
                self._resume()
        except OSError as error:
            raise ExportError(sentence_for(error, path, say("go on with"))) from error
        except (csv.Error, ValueError) as error:  # A number of thousands of digits, say.
            raise self._is_another_table(has_columns=False) from error

    @property
    def has_unwritten(self) -> bool:
        """Whether there are rows that :meth:`write` could not write yet."""
        return bool(self._unwritten)

    def has(self, file: FoundFile) -> bool:
        """Whether there is a row about this file as it is."""
        state = file.size_bytes, file.modified_ns // _S
        return self._states.get(self._written_name(file.name)) == state

    def files(self) -> Iterator[FoundFile]:
        """The files that there are rows about, as they were then, to the second."""
        is_json = self.table_format is TableFormat.JSON_LINES
        for name, (size, modified_s) in self._states.items():
            yield FoundFile(name if is_json else plain_name(name), size, modified_s * _S)

    def add(self, results: Results, record: Record, file: FoundFile) -> dict[str, Any]:
        """Take a row about a readable image; it is on disk after the next :meth:`write`.

        Returns:
            The row as JSON Lines have it.
        """
        more = {_SIZE: file.size_bytes, _MODIFIED: file.modified_ns // _S}
        row = json_object(results, record, more)
        if self.table_format is TableFormat.JSON_LINES:
            self._unwritten.append(json_line(row).encode())
        else:
            self._unwritten.append(self._line(csv_row(results, record, self._point, more)))
        self._states[self._written_name(file.name)] = file.size_bytes, more[_MODIFIED]
        return row

    def write(self) -> None:
        """Append the rows that were added and wait for the disk; whole rows or, at once, none.

        Raises:
            ExportError: it cannot be done now; the rows are kept, so that it can be tried again.
        """
        if not self._unwritten:
            return
        try:
            with self._path.open("ab") as file:
                end = file.seek(0, os.SEEK_END)
                head = b"" if end else self._head()
                try:
                    file.write(head + b"".join(self._unwritten))
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(end)  # The disk may have become full in the middle of a row.
                    raise
        except OSError as error:
            raise ExportError(sentence_for(error, self._path, say("write"))) from error
        self.n_rows += len(self._unwritten)
        self._unwritten.clear()

    def _head(self) -> bytes:
        if self.table_format is TableFormat.JSON_LINES:
            return b""
        return (_BOM if self.table_format in EXCEL else b"") + self._line(self._header)

    def _line(self, cells: Sequence[str]) -> bytes:
        text = io.StringIO()
        csv.writer(text, delimiter=self._delimiter).writerow(cells)
        return text.getvalue().encode()

    def _written_name(self, name: str) -> str:
        text = text_of(name)
        return text if self.table_format is TableFormat.JSON_LINES else safe_name(text)

    # --- Going on ---------------------------------------------------------------------------------

    def _resume(self) -> None:
        """Learn what the table says, and take off a row that was torn by a crash."""
        with self._path.open("rb") as file:
            is_json = self.table_format is TableFormat.JSON_LINES
            good_end = 0
            for end, row in self._json_rows(file) if is_json else self._csv_rows(file):
                good_end = end
                name, size, modified = row
                self._states[name] = size, modified
                self.n_rows += 1
            length = file.seek(0, os.SEEK_END)
            file.seek(max(0, length - 1))
            is_torn = file.read(1) != b"\n" or self._is_open_quote(good_end, file)
        if is_torn:
            good_end = max(good_end, 0 if is_json else self._head_end)
            with self._path.open("rb+") as file:
                file.truncate(good_end)
                os.fsync(file.fileno())
            self.n_mended = length - good_end

    def _is_open_quote(self, good_end: int, file: BinaryIO) -> bool:
        """Whether what follows the last good row ends within a name of several lines."""
        if self.table_format is TableFormat.JSON_LINES:
            return False
        file.seek(max(good_end, self._head_end))
        rest = file.read().decode(errors="replace")
        try:
            list(csv.reader(io.StringIO(rest, newline=""), delimiter=self._delimiter, strict=True))
        except csv.Error:
            return True
        return False

    def _csv_rows(self, file: BinaryIO) -> Iterator[tuple[int, tuple[str, int, int]]]:
        """Whole rows, each with where it ends."""
        end, is_whole = 0, False

        def lines() -> Iterator[str]:
            nonlocal end, is_whole
            for line in file:
                is_first = end == 0
                end += len(line)
                is_whole = line.endswith(b"\n")
                text = line.removeprefix(_BOM) if is_first else line
                yield text.decode(errors="replace")

        reader = csv.reader(lines(), delimiter=self._delimiter)
        found = next(reader, [])
        if not is_whole and self._is_begun(found):
            return  # The header itself was torn.
        if found != self._header:
            raise self._is_another_table(has_columns=_SIZE in found)
        self._head_end = end
        places = [self._header.index(name) for name in ("file_name", _SIZE, _MODIFIED)]
        for cells in reader:
            if len(cells) != len(self._header) or not is_whole:
                continue
            name, size, modified = (cells[place] for place in places)
            if size.isdecimal() and modified.lstrip("-").isdecimal():
                yield end, (name, int(size), int(modified))

    def _json_rows(self, file: BinaryIO) -> Iterator[tuple[int, tuple[str, int, int]]]:
        end = 0
        for line in file:
            end += len(line)
            try:
                row = json.loads(line)
                state = str(row["file_name"]), int(row[_SIZE]), int(row[_MODIFIED])
                names = list(row["probabilities"])
            except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                if not self.n_rows and line.endswith(b"\n"):
                    raise self._is_another_table(has_columns=False) from error
                continue
            if not self.n_rows and names != self._class_names:
                raise self._is_another_table(has_columns=True)
            if line.endswith(b"\n"):
                yield end, state

    def _is_begun(self, cells: Sequence[str]) -> bool:
        """Whether the first line is the beginning of the header."""
        return self._delimiter.join(self._header).startswith(self._delimiter.join(cells))

    def _is_another_table(self, *, has_columns: bool) -> ExportError:
        if has_columns:
            return ExportError(
                say(
                    "{path} has other classes than this model; name another file, or move that "
                    "one away.",
                    path=self._path,
                )
            )
        return ExportError(
            say(
                "{path} is not a table of a watched folder, so nothing is appended to it; name "
                "another file.",
                path=self._path,
            )
        )

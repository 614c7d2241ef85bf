"""A table that grows: whole rows, one header, gone on with after any end."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ExportError
from engine.interchange import growing_table
from engine.interchange.growing_table import GrowingTable
from engine.interchange.records import Record, Results
from engine.messages import FoundFile, ImageId, ImageRef, TableFormat

NAMES = ("fox", "=hare")
CSV, JSON = TableFormat.CSV, TableFormat.JSON_LINES


def results() -> Results:
    return Results(Path("/images"), NAMES, NAMES, "model", 0, lambda: iter(()))


def file_of(name: str, size: int = 10, modified_s: int = 1_000) -> FoundFile:
    return FoundFile(name, size, modified_s * 10**9 + 123)


def record_of(name: str) -> Record:
    image = ImageRef(ImageId(1), Path("/images") / name, name)
    return Record(image, None, np.array([0.25, 0.75], np.float32), 0.125)


def add(table: GrowingTable, *names: str) -> None:
    for name in names:
        table.add(results(), record_of(name), file_of(name))
    table.write()


@pytest.mark.parametrize("table_format", [f for f in TableFormat if f != TableFormat.PARQUET])
def test_a_table_grows_over_several_starts(tmp_path: Path, table_format: TableFormat) -> None:
    path = tmp_path / "table"
    first = GrowingTable(path, table_format, NAMES)
    assert not path.exists()
    add(first, "a.jpg", "sub/b.jpg")
    names = ["=1.jpg", "two\nlines.jpg", 'quo"te.jpg', "füchse.jpg", "semi;colon,.jpg"]
    add(first, *names)
    again = GrowingTable(path, table_format, NAMES)
    assert (again.n_rows, again.n_mended) == (7, 0)
    assert {file.name for file in again.files()} == {"a.jpg", "sub/b.jpg", *names}
    for name in ["a.jpg", *names]:
        assert again.has(file_of(name))
    assert not again.has(file_of("a.jpg", size=11))
    assert not again.has(file_of("a.jpg", modified_s=1_001))
    add(again, "c.jpg")
    assert GrowingTable(path, table_format, NAMES).n_rows == 8
    if table_format is JSON:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        assert rows[0]["probabilities"] == {"fox": 0.25, "=hare": 0.75}
    else:
        mark = ";" if table_format is TableFormat.EXCEL_CSV_SEMICOLON else ","
        with path.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text, delimiter=mark))
        assert rows[0]["prob_fox"].replace(",", ".") == "0.250000"
        assert rows[2]["file_name"] == "./=1.jpg"
        assert rows[3]["file_name"] == "two\nlines.jpg"
    assert len(rows) == 8
    assert (int(rows[-1]["size_bytes"]), int(rows[-1]["modified_s"])) == (10, 1_000)


@pytest.mark.parametrize("table_format", [CSV, JSON])
def test_wherever_it_was_torn_it_is_mended(
    tmp_path: Path, table_format: TableFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing_table.os, "fsync", lambda descriptor: None)  # 800 take seconds.
    path = tmp_path / "table"
    table = GrowingTable(path, table_format, NAMES)
    add(table, "a.jpg")
    one = len(path.read_bytes())
    add(table, "two\nlines.jpg")
    whole = path.read_bytes()
    for length in range(1, len(whole)):
        path.write_bytes(whole[:length])
        mended = GrowingTable(path, table_format, NAMES)
        assert mended.has(file_of("a.jpg")) == (length >= one), length
        assert not mended.has(file_of("two\nlines.jpg")), length
        for name in ("a.jpg", "two\nlines.jpg"):
            if not mended.has(file_of(name)):
                add(mended, name)
        assert path.read_bytes() == whole, length


def test_a_crash_of_the_whole_computer_may_leave_zeros(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    add(GrowingTable(path, CSV, NAMES), "a.jpg")
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(4096))
    assert GrowingTable(path, CSV, NAMES).n_mended == 4096
    assert path.read_bytes() == whole


@pytest.mark.parametrize("table_format", [CSV, JSON])
def test_other_files_are_left_alone(tmp_path: Path, table_format: TableFormat) -> None:
    path = tmp_path / "table"
    texts = ["file_name,label\r\na.jpg,fox\r\n", "my notes", "my notes\n", '{"a": 1}\n', "[1]\n"]
    for text in texts:
        path.write_text(text, encoding="utf-8")
        if table_format is JSON and not text.endswith("\n"):
            continue  # It cannot be told from a torn row.
        with pytest.raises(ExportError, match="not a table of a watched folder"):
            GrowingTable(path, table_format, NAMES)
        assert path.read_bytes().decode().splitlines() == text.splitlines()
    path.unlink()
    add(GrowingTable(path, table_format, NAMES), "a.jpg")
    with pytest.raises(ExportError, match="has other classes than this model"):
        GrowingTable(path, table_format, ("fox", "wolf"))
    with pytest.raises(ExportError, match="Parquet file cannot grow"):
        GrowingTable(tmp_path / "new.parquet", TableFormat.PARQUET, NAMES)
    (tmp_path / "folder").mkdir()
    with pytest.raises(ExportError, match="Could not go on with"):
        GrowingTable(tmp_path / "folder", table_format, NAMES)


def test_rows_that_cannot_be_written_are_kept_and_none_is_half_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.csv"
    table = GrowingTable(path, CSV, NAMES)
    add(table, "a.jpg")
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(growing_table.os, "fsync", full)
        with pytest.raises(ExportError, match="the disk is full"):
            add(table, "b.jpg")
    assert path.read_bytes() == before
    assert (table.has_unwritten, table.n_rows) == (True, 1)
    table.write()
    assert (table.has_unwritten, table.n_rows) == (False, 2)
    assert GrowingTable(path, CSV, NAMES).has(file_of("b.jpg"))


def test_a_table_that_was_taken_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    table = GrowingTable(path, CSV, NAMES)
    add(table, "a.jpg")
    path.unlink()
    add(table, "b.jpg")
    assert path.read_text(encoding="utf-8").startswith("file_name,label,")
    assert GrowingTable(path, CSV, NAMES).n_rows == 1

"""Tables as their readers see them: csv, pandas and pyarrow, with the names that files may have."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow.parquet
import pytest

from engine.bundle.contents import predict_script
from engine.errors import ExportError, LabelsError
from engine.interchange import tables
from engine.interchange.cells import (
    delimiter_of,
    plain_label,
    plain_name,
    safe_label,
    safe_name,
    text_of,
)
from engine.interchange.formats import label_table
from engine.interchange.formats.interface import WriteOptions
from engine.interchange.records import Record, Results
from engine.interchange.tables import checked_format, table_format_of, table_header, write_table
from engine.jobs.predictions import labels_only, save_table
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    ImageId,
    ImageRef,
    PredictionsSaved,
    Snapshot,
    TableFormat,
)
from engine.sources import SnapshotBuilder

FORMULAS = (
    "=1+1.png",
    "+1.png",
    "-1.png",
    "@SUM(1).png",
    "\ttab.png",
    "\rreturn.png",
    "\nline.png",
)
NAMES = (
    *FORMULAS,
    *("＝wide.png", "a\nb.png", "a\r\nb.png", "a\rb.png", 'say "hi".png', "a,b;c\td.png"),
    *(
        f"{'x' * 251}.png",
        "‮gnp.evil.png",
        "שלום.png",
        "日本語/写真.png",
        "\u00e9.png",
        "e\u0301.png",
    ),
    *("Case.png", "case.png", "bell\x07.png", "line\u2028end.png", "next\x85line.png"),
    *(" leading space.png", "trailing space.png ", "'quoted'.png", "'=quoted.png", "100%.png"),
    *("#hash.png", "NA", "null", "001", "1e5", "TRUE", "sub/../x.png", "CON.png", "a\\b.png"),
)
CLASSES = ("=cmd|' /C calc'!A0", "'=already marked", 'say "hi"', "a,b;c", "日本", "'''", "-")
UNDECODABLE = "caf\udce9.png"  # What Python makes of the Latin-1 byte of é in a name.
EXCEL = (TableFormat.EXCEL_CSV, TableFormat.EXCEL_CSV_SEMICOLON)


def results_of(names: tuple[str, ...], classes: tuple[str, ...] = CLASSES) -> Results:
    """An image of each name; every third labelled, with another class each."""
    generator = np.random.default_rng(0)
    records = []
    for number, name in enumerate(sorted(names)):
        chances = generator.dirichlet(np.ones(len(classes))).astype(np.float32)
        label = classes[number // 3 % len(classes)] if number % 3 == 0 else None
        records.append(Record(ImageRef(ImageId(number), Path("x"), name), label, chances, 0.25))
    return Results(Path(), classes, classes, "id", len(records), lambda: iter([records]))


def records_of(results: Results) -> list[Record]:
    """All records in one list."""
    return [record for chunk in results.chunks() for record in chunk]


def write(results: Results, out: Path, table_format: TableFormat) -> Path:
    """The whole table."""
    for _ in write_table(results, out, table_format):
        pass
    return out


def plain(frame: pandas.DataFrame) -> list[tuple[str, str, float, list[float]]]:
    """What a program reads of each row, with the marks against formulas taken off."""
    return [
        (
            plain_name(row["file_name"]),
            plain_label(row["label"]),
            float(row["confidence"]),
            [float(row[f"prob_{name}"]) for name in CLASSES],
        )
        for row in frame.to_dict("records")
    ]


def expected(results: Results) -> list[tuple[str, str, Any, list[Any]]]:
    """What they should read, numbers to six digits."""
    found = []
    for record in records_of(results):
        answer = results.answer(record)
        assert answer is not None
        assert record.probabilities is not None
        near = [pytest.approx(float(value), abs=1e-6) for value in record.probabilities]
        confidence = pytest.approx(answer.confidence, abs=1e-6)
        found.append((record.image.name, answer.label, confidence, near))
    return found


@pytest.mark.parametrize("table_format", [TableFormat.CSV, *EXCEL])
def test_pandas_reads_csv(table_format: TableFormat, tmp_path: Path) -> None:
    results = results_of(NAMES)
    out = write(results, tmp_path / "out.csv", table_format)
    is_semicolon = table_format is TableFormat.EXCEL_CSV_SEMICOLON
    frame = pandas.read_csv(
        out,
        sep=";" if is_semicolon else ",",
        decimal="," if is_semicolon else ".",
        dtype={"file_name": str},
        keep_default_na=False,
    )
    assert list(frame.columns) == table_header(CLASSES)
    assert plain(frame) == expected(results)


@pytest.mark.parametrize("table_format", [TableFormat.CSV, *EXCEL])
def test_the_csv_module_reads_csv_and_no_cell_is_a_formula(
    table_format: TableFormat, tmp_path: Path
) -> None:
    results = results_of(NAMES)
    out = write(results, tmp_path / "out.csv", table_format)
    is_excel = table_format in EXCEL
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") == is_excel
    mark = ";" if table_format is TableFormat.EXCEL_CSV_SEMICOLON else ","
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=mark))
    assert {len(row) for row in rows} == {len(table_header(CLASSES))}
    assert [plain_name(row[0]) for row in rows[1:]] == sorted(NAMES)
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r\n＝＋－＠")] == []


def test_excel_gets_decimal_commas_where_the_system_has_them(tmp_path: Path) -> None:
    out = write(results_of(("a.png",)), tmp_path / "a.csv", TableFormat.EXCEL_CSV_SEMICOLON)
    cells = out.read_text(encoding="utf-8-sig").splitlines()[1].split(";")
    assert cells[:5] == ["a.png", "'" + CLASSES[0], "1,000000", "human", "TRUE"]
    assert cells[7] == "0,250000"


def test_pandas_and_any_reader_of_lines_read_json_lines(tmp_path: Path) -> None:
    results = results_of(NAMES)
    out = write(results, tmp_path / "out.jsonl", TableFormat.JSON_LINES)
    frame = pandas.read_json(out, lines=True, dtype={"file_name": str, "label": str})
    assert list(frame["file_name"]) == sorted(NAMES)
    assert set(frame["label"]) <= set(CLASSES)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    answers = [
        (line["file_name"], line["label"], line["confidence"], list(line["probabilities"].values()))
        for line in lines
    ]
    assert answers == expected(results)
    assert {tuple(line["probabilities"]) for line in lines} == {CLASSES}


def test_pyarrow_and_pandas_read_parquet(tmp_path: Path) -> None:
    results = results_of(NAMES)
    out = write(results, tmp_path / "out.parquet", TableFormat.PARQUET)
    table = pyarrow.parquet.read_table(out)
    assert table.column_names == table_header(CLASSES)
    assert table.column("file_name").to_pylist() == sorted(NAMES)
    assert table.schema.field("is_verified").type == pyarrow.bool_()
    assert json.loads(table.schema.metadata[b"class_names"]) == list(CLASSES)
    assert table.schema.metadata[b"model_id"] == b"id"
    frame = pandas.read_parquet(out)
    first = frame.iloc[0]
    (record,) = (item for item in records_of(results) if item.image.name == first["file_name"])
    assert record.probabilities is not None
    assert [first[f"prob_{name}"] for name in CLASSES] == record.probabilities.tolist()


def test_parquet_has_few_groups_however_small_the_steps_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_ROWS_PER_GROUP", 8)
    records = records_of(results_of(NAMES))
    steps = [[record] for record in records]
    results = Results(Path(), CLASSES, CLASSES, "id", len(records), lambda: iter(steps))
    assert len(list(write_table(results, tmp_path / "a.parquet", TableFormat.PARQUET))) == len(
        NAMES
    )
    metadata = pyarrow.parquet.read_metadata(tmp_path / "a.parquet")
    assert metadata.num_rows == len(NAMES)
    assert metadata.num_row_groups == -(-len(NAMES) // 8)


@pytest.mark.parametrize("table_format", list(TableFormat))
def test_a_table_without_rows_has_its_columns(table_format: TableFormat, tmp_path: Path) -> None:
    unreadable = Record(ImageRef(ImageId(1), Path("x"), "a.png"), failure="the file is empty")
    results = Results(Path(), ("a", "b"), ("a", "b"), "id", 1, lambda: iter([[unreadable]]))
    out = write(results, tmp_path / "out", table_format)
    if table_format is TableFormat.PARQUET:
        assert pyarrow.parquet.read_table(out).column_names == table_header(("a", "b"))
    elif table_format is TableFormat.JSON_LINES:
        assert out.read_bytes() == b""
    else:
        assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 1


@pytest.mark.parametrize("table_format", list(TableFormat))
def test_a_name_that_is_no_text_is_written_as_its_bytes(
    table_format: TableFormat, tmp_path: Path
) -> None:
    results = results_of((UNDECODABLE,), ("half \ud800", "b"))
    unreadable = Record(ImageRef(ImageId(9), Path("x"), f"=no {UNDECODABLE}"), failure="empty")
    both = [*records_of(results), unreadable]
    results = Results(Path(), results.predicted, results.predicted, "id", 2, lambda: iter([both]))
    out = tmp_path / f"out{table_format.suffix}"
    (saved,) = [item for item in save_table(results, out, 1, table_format) if item][-1:]
    assert isinstance(saved, PredictionsSaved)
    assert saved.errors_path is not None
    separator = ";" if table_format is TableFormat.EXCEL_CSV_SEMICOLON else ","
    assert f"./=no caf\\xe9.png{separator}empty" in saved.errors_path.read_text(encoding="utf-8")
    if table_format is TableFormat.PARQUET:
        name, label = (pyarrow.parquet.read_table(out).column(item)[0].as_py() for item in (0, 1))
    elif table_format is TableFormat.JSON_LINES:
        row = json.loads(out.read_text(encoding="utf-8"))
        name, label = row["file_name"], row["label"]
    else:
        name, label = out.read_text(encoding="utf-8-sig").splitlines()[1].split(separator)[:2]
    assert (name, label) == ("caf\\xe9.png", "half \\ud800")


@pytest.mark.parametrize("table_format", [TableFormat.CSV, *EXCEL])
def test_a_list_of_errors_that_is_somebody_elses_stays(
    table_format: TableFormat, tmp_path: Path
) -> None:
    whole = results_of(("a.png", "b.png"))
    broken = Record(ImageRef(ImageId(9), Path("x"), "é;,.png"), failure="empty, or so")
    damaged = replace(whole, n_images=3, chunks=lambda: iter([[*records_of(whole), broken]]))
    out, theirs = tmp_path / "out.csv", tmp_path / "out.errors.csv"
    theirs.write_text("run,error\n1,2\n")

    def listed(results: Results) -> Path | None:
        saved = list(save_table(results, out, 1, table_format))[-1]
        assert isinstance(saved, PredictionsSaved)
        return saved.errors_path

    ours = tmp_path / "out.errors.2.csv"
    for _ in range(2):  # The second time it replaces its own.
        assert listed(damaged) == ours
    is_semicolon = table_format is TableFormat.EXCEL_CSV_SEMICOLON
    with ours.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file, delimiter=";" if is_semicolon else ","))
    assert rows == [["file_name", "reason"], ["é;,.png", "empty, or so"]]
    assert ours.read_bytes().startswith(b"\xef\xbb\xbf") == (table_format in EXCEL)
    assert listed(whole) is None
    assert not ours.exists()
    assert theirs.read_text() == "run,error\n1,2\n"
    theirs.unlink()
    assert listed(damaged) == theirs
    assert listed(whole) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv"]


def test_more_rows_than_excel_opens_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "EXCEL_MAX_ROWS", 3)
    for table_format in EXCEL:
        assert write(results_of(("a", "b")), tmp_path / "two.csv", table_format).stat().st_size
        with pytest.raises(ExportError, match="Excel opens at most 3 rows and this table has 4"):
            write(results_of(("a", "b", "c")), tmp_path / "three.csv", table_format)
    write(results_of(("a", "b", "c")), tmp_path / "plain.csv", TableFormat.CSV)


# --- The program that travels with a bundle -------------------------------------------------------


class Travelling:
    """The model that it would have: the probabilities of records, by their numbers."""

    def __init__(self, results: Results) -> None:
        self.names = list(results.predicted)
        self.model_id = results.model_id
        self._records = records_of(results)

    def predict(self, number: int) -> tuple[Any, float]:
        record = self._records[number]
        assert record.none_score is not None
        return record.probabilities, record.none_score


def test_the_program_that_travels_along_writes_the_same_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It knows nothing of Handful, so its rules are written twice.
    spec = importlib.util.spec_from_file_location("predict", predict_script())
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    names = sorted((*NAMES, UNDECODABLE, "half \ud800.png", f"={UNDECODABLE}"))
    classes = (*CLASSES, "half \ud800", "''=", "\tx", "＝x", "@")
    results = results_of(tuple(names), classes)
    records = [replace(record, label=None) for record in records_of(results)]
    results = replace(results, chunks=lambda: iter([records]))
    given = [(number, record.image.name) for number, record in enumerate(records)]
    monkeypatch.setattr(program, "find_images", lambda _: given)
    monkeypatch.setattr(program, "decode", lambda number, _: number)
    table = io.StringIO(newline="")
    assert program.classify(Travelling(results), [], table, 448) == (len(names), 0)
    ours = write(results, tmp_path / "ours.csv", TableFormat.CSV)
    assert table.getvalue().encode() == ours.read_bytes()
    assert all(item.is_machine for item in label_table.read(ours).labels)


# --- Read back ------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_predictions", [False, True])
def test_labels_are_read_as_they_were_written(with_predictions: bool, tmp_path: Path) -> None:
    results = results_of(NAMES)
    out = tmp_path / "labels.csv"
    for _ in label_table.write(results, out, WriteOptions(with_predictions=with_predictions)):
        pass
    assert label_table.recognises(out)
    found = label_table.read(out)
    given = {item.image.name: item.label for item in records_of(results) if item.label is not None}
    assert {item.name: item.label for item in found.labels if not item.is_machine} == given
    predicted = {item.name for item in found.labels if item.is_machine}
    assert predicted == (set(NAMES) - set(given) if with_predictions else set())


@pytest.mark.parametrize("table_format", [TableFormat.CSV, *EXCEL])
def test_every_csv_is_read_as_it_was_written(table_format: TableFormat, tmp_path: Path) -> None:
    results = results_of(NAMES)
    found = label_table.read(write(results, tmp_path / "out.csv", table_format))
    answers = [results.answer(record) for record in records_of(results)]
    assert [(item.name, item.label, item.is_machine) for item in found.labels] == [
        (record.image.name, answer.label, not answer.is_human)
        for record, answer in zip(records_of(results), answers, strict=True)
        if answer is not None
    ]


@pytest.mark.parametrize("text", [*NAMES, *CLASSES, "", "'", "''=", "'x", ".png", "x"])
def test_marks_come_off_as_they_went_on(text: str) -> None:
    assert plain_name(safe_name(text)) == text
    assert plain_label(safe_label(text)) == text


def test_text_stays_what_it_is() -> None:
    for name in NAMES:
        assert text_of(name) == name
    assert text_of("\udcff\ud83d.png") == "\\xff\\ud83d.png"


@pytest.mark.parametrize(
    ("header", "mark"),
    [
        ("file_name,label", ","),
        ("file_name;label;prob_a,b", ";"),
        ("label\tfile_name", "\t"),
        ('"file_name","label","prob_a;b"', ","),
        ("neither", ","),
    ],
)
def test_what_parts_the_columns(header: str, mark: str) -> None:
    assert delimiter_of(header, {"file_name", "label"}) == mark


@pytest.mark.parametrize(
    ("name", "table_format"),
    [
        ("a.csv", TableFormat.CSV),
        ("a.JSONL", TableFormat.JSON_LINES),
        ("a.ndjson", TableFormat.JSON_LINES),
        ("a.parquet", TableFormat.PARQUET),
    ],
)
def test_the_name_says_the_format(name: str, table_format: TableFormat) -> None:
    assert table_format_of(Path(name)) is table_format


@pytest.mark.parametrize("name", ["a.xlsx", "a.txt", "table", "day 1.5"])
def test_a_name_that_says_no_format_is_refused(name: str) -> None:
    with pytest.raises(ExportError, match=r"ends in \.csv, \.jsonl or \.parquet"):
        checked_format(Path(name), None)


def test_a_name_without_an_ending_takes_the_format_that_was_chosen() -> None:
    assert checked_format(Path("table"), TableFormat.PARQUET) is TableFormat.PARQUET
    assert checked_format(Path("a.csv"), TableFormat.EXCEL_CSV) is TableFormat.EXCEL_CSV
    with pytest.raises(ExportError, match=r"a\.xlsx"):
        checked_format(Path("a.xlsx"), TableFormat.EXCEL_CSV)


# --- Examples from tables of ours -----------------------------------------------------------------


def test_a_table_of_ours_gives_its_examples_and_no_predictions(tmp_path: Path) -> None:
    names = ("=1.png", " space.png", "c.png", "d.png", "e.png", "f.png", "g.png")
    classes = ("=fox", "elk", "cow")
    results = results_of(names, classes)
    for name in names:
        (tmp_path / name).write_bytes(b"-")
    out = write(results, tmp_path / "out.csv", TableFormat.EXCEL_CSV_SEMICOLON)
    builder = SnapshotBuilder()
    builder.add_labels(out, tmp_path)
    snapshot = builder.build()
    class_names = {item.class_id: item.name for item in snapshot.classes}
    found = {image.name: class_names[class_id] for image, class_id in snapshot.support}
    assert found == {item.image.name: item.label for item in records_of(results) if item.label}
    assert any("4 rows were left out" in notice for notice in builder.notices)


@pytest.mark.parametrize(
    ("header", "is_machine"),
    [
        ("file_name,label,confidence", True),
        ("file_name,label,prob_fox", True),
        ("file_name,label, Confidence ", True),
        ("file_name,label,confidence,label_source", False),
        ("file_name,label,note", False),
    ],
)
def test_a_table_with_a_models_numbers_and_no_source_holds_predictions(
    header: str, is_machine: bool, tmp_path: Path
) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"-")
    table = tmp_path / "t.csv"
    table.write_text(f"{header}\na.png,fox,1\nb.png,elk,1\n", "utf-8")
    assert {item.is_machine for item in label_table.read(table).labels} == {is_machine}
    builder = SnapshotBuilder()
    if is_machine:
        with pytest.raises(LabelsError, match="are predictions, which are no examples"):
            builder.add_labels(table, tmp_path)
        return
    builder.add_labels(table, tmp_path)
    assert len(builder.build().support) == 2


def test_labels_need_no_model(tmp_path: Path) -> None:
    refs = [ImageRef(ImageId(number), tmp_path / name, name) for number, name in enumerate("cab")]
    snapshot = Snapshot(
        tmp_path,
        (ClassSpec(ClassId(1), "fox"), ClassSpec(ClassId(2), "elk")),
        ((refs[0], ClassId(1)), (refs[2], NONE_OF_THESE)),
        tuple(refs),
    )
    results = labels_only(snapshot)
    assert (results.class_names, results.predicted, results.n_images) == (("fox", "elk"), (), 3)
    found = [(record.image.name, record.label) for record in records_of(results)]
    assert found == [("a", None), ("b", NONE_NAME), ("c", "fox")]
    for table_format in TableFormat:  # A table of labels alone is one, too.
        write(results, tmp_path / f"out.{table_format}", table_format)
    rows = label_table.read(tmp_path / "out.csv").labels
    assert [(row.name, row.label) for row in rows] == [("b", NONE_NAME), ("c", "fox")]

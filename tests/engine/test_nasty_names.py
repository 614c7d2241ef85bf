"""Class and file names of any kind reach no path, no formula and no markup."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.interchange.cells import plain_label, plain_name, safe_label, safe_name, text_of
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.packet import keywords_in, merge
from engine.interchange.records import Record, Results
from engine.interchange.sorting.names import folder_names, inner_path, name_key
from engine.interchange.tables import write_table
from engine.interchange.writing import class_folder
from engine.messages import ImageId, ImageRef, TableFormat

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True, database=None)
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
nasty = st.one_of(
    st.sampled_from(
        (
            *(
                "../../etc/passwd",
                "..",
                ".",
                "/",
                "C:\\x",
                "con",
                "NUL.txt",
                "a/b",
                "a\\b",
                "\\\\host",
            ),
            *("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1", "'=1", "''=1"),
            *("<script>", "]]>", "<!--", "&amp;", "\"'><li>x</li>", "<?xpacket end='w'?>"),
            *("\0", "\ud800", "\u202egpj.exe", "e\u0301", "\u2028", "x" * 400, " ", ".hidden", "~"),
            *(
                'a,"b',
                "a;b",
                "a\nb",
                "[1]",
                "{}",
                "none of these",
                "\ufeff",
                "%s",
                "{name}",
                "$HOME",
            ),
        )
    ),
    st.text(max_size=12),
    st.text(st.sampled_from("./\\:=+-@'\"<>&\n\r\t\0 \ud800ab"), max_size=8),
)


@SETTINGS
@given(nasty)
def test_a_cell_is_no_formula_and_tells_what_it_was(name: str) -> None:
    for safe, plain in ((safe_name, plain_name), (safe_label, plain_label)):
        cell = safe(text_of(name))
        assert not cell.startswith(FORMULAS)
        cell.encode()
        # A path of ours never begins with "./" itself.
        if safe is safe_label or not name.startswith("./"):
            assert plain(cell) == text_of(name)


@SETTINGS
@given(st.lists(nasty, min_size=1, max_size=4))
def test_folders_are_names_and_no_two_are_one(names: list[str]) -> None:
    folders = folder_names(names)
    assert len({name_key(folder) for folder in folders.values()}) == len(folders)
    assert not any(is_control(letter) for folder in folders.values() for letter in folder)
    for folder in (*folders.values(), *map(class_folder, names)):
        assert folder not in ("", ".", "..")
        assert PurePosixPath(folder).name == folder
        assert not set(folder) & set('<>:"/\\|?*\0')
        assert not any(letter < " " or unicodedata.category(letter) == "Cs" for letter in folder)
        assert len(folder.encode()) <= 255
        assert folder == folder.rstrip(". ")
        assert not folder.startswith(".")


def is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Cf")


@SETTINGS
@given(nasty)
@example("C:/x/../../y")
def test_an_image_stays_below_the_folder_it_is_sorted_into(name: str) -> None:
    path = inner_path(name)
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert path.parts


@SETTINGS
@given(nasty, st.booleans())
def test_a_keyword_is_text_in_the_metadata_and_comes_out_again(name: str, is_human: bool) -> None:
    keyword = Keyword(name, is_human, 0.5, "" if is_human else "ab12")
    made = merge(None, keyword).content
    assert keywords_in(made)["subject"] == [keyword.name]
    # As another reader sees it: three lists with an entry each, and ours of what we wrote.
    root = ElementTree.fromstring(made.decode().encode())
    assert len(list(root.iter(RDF))) == 6
    back = merge(made, None)
    assert keyword.name not in keywords_in(back.content)["subject"]


@SETTINGS
@given(st.lists(nasty, min_size=2, max_size=3, unique_by=text_of), nasty)
def test_tables_have_a_row_for_each_image_whatever_it_is_called(
    classes: list[str], name: str
) -> None:
    folder = Path("/images")
    image = ImageRef(ImageId(1), folder / "x.png", name)
    chances = np.full(len(classes), 1 / len(classes), np.float32)
    record = Record(image, classes[0], chances, 0.1)
    results = Results(folder, tuple(classes), tuple(classes), "m", 1, lambda: iter([[record]]))
    for table_format in (TableFormat.CSV, TableFormat.EXCEL_CSV_SEMICOLON, TableFormat.JSON_LINES):
        out = _Scratch.path()
        list(write_table(results, out, table_format))
        text = out.read_bytes().decode("utf-8-sig")
        if table_format is TableFormat.JSON_LINES:
            (line,) = text.splitlines() if "\u2028" not in text else text.split("\n")[:1]
            assert json.loads(line)["file_name"] == text_of(name)
            continue
        mark = ";" if table_format is TableFormat.EXCEL_CSV_SEMICOLON else ","
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
        assert len(rows) == 2
        assert len(rows[0]) == len(rows[1])
        assert not any(cell.startswith(FORMULAS) for row in rows for cell in row)


class _Scratch:
    """One file that is written again and again; Hypothesis makes no fixture for each example."""

    folder: Path

    @classmethod
    def path(cls) -> Path:
        return cls.folder / "table"


def setup_module() -> None:
    import tempfile

    _Scratch.folder = Path(tempfile.mkdtemp(prefix="handful-names-"))


def teardown_module() -> None:
    import shutil

    shutil.rmtree(_Scratch.folder)

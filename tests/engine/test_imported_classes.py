"""Lists of classes as other programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import EngineError, names_in, read_class_list


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("fox\nelk\n", ["fox", "elk"]),
        ("\n fox \n\n# a remark\nelk\nfox", ["fox", "elk"]),
        ("id,name\n1,fox\n2,elk", ["fox", "elk"]),
        ("Species;count\nfox;3\n;1\nelk;0", ["fox", "elk"]),
        ('"fox, red",x\n"elk",y', ["fox, red", "elk"]),
        ("key\tlabel\na\tfox\nb", ["fox"]),
        ("", []),
        ('fox\n"' + 200_000 * "x", []),
        ("fox\u200f\n\u202efox\u202c\nf\x07ox\nred\u00a0 fox\n\u200b\n", ["fox", "red fox"]),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"],
        ),
        ('["fox", "elk", "fox"]', ["fox", "elk"]),
        ('{"0": "fox", "1": "elk"}', ["fox", "elk"]),
        ('{"fox": 0, "elk": 1}', ["fox", "elk"]),
        ('{"images": [], "categories": [{"id": 1, "name": "fox"}, {"id": 2}]}', ["fox"]),
        ('[{"name": "fox", "color": "#f00"}, 3]', ["fox"]),
        ('{"names": {"0": "fox"}, "nc": 1}', ["fox"]),
        ("[1, 2]", []),
        ("{}", []),
        ("[unknown]\nfox", ["[unknown]", "fox"]),
        (10_000 * "[", [10_000 * "["]),
    ],
)
def test_names_are_found_in_lists_and_tables(text: str, names: list[str]) -> None:
    assert names_in(text) == names


def test_what_is_no_list_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    with pytest.raises(EngineError, match=r"list\.txt"):
        read_class_list(path)
    path.write_text("\n\n")
    with pytest.raises(EngineError, match="names no classes"):
        read_class_list(path)
    path.write_text("word " * 40)
    with pytest.raises(EngineError, match="more than 80 letters"):
        read_class_list(path)
    path.write_bytes(b"x" * 1_000_001)
    with pytest.raises(EngineError, match="larger than a megabyte"):
        read_class_list(path)
    path.write_bytes(b"fox\0\0elk")
    with pytest.raises(EngineError, match="not a text file"):
        read_class_list(path)
    halved = tmp_path / "list.json"
    halved.write_text('["fox", "elk \\ud800"]')
    with pytest.raises(EngineError, match="a letter that is no text"):
        read_class_list(halved)
    path.write_text("".join(f"{number}\n" for number in range(100_000)))
    with pytest.raises(EngineError, match=r"list\.txt names 100,000 classes; .* 1,000"):
        read_class_list(path)
    with pytest.raises(EngineError, match="it is a folder"):
        read_class_list(tmp_path)
    path = tmp_path / "classes.json"
    for content in ('["fox",', 10_000 * "["):
        path.write_text(content)
        with pytest.raises(EngineError, match=r"classes\.json is no JSON"):
            read_class_list(path)


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("图\n".encode("utf-8-sig"))
    assert read_class_list(path) == ["图"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_a_table_as_spreadsheets_write_it_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "list.txt"
    mark = "" if encoding == "utf-16" else "\ufeff"
    path.write_bytes(f"{mark}Nr\tSpecies\r\n1\tWolf\r\n2\t狼\r\n".encode(encoding))
    assert read_class_list(path) == ["Wolf", "狼"]

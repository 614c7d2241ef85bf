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


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("图\n".encode("utf-8-sig"))
    assert read_class_list(path) == ["图"]

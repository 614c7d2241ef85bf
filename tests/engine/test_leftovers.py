"""What a killed run leaves under temporary names, and names that change in one step."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.files import claimed, clear_leftovers, exchange
from engine.jobs.files import folder_written_whole, written_whole

NAME = ".handful-" + "0123456789abcdef" * 2
OLD_S = time.time() - 7200


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_nobody_writes_any_more_goes(tmp_path: Path) -> None:
    folder, file = tmp_path / NAME, tmp_path / f"{NAME}.onnx"
    (folder / "selftest").mkdir(parents=True)
    file.write_bytes(b"half")
    others = [tmp_path / name for name in (".handful-1.onnx", "model.onnx", f"{NAME}0.onnx")]
    for path in (file, folder, *others):
        path.touch()
        os.utime(path, (OLD_S, OLD_S))
    (tmp_path / f"{NAME}.csv").touch()  # It is young.
    clear_leftovers(tmp_path)
    assert left(tmp_path) == sorted([*(path.name for path in others), f"{NAME}.csv"])


@pytest.mark.skipif(sys.platform == "win32", reason="there nothing that is open is removed")
@pytest.mark.parametrize("is_folder", [False, True])
def test_what_is_being_written_stays(tmp_path: Path, is_folder: bool) -> None:
    path = tmp_path / NAME
    path.mkdir() if is_folder else path.touch()
    os.utime(path, (OLD_S, OLD_S))
    with claimed(path):
        clear_leftovers(tmp_path, older_than_s=0)
        assert path.exists()
    clear_leftovers(tmp_path)
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there nothing that is open is removed")
@pytest.mark.parametrize("place", [written_whole, folder_written_whole])
def test_a_result_under_way_is_claimed(tmp_path: Path, place: Callable[..., Any]) -> None:
    with place(tmp_path / "out") as temporary:
        os.utime(temporary, (OLD_S, OLD_S))
        clear_leftovers(tmp_path, older_than_s=0)
        assert temporary.exists()
    assert left(tmp_path) == ["out"]


def test_a_folder_is_cleared_where_something_is_exported(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    os.utime(tmp_path / NAME, (OLD_S, OLD_S))
    with folder_written_whole(tmp_path / "out") as temporary:
        (temporary / "one").touch()
    assert left(tmp_path) == ["out"]


def test_names_are_exchanged_in_one_step(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (one / "was one").touch()
    if not exchange(one, other):
        pytest.skip("this system, or this disk, cannot exchange names")
    assert (left(one), left(other)) == ([], ["was one"])


def test_nothing_is_exchanged_with_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    assert not exchange(tmp_path / "one", tmp_path / "other")
    assert left(tmp_path) == ["one"]

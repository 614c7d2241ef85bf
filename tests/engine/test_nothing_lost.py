"""Nothing lost: work killed at any moment. The long form is benchmarks/kill_anytime.py."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.nothing_lost.child import Mode, Outcome, Server
from benchmarks.nothing_lost.homes import HOMES, LostError
from benchmarks.nothing_lost.killing import Killing, kill_at_each_call

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the child is forked, as on Linux")

# Fifty in all; what takes seconds is killed less often.
KILLS = {
    "labelling": 16,
    "embedding": 6,
    "tables": 5,
    "models": 2,
    "bundles": 3,
    "labels": 4,
    "sorting": 9,
    "metadata": 5,
}


@pytest.mark.parametrize("kind", KILLS)
def test_killed_at_random_moments(server: Server, tmp_path: Path, kind: str) -> None:
    killing = Killing(server, kind, tmp_path / kind, seed=20)
    n_killed = 0
    while n_killed < KILLS[kind]:
        n_killed += killing.round()
    assert killing.home.n_told or kind == "models"


@pytest.mark.parametrize("mode", [Mode.KILL_BEFORE, Mode.KILL_WITHIN], ids=lambda it: it.name)
def test_killed_at_its_calls(server: Server, shim: Path | None, tmp_path: Path, mode: Mode) -> None:
    if shim is None:
        pytest.skip("there is no C compiler (cc) to make what fails calls")
    home = HOMES["labelling"](tmp_path / "home", 3, 10)
    assert len(list(kill_at_each_call(server, home, mode, step=7))) > 5


def test_what_is_lost_is_noticed(server: Server, tmp_path: Path) -> None:
    """Else nothing above would say anything."""
    home = HOMES["labelling"](tmp_path / "home", 3)
    outcome = server.run(home.ask())
    home.check(outcome)
    with closing(sqlite3.connect(home.images / "images.handful")) as connection:
        connection.execute("DELETE FROM labels WHERE image_id = (SELECT max(image_id) FROM labels)")
        connection.commit()
    with pytest.raises(LostError, match="is not"):
        home.check(Outcome())


def test_a_file_that_is_cut_off_is_noticed(server: Server, tmp_path: Path) -> None:
    home = HOMES["tables"](tmp_path / "home", 3, 8)
    home.check(server.run(home.ask()))
    for name in ("table.csv", "table.jsonl", "table.parquet"):
        table = home.folder / "out" / name
        whole = table.read_bytes()
        table.write_bytes(whole[:-30])
        with pytest.raises((LostError, ValueError, OSError)):
            home.check(Outcome())
        table.write_bytes(whole)
        home.check(Outcome())

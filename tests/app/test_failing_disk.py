"""The window's session on a disk that fails: what is not saved is told, and not shown as saved."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.nothing_lost.child import Server, compiled_shim
from benchmarks.nothing_lost.failing import WAYS, fail_at_each_call
from benchmarks.nothing_lost.homes import HOMES


@pytest.mark.skipif(sys.platform != "linux", reason="the child is forked, as on Linux")
def test_what_is_not_saved_is_told_and_not_shown(tmp_path: Path) -> None:
    shim = compiled_shim(tmp_path)
    if shim is None:
        pytest.skip("there is no C compiler (cc) to make what fails calls")
    server = Server(shim=shim, module="window")
    try:
        for number, (way, mode, error) in enumerate(WAYS):
            home = HOMES["window"](tmp_path / way, number)
            failed = list(fail_at_each_call(server, home, "work", mode, error, 6, 1 + number))
            assert failed
    finally:
        server.close()

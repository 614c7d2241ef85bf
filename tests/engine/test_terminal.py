"""What commands print: lists for others to read, and commands that can be typed as they stand."""

from __future__ import annotations

import io
import re
import shlex
import sys
from pathlib import Path

import pytest
from rich.console import Console

from engine import terminal
from engine.messages import Progress
from engine.terminal import print_list, typed
from engine.words import say


def test_a_path_in_a_command_is_one_word_of_the_shell() -> None:
    for name in ("/tmp/x 箱", "/tmp/it's", "/tmp/a;b", "/tmp/" + "long" * 100, "/tmp/plain"):
        assert shlex.split(f"handful sort undo {typed(Path(name))}")[-1] == name
    assert typed("/tmp/plain") == "/tmp/plain"


def test_a_bar_guesses_no_time_where_the_job_knows_no_rate() -> None:
    drawn = io.StringIO()
    with terminal._bar(Console(file=drawn, force_terminal=True, width=120)) as show:
        for done in (1, 40, 80):
            show(Progress(0, say("Classifying"), done, 100, 0.0, 0.0))
    assert "80/100" in drawn.getvalue()
    assert not re.search(r"\d:\d\d:\d\d", drawn.getvalue())
    with terminal._bar(Console(file=drawn, force_terminal=True, width=120)) as show:
        for done in (1, 40, 80):
            show(Progress(0, say("Classifying"), done, 100, 40.0, 1.0))
    assert re.search(r"\d:\d\d:\d\d", drawn.getvalue())


def test_windows_quotes_as_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert typed("/my images/箱") == '"/my images/箱"'


def test_a_name_that_the_terminal_cannot_write_ends_no_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    print_list(["箱", "b"])
    assert stream.buffer.getvalue().split() == [b"\\u7bb1", b"b"]  # type: ignore[attr-defined]

"""Starting: without a screen, without a library, with a bug; and who gets the arguments."""

from __future__ import annotations

import ctypes
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_engine import FakeEngine
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

import engine
from app import __main__ as program
from app import startup
from app.window.main_window import MainWindow

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only there is it in doubt")


@linux_only
def test_without_a_screen_one_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert not startup.has_screen()
    assert startup.open_window(None) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "needs a screen" in said
    monkeypatch.setenv("DISPLAY", ":5")
    assert startup.has_screen()


@linux_only
def test_missing_libraries_are_named_at_once_with_their_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = ctypes.CDLL

    def refuse(path: str) -> ctypes.CDLL:
        if "libqxcb" in path or path in ("libxcb-cursor.so.0", "libEGL.so.1"):
            raise OSError(
                "libxcb-cursor.so.0: cannot open shared object file: No such file or directory"
            )
        return real(None)

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    reason = startup.can_open_window()
    assert "libxcb-cursor.so.0, libEGL.so.1" in reason
    assert "apt install libxcb-cursor0 libegl1”" in reason
    assert "dnf install xcb-util-cursor libglvnd-egl”" in reason
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert startup.can_open_window() == ""


def test_an_unknown_library_is_still_named() -> None:
    sentence = startup._sentence_of("libodd.so.3: cannot open shared object file")
    assert "libodd.so.3" in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("arguments", [[], ["gui"], ["FOLDER"], ["gui", "FOLDER"]])
def test_the_window_opens_without_the_command_line(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path | None] = []

    def open_window(path: Path | None) -> int:
        opened.append(path)
        return 0

    monkeypatch.setattr(program, "open_window", open_window)
    typed = [str(tmp_path) if text == "FOLDER" else text for text in arguments]
    monkeypatch.setattr(sys, "argv", ["handful", *typed])
    assert program.main() == 0
    assert opened == [tmp_path if "FOLDER" in arguments else None]


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["classify", "x"], ["nonsense"], *([name] for name in engine.COMMANDS[1:])],
)
def test_commands_go_to_the_command_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    got: list[object] = []

    def run_command_line(typed: list[str], open_window: Callable[[Path | None], int]) -> int:
        got.append((typed, open_window))
        return 2

    monkeypatch.setattr(engine, "run_command_line", run_command_line)
    monkeypatch.setattr(sys, "argv", ["handful", *arguments])
    assert program.main() == 2
    assert got == [(arguments, program.open_window)]


@pytest.fixture
def quiet_log() -> Iterator[None]:
    """The log as it was before."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in [item for item in root.handlers if item not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.mark.usefixtures("quiet_log")
def test_a_bug_is_logged_and_told(empty_home: Path) -> None:
    told: list[str] = []
    path = startup.start_log()
    assert str(path).startswith(str(empty_home))
    restore = startup.catch_bugs(told.append, path)
    try:
        try:
            raise ValueError("the details")
        except ValueError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        restore()
    assert "the details" in path.read_text()
    (text,) = told
    assert str(path) in text
    assert "the details" not in text


@pytest.mark.usefixtures("quiet_log", "qapp")
def test_open_window_runs_until_the_window_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[FakeEngine] = []

    def start(publish: Callable[..., None], **_choice: object) -> FakeEngine:
        made.append(FakeEngine(publish))
        return made[-1]

    monkeypatch.setattr(engine, "Engine", start)
    (tmp_path / "photos").mkdir()
    titles: list[str] = []

    def close() -> None:
        for window in QApplication.topLevelWidgets():
            if isinstance(window, MainWindow) and window.isVisible():
                titles.append(window.windowTitle())
                window.close()

    QTimer.singleShot(50, close)
    assert startup.open_window(tmp_path / "photos") == 0
    assert titles == ["photos — Handful"]
    assert made[0].is_closed


@pytest.mark.usefixtures("quiet_log", "qapp")
def test_an_engine_amid_a_long_step_is_left_at_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over = threading.Event()
    left: list[int] = []

    class Busy(FakeEngine):
        def close(self) -> None:
            is_over.wait()

    monkeypatch.setattr(engine, "Engine", lambda publish, **_choice: Busy(publish))
    monkeypatch.setattr("app.session.engine_bridge.LEAVE_S", 0.05)
    monkeypatch.setattr(startup, "end_now", left.append)
    (tmp_path / "photos").mkdir()

    def close() -> None:
        for window in QApplication.topLevelWidgets():
            if isinstance(window, MainWindow) and window.isVisible():
                window.close()

    QTimer.singleShot(50, close)
    startup.open_window(tmp_path / "photos")
    assert left == [0]
    is_over.set()
    for thread in threading.enumerate():
        if thread.name == "handful-leaving":
            thread.join()


def test_the_process_ends_whatever_its_threads_are_at() -> None:
    code = (
        "import threading\n"
        "from app import startup\n"
        "threading.Thread(target=threading.Event().wait).start()\n"
        "startup.end_now(3)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 3


def test_a_path_that_is_not_there_is_told_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["handful", str(tmp_path / "gone")])
    assert program.main() == 1
    assert f"There is no folder or project {tmp_path / 'gone'}" in capsys.readouterr().err

"""A command of the engine in a process of its own, which ends when this program does."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from PySide6.QtCore import QObject, QTimer, Signal

import engine

_POLL_MS: Final = 200
_KILLED_POLL_MS: Final = 20  # Its end is near.
_CLOSING_S: Final = 3.0  # What is waited for at the end of the program; it stops by itself then.


def engine_command() -> list[str]:
    """What starts the command line: the program itself where it was frozen into one file."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-m", "engine"]


def _threads() -> int:
    """All cores but one, which is the window's.

    Threads that wait for each other spin where others are at work: on two cores that were shared
    with labelling a step of meta-training took 6 s with two threads, and 0.3 s with one.
    """
    return max(1, (os.cpu_count() or 1) - 1)


class ChildProcess(QObject):
    """One process, whose words are read from a file, so that they are there after a crash, too.

    Its standard input is a pipe that nothing is written to: it ends when it is asked to stop, and
    when this program is no more.

    Signals:
        said: a line of its standard error.
        heard: all lines that had come were said.
        ended: its exit status, after the last line.
    """

    said = Signal(str)
    heard = Signal()
    ended = Signal(int)

    def __init__(
        self, command: Sequence[str], log_path: Path, out_path: Path, parent: QObject
    ) -> None:
        """Start it.

        Args:
            command: program and arguments.
            log_path: is added to with what it says on standard error.
            out_path: gets what it prints on standard output.
            parent: with which it is let go of.

        Raises:
            OSError: it could not be started, or a file not be written.
        """
        super().__init__(parent)
        self._position = log_path.stat().st_size if log_path.exists() else 0
        self._log_path = log_path
        self._rest = b""
        self._log: IO[bytes] | None = None
        with contextlib.ExitStack() as opened:
            errors = opened.enter_context(log_path.open("ab"))
            printed = opened.enter_context(out_path.open("wb"))
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=errors,
                cwd=Path(engine.__file__).parents[1],
                env={**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": str(_threads())},
                # Ctrl-C in the terminal is for the window.
                start_new_session=sys.platform != "win32",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._on_poll)
        self._timer.start()

    @property
    def is_running(self) -> bool:
        """Whether its end was not told yet."""
        return self._timer.isActive()

    def stop(self) -> None:
        """Ask it to stop at the next opportunity."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()  # First: at the end of its input it might still finish something.
        self.stop()
        self._timer.setInterval(_KILLED_POLL_MS)

    def close(self) -> None:
        """Ask it to stop and let go of it; nothing is told any more."""
        self._timer.stop()
        self.stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_CLOSING_S)

    def _on_poll(self) -> None:
        status = self._process.poll()  # First: what it said before its end is then there.
        self._read()
        if status is not None:
            self._timer.stop()
            if self._rest:
                self._say(self._rest)
            self.stop()
            self.ended.emit(status)

    def _read(self) -> None:
        try:
            with self._log_path.open("rb") as file:
                file.seek(self._position)
                new = file.read()
        except OSError:
            return  # Somebody deleted it; the process goes on.
        self._position += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for line in lines:
            self._say(line)
        if lines:
            self.heard.emit()

    def _say(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").strip()
        if text:
            self.said.emit(text)

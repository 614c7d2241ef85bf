"""The other side of :mod:`server`: starts work in a child, and ends it at some moment."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
_STARTING_S: Final = 120.0
_WORKING_S: Final = 120.0


class Mode(IntEnum):
    """What becomes of the n-th call, see failing_writes.c."""

    ONCE = 1
    ON = 2
    KILL_BEFORE = 3
    KILL_WITHIN = 4


@dataclass(frozen=True)
class Arm:
    """The ``place``-th call that changes a file below ``folder`` fails, or is the last."""

    folder: Path
    place: int
    mode: Mode
    error: int = errno.EIO


@dataclass
class Outcome:
    """What became of a piece of work.

    ``lines`` are what it told; ``seconds`` from its beginning to its end or the kill; ``failed`` is
    the call that was made to fail, of ``n_calls``.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    status: int = 0
    seconds: float = 0.0
    n_calls: int = 0
    failed: str = ""

    @property
    def is_killed(self) -> bool:
        """Whether it came to no end of its own."""
        return self.status == -signal.SIGKILL

    @property
    def told(self) -> str:
        """The sentence with which it gave up."""
        return str(next((line["told"] for line in self.lines if "told" in line), ""))

    @property
    def bug(self) -> str:
        """A traceback, where there was one."""
        return str(next((line["bug"] for line in self.lines if "bug" in line), ""))

    def all(self, key: str) -> list[Any]:
        """What was told under a key, in order."""
        return [line[key] for line in self.lines if key in line]


class Server:
    """A process that forks a child for each piece of work; see :mod:`server`."""

    def __init__(self, *, shim: Path | None = None, module: str = "works") -> None:
        """Start it; with ``shim`` calls can be made to fail."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        if shim is not None:
            environment["LD_PRELOAD"] = str(shim)
        self._errors = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment,
            cwd=ROOT,
        )
        self._buffer = b""
        if "ready" not in self._line(_STARTING_S):
            raise RuntimeError("the server did not start")

    def run(
        self, asked: Mapping[str, Any], *, arm: Arm | None = None, kill_after_s: float | None = None
    ) -> Outcome:
        """Let a child work to its end, or for so long."""
        assert self._process.stdin is not None
        line = dict(asked)
        if arm is not None:
            line["arm"] = {
                "folder": str(arm.folder),
                "place": arm.place,
                "mode": int(arm.mode),
                "error": arm.error,
            }
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        self._process.stdin.flush()
        child = self._line(_WORKING_S)["child"]
        started = time.perf_counter()
        outcome = Outcome()
        until = started + (_WORKING_S if kill_after_s is None else kill_after_s)
        is_over = False
        while True:
            # The time is looked at first: one that tells much would never be killed.
            is_due = not is_over and time.perf_counter() >= until
            found = None if is_due else self._line_until(until)
            if found is None:
                if is_over or kill_after_s is None:
                    raise TimeoutError(f"{asked} did not come to an end: {self.said()}")
                with contextlib.suppress(ProcessLookupError):  # It has just come to its end.
                    os.kill(child, signal.SIGKILL)
                is_over, until = True, time.perf_counter() + _WORKING_S
                continue
            if "gone" in found:
                outcome.status = found["gone"]
                outcome.seconds = time.perf_counter() - started
                return outcome
            if "calls" in found:
                outcome.n_calls, outcome.failed = found["calls"], found["failed"]
            else:
                outcome.lines.append(found)

    def said(self) -> str:
        """What came on standard error since this was asked last."""
        self._errors.flush()
        self._errors.seek(0)
        text = self._errors.read().decode(errors="replace")
        self._errors.seek(0)
        self._errors.truncate()
        return text

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(_WORKING_S)
        self._process.stdout.close()
        self._errors.close()

    def _line(self, seconds: float) -> dict[str, Any]:
        found = self._line_until(time.perf_counter() + seconds)
        if found is None:
            raise TimeoutError(self.said())
        return found

    def _line_until(self, until: float) -> dict[str, Any] | None:
        """The next line; None where there is none by then."""
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        while b"\n" not in self._buffer:
            left = max(0.0, until - time.perf_counter())
            if not select.select([handle], [], [], left)[0]:
                return None
            more = os.read(handle, 1 << 16)
            if not more:
                raise RuntimeError(f"the server has ended: {self.said()}")
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found


def compiled_shim(folder: Path) -> Path | None:
    """The library that lets calls fail, made in ``folder``; None without a C compiler or Linux."""
    compiler = shutil.which("cc")
    if compiler is None or sys.platform != "linux":
        return None
    library = folder / "failing_writes.so"
    source = str(HERE / "failing_writes.c")
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", str(library), source, "-ldl"]
    subprocess.run([*command, "-lpthread"], check=True, capture_output=True)
    return library

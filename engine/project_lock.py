"""Who has a project open: a file beside it, held by a lock of the system as long as it is open.

The system lets go of the lock when a program ends, however it ends, so none is ever left behind.
Where a network share only pretends to lock, what the file says still tells of another computer: its
time is renewed once a minute, by the share's own clock.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from engine.errors import ProjectInUseError
from engine.project_connection import is_remote
from engine.words import NOTHING, Sentence, say

_SUFFIX: Final = "-lock"
_FRESH_S: Final = 150.0  # Two beats and a half.
_SLACK_S: Final = 5.0  # By which clocks of one drive may differ.
_N_TRIES: Final = 10
_MAX_BYTES: Final = 4096
_HELD_BYTE: Final = 1 << 20  # On Windows a lock keeps others from reading; this byte is never read.

_held: Counter[str] = Counter()  # By this program, where the system cannot tell.
_counting: Final = threading.Lock()


class ProjectLock:
    """The lock of an open project; :meth:`close` lets go of it.

    Attributes:
        is_certain: the system keeps others out; else they can only be told.
        is_first: nobody has it beside, this program neither; False also where no lock can be made.
        left: what a program that was killed had noted by :meth:`note`.
    """

    def __init__(self, project: Path) -> None:
        """Take it.

        A program has a project for all of itself: it may take it twice.

        Raises:
            ProjectInUseError: another program has it; the sentence says which.
        """
        self._path = Path(f"{project}{_SUFFIX}")
        self._file: int | None = None
        self._key = os.path.realpath(self._path)
        self._said: dict[str, Any] = {}
        self.left: object = None
        self.is_certain = self.is_first = False
        for _ in range(_N_TRIES):
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError:
                return  # No room, or no right to: labels are worth more than the lock.
            try:
                if self._take(project):
                    return
            except BaseException:
                os.close(self._file)
                self._file = None
                raise
            os.close(self._file)  # Who had it was just closing: the file has no name any more.
            self._file = None

    def beat(self) -> None:
        """Say that it is still open; on any thread."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.utime(self._path)

    def note(self, numbers: tuple[tuple[int, int], tuple[int, int]] | None) -> None:
        """Have it tell which file and log are open, for who comes after a kill."""
        if self._file is not None and self.is_first and numbers is not None:
            self._said["files"] = numbers
            with contextlib.suppress(OSError):
                self._write()

    def close(self) -> None:
        """Let go of it."""
        file, self._file = self._file, None
        if file is None:
            return
        with _counting:
            _held[self._key] -= 1
            is_last = not _held[self._key]
            if is_last:
                del _held[self._key]
        if not is_last:  # The file is that of the other one, too.
            os.close(file)
            return
        with contextlib.suppress(OSError):
            if _is_own(_read(file)):
                # Gone before it is let go of: who waits for the file is not given one without name.
                os.ftruncate(file, 0)
                if os.name != "nt":
                    self._path.unlink(missing_ok=True)
        os.close(file)
        if os.name == "nt":
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _take(self, project: Path) -> bool:
        """Whether it was taken; False where it was of a file that is gone."""
        assert self._file is not None
        try:
            _lock(self._file)
            self.is_certain = True
        except BlockingIOError:
            holder = _read(self._file)
            if not _is_own(holder):
                raise _in_use(project, holder) from None
            os.close(self._file)  # Taken by this program before, and held there.
            self._file = None
            self.is_certain = True
            return True
        except OSError:
            self.is_certain = False
        if self.is_certain and os.name != "nt" and not _has_name(self._file, self._path):
            return False
        holder = _read(self._file)
        if holder and not _is_own(holder) and self._is_alive(holder):
            raise _in_use(project, holder)
        self._said = {
            "computer": socket.gethostname(),
            "process": os.getpid(),
            "begun": _begin_of(os.getpid()),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with _counting:
            self.is_first = not _held[self._key]
            _held[self._key] += 1
        if not self.is_first:  # It has said so itself.
            return True
        self.left = holder.get("files")
        if self.left is not None:  # Until it is noted anew: this one may be killed, too.
            self._said["files"] = self.left
        with contextlib.suppress(OSError):
            self._write()
        return True

    def _write(self) -> None:
        assert self._file is not None
        said = json.dumps(self._said).encode()
        os.lseek(self._file, 0, os.SEEK_SET)
        # At no moment is it empty: where locks are none, another computer may be reading.
        os.ftruncate(self._file, os.write(self._file, said))

    def _is_alive(self, holder: dict[str, Any]) -> bool:
        """Whether who has signed the file is at work, though the system gave us its lock."""
        if holder.get("computer") == socket.gethostname():
            number = holder.get("process")
            begun = holder.get("begun")
            # A lock that was given to two programs of one computer is none.
            return (
                isinstance(number, int)
                and bool(begun)
                and _begin_of(number) == begun
                and not self.is_certain
            )
        if self.is_certain and not is_remote(self._path):
            return False  # A disk of this computer's own, which has given the lock to nobody else.
        try:
            # Against the clock of where the file lies, not ours.
            written_s = os.stat(self._path).st_mtime
            probe = Path(f"{self._path}.{os.getpid()}")
            probe.touch()
            try:
                return -_SLACK_S <= probe.stat().st_mtime - written_s < _FRESH_S
            finally:
                probe.unlink(missing_ok=True)
        except OSError:
            return False


def _in_use(project: Path, holder: dict[str, Any]) -> ProjectInUseError:
    return ProjectInUseError(
        say(
            "{path} is open in another Handful{where}; close it there first.",
            path=project,
            where=_where(holder),
        )
    )


def _where(holder: dict[str, Any]) -> Sentence:
    computer, process, since = (holder.get(key) for key in ("computer", "process", "since"))
    if not isinstance(computer, str) or not isinstance(process, int):
        return NOTHING
    shown = "".join(letter for letter in computer[:60] if letter.isprintable())
    return say(
        " (computer {computer}, process {process}, since {since} UTC)",
        computer=shown,
        process=process,
        since=str(since)[:19].replace("T", " "),
    )


def _is_own(holder: dict[str, Any]) -> bool:
    return (holder.get("computer"), holder.get("process")) == (socket.gethostname(), os.getpid())


def _read(file: int) -> dict[str, Any]:
    try:
        os.lseek(file, 0, os.SEEK_SET)
        said = json.loads(os.read(file, _MAX_BYTES) or b"{}")
    except (OSError, ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _has_name(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except OSError:
        return False


def _begin_of(process: int) -> str:
    """When a process began, in the system's own words; empty where it is not there or not told."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
        return stat.rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _lock(file: int) -> None:
    """Raises BlockingIOError where another has it, OSError where there are no locks."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, _HELD_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

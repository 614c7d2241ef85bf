"""Which programs have the cache of images open, so that none deletes what another uses.

Each has a shared lock on a file beside the cache, and deleting needs one that is not shared. On
Windows there is none: the system itself refuses to delete what is open.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.cache_schema import BUSY_S, FORMAT, NAMES

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_NAME: Final = f"images-{FORMAT}.lock"


class CacheLock:
    """One program's lock on the cache in ``folder``. Whoever uses it sees to threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _NAME
        self._file: int | None = None

    def take(self) -> None:
        """Tell other programs that this one has the cache open; waits while one is deleting it.

        Raises:
            OSError: the file cannot be made, or the other takes longer than a moment.
        """
        if fcntl is None:
            return
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        give_up = time.monotonic() + BUSY_S
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.01)
            except OSError:  # There are file systems without locks.
                self.let_go()
                return

    def is_alone(self) -> bool:
        """Whether nobody else has it open, as far as can be told; if so, nobody can until
        :meth:`take`.
        """
        if fcntl is None or self._file is None:
            return True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def let_go(self) -> None:
        """Have it open no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


@contextlib.contextmanager
def alone_with(folder: Path) -> Iterator[bool]:
    """Keep programs from opening the cache in ``folder``; False where one has it open already."""
    lock = CacheLock(folder)
    try:
        if folder.is_dir():
            lock.take()
        yield lock.is_alone()
    finally:
        lock.let_go()


def delete_cache(folder: Path) -> bool:
    """Delete the cache in ``folder``; False where a program has it open, and it stays."""
    with contextlib.suppress(OSError), alone_with(folder) as is_alone:
        if is_alone:
            throw_away(folder)
            return True
    return False


def throw_away(folder: Path) -> None:
    """Delete the files, whoever has them open; raises OSError."""
    for name in NAMES:
        for suffix in ("", "-wal", "-shm", "-journal"):
            (folder / (name + suffix)).unlink(missing_ok=True)

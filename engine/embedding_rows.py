"""Where embeddings lie: in memory, or in a file that has no name and is gone with the program."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError, sentence_for
from engine.words import say

_log = logging.getLogger(__name__)
BLOCK_ROWS: Final = 512  # As single precision 1.3 MB, which a core's own cache holds.
_SEGMENT_ROWS: Final = 32 * BLOCK_ROWS  # 21 MB with 640 numbers.
_ALWAYS_FREE_BYTES: Final = 1_000_000_000  # Of the disk: projects are saved there, too.

Halves = NDArray[np.float16]


class Rows(Protocol):
    """Rows of half-precision numbers, read and written by their place.

    ``read_rows`` is how many are read at a time by whoever wants some here and there: what lies
    between two multiples of it is read at once.
    """

    read_rows: int

    def read(self, start: int, stop: int) -> Halves:
        """Rows (stop - start, size) between two multiples of ``read_rows``; any thread."""

    def write(self, start: int, rows: Halves) -> None:
        """Write rows (n, size), at most behind those there are."""

    def cut(self, n_rows: int) -> None:
        """Let go of all behind so many."""

    def close(self) -> None:
        """Let go of the file, if there is one; nothing is asked or written any more."""


class RowsInMemory:
    """Rows in pieces, each room for many blocks: a million rows are no two thousand arrays, and
    what is not used of the last one the system never gives. What is read is a view."""

    read_rows = _SEGMENT_ROWS

    def __init__(self, size: int) -> None:
        self._size = size
        self._segments: list[Halves] = []

    def read(self, start: int, stop: int) -> Halves:
        """See :class:`Rows`."""
        first = start // _SEGMENT_ROWS * _SEGMENT_ROWS
        return self._segments[start // _SEGMENT_ROWS][start - first : stop - first]

    def write(self, start: int, rows: Halves) -> None:
        """See :class:`Rows`."""
        stop = start + len(rows)
        while stop > len(self._segments) * _SEGMENT_ROWS:
            self._segments.append(np.zeros((_SEGMENT_ROWS, self._size), np.float16))
        for begin, end in pieces(start, stop, _SEGMENT_ROWS):
            self.read(begin, end)[:] = rows[begin - start : end - start]

    def cut(self, n_rows: int) -> None:
        """See :class:`Rows`."""
        del self._segments[-(-n_rows // _SEGMENT_ROWS) :]

    def close(self) -> None:
        """See :class:`Rows`; what a job still has of them it may go on reading."""


class RowsInFile:
    """Rows in a file without a name, so that memory does not grow with them.

    The system keeps what it has room for, as of any file. Where the disk is full or cannot be
    written they lie in memory from then on. What is read is a copy.
    """

    read_rows = BLOCK_ROWS

    def __init__(self, size: int, folder: Path) -> None:
        self._size = size
        self._row_bytes = 2 * size
        self._folder = folder
        self._n_rows = 0
        self._seeking = threading.Lock()
        self._memory: RowsInMemory | None = None
        self._file: IO[bytes] | None = None
        try:
            self._check_room()
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0, prefix=".handful-")  # noqa: SIM115
        except OSError as error:
            self._to_memory(error)

    def read(self, start: int, stop: int) -> Halves:
        """See :class:`Rows`. Raises EngineError where the disk does not give back what it took."""
        if self._memory is not None:
            return self._memory.read(start, stop)
        return self._read(start, stop)

    def write(self, start: int, rows: Halves) -> None:
        """See :class:`Rows`."""
        stop = start + len(rows)
        if self._memory is None:
            try:
                if stop > self._n_rows and stop // _SEGMENT_ROWS > self._n_rows // _SEGMENT_ROWS:
                    self._check_room()
                self._write(start, rows)
            except OSError as error:
                self._to_memory(error)
        if self._memory is not None:
            self._memory.write(start, rows)
        self._n_rows = max(self._n_rows, stop)

    def cut(self, n_rows: int) -> None:
        """See :class:`Rows`."""
        self._n_rows = min(self._n_rows, n_rows)
        if self._memory is not None:
            self._memory.cut(n_rows)

    def close(self) -> None:
        """See :class:`Rows`."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self, start: int, stop: int) -> Halves:
        assert self._file is not None
        found = np.empty((stop - start, self._size), np.float16)
        room = found.reshape(-1).view(np.uint8).data
        done = 0
        try:
            with self._seeking:
                self._file.seek(start * self._row_bytes)
                while done < len(room):
                    n_bytes = self._file.readinto(room[done:])  # type: ignore[attr-defined]
                    if not n_bytes:
                        raise OSError(errno.EIO, os.strerror(errno.EIO))  # Shorter than it was.
                    done += n_bytes
        except OSError as error:
            raise EngineError(sentence_for(error, self._folder, say("read"))) from error
        return found

    def _write(self, start: int, rows: Halves) -> None:
        assert self._file is not None
        left = np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data
        with self._seeking:
            self._file.seek(start * self._row_bytes)
            while left:
                left = left[self._file.write(left) :]

    def _check_room(self) -> None:
        if shutil.disk_usage(self._folder).free < _ALWAYS_FREE_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _to_memory(self, error: OSError) -> None:
        """Go on in memory with what was written so far."""
        _log.info("Embeddings lie in memory: %s", error)
        memory = RowsInMemory(self._size)
        for begin, end in pieces(0, self._n_rows, BLOCK_ROWS):
            memory.write(begin, self._read(begin, end))
        self._memory = memory
        self.close()


def pieces(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    """From ``start`` to ``stop``, parted at the multiples of ``size``."""
    while start < stop:
        end = min(stop, (start // size + 1) * size)
        yield start, end
        start = end

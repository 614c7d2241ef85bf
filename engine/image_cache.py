"""Embeddings and thumbnails on disk, by content.

The cache may be deleted at any time: it holds nothing that the images do not give again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import sentence_for
from engine.words import NOTHING, Sentence, say


@dataclass(frozen=True, slots=True)
class FileKey:
    """What tells, without reading it, that a file is the one seen before."""

    path: str
    size_bytes: int
    modified_ns: int
    changed_ns: int
    """When the system last saw it change; unlike ``modified_ns`` no program can set it back."""

    @classmethod
    def of(cls, path: Path) -> FileKey | None:
        """The key of a file as it is now, or None if it is not there."""
        try:
            status = path.stat()
        except (OSError, ValueError):  # ValueError: a NUL in the name.
            return None
        return cls(_as_text(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True, slots=True, eq=False)
class CacheEntry:
    """One image's cached results. ``embedding`` (embedding_size,) float16; ``reason`` is set,
    and the rest empty, for a file that cannot be read. ``perceptual_hash`` is 0 where there is no
    embedding, too. ``taken_s``: see ``messages.ImagesEmbedded``; None where nobody has looked.
    """

    content: bytes
    embedding: NDArray[np.float16] | None
    thumbnail: bytes | None
    reason: Sentence = NOTHING
    perceptual_hash: int = 0
    taken_s: int | None = None


_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
    path TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, changed_ns INTEGER,
    content BLOB
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS embeddings (
    content BLOB, encoder TEXT, embedding BLOB, perceptual_hash BLOB,
    PRIMARY KEY (content, encoder)
);
CREATE TABLE IF NOT EXISTS thumbnails (content BLOB PRIMARY KEY, jpeg BLOB);
CREATE TABLE IF NOT EXISTS dates (content BLOB PRIMARY KEY, taken_s INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS layouts (
    folder TEXT, encoder TEXT, hashes BLOB, positions BLOB, PRIMARY KEY (folder, encoder)
);
"""
_KEEP_DATE: Final = "INSERT OR REPLACE INTO dates VALUES (?, ?)"
_FORMAT: Final = 3  # Not raised by the dates: a cache without them is filled as images are met.


class ImageCache:
    """Embeddings and thumbnails on disk, in one SQLite file shared by all projects.

    A damaged cache is thrown away and begun again; a cache that cannot be written (disk full,
    read-only) is done without. Any thread may call any method; a lock lets one in at a time.
    """

    def __init__(self, folder: Path, encoder_fingerprint: str, embedding_size: int) -> None:
        self._lock = threading.Lock()
        self._encoder = encoder_fingerprint
        self._embedding_bytes = 2 * embedding_size
        self.folder = folder
        self._path = folder / "images.sqlite"
        self.notice = NOTHING
        """One sentence when the cache cannot be written; the work then goes on without it."""
        self._connection = self._open()

    def __enter__(self) -> ImageCache:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def find(self, key: FileKey) -> CacheEntry | None:
        """What is known of a file whose size and time are unchanged, or None."""
        found = self.find_many([key], with_thumbnails=True)
        return found.get(key.path)

    def find_many(self, keys: Sequence[FileKey], *, with_thumbnails: bool) -> dict[str, CacheEntry]:
        """What is known of files that are unchanged, by path; at most 500 keys at a time."""
        thumbnail = "thumbnails.jpeg" if with_thumbnails else "NULL"
        join = (
            "LEFT JOIN thumbnails ON thumbnails.content = files.content" if with_thumbnails else ""
        )
        marks = ",".join("?" * len(keys))
        rows = self._read(
            "SELECT path, size_bytes, modified_ns, changed_ns, files.content, embedding, "
            f"perceptual_hash, {thumbnail}, taken_s "
            "FROM files LEFT JOIN embeddings "
            "ON embeddings.content = files.content AND embeddings.encoder = ? "
            "LEFT JOIN dates ON dates.content = files.content "
            f"{join} WHERE path IN ({marks})",
            (self._encoder, *(key.path for key in keys)),
        )
        by_path = {key.path: key for key in keys}
        return {
            row[0]: CacheEntry(
                row[4],
                self._embedding(row[5]),
                row[7],
                perceptual_hash=_as_number(row[6]),
                taken_s=row[8],
            )
            for row in rows
            if by_path[row[0]] == FileKey(*row[:4])
        }

    def find_content(self, content: bytes) -> CacheEntry | None:
        """What is known of these bytes, wherever they were met, or None."""
        rows = self._read(
            "SELECT embedding, perceptual_hash, jpeg, taken_s FROM embeddings "
            "LEFT JOIN thumbnails USING (content) LEFT JOIN dates USING (content) "
            "WHERE content = ? AND encoder = ?",
            (content, self._encoder),
        )
        if not rows:
            return None
        embedding, bits, thumbnail, taken_s = rows[0]
        return CacheEntry(
            content,
            self._embedding(embedding),
            thumbnail,
            perceptual_hash=_as_number(bits),
            taken_s=taken_s,
        )

    def add(self, entries: Mapping[FileKey, CacheEntry]) -> None:
        """Keep results, in one transaction; readable images only."""
        good = [(key, entry) for key, entry in entries.items() if not entry.reason]
        try:
            with self._lock, self._connection:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)",
                    [
                        (
                            key.path,
                            key.size_bytes,
                            key.modified_ns,
                            key.changed_ns,
                            entry.content,
                        )
                        for key, entry in good
                    ],
                )
                self._connection.executemany(
                    "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?)",
                    [
                        (
                            entry.content,
                            self._encoder,
                            entry.embedding.tobytes(),
                            entry.perceptual_hash.to_bytes(8, "big"),
                        )
                        for _, entry in good
                        if entry.embedding is not None
                    ],
                )
                self._connection.executemany(
                    "INSERT OR REPLACE INTO thumbnails VALUES (?, ?)",
                    [
                        (entry.content, entry.thumbnail)
                        for _, entry in good
                        if entry.thumbnail is not None
                    ],
                )
                self._connection.executemany(
                    _KEEP_DATE,
                    [
                        (entry.content, entry.taken_s)
                        for _, entry in good
                        if entry.taken_s is not None
                    ],
                )
        except sqlite3.Error as error:
            self._failed(error, say("write"))

    def add_dates(self, dates: Mapping[bytes, int]) -> None:
        """Keep when the pictures of contents were taken, in one transaction."""
        try:
            with self._lock, self._connection:
                self._connection.executemany(_KEEP_DATE, list(dates.items()))
        except sqlite3.Error as error:
            self._failed(error, say("write"))

    def find_layout(self, folder: str) -> tuple[NDArray[np.uint64], NDArray[np.float32]] | None:
        """The map kept for a folder: hashes of embeddings (n,) and positions (n, 2), or None."""
        rows = self._read(
            "SELECT hashes, positions FROM layouts WHERE folder = ? AND encoder = ?",
            (_as_text(folder), self._encoder),
        )
        if not rows or not rows[0][0] or len(rows[0][0]) != len(rows[0][1]):
            return None
        hashes, positions = rows[0]
        return np.frombuffer(hashes, np.uint64), np.frombuffer(positions, np.float32).reshape(-1, 2)

    def keep_layout(
        self, folder: str, hashes: NDArray[np.uint64], positions: NDArray[np.float32]
    ) -> None:
        """Keep a folder's map in place of an older one, see :meth:`find_layout`."""
        try:
            with self._lock, self._connection:
                self._connection.execute(
                    "INSERT OR REPLACE INTO layouts VALUES (?, ?, ?, ?)",
                    (_as_text(folder), self._encoder, hashes.tobytes(), positions.tobytes()),
                )
        except sqlite3.Error as error:
            self._failed(error, say("write"))

    def size_bytes(self) -> int:
        """How much room the cache takes on disk."""
        return self._path.stat().st_size if self._path.exists() else 0

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _embedding(self, blob: bytes | None) -> NDArray[np.float16] | None:
        if blob is None or len(blob) != self._embedding_bytes:
            return None
        return np.frombuffer(blob, dtype=np.float16)

    def _read(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._failed(error, say("read"))
            return []

    def _failed(self, error: sqlite3.Error, doing: str) -> None:
        if not _is_damage(error):
            self.notice = say(
                "Could not {doing} the cache {path}: {error}; the work goes on without it.",
                doing=doing,
                path=self._path,
                error=error,
            )
            return
        with self._lock:
            self._connection.close()
            self._connection = self._open(afresh=True)

    def _open(self, *, afresh: bool = False) -> sqlite3.Connection:
        """The cache on disk; one in memory, and a notice, where none can be had there."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not afresh:
                try:
                    return self._connect()
                except sqlite3.Error as error:
                    if not _is_damage(error):
                        raise
            # Nothing in it is worth more than a fresh start.
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{self._path}{suffix}").unlink()
            return self._connect()
        except (OSError, sqlite3.Error) as error:
            self.notice = (
                sentence_for(error, self._path.parent, say("write the cache in"))
                if isinstance(error, OSError)
                else say("Could not open the cache {path}: {error}.", path=self._path, error=error)
            )
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            connection.executescript(_SCHEMA)
            return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=5.0, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # A cache may lose its last second in a power cut; it must not wait for the disk.
            connection.execute("PRAGMA synchronous = NORMAL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _FORMAT):
                raise sqlite3.DatabaseError("the cache has another format")
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_FORMAT}")
        except BaseException:
            connection.close()
            raise
        return connection


def _as_text(path: Path | str) -> str:
    """A path for SQLite, which stores text only; a folder's name may be other bytes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _as_number(blob: bytes | None) -> int:
    return int.from_bytes(blob or b"", "big")


def _is_damage(error: sqlite3.Error) -> bool:
    """Damaged, or of another format; not locked, full, read-only or closed, which are subclasses
    of the same exception.
    """
    return type(error) is sqlite3.DatabaseError

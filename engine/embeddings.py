"""Embeddings in memory, by image; embeddings and thumbnails on disk, by content.

The disk cache may be deleted at any time: it holds nothing that the images do not give again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import sentence_for
from engine.messages import ImageId
from engine.words import NOTHING, Sentence, say

BLOCK_ROWS: Final = 512  # As single precision 2.6 MB, near enough to a core's own cache.


class EmbeddingStore:
    """The embeddings of the open folder, in blocks of rows, with their running mean.

    Embeddings are ``(embedding_size,)`` float16, exactly as the encoder's graph gives them.
    Engine thread only.
    """

    def __init__(self, embedding_size: int) -> None:
        self.embedding_size = embedding_size
        self._blocks: list[NDArray[np.float16]] = []
        self._ids = np.zeros(0, dtype=np.int64)
        self._hashes = np.zeros(0, dtype=np.uint64)
        self._lots = np.zeros(0, dtype=np.uint64)  # Of what is in each row, drawn by its content.
        self._rows: dict[ImageId, int] = {}
        self._sum = np.zeros(embedding_size, dtype=np.float64)
        self.version = 0
        """Counts the changes; an embedding that is replaced by the same one is none."""

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._rows

    def add(
        self,
        image_ids: Sequence[ImageId],
        embeddings: NDArray[np.float16],
        perceptual_hashes: Sequence[int] | None = None,
    ) -> None:
        """Add or replace embeddings ``(n_images, embedding_size)``, and hashes where known."""
        hashes = perceptual_hashes or [0] * len(image_ids)
        for image_id, embedding, bits in zip(image_ids, embeddings, hashes, strict=True):
            row = self._rows.get(image_id)
            if row is None:
                row = len(self._rows)
                if row == len(self._blocks) * BLOCK_ROWS:
                    self._blocks.append(np.zeros((BLOCK_ROWS, self.embedding_size), np.float16))
                if row == len(self._ids):
                    more = max(1024, row)
                    self._ids = np.concatenate([self._ids, np.zeros(more, np.int64)])
                    self._hashes = np.concatenate([self._hashes, np.zeros(more, np.uint64)])
                    self._lots = np.concatenate([self._lots, np.zeros(more, np.uint64)])
                self._rows[image_id] = row
                self._ids[row] = image_id
            else:
                known = self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS]
                if np.array_equal(known, embedding) and self._hashes[row] == bits:
                    continue
                self._sum -= known
            self.version += 1
            self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS] = embedding
            self._hashes[row] = bits
            self._lots[row] = _lot_of(self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS])
            self._sum += embedding

    def discard(self, image_ids: Iterable[ImageId]) -> None:
        """Drop embeddings; images that have none are passed over."""
        for image_id in image_ids:
            row = self._rows.pop(image_id, None)
            if row is None:
                continue
            self.version += 1
            place = self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS]
            self._sum -= place
            last = len(self._rows)  # The last row fills the gap.
            place[:] = self._blocks[last // BLOCK_ROWS][last % BLOCK_ROWS]
            self._ids[row] = self._ids[last]
            self._hashes[row] = self._hashes[last]
            self._lots[row] = self._lots[last]
            if row != last:
                self._rows[ImageId(int(self._ids[row]))] = row
            if last == (len(self._blocks) - 1) * BLOCK_ROWS:
                del self._blocks[-1]

    def image_ids(self) -> set[ImageId]:
        """The images that have an embedding."""
        return set(self._rows)

    def sum(self) -> NDArray[np.float64]:
        """The sum of all embeddings ``(embedding_size,)``; divided by ``len`` it is their mean."""
        return self._sum.copy()

    def select(self, image_ids: Iterable[ImageId]) -> NDArray[np.float32]:
        """The embeddings of ``image_ids`` ``(n_images, embedding_size)``; KeyError if unknown."""
        rows = [self._rows[image_id] for image_id in image_ids]
        selected = np.empty((len(rows), self.embedding_size), np.float32)
        for index, row in enumerate(rows):
            selected[index] = self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS]
        return selected

    def perceptual_hashes(self, image_ids: Iterable[ImageId]) -> NDArray[np.uint64]:
        """The hashes of ``image_ids`` ``(n_images,)``, 0 where none is known; KeyError if unknown.

        See :func:`engine.images.perceptual_hash`.
        """
        return self._hashes[[self._rows[image_id] for image_id in image_ids]]

    def sample(self, most: int) -> NDArray[np.float32]:
        """At most so many embeddings ``(n, embedding_size)``, a random choice.

        The same for the same images, however they are numbered, in the order of
        :meth:`sampled_ids`.
        """
        return self.select(self.sampled_ids(most))

    def sampled_ids(self, most: int) -> list[ImageId]:
        """The images of :meth:`sample`."""
        # By content: rows lie in the order in which threads finished, and a project numbers images
        # as it found them, the command line by their names.
        ids = self._ids[: len(self._rows)]
        order = np.lexsort((ids, self._lots[: len(ids)]))[:most]
        return [ImageId(item) for item in ids[order].tolist()]

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """All embeddings as (image ids ``(n,)``, embeddings ``(n, embedding_size)``) per block.

        Rows added while the iteration goes on are met if their block was not passed yet.
        """
        start = 0
        while start < len(self._rows):
            stop = min(start + BLOCK_ROWS, len(self._rows))
            yield self._ids[start:stop].copy(), self._blocks[start // BLOCK_ROWS][: stop - start]
            start = stop


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


def _lot_of(embedding: NDArray[np.float16]) -> int:
    return int.from_bytes(hashlib.blake2b(embedding.tobytes(), digest_size=8).digest(), "big")


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

"""Embeddings and thumbnails on disk, by content.

The cache may be deleted at any time: it holds nothing that the images do not give again. What is
read from it is looked at before it is used: it lies where other programs can write, too.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.cache_database import CacheDatabase
from engine.cache_hashes import signed
from engine.cache_schema import ENCODER_SHIFT, NAMES
from engine.images import MOST_THUMBNAIL_BYTES
from engine.words import NOTHING, Sentence

_MOST_THUMBNAIL_PX: Final = 1_024
_SECOND_NS: Final = 10**9
_COARSE_NS: Final = 2_500_000_000  # FAT counts every other second.
_MOST_NUMBER: Final = 2**63 - 1  # That SQLite has; a file system may know later centuries.


@dataclass(frozen=True, slots=True)
class FileKey:
    """What tells, without reading it, that a file is the one seen before."""

    path: str
    size_bytes: int
    modified_ns: int
    changed_ns: int
    """When the system last saw it change; unlike ``modified_ns`` no program can set it back. On
    Windows it is when the file was made."""
    seen_ns: int = field(default=0, compare=False)
    """What the clock showed when it was looked at; 0: not known."""

    @classmethod
    def of(cls, path: Path) -> FileKey | None:
        """The key of a file as it is now, or None if it is not there."""
        try:
            status = path.stat()
        except (OSError, ValueError):  # ValueError: a NUL in the name.
            return None
        numbers = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, time.time_ns())
        return cls(_as_text(path), *(min(number, _MOST_NUMBER) for number in numbers))

    @property
    def is_settled(self) -> bool:
        """False where a change after this look might leave the same times behind.

        That is while a file is as young as the file system's times are coarse.
        """
        is_fine = sys.platform != "win32" and self.changed_ns % _SECOND_NS
        if is_fine or self.modified_ns % _SECOND_NS or not self.seen_ns:
            return True
        return abs(self.seen_ns - max(self.modified_ns, self.changed_ns)) >= _COARSE_NS


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


_EMBEDDED: Final = (
    f"embeddings.id = ((SELECT id FROM encoders WHERE key = ?) << {ENCODER_SHIFT}) + contents.id"
)
# Lengths are looked at first, which reads nothing of what is too long.
_EMBEDDING: Final = "CASE WHEN length(embedding) = ? THEN embedding END"
_THUMBNAIL: Final = f"CASE WHEN length(jpeg) <= {MOST_THUMBNAIL_BYTES} THEN jpeg END"
_THUMBNAILS: Final = (
    "LEFT JOIN thumbnails ON thumbnails.id = contents.id AND thumbnails.content = contents.content"
)
_KEEP_CONTENT: Final = (
    "INSERT INTO contents (content, used, has_thumbnail, perceptual_hash, taken_s) "
    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (content) DO UPDATE SET used = excluded.used, "
    "has_thumbnail = max(has_thumbnail, excluded.has_thumbnail), "
    "perceptual_hash = coalesce(excluded.perceptual_hash, perceptual_hash), "
    "taken_s = coalesce(excluded.taken_s, taken_s) RETURNING id"
)
_MASK: Final = 2**64 - 1
_CONTENT_BYTES: Final = 16
_CHECK_BYTES: Final = 4
_ROW_BYTES: Final = 300  # Of an entry, beside its embedding and thumbnail.


class ImageCache:
    """Embeddings by one encoder and thumbnails on disk, shared by all projects and programs.

    Any thread may call any method; none raises for what is wrong with the disk. What was added is
    found by this program and others as soon as no other program is in the middle of writing.
    """

    def __init__(
        self,
        folder: Path,
        encoder_fingerprint: str,
        embedding_size: int,
        *,
        database: CacheDatabase | None = None,
    ) -> None:
        """Open the cache in ``folder``.

        Args:
            database: that of another, see :meth:`beside`.
        """
        self.folder = folder
        self._encoder = encoder_fingerprint
        self._embedding_bytes = 2 * embedding_size
        self._database = database or CacheDatabase(folder)
        self._is_closed = False

    def beside(self, encoder_fingerprint: str, embedding_size: int) -> ImageCache:
        """That of another encoder, on the same files; each is closed on its own."""
        database = self._database.share()
        return ImageCache(self.folder, encoder_fingerprint, embedding_size, database=database)

    def __enter__(self) -> ImageCache:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def notice(self) -> Sentence:
        """One sentence when the cache cannot be used; the work then goes on without it."""
        return self._database.notice

    def listen(self, listener: Callable[[Sentence], object]) -> None:
        """Have all told that happens to the cache, once each; see ``CacheNews.listen``."""
        self._database.news.listen(listener)

    def find(self, key: FileKey) -> CacheEntry | None:
        """What is known of a file whose size and times are unchanged, or None."""
        return self.find_many([key], with_thumbnails=True).get(key.path)

    def find_many(self, keys: Sequence[FileKey], *, with_thumbnails: bool) -> dict[str, CacheEntry]:
        """What is known of files that are unchanged, by path; at most 500 keys at a time."""
        rows = self._database.read(
            "SELECT contents.id, used, content_id, perceptual_hash, taken_s, contents.content, "
            f"{_EMBEDDING}, {_THUMBNAIL if with_thumbnails else 'NULL'}, "
            "path, size_bytes, modified_ns, changed_ns "
            "FROM files JOIN contents ON contents.id = files.content_id "
            f"LEFT JOIN embeddings ON {_EMBEDDED} {_THUMBNAILS if with_thumbnails else ''} "
            f"WHERE path IN ({','.join('?' * len(keys))})",
            (self._stored_bytes, self._encoder, *(key.path for key in keys)),
        )
        by_path = {key.path: key for key in keys}
        found = [row for row in rows if by_path[row[8]] == FileKey(*row[8:])]
        return self._entries(found, [row[8] for row in found])

    def find_content(self, content: bytes) -> CacheEntry | None:
        """What is known of these bytes, wherever they were met, or None."""
        rows = self._database.read(
            "SELECT contents.id, used, NULL, perceptual_hash, taken_s, contents.content, "
            f"{_EMBEDDING}, {_THUMBNAIL} "
            f"FROM contents JOIN embeddings ON {_EMBEDDED} {_THUMBNAILS} "
            "WHERE contents.content = ?",
            (self._stored_bytes, self._encoder, content),
        )
        return self._entries(rows, [""] * len(rows)).get("")

    def add(self, entries: Mapping[FileKey, CacheEntry]) -> None:
        """Keep results, in one transaction; readable images only."""
        good = [(key, entry) for key, entry in entries.items() if not entry.reason]
        n_bytes = sum(
            _ROW_BYTES + len(entry.thumbnail or b"") + self._embedding_bytes for _, entry in good
        )
        if good:
            self._database.write(partial(self._add, good), n_bytes)

    def _add(
        self,
        entries: Sequence[tuple[FileKey, CacheEntry]],
        connection: sqlite3.Connection,
        generation: int,
    ) -> None:
        encoder = self._encoder_id(connection, generation)
        files, embeddings, thumbnails = [], [], []
        for key, entry in entries:
            (content_id,) = connection.execute(
                _KEEP_CONTENT,
                (
                    entry.content,
                    generation,
                    entry.thumbnail is not None,
                    signed(entry.perceptual_hash) or None,  # What is known is kept.
                    entry.taken_s,
                ),
            ).fetchone()
            if key.is_settled:
                numbers = (key.size_bytes, key.modified_ns, key.changed_ns)
                files.append((key.path, *numbers, content_id, generation))
            if entry.embedding is not None:
                stored = entry.embedding.tobytes()
                number = (encoder << ENCODER_SHIFT) + content_id
                embeddings.append((number, stored + _check_of(stored)))
            if entry.thumbnail is not None:
                thumbnails.append((content_id, entry.content, entry.thumbnail))
        connection.executemany("REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)", files)
        connection.executemany("REPLACE INTO embeddings VALUES (?, ?)", embeddings)
        connection.executemany("REPLACE INTO thumbs.thumbnails VALUES (?, ?, ?)", thumbnails)

    def add_dates(self, dates: Mapping[bytes, int]) -> None:
        """Keep when the pictures of contents were taken, in one transaction."""
        rows = [(taken_s, content) for content, taken_s in dates.items()]

        def keep(connection: sqlite3.Connection, _: int) -> None:
            connection.executemany("UPDATE contents SET taken_s = ? WHERE content = ?", rows)

        self._database.write(keep, len(rows) * _CONTENT_BYTES)

    def find_layout(self, folder: str) -> tuple[NDArray[np.uint64], NDArray[np.float32]] | None:
        """The map kept for a folder: hashes of embeddings (n,) and positions (n, 2), or None."""
        rows = self._database.read(
            "SELECT hashes, positions FROM layouts WHERE folder = ? AND encoder = ? "
            "AND length(hashes) = length(positions) AND length(hashes) % 8 = 0 "
            "AND typeof(hashes) = 'blob' AND typeof(positions) = 'blob'",
            (_as_text(folder), self._encoder),
        )
        if not rows or not rows[0][0]:
            return None
        hashes, positions = rows[0]
        return np.frombuffer(hashes, np.uint64), np.frombuffer(positions, np.float32).reshape(-1, 2)

    def keep_layout(
        self, folder: str, hashes: NDArray[np.uint64], positions: NDArray[np.float32]
    ) -> None:
        """Keep a folder's map in place of an older one, see :meth:`find_layout`."""
        row = _as_text(folder), self._encoder, hashes.tobytes(), positions.tobytes()

        def keep(connection: sqlite3.Connection, generation: int) -> None:
            self._encoder_id(connection, generation)
            connection.execute("REPLACE INTO layouts VALUES (?, ?, ?, ?, ?)", (*row, generation))

        self._database.write(keep, hashes.nbytes + positions.nbytes)

    def size_bytes(self) -> int:
        """How much room embeddings and thumbnails take on disk."""
        return sum(_size_of(self.folder / name) for name in NAMES)

    def tidy(self) -> None:
        """Have all on disk that waits for it, and keep the cache within its limit, before
        returning; see ``CacheDatabase.tidy``.
        """
        self._database.tidy()

    def close(self) -> None:
        """Write what waits; the last one on the same files lets go of them."""
        if not self._is_closed:
            self._is_closed = True
            self._database.close()

    def _encoder_id(self, connection: sqlite3.Connection, generation: int) -> int:
        connection.execute(
            "INSERT INTO encoders (key, used) VALUES (?, ?) ON CONFLICT (key) DO UPDATE "
            "SET used = excluded.used WHERE used <> excluded.used",
            (self._encoder, generation),
        )
        rows = connection.execute("SELECT id FROM encoders WHERE key = ?", (self._encoder,))
        return int(rows.fetchone()[0])

    @property
    def _stored_bytes(self) -> int:
        return self._embedding_bytes + _CHECK_BYTES

    def _entries(
        self, rows: Sequence[tuple[Any, ...]], names: Sequence[str]
    ) -> dict[str, CacheEntry]:
        """What rows mean, as far as they can be believed."""
        entries = {}
        used = []
        for row, name in zip(rows, names, strict=True):
            number, was_used, _, bits, taken_s, content, embedding, thumbnail = row[:8]
            if not isinstance(content, bytes) or len(content) != _CONTENT_BYTES:
                continue
            used.append((number, was_used))
            entries[name] = CacheEntry(
                content,
                self._embedding(embedding),
                thumbnail if is_thumbnail(thumbnail) else None,
                perceptual_hash=bits & _MASK if isinstance(bits, int) else 0,
                taken_s=taken_s if isinstance(taken_s, int) else None,
            )
        if used:
            self._database.note_used(self._encoder, used)
        return entries

    def _embedding(self, stored: object) -> NDArray[np.float16] | None:
        """The embedding, if it is what was written: one wrong bit may be an infinity."""
        if not isinstance(stored, bytes) or len(stored) != self._stored_bytes:
            return None
        blob = stored[: self._embedding_bytes]
        if _check_of(blob) != stored[self._embedding_bytes :]:
            return None
        return np.frombuffer(blob, np.float16)


def is_thumbnail(blob: object) -> bool:
    """Whether bytes begin as a JPEG that is no larger than a thumbnail can be.

    Whoever decodes it needs no more room than that; that the rest is a JPEG shows in decoding.
    """
    if not isinstance(blob, bytes) or not blob.startswith(b"\xff\xd8"):
        return False
    position = 2
    while position + 9 <= len(blob) and blob[position] == 0xFF:
        marker = blob[position + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # The frame's sides.
            height = int.from_bytes(blob[position + 5 : position + 7], "big")
            width = int.from_bytes(blob[position + 7 : position + 9], "big")
            return 0 < height <= _MOST_THUMBNAIL_PX and 0 < width <= _MOST_THUMBNAIL_PX
        position += 2 + int.from_bytes(blob[position + 2 : position + 4], "big")
    return False


def _check_of(blob: bytes) -> bytes:
    return zlib.crc32(blob).to_bytes(_CHECK_BYTES, "big")


def _as_text(path: Path | str) -> str:
    """A path for SQLite, which stores text only; a folder's name may be other bytes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _size_of(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return 0

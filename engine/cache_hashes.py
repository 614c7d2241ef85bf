"""Perceptual hashes that an earlier version of the program put into the cache, made again.

Hashes of two versions differ by some bits for one picture, so that where both meet a near-duplicate
may be missed or made up. What is needed lies in the cache: the thumbnails. Where one was let go of,
the hash stays as it was; so it does for a thumbnail too thin to tell it.

How far that is stands in the file's ``application_id``: ``HASH_VERSION`` where all is done, else
minus the number of the last content that is; 0, as SQLite makes files, is a cache from before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from engine.images import HASH_VERSION, MOST_THUMBNAIL_BYTES, hash_of_thumbnail

_SOME: Final = 64  # Some 50 ms, in which nothing is written.
_MOST: Final = 1 << 31  # What SQLite has room for there.
_Hash: TypeAlias = tuple[int | None, int]
"""As SQLite has it, and the number of its content."""


@dataclass(frozen=True, slots=True)
class OldHashes:
    """Some contents whose hashes are of another version.

    Attributes:
        state: how far it was when they were read.
        thumbnails: (number, JPEG), ascending; of the numbers up to ``last`` no other has one.
        last: minus this is how far it is then; None where these are the last.
    """

    state: int
    thumbnails: Sequence[tuple[int, bytes]]
    last: int | None

    def remade(self) -> Sequence[_Hash]:
        """Hash and number of each; decodes them."""
        made = [(hash_of_thumbnail(jpeg), number) for number, jpeg in self.thumbnails]
        return [(signed(bits) or None, number) for bits, number in made if bits is not None]

    def keep(self, connection: sqlite3.Connection, remade: Sequence[_Hash]) -> None:
        """Write them, in a transaction of the caller's, unless another program has meanwhile."""
        if state_of(connection) != self.state:
            return
        connection.executemany("UPDATE contents SET perceptual_hash = ? WHERE id = ?", remade)
        is_last = self.last is None or self.last >= _MOST
        now = HASH_VERSION if is_last else f"-{self.last}"
        connection.execute(f"PRAGMA main.application_id = {now}")


def state_of(connection: sqlite3.Connection) -> int:
    """``HASH_VERSION``, or how far it is. Raises sqlite3.Error."""
    (state,) = connection.execute("PRAGMA main.application_id").fetchone()
    return int(state)


def some_old(connection: sqlite3.Connection) -> OldHashes | None:
    """The next that are to be made again; None where all are. Raises sqlite3.Error."""
    state = state_of(connection)
    if state == HASH_VERSION:
        return None
    rows = connection.execute(
        "SELECT contents.id, jpeg FROM contents LEFT JOIN thumbs.thumbnails "
        "ON thumbnails.id = contents.id AND thumbnails.content = contents.content "
        f"AND length(jpeg) <= {MOST_THUMBNAIL_BYTES} "
        "WHERE contents.id > ? ORDER BY contents.id LIMIT ?",
        (max(0, -state), _SOME),
    ).fetchall()
    thumbnails = [(number, jpeg) for number, jpeg in rows if isinstance(jpeg, bytes)]
    return OldHashes(state, thumbnails, rows[-1][0] if len(rows) == _SOME else None)


def signed(bits: int) -> int:
    """64 bits as the number that SQLite has for them."""
    return bits - (1 << 64) if bits >> 63 else bits

"""Perceptual hashes that an earlier version of the program put into the cache, made again.

Hashes of two versions differ by some bits for one picture, so that where both meet a near-duplicate
may be missed or made up. What is needed lies in the cache: the thumbnails. Where one was let go of,
the hash stays as it was; so it does for a thumbnail too thin to tell it.

How far that is stands in the file's ``application_id``: ``HASH_VERSION`` where all is done, else
minus the least number of a content that is; 0, as SQLite makes files, is a cache from before. The
``application_id`` of the file of thumbnails says for which version: what was broken off for another
is begun anew. It goes from the content that was the newest when the cache was opened down to the
first, so what is added meanwhile, with a hash of a whole picture, keeps it.
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
State: TypeAlias = tuple[int, int]
"""How far it is, and for which version."""


@dataclass(frozen=True, slots=True)
class OldHashes:
    """Some contents whose hashes are of another version.

    Attributes:
        state: how far it was when they were read.
        is_begin: nothing had been done for this version.
        thumbnails: (number, JPEG), descending; of the numbers down to ``last`` no other has one.
        last: minus this is how far it is then; None where these are the last.
    """

    state: State
    is_begin: bool
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
        now = HASH_VERSION if self.last is None else f"-{self.last}"
        connection.execute(f"PRAGMA main.application_id = {now}")
        if self.is_begin:
            connection.execute(f"PRAGMA thumbs.application_id = {HASH_VERSION}")


def state_of(connection: sqlite3.Connection) -> State:
    """How far it is, and for which version. Raises sqlite3.Error."""
    (place,) = connection.execute("PRAGMA main.application_id").fetchone()
    (version,) = connection.execute("PRAGMA thumbs.application_id").fetchone()
    return int(place), int(version)


def is_done(state: State) -> bool:
    """Whether all hashes are of this version."""
    return state[0] == HASH_VERSION


def newest_content(connection: sqlite3.Connection) -> int:
    """The greatest number of a content, 0 where there are none. Raises sqlite3.Error."""
    return int(connection.execute("SELECT max(id) FROM contents").fetchone()[0] or 0)


def some_old(connection: sqlite3.Connection, newest: int | None) -> OldHashes | None:
    """The next that are to be made again; None where there are none. Raises sqlite3.Error.

    Args:
        newest: where to begin; None where that has been done, and is not to be done again for a
            program of another version that does the same beside.
    """
    state = place, version = state_of(connection)
    is_begin = place >= 0 or version != HASH_VERSION
    if is_done(state) or (is_begin and newest is None):
        return None
    last = min(_MOST, newest or 0) if is_begin else -place - 1
    rows = connection.execute(
        "SELECT contents.id, jpeg FROM contents LEFT JOIN thumbs.thumbnails "
        "ON thumbnails.id = contents.id AND thumbnails.content = contents.content "
        f"AND length(jpeg) <= {MOST_THUMBNAIL_BYTES} "
        "WHERE contents.id BETWEEN 1 AND ? ORDER BY contents.id DESC LIMIT ?",
        (last, _SOME),
    ).fetchall()
    thumbnails = [(number, jpeg) for number, jpeg in rows if isinstance(jpeg, bytes)]
    return OldHashes(state, is_begin, thumbnails, rows[-1][0] if len(rows) == _SOME else None)


def signed(bits: int) -> int:
    """64 bits as the number that SQLite has for them."""
    return bits - (1 << 64) if bits >> 63 else bits

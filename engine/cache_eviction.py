"""What goes first when the cache of images becomes too large.

When something was used last is a generation: a number that rises whenever the clock shows another
hour than it did at the last writing. A clock that is set back makes a new generation and no
confusion. What the present generation has used never goes, so looking through a folder larger than
the limit does not push out what is asked for next.

Thumbnails go before embeddings: they take most of the room, and one costs a decoding where an
embedding costs a decoding and the network.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.cache_schema import ENCODER_SHIFT

_STEP_ROWS: Final = 100  # Some milliseconds.
_SWEEP_ROWS: Final = 4_000
_VACUUM_BYTES: Final = 1_000_000
MOST_SHARE: Final = 0.9  # Of the limit: what is left once something had to go.


@dataclass(frozen=True, slots=True)
class Room:
    """What a cache takes.

    Attributes:
        file_bytes: of the files on disk, without what waits in their logs.
        used_bytes: of that, what holds something.
    """

    file_bytes: int
    used_bytes: int

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Room:
        """As it is now; two look-ups in the files' first pages."""
        file_bytes = used_bytes = 0
        for schema in ("main", "thumbs"):
            page_bytes, pages, free = (
                connection.execute(f"PRAGMA {schema}.{name}").fetchone()[0]
                for name in ("page_size", "page_count", "freelist_count")
            )
            file_bytes += page_bytes * pages
            used_bytes += page_bytes * (pages - free)
        return cls(file_bytes, used_bytes)


def next_generation(connection: sqlite3.Connection, hour: int) -> int:
    """The present generation, by the hour that the clock shows. Within a transaction."""
    connection.execute(
        "UPDATE state SET generation = generation + 1, hour = ? WHERE hour <> ?", (hour, hour)
    )
    # Whatever else may stand there, it is a number.
    (generation,) = connection.execute(
        "SELECT CAST(min(coalesce(max(generation), 1), 1 << 60) AS INTEGER) FROM state"
    ).fetchone()
    return int(generation)


def oldest_first(connection: sqlite3.Connection, generation: int) -> Iterator[None]:
    """Take things out, oldest first, a little at each step; each within a transaction of its own.

    Ends when nothing is left that is older than ``generation``.
    """
    yield from _sweep_files(connection, generation)
    yield from _thumbnails(connection, generation)
    while True:
        ages = connection.execute(
            "SELECT min(used), kind FROM ("
            " SELECT min(used) AS used, 'contents' AS kind FROM contents"
            " UNION ALL SELECT min(used), 'encoders' FROM encoders WHERE used > 0"
            " UNION ALL SELECT min(used), 'layouts' FROM layouts"
            ") WHERE used < ?",
            (generation,),
        ).fetchone()
        oldest, kind = ages
        if oldest is None:
            break
        if kind == "contents":
            yield from _contents(connection, oldest)
        elif kind == "encoders":
            yield from _encoders(connection, oldest)
        else:
            connection.execute("DELETE FROM layouts WHERE used = ?", (oldest,))
            yield
    yield from _sweep_files(connection, generation)


def vacuum_step(connection: sqlite3.Connection, _generation: int) -> None:
    """Give some free pages back to the disk, where there are any."""
    for schema in ("thumbs", "main"):
        (free,) = connection.execute(f"PRAGMA {schema}.freelist_count").fetchone()
        if free:
            (page_bytes,) = connection.execute(f"PRAGMA {schema}.page_size").fetchone()
            count = _VACUUM_BYTES // page_bytes
            # Asked for several, it frees one: it tells each by a row without columns, and Python's
            # cursor stops at the first.
            for _ in range(min(count, free)):
                connection.execute(f"PRAGMA {schema}.incremental_vacuum(1)")
            return


def _thumbnails(connection: sqlite3.Connection, generation: int) -> Iterator[None]:
    while True:
        (oldest,) = connection.execute(
            "SELECT min(used) FROM contents WHERE has_thumbnail AND used < ?", (generation,)
        ).fetchone()
        if oldest is None:
            return
        for ids in _ids(connection, oldest, "AND has_thumbnail"):
            marks = _marks(ids)
            connection.execute(f"DELETE FROM thumbs.thumbnails WHERE id IN ({marks})", ids)
            connection.execute(f"UPDATE contents SET has_thumbnail = 0 WHERE id IN ({marks})", ids)
            yield


def _contents(connection: sqlite3.Connection, oldest: int) -> Iterator[None]:
    for ids in _ids(connection, oldest, ""):
        marks = _marks(ids)
        for (encoder,) in connection.execute("SELECT id FROM encoders").fetchall():
            first = encoder << ENCODER_SHIFT
            connection.execute(
                f"DELETE FROM embeddings WHERE id IN ({marks})", [first + item for item in ids]
            )
        connection.execute(f"DELETE FROM thumbs.thumbnails WHERE id IN ({marks})", ids)
        connection.execute(f"DELETE FROM contents WHERE id IN ({marks})", ids)
        yield


def _encoders(connection: sqlite3.Connection, oldest: int) -> Iterator[None]:
    """Embeddings by encoders that nobody uses any more, as those of old fine-tunings."""
    rows = connection.execute("SELECT id, key FROM encoders WHERE used = ?", (oldest,)).fetchall()
    for encoder, key in rows:
        connection.execute("DELETE FROM layouts WHERE encoder = ?", (key,))
        first, end = encoder << ENCODER_SHIFT, (encoder + 1) << ENCODER_SHIFT
        while connection.execute(
            "DELETE FROM embeddings WHERE id IN ("
            "SELECT id FROM embeddings WHERE id >= ? AND id < ? ORDER BY id LIMIT ?)",
            (first, end, _STEP_ROWS),
        ).rowcount:
            yield
        # The number stays its own: a program that has it open goes on adding under it.
        connection.execute("UPDATE encoders SET used = 0 WHERE id = ?", (encoder,))
        yield


def _sweep_files(connection: sqlite3.Connection, generation: int) -> Iterator[None]:
    """Forget names of contents that are gone; and old names, where there are far too many.

    A content that is always in use may have been met under any number of names. One forgotten
    costs a reading when it is met again, and no decoding.
    """
    (n_contents,) = connection.execute("SELECT count(*) FROM contents").fetchone()
    ages = connection.execute("SELECT met, count(*) FROM files GROUP BY met ORDER BY met")
    met = [row for row in ages.fetchall() if isinstance(row[0], int)]
    n_files, too_old = sum(count for _, count in met), 0
    for age, count in met:
        if n_files <= 2 * n_contents or age >= generation:
            break
        n_files, too_old = n_files - count, age + 1
    after: str | None = ""
    while after is not None:
        rows = connection.execute(
            "SELECT path, contents.id IS NULL OR met < ? FROM files "
            "LEFT JOIN contents ON contents.id = content_id WHERE path > ? ORDER BY path LIMIT ?",
            (too_old, after, _SWEEP_ROWS),
        ).fetchall()
        gone = [(path,) for path, is_gone in rows if is_gone]
        connection.executemany("DELETE FROM files WHERE path = ?", gone)
        after = rows[-1][0] if len(rows) == _SWEEP_ROWS else None
        yield


def _ids(connection: sqlite3.Connection, oldest: int, further: str) -> Iterator[Sequence[int]]:
    """The contents used last in a generation, some at a time, in the order of the files."""
    last = 0
    while True:
        rows = connection.execute(
            f"SELECT id FROM contents WHERE used = ? {further} AND id > ? ORDER BY id LIMIT ?",
            (oldest, last, _STEP_ROWS),
        ).fetchall()
        if not rows:
            return
        last = rows[-1][0]
        yield [row[0] for row in rows]


def _marks(ids: Sequence[int]) -> str:
    return ",".join("?" * len(ids))

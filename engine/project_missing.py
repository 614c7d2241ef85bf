"""What a project's file has lost that the trail, or a backup, still knows.

A file can be whole and yet older than it was left: its write-ahead log was deleted, or lay on a
card that was pulled. Its journal then ends before the trail does.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from engine import project_backups
from engine.project_connection import connect_to_read
from engine.project_trail import Entry, Trail, entries_after, is_of_journal, last_entry
from engine.words import Sentence, say

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Missing:
    """What the file lacks; false where that is nothing.

    Attributes:
        source: gives the entries in their order, read as they are asked for.
        moves: of images, as a trail has them.
        n_changes: how many changes :meth:`entries` has given, some entries each.
    """

    source: Callable[[], Iterator[Entry]] | None = None
    moves: list[tuple[int, str, str]] = field(default_factory=list)
    n_changes: int = 0

    def __bool__(self) -> bool:
        return self.source is not None

    def entries(self) -> Iterator[Entry]:
        """The entries in their order. Raises OSError where they cannot be read to the end."""
        before = None
        for entry in self.source() if self.source is not None else ():
            self.n_changes += entry.change != before
            before = entry.change
            yield entry

    def told(self, path: Path) -> Sentence:
        """What a person is told once it is back."""
        count = self.n_changes
        if count == 1:
            return say(
                "{path} had lost the last change that was saved to it; it is back, from the copy "
                "of the journal that is kept beside the backups.",
                path=path,
            )
        return say(
            "{path} had lost the last {count} changes that were saved to it; they are back, from "
            "the copy of the journal that is kept beside the backups.",
            path=path,
            count=count,
        )


def missing_entries(
    connection: sqlite3.Connection, trail: Trail, path: Path, folder: Path
) -> Missing:
    """What to replay, so that the project is as it was left; nothing where it is, or where it went
    its own way since.

    Raises:
        OSError: the trail cannot be read.
    """
    newest, left = last_entry(connection), trail.last()
    last = 0 if newest is None else newest.entry
    if left is None or left.entry <= last:
        return Missing()
    read = trail.read()
    gaps = read.gaps(last + 1, left.entry)
    backup = _newest_backup(path, folder)
    is_other = False
    if newest is not None and not read.gaps(last, last):
        is_other = not next(trail.entries(read, last - 1)).is_same(newest)
    elif newest is not None and backup is not None:
        of_backup = next(_of_backup(backup, [(last, last)]), newest)
        is_other = not of_backup.is_same(newest)
    if is_other or not (not gaps or _has(backup, gaps)):
        _log.warning("the trail of %s is not that of the file as it is", path)
        return Missing()

    def in_order() -> Iterator[Entry]:
        of_backup = _of_backup(backup, gaps)
        return heapq.merge(trail.entries(read, last), of_backup, key=lambda entry: entry.entry)

    return Missing(in_order, [move for move in read.moves if move[0] >= last])


def is_backed_up(connection: sqlite3.Connection, path: Path, folder: Path) -> bool:
    """Whether the newest backup has all that was done; so has none where nothing was."""
    newest = last_entry(connection)
    if newest is None:
        return True
    backups = project_backups.backups_of(path, folder)
    if not backups:
        return False
    try:
        with closing(connect_to_read(backups[-1].path)) as backup:
            return is_of_journal(newest, backup)
    except sqlite3.Error:
        return False


def last_but_one(path: Path, folder: Path) -> int:
    """The last entry of the newest backup but one, which a trail begins behind; 0 without one."""
    backups = project_backups.backups_of(path, folder)
    if len(backups) < 2:
        return 0
    try:
        with closing(connect_to_read(backups[-2].path)) as backup:
            newest = last_entry(backup)
            return 0 if newest is None else newest.entry
    except sqlite3.Error:
        return 0


def _newest_backup(path: Path, folder: Path) -> Path | None:
    backups = project_backups.backups_of(path, folder)
    return backups[-1].path if backups else None


def _has(backup: Path | None, spans: list[tuple[int, int]]) -> bool:
    """Whether a backup has all entries of some numbers."""
    if backup is None:
        return False
    counting = "SELECT count(*) FROM journal WHERE entry BETWEEN ? AND ?"
    try:
        with closing(connect_to_read(backup)) as connection:
            return all(
                connection.execute(counting, span).fetchone()[0] == span[1] - span[0] + 1
                for span in spans
            )
    except sqlite3.Error:
        return False


def _of_backup(backup: Path | None, spans: list[tuple[int, int]]) -> Iterator[Entry]:
    """The entries of some numbers that a backup has. Raises OSError where it cannot be read."""
    if backup is None:
        return
    try:
        with closing(connect_to_read(backup)) as connection:
            for first, last in spans:
                every = itertools.chain.from_iterable(entries_after(connection, first - 1))
                for entry in every:
                    if entry.entry > last:
                        break
                    yield entry
    except sqlite3.Error as error:
        raise OSError(f"{backup}: {error}") from error

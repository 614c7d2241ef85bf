"""What a project's file has lost that the trail, or a backup, still knows.

A file can be whole and yet older than it was left: its write-ahead log was deleted, or lay on a
card that was pulled. Its journal then ends before the trail does.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from engine import project_backups
from engine.project_connection import connect_to_read
from engine.project_trail import Entry, Trail, entries_after, is_of_journal, last_entry
from engine.words import Sentence, say

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """What the file lacks: entries in their order, and moves of images as a trail has them."""

    entries: list[Entry] = field(default_factory=list)
    moves: list[tuple[int, str, str]] = field(default_factory=list)

    def told(self, path: Path) -> Sentence:
        """What a person is told once it is back."""
        count = len({entry.change for entry in self.entries})
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
    known = dict(read.entries)
    if last + 1 not in known or (newest is not None and last not in known):
        for entry in _of_newest_backup(path, folder, max(0, last - 1)):
            known.setdefault(entry.entry, entry)
    is_other = newest is not None and last in known and not known[last].is_same(newest)
    wanted = range(last + 1, left.entry + 1)
    if is_other or not all(number in known for number in wanted):
        _log.warning("the trail of %s is not that of the file as it is", path)
        return Missing()
    moves = [move for move in read.moves if move[0] >= last]
    return Missing([known[number] for number in wanted], moves)


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


def _of_newest_backup(path: Path, folder: Path, after: int) -> list[Entry]:
    backups = project_backups.backups_of(path, folder)
    if not backups:
        return []
    try:
        with closing(connect_to_read(backups[-1].path)) as backup:
            return [entry for some in entries_after(backup, after) for entry in some]
    except sqlite3.Error:
        return []

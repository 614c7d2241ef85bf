"""Backups of a project in the person's own data: their names, their order, which of them stay.

A backup's name has its place in the row, counted up, and the time, which is for the person alone:
a clock that was set back or jumped changes no order, and what is old is what was made before.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from platformdirs import user_data_path

from engine.files import sync_folder
from engine.project_connection import connect, connect_to_read

SUFFIX: Final = ".handful"
MAX_BYTES: Final = 500_000_000  # Of all backups of a project; the newest two stay in any case.
_N_NEWEST: Final = 4  # Whatever the clock said when they were made.
_N_HOURS: Final = 24
_N_DAYS: Final = 30
_MAX_STEM_BYTES: Final = 100
_REST_S: Final = 0.02
_STEP_OPERATIONS: Final = 100_000  # Of SQLite's machine: some milliseconds.
_LEFT_S: Final = 3_600.0  # No backup takes that long.
_STEP_PAGES: Final = 512  # 2 MB; between two steps a backup can be called off.
_SETTING: Final = "backup_of"  # In a backup alone: the project's path.
# The second form is that of Handful 0.1, one a day.
_NAMED: Final = re.compile(
    r"-(?:(?P<place>\d{6})-(?P<hour>(?P<day>\d{8})-\d{2})\d{4}|(?P<date>\d{4}-\d\d-\d\d))\.handful"
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup by its name.

    Attributes:
        place: in the row of the project's backups; 0 for those of older programs.
        hour, day: when it was made, as its name says.
    """

    path: Path
    place: int
    hour: str
    day: str


class BackupStoppedError(Exception):
    """A backup was called off."""


def default_folder() -> Path:
    """Where the window keeps backups and trails: in the person's own data."""
    return user_data_path("Handful", appauthor=False) / "backups"


def backups_of(path: Path, folder: Path) -> list[Backup]:
    """The backups of the project that lies, or lay, at ``path``, oldest first."""
    return _sorted(_named(folder, f"{marked_stem(path)}-"))


def back_up(
    source: sqlite3.Connection,
    path: Path,
    folder: Path,
    *,
    is_stopped: Callable[[], bool] | None = None,
    check: Callable[[sqlite3.Connection, Path], None] | None = None,
) -> Path:
    """Copy a project as ``source`` sees it now, and let go of backups that need not stay.

    On any thread that may use ``source``, which must be in no transaction of its own writing.

    Args:
        path: of the project.
        folder: where backups are kept.
        is_stopped: as for :func:`copy_to`.
        check: looks at the copy before it counts, and raises where it is not whole.

    Raises:
        BackupStoppedError: it was called off.
        OSError, sqlite3.Error: it could not be made, and all is as it was.
    """
    kept = backups_of(path, folder)
    place = 1 + max((item.place for item in kept), default=0)
    name = f"{marked_stem(path)}-{place:06d}-{datetime.now(UTC):%Y%m%d-%H%M%S}{SUFFIX}"
    folder.mkdir(parents=True, exist_ok=True)
    with temporary_beside(folder / name) as temporary:
        copy_to(source, temporary, is_stopped=is_stopped)
        with closing(connect(temporary)) as made:
            hurry(made)
            where = os.fsencode(path.absolute()).decode(errors="replace")
            made.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (_SETTING, where))
            if check is not None:
                if is_stopped is not None:
                    asked = is_stopped
                    made.set_progress_handler(lambda: int(asked()), _STEP_OPERATIONS)
                try:
                    check(made, path)
                except sqlite3.OperationalError as error:
                    if is_stopped is not None and is_stopped():
                        raise BackupStoppedError from error
                    raise
        sync(temporary)
        # Nobody is to work in it, for it will be deleted: opened, it is copied elsewhere.
        temporary.chmod(0o400)
        _clear_up(folder, temporary)
        temporary.replace(folder / name)
        sync_folder(folder)
    for old in to_remove(backups_of(path, folder)):
        remove(old.path)
    return folder / name


def to_remove(
    backups: Sequence[Backup], size_of: Callable[[Path], int] | None = None
) -> list[Backup]:
    """Which of a project's backups, oldest first, need not stay.

    The newest few stay; of those before, the newest of each of 24 hours and of each of 30 days in
    which there was one, counted along the row, so that no clock decides that a backup is old.

    Args:
        size_of: bytes of a file; asked of the system where None.
    """
    keep: set[Backup] = set()
    hours: list[str] = []
    days: list[str] = []
    total = 0
    size_of = size_of or _size_of
    for number, item in enumerate(reversed(backups)):
        is_new_hour = bool(item.hour) and item.hour not in hours and len(hours) < _N_HOURS
        is_new_day = item.day not in days and len(days) < _N_DAYS
        if is_new_hour:
            hours.append(item.hour)
        if is_new_day:
            days.append(item.day)
        if number < _N_NEWEST or is_new_hour or is_new_day:
            total += size_of(item.path)
            if number >= 2 and total > MAX_BYTES:
                break  # And all before it.
            keep.add(item)
    return [item for item in backups if item not in keep]


def remove(path: Path) -> None:
    """Delete a backup, or leave it where that fails."""
    with contextlib.suppress(OSError):
        path.chmod(0o600)  # Windows deletes no read-only file.
        path.unlink()


def find_for(project_id: str, path: Path, folder: Path) -> list[Backup]:
    """The backups of a project, newest first: of its place, else those with its id, where it was.

    Args:
        project_id: see :func:`project_id_of`; empty where that cannot be read any more.
    """
    here = backups_of(path, folder)
    if here or not project_id:
        return here[::-1]
    found = [
        item
        for item in _named(folder, "")
        if _reads(item.path, lambda connection: project_id_of(connection) == project_id)
    ]
    return _sorted(found)[::-1]


def project_id_of(connection: sqlite3.Connection) -> str:
    """What a project is known by, wherever it lies: its id, or for older files when it was made."""
    known = dict(
        connection.execute("SELECT key, value FROM settings WHERE key IN ('id', 'created')")
    )
    return str(known.get("id") or known.get("created") or "")


def copy_to(
    source: sqlite3.Connection, path: Path, *, is_stopped: Callable[[], bool] | None = None
) -> None:
    """Make ``path`` a copy of what ``source`` sees: one file, with nothing beside it.

    Args:
        is_stopped: asked every 2 MB; where it is given, the copy is made beside other work, to
            which the disk is left in between. Raises BackupStoppedError where it is true.
    """

    def look(_status: int, remaining: int, _total: int) -> None:
        if is_stopped is None:
            return
        if is_stopped():
            raise BackupStoppedError
        if remaining:
            # Else a click that waits for the disk would wait for all that was copied so far.
            sync(path)
            time.sleep(_REST_S)

    with closing(connect(path)) as target:
        hurry(target)
        source.backup(target, pages=_STEP_PAGES, progress=look, sleep=0.05)
        target.execute("PRAGMA journal_mode = DELETE")
    sync(path)


def hurry(connection: sqlite3.Connection) -> None:
    """Have a file that nobody knows yet written without waiting; :func:`sync` it when it is done.

    Where that is cut short the file is left under its temporary name.
    """
    connection.execute("PRAGMA synchronous = OFF")


def sync(path: Path) -> None:
    """Wait until a file is on the disk."""
    file = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(file)
    finally:
        os.close(file)


def marked_stem(original: Path) -> str:
    """A name that no other project or folder has, wherever it lies."""
    whole = str(original.resolve()).encode("utf-8", "surrogatepass")
    return f"{short_stem(original.stem)}-{hashlib.blake2b(whole, digest_size=4).hexdigest()}"


def short_stem(name: str) -> str:
    """A name that leaves room for what is put behind it."""
    stem = os.fsencode(name)[:_MAX_STEM_BYTES].decode("utf-8", "ignore")
    return stem or "images"


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """A name in the same folder; what is left under it at the end, SQLite's files too, goes."""
    temporary = path.parent / f".handful-{uuid4().hex}.part"
    try:
        yield temporary
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            with contextlib.suppress(OSError):  # What went wrong is told, and not this after it.
                Path(f"{temporary}{suffix}").unlink()


def _clear_up(folder: Path, written: Path) -> None:
    """Delete what programs that were killed have left half written.

    Args:
        written: a file that was written just now: ages are told by the clock that wrote them.
    """
    now_s = written.stat().st_mtime
    for path in folder.glob(".handful-*.part*"):
        with contextlib.suppress(OSError):
            if now_s - path.stat().st_mtime > _LEFT_S:
                path.unlink()


def _named(folder: Path, start: str) -> list[Backup]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    found = []
    for name in names:
        named = _NAMED.search(name)
        if named is None or named.end() != len(name) or not name.startswith(start):
            continue
        if start and named.start() != len(start) - 1:
            continue
        place, hour = int(named["place"] or 0), named["hour"] or ""
        day = named["day"] or named["date"].replace("-", "")
        found.append(Backup(folder / name, place, hour, day))
    return found


def _sorted(backups: list[Backup]) -> list[Backup]:
    # Those of older programs have a date for a place, and come before all that are counted.
    return sorted(backups, key=lambda item: (item.place, item.path.name if not item.place else ""))


def _reads(path: Path, question: Callable[[sqlite3.Connection], bool]) -> bool:
    try:
        with closing(connect_to_read(path)) as connection:
            return question(connection)
    except sqlite3.Error:
        return False


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

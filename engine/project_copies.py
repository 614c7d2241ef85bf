"""Copies of projects that are read-only: worked in, taken back, and mended where they are damaged.

A project on a card with its lock on is worked in as a copy in the person's own data. Once it can be
written again, what was done in the copy comes back into it.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import sqlite3
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import Any, Final

from engine.errors import (
    DamagedProjectError,
    ProjectError,
    ProjectInUseError,
    ReadOnlyProjectError,
    sentence_for,
)
from engine.files import rename_new, sync_folder
from engine.project_backups import SUFFIX, copy_to, sync, temporary_beside
from engine.project_connection import connect, connect_to_read
from engine.project_files import (
    check_whole,
    fallback_paths,
    find_folder,
    folder_settings,
    project_error,
)
from engine.project_lock import ProjectLock
from engine.project_recovery import recover
from engine.words import NOTHING, Sentence, say

_LAST_ENTRY: Final = (
    "SELECT entry, change, at, action, subject, name, before, after FROM journal "
    "ORDER BY entry DESC LIMIT 1"
)


_log = logging.getLogger(__name__)


def writable_copy(path: Path, fallback_folder: Path) -> Path:
    """The copy of a read-only project in the fallback folder: the one worked in, or a new one."""
    copy = next(
        copy
        for copy in fallback_paths(path, fallback_folder)
        if not os.path.exists(copy) or _lineage(path, copy) in _MAY_BE_WORKED_IN
    )
    if os.path.exists(copy):
        return copy
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with temporary_beside(copy) as temporary:
            shutil.copyfile(path, temporary)
            log = Path(f"{path}-wal")
            if log.exists():  # It holds the newest labels of a program that did not end well.
                shutil.copyfile(log, f"{temporary}-wal")
            temporary.chmod(0o600)
            with closing(connect(temporary)) as connection:
                check_whole(connection, path)
                connection.executemany(
                    "INSERT OR REPLACE INTO settings VALUES (?, ?)",
                    [
                        # The images stay where they are; "beside the project" now means elsewhere.
                        *folder_settings(find_folder(connection, path.parent), copy),
                        ("copied_from", os.fsencode(path).decode(errors="replace")),
                    ],
                )
            sync(temporary)
            rename_new(temporary, copy)
            sync_folder(copy.parent)
    except FileExistsError:  # Another program has made it meanwhile.
        return copy
    except OSError as error:
        raise ReadOnlyProjectError(
            sentence_for(error, copy, say("copy the read-only project to"))
        ) from error
    except sqlite3.Error as error:
        raise project_error(error, path, say("copy")) from error
    return copy


def take_back_copies(path: Path, fallback_folder: Path, *, is_alone: bool) -> Sentence:
    """Bring what was done in copies, while a project was read-only, back into it.

    Only where the project itself was not worked in since: it then becomes what the copy is, and
    what it was is kept beside it under another name.

    Args:
        is_alone: who calls has the project's lock, so that no window can have it open whose labels
            would go to a file without a name. On a share SQLite could not tell.

    Returns:
        One sentence for the person, or nothing.
    """
    told = NOTHING
    for copy in fallback_paths(path, fallback_folder):
        if not os.path.exists(copy):
            return told
        try:
            match _lineage(path, copy):
                case _Lineage.UNKNOWN:
                    told = _is_damaged(path, copy)
                case _Lineage.AHEAD:
                    if not is_alone:
                        raise sqlite3.OperationalError("database is locked")
                    kept = _replace_by(path, copy)
                    told = say(
                        "What was labelled in {copy} while {path} was read-only is back in it; "
                        "what it held before is kept as {name}.",
                        copy=copy,
                        path=path,
                        name=kept.name,
                    )
                case _Lineage.BOTH if _is_news(path, copy):
                    told = say(
                        "{path} and {copy}, a copy from when it was read-only, were both worked "
                        "in: the labels of the copy are only there.",
                        path=path,
                        copy=copy,
                    )
                case _:
                    pass
        except DamagedProjectError:
            told = _is_damaged(path, copy)
        except (sqlite3.Error, OSError, ProjectError) as error:
            _log.warning("could not bring %s back into %s: %s", copy, path, error)
            told = say(
                "What was labelled in {copy} while {path} was read-only could not be brought "
                "back now; it is only there.",
                copy=copy,
                path=path,
            )
    return told


def _is_damaged(path: Path, copy: Path) -> Sentence:
    return say(
        "{copy} is damaged, so what was labelled in it while {path} was read-only could not be "
        "brought back; open it to have it repaired.",
        copy=copy,
        path=path,
    )


def taken_back(path: Path, fallback_folder: Path, lock: ProjectLock | None) -> Sentence:
    """Take copies back under the project's lock, which is held for as long as that takes if it is
    not held anyway."""
    if not os.path.exists(next(fallback_paths(path, fallback_folder))):
        return NOTHING
    if lock is not None:
        is_alone = lock.is_first
        return take_back_copies(path, fallback_folder, is_alone=is_alone)
    try:
        held = ProjectLock(path)
    except ProjectInUseError:
        return take_back_copies(path, fallback_folder, is_alone=False)
    try:
        return take_back_copies(path, fallback_folder, is_alone=held.is_first)
    finally:
        held.close()


def made_whole(original: Path, copy: Path, backup_folder: Path | None) -> Sentence:
    """Mend the damaged copy of a read-only project like any other; what the person is told.

    Another copy in its place would have what the trail tells, which may end before the copy does.
    """
    done = recover(copy, backup_folder, original=original)
    return say(
        "{copy}, the copy of the read-only project {path}, was damaged and is repaired; labels in "
        "it: {count}. What was brought back from where is told in {name}.",
        copy=copy,
        path=original,
        count=done.n_labels,
        name=f"{done.damaged}.txt",
    )


class _Lineage(Enum):
    """What a copy is to the project that it was made of, by what their journals hold."""

    SAME = "same"
    AHEAD = "ahead"
    BEHIND = "behind"
    BOTH = "both"
    STRANGER = "stranger"  # A copy of another project that lay at the same place.
    UNKNOWN = "unknown"  # The copy cannot be read.


_MAY_BE_WORKED_IN: Final = (_Lineage.SAME, _Lineage.AHEAD, _Lineage.UNKNOWN)


def _lineage(path: Path, copy: Path) -> _Lineage:
    """How a copy and its original differ; journals only grow, so one entry tells of all before."""
    created = "SELECT value FROM settings WHERE key = 'created'"
    is_original = True
    try:
        with closing(connect_to_read(path)) as original:
            begun, last = original.execute(created).fetchone(), original.execute(_LAST_ENTRY)
            newest = last.fetchone()
            is_original = False
            with closing(connect_to_read(copy)) as other:
                if begun != other.execute(created).fetchone():
                    return _Lineage.STRANGER
                is_in_copy = _holds(other, newest)
                last_of_copy = other.execute(_LAST_ENTRY).fetchone()
            is_original = True
            is_in_original = _holds(original, last_of_copy)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        _log.warning("could not compare %s with %s: %s", copy, path, error)
        # Opening it says what is wrong with it.
        return _Lineage.SAME if is_original else _Lineage.UNKNOWN
    match (is_in_copy, is_in_original):
        case (True, True):
            return _Lineage.SAME
        case (True, False):
            return _Lineage.AHEAD
        case (False, True):
            return _Lineage.BEHIND
    return _Lineage.BOTH


def _holds(connection: sqlite3.Connection, entry: tuple[Any, ...] | None) -> bool:
    if entry is None:
        return True
    found = connection.execute(_LAST_ENTRY.replace("ORDER", "WHERE entry = ? ORDER"), entry[:1])
    return bool(found.fetchone() == entry)


def _replace_by(path: Path, copy: Path) -> Path:
    """Make ``path`` what ``copy`` is; return where what it was is kept."""
    kept = next(
        name
        for number in itertools.count(1)
        if not os.path.exists(
            name := path.with_name(f"{path.stem} before taking back {number}{SUFFIX}")
        )
    )
    with temporary_beside(path) as temporary, temporary_beside(kept) as old:
        with closing(connect(path)) as original:
            copy_to(original, old)
            settings = original.execute(
                "SELECT key, value FROM settings WHERE key LIKE 'folder%'"
            ).fetchall()
        with closing(connect_to_read(copy)) as source:
            copy_to(source, temporary)
        with closing(connect(temporary)) as connection:
            connection.execute("DELETE FROM settings WHERE key = 'copied_from'")
            connection.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings)
            check_whole(connection, copy)
        with closing(connect(path)) as original:
            # A log left behind would be taken for the new file's. This takes having it alone.
            original.execute("PRAGMA busy_timeout = 0")
            if original.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
                raise sqlite3.OperationalError("database is locked")
        sync(temporary)
        rename_new(old, kept)
        temporary.replace(path)
        sync_folder(path.parent)
    return kept


def _is_news(path: Path, copy: Path) -> bool:
    """Whether the person was not told yet that both were worked in; from now on they were."""
    with closing(connect_to_read(copy)) as other:
        (entry,) = other.execute("SELECT max(entry) FROM journal").fetchone()
    with closing(connect(path)) as connection:
        cursor = connection.execute(
            "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = ?2 "
            "WHERE value != ?2",
            (f"told_of:{copy.name}", str(entry)),
        )
        return cursor.rowcount > 0

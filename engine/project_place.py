"""Whether the name of an open project still leads to the file that is open.

A file that is deleted or replaced while it is open goes on without a name: all that is written to
it then is gone with the program. The same goes for its log.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from engine.files import rename_new, sync_folder
from engine.project_backups import SUFFIX, copy_to, hurry, temporary_beside
from engine.project_connection import connect, connect_to_read
from engine.project_files import FileNumber, check_whole, move_logs, number_of
from engine.project_trail import is_of_journal, last_entry


class ProjectPlace:
    """The file of an open project, and its log, by which the system tells them apart."""

    def __init__(self, path: Path, *, has_log: bool) -> None:
        self._path = path
        self._has_log = has_log
        self._log = Path(f"{path}-wal")
        self._numbers: tuple[FileNumber | None, FileNumber | None] = (None, None)
        self._written: FileNumber | None = None
        self.renew()

    def renew(self) -> None:
        """What the names lead to now is what is open."""
        self._numbers = number_of(self._path), number_of(self._log)
        self._written = None

    def note_written(self) -> None:
        """What the name leads to now is a copy of what is open, which is not open itself yet."""
        self._written = number_of(self._path)

    def is_kept(self, connection: sqlite3.Connection) -> bool:
        """Whether what ``connection`` writes can be read by the name; some microseconds.

        Raises sqlite3.Error.
        """
        file, log = self._numbers
        now = number_of(self._path), number_of(self._log)
        if now == self._numbers:
            return True
        if now[0] == file is not None and log is None:  # The log is made with the first write.
            self._numbers = now
            return True
        if self._has_log or now[0] is None:
            return False
        # On some shares, where there is no log, files change their numbers.
        newest = last_entry(connection)
        try:
            with closing(connect_to_read(self._path)) as other:
                is_read = newest is None or is_of_journal(newest, other)
        except sqlite3.Error:
            is_read = False
        if is_read:
            self._numbers = now
        return is_read

    @property
    def is_moved(self) -> bool:
        """Whether the folder is gone, too: the file went with it, or will be back with it."""
        return not os.path.exists(self._path.parent)

    def is_in_place(self) -> bool:
        """Whether the name leads to the file that is open, as far as numbers tell; on any thread.

        On shares, where there is no log, they do not.
        """
        return not self._has_log or number_of(self._path) == self._numbers[0]

    @property
    def numbers(self) -> tuple[FileNumber, FileNumber] | None:
        """Those of the file and its log; None where they tell nothing."""
        file, log = self._numbers
        return (file, log) if self._has_log and file is not None and log is not None else None

    @property
    def is_written(self) -> bool:
        """Whether the name leads to what was noted as written."""
        return self._written is not None and number_of(self._path) == self._written

    @property
    def has_another_name(self) -> bool | None:
        """Whether the file was renamed, or is in the trash; None where nobody can tell.

        Asked of what the program holds open: to open the file and close it would cost its locks.
        """
        try:
            handles = [int(name) for name in os.listdir("/dev/fd")]
        except (OSError, ValueError):
            return None
        for handle in handles:
            with suppress(OSError):
                status = os.fstat(handle)
                if (status.st_dev, status.st_ino) == self._numbers[0]:
                    return status.st_nlink > 0
        return None

    def remove_empty_log(self) -> None:
        """Delete what a file that was renamed has left beside its former name."""
        with suppress(OSError):
            is_own = number_of(self._log) == self._numbers[1] is not None
            if self.is_free and is_own and not self._log.stat().st_size:
                self._log.unlink()
                Path(f"{self._path}-shm").unlink(missing_ok=True)

    @property
    def has_lost_log(self) -> bool:
        """Whether the file is the same, and only its log has no name any more."""
        return number_of(self._path) == self._numbers[0]

    def let_go_of_log(self) -> None:
        """The open file's log is not to be taken for that of the file that is there now."""
        if self._numbers[1] is not None and number_of(self._log) == self._numbers[1]:
            move_logs(self._path)

    @property
    def is_free(self) -> bool:
        """Whether nothing has the name."""
        return not os.path.exists(self._path)


def write_again(connection: sqlite3.Connection, path: Path, *, is_free: bool = True) -> None:
    """Write a project under its name again; the connection stays with the file as it was.

    Args:
        is_free: nothing has the name; else what has it is the project itself, and is replaced.

    Raises:
        FileExistsError: there is another file of that name by now.
        OSError, sqlite3.Error, DamagedProjectError: it could not be written.
    """
    with temporary_beside(path) as temporary:
        _copy(connection, temporary, path)
        move_logs(path)  # Of the file that is gone.
        if is_free:
            rename_new(temporary, path)
        else:
            temporary.replace(path)
        with suppress(OSError):  # It is there, whenever the disk says so.
            sync_folder(path.parent)


def empty_log(connection: sqlite3.Connection) -> bool:
    """Have all that the log holds in the file itself; False where somebody still reads the log.

    Raises sqlite3.Error.
    """
    (wait_ms,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.execute(f"PRAGMA busy_timeout = {wait_ms}")


def is_log_of_another(path: Path, noted: object) -> bool:
    """Whether the log beside a file is that of the one that had its name before.

    SQLite tells logs apart by their names alone, and would write it into the file.

    Args:
        noted: the numbers of file and log as a program that was killed had them open. Where both
            are others now they were copied together.
    """
    match noted:
        case [[int(), int()] as file, [int(), int()] as log]:
            is_same_log = number_of(Path(f"{path}-wal")) == tuple(log)
            return is_same_log and number_of(path) not in (tuple(file), None)
        case _:
            return False


def write_beside(connection: sqlite3.Connection, path: Path) -> Path:
    """Write a project beside the file that has taken its place; return where.

    Raises:
        OSError, sqlite3.Error, DamagedProjectError: it could not be written.
    """
    for number in itertools.count(1):
        beside = path.with_name(f"{path.stem} kept {number}{SUFFIX}")
        if os.path.exists(beside):
            continue
        with temporary_beside(beside) as temporary:
            _copy(connection, temporary, path)
            rename_new(temporary, beside)
            sync_folder(beside.parent)
        return beside
    raise AssertionError("numbers do not end")


def _copy(connection: sqlite3.Connection, target: Path, path: Path) -> None:
    copy_to(connection, target)
    with closing(connect(target)) as made:
        hurry(made)
        check_whole(made, path)

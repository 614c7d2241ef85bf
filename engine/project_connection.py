"""Connections to a project's file, which may come from anybody and lie anywhere.

What a file may cost is bounded before its first statement is read. Where it lies on another
computer it gets no write-ahead log: that needs memory which two computers do not share
(https://www.sqlite.org/wal.html).
"""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Any, Final

# Ours are far below: a row is some kilobytes at most, a statement has 500 parameters.
_LIMITS: Final = (
    (sqlite3.SQLITE_LIMIT_LENGTH, 16_000_000),
    (sqlite3.SQLITE_LIMIT_SQL_LENGTH, 100_000),
    (sqlite3.SQLITE_LIMIT_COLUMN, 100),
    (sqlite3.SQLITE_LIMIT_EXPR_DEPTH, 100),
    (sqlite3.SQLITE_LIMIT_COMPOUND_SELECT, 50),
    (sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH, 10),
    (sqlite3.SQLITE_LIMIT_ATTACHED, 0),
    (sqlite3.SQLITE_LIMIT_WORKER_THREADS, 0),
)
_REMOTE: Final = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "9p", "ncpfs", "lustre"),
        *("glusterfs", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.davfs", "davfs"),
        *("fuse.gvfsd-fuse", "fuse.s3fs", "vboxsf", "prl_fs"),
    )
)
_MOUNTS: Final = Path("/proc/self/mounts")
_DRIVE_REMOTE: Final = 4  # Of GetDriveTypeW.


class _Connection(sqlite3.Connection):
    """One whose statements fail with errors of SQLite alone.

    A damaged file may name lengths for which there is no memory, where a limit of lengths does not
    reach; that this computer has too little for a row of ours is the rarer case.
    """

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*arguments)
        except MemoryError as error:
            raise sqlite3.DatabaseError(
                "database disk image is malformed, or there is not enough memory for it"
            ) from error


def connect(path: Path) -> sqlite3.Connection:
    """A connection that may write, without transactions of sqlite3's own making."""
    # Transactions are begun and ended by hand (isolation_level=None): sqlite3's implicit ones
    # leave DDL and PRAGMAs outside.
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, factory=_Connection)
    try:
        _restrain(connection)
        if is_remote(path):
            # A log that another program left there could not be read with shared memory; with
            # the file alone it can (https://www.sqlite.org/wal.html#noshm), and goes below.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that only looks."""
    mode = "mode=ro"
    is_writable = os.access(path.parent, os.W_OK | os.X_OK)
    if not is_writable and not Path(f"{path}-wal").exists():
        mode += "&immutable=1"  # WAL files cannot be made beside it, and nobody can be writing.
    try:
        return _reading(path, mode)
    except sqlite3.OperationalError as error:
        log = Path(f"{path}-wal")
        has_log = log.exists() and log.stat().st_size > 0
        if "locked" in str(error) or has_log or "immutable" in mode:
            raise
        # A disk without any room has none for what a log needs beside it; what is saved is in the
        # file, and can be looked at.
        return _reading(path, f"{mode}&immutable=1")


def _reading(path: Path, mode: str) -> sqlite3.Connection:
    address = path.resolve().as_uri()
    if not address.startswith("file:///"):  # A share of Windows; SQLite knows no servers in it.
        address = f"file:////{address.removeprefix('file://')}"
    connection = sqlite3.connect(f"{address}?{mode}", uri=True, factory=_Connection)
    try:
        _restrain(connection)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def make_durable(connection: sqlite3.Connection, path: Path) -> None:
    """Have a commit wait for the disk. This writes to the file: only ever done to one of ours."""
    if is_remote(path):
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA locking_mode = NORMAL")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # Lets go of the lock.
    else:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # What a file system that cannot share memory says, it says at the first use.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "full" in str(error):
                raise
            # As durable, and a little slower.
            connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")


def is_remote(path: Path) -> bool:
    """Whether a file lies on another computer, as far as the system tells."""
    if sys.platform == "win32":
        import ctypes

        root = os.path.splitdrive(os.path.abspath(path))[0] + "\\"
        return bool(ctypes.windll.kernel32.GetDriveTypeW(root) == _DRIVE_REMOTE)
    try:
        mounts = _MOUNTS.read_text(errors="surrogateescape")
    except OSError:  # No Linux: SQLite finds out by itself.
        return False
    return file_system_of(os.path.realpath(path), mounts) in _REMOTE


def file_system_of(path: str, mounts: str) -> str:
    """The kind of file system that a path lies on.

    Args:
        path: absolute, without links.
        mounts: as /proc/self/mounts has it: device, place and kind a line, later ones above.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = _unescaped(fields[1])
        is_above = path == place or path.startswith(place.rstrip("/") + "/")
        if is_above and len(place) >= len(best):
            best, kind = place, fields[2]
    return kind


def _unescaped(place: str) -> str:
    for code, letter in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        place = place.replace(code, letter)
    return place


def _restrain(connection: sqlite3.Connection) -> None:
    """Let a file that may be anybody's do nothing but hold rows."""
    for limit, number in _LIMITS:
        connection.setlimit(limit, number)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_VIEW, False)

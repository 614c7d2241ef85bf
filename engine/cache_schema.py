"""The two files of the cache of images: their tables, and opening connections to them.

Embeddings and what leads to them lie in one file, thumbnails in another: going through a million
embeddings then reads 1.4 GB and not six. All that is large is keyed by small numbers given in the
order in which contents came, which is mostly that of a folder: what is added goes to the end, and
what is asked for together lies together. Only 16 bytes a content are spread by hash.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from functools import cache
from pathlib import Path
from typing import Final

from engine.images import HASH_VERSION

FORMAT: Final = 4
"""In the files' names: programs of two formats never meet in a file, nor harm the other's."""
NAMES: Final = (f"images-{FORMAT}.sqlite", f"thumbnails-{FORMAT}.sqlite")
TABLES: Final = ("contents", "files", "embeddings", "layouts", "encoders", "thumbs.thumbnails")
"""All that hold something."""
MEMORY: Final = ":memory:"
ENCODER_SHIFT: Final = 40  # An embedding's number: the encoder's above these bits, the content's.
BUSY_S: Final = 5.0

_PAGE_BYTES: Final = (4096, 65536)  # Small pages would stay half empty.
# Of pages in memory, for each connection. The system keeps what it has room for: with eight times
# as much no lookup or write of 100,000 images was quicker, but memory grew with them.
_KEPT_KB: Final = (2_048, 4_096)
_WAL_BYTES: Final = 64_000_000
# Pages in a log until whoever writes takes them into the file himself, which waits for the disk;
# tidying does it before.
_WAL_PAGES: Final = 4096
# A layout of ten million images; a blob that claims to be larger is an error, and not read.
_MOST_BLOB_BYTES: Final = 256_000_000
_TABLES: Final = (
    """
    CREATE TABLE state (generation INTEGER, hour INTEGER);
    INSERT INTO state VALUES (1, 0);
    CREATE TABLE encoders (id INTEGER PRIMARY KEY, key TEXT UNIQUE, used INTEGER);
    CREATE TABLE contents (
        id INTEGER PRIMARY KEY AUTOINCREMENT, content BLOB UNIQUE, used INTEGER,
        has_thumbnail INTEGER, perceptual_hash INTEGER, taken_s INTEGER
    );
    CREATE TABLE files (
        path TEXT PRIMARY KEY, size_bytes INTEGER, modified_ns INTEGER, changed_ns INTEGER,
        content_id INTEGER, met INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE embeddings (id INTEGER PRIMARY KEY, embedding BLOB);
    CREATE TABLE layouts (
        folder TEXT, encoder TEXT, hashes BLOB, positions BLOB, used INTEGER,
        PRIMARY KEY (folder, encoder)
    );
    """,
    # The content once more: should one file be lost or a second older than the other, a number
    # may mean something else in it.
    """
    CREATE TABLE thumbs.thumbnails (
        id INTEGER PRIMARY KEY, content BLOB, jpeg BLOB
    );
    """,
)
_SCHEMAS: Final = ("main", "thumbs")
_REMOTE: Final = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "lustre", "gpfs")
_REMOTE_TOO: Final = ("beegfs", "glusterfs", "fuse.glusterfs", "fuse.sshfs", "fuse.rclone")


_DAMAGE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class DamagedError(sqlite3.DatabaseError):
    """The files hold something else than this program's tables."""


def connect(folder: Path | None, *, is_reader: bool = False) -> sqlite3.Connection:
    """A connection to both files, ``main`` and ``thumbs``; None: to a cache in memory.

    No transaction is open, and none is begun unasked. Files that are not there are made.

    Raises:
        sqlite3.Error: it cannot be had; see :func:`is_damage`.
    """
    places = [MEMORY if folder is None else str(folder / name) for name in NAMES]
    connection = sqlite3.connect(
        places[0], timeout=BUSY_S, check_same_thread=False, isolation_level=None
    )
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BLOB_BYTES)
        # Whoever wrote the file: nothing in it is run that this program did not put there.
        connection.execute("PRAGMA trusted_schema = OFF")
        # Overwriting what is deleted with zeros, as some builds do, would double that work.
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("ATTACH ? AS thumbs", (places[1],))
        connection.execute(f"PRAGMA wal_autocheckpoint = {_WAL_PAGES}")
        is_remote = folder is not None and _is_remote(folder)
        for schema, page_bytes, kept_kb in zip(_SCHEMAS, _PAGE_BYTES, _KEPT_KB, strict=True):
            if not connection.execute(f"PRAGMA {schema}.page_count").fetchone()[0]:
                # Later this would be a write, for which an opening program had to wait.
                connection.execute(f"PRAGMA {schema}.page_size = {page_bytes}")
                connection.execute(f"PRAGMA {schema}.auto_vacuum = INCREMENTAL")
            for pragma in (
                # Programs on two computers cannot share the memory that a WAL needs.
                f"journal_mode = {'TRUNCATE' if is_remote else 'WAL'}",
                # A cache may lose its last second in a power cut; it must not wait for the disk.
                "synchronous = NORMAL",
                f"journal_size_limit = {_WAL_BYTES}",
                f"cache_size = -{kept_kb}",
            ):
                connection.execute(f"PRAGMA {schema}.{pragma}")
        _check_tables(connection)
        if is_reader:
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the files are damaged or another's; not locked, full, read-only or closed."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return isinstance(error, DamagedError) or code in (
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
    )


def is_busy(error: sqlite3.Error) -> bool:
    """Whether somebody else is writing."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _code(error: sqlite3.Error) -> int:
    """SQLite's own number; 0 where Python found the fault."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _check_tables(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none; refuse anything but these, triggers and views too."""
    if any(_version(connection, schema) == 0 for schema in _SCHEMAS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            for schema, tables in zip(_SCHEMAS, _TABLES, strict=True):
                if _version(connection, schema) == 0 and not _names(connection, schema):
                    for statement in tables.split(";")[:-1]:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA {schema}.user_version = {FORMAT}")
                    # See cache_hashes: none in it is of another version.
                    connection.execute(f"PRAGMA {schema}.application_id = {HASH_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    if any(_version(connection, schema) != FORMAT for schema in _SCHEMAS):
        raise DamagedError("it has another format")
    if [_names(connection, schema) for schema in _SCHEMAS] != _expected_tables():
        raise DamagedError("it has other tables")


def _version(connection: sqlite3.Connection, schema: str) -> int:
    (version,) = connection.execute(f"PRAGMA {schema}.user_version").fetchone()
    return int(version)


def _names(connection: sqlite3.Connection, schema: str) -> set[tuple[str, str, str | None]]:
    rows = connection.execute(f"SELECT type, name, sql FROM {schema}.sqlite_master")
    return set(rows.fetchall())


@cache
def _expected_tables() -> list[set[tuple[str, str, str | None]]]:
    connection = sqlite3.connect(MEMORY, isolation_level=None)
    connection.execute("ATTACH ':memory:' AS thumbs")
    for tables in _TABLES:
        connection.executescript(tables)
    expected = [_names(connection, schema) for schema in _SCHEMAS]
    connection.close()
    return expected


def _is_remote(folder: Path) -> bool:
    """Whether a folder lies on another computer, as far as the system tells."""
    if sys.platform == "win32":
        import ctypes

        drive = os.path.splitdrive(os.path.abspath(folder))[0]
        return drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(drive + "\\") == 4
    try:
        mounts = Path("/proc/self/mounts").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    place = os.path.realpath(folder)
    found, kind = "", ""
    for line in mounts:
        _, point, its_kind, *_ = line.split(" ")
        point = point.replace("\\040", " ")
        is_above = place == point or place.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= len(found):  # Of two at one place the later is seen.
            found, kind = point, its_kind
    return kind in _REMOTE + _REMOTE_TOO

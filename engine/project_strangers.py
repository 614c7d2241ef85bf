"""What a project's file may hold: our tables as we make them, and values as we write them.

A project may have been sent by anybody. Its triggers run when it is written to, and its names are
followed to files, so both are looked at before anything is read or written. Tables that only a
newer Handful knows are let be where they are plain: nobody here reads them.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Final

from engine.errors import DamagedProjectError
from engine.project_schema import known_statements, plain_statement
from engine.words import Sentence, say

_NEEDED: Final = ("settings", "images", "classes", "labels", "journal")
_MAX_CLASSES: Final = 10_000
_MAX_IMAGES: Final = 50_000_000
_MAX_STATEMENTS: Final = 100
_MAX_NAME_BYTES: Final = 32_768  # The longest path that any system takes.
_MAX_TEXT_BYTES: Final = 1_000_000  # A person's note of a class, the longest text there is.
_PLAIN_TABLE: Final = re.compile(
    r"CREATE TABLE (\w+) \((?: ?\w+ (?:INTEGER|INT|REAL|TEXT|BLOB|ANY)"
    r"(?: PRIMARY KEY| NOT NULL| UNIQUE| REFERENCES \w+ \(\w+\)| DEFAULT -?\d+)*,?)+ ?\) ?STRICT",
    re.ASCII,
)
_PLAIN_INDEX: Final = re.compile(
    r"CREATE (?:UNIQUE )?INDEX \w+ ON (\w+) \(\w+(?:, \w+)*\)(?: WHERE \w+ IS NOT NULL)?", re.ASCII
)
# What keeps a mark with its bytes, as labels and images set aside have it.
_MARK_TRIGGER: Final = re.compile(
    r"CREATE TRIGGER \w+ BEFORE UPDATE OF size_bytes, modified_ns ON images "
    r"WHEN OLD\.size_bytes != NEW\.size_bytes OR OLD\.modified_ns != NEW\.modified_ns "
    r"BEGIN UPDATE (\w+) SET content = x'' "
    r"WHERE image_id = OLD\.image_id AND content IS NULL; END",
    re.ASCII,
)


def check_statements(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file with anything but tables of ours, or plain ones of a newer Handful.

    Raises:
        DamagedProjectError: it has something else, or lacks a table of ours.
    """
    known = known_statements()
    ours = {name for kind, name in known if kind == "table"}
    found: set[tuple[str, str]] = set()
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT ?", (_MAX_STATEMENTS + 1,)
    ).fetchall()
    if len(rows) > _MAX_STATEMENTS:
        raise _foreign(path, say("more than {count} tables", count=_MAX_STATEMENTS))
    for kind, name, table, sql in rows:
        if not all(isinstance(item, str) for item in (kind, name, table)):
            raise _foreign(path, say("a table without a name"))
        if sql is None and kind == "index" and name.startswith("sqlite_autoindex_"):
            continue
        statement = plain_statement(sql) if isinstance(sql, str) else ""
        if (kind, name) in known:
            if statement != known[kind, name]:
                raise _foreign(path, say("“{name}”, made differently", name=_shown(name)))
            found.add((kind, name))
        elif not _is_plain(kind, name, table, statement, ours):
            raise _foreign(path, say("“{name}” ({kind})", name=_shown(name), kind=_shown(kind)))
    missing = {("table", name) for name in _NEEDED} - found
    if missing:
        raise DamagedProjectError(
            say(
                "{path} is not a project that Handful can open: its table “{name}” is missing.",
                path=path,
                name=min(name for _, name in missing),
            )
        )


def check_values(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse values that no Handful writes: counts and lengths beyond all measure, and labels of
    nothing.

    Raises:
        DamagedProjectError: the file has such.
    """
    (n_classes,) = connection.execute(
        "SELECT count(*) FROM (SELECT 1 FROM classes LIMIT ?)", (_MAX_CLASSES + 1,)
    ).fetchone()
    if n_classes > _MAX_CLASSES:
        raise _excessive(path, say("more than {count} classes", count=_MAX_CLASSES))
    for extreme in ("min", "max"):
        (number,) = connection.execute(f"SELECT {extreme}(image_id) FROM images").fetchone()
        if number is not None and not 0 < number <= _MAX_IMAGES:
            raise _excessive(path, say("an image with the number {number}", number=number))
    for table, column, most in (
        # Once through the table for both, which are most of the file.
        ("images", "max(length(name), coalesce(length(content), 0) * 500)", _MAX_NAME_BYTES),
        ("classes", "length(name)", _MAX_TEXT_BYTES),
        ("classes", "length(colour)", 100),
        ("settings", "length(value)", _MAX_NAME_BYTES),
    ):
        longest = connection.execute(
            f"SELECT {column} FROM {table} WHERE {column} > ? LIMIT 1", (most,)
        ).fetchone()
        if longest is not None:
            raise _excessive(path, say("a value that is too large"))
    for table, column, of in (
        ("labels", "class_id", "classes"),
        ("labels", "image_id", "images"),
    ):
        # Each label is looked up; a project has few of them beside its images.
        stray = connection.execute(
            f"SELECT {column} FROM {table} WHERE NOT EXISTS "
            f"(SELECT 1 FROM {of} WHERE {of}.{column} = {table}.{column}) LIMIT 1"
        ).fetchone()
        if stray is not None:
            raise _excessive(path, say("a label of something that is not in it"))


def _is_plain(kind: str, name: str, table: str, statement: str, ours: set[str]) -> bool:
    if name.startswith("sqlite_"):
        return kind == "table" and name in ("sqlite_stat1", "sqlite_sequence")
    match kind:
        case "table":
            found = _PLAIN_TABLE.fullmatch(statement)
            return found is not None and found[1] == name
        case "index":
            found = _PLAIN_INDEX.fullmatch(statement)
            return found is not None and found[1] == table
        case "trigger":
            found = _MARK_TRIGGER.fullmatch(statement)
            return found is not None and table == "images" and found[1] not in ours
        case _:
            return False


def _shown(text: object) -> str:
    whole = str(text).encode(errors="replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in whole[:60])


def _foreign(path: Path, what: Sentence) -> DamagedProjectError:
    return DamagedProjectError(
        say(
            "{path} was not opened: it has {what}, which Handful does not make; it is "
            "damaged, of a newer version, or meant to do harm.",
            path=path,
            what=what,
        ),
        path,
    )


def _excessive(path: Path, what: Sentence) -> DamagedProjectError:
    return DamagedProjectError(
        say(
            "{path} was not opened: it has {what}, which no project has; it is damaged, or "
            "meant to do harm.",
            path=path,
            what=what,
        ),
        path,
    )

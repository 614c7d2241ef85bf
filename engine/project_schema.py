"""The tables of a project file, their formats, and what older files get when it is needed.

Tables that came later are made with the first thing to be kept in them: so a project that has no
such thing can still be opened by an older program, which leaves them alone where they are.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import cache
from typing import Final

from engine.messages import NONE_OF_THESE
from engine.project_records import NONE_CLASS

# A file has format 1 until its first negative example, and 2 from then on: the same tables, with a
# row for NONE_OF_THESE among the classes, which an older program would show as a class to predict.
# So a project without negative examples can still be opened by one.
APPLICATION_ID: Final = 0x48616E64  # "Hand", shown by file(1) and checked at opening.
FORMAT_VERSION: Final = 2
_FIRST_FORMAT: Final = 1
_FORMAT_WITH_NONE: Final = 2

_SCHEMA: Final = """
CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE images (
    image_id    INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,   -- relative to the folder, with /
    size_bytes  INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    content     BLOB,                   -- 16-byte hash of the bytes, once they were read
    missing     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX images_by_content ON images (content) WHERE content IS NOT NULL;
CREATE TABLE classes (
    class_id INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    colour   TEXT NOT NULL,
    hotkey   INTEGER,
    position INTEGER NOT NULL,
    removed  INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE labels (
    image_id INTEGER PRIMARY KEY REFERENCES images (image_id),
    class_id INTEGER NOT NULL REFERENCES classes (class_id),
    content  BLOB                       -- hash of the bytes that were labelled; NULL: those of the
                                        -- file as it is, not read yet; x'': others, never read
) STRICT;
CREATE TRIGGER labelled_bytes_are_gone BEFORE UPDATE OF size_bytes, modified_ns ON images
WHEN OLD.size_bytes != NEW.size_bytes OR OLD.modified_ns != NEW.modified_ns
BEGIN UPDATE labels SET content = x'' WHERE image_id = OLD.image_id AND content IS NULL; END;
CREATE INDEX labels_by_class ON labels (class_id);
CREATE TABLE journal (
    entry   INTEGER PRIMARY KEY,
    change  INTEGER NOT NULL,           -- entries of one change share this number
    at      TEXT NOT NULL,              -- UTC, ISO 8601
    action  TEXT NOT NULL,
    subject TEXT NOT NULL,              -- 'image', 'class' or 'model'
    name    TEXT NOT NULL,              -- that of the image, class or model
    before  TEXT,                       -- JSON, NULL: there was none
    after   TEXT                        -- JSON, NULL: there is none
) STRICT;
CREATE TRIGGER journal_is_never_rewritten BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
CREATE TRIGGER journal_is_never_shortened BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
"""

_NOTES: Final = (
    "CREATE TABLE IF NOT EXISTS class_notes (class_id INTEGER PRIMARY KEY "
    "REFERENCES classes (class_id), note TEXT NOT NULL) STRICT"
)

# Kept without a class until a change gives them one, and never taken out, so that undo has them.
_EXAMPLES: Final = """
CREATE TABLE IF NOT EXISTS model_examples (
    example_id INTEGER PRIMARY KEY,
    class_id   INTEGER,                 -- NULL: left out
    model      TEXT NOT NULL,           -- what a person calls the model they came with
    encoder    TEXT NOT NULL,           -- fingerprint
    embedding  BLOB NOT NULL,           -- float16, little-endian
    perceptual_hash BLOB NOT NULL       -- 8 bytes, the highest first
) STRICT
"""

# As labels are, these marks are of bytes; see there.
_SET_ASIDE: Final = """
CREATE TABLE set_aside (
    image_id INTEGER PRIMARY KEY REFERENCES images (image_id),
    content  BLOB
) STRICT;
CREATE TRIGGER bytes_set_aside_are_gone BEFORE UPDATE OF size_bytes, modified_ns ON images
WHEN OLD.size_bytes != NEW.size_bytes OR OLD.modified_ns != NEW.modified_ns
BEGIN UPDATE set_aside SET content = x'' WHERE image_id = OLD.image_id AND content IS NULL; END;
"""


def fill_new_file(connection: sqlite3.Connection, settings: Iterable[tuple[str, str]]) -> None:
    """Make the tables of a project in an empty file, within a transaction."""
    for statement in _statements(_SCHEMA):
        connection.execute(statement)
    connection.executemany("INSERT INTO settings VALUES (?, ?)", settings)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {_FIRST_FORMAT}")


@cache
def known_statements() -> dict[tuple[str, str], str]:
    """What a file may have been made of, by kind and name; without comments, in single spaces."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in (*_statements(_SCHEMA), _NOTES, _EXAMPLES, *_statements(_SET_ASIDE)):
            connection.execute(statement)
        return {
            (kind, name): plain_statement(sql)
            for kind, name, sql in connection.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            )
        }


def plain_statement(sql: str) -> str:
    """A statement without comments, in single spaces."""
    text = " ".join(re.sub(r"--[^\n]*", "", sql).split())
    return re.sub(r"(?<=\() | (?=\))", "", text)


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Whether the file has one of the tables that came later."""
    found = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)
    ).fetchone()
    return found is not None


def make_room_for_notes(connection: sqlite3.Connection) -> None:
    """The table of what a person wrote about classes, within a transaction."""
    connection.execute(_NOTES)


def make_room_for_examples(connection: sqlite3.Connection) -> None:
    """The table of examples that came with a model, within a transaction."""
    connection.execute(_EXAMPLES)


def make_room_for_set_aside(connection: sqlite3.Connection) -> None:
    """The table of images that a person set aside, within a transaction."""
    if not has_table(connection, "set_aside"):
        for statement in _statements(_SET_ASIDE):
            connection.execute(statement)


def take_in_none(connection: sqlite3.Connection) -> None:
    """From format 1 to 2, within a transaction; nothing where it is done."""
    connection.execute(
        "INSERT OR IGNORE INTO classes VALUES (?, ?, ?, NULL, 0, 0)",
        (NONE_OF_THESE, NONE_CLASS.name, NONE_CLASS.colour),
    )
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version < _FORMAT_WITH_NONE:
        connection.execute(f"PRAGMA user_version = {_FORMAT_WITH_NONE}")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; sqlite3's own executescript would commit in between."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""

"""A damaged project made whole again: from its newest backup, the trail, and what its file still
tells.

A backup with the whole trail behind it is the project as it was left, and then nothing of the
damaged file is needed but images that were found since. Otherwise what its pages hold comes on top:
the journal first, then its tables, labels checked against their index. The damaged file is kept.
"""

from __future__ import annotations

import heapq
import json
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from engine import project_backups, project_files
from engine.errors import ProjectError, sentence_for
from engine.files import write_whole
from engine.messages import NONE_OF_THESE
from engine.project_connection import connect, connect_to_read
from engine.project_journal import now
from engine.project_lock import ProjectLock
from engine.project_pages import DamagedFile, Row, Tree, rows_by_number
from engine.project_replay import replay
from engine.project_schema import (
    fill_new_file,
    make_room_for_examples,
    make_room_for_notes,
    make_room_for_set_aside,
    take_in_none,
)
from engine.project_trail import Entry, Read, Trail
from engine.words import Sentence, say

_LABELS_INDEX: Final = "labels:labels_by_class"
_NAMES_INDEX: Final = "images:sqlite_autoindex_images_1"
_WANTED: Final = (
    *("settings", "images", "classes", "labels", "journal", "class_notes", "set_aside"),
    *("model_examples", _LABELS_INDEX, _NAMES_INDEX),
)
_N_STRAY: Final = 2
_MAX_NUMBER: Final = 1 << 53

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a repair came to.

    Attributes:
        path: the project, whole again.
        damaged: where the damaged file is kept; None where there was none any more.
        sentences: what was brought back from where, and what was not.
        n_labels, n_images: that the project has now.
    """

    path: Path
    damaged: Path | None
    sentences: tuple[Sentence, ...]
    n_labels: int
    n_images: int


@dataclass(slots=True)
class _Salvage:
    """What the damaged file's pages say."""

    settings: dict[str, str] = field(default_factory=dict)
    images: dict[int, tuple[str, int, int, bytes | None, int]] = field(default_factory=dict)
    classes: dict[int, tuple[str, str, int | None, int, int]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    labels: dict[int, tuple[int, bytes | None]] = field(default_factory=dict)
    sure: set[int] = field(default_factory=set)  # Labels that the index has as the table has them.
    is_labels_whole: bool = False
    set_aside: dict[int, bytes | None] = field(default_factory=dict)
    examples: dict[int, tuple[int | None, str, str, bytes, bytes]] = field(default_factory=dict)
    journal: dict[int, Entry] = field(default_factory=dict)
    is_journal_whole: bool = False
    has_lost_log: bool = False


@dataclass(frozen=True, slots=True)
class _Counts:
    """Labels in all, of the backup, by the journal, by the tables; missing entries; labels lost;
    images and classes of which the file said two things."""

    labels: int
    base: int
    journal: int
    tables: int
    gaps: int
    lost: int
    doubtful: int


def recover(
    path: Path,
    backup_folder: Path | None,
    step: Callable[[], None] = lambda: None,
    *,
    original: Path | None = None,
) -> Recovery:
    """Make a project whole that cannot be opened any more.

    The damaged file stays, under another name, with its log; beside it lies what is told.

    Args:
        path: the project.
        backup_folder: where backups and trails are; None: the damaged file is all there is.
        step: called every few milliseconds; it may raise to end the work, which leaves all as it
            was.
        original: the read-only project that it is a copy of, in place of a backup.

    Raises:
        ProjectInUseError: somebody has it open.
        ProjectError: nothing of a project could be found, or the new file could not be written.
    """
    lock = ProjectLock(path)
    try:
        return _recover(path, backup_folder, step, original)
    finally:
        lock.close()


def _recover(
    path: Path, backup_folder: Path | None, step: Callable[[], None], original: Path | None
) -> Recovery:
    try:
        salvage = _read_damaged(path, step) if path.exists() else _Salvage()
    except OSError as error:
        raise ProjectError(sentence_for(error, path, say("read"))) from error
    project_id = salvage.settings.get("id") or salvage.settings.get("created") or ""
    read, base, trail = Read(), original, None
    if backup_folder is not None:
        base = _newest_good(project_id, path, backup_folder) or original
        trail = Trail.for_damaged(path, project_id, backup_folder)
        with suppress(OSError):
            read = trail.read() if trail is not None else read
    if trail is not None and read.spans and not project_id:
        # Else its own trail would be taken for that of another project.
        salvage.settings["id"] = trail.project_id
    if base is None and not (salvage.classes or salvage.images or read.spans):
        raise ProjectError(
            say(
                "Nothing of a project could be read in {path}, and there is no backup of it; the "
                "file was left as it is.",
                path=path,
            )
        )
    try:
        with project_backups.temporary_beside(path) as temporary:
            sentences = _write(temporary, path, base, salvage, (trail, read), step)
            if base is not None and base == original:
                _point_at_images(temporary, path, original)
            with closing(connect(temporary)) as made:
                project_files.check_whole(made, path)
                counts = made.execute(
                    "SELECT (SELECT count(*) FROM labels), (SELECT count(*) FROM images)"
                ).fetchone()
            project_backups.sync(temporary)
            damaged = project_files.put_in_place(temporary, path)
    except OSError as error:
        raise ProjectError(sentence_for(error, path, say("repair"))) from error
    except sqlite3.Error as error:
        raise project_files.project_error(error, path, say("repair")) from error
    if damaged is not None:
        sentences.append(say("The damaged file is kept as {name}.", name=damaged.name))
        with suppress(OSError):
            write_whole(
                damaged.with_name(f"{damaged.name}.txt"), "\n".join((*sentences, "")).encode()
            )
    _log.info("repaired %s: %s", path, " ".join(sentences))
    return Recovery(path, damaged, tuple(sentences), *counts)


# --- The new file -------------------------------------------------------------------------------


def _write(
    target: Path,
    path: Path,
    base: Path | None,
    salvage: _Salvage,
    kept: tuple[Trail | None, Read],
    step: Callable[[], None],
) -> list[Sentence]:
    """Write the project; return what was done, in sentences.

    Args:
        kept: the trail and what it has.
    """
    trail, read = kept
    has_trail = bool(read.spans)
    if base is None:
        _begin(target, path, salvage)
    else:
        with closing(connect_to_read(base)) as source:
            project_backups.copy_to(source, target)
    with closing(connect(target)) as connection:
        project_backups.hurry(connection)
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("DELETE FROM settings WHERE key = 'backup_of'")
        (last,) = connection.execute("SELECT coalesce(max(entry), 0) FROM journal").fetchone()
        (n_base,) = connection.execute("SELECT count(*) FROM labels").fetchone()
        of_file, gaps = _joined(salvage.journal, read, last)
        entries: Iterable[Entry] = of_file
        if trail is not None:
            entries = heapq.merge(trail.entries(read, last), of_file, key=lambda item: item.entry)
        # Only the trail says where the journal's end is when its last page is gone.
        is_complete = gaps == 0 and (has_trail or salvage.is_journal_whole)
        _add_images(connection, path, salvage, step)
        before = _labels(connection)
        n_doubtful = 0
        done = replay(connection, _stepping(entries, step), read.moves)
        after_journal = _labels(connection)
        if not is_complete:
            _add_tables(connection, salvage)
        elif not has_trail:
            n_doubtful = _take_what_is_sure(connection, salvage, after_journal)
        n_tables = sum(
            after_journal.get(image) != label for image, label in _labels(connection).items()
        )
        _add_examples(connection, salvage)
        n_dangling = _let_go_of_dangling(connection)
        connection.execute("INSERT OR REPLACE INTO settings VALUES ('repaired', ?)", (now(),))
        connection.execute("COMMIT")
        n_journal = sum(before.get(image) != label for image, label in after_journal.items())
        (n_labels,) = connection.execute("SELECT count(*) FROM labels").fetchone()
    counts = _Counts(
        n_labels, n_base, n_journal, n_tables, gaps, done.n_lost + n_dangling, n_doubtful
    )
    return _told(path, base, counts, salvage, is_complete=is_complete, has_trail=has_trail)


def _point_at_images(target: Path, path: Path, original: Path) -> None:
    """A copy of a project lies elsewhere than its images."""
    with closing(connect_to_read(original)) as source:
        folder = project_files.find_folder(source, original.parent)
    with closing(connect(target)) as connection:
        connection.executemany(
            "INSERT OR REPLACE INTO settings VALUES (?, ?)",
            project_files.folder_settings(folder, path),
        )


def _begin(target: Path, path: Path, salvage: _Salvage) -> None:
    """A project without anything, with what is known of the old one's settings."""
    settings = dict(salvage.settings)
    settings.setdefault("folder", str(path.parent))
    settings.setdefault("folder_relative", ".")
    settings.setdefault("created", now())
    with closing(connect(target)) as connection:
        project_backups.hurry(connection)
        connection.execute("BEGIN IMMEDIATE")
        fill_new_file(connection, settings.items())
        connection.execute("COMMIT")


def _add_images(
    connection: sqlite3.Connection, path: Path, salvage: _Salvage, step: Callable[[], None]
) -> None:
    """Images that were found since the backup, and names that they were given."""
    known = dict(connection.execute("SELECT image_id, name FROM images"))
    names = set(known.values())
    folder = project_files.find_folder(connection, path.parent)
    for place, (number, (name, size, modified, content, missing)) in enumerate(
        salvage.images.items()
    ):
        if place % 1000 == 0:
            step()
        if number in known:
            is_moved = (
                name not in names
                and not os.path.exists(folder / known[number])
                and os.path.exists(folder / name)
            )
            if is_moved:
                connection.execute(
                    "UPDATE images SET name = ?, missing = 0 WHERE image_id = ?", (name, number)
                )
                names.add(name)
        elif name not in names:
            connection.execute(
                "INSERT INTO images VALUES (?, ?, ?, ?, ?, ?)",
                (number, name, size, modified, content, missing),
            )
            names.add(name)


def _add_tables(connection: sqlite3.Connection, salvage: _Salvage) -> None:
    """What the damaged file's tables say, where the journal does not tell all."""
    connection.executemany(
        "INSERT OR IGNORE INTO classes VALUES (?, ?, ?, ?, ?, ?)",
        [(number, *row) for number, row in salvage.classes.items() if number != NONE_OF_THESE],
    )
    if any(class_id == NONE_OF_THESE for class_id, _ in salvage.labels.values()):
        take_in_none(connection)
    classes = {number for (number,) in connection.execute("SELECT class_id FROM classes")}
    images = {number for (number,) in connection.execute("SELECT image_id FROM images")}
    if salvage.is_labels_whole and salvage.labels:
        connection.executemany(
            "DELETE FROM labels WHERE image_id = ?",
            [(image,) for image in _labels(connection).keys() - salvage.labels.keys()],
        )
    connection.executemany(
        "INSERT INTO labels VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE "
        "SET class_id = excluded.class_id, content = excluded.content",
        [
            (image, class_id, content)
            for image, (class_id, content) in salvage.labels.items()
            if image in images and class_id in classes
        ],
    )
    if salvage.notes:
        make_room_for_notes(connection)
        connection.executemany(
            "INSERT OR IGNORE INTO class_notes VALUES (?, ?)",
            [item for item in salvage.notes.items() if item[0] in classes],
        )
    if salvage.set_aside:
        make_room_for_set_aside(connection)
        connection.executemany(
            "INSERT OR IGNORE INTO set_aside VALUES (?, ?)",
            [item for item in salvage.set_aside.items() if item[0] in images],
        )
        connection.execute("DELETE FROM set_aside WHERE image_id IN (SELECT image_id FROM labels)")


def _take_what_is_sure(
    connection: sqlite3.Connection, salvage: _Salvage, labels: dict[int, int]
) -> int:
    """Hold a journal that nothing vouches for against the tables; how many things differ.

    A label that table and index agree on is what the table said: the damage struck the journal.
    """
    classes = {
        number: row
        for number, *row in connection.execute(
            "SELECT class_id, name, colour, hotkey, position, removed FROM classes"
        )
    }
    n_doubtful = sum(
        tuple(classes.get(number, ())) != row
        for number, row in salvage.classes.items()
        if number != NONE_OF_THESE
    )
    n_doubtful += len(classes.keys() - {NONE_OF_THESE} - salvage.classes.keys())
    differing = {image: row for image, row in salvage.labels.items() if labels.get(image) != row[0]}
    n_doubtful += len(differing)
    if salvage.is_labels_whole:
        n_doubtful += len(labels.keys() - salvage.labels.keys())
    sure = [
        (image, *row)
        for image, row in differing.items()
        if image in salvage.sure and row[0] in classes
    ]
    connection.executemany(
        "INSERT INTO labels VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE "
        "SET class_id = excluded.class_id, content = excluded.content",
        sure,
    )
    return n_doubtful


def _joined(journal: dict[int, Entry], trail: Read, last: int) -> tuple[list[Entry], int]:
    """The entries behind ``last`` that the file alone has, in order; how many neither has.

    Each line of the trail has a sum, so it rules. Of the file's journal a few far ahead of all
    others have a number that the damage gave them.
    """
    in_trail = set(trail.numbers(last))
    numbers = sorted(in_trail.union(number for number in journal if number > last))
    while numbers and numbers[-1] not in in_trail:
        end = max(len(numbers) - _N_STRAY - 1, 0)
        before = numbers[end - 1] if end else last
        if numbers[-1] - before <= 2 * (_N_STRAY + 1):
            break
        if len(numbers) > _N_STRAY and numbers[-1] - numbers[end] <= 2 * _N_STRAY:
            break  # Many beside each other are a gap, and not strays.
        numbers.pop()
    entries = [journal[number] for number in numbers if number not in in_trail]
    return entries, (numbers[-1] - last - len(numbers)) if numbers else 0


def _add_examples(connection: sqlite3.Connection, salvage: _Salvage) -> None:
    if not salvage.examples:
        return
    make_room_for_examples(connection)
    connection.executemany(
        "INSERT OR IGNORE INTO model_examples VALUES (?, ?, ?, ?, ?, ?)",
        [(number, *row) for number, row in salvage.examples.items()],
    )


def _let_go_of_dangling(connection: sqlite3.Connection) -> int:
    """Labels of images or classes that are nowhere; how many there were."""
    cursor = connection.execute(
        "DELETE FROM labels WHERE image_id NOT IN (SELECT image_id FROM images) "
        "OR class_id NOT IN (SELECT class_id FROM classes)"
    )
    return cursor.rowcount


def _labels(connection: sqlite3.Connection) -> dict[int, int]:
    return dict(connection.execute("SELECT image_id, class_id FROM labels"))


def _stepping(entries: Iterable[Entry], step: Callable[[], None]) -> Iterable[Entry]:
    for place, entry in enumerate(entries):
        if place % 500 == 0:
            step()
        yield entry


# --- The damaged file ---------------------------------------------------------------------------


def _read_damaged(path: Path, step: Callable[[], None]) -> _Salvage:
    file = DamagedFile(path)
    tables = file.tables(_WANTED, _shape_of, step)
    found = _Salvage(has_lost_log=file.has_lost_log)
    for _, row in tables["settings"].rows:
        match row:
            case (str(key), str(value)) if len(value) < 5_000:
                found.settings[key] = value
    _read_images(tables["images"], tables[_NAMES_INDEX], found)
    for number, row in rows_by_number(tables["classes"]):
        match row:
            case (
                None,
                str(name),
                str(colour),
                int() | None as hotkey,
                int(position),
                int(gone),
            ) if 0 < number < _MAX_NUMBER and name.strip():
                found.classes[number] = (name, colour, hotkey, position, int(gone > 0))
    for number, row in rows_by_number(tables["class_notes"]):
        match row:
            case (None, str(note)):
                found.notes[number] = note
    _read_labels(tables["labels"], tables[_LABELS_INDEX], found)
    for number, row in rows_by_number(tables["set_aside"]):
        match row:
            case (None, bytes() | None as content):
                found.set_aside[number] = content
    for number, row in rows_by_number(tables["model_examples"]):
        match row:
            case (None, int() | None, str(), str(), bytes(), bytes(hashed)) if len(hashed) == 8:
                found.examples[number] = row[1:]  # type: ignore[assignment]
    found.is_journal_whole = tables["journal"].is_whole and not file.has_lost_log
    for number, row in rows_by_number(tables["journal"]):
        match row:
            case (
                None,
                int(),
                str(),
                str(),
                str(),
                str(),
                str() | None as before,
                str() | None as after,
            ) if 0 < number < _MAX_NUMBER and _is_json(before) and _is_json(after):
                found.journal[number] = Entry(number, *row[1:])  # type: ignore[arg-type]
    return found


def _read_images(table: Tree, names: Tree, found: _Salvage) -> None:
    taken: set[str] = set()
    for number, row in rows_by_number(table):
        match row:
            case (None, str(name), int(size), int(at), bytes() | None as content, int(gone)):
                if 0 < number < _MAX_NUMBER and _is_name(name) and name not in taken:
                    found.images[number] = (name, size, at, content, int(gone > 0))
                    taken.add(name)
    for _, entry in names.rows:
        match entry:
            case (str(name), int(number)) if (
                0 < number < _MAX_NUMBER
                and number not in found.images
                and name not in taken
                and _is_name(name)
            ):
                # Its row is gone; the next scan finds its size and time.
                found.images[number] = (name, 0, 0, None, 0)
                taken.add(name)


def _read_labels(table: Tree, index: Tree, found: _Salvage) -> None:
    by_index: dict[int, int] = {}
    for _, entry in index.rows:
        match entry:
            case (int(class_id), int(image)):
                by_index[image] = class_id
    for number, row in rows_by_number(table):
        match row:
            case (None, int(class_id), bytes() | None as content):
                # Where table and index differ, one of them was changed by the damage.
                if by_index.get(number) == class_id:
                    found.sure.add(number)
                if by_index.get(number, class_id) == class_id:
                    found.labels[number] = (class_id, content)
    in_table = {number for number, _ in table.rows}
    for image, class_id in by_index.items():
        if image not in in_table:
            found.labels[image] = (class_id, b"")  # Of which bytes is not known any more.
    found.is_labels_whole = (table.is_whole or index.is_whole) and not found.has_lost_log


def _shape_of(row: Row) -> str | None:
    """The table that a row is of, by its values alone."""
    match row:
        case (None, int(), str(), str(), str() as subject, str(), _, _):
            return "journal" if subject in ("image", "class", "model") else None
        case (None, str(), str() as colour, int() | None, int(), 0 | 1):
            return "classes" if colour.startswith("#") else None
        case (None, str(), int(), int(), bytes() | None, 0 | 1):
            return "images"
        case (None, int() | None, str(), str(), bytes(), bytes()):
            return "model_examples"
        case (None, int(), bytes() | None):
            return "labels"
        case (None, bytes() | None):
            return "set_aside"
        case (None, str()):
            return "class_notes"
        case (str() as key, str()):
            is_ours = key in ("folder", "folder_relative", "created", "id")
            return "settings" if is_ours else None
        case _:
            return None


def _is_name(name: str) -> bool:
    return bool(name) and "\0" not in name and len(name) < 5_000


def _is_json(text: str | None) -> bool:
    if text is None:
        return True
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


# --- Backups and report -------------------------------------------------------------------------


def _newest_good(project_id: str, path: Path, folder: Path) -> Path | None:
    """The newest backup that is whole."""
    for backup in project_backups.find_for(project_id, path, folder):
        try:
            with closing(connect_to_read(backup.path)) as connection:
                project_files.check_whole(connection, backup.path)
                if project_id and project_backups.project_id_of(connection) != project_id:
                    continue  # Of another project that lay here before.
                return backup.path
        except (ProjectError, sqlite3.Error, OSError):
            _log.info("passed over the backup %s", backup.path, exc_info=True)
    return None


def _told(
    path: Path,
    base: Path | None,
    counts: _Counts,
    salvage: _Salvage,
    *,
    is_complete: bool,
    has_trail: bool,
) -> list[Sentence]:
    """What a person is told of a repair."""
    told = [
        say(
            "{path} was damaged and is repaired; labels in it: {count}.",
            path=path,
            count=counts.labels,
        )
    ]
    if base is not None:
        told.append(
            say("Of these from the backup {name}: {count}.", count=counts.base, name=base.name)
        )
    if counts.journal:
        told.append(say("Brought back by the journal: {count}.", count=counts.journal))
    if counts.tables:
        told.append(say("Read from what is left of the file: {count}.", count=counts.tables))
    if counts.doubtful:
        told.append(
            say(
                "The damaged file says two things of some images or classes ({count}); please "
                "look the labels through.",
                count=counts.doubtful,
            )
        )
    elif is_complete and has_trail:
        told.append(say("Nothing that was labelled is missing."))
    elif is_complete:
        told.append(
            say(
                "Its journal was read to the end; whether more was labelled that was not written "
                "to the file yet cannot be told."
            )
        )
    elif counts.gaps:
        told.append(
            say(
                "Entries of the journal that could not be read: {count}; labels of that time may "
                "be missing, or older ones; please look them through.",
                count=counts.gaps,
            )
        )
    else:
        told.append(
            say(
                "Whether the journal was longer cannot be told, so the newest labels may be "
                "missing; please look them through."
            )
        )
    if salvage.has_lost_log:
        told.append(say("A part of the file's log could not be read."))
    if counts.lost:
        told.append(
            say(
                "Labels that are lost, since their image or class is not known any more: {count}.",
                count=counts.lost,
            )
        )
    return told

"""The trail: the journal's newest entries once more, outside of the project's file.

It lies beside the backups and reaches from the last but one to now, so a backup and the trail
behind it are the project as it was left, whatever became of the file. Lines are only appended, each
with a sum of its own: one that was cut off or damaged is missed alone.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.files import sync_folder
from engine.project_backups import marked_stem, temporary_beside
from engine.project_reading import malformed

_SUFFIX: Final = ".trail"
_VERSION: Final = 1
_TAIL_BYTES: Final = 1 << 16
_MAX_LINE_BYTES: Final = 1 << 25  # Twice what SQLite lets a project's text be.
_AT_ONCE: Final = 2_000  # Entries: what the interpreter is kept for.
_ENTRIES: Final = """
SELECT journal.entry, journal.change, journal.at, journal.action, journal.subject, journal.name,
       journal.before, journal.after, images.image_id, images.size_bytes, images.modified_ns,
       images.content, labels.content
FROM journal LEFT JOIN images ON journal.subject = 'image' AND images.name = journal.name
LEFT JOIN labels ON labels.image_id = images.image_id
WHERE journal.entry > ? ORDER BY journal.entry LIMIT ?
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Image:
    """An image as it was known when something was said of it; hashes in hexadecimal digits."""

    image_id: int
    size_bytes: int
    modified_ns: int
    content: str | None
    labelled_content: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the journal, as ``project_schema`` describes it, and the image it is about."""

    entry: int
    change: int
    at: str
    action: str
    subject: str
    name: str
    before: str | None
    after: str | None
    image: Image | None = None

    def is_same(self, other: Entry) -> bool:
        """Whether both are one entry of one journal."""
        return (self.entry, self.at, self.name, self.after) == (
            other.entry,
            other.at,
            other.name,
            other.after,
        )


@dataclass(slots=True)
class Read:
    """What a trail holds, but for the entries themselves: a million of them would take a gigabyte.

    Attributes:
        spans: the first and the last number of entries without a gap, ascending.
        moves: number of the entry before, name before, name after.
        n_broken: lines that could not be read.
    """

    spans: list[tuple[int, int]] = field(default_factory=list)
    moves: list[tuple[int, str, str]] = field(default_factory=list)
    n_broken: int = 0

    def numbers(self, after: int = 0) -> Iterator[int]:
        """The numbers of entries behind one, ascending."""
        for first, last in self.spans:
            yield from range(max(first, after + 1), last + 1)

    def gaps(self, first: int, last: int) -> list[tuple[int, int]]:
        """What it lacks of the entries from ``first`` to ``last``, as ``spans`` has what it has."""
        lacking = []
        for begin, end in self.spans:
            if first > last:
                break
            if begin > first:
                lacking.append((first, min(begin - 1, last)))
            first = max(first, end + 1)
        return [*lacking, (first, last)] if first <= last else lacking


class Trail:
    """The trail of one project. One thread writes it.

    Attributes:
        path: the file; it is made with the first line.
        project_id: see ``project_backups.project_id_of``.
    """

    def __init__(self, path: Path, project: Path, project_id: str) -> None:
        self.path = path
        self.project_id = project_id
        self._head = {
            "trail": _VERSION,
            "id": project_id,
            "project": os.fsencode(project.absolute()).decode(errors="replace"),
        }

    @classmethod
    def of(
        cls, project: Path, project_id: str, folder: Path, connection: sqlite3.Connection
    ) -> Trail:
        """The trail of an open project that lies at ``project``, which may have been moved there.

        One that goes on where the project ends is not that of a project that was moved: a copy
        was worked in, on a card that is not there now. Within its folder a project is renamed,
        though, and may have left its log behind.
        """
        path = folder / f"{marked_stem(project)}{_SUFFIX}"
        if not path.exists():
            moved = _of_moved(project_id, folder)
            if moved is not None:
                with suppress(OSError):
                    trail = cls(moved, project, project_id)
                    last = trail.last()
                    is_own = last is not None and is_of_journal(last, connection)
                    where = Path(str((_head_of(moved) or {}).get("project", "")))
                    is_renamed = where.parent == project.absolute().parent
                    if is_own or (is_renamed and trail.goes_on(connection)):
                        moved.rename(path)
        elif (_head_of(path) or {}).get("id") not in (project_id, None):
            # Another project lay here; its own is not to be written behind.
            with suppress(OSError):
                cls(path, project, project_id).set_aside()
        return cls(path, project, project_id)

    @classmethod
    def for_damaged(cls, project: Path, project_id: str, folder: Path) -> Trail | None:
        """The trail of a project whose file may not tell its id any more; None without one."""
        path = folder / f"{marked_stem(project)}{_SUFFIX}"
        if not path.exists():
            found = _of_moved(project_id, folder, or_damaged=project) if project_id else None
            if found is None:
                return None
            path = found
        head = _head_of(path) or {}
        if project_id and head.get("id") not in (project_id, None):
            return None
        return cls(path, project, str(head.get("id") or project_id))

    def read(self) -> Read:
        """All that is in it; a file that is not there is empty. Raises OSError."""
        found = Read()
        spans: list[tuple[int, int]] = []
        for _, said in self._lines():
            match said:
                case Entry():
                    begin, end = spans[-1] if spans else (0, -1)
                    if said.entry == end + 1:
                        spans[-1] = (begin, said.entry)
                    elif not begin <= said.entry <= end:
                        spans.append((said.entry, said.entry))
                case {"after": int(after), "moves": list(moves)}:
                    found.moves += [(after, str(a), str(b)) for a, b in moves]
                case {"trail": _}:
                    pass
                case _:
                    found.n_broken += 1
        for begin, end in sorted(spans):  # What was written twice lies behind what it repeats.
            if found.spans and begin <= found.spans[-1][1] + 1:
                first, last = found.spans[-1]
                found.spans[-1] = (first, max(last, end))
            else:
                found.spans.append((begin, end))
        return found

    def entries(self, read: Read, after: int = 0) -> Iterator[Entry]:
        """The entries behind one, ascending and each once, read line by line. Raises OSError.

        Args:
            read: what :meth:`read` gave.
        """
        order = read.numbers(after)
        wanted = next(order, None)
        ahead: dict[int, Entry] = {}  # A line between was damaged, and written again later.
        for _, said in self._lines():
            if wanted is None:
                return
            if isinstance(said, Entry) and said.entry >= wanted:
                ahead.setdefault(said.entry, said)
            while wanted is not None and wanted in ahead:
                yield ahead.pop(wanted)
                wanted = next(order, None)

    def _lines(self) -> Iterator[tuple[bytes, Any]]:
        """Each line and what it says: an :class:`Entry`, an object, or None. Raises OSError."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            while line := file.readline(_MAX_LINE_BYTES):
                if line == b"\n":
                    continue
                said = _said(line.rstrip(b"\n"))
                if isinstance(said, list):
                    said = _entry(said)
                yield line, said

    def last(self) -> Entry | None:
        """The newest entry, read from the end of the file. Raises OSError."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL_BYTES))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return None
        for line in reversed(lines):
            said = _said(line) if line else None
            if isinstance(said, list):
                return _entry(said)
        read = self.read()
        return next(self.entries(read, read.spans[-1][1] - 1)) if read.spans else None

    def goes_on(self, connection: sqlite3.Connection) -> bool:
        """Whether it has a project's newest entry and all behind it. Raises OSError."""
        newest, read = last_entry(connection), self.read()
        if not read.spans:
            return False
        if newest is None:
            return not read.gaps(1, read.spans[-1][1])
        is_whole = not read.gaps(newest.entry, max(newest.entry, read.spans[-1][1]))
        return is_whole and next(self.entries(read, newest.entry - 1)).is_same(newest)

    def append(self, entries: Sequence[Entry], moves: Sequence[tuple[int, str, str]] = ()) -> None:
        """Write entries, and have them on the disk. Raises OSError."""
        if not entries and not moves:
            return
        is_new = not self.path.exists()
        if is_new:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            # Behind a line that was cut off a new one begins on a line of its own.
            lines = [_line(self._head) if is_new else b"\n"]
            lines += [_line(_flat(item)) for item in entries]
            lines += [_line({"after": after, "moves": [[a, b]]}) for after, a, b in moves]
            file.write(b"".join(lines))
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self.path.parent)

    def set_aside(self) -> Path | None:
        """Keep it under another name, for it tells of another journal; None without one.

        Raises:
            OSError: it cannot be renamed.
        """
        if not self.path.exists():
            return None
        number = 1
        while (kept := self.path.with_suffix(f".trail-before-{number}")).exists():
            number += 1
        self.path.rename(kept)
        return kept

    def begin_anew(self, after: int) -> None:
        """Let go of all entries up to that number. Raises OSError."""
        if not self.path.exists():
            return
        with temporary_beside(self.path) as temporary:
            with temporary.open("wb") as file:
                file.write(_line(self._head))
                for line, said in self._lines():
                    match said:
                        case Entry():
                            is_kept = said.entry > after
                        case {"after": int(number), "moves": list()}:
                            is_kept = number >= after
                        case _:
                            is_kept = False
                    if is_kept:
                        file.write(line)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
            sync_folder(self.path.parent)


def entries_after(connection: sqlite3.Connection, entry: int) -> Iterator[list[Entry]]:
    """A project's journal behind an entry, some at a time, with its images as they are now."""
    while True:
        rows = connection.execute(_ENTRIES, (entry, _AT_ONCE)).fetchall()
        if rows:
            yield [_of_row(row) for row in rows]
            entry = rows[-1][0]
        if len(rows) < _AT_ONCE:
            return


def last_entry(connection: sqlite3.Connection) -> Entry | None:
    """The newest entry of a project's journal."""
    (number,) = connection.execute("SELECT max(entry) FROM journal").fetchone()
    return None if number is None else next(entries_after(connection, number - 1))[0]


def is_of_journal(entry: Entry, connection: sqlite3.Connection) -> bool:
    """Whether a project's journal has an entry."""
    found = connection.execute(_ENTRIES, (entry.entry - 1, 1)).fetchone()
    return found is not None and _of_row(found).is_same(entry)


def _of_row(row: tuple[Any, ...]) -> Entry:
    """Raises sqlite3.DatabaseError where a value is of another kind."""
    image = None
    match row[8:]:
        case (None, *_):
            pass
        case (int(), int(), int(), bytes() | None, bytes() | None):
            hashes = (None if content is None else content.hex() for content in row[11:13])
            image = Image(*row[8:11], *hashes)
        case _:
            raise malformed()
    match row[:8]:
        case (int(), int(), str(), str(), str(), str(), str() | None, str() | None):
            return _made(row[:8], image)
        case _:
            raise malformed()


def _made(values: Sequence[Any], image: Image | None) -> Entry:
    entry, change, at, action, subject, name, before, after = values
    return Entry(entry, change, at, action, subject, name, before, after, image)


def _flat(entry: Entry) -> list[Any]:
    *fields, _ = (getattr(entry, name) for name in Entry.__slots__)
    return [*fields, None if entry.image is None else list(astuple(entry.image))]


def _entry(values: list[Any]) -> Entry | None:
    match values:
        case [
            int(),
            int(),
            str(),
            str(),
            str(),
            str(),
            str() | None,
            str() | None,
            None | [int(), int(), int(), str() | None, str() | None] as image,
        ]:
            return _made(values[:8], None if image is None else Image(*image))
        case _:
            return None


def _line(said: object) -> bytes:
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _said(line: bytes) -> Any:
    """What a line says; None where it is damaged."""
    sum_, _, text = line.partition(b" ")
    if b"%08x" % zlib.crc32(text) != sum_:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _head_of(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            head = _said(file.readline(_TAIL_BYTES).rstrip(b"\n"))
    except OSError:
        return None
    return head if isinstance(head, dict) else None


def _of_moved(project_id: str, folder: Path, or_damaged: Path | None = None) -> Path | None:
    """The trail of a project that is not where it was any more."""
    for path in _trails(folder):
        head = _head_of(path)
        if head is not None and head.get("id") == project_id != "":
            where = str(head.get("project", ""))
            if not os.path.exists(where) or where == str(or_damaged):
                return path
    return None


def _trails(folder: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
    except OSError:
        return ()

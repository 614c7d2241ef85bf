"""What was changed in which file, written down before it happens, so that it can be taken back.

One file of JSON Lines for each run, in a folder beside the images. An entry is on disk before the
file it tells of is touched, with the bytes that go and the hashes of the file before and after; so
whatever happens in between, the file is found in one of the two states and nothing has to be
marked as done. After an undo the journal goes; files that could not be restored keep their entries
in it, under its name, so that it can be tried again.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

from engine.errors import ExportError, sentence_for
from engine.interchange.reading import possible_path
from engine.words import say

FOLDER_NAME: Final = ".handful-metadata"
_HEADER: Final = {"handful": "metadata journal", "version": 1}
_END: Final = {"finished": True}
_REST: Final = {"rest": True}
_HASH: Final = re.compile(r"([0-9a-f]{32})?")
_LATEST_NS: Final = 1 << 63
_NAME: Final = re.compile(r"run-(\d{6})\.jsonl")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file that is changed: ``removed`` at ``offset`` gives way to ``n_new`` bytes.

    ``path`` is relative to the images' folder where it lies in it. ``before`` and ``after`` are
    hashes of the whole file in hexadecimal, empty where there is none. ``times`` are those of the
    file before, (accessed, modified) in nanoseconds. ``image`` is the path of the image that a
    sidecar belongs to, written like ``path``.
    """

    path: str
    before: str
    after: str
    offset: int
    removed: bytes
    n_new: int
    times: tuple[int, int]
    is_image: bool
    image: str = ""

    def to_json(self) -> str:
        values = asdict(self)
        values["removed"] = base64.b64encode(self.removed).decode()
        return json.dumps(values)  # ASCII: also names that are no UTF-8 survive.

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Entry:
        """Raises ValueError, TypeError or KeyError where a value is not what it must be."""
        accessed, modified = (int(time) for time in values["times"])
        entry = cls(**{**values, "times": (accessed, modified)})
        numbers = entry.offset, entry.n_new, accessed, modified
        if not all(type(number) is int and abs(number) < _LATEST_NS for number in numbers):
            raise ValueError(values)
        for path in (entry.path, entry.image):
            possible_path(path)
        if not (entry.path and _HASH.fullmatch(entry.before) and _HASH.fullmatch(entry.after)):
            raise ValueError(values)
        return replace(entry, removed=base64.b64decode(values["removed"], validate=True))


class Journal:
    """The journal of one run over a folder; one that did not come to its end is gone on with."""

    def __init__(self, folder: Path) -> None:
        """Nothing is written before :meth:`write`."""
        unfinished = last_run(folder)
        self.is_resumed = unfinished is not None and not _read(unfinished)[1]
        place = folder / FOLDER_NAME
        if unfinished is None:
            self.path = place / "run-000001.jsonl"
        elif self.is_resumed:
            self.path = unfinished
        else:
            self.path = place / f"run-{_number(unfinished) + 1:06}.jsonl"

    def write(self, entries: Iterable[Entry]) -> None:
        """Make the entries durable; raises ExportError."""
        self._append(entry.to_json() for entry in entries)

    def finish(self) -> None:
        """Say that the run came to its end; does nothing where it changed nothing."""
        if self.path.exists():
            self._append([json.dumps(_END)])

    def _append(self, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        try:
            self.path.parent.mkdir(exist_ok=True)
            is_new = not self.path.exists()
            with self.path.open("ab+") as file:
                if is_new:
                    file.write(json.dumps(_HEADER).encode() + b"\n")
                elif file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    if file.read(1) != b"\n":
                        file.write(b"\n")  # Torn by a kill; what it told of did not happen.
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ExportError(sentence_for(error, self.path, say("write"))) from error


def last_run(folder: Path) -> Path | None:
    """The journal of the newest run over a folder that was not undone; None without one."""
    return next(iter(runs_of(folder)), None)


def runs_of(folder: Path) -> list[Path]:
    """The journals of all runs over a folder that were not undone, the newest first."""
    try:
        found = [item for item in (folder / FOLDER_NAME).iterdir() if _NAME.fullmatch(item.name)]
    except OSError:
        return []
    return sorted(found, key=_number, reverse=True)


def is_rest(journal: Path) -> bool:
    """Whether it was undone already, and has only what could not be restored then."""
    try:
        with journal.open("rb") as file:
            file.readline()
            return bool(json.loads(file.readline()) == _REST)
    except (OSError, ValueError, RecursionError):
        return False


def entries_of(journal: Path) -> list[Entry]:
    """What a run has changed, or was about to, in its order; raises ExportError."""
    return _read(journal)[0]


def n_damaged_in(journal: Path) -> int:
    """How many lines say nothing any more, those left out that a kill tore; raises ExportError."""
    return _read(journal)[2]


def remove_journal(journal: Path) -> None:
    """After an undo that restored all; raises ExportError."""
    try:
        journal.unlink()
        if not any(journal.parent.iterdir()):
            journal.parent.rmdir()
    except OSError as error:
        raise ExportError(sentence_for(error, journal, say("write"))) from error


def keep_rest(journal: Path, entries: Iterable[Entry]) -> None:
    """After an undo: the journal has nothing but what was not restored; raises ExportError."""
    lines = [json.dumps(_HEADER), json.dumps(_REST), *(entry.to_json() for entry in entries)]
    text = "".join(f"{line}\n" for line in [*lines, json.dumps(_END)])
    temporary = journal.with_suffix(".part")
    try:
        with temporary.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(journal)
    except OSError as error:
        raise ExportError(sentence_for(error, journal, say("write"))) from error


def put_aside(journal: Path) -> None:
    """After an undo that left only what others changed: out of the way, for a person to look at.

    Raises ExportError.
    """
    names = (f".left{'' if number == 1 else f'-{number}'}.jsonl" for number in count(1))
    places = (journal.with_suffix(name) for name in names)
    try:
        journal.replace(next(place for place in places if not os.path.lexists(place)))
    except OSError as error:
        raise ExportError(sentence_for(error, journal, say("write"))) from error


def _number(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    assert match is not None
    return int(match[1])


def _read(journal: Path) -> tuple[list[Entry], bool, int]:
    """Its entries, whether its run came to an end, and how many lines are damaged."""
    try:
        lines = journal.read_bytes().split(b"\n")
    except OSError as error:
        raise ExportError(sentence_for(error, journal, say("read"))) from error
    entries: list[Entry] = []
    is_finished = False
    n_damaged = 0
    for number, line in enumerate(lines):
        try:
            values = json.loads(line) if line else {}
            if number == 0:
                if line and values != _HEADER:
                    raise ExportError(
                        say("{path} is not a journal that this Handful can read.", path=journal)
                    )
            elif values == _END:
                is_finished = True
            elif values and values != _REST:
                entries.append(Entry.from_json(values))
                is_finished = False
        except (ValueError, TypeError, KeyError, RecursionError):
            # Without its end it was torn by a kill, before its file was touched.
            n_damaged += line.endswith(b"}")
    return entries, is_finished, n_damaged

"""The journal of a sorting: what was meant to be done, what is done, and what was taken back.

It lies in the target folder and only grows. A line is a JSON object:

```
{"run": ID, "version": 1, "how": ..., "folder": ..., "project": ..., "made_target": ...,
 "n_files": N}
{"file": [SOURCE, TARGET, SIZE, TIME_NS, IS_SIDECAR], "number": NUMBER}     one per file, from 0
{"planned": N, "of": {"run": ID, ...}}                    from here on something may be touched
{"made": [FOLDER, ...]}                                   before the folders are made
{"begin": [NUMBER, ...]}                                  before those files are touched
{"done": {NUMBER: HASH}, "left": {NUMBER: WHY}}           after
{"synced": true}                                          all that is done is on the disk
{"end": true}
{"undo": ID}
{"undoing": [NUMBER, ...]}
{"undone": [NUMBER, ...], "kept": {NUMBER: WHY}, "untouched": [NUMBER, ...]}
{"undo_end": true, "rest": BOOL}                          whether more can be taken back
```

What announces something is on the disk before it is done. What tells that it is done may be lost,
as a line may that a crash has torn: then it is found out from the files themselves, and so it is
for all that was not synced when the power went.

A line that cannot be read costs what it told and no more: files have numbers, the head of a run
stands at the end of its plan again, and where lines are unreadable all files may have been begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import uuid4

from engine.errors import ExportError, sentence_for
from engine.interchange.reading import possible_path
from engine.messages import Placement, SortHow, SortPlan
from engine.words import Sentence, say

JOURNAL_NAME: Final = ".handful-sorting.jsonl"
_VERSION: Final = 1
_TAIL_BYTES: Final = 1 << 18


@dataclass(slots=True)
class Run:
    """One sorting, as far as the journal knows of it.

    ``files`` are by number: ``n_files`` of them, unless the journal is damaged. ``begun`` are files
    that may have been touched; ``done`` by number with the hash of what was copied (empty where
    nothing was); ``left`` and ``kept`` say why files were not put there, or not taken back.
    ``undone`` needs nothing more; ``back`` are those that the latest undo has taken back.
    """

    run_id: str
    how: SortHow
    images_folder: Path
    project: Path | None
    made_target: bool
    n_files: int = 0
    files: dict[int, Placement] = field(default_factory=dict)
    is_planned: bool = False
    made: list[str] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)
    done: dict[int, str] = field(default_factory=dict)
    synced: set[int] = field(default_factory=set)
    left: dict[int, Sentence] = field(default_factory=dict)
    has_ended: bool = False
    is_undo: bool = False
    undo_begun: set[int] = field(default_factory=set)
    undone: set[int] = field(default_factory=set)
    back: set[int] = field(default_factory=set)
    kept: dict[int, Sentence] = field(default_factory=dict)
    undo_has_ended: bool = False
    is_retry: bool = False

    @classmethod
    def of(cls, plan: SortPlan, *, made_target: bool) -> Run:
        """A new run, of which nothing is written down yet."""
        files = dict(enumerate(plan.files))
        return cls(
            uuid4().hex,
            plan.choice.how,
            plan.images_folder,
            plan.project,
            made_target,
            len(files),
            files,
        )

    @property
    def is_unfinished(self) -> bool:
        """Whether it, or its undo, was interrupted."""
        return self.is_planned and not (self.undo_has_ended if self.is_undo else self.has_ended)

    @property
    def can_be_undone(self) -> bool:
        """Whether something of it may still be where it was put."""
        return self.is_planned and not (self.undo_has_ended and not self.kept)

    @property
    def is_settled(self) -> bool:
        """Whether its undo has come to its end once; what was kept then is only tried again."""
        return self.undo_has_ended or self.is_retry

    @property
    def n_lost(self) -> int:
        """Of how many files a damaged journal does not tell any more."""
        return max(0, self.n_files - len(self.files))


class Journal:
    """The journal of a target folder, open for this process alone; see :func:`opened`."""

    def __init__(self, target: Path, file: BinaryIO) -> None:
        self.target = target
        self.runs, self.is_damaged = _read(target)
        self._file = file

    @property
    def run(self) -> Run:
        """The last sorting that is not wholly undone. Raises ExportError where there is none."""
        return self.runs_to_undo()[0]

    def runs_to_undo(self) -> list[Run]:
        """The last sorting that was not taken back yet, behind the newer ones that were not wholly.

        Raises:
            ExportError: nothing is left to take back.
        """
        found: list[Run] = []
        for run in reversed(self.runs):
            if run.can_be_undone:
                found.append(run)
                if not run.is_settled:
                    break
        if found:
            return found
        if self.is_damaged:
            raise damaged(self.target)
        raise nothing_in(self.target)

    def begin(self, run: Run) -> None:
        """Write down a whole plan; nothing may be touched before this returns."""
        head = {
            "run": run.run_id,
            "version": _VERSION,
            "how": run.how.value,
            "folder": str(run.images_folder),
            "project": str(run.project) if run.project else None,
            "made_target": run.made_target,
            "n_files": run.n_files,
        }
        files = (
            {
                "file": [
                    str(item.source),
                    item.target,
                    item.size_bytes,
                    item.modified_ns,
                    item.is_sidecar,
                ],
                "number": number,
            }
            for number, item in run.files.items()
        )
        self._write([head, *files, {"planned": run.n_files, "of": head}])
        run.is_planned = True
        self.runs.append(run)

    def note(self, run: Run, *, is_durable: bool = True, **line: Any) -> None:
        """Add a line to a run; it is on the disk when this returns, unless that can wait."""
        self._write([line], is_durable=is_durable)
        _take(run, line)

    def remove(self) -> None:
        """All is undone: the journal goes, too."""
        (self.target / JOURNAL_NAME).unlink(missing_ok=True)

    def _write(self, lines: Iterable[dict[str, Any]], *, is_durable: bool = True) -> None:
        path = self.target / JOURNAL_NAME
        try:
            text = "".join(json.dumps(line) + "\n" for line in lines)
            self._file.write(text.encode())
            self._file.flush()
            if is_durable:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise ExportError(sentence_for(error, path, say("write"))) from error


@contextmanager
def opened(target: Path, *, is_new: bool = False) -> Iterator[Journal]:
    """The journal of a folder, closed to other processes meanwhile.

    Raises:
        ExportError: there is none (unless ``is_new``), it cannot be written, or is in use.
    """
    path = target / JOURNAL_NAME
    if not is_new and not path.is_file():
        raise nothing_in(target)
    try:
        file = path.open("ab")
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("write"))) from error
    try:
        if not _lock(file):
            raise ExportError(
                say("Another Handful is sorting into {target} at this moment.", target=target)
            )
        if file.tell() and not _ends_well(path):
            file.write(b"\n")  # A crash tore the last line; the next one is to be whole.
        yield Journal(target, file)
    finally:
        with contextlib.suppress(OSError):
            file.close()  # And with it the lock.


def has_unfinished(target: Path) -> bool:
    """Whether a sorting into ``target`` was interrupted, by the end of its journal; quick."""
    line = _last_line(target)  # Before the plan is whole nothing is touched.
    return line is not None and not line.keys() & {"end", "undo_end", "file", "run"}


def has_something_to_undo(target: Path) -> bool:
    """Whether a sorting into ``target`` can be taken back, by the end of its journal; quick.

    Where that does not tell, as after a kill while a plan was written, it is supposed.
    """
    line = _last_line(target)
    return line is not None and not ("undo_end" in line and line.get("rest") is False)


def _last_line(target: Path) -> dict[str, Any] | None:
    """The last line of a journal that can be read."""
    try:
        with (target / JOURNAL_NAME).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read().splitlines()
    except OSError:
        return None
    for text in reversed(lines):
        with contextlib.suppress(ValueError, RecursionError):
            line = json.loads(text)
            if isinstance(line, dict):
                return line
    return None


def nothing_in(target: Path) -> ExportError:
    """The error of a folder into which nothing was sorted."""
    return ExportError(
        say("Nothing was sorted into {target}, or it was all taken back already.", target=target)
    )


def damaged(target: Path) -> ExportError:
    """The error of a journal that cannot be read any more."""
    return ExportError(say("{path} is damaged.", path=target / JOURNAL_NAME))


def _read(target: Path) -> tuple[list[Run], bool]:
    """All runs that may have touched something, and whether the journal lacks any of that."""
    path = target / JOURNAL_NAME
    reader = _Reader(path)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                reader.take(text)
    except FileNotFoundError:
        return [], False
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("read"))) from error
    return reader.ended()


class _Reader:
    """Takes in one line after the other; those that cannot be read are passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._runs: list[Run] = []
        self._current: Run | None = None
        self._files: dict[int, Placement] = {}  # Of the plan that is being read.
        self._garbled: set[str] = set()  # Runs with lines that cannot be read.
        self._is_damaged = False

    def take(self, text: str) -> None:
        """Take in a line."""
        try:
            line = json.loads(text)
            if not isinstance(line, dict):
                raise ValueError("no object")
            self._take(line)
        except (
            KeyError,
            TypeError,
            ValueError,
            IndexError,
            AttributeError,
            OverflowError,
            RecursionError,
        ):
            if self._current is not None:
                self._garbled.add(self._current.run_id)
            else:
                self._is_damaged |= '"run"' in text or '"file"' in text

    def ended(self) -> tuple[list[Run], bool]:
        """What there is; all numbers in it are those of files."""
        runs = [run for run in self._runs if run.is_planned]
        for run in runs:
            known = run.files.keys()
            if run.run_id in self._garbled:
                run.begun |= known
            for numbers in (run.begun, run.undo_begun, run.synced, run.undone, run.back):
                numbers.intersection_update(known)
            for why in (run.left, run.kept):
                for number in why.keys() - known:
                    del why[number]
            for number in run.done.keys() - known:
                del run.done[number]
            self._is_damaged |= bool(run.n_lost)
        return runs, self._is_damaged

    def _take(self, line: dict[str, Any]) -> None:
        if "run" in line:
            self._current, self._files = None, {}
            self._begin(line)
        elif "file" in line:
            if self._current is not None and self._current.is_planned:
                self._current, self._files = None, {}  # The head of this run cannot be read.
            item = _placement_of(line)
            self._files[int(line.get("number", len(self._files)))] = item
        elif "planned" in line:
            if self._current is None and "of" in line:
                self._begin(line["of"])
            if self._current is not None:
                self._plan(self._current, int(line["planned"]))
        elif "undo" in line:
            known = (run for run in self._runs if run.run_id == line["undo"])
            self._current, self._files = next(known, None), {}
            if self._current is not None:
                _take(self._current, line)
        elif self._current is None:
            self._is_damaged = True
        else:
            if not self._current.is_planned:  # Something is touched after the plan alone.
                self._plan(self._current, self._current.n_files)
            _take(self._current, line)

    def _begin(self, head: dict[str, Any]) -> None:
        run = _run_of(head, self._path)
        if all(known.run_id != run.run_id for known in self._runs):
            self._runs.append(run)
            self._current = run

    def _plan(self, run: Run, n_files: int) -> None:
        run.files, run.n_files, run.is_planned = self._files, n_files, True
        self._files = {}


def _placement_of(line: dict[str, Any]) -> Placement:
    match line["file"]:
        case [str(source), str(target), int(size), int(time_ns), bool(is_sidecar)]:
            source, target = possible_path(source), possible_path(target)
            return Placement(Path(source), target, size, time_ns, is_sidecar)
    raise ValueError("no file")


def _run_of(line: dict[str, Any], path: Path) -> Run:
    if line["version"] > _VERSION:
        raise ExportError(say("{path} was written by a newer Handful.", path=path))
    run_id = line["run"]
    if not isinstance(run_id, str) or not run_id.isalnum():  # It becomes part of names of files.
        raise ValueError("no name of a run")
    project = line["project"]
    return Run(
        line["run"],
        SortHow(line["how"]),
        Path(possible_path(line["folder"])),
        Path(possible_path(project)) if project else None,
        bool(line["made_target"]),
        int(line.get("n_files", 0)),
    )


def _take(run: Run, line: dict[str, Any]) -> None:
    """Take in one line of a run, behind its plan."""
    match line:
        case {"made": folders}:
            run.made.extend(possible_path(str(folder)) for folder in folders)
        case {"synced": _}:
            run.synced.update(run.done)
        case {"begin": numbers}:
            run.begun.update(int(number) for number in numbers)
        case {"done": done, "left": left}:
            run.done.update({int(number): digest or "" for number, digest in done.items()})
            run.left.update({int(number): Sentence.from_json(why) for number, why in left.items()})
        case {"end": _}:
            run.has_ended = True
        case {"undo": _}:
            run.is_retry |= run.undo_has_ended
            run.is_undo, run.undo_has_ended = True, False
            run.kept.clear()
            run.back.clear()
        case {"undoing": numbers}:
            run.undo_begun.update(int(number) for number in numbers)
        case {"undone": numbers, "kept": kept}:
            back = {int(number) for number in numbers}
            run.undone.update(back, (int(number) for number in line.get("untouched", ())))
            run.back.update(back)
            run.kept.update({int(number): Sentence.from_json(why) for number, why in kept.items()})
        case {"undo_end": _}:
            run.undo_has_ended = True
        case _:
            pass


def _ends_well(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _lock(file: BinaryIO) -> bool:
    """Keep other processes out until the file is closed, also by a kill; False where one is in."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(1 << 40)  # Nobody reads there: a locked byte cannot be read, either.
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(0, os.SEEK_END)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        # On some network shares there are no locks.
        return not (sys.platform == "win32" and isinstance(error, PermissionError))
    return True

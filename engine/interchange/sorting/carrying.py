"""A plan carried out, gone on with, or taken back, some files at a time.

Each step is written down before and after (see :mod:`engine.interchange.sorting.journal`), so it
may be left after any of them, and be killed within one.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from engine.errors import ExportError, sentence_for
from engine.interchange.sorting.journal import Journal, Run, damaged
from engine.interchange.sorting.placing import (
    FATAL,
    LeftAloneError,
    StillTwiceError,
    check_links,
    digest_of_file,
    put,
    remove_temporary,
    sync_path,
    take_back,
)
from engine.interchange.sorting.trust import is_inner, remember
from engine.messages import Placement, SortHow, SortPlan
from engine.words import Sentence, say

_FILES_PER_STEP: Final = 32  # Each step waits for the disk once, others for each step.
_BYTES_PER_STEP: Final = 1 << 25
_FILES_PER_SYNC: Final = 4000  # After a crash all files since then are looked at again.
_BYTES_PER_SYNC: Final = 1 << 30
_PROBE: Final = ".handful-sorting-probe-0.part"


@dataclass(frozen=True, slots=True)
class Step:
    """Some files were dealt with: how many, and which images lie elsewhere now (from, to).

    ``n_edited`` of the images were edited since they were moved, and are back as they are.
    """

    n_files: int
    moves: tuple[tuple[Path, Path], ...] = ()
    n_edited: int = 0


def begin(journal: Journal, plan: SortPlan, *, made_target: bool) -> Run:
    """Write a plan down, so that :func:`go_on` can carry it out.

    Raises:
        ExportError: hard links are not possible there, or the journal cannot be written.
    """
    if plan.choice.how is SortHow.LINK and plan.files:
        check_links(plan.files[0], journal.target / _PROBE)
    run = Run.of(plan, made_target=made_target)
    remember(run)  # First: a journal that this computer does not know is not obeyed.
    journal.begin(run)
    return run


def go_on(journal: Journal, run: Run) -> Iterator[Step]:
    """Carry out what is not done yet.

    The first step tells of all that was done before.

    Raises:
        ExportError: nothing further can be done (the disk is full, ...); it can be gone on with.
    """
    if run.has_ended:
        return
    if run.n_lost:
        raise damaged(journal.target)  # Taking back what it still tells is all that can be done.
    _doubt(journal.target, run)
    doubtful = run.begun.difference(run.done)
    yield Step(len(run.done) + len(run.left), _moves(journal.target, run, list(run.done)))
    made = {journal.target / folder for folder in run.made}
    n_files = n_bytes = 0
    pending = [number for number in run.files if number not in run.done and number not in run.left]
    # Those that were under way come first: their places must not be taken for strangers'.
    pending.sort(key=lambda number: number not in run.begun)
    for numbers in _batches(run, pending):
        was_begun = set(numbers) & run.begun
        _make_folders(journal, run, numbers, made)
        journal.note(run, begin=numbers)
        done: dict[int, str] = {}
        left: dict[int, Sentence] = {}
        try:
            for number in numbers:
                item = run.files[number]
                mark = journal.target / _mark(run.run_id, number)
                try:
                    done[number] = put(
                        item, run.how, journal.target, mark, was_begun=number in was_begun
                    )
                except LeftAloneError as error:
                    left[number] = error.why
                except StillTwiceError as error:
                    raise ExportError(  # Not left alone: what is there can be taken back.
                        sentence_for(error.error, item.source, _doing(run.how))
                    ) from error
                except OSError as error:
                    why = sentence_for(error, item.source, _doing(run.how))
                    if error.errno in FATAL:
                        if not _is_about(error, item):
                            why = sentence_for(error, journal.target / item.target, say("write"))
                        raise ExportError(why) from error
                    left[number] = why
        finally:
            why_left = {key: why.to_json() for key, why in left.items()}
            journal.note(run, is_durable=False, done=done, left=why_left)
        n_files += len(numbers)
        n_bytes += sum(run.files[number].size_bytes for number in numbers)
        if n_files >= _FILES_PER_SYNC or n_bytes >= _BYTES_PER_SYNC:
            _sync(journal, run)
            n_files = n_bytes = 0
        yield Step(len(numbers), _moves(journal.target, run, list(done)))
    _remove_temporary(journal.target, run, doubtful)
    _sync(journal, run)
    journal.note(run, end=True)


def take_all_back(journal: Journal, run: Run) -> Iterator[Step]:
    """Undo a run, also one that was interrupted; what is left where it is, is told.

    Raises:
        ExportError: nothing further can be done; it can be asked for again.
    """
    if run.undo_has_ended or not run.is_undo:
        journal.note(run, undo=run.run_id)
    else:  # Interrupted, and what was not synced when the power went may not be back.
        run.undone -= {number for number in run.undone if not _is_back(journal.target, run, number)}
    touched = sorted({*run.done, *run.begun}.difference(run.left))
    doubtful = {*run.undo_begun, *run.begun.difference(run.done)}
    yield Step(len(run.files) - len(touched))
    pending = [number for number in reversed(touched) if number not in run.undone]
    yield Step(len(run.undone), _moves(journal.target, run, list(run.undone), back=True))
    for numbers in _batches(run, pending):
        was_begun = run.undo_begun.intersection(numbers)
        journal.note(run, undoing=numbers)
        undone: list[int] = []
        untouched: list[int] = []
        kept: dict[int, Sentence] = {}
        n_edited = 0
        try:
            for number in numbers:
                item = run.files[number]
                try:
                    if not _is_to_be_undone(journal.target, run, number):
                        (undone if number in was_begun else untouched).append(number)
                        continue
                    is_edited = take_back(
                        item,
                        run.how,
                        journal.target,
                        run.done.get(number, ""),
                        _mark(run.run_id, number),
                        is_sure=number in run.done,
                        was_begun=number in was_begun,
                    )
                    undone.append(number)
                    n_edited += is_edited and not item.is_sidecar
                except LeftAloneError as error:
                    kept[number] = error.why
                except StillTwiceError as error:
                    raise ExportError(
                        sentence_for(error.error, journal.target / item.target, say("undo"))
                    ) from error
                except OSError as error:
                    if error.errno in FATAL:
                        place = journal.target / item.target
                        is_place = _is_about(error, Placement(place, "", 0, 0))
                        path = place if is_place else item.source
                        raise ExportError(sentence_for(error, path, say("write"))) from error
                    kept[number] = sentence_for(error, journal.target / item.target, say("undo"))
        finally:
            why_kept = {key: why.to_json() for key, why in kept.items()}
            journal.note(run, is_durable=False, undone=undone, kept=why_kept, untouched=untouched)
        moves = _moves(journal.target, run, [*undone, *untouched], back=True)
        yield Step(len(numbers), moves, n_edited)
    _remove_temporary(journal.target, run, doubtful)
    _remove_made(journal.target, run)
    _sync_files(_folders(journal.target, run))
    others = any(other.can_be_undone for other in journal.runs if other is not run)
    journal.note(run, undo_end=True, rest=others or bool(run.kept))


def remove_if_empty(journal: Journal) -> None:
    """Where all was taken back, the journal goes, and the folder if a sorting had made it."""
    if journal.is_damaged or any(run.can_be_undone for run in journal.runs):
        return
    for run in reversed(journal.runs):
        _remove_made(journal.target, run)  # Newer files may have been in them before.
    with contextlib.suppress(OSError):
        (journal.target / _PROBE).unlink()  # Killed when it had just been made.
    journal.remove()
    if any(run.made_target for run in journal.runs):
        with contextlib.suppress(OSError):
            journal.target.rmdir()


# --- Private -------------------------------------------------------------------------------------


def _batches(run: Run, numbers: Sequence[int]) -> Iterator[list[int]]:
    """Some at a time, no more than others may wait for."""
    batch: list[int] = []
    n_bytes = 0
    for number in numbers:
        batch.append(number)
        n_bytes += run.files[number].size_bytes if run.how is not SortHow.LINK else 0
        if len(batch) >= _FILES_PER_STEP or n_bytes >= _BYTES_PER_STEP:
            yield batch
            batch, n_bytes = [], 0
    if batch:
        yield batch


def _doubt(target: Path, run: Run) -> None:
    """Take for not done what was done before the power went, and is not on the disk."""
    for number in run.done.keys() - run.synced:
        item, digest = run.files[number], run.done[number]
        place = target / item.target
        try:
            is_there = os.path.lexists(place)
            if is_there and digest:
                is_there = digest_of_file(place) == digest
        except OSError:
            is_there = False
        if not is_there:
            del run.done[number]


def _is_back(target: Path, run: Run, number: int) -> bool:
    item = run.files[number]
    if run.how is SortHow.MOVE:
        return os.path.lexists(item.source) or not os.path.lexists(target / item.target)
    return not os.path.lexists(target / item.target)


def _make_folders(journal: Journal, run: Run, numbers: list[int], made: set[Path]) -> None:
    """The folders for some files; each is written down before it is made."""
    inner = {
        folder for number in numbers for folder in PurePosixPath(run.files[number].target).parents
    }
    news: list[str] = []
    due: list[Path] = []
    for folder in sorted(inner, key=lambda one: len(one.parts)):
        path = journal.target / folder
        if os.path.lexists(path):  # A file of that name stays: those for the folder are left out.
            continue
        if path not in made:
            made.add(path)
            news.append(str(folder))
        due.append(path)
    if news:
        journal.note(run, made=news)
    for path in due:
        with contextlib.suppress(OSError):  # Putting the files there says why.
            path.mkdir()


def _remove_made(target: Path, run: Run) -> None:
    for folder in sorted(set(run.made), key=lambda one: one.count("/"), reverse=True):
        with contextlib.suppress(OSError):  # Something else is in it by now.
            if is_inner(folder):
                (target / folder).rmdir()


def _is_to_be_undone(target: Path, run: Run, number: int) -> bool:
    """Whether a file is, or may be, where it was to be put by us."""
    if number in run.done:
        return True
    if number in run.left:
        return False
    # Killed while it was under way: it is ours where it is the same as what was to be put there.
    item = run.files[number]
    place = target / item.target
    if not os.path.lexists(place):
        # A move may have got no further than a copy without its name.
        is_lost = run.how is SortHow.MOVE and not os.path.lexists(item.source)
        return is_lost and os.path.lexists(target / _mark(run.run_id, number))
    if place.is_file() and place.stat().st_size == 0 and item.size_bytes:
        if run.how is not SortHow.LINK and os.path.lexists(item.source):
            place.unlink()
        return False
    return True


def _moves(
    target: Path, run: Run, numbers: list[int], *, back: bool = False
) -> tuple[tuple[Path, Path], ...]:
    if run.how is not SortHow.MOVE:
        return ()
    items = [run.files[number] for number in numbers]
    pairs = [(item.source, target / item.target) for item in items if not item.is_sidecar]
    return tuple((there, here) for here, there in pairs) if back else tuple(pairs)


def _sync(journal: Journal, run: Run) -> None:
    """Bring all that is done to the disk, and write down that it is there."""
    paths = _folders(journal.target, run)
    if run.how is SortHow.COPY:
        new = run.done.keys() - run.synced
        paths |= {journal.target / run.files[number].target for number in new}
    _sync_files(paths)
    journal.note(run, synced=True)


def _folders(target: Path, run: Run) -> set[Path]:
    """All whose names are changed by a run."""
    found = {(target / item.target).parent for item in run.files.values()}
    if run.how is SortHow.MOVE:
        found |= {item.source.parent for item in run.files.values()}
    return found


def _sync_files(paths: Collection[Path]) -> None:
    if sys.platform == "linux":
        os.sync()  # There it waits: once, where one after the other would each wait as long.
        return
    for path in paths:
        sync_path(path)


def _remove_temporary(target: Path, run: Run, numbers: Collection[int]) -> None:
    """What was broken off has left copies without a name, of these files at most."""
    for number in numbers:
        remove_temporary(run.files[number], target, _mark(run.run_id, number))


def _is_about(error: OSError, item: Placement) -> bool:
    """Whether the system refused the source alone, as where it is on a read-only disk."""
    return error.filename2 is None and str(error.filename) == str(item.source)


def _mark(run_id: str, number: int) -> str:
    return f".handful-sorting-{run_id[:8]}-{number}.part"


def _doing(how: SortHow) -> Sentence:
    match how:
        case SortHow.COPY:
            return say("copy")
        case SortHow.LINK:
            return say("link")
        case SortHow.MOVE:
            return say("move")

"""Sorting images into folders: the plan, carrying it out, going on, and taking it back."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError, ExportError, sentence_for
from engine.interchange.records import Results
from engine.interchange.sorting import carrying, trust
from engine.interchange.sorting.journal import JOURNAL_NAME, Journal, Run, opened
from engine.interchange.sorting.plan import MAX_LEFT_OUT, Planned, make_plan
from engine.jobs.progress import ProgressMeter
from engine.messages import (
    Event,
    FilesMoved,
    FilesSorted,
    LeftOut,
    PlanSorting,
    ResumeSorting,
    SortChoice,
    SortFiles,
    SortingPlanned,
    SortPlan,
    UndoSorting,
)
from engine.words import Sentence, say

if TYPE_CHECKING:
    from engine.jobs.workspace import Workspace


def plan_sorting(workspace: Workspace, command: PlanSorting) -> Iterator[Event | None]:
    """See :class:`engine.messages.PlanSorting`."""
    from engine.jobs.predictions import fit_snapshot, results_of  # onnxruntime with them.

    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    results = results_of(workspace, fitted)
    found = yield from planned(results, command.choice, command.project, command.request_id)
    yield SortingPlanned(
        command.request_id, found.plan, found.problem, found.n_left_out, found.left_out
    )


def planned(
    results: Results, choice: SortChoice, project: Path | None, request_id: int
) -> Generator[Event | None, None, Planned]:
    """The plan for any results, with progress."""
    meter = ProgressMeter(request_id, say("Planning"), results.n_images)
    steps = make_plan(results, choice, project)
    while True:
        try:
            count = next(steps)
        except StopIteration as finished:
            found: Planned = finished.value
            return found
        yield meter.advance(count) if count else None


def sort_files(command: SortFiles) -> Iterator[Event | None]:
    """See :class:`engine.messages.SortFiles`."""
    yield from carry_out(command.plan, command.request_id)


def carry_out(plan: SortPlan, request_id: int) -> Iterator[Event | None]:
    """Do what was planned.

    Raises:
        ExportError: it could not be begun or ended; what was done can be gone on with or undone.
    """
    target = plan.choice.target
    try:
        made_target = not target.exists()
        if made_target:
            target.mkdir()
    except OSError as error:
        raise ExportError(sentence_for(error, target, say("create"))) from error
    with opened(target, is_new=True) as journal:
        if any(run.is_unfinished for run in journal.runs):
            raise ExportError(
                say(
                    "An earlier sorting into {target} was interrupted; go on with it or undo it "
                    "first.",
                    target=target,
                )
            )
        run = carrying.begin(journal, plan, made_target=made_target)
        yield from _going_on(journal, run, request_id)


def resume_sorting(command: ResumeSorting) -> Iterator[Event | None]:
    """See :class:`engine.messages.ResumeSorting`; a whole sorting only tells of its end again."""
    with opened(_absolute(command.target)) as journal:
        run = next((run for run in reversed(journal.runs) if run.is_unfinished), None)
        run = run or journal.run
        if run.is_undo and not run.undo_has_ended:
            yield from _undoing(journal, command)
        else:
            trust.check(journal.target, run, command.images, is_undo=False)
            yield from _going_on(journal, run, command.request_id)


def undo_sorting(command: UndoSorting) -> Iterator[Event | None]:
    """See :class:`engine.messages.UndoSorting`."""
    with opened(_absolute(command.target)) as journal:
        carrying.remove_if_empty(journal)  # Killed when that alone was left to do.
        yield from _undoing(journal, command)


def projects_to_tell(target: Path, images: Path | None = None) -> list[Path]:
    """The projects that are to know where the files go that can be taken back or gone on with.

    A journal of another computer names none, unless in the folder of the images.
    """
    with opened(_absolute(target)) as journal:
        runs = [run for run in journal.runs if run.can_be_undone]
    return list(
        dict.fromkeys(
            run.project
            for run in runs
            if run.project is not None
            and (trust.is_known(run) or (images and run.project.is_relative_to(images.absolute())))
        )
    )


def _going_on(journal: Journal, run: Run, request_id: int) -> Iterator[Event | None]:
    meter = ProgressMeter(request_id, say("Sorting"), len(run.files))
    for step in carrying.go_on(journal, run):
        if step.moves:
            yield FilesMoved(request_id, step.moves)
        yield meter.advance(step.n_files)
    numbers = [number for number in run.done if not run.files[number].is_sidecar]
    yield FilesSorted(
        request_id,
        journal.target,
        run.how,
        False,
        len(numbers),
        len(run.left),
        tuple(_left_out(run, run.left, is_undo=False)),
    )


def _undoing(journal: Journal, command: UndoSorting | ResumeSorting) -> Iterator[Event | None]:
    """Take back what earlier undos had to leave; where that is as it was, the sorting before."""
    runs = journal.runs_to_undo()
    for run in runs:
        trust.check(journal.target, run, command.images, is_undo=True)
    meter = ProgressMeter(
        command.request_id, say("Taking back"), sum(len(run.files) for run in runs)
    )
    seen: list[Run] = []
    n_edited = 0
    for run in runs:
        n_kept = len(run.kept)
        for step in carrying.take_all_back(journal, run):
            if step.moves:
                yield FilesMoved(command.request_id, step.moves)
            n_edited += step.n_edited
            yield meter.advance(step.n_files)
        seen.append(run)
        if run.back or len(run.kept) < n_kept:
            break  # What had been left was put right: it was what this was asked for.
    left = [_left_out(run, run.kept, is_undo=True) for run in seen]
    lost = sum(run.n_lost for run in seen)
    if lost:
        text = say("it is damaged, and does not tell of {count} files any more", count=lost)
        if lost == 1:
            text = say("it is damaged, and does not tell of 1 file any more")
        left.append([LeftOut(JOURNAL_NAME, text)])
    told = [item for items in left for item in items]
    n_images = sum(not run.files[number].is_sidecar for run in seen for number in run.back)
    event = FilesSorted(
        command.request_id,
        journal.target,
        seen[-1].how,
        True,
        n_images,
        sum(len(run.kept) for run in seen) + lost,
        tuple(told[:MAX_LEFT_OUT]),
        n_edited,
    )
    carrying.remove_if_empty(journal)
    yield event


def _left_out(run: Run, left: dict[int, Sentence], *, is_undo: bool) -> list[LeftOut]:
    """The first of the files that were left alone."""

    def name(number: int) -> str:
        item = run.files[number]
        if is_undo:
            return item.target
        try:
            return item.source.relative_to(run.images_folder).as_posix()
        except ValueError:
            return str(item.source)

    return [LeftOut(name(number), left[number]) for number in sorted(left)[:MAX_LEFT_OUT]]


def _absolute(target: Path) -> Path:
    if not target.is_dir():
        raise EngineError(say("There is no folder {folder}.", folder=target))
    return Path(os.path.abspath(target))

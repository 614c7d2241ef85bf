"""``handful classify --watch``: a folder whose images are classified as they come."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from engine.cli.options import Device, UsageError, opened_workspace
from engine.cli.sort import Sorting, resume_command, sort_results
from engine.cli.stopping import Stopped, stop_asked
from engine.errors import EngineError
from engine.interchange.growing_table import GrowingTable
from engine.interchange.records import Results
from engine.interchange.sorting.journal import has_unfinished
from engine.interchange.tables import checked_format
from engine.messages import Effort, SortHow, TableFormat
from engine.sources import SnapshotBuilder, short_path
from engine.terminal import print_json, run, tell
from engine.watching.folder import FolderWatch

if TYPE_CHECKING:
    from engine.jobs.watching import Classifier, Step, WatchRun

_REQUEST: Final = 0
_SLICE_S: Final = 0.1  # Ctrl-C is answered within it.
_TELL_S: Final = 3.0
_MOST_LINES: Final = 4  # Of images that come together; more are told by their number.


@dataclass(frozen=True, slots=True)
class Source:
    """Where the classifier is from: a model, or the other options of ``classify``."""

    model: Path | None
    support: Path | None
    labels: Path | None
    project: Path | None
    bundle: Path | None
    effort: Effort
    encoder: Path | None
    device: Device


def watch(
    images: Path,
    source: Source,
    out: Path | None,
    table_format: TableFormat | None,
    sorting: Sorting | None,
    *,
    as_json: bool,
) -> NoReturn:
    """Classify what is in a folder and what comes, until Ctrl-C.

    Raises:
        Stopped: always at the end; the summary is told by then.
    """
    if out is None:
        raise UsageError("--watch needs --out: the table is also the log that it goes on from.")
    if sorting is not None and sorting.only_plan:
        raise UsageError("--dry-run says what is to be done once; it does not go with --watch.")
    if not images.is_dir():
        raise EngineError(f"There is no folder {short_path(images)} to watch.")
    started = time.perf_counter()
    with stop_asked() as asked, _classifier_of(images, source, asked) as classifier:
        table = GrowingTable(out, checked_format(out, table_format), classifier.class_names)
        _tell_begin(images, out, table)
        run = _run_of(images, classifier, table, out, sorting)
        _go_on(run, asked, images, as_json=as_json)
        last = run.finish()
        _tell_images(last)
        if last.problem:
            tell(last.problem)
        if as_json:
            for item in last.images:
                print_json({"file_name": item.name, "failure": item.failure})
    summary = {
        "n_images": run.n_rows,
        "n_unreadable": run.n_unreadable,
        "n_like_none_of_these": run.n_like_none,
        "n_rows": table.n_rows,
        "predictions": str(out),
        "seconds": round(time.perf_counter() - started, 3),
    }
    if as_json:
        print_json({"summary": summary})
    unreadable = f" {run.n_unreadable} could not be read." if run.n_unreadable else ""
    raise Stopped(
        f"Watching has ended: {_images(run.n_rows)} classified, {table.n_rows} rows in "
        f"{short_path(out)}.{unreadable} The same command goes on from there."
    )


@contextmanager
def _classifier_of(images: Path, source: Source, asked: Callable[[], bool]) -> Iterator[Classifier]:
    from engine.jobs.predictions import fit_snapshot
    from engine.jobs.watching import ByExamples, ByExportedModel

    if source.model is not None:
        yield ByExportedModel(source.model, images)
        return
    builder = SnapshotBuilder()
    builder.add_images(images, may_be_empty=True)
    if source.bundle is not None:
        builder.add_bundle(source.bundle)
    if source.support is not None:
        builder.add_support(source.support)
    if source.labels is not None:
        builder.add_labels(source.labels, images)
    if source.project is not None:
        builder.add_project(source.project, with_images=False)
    for notice in builder.notices:
        tell(notice)
    snapshot = replace(builder.build(), folder=images, effort=source.effort)
    with opened_workspace(source.device, source.encoder) as workspace:

        def steps() -> Any:
            inner = fit_snapshot(workspace, snapshot, _REQUEST)
            while True:
                try:
                    event = next(inner)
                except StopIteration as finished:
                    return finished.value
                if asked():
                    inner.close()
                    raise KeyboardInterrupt
                yield event

        fitted = run(steps())
        if fitted.note:
            tell(fitted.note)
        yield ByExamples(workspace, fitted, images)


def _run_of(
    images: Path, classifier: Classifier, table: GrowingTable, out: Path, sorting: Sorting | None
) -> WatchRun:
    from engine.jobs.watching import WatchRun

    if sorting is None:
        watched = FolderWatch(images)
        watched.know(table.files())
        return WatchRun(watched, classifier, table, out)
    choice, project = sorting.choice, sorting.project
    if has_unfinished(choice.target):
        resume_command(choice.target, images)

    def sort(results: Results) -> None:
        sort_results(results, choice, project, only_plan=False)

    passed_over = [choice.target] if choice.target.absolute() != images.absolute() else []
    watched = FolderWatch(images, passed_over=passed_over)
    if choice.how is not SortHow.MOVE:  # What is there still was not moved.
        watched.know(table.files())
    return WatchRun(watched, classifier, table, out, sort=sort, how=choice.how)


def _go_on(run: WatchRun, asked: Callable[[], bool], images: Path, *, as_json: bool) -> None:
    was_there, problem, told_at, n_untold = True, "", time.monotonic(), 0
    while not asked():
        step = run.step()
        if step.is_there != was_there:
            was_there = step.is_there
            state = "is back" if was_there else "is not there; watching goes on when it is back"
            tell(f"The folder {short_path(images)} {state}.")
        if step.problem and step.problem != problem:
            tell(f"{step.problem} It is tried again until it can be done.")
        elif problem and not step.problem:
            tell("That has worked now.")
        problem = step.problem
        n_untold += len(step.images)
        if as_json:
            for item in step.images:
                print_json(item.row or {"file_name": item.name, "failure": item.failure})
        if len(step.images) <= _MOST_LINES and not step.n_waiting and n_untold <= _MOST_LINES:
            _tell_images(step)
            n_untold = 0
        elif n_untold and (not step.n_waiting or time.monotonic() - told_at >= _TELL_S):
            waiting = f", {step.n_waiting} to come" if step.n_waiting else ""
            tell(f"{_images(n_untold)} looked at{waiting}.")
            n_untold, told_at = 0, time.monotonic()
        _wait(_SLICE_S * 10 if problem else run.wait_s, asked)


def _tell_images(step: Step) -> None:
    for item in step.images:
        if item.row is None:
            tell(f"{short_path(item.name)} could not be read: {item.failure}.")
        else:
            row = item.row
            sure = f"{100 * row['confidence']:.0f} %"
            tell(f"{short_path(item.name)}: {row['label']} ({sure})")


def _tell_begin(images: Path, out: Path, table: GrowingTable) -> None:
    if table.n_mended:
        tell(f"The last row of {short_path(out)} was torn and is written anew.")
    known = f" {table.n_rows} rows are in {short_path(out)} already." if table.n_rows else ""
    tell(f"Watching {short_path(images)}; Ctrl-C ends it.{known}")


def _wait(seconds: float, asked: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while not asked() and (left := until - time.monotonic()) > 0:
        time.sleep(min(_SLICE_S, left))


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"

"""Labels for other programs, in any format that the registry has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import ExportError, LabelsError
from engine.interchange.formats.interface import Format, WriteOptions, Written
from engine.interchange.formats.registry import format_of_key
from engine.interchange.records import Record, Results
from engine.jobs.files import check_target, folder_written_whole, synced, written_whole
from engine.jobs.predictions import fit_snapshot, labels_only, results_of
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace
from engine.messages import Event, LabelsSaved, SaveLabels
from engine.words import say


def save_labels(workspace: Workspace, command: SaveLabels) -> Iterator[Event | None]:
    """Write labels and, where asked for, predictions; see :class:`engine.messages.SaveLabels`."""
    if not command.with_predictions:
        yield from save_labels_alone(command)
        return
    chosen, options = _checked(command)
    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    yield from _write(results_of(workspace, fitted), command, chosen, options)


def save_labels_alone(command: SaveLabels) -> Iterator[Event | None]:
    """Write labels without any encoder.

    Raises:
        LabelsError: predictions are asked for where there can be none, or there is no label.
        ExportError: it cannot be written there.
    """
    chosen, options = _checked(command)
    yield from _write(labels_only(command.snapshot), command, chosen, options)


def format_to_write(key: str) -> Format:
    """The format of that name.

    Raises:
        LabelsError: there is none, or Handful only reads it.
    """
    chosen = format_of_key(key)
    if chosen.write is None:
        raise LabelsError(say("Handful reads the format “{key}”, but does not write it.", key=key))
    return chosen


def _checked(command: SaveLabels) -> tuple[Format, WriteOptions]:
    chosen, out = format_to_write(command.format_key), command.out
    folder = command.snapshot.folder
    if command.with_predictions and not chosen.marks_predictions:
        raise LabelsError(
            say(
                "{title} cannot tell predictions from labels; leave the predictions out, or choose "
                "another format.",
                title=chosen.title,
            )
        )
    if not command.snapshot.support:
        raise LabelsError(say("No image is labelled yet."))
    if chosen.holds_images and _is_within(out, folder):
        raise ExportError(
            say(
                "{path} lies in the folder of the images, where its copies would be taken for "
                "further images; choose another place.",
                path=out,
            )
        )
    if not chosen.is_folder:
        check_target(out, command.snapshot.paths)
    if chosen.is_folder and (out.is_file() or (out.is_dir() and any(out.iterdir()))):
        raise ExportError(
            say("Could not write {path}: there is something of that name already.", path=out)
        )
    return chosen, WriteOptions(command.with_predictions, command.copy_images)


def _is_within(path: Path, folder: Path) -> bool:
    # As the system sees them, through links; a folder that is not there yet is resolved, too.
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _write(
    results: Results, command: SaveLabels, chosen: Format, options: WriteOptions
) -> Iterator[Event | None]:
    meter = ProgressMeter(command.request_id, say("Writing labels"), results.n_images)
    counted = _Counted(results)
    place = folder_written_whole if chosen.is_folder else written_whole
    assert chosen.write is not None
    with place(command.out) as temporary:
        steps = chosen.write(counted.results, temporary, options)
        while True:
            try:
                n_done = next(steps)
            except StopIteration as end:
                written = end.value if isinstance(end.value, Written) else None
                break
            yield meter.advance(n_done)
        if chosen.is_folder:
            for _ in synced(temporary):
                yield None
    found = written or Written(
        counted.n_labels, counted.n_predictions if options.with_predictions else 0
    )
    yield LabelsSaved(
        command.request_id,
        command.out,
        found.n_labels,
        found.n_predictions,
        found.n_left_out,
        found.notices,
    )


class _Counted:
    """Results that count what goes through them, for writers that write all they get."""

    def __init__(self, results: Results) -> None:
        self.results = replace(results, chunks=self._chunks)
        self.n_labels = 0
        self.n_predictions = 0
        self._inner = results.chunks

    def _chunks(self) -> Iterator[Sequence[Record]]:
        self.n_labels = self.n_predictions = 0
        for chunk in self._inner():
            for record in chunk:
                if record.label is not None:
                    self.n_labels += 1
                elif record.probabilities is not None:
                    self.n_predictions += 1
            yield chunk

"""The table of predictions: one row per image, in the order of their names."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.columns import Texts
from engine.errors import EngineError, LabelsError
from engine.files import clear_leftovers
from engine.image_list import by_name, ids_of
from engine.interchange.records import Record, Results
from engine.interchange.tables import (
    errors_place,
    remove_errors,
    table_format_of,
    write_errors,
    write_table,
)
from engine.jobs.efforts import fit_or_next_best
from engine.jobs.embedding import embed
from engine.jobs.files import check_target, written_whole
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace, cache_key
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    Event,
    HeldOut,
    ImageId,
    PredictionsSaved,
    SavePredictions,
    Snapshot,
    TableFormat,
)
from engine.method.adaptation import AdaptedModel
from engine.words import say, sentence_of

_ROWS_PER_STEP: Final = 512
_LABELS_PER_STEP: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class FittedSnapshot:
    """A snapshot with the model its support gives.

    ``classes`` are the model's columns, ``seen`` whose embeddings it classifies, ``instant`` and
    ``thorough`` how lesser efforts did on the same held-out labels; ``note`` is one sentence where
    the effort that was asked for was not kept.
    """

    snapshot: Snapshot
    model: AdaptedModel
    seen: Workspace
    classes: tuple[ClassSpec, ...]
    model_id: str
    instant: HeldOut | None = None
    thorough: HeldOut | None = None
    note: str = ""


def save_predictions(workspace: Workspace, command: SavePredictions) -> Iterator[Event | None]:
    """Write the table; see :class:`engine.messages.SavePredictions`."""
    check_target(command.out, command.snapshot.paths)
    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    yield from write_predictions(
        workspace, fitted, command.out, command.request_id, command.table_format
    )


def fit_snapshot(
    workspace: Workspace, snapshot: Snapshot, request_id: int
) -> Generator[Event | None, None, FittedSnapshot]:
    """Embed whatever of a snapshot is not embedded yet, then adapt to its support.

    Raises:
        LabelsError: fewer than two classes have a readable example.
    """
    support = [image for image, _ in snapshot.support]
    is_there = np.isin([image.image_id for image in support], ids_of(snapshot.images))
    others = [image for image, known in zip(support, is_there.tolist(), strict=True) if not known]
    workspace.keep_only(others, snapshot.images)
    workspace.refs.listed(snapshot.images)
    n_images = len(others) + len(snapshot.images)
    meter = ProgressMeter(request_id, say("Looking at images"), n_images)
    # All of them: those embedded before are only looked up, and read again where they changed.
    for images in (others, snapshot.images):
        for results in embed(workspace, images):
            yield from workspace.events_for(request_id, results)
            yield meter.advance(len(results)) if results else None
    yield from workspace.settle_shape()
    class_ids = [item.class_id for item in snapshot.classes]
    try:
        fitted = yield from fit_or_next_best(
            workspace,
            request_id,
            snapshot.support,
            class_ids,
            snapshot.effort,
            snapshot.tuning,
            snapshot.examples,
        )
    except LabelsError as error:
        found = sentence_of(str(error))
        reason = found.worded(found[:1].lower() + found[1:])
        raise LabelsError(say("Nothing can be classified yet: {reason}", reason=reason)) from error
    model, seen = fitted.model, fitted.seen
    classes = tuple(snapshot.classes[index] for index in model.classes)
    model_id = _model_id(seen, model, classes)
    return FittedSnapshot(
        snapshot,
        model,
        seen,
        classes,
        model_id,
        instant=fitted.instant,
        thorough=fitted.thorough,
        note=fitted.note,
    )


def results_of(workspace: Workspace, fitted: FittedSnapshot) -> Results:
    """What the model says of every image of the snapshot, beside the person's labels."""
    snapshot = fitted.snapshot
    labels = _labels_of(snapshot)
    ordered = by_name(snapshot.images)
    store, model = fitted.seen.store, fitted.model

    def chunks() -> Iterator[Sequence[Record]]:
        for start in range(0, len(ordered), _ROWS_PER_STEP):
            chunk = ordered[start : start + _ROWS_PER_STEP]
            readable = [image for image in chunk if image.image_id in store]
            embeddings = store.select(image.image_id for image in readable)
            probabilities = iter(model.probabilities(embeddings))
            none_scores = iter(model.none_scores(embeddings))
            records = []
            for image in chunk:
                label = labels.get(image.image_id)
                if image.image_id in store:
                    records.append(
                        Record(image, label, next(probabilities), float(next(none_scores)))
                    )
                else:
                    reason = _reason(workspace, fitted.seen, image.image_id)
                    records.append(Record(image, label, failure=reason))
            yield records

    return Results(
        folder=snapshot.folder,
        class_names=tuple(item.name for item in snapshot.classes),
        predicted=tuple(item.name for item in fitted.classes),
        model_id=fitted.model_id,
        n_images=len(ordered),
        chunks=chunks,
    )


def labels_only(snapshot: Snapshot) -> Results:
    """What a person said of every image, for files of labels: no model is asked, none is needed.

    No image is read either, so none counts as unreadable.
    """
    labels = _labels_of(snapshot)
    ordered = by_name(snapshot.images)

    def chunks() -> Iterator[Sequence[Record]]:
        for start in range(0, len(ordered), _LABELS_PER_STEP):
            chunk = ordered[start : start + _LABELS_PER_STEP]
            yield [Record(image, labels.get(image.image_id)) for image in chunk]

    return Results(
        folder=snapshot.folder,
        class_names=tuple(item.name for item in snapshot.classes),
        predicted=(),
        model_id="",
        n_images=len(ordered),
        chunks=chunks,
    )


def write_predictions(
    workspace: Workspace,
    fitted: FittedSnapshot,
    out: Path,
    request_id: int,
    table_format: TableFormat | None = None,
) -> Iterator[Event | None]:
    """Write the table and, if there are unreadable images, their list beside it.

    Columns: see the README. Without a ``table_format`` the name of ``out`` says which it is.
    """
    yield from save_table(results_of(workspace, fitted), out, request_id, table_format)


def check_folder_is_there(folder: Path) -> None:
    """Refuse to call all images unreadable where it is their folder that went away.

    Raises:
        EngineError: it is not there.
    """
    if not folder.is_dir():
        raise EngineError(
            say(
                "The folder {folder} is not there any more, so nothing was written; images that "
                "were read need not be read again when it is back.",
                folder=folder,
            )
        )


def save_table(
    results: Results, out: Path, request_id: int, table_format: TableFormat | None = None
) -> Iterator[Event | None]:
    """Write any results as a table; see :func:`write_predictions`."""
    chosen = table_format or table_format_of(out)
    meter = ProgressMeter(request_id, say("Writing predictions"), results.n_images)
    unreadable, reasons = Texts(), []
    n_like_none = 0
    errors_path = errors_place(out)
    clear_leftovers(out.parent)
    with written_whole(out) as temporary:
        for chunk in write_table(results, temporary, chosen):
            for record in chunk:
                if record.failure:
                    unreadable.append(record.image.name)
                    reasons.append(record.failure)
                answer = results.answer(record)
                n_like_none += int(answer is not None and answer.is_none and not answer.is_human)
            if any(record.failure for record in chunk):
                check_folder_is_there(results.folder)
            yield meter.advance(len(chunk))
        if reasons:
            with written_whole(errors_path) as temporary_errors:
                write_errors(zip(unreadable, reasons, strict=True), temporary_errors, chosen)
        else:
            remove_errors(errors_path)  # That of an earlier run would be a lie.
    yield PredictionsSaved(
        request_id,
        out,
        results.n_images - len(reasons),
        errors_path if reasons else None,
        len(reasons),
        n_like_none,
    )


def _labels_of(snapshot: Snapshot) -> dict[ImageId, str]:
    """The name of the class that a person gave each image, as the snapshot has it."""
    names: dict[ClassId, str] = {item.class_id: item.name for item in snapshot.classes}
    names[NONE_OF_THESE] = NONE_NAME
    return {image.image_id: names[class_id] for image, class_id in snapshot.support}


def _reason(workspace: Workspace, seen: Workspace, image_id: ImageId) -> str:
    """Why an image has no row: the last look at it knows best."""
    return (seen if image_id in seen.unreadable else workspace).reason_of(image_id)


def _model_id(workspace: Workspace, model: AdaptedModel, classes: Sequence[ClassSpec]) -> str:
    """16 digits that are the same exactly when encoder, head and class names are.

    Negative examples change none of these, but the none-of-these score.
    """
    digest = hashlib.sha256(cache_key(workspace.runtime).encode())
    digest.update(model.weights.tobytes() + model.bias.tobytes() + model.mean.tobytes())
    digest.update("\0".join(item.name for item in classes).encode())
    if model.unknowns.negative_weights is not None:
        digest.update(model.unknowns.negative_weights.tobytes())
    return digest.hexdigest()[:16]

"""The table of predictions: one row per image, in the order of their names."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.errors import LabelsError
from engine.jobs.adaptation import fit_or_next_best
from engine.jobs.embedding import embed
from engine.jobs.files import written_whole
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Workspace, cache_key
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassSpec,
    Event,
    HeldOut,
    ImageId,
    PredictionsSaved,
    SavePredictions,
    Snapshot,
)
from engine.method.adaptation import AdaptedModel
from engine.method.heads import Floats
from engine.words import say, sentence_of

_ROWS_PER_STEP: Final = 512
# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


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
    fitted = yield from fit_snapshot(workspace, command.snapshot, command.request_id)
    yield from write_predictions(workspace, fitted, command.out, command.request_id)


def fit_snapshot(
    workspace: Workspace, snapshot: Snapshot, request_id: int
) -> Generator[Event | None, None, FittedSnapshot]:
    """Embed whatever of a snapshot is not embedded yet, then adapt to its support.

    Raises:
        LabelsError: fewer than two classes have a readable example.
    """
    support = [image for image, _ in snapshot.support]
    known = {image.image_id for image in snapshot.images}
    images = [*(image for image in support if image.image_id not in known), *snapshot.images]
    workspace.keep_only(images)
    meter = ProgressMeter(request_id, say("Looking at images"), len(images))
    # All of them: those embedded before are only looked up, and read again where they changed.
    for results in embed(workspace, images):
        yield from workspace.events_for(request_id, results)
        yield meter.advance(len(results)) if results else None
    class_ids = [item.class_id for item in snapshot.classes]
    try:
        fitted = yield from fit_or_next_best(
            workspace, request_id, snapshot.support, class_ids, snapshot.effort, snapshot.tuning
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


def write_predictions(
    workspace: Workspace, fitted: FittedSnapshot, out: Path, request_id: int
) -> Iterator[Event | None]:
    """Write ``predictions.csv`` and, if there are unreadable images, ``predictions.errors.csv``.

    Columns: see the README. Labelled images carry the person's label with confidence 1 and the
    machine's opinion beside it.
    """
    snapshot = fitted.snapshot
    labels = {image.image_id: class_id for image, class_id in snapshot.support}
    names = {item.class_id: item.name for item in snapshot.classes}
    names[NONE_OF_THESE] = NONE_NAME
    class_names = [item.name for item in fitted.classes]
    ordered = sorted(snapshot.images, key=lambda image: image.name)
    store, model = fitted.seen.store, fitted.model
    readable = [image for image in ordered if image.image_id in store]
    unreadable = [image for image in ordered if image.image_id not in store]
    meter = ProgressMeter(request_id, say("Writing predictions"), len(readable))
    n_like_none = 0
    with written_whole(out) as temporary:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table_header(class_names))
            for start in range(0, len(readable), _ROWS_PER_STEP):
                chunk = readable[start : start + _ROWS_PER_STEP]
                embeddings = store.select(image.image_id for image in chunk)
                for image, probabilities, none_score in zip(
                    chunk,
                    model.probabilities(embeddings),
                    model.none_scores(embeddings),
                    strict=True,
                ):
                    row = machine_row(
                        image.name, class_names, probabilities, float(none_score), fitted.model_id
                    )
                    label = labels.get(image.image_id)
                    n_like_none += int(label is None and none_score > 0.5)
                    if label is not None:
                        row[1:5] = [_safe_label(names[label]), _number(1.0), "human", "TRUE"]
                    writer.writerow(row)
                yield meter.advance(len(chunk))
        write_errors(
            errors_path_for(out),
            [(image.name, _reason(workspace, fitted.seen, image.image_id)) for image in unreadable],
        )
    yield PredictionsSaved(
        request_id,
        out,
        len(readable),
        errors_path_for(out) if unreadable else None,
        len(unreadable),
        n_like_none,
    )


def _reason(workspace: Workspace, seen: Workspace, image_id: ImageId) -> str:
    """Why an image has no row: the last look at it knows best."""
    return (seen if image_id in seen.unreadable else workspace).reason_of(image_id)


def table_header(class_names: Sequence[str]) -> list[str]:
    """The columns of a table of predictions."""
    return [
        *("file_name", "label", "confidence", "label_source", "is_verified"),
        *("second_label", "second_confidence", "none_score"),
        *("machine_label", "machine_confidence", "model_id"),
        *(f"prob_{name}" for name in class_names),
    ]


def machine_row(
    file_name: str,
    class_names: Sequence[str],
    probabilities: Floats,
    none_score: float | None,
    model_id: str,
) -> list[str]:
    """The row of an image that nobody labelled; ``probabilities`` (n_classes,).

    ``none_score`` is None of a model from before there were such scores.
    """
    first, second = np.argsort(-probabilities, kind="stable")[:2]
    machine = [_safe_label(class_names[first]), _number(probabilities[first])]
    return [
        _safe_name(file_name),
        *machine,
        "machine",
        "FALSE",
        _safe_label(class_names[second]),
        _number(probabilities[second]),
        "" if none_score is None else _number(none_score),
        *machine,
        model_id,
        *(_number(value) for value in probabilities),
    ]


def errors_path_for(out: Path) -> Path:
    """Where the unreadable images of a table are listed: beside it."""
    return out.with_suffix(f".errors{out.suffix}")


def write_errors(path: Path, unreadable: Sequence[tuple[str, str]]) -> None:
    """Write (file name, reason) pairs; with none, remove the list of an earlier run."""
    if not unreadable:
        path.unlink(missing_ok=True)
        return
    with (
        written_whole(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(["file_name", "reason"])
        writer.writerows([_safe_name(name), reason] for name, reason in unreadable)


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


def _number(value: float) -> str:
    return f"{value:.6f}"


def _safe_name(name: str) -> str:
    # "./" keeps a path a path, and the cell no formula.
    return f"./{name}" if name.startswith(_FORMULA_STARTS) else name


def _safe_label(label: str) -> str:
    return f"'{label}" if label.startswith(_FORMULA_STARTS) else label

"""The answer to a click: adapt to the labels, classify what is on screen, then all the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LabelsError
from engine.jobs.efforts import fit, fit_model
from engine.jobs.finetuning_time import estimate_seconds
from engine.jobs.fitted import NO_GAIN, NO_IMAGES_TO_LEARN_FROM, fit_key
from engine.jobs.support import (
    classes_of,
    embed_missing,
    negatives_of,
    usable_examples,
    without_negatives,
)
from engine.jobs.thorough import n_views_of
from engine.jobs.tuned import tune, tuning_of
from engine.jobs.workspace import CurrentModel, Workspace
from engine.messages import (
    Adapt,
    Adapted,
    Effort,
    Event,
    FineTune,
    FineTuned,
    HeldOutPredictions,
    ModelExamples,
    NotAdapted,
    Snapshot,
)
from engine.method.adaptation import AdaptedModel
from engine.method.answering import PIECE_ROWS, Answers, Nearest, joined
from engine.words import Sentence, say

# Rows of the store, all multiples of PIECE_ROWS. A step takes some 20 ms of two cores; what is told
# at once grows, since taking in a million predictions by the thousand costs the window a second.
_STEP_ROWS: Final = 4 * PIECE_ROWS
_FIRST_EVENT_ROWS: Final = PIECE_ROWS
_MOST_EVENT_ROWS: Final = 16 * PIECE_ROWS
_KEPT_NAME: Final = "finetuning"  # The folder beside the cache.


def adapt_and_classify(workspace: Workspace, command: Adapt) -> Iterator[Event | None]:
    """Adapt and classify; see :class:`engine.messages.Adapt`."""
    started = time.perf_counter()
    workspace.drop_gone(command.gone)
    yield from embed_missing(workspace, command.request_id, command.support)
    class_ids = [item.class_id for item in command.classes]
    try:
        fitted = yield from fit(
            workspace,
            command.request_id,
            command.support,
            class_ids,
            command.effort,
            command.tuning,
            command.examples,
        )
    except LabelsError:
        if command.effort is Effort.INSTANT:
            workspace.current = None
        usable = usable_examples(workspace, command.examples, class_ids)
        n_examples = 0 if usable is None else len(usable.class_ids)
        reason = _what_to_do(len(class_ids), len(without_negatives(command.support)) + n_examples)
        if _n_of_others(workspace, command.examples):
            reason = say(
                "The examples from the model were seen by another encoder; choose that one in the "
                "settings, or label images of two classes."
            )
        yield NotAdapted(command.request_id, reason, command.effort)
        return
    model = fitted.model
    if model.effort is not command.effort:
        yield NotAdapted(command.request_id, fitted.note, command.effort)
        return
    current = workspace.set_model(command.request_id, model, class_ids, fitted.seen)
    empty = set(class_ids) - set(current.class_ids.tolist())
    yield Adapted(
        command.request_id,
        effort=model.effort,
        kept=model.kept,
        n_support=model.n_support,
        held_out=model.held_out,
        plain=model.plain,
        instant=None if model.effort is Effort.INSTANT else fitted.instant,
        empty_classes=tuple(item for item in class_ids if item in empty),
        seconds=time.perf_counter() - started,
        finetune_seconds=estimate_seconds(
            model.n_support, len(workspace.store), workspace, n_views=n_views_of(workspace)
        ),
        thorough=fitted.thorough,
        predictions=held_out_predictions(workspace, command, model),
        none_judged=model.unknowns.n_negatives_judged,
        none_found=model.unknowns.n_negatives_found,
        n_unused_examples=_n_of_others(workspace, command.examples),
    )
    store = fitted.seen.store
    visible = [image_id for image_id in command.visible if image_id in store]
    if visible:
        embeddings = store.select(visible)
        yield workspace.predictions(current, np.array(visible, np.int64), embeddings)
    yield from _classify(current)


def _classify(current: CurrentModel) -> Iterator[Event | None]:
    """All images that the model's workspace has seen, in the order of its rows."""
    seen, event_rows, start = current.seen, _FIRST_EVENT_ROWS, 0
    store = seen.store
    while start < len(store):
        first, until = start, start + event_rows
        ids: list[NDArray[np.int64]] = []
        parts: list[Answers] = []
        while start < min(until, len(store)):  # Images come and go meanwhile.
            if start > first:
                yield None
            stop = min(start + _STEP_ROWS, until, len(store))
            ids.append(store.ids_at(start, stop))
            parts += _answers_at(current, start, stop)
            start = stop
        yield current.told(np.concatenate(ids), joined(parts))
        event_rows = min(4 * event_rows, _MOST_EVENT_ROWS)


def _answers_at(current: CurrentModel, start: int, stop: int) -> list[Answers]:
    """Of rows of the store, by this thread and those of the pool that have nothing to do."""
    seen, store = current.seen, current.seen.store
    nearest: Nearest | None = None
    if start % PIECE_ROWS == 0:  # Else rows came behind a piece that was answered in part.
        made_of = store, store.version
        nearest = seen.nearest.ready(current.model.unknowns, made_of, len(store))

    def answer(begin: int) -> Answers:
        blocks = store.blocks_at(begin, min(begin + PIECE_ROWS, stop))
        return current.answering.of_piece(blocks, nearest, begin)

    return seen.shared_out(answer, range(start, stop, PIECE_ROWS))


def fine_tune(workspace: Workspace, command: FineTune) -> Iterator[Event | None]:
    """Fine-tune; see :class:`engine.messages.FineTune`."""
    started = time.perf_counter()
    yield from embed_missing(workspace, command.request_id, command.support)
    support = without_negatives(command.support)
    class_ids = classes_of(support)
    if usable_examples(workspace, command.examples, [item.class_id for item in command.classes]):
        yield NotAdapted(command.request_id, NO_IMAGES_TO_LEARN_FROM, Effort.FINETUNE)
        return
    negatives = negatives_of(command.support)
    made_of = fit_key(workspace, support, Effort.FINETUNE)
    known = tuning_of(workspace, made_of)
    if known is None:
        try:
            fit_model(workspace, support, class_ids)  # Raises what the labels lack.
        except LabelsError:
            reason = _what_to_do(len(command.classes), len(support))
            yield NotAdapted(command.request_id, reason, Effort.FINETUNE)
            return
        made = yield from tune(
            workspace,
            command.request_id,
            support,
            class_ids,
            negatives,
            workspace.cache.folder / _KEPT_NAME,
        )
        if isinstance(made, Sentence):
            reason = made or NO_GAIN[Effort.FINETUNE]
            yield NotAdapted(command.request_id, reason, Effort.FINETUNE)
            return
        known = made
    learned = known.learned
    yield FineTuned(
        command.request_id,
        known.name,
        len(support),
        learned.held_out,
        learned.before,
        learned.instant,
        time.perf_counter() - started,
    )


def held_out_predictions(
    workspace: Workspace, command: Adapt | Snapshot, model: AdaptedModel
) -> HeldOutPredictions | None:
    """Which images the model was judged by, and what each was taken for."""
    if model.held_out is None:
        return None
    # Every effort is fitted to these, in this order.
    readable = [
        item for item in without_negatives(command.support) if item[0].image_id in workspace.store
    ]
    judged = [readable[row] for row in model.judged.tolist()]
    columns = np.array([command.classes[index].class_id for index in model.classes], np.int64)
    told = HeldOutPredictions(
        np.array([image.image_id for image, _ in judged], np.int64),
        np.array([class_id for _, class_id in judged], np.int64),
        columns[model.guesses],
        model.held_out.confidences,
    )
    for array in (told.image_ids, told.labels, told.predicted):
        array.setflags(write=False)
    return told


def _n_of_others(workspace: Workspace, examples: ModelExamples | None) -> int:
    """How many examples of a model another encoder has seen."""
    fingerprint = workspace.runtime.encoder.fingerprint
    return 0 if examples is None else sum(item != fingerprint for item in examples.fingerprints)


def _what_to_do(n_classes: int, n_labels: int) -> Sentence:
    if n_classes < 2:
        return (
            say("Add a second class.")
            if n_classes
            else say("Add two classes and label a few images.")
        )
    return (
        say("Label an image of a second class.")
        if n_labels
        else say("Label an image of each class.")
    )

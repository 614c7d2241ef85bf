"""The answer to a click: adapt to the labels, classify what is on screen, then all the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from engine.errors import LabelsError
from engine.jobs.embedding import embed
from engine.jobs.workspace import Workspace
from engine.messages import Adapt, Adapted, ClassId, Event, ImageRef, NotAdapted, PredictionsReady
from engine.method.adaptation import AdaptedModel, adapt, folder_mean

_BLOCKS_PER_EVENT: Final = 8  # About 4,000 images: a step of some 15 ms.


def adapt_and_classify(workspace: Workspace, command: Adapt) -> Iterator[Event | None]:
    """Adapt and classify; see :class:`engine.messages.Adapt`."""
    started = time.perf_counter()
    missing = [image for image, _ in command.support if image.image_id not in workspace.store]
    for results in embed(workspace, missing):
        yield from workspace.events_for(command.request_id, results)
        yield None
    class_ids = [item.class_id for item in command.classes]
    try:
        model = fit_model(workspace, command.support, class_ids)
    except LabelsError:
        workspace.current = None
        yield NotAdapted(command.request_id, _what_to_do(len(class_ids), len(command.support)))
        return
    current = workspace.set_model(command.request_id, model, class_ids)
    empty = set(class_ids) - set(current.class_ids.tolist())
    yield Adapted(
        command.request_id,
        effort=model.effort,
        kept=model.kept,
        n_support=model.n_support,
        held_out=model.held_out,
        plain=model.plain,
        instant=None,
        empty_classes=tuple(item for item in class_ids if item in empty),
        seconds=time.perf_counter() - started,
        finetune_seconds=0.0,
    )
    visible = [image_id for image_id in command.visible if image_id in workspace.store]
    if visible:
        embeddings = workspace.store.select(visible)
        yield workspace.predictions(current, np.array(visible, np.int64), embeddings)
    parts: list[PredictionsReady] = []
    for image_ids, block in workspace.store.blocks():
        parts.append(workspace.predictions(current, image_ids, block))
        if len(parts) == _BLOCKS_PER_EVENT:
            yield _joined(parts)
            parts = []
    if parts:
        yield _joined(parts)


def fit_model(
    workspace: Workspace,
    support: Sequence[tuple[ImageRef, ClassId]],
    class_ids: Sequence[ClassId],
) -> AdaptedModel:
    """Adapt to those labelled images whose embeddings are in the store.

    Args:
        class_ids: all classes; the model's ``classes`` are positions in it.

    Raises:
        LabelsError: fewer than two classes have a readable labelled image.
    """
    readable = [
        (image, class_id) for image, class_id in support if image.image_id in workspace.store
    ]
    position = {class_id: index for index, class_id in enumerate(class_ids)}
    embeddings = workspace.store.select(image.image_id for image, _ in readable)
    labels = np.array([position[class_id] for _, class_id in readable], np.int64)
    training_mean = workspace.runtime.encoder.feature_mean
    mean = folder_mean(workspace.store.sum(), len(workspace.store), training_mean)
    return adapt(embeddings, labels, mean)


def _what_to_do(n_classes: int, n_labels: int) -> str:
    if n_classes < 2:
        return "Add a second class." if n_classes else "Add two classes and label a few images."
    return "Label an image of a second class." if n_labels else "Label an image of each class."


def _joined(parts: Sequence[PredictionsReady]) -> PredictionsReady:
    joined = PredictionsReady(
        parts[0].request_id,
        np.concatenate([part.image_ids for part in parts]),
        np.concatenate([part.class_ids for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.none_scores for part in parts]),
    )
    for array in (joined.image_ids, joined.class_ids, joined.probabilities, joined.none_scores):
        array.setflags(write=False)
    return joined

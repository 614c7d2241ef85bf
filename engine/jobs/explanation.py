"""Why an image has its score for a class."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from engine.encoder import views as encoder_views
from engine.encoder.activations import emits_roots_of, projection_of
from engine.encoder.views import VIEWS, WHOLE
from engine.errors import EngineError, NoMapError, UnreadableImageError
from engine.jobs.support import without_negatives
from engine.jobs.workspace import CurrentModel, Workspace
from engine.messages import Event, Explain, Explained, Neighbour
from engine.method.explanation import Box, View, nearest, score_map, score_of
from engine.method.heads import Floats
from engine.words import Sentence, say

N_NEIGHBOURS: Final = 3


def explain(workspace: Workspace, command: Explain) -> Iterator[Event | None]:
    """Explain; see :class:`engine.messages.Explain`.

    Where the encoder has no map, all that can be said is the score and the nearest examples.

    Raises:
        EngineError: no model is adapted, the class has no example in it, or the image cannot be
            read.
    """
    current, column = _asked(workspace, command)
    runtime = current.seen.runtime
    views = VIEWS if runtime.is_viewed else (WHOLE,)
    look = partial(workspace.activations_of, command.image.path, runtime.encoder, views)
    try:
        seen = yield from workspace.on_pool(look)
    except NoMapError as error:
        yield from _without_map(workspace, command, current, column, error.sentence)
        return
    except UnreadableImageError as error:
        raise _unreadable(command, error) from error
    embedding = np.mean([one.embedding for one in seen], axis=0)
    laid = score_map(
        current.model,
        column,
        embedding,
        [
            View(one.taps, _box(view), view.mirrored, 1.0 / len(views))
            for one, view in zip(seen, views, strict=True)
        ],
        projection_of(runtime.encoder),
        are_rooted=emits_roots_of(runtime.encoder),
    )
    laid.heat.setflags(write=False)
    yield Explained(
        command.request_id,
        command.image.image_id,
        command.class_id,
        laid.score,
        laid.heat,
        _neighbours(current, command, embedding),
    )


def _without_map(
    workspace: Workspace, command: Explain, current: CurrentModel, column: int, reason: Sentence
) -> Iterator[Event | None]:
    def look() -> Floats:
        pixels = workspace.pixels_of(command.image.path)
        return current.seen.runtime.embed(pixels).astype(np.float32)

    try:
        embedding = yield from workspace.on_pool(look)
    except UnreadableImageError as error:
        raise _unreadable(command, error) from error
    score = score_of(current.model, column, embedding)
    heat = np.full((1, 1), score, np.float32)
    heat.setflags(write=False)
    yield Explained(
        command.request_id,
        command.image.image_id,
        command.class_id,
        score,
        heat,
        _neighbours(current, command, embedding),
        reason,
    )


def _unreadable(command: Explain, error: UnreadableImageError) -> EngineError:
    return EngineError(
        say("{name} cannot be explained: {error}.", name=command.image.name, error=error)
    )


def _box(view: encoder_views.View) -> Box:
    return Box(view.margin, view.margin, 1.0 - view.margin, 1.0 - view.margin)


def _asked(workspace: Workspace, command: Explain) -> tuple[CurrentModel, int]:
    """The model, and the column of the class in it."""
    current = workspace.current
    if current is None:
        raise EngineError(
            say("There is nothing to explain yet: label images of at least two classes first.")
        )
    columns = np.flatnonzero(current.class_ids == command.class_id)
    if not len(columns):
        raise EngineError(
            say("The class has no labelled image that can be read, so no image has a score for it.")
        )
    return current, int(columns[0])


def _neighbours(
    current: CurrentModel, command: Explain, embedding: Floats
) -> tuple[Neighbour, ...]:
    """The nearest labelled images other than the image itself; fewer where there are fewer."""
    store = current.seen.store
    labelled = [
        (image.image_id, class_id)
        for image, class_id in without_negatives(command.support)
        if image.image_id != command.image.image_id and image.image_id in store
    ]
    if not labelled:
        return ()
    model = current.model
    others = model.directions(store.select(image_id for image_id, _ in labelled))
    order, cosines = nearest(model.directions(embedding[None])[0], others, N_NEIGHBOURS)
    return tuple(
        Neighbour(labelled[index][0], labelled[index][1], float(cosine))
        for index, cosine in zip(order.tolist(), cosines, strict=True)
    )

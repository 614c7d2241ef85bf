"""Why an image has its score for a class."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import numpy as np

from engine.encoder.activations import Activations
from engine.errors import EngineError, UnreadableImageError
from engine.jobs.workspace import CurrentModel, Workspace
from engine.messages import Event, Explain, Explained, Neighbour
from engine.method.explanation import View, nearest, score_map

N_NEIGHBOURS: Final = 3


def explain(workspace: Workspace, command: Explain) -> Iterator[Event | None]:
    """Explain; see :class:`engine.messages.Explain`.

    Raises:
        EngineError: no model is adapted, the class has no example in it, or the image cannot be
            read.
    """
    current, column = _asked(workspace, command)
    runtime = workspace.runtime
    look = partial(workspace.activations_of, command.image.path, runtime)
    try:
        seen = yield from workspace.on_pool(look)
    except UnreadableImageError as error:
        raise EngineError(f"{command.image.name} cannot be explained: {error}.") from error
    laid = score_map(
        current.model,
        column,
        seen.embedding,
        [View(seen.taps)],
        runtime.encoder.projection,
    )
    laid.heat.setflags(write=False)
    yield Explained(
        command.request_id,
        command.image.image_id,
        command.class_id,
        laid.score,
        laid.heat,
        _neighbours(workspace, current, command, seen),
    )


def _asked(workspace: Workspace, command: Explain) -> tuple[CurrentModel, int]:
    """The model, and the column of the class in it."""
    current = workspace.current
    if current is None:
        raise EngineError(
            "There is nothing to explain yet: label images of at least two classes first."
        )
    columns = np.flatnonzero(current.class_ids == command.class_id)
    if not len(columns):
        raise EngineError(
            "The class has no labelled image that can be read, so no image has a score for it."
        )
    return current, int(columns[0])


def _neighbours(
    workspace: Workspace, current: CurrentModel, command: Explain, seen: Activations
) -> tuple[Neighbour, ...]:
    """The nearest labelled images other than the image itself; fewer where there are fewer."""
    labelled = [
        (image.image_id, class_id)
        for image, class_id in command.support
        if image.image_id != command.image.image_id and image.image_id in workspace.store
    ]
    if not labelled:
        return ()
    model = current.model
    others = model.directions(workspace.store.select(image_id for image_id, _ in labelled))
    order, cosines = nearest(model.directions(seen.embedding[None])[0], others, N_NEIGHBOURS)
    return tuple(
        Neighbour(labelled[index][0], labelled[index][1], float(cosine))
        for index, cosine in zip(order.tolist(), cosines, strict=True)
    )

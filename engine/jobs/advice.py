"""What to label next, which labels look wrong, and how far the labels reach."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from engine.errors import LabelsError
from engine.jobs.adaptation import fit_model
from engine.jobs.embedding import embed
from engine.jobs.workspace import Workspace
from engine.messages import (
    ClassId,
    ClassSpec,
    Event,
    ImageId,
    ImageRef,
    ProposeSplit,
    ReviewLabels,
    Suggest,
    Suggested,
    Suggestion,
)
from engine.method.adaptation import AdaptedModel, folder_mean
from engine.method.heads import Floats, normalise
from engine.method.suggestion import MOST_IMAGES, Pick, Reason, choose_what_to_label

_ROWS: Final = 2_048  # Of embeddings brought together in a step of some 10 ms.


def suggest(workspace: Workspace, command: Suggest) -> Iterator[Event | None]:
    """Choose; see :class:`engine.messages.Suggest`. Only embedded images are suggested."""
    yield from _embed_missing(workspace, command.request_id, _images(command.support))
    labelled = {image.image_id: class_id for image, class_id in command.support}
    passed_over = set(command.passed_over) - labelled.keys()
    image_ids = _some_images(workspace, labelled.keys() | passed_over)
    directions = yield from _directions(workspace, image_ids)
    class_ids = [item.class_id for item in command.classes]
    model: AdaptedModel | None = None
    with contextlib.suppress(LabelsError):  # Fewer than two classes have a readable label.
        model = fit_model(workspace, command.support, class_ids)
    yield None
    picks = yield from choose_what_to_label(
        directions,
        workspace.store.perceptual_hashes(image_ids),
        np.array([labelled.get(image_id, -1) for image_id in image_ids], np.int64),
        np.array([image_id in passed_over for image_id in image_ids], np.bool_),
        command.count,
        len(class_ids),
        model,
    )
    share = len(image_ids) / max(len(workspace.store), 1)
    columns = () if model is None else tuple(command.classes[index] for index in model.classes)
    yield Suggested(
        command.request_id,
        tuple(
            Suggestion(
                image_ids[pick.index],
                _why_suggested(pick, columns, share),
                tuple(columns[column].class_id for column in pick.classes),
            )
            for pick in picks
        ),
    )


def review_labels(workspace: Workspace, command: ReviewLabels) -> Iterator[Event | None]:
    """Review; see :class:`engine.messages.ReviewLabels`."""
    raise NotImplementedError


def propose_split(workspace: Workspace, command: ProposeSplit) -> Iterator[Event | None]:
    """Propose; see :class:`engine.messages.ProposeSplit`."""
    raise NotImplementedError


def _why_suggested(pick: Pick, columns: Sequence[ClassSpec], share: float) -> str:
    """Args: share: of the folder's images that were looked at."""
    if pick.reason is Reason.BETWEEN:
        first, second = (columns[column].name for column in pick.classes)
        return f"between {first} and {second}"
    count = str(pick.n_near) if share == 1.0 else f"about {float(f'{pick.n_near / share:.1g}'):.0f}"
    if pick.reason is Reason.UNLIKE:
        like = f", as {count} images are" if pick.n_near > 1 else ""
        return f"unlike everything labelled so far{like}"
    return f"typical of {count} images without a label" if pick.n_near > 1 else "one of a kind"


def _images(support: Sequence[tuple[ImageRef, ClassId]]) -> list[ImageRef]:
    return [image for image, _ in support]


def _embed_missing(
    workspace: Workspace, request_id: int, images: Iterable[ImageRef]
) -> Iterator[Event | None]:
    """Labelled images may not have been read yet: they come first."""
    missing = [image for image in images if image.image_id not in workspace.store]
    for results in embed(workspace, missing):
        yield from workspace.events_for(request_id, results)
        yield None


def _some_images(workspace: Workspace, always: set[ImageId]) -> list[ImageId]:
    """The embedded images, ascending: a random MOST_IMAGES of more, ``always`` among them."""
    known = workspace.store.image_ids()
    kept = np.array(sorted(known & always), np.int64)
    others = np.array(sorted(known - always), np.int64)
    room = max(MOST_IMAGES - len(kept), 0)
    if len(others) > room:
        others = np.random.default_rng(0).choice(others, room, replace=False)
    return [ImageId(item) for item in np.sort(np.concatenate([kept, others])).tolist()]


def _directions(
    workspace: Workspace, image_ids: Sequence[ImageId]
) -> Generator[None, None, Floats]:
    """Embeddings centred on the folder's mean and of length one, (n_images, embedding_size)."""
    directions = np.empty((len(image_ids), workspace.store.embedding_size), np.float32)
    mean = _mean(workspace)
    for start in range(0, len(image_ids), _ROWS):
        embeddings = workspace.store.select(image_ids[start : start + _ROWS])
        directions[start : start + _ROWS] = normalise(embeddings, mean)
        yield None
    return directions


def _mean(workspace: Workspace) -> Floats:
    training_mean = workspace.runtime.encoder.feature_mean
    return folder_mean(workspace.store.sum(), len(workspace.store), training_mean)

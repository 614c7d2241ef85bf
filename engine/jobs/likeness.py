"""What looks alike: groups of images that show the same, and likeness to some images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from engine.errors import EngineError
from engine.jobs.workspace import Workspace
from engine.messages import (
    Event,
    FindGroups,
    GroupsFound,
    ImageId,
    MeasureSimilarity,
    Progress,
    SimilarityMeasured,
)
from engine.method.grouping import Ints, group_steps
from engine.method.heads import Floats, normalise
from engine.words import say

_ROWS: Final = 1_024


def find_groups(workspace: Workspace, command: FindGroups) -> Iterator[Event | None]:
    """Find; see :class:`engine.messages.FindGroups`. A step takes some 50 ms at most."""
    store = workspace.store
    known = np.array([image in store for image in command.image_ids.tolist()], np.bool_)
    image_ids, taken_s = command.image_ids[known], command.taken_s[known]
    yield None
    images = [ImageId(image) for image in image_ids.tolist()]
    hashes = store.perceptual_hashes(images)
    numbers: dict[str, int] = {}
    folders = np.array(
        [
            numbers.setdefault(workspace.refs[image].name.rpartition("/")[0], len(numbers))
            for image in images
        ],
        np.int64,
    )
    yield None
    mean = workspace.folder_shape().mean

    def directions_of(rows: Ints) -> Floats:
        return normalise(store.select([images[row] for row in rows.tolist()]), mean)

    steps = group_steps(directions_of, hashes, taken_s, folders)
    told = 0.0
    while True:
        try:
            share = next(steps)
        except KeyError:
            return  # An image was dropped meanwhile; who changed the folder asks again.
        except StopIteration as end:
            stands_for: Ints = end.value
            break
        if share >= told + 0.05:
            told = share
            text = say("Looking for alike images")
            yield Progress(command.request_id, text, round(100 * share), 100, 0.0, 0.0)
        yield None
    sizes = np.bincount(stands_for, minlength=len(stands_for))
    grouped = np.flatnonzero(sizes[stands_for] > 1)
    found = image_ids[grouped], stands_for[grouped]
    for array in found:
        array.setflags(write=False)
    yield GroupsFound(command.request_id, *found)


def measure_similarity(workspace: Workspace, command: MeasureSimilarity) -> Iterator[Event | None]:
    """Measure; see :class:`engine.messages.MeasureSimilarity`."""
    store = workspace.store
    asked = [image for image in command.images if image in store]
    if not asked:
        raise EngineError(
            say("The selected images have not been looked at yet; try again in a moment.")
        )
    mean = workspace.folder_shape().mean
    total = np.zeros(store.embedding_size, np.float64)
    for start in range(0, len(asked), _ROWS):
        total += normalise(store.select(asked[start : start + _ROWS]), mean).sum(axis=0)
        yield None
    target = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
    ids, similarities = [], []
    for block_ids, embeddings in store.blocks():
        ids.append(block_ids)
        similarities.append(normalise(embeddings.astype(np.float32), mean) @ target)
        yield None
    found = np.concatenate(ids), np.clip(np.concatenate(similarities), -1.0, 1.0)
    for array in found:
        array.setflags(write=False)
    yield SimilarityMeasured(command.request_id, *found)

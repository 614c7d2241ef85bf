"""What looks alike: groups of images that show the same, and likeness to some images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.embedding_rows import BLOCK_ROWS
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
from engine.method.answering import centred
from engine.method.grouping import Ints, group_steps
from engine.method.heads import SMALLEST_NORM, Floats, normalise
from engine.words import say

_ROWS: Final = 1_024
_LOOKED_UP: Final = 20_000  # Images a step, some 20 ms.
_STEP_ROWS: Final = 32 * BLOCK_ROWS  # Of the store, some 15 ms of one core.


def find_groups(workspace: Workspace, command: FindGroups) -> Iterator[Event | None]:
    """Find; see :class:`engine.messages.FindGroups`. A step takes some 50 ms at most."""
    store = workspace.store
    numbers: dict[str, int] = {}
    parts = []
    for start in range(0, len(command.image_ids), _LOOKED_UP):
        asked = command.image_ids[start : start + _LOOKED_UP]
        rows = start + np.flatnonzero(store.known_among(asked))
        some = [ImageId(image) for image in command.image_ids[rows].tolist()]
        names = (workspace.refs[image].name for image in some)
        of = [numbers.setdefault(name.rpartition("/")[0], len(numbers)) for name in names]
        parts.append((rows, store.perceptual_hashes(some), np.array(of, np.int64)))
        yield None
    if not parts:
        parts = [(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64))]
    known, hashes, folders = (np.concatenate(column) for column in zip(*parts, strict=True))
    image_ids, taken_s = command.image_ids[known], command.taken_s[known]
    mean = workspace.folder_shape().mean

    def directions_of(rows: Ints) -> Floats:
        return normalise(store.select(image_ids[rows].tolist()), mean)

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

    def cosines(block: NDArray[np.float16]) -> Floats:
        x = centred(block, mean, np.empty(block.shape, np.float32))
        norms = np.sqrt(np.einsum("nd,nd->n", x, x))
        likeness: Floats = (x @ target) / np.maximum(norms, SMALLEST_NORM)
        return likeness

    ids, similarities = [], []
    start = 0
    while start < len(store):
        stop = min(start + _STEP_ROWS, len(store))
        ids.append(store.ids_at(start, stop))
        similarities += workspace.shared_out(cosines, store.blocks_at(start, stop))
        start = stop
        yield None
    found = np.concatenate(ids), np.clip(np.concatenate(similarities), -1.0, 1.0)
    for array in found:
        array.setflags(write=False)
    yield SimilarityMeasured(command.request_id, *found)

"""The map of a folder: positions of its images, at once roughly, then with neighbours together."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.jobs.embedding import embed
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import STRETCH_S, Workspace
from engine.messages import Event, ImageId, LaidOut, LayOut, LayoutMethod
from engine.method.folder import folder_mean
from engine.method.heads import Floats, normalise
from engine.method.layout import (
    FEWEST,
    Interim,
    fit_to_map,
    main_directions,
    neighbour_layout,
    place_among,
    turned_towards,
)
from engine.words import say

_SAMPLE: Final = 5_000  # Images that the main directions are taken from.
_ROWS: Final = 2_048
_STILL_THE_SAME: Final = 2 / 3  # Of the images on a layout; with fewer it is made anew.
_SHOW_S: Final = 0.4  # So often the layout is shown while it is made.
_PARTS: Final = 1_000  # Of the work, for its progress.
_HASH_BYTES: Final = 8

Ids = NDArray[np.int64]


def lay_out(workspace: Workspace, command: LayOut) -> Iterator[Event | None]:
    """Lay out; see :class:`engine.messages.LayOut`."""
    tuning = workspace.tunings.get(command.tuning)
    if tuning is None:
        yield from _lay_out(workspace, replace(command, tuning=""), None)
        return
    for event in _lay_out_tuned(workspace, tuning.seen, command):
        yield event
        if command.tuning not in workspace.tunings:
            return  # Another network took its place, and its cache is closed.


def _lay_out_tuned(
    workspace: Workspace, seen: Workspace, command: LayOut
) -> Iterator[Event | None]:
    """As the fine-tuned network of ``seen`` sees the images, also those that came since."""
    images = [workspace.refs[image_id] for image_id in sorted(workspace.store.image_ids())]
    seen.keep_only(images)
    meter = ProgressMeter(command.request_id, say("Looking at images"), len(images))
    for results in embed(seen, images):
        yield meter.advance(len(results)) if results else None
    yield from _lay_out(seen, command, None if command.anew else workspace.layout)


def _lay_out(
    workspace: Workspace, command: LayOut, before: tuple[Ids, Floats] | None
) -> Iterator[Event | None]:
    """Lay out by the embeddings of a workspace.

    Args:
        before: the layout that is seen till the new one is there, which begins and lies as it does.
    """
    image_ids = np.array(sorted(workspace.store.image_ids()), np.int64)
    folder = _folder(workspace)
    if not command.anew:
        known = workspace.layout
        if known is None:
            known = yield from _remembered(workspace, folder, image_ids)
        if known is not None and _is_still_good(known[0], image_ids):
            positions = yield from _with_those_that_came(workspace, image_ids, *known)
            if not command.is_quick:  # Else of more images it may be remembered where they lay.
                workspace.layout = image_ids, positions
            yield _laid_out(command, image_ids, positions, LayoutMethod.NEIGHBOURS, is_final=True)
            return
    directions = yield from _directions(workspace, image_ids)
    is_all = command.is_quick or len(directions) < FEWEST
    if before is not None and not is_all:
        start = _where_they_lay(image_ids, *before)
        positions = yield from _by_neighbours(
            workspace, command, image_ids, directions, start, is_shown=False
        )
        positions = turned_towards(positions, start)
    else:
        sample = directions[:: max(1, len(directions) // _SAMPLE)].astype(np.float32)
        axes = yield from workspace.on_pool(partial(main_directions, sample))
        start = fit_to_map(np.concatenate([block @ axes for block in _blocks(directions)]))
        method = LayoutMethod.MAIN_DIRECTIONS
        yield _laid_out(command, image_ids, start, method, is_final=is_all)
        if is_all:
            return
        positions = yield from _by_neighbours(workspace, command, image_ids, directions, start)
    workspace.layout = image_ids, positions
    yield _laid_out(command, image_ids, positions, LayoutMethod.NEIGHBOURS, is_final=True)
    hashes = yield from _hashes(workspace, image_ids)
    if len(hashes) == len(positions):
        workspace.cache.keep_layout(folder, hashes, positions)


def _by_neighbours(
    workspace: Workspace,
    command: LayOut,
    image_ids: Ids,
    directions: NDArray[np.float16],
    start: Floats,
    *,
    is_shown: bool = True,
) -> Generator[Event | None, None, Floats]:
    meter = ProgressMeter(command.request_id, say("Arranging the map"), _PARTS)
    steps = neighbour_layout(directions, start)
    shown = time.perf_counter()
    while True:
        interim = yield from workspace.on_pool(partial(_some_steps, steps))
        if isinstance(interim, np.ndarray):
            return interim
        yield meter.advance(round(_PARTS * interim.share) - meter.done)
        now = time.perf_counter()
        if is_shown and interim.positions is not None and now - shown >= _SHOW_S:
            shown = now
            method = LayoutMethod.NEIGHBOURS
            yield _laid_out(command, image_ids, interim.positions, method, is_final=False)


def _some_steps(steps: Generator[Interim, None, Floats]) -> Interim | Floats:
    """What the last of some steps gave, or the result."""
    until = time.perf_counter() + STRETCH_S
    try:
        while True:
            interim = next(steps)
            if time.perf_counter() >= until:
                return interim
    except StopIteration as end:
        positions: Floats = end.value
        return positions


def _with_those_that_came(
    workspace: Workspace, image_ids: Ids, known_ids: Ids, known: Floats
) -> Generator[None, None, Floats]:
    """The positions of all images; those that are not on the layout are placed on it."""
    places = np.searchsorted(known_ids, image_ids)
    places[places == len(known_ids)] = 0
    is_known = known_ids[places] == image_ids
    positions = known[places]
    if not is_known.all():
        directions = yield from _directions(workspace, image_ids)
        steps = place_among(directions[~is_known], directions[is_known], positions[is_known])
        positions[~is_known] = yield from workspace.steps_on_pool(steps)
    return positions


def _where_they_lay(image_ids: Ids, known_ids: Ids, known: Floats) -> Floats:
    """The positions (n, 2) of images on a layout; in its middle those that are not on it."""
    places = np.searchsorted(known_ids, image_ids)
    places[places == len(known_ids)] = 0
    is_known = known_ids[places] == image_ids
    positions: Floats = np.where(is_known[:, None], known[places], np.float32(0))
    return positions


def _is_still_good(known_ids: Ids, image_ids: Ids) -> bool:
    """Whether most of the images are on the layout."""
    n_known = int(np.isin(image_ids, known_ids, assume_unique=True).sum())
    return n_known >= max(_STILL_THE_SAME * len(image_ids), 1)


def _directions(workspace: Workspace, image_ids: Ids) -> Generator[None, None, NDArray[np.float16]]:
    """Embeddings centred on the folder's mean and of length one, (n, embedding_size).

    In half precision, as the embeddings are: for 100,000 images that is 128 MB.
    """
    store, feature_mean = workspace.store, workspace.runtime.encoder.feature_mean
    mean = folder_mean(store.sum(), len(store), feature_mean)
    directions = np.zeros((len(image_ids), store.embedding_size), np.float16)
    for start in range(0, len(image_ids), _ROWS):
        some = [ImageId(item) for item in image_ids[start : start + _ROWS].tolist()]
        # An image whose file vanished meanwhile lies in the middle.
        rows = [index for index, item in enumerate(some) if item in store]
        directions[start : start + _ROWS][rows] = normalise(
            store.select(some[row] for row in rows), mean
        )
        yield None
    return directions


def _blocks(directions: NDArray[np.float16]) -> Iterator[Floats]:
    for start in range(0, max(len(directions), 1), _ROWS):
        yield directions[start : start + _ROWS].astype(np.float32)


def _remembered(
    workspace: Workspace, folder: str, image_ids: Ids
) -> Generator[None, None, tuple[Ids, Floats] | None]:
    """The layout that was kept for this folder, of those images on it that are still here."""
    kept = workspace.cache.find_layout(folder)
    if kept is None:
        return None
    hashes = yield from _hashes(workspace, image_ids)
    if len(hashes) != len(image_ids):
        return None
    known, positions = kept
    order = np.argsort(known, kind="stable")
    places = np.searchsorted(known[order], hashes)
    places[places == len(known)] = 0
    is_known = known[order[places]] == hashes
    return image_ids[is_known], positions[order[places[is_known]]]


def _hashes(workspace: Workspace, image_ids: Ids) -> Generator[None, None, NDArray[np.uint64]]:
    """A number for each embedding, (n,), by which it is known again; fewer where one is gone."""
    hashes: list[bytes] = []
    for start in range(0, len(image_ids), _ROWS):
        some = [ImageId(item) for item in image_ids[start : start + _ROWS].tolist()]
        embeddings = workspace.store.select(item for item in some if item in workspace.store)
        hashes += [
            hashlib.blake2b(item.tobytes(), digest_size=_HASH_BYTES).digest()
            for item in embeddings.astype(np.float16)
        ]
        yield None
    return np.frombuffer(b"".join(hashes), np.uint64)


def _folder(workspace: Workspace) -> str:
    """The innermost folder that holds all images that were read."""
    folders = [str(ref.path.parent) for ref in workspace.refs.values()]
    # What the first and the last in order have in common, all have.
    return os.path.commonpath([min(folders), max(folders)]) if folders else ""


def _laid_out(
    command: LayOut, image_ids: Ids, positions: Floats, method: LayoutMethod, *, is_final: bool
) -> LaidOut:
    ids, places = image_ids.copy(), positions.copy()
    for array in (ids, places):
        array.setflags(write=False)
    return LaidOut(command.request_id, ids, places, method, is_final, command.tuning)

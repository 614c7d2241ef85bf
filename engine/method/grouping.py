"""Which images of a whole folder show the same: copies, bursts, near-duplicates.

``engine.method.duplicates`` says what near-duplicates are and compares all with all; here, for
100,000 images, most pairs are never looked at. In this order, each step working with one image
for each group so far:

1. *Copies*: images with the same embedding, bit for bit.
2. *Bursts*: an image joins the burst before it, in the order of names within one folder, if it is
   a near-duplicate of the burst's first image, or was taken within ten seconds of the image before
   and has a cosine of at least 0.75 with the first. Every frame is held against the first, so that
   a camera that takes a picture every few seconds does not put a day into one group.
3. *Near-duplicates anywhere*: images are sorted by the nearest of some 4 sqrt(n) other images
   ("pivots", a random choice). Within a pivot all are compared as in ``duplicates``; what is left
   is compared across pivots, where two have one of their four nearest pivots in common.

Two images with a cosine of 0.9 lie at 26 degrees of each other, so they nearly always share a
pivot. Measured by ``benchmarks/groups.py`` (``docs/results/groups.md``): 100,000 images take five
to seven seconds of one core; of the pairs of near-duplicates among 20,000 images 92 % end in one
group, and 86 to 91 % where all are compared with all.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.messages import NO_DATE
from engine.method.duplicates import (
    SAME_LAYOUT,
    SAME_LAYOUT_BITS,
    SAME_VIEW,
    near_duplicate_pairs,
    near_duplicate_steps,
)
from engine.method.heads import Floats

BURST_S: Final = 10  # From one frame to the next.
BURST_COSINE: Final = SAME_LAYOUT
_PIVOTS: Final = 4.0  # Times the root of the number of images.
_NEAREST: Final = 4  # Pivots by which images of different ones may meet.
_ALL_WITH_ALL: Final = 4_000  # Fewer images than these are compared without pivots.
_ROWS: Final = 1_024  # Per step, some 10 to 20 ms.
_TILE: Final = 768  # A pivot's images are compared in squares of this side at most.

Ints = NDArray[np.int64]


def group_steps(
    directions_of: Callable[[Ints], Floats],
    hashes: NDArray[np.uint64],
    taken_s: Ints,
    folders: Ints,
) -> Generator[float, None, Ints]:
    """Group images in steps of at most some 50 ms.

    Args:
        directions_of: the embeddings (k, d), centred and of length one, of images by index (k,).
        hashes: (n,) perceptual hashes, 0 where none.
        taken_s: (n,) when each was taken, NO_DATE where unknown.
        folders: (n,) a number for each image's folder. All in the order of names.

    Yields:
        The share of the work that is done, in [0, 1].

    Returns:
        (n,) for each image the index of one that stands for its group; its own where it is alone
        or stands for others itself.
    """
    stands_for = yield from _copies_and_bursts(directions_of, hashes, taken_s, folders)
    rest = np.flatnonzero(stands_for == np.arange(len(stands_for)))
    merged = yield from _near_duplicates(directions_of, hashes, rest)
    stands_for[rest] = merged
    # An image whose leader was merged into another group goes there with it; two steps deep.
    for _ in range(2):
        stands_for = stands_for[stands_for]
    return stands_for


def _copies_and_bursts(
    directions_of: Callable[[Ints], Floats],
    hashes: NDArray[np.uint64],
    taken_s: Ints,
    folders: Ints,
) -> Generator[float, None, Ints]:
    n_images = len(hashes)
    stands_for = np.arange(n_images)
    first_with: dict[int, int] = {}
    leader, leader_direction = -1, np.zeros(0, np.float32)
    for start in range(0, n_images, _ROWS):
        rows = np.arange(start, min(start + _ROWS, n_images))
        directions = directions_of(rows)
        for row, direction in zip(rows.tolist(), directions, strict=True):
            if leader >= 0 and folders[row] == folders[leader]:
                cosine = float(direction @ leader_direction)
                if cosine >= SAME_LAYOUT and _joins(cosine, row, leader, hashes, taken_s):
                    stands_for[row] = leader
                    continue
            leader, leader_direction = row, direction
            key = hash(direction.tobytes())
            same = first_with.setdefault(key, row)
            if same != row and np.any(direction):
                stands_for[row] = stands_for[same]
        yield 0.2 * (rows[-1] + 1) / n_images
    return stands_for


def _joins(cosine: float, row: int, leader: int, hashes: NDArray[np.uint64], taken_s: Ints) -> bool:
    if cosine >= SAME_VIEW:
        return True
    known = taken_s[row] != NO_DATE and taken_s[row - 1] != NO_DATE
    if known and 0 <= taken_s[row] - taken_s[row - 1] <= BURST_S:
        return cosine >= BURST_COSINE
    own, other = int(hashes[row]), int(hashes[leader])
    return bool(own and other) and (own ^ other).bit_count() <= SAME_LAYOUT_BITS


def _near_duplicates(
    directions_of: Callable[[Ints], Floats], hashes: NDArray[np.uint64], rows: Ints
) -> Generator[float, None, Ints]:
    """For each of ``rows``, ascending, the one of them that stands for it."""
    if len(rows) <= _ALL_WITH_ALL:
        return (yield from _within(directions_of, hashes, rows, 0.2, 0.8))
    nearest = yield from _nearest_pivots(directions_of, rows)
    stands_for = rows.copy()
    order = np.argsort(nearest[:, 0], kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(nearest[order, 0])) + 1)
    done = 0
    for part in parts:
        share = 0.2 * len(part) / len(rows)
        stands_for[part] = yield from _within(
            directions_of, hashes, rows[part], 0.4 + 0.2 * done / len(rows), share
        )
        done += len(part)
    left = np.flatnonzero(stands_for == rows)
    merged = yield from _across(directions_of, hashes, rows[left], nearest[left])
    stands_for[left] = merged
    return stands_for


def _within(
    directions_of: Callable[[Ints], Floats],
    hashes: NDArray[np.uint64],
    rows: Ints,
    begun: float,
    share: float,
) -> Generator[float, None, Ints]:
    """Compare all of ``rows`` with all."""
    directions = np.empty((0, 0), np.float32)
    parts = []
    for start in range(0, len(rows), _ROWS):
        parts.append(directions_of(rows[start : start + _ROWS]))
        yield begun
    if parts:
        directions = np.concatenate(parts)
    steps = near_duplicate_steps(directions, hashes[rows])
    try:
        while True:
            next(steps)
            yield begun + share / 2
    except StopIteration as end:
        groups: Ints = end.value
    first = np.unique(groups, return_index=True)[1] if len(groups) else np.zeros(0, np.int64)
    stands_for: Ints = rows[first[groups]] if len(groups) else rows
    return stands_for


def _nearest_pivots(
    directions_of: Callable[[Ints], Floats], rows: Ints
) -> Generator[float, None, NDArray[np.int32]]:
    """The nearest pivots of each row, nearest first, (n, _NEAREST)."""
    n_pivots = min(len(rows), round(_PIVOTS * float(np.sqrt(len(rows)))))
    chosen = np.random.default_rng(0).choice(rows, n_pivots, replace=False)
    pivots = directions_of(np.sort(chosen)).T
    nearest = np.empty((len(rows), _NEAREST), np.int32)
    step = max(64, min(_ROWS, 1_000_000 // n_pivots))
    for start in range(0, len(rows), step):
        cosines = directions_of(rows[start : start + step]) @ pivots
        best = np.argpartition(-cosines, _NEAREST, axis=1)[:, :_NEAREST]
        values = np.take_along_axis(cosines, best, axis=1)
        ranks = np.argsort(-values, axis=1, kind="stable")
        nearest[start : start + step] = np.take_along_axis(best, ranks, axis=1)
        yield 0.2 + 0.2 * start / len(rows)
    return nearest


def _across(
    directions_of: Callable[[Ints], Floats],
    hashes: NDArray[np.uint64],
    rows: Ints,
    nearest: NDArray[np.int32],
) -> Generator[float, None, Ints]:
    """Compare rows of different pivots that have one of their nearest pivots in common."""
    first: list[Ints] = []
    second: list[Ints] = []
    place = np.repeat(np.arange(len(rows)), _NEAREST)
    order = np.argsort(nearest.reshape(-1), kind="stable")
    ends = np.searchsorted(nearest.reshape(-1)[order], np.arange(int(nearest.max(initial=-1)) + 2))
    for pivot in range(len(ends) - 1):
        members = np.unique(place[order[ends[pivot] : ends[pivot + 1]]])
        for begin in range(0, len(members), _TILE):
            some = members[begin : begin + _TILE]
            own = directions_of(rows[some])
            for other in range(begin, len(members), _TILE):
                others = members[other : other + _TILE]
                theirs = own if other == begin else directions_of(rows[others])
                joined = np.concatenate([own, theirs])
                indices = np.arange(len(joined))
                a, b, _ = near_duplicate_pairs(
                    joined,
                    np.concatenate([hashes[rows[some]], hashes[rows[others]]]),
                    indices[: len(own)],
                    indices[len(own) :],
                )
                a, b = some[a], others[b - len(own)]
                fresh = (a < b) & (nearest[a, 0] != nearest[b, 0])
                if fresh.any():
                    first.append(a[fresh])
                    second.append(b[fresh])
                yield 0.6 + 0.4 * pivot / max(len(ends) - 1, 1)
    stands_for = np.arange(len(rows))
    if first:
        yield from _merge(stands_for, np.concatenate(first), np.concatenate(second))
    merged: Ints = rows[stands_for]
    return merged


def _merge(stands_for: Ints, first: Ints, second: Ints) -> Generator[float, None, None]:
    """Stars: each image in turn, those with most near-duplicates first, takes what is left."""
    size = len(stands_for)
    yield 1.0
    pairs = np.stack(
        np.divmod(np.unique(np.r_[first * size + second, second * size + first]), size)
    )
    yield 1.0
    images, starts, counts = np.unique(pairs[0], return_index=True, return_counts=True)
    taken = np.zeros(size, np.bool_)
    for turn, index in enumerate(np.argsort(-counts, kind="stable").tolist()):
        if turn % 4_096 == 0:
            yield 1.0
        image = images[index]
        if taken[image]:
            continue
        near = pairs[1, starts[index] : starts[index] + counts[index]]
        near = near[~taken[near]]
        taken[image] = True
        taken[near] = True
        stands_for[near] = image

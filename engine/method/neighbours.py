"""The nearest neighbours of every embedding: exact in small folders, nearly so in large ones.

In steps, each of them a matrix product of bounded size, so that a caller can stop between any
two; the same embeddings give the same neighbours.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.heads import Floats

EXACT_UP_TO: Final = 12_000
"""Up to so many points each is compared with all others."""
_ROWS: Final = 256  # Compared at a time: with 12,000 others a step of some 50 ms.
_CELL: Final = 600  # Points a cell of a large folder, on average.
_CELLS_SEARCHED: Final = 20  # So a point of a large folder is compared with some 12,000 as well.
_SAMPLE: Final = 20_000  # Points that the cells are fitted to.
_ROUNDS: Final = 6  # Of k-means: cells need not be good, only compact.


Points = NDArray[np.float16] | NDArray[np.float32]


def nearest_neighbours(
    points: Points, count: int
) -> Generator[float, None, tuple[NDArray[np.int32], Floats]]:
    """For every point the nearest others and their distances, nearest first.

    With more than EXACT_UP_TO points those in the nearest cells of a k-means partition are
    compared (an inverted file; Jégou, Douze and Schmid 2011), which costs the same per point
    whatever their number.

    Args:
        points: (n, d); half precision is enough and takes half the memory.
        count: how many, at most n - 1.

    Yields:
        The share that is done, in [0, 1].

    Returns:
        Indices (n, count) int32 and Euclidean distances (n, count) float32.
    """
    n_points = len(points)
    indices = np.zeros((n_points, count), np.int32)
    distances = np.zeros((n_points, count), np.float32)
    everything = np.arange(n_points)
    searches = [(everything, everything)]
    if n_points > EXACT_UP_TO:
        searches = yield from _cells(points)
    n_done = 0
    for members, candidates in searches:
        others = points[candidates].astype(np.float32)
        squares = np.einsum("ij,ij->i", others, others)
        yield n_done / n_points
        for start in range(0, len(members), _ROWS):
            rows = members[start : start + _ROWS]
            own = points[rows].astype(np.float32)
            apart = squares - 2 * (own @ others.T)
            # A point is in its own cell and no neighbour of itself; candidates are ascending.
            apart[np.arange(len(rows)), np.searchsorted(candidates, rows)] = np.inf
            best = np.argpartition(apart, count - 1, axis=1)[:, :count]
            near = np.take_along_axis(apart, best, axis=1)
            order = np.argsort(near, axis=1, kind="stable")
            near = np.take_along_axis(near, order, axis=1)
            near += np.einsum("ij,ij->i", own, own)[:, None]
            indices[rows] = candidates[np.take_along_axis(best, order, axis=1)]
            distances[rows] = np.sqrt(np.maximum(near, 0.0))
            n_done += len(rows)
            yield n_done / n_points
    return indices, distances


def nearest_of(
    points: Points, known: Points, count: int
) -> Generator[float, None, NDArray[np.intp]]:
    """For every point the nearest of the ``known`` ones (n_known, d), as indices (n, count)."""
    apart = np.full((len(points), count), np.inf, np.float32)
    found = np.zeros((len(points), count), np.intp)
    for first in range(0, len(known), EXACT_UP_TO):
        others = known[first : first + EXACT_UP_TO].astype(np.float32)
        squares = np.einsum("ij,ij->i", others, others)
        indices = np.arange(first, first + len(others))
        for start in range(0, len(points), _ROWS):
            rows = slice(start, start + _ROWS)
            own = points[rows].astype(np.float32)
            both = np.hstack([apart[rows], squares - 2 * (own @ others.T)])
            names = np.hstack([found[rows], np.broadcast_to(indices, (len(own), len(others)))])
            best = np.argpartition(both, count - 1, axis=1)[:, :count]
            apart[rows] = np.take_along_axis(both, best, axis=1)
            found[rows] = np.take_along_axis(names, best, axis=1)
            yield (first + len(others) * min(1.0, (start + _ROWS) / len(points))) / len(known)
    return found


def _cells(
    points: Points,
) -> Generator[float, None, list[tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    """Points cell by cell, each with all points of the cells around it, ascending."""
    random = np.random.default_rng(0)
    n_cells = len(points) // _CELL
    drawn = np.sort(random.choice(len(points), min(_SAMPLE, len(points)), replace=False))
    sample = points[drawn].astype(np.float32)
    centres = sample[np.sort(random.choice(len(sample), n_cells, replace=False))]
    for _ in range(_ROUNDS):
        cells = yield from _nearest_centre(sample, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, cells, sample)
        sizes = np.bincount(cells, minlength=n_cells)
        filled = sizes > 0
        centres[filled] = sums[filled] / sizes[filled, None]
        yield 0.0
    cells = yield from _nearest_centre(points, centres)
    order = np.argsort(cells, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(cells, minlength=n_cells))[:-1])
    apart = np.einsum("ij,ij->i", centres, centres) - 2 * (centres @ centres.T)
    n_searched = min(_CELLS_SEARCHED, n_cells)
    around = np.argpartition(apart, n_searched - 1, axis=1)[:, :n_searched]
    # A cell is its own nearest one, but two may have the same centre.
    return [
        (own, np.unique(np.concatenate([own, *(members[other] for other in around[cell])])))
        for cell, own in enumerate(members)
        if len(own)
    ]


def _nearest_centre(points: Points, centres: Floats) -> Generator[float, None, NDArray[np.intp]]:
    squares = np.einsum("ij,ij->i", centres, centres)
    found = np.zeros(len(points), np.intp)
    for start in range(0, len(points), 4 * _CELL):
        some = points[start : start + 4 * _CELL].astype(np.float32)
        found[start : start + len(some)] = (squares - 2 * (some @ centres.T)).argmin(axis=1)
        yield 0.0
    return found

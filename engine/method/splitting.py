"""Parting the images of one class into two that look different."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.heads import Floats

_STARTS: Final = 8
_ROUNDS: Final = 50


def split_in_two(directions: Floats, groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which images would leave: the smaller of two clusters (2-means, the best of several starts).

    Near-duplicates stay together, unless there is nothing else. Of two or more images some leave
    and some stay; one alone stays.

    Args:
        directions: (n, d), centred and of length one.
        groups: (n,) near-duplicates, see ``engine.method.duplicates``.
    """
    n_images = len(directions)
    if n_images < 2:
        return np.zeros(n_images, np.bool_)
    units = np.unique(groups, return_inverse=True)[1].reshape(-1)
    if units.max() == 0:
        units = np.arange(n_images)
    sizes = np.bincount(units).astype(np.float32)
    means = np.zeros((len(sizes), directions.shape[1]), np.float32)
    np.add.at(means, units, directions)
    means /= sizes[:, None]
    best, least = np.zeros(len(sizes), np.bool_), np.inf
    random = np.random.default_rng(0)
    for start in range(_STARTS):
        # The first start takes the image farthest from the mean; the others any.
        centre = np.average(means, axis=0, weights=sizes)
        away = ((means - centre) ** 2).sum(axis=1)
        first = int(away.argmax()) if start == 0 else int(random.integers(len(means)))
        second = int(((means - means[first]) ** 2).sum(axis=1).argmax())
        if first == second:  # All alike: any cut is as good.
            second = (first + 1) % len(means)
        side, cost = _two_means(means, sizes, first, second)
        if cost < least:
            best, least = side, cost
    n_second = sizes[best].sum()
    # Of equal halves the first image stays.
    leaves = (
        best if n_second * 2 < n_images or (n_second * 2 == n_images and not best[0]) else ~best
    )
    return leaves[units]


def _two_means(
    points: Floats, weights: Floats, first: int, second: int
) -> tuple[NDArray[np.bool_], float]:
    """Which points (n,) are nearer to the second centre in the end, and the squared distances."""
    centres = points[[first, second]]
    side = np.zeros(len(points), np.bool_)
    side[second] = True
    for _ in range(_ROUNDS):
        distances = ((points[:, None] - centres) ** 2).sum(axis=2)
        new = distances[:, 1] < distances[:, 0]
        if new.all() or not new.any():
            break
        side = new
        centres = np.stack(
            [np.average(points[part], axis=0, weights=weights[part]) for part in (~side, side)]
        )
    distances = ((points[:, None] - centres) ** 2).sum(axis=2)
    return side, float((weights * np.where(side, distances[:, 1], distances[:, 0])).sum())

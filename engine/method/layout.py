"""Where images lie on a map: in the plane, those that are alike near each other.

Two layouts: the two main directions of the folder, which is a product of matrices and there at
once, and t-SNE, which gives up distances between what is unlike for keeping neighbours together.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.method.heads import Floats
from engine.method.neighbours import Points, nearest_neighbours, nearest_of

FEWEST: Final = 12
"""With fewer points the main directions show all there is to see."""
_PERPLEXITY: Final = 30.0  # Of how many neighbours about a point takes notice.
_EARLY: Final = 250  # Iterations with exaggerated attraction, in which clusters form.
_LATE: Final = 250  # As many again kept one neighbour in a hundred more.
_EXAGGERATION: Final = 12.0
SHARE_OF_SEARCH: Final = 0.2
_FFT_FROM: Final = 3_000  # Points; below, the tree of Barnes and Hut is quicker than a grid.
# The grid's cells, in units of the map: twice openTSNE's own, which with 10,000 points took three
# times as long and kept one neighbour in a hundred more.
_GRID: Final = 2.0
_POINTS_A_STEP: Final = 20_000  # Times iterations: a step of some 50 ms.
_NEAREST: Final = 5  # By which a new point is placed.


@dataclass(frozen=True, slots=True, eq=False)
class Interim:
    """How far a layout is.

    ``share`` in [0, 1]; ``positions`` (n, 2) None while there is nothing to see yet.
    """

    share: float
    positions: Floats | None


def main_directions(directions: Floats) -> Floats:
    """The two main directions of directions (n, d), as columns (d, 2) float32.

    Their signs are fixed, so that a map is not mirrored when a few images come. The mean is not
    taken off: it is near zero, as directions are centred before.
    """
    spread = directions.T @ directions
    _, vectors = np.linalg.eigh(spread.astype(np.float64))
    axes = vectors[:, ::-1][:, :2]
    largest = np.abs(axes).argmax(axis=0)
    return np.ascontiguousarray(axes * np.sign(axes[largest, [0, 1]]), np.float32)


def fit_to_map(positions: NDArray[Any]) -> Floats:
    """Positions (n, 2) centred, and scaled so that 99 in 100 are in the circle of radius one."""
    if not len(positions):
        return np.zeros((0, 2), np.float32)
    middle = (positions - positions.mean(axis=0)).astype(np.float32)
    radius = float(np.quantile(np.hypot(middle[:, 0], middle[:, 1]), 0.99))
    fitted: Floats = middle / np.float32(radius or 1.0)
    return fitted


def neighbour_layout(directions: Points, start: Floats) -> Generator[Interim, None, Floats]:
    """t-SNE (van der Maaten and Hinton 2008), its repulsion interpolated on a grid (Linderman
    and others 2019), started at the main directions as Kobak and Berens (2019) advise.

    The same images give the same positions.

    Args:
        directions: (n, d), n at least FEWEST. Neighbours are sought among all d numbers: of the ten
            nearest only six in ten are the same by the first 128 main directions.
        start: (n, 2), the images by the main directions, or where they lay before.

    Yields:
        How far it is, after steps of some 50 ms, up to some 300 ms with 100,000 points.

    Returns:
        Positions (n, 2) float32 as of :func:`fit_to_map`.
    """
    # Here: with SciPy and scikit-learn it takes a second, and few sessions need it.
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n_points = len(directions)
    perplexity = min(_PERPLEXITY, (n_points - 1) / 3)
    search = nearest_neighbours(directions, min(n_points - 1, round(3 * perplexity)))
    while True:
        try:
            share = next(search)
        except StopIteration as end:
            indices, distances = end.value
            break
        yield Interim(SHARE_OF_SEARCH * share, None)
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(indices, distances.astype(np.float64)),
        perplexity=perplexity,
        n_jobs=1,
    )
    yield Interim(SHARE_OF_SEARCH, None)
    first = start.astype(np.float64)
    # What is in the same place, as copies of one image are, would never part.
    first += np.random.default_rng(0).normal(0, 0.01 * first.std() or 1.0, first.shape)
    embedding = TSNEEmbedding(
        first * (1e-4 / first[:, 0].std()),
        affinities,
        n_jobs=1,
        negative_gradient_method=_gradient_of(n_points),
    )
    at_once = max(1, _POINTS_A_STEP // n_points)
    n_done = 0
    for n_iterations, exaggeration, momentum in ((_EARLY, _EXAGGERATION, 0.5), (_LATE, 1.0, 0.8)):
        left = n_iterations
        while left:
            now = min(at_once, left)
            embedding.optimize(now, inplace=True, exaggeration=exaggeration, momentum=momentum)
            left, n_done = left - now, n_done + now
            share = SHARE_OF_SEARCH + (1 - SHARE_OF_SEARCH) * n_done / (_EARLY + _LATE)
            # Clusters part late in the first phase; before, all is a heap.
            is_something = n_done > _EARLY / 2
            yield Interim(share, fit_to_map(np.array(embedding)) if is_something else None)
    return fit_to_map(np.array(embedding))


def place_among(
    directions: Points, known: Points, positions: Floats
) -> Generator[float, None, Floats]:
    """Places of new points on a map that stays as it is: amid their nearest neighbours on it.

    Args:
        directions: (n, d), those of the new ones.
        known: (n_known, d), those of what is on the map.
        positions: (n_known, 2) of those.

    Yields:
        The share that is done.

    Returns:
        Positions (n, 2) float32.
    """
    count = min(_NEAREST, len(known))
    nearest = yield from nearest_of(directions, known, count)
    # The median: a mean would lie between two clusters, where nothing is.
    placed: Floats = np.median(positions[nearest], axis=1).astype(np.float32)
    return placed


def turned_towards(positions: Floats, others: Floats) -> Floats:
    """Positions (n, 2) turned, or mirrored, so that they lie as near as can be to others.

    Distances stay. The orthogonal Procrustes problem (Schönemann 1966).
    """
    left, _, right = np.linalg.svd(positions.astype(np.float64).T @ others.astype(np.float64))
    turned: Floats = (positions @ (left @ right)).astype(np.float32)
    return turned


def _gradient_of(n_points: int) -> Any:
    """What openTSNE is to call for the gradient, for so many points."""
    from openTSNE import tsne

    gradient = tsne.kl_divergence_fft if n_points >= _FFT_FROM else tsne.kl_divergence_bh
    return partial(_gradient_alone, gradient)


def _gradient_alone(
    gradient: Any,
    *args: Any,
    fft_params: dict[str, Any],
    should_eval_error: bool,
    **kwargs: Any,
) -> Any:
    # After each call of optimize() it asks for the error once more, which nobody looks at; with an
    # iteration a call that would be every second one.
    if should_eval_error:
        return 0.0, None
    grid = {**fft_params, "ints_in_interval": _GRID}
    return gradient(*args, fft_params=grid, should_eval_error=False, **kwargs)

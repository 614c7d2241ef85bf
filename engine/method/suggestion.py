"""What to label next: the images whose labels would teach the classifier most.

Before there is a classifier the images typical of the folder's clusters are best (TypiClust,
Hacohen et al., arXiv:2202.02794). With one, a label is worth what it tells about all the other
images, the doubtful ones above all. For a ridge regression on directions x that is known before
the label is: labelling x_c takes

    (x_q' A x_c)^2 / (1 + x_c' A x_c),     A = (I + sum_labelled x x')^-1,

off the variance at x_q (transductive experimental design, Yu, Bi and Tresp, ICML 2006), here summed
over the folder with weights: how mixed the probabilities of x_q are (Gini) or how much it looks
like none of the classes, whichever is more. Picked greedily, with A updated after each, several
suggestions complement each other and what is rare but clear is not asked for twice.

On ten real sets, five suggestions at a time, random labelling's accuracy was reached with six
tenths of its labels on the mean (docs/results/advice.md); margin sampling after TypiClust, its
usual successor, needed a fifth more labels than this.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.adaptation import AdaptedModel
from engine.method.calibration import softmax
from engine.method.duplicates import near_duplicate_pairs
from engine.method.heads import Floats

MOST_IMAGES: Final = 20_000
"""Of a larger folder so many are looked at: its clusters and its doubts show in these."""

_MOST_CLUSTERED: Final = 4_000
_MOST_CLUSTERS: Final = 500
_SMALLEST_CLUSTER: Final = 5
_NEIGHBOURS: Final = 20
_KMEANS_ROUNDS: Final = 10
_ROWS: Final = 1_024  # A step of some 20 ms.
_CLOSE_CALL: Final = 0.5  # The second class at least half as likely as the first.
_STRANGE: Final = 0.5


class Reason(Enum):
    """Why an image is suggested."""

    TYPICAL = "typical of images without a label"
    BETWEEN = "between two classes"
    UNLIKE = "unlike everything labelled"


@dataclass(frozen=True, slots=True)
class Pick:
    """An image worth labelling.

    Attributes:
        index: its row among the images given.
        reason: see :class:`Reason`.
        n_near: how many images without a label, itself among them, are nearer to it than to any
            image that is labelled, passed over or picked beside it.
        classes: columns of the model, the likeliest first; two with BETWEEN, one with TYPICAL
            where there is a model, else none.
    """

    index: int
    reason: Reason
    n_near: int
    classes: tuple[int, ...]


def choose_what_to_label(
    directions: Floats,
    hashes: NDArray[np.uint64],
    labels: NDArray[np.int64],
    passed_over: NDArray[np.bool_],
    count: int,
    n_classes: int,
    model: AdaptedModel | None,
    none_scores: Floats | None = None,
    outside: Floats | None = None,
) -> Generator[None, None, list[Pick]]:
    """Pick images to label, in steps of some 20 ms.

    No two of them are near-duplicates, nor is one of a labelled or passed over image.

    Args:
        directions: (n, d) of the folder's readable images, ``MOST_IMAGES`` at most, the labelled
            ones among them; as the model sees them, else centred on the folder's mean.
        hashes: (n,) perceptual hashes, 0 where unknown.
        labels: (n,) class numbers, of images that show none of the classes one more; -1 where
            there is no label.
        passed_over: (n,) those the person did not want to label.
        count: how many at most.
        n_classes: the person's classes, those without a label among them.
        model: fitted to the labelled ones; None while fewer than two classes have a label.
        none_scores: (n,) how much each looks like nothing labelled; None without a model.
        outside: (n,) in [0, 1], how surely each is known to be none of the classes, so that it
            matters less which of them it is nearest to; None without negative examples.

    Returns:
        The best first; fewer than ``count`` where no more are left.
    """
    if none_scores is None:
        none_scores = np.zeros(len(directions), np.float32)
    labelled = labels >= 0
    seen = np.flatnonzero(labelled | passed_over)
    free = np.ones(len(directions), np.bool_)
    free[seen] = False
    for start in range(0, len(directions), _ROWS):
        images = np.arange(start, min(start + _ROWS, len(directions)))
        free[near_duplicate_pairs(directions, hashes, images, seen)[0]] = False
        yield None
    pool = _Pool(directions, hashes, free)
    if model is None or np.count_nonzero(labelled) < n_classes:
        n_kinds = len(np.unique(labels[labelled])) + int(np.sum(passed_over & ~labelled))
        picks = yield from _typical(pool, seen, n_kinds, count)
    else:
        picks = yield from _informative(pool, seen, count, model, none_scores, outside)
    n_near = yield from _count_nearest(directions, seen, picks, labelled)
    return [
        _describe(index, directions[index], float(none_scores[index]), near, model)
        for index, near in zip(picks, n_near.tolist(), strict=True)
    ]


class _Pool:
    """The images, and which of them may still be picked."""

    def __init__(
        self, directions: Floats, hashes: NDArray[np.uint64], free: NDArray[np.bool_]
    ) -> None:
        self.directions = directions
        self.hashes = hashes
        self.free = free

    def take(self, index: int) -> None:
        """Neither this image nor a near-duplicate of it can be picked any more."""
        self.free[index] = False
        candidates = np.flatnonzero(self.free)
        chosen = np.array([index])
        pairs = near_duplicate_pairs(self.directions, self.hashes, chosen, candidates)
        self.free[pairs[1]] = False


def _typical(
    pool: _Pool, seen: NDArray[np.int64], n_kinds: int, count: int
) -> Generator[None, None, list[int]]:
    """TypiClust: of the largest clusters that hold no seen image, the densest image.

    With as many clusters as there are kinds among the seen images, and one for each suggestion;
    the paper counts labels for kinds, and many of one class would cut that class to pieces.
    """
    random = np.random.default_rng(0)
    others = np.setdiff1d(np.arange(len(pool.directions)), seen)
    room = max(_MOST_CLUSTERED - len(seen), count)
    if len(others) > room:
        others = np.sort(random.choice(others, room, replace=False))
    images = np.sort(np.concatenate([seen, others]))
    directions = pool.directions[images]
    n_clusters = min(n_kinds + count, _MOST_CLUSTERS, len(images))
    clusters = yield from _cluster(directions, n_clusters, random)
    sizes = np.bincount(clusters, minlength=n_clusters)
    n_seen = np.bincount(clusters[np.isin(images, seen)], minlength=n_clusters)
    order = np.lexsort((-sizes, sizes < _SMALLEST_CLUSTER, n_seen))
    picks: list[int] = []
    # Once round takes one of each cluster; clusters are gone through again where some had none.
    while len(picks) < count and pool.free[images].any():
        for cluster in order:
            members = images[clusters == cluster]
            if not pool.free[members].any():
                continue
            density = yield from _density(pool.directions[members])
            density[~pool.free[members]] = -np.inf
            picks.append(int(members[density.argmax()]))
            pool.take(picks[-1])
            yield None
            if len(picks) == count:
                break
    return picks


def _cluster(
    directions: Floats, n_clusters: int, random: np.random.Generator
) -> Generator[None, None, NDArray[np.int64]]:
    """k-means, begun by k-means++ (Arthur and Vassilvitskii, SODA 2007). The cluster of each.

    The greedy form: of several centres drawn the one that leaves the least distance is taken.
    """
    if n_clusters == 0:
        return np.zeros(len(directions), np.int64)
    centres = np.empty((n_clusters, directions.shape[1]), np.float32)
    distances = np.ones(len(directions), np.float32)
    n_trials = 2 + int(np.log(n_clusters))
    for k in range(n_clusters):
        chances = distances / distances.sum(dtype=np.float64) if distances.any() else None
        trials = directions[random.choice(len(directions), n_trials, p=chances)]
        away = np.maximum(1.0 - trials @ directions.T, 0.0)
        left = np.minimum(away, distances)
        best = left.sum(axis=1).argmin()
        centres[k], distances = trials[best], left[best]
        yield None
    clusters = np.zeros(len(directions), np.int64)
    for _ in range(_KMEANS_ROUNDS):
        # argmin |x - c|^2 = argmax <x, c> - |c|^2 / 2
        offsets = (centres**2).sum(axis=1) / 2
        clusters = (directions @ centres.T - offsets).argmax(axis=1)
        for k in range(n_clusters):
            members = directions[clusters == k]
            if len(members):
                centres[k] = members.mean(axis=0)
        yield None
    return clusters


def _density(members: Floats) -> Generator[None, None, Floats]:
    """Mean cosine of each (n,) to its nearest neighbours among them."""
    n_nearest = min(_NEIGHBOURS, len(members))
    density = np.empty(len(members), np.float32)
    for start in range(0, len(members), _ROWS):
        rows = slice(start, start + _ROWS)
        similarity = members[rows] @ members.T
        density[rows] = np.partition(similarity, -n_nearest, axis=1)[:, -n_nearest:].mean(axis=1)
        yield None
    return density


def _informative(
    pool: _Pool,
    seen: NDArray[np.int64],
    count: int,
    model: AdaptedModel,
    none_scores: Floats,
    outside: Floats | None,
) -> Generator[None, None, list[int]]:
    """Weighted transductive experimental design, see the module's text.

    With M = sum_q w_q x_q x_q', the gain of x is g(x) = x' A M A x / (1 + x' A x). A pick with
    a = A x_c takes s a a', s = 1 / (1 + x_c' a), off A: both products follow without another
    pass over all pairs.
    """
    x = pool.directions
    n_images, n_dimensions = x.shape
    # What was passed over has no label, but asking beside it again would bring no more.
    inverse = np.eye(n_dimensions, dtype=np.float32) + x[seen].T @ x[seen]
    spread = np.linalg.inv(inverse)
    yield None
    weighted = np.zeros((n_dimensions, n_dimensions), np.float32)
    for start in range(0, n_images, _ROWS):
        rows = slice(start, start + _ROWS)
        inside = 1.0 if outside is None else 1.0 - outside[rows]
        some = x[rows]
        weighted += some.T @ (some * _doubt(some, none_scores[rows], inside, model)[:, None])
        yield None
    benefit = np.empty(n_images, np.float32)
    variance = np.empty(n_images, np.float32)
    for start in range(0, n_images, _ROWS):
        rows = slice(start, start + _ROWS)
        away = x[rows] @ spread
        variance[rows] = np.einsum("nd,nd->n", away, x[rows])
        benefit[rows] = np.einsum("nd,nd->n", away @ weighted, away)
        yield None
    picks: list[int] = []
    while len(picks) < count and pool.free.any():
        gain = np.where(pool.free, benefit / (1.0 + variance), -np.inf)
        picks.append(int(gain.argmax()))
        pool.take(picks[-1])
        along = spread @ x[picks[-1]]
        scale = np.float32(1.0 / (1.0 + x[picks[-1]] @ along))
        toward = weighted @ along
        shared = x @ along
        benefit -= 2 * scale * shared * (x @ (spread @ toward))
        benefit += (scale * shared) ** 2 * (along @ toward)
        variance -= scale * shared**2
        spread -= scale * np.outer(along, along)
        yield None
    return picks


def _doubt(
    directions: Floats, none_scores: Floats, inside: Floats | float, model: AdaptedModel
) -> Floats:
    """How little is known of images (n, d), (n,) in [0, 1]."""
    probabilities = softmax(model.logits(directions))
    mixed = (1.0 - (probabilities**2).sum(axis=1)) / (1.0 - 1.0 / probabilities.shape[1])
    doubt: Floats = np.maximum(inside * mixed, none_scores).astype(np.float32)
    return doubt


def _count_nearest(
    directions: Floats, seen: NDArray[np.int64], picks: list[int], labelled: NDArray[np.bool_]
) -> Generator[None, None, NDArray[np.int64]]:
    """Of how many images without a label each pick is nearer than all other picks and labels."""
    counts = np.zeros(len(picks), np.int64)
    for start in range(0, len(directions), _ROWS):
        some = directions[start : start + _ROWS][~labelled[start : start + _ROWS]]
        if len(some) and picks:
            to_picks = some @ directions[picks].T
            to_seen = (some @ directions[seen].T).max(axis=1, initial=-np.inf)
            nearer = to_picks.max(axis=1) > to_seen
            counts += np.bincount(to_picks.argmax(axis=1)[nearer], minlength=len(picks))
        yield None
    return counts


def _describe(
    index: int, direction: Floats, none_score: float, n_near: int, model: AdaptedModel | None
) -> Pick:
    if model is None:
        return Pick(index, Reason.TYPICAL, n_near, ())
    x = direction[None]
    if none_score > _STRANGE:
        return Pick(index, Reason.UNLIKE, n_near, ())
    probabilities = softmax(model.logits(x))[0]
    first, second = np.argsort(-probabilities, kind="stable")[:2].tolist()
    if probabilities[second] >= _CLOSE_CALL * probabilities[first]:
        return Pick(index, Reason.BETWEEN, n_near, (first, second))
    return Pick(index, Reason.TYPICAL, n_near, (first,))

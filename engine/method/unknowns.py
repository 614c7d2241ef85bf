"""None of these: how far an image is from everything that was labelled.

Needs no negative examples, and takes some. Distances are taken on the embedding as the encoder
gives it, centred and of length one, not on what a head makes of it: a head keeps what parts the
classes and drops what would tell a stranger.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.heads import Floats, fit_ridge, normalise, some_of_each

_QUANTILE: Final = 0.95  # Of the labelled images' own distances; there the score is one half.
_STEEPNESS: Final = 8.0
# Around the folder's mean, cosine distance one is no likeness at all. So far reaches an image that
# has no other example of its class to tell its reach by; and as much of the quantile is believed
# as this many images at that distance leave of it.
_LONE_REACH: Final = 1.0
_PRIOR_IMAGES: Final = 3.0
_SMALLEST_REACH: Final = 1e-3
# What negative examples say, in units of the logit: their regression gives about -1 to 1.
_NEGATIVE_WEIGHT: Final = np.float32(4.0)
_NEGATIVE_PENALTY: Final = 1.0
# They raise no score of images below which this share of the held-out labelled ones lies: with ten
# of them beside one label a class, every eighth image of the classes would be above one half.
_NOT_RAISED: Final = 0.8
_CONSTANT: Final = np.float32(0.5)  # Beside the direction, for a bias, as in the heads.
_CHUNK: Final = 512  # As single precision about what fits a core's own cache.
# Labelled images that are compared with; of more, as many of each class as of any.
# Ten thousand images then take some 60 ms, thrice their probabilities.
_MOST_SUPPORT: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class UnknownScorer:
    """Scores by the distance to the nearest labelled image, each measured by its own reach.

    The score is ``sigmoid(steepness * (relative - 1) + negative_weights @ x + negative_bias)``,
    with x the direction around ``mean`` and ``relative = min(inverse_reach - support @ x)``: the
    least cosine distance in units of the labelled image's reach.

    Attributes:
        mean: (d,) float32, the folder's mean. Not the heads' centre, which leans to the classes
            that have labels: around it strangers look less strange.
        support: (n_support, d) float32, directions of the labelled images, divided by their reach:
            the cosine distance at which the score is one half, as far as they alone say.
        inverse_reach: (n_support,) float32, one over it, > 0.
        negative_weights: (d,) float32, what negative examples tell; None where there are none.
        negative_bias: beside it.
        n_negatives: how many negative examples were given.
        n_negatives_judged: how many of them were left out one by one, to see whether they are told.
        n_negatives_found: how many of those score above one half then.
        images: (n_support,) what tells each labelled image from all others.
    """

    mean: Floats
    support: Floats
    inverse_reach: Floats
    negative_weights: Floats | None = None
    negative_bias: float = 0.0
    n_negatives: int = 0
    n_negatives_judged: int = 0
    n_negatives_found: int = 0
    steepness: float = _STEEPNESS
    images: tuple[bytes, ...] = ()

    @classmethod
    def fit(
        cls,
        embeddings: Floats,
        labels: NDArray[np.int64],
        mean: Floats,
        groups: NDArray[np.int64] | None = None,
    ) -> UnknownScorer:
        """From embeddings (n_support, d), labels (n_support,) and the folder's mean (d,).

        Of near-duplicates, which share a number in ``groups``, one is looked at: a burst lies so
        close together that everything else would seem strange.
        """
        if groups is not None:
            first = np.unique(groups, return_index=True)[1]
            embeddings, labels = embeddings[first], labels[first]
        support = normalise(embeddings, mean)
        images = [hashlib.sha256(item.tobytes()).digest() for item in embeddings]
        if len(support) > _MOST_SUPPORT:
            # At least one of every class, or its images would look like none. Drawn by what they
            # are, so that another label leaves nearly all of the others where they were.
            drawn = np.array(sorted(range(len(images)), key=images.__getitem__), np.intp)
            kept = some_of_each(labels, max(_MOST_SUPPORT, len(np.unique(labels))), drawn)
            support, labels = support[kept], labels[kept]
            images = [images[row] for row in kept.tolist()]
        similarity = support @ support.T
        np.fill_diagonal(similarity, -np.inf)
        same = np.where(labels[:, None] == labels[None, :], similarity, -np.inf)
        nearest = same.max(axis=1)
        has_other = np.isfinite(nearest)
        reach = np.full(len(support), _LONE_REACH, np.float32)
        if has_other.any():
            reach[has_other] = reach_of(1.0 - nearest[has_other])
        return cls(mean, support / reach[:, None], 1.0 / reach, images=tuple(images))

    def with_negatives(self, embeddings: Floats) -> UnknownScorer:
        """The same, told what is none of the classes, embeddings (n, d), best no near-duplicates.

        Of many some are drawn at random; none take back what others had told.

        A ridge regression parts them from the labelled images. Strangers are of many kinds, so it
        is added to the distance, which still tells those that are like no negative example.
        """
        n_negatives = len(embeddings)
        if not n_negatives:
            return replace(
                self,
                negative_weights=None,
                negative_bias=0.0,
                n_negatives=0,
                n_negatives_judged=0,
                n_negatives_found=0,
            )
        if n_negatives > _MOST_SUPPORT:
            drawn = np.random.default_rng(0).permutation(n_negatives)[:_MOST_SUPPORT]
            embeddings = embeddings[np.sort(drawn)]
        negatives = normalise(embeddings, self.mean)
        labelled = self.support / self.inverse_reach[:, None]
        x = np.concatenate([labelled, negatives])
        x = np.concatenate([x, np.full((len(x), 1), _CONSTANT, np.float32)], axis=1)
        is_negative = (np.arange(len(x)) >= len(labelled)).astype(np.int64)
        fitted = fit_ridge(x, is_negative, 2, _NEGATIVE_PENALTY)
        left_out = fitted.left_out_scores[:, 1] - fitted.left_out_scores[:, 0]
        start = max(0.0, float(np.quantile(left_out[: len(labelled)], _NOT_RAISED)))
        # What each adds to its own score where it was not among the examples; the distance never
        # knows of them.
        own = _NEGATIVE_WEIGHT * (left_out[len(labelled) :] - np.float32(start))
        found = self._distance_logits(negatives) + own > 0
        toward: Floats = _NEGATIVE_WEIGHT * (fitted.weights[1] - fitted.weights[0])
        return replace(
            self,
            negative_weights=np.ascontiguousarray(toward[:-1]),
            negative_bias=float(toward[-1] * _CONSTANT - _NEGATIVE_WEIGHT * start),
            n_negatives=n_negatives,
            n_negatives_judged=len(negatives),
            n_negatives_found=int(np.count_nonzero(found)),
        )

    def reaching(self, reach: float) -> UnknownScorer:
        """The same, every labelled image reaching at least a cosine distance of ``reach``."""
        lengths: Floats = np.maximum(1.0 / self.inverse_reach, np.float32(reach))
        directions = self.support / self.inverse_reach[:, None]
        return replace(self, support=directions / lengths[:, None], inverse_reach=1.0 / lengths)

    def scores(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """(n,) in [0, 1] of embeddings (n, d)."""
        logits = np.zeros(len(embeddings), np.float32)
        for start in range(0, len(embeddings), _CHUNK):
            block = embeddings[start : start + _CHUNK].astype(np.float32)
            directions = normalise(block, self.mean)
            logit = self._distance_logits(directions)
            if self.negative_weights is not None:
                logit += directions @ self.negative_weights + np.float32(self.negative_bias)
            logits[start : start + _CHUNK] = logit
        return _sigmoid(logits)

    def slots(self) -> NDArray[np.int64] | None:
        """0 or 1 for each labelled image, (n_support,): those of one number have one reach.

        1 is for those that reach as far as an image that has no other of its class. None where
        there are more than two reaches, or nothing tells the images apart.
        """
        is_lone = self.inverse_reach == np.float32(1.0 / _LONE_REACH)
        others = self.inverse_reach[~is_lone]
        if len(self.images) != len(self.support) or (len(others) and np.ptp(others) != 0):
            return None
        slots: NDArray[np.int64] = is_lone.astype(np.int64)
        return slots

    def _distance_logits(self, directions: Floats) -> Floats:
        """(n,) what the distance alone says of directions (n, d) around ``mean``."""
        nearness = directions @ self.support.T
        nearness -= self.inverse_reach
        return self._logits_of(nearness.max(axis=1))

    def _logits_of(self, nearness: Floats) -> Floats:
        logits: Floats = self.steepness * (-nearness - np.float32(1.0))
        return logits


def scores_of(unknowns: UnknownScorer, nearness: Floats, told: Floats | None) -> Floats:
    """As :meth:`UnknownScorer.scores`, (n,), of what was computed elsewhere.

    Args:
        nearness: (n,) the greatest of ``support @ x - inverse_reach``.
        told: (n,) ``negative_weights @ x``; None where there are none.
    """
    logits = unknowns._logits_of(nearness)
    if told is not None:
        logits += told + np.float32(unknowns.negative_bias)
    return _sigmoid(logits)


def _sigmoid(logits: Floats) -> Floats:
    scores: Floats = (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)
    return scores


def reach_of(distances: Floats) -> float:
    """How far labelled images reach, from cosine distances (n,), n > 0, of others like them."""
    n_images = len(distances)
    own = float(np.quantile(distances, _QUANTILE))
    steadied = (n_images * own + _PRIOR_IMAGES * _LONE_REACH) / (n_images + _PRIOR_IMAGES)
    return max(steadied, _SMALLEST_REACH)

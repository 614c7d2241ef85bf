"""None of these: how far an image is from everything that was labelled.

Needs no negative examples. Distances are taken on the embedding as the encoder gives it, centred
and of length one, not on what a head makes of it: a head keeps what parts the classes and drops
what would tell a stranger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.heads import Floats, normalise

_QUANTILE: Final = 0.95  # Of the labelled images' own distances; there the score is one half.
_STEEPNESS: Final = 8.0
# Where a class has a single example nothing is known of its spread. With one label a class the
# nearest is at 0.76 for half of the images of ten validation sets, at 0.95 for all but a twentieth:
# half of the scores are then near one half, which ranks them but is no threshold.
_LONE_REACH: Final = 0.8
_CHUNK: Final = 512  # As single precision about what fits a core's own cache.
# Labelled images that are compared with; of more, as many of each class as of any, at random.
# Ten thousand images then take some 60 ms, thrice their probabilities.
_MOST_SUPPORT: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class UnknownScorer:
    """Scores by the distance to the nearest labelled image.

    Attributes:
        mean: (d,) float32, the folder's mean. Not the heads' centre, which leans to the classes
            that have labels: around it strangers look less strange.
        support: (n_support, d) float32, directions of the labelled images around ``mean``.
        reach: cosine distance at which the score is one half, > 0.
    """

    mean: Floats
    support: Floats
    reach: float
    steepness: float = _STEEPNESS

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
        if len(support) > _MOST_SUPPORT:
            # At least one of every class, or its images would look like none.
            kept = _evenly(labels, max(_MOST_SUPPORT, len(np.unique(labels))))
            support, labels = support[kept], labels[kept]
        similarity = support @ support.T
        np.fill_diagonal(similarity, -np.inf)
        same = np.where(labels[:, None] == labels[None, :], similarity, -np.inf)
        nearest = same.max(axis=1)
        nearest = nearest[np.isfinite(nearest)]
        reach = 1.0 - float(np.quantile(nearest, 1 - _QUANTILE)) if len(nearest) else _LONE_REACH
        return cls(mean, support, max(reach, 1e-3))

    def scores(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """(n,) in [0, 1] of embeddings (n, d)."""
        nearest = np.zeros(len(embeddings), np.float32)
        for start in range(0, len(embeddings), _CHUNK):
            block = embeddings[start : start + _CHUNK].astype(np.float32)
            directions = normalise(block, self.mean)
            nearest[start : start + _CHUNK] = (directions @ self.support.T).max(axis=1)
        relative = (1.0 - nearest) / np.float32(self.reach)
        scores: Floats = (1.0 / (1.0 + np.exp(self.steepness * (1.0 - relative)))).astype(
            np.float32
        )
        return scores


def _evenly(labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Rows (most,) of images, taken from the classes in turn, in a random order within each."""
    order = np.random.default_rng(0).permutation(len(labels))
    turn = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        turn[members] = np.arange(len(members))
    return np.sort(np.argsort(turn, kind="stable")[:most])

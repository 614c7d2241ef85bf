"""The unlabelled rest of a folder: one cloud per class, fitted to labelled and unlabelled images.

Expectation-maximisation on a Gaussian mixture with a covariance that all classes share, labels
clamped and the classes' shares learned, so that balanced classes are never assumed (the form of
PADDLE: Martin et al., arXiv:2204.11181, with a covariance). Images that are like nothing labelled
belong to a further component, "other", and take no part.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.calibration import softmax
from engine.method.heads import Floats

_ITERATIONS: Final = 10
# Share of the covariance that is taken to be a ball, with one label a class, and what it loses
# when the labels are ten times as many: then the rest is known better.
_BALL: Final = 0.85
_BALL_PER_TENFOLD: Final = 0.2
_SMALLEST_BALL: Final = 0.5
# Unlabelled images of a class weigh at most so many times its labelled ones.
_MOST_UNLABELLED: Final = 5.0
# Gaussians of hundreds of dimensions are far too sure of themselves; logits are multiplied by
# this, for one label a class, and by a power of the labels for more.
_TEMPERATURE: Final = 0.15
_TEMPERATURE_POWER: Final = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Logits ``weights @ x + bias``: weights (n_classes, d), bias (n_classes,)."""

    weights: Floats
    bias: Floats

    def logits(self, x: Floats) -> Floats:
        """(n, n_classes) of directions (n, d)."""
        logits: Floats = x @ self.weights.T + self.bias
        return logits


def fit_mixture(
    support: Floats,
    labels: NDArray[np.int64],
    n_classes: int,
    example_weights: Floats,
    unlabelled: Floats,
    belongs: Floats,
    start: Floats,
) -> Generator[None, None, Mixture]:
    """Fit in steps; every class has a labelled image.

    Args:
        support: (n_support, d) directions of labelled images.
        labels: (n_support,) in [0, n_classes).
        example_weights: (n_support,) in (0, 1]: near-duplicates share the weight of one.
        unlabelled: (n, d) directions.
        belongs: (n,) in [0, 1], how much each belongs to any of the classes.
        start: (n, n_classes) probabilities to begin with.
    """
    size = support.shape[1]
    one_hot = np.zeros((len(labels), n_classes), np.float32)
    one_hot[np.arange(len(labels)), labels] = example_weights
    counts = one_hot.sum(axis=0)
    labelled_sums = one_hot.T @ support
    labelled_square = (support * example_weights[:, None]).T @ support
    shots = float(counts.mean())
    temperature = np.float32(_TEMPERATURE * shots**_TEMPERATURE_POWER)
    ball = max(_SMALLEST_BALL, _BALL - _BALL_PER_TENFOLD * float(np.log10(max(shots, 1.0))))
    soft = start * belongs[:, None]
    mixture: Mixture | None = None
    for _ in range(_ITERATIONS):
        mass = soft.sum(axis=0)
        taken = soft * np.minimum(1.0, _MOST_UNLABELLED * counts / np.maximum(mass, 1e-9))
        totals = counts + taken.sum(axis=0)
        means = (labelled_sums + taken.T @ unlabelled) / totals[:, None]
        total = np.float32(totals.sum())
        square = labelled_square + (unlabelled * taken.sum(axis=1)[:, None]).T @ unlabelled
        within = square / total - (means.T * (totals / total)) @ means
        # Plus a sliver, for support without any spread.
        radius = ball * np.trace(within) / size + 1e-6
        within *= np.float32(1 - ball)
        within[np.diag_indices(size)] += np.float32(radius)
        weights = temperature * np.linalg.solve(within, means.T).T
        shares = (counts + mass) / (counts.sum() + mass.sum())
        # Untempered: where the folder's classes differ much in size that did better than shares
        # tempered like the likelihood.
        bias = np.log(shares) - 0.5 * np.einsum("cd,cd->c", weights, means)
        mixture = Mixture(weights.astype(np.float32), bias.astype(np.float32))
        soft = softmax(mixture.logits(unlabelled)) * belongs[:, None]
        yield
    assert mixture is not None
    return mixture

"""Linear heads on normalised embeddings, closed form, with exact leave-one-out.

Both heads score an image by ``x . w_c``; they differ in how the class vectors ``w_c`` come about.
``x`` is the embedding centred on the folder's mean and scaled to length one: centring and the
length-one scaling are what SimpleShot (Wang et al., arXiv:1911.04623) showed to matter most.

Shapes: n_support labelled images, d = embedding size, n_classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SMALLEST_NORM: Final = 1e-6  # An embedding equal to the mean has no direction; it scores zero.


@dataclass(frozen=True, slots=True, eq=False)
class FittedHead:
    """A head and how it fares without each of its own examples.

    Attributes:
        weights: (n_classes, d), one vector per class.
        left_out_scores: (n_support, n_classes), row i from a head fitted without example i.
    """

    weights: Floats
    left_out_scores: Floats


def normalise(embeddings: Floats, mean: Floats) -> Floats:
    """Embeddings (n, d) centred on ``mean`` (d,) and scaled to length one."""
    centred = embeddings - mean
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    normalised: Floats = centred / np.maximum(norms, SMALLEST_NORM)
    return normalised


def fit_prototypes(support: Floats, labels: NDArray[np.int64], n_classes: int) -> FittedHead:
    """Cosine prototypes: the direction of each class's mean.

    Prototypical networks (Snell et al., arXiv:1703.05175, equation 1), with the cosine in place
    of the squared Euclidean distance. A class's left-out prototype is its sum without the
    example; a class of one example has none then, and its left-out score is zero.

    Args:
        support: (n_support, d), normalised.
        labels: (n_support,) in [0, n_classes); classes without examples get a zero vector.
    """
    one_hot = _one_hot(labels, n_classes)
    sums = one_hot.T @ support
    weights = _unit(sums)
    scores = support @ weights.T
    left_out = _unit(sums[labels] - support)
    scores[np.arange(len(labels)), labels] = np.einsum("nd,nd->n", support, left_out)
    return FittedHead(weights, scores)


def fit_ridge(
    support: Floats, labels: NDArray[np.int64], n_classes: int, penalty: float
) -> FittedHead:
    """Ridge regression on the class indicators, every class weighing the same.

    In its kernel form, A = (K + penalty * V)^-1 Y with K = X X^T, Y the indicators minus
    1 / n_classes, and V the diagonal of inverse example weights (n_c * n_present / n_support: a
    class clicked ten times as often must not rule). The score left out is exact without
    refitting: y_i - A_i / (K + penalty * V)^-1_ii (the ridge form of Allen's PRESS statistic).
    Where examples outnumber dimensions the same is solved in the primal.

    Args:
        support: (n_support, d), normalised.
        labels: (n_support,) in [0, n_classes).
        penalty: > 0, in units of a squared length of one.
    """
    n_support, n_dimensions = support.shape
    counts = np.bincount(labels, minlength=n_classes)
    n_present = int(np.count_nonzero(counts))
    inverse_weights = (counts[labels] * (n_present / n_support)).astype(np.float32)
    targets = _one_hot(labels, n_classes) - np.float32(1.0 / max(n_present, 1))
    targets[:, counts == 0] = 0.0
    if n_support <= n_dimensions:
        kernel = support @ support.T
        kernel[np.diag_indices(n_support)] += penalty * inverse_weights
        inverse = np.linalg.inv(kernel)
        dual = inverse @ targets
        weights = dual.T @ support
        left_out = targets - dual / np.diag(inverse)[:, None]
    else:
        weighted = support / inverse_weights[:, None]
        gram = weighted.T @ support
        gram[np.diag_indices(n_dimensions)] += penalty
        solved = np.linalg.solve(gram, weighted.T)  # (d, n_support)
        weights = (solved @ targets).T
        leverage = np.einsum("nd,dn->n", support, solved)
        fitted = support @ weights.T
        left_out = targets - (targets - fitted) / (1.0 - leverage)[:, None]
    return FittedHead(weights.astype(np.float32), left_out.astype(np.float32))


def _one_hot(labels: NDArray[np.int64], n_classes: int) -> Floats:
    one_hot = np.zeros((len(labels), n_classes), np.float32)
    one_hot[np.arange(len(labels)), labels] = 1.0
    return one_hot


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(norms, SMALLEST_NORM)
    return unit

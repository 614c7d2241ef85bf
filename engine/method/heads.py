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
        left_out_scores: (n_support, n_classes), row i from a head fitted without example i; zeros
            where i is the only example of its class.
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
    1 / n_present, and V the diagonal of inverse example weights, n_c * n_present / n_support (a
    class clicked ten times as often must not rule).

    The left-out scores are those of a fit to the other examples, counts and weights included. For
    example i of class c that fit has the matrix M_c = K + penalty * V_c with one example less of
    c in V_c; whatever stands at (i, i), y_i minus the left-out score is (M_c^-1 Y)_i /
    (M_c^-1)_ii (Allen's PRESS identity). All M_c are M = K + penalty * n / (n - 1) * V less
    delta = penalty * n_present / (n - 1) on the diagonal of class c, so the block of M_c^-1 for c
    is (I - delta G_cc)^-1 G_cc with G = M^-1 (Woodbury): one inversion serves all classes.

    Where examples outnumber dimensions the same is solved in the primal: G = (K + D)^-1 is
    D^-1 - D^-1 X (I + X^T D^-1 X)^-1 X^T D^-1.

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
    solve = _Kernel if n_support <= n_dimensions else _Primal
    weights = solve(support, penalty * inverse_weights).weights(targets)
    left_out = np.zeros_like(targets)
    if n_support > 1:
        one_less = solve(support, penalty * n_support / (n_support - 1) * inverse_weights)
        dual = one_less.dual(targets)
        delta = np.float32(penalty * n_present / (n_support - 1))
        for class_index in np.flatnonzero(counts >= 2):
            rows = np.flatnonzero(labels == class_index)
            block = one_less.inverse_block(rows)
            update = np.linalg.inv(np.eye(len(rows), dtype=np.float32) - delta * block)
            residuals = (update @ dual[rows]) / np.einsum("ij,ji->i", update, block)[:, None]
            left_out[rows] = targets[rows] - residuals
    return FittedHead(weights, left_out)


class _Kernel:
    """(K + D)^-1 for K = X X^T (n_support, n_support) and a diagonal D, inverted as it stands."""

    def __init__(self, support: Floats, diagonal: Floats) -> None:
        self._support = support
        kernel = support @ support.T
        kernel[np.diag_indices(len(kernel))] += diagonal
        self._inverse = np.linalg.inv(kernel)

    def dual(self, targets: Floats) -> Floats:
        """(K + D)^-1 Y, (n_support, n_classes)."""
        return self._inverse @ targets

    def weights(self, targets: Floats) -> Floats:
        """The class vectors (n_classes, d)."""
        return self.dual(targets).T @ self._support

    def inverse_block(self, rows: NDArray[np.int64]) -> Floats:
        """The rows and columns ``rows`` of (K + D)^-1."""
        return self._inverse[np.ix_(rows, rows)]


class _Primal:
    """The same by way of a (d, d) matrix."""

    def __init__(self, support: Floats, diagonal: Floats) -> None:
        self._support = support
        self._diagonal = diagonal[:, None]
        gram = (support / self._diagonal).T @ support
        gram[np.diag_indices(len(gram))] += 1.0
        self._inverse = np.linalg.inv(gram)

    def dual(self, targets: Floats) -> Floats:
        residual: Floats = targets - self._support @ self.weights(targets).T
        return residual / self._diagonal

    def weights(self, targets: Floats) -> Floats:
        weights: Floats = (self._inverse @ (self._support.T @ (targets / self._diagonal))).T
        return weights

    def inverse_block(self, rows: NDArray[np.int64]) -> Floats:
        scaled = self._support[rows] / self._diagonal[rows]
        block: Floats = -(scaled @ self._inverse @ scaled.T)
        block[np.diag_indices(len(rows))] += 1.0 / self._diagonal[rows, 0]
        return block


def _one_hot(labels: NDArray[np.int64], n_classes: int) -> Floats:
    one_hot = np.zeros((len(labels), n_classes), np.float32)
    one_hot[np.arange(len(labels)), labels] = 1.0
    return one_hot


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(norms, SMALLEST_NORM)
    return unit

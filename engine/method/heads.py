"""Linear heads on normalised embeddings, closed form, with exact leave-one-out.

Both heads score an image by ``x . w_c``; they differ in how the class vectors ``w_c`` come about.
``x`` is the embedding centred on the folder's mean and scaled to length one: centring and the
length-one scaling are what SimpleShot (Wang et al., arXiv:1911.04623) showed to matter most.

Shapes: n_support labelled images, d = embedding size, n_classes.
"""

from __future__ import annotations

from collections.abc import Callable
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
        left_out_scores: (n_support, n_classes), row i from a head fitted without the example that
            i belongs to; zeros where that is the only one of its class.
    """

    weights: Floats
    left_out_scores: Floats


def normalise(embeddings: Floats, mean: Floats) -> Floats:
    """Embeddings (n, d) centred on ``mean`` (d,) and scaled to length one."""
    centred = embeddings - mean
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    normalised: Floats = np.divide(centred, np.maximum(norms, SMALLEST_NORM), out=centred)
    return normalised


def independent_groups(
    labels: NDArray[np.int64], groups: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """Numbers 0, 1, ... of the independent examples that (n_support,) labelled images make.

    Near-duplicates of one class share a number: together they weigh as one example and are left
    out together. Near-duplicates with different labels stay apart, or none could be believed.

    Args:
        labels: (n_support,) class numbers.
        groups: (n_support,) numbers of near-duplicates, see ``engine.method.duplicates``; None:
            every image is an example of its own.
    """
    if groups is None:
        return np.arange(len(labels), dtype=np.int64)
    pairs = np.stack([groups, labels], axis=1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def examples_per_class(
    labels: NDArray[np.int64], groups: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """How many independent examples (n_classes,) each class has."""
    first = np.unique(groups, return_index=True)[1]
    return np.bincount(labels[first], minlength=n_classes)


def fit_prototypes(
    support: Floats,
    labels: NDArray[np.int64],
    n_classes: int,
    groups: NDArray[np.int64] | None = None,
) -> FittedHead:
    """Cosine prototypes: the direction of each class's mean.

    Prototypical networks (Snell et al., arXiv:1703.05175, equation 1), with the cosine in place
    of the squared Euclidean distance. A class's left-out prototype is its sum without the
    example; a class of one example has none then, and its left-out score is zero.

    Args:
        support: (n_support, d), normalised.
        labels: (n_support,) in [0, n_classes); classes without examples get a zero vector.
        groups: (n_support,) as :func:`independent_groups` gives them; None: no near-duplicates.
    """
    if groups is None:
        groups = independent_groups(labels, None)
    weighted = support / _sizes(groups)[:, None]
    sums = _one_hot(labels, n_classes).T @ weighted
    weights = _unit(sums)
    scores = support @ weights.T
    group_sums = np.zeros((int(groups.max(initial=-1)) + 1, support.shape[1]), np.float32)
    np.add.at(group_sums, groups, weighted)
    left_out = _unit(sums[labels] - group_sums[groups])
    alone = examples_per_class(labels, groups, n_classes)[labels] < 2
    left_out[alone] = 0.0  # Not what rounding leaves of a sum less itself.
    scores[np.arange(len(labels)), labels] = np.einsum("nd,nd->n", support, left_out)
    return FittedHead(weights, scores)


def fit_ridge(
    support: Floats,
    labels: NDArray[np.int64],
    n_classes: int,
    penalty: float,
    groups: NDArray[np.int64] | None = None,
) -> FittedHead:
    """Ridge regression on the class indicators, every class weighing the same.

    In its kernel form, A = (K + penalty * V)^-1 Y with K = X X^T, Y the indicators minus
    1 / n_present, and V the diagonal of inverse example weights, n_c * n_present / n * s (a class
    clicked ten times as often must not rule): n_c counts the independent examples of class c, n
    those of all, and s is how many near-duplicates share the example.

    The left-out scores are those of a fit to the other examples, counts and weights included. For
    an example of class c that fit has the matrix M_c = K + penalty * V_c with one example less of
    c in V_c; whatever stands at the rows g of the example, y_g minus the left-out scores is
    ((M_c^-1)_gg)^-1 (M_c^-1 Y)_g (Allen's PRESS identity, for groups). All M_c are
    M = K + penalty * n / (n - 1) * V less D = penalty * n_present / (n - 1) * s on the diagonal of
    class c, so the block of M_c^-1 for c is (I - G_cc D)^-1 G_cc with G = M^-1 (Woodbury): one
    inversion serves all classes.

    Where examples outnumber dimensions the same is solved in the primal: G = (K + D)^-1 is
    D^-1 - D^-1 X (I + X^T D^-1 X)^-1 X^T D^-1.

    Args:
        support: (n_support, d), normalised.
        labels: (n_support,) in [0, n_classes).
        penalty: > 0, in units of a squared length of one.
        groups: (n_support,) as :func:`independent_groups` gives them; None: no near-duplicates.
    """
    n_support, n_dimensions = support.shape
    if groups is None:
        groups = independent_groups(labels, None)
    sizes = _sizes(groups)
    counts = examples_per_class(labels, groups, n_classes)
    n_examples = int(counts.sum())
    n_present = int(np.count_nonzero(counts))
    inverse_weights = (counts[labels] * (n_present / max(n_examples, 1)) * sizes).astype(np.float32)
    targets = _one_hot(labels, n_classes) - np.float32(1.0 / max(n_present, 1))
    targets[:, counts == 0] = 0.0
    solve = _Kernel if n_support <= n_dimensions else _Primal
    weights = solve(support, penalty * inverse_weights).weights(targets)
    left_out = np.zeros_like(targets)
    if n_examples > 1:
        one_less = solve(support, penalty * n_examples / (n_examples - 1) * inverse_weights)
        dual = one_less.dual(targets)
        delta = (penalty * n_present / (n_examples - 1) * sizes).astype(np.float32)
        for class_index in np.flatnonzero(counts >= 2):
            rows = np.flatnonzero(labels == class_index)
            block = one_less.block(rows, delta[rows], dual, targets)
            left_out[rows] = targets[rows] - block.solved / block.diagonal[:, None]
            for group in np.unique(groups[rows[sizes[rows] > 1]]):
                members = np.flatnonzero(groups[rows] == group)
                residuals = np.linalg.solve(block.part(members), block.solved[members])
                left_out[rows[members]] = targets[rows[members]] - residuals
    return FittedHead(weights, left_out)


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The rows and columns of a class of M_c^-1, and the rows of M_c^-1 Y.

    Attributes:
        solved: (n_rows, n_classes).
        diagonal: (n_rows,) of the block.
        part: the rows and columns of some of the rows, by their positions among them.
    """

    solved: Floats
    diagonal: Floats
    part: Callable[[NDArray[np.int64]], Floats]


def _updated(block: Floats, delta: Floats, dual: Floats) -> _Block:
    """From G_cc (n_rows, n_rows), the diagonal of D and the rows of G Y, by Woodbury's identity."""
    update = _inverse_of(np.eye(len(block), dtype=np.float32) - block * delta)
    inverse = update @ block
    return _Block(
        update @ dual, np.diagonal(inverse), lambda members: inverse[np.ix_(members, members)]
    )


class _Kernel:
    """(K + D)^-1 for K = X X^T (n_support, n_support) and a diagonal D, inverted as it stands."""

    def __init__(self, support: Floats, diagonal: Floats) -> None:
        self._support = support
        kernel: Floats = np.matmul(support, support.T, dtype=np.float32)
        kernel[np.diag_indices(len(kernel))] += diagonal
        self._inverse = _inverse_of(kernel)

    def dual(self, targets: Floats) -> Floats:
        """(K + D)^-1 Y, (n_support, n_classes)."""
        return self._inverse @ targets

    def weights(self, targets: Floats) -> Floats:
        """The class vectors (n_classes, d)."""
        return self.dual(targets).T @ self._support

    def block(
        self, rows: NDArray[np.int64], delta: Floats, dual: Floats, _targets: Floats
    ) -> _Block:
        """With the diagonal less by ``delta`` at ``rows``; ``dual`` is that of ``_targets``."""
        return _updated(self._inverse[np.ix_(rows, rows)], delta, dual[rows])


class _Primal:
    """The same by way of a (d, d) matrix."""

    def __init__(self, support: Floats, diagonal: Floats) -> None:
        self._support = support
        self._diagonal = diagonal[:, None]
        self._gram: Floats = np.matmul((support / self._diagonal).T, support, dtype=np.float32)
        self._gram[np.diag_indices(len(self._gram))] += 1.0
        self._inverse = _inverse_of(self._gram)

    def dual(self, targets: Floats) -> Floats:
        residual: Floats = targets - self._support @ self.weights(targets).T
        return residual / self._diagonal

    def weights(self, targets: Floats) -> Floats:
        weights: Floats = (self._inverse @ (self._support.T @ (targets / self._diagonal))).T
        return weights

    def block(
        self, rows: NDArray[np.int64], delta: Floats, dual: Floats, targets: Floats
    ) -> _Block:
        x, before = self._support[rows], self._diagonal[rows]
        if len(rows) <= len(self._inverse):
            scaled = x / before
            return _updated(_block_of(scaled, self._inverse, before), delta, dual[rows])
        # A large class: the (d, d) matrix anew is cheaper than one with a row for every example.
        after = before - delta[:, None]
        changed: Floats = np.matmul((x * (1 / after - 1 / before)).T, x, dtype=np.float32)
        inverse = _inverse_of(self._gram + changed)
        scaled = x / after
        sums = self._support.T @ (targets / self._diagonal)
        sums += (scaled - x / before).T @ targets[rows]
        solved = (targets[rows] - x @ (inverse @ sums)) / after
        spread = np.einsum("nd,nd->n", scaled @ inverse, scaled)
        return _Block(
            solved,
            1.0 / after[:, 0] - spread,
            lambda members: _block_of(scaled[members], inverse, after[members]),
        )


def _block_of(scaled: Floats, inverse: Floats, diagonal: Floats) -> Floats:
    """D^-1 - D^-1 X S^-1 X^T D^-1 for rows ``scaled`` of D^-1 X and a ``diagonal`` (n_rows, 1)."""
    block: Floats = np.negative(scaled @ inverse @ scaled.T)
    block[np.diag_indices(len(block))] += 1.0 / diagonal[:, 0]
    return block


def _inverse_of(matrix: Floats) -> Floats:
    inverse: Floats = np.linalg.inv(matrix)
    return inverse


def some_of_each(
    labels: NDArray[np.int64], most: int, order: NDArray[np.intp] | None = None
) -> NDArray[np.int64]:
    """Rows (most,) of images, taken from the classes in turn, in an order within each.

    ``order`` (n,) has all rows as they are to be drawn; None: at random.
    """
    if order is None:
        order = np.random.default_rng(0).permutation(len(labels))
    turn = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        turn[members] = np.arange(len(members))
    return np.sort(np.argsort(turn, kind="stable")[:most])


def _sizes(groups: NDArray[np.int64]) -> Floats:
    """How many near-duplicates (n_support,) share each image's example, itself included."""
    return np.bincount(groups)[groups].astype(np.float32)


def _one_hot(labels: NDArray[np.int64], n_classes: int) -> Floats:
    one_hot = np.zeros((len(labels), n_classes), np.float32)
    one_hot[np.arange(len(labels)), labels] = 1.0
    return one_hot


def _unit(vectors: Floats) -> Floats:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(norms, SMALLEST_NORM)
    return unit

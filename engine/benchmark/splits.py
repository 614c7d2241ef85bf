"""Who is labelled and who is classified: the same for every method.

A split follows from the images' classes, the seed, the number of labels and the trial alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

IndexArray = NDArray[np.int64]

CONCENTRATION: Final = 2.0
"""Of the Dirichlet distribution that unbalanced folders' class shares come from: as in Veilleux et
al. 2021 (arXiv 2204.11181), who show that it punishes methods which assume balance."""

UNLABELLED_SHARE: Final = 0.2
"""Of the classes, about, that get no label where unknown classes are to be told."""

# What else is drawn in a trial must not change who is labelled first.
_BALANCE, _WRONG = 1, 2


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How splits are drawn.

    Attributes:
        seed: of everything that is drawn.
        unbalanced: labels per class are uniform over 1..2k, and the images to classify are thinned
            so that the classes' shares come from a Dirichlet distribution.
        wrong_labels: share of the labels that name another class.
    """

    seed: int = 0
    unbalanced: bool = False
    wrong_labels: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One trial on one set. All indices are of the set's images.

    Attributes:
        support: (n_support,) labelled images.
        given: (n_support,) the label each was given, right or wrong.
        query: (n_query,) images to classify, ascending; at least one of every class.
        unlabelled: classes that get no label in the trial's second fit; none where the set has
            fewer than three classes.
    """

    support: IndexArray
    given: IndexArray
    query: IndexArray
    unlabelled: IndexArray

    @property
    def folder(self) -> IndexArray:
        """All images that the methods see, labelled or not, ascending."""
        return np.union1d(self.support, self.query)


def draw_split(labels: IndexArray, n_shot: int, trial: int, rule: SplitRule) -> Split:
    """Draw one trial.

    With neither imbalance nor wrong labels it is what ``label_draws.draw_labels`` draws. A class
    with too few images gives one label less than it has images, so that one is left to classify.

    Args:
        labels: (n_images,) class of each image, 0 to n_classes - 1, each at least twice.
        n_shot: labels per class; their mean, about, if unbalanced.
        trial: number of the trial, from 0.
        rule: how to draw.
    """
    random = np.random.default_rng([rule.seed, n_shot, trial])
    orders = [
        random.permutation(np.flatnonzero(labels == label))
        for label in range(int(labels.max()) + 1)
    ]
    wanted = np.full(len(orders), n_shot)
    shares: NDArray[np.float64] | None = None
    if rule.unbalanced:
        balance = np.random.default_rng([rule.seed, n_shot, trial, _BALANCE])
        wanted = balance.integers(1, 2 * n_shot, len(orders), endpoint=True)
        shares = balance.dirichlet(np.full(len(orders), CONCENTRATION))
    n_labels = np.minimum(wanted, [len(order) - 1 for order in orders])
    n_left = np.array([len(order) for order in orders]) - n_labels
    n_query = n_left if shares is None else _thinned(n_left, shares)
    support = np.concatenate([order[:n] for order, n in zip(orders, n_labels, strict=True)])
    query = np.concatenate(
        [
            order[first : first + n]
            for order, first, n in zip(orders, n_labels, n_query, strict=True)
        ]
    )
    wrong = np.random.default_rng([rule.seed, n_shot, trial, _WRONG])
    return Split(
        support=support,
        given=with_wrong_labels(labels[support], rule.wrong_labels, wrong),
        query=np.sort(query),
        unlabelled=unlabelled_classes(len(orders), trial),
    )


def with_wrong_labels(labels: IndexArray, share: float, random: np.random.Generator) -> IndexArray:
    """Labels (n,) of which a share names another class, drawn at random.

    One right label of each class is always kept, as in meta-evaluation: a class all of whose
    labels are wrong is none that anyone could predict. So fewer are wrong where labels are few,
    and none where every class has only one.
    """
    kept = [random.choice(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    free = np.setdiff1d(np.arange(len(labels)), kept)
    n_wrong = min(round(share * len(labels)), len(free))
    chosen = random.choice(free, n_wrong, replace=False)
    n_classes = int(labels.max()) + 1
    given = labels.copy()
    given[chosen] = (labels[chosen] + random.integers(1, n_classes, n_wrong)) % n_classes
    return given


def unlabelled_classes(n_classes: int, trial: int) -> IndexArray:
    """About a fifth of the classes, at least one, others in every trial until all had their turn.

    None of fewer than three classes: two have to be left.
    """
    if n_classes < 3:
        return np.zeros(0, np.int64)
    n_unlabelled = max(1, round(UNLABELLED_SHARE * n_classes))
    return np.unique((trial * n_unlabelled + np.arange(n_unlabelled)) % n_classes)


def digest_of(splits: Sequence[Split]) -> str:
    """SHA-256 over every choice in the splits: equal digests, equal trials."""
    digest = hashlib.sha256()
    for split in splits:
        for part in (split.support, split.given, split.query, split.unlabelled):
            digest.update(f"{len(part)}:".encode())
            digest.update(np.ascontiguousarray(part, "<i8").tobytes())
    return digest.hexdigest()


def _thinned(n_left: IndexArray, shares: NDArray[np.float64]) -> IndexArray:
    """How many images of each class to keep: as many as there can be in these shares, or one."""
    total = np.min(n_left / shares)
    kept: IndexArray = np.maximum(1, np.floor(total * shares + 1e-9)).astype(np.int64)
    return kept

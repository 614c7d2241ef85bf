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

_BALANCE: Final = 1  # Drawn beside the images' order, so that imbalance does not change it.


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How splits are drawn.

    Attributes:
        seed: of everything that is drawn.
        unbalanced: labels per class are uniform over 1..2k, and the images to classify are thinned:
            those of equally large classes to shares from a Dirichlet distribution, any others in
            the same proportions.
        wrong_labels: with what probability a label names another class; one right label of each
            class is always kept, so that none is wrong where every class has only one.
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
    given = labels[support]
    if rule.wrong_labels:
        from engine.metatraining.meta_evaluation.corruptions import wrong_labels  # Brings torch.

        given = wrong_labels(given, len(orders), rule.wrong_labels, (rule.seed, n_shot, trial))
    return Split(
        support=support,
        given=given,
        query=np.sort(query),
        unlabelled=unlabelled_classes(len(orders), trial),
    )


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
    """How many images of each class to keep: all of the class of the largest share, of the others
    the part that their share is of it, at least one.
    """
    kept: IndexArray = np.ceil(n_left * (shares / shares.max())).astype(np.int64)
    return kept

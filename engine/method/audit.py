"""Which labels look wrong: each label judged by all the others.

An image's label is doubted where a ridge regression fitted without the image, and without its
near-duplicates, finds another class much more likely. Of ten labels in a hundred made wrong on
purpose, six stood, on the mean of ten real sets with 10 or 20 labels a class, among the first
seven or eight of the ranking. Nearest neighbours, prototypes, weights that fall with doubt and the
unlabelled rest of the folder ranked no better (benchmarks/advice.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.calibration import softmax
from engine.method.heads import Floats, examples_per_class, fit_ridge, independent_groups

_PENALTY: Final = 3.0  # More than the classifier's own: one wrong label should not bend the fit.
# log scale ~ Normal(a + b log n_classes + c log(examples per class), spread^2), as for the
# classifier; the label is as likely as the fit says, or one of a share that are wrong.
_SCALE_PRIOR: Final = (3.1, 0.09, -0.19)
_SCALE_SPREAD: Final = 0.6
_WRONG_SHARE: Final = 0.1
_SCALE_STEPS: Final = np.linspace(-2.5, 2.5, 51)
SHOWN_ODDS: Final = 20.0
"""So many times likelier than its label another class is where the label is shown as doubtful. In
sets without a wrong label two in a hundred were shown, five in the worst; with one in ten wrong, 82
to 88 % of those shown were."""

_NEIGHBOURS: Final = 3


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label that looks wrong.

    Attributes:
        index: its row among the labelled images.
        likely: the class number the other labels speak for.
        probability: of that class, judged by the other labels.
        own_probability: of the label.
        neighbours: rows of the nearest other labelled images, nearest first.
        twin: row of a near-duplicate that has the label ``likely``, if there is one.
    """

    index: int
    likely: int
    probability: float
    own_probability: float
    neighbours: tuple[int, ...]
    twin: int | None


def doubtful_labels(
    directions: Floats, labels: NDArray[np.int64], groups: NDArray[np.int64]
) -> list[Doubt]:
    """Labels to look at again, the most doubtful first.

    Of near-duplicates with different labels the least likely one is told in any case, and first.

    Args:
        directions: (n, d) of the labelled images, centred and of length one.
        labels: (n,) class numbers, gaps allowed.
        groups: (n,) near-duplicates, see ``engine.method.duplicates``.
    """
    if len(labels) == 0:
        return []
    classes, compact = np.unique(labels, return_inverse=True)
    probabilities = left_out_probabilities(directions, compact, groups)
    odds = odds_against(probabilities, compact)
    twins = _twins(odds, labels, groups)
    shown = [*twins, *(int(index) for index in np.flatnonzero(odds >= SHOWN_ODDS))]
    doubts = []
    for index in sorted(set(shown), key=lambda index: (index not in twins, -odds[index])):
        own = int(compact[index])
        twin = twins.get(index)
        likely = (
            int(compact[twin]) if twin is not None else _likeliest_other(probabilities, index, own)
        )
        nearness = directions @ directions[index]
        nearness[index] = -np.inf
        nearest = np.argsort(-nearness, kind="stable")[: min(_NEIGHBOURS, len(labels) - 1)]
        doubts.append(
            Doubt(
                index,
                int(classes[likely]),
                float(probabilities[index, likely]),
                float(probabilities[index, own]),
                tuple(nearest.tolist()),
                twin,
            )
        )
    return doubts


def left_out_probabilities(
    directions: Floats, labels: NDArray[np.int64], groups: NDArray[np.int64]
) -> Floats:
    """What the other labels make of each image, (n, n_classes).

    Even where an image is alone in its class: there is nothing to judge it by.

    Args:
        directions: (n, d), see :func:`doubtful_labels`.
        labels: (n,) in [0, n_classes), each class with an image.
        groups: (n,) near-duplicates; they are left out together where they have one label.
    """
    n_classes = int(labels.max()) + 1
    examples = independent_groups(labels, groups)
    counts = examples_per_class(labels, examples, n_classes)
    scores = fit_ridge(directions, labels, n_classes, _PENALTY, examples).left_out_scores
    judged = counts[labels] >= 2
    constant, per_way, per_shot = _SCALE_PRIOR
    expected = constant + per_way * np.log(n_classes) + per_shot * np.log(counts.mean())

    def goodness(step: float) -> float:
        probabilities = softmax(np.float32(np.exp(expected + step)) * scores[judged])
        own = probabilities[np.arange(len(probabilities)), labels[judged]]
        likelihood = np.log((1 - _WRONG_SHARE) * own + _WRONG_SHARE / n_classes).sum()
        return float(likelihood) - step**2 / (2 * _SCALE_SPREAD**2)

    step = max(_SCALE_STEPS.tolist(), key=goodness)
    return softmax(np.float32(np.exp(expected + step)) * scores)


def odds_against(probabilities: Floats, labels: NDArray[np.int64]) -> Floats:
    """How many times likelier than its label (n,) the likeliest other class is, (n,)."""
    rows = np.arange(len(labels))
    others = probabilities.copy()
    others[rows, labels] = 0.0
    odds: Floats = others.max(axis=1) / np.maximum(probabilities[rows, labels], 1e-12)
    return odds


def _likeliest_other(probabilities: Floats, index: int, own: int) -> int:
    others = probabilities[index].copy()
    others[own] = -1.0
    return int(others.argmax())


def _twins(odds: Floats, labels: NDArray[np.int64], groups: NDArray[np.int64]) -> dict[int, int]:
    """For each group with different labels its least likely image, and one labelled otherwise."""
    twins = {}
    for group in np.flatnonzero(np.bincount(groups) > 1):
        members = np.flatnonzero(groups == group)
        if len(np.unique(labels[members])) > 1:
            worst = int(members[odds[members].argmax()])
            others = members[labels[members] != labels[worst]]
            twins[worst] = int(others[odds[others].argmin()])
    return twins

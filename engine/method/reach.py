"""Have I labelled enough? How far the labels at hand reach, and what more of them would bring.

Everything is judged on labelled images that the fit has not seen, near-duplicates left out
together and counted once. Such images need not be like the rest of the folder: those that were
suggested are harder, and their hits alone put the accuracy 12 points too low on ten real sets. So
the estimate begins with what the confidences claim for the folder's other images, each class
weighing the same, and adds by how much held-out hits differ from their own confidences, the more
of them the more fully: it is then 1.7 points too low. A class's interval is made in the same way,
so it need not lie round the share of hits.

Labelled images share their training images, so their hits vary more than independent ones would:
each counts as three quarters of one in the intervals (benchmarks/advice.py).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.adaptation import Head, Labelled, instant_head
from engine.method.calibration import softmax
from engine.method.folder import FolderShape
from engine.method.heads import Floats, examples_per_class, normalise
from engine.method.intervals import HELD_OUT_WORTH, wilson_interval
from engine.method.learning_curve import error_power

ENOUGH_TO_TELL: Final = 5
"""Independent examples that most classes need before an accuracy is told."""

_CLAIM_WORTH: Final = 20.0  # Held-out examples that the claim of the confidences is worth.
_CURVE_LABELS: Final = (1, 2, 3, 5, 8, 12, 20)
_DRAWS: Final = 6


@dataclass(frozen=True, slots=True)
class Recognition:
    """How one class is recognised; see :class:`engine.messages.ClassReach`."""

    n_labels: int
    n_independent: int
    n_judged: int
    n_right: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Mean recognition rate over classes with ``labels_per_class`` labels, 95 % interval."""

    labels_per_class: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Reach:
    """How far labels reach.

    Attributes:
        classes: one for each class number, those without labels included.
        overall: with all labels; None where most classes have fewer than ``ENOUGH_TO_TELL``
            independent examples.
        curve: with fewer labels, then with all; empty where ``overall`` is None.
        gain: how much ``overall`` would rise with twice as many labels; None where it is.
        weakest: the class that more labels would help most; None where ``overall`` is.
    """

    classes: tuple[Recognition, ...]
    overall: Accuracy | None
    curve: tuple[Accuracy, ...]
    gain: float | None
    weakest: int | None


def measure_reach(
    support: Floats,
    labels: NDArray[np.int64],
    n_classes: int,
    groups: NDArray[np.int64],
    shape: FolderShape,
    folder: Floats,
) -> Generator[None, None, Reach]:
    """Measure, in steps of one fit each.

    Args:
        support: (n, d) embeddings of the labelled images, of at least two classes.
        labels: (n,) in [0, n_classes).
        n_classes: classes, those without labels among them.
        groups: (n,) near-duplicates.
        shape: of the folder.
        folder: (n_images, d) embeddings of images of the folder without a label.
    """
    labelled = Labelled.of(support, labels, shape.mean, groups)
    counts = examples_per_class(labelled.labels, labelled.groups, labelled.n_classes)
    head = instant_head(labelled, shape)
    held_out = softmax(head.held_out)
    yield None
    guesses = held_out.argmax(axis=1)
    judged = counts >= 2
    probabilities = _probabilities(head, folder, labelled)
    rates = _rates(held_out, judged[_labels_of_examples(labelled)], labelled, probabilities)
    classes = _recognitions(labelled, counts, guesses == labelled.labels, rates, n_classes)
    if np.median(counts) < ENOUGH_TO_TELL:
        return Reach(classes, None, (), None, None)
    overall = _accuracy(float(counts.mean()), float(rates[judged].mean()), counts[judged])
    curve: list[Accuracy] = []
    for n_labels in _CURVE_LABELS:
        if n_labels > np.median(counts) - 2:
            break
        curve.append((yield from _curve_point(support, labelled, counts, shape, folder, n_labels)))
    curve.append(overall)
    wrong = 1.0 - (overall.accuracy * counts.sum() + 0.5) / (counts.sum() + 1.0)
    # Measured on eight real sets, the class of most doubt per label gained most from five more
    # labels, more than the least recognised one.
    doubt = (probabilities * (1.0 - probabilities)).sum(axis=0) / counts
    weakest = int(doubt.argmax()) if len(folder) else int(np.nanargmin(rates))
    return Reach(
        classes,
        overall,
        tuple(curve),
        float(wrong * (1.0 - 2.0 ** -error_power(curve))),
        int(labelled.classes[weakest]),
    )


def _per_example(
    of_images: NDArray[np.float64] | NDArray[np.bool_], labelled: Labelled
) -> NDArray[np.float64]:
    """Mean over the images of each example, (n_examples,)."""
    n_images = np.bincount(labelled.groups)
    means: NDArray[np.float64] = np.bincount(labelled.groups, weights=of_images) / n_images
    return means


def _labels_of_examples(labelled: Labelled) -> NDArray[np.int64]:
    """The class (n_examples,) of each independent example."""
    return labelled.labels[np.unique(labelled.groups, return_index=True)[1]]


def _recognitions(
    labelled: Labelled,
    counts: NDArray[np.int64],
    hits: NDArray[np.bool_],
    rates: NDArray[np.float64],
    n_classes: int,
) -> tuple[Recognition, ...]:
    of_example = _labels_of_examples(labelled)
    right = _per_example(hits, labelled) >= 0.5
    found = [Recognition(0, 0, 0, 0, 0.0, 1.0)] * n_classes
    for column, number in enumerate(labelled.classes.tolist()):
        n_labels, count = int(np.count_nonzero(labelled.labels == column)), int(counts[column])
        if count < 2:
            found[number] = Recognition(n_labels, count, 0, 0, 0.0, 1.0)
            continue
        n_right = int(np.count_nonzero(right[of_example == column]))
        low, high = _interval(float(rates[column]), count)
        found[number] = Recognition(n_labels, count, count, n_right, low, high)
    return tuple(found)


def _probabilities(head: Head, embeddings: Floats, labelled: Labelled) -> Floats:
    """Of embeddings (n, d), from a head fitted to ``labelled``, (n, n_classes)."""
    return softmax(normalise(embeddings, labelled.mean) @ head.weights.T + head.bias)


def _rates(
    held_out: Floats, tested: NDArray[np.bool_], labelled: Labelled, probabilities: Floats
) -> NDArray[np.float64]:
    """The recognition rate of each class in the folder, see the module's text; NaN if untested.

    Args:
        held_out: (n, n_classes) probabilities of the labelled images.
        tested: (n_examples,) examples that were not seen for them.
        labelled: the labelled images.
        probabilities: (n_images, n_classes) of the folder's other images.
    """
    of_example = _labels_of_examples(labelled)[tested]
    n_classes = labelled.n_classes
    n_tested = np.bincount(of_example, minlength=n_classes)

    def class_means(of_images: NDArray[np.float64]) -> NDArray[np.float64]:
        of_tested = _per_example(of_images, labelled)[tested]
        sums = np.bincount(of_example, weights=of_tested, minlength=n_classes)
        return np.where(n_tested > 0, sums / np.maximum(n_tested, 1), np.nan)

    hits = (held_out.argmax(axis=1) == labelled.labels).astype(np.float64)
    plain = class_means(hits)
    expected = np.bincount(
        probabilities.argmax(axis=1), weights=probabilities.max(axis=1), minlength=n_classes
    )
    there = probabilities.sum(axis=0, dtype=np.float64)
    claim = expected / np.maximum(there, 1e-9)
    surprise = class_means(hits - held_out.max(axis=1))
    corrected = np.clip(claim + n_tested / (n_tested + _CLAIM_WORTH) * surprise, 0.0, 1.0)
    # Of a class that the folder's other images hardly show there is no claim.
    return np.where(there > 0.5, corrected, plain)


def _accuracy(labels_per_class: float, accuracy: float, counts: NDArray[np.int64]) -> Accuracy:
    """``counts``: judged examples of each class; a mean over classes is as sure as that many."""
    n_examples = len(counts) ** 2 / float((1.0 / counts).sum())
    return Accuracy(labels_per_class, accuracy, *_interval(accuracy, n_examples))


def _interval(rate: float, n_examples: float) -> tuple[float, float]:
    n_worth = HELD_OUT_WORTH * n_examples
    low, high = wilson_interval(rate, n_worth)
    # Where not one error is expected there may be none.
    return low, 1.0 if (1.0 - rate) * n_worth < 1.0 else high


def _curve_point(
    support: Floats,
    labelled: Labelled,
    counts: NDArray[np.int64],
    shape: FolderShape,
    folder: Floats,
    n_labels: int,
) -> Generator[None, None, Accuracy]:
    """Fitted to ``n_labels`` examples of each class, one less than all where there are no more."""
    of_example = _labels_of_examples(labelled)
    kept = np.minimum(n_labels, np.maximum(counts - 1, 1))
    tested = counts > kept
    rates = []
    for draw in range(_DRAWS):
        random = np.random.default_rng([n_labels, draw])
        order = random.permutation(len(of_example))
        chosen = np.concatenate(
            [order[of_example[order] == column][: kept[column]] for column in range(len(counts))]
        )
        rows = np.flatnonzero(np.isin(labelled.groups, chosen))
        part = Labelled.of(support[rows], labelled.labels[rows], shape.mean, labelled.groups[rows])
        head = instant_head(part, shape)
        left = tested[of_example] & ~np.isin(np.arange(len(of_example)), chosen)
        probabilities = _probabilities(head, folder, part)
        seen = _probabilities(head, support, part)
        rates.append(float(np.nanmean(_rates(seen, left, labelled, probabilities))))
        yield None
    return _accuracy(float(kept.mean()), float(np.mean(rates)), counts[tested])

"""How good a classifier is, from its predictions of held-out labels: rates, intervals, calibration.

Everything follows from one set of held-out predictions, so that no two numbers can contradict each
other. Intervals are of 95 %. Each held-out example counts as ``HELD_OUT_WORTH`` independent ones.

- Recall, precision and the share right are proportions: Wilson's interval (1927).
- F1 = 2J / (1 + J) with J = TP / (TP + FP + FN), a proportion: Wilson's interval of J, carried over
  ("Wilson indirect"; Lam, Gopal, Qian, "Confidence intervals for the F1 score", arXiv 2309.14621).
- Means over classes: their variance by the delta method, each class's labels a draw of their own
  (Takahashi, Yamamoto, Kuchiba, Koyama, "Confidence interval for micro-averaged F1 and
  macro-averaged F1 scores", Applied Intelligence 52, 2022), taken where each class has one more
  example like all others together: else it would be nothing where every label came out right, as
  it is with the bootstrap. Then Wilson's interval of as many examples as give a proportion that
  variance. On drawn tables of 3 to 20 classes with 5 to 20 independent examples each these
  intervals held the truth in 86 to 97 of 100 cases; adding up the classes' own intervals (MOVER),
  in 83 to 98.
- Calibration: mean distance of confidence and share right over bins of equal width, weighted by
  their sizes (expected calibration error; Naeini et al., AAAI 2015). Few labels make it large by
  chance alone, so what chance would make it is told beside it: if every confidence p were true, the
  share right in a bin of n varies by sqrt(mean p (1 - p) / n), its distance is sqrt(2 / pi) of that
  on the mean (compare Broecker and Smith, Weather and Forecasting 22, 2007).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.messages import ClassId, HeldOutPredictions, ImageId
from engine.method.intervals import HELD_OUT_WORTH, wilson_interval

Floats64 = NDArray[np.float64]

_MANY: Final = 200  # Held-out labels that fill ten bins; fewer get five.


@dataclass(frozen=True, slots=True)
class Estimate:
    """A rate in [0, 1] and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fares.

    Attributes:
        class_id: which.
        n_labels: held-out examples of it.
        n_predicted: held-out examples taken for it.
        n_right: those of them that are it.
        recall: share of its labels that were recognised; None where none was held out.
        precision: share of the predictions of it that are right; None where there is none.
        f1: harmonic mean of both; None where ``recall`` is.
    """

    class_id: ClassId
    n_labels: int
    n_predicted: int
    n_right: int
    recall: Estimate | None
    precision: Estimate | None
    f1: Estimate | None


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Held-out examples whose confidence lies in (low, high], the first bin from ``low`` on.

    ``confidence`` is their mean confidence and ``right`` the share of them that came out right.
    """

    low: float
    high: float
    n: int
    confidence: float
    right: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All that held-out predictions say.

    Attributes:
        class_ids: the classes of ``confusion`` and ``classes``, in the order asked for; without
            those that have neither a held-out label nor a prediction.
        confusion: (n_classes, n_classes) int64, how many examples of the row's class were taken
            for the column's.
        classes: one for each of ``class_ids``.
        n_held_out: how many examples there are.
        n_right: how many of them came out right.
        accuracy: mean of the classes' recalls (balanced accuracy): classes count alike.
        share_right: of all examples, so that large classes count for more.
        precision: mean over the classes that were predicted and have held-out labels.
        f1: mean over the classes that have held-out labels.
        bins: those with examples, ascending.
        calibration_error: weighted mean distance of confidence and share right.
        chance_error: what ``calibration_error`` would be about with confidences that are true.
        overconfidence: mean confidence less the share right; negative where they promise too
            little.
    """

    class_ids: tuple[ClassId, ...]
    confusion: NDArray[np.int64]
    classes: tuple[ClassScore, ...]
    n_held_out: int
    n_right: int
    accuracy: Estimate
    share_right: Estimate
    precision: Estimate
    f1: Estimate
    bins: tuple[ReliabilityBin, ...]
    calibration_error: float
    chance_error: float
    overconfidence: float


def evaluate(
    predictions: HeldOutPredictions | None, class_ids: Sequence[ClassId]
) -> Evaluation | None:
    """Evaluate held-out predictions.

    Args:
        predictions: None where too few labels allow any.
        class_ids: the order of the classes; examples labelled or predicted as any other class
            (it was removed since) are left out.

    Returns:
        None where nothing is left.
    """
    if predictions is None:
        return None
    known = _known(predictions, class_ids)
    labels, predicted = predictions.labels[known], predictions.predicted[known]
    if not len(labels):
        return None
    there = {*labels.tolist(), *predicted.tolist()}
    shown = tuple(class_id for class_id in class_ids if class_id in there)
    confusion = np.zeros((len(shown), len(shown)), np.int64)
    np.add.at(confusion, (_places(labels, shown), _places(predicted, shown)), 1)
    classes = tuple(_class_score(confusion, place, item) for place, item in enumerate(shown))
    hits, confidences = labels == predicted, predictions.confidences[known].astype(np.float64)
    n_right, n = int(np.count_nonzero(hits)), len(labels)
    accuracy, precision, f1 = _means(confusion, classes)
    bins = _bins(confidences, hits)
    return Evaluation(
        class_ids=shown,
        confusion=confusion,
        classes=classes,
        n_held_out=n,
        n_right=n_right,
        accuracy=accuracy,
        share_right=_share(n_right, n),
        precision=precision,
        f1=f1,
        bins=bins,
        calibration_error=sum(item.n * abs(item.confidence - item.right.value) for item in bins)
        / n,
        chance_error=_chance_error(confidences),
        overconfidence=float(confidences.mean()) - n_right / n,
    )


def held_out_images(
    predictions: HeldOutPredictions, label: ClassId, predicted: ClassId
) -> list[ImageId]:
    """The held-out images of one class that were taken for another, or for itself.

    The surest first: among mistakes those are most likely wrong labels.
    """
    rows = np.flatnonzero((predictions.labels == label) & (predictions.predicted == predicted))
    rows = rows[np.argsort(-predictions.confidences[rows], kind="stable")]
    return [ImageId(item) for item in predictions.image_ids[rows].tolist()]


def _known(predictions: HeldOutPredictions, class_ids: Sequence[ClassId]) -> NDArray[np.bool_]:
    both = np.isin(predictions.labels, class_ids) & np.isin(predictions.predicted, class_ids)
    return np.asarray(both, np.bool_)


def _places(of: NDArray[np.int64], class_ids: Sequence[ClassId]) -> NDArray[np.int64]:
    place = {int(class_id): number for number, class_id in enumerate(class_ids)}
    return np.array([place[item] for item in of.tolist()], np.int64)


def _class_score(confusion: NDArray[np.int64], place: int, class_id: ClassId) -> ClassScore:
    n_labels, n_predicted = int(confusion[place].sum()), int(confusion[:, place].sum())
    n_right = int(confusion[place, place])
    f1 = None
    if n_labels:
        overlap = _share(n_right, n_labels + n_predicted - n_right)
        f1 = Estimate(_f1(overlap.value), _f1(overlap.low), _f1(overlap.high))
    return ClassScore(
        class_id,
        n_labels,
        n_predicted,
        n_right,
        _share(n_right, n_labels) if n_labels else None,
        _share(n_right, n_predicted) if n_predicted else None,
        f1,
    )


def _f1(overlap: float) -> float:
    return 2 * overlap / (1 + overlap)


def _share(n_right: int, n: int) -> Estimate:
    share = n_right / n
    return Estimate(share, *wilson_interval(share, HELD_OUT_WORTH * n))


def _means(
    confusion: NDArray[np.int64], classes: Sequence[ClassScore]
) -> tuple[Estimate, Estimate, Estimate]:
    """Recall, precision and F1, each averaged over the classes that have held-out labels."""
    judged = np.array([item.n_labels > 0 for item in classes])
    n_judged = int(judged.sum())
    sizes = confusion[judged].sum(axis=1).astype(np.float64)
    # One more example of each class, recognised as often as those of all classes together.
    pooled = (np.trace(confusion) + 0.5) / (confusion.sum() + 1.0)
    is_right = np.eye(len(classes))[judged]
    wrong = (1 - is_right) * (1 - pooled) / max(len(classes) - 1, 1)
    rates = (confusion[judged] + pooled * is_right + wrong) / (sizes + 1.0)[:, None]
    expected = rates * sizes[:, None]
    right, predicted = (expected * is_right).sum(axis=1), expected.sum(axis=0)[judged]
    of_both = sizes + predicted

    def estimate(value: float, means: Floats64, own: Floats64, shared: Floats64) -> Estimate:
        """``own``, ``shared``: what one more right one adds, and any taken for the class takes."""
        gradient = np.zeros_like(rates)
        gradient[:, judged] -= shared[None, :]
        gradient += is_right * own[:, None]
        gradient /= n_judged
        spread = (rates * gradient**2).sum(axis=1) - (rates * gradient).sum(axis=1) ** 2
        variance = float((sizes * spread).sum())
        mean = float(means.mean())
        # Where all classes are but one, every prediction is right and nothing varies.
        n_like = mean * (1 - mean) / variance if variance > 0 else float(sizes.sum())
        return Estimate(value, *wilson_interval(value, HELD_OUT_WORTH * n_like))

    nothing = np.zeros(n_judged)
    return (
        estimate(_average(classes, "recall"), right / sizes, 1 / sizes, nothing),
        estimate(
            _average(classes, "precision"),
            right / predicted,
            1 / predicted,
            right / predicted**2,
        ),
        estimate(_average(classes, "f1"), 2 * right / of_both, 2 / of_both, 2 * right / of_both**2),
    )


def _average(classes: Sequence[ClassScore], of: str) -> float:
    scores: list[Estimate | None] = [getattr(item, of) for item in classes if item.n_labels]
    known = [item.value for item in scores if item is not None]
    return float(np.mean(known)) if known else 0.0


def _edges(n: int) -> Floats64:
    return np.linspace(0.0, 1.0, (10 if n >= _MANY else 5) + 1)


def _bin_of(confidences: Floats64) -> NDArray[np.int64]:
    edges = _edges(len(confidences))
    places = np.searchsorted(edges, confidences, side="left") - 1
    return np.clip(places, 0, len(edges) - 2).astype(np.int64)


def _bins(confidences: Floats64, hits: NDArray[np.bool_]) -> tuple[ReliabilityBin, ...]:
    edges, place = _edges(len(confidences)), _bin_of(confidences)
    return tuple(
        ReliabilityBin(
            float(edges[number]),
            float(edges[number + 1]),
            int(np.count_nonzero(place == number)),
            float(confidences[place == number].mean()),
            _share(int(np.count_nonzero(hits[place == number])), int((place == number).sum())),
        )
        for number in np.unique(place).tolist()
    )


def _chance_error(confidences: Floats64) -> float:
    place = _bin_of(confidences)
    varies = np.bincount(place, weights=confidences * (1 - confidences))
    # Sum over bins of n_b / n * sqrt(2 / pi) * sqrt(varies_b / n_b^2).
    return float(np.sqrt(2 / np.pi) * np.sqrt(varies).sum() / len(confidences))

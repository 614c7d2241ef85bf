"""How fast errors fall with labels, and what a few more labels would bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from engine.messages import CurvePoint
from engine.method.evaluation import Estimate

# Errors fall as a power of the labels per class; what is expected before a curve is seen, and how
# much spread of log labels that is worth.
_USUAL_POWER: Final = 0.4
_POWER_WEIGHT: Final = 0.1


class MeasuredPoint(Protocol):
    """Accuracy in [0, 1] on held-out labels with so many labels per class."""

    @property
    def labels_per_class(self) -> float: ...

    @property
    def accuracy(self) -> float: ...


def error_power(curve: Sequence[MeasuredPoint]) -> float:
    """How fast errors fall with labels: error ~ labels^-power, in [0, 1].

    A line through log errors, points of many labels weighing more, drawn towards what is usual.
    """
    labels = np.log([point.labels_per_class for point in curve])
    errors = np.log([max(1.0 - point.accuracy, 0.01) for point in curve])
    weights = np.exp(labels / 2)
    weights /= weights.sum()
    spread = labels - (weights * labels).sum()
    slope = (weights * spread * errors).sum()
    power = (_POWER_WEIGHT * _USUAL_POWER - slope) / (_POWER_WEIGHT + (weights * spread**2).sum())
    return float(np.clip(power, 0.0, 1.0))


def carried_over(
    curve: Sequence[CurvePoint], n_classes: int, end: Estimate
) -> tuple[CurvePoint, ...]:
    """A curve that ends at another accuracy: odds of being right keep their ratios.

    The curve is measured with the instant effort on what is expected of the unlabelled images. The
    answers on screen may come from another effort, whose accuracy on held-out labels is ``end``;
    fitting that to parts of the labels would take minutes. With odds no accuracy leaves [0, 1], and
    small errors keep their ratios.

    Args:
        curve: ascending, the last one with all labels.
        n_classes: over which the labels are spread.
        end: with all labels.
    """
    if not curve or n_classes < 1:
        return ()
    now = curve[-1]
    # Half an error among the labels: none seen does not mean none.
    least = 0.5 / (now.labels_per_class * n_classes + 1.0)

    def logit(accuracy: float) -> float:
        inside = float(np.clip(accuracy, least, 1.0 - least))
        return float(np.log(inside / (1.0 - inside)))

    shift = logit(end.value) - logit(now.accuracy)

    def moved(accuracy: float) -> float:
        return float(1.0 / (1.0 + np.exp(-logit(accuracy) - shift)))

    before = [
        CurvePoint(
            point.labels_per_class, moved(point.accuracy), moved(point.low), moved(point.high)
        )
        for point in curve[:-1]
    ]
    return (*before, CurvePoint(now.labels_per_class, end.value, end.low, end.high))


def expected_accuracy(curve: Sequence[MeasuredPoint], n_classes: int, n_more: int) -> float | None:
    """The accuracy that is to be expected after ``n_more`` labels, in [0, 1]; None without a curve.

    Args:
        curve: measured accuracies, the last one with all labels.
        n_classes: over which the labels are spread evenly.
        n_more: at least 0, drawn at random; suggested ones bring somewhat more.
    """
    if not curve or n_classes < 1:
        return None
    now = curve[-1]
    n_labels = now.labels_per_class * n_classes
    # As if half an error had been seen beside the others: none seen does not mean none.
    wrong = 1.0 - (now.accuracy * n_labels + 0.5) / (n_labels + 1.0)
    left = (n_labels / (n_labels + n_more)) ** error_power(curve)
    return float(min(1.0, now.accuracy + max(0.0, wrong) * (1.0 - left)))

"""What a spot check of the predictions on screen says of the accuracy of held-out labels."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QCoreApplication, QLocale

from app.evaluation.spot_result import SpotResult
from engine import Evaluation


class Verdict(Enum):
    """How the two compare."""

    AGREES = "agrees"
    HARDER = "harder"  # All of the spot check's interval lies below the held-out accuracy.
    EASIER = "easier"


def compare(result: SpotResult, found: Evaluation) -> Verdict:
    """How a spot check compares with held-out labels, by its own interval."""
    low, high = result.interval
    if high < found.accuracy.value:
        return Verdict.HARDER
    return Verdict.EASIER if low > found.accuracy.value else Verdict.AGREES


def verdict_text(result: SpotResult, found: Evaluation) -> str:
    """The comparison in words."""
    match compare(result, found):
        case Verdict.HARDER:
            return _tr(
                "The rest of the folder is harder than your labels. The spot check was drawn from "
                "it at random, the labels were not: believe the spot check."
            )
        case Verdict.EASIER:
            return _tr(
                "The rest of the folder is easier than your labels. The spot check was drawn from "
                "it at random, the labels were not: believe the spot check."
            )
        case Verdict.AGREES:
            return _tr(
                "The spot check, drawn from all predictions at random, does not contradict the "
                "held-out labels."
            )


def to_do_text(result: SpotResult) -> str:
    """What to do where the rest is harder than the labels."""
    locale = QLocale()
    return _tr(
        "Label more: only {right} of {asked} predictions were right in the spot check. What shows "
        "none of your classes is “none of these”."
    ).format(right=locale.toString(result.n_right), asked=locale.toString(result.n_asked))


def doubt_of_confidences(result: SpotResult) -> str:
    """That the check's answers were right less often than promised; empty where they were not."""
    if result.interval[1] >= result.promised:
        return ""
    return _tr(
        "In the spot check they promised too much: {promised} % on average, and {right} of {asked} "
        "were right."
    ).format(
        promised=QLocale().toString(round(100 * result.promised)),
        right=QLocale().toString(result.n_right),
        asked=QLocale().toString(result.n_asked),
    )


def short_text(result: SpotResult, *, is_compact: bool) -> str:
    """The spot check's figure for the line at the bottom."""
    low, high = result.interval
    text = (
        _tr("{right} of {asked} right in the spot check")
        if is_compact
        else _tr("{right} of {asked} right in the spot check ({low} to {high} %)")
    )
    locale = QLocale()
    return text.format(
        right=locale.toString(result.n_right),
        asked=locale.toString(result.n_asked),
        low=locale.toString(round(100 * low)),
        high=locale.toString(round(100 * high)),
    )


def heading(result: SpotResult) -> str:
    """The spot check's figure beside the held-out accuracy."""
    low, high = result.interval
    return _tr("Spot check {percent} % ({low} to {high} %)").format(
        percent=QLocale().toString(round(100 * result.n_right / result.n_asked)),
        low=QLocale().toString(round(100 * low)),
        high=QLocale().toString(round(100 * high)),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("SpotCheck", text)

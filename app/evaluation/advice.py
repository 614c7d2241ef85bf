"""One sentence on what to do next, from the figures of the answers on screen.

Which class more labels would help most, and how fast errors fall with labels, are the review's;
every number in the sentence stands on the page, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale

from app.evaluation.figures import Figures
from app.evaluation.spot_verdict import Verdict, compare, to_do_text
from app.session.session import Session
from engine import Evaluation, expected_accuracy
from engine.messages import ClassId, LabelsReviewed

_HARDLY: Final = 0.015  # A gain in accuracy that is not worth as many labels again.
_GOOD: Final = 0.85
_UNSURE: Final = 0.2  # Width of the accuracy's interval.
_PERHAPS: Final = (0.2, 0.8)  # Probabilities with which an image may be of a class or not.


class Step(Enum):
    """What the button beside the advice does: what its sentence says, or nothing."""

    NOTHING = "nothing"
    ANY = "any"  # Label what helps most.
    FIRST = "first"  # Find the first image of a class.
    MORE = "more"  # Label more of a class.
    MISTAKES = "mistakes"  # Look at a class's mistakes.


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next; ``text`` is empty where nothing is known.

    ``class_id`` is whom FIRST, MORE and MISTAKES are about.
    """

    text: str = ""
    step: Step = Step.NOTHING
    class_id: ClassId | None = None


def advice(session: Session, figures: Figures, review: LabelsReviewed | None) -> Advice:
    """What to do next."""
    found = figures.evaluation
    if review is None:
        return Advice()
    if review.advice:
        return _to_begin(session, review)
    checked = figures.spot_check
    if found is not None and checked is not None and compare(checked, found) is Verdict.HARDER:
        return Advice(to_do_text(checked), Step.ANY)
    curve = figures.curve(review)
    if found is None or not curve:
        return Advice()
    n_labels = round(curve[-1].labels_per_class * len(session.classes))
    twice = expected_accuracy(curve, len(session.classes), n_labels)
    if twice is not None and twice - found.accuracy.value < _HARDLY:
        enough = _enough(figures, found)
        if enough is not None:
            return enough
    return _more_of(session, figures, review.weakest)


def _to_begin(session: Session, review: LabelsReviewed) -> Advice:
    """The engine's advice while there is a class without a label, or with too few."""
    labelled = [item for item in review.classes if item.n_labels]
    empty = [item.class_id for item in review.classes if not item.n_labels]
    if len(labelled) >= 2 and empty and session.image_class(empty[0]) is not None:
        return Advice(review.advice, Step.FIRST, empty[0])
    return Advice(review.advice, Step.ANY)


def _enough(figures: Figures, found: Evaluation) -> Advice | None:
    """That more labels would hardly help; None where that is not sure."""
    is_sure = found.accuracy.high - found.accuracy.low <= _UNSURE
    mistake = most_frequent_mistake(found)
    is_good = found.accuracy.value >= _GOOD or mistake is None
    if is_sure and is_good:
        return Advice(
            _tr("The labels suffice: twice as many would hardly bring a percentage point.")
        )
    if is_sure and mistake is not None:
        own, other = (figures.class_name(item) for item in mistake)
        text = _tr(
            "Twice as many labels would hardly bring a percentage point: “{own}” is often taken "
            "for “{other}”."
        ).format(own=own, other=other)
        return Advice(text, Step.MISTAKES, mistake[0])
    if is_good:
        locale = QLocale()
        text = _tr(
            "{right} of {judged} held-out labels came out right; too few to be sure that the "
            "labels suffice."
        ).format(right=locale.toString(found.n_right), judged=locale.toString(found.n_held_out))
        return Advice(text, Step.ANY)
    return None


def _more_of(session: Session, figures: Figures, class_id: ClassId | None) -> Advice:
    """Which class to label more of, and why; nothing where none is named, or it was removed."""
    text = _why_more_of(session, figures, class_id)
    return Advice(text, Step.MORE, class_id) if text else Advice()


def _why_more_of(session: Session, figures: Figures, class_id: ClassId | None) -> str:
    name = "" if class_id is None else figures.class_name(class_id)
    found = figures.evaluation
    if not name or found is None or class_id is None:
        return ""
    locale, table = QLocale(), session.table
    score = next((item for item in found.classes if item.class_id == class_id), None)
    if score is not None and score.n_right < score.n_labels:
        return _tr(
            "Five more of “{name}” would help most: {right} of its {judged} held-out labels came "
            "out right."
        ).format(
            name=name,
            right=locale.toString(score.n_right),
            judged=locale.toString(score.n_labels),
        )
    rows = np.flatnonzero(table.predicts)
    chance = np.where(table.predicted[rows] == class_id, table.probabilities[rows], 0.0).max(
        axis=1, initial=0.0
    )
    n_unclear = int(np.count_nonzero((chance > _PERHAPS[0]) & (chance < _PERHAPS[1])))
    if n_unclear > 1:
        return _tr(
            "Five more of “{name}” would help most: of {count} images it is unclear whether they "
            "are that."
        ).format(name=name, count=locale.toString(n_unclear))
    n_labels = int(np.count_nonzero((table.labels == class_id) & ~table.missing))
    few = (
        _tr("Five more of “{name}” would help most: it has only 1 label.")
        if n_labels == 1
        else _tr("Five more of “{name}” would help most: it has only {count} labels.")
    )
    return few.format(name=name, count=locale.toString(n_labels))


def most_frequent_mistake(found: Evaluation) -> tuple[ClassId, ClassId] | None:
    """The class that was most often taken for another, and that one; None without a mistake."""
    wrong = found.confusion * (1 - np.eye(len(found.class_ids), dtype=np.int64))
    if not wrong.any():
        return None
    row, column = divmod(int(wrong.argmax()), len(found.class_ids))
    return found.class_ids[row], found.class_ids[column]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Advice", text)

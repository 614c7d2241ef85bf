"""The figures at a glance: what to do next, how good the answers are, whether to believe them."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.evaluation.advice import Advice, Step, advice
from app.evaluation.class_scores import ClassScores
from app.evaluation.figures import Figures
from app.evaluation.label_review import LabelReview
from app.evaluation.section import Section, card, words
from app.look.plots import Plot, curve_text, paint_curve, paint_reliability, reliability_text
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import LabelsReviewed

_SIDE_BY_SIDE_PX: Final = 720  # Below, the two drawings are under each other.


class Overview(Section):
    """One card after the other, the most useful first.

    Signals:
        class_requested: the images behind a class's figures.
        label_more_requested: a class that more labels would help; 0 for any.
        first_requested: a class of which no image is labelled yet.
        spot_check_requested: check predictions drawn at random.
    """

    class_requested = Signal(int)
    label_more_requested = Signal(int)
    first_requested = Signal(int)
    spot_check_requested = Signal()

    def __init__(
        self,
        session: Session,
        figures: Figures,
        review: LabelReview,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._figures = figures
        self._review = review
        self.failure = words("", "error")
        self.advice, self.headline = words("", "title"), words("", "heading")
        self.spot_headline, self.verdict = words("", "heading"), words("", "title")
        self.basis, self.not_judged = words(), words("", "muted")
        self.left_out = words()
        self._advice = Advice()
        self.averages = words()
        self.do_button = QPushButton()
        self.do_button.setObjectName("primary")
        self.scores = ClassScores(session, figures, theme)
        self.reliability = Plot(paint_reliability, reliability_text, theme)
        self.calibration = words()
        self.curve = Plot(paint_curve, curve_text, theme)
        self.curve_note = words("", "muted")
        self.spot_title, self.spot_note = words("", "section"), words("", "muted")
        self.spot_button = QPushButton(self.tr("Spot Check"))
        self.spot_button.setToolTip(
            self.tr("See how many predictions are right, by a few drawn at random (F8)")
        )
        self._build()
        self.do_button.clicked.connect(self._on_do)
        self.scores.opened.connect(self.class_requested)
        self.spot_button.clicked.connect(self.spot_check_requested)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        for part in (self.scores, self.reliability, self.curve):
            part.set_theme(theme)

    def refresh(self) -> None:
        """Show figures and review as they are now."""
        figures, result = self._figures, self._review.result
        self._advise(result)
        self._say(self.failure, self._review.failure)
        self._say(self.headline, figures.headline())
        self._say(self.spot_headline, figures.spot_headline())
        self._say(self.verdict, figures.verdict())
        self._say(self.left_out, figures.left_out())
        self._say(self.basis, figures.basis())
        self._say(self.not_judged, figures.not_judged())
        self._say(self.averages, figures.averages())
        self.scores.refresh(None if result is None else result.weakest)
        self._scores_card.setVisible(bool(self._session.classes))
        found = figures.evaluation
        self._drawings.setVisible(found is not None)
        self.reliability.show_points(() if found is None else found.bins)
        self._say(self.calibration, figures.calibration())
        self.calibration.setToolTip(figures.calibration_details())
        self.curve.show_points(figures.curve(result))
        self._say(self.curve_note, figures.curve_note(result))
        self.show_spot_check()

    def show_spot_check(self) -> None:
        """Show what the last spot check found."""
        result = self._figures.last_spot_check()
        if result is None:
            self.spot_title.setText(self.tr("No spot check yet"))
            self.spot_note.setText(
                self.tr(
                    "Held-out labels are not a random sample. A spot check is: look at thirty "
                    "predictions, and know how many of all are right."
                )
            )
            return
        table = self._session.table
        n_labels = int(np.count_nonzero((table.labels != NO_CLASS) & ~table.missing))
        self.spot_title.setText(result.headline())
        self.spot_note.setText(result.when_text(n_labels))

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        next_row = QHBoxLayout()
        next_row.setSpacing(2 * GAP_PX)
        next_row.addWidget(self.advice, 1)
        next_row.addWidget(self.do_button)
        self._next_card = card(self.failure)
        _column(self._next_card).addLayout(next_row)
        self.lines.addWidget(self._next_card)
        self._figures_row = QBoxLayout(self._direction())
        self._figures_row.setSpacing(2 * GAP_PX)
        for figure in (self.headline, self.spot_headline):
            self._figures_row.addWidget(figure, 1)
        top = card(self.verdict, self.left_out, self.basis, self.not_judged)
        _column(top).insertLayout(0, self._figures_row)
        self.lines.addWidget(top)
        title = words(self.tr("Classes"), "title")
        self._scores_card = card(title, self.averages, self.scores)
        self.lines.addWidget(self._scores_card)
        self._drawings = QWidget()
        self._halves = QBoxLayout(self._direction(), self._drawings)
        self._halves.setContentsMargins(0, 0, 0, 0)
        self._halves.setSpacing(2 * GAP_PX)
        for heading, drawing, note in (
            (self.tr("Can the confidences be believed?"), self.reliability, self.calibration),
            (self.tr("Would more labels help?"), self.curve, self.curve_note),
        ):
            half = card(words(heading, "title"), drawing, note)
            _column(half).addStretch(1)
            self._halves.addWidget(half, 1)
        self.lines.addWidget(self._drawings)
        spot_words = QVBoxLayout()
        spot_words.setSpacing(GAP_PX // 2)
        spot_words.addWidget(self.spot_title)
        spot_words.addWidget(self.spot_note)
        spot_row = QHBoxLayout()
        spot_row.setSpacing(2 * GAP_PX)
        spot_row.addLayout(spot_words, 1)
        spot_row.addWidget(self.spot_button)
        spot = card(words(self.tr("Spot check"), "title"))
        _column(spot).addLayout(spot_row)
        self.lines.addWidget(spot)
        self.lines.addStretch(1)

    def _direction(self) -> QBoxLayout.Direction:
        direction = QBoxLayout.Direction
        has_room = self.width() >= _SIDE_BY_SIDE_PX
        return direction.LeftToRight if has_room else direction.TopToBottom

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._halves.setDirection(self._direction())
        self._figures_row.setDirection(self._direction())

    # --- Private ----------------------------------------------------------------------------------

    def _say(self, label: QWidget, text: str) -> None:
        label.setText(text)  # type: ignore[attr-defined]
        label.setVisible(bool(text))

    def _advise(self, result: LabelsReviewed | None) -> None:
        self._advice = advice(self._session, self._figures, result)
        self._say(self.advice, self._advice.text)
        self._next_card.setVisible(bool(self._advice.text) or bool(self._review.failure))
        self.do_button.setVisible(self._advice.step is not Step.NOTHING)
        class_id = self._advice.class_id
        name = "" if class_id is None else self._figures.class_name(class_id)
        name = _short(name.replace("&", "&&"))
        match self._advice.step:
            case Step.FIRST:
                text = self.tr("Find the First “{name}”")
                tip = self.tr(
                    "See the unlabelled images, those first that are least like any class so far"
                )
            case Step.MORE:
                text = self.tr("Label More “{name}”")
                tip = self.tr(
                    "See unlabelled images that may be of this class, the most unsure first"
                )
            case Step.MISTAKES:
                text = self.tr("See the Mistakes")
                tip = self.tr("See the images behind the most frequent mistake")
            case _:
                text = self.tr("Go On Labelling")
                tip = self.tr("Label what helps most, one image at a time (F6)")
        self.do_button.setText(text.format(name=name))
        self.do_button.setToolTip(tip)

    def _on_do(self) -> None:
        class_id = int(self._advice.class_id or 0)
        match self._advice.step:
            case Step.FIRST:
                self.first_requested.emit(class_id)
            case Step.MISTAKES:
                self.class_requested.emit(class_id)
            case _:
                self.label_more_requested.emit(class_id)


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"


def _column(frame: QFrame) -> QVBoxLayout:
    layout = frame.layout()
    assert isinstance(layout, QVBoxLayout)
    return layout

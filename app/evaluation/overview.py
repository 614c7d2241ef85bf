"""The figures at a glance: what to do next, how good the answers are, whether to believe them."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.evaluation.class_scores import ClassScores
from app.evaluation.figures import Figures
from app.evaluation.label_review import LabelReview
from app.evaluation.section import Section, card, words
from app.evaluation.spot_result import SpotResult
from app.look.plots import LearningCurve, ReliabilityDiagram
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import ClassId, LabelsReviewed

_SIDE_BY_SIDE_PX: Final = 720  # Below, the two drawings are under each other.


class Overview(Section):
    """One card after the other, the most useful first.

    Signals:
        class_requested: the images behind a class's figures.
        label_more_requested: a class that more labels would help; 0 for any.
        spot_check_requested: check predictions drawn at random.
    """

    class_requested = Signal(int)
    label_more_requested = Signal(int)
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
        self.basis, self.not_judged = words(), words("", "muted")
        self.outlook, self.averages = words("", "muted"), words()
        self.do_button = QPushButton()
        self.do_button.setObjectName("primary")
        self.scores = ClassScores(session, figures, theme)
        self.reliability, self.calibration = ReliabilityDiagram(theme), words()
        self.curve, self.curve_note = LearningCurve(theme), words("", "muted")
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
        self._say(self.basis, figures.basis())
        self._say(self.not_judged, figures.not_judged())
        self._say(self.outlook, figures.outlook(result))
        self._say(self.averages, figures.averages())
        self.scores.refresh(None if result is None else result.weakest)
        self._scores_card.setVisible(bool(self._session.classes))
        found = figures.evaluation
        self._drawings.setVisible(found is not None or (result is not None and bool(result.curve)))
        self.reliability.show_bins(() if found is None else found.bins)
        self._say(self.calibration, figures.calibration())
        curve = () if result is None else result.curve
        self.curve.show_points(curve)
        self._say(
            self.curve_note,
            self.tr(
                "What the instant effort is expected to reach on the images without a label, with "
                "fewer labels of each class and with all; the band is the 95 % interval."
            )
            if len(curve) > 1
            else "",
        )
        self.show_spot_check()

    def show_spot_check(self) -> None:
        """Show what the last spot check found."""
        result = self.spot_result()
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

    def spot_result(self) -> SpotResult | None:
        """What the last spot check of this project found."""
        project = self._session.project
        if project is None:
            return None
        return SpotResult.from_text(self._session.preferences.spot_check(project.path))

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        next_row = QHBoxLayout()
        next_row.setSpacing(2 * GAP_PX)
        next_row.addWidget(self.advice, 1)
        next_row.addWidget(self.do_button)
        self._next_card = card(self.failure)
        _column(self._next_card).addLayout(next_row)
        self.lines.addWidget(self._next_card)
        self.lines.addWidget(card(self.headline, self.basis, self.not_judged, self.outlook))
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

    # --- Private ----------------------------------------------------------------------------------

    def _say(self, label: QWidget, text: str) -> None:
        label.setText(text)  # type: ignore[attr-defined]
        label.setVisible(bool(text))

    def _advise(self, result: LabelsReviewed | None) -> None:
        self._say(self.advice, "" if result is None else result.advice)
        self._next_card.setVisible(result is not None or bool(self._review.failure))
        weakest = self._weakest(result)
        if weakest:
            name = self._figures.class_name(weakest).replace("&", "&&")
            self.do_button.setText(self.tr("Label More “{name}”").format(name=_short(name)))
            self.do_button.setToolTip(self.tr("See the images that may be of this class"))
        else:
            self.do_button.setText(self.tr("Go On Labelling"))
            self.do_button.setToolTip(self.tr("Label what helps most, one image at a time (F6)"))
        self.do_button.setVisible(result is not None)

    def _weakest(self, result: LabelsReviewed | None) -> ClassId | None:
        if result is None or result.weakest is None:
            return None
        return result.weakest if self._figures.class_name(result.weakest) else None

    def _on_do(self) -> None:
        self.label_more_requested.emit(int(self._weakest(self._review.result) or 0))


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"


def _column(frame: QFrame) -> QVBoxLayout:
    layout = frame.layout()
    assert isinstance(layout, QVBoxLayout)
    return layout

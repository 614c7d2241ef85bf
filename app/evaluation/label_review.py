"""What the engine thinks of the labels: asked for while somebody looks, and after every edit."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, Signal

from app.look.words import told_event
from app.session.question import Question
from app.session.session import Session
from engine import messages
from engine.messages import ClassId, DoubtfulLabel

_SETTLE_MS: Final = 500


class LabelReview(QObject):
    """The newest review, without what the person has settled since.

    Attributes:
        result: the newest answer, None before the first.
        failure: why there is none, one sentence.

    Signals:
        changed: result or failure is new, or another one is being made.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._is_open = False
        self._asked_for: tuple[tuple[messages.ImageRef, ClassId], ...] | None = None
        self.result: messages.LabelsReviewed | None = None
        self.failure = ""
        self._question = Question(session.bridge, self, _SETTLE_MS, messages.LabelsReviewed)
        self._question.due.connect(self._ask)
        self._question.answered.connect(self._on_answered)
        self._question.ended.connect(self._on_ended)
        self._question.read.connect(session.reader.on_read)  # Labelled ones not known till then.
        session.predictions_changed.connect(self._on_edited)
        session.project_changed.connect(self._on_project_changed)

    @property
    def is_waiting(self) -> bool:
        """Whether a newer review is on its way."""
        return self._question.is_waiting

    @property
    def doubtful(self) -> list[DoubtfulLabel]:
        """Labels that look wrong, still stand, and were not kept."""
        if self.result is None:
            return []
        return [
            item
            for item in self._session.audit.standing(self.result.doubtful)
            if self._session.image_class(item.likely_id) is not None
        ]

    def open(self) -> None:
        """Somebody looks: keep it up to date."""
        self._is_open = True
        self._ask()

    def close(self) -> None:
        """Nobody looks any more."""
        self._is_open = False
        self._question.stop()
        self._asked_for = None

    def kept_state(self) -> object:
        """What a review in a window built anew goes on from."""
        return self.result

    def restore_state(self, state: object) -> None:
        """Go on from what another review kept."""
        if isinstance(state, messages.LabelsReviewed):
            self.result = told_event(state)
            self.changed.emit()

    def keep(self, doubtful: DoubtfulLabel) -> None:
        """The label is right; it is not doubted again while the project is open."""
        self._session.audit.keep(doubtful)
        self.changed.emit()

    def _on_edited(self) -> None:
        if self._is_open and self._session.classifier.support() != self._asked_for:
            self._question.ask_soon()
            self.changed.emit()

    def _on_project_changed(self) -> None:
        self.close()
        self.result, self.failure = None, ""

    def _ask(self) -> None:
        classifier = self._session.classifier
        if self._session.project is None or not self._is_open:
            return
        specs, support = classifier.specs(), classifier.support()
        self._asked_for = support
        self._question.ask(lambda number: messages.ReviewLabels(number, specs, support))
        self.changed.emit()

    def _on_answered(self, event: messages.LabelsReviewed) -> None:
        self.result, self.failure = event, ""
        self._session.audit.take(event.doubtful)  # Tiles and filters agree with it.

    def _on_ended(self, failure: str) -> None:
        self.failure = failure or self.failure
        self.changed.emit()

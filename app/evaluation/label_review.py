"""What the engine thinks of the labels: asked for while somebody looks, and after every edit."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.look.words import told_event
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
        self._request_id = 0
        self._is_open = False
        self._asked_for: tuple[tuple[messages.ImageRef, ClassId], ...] | None = None
        self.result: messages.LabelsReviewed | None = None
        self.failure = ""
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._ask)
        session.predictions_changed.connect(self._on_edited)
        session.project_changed.connect(self._on_project_changed)

    @property
    def is_waiting(self) -> bool:
        """Whether a newer review is on its way."""
        return self._request_id != 0 or self._settle.isActive()

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
        self._settle.stop()
        if self._request_id:
            self._session.bridge.cancel(self._request_id)
            self._session.bridge.release(self._request_id)
            self._request_id = 0
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
            self._settle.start()
            self.changed.emit()

    def _on_project_changed(self) -> None:
        self.close()
        self.result, self.failure = None, ""

    def _ask(self) -> None:
        bridge, classifier = self._session.bridge, self._session.classifier
        if self._session.project is None or not self._is_open:
            return
        bridge.release(self._request_id)
        self._request_id = bridge.next_id()
        self._asked_for = classifier.support()
        command = messages.ReviewLabels(self._request_id, classifier.specs(), self._asked_for)
        bridge.ask(command, self._on_event)
        self.changed.emit()

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.LabelsReviewed():
                self.result, self.failure = event, ""
                self._session.audit.take(event.doubtful)  # Tiles and filters agree with it.
                self._end()
            case messages.JobFailed():
                self.failure = event.message
                self._end()
            case messages.JobFinished() | messages.JobCancelled():
                self._end()
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self._session.reader.on_read(event)  # Labelled ones that were not known yet.
            case _:
                pass

    def _end(self) -> None:
        self._session.bridge.release(self._request_id)
        self._request_id = 0
        self.changed.emit()

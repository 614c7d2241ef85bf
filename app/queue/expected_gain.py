"""What a few more labels would bring: asked of the engine now and then while somebody labels."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.session.session import Session
from engine import expected_accuracy, messages

_MORE: Final = 10  # Labels; about a minute's work.
_EVERY: Final = 5  # Labels after which it is asked again.
_SETTLE_MS: Final = 800  # After a label: what it answers is read in a pause.


class ExpectedGain(QObject):
    """How good the predictions are, and how good they would be with some more labels.

    Signals:
        changed: the text is another one.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._request_id = 0
        self._is_open = False
        self._n_asked = -_EVERY  # Labels at the newest question.
        self._result: messages.LabelsReviewed | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._ask)
        session.predictions_changed.connect(self._on_edited)
        session.project_changed.connect(self._on_project_changed)

    def open(self) -> None:
        """Somebody labels: keep it about up to date."""
        self._is_open = True
        self._on_edited()

    def close(self) -> None:
        """Nobody looks any more."""
        self._is_open = False
        self._settle.stop()
        if self._request_id:
            self._session.bridge.cancel(self._request_id)
            self._session.bridge.release(self._request_id)
            self._request_id, self._n_asked = 0, -_EVERY

    @property
    def text(self) -> str:
        """What there is to say, one or two sentences; never more than is known."""
        session, result = self._session, self._result
        if session.engine_failure:
            return session.engine_failure
        if session.engine is None:
            return self.tr("The engine is loading. Labels count already; predictions follow.")
        if session.n_labelled_classes < 2:
            return self.tr("Label images of at least two classes, and the predictions begin.")
        curve = () if result is None else result.curve
        then = expected_accuracy(curve, len(session.classes), _MORE)
        if result is None or result.accuracy is None or then is None:
            return self.tr(
                "How good the predictions are, and what more labels would bring, can be told from "
                "about five labels per class on."
            )
        now, soon = round(100 * result.accuracy), min(99, round(100 * then))
        if soon <= now:
            text = self.tr(
                "About {now} % of the predictions are right (between {low} and {high}). {count} "
                "more labels will hardly change that."
            )
        else:
            text = self.tr(
                "About {now} % of the predictions are right (between {low} and {high}). With "
                "{count} more labels, expect about {soon} %."
            )
        return text.format(
            now=now,
            low=round(100 * result.low),
            high=round(100 * result.high),
            soon=soon,
            count=_MORE,
        )

    # --- Private ----------------------------------------------------------------------------------

    def _on_edited(self) -> None:
        n_labels = len(self._session.classifier.support())
        is_due = abs(n_labels - self._n_asked) >= _EVERY
        if self._is_open and is_due and self._session.n_labelled_classes >= 2:
            self._settle.start()

    def _on_project_changed(self) -> None:
        self.close()
        self._result, self._n_asked = None, -_EVERY

    def _ask(self) -> None:
        bridge, classifier = self._session.bridge, self._session.classifier
        if self._session.project is None or not self._is_open:
            return
        bridge.release(self._request_id)
        self._request_id = bridge.next_id()
        support = classifier.support()
        self._n_asked = len(support)
        command = messages.ReviewLabels(self._request_id, classifier.specs(), support)
        bridge.ask(command, self._on_event)

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.LabelsReviewed():
                self._result = event
                self._end()
            case messages.JobFailed() | messages.JobFinished() | messages.JobCancelled():
                self._end()
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self._session.reader.on_read(event)  # Labelled ones that were not known yet.
            case _:
                pass

    def _end(self) -> None:
        self._session.bridge.release(self._request_id)
        self._request_id = 0
        self.changed.emit()

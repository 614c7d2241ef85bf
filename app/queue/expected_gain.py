"""What a few more labels would bring: asked of the engine now and then while somebody labels."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, QObject, Signal

from app.evaluation.figures import Figures
from app.session.question import Question
from app.session.session import Session
from engine import expected_accuracy, messages

_MORE: Final = 10  # Labels; about a minute's work.
_EVERY: Final = 5  # Labels after which it is asked again.
_SETTLE_MS: Final = 800  # After a label: what it answers is read in a pause.


class ExpectedGain(QObject):
    """How good the predictions are, and how good they would be with some more labels.

    The accuracy is the one of the line at the bottom and of the evaluation; there is no other.

    Signals:
        changed: the text is another one.
    """

    changed = Signal()

    def __init__(self, session: Session, figures: Figures, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._figures = figures
        self._is_open = False
        self._n_asked = -_EVERY  # Labels at the newest question.
        self._result: messages.LabelsReviewed | None = None
        self._question = Question(session.bridge, self, _SETTLE_MS, messages.LabelsReviewed)
        self._question.due.connect(self._ask)
        self._question.answered.connect(self._on_answered)
        self._question.ended.connect(self.changed)
        self._question.read.connect(session.reader.on_read)  # Labelled ones not known till then.
        session.predictions_changed.connect(self._on_edited)
        figures.changed.connect(self.changed)
        session.project_changed.connect(self._on_project_changed)

    def open(self) -> None:
        """Somebody labels: keep it about up to date."""
        self._is_open = True
        self._on_edited()

    def close(self) -> None:
        """Nobody looks any more."""
        self._is_open = False
        if self._question.is_asked:
            self._n_asked = -_EVERY
        self._question.stop()

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
        if result is None and self._question.is_waiting:
            return self.tr("Estimating how good the predictions are…")
        found = self._figures.evaluation
        if found is None:
            return self.tr(
                "Too few labels to tell how often it is right: label at least two images of each "
                "class, better five."
            )
        known = self._figures.short()
        then = expected_accuracy(self._figures.curve(result), len(session.classes), _MORE)
        if then is None or self._figures.spot_check is not None:
            return self.tr("{accuracy}.").format(accuracy=known)
        soon = min(99, round(100 * then))
        text = (
            self.tr("{accuracy}. {count} more labels: perhaps {soon} %.")
            if soon > round(100 * found.accuracy.value)
            else self.tr("{accuracy}. {count} more labels will hardly change that.")
        )
        return text.format(
            accuracy=known,
            soon=QLocale().toString(soon),
            count=QLocale().toString(_MORE),
        )

    @property
    def basis(self) -> str:
        """What the numbers in the text rest on; empty where there are none."""
        basis = self._figures.basis()
        if self._figures.evaluation is None:
            return ""
        return "\n".join(text for text in (basis, self._figures.left_out()) if text)

    # --- Private ----------------------------------------------------------------------------------

    def _on_edited(self) -> None:
        if not self._is_open:  # Told for every part of a million predictions.
            return
        n_labels = len(self._session.classifier.support())
        is_due = abs(n_labels - self._n_asked) >= _EVERY
        if is_due and self._session.n_labelled_classes >= 2:
            self._question.ask_soon()

    def _on_project_changed(self) -> None:
        self.close()
        self._result, self._n_asked = None, -_EVERY

    def _ask(self) -> None:
        classifier = self._session.classifier
        if self._session.project is None or not self._is_open:
            return
        specs, support = classifier.specs(), classifier.support()
        self._n_asked = len(support)
        self._question.ask(lambda number: messages.ReviewLabels(number, specs, support))

    def _on_answered(self, event: messages.LabelsReviewed) -> None:
        self._result = event

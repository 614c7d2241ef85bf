"""How good the answers on screen are: the figures of held-out labels, and what is said of them.

All of it comes from one answer, as does the line at the bottom of the window, so the two cannot
disagree: that of the predictions on screen, or, where a more thorough one is on its way, the last
one that was thorough. A figure that comes and is another one seconds later is believed by nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, QObject, Signal

from app.evaluation.scope import Scope
from app.evaluation.spot_result import SpotResult
from app.evaluation.spot_verdict import doubt_of_confidences, heading, short_text, verdict_text
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine import Estimate, Evaluation, carried_over, evaluate, held_out_images
from engine.messages import (
    NONE_OF_THESE,
    Adapted,
    ClassId,
    CurvePoint,
    Effort,
    HeldOutPredictions,
    ImageId,
    LabelsReviewed,
)


class Figures(QObject):
    """The evaluation of the answers on screen.

    Attributes:
        evaluation: None where there are no answers, or too few labels to judge them by.
        scope: what it leaves out.
        spot_check: what a spot check of these predictions found; None where there was none, too
            few were asked, or the labels are others since.

    Signals:
        changed: there is another evaluation, a class has another name, or one is being waited for.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._adapted: Adapted | None = None
        self._is_checked = False  # ``_adapted`` is the last word on its labels.
        self._was_waiting = self._was_pending = False
        self.evaluation: Evaluation | None = None
        self.scope = Scope()
        self.spot_check: SpotResult | None = None
        session.status_changed.connect(self._on_status_changed)
        session.classes_changed.connect(self._on_classes_changed)
        session.counts_changed.connect(self.look_again)

    @property
    def is_waiting(self) -> bool:
        """Whether labels were changed since, and there is no last word on them yet."""
        classifier = self._session.classifier
        is_older = self._adapted is not classifier.adapted
        return self._adapted is not None and (is_older or not classifier.is_complete)

    @property
    def is_pending(self) -> bool:
        """Whether the accuracy is to be checked by a more thorough effort, or is being so."""
        return self.evaluation is not None and self._session.classifier.is_checking

    @property
    def adapted(self) -> Adapted | None:
        """The answers that it is of; the last ones checked, while newer ones are being so."""
        return self._adapted

    @property
    def predictions(self) -> HeldOutPredictions | None:
        """What the evaluation sums up."""
        return None if self._adapted is None else self._adapted.predictions

    @property
    def effort(self) -> Effort:
        """Which effort it belongs to."""
        return Effort.INSTANT if self._adapted is None else self._adapted.effort

    def effort_name(self) -> str:
        """That effort in words."""
        return effort_name(self.effort)

    def images(self, label: ClassId, predicted: ClassId) -> list[ImageId]:
        """The images behind a cell of the confusion matrix, the surest first."""
        if self.predictions is None:
            return []
        rows = self._session.table.row_of
        found = held_out_images(self.predictions, label, predicted)
        return [image for image in found if rows(image) >= 0]

    def confidence(self, image: ImageId) -> float:
        """How sure the model was of what it took a held-out image for; 0 where it is not one."""
        if self.predictions is None:
            return 0.0
        found = np.flatnonzero(self.predictions.image_ids == image)
        return float(self.predictions.confidences[found[0]]) if len(found) else 0.0

    def curve(self, review: LabelsReviewed | None) -> tuple[CurvePoint, ...]:
        """How the accuracy grows with labels, up to that of the answers on screen."""
        if review is None or self.evaluation is None:
            return ()
        n_classes = self._session.n_labelled_classes
        return carried_over(review.curve, n_classes, self.evaluation.accuracy)

    def last_spot_check(self) -> SpotResult | None:
        """What the last spot check of this project found, whatever has become of its labels."""
        project = self._session.project
        if project is None:
            return None
        return SpotResult.from_text(self._session.preferences.spot_check(project.path))

    # --- In words ---------------------------------------------------------------------------------

    def short(self, *, is_compact: bool = False) -> str:
        """How often the answers on screen are right, for the line at the bottom."""
        if self.spot_check is not None:
            return short_text(self.spot_check, is_compact=is_compact)
        return self.held_out_text(is_compact=is_compact)

    def held_out_text(self, *, is_compact: bool = False) -> str:
        """The accuracy of held-out labels, whatever a spot check has found."""
        found = self.evaluation
        if found is None:
            if is_compact:
                return self.tr("Accuracy not known yet")
            return self.tr("Too few labels to tell how often it is right")
        return self._as_it_stands(
            self.scope.short(is_compact=is_compact).format(
                percent=percent(found.accuracy.value),
                low=percent(found.accuracy.low),
                high=percent(found.accuracy.high),
            )
        )

    def _as_it_stands(self, text: str) -> str:
        return (
            self.tr("{accuracy}, being checked…").format(accuracy=text) if self.is_pending else text
        )

    def curve_note(self, review: LabelsReviewed | None) -> str:
        """What the learning curve shows; empty where there is none."""
        if len(self.curve(review)) < 2:
            return ""
        return self.tr(
            "The last point is the accuracy above, the others what it would be with fewer labels "
            "of each class. How much they differ was measured with quick fits to some of your "
            "labels only. The band is the 95 % interval."
        )

    def headline(self) -> str:
        """The accuracy in one line, or what is missing."""
        if self.evaluation is None:
            if self._adapted is None:
                return self._session.why_no_predictions()
            return self.tr("Too few labels to tell how good the answers are")
        return self._as_it_stands(
            self.tr("Held-out accuracy {accuracy}").format(
                accuracy=interval_text(self.evaluation.accuracy)
            )
        )

    def spot_headline(self) -> str:
        """The spot check's figure, to stand beside the headline; empty where there is none."""
        return "" if self.spot_check is None else heading(self.spot_check)

    def verdict(self) -> str:
        """What the spot check says of the accuracy; empty where either is missing."""
        if self.spot_check is None or self.evaluation is None:
            return ""
        return verdict_text(self.spot_check, self.evaluation)

    def left_out(self) -> str:
        """What the accuracy does not speak of; empty where that is nothing."""
        return "" if self.evaluation is None else " ".join(self.scope.sentences())

    def basis(self) -> str:
        """What the accuracy rests on, or what to do about there being none."""
        found, locale = self.evaluation, QLocale()
        if found is None:
            if self._adapted is None:
                return ""
            return self.tr(
                "An image is judged by the others of its class: label at least two images of each "
                "class that are not nearly the same, better five."
            )
        text = (
            self.tr(
                "{effort} effort, with the labels as they were; those of now are being checked. "
                "{right} of {judged} labelled images came out right when each was classified by a "
                "model that had not seen it or its near-duplicates. In the accuracy classes count "
                "alike, large or small; the truth lies between the two bounds 95 times in 100."
            )
            if self._adapted is not self._session.classifier.adapted
            else self.tr(
                "{effort} effort, whose answers are those on screen. {right} of {judged} labelled "
                "images came out right when each was classified by a model that had not seen it or "
                "its near-duplicates. In the accuracy classes count alike, large or small; the "
                "truth lies between the two bounds 95 times in 100."
            )
        )
        return text.format(
            effort=self.effort_name(),
            right=locale.toString(found.n_right),
            judged=locale.toString(found.n_held_out),
        )

    def not_judged(self) -> str:
        """How many labels could not be judged, and why; empty where all were."""
        table, found, locale = self._session.table, self.evaluation, QLocale()
        labels = table.labels[~table.missing]
        n_labels = int(np.count_nonzero(~np.isin(labels, (NO_CLASS, NONE_OF_THESE))))
        if found is None or self.is_waiting or n_labels <= found.n_held_out:
            return ""
        n_none = int(np.count_nonzero(labels == NONE_OF_THESE))
        if n_none:
            return self.tr(
                "{judged} of {labels} labels of your classes could be judged: the others are near-"
                "duplicates of one of those, the only label of their class, or cannot be read. "
                "Labels of “none of these” ({none}) are not among them."
            ).format(
                judged=locale.toString(found.n_held_out),
                labels=locale.toString(n_labels),
                none=locale.toString(n_none),
            )
        return self.tr(
            "{judged} of {labels} labels could be judged: the others are near-duplicates of one "
            "of those, the only label of their class, or cannot be read."
        ).format(judged=locale.toString(found.n_held_out), labels=locale.toString(n_labels))

    def averages(self) -> str:
        """Mean precision, recall and F1, and the plain share, in one sentence; or nothing."""
        found = self.evaluation
        if found is None:
            return ""
        return self.tr(
            "On the mean of the classes: precision {precision}, recall {recall}, F1 {f1}. Of all "
            "held-out labels, large classes counting for more: {share}."
        ).format(
            precision=interval_text(found.precision),
            recall=interval_text(found.accuracy),
            f1=interval_text(found.f1),
            share=interval_text(found.share_right),
        )

    def calibration(self) -> str:
        """Whether the confidences can be believed."""
        found = self.evaluation
        if found is None:
            return ""
        error, chance = 100 * found.calibration_error, 100 * found.chance_error
        if self.spot_check is not None and (doubt := doubt_of_confidences(self.spot_check)):
            verdict = doubt
        elif error <= 1.5 * chance:
            verdict = self.tr("The confidences can be believed as far as these labels can tell.")
        elif found.overconfidence > 0.02:
            verdict = self.tr("The confidences promise too much.")
        elif found.overconfidence < -0.02:
            verdict = self.tr("The confidences promise too little.")
        else:
            verdict = self.tr("The confidences are too high for some images, too low for others.")
        numbers = self.tr(
            "On held-out labels confidence and share right are {error} percentage points apart on "
            "average."
        ).format(error=QLocale().toString(error, "f", 1))
        return self.tr("{verdict} {numbers}").format(verdict=verdict, numbers=numbers)

    def calibration_details(self) -> str:
        """What that number is, for who knows the field."""
        found = self.evaluation
        if found is None:
            return ""
        return self.tr(
            "Expected calibration error {error}; were every confidence true, as many labels would "
            "give about {chance}."
        ).format(
            error=QLocale().toString(100 * found.calibration_error, "f", 1),
            chance=QLocale().toString(100 * found.chance_error, "f", 1),
        )

    def class_name(self, class_id: ClassId) -> str:
        """A class's name, empty where it was removed."""
        item = self._session.image_class(class_id)
        return "" if item is None else item.name

    def why_no_report(self) -> str:
        """Why there is nothing to report yet; empty where there is."""
        if self.evaluation is not None or self.last_spot_check() is not None:
            return ""
        return self._session.why_no_results() or self.headline()

    # --- Private ----------------------------------------------------------------------------------

    def look_again(self) -> None:
        """There may be another spot check, or other images that look like none of the classes."""
        if self._look_around():
            self.changed.emit()

    def _on_status_changed(self) -> None:
        adapted, is_checking = (
            self._session.classifier.adapted,
            self._session.classifier.is_checking,
        )
        is_kept = is_checking and self._is_checked and None not in (adapted, self._adapted)
        is_new = adapted is not self._adapted and not is_kept
        if is_new:
            self._adapted = adapted
            self._evaluate()
        if not is_kept:
            self._is_checked = not is_checking
        state = self.is_waiting, self.is_pending
        if not is_new and state == (self._was_waiting, self._was_pending):
            return
        self._was_waiting, self._was_pending = state
        self._look_around()
        self.changed.emit()

    def _on_classes_changed(self) -> None:
        self._evaluate()
        self._look_around()
        self.changed.emit()

    def _look_around(self) -> bool:
        """Find out what the figures leave out and what a spot check says; whether that is new."""
        session, before = self._session, (self.scope, self.spot_check)
        self.scope, self.spot_check = Scope.of(session), None
        if session.classifier.adapted is not None:
            kept = self.last_spot_check()
            if kept is not None and kept.is_enough and kept.is_current(session.table):
                self.spot_check = kept
        return (self.scope, self.spot_check) != before

    def _evaluate(self) -> None:
        class_ids: Sequence[ClassId] = [item.class_id for item in self._session.classes]
        self.evaluation = evaluate(self.predictions, class_ids)


def effort_name(effort: Effort) -> str:
    """An effort as the person reads it."""
    match effort:
        case Effort.INSTANT:
            return QCoreApplication.translate("Effort", "Instant")
        case Effort.THOROUGH:
            return QCoreApplication.translate("Effort", "Thorough")
        case Effort.FINETUNE:
            return QCoreApplication.translate("Effort", "Fine-tuned")


def percent(share: float) -> str:
    """A share in whole percent, without the sign."""
    return QLocale().toString(round(100 * share))


def interval_text(estimate: Estimate) -> str:
    """A rate with its interval: "87 % (80 to 92 %)"."""
    return QCoreApplication.translate("Figures", "{percent} % ({low} to {high} %)").format(
        percent=percent(estimate.value), low=percent(estimate.low), high=percent(estimate.high)
    )

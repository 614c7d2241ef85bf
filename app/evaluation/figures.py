"""How good the answers on screen are: the figures of held-out labels, and what is said of them.

All of it comes from the answer that the predictions on screen come from, as does the line at the
bottom of the window, so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, QObject, Signal

from app.session.image_table import NO_CLASS
from app.session.session import Session
from app.training.effort import effort_name
from engine import Estimate, Evaluation, evaluate, held_out_images
from engine.messages import (
    NONE_OF_THESE,
    Adapted,
    ClassId,
    Effort,
    HeldOutPredictions,
    ImageId,
    LabelsReviewed,
)


class Figures(QObject):
    """The evaluation of the answers on screen.

    Attributes:
        evaluation: None where there are no answers, or too few labels to judge them by.

    Signals:
        changed: there is another evaluation, a class has another name, or one is being waited for.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._adapted: Adapted | None = None
        self._was_waiting = False
        self.evaluation: Evaluation | None = None
        session.status_changed.connect(self._on_status_changed)
        session.classes_changed.connect(self._on_classes_changed)

    @property
    def is_waiting(self) -> bool:
        """Whether labels were changed since, and the engine has not answered yet."""
        return self._adapted is not None and not self._session.classifier.is_complete

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

    # --- In words ---------------------------------------------------------------------------------

    def headline(self) -> str:
        """The accuracy in one line, or what is missing."""
        if self.evaluation is None:
            if self._adapted is None:
                return self._session.why_no_predictions()
            return self.tr("Too few labels to tell how good the answers are")
        return self.tr("Held-out accuracy {accuracy}").format(
            accuracy=interval_text(self.evaluation.accuracy)
        )

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
        return self.tr(
            "{effort} effort, whose answers are those on screen. {right} of {judged} labelled "
            "images came out right when each was classified by a model that had not seen it or its "
            "near-duplicates. In the accuracy classes count alike, large or small; the truth lies "
            "between the two bounds 95 times in 100."
        ).format(
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
        return self.tr(
            "{judged} of {labels} labels could be judged: the others are near-duplicates of one "
            "of those, the only label of their class, or cannot be read."
        ).format(judged=locale.toString(found.n_held_out), labels=locale.toString(n_labels))

    def outlook(self, review: LabelsReviewed | None) -> str:
        """What is expected of the images without a label, and why that is another number."""
        if review is None or review.accuracy is None:
            return ""
        return self.tr(
            "Of the images without a label about {percent} % should be recognised with the instant "
            "effort, between {low} and {high} %. That is another number on purpose: the images "
            "that you labelled may be harder or easier than the rest, so it starts from the "
            "confidences of the rest and is corrected by held-out labels."
        ).format(
            percent=percent(review.accuracy), low=percent(review.low), high=percent(review.high)
        )

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
        """Whether the confidences can be believed, with the calibration error."""
        found = self.evaluation
        if found is None:
            return ""
        error, chance = 100 * found.calibration_error, 100 * found.chance_error
        if error <= 1.5 * chance:
            verdict = self.tr("The confidences can be believed as far as these labels can tell.")
        elif found.overconfidence > 0.02:
            verdict = self.tr("The confidences promise too much.")
        elif found.overconfidence < -0.02:
            verdict = self.tr("The confidences promise too little.")
        else:
            verdict = self.tr("The confidences are too high for some images, too low for others.")
        numbers = self.tr(
            "Confidence and share right are {error} percentage points apart on the mean "
            "(calibration error); with so many labels chance alone makes it about {chance}."
        ).format(error=QLocale().toString(error, "f", 1), chance=QLocale().toString(chance, "f", 1))
        return self.tr("{verdict} {numbers}").format(verdict=verdict, numbers=numbers)

    def class_name(self, class_id: ClassId) -> str:
        """A class's name, empty where it was removed."""
        item = self._session.image_class(class_id)
        return "" if item is None else item.name

    # --- Private ----------------------------------------------------------------------------------

    def _on_status_changed(self) -> None:
        adapted = self._session.classifier.adapted
        if adapted is self._adapted and self.is_waiting == self._was_waiting:
            return
        is_new = adapted is not self._adapted
        self._adapted = adapted
        self._was_waiting = self.is_waiting
        if is_new:
            self._evaluate()
        self.changed.emit()

    def _on_classes_changed(self) -> None:
        self._evaluate()
        self.changed.emit()

    def _evaluate(self) -> None:
        class_ids: Sequence[ClassId] = [item.class_id for item in self._session.classes]
        self.evaluation = evaluate(self.predictions, class_ids)


def percent(share: float) -> str:
    """A share in whole percent, without the sign."""
    return QLocale().toString(round(100 * share))


def interval_text(estimate: Estimate) -> str:
    """A rate with its interval: "87 % (80 to 92 %)"."""
    return QCoreApplication.translate("Figures", "{percent} % ({low} to {high} %)").format(
        percent=percent(estimate.value), low=percent(estimate.low), high=percent(estimate.high)
    )

"""Accept all above …: which predictions reach a confidence, and how many of them are right."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.session import Session
from app.theme import GAP_PX
from engine import ShareRight, share_right

_LEAST: Final = 50  # Percent.
_MOST: Final = 99


class CoverageBar(QFrame):
    """A slider over confidence and a sentence that says what it would mean to accept those above.

    The gallery shows exactly these images meanwhile. Nothing becomes a label by itself: labels
    that the model gave would make its own answers look right.

    Signals:
        threshold_changed: a confidence in [0, 1].
        label_requested: the person wants these images labelled as predicted.
    """

    threshold_changed = Signal(float)
    label_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._session = session
        title = QLabel(self.tr("At least"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(_LEAST, _MOST)
        self.slider.setPageStep(5)
        self.slider.setFixedWidth(180)
        self.slider.setAccessibleName(self.tr("Least confidence"))
        title.setBuddy(self.slider)
        self._percent = QLabel()
        self._percent.setObjectName("section")
        self._percent.setFixedWidth(self.fontMetrics().horizontalAdvance("100 % "))
        self.sentence = QLabel()
        self.left_out = QLabel()
        self.left_out.setObjectName("muted")
        for label in (self.sentence, self.left_out):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.label_button = QPushButton(self.tr("Label as Predicted…"))
        self.label_button.clicked.connect(self.label_requested)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.sentence)
        words.addWidget(self.left_out)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        row.setSpacing(GAP_PX)
        row.addWidget(title)
        row.addWidget(self.slider)
        row.addWidget(self._percent)
        row.addSpacing(GAP_PX)
        row.addLayout(words, 1)
        row.addWidget(self.label_button)
        self.slider.valueChanged.connect(self._on_moved)
        session.counts_changed.connect(self._on_counts_changed)
        session.status_changed.connect(self._on_counts_changed)

    @property
    def threshold(self) -> float:
        """The least confidence, in [0, 1]."""
        return self.slider.value() / 100

    def show_threshold(self, threshold: float) -> None:
        """Show a threshold, without telling that it changed."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(100 * threshold))
        self.slider.blockSignals(False)
        self.show_coverage()

    def show_coverage(self) -> None:
        """Say how many images there are and how many of them are right, as it is now."""
        table, adapted = self._session.table, self._session.classifier.adapted
        threshold = self.threshold
        accepted = table.confident(threshold)
        confidences = table.probabilities[accepted, 0]
        share = share_right(
            confidences, threshold, adapted.held_out if adapted is not None else None
        )
        self._percent.setText(f"{self.slider.value()} %")
        sentence = coverage_text(len(confidences), threshold, share)
        self.sentence.setText(sentence.replace(" %", "\u00a0%"))  # Never on two lines.
        self.sentence.setToolTip(_basis_text(threshold, share))
        reaching = table.predicts & (table.probabilities[:, 0] >= np.float32(threshold))
        n_left_out = int(np.count_nonzero(reaching)) - len(confidences)
        self.left_out.setVisible(n_left_out > 0)
        if n_left_out == 1:
            text = self.tr("1 more looks like none of these classes and is left out.")
        else:
            text = self.tr("{count} more look like none of these classes and are left out.")
        self.left_out.setText(text.format(count=QLocale().toString(n_left_out)))
        self.label_button.setEnabled(len(confidences) > 0)

    def _on_moved(self) -> None:
        self.show_coverage()
        self.threshold_changed.emit(self.threshold)

    def _on_counts_changed(self) -> None:
        if self.isVisible():
            self.show_coverage()


def coverage_text(n_images: int, threshold: float, share: ShareRight | None) -> str:
    """What accepting ``n_images`` predictions at or above ``threshold`` would mean."""
    percent = round(100 * threshold)
    if not n_images:
        return _tr("No image without a label is predicted with {percent} % or more.").format(
            percent=percent
        )
    if n_images == 1:
        which = _tr("1 image at {percent} % or more").format(percent=percent)
    else:
        which = _tr("{count} images at {percent} % or more").format(
            count=QLocale().toString(n_images), percent=percent
        )
    if share is None:
        return _tr("{which}; too few labels to tell how many are right.").format(which=which)
    return _tr("{which}, about {share} % of them right (between {low} and {high}).").format(
        which=which,
        share=round(100 * share.share),
        low=round(100 * share.low),
        high=round(100 * share.high),
    )


def _basis_text(threshold: float, share: ShareRight | None) -> str:
    percent = round(100 * threshold)
    if share is None:
        return _tr(
            "None of your labels that can be held out is recognised with {percent} % or more."
        ).format(percent=percent)
    return _tr(
        "From the confidences, and from how {count} held-out labels did that are recognised with "
        "{percent} % or more; the truth lies between the two numbers 95 times in 100."
    ).format(count=share.n_held_out, percent=percent)


def _tr(text: str) -> str:
    return QCoreApplication.translate("CoverageBar", text)

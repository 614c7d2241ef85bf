"""Accept all above …: which predictions reach a confidence, and how many of them are right."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.look.icons import swatch
from app.look.theme import GAP_PX
from app.look.words import percent_of
from app.session.image_table import NO_CLASS, Rows
from app.session.session import Session
from engine import ShareRight, share_right
from engine.messages import ClassId

_LEAST: Final = 50  # Percent.
_MOST: Final = 99
_WIDE_PX: Final = 860


class CoverageBar(QFrame):
    """A slider over confidence and a sentence that says what it would mean to accept those above.

    The gallery shows exactly these images meanwhile. Nothing becomes a label by itself: labels
    that the model gave would make its own answers look right.

    Attributes:
        excluded: rows that the person said are predicted wrongly; they are not accepted.

    Signals:
        choice_changed: another confidence or class.
        label_requested: the person wants these images labelled as predicted.
    """

    choice_changed = Signal()
    label_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._session = session
        self._name = ""
        self.excluded: Rows = np.zeros(0, np.intp)
        self.classes = QComboBox()
        self.classes.setAccessibleName(self.tr("Predicted class"))
        self.classes.setToolTip(self.tr("Only predictions of one class, or of all"))
        self.classes.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.classes.setMinimumContentsLength(10)
        self.classes.view().setMinimumWidth(160)
        self._fill_classes()
        title = QLabel(self.tr("at least"))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(_LEAST, _MOST)
        self.slider.setPageStep(5)
        self.slider.setFixedWidth(140)
        self.slider.setAccessibleName(self.tr("Least confidence"))
        title.setBuddy(self.slider)
        self._percent = QLabel()
        self._percent.setObjectName("section")
        self._percent.setFixedWidth(self.fontMetrics().horizontalAdvance(percent_of(100) + " "))
        self.sentence = QLabel()
        self.left_out = QLabel()
        self.left_out.setObjectName("muted")
        for label in (self.sentence, self.left_out):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.label_button = QPushButton(self.tr("Label as Predicted…"))
        self.label_button.clicked.connect(self.label_requested)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.sentence)
        words.addWidget(self.left_out)
        self._controls, self._words = QHBoxLayout(), words
        self._controls.setSpacing(GAP_PX)
        for widget in (self.classes, title, self.slider, self._percent):
            self._controls.addWidget(widget)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        self._grid.setSpacing(GAP_PX)
        self._grid.setColumnStretch(1, 1)
        self._grid.addLayout(self._controls, 0, 0)
        self._grid.addWidget(self.label_button, 0, 2)
        self._place_words()
        self.slider.valueChanged.connect(self._on_chosen)
        self.classes.activated.connect(self._on_chosen)
        session.classes_changed.connect(self._fill_classes)
        session.counts_changed.connect(self._on_counts_changed)
        session.status_changed.connect(self._on_counts_changed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if (event.size().width() < _WIDE_PX) != (event.oldSize().width() < _WIDE_PX):
            self._place_words()

    def _place_words(self) -> None:
        """Between the controls and the button, or below them where there is little room."""
        self._grid.removeItem(self._words)
        self._words.setParent(None)
        if self.width() < _WIDE_PX:
            self._grid.addLayout(self._words, 1, 0, 1, 4)
        else:
            self._grid.addLayout(self._words, 0, 1)

    def add_button(self, button: QWidget) -> None:
        """Put one more behind the button that labels."""
        self._grid.addWidget(button, 0, 3)

    @property
    def threshold(self) -> float:
        """The least confidence, in [0, 1]."""
        return self.slider.value() / 100

    @property
    def class_id(self) -> ClassId:
        """The class whose predictions are meant, NO_CLASS for all."""
        return ClassId(int(self.classes.currentData()))

    def accepted_rows(self) -> Rows:
        """The rows that would be labelled as predicted: of the class and the name chosen."""
        table = self._session.table
        return np.flatnonzero(self._chosen(table.confident(self.threshold, self.class_id)))

    def show_choice(self, threshold: float, class_id: ClassId, name: str = "") -> None:
        """Show a threshold and a class, without telling that they changed.

        Args:
            name: what the images' names contain; empty for any.
        """
        self._name = name
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(100 * threshold))
        self.classes.setCurrentIndex(max(0, self.classes.findData(int(class_id))))
        self.show_coverage()

    def show_coverage(self) -> None:
        """Say how many images there are and how many of them are right, as it is now."""
        table, adapted = self._session.table, self._session.classifier.adapted
        threshold, class_id = self.threshold, self.class_id
        accepted = self.accepted_rows()
        confidences = table.probabilities[accepted, 0]
        share = share_right(
            confidences, threshold, adapted.held_out if adapted is not None else None
        )
        self._percent.setText(percent_of(self.slider.value()))
        item = self._session.image_class(class_id)
        name = item.name if item is not None else ""
        sentence = coverage_text(len(confidences), threshold, share, name)
        self.sentence.setText(sentence.replace(" %", "\u00a0%"))  # Never on two lines.
        self.sentence.setToolTip(_basis_text(threshold, share))
        self._show_left_out(self._chosen(table.reaching(threshold, class_id)), len(confidences))
        self.label_button.setEnabled(len(confidences) > 0)

    def _chosen(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A mask of the table without what was taken out and what has another name."""
        mask[self.excluded] = False
        return mask & self._session.table.named(self._name) if self._name else mask

    def _show_left_out(self, reaching: NDArray[np.bool_], n_accepted: int) -> None:
        """Say what is not accepted of those that are predicted surely enough, and why."""
        n_aside = int(np.count_nonzero(reaching & self._session.table.set_aside))
        n_like_none = int(np.count_nonzero(reaching)) - n_aside - n_accepted
        told = []
        if n_like_none == 1:
            told.append(self.tr("1 more looks like none of these classes and is left out."))
        elif n_like_none:
            text = self.tr("{count} more look like none of these classes and are left out.")
            told.append(text.format(count=QLocale().toString(n_like_none)))
        if n_aside == 1:
            told.append(self.tr("1 more is set aside and is left out."))
        elif n_aside:
            text = self.tr("{count} more are set aside and are left out.")
            told.append(text.format(count=QLocale().toString(n_aside)))
        self.left_out.setText("\n".join(told))
        self.left_out.setVisible(bool(told))

    def _fill_classes(self) -> None:
        chosen = self.classes.currentData()
        self.classes.clear()
        self.classes.addItem(self.tr("All classes"), NO_CLASS)
        for item in self._session.classes:
            self.classes.addItem(swatch(item.colour), item.name, int(item.class_id))
        self.classes.setCurrentIndex(max(0, self.classes.findData(chosen)))

    def _on_chosen(self) -> None:
        self.show_coverage()
        self.choice_changed.emit()

    def _on_counts_changed(self) -> None:
        if self.isVisible():
            self.show_coverage()


def coverage_text(n_images: int, threshold: float, share: ShareRight | None, name: str = "") -> str:
    """What accepting ``n_images`` predictions at or above ``threshold`` would mean.

    Args:
        name: of the class that they are all predicted as; empty for any.
    """
    percent = round(100 * threshold)
    if n_images and name:
        which = _tr("{count} × “{name}” at {percent} % or more").format(
            count=QLocale().toString(n_images), name=name, percent=percent
        )
        return _which_and_share(which, share)
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
    return _which_and_share(which, share)


def _which_and_share(which: str, share: ShareRight | None) -> str:
    if share is None:
        return _tr("{which}; too few labels to tell how many are right.").format(which=which)
    return _tr("{which}, about {share} % of them right (between {low} and {high}).").format(
        which=which,
        share=min(round(100 * share.share), 99 if share.low < 1 else 100),  # Not as good as sure.
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

"""What a spot check found: the share that was right, the wrong ones, and what to do with them."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.evaluation.section import words
from app.evaluation.spot_result import SpotResult
from app.gallery.small_picture import SmallPicture
from app.gallery.thumbnails import Thumbnails
from app.look.theme import GAP_PX, Theme
from app.session.session import Session
from engine.messages import ImageId

_MAX_WRONG: Final = 6  # On one line; all of them can be looked at in the gallery.
_WIDTH_PX: Final = 760
_PICTURE_PX: Final = 96


class SpotOutcome(QWidget):
    """A card in the middle of the page.

    Signals:
        again_requested: draw another sample.
        continue_requested: ask on where it was ended.
        show_requested: look at the wrong ones in the gallery.
        label_requested: make labels of the answers.
        image_requested: one image to see large.
    """

    again_requested = Signal()
    continue_requested = Signal()
    show_requested = Signal()
    label_requested = Signal()
    image_requested = Signal(int)

    def __init__(
        self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.headline, self.basis = words("", "heading"), words("", "muted")
        self.skipped, self.wrong_title = words("", "muted"), words("", "section")
        self._wrong = QHBoxLayout()
        self._wrong.setSpacing(GAP_PX)
        self.show_button = QPushButton(self.tr("Show the Wrong Ones"))
        self.show_button.clicked.connect(self.show_requested)
        self.label_button = QPushButton()
        self.label_button.setToolTip(
            self.tr("Right answers and those that say what it is become labels of yours")
        )
        self.label_button.clicked.connect(self.label_requested)
        self.again_button = QPushButton(self.tr("Draw Again"))
        self.again_button.clicked.connect(self.again_requested)
        self.again_button.setToolTip(self.tr("Begin anew with another sample"))
        self.continue_button = QPushButton(self.tr("Continue"))
        self.continue_button.clicked.connect(self.continue_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        for button in (
            self.continue_button,
            self.again_button,
            self.show_button,
            self.label_button,
        ):
            buttons.addWidget(button)
        buttons.addStretch(1)
        card = QFrame()
        card.setObjectName("card")
        card.setMaximumWidth(_WIDTH_PX)
        column = QVBoxLayout(card)
        column.setContentsMargins(3 * GAP_PX, 3 * GAP_PX, 3 * GAP_PX, 3 * GAP_PX)
        column.setSpacing(GAP_PX)
        column.addWidget(self.headline)
        column.addWidget(self.basis)
        column.addWidget(self.skipped)
        column.addSpacing(GAP_PX)
        column.addWidget(self.wrong_title)
        column.addLayout(self._wrong)
        column.addSpacing(GAP_PX)
        column.addLayout(buttons)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 100)
        across.addStretch(1)
        down = QVBoxLayout(self)
        down.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        down.addStretch(1)
        down.addLayout(across)
        down.addStretch(2)

    def show_nothing(self, reason: str) -> None:
        """Nothing was asked, and why."""
        self._show_pictures([], None)
        for part in (
            self.show_button,
            self.label_button,
            self.again_button,
            self.continue_button,
            self.skipped,
            self.wrong_title,
        ):
            part.setVisible(False)
        self.headline.setText(self.tr("Nothing to check"))
        self.basis.setText(reason)

    def show_result(
        self, result: SpotResult, wrong: list[ImageId], n_skipped: int, theme: Theme
    ) -> None:
        """Show a result, with the images whose prediction is wrong and how many were skipped."""
        locale = QLocale()
        self.headline.setText(result.headline())
        self.skipped.setText(
            self.tr("1 was skipped and does not count.")
            if n_skipped == 1
            else self.tr("{count} were skipped and do not count.").format(
                count=locale.toString(n_skipped)
            )
        )
        self.skipped.setVisible(n_skipped > 0)
        self.basis.setText(
            self.tr(
                "Drawn at random from {count} predictions; the share among all of them lies "
                "between the two numbers 95 times in 100. Their confidences promised {percent} %."
            ).format(
                count=locale.toString(result.n_predictions), percent=round(100 * result.promised)
            )
        )
        self.wrong_title.setText(self.tr("{count} wrong").format(count=locale.toString(len(wrong))))
        self.again_button.setVisible(True)
        for part in (self.wrong_title, self.show_button):
            part.setVisible(bool(wrong))
        self._show_pictures(wrong[:_MAX_WRONG], theme)

    def show_due(self, n_due: int) -> None:
        """Offer to make labels of so many answers."""
        self.label_button.setVisible(n_due > 0)
        text = (
            self.tr("Use 1 Answer as a Label")
            if n_due == 1
            else self.tr("Use {count} Answers as Labels")
        )
        self.label_button.setText(text.format(count=QLocale().toString(n_due)))

    def show_rest(self, n_left: int) -> None:
        """Offer to ask about so many more."""
        self.continue_button.setVisible(n_left > 0)
        tip = (
            self.tr("Go on with the 1 that is left of this sample")
            if n_left == 1
            else self.tr("Go on with the {count} that are left of this sample")
        )
        self.continue_button.setToolTip(tip.format(count=QLocale().toString(n_left)))

    def _show_pictures(self, images: list[ImageId], theme: Theme | None) -> None:
        while self._wrong.count():
            item = self._wrong.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if theme is None:
            return
        for number, image in enumerate(images):
            picture = SmallPicture(image, _PICTURE_PX, self._session, self._thumbnails, theme)
            picture.opened.connect(self.image_requested)
            self._wrong.insertWidget(number, picture)
        self._wrong.addStretch(1)
        rows = [self._session.table.row_of(image) for image in images]
        self._thumbnails.want_too([row for row in rows if row >= 0])

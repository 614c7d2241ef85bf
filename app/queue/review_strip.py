"""What can be done with a page of the review, as buttons below it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from app.look.icons import icon
from app.look.theme import GAP_PX

_HINT_PX: Final = 200


class ReviewStrip(QFrame):
    """The buttons; the page around them knows what they do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.hint = QLabel(
            self.tr("Enter: accept the page · class key: relabel the selection · X: take it out")
        )
        self.hint.setObjectName("muted")
        self.hint.setWordWrap(True)
        self.taken_out = QPushButton()
        self.taken_out.setObjectName("link")
        self.taken_out.setToolTip(
            self.tr("Show the images that were taken out and have no label yet")
        )
        self.by_confidence = QToolButton()
        self.by_confidence.setObjectName("chip")
        self.by_confidence.setText(self.tr("By Confidence…"))
        self.by_confidence.setCheckable(True)
        self.by_confidence.setToolTip(
            self.tr("Accept all of this class above a confidence, seen or not")
        )
        self.take_out = QPushButton(self.tr("Take Out"))
        self.take_out.setToolTip(
            self.tr("The selected images do not show this class; once more puts them back (X)")
        )
        self.accept_selection = QPushButton(self.tr("Accept Selected"))
        self.accept_selection.setToolTip(
            self.tr("Label the selected images as this class (Ctrl+Enter)")
        )
        self.accept_page = QPushButton()
        self.accept_page.setObjectName("primary")
        self.previous, self.next = QToolButton(), QToolButton()
        for button, name, tip in (
            (self.previous, self.tr("Page before"), self.tr("The page before (Page Up)")),
            (self.next, self.tr("Next page"), self.tr("The next page, undecided (Page Down)")),
        ):
            button.setObjectName("flat")
            button.setAccessibleName(name)
            button.setToolTip(tip)
        self._left, self._right = QHBoxLayout(), QHBoxLayout()
        self._left.addWidget(self.hint, 1)
        for row, widgets in (
            (self._left, (self.taken_out, self.by_confidence)),
            (
                self._right,
                (
                    self.take_out,
                    self.accept_selection,
                    self.previous,
                    self.next,
                    self.accept_page,
                ),
            ),
        ):
            row.setSpacing(GAP_PX)
            for widget in widgets:
                # A click leaves the keyboard's attention with the tiles, which have keys for it.
                widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                row.addWidget(widget)
        self._right.insertStretch(0)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        self._box.setSpacing(GAP_PX)
        self._box.addLayout(self._left, 1)
        self._box.addLayout(self._right)
        # What there is room for follows from the width, and not the other way round.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """On one line if that will do, the hint only where there is room for it."""
        room = self.width() - 4 * GAP_PX
        shown = [self.by_confidence, *([] if self.taken_out.isHidden() else [self.taken_out])]
        left = sum(widget.sizeHint().width() + GAP_PX for widget in shown)
        needed = left + self._right.sizeHint().width()
        directions = QBoxLayout.Direction
        is_one_line = needed <= room
        self._box.setDirection(directions.LeftToRight if is_one_line else directions.TopToBottom)
        self.hint.setVisible(room - (needed if is_one_line else left) >= _HINT_PX)

    def set_theme(self) -> None:
        """Draw the icons in the colours now in use."""
        self.previous.setIcon(icon("previous"))
        self.next.setIcon(icon("next"))

    def show_state(
        self, *, n_open: int, n_selected: int, n_taken_out: int, has_tiles: bool, has_before: bool
    ) -> None:
        """Say what can be done.

        Args:
            n_open: images on the page that accepting it would label.
            n_selected: selected images that could be accepted or taken out.
            n_taken_out: images of the class that were taken out, and have no label yet.
            has_tiles: there is a page, and not the end of the class.
            has_before: there is a page before.
        """
        locale = QLocale()
        text = self.tr("Next Page") if has_tiles else self.tr("Go On")
        tip = self.tr("Nothing is left to decide here (Enter)")
        if n_open:
            text = self.tr("Accept 1 Image") if n_open == 1 else self.tr("Accept {count} Images")
            tip = self.tr("Label those on this page as this class, but for those taken out (Enter)")
        self.accept_page.setText(text.format(count=locale.toString(n_open)))
        self.accept_page.setToolTip(tip)
        self.accept_selection.setEnabled(n_selected > 0)
        self.take_out.setEnabled(n_selected > 0)
        self.previous.setEnabled(has_before)
        self.next.setEnabled(has_tiles)
        self.taken_out.setVisible(n_taken_out > 0)
        text = self.tr("1 Taken Out") if n_taken_out == 1 else self.tr("{count} Taken Out")
        self.taken_out.setText(text.format(count=locale.toString(n_taken_out)))
        self._fit()

"""Accepting all of a class above a confidence, without a tile of the page moving for it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QToolButton, QWidget

from app.gallery.arrangement import DEFAULT_THRESHOLD
from app.gallery.coverage_bar import CoverageBar
from app.look.icons import icon
from app.queue.review_pass import ReviewPass
from app.session.session import Session

_NARROWEST_PX: Final = 320


class ByConfidence(CoverageBar):
    """The coverage bar of the class that is gone through, laid over the buttons below the tiles.

    It is in no layout: it covers the strip, and where it needs more room than that, as much of what
    is above. So the page of tiles is the same before, meanwhile and after.

    Signals:
        closed: back to accepting page by page.
    """

    closed = Signal()

    def __init__(self, session: Session, review: ReviewPass, strip: QWidget, page: QWidget) -> None:
        super().__init__(session, page)
        self._review = review
        self._strip = strip
        self.classes.hide()  # It is the one that is gone through.
        self.close_button = QToolButton()
        self.close_button.setObjectName("flat")
        self.close_button.setAccessibleName(self.tr("Back to accepting by page"))
        self.close_button.setToolTip(self.tr("Back to accepting by page (Esc)"))
        self.close_button.clicked.connect(self.closed)
        self.add_button(self.close_button)
        self.hide()
        self.choice_changed.connect(self._place)
        strip.installEventFilter(self)

    def set_theme(self) -> None:
        """Draw the icon in the colours now in use."""
        self.close_button.setIcon(icon("close"))

    def set_open(self, is_open: bool) -> None:
        """Show it for the class that is gone through, or show the buttons below it again."""
        had_focus = self._strip.isAncestorOf(self.window().focusWidget() or self._strip.window())
        was_open = not self.isHidden()
        if not is_open:
            self._strip.setEnabled(True)
            self.hide()
            return
        class_id = self._review.class_id
        threshold = self.threshold if self.class_id == class_id else DEFAULT_THRESHOLD
        self.excluded = self._review.taken_out_rows()
        self.show_choice(threshold, class_id)
        self.show()
        self.raise_()
        self._place()
        if had_focus and not was_open:
            self.slider.setFocus()
        self._strip.setEnabled(False)  # What is covered takes no key and is not reached by Tab.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        if self.isHidden():
            return
        strip = self._strip.geometry()
        width = max(strip.width(), _NARROWEST_PX)
        self.resize(width, self.height())  # By which the words find their place.
        height = max(strip.height(), self.heightForWidth(width))
        self.setGeometry(strip.left(), strip.bottom() + 1 - height, width, height)

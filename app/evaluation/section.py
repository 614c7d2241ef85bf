"""A part of the evaluation page: cards below each other, scrolled where there is no room."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.look.theme import GAP_PX

_WIDTH_PX: Final = 1080  # Longer lines are hard to read.


class Section(QScrollArea):
    """Cards in a column of bounded width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frame = QWidget()
        self._frame.setMaximumWidth(_WIDTH_PX)
        frame = QVBoxLayout(self._frame)
        frame.setContentsMargins(0, 0, 0, 0)
        self.body = QWidget()
        self.start_body()
        ground = QWidget()
        ground.setObjectName("ground")
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self._frame, 100)
        row.addStretch(1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(ground)

    def start_body(self) -> None:
        """Put an empty column in the place of what is shown."""
        old = self.body
        self.body = QWidget()
        self.lines = QVBoxLayout(self.body)
        self.lines.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX)
        self.lines.setSpacing(2 * GAP_PX)
        frame = self._frame.layout()
        assert frame is not None
        frame.addWidget(self.body)
        old.hide()
        old.deleteLater()  # Not at once: one of its buttons may have been pressed just now.

    def texts(self) -> list[str]:
        """All that is said, in order."""
        shown = self.body.findChildren(QLabel)
        return [label.text() for label in shown if label.text() and not label.isHidden()]


def words(text: str = "", name: str = "") -> QLabel:
    """A text that wraps; ``name`` is how the theme knows it."""
    label = QLabel(text)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def card(*widgets: QWidget) -> QFrame:
    """A card with widgets below each other."""
    frame = QFrame()
    frame.setObjectName("card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
    column.setSpacing(GAP_PX)
    for widget in widgets:
        column.addWidget(widget)
    return frame

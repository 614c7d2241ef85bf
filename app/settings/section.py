"""What the sections of the settings have in common: a scrolling column of titled groups."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.look.theme import GAP_PX, Theme


class Section(QScrollArea):
    """One section of the settings, larger than the dialog where it must be."""

    def __init__(self, title: str, picture: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.picture = picture
        self.setAccessibleName(title)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget()
        inner.setObjectName("page")
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        self.column.setSpacing(GAP_PX)
        self.setWidget(inner)

    def begin(self) -> None:
        """The section is shown from now on: bring it up to date."""

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""

    def add_heading(self, text: str) -> QLabel:
        """A heading for what is added next."""
        if self.column.count():
            self.column.addSpacing(2 * GAP_PX)
        heading = QLabel(text)
        heading.setObjectName("title")
        self.column.addWidget(heading)
        return heading

    def add_words(self, text: str = "") -> QLabel:
        """A line that says what something does, or how it stands."""
        words = words_label(text)
        self.column.addWidget(words)
        return words


def words_label(text: str = "") -> QLabel:
    """Words that may take several lines and can be copied."""
    label = QLabel(text)
    label.setObjectName("muted")
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label

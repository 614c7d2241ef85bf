"""What the sections of the settings have in common: a scrolling column, and a foot in sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from app.look.announcing import announce
from app.look.theme import GAP_PX, Theme


class Section(QWidget):
    """One section of the settings, larger than the dialog where it must be.

    What happens (progress, an answer, an error) stands in the foot, which does not scroll.

    Attributes:
        column: what can be chosen; it scrolls.
        foot: what happens; it is always in sight.
        message: the last line of the foot, see :meth:`tell`.
    """

    def __init__(self, title: str, picture: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.picture = picture
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(title)
        inner = QWidget()
        inner.setObjectName("page")
        self.column = QVBoxLayout(inner)
        self.column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, GAP_PX)
        self.column.setSpacing(GAP_PX)
        self._area = area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        self.foot = QVBoxLayout()
        self.foot.setContentsMargins(3 * GAP_PX, 0, 3 * GAP_PX, 0)
        self.foot.setSpacing(GAP_PX)
        self.message = words_label()
        self.message.hide()
        self.foot.addWidget(self.message)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(GAP_PX)
        whole.addWidget(area, 1)
        whole.addLayout(self.foot)

    def begin(self) -> None:
        """The section is shown from now on: bring it up to date."""

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""

    def tell(self, text: str, *, is_error: bool = False) -> None:
        """Say what has happened, in the foot and to a screen reader; nothing: take it away."""
        self.message.setObjectName("error" if is_error else "section")
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        self.message.setText(text)
        self.message.setVisible(bool(text))
        if text and self.isVisible():
            announce(self.message, text)

    def bring_into_sight(self, widget: QWidget) -> None:
        """Scroll to a part of the column."""
        self._area.ensureWidgetVisible(widget)

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

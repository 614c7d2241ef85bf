"""Says that the image shown large stands for several, and to which of them a label goes."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QToolButton, QVBoxLayout, QWidget

from app.look.icons import icon
from app.look.theme import GAP_PX


class StackCard(QFrame):
    """A card with a button to see the others; hidden where the image stands for itself.

    Signals:
        group_requested: each of the images that show the same, or one tile for them again.
    """

    group_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.title, self.hint = QLabel(), QLabel()
        self.title.setObjectName("section")
        self.hint.setObjectName("muted")
        for label in (self.title, self.hint):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QToolButton()
        self.button.setObjectName("flat")
        self.button.setIconSize(QSize(20, 20))
        self.button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.clicked.connect(self._on_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_PX, GAP_PX, GAP_PX, GAP_PX)
        column.setSpacing(GAP_PX // 2)
        for widget in (self.title, self.hint, self.button):
            column.addWidget(widget)
        self.hide()

    def say(self, title: str, hint: str) -> None:
        """Show what the image stands for.

        Args:
            title: which one of how many; empty for none.
            hint: to which of them labels go; empty where each has a tile of its own.
        """
        self.setVisible(bool(title))
        self.title.setText(title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.button.setText(" " + (self.tr("Show Each") if hint else self.tr("One Tile")))
        tip = (
            self.tr("Show each of these images on a tile of its own (Ctrl+G)")
            if hint
            else self.tr("Lay these images under one tile again (Ctrl+G)")
        )
        self.button.setToolTip(tip)
        self.button.setAccessibleName(tip)

    def set_colours(self) -> None:
        """The theme has changed."""
        self.button.setIcon(icon("stack"))

    def _on_clicked(self) -> None:
        self.group_requested.emit()

"""Find by name or folder: a field above the tiles that comes with the first letter typed."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QToolButton,
    QWidget,
)

from app.look.icons import icon, pixmap
from app.look.theme import GAP_PX, Theme


class FindBar(QFrame):
    """A field for words of a name or its folders, which match is shown, a way to see those alone.

    Signals:
        text_changed: another text is looked for.
        step_requested: go to the next (1) or previous (-1) match.
        only_changed: the matches alone are wanted, or all images again.
        taken: Enter: on with the image that was found.
        left: the bar is closed.
    """

    text_changed = Signal(str)
    step_requested = Signal(int)
    only_changed = Signal(bool)
    taken = Signal()
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._picture = QLabel()
        self.field = QLineEdit()
        self.field.setAccessibleName(self.tr("Find by name or folder"))
        self.field.setPlaceholderText(self.tr("Words of a name or folder"))
        self.field.setToolTip(
            self.tr("Words of a file's name or of its folders, in any order (Ctrl+F)")
        )
        self.field.setMinimumWidth(160)
        self.field.setMaximumWidth(320)
        self.number = QLabel()
        self.number.setObjectName("muted")
        self.number.setAccessibleName(self.tr("Matches"))
        self.previous = self._button(self.tr("Previous match"), "Shift+F3")
        self.next = self._button(self.tr("Next match"), "F3")
        self.only = QCheckBox(self.tr("Only matches"))
        self.only.setToolTip(self.tr("Show only images whose name or folder matches"))
        self.close_button = self._button(self.tr("Close"), self.tr("Esc"))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP_PX, GAP_PX // 2, 2 * GAP_PX, GAP_PX // 2)
        row.setSpacing(GAP_PX)
        row.addWidget(self._picture)
        row.addWidget(self.field, 1)
        for widget in (self.previous, self.next, self.number, self.only):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.close_button)
        self.field.textEdited.connect(self.text_changed)
        self.previous.clicked.connect(self._on_previous)
        self.next.clicked.connect(self._on_next)
        self.only.toggled.connect(self.only_changed)
        self.close_button.clicked.connect(self.left)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._picture.setPixmap(pixmap("find", theme.muted, 16, self.devicePixelRatioF()))
        self.previous.setIcon(icon("previous"))
        self.next.setIcon(icon("next"))
        self.close_button.setIcon(icon("close"))

    def begin(self, text: str) -> None:
        """Open with a letter that was typed; with none, with what was looked for last.

        Then nothing is gone to yet: what is selected may be what the person is at work on.
        """
        self.show()
        self.field.setFocus()
        if text:
            self.field.setText(text)
            self.text_changed.emit(text)
        else:
            self.field.selectAll()

    def show_only(self, is_only: bool) -> None:
        """Tick whether the matches are shown alone, without telling."""
        with QSignalBlocker(self.only):
            self.only.setChecked(is_only)

    def show_number(self, place: int, count: int) -> None:
        """Say which match is shown, from 1 (0 for none of them), and of how many."""
        locale = QLocale()
        text = ""
        if self.field.text():
            if not count:
                text = self.tr("No match")
            elif place:
                text = self.tr("{place} of {count}").format(
                    place=locale.toString(place), count=locale.toString(count)
                )
            else:
                words = self.tr("1 match") if count == 1 else self.tr("{count} matches")
                text = words.format(count=locale.toString(count))
        self.number.setText(text)
        for button in (self.previous, self.next):
            button.setEnabled(count > 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.taken.emit()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.step_requested.emit(1 if key == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def _on_previous(self) -> None:
        self.step_requested.emit(-1)

    def _on_next(self) -> None:
        self.step_requested.emit(1)

    def _button(self, text: str, key: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("flat")
        button.setAccessibleName(text)
        button.setToolTip(f"{text} ({key})")
        return button

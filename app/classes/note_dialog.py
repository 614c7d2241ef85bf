"""What a person writes down about a class: what belongs to it, and what does not."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX
from engine import ImageClass
from engine.messages import ClassId


class NoteDialog(QDialog):
    """Shows the note on one class to be changed; deletes itself when it is closed.

    Signals:
        written: the class's number and the text, when the person is done with it.
    """

    written = Signal(int, str)

    def __init__(self, item: ImageClass, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._class_id: ClassId = item.class_id
        self.setWindowTitle(self.tr("Note on “{name}”").format(name=item.name))
        hint = QLabel(
            self.tr("What belongs to the class, and what does not? The list shows it as a tip.")
        )
        hint.setObjectName("muted")
        hint.setWordWrap(True)
        self.text = QPlainTextEdit(item.note)
        self.text.setAccessibleName(self.tr("Note"))
        self.text.setTabChangesFocus(True)
        self.text.setMinimumSize(360, 120)
        hint.setBuddy(self.text)
        buttons = QDialogButtonBox()  # In the order that the platform has.
        self.keep = buttons.addButton(self.tr("Keep"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.keep.setObjectName("primary")
        self.keep.setDefault(True)
        buttons.addButton(self.tr("Cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        self.keep.setToolTip(self.tr("Keep the note (Ctrl+Enter)"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(GAP_PX)
        for widget in (hint, self.text, buttons):
            column.addWidget(widget)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        with_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if with_control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        else:
            super().keyPressEvent(event)

    def accept(self) -> None:
        self.written.emit(int(self._class_id), self.text.toPlainText())
        super().accept()

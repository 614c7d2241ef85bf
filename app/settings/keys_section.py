"""The keys of the actions, changed by pressing other ones."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.look.theme import GAP_PX
from app.session.session import Session
from app.settings.key_tree import KeyTree, Row
from app.settings.section import Section
from app.settings.shortcuts import Shortcuts, text_of

_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
_LEAST_ROWS = 4


class KeysSection(Section):
    """All actions with their keys; the chosen one gets the keys that are pressed next."""

    def __init__(
        self, session: Session, shortcuts: Shortcuts, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "keyboard", parent)
        self.title = self.tr("Keys")
        self.setAccessibleName(self.title)
        self._session = session
        self._shortcuts = shortcuts
        self._wanted: QKeySequence | None = None  # Held by another action.
        self.add_words(
            self.tr(
                "Choose an action and press “Change”, then the keys. The keys of the classes are "
                "chosen in the list of classes."
            )
        )
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search actions and keys"))
        self.search.setAccessibleName(self.tr("Search actions and keys"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        self.column.addWidget(self.search)
        self.tree = KeyTree((self.tr("Action"), self.tr("Keys")))
        self.tree.setAccessibleName(self.tr("Actions and their keys"))
        self.tree.setMinimumHeight(_LEAST_ROWS * (self.fontMetrics().height() + GAP_PX // 2))
        self.tree.currentItemChanged.connect(self._on_chosen)
        self.column.addWidget(self.tree, 1)
        self.capture = KeyCapture()
        self.capture.captured.connect(self._on_captured)
        self.remove_button = QPushButton(self.tr("No Keys"))
        self.remove_button.setToolTip(self.tr("Take the keys of this action away"))
        self.remove_button.clicked.connect(self._on_remove)
        self.reset_button = QPushButton(self.tr("Reset"))
        self.reset_button.setToolTip(self.tr("The keys that this action came with"))
        self.reset_button.clicked.connect(self._on_reset)
        self.reset_all_button = QPushButton(self.tr("Reset All"))
        self.reset_all_button.setToolTip(self.tr("The keys that all actions came with"))
        self.reset_all_button.clicked.connect(self._on_reset_all)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.capture)
        for button in (self.remove_button, self.reset_button, self.reset_all_button):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.insertStretch(3, 1)
        self.foot.insertLayout(0, row)
        self.foot.removeWidget(self.message)
        self.take_button = QPushButton(self.tr("Use It Here Instead"))
        self.take_button.setObjectName("link")
        self.take_button.setAutoDefault(False)
        self.take_button.clicked.connect(self._on_take)
        line = QHBoxLayout()
        line.addWidget(self.message, 1)
        line.addWidget(self.take_button)
        self.foot.addLayout(line)
        shortcuts.changed.connect(self._on_other_keys)
        session.classes_changed.connect(self._on_other_keys)
        self._show_buttons()
        self._say("")

    def begin(self) -> None:
        self._fill()
        self._say("")

    # --- Showing ----------------------------------------------------------------------------------

    def _fill(self) -> None:
        groups: dict[str, list[Row]] = {}
        for entry in self._shortcuts.entries():
            keys = text_of(self._shortcuts.keys_of(entry.name))
            groups.setdefault(entry.group, []).append((entry.title, keys or "–", entry.name))
        classes = [(item.name, item.key, "") for item in self._session.offered if item.key]
        if classes:
            groups[self.tr("Classes (chosen in their list)")] = classes
        self.tree.fill(list(groups.items()))
        self.tree.search(self.search.text())
        self._show_buttons()

    def _on_other_keys(self) -> None:
        if self.isVisible():
            self._fill()

    def _show_buttons(self) -> None:
        name = self.tree.chosen()
        self.capture.setEnabled(bool(name))
        self.remove_button.setEnabled(bool(name) and bool(self._shortcuts.keys_of(name)))
        self.reset_button.setEnabled(bool(name) and self._shortcuts.is_changed(name))
        self.reset_all_button.setEnabled(
            any(self._shortcuts.is_changed(entry.name) for entry in self._shortcuts.entries())
        )

    def _say(self, text: str, *, can_take: bool = False) -> None:
        self.tell(text)
        self.take_button.setVisible(can_take)

    # --- Slots ------------------------------------------------------------------------------------

    def _on_search(self, text: str) -> None:
        self.tree.search(text)

    def _on_chosen(self) -> None:
        self.capture.leave()
        self._wanted = None
        self._say("")
        self._show_buttons()

    def _on_captured(self, keys: QKeySequence) -> None:
        name, shortcuts = self.tree.chosen(), self._shortcuts
        self._wanted = None
        refusal = shortcuts.refusal(keys)
        holder = shortcuts.holder(name, keys)
        if refusal:
            self._say(refusal)
        elif holder is not None:
            self._wanted = keys
            text = self.tr("{keys} is the key of “{action}” already.")
            self._say(text.format(keys=text_of([keys]), action=holder.title), can_take=True)
            self.take_button.setFocus()
        else:
            self._say("")
            shortcuts.set_keys(name, keys)

    def _on_take(self) -> None:
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._say("")
            self.capture.setFocus()
            self._shortcuts.set_keys(self.tree.chosen(), wanted)

    def _on_remove(self) -> None:
        self._shortcuts.set_keys(self.tree.chosen(), None)

    def _on_reset(self) -> None:
        self._shortcuts.reset(self.tree.chosen())

    def _on_reset_all(self) -> None:
        self._shortcuts.reset_all()


class KeyCapture(QPushButton):
    """A button that, once pressed, takes the next keys for itself; Esc or leaving it ends that.

    Signals:
        captured: the keys, as a :class:`QKeySequence`.
    """

    captured = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoDefault(False)
        self._is_listening = False
        self.clicked.connect(self._on_clicked)
        self._show()

    def leave(self) -> None:
        """Listen no more."""
        if self._is_listening:
            self._is_listening = False
            self._show()

    def event(self, event: QEvent) -> bool:
        if self._is_listening and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # Else the action that has these keys would be done.
                return True
            if event.type() == QEvent.Type.KeyPress:
                self._take(event)
                return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.leave()
        super().focusOutEvent(event)

    def _take(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _MODIFIERS or key == Qt.Key.Key_unknown:
            return
        self.leave()
        if key == Qt.Key.Key_Tab and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.focusNextChild()
        elif key == Qt.Key.Key_Backtab:
            self.focusPreviousChild()
        elif key != Qt.Key.Key_Escape:
            self.captured.emit(QKeySequence(_combination(event)))

    def _on_clicked(self) -> None:
        self._is_listening = not self._is_listening
        self._show()

    def _show(self) -> None:
        self.setText(self.tr("Press the keys…") if self._is_listening else self.tr("Change…"))
        self.setToolTip(
            self.tr("Esc leaves the keys as they are")
            if self._is_listening
            else self.tr("Give this action other keys")
        )


def _combination(event: QKeyEvent) -> QKeyCombination:
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    text = event.text()
    if (
        modifiers & Qt.KeyboardModifier.ShiftModifier
        and len(text) == 1
        and text.isprintable()
        and not text.isalnum()
        and not text.isspace()
    ):
        # Shift is part of how a sign is written, differently on every keyboard: "?" is "?".
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return QKeyCombination(modifiers, Qt.Key(event.key()))

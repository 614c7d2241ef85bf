"""The key sheet: every key there is now, found by asking the actions and the pages for theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QMainWindow,
    QVBoxLayout,
    QWidget,
)

from app.actions.actions import Actions
from app.look.dialog_room import keep_within
from app.look.theme import GAP_PX
from app.settings.key_tree import KeyTree, Row
from app.settings.shortcuts import Shortcuts, plain_title, text_of

_SIZE: Final = QSize(620, 640)
IDLE: Final = "idle"
"""The name of rows whose keys do nothing as things are now."""


@runtime_checkable
class KeyHelper(Protocol):
    """A part of the window that has keys of its own."""

    def key_help(self) -> list[tuple[str, str]]:
        """Its keys, and what each does, in words for a person."""

    def accessibleName(self) -> str:
        """What the part is called."""


class KeySheet(QDialog):
    """All keys by where they count, to be searched; never out of date, since it is made anew."""

    def __init__(
        self,
        window: QMainWindow,
        actions: Actions,
        shortcuts: Shortcuts,
        is_taken: Callable[[QKeySequence], bool],
    ) -> None:
        """Make the sheet.

        Args:
            is_taken: whether the page shown has keys for itself, so that no action hears them.
        """
        super().__init__(window)
        self._is_taken = is_taken
        self._window = window
        self._actions = actions
        self._shortcuts = shortcuts
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search keys and what they do"))
        self.search.setAccessibleName(self.tr("Search keys and what they do"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        self.tree = KeyTree((self.tr("Keys"), self.tr("What they do")))
        self.tree.setAccessibleName(self.tr("Keys and what they do"))
        self._nothing = QLabel(self.tr("No key does that. Settings > Keys lists all actions."))
        self._nothing.setObjectName("muted")
        self._nothing.setWordWrap(True)
        self._nothing.hide()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(GAP_PX)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addWidget(self._nothing)
        self._legend = QLabel(
            self.tr("Keys in italics do nothing on the page shown now, or with what is selected.")
        )
        self._legend.setObjectName("muted")
        self._legend.setWordWrap(True)
        column.addWidget(self._legend)
        column.addWidget(buttons)
        shortcuts.changed.connect(self._on_changed)
        room = QGuiApplication.primaryScreen().availableSize() - QSize(32, 64)
        self.resize(_SIZE.boundedTo(room))

    def begin(self) -> None:
        """Show what the keys are now."""
        self._fill()
        keep_within(self)
        self.show()
        self.raise_()
        self.activateWindow()
        self.search.setFocus()
        self.search.selectAll()

    def _on_changed(self) -> None:
        if self.isVisible():
            self._fill()

    def _fill(self) -> None:
        self.tree.fill([*self._of_menus(), *self._of_parts()])
        self.tree.dim(IDLE, self.tr("{keys}: {words} (not now)"))
        self._on_search(self.search.text())

    def _of_menus(self) -> list[tuple[str, list[Row]]]:
        titles = {entry.name: entry.title for entry in self._shortcuts.entries()}
        names = {action: name for name, action in self._actions.named().items()}
        seen: set[str] = set()
        groups = []
        for title, actions in self._actions.grouped():
            rows: list[Row] = []
            for action in actions:
                words = titles.get(names.get(action, ""), plain_title(action))
                held = [item for item in action.shortcuts() if not self._is_taken(item)]
                taken = [item for item in action.shortcuts() if self._is_taken(item)]
                for keys, name in (
                    (text_of(held), "" if action.isEnabled() else IDLE),
                    (text_of(taken), IDLE),
                ):
                    if keys and f"{keys} {words}" not in seen:
                        seen.add(f"{keys} {words}")
                        rows.append((keys, words, name))
            if rows:
                groups.append((title, rows))
        return groups

    def _of_parts(self) -> list[tuple[str, list[Row]]]:
        groups: dict[str, list[Row]] = {}
        parts = self._window.findChildren(QWidget)
        # By kind, of which there are few: to ask each part took a tenth of a second.
        helping: set[type] = {kind for kind in set(map(type, parts)) if issubclass(kind, KeyHelper)}
        for part in parts:
            if type(part) in helping and isinstance(part, KeyHelper):
                rows = [(keys, words, "") for keys, words in part.key_help()]
                groups.setdefault(part.accessibleName(), []).extend(rows)
        return [(title, rows) for title, rows in groups.items() if rows]

    def _on_search(self, text: str) -> None:
        self._nothing.setVisible(not self.tree.search(text))

"""Which keys the actions have: those they came with, or those that the person gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from app.actions.actions import Actions
from app.look.words import without_mnemonic
from app.session.session import Session

_NONE: Final = "none"  # What is kept for an action whose keys were taken away.

# Alone or with Shift these move about in the window, or in the text that is written.
_MOVING: Final = frozenset(
    {
        *(Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Return),
        *(Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right),
        *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End),
        *(Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    }
)
_DIGITS: Final = range(Qt.Key.Key_0.value, Qt.Key.Key_9.value + 1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One action whose keys can be chosen: its name in the settings, its title and its menu."""

    name: str
    title: str
    group: str


class Shortcuts(QObject):
    """The keys of the window's actions, as the person chose them; every change is kept at once.

    The keys of the classes belong to the classes and are chosen there. While a class has the key of
    an action, the action goes without it: with two that are meant Qt would do neither.

    Signals:
        changed: an action has other keys.
    """

    changed = Signal()

    def __init__(self, actions: Actions, session: Session) -> None:
        super().__init__(actions)
        preferences = session.preferences
        self._session = session
        self._actions = actions
        self._preferences = preferences
        self._named = actions.named()
        self._defaults = {name: action.shortcuts() for name, action in self._named.items()}
        # As they are now: the titles of some change with what they would do.
        groups = actions.groups()
        self._entries = [
            Entry(name, plain_title(action), groups[name]) for name, action in self._named.items()
        ]
        self._give_all()
        session.classes_changed.connect(self._on_classes_changed)

    def entries(self) -> Sequence[Entry]:
        """All actions whose keys can be chosen, in the order of the menus."""
        return self._entries

    def keys_of(self, name: str) -> list[QKeySequence]:
        """The keys of an action, the first of which is shown beside it."""
        return self._named[name].shortcuts()

    def is_changed(self, name: str) -> bool:
        """Whether it has other keys than it came with."""
        return self._preferences.action_keys(name) is not None

    def refusal(self, keys: QKeySequence) -> str:
        """Why no action can have these keys, in one sentence; empty where one can."""
        combination = keys[0]  # type: ignore[index]  # PySide's stubs leave it out.
        modifiers = combination.keyboardModifiers()
        plain = modifiers in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier)
        text = text_of([keys])
        if plain and (combination.key().value in _DIGITS or text in self._class_keys()):
            words = self.tr("{keys} is the key of a class; choose it in the list of classes.")
            return words.format(keys=text)
        if plain and combination.key() in _MOVING:
            return self.tr("{keys} moves about in the window, so no action can have it.").format(
                keys=text
            )
        menu = self._actions.menu_of_mnemonic(keys)
        if menu:
            return self.tr("{keys} opens the menu “{menu}”.").format(keys=text, menu=menu)
        return ""

    def holder(self, name: str, keys: QKeySequence) -> Entry | None:
        """Which other action has these keys already."""
        for entry in self._entries:
            if entry.name != name and keys in self.keys_of(entry.name):
                return entry
        return None

    def set_keys(self, name: str, keys: QKeySequence | None) -> None:
        """Give an action these keys in place of all it had, taking them from whichever had them.

        None: take its keys away.
        """
        if keys is not None:
            self._take_from_others(name, keys)
        self._keep(name, [] if keys is None else [keys])
        self.changed.emit()

    def reset(self, name: str) -> None:
        """Give an action back the keys it came with, taking them from whichever had them."""
        for keys in self._defaults[name]:
            self._take_from_others(name, keys)
        self._keep(name, self._defaults[name])
        self.changed.emit()

    def reset_all(self) -> None:
        """Give every action the keys it came with."""
        for name, keys in self._defaults.items():
            self._keep(name, keys)
        self.changed.emit()

    def _take_from_others(self, name: str, keys: QKeySequence) -> None:
        holder = self.holder(name, keys)
        while holder is not None:
            left = [item for item in self._chosen(holder.name) if item != keys]
            self._keep(holder.name, left)
            holder = self.holder(name, keys)

    def _chosen(self, name: str) -> list[QKeySequence]:
        """The keys of an action where no class has one of them."""
        kept = self._preferences.action_keys(name)
        return self._defaults[name] if kept is None else _keys_from(kept)

    def _class_keys(self) -> set[str]:
        return {item.key for item in self._session.offered if item.key}

    def _on_classes_changed(self) -> None:
        before = {name: action.shortcuts() for name, action in self._named.items()}
        self._give_all()
        if any(action.shortcuts() != before[name] for name, action in self._named.items()):
            self.changed.emit()

    def _give_all(self) -> None:
        for name in self._named:
            self._give(name, self._chosen(name))

    def _keep(self, name: str, keys: list[QKeySequence]) -> None:
        self._give(name, keys)
        is_default = keys == self._defaults[name]
        self._preferences.keep_action_keys(name, None if is_default else _text_to_keep(keys))

    def _give(self, name: str, keys: list[QKeySequence]) -> None:
        action, of_classes = self._named[name], self._class_keys()
        free = [item for item in keys if text_of([item]) not in of_classes]
        if free != action.shortcuts():
            action.setShortcuts(free)
            self._actions.show_keys(action)


def text_of(keys: Sequence[QKeySequence]) -> str:
    """Keys as a person reads them on this system."""
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(item.toString(native) for item in keys)


def plain_title(action: QAction) -> str:
    """An action's text without mnemonic and dots."""
    return without_mnemonic(action.text()).replace("&&", "&").rstrip("….")


def _text_to_keep(keys: list[QKeySequence]) -> str:
    return QKeySequence.listToString(keys, QKeySequence.SequenceFormat.PortableText) or _NONE


def _keys_from(text: str) -> list[QKeySequence]:
    if text == _NONE:
        return []
    found = QKeySequence.listFromString(text, QKeySequence.SequenceFormat.PortableText)
    return [keys for keys in found if not keys.isEmpty()]

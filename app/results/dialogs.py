"""The dialogs of results: each is made when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from app.look.theme import Theme
from app.results.crops_dialog import CropsDialog
from app.results.entries import Entry
from app.results.result_dialog import ResultDialog
from app.session.session import Session


class ResultDialogs(QObject):
    """Opens the dialog of an entry, and keeps what is open while the window is made anew.

    Signals:
        ended_unseen: an entry's name, a headline or a sentence, and whether it failed: what came of
            it while its dialog was closed.
        cancelled_unseen: a sentence about what was cancelled while its dialog was closed.
        open_requested: a folder of images that was made.
    """

    ended_unseen = Signal(str, str, bool)
    cancelled_unseen = Signal(str)
    open_requested = Signal(Path)

    def __init__(
        self, session: Session, entries: Sequence[Entry], theme: Theme, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session = session
        self._makers = {item.name: item.dialog for item in entries if item.dialog is not None}
        self._theme = theme
        self._window = window
        self._made: dict[str, ResultDialog] = {}

    def names(self) -> list[str]:
        """The entries that have a dialog."""
        return list(self._makers)

    def dialog(self, name: str) -> ResultDialog:
        """An entry's dialog."""
        if name not in self._made:
            dialog = self._makers[name](self._session, self._theme, self._window)
            dialog.ended_unseen.connect(self._on_ended_unseen)
            dialog.cancelled_unseen.connect(self.cancelled_unseen)
            if isinstance(dialog, CropsDialog):
                dialog.open_requested.connect(self.open_requested)
            self._made[name] = dialog
        return self._made[name]

    def begin(self, name: str) -> None:
        """Open an entry's dialog."""
        self.dialog(name).begin()

    def connect_actions(self, actions: Mapping[str, QAction]) -> None:
        """Let the actions, by the names of their entries, open the dialogs."""
        for name in self._makers:
            actions[name].triggered.connect(self._on_triggered)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        for dialog in self._made.values():
            dialog.set_theme(theme)

    def close_all(self) -> None:
        """The window is closed."""
        for dialog in self._made.values():
            dialog.close()

    def kept_state(self) -> object:
        """What the dialogs of a window that takes this one's place go on from."""
        return {name: dialog.kept_state() for name, dialog in self._made.items()}

    def restore_state(self, state: object) -> None:
        """Go on from what :meth:`kept_state` gave."""
        if isinstance(state, dict):
            for name, kept in state.items():
                self.dialog(name).restore_state(kept)

    def _on_triggered(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.begin(str(action.data()))

    def _on_ended_unseen(self, text: str, is_failure: bool) -> None:
        for name, dialog in self._made.items():
            if dialog is self.sender():
                self.ended_unseen.emit(name, text, is_failure)

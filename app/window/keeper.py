"""The one window over a session, and another one in its place when the language changes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from app.look.language import LanguageSwitch
from app.look.theme import ThemeSwitch
from app.session.lasting import collected
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow

_AGAIN_MS: Final = 100


class WindowKeeper(QObject):
    """Makes the window, and makes it anew over the same session in another language.

    Project, labels, undo stack and background work are the session's, which goes on; geometry,
    page, filter, selection, open results and notices are carried over.

    Attributes:
        window: the one there is now.

    Signals:
        replaced: ``window`` is another one.
    """

    replaced = Signal()

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        themes: ThemeSwitch,
        languages: LanguageSwitch,
        log_path: Path,
    ) -> None:
        super().__init__()
        self._session = session
        self._preferences = preferences
        self._themes = themes
        self._languages = languages
        self._log_path = log_path
        # Not at once: it is the old window's menu or page that asked.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._replace)
        languages.changed.connect(self._on_language_changed)
        self.window = self._make()

    def _make(self) -> MainWindow:
        return MainWindow(
            self._session, self._preferences, self._themes, self._log_path, self._languages
        )

    def _on_language_changed(self) -> None:
        self._soon.start(0)

    def _replace(self) -> None:
        if QApplication.activeModalWidget() or QApplication.activePopupWidget():
            self._soon.start(_AGAIN_MS)  # It stands on the old window, maybe in its own loop.
            return
        old = self.window
        was_visible, states, place = old.isVisible(), old.windowState(), old.geometry()
        state = old.kept_state()
        # The old one stays, as it looks, until the new one is there: nobody sees an empty desktop.
        old.setUpdatesEnabled(False)
        self.window = self._make()
        self._session.tell_anew()
        if states == Qt.WindowState.WindowNoState:
            self.window.setGeometry(place)  # Exactly; kept layouts are fitted to the screen.
        self.window.restore_state(state)
        if was_visible:
            self.window.show()
            self.window.raise_()
            self.window.activateWindow()
            self.window.dialogs.come_to_front()
        with collected():
            old.hide()
            old.gallery.thumbnails.clear()  # Up to 256 MB, and the collector takes its time.
            old.deleteLater()
            QApplication.sendPostedEvents(old, QEvent.Type.DeferredDelete.value)
            self._session.bridge.release_deleted()
            del old
        self.replaced.emit()

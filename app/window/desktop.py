"""The desktop: told how far long work is and that it has ended, and asked to show a file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import QObject, QProcess, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from app.session.works import Outcome, Rank, Work, Works

if TYPE_CHECKING:
    from PySide6.QtDBus import QDBusConnection

_PROGRESS_MS: Final = 500
_TRAY_MS: Final = 10_000
_DESKTOP_FILE: Final = "application://handful.desktop"
_PORTAL: Final = "org.freedesktop.portal.Desktop"


class Desktop(Protocol):
    """The ways in which a desktop can be told something; each does nothing where it cannot."""

    def notify(self, title: str, text: str) -> None:
        """Show a message outside the window."""

    def show_progress(self, fraction: float | None) -> None:
        """Show in the task bar how far work is, from 0 to 1; None: nothing is under way."""


class WorkTeller(QObject):
    """Tells the desktop how far long work is and, where nobody looks at the window, of its end.

    Qt 6 has no task-bar progress for Windows and none for the Dock of macOS, so there only the
    end is told.
    """

    def __init__(self, works: Works, window: QWidget, desktop: Desktop) -> None:
        super().__init__(window)
        self._works = works
        self._window = window
        self._desktop = desktop
        self._is_shown = False
        self._timer = QTimer(self)  # A task bar need not be told ten times a second.
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PROGRESS_MS)
        self._timer.timeout.connect(self._show_progress)
        works.changed.connect(self._on_changed)
        works.ended.connect(self._on_ended)

    def stop(self) -> None:
        """The window closes: take everything back."""
        self._timer.stop()
        self._works.changed.disconnect(self._on_changed)
        self._works.ended.disconnect(self._on_ended)
        if self._is_shown:
            self._desktop.show_progress(None)

    def _on_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _show_progress(self) -> None:
        long = [
            work.progress
            for work in self._works.running
            if work.is_long and work.rank > Rank.BEHIND and not work.is_paused
        ]
        known = [progress for progress in long if progress is not None and progress.total]
        if known:
            self._desktop.show_progress(known[-1].done / known[-1].total)
        elif self._is_shown:
            self._desktop.show_progress(None)
        self._is_shown = bool(known)

    def _on_ended(self, work: Work) -> None:
        is_news = work.is_long and work.rank > Rank.BEHIND and work.outcome is not Outcome.STOPPED
        if not is_news or self._window.isActiveWindow():
            return
        text = work.message or self.tr("{work}: finished.").format(work=work.title)
        QApplication.alert(self._window)
        self._desktop.notify(self._window.windowTitle(), text)


class TrayDesktop:
    """Messages by an icon in the tray that is there only as long as its message."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def notify(self, title: str, text: str) -> None:
        if not (QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()):
            return
        icon = QSystemTrayIcon(self._window.windowIcon(), self._window)
        icon.messageClicked.connect(self._window.activateWindow)
        icon.show()
        icon.showMessage(title, text, self._window.windowIcon(), _TRAY_MS)
        QTimer.singleShot(_TRAY_MS, icon, icon.deleteLater)

    def show_progress(self, fraction: float | None) -> None:
        """There is no way in Qt 6."""


class LinuxDesktop:
    """Messages and task-bar progress by D-Bus, as desktops on Linux understand them.

    Messages go to the notification portal of XDG Desktop Portal, else the way of ``otherwise``;
    progress is that of Unity's launcher, which KDE's task bar and the docks for GNOME show, too.
    """

    def __init__(self, bus: QDBusConnection, otherwise: Desktop) -> None:
        self._bus = bus
        self._otherwise = otherwise

    def notify(self, title: str, text: str) -> None:
        from PySide6.QtDBus import QDBusMessage

        if not self._bus.interface().isServiceRegistered(_PORTAL).value():
            self._otherwise.notify(title, text)
            return
        message = QDBusMessage.createMethodCall(
            _PORTAL,
            "/org/freedesktop/portal/desktop",
            "org.freedesktop.portal.Notification",
            "AddNotification",
        )
        message.setArguments(["work", {"title": title, "body": text}])
        self._bus.send(message)

    def show_progress(self, fraction: float | None) -> None:
        from PySide6.QtDBus import QDBusMessage

        message = QDBusMessage.createSignal(
            "/handful", "com.canonical.Unity.LauncherEntry", "Update"
        )
        shown = {"progress": fraction or 0.0, "progress-visible": fraction is not None}
        message.setArguments([_DESKTOP_FILE, shown])
        self._bus.send(message)


class LateDesktop:
    """Finds out what the system has when there is first something to tell: not at start-up."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._found: Desktop | None = None

    def notify(self, title: str, text: str) -> None:
        self._desktop().notify(title, text)

    def show_progress(self, fraction: float | None) -> None:
        self._desktop().show_progress(fraction)

    def _desktop(self) -> Desktop:
        if self._found is None:
            self._found = _desktop_of(self._window)
        return self._found


def _desktop_of(window: QWidget) -> Desktop:
    tray = TrayDesktop(window)
    if sys.platform != "linux":
        return tray
    # Not without a bus: libdbus would start one of its own.
    address = os.environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if not address and not (runtime and (Path(runtime) / "bus").exists()):
        return tray
    from PySide6.QtDBus import QDBusConnection

    bus = QDBusConnection.sessionBus()
    return LinuxDesktop(bus, tray) if bus.isConnected() else tray


def show_in_file_manager(path: Path) -> None:
    """Open the system's file manager at a file, selecting it where the system can."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))

"""At the bottom while the folder is watched: that it is, what came, and a way to stop."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.look.icons import icon
from app.look.theme import Theme
from app.session.arrivals import Arrivals


class WatchButton(QToolButton):
    """Shows the state of :class:`Arrivals`.

    Signals:
        stop_requested: its menu's only entry was chosen.
    """

    stop_requested = Signal()

    def __init__(self, arrivals: Arrivals, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._arrivals = arrivals
        self._theme = theme
        self.setObjectName("flat")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self.stop = menu.addAction(icon("stop"), self.tr("Stop Watching This Folder"))
        self.stop.triggered.connect(self.stop_requested)
        self.setMenu(menu)
        arrivals.changed.connect(self._show)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self.stop.setIcon(icon("stop"))
        self._show()

    def _show(self) -> None:
        arrivals, theme = self._arrivals, self._theme
        self.setVisible(arrivals.is_on)
        count = QLocale().toString(arrivals.n_come)
        if not arrivals.is_there:
            text = self.tr("Waiting for the folder")
            tip = self.tr("The folder is not there; watching goes on when it is back")
            self.setIcon(icon("warning", theme.warning))
        else:
            text = self.tr("Watching")
            tip = self.tr("New images in the folder are classified as they come")
            if arrivals.n_come:
                text = self.tr("Watching: {count} new").format(count=count)
            self.setIcon(icon("watch", theme.accent))
        self.setText(f" {text}")  # Qt leaves no room between a tool button's icon and its text.
        self.setToolTip(tip)
        self.setAccessibleName(f"{text}. {tip}")

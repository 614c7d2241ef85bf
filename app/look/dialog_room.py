"""How large a dialog may be: as its window and the screen, so that no button lies out of reach."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

_FRAME_PX: Final = QSize(32, 64)  # What the desktop draws around it, and some air.


def room_for(dialog: QWidget) -> QSize:
    """The size up to which a dialog lies within its window, in logical pixels."""
    # WORKAROUND: not dialog.screen(), see MainWindow._restore_layout.
    room = QGuiApplication.primaryScreen().availableSize()
    parent = dialog.parentWidget()
    if parent is not None and parent.window().isVisible():
        room = room.boundedTo(parent.window().size())
    return room - _FRAME_PX


def keep_within(dialog: QWidget) -> None:
    """Make a dialog smaller where its window has become so; it must be able to be scrolled."""
    room = room_for(dialog)
    dialog.setMinimumSize(dialog.minimumSize().boundedTo(room))
    if dialog.size() != dialog.size().boundedTo(room):
        dialog.resize(dialog.size().boundedTo(room))

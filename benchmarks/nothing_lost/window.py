"""The window's session in a child: what it shows of labels, and what it tells of those that fail.

A real session on a real project; of the engine there is what walks the folder, which needs none of
the network.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from app.look.notices import Notice
from app.session.engine_bridge import EngineBridge
from app.session.image_table import NO_CLASS
from app.session.preferences import Preferences
from app.session.session import Session
from benchmarks.nothing_lost.server import say
from engine import messages
from engine.jobs.embedding import scan_folder

_MOST_TURNS: Final = 1000


def load() -> None:
    """All is loaded with this module."""


class _Walker:
    """An engine that walks folders and does nothing else."""

    def __init__(self, publish: Callable[[messages.Event], None]) -> None:
        self._publish = publish

    def submit(self, command: messages.Command) -> None:
        if isinstance(command, messages.ScanFolder):
            for event in scan_folder(command):
                if event is not None:
                    self._publish(event)
            self._publish(messages.JobFinished(command.request_id))

    def close(self) -> None:
        pass


def label(asked: dict[str, Any]) -> None:
    """Open a folder and label images; what is shown is told after each."""
    home = Path(asked["home"])
    application = QApplication([])
    settings = QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat)
    session = Session(EngineBridge(_Walker), Preferences(settings), home / "user" / "projects")
    told: list[str] = []

    def note(notice: Notice) -> None:
        told.append(notice.text)

    session.noticed.connect(note)
    is_open = session.open(home / "images")
    for _ in range(_MOST_TURNS):
        application.processEvents()
        if not is_open or (session.table.n_rows == asked["n_images"] and session.classes):
            break
        if not session.why_not_open() and not session.reader.is_scanning:
            break
    try:
        if is_open:
            _label(session, asked, told)
    finally:
        session.close()
        say({"notices": told})


def _label(session: Session, asked: dict[str, Any], told: list[str]) -> None:
    draws = random.Random(asked["seed"])
    table = session.table
    for _ in range(asked["count"]):
        if not session.classes or not table.n_rows:
            return
        name = draws.choice(sorted(table.names))
        # Another one than it has: six draws of what is so already would try nothing at all.
        label = table.label(table.row_of_name(name))
        others = [item.class_id for item in session.classes if item.class_id != label]
        if not others:
            return
        chosen = draws.choice(others)
        effects = {"labels": {name: int(chosen)}}
        n_told = len(told)
        say({"tries": effects})
        is_made = session.label([table.image_id(table.row_of_name(name))], chosen)
        if is_made:
            say({"made": effects})
        else:
            say({"refused": " ".join(told[n_told:])})
        QApplication.processEvents()
        shown = {
            table.names[row]: int(table.labels[row])
            for row in range(table.n_rows)
            if table.labels[row] != NO_CLASS
        }
        say({"shown": shown, "can_undo": bool(session.undo_text())})


WORKS: Final[dict[str, Callable[[dict[str, Any]], None]]] = {"label": label}

"""Whether the folder of images is still there: a card is pulled, a network drive goes away."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

_PAUSE_S: Final = 2.0
_JOIN_TIMEOUT_S: Final = 1.0  # A network drive may not answer; the thread then ends by itself.


class FolderPulse(QObject):
    """Looks after a folder that images could not be read from, on a thread: a drive that is gone
    may not even answer.

    Signals:
        gone: the folder is not there; it is looked for from now on.
        back: it was gone, and is there again.
    """

    gone = Signal()
    back = Signal()
    _looked = Signal(int, bool)

    def __init__(self) -> None:
        super().__init__()
        self.is_gone = False
        self._number = 0  # Of the thread; what an older one still tells counts no more.
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._looked.connect(self._on_looked)  # From its thread, so the connection is queued.

    def look(self, folder: Path, beside: Path) -> None:
        """Ask whether it is there, unless that is being asked.

        Args:
            folder: of the images.
            beside: a file that was in the folder, or any other: an empty folder without it is
                where a card was.
        """
        if self._thread is not None:
            return
        self._number += 1
        self._closing = threading.Event()
        self._thread = threading.Thread(
            target=self._run,
            args=(folder, beside, self._number, self._closing),
            name="handful-pulse",
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Another folder is open, or none."""
        thread, self._thread = self._thread, None
        self._number += 1
        self.is_gone = False
        self._closing.set()
        if thread is not None:
            thread.join(_JOIN_TIMEOUT_S)

    def _run(self, folder: Path, beside: Path, number: int, closing: threading.Event) -> None:
        is_there = is_folder_there(folder, beside)
        self._looked.emit(number, is_there)
        while not is_there and not closing.wait(_PAUSE_S):
            is_there = is_folder_there(folder, beside)
            if is_there:
                self._looked.emit(number, True)

    def _on_looked(self, number: int, is_there: bool) -> None:
        if number != self._number:
            return
        was_gone, self.is_gone = self.is_gone, not is_there
        if is_there:
            self._thread = None
            if was_gone:
                self.back.emit()
        elif not was_gone:
            self.gone.emit()


def is_folder_there(folder: Path, beside: Path) -> bool:
    """Whether a folder is there, and not just the empty place where its drive was mounted."""
    try:
        with os.scandir(folder) as entries:
            is_empty = next(entries, None) is None
    except OSError:
        return False
    return not is_empty or beside.parent != folder

"""Whether a folder is there: a card is pulled, a network drive goes away or does not answer.

What the system is asked about a drive that does not answer may wait for minutes, so nobody asks on
the window's own thread.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QEventLoop, QObject, QTimer, Signal

_PAUSE_S: Final = 2.0
_AT_ONCE_S: Final = 0.05  # So long the window waits; a drive that is there takes a thousandth.
_LOOK_MS: Final = 20
_LIMIT_MS: Final = 5_000  # Who has not answered by then counts as not there.
_JOIN_TIMEOUT_S: Final = 0.3  # A network drive may not answer; the thread then ends by itself.


class Asking(QObject):
    """One question at a time, asked on a thread; a newer one takes the place of an older one."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._then: Callable[[bool], None] | None = None
        self._answers: list[bool] = []  # To the newest question; the thread puts one in.
        # The thread tells by no signal: this may be deleted with its window at that very moment.
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._on_limit)

    def ask(self, question: Callable[[], bool], then: Callable[[bool], None]) -> None:
        """Ask, and go on with the answer: at once where it comes at once, as nearly always.

        Args:
            question: called on a thread; an OSError is a no, and so is no answer in some seconds.
            then: called on the window's thread.
        """
        answers: list[bool] = []
        self._then, self._answers = then, answers
        is_answered = threading.Event()

        def run() -> None:
            is_so = False
            with suppress(OSError):
                is_so = question()
            answers.append(is_so)
            is_answered.set()

        threading.Thread(target=run, name="handful-asking", daemon=True).start()
        if is_answered.wait(_AT_ONCE_S):
            self._tell(answers[0])
        else:
            self._look.start()
            self._limit.start(_LIMIT_MS)

    @property
    def is_asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._then is not None

    def drop(self) -> None:
        """Nobody waits for the answer any more."""
        self._then = None
        self._look.stop()
        self._limit.stop()

    def _on_look(self) -> None:
        if self._answers:
            self._tell(self._answers[0])

    def _on_limit(self) -> None:
        self._tell(False)

    def _tell(self, is_so: bool) -> None:
        then = self._then
        self.drop()
        if then is not None:
            then(is_so)


def answers(path: Path) -> bool:
    """Whether the drive of a path says anything about it, also that there is no such file.

    The window is painted and goes on while that takes long; it takes no clicks or keys meanwhile.
    Where the program is ended meanwhile, nobody waits on, and the answer is no.
    """
    said: list[bool] = []
    loop, asking = QEventLoop(), Asking()

    def take(is_answered: bool) -> None:
        said.append(is_answered)
        loop.quit()

    asking.ask(partial(_says_anything, path), take)
    if not said:
        loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
        asking.drop()
    return said == [True]


def _says_anything(path: Path) -> bool:
    os.path.exists(path)
    return True


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
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(lambda: self._on_looked(self._number, False))
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
        self._limit.start(_LIMIT_MS)

    def stop(self) -> None:
        """Another folder is open, or none."""
        thread, self._thread = self._thread, None
        self._number += 1
        self._limit.stop()
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
        self._limit.stop()
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

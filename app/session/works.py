"""Everything long that is under way: what, how far, how to stop it, what leaving would cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum, IntEnum
from typing import Final

from PySide6.QtCore import QObject, Signal

from engine import messages

LONG_S: Final = 10.0
"""From here on a person turns to something else meanwhile, and is told when it ends."""


class Rank(IntEnum):
    """What a person wants to know of first; the higher the sooner."""

    BEHIND = 0  # Behind everything else, and of no importance to them.
    SCAN = 1
    READING = 2
    ASKED = 3  # They asked for it and wait for it.
    ENGINE = 4  # Nothing else goes on before this is over.


class Outcome(Enum):
    """How a piece of work ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


class Work(QObject):
    """One long piece of work, from its begin to its end.

    Attributes:
        title: what is done, as in "Exporting the model".
        progress: how far it is; None: not known yet.
        rank: what comes first where one line has to do for all.
        is_paused: it stands still until it is resumed.
        is_named: its progress does not say what it is about, so the title goes before it.
        loss: what closing the window now would cost, one sentence; empty: nothing worth asking for.
        outcome: None while it runs.
        message: one sentence about how it ended, where there is one.

    Signals:
        changed: any attribute is new.
        ended: it is over.
    """

    changed = Signal()
    ended = Signal()

    def __init__(
        self,
        title: str,
        *,
        stop: Callable[[], object] | None = None,
        stop_text: str = "",
        rank: Rank = Rank.ASKED,
        loss: str = "",
        needs_engine: bool = True,
        is_of_project: bool = True,
    ) -> None:
        """Begin.

        Args:
            title: what is done.
            stop: cancels or pauses it; None where that cannot be.
            stop_text: what that does, in a few words; the tool tip of its button.
            rank: what comes first where one line has to do for all.
            loss: what closing the window would cost.
            needs_engine: it ends with the engine.
            is_of_project: it ends with the project.
        """
        super().__init__()
        self.title = title
        self.progress: messages.Progress | None = None
        self.rank = rank
        self.is_paused = False
        self.is_named = False
        self.loss = loss
        self._needs_engine = needs_engine
        self._is_of_project = is_of_project
        self.stop_text = stop_text or self.tr("Cancel this")
        self.resume: Callable[[], object] | None = None
        self.outcome: Outcome | None = None
        self.message = ""
        self._stop = stop
        self._is_stopping = False
        self._began_s = time.monotonic()

    @property
    def can_stop(self) -> bool:
        """Whether :meth:`stop` does anything now."""
        return self._stop is not None and not self._is_stopping and not self.is_paused

    @property
    def is_lost_with_engine(self) -> bool:
        """Whether restarting the engine costs what was asked for; reading goes on by itself."""
        return self._is_asked and self._needs_engine

    @property
    def is_lost_with_project(self) -> bool:
        """Whether closing the project costs what was asked for."""
        return self._is_asked and self._needs_engine and self._is_of_project

    @property
    def _is_asked(self) -> bool:
        return bool(self.loss) and self.rank is Rank.ASKED

    @property
    def is_long(self) -> bool:
        """Whether it has been going on for so long that its end is worth a message."""
        return time.monotonic() - self._began_s >= LONG_S

    def stop(self) -> None:
        """Cancel or pause it."""
        if self._stop is not None and self.can_stop:
            self._stop()

    def go_on(self) -> None:
        """Resume it where it was paused."""
        if self.is_paused and self.resume is not None:
            self.resume()

    def show(self, progress: messages.Progress | None, *, is_stopping: bool = False) -> None:
        """How far it is."""
        self.progress, self._is_stopping = progress, is_stopping
        self.changed.emit()

    def end(self, outcome: Outcome, message: str = "") -> None:
        """It is over; a second end means nothing."""
        if self.outcome is None:
            self.outcome, self.message = outcome, message
            self.ended.emit()


class Works(QObject):
    """What is under way, in the order in which it began.

    Signals:
        changed: something began, ended or is further.
        ended: a :class:`Work` is over.
    """

    changed = Signal()
    ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: list[Work] = []

    @property
    def running(self) -> tuple[Work, ...]:
        """All that is under way or paused."""
        return tuple(self._running)

    @property
    def first(self) -> Work | None:
        """What a person wants to know of first; the newest of equals."""
        return max(reversed(self._running), key=lambda work: work.rank, default=None)

    def begin(self, work: Work) -> Work:
        """Show a piece of work from now until it ends; returns it."""
        self._running.append(work)
        work.changed.connect(self.changed)
        work.ended.connect(self._on_ended)
        self.changed.emit()
        return work

    def losses(self) -> list[str]:
        """What closing the window now would cost, a sentence for each piece of work."""
        return list(dict.fromkeys(work.loss for work in self._running if work.loss))

    def _on_ended(self) -> None:
        work = self.sender()
        if isinstance(work, Work) and work in self._running:
            self._running.remove(work)
            self.ended.emit(work)
            self.changed.emit()

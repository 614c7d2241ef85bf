"""Where the cache is, how large it is and may be; having it emptied, made smaller or moved."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLocale, QObject, Signal

from app.look.words import told, told_event
from app.session.engine_bridge import LEAVE_S
from app.session.works import Outcome, Work
from engine import (
    CacheWorth,
    EngineError,
    cache_size,
    cache_worth,
    clean_cache,
    default_cache_folder,
    has_limit,
    keep_limit,
    kept_limit,
    limit_in_force,
    messages,
    move_cache,
    shrink_cache,
)

if TYPE_CHECKING:
    from app.session.session import Session

FOLDER_NAME: Final = "Handful cache"
"""What the cache is called in a folder of the person's own choice."""
_log = logging.getLogger(__name__)


class CachePlace(QObject):
    """The cache of the session's engine.

    Signals:
        changed: place or size may be other than before.
        weighed: a :class:`CacheWorth`, what :meth:`weigh` has found.
        cleaned: bytes before and after.
        shrunk: bytes before and after, where a lower limit asked for it.
        failed: one sentence.
    """

    changed = Signal()
    weighed = Signal(object)
    cleaned = Signal(object, object)
    shrunk = Signal(object, object)
    failed = Signal(object)
    _progressed = Signal(object)
    _ended = Signal(object, bool)
    _counted = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._thread: threading.Thread | None = None
        self._work: Work | None = None
        self._bytes_before = 0
        self._progressed.connect(self._on_progressed)
        self._ended.connect(self._on_ended)
        self._counted.connect(self._on_counted)
        session.bridge.restarted.connect(self.changed)
        chosen = session.preferences.cache_limit
        if has_limit(self.folder):  # Perhaps by the command line.
            session.preferences.cache_limit = kept_limit(self.folder)
        elif chosen is not None:
            with contextlib.suppress(EngineError):  # Where it cannot be, there is no cache either.
                keep_limit(self.folder, chosen)

    @property
    def folder(self) -> Path:
        """Where it is."""
        return self._session.choice.cache_folder or default_cache_folder()

    @property
    def is_default(self) -> bool:
        """Whether it is where the system keeps caches."""
        return self._session.choice.cache_folder is None

    @property
    def is_busy(self) -> bool:
        """Whether it is being weighed, emptied or moved."""
        return self._thread is not None or self._session.bridge.is_restarting

    def size_bytes(self) -> int:
        """How much room it takes on disk."""
        return cache_size(self.folder)

    @property
    def limit_bytes(self) -> int | None:
        """How much embeddings and thumbnails may take, as chosen; None: what suits the disk."""
        return kept_limit(self.folder)

    def limit_in_force(self) -> int:
        """How much that is as things are."""
        return limit_in_force(self.folder, self.size_bytes())

    def choose_limit(self, limit_bytes: int | None) -> None:
        """Choose how much embeddings and thumbnails may take, for this computer's programs.

        What is too much goes at once, in the background.
        """
        if self.is_busy:
            return
        try:
            keep_limit(self.folder, limit_bytes)
        except EngineError as error:
            self.failed.emit(told(str(error)))
            return
        self._session.preferences.cache_limit = limit_bytes
        self._bytes_before = self.size_bytes()
        if self._bytes_before > self.limit_in_force():
            self._work = self._session.works.begin(Work(self.tr("Making the cache smaller")))
            self._start(self._shrink, "handful-shrinking")
        self.changed.emit()

    def weigh(self) -> None:
        """Find out in the background what would have to be computed anew without it.

        Counting goes through a table that may have gigabytes, and waits for what the engine writes.
        """
        if not self.is_busy:
            self._start(self._weigh, "handful-weighing")

    def clean(self) -> None:
        """Empty it in the background; the engine goes on meanwhile."""
        if self.is_busy:
            return
        self._bytes_before = self.size_bytes()
        self._work = self._session.works.begin(Work(self.tr("Emptying the cache")))
        self._start(self._clean, "handful-cleaning")

    def move_to(self, parent: Path | None) -> None:
        """Move it into a folder, or (None) to where the system keeps caches.

        The engine is ended for it and begun anew.
        """
        folder = None if parent is None else parent / FOLDER_NAME
        if parent is not None and parent.name == FOLDER_NAME:
            folder = parent
        if self.is_busy or folder == self._session.choice.cache_folder:
            return
        choice = replace(self._session.preferences.engine_choice, cache_folder=folder)
        steps = move_cache(self.folder, folder or default_cache_folder())
        self._session.choose_engine(choice, steps)
        self.changed.emit()

    def close(self) -> None:
        """Wait for what is under way, but not for long: another program may be in its way.

        What is cut off by the end of the process leaves whole files.
        """
        if self._thread is not None:
            self._thread.join(LEAVE_S)

    def _start(self, target: Callable[[Path], None], name: str) -> None:
        args = (self.folder,)
        self._thread = threading.Thread(target=target, args=args, name=name, daemon=True)
        self._thread.start()
        self.changed.emit()

    def _weigh(self, folder: Path) -> None:
        self._counted.emit(cache_worth(folder))

    def _on_counted(self, worth: CacheWorth) -> None:
        self._thread = None
        self.changed.emit()
        self.weighed.emit(worth)

    def _clean(self, folder: Path) -> None:
        self._ended.emit(self._failure_of(clean_cache(folder)), True)

    def _shrink(self, folder: Path) -> None:
        self._ended.emit(self._failure_of(shrink_cache(folder)), False)

    def _failure_of(self, steps: Iterator[messages.Progress]) -> str:
        try:
            for progress in steps:
                self._progressed.emit(progress)
        except EngineError as error:
            return str(error)
        except Exception as error:
            _log.exception("The cache could not be emptied")
            return self.tr("The cache could not be emptied: {reason}.").format(reason=error)
        return ""

    def _on_progressed(self, progress: messages.Progress) -> None:
        if self._work is not None:
            self._work.show(told_event(progress))

    def _on_ended(self, failure: str, is_cleaned: bool) -> None:
        self._thread, failure = None, told(failure)
        if self._work is not None:
            self._work.end(Outcome.FAILED if failure else Outcome.DONE, failure)
            self._work = None
        if failure:
            self.failed.emit(failure)
        else:
            done = self.cleaned if is_cleaned else self.shrunk
            done.emit(self._bytes_before, self.size_bytes())
        self.changed.emit()


def size_text(size_bytes: int) -> str:
    """A size as a person reads it."""
    return QLocale().formattedDataSize(size_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)

"""A thread that watches a folder for the window."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from engine.messages import FoundFile
from engine.watching.folder import FolderWatch, Look

_PAUSE_S: Final = 0.002  # The interpreter is the window's meanwhile.
_JOIN_TIMEOUT_S: Final = 1.0  # A network drive may not answer; the thread then ends by itself.
_log = logging.getLogger(__name__)


class FolderWatcher:
    """Watches from the moment it is made until :meth:`close`."""

    def __init__(
        self,
        folder: Path,
        known: Callable[[], Iterable[FoundFile]],
        tell: Callable[[Look], None],
    ) -> None:
        """Begin.

        Args:
            folder: watched with its sub-folders; it need not be there.
            known: what need not be told, see :meth:`FolderWatch.know`; asked on the thread.
            tell: gets the first look and every later one that has news, on the thread; also where
                the folder goes or is back.
        """
        self._known = known
        self._tell = tell
        self._closing = threading.Event()
        self._watch = FolderWatch(folder, pause=lambda: self._pause(_PAUSE_S))
        self._thread = threading.Thread(target=self._run, name="handful-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; nothing is told any more."""
        self._closing.set()
        self._thread.join(_JOIN_TIMEOUT_S)

    def _pause(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise _Closed

    def _run(self) -> None:
        was_there: bool | None = None
        try:
            self._watch.know(self._known())
            while True:
                look = self._watch.look()
                if look.arrived or look.gone or look.is_there != was_there:
                    was_there = look.is_there
                    if not self._closing.is_set():
                        self._tell(look)
                self._pause(self._watch.wait_s)
        except _Closed:
            pass
        except Exception:
            _log.exception("Watching the folder has ended")


class _Closed(Exception):
    pass

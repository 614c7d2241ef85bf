"""Watching the project's folder: images that come while it is open are taken in by themselves."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, QObject, QTimer, Signal

from app.look.notices import Notice, Severity
from app.session.folder_reader import FolderReader, is_elsewhere
from app.session.preferences import Preferences
from engine import EngineError, FolderLook, FolderWatcher, Project
from engine.messages import FoundFile

_AT_ONCE: Final = 500  # Files taken in in one turn of the event loop, as many as of a scan.
_TELL_MS: Final = 3_000
_TELL_AGAIN_S: Final = 60.0  # A camera that sends one every few seconds is not told each time.


class Arrivals(QObject):
    """Whether the folder is watched, and what has come.

    Attributes:
        is_on: the person wants the folder of the open project watched; remembered for it.
        is_there: whether the folder is.
        n_come: images that came since watching began.

    Signals:
        changed: any attribute is new.
        noticed: a :class:`Notice`.
        gone: files of images were deleted or moved away, and are marked as missing.
        back: the folder is there again and wants to be scanned.
    """

    changed = Signal()
    noticed = Signal(object)
    gone = Signal()
    back = Signal()
    _looked = Signal(int, object)

    def __init__(self, reader: FolderReader, preferences: Preferences) -> None:
        super().__init__()
        self._reader = reader
        self._preferences = preferences
        self._project: Project | None = None
        self._watcher: FolderWatcher | None = None
        self._number = 0  # Of the watcher; what an older one still tells is not taken in.
        self._held = False
        self.is_on = False
        self.is_there = True
        self.n_come = 0
        self._n_untold = 0
        self._told_s = -_TELL_AGAIN_S
        self._come: deque[tuple[FoundFile, ...]] = deque()
        self._looked.connect(self._on_looked)  # From its thread, so the connection is queued.
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._take_some)
        self._tell = QTimer(self)
        self._tell.setSingleShot(True)
        self._tell.timeout.connect(self._on_tell)

    @property
    def is_watching(self) -> bool:
        """Whether a thread looks after the folder."""
        return self._watcher is not None

    def open(self, project: Project) -> None:
        """Another project is open; its folder is watched from :meth:`begin` on, if it is to be."""
        self._project = project
        self.is_on = self._preferences.watches(project.path)
        self.is_there, self.n_come = True, 0
        self.changed.emit()

    def begin(self, *, is_there: bool | None = None) -> None:
        """The folder was scanned, or is not there: watch it from now on, if it is to be.

        Args:
            is_there: whether it is, where that is known anew.
        """
        if is_there is not None and is_there != self.is_there:
            self.is_there = is_there
            self.changed.emit()
        project = self._project
        is_begun = self._watcher is not None
        if project is None or not self.is_on or is_begun or self._held:
            return
        self._number += 1
        number, path = self._number, project.path
        self._watcher = FolderWatcher(
            project.folder,
            lambda: _known(path),
            lambda look: self._looked.emit(number, look),
        )
        self.changed.emit()

    def pause(self) -> None:
        """The folder is read anew, or is another one; :meth:`begin` goes on."""
        watcher, self._watcher = self._watcher, None
        self._number += 1
        self._next.stop()
        self._come.clear()
        if watcher is not None:
            watcher.close()

    def close(self) -> None:
        """No project is open."""
        self.pause()
        self._tell.stop()
        self._project = None
        self._n_untold = 0
        self._held = False
        self.is_on = False
        self.changed.emit()

    def turn(self, *, is_on: bool) -> None:
        """Watch the folder of the open project, or no longer; remembered for it."""
        if self._project is None or is_on == self.is_on:
            return
        self.is_on = is_on
        self._preferences.keep_watching(self._project.path, is_on=is_on)
        if is_on:
            self.n_come = 0
            self.begin()
        else:
            self.pause()
            self._tell.stop()
            self._n_untold = 0
        self.changed.emit()

    def hold(self, *, is_held: bool) -> None:
        """Files are being moved about by the program itself, which a scan follows."""
        self._held = is_held
        if is_held:
            self.pause()

    def _on_looked(self, number: int, look: FolderLook) -> None:
        if number != self._number or self._project is None:
            return
        if look.is_there != self.is_there:
            self.is_there = look.is_there
            self.changed.emit()
            if not look.is_there:
                self.noticed.emit(self._is_gone(self._project.folder))
                return
            self.noticed.emit(self._is_back(self._project.folder))
            self.back.emit()
        if look.gone and self._reader.take_out(look.gone):
            self.gone.emit()
        for start in range(0, len(look.arrived), _AT_ONCE):
            self._come.append(look.arrived[start : start + _AT_ONCE])
        if self._come:
            self._next.start()

    def _take_some(self) -> None:
        if not self._come:
            self._next.stop()
            return
        n_new = self._reader.take_in(self._come.popleft())
        if n_new:
            self.n_come += n_new
            self._n_untold += n_new
            if not self._tell.isActive():
                wait_s = self._told_s + _TELL_AGAIN_S - time.monotonic()
                self._tell.start(max(_TELL_MS, round(1000 * wait_s)))
            self.changed.emit()

    def _on_tell(self) -> None:
        count, self._n_untold = self._n_untold, 0
        self._told_s = time.monotonic()
        text = self.tr("1 new image has come.")
        if count > 1:
            text = self.tr("{count} new images have come.")
        text = text.format(count=QLocale().toString(count))
        self.noticed.emit(Notice(text, Severity.INFORMATION))

    def _is_gone(self, folder: Path) -> Notice:
        text = self.tr(
            "The folder {folder} is not there at the moment. Watching goes on when it is back."
        )
        return Notice(text.format(folder=folder), Severity.WARNING)

    def _is_back(self, folder: Path) -> Notice:
        text = self.tr("The folder {folder} is back and is watched again.")
        return Notice(text.format(folder=folder), Severity.INFORMATION)


def _known(path: Path) -> Iterable[FoundFile]:
    """What the project knows of; read on the watcher's thread, by a connection of its own."""
    try:
        project = Project.open(path, read_only=True)
    except EngineError:
        return ()  # All are told then, and the project knows them.
    try:
        return [
            FoundFile(record.name, record.size_bytes, record.modified_ns)
            for record in project.images()
            if not record.missing and not is_elsewhere(record.name)
        ]
    finally:
        project.close()

"""A project's images on their way into the table, a slice at a time, so that the window goes on."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from app.session.image_table import ImageTable
from app.session.lasting import keep_out_of_rounds
from engine import EngineError, Project
from engine.messages import ImageId

FIRST: Final = 1000  # Images read at once: in the turn that has opened the file, 30 ms in all.
SLICE: Final = 2000  # Images in each turn after it: 10 ms, and as much for what shows them.


class ProjectLoader(QObject):
    """Reads images with their labels and marks.

    The first slice is read at once, so that most projects are whole when they are shown; what is
    left follows from the event loop. Labels are those of the moment in which a slice is read: what
    the person changes meanwhile is not lost.

    Signals:
        rows_added: first row and number of rows that came from the event loop.
        finished: the table is whole; only where ``is_loading`` was true after :meth:`start`.
        failed: the rest could not be read; the :class:`EngineError`.
    """

    rows_added = Signal(int, int)
    finished = Signal()
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._project: Project | None = None
        self._table = ImageTable()
        self._last = ImageId(0)
        self._next = QTimer(self)
        self._next.setInterval(0)
        self._next.timeout.connect(self._go_on)

    @property
    def is_loading(self) -> bool:
        """Whether the table is not whole yet."""
        return self._project is not None

    def start(self, project: Project, table: ImageTable) -> None:
        """Fill an empty table with the images of a project. Raises ProjectError."""
        self.stop()
        self._project, self._table, self._last = project, table, ImageId(0)
        try:
            if self._read_slice(FIRST):
                self._next.start()
            else:
                self.stop()
        except EngineError:
            self.stop()
            raise

    def stop(self) -> None:
        """Let go of the project."""
        self._next.stop()
        self._project = None
        self._table = ImageTable()

    def _go_on(self) -> None:
        first = self._table.n_rows
        try:
            has_more = self._read_slice(SLICE)
        except EngineError as error:
            self.stop()
            self.failed.emit(error)
            return
        except Exception:
            self.stop()  # Else the timer would come back with it for ever.
            raise
        count = self._table.n_rows - first
        if not has_more:
            self.stop()
        if count:
            self.rows_added.emit(first, count)
        if not has_more:
            self.finished.emit()

    def _read_slice(self, count: int) -> bool:
        """Read some more; whether there may be others behind them."""
        assert self._project is not None
        known = self._project.images_after(self._last, count)
        if known.images:
            self._last = known.images[-1].image_id
            self._table.add(known.images)
            self._table.set_labels(known.labels)
            self._table.set_set_aside(dict.fromkeys(known.set_aside, True))
        keep_out_of_rounds(self._table.n_rows)
        return len(known.images) == count

"""Where the images lie on the map: asked of the engine, kept up to date, stopped or made anew."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.session.image_table import Rows
from app.session.session import Session
from engine import messages
from engine.messages import LayoutMethod

FEWEST: Final = 3
"""Fewer images make no map."""
_SETTLE_MS: Final = 300
_WHILE_READING_MS: Final = 2_000  # So often at most, while the folder is being read.


class MapLayout(QObject):
    """The newest positions, and the request for better ones.

    What was begun while the map was open goes on when it is not.

    Attributes:
        rows: (n,) the rows of the table that are on the map, ascending.
        positions: (n, 2) float32, see :class:`engine.messages.LaidOut`.
        method: how they came about; None before there are any.
        progress: how far better ones are, None where none are being made.
        failure: why there are none, one sentence.
        is_stopped: the person stopped the work; what was reached by then stays.

    Signals:
        moved: rows or positions are new.
        changed: any of the rest.
    """

    moved = Signal()
    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._request_id = 0
        self._is_quick = False  # What is being asked for.
        self._is_open = False
        self._known = -1  # Images embedded at the newest question.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask_if_due)
        self.rows: Rows
        self.positions: NDArray[np.float32]
        self.method: LayoutMethod | None
        self.progress: messages.Progress | None
        self.failure: str
        self.is_stopped: bool
        self._forget()
        session.project_changed.connect(self._on_project_changed)
        session.status_changed.connect(self._on_status_changed)
        session.reader.embedded.connect(self._ask_soon)
        session.reader.embedding_finished.connect(self._ask_soon)
        session.rows_changed.connect(self._on_rows_changed)

    @property
    def is_working(self) -> bool:
        """Whether positions are being made."""
        return self._request_id != 0

    @property
    def n_known(self) -> int:
        """How many images could be on the map: embedded, and still there."""
        table = self._session.table
        return int(np.count_nonzero(table.embedded & ~table.missing))

    def open(self) -> None:
        """Somebody looks: keep it up to date."""
        self._is_open = True
        self._ask_if_due()

    def close(self) -> None:
        """Nobody looks any more; begin nothing new."""
        self._is_open = False
        self._timer.stop()

    def make_anew(self) -> None:
        """Lay everything out from the start."""
        self._ask(anew=True)

    def stop(self) -> None:
        """Leave it as it is; nothing is laid out until the person asks."""
        if self._request_id:
            self._session.bridge.cancel(self._request_id)
            self._end()
            self.is_stopped = True
            self.changed.emit()

    def kept_state(self) -> object:
        """What the map in a window built anew goes on from."""
        known = -1 if self._request_id else self._known  # What is under way is asked for again.
        return self.rows, self.positions, self.method, known, self._is_quick, self.is_stopped

    def restore_state(self, state: object) -> None:
        """Go on from what another one kept."""
        if isinstance(state, tuple):
            rows, positions, self.method, known, self._is_quick, self.is_stopped = state
            self.rows, self.positions = rows, positions
            if not self._request_id:
                self._known = known
            self.moved.emit()

    # --- Private ----------------------------------------------------------------------------------

    def _forget(self) -> None:
        self.rows, self.positions = np.zeros(0, np.intp), np.zeros((0, 2), np.float32)
        self.method, self.progress = None, None
        self.failure = ""
        self.is_stopped = False
        self._known = -1

    def _on_project_changed(self) -> None:
        self._timer.stop()
        self._session.bridge.release(self._request_id)
        self._request_id = 0
        self._forget()
        self.moved.emit()
        self.changed.emit()

    def _on_status_changed(self) -> None:
        if self._is_open:
            self._ask_soon()
            self.changed.emit()

    def _on_rows_changed(self, rows: Rows | None) -> None:
        """Files that vanished leave the map; others may have come."""
        if rows is not None and len(self.rows) and self._session.table.missing[rows].any():
            kept = ~self._session.table.missing[self.rows]
            if not kept.all():
                self.rows, self.positions = self.rows[kept], self.positions[kept]
                self.moved.emit()

    def _is_settled(self) -> bool:
        """Whether all is known that will be known of the folder."""
        reader = self._session.reader
        return not (reader.is_scanning or reader.is_embedding)

    def _ask_soon(self) -> None:
        if self._is_open and not self._timer.isActive():
            self._timer.start(_SETTLE_MS if self._is_settled() else _WHILE_READING_MS)

    def _ask_if_due(self) -> None:
        if self._session.project is None or not self._is_open or self.is_stopped:
            return
        if self._request_id and not (self._is_quick and self._is_settled()):
            return  # When that is done there is another look.
        if self.n_known != self._known or (self._is_quick and self._is_settled()):
            self._ask(anew=False)

    def _ask(self, *, anew: bool) -> None:
        session = self._session
        n_known = self.n_known
        if session.project is None or session.engine is None or n_known < FEWEST:
            return
        session.bridge.release(self._request_id)
        self._request_id = session.bridge.next_id()
        self._is_quick = not self._is_settled()
        self._known, self.failure, self.is_stopped = n_known, "", False
        command = messages.LayOut(self._request_id, anew, self._is_quick)
        session.bridge.ask(command, self._on_event)
        self.changed.emit()

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.LaidOut():
                self._show(event)
            case messages.Progress():
                self.progress = event
                self.changed.emit()
            case messages.JobFailed():
                self.failure = event.message
                self._end()
                self.changed.emit()
            case messages.JobFinished() | messages.JobCancelled():
                self._end()
                self._ask_soon()
                self.changed.emit()
            case _:
                pass

    def _show(self, event: messages.LaidOut) -> None:
        table = self._session.table
        rows = table.rows_of(event.image_ids)
        known = rows >= 0
        known[known] = ~table.missing[rows[known]]
        order = np.argsort(rows[known], kind="stable")
        self.rows = rows[known][order]
        self.positions = event.positions[known][order]
        self.method, self.failure = event.method, ""
        self.moved.emit()

    def _end(self) -> None:
        self._session.bridge.release(self._request_id)
        self._request_id = 0
        self.progress = None

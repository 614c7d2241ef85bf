"""Where the images lie on the map: asked of the engine, kept up to date, stopped or made anew."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.session.image_table import NO_CLASS, Rows
from app.session.question import Question
from app.session.session import Session
from engine import messages
from engine.messages import Effort, LayoutMethod

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
        tuning: the fine-tuned network that near ones are alike to; empty for the encoder.
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
        self._is_quick = False  # What is being asked for.
        self._is_open = False
        self._known = -1  # Images embedded at the newest question.
        self._asked_tuning = ""  # The network of the newest question.
        self._question = Question(session.bridge, self, _SETTLE_MS)
        self._question.due.connect(self._ask_if_due)
        self._question.answered.connect(self._on_answered)
        self._question.ended.connect(self._on_ended)
        self.rows: Rows
        self.positions: NDArray[np.float32]
        self.method: LayoutMethod | None
        self.tuning: str
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
        return self._question.is_asked

    @property
    def n_known(self) -> int:
        """How many images could be on the map: embedded, and still there."""
        table = self._session.table
        return int(np.count_nonzero(table.embedded & ~table.missing))

    @property
    def wanted_tuning(self) -> str:
        """The network that the person chose to be answered by; empty where it is the encoder.

        Not that of the answers on screen: after each click those are instant ones for a moment.
        """
        classifier = self._session.classifier
        found = classifier.tuning.found
        is_tuned = found is not None and classifier.preferred is Effort.FINETUNE
        return found.tuning if found is not None and is_tuned else ""

    @property
    def n_labels_absent(self) -> int:
        """How many labelled images are not on the map, since they cannot be read."""
        table = self._session.table
        labelled = np.flatnonzero((table.labels != NO_CLASS) & table.unreadable & ~table.missing)
        return int(np.count_nonzero(~np.isin(labelled, self.rows, assume_unique=True)))

    def open(self) -> None:
        """Somebody looks: keep it up to date."""
        self._is_open = True
        self._ask_if_due()

    def close(self) -> None:
        """Nobody looks any more; begin nothing new."""
        self._is_open = False
        self._question.hold()

    def make_anew(self) -> None:
        """Lay everything out from the start."""
        self._ask(anew=True)

    def stop(self) -> None:
        """Leave it as it is; nothing is laid out until the person asks."""
        if self.is_working:
            self._question.stop()
            self.progress = None
            self.is_stopped = True
            self.changed.emit()

    def kept_state(self) -> object:
        """What the map in a window built anew goes on from."""
        known = -1 if self.is_working else self._known  # What is under way is asked for again.
        asked = self._asked_tuning, known, self._is_quick
        return self.rows, self.positions, self.method, self.tuning, asked, self.is_stopped

    def restore_state(self, state: object) -> None:
        """Go on from what another one kept."""
        if isinstance(state, tuple):
            self.rows, self.positions, self.method, self.tuning, asked, self.is_stopped = state
            self._asked_tuning, known, self._is_quick = asked
            if not self.is_working:
                self._known = known
            self.moved.emit()

    # --- Private ----------------------------------------------------------------------------------

    def _forget(self) -> None:
        self.rows, self.positions = np.zeros(0, np.intp), np.zeros((0, 2), np.float32)
        self.method, self.progress = None, None
        self.failure, self.tuning = "", ""
        self.is_stopped = False
        self._known, self._asked_tuning = -1, ""

    def _on_project_changed(self) -> None:
        self._question.stop()
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
        if self._is_open and not self._question.is_settling:
            self._question.ask_soon(None if self._is_settled() else _WHILE_READING_MS)

    def _ask_if_due(self) -> None:
        if self._session.project is None or not self._is_open or self.is_stopped:
            return
        is_settled = self._is_settled()
        if self.wanted_tuning and not is_settled and len(self.rows):
            return  # A network looks at new images once they are all there.
        is_due = self._is_quick and is_settled
        is_due = is_due or (is_settled and self.wanted_tuning != self._asked_tuning)
        if self.is_working and not is_due:
            return  # When that is done there is another look.
        if is_due or self.n_known != self._known:
            self._ask(anew=False)

    def _ask(self, *, anew: bool) -> None:
        session = self._session
        n_known = self.n_known
        if session.project is None or session.engine is None or n_known < FEWEST:
            return
        is_quick = self._is_quick = not self._is_settled()
        self._known, self.failure, self.is_stopped = n_known, "", False
        tuning = self._asked_tuning = "" if is_quick else self.wanted_tuning
        self._question.ask(lambda number: messages.LayOut(number, anew, is_quick, tuning))
        self.changed.emit()

    def _on_answered(self, event: messages.Event) -> None:
        match event:
            case messages.LaidOut():
                self._show(event)
            case messages.Progress():
                self.progress = event
                self.changed.emit()
            case _:
                pass

    def _on_ended(self, failure: str) -> None:
        self.progress, self.failure = None, failure or self.failure
        if not failure:
            self._ask_soon()
        self.changed.emit()

    def _show(self, event: messages.LaidOut) -> None:
        table = self._session.table
        rows = table.rows_of(event.image_ids)
        known = rows >= 0
        known[known] = ~table.missing[rows[known]]
        order = np.argsort(rows[known], kind="stable")
        self.rows = rows[known][order]
        self.positions = event.positions[known][order]
        self.method, self.tuning, self.failure = event.method, event.tuning, ""
        self.moved.emit()

"""What the engine says of how alike images are: groups of the same, likeness to a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.session.engine_bridge import EngineBridge
from app.session.image_table import ImageTable
from engine import messages
from engine.messages import ImageId

_SETTLE_MS: Final = 500


class Likeness(QObject):
    """Keeps the table's groups up to date, and measures similarities when it is asked to.

    Attributes:
        progress: how far the engine is with the groups, in [0, 1]; None where it is not at it.
        is_grouped: the table has groups, of these images or of those known before.

    Signals:
        grouped: the groups are new.
        progressed: ``progress`` is new.
        measured: the similarities are new.
        failed: one sentence, of a measurement.
    """

    grouped = Signal()
    progressed = Signal()
    measured = Signal()
    failed = Signal(str)

    def __init__(self, bridge: EngineBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._table = ImageTable()
        self._groups_id = 0
        self._similarity_id = 0
        # What was known when groups were asked for: images, dates, how often an image was read.
        self._of: tuple[int, int, int] = (0, 0, 0)
        self.progress: float | None = None
        self.is_grouped = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._find)

    def start(self, table: ImageTable) -> None:
        """Begin with a project's images."""
        self._table = table

    def stop(self) -> None:
        """Let go of the project."""
        self._settle.stop()
        for request_id in (self._groups_id, self._similarity_id):
            self._bridge.release(request_id)
        self._groups_id = self._similarity_id = 0
        self._of = (0, 0, 0)
        self.progress, self.is_grouped = None, False
        self._table = ImageTable()

    def find_soon(self) -> None:
        """All images, or all dates, are known: look for groups unless nothing is new."""
        self._settle.start()

    def measure(self, images: Sequence[ImageId]) -> None:
        """Measure how like these images all others are."""
        self._bridge.release(self._similarity_id)
        self._similarity_id = self._bridge.next_id()
        command = messages.MeasureSimilarity(self._similarity_id, tuple(images))
        self._bridge.ask(command, self._on_similarity)

    def _find(self) -> None:
        table = self._table
        known = table.embedded & ~table.missing
        of = int(np.count_nonzero(known)), int(np.count_nonzero(table.dated)), table.n_learnt
        if of == self._of or of[0] < 2:
            return
        self._of = of
        self._bridge.release(self._groups_id)
        self._groups_id = self._bridge.next_id()
        rows = table.by_name()
        rows = rows[known[rows]]
        image_ids, taken_s = table.ids[rows], table.taken_s[rows]
        for array in (image_ids, taken_s):
            array.setflags(write=False)
        self._bridge.ask(messages.FindGroups(self._groups_id, image_ids, taken_s), self._on_groups)
        self._show(0.0)

    def _on_groups(self, event: messages.Event) -> None:
        match event:
            case messages.GroupsFound():
                self._table.set_groups(event.image_ids, event.groups)
                self.is_grouped = True
                self._show(None)
                self.grouped.emit()
            case messages.Progress():
                self._show(event.done / max(event.total, 1))
            case messages.JobFinished() | messages.JobCancelled() | messages.JobFailed():
                self._bridge.release(event.request_id)
                self._show(None)
            case _:
                pass

    def _on_similarity(self, event: messages.Event) -> None:
        match event:
            case messages.SimilarityMeasured():
                self._table.set_similarities(event.image_ids, event.similarities)
                self.measured.emit()
            case messages.JobFailed():
                self._bridge.release(event.request_id)
                self.failed.emit(event.message)
            case messages.JobFinished() | messages.JobCancelled():
                self._bridge.release(event.request_id)
            case _:
                pass

    def _show(self, progress: float | None) -> None:
        self.progress = progress
        self.progressed.emit()

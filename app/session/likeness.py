"""What the engine says of how alike images are: groups of the same, likeness to a selection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.session.engine_bridge import EngineBridge
from app.session.image_table import ImageTable
from app.session.question import Question
from engine import messages
from engine.messages import ImageId

_SETTLE_MS: Final = 500


class Likeness(QObject):
    """Keeps the table's groups up to date, and measures similarities when it is asked to.

    Attributes:
        progress: how far the engine is with the groups, in [0, 1]; None where it is not at it.
        told: the same as the engine told it; None before it has told anything.
        is_stopping: the person wants the search for groups stopped.
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
        self._table = ImageTable()
        # What was known when groups were asked for: images, dates, how often an image was read.
        self._of: tuple[int, int, int] = (0, 0, 0)
        self.progress: float | None = None
        self.told: messages.Progress | None = None
        self.is_stopping = False
        self._is_unwanted = False  # The search was stopped, and begins again when it is asked for.
        self.is_grouped = False
        self._groups = Question(bridge, self, _SETTLE_MS)
        self._groups.due.connect(self._find)
        self._groups.answered.connect(self._on_groups)
        self._groups.ended.connect(self._on_groups_ended)
        self._similarity = Question(bridge, self, 0, messages.SimilarityMeasured)
        self._similarity.answered.connect(self._on_similarity)
        self._similarity.ended.connect(self._on_similarity_ended)

    def start(self, table: ImageTable) -> None:
        """Begin with a project's images."""
        self._table = table

    def stop(self) -> None:
        """Let go of the project."""
        self._groups.stop()
        self._similarity.stop()
        self._of = (0, 0, 0)
        self.progress, self.told, self.is_grouped = None, None, False
        self.is_stopping = self._is_unwanted = False
        self._table = ImageTable()

    def find_soon(self) -> None:
        """All images, or all dates, are known: look for groups unless nothing is new."""
        if not self._is_unwanted:
            self._groups.ask_soon()

    def find_again(self) -> None:
        """Groups are asked for: look for them also after the search was stopped."""
        if self.progress is None and self._is_unwanted:
            self._is_unwanted = False
            self._groups.ask_soon()

    def stop_finding(self) -> None:
        """Stop the search for groups; those that were known stay."""
        self._groups.hold()
        if self.progress is not None and not self.is_stopping:
            self.is_stopping = self._is_unwanted = True
            self._groups.cancel()
            self.progressed.emit()

    def measure(self, images: Sequence[ImageId]) -> None:
        """Measure how like these images all others are."""
        self._similarity.ask(lambda number: messages.MeasureSimilarity(number, tuple(images)))

    def stop_measuring(self) -> None:
        """Nobody wants to know any more; ``measured`` does not come."""
        self._similarity.stop()

    def _find(self) -> None:
        table = self._table
        known = table.embedded & ~table.missing
        of = int(np.count_nonzero(known)), int(np.count_nonzero(table.dated)), table.n_learnt
        if of == self._of or of[0] < 2:
            return
        self._of = of
        rows = table.by_name()
        rows = rows[known[rows]]
        image_ids, taken_s = table.ids[rows], table.taken_s[rows]
        for array in (image_ids, taken_s):
            array.setflags(write=False)
        self._groups.ask(lambda number: messages.FindGroups(number, image_ids, taken_s))
        self._show(0.0)

    def _on_groups(self, event: messages.Event) -> None:
        match event:
            case messages.GroupsFound():
                self._table.set_groups(event.image_ids, event.groups)
                self.is_grouped = True
                self._show(None)
                self.grouped.emit()
            case messages.Progress():
                self.told = event
                self._show(event.done / max(event.total, 1))
            case _:
                pass

    def _on_groups_ended(self, _failure: str) -> None:
        if self.progress is not None:  # Cancelled, or it failed: nothing was found out.
            self._of = (0, 0, 0)
        self._show(None)

    def _on_similarity(self, event: messages.SimilarityMeasured) -> None:
        self._table.set_similarities(event.image_ids, event.similarities)
        self.measured.emit()

    def _on_similarity_ended(self, failure: str) -> None:
        if failure:
            self.failed.emit(failure)

    def _show(self, progress: float | None) -> None:
        self.progress = progress
        if progress is None:
            self.told, self.is_stopping = None, False
        self.progressed.emit()

"""Which labels look wrong, as tiles, filter and evaluation show it; asked for after every pause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.session.classifier import Classifier
from app.session.engine_bridge import EngineBridge
from app.session.image_table import ImageTable
from app.session.question import Question
from engine import messages
from engine.messages import ClassId, DoubtfulLabel, ImageId

_PAUSE_MS: Final = 1200  # Without an edit; the instant answers are through by then.


class LabelAudit(QObject):
    """Keeps the table's doubtful labels those of the newest audit.

    Signals:
        changed: rows whose label looks wrong now, or does so no more.
        read: :class:`messages.ImagesEmbedded` or ImageUnreadable, of a labelled image.
    """

    changed = Signal(object)
    read = Signal(object)

    def __init__(self, bridge: EngineBridge, classifier: Classifier) -> None:
        super().__init__()
        self._classifier = classifier
        self._table = ImageTable()
        self._by_image: dict[ImageId, DoubtfulLabel] = {}
        self._kept: set[tuple[ImageId, ClassId]] = set()
        # How it ends is not heard: a failure of the engine is told by what was asked for.
        self._question = Question(bridge, self, _PAUSE_MS, messages.LabelsAudited)
        self._question.due.connect(self._ask)
        self._question.answered.connect(self._on_answered)
        self._question.read.connect(self.read)

    def start(self, table: ImageTable) -> None:
        """Begin with a project's images."""
        self._table = table
        self.soon()

    def forget_kept(self) -> None:
        """Another project has labels of its own."""
        self._kept.clear()

    def stop(self) -> None:
        """Let go of the project; which labels were kept is remembered until another is opened."""
        self._question.stop()
        self._by_image.clear()
        self._table = ImageTable()

    def soon(self) -> None:
        """Labels, classes or known images have changed."""
        self._question.ask_soon()

    def doubt(self, row: int) -> DoubtfulLabel | None:
        """What is wrong with the label of a row; None where nothing seems to be."""
        if not self._table.doubtful[row]:
            return None
        return self._by_image.get(self._table.image_id(row))

    def standing(self, doubtful: Sequence[DoubtfulLabel]) -> list[DoubtfulLabel]:
        """Those whose label still is the one that is doubted, and that were not kept."""
        rows = self._table.rows_of(np.array([item.image_id for item in doubtful], np.int64))
        return [
            item
            for item, row in zip(doubtful, rows.tolist(), strict=True)
            if row >= 0
            and self._table.label(row) == item.class_id
            and (item.image_id, item.class_id) not in self._kept
        ]

    def keep(self, doubtful: DoubtfulLabel) -> None:
        """The label is right; it is not doubted again while the project is open."""
        self._kept.add((doubtful.image_id, doubtful.class_id))
        self.take(tuple(self._by_image.values()))

    def take(self, doubtful: Sequence[DoubtfulLabel]) -> None:
        """Show these labels as doubtful, and no others."""
        standing = self.standing(doubtful)
        self._by_image = {item.image_id: item for item in standing}
        rows = self._table.rows_of(np.array(list(self._by_image), np.int64))
        changed = self._table.set_doubtful(rows)
        if len(changed):
            self.changed.emit(changed)

    def _ask(self) -> None:
        specs, support = self._classifier.specs(), self._classifier.support()
        if support:
            self._question.ask(lambda number: messages.AuditLabels(number, specs, support))
        else:
            self._question.stop()
            self.take(())

    def _on_answered(self, event: messages.LabelsAudited) -> None:
        self.take(event.doubtful)

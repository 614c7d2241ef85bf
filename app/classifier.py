"""Asks for a new classifier whenever the labels or the known images change."""

from __future__ import annotations

import logging
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.engine_bridge import EngineBridge, event_id
from app.image_table import NO_CLASS, ImageTable, Rows
from engine import ImageClass, messages
from engine.messages import ClassId, ImageId

_READAPT_MS: Final = 500
_log = logging.getLogger(__name__)


class Classifier(QObject):
    """Keeps the predictions in the table those of the newest labels.

    Signals:
        predicted: rows with new predictions, or None for all (they were cleared).
        state_changed: ``adapted`` or ``hint`` is new.
        read: :class:`messages.ImagesEmbedded` or ImageUnreadable, of an example.
        failed: one sentence.
    """

    predicted = Signal(object)
    read = Signal(object)
    state_changed = Signal()
    failed = Signal(str)

    def __init__(self, bridge: EngineBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._table = ImageTable()
        self._classes: tuple[ImageClass, ...] = ()
        self._adapt_id = 0
        self._n_embedded_at_adapt = 0
        self.visible: Rows = np.zeros(0, np.intp)
        self.adapted: messages.Adapted | None = None
        self.hint = ""
        self._engine_failure = ""
        bridge.engine_failed.connect(self._on_engine_failed)
        self._readapt_timer = QTimer(self)
        self._readapt_timer.setSingleShot(True)
        self._readapt_timer.timeout.connect(self.adapt)

    def start(self, table: ImageTable) -> None:
        """Begin with a project's images."""
        self._table = table

    def stop(self) -> None:
        """Let go of the project."""
        self._readapt_timer.stop()
        self._bridge.release(self._adapt_id)
        self._adapt_id = 0
        self._n_embedded_at_adapt = 0
        self._table = ImageTable()
        self.adapted, self.hint = None, ""

    def set_classes(self, classes: tuple[ImageClass, ...]) -> None:
        """The classes as they are now."""
        self._classes = classes

    def classes_without_examples(self) -> frozenset[ClassId]:
        """Classes that are never predicted: without a label, or without one that can be read.

        Which labelled images cannot be read is known once the newest labels are answered.
        """
        table = self._table
        labelled = set(np.unique(table.labels[~table.missing]).tolist())
        without = {item.class_id for item in self._classes if item.class_id not in labelled}
        if self.adapted is not None and self.adapted.request_id == self._adapt_id:
            without.update(self.adapted.empty_classes)
        return frozenset(without)

    def adapt(self) -> None:
        """Ask for a classifier of the labels as they are now; answers to older ones are dropped."""
        self._readapt_timer.stop()
        table = self._table
        rows = np.flatnonzero((table.labels != NO_CLASS) & ~table.missing)
        labels = table.labels[rows].tolist()
        support = tuple(
            (ref, ClassId(label)) for ref, label in zip(table.refs(rows), labels, strict=True)
        )
        self._n_embedded_at_adapt = int(np.count_nonzero(table.embedded))
        if not self._adapt_id and not support:
            return  # Nothing labelled yet and nothing predicted: nothing to tell the engine.
        self._bridge.release(self._adapt_id)
        self._adapt_id = self._bridge.next_id()
        visible = self.visible[self.visible < table.n_rows]
        command = messages.Adapt(
            self._adapt_id,
            tuple(messages.ClassSpec(item.class_id, item.name) for item in self._classes),
            support,
            tuple(ImageId(image) for image in table.ids[visible].tolist()),
        )
        self._bridge.ask(command, self._on_event)

    def on_embedded(self) -> None:
        """More images are known: the mean of the folder moves, and with it every embedding."""
        n_embedded = int(np.count_nonzero(self._table.embedded))
        if n_embedded >= 2 * max(1, self._n_embedded_at_adapt):
            self._readapt_soon()

    def on_embedding_finished(self) -> None:
        """All images are known."""
        if int(np.count_nonzero(self._table.embedded)) != self._n_embedded_at_adapt:
            self._readapt_soon()

    def _readapt_soon(self) -> None:
        if not self._readapt_timer.isActive():
            self._readapt_timer.start(_READAPT_MS)

    def _on_event(self, event: messages.Event) -> None:
        if isinstance(event, messages.ImagesEmbedded | messages.ImageUnreadable):
            self.read.emit(event)  # Examples that were not known yet; true of any request.
            return
        if isinstance(event, messages.Progress) or event_id(event) != self._adapt_id:
            return
        match event:
            case messages.PredictionsReady():
                self.predicted.emit(self._table.set_predictions(event))
            case messages.Adapted():
                self.adapted, self.hint = event, ""
                self.state_changed.emit()
            case messages.NotAdapted():
                self.adapted, self.hint = None, event.reason
                self._table.clear_predictions()
                self.predicted.emit(None)
                self.state_changed.emit()
            case messages.JobFailed():
                if event.message != self._engine_failure:  # Else it is told already, once.
                    self.failed.emit(event.message)
            case messages.JobFinished() | messages.JobCancelled():
                pass
            case _:
                _log.warning("unexpected answer to adapting: %r", event)

    def _on_engine_failed(self, event: messages.EngineFailed) -> None:
        self._engine_failure = event.message

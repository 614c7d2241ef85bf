"""The encoders to choose from: which there are, and how one is added or removed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.session.engine_bridge import EngineBridge
from app.session.tasks import Task
from app.session.work_watch import WorkWatch
from engine import (
    EncoderInfo,
    default_cache_folder,
    default_encoders_folder,
    list_encoders,
    messages,
    remove_encoder,
)


class Encoders(QObject):
    """The shipped encoder and those that the person added, and the one being added.

    Signals:
        changed: the list, or what is being added.
        added: :class:`messages.EncoderAdded`.
        failed: one sentence; nothing was added.
    """

    changed = Signal()
    added = Signal(object)
    failed = Signal(object)

    def __init__(self, bridge: EngineBridge, watch: WorkWatch) -> None:
        super().__init__()
        self._bridge = bridge
        self._watch = watch
        self.task: Task | None = None

    def known(self) -> tuple[EncoderInfo, ...]:
        """All that can be chosen, the shipped one first."""
        return list_encoders(default_encoders_folder())

    def add(self, name: str, weights: Path | None) -> Task | None:
        """Take in an encoder, see :class:`messages.AddEncoder`; None while another is added."""
        if self.task is not None:
            return None
        self.task = Task(
            self._bridge, lambda number: messages.AddEncoder(number, name, weights), is_lasting=True
        )
        shown = name.partition(":")[2] or (weights.name if weights is not None else "")
        title = self.tr("Adding the encoder {name}").format(name=shown)
        work = self._watch.follow(
            self.task,
            title,
            self.tr("The encoder is not added yet and would have to be added anew."),
        )
        work.is_named = True
        # Behind the list of works: who hears of its end finds nothing of it under way.
        self.task.succeeded.connect(self._on_added)
        self.task.failed.connect(self._on_failed)
        self.task.ended.connect(self._on_ended)
        self.changed.emit()
        return self.task

    def remove(self, encoder: EncoderInfo, cache_folder: Path | None) -> None:
        """Delete one that was added and is not in use.

        Raises:
            EngineError: it cannot be deleted.
        """
        remove_encoder(encoder.path, cache_folder or default_cache_folder())
        self.changed.emit()

    def let_go(self) -> None:
        """The engine ends, and with it what is being added."""
        if self.task is not None:
            self.task.abandon()

    def _on_added(self, event: messages.Event) -> None:
        self.added.emit(event)

    def _on_failed(self, message: str) -> None:
        self.failed.emit(message)

    def _on_ended(self) -> None:
        self.task = None
        self.changed.emit()

"""Fine-tuning that goes on behind the labelling: what was asked, how it does, what came of it."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import QObject, Signal

from app.look.words import told_event
from app.session.engine_bridge import EngineBridge
from engine import messages
from engine.messages import NONE_OF_THESE, ClassId, ImageId

Support = tuple[tuple[messages.ImageRef, ClassId], ...]
_NOTHING: Final[dict[ImageId, ClassId]] = {}


class Tuning(QObject):
    """One fine-tuning at a time, and the network of the last one that helped.

    Labels may change while it runs; it goes on with those that it began with.

    Attributes:
        progress: how far it is; None before the first word and when it is over.
        points: all that was measured since it was asked for, the oldest first.
        outcome: how the last one ended: FineTuned, NotAdapted, JobFailed, None where it was
            cancelled or none was asked for.
        found: the network to answer with; None where none is in the engine's hand.
        estimate_s: what was said that it would take.

    Signals:
        changed: any of the attributes is new.
        ended: with ``outcome``; not where it was cancelled.
        read: an ImagesEmbedded or ImageUnreadable, of an example.
    """

    changed = Signal()
    ended = Signal(object)
    read = Signal(object)

    def __init__(self, bridge: EngineBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._request_id = 0
        self._labels = _NOTHING
        self._found_labels = _NOTHING
        self._began_s = self._ended_s = 0.0
        self.progress: messages.Progress | None = None
        self.points: list[messages.TrainingPoint] = []
        self.outcome: messages.FineTuned | messages.NotAdapted | messages.JobFailed | None = None
        self.found: messages.FineTuned | None = None
        self.estimate_s = 0.0
        self.was_cancelled = False

    @property
    def is_running(self) -> bool:
        """Whether the engine is at it."""
        return self._request_id != 0

    @property
    def elapsed_s(self) -> float:
        """Since it was asked for last, to its end where it is over."""
        if not self._began_s:
            return 0.0
        return (time.monotonic() if self.is_running else self._ended_s) - self._began_s

    @property
    def n_labels(self) -> int:
        """How many examples of the classes it began with; it learns from no others."""
        return sum(label != NONE_OF_THESE for label in self._labels.values())

    def n_changed_since(self, support: Support, *, found: bool = False) -> int:
        """How many labels are others than those it began with, come and gone ones included.

        Args:
            support: the labels as they are now.
            found: against those that the network ``found`` has learned from.
        """
        before = self._found_labels if found else self._labels
        now = {image.image_id: label for image, label in support}
        return sum(before.get(image) != now.get(image) for image in before.keys() | now.keys())

    def start(
        self,
        classes: tuple[messages.ClassSpec, ...],
        support: Support,
        estimate_s: float,
        examples: messages.ModelExamples | None = None,
    ) -> None:
        """Ask for it; one that is under way is given up."""
        self._bridge.release(self._request_id)
        self._request_id = self._bridge.next_id()
        self._labels = {image.image_id: label for image, label in support}
        self._began_s = time.monotonic()
        self.progress, self.outcome, self.points = None, None, []
        self.estimate_s, self.was_cancelled = estimate_s, False
        command = messages.FineTune(self._request_id, classes, support, examples)
        self._bridge.ask(command, self._on_event)
        self.changed.emit()

    def cancel(self) -> None:
        """Give it up; what is finished is kept for the next time."""
        if self.is_running:
            self._bridge.cancel(self._request_id)
            self._end(None)
            self.was_cancelled = True
            self.changed.emit()

    def stop(self) -> None:
        """Let go of the project and of the network that was tuned to it."""
        if self.is_running:
            self._end(None)
        self._began_s = self._ended_s = 0.0
        self._labels = self._found_labels = _NOTHING
        self.points, self.outcome, self.found = [], None, None
        self.was_cancelled = False
        self.changed.emit()

    def lose(self) -> None:
        """The engine has no such network any more."""
        self.found, self._found_labels = None, _NOTHING
        self.changed.emit()

    def tell_anew(self) -> None:
        """The language is another one: tell what the engine said in it."""
        if self.progress is not None:
            self.progress = told_event(self.progress)
        if self.outcome is not None:
            self.outcome = told_event(self.outcome)

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self.read.emit(event)
            case messages.Progress():
                self.progress = event
                self.changed.emit()
            case messages.TrainingPoint():
                self.points.append(event)
                self.changed.emit()
            case messages.FineTuned():
                self.found, self._found_labels = event, self._labels
                self._end(event)
                self.changed.emit()
                self.ended.emit(event)
            case messages.NotAdapted() | messages.JobFailed():
                self._end(event)
                self.changed.emit()
                self.ended.emit(event)
            case messages.JobCancelled():
                self._end(None)
                self.was_cancelled = True
                self.changed.emit()
            case _:
                pass

    def _end(
        self, outcome: messages.FineTuned | messages.NotAdapted | messages.JobFailed | None
    ) -> None:
        self._bridge.release(self._request_id)
        self._request_id = 0
        self._ended_s = time.monotonic()
        self.progress, self.outcome = None, outcome

"""A long piece of work that the person asked for and waits for, as an export is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.session.engine_bridge import EngineBridge
from engine import messages, sentence_of


class Task(QObject):
    """One request to the engine that ends with a result, a sentence or a cancellation.

    Signals:
        progressed: :class:`messages.Progress`; "Cancelling…" is one, too.
        moved: :class:`messages.FilesMoved`; images lie elsewhere, whatever becomes of the rest.
        succeeded: the event with the result.
        failed: one sentence, and whether it was a bug of ours.
        cancelled: nothing was written.
        noted: any other event, told on the way.
        ended: after any of the three.
    """

    progressed = Signal(object)
    moved = Signal(object)
    succeeded = Signal(object)
    failed = Signal(str, bool)
    cancelled = Signal()
    noted = Signal(object)
    ended = Signal()

    def __init__(
        self,
        bridge: EngineBridge,
        command: Callable[[int], messages.Command],
        *,
        is_lasting: bool = False,
    ) -> None:
        """Submit the command at once.

        Args:
            bridge: the engine.
            command: makes the command of a request number.
            is_lasting: it has nothing to do with a project and goes on when that is closed.
        """
        super().__init__()
        self.progress: messages.Progress | None = None
        self.is_running = True
        self.is_cancelling = False
        self.is_abandoned = False
        self.is_lasting = is_lasting
        self._bridge = bridge
        self._request_id = bridge.next_id()
        bridge.ask(command(self._request_id), self._on_event, is_lasting=is_lasting)

    def cancel(self) -> None:
        """Ask for an end. The engine's answer tells which it is: it may be too late to cancel."""
        if self.is_running and not self.is_cancelling:
            self.is_cancelling = True
            self._bridge.cancel(self._request_id)
            text = sentence_of(self.tr("Cancelling…"))
            self._show(messages.Progress(self._request_id, text, 0, 0, 0.0, 0.0))

    def abandon(self) -> None:
        """End at once, as cancelled: the project is closed, and no answer will come any more."""
        if not self.is_running:
            return
        if not self.is_cancelling:
            self._bridge.cancel(self._request_id)
        self.is_abandoned = True
        self._end()
        self.cancelled.emit()
        self.ended.emit()

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.Progress():
                if not self.is_cancelling:
                    self._show(event)
            case messages.FilesMoved():
                self.moved.emit(event)
            case _ if isinstance(event, messages.Result):
                self._end()
                self.succeeded.emit(event)
                self.ended.emit()
            case messages.JobFailed():
                self._end()
                self.failed.emit(event.message, event.is_bug)
                self.ended.emit()
            case messages.JobCancelled():
                self._end()
                self.cancelled.emit()
                self.ended.emit()
            case _:
                self.noted.emit(event)

    def _show(self, progress: messages.Progress) -> None:
        self.progress = progress
        self.progressed.emit(progress)

    def _end(self) -> None:
        self.is_running = False
        self._bridge.release(self._request_id)

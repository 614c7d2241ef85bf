"""A long question to the engine that is asked again whenever what it is about has changed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.session.engine_bridge import EngineBridge
from engine import messages


class Question(QObject):
    """One request at a time: asked after a pause, replaced by a newer one, let go of when unwanted.

    Whoever owns it decides what is asked and when; an answer to an older request never arrives.

    Signals:
        due: the pause is over; time to :meth:`ask`.
        answered: an event that answers the newest request.
        read: :class:`messages.ImagesEmbedded` or ImageUnreadable, of an image read on the way; true
            whatever was asked.
        ended: no more answers come; one sentence where the engine failed, else empty.
    """

    due = Signal()
    answered = Signal(object)
    read = Signal(object)
    ended = Signal(object)  # A Sentence, where it is one, can be told in another language.

    def __init__(
        self,
        bridge: EngineBridge,
        parent: QObject,
        settle_ms: int,
        answer: type[messages.Event] | None = None,
    ) -> None:
        """Ask nothing as yet.

        Args:
            settle_ms: the usual pause; a run of fast edits is one question.
            answer: the event that is all there is to know; None where the job's end is the end.
        """
        super().__init__(parent)
        self._bridge = bridge
        self._settle_ms = settle_ms
        self._answer = answer
        self._request_id = 0
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.timeout.connect(self.due)

    @property
    def is_asked(self) -> bool:
        """Whether the engine is at it."""
        return self._request_id != 0

    @property
    def is_settling(self) -> bool:
        """Whether a pause is being waited for."""
        return self._settle.isActive()

    @property
    def is_waiting(self) -> bool:
        """Whether a newer answer is on its way."""
        return self.is_asked or self.is_settling

    def ask_soon(self, after_ms: int | None = None) -> None:
        """Emit ``due`` after a pause, the usual one by default; a pause under way begins anew."""
        self._settle.start(self._settle_ms if after_ms is None else after_ms)

    def ask(self, command: Callable[[int], messages.Command]) -> None:
        """Ask now, in place of what was asked before.

        Args:
            command: makes the command of a request number.
        """
        self._settle.stop()
        self._release()
        self._request_id = self._bridge.next_id()
        self._bridge.ask(command(self._request_id), self._on_event)

    def cancel(self) -> None:
        """Ask the engine to end; ``ended`` comes when it has."""
        self._settle.stop()
        if self._request_id:
            self._bridge.cancel(self._request_id)

    def hold(self) -> None:
        """Ask nothing new; what the engine is at goes on."""
        self._settle.stop()

    def stop(self) -> None:
        """Nobody wants to know any more; the engine is told so."""
        self._settle.stop()
        if self._request_id:
            self._bridge.cancel(self._request_id)
            self._release()

    def _release(self) -> None:
        self._bridge.release(self._request_id)
        self._request_id = 0

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self.read.emit(event)
            case messages.JobFailed():
                self._release()
                self.ended.emit(event.message)
            case messages.JobFinished() | messages.JobCancelled():
                self._release()
                self.ended.emit("")
            case _ if self._answer is not None and isinstance(event, self._answer):
                self._release()
                self.answered.emit(event)
                self.ended.emit("")
            case _:
                self.answered.emit(event)

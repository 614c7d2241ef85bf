"""Commands to the engine and events back, from the engine's thread to the window's.

The engine publishes from its own thread. The bridge queues what comes and wakes the window once;
the window then delivers for a few milliseconds at a time, so that no flood of events can stop it
from painting and listening. Answers to bulk requests (thumbnails) wait behind everything else, but
get a share of each turn: while a large folder is scanned, there always is something else.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import shiboken6
from PySide6.QtCore import QObject, QTimer, Signal

from app.look.words import told, told_event
from engine import EngineError, messages

_BUDGET_S: Final = 0.008
_BULK_S: Final = 0.004  # Of each turn that has no end of urgent events.
# For what the engine is at when the window closes. A training that is amid a step, or a graph that
# is being loaded, cannot be stopped; what is finished is in files, each written whole.
LEAVE_S: Final = 3.0
_log = logging.getLogger(__name__)

Handler = Callable[[messages.Event], None]
Publish = Callable[[messages.Event], None]


class EngineFace(Protocol):
    """What the window uses of the engine."""

    def submit(self, command: messages.Command) -> None:
        """Queue a command; any thread."""

    def close(self) -> None:
        """Cancel everything and end the engine's thread."""


class EngineBridge(QObject):
    """The only place where the window meets the engine.

    Attributes:
        patience_s: how long :meth:`close` waits for what the engine is at; None: to its end.
        has_ended: whether the engine had ended then. Else only the end of the process ends it.

    Signals:
        engine_ready: :class:`messages.EngineReady`; again where its device has failed since.
        engine_failed: :class:`messages.EngineFailed`; nothing can be classified.
        engine_told: :class:`messages.EngineNews`.
        between_engines: :class:`messages.Progress` of what is done after one engine has ended and
            before the next begins.
        restarted: the next engine was begun; argument: one sentence where what was to be done in
            between failed, else empty.
    """

    engine_ready = Signal(object)
    engine_failed = Signal(object)
    engine_told = Signal(object)
    between_engines = Signal(object)
    restarted = Signal(object)
    _woken = Signal()
    _between = Signal(object)
    _ended = Signal(object)

    def __init__(self, start_engine: Callable[[Publish], EngineFace]) -> None:
        """Start the engine.

        Args:
            start_engine: makes the engine, given the function that it publishes with.
        """
        super().__init__()
        self._lock = threading.Lock()
        self._urgent: deque[messages.Event] = deque()
        self._bulk: deque[messages.Event] = deque()
        self._awake = False
        self._closed = False
        self.has_ended = False
        self.patience_s: float | None = None
        self._last_id = 0
        self._handlers: dict[int, Handler] = {}
        self._bulk_ids: set[int] = set()
        self._lasting: set[int] = set()
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(0)
        self._again.timeout.connect(self._on_woken)
        # Emitted from the engine's thread, so the connection is a queued one.
        self._woken.connect(self._on_woken)
        self._between.connect(self._on_between)
        self._ended.connect(self._on_ended)
        self._ending: threading.Thread | None = None
        self._next: Callable[[str], EngineFace] | None = None
        self._waiting: list[messages.Command] = []  # For the next engine.
        self._n_engines = 0
        self._engine: EngineFace | None = start_engine(self._mouth())

    @property
    def is_restarting(self) -> bool:
        """Whether one engine is ending and the next has not begun."""
        return self._ending is not None

    def next_id(self) -> int:
        """A new request number, greater than every one before."""
        self._last_id += 1
        return self._last_id

    def ask(
        self,
        command: messages.Command,
        handler: Handler,
        *,
        bulk: bool = False,
        is_lasting: bool = False,
    ) -> None:
        """Submit a command; ``handler`` gets every event that answers it, until released.

        Args:
            command: its ``request_id`` is from :meth:`next_id`.
            handler: called on the GUI thread.
            bulk: the answers wait until no others are left.
            is_lasting: :meth:`forget_everything` leaves it alone.
        """
        if self._closed:
            return
        if bulk:
            with self._lock:
                self._bulk_ids.add(command.request_id)
        if is_lasting:
            self._lasting.add(command.request_id)
        self._handlers[command.request_id] = handler
        self._submit(command)

    def release(self, request_id: int) -> None:
        """Drop all further answers to a request."""
        self._handlers.pop(request_id, None)
        self._lasting.discard(request_id)
        with self._lock:
            self._bulk_ids.discard(request_id)

    def release_deleted(self) -> None:
        """End the requests of widgets that are no more."""
        for request_id, handler in list(self._handlers.items()):
            asker = getattr(handler, "__self__", None)
            if isinstance(asker, QObject) and not shiboken6.isValid(asker):
                self.cancel(request_id)
                self.release(request_id)

    def cancel(self, request_id: int) -> None:
        """Ask the engine to close a job; what it still answers is delivered."""
        if not self._closed:
            self._submit(messages.Cancel(request_id))

    def forget_everything(self) -> None:
        """Another project is opened: end what belongs to the one before, and free its memory."""
        for request_id in self._handlers.keys() - self._lasting:
            self.cancel(request_id)
            del self._handlers[request_id]
        self._waiting = [item for item in self._waiting if item.request_id in self._lasting]
        if not self._closed:
            self._submit(messages.ForgetImages(self.next_id()))

    def restart(
        self,
        start_engine: Callable[[Publish, str], EngineFace],
        steps: Iterable[messages.Progress] = (),
    ) -> None:
        """End the engine in the background and begin another; what is asked meanwhile waits for it.

        Requests that are under way get no more answers: let go of them first.

        Args:
            start_engine: makes the next engine, given the function that it publishes with, and the
                sentence of why ``steps`` failed, or nothing; called on the GUI thread.
            steps: what is to be done while no engine has the cache open; run on a thread of its
                own, told by ``between_engines``, closed where the window is.
        """
        if self._closed or self._engine is None:
            return
        old, self._engine = self._engine, None
        self._handlers.clear()
        self._lasting.clear()
        with self._lock:
            self._n_engines += 1  # Nothing that the old one says counts from here on.
            self._urgent.clear()
            self._bulk.clear()
            self._bulk_ids.clear()

        def start_next(failure: str) -> EngineFace:
            return start_engine(self._mouth(), failure)

        self._next = start_next
        self._ending = threading.Thread(
            target=self._end, args=(old, steps), name="handful-ending", daemon=True
        )
        self._ending.start()

    def close(self) -> None:
        """End the engine, see ``patience_s``; nothing is delivered any more."""
        if self._closed:
            return
        self._closed = True
        self._handlers.clear()
        self._waiting.clear()
        self._again.stop()
        last = threading.Thread(target=self._end_last, name="handful-leaving", daemon=True)
        last.start()
        last.join(self.patience_s)
        self.has_ended = not last.is_alive()

    def _end_last(self) -> None:
        """On a thread of its own: what cannot be stopped must not hold the window's up."""
        if self._ending is not None:
            self._ending.join()
        if self._engine is not None:
            self._engine.close()

    def publish(self, event: messages.Event) -> None:
        """Take an event from the engine in use; any thread."""
        self._take_in(event, self._n_engines)

    def _take_in(self, event: messages.Event, number: int) -> None:
        """Take an event from the engine of that number, unless it was replaced."""
        with self._lock:
            if number != self._n_engines:
                return
            lane = self._bulk if event_id(event) in self._bulk_ids else self._urgent
            lane.append(event)
            wake = not self._awake
            self._awake = True
        if wake and not self._closed:
            self._woken.emit()

    def _mouth(self) -> Publish:
        """What the engine that is begun now publishes with; mute once it was replaced."""
        number = self._n_engines

        def publish(event: messages.Event) -> None:
            self._take_in(event, number)

        return publish

    def _submit(self, command: messages.Command) -> None:
        if self._engine is not None:
            self._engine.submit(command)
        else:
            self._waiting.append(command)

    def _end(self, engine: EngineFace, steps: Iterable[messages.Progress]) -> None:
        """On the thread that ends an engine."""
        failure = ""
        try:
            engine.close()
            for progress in steps:
                if self._closed:
                    break
                self._between.emit(progress)
        except (EngineError, OSError) as error:
            failure = str(error)
        except Exception as error:
            _log.exception("What was to be done between two engines failed")
            failure = str(error) or type(error).__name__
        finally:
            close = getattr(steps, "close", None)  # A generator cleans up after itself.
            if close is not None:
                close()
        self._ended.emit(failure)

    def _on_between(self, progress: messages.Progress) -> None:
        if not self._closed:
            self.between_engines.emit(told_event(progress))

    def _on_ended(self, failure: str) -> None:
        if self._closed or self._next is None:
            return
        failure = told(failure)
        self._ending, start_next, self._next = None, self._next, None
        self._engine = start_next(failure)
        for command in self._waiting:
            self._engine.submit(command)
        self._waiting.clear()
        self.restarted.emit(failure)

    def _on_woken(self) -> None:
        deadline = time.perf_counter() + _BUDGET_S
        try:
            while not self._closed:
                event = self._take()
                if event is None:
                    return
                self._deliver(event)
                if time.perf_counter() >= deadline:
                    self._deliver_bulk()
                    break
        finally:
            # Also after an exception: one bad event must not hold up the others.
            if self._awake and not self._closed:
                self._again.start()

    def _deliver_bulk(self) -> None:
        until = time.perf_counter() + _BULK_S
        while not self._closed and time.perf_counter() < until:
            with self._lock:
                event = self._bulk.popleft() if self._bulk else None
            if event is None:
                return
            self._deliver(event)

    def _take(self) -> messages.Event | None:
        with self._lock:
            if self._urgent:
                return self._urgent.popleft()
            if self._bulk:
                return self._bulk.popleft()
            self._awake = False
            return None

    def _deliver(self, event: messages.Event) -> None:
        event = told_event(event)
        if isinstance(event, messages.EngineReady):
            self.engine_ready.emit(event)
        elif isinstance(event, messages.EngineFailed):
            self.engine_failed.emit(event)
        elif isinstance(event, messages.EngineNews):
            self.engine_told.emit(event)
        else:
            handler = self._handlers.get(event.request_id)
            if handler is not None:
                handler(event)
            elif isinstance(event, messages.JobFailed):
                _log.warning("a job nobody waits for failed: %s", event.message)


def event_id(event: messages.Event) -> int:
    """The request that an event answers; 0 for those of the engine itself."""
    if isinstance(event, messages.EngineReady | messages.EngineFailed | messages.EngineNews):
        return 0
    return event.request_id

"""How a command ends before its time: Ctrl-C, at once or between two steps."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

from engine.messages import Progress

_AGAIN_S: Final = 1.0  # torchrun passes Ctrl-C on, so that its processes get every one twice.


class Stopped(Exception):
    """Ctrl-C, by a job that knows better what to say to it; nothing where its text is empty."""


@contextmanager
def stop_asked() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed or the process told to end; a second Ctrl-C interrupts at once."""
    first: float | None = None

    def asked() -> bool:
        return first is not None

    def note(number: int, frame: object) -> None:
        nonlocal first
        now = time.monotonic()
        if first is None:
            first = now
        elif number == signal.SIGINT and now - first >= _AGAIN_S:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def until(
    asked: Callable[[], bool], steps: Generator[Progress, None, Any]
) -> Generator[Progress, None, Any]:
    """The job's events, until a stop is asked for between two of its steps."""
    try:
        while True:
            try:
                event = next(steps)
            except StopIteration as finished:
                return finished.value
            if asked():
                raise KeyboardInterrupt
            yield event
    finally:
        steps.close()

"""Reading the labels of other programs, on a thread of its own: the engine's goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from engine.interchange.foreign_labels import read_and_match
from engine.jobs.progress import ProgressMeter
from engine.messages import Event, LabelsRead, Progress, ReadLabels
from engine.words import say

_WAIT_S: Final = 0.02  # So long may a click wait for this job's step.


class _Ended(Exception):
    """Nobody waits for it any more."""


def read_labels(command: ReadLabels) -> Iterator[Event | None]:
    """Read and match; see :class:`engine.messages.ReadLabels`."""
    work = _Work(command)
    yield Progress(
        command.request_id, say("Reading {name}", name=command.path.name), 0, 0, 0.0, 0.0
    )
    meter: ProgressMeter | None = None
    try:
        work.thread.start()
        while work.thread.is_alive():
            work.thread.join(_WAIT_S)
            done, total = work.position
            if not total:
                yield None
                continue
            if meter is None:
                meter = ProgressMeter(command.request_id, say("Finding the images"), total)
            yield meter.advance(done - meter.done)
    finally:
        work.is_ended = True
    if work.failure is not None:
        raise work.failure
    assert work.read is not None
    yield work.read


class _Work:
    """What the thread and the job share; each attribute is set by one of them alone."""

    def __init__(self, command: ReadLabels) -> None:
        self.position = 0, 0
        self.is_ended = False
        self.read: LabelsRead | None = None
        self.failure: BaseException | None = None
        self._command = command
        # It may be amid a large file when the program ends, and need not be waited for then.
        self.thread = threading.Thread(target=self._run, name="handful-labels", daemon=True)

    def _run(self) -> None:
        try:
            self.read = read_and_match(self._command, self._report)
        except _Ended:
            pass
        except BaseException as error:
            self.failure = error

    def _report(self, done: int, total: int) -> None:
        if self.is_ended:
            raise _Ended
        self.position = done, total

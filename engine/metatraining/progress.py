"""How far a long job is: counted, with its rate and the time that is left."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, TypeVar

from engine.messages import Progress
from engine.words import sentence_of

Result = TypeVar("Result")


class Counter:
    """Counts what a job does; its clock starts when it is made.

    Attributes:
        done: so far; whoever does something adds to it.
        total: to be done; 0 where nobody knows.
    """

    def __init__(self, total: int = 0, done: int = 0) -> None:
        """Begin to count; what was ``done`` before has no part in the rate."""
        self.done, self.total = done, total
        self._first = done
        self._began = time.monotonic()

    def progress(self, text: str, measured: tuple[tuple[str, float], ...] = ()) -> Progress:
        """Of now; ``measured`` as ``Progress`` has it."""
        rate = (self.done - self._first) / max(time.monotonic() - self._began, 1e-6)
        left = max(0, self.total - self.done) / rate if rate else 0.0
        return Progress(0, sentence_of(text), self.done, self.total, rate, left, measured)

    def follow(
        self, text: str, steps: Generator[int, None, Result]
    ) -> Generator[Progress, None, Result]:
        """Do ``steps``, which yield how much each of them did; their result."""
        while True:
            try:
                self.done += next(steps)
            except StopIteration as finished:
                result: Result = finished.value
                return result
            yield self.progress(text)


def result_of(steps: Generator[Any, None, Result]) -> Result:
    """Do all steps of a job, for whoever shows no progress."""
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            result: Result = finished.value
            return result

"""How far a job is, at what rate, and how long it will take."""

from __future__ import annotations

import time
from typing import Final

from engine.messages import Progress
from engine.words import Sentence

_SHORTEST_INTERVAL_S: Final = 0.1  # A person reads no faster, and each report costs a repaint.
_SETTLING_S: Final = 0.5  # Before that a rate says more about start-up than about the job.


class ProgressMeter:
    """Counts finished items and makes a Progress event now and then."""

    def __init__(
        self, request_id: int, text: Sentence, total: int, done: int = 0, *, settling: int = 0
    ) -> None:
        """Begin to count.

        Args:
            done: items that were finished before.
            settling: the first items tell of no rate, nor do as many that follow: workers are still
                being started for the one, and the other may all come at once.
        """
        self.done = done
        self._request_id = request_id
        self._text = text
        self._total = total
        self._done_at_start = done
        self._settling = settling
        self._is_settled = not settling
        self._started = time.perf_counter()
        self._last_report = 0.0

    def advance(self, count: int = 1) -> Progress | None:
        """Count items; a report when it is time for one or all are done."""
        self.done += count
        now = time.perf_counter()
        if not self._is_settled and self.done - self._done_at_start >= self._settling:
            self._is_settled, self._started, self._done_at_start = True, now, self.done
        if self.done < self._total and now - self._last_report < _SHORTEST_INTERVAL_S:
            return None
        self._last_report = now
        return self.report()

    def report(self) -> Progress:
        """Where the job is now."""
        elapsed = time.perf_counter() - self._started
        counted = self.done - self._done_at_start
        is_sound = elapsed > _SETTLING_S and self._is_settled and counted >= max(1, self._settling)
        rate = counted / elapsed if is_sound else 0.0
        left = (self._total - self.done) / rate if rate else 0.0
        return Progress(self._request_id, self._text, self.done, self._total, rate, left)

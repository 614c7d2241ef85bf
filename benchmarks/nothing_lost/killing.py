"""The same homes, whose work dies again and again: at random moments, or at each of its calls."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.nothing_lost.child import Arm, Mode, Outcome, Server
from benchmarks.nothing_lost.homes import HOMES, Home, check

_MEASURED_EVERY: Final = 20  # So often work is left to come to its end: how long does it take now?
_LATE: Final = 1.05  # Some come to their end before they are killed, so that no moment is spared.
_MOST_CALLS: Final = 20_000


class Killing:
    """One kind of work in a home of its own, killed at random moments.

    What is asked for and after how long it is killed follow from the seed; which step that meets
    depends on the machine.
    """

    def __init__(self, server: Server, kind: str, folder: Path, seed: int) -> None:
        self.home: Home = HOMES[kind](folder, seed)
        self._server = server
        self._random = random.Random(seed + 1)
        self._typical_s: dict[str, float] = {}
        self._n_rounds: Counter[str] = Counter()

    def round(self) -> bool:
        """Ask for the next piece of work, kill it at some moment, and look; whether it was killed.

        Raises LostError.
        """
        asked = self.home.ask()
        name = " ".join([asked["work"], *asked.get("arguments", [])[1:2]])
        draw = self._random.random()
        after_s = None
        if self._n_rounds[name] % _MEASURED_EVERY:
            after_s = draw * _LATE * self._typical_s[name]
        self._n_rounds[name] += 1
        outcome = self._server.run(asked, kill_after_s=after_s)
        check_outcome(outcome)
        if not outcome.is_killed:
            self._typical_s[name] = outcome.seconds
        self.home.check(outcome)
        return outcome.is_killed


def check_outcome(outcome: Outcome) -> None:
    """That it was killed or came to a good end. Raises LostError."""
    check(not outcome.bug, outcome.bug)
    check(not outcome.told, outcome.told)
    check(outcome.is_killed or outcome.status == 0, f"exit status {outcome.status}")


def kill_at_each_call(server: Server, home: Home, mode: Mode, step: int = 1) -> Iterator[int]:
    """Kill work at its first call that changes a file, at its second, ... until it ends by itself.

    Which call is the n-th is the same in every run, or nearly so. Raises LostError.

    Args:
        mode: KILL_BEFORE or, of writes when half is done, KILL_WITHIN.
        step: 1 for each call, 7 for each seventh.

    Yields:
        The number of the call.
    """
    for place in range(1, _MOST_CALLS, step):
        outcome = server.run(home.ask(), arm=Arm(home.folder, place, mode))
        check_outcome(outcome)
        home.check(outcome)
        if not outcome.is_killed:
            return
        yield place

"""The same homes on a disk that fails: at each call that changes a file, once or from then on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.nothing_lost.child import Arm, Mode, Outcome, Server
from benchmarks.nothing_lost.homes import Commands, Home, check

WAYS: Final = (
    ("EIO once", Mode.ONCE, errno.EIO),
    ("EIO on", Mode.ON, errno.EIO),
    ("ENOSPC once", Mode.ONCE, errno.ENOSPC),
    ("ENOSPC on", Mode.ON, errno.ENOSPC),
)
"""How the disk fails: input and output errors, or that it is full; at one call, or from it on."""
_MOST_CALLS: Final = 20_000
_MOST_SETTLING: Final = 20


@dataclass(frozen=True)
class Failed:
    """One run: the call that failed, and whether the person was told of it; else all was done."""

    call: str
    is_told: bool


def fail_at_each_call(
    server: Server, home: Home, phase: str, mode: Mode, error: int, step: int = 1, first: int = 1
) -> Iterator[Failed]:
    """Let the first call fail, the second, ... until a run meets no failure. Raises LostError.

    After each the disk is well again, and the work must come to its end.

    Args:
        phase: of ``home.phases``.
        step: 1 for each call, 7 for each seventh.
        first: the call that fails first.
    """
    home.is_failing = True
    if isinstance(home, Commands):
        home.chosen = phase
    for place in range(first, _MOST_CALLS, step):
        prepare(server, home, phase)
        outcome = server.run(home.ask(), arm=Arm(home.failing_folder, place, mode, error))
        said = server.said()
        where = f"{phase} {mode.name} {place} ({outcome.failed})"
        check(not outcome.bug, f"{where}: {outcome.bug}")
        check("Traceback" not in said, f"{where}: {said}")
        check(not outcome.is_killed, f"{where} was killed: {said}")
        try:
            home.check(outcome)
            settle(server, home)
        except AssertionError as lost:
            raise type(lost)(f"{where}: {lost}; it was told {outcome.told or said!r}") from lost
        if not outcome.failed:
            return
        told = [*outcome.all("refused"), *outcome.all("notice"), outcome.told]
        told += [
            text for found in outcome.all("notices") + outcome.all("problems") for text in found
        ]
        yield Failed(outcome.failed, any(told) or outcome.all("status") == [1])


def prepare(server: Server, home: Home, phase: str) -> None:
    """Come to where a phase begins."""
    for _ in range(_MOST_SETTLING):
        if home.phase == phase:
            return
        _run_well(server, home)
    raise AssertionError(f"{home.kind} does not come to {phase}")


def settle(server: Server, home: Home) -> None:
    """The disk is well again: the work comes to its end."""
    _run_well(server, home)
    for _ in range(_MOST_SETTLING):
        if home.is_settled:
            return
        _run_well(server, home)
    raise AssertionError(f"{home.kind} does not come to its end")


def _run_well(server: Server, home: Home) -> Outcome:
    outcome = server.run(home.ask())
    check(not outcome.bug, outcome.bug)
    check(not outcome.told, f"on a disk that is well: {outcome.told}")
    check(outcome.status == 0, f"exit status {outcome.status} on a disk that is well")
    server.said()
    home.check(outcome)
    return outcome

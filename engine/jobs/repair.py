"""A damaged project repaired, on a thread of its own: the engine's goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from engine.messages import Event, Progress, ProjectRepaired, RepairProject
from engine.project_recovery import Recovery, recover
from engine.words import say

_WAIT_S: Final = 0.02  # So long may a click wait for this job's step.


class _Ended(Exception):
    """Nobody waits for it any more."""


def repair_project(command: RepairProject) -> Iterator[Event | None]:
    """Repair; see :class:`engine.messages.RepairProject`."""
    work = _Work(command)
    yield Progress(
        command.request_id, say("Repairing {name}", name=command.path.name), 0, 0, 0.0, 0.0
    )
    try:
        work.thread.start()
        while work.thread.is_alive():
            work.thread.join(_WAIT_S)
            yield None
    finally:
        work.is_ended = True
    if work.failure is not None:
        raise work.failure
    assert work.done is not None
    yield ProjectRepaired(
        command.request_id, work.done.path, work.done.damaged, work.done.sentences
    )


class _Work:
    """What the thread and the job share; each attribute is set by one of them alone."""

    def __init__(self, command: RepairProject) -> None:
        self.is_ended = False
        self.done: Recovery | None = None
        self.failure: BaseException | None = None
        self._command = command
        self.thread = threading.Thread(target=self._run, name="handful-repair", daemon=True)

    def _run(self) -> None:
        try:
            self.done = recover(self._command.path, self._command.backup_folder, self._step)
        except _Ended:
            pass
        except BaseException as error:
            self.failure = error

    def _step(self) -> None:
        if self.is_ended:
            raise _Ended

"""Scores as TensorBoard reads them."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.record_writer import RecordWriter


class EventLog:
    """Writes scores to an event file, each at once.

    tensorboardX's ``SummaryWriter`` writes from a thread of its own: when the disk is full that
    thread dies, and the training that goes on adding scores waits for it forever.
    """

    def __init__(self, folder: Path, n_done: int) -> None:
        """Begin a file of its own in ``folder``; raises OSError.

        Args:
            folder: made where missing.
            n_done: steps done before; what earlier files say of later ones is void.
        """
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{os.getpid()}"
        self._writer = RecordWriter(str(folder / name))
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))
        started = SessionLog(status=SessionLog.START)
        self._write(Event(wall_time=time.time(), step=n_done + 1, session_log=started))

    def add(self, scores: Mapping[str, float], step: int) -> None:
        """Write the scores after ``step``; raises OSError."""
        values = [Summary.Value(tag=tag, simple_value=score) for tag, score in scores.items()]
        self._write(Event(wall_time=time.time(), step=step, summary=Summary(value=values)))

    def close(self) -> None:
        """Let go of the file; raises OSError."""
        self._writer.close()

    def _write(self, event: Event) -> None:
        self._writer.write(event.SerializeToString())
        self._writer.flush()

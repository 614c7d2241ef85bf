"""A command that another program drives: progress as JSON lines, an end when its input ends."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError
from engine.messages import Progress
from engine.words import Sentence, say, sentence_of

_INTERVAL_S: Final = 0.2  # Of lines that hold nothing measured; those that do all come.
_NICENESS: Final = 10
_BELOW_NORMAL: Final = 0x4000  # BELOW_NORMAL_PRIORITY_CLASS of Windows.


class JsonProgress:
    """Writes progress on standard error, one object a line."""

    def __init__(self) -> None:
        self._last_s = 0.0
        self._last_text = ""

    def __call__(self, event: Progress) -> None:
        """Write a line, unless one like it was written just now."""
        now = time.monotonic()
        is_news = event.measured or event.text != self._last_text
        if not is_news and now - self._last_s < _INTERVAL_S and event.done != event.total:
            return
        self._last_s, self._last_text = now, event.text
        line: dict[str, Any] = {
            "text": event.text,
            "sentence": sentence_of(event.text).to_json(),
            "done": event.done,
            "total": event.total,
            "rate_per_s": round(event.rate_per_s, 4),
            "seconds_left": round(event.seconds_left, 1),
        }
        if event.measured:
            line["measured"] = dict(event.measured)
        self._write(line)

    def tell(self, sentence: Sentence) -> None:
        """Write a sentence that is no progress, for who drives it to say in another language."""
        self._write({"text": str(sentence), "told": sentence.to_json()})

    def fail(self, error: EngineError) -> None:
        """Write why it ends."""
        self._write({"error": error.sentence.to_json()})

    def _write(self, line: Mapping[str, object]) -> None:
        sys.stderr.write(json.dumps(line) + "\n")
        sys.stderr.flush()


def told_of_stop(folder: Path, has_checkpoint: bool) -> Sentence:
    """What a run in ``folder`` says that was stopped by who drives it."""
    if has_checkpoint:
        return say("Stopped with a checkpoint in {folder}.", folder=folder)
    return say("Stopped before there was a checkpoint in {folder}.", folder=folder)


@contextmanager
def watched_input(is_watched: bool) -> Iterator[Callable[[], bool]]:
    """Whether standard input has ended: who drives this wants it to stop, or is no more."""
    ended = threading.Event()

    def read() -> None:
        # Not through sys.stdin: Python aborts at its end where a thread holds that one's lock.
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        ended.set()

    if is_watched:
        # A daemon: where the input does not end, the process must.
        threading.Thread(target=read, name="watched-input", daemon=True).start()
    yield ended.is_set


def give_way() -> None:
    """Take the processor only when no other program wants it."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), _BELOW_NORMAL)
    else:
        with contextlib.suppress(OSError):
            os.nice(_NICENESS)

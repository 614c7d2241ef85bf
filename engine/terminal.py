"""What a person reads of a command while it runs and at its end: sentences, progress, JSON.

Results for programs, and lists that were asked for, go to standard output, everything else that a
person reads to standard error.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as ProgressBar
from rich.text import Text

from engine.messages import Event, PredictionsReady, Progress

_PLAIN_INTERVAL_S: Final = 3.0  # Between two lines of progress where no bar can be drawn.


def run(
    steps: Iterator[Event | None],
    note: Callable[[Event], None] | None = None,
    show: Callable[[Progress], None] | None = None,
) -> Any:
    """Run a job to its end, telling its progress on standard error; return its value.

    ``show`` tells it in place of what fits the terminal.
    """
    console = Console(stderr=True)
    try:
        with _bar(console) if console.is_terminal else plain_progress() as usual:
            while True:
                event = next(steps)
                match event:
                    case Progress():
                        (show or usual)(event)
                    case None | PredictionsReady():
                        pass
                    case _:
                        if note is not None:
                            note(event)
    except StopIteration as stop:
        return stop.value
    finally:
        if hasattr(steps, "close"):
            steps.close()


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[Progress], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        _TimeLeft(),
    )
    with ProgressBar(*columns, console=console) as bar:
        tasks: dict[str, TaskID] = {}

        def show(event: Progress) -> None:
            part, _, _ = event.text.partition(":")  # What follows it are numbers that change.
            if part not in tasks:
                tasks[part] = bar.add_task(event.text, rate="", total=None)
            bar.update(
                tasks[part],
                description=event.text,
                completed=event.done,
                total=event.total or None,
                rate=_rate(event),
            )

        yield show


class _TimeLeft(TimeRemainingColumn):
    """By the latest half minute, and nothing as long as the job itself knows of no sound rate."""

    def render(self, task: Task) -> Text:
        return super().render(task) if task.fields["rate"] else Text("")


@contextmanager
def plain_progress() -> Iterator[Callable[[Progress], None]]:
    """A line now and then, for log files and other programs; a short job writes none."""
    last = time.monotonic()

    def show(event: Progress) -> None:
        nonlocal last
        if time.monotonic() - last < _PLAIN_INTERVAL_S:
            return
        last = time.monotonic()
        parts = [f"{event.done} of {event.total}"] if event.total else []
        if event.rate_per_s:
            parts += [_rate(event), f"{event.seconds_left:.0f} s left"]
        tell(f"{event.text}: {', '.join(parts)}" if parts else event.text)

    yield show


def _rate(event: Progress) -> str:
    if not event.rate_per_s:
        return ""
    return f"{event.rate_per_s:.{0 if event.rate_per_s >= 10 else 1}f}/s"


def tell(text: str) -> None:
    """Tell the person something, on standard error."""
    Console(stderr=True, soft_wrap=True, highlight=False, emoji=False).print(text, markup=False)


def print_list(lines: Iterable[str]) -> None:
    """Print what was asked for, on standard output: to be searched, counted and kept."""
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:  # A name that the terminal's encoding does not know ends no list.
        sys.stdout.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()


def typed(path: Path | str) -> str:
    """A path as it is to be typed in a command, whole and quoted as the system's shell needs it."""
    whole = os.path.normpath(path)
    return subprocess.list2cmdline([whole]) if sys.platform == "win32" else shlex.quote(whole)


def print_json(summary: object) -> None:
    """Print one JSON value for programs, on standard output."""
    # ASCII, so that it can be written and read whatever the terminal's or the pipe's encoding.
    sys.stdout.write(json.dumps(summary, default=str) + "\n")
    sys.stdout.flush()

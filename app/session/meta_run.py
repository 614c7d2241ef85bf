"""Meta-training beside the window: what is asked for, how far it is, what it has brought."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QLocale, QObject, Signal

from app.session.child_process import ChildProcess, engine_command
from app.session.preferences import Preferences
from app.session.run_result import SUMMARY_NAME, RunResult, object_of, result_in, sentence_in
from engine import NOTHING, Sentence

CHECKPOINT_NAME: Final = "checkpoint.safetensors"
LOG_NAME: Final = "training.log"
_SCORES_NAME: Final = "scores.jsonl"
_LOG_LINES: Final = 200


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run is given."""

    recipe: Path
    data: tuple[Path, ...]
    validation: tuple[Path, ...]
    out: Path

    def arguments(self) -> list[str]:
        """Of the command line."""
        options = [part for path in self.data for part in ("--data", str(path))]
        options += [part for path in self.validation for part in ("--validation", str(path))]
        return ["meta-train", str(self.recipe), *options, "--out", str(self.out)]

    def to_text(self) -> str:
        """As it is kept between starts."""
        return json.dumps(
            {
                "recipe": str(self.recipe),
                "data": [str(path) for path in self.data],
                "validation": [str(path) for path in self.validation],
                "out": str(self.out),
            }
        )

    @classmethod
    def from_text(cls, text: str) -> RunPlan | None:
        """None where it cannot be read."""
        try:
            kept = json.loads(text)
            return cls(
                Path(kept["recipe"]),
                tuple(map(Path, kept["data"])),
                tuple(map(Path, kept["validation"])),
                Path(kept["out"]),
            )
        except (ValueError, TypeError, KeyError):
            return None


class RunState(Enum):
    """Where a run stands."""

    NONE = auto()
    RUNNING = auto()
    STOPPING = auto()
    STOPPED = auto()
    FAILED = auto()
    FINISHED = auto()


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far it is, as the process tells it; ``total`` 0: nobody knows."""

    text: Sentence
    done: int
    total: int
    rate_per_s: float
    seconds_left: float

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> RunProgress:
        """Of a line that the process has written."""
        return cls(
            sentence_in(told.get("sentence", told.get("text", ""))),
            int(told.get("done", 0)),
            int(told.get("total", 0)),
            float(told.get("rate_per_s", 0.0)),
            float(told.get("seconds_left", 0.0)),
        )


class MetaTraining(QObject):
    """One run at a time, in a process of its own that gives way to everything else.

    It survives the dialog, not the program: it stops with a checkpoint when that ends, and is
    offered to be gone on with at the next start.

    Attributes:
        state, plan: of the run that is shown; ``plan`` None where there is none.
        progress: None before its first word.
        measured: (step, values by name) of every step since the process began.
        scores: the lines of scores.jsonl, one an epoch, of earlier processes, too.
        log: the last lines that are no progress; sentences of this program among them (see
            ``told``).
        message: why it failed, one sentence, in English where the process said it (see ``told``).
        result: of a run that is finished.
        was_killed: it did not stop by itself, so what it goes on from is an older checkpoint.

    Signals:
        changed: any of the attributes is new.
        ended: the process has ended.
    """

    changed = Signal()
    ended = Signal()

    progress: RunProgress | None
    measured: list[tuple[int, Mapping[str, float]]]
    scores: list[dict[str, Any]]
    log: deque[str]
    message: str
    result: RunResult | None
    was_killed: bool
    _failure: Sentence

    def __init__(
        self,
        preferences: Preferences,
        command: Callable[[], list[str]] = engine_command,
        parent: QObject | None = None,
    ) -> None:
        """Take up what was unfinished when the program ended last.

        Args:
            preferences: where that is remembered.
            command: what starts the engine's command line.
        """
        super().__init__(parent)
        self._preferences = preferences
        self._command = command
        self._child: ChildProcess | None = None
        self._began_s = self._ended_s = 0.0
        self._scores_at = -1
        self.state = RunState.NONE
        self.plan: RunPlan | None = None
        self._clear()
        kept = RunPlan.from_text(preferences.unfinished_training)
        if kept is not None and kept.out.is_dir():
            self.plan, self.state = kept, RunState.STOPPED
            self._read_scores()

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._child is not None

    @property
    def elapsed_s(self) -> float:
        """Of the process that is running or ran last."""
        if not self._began_s:
            return 0.0
        return (time.monotonic() if self.is_running else self._ended_s) - self._began_s

    @property
    def last_step(self) -> int:
        """The last that was told of, in this process or an earlier one."""
        if self.measured:
            return self.measured[-1][0]
        return int(self.scores[-1].get("step", 0)) if self.scores else 0

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is something to go on from."""
        return self.plan is not None and (self.plan.out / CHECKPOINT_NAME).exists()

    @property
    def is_learning(self) -> bool:
        """Whether its process has taken a step, so that it must not be ended without a word."""
        return self.is_running and bool(self.measured)

    def describe(self) -> str:
        """What is running and what becomes of it when the program ends; empty where nothing is."""
        if not self.is_running or self.plan is None:
            return ""
        if not self.is_learning and not self.has_checkpoint:
            return self.tr(
                "An encoder is being trained in {folder}. It has not taken a step yet, so there "
                "is nothing to go on from: at the next start it can be begun anew."
            ).format(folder=self.plan.out)
        text = self.tr(
            "An encoder is being trained in {folder}. It stops with a checkpoint and can go on "
            "at the next start."
        )
        progress = self.progress
        if self.measured and progress is not None and progress.total:
            text = self.tr(
                "An encoder is being trained in {folder}, step {done} of {total}. It stops with a "
                "checkpoint and can go on at the next start."
            )
            locale = QLocale()
            return text.format(
                folder=self.plan.out,
                done=locale.toString(progress.done),
                total=locale.toString(progress.total),
            )
        return text.format(folder=self.plan.out)

    # --- What is asked for ------------------------------------------------------------------------

    def start(self, plan: RunPlan, *, resume: bool = False) -> None:
        """Start a run, or go on with one; the state tells whether it could be started."""
        assert not self.is_running
        self._clear()
        self.plan = plan
        options = ["--piped", "--json", *(["--resume"] if resume else [])]
        try:
            plan.out.mkdir(parents=True, exist_ok=True)
            if resume:
                self._read_scores()
            self._child = ChildProcess(
                [*self._command(), *plan.arguments(), *options],
                plan.out / LOG_NAME,
                plan.out / SUMMARY_NAME,
                self,
            )
        except OSError as error:
            self.state = RunState.FAILED
            self.message = self.tr("The training could not be started: {error}.").format(
                error=error.strerror or error
            )
            self.changed.emit()
            return
        self._preferences.unfinished_training = plan.to_text()
        self._began_s = time.monotonic()
        self.state = RunState.RUNNING
        self._child.said.connect(self._on_said)
        self._child.heard.connect(self._on_heard)
        self._child.ended.connect(self._on_ended)
        self.changed.emit()

    def resume(self) -> None:
        """Go on with the run that was stopped; begin it anew where it has no checkpoint."""
        if self.plan is not None and not self.is_running:
            self.start(self.plan, resume=self.has_checkpoint)

    def stop(self) -> None:
        """Stop after the step at hand, with a checkpoint; asked twice, at once, with the last.

        At once, too, where its process has taken no step: there is nothing that it could save, and
        while it loads and prepares it would not listen for many seconds.
        """
        if self._child is None:
            return
        if self.state is RunState.STOPPING or not self.is_learning:
            self.was_killed = True
            self._child.kill()
        else:
            self._child.stop()
        self.state = RunState.STOPPING
        self.changed.emit()

    def forget(self) -> None:
        """Show no run any more; its folder stays as it is."""
        if not self.is_running:
            self._preferences.unfinished_training = ""
            self._clear()
            self.plan, self.state = None, RunState.NONE
            self.changed.emit()

    def close(self) -> None:
        """The program ends: the run stops with a checkpoint."""
        if self._child is not None:
            if not self.is_learning:
                self._child.kill()
            self._child.close()
            self._child.deleteLater()
            self._child = None

    # --- What is told -----------------------------------------------------------------------------

    def _on_said(self, line: str) -> None:
        told = object_of(line)
        if told is None:
            if line != self._failure.english:  # That is said already, in the person's language.
                self.log.append(line)
        elif "error" in told:
            self._failure = sentence_in(told["error"])
        elif "told" in told:
            self.log.append(sentence_in(told["told"]))
        else:
            self.progress = RunProgress.from_json(told)
            measured = told.get("measured")
            if isinstance(measured, dict):
                self.measured.append((self.progress.done, measured))

    def _on_heard(self) -> None:
        self._read_scores()
        self.changed.emit()  # Not for each line: a paper's recipe has a hundred steps a second.

    def _on_ended(self, status: int) -> None:
        assert self._child is not None
        assert self.plan is not None
        self._child.deleteLater()
        self._child = None
        self._ended_s = time.monotonic()
        self._read_scores()
        self.progress = None
        if status == 0:
            self.state = RunState.FINISHED
            self.result = result_in(self.plan.out)
            self._preferences.unfinished_training = ""
        elif self.state is RunState.STOPPING or status == 130:
            self.state = RunState.STOPPED
            if not self.has_checkpoint:
                self._preferences.unfinished_training = ""
        else:
            self.state = RunState.FAILED
            self.message = self._failure or (self.log[-1] if self.log else "")
            if not self.message:
                self.message = self.tr("The training ended with status {status}.").format(
                    status=status
                )
        self.changed.emit()
        self.ended.emit()

    def _read_scores(self) -> None:
        if self.plan is None:
            return
        path = self.plan.out / _SCORES_NAME
        try:
            changed_at = path.stat().st_mtime_ns
            if changed_at == self._scores_at:
                return
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return
        self._scores_at = changed_at
        self.scores = [line for line in map(object_of, lines) if line is not None]

    def _clear(self) -> None:
        self.progress, self.result, self.message = None, None, ""
        self._failure = NOTHING
        self.was_killed = False
        self.measured, self.scores = [], []
        self.log = deque(maxlen=_LOG_LINES)
        self._scores_at = -1
        self._began_s = self._ended_s = 0.0

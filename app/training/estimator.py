"""How long meta-training would take, timed in a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.session.child_process import ChildProcess, engine_command
from app.session.meta_run import RunPlan, RunProgress
from app.session.run_result import object_of, sentence_in
from engine import NOTHING


class Estimator(QObject):
    """Times how long a plan would take, in a process of its own; the newest question counts.

    Signals:
        answered: the estimate as JSON values, or a sentence why there is none, as the process
            said it (see ``told``).
        progressed: a :class:`RunProgress`, what it is at.
    """

    answered = Signal(object)
    progressed = Signal(object)

    def __init__(
        self, command: Callable[[], list[str]] = engine_command, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._command = command
        self._child: ChildProcess | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._said, self._failure = "", NOTHING

    @property
    def is_running(self) -> bool:
        """Whether an answer is on its way."""
        return self._child is not None

    def ask(self, plan: RunPlan) -> None:
        """Begin to time; an older question is given up."""
        self.cancel()
        self._folder = tempfile.TemporaryDirectory(prefix="handful-")
        folder = Path(self._folder.name)
        options = ["--estimate", "--piped", "--json"]
        try:
            self._child = ChildProcess(
                [*self._command(), *plan.arguments(), *options],
                folder / "log",
                folder / "out",
                self,
            )
        except OSError as error:
            self._end()
            self.answered.emit(str(error))
            return
        self._said, self._failure = "", NOTHING
        self._child.said.connect(self._on_said)
        self._child.ended.connect(self._on_ended)

    def cancel(self) -> None:
        """Give up."""
        if self._child is not None:
            self._child.kill()
            self._child.close()
        self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.deleteLater()
            self._child = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _on_said(self, line: str) -> None:
        told = object_of(line)
        if told is None:
            self._said = line
        elif "error" in told:
            self._failure = sentence_in(told["error"])
        else:
            self.progressed.emit(RunProgress.from_json(told))

    def _on_ended(self, status: int) -> None:
        assert self._folder is not None
        answer: object = self._failure or self._said
        if status == 0:
            text = (Path(self._folder.name) / "out").read_text(encoding="utf-8")
            answer = object_of(text) or self._said
        self._end()
        self.answered.emit(answer)

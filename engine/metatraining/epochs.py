"""A training run epoch by epoch: progress, scores, logs and checkpoints in the run's folder."""

from __future__ import annotations

import json
import os
import platform
import re
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from engine.errors import EngineError, sentence_for
from engine.files import write_whole
from engine.messages import Progress
from engine.metatraining.algorithms.interface import StepReport
from engine.metatraining.event_log import EventLog
from engine.metatraining.loop import TrainingLoop
from engine.metatraining.processes import Processes
from engine.metatraining.progress import Counter
from engine.version import VERSION
from engine.words import Sentence, say

CHECKPOINT_NAME: Final = "checkpoint.safetensors"
CONFIG_NAME: Final = "config.json"
SCORES_NAME: Final = "scores.jsonl"
KEPT_NAME: Final = "kept"
MAPS_NAME: Final = "maps"
LOGS_NAME: Final = "logs"

_LOGGED: Final = ("loss", "accuracy", "learning_rate", "validation_accuracy")
_SHOWN: Final = 100
"""Steps that the accuracy shown in passing is averaged over."""

Validate = Callable[[], Generator[Progress, None, tuple[float, float] | None]]
"""Mean accuracy [0, 1] and half its 95 % interval; None without validation data."""


@dataclass(frozen=True, slots=True)
class Epochs:
    """How many steps there are to an epoch, and between two checkpoints."""

    length: int
    checkpoint_every: int


def train(
    loop: TrainingLoop,
    epochs: Epochs,
    validate: Validate,
    checkpoint: Path,
    described: Mapping[str, Any],
    record: RunRecord,
) -> Generator[Progress, None, None]:
    """Take all steps that are left; an epoch ends with validation, a score and a checkpoint.

    Closing the generator leaves a checkpoint, and so does an exception between two steps.

    Raises:
        EngineError: as ``TrainingLoop.step`` and ``save``, and where scores cannot be written.
    """
    counter = Counter(loop.n_steps, loop.n_done)
    saved = loop.n_done
    whole = True
    try:
        while True:
            ends_epoch = loop.n_done % epochs.length == 0 or loop.n_done == loop.n_steps
            if ends_epoch and loop.recent:
                found = yield from validate()
                record.add(loop, found)
                loop.recent.clear()
                loop.save(checkpoint, described)
                saved = loop.n_done
            elif saved != loop.n_done and loop.n_done % epochs.checkpoint_every == 0:
                loop.save(checkpoint, described)
                saved = loop.n_done
            if loop.n_done == loop.n_steps:
                return
            whole = False
            report = loop.step()
            whole = True
            counter.done = loop.n_done
            measured = ("loss", report.loss), ("accuracy", report.accuracy)
            yield counter.progress(record.told(report), measured)
    finally:
        # Interrupted inside a step the weights may be half moved: the last checkpoint stands.
        if whole and saved != loop.n_done:
            loop.save(checkpoint, described)


def kept_paths(folder: Path) -> list[Path]:
    """The weights that the run in ``folder`` has kept, oldest first."""
    found = (folder / KEPT_NAME).glob("*.safetensors")
    return sorted(path for path in found if path.stem.isdecimal())


def _remove_parts(folder: Path, names: Collection[str]) -> None:
    """Remove what ``write_whole`` left of the run's own files when its process was killed.

    Nothing else: ``folder`` may be one where other programs leave parts of files, too.

    Args:
        folder: of the run.
        names: of the files that are written into it.
    """
    for place, name in (
        (folder, "|".join(map(re.escape, names))),
        (folder / KEPT_NAME, r"\d+\.safetensors"),
        (folder / MAPS_NAME, r".+\.(npy|json)"),
    ):
        for path in place.glob(".*.part"):
            if re.fullmatch(rf"\.({name})\.\d+\.part", path.name):
                path.unlink()


class RunRecord:
    """Configuration, scores and logs in the run's folder, written by the leading process."""

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, Any],
        processes: Processes,
        n_done: int,
        n_kept: int = 0,
        keep: Callable[[Path], None] | None = None,
        written: Sequence[str] = (),
    ) -> None:
        """Take up the run in ``folder`` where its checkpoint stands, or begin one.

        Args:
            folder: made where missing.
            config: JSON values that say what is done; versions and hardware are added.
            processes: that share the work.
            n_done: steps that the checkpoint has done; scores of later ones are dropped.
            n_kept: of how many of the last epochs the weights stay.
            keep: writes the weights of now to a file; needed where ``n_kept`` is above 0.
            written: names of further files that the run writes into ``folder``.

        Raises:
            EngineError: the folder cannot be written, or its scores are damaged.
        """
        self._folder = folder
        self._n_kept, self._write_kept = n_kept, keep
        self._config: dict[str, Any] = {
            **config,
            "versions": {
                "handful": VERSION,
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
            "hardware": {
                "machine": platform.machine(),
                "cores": os.cpu_count(),
                "threads": torch.get_num_threads(),
                "device": str(processes.device),
                "processes": processes.count,
            },
        }
        self._scores: list[dict[str, Any]] = []
        self._shown: deque[float] = deque(maxlen=_SHOWN)
        self._seconds_before = 0.0
        self._began = time.monotonic()
        self._log: EventLog | None = None
        if not processes.leads:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_parts(folder, {CHECKPOINT_NAME, CONFIG_NAME, SCORES_NAME, *written})
            self._take_up(n_done)
            self._write_config()
            self._log = EventLog(folder / LOGS_NAME, n_done)
        except OSError as error:
            raise EngineError(sentence_for(error, folder, say("write the run"))) from error

    def _take_up(self, n_done: int) -> None:
        """Keep scores and weights up to where the checkpoint stands."""
        for path in kept_paths(self._folder):
            if int(path.stem) > n_done:
                path.unlink()
        path = self._folder / SCORES_NAME
        if not n_done or not path.exists():
            return
        try:
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            self._scores = [line for line in lines if line["step"] <= n_done]
            if self._scores:
                self._seconds_before = float(self._scores[-1]["seconds"])
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise EngineError(
                say("{path} is damaged; without it the run can go on.", path=path)
            ) from error

    @property
    def config(self) -> Mapping[str, Any]:
        """What is done, with versions and hardware, as JSON values."""
        return self._config

    @property
    def seconds(self) -> float:
        """Since the run was begun or resumed, and of the times before, up to their last score."""
        return self._seconds_before + time.monotonic() - self._began

    @property
    def last_accuracy(self) -> float | None:
        """Of the last validation, in [0, 1]."""
        found = self._validated()
        return found[-1] if found else None

    def add(self, loop: TrainingLoop, found: tuple[float, float] | None) -> None:
        """An epoch is over.

        Args:
            loop: its steps are ``loop.recent``.
            found: what validation gave: mean accuracy [0, 1] and half its 95 % interval.

        Raises:
            EngineError: scores, weights or logs could not be written.
        """
        line: dict[str, Any] = {
            "step": loop.n_done,
            "loss": float(np.mean([report.loss for report in loop.recent])),
            "accuracy": float(np.mean([report.accuracy for report in loop.recent])),
            "learning_rate": loop.learning_rate,
            "seconds": round(self.seconds, 1),
        }
        if found is not None:
            line["validation_accuracy"], line["validation_ci95"] = found
        self._scores.append(line)
        if self._log is None:
            return
        text = "".join(json.dumps(entry) + "\n" for entry in self._scores)
        try:
            write_whole(self._folder / SCORES_NAME, text.encode())
            self._log.add({key: line[key] for key in _LOGGED if key in line}, loop.n_done)
            if self._n_kept and self._write_kept is not None:
                self._write_kept(self._folder / KEPT_NAME / f"{loop.n_done:08}.safetensors")
                for old in kept_paths(self._folder)[: -self._n_kept]:
                    old.unlink()
        except OSError as error:
            raise EngineError(sentence_for(error, self._folder, say("write the scores"))) from error

    def told(self, report: StepReport) -> Sentence:
        """What a person reads while it runs: current and best score."""
        self._shown.append(report.accuracy)
        accuracy = float(np.mean(self._shown))
        if found := self._validated():
            return say(
                "Meta-training: training accuracy {accuracy:.3f}, validation {last:.4f} (best "
                "{best:.4f})",
                accuracy=accuracy,
                last=found[-1],
                best=max(found),
            )
        if self._scores:
            return say(
                "Meta-training: training accuracy {accuracy:.3f} (best epoch {best:.3f})",
                accuracy=accuracy,
                best=max(float(line["accuracy"]) for line in self._scores),
            )
        return say("Meta-training: training accuracy {accuracy:.3f}", accuracy=accuracy)

    def _validated(self) -> list[float]:
        """The accuracies of all validations, oldest first."""
        key = "validation_accuracy"
        return [float(line[key]) for line in self._scores if key in line]

    def close(self) -> None:
        """Let go of the logs."""
        if self._log is not None:
            with suppress(OSError):  # Every score was written when it came.
                self._log.close()

    def finish(self, seconds: float, accuracy: float | None) -> None:
        """The run is over.

        Raises:
            EngineError: the configuration could not be written.
        """
        self._config["seconds"] = round(self._seconds_before + seconds, 1)
        self._config["validation_accuracy"] = accuracy
        try:
            self._write_config()
        except OSError as error:
            raise EngineError(sentence_for(error, self._folder, say("write the run"))) from error

    def _write_config(self) -> None:
        text = json.dumps(self._config, indent=1) + "\n"
        write_whole(self._folder / CONFIG_NAME, text.encode())

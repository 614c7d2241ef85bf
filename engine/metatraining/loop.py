"""The training loop: tasks in, better weights out; saved whole, resumed to the same result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from engine.errors import EngineError, sentence_for
from engine.files import write_whole
from engine.metatraining.algorithms.interface import Algorithm, StepReport
from engine.metatraining.episodes import EpisodeSampler
from engine.metatraining.optimizers import OptimizerRule, Precision
from engine.metatraining.processes import Processes
from engine.metatraining.tasks import TaskSource
from engine.words import Sentence, say

BAD_CONTENT: Final = (AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What reading a file raises whose header or tensors are not what they should be."""

_FORMAT: Final = "handful-training-1"


class TrainingLoop:
    """Steps of an optimizer along the gradients that an algorithm leaves.

    Several processes share the tasks of every step: all draw the same episodes, each computes its
    part, gradients are averaged; so the weights are those of one process, up to rounding. What an
    algorithm keeps beside its weights (running statistics of batch norm, the moments of Reptile's
    inner Adam) each process gathers from its own tasks; after a step it is averaged. With that Adam
    the weights, too, differ from those of one process.

    Attributes:
        algorithm: what is trained.
        n_done, n_steps: steps taken, and to take.
        recent: reports of the steps since the last epoch; whoever ends an epoch clears them.
    """

    def __init__(
        self,
        algorithm: Algorithm,
        sampler: EpisodeSampler,
        source: TaskSource,
        optimizer: OptimizerRule,
        n_steps: int,
        tasks_per_step: int,
        precision: Precision,
        seed: int,
        processes: Processes,
    ) -> None:
        """Prepare the first step; ``algorithm`` is trained in place, on its own device.

        Raises:
            EngineError: the tasks of a step cannot be shared evenly among the processes.
        """
        if tasks_per_step % processes.count:
            raise EngineError(
                say(
                    "The recipe's tasks_per_step, {tasks}, cannot be shared evenly among {count} "
                    "processes.",
                    tasks=tasks_per_step,
                    count=processes.count,
                )
            )
        self.algorithm = algorithm
        self.n_done = 0
        self.n_steps = n_steps
        self.recent: list[StepReport] = []
        self._sampler, self._source = sampler, source
        self._rule = optimizer
        self._tasks_per_step = tasks_per_step
        self._precision = precision
        self._processes = processes
        self._random = torch.Generator().manual_seed(seed)
        self._optimizer = optimizer.build(algorithm.parameter_groups())
        self._device = next(algorithm.parameters()).device
        self._saved: tuple[int, Path] | None = None

    @property
    def learning_rate(self) -> float:
        """Of the next step."""
        return self._rule.rate(self.n_done, self.n_steps)

    def step(self) -> StepReport:
        """Train on the next tasks.

        Raises:
            EngineError: loss or gradient is no longer a number, or the GPU's memory ran out; the
                weights are those before this step, what is kept beside them may have moved.
        """
        with memory_told(
            say("in step {step}, and {kept}", step=self.n_done + 1, kept=self._kept())
        ):
            report = self._step()
        self.n_done += 1
        self.recent.append(report)
        return report

    def _step(self) -> StepReport:
        first = self.n_done * self._tasks_per_step
        tasks = [
            replace(
                self._source.task(self._sampler.sample(self._random), self._random), number=number
            )
            for number in range(first, first + self._tasks_per_step)
        ]
        self._optimizer.param_groups[0]["lr"] = self.learning_rate
        self._optimizer.zero_grad()
        half = self._precision is Precision.BFLOAT16
        with torch.autocast(self._device.type, torch.bfloat16, enabled=half):
            report = self.algorithm.meta_learn(tasks[self._processes.rank :: self._processes.count])
        gradients = [
            parameter.grad
            for parameter in self.algorithm.parameters()
            if parameter.grad is not None
        ]
        report = self._share(report, gradients)
        if not math.isfinite(report.loss):
            raise self._diverged(
                say(
                    "The loss became {loss} in step {step}",
                    loss=str(report.loss),
                    step=self.n_done + 1,
                )
            )
        if not _all_finite(gradients):
            raise self._diverged(
                say("The gradient became infinite in step {step}", step=self.n_done + 1)
            )
        self._optimizer.step()
        return report

    def _share(self, report: StepReport, gradients: list[Tensor]) -> StepReport:
        if self._processes.count == 1:
            return report
        numbers = torch.tensor([report.loss, report.accuracy], device=self._device)
        buffers = [buffer for buffer in self.algorithm.buffers() if buffer.is_floating_point()]
        self._processes.average([*gradients, *buffers, numbers])
        return StepReport(*numbers.tolist())

    def _diverged(self, what: Sentence) -> EngineError:
        return EngineError(
            say("{what}; {kept}, and a lower learning rate may help.", what=what, kept=self._kept())
        )

    def _kept(self) -> Sentence:
        if self._saved is None:
            return say("no checkpoint was written yet")
        step, path = self._saved
        return say("{path} still holds step {step}", path=path, step=step)

    def save(self, path: Path, described: Mapping[str, Any]) -> None:
        """Write weights, optimizer, random state and position, whole or not at all.

        Only the leading process writes.

        Args:
            path: of the checkpoint, a safetensors file.
            described: JSON values; those given to ``load`` must be equal.

        Raises:
            EngineError: the file could not be written, or the weights are no longer numbers.
        """
        if not _all_finite(self.algorithm.state_dict().values()):
            raise self._diverged(
                say("The weights became infinite by step {step}", step=self.n_done)
            )
        if self._processes.leads:
            self._write(path, described)
        self._saved = (self.n_done, path)

    def _write(self, path: Path, described: Mapping[str, Any]) -> None:
        tensors = {f"weights.{name}": value for name, value in self.algorithm.state_dict().items()}
        tensors["random_state"] = self._random.get_state()
        tensors["recent"] = torch.tensor(
            [[report.loss, report.accuracy] for report in self.recent], dtype=torch.float64
        ).view(-1, 2)
        for number, state in self._optimizer.state_dict()["state"].items():
            for name, value in state.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{number}.{name}"] = value
        header = {
            "format": _FORMAT,
            "n_done": str(self.n_done),
            "described": json.dumps(described, sort_keys=True),
        }
        stored = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        try:
            write_whole(path, save(stored, metadata=header))
        except OSError as error:
            raise EngineError(sentence_for(error, path, say("write the checkpoint"))) from error

    def load(self, path: Path, described: Mapping[str, Any]) -> None:
        """Go on where ``path`` was saved.

        Raises:
            EngineError: the file is damaged, or of a run with another recipe or other data, or the
                GPU's memory ran out.
        """
        position_of(path, described)
        header, tensors = read_tensors(path, _FORMAT)
        try:
            with memory_told(say("on loading {path}", path=path)):
                self._restore(tensors, int(header["n_done"]))
        except BAD_CONTENT as error:
            raise EngineError(
                say("{path} is damaged: it does not hold what it says.", path=path)
            ) from error
        self._saved = (self.n_done, path)

    def _restore(self, tensors: Mapping[str, Tensor], n_done: int) -> None:
        if not 0 <= n_done <= self.n_steps:
            raise ValueError(f"{n_done} of {self.n_steps} steps")
        self.n_done = n_done
        self.algorithm.load_state_dict(below(tensors, "weights."))
        self._random.set_state(tensors["random_state"])
        self.recent = [StepReport(*numbers) for numbers in tensors["recent"].tolist()]
        # As the optimizer counts them.
        parameters = [
            weight for group in self._optimizer.param_groups for weight in group["params"]
        ]
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in below(tensors, "optimizer.").items():
            number, _, entry = name.partition(".")
            like = parameters[int(number)]
            if value.shape == like.shape:  # In the same memory order, on which rounding may depend.
                value = torch.empty_like(like).copy_(value)
            state.setdefault(int(number), {})[entry] = value
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": state})


@contextmanager
def memory_told(when: Sentence) -> Iterator[None]:
    """Tell in a sentence that the GPU's memory ran out, and ``when``."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise EngineError(
            say(
                "The GPU's memory ran out {when}; smaller tasks need less of it, --device cpu "
                "none.",
                when=when,
            )
        ) from error


def position_of(path: Path, described: Mapping[str, Any]) -> int:
    """The steps that a checkpoint has done.

    Raises:
        EngineError: the file is damaged, or of a run with another recipe or other data.
    """
    header, _ = read_tensors(path, _FORMAT)
    try:
        belongs = json.loads(header["described"]) == json.loads(json.dumps(described))
        n_done = int(header["n_done"])
    except BAD_CONTENT as error:
        raise EngineError(
            say("{path} is damaged: it does not hold what it says.", path=path)
        ) from error
    if not belongs:
        raise EngineError(
            say(
                "{path} belongs to a run with another recipe or other data; choose another folder, "
                "or start anew.",
                path=path,
            )
        )
    return n_done


def _all_finite(tensors: Iterable[Tensor]) -> bool:
    checks = [tensor.isfinite().all() for tensor in tensors]
    return bool(torch.stack(checks).all()) if checks else True


def read_tensors(path: Path, expected_format: str) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Header and tensors of a safetensors file of the given format.

    Raises:
        EngineError: it is missing, damaged or of another kind.
    """
    try:
        path.open("rb").close()  # Whose errors, unlike those of safetensors, say what is wrong.
        with safe_open(path, framework="pt") as stored:
            header: dict[str, str] = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read the checkpoint"))) from error
    except SafetensorError as error:
        raise EngineError(say("{path} is damaged or is no checkpoint.", path=path)) from error
    if header.get("format") != expected_format:
        raise EngineError(
            say("{path} is no checkpoint of this kind and version of Handful.", path=path)
        )
    return header, tensors


def below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries whose name begins with ``prefix``, without it."""
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }

"""A run of a paper's experiment, from small images to a trained algorithm with its scores."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import save

from engine.encoder.encoder_file import write_whole
from engine.errors import EngineError, sentence_for
from engine.messages import Progress
from engine.metatraining.aggregation import average_weights
from engine.metatraining.algorithms import build_algorithm
from engine.metatraining.algorithms.interface import Algorithm, StepReport, accuracy_of
from engine.metatraining.episodes import EpisodeRule, EpisodeSampler
from engine.metatraining.evaluation import score
from engine.metatraining.event_log import EventLog
from engine.metatraining.few_shot_recipe import FewShotRecipe, few_shot_recipe_from
from engine.metatraining.loop import TrainingLoop, read_tensors
from engine.metatraining.pixels import OMNIGLOT_NAME, read_pixels
from engine.metatraining.processes import Processes, alone
from engine.metatraining.tasks import PixelSet, PixelSource, Task
from engine.metatraining.toml_sections import RecipeError
from engine.version import VERSION

MODEL_NAME: Final = "model.safetensors"
CHECKPOINT_NAME: Final = "checkpoint.safetensors"
CONFIG_NAME: Final = "config.json"
SCORES_NAME: Final = "scores.jsonl"
KEPT_NAME: Final = "kept"
LOGS_NAME: Final = "logs"

_MODEL_FORMAT: Final = "handful-few-shot-1"
_LOGGED: Final = ("loss", "accuracy", "learning_rate", "validation_accuracy")
_SHOWN: Final = 100
"""Steps that the accuracy shown in passing is averaged over."""


@dataclass(frozen=True, slots=True)
class FewShotTrained:
    """What a run has left in its folder.

    Attributes:
        model_path: the trained algorithm, for ``load_algorithm``.
        config_path: recipe, seed, versions, data, hardware and time, as JSON.
        scores_path: a JSON object per line and epoch.
        validation_accuracy: of the model, in [0, 1]; None without validation data.
    """

    model_path: Path
    config_path: Path
    scores_path: Path
    validation_accuracy: float | None


def meta_train_few_shot(
    recipe: FewShotRecipe,
    data_paths: Sequence[Path],
    out_dir: Path,
    resume: bool = False,
    validation_paths: Sequence[Path] = (),
    processes: Processes | None = None,
) -> Generator[Progress, None, FewShotTrained]:
    """Meta-train one of the papers' small networks.

    Closing the generator, or an exception between two steps, leaves a checkpoint; ``resume`` goes
    on from it with the same result as without the interruption.

    Args:
        recipe: what to do.
        data_paths: as ``load_pixels`` takes them.
        out_dir: made where missing; gets model, checkpoint, configuration, scores and logs.
            Processes on several machines need one that all of them see.
        resume: go on from the checkpoint in ``out_dir``, if there is one.
        validation_paths: other sets to validate on; without any, the recipe's part of the data.
        processes: that share the work; None for this one alone. All of them must take as many
            steps of this generator.

    Raises:
        EngineError: data, recipe or folder cannot be used, the folder holds another run, the loss
            is no longer a number, the disk is full, or another process has ended; the last
            checkpoint stands.
    """
    processes = processes or alone()
    began = time.monotonic()
    checkpoint = out_dir / CHECKPOINT_NAME
    if not resume and checkpoint.exists():
        raise EngineError(
            f"{out_dir} holds a run already; choose another folder, or go on with it (--resume)."
        )
    training, validation = yield from _load(recipe, data_paths, validation_paths)
    sampler = sampler_of(training, recipe.episodes)
    tasks = _validation_tasks(recipe, validation, processes)
    algorithm = _fresh(recipe, sampler.n_classes).to(processes.device)
    loop = TrainingLoop(
        algorithm,
        sampler,
        PixelSource(training, processes.device),
        recipe.optimizer,
        recipe.n_steps,
        recipe.tasks_per_step,
        recipe.precision,
        recipe.seed + 1,
        processes,
    )
    described = {"recipe": recipe.as_json(), "data": _describe(training)}
    if resume and checkpoint.exists():
        loop.load(checkpoint, described)
    if not processes.agree(loop.n_done):
        raise EngineError(
            f"The processes found different checkpoints in {out_dir}; it must be a folder that all "
            "machines see."
        )
    record = _Record(
        out_dir, recipe, described, sampler.n_classes, validation, processes, loop.n_done
    )
    try:
        yield from _train(loop, recipe, tasks, checkpoint, described, record, processes)
        accuracy = record.last_accuracy
        if recipe.average:
            if processes.leads:
                algorithm.load_state_dict(average_weights(record.kept_paths()))
            processes.take_over(list(algorithm.state_dict().values()))
            found = yield from _validate(algorithm, tasks, processes)
            accuracy = found and found[0]
        if processes.leads:
            save_algorithm(algorithm, recipe, sampler.n_classes, loop.n_done, out_dir / MODEL_NAME)
            record.finish(time.monotonic() - began, accuracy)
    finally:
        record.close()
    processes.wait()
    yield Progress(0, "Done", recipe.n_steps, recipe.n_steps, 0.0, 0.0)
    return FewShotTrained(
        out_dir / MODEL_NAME, out_dir / CONFIG_NAME, out_dir / SCORES_NAME, accuracy
    )


def sampler_of(sets: Sequence[PixelSet], rule: EpisodeRule) -> EpisodeSampler:
    """A sampler over ``sets``, each as often as the others.

    Raises:
        EngineError: a set cannot give such episodes.
    """
    return EpisodeSampler(
        [pixels.name for pixels in sets],
        [pixels.labels for pixels in sets],
        [1.0] * len(sets),
        rule,
    )


def save_algorithm(
    algorithm: Algorithm, recipe: FewShotRecipe, n_classes: int, n_done: int, path: Path
) -> None:
    """Write a trained algorithm with its recipe, whole or not at all.

    Raises:
        EngineError: the file could not be written.
    """
    header = {
        "format": _MODEL_FORMAT,
        "recipe": json.dumps(recipe.as_json(), sort_keys=True),
        "n_classes": str(n_classes),
        "n_done": str(n_done),
    }
    stored = {
        name: value.detach().cpu().contiguous() for name, value in algorithm.state_dict().items()
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, save(stored, metadata=header))
    except OSError as error:
        raise EngineError(sentence_for(error, path, "write the model")) from error


def load_algorithm(path: Path) -> tuple[Algorithm, FewShotRecipe]:
    """A trained algorithm, on the CPU, and the recipe that made it.

    Raises:
        EngineError: the file is missing, damaged or of another kind.
    """
    header, tensors = read_tensors(path, _MODEL_FORMAT)
    try:
        recipe = few_shot_recipe_from(json.loads(header["recipe"]))
        algorithm = _fresh(recipe, int(header["n_classes"]))
        algorithm.load_state_dict(tensors)
    except (KeyError, ValueError, RuntimeError, RecipeError) as error:
        raise EngineError(f"{path} is damaged: it does not hold what it says.") from error
    return algorithm, recipe


def _fresh(recipe: FewShotRecipe, n_classes: int) -> Algorithm:
    """Initial weights depend on the recipe's seed alone; torch's global generator is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        algorithm = build_algorithm(recipe, n_classes)
    if recipe.network.channels_last:
        algorithm.to(memory_format=torch.channels_last)
    return algorithm


def _load(
    recipe: FewShotRecipe, data_paths: Sequence[Path], validation_paths: Sequence[Path]
) -> Generator[Progress, None, tuple[list[PixelSet], list[PixelSet]]]:
    """The sets to train on, and those to validate on."""
    network, data = recipe.network, recipe.data
    done = 0
    yield Progress(0, "Reading the images", 0, 0, 0.0, 0.0)

    def load(paths: Sequence[Path], split: str) -> Generator[Progress, None, list[PixelSet]]:
        nonlocal done
        sets: list[PixelSet] = []
        for path in paths:
            reading = read_pixels(path, network.side_px, network.channels, network.inverted, split)
            while True:
                try:
                    done += next(reading)
                except StopIteration as finished:
                    sets += finished.value
                    break
                yield Progress(0, "Reading the images", done, 0, 0.0, 0.0)
        return sets

    training = yield from load(data_paths, data.split)
    if not training:
        raise EngineError("No data sets were given to train on.")
    if validation_paths:
        validation = yield from load(validation_paths, data.validation_split or data.split)
    elif data.validation_split:
        with_parts = [path for path in data_paths if (path / OMNIGLOT_NAME).is_file()]
        validation = yield from load(with_parts, data.validation_split)
    else:
        validation = []
    names = [pixels.name for pixels in training]
    for pixels in validation:
        if pixels.name in names:
            raise EngineError(
                f"The data set {pixels.name!r} is given both to train and to validate on."
            )
    return training, validation


def _validation_tasks(
    recipe: FewShotRecipe, sets: Sequence[PixelSet], processes: Processes
) -> list[Task]:
    """The same tasks at every validation."""
    if not sets:
        return []
    sampler = sampler_of(sets, recipe.validation)
    source = PixelSource(sets, processes.device)
    random = torch.Generator().manual_seed(recipe.seed + 2)
    return [
        source.task(sampler.sample(random), random) for _ in range(recipe.n_validation_episodes)
    ]


def _train(
    loop: TrainingLoop,
    recipe: FewShotRecipe,
    tasks: Sequence[Task],
    checkpoint: Path,
    described: Mapping[str, Any],
    record: _Record,
    processes: Processes,
) -> Generator[Progress, None, None]:
    began, first = time.monotonic(), loop.n_done
    saved = loop.n_done
    whole = True
    try:
        while True:
            ends_epoch = loop.n_done % recipe.validate_every == 0 or loop.n_done == recipe.n_steps
            if ends_epoch and loop.recent:
                found = yield from _validate(loop.algorithm, tasks, processes)
                record.add(loop, found)
                loop.recent.clear()
                loop.save(checkpoint, described)
                saved = loop.n_done
            elif saved != loop.n_done and loop.n_done % recipe.checkpoint_every == 0:
                loop.save(checkpoint, described)
                saved = loop.n_done
            if loop.n_done == recipe.n_steps:
                return
            whole = False
            report = loop.step()
            whole = True
            rate = (loop.n_done - first) / max(time.monotonic() - began, 1e-6)
            left = (recipe.n_steps - loop.n_done) / rate
            yield Progress(0, record.told(report), loop.n_done, recipe.n_steps, rate, left)
    finally:
        # Interrupted inside a step the weights may be half moved: the last checkpoint stands.
        if whole and saved != loop.n_done:
            loop.save(checkpoint, described)


def _validate(
    algorithm: Algorithm, tasks: Sequence[Task], processes: Processes
) -> Generator[Progress, None, tuple[float, float] | None]:
    """Mean accuracy [0, 1] over tasks and half its 95 % interval; None without any task.

    The processes share the tasks.
    """
    if not tasks:
        return None
    values = torch.zeros(len(tasks), dtype=torch.float64, device=processes.device)
    for first in range(0, len(tasks), processes.count):
        own = first + processes.rank
        if own < len(tasks):
            task = tasks[own]
            predict = algorithm.adapt(task.support, task.support_labels, task.n_way)
            values[own] = accuracy_of(predict(task.query), task.query_labels)
        done = min(first + processes.count, len(tasks))
        yield Progress(0, "Validating", done, len(tasks), 0.0, 0.0)
    processes.average([values])
    found = score(values.cpu().numpy() * processes.count)
    return found.mean, found.ci95


class _Record:
    """Configuration, scores and logs in the run's folder, written by the leading process."""

    def __init__(
        self,
        folder: Path,
        recipe: FewShotRecipe,
        described: Mapping[str, Any],
        n_classes: int,
        validation: Sequence[PixelSet],
        processes: Processes,
        n_done: int,
    ) -> None:
        self._folder, self._recipe = folder, recipe
        self._n_classes = n_classes
        self._config: dict[str, Any] = {
            **described,
            "seed": recipe.seed,
            "validation_data": _describe(validation),
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
            self._take_up(n_done)
            self._write_config()
            self._log = EventLog(folder / LOGS_NAME, n_done)
        except OSError as error:
            raise EngineError(sentence_for(error, folder, "write the run")) from error

    def _take_up(self, n_done: int) -> None:
        """Keep scores and weights up to where the checkpoint stands."""
        for path in self._folder.glob(".*.part"):  # What a killed process was writing.
            path.unlink()
        for path in self.kept_paths():
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
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{path} is damaged; without it the run can go on.") from error

    @property
    def last_accuracy(self) -> float | None:
        """Of the last validation, in [0, 1]."""
        found = self._validated()
        return found[-1] if found else None

    def add(self, loop: TrainingLoop, found: tuple[float, float] | None) -> None:
        """An epoch is over, whose steps are ``loop.recent``.

        Raises:
            EngineError: scores, weights or logs could not be written.
        """
        line: dict[str, Any] = {
            "step": loop.n_done,
            "loss": float(np.mean([report.loss for report in loop.recent])),
            "accuracy": float(np.mean([report.accuracy for report in loop.recent])),
            "learning_rate": loop.learning_rate,
            "seconds": round(self._seconds_before + time.monotonic() - self._began, 1),
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
            if self._recipe.keep:
                self._keep(loop)
        except OSError as error:
            raise EngineError(sentence_for(error, self._folder, "write the scores")) from error

    def _keep(self, loop: TrainingLoop) -> None:
        path = self._folder / KEPT_NAME / f"{loop.n_done:08}.safetensors"
        save_algorithm(loop.algorithm, self._recipe, self._n_classes, loop.n_done, path)
        for old in self.kept_paths()[: -self._recipe.keep]:
            old.unlink()

    def kept_paths(self) -> list[Path]:
        """The kept weights, oldest first."""
        return sorted((self._folder / KEPT_NAME).glob("*.safetensors"))

    def told(self, report: StepReport) -> str:
        """What a person reads while it runs: current and best score."""
        self._shown.append(report.accuracy)
        text = f"Meta-training: accuracy {np.mean(self._shown):.3f}"
        if found := self._validated():
            text += f", validation {found[-1]:.4f} (best {max(found):.4f})"
        elif self._scores:
            text += f" (best {max(line['accuracy'] for line in self._scores):.3f})"
        return text

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
        """The run is over."""
        self._config["seconds"] = round(self._seconds_before + seconds, 1)
        self._config["validation_accuracy"] = accuracy
        try:
            self._write_config()
        except OSError as error:
            raise EngineError(sentence_for(error, self._folder, "write the run")) from error

    def _write_config(self) -> None:
        text = json.dumps(self._config, indent=1) + "\n"
        write_whole(self._folder / CONFIG_NAME, text.encode())


def _describe(sets: Sequence[PixelSet]) -> list[dict[str, Any]]:
    return [
        {
            "name": pixels.name,
            "n_images": len(pixels.images),
            "n_classes": len(pixels.class_names),
            "sha256": hashlib.sha256(pixels.images.tobytes() + pixels.labels.tobytes()).hexdigest(),
        }
        for pixels in sets
    ]

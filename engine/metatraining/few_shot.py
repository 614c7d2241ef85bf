"""A run of a paper's experiment, from small images to a trained algorithm with its scores."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Generator, Mapping, Sequence
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
from engine.metatraining.few_shot_recipe import FewShotRecipe, few_shot_recipe_from
from engine.metatraining.loop import TrainingLoop, read_tensors
from engine.metatraining.pixels import load_pixels
from engine.metatraining.processes import Processes, alone
from engine.metatraining.tasks import PixelSet, PixelSource, Task

MODEL_NAME: Final = "model.safetensors"
CHECKPOINT_NAME: Final = "checkpoint.safetensors"
CONFIG_NAME: Final = "config.json"
SCORES_NAME: Final = "scores.jsonl"
KEPT_NAME: Final = "kept"
LOGS_NAME: Final = "logs"

_MODEL_FORMAT: Final = "handful-few-shot-1"


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
        resume: go on from the checkpoint in ``out_dir``, if there is one.
        validation_paths: other sets to validate on; without any, the recipe's part of the data.
        processes: that share the work; None for this one alone.

    Raises:
        EngineError: data, recipe or folder cannot be used, the folder holds another run, or the
            loss is no longer a number.
    """
    processes = processes or alone()
    began = time.monotonic()
    checkpoint = out_dir / CHECKPOINT_NAME
    if not resume and checkpoint.exists():
        raise EngineError(
            f"{out_dir} holds a run already; choose another folder, or go on with it (--resume)."
        )
    yield Progress(0, "Reading the images", 0, recipe.n_steps, 0.0, 0.0)
    training, validation = _load(recipe, data_paths, validation_paths)
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
    record = _Record(
        out_dir, recipe, described, sampler.n_classes, validation, processes, loop.n_done
    )
    yield from _train(loop, recipe, tasks, checkpoint, described, record, processes)

    if recipe.average:
        algorithm.load_state_dict(average_weights(record.kept_paths()))
    accuracy = validated(algorithm, tasks)[0] if tasks else None
    if processes.leads:
        save_algorithm(algorithm, recipe, sampler.n_classes, loop.n_done, out_dir / MODEL_NAME)
        record.finish(time.monotonic() - began, accuracy)
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
    except (KeyError, ValueError, RuntimeError) as error:
        raise EngineError(f"{path} is damaged: it does not hold what it says.") from error
    return algorithm, recipe


def validated(algorithm: Algorithm, tasks: Sequence[Task]) -> tuple[float, float]:
    """Mean accuracy [0, 1] over tasks, and the half width of its 95 % interval."""
    values = []
    for task in tasks:
        predict = algorithm.adapt(task.support, task.support_labels, task.n_way)
        values.append(accuracy_of(predict(task.query), task.query_labels))
    found = score(np.array(values))
    return found.mean, found.ci95


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
) -> tuple[list[PixelSet], list[PixelSet]]:
    network, data = recipe.network, recipe.data

    def load(paths: Sequence[Path], split: str) -> list[PixelSet]:
        return [
            pixels
            for path in paths
            for pixels in load_pixels(
                path, network.side_px, network.channels, network.inverted, split
            )
        ]

    training = load(data_paths, data.split)
    if not training:
        raise EngineError("No data sets were given to train on.")
    if validation_paths:
        return training, load(validation_paths, data.validation_split or data.split)
    if data.validation_split and all(path.is_dir() for path in data_paths):
        with_parts = [path for path in data_paths if (path / "omniglot_28.npz").is_file()]
        return training, load(with_parts, data.validation_split)
    return training, []


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
    recent: list[StepReport] = []
    stepping = False

    def save_checkpoint() -> None:
        if processes.leads:
            loop.save(checkpoint, described)

    try:
        while loop.n_done < recipe.n_steps:
            stepping = True
            recent = [*recent[-(recipe.validate_every - 1) :], loop.step()]
            at_epoch = loop.n_done % recipe.validate_every == 0 or loop.n_done == recipe.n_steps
            if at_epoch:
                record.add(loop, recent, validated(loop.algorithm, tasks) if tasks else None)
                recent = []
            stepping = False
            if loop.n_done % recipe.checkpoint_every == 0 or at_epoch:
                save_checkpoint()
                saved = loop.n_done
            elapsed = max(time.monotonic() - began, 1e-6)
            rate = (loop.n_done - first) / elapsed
            left = (recipe.n_steps - loop.n_done) / rate
            yield Progress(0, record.told(recent), loop.n_done, recipe.n_steps, rate, left)
    finally:
        # Interrupted inside a step the weights may be half moved: the last checkpoint stands.
        if not stepping and saved != loop.n_done:
            save_checkpoint()


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
        self._folder, self._recipe, self._leads = folder, recipe, processes.leads
        self._n_classes = n_classes
        self._config: dict[str, Any] = {
            **described,
            "seed": recipe.seed,
            "validation_data": _describe(validation),
            "versions": {
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
        self._seconds_before = 0.0
        self._began = time.monotonic()
        if not self._leads:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._take_up(n_done)
            self._write_config()
        except OSError as error:
            raise EngineError(sentence_for(error, folder, "write the run")) from error
        from tensorboardX import SummaryWriter

        self._logs = SummaryWriter(str(folder / LOGS_NAME), purge_step=n_done + 1)

    def _take_up(self, n_done: int) -> None:
        """Keep the scores up to where the checkpoint stands."""
        path = self._folder / SCORES_NAME
        if n_done and path.exists():
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            self._scores = [line for line in lines if line["step"] <= n_done]
            if self._scores:
                self._seconds_before = float(self._scores[-1]["seconds"])

    def add(
        self, loop: TrainingLoop, recent: Sequence[StepReport], found: tuple[float, float] | None
    ) -> None:
        """An epoch is over."""
        line: dict[str, Any] = {
            "step": loop.n_done,
            "loss": float(np.mean([report.loss for report in recent])),
            "accuracy": float(np.mean([report.accuracy for report in recent])),
            "learning_rate": loop.learning_rate,
            "seconds": round(self._seconds_before + time.monotonic() - self._began, 1),
        }
        if found is not None:
            line["validation_accuracy"], line["validation_ci95"] = found
        self._scores.append(line)
        if not self._leads:
            return
        for key in ("loss", "accuracy", "learning_rate", "validation_accuracy"):
            if key in line:
                self._logs.add_scalar(key, line[key], loop.n_done)
        text = "".join(json.dumps(entry) + "\n" for entry in self._scores)
        try:
            write_whole(self._folder / SCORES_NAME, text.encode())
            if self._recipe.keep:
                kept = self._folder / KEPT_NAME
                kept.mkdir(exist_ok=True)
                save_algorithm(
                    loop.algorithm,
                    self._recipe,
                    0,
                    loop.n_done,
                    kept / f"{loop.n_done:08}.safetensors",
                )
                for path in self.kept_paths()[: -self._recipe.keep]:
                    path.unlink()
        except OSError as error:
            raise EngineError(sentence_for(error, self._folder, "write the scores")) from error

    def kept_paths(self) -> list[Path]:
        """The kept weights, oldest first."""
        return sorted((self._folder / KEPT_NAME).glob("*.safetensors"))

    def told(self, recent: Sequence[StepReport]) -> str:
        """What a person reads while it runs: current and best score."""
        text = "Meta-training"
        if recent:
            text += f": accuracy {np.mean([report.accuracy for report in recent]):.3f}"
        checked = [line for line in self._scores if "validation_accuracy" in line]
        if checked:
            best = max(line["validation_accuracy"] for line in checked)
            text += f", validation {checked[-1]['validation_accuracy']:.4f} (best {best:.4f})"
        return text

    def finish(self, seconds: float, accuracy: float | None) -> None:
        """The run is over."""
        self._config["seconds"] = round(self._seconds_before + seconds, 1)
        self._config["validation_accuracy"] = accuracy
        self._logs.close()
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
        }
        for pixels in sets
    ]

"""A run of a paper's experiment, from small images to a trained algorithm with its scores."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save

from engine.errors import EngineError, sentence_for
from engine.files import write_whole
from engine.messages import Progress
from engine.metatraining.aggregation import average_weights
from engine.metatraining.algorithms.interface import Algorithm, accuracy_of
from engine.metatraining.datasets import refuse_same_names
from engine.metatraining.episodes import Episode, EpisodeRule, EpisodeSampler
from engine.metatraining.epochs import (
    CHECKPOINT_NAME,
    CONFIG_NAME,
    SCORES_NAME,
    Epochs,
    RunRecord,
    kept_paths,
    train,
)
from engine.metatraining.few_shot.build import build_algorithm
from engine.metatraining.few_shot.recipe import FewShotRecipe, few_shot_recipe_from
from engine.metatraining.intervals import score
from engine.metatraining.loop import BAD_CONTENT, TrainingLoop, memory_told, read_tensors
from engine.metatraining.pixels import OMNIGLOT_NAME, read_pixels
from engine.metatraining.processes import Processes, alone
from engine.metatraining.progress import Counter
from engine.metatraining.tasks import PixelSet, PixelSource, Task
from engine.metatraining.toml_sections import RecipeError
from engine.words import Sentence, say

MODEL_NAME: Final = "model.safetensors"
START_NAME: Final = "start.safetensors"
_MODEL_FORMAT: Final = "handful-few-shot-1"
_READING: Final = say("Reading the images")


@dataclass(frozen=True, slots=True)
class FewShotTrained:
    """What a run has left in its folder.

    Attributes:
        model_path: the trained algorithm, for ``load_algorithm``.
        start_path: the algorithm before training, likewise.
        config_path: recipe, seed, versions, data, hardware and time, as JSON.
        scores_path: a JSON object per line and epoch.
        validation_accuracy: of the model, in [0, 1]; None without validation data.
    """

    model_path: Path
    start_path: Path
    config_path: Path
    scores_path: Path
    validation_accuracy: float | None

    def told(self) -> Sentence:
        """The same in a sentence."""
        model, scores = self.model_path, self.scores_path
        if self.validation_accuracy is None:
            return say("The model is {model}, the scores {scores}.", model=model, scores=scores)
        return say(
            "The model is {model}, the scores {scores}. Validation: {percent:.2f} %.",
            model=model,
            scores=scores,
            percent=100 * self.validation_accuracy,
        )


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
    on from it with the same result as without the interruption (on a GPU: about the same).

    Args:
        recipe: what to do.
        data_paths: as ``load_pixels`` takes them.
        out_dir: made where missing; gets model, start, checkpoint, configuration, scores and logs.
            Processes on several machines need one that all of them see.
        resume: go on from the checkpoint in ``out_dir``, if there is one.
        validation_paths: other sets to validate on; without any, the recipe's part of the data.
        processes: that share the work; None for this one alone. All of them must take as many
            steps of this generator.

    Raises:
        EngineError: data, recipe or folder cannot be used, the folder holds another run, the loss
            is no longer a number, the disk is full, or another process has ended or does something
            else; the last checkpoint stands.
    """
    processes = processes or alone()
    began = time.monotonic()
    checkpoint = out_dir / CHECKPOINT_NAME
    if not resume and checkpoint.exists():
        raise EngineError(
            f"{out_dir} holds a run already; choose another folder, or go on with it (--resume)."
        )
    training, validation = yield from processes.in_step(_load(recipe, data_paths, validation_paths))
    described = {"recipe": recipe.as_json(), "data": _describe(training)}
    validated = {"validation_data": _describe(validation)}
    if not processes.agree({**described, **validated}):
        raise EngineError(
            "The processes do not train alike: recipe, data and validation data must be the same "
            "on all machines."
        )
    sampler = sampler_of(training, recipe.episodes)
    tasks = _ValidationTasks(recipe, validation, processes.device)
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
    if resume and checkpoint.exists():
        loop.load(checkpoint, described)
        _check_validated(out_dir / CONFIG_NAME, validated)
    if not processes.agree(loop.n_done):
        raise EngineError(
            f"The processes found different checkpoints in {out_dir}; it must be a folder that all "
            "machines see."
        )

    def keep(path: Path) -> None:
        save_algorithm(algorithm, recipe, sampler.n_classes, loop.n_done, path)

    config = {**described, **validated, "seed": recipe.seed}
    start_path = out_dir / START_NAME
    written = (MODEL_NAME, START_NAME)
    record = RunRecord(out_dir, config, processes, loop.n_done, recipe.keep, keep, written)
    try:
        if processes.leads and not (loop.n_done and start_path.exists()):
            fresh = _fresh(recipe, sampler.n_classes)
            save_algorithm(fresh, recipe, sampler.n_classes, 0, start_path)
        yield from train(
            loop,
            Epochs(recipe.validate_every, recipe.checkpoint_every),
            lambda: _validate(algorithm, tasks, processes),
            checkpoint,
            described,
            record,
        )
        accuracy = record.last_accuracy
        if recipe.average:
            if processes.leads:
                algorithm.load_state_dict(average_weights(kept_paths(out_dir)))
            processes.take_over(list(algorithm.state_dict().values()))
            found = yield from _validate(algorithm, tasks, processes)
            accuracy = found and found[0]
        if processes.leads:
            keep(out_dir / MODEL_NAME)
            record.finish(time.monotonic() - began, accuracy)
    finally:
        record.close()
    processes.wait()
    yield Progress(0, say("Done"), recipe.n_steps, recipe.n_steps, 0.0, 0.0)
    return FewShotTrained(
        out_dir / MODEL_NAME,
        start_path,
        out_dir / CONFIG_NAME,
        out_dir / SCORES_NAME,
        accuracy,
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
    except (*BAD_CONTENT, RecipeError) as error:
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
    counter = Counter()
    yield counter.progress(_READING)

    def load(paths: Sequence[Path], split: str) -> Generator[Progress, None, list[PixelSet]]:
        sets: list[PixelSet] = []
        for path in paths:
            reading = read_pixels(path, network.side_px, network.channels, network.inverted, split)
            sets += yield from counter.follow(_READING, reading)
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
    for sets in (training, validation):
        refuse_same_names([pixels.name for pixels in sets])
    for pixels in validation:
        for other in training:
            _check_apart(other, pixels)
    return training, validation


def _check_apart(training: PixelSet, validation: PixelSet) -> None:
    if training.name == validation.name:
        raise EngineError(
            f"The data set {training.name!r} is given both to train and to validate on."
        )
    shared = set(training.class_names) & set(validation.class_names)
    if training.collection and training.collection == validation.collection and shared:
        raise EngineError(
            f"{len(shared)} of the {len(validation.class_names)} classes of {validation.name!r} "
            f"are trained on, too, in {training.name!r}; data.validation_split must be another "
            'part, or "" for no validation.'
        )


def _check_validated(config_path: Path, validated: Mapping[str, Any]) -> None:
    """Refuse to go on with scores of other validation data: they could not be compared."""
    try:
        config = json.loads(config_path.read_text(encoding="utf-8"))
        found = {key: config[key] for key in validated}
    except FileNotFoundError:
        return
    except OSError as error:
        raise EngineError(sentence_for(error, config_path, "read the run")) from error
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise EngineError(f"{config_path} is damaged; without it the run can go on.") from error
    if found != validated:
        raise EngineError(
            f"The run in {config_path.parent} was validated on other data so far; go on with the "
            "same, so that its scores can be compared."
        )


class _ValidationTasks:
    """The same tasks at every validation, made one at a time: all of them may take gigabytes."""

    def __init__(
        self, recipe: FewShotRecipe, sets: Sequence[PixelSet], device: torch.device
    ) -> None:
        self._source = PixelSource(sets, device)
        self._random = torch.Generator().manual_seed(recipe.seed + 2)
        self._episodes: list[Episode] = []
        if sets:
            sampler = sampler_of(sets, recipe.validation)
            self._episodes = [
                sampler.sample(self._random) for _ in range(recipe.n_validation_episodes)
            ]

    def __len__(self) -> int:
        return len(self._episodes)

    def __getitem__(self, index: int) -> Task:
        return self._source.task(self._episodes[index], self._random)  # Which draws nothing.


def _validate(
    algorithm: Algorithm, tasks: _ValidationTasks, processes: Processes
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
            with memory_told(say("in validation")):
                predict = algorithm.adapt(task.support, task.support_labels, task.n_way)
                values[own] = accuracy_of(predict(task.query), task.query_labels)
        done = min(first + processes.count, len(tasks))
        yield Progress(0, say("Validating"), done, len(tasks), 0.0, 0.0)
    processes.average([values])
    found = score(values.cpu().numpy() * processes.count)
    return found.mean, found.ci95


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

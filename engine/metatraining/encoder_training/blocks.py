"""Training of the last blocks on episodes over kept feature maps."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from engine.encoder.description import Encoder
from engine.encoder.network import build_network, weights_of
from engine.messages import Progress
from engine.metatraining.aggregation import interpolate
from engine.metatraining.algorithms.anchored import AnchoredPrototypes
from engine.metatraining.datasets import ImageSet, digest_of
from engine.metatraining.encoder_training.map_tasks import MapEncoder, MapSource
from engine.metatraining.encoder_training.maps import FeatureMaps, FrozenBlocks, build_maps
from engine.metatraining.encoder_training.recipe import Recipe
from engine.metatraining.episodes import EpisodeSampler
from engine.metatraining.epochs import (
    CHECKPOINT_NAME,
    MAPS_NAME,
    Epochs,
    RunRecord,
    train,
)
from engine.metatraining.loop import TrainingLoop, position_of
from engine.metatraining.optimizers import Precision
from engine.metatraining.processes import alone
from engine.metatraining.progress import Counter
from engine.words import say

_AFTER_TRAINING: Final = ("name", "interpolation", "validation_draws", "projection")


@dataclass(frozen=True, slots=True, eq=False)
class TrainedBlocks:
    """Where the training on episodes has led.

    Attributes:
        start: the network it began with, without a projection.
        weights: of the same names as the start's, after the last episode.
        n_episodes: that were trained on.
        scale: what cosines are multiplied by, as learned.
    """

    start: Encoder
    weights: Mapping[str, NDArray[np.float32]]
    n_episodes: int
    scale: float

    def weights_at(self, share: float) -> dict[str, NDArray[np.float32]]:
        """Those ``share`` [0, 1] of the way from the start to where it led."""
        start, trained = (
            {name: torch.from_numpy(np.array(array)) for name, array in weights.items()}
            for weights in (self.start.weights, self.weights)
        )
        return {name: array.numpy() for name, array in interpolate(start, trained, share).items()}


def begin_run(
    recipe: Recipe,
    start: Encoder,
    sets: Sequence[ImageSet],
    out_dir: Path,
    resume: bool,
    written: Sequence[str],
) -> RunRecord:
    """The run in ``out_dir``, taken up where its checkpoint stands, or begun.

    Nothing is computed yet, so that a checkpoint of another run, and sets that cannot give the
    recipe's episodes, are refused at once and leave what is there alone.

    Args:
        recipe, start, sets, out_dir, resume: as ``train_blocks`` takes them.
        written: names of further files that the run writes into ``out_dir``.

    Raises:
        EngineError: for that, or the folder cannot be written.
    """
    if recipe.n_episodes > 0:
        _sampler(recipe, [images.name for images in sets], [images.labels for images in sets])
    described = _described(recipe, start, sets)
    checkpoint = out_dir / CHECKPOINT_NAME
    n_done = 0
    if resume and checkpoint.exists():
        n_done = position_of(checkpoint, _fixed(described))
    config = {**described, "seed": recipe.seed}
    return RunRecord(out_dir, config, alone(), n_done, written=written)


def train_blocks(
    recipe: Recipe,
    start: Encoder,
    sets: Sequence[ImageSet],
    out_dir: Path,
    resume: bool,
    run: RunRecord,
) -> Generator[Progress, None, TrainedBlocks]:
    """Train the blocks that are not frozen, with checkpoints in ``out_dir``.

    Args:
        recipe: of the run.
        start: the network to begin with, without a projection.
        sets: the training images.
        out_dir: gets checkpoint, scores, logs and the feature maps.
        resume: go on from the checkpoint in ``out_dir``, if there is one.
        run: as ``begin_run`` gives it.

    Raises:
        EngineError: the data cannot give such episodes, the folder cannot be written, the
            checkpoint is damaged, or the loss is no longer a number.
    """
    network = build_network(start)
    frozen = FrozenBlocks(start, recipe.frozen_blocks)
    counter = Counter(len(recipe.views) * sum(map(len, sets)))
    maps: list[FeatureMaps] = []
    yield counter.progress(say("Preparing the networks"))  # Exporting tells nothing itself.
    for images in sets:
        may_flip = images.name not in recipe.never_flipped
        building = build_maps(
            images, recipe.views, frozen, may_flip, recipe.seed, maps_folder(out_dir)
        )
        text = say("Embedding the training images ({name})", name=images.name)
        maps.append((yield from counter.follow(text, building)))

    is_going_on = resume and (out_dir / CHECKPOINT_NAME).exists()
    yield Progress(
        0,
        say("Taking up the training where it stopped")
        if is_going_on
        else say("Preparing the training"),
        0,
        0,
        0.0,
        0.0,
    )
    encoder = MapEncoder(network.features[recipe.frozen_blocks :], maps)
    algorithm, loop = anchored(recipe, encoder, maps)
    checkpoint = out_dir / CHECKPOINT_NAME
    fixed = _fixed(_described(recipe, start, sets))
    if is_going_on:
        loop.load(checkpoint, fixed)
    every = recipe.checkpoint_every
    yield from train(loop, Epochs(every, every), _unvalidated, checkpoint, fixed, run)
    return TrainedBlocks(start, weights_of(network), loop.n_done, algorithm.scale)


def maps_folder(out_dir: Path) -> Path:
    """Where a run keeps what it computes once for every image."""
    return out_dir / MAPS_NAME


def describe(images: ImageSet) -> dict[str, Any]:
    """A data set, as JSON."""
    return {
        "name": images.name,
        "n_images": len(images),
        "n_classes": len(images.class_names),
        "sha256": digest_of(images),
    }


def _described(recipe: Recipe, start: Encoder, sets: Sequence[ImageSet]) -> dict[str, Any]:
    return {
        "recipe": as_json(recipe),
        "start": start.fingerprint,
        "data": [describe(images) for images in sets],
    }


def _fixed(described: Mapping[str, Any]) -> dict[str, Any]:
    """What a checkpoint is held to: what comes after training may be chosen anew on resuming."""
    return {**described, "recipe": {**described["recipe"], **dict.fromkeys(_AFTER_TRAINING)}}


def as_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe without ``start``, a path that says nothing on another machine."""
    return {
        "name": recipe.name,
        "seed": recipe.seed,
        "n_episodes": recipe.n_episodes,
        "frozen_blocks": recipe.frozen_blocks,
        "episodes": asdict(recipe.episodes),
        "loss": asdict(recipe.loss),
        "optimizer": asdict(recipe.optimizer),
        "views": [asdict(rule) for rule in recipe.views],
        "never_flipped": sorted(recipe.never_flipped),
        "mixture": dict(sorted(recipe.mixture.items())),
        "interpolation": list(recipe.interpolation),
        "validation_draws": recipe.validation_draws,
        "projection": None if recipe.projection is None else asdict(recipe.projection),
    }


def anchored(
    recipe: Recipe, encoder: MapEncoder, sets: Sequence[FeatureMaps]
) -> tuple[AnchoredPrototypes, TrainingLoop]:
    """The algorithm that trains the encoder, and the loop that runs it."""
    loss = recipe.loss
    algorithm = AnchoredPrototypes(encoder, loss.episode, loss.anchor, loss.scale, loss.scale_rate)
    sampler = _sampler(recipe, [maps.name for maps in sets], [maps.labels for maps in sets])
    loop = TrainingLoop(
        algorithm,
        sampler,
        MapSource(sets),
        recipe.optimizer,
        n_steps=recipe.n_episodes,
        tasks_per_step=1,
        precision=Precision.FLOAT32,
        seed=recipe.seed,
        processes=alone(),
    )
    return algorithm, loop


def _sampler(
    recipe: Recipe, names: Sequence[str], labels: Sequence[NDArray[np.int64]]
) -> EpisodeSampler:
    weights = [recipe.mixture.get(name, 1.0) for name in names]
    return EpisodeSampler(names, labels, weights, recipe.episodes)


def _unvalidated() -> Generator[Progress, None, None]:
    """Validation comes after the training, when the encoder is chosen."""
    return
    yield

"""How long a run that makes an encoder would take here: a few views and steps are timed."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.encoder.encoder_file import open_encoder, shipped_encoder_path
from engine.encoder.network import build_network
from engine.errors import EngineError, UnreadableImageError
from engine.messages import Progress
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.encoder_training.blocks import anchored
from engine.metatraining.encoder_training.map_tasks import MapEncoder
from engine.metatraining.encoder_training.maps import FeatureMaps, FrozenBlocks
from engine.metatraining.encoder_training.pooled import trunk_of
from engine.metatraining.encoder_training.recipe import Recipe
from engine.metatraining.encoder_training.run import check_data, read_data
from engine.metatraining.views import generator_for, make_view
from engine.words import say

_VIEWS_TIMED: Final = 8  # For each core.
_STEPS_TIMED_S: Final = 4.0
_MOST_STEPS: Final = 12
_FIXED_S: Final = 12.0  # Loading torch; the graph of the frozen blocks comes on top, as timed.
_LATE_SHARE: Final = 0.25  # Of a pass, what the blocks that are not frozen cost.
_DRAW_S: Final = 0.004  # A draw of labels with which a candidate is measured, per set and core.
_ROOTS_BYTES: Final = 6000  # Pooled activations of a view, by one network.
_LOW: Final = 0.6
_HIGH: Final = 1.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run would cost on this machine, as busy as it is now.

    Attributes:
        low_s, high_s: between which it is likely to end.
        steps_per_s: optimizer's steps, as timed; 0 where the recipe has none.
        views_per_s: views of images brought through the network, as timed.
        n_steps: of the optimizer.
        n_images, n_classes: to train on, of all sets.
        n_validation: images to validate on.
        bytes_on_disk: of what is kept in the run's folder, about.
    """

    low_s: float
    high_s: float
    steps_per_s: float
    views_per_s: float
    n_steps: int
    n_images: int
    n_classes: int
    n_validation: int
    bytes_on_disk: int


def estimate(
    recipe: Recipe, data_paths: Sequence[Path], validation_paths: Sequence[Path] = ()
) -> Generator[Progress, None, Estimate]:
    """Time a few views and steps; writes nothing and takes some ten seconds.

    Args:
        recipe, data_paths, validation_paths: as ``run.meta_train`` takes them.

    Raises:
        EngineError: as ``run.meta_train`` before it begins, so that it is told now.
    """
    start = open_encoder(
        recipe.start or shipped_encoder_path(),
        recipe.start_name,
        recipe.start_provenance,
        recipe.start_licence,
    )
    yield Progress(0, say("Looking at the data"), 0, 0, 0.0, 0.0)
    training, validation = open_image_sets(data_paths), open_image_sets(validation_paths)
    yield from read_data((*training, *validation))
    check_data(recipe, training, validation)
    began = time.perf_counter()
    yield Progress(0, say("Preparing the networks"), 0, 3, 0.0, 0.0)
    frozen = FrozenBlocks(trunk_of(start), recipe.frozen_blocks)
    frozen.prepare()
    prepared_s = time.perf_counter() - began
    yield Progress(0, say("Timing how fast this computer is"), 1, 3, 0.0, 0.0)
    view_s = _view_seconds(recipe, frozen, training)
    maps = _empty_maps(recipe, frozen, training)
    yield Progress(0, say("Timing how fast this computer is"), 2, 3, 0.0, 0.0)
    step_s = 0.0
    if recipe.n_episodes > 0:
        step_s = _step_seconds(recipe, frozen, maps)

    n_images, n_validation = sum(map(len, training)), sum(map(len, validation))
    n_networks = 1 + (len(recipe.interpolation) if validation and recipe.n_episodes else 0)
    projection = recipe.projection
    n_pooled = n_images * (1 + (len(projection.views) if projection is not None else 0))
    pooled_s = view_s * (1 + _LATE_SHARE * (n_networks - 1))
    n_tried = n_networks * (len(projection.shares) if projection is not None else 1)
    seconds = (
        _FIXED_S
        + prepared_s * (1 + n_networks)
        + view_s * (n_images * len(recipe.views) + n_validation)
        + step_s * recipe.n_episodes
        + pooled_s * (n_pooled + n_validation)
        + _DRAW_S * recipe.validation_draws * n_tried * len(validation)
    )
    kept_bytes = sum(len(one) * one[0].nbytes for of_set in maps for one in of_set.maps)
    yield Progress(0, say("Timing how fast this computer is"), 3, 3, 0.0, 0.0)
    return Estimate(
        low_s=_LOW * seconds,
        high_s=_HIGH * seconds,
        steps_per_s=1 / step_s if step_s else 0.0,
        views_per_s=1 / view_s,
        n_steps=recipe.n_episodes,
        n_images=n_images,
        n_classes=sum(len(images.class_names) for images in training),
        n_validation=n_validation,
        bytes_on_disk=kept_bytes + n_networks * _ROOTS_BYTES * (n_pooled + n_validation),
    )


def _view_seconds(recipe: Recipe, frozen: FrozenBlocks, sets: Sequence[ImageSet]) -> float:
    """Of a view, decoding included, with all cores at work."""
    preprocessing = frozen.encoder.preprocessing

    def look(work: tuple[ImageSet, int, int]) -> bool:
        images, index, number = work
        view = recipe.views[number % len(recipe.views)].view
        try:
            pixels = images.decode(index)
        except UnreadableImageError:
            return False
        frozen.run(make_view(pixels, view, preprocessing, True, generator_for(index, number)))
        return True

    cores = os.cpu_count() or 1
    random = np.random.default_rng(0)
    drawn = [sets[number % len(sets)] for number in range(_VIEWS_TIMED * cores)]
    works = [
        (images, int(random.integers(len(images))), number) for number, images in enumerate(drawn)
    ]
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(look, works[:cores]))  # The first are slower.
        began = time.perf_counter()
        n_made = sum(pool.map(look, works))
        took = time.perf_counter() - began
    if not n_made:
        raise EngineError(say("None of the training images that were tried can be decoded."))
    return took / n_made


def _empty_maps(
    recipe: Recipe, frozen: FrozenBlocks, sets: Sequence[ImageSet]
) -> list[FeatureMaps]:
    """Maps of no content that have the size, and take no memory."""
    preprocessing = frozen.encoder.preprocessing
    grey = np.full((64, 64, 3), 128, np.uint8)
    made = [
        frozen.run(make_view(grey, rule.view, preprocessing, False, generator_for(0)))
        for rule in recipe.views
        if rule.train
    ]
    embedding = made[0][1]
    return [
        FeatureMaps(
            name=images.name,
            labels=images.labels,
            maps=tuple(np.broadcast_to(one, (len(images), *one.shape)) for one, _ in made),
            target=np.broadcast_to(embedding, (len(images), *embedding.shape)),
            mean=np.zeros_like(embedding),
        )
        for images in sets
    ]


def _step_seconds(recipe: Recipe, frozen: FrozenBlocks, maps: Sequence[FeatureMaps]) -> float:
    """Of a step of the optimizer."""
    network = build_network(frozen.encoder)
    encoder = MapEncoder(network.features[recipe.frozen_blocks :], maps)
    _, loop = anchored(recipe, encoder, maps)
    loop.step()  # The first is slower.
    began = time.perf_counter()
    n_taken = 0
    while n_taken < min(_MOST_STEPS, recipe.n_episodes - 1):
        loop.step()
        n_taken += 1
        if time.perf_counter() - began > _STEPS_TIMED_S:
            break
    return (time.perf_counter() - began) / max(1, n_taken)

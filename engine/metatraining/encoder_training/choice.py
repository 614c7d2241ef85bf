"""From trained blocks to the encoder that a run leaves.

How far the blocks go (weights between two networks that share a start often classify better than
either end, and lose less where training did harm: WiSE-FT, Wortsman et al. 2022) and how much
earlier blocks add to the embedding are chosen together, by what would be shipped: the whole
encoder, against the start as it is.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.encoder.description import LAST_BLOCK, Encoder
from engine.messages import Progress
from engine.metatraining.datasets import ImageSet
from engine.metatraining.encoder_training.blocks import TrainedBlocks, maps_folder
from engine.metatraining.encoder_training.gate import Candidate, Cell, choose, measure
from engine.metatraining.encoder_training.pooled import PooledImages, PooledLayers, build_pooled
from engine.metatraining.encoder_training.projection import fit_projection, project
from engine.metatraining.encoder_training.recipe import Recipe
from engine.metatraining.progress import Counter
from engine.metatraining.views import View
from engine.words import say

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What a run ends with.

    Attributes:
        encoder: with its projection and the mean embedding of the training images.
        share, projection_share: see ``Candidate``.
        gain: mean gain in accuracy over the start as it is; None without validation sets.
        is_start: whether no candidate passed the gate.
        candidates: all that were measured, the start as it is first.
        unreadable: data set -> names of its images that could not be decoded.
    """

    encoder: Encoder
    share: float
    projection_share: float | None
    gain: float | None
    is_start: bool
    candidates: tuple[Candidate, ...]
    unreadable: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """An encoder that may be chosen, but for its mean embedding.

    Attributes:
        network: which of the pooled networks its trunk is.
    """

    share: float
    projection_share: float | None
    network: int
    encoder: Encoder


def choose_encoder(
    recipe: Recipe,
    start: Encoder,
    trained: TrainedBlocks | None,
    training: Sequence[ImageSet],
    validation: Sequence[ImageSet],
    out_dir: Path,
) -> Generator[Progress, None, Choice]:
    """The best on the validation sets that does no harm there; else the start as it is.

    Without validation sets nothing vouches for more than the smallest steps of the recipe.

    Args:
        recipe: of the run.
        start: the encoder it began with, with its projection if it has one.
        trained: where training has led; None where the recipe has no episodes.
        training: the sets that a projection is fitted to.
        validation: the sets that choose.
        out_dir: of the run, where pooled activations are kept.

    Raises:
        EngineError: the folder cannot be read or written.
    """
    rule = recipe.projection
    shares = [0.0] if trained is None else sorted(recipe.interpolation)
    if not validation:
        shares = shares[:1]
    elif trained is not None:
        shares = [0.0, *shares]
    networks = [
        start
        if trained is None or share == 0
        else replace(start, weights=trained.weights_at(share))
        for share in shares
    ]
    layers = PooledLayers(networks, recipe.frozen_blocks, _taps(recipe, start))

    views = () if rule is None else tuple(entry.view for entry in rule.views)
    fitted_to = yield from _pool(True, recipe, training, views, layers, out_dir)
    held_out = yield from _pool(False, recipe, validation, (), layers, out_dir)
    made: list[_Made] = []
    for number, (share, network) in enumerate(zip(shares, networks, strict=True)):
        if rule is not None:
            pooled = [images.of(number, rule.taps) for images in fitted_to]
            fitting = fit_projection(pooled, rule)
            fitted = yield from Counter(2 * len(pooled)).follow(
                say("Fitting the projection"), fitting
            )
            unknown = np.zeros(rule.last_size + rule.earlier_size, np.float32)
            for weight in sorted(rule.shares) if validation else [min(rule.shares)]:
                encoder = replace(network, projection=fitted.at(weight), feature_mean=unknown)
                made.append(_Made(share, weight, number, encoder))
        elif share > 0:
            made.append(_Made(share, None, number, network))

    candidates: tuple[Candidate, ...] = ()
    chosen, gain = made[0], None
    if validation:
        made.insert(0, _Made(0.0, None, 0, start))
        candidates = yield from _measured(recipe, made, held_out)
        best = choose(candidates[0], candidates[1:])
        chosen, gain = made[candidates.index(best)], best.gain_over(candidates[0])
    mean = start.feature_mean
    if chosen.encoder is not start or not mean.any():  # Nobody has measured that of bare weights.
        mean = _mean(chosen, fitted_to)
    return Choice(
        replace(chosen.encoder, feature_mean=mean),
        chosen.share,
        chosen.projection_share,
        gain,
        chosen.encoder is start,
        candidates,
        {pooled.images.name: _unreadable(pooled) for pooled in (*fitted_to, *held_out)},
    )


def _taps(recipe: Recipe, start: Encoder) -> tuple[int, ...]:
    """All that the start's embedding, or one that the recipe fits, is made of."""
    fitted = () if recipe.projection is None else recipe.projection.taps
    own = _taps_of(start)
    return (*fitted, *(tap for tap in own if tap not in fitted))


def _taps_of(encoder: Encoder) -> tuple[int, ...]:
    if encoder.projection is not None:
        return encoder.projection.taps
    return (LAST_BLOCK[encoder.architecture],)


def _pool(
    is_training: bool,
    recipe: Recipe,
    sets: Sequence[ImageSet],
    views: Sequence[View],
    layers: PooledLayers,
    out_dir: Path,
) -> Generator[Progress, None, list[PooledImages]]:
    """What the networks make of the product's view of all images, and of further ones."""
    views = (View(size_px=layers.preprocessing.size_px), *views)
    counter = Counter(len(views) * sum(map(len, sets)))
    found: list[PooledImages] = []
    for images in sets:
        if not found:
            yield counter.progress(say("Preparing the networks"))  # Exporting tells nothing itself.
        may_flip = images.name not in recipe.never_flipped
        folder = maps_folder(out_dir)
        building = build_pooled(images, views, layers, may_flip, recipe.seed, folder)
        text = (
            say("Pooling the training images ({name})", name=images.name)
            if is_training
            else say("Pooling the validation images ({name})", name=images.name)
        )
        found.append((yield from counter.follow(text, building)))
    return found


def _measured(
    recipe: Recipe, made: Sequence[_Made], held_out: Sequence[PooledImages]
) -> Generator[Progress, None, tuple[Candidate, ...]]:
    """The accuracy of every encoder on the validation sets."""
    counter = Counter(len(made) * len(held_out))
    found: list[Candidate] = []
    for tried in made:
        cells: dict[Cell, NDArray[np.float64]] = {}
        for pooled in held_out:
            labels, embeddings = _embedded(pooled, tried)
            cells |= measure(
                pooled.images.name, embeddings, labels, recipe.validation_draws, recipe.seed
            )
            counter.done += 1
            yield counter.progress(say("Validating"))
        found.append(Candidate(tried.share, tried.projection_share, cells))
    return tuple(found)


def _mean(made: _Made, sets: Sequence[PooledImages]) -> Floats:
    """The mean embedding (d,) over all images of all sets."""
    total, n_images = np.zeros(0), 0
    for pooled in sets:
        _, embeddings = _embedded(pooled, made)
        summed = embeddings.sum(0, dtype=np.float64)
        total = summed if n_images == 0 else total + summed
        n_images += len(embeddings)
    mean: Floats = (total / n_images).astype(np.float32)
    return mean


def _embedded(pooled: PooledImages, made: _Made) -> tuple[NDArray[np.int64], Floats]:
    """Labels and embeddings (n_images, d), rounded as the graph's."""
    of_network = pooled.of(made.network, _taps_of(made.encoder))
    if made.encoder.projection is not None:
        return of_network.labels, project(of_network.plain, made.encoder.projection)
    return of_network.labels, of_network.plain.astype(np.float16).astype(np.float32)


def _unreadable(pooled: PooledImages) -> tuple[str, ...]:
    return tuple(pooled.images.image_names[index] for index in np.flatnonzero(~pooled.readable))

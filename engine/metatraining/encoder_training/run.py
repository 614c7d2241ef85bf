"""One meta-training run, from image sets to a new encoder file.

The generator's every step is short, so that a run can be shown, cancelled and resumed: maps of all
views, then episodes with checkpoints, then the choice among interpolated weights, then the
projection of several blocks' activations to one embedding.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from engine.encoder.encoder_file import (
    LAST_BLOCK,
    LAYER_SIZES,
    Encoder,
    Projection,
    encoder_from_weights,
    holds_bare_weights,
    load_encoder,
    save_encoder,
    shipped_encoder_path,
    write_whole,
)
from engine.encoder.network import build_network, weights_of
from engine.errors import EngineError, sentence_for
from engine.messages import Progress
from engine.metatraining.aggregation import interpolate
from engine.metatraining.algorithms.anchored import AnchoredPrototypes
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.encoder_training.gate import (
    GATE_HEADS,
    GATE_SHOTS,
    Candidate,
    Cell,
    choose,
    embed_maps,
)
from engine.metatraining.encoder_training.label_draws import HEADS, accuracies, draw_labels
from engine.metatraining.encoder_training.map_tasks import MapEncoder, MapSource
from engine.metatraining.encoder_training.maps import (
    UNREADABLE,
    FeatureMaps,
    FrozenBlocks,
    PooledLayers,
    build_maps,
    build_pooled,
)
from engine.metatraining.encoder_training.projection import (
    FittedProjection,
    PooledSet,
    fit_projection,
    project,
)
from engine.metatraining.encoder_training.recipe import ProjectionRule, Recipe, ViewRule
from engine.metatraining.episodes import EpisodeSampler
from engine.metatraining.epochs import CHECKPOINT_NAME, Epochs, RunRecord, train
from engine.metatraining.loop import TrainingLoop
from engine.metatraining.optimizers import Precision
from engine.metatraining.processes import alone
from engine.metatraining.views import View

ENCODER_NAME: Final = "encoder.safetensors"
RECORD_NAME: Final = "record.json"
_MAPS_NAME: Final = "maps"
_AFTER_TRAINING: Final = ("name", "interpolation", "validation_draws", "projection")


@dataclass(frozen=True, slots=True)
class MetaTrained:
    """What a run has left in its folder.

    Attributes:
        encoder_path: the new encoder.
        record_path: recipe, versions, data, losses and scores, as JSON.
        share: how far it lies from the start weights (0) towards the trained ones (1); 0 where no
            candidate passed the gate.
        projection_share: the weight of what earlier blocks add to the embedding; 0 where no
            candidate passed the gate and it is the root of the last activation; None where the
            recipe fits no projection.
        validation_gain: mean gain in accuracy over the validation sets; None without any.
    """

    encoder_path: Path
    record_path: Path
    share: float
    projection_share: float | None
    validation_gain: float | None


def meta_train(
    recipe: Recipe,
    data_paths: Sequence[Path],
    out_dir: Path,
    resume: bool = False,
    validation_paths: Sequence[Path] = (),
) -> Generator[Progress, None, MetaTrained]:
    """Meta-train an encoder.

    Closing the generator, or an exception between two episodes, leaves a checkpoint; ``resume``
    goes on from it with the same result as without the interruption. Feature maps are kept in
    ``out_dir/maps`` (about 0.1 MB for each training image of the shipped recipe) and used again.

    Args:
        recipe: what to do.
        data_paths: image sets to train on: folders, tar files, or folders of these.
        out_dir: made where missing; gets the encoder, the checkpoint and the record.
        resume: go on from the checkpoint in ``out_dir``, if there is one.
        validation_paths: image sets that choose among interpolated weights. Without any the
            smallest share is taken, since nothing vouches for more.

    Raises:
        EngineError: data, recipe or folder cannot be used, or the folder holds another run.
    """
    began = time.monotonic()
    encoder = _load_start(recipe)
    if recipe.views[0].view.size_px != encoder.preprocessing.size_px:
        raise EngineError(
            f"The recipe's first view is {recipe.views[0].view.size_px} px, but the encoder to "
            f"start from takes {encoder.preprocessing.size_px} px."
        )
    training = open_image_sets(data_paths)
    validation = open_image_sets(validation_paths)
    _check_data(recipe, training, validation)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(sentence_for(error, out_dir, "make the folder")) from error
    if not resume and ((out_dir / CHECKPOINT_NAME).exists() or (out_dir / RECORD_NAME).exists()):
        raise EngineError(
            f"{out_dir} holds a run already; choose another folder, or go on with it (--resume)."
        )

    stages = _Stages(recipe, training, validation, out_dir)
    trained = replace(encoder, projection=None, feature_mean=_no_mean(encoder))
    if recipe.n_episodes > 0:
        trained = yield from stages.train_blocks(trained, resume)
    if recipe.projection is not None:
        trained = yield from stages.fit(trained, recipe.projection)
    elif encoder.projection is not None:
        trained = yield from stages.keep(trained, encoder.projection)

    record = {
        "recipe": _as_json(recipe),
        "start": encoder.fingerprint,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "onnxruntime": onnxruntime.__version__,
            "numpy": np.__version__,
        },
        **stages.record,
    }
    trained = replace(
        trained,
        name=recipe.name,
        metadata={
            **encoder.metadata,
            "provenance": f"Meta-trained by Handful from {encoder.name!r}.",
            "start": {
                "name": encoder.name,
                "fingerprint": encoder.fingerprint,
                "provenance": encoder.metadata.get("provenance", ""),
            },
            "meta_training": record,
        },
    )
    save_encoder(trained, out_dir / ENCODER_NAME)
    record_path = out_dir / RECORD_NAME
    timed = {
        **record,
        "encoder": trained.fingerprint,
        "seconds": round(time.monotonic() - began, 1),
    }
    try:
        write_whole(record_path, (json.dumps(timed, indent=1) + "\n").encode())
    except OSError as error:
        raise EngineError(sentence_for(error, record_path, "write the record")) from error
    yield _progress("Done", 1, 1, began)
    return MetaTrained(
        out_dir / ENCODER_NAME, record_path, stages.share, stages.projection_share, stages.gain
    )


class _Stages:
    """What a run does one after the other, and what it notes of it.

    Attributes:
        record: JSON values for the record.
        share: how far the blocks were moved; 0 where they were not trained.
        projection_share: see ``MetaTrained``.
        gain: see ``MetaTrained``.
    """

    def __init__(
        self,
        recipe: Recipe,
        training: Sequence[ImageSet],
        validation: Sequence[ImageSet],
        out_dir: Path,
    ) -> None:
        self._recipe = recipe
        self._training = training
        self._validation = validation
        self._out_dir = out_dir
        self._maps_folder = out_dir / _MAPS_NAME
        self._start_accuracy: Candidate | None = None
        self.record: dict[str, Any] = {}
        self.share = 0.0
        self.projection_share: float | None = None
        self.gain: float | None = None

    def train_blocks(self, encoder: Encoder, resume: bool) -> Generator[Progress, None, Encoder]:
        """Train the last blocks on episodes; the embedding is the root of the last activation."""
        recipe = self._recipe
        network = build_network(encoder)
        frozen = FrozenBlocks(encoder, recipe.frozen_blocks)
        training_maps = yield from _all_maps(
            "Embedding the training images",
            self._training,
            recipe.views,
            frozen,
            recipe,
            self._maps_folder,
        )
        plain = (ViewRule(View(size_px=encoder.preprocessing.size_px)),)
        validation_maps = yield from _all_maps(
            "Embedding the validation images",
            self._validation,
            plain,
            frozen,
            recipe,
            self._maps_folder,
        )

        blocks = MapEncoder(network.features[recipe.frozen_blocks :], training_maps)
        algorithm, loop = _anchored(recipe, blocks, training_maps)
        start_weights = _copy_of(blocks.blocks)
        checkpoint = self._out_dir / CHECKPOINT_NAME
        described: dict[str, Any] = {
            "recipe": _as_json(recipe),
            "start": encoder.fingerprint,
            "data": _describe(
                self._training, [maps.labels == UNREADABLE for maps in training_maps]
            ),
        }
        # What comes after training may be chosen anew on resuming.
        fixed = {**described, "recipe": {**described["recipe"], **dict.fromkeys(_AFTER_TRAINING)}}
        if resume and checkpoint.exists():
            loop.load(checkpoint, fixed)
        run = RunRecord(self._out_dir, {**described, "seed": recipe.seed}, alone(), loop.n_done)
        try:
            every = recipe.checkpoint_every
            yield from train(loop, Epochs(every, every), _unvalidated, checkpoint, fixed, run)
        finally:
            run.close()

        trained_weights = _copy_of(blocks.blocks)
        candidates: list[Candidate] = []
        for share in (0.0, *recipe.interpolation) if validation_maps else ():
            blocks.blocks.load_state_dict(interpolate(start_weights, trained_weights, share))
            accuracy = yield from _evaluate(blocks.blocks, validation_maps, recipe, share)
            candidates.append(Candidate(share, accuracy))
        if candidates:
            self._start_accuracy = candidates[0]
            chosen = choose(candidates[0], candidates[1:])
            self.share, self.gain = chosen.share, chosen.gain_over(candidates[0])
        else:
            self.share = min(recipe.interpolation)

        blocks.blocks.load_state_dict(interpolate(start_weights, trained_weights, self.share))
        feature_mean = yield from _feature_mean(blocks.blocks, training_maps)
        self.record |= {
            "data": described["data"],
            "validation": _describe(
                self._validation, [maps.labels == UNREADABLE for maps in validation_maps]
            ),
            "n_episodes": loop.n_done,
            "learned_scale": algorithm.scale,
            "share": self.share,
            "validation_gain": self.gain,
            "candidates": [_candidate_as_json(candidate) for candidate in candidates],
        }
        return replace(encoder, weights=weights_of(network), feature_mean=feature_mean)

    def fit(self, encoder: Encoder, rule: ProjectionRule) -> Generator[Progress, None, Encoder]:
        """Fit the projection to the chosen weights; validation chooses the share of its parts.

        Where no share passes the gate the embedding stays the root of the last activation.
        """
        recipe = self._recipe
        layers = PooledLayers(encoder, rule.taps)
        plain = View(size_px=encoder.preprocessing.size_px)
        views = (plain, *(entry.view for entry in rule.views))
        training = yield from self._pooled(
            "Pooling the training images", self._training, views, layers
        )
        validation = yield from self._pooled(
            "Pooling the validation images", self._validation, (plain,), layers
        )
        began, done, fitting = time.monotonic(), 0, fit_projection(training, rule)
        while True:
            try:
                done += next(fitting)
            except StopIteration as finished:
                fitted: FittedProjection = finished.value
                break
            yield _progress("Fitting the projection", done, 2 * len(training), began)

        n_last = LAYER_SIZES[encoder.architecture][rule.taps[0]]
        if self._start_accuracy is None and validation:
            accuracy = yield from _accuracy_of(
                [(pooled, pooled.plain[:, :n_last]) for pooled in validation], recipe, 0.0
            )
            self._start_accuracy = Candidate(0.0, accuracy)
        candidates: list[Candidate] = []
        for share in rule.shares if validation else ():
            tried = fitted.at(share)
            embedded = [(pooled, project(pooled.plain, tried)) for pooled in validation]
            accuracy = yield from _accuracy_of(embedded, recipe, share)
            candidates.append(Candidate(share, accuracy))
        share = min(rule.shares)
        if self._start_accuracy is not None and candidates:
            chosen = choose(self._start_accuracy, candidates)
            share, self.gain = chosen.share, chosen.gain_over(self._start_accuracy)
        self.projection_share = share
        self.record |= {
            "projection_share": share,
            "projection_gain": self.gain,
            "projection_candidates": [
                _candidate_as_json(candidate)
                for candidate in (self._start_accuracy, *candidates)
                if candidate is not None
            ],
        }
        projection = fitted.at(share) if share > 0 else None
        embeddings = [
            pooled.plain[:, :n_last] if projection is None else project(pooled.plain, projection)
            for pooled in training
        ]
        return replace(encoder, projection=projection, feature_mean=_mean_of(embeddings))

    def keep(self, encoder: Encoder, projection: Projection) -> Generator[Progress, None, Encoder]:
        """Put the start's projection behind the chosen weights, from which they went not far."""
        training = yield from self._pooled(
            "Pooling the training images",
            self._training,
            (View(size_px=encoder.preprocessing.size_px),),
            PooledLayers(encoder, projection.taps),
        )
        embeddings = [project(pooled.plain, projection) for pooled in training]
        return replace(encoder, projection=projection, feature_mean=_mean_of(embeddings))

    def _pooled(
        self, text: str, sets: Sequence[ImageSet], views: Sequence[View], layers: PooledLayers
    ) -> Generator[Progress, None, list[PooledSet]]:
        recipe, total = self._recipe, len(views) * sum(map(len, sets))
        began, done = time.monotonic(), 0
        found: list[PooledSet] = []
        unreadable_of: list[NDArray[np.bool_]] = []
        for images in sets:
            may_flip = images.name not in recipe.never_flipped
            parts: list[NDArray[np.float32]] = []
            for number, view in enumerate(views):
                building = build_pooled(
                    images, view, number, layers, may_flip, recipe.seed, self._maps_folder
                )
                while True:
                    try:
                        done += next(building)
                    except StopIteration as finished:
                        parts.append(finished.value)
                        break
                    yield _progress(f"{text} ({images.name})", done, total, began)
            unreadable = np.isnan(parts[0][:, 0])
            if unreadable.all():
                raise EngineError(
                    f"None of the images of the data set {images.name!r} can be decoded."
                )
            plain, *others = (part[~unreadable] for part in parts)
            found.append(PooledSet(images.name, images.labels[~unreadable], plain, tuple(others)))
            unreadable_of.append(unreadable)
        key = "data" if sets is self._training else "validation"
        self.record[key] = _describe(sets, unreadable_of)
        return found


def _load_start(recipe: Recipe) -> Encoder:
    path = recipe.start or shipped_encoder_path()
    if not holds_bare_weights(path):
        return load_encoder(path)
    name = recipe.start_name or path.stem
    return encoder_from_weights(path, name, recipe.start_provenance, recipe.start_licence)


def _mean_of(embeddings: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean embedding (d,) over all images of all sets."""
    total = np.sum([part.sum(0, dtype=np.float64) for part in embeddings], axis=0)
    mean: NDArray[np.float32] = (total / sum(map(len, embeddings))).astype(np.float32)
    return mean


def _no_mean(encoder: Encoder) -> NDArray[np.float32]:
    """The mean embedding of a network without a projection that nobody has measured yet."""
    size = LAYER_SIZES[encoder.architecture][LAST_BLOCK[encoder.architecture]]
    return np.zeros(size, np.float32)


def _copy_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def _check_data(
    recipe: Recipe, training: Sequence[ImageSet], validation: Sequence[ImageSet]
) -> None:
    if not training:
        raise EngineError("No data sets were given to train on.")
    names = {images.name for images in training}
    for images in validation:
        if images.name in names:
            raise EngineError(
                f"The data set {images.name!r} is given both to train and to validate on."
            )
    for named in sorted({*recipe.mixture, *recipe.never_flipped} - names):
        raise EngineError(
            f"The recipe names the data set {named!r}, which is not among those given "
            f"({', '.join(sorted(names))})."
        )


def _all_maps(
    text: str,
    sets: Sequence[ImageSet],
    rules: Sequence[ViewRule],
    frozen: FrozenBlocks,
    recipe: Recipe,
    folder: Path,
) -> Generator[Progress, None, list[FeatureMaps]]:
    total = len(rules) * sum(len(images) for images in sets)
    began, done = time.monotonic(), 0
    found: list[FeatureMaps] = []
    for images in sets:
        may_flip = images.name not in recipe.never_flipped
        building = build_maps(images, rules, frozen, may_flip, recipe.seed, folder)
        while True:
            try:
                done += next(building)
            except StopIteration as finished:
                found.append(finished.value)
                break
            yield _progress(f"{text} ({images.name})", done, total, began)
    return found


def _anchored(
    recipe: Recipe, encoder: MapEncoder, sets: Sequence[FeatureMaps]
) -> tuple[AnchoredPrototypes, TrainingLoop]:
    """The algorithm that trains the encoder, and the loop that runs it."""
    loss = recipe.loss
    algorithm = AnchoredPrototypes(encoder, loss.episode, loss.anchor, loss.scale, loss.scale_rate)
    sampler = EpisodeSampler(
        [maps.name for maps in sets],
        [maps.labels for maps in sets],
        [recipe.mixture.get(maps.name, 1.0) for maps in sets],
        recipe.episodes,
    )
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


def _unvalidated() -> Generator[Progress, None, None]:
    """Validation comes after the training, when the share of the way is chosen."""
    return
    yield


def _evaluate(
    blocks: nn.Module, sets: Sequence[FeatureMaps], recipe: Recipe, share: float
) -> Generator[Progress, None, dict[Cell, NDArray[np.float64]]]:
    began = time.monotonic()
    total = sum(len(maps.labels) for maps in sets)
    done = 0
    accuracy: dict[Cell, NDArray[np.float64]] = {}
    for maps in sets:
        parts: list[NDArray[np.float32]] = []
        while sum(map(len, parts)) < len(maps.labels):
            parts.append(embed_maps(blocks, maps, sum(map(len, parts))))
            done += len(parts[-1])
            yield _progress(f"Validating {share:.2f} of the way", done, total, began)
        readable = maps.labels != UNREADABLE
        embeddings, labels = np.concatenate(parts)[readable], maps.labels[readable]
        for cell, values in _cells(maps.name, embeddings, labels, recipe):
            accuracy[cell] = values
            yield _progress(f"Validating {share:.2f} of the way", done, total, began)
    return accuracy


def _accuracy_of(
    embedded: Sequence[tuple[PooledSet, NDArray[np.float32]]], recipe: Recipe, share: float
) -> Generator[Progress, None, dict[Cell, NDArray[np.float64]]]:
    began = time.monotonic()
    accuracy: dict[Cell, NDArray[np.float64]] = {}
    for done, (pooled, embeddings) in enumerate(embedded):
        for cell, values in _cells(pooled.name, embeddings, pooled.labels, recipe):
            accuracy[cell] = values
            yield _progress(f"Validating share {share:.2f}", done, len(embedded), began)
    return accuracy


def _cells(
    name: str, embeddings: NDArray[np.float32], labels: NDArray[np.int64], recipe: Recipe
) -> Iterator[tuple[Cell, NDArray[np.float64]]]:
    for n_shot in GATE_SHOTS:
        draws = draw_labels(labels, n_shot, recipe.validation_draws, recipe.seed)
        for head in GATE_HEADS:
            yield (name, head, n_shot), accuracies(embeddings, labels, HEADS[head], draws)


def _feature_mean(
    blocks: nn.Module, sets: Sequence[FeatureMaps]
) -> Generator[Progress, None, NDArray[np.float32]]:
    """The mean embedding over all readable training images."""
    began, done = time.monotonic(), 0
    total = sum(len(maps.labels) for maps in sets)
    summed, n_images = np.zeros(0, np.float64), 0
    for maps in sets:
        first = 0
        while first < len(maps.labels):
            embeddings = embed_maps(blocks, maps, first)
            kept = embeddings[maps.labels[first : first + len(embeddings)] != UNREADABLE]
            part = kept.sum(0, dtype=np.float64)
            summed = part if n_images == 0 else summed + part
            n_images += len(kept)
            first += len(embeddings)
            done += len(embeddings)
            yield _progress("Averaging the training embeddings", done, total, began)
    mean: NDArray[np.float32] = (summed / n_images).astype(np.float32)
    return mean


def _progress(text: str, done: int, total: int, began: float) -> Progress:
    elapsed = max(time.monotonic() - began, 1e-6)
    rate = done / elapsed
    left = (total - done) / rate if rate > 0 else 0.0
    return Progress(0, text, done, total, rate, max(left, 0.0))


def _describe(
    sets: Sequence[ImageSet], unreadable: Sequence[NDArray[np.bool_]]
) -> list[dict[str, Any]]:
    return [
        {
            "name": images.name,
            "n_images": len(images),
            "n_classes": len(images.class_names),
            "unreadable": [images.image_names[index] for index in np.flatnonzero(missing)],
        }
        for images, missing in zip(sets, unreadable, strict=True)
    ]


def _candidate_as_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "share": candidate.share,
        "accuracy": [
            {"set": name, "head": head, "n_shot": n_shot, "mean": round(float(values.mean()), 5)}
            for (name, head, n_shot), values in candidate.accuracy.items()
        ],
    }


def _as_json(recipe: Recipe) -> dict[str, Any]:
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

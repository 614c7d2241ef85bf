"""One meta-training run, from image sets to a new encoder file.

The generator's every step is short, so that a run can be shown, cancelled and resumed: maps of all
views, then episodes with checkpoints, then the choice among interpolated weights.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from engine.encoder.encoder_file import (
    Encoder,
    load_encoder,
    save_encoder,
    shipped_encoder_path,
    write_whole,
)
from engine.encoder.network import build_network, weights_of
from engine.errors import EngineError, sentence_for
from engine.messages import Progress
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.evaluation import HEADS, accuracies, draw_labels
from engine.metatraining.interpolation import (
    GATE_HEADS,
    GATE_SHOTS,
    Candidate,
    Cell,
    choose,
    embed_maps,
    mix,
)
from engine.metatraining.maps import UNREADABLE, FeatureMaps, FrozenBlocks, build_maps
from engine.metatraining.recipe import Recipe, ViewRule
from engine.metatraining.training import StepReport, Trainer
from engine.metatraining.views import View

ENCODER_NAME: Final = "encoder.safetensors"
CHECKPOINT_NAME: Final = "checkpoint.safetensors"
RECORD_NAME: Final = "record.json"
_MAPS_NAME: Final = "maps"
_AFTER_TRAINING: Final = ("name", "interpolation", "validation_draws")


@dataclass(frozen=True, slots=True)
class MetaTrained:
    """What a run has left in its folder.

    Attributes:
        encoder_path: the new encoder.
        record_path: recipe, versions, data, losses and scores, as JSON.
        share: how far it lies from the start weights (0) towards the trained ones (1); 0 where no
            candidate passed the gate.
        validation_gain: mean gain in accuracy over the validation sets; None without any.
    """

    encoder_path: Path
    record_path: Path
    share: float
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
    encoder = load_encoder(recipe.start or shipped_encoder_path())
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

    if not resume and (out_dir / CHECKPOINT_NAME).exists():
        raise EngineError(
            f"{out_dir} holds a run already; choose another folder, or go on with it (--resume)."
        )

    network = build_network(encoder)
    maps_folder = out_dir / _MAPS_NAME
    frozen = FrozenBlocks(encoder, recipe.frozen_blocks)
    training_maps = yield from _all_maps(
        "Embedding the training images", training, recipe.views, frozen, recipe, maps_folder
    )
    plain = (ViewRule(View(size_px=encoder.preprocessing.size_px)),)
    validation_maps = yield from _all_maps(
        "Embedding the validation images", validation, plain, frozen, recipe, maps_folder
    )

    trainer = Trainer(network, training_maps, recipe)
    start_weights = {name: tensor.clone() for name, tensor in trainer.trained.state_dict().items()}
    checkpoint = out_dir / CHECKPOINT_NAME
    described: dict[str, Any] = {
        "recipe": _as_json(recipe),
        "start": encoder.fingerprint,
        "data": _describe(training, training_maps),
    }
    # What comes after training may be chosen anew on resuming.
    fixed = {**described, "recipe": {**described["recipe"], **dict.fromkeys(_AFTER_TRAINING)}}
    if resume and checkpoint.exists():
        trainer.load_checkpoint(checkpoint, fixed)
    yield from _episodes(trainer, recipe, checkpoint, fixed)

    trained_weights = {
        name: tensor.clone() for name, tensor in trainer.trained.state_dict().items()
    }
    candidates: list[Candidate] = []
    shares = (0.0, *recipe.interpolation) if validation_maps else ()
    for share in shares:
        trainer.trained.load_state_dict(mix(start_weights, trained_weights, share))
        accuracy = yield from _evaluate(trainer, validation_maps, recipe, share)
        candidates.append(Candidate(share, accuracy))
    if candidates:
        chosen = choose(candidates[0], candidates[1:])
        share, gain = chosen.share, chosen.gain_over(candidates[0])
    else:
        share, gain = min(recipe.interpolation), None

    trainer.trained.load_state_dict(mix(start_weights, trained_weights, share))
    feature_mean = yield from _feature_mean(trainer, training_maps)
    record = {
        **described,
        "validation": _describe(validation, validation_maps),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "onnxruntime": onnxruntime.__version__,
            "numpy": np.__version__,
        },
        "n_episodes": trainer.n_done,
        "learned_scale": trainer.scale,
        "share": share,
        "validation_gain": gain,
        "candidates": [_candidate_as_json(candidate) for candidate in candidates],
    }
    trained = Encoder(
        name=recipe.name,
        architecture=encoder.architecture,
        weights=weights_of(network),
        feature_mean=feature_mean,
        preprocessing=encoder.preprocessing,
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
    record["encoder"] = trained.fingerprint
    record["seconds"] = round(time.monotonic() - began, 1)
    save_encoder(trained, out_dir / ENCODER_NAME)
    record_path = out_dir / RECORD_NAME
    try:
        write_whole(record_path, (json.dumps(record, indent=1) + "\n").encode())
    except OSError as error:
        raise EngineError(sentence_for(error, record_path, "write the record")) from error
    yield _progress("Done", recipe.n_episodes, recipe.n_episodes, began)
    return MetaTrained(out_dir / ENCODER_NAME, record_path, share, gain)


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


def _episodes(
    trainer: Trainer, recipe: Recipe, checkpoint: Path, described: dict[str, Any]
) -> Iterator[Progress]:
    began, first = time.monotonic(), trainer.n_done
    saved = trainer.n_done
    recent: list[StepReport] = []
    stepping = False
    try:
        while trainer.n_done < recipe.n_episodes:
            stepping = True
            recent = [*recent[-199:], trainer.step()]
            stepping = False
            if trainer.n_done % recipe.checkpoint_every == 0:
                trainer.save_checkpoint(checkpoint, described)
                saved = trainer.n_done
            text = (
                f"Meta-training: accuracy {np.mean([step.accuracy for step in recent]):.3f}, "
                f"anchor {np.mean([step.anchor_loss for step in recent]):.4f}"
            )
            yield _progress(text, trainer.n_done, recipe.n_episodes, began, first)
    finally:
        # Interrupted inside a step the weights may be half updated: the last checkpoint stands.
        if not stepping and saved != trainer.n_done:
            trainer.save_checkpoint(checkpoint, described)


def _evaluate(
    trainer: Trainer, sets: Sequence[FeatureMaps], recipe: Recipe, share: float
) -> Generator[Progress, None, dict[Cell, NDArray[np.float64]]]:
    began = time.monotonic()
    total = sum(len(maps.labels) for maps in sets)
    done = 0
    accuracy: dict[Cell, NDArray[np.float64]] = {}
    for maps in sets:
        parts: list[NDArray[np.float32]] = []
        while sum(map(len, parts)) < len(maps.labels):
            parts.append(embed_maps(trainer.trained, maps, sum(map(len, parts))))
            done += len(parts[-1])
            yield _progress(f"Validating {share:.2f} of the way", done, total, began)
        readable = maps.labels != UNREADABLE
        embeddings, labels = np.concatenate(parts)[readable], maps.labels[readable]
        for n_shot in GATE_SHOTS:
            draws = draw_labels(labels, n_shot, recipe.validation_draws, recipe.seed)
            for head in GATE_HEADS:
                accuracy[maps.name, head, n_shot] = accuracies(
                    embeddings, labels, HEADS[head], draws
                )
                yield _progress(f"Validating {share:.2f} of the way", done, total, began)
    return accuracy


def _feature_mean(
    trainer: Trainer, sets: Sequence[FeatureMaps]
) -> Generator[Progress, None, NDArray[np.float32]]:
    """The mean embedding over all readable training images."""
    began, done = time.monotonic(), 0
    total = sum(len(maps.labels) for maps in sets)
    summed, n_images = np.zeros(0, np.float64), 0
    for maps in sets:
        first = 0
        while first < len(maps.labels):
            embeddings = embed_maps(trainer.trained, maps, first)
            kept = embeddings[maps.labels[first : first + len(embeddings)] != UNREADABLE]
            part = kept.sum(0, dtype=np.float64)
            summed = part if n_images == 0 else summed + part
            n_images += len(kept)
            first += len(embeddings)
            done += len(embeddings)
            yield _progress("Averaging the training embeddings", done, total, began)
    mean: NDArray[np.float32] = (summed / n_images).astype(np.float32)
    return mean


def _progress(text: str, done: int, total: int, began: float, first: int = 0) -> Progress:
    """``first``: what was done before the clock ``began`` to run."""
    elapsed = max(time.monotonic() - began, 1e-6)
    rate = (done - first) / elapsed
    left = (total - done) / rate if rate > 0 else 0.0
    return Progress(0, text, done, total, rate, max(left, 0.0))


def _describe(sets: Sequence[ImageSet], all_maps: Sequence[FeatureMaps]) -> list[dict[str, Any]]:
    return [
        {
            "name": images.name,
            "n_images": len(images),
            "n_classes": len(images.class_names),
            "unreadable": [
                images.image_names[index] for index in np.flatnonzero(maps.labels == UNREADABLE)
            ],
        }
        for images, maps in zip(sets, all_maps, strict=True)
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
    }

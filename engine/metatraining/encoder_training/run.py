"""One meta-training run, from image sets to a new encoder file.

Every step of the generator is short, so that a run can be shown, cancelled and resumed: feature
maps of all views, episodes with checkpoints (``blocks``), then the choice of what to make of them
(``choice``).
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime

from engine.encoder.description import Encoder
from engine.encoder.encoder_file import open_encoder, save_encoder, shipped_encoder_path
from engine.errors import EngineError, UnreadableImageError, sentence_for
from engine.files import write_whole
from engine.messages import Progress
from engine.metatraining.datasets import (
    ImageSet,
    digest_of,
    digesting,
    open_image_sets,
)
from engine.metatraining.encoder_training.blocks import (
    TrainedBlocks,
    begin_run,
    describe,
    train_blocks,
)
from engine.metatraining.encoder_training.choice import Choice, choose_encoder
from engine.metatraining.encoder_training.gate import Candidate
from engine.metatraining.encoder_training.pooled import trunk_of
from engine.metatraining.encoder_training.recipe import Recipe
from engine.metatraining.epochs import CHECKPOINT_NAME, RunRecord
from engine.metatraining.progress import Counter
from engine.words import Sentence, say

ENCODER_NAME: Final = "encoder.safetensors"
RECORD_NAME: Final = "record.json"


@dataclass(frozen=True, slots=True)
class MetaTrained:
    """What a run has left in its folder.

    Attributes:
        encoder_path: the new encoder, or the start as it was.
        record_path: recipe, versions, data, losses and scores, as JSON.
        share: how far its blocks lie from the start (0) towards the trained ones (1); 0 also where
            no candidate passed the gate, and the encoder is the start as it was.
        projection_share: the weight of what earlier blocks add to the embedding; None where no
            projection was fitted, or none passed the gate.
        validation_gain: mean gain in accuracy over the validation sets, against the start as it
            was; None without any.
        is_start: whether nothing passed the gate, so that the encoder is the start.
    """

    encoder_path: Path
    record_path: Path
    share: float
    projection_share: float | None
    validation_gain: float | None
    is_start: bool

    def told(self) -> tuple[Sentence, ...]:
        """The same in sentences."""
        where = say(
            "The encoder is {encoder}, the record {record}.",
            encoder=self.encoder_path,
            record=self.record_path,
        )
        if self.validation_gain is None:
            return where, say(
                "Without validation sets only the smallest step away from the start was taken."
            )
        if self.is_start:
            return where, say(
                "Nothing was better on the validation sets without harm to one: it is the start."
            )
        points = 100 * self.validation_gain
        return where, say("On the validation sets it is {points:.2f} points better.", points=points)


def meta_train(
    recipe: Recipe,
    data_paths: Sequence[Path],
    out_dir: Path,
    resume: bool = False,
    validation_paths: Sequence[Path] = (),
) -> Generator[Progress, None, MetaTrained]:
    """Meta-train an encoder.

    Closing the generator, or an exception between two episodes, leaves a checkpoint; ``resume``
    goes on from it with the same result as without the interruption. What is computed once for
    every image is kept in ``out_dir/maps`` (about 0.2 MB for each training image of the shipped
    recipe) and used again.

    Args:
        recipe: what to do.
        data_paths: image sets to train on: folders, tar files, or folders of these.
        out_dir: made where missing; gets the encoder, the checkpoint and the record.
        resume: go on from the checkpoint in ``out_dir``, if there is one.
        validation_paths: image sets that choose among what the training offers. Without any the
            smallest shares are taken, since nothing vouches for more.

    Raises:
        EngineError: data, recipe or folder cannot be used, or the folder holds another run.
    """
    start = open_encoder(
        recipe.start or shipped_encoder_path(),
        recipe.start_name,
        recipe.start_provenance,
        recipe.start_licence,
    )
    if recipe.views[0].view.size_px != start.preprocessing.size_px:
        raise EngineError(
            say(
                "The recipe's first view is {view} px, but the encoder to start from takes {size} "
                "px.",
                view=recipe.views[0].view.size_px,
                size=start.preprocessing.size_px,
            )
        )
    training = open_image_sets(data_paths)
    validation = open_image_sets(validation_paths)
    if not resume and ((out_dir / CHECKPOINT_NAME).exists() or (out_dir / RECORD_NAME).exists()):
        raise EngineError(
            say(
                "{path} holds a run already; choose another folder, or go on with it (--resume).",
                path=out_dir,
            )
        )
    yield from read_data((*training, *validation))
    check_data(recipe, training, validation)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(sentence_for(error, out_dir, say("make the folder"))) from error

    trunk = trunk_of(start)
    run = begin_run(recipe, trunk, training, out_dir, resume, (ENCODER_NAME, RECORD_NAME))
    try:
        yield from _check_readable(validation)
        trained: TrainedBlocks | None = None
        if recipe.n_episodes > 0:
            trained = yield from train_blocks(recipe, trunk, training, out_dir, resume, run)
        choice = yield from choose_encoder(recipe, start, trained, training, validation, out_dir)
    finally:
        run.close()

    record = _record_of(run, start, trained, choice, training, validation)
    encoder = replace(
        choice.encoder,
        name=recipe.name,
        metadata={
            **start.metadata,
            "provenance": f"Meta-trained by Handful from {start.name!r}.",
            "start": {
                "name": start.name,
                "fingerprint": start.fingerprint,
                # What it was trained on, the new encoder has seen, too.
                **{
                    key: start.metadata[key]
                    for key in ("provenance", "meta_training", "start")
                    if key in start.metadata
                },
            },
            "meta_training": record,
        },
    )
    if choice.is_start:
        encoder = replace(encoder, name=start.name, metadata=start.metadata)
    save_encoder(encoder, out_dir / ENCODER_NAME)
    record_path = out_dir / RECORD_NAME
    whole = {
        **record,
        "encoder": encoder.fingerprint,
        "candidates": [_as_json(candidate) for candidate in choice.candidates],
        "seconds": round(run.seconds, 1),
    }
    try:
        write_whole(record_path, (json.dumps(whole, indent=1) + "\n").encode())
    except OSError as error:
        raise EngineError(sentence_for(error, record_path, say("write the record"))) from error
    yield Progress(0, say("Done"), 1, 1, 0.0, 0.0)
    return MetaTrained(
        out_dir / ENCODER_NAME,
        record_path,
        choice.share,
        choice.projection_share,
        choice.gain,
        choice.is_start,
    )


def read_data(sets: Sequence[ImageSet]) -> Generator[Progress, None, None]:
    """Read all images once, by which ``check_data`` and what is kept tell data apart."""
    counter = Counter(sum(map(len, sets)))
    for images in sets:
        text = say("Reading the images ({name})", name=images.name)
        yield counter.progress(text)
        yield from counter.follow(text, digesting(images))


def check_data(
    recipe: Recipe, training: Sequence[ImageSet], validation: Sequence[ImageSet]
) -> None:
    """Refuse data that a run could not be made of, with EngineError."""
    if not training:
        raise EngineError(say("No data sets were given to train on."))
    names = {images.name for images in training}
    digests = {digest_of(images): images.name for images in training}
    for images in validation:
        same = digests.get(digest_of(images))
        if same is not None:
            raise EngineError(
                say(
                    "The data set {name!r} is given both to train and to validate on.",
                    name=same,
                )
                if same == images.name
                else say(
                    "The data set {name!r}, also {other!r}, is given both to train and to validate "
                    "on.",
                    name=same,
                    other=images.name,
                )
            )
        if images.name in names:
            raise EngineError(
                say(
                    "Two data sets are named {name!r}, one to train and one to validate on; give "
                    "one of them another name.",
                    name=images.name,
                )
            )
    for named in sorted({*recipe.mixture, *recipe.never_flipped} - names):
        raise EngineError(
            say(
                "The recipe names the data set {name!r}, which is not among those given ({names}).",
                name=named,
                names=", ".join(sorted(names)),
            )
        )


def _check_readable(validation: Sequence[ImageSet]) -> Generator[Progress, None, None]:
    """Before hours of training: every class needs one image to label and one to classify."""
    counter = Counter(sum(map(len, validation)))
    for images in validation:
        readable = np.zeros(len(images.class_names), np.int64)
        for index, label in enumerate(images.labels):
            with suppress(UnreadableImageError):
                images.decode(index)
                readable[label] += 1
            counter.done += 1
            yield counter.progress(say("Reading the validation images ({name})", name=images.name))
        for name, count in zip(images.class_names, readable.tolist(), strict=True):
            if count < 2:
                raise EngineError(
                    say(
                        "The class {name!r} of the data set {set!r} has 1 readable image; to "
                        "validate on it needs 2, one to label and one to classify.",
                        name=name,
                        set=images.name,
                    )
                    if count
                    else say(
                        "The class {name!r} of the data set {set!r} has no readable image; to "
                        "validate on it needs 2, one to label and one to classify.",
                        name=name,
                        set=images.name,
                    )
                )


def _record_of(
    run: RunRecord,
    start: Encoder,
    trained: TrainedBlocks | None,
    choice: Choice,
    training: Sequence[ImageSet],
    validation: Sequence[ImageSet],
) -> dict[str, Any]:
    """What the encoder file tells of its run, as JSON."""
    described: dict[str, list[dict[str, Any]]] = {
        kind: [
            {**describe(images), "unreadable": list(choice.unreadable[images.name])}
            for images in sets
        ]
        for kind, sets in (("data", training), ("validation", validation))
    }
    return {
        "recipe": run.config["recipe"],
        "start": start.fingerprint,
        "versions": {**run.config["versions"], "onnxruntime": onnxruntime.__version__},
        "hardware": run.config["hardware"],
        **described,
        "n_episodes": 0 if trained is None else trained.n_episodes,
        "learned_scale": None if trained is None else trained.scale,
        "share": choice.share,
        "projection_share": choice.projection_share,
        "validation_gain": choice.gain,
    }


def _as_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "share": candidate.share,
        "projection_share": candidate.projection_share,
        "accuracy": [
            {"set": name, "head": head, "n_shot": n_shot, "mean": round(float(values.mean()), 5)}
            for (name, head, n_shot), values in candidate.accuracy.items()
        ],
    }

"""What is evaluated: trained models, their averages, mixtures and votes, as rows of one table."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.encoder.description import Encoder
from engine.encoder.encoder_file import holds_bare_weights, open_encoder
from engine.errors import EngineError, sentence_for
from engine.metatraining.aggregation import Vote, average_weights, interpolate
from engine.metatraining.algorithms.interface import Algorithm, Learner
from engine.metatraining.algorithms.maml import Maml
from engine.metatraining.algorithms.reptile import Reptile
from engine.metatraining.encoder_training.run import ENCODER_NAME
from engine.metatraining.epochs import (
    CHECKPOINT_NAME,
    CONFIG_NAME,
    KEPT_NAME,
    SCORES_NAME,
    kept_paths,
)
from engine.metatraining.few_shot.recipe import FewShotRecipe, NetworkRule
from engine.metatraining.few_shot.run import MODEL_NAME, load_algorithm
from engine.metatraining.meta_evaluation.heads import heads_over

SHARES: Final = (0.25, 0.5, 0.75)
"""How far interpolated weights lie from the start towards the trained ones."""

_TRANSDUCTIVE: Final = "queries share batch statistics"
_INDUCTIVE: Final = "each query alone"


class Combination(StrEnum):
    """How several models become one."""

    AVERAGE = "average"
    VOTE = "vote"


@dataclass(frozen=True, slots=True)
class PixelRule:
    """How images are prepared for a small network; see ``load_pixels``."""

    side_px: int
    channels: int
    inverted: bool


@dataclass(frozen=True, slots=True)
class Source:
    """A file that a method is made from.

    Attributes:
        name: the file and the folder it lies in, without the rest of the path; see also
            ``with_distinct_sources``.
        sha256: of its bytes.
    """

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Method:
    """A row of the table: a trained algorithm on small images.

    Attributes:
        name: what a person reads; of one table all differ.
        members: one algorithm, or several that vote.
        pixels: how its images are prepared.
        sources: the files it is made from.
        max_way: the most classes that it can tell apart; None for any number.
    """

    name: str
    members: tuple[Algorithm, ...]
    pixels: PixelRule
    sources: tuple[Source, ...]
    max_way: int | None = None

    @property
    def algorithm(self) -> Learner:
        """What adapts and predicts."""
        return united(self.members)


@dataclass(frozen=True, slots=True, eq=False)
class EncoderMethod:
    """A row of the table: a head over the embeddings of one encoder, or a vote over several's.

    Attributes:
        name: what a person reads; of one table all differ.
        encoders: one or more.
        head: one of ``heads_over(encoders)``.
        sources: the files it is made from.
    """

    name: str
    encoders: tuple[Encoder, ...]
    head: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A model file of a few-shot run.

    Attributes:
        name: of its recipe.
        path: of the file.
        algorithm: as loaded.
        recipe: that it was trained by.
        is_trained: whether it has taken a step, as what a run starts from has not.
        pixels: how its images are prepared.
        source: name and digest of the file.
    """

    name: str
    path: Path
    algorithm: Algorithm
    recipe: FewShotRecipe
    is_trained: bool
    pixels: PixelRule
    source: Source

    @property
    def scores_path(self) -> Path:
        """The scores of its run, where they lie beside it."""
        return self.path.with_name(SCORES_NAME)

    @property
    def config_path(self) -> Path:
        """What its run was, where that lies in the run's folder."""
        folder = self.path.parent
        return (folder.parent if folder.name == KEPT_NAME else folder) / CONFIG_NAME


@dataclass(frozen=True, slots=True, eq=False)
class EncoderModel:
    """An encoder file."""

    name: str
    path: Path
    encoder: Encoder
    source: Source


def open_checkpoint(path: Path) -> TrainedModel | EncoderModel:
    """A model, an encoder or an encoder's bare weights, by its file or the folder of its run.

    Raises:
        EngineError: nothing of the kind is there, or it is damaged.
    """
    file = _file_of(path)
    header = _header_of(file)
    kind = header.get("format", "")
    if kind.startswith("handful-training-"):
        raise EngineError(
            f"{file} is the state of a run, for going on with it; give the run's folder once it "
            f"holds {MODEL_NAME} or {ENCODER_NAME}."
        )
    if kind.startswith("handful-encoder-") or holds_bare_weights(file):
        encoder = open_encoder(file)
        return EncoderModel(encoder.name, file, encoder, source_of(file))
    algorithm, recipe = load_algorithm(file)
    is_trained = header.get("n_done") != "0"
    pixels = _pixel_rule(recipe.network)
    return TrainedModel(recipe.name, file, algorithm, recipe, is_trained, pixels, source_of(file))


def with_distinct_sources(
    models: Sequence[TrainedModel | EncoderModel],
) -> list[TrainedModel | EncoderModel]:
    """The same models; of different files with one name this gets the beginning of the SHA-256."""
    digests: dict[str, set[str]] = {}
    for model in models:
        digests.setdefault(model.source.name, set()).add(model.source.sha256)

    def distinct(source: Source) -> Source:
        if len(digests[source.name]) == 1:
            return source
        return replace(source, name=f"{source.name}, {source.sha256[:8]}")

    return [replace(model, source=distinct(model.source)) for model in models]


def encoder_methods_of(
    models: Sequence[EncoderModel],
    combinations: Sequence[Combination] = (),
    start: EncoderModel | None = None,
) -> list[EncoderMethod]:
    """The rows for encoders, with every head; arguments and errors as ``methods_of``.

    A start whose embedding another projection makes has a row, but there is no way from it.
    """
    names = distinct_names(models)
    sources = tuple(model.source for model in models)
    rows: list[tuple[str, tuple[Encoder, ...], tuple[Source, ...]]] = [
        (name, (model.encoder,), (model.source,)) for name, model in zip(names, models, strict=True)
    ]
    if start is not None:
        rows.append((f"{start.name}, start", (start.encoder,), (start.source,)))
        for name, model in zip(names, models, strict=True):
            for share in SHARES if has_same_projection(start, model) else ():
                title = f"{name}, {share:g} of the way from the start"
                mixed = _mixed_encoder([start, model], [1 - share, share], title)
                rows.append((title, (mixed,), (start.source, model.source)))
    if Combination.AVERAGE in combinations:
        if len(models) < 2:
            raise EngineError(
                f"An average takes at least 2 encoders; {models[0].source.name} is one."
            )
        title = f"Average of the weights of {len(models)} encoders"
        average = _mixed_encoder(models, [1 / len(models)] * len(models), title)
        rows.append((title, (average,), sources))
    if Combination.VOTE in combinations:
        _check_voters(models)
        title = f"Vote of {len(models)} encoders"
        rows.append((title, tuple(model.encoder for model in models), sources))
    return [
        EncoderMethod(f"{name}: {head}", encoders, head, made_from)
        for name, encoders, made_from in rows
        for head in heads_over(encoders)
    ]


def _mixed_encoder(models: Sequence[EncoderModel], shares: Sequence[float], name: str) -> Encoder:
    """Weights and mean embedding are the weighted sums; all else is the last's."""
    last = models[-1].encoder
    for model in models[:-1]:
        shapes = {key: array.shape for key, array in model.encoder.weights.items()}
        if model.encoder.preprocessing != last.preprocessing or shapes != {
            key: array.shape for key, array in last.weights.items()
        }:
            raise EngineError(
                f"{model.path} and {models[-1].path} cannot be mixed: they are not of the same "
                "network."
            )
        if not has_same_projection(model, models[-1]):
            raise EngineError(
                f"{model.path} and {models[-1].path} cannot be mixed: their embeddings are made by "
                "different projections."
            )

    def summed(arrays: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        total = sum(share * array for share, array in zip(shares, arrays, strict=True))
        return np.asarray(total, np.float32)

    return replace(
        last,
        name=name,
        weights={
            key: summed([model.encoder.weights[key] for model in models]) for key in last.weights
        },
        feature_mean=summed([model.encoder.feature_mean for model in models]),
    )


def has_same_projection(one: EncoderModel, other: EncoderModel) -> bool:
    """Whether both make their embeddings from pooled activations in the same way."""
    if one.encoder.network is not None or other.encoder.network is not None:
        return one.encoder.fingerprint == other.encoder.fingerprint
    first, second = one.encoder.projection, other.encoder.projection
    if first is None or second is None:
        return first is second
    return (
        (first.taps, first.parts) == (second.taps, second.parts)
        and np.array_equal(first.matrix, second.matrix)
        and np.array_equal(first.offset, second.offset)
    )


def _check_same_images(models: Sequence[TrainedModel]) -> None:
    for model in models[1:]:
        if model.pixels != models[0].pixels:
            raise EngineError(
                f"{models[0].source.name} and {model.source.name} cannot be combined: they take "
                "images of different size or channels, or one of them takes images inverted."
            )


def _check_voters(models: Sequence[TrainedModel] | Sequence[EncoderModel]) -> None:
    if len(models) < 2:
        raise EngineError(f"A vote takes at least 2 models; {models[0].source.name} is one.")


def distinct_names(models: Sequence[TrainedModel] | Sequence[EncoderModel]) -> list[str]:
    """What the tables call each of the models."""
    names = [model.name for model in models]
    sources = [model.source.name for model in models]
    return [
        f"{name} [{source}]" if names.count(name) > 1 else name
        for name, source in zip(names, sources, strict=True)
    ]


def united(members: Sequence[Learner]) -> Learner:
    """One learner as it is, several as a vote."""
    return members[0] if len(members) == 1 else Vote(members)


def source_of(path: Path) -> Source:
    """Name and digest of a file.

    Raises:
        EngineError: it cannot be read.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read the checkpoint")) from error
    return Source(f"{path.absolute().parent.name}/{path.name}", digest)


def methods_of(
    models: Sequence[TrainedModel],
    combinations: Sequence[Combination] = (),
    start: TrainedModel | None = None,
) -> list[Method]:
    """The rows for trained models: each alone, then what is made of them.

    A model whose predictions depend on whether queries may see each other gets a row for each way.

    Args:
        models: one or more.
        combinations: of all ``models``; the average of a single one is that of the weights that
            its run has kept.
        start: gives rows for weights between it and each model.

    Raises:
        EngineError: the models cannot be combined as asked.
    """
    rows = [
        method
        for name, model in zip(distinct_names(models), models, strict=True)
        for method in _ways(name, [model.algorithm], model.pixels, (model.source,))
    ]
    if start is not None:
        rows += _ways(f"{start.name}, start", [start.algorithm], start.pixels, (start.source,))
        for name, model in zip(distinct_names(models), models, strict=True):
            rows += _interpolated(name, start, model)
    if Combination.AVERAGE in combinations:
        rows += _averaged(models)
    if Combination.VOTE in combinations:
        rows += _voting(models)
    return rows


def _interpolated(name: str, start: TrainedModel, model: TrainedModel) -> Iterator[Method]:
    first, last = start.algorithm.state_dict(), model.algorithm.state_dict()
    if start.pixels != model.pixels or _shapes(first) != _shapes(last):
        raise EngineError(
            f"There is no way from {start.path} to {model.path}: they are not of the same network."
        )
    for share in SHARES:
        between = _with_weights(model.algorithm, interpolate(first, last, share))
        yield from _ways(
            f"{name}, {share:g} of the way from the start",
            [between],
            model.pixels,
            (start.source, model.source),
        )


def _averaged(models: Sequence[TrainedModel]) -> list[Method]:
    first = models[0]
    if len(models) > 1:
        paths = [model.path for model in models]
        name = f"Average of the weights of {len(paths)} models"
    else:
        paths = kept_paths(first.path.parent)
        if len(paths) < 2:
            raise EngineError(
                f"An average takes at least 2 models; {first.source.name} is one, and its run has "
                f"kept {len(paths)} earlier weights."
            )
        name = f"{first.name}, average of {len(paths)} kept weights"
    _check_same_images(models)
    averaged = _with_weights(first.algorithm, average_weights(paths))
    return _ways(name, [averaged], first.pixels, tuple(source_of(path) for path in paths))


def _voting(models: Sequence[TrainedModel]) -> list[Method]:
    _check_voters(models)
    _check_same_images(models)
    return _ways(
        f"Vote of {len(models)} models",
        [model.algorithm for model in models],
        models[0].pixels,
        tuple(model.source for model in models),
    )


def _ways(
    name: str, members: Sequence[Algorithm], pixels: PixelRule, sources: tuple[Source, ...]
) -> list[Method]:
    """One row, or two where a member can let queries see each other or not."""
    heads = [
        member.network.head.out_features for member in members if isinstance(member, Maml | Reptile)
    ]
    max_way = min(heads, default=None)

    def row(suffix: str, voters: Sequence[Algorithm]) -> Method:
        return Method(name + suffix, tuple(voters), pixels, sources, max_way)

    if any(isinstance(member, Reptile) for member in members):
        shared, alone = (copy.deepcopy(list(members)) for _ in range(2))
        _set_transductive(shared, True)
        _set_transductive(alone, False)
        rows = [row(f" ({_TRANSDUCTIVE})", shared)]
        # A vote with a member that always shares them has no such row.
        if not any(isinstance(member, Maml) for member in members):
            rows.append(row(f" ({_INDUCTIVE})", alone))
        return rows
    if heads:
        return [row(f" ({_TRANSDUCTIVE})", members)]
    return [row("", members)]


def _set_transductive(members: Sequence[Algorithm], transductive: bool) -> None:
    for member in members:
        if isinstance(member, Reptile):
            member.transductive = transductive


def _with_weights(algorithm: Algorithm, weights: Mapping[str, Tensor]) -> Algorithm:
    made = copy.deepcopy(algorithm)
    made.load_state_dict(dict(weights))
    return made


def _shapes(weights: Mapping[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in weights.items()}


def _pixel_rule(network: NetworkRule) -> PixelRule:
    return PixelRule(network.side_px, network.channels, network.inverted)


def _file_of(path: Path) -> Path:
    if path.is_dir():
        for name in (MODEL_NAME, ENCODER_NAME):
            if (path / name).is_file():
                return path / name
        unfinished = ": its run is not finished" if (path / CHECKPOINT_NAME).is_file() else ""
        raise EngineError(f"{path} holds no {MODEL_NAME} and no {ENCODER_NAME}{unfinished}.")
    return path


def _header_of(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="numpy") as stored:
            return stored.metadata() or {}
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read the checkpoint")) from error
    except SafetensorError as error:
        raise EngineError(f"{path} is damaged or is no checkpoint.") from error

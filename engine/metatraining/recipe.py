"""A meta-training recipe: every choice that shapes the result, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar

from engine.encoder.encoder_file import (
    LAST_BLOCK,
    LAYER_SIZES,
    MAX_EMBEDDING_SIZE,
    MOBILENET_V2,
)
from engine.errors import EngineError, sentence_for
from engine.metatraining.episodes import EpisodeRule
from engine.metatraining.views import View

_Section = TypeVar("_Section")

_MAX_FROZEN_BLOCKS: Final = 18  # Of MobileNetV2's 19; at least the last one is trained.


@dataclass(frozen=True, slots=True)
class ViewRule:
    """A view, and what it serves.

    Attributes:
        view: how it is drawn.
        train: whether episodes draw their images from it.
        target: whether the start network's embedding of it takes part in the anchor's target.
    """

    view: View
    train: bool = True
    target: bool = True


@dataclass(frozen=True, slots=True)
class LossRule:
    """What is minimised: ``episode`` x cross-entropy + ``anchor`` x (1 - cosine to the target).

    Attributes:
        episode: weight of the episodes' cross-entropy over cosines to prototypes.
        anchor: weight of the pull towards the start network's embedding of the same image,
            averaged over the views that are targets.
        scale: what cosines are multiplied by at the start; learned.
    """

    episode: float = 1.0
    anchor: float = 3.0
    scale: float = 10.0


@dataclass(frozen=True, slots=True)
class OptimizerRule:
    """AdamW with a linear warm-up and a cosine decay to a twentieth."""

    learning_rate: float = 2e-5
    weight_decay: float = 0.0
    warmup_episodes: int = 50
    scale_learning_rate: float = 1e-2


@dataclass(frozen=True, slots=True)
class ProjectionView:
    """A view whose differences to the plain image the projection turns down.

    Attributes:
        view: how it is drawn.
        weight: of these differences beside those within classes, which weigh 1.
    """

    view: View
    weight: float = 0.5


@dataclass(frozen=True, slots=True)
class ProjectionRule:
    """How pooled activations become the embedding; see ``engine/metatraining/projection.py``.

    Attributes:
        taps: blocks whose pooled activations go in; the last block, 18, comes first.
        tap_weights: of each, before the whitening.
        last_size: how many numbers of the embedding speak for the last block alone.
        earlier_size: how many more speak for what earlier blocks add.
        shrinkage: what is added to the unwanted variance, whose mean is 1; the larger, the less is
            whitened.
        between_sets: weight of the differences between the means of data sets.
        shares: weights of the second part that are tried on the validation sets.
        views: see ``ProjectionView``.
    """

    taps: tuple[int, ...] = (18, 13, 11, 7)
    tap_weights: tuple[float, ...] = (1.0, 0.5, 0.4, 0.3)
    last_size: int = 320
    earlier_size: int = 320
    shrinkage: float = 1.5
    between_sets: float = 3.0
    shares: tuple[float, ...] = (0.4, 0.6, 0.8, 1.0)
    views: tuple[ProjectionView, ...] = (
        ProjectionView(View(min_area=0.4, flip=True, colour=0.3)),
        ProjectionView(View(turn=True)),
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """One meta-training run.

    Attributes:
        name: the encoder's name.
        seed: of everything random.
        n_episodes: steps of the optimizer; one episode each. 0 keeps the start's weights and
            leaves the projection to be fitted.
        start: encoder file to start from, or bare weights of torchvision's network (both
            safetensors); None is the shipped encoder.
        start_name, start_provenance, start_licence: of bare weights, which cannot say them.
        frozen_blocks: blocks of the trunk that keep their weights, counted from the input.
        views: the views of every training image, drawn once and kept as feature maps. The first
            is the product's own preprocessing.
        never_flipped: data sets whose images must not be mirrored (hands, glyphs, signs).
        mixture: data set -> relative frequency of its episodes; 1 where it is not named.
        interpolation: shares of the way from the start weights to the trained ones that are tried
            on the validation sets.
        checkpoint_every: episodes between checkpoints.
        validation_draws: draws of labels per validation set and shot.
        projection: how several blocks become one embedding, fitted when the weights are chosen;
            None makes the root of the last pooled activation the embedding.
    """

    name: str
    seed: int = 0
    n_episodes: int = 1000
    start: Path | None = None
    start_name: str = ""
    start_provenance: str = ""
    start_licence: str = ""
    frozen_blocks: int = 14
    episodes: EpisodeRule = field(default_factory=EpisodeRule)
    loss: LossRule = field(default_factory=LossRule)
    optimizer: OptimizerRule = field(default_factory=OptimizerRule)
    views: tuple[ViewRule, ...] = (ViewRule(View()),)
    never_flipped: frozenset[str] = frozenset()
    mixture: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    interpolation: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    checkpoint_every: int = 200
    validation_draws: int = 40
    projection: ProjectionRule | None = field(default_factory=ProjectionRule)


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; ``start`` in it is relative to the recipe's folder.

    Raises:
        EngineError: the file cannot be read, is no TOML, has an unknown key or a bad value; the
            sentence names the file and the key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EngineError(sentence_for(error, path, "read the recipe")) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EngineError(f"{path} is no valid recipe: {error}.") from error
    try:
        return _recipe(table, path.parent)
    except _RecipeError as error:
        raise EngineError(f"{path} is no valid recipe: {error}.") from error


class _RecipeError(Exception):
    """A clause that says which key is wrong, and how."""


def _recipe(table: dict[str, Any], folder: Path) -> Recipe:
    if "name" not in table:
        raise _RecipeError("it has no name")
    given: dict[str, Any] = dict(table)
    for key, section in (
        ("episodes", EpisodeRule),
        ("loss", LossRule),
        ("optimizer", OptimizerRule),
    ):
        if key in given:
            given[key] = _section(section, given[key], key)
    if "views" in given:
        given["views"] = tuple(
            _view_rule(entry, f"views[{number}]")
            for number, entry in enumerate(_list(given["views"], "views"))
        )
    if "projection" in given:
        given["projection"] = _projection_rule(given["projection"])
    if "start" in given:
        given["start"] = folder / _typed(given["start"], str, "start")
    if "never_flipped" in given:
        given["never_flipped"] = frozenset(
            _typed(entry, str, "never_flipped")
            for entry in _list(given["never_flipped"], "never_flipped")
        )
    if "mixture" in given:
        given["mixture"] = MappingProxyType(
            {
                str(key): _typed(value, float, f"mixture.{key}")
                for key, value in _table(given["mixture"], "mixture").items()
            }
        )
    if "interpolation" in given:
        given["interpolation"] = tuple(
            _typed(entry, float, "interpolation")
            for entry in _list(given["interpolation"], "interpolation")
        )
    for key, kind in (
        ("name", str),
        ("start_name", str),
        ("start_provenance", str),
        ("start_licence", str),
        ("seed", int),
        ("n_episodes", int),
        ("frozen_blocks", int),
        ("checkpoint_every", int),
        ("validation_draws", int),
    ):
        if key in given:
            given[key] = _typed(given[key], kind, key)
    _refuse_unknown(given, {entry.name for entry in fields(Recipe)}, "")
    recipe = Recipe(**given)
    _check_values(recipe)
    return recipe


def _view_rule(entry: object, where: str) -> ViewRule:
    table = dict(_table(entry, where))
    serves = {
        key: _typed(table.pop(key), bool, f"{where}.{key}")
        for key in ("train", "target")
        if key in table
    }
    return ViewRule(view=_section(View, table, where), **serves)


def _projection_rule(entry: object) -> ProjectionRule | None:
    if entry is False:
        return None
    given = dict(_table(entry, "projection"))
    _refuse_unknown(given, {entry.name for entry in fields(ProjectionRule)}, "projection.")
    for key, kind in (("taps", int), ("tap_weights", float), ("shares", float)):
        if key in given:
            where = f"projection.{key}"
            given[key] = tuple(_typed(value, kind, where) for value in _list(given[key], where))
    for key, kind in (
        ("last_size", int),
        ("earlier_size", int),
        ("shrinkage", float),
        ("between_sets", float),
    ):
        if key in given:
            given[key] = _typed(given[key], kind, f"projection.{key}")
    if "views" in given:
        given["views"] = tuple(
            _projection_view(entry, f"projection.views[{number}]")
            for number, entry in enumerate(_list(given["views"], "projection.views"))
        )
    return ProjectionRule(**given)


def _projection_view(entry: object, where: str) -> ProjectionView:
    table = dict(_table(entry, where))
    weight = _typed(table.pop("weight", 0.5), float, f"{where}.weight")
    return ProjectionView(view=_section(View, table, where), weight=weight)


def _section(section: type[_Section], entry: object, where: str) -> _Section:
    """A flat dataclass whose defaults tell the type of each key."""
    table = _table(entry, where)
    defaults = {field.name: field.default for field in fields(section)}  # type: ignore[arg-type]
    _refuse_unknown(table, set(defaults), where + ".")
    return section(
        **{
            key: _typed(value, type(defaults[key]), f"{where}.{key}")
            for key, value in table.items()
        }
    )


def _typed(value: object, kind: type, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        noun = {float: "a number", int: "a whole number", str: "a text", bool: "true or false"}
        raise _RecipeError(f"{where} must be {noun[kind]}, not {value!r}")
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _RecipeError(f"{where} must be a list, not {value!r}")
    return value


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _RecipeError(f"{where} must be a table, not {value!r}")
    return value


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise _RecipeError(f"it has an unknown key, {where}{key}")


def _check_values(recipe: Recipe) -> None:
    episodes, loss, optimizer = recipe.episodes, recipe.loss, recipe.optimizer
    views = [rule.view for rule in recipe.views]
    projection = recipe.projection or ProjectionRule()
    all_views = [*views, *(rule.view for rule in projection.views)]
    earlier = sum(LAYER_SIZES[MOBILENET_V2].get(tap, 0) for tap in projection.taps[1:])
    rules: list[tuple[bool, str]] = [
        (bool(recipe.name.strip()), "name must not be empty"),
        (recipe.seed >= 0, f"seed must be at least 0, not {recipe.seed}"),
        (recipe.n_episodes >= 0, f"n_episodes must be at least 0, not {recipe.n_episodes}"),
        (
            recipe.n_episodes >= 1 or recipe.projection is not None,
            "without episodes and without a projection there is nothing to do",
        ),
        (
            0 <= recipe.frozen_blocks <= _MAX_FROZEN_BLOCKS,
            f"frozen_blocks must be 0 to {_MAX_FROZEN_BLOCKS}, not {recipe.frozen_blocks}",
        ),
        (
            recipe.checkpoint_every >= 1,
            f"checkpoint_every must be at least 1, not {recipe.checkpoint_every}",
        ),
        (
            recipe.validation_draws >= 2,
            f"validation_draws must be at least 2, not {recipe.validation_draws}",
        ),
        (2 <= episodes.min_way <= episodes.max_way, "episodes need 2 <= min_way <= max_way"),
        (1 <= episodes.min_shot <= episodes.max_shot, "episodes need 1 <= min_shot <= max_shot"),
        (episodes.n_query >= 1, "episodes.n_query must be at least 1"),
        (loss.episode >= 0 and loss.anchor >= 0, "the weights of the loss must not be negative"),
        (loss.episode + loss.anchor > 0, "one weight of the loss must be above 0"),
        (loss.scale > 0, "loss.scale must be above 0"),
        (0 < optimizer.learning_rate < 1, "optimizer.learning_rate must be between 0 and 1"),
        (
            0 < optimizer.scale_learning_rate < 1,
            "optimizer.scale_learning_rate must be between 0 and 1",
        ),
        (optimizer.weight_decay >= 0, "optimizer.weight_decay must not be negative"),
        (optimizer.warmup_episodes >= 0, "optimizer.warmup_episodes must not be negative"),
        (
            bool(recipe.views) and recipe.views[0] == ViewRule(View(size_px=views[0].size_px)),
            "the first view must be the product's own: nothing random, for training and a target",
        ),
        (all(32 <= view.size_px <= 512 for view in all_views), "size_px must be 32 to 512"),
        (all(0 < view.min_area <= 1 for view in all_views), "min_area must be above 0, at most 1"),
        (all(0 <= view.colour < 1 for view in all_views), "colour must be from 0 to below 1"),
        (all(0 <= view.grey <= 1 for view in all_views), "grey must be from 0 to 1"),
        (
            projection.taps[:1] == (LAST_BLOCK[MOBILENET_V2],)
            and len(set(projection.taps)) == len(projection.taps)
            and all(tap in LAYER_SIZES[MOBILENET_V2] for tap in projection.taps),
            "projection.taps must begin with 18 and name different blocks from 2 on",
        ),
        (
            len(projection.tap_weights) == len(projection.taps)
            and all(weight > 0 for weight in projection.tap_weights),
            "projection.tap_weights must hold one weight above 0 for every tap",
        ),
        (
            1 <= projection.last_size <= LAYER_SIZES[MOBILENET_V2][LAST_BLOCK[MOBILENET_V2]],
            "projection.last_size must be 1 to 1280",
        ),
        (
            0 <= projection.earlier_size <= earlier,
            f"projection.earlier_size must be 0 to {earlier}, the earlier taps' channels",
        ),
        (
            projection.last_size + projection.earlier_size <= MAX_EMBEDDING_SIZE,
            f"the embedding must have at most {MAX_EMBEDDING_SIZE} numbers",
        ),
        (projection.shrinkage > 0, "projection.shrinkage must be above 0"),
        (projection.between_sets >= 0, "projection.between_sets must not be negative"),
        (
            bool(projection.shares) and all(0 < share <= 1 for share in projection.shares),
            "projection.shares must hold shares above 0, at most 1",
        ),
        (
            all(rule.weight >= 0 for rule in projection.views),
            "the weights of projection.views must not be negative",
        ),
        (
            all(weight >= 0 for weight in recipe.mixture.values()),
            "the weights of the mixture must not be negative",
        ),
        (
            bool(recipe.interpolation) and all(0 < a <= 1 for a in recipe.interpolation),
            "interpolation must hold shares above 0, at most 1",
        ),
    ]
    for holds, clause in rules:
        if not holds:
            raise _RecipeError(clause)

"""A meta-training recipe: every choice that shapes the result, read from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from engine.encoder.description import LAST_BLOCK, LAYER_SIZES, MAX_EMBEDDING_SIZE, MOBILENET_V2
from engine.errors import EngineError
from engine.metatraining.episodes import MAX_SEED, EpisodeRule
from engine.metatraining.optimizers import Decay, OptimizerKind, OptimizerRule, check_optimizer
from engine.metatraining.toml_sections import (
    RecipeError,
    read_toml,
    refuse_unknown,
    section,
    typed,
)
from engine.metatraining.views import View
from engine.words import say

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
        scale_rate: the rate at which the scale's logarithm is learned.
    """

    episode: float = 1.0
    anchor: float = 3.0
    scale: float = 10.0
    scale_rate: float = 1e-2


def _gentle() -> OptimizerRule:
    return OptimizerRule(
        kind=OptimizerKind.ADAMW,
        learning_rate=2e-5,
        decay=Decay.COSINE,
        warmup_steps=50,
        last_share=0.05,
    )


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
    """How pooled activations become the embedding; see ``projection.py``.

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
        projection: how several blocks become one embedding, fitted to the training sets when the
            weights are chosen; it takes many of them. None keeps the start's.
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
    optimizer: OptimizerRule = field(default_factory=_gentle)
    views: tuple[ViewRule, ...] = (ViewRule(View()),)
    never_flipped: frozenset[str] = frozenset()
    mixture: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    interpolation: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    checkpoint_every: int = 200
    validation_draws: int = 40
    projection: ProjectionRule | None = None


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; ``start`` in it is relative to the recipe's folder.

    Raises:
        EngineError: the file cannot be read, is no TOML, has an unknown key or a bad value; the
            sentence names the file and the key.
    """
    table = read_toml(path)
    try:
        return _recipe(table, path.parent)
    except RecipeError as error:
        raise EngineError(
            say("{path} is no valid recipe: {error}.", path=path, error=str(error))
        ) from error


def _recipe(table: dict[str, Any], folder: Path) -> Recipe:
    if "name" not in table:
        raise RecipeError("it has no name")
    if "n_steps" in table:
        raise RecipeError("it has n_steps, as papers' recipes have, but no table [algorithm]")
    given: dict[str, Any] = dict(table)
    for key, base in (("episodes", EpisodeRule()), ("loss", LossRule()), ("optimizer", _gentle())):
        if key in given:
            given[key] = section(base, given[key], key)
    if "views" in given:
        given["views"] = tuple(
            _view_rule(entry, f"views[{number}]")
            for number, entry in enumerate(typed(given["views"], list, "views"))
        )
    if "projection" in given:
        given["projection"] = _projection_rule(given["projection"])
    if "start" in given:
        given["start"] = folder / typed(given["start"], str, "start")
    if "never_flipped" in given:
        given["never_flipped"] = frozenset(
            typed(entry, str, "never_flipped")
            for entry in typed(given["never_flipped"], list, "never_flipped")
        )
    if "mixture" in given:
        given["mixture"] = MappingProxyType(
            {
                str(key): typed(value, float, f"mixture.{key}")
                for key, value in typed(given["mixture"], dict, "mixture").items()
            }
        )
    if "interpolation" in given:
        given["interpolation"] = tuple(
            typed(entry, float, "interpolation")
            for entry in typed(given["interpolation"], list, "interpolation")
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
            given[key] = typed(given[key], kind, key)
    refuse_unknown(given, {entry.name for entry in fields(Recipe)})
    recipe = Recipe(**given)
    _check_values(recipe)
    return recipe


def _view_rule(entry: object, where: str) -> ViewRule:
    table = dict(typed(entry, dict, where))
    serves = {
        key: typed(table.pop(key), bool, f"{where}.{key}")
        for key in ("train", "target")
        if key in table
    }
    return ViewRule(view=section(View(), table, where), **serves)


def _projection_rule(entry: object) -> ProjectionRule:
    given = dict(typed(entry, dict, "projection"))
    refuse_unknown(given, {entry.name for entry in fields(ProjectionRule)}, "projection.")
    for key, kind in (("taps", int), ("tap_weights", float), ("shares", float)):
        if key in given:
            where = f"projection.{key}"
            values = typed(given[key], list, where)
            given[key] = tuple(typed(value, kind, where) for value in values)
    for key, kind in (
        ("last_size", int),
        ("earlier_size", int),
        ("shrinkage", float),
        ("between_sets", float),
    ):
        if key in given:
            given[key] = typed(given[key], kind, f"projection.{key}")
    if "views" in given:
        given["views"] = tuple(
            _projection_view(entry, f"projection.views[{number}]")
            for number, entry in enumerate(typed(given["views"], list, "projection.views"))
        )
    return ProjectionRule(**given)


def _projection_view(entry: object, where: str) -> ProjectionView:
    table = dict(typed(entry, dict, where))
    weight = typed(table.pop("weight", 0.5), float, f"{where}.weight")
    return ProjectionView(view=section(View(), table, where), weight=weight)


def _check_values(recipe: Recipe) -> None:
    check_optimizer(recipe.optimizer)
    episodes, loss = recipe.episodes, recipe.loss
    views = [rule.view for rule in recipe.views]
    projection = recipe.projection or ProjectionRule()
    all_views = [*views, *(rule.view for rule in projection.views)]
    earlier = sum(LAYER_SIZES[MOBILENET_V2].get(tap, 0) for tap in projection.taps[1:])
    rules: list[tuple[bool, str]] = [
        (bool(recipe.name.strip()), "name must not be empty"),
        (0 <= recipe.seed < MAX_SEED, f"seed must be 0 to below {MAX_SEED}, not {recipe.seed}"),
        (
            not episodes.turned_classes,
            "episodes.turned_classes is for small images; kept feature maps cannot be turned",
        ),
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
        (0 < loss.scale_rate < 1, "loss.scale_rate must be between 0 and 1"),
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
            raise RecipeError(clause)

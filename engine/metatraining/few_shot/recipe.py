"""A recipe of a paper's experiment: an algorithm, a small network, episodes, an optimizer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from engine.errors import EngineError
from engine.metatraining.algorithms.reptile import InnerOptimizer
from engine.metatraining.episodes import MAX_SEED, EpisodeRule
from engine.metatraining.networks import Norm
from engine.metatraining.optimizers import OptimizerRule, Precision, check_optimizer
from engine.metatraining.toml_sections import (
    RecipeError,
    read_toml,
    refuse_unknown,
    section,
    typed,
)


class Kind(StrEnum):
    """The algorithms."""

    PROTOTYPICAL = "prototypical"
    MAML = "maml"
    FIRST_ORDER_MAML = "first_order_maml"
    ANIL = "anil"
    META_SGD = "meta_sgd"
    REPTILE = "reptile"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class AlgorithmRule:
    """Which algorithm, and its own numbers; those that another algorithm uses are ignored by it.

    Attributes:
        kind: which.
        inner_steps, inner_rate: of the adaptation in meta-training (MAML and kin, Reptile).
        inner_batch: images a step; Reptile only, the others take the whole support set.
        inner_optimizer: Reptile only, the others take plain gradient descent.
        test_steps, test_batch: when a task is learned for use.
        transductive: queries share batch-norm statistics; Reptile only.
    """

    kind: Kind = Kind.PROTOTYPICAL
    inner_steps: int = 1
    inner_rate: float = 0.4
    inner_batch: int = 10
    inner_optimizer: InnerOptimizer = InnerOptimizer.ADAM
    test_steps: int = 1
    test_batch: int = 5
    transductive: bool = False


@dataclass(frozen=True, slots=True)
class NetworkRule:
    """The four-layer network and what it sees.

    Attributes:
        side_px, channels: of the images.
        inverted: bright ink on black instead of dark on white.
        strided: strides instead of max-pooling.
        norm: statistics of batch normalisation.
        channels_last: memory order of the weights; faster with max-pooling, on CPUs too.
    """

    side_px: int = 28
    channels: int = 1
    inverted: bool = True
    strided: bool = False
    norm: Norm = Norm.RUNNING
    channels_last: bool = False


@dataclass(frozen=True, slots=True)
class DataRule:
    """Which part of the data; only Omniglot, which comes with split lists, has parts.

    Attributes:
        split: to train on.
        validation_split: to validate on; empty for no validation there.
    """

    split: str = "train"
    validation_split: str = "val"


@dataclass(frozen=True, slots=True)
class FewShotRecipe:
    """One meta-training run of a small network from nothing.

    Attributes:
        name: of the run.
        seed: of everything random.
        n_steps: of the optimizer.
        tasks_per_step: tasks whose gradients are averaged.
        precision: of the arithmetic.
        episodes: the training tasks.
        validation: the validation tasks.
        n_validation_episodes: per validation.
        validate_every: steps; an epoch.
        checkpoint_every: steps between checkpoints.
        keep: how many of the last epochs' weights are kept beside the last, for averaging.
        average: whether the model is the average of the kept weights.
    """

    name: str
    seed: int = 0
    n_steps: int = 1000
    tasks_per_step: int = 1
    precision: Precision = Precision.FLOAT32
    n_validation_episodes: int = 200
    validate_every: int = 500
    checkpoint_every: int = 200
    keep: int = 0
    average: bool = False
    algorithm: AlgorithmRule = field(default_factory=AlgorithmRule)
    network: NetworkRule = field(default_factory=NetworkRule)
    data: DataRule = field(default_factory=DataRule)
    episodes: EpisodeRule = field(default_factory=EpisodeRule)
    validation: EpisodeRule = field(default_factory=EpisodeRule)
    optimizer: OptimizerRule = field(default_factory=OptimizerRule)

    def as_json(self) -> dict[str, Any]:
        """Plain values, from which ``few_shot_recipe_from`` makes the recipe again."""
        return asdict(self)


_SECTIONS: Final = {
    "algorithm": AlgorithmRule,
    "network": NetworkRule,
    "data": DataRule,
    "episodes": EpisodeRule,
    "validation": EpisodeRule,
    "optimizer": OptimizerRule,
}


def load_few_shot_recipe(path: Path) -> FewShotRecipe:
    """Read a recipe.

    Raises:
        EngineError: the file cannot be read, is no TOML, has an unknown key or a bad value; the
            sentence names the file and the key.
    """
    table = read_toml(path)
    try:
        return few_shot_recipe_from(table)
    except RecipeError as error:
        raise EngineError(f"{path} is no valid recipe: {error}.") from error


def is_few_shot_recipe(path: Path) -> bool:
    """Whether a recipe trains a small network with one of the algorithms.

    Raises:
        EngineError: the file cannot be read or is no TOML.
    """
    return "algorithm" in read_toml(path)


def few_shot_recipe_from(table: dict[str, Any]) -> FewShotRecipe:
    """A recipe from the values of its file.

    Raises:
        RecipeError: an unknown key or a bad value.
    """
    if "name" not in table:
        raise RecipeError("it has no name")
    refuse_unknown(table, {entry.name for entry in fields(FewShotRecipe)})
    given: dict[str, Any] = dict(table)
    for key, kind in _SECTIONS.items():
        if key in given:
            given[key] = section(kind(), given[key], key)
    kinds = {"name": str, "precision": Precision, "average": bool}
    for entry in fields(FewShotRecipe):
        if entry.name in given and entry.name not in _SECTIONS:
            given[entry.name] = typed(given[entry.name], kinds.get(entry.name, int), entry.name)
    recipe = FewShotRecipe(**given)
    _check(recipe)
    return recipe


def _check(recipe: FewShotRecipe) -> None:
    check_optimizer(recipe.optimizer)
    at_least_one = {
        "n_steps": recipe.n_steps,
        "tasks_per_step": recipe.tasks_per_step,
        "validate_every": recipe.validate_every,
        "checkpoint_every": recipe.checkpoint_every,
        "algorithm.inner_steps": recipe.algorithm.inner_steps,
        "algorithm.inner_batch": recipe.algorithm.inner_batch,
        "algorithm.test_steps": recipe.algorithm.test_steps,
        "algorithm.test_batch": recipe.algorithm.test_batch,
    }
    for key, value in at_least_one.items():
        if value < 1:
            raise RecipeError(f"{key} must be at least 1, not {value}")
    rules: list[tuple[bool, str]] = [
        (bool(recipe.name.strip()), "name must not be empty"),
        (recipe.seed >= 0, f"seed must be at least 0, not {recipe.seed}"),
        (recipe.seed < MAX_SEED, f"seed must be below {MAX_SEED}, not {recipe.seed}"),
        (
            recipe.n_validation_episodes >= 2,
            f"n_validation_episodes must be at least 2, not {recipe.n_validation_episodes}",
        ),
        (
            recipe.data.split.isidentifier(),
            f"data.split must be the name of a part, not {recipe.data.split!r}",
        ),
        (
            not recipe.data.validation_split or recipe.data.validation_split.isidentifier(),
            "data.validation_split must be empty or the name of a part, "
            f"not {recipe.data.validation_split!r}",
        ),
        (recipe.keep >= 0, f"keep must be at least 0, not {recipe.keep}"),
        (not recipe.average or recipe.keep >= 2, "average needs keep to be at least 2"),
        (16 <= recipe.network.side_px <= 224, "network.side_px must be 16 to 224"),
        (recipe.network.channels in (1, 3), "network.channels must be 1 or 3"),
        (recipe.algorithm.inner_rate > 0, "algorithm.inner_rate must be above 0"),
    ]
    for where, rule in (("episodes", recipe.episodes), ("validation", recipe.validation)):
        rules += [
            (2 <= rule.min_way <= rule.max_way, f"{where} need 2 <= min_way <= max_way"),
            (1 <= rule.min_shot <= rule.max_shot, f"{where} need 1 <= min_shot <= max_shot"),
            (rule.n_query >= 1, f"{where}.n_query must be at least 1"),
        ]
    gradient_based = recipe.algorithm.kind not in (Kind.PROTOTYPICAL, Kind.TRANSFER)
    rules += [
        (
            not gradient_based or recipe.network.norm is Norm.BATCH,
            f"{recipe.algorithm.kind} needs network.norm = 'batch'",
        ),
        (
            not gradient_based or recipe.validation.max_way <= recipe.episodes.max_way,
            f"{recipe.algorithm.kind} cannot validate on tasks of more classes than it trains on",
        ),
    ]
    by_gradients = (Kind.MAML, Kind.FIRST_ORDER_MAML, Kind.ANIL, Kind.META_SGD)
    rules += [
        (
            recipe.algorithm.kind not in by_gradients or recipe.precision is Precision.FLOAT32,
            f"{recipe.algorithm.kind} runs in float32 only: its inner gradients are not cast",
        ),
    ]
    for holds, clause in rules:
        if not holds:
            raise RecipeError(clause)

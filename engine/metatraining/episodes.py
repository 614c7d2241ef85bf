"""Episodes: small classification tasks of varying way and shot, drawn from a mixture of sets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.words import say

IndexArray = NDArray[np.int64]

MAX_SEED: Final = 2**32
"""Of recipes; what follows from it stays within 64 bits."""


class TaskWeight(StrEnum):
    """How much the loss of one task counts among others."""

    EQUAL = "equal"
    CHANCE = "chance"
    """Divided by the loss of guessing, log(n_way): tasks of many classes do not drown the rest."""


@dataclass(frozen=True, slots=True)
class EpisodeRule:
    """What episodes look like.

    Attributes:
        min_way, max_way: bounds of the number of classes, log-uniform between them.
        min_shot, max_shot: bounds of the support images per class, log-uniform between them.
        unbalanced: draw the shots of every class on its own, as users label; else one number per
            episode.
        n_query: query images per class at most.
        max_images: support and query images of one episode at most; shots and queries are cut
            to meet it, never below ``min_shot`` and 1.
        turned_classes: every class turned by 90, 180 and 270 degrees is a class of its own; only
            for sets whose classes have an upright position and whose images can be turned.
        task_weight: how much the loss of one task counts.
    """

    min_way: int = 2
    max_way: int = 20
    min_shot: int = 1
    max_shot: int = 10
    unbalanced: bool = False
    n_query: int = 8
    max_images: int = 120
    turned_classes: bool = False
    task_weight: TaskWeight = TaskWeight.EQUAL


def _no_array() -> IndexArray:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """One task.

    Attributes:
        set_index: which image set it is drawn from.
        support, query: image indices into that set, int64; disjoint.
        support_labels, query_labels: int64, in [0, n_way).
        class_turns: (n_way,) quarters of a circle by which the images of each class are turned.
        class_ids: (n_way,) the class of each label among all classes of all sets, turned ones
            counted as four.
        weight: of its loss.
    """

    set_index: int
    n_way: int
    support: IndexArray
    support_labels: IndexArray
    query: IndexArray
    query_labels: IndexArray
    class_turns: IndexArray = field(default_factory=_no_array)
    class_ids: IndexArray = field(default_factory=_no_array)
    weight: float = 1.0


class EpisodeSampler:
    """Draws episodes from several labelled sets with the given mixture weights.

    Attributes:
        n_classes: of all sets together, turned classes counted as four: the range of
            ``Episode.class_ids``.
    """

    def __init__(
        self,
        names: Sequence[str],
        labels: Sequence[IndexArray],
        weights: Sequence[float],
        rule: EpisodeRule,
    ) -> None:
        """Prepare to draw.

        Args:
            names: of the sets, for messages.
            labels: (n_images,) int64 of each set; images with a negative label are never drawn.
            weights: relative frequency of each set, at least 0, one above 0.
            rule: what episodes look like.

        Raises:
            EngineError: a set cannot give any episode of this rule, or no set has a weight.
        """
        if not any(weights):
            raise EngineError(
                say(
                    "The mixture leaves none of the data sets given ({names}).",
                    names=", ".join(sorted(names)),
                )
            )
        needed = rule.min_way * (rule.min_shot + 1)
        if needed > rule.max_images:
            raise EngineError(
                say(
                    "Episodes of {way} classes with {shot} shots need {needed} images, but "
                    "max_images is {most}.",
                    way=rule.min_way,
                    shot=rule.min_shot,
                    needed=needed,
                    most=rule.max_images,
                )
            )
        self._rule = rule
        self._turns = 4 if rule.turned_classes else 1
        self._weights = torch.tensor(list(weights), dtype=torch.float64)
        self._members: list[list[IndexArray]] = []
        self._first_class: list[int] = []
        self.n_classes = 0
        for name, set_labels in zip(names, labels, strict=True):
            present = np.unique(set_labels[set_labels >= 0])
            members = [np.flatnonzero(set_labels == label) for label in present]
            usable = [member for member in members if len(member) > rule.min_shot]
            if len(usable) * self._turns < rule.min_way:
                raise EngineError(
                    say(
                        "The data set {name!r} has {count} classes of at least {images} images; "
                        "episodes of {way} classes with {shot} shots and a query need {way}.",
                        name=name,
                        count=len(usable),
                        images=rule.min_shot + 1,
                        way=rule.min_way,
                        shot=rule.min_shot,
                    )
                )
            self._members.append(usable)
            self._first_class.append(self.n_classes)
            self.n_classes += len(usable) * self._turns

    def sample(self, random: torch.Generator) -> Episode:
        """One episode; every choice comes from ``random``."""
        rule = self._rule
        set_index = int(torch.multinomial(self._weights, 1, generator=random))
        members = self._members[set_index]
        n_classes = len(members) * self._turns
        most = min(rule.max_way, n_classes, rule.max_images // (rule.min_shot + 1))
        n_way = _log_uniform(rule.min_way, most, random)
        # Half of the budget may go to the support, so that queries are left.
        budget = rule.max_images // n_way
        most_shots = max(rule.min_shot, min(rule.max_shot, budget // 2))
        n_shot = _log_uniform(rule.min_shot, most_shots, random)
        drawn = torch.randperm(n_classes, generator=random)[:n_way].numpy()
        support, query = [], []
        for chosen in drawn.tolist():
            if rule.unbalanced:
                n_shot = _log_uniform(rule.min_shot, most_shots, random)
            n_query = max(1, min(rule.n_query, budget - n_shot))
            member = members[chosen // self._turns]
            order = member[torch.randperm(len(member), generator=random).numpy()]
            shots = min(n_shot, len(member) - 1)
            support.append(order[:shots])
            query.append(order[shots : shots + n_query])
        return Episode(
            set_index=set_index,
            n_way=n_way,
            support=np.concatenate(support),
            support_labels=np.repeat(np.arange(n_way), [len(part) for part in support]),
            query=np.concatenate(query),
            query_labels=np.repeat(np.arange(n_way), [len(part) for part in query]),
            class_turns=drawn % self._turns,
            class_ids=drawn + self._first_class[set_index],
            weight=1 / math.log(n_way) if rule.task_weight is TaskWeight.CHANCE else 1.0,
        )


def _log_uniform(low: int, high: int, random: torch.Generator) -> int:
    """An integer in [low, high], each octave equally likely."""
    share = float(torch.rand((), generator=random))
    bottom, top = math.log(low), math.log(high + 1)
    return min(high, int(math.exp(bottom + share * (top - bottom))))

"""The tasks of an evaluation: which settings of which data can be asked, and their episodes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.metatraining.episodes import Episode, EpisodeRule, EpisodeSampler
from engine.metatraining.views import generator_for

_NO_LIMIT: Final = 10**9
_LEFT_OUT: Final = -1  # The label of images that are never drawn.


@dataclass(frozen=True, slots=True)
class Setting:
    """Tasks of one shape.

    Attributes:
        n_way: classes.
        n_shot, n_query: support and query images per class.
    """

    n_way: int
    n_shot: int
    n_query: int

    @property
    def title(self) -> str:
        """What a person reads."""
        return f"{self.n_way}-way {self.n_shot}-shot"


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSet:
    """What episodes are drawn from: no pixels, only classes.

    Attributes:
        name: of the data set.
        labels: (n_images,) int64.
        turned_classes: whether every class turned by quarters of a circle is one of its own.
    """

    name: str
    labels: NDArray[np.int64]
    turned_classes: bool


def check_possible(labelled: LabelledSet, setting: Setting) -> None:
    """Refuse what the data cannot give.

    Raises:
        EngineError: there are too few classes of enough images; the sentence has the numbers.
    """
    needed = setting.n_shot + setting.n_query
    counts = _counts(labelled)
    usable = int(np.count_nonzero(counts >= needed))
    n_classes = usable * (4 if labelled.turned_classes else 1)
    if n_classes >= setting.n_way:
        return
    turned = f" ({usable}, each turned to 4 positions)" if labelled.turned_classes else ""
    largest = f"; its largest has {int(counts.max(initial=0))}" if usable < len(counts) else ""
    raise EngineError(
        f"{labelled.name} has {n_classes} classes{turned} of at least {needed} images{largest}; "
        f"{setting.n_way}-way tasks with {_number(setting.n_shot, 'shot', 'shots')} and "
        f"{_number(setting.n_query, 'query', 'queries')} a class need {setting.n_way} such classes."
    )


def draw_episodes(
    labelled: LabelledSet, setting: Setting, n_episodes: int, seed: int
) -> list[Episode]:
    """Episodes that depend on the data's labels and name, the setting and the seed alone.

    Every class of an episode has exactly ``n_shot`` support and ``n_query`` query images.

    Raises:
        EngineError: as ``check_possible``.
    """
    check_possible(labelled, setting)
    counts = _counts(labelled)
    too_few = np.flatnonzero(counts < setting.n_shot + setting.n_query)
    labels = np.where(np.isin(labelled.labels, too_few), _LEFT_OUT, labelled.labels)
    rule = EpisodeRule(
        min_way=setting.n_way,
        max_way=setting.n_way,
        min_shot=setting.n_shot,
        max_shot=setting.n_shot,
        n_query=setting.n_query,
        max_images=_NO_LIMIT,
        turned_classes=labelled.turned_classes,
    )
    sampler = EpisodeSampler([labelled.name], [labels], [1.0], rule)
    random = generator_for(seed, labelled.name, setting.n_way, setting.n_shot, setting.n_query)
    return [sampler.sample(random) for _ in range(n_episodes)]


def digest_of(episodes: Sequence[Episode]) -> str:
    """SHA-256 over every choice in the episodes: equal digests, equal tasks."""
    digest = hashlib.sha256()
    for episode in episodes:
        for part in (
            episode.support,
            episode.support_labels,
            episode.query,
            episode.query_labels,
            episode.class_turns,
        ):
            digest.update(np.ascontiguousarray(part, "<i8").tobytes())
    return digest.hexdigest()


def _number(n: int, one: str, several: str) -> str:
    return f"{n} {one if n == 1 else several}"


def _counts(labelled: LabelledSet) -> NDArray[np.int64]:
    return np.bincount(labelled.labels)

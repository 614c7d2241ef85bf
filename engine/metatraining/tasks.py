"""Tasks: episodes with their images, as a meta-learner takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.metatraining.episodes import Episode


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One small classification problem.

    Attributes:
        support, query: (n, ...) float32, what the network takes.
        support_labels, query_labels: (n,) int64 in [0, n_way).
        n_way: number of classes.
        class_ids: (n_way,) int64, which of all training classes each class is; plain transfer
            learns to tell these apart.
        weight: of this task's loss among others.
        number: of this task among all that a run has drawn; what an algorithm draws at random
            while it learns the task follows from it.
    """

    support: Tensor
    support_labels: Tensor
    query: Tensor
    query_labels: Tensor
    n_way: int
    class_ids: Tensor
    weight: float = 1.0
    number: int = 0


class TaskSource(Protocol):
    """Gives the images of an episode."""

    def task(self, episode: Episode, random: torch.Generator) -> Task:
        """The episode's task; anything random in it (views) comes from ``random``."""


@dataclass(frozen=True, slots=True, eq=False)
class PixelSet:
    """Small images of known classes, all in memory.

    Attributes:
        name: of the data set.
        images: (n_images, channels, side, side) uint8; what the network gets is this / 255.
        labels: (n_images,) int64.
        class_names: by label.
        collection: of which the set is a part; classes of one name are one class there, whichever
            part they are in. Empty where the set stands alone.
    """

    name: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    collection: str = ""


class PixelSource:
    """Tasks from small images in memory."""

    def __init__(self, sets: Sequence[PixelSet], device: torch.device | None = None) -> None:
        """Remember the sets; ``device`` is where tasks are put."""
        self._sets = [torch.from_numpy(pixels.images) for pixels in sets]
        self._device = device or torch.device("cpu")

    def task(self, episode: Episode, random: torch.Generator) -> Task:
        """The task of ``episode``, its classes turned by quarters of a circle where it says so."""
        images = self._sets[episode.set_index]
        turns = episode.class_turns
        return Task(
            support=self._batch(images, episode.support, turns[episode.support_labels]),
            support_labels=torch.from_numpy(episode.support_labels).to(self._device),
            query=self._batch(images, episode.query, turns[episode.query_labels]),
            query_labels=torch.from_numpy(episode.query_labels).to(self._device),
            n_way=episode.n_way,
            class_ids=torch.from_numpy(episode.class_ids).to(self._device),
            weight=episode.weight,
        )

    def _batch(
        self, images: Tensor, indices: NDArray[np.int64], turns: NDArray[np.int64]
    ) -> Tensor:
        batch = images[torch.from_numpy(indices)]
        for quarters in (1, 2, 3):
            turned = torch.from_numpy(np.flatnonzero(turns == quarters))
            if len(turned):
                batch[turned] = torch.rot90(batch[turned], quarters, (2, 3))
        return batch.to(self._device, torch.float32) / 255

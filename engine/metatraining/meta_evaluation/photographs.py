"""The images of an evaluation as an encoder sees them: each embedded once."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.encoder.description import Encoder
from engine.encoder.runtime import EncoderRuntime
from engine.errors import EngineError, UnreadableImageError
from engine.messages import Progress
from engine.metatraining.episodes import Episode
from engine.metatraining.meta_evaluation.corruptions import CORRUPTIONS
from engine.metatraining.meta_evaluation.images import CLEAN_PIXELS, OpenedSet, TaskImages
from engine.metatraining.meta_evaluation.settings import LabelledSet
from engine.metatraining.progress import Counter
from engine.metatraining.tasks import Task
from engine.method.folder import folder_mean

N_ROBUST: Final = 200
"""Of how many episodes spoilt queries are embedded: each costs a forward pass."""

N_CENTRED: Final = 2000
"""Over how many images of a larger set the mean to centre on is taken."""

_AT_ONCE: Final = 32  # Images between two reports of progress.

_Key = tuple[int, int, str]
"""Index among the readable images, quarters of a circle, corruption or ``CLEAN_PIXELS``."""


class Photographs:
    """The images of a data set as they are decoded, for any number of encoders."""

    def __init__(self, opened: OpenedSet) -> None:
        """Nothing is read yet."""
        self._opened = opened
        self._readable = list(range(len(opened.labelled.labels)))

    def read(self) -> Generator[Progress, None, LabelledSet]:
        """Find out which images can be decoded, and give their labels.

        Raises:
            EngineError: none can.
        """
        images, labelled = self._opened.image_set, self._opened.labelled
        if images is None:
            return labelled
        readable: list[int] = []
        counter = Counter(len(images))
        for index in range(len(images)):
            if index % _AT_ONCE == 0:
                counter.done = index
                yield counter.progress(f"Reading {labelled.name}")
            try:
                images.decode(index)
            except UnreadableImageError:
                continue
            readable.append(index)
        if not readable:
            raise EngineError(
                f"None of the images of the data set {labelled.name!r} can be decoded."
            )
        self._readable = readable
        return LabelledSet(labelled.name, labelled.labels[readable], labelled.turned_classes)

    def centred_on(self) -> list[int]:
        """The images over which embeddings are centred: all, or the same ``N_CENTRED`` always.

        Which does not depend on the episodes, so that an episode's result does not depend on
        which others were asked.
        """
        order = np.random.default_rng(0).permutation(len(self._readable))
        return sorted(order[:N_CENTRED].tolist())

    def pixels(self, index: int, turns: int, corruption: str) -> NDArray[np.uint8]:
        """One image (height, width, 3), spoilt as it was decoded, then turned."""
        if self._opened.drawings is not None:
            pixels = self._opened.drawings.images[index].transpose(1, 2, 0)
        else:
            assert self._opened.image_set is not None
            pixels = self._opened.image_set.decode(self._readable[index])
        if corruption != CLEAN_PIXELS:
            pixels = CORRUPTIONS[corruption](pixels, (self._opened.labelled.name, index))
        if pixels.shape[2] == 1:
            pixels = np.repeat(pixels, 3, axis=2)
        return np.ascontiguousarray(np.rot90(pixels, turns))


class EmbeddedPhotographs:
    """Embeddings of the images that some episodes need, and of those to centre on."""

    def __init__(self, photographs: Photographs, runtime: EncoderRuntime) -> None:
        """Nothing is embedded yet."""
        self._photographs = photographs
        self._runtime = runtime
        self._embeddings: dict[_Key, NDArray[np.float16]] = {}

    def embed(self, episodes: Iterable[tuple[Episode, bool]]) -> Generator[Progress, None, None]:
        """Embed what the episodes need; with True also their spoilt queries."""
        wanted = dict.fromkeys(self._centred_on())
        for episode, is_robust in episodes:
            turns = episode.class_turns
            keys = _keys(episode.support, turns[episode.support_labels], CLEAN_PIXELS)
            for corruption in (CLEAN_PIXELS, *(CORRUPTIONS if is_robust else ())):
                keys += _keys(episode.query, turns[episode.query_labels], corruption)
            wanted.update(dict.fromkeys(keys))
        keys = list(wanted)
        counter = Counter(len(keys))
        text = f"Embedding, {self._runtime.encoder.name}"
        with ThreadPoolExecutor(self._runtime.n_callers) as pool:
            for first in range(0, len(keys), _AT_ONCE):
                counter.done = first
                yield counter.progress(text)
                batch = keys[first : first + _AT_ONCE]
                self._embeddings.update(zip(batch, pool.map(self._embed_one, batch), strict=True))

    def mean(self, encoder: Encoder) -> NDArray[np.float32]:
        """What the program centres on, were ``Photographs.centred_on`` its folder.

        Args:
            encoder: gives the same embeddings as the runtime's, but may have another mean.
        """
        folder = [self._embeddings[key] for key in self._centred_on()]
        total = np.asarray(np.sum(folder, axis=0, dtype=np.float64))
        return folder_mean(total, len(folder), encoder.feature_mean)

    @property
    def size(self) -> int:
        """Length of an embedding."""
        return len(next(iter(self._embeddings.values())))

    def task(self, episode: Episode) -> Task:
        """The episode with its embeddings."""
        return Task(
            support=self._stacked(episode.support, episode.support_labels, episode, CLEAN_PIXELS),
            support_labels=torch.from_numpy(episode.support_labels),
            query=self._stacked(episode.query, episode.query_labels, episode, CLEAN_PIXELS),
            query_labels=torch.from_numpy(episode.query_labels),
            n_way=episode.n_way,
            class_ids=torch.from_numpy(episode.class_ids),
        )

    def spoilt_queries(self, episode: Episode, corruption: str) -> Tensor:
        """Embeddings of the episode's queries, spoilt before they were embedded."""
        return self._stacked(episode.query, episode.query_labels, episode, corruption)

    def _centred_on(self) -> list[_Key]:
        return [(index, 0, CLEAN_PIXELS) for index in self._photographs.centred_on()]

    def _stacked(
        self,
        indices: NDArray[np.int64],
        labels: NDArray[np.int64],
        episode: Episode,
        corruption: str,
    ) -> Tensor:
        keys = _keys(indices, episode.class_turns[labels], corruption)
        return torch.from_numpy(np.stack([self._embeddings[key] for key in keys])).float()

    def _embed_one(self, key: _Key) -> NDArray[np.float16]:
        return self._runtime.embed(self._photographs.pixels(*key))


class JoinedImages:
    """The embeddings of several encoders side by side."""

    def __init__(self, parts: Sequence[TaskImages]) -> None:
        """Join ``parts``, one per encoder."""
        self._parts = list(parts)

    def task(self, episode: Episode) -> Task:
        """The episode with all embeddings."""
        tasks = [part.task(episode) for part in self._parts]
        return Task(
            support=torch.cat([task.support for task in tasks], 1),
            support_labels=tasks[0].support_labels,
            query=torch.cat([task.query for task in tasks], 1),
            query_labels=tasks[0].query_labels,
            n_way=episode.n_way,
            class_ids=tasks[0].class_ids,
        )

    def spoilt_queries(self, episode: Episode, corruption: str) -> Tensor:
        """All embeddings of the episode's spoilt queries."""
        return torch.cat([part.spoilt_queries(episode, corruption) for part in self._parts], 1)


def _keys(indices: NDArray[np.int64], turns: NDArray[np.int64], corruption: str) -> list[_Key]:
    return [
        (index, turn, corruption)
        for index, turn in zip(indices.tolist(), turns.tolist(), strict=True)
    ]

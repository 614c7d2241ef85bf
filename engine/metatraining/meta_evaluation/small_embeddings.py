"""Small images embedded once by networks whose embedding of an image depends on nothing else.

Episodes draw the same images again and again: 600 each of 5 and 20 classes, 1 and 5 shots, show
540,000, of which Omniglot's test characters are 33,840.
"""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterable
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from engine.messages import Progress
from engine.metatraining.algorithms.interface import Algorithm
from engine.metatraining.algorithms.prototypical import PrototypicalNetwork
from engine.metatraining.algorithms.transfer import Transfer
from engine.metatraining.episodes import Episode, IndexArray
from engine.metatraining.meta_evaluation.images import CLEAN_PIXELS, PixelImages
from engine.metatraining.progress import Counter
from engine.metatraining.tasks import Task

_AT_ONCE: Final = 256
_TURNS: Final = 4


def can_be_embedded_once(algorithm: Algorithm) -> bool:
    """Whether it classifies by the embeddings of a network that sees each image alone."""
    if not isinstance(algorithm, PrototypicalNetwork | Transfer):
        return False
    norms = [part for part in algorithm.encoder.modules() if isinstance(part, nn.BatchNorm2d)]
    return all(norm.track_running_stats for norm in norms)


def on_embeddings(algorithm: Algorithm) -> Algorithm:
    """The same algorithm for images that are embedded already."""
    made = copy.deepcopy(algorithm)
    made.encoder = nn.Identity()
    return made


class SmallEmbeddings:
    """The embeddings of all images of a data set, of every turn."""

    def __init__(self, images: PixelImages, encoder: nn.Module, is_turned: bool) -> None:
        """Nothing is embedded yet.

        Args:
            images: in the form that ``encoder`` takes.
            encoder: images (n, ...) -> embeddings (n, d).
            is_turned: whether classes are turned; else only upright images are embedded.
        """
        self._images, self._encoder = images, encoder
        self._turns = _TURNS if is_turned else 1
        self._embeddings: dict[str, Tensor] = {}

    @property
    def size(self) -> int:
        """Length of an embedding."""
        return self._embeddings[CLEAN_PIXELS].shape[-1]

    @property
    def n_images(self) -> int:
        """Turned ones count."""
        return len(self._images.labels) * self._turns

    def embed(self, name: str, corruptions: Iterable[str]) -> Generator[Progress, None, None]:
        """Embed all images as they are, and after each of ``corruptions``.

        Args:
            name: of the method, for the progress.
            corruptions: keys of ``CORRUPTIONS``.
        """
        kinds = [CLEAN_PIXELS, *corruptions]
        self._encoder.eval()
        counter = Counter(len(kinds) * self.n_images)
        for kind in kinds:
            turns = []
            for turn in range(self._turns):
                parts = []
                for first in range(0, len(self._images.labels), _AT_ONCE):
                    yield counter.progress(f"Embedding, {name}")
                    parts.append(self._embed_batch(first, turn, kind))
                    counter.done += len(parts[-1])
                turns.append(torch.cat(parts))
            self._embeddings[kind] = torch.stack(turns)

    def task(self, episode: Episode) -> Task:
        """The episode with embeddings in place of images."""
        pixels = self._embeddings[CLEAN_PIXELS]
        support, query = (
            _chosen(pixels, indices, episode.class_turns[labels])
            for indices, labels in (
                (episode.support, episode.support_labels),
                (episode.query, episode.query_labels),
            )
        )
        return Task(
            support=support,
            support_labels=torch.from_numpy(episode.support_labels).to(support.device),
            query=query,
            query_labels=torch.from_numpy(episode.query_labels).to(query.device),
            n_way=episode.n_way,
            class_ids=torch.from_numpy(episode.class_ids).to(support.device),
        )

    def spoilt_queries(self, episode: Episode, corruption: str) -> Tensor:
        """Embeddings of the episode's spoilt queries."""
        return _chosen(
            self._embeddings[corruption], episode.query, episode.class_turns[episode.query_labels]
        )

    @torch.no_grad()
    def _embed_batch(self, first: int, turn: int, kind: str) -> Tensor:
        indices = np.arange(first, min(first + _AT_ONCE, len(self._images.labels)))
        embeddings: Tensor = self._encoder(self._images.batch(indices, turn, kind))
        return embeddings.to(torch.float32)


def _chosen(embeddings: Tensor, indices: IndexArray, turns: IndexArray) -> Tensor:
    return embeddings[torch.from_numpy(turns), torch.from_numpy(indices)]

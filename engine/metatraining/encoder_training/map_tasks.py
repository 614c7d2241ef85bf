"""Tasks of the encoder's training: references to kept feature maps instead of pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from engine.encoder.network import embedding_of
from engine.metatraining.algorithms.anchored import AnchoredEncoder
from engine.metatraining.encoder_training.maps import FeatureMaps
from engine.metatraining.episodes import Episode
from engine.metatraining.tasks import Task

SET, IMAGE, VIEW = range(3)
"""Columns of a reference (n, 3) int64: data set, image in it, view of the image."""


class MapSource:
    """Tasks whose images are references to feature maps; every image in a view drawn at random."""

    def __init__(self, sets: Sequence[FeatureMaps]) -> None:
        """Draw from ``sets``, in the order of the sampler's."""
        self._sets = sets

    def task(self, episode: Episode, random: torch.Generator) -> Task:
        """The task of ``episode``; views come from ``random``."""
        n_support = len(episode.support)
        images = torch.from_numpy(np.concatenate([episode.support, episode.query]))
        n_views = len(self._sets[episode.set_index].maps)
        views = torch.randint(n_views, (len(images),), generator=random)
        references = torch.stack([torch.full_like(images, episode.set_index), images, views], dim=1)
        return Task(
            support=references[:n_support],
            support_labels=torch.from_numpy(episode.support_labels),
            query=references[n_support:],
            query_labels=torch.from_numpy(episode.query_labels),
            n_way=episode.n_way,
            class_ids=torch.from_numpy(episode.class_ids),
            weight=episode.weight,
        )


class MapEncoder(AnchoredEncoder):
    """The last blocks of a network, fed with what the frozen ones made of an image.

    Convolutions and the biases of the (identity) batch norms are trained; the norms' scales would
    only repeat the convolutions' and stay, as do their statistics.
    """

    def __init__(self, blocks: nn.Sequential, sets: Sequence[FeatureMaps]) -> None:
        """Train ``blocks`` in place.

        Args:
            blocks: of a ``Network``, in evaluation mode, where they stay.
            sets: in the order that references count them.
        """
        super().__init__()
        # A third faster on CPUs.
        self.blocks = blocks.to(memory_format=torch.channels_last).eval()
        self._sets = sets
        self._means = [torch.from_numpy(maps.mean) for maps in sets]
        blocks.requires_grad_(False)
        for module in blocks.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.requires_grad_(True)
            elif isinstance(module, nn.BatchNorm2d):
                module.bias.requires_grad_(True)

    def train(self, mode: bool = True) -> MapEncoder:
        """Stay in evaluation mode, whatever is asked: the norms are identities."""
        return self

    def forward(self, references: Tensor) -> Tensor:
        """Unit embeddings (n, d), centred on the mean of their set, of references (n, 3)."""
        maps = self._set_of(references)
        rows, parts = [], []
        for view in range(len(maps.maps)):  # Views differ in size.
            of_view = torch.nonzero(references[:, VIEW] == view).flatten()
            if len(of_view):
                indices = references[of_view, IMAGE].cpu().numpy()
                batch = maps.batch(view, indices).to(self._device)
                parts.append(embedding_of(self.blocks(batch)))
                rows.append(of_view)
        embeddings = torch.cat(parts)[torch.argsort(torch.cat(rows)).to(self._device)]
        return normalize(embeddings - self._mean_of(references))

    def targets(self, references: Tensor) -> Tensor:
        """What the start network's embedding of each image is, averaged over views; (n, d).

        Centred and of unit length like the embeddings.
        """
        target = self._set_of(references).target[references[:, IMAGE].cpu().numpy()]
        return normalize(torch.from_numpy(target).to(self._device) - self._mean_of(references))

    def _set_of(self, references: Tensor) -> FeatureMaps:
        return self._sets[int(references[0, SET])]

    def _mean_of(self, references: Tensor) -> Tensor:
        return self._means[int(references[0, SET])].to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.blocks.parameters()).device

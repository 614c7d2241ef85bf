"""The blocks that are fine-tuned, and an encoder made of what they learned.

Each channel of their convolutions gets a scale and a shift, as in feature-wise linear modulation
(FiLM, Perez et al., arXiv:1709.07871; for few-shot classifiers Shysheya et al., FiT,
arXiv:2206.08671); the convolutions stay. A handful of labels cannot spoil much that way, and batch
normalisation has scales and shifts already: what is learned takes their place, so a fine-tuned
encoder is an encoder like any other.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import normalize

from engine.encoder.description import LAST_BLOCK, LAYER_SIZES, Encoder
from engine.encoder.network import build_network, pooled_roots
from engine.encoder.views import VIEWS, cut
from engine.metatraining.views import View, generator_for, make_view

FIRST_BLOCK: Final = 11
"""Blocks before it stay as they are, so every view is brought through them once."""

# What a person's labels are meant to survive: a part of the picture, the mirror image, another
# light. Turned pictures are other pictures: a six is no nine.
_VIEW: Final = View(min_area=0.5, flip=True, colour=0.3, grey=0.1)
N_DRAWN: Final = 5
"""Views drawn at random."""
N_VIEWS: Final = len(VIEWS) + N_DRAWN
LEARNED_FROM: Final = np.array([0, *range(len(VIEWS), N_VIEWS)])
"""The image as it is and what was drawn; the others are there to be judged by."""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """What the frozen blocks make of the views of one image.

    Those from which the program embeds it (``encoder.views.VIEWS``, the image as it is first) come
    before those that were drawn.

    Attributes:
        maps: (n_views, channels, h, w) float16, what goes into block ``FIRST_BLOCK``.
        roots: (n_views, n_early) float32, the pooled activations of the earlier taps.
        start: (n_views, embedding_size) float32, the embeddings before any fine-tuning.
    """

    maps: NDArray[np.float16]
    roots: NDArray[np.float32]
    start: NDArray[np.float32]


class FrozenBlocks:
    """The blocks that stay. Several threads may call :meth:`look` at once."""

    def __init__(self, encoder: Encoder, device: str) -> None:
        """Take them from ``encoder`` to ``device``, torch's name of one."""
        self._device = device
        self._preprocessing = encoder.preprocessing
        features = build_network(encoder).features[:FIRST_BLOCK]
        self._features = features.to(device).to(memory_format=torch.channels_last)
        self._taps = [tap for tap in _taps_of(encoder) if tap < FIRST_BLOCK]
        self._rest = TunedBlocks(encoder, device)

    @torch.no_grad()
    def look(self, pixels: NDArray[np.uint8], name: str, *, n_drawn: int = N_DRAWN) -> Looked:
        """Draw the views of an RGB image (height, width, 3) and bring them through the blocks.

        Args:
            pixels: of any size.
            name: of the image; the same name draws the same views.
            n_drawn: how many are drawn, 0 to ``N_DRAWN``.
        """
        size_px = self._preprocessing.size_px

        def view(seen: NDArray[np.uint8], kind: View, number: int) -> Tensor:
            return make_view(
                seen,
                replace(kind, size_px=size_px),
                self._preprocessing,
                may_flip=True,
                random=generator_for(name, number),
            )

        views = [view(cut(pixels, fixed), View(), 0) for fixed in VIEWS]
        views += [view(pixels, _VIEW, 1 + number) for number in range(n_drawn)]
        batch = torch.stack(views).to(self._device, memory_format=torch.channels_last)
        kept = _Keep()
        trunk = nn.Sequential(*self._features, kept)
        if self._taps:
            roots = pooled_roots(trunk, self._taps, batch)
        else:
            trunk(batch)
            roots = batch.new_zeros(len(batch), 0)
        maps = kept.activation.to(torch.float16)
        start = self._rest(maps.to(torch.float32), roots)
        return Looked(maps.cpu().numpy(), roots.cpu().numpy(), start.cpu().numpy())


class _Keep(nn.Module):
    """Hands on what it is given, and keeps it."""

    activation: Tensor

    def forward(self, activation: Tensor) -> Tensor:
        self.activation = activation
        return activation


class TunedBlocks(nn.Module):
    """The blocks that learn, and the embedding behind them; made anew for every training."""

    def __init__(self, encoder: Encoder, device: str) -> None:
        """Begin with the weights of ``encoder``, on ``device``."""
        super().__init__()
        self.features = build_network(encoder).features[FIRST_BLOCK:]
        self.embedding_size = encoder.embedding_size
        self._taps = _taps_of(encoder)
        self._sizes = dict(LAYER_SIZES[encoder.architecture])
        projection = encoder.projection
        self._projection: tuple[Tensor, Tensor] | None = None
        if projection is not None:
            matrix, offset = (
                torch.from_numpy(np.array(part)).to(device)
                for part in (projection.matrix, projection.offset)
            )
            self._projection = matrix, offset
        self.features.requires_grad_(False)
        for module in self.features.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.requires_grad_(True)
        self.to(device).to(memory_format=torch.channels_last)
        super().train(False)

    def train(self, mode: bool = True) -> TunedBlocks:
        """Stay in evaluation mode, whatever is asked, as ``network.Network`` does."""
        return self

    def forward(self, maps: Tensor, roots: Tensor) -> Tensor:
        """Embeddings (n, embedding_size), unrounded.

        Args:
            maps: (n, channels, h, w), what the frozen blocks give.
            roots: (n, n_early), likewise.
        """
        late = [tap for tap in self._taps if tap >= FIRST_BLOCK]
        found = pooled_roots(self.features, [tap - FIRST_BLOCK for tap in late], maps)
        early = [tap for tap in self._taps if tap < FIRST_BLOCK]
        parts = dict(
            zip(
                (*early, *late),
                (
                    *torch.split(roots, [self._sizes[tap] for tap in early], 1),
                    *torch.split(found, [self._sizes[tap] for tap in late], 1),
                ),
                strict=True,
            )
        )
        joined = torch.cat([parts[tap] for tap in self._taps], 1)
        if self._projection is None:
            return joined
        matrix, offset = self._projection
        return normalize(joined @ matrix + offset)

    def learned(self) -> list[nn.Parameter]:
        """The scales and shifts."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def load(self, weights: Mapping[str, NDArray[np.float32]]) -> TunedBlocks:
        """Take scales and shifts as :meth:`weights` gave them; returns itself."""
        with torch.no_grad():
            for name, parameter in self.features.named_parameters():
                if parameter.requires_grad:
                    parameter.copy_(torch.from_numpy(weights[f"features.{name}"]))
        return self

    def part_way(self, start: TunedBlocks, share: float) -> TunedBlocks:
        """The blocks a ``share`` [0, 1] of the way from ``start`` to these."""
        there = copy.deepcopy(self)
        with torch.no_grad():
            ways = zip(there.learned(), start.learned(), self.learned(), strict=True)
            for parameter, begin, end in ways:
                parameter.copy_(torch.lerp(begin, end, share))
        return there

    def weights(self) -> dict[str, NDArray[np.float32]]:
        """The scales and shifts by their names in an encoder file."""
        # A slice of a Sequential keeps the numbers of its blocks.
        return {
            f"features.{name}": parameter.detach().cpu().numpy().copy()
            for name, parameter in self.features.named_parameters()
            if parameter.requires_grad
        }


def batch_of(
    looked: Sequence[Looked], items: Sequence[tuple[int, int]], device: str
) -> tuple[Tensor, Tensor]:
    """Maps and roots of (image, view) pairs, as :class:`TunedBlocks` takes them."""
    maps = np.stack([looked[image].maps[view] for image, view in items])
    roots = np.stack([looked[image].roots[view] for image, view in items])
    on_device = torch.from_numpy(maps).to(device).to(torch.float32)
    return (
        on_device.contiguous(memory_format=torch.channels_last),
        torch.from_numpy(roots).to(device),
    )


def tuned_encoder(
    start: Encoder,
    weights: Mapping[str, NDArray[np.float32]],
    moved: NDArray[np.float32],
    record: Mapping[str, Any],
) -> Encoder:
    """The encoder with learned scales and shifts in it.

    Args:
        start: what was fine-tuned.
        weights: as ``TunedBlocks.weights`` gives them.
        moved: (embedding_size,) by how much the mean embedding of the labelled images changed;
            that of the training images is taken to have changed as much.
        record: JSON values about the fine-tuning, for the file.
    """
    told = "provenance", "meta_training", "fine_tuning", "start"
    metadata = {
        **{key: value for key, value in start.metadata.items() if key != "meta_training"},
        "provenance": (
            f"Fine-tuned by Handful on {record['n_labels']} labelled images of "
            f"{record['n_classes']} classes from {start.name!r}."
        ),
        "start": {
            "name": start.name,
            "fingerprint": start.fingerprint,
            **{key: start.metadata[key] for key in told if key in start.metadata},
        },
        "fine_tuning": dict(record),
    }
    return replace(
        start,
        name=f"{start.name}, fine-tuned",
        weights=MappingProxyType({**start.weights, **weights}),
        feature_mean=(start.feature_mean + moved).astype(np.float32),
        metadata=MappingProxyType(metadata),
    )


def _taps_of(encoder: Encoder) -> tuple[int, ...]:
    if encoder.projection is None:
        return (LAST_BLOCK[encoder.architecture],)
    return encoder.projection.taps

"""Feature maps: what the frozen blocks make of every view, computed once and kept on disk.

Episodes then cost only the blocks that are trained: with MobileNetV2 frozen up to block 14, a
fifth of the network. onnxruntime computes the maps, five times as fast as torch on the CPU.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.encoder.description import Encoder
from engine.encoder.network import build_network, embedding_of
from engine.errors import EngineError, sentence_for
from engine.metatraining.datasets import ImageSet, digest_of
from engine.metatraining.encoder_training import kept
from engine.metatraining.encoder_training.recipe import ViewRule
from engine.words import say

UNREADABLE: Final = -1
"""The label of an image that could not be decoded; it takes part in nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMaps:
    """All that training needs of one image set.

    Attributes:
        name: of the image set.
        labels: (n_images,) int64; ``UNREADABLE`` where an image could not be decoded.
        maps: for each view that episodes draw from, (n_images, channels, side, side) float16,
            memory-mapped; the product's own view comes first.
        target: (n_images, d) float32, the start network's embedding averaged over target views.
        mean: (d,) float32, the mean over the images of the start network's embedding.
    """

    name: str
    labels: NDArray[np.int64]
    maps: tuple[NDArray[np.float16], ...]
    target: NDArray[np.float32]
    mean: NDArray[np.float32]

    def batch(self, view: int, indices: NDArray[np.int64]) -> Tensor:
        """Maps of one view, (n, channels, side, side) float32, in memory order channels last."""
        maps = torch.from_numpy(self.maps[view][indices]).to(torch.float32)
        return maps.contiguous(memory_format=torch.channels_last)


class FrozenBlocks:
    """The start network, run by onnxruntime: map after the frozen blocks, and embedding."""

    def __init__(self, encoder: Encoder, n_blocks: int) -> None:
        """Remember what to run; nothing is built before ``prepare``.

        Args:
            encoder: the start of the training.
            n_blocks: how many blocks of the trunk are frozen.
        """
        self.encoder = encoder
        self.n_blocks = n_blocks
        self._session: onnxruntime.InferenceSession | None = None

    def prepare(self) -> None:
        """Export the network, once; takes several seconds."""
        if self._session is not None:
            return
        size_px = self.encoder.preprocessing.size_px
        self._session = kept.session_of(
            _Split(self.encoder, self.n_blocks), size_px, ["map", "embedding"]
        )

    def run(self, pixels: Tensor) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
        """Map (channels, side, side) and embedding (d,) of one preprocessed image.

        May be called from several threads, after ``prepare``.
        """
        assert self._session is not None
        maps, embeddings = self._session.run(None, {"pixels": pixels[None].numpy()})
        return maps[0].astype(np.float16), embeddings[0]


def build_maps(
    images: ImageSet,
    rules: Sequence[ViewRule],
    frozen: FrozenBlocks,
    may_flip: bool,
    seed: int,
    folder: Path,
) -> Generator[int, None, FeatureMaps]:
    """Compute, or find in ``folder``, the maps of every view of every image.

    Yields:
        The number of views done since the last yield.

    Raises:
        EngineError: the folder cannot be read or written, or no image can be decoded.
    """
    maps: list[NDArray[np.float16]] = []
    targets: list[NDArray[np.float32]] = []
    labels = images.labels.copy()
    means: list[NDArray[np.float32]] = []
    for number, rule in enumerate(rules):
        key = {
            "encoder": frozen.encoder.fingerprint,
            "frozen_blocks": frozen.n_blocks,
            "view": asdict(rule.view),
            "train": rule.train,
            "may_flip": may_flip,
            "seed": seed,
            "images": digest_of(images),
        }
        map_path = folder / f"{images.name}.{number}.maps.npy"
        embedding_path = folder / f"{images.name}.{number}.embeddings.npy"
        key_path = folder / f"{images.name}.{number}.json"
        try:
            paths = [embedding_path, *([map_path] if rule.train else [])]
            if not kept.is_kept(key_path, key, *paths):
                kept.begin(key_path)
                frozen.prepare()
                preprocessing = frozen.encoder.preprocessing
                make = kept.made_from_views(
                    images, rule.view, number, preprocessing, may_flip, seed, frozen.run
                )
                yield from kept.compute(
                    make, len(images), embedding_path, map_path if rule.train else None
                )
                kept.end(key_path, key)
            else:
                yield len(images)
        except OSError as error:
            raise EngineError(sentence_for(error, folder, say("keep feature maps in"))) from error
        embeddings: NDArray[np.float32] = kept.load(embedding_path)
        unreadable = np.isnan(embeddings[:, 0])
        if unreadable.all():
            raise EngineError(
                say("None of the images of the data set {name!r} can be decoded.", name=images.name)
            )
        if rule.train:
            maps.append(kept.load(map_path, mapped=True))
        labels[unreadable] = UNREADABLE
        embeddings[unreadable] = 0.0
        if rule.target:
            targets.append(embeddings)
        means.append(embeddings[~unreadable].mean(0))
    return FeatureMaps(
        name=images.name,
        labels=labels,
        maps=tuple(maps),
        target=np.mean(targets, axis=0, dtype=np.float32),
        mean=means[0],
    )


class _Split(nn.Module):
    def __init__(self, encoder: Encoder, n_blocks: int) -> None:
        super().__init__()
        features = build_network(encoder).features
        self.frozen, self.rest = features[:n_blocks], features[n_blocks:]

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        activation = self.frozen(pixels)
        return activation, embedding_of(self.rest(activation))

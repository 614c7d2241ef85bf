"""Pooled activations of several blocks, which projections are fitted to; kept on disk."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.encoder.description import LAST_BLOCK, LAYER_SIZES, MOBILENET_V2, Encoder, Preprocessing
from engine.encoder.network import build_network, roots_by_tap
from engine.errors import EncoderError, EngineError, sentence_for
from engine.metatraining.datasets import ImageSet, digest_of
from engine.metatraining.encoder_training import kept
from engine.metatraining.views import View
from engine.words import say

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PooledSet:
    """What one network makes of one data set's readable images: square roots of activations.

    Attributes:
        name: of the data set.
        labels: (n_images,) int64, at least 0.
        plain: (n_images, n_pooled) of the product's own view, the taps side by side.
        views: the same of each further view.
    """

    name: str
    labels: NDArray[np.int64]
    plain: Floats
    views: tuple[Floats, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class PooledImages:
    """What several networks make of one data set; it stays on disk until it is asked for.

    Attributes:
        images: the data set.
        readable: (n_images,) bool, which of them could be decoded.
        taps: blocks whose activations were pooled, keys of ``LAYER_SIZES``.
        views: for each view (n_images, n_networks * n_pooled), mapped into memory.
    """

    images: ImageSet
    readable: NDArray[np.bool_]
    taps: tuple[int, ...]
    views: tuple[Floats, ...]

    def of(self, network: int, taps: Sequence[int]) -> PooledSet:
        """What one of the networks makes of them, of some of the taps."""
        sizes = [LAYER_SIZES[MOBILENET_V2][tap] for tap in self.taps]
        firsts = dict(zip(self.taps, np.cumsum([0, *sizes]), strict=False))
        begin = network * sum(sizes)
        columns = np.concatenate(
            [begin + firsts[tap] + np.arange(LAYER_SIZES[MOBILENET_V2][tap]) for tap in taps]
        )
        rows = np.flatnonzero(self.readable)
        plain, *views = (view[np.ix_(rows, columns)] for view in self.views)
        return PooledSet(self.images.name, self.images.labels[rows], plain, tuple(views))


class PooledLayers:
    """Networks run by onnxruntime up to the pooled activations that a projection takes in.

    Their first blocks are the same, and run and exported once.
    """

    def __init__(self, encoders: Sequence[Encoder], n_common: int, taps: Sequence[int]) -> None:
        """Remember what to run; nothing is built before ``prepare``.

        Args:
            encoders: of which the trunks are run; projections are left out.
            n_common: how many of their first blocks are the same.
            taps: keys of ``LAYER_SIZES``.
        """
        self.trunks = tuple(map(trunk_of, encoders))
        self.taps = tuple(taps)
        self._n_common = n_common
        self._session: onnxruntime.InferenceSession | None = None

    @property
    def preprocessing(self) -> Preprocessing:
        """Theirs."""
        return self.trunks[0].preprocessing

    def prepare(self) -> None:
        """Export the networks, once; takes several seconds."""
        if self._session is None:
            module = _Pooled(self.trunks, self._n_common, self.taps)
            self._session = kept.session_of(module, self.preprocessing.size_px, ["roots"])

    def run(self, pixels: Tensor) -> Floats:
        """The roots (n_networks * n_pooled,) of one preprocessed image.

        May be called from several threads, after ``prepare``.
        """
        assert self._session is not None
        roots: Floats = self._session.run(None, {"pixels": pixels[None].numpy()})[0][0]
        return roots


def trunk_of(encoder: Encoder) -> Encoder:
    """The same network without a projection, whose mean embedding nobody has measured.

    Raises:
        EncoderError: it is not of Handful's own architecture.
    """
    if encoder.training_refusal:
        raise EncoderError(encoder.training_refusal)
    size = LAYER_SIZES[encoder.architecture][LAST_BLOCK[encoder.architecture]]
    return replace(encoder, projection=None, feature_mean=np.zeros(size, np.float32))


class _Pooled(nn.Module):
    def __init__(self, trunks: Sequence[Encoder], n_common: int, taps: tuple[int, ...]) -> None:
        super().__init__()
        networks = [build_network(trunk).features for trunk in trunks]
        self.common = networks[0][:n_common]
        self.own = nn.ModuleList(network[n_common:] for network in networks)
        self.taps = taps

    def forward(self, pixels: Tensor) -> Tensor:
        n_common = len(self.common)
        shared, activation = roots_by_tap(self.common, self.taps, pixels)
        every = []
        for network in self.own:
            assert isinstance(network, nn.Sequential)
            own, _ = roots_by_tap(network, self.taps, activation, n_common)
            roots = {**shared, **own}
            every.append(torch.cat([roots[tap] for tap in self.taps], 1))
        return torch.cat(every, 1)


def build_pooled(
    images: ImageSet,
    views: Sequence[View],
    layers: PooledLayers,
    may_flip: bool,
    seed: int,
    folder: Path,
) -> Generator[int, None, PooledImages]:
    """Compute, or find in ``folder``, the pooled roots of the views of every image.

    Args:
        images: the data set.
        views: how they are drawn; the first is the product's own.
        layers: what is run.
        may_flip: whether images may be mirrored.
        seed: of the draws.
        folder: where the roots are kept.

    Yields:
        The number of views done since the last yield.

    Raises:
        EngineError: the folder cannot be read or written, or no image can be decoded.
    """
    parts: list[Floats] = []
    for number, view in enumerate(views):
        key = {
            "networks": [trunk.fingerprint for trunk in layers.trunks],
            "taps": list(layers.taps),
            "view": asdict(view),
            "may_flip": may_flip,
            "seed": seed,
            "images": digest_of(images),
        }
        roots_path = folder / f"{images.name}.pooled{number}.npy"
        key_path = folder / f"{images.name}.pooled{number}.json"
        try:
            if kept.is_kept(key_path, key, roots_path):
                yield len(images)
            else:
                kept.begin(key_path)
                layers.prepare()
                make = kept.made_from_views(
                    images,
                    view,
                    f"pooled {number}",
                    layers.preprocessing,
                    may_flip,
                    seed,
                    lambda pixels: (kept.NO_MAP, layers.run(pixels)),
                )
                yield from kept.compute(make, len(images), roots_path)
                kept.end(key_path, key)
        except OSError as error:
            raise EngineError(
                sentence_for(error, folder, say("keep pooled activations in"))
            ) from error
        parts.append(kept.load(roots_path, mapped=True))
    readable = ~np.isnan(parts[0][:, 0])
    if not readable.any():
        raise EngineError(
            say("None of the images of the data set {name!r} can be decoded.", name=images.name)
        )
    return PooledImages(images, readable, layers.taps, tuple(parts))

"""Feature maps: what the frozen blocks make of every view, computed once and kept on disk.

Episodes then cost only the blocks that are trained: with MobileNetV2 frozen up to block 14, a
fifth of the network. onnxruntime computes the maps, five times as fast as torch on the CPU.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.encoder.encoder_file import Encoder, write_whole
from engine.encoder.graph import export_module
from engine.encoder.network import build_network, embedding_of, pooled_roots
from engine.errors import EngineError, UnreadableImageError, sentence_for
from engine.metatraining.datasets import ImageSet
from engine.metatraining.encoder_training.recipe import ViewRule
from engine.metatraining.views import View, generator_for, make_view

UNREADABLE: Final = -1
"""The label of an image that could not be decoded; it takes part in nothing."""

_NO_MAP: Final = np.empty(0, np.float16)
_BATCH: Final = 16  # About 50 ms on two cores: a step of a generator.


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
        self._session = _session_of(
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
        EngineError: the folder cannot be written.
    """
    kept: list[NDArray[np.float16]] = []
    targets: list[NDArray[np.float32]] = []
    labels = images.labels.copy()
    means: list[NDArray[np.float32]] = []
    for number, rule in enumerate(rules):
        key = _key(images, rule, frozen, may_flip, seed)
        map_path = folder / f"{images.name}.{number}.maps.npy"
        embedding_path = folder / f"{images.name}.{number}.embeddings.npy"
        key_path = folder / f"{images.name}.{number}.json"
        try:
            if not _is_key(key_path, key):
                folder.mkdir(parents=True, exist_ok=True)
                key_path.unlink(missing_ok=True)
                frozen.prepare()
                make = _maker(images, rule, frozen, may_flip, seed, number)
                yield from _compute(make, len(images), rule.train, map_path, embedding_path)
                write_whole(key_path, json.dumps(key).encode())
            else:
                yield len(images)
            embeddings: NDArray[np.float32] = np.load(embedding_path)
            unreadable = np.isnan(embeddings[:, 0])
            if unreadable.all():
                raise EngineError(
                    f"None of the images of the data set {images.name!r} can be decoded."
                )
            if rule.train:
                kept.append(np.load(map_path, mmap_mode="r"))
        except OSError as error:
            raise EngineError(sentence_for(error, folder, "keep feature maps in")) from error
        labels[unreadable] = UNREADABLE
        embeddings[unreadable] = 0.0
        if rule.target:
            targets.append(embeddings)
        means.append(embeddings[~unreadable].mean(0))
    return FeatureMaps(
        name=images.name,
        labels=labels,
        maps=tuple(kept),
        target=np.mean(targets, axis=0, dtype=np.float32),
        mean=means[0],
    )


def _maker(
    images: ImageSet, rule: ViewRule, frozen: FrozenBlocks, may_flip: bool, seed: int, number: int
) -> Callable[[int], tuple[NDArray[np.float16], NDArray[np.float32]] | None]:
    """What makes map and embedding of image ``index``; None where it cannot be decoded."""

    def make(index: int) -> tuple[NDArray[np.float16], NDArray[np.float32]] | None:
        try:
            image = images.decode(index)
        except UnreadableImageError:
            return None
        random = generator_for(seed, images.name, index, number)
        preprocessing = frozen.encoder.preprocessing
        return frozen.run(make_view(image, rule.view, preprocessing, may_flip, random))

    return make


def _compute(
    make: Callable[[int], tuple[NDArray[np.float16], NDArray[np.float32]] | None],
    n_images: int,
    keep_maps: bool,
    map_path: Path,
    embedding_path: Path,
) -> Iterator[int]:
    maps: NDArray[np.float16] | None = None
    embeddings: NDArray[np.float32] | None = None
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for first in range(0, n_images, _BATCH):
            indices = range(first, min(first + _BATCH, n_images))
            for index, made in zip(indices, pool.map(make, indices), strict=True):
                if made is None:
                    continue
                one_map, embedding = made
                if embeddings is None:
                    embeddings = np.full((n_images, len(embedding)), np.nan, np.float32)
                embeddings[index] = embedding
                if keep_maps:
                    if maps is None:
                        shape = (n_images, *one_map.shape)
                        maps = _new_maps(map_path, shape)
                    maps[index] = one_map
            yield len(indices)
    if maps is not None:
        maps.flush()  # type: ignore[attr-defined]  # open_memmap returns a memmap.
    stored = io.BytesIO()
    np.save(
        stored, np.full((n_images, 1), np.nan, np.float32) if embeddings is None else embeddings
    )
    write_whole(embedding_path, stored.getvalue())


def _new_maps(path: Path, shape: tuple[int, ...]) -> NDArray[np.float16]:
    """An empty file of maps with all its space, mapped into memory; raises OSError.

    Without the space a full disk would be noticed when a map is stored: as a signal, which kills
    the process.
    """
    maps = np.lib.format.open_memmap(path, "w+", np.float16, shape)
    if hasattr(os, "posix_fallocate"):  # Not on Windows, whose files are never sparse unasked.
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return maps


class PooledLayers:
    """A network run by onnxruntime up to the pooled activations that a projection takes in."""

    def __init__(self, encoder: Encoder, taps: Sequence[int]) -> None:
        """Remember what to run; nothing is built before ``prepare``."""
        self.encoder = encoder
        self.taps = tuple(taps)
        self._session: onnxruntime.InferenceSession | None = None

    def prepare(self) -> None:
        """Export the network, once; takes several seconds."""
        if self._session is not None:
            return
        size_px = self.encoder.preprocessing.size_px
        self._session = _session_of(_Pooled(self.encoder, self.taps), size_px, ["roots"])

    def run(self, pixels: Tensor) -> NDArray[np.float32]:
        """The roots (n_pooled,) of one preprocessed image; from any thread, after ``prepare``."""
        assert self._session is not None
        roots: NDArray[np.float32] = self._session.run(None, {"pixels": pixels[None].numpy()})[0][0]
        return roots


def build_pooled(
    images: ImageSet,
    view: View,
    number: int,
    layers: PooledLayers,
    may_flip: bool,
    seed: int,
    folder: Path,
) -> Generator[int, None, NDArray[np.float32]]:
    """Compute, or find in ``folder``, the pooled roots of one view of every image.

    Args:
        images: the data set.
        view: how the view is drawn.
        number: of the view, which sets its random draws apart from those of others.
        layers: what is run.
        may_flip: whether images may be mirrored.
        seed: of the draws.
        folder: where the roots are kept.

    Yields:
        The number of images done since the last yield.

    Returns:
        (n_images, n_pooled); rows of NaN where an image could not be decoded.

    Raises:
        EngineError: the folder cannot be written.
    """
    key = {
        "encoder": layers.encoder.fingerprint,
        "taps": list(layers.taps),
        "view": asdict(view),
        "may_flip": may_flip,
        "seed": seed,
        "images": hashlib.sha256("\n".join(images.image_names).encode()).hexdigest(),
    }

    def make(index: int) -> tuple[NDArray[np.float16], NDArray[np.float32]] | None:
        try:
            image = images.decode(index)
        except UnreadableImageError:
            return None
        random = generator_for(seed, images.name, index, f"pooled {number}")
        pixels = make_view(image, view, layers.encoder.preprocessing, may_flip, random)
        return _NO_MAP, layers.run(pixels)

    roots_path = folder / f"{images.name}.pooled{number}.npy"
    key_path = folder / f"{images.name}.pooled{number}.json"
    try:
        if _is_key(key_path, key):
            yield len(images)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            key_path.unlink(missing_ok=True)
            layers.prepare()
            yield from _compute(make, len(images), False, roots_path, roots_path)
            write_whole(key_path, json.dumps(key).encode())
        roots: NDArray[np.float32] = np.load(roots_path)
    except OSError as error:
        raise EngineError(sentence_for(error, folder, "keep pooled activations in")) from error
    return roots


class _Pooled(nn.Module):
    def __init__(self, encoder: Encoder, taps: tuple[int, ...]) -> None:
        super().__init__()
        self.features, self.taps = build_network(encoder).features, taps

    def forward(self, pixels: Tensor) -> Tensor:
        return pooled_roots(self.features, self.taps, pixels)


def _session_of(
    module: nn.Module, size_px: int, output_names: list[str]
) -> onnxruntime.InferenceSession:
    """``module``, pixels (n, 3, height, width) -> outputs, as onnxruntime runs it on one thread."""
    model = export_module(
        module,
        torch.zeros(2, 3, size_px, size_px),
        input_name="pixels",
        output_names=output_names,
        dynamic_axes={0: "batch", 2: "height", 3: "width"},
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # Images are spread over threads instead.
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


class _Split(nn.Module):
    def __init__(self, encoder: Encoder, n_blocks: int) -> None:
        super().__init__()
        features = build_network(encoder).features
        self.frozen, self.rest = features[:n_blocks], features[n_blocks:]

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        activation = self.frozen(pixels)
        return activation, embedding_of(self.rest(activation))


def _key(
    images: ImageSet, rule: ViewRule, frozen: FrozenBlocks, may_flip: bool, seed: int
) -> dict[str, Any]:
    """What the kept maps of a view depend on."""
    names = hashlib.sha256("\n".join(images.image_names).encode()).hexdigest()
    return {
        "encoder": frozen.encoder.fingerprint,
        "frozen_blocks": frozen.n_blocks,
        "view": asdict(rule.view),
        "train": rule.train,
        "may_flip": may_flip,
        "seed": seed,
        "images": names,
    }


def _is_key(path: Path, key: dict[str, Any]) -> bool:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    return bool(found == key)

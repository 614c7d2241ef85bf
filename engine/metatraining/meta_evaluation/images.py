"""The images of an evaluation: data sets opened once, shown to every method in its own form."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.errors import EngineError
from engine.messages import Progress
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.episodes import Episode, IndexArray
from engine.metatraining.meta_evaluation.corruptions import CORRUPTIONS
from engine.metatraining.meta_evaluation.methods import PixelRule
from engine.metatraining.meta_evaluation.settings import LabelledSet
from engine.metatraining.pixels import DIGITS, OMNIGLOT_NAME, load_pixels, read_pixels
from engine.metatraining.progress import Counter
from engine.metatraining.tasks import PixelSet, PixelSource, Task

CLEAN_PIXELS: Final = ""
"""Stands for no corruption where one of ``CORRUPTIONS`` is expected."""

DRAWN_PX: Final = 28
"""Of Omniglot and the digits, where no network asks for a size."""


class TaskImages(Protocol):
    """The images of a data set in the form that some methods take."""

    def task(self, episode: Episode) -> Task:
        """The episode with its images."""

    def spoilt_queries(self, episode: Episode, corruption: str) -> Tensor:
        """The episode's queries after one of ``CORRUPTIONS``."""


class EmbeddingImages(TaskImages, Protocol):
    """The same, embedded."""

    @property
    def size(self) -> int:
        """Length of an embedding."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenedSet:
    """A data set whose classes are known, its images not necessarily read.

    Attributes:
        path: it came from.
        position: among the sets of ``path``.
        split: of Omniglot.
        labelled: names and labels; images that turn out unreadable count until then.
        drawings: the images themselves, of Omniglot and the digits; else None.
        image_set: where the images are read; None where there are drawings.
    """

    path: Path
    position: int
    split: str
    labelled: LabelledSet
    drawings: PixelSet | None
    image_set: ImageSet | None


def open_data(paths: Sequence[Path], split: str) -> list[OpenedSet]:
    """Open what ``load_pixels`` takes, without decoding photographs.

    Raises:
        EngineError: nothing usable is there, or two sets have the same name.
    """
    opened: list[OpenedSet] = []
    for path in paths:
        is_omniglot = (path / OMNIGLOT_NAME).is_file()
        if is_omniglot or (path.name == DIGITS and not path.exists()):
            (drawings,) = load_pixels(path, DRAWN_PX, 1, False, split)
            labelled = LabelledSet(drawings.name, drawings.labels, turned_classes=is_omniglot)
            opened.append(OpenedSet(path, 0, split, labelled, drawings, None))
        else:
            for position, images in enumerate(open_image_sets([path])):
                labelled = LabelledSet(images.name, images.labels, turned_classes=False)
                opened.append(OpenedSet(path, position, split, labelled, None, images))
    if not opened:
        raise EngineError("No data sets were given to evaluate on.")
    names = [item.labelled.name for item in opened]
    for name in names:
        if names.count(name) > 1:
            raise EngineError(f"Two of the data sets are named {name!r}.")
    return opened


class PixelImages:
    """Small images for a small network."""

    def __init__(self, pixels: PixelSet, device: torch.device) -> None:
        """Show ``pixels`` on ``device``."""
        self._pixels = pixels
        self._device = device
        self._sources = {CLEAN_PIXELS: PixelSource([pixels], device)}
        self._random = torch.Generator()  # Nothing is drawn: the images are shown as they are.

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of the readable images."""
        return self._pixels.labels

    @property
    def sha256(self) -> str:
        """Of pixels and labels, as a run's configuration has it of what it was trained on."""
        digest = hashlib.sha256(self._pixels.images.tobytes())
        digest.update(self._pixels.labels.tobytes())
        return digest.hexdigest()

    def task(self, episode: Episode) -> Task:
        """The episode with its images."""
        return self._source(CLEAN_PIXELS).task(episode, self._random)

    def spoilt_queries(self, episode: Episode, corruption: str) -> Tensor:
        """The episode's queries, spoilt at the network's resolution before they are turned."""
        return self._source(corruption).task(episode, self._random).query

    def batch(self, indices: IndexArray, turn: int, corruption: str) -> Tensor:
        """Images as ``task`` gives them, all turned alike.

        Args:
            indices: of the images.
            turn: quarters of a circle.
            corruption: one of ``CORRUPTIONS``, or ``CLEAN_PIXELS``.
        """
        labels, nothing = np.zeros(len(indices), np.int64), np.zeros(0, np.int64)
        turns = np.array([turn])
        episode = Episode(0, 1, indices, labels, nothing, nothing, turns, nothing)
        return self._source(corruption).task(episode, self._random).support

    def _source(self, corruption: str) -> PixelSource:
        if corruption not in self._sources:
            self._sources[corruption] = PixelSource([self._spoil(corruption)], self._device)
        return self._sources[corruption]

    def _spoil(self, corruption: str) -> PixelSet:
        pixels = self._pixels
        spoil = CORRUPTIONS[corruption]
        images = np.stack(
            [
                spoil(image.transpose(1, 2, 0), (pixels.name, index)).transpose(2, 0, 1)
                for index, image in enumerate(pixels.images)
            ]
        )
        return PixelSet(pixels.name, images, pixels.labels, pixels.class_names)


class PixelShelf:
    """Loads the small images of every set once for each way in which networks take them."""

    def __init__(self, device: torch.device) -> None:
        """Put tasks on ``device``."""
        self._device = device
        self._loaded: dict[tuple[Path, PixelRule], list[PixelSet]] = {}

    def images(self, opened: OpenedSet, rule: PixelRule) -> Generator[Progress, None, PixelImages]:
        """The images of one set for one kind of network.

        Raises:
            EngineError: they cannot be read.
        """
        key = (opened.path, rule)
        if key not in self._loaded:
            reading = read_pixels(
                opened.path, rule.side_px, rule.channels, rule.inverted, opened.split
            )
            text = f"Reading {opened.path.name}"
            self._loaded[key] = yield from Counter().follow(text, reading)
        return PixelImages(self._loaded[key][opened.position], self._device)

"""What the unlabelled rest of a folder tells before any label: its mean and its main directions.

Directions in which a folder's images differ a lot tell classes apart more often than those in
which they hardly differ: with one label a class, weighing directions by the root of their spread
was worth two points on the mean of ten sets, and nothing was lost at ten labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.heads import Floats, normalise

# How many embeddings of the folder weigh as much as the encoder's own training mean. Small: with
# sixty images the folder's own mean was better already.
MEAN_PRIOR_COUNT: Final = 4.0
# How many images weigh as much as the assumption that all directions spread alike.
_SPREAD_PRIOR_COUNT: Final = 10.0
SAMPLE_SIZE: Final = 2000
"""More images than these are not looked at: a step of the mixture takes 50 ms with them."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderShape:
    """The shape of a folder's cloud of embeddings.

    Attributes:
        mean: (d,) float32, what embeddings are centred on.
        metric: (d, d) float32, symmetric: a direction x becomes x @ metric, with a mean squared
            length of one.
        n_images: how many images were known.
    """

    mean: Floats
    metric: Floats
    n_images: int

    @classmethod
    def of(cls, sample: Floats, mean: Floats, n_images: int) -> FolderShape:
        """From embeddings (n, d) of some of the folder's images and the mean of all."""
        return cls.of_directions(normalise(sample, mean), mean, n_images)

    @classmethod
    def of_directions(cls, directions: Floats, mean: Floats, n_images: int) -> FolderShape:
        """As :meth:`of`, from their directions, see :func:`normalise`.

        The metric is the square root of the spread of these, so that similarities are weighed by
        the spread once.
        """
        size = len(mean)
        spread = directions.T @ directions
        spread += np.float32(_SPREAD_PRIOR_COUNT / size) * np.eye(size, dtype=np.float32)
        values, vectors = np.linalg.eigh(spread)
        values = np.sqrt(np.maximum(values, 0.0))
        # Half of the power: similarities x M x' are weighed by the root of the spread.
        metric = (vectors * np.sqrt(values)) @ vectors.T
        moved = directions @ metric
        lengths = np.einsum("nd,nd->n", moved, moved)
        scale = np.sqrt(lengths.mean()) if len(lengths) and lengths.any() else 1.0
        return cls(mean, (metric / np.float32(scale)).astype(np.float32), n_images)


def folder_mean(embedding_sum: NDArray[np.float64], n_images: int, training_mean: Floats) -> Floats:
    """What a folder's embeddings are centred on: their own mean, steadied by the training mean.

    Args:
        embedding_sum: (d,) sum over the folder's images.
        n_images: how many were summed; 0 gives the training mean.
        training_mean: (d,) from the encoder file.
    """
    total = embedding_sum + MEAN_PRIOR_COUNT * training_mean.astype(np.float64)
    mean: Floats = (total / (n_images + MEAN_PRIOR_COUNT)).astype(np.float32)
    return mean

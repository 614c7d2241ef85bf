"""How good an encoder is for the tool: a few labels per class, all the other images classified.

Every candidate sees the same draws of labels, so that differences are paired. All classes of a set
take part at once, as they do for a user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.method import folder
from engine.method.adaptation import adapt
from engine.words import say

RIDGE: Final = 0.3
"""The ridge head's regularisation, relative to the squared length 1 of an embedding."""

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.int64]


class Head(Protocol):
    """Fits a classifier to a support set and classifies queries with it."""

    def __call__(
        self,
        support: FloatArray,
        support_labels: IndexArray,
        queries: FloatArray,
        folder_mean: FloatArray,
        n_way: int,
    ) -> IndexArray:
        """The predicted class of each query.

        Args:
            support: (n_support, d), embeddings as the encoder gives them.
            support_labels: (n_support,) in [0, n_way).
            queries: (n_query, d), likewise embeddings.
            folder_mean: (d,), the mean embedding of all images of the set.
            n_way: number of classes; each has at least one support image.

        Returns:
            (n_query,) in [0, n_way).
        """


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Which images are labelled (``support``) and which are to be classified (``query``)."""

    support: IndexArray
    query: IndexArray


def draw_labels(labels: IndexArray, n_shot: int, n_draws: int, seed: int) -> list[Draw]:
    """Label ``n_shot`` images of every class at random, ``n_draws`` times.

    A class with too few images gives one less than it has, so that something is left to classify.
    Draw ``r`` depends on ``seed``, ``n_shot`` and ``r`` alone.

    Raises:
        EngineError: a class has a single image.
    """
    members = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    smallest = min(len(member) for member in members)
    if smallest < 2:
        raise EngineError(
            say(
                "A class has 1 image; evaluation needs at least 2 of each, one to label and one to "
                "classify."
            )
            if smallest
            else say(
                "A class has no image; evaluation needs at least 2 of each, one to label and one "
                "to classify."
            )
        )
    draws = []
    for r in range(n_draws):
        random = np.random.default_rng([seed, n_shot, r])
        support = np.concatenate(
            [random.permutation(member)[: min(n_shot, len(member) - 1)] for member in members]
        )
        query = np.setdiff1d(np.arange(len(labels)), support)
        draws.append(Draw(support=support, query=query))
    return draws


def accuracies(
    embeddings: FloatArray, labels: IndexArray, head: Head, draws: Sequence[Draw]
) -> NDArray[np.float64]:
    """Accuracy in [0, 1] of ``head`` in each draw, (n_draws,)."""
    folder_mean = embeddings.mean(0)
    n_way = int(labels.max()) + 1
    return np.array(
        [
            np.mean(
                head(
                    embeddings[draw.support],
                    labels[draw.support],
                    embeddings[draw.query],
                    folder_mean,
                    n_way,
                )
                == labels[draw.query]
            )
            for draw in draws
        ]
    )


def plain_prototypes(
    support: FloatArray,
    support_labels: IndexArray,
    queries: FloatArray,
    folder_mean: FloatArray,
    n_way: int,
) -> IndexArray:
    """Prototypical networks as published: class means, squared Euclidean distance.

    On what is given, which is the embedding as the encoder emits it. Published networks emit the
    pooled activation z; of an encoder without a projection that is the embedding squared.
    """
    return _most_likely(prototype_logits(support, support_labels, queries, n_way))


def prototype_logits(
    support: FloatArray, support_labels: IndexArray, queries: FloatArray, n_way: int
) -> FloatArray:
    """Logits (n_query, n_way) of Snell et al. 2017 (eq. 2), -|q - p|^2 up to a query's constant.

    Args:
        support, support_labels, queries, n_way: as a ``Head`` takes them.
    """
    prototypes = _class_sums(support, support_labels, n_way)
    prototypes /= np.bincount(support_labels, minlength=n_way)[:, None]
    # -|q - p|^2 = 2 <q, p> - |p|^2 - |q|^2
    logits: FloatArray = 2 * (queries @ prototypes.T) - (prototypes**2).sum(1)
    return logits


def cosine_prototypes(
    support: FloatArray,
    support_labels: IndexArray,
    queries: FloatArray,
    folder_mean: FloatArray,
    n_way: int,
) -> IndexArray:
    """Centred and normalised embeddings, normalised class sums, cosine."""
    prototypes = normalise(_class_sums(normalise(support - folder_mean), support_labels, n_way))
    return _most_likely(normalise(queries - folder_mean) @ prototypes.T)


def ridge(
    support: FloatArray,
    support_labels: IndexArray,
    queries: FloatArray,
    folder_mean: FloatArray,
    n_way: int,
) -> IndexArray:
    """Kernel ridge regression on one-hot labels over centred and normalised embeddings."""
    x = normalise(support - folder_mean)
    targets = np.eye(n_way, dtype=np.float32)[support_labels]
    coefficients = np.linalg.solve(x @ x.T + RIDGE * np.eye(len(x), dtype=np.float32), targets)
    return _most_likely(normalise(queries - folder_mean) @ (x.T @ coefficients))


def product_head(training_mean: FloatArray, n_images: int) -> Head:
    """The head that the product itself fits after a click, for a folder of ``n_images``."""

    def classify(
        support: FloatArray,
        support_labels: IndexArray,
        queries: FloatArray,
        folder_mean: FloatArray,
        n_way: int,
    ) -> IndexArray:
        total = folder_mean.astype(np.float64) * n_images
        mean = folder.folder_mean(total, n_images, training_mean)
        model = adapt(support, support_labels, mean)
        return model.classes[_most_likely(model.probabilities(queries))]

    return classify


HEADS: Final[Mapping[str, Head]] = {
    "plain": plain_prototypes,
    "cosine": cosine_prototypes,
    "ridge": ridge,
}


def normalise(vectors: FloatArray) -> FloatArray:
    """Rows divided by their length; a row of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = vectors / np.maximum(lengths, np.float32(1e-12))
    return unit


def _class_sums(vectors: FloatArray, labels: IndexArray, n_way: int) -> FloatArray:
    sums: FloatArray = np.eye(n_way, dtype=np.float32)[labels].T @ vectors
    return sums


def _most_likely(logits: FloatArray) -> IndexArray:
    winners: IndexArray = logits.argmax(axis=1).astype(np.int64)
    return winners

"""The projection: pooled activations of several blocks -> one compact embedding, in closed form.

What varies although a person would not say so is turned down, whatever does not is left as it is:
a whitening by the covariance of such variation, shrunk towards the identity. It is measured on the
training images in three ways, all without gradients:

- within classes: images of one class differ from their mean (linear discriminant analysis; in
  speaker recognition, within-class covariance normalisation);
- between views of one image: cropped, mirrored, recoloured, turned;
- between data sets: what tells one folder from another is never what is labelled inside one.

Directions in which the classes of the training sets differ are *not* turned up: that was tried,
and costs accuracy on classes that were not trained on.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.encoder.description import LAYER_SIZES, MOBILENET_V2, Projection
from engine.metatraining.encoder_training.pooled import PooledSet
from engine.metatraining.encoder_training.recipe import ProjectionRule

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FittedProjection:
    """A projection but for the share of the earlier blocks, which validation chooses.

    Attributes:
        mean: (n_pooled,) the mean over the training images, every set weighing the same.
        last: (n_pooled, n) the first part's columns, of the last block alone.
        earlier: (n_pooled, m) what earlier blocks add to them.
    """

    taps: tuple[int, ...]
    mean: Doubles
    last: Doubles
    earlier: Doubles

    def at(self, share: float) -> Projection:
        """The projection whose second part is weighed by ``share``, above 0."""
        matrix = np.concatenate([self.last, share * self.earlier], axis=1)
        return Projection(
            taps=self.taps,
            matrix=matrix.astype(np.float32),
            offset=(-self.mean @ matrix).astype(np.float32),
            parts=(0, self.last.shape[1]) if self.earlier.shape[1] else (0,),
        )


def project(roots: Floats, projection: Projection) -> Floats:
    """Embeddings (n, embedding_size) from roots (n, n_pooled), rounded as the graph's."""
    projected = roots @ projection.matrix + projection.offset
    projected /= np.maximum(np.linalg.norm(projected, axis=1, keepdims=True), np.float32(1e-12))
    rounded: Floats = projected.astype(np.float16).astype(np.float32)
    return rounded


def fit_projection(
    sets: Sequence[PooledSet], rule: ProjectionRule
) -> Generator[int, None, FittedProjection]:
    """Fit the projection to the training sets; all of them weigh the same.

    Yields:
        The number of sets done since the last yield; every set is visited twice.
    """
    scale = _scales(sets, rule)
    means = np.stack([pooled.plain.mean(0, dtype=np.float64) for pooled in sets])
    n_pooled = means.shape[1]
    within = np.zeros((n_pooled, n_pooled))
    between_views = np.zeros((len(rule.views), n_pooled, n_pooled))
    for pooled in sets:
        scaled = pooled.plain * scale
        within += _within_classes(scaled, pooled.labels)
        for total, view in zip(between_views, pooled.views, strict=True):
            total += _gram(scaled - view * scale) / len(scaled)
        yield 1

    unwanted = _equalised(within)
    for view_rule, total in zip(rule.views, between_views, strict=True):
        unwanted += view_rule.weight * _equalised(total)
    unwanted = _equalised(unwanted)
    if len(sets) > 1:
        unwanted += rule.between_sets * _equalised(_gram((means - means.mean(0)) * scale))
    unwanted[np.diag_indices(n_pooled)] += rule.shrinkage

    # With unwanted = L L^T the rows of L^-1 whiten, and L is lower triangular: its first rows see
    # the last block alone, the others what earlier blocks tell beyond it. Distances are the same
    # with any other root of the inverse.
    whitening = np.tril(np.linalg.inv(np.linalg.cholesky(unwanted))) * scale
    n_last = LAYER_SIZES[MOBILENET_V2][rule.taps[0]]
    mean = means.mean(0)
    covariances = [np.zeros((n_last, n_last)), np.zeros((n_pooled - n_last, n_pooled - n_last))]
    for pooled in sets:
        whitened = (pooled.plain - mean.astype(np.float32)) @ whitening.T.astype(np.float32)
        whitened /= np.maximum(np.linalg.norm(whitened, axis=1, keepdims=True), np.float32(1e-12))
        whitened -= whitened.mean(0)
        for total, part in zip(
            covariances, (whitened[:, :n_last], whitened[:, n_last:]), strict=True
        ):
            total += _gram(part) / len(part)
        yield 1
    first, second = (
        _principal(total, size)
        for total, size in zip(covariances, (rule.last_size, rule.earlier_size), strict=True)
    )
    return FittedProjection(
        taps=rule.taps,
        mean=mean,
        last=whitening[:n_last].T @ first,
        earlier=whitening[n_last:].T @ second,
    )


def _scales(sets: Sequence[PooledSet], rule: ProjectionRule) -> Floats:
    """(n_pooled,): each tap's weight over its typical distance from its set's mean."""
    scales: list[Floats] = []
    first = 0
    for tap, weight in zip(rule.taps, rule.tap_weights, strict=True):
        size = LAYER_SIZES[MOBILENET_V2][tap]
        parts = [pooled.plain[:, first : first + size] for pooled in sets]
        typical = np.mean(
            [np.linalg.norm(part - part.mean(0), axis=1).mean(dtype=np.float64) for part in parts]
        )
        scales.append(np.full(size, weight / max(float(typical), 1e-12), np.float32))
        first += size
    return np.concatenate(scales)


def _within_classes(scaled: Floats, labels: NDArray[np.int64]) -> Doubles:
    """The mean over the classes of their covariances, (n_pooled, n_pooled)."""
    classes, compact, counts = np.unique(labels, return_inverse=True, return_counts=True)
    deviations = scaled.copy()
    for index in range(len(classes)):
        members = compact == index
        deviations[members] -= scaled[members].mean(0)
    weights = 1 / (np.maximum(counts - 1, 1) * len(classes))
    deviations *= np.sqrt(weights[compact])[:, None].astype(np.float32)
    return _gram(deviations)


def _gram(rows: NDArray[np.floating]) -> Doubles:
    return (rows.T @ rows).astype(np.float64)


def _equalised(covariance: Doubles) -> Doubles:
    """Scaled to a mean variance of 1; zeros stay."""
    scaled: Doubles = covariance / max(float(np.trace(covariance)) / len(covariance), 1e-30)
    return scaled


def _principal(covariance: Doubles, size: int) -> Doubles:
    """The ``size`` directions of largest variance, as columns; fewer if there are fewer."""
    _, directions = np.linalg.eigh(covariance)
    leading: Doubles = directions[:, ::-1][:, :size]
    return leading

"""Where in an image the score of a class comes from, exactly.

The score of an adapted model is linear in x = (u - mean) / |u - mean|, with u the embedding. With
the lengths that this image is divided by held at their values, which are constants of the image,
it is linear in the roots of the pooled activations, too; and the root of a spatial mean
z = sum(F) / HW is itself a sum over cells, sqrt(z) = sum(F / (HW sqrt(z))), 0 where z is 0. So the
score falls apart into one number per cell and layer, and nothing is approximated: class
activation mapping (Zhou et al., 2016, eq. 2), carried through root, projection and centring. That
the lengths are held makes it an account of this score, not of how it would change with the image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.encoder.description import Projection
from engine.method.adaptation import AdaptedModel
from engine.method.heads import SMALLEST_NORM, Floats

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Box:
    """A part of an image, in fractions of its width and height; the default is all of it."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One look of the encoder at an image.

    Attributes:
        activations: for each tap (channels, h, w) float32, in the order of the rows of the
            projection; at least 0 where their roots go into the embedding.
        box: the part of the image that was looked at.
        mirrored: whether left and right were exchanged.
        weight: by which this view's embedding goes into the image's: the embedding is the sum of
            the weighted ones. (A mean that is brought back to length one has weights beyond 1/n.)
    """

    activations: tuple[NDArray[np.float32], ...]
    box: Box = Box()
    mirrored: bool = False
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class ScoreMap:
    """A class's score over the image.

    Attributes:
        score: the class's logit less the mean of all classes' logits.
        heat: (rows, columns) float32 over the whole image; its sum is ``score``.
        spread: what of the score belongs to no place (offset, mean, bias) and was spread evenly.
        remainder: what rounding left between the parts and the score, spread evenly too; large
            only where the activations are not those of the embedding.
    """

    score: float
    heat: NDArray[np.float32]
    spread: float
    remainder: float


def score_map(
    model: AdaptedModel,
    column: int,
    embedding: NDArray[np.float16] | Floats,
    views: Sequence[View],
    projection: Projection | None,
    *,
    are_rooted: bool = True,
) -> ScoreMap:
    """Lay a class's score over the image.

    Args:
        model: whose score it is.
        column: the class's row in ``model.weights``.
        embedding: (d,) of the image.
        views: what the embedding was made of, at least one.
        projection: of the encoder; None where the embedding is the roots themselves.
        are_rooted: whether the roots of the pooled activations are projected, and not themselves.
    """
    weights = _contrast(model.weights.astype(np.float64), column)
    bias = float(_contrast(model.bias.astype(np.float64), column))
    mean = model.mean.astype(np.float64)
    centred = embedding.astype(np.float64) - mean
    length = max(float(np.linalg.norm(centred)), SMALLEST_NORM)
    score = float(weights @ centred) / length + bias
    # What one unit of the embedding is worth, and how far it is worth it.
    worth = weights / length
    spread = bias - float(worth @ mean)
    shape = _finest([activation.shape[1:] for view in views for activation in view.activations])
    heat = np.zeros(shape)
    for view in views:
        pooled = [tap.mean(axis=(1, 2), dtype=np.float64) for tap in view.activations]
        roots = [np.sqrt(np.maximum(part, 0.0)) if are_rooted else part for part in pooled]
        worths, constant = _worth_of_roots(np.concatenate(roots), worth, projection)
        spread += view.weight * constant
        stops = np.cumsum([len(part) for part in roots])[:-1]
        for tap, root, value in zip(view.activations, roots, np.split(worths, stops), strict=True):
            cells = _cells(tap, root if are_rooted else np.ones_like(root), view.weight * value)
            heat += _laid_over(cells[:, ::-1] if view.mirrored else cells, view.box, shape)
    remainder = score - float(heat.sum()) - spread
    heat += (spread + remainder) / heat.size
    return ScoreMap(score, heat.astype(np.float32), spread, remainder)


def score_of(model: AdaptedModel, column: int, embedding: NDArray[np.float16] | Floats) -> float:
    """The score that :func:`score_map` lays over an image, of its embedding (d,)."""
    contrast = _contrast(model.weights.astype(np.float64), column)
    bias = float(_contrast(model.bias.astype(np.float64), column))
    centred = embedding.astype(np.float64) - model.mean.astype(np.float64)
    return float(contrast @ centred) / max(float(np.linalg.norm(centred)), SMALLEST_NORM) + bias


def nearest(direction: Floats, others: Floats, count: int) -> tuple[NDArray[np.intp], Floats]:
    """The ``count`` rows of ``others`` (n, d) nearest to ``direction`` (d,), nearest first.

    Both are of length one, as ``AdaptedModel.directions`` gives them; the cosines (count,) in
    [-1, 1] come along. Equal ones stay in their order.
    """
    cosines = np.clip(others @ direction, -1.0, 1.0)
    order = np.argsort(-cosines, kind="stable")[:count]
    return order, cosines[order]


def _contrast(rows: Doubles, column: int) -> Doubles:
    """One class's row less the mean of all rows."""
    contrast: Doubles = rows[column] - rows.mean(axis=0)
    return contrast


def _worth_of_roots(
    roots: Doubles, worth: Doubles, projection: Projection | None
) -> tuple[Doubles, float]:
    """What one unit of each root (n_pooled,) is worth, and what the offset is, in score."""
    if projection is None:
        return worth, 0.0
    projected = roots @ projection.matrix + projection.offset
    length = max(float(np.linalg.norm(projected)), SMALLEST_NORM)
    # Single precision where the matrix is read: widening it would cost more than all the rest.
    worths = (projection.matrix @ worth.astype(np.float32)).astype(np.float64) / length
    return worths, float(projection.offset @ worth) / length


def _cells(tap: NDArray[np.float32], roots: Doubles, worths: Doubles) -> Doubles:
    """The share (h, w) of each cell in the worth of an activation's (channels, h, w) roots.

    With ones for roots: in that of its means.
    """
    _, rows, columns = tap.shape
    silent = roots <= 0
    per_unit = np.where(silent, 0.0, worths / np.where(silent, 1.0, roots)) / (rows * columns)
    cells: Doubles = np.tensordot(per_unit, tap, axes=1)
    return cells


def _finest(shapes: Sequence[tuple[int, ...]]) -> tuple[int, int]:
    return max(rows for rows, _ in shapes), max(columns for _, columns in shapes)


def _laid_over(cells: Doubles, box: Box, shape: tuple[int, int]) -> Doubles:
    """Cells (h, w) that lie over ``box``, spread evenly over the cells of the whole image."""
    down = _overlaps(cells.shape[0], box.top, box.bottom, shape[0])
    across = _overlaps(cells.shape[1], box.left, box.right, shape[1])
    laid: Doubles = down @ cells @ across.T
    return laid


def _overlaps(n_from: int, start: float, stop: float, n_to: int) -> Doubles:
    """(n_to, n_from): which fraction of each piece of [start, stop] lies in each of [0, 1].

    Every column sums to one, so nothing is lost.
    """
    edges = np.linspace(start, stop, n_from + 1)
    grid = np.linspace(0.0, 1.0, n_to + 1)
    low = np.maximum(edges[None, :-1], grid[:-1, None])
    high = np.minimum(edges[None, 1:], grid[1:, None])
    overlap = np.maximum(high - low, 0.0)
    fractions: Doubles = overlap / overlap.sum(axis=0, keepdims=True)
    return fractions

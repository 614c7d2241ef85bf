"""The signs of points as small masks, and stamping a hundred thousand of them into an image.

pyqtgraph's own scatter plot paints as many in 20 to 35 ms, but wants a Python object for the look
of each; here a new class, a prediction or a selection costs nothing but the next stamping.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FINE: Final = 8  # Samples a pixel and direction, of which coverage is counted.
_TINT: Final = 0.3  # How much of a prediction's colour is inside its ring.
_LEAST: Final = 0.06  # Coverage below which a pixel is left as it was.


class Sign(IntEnum):
    """How a point looks; those further down are painted over those above."""

    DOT = 0
    """Neither label nor prediction."""
    RING = 1
    """A prediction."""
    DISC = 2
    """A label."""
    DIAMOND = 3
    """An unsure prediction, where those are looked for."""
    TRIANGLE = 4
    """Like none of the classes, where those are looked for."""
    CROSS = 5
    """A label that looks wrong."""


_SCALE: Final = {
    Sign.DOT: 0.55,
    Sign.RING: 1.0,
    Sign.DISC: 1.15,
    Sign.DIAMOND: 1.4,
    Sign.TRIANGLE: 1.5,
    Sign.CROSS: 1.6,
}


@lru_cache(maxsize=256)
def mask(
    sign: Sign, radius_px: float, grown_px: float = 0.0, rim_px: float = 0.0
) -> NDArray[np.float32]:
    """How much of each pixel a sign covers, and how much of that is ink and rim; its side is odd.

    Args:
        sign: which one.
        radius_px: of a ring, in device pixels; others are somewhat larger or smaller.
        grown_px: so much larger all around, as a halo below the sign.
        rim_px: width of a line around it, in a colour of its own.

    Returns:
        (side, side, 3) float32 in [0, 1]: coverage, and of what is covered the share of ink and
        that of the rim; the rest is ground.
    """
    radius = max(1.0, radius_px * _SCALE[sign])
    reach = int(np.ceil(radius + grown_px + rim_px))
    offsets = (np.arange((2 * reach + 1) * _FINE) + 0.5) / _FINE - (reach + 0.5)
    x, y = np.meshgrid(offsets, offsets)
    inside, inked = _shape(sign, x, y, radius, grown_px)
    side = 2 * reach + 1

    def pixels(fine: NDArray[np.bool_]) -> NDArray[np.float32]:
        cells = fine.reshape(side, _FINE, side, _FINE)
        mean: NDArray[np.float32] = cells.mean(axis=(1, 3), dtype=np.float32)
        return mean

    outside, _ = _shape(sign, x, y, radius, grown_px + rim_px)
    covered = pixels(outside)

    def share_of(fine: NDArray[np.bool_]) -> NDArray[np.float32]:
        empty = np.zeros_like(covered)
        share: NDArray[np.float32] = np.divide(pixels(fine), covered, out=empty, where=covered > 0)
        return share

    ink = share_of(inside & inked)
    if sign is Sign.RING and not grown_px:
        ink = _TINT * share_of(inside) + (1 - _TINT) * ink
    return np.stack([covered, ink, share_of(outside & ~inside)], axis=2)


def stamp(
    image: NDArray[np.uint32],
    places: NDArray[np.intp],
    looks: NDArray[np.uint8],
    sprite: NDArray[np.float32],
    palette: NDArray[np.float32],
    ground: NDArray[np.float32],
    beneath: NDArray[np.float32] | None = None,
    rim: NDArray[np.float32] | None = None,
) -> None:
    """Stamp one sign at many places; later ones cover earlier ones.

    Edges are mixed with the ground instead of what lies there, which leaves a hair of it between
    signs that overlap.

    Args:
        image: (height, width) 0xffRRGGBB, contiguous.
        places: (n,) flat indices of the signs' middles, far enough from the edges.
        looks: (n,) which colour of the palette each has.
        sprite: from :func:`mask`.
        palette: (m, 3) red, green, blue in [0, 255].
        ground: (3,) the colour that shows through where there is no ink.
        beneath: (3,) the colour that edges are mixed with; None: the ground.
        rim: (3,) the colour of the sprite's rim, where it has one.
    """
    edge = ground if beneath is None else beneath
    line = ground if rim is None else rim
    flat, width = image.reshape(-1), image.shape[1]
    reach = sprite.shape[0] // 2
    for row, column in np.argwhere(sprite[..., 0] > _LEAST).tolist():
        covered, ink, rimmed = sprite[row, column].tolist()
        within = ground + ink * (palette - ground) + rimmed * (line - ground)
        colours = edge + covered * (within - edge)
        offset = (row - reach) * width + (column - reach)
        flat[places + offset] = packed(colours)[looks]


def rgb(colours: Sequence[str]) -> NDArray[np.float32]:
    """Colours given as ``#rrggbb`` as (m, 3) red, green, blue in [0, 255]."""
    parts = [[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in colours]
    return np.array(parts, np.float32).reshape(-1, 3)


def packed(colours: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Colours (m, 3) in [0, 255] as 0xffRRGGBB."""
    parts = np.rint(colours).astype(np.uint32)
    parts <<= np.array([16, 8, 0], np.uint32)
    opaque: NDArray[np.uint32] = parts.sum(axis=1, dtype=np.uint32) | np.uint32(0xFF000000)
    return opaque


def _shape(
    sign: Sign, x: NDArray[np.float64], y: NDArray[np.float64], radius: float, grown: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where a sign is, with its rim, and where it has ink."""
    everywhere = np.ones(x.shape, np.bool_)
    match sign:
        case Sign.DOT | Sign.DISC:
            return np.hypot(x, y) <= radius + grown, everywhere
        case Sign.RING:
            width = max(1.2, 0.3 * radius)
            return np.hypot(x, y) <= radius + grown, np.hypot(x, y) >= radius - width
        case Sign.DIAMOND:
            return np.abs(x) + np.abs(y) <= radius + 1.4 * grown, everywhere
        case Sign.TRIANGLE:
            low = 0.55 * radius + grown
            slope = 2.0 * np.abs(x) - 2.2 * grown
            return (y <= low) & (slope - radius <= y), everywhere
        case Sign.CROSS:
            arm = max(0.9, 0.24 * radius) + grown
            along, across = np.abs(x + y) / np.sqrt(2), np.abs(x - y) / np.sqrt(2)
            end = radius + grown
            bars = ((along <= arm) & (across <= end)) | ((across <= arm) & (along <= end))
            return bars, everywhere

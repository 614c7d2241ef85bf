"""A part as a height field: where it is carved, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Where a part is carved: the coordinates of every cell in the part's own frame.

    Row 0 is nearest to the camera. ``x`` and ``y`` are (rows, columns) float32 in units of the
    part, ``scale`` is cells per unit, ``column`` and ``row`` are the part's origin.
    """

    x: _F32
    y: _F32
    scale: float
    column: float
    row: float
    cos: float
    sin: float

    def cells(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 3) of the part's frame as columns, rows and heights in cells."""
        x, y, z = points.T * self.scale
        return np.stack(
            [x * self.cos - y * self.sin + self.column, x * self.sin + y * self.cos + self.row, z],
            axis=1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """A carved part, arrays (rows, columns) in units of the part; height 0 is the ground.

    ``underside`` is how high above the ground the solid begins; ``second`` marks another
    material; ``threaded`` marks walls with a thread of ``pitch``.
    """

    height: _F32
    underside: _F32 | None = None
    second: NDArray[np.bool_] | None = None
    threaded: NDArray[np.bool_] | None = None
    pitch: float = 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """A part before it is laid down: its extent in its own units, and how to carve it."""

    half_length: float
    half_width: float
    tallest: float
    turned: bool  # made on a lathe: rings instead of straight brush marks
    carve: Callable[[Grid], Relief]

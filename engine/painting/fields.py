"""Arrays that shapes, light and backgrounds are made of: noise, scratches, profiles, steps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

_T = TypeVar("_T")
_F32 = NDArray[np.float32]
_U8 = NDArray[np.uint8]


def pick(rng: np.random.Generator, choices: Sequence[_T]) -> _T:
    return choices[int(rng.integers(len(choices)))]


def noise(
    rng: np.random.Generator, width: int, height: int, cell_x: float, cell_y: float | None = None
) -> _U8:
    """Smooth noise, (height, width) uint8 around 128, with features of the given size in pixels."""
    columns = max(2, math.ceil(width / cell_x) + 1)
    rows = max(2, math.ceil(height / (cell_y or cell_x)) + 1)
    grains = np.frombuffer(rng.bytes(rows * columns), np.uint8).reshape(rows, columns)
    if rows == height and columns == width:
        return grains
    return np.asarray(Image.fromarray(grains).resize((width, height), Image.Resampling.BICUBIC))


def grains(rng: np.random.Generator, width: int, height: int) -> _U8:
    """White noise, (height, width) uint8."""
    return np.frombuffer(rng.bytes(width * height), np.uint8).reshape(height, width)


def scratches(rng: np.random.Generator, width: int, height: int) -> _U8:
    """Fine straight scratches, brighter and darker than 128."""
    sheet = Image.new("L", (width, height), 128)
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(4, 26))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        angle, length = rng.uniform(0, math.pi), rng.uniform(0.03, 0.3) * width
        end = (x + length * math.cos(angle), y + length * math.sin(angle))
        pen.line([(x, y), end], fill=int(rng.integers(85, 205)), width=int(rng.integers(1, 3)))
    return np.asarray(sheet)


def signed(noise: _U8) -> _F32:
    """Noise as float32 in −1..1."""
    return noise.astype(np.float32) * np.float32(1 / 127.5) - np.float32(1)


def smooth_step(value: _F32, low: float, high: float) -> _F32:
    t: _F32 = np.clip((value - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (np.float32(3) - 2 * t)


def radial(radius: _F32, knots: Sequence[tuple[float, float]], rounding: float = 0.0) -> _F32:
    """A turned profile: height by radius, linear between ``knots`` (radius, height).

    ``rounding`` is the width over which edges are rounded off.
    """
    entries, reach = 3072, 1.6
    radii = np.linspace(0, reach, entries)
    table = np.interp(radii, [k[0] for k in knots], [k[1] for k in knots])
    n_round = int(rounding / reach * entries)
    if n_round > 1:
        padded = np.pad(table, n_round, mode="edge")
        kernel = np.ones(n_round) / n_round
        table = np.convolve(padded, kernel, "same")[n_round:-n_round]
    steps = (radius * np.float32(entries / reach)).astype(np.int32)
    return table.astype(np.float32).take(steps, mode="clip")

"""Whether another way of running an encoder gives the numbers that onnxruntime gives on the CPU.

What is on screen, in the cache and in an exported model must be one answer, whatever ran the
encoder. So another device or library is tried on pictures before it is used, and judged by what a
person would see of it: by how much probabilities would move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

LARGEST_ON_CPU: Final = 1e-4
"""Of a probability: what an exported model is held to, see ``jobs/certificate``."""
LARGEST_ON_GPU: Final = 5e-3
"""A GPU sums in another order, by other algorithms."""

_SIZES: Final = ((224, 224), (301, 199), (97, 130), (448, 600), (160, 480), (500, 375))
_SCALE: Final = 30.0
"""Of the cosines in the trial's softmax: as steep as heads that were fitted to many labels."""

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float16]]


@lru_cache(maxsize=1)
def pictures() -> tuple[NDArray[np.uint8], ...]:
    """Twelve pictures (height, width, 3) of several sizes: light, edges, stripes and grain.

    Smooth waves alone would hide what rounding does to edges and texture.
    """
    generator = np.random.default_rng(7)
    made = []
    for number in range(2 * len(_SIZES)):
        height, width = _SIZES[number % len(_SIZES)]
        y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
        colours = generator.uniform(30, 225, (6, 3)).astype(np.float32)
        image = colours[0] * (1 - y[..., None]) + colours[1] * y[..., None]
        for index in range(2, 6):
            centre_y, centre_x, size = generator.uniform(0.1, 0.9, 3)
            inside = np.hypot(y - centre_y, x - centre_x) < 0.3 * size
            if index % 2:
                inside = (np.abs(y - centre_y) < 0.2 * size) & (np.abs(x - centre_x) < 0.3 * size)
            image[inside] = colours[index]
        angle, frequency = generator.uniform(0, np.pi), generator.uniform(20, 120)
        stripes = np.sin(frequency * (x * np.cos(angle) + y * np.sin(angle)))
        image += 25 * stripes[..., None] + generator.normal(0, 8, image.shape)
        made.append(np.clip(image, 0, 255).astype(np.uint8))
    return tuple(made)


def largest_difference(embed: Embed, reference: Embed) -> float:
    """By how much a probability moves at most where ``embed`` is used in place of ``reference``.

    Each picture is classified among the others by a softmax of scaled cosines, once with both
    sides from ``embed`` and once with both from ``reference``; NaN where a number is none.
    """
    found = _classified([embed(image) for image in pictures()])
    wanted = _classified([reference(image) for image in pictures()])
    return float(np.abs(found - wanted).max())


def _classified(embeddings: Sequence[NDArray[np.float16]]) -> NDArray[np.float64]:
    """Probabilities (n, n - 1) of each picture among all others."""
    rows = np.stack(embeddings).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    others = ~np.eye(len(rows), dtype=bool)
    logits = _SCALE * (rows @ rows.T)[others].reshape(len(rows), -1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities

"""Harm done to tasks on purpose: wrong labels of the support set, spoilt pixels of the queries."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.metatraining.views import generator_for

NOISE_DEVIATION: Final = 0.18
"""Standard deviation of the noise, 1 being the way from black to white."""
BLUR_SHARE: Final = 0.02
"""Standard deviation of the blur, 1 being the image's shorter side."""
JPEG_QUALITY: Final = 10

WRONG_LABEL_RATES: Final = (0.1, 0.2)

Pixels = NDArray[np.uint8]


def _noise(pixels: Pixels, key: tuple[str | int, ...]) -> Pixels:
    random = generator_for("noise", *key)
    noise = torch.randn(pixels.shape, generator=random).numpy() * (255 * NOISE_DEVIATION)
    spoilt: Pixels = np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)
    return spoilt


def _blur(pixels: Pixels, key: tuple[str | int, ...]) -> Pixels:
    radius = BLUR_SHARE * min(pixels.shape[:2])
    return _from_image(_to_image(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _jpeg(pixels: Pixels, key: tuple[str | int, ...]) -> Pixels:
    stored = io.BytesIO()
    _to_image(pixels).save(stored, "JPEG", quality=JPEG_QUALITY)
    with Image.open(stored) as image:
        return _from_image(image)


Corruption = Callable[[Pixels, tuple[str | int, ...]], Pixels]
"""(height, width, 1 or 3) uint8 and a key -> the same, spoilt; depends on these two alone."""

CORRUPTIONS: Final[Mapping[str, Corruption]] = MappingProxyType(
    {
        f"noise, sd {NOISE_DEVIATION:g}": _noise,
        f"blur, sd {100 * BLUR_SHARE:g} % of the side": _blur,
        f"JPEG, quality {JPEG_QUALITY}": _jpeg,
    }
)
"""By what the report calls them."""


def wrong_labels(
    labels: NDArray[np.int64], n_way: int, rate: float, key: tuple[str | int, ...]
) -> NDArray[np.int64]:
    """Labels of a support set of which some are wrong.

    Each is replaced, with probability ``rate``, by one of the other classes at random; where all of
    a class would be wrong one of them stays right, so that every class is still shown. With the
    same key the wrong ones of a lower rate are among those of a higher.

    Args:
        labels: (n_support,) in [0, n_way), every class at least once.
        n_way: number of classes, at least 2.
        rate: in [0, 1].
        key: what the choice depends on.
    """
    random = generator_for("wrong labels", *key)
    chance = torch.rand(len(labels), generator=random, dtype=torch.float64).numpy()
    steps = torch.randint(1, n_way, (len(labels),), generator=random).numpy()
    wrong = chance < rate
    for label in range(n_way):
        members = np.flatnonzero(labels == label)
        if wrong[members].all():
            # The one that is last to become wrong as the rate rises.
            wrong[members[chance[members].argmax()]] = False
    return np.where(wrong, (labels + steps) % n_way, labels)


def _to_image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _from_image(image: Image.Image) -> Pixels:
    pixels = np.array(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels

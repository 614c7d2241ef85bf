"""Views of an image: the same picture cropped, mirrored or recoloured, ready for the network."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate

from engine.encoder.description import Preprocessing
from engine.encoder.network import normalise_pixels

_GREY: Final = (0.299, 0.587, 0.114)  # ITU-R BT.601 luma, as Pillow's convert("L").
_MAX_ASPECT: Final = 4 / 3


@dataclass(frozen=True, slots=True)
class View:
    """How one view is drawn; the defaults are the product's own preprocessing, nothing random.

    Attributes:
        size_px: side of the network's input.
        min_area: the crop covers between this share of the image's area and all of it; its aspect
            ratio, relative to the image's, is within 3/4 and 4/3.
        flip: mirror left to right with probability 1/2, where the data set allows it.
        colour: brightness, contrast and saturation are each scaled by a factor within
            ``1 ± colour``.
        grey: probability of losing all colour.
        turn: turn by 90, 180 or 270 degrees.
    """

    size_px: int = 224
    min_area: float = 1.0
    flip: bool = False
    colour: float = 0.0
    grey: float = 0.0
    turn: bool = False


def generator_for(*key: str | int) -> torch.Generator:
    """A generator whose draws depend on ``key`` alone, so not on the order of work."""
    digest = hashlib.sha256("/".join(str(part) for part in key).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:7], "little"))


def make_view(
    image: NDArray[np.uint8],
    view: View,
    preprocessing: Preprocessing,
    may_flip: bool,
    random: torch.Generator,
) -> Tensor:
    """One view of ``image`` (height, width, 3): (3, size_px, size_px) float32, normalised."""
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    if view.min_area < 1:
        pixels = _crop(pixels, view.min_area, random)
    if view.flip and may_flip and _uniform(random) < 0.5:
        pixels = pixels.flip(2)
    if view.turn:
        pixels = pixels.rot90(1 + int(_uniform(random) * 3), (1, 2))
    size = (view.size_px, view.size_px)
    resized = interpolate(
        pixels[None].to(torch.float32), size, mode="bilinear", align_corners=False, antialias=True
    )
    if view.colour > 0:
        resized = _recolour(resized, view.colour, random)
    if view.grey > 0 and _uniform(random) < view.grey:
        resized = _grey(resized).expand_as(resized)
    return normalise_pixels(resized, preprocessing)[0]


def _crop(pixels: Tensor, min_area: float, random: torch.Generator) -> Tensor:
    height, width = pixels.shape[1:]
    area = min_area + (1 - min_area) * _uniform(random)
    aspect = math.exp((2 * _uniform(random) - 1) * math.log(_MAX_ASPECT))
    crop_width = max(1, min(width, round(width * math.sqrt(area * aspect))))
    crop_height = max(1, min(height, round(height * math.sqrt(area / aspect))))
    left = int(_uniform(random) * (width - crop_width + 1))
    top = int(_uniform(random) * (height - crop_height + 1))
    return pixels[:, top : top + crop_height, left : left + crop_width]


def _recolour(pixels: Tensor, strength: float, random: torch.Generator) -> Tensor:
    brightness, contrast, saturation = (1 + strength * (2 * _uniform(random) - 1) for _ in range(3))
    pixels = pixels * brightness
    level = _grey(pixels).mean()
    pixels = (pixels - level) * contrast + level
    grey = _grey(pixels)
    return ((pixels - grey) * saturation + grey).clamp(0, 255)


def _grey(pixels: Tensor) -> Tensor:
    weights = pixels.new_tensor(_GREY).view(1, 3, 1, 1)
    return (pixels * weights).sum(1, keepdim=True)


def _uniform(random: torch.Generator) -> float:
    return float(torch.rand((), generator=random))

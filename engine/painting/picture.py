"""One picture: a background, a part in the light, what happens over it, and the camera."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from engine.painting.backgrounds import BACKGROUNDS, weave
from engine.painting.fasteners import bolt, hex_nut, washer
from engine.painting.fields import noise, pick
from engine.painting.light import Scene
from engine.painting.machine_elements import bearing, gear, spring
from engine.painting.relief import Shape
from engine.painting.rendering import paint_part

CLASS_NAMES: Final[tuple[str, ...]] = ("gear", "hex nut", "bolt", "washer", "spring", "bearing")

_SIZES: Final = ((480, 360), (560, 420), (600, 450), (640, 480), (720, 480), (720, 540), (800, 600))
_GRID_PIXELS: Final = 300_000  # of the painted part; what the time per picture hangs on.
_SHAPES: Final[dict[str, Callable[[np.random.Generator], Shape]]] = {
    "gear": gear,
    "hex nut": hex_nut,
    "bolt": bolt,
    "washer": washer,
    "spring": spring,
    "bearing": bearing,
}


def paint_picture(class_name: str, generator: np.random.Generator) -> Image.Image:
    """One RGB picture of a part of the class, between 480 × 360 and 800 × 600 or upright.

    Raises:
        ValueError: there is no such class.
    """
    if class_name not in _SHAPES:
        raise ValueError(f"No class is called {class_name!r}.")
    width, height = pick(generator, _SIZES)
    if generator.random() < 0.35:
        width, height = height, width
    canvas = pick(generator, BACKGROUNDS)(generator, width, height)
    scene = Scene.drawn(generator, canvas)
    shape = _SHAPES[class_name](generator)
    short = min(width, height)
    reach = short * generator.uniform(0.26, 0.41) * (1.3 if shape.half_width < 0.4 else 1.0)
    rise = reach * shape.tallest * math.sin(scene.tilt)
    centre = (
        width / 2 + generator.uniform(-0.5, 0.5) * max(0.0, width - 1.8 * reach) * 0.8,
        (height + rise) / 2 + generator.uniform(-0.5, 0.5) * max(0.0, height - 1.8 * reach - rise),
    )
    paint_part(canvas, shape, scene, generator, reach, centre, _GRID_PIXELS)
    if generator.random() < 0.2:
        _paint_neighbour(canvas, scene, generator, reach)
    if generator.random() < 0.2:
        _spill_oil(canvas, generator)
    if generator.random() < 0.12:
        canvas = _lay_cloth(canvas, generator)
    return _photograph(canvas, generator)


def _paint_neighbour(
    canvas: Image.Image, scene: Scene, rng: np.random.Generator, reach_px: float
) -> None:
    """Another part of any class that reaches in from a border of the picture."""
    shape = _SHAPES[pick(rng, CLASS_NAMES)](rng)
    reach = reach_px * rng.uniform(0.7, 1.1)
    out = reach * rng.uniform(0.35, 0.75)
    x, y = rng.uniform(-0.1, 1.1) * canvas.width, rng.uniform(-0.1, 1.1) * canvas.height
    border = int(rng.integers(4))
    centre = (
        (-out, y),
        (canvas.width + out, y),
        (x, -out),
        (x, canvas.height + out),
    )[border]
    paint_part(canvas, shape, scene, rng, reach, centre, _GRID_PIXELS // 3)


def _spill_oil(canvas: Image.Image, rng: np.random.Generator) -> None:
    """A brown stain over part and background alike."""
    w, h = canvas.width // 4, canvas.height // 4
    x = np.arange(w, dtype=np.float32)[None, :] - np.float32(rng.uniform(0.1, 0.9) * w)
    y = np.arange(h, dtype=np.float32)[:, None] - np.float32(rng.uniform(0.1, 0.9) * h)
    reach = min(w, h) * rng.uniform(0.12, 0.4)
    pool = 150 * np.exp(-(x * x + y * y * np.float32(1.5)) * np.float32(1 / reach**2))
    pool += noise(rng, w, h, 28).astype(np.float32) * np.float32(0.5)
    pool += noise(rng, w, h, 9).astype(np.float32) * np.float32(0.12)
    strength = rng.uniform(60, 150)
    film = np.clip((pool - 135) * rng.uniform(3, 9), 0, strength).astype(np.uint8)
    mask = Image.fromarray(film).resize(canvas.size, Image.Resampling.BICUBIC)
    colour = pick(rng, ((34, 22, 10), (20, 16, 12), (52, 34, 12)))
    canvas.paste(colour, (0, 0), mask)


def _lay_cloth(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A rag whose edge covers a border of the picture and perhaps a little of the part."""
    width, height = canvas.size
    cloth = weave(rng, width, height)
    w, h = width // 4, height // 4
    angle = rng.uniform(0, 2 * math.pi)
    x = (np.arange(w, dtype=np.float32) - w / 2)[None, :] * math.cos(angle)
    y = (np.arange(h, dtype=np.float32) - h / 2)[:, None] * math.sin(angle)
    wobble = (noise(rng, w, h, 40).astype(np.float32) - 128) * np.float32(0.06)
    beyond = x + y + wobble - np.float32(min(w, h) * rng.uniform(0.36, 0.46))
    shade = np.clip((beyond + 5) * 22, 0, 150).astype(np.uint8)
    cover = np.clip(beyond * 120, 0, 255).astype(np.uint8)
    size = canvas.size
    canvas.paste((8, 7, 7), (0, 0), Image.fromarray(shade).resize(size, Image.Resampling.BICUBIC))
    mask = Image.fromarray(cover).resize(size, Image.Resampling.BICUBIC)
    return Image.composite(cloth, canvas, mask)


def _photograph(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The camera's share: falling light, white balance, exposure, focus and noise."""
    width, height = canvas.size
    x = np.linspace(-1, 1, 16)[None, :] - rng.uniform(-0.7, 0.7)
    y = np.linspace(-1, 1, 12)[:, None] - rng.uniform(-0.7, 0.7)
    falling = 1 - rng.uniform(0.03, 0.13) * (x * x + y * y)
    light = Image.fromarray((np.clip(falling, 0.15, 1) * 255).astype(np.uint8))
    light = light.resize(canvas.size, Image.Resampling.BICUBIC)
    canvas = ImageChops.multiply(canvas, Image.merge("RGB", (light, light, light)))

    exposure, gamma = rng.uniform(1.0, 1.4), rng.uniform(0.82, 1.05)
    warm, green = rng.normal(0, 0.045), rng.normal(0, 0.015)
    levels = np.linspace(0, 1, 256) ** gamma * exposure
    levels = levels + 0.06 * (levels - 0.45) * np.clip(1 - levels, 0, 1)
    curves = [levels * (1 + warm), levels * (1 + green), levels * (1 - warm)]
    haze = rng.uniform(0, 0.03)
    table = np.clip(np.concatenate(curves) * (1 - haze) + haze, 0, 1) * 255
    canvas = canvas.point([int(value) for value in table])

    focus = rng.random()
    if focus < 0.3:
        canvas = canvas.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.0)))
    elif focus < 0.38:
        canvas = canvas.filter(ImageFilter.BoxBlur((rng.uniform(0.6, 2.2), 0.3)))
    spread = rng.uniform(1.0, 6.0)
    bell = np.sort(rng.normal(0, spread, 256)) + 128
    quantiles = np.clip(np.rint(bell), 0, 255).astype(np.uint8).tobytes()
    noise = rng.bytes(3 * width * height).translate(quantiles)
    return ImageChops.add(canvas, Image.frombuffer("RGB", canvas.size, noise), 1, -128)

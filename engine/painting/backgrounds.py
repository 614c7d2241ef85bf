"""What the parts lie on: wood, rubber, steel, paper, gravel, foam, cloth."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.painting.fields import grains, noise, pick, scratches
from engine.painting.light import Colour


def _tinted(field: NDArray[np.generic], dark: Colour, light: Colour) -> Image.Image:
    """A picture of a field 0..255, from ``dark`` to ``light`` (display values 0..255)."""
    ramp = np.linspace(0, 1, 256)[:, None]
    palette = np.array(dark) * (1 - ramp) + np.array(light) * ramp
    image = Image.fromarray(field.astype(np.uint8))
    image.putpalette(np.clip(palette, 0, 255).astype(np.uint8).tobytes())
    return image.convert("RGB")


def _wood(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    upright = rng.random() < 0.5
    w, h = (height, width) if upright else (width, height)
    plank = h / pick(rng, (1, 2, 3, 4)) * rng.uniform(1.0, 1.15)
    rows = np.arange(h, dtype=np.float32) + np.float32(rng.uniform(0, plank))
    board = (rows / np.float32(plank)).astype(np.int32)
    tone = rng.normal(0, 12, 16).astype(np.float32)[board][:, None]
    shift = rng.uniform(0, 400, 16).astype(np.float32)[board][:, None]
    bow = noise(rng, w, h, w / 2.5, h / 5).astype(np.float32)
    rings = (rows[:, None] + shift) * np.float32(rng.uniform(2, 5)) + bow * np.float32(
        rng.uniform(1.0, 3.0)
    )
    wave = (np.sin(np.linspace(0, 2 * np.pi, 256)) * 26).astype(np.float32)
    field = wave[rings.astype(np.int32) & 255] + np.float32(128) + tone
    field += (noise(rng, w, h, 60, 1.5).astype(np.float32) - 128) * np.float32(0.24)
    field += (noise(rng, w, h, 9, 1.0).astype(np.float32) - 128) * np.float32(0.14)
    gap = (rows % np.float32(plank)) < rng.uniform(1.5, 3.5)
    field[gap] *= np.float32(0.3)
    np.clip(field, 0, 255, out=field)
    dark, light = pick(
        rng,
        (
            ((70, 42, 22), (205, 160, 108)),
            ((52, 36, 26), (150, 116, 84)),
            ((110, 84, 56), (226, 196, 150)),
            ((60, 56, 52), (160, 152, 142)),
        ),
    )
    return _tinted(field.T if upright else field, dark, light)


def _rubber(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    angle, pitch = rng.uniform(0, math.pi), rng.uniform(9, 26)
    table = 24 * np.clip(np.sin(np.linspace(0, 2 * np.pi, 256)) * 2.2, -1, 1).astype(np.float32)
    u = (x * math.cos(angle) + y * math.sin(angle)) * np.float32(256 / pitch)
    field = table[u.astype(np.int32) & 255]
    if rng.random() < 0.5:
        v = (y * math.cos(angle) - x * math.sin(angle)) * np.float32(256 / pitch)
        field = np.minimum(field, table[v.astype(np.int32) & 255])
    field = field + (grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.16)
    field += noise(rng, width, height, 150).astype(np.float32) * np.float32(0.3) + 64
    np.clip(field, 0, 255, out=field)
    grey = rng.uniform(60, 110)
    return _tinted(field, (14, 14, 15), (grey * 1.02, grey, grey * 0.97))


def _painted_steel(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    peel = noise(rng, width, height + 2, rng.uniform(3, 7)).astype(np.float32)
    field = np.float32(140) + (peel[2:] - peel[:-2]) * np.float32(rng.uniform(0.03, 0.16))
    field += (noise(rng, width, height, 120).astype(np.float32) - 128) * np.float32(0.2)
    field *= scratches(rng, width, height) * np.float32(1 / 128)
    np.clip(field, 0, 255, out=field)
    colour = pick(
        rng,
        (
            (96, 122, 104),
            (112, 122, 130),
            (70, 92, 124),
            (188, 180, 158),
            (150, 62, 50),
            (160, 128, 62),
            (84, 84, 86),
        ),
    )
    red, green, blue = colour
    light = (red * 1.35 + 20, green * 1.35 + 20, blue * 1.35 + 20)
    return _tinted(field, (red * 0.1, green * 0.1, blue * 0.1), light)


def _bare_steel(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    long, short = rng.uniform(60, 200), rng.uniform(1.0, 1.6)
    cells = (long, short) if rng.random() < 0.5 else (short, long)
    field = (noise(rng, width, height, *cells).astype(np.float32) - 128) * np.float32(0.22)
    field += noise(rng, width, height, 140).astype(np.float32) * np.float32(0.4) + 75
    field *= scratches(rng, width, height) * np.float32(1 / 128)
    np.clip(field, 0, 255, out=field)
    return _tinted(field, (20, 21, 22), (196, 198, 200))


def _paper(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    field = (grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.07)
    field += (noise(rng, width, height, 14, 3).astype(np.float32) - 128) * np.float32(0.1)
    field += noise(rng, width, height, 160).astype(np.float32) * np.float32(0.18) + 185
    style = rng.random()
    if style < 0.5:
        pitch = rng.uniform(14, 40)
        start = rng.uniform(0, pitch)
        field[(np.arange(height) + start) % pitch < 1.2] -= np.float32(30)
        if style < 0.3:
            field[:, (np.arange(width) + start) % pitch < 1.2] -= np.float32(30)
    np.clip(field, 0, 255, out=field)
    dark, light = pick(
        rng,
        (
            ((40, 44, 60), (246, 244, 238)),
            ((60, 36, 18), (208, 172, 128)),
            ((30, 50, 90), (232, 236, 238)),
        ),
    )
    return _tinted(field, dark, light)


def _gravel(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    cell = rng.uniform(5, 16)
    stones = noise(rng, width + 2, height + 2, cell).astype(np.float32)
    stones += noise(rng, width + 2, height + 2, cell / 2.5).astype(np.float32) * np.float32(0.5)
    lit = stones[2:, 2:] - stones[:-2, :-2]
    field = np.clip(lit, -70, 70) * np.float32(rng.uniform(0.3, 1.0)) + stones[2:, 2:] * np.float32(
        0.22
    )
    field += (grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.18)
    field += noise(rng, width, height, 110).astype(np.float32) * np.float32(0.25) + 45
    np.clip(field, 0, 255, out=field)
    dark, light = pick(
        rng,
        (
            ((28, 27, 25), (198, 194, 186)),
            ((40, 32, 24), (206, 186, 160)),
            ((16, 18, 20), (140, 142, 146)),
        ),
    )
    return _tinted(field, dark, light)


def _foam(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    pores = noise(rng, width, height, rng.uniform(2.5, 4.5)).astype(np.float32)
    field = np.minimum(pores, 130) * np.float32(0.4) + np.float32(60)
    field += (noise(rng, width, height, 9).astype(np.float32) - 128) * np.float32(0.12)
    field += (grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.12)
    field += (noise(rng, width, height, 150).astype(np.float32) - 128) * np.float32(0.25)
    np.clip(field, 0, 255, out=field)
    dark, light = pick(
        rng,
        (
            ((8, 8, 9), (72, 73, 77)),
            ((10, 14, 26), (60, 78, 116)),
            ((12, 12, 12), (104, 103, 100)),
        ),
    )
    return _tinted(field, dark, light)


def weave(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Cloth with soft folds."""
    pitch = rng.uniform(3, 6)
    x = np.arange(width, dtype=np.float32) * np.float32(2 * math.pi / pitch)
    y = np.arange(height, dtype=np.float32) * np.float32(2 * math.pi / pitch)
    bend = noise(rng, width + 5, height + 9, width / 3).astype(np.float32)
    field = np.outer(np.sin(y), np.sin(x)) * np.float32(26)
    field += (noise(rng, width, height, 1.6).astype(np.float32) - 128) * np.float32(0.3)
    field += (bend[9:, 5:] - bend[:-9, :-5]) * np.float32(1.7) + np.float32(130)
    np.clip(field, 0, 255, out=field)
    red, green, blue = pick(
        rng, ((60, 84, 130), (150, 56, 48), (150, 146, 138), (120, 104, 78), (58, 62, 66))
    )
    light = (min(255, red * 1.6), min(255, green * 1.6), min(255, blue * 1.6))
    return _tinted(field, (red * 0.2, green * 0.2, blue * 0.2), light)


BACKGROUNDS: Final = (
    _wood,
    _wood,
    _rubber,
    _painted_steel,
    _painted_steel,
    _bare_steel,
    _paper,
    _gravel,
    _foam,
    weave,
)

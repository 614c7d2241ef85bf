"""The light of a picture, and how metal of each finish answers it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.painting.fields import smooth_step

_F32 = NDArray[np.float32]

Colour = tuple[float, float, float]

MATCAP: Final = 128  # cells along one side of the table of reflections.


def _unit(x: float, y: float, z: float) -> Colour:
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length)


@dataclass(frozen=True, slots=True)
class _Finish:
    """How a surface answers light: mirrored and scattered share per channel, linear 0..1."""

    mirror: Colour
    scatter: Colour
    roughness: float  # 0 polished .. 1 matt
    grain: float  # how far the texture bends the normals


@dataclass(frozen=True, slots=True)
class _Box:
    """A lamp or window, seen in reflections."""

    towards: Colour
    across: Colour
    half_width: float
    half_height: float
    brightness: float


@dataclass(frozen=True, slots=True)
class Scene:
    """The light of one picture and the camera's tilt. x is right, y away, z up."""

    light: Colour  # unit vector towards the key light
    light_colour: Colour
    ambient: Colour
    ground: Colour  # linear, what the metal mirrors from below
    boxes: tuple[_Box, ...]
    tilt: float  # radians from looking straight down
    softness: float  # of shadows, as a share of the part's size
    shadow: float  # darkness of shadows, 0..1

    @classmethod
    def drawn(cls, rng: np.random.Generator, canvas: Image.Image) -> Scene:
        tilt = math.radians(rng.uniform(2, 44))
        azimuth, elevation = rng.uniform(0, 2 * math.pi), math.radians(rng.uniform(32, 68))
        light = (
            math.cos(azimuth) * math.cos(elevation),
            math.sin(azimuth) * math.cos(elevation),
            math.sin(elevation),
        )
        warmth = rng.uniform(-0.12, 0.12)
        power = rng.uniform(0.8, 1.25)
        sky = rng.uniform(0.28, 0.6)
        # One box near where a flat top mirrors to, or most flat faces would stay dark.
        seen_from_top = (0.0, math.sin(tilt), math.cos(tilt))
        boxes = []
        for index in range(int(rng.integers(2, 5))):
            base = seen_from_top if index == 0 else (0.0, 0.0, 0.35)
            spread = 0.45 if index == 0 else 1.0
            towards = _unit(
                base[0] + rng.uniform(-spread, spread),
                base[1] + rng.uniform(-spread, spread),
                max(0.15, base[2] + rng.uniform(-0.2, 0.2)),
            )
            across = _unit(rng.normal(), rng.normal(), 0.01)
            boxes.append(
                _Box(
                    towards,
                    across,
                    rng.uniform(0.12, 0.7),
                    rng.uniform(0.06, 0.3),
                    rng.uniform(0.8, 2.5),
                )
            )
        sample = np.asarray(canvas)[::7, ::7].reshape(-1, 3)
        red, green, blue = ((float(channel) / 255) ** 2 for channel in sample.mean(axis=0))
        return cls(
            light,
            (power * (1 + warmth), power, power * (1 - warmth)),
            (sky * (1 - warmth / 2), sky, sky * (1 + warmth / 2)),
            (red, green, blue),
            tuple(boxes),
            tilt,
            rng.uniform(0.008, 0.05),
            rng.uniform(0.5, 0.8),
        )

    def reflections(self, finish: _Finish) -> _F32:
        """What the camera sees of a surface by its normal, (_MATCAP², 3) linear.

        Rows go by the normal's y, columns by its x, both from −1 to 1. Blinn-Phong for the key
        light, a mirrored room for the metal, Lambert for what is left.
        """
        axis = np.linspace(-1, 1, MATCAP, dtype=np.float32)
        x, y = axis[None, :], axis[:, None]
        z = np.sqrt(np.maximum(1 - x * x - y * y, 0))
        length = np.maximum(np.sqrt(x * x + y * y + z * z), 1e-6)
        x, y, z = x / length, y / length, z / length
        sin, cos = math.sin(self.tilt), math.cos(self.tilt)
        facing = np.clip(z * cos - y * sin, 0.03, 1)
        mirror_x, mirror_y, mirror_z = (
            2 * facing * x,
            2 * facing * y + sin,
            2 * facing * z - cos,
        )
        rough = finish.roughness
        up = smooth_step(mirror_z, -0.15 - rough * 0.5, 0.25 + rough * 0.5)
        room = 0.25 + 0.75 * np.clip(mirror_z, 0, 1)
        room *= 1 - (0.55 - 0.4 * rough) * np.exp(-(((mirror_z - 0.22) / 0.16) ** 2))
        glow = np.zeros_like(z)
        edge = 0.05 + 0.55 * rough
        for box in self.boxes:
            tx, ty, tz = box.towards
            ax, ay, az = box.across
            bx, by, bz = ty * az - tz * ay, tz * ax - tx * az, tx * ay - ty * ax
            a = np.abs(mirror_x * ax + mirror_y * ay + mirror_z * az)
            b = np.abs(mirror_x * bx + mirror_y * by + mirror_z * bz)
            ahead = mirror_x * tx + mirror_y * ty + mirror_z * tz > 0
            share = 1 / (1 + 2.5 * rough)
            inside = smooth_step(box.half_width - a, -edge, edge)
            inside *= smooth_step(box.half_height - b, -edge, edge)
            glow += inside * ahead * (box.brightness * share)
        lx, ly, lz = self.light
        hx, hy, hz = _unit(lx, ly - sin, lz + cos)
        shine = 12 + 260 * (1 - rough) ** 3
        spark = np.clip(x * hx + y * hy + z * hz, 0, 1) ** shine * (0.25 + 2.2 * (1 - rough) ** 2)
        lit = np.clip(x * lx + y * ly + z * lz, 0, 1)
        grazing = (1 - facing) ** 5 * (1 - rough) * 0.6
        table = np.empty((MATCAP, MATCAP, 3), np.float32)
        for channel in range(3):
            colour, ambient = self.light_colour[channel], self.ambient[channel]
            mirror, scatter = finish.mirror[channel], finish.scatter[channel]
            seen = up * (room * ambient + glow * colour)
            seen += (1 - up) * (self.ground[channel] * 0.6 + 0.02)
            fresnel = mirror + (1 - mirror) * grazing
            value = fresnel * (seen + spark * colour)
            value += scatter * (lit * colour + ambient * (0.4 + 0.4 * z))
            table[..., channel] = value / (1 + 0.22 * value)  # a film's soft shoulder
        return table.reshape(-1, 3)


def metal(rng: np.random.Generator) -> _Finish:
    """One of the finishes of a hardware drawer."""
    shade = rng.uniform(0.85, 1.12)
    kind = int(rng.integers(8))
    if kind in (0, 1):  # bright or ground steel
        base, rough, scatter = (0.60, 0.59, 0.57), rng.uniform(0.12, 0.5), 0.05
    elif kind == 2:  # zinc, bluish
        base, rough, scatter = (0.58, 0.62, 0.66), rng.uniform(0.2, 0.5), 0.06
    elif kind == 3:  # yellow chromate
        base, rough, scatter = (0.70, 0.56, 0.27), rng.uniform(0.2, 0.45), 0.06
    elif kind == 4:  # brass
        base, rough, scatter = (0.76, 0.56, 0.22), rng.uniform(0.12, 0.45), 0.05
    elif kind == 5:  # black oxide
        base, rough, scatter = (0.13, 0.13, 0.14), rng.uniform(0.25, 0.55), 0.2
    elif kind == 6:  # cast or sand-blasted
        base, rough, scatter = (0.36, 0.36, 0.35), rng.uniform(0.65, 0.9), 0.35
    else:  # phosphated, dark grey
        base, rough, scatter = (0.24, 0.24, 0.24), rng.uniform(0.45, 0.7), 0.25
    red, green, blue = (min(0.95, channel * shade) for channel in base)
    return _Finish(
        (red, green, blue),
        (red * scatter, green * scatter, blue * scatter),
        rough,
        rng.uniform(0.015, 0.06) + 0.12 * max(0.0, rough - 0.4),
    )


RUST: Final = _Finish((0.02, 0.015, 0.01), (0.24, 0.095, 0.035), 1.0, 0.2)
SECONDS: Final = (  # of seals, cages and nylon rings
    _Finish((0.05, 0.05, 0.05), (0.022, 0.022, 0.024), 0.6, 0.05),
    _Finish((0.05, 0.04, 0.04), (0.16, 0.045, 0.03), 0.6, 0.05),
    _Finish((0.05, 0.05, 0.06), (0.04, 0.08, 0.2), 0.55, 0.05),
    _Finish((0.06, 0.06, 0.06), (0.5, 0.48, 0.42), 0.5, 0.04),
    _Finish((0.74, 0.54, 0.22), (0.05, 0.04, 0.02), 0.35, 0.04),
    _Finish((0.5, 0.5, 0.49), (0.03, 0.03, 0.03), 0.3, 0.04),
)

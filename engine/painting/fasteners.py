"""The shapes of hex nuts, bolts and washers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.painting.fields import pick, radial
from engine.painting.relief import Grid, Relief, Shape

_F32 = NDArray[np.float32]


def hex_nut(rng: np.random.Generator) -> Shape:
    flat = math.sqrt(0.75)  # across flats / 2, when the corners are at 1
    kind = pick(rng, ("plain", "plain", "plain", "flange", "castle", "locking", "thin"))
    thick = rng.uniform(0.3, 0.45) if kind == "thin" else rng.uniform(0.6, 0.9)
    bore = rng.uniform(0.4, 0.5)
    pitch = rng.uniform(0.07, 0.12)
    slope = rng.uniform(0.45, 0.62)
    reach = rng.uniform(1.12, 1.3) if kind == "flange" else 1.0
    turns = max(2, round(thick / pitch))

    def carve(grid: Grid) -> Relief:
        x, y = grid.x, grid.y
        radius = np.hypot(x, y)
        a, b = x * np.float32(0.5), y * np.float32(flat)
        sides = (np.abs(x), np.abs(a + b), np.abs(a - b))
        inside = flat - np.maximum(np.maximum(sides[0], sides[1]), sides[2])
        # The cone that is turned off the corners leaves the curved edges of a real nut.
        height = np.minimum(thick, thick - (radius - np.float32(flat * 0.97)) * slope)
        height -= 0.02 * (1 - np.clip(inside * 40, 0, 1)) ** 2
        height *= inside > 0
        second = None
        if kind == "flange":
            skirt = radial(radius, [(0, 0.2), (reach - 0.08, 0.12), (reach, 0.07)])
            height = np.maximum(height, skirt * (radius < reach))
        elif kind == "castle":
            across = (np.abs(y), np.abs(x * flat - y * 0.5), np.abs(x * flat + y * 0.5))
            slot = np.minimum(np.minimum(across[0], across[1]), across[2]) < 0.13
            height = np.where(slot, np.minimum(height, thick * 0.62), height)
        elif kind == "locking":
            collar = [
                (0.0, thick * 1.18),
                (bore + 0.16, thick * 1.18),
                (bore + 0.17, thick * 1.26),
                (0.68, thick * 1.26),
                (0.78, thick * 1.1),
                (0.79, 0.0),
            ]
            height = np.maximum(height, radial(radius, collar, 0.03))
            second = (radius < bore + 0.165) & (radius > bore + 0.03)
        # The thread: a bore that widens upwards in little terraces.
        cut = [(bore + 0.05 * k / turns, thick * k / turns) for k in range(turns + 1)]
        terraces = [p for r, z in cut for p in ((r, max(0.0, z - thick / turns)), (r + 0.006, z))]
        mouth = [*terraces, (bore + 0.1, thick * 1.06), (bore + 0.11, 3.0), (2.0, 3.0)]
        height = np.minimum(height, radial(radius, mouth))
        height = np.where(radius < bore, 0, height)
        return Relief(height, None, second, radius < bore + 0.06, pitch)

    return Shape(reach, reach, thick * 1.3, True, carve)


def bolt(rng: np.random.Generator) -> Shape:
    if rng.random() < 0.16:
        return _standing_bolt(rng)
    shank = rng.uniform(0.1, 0.2)
    head_kind = pick(rng, ("hex", "hex", "hex", "hex flange", "socket", "flat", "round"))
    pitch = shank * rng.uniform(0.24, 0.4)
    factor = {"hex": 1.72, "hex flange": 1.6, "socket": 1.55, "flat": 1.9, "round": 1.8}[head_kind]
    head = shank * factor * rng.uniform(0.95, 1.06)  # flat / 2 for hex, radius for the others
    long = (
        shank
        * {"hex": 1.35, "hex flange": 1.5, "socket": 2.0, "flat": 1.1, "round": 1.2}[head_kind]
    )
    head_end = -1 + long
    thread_from = head_end + (0.03 if rng.random() < 0.5 else rng.uniform(0.2, 0.55) * (2 - long))
    reach = head * (1.45 if head_kind == "hex flange" else 2 / math.sqrt(3))
    lift = reach if head_kind == "hex flange" else head
    leaning = rng.uniform(-0.5, 0.5) if head_kind == "hex flange" else 0.0

    def carve(grid: Grid) -> Relief:
        x, y = grid.x, grid.y
        # The bolt rests on its head and on its tip, so the axis falls towards the tip.
        axis = np.float32(lift) + (x + 1) * np.float32((shank - lift) / 2)
        wide = np.clip(y * np.float32(1 / shank), -1, 1)
        phase = x * np.float32(1 / pitch) + np.arcsin(wide) * np.float32(1 / (2 * math.pi))
        tooth = np.abs(phase - np.rint(phase)) * 2
        depth = np.float32(0.62 * pitch) * np.clip((x - thread_from) * np.float32(1 / pitch), 0, 1)
        body = shank - depth * np.clip(tooth * 1.3 - 0.12, 0, 1)
        body = np.minimum(body, shank * 1.45 + np.float32(1 - 0.04) - x - 0.35 * shank)
        body = body * ((x < 1) & (x > head_end - 0.02))
        rise = np.sqrt(np.maximum(body * body - y * y, 0))
        rise = np.maximum(rise, _bolt_head(x, y, head_kind, head, head_end, long, leaning))
        solid = rise > 0
        underside = np.maximum(axis - rise, 0)
        return Relief((axis + rise) * solid, underside)

    return Shape(1, reach, lift + reach, False, carve)


def _bolt_head(
    x: _F32, y: _F32, kind: str, head: float, head_end: float, long: float, leaning: float
) -> _F32:
    """How far the head of a lying bolt rises above the axis, 0 where there is none."""
    along = (x + 1) * np.float32(1 / long)  # 0 at the outer end, 1 at the bearing face
    there = (along > 0) & (along < 1)
    off = np.abs(y)
    if kind in ("hex", "hex flange"):
        faces = np.full_like(x, 9)
        for k in range(-2, 3):
            tilt = leaning + k * math.pi / 3
            if math.cos(tilt) > 0.05:
                np.minimum(faces, (head - y * math.sin(tilt)) / math.cos(tilt), out=faces)
        cone = head * 0.98 + np.clip(along, 0, 1) * long * 1.6
        rise = np.minimum(faces, np.sqrt(np.maximum(cone * cone - y * y, 0)))
        rise = np.where(there & (off < head * 2 / math.sqrt(3)), np.maximum(rise, 0), 0)
        if kind == "hex flange":
            skirt = head * 1.45 - np.clip((0.97 - along) * 2.2, 0, 1) * head * 0.3
            disc = np.sqrt(np.maximum(skirt * skirt - y * y, 0))
            rise = np.where((along > 0.7) & (along < 1), np.maximum(rise, disc), rise)
        return rise.astype(np.float32)
    if kind == "socket":
        knurl = np.arcsin(np.clip(y * np.float32(1 / head), -1, 1)) * 26
        ribs = 1 + np.float32(0.02) * np.cos(knurl) * ((along > 0.12) & (along < 0.9))
        radius = head * ribs * np.clip(0.9 + along * 1.2, 0, 1)
    elif kind == "flat":
        radius = head * np.clip(1.08 - 0.52 * along, 0, 1)
    else:
        radius = head * np.sqrt(np.clip(1 - (1 - along) ** 2, 0, 1)) ** np.float32(0.8)
    radius = radius * there
    ball: _F32 = np.sqrt(np.maximum(radius * radius - y * y, 0))
    return ball.astype(np.float32)


def _standing_bolt(rng: np.random.Generator) -> Shape:
    """A bolt that stands on its head, the shank towards the camera."""
    flat = math.sqrt(0.75)
    hexagonal = rng.random() < 0.7
    shank = rng.uniform(0.42, 0.52)
    base = rng.uniform(0.3, 0.5)
    top = base + shank * rng.uniform(2.5, 4.5)
    pitch = shank * rng.uniform(0.22, 0.34)

    def carve(grid: Grid) -> Relief:
        x, y = grid.x, grid.y
        radius = np.hypot(x, y)
        if hexagonal:
            a, b = x * np.float32(0.5), y * np.float32(flat)
            inside = flat - np.maximum(np.maximum(np.abs(x), np.abs(a + b)), np.abs(a - b))
        else:
            inside = np.float32(0.95) - radius
        height = base * (inside > 0) - 0.03 * (1 - np.clip(inside * 30, 0, 1)) * (inside > 0)
        stem = radial(
            radius,
            [(0, top), (shank * 0.72, top), (shank * 0.8, top - 0.02), (shank, top - 0.2 * shank)],
        )
        on_stem = radius < shank
        return Relief(np.where(on_stem, stem, height), None, None, on_stem, pitch)

    return Shape(1, 1, top, True, carve)


def washer(rng: np.random.Generator) -> Shape:
    kind = pick(rng, ("flat", "flat", "flat", "split", "split", "cone", "outer", "inner"))
    thick = rng.uniform(0.07, 0.15)
    hole = rng.uniform(0.34, 0.62)
    if kind == "split":
        thick, hole = rng.uniform(0.16, 0.26), rng.uniform(0.56, 0.68)
    elif kind in ("outer", "inner"):
        thick, hole = rng.uniform(0.06, 0.1), rng.uniform(0.45, 0.55)
    step = rng.uniform(0.06, 0.2)
    cone = rng.uniform(0.12, 0.3)
    n_teeth = int(rng.integers(9, 17))
    twist = rng.uniform(0.06, 0.12)
    rounding = rng.uniform(0.02, 0.05)

    def carve(grid: Grid) -> Relief:
        x, y = grid.x, grid.y
        radius = np.hypot(x, y)
        inside = np.minimum(1 - radius, radius - hole)
        edge = np.clip(inside * np.float32(1 / rounding), 0, 1)
        height = thick - np.float32(rounding * 0.6) * (1 - edge) ** 2
        solid = inside > 0
        if kind == "split":
            turn = np.arctan2(y, x)
            height = height + step * (turn * np.float32(1 / (2 * math.pi)) + np.float32(0.5))
            # The cut, opposite to the positive x axis and slanting.
            solid &= ~((np.abs(y + (x + 0.8) * 0.5) < 0.03 + step * 0.12) & (x < 0))
        elif kind == "cone":
            height = height + cone * (1 - radius) / np.float32(1 - hole)
        elif kind in ("outer", "inner"):
            place = np.arctan2(y, x) * np.float32(n_teeth / (2 * math.pi))
            place = place - np.rint(place)
            if kind == "outer":
                out = np.clip((radius - 0.76) * 4.2, 0, 1)
            else:
                out = np.clip((hole + 0.24 - radius) * 4.2, 0, 1)
            gap = (np.abs(place) > 0.42 - 0.14 * out) & (out > 0)
            solid &= ~gap
            height = height + out * (place + np.float32(0.5)) * twist
        return Relief(np.maximum(height, 0.01) * solid)

    return Shape(1, 1, thick + max(step, cone, twist), True, carve)

"""The shapes of gears, springs and bearings."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.painting.fields import pick, radial
from engine.painting.relief import Grid, Relief, Shape

_F32 = NDArray[np.float32]


def gear(rng: np.random.Generator) -> Shape:
    teeth = int(rng.integers(11, 37))
    module = 2 / (teeth + 2)
    root = 1 - 2.2 * module
    thick = rng.uniform(0.18, 0.5)
    bore = rng.uniform(0.12, 0.26)
    hub = bore + rng.uniform(0.08, 0.16)
    rim = root - rng.uniform(0.06, 0.12)
    web = thick * pick(rng, (1.0, rng.uniform(0.35, 0.75)))
    hub_top = thick * pick(rng, (1.0, 1.0, rng.uniform(1.2, 1.7)))
    n_holes = int(pick(rng, (0, 0, 3, 4, 5, 6)))
    hole_ring = (hub + rim) / 2
    hole = min((rim - hub) * 0.36, hole_ring * math.sin(math.pi / max(n_holes, 3)) * 0.7)
    key = bore * rng.uniform(0.2, 0.32) if rng.random() < 0.6 else 0.0
    bevel = rng.uniform(0.012, 0.035)

    def carve(grid: Grid) -> Relief:
        radius = np.hypot(grid.x, grid.y)
        angle = np.arctan2(grid.y, grid.x)
        place = angle * np.float32(teeth / (2 * math.pi))
        place = np.abs(place - np.rint(place))
        rise = np.clip((radius - root) * np.float32(1 / (1 - root)), 0, 1)
        # Bulging flanks, like an involute's: slender at the tip.
        half = 0.37 - 0.14 * rise - 0.09 * rise * rise
        flank = (half - place) * radius * np.float32(2 * math.pi / teeth)
        inside = np.maximum(np.minimum(flank, 1 - radius), root - radius)
        edge = np.clip(inside * np.float32(1 / bevel), 0, 1)
        knots = [
            (0.0, hub_top),
            (hub, hub_top),
            (hub + 0.02, web),
            (rim - 0.02, web),
            (rim, thick),
            (2.0, thick),
        ]
        height = radial(radius, knots, 0.015) - np.float32(0.6 * bevel) * (1 - edge) ** 2
        solid = (inside > 0) & (radius > bore)
        if key:
            solid &= ~((np.abs(grid.y) < key) & (grid.x > 0) & (grid.x < bore + key))
        if n_holes:
            turn = np.float32(2 * math.pi / n_holes)
            folded = angle - np.rint(angle / turn) * turn
            distance = radius * radius + hole_ring**2 - 2 * hole_ring * radius * np.cos(folded)
            solid &= distance > hole * hole
        return Relief(height * solid)

    return Shape(1, 1, max(thick, hub_top), True, carve)


def spring(rng: np.random.Generator) -> Shape:
    kind = pick(rng, ("push", "push", "push", "pull", "pull", "cone", "twist"))
    coil = rng.uniform(0.2, 0.36)
    wire = coil * rng.uniform(0.13, 0.26)
    if kind in ("pull", "twist"):
        half = 1 - 2 * coil if kind == "pull" else rng.uniform(0.35, 0.6)
        turns = min(26.0, max(4.0, round(2 * half / (2.06 * wire))))
        half = turns * 2.06 * wire / 2
    else:
        half = 1 - wire
        turns = min(rng.uniform(5, 12), 2 * half / (2.4 * wire))
    start = rng.uniform(0, 2 * math.pi)
    taper = rng.uniform(0.3, 0.55) if kind == "cone" else 0.0
    leg = rng.uniform(0.5, 0.9)

    t = np.linspace(0, 1, max(40, round(turns * 30)))
    around = start + t * turns * 2 * math.pi
    along = t.copy()
    if kind in ("push", "cone"):
        # Closed ends: the last turns lie on each other.
        closed = min(0.25, 1.1 / turns)
        pace = np.where((t < closed) | (t > 1 - closed), 2.1 * wire * turns / (2 * half), 1.35)
        along = np.concatenate([[0.0], np.cumsum(pace[1:])])
        along /= along[-1]
    reach = coil * (1 - taper * t)
    points = np.stack(
        [
            (2 * along - 1) * half,
            reach * np.cos(around),
            coil + wire + reach * np.sin(around) - (coil - reach),
        ],
        axis=1,
    )
    pieces = [points]
    if kind == "pull":
        loop = np.linspace(math.radians(200), math.radians(-120), 26)
        ring = np.stack([np.cos(loop), np.sin(loop), np.zeros_like(loop)], axis=1) * coil * 0.9
        offset = np.array([half + coil * 0.95, 0, coil + wire])
        pieces.append(ring + offset)
        pieces.append((ring + offset) * (-1, 1, 1))
    elif kind == "twist":
        for end, side in ((0, -1.0), (-1, 1.0)):
            begin = points[end]
            tip = [begin[0] + side * 0.05, begin[1] + leg, wire + 0.02]
            pieces.append(np.stack([begin, np.array(tip)]))
    every = np.concatenate(pieces)
    size = float(np.abs(every[:, :2]).max() + wire)
    pieces = [piece / size for piece in pieces]
    thin = wire / size

    def carve(grid: Grid) -> Relief:
        height = np.zeros(grid.x.shape, np.float32)
        for piece in pieces:
            _sweep_wire(height, grid.cells(piece), thin * grid.scale)
        height /= np.float32(grid.scale)
        return Relief(height, np.maximum(height - np.float32(1.9 * thin), 0))

    width = float(np.abs(every[:, 1]).max() + wire) / size
    length = float(np.abs(every[:, 0]).max() + wire) / size
    return Shape(length, width, (2 * coil + 2 * wire) / size, False, carve)


def _sweep_wire(height: _F32, points: NDArray[np.float64], radius: float) -> None:
    """Raise ``height`` to the top of a round wire along ``points``, all in cells.

    The top of a leaning cylinder is exact: with e the distance from its axis on the ground and m
    its slope, the sphere that touches from below is m·√((r² − e²)/(1 + m²)) further along.
    """
    rows, columns = height.shape
    squared = np.float32(radius * radius)
    for (x0, y0, z0), (x1, y1, z1) in zip(points[:-1].tolist(), points[1:].tolist(), strict=True):
        left = max(0, math.floor(min(x0, x1) - radius))
        right = min(columns, math.ceil(max(x0, x1) + radius) + 1)
        near = max(0, math.floor(min(y0, y1) - radius))
        far = min(rows, math.ceil(max(y0, y1) + radius) + 1)
        if left >= right or near >= far:
            continue
        length = max(math.hypot(x1 - x0, y1 - y0), 1e-3)
        ux, uy, slope = (x1 - x0) / length, (y1 - y0) / length, (z1 - z0) / length
        dx = np.arange(left, right, dtype=np.float32) - np.float32(x0)
        dy = (np.arange(near, far, dtype=np.float32) - np.float32(y0))[:, None]
        along = dx * ux + dy * uy
        across = dx * -uy + dy * ux
        free = np.maximum(squared - across * across, 0)
        at = np.clip(along + np.sqrt(free) * (slope / math.sqrt(1 + slope * slope)), 0, length)
        free -= (along - at) ** 2
        top = np.where(free > 0, np.sqrt(np.maximum(free, 0)) + (at * slope + z0), 0)
        patch = height[near:far, left:right]
        np.maximum(patch, top, out=patch)


def bearing(rng: np.random.Generator) -> Shape:
    kind = pick(rng, ("open", "open", "open", "shield", "shield", "seal"))
    thick = rng.uniform(0.32, 0.6)
    bore = rng.uniform(0.3, 0.52)
    ring = (1 - bore) * rng.uniform(0.23, 0.3)
    inner, outer = bore + ring, 1 - ring
    middle, gap = (inner + outer) / 2, outer - inner
    ball = gap * rng.uniform(0.5, 0.62)
    n_balls = max(6, int(2 * math.pi * middle / (2 * ball) * rng.uniform(0.62, 0.82)))
    chamfer = rng.uniform(0.02, 0.05)
    has_cage = rng.random() < 0.85
    other_cage = rng.random() < 0.6

    def carve(grid: Grid) -> Relief:
        radius = np.hypot(grid.x, grid.y)
        low = thick * (0.25 if kind == "open" else 0.9)
        lip = 0.03 if kind == "open" else 0.012
        knots = [
            (0.0, 0.0),
            (bore - 0.001, 0.0),
            (bore, thick - chamfer),
            (bore + chamfer, thick),
            (inner - lip, thick),
            (inner, low),
            (outer, low),
            (outer + lip, thick),
            (1 - chamfer, thick),
            (1.0, thick - chamfer),
            (1.001, 0.0),
        ]
        if kind != "open":
            # Pressed sheet: a groove at the crimp and a shallow step.
            knots[5:7] = [
                (inner, thick * 0.8),
                (inner + 0.02, thick * 0.9),
                (middle, thick * 0.9),
                (middle + gap * 0.12, thick * 0.95),
                (outer - 0.03, thick * 0.95),
                (outer - 0.015, thick * 0.88),
                (outer, thick * 0.9),
            ]
        height = radial(radius, knots, 0.012)
        height = np.where((radius < bore) | (radius > 1), 0, height)
        second = None
        if kind == "seal":
            second = (radius > inner) & (radius < outer)
        elif kind == "open":
            turn = np.float32(2 * math.pi / n_balls)
            angle = np.arctan2(grid.y, grid.x)
            angle = angle - np.rint(angle / turn) * turn
            away = radius * radius + middle**2 - 2 * middle * radius * np.cos(angle)
            if has_cage:
                pocket = np.sqrt(np.maximum(away, 0))
                band = np.abs(radius - middle) < gap * 0.3
                collar = np.abs(pocket - ball * 1.12) < gap * 0.09
                cage = (band | (collar & (np.abs(radius - middle) < gap * 0.44))) & (
                    pocket > ball * 1.02
                )
                cage &= (radius > inner) & (radius < outer)
                height = np.where(cage, thick * 0.68, height)
                second = cage if other_cage else None
            sphere = thick * 0.5 + np.sqrt(np.maximum(ball * ball - away, 0))
            in_track = (away < ball * ball) & (radius > inner - 0.02) & (radius < outer + 0.02)
            height = np.where(in_track, np.maximum(height, np.minimum(sphere, thick)), height)
        return Relief(height.astype(np.float32), None, second)

    return Shape(1, 1, thick, True, carve)

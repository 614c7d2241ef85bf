"""Paints the sample folder of ``handful demo``: photographs of machine parts that never were.

Every part is a height field. It is seen obliquely (near rows hide far ones), lit through a table
of what a surface of each orientation reflects, and laid on a background that was drawn without
looking at the class. Finish, light, background, size and wear are independent of the class, so
that only the shape tells a gear from a bearing.

The pictures depend on the seed alone: the same bytes on one machine with one version of Pillow.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from engine.errors import EngineError, sentence_for

_T = TypeVar("_T")
_F32 = NDArray[np.float32]
_U8 = NDArray[np.uint8]
_Colour = tuple[float, float, float]

CLASS_NAMES: Final[tuple[str, ...]] = ("gear", "hex nut", "bolt", "washer", "spring", "bearing")

# One tray is one round of these counts in a shuffled order: 300 pictures give 70, 60, 50, 45, 40
# and 35, and the first pictures stay the same however many are asked for.
_COUNTS_PER_TRAY: Final = (14, 12, 10, 9, 8, 7)
_TRAY_SIZE: Final = sum(_COUNTS_PER_TRAY)
_PNG_EVERY: Final = 37

_SIZES: Final = ((480, 360), (560, 420), (600, 450), (640, 480), (720, 480), (720, 540), (800, 600))
_GRID_PIXELS: Final = 300_000  # of the painted part; what the time per picture hangs on.
_MATCAP: Final = 128  # cells along one side of the table of reflections.


@dataclass(frozen=True, slots=True)
class PaintedImage:
    """One picture of the folder; ``name`` is relative to it, with ``/``."""

    name: str
    class_name: str


def paint_folder(folder: Path, *, n_images: int = 300, seed: int = 7) -> Iterator[PaintedImage]:
    """Paint ``n_images`` pictures into trays below ``folder``, yielding after each.

    A file that exists is left as it is, so a run that was broken off can be taken up again with
    the same ``seed``; a folder holds the pictures of one seed.

    Raises:
        EngineError: the folder cannot be written.
    """
    for index, class_name in enumerate(_class_order(n_images, seed)):
        suffix = "png" if index % _PNG_EVERY == _PNG_EVERY // 2 else "jpg"
        name = f"tray_{index // _TRAY_SIZE + 1:02d}/IMG_{index + 1:04d}.{suffix}"
        path = folder / name
        try:
            if not path.is_file():
                generator = np.random.default_rng([seed, 1, index])
                picture = paint_picture(class_name, generator)
                _write(path, _encoded(picture, suffix, generator))
        except OSError as error:
            raise EngineError(sentence_for(error, path, "write")) from error
        yield PaintedImage(name, class_name)


def paint_picture(class_name: str, generator: np.random.Generator) -> Image.Image:
    """One RGB picture of a part of the class, between 480 × 360 and 800 × 600 or upright.

    Raises:
        ValueError: there is no such class.
    """
    if class_name not in _SHAPES:
        raise ValueError(f"No class is called {class_name!r}.")
    width, height = _pick(generator, _SIZES)
    if generator.random() < 0.35:
        width, height = height, width
    canvas = _pick(generator, _BACKGROUNDS)(generator, width, height)
    scene = _Scene.drawn(generator, canvas)
    shape = _SHAPES[class_name](generator)
    short = min(width, height)
    reach = short * generator.uniform(0.26, 0.41) * (1.3 if shape.half_width < 0.4 else 1.0)
    rise = reach * shape.tallest * math.sin(scene.tilt)
    centre = (
        width / 2 + generator.uniform(-0.5, 0.5) * max(0.0, width - 1.8 * reach) * 0.8,
        (height + rise) / 2 + generator.uniform(-0.5, 0.5) * max(0.0, height - 1.8 * reach - rise),
    )
    _paint_part(canvas, shape, scene, generator, reach, centre, _GRID_PIXELS)
    if generator.random() < 0.2:
        _paint_neighbour(canvas, scene, generator, reach)
    if generator.random() < 0.2:
        _spill_oil(canvas, generator)
    if generator.random() < 0.12:
        canvas = _lay_cloth(canvas, generator)
    return _photograph(canvas, generator)


# --- The folder ----------------------------------------------------------------------------------


def _class_order(n_images: int, seed: int) -> list[str]:
    """The class of every picture, tray by tray; which class is frequent depends on the seed."""
    generator = np.random.default_rng([seed, 0])
    frequent_first = [CLASS_NAMES[i] for i in generator.permutation(len(CLASS_NAMES))]
    tray = [
        name
        for name, count in zip(frequent_first, _COUNTS_PER_TRAY, strict=True)
        for _ in range(count)
    ]
    order: list[str] = []
    while len(order) < n_images:
        order += [tray[i] for i in generator.permutation(_TRAY_SIZE)]
    return order[:n_images]


def _encoded(picture: Image.Image, suffix: str, generator: np.random.Generator) -> bytes:
    buffer = io.BytesIO()
    if suffix == "png":
        picture.save(buffer, "PNG", compress_level=1)  # Level 6 takes six times as long.
    else:
        picture.save(buffer, "JPEG", quality=int(generator.integers(85, 92)))
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all: nobody may ever scan half a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


# --- Small helpers -------------------------------------------------------------------------------


def _pick(rng: np.random.Generator, choices: Sequence[_T]) -> _T:
    return choices[int(rng.integers(len(choices)))]


def _unit(x: float, y: float, z: float) -> _Colour:
    length = math.sqrt(x * x + y * y + z * z)
    return (x / length, y / length, z / length)


def _noise(
    rng: np.random.Generator, width: int, height: int, cell_x: float, cell_y: float | None = None
) -> _U8:
    """Smooth noise, (height, width) uint8 around 128, with features of the given size in pixels."""
    columns = max(2, math.ceil(width / cell_x) + 1)
    rows = max(2, math.ceil(height / (cell_y or cell_x)) + 1)
    grains = np.frombuffer(rng.bytes(rows * columns), np.uint8).reshape(rows, columns)
    if rows == height and columns == width:
        return grains
    return np.asarray(Image.fromarray(grains).resize((width, height), Image.Resampling.BICUBIC))


def _grains(rng: np.random.Generator, width: int, height: int) -> _U8:
    """White noise, (height, width) uint8."""
    return np.frombuffer(rng.bytes(width * height), np.uint8).reshape(height, width)


def _signed(noise: _U8) -> _F32:
    """Noise as float32 in −1..1."""
    return noise.astype(np.float32) * np.float32(1 / 127.5) - np.float32(1)


def _smooth_step(value: _F32, low: float, high: float) -> _F32:
    t: _F32 = np.clip((value - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
    return t * t * (np.float32(3) - 2 * t)


def _radial(radius: _F32, knots: Sequence[tuple[float, float]], rounding: float = 0.0) -> _F32:
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


# --- Light and metal -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Finish:
    """How a surface answers light: mirrored and scattered share per channel, linear 0..1."""

    mirror: _Colour
    scatter: _Colour
    roughness: float  # 0 polished .. 1 matt
    grain: float  # how far the texture bends the normals


@dataclass(frozen=True, slots=True)
class _Box:
    """A lamp or window, seen in reflections."""

    towards: _Colour
    across: _Colour
    half_width: float
    half_height: float
    brightness: float


@dataclass(frozen=True, slots=True)
class _Scene:
    """The light of one picture and the camera's tilt. x is right, y away, z up."""

    light: _Colour  # unit vector towards the key light
    light_colour: _Colour
    ambient: _Colour
    ground: _Colour  # linear, what the metal mirrors from below
    boxes: tuple[_Box, ...]
    tilt: float  # radians from looking straight down
    softness: float  # of shadows, as a share of the part's size
    shadow: float  # darkness of shadows, 0..1

    @classmethod
    def drawn(cls, rng: np.random.Generator, canvas: Image.Image) -> _Scene:
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
        axis = np.linspace(-1, 1, _MATCAP, dtype=np.float32)
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
        up = _smooth_step(mirror_z, -0.15 - rough * 0.5, 0.25 + rough * 0.5)
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
            inside = _smooth_step(box.half_width - a, -edge, edge)
            inside *= _smooth_step(box.half_height - b, -edge, edge)
            glow += inside * ahead * (box.brightness * share)
        lx, ly, lz = self.light
        hx, hy, hz = _unit(lx, ly - sin, lz + cos)
        shine = 12 + 260 * (1 - rough) ** 3
        spark = np.clip(x * hx + y * hy + z * hz, 0, 1) ** shine * (0.25 + 2.2 * (1 - rough) ** 2)
        lit = np.clip(x * lx + y * ly + z * lz, 0, 1)
        grazing = (1 - facing) ** 5 * (1 - rough) * 0.6
        table = np.empty((_MATCAP, _MATCAP, 3), np.float32)
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


def _metal(rng: np.random.Generator) -> _Finish:
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


_RUST: Final = _Finish((0.02, 0.015, 0.01), (0.24, 0.095, 0.035), 1.0, 0.2)
_SECONDS: Final = (  # of seals, cages and nylon rings
    _Finish((0.05, 0.05, 0.05), (0.022, 0.022, 0.024), 0.6, 0.05),
    _Finish((0.05, 0.04, 0.04), (0.16, 0.045, 0.03), 0.6, 0.05),
    _Finish((0.05, 0.05, 0.06), (0.04, 0.08, 0.2), 0.55, 0.05),
    _Finish((0.06, 0.06, 0.06), (0.5, 0.48, 0.42), 0.5, 0.04),
    _Finish((0.74, 0.54, 0.22), (0.05, 0.04, 0.02), 0.35, 0.04),
    _Finish((0.5, 0.5, 0.49), (0.03, 0.03, 0.03), 0.3, 0.04),
)


# --- Shapes --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
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
class _Relief:
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
class _Shape:
    """A part before it is laid down: its extent in its own units, and how to carve it."""

    half_length: float
    half_width: float
    tallest: float
    turned: bool  # made on a lathe: rings instead of straight brush marks
    carve: Callable[[_Grid], _Relief]


def _gear(rng: np.random.Generator) -> _Shape:
    teeth = int(rng.integers(11, 37))
    module = 2 / (teeth + 2)
    root = 1 - 2.2 * module
    thick = rng.uniform(0.18, 0.5)
    bore = rng.uniform(0.12, 0.26)
    hub = bore + rng.uniform(0.08, 0.16)
    rim = root - rng.uniform(0.06, 0.12)
    web = thick * _pick(rng, (1.0, rng.uniform(0.35, 0.75)))
    hub_top = thick * _pick(rng, (1.0, 1.0, rng.uniform(1.2, 1.7)))
    n_holes = int(_pick(rng, (0, 0, 3, 4, 5, 6)))
    hole_ring = (hub + rim) / 2
    hole = min((rim - hub) * 0.36, hole_ring * math.sin(math.pi / max(n_holes, 3)) * 0.7)
    key = bore * rng.uniform(0.2, 0.32) if rng.random() < 0.6 else 0.0
    bevel = rng.uniform(0.012, 0.035)

    def carve(grid: _Grid) -> _Relief:
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
        height = _radial(radius, knots, 0.015) - np.float32(0.6 * bevel) * (1 - edge) ** 2
        solid = (inside > 0) & (radius > bore)
        if key:
            solid &= ~((np.abs(grid.y) < key) & (grid.x > 0) & (grid.x < bore + key))
        if n_holes:
            turn = np.float32(2 * math.pi / n_holes)
            folded = angle - np.rint(angle / turn) * turn
            distance = radius * radius + hole_ring**2 - 2 * hole_ring * radius * np.cos(folded)
            solid &= distance > hole * hole
        return _Relief(height * solid)

    return _Shape(1, 1, max(thick, hub_top), True, carve)


def _hex_nut(rng: np.random.Generator) -> _Shape:
    flat = math.sqrt(0.75)  # across flats / 2, when the corners are at 1
    kind = _pick(rng, ("plain", "plain", "plain", "flange", "castle", "locking", "thin"))
    thick = rng.uniform(0.3, 0.45) if kind == "thin" else rng.uniform(0.6, 0.9)
    bore = rng.uniform(0.4, 0.5)
    pitch = rng.uniform(0.07, 0.12)
    slope = rng.uniform(0.45, 0.62)
    reach = rng.uniform(1.12, 1.3) if kind == "flange" else 1.0
    turns = max(2, round(thick / pitch))

    def carve(grid: _Grid) -> _Relief:
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
            skirt = _radial(radius, [(0, 0.2), (reach - 0.08, 0.12), (reach, 0.07)])
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
            height = np.maximum(height, _radial(radius, collar, 0.03))
            second = (radius < bore + 0.165) & (radius > bore + 0.03)
        # The thread: a bore that widens upwards in little terraces.
        cut = [(bore + 0.05 * k / turns, thick * k / turns) for k in range(turns + 1)]
        terraces = [p for r, z in cut for p in ((r, max(0.0, z - thick / turns)), (r + 0.006, z))]
        mouth = [*terraces, (bore + 0.1, thick * 1.06), (bore + 0.11, 3.0), (2.0, 3.0)]
        height = np.minimum(height, _radial(radius, mouth))
        height = np.where(radius < bore, 0, height)
        return _Relief(height, None, second, radius < bore + 0.06, pitch)

    return _Shape(reach, reach, thick * 1.3, True, carve)


def _bolt(rng: np.random.Generator) -> _Shape:
    if rng.random() < 0.16:
        return _standing_bolt(rng)
    shank = rng.uniform(0.1, 0.2)
    head_kind = _pick(rng, ("hex", "hex", "hex", "hex flange", "socket", "flat", "round"))
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

    def carve(grid: _Grid) -> _Relief:
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
        return _Relief((axis + rise) * solid, underside)

    return _Shape(1, reach, lift + reach, False, carve)


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


def _standing_bolt(rng: np.random.Generator) -> _Shape:
    """A bolt that stands on its head, the shank towards the camera."""
    flat = math.sqrt(0.75)
    hexagonal = rng.random() < 0.7
    shank = rng.uniform(0.42, 0.52)
    base = rng.uniform(0.3, 0.5)
    top = base + shank * rng.uniform(2.5, 4.5)
    pitch = shank * rng.uniform(0.22, 0.34)

    def carve(grid: _Grid) -> _Relief:
        x, y = grid.x, grid.y
        radius = np.hypot(x, y)
        if hexagonal:
            a, b = x * np.float32(0.5), y * np.float32(flat)
            inside = flat - np.maximum(np.maximum(np.abs(x), np.abs(a + b)), np.abs(a - b))
        else:
            inside = np.float32(0.95) - radius
        height = base * (inside > 0) - 0.03 * (1 - np.clip(inside * 30, 0, 1)) * (inside > 0)
        stem = _radial(
            radius,
            [(0, top), (shank * 0.72, top), (shank * 0.8, top - 0.02), (shank, top - 0.2 * shank)],
        )
        on_stem = radius < shank
        return _Relief(np.where(on_stem, stem, height), None, None, on_stem, pitch)

    return _Shape(1, 1, top, True, carve)


def _washer(rng: np.random.Generator) -> _Shape:
    kind = _pick(rng, ("flat", "flat", "flat", "split", "split", "cone", "outer", "inner"))
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

    def carve(grid: _Grid) -> _Relief:
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
        return _Relief(np.maximum(height, 0.01) * solid)

    return _Shape(1, 1, thick + max(step, cone, twist), True, carve)


def _spring(rng: np.random.Generator) -> _Shape:
    kind = _pick(rng, ("push", "push", "push", "pull", "pull", "cone", "twist"))
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

    def carve(grid: _Grid) -> _Relief:
        height = np.zeros(grid.x.shape, np.float32)
        for piece in pieces:
            _sweep_wire(height, grid.cells(piece), thin * grid.scale)
        height /= np.float32(grid.scale)
        return _Relief(height, np.maximum(height - np.float32(1.9 * thin), 0))

    width = float(np.abs(every[:, 1]).max() + wire) / size
    length = float(np.abs(every[:, 0]).max() + wire) / size
    return _Shape(length, width, (2 * coil + 2 * wire) / size, False, carve)


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


def _bearing(rng: np.random.Generator) -> _Shape:
    kind = _pick(rng, ("open", "open", "open", "shield", "shield", "seal"))
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

    def carve(grid: _Grid) -> _Relief:
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
        height = _radial(radius, knots, 0.012)
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
        return _Relief(height.astype(np.float32), None, second)

    return _Shape(1, 1, thick, True, carve)


_SHAPES: Final[dict[str, Callable[[np.random.Generator], _Shape]]] = {
    "gear": _gear,
    "hex nut": _hex_nut,
    "bolt": _bolt,
    "washer": _washer,
    "spring": _spring,
    "bearing": _bearing,
}


# --- A part in the picture -----------------------------------------------------------------------


def _paint_part(
    canvas: Image.Image,
    shape: _Shape,
    scene: _Scene,
    rng: np.random.Generator,
    reach_px: float,
    centre: tuple[float, float],
    most_cells: int,
) -> None:
    """Lay a part on the canvas, its shadow first; ``reach_px`` is the length of one unit."""
    angle = rng.uniform(0, 2 * math.pi)
    cos, sin = math.cos(angle), math.sin(angle)
    tan = math.tan(scene.tilt)
    half_x = abs(shape.half_length * cos) + abs(shape.half_width * sin)
    half_y = abs(shape.half_length * sin) + abs(shape.half_width * cos)
    half_x, half_y = min(half_x, 1.45), min(half_y, 1.45)
    unit_cells = math.sqrt(most_cells / (4 * half_x * (half_y + shape.tallest * tan / 2)))
    scale = min(unit_cells, reach_px * 2.5)
    columns, rows = math.ceil(half_x * scale) * 2 + 6, math.ceil(half_y * scale) * 2 + 6
    x = (np.arange(columns, dtype=np.float32) - columns / 2)[None, :] * np.float32(1 / scale)
    y = (np.arange(rows, dtype=np.float32) - rows / 2)[:, None] * np.float32(1 / scale)
    grid = _Grid(x * cos + y * sin, y * cos - x * sin, scale, columns / 2, rows / 2, cos, sin)
    relief = shape.carve(grid)
    height = relief.height * np.float32(scale)

    shrink = reach_px / scale  # canvas pixels per cell
    flatten = math.cos(scene.tilt) * shrink
    shadow, on_ground, pad = _shadows(height, scene)
    ground = Image.fromarray(np.ascontiguousarray(on_ground[::-1]))
    ground_size = (round(ground.width * 4 * shrink), round(ground.height * 4 * flatten))
    left = centre[0] - (columns / 2 + pad * 4) * shrink
    bottom = centre[1] + (rows / 2 + pad * 4) * flatten
    mask = ground.resize(ground_size, Image.Resampling.BILINEAR)
    canvas.paste((6, 5, 5), (round(left), round(bottom - ground_size[1])), mask)

    pixels = _shade(height, relief, grid, shape, shadow, scene, rng)
    seen = _look_obliquely(pixels, height, relief, scale, tan)
    # Cells are bare or opaque, so the colours are premultiplied already.
    upright = seen[::-1].tobytes()
    patch = Image.frombuffer("RGBa", (columns, seen.shape[0]), upright, "raw", "RGBa", 0, 1)
    size = (max(1, round(columns * shrink)), max(1, round(seen.shape[0] * flatten)))
    # Shrinking by less than three, Hamming looks like Lanczos here and takes 2 ms instead of 5.
    patch = patch.resize(size, Image.Resampling.HAMMING).convert("RGBA")
    left = centre[0] - columns / 2 * shrink
    bottom = centre[1] + rows / 2 * flatten
    canvas.paste(patch, (round(left), round(bottom - size[1])), patch)


def _shadows(height: _F32, scene: _Scene) -> tuple[_U8, _U8, int]:
    """Where the key light does not reach.

    Returns:
        The shadow on the part, (rows, columns) uint8; the shadow on the ground around it at a
        quarter of the resolution; and the latter's margin on every side in its own cells.
    """
    small = height[::4, ::4] * np.float32(0.25)
    tallest = float(small.max())
    lx, ly, lz = scene.light
    flat = math.hypot(lx, ly)
    fall = lz / flat
    length = tallest / fall
    soft = max(1.0, scene.softness * max(small.shape))
    pad = math.ceil(length + 3 * soft) + 2
    tall = np.pad(small, pad)
    blocked = np.zeros_like(tall)
    step = max(1.0, length / 26)
    for k in range(1, math.ceil(length / step) + 1):
        away = k * step
        shift = (-round(ly / flat * away), -round(lx / flat * away))
        moved = np.roll(tall, shift, (0, 1))
        moved -= np.float32(away * fall)
        np.maximum(blocked, moved, out=blocked)
    dark = np.clip((blocked - tall) * np.float32(0.6), 0, 1) * np.float32(255)
    image = Image.fromarray(dark.astype(np.uint8))
    inner = image.crop((pad, pad, pad + small.shape[1], pad + small.shape[0]))
    inner = inner.filter(ImageFilter.GaussianBlur(soft * 0.5))
    on_part = inner.resize((height.shape[1], height.shape[0]), Image.Resampling.BILINEAR)
    wide = np.asarray(image.filter(ImageFilter.GaussianBlur(soft)), np.float32)
    contact = Image.fromarray((tall > 0).astype(np.uint8) * np.uint8(255))
    near = np.asarray(contact.filter(ImageFilter.GaussianBlur(2.5 + soft / 2)), np.float32)
    reached = (1 - wide * np.float32(scene.shadow / 255)) * (1 - near * np.float32(0.5 / 255))
    return np.asarray(on_part), ((1 - reached) * 255).astype(np.uint8), pad


def _shade(
    height: _F32,
    relief: _Relief,
    grid: _Grid,
    shape: _Shape,
    shadow: _U8,
    scene: _Scene,
    rng: np.random.Generator,
) -> NDArray[np.uint32]:
    """The colour of every cell, (rows × columns) RGBA packed into 32 bits; 0 where it is bare."""
    rows, columns = height.shape
    finish = _metal(rng)
    second = _pick(rng, _SECONDS)
    inside = np.flatnonzero(height > 0)
    flat = height.ravel()
    slope_x = (flat.take(inside + 1, mode="clip") - flat.take(inside - 1, mode="clip")) * 0.5
    slope_y = flat.take(inside + columns, mode="clip") - flat.take(inside - columns, mode="clip")
    slope_y *= np.float32(0.5)
    bend = 1 / np.sqrt(1 + slope_x * slope_x + slope_y * slope_y)
    normal_x, normal_y = -slope_x * bend, -slope_y * bend

    # The lamps are near: across a flat face the mirrored room moves a little.
    x, y = grid.x.ravel()[inside], grid.y.ravel()[inside]
    nearness = np.float32(rng.uniform(0.08, 0.25))
    world_x, world_y = x * grid.cos - y * grid.sin, x * grid.sin + y * grid.cos
    normal_x += world_x * nearness
    normal_y += world_y * nearness

    fine = np.float32(finish.grain)
    if finish.roughness < 0.6:
        marks = _signed(_noise(rng, 1024, 1, 1.2, 1)).ravel()
        if shape.turned and rng.random() < 0.6:
            radius = np.maximum(np.sqrt(x * x + y * y), np.float32(1e-3))
            streak = marks.take((radius * 640).astype(np.int32), mode="wrap") * fine
            normal_x += streak * (world_x / radius)
            normal_y += streak * (world_y / radius)
        else:
            brush = rng.uniform(0, math.pi)
            bx, by = math.cos(brush), math.sin(brush)
            streak = marks.take(((x * bx + y * by) * 400).astype(np.int32), mode="wrap") * fine
            normal_x += streak * np.float32(bx * grid.cos - by * grid.sin)
            normal_y += streak * np.float32(bx * grid.sin + by * grid.cos)
    pits = _noise(rng, columns, rows, rng.uniform(2.5, 5)).ravel()
    here = pits[inside].astype(np.float32)
    bump = np.float32(finish.grain / (110 if finish.roughness > 0.6 else 300))
    normal_x += (here - pits.take(inside - 3, mode="clip")) * bump
    normal_y += (here - pits.take(inside - 3 * columns, mode="clip")) * bump

    half = np.float32((_MATCAP - 1) / 2)
    column = np.clip(normal_x * half + (half + np.float32(0.5)), 0, _MATCAP - 1).astype(np.int32)
    row = np.clip(normal_y * half + (half + np.float32(0.5)), 0, _MATCAP - 1).astype(np.int32)
    index = (row * np.int32(_MATCAP) + column).astype(np.intp)
    blotches = _noise(rng, columns, rows, rng.uniform(25, 90)).ravel()[inside]
    table = scene.reflections(finish)
    if relief.second is not None:
        table = np.concatenate([table, scene.reflections(second)])
        index += relief.second.ravel()[inside] * _MATCAP**2
    tone = np.float32(1) - shadow.ravel()[inside] * np.float32(0.62 * scene.shadow / 255)
    # Cavities see less of the room; edges stand out and wear bright.
    scale = np.float32(255 / max(float(height.max()), 1e-6))
    small = Image.fromarray((height[::4, ::4] * scale).astype(np.uint8))
    small = small.filter(ImageFilter.GaussianBlur(max(small.size) / 28))
    around = np.asarray(small.resize((columns, rows), Image.Resampling.BILINEAR)).ravel()[inside]
    depth = (flat[inside] * scale - around) * np.float32(1 / 255)
    tone *= np.clip(1 + np.where(depth < 0, depth * np.float32(0.9), depth * 0.12), 0.2, 1.3)
    tone *= 1 + (blotches.astype(np.float32) - 128) * np.float32(rng.uniform(0.0003, 0.0016))
    if rng.random() < 0.6:
        tone *= _scratches(rng, columns, rows).ravel()[inside] * np.float32(1 / 128)

    colour = table.take(index, axis=0)
    if rng.random() < 0.35:
        field = blotches + (here - 128) * np.float32(0.35) - np.float32(rng.uniform(150, 235))
        rusty = np.flatnonzero(field > 0)
        cover = np.minimum(field[rusty] * np.float32(1 / 45), np.float32(0.92))[:, None]
        rust = scene.reflections(_RUST).take(index[rusty] % _MATCAP**2, axis=0)
        rust *= 1.35 - here[rusty, None] * np.float32(0.0045)
        colour[rusty] += (rust - colour[rusty]) * cover
    colour *= tone[:, None]
    np.sqrt(np.minimum(colour, 1, out=colour), out=colour)
    opaque = np.full((inside.size, 4), 255, np.uint8)
    np.multiply(colour, np.float32(255), out=opaque[:, :3], casting="unsafe")
    pixels = np.zeros(rows * columns, np.uint32)
    pixels[inside] = opaque.view(np.uint32).ravel()
    return pixels


def _scratches(rng: np.random.Generator, width: int, height: int) -> _U8:
    """Fine straight scratches, brighter and darker than 128."""
    sheet = Image.new("L", (width, height), 128)
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(4, 26))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        angle, length = rng.uniform(0, math.pi), rng.uniform(0.03, 0.3) * width
        end = (x + length * math.cos(angle), y + length * math.sin(angle))
        pen.line([(x, y), end], fill=int(rng.integers(85, 205)), width=int(rng.integers(1, 3)))
    return np.asarray(sheet)


def _look_obliquely(
    pixels: NDArray[np.uint32], height: _F32, relief: _Relief, scale: float, tan: float
) -> _U8:
    """What a tilted camera sees of a shaded height field, (more rows, columns, 4) uint8.

    A cell at row y and height z appears at row y + z·tan(tilt). Going away from the camera, the
    running maximum of that tells for every row on the picture which cell hides the others.
    """
    rows, columns = height.shape
    out_rows = rows + math.ceil(float(height.max()) * tan) + 1
    lifted = height * np.float32(tan)
    lifted += np.arange(rows, dtype=np.float32)[:, None]
    np.maximum.accumulate(lifted, axis=0, out=lifted)
    keys = lifted.astype(np.int32)
    keys *= columns
    keys += np.arange(columns, dtype=np.int32)
    ends = np.bincount(keys.ravel(), minlength=out_rows * columns).reshape(-1, columns)
    first = np.zeros((out_rows, columns), np.int32)
    np.cumsum(ends[: out_rows - 1], axis=0, out=first[1:], dtype=np.int32)
    np.minimum(first, rows - 1, out=first)
    # How high above the ground the ray meets that cell, as a share of the cell's height.
    level = (np.arange(out_rows, dtype=np.int32)[:, None] - first).astype(np.float32)
    level *= np.float32(1 / max(tan, 1e-3))
    first *= columns
    first += np.arange(columns, dtype=np.int32)
    source = first.ravel().astype(np.intp)  # Once, or every look-up converts again.
    top = height.ravel().take(source)
    seen = pixels.take(source)
    level = level.ravel()
    # Walls: their foot is darker, a thread shows as stripes, and below the solid one looks through.
    wall = np.flatnonzero(level < top - 1)
    level, top, source = level[wall], top[wall], source[wall]
    light = np.float32(0.42) + np.float32(0.58) * np.maximum(level, 0) / np.maximum(top, 1)
    if relief.threaded is not None:
        wave = np.abs((level * np.float32(1 / (relief.pitch * scale))) % 1 - np.float32(0.5))
        cut = relief.threaded.ravel().take(source) & (top - level > 3)
        light *= np.where(cut, np.float32(0.45) + wave * np.float32(1.3), 1)
    if relief.underside is not None:
        below = relief.underside.ravel().take(source) * np.float32(scale)
        seen[wall[level < below - 2]] = 0
    result = seen.view(np.uint8).reshape(-1, 4)
    darkened = result.take(wall, axis=0)
    darkened[:, :3] = darkened[:, :3] * light[:, None]
    result[wall] = darkened
    return result.reshape(out_rows, columns, 4)


def _paint_neighbour(
    canvas: Image.Image, scene: _Scene, rng: np.random.Generator, reach_px: float
) -> None:
    """Another part of any class that reaches in from a border of the picture."""
    shape = _SHAPES[_pick(rng, CLASS_NAMES)](rng)
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
    _paint_part(canvas, shape, scene, rng, reach, centre, _GRID_PIXELS // 3)


# --- Backgrounds ---------------------------------------------------------------------------------


def _tinted(field: NDArray[np.generic], dark: _Colour, light: _Colour) -> Image.Image:
    """A picture of a field 0..255, from ``dark`` to ``light`` (display values 0..255)."""
    ramp = np.linspace(0, 1, 256)[:, None]
    palette = np.array(dark) * (1 - ramp) + np.array(light) * ramp
    image = Image.fromarray(field.astype(np.uint8))
    image.putpalette(np.clip(palette, 0, 255).astype(np.uint8).tobytes())
    return image.convert("RGB")


def _wood(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    upright = rng.random() < 0.5
    w, h = (height, width) if upright else (width, height)
    plank = h / _pick(rng, (1, 2, 3, 4)) * rng.uniform(1.0, 1.15)
    rows = np.arange(h, dtype=np.float32) + np.float32(rng.uniform(0, plank))
    board = (rows / np.float32(plank)).astype(np.int32)
    tone = rng.normal(0, 12, 16).astype(np.float32)[board][:, None]
    shift = rng.uniform(0, 400, 16).astype(np.float32)[board][:, None]
    bow = _noise(rng, w, h, w / 2.5, h / 5).astype(np.float32)
    rings = (rows[:, None] + shift) * np.float32(rng.uniform(2, 5)) + bow * np.float32(
        rng.uniform(1.0, 3.0)
    )
    wave = (np.sin(np.linspace(0, 2 * np.pi, 256)) * 26).astype(np.float32)
    field = wave[rings.astype(np.int32) & 255] + np.float32(128) + tone
    field += (_noise(rng, w, h, 60, 1.5).astype(np.float32) - 128) * np.float32(0.24)
    field += (_noise(rng, w, h, 9, 1.0).astype(np.float32) - 128) * np.float32(0.14)
    gap = (rows % np.float32(plank)) < rng.uniform(1.5, 3.5)
    field[gap] *= np.float32(0.3)
    np.clip(field, 0, 255, out=field)
    dark, light = _pick(
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
    field = field + (_grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.16)
    field += _noise(rng, width, height, 150).astype(np.float32) * np.float32(0.3) + 64
    np.clip(field, 0, 255, out=field)
    grey = rng.uniform(60, 110)
    return _tinted(field, (14, 14, 15), (grey * 1.02, grey, grey * 0.97))


def _painted_steel(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    peel = _noise(rng, width, height + 2, rng.uniform(3, 7)).astype(np.float32)
    field = np.float32(140) + (peel[2:] - peel[:-2]) * np.float32(rng.uniform(0.03, 0.16))
    field += (_noise(rng, width, height, 120).astype(np.float32) - 128) * np.float32(0.2)
    field *= _scratches(rng, width, height) * np.float32(1 / 128)
    np.clip(field, 0, 255, out=field)
    colour = _pick(
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
    field = (_noise(rng, width, height, *cells).astype(np.float32) - 128) * np.float32(0.22)
    field += _noise(rng, width, height, 140).astype(np.float32) * np.float32(0.4) + 75
    field *= _scratches(rng, width, height) * np.float32(1 / 128)
    np.clip(field, 0, 255, out=field)
    return _tinted(field, (20, 21, 22), (196, 198, 200))


def _paper(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    field = (_grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.07)
    field += (_noise(rng, width, height, 14, 3).astype(np.float32) - 128) * np.float32(0.1)
    field += _noise(rng, width, height, 160).astype(np.float32) * np.float32(0.18) + 185
    style = rng.random()
    if style < 0.5:
        pitch = rng.uniform(14, 40)
        start = rng.uniform(0, pitch)
        field[(np.arange(height) + start) % pitch < 1.2] -= np.float32(30)
        if style < 0.3:
            field[:, (np.arange(width) + start) % pitch < 1.2] -= np.float32(30)
    np.clip(field, 0, 255, out=field)
    dark, light = _pick(
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
    stones = _noise(rng, width + 2, height + 2, cell).astype(np.float32)
    stones += _noise(rng, width + 2, height + 2, cell / 2.5).astype(np.float32) * np.float32(0.5)
    lit = stones[2:, 2:] - stones[:-2, :-2]
    field = np.clip(lit, -70, 70) * np.float32(rng.uniform(0.3, 1.0)) + stones[2:, 2:] * np.float32(
        0.22
    )
    field += (_grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.18)
    field += _noise(rng, width, height, 110).astype(np.float32) * np.float32(0.25) + 45
    np.clip(field, 0, 255, out=field)
    dark, light = _pick(
        rng,
        (
            ((28, 27, 25), (198, 194, 186)),
            ((40, 32, 24), (206, 186, 160)),
            ((16, 18, 20), (140, 142, 146)),
        ),
    )
    return _tinted(field, dark, light)


def _foam(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    pores = _noise(rng, width, height, rng.uniform(2.5, 4.5)).astype(np.float32)
    field = np.minimum(pores, 130) * np.float32(0.4) + np.float32(60)
    field += (_noise(rng, width, height, 9).astype(np.float32) - 128) * np.float32(0.12)
    field += (_grains(rng, width, height).astype(np.float32) - 128) * np.float32(0.12)
    field += (_noise(rng, width, height, 150).astype(np.float32) - 128) * np.float32(0.25)
    np.clip(field, 0, 255, out=field)
    dark, light = _pick(
        rng,
        (
            ((8, 8, 9), (72, 73, 77)),
            ((10, 14, 26), (60, 78, 116)),
            ((12, 12, 12), (104, 103, 100)),
        ),
    )
    return _tinted(field, dark, light)


def _weave(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Cloth with soft folds."""
    pitch = rng.uniform(3, 6)
    x = np.arange(width, dtype=np.float32) * np.float32(2 * math.pi / pitch)
    y = np.arange(height, dtype=np.float32) * np.float32(2 * math.pi / pitch)
    bend = _noise(rng, width + 5, height + 9, width / 3).astype(np.float32)
    field = np.outer(np.sin(y), np.sin(x)) * np.float32(26)
    field += (_noise(rng, width, height, 1.6).astype(np.float32) - 128) * np.float32(0.3)
    field += (bend[9:, 5:] - bend[:-9, :-5]) * np.float32(1.7) + np.float32(130)
    np.clip(field, 0, 255, out=field)
    red, green, blue = _pick(
        rng, ((60, 84, 130), (150, 56, 48), (150, 146, 138), (120, 104, 78), (58, 62, 66))
    )
    light = (min(255, red * 1.6), min(255, green * 1.6), min(255, blue * 1.6))
    return _tinted(field, (red * 0.2, green * 0.2, blue * 0.2), light)


_BACKGROUNDS: Final = (
    _wood,
    _wood,
    _rubber,
    _painted_steel,
    _painted_steel,
    _bare_steel,
    _paper,
    _gravel,
    _foam,
    _weave,
)


# --- What happens over the part ------------------------------------------------------------------


def _spill_oil(canvas: Image.Image, rng: np.random.Generator) -> None:
    """A brown stain over part and background alike."""
    w, h = canvas.width // 4, canvas.height // 4
    x = np.arange(w, dtype=np.float32)[None, :] - np.float32(rng.uniform(0.1, 0.9) * w)
    y = np.arange(h, dtype=np.float32)[:, None] - np.float32(rng.uniform(0.1, 0.9) * h)
    reach = min(w, h) * rng.uniform(0.12, 0.4)
    pool = 150 * np.exp(-(x * x + y * y * np.float32(1.5)) * np.float32(1 / reach**2))
    pool += _noise(rng, w, h, 28).astype(np.float32) * np.float32(0.5)
    pool += _noise(rng, w, h, 9).astype(np.float32) * np.float32(0.12)
    strength = rng.uniform(60, 150)
    film = np.clip((pool - 135) * rng.uniform(3, 9), 0, strength).astype(np.uint8)
    mask = Image.fromarray(film).resize(canvas.size, Image.Resampling.BICUBIC)
    colour = _pick(rng, ((34, 22, 10), (20, 16, 12), (52, 34, 12)))
    canvas.paste(colour, (0, 0), mask)


def _lay_cloth(canvas: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A rag whose edge covers a border of the picture and perhaps a little of the part."""
    width, height = canvas.size
    cloth = _weave(rng, width, height)
    w, h = width // 4, height // 4
    angle = rng.uniform(0, 2 * math.pi)
    x = (np.arange(w, dtype=np.float32) - w / 2)[None, :] * math.cos(angle)
    y = (np.arange(h, dtype=np.float32) - h / 2)[:, None] * math.sin(angle)
    wobble = (_noise(rng, w, h, 40).astype(np.float32) - 128) * np.float32(0.06)
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

"""A part in the picture: its shadow, its shading, and what a tilted camera sees of it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.painting.fields import noise, pick, scratches, signed
from engine.painting.light import MATCAP, RUST, SECONDS, Scene, metal
from engine.painting.relief import Grid, Relief, Shape

_F32 = NDArray[np.float32]
_U8 = NDArray[np.uint8]


def paint_part(
    canvas: Image.Image,
    shape: Shape,
    scene: Scene,
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
    grid = Grid(x * cos + y * sin, y * cos - x * sin, scale, columns / 2, rows / 2, cos, sin)
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


def _shadows(height: _F32, scene: Scene) -> tuple[_U8, _U8, int]:
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
    relief: Relief,
    grid: Grid,
    shape: Shape,
    shadow: _U8,
    scene: Scene,
    rng: np.random.Generator,
) -> NDArray[np.uint32]:
    """The colour of every cell, (rows × columns) RGBA packed into 32 bits; 0 where it is bare."""
    rows, columns = height.shape
    finish = metal(rng)
    second = pick(rng, SECONDS)
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
        marks = signed(noise(rng, 1024, 1, 1.2, 1)).ravel()
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
    pits = noise(rng, columns, rows, rng.uniform(2.5, 5)).ravel()
    here = pits[inside].astype(np.float32)
    bump = np.float32(finish.grain / (110 if finish.roughness > 0.6 else 300))
    normal_x += (here - pits.take(inside - 3, mode="clip")) * bump
    normal_y += (here - pits.take(inside - 3 * columns, mode="clip")) * bump

    half = np.float32((MATCAP - 1) / 2)
    column = np.clip(normal_x * half + (half + np.float32(0.5)), 0, MATCAP - 1).astype(np.int32)
    row = np.clip(normal_y * half + (half + np.float32(0.5)), 0, MATCAP - 1).astype(np.int32)
    index = (row * np.int32(MATCAP) + column).astype(np.intp)
    blotches = noise(rng, columns, rows, rng.uniform(25, 90)).ravel()[inside]
    table = scene.reflections(finish)
    if relief.second is not None:
        table = np.concatenate([table, scene.reflections(second)])
        index += relief.second.ravel()[inside] * MATCAP**2
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
        tone *= scratches(rng, columns, rows).ravel()[inside] * np.float32(1 / 128)

    colour = table.take(index, axis=0)
    if rng.random() < 0.35:
        field = blotches + (here - 128) * np.float32(0.35) - np.float32(rng.uniform(150, 235))
        rusty = np.flatnonzero(field > 0)
        cover = np.minimum(field[rusty] * np.float32(1 / 45), np.float32(0.92))[:, None]
        rust = scene.reflections(RUST).take(index[rusty] % MATCAP**2, axis=0)
        rust *= 1.35 - here[rusty, None] * np.float32(0.0045)
        colour[rusty] += (rust - colour[rusty]) * cover
    colour *= tone[:, None]
    np.sqrt(np.minimum(colour, 1, out=colour), out=colour)
    opaque = np.full((inside.size, 4), 255, np.uint8)
    np.multiply(colour, np.float32(255), out=opaque[:, :3], casting="unsafe")
    pixels = np.zeros(rows * columns, np.uint32)
    pixels[inside] = opaque.view(np.uint32).ravel()
    return pixels


def _look_obliquely(
    pixels: NDArray[np.uint32], height: _F32, relief: Relief, scale: float, tan: float
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

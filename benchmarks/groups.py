"""How long the groups of a large folder take, and how many near-duplicates end in one group.

    python benchmarks/groups.py [--images 100000] [--compared 20000]

Embeddings are drawn: scenes of one to four frames each, in 40 kinds, along directions whose spread
falls as in real folders (by a power of 0.6), the frames apart by 0.4 or 0.3 of that; in random
order, so that no burst is found by its neighbours. In the first row frames of a scene share a
perceptual hash, in the second every image has its own. The third is a folder of ten fixed cameras:
all images of one lie at cosines around 0.75 of each other, which no choice of pivots tells apart.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from threadpoolctl import threadpool_limits

from engine.messages import NO_DATE
from engine.method.duplicates import near_duplicate_groups, near_duplicate_pairs
from engine.method.grouping import group_steps

SIZE = 640
SPREAD = ((1 + np.arange(SIZE)) ** -0.6).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--compared", type=int, default=20_000)
    options = parser.parse_args()
    threadpool_limits(1, user_api="blas")  # As in the program.
    for what, make in (
        ("scenes, hashes of their own", lambda n: scenes(n, 0.4, has_hashes=True)),
        ("scenes, hashes of no help", lambda n: scenes(n, 0.3, has_hashes=False)),
        ("ten fixed cameras", cameras),
    ):
        directions, hashes = make(options.images)
        _, seconds, longest = group(directions, hashes)
        print(f"{what}: {options.images} images {seconds:.1f} s, longest step {longest:.0f} ms")
        if what == "ten fixed cameras":
            continue
        directions, hashes = make(options.compared)
        found, seconds, _ = group(directions, hashes)
        started = time.perf_counter()
        brute = near_duplicate_groups(directions, hashes)
        brute_seconds = time.perf_counter() - started
        together = share_together(directions, hashes, found, brute)
        print(
            f"    of the near-duplicates among {options.compared} images {together[0]:.1%} in one "
            f"group ({seconds:.1f} s), comparing all with all {together[1]:.1%} "
            f"({brute_seconds:.1f} s)"
        )


def scenes(n_images: int, shake: float, *, has_hashes: bool) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    scene = np.repeat(np.arange(n_images), generator.integers(1, 5, n_images))[:n_images]
    n_scenes = scene[-1] + 1
    kinds = draw(generator, 40)[generator.integers(0, 40, n_scenes)]
    points = (draw(generator, n_scenes) + kinds)[scene] + shake * draw(generator, n_images)
    hashes = generator.integers(1, 1 << 62, n_images).astype(np.uint64)
    if has_hashes:
        hashes = hashes[:n_scenes][scene]
    order = generator.permutation(n_images)
    return unit(points)[order], hashes[order]


def cameras(n_images: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    points = draw(generator, 10)[np.arange(n_images) * 10 // n_images]
    points = points + np.float32(0.42) * draw(generator, n_images)
    return unit(points), generator.integers(1, 1 << 62, n_images).astype(np.uint64)


def draw(generator: np.random.Generator, count: int) -> np.ndarray:
    return generator.standard_normal((count, SIZE), np.float32) * SPREAD


def unit(points: np.ndarray) -> np.ndarray:
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points


def group(directions: np.ndarray, hashes: np.ndarray) -> tuple[np.ndarray, float, float]:
    """What stands for each image, seconds, and the milliseconds of the longest step."""
    n_images = len(directions)
    none, folders = np.full(n_images, NO_DATE), np.arange(n_images)
    steps = group_steps(lambda rows: directions[rows], hashes, none, folders)
    longest = 0.0
    started = last = time.perf_counter()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, time.perf_counter() - started, 1000 * longest
        now = time.perf_counter()
        longest, last = max(longest, now - last), now


def share_together(directions: np.ndarray, hashes: np.ndarray, *found: np.ndarray) -> list[float]:
    """Of all pairs of near-duplicates the share that is in one group, for each grouping."""
    counts, total = [0] * len(found), 0
    for start in range(0, len(directions), 512):
        rows = np.arange(start, min(start + 512, len(directions)))
        first, second, _ = near_duplicate_pairs(
            directions, hashes, rows, np.arange(len(directions))
        )
        pairs = first < second
        total += int(pairs.sum())
        for place, groups in enumerate(found):
            counts[place] += int((groups[first[pairs]] == groups[second[pairs]]).sum())
    return [count / max(total, 1) for count in counts]


if __name__ == "__main__":
    main()

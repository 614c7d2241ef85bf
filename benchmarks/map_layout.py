"""How long the map takes, and how well it keeps neighbours, against the two main directions alone.

    python benchmarks/map_layout.py FOLDER [--points 1000 10000 100000] [--cache DIR]

Takes the embeddings of a folder's images (sub-folders included) as the program computes and keeps
them, in half precision, and lays out so many of them. More points than images are made by mixing
images with one of their nearest neighbours. Prints seconds of one core's own time (others may be at
work beside it), the longest step, the memory that the process took at most (the images in single
precision among it, which the program does not hold), the share of the ten nearest images that are
among the ten nearest on the map, and trustworthiness (Venna and Kaski 2001: one where nothing is
near on the map that is far in truth), both over 2,000 images.
"""

from __future__ import annotations

import argparse
import platform
import resource
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from engine.images import find_images
from engine.jobs.embedding import embed_images
from engine.jobs.workspace import open_workspace
from engine.messages import EmbedImages, FoundFile, ImageId, ImageRef
from engine.method.heads import Floats, normalise
from engine.method.layout import SHARE_OF_SEARCH, fit_to_map, main_directions, neighbour_layout
from engine.method.neighbours import nearest_neighbours

_NEAREST: Final = 10
_JUDGED: Final = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--points", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1, user_api="blas"):
        embeddings = embeddings_of(options.folder, options.cache or Path(name))
        print(f"{len(embeddings)} images, {embeddings.shape[1]} numbers each, {platform.machine()}")
        started = time.thread_time()
        import openTSNE.affinity  # noqa: F401 (as the first layout of a session does)

        print(f"openTSNE loaded in {time.thread_time() - started:.1f} s")
        for count in options.points:
            measure(directions_of(embeddings, count))


def embeddings_of(folder: Path, cache: Path) -> NDArray[np.float16]:
    workspace = open_workspace(cache, device="cpu")
    try:
        names = sorted(item.name for item in find_images(folder) if isinstance(item, FoundFile))
        images = tuple(ImageRef(ImageId(i + 1), folder / n, n) for i, n in enumerate(names))
        for _ in embed_images(workspace, EmbedImages(1, images)):
            pass
        known = sorted(workspace.store.image_ids())
        return workspace.store.select(known).astype(np.float16)
    finally:
        workspace.close()


def directions_of(embeddings: NDArray[np.float16], count: int) -> Floats:
    """So many directions (count, d): a draw of the images', and mixtures where they are too few."""
    random = np.random.default_rng(0)
    mean = embeddings.astype(np.float32).mean(axis=0)
    known = normalise(embeddings.astype(np.float32), mean)
    if count <= len(known):
        return known[np.sort(random.choice(len(known), count, replace=False))]
    search = nearest_neighbours(known, _NEAREST)
    while True:
        try:
            next(search)
        except StopIteration as end:
            near = end.value[0]
            break
    first = random.integers(len(known), size=count - len(known))
    second = near[first, random.integers(_NEAREST, size=len(first))]
    share = random.uniform(0.2, 0.8, (len(first), 1)).astype(np.float32)
    mixed = share * known[first] + (1 - share) * known[second]
    mixed += random.normal(0, 0.3 / np.sqrt(known.shape[1]), mixed.shape).astype(np.float32)
    everything = np.concatenate([known, mixed / np.linalg.norm(mixed, axis=1, keepdims=True)])
    return everything.astype(np.float16).astype(np.float32)


def measure(directions: Floats) -> None:
    started = time.thread_time()
    sample = directions[:: max(1, len(directions) // 5_000)]
    flat = fit_to_map(directions @ main_directions(sample))
    print(f"\n{len(directions)} points: main directions in {time.thread_time() - started:.2f} s")
    steps, longest, searched, placed = (
        neighbour_layout(directions.astype(np.float16), flat),
        0.0,
        0.0,
        flat,
    )
    started = now = time.thread_time()
    while True:
        try:
            interim = next(steps)
        except StopIteration as end:
            placed = end.value
            break
        before, now = now, time.thread_time()
        longest = max(longest, now - before)
        if interim.share <= SHARE_OF_SEARCH:
            searched = now - started
    seconds = time.thread_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  neighbours found after {searched:.1f} s, layout after {seconds:.1f} s")
    print(f"  longest step {1000 * longest:.0f} ms, process {memory:.0f} MB at most")
    judged = np.sort(np.random.default_rng(1).permutation(len(directions))[:_JUDGED])
    for name, positions in (("main directions", flat), ("layout", placed)):
        kept, trust = quality(directions, positions, judged)
        print(f"  {name}: {kept:.3f} of the {_NEAREST} nearest kept, trustworthiness {trust:.3f}")


def quality(directions: Floats, positions: Floats, judged: NDArray[np.intp]) -> tuple[float, float]:
    n_points, kept, misplaced = len(directions), 0, 0.0
    for row in judged.tolist():
        truth = -(directions @ directions[row])
        truth[row] = -np.inf
        ranks = np.empty(n_points, np.intp)
        ranks[np.argsort(truth, kind="stable")] = np.arange(n_points)  # Itself has rank 0.
        apart = np.hypot(*(positions - positions[row]).T)
        apart[row] = np.inf
        near = ranks[np.argpartition(apart, _NEAREST)[:_NEAREST]]
        kept += int(np.count_nonzero(near <= _NEAREST))
        misplaced += float(np.maximum(near - _NEAREST, 0).sum())
    worst = len(judged) * _NEAREST * (2 * n_points - 3 * _NEAREST - 1) / 2
    return kept / (len(judged) * _NEAREST), 1 - misplaced / worst


if __name__ == "__main__":
    main()

"""What the cache of images costs with a million of them; prints a Markdown table.

    python benchmarks/cache_scale.py [--images 1000000] [--thumbnail-bytes 4000] [--folder DIR]

Fills a cache through ``ImageCache`` as a job does (bundles of 64, in the order of a folder walk:
1,000 files a folder), with random embeddings of 640 numbers and random bytes as thumbnails, of
lengths spread as those of real photographs are; then looks things up again, by path in the order of
the folders and in none, by content, beside cold files where the system lets its own cache be
dropped (root, Linux), brings the stamps up to date, halves the limit and empties it. The folder
needs about 1.6 kB and the thumbnail for each image, and is deleted in the end.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import hashlib
import os
import platform
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine.cache import clean_cache
from engine.cache_limit import keep_limit
from engine.image_cache import CacheEntry, FileKey, ImageCache

SIZE = 640
BUNDLE = 64
TRIALS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1_000_000)
    parser.add_argument("--thumbnail-bytes", type=int, default=4_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="handful-cache-", dir=options.folder))
    try:
        measure(folder, options.images, options.thumbnail_bytes)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, n_images: int, thumbnail_bytes: int) -> None:
    """Fill, look up, tidy, shrink and empty; print each as it is known."""
    pictures = Pictures(thumbnail_bytes)
    say("images", f"{n_images:,}, thumbnails of {thumbnail_bytes:,} bytes")
    say(
        "machine",
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    )
    keep_limit(folder, 1_000_000_000_000)
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, pictures, n_images)
    names = sorted(path for path in folder.iterdir() if path.is_file())
    for path in names:
        say(f"size of {path.name}", f"{path.stat().st_size / n_images:,.0f} bytes an image")
    total = sum(path.stat().st_size for path in names)
    say(
        "size in all",
        f"{total / 1e9:.2f} GB, {total / n_images:,.0f} bytes an image, "
        f"of which {SIZE * 2 + thumbnail_bytes:,} are embedding and thumbnail",
    )
    look_up(folder, pictures, n_images)
    stamp(folder, pictures, n_images)
    shrink(folder, total)
    with ImageCache(folder, "encoder", SIZE):  # Else its files would be deleted, in no time.
        began = time.perf_counter()
        for _ in clean_cache(folder):
            pass
        emptied_s = time.perf_counter() - began
    left = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    say("emptying the rest while it is open", f"{emptied_s:.1f} s, {left:,} bytes left")


def fill(cache: ImageCache, pictures: Pictures, n_images: int) -> None:
    """Add all, telling the rate of each fifth."""
    part = max(BUNDLE, n_images // 5)
    for start in range(0, n_images, part):
        numbers = range(start, min(start + part, n_images))
        took: list[float] = []
        making_s = making_cpu_s = 0.0
        cpu_began, began = time.process_time(), time.perf_counter()
        for some in chunks(numbers, BUNDLE):
            made_at, made_cpu_at = time.perf_counter(), time.thread_time()
            entries = {pictures.key(number): pictures.entry(number) for number in some}
            making_cpu_s += time.thread_time() - made_cpu_at
            added_at = time.perf_counter()
            cache.add(entries)
            took.append(time.perf_counter() - added_at)
            making_s += added_at - made_at
        wall_s = time.perf_counter() - began - making_s
        cpu_s = time.process_time() - cpu_began - making_cpu_s
        say(
            f"adding up to {numbers[-1] + 1:,}",
            f"{len(numbers) / wall_s:,.0f} images/s ({1e6 * cpu_s / len(numbers):.0f} µs of CPU an "
            f"image); a bundle of {BUNDLE}: {spread(took)}; memory {resident_mb():.0f} MB",
        )


def look_up(folder: Path, pictures: Pictures, n_images: int) -> None:
    """By path and by content, warm and cold."""
    numbers = range(n_images)
    scattered = random.Random(0).sample(numbers, min(n_images, 50_000))
    for is_cold in (True, False):
        if is_cold and not drop_caches():
            continue
        state = "cold" if is_cold else "warm"
        began = time.perf_counter()
        with ImageCache(folder, "encoder", SIZE) as cache:
            cache.find(pictures.key(n_images // 2))
            say(
                f"opening and one look-up, {state}", f"{1e3 * (time.perf_counter() - began):.1f} ms"
            )
            for chunk, thumbnails, some in (
                (500, False, numbers),
                (128, True, numbers[: n_images // 5]),
                (500, False, scattered),
                (128, True, scattered),
            ):
                found, took, cpu_began = 0, list[float](), time.process_time()
                keys_s, keys_cpu_s, began = 0.0, 0.0, time.perf_counter()
                for part in chunks(some, chunk):
                    made_at, made_cpu_at = time.perf_counter(), time.thread_time()
                    keys = [pictures.key(number) for number in part]
                    keys_cpu_s += time.thread_time() - made_cpu_at
                    asked_at = time.perf_counter()
                    found += len(cache.find_many(keys, with_thumbnails=thumbnails))
                    took.append(time.perf_counter() - asked_at)
                    keys_s += asked_at - made_at
                if found != len(some):
                    raise SystemExit(f"{len(some) - found} of {len(some)} were not found")
                wall_s = time.perf_counter() - began - keys_s
                cpu_us = 1e6 * (time.process_time() - cpu_began - keys_cpu_s) / len(some)
                order = "in order" if isinstance(some, range) else "scattered"
                what = "with thumbnails" if thumbnails else "embeddings"
                say(
                    f"by path, {chunk} at a time, {what}, {order}, {state}",
                    f"{len(some) / wall_s:,.0f} images/s ({cpu_us:.0f} µs of CPU an image); "
                    f"one question: {spread(took)}",
                )
            began = time.perf_counter()
            for number in scattered[:20_000]:
                if cache.find_content(pictures.content(number)) is None:
                    raise SystemExit("a content was not found")
            rate = min(len(scattered), 20_000) / (time.perf_counter() - began)
            say(f"by content, one by one, scattered, {state}", f"{rate:,.0f} images/s")
            say(f"memory after looking up, {state}", f"{resident_mb():.0f} MB")


def stamp(folder: Path, pictures: Pictures, n_images: int) -> None:
    """All images are used in a later hour: what reading costs then, and writing that down."""
    real, later = time.time, time.time() + 7_200
    time.time = lambda: later  # type: ignore[assignment]
    try:
        with ImageCache(folder, "encoder", SIZE) as cache:
            began = time.perf_counter()
            for part in chunks(range(n_images), 500):
                keys = [pictures.key(number) for number in part]
                cache.find_many(keys, with_thumbnails=False)
            read_s = time.perf_counter() - began
            cache.tidy()
            say(
                "a new hour: looking all up, then the stamps that were not yet written",
                f"{read_s:.1f} s, {time.perf_counter() - began - read_s:.2f} s",
            )
    finally:
        time.time = real


def shrink(folder: Path, total: int) -> None:
    """Half the limit, a later hour: the longest wait of a reader and of a writer meanwhile."""
    keep_limit(folder, total // 2)
    real, later = time.time, time.time() + 14_400
    time.time = lambda: later  # type: ignore[assignment]
    try:
        with ImageCache(folder, "encoder", SIZE) as cache:
            cpu_began, began = time.process_time(), time.perf_counter()
            cache.tidy()
            wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
            left = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
            say(
                "down to half the size",
                f"{wall_s:.1f} s ({cpu_s:.1f} s of CPU), "
                f"{left / 1e9:.2f} GB left on disk, memory {resident_mb():.0f} MB",
            )
    finally:
        time.time = real


class Pictures:
    """Entries and keys by number, cheap to make."""

    def __init__(self, thumbnail_bytes: int) -> None:
        generator = np.random.default_rng(0)
        self._noise = generator.bytes(1 << 24)
        self._floats = generator.normal(size=(4096, SIZE)).astype(np.float16)
        # The middle four fifths of photographs' thumbnails lie within about 0.6 to 1.6 of the mean.
        lengths = generator.lognormal(0.0, 0.35, 4096)
        self._lengths = (thumbnail_bytes * lengths / lengths.mean()).astype(int)

    def key(self, number: int) -> FileKey:
        path = f"/home/person/Pictures/season 2026/{number // 1000:05d}/IMG_{number:07d}.jpg"
        return FileKey(path, 2_000_000 + number, 10**18 + number, 10**18 + number)

    def content(self, number: int) -> bytes:
        return hashlib.blake2b(number.to_bytes(8, "big"), digest_size=16).digest()

    def entry(self, number: int) -> CacheEntry:
        start = number * 7919 % ((1 << 24) - 200_000)
        thumbnail = JPEG_HEAD + self._noise[start : start + self._lengths[number % 4096]]
        embedding = self._floats[number * 31 % 4096]
        return CacheEntry(
            self.content(number), embedding, thumbnail, perceptual_hash=number, taken_s=number
        )


# As much of a JPEG of 256 x 192 as tells its size.
JPEG_HEAD = bytes.fromhex("ffd8ffc0001108") + (192).to_bytes(2, "big") + (256).to_bytes(2, "big")


def chunks(numbers: Sequence[int], count: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), count):
        yield numbers[start : start + count]


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return (
        f"median {1e3 * statistics.median(ordered):.1f} ms, "
        f"95 % {1e3 * ordered[int(0.95 * (len(ordered) - 1))]:.1f}, longest {1e3 * ordered[-1]:.0f}"
    )


def drop_caches() -> bool:
    """Have the system forget what it has read; only root may, and only on Linux."""
    with contextlib.suppress(OSError):
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
        return True
    return False


def resident_mb() -> float:
    """What this process has in memory."""
    gc.collect()
    with contextlib.suppress(OSError, IndexError):
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    return float("nan")


def say(what: str, told: str) -> None:
    print(f"| {what} | {told} |", flush=True)


if __name__ == "__main__":
    main()

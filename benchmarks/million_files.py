"""``handful classify`` on very many files, a fifth of them broken, killed half-way and run again.

    python benchmarks/million_files.py [--counts 1000 10000 100000] [--distinct 300] [--size 320]

For each count: a few painted JPEGs and broken variants of them, hard-linked under as many names as
asked for (so a million need no more room than their directories), then the command in a process of
its own on an empty cache. The first run is killed (kill -9) when half of the readable files are in
the cache, the second goes on. Told are what the kill cost, the rates, whether every readable file
has its row and every broken one its reason, and the most memory that the second run had, its
decoding processes counted apart. ``--counts 1000000`` takes a quarter of an hour.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from engine.cache_schema import NAMES
from engine.painting import CLASS_NAMES, paint_picture

ROOT = Path(__file__).resolve().parents[1]
_PER_FOLDER = 1000
_LOOK_S = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--distinct", type=int, default=300)
    parser.add_argument("--size", type=int, default=320, help="width of the pictures in pixels")
    parser.add_argument("--dir", type=Path, help="where to work; on one file system")
    options = parser.parse_args()
    print(
        "| files | broken | files kept at the kill | told as read by then | second run "
        "| files/s | rows | reasons | most memory |\n|---|---|---|---|---|---|---|---|---|"
    )
    for count in options.counts:
        with tempfile.TemporaryDirectory(dir=options.dir) as name:
            measure(Path(name), count, options.distinct, options.size)


def measure(folder: Path, count: int, distinct: int, size: int) -> None:
    support = folder / "support"
    originals = list(paint_originals(support, distinct, size))
    broken = list(break_some(originals))
    n_broken = link_all(folder / "images", originals, broken, count)
    out = folder / "predictions.csv"
    command = [
        *(sys.executable, "-m", "engine", "classify", str(folder / "images")),
        *("--support", str(support), "--out", str(out), "--effort", "instant", "--json"),
    ]
    environment = os.environ | {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
    }
    half = (count - n_broken) // 2
    log = folder / "first.log"
    with log.open("wb") as told:
        first = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=told, cwd=folder
        )
        while first.poll() is None and n_cached(folder / "cache") < half:
            time.sleep(_LOOK_S)
        first.kill()
        first.wait()
    kept = n_cached(folder / "cache")
    started = time.perf_counter()
    second = subprocess.run(
        command, env=environment, capture_output=True, text=True, cwd=folder, check=False
    )
    seconds = time.perf_counter() - started
    if second.returncode != 0:
        raise SystemExit(f"The second run ended with {second.returncode}: {second.stderr[-2000:]}")
    summary = json.loads(second.stdout.strip().splitlines()[-1])
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
    print(
        f"| {count:,} | {n_broken:,} | {kept:,} | {last_told(log)} | {seconds:.0f} s "
        f"| {(count - kept) / seconds:.0f} | {n_rows(out):,} "
        f"| {n_rows(Path(summary['errors'])):,} | {most:.0f} MB |",
        flush=True,
    )
    assert n_rows(out) == count - n_broken
    assert n_rows(Path(summary["errors"])) == n_broken


def paint_originals(support: Path, distinct: int, size: int) -> Iterator[bytes]:
    """JPEGs that differ; the first few of each class lie in the folder of examples, too."""
    generator = np.random.default_rng(0)
    names = list(CLASS_NAMES)
    pictures = [paint_picture(name, generator).convert("RGB") for name in names]
    for index in range(distinct):
        picture = pictures[index % len(names)]
        picture = picture.resize((size, round(size * picture.height / picture.width)))
        buffer = io.BytesIO()
        Image.fromarray(np.roll(np.asarray(picture), index * 5, axis=(0, 1))).save(buffer, "JPEG")
        if index < 3 * len(names):
            place = support / names[index % len(names)]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{index}.jpg").write_bytes(buffer.getvalue())
        yield buffer.getvalue()


def break_some(originals: list[bytes]) -> Iterator[bytes]:
    """Empty, text, noise, cut off, nothing behind a good head, and one of too many pixels."""
    yield b""
    yield b"this is text"
    yield os.urandom(5000)
    yield originals[0][: len(originals[0]) // 2]
    yield originals[1][:200] + bytes(4000)
    huge = bytearray(originals[2])
    place = huge.index(b"\xff\xc0") + 5
    huge[place : place + 4] = b"\xff\xff\xff\xff"
    yield bytes(huge)


def link_all(folder: Path, good: list[bytes], broken: list[bytes], count: int) -> int:
    """As many names as asked for, every fifth of a broken file; how many of those there are."""
    store = folder.parent / "contents"
    store.mkdir()
    places = []
    for number, content in enumerate([*good, *broken]):
        places.append(store / str(number))
        places[-1].write_bytes(content)
    # A file system lets a file have some tens of thousands of names; then it is written anew.
    n_names = dict.fromkeys(places, 0)
    n_broken = 0
    for index in range(count):
        is_broken = index % 5 == 4
        n_broken += is_broken
        among = places[len(good) :] if is_broken else places[: len(good)]
        place = among[index // 5 % len(among)] if is_broken else among[index % len(among)]
        if n_names[place] >= 30_000:
            content = place.read_bytes()
            place.unlink()
            place.write_bytes(content)
            n_names[place] = 0
        n_names[place] += 1
        inside = folder / f"{index // _PER_FOLDER:05d}"
        if index % _PER_FOLDER == 0:
            inside.mkdir(parents=True)
        os.link(place, inside / f"{index:08d}.jpg")
    return n_broken


def n_cached(folder: Path) -> int:
    """How many files the cache knows."""
    found = list(folder.rglob(NAMES[0]))
    if not found:
        return 0
    try:
        connection = sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True, timeout=10)
        try:
            return int(connection.execute("SELECT count(*) FROM files").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error:
        return 0  # It is being made.


def last_told(log: Path) -> str:
    """How many files the first run said last that it had looked at, broken ones among them."""
    lines = [line for line in log.read_text().splitlines() if "Looking at images" in line]
    return lines[-1].partition(": ")[2].partition(" of ")[0] if lines else "nothing"


def n_rows(table: Path) -> int:
    with table.open(newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1


if __name__ == "__main__":
    main()

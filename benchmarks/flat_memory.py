"""The most memory that ``handful classify`` takes as the folder grows; prints a Markdown table.

    python benchmarks/flat_memory.py [--counts 1000 10000 100000] [--effort instant] [--code DIR]

For each count two folders of hard links. *Read*: painted JPEGs and a fifth broken files (see
``million_files.py``), run twice on one cache, which knows none of them at first. *Known*: files of
which the cache knows the content, each another, with made-up embeddings, so that nothing is decoded
and the cache is as large as that of as many photographs. Each run is a process of its own, and what
is told is its own peak (VmHWM, Linux), its decoding processes left out, beside its processor time
and a digest of its table. Before, an untold run over the examples alone prepares the encoder's
graph, which a computer does once. The last row is a folder of no more than a few images: the
program and its libraries. ``--code`` runs another checkout on the same files, for before and after.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.million_files import ROOT, break_some, link_all, paint_originals
from engine.image_cache import CacheEntry, FileKey
from engine.jobs.workspace import open_workspace

_FEW = 12
_MOST_LINKS = 20_000  # A file system lets a file have some tens of thousands of names.
# Runs the command and tells its peak on the way out, in bytes.
_MEASURED = """
import atexit, sys
def tell():
    with open("/proc/self/status") as status:
        (peak,) = [line.split()[1] for line in status if line.startswith("VmHWM")]
    with open(sys.argv[1], "w") as told:
        told.write(peak)
atexit.register(tell)
from engine import run_command_line
sys.exit(run_command_line(sys.argv[2:]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--effort", default="instant")
    parser.add_argument("--code", type=Path, default=ROOT, help="the checkout that is run")
    parser.add_argument("--dir", type=Path, help="where to work; on one file system")
    options = parser.parse_args()
    if sys.platform != "linux":
        raise SystemExit("The peak of a process is read as Linux tells it.")
    print("| files | run | most memory | processor | table |\n|---|---|---|---|---|")
    for count in [*options.counts, _FEW]:
        with tempfile.TemporaryDirectory(dir=options.dir) as name:
            folder = Path(name)
            originals = list(paint_originals(folder / "support", 300, 320))
            if count != _FEW:
                prepare(folder, "read", options)
                link_all(folder / "read", originals, list(break_some(originals)), count)
                for run in ("read", "read again"):
                    measure(folder, "read", count, run, options)
            prepare(folder, "known", options)
            known_folder(folder, originals[0], count)
            measure(folder, "known", count, "known", options)


def known_folder(folder: Path, content: bytes, count: int) -> None:
    """As many names, of each of which the cache knows another content."""
    workspace = open_workspace(folder / "cache-known" / "Handful", device="cpu")
    random = np.random.default_rng(0)
    size = workspace.runtime.encoder.embedding_size
    try:
        for start in range(0, count, _MOST_LINKS):
            source = folder / f"known-{start}"
            source.write_bytes(content)
            paths = []
            for index in range(start, min(count, start + _MOST_LINKS)):
                inside = folder / "known" / f"{index // 1000:05d}"
                inside.mkdir(parents=True, exist_ok=True)
                paths.append(inside / f"{index:08d}.jpg")
                os.link(source, paths[-1])
            # Not before all links are made: each changes the times of all.
            for first in range(0, len(paths), 500):
                some = paths[first : first + 500]
                rows = random.normal(size=(len(some), size)).astype(np.float16)
                entries = {}
                for path, row in zip(some, rows, strict=True):
                    digest = hashlib.blake2b(path.name.encode(), digest_size=16).digest()
                    key = FileKey.of(path)
                    assert key is not None
                    entries[key] = CacheEntry(digest, row, None, perceptual_hash=1)
                workspace.cache.add(entries)
    finally:
        workspace.close()


def prepare(folder: Path, images: str, options: argparse.Namespace) -> None:
    run_command(folder, folder / "support", images, options)


def measure(folder: Path, images: str, count: int, run: str, options: argparse.Namespace) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, peak = run_command(folder, folder / images, images, options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    digest = hashlib.sha256(out.read_bytes()).hexdigest()[:12]
    print(f"| {count:,} | {run} | {peak / 1e6:.1f} MB | {seconds:.1f} s | {digest} |", flush=True)


def run_command(
    folder: Path, images: Path, cache: str, options: argparse.Namespace
) -> tuple[Path, int]:
    """The table of a run and its peak in bytes."""
    out, told = folder / "predictions.csv", folder / "peak"
    out.unlink(missing_ok=True)
    environment = os.environ | {
        "XDG_CACHE_HOME": str(folder / f"cache-{cache}"),
        "HOME": str(folder),
        "PYTHONPATH": str(options.code),
    }
    command = [
        *(sys.executable, "-c", _MEASURED, str(told), "classify", str(images)),
        *("--support", str(folder / "support"), "--out", str(out)),
        *("--effort", options.effort, "--device", "cpu"),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, cwd=folder, check=False)
    if done.returncode != 0:
        raise SystemExit(f"The run ended with {done.returncode}: {done.stderr[-2000:]!r}")
    return out, int(told.read_text()) * 1024


if __name__ == "__main__":
    main()

"""Sort many real files into folders, kill it in the middle, go on, and take it all back.

    .venv/bin/python benchmarks/sorting.py [--files 10000] [--how copy,link,move] [--dir DIR]

For each way: a run that nobody interrupts; the same with SIGKILL at about half, resumed by the
command line; whether both trees are alike, byte for byte, path for path and in their times; and
whether undo brings back the tree as it was before. Prints what stands in docs/results/sorting.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from engine import __version__
from engine.interchange.records import Record, Results
from engine.interchange.sorting.journal import JOURNAL_NAME, has_unfinished
from engine.jobs.sorting import carry_out, planned
from engine.messages import ImageId, ImageRef, Progress, SortChoice, SortHow

N_CLASSES = 20
ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--how", default="copy,link,move")
    parser.add_argument("--dir", type=Path, help="where to work; the system's temporary folder")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        images, target, how = chosen.child
        sort(Path(images), Path(target), SortHow(how), is_told=True)
        return
    print(f"Handful {__version__}, Python {platform.python_version()}, {platform.platform()},")
    print(f"{os.cpu_count()} cores; {chosen.files} files of 2 to 6 kB in 100 folders\n")
    print(
        "| how | sorted, files/s | killed at | resumed as uninterrupted | undone | undo, files/s |"
    )
    print("|---|---|---|---|---|---|")
    for how in chosen.how.split(","):
        with tempfile.TemporaryDirectory(dir=chosen.dir) as folder:
            print(line_for(Path(folder), SortHow(how), chosen.files), flush=True)


def line_for(home: Path, how: SortHow, n_files: int) -> str:
    """One way, from a fresh folder of files."""
    images, target = home / "images", home / "sorted"
    write_files(images, n_files)
    before = hash_of(home)
    started = time.perf_counter()
    sort(images, target, how)
    rate = n_files / (time.perf_counter() - started)
    whole = hash_of(home)
    started = time.perf_counter()
    command_line("sort", "undo", str(target))
    undo_rate = n_files / (time.perf_counter() - started)
    is_first_undone = hash_of(home) == before
    killed_at = kill_in_the_middle(images, target, how, n_files)
    command_line("sort", "resume", str(target))
    is_same = hash_of(home) == whole
    command_line("sort", "undo", str(target))
    is_undone = is_first_undone and hash_of(home) == before
    cells = [how.value, f"{rate:.0f}", f"{killed_at}", yes(is_same), yes(is_undone)]
    return f"| {' | '.join([*cells, f'{undo_rate:.0f}'])} |"


def write_files(images: Path, n_files: int) -> None:
    """Small files of random bytes, some of one name in several folders."""
    random = np.random.default_rng(0)
    for number in range(n_files):
        folder = images / f"site_{number % 10}" / f"cam_{number // 10 % 10}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"IMG_{number // 100:04}.JPG"
        path.write_bytes(random.bytes(int(random.integers(2000, 6000))))
        os.utime(path, ns=(10**18 + number, 10**18 + 13 * number))


def sort(images: Path, target: Path, how: SortHow, *, is_told: bool = False) -> None:
    """Plan and carry out, without an encoder: classes follow from the names."""
    steps = planned(results_of(images), SortChoice(target, how, unsure_below=0.6), None, 0)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found = stop.value
            break
    if found.problem:
        sys.exit(found.problem)
    for event in carry_out(found.plan, 0):
        if is_told and isinstance(event, Progress):
            print(json.dumps(event.done), flush=True)


def results_of(images: Path) -> Results:
    names = sorted(path.relative_to(images).as_posix() for path in images.rglob("*.JPG"))
    classes = tuple(f"class {number}" for number in range(N_CLASSES))

    def chunks() -> Iterator[Sequence[Record]]:
        random = np.random.default_rng(1)
        for start in range(0, len(names), 512):
            records = []
            for number, name in enumerate(names[start : start + 512], start + 1):
                chances = random.dirichlet(np.full(N_CLASSES, 0.05)).astype(np.float32)
                image = ImageRef(ImageId(number), images / name, name)
                records.append(Record(image, None, chances, float(random.random() > 0.95)))
            yield records

    return Results(images, classes, classes, "benchmark", len(names), chunks)


def kill_in_the_middle(images: Path, target: Path, how: SortHow, n_files: int) -> int:
    """SIGKILL a process that sorts at about half; how far it had told it was."""
    child = subprocess.Popen(
        [sys.executable, __file__, "--child", str(images), str(target), how.value],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    done = 0
    assert child.stdout is not None
    for text in child.stdout:
        done = int(text)
        if done >= n_files // 2:
            break
    child.send_signal(signal.SIGKILL)
    child.stdout.close()
    child.wait()
    if not has_unfinished(target):
        sys.exit("It was over before it was killed.")
    return done


def command_line(*arguments: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-m", "engine", *arguments], check=True, env=env, capture_output=True
    )


def hash_of(folder: Path) -> str:
    """One hash of all paths, bytes and times below a folder; the journal counts by its name."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
        if path.is_file() and path.name != JOURNAL_NAME:
            digest.update(path.read_bytes() + str(path.stat().st_mtime_ns).encode() + b"\0")
    return digest.hexdigest()


def yes(is_so: bool) -> str:
    return "yes" if is_so else "**NO**"


if __name__ == "__main__":
    main()

"""How soon an image that comes to a watched folder has its row, and what watching costs.

    .venv/bin/python benchmarks/watch.py --model MODEL.onnx [--files 1000,100000] [--new 30]

For each number of files that lie there already, in 100 folders and in one: ``handful classify
--watch`` runs as a process of its own on a table that has a row for each of them; its processor
time over --idle seconds in which nothing comes; then --new JPEGs are written one after another, at
random moments, half into a folder that is there, half into new ones, and timed from the file's
closing to its whole row on disk. Prints what stands in docs/results/watch.md.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engine import __version__
from engine.interchange.tables import table_header
from engine.jobs.exported_model import load_exported

ROOT = Path(__file__).resolve().parents[1]
_WAIT_S = 120.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--files", default="0,1000,100000")
    parser.add_argument("--folders", default="100,1")
    parser.add_argument("--new", type=int, default=30)
    parser.add_argument("--idle", type=float, default=40.0)
    parser.add_argument("--dir", type=Path, help="where to work; the system's temporary folder")
    chosen = parser.parse_args()
    print(f"Handful {__version__}, Python {platform.python_version()}, {platform.platform()},")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print(
        "| files there | in folders | start, s | idle, % of a core | "
        "closed to row, median s | 90 % | most |"
    )
    print("|---|---|---|---|---|---|---|")
    for n_files in map(int, chosen.files.split(",")):
        for n_folders in map(int, chosen.folders.split(",") if n_files else "1"):
            with tempfile.TemporaryDirectory(dir=chosen.dir) as home:
                line = line_for(
                    Path(home), chosen.model, n_files, n_folders, chosen.new, chosen.idle
                )
                print(line, flush=True)


def line_for(
    home: Path, model: Path, n_files: int, n_folders: int, n_new: int, idle_s: float
) -> str:
    """One folder, from making it to the end of the watch."""
    images, out = home / "images", home / "table.csv"
    make_folder(images, n_files, n_folders, out, load_exported(model)[1])
    arguments = ["classify", images, "--model", model, "--out", out, "--watch"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        save(images / "first.jpg", 0)
        wait_for_row(out, "first.jpg", process)
        start_s = time.perf_counter() - began
        time.sleep(10)  # Past the first looks.
        before = cpu_seconds(process.pid)
        time.sleep(idle_s)
        idle = (cpu_seconds(process.pid) - before) / idle_s
        delays = []
        generator = random.Random(1)
        for number in range(n_new):
            time.sleep(generator.uniform(0, 2))
            folder = images / (f"new{number}" if number % 2 else "dir0")
            folder.mkdir(exist_ok=True)
            save(folder / f"new{number}.jpg", number)
            closed = time.perf_counter()
            wait_for_row(out, f"new{number}.jpg", process)
            delays.append(time.perf_counter() - closed)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
    median, high, most = np.quantile(delays, [0.5, 0.9, 1.0])
    return (
        f"| {n_files:,} | {n_folders} | {start_s:.1f} | {100 * idle:.1f} | {median:.1f} | "
        f"{high:.1f} | {most:.1f} |"
    )


def make_folder(images: Path, n_files: int, n_folders: int, out: Path, names: list[str]) -> None:
    """Files that have their rows; what is in them is never looked at."""
    header = table_header(names)
    place = len(header) - len(names)
    columns = [*header[:place], "size_bytes", "modified_s", *header[place:]]
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number in range(n_files):
            name = f"dir{number % n_folders}/image_{number:06}.jpg"
            path = images / name
            if number < n_folders:
                path.parent.mkdir(parents=True)
            path.write_bytes(b"x")
            status = path.stat()
            row = dict.fromkeys(columns, "") | {
                "file_name": name,
                "size_bytes": status.st_size,
                "modified_s": status.st_mtime_ns // 1_000_000_000,
            }
            writer.writerow(row.values())
    images.mkdir(exist_ok=True)


def save(path: Path, seed: int) -> None:
    """A photograph's worth of pixels."""
    values = np.random.default_rng(seed).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    Image.fromarray(values).resize((1600, 1200)).save(path, quality=85)


def wait_for_row(out: Path, name: str, process: subprocess.Popen[bytes]) -> None:
    """Until a whole row of that image is at the end of the table."""
    until = time.perf_counter() + _WAIT_S
    while time.perf_counter() < until and process.poll() is None:
        if out.exists():
            with out.open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
                tail = file.read()
            if name.encode() in tail and tail.endswith(b"\n"):
                return
        time.sleep(0.005)
    raise SystemExit(f"No row of {name}")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

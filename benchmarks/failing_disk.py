"""Let every call that writes fail, one after the other, and see that it is told and nothing lost.

    .venv/bin/python benchmarks/failing_disk.py [--kinds labelling,...] [--every 1] [--full-disk]

The work of benchmarks/kill_anytime.py, the command line and the window's session, on a disk that
fails: a library in C (made with cc, preloaded) lets the first write, sync, rename, ... below the
home fail with EIO (or ENOSPC), then the second, and so on until a run meets no failure; that call
alone, or it and all that come after. Each time the person has to be told in one sentence, or the
work is done all the same; everything told to be saved is there, no file under its own name is
broken, and once the disk is well again the work comes to its end. With ``--kills`` the call kills
the process in place of failing, which repeats a kill exactly.

``--full-disk``: also on a real file system of a few megabytes that fills up, and on one that is
read-only; for root on Linux. Prints what stands in docs/results/kills.md.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.nothing_lost import works  # noqa: E402
from benchmarks.nothing_lost.child import Mode, Server, compiled_shim  # noqa: E402
from benchmarks.nothing_lost.failing import WAYS, fail_at_each_call  # noqa: E402
from benchmarks.nothing_lost.homes import HOMES, LostError, check  # noqa: E402
from benchmarks.nothing_lost.killing import kill_at_each_call  # noqa: E402

COUNTS = {"labelling": 6, "window": 6, "sorting": 40, "metadata": 24}  # Others have what is usual.
_SMALL_BYTES = 48 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kinds", default=",".join(HOMES))
    parser.add_argument("--every", type=int, default=1, help="only each so many calls")
    parser.add_argument("--kills", action="store_true", help="kill at the call; it does not fail")
    parser.add_argument("--full-disk", action="store_true")
    parser.add_argument("--dir", type=Path, help="where to work; the system's temporary folder")
    chosen = parser.parse_args()
    logging.disable(logging.WARNING)  # A backup that finds no room says so in the log.
    folder = Path(tempfile.mkdtemp(prefix="handful-disk-", dir=chosen.dir))
    shim = compiled_shim(folder)
    if shim is None:
        sys.exit("This needs Linux and a C compiler (cc).")
    print("| work | how | calls | told | done all the same | lost or broken | seconds |")
    print("|---|---|---|---|---|---|---|")
    n_failed = 0
    for kind in chosen.kinds.split(","):
        server = Server(shim=shim, module=HOMES[kind].module)
        if chosen.kills:
            n_failed += kill_lines(server, kind, folder, chosen.every)
        else:
            n_failed += lines_for(server, kind, folder, chosen.every)
        server.close()
    if chosen.full_disk:
        print()
        full_disk(folder)
        read_only(folder)
    if n_failed:
        sys.exit(f"\nSomething was lost; see {folder}.")
    shutil.rmtree(folder)


def lines_for(server: Server, kind: str, folder: Path, every: int) -> int:
    """All ways to fail of one kind of work; how many of them lost something."""
    n_failed = 0
    for phase in HOMES[kind].phases:
        for way, mode, error in WAYS:
            name = kind if phase == "work" else f"{kind}: {phase}"
            count: Counter[bool] = Counter()
            started, failed = time.perf_counter(), ""
            home = HOMES[kind](folder / f"{name}, {way}".replace(" ", "-"), 1, COUNTS.get(kind))
            try:
                for found in fail_at_each_call(server, home, phase, mode, error, every):
                    count[found.is_told] += 1
            except AssertionError as lost:
                failed = str(lost)
            seconds = time.perf_counter() - started
            cells = [name, way, sum(count.values()), count[True], count[False], int(bool(failed))]
            print(f"| {' | '.join(map(str, cells))} | {seconds:.0f} |", flush=True)
            if failed:
                print(f"\n{failed}\n", flush=True)
                n_failed += 1
    return n_failed


def kill_lines(server: Server, kind: str, folder: Path, every: int) -> int:
    """The same, killed at its calls."""
    n_failed = 0
    for mode in (Mode.KILL_BEFORE, Mode.KILL_WITHIN):
        started, failed, n_kills = time.perf_counter(), "", 0
        home = HOMES[kind](folder / f"{kind}-{mode.name}", 1, COUNTS.get(kind))
        try:
            for _ in kill_at_each_call(server, home, mode, every):
                n_kills += 1
        except LostError as lost:
            failed = str(lost)
            n_failed += 1
        seconds = time.perf_counter() - started
        way = "killed before" if mode is Mode.KILL_BEFORE else "killed half-way"
        print(
            f"| {kind} | {way} | {n_kills} | | | {int(bool(failed))} | {seconds:.0f} |", flush=True
        )
        if failed:
            print(f"\n{failed}\n", flush=True)
    return n_failed


@contextlib.contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A file system of its own, in memory."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def full_disk(folder: Path) -> None:
    """Label and export on a disk that fills up; make room, and go on."""
    server = Server()
    for kind in ("labelling", "tables", "sorting"):
        with mounted(folder / f"full-{kind}", f"size={_SMALL_BYTES}") as small:
            home = HOMES[kind](small / "home", 1)
            home.is_failing = True
            told: list[str] = []
            ballast = small / "ballast"
            for left in (200_000, 60_000, 20_000, 4_096, 0):
                asked = home.ask()
                with contextlib.suppress(OSError), ballast.open("ab") as file:
                    file.write(bytes(max(0, shutil.disk_usage(small).free - left)))
                outcome = server.run(asked)
                check(not outcome.bug, outcome.bug)
                ballast.unlink()  # Looking takes room as well.
                home.check(outcome)
                told += [outcome.told, *outcome.all("refused"), *outcome.all("notice")]
            outcome = server.run(home.ask())
            check(outcome.status == 0, f"{kind} does not go on: {outcome.told or server.said()}")
            home.check(outcome)
            sentences = sorted({text.replace(str(small), "") for text in told if text})
            print(f"{kind} on a full disk of {_SMALL_BYTES >> 20} MB, which goes on with room:")
            print("".join(f"- {text}\n" for text in sentences[:6]))
    server.close()


def read_only(folder: Path) -> None:
    """A folder that may only be read is labelled all the same: its project lies elsewhere."""
    with mounted(folder / "card", "size=4m") as card:
        for number in range(4):
            (card / f"i{number}.jpg").write_bytes(b"not decoded")
        subprocess.run(["mount", "-o", "remount,ro", str(card)], check=True)
        project = works.Project.for_folder(card, folder / "kept", folder / "backups")
        works.find(project)
        images = [record.image_id for record in project.images()]
        check(len(images) == 4, images)
        check(card not in project.path.parents, project.path)
        project.close()
        print("A folder on read-only media: its project is kept elsewhere.")


if __name__ == "__main__":
    main()

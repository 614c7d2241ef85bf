"""Kill real work a thousand times at random moments and see that nothing is lost or broken.

    .venv/bin/python benchmarks/kill_anytime.py [--kills 1000] [--kinds sorting,...] [--seed 0]

A child process labels, embeds, exports (tables, models, bundles, labels for other programs), sorts
into folders and writes metadata, all through the program's own code, and says each time that
something is on the disk. It is killed with SIGKILL; the same home is opened again, everything that
was said is looked for, no file under its own name may be broken, and the work goes on from there,
until it dies again. Prints what stands in docs/results/kills.md.

Where something is lost, the home is kept as it is and named, with what repeats it.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.nothing_lost.child import Server  # noqa: E402
from benchmarks.nothing_lost.homes import LostError  # noqa: E402
from benchmarks.nothing_lost.killing import Killing  # noqa: E402
from engine import __version__  # noqa: E402

# Of each hundred kills; models and bundles take seconds each.
SHARES = {
    "labelling": 30,
    "embedding": 15,
    "tables": 10,
    "models": 8,
    "bundles": 7,
    "labels": 5,
    "sorting": 18,
    "metadata": 7,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--kinds", default=",".join(SHARES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dir", type=Path, help="where to work; the system's temporary folder")
    chosen = parser.parse_args()
    kinds = chosen.kinds.split(",")
    total = sum(SHARES[kind] for kind in kinds)
    folder = Path(tempfile.mkdtemp(prefix="handful-kills-", dir=chosen.dir))
    print(f"Handful {__version__}, Python {platform.python_version()}, {platform.platform()},")
    print(f"{os.cpu_count()} cores; seed {chosen.seed}\n")
    print("| work | kills | ended before | steps told and found | lost | broken | leftovers |")
    print("|---|---|---|---|---|---|---|")
    server = Server()
    n_failed = 0
    started = time.perf_counter()
    for kind in kinds:
        wanted = round(chosen.kills * SHARES[kind] / total)
        n_failed += line_for(server, kind, folder / kind, chosen.seed, wanted)
    server.close()
    print(f"\n{time.perf_counter() - started:.0f} s")
    if n_failed:
        sys.exit(f"{n_failed} of {len(kinds)} kinds of work lost something; see {folder}.")
    shutil.rmtree(folder)


def line_for(server: Server, kind: str, folder: Path, seed: int, wanted: int) -> int:
    """Kill one kind of work so often; 1 where something was lost."""
    killing = Killing(server, kind, folder, seed)
    count: Counter[bool] = Counter()
    failed = ""
    n_rounds = 0
    while count[True] < wanted and not failed:
        n_rounds += 1
        try:
            count[killing.round()] += 1
        except LostError as error:
            failed = f"{error}"
    home = killing.home
    cells = [kind, count[True], count[False], home.n_told]
    cells += ["see below" if failed else 0] * 2 + [home.n_leftovers]
    print(f"| {' | '.join(map(str, cells))} |", flush=True)
    if failed:
        again = f"--kinds {kind} --seed {seed} --kills {wanted}"
        print(f"\nRound {n_rounds} of {kind} ({again}), kept in {folder}:\n{failed}\n", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    main()

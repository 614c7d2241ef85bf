"""How fast Handful is on this computer, by one command: a report in Markdown, and its JSON.

    python benchmarks/suite.py --out REPORT.md [--short]

Runs, one after another and each in processes of its own, what the design promises figures for:

- decoding alone, forward passes alone, the whole pipeline and its share of the limit that the two
  imply, and the plain torchvision loop, for files of 500 px, 2 and 12 megapixels
  (`folder_rate.py`);
- the same files through what people would otherwise write or use (`peers.py`);
- from a click to the answers with a thousand to a million images (`click_latency.py`);
- start-up, first tiles, the window's longest gap and memory with 100,000 files (`window_scale.py`).

About an hour on two cores; ``--short`` takes some minutes, for seeing that all of it runs. Nothing
else should run meanwhile: the load before each part is in the report. The parts have options of
their own, and what else can be measured is listed in CONTRIBUTING.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Part:
    """``options`` in full, ``short`` in a short run; ``out`` is the option that names a JSON file.

    A part whose ``out`` is a Markdown file writes its JSON beside it.
    """

    title: str
    script: str
    options: str
    short: str
    out: str = "--json"


PARTS = (
    Part(
        "Folder rate, 500 px",
        "folder_rate.py",
        "--images 600 --trials 4",
        "--images 80 --trials 2",
    ),
    Part(
        "Folder rate, 2 megapixels",
        "folder_rate.py",
        "--images 200 --trials 3 --width 1224",
        "--images 40 --trials 1 --width 1224",
    ),
    Part(
        "Folder rate, 12 megapixels",
        "folder_rate.py",
        "--images 80 --trials 3 --width 3000",
        "--images 12 --trials 1 --width 3000",
    ),
    Part(
        "Beside others",
        "peers.py",
        "--trials 3",
        "--trials 1 --images 40,20,8",
    ),
    Part(
        "From a click to the answers",
        "click_latency.py",
        "",
        "--images 1000 10000 --clicks 10",
        out="--out",
    ),
    Part(
        "The window with 100,000 files",
        "window_scale.py",
        "",
        "--images 2000 --starts 1",
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="a Markdown file; its JSON beside")
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    sections, found = [heading()], {}
    for part in PARTS:
        print(f"{part.title} ...", file=sys.stderr, flush=True)
        text, values = run(part, options.short)
        sections.append(text)
        found[part.title] = values
        # After each part: who stops it keeps what there is.
        options.out.write_text("\n".join(sections), encoding="utf-8")
        options.out.with_suffix(".json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    failed = [title for title, values in found.items() if values is None]
    if failed:
        sys.exit(f"These parts failed: {', '.join(failed)}.")


def heading() -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True
    ).stdout.strip()
    return (
        "# What this computer measured\n\n"
        f"    python benchmarks/suite.py {' '.join(sys.argv[1:])}\n\n"
        f"Commit {commit or 'unknown'}, {os.cpu_count()} cores ({platform.machine()}), "
        f"{platform.system()}, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d')}.\n"
    )


def run(part: Part, is_short: bool) -> tuple[str, Any]:
    """A section of the report, and what was found; None where the part failed."""
    chosen = (part.short if is_short else part.options).split()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    command = " ".join(["python", f"benchmarks/{part.script}", *chosen])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / ("part.md" if part.out == "--out" else "part.json")
        done = subprocess.run(
            [sys.executable, str(HERE / part.script), *chosen, part.out, str(out)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path])},
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            return f"## {part.title}\n\n`{command}` failed, see above.\n", None
        values = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    printed = done.stdout.strip()
    if not printed.startswith("|"):
        printed = "\n".join(f"    {line}" for line in printed.splitlines())
    return f"## {part.title}\n\n`{command}`, load before it {load}\n\n{printed}\n", values


if __name__ == "__main__":
    main()

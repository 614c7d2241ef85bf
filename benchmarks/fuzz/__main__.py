"""Coverage-guided fuzzing of every reader of files from elsewhere, by atheris (libFuzzer).

    .venv/bin/pip install -e ".[fuzz]"
    nice -n 19 .venv/bin/python -m benchmarks.fuzz [--minutes 60] [--reader xmp ...] [--keep DIR]

The time is shared out among the readers, one after another. What was learnt (the corpus) stays in
DIR for the next run, and what was found lies in DIR/READER/findings: the input, named by its kind
(crash, timeout, oom, leak), and what was raised in DIR/READER/log.txt. Ends with status 1 where
anything was found. Prints the table of docs/results/fuzzing.md.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.fuzz.readers import READERS, SCRATCH, Reader, reader_called

LONGEST_S: Final = 5
MOST_MB: Final = 1024
_RUNS: Final = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_PEAK: Final = re.compile(r"stat::peak_rss_mb:\s+(\d+)")
_COVERED: Final = re.compile(r"cov: (\d+)")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--reader", action="append", choices=[item.name for item in READERS])
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "handful-fuzz")
    chosen = parser.parse_args()
    names = chosen.reader or [item.name for item in READERS]
    print("| reader | minutes | inputs | places reached | peak, MB | findings |")
    print("|---|---|---|---|---|---|")
    found = 0
    for name in names:
        found += run(reader_called(name), 60 * chosen.minutes / len(names), chosen.keep / name)
    return 1 if found else 0


def run(reader: Reader, seconds: float, keep: Path) -> int:
    """Fuzz one reader in processes of their own until its time is over; how much was found."""
    corpus, findings = keep / "corpus", keep / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder:
        for content in reader.seeds(Path(folder)):
            (corpus / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
    began = time.monotonic()
    n_found, n_inputs, most_mb, covered = 0, 0, 0, 0
    # libFuzzer ends at the first finding; what is left of the time is for the next one.
    while (left := seconds - (time.monotonic() - began)) > 1:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "benchmarks.fuzz.child", reader.name),
                f"-max_total_time={int(left) + 1}",
                f"-max_len={reader.longest_bytes}",
                f"-timeout={LONGEST_S}",
                f"-rss_limit_mb={MOST_MB}",
                f"-artifact_prefix={findings}/",
                "-print_final_stats=1",
                "-verbosity=1",
                str(corpus),
            ],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        with (keep / "log.txt").open("a", encoding="utf-8") as log:
            log.write(done.stdout[-20_000:] + done.stderr[-20_000:])
        said = done.stdout + done.stderr
        n_inputs += max(map(int, _RUNS.findall(said)), default=0)
        most_mb = max([most_mb, *map(int, _PEAK.findall(said))])
        covered = max([covered, *map(int, _COVERED.findall(said))])
        n_found += done.returncode != 0
        if not _RUNS.search(said) and not _COVERED.search(said):
            raise SystemExit(f"{reader.name}: the fuzzer itself failed\n{said[-2000:]}")
    minutes = (time.monotonic() - began) / 60
    print(
        f"| {reader.name} | {minutes:.1f} | {n_inputs:,} | {covered:,} | {most_mb} | {n_found} |",
        flush=True,
    )
    return n_found


if __name__ == "__main__":
    sys.exit(main())

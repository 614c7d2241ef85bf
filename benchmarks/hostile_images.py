"""Read thousands of damaged, lying and harmful image files, and tell what each of them costs.

    .venv/bin/python benchmarks/hostile_images.py [FOLDER ...] [--rounds 1] [--without-large]

Painted files (tests/engine/hostile.py), or all files in the folders: Pillow's own test images, for
one, are in its source distribution (pip download pillow --no-binary pillow --no-deps). Each goes
through everything that reads an image: the decoder, shrunk and in full, thumbnail, perceptual
hash, head (size and date) and the search for metadata. That is done in another process, which is
started anew behind a file that ends it. Allowed are five seconds and a gigabyte for one decoding,
and nothing but the one sentence for an error. Prints the table of docs/results/hostile_images.md;
ends with status 1 where a file did more than it may.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engine.errors import UnreadableImageError
from engine.images import (
    DecodedImage,
    decode_image,
    head_of,
    make_thumbnail,
    perceptual_hash,
    read_file,
)
from engine.interchange.metadata.embedded import exchange
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.packet import PacketError
from tests.engine.hostile import hostile_files

MOST_S: Final = 5.0
MOST_BYTES: Final = 1 << 30
_HANG_S: Final = 60  # After so long a file is told of as one that hangs.
# Beyond what is allowed, so that what costs more is measured and not only refused.
_ADDRESS_SPACE: Final = 6 << 30


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--without-large", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child is not None:
        read_all(files_of(chosen), chosen.child)
        return 0
    report = judged(sys.argv[1:])
    if chosen.json:
        print(json.dumps(report))
    else:
        tell(report)
    return 1 if report["faults"] else 0


def files_of(chosen: argparse.Namespace) -> Iterator[tuple[str, bytes]]:
    if not chosen.folders:
        yield from hostile_files(chosen.rounds, with_large=not chosen.without_large)
        return
    for folder in chosen.folders:
        for path in sorted(item for item in folder.rglob("*") if item.is_file()):
            yield str(path.relative_to(folder)), path.read_bytes()


# --- The child ------------------------------------------------------------------------------------


def read_all(files: Iterator[tuple[str, bytes]], first: int) -> None:
    """Tell of every file before it is read and when it was; from the ``first`` one on."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image"
        for number, (name, content) in enumerate(files):
            if number < first:
                continue
            path.write_bytes(content)
            print(json.dumps({"number": number, "name": name}), flush=True)
            print(json.dumps(cost_of(path)), flush=True)


def cost_of(path: Path) -> dict[str, Any]:
    """Of each way of reading: what came of it, processor seconds, bytes above those before."""
    content = path.read_bytes()
    pixels: list[DecodedImage] = []
    steps: dict[str, Callable[[], object]] = {
        "decoded": lambda: pixels.append(decode_image(read_file(path))),
        "in full": lambda: decode_image(content, shrink_to_px=None),
        "seen": lambda: [
            (make_thumbnail(item.pixels), perceptual_hash(item.pixels)) for item in pixels
        ],
        "head": lambda: head_of(io.BytesIO(content)),
        "metadata": lambda: exchange(content, Keyword("fox", is_human=True)),
    }
    told: dict[str, Any] = {"outcome": "", "s": 0.0, "bytes": 0, "fault": ""}
    for step, read in steps.items():
        before, started = _peak_anew(), time.process_time()
        said = "read"
        try:
            read()
        except (UnreadableImageError, PacketError) as error:
            said = str(error)
            if step in ("decoded", "in full") and "enough memory" in said:
                told["fault"] += f"{step}: {said}; "
        except BaseException as error:
            told["fault"] += f"{step}: {type(error).__name__}: {error}; "
        seconds, taken = time.process_time() - started, _peak() - before
        told["outcome"] = told["outcome"] or said
        if seconds > MOST_S or taken > MOST_BYTES:
            told["fault"] += f"{step}: {seconds:.1f} s, {taken / 1e6:.0f} MB; "
        told["s"], told["bytes"] = max(told["s"], seconds), max(told["bytes"], taken)
    return told


def _peak_anew() -> int:
    """Let the highest memory be counted from now on; how many bytes there are now."""
    with contextlib.suppress(OSError):  # Linux only; elsewhere it is the highest ever.
        Path("/proc/self/clear_refs").write_text("5")
    return _peak()


def _peak() -> int:
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1024 * int(line.split()[1])
    except OSError:
        pass
    return 0


# --- The parent -----------------------------------------------------------------------------------


def judged(arguments: list[str]) -> dict[str, Any]:
    """Have all files read, and count."""
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    n_files, slowest, largest = 0, (0.0, ""), (0, "")
    first = 0
    while True:
        told, name, number, ended = _from_child(arguments, first)
        for name_of, cost in told:
            n_files += 1
            outcomes["read" if cost["outcome"] == "read" else "refused"] += 1
            slowest = max(slowest, (cost["s"], name_of))
            largest = max(largest, (cost["bytes"], name_of))
            if cost["fault"]:
                faults.append(f"{name_of}: {cost['fault']}")
        if ended is None:
            break
        n_files += 1
        faults.append(f"{name}: the process {ended}")
        first = number + 1
    return {
        "files": n_files,
        "outcomes": dict(outcomes),
        "slowest_s": slowest[0],
        "slowest": slowest[1],
        "largest_bytes": largest[0],
        "largest": largest[1],
        "faults": faults,
    }


def _from_child(
    arguments: list[str], first: int
) -> tuple[list[tuple[str, dict[str, Any]]], str, int, str | None]:
    """What a process told before it ended, where it was then, and how it ended; None: well."""
    root = Path(__file__).resolve().parents[1]
    told: list[tuple[str, dict[str, Any]]] = []
    name, number = "", first - 1
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, __file__, *arguments, "--child", str(first)],
            stdout=output,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        size, since = -1, time.monotonic()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(1.0)
                break
            now = os.fstat(output.fileno()).st_size
            if now != size:
                size, since = now, time.monotonic()
            elif time.monotonic() - since > _HANG_S:
                child.kill()
        output.seek(0)
        lines = output.read().splitlines()
    for line in lines:
        values = json.loads(line)
        if "name" in values:
            name, number = values["name"], values["number"]
        else:
            told.append((name, values))
    if child.returncode == 0:
        return told, name, number, None
    if told and told[-1][0] == name:
        raise SystemExit(f"the reading process ended with {child.returncode} between two files")
    return told, name, number, f"ended with {child.returncode}"


def tell(report: dict[str, Any]) -> None:
    print(f"{platform.system()}, Python {platform.python_version()}\n")
    print("| files | read | refused in a sentence | longest step | most memory | faults |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {report['files']:,} | {report['outcomes'].get('read', 0):,} "
        f"| {report['outcomes'].get('refused', 0):,} "
        f"| {report['slowest_s']:.1f} s ({report['slowest']}) "
        f"| {report['largest_bytes'] / 1e6:.0f} MB ({report['largest']}) "
        f"| {len(report['faults'])} |"
    )
    for fault in report["faults"]:
        print(f"- {fault}")


if __name__ == "__main__":
    sys.exit(main())

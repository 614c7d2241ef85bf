"""A real Ray of two workers on this computer: the driver is killed, then a worker; all rows come.

The command runs in a process of its own, so that it can be killed, and Ray's threads with it.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyarrow.parquet
import pytest

from engine.cli import main
from tests.engine.painted import KINDS, paint

pytest.importorskip("ray")
if sys.platform != "linux":
    pytest.skip("looks into /proc", allow_module_level=True)

_N_IMAGES: Final = 640  # Hard links to a few files: 40 parts, some seconds on two cores.
_N_FILES: Final = 16
_LONGEST_S: Final = 240.0  # Of anything that is waited for; a broken run ends the test then.


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder with a short path: Ray puts Unix sockets into it, and leaves all if it is killed."""
    with tempfile.TemporaryDirectory(
        prefix="hf-", dir="/tmp", ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


@pytest.fixture
def model(place: Path) -> Path:
    for kind in KINDS:
        (place / "support" / kind).mkdir(parents=True)
        for seed in (501, 502):
            paint(kind, seed=seed).save(place / "support" / kind / f"{seed}.png")
    given = ["export", "--support", str(place / "support"), "--out", str(place / "model.onnx")]
    assert main([*given, "--effort", "instant", "--device", "cpu"]) == 0
    return place / "model.onnx"


@pytest.fixture
def images(place: Path) -> Path:
    """Files of three kinds and two that are broken, each under many names."""
    files = place / "files"
    files.mkdir()
    for number in range(_N_FILES):
        paint(KINDS[number % 3], seed=number).save(files / f"{number:02d}.jpg")
    (files / "03.jpg").write_bytes(b"")
    (files / "04.jpg").write_bytes((files / "05.jpg").read_bytes()[:500])
    folder = place / "images"
    for number in range(_N_IMAGES):
        name = folder / f"d{number % 5}" / f"{number:04d}.jpg"
        name.parent.mkdir(parents=True, exist_ok=True)
        os.link(files / f"{number % _N_FILES:02d}.jpg", name)
    return folder


class Command:
    """The command in a process of its own; nothing of it is left when the block ends."""

    def __init__(self, place: Path, *arguments: str | Path) -> None:
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(
            0, sorted(cores)[:2]
        )  # Inherited: two workers, however many there are.
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "engine", *map(str, arguments)],
                env={**os.environ, "TMPDIR": str(place)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        finally:
            os.sched_setaffinity(0, cores)
        self.seen: set[int] = set()

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *error: object) -> None:
        self.look()
        self.process.kill()
        self.process.communicate()
        for pid in self.seen:  # Two of Ray's agents take a minute to see that all others are gone.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def look(self) -> set[int]:
        """The processes below it, which are remembered."""
        found = descendants(self.process.pid)
        self.seen |= found
        return found

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Until something is so, while it runs."""

        def has_happened() -> bool:
            self.look()
            if self.process.poll() is not None:
                raise AssertionError(f"it has ended: {self.process.communicate()[1]}")
            return happened()

        wait_for(has_happened)

    def workers(self) -> list[int]:
        """The processes of Ray's actors that classify."""
        return [pid for pid in self.look() if b"ray::MapWorker" in command_line(pid)]


def wait_for(happened: Callable[[], bool]) -> None:
    """Until something is so; fail where it takes too long."""
    nothing, deadline = threading.Event(), time.monotonic() + _LONGEST_S
    while not happened():
        assert time.monotonic() < deadline, "it takes too long"
        nothing.wait(0.01)


def descendants(pid: int) -> set[int]:
    """The processes below one, by what Linux tells of parents."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(ValueError, OSError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found, before = {pid}, 0
    while len(found) > before:
        before = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {pid}


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def foreign_sockets(pids: set[int]) -> list[str]:
    """Internet sockets of processes that listen beyond this computer, or talk to another."""
    owned: set[str] = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            for handle in Path(f"/proc/{pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    owned.add(os.readlink(handle).removeprefix("socket:[").removesuffix("]"))
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            is_listening = fields[3] == "0A"
            ends = [fields[1]] if is_listening or table.startswith("udp") else fields[1:3]
            if fields[9] in owned and not all(is_of_this_computer(end) for end in ends):
                found.append(f"{table} {' '.join(fields[1:4])}")
    return found


def is_of_this_computer(end: str) -> bool:
    """Of an address and port as /proc/net writes them: words of 32 bits, lowest byte first."""
    digits = end.partition(":")[0]
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def n_parts(out: Path) -> int:
    return len(list(out.glob("part-*.parquet")))


def test_addresses_of_other_computers_are_known() -> None:
    assert is_of_this_computer("0100007F:1F90")
    assert is_of_this_computer("00000000000000000000000001000000:0016")
    assert is_of_this_computer("0000000000000000FFFF00000100007F:0016")
    assert not is_of_this_computer("00000000:1F90")
    assert not is_of_this_computer("020200C0:1F90")


@pytest.mark.loopback
def test_a_run_outlives_its_driver_and_its_workers(
    place: Path, images: Path, model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = place / "out"
    given = (
        "classify",
        images,
        "--model",
        model,
        "--cluster",
        "local",
        "--device",
        "cpu",
        "--json",
    )
    with Command(place, *given, "--out", out) as driver:
        driver.wait_for(lambda: n_parts(out) > 0)
        working = driver.workers()
        assert working
        assert not foreign_sockets({driver.process.pid, *driver.look()})
        driver.process.kill()
        wait_for(lambda: not any(map(is_running, working)))
        n_before = n_parts(out)
        assert 0 < n_before < _N_IMAGES // 16
    kept = {path: path.stat().st_mtime_ns for path in out.glob("part-*.parquet")}

    with Command(place, *given, "--out", out) as driver:
        driver.wait_for(lambda: n_parts(out) > n_before)
        os.kill(driver.workers()[0], signal.SIGKILL)
        assert n_parts(out) < _N_IMAGES // 16
        told, error = driver.process.communicate(timeout=_LONGEST_S)
        assert driver.process.returncode == 0, error
        wait_for(lambda: not any(map(is_running, driver.seen)))  # Unkilled, it leaves nothing.
    summary = json.loads(told)
    assert "Traceback" not in error
    assert "Starting Ray on this computer" in error
    assert summary["n_workers"] == min(2, len(os.sched_getaffinity(0)))
    n_broken = sum(number % _N_FILES in (3, 4) for number in range(_N_IMAGES))
    assert (summary["n_images"], summary["n_unreadable"]) == (_N_IMAGES - n_broken, n_broken)
    assert summary["n_done_before"] >= 16 * n_before
    assert all(path.stat().st_mtime_ns == moment for path, moment in kept.items())
    assert {path.name for path in out.iterdir() if not path.name.startswith("part-")} == {
        "_handful"
    }

    # The folder is what any reader of Parquet takes for one table.
    rows = {row["file_name"]: row for row in pyarrow.parquet.read_table(out).to_pylist()}
    assert len(rows) == _N_IMAGES
    capfd.readouterr()
    single = ["classify", place / "files", "--model", model, "--out", place / "single.parquet"]
    assert main([*map(str, single), "--device", "cpu"]) == 0
    expected = {
        row["file_name"]: row
        for row in pyarrow.parquet.read_table(place / "single.parquet").to_pylist()
    }
    for name, row in rows.items():
        other = expected.get(f"{int(name[3:7]) % _N_FILES:02d}.jpg")
        if other is None:
            assert row["reason"] in ("the file is empty", "the file is truncated")
            assert row["label"] is None
            continue
        for key, value in other.items():
            if isinstance(value, float):
                assert row[key] == pytest.approx(value, abs=1e-4)
            elif key != "file_name":
                assert row[key] == value

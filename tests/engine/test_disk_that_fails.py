"""Nothing lost on a disk that fails at any call. The long form is benchmarks/failing_disk.py."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.nothing_lost.child import Server
from benchmarks.nothing_lost.failing import WAYS, fail_at_each_call
from benchmarks.nothing_lost.homes import HOMES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the child is forked, as on Linux")

# Every so many calls, so that there are a few of each way, at other places for another way.
STEPS = {
    ("labelling", "work"): 11,
    ("embedding", "work"): 97,
    ("tables", "work"): 131,
    ("models", "work"): 61,
    ("labels", "work"): 61,
    ("commands", "classify"): 97,
    ("commands", "labels import"): 23,
    ("sorting", "sort"): 41,
    ("sorting", "undo"): 61,
    ("metadata", "tag"): 83,
    ("metadata", "untag"): 83,
}

COUNTS = {
    "labelling": 6,
    "embedding": 6,
    "tables": 8,
    "models": 8,
    "labels": 8,
    "commands": 8,
    "sorting": 36,
    "metadata": 24,
}
"""How many images there are, or edits."""


@pytest.mark.parametrize(("kind", "phase"), STEPS)
def test_on_a_disk_that_fails(
    server: Server, shim: Path | None, tmp_path: Path, kind: str, phase: str
) -> None:
    if shim is None:
        pytest.skip("there is no C compiler (cc) to make what fails calls")
    failed: Counter[str] = Counter()
    ways = WAYS if kind == "labelling" else (WAYS[0], WAYS[3])
    for number, (way, mode, error) in enumerate(ways):
        home = HOMES[kind](tmp_path / way, 40 + number, COUNTS[kind])
        steps = fail_at_each_call(server, home, phase, mode, error, STEPS[kind, phase], 2 + number)
        failed[way] = len(list(steps))
    assert all(failed[way] for way, _, _ in ways), failed

"""What a run of meta-training has left in its folder, and the JSON that it speaks in."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine import Sentence, sentence_of

SUMMARY_NAME: Final = "summary.json"


@dataclass(frozen=True, slots=True)
class Gain:
    """What a run brought on one validation set: mean accuracy before and after, in [0, 1]."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run has left.

    Attributes:
        encoder: the file; None where the recipe makes no encoder.
        is_start: nothing was better without harm, so it is the encoder it began with.
        gain: mean gain over the validation sets, in [-1, 1]; None without any.
        gains: by set.
    """

    encoder: Path | None
    is_start: bool
    gain: float | None
    gains: tuple[Gain, ...]


def result_in(folder: Path) -> RunResult | None:
    """What the run in ``folder`` has left; None where that cannot be read."""
    try:
        summary = object_of((folder / SUMMARY_NAME).read_text(encoding="utf-8"))
        if summary is None:
            return None
        encoder = summary.get("encoder_path")
        if encoder is None:
            return RunResult(None, False, None, ())
        record = json.loads(Path(summary["record_path"]).read_text(encoding="utf-8"))
        is_start = bool(summary["is_start"])
        gain = summary["validation_gain"]
        gains = () if is_start else _gains(record)
        return RunResult(Path(encoder), is_start, None if gain is None else float(gain), gains)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _gains(record: Mapping[str, Any]) -> tuple[Gain, ...]:
    candidates: Sequence[Mapping[str, Any]] = record["candidates"]
    if not candidates:
        return ()
    before = _by_set(candidates[0])
    chosen = next(
        (
            candidate
            for candidate in candidates[1:]
            if candidate["share"] == record["share"]
            and candidate["projection_share"] == record["projection_share"]
        ),
        None,
    )
    if chosen is None:
        return ()
    return tuple(Gain(name, before[name], after) for name, after in _by_set(chosen).items())


def _by_set(candidate: Mapping[str, Any]) -> dict[str, float]:
    """The mean over heads and numbers of labels."""
    found: dict[str, list[float]] = {}
    for cell in candidate["accuracy"]:
        found.setdefault(str(cell["set"]), []).append(float(cell["mean"]))
    return {name: sum(values) / len(values) for name, values in found.items()}


def sentence_in(told: object) -> Sentence:
    """What the process said, which is of this version."""
    try:
        return Sentence.from_json(told)
    except ValueError:
        return sentence_of(str(told))


def object_of(line: str) -> dict[str, Any] | None:
    """A JSON object; None where it is none."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None

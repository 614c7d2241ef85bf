"""A bundle in a process of its own answers as the program does, whatever form a file has.

The short form of ``benchmarks/parity.py``, whose full runs are kept in ``docs/results/parity.md``.
"""

from __future__ import annotations

import csv
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.finetuning import gate, training
from engine.jobs.bundle import write_bundle
from engine.jobs.predictions import fit_snapshot, write_predictions
from engine.jobs.workspace import Workspace
from engine.messages import Effort, Event
from tests.engine.painted import KINDS, paint, paint_folder, refs, snapshot_of

NAMES = ("one", "two", "three")


def _result(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


@pytest.fixture(scope="module")
def write_files() -> Callable[..., list[Path]]:
    path = Path(__file__).parents[2] / "benchmarks" / "parity_files.py"
    spec = importlib.util.spec_from_file_location("parity_files", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_files  # type: ignore[no-any-return]


def _table(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {
            row["file_name"]: np.array([float(row[f"prob_{name}"]) for name in NAMES])
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("effort", [Effort.INSTANT, Effort.FINETUNE])
def test_every_form_of_a_file_has_the_same_answers(
    workspace: Workspace,
    tmp_path: Path,
    write_files: Callable[..., list[Path]],
    effort: Effort,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As in test_export: a few steps, and what came of them is kept.
    monkeypatch.setattr(training, "STEPS", 3)
    monkeypatch.setattr(gate, "N_FOLDS", 2)
    monkeypatch.setattr(gate, "FEWEST", 2)
    monkeypatch.setattr(gate.Verdict, "exceeds", lambda *_: True)
    folder = tmp_path / "images"
    plain = paint_folder(folder, 2)
    pictures = [paint(kind, 150 + 40 * seed, 120, seed) for seed in range(3) for kind in KINDS]
    made = write_files(pictures, folder, 1)
    modes, turns = set(), set()
    for path in made:
        with Image.open(path) as image:
            modes.add(image.mode)
            turns.add(image.getexif().get(0x0112, 1))
    assert turns == set(range(1, 9))
    assert modes >= {
        "1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "I;16", "F",
    }  # fmt: skip
    if effort is Effort.FINETUNE:  # Its time goes by images; decoding is the same for all efforts.
        for path in made:
            if path not in made[::10]:
                path.unlink()
    snapshot = snapshot_of(folder, plain, shots=2, names=NAMES)
    images = tuple(refs(sorted(folder.iterdir()), folder))
    by_name = {image.name: image for image in images}
    support = tuple((by_name[image.name], label) for image, label in snapshot.support)
    snapshot = replace(snapshot, images=images, support=support, effort=effort)
    fitted = _result(fit_snapshot(workspace, snapshot, 1))
    assert fitted.model.effort is effort
    bundle = tmp_path / "bundle"
    list(write_bundle(workspace, fitted, bundle, 1))
    list(write_predictions(workspace, fitted, tmp_path / "ours.csv", 1))
    ran = subprocess.run(
        [sys.executable, "predict.py", str(folder), "--out", str(tmp_path / "theirs.csv")],
        cwd=bundle,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    ours, theirs = _table(tmp_path / "ours.csv"), _table(tmp_path / "theirs.csv")
    assert len(ours) == len(images)
    assert ours.keys() == theirs.keys()
    for name, expected in ours.items():
        assert np.abs(theirs[name] - expected).max() <= 1e-4, name
        second, first = np.sort(expected)[-2:]
        if first - second > 0.002:
            assert theirs[name].argmax() == expected.argmax(), name

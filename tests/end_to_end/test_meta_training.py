"""Meta-training as a person runs it: the smallest recipe, killed, resumed, and put to use."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.encoder.encoder_file import load_encoder

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "assets" / "recipes" / "minimal.toml"
PATIENCE_S = 600.0  # Far more than any step takes; a machine may be busy.


def _paint(folder: Path, n_images: int, seed: int) -> Path:
    """Classes differ in the direction of their stripes; every image has its own colours."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:96, 0:112]
    for label in range(4):
        class_folder = folder / f"stripes{label}"
        class_folder.mkdir(parents=True)
        angle = np.pi * label / 4
        for number in range(n_images):
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) / 4 + random.random() * 6)
            pixels = 128 + 90 * wave[..., None] * random.random(3)
            pixels += random.normal(0, 9, (96, 112, 3))
            image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
            image.save(class_folder / f"{number:03}.jpg")
    return folder


def _start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(*arguments: str | Path) -> None:
    process = _start(*arguments)
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, told


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is not a signal there")
def test_a_killed_run_is_resumed_to_equal_weights_and_its_encoder_classifies(
    tmp_path: Path,
) -> None:
    data = _paint(tmp_path / "stripes", 8, seed=0)
    _run("meta-train", RECIPE, "--data", data, "--out", tmp_path / "whole")

    killed = _start("meta-train", RECIPE, "--data", data, "--out", tmp_path / "killed")
    checkpoint = tmp_path / "killed" / "checkpoint.safetensors"
    began = time.monotonic()
    while not checkpoint.exists():
        assert killed.poll() is None, killed.communicate()[1]
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert not (tmp_path / "killed" / "encoder.safetensors").exists()
    _run("meta-train", RECIPE, "--data", data, "--out", tmp_path / "killed", "--resume")

    whole = load_encoder(tmp_path / "whole" / "encoder.safetensors")
    resumed = load_encoder(tmp_path / "killed" / "encoder.safetensors")
    assert resumed.fingerprint == whole.fingerprint  # Over all weights.
    start = load_encoder(ROOT / "assets" / "encoder.safetensors")
    assert start.fingerprint != whole.fingerprint

    out = tmp_path / "predictions.csv"
    unseen = _paint(tmp_path / "unseen", 3, seed=1)
    encoder = tmp_path / "killed" / "encoder.safetensors"
    _run("classify", unseen, "--support", data, "--encoder", encoder, "--out", out)
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    right = sum(row["label"] == row["file_name"].split("/")[0] for row in rows)
    assert right >= 10

"""Meta-training as a person runs it: the smallest recipe, killed, resumed, and put to use."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from engine.encoder.encoder_file import load_encoder
from engine.metatraining.encoder_training.recipe import load_recipe
from engine.metatraining.loop import read_tensors

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


def _recipe(path: Path) -> Path:
    """The smallest recipe with a fifth of its episodes: enough for some after a checkpoint."""
    whole = RECIPE.read_text(encoding="utf-8")
    short = whole.replace("n_episodes = 100", "n_episodes = 20")
    short = short.replace("checkpoint_every = 25", "checkpoint_every = 5")
    assert load_recipe(RECIPE).n_episodes == 100
    path.write_text(short, encoding="utf-8")
    recipe = load_recipe(path)
    assert (recipe.n_episodes, recipe.checkpoint_every) == (20, 5)
    return path


def _start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "engine", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _run(*arguments: str | Path) -> str:
    """Run a command to its good end; what it printed."""
    process = _start(*arguments)
    printed, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, told
    return printed


def test_a_killed_run_is_resumed_to_equal_weights_and_its_encoder_classifies(
    tmp_path: Path,
) -> None:
    data = _paint(tmp_path / "stripes", 8, seed=0)
    recipe = _recipe(tmp_path / "recipe.toml")
    given = ("meta-train", recipe, "--data", data, "--json", "--out")
    summary = json.loads(_run(*given, tmp_path / "whole"))
    assert summary["encoder_path"] == str(tmp_path / "whole" / "encoder.safetensors")

    killed = _start(*given, tmp_path / "killed")
    checkpoint = tmp_path / "killed" / "checkpoint.safetensors"
    began = time.monotonic()
    while not checkpoint.exists():
        assert killed.poll() is None, killed.communicate()[1]
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.02)
    killed.kill()
    killed.communicate()
    n_done = int(read_tensors(checkpoint, "handful-training-1")[0]["n_done"])
    assert 5 <= n_done < 20
    assert not (tmp_path / "killed" / "encoder.safetensors").exists()
    _run(*given, tmp_path / "killed", "--resume")

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

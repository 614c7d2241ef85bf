"""An encoder that was added does all that the shipped one does, to the exported bundle."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.cli import main
from engine.encoder.encoder_file import load_encoder
from tests.engine.other_encoders import SMALL, write_weights
from tests.engine.painted import KINDS, kind_of, paint, paint_folder


def _run(capfd: pytest.CaptureFixture[str], *arguments: str | Path, status: int = 0) -> str:
    assert main([str(argument) for argument in arguments]) == status, capfd.readouterr().err
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err
    return printed.out


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _probabilities(path: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows = sorted(_rows(path), key=lambda row: row["file_name"])
    return np.array([[float(row[f"prob_{kind}"]) for kind in KINDS] for row in rows])


def test_from_weights_to_bundle_and_watched_folder(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    weights = write_weights(SMALL, tmp_path / "weights.safetensors")
    added = json.loads(_run(capfd, "encoder", "add", SMALL, "--weights", weights, "--json"))
    encoder = load_encoder(Path(added["path"]))
    assert encoder.metadata["weights_sha256"] == hashlib.sha256(weights.read_bytes()).hexdigest()

    images = tmp_path / "images"
    paint_folder(images, 6)
    labels = tmp_path / "labels.csv"
    lines = [f"{kind}_{number:02d}.jpg,{kind}" for kind in KINDS for number in range(4)]
    labels.write_text("\n".join(["file_name,label", *lines]), encoding="utf-8")
    of = ("--labels", labels, "--encoder", added["path"], "--device", "cpu")
    once, model, bundle = (tmp_path / name for name in ("once.csv", "model.onnx", "bundle.zip"))
    for effort in ("instant", "thorough"):
        told = _run(
            *(capfd, "classify", images, *of, "--effort", effort, "--json"),
            *("--out", once, "--export", model),
        )
        summary = json.loads(told)
        assert summary["effort_asked"] == effort
        assert summary["certificate"]["max_difference_rule"] <= 1e-4
        told = _run(capfd, "export", images, *of, "--effort", effort, "--bundle", bundle, "--json")
        for certificate in json.loads(told)["bundle_certificates"].values():
            assert certificate["n_agree_rule"] == certificate["n_clear_rule"]
        for exported in (model, bundle):
            again = tmp_path / "again.csv"
            _run(capfd, "classify", images, "--model", exported, "--out", again)
            assert np.abs(_probabilities(again) - _probabilities(once)).max() <= 1e-4
        bundle.rename(tmp_path / f"{effort}.zip")

    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "thorough.zip") as packed:
        packed.extractall(folder)
    (program,) = folder.rglob("predict.py")
    done = subprocess.run(
        [sys.executable, program, "--self-test"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert done.returncode == 0, done.stderr

    grown, ended = tmp_path / "grown.csv", threading.Event()

    def person() -> None:
        paint("dots", seed=99).save(images / "dots_late.png")
        while len(_rows(grown) if grown.exists() else ()) < 19 and not ended.wait(0.05):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=person)
    thread.start()
    try:
        _run(capfd, "classify", images, *of, "--watch", "--out", grown, status=130)
    finally:
        ended.set()
        thread.join()
    found = {row["file_name"]: row["label"] for row in _rows(grown)}
    assert len(found) == 19
    assert found["dots_late.png"] in KINDS
    labelled = [name for name, _, _ in (line.partition(",") for line in lines)]
    assert all(found[name] == kind_of(Path(name)) for name in labelled)

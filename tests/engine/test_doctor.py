"""The doctor finds a healthy engine healthy, and says what is wrong with a sick one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from engine import doctor
from engine.cli import main
from engine.doctor import examine, report_lines
from engine.encoder import openvino_backend
from engine.encoder.batches import BatchedBackend
from engine.encoder.encoder_file import shipped_encoder_path
from engine.encoder.gpu import open_torch_forward
from engine.encoder.parts import split
from engine.encoder.runtime import EncoderRuntime, load_runtime, preparing
from engine.errors import EncoderError
from tests.engine.painted import paint

ROOT = Path(__file__).parents[2]


def test_onnxruntime_keeps_no_record_of_the_person(tmp_path: Path) -> None:
    """It would, in the home folder, with a number of the device and the path of the program."""
    code = (
        "import engine\n"
        "from engine.encoder.graph import shipped_graph_path\n"
        "from engine.encoder.runtime import cpu_session\n"
        "cpu_session(shipped_graph_path())\n"
    )
    environment = {
        key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"
    }
    environment |= {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("XDG_CACHE_HOME", None)
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=ROOT, timeout=120)
    assert sorted(tmp_path.rglob("*")) == []


def test_a_healthy_engine(tmp_path: Path) -> None:
    report = examine(tmp_path / "cache", "cpu")
    assert report.problems == []
    assert report.is_well
    assert report.provider_in_use == "CPUExecutionProvider"
    assert report.provider_in_use in report.providers_available
    assert report.device.startswith("CPU, ")
    assert len(report.fingerprint) == 64
    assert report.cache_folder == str(tmp_path / "cache")
    assert report.cache_limit_bytes > report.cache_bytes > 0
    assert report.notes == ["CUDA and OpenVINO were not tried: the device cpu was asked for."]
    assert report.milliseconds_per_image > 0
    assert report.difference_to_torch < 0.01
    assert {"torch", "onnx", "pillow", "numpy"} <= report.packages.keys()
    lines = report_lines(report)
    assert lines[-1] == "All is well."
    assert f"Ray          {report.ray}" in lines
    assert not any("\n" in line for line in lines)


def test_why_other_devices_are_not_used_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.encoder.runtime.has_nvidia_device", lambda: False)
    monkeypatch.setattr(openvino_backend, "is_installed", lambda: True)
    monkeypatch.setattr(openvino_backend, "verdict_key", lambda *_: "this processor")
    verdict = openvino_backend.Verdict(1.4e-5, 0.91)
    openvino_backend.remember(tmp_path / "encoders", "this processor", verdict)
    lines = report_lines(examine(tmp_path, "auto"))
    assert "Not used     CUDA: no NVIDIA GPU was found" in lines
    assert (
        "OpenVINO     installed, not in use; 0.91 times as fast as onnxruntime, probabilities move "
        "by at most 1.4e-05" in lines
    )
    assert lines[-1] == "All is well."
    assert sum("OpenVINO" in line for line in lines) == 1


def test_openvino_that_fails_is_told_in_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no plug-in")

    monkeypatch.setattr("engine.encoder.runtime.has_nvidia_device", lambda: False)
    monkeypatch.setattr(openvino_backend, "is_installed", lambda: True)
    monkeypatch.setattr(openvino_backend, "verdict_key", fail)
    monkeypatch.setattr(openvino_backend, "known_verdict", lambda *_: None)
    report = examine(tmp_path, "auto")
    assert report.openvino == "installed, not in use: OpenVINO does not run here (no plug-in)"
    assert report.passed_over == ["CUDA: no NVIDIA GPU was found"]
    assert sum("OpenVINO" in line for line in report_lines(report)) == 1


def test_whether_there_is_ray_for_a_cluster_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"ray": "2.60.0"}

    def version(name: str) -> str:
        if name in installed:
            return installed[name]
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert doctor._ray_words() == "2.60.0, for handful classify --cluster"
    installed.clear()
    missing = 'not installed; --cluster needs it: pip install "handful[cluster]"'
    assert doctor._ray_words() == missing
    with (ROOT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert any(need.startswith("ray[") for need in extras["cluster"])


def test_a_cache_that_cannot_be_written_is_a_problem_but_no_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    report = examine(tmp_path / "file" / "cache", "cpu")
    (problem,) = report.problems
    assert "Could not write the cache" in problem
    assert not report.is_well
    assert report_lines(report)[-1] == "There are problems; see above."


@pytest.mark.parametrize("viewed", [False, True])
def test_where_torch_runs_the_encoder_the_numbers_are_the_same(
    runtime: EncoderRuntime, tmp_path: Path, viewed: bool
) -> None:
    pixels = np.asarray(paint("dots", 300, 200))
    assert not pixels.flags.writeable  # As decoded pixels are; torch warns of them.
    loaded = load_runtime(runtime.encoder, tmp_path, "cpu", viewed=viewed)
    parts = split(loaded.graph_path, 224, viewed=viewed)
    by_torch = BatchedBackend(
        preparing(parts),
        lambda batch: open_torch_forward(loaded.encoder, parts, batch, "cpu"),
        lambda: loaded.backend,
        batch_size=2,
    )(pixels)
    by_graph = loaded.embed(pixels)
    assert by_torch.dtype == by_graph.dtype == np.float16
    # At most one step of half precision apart.
    np.testing.assert_allclose(by_torch, by_graph, rtol=2e-3, atol=1e-3)


def test_without_an_encoder_there_is_nothing_to_examine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "shipped_encoder_path", lambda: tmp_path / "none.safetensors")
    with pytest.raises(EncoderError, match=r"none\.safetensors"):
        examine(tmp_path, "cpu")


def test_another_encoder_than_the_graph_says_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The graph of the shipped encoder, run for one whose weights differ."""
    from dataclasses import replace

    encoder = doctor.load_encoder(shipped_encoder_path())
    name = next(iter(encoder.weights))
    changed = replace(encoder, weights={**encoder.weights, name: encoder.weights[name] * 0.5})
    real = doctor.load_runtime
    monkeypatch.setattr(doctor, "load_encoder", lambda path: changed)
    monkeypatch.setattr(
        doctor, "load_runtime", lambda _, folder, device: real(encoder, folder, device)
    )
    (problem,) = examine(tmp_path, "cpu").problems
    assert problem.startswith("The encoder gives other numbers here than in torch")


def test_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--device", "cpu", "--json"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["problems"] == []
    assert "All is well." in printed.err
    assert main(["doctor", "--device", "cpu"]) == 0
    assert "All is well." in capfd.readouterr().out  # To be kept: handful doctor > report.txt

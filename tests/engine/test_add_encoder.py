"""Adding encoders: the job, the engine that goes on meanwhile, the command line, the list."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import save_file

import engine
from engine import EncoderInfo, list_encoders, remove_encoder
from engine.cli import main
from engine.encoder import libraries
from engine.encoder.encoder_file import load_encoder, save_encoder, shipped_encoder_path
from engine.encoder.graph import load_or_build_graph
from engine.errors import EncoderError
from engine.jobs.encoders import add_encoder
from engine.messages import (
    AddEncoder,
    Cancel,
    EncoderAdded,
    EngineReady,
    Event,
    ForgetImages,
    JobCancelled,
    JobFailed,
    JobFinished,
    Progress,
)
from engine.worker import Engine, default_cache_folder, default_encoders_folder
from tests.engine.other_encoders import SMALL, encoder_of, write_weights
from tests.engine.painted import KINDS, paint, paint_folder
from tests.engine.test_encoder_download import Server, server  # noqa: F401  # A fixture.
from tests.engine.test_worker import Inbox

OWN_LICENCE = "unknown; ask its makers (weights.safetensors; published weights: apache-2.0)"
ROOT = shipped_encoder_path().parents[1]


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder with the small network's graph, which takes seconds to build."""
    folder = tmp_path_factory.mktemp("cache")
    encoder = encoder_of(SMALL, folder)
    load_or_build_graph(encoder, folder / "encoders")
    return folder


@pytest.fixture
def cache(graphs: Path, empty_home: Path) -> Path:
    """The default cache folder, with that graph."""
    shutil.copytree(graphs / "encoders", default_cache_folder() / "encoders")
    return default_cache_folder()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_weights(SMALL, tmp_path / "weights.safetensors")


def _added(events: Iterator[Event | None]) -> tuple[EncoderAdded, list[Event]]:
    told = [event for event in events if event is not None]
    (done,) = [event for event in told if isinstance(event, EncoderAdded)]
    return done, told


def test_weights_from_a_file_become_an_encoder(weights: Path, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoders"
    done, told = _added(add_encoder(AddEncoder(7, SMALL, weights), folder, cache))
    assert {event.request_id for event in told} == {7}
    assert done.name == "test_resnet with weights (timm)"
    encoder = load_encoder(done.path)
    assert done.path.name == (f"timm-test_resnet.r160_in1k-{encoder.fingerprint[:8]}.safetensors")
    assert list(folder.iterdir()) == [done.path]
    assert encoder.metadata["provenance"] == "given by a person as weights.safetensors"
    assert encoder.metadata["licence"] == OWN_LICENCE
    # Once more, and as a file of somebody else's: it is the same one.
    other = tmp_path / "from a friend.safetensors"
    shutil.copy(done.path, other)
    for again in (AddEncoder(8, SMALL, weights), AddEncoder(9, "", other)):
        assert _added(add_encoder(again, folder, cache))[0].path == done.path
    assert list(folder.iterdir()) == [done.path]


@pytest.mark.loopback
def test_weights_are_downloaded_with_progress_in_megabytes(
    server: Server,  # noqa: F811
    weights: Path,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.files["/weights.safetensors"] = weights.read_bytes()
    _publish_at(monkeypatch, f"{server.url}/weights.safetensors")
    folder = tmp_path / "encoders"
    done, told = _added(add_encoder(AddEncoder(1, SMALL, None), folder, cache))
    reports = [event for event in told if isinstance(event, Progress) and event.total]
    assert reports[-1].text == "Downloading test_resnet.r160_in1k, MB"
    n_mb = round(weights.stat().st_size / 1e6)
    assert (reports[-1].done, reports[-1].total) == (n_mb, n_mb) == (2, 2)
    assert list((cache / "downloads").iterdir()) == []
    encoder = load_encoder(done.path)
    assert encoder.metadata["provenance"] == f"{server.url}/weights.safetensors"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert encoder.metadata["weights_sha256"] == digest
    assert (encoder.name, encoder.metadata["licence"]) == (done.name, "apache-2.0")
    assert done.name == "test_resnet.r160_in1k (timm)"
    from_file, _ = _added(add_encoder(AddEncoder(2, SMALL, weights), folder, cache))
    assert from_file.path == done.path


def _publish_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the library say that weights are there."""
    import timm.models

    real = timm.models.get_pretrained_cfg

    def with_url(*args: object) -> object:
        return replace(real(*args), url=url, hf_hub_id=None)

    monkeypatch.setattr(timm.models, "get_pretrained_cfg", with_url)


def test_the_librarys_own_file_is_known_by_its_hash(weights: Path, tmp_path: Path) -> None:
    network = libraries.look_up(SMALL)
    assert not network.is_published(weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    assert replace(network, sha256=digest[:8]).is_published(weights)
    assert not replace(network, sha256="00000000").is_published(weights)
    with pytest.raises(EncoderError, match=r"none\.pth"):
        replace(network, sha256="00000000").is_published(tmp_path / "none.pth")


def test_without_published_weights_a_file_is_asked_for(tmp_path: Path) -> None:
    job = add_encoder(AddEncoder(1, "timm:test_maxvit", None), tmp_path, tmp_path)
    with pytest.raises(EncoderError, match="Nobody gives weights of timm:test_maxvit"):
        list(job)


def test_what_the_library_has_downloaded_needs_no_connection(
    weights: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "_in_hub_cache", lambda repository, files: weights)
    done, _ = _added(add_encoder(AddEncoder(1, SMALL, None), tmp_path / "new", cache))
    assert done.path.is_file()
    assert weights.is_file()


@pytest.mark.parametrize("name", ["", SMALL, "torchvision:resnet18"])
def test_what_cannot_be_added_leaves_nothing(name: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nothing")
    with pytest.raises(EncoderError, match=r"bad\.safetensors"):
        list(add_encoder(AddEncoder(1, name, bad), tmp_path / "encoders", tmp_path / "cache"))
    assert not (tmp_path / "encoders").exists()


def test_the_shipped_encoder_is_not_added_to_itself(tmp_path: Path) -> None:
    job = add_encoder(AddEncoder(1, "", shipped_encoder_path()), tmp_path / "new", tmp_path)
    assert _added(job)[0].path == shipped_encoder_path()
    assert not (tmp_path / "new").exists()


# --- The list -------------------------------------------------------------------------------------


def test_the_list_says_what_the_files_say(weights: Path, cache: Path, tmp_path: Path) -> None:
    assert [info.is_shipped for info in list_encoders(tmp_path / "none")] == [True]
    folder = tmp_path / "encoders"
    done, _ = _added(add_encoder(AddEncoder(1, SMALL, weights), folder, cache))
    (folder / "damaged.safetensors").write_bytes(done.path.read_bytes()[:500])
    (folder / "empty.safetensors").write_bytes(b"")
    shutil.copy(weights, folder / "weights.safetensors")
    shipped, added = list_encoders(folder)
    encoder = load_encoder(shipped_encoder_path())
    assert shipped == EncoderInfo(
        shipped_encoder_path(),
        encoder.name,
        shipped_encoder_path().stat().st_size,
        640,
        encoder.metadata["licence"],
        True,
    )
    size = done.path.stat().st_size
    assert added == EncoderInfo(done.path, done.name, size, 96, OWN_LICENCE, False)


def test_the_list_needs_no_heavy_library() -> None:
    code = (
        "import sys; from pathlib import Path; import engine;"
        "assert engine.list_encoders(Path('/nowhere'));"
        "heavy = {'torch', 'onnxruntime', 'onnx', 'timm', 'safetensors'};"
        "sys.exit(', '.join(heavy & sys.modules.keys()) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_an_encoder_is_removed_with_its_graphs(weights: Path, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoders"
    done, _ = _added(add_encoder(AddEncoder(1, SMALL, weights), folder, cache))
    assert list((cache / "encoders").iterdir())
    remove_encoder(done.path, cache)
    assert not done.path.exists()
    assert list((cache / "encoders").iterdir()) == []
    with pytest.raises(EncoderError, match="cannot be removed"):
        remove_encoder(shipped_encoder_path(), cache)
    with pytest.raises(EncoderError, match="is not an encoder of Handful"):
        remove_encoder(weights, cache)
    assert shipped_encoder_path().exists()
    assert weights.exists()


# --- The engine -----------------------------------------------------------------------------------


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def test_the_engine_adds_and_works_with_an_encoder(
    weights: Path, cache: Path, inbox: Inbox
) -> None:
    running = Engine(inbox.publish, cache_folder=cache, device="cpu")
    running.submit(AddEncoder(1, SMALL, weights))
    running.submit(ForgetImages(2))  # Another project is opened meanwhile.
    done = inbox.wait(EncoderAdded, 1)
    inbox.wait(JobFinished, 1)
    running.close()
    assert isinstance(done, EncoderAdded)
    assert done.path.parent == default_encoders_folder() == engine.default_encoders_folder()
    other = Inbox()
    Engine(other.publish, cache_folder=cache, encoder_path=done.path, device="cpu").close()
    ready = other.wait(EngineReady)
    assert isinstance(ready, EngineReady)
    assert (ready.encoder_name, ready.notice) == (done.name, "")
    assert "can be trained" in ready.finetune_refusal


def test_an_encoder_that_has_gone_is_stood_in_for(tmp_path: Path, inbox: Inbox) -> None:
    gone = tmp_path / "gone.safetensors"
    Engine(inbox.publish, cache_folder=tmp_path, encoder_path=gone, device="cpu").close()
    ready = inbox.wait(EngineReady)
    assert isinstance(ready, EngineReady)
    assert ready.encoder_name == load_encoder(shipped_encoder_path()).name
    assert ready.notice == (
        f"There is no encoder file {gone}. Handful works with its own encoder instead."
    )
    assert ready.finetune_refusal == ""


def test_an_encoder_can_be_added_where_none_works(
    weights: Path, cache: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.jobs import workspace

    def fail(*args: object, **options: object) -> None:
        raise EncoderError("There is no encoder file.")

    monkeypatch.setattr(workspace, "open_workspace", fail)
    running = Engine(inbox.publish, cache_folder=cache, device="cpu")
    running.submit(AddEncoder(1, SMALL, weights))
    running.submit(AddEncoder(2, "timm:resnet81", None))
    inbox.wait(EncoderAdded, 1)
    failed = inbox.wait(JobFailed, 2)
    running.close()
    assert isinstance(failed, JobFailed)
    assert "has no network called 'resnet81'" in failed.message
    assert not failed.is_bug


@pytest.mark.loopback
def test_a_download_can_be_cancelled(
    server: Server,  # noqa: F811
    inbox: Inbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    server.files["/weights.safetensors"] = bytes(4_000_000)
    server.hold = threading.Event()
    _publish_at(monkeypatch, f"{server.url}/weights.safetensors")
    running = Engine(inbox.publish, cache_folder=tmp_path / "cache", device="cpu")
    inbox.on(
        lambda event: isinstance(event, Progress) and event.total > 0,
        lambda: running.submit(Cancel(1)),
    )
    running.submit(AddEncoder(1, SMALL, None))
    inbox.wait(JobCancelled, 1)
    server.hold.set()
    running.close()
    assert inbox.of(EncoderAdded, 1) == []
    for thread in threading.enumerate():
        if thread.name.startswith("handful-encoder"):
            thread.join()
    assert list((tmp_path / "cache" / "downloads").iterdir()) == []
    assert not default_encoders_folder().exists()


# --- The command line -----------------------------------------------------------------------------


def test_the_whole_job_with_another_encoder(
    weights: Path, cache: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["encoder", "add", SMALL, "--weights", str(weights), "--json"]) == 0
    printed = capfd.readouterr()
    added = json.loads(printed.out)
    assert added["embedding_length"] == 96
    assert f"Licence of its weights: {OWN_LICENCE}." in printed.err
    assert main(["encoder", "list", "--json"]) == 0
    assert [item["path"] for item in json.loads(capfd.readouterr().out)][1:] == [added["path"]]

    paint_folder(tmp_path / "images", 6)
    for kind in KINDS:
        (tmp_path / "support" / kind).mkdir(parents=True)
        for seed in (501, 502, 503):
            paint(kind, seed=seed).save(tmp_path / "support" / kind / f"{seed}.png")
    model = tmp_path / "model.onnx"
    arguments = ["classify", tmp_path / "images", "--support", tmp_path / "support"]
    arguments += ["--out", tmp_path / "predictions.csv", "--export", model, "--device", "cpu"]
    arguments += ["--encoder", added["path"], "--effort", "finetune", "--json"]
    assert main([str(item) for item in arguments]) == 0
    summary = json.loads(capfd.readouterr().out)
    assert summary["n_images"] == 18
    assert summary["note"].startswith("Only encoders of Handful's own architecture can be trained")
    certificate = summary["certificate"]
    assert certificate["max_difference_rule"] <= 1e-4
    assert certificate["n_agree_rule"] == certificate["n_clear_rule"]
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    noted = session.get_modelmeta().custom_metadata_map
    assert noted["encoder_architecture"] == "timm:test_resnet.r160_in1k"
    assert noted["encoder_licence"] == OWN_LICENCE
    (chances,) = session.run(["probabilities"], {"image": np.zeros((1, 50, 70, 3), np.uint8)})
    assert chances.sum() == pytest.approx(1.0, abs=1e-5)

    assert main(["doctor", "--device", "cpu", "--encoder", added["path"], "--json"]) == 0
    report = json.loads(capfd.readouterr().out)
    assert report["encoder"] == added["name"]
    assert report["difference_to_torch"] < 0.01
    assert main(["encoder", "remove", added["name"]]) == 0
    assert not Path(added["path"]).exists()
    assert main(["encoder", "remove", added["name"]]) == 1
    assert "No encoder is called" in capfd.readouterr().err


def test_wrong_use_of_the_commands(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["encoder", "add"]) == 2
    assert main(["encoder", "add", "resnet18"]) == 1
    assert "names look like timm:resnet18" in capfd.readouterr().err
    assert main(["encoder", "add", SMALL, "--weights", str(tmp_path / "none.pth")]) == 1
    assert "There is no file" in capfd.readouterr().err


def test_weights_without_the_name_of_their_network_are_refused_and_leave_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.cli.encoder.default_encoders_folder", lambda: tmp_path / "kept")
    bare, of_torch = tmp_path / "bare.safetensors", tmp_path / "weights.pth"
    save_file({"layer.weight": np.zeros(3, np.float32)}, bare)
    of_torch.write_bytes(b"PK")
    for path in (bare, of_torch):
        assert main(["encoder", "add", "--weights", str(path)]) == 1
        assert f"{path} is no encoder of Handful's; where it holds" in capfd.readouterr().err
    assert main(["encoder", "add", "--weights", str(tmp_path / "none.pth")]) == 1
    assert "There is no encoder file" in capfd.readouterr().err
    assert not (tmp_path / "kept").exists()


def test_a_trained_run_does_not_begin_with_another_network(tmp_path: Path) -> None:
    from engine.metatraining.encoder_training.pooled import trunk_of

    encoder = encoder_of(SMALL, tmp_path)
    save_encoder(encoder, tmp_path / "small.safetensors")
    with pytest.raises(EncoderError, match="can be trained"):
        trunk_of(load_encoder(tmp_path / "small.safetensors"))

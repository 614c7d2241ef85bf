"""Bundles: written whole, run by a process that knows nothing of this project, opened again."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.bundle.place import bundle_written_whole, opened_bundle
from engine.bundle.support import KeptSupport
from engine.errors import EngineError, ExportError
from engine.jobs.bundle import write_bundle
from engine.jobs.exported_model import classify_with_model
from engine.jobs.predictions import FittedSnapshot, fit_snapshot, write_predictions
from engine.jobs.workspace import Workspace
from engine.messages import NONE_OF_THESE, ClassLook, Event, ModelExported
from tests.engine.painted import paint, paint_folder, refs, snapshot_of

NAMES = ('=check "1"\nand more', "../dots\u202e", "d'été, ünï")
TOP = {
    "model.onnx",
    "model_float.onnx",
    "labels.txt",
    "signature.json",
    "model_card.md",
    "certificate.json",
    "predict.py",
    "support.safetensors",
    "selftest",
}


def _result(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def _exported(steps: Any) -> ModelExported:
    (exported,) = [event for event in steps if isinstance(event, ModelExported)]
    return exported


def _run(bundle: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "predict.py", *arguments],
        cwd=bundle,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images"
    paint_folder(made, 3)
    paint("dots", 700, 900, seed=5).save(made / "dots_large.jpg", quality=95)
    return made


@pytest.fixture
def fitted(workspace: Workspace, folder: Path) -> FittedSnapshot:
    paths = sorted(folder.iterdir())
    snapshot = snapshot_of(folder, paths, shots=2, names=NAMES)
    negative = (snapshot.images[-1], NONE_OF_THESE)
    snapshot = replace(snapshot, support=(*snapshot.support, negative))
    return _result(fit_snapshot(workspace, snapshot, 1))  # type: ignore[no-any-return]


def test_a_bundle_is_run_checked_and_opened_again(
    workspace: Workspace, fitted: FittedSnapshot, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "my model"
    out.mkdir()  # An empty folder may be taken.
    look = ClassLook(fitted.classes[0].class_id, "#123456", 7, "=a note")
    exported = _exported(write_bundle(workspace, fitted, out, 1, [look]))
    assert {path.name for path in out.iterdir()} == TOP
    assert [name for name, _ in exported.variants] == ["model_float.onnx"]
    assert exported.variants[0][1].max_difference_rule <= 1e-4
    assert exported.removed == ()
    assert (out / "labels.txt").read_text("utf-8").splitlines()[0] == '=check "1" and more'
    signature = json.loads((out / "signature.json").read_text("utf-8"))
    assert signature["classes"]["Label"] == list(NAMES)
    assert signature["class_looks"][0]["colour"] == "#123456"
    assert signature["models"]["model_float.onnx"]["inputs"]["image"]["shape"] == [
        None,
        3,
        224,
        224,
    ]

    checked = _run(out, "--self-test")
    assert checked.returncode == 0, checked.stderr
    assert "10 of 10 as expected." in checked.stdout
    (folder / "broken.png").write_text("no image")
    list(write_predictions(workspace, fitted, tmp_path / "ours.csv", 1))
    with (tmp_path / "ours.csv").open(encoding="utf-8", newline="") as file:
        ours = {row["file_name"]: row for row in csv.DictReader(file)}
    for more in ([], ["--model", "model_float.onnx"]):
        ran = _run(out, str(folder), "--out", str(tmp_path / "theirs.csv"), *more)
        assert ran.returncode == 0, ran.stderr
        assert "broken.png could not be read" in ran.stderr
        with (tmp_path / "theirs.csv").open(encoding="utf-8", newline="") as file:
            theirs = list(csv.DictReader(file))
        assert [row["file_name"] for row in theirs] == sorted(ours)
        for row in theirs:
            for name in NAMES:
                told = float(ours[row["file_name"]][f"prob_{name}"])
                assert abs(float(row[f"prob_{name}"]) - told) <= 1e-4
            assert row["label"] == ours[row["file_name"]]["machine_label"]

    if sys.platform == "linux":  # There a name is bytes, which need not be text.
        (folder / os.fsdecode(b"caf\xe9.png")).write_bytes((folder / "dots_large.jpg").read_bytes())
        ran = _run(out, str(folder))
        assert ran.returncode == 0, ran.stderr
        assert "\ncaf\\xe9.png," in ran.stdout
    refused = _run(out, str(folder), "--out", str(folder / "dots_large.jpg"))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "name of an image" in refused.stderr

    expected = json.loads((out / "selftest" / "expected.json").read_text("utf-8"))
    cases = expected["images"]
    cases[0]["probabilities"]["model.onnx"] = cases[0]["probabilities"]["model.onnx"][::-1]
    (out / "selftest" / "expected.json").write_text(json.dumps(expected), "utf-8")
    assert _run(out, "--self-test").returncode == 1  # It can fail.

    kept = KeptSupport.read(out / "support.safetensors")
    ids = [image.image_id for image, _ in fitted.snapshot.support]
    assert np.array_equal(kept.embeddings, workspace.store.select(ids).astype(np.float16))
    assert kept.labels.tolist() == [0, 0, 1, 1, 2, 2, NONE_OF_THESE]
    encoder = workspace.runtime.encoder
    kept.check_encoder(encoder.fingerprint, encoder.name)
    with pytest.raises(EngineError, match="another encoder"):
        kept.check_encoder("f" * 64, "Other")


def test_a_zip_holds_the_same_and_classifies(
    workspace: Workspace, fitted: FittedSnapshot, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "a:b.zip"
    _pack_marks(out, "an earlier one", "model.fp16.onnx")
    exported = _exported(write_bundle(workspace, fitted, out, 1))
    assert exported.removed == ("model.fp16.onnx",)
    with zipfile.ZipFile(out) as archive:
        names = {name.partition("/")[2].partition("/")[0] for name in archive.namelist()}
    assert names == TOP
    events = list(
        classify_with_model(out, refs(sorted(folder.iterdir())), tmp_path / "table.csv", 1)
    )
    assert events[-1].n_rows == 10  # type: ignore[union-attr]
    assert not list(tmp_path.glob(".handful-*"))


def test_cancelling_leaves_nothing_and_the_old_bundle(
    workspace: Workspace, fitted: FittedSnapshot, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    steps = write_bundle(workspace, fitted, out, 1)
    next(steps)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert not out.exists()
    assert not list(tmp_path.glob(".handful-*"))


def test_what_is_no_bundle_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "holiday"
    out.mkdir()
    (out / "letter.txt").write_text("dear")
    with pytest.raises(ExportError, match="something else is there"), bundle_written_whole(out):
        pytest.fail("it began")
    assert (out / "letter.txt").read_text() == "dear"
    with pytest.raises(ExportError, match="no folder"):
        bundle_written_whole(tmp_path / "none" / "model").__enter__()


MARKS = ("model.onnx", "signature.json", "certificate.json")


def _write_marks(out: Path, content: str, *more: str) -> None:
    with bundle_written_whole(out) as folder:
        for name in (*MARKS, *more):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(content)


def _pack_marks(out: Path, content: str, *more: str) -> None:
    with zipfile.ZipFile(out, "w") as archive:
        for name in (*MARKS, *more):
            archive.writestr(f"model/{name}", content)


@pytest.mark.parametrize("has_links", [True, False])
def test_an_older_bundle_is_replaced_and_what_lies_beside_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    out = tmp_path / "model"
    _write_marks(out, "one", "model.fp16.onnx", "selftest/image_5.png", "selftest/expected.json")
    mine = ("predictions.csv", "old.txt", "notes/a/b.txt", "selftest/mine.png", "labels.txt.bak")
    for name in mine:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(f"my {name}")
    (out / "read-only.txt").write_text("my read-only.txt")
    (out / "read-only.txt").chmod(0o444)
    (out / "link").symlink_to("nowhere")
    if not has_links:

        def refuse(*_: object) -> None:
            raise OSError("no links on this disk")

        monkeypatch.setattr(os, "link", refuse)
    _write_marks(out, "two", "selftest/expected.json")
    for name in (*mine, "read-only.txt"):
        assert (out / name).read_text() == f"my {name}"
    assert (out / "link").is_symlink()
    assert {(out / name).read_text() for name in (*MARKS, "selftest/expected.json")} == {"two"}
    assert not (out / "model.fp16.onnx").exists()  # It belonged to the model that was there.
    assert not (out / "selftest" / "image_5.png").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_where_something_beside_it_cannot_be_kept_the_older_bundle_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "model"
    _write_marks(out, "one")
    (out / "notes.txt").write_text("mine")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr("shutil.copy2", refuse)
    with pytest.raises(ExportError, match="disk is full"):
        _write_marks(out, "two")
    assert (out / "model.onnx").read_text() == "one"
    assert (out / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_zip_that_is_no_bundle_or_holds_more_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "photos.zip"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("one.jpg", "a picture")
    packed = tmp_path / "model.zip"
    _pack_marks(packed, "one", "notes.txt")
    text = tmp_path / "text.zip"
    text.write_text("no zip at all")
    for path, told in (
        (out, "is no bundle"),
        (text, "is no bundle"),
        (packed, r"also holds “model/notes\.txt”"),
    ):
        before = path.read_bytes()
        with pytest.raises(ExportError, match=told), bundle_written_whole(path):
            pytest.fail("it began")
        assert path.read_bytes() == before
    _pack_marks(packed, "one", "selftest/image_1.png")
    _write_marks(packed, "two")
    with zipfile.ZipFile(packed) as archive:
        assert archive.read("model/model.onnx") == b"two"


def test_a_folder_or_zip_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"no model\.onnx in it"), opened_bundle(tmp_path):
        pytest.fail("it opened")
    packed = tmp_path / "other.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(EngineError, match=r"no model\.onnx in it"), opened_bundle(packed):
        pytest.fail("it opened")
    escaping = tmp_path / "escaping.zip"
    with zipfile.ZipFile(escaping, "w") as archive:
        archive.writestr("../model.onnx", "x")
    with pytest.raises(EngineError, match="outside"), opened_bundle(escaping):
        pytest.fail("it opened")


def test_damaged_support_is_told(tmp_path: Path) -> None:
    path = tmp_path / "support.safetensors"
    path.write_bytes(b"not one")
    with pytest.raises(EngineError, match="damaged"):
        KeptSupport.read(path)
    wrong = KeptSupport(
        ("a", "b"),
        np.zeros((2, 4), np.float16),
        np.array([0, 5], np.int64),
        np.zeros(2, np.uint64),
        "f",
    )
    path.write_bytes(wrong.to_bytes())
    with pytest.raises(EngineError, match="damaged"):
        KeptSupport.read(path)

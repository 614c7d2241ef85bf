"""Variants of the exported model in lower precision: made, measured, judged, offered or not."""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from engine.bundle.half import half
from engine.bundle.quantised import Ranges, candidates, quantised, within_loss
from engine.bundle.taught_head import taught_head
from engine.encoder.graph import read_graph_metadata, shipped_graph_path
from engine.images import decode_image
from engine.jobs import precision as precision_module
from engine.jobs.export import write_model
from engine.jobs.predictions import FittedSnapshot, fit_snapshot
from engine.jobs.workspace import Workspace
from engine.messages import Event, ModelExported, Precision, Progress
from tests.engine.painted import paint, paint_folder, snapshot_of


def _result(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def _exported(steps: Any) -> ModelExported:
    (exported,) = [event for event in steps if isinstance(event, ModelExported)]
    return exported


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer images than a person would want, for these are all alike."""
    monkeypatch.setattr(precision_module, "_N_TRIED", 2)
    monkeypatch.setattr(precision_module, "_N_RANGES", 6)
    monkeypatch.setattr(precision_module, "_N_TIMED", 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images"
    paint_folder(made, 6)
    paint("dots", 700, 950, seed=5).save(made / "dots_large.jpg", quality=95)
    return made


@pytest.fixture
def fitted(workspace: Workspace, folder: Path) -> FittedSnapshot:
    snapshot = snapshot_of(folder, sorted(folder.iterdir()), shots=2)
    return _result(fit_snapshot(workspace, snapshot, 1))  # type: ignore[no-any-return]


def test_both_variants_are_smaller_and_agree(
    workspace: Workspace, fitted: FittedSnapshot, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "model.onnx"
    exported = _exported(write_model(workspace, fitted, out, 1, list(Precision)))
    fp16, int8 = exported.precisions
    assert [fp16.file_name, int8.file_name] == ["model.fp16.onnx", "model.int8.onnx"]
    assert fp16.size_bytes < 0.55 * exported.size_bytes
    assert int8.size_bytes < 0.4 * exported.size_bytes
    assert fp16.max_difference <= 5e-3
    assert fp16.n_agree == fp16.n_files == 19
    assert int8.n_agree == int8.n_files == 8  # Two thirds of those that have no label.
    assert min(item.images_per_second for item in (fp16, int8)) > 0
    assert fp16.model_id != int8.model_id
    assert fp16.full_images_per_second == int8.full_images_per_second > 0
    card = (tmp_path / "model_card.md").read_text("utf-8")
    record = json.loads((tmp_path / "certificate.json").read_text("utf-8"))
    assert [item["precision"] for item in record["variants"]] == ["fp16", "int8"]
    pixels = decode_image((folder / "stripes_05.jpg").read_bytes()).pixels
    for report in (fp16, int8):
        path = tmp_path / report.file_name
        assert path in exported.files
        assert path.stat().st_size == report.size_bytes
        assert f"`{report.file_name}`" in card
        assert read_graph_metadata(path)["precision"] == report.precision
        metadata = read_graph_metadata(path)
        assert metadata["full_model_id"] == fitted.model_id
        assert metadata["model_id"] == report.model_id != fitted.model_id
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        batch = np.stack([pixels, pixels[:, ::-1]])
        probabilities, place = session.run(["probabilities", "class_index"], {"image": batch})
        assert probabilities.dtype == np.float32
        assert [fitted.classes[index].name for index in place] == ["stripes", "stripes"]


def test_what_disagrees_is_not_offered_and_an_older_one_goes(
    workspace: Workspace, fitted: FittedSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "model.onnx"
    import onnx

    older = onnx.helper.make_model(onnx.helper.make_graph([], "older", [], []))
    older.metadata_props.add(key="precision", value="fp16")
    onnx.save(older, tmp_path / "model.fp16.onnx")
    foreign = tmp_path / "model.int8.onnx"
    foreign.write_bytes(b"not ours")
    monkeypatch.setattr(precision_module, "MAX_DIFFERENCE_HALF", 0.0)
    again = _exported(write_model(workspace, fitted, out, 1, [Precision.FP16]))
    (report,) = again.precisions
    assert report.file_name == ""
    assert report.refusal.startswith("The half-precision variant is not offered: a probability")
    assert report.refusal in (tmp_path / "model_card.md").read_text("utf-8")
    assert not (tmp_path / "model.fp16.onnx").exists()
    assert again.removed == ("model.fp16.onnx",)
    assert foreign.read_bytes() == b"not ours"
    assert out.is_file()


def test_cancelled_while_rounding_nothing_is_left(
    workspace: Workspace, fitted: FittedSnapshot, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    steps = write_model(workspace, fitted, tmp_path / "model.onnx", 1, [Precision.INT8])
    for event in steps:
        if isinstance(event, Progress) and str(event.text).startswith("Int8: finding"):
            break
    else:
        pytest.fail("it never came to that")
    steps.close()  # type: ignore[attr-defined]
    assert sorted(tmp_path.iterdir()) == before


def test_a_network_with_nothing_to_round_is_said(
    workspace: Workspace, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision_module, "candidates", lambda _: [])
    snapshot = snapshot_of(folder, sorted(folder.iterdir()), shots=2)
    fitted = _result(fit_snapshot(workspace, snapshot, 1))
    exported = _exported(
        write_model(workspace, fitted, tmp_path / "m.onnx", 1, [Precision.INT8, Precision.INT8])
    )
    (report,) = exported.precisions
    assert "nothing to round" in report.refusal
    assert report.n_files == 0


def test_images_that_judge_have_no_part_in_making(fitted: FittedSnapshot) -> None:
    shown, checked = precision_module._split(fitted)
    labelled = {image.image_id for image, _ in fitted.snapshot.support}
    judging = {image.image_id for image in checked}
    assert not judging & labelled
    assert not judging & {image.image_id for image in shown}
    assert labelled <= {image.image_id for image in shown}


def test_only_the_network_is_rounded() -> None:
    import onnx

    encoder = onnx.load(shipped_graph_path())
    parts = candidates(encoder)
    assert len(parts) > 50
    assert "pixels" not in {name for part in parts for name in part.takes}
    seen = Ranges(encoder)
    seen.show(np.asarray(paint("dots", 90, 70)))
    ranges = seen.found()
    assert all(low <= 0 < high for low, high in ranges.values())
    for model in (half(encoder), quantised(encoder, ranges, {part.name for part in parts[-8:]})):
        onnx.checker.check_model(model, full_check=True)
        assert model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
        assert [node.op_type for node in model.graph.node].count("Resize") == 1
    nothing = quantised(encoder, ranges, set())
    assert "QuantizeLinear" not in {node.op_type for node in nothing.graph.node}


def test_nodes_are_chosen_until_their_losses_add_up() -> None:
    found = {"a": 0.5, "b": 0.1, "c": 0.2}
    assert within_loss(found, 0.35) == {"b", "c"}
    assert within_loss(found, float("inf")) == set(found)
    assert within_loss(found, 0.0) == set()


def test_a_taught_head_says_what_the_head_said(fitted: FittedSnapshot) -> None:
    random = np.random.default_rng(0)
    width = fitted.model.mean.size
    exact = random.normal(size=(120, width)).astype(np.float32)
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    turned = np.linalg.qr(np.eye(width) + 0.02 * random.normal(size=(width, width)))[0]
    near = (exact @ turned.astype(np.float32)) + np.float32(0.01)
    expected = fitted.model.probabilities(exact)
    untaught = np.abs(fitted.model.probabilities(near) - expected).max()
    taught = taught_head(fitted.model, exact, near)
    assert np.abs(taught.probabilities(near) - expected).max() < 0.5 * untaught
    assert taught.classes is fitted.model.classes

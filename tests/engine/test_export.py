"""The exported model against predictions.csv, in a process that has none of this project in it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import ExifTags, Image, ImageCms

from engine.errors import ExportError
from engine.finetuning import gate, training
from engine.images import decode_image
from engine.jobs import export as export_module
from engine.jobs.export import companion_paths, export_model, write_model
from engine.jobs.exported_model import classify_with_model
from engine.jobs.predictions import FittedSnapshot, fit_snapshot, write_predictions
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    Effort,
    Event,
    ExportModel,
    ImagesEmbedded,
    ModelExported,
    PredictionsSaved,
    Snapshot,
)
from tests.engine.painted import KINDS, paint, paint_folder, refs, snapshot_of

COMPANIONS = {"labels.txt", "model_card.md", "certificate.json"}
OpenWorkspace = Callable[..., tuple[Workspace, Any]]


def _result(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def _exported(steps: Iterable[Event | None]) -> ModelExported:
    (exported,) = [event for event in steps if isinstance(event, ModelExported)]
    return exported


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def paint_odd_files(folder: Path) -> list[Path]:
    """Files of every mode, many formats and odd sizes, named KIND_oddNN.SUFFIX."""
    paths: list[Path] = []

    def save(image: Image.Image, suffix: str, **options: object) -> None:
        path = folder / f"{KINDS[len(paths) % 3]}_odd{len(paths):02d}.{suffix}"
        image.save(path, **options)
        paths.append(path)

    def next_picture(width: int, height: int) -> Image.Image:
        return paint(KINDS[len(paths) % 3], width, height, seed=len(paths))

    folder.mkdir(parents=True, exist_ok=True)
    for width, height in ((31, 33), (901, 903), (1200, 1601), (97, 401), (640, 120), (3000, 1850)):
        for suffix, options in (("jpg", {"quality": 88}), ("png", {"compress_level": 1})):
            save(next_picture(width, height), suffix, **options)
    save(next_picture(1, 1), "png")
    save(next_picture(1000, 3), "png")
    for suffix in ("webp", "tif", "bmp", "gif", "avif", "jp2", "ppm"):
        save(next_picture(233, 187), suffix)
    for mode in ("1", "L", "P", "RGBA", "LA"):
        save(next_picture(150, 210).convert(mode), "png")
    for mode in ("PA", "CMYK", "YCbCr", "I", "F"):
        picture = next_picture(150, 210)
        save(picture.convert("P").convert("PA") if mode == "PA" else picture.convert(mode), "tif")
    lab = ImageCms.profileToProfile(
        next_picture(150, 110),
        ImageCms.createProfile("sRGB"),
        ImageCms.createProfile("LAB"),
        outputMode="LAB",
    )
    assert lab is not None
    save(lab, "tif")
    for mode in ("L", "CMYK"):
        save(next_picture(1000, 1110).convert(mode), "jpg")
    for largest in (1023, 4095, 60_000):
        grey = np.asarray(next_picture(300, 210).convert("L")).astype(np.uint32) * largest // 255
        save(Image.fromarray(grey.astype(np.uint16)), "png" if largest == 4095 else "tif")
    grey = np.asarray(next_picture(300, 210).convert("L")).astype(np.float32)
    save(Image.fromarray(grey / 255), "tif")
    save(Image.fromarray(grey * 40 - 900), "tif")
    half_clear = next_picture(1800, 900).convert("RGBA")
    half_clear.putalpha(Image.linear_gradient("L").resize(half_clear.size))
    save(half_clear, "png", compress_level=1)
    save(next_picture(120, 90).convert("P"), "png", transparency=3)
    for orientation in (2, 5, 6, 8):
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        save(next_picture(950, 1900), "jpg", exif=exif)
    picture = next_picture(200, 100)
    save(picture, "gif", save_all=True, append_images=[paint("dots", 200, 100, seed=9)])
    return paths


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("images")
    paint_folder(made, 6)
    return made


@pytest.fixture
def snapshot(folder: Path) -> Snapshot:
    return snapshot_of(folder, sorted(folder.iterdir()), shots=3)


@pytest.fixture
def fitted(workspace: Workspace, snapshot: Snapshot) -> FittedSnapshot:
    return _result(fit_snapshot(workspace, snapshot, 1))  # type: ignore[no-any-return]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    place = tmp_path / "result"
    place.mkdir()
    return place / "model.onnx"


def _session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


# --- The promise ----------------------------------------------------------------------------------

_RUN_THE_SAMPLE = """
import ast, json, sys, warnings
warnings.simplefilter("error")
card, *paths = sys.argv[1:]
text = open(card, encoding="utf-8").read()
sample = text.split("```python\\n")[1].split("```")[0]
# The loop at its end prints; everything before it is what a reader would copy.
tree = ast.parse(sample)
assert isinstance(tree.body[-1], ast.For)
place = {}
exec(compile(ast.Module(tree.body[:-1], []), "sample", "exec"), place)
answers = {}
for path in paths:
    given = {"image": place["decode"](path)[None]}
    answers[path] = place["session"].run(["probabilities"], given)[0][0].tolist()
assert not any(name.split(".")[0] in ("engine", "app", "torch", "onnx") for name in sys.modules)
json.dump({"names": place["names"], "answers": answers}, sys.stdout)
"""


def test_the_sample_of_the_model_card_gives_what_predictions_csv_says(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    paths = [*paint_folder(folder, 4), *paint_odd_files(folder)]
    assert len(paths) >= 55
    snapshot = snapshot_of(folder, paths, shots=4)
    fitted = _result(fit_snapshot(workspace, snapshot, 1))
    place = tmp_path / "result"
    place.mkdir()
    list(write_predictions(workspace, fitted, place / "predictions.csv", 1))
    # A name that must be quoted in the sample's code.
    exported = _exported(write_model(workspace, fitted, place / 'my "best" modèle.onnx', 1))
    assert exported.certificate.n_files >= 30  # Some of each kind.

    result = subprocess.run(
        [sys.executable, "-I", "-c", _RUN_THE_SAMPLE, "model_card.md", *map(str, paths)],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    answered = json.loads(result.stdout)
    assert answered["names"] == list(KINDS)
    rows = {row["file_name"]: row for row in _rows(place / "predictions.csv")}
    assert len(rows) == len(paths)
    assert not (place / "predictions.errors.csv").exists()
    for path in paths:
        row = rows[path.name]
        told = np.array([float(row[f"prob_{name}"]) for name in KINDS])
        given = np.array(answered["answers"][str(path)])
        assert np.abs(told - given).max() <= 1e-4, path.name
        first, second = np.sort(told)[::-1][:2]
        if first - second > 0.002:
            assert given.argmax() == told.argmax(), path.name
    # Not all the same answer.
    assert len({row["machine_label"] for row in rows.values()}) == 3


def test_the_sample_as_a_person_runs_it(
    workspace: Workspace, fitted: FittedSnapshot, out: Path, folder: Path
) -> None:
    list(write_model(workspace, fitted, out, 1))
    card = (out.parent / "model_card.md").read_text(encoding="utf-8")
    (out.parent / "classify.py").write_text(card.split("```python\n")[1].split("```")[0])
    path = sorted(folder.iterdir())[-1]
    result = subprocess.run(
        [sys.executable, "classify.py", str(path)],
        cwd=out.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    told, probability = result.stdout.rsplit(maxsplit=1)
    assert told == f"{path} stripes"
    assert 0.5 < float(probability) <= 1


@pytest.mark.parametrize(
    ("effort", "n_negatives"),
    [
        (Effort.INSTANT, 0),
        (Effort.INSTANT, 2),
        (Effort.THOROUGH, 0),
        (Effort.THOROUGH, 2),
        (Effort.FINETUNE, 2),
    ],
)
def test_classifying_with_the_exported_model_gives_the_same_table(
    workspace: Workspace,
    snapshot: Snapshot,
    folder: Path,
    out: Path,
    effort: Effort,
    n_negatives: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A few steps are seen in the weights, and whatever came of them is kept: the file is the matter
    # here. The painted kinds are told apart without.
    monkeypatch.setattr(training, "STEPS", 3)
    monkeypatch.setattr(gate, "N_FOLDS", 2)
    monkeypatch.setattr(gate, "FEWEST", 2)
    monkeypatch.setattr(gate.Verdict, "exceeds", lambda *_: True)
    negatives = [(image, NONE_OF_THESE) for image in snapshot.images if image.name[-5] in "45"]
    snapshot = replace(snapshot, support=(*snapshot.support, *negatives[:n_negatives]))
    fitted = _result(fit_snapshot(workspace, replace(snapshot, effort=effort), 1))
    assert fitted.model.effort is effort
    assert fitted.seen.runtime.is_viewed == (effort is not Effort.INSTANT)
    is_other = fitted.seen.runtime.encoder.fingerprint != workspace.runtime.encoder.fingerprint
    assert is_other == (effort is Effort.FINETUNE)
    certificate = _exported(write_model(workspace, fitted, out, 1)).certificate
    assert certificate.max_difference_rule <= 1e-4
    list(write_predictions(workspace, fitted, out.parent / "ours.csv", 1))
    (out.parent / "broken.jpg").write_text("a letter")
    images = refs([*sorted(folder.iterdir()), out.parent / "broken.jpg"])
    events = list(classify_with_model(out, images, out.parent / "theirs.csv", 4))
    saved = events[-1]
    errors = out.parent / "theirs.errors.csv"
    assert saved == PredictionsSaved(4, out.parent / "theirs.csv", 18, errors, 1)
    assert _rows(errors) == [{"file_name": "broken.jpg", "reason": "it holds text, not an image"}]
    card = (out.parent / "model_card.md").read_text(encoding="utf-8")
    assert ("2 more were labelled as none of these" in card) == (n_negatives == 2)
    ours, theirs = _rows(out.parent / "ours.csv"), _rows(out.parent / "theirs.csv")
    assert sum(row["label"] == "None of these" for row in ours) == n_negatives
    assert list(ours[0]) == list(theirs[0])
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine["file_name"], mine["machine_label"], mine["model_id"]) == (
            other["file_name"],
            other["label"],
            other["model_id"],
        )
        assert other["label_source"] == "machine"
        assert float(mine["none_score"]) == pytest.approx(float(other["none_score"]), abs=1e-4)
        for name in KINDS:
            assert float(mine[f"prob_{name}"]) == pytest.approx(
                float(other[f"prob_{name}"]), abs=1e-4
            )


# --- The file -------------------------------------------------------------------------------------


def test_the_graph_says_what_goes_in_and_out(
    workspace: Workspace, fitted: FittedSnapshot, out: Path
) -> None:
    exported = _exported(write_model(workspace, fitted, out, 8))
    assert exported.path == out
    assert exported.request_id == 8
    assert set(exported.files) == {out, *(out.parent / name for name in COMPANIONS)}
    assert {path.name for path in out.parent.iterdir()} == {out.name, *COMPANIONS}
    assert exported.size_bytes == out.stat().st_size
    onnx.checker.check_model(onnx.load(out), full_check=True)
    session = _session(out)
    (given,) = session.get_inputs()
    assert (given.name, given.type) == ("image", "tensor(uint8)")
    assert given.shape == ["batch", "height", "width", 3]
    assert [(item.name, item.type, item.shape) for item in session.get_outputs()] == [
        ("probabilities", "tensor(float)", ["batch", 3]),
        ("class_index", "tensor(int64)", ["batch"]),
        ("embedding", "tensor(float)", ["batch", workspace.runtime.encoder.embedding_size]),
        ("none_score", "tensor(float)", ["batch"]),
    ]
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["class_names"]) == list(KINDS)
    assert metadata["names"] == "{0: 'checks', 1: 'dots', 2: 'stripes'}"
    assert metadata["model_id"] == fitted.model_id
    assert metadata["encoder_fingerprint"] == workspace.runtime.encoder.fingerprint
    assert metadata["Image.BitmapPixelFormat"] == "Rgb8"
    assert metadata["Image.NominalPixelRange"] == "NominalRange_0_255"
    assert "Image.ColorSpaceGamma" not in metadata
    preprocess = json.loads(metadata["preprocess"])
    assert preprocess["inside_the_graph"] is True
    assert preprocess["size"] == 224
    assert metadata["effort"] == fitted.model.effort.value
    assert json.loads(metadata["ingredients"]) == list(fitted.model.kept)
    # Nothing of this machine travels with it.
    content = out.read_bytes()
    for trace in (str(out.parent), str(Path.home()), "site-packages", ".py"):
        assert trace.encode() not in content


@pytest.mark.parametrize("size", [1, 2, 17])
def test_a_batch_gives_what_its_images_give_alone(
    workspace: Workspace, fitted: FittedSnapshot, out: Path, size: int
) -> None:
    list(write_model(workspace, fitted, out, 1))
    session = _session(out)
    batch = np.stack(
        [np.asarray(paint(KINDS[index % 3], 90, 70, seed=index)) for index in range(size)]
    )
    probabilities, index, embedding, none_scores = session.run(None, {"image": batch})
    assert probabilities.shape == (size, 3)
    assert embedding.shape == (size, workspace.runtime.encoder.embedding_size)
    assert none_scores.shape == (size,)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(index, probabilities.argmax(axis=1))
    for row in range(size):
        (alone,) = session.run(["probabilities"], {"image": batch[row : row + 1]})
        # Half precision inside the graph may round one way or the other.
        np.testing.assert_allclose(alone[0], probabilities[row], atol=2e-3)


def test_labels_certificate_and_card(
    workspace: Workspace, fitted: FittedSnapshot, out: Path
) -> None:
    exported = _exported(write_model(workspace, fitted, out, 1))
    assert (out.parent / "labels.txt").read_text() == "checks\ndots\nstripes\n"
    certificate = exported.certificate
    record = json.loads((out.parent / "certificate.json").read_text())
    assert {key: record[key] for key in asdict(certificate)} == asdict(certificate)
    assert (record["model_file"], record["model_id"]) == ("model.onnx", fitted.model_id)
    assert certificate.n_files == 18
    assert certificate.max_difference_rule <= 1e-4
    assert certificate.n_agree_rule == certificate.n_clear_rule <= 18
    assert certificate.n_agree_full == certificate.n_clear_full <= 18
    assert certificate.n_clear_rule >= 15
    assert (certificate.margin_rule, certificate.margin_full) == (0.002, 0.02)
    # None of these files is large enough to be shrunk, so both ways of decoding are one.
    assert certificate.max_difference_full == certificate.max_difference_rule
    assert certificate.onnxruntime_version == onnxruntime.__version__
    card = (out.parent / "model_card.md").read_text(encoding="utf-8")
    for text in ("| 0 | checks | 3 |", "| 2 | stripes | 3 |", fitted.model_id, "from 9 labelled"):
        assert text in card


def test_decoding_in_full_is_certified_apart(
    workspace: Workspace, folder: Path, tmp_path: Path, out: Path
) -> None:
    images = tmp_path / "large"
    images.mkdir()
    paths = []
    for index in range(6):
        path = images / f"{KINDS[index % 3]}_{index}.jpg"
        paint(KINDS[index % 3], 2000, 1840, seed=index).save(path)
        paths.append(path)
    snapshot = snapshot_of(images, paths, shots=1)
    exported = _exported(export_model(workspace, ExportModel(1, snapshot, out)))
    certificate = exported.certificate
    assert certificate.n_files == 6
    assert certificate.max_difference_rule <= 1e-5 < certificate.max_difference_full
    assert certificate.n_agree_full == certificate.n_clear_full


@pytest.mark.parametrize(
    "names",
    [
        ("Füchsin", "鳥", "🦊"),
        ('say "fox", please', "two\nlines", "=1+1"),
        ("a|b", "it's", "back\\slash"),
    ],
)
def test_class_names_of_any_kind_arrive(
    workspace: Workspace, folder: Path, out: Path, names: tuple[str, ...]
) -> None:
    snapshot = snapshot_of(folder, sorted(folder.iterdir()), shots=2, names=names)
    list(export_model(workspace, ExportModel(1, snapshot, out)))
    metadata = _session(out).get_modelmeta().custom_metadata_map
    assert tuple(json.loads(metadata["class_names"])) == names
    assert eval(metadata["names"]) == dict(enumerate(names))
    labels = (out.parent / "labels.txt").read_text(encoding="utf-8")
    # One line an output, whatever the name.
    assert labels.split("\n") == [*(name.replace("\n", " ") for name in names), ""]
    rows = [
        line
        for line in (out.parent / "model_card.md").read_text(encoding="utf-8").split("\n")
        if line.startswith(("| 0 |", "| 1 |", "| 2 |"))
    ]
    assert len(rows) == 3


def test_the_order_of_the_classes_is_the_persons(
    workspace: Workspace, snapshot: Snapshot, out: Path
) -> None:
    backwards = replace(snapshot, classes=tuple(reversed(snapshot.classes)))
    list(export_model(workspace, ExportModel(1, backwards, out)))
    assert (out.parent / "labels.txt").read_text() == "stripes\ndots\nchecks\n"
    session = _session(out)
    path = next(image.path for image in snapshot.images if image.name.startswith("stripes"))
    pixels = decode_image(path.read_bytes()).pixels
    assert session.run(["class_index"], {"image": pixels[None]})[0][0] == 0


# --- What may go wrong ----------------------------------------------------------------------------


def test_a_model_that_disagrees_with_the_program_is_not_saved(
    workspace: Workspace, fitted: FittedSnapshot, out: Path
) -> None:
    def tampered(*args: Any) -> onnx.ModelProto:
        model = real(*args)
        for item in model.graph.initializer:
            if item.name == "head_weights":
                # Painted images are told apart with near certainty: a hundredth would not show.
                weights = onnx.numpy_helper.to_array(item) * np.float32(0.5)
                item.CopyFrom(onnx.numpy_helper.from_array(weights, item.name))
        return model

    real = export_module.classifier_graph
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export_module, "classifier_graph", tampered)
        with pytest.raises(ExportError, match="does not agree with the program") as caught:
            list(write_model(workspace, fitted, out, 1))
    assert str(caught.value).endswith("it was not saved.")
    assert list(out.parent.iterdir()) == []


def test_embeddings_that_are_not_those_of_the_files_are_noticed(
    workspace: Workspace, fitted: FittedSnapshot, snapshot: Snapshot, out: Path
) -> None:
    ids = [image.image_id for image in snapshot.images]
    others = workspace.store.select(ids)[::-1].astype(np.float16)
    workspace.store.add(ids, others)
    with pytest.raises(ExportError, match="does not agree with the program"):
        list(write_model(workspace, fitted, out, 1))
    assert list(out.parent.iterdir()) == []


def test_without_a_readable_file_nothing_can_be_certified(
    workspace: Workspace, tmp_path: Path, out: Path
) -> None:
    paths = paint_folder(tmp_path / "images", 2)
    fitted = _result(fit_snapshot(workspace, snapshot_of(tmp_path / "images", paths, 2), 1))
    for path in paths:
        path.unlink()
    with pytest.raises(ExportError, match="could not be checked"):
        list(write_model(workspace, fitted, out, 1))
    assert list(out.parent.iterdir()) == []


def test_a_cancelled_export_leaves_the_old_file_and_nothing_else(
    workspace: Workspace, fitted: FittedSnapshot, out: Path
) -> None:
    out.write_text("the old model")
    for n_steps in (1, 2, 5):
        steps = write_model(workspace, fitted, out, 1)
        for _ in range(n_steps):
            next(steps)
        steps.close()
        assert [path.name for path in out.parent.iterdir()] == [out.name]
        assert out.read_text() == "the old model"


def test_a_place_that_cannot_be_written_is_told_and_left_clean(
    workspace: Workspace, fitted: FittedSnapshot, out: Path
) -> None:
    with pytest.raises(ExportError, match="there is no folder"):
        list(write_model(workspace, fitted, out.parent / "none" / "m.onnx", 1))
    with pytest.raises(ExportError, match="it is a folder"):
        list(write_model(workspace, fitted, out.parent, 1))
    assert list(out.parent.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
@pytest.mark.parametrize("limit_bytes", [1_000_000, 20])
def test_a_full_disk_is_told_and_left_clean(
    workspace: Workspace, fitted: FittedSnapshot, out: Path, limit_bytes: int
) -> None:
    """The system refuses to write more than the limit, as a full disk would."""
    import resource
    import signal

    def export_within(limit: int) -> None:
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            list(write_model(workspace, fitted, out, 1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, handler)

    with pytest.raises(ExportError) as caught:
        export_within(limit_bytes)
    assert str(caught.value) == f"Could not write {out}: file too large."
    assert list(out.parent.iterdir()) == []
    list(write_model(workspace, fitted, out, 1))
    assert {path.name for path in out.parent.iterdir()} == {out.name, *COMPANIONS}


def test_companions_go_where_nothing_of_somebody_else_lies(tmp_path: Path) -> None:
    names = ["labels.txt", "certificate.json"]
    out = tmp_path / "mine.onnx"

    def chosen() -> list[str]:
        return [path.name for path in companion_paths(out, names)]

    assert chosen() == names
    (tmp_path / "labels.txt").write_text("somebody's")
    assert chosen() == ["mine.labels.txt", "mine.certificate.json"]
    (tmp_path / "mine.labels.txt").write_text("somebody's too")
    assert chosen() == ["mine.2.labels.txt", "mine.2.certificate.json"]
    # Those of an earlier export of this model are ours to replace.
    (tmp_path / "mine.2.labels.txt").write_text("ours")
    (tmp_path / "mine.2.certificate.json").write_text('{"model_file": "mine.onnx"}')
    assert chosen() == ["mine.2.labels.txt", "mine.2.certificate.json"]
    (tmp_path / "certificate.json").write_text("[1, 2]")
    assert chosen() == ["mine.2.labels.txt", "mine.2.certificate.json"]
    # A model that is itself called like a companion.
    odd = tmp_path / "new"
    odd.mkdir()
    assert companion_paths(odd / "labels.txt", names)[0] == odd / "labels.labels.txt"


def test_two_models_in_one_folder_keep_their_own_companions(
    workspace: Workspace, fitted: FittedSnapshot, out: Path
) -> None:
    first = _exported(write_model(workspace, fitted, out, 1))
    card = (out.parent / "model_card.md").read_bytes()
    second = _exported(write_model(workspace, fitted, out.parent / "second.onnx", 1))
    assert {path.name for path in second.files} == {
        "second.onnx",
        *(f"second.{name}" for name in COMPANIONS),
    }
    assert not set(first.files) & set(second.files)
    assert (out.parent / "model_card.md").read_bytes() == card
    # Exported again, each replaces its own.
    again = _exported(write_model(workspace, fitted, out.parent / "second.onnx", 1))
    assert again.files == second.files
    assert _exported(write_model(workspace, fitted, out, 1)).files == first.files
    assert len(list(out.parent.iterdir())) == 8


def test_an_export_embeds_whatever_is_not_embedded_yet(
    open_workspace: OpenWorkspace, snapshot: Snapshot, out: Path
) -> None:
    workspace, backend = open_workspace()
    events = list(export_model(workspace, ExportModel(1, snapshot, out)))
    assert backend.count == 18
    assert any(isinstance(event, ImagesEmbedded) for event in events)
    assert _exported(events).certificate.n_files == 18

"""Going on from a bundle: its labelled embeddings teach beside the labels given here."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import run_command_line
from engine.bundle.start import read_start
from engine.bundle.support import KeptSupport
from engine.errors import EngineError
from engine.images import find_images
from engine.jobs.adaptation import adapt_and_classify, fine_tune
from engine.jobs.advice import audit_labels, review_labels, suggest
from engine.jobs.bundle import read_bundle, write_bundle
from engine.jobs.efforts import fit
from engine.jobs.embedding import embed
from engine.jobs.explanation import explain
from engine.jobs.predictions import FittedSnapshot, fit_snapshot
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    Adapt,
    Adapted,
    AuditLabels,
    BundleClass,
    BundleRead,
    ClassId,
    ClassLook,
    ClassSpec,
    Effort,
    Event,
    Explain,
    Explained,
    FineTune,
    FoundFile,
    ImageRef,
    LabelsAudited,
    LabelsReviewed,
    ModelExamples,
    NotAdapted,
    PredictionsReady,
    ReadBundle,
    ReviewLabels,
    Snapshot,
    Suggest,
    Suggested,
)
from engine.project import Project
from tests.engine.painted import paint_folder, refs, snapshot_of

NAMES = ("checks", "dots", "stripes")
CLASSES = tuple(ClassSpec(ClassId(number), name) for number, name in enumerate(NAMES, 1))


def _result(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


@pytest.fixture
def first(workspace: Workspace, tmp_path: Path) -> FittedSnapshot:
    """The project that the bundle is made of: three labels of each class and a negative example."""
    folder = tmp_path / "first"
    paint_folder(folder, 4)
    snapshot = snapshot_of(folder, sorted(folder.iterdir()), shots=3, names=NAMES)
    negative = (snapshot.images[-1], NONE_OF_THESE)
    snapshot = replace(snapshot, support=(*snapshot.support, negative))
    return _result(fit_snapshot(workspace, snapshot, 1))  # type: ignore[no-any-return]


@pytest.fixture
def bundle(workspace: Workspace, first: FittedSnapshot, tmp_path: Path) -> Path:
    """What is read of a bundle; its model is not run, so it need not be one."""
    support = first.snapshot.support
    ids = [image.image_id for image, _ in support]
    number = {item.class_id: place for place, item in enumerate(first.classes)}
    kept = KeptSupport(
        NAMES,
        workspace.store.select(ids).astype(np.float16),
        np.array([number.get(label, NONE_OF_THESE) for _, label in support], np.int64),
        workspace.store.perceptual_hashes(ids),
        workspace.runtime.encoder.fingerprint,
    )
    look = {"name": NAMES[0], "colour": "#123456", "hotkey": 7, "note": "round ones"}
    signature = {
        "class_looks": [look, {"name": NAMES[1], "colour": "red", "hotkey": 99, "note": 3}],
        "encoder": {"fingerprint": kept.fingerprint},
    }
    out = tmp_path / "parts.zip"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("parts/model.onnx", b"")
        archive.writestr("parts/signature.json", json.dumps(signature))
        archive.writestr("parts/support.safetensors", kept.to_bytes())
    return out


@pytest.fixture
def second(tmp_path: Path) -> Path:
    """Another folder of the same kinds of pictures."""
    folder = tmp_path / "second"
    paint_folder(folder, 3, seed=5)
    return folder


def _examples(bundle: Path) -> ModelExamples:
    found = read_start(bundle).examples
    shift = np.where(found.class_ids == NONE_OF_THESE, 0, 1)
    return replace(found, class_ids=found.class_ids + shift)


def _embedded(workspace: Workspace, images: Sequence[ImageRef]) -> None:
    workspace.keep_only(images)
    list(embed(workspace, images))


def _adapted(workspace: Workspace, command: Adapt) -> tuple[Adapted, dict[int, int]]:
    events = list(adapt_and_classify(workspace, command))
    (adapted,) = [event for event in events if isinstance(event, Adapted)]
    predicted = {
        image: class_ids[0]
        for event in events
        if isinstance(event, PredictionsReady)
        for image, class_ids in zip(event.image_ids.tolist(), event.class_ids.tolist(), strict=True)
    }
    return adapted, predicted


def test_a_bundle_is_read_with_its_classes_as_they_looked(
    workspace: Workspace, bundle: Path
) -> None:
    (told,) = list(read_bundle(workspace, ReadBundle(7, bundle)))
    assert isinstance(told, BundleRead)
    assert (told.request_id, told.title, told.was_tuned) == (7, "parts", False)
    first, second, third = told.classes
    assert first == BundleClass(NAMES[0], "#123456", 7, "round ones")
    # What is no colour, key or note is left out.
    assert (second, third) == (BundleClass(NAMES[1]), BundleClass(NAMES[2]))
    assert told.examples.counts() == {NONE_OF_THESE: 1, 0: 3, 1: 3, 2: 3}


def test_another_encoder_or_no_examples_is_one_clear_sentence(
    workspace: Workspace, bundle: Path, tmp_path: Path
) -> None:
    kept = read_start(bundle).support
    folder = tmp_path / "opened"
    folder.mkdir()
    for name in ("model.onnx", "signature.json"):
        (folder / name).write_bytes(b"{}")
    with pytest.raises(EngineError, match=r"keeps no examples \(support.safetensors is missing\)"):
        list(read_bundle(workspace, ReadBundle(1, folder / "model.onnx")))
    other = replace(kept, fingerprint="f" * 64)
    (folder / "support.safetensors").write_bytes(other.to_bytes())
    with pytest.raises(EngineError, match="another encoder"):
        list(read_bundle(workspace, ReadBundle(1, folder)))
    shorter = replace(kept, embeddings=kept.embeddings[:, :-1])
    (folder / "support.safetensors").write_bytes(shorter.to_bytes())
    with pytest.raises(EngineError, match="another length"):
        list(read_bundle(workspace, ReadBundle(1, folder)))
    (folder / "support.safetensors").write_bytes(b"no tensors")
    with pytest.raises(EngineError, match="is damaged"):
        list(read_bundle(workspace, ReadBundle(1, folder)))
    with pytest.raises(EngineError, match="There is no bundle"):
        list(read_bundle(workspace, ReadBundle(1, tmp_path / "gone.zip")))


def test_the_classifier_is_at_once_that_of_the_examples(
    workspace: Workspace, bundle: Path, second: Path
) -> None:
    images = refs(sorted(second.iterdir()), second)
    _embedded(workspace, images)
    adapted, predicted = _adapted(workspace, Adapt(1, CLASSES, (), (), examples=_examples(bundle)))
    for image in images:
        assert image.name.startswith(NAMES[predicted[image.image_id] - 1])
    # They are support: nothing here was labelled, so nothing is told of being right.
    assert adapted.n_support == 9
    assert adapted.held_out is None
    assert adapted.predictions is None
    assert adapted.empty_classes == ()


@pytest.mark.parametrize("effort", [Effort.INSTANT, Effort.THOROUGH])
def test_figures_tell_of_the_labels_given_here_alone(
    workspace: Workspace, bundle: Path, second: Path, effort: Effort
) -> None:
    images = refs(sorted(second.iterdir()), second)
    _embedded(workspace, images)
    labels = {name: ClassId(number) for number, name in enumerate(NAMES, 1)}
    support = tuple((image, labels[image.name.split("_")[0]]) for image in images[::2])
    ids = [item.class_id for item in CLASSES]
    fitted = _result(fit(workspace, 1, support, ids, effort, examples=_examples(bundle)))
    assert fitted.model.n_support == 9 + len(support)
    assert fitted.model.judged.max() < len(support)
    assert len(fitted.model.judged) == len(fitted.model.held_out_losses) == len(support)
    assert len(fitted.model.held_out.hits) == len(support)
    assert fitted.seen is workspace  # One view: the examples have no other.
    again = _result(fit(workspace, 2, support, ids, effort, examples=_examples(bundle)))
    assert np.array_equal(again.model.weights, fitted.model.weights)
    without = _result(fit(workspace, 3, support, ids, effort))
    assert without.model.n_support == len(support)


def test_an_image_among_both_counts_once_and_as_the_persons(
    workspace: Workspace, bundle: Path, first: FittedSnapshot
) -> None:
    snapshot = first.snapshot
    _embedded(workspace, snapshot.images)
    own = ((snapshot.support[0][0], ClassId(1)),)
    model = _result(
        fit(
            workspace,
            1,
            own,
            [item.class_id for item in CLASSES],
            Effort.INSTANT,
            examples=_examples(bundle),
        )
    ).model
    assert model.judged.tolist() == [0]


def test_of_another_encoder_they_are_left_out_and_told_of(
    workspace: Workspace, bundle: Path, second: Path
) -> None:
    images = refs(sorted(second.iterdir()), second)
    _embedded(workspace, images)
    examples = _examples(bundle)
    others = replace(examples, fingerprints=("f" * 64,) * 10)
    events = list(adapt_and_classify(workspace, Adapt(1, CLASSES, (), (), examples=others)))
    (told,) = [event for event in events if isinstance(event, NotAdapted)]
    assert "another encoder" in told.reason
    support = tuple((images[place], ClassId(place // 3 + 1)) for place in (0, 3, 6))
    adapted, _ = _adapted(workspace, Adapt(2, CLASSES, support, (), examples=others))
    assert (adapted.n_unused_examples, adapted.n_support) == (10, 3)


def test_fine_tuning_needs_images(workspace: Workspace, bundle: Path, second: Path) -> None:
    images = refs(sorted(second.iterdir()), second)
    _embedded(workspace, images)
    events = list(fine_tune(workspace, FineTune(1, CLASSES, (), _examples(bundle))))
    (told,) = [event for event in events if event is not None]
    assert isinstance(told, NotAdapted)
    assert "learns from images" in told.reason


def test_what_to_label_next_knows_them(workspace: Workspace, bundle: Path, second: Path) -> None:
    images = refs(sorted(second.iterdir()), second)
    _embedded(workspace, images)
    (told,) = [
        event
        for event in suggest(workspace, Suggest(1, CLASSES, (), 3, examples=_examples(bundle)))
        if isinstance(event, Suggested)
    ]
    # From the model's answers, not what is typical of the folder, as without any label.
    assert told.suggestions
    assert any(item.class_ids for item in told.suggestions)


def test_what_asks_for_labels_alone_answers_without_any(
    workspace: Workspace, bundle: Path, second: Path
) -> None:
    images = refs(sorted(second.iterdir()), second)
    _embedded(workspace, images)
    list(adapt_and_classify(workspace, Adapt(1, CLASSES, (), (), examples=_examples(bundle))))
    events = [
        *review_labels(workspace, ReviewLabels(2, CLASSES, ())),
        *audit_labels(workspace, AuditLabels(3, CLASSES, ())),
        *explain(workspace, Explain(4, images[0], ClassId(1), ())),
    ]
    told = [type(event) for event in events if event is not None]
    assert told[-3:] == [LabelsReviewed, LabelsAudited, Explained]


def test_exported_again_they_go_along(
    workspace: Workspace, bundle: Path, second: Path, tmp_path: Path
) -> None:
    images = refs(sorted(second.iterdir()), second)
    snapshot = Snapshot(
        second, CLASSES, ((images[0], ClassId(1)),), tuple(images), examples=_examples(bundle)
    )
    fitted = _result(fit_snapshot(workspace, snapshot, 1))
    out = tmp_path / "next"
    list(write_bundle(workspace, fitted, out, 1, [ClassLook(ClassId(2), "#abcdef", 66, "n")]))
    assert read_start(out).classes[1] == BundleClass(NAMES[1], "#abcdef", 66, "n")
    kept = KeptSupport.read(out / "support.safetensors")
    assert kept.labels.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2, 2, NONE_OF_THESE]
    before = read_start(bundle).support
    assert np.array_equal(kept.embeddings[1:], before.embeddings)
    card = (out / "model_card.md").read_text("utf-8")
    assert "9 of them came with the model" in card


def test_a_project_keeps_them_undoes_them_and_has_them_when_opened_again(
    bundle: Path, second: Path, tmp_path: Path
) -> None:
    start = read_start(bundle)
    path = tmp_path / "go on.handful"
    project = Project.create(path, second)
    project.add_images([item for item in find_images(second) if isinstance(item, FoundFile)])
    own = project.new_class("Dots", colour="#123456")
    project.apply(replace(project.relabel([], None), action="Add", classes=(own,)))
    change = project.beginning_from(start.title, start.classes, start.examples)
    assert project.model_examples() is None  # Kept, but not in use before the change is made.
    undo = project.apply(change)
    classes = {item.name: item for item in project.classes()}
    assert list(classes) == ["Dots", "checks", "stripes"]  # A known one in any case of letters.
    assert (classes["checks"].hotkey, classes["checks"].note) == (7, "round ones")
    assert classes["checks"].colour != own.colour  # Its own is taken here.
    examples = project.model_examples()
    assert examples is not None
    by_name = {item.name: examples.counts()[item.class_id] for item in classes.values()}
    assert by_name == {"Dots": 3, "checks": 3, "stripes": 3}
    assert np.array_equal(examples.embeddings, start.examples.embeddings)
    assert np.array_equal(examples.hashes, start.examples.hashes)

    back = project.apply(project.merger(classes["checks"].class_id, own.class_id))
    merged = project.model_examples()
    assert merged is not None
    assert merged.counts()[own.class_id] == 6
    project.apply(back)
    project.apply(project.removal(classes["stripes"].class_id))
    project.close()

    project = Project.open(path)
    found = project.snapshot().examples
    assert found is not None
    assert found.counts() == {NONE_OF_THESE: 1, own.class_id: 3, classes["checks"].class_id: 3}
    redo = project.apply(undo)
    assert project.model_examples() is None
    assert [item.name for item in project.classes()] == ["Dots"]
    project.apply(redo)
    assert project.model_examples() is not None
    rows = project._connection.execute(
        "SELECT name, after FROM journal WHERE subject = 'model' ORDER BY entry"
    ).fetchall()
    assert rows[0][0] == "parts"
    assert json.loads(rows[0][1])["examples"] in (1, 3)
    project.close()


def test_classify_and_export_from_a_bundle(bundle: Path, second: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    labels = tmp_path / "more.csv"
    names = sorted(path.name for path in second.iterdir())
    labels.write_text(f"file_name,label\n{names[0]},checks\n{names[1]},other\n", "utf-8")
    given = ["classify", str(second), "--from-bundle", str(bundle), "--device", "cpu"]
    assert run_command_line([*given, "--out", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["file_name"].startswith(row["label"]) for row in rows)
    assert all(row["label_source"] == "machine" for row in rows)
    assert run_command_line([*given, "--labels", str(labels), "--out", str(out)]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert "prob_other" in rows[0]
    assert [row["label"] for row in rows if row["label_source"] == "human"] == ["checks", "other"]
    both = [*given, "--model", str(bundle), "--out", str(out)]
    assert run_command_line(both) == 2
    assert run_command_line(["export", "--from-bundle", str(bundle), "--out", str(out)]) == 2

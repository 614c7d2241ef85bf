"""Going on from a bundle in the window: chosen by its file, its examples counted by class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Desk, paint_folder
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from engine import Project, messages
from engine.messages import NONE_OF_THESE, BundleClass, ClassId, ModelExamples

CLASSES = (BundleClass("bolt", "#123456", 5, "with a head"), BundleClass("nut"))


def _read(number: int, path: Path, *, was_tuned: bool = False) -> messages.BundleRead:
    embeddings = np.random.default_rng(3).normal(size=(6, 8)).astype(np.float16)
    labels = np.array([0, 0, 0, 1, 1, NONE_OF_THESE], np.int64)
    examples = ModelExamples(embeddings, labels, np.arange(6, dtype=np.uint64), ("f" * 64,) * 6)
    return messages.BundleRead(number, path, "parts", CLASSES, examples, was_tuned)


def _choose(monkeypatch: pytest.MonkeyPatch, bundle: str, folder: str) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (bundle, ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: folder)


def _start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path, *, was_tuned: bool = False
) -> None:
    """As a person does: the entry in the File menu, the bundle, the folder."""
    _choose(monkeypatch, "/models/parts.zip", str(folder))
    desk.window.actions_.start_from_model.trigger()
    command = desk.engine.last(messages.ReadBundle)
    assert command.path == Path("/models/parts.zip")
    desk.engine.publish(_read(command.request_id, command.path, was_tuned=was_tuned))
    desk.settle()


def _counts(desk: Desk) -> dict[str, str]:
    model = desk.classes.model
    return {item.name: model.counts_text(item) for item in desk.session.offered}


def test_a_folder_begins_with_the_models_classes_and_examples(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    desk.engine.ready()
    _start(desk, monkeypatch, folder)
    assert desk.session.project is not None
    assert desk.session.project.folder == folder.resolve()
    bolt, nut = desk.session.classes
    assert (bolt.name, bolt.colour, bolt.hotkey, bolt.note) == (
        "bolt",
        "#123456",
        5,
        "with a head",
    )
    assert (nut.name, nut.hotkey) == ("nut", 1)
    desk.engine.finish_scan()
    desk.settle()
    adapt = desk.engine.last(messages.Adapt)
    assert adapt.examples is not None
    assert adapt.support == ()
    assert adapt.examples.counts() == {bolt.class_id: 3, nut.class_id: 2, NONE_OF_THESE: 1}
    assert _counts(desk) == {
        "bolt": "3 from the model",
        "nut": "2 from the model",
        "None of these": "1 from the model",
    }
    assert desk.session.why_no_results() == ""  # It can be exported at once.
    assert "6 examples came with the model “parts”" in desk.window.notices.notices()[-1].text
    task = desk.session.results.export_model(folder / "model.onnx")
    assert desk.engine.last(messages.ExportModel).snapshot.examples is adapt.examples
    task.abandon()


def test_labels_given_here_come_on_top(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    _start(desk, monkeypatch, folder)
    desk.engine.ready()
    desk.engine.finish_scan()
    desk.engine.embed()
    desk.settle()
    desk.session.label([desk.session.table.image_id(0)], desk.session.classes[0].class_id)
    adapt = desk.engine.last(messages.Adapt)
    assert len(adapt.support) == 1
    assert adapt.examples is not None
    desk.settle()
    assert _counts(desk)["bolt"] == "1 labelled · 3 from the model"
    index = desk.classes.model.index(0)
    told = desk.classes.model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert "1 labelled · 3 from the model" in told


def test_it_is_one_step_to_undo_and_survives_a_restart(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    _start(desk, monkeypatch, folder)
    desk.engine.finish_scan()
    assert desk.session.undo_text() == "Start from the model “parts”"
    desk.session.undo()
    assert desk.session.classes == ()
    assert desk.session.examples is None
    assert desk.engine.last(messages.Adapt).examples is None
    desk.session.redo()
    assert desk.engine.last(messages.Adapt).examples is not None
    path = desk.session.project.path
    desk.session.close_project()
    assert desk.session.examples is None
    desk.open(folder)
    assert desk.engine.last(messages.Adapt).examples is not None
    assert _counts(desk)["nut"] == "2 from the model"
    desk.session.close_project()
    again = Project.open(path, read_only=True)
    assert again.snapshot().examples is not None
    again.close()


def test_merging_and_deleting_take_the_examples_along(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    _start(desk, monkeypatch, folder)
    desk.engine.finish_scan()
    bolt, nut = (item.class_id for item in desk.session.classes)
    desk.session.merge_classes(bolt, nut)
    assert desk.session.examples.counts() == {nut: 5, NONE_OF_THESE: 1}
    assert desk.engine.last(messages.Adapt).examples.counts()[nut] == 5
    desk.session.undo()
    n_asked = len(desk.engine.all(messages.Adapt))
    desk.session.rename_class(bolt, "screw")
    assert len(desk.engine.all(messages.Adapt)) == n_asked  # The same examples of the same class.
    desk.session.delete_class(nut)
    assert desk.engine.last(messages.Adapt).examples.counts() == {bolt: 3, NONE_OF_THESE: 1}


def test_the_open_folder_takes_a_model_in_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    desk.open(folder)
    (nut,) = desk.add_classes("Nut")
    _start(desk, monkeypatch, folder)
    assert [item.name for item in desk.session.classes] == ["Nut", "bolt"]
    assert desk.session.examples.counts()[nut.class_id] == 2
    _start(desk, monkeypatch, folder)
    assert desk.session.examples.counts()[nut.class_id] == 2
    assert any("are here already" in item.text for item in desk.window.notices.notices())


def test_another_folder_asks_for_nothing_that_was_cancelled(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    desk.open(folder)
    _choose(monkeypatch, "", "")
    desk.window.actions_.start_from_model.trigger()
    assert not desk.engine.all(messages.ReadBundle)
    _start(desk, monkeypatch, Path())  # The folder's dialog was left: an empty path is ".".
    other = paint_folder(tmp_path / "other", 3)
    _start(desk, monkeypatch, other, was_tuned=True)
    assert desk.session.project.folder == other.resolve()
    assert any("was fine-tuned" in item.text for item in desk.window.notices.notices())


def test_a_bundle_that_cannot_be_gone_on_from_is_one_sentence(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    desk.open(folder)
    _choose(monkeypatch, "/models/parts.zip", str(folder))
    desk.window.actions_.start_from_model.trigger()
    command = desk.engine.last(messages.ReadBundle)
    sentence = messages.say("The bundle's examples were seen by another encoder.")
    desk.engine.publish(messages.JobFailed(command.request_id, sentence, is_bug=False))
    desk.settle()
    assert desk.session.classes == ()
    assert desk.window.notices.notices()[-1].text == sentence


def test_examples_that_do_not_count_are_told_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    _start(desk, monkeypatch, folder)
    desk.engine.ready()
    desk.engine.finish_scan()
    for _ in range(2):
        adapt = desk.engine.last(messages.Adapt)
        told = messages.Adapted(
            adapt.request_id,
            messages.Effort.INSTANT,
            (),
            1,
            None,
            None,
            None,
            (ClassId(1),),
            0.1,
            1.0,
            n_unused_examples=6,
        )
        desk.engine.publish(told)
        desk.session.classifier.adapt()
    found = [item for item in desk.window.notices.notices() if "do not count now" in item.text]
    assert len(found) == 1

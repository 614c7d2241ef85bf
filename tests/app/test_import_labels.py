"""Importing labels: the plan before anything happens, the choices in it, one step to undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk, drop_on
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.modeltest import ModelTester

from app.look.notices import Remedy
from app.results.import_labels_dialog import ImportLabelsDialog
from app.results.unmatched_list import UnmatchedModel
from engine import EngineError, messages, sentence_of
from engine.jobs.labels_in import read_labels

ROWS = (
    "image_1.png,cat,human",
    "image_2.png,cat,human",
    "image_3.png,bird,human",
    "image_4.png,None of these,human",
    "image_5.png,dog,machine",
    "nowhere.png,=dog,human",
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.csv"
    path.write_text("\n".join(("file_name,label,label_source", *ROWS)), "utf-8")
    return path


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """image_1.png is a cat, image_2.png a dog."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    return garden


def opened(desk: Desk) -> ImportLabelsDialog:
    desk.window.actions_.results["import_labels"].trigger()
    dialog = desk.window.results.dialog("import_labels")
    assert isinstance(dialog, ImportLabelsDialog)
    return dialog


def answer(desk: Desk) -> None:
    """Answer the newest question as the engine does."""
    command = desk.engine.last(messages.ReadLabels)
    try:
        for event in read_labels(command):
            if event is not None:
                desk.engine.publish(event)
    except EngineError as error:
        desk.engine.publish(messages.JobFailed(command.request_id, error.sentence, False))


def read(desk: Desk, path: Path) -> ImportLabelsDialog:
    dialog = opened(desk)
    dialog.path_field.setText(str(path))
    desk.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    answer(desk)
    return dialog


def said(dialog: ImportLabelsDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def test_a_plan_is_shown_and_then_carried_out(labelled: Desk, table: Path) -> None:
    before = labelled.labels_on_disk()
    dialog = read(labelled, table)
    text = said(dialog)
    for part in (
        "2 labels can be imported from theirs.csv",
        "CSV",
        "Labelled so already",
        "bird",
        "1 image has another label of yours.",
        "1 label cannot be taken",
    ):
        assert part in text
    assert dialog.predictions_box.text() == "Also take 1 label that a machine predicted"
    assert labelled.labels_on_disk() == before
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    after = {"image_1.png": "cat", "image_2.png": "dog", "image_3.png": "bird"}
    assert labelled.labels_on_disk() == after | {"image_4.png": "None of these"}
    assert [item.name for item in labelled.session.classes] == ["cat", "dog", "bird"]
    assert labelled.notices() == ["Imported 2 labels."]
    labelled.window.notices.remedy_requested.emit(Remedy.UNDO)
    assert labelled.labels_on_disk() == before
    assert [item.name for item in labelled.session.classes] == ["cat", "dog"]


def test_theirs_and_predictions_are_taken_where_asked_for(labelled: Desk, table: Path) -> None:
    dialog = read(labelled, table)
    dialog.replace_button.setFocus()
    labelled.press(Qt.Key.Key_Space, dialog.replace_button)
    labelled.press(Qt.Key.Key_Space, dialog.predictions_box)
    assert "4 labels can be imported" in said(dialog)
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert labelled.labels_on_disk()["image_2.png"] == "cat"
    assert labelled.labels_on_disk()["image_5.png"] == "dog"


def test_labels_given_meanwhile_are_not_lost(labelled: Desk, table: Path) -> None:
    dialog = read(labelled, table)
    bird = labelled.session.class_of_hotkey(2)
    assert bird is not None
    labelled.session.label([labelled.image("image_3.png")], bird.class_id)
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert labelled.labels_on_disk()["image_3.png"] == "dog"


def test_the_list_of_what_cannot_be_taken_is_saved(
    labelled: Desk, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = read(labelled, table)
    model = dialog.unmatched.unmatched
    assert model.rowCount() == 1
    row = [model.index(0, column).data() for column in range(3)]
    assert row[:2] == ["nowhere.png", "=dog"]
    assert "no image is called so" in row[2]
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == "nowhere.png (line 7)"
    out = tmp_path / "rest.csv"

    def choose(*_given: object) -> tuple[str, str]:
        return str(out), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    labelled.qtbot.mouseClick(dialog.save_list_button, Qt.MouseButton.LeftButton)
    assert out.read_text("utf-8-sig").splitlines()[1].startswith("nowhere.png,'=dog,line 7,")
    out = tmp_path / "none" / "rest.csv"
    labelled.qtbot.mouseClick(dialog.save_list_button, Qt.MouseButton.LeftButton)
    assert "could not be written" in said(dialog)


def test_a_file_is_dropped_on_the_window(labelled: Desk, table: Path, folder: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(table))])
    assert drop_on(labelled.window, QPoint(20, 20), mime)
    answer(labelled)
    dialog = labelled.window.results.dialog("import_labels")
    assert dialog.isVisible()
    assert dialog.start_button.text() == "Import"
    assert labelled.session.project is not None
    assert labelled.session.project.folder == folder


def test_a_file_of_no_format_is_told_in_the_dialog(labelled: Desk, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    dialog = read(labelled, path)
    assert "holds labels of no format that Handful knows." in said(dialog)
    assert dialog.start_button.text() == "Read"
    dialog.format_box.setCurrentIndex(dialog.format_box.findData("csv"))
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert labelled.engine.last(messages.ReadLabels).format_key == "csv"
    answer(labelled)
    assert "needs a first line with the columns" in said(dialog)


def test_reading_is_cancelled_and_goes_on_unseen(labelled: Desk, table: Path) -> None:
    dialog = opened(labelled)
    dialog.path_field.setText(str(table))
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    labelled.engine.publish(
        messages.Progress(
            labelled.engine.last(messages.ReadLabels).request_id,
            sentence_of("Finding the images"),
            5,
            10,
            0.0,
            0.0,
        )
    )
    assert "Finding the images" in dialog.progress_text.text()
    labelled.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    labelled.engine.answer_cancel()
    assert dialog.start_button.isVisible()
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    dialog.close()
    answer(labelled)
    assert labelled.notices() == ["2 labels can be imported from theirs.csv"]
    assert opened(labelled).start_button.text() == "Import"


def test_another_project_is_not_given_the_labels(
    labelled: Desk, table: Path, tmp_path: Path
) -> None:
    dialog = read(labelled, table)
    (tmp_path / "empty").mkdir()
    labelled.window.open(tmp_path / "empty")
    assert dialog.start_button.text() == "Read"


def test_the_list_is_a_good_model(qtmodeltester: ModelTester) -> None:
    model = UnmatchedModel()
    qtmodeltester.check(model)
    model.show([messages.UnmatchedLabel("a\nb.png", "x", "", messages.WhyUnmatched.NOWHERE)] * 3)
    qtmodeltester.check(model)
    assert model.index(0, 0).data() == "a b.png"

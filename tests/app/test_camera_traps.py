"""MegaDetector's results opened as a folder of crops, and written back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Desk, drop_on
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QLabel, QWidget

from app.results.crops_dialog import CropsDialog
from app.results.detections_dialog import DetectionsDialog
from engine import messages
from engine.words import say


@pytest.fixture
def results(folder: Path) -> Path:
    content = {"detection_categories": {"1": "animal"}, "images": []}
    path = folder / "results.json"
    path.write_text(json.dumps(content))
    return path


def asked(desk: Desk) -> CropsDialog:
    """The dialog, opened from the menu File."""
    action = desk.window.actions_.results["open_detections"]
    assert action in dict(desk.window.actions_.grouped())["File"]
    action.trigger()
    dialog = desk.window.results.dialog("open_detections")
    assert isinstance(dialog, CropsDialog)
    return dialog


def click(desk: Desk, widget: QWidget) -> None:
    place = widget.rect().center()
    place.setX(12)
    desk.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)


def said(dialog: QWidget) -> str:
    return "\n".join(
        label.text() for label in dialog.findChildren(QLabel) if label.isVisible()
    ).replace("\u200b", "")


def give(desk: Desk, dialog: CropsDialog, results: Path) -> None:
    dialog.results_field.setFocus()
    dialog.results_field.clear()
    desk.qtbot.keyClicks(dialog.results_field, str(results))


def test_the_rest_follows_from_the_file(desk: Desk, results: Path, folder: Path) -> None:
    desk.engine.ready()
    dialog = asked(desk)
    click(desk, dialog.start_button)
    assert "Choose the file with the results." in said(dialog)
    give(desk, dialog, results)
    assert dialog.images_field.text() == str(folder)
    assert dialog.crops_field.text() == str(folder.parent / "garden crops")
    click(desk, dialog.all_box)
    desk.qtbot.keyClick(dialog.confidence_box, Qt.Key.Key_Down)
    click(desk, dialog.start_button)
    command = desk.engine.last(messages.MakeCrops)
    assert (command.results, command.images_folder) == (results, folder)
    assert command.out == folder.parent / "garden crops"
    assert command.categories == ("animal", "person", "vehicle")
    assert command.least_confidence == pytest.approx(0.3)


def test_what_was_chosen_stays(desk: Desk, results: Path, folder: Path, tmp_path: Path) -> None:
    desk.engine.ready()
    dialog = asked(desk)
    dialog.crops_field.setFocus()
    desk.qtbot.keyClicks(dialog.crops_field, str(tmp_path / "mine"))
    give(desk, dialog, results)
    assert dialog.images_field.text() == str(folder)
    assert dialog.crops_field.text() == str(tmp_path / "mine")


def test_crops_are_opened_when_they_are_made(desk: Desk, results: Path, folder: Path) -> None:
    desk.engine.ready()
    dialog = asked(desk)
    give(desk, dialog, results)
    click(desk, dialog.start_button)
    command = desk.engine.last(messages.MakeCrops)
    assert [work.title for work in desk.session.works.running] == ["Cutting out detections"]
    desk.engine.publish(messages.Progress(command.request_id, say("Cutting out"), 3, 12, 10.0, 1.0))
    assert "Cutting out" in dialog.progress_text.text()
    notices = (say("The detector could not read 1 image."),)
    desk.engine.publish(messages.CropsMade(command.request_id, folder, 12, 9, 4, 2, notices))
    shown = said(dialog)
    assert "12 detections are images of their own now" in shown
    assert "The detector could not read 1 image." in shown
    click(desk, dialog.open_button)
    assert not dialog.isVisible()
    assert desk.session.project is not None
    assert desk.session.project.folder == folder


def test_crops_go_on_while_another_folder_is_opened(
    garden: Desk, results: Path, tmp_path: Path
) -> None:
    dialog = asked(garden)
    give(garden, dialog, results)
    click(garden, dialog.start_button)
    command = garden.engine.last(messages.MakeCrops)
    garden.window.actions_.close_project.trigger()
    assert garden.session.project is None
    assert command.request_id not in [
        item.request_id for item in garden.engine.all(messages.Cancel)
    ]
    garden.engine.publish(messages.CropsMade(command.request_id, tmp_path, 1, 1, 1, 0))
    assert "1 detection is an image of its own now" in said(dialog)


def test_cancelling_comes_back_to_the_choice(desk: Desk, results: Path) -> None:
    desk.engine.ready()
    dialog = asked(desk)
    give(desk, dialog, results)
    click(desk, dialog.start_button)
    command = desk.engine.last(messages.MakeCrops)
    click(desk, dialog.cancel_button)
    desk.engine.publish(messages.JobCancelled(command.request_id))
    assert dialog.start_button.isVisible()
    assert dialog.results_field.text() == str(results)


def test_results_are_dropped_on_the_window(desk: Desk, results: Path, folder: Path) -> None:
    desk.engine.ready()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(results))])
    assert drop_on(desk.window, QPoint(20, 20), mime)
    dialog = desk.window.results.dialog("open_detections")
    assert isinstance(dialog, CropsDialog)
    assert dialog.isVisible()
    assert dialog.images_field.text() == str(folder)
    assert desk.session.project is None


def test_only_crops_are_written_back(garden: Desk) -> None:
    action = garden.window.actions_.results["write_detections"]
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    assert not action.isEnabled()
    assert "no crops of detections" in action.toolTip()


def test_classes_are_written_back(desk: Desk, folder: Path, tmp_path: Path) -> None:
    (folder / "crops.json").write_text("{}")
    desk.open(folder)
    action = desk.window.actions_.results["write_detections"]
    assert action.toolTip() == "Label an image first."
    desk.add_classes("fox")
    desk.click("image_1.png")
    desk.press("1")
    assert action.isEnabled()
    action.trigger()
    dialog = desk.window.results.dialog("write_detections")
    assert isinstance(dialog, DetectionsDialog)
    dialog.path_field.setText(str(tmp_path / "new"))
    click(desk, dialog.start_button)
    command = desk.engine.last(messages.WriteDetections)
    assert command.out == tmp_path / "new.json"
    assert len(command.snapshot.support) == 1
    desk.engine.publish(messages.DetectionsWritten(command.request_id, command.out, 1, 120, 3))
    shown = said(dialog)
    assert "121 detections have a class now" in shown
    assert "Crops without a class" in shown

"""Export Labels: the formats, what each can hold, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from app.results.labels_dialog import LabelsDialog
from engine import label_formats, messages
from engine.jobs.labels_out import save_labels_alone
from engine.words import say


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Two classes with a label each."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    return garden


def asked(desk: Desk) -> LabelsDialog:
    """The dialog, opened as a person does."""
    desk.window.actions_.results["export_labels"].trigger()
    dialog = desk.window.results.dialog("export_labels")
    assert isinstance(dialog, LabelsDialog)
    return dialog


def click(desk: Desk, widget: QWidget) -> None:
    """Click where the text of a button, a box or a choice begins."""
    place = widget.rect().center()
    place.setX(12)
    desk.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)


def facts(dialog: LabelsDialog) -> str:
    """All that is to be read."""
    return "\n".join(
        label.text() for label in dialog.findChildren(QLabel) if label.isVisible()
    ).replace("\u200b", "")


def test_one_label_is_enough(garden: Desk) -> None:
    action = garden.window.actions_.results["export_labels"]
    assert not action.isEnabled()
    assert action.toolTip() == "Label an image first."
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    assert action.isEnabled()
    dialog = asked(garden)
    assert not dialog.predictions_box.isEnabled()  # There is no model to predict with.
    assert dialog.predictions_box.toolTip() == "Label images of at least two classes first."
    click(garden, dialog.start_button)
    assert not garden.engine.last(messages.SaveLabels).with_predictions


def test_every_format_says_who_reads_it(labelled: Desk) -> None:
    dialog = asked(labelled)
    said = facts(dialog)
    for item in label_formats():
        if item.write is not None:
            assert dialog.format_buttons[item.key].text() == item.title
            assert dialog.format_buttons[item.key].accessibleDescription() == item.consumer
            assert item.consumer in said


def test_a_format_asks_only_for_what_it_can_hold(labelled: Desk, folder: Path) -> None:
    dialog = asked(labelled)
    assert dialog.path_field.text() == str(folder.parent / "garden-labels.csv")
    assert dialog.predictions_box.isEnabled()
    assert not dialog.links_box.isEnabled()
    assert dialog.links_box.toolTip() == "CSV holds no images."
    click(labelled, dialog.predictions_box)
    click(labelled, dialog.format_buttons["imagefolder"])
    assert dialog.path_field.text() == str(folder.parent / "garden-imagefolder")
    assert not dialog.predictions_box.isEnabled()
    assert "cannot tell predictions from your labels" in dialog.predictions_box.toolTip()
    click(labelled, dialog.links_box)
    click(labelled, dialog.start_button)
    command = labelled.engine.last(messages.SaveLabels)
    assert command.out == folder.parent / "garden-imagefolder"
    assert (command.format_key, command.with_predictions) == ("imagefolder", False)
    assert not command.copy_images
    labelled.engine.publish(messages.JobCancelled(command.request_id))

    click(labelled, dialog.format_buttons["fiftyone"])
    click(labelled, dialog.start_button)
    command = labelled.engine.last(messages.SaveLabels)
    assert (command.with_predictions, command.copy_images) == (True, False)


def test_formats_are_chosen_by_keys(labelled: Desk) -> None:
    dialog = asked(labelled)
    dialog.format_buttons["csv"].setFocus()
    labelled.qtbot.waitUntil(dialog.format_buttons["csv"].hasFocus)
    labelled.qtbot.keyClick(dialog.format_buttons["csv"], Qt.Key.Key_Down)
    assert dialog.format_buttons["imagefolder"].isChecked()
    assert dialog.path_field.text().endswith("garden-imagefolder")


def test_what_was_exported_is_not_exported_over(labelled: Desk, folder: Path) -> None:
    (folder.parent / "garden-fiftyone").mkdir()
    dialog = asked(labelled)
    click(labelled, dialog.format_buttons["fiftyone"])
    assert dialog.path_field.text() == str(folder.parent / "garden-fiftyone-2")


def test_labels_are_really_written_and_told(labelled: Desk, folder: Path) -> None:
    dialog = asked(labelled)
    click(labelled, dialog.format_buttons["fiftyone"])
    click(labelled, dialog.start_button)
    command = labelled.engine.last(messages.SaveLabels)
    labelled.engine.publish(
        messages.Progress(command.request_id, say("Writing labels"), 3, 12, 0.0, 0.0)
    )
    assert dialog.progress_text.text().startswith("Writing labels · 3 / 12")
    for event in save_labels_alone(command):
        if event is not None:
            labelled.engine.publish(event)
    assert "Exported 2 labels" in facts(dialog)
    assert "garden-fiftyone" in facts(dialog)
    found = json.loads((command.out / "labels.json").read_text())
    assert found == {"classes": ["cat", "dog"], "labels": {"image_1": 0, "image_2": 1}}


def test_what_was_left_out_is_told(labelled: Desk) -> None:
    dialog = asked(labelled)
    click(labelled, dialog.format_buttons["imagefolder"])
    click(labelled, dialog.start_button)
    command = labelled.engine.last(messages.SaveLabels)
    notice = say("The class “{name}” is the folder “{folder}” there.", name="a/b", folder="a_b")
    labelled.engine.publish(
        messages.LabelsSaved(command.request_id, command.out, 1, 7, 3, (notice,))
    )
    said = facts(dialog)
    for part in ("Exported 1 label", "Predictions\n7", "Images left out\n3", notice):
        assert part in said


def test_a_failure_is_one_sentence(labelled: Desk) -> None:
    dialog = asked(labelled)
    click(labelled, dialog.start_button)
    number = labelled.engine.last(messages.SaveLabels).request_id
    labelled.engine.publish(
        messages.JobFailed(number, say("Could not write it: the disk is full."), False)
    )
    assert "the disk is full" in facts(dialog)
    assert dialog.start_button.isVisible()

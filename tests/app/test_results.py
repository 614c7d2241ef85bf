"""Saving predictions and exporting the model: progress, result, failure, cancelling."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from app.look.notices import Notice
from app.results.save_dialog import SaveDialog
from engine import messages

CERTIFICATE = messages.Certificate(
    n_files=35,
    max_difference_rule=2.1e-6,
    n_clear_rule=34,
    n_agree_rule=34,
    margin_rule=0.002,
    max_difference_full=0.0121,
    n_clear_full=33,
    n_agree_full=32,
    margin_full=0.02,
    onnxruntime_version="1.31.1",
)


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Two classes with a label each."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    return garden


def start(desk: Desk, dialog: SaveDialog) -> None:
    """Press the button that begins."""
    desk.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)


def facts(dialog: SaveDialog) -> str:
    """All that the result page says."""
    return "\n".join(
        label.text() for label in dialog.findChildren(QLabel) if label.isVisible()
    ).replace("\u200b", "")


def test_results_need_two_labelled_classes(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    for action in (garden.window.actions_.save, garden.window.actions_.export):
        assert not action.isEnabled()
        assert action.toolTip() == "Label images of at least two classes first."
    garden.press("2")
    assert garden.window.actions_.save.isEnabled()
    assert garden.window.actions_.export.isEnabled()


def test_the_keys_of_what_cannot_be_done_say_why(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    save = garden.window.actions_.results["save"]
    told: list[Notice] = []
    garden.session.noticed.connect(told.append)
    garden.qtbot.keyClick(garden.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert [item.text for item in told] == ["Label images of at least two classes first."]
    assert save.toolTip() == save.statusTip() == told[0].text
    cat, dog = garden.session.classes
    garden.session.label([garden.image("image_1.png")], cat.class_id)
    garden.session.label([garden.image("image_2.png")], dog.class_id)
    garden.settle()
    assert save.isEnabled()
    assert not garden.window.actions_.why_not(save.shortcut())
    assert not save.statusTip()


def test_the_model_is_exported_with_a_certificate(labelled: Desk, folder: Path) -> None:
    labelled.window.actions_.export.trigger()
    dialog = labelled.window.export_dialog
    assert dialog.path_field.text() == str(folder.parent / "garden-model.onnx")
    start(labelled, dialog)
    command = labelled.engine.last(messages.ExportModel)
    assert command.out == folder.parent / "garden-model.onnx"
    assert [item.name for item in command.snapshot.classes] == ["cat", "dog"]
    assert len(command.snapshot.images) == 12
    assert len(command.snapshot.support) == 2
    labelled.engine.publish(
        messages.Progress(command.request_id, "Checking the file", 5, 35, 20.0, 1.5)
    )
    assert dialog.progress_text.text() == "Checking the file · 5 / 35 · 20/s · 2 s left"
    assert "Checking the file" in labelled.window.status_line.work.text()
    card = command.out.with_name("model_card.md")
    labelled.engine.publish(
        messages.ModelExported(
            command.request_id, command.out, (command.out, card), CERTIFICATE, 8_912_345
        )
    )
    said = facts(dialog)
    for part in (
        "Exported, and checked on 35 of your images",
        "34 of 34 clear files get the same class (margin over 0.002)",
        "largest difference in probability 2.1e-06",
        "32 of 33 clear files get the same class (margin over 0.02)",
        "largest difference in probability 0.0121",
        "8.9 MB",
        "garden-model.onnx",
        "model_card.md",
        "onnxruntime 1.31.1",
    ):
        assert part in said
    labelled.qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert "34 of 34 clear files" in QApplication.clipboard().text()
    assert str(folder.parent) in QApplication.clipboard().text()


def test_show_in_folder(labelled: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[QUrl] = []

    def open_url(url: QUrl) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    labelled.window.actions_.save.trigger()
    dialog = labelled.window.predictions_dialog
    start(labelled, dialog)
    command = labelled.engine.last(messages.SavePredictions)
    errors = command.out.with_name("garden-predictions.errors.csv")
    labelled.engine.publish(
        messages.PredictionsSaved(command.request_id, command.out, 11, errors, 1)
    )
    assert "Saved the predictions of 11 images" in facts(dialog)
    assert "garden-predictions.errors.csv" in facts(dialog)
    labelled.qtbot.mouseClick(dialog.show_button, Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()) for url in opened] == [folder.parent]


def test_a_disagreement_is_not_hidden(labelled: Desk) -> None:
    labelled.window.actions_.export.trigger()
    start(labelled, labelled.window.export_dialog)
    command = labelled.engine.last(messages.ExportModel)
    worse = messages.Certificate(35, 0.4, 34, 30, 0.002, 0.4, 33, 30, 0.02, "1.31.1")
    labelled.engine.publish(
        messages.ModelExported(command.request_id, command.out, (command.out,), worse, 10)
    )
    said = facts(labelled.window.export_dialog)
    assert "Exported, but not every image got the same class" in said
    assert "30 of 34 clear files" in said


def test_a_failure_is_one_sentence_and_can_be_tried_again(labelled: Desk) -> None:
    labelled.window.actions_.export.trigger()
    dialog = labelled.window.export_dialog
    start(labelled, dialog)
    number = labelled.engine.last(messages.ExportModel).request_id
    labelled.engine.publish(
        messages.JobFailed(number, "Could not write model.onnx: the disk is full.", False)
    )
    assert "the disk is full" in facts(dialog)
    start(labelled, dialog)
    assert labelled.engine.last(messages.ExportModel).request_id > number


def test_cancelling_goes_back_to_the_choice(labelled: Desk) -> None:
    labelled.window.actions_.export.trigger()
    dialog = labelled.window.export_dialog
    start(labelled, dialog)
    number = labelled.engine.last(messages.ExportModel).request_id
    labelled.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert number in labelled.engine.cancelled()
    # Whether it is cancelled only the engine knows: until it answers, nothing is claimed.
    assert dialog.progress_text.text() == "Cancelling…"
    assert labelled.window.status_line.work.text() == "Cancelling…"
    assert not labelled.window.status_line.button.isVisible()
    assert not dialog.cancel_button.isEnabled()
    labelled.engine.publish(messages.Progress(number, "Checking the file", 5, 35, 20.0, 1.5))
    assert dialog.progress_text.text() == "Cancelling…"
    labelled.engine.answer_cancel()
    assert dialog.start_button.isVisible()
    assert dialog.cancel_button.isEnabled()
    assert labelled.session.task is None
    assert labelled.window.status_line.work.text() == ""


def test_what_was_too_late_to_cancel_is_told_as_what_it_is(labelled: Desk) -> None:
    labelled.window.actions_.save.trigger()
    dialog = labelled.window.predictions_dialog
    start(labelled, dialog)
    command = labelled.engine.last(messages.SavePredictions)
    labelled.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    labelled.engine.publish(messages.PredictionsSaved(command.request_id, command.out, 12, None, 0))
    assert "Saved the predictions of 12 images" in facts(dialog)
    assert labelled.session.task is None
    dialog.close()
    labelled.window.actions_.save.trigger()
    start(labelled, dialog)
    number = labelled.engine.last(messages.SavePredictions).request_id
    labelled.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    labelled.engine.publish(messages.JobFailed(number, "The disk is full.", False))
    assert "The disk is full." in facts(dialog)


@pytest.mark.parametrize("after_cancel", [False, True])
def test_closing_the_project_ends_an_export_at_once(labelled: Desk, after_cancel: bool) -> None:
    labelled.window.actions_.export.trigger()
    dialog = labelled.window.export_dialog
    start(labelled, dialog)
    command = labelled.engine.last(messages.ExportModel)
    if after_cancel:
        labelled.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    labelled.session.close_project()
    assert command.request_id in labelled.engine.cancelled()
    assert labelled.session.task is None
    assert dialog.start_button.isVisible()
    assert labelled.window.status_line.work.text() == ""
    labelled.engine.publish(
        messages.ModelExported(command.request_id, command.out, (command.out,), CERTIFICATE, 10)
    )
    assert labelled.notices() == []
    assert dialog.start_button.isVisible()


def test_closing_the_window_while_cancelling_leaves_nothing_to_tell(labelled: Desk) -> None:
    labelled.window.actions_.save.trigger()
    dialog = labelled.window.predictions_dialog
    start(labelled, dialog)
    command = labelled.engine.last(messages.SavePredictions)
    labelled.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    task = labelled.session.task
    assert task is not None
    publish = labelled.bridge.publish
    labelled.close()
    assert labelled.engine.is_closed
    assert not task.is_running
    publish(messages.PredictionsSaved(command.request_id, command.out, 12, None, 0))
    QApplication.processEvents()


def test_a_class_without_an_example_is_not_promised(labelled: Desk) -> None:
    labelled.add_classes("void", "lost & <b>")
    dialog = labelled.window.export_dialog
    labelled.window.actions_.export.trigger()
    assert "your classes (cat, dog)." in facts(dialog)
    assert "“void”, “lost & <b>” have no example and are left out." in facts(dialog)
    dialog.close()
    void = next(item for item in labelled.session.classes if item.name == "void")
    lost = next(item for item in labelled.session.classes if item.name == "lost & <b>")
    labelled.session.label([labelled.image("image_7.png")], void.class_id)
    labelled.session.label([labelled.image("image_8.png")], lost.class_id)
    labelled.window.actions_.export.trigger()
    assert "left out" not in facts(dialog)  # As far as is known before the engine has read them.
    dialog.close()
    labelled.engine.predict({}, empty=[void.class_id])
    labelled.window.actions_.export.trigger()
    assert "your classes (cat, dog, lost & <b>)." in facts(dialog)
    assert "“void” has no example and is left out." in facts(dialog)


def test_work_goes_on_in_the_background_and_the_result_comes_back(labelled: Desk) -> None:
    labelled.window.actions_.export.trigger()
    dialog = labelled.window.export_dialog
    start(labelled, dialog)
    command = labelled.engine.last(messages.ExportModel)
    labelled.qtbot.mouseClick(dialog.background_button, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    assert command.request_id not in labelled.engine.cancelled()
    labelled.window.activateWindow()
    labelled.click("image_5.png")
    labelled.press("1")
    assert "image_5.png" in labelled.labels_on_disk()
    labelled.engine.publish(
        messages.ModelExported(command.request_id, command.out, (command.out,), CERTIFICATE, 10)
    )
    assert not dialog.isVisible()  # It must not take the keyboard from who is labelling.
    assert labelled.notices() == ["Exported, and checked on 35 of your images"]
    labelled.window.notices.result_requested.emit("export")
    assert dialog.isVisible()
    assert "34 of 34 clear files" in facts(dialog)
    dialog.close()
    labelled.window.actions_.export.trigger()
    assert dialog.start_button.isVisible()


def test_a_failure_in_the_background_is_told_in_the_window(labelled: Desk) -> None:
    labelled.window.actions_.save.trigger()
    dialog = labelled.window.predictions_dialog
    start(labelled, dialog)
    number = labelled.engine.last(messages.SavePredictions).request_id
    dialog.close()
    labelled.engine.publish(messages.JobFailed(number, "The disk is full.", False))
    assert labelled.notices() == ["The disk is full."]
    labelled.window.notices.result_requested.emit("save")
    assert "The disk is full." in facts(dialog)


def test_the_place_is_remembered_and_the_suffix_added(
    labelled: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = tmp_path / "out" / "flowers"
    chosen.parent.mkdir()

    def choose(*_arguments: object) -> tuple[str, str]:
        return str(chosen), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    labelled.window.actions_.save.trigger()
    dialog = labelled.window.predictions_dialog
    dialog._on_browse()
    start(labelled, dialog)
    command = labelled.engine.last(messages.SavePredictions)
    assert command.out == chosen.with_name("flowers.csv")
    labelled.engine.publish(messages.PredictionsSaved(command.request_id, command.out, 12, None, 0))
    dialog.close()
    labelled.window.actions_.save.trigger()
    assert dialog.path_field.text() == str(chosen.with_name("flowers.csv"))


def test_without_a_place_nothing_begins(labelled: Desk) -> None:
    labelled.window.actions_.save.trigger()
    dialog = labelled.window.predictions_dialog
    dialog.path_field.clear()
    start(labelled, dialog)
    assert "Choose where to save it." in facts(dialog)
    assert labelled.engine.all(messages.SavePredictions) == []


def test_opening_another_project_cancels_an_export(labelled: Desk, tmp_path: Path) -> None:
    labelled.window.actions_.export.trigger()
    start(labelled, labelled.window.export_dialog)
    number = labelled.engine.last(messages.ExportModel).request_id
    other = tmp_path / "other"
    other.mkdir()
    labelled.window.open(other)
    box = labelled.window.leaving.box  # The person is asked first.
    assert box is not None
    assert number not in labelled.engine.cancelled()
    (leave,) = [item for item in box.buttons() if item.text() == "Leave Anyway"]
    labelled.qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
    assert number in labelled.engine.cancelled()
    assert labelled.window.export_dialog.start_button.isVisible()


def seen(label: QLabel) -> int:
    """How many of its pixels can be seen, from top to bottom."""
    return label.visibleRegion().boundingRect().height()


def test_every_dialog_fits_the_smallest_window_and_scrolls_to_the_rest(labelled: Desk) -> None:
    labelled.window.resize(900, 560)
    results = labelled.window.dialogs.results
    for name in results.names():
        results.begin(name)
        dialog = results.dialog(name)
        dialog.fail("\n".join(["More lines than there is room for."] * 60))
        assert dialog.height() <= 560, name
        assert dialog.width() <= 900, name
        bottom = dialog.start_button.mapTo(dialog, dialog.start_button.rect().bottomLeft())
        assert bottom.y() < dialog.height(), name
        dialog.fail("Why not.")
        (why,) = [item for item in dialog.findChildren(QLabel) if item.text() == "Why not."]
        labelled.qtbot.waitUntil(lambda why=why: seen(why) == why.height() > 0)
        dialog.close()

"""What is there already: a free name is proposed, a taken one asked about; cancelling is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QPushButton

from app.results.export_dialog import ExportDialog, ExportForm
from app.results.labels_dialog import LabelsDialog
from app.results.predictions_dialog import PredictionsDialog, excel_format
from app.results.save_dialog import SaveDialog, free_path
from engine import messages
from engine.messages import Precision, TableFormat


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Two classes with a label each."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    return garden


def click(desk: Desk, button: QPushButton) -> None:
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def begun(desk: Desk) -> PredictionsDialog:
    desk.window.results.begin("save")
    dialog = desk.window.results.dialog("save")
    assert isinstance(dialog, PredictionsDialog)
    return dialog


def typed(desk: Desk, dialog: SaveDialog, path: Path) -> None:
    """Type a path over the one that is there."""
    dialog.path_field.selectAll()
    desk.qtbot.keyClicks(dialog.path_field, str(path))


def n_asked(desk: Desk) -> int:
    return len(desk.engine.all(messages.SavePredictions))


def test_a_free_name_is_proposed(labelled: Desk, folder: Path) -> None:
    dialog = begun(labelled)
    (folder.parent / "garden-predictions.csv").write_text("mine")
    dialog.close()
    dialog = begun(labelled)
    assert dialog.path_field.text() == str(folder.parent / "garden-predictions-2.csv")
    dialog.close()
    (folder.parent / "garden-predictions-2.csv").write_text("mine")
    assert begun(labelled).path_field.text().endswith("garden-predictions-3.csv")


@pytest.mark.parametrize(
    ("there", "asked", "found"),
    [
        ((), "a.csv", "a.csv"),
        (("a.csv",), "a.csv", "a-2.csv"),
        (("day-9.csv", "day-10.csv"), "day-9.csv", "day-11.csv"),
        (("v1.2",), "v1.2", "v1.2-2"),
    ],
)
def test_names_are_counted_on(
    tmp_path: Path, there: tuple[str, ...], asked: str, found: str
) -> None:
    for name in there:
        (tmp_path / name).touch()
    has_suffix = asked.endswith(".csv")
    assert free_path(tmp_path / asked, has_suffix=has_suffix) == tmp_path / found


def test_a_typed_name_that_is_taken_is_asked_about(labelled: Desk, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    dialog = begun(labelled)
    typed(labelled, dialog, mine.with_suffix(""))  # The ending comes by itself.
    click(labelled, dialog.start_button)
    assert n_asked(labelled) == 0
    assert dialog.question.isVisible()
    assert dialog.question_text.text() == "“mine.csv” is there already. Replace it?"
    assert dialog.path_field.text() == str(mine)
    click(labelled, dialog.start_button)  # The second half of a double click.
    assert n_asked(labelled) == 0
    labelled.qtbot.keyClick(dialog.path_field, Qt.Key.Key_Backspace)
    assert not dialog.question.isVisible()
    typed(labelled, dialog, mine)
    click(labelled, dialog.start_button)
    click(labelled, dialog.replace_button)
    assert labelled.engine.last(messages.SavePredictions).out == mine


def test_or_another_name_is_taken_by_key(labelled: Desk, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    dialog = begun(labelled)
    dialog.activateWindow()
    typed(labelled, dialog, mine)
    labelled.qtbot.keyClick(dialog.path_field, Qt.Key.Key_Return)
    assert dialog.keep_button.text() == "Use “mine-2.csv”"
    assert dialog.keep_button.accessibleDescription() == dialog.question_text.text()
    labelled.qtbot.waitUntil(dialog.keep_button.hasFocus)
    labelled.qtbot.keyClick(dialog.keep_button, Qt.Key.Key_Return)
    assert labelled.engine.last(messages.SavePredictions).out == tmp_path / "mine-2.csv"
    assert mine.read_text() == "mine"


def test_what_the_system_has_asked_is_not_asked_again(
    labelled: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    chosen = str(mine)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen, ""))
    dialog = begun(labelled)
    dialog._on_browse()
    click(labelled, dialog.start_button)
    assert labelled.engine.last(messages.SavePredictions).out == mine
    dialog.cancel_button.click()
    labelled.engine.answer_cancel()
    chosen = str(mine.with_suffix(""))  # It asked about another file than the one to be written.
    dialog._on_browse()
    before = n_asked(labelled)
    click(labelled, dialog.start_button)
    assert n_asked(labelled) == before
    assert dialog.question.isVisible()


def test_labels_models_and_bundles_are_asked_about(labelled: Desk, tmp_path: Path) -> None:
    labels = labelled.window.results.dialog("export_labels")
    assert isinstance(labels, LabelsDialog)
    labels.begin()
    (tmp_path / "l.csv").write_text("mine")
    typed(labelled, labels, tmp_path / "l.csv")
    click(labelled, labels.start_button)
    assert labels.question.isVisible()
    labels.close()
    export = labelled.window.export_dialog
    assert isinstance(export, ExportDialog)
    export.begin()
    for name in ("m.onnx", "m.int8.onnx"):
        (tmp_path / name).write_text("mine")
    export.precision_checks[Precision.INT8].click()
    typed(labelled, export, tmp_path / "m.onnx")
    click(labelled, export.start_button)
    assert export.question_text.text() == "“m.onnx”, “m.int8.onnx” are there already. Replace them?"
    export.forms[ExportForm.FOLDER].click()
    assert not export.question.isVisible()
    (tmp_path / "bundle").mkdir()
    typed(labelled, export, tmp_path / "bundle")
    (tmp_path / "bundle" / "model.onnx").write_text("a model")
    click(labelled, export.start_button)
    assert export.question_text.text() == "“bundle” is there already. Replace it?"
    assert not labelled.engine.all(messages.ExportModel)
    assert not labelled.engine.all(messages.ExportBundle)


def test_the_form_follows_the_ending_that_is_typed(labelled: Desk, tmp_path: Path) -> None:
    dialog = begun(labelled)
    dialog.format_buttons[TableFormat.JSON_LINES].click()
    typed(labelled, dialog, tmp_path / "p.csv")
    assert dialog.table_format is excel_format()
    typed(labelled, dialog, tmp_path / "p.parquet")
    assert dialog.table_format is TableFormat.PARQUET
    dialog.path_field.setText(str(tmp_path / "q.xlsx"))
    click(labelled, dialog.start_button)
    command = labelled.engine.last(messages.SavePredictions)
    assert (command.out, command.table_format) == (tmp_path / "q.parquet", TableFormat.PARQUET)
    export = labelled.window.export_dialog
    export.begin()
    typed(labelled, export, tmp_path / "m.zip")
    assert export.form is ExportForm.ZIP


@pytest.mark.parametrize("is_open", [False, True])
def test_what_is_cancelled_from_the_bar_is_told(labelled: Desk, is_open: bool) -> None:
    dialog = begun(labelled)
    click(labelled, dialog.start_button)
    if not is_open:
        click(labelled, dialog.background_button)
    labelled.qtbot.waitUntil(labelled.window.status_line.button.isVisible)
    labelled.window.status_line.button.click()
    labelled.engine.answer_cancel()
    told = ["“Save Predictions” was cancelled; nothing was written."]
    assert labelled.notices() == ([] if is_open else told)


def test_closing_the_project_is_no_news(labelled: Desk) -> None:
    dialog = begun(labelled)
    click(labelled, dialog.start_button)
    click(labelled, dialog.background_button)
    labelled.session.close_project()
    assert labelled.notices() == []


def test_every_dialog_says_what_became_of_it(labelled: Desk) -> None:
    for name in labelled.window.results.names():
        dialog = labelled.window.results.dialog(name)
        assert dialog.cancelled_text().startswith(f"“{dialog.title()}” was cancelled; ")

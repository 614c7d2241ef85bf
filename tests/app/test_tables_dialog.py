"""Saving predictions: the choice of formats, and one place for all that leaves the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QToolBar, QToolButton

from app.results.predictions_dialog import PredictionsDialog, excel_format
from engine import messages
from engine.messages import TableFormat


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Two classes with a label each."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    return garden


def begun(desk: Desk) -> PredictionsDialog:
    """The dialog, opened by its key."""
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    dialog = desk.window.results.dialog("save")
    assert isinstance(dialog, PredictionsDialog)
    assert dialog.isVisible()
    return dialog


def save(desk: Desk, dialog: PredictionsDialog) -> messages.SavePredictions:
    """Press Save; what the engine was asked for."""
    desk.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    command = desk.engine.last(messages.SavePredictions)
    saved = messages.PredictionsSaved(command.request_id, command.out, 12, None, 0)
    desk.engine.publish(saved)
    return command


def test_the_window_begins_with_what_excel_opens(labelled: Desk, folder: Path) -> None:
    dialog = begun(labelled)
    assert dialog.table_format is excel_format()
    command = save(labelled, dialog)
    assert command.table_format is excel_format()
    assert command.out == folder.parent / "garden-predictions.csv"


def test_each_format_says_what_it_is_for(labelled: Desk) -> None:
    dialog = begun(labelled)
    shown = {label.text() for label in dialog.findChildren(QLabel) if label.isVisible()}
    for button in dialog.format_buttons.values():
        assert button.isVisible()
        assert button.accessibleDescription() in shown


@pytest.mark.parametrize(
    ("table_format", "suffix"),
    [(TableFormat.JSON_LINES, ".jsonl"), (TableFormat.PARQUET, ".parquet")],
)
def test_the_file_is_named_after_the_format_and_both_are_remembered(
    labelled: Desk, folder: Path, table_format: TableFormat, suffix: str
) -> None:
    dialog = begun(labelled)
    button = dialog.format_buttons[table_format]
    labelled.qtbot.mouseClick(button, Qt.MouseButton.LeftButton, pos=button.rect().center())
    labelled.qtbot.waitUntil(button.isChecked)
    assert dialog.path_field.text() == str(folder.parent / f"garden-predictions{suffix}")
    command = save(labelled, dialog)
    assert (command.table_format, command.out.suffix) == (table_format, suffix)
    dialog.close()
    dialog = begun(labelled)
    assert dialog.table_format is table_format
    assert dialog.path_field.text() == str(command.out)
    dialog.activateWindow()  # By the keyboard, too.
    button.setFocus()
    labelled.qtbot.waitUntil(button.hasFocus)
    labelled.qtbot.keyClick(button, Qt.Key.Key_Up)
    assert dialog.table_format is not table_format
    assert dialog.path_field.text().endswith(dialog.table_format.suffix)


def test_what_is_no_ending_stays_part_of_the_name(labelled: Desk, tmp_path: Path) -> None:
    dialog = begun(labelled)
    dialog.path_field.setText(str(tmp_path / "day 1.5"))
    dialog.format_buttons[TableFormat.PARQUET].click()
    assert dialog.path_field.text() == str(tmp_path / "day 1.5")
    assert save(labelled, dialog).out == tmp_path / "day 1.5.parquet"


def test_excel_is_written_for_as_the_system_counts(
    labelled: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    german = QLocale(QLocale.Language.German, QLocale.Country.Germany)
    monkeypatch.setattr(QLocale, "system", lambda: german)
    labelled.preferences.table_format = TableFormat.EXCEL_CSV  # From when it counted otherwise.
    assert save(labelled, begun(labelled)).table_format is TableFormat.EXCEL_CSV_SEMICOLON


def test_an_unknown_remembered_format_is_the_first(labelled: Desk) -> None:
    labelled.preferences.table_format = "xls"
    assert begun(labelled).table_format is excel_format()


# --- The menu -------------------------------------------------------------------------------------


def test_all_results_are_in_one_menu_with_what_they_are_for(labelled: Desk) -> None:
    actions = labelled.window.actions_
    shown = [action for action in actions.results_menu.actions() if not action.isSeparator()]
    for entry in actions.result_entries:
        action = actions.results[entry.name]
        assert (action in shown) is not entry.opens
        assert entry.tip
        if action.isEnabled():
            assert action.toolTip().startswith(entry.tip)
        else:
            assert action.toolTip() == entry.why_not(labelled.session)
    assert actions.save_report in shown
    assert actions.results_menu.toolTipsVisible()


def test_the_tool_bar_opens_the_same_menu(labelled: Desk) -> None:
    menu = labelled.window.actions_.results_menu
    bar = labelled.window.findChild(QToolBar)
    assert bar is not None
    (action,) = [item for item in bar.actions() if item.menu() == menu]
    button = bar.widgetForAction(action)
    assert isinstance(button, QToolButton)
    closer = QTimer()  # A click holds on until the menu is closed.
    closed: list[bool] = []

    def close() -> None:
        if menu.isVisible():
            closed.append(menu.close())
            closer.stop()

    closer.timeout.connect(close)
    closer.start(10)
    labelled.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    labelled.qtbot.waitUntil(lambda: closed == [True])


def test_every_entry_opens_its_dialog_and_its_name_is_no_other_actions(labelled: Desk) -> None:
    window = labelled.window
    others = set(vars(window.actions_)) - {"save", "export"}
    assert set(window.actions_.results) & others == set()
    for name in window.results.names():
        if window.actions_.results[name].isEnabled():
            window.actions_.results[name].trigger()
            dialog = window.results.dialog(name)
            labelled.qtbot.waitUntil(dialog.isVisible)
            dialog.close()


def test_a_dialog_is_made_when_it_is_first_asked_for(make_desk: Callable[[], Desk]) -> None:
    desk = make_desk()
    QApplication.processEvents()
    assert desk.window.findChildren(PredictionsDialog) == []

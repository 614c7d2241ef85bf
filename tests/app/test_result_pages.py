"""What dialogs of results share: buttons in one order, one scroll bar, no errors of before."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QLabel, QPushButton

from app.results.crops_dialog import CropsDialog
from app.results.metadata_dialog import MetadataDialog
from app.results.result_dialog import ResultDialog
from app.results.sort_dialog import SortDialog
from engine import messages
from engine.messages import Placement, SortedFolder, SortHow, SortPlan
from engine.words import NOTHING


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Two classes with a label each."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    return garden


def sort_dialog(desk: Desk) -> SortDialog:
    desk.window.results.begin("sort")
    found = desk.window.results.dialog("sort")
    assert isinstance(found, SortDialog)
    return found


def plan(desk: Desk, dialog: SortDialog, folder: Path, n_folders: int) -> None:
    """Ask for a plan, and answer with folders of an image each."""
    desk.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    command = desk.engine.last(messages.PlanSorting)
    names = [f"class_{number}" for number in range(n_folders - 1)] + ["_none_of_these"]
    made = SortPlan(
        command.choice,
        folder,
        command.project,
        (Placement(folder / "image_1.png", "class_1/image_1.png", 100, 1),),
        tuple(SortedFolder(name, name, 1, (("x.png", f"{name}/x.png"),)) for name in names),
        (),
        0,
        0,
        2_712_000,
        80_000_000_000,
    )
    desk.engine.publish(messages.SortingPlanned(command.request_id, made, NOTHING, 0, ()))


def sorted_into(desk: Desk, dialog: SortDialog, target: Path, *, is_undo: bool) -> None:
    kind = messages.UndoSorting if is_undo else messages.SortFiles
    number = desk.engine.last(kind).request_id
    how = next(how for how, button in dialog.how_buttons.items() if button.isChecked())
    desk.engine.publish(messages.FilesSorted(number, target, how, is_undo, 3, 0, ()))


def buttons(dialog: ResultDialog) -> list[str]:
    """The texts of the buttons that are shown, from left to right."""
    dialog._buttons.layout().activate()
    shown = [item for item in dialog._buttons.findChildren(QPushButton) if item.isVisible()]
    return [item.text() for item in sorted(shown, key=lambda item: item.x())]


def said(dialog: ResultDialog) -> list[str]:
    texts = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
    return [text.replace("\u200b", "") for text in texts]


def has_bars(dialog: ResultDialog) -> tuple[bool, bool]:
    """Whether the page is scrolled: up and down, to the sides."""
    area = dialog._scroll
    return area.verticalScrollBar().isVisible(), area.horizontalScrollBar().isVisible()


def test_buttons_below_results_have_one_order_and_enter_copies_nothing(
    labelled: Desk, folder: Path
) -> None:
    sort = sort_dialog(labelled)
    plan(labelled, sort, folder, 2)
    labelled.qtbot.mouseClick(sort.start_button, Qt.MouseButton.LeftButton)
    sorted_into(labelled, sort, folder.parent / "out", is_undo=False)
    labelled.qtbot.waitUntil(sort.close_button.hasFocus)
    order = buttons(sort)
    assert set(order) == {"Copy Text", "Show in Folder", "Undo", "Close"}
    labelled.press(Qt.Key.Key_Return, sort)
    assert not sort.isVisible()
    labelled.window.results.begin("metadata")
    metadata = labelled.window.results.dialog("metadata")
    assert isinstance(metadata, MetadataDialog)
    (folder / ".handful-metadata").mkdir()
    (folder / ".handful-metadata" / "run-000001.jsonl").touch()
    change = messages.MetadataChange("a.png", "a.png.xmp", ("cat",), (), True, False)
    for is_dry_run in (True, False):
        labelled.qtbot.mouseClick(metadata.start_button, Qt.MouseButton.LeftButton)
        command = labelled.engine.last(messages.WriteMetadata)
        assert command.choice.is_dry_run is is_dry_run
        labelled.engine.publish(
            messages.MetadataWritten(
                command.request_id,
                folder,
                is_dry_run,
                n_tagged=1,
                n_human=1,
                n_unchanged=0,
                n_created=1,
                n_merged=0,
                n_removed=0,
                n_embedded=0,
                n_instead=0,
                n_silent=0,
                changes=(change,),
                problems=(),
                journal=None,
            )
        )
    assert buttons(metadata) == order


def test_copies_that_are_taken_back_are_gone(labelled: Desk, folder: Path) -> None:
    sort = sort_dialog(labelled)
    assert sort.how_buttons[SortHow.COPY].isChecked()
    plan(labelled, sort, folder, 2)
    labelled.qtbot.mouseClick(sort.start_button, Qt.MouseButton.LeftButton)
    gone = folder.parent / "gone"
    sorted_into(labelled, sort, gone, is_undo=False)
    labelled.qtbot.mouseClick(sort.undo_button, Qt.MouseButton.LeftButton)
    sorted_into(labelled, sort, gone, is_undo=True)
    assert "Taken back: 3 files are removed from the folders" in said(sort)
    assert str(gone) not in said(sort)
    assert not any(card.isVisible() for card in sort.findChildren(QFrame, "card"))


def test_a_sorting_plan_shows_eight_folders_where_there_is_room(
    labelled: Desk, folder: Path
) -> None:
    labelled.window.resize(1400, 1000)
    sort = sort_dialog(labelled)
    plan(labelled, sort, folder, 8)
    table = sort.plan_table
    last = table.visualItemRect(table.item(7, 0))
    assert table.viewport().rect().contains(last)
    assert not table.verticalScrollBar().isVisible()
    labelled.qtbot.waitUntil(lambda: has_bars(sort) == (False, False))
    sort.flatten_check.click()
    plan(labelled, sort, folder, 30)
    assert table.verticalScrollBar().maximum() > 0
    labelled.qtbot.waitUntil(lambda: has_bars(sort) == (False, False))


@pytest.mark.parametrize("n_folders", [6, 30])
def test_a_small_window_has_one_scroll_bar(labelled: Desk, folder: Path, n_folders: int) -> None:
    labelled.window.resize(900, 560)
    sort = sort_dialog(labelled)
    plan(labelled, sort, folder, n_folders)
    inner = sort.plan_table.verticalScrollBar()
    labelled.qtbot.waitUntil(lambda: has_bars(sort)[0] != (inner.maximum() > 0))
    assert sort.height() <= 560


@pytest.mark.parametrize(
    "name", ["garden_" + "long" * 40 + ".csv", "预测结果" * 25 + ".csv", "图像的预测 表格 2026.csv"]
)
def test_a_long_name_needs_no_scroll_bar(labelled: Desk, folder: Path, name: str) -> None:
    labelled.window.actions_.save.trigger()
    dialog = labelled.window.predictions_dialog
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    number = labelled.engine.last(messages.SavePredictions).request_id
    labelled.engine.publish(messages.PredictionsSaved(number, folder / name, 11, None, 0))
    assert name in said(dialog)
    assert name in dialog.result_text()
    labelled.qtbot.waitUntil(lambda: has_bars(dialog) == (False, False))
    assert dialog.width() == dialog.WIDTH_PX
    card = next(item for item in dialog.findChildren(QFrame, "card") if item.isVisible())
    bottom = card.mapTo(dialog._scroll.viewport(), QPoint(0, card.height())).y()
    assert bottom <= dialog._scroll.viewport().height()


def test_an_error_goes_with_the_next_change(garden: Desk, tmp_path: Path) -> None:
    garden.window.results.begin("open_detections")
    dialog = garden.window.results.dialog("open_detections")
    assert isinstance(dialog, CropsDialog)
    dialog.fail("bad.json is not JSON.")
    assert "bad.json is not JSON." in said(dialog)
    dialog.results_field.setFocus()
    garden.qtbot.keyClicks(dialog.results_field, "b")
    assert "bad.json is not JSON." not in said(dialog)

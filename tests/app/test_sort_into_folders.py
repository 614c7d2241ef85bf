"""Sorting into folders in the window: preview, doing it, going on, undo, and where images are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLabel

from app.results.sort_dialog import SortDialog
from engine import messages
from engine.interchange.sorting.journal import JOURNAL_NAME
from engine.messages import LeftOut, Placement, SortChoice, SortedFolder, SortHow, SortPlan
from engine.words import NOTHING, Sentence, say


@pytest.fixture
def dialog(garden: Desk) -> SortDialog:
    """The dialog over two classes with a label each, open."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.window.dialogs.results.begin("sort")
    found = garden.window.dialogs.results.dialog("sort")
    assert isinstance(found, SortDialog)
    return found


def click(desk: Desk, button: object) -> None:
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def answer_plan(
    desk: Desk, folder: Path, problem: Sentence = NOTHING, n_images: int = 3
) -> SortPlan:
    """Let the engine answer the newest question for a plan."""
    command = desk.engine.last(messages.PlanSorting)
    files = tuple(
        Placement(folder / f"image_{number}.png", f"cat/image_{number}.png", 100, 1)
        for number in range(1, n_images + 1)
    )
    plan = SortPlan(
        command.choice,
        folder,
        command.project,
        files,
        (
            SortedFolder("cat", "cat", n_images, (("image_1.png", "cat/image_1.png"),)),
            SortedFolder("CON_", "CON", 0),
        ),
        (("image_2.png", "cat/image_2-3f2a1c.png"),),
        2,
        1,
        3_000_000_000,
        80_000_000_000,
    )
    left = (LeftOut("image_9.png", say("the file is empty")),)
    desk.engine.publish(messages.SortingPlanned(command.request_id, plan, problem, 1, left))
    return plan


def said(dialog: SortDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def test_a_preview_comes_first_and_what_it_showed_is_done(
    garden: Desk, dialog: SortDialog, folder: Path
) -> None:
    QAbstractItemModelTester(
        dialog.plan_table.model(), QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    click(garden, dialog.how_buttons[SortHow.MOVE])
    click(garden, dialog.start_button)
    asked = garden.engine.last(messages.PlanSorting)
    assert asked.choice == SortChoice(folder.parent / "garden-sorted", SortHow.MOVE, False, 0.0)
    assert garden.session.project is not None
    assert asked.project == garden.session.project.path
    assert not garden.engine.all(messages.SortFiles)
    plan = answer_plan(garden, folder)
    assert dialog.start_button.text() == "Move 3 Images"
    table = dialog.plan_table
    assert [table.item(0, column).text() for column in range(3)] == ["cat", "3", "cat/image_1.png"]
    assert table.item(1, 0).text() == "CON_ (class “CON”)"
    for part in (
        "1 image is there already.",
        "2 images get other names, since theirs are taken; for example cat/image_2-3f2a1c.png",
        "They take 3.0 GB of the 80.0 GB that are free.",
        "1 file is left as it is:",
        "image_9.png: the file is empty",
    ):
        assert part in said(dialog)
    click(garden, dialog.start_button)
    assert garden.engine.last(messages.SortFiles).plan is plan


def test_another_choice_needs_another_preview(
    garden: Desk, dialog: SortDialog, folder: Path
) -> None:
    click(garden, dialog.start_button)
    answer_plan(garden, folder)
    assert dialog.plan_table.isVisible()
    dialog.labelled_check.setFocus()
    garden.qtbot.keyClick(dialog.labelled_check, Qt.Key.Key_Space)
    assert not dialog.plan_table.isVisible()
    assert dialog.start_button.text() == "Preview"
    click(garden, dialog.start_button)
    assert garden.engine.last(messages.PlanSorting).choice.labelled_only


def test_why_it_cannot_be_is_said(garden: Desk, dialog: SortDialog, folder: Path) -> None:
    click(garden, dialog.start_button)
    answer_plan(garden, folder, problem=say("There is no image to sort."))
    assert "There is no image to sort." in said(dialog)
    assert dialog.start_button.text() == "Preview"
    dialog.path_field.clear()
    click(garden, dialog.start_button)
    assert "Choose a folder to sort into." in said(dialog)


def test_the_project_follows_what_is_moved_and_undo_brings_it_back(
    garden: Desk, dialog: SortDialog, folder: Path
) -> None:
    session, project = garden.session, garden.session.project
    assert project is not None
    labels = project.labels()
    assert len(labels) == 2
    click(garden, dialog.how_buttons[SortHow.MOVE])
    click(garden, dialog.start_button)
    answer_plan(garden, folder)
    click(garden, dialog.start_button)
    number = garden.engine.last(messages.SortFiles).request_id
    target = folder.parent / "garden-sorted"
    moves = []
    for name in ("image_1.png", "image_2.png", "image_3.png"):
        (target / "cat").mkdir(parents=True, exist_ok=True)
        moves.append((folder / name, target / "cat" / name))
        shutil.move(*moves[-1])
    garden.engine.publish(messages.FilesMoved(number, tuple(moves)))
    garden.engine.publish(messages.FilesSorted(number, target, SortHow.MOVE, False, 3, 0, ()))
    assert "Moved 3 images" in said(dialog)
    row = session.table.row_of_name("../garden-sorted/cat/image_1.png")
    assert row >= 0
    assert session.table.ref(row).path.exists()
    assert session.table.row_of_name("image_1.png") == -1
    scan = garden.engine.last(messages.ScanFolder)  # It looks again, there, too.
    assert set(scan.elsewhere) == {
        f"../garden-sorted/cat/image_{number}.png" for number in (1, 2, 3)
    }
    garden.engine.finish_scan([*scan.elsewhere, *(f"image_{n}.png" for n in range(4, 13))])
    assert not session.table.missing.any()
    assert project.labels() == labels
    click(garden, dialog.undo_button)
    number = garden.engine.last(messages.UndoSorting).request_id
    assert garden.engine.last(messages.UndoSorting).target == target
    for before, after in moves:
        shutil.move(after, before)
    back = tuple((after, before) for before, after in moves)
    garden.engine.publish(messages.FilesMoved(number, back))
    garden.engine.publish(messages.FilesSorted(number, target, SortHow.MOVE, True, 3, 0, ()))
    assert "Taken back: 3 images are where they were" in said(dialog)
    assert not dialog.undo_button.isVisible()
    garden.engine.finish_scan()
    assert session.table.row_of_name("image_1.png") == row
    assert not session.table.missing.any()
    assert project.labels() == labels
    assert session.table.n_rows == 12


def test_what_was_stopped_can_be_gone_on_with_or_taken_back(
    garden: Desk, dialog: SortDialog, folder: Path
) -> None:
    click(garden, dialog.start_button)
    answer_plan(garden, folder)
    click(garden, dialog.start_button)
    number = garden.engine.last(messages.SortFiles).request_id
    target = folder.parent / "garden-sorted"
    target.mkdir()
    (target / JOURNAL_NAME).write_text('{"planned": 3}\n{"begin": [0]}\n')
    garden.engine.publish(messages.Progress(number, say("Sorting"), 1, 3, 200.0, 4.0))
    assert "1 / 3" in dialog.progress_text.text()
    click(garden, dialog.cancel_button)
    garden.engine.answer_cancel()
    assert "was interrupted" in said(dialog)
    assert dialog.back_button.isVisible()
    assert not dialog.start_button.isVisible()
    click(garden, dialog.resume_button)
    assert garden.engine.last(messages.ResumeSorting).target == target
    click(garden, dialog.cancel_button)
    garden.engine.answer_cancel()
    click(garden, dialog.back_button)
    assert garden.engine.last(messages.UndoSorting).target == target
    (target / JOURNAL_NAME).unlink()
    number = garden.engine.last(messages.UndoSorting).request_id
    garden.engine.publish(messages.JobFailed(number, "Nothing was sorted.", False))
    assert "Nothing was sorted." in said(dialog)
    assert dialog.start_button.isVisible()
    assert not dialog.resume_button.isVisible()


def test_a_sorting_can_be_taken_back_when_the_dialog_is_opened_again(
    garden: Desk, dialog: SortDialog, folder: Path
) -> None:
    assert not dialog.back_button.isVisible()
    target = folder.parent / "garden-sorted"
    target.mkdir()
    (target / JOURNAL_NAME).write_text('{"planned": 3}\n{"begin": [0]}\n{"end": true}\n')
    garden.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    garden.window.dialogs.results.begin("sort")
    assert "Images were sorted into this folder before" in said(dialog)
    assert dialog.start_button.isVisible()  # More can be sorted into it all the same.
    assert not dialog.resume_button.isVisible()
    click(garden, dialog.back_button)
    asked = garden.engine.last(messages.UndoSorting)
    assert (asked.target, asked.images) == (target, folder)
    (target / JOURNAL_NAME).unlink()
    garden.engine.publish(
        messages.FilesSorted(asked.request_id, target, SortHow.MOVE, True, 3, 0, (), 2)
    )
    assert "Taken back: 3 images are where they were" in said(dialog)
    assert "2 were edited since, and are back as they were edited" in said(dialog)
    assert not dialog.undo_button.isVisible()


def test_taking_back_is_about_the_folder_that_is_chosen(
    garden: Desk, dialog: SortDialog, folder: Path, tmp_path: Path
) -> None:
    """Not about that of the result that was shown before."""
    click(garden, dialog.start_button)
    answer_plan(garden, folder)
    click(garden, dialog.start_button)
    number = garden.engine.last(messages.SortFiles).request_id
    first = folder.parent / "garden-sorted"
    garden.engine.publish(messages.FilesSorted(number, first, SortHow.COPY, False, 3, 0, ()))
    garden.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    garden.window.dialogs.results.begin("sort")
    other = tmp_path / "other"
    other.mkdir()
    (other / JOURNAL_NAME).write_text('{"undo_end": true, "rest": true}\n')
    dialog.path_field.setFocus()
    garden.qtbot.waitUntil(dialog.path_field.hasFocus)
    dialog.path_field.selectAll()
    garden.qtbot.keyClicks(dialog.path_field, str(other))
    garden.qtbot.keyClick(dialog.path_field, Qt.Key.Key_Tab)
    garden.qtbot.waitUntil(dialog.back_button.isVisible)
    click(garden, dialog.back_button)
    assert garden.engine.last(messages.UndoSorting).target == other
    (other / JOURNAL_NAME).write_text('{"undo_end": true, "rest": false}\n')
    click(garden, dialog.cancel_button)
    garden.engine.answer_cancel()
    assert not dialog.back_button.isVisible()


def test_only_a_move_needs_the_project(garden: Desk, dialog: SortDialog) -> None:
    click(garden, dialog.how_buttons[SortHow.LINK])
    click(garden, dialog.flatten_check)
    click(garden, dialog.start_button)
    asked = garden.engine.last(messages.PlanSorting)
    assert asked.project is None
    assert asked.choice.flatten

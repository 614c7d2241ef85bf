"""Writing metadata from the window: choice, preview, result, undo."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel

from app.results.metadata_dialog import MetadataDialog
from engine import messages, say
from engine.messages import SidecarNaming


@pytest.fixture
def dialog(garden: Desk) -> MetadataDialog:
    """The dialog, opened from the menu, with two classes of a label each."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.window.actions_.results["metadata"].trigger()
    found = garden.window.results.dialog("metadata")
    assert isinstance(found, MetadataDialog)
    return found


def written(
    number: int, folder: Path, *, is_dry_run: bool = False, n_files: int = 2
) -> messages.MetadataWritten:
    changes = tuple(
        messages.MetadataChange(
            f"image_{item}.png", f"image_{item}.png.xmp", ("cat", "AI|cat"), ("dog",), True, False
        )
        for item in range(n_files)
    )
    return messages.MetadataWritten(
        number,
        folder,
        is_dry_run,
        n_tagged=1_234,
        n_human=2,
        n_unchanged=0,
        n_created=n_files,
        n_merged=0,
        n_removed=0,
        n_embedded=0,
        n_instead=3,
        n_silent=7,
        changes=changes,
        problems=(say("{name} is not there any more.", name="image_9.png"),),
        journal=None,
    )


def said(dialog: MetadataDialog) -> str:
    return "\n".join(
        label.text() for label in dialog.findChildren(QLabel) if label.isVisible()
    ).replace("\u200b", "")


def write(desk: Desk, dialog: MetadataDialog, folder: Path) -> messages.WriteMetadata:
    """Preview, and then write; the command that writes."""
    desk.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    number = last(desk).request_id
    desk.engine.publish(written(number, folder, is_dry_run=True))
    desk.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert last(desk).request_id > number
    return last(desk)


def last(desk: Desk) -> messages.WriteMetadata:
    return desk.engine.last(messages.WriteMetadata)


def test_preview_writes_nothing_and_shows_what_would_change(
    garden: Desk, dialog: MetadataDialog, folder: Path
) -> None:
    assert dialog.start_button.isDefault()
    garden.press(Qt.Key.Key_Return, dialog)
    command = last(garden)
    assert command.choice == messages.MetadataChoice(0.9, False, SidecarNaming.FULL, True)
    assert len(command.snapshot.support) == 2
    garden.engine.publish(written(command.request_id, folder, is_dry_run=True))
    assert dialog.table.isVisible()
    rows = [[dialog.table.item(row, column).text() for column in range(3)] for row in range(2)]
    assert rows[0] == ["image_0.png.xmp (new)", "cat, AI|cat", "dog"]
    assert "2 files would change:" in said(dialog)
    assert "image_9.png is not there any more." in said(dialog)
    assert dialog.start_button.isVisible()
    assert dialog.start_button.text() == "Write 2 Files"
    # What is chosen anew is not what was previewed.
    garden.qtbot.mouseClick(dialog.places.button(2), Qt.MouseButton.LeftButton)
    assert not dialog.table.isVisible()
    assert dialog.start_button.text() == "Preview"
    garden.press(Qt.Key.Key_Return, dialog)
    assert last(garden).choice.is_dry_run


def test_nothing_is_written_where_nothing_would_change(
    garden: Desk, dialog: MetadataDialog, folder: Path
) -> None:
    garden.press(Qt.Key.Key_Return, dialog)
    nothing = written(last(garden).request_id, folder, is_dry_run=True, n_files=0)
    garden.engine.publish(nothing)
    assert "Nothing would change." in said(dialog)
    assert dialog.start_button.text() == "Preview"


def test_what_is_chosen_is_written_and_its_result_told(
    garden: Desk, dialog: MetadataDialog, folder: Path
) -> None:
    garden.qtbot.mouseClick(dialog.places.button(1), Qt.MouseButton.LeftButton)
    dialog.above_field.setFocus()
    garden.qtbot.keyClick(dialog.above_field, Qt.Key.Key_Up)
    command = write(garden, dialog, folder)
    assert command.choice == messages.MetadataChoice(0.8, False, SidecarNaming.STEM, False)
    garden.engine.publish(
        messages.Progress(command.request_id, say("Writing metadata"), 5, 35, 20.0, 1.5)
    )
    assert dialog.progress_text.text() == "Writing metadata · 5 / 35 · 20/s · 2 s left"
    garden.engine.publish(written(command.request_id, folder))
    text = said(dialog)
    for part in ("1234 images have their class as a keyword", "1232", "3, which could not"):
        assert part in text
    assert "image_9.png is not there any more." in text


def test_undo_from_the_result_and_from_the_choice(
    garden: Desk, dialog: MetadataDialog, folder: Path
) -> None:
    assert not dialog.undo_button.isEnabled()
    (folder / ".handful-metadata").mkdir()
    journal = folder / ".handful-metadata" / "run-000001.jsonl"
    journal.touch()
    number = write(garden, dialog, folder).request_id
    garden.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    garden.engine.publish(messages.JobCancelled(number))
    assert dialog.undo_button.isVisible()
    assert dialog.undo_button.isEnabled()  # What was written before the end can be taken back.
    command = write(garden, dialog, folder)
    garden.engine.publish(written(command.request_id, folder))
    assert dialog.close_button.hasFocus()
    assert dialog.close_button.isDefault()
    garden.qtbot.mouseClick(dialog.result_undo_button, Qt.MouseButton.LeftButton)
    command = garden.engine.last(messages.UndoMetadata)
    assert command.folder == folder
    project = garden.session.project
    assert project is not None
    assert {ref.path for ref in command.images} == {
        project.path_of(item.name) for item in project.images()
    }
    left = say("{path} is a link to another file; it was left.", path="image_9.png.xmp")
    garden.engine.publish(messages.MetadataUndone(command.request_id, folder, 0, (left,)))
    assert "Nothing was taken back" in said(dialog)
    assert "image_9.png.xmp is a link to another file; it was left." in said(dialog)
    # What was left can be tried again.
    garden.qtbot.mouseClick(dialog.result_undo_button, Qt.MouseButton.LeftButton)
    command = garden.engine.last(messages.UndoMetadata)
    journal.unlink()
    garden.engine.publish(messages.MetadataUndone(command.request_id, folder, 2, ()))
    assert "2 files are as they were" in said(dialog)
    assert not dialog.result_undo_button.isVisible()
    assert not any(card.isVisible() for card in dialog.findChildren(QFrame, "card"))  # It is empty.


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_labels_stay_with_images_that_are_written_into(
    garden: Desk, dialog: MetadataDialog, folder: Path, is_cancelled: bool
) -> None:
    project = garden.session.project
    assert project is not None
    record, copy = project.images()[0], project.images()[1]
    old, new = b"o" * 16, b"n" * 16
    labelled = next(item for item in project.images() if item.image_id in project.labels())
    other = copy if labelled.image_id != copy.image_id else record
    garden.session.reader.record_contents()  # What was read before is written down.
    project.record_contents({labelled.image_id: old, other.image_id: old})
    project.accept_changed_files()
    number = write(garden, dialog, folder).request_id
    rewritten = messages.RewrittenImage(labelled.name, old, new)
    garden.engine.publish(messages.ImagesRewritten(number, (rewritten,)))
    garden.engine.publish(
        messages.JobCancelled(number) if is_cancelled else written(number, folder)
    )
    assert project.carry_labels(all_known=True) is None  # Not to the copy, which has its bytes.
    assert labelled.image_id in project.labels()
    assert project.accept_changed_files() == []

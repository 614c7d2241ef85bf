"""Watching the folder from the window: what comes is shown, told quietly, and gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import COLOURS, Desk, paint_folder
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.session import arrivals
from engine import messages


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow one another quickly, and notices come soon."""
    monkeypatch.setattr("engine.watching.folder.LOOK_S", 0.05)
    monkeypatch.setattr(arrivals, "_TELL_MS", 10)
    monkeypatch.setattr(arrivals, "_TELL_AGAIN_S", 0.0)


@pytest.fixture
def watching(garden: Desk) -> Desk:
    """The window on twelve images, watching."""
    choose(garden)
    assert garden.window.watch_button.isVisible()
    return garden


def choose(desk: Desk) -> None:
    """Results > Watch This Folder, by its keys in the menu."""
    window = desk.window
    menu = window.actions_.results_menu
    menu.popup(window.mapToGlobal(window.rect().center()))
    desk.qtbot.keyClick(menu, Qt.Key.Key_W)
    menu.close()


def save(folder: Path, name: str, number: int = 1) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 30), COLOURS[number]).save(path)
    return path


def wait_for(desk: Desk, moment: Callable[[], object]) -> None:
    desk.qtbot.waitUntil(lambda: bool(moment()), timeout=20_000)


def has_row(desk: Desk, name: str) -> bool:
    return desk.session.table.row_of_name(name) >= 0


def test_an_image_that_comes_is_shown_embedded_and_told_of(watching: Desk, folder: Path) -> None:
    save(folder, "new/late.png")
    wait_for(watching, lambda: has_row(watching, "new/late.png"))
    assert "new/late.png" in watching.shown()
    wait_for(watching, lambda: "1 new image has come." in watching.notices())
    watching.settle()
    asked = watching.engine.last(messages.EmbedImages)
    assert [image.name for image in asked.images] == ["new/late.png"]
    assert watching.window.watch_button.text() == " Watching: 1 new"
    watching.engine.embed()
    assert watching.session.table.embedded.all()
    for number in range(2):
        save(folder, f"more_{number}.png")
    wait_for(watching, lambda: watching.window.watch_button.text() == " Watching: 3 new")
    assert len(watching.engine.all(messages.ScanFolder)) == 1


def test_what_was_there_is_not_told_and_what_goes_is_hidden(garden: Desk, folder: Path) -> None:
    garden.add_classes("cat")
    garden.click("image_4.png")
    garden.press("1")
    choose(garden)
    watching = garden
    (folder / "image_4.png").unlink()
    wait_for(watching, lambda: "image_4.png" not in watching.shown())
    assert watching.labels_on_disk() == {"image_4.png": "cat"}
    assert watching.session.arrivals.n_come == 0
    assert len(watching.shown()) == 11
    assert watching.notices() == []


def test_watching_is_remembered_for_the_project_until_it_is_stopped(
    watching: Desk, qapp: QApplication, home: Path, folder: Path, tmp_path: Path
) -> None:
    other = paint_folder(tmp_path / "other", 2)
    again = watching.restart(qapp, home)
    assert not again.window.watch_button.isVisible()
    again.open(folder)
    assert again.window.watch_button.isVisible()
    assert again.window.watch_action.isChecked()
    save(folder, "late.png")
    wait_for(again, lambda: has_row(again, "late.png"))
    again.open(other)
    assert not again.window.watch_button.isVisible()
    assert not again.window.watch_action.isChecked()
    again.open(folder)
    again.window.watch_button.stop.trigger()
    assert not again.window.watch_button.isVisible()
    assert not again.window.watch_action.isChecked()
    last = again.restart(qapp, home)
    last.open(folder)
    assert not last.window.watch_button.isVisible()
    last.close()


def test_an_unplugged_folder_is_told_once_and_gone_on_with(watching: Desk, folder: Path) -> None:
    away = folder.rename(folder.with_name("away"))
    wait_for(watching, watching.notices)
    (told,) = watching.notices()
    assert told.startswith(f"The folder {folder} is not there at the moment.")
    assert watching.window.watch_button.text() == " Waiting for the folder"
    assert "The folder is not there" in watching.window.watch_button.accessibleName()
    assert len(watching.shown()) == 12
    save(away, "late.png")
    away.rename(folder)
    wait_for(watching, lambda: len(watching.engine.all(messages.ScanFolder)) == 2)
    watching.engine.finish_scan()
    assert has_row(watching, "late.png")
    assert watching.window.watch_button.text() == " Watching"
    assert watching.notices() == [f"The folder {folder} is back and is watched again.", told]


def test_a_project_whose_folder_is_not_there_waits_for_it(
    watching: Desk, qapp: QApplication, home: Path, folder: Path
) -> None:
    project = watching.session.project
    assert project is not None
    watching.session.close_project()
    kept = (project.path).rename(folder.parent / project.path.name)
    away = folder.rename(folder.with_name("away"))
    watching.preferences.keep_watching(kept, is_on=True)
    watching.window.open(kept)
    assert watching.session.arrivals.is_on
    assert watching.window.watch_button.text() == " Waiting for the folder"
    away.rename(folder)
    wait_for(watching, lambda: len(watching.engine.all(messages.ScanFolder)) == 2)
    watching.engine.finish_scan()
    assert watching.window.watch_button.text() == " Watching"


def test_nothing_is_taken_in_while_files_are_sorted(watching: Desk, folder: Path) -> None:
    task = watching.session.results.undo_sorting(folder)
    assert watching.session.arrivals._watcher is None
    watching.session.arrivals.begin()  # As a scan does.
    assert watching.session.arrivals._watcher is None
    save(folder, "late.png")
    task.abandon()
    wait_for(watching, lambda: has_row(watching, "late.png"))


def test_what_the_program_itself_writes_into_images_is_no_arrival(watching: Desk) -> None:
    task = watching.session.results.undo_metadata()
    assert watching.session.arrivals._watcher is None
    watching.engine.publish(messages.JobCancelled(task._request_id))
    assert watching.session.arrivals._watcher is not None


def test_an_image_that_was_changed_is_looked_at_again_and_not_told_as_new(
    watching: Desk, folder: Path
) -> None:
    picture = Image.new("RGB", (50, 50), COLOURS[0])
    picture.save(folder / "image_3.png")
    wait_for(watching, lambda: not watching.session.table.embedded.all())
    watching.settle()
    asked = watching.engine.last(messages.EmbedImages)
    assert [image.name for image in asked.images] == ["image_3.png"]
    assert watching.session.arrivals.n_come == 0


def test_the_button_can_be_used_by_keys_and_says_what_it_is(watching: Desk) -> None:
    button = watching.window.watch_button
    assert button.focusPolicy() != Qt.FocusPolicy.NoFocus
    assert button.accessibleName().startswith("Watching. New images")
    assert [action.text() for action in button.menu().actions()] == ["Stop Watching This Folder"]


def test_there_is_nothing_to_watch_without_a_folder(desk: Desk) -> None:
    assert not desk.window.watch_action.isEnabled()
    assert "Open a folder first." in desk.window.watch_action.toolTip()

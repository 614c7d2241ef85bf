"""The first minute: the start page, the sample, the hints, what recent projects look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Desk, paint_folder
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.window import opening
from app.window.covers import GAP_PX, N_PICTURES, SIDE_PX, cover_path
from engine import messages


def test_the_sample_is_painted_and_opened(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "sample"
    monkeypatch.setattr(opening, "sample_folder", lambda: folder)
    page = desk.window.start_page
    desk.qtbot.mouseClick(page.sample, Qt.MouseButton.LeftButton)
    command = desk.engine.last(messages.PaintSample)
    assert command.folder == folder
    progress = messages.Progress(command.request_id, "Painting the sample", 3, 150, 20.0, 7.0)
    desk.engine.publish(progress)
    assert "Painting the sample" in desk.window.status_line.work.text()
    assert page.sample.text().strip() == "Painting the Sample…"
    desk.qtbot.mouseClick(page.sample, Qt.MouseButton.LeftButton)
    assert len(desk.engine.all(messages.PaintSample)) == 1  # It is under way already.
    paint_folder(folder, 3)
    desk.engine.publish(messages.SamplePainted(command.request_id, folder))
    desk.engine.finish_scan()
    assert desk.shown() == ["image_1.png", "image_2.png", "image_3.png"]


def test_a_sample_that_cannot_be_painted_is_told(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "sample_folder", lambda: tmp_path / "full")
    desk.window.start_page.sample.click()
    number = desk.engine.last(messages.PaintSample).request_id
    desk.engine.publish(messages.JobFailed(number, "Could not write it: the disk is full.", False))
    assert desk.notices() == ["Could not write it: the disk is full."]
    assert desk.window.start_page.isVisible()


def test_a_folder_opened_meanwhile_is_not_replaced_by_the_sample(
    desk: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "sample_folder", lambda: tmp_path / "sample")
    desk.window.start_page.sample.click()
    number = desk.engine.last(messages.PaintSample).request_id
    desk.open(folder)
    desk.engine.publish(messages.SamplePainted(number, tmp_path / "sample"))
    assert desk.session.project is not None
    assert desk.session.project.folder == folder


def test_three_hints_disappear_by_doing(garden: Desk) -> None:
    panel = garden.classes
    steps = [panel.step.text()]
    garden.add_classes("cat", "dog")
    steps.append(panel.step.text())
    garden.click("image_1.png")
    garden.press("1")
    steps.append(panel.step.text())
    assert steps == ["Step 1 of 3", "Step 2 of 3", "Step 3 of 3"]
    garden.press("2")
    assert not panel.step.isVisible()


def test_a_recent_project_shows_its_pictures(
    make_desk: Callable[[], Desk], folder: Path, home: Path
) -> None:
    desk = make_desk()
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: bool(desk.engine.all(messages.LoadThumbnails)))
    desk.engine.thumbnails()
    desk.qtbot.waitUntil(lambda: desk.window.gallery.thumbnails.used_bytes > 0)
    desk.add_classes("red", "green")
    desk.click("image_5.png")  # Red by its number: 5 % 5 is the first colour.
    desk.press("1")
    desk.window.actions_.close_project.trigger()
    QApplication.processEvents()
    project = folder / f"{folder.name}.handful"
    strip = QImage(str(cover_path(home / "covers", project)))
    assert strip.width() > N_PICTURES * strip.height()
    first = strip.pixelColor(strip.height() // 2, strip.height() - 10)
    assert (first.red() > 150, first.green() < 90) == (True, True)  # The labelled one comes first.
    (button,) = desk.window.start_page.recent_buttons()
    assert button.accessibleName() == folder.name
    pictures = [label.pixmap() for label in button.findChildren(type(desk.window.classes.hint))]
    across = N_PICTURES * (SIDE_PX + GAP_PX) - GAP_PX
    assert any(pixels.width() in (across, strip.width()) for pixels in pictures)


def test_no_pictures_are_no_reason_to_fail(desk: Desk, tmp_path: Path, home: Path) -> None:
    (tmp_path / "empty").mkdir()
    desk.open(tmp_path / "empty")
    desk.window.actions_.close_project.trigger()
    assert not (home / "covers").exists()


def test_enter_presses_the_button_that_has_the_focus(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "sample_folder", lambda: tmp_path / "sample")
    page = desk.window.start_page
    page.sample.setFocus()
    desk.qtbot.keyClick(page.sample, Qt.Key.Key_Return)
    assert len(desk.engine.all(messages.PaintSample)) == 1

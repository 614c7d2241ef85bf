"""Opening, scanning, saving, failing and starting again."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Desk, drop_on, paint_folder
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QApplication, QFileDialog

from app.gallery.arrangement import Show, Sort
from app.look.notices import Remedy
from engine import Project, messages
from engine.messages import ImageId


def urls_of(*paths: Path) -> QMimeData:
    """Paths as a file manager drags them."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


# --- Opening --------------------------------------------------------------------------------------


def test_at_first_there_is_an_invitation(desk: Desk) -> None:
    assert desk.window.start_page.isVisible()
    assert desk.window.start_page.recent_buttons() == []
    assert not desk.window.actions_.save.isEnabled()
    assert desk.window.actions_.save.toolTip() == "Open a folder first."


def test_opening_a_folder_shows_its_images(garden: Desk, folder: Path) -> None:
    assert garden.view.isVisible()
    assert len(garden.shown()) == 12
    assert garden.window.windowTitle() == "garden — Handful"
    assert (folder / "garden.handful").exists()
    assert garden.gallery.thumbnails.pixmap(garden.image("image_1.png")) is not None


def test_choosing_a_folder(desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def choose(*_arguments: object) -> str:
        return str(folder)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    desk.qtbot.mouseClick(desk.window.start_page.open_folder, Qt.MouseButton.LeftButton)
    assert desk.session.project is not None
    assert desk.session.project.folder == folder.resolve()


def test_dropping_a_folder_a_project_or_an_image_opens_it(desk: Desk, folder: Path) -> None:
    other = paint_folder(folder.parent / "meadow", 3)
    Project.create(other / "meadow.handful", other).close()
    for path, name in (
        (folder, "garden"),
        (other / "meadow.handful", "meadow"),
        (folder / "image_3.png", "garden"),
    ):
        assert drop_on(desk.window, QPoint(400, 300), urls_of(path))
        assert desk.session.project is not None
        assert desk.session.project.folder.name == name
    assert not drop_on(desk.window, QPoint(400, 300), QMimeData())


def test_recent_projects_are_offered(make_desk: Callable[[], Desk], folder: Path) -> None:
    first = make_desk()
    first.open(folder)
    first.window.actions_.close_project.trigger()
    (button,) = first.window.start_page.recent_buttons()
    assert button.accessibleName() == "garden"
    first.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert first.session.project is not None
    first.window.actions_._fill_recent_menu()
    assert first.window.actions_.recent_menu.actions()[0].text().startswith("garden")


def test_a_recent_project_that_is_gone_is_taken_off_the_list(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.window.actions_.close_project.trigger()
    shutil.rmtree(folder)
    desk.qtbot.mouseClick(desk.window.start_page.recent_buttons()[0], Qt.MouseButton.LeftButton)
    assert "not there any more" in desk.notices()[0]
    assert desk.window.start_page.recent_buttons() == []


def test_what_cannot_be_opened_is_told_in_one_sentence(desk: Desk, tmp_path: Path) -> None:
    broken = tmp_path / "broken.handful"
    broken.write_bytes(b"not a database at all")
    for path in (broken, tmp_path / "nowhere"):
        desk.window.open(path)
        text, *_ = desk.notices()
        assert str(path) in text
        assert "\n" not in text
    assert desk.window.start_page.isVisible()


def test_an_empty_folder_is_named_with_what_can_be_read(desk: Desk, tmp_path: Path) -> None:
    empty = tmp_path / "holiday"
    empty.mkdir()
    desk.window.open(empty)
    assert desk.window.empty_page.texts()[0] == "Looking for images…"
    desk.engine.finish_scan()
    title, text = desk.window.empty_page.texts()
    assert title == "No images in “holiday”"
    assert "JPEG" in text
    paint_folder(empty, 2)
    desk.window.empty_page.refresh_requested.emit()
    desk.engine.finish_scan()
    assert len(desk.shown()) == 2
    assert desk.view.isVisible()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(desk: Desk, folder: Path) -> None:
    folder.chmod(0o555)
    try:
        desk.open(folder)
        assert "may not write" in desk.notices()[0]
    finally:
        folder.chmod(0o755)


def test_a_read_only_project_is_opened_as_a_copy(
    desk: Desk, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.create(folder / "garden.handful", folder).close()
    allowed = os.access

    def access(path: object, mode: int) -> bool:
        # What a card with its lock on says; as root, chmod would not do.
        return not (mode & os.W_OK and str(path).startswith(str(folder))) and allowed(
            str(path), mode
        )

    monkeypatch.setattr(os, "access", access)
    desk.open(folder)
    assert desk.session.project is not None
    assert desk.session.project.path.parent == home / "projects"
    (text,) = desk.notices()
    assert str(folder) in text
    assert str(desk.session.project.path) in text
    desk.add_classes("cat")
    desk.click("image_1.png")
    desk.press("1")
    assert desk.labels_on_disk() == {"image_1.png": "cat"}


def test_a_folder_that_vanished_can_be_shown_again(
    desk: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "work.handful"
    Project.create(outside, folder).close()
    desk.open(outside)
    desk.add_classes("cat")
    desk.click("image_1.png")
    desk.press("1")
    desk.window.actions_.close_project.trigger()
    moved = folder.rename(tmp_path / "moved")
    desk.window.open(outside)
    (text,) = desk.notices()
    assert "not there any more" in text
    assert desk.window.empty_page.isVisible() or desk.view.isVisible()

    def choose(*_arguments: object) -> str:
        return str(moved)

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    desk.window.notices.remedy_requested.emit(Remedy.FIND_FOLDER)
    desk.engine.finish_scan()
    desk.settle()
    assert desk.state("image_1.png") == "labelled cat"
    assert desk.engine.last(messages.EmbedImages).images[0].path.parent == moved.resolve()


def test_images_that_are_all_missing_can_be_shown_again(
    garden: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden.add_classes("cat")
    garden.click("image_1.png")
    garden.press("1")
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in folder.glob("*.png"):
        path.rename(moved / path.name)
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    page = garden.window.empty_page
    title, text = page.texts()
    assert title == "The images are not in “garden”"
    assert "None of the 12 images" in text
    chosen = [tmp_path / "wrong", moved]
    chosen[0].mkdir()

    def choose(*_arguments: object) -> str:
        return str(chosen.pop(0))

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    garden.qtbot.mouseClick(page.find_images, Qt.MouseButton.LeftButton)
    assert garden.notices() == [
        f"None of the project's images is in {tmp_path / 'wrong'}, so nothing was changed; show "
        "the folder that holds image_1.png."
    ]
    assert garden.session.project is not None
    assert garden.session.project.folder == folder
    garden.qtbot.mouseClick(page.find_images, Qt.MouseButton.LeftButton)
    garden.engine.finish_scan()
    garden.settle()
    assert garden.session.project.folder == moved
    assert len(garden.shown()) == 12
    assert garden.state("image_1.png") == "labelled cat"


def test_a_project_away_from_its_images_says_where_they_were(
    garden: Desk, folder: Path, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    garden.session.close_project()
    shutil.move(folder / "garden.handful", sent / "garden.handful")
    shutil.rmtree(folder)
    garden.window.open(sent / "garden.handful")
    assert garden.notices()[0].startswith(f"The folder {folder} is not there any more.")
    assert garden.session.project is not None
    assert not any(record.missing for record in garden.session.project.images())


def test_a_folder_without_images_is_left_as_it_was(desk: Desk, tmp_path: Path) -> None:
    empty = tmp_path / "holiday"
    empty.mkdir()
    desk.open(empty)
    desk.window.actions_.close_project.trigger()
    assert list(empty.iterdir()) == []
    assert desk.window.start_page.recent_buttons() == []


def test_the_project_is_backed_up_when_it_is_opened(desk: Desk, folder: Path, home: Path) -> None:
    desk.open(folder)
    desk.add_classes("cat")
    desk.window.actions_.close_project.trigger()
    desk.window.open(folder)
    (backup,) = (home / "backups").glob("*.handful")
    assert backup.name.startswith("garden-")


def test_labels_made_while_it_was_read_only_come_back_with_a_word(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.create(folder / "garden.handful", folder)
    project.close()
    allowed = os.access

    def access(path: object, mode: int) -> bool:
        return not (mode & os.W_OK and str(path).startswith(str(folder))) and allowed(
            str(path), mode
        )

    with monkeypatch.context() as locked:
        locked.setattr(os, "access", access)
        desk.open(folder)
        desk.add_classes("cat")
        desk.window.actions_.close_project.trigger()
    desk.window.open(folder)
    assert "is back in it" in desk.notices()[0]
    assert [item.name for item in desk.session.classes] == ["cat"]


def test_a_folder_that_can_be_written_again_goes_on_with_its_project(
    desk: Desk, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = os.access

    def access(path: object, mode: int) -> bool:
        return not (mode & os.W_OK and str(path).startswith(str(folder))) and allowed(
            str(path), mode
        )

    with monkeypatch.context() as locked:
        locked.setattr(os, "access", access)
        desk.open(folder)
        assert "may not write" in desk.notices()[0]
        desk.add_classes("cat")
        desk.window.actions_.close_project.trigger()
    desk.window.open(folder)
    assert [item.name for item in desk.session.classes] == ["cat"]
    assert desk.session.project is not None
    kept = desk.session.project.path
    assert kept.parent == home / "projects"
    assert desk.notices() == [f"The labels of {folder} are kept in {kept}."]


def test_a_vanished_folder_shown_again_leaves_nothing_unreadable(
    desk: Desk, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "work.handful"
    Project.create(outside, folder).close()
    desk.window.open(outside)
    desk.engine.ready()
    desk.engine.finish_scan()
    desk.settle()
    moved = folder.rename(tmp_path / "moved")
    thumbnails = desk.engine.last(messages.LoadThumbnails)
    unreadable = messages.ImageUnreadable(
        thumbnails.request_id, desk.image("image_3.png"), "there is no such file"
    )
    desk.engine.publish(unreadable)
    assert desk.state("image_3.png").startswith("cannot be read")
    forgotten = len(desk.engine.all(messages.ForgetImages))
    desk.session.move_folder(moved)
    assert len(desk.engine.all(messages.ForgetImages)) == forgotten + 1
    assert not desk.state("image_3.png").startswith("cannot be read")
    desk.engine.publish(unreadable)  # Said of the old place; nobody listens.
    desk.engine.finish_scan()
    desk.settle()
    assert not desk.state("image_3.png").startswith("cannot be read")
    last = desk.engine.last(messages.LoadThumbnails)
    assert last.request_id > thumbnails.request_id
    assert {image.path.parent for image in last.images} == {moved.resolve()}


def test_an_image_that_could_be_read_after_all_is_unreadable_no_more(garden: Desk) -> None:
    reader, image = garden.session.reader, garden.image("image_3.png")
    reader.mark_unreadable(image, "input/output error")
    assert garden.state("image_3.png") == "cannot be read: input/output error"
    changed: list[object] = []
    garden.session.rows_changed.connect(changed.append)
    reader.on_read(messages.ImagesEmbedded(1, (image,), (b"a" * 16,)))
    assert not garden.state("image_3.png").startswith("cannot be read")
    assert [list(rows) for rows in changed] == [[garden.session.table.row_of(image)]]  # type: ignore[call-overload]
    assert garden.session.table.reasons == {}


def test_looking_again_tries_unreadable_files_once_more(garden: Desk) -> None:
    garden.session.reader.mark_unreadable(garden.image("image_3.png"), "input/output error")
    garden.window.actions_.refresh.trigger()
    assert not garden.state("image_3.png").startswith("cannot be read")
    assert garden.session.table.reasons == {}


# --- Scanning and embedding -----------------------------------------------------------------------


def test_images_appear_while_the_folder_is_scanned(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    scan = desk.engine.last(messages.ScanFolder)
    desk.engine.publish(
        messages.FilesFound(scan.request_id, (messages.FoundFile("image_2.png", 5, 5),))
    )
    assert desk.shown() == ["image_2.png"]
    desk.engine.publish(
        messages.FilesFound(scan.request_id, (messages.FoundFile("image_1.png", 5, 5),))
    )
    assert desk.shown() == ["image_2.png", "image_1.png"]  # Nothing moves while one looks.
    desk.engine.publish(messages.ScanFinished(scan.request_id, 2, ()))
    assert desk.shown() == ["image_1.png", "image_2.png"]


def test_visible_images_are_embedded_first(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    desk.window.open(folder)
    desk.engine.finish_scan([f"{number:03d}.png" for number in range(300)])
    desk.settle()
    desk.view.scrollToBottom()
    desk.settle()
    desk.window.actions_.refresh.trigger()
    desk.engine.finish_scan([f"{number:03d}.png" for number in range(300)])
    command = desk.engine.last(messages.EmbedImages)
    assert len(command.images) == 300
    n_visible = len(desk.session.reader.visible)
    assert command.images[n_visible - 1].name == "299.png"
    assert command.images[n_visible].name == "000.png"


def test_unreadable_files_say_why_and_do_not_stop_the_rest(desk: Desk, folder: Path) -> None:
    (folder / "image_5.png").write_bytes(b"")
    desk.open(folder)
    assert desk.state("image_5.png") == "cannot be read: the file is empty"
    chip = desk.gallery.head.chips[Show.UNREADABLE]
    assert chip.isVisible()
    desk.qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert desk.shown() == ["image_5.png"]
    tip = desk.gallery.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("image_5.png\nCannot be read: the file is empty\n")
    assert "1 unreadable" in desk.window.status_line.numbers.text()


def test_the_tip_of_an_image_leaves_the_names_of_classes_as_they_are(garden: Desk) -> None:
    garden.add_classes("Red McIntosh")
    garden.click("image_1.png")
    garden.press("1")
    tip = garden.gallery.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("image_1.png\nLabelled Red McIntosh\n")


def test_files_that_vanished_are_hidden_and_come_back_with_their_label(
    garden: Desk, folder: Path
) -> None:
    garden.add_classes("cat")
    garden.click("image_4.png")
    garden.press("1")
    away = (folder / "image_4.png").rename(folder.parent / "image_4.png")
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert "image_4.png" not in garden.shown()
    assert garden.labels_on_disk() == {"image_4.png": "cat"}
    away.rename(folder / "image_4.png")
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert garden.state("image_4.png") == "labelled cat"


def test_labelled_files_that_vanish_or_come_back_are_answered_anew(
    garden: Desk, folder: Path
) -> None:
    garden.add_classes("cat", "dog")
    for name, key in (("image_4.png", "1"), ("image_5.png", "2"), ("image_6.png", "2")):
        garden.click(name)
        garden.press(key)

    def support() -> list[str]:
        return [image.name for image, _ in garden.engine.last(messages.Adapt).support]

    n_asked = len(garden.engine.all(messages.Adapt))
    away = (folder / "image_6.png").rename(folder.parent / "image_6.png")
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert support() == ["image_4.png", "image_5.png"]
    away.rename(folder / "image_6.png")
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert sorted(support()) == ["image_4.png", "image_5.png", "image_6.png"]
    assert len(garden.engine.all(messages.Adapt)) == n_asked + 2
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert len(garden.engine.all(messages.Adapt)) == n_asked + 2  # Nothing has changed.


def test_a_folder_that_could_not_be_read_does_not_lose_its_images(
    garden: Desk, folder: Path
) -> None:
    inner = paint_folder(folder / "inner", 2)
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert len(garden.shown()) == 14
    garden.window.actions_.refresh.trigger()
    scan = garden.engine.last(messages.ScanFolder)
    outer = tuple(
        messages.FoundFile(path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in folder.glob("*.png")
    )
    garden.engine.publish(messages.FilesFound(scan.request_id, outer))
    garden.engine.publish(messages.ScanFinished(scan.request_id, 12, ("inner",)))
    assert len(garden.shown()) == 14
    assert "inner" in garden.notices()[0]
    assert inner.exists()


def test_a_renamed_file_keeps_its_label(garden: Desk, folder: Path) -> None:
    garden.add_classes("cat")
    garden.click("image_4.png")
    garden.press("1")
    garden.qtbot.waitUntil(lambda: not garden.session.reader._record_timer.isActive())
    (folder / "image_4.png").rename(folder / "renamed.png")
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    garden.engine.embed()
    garden.qtbot.waitUntil(lambda: garden.state("renamed.png") == "labelled cat")
    assert garden.labels_on_disk() == {"renamed.png": "cat"}
    assert garden.notices() == ["1 image was moved or renamed; its label came with it."]


def _record(desk: Desk) -> None:
    """Until what the engine has read is written down."""
    desk.qtbot.waitUntil(lambda: not desk.session.reader._record_timer.isActive())


def _look_again(desk: Desk) -> None:
    desk.window.actions_.refresh.trigger()
    desk.engine.finish_scan()
    desk.engine.embed()
    _record(desk)


def test_a_copy_takes_the_label_when_the_original_is_deleted_later(
    garden: Desk, folder: Path
) -> None:
    garden.add_classes("cat")
    garden.click("image_4.png")
    garden.press("1")
    _record(garden)
    shutil.copy(folder / "image_4.png", folder / "copy.png")
    _look_again(garden)
    assert garden.labels_on_disk() == {"image_4.png": "cat"}
    (folder / "image_4.png").unlink()
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert garden.labels_on_disk() == {"copy.png": "cat"}
    assert garden.state("copy.png") == "labelled cat"
    assert garden.notices() == ["1 image was moved or renamed; its label came with it."]
    garden.window.actions_.undo.trigger()
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert garden.labels_on_disk() == {"image_4.png": "cat"}


def test_swapped_files_swap_their_labels(garden: Desk, folder: Path) -> None:
    garden.add_classes("cat", "dog")
    for name, key in (("image_4.png", "1"), ("image_5.png", "2")):
        garden.click(name)
        garden.press(key)
    _record(garden)
    swap = folder / "swap"
    (folder / "image_4.png").rename(swap)
    (folder / "image_5.png").rename(folder / "image_4.png")
    swap.rename(folder / "image_5.png")
    _look_again(garden)
    assert garden.labels_on_disk() == {"image_4.png": "dog", "image_5.png": "cat"}
    assert garden.notices() == ["2 images were moved or renamed; their labels came with them."]


def test_labelled_files_edited_elsewhere_are_told_of_once(garden: Desk, folder: Path) -> None:
    garden.add_classes("cat")
    garden.select("image_2.png", "image_3.png")
    garden.press("1")
    _record(garden)
    for name in ("image_2.png", "image_3.png"):
        with (folder / name).open("ab") as file:
            file.write(b"more")
    _look_again(garden)
    assert garden.labels_on_disk() == {"image_2.png": "cat", "image_3.png": "cat"}
    told = [
        "2 labelled images were changed by another program, image_2.png among them; check that "
        "their labels still fit."
    ]
    assert garden.notices() == told
    garden.window.notices.clear()
    _look_again(garden)
    assert garden.notices() == []


def test_embedding_can_be_stopped_and_gone_on_with(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    desk.engine.ready()
    desk.engine.finish_scan()
    command = desk.engine.last(messages.EmbedImages)
    desk.engine.publish(messages.Progress(command.request_id, "Reading images", 3, 12, 30.0, 0.3))
    line = desk.window.status_line
    assert line.work.text() == "Reading images · 3 / 12 · 30/s · 1 s left"
    desk.engine.embed(command.images[:3])
    desk.qtbot.mouseClick(line.button, Qt.MouseButton.LeftButton)
    assert command.request_id in desk.engine.cancelled()
    desk.engine.publish(messages.JobCancelled(command.request_id))
    assert "Stopped" in line.work.text()
    desk.qtbot.mouseClick(line.button, Qt.MouseButton.LeftButton)
    assert len(desk.engine.last(messages.EmbedImages).images) == 9


def test_labelling_works_before_the_engine_is_ready(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    desk.engine.finish_scan()
    assert desk.window.status_line.engine.text() == "Engine is loading…"
    desk.add_classes("cat")
    desk.click("image_1.png")
    desk.press("1")
    assert desk.labels_on_disk() == {"image_1.png": "cat"}


def test_the_engines_notice_and_failure_are_shown(desk: Desk) -> None:
    desk.engine.ready("A graphics card was found, but its driver is too old.")
    assert desk.window.status_line.engine.text() == "CPU, 2 threads"
    assert desk.notices() == ["A graphics card was found, but its driver is too old."]
    desk.engine.publish(messages.EngineFailed("The encoder file is missing."))
    text = "No predictions: The encoder file is missing."
    assert desk.window.status_line.engine.text() == text
    assert desk.notices()[0] == "The encoder file is missing."


def test_a_failed_job_is_a_sentence_and_work_goes_on(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.click("image_1.png")
    garden.press("1")
    number = garden.engine.last(messages.Adapt).request_id
    garden.engine.publish(messages.JobFailed(number, "Could not read image_1.png.", False))
    assert garden.notices() == ["Could not read image_1.png."]
    close = garden.window.notices._bars[0]._close
    garden.qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert garden.notices() == []
    garden.press("1")
    assert len(garden.labels_on_disk()) == 2


# --- Saving and starting again --------------------------------------------------------------------


def test_a_full_disk_is_told_and_the_tile_shows_what_is_saved(garden: Desk) -> None:
    garden.add_classes("cat")
    connection = garden.session.project._connection  # type: ignore[union-attr]
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    refused = ""
    for round_number in range(60):
        garden.view.selectAll()
        garden.press("1" if round_number % 2 == 0 else Qt.Key.Key_Delete)
        if garden.notices():
            refused = garden.notices()[0]
            break
    assert "the disk is full" in refused
    shown = {
        garden.session.table.image_id(row): label
        for row, label in enumerate(garden.session.table.labels.tolist())
        if label
    }
    assert shown == garden.session.project.labels()  # type: ignore[union-attr]
    text = garden.session.undo_text()
    connection.execute("PRAGMA max_page_count = 1073741823")
    garden.window.actions_.undo.trigger()  # Room was made: the last good edit can be undone.
    assert garden.session.redo_text() == text


def test_a_failed_undo_can_be_tried_again(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.click("image_1.png")
    garden.press("1")
    other = sqlite3.connect(garden.session.project.path, isolation_level=None)  # type: ignore[union-attr]
    garden.session.project._connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[union-attr]
    other.execute("BEGIN IMMEDIATE")
    garden.window.actions_.undo.trigger()
    assert "another program is using it" in garden.notices()[0]
    assert garden.state("image_1.png") == "labelled cat"
    other.execute("ROLLBACK")
    other.close()
    garden.window.actions_.undo.trigger()
    assert garden.labels_on_disk() == {}


def test_everything_is_there_after_a_restart(make_desk: Callable[[], Desk], folder: Path) -> None:
    desk = make_desk()
    desk.open(folder)
    desk.add_classes("cat", "dog")
    desk.click("image_1.png")
    desk.press("1")
    desk.press("2")
    desk.session.recolour_class(desk.session.classes[0].class_id, "#123456")
    desk.gallery.view.clearSelection()
    desk.gallery.filters.choose(Show.LABELLED)
    desk.gallery.head.order.sort.setCurrentIndex(
        desk.gallery.head.order.sort.findData(Sort.UNSURE_FIRST)
    )
    desk.gallery.head.order.sort.activated.emit(2)
    desk.gallery.head.order.slider.setValue(200)
    desk.window.resize(900, 640)
    classes = desk.session.classes
    desk.close()

    again = make_desk()
    again.window.open(folder)
    assert again.session.classes == classes
    assert again.shown() == ["image_1.png", "image_2.png"]  # Before the folder is scanned.
    assert again.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}
    assert again.gallery.model.arrangement.sort is Sort.UNSURE_FIRST
    assert again.gallery.tile_px() == 200
    assert (again.window.width(), again.window.height()) == (900, 640)
    again.engine.finish_scan()
    again.settle()
    assert len(again.engine.last(messages.EmbedImages).images) == 12
    assert len(again.engine.last(messages.Adapt).support) == 2


def test_another_project_leaves_nothing_of_the_first(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.add_classes("cat")
    scan = desk.engine.last(messages.ScanFolder).request_id
    other = paint_folder(folder.parent / "meadow", 2)
    desk.open(other)
    assert desk.engine.all(messages.ForgetImages)
    assert desk.session.classes == ()
    assert desk.session.undo_text() == ""
    desk.engine.publish(messages.FilesFound(scan, (messages.FoundFile("late.png", 1, 1),)))
    assert desk.shown() == ["image_1.png", "image_2.png"]


def test_opening_what_is_open_looks_again_and_keeps_undo(garden: Desk, folder: Path) -> None:
    garden.add_classes("cat")
    paint_folder(folder, 14)
    garden.window.open(folder / "garden.handful")
    garden.engine.finish_scan()
    assert len(garden.shown()) == 14
    assert garden.session.undo_text() == "Add class “cat”"


def test_names_are_shown_as_they_are(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "odd <i>names"
    paint_folder(folder, 1)
    (folder / "image_1.png").rename(folder / "<b>&amp; ü.png")
    desk.open(folder)
    desk.add_classes("<u>x</u>")
    tip = desk.gallery.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;b&gt;&amp;amp; ü.png" in tip
    tip = desk.classes.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;u&gt;x" in tip
    desk.click("<b>&amp; ü.png")
    desk.press("1")
    assert desk.labels_on_disk() == {"<b>&amp; ü.png": "<u>x</u>"}


def test_the_status_line_counts_while_the_folder_is_scanned(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    scan = desk.engine.last(messages.ScanFolder)
    found = tuple(messages.FoundFile(f"{number}.png", 5, 5) for number in range(3))
    desk.engine.publish(messages.FilesFound(scan.request_id, found))
    assert desk.window.status_line.work.text() == "Looking for images · 3 found"


def test_closing_the_window_ends_the_engine(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.window.close()
    assert desk.engine.is_closed
    desk.engine.publish(messages.EngineFailed("too late"))
    QApplication.processEvents()
    assert desk.notices() == []


def test_the_list_of_a_large_folder_is_built_in_small_steps(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    desk.window.open(folder)
    names = [f"{number:06d}.jpg" for number in range(20_000)]
    start = time.perf_counter()
    desk.engine.finish_scan(names)
    desk.settle()
    assert len(desk.shown()) == 20_000
    assert time.perf_counter() - start < 20
    desk.view.scrollToBottom()
    desk.settle()
    assert desk.view.visible_places().stop == 20_000


def test_an_image_that_is_not_in_the_table_is_not_labelled_in_place_of_the_last(
    garden: Desk,
) -> None:
    (cat,) = garden.add_classes("cat")
    session = garden.session
    unknown = ImageId(10_000)
    last = session.table.image_id(session.table.n_rows - 1)
    assert not session.label([unknown], cat.class_id)
    assert session.label([unknown, last], cat.class_id)
    assert not session.label([unknown], None)  # The last one's label is not its own.
    assert not session.label_each({unknown: cat.class_id}, "Label 1 as predicted")
    assert garden.notices() == []
    assert set(garden.labels_on_disk()) == {session.table.names[-1]}

"""A damaged project, one that is open elsewhere, and a folder that goes away, as a person meets
them."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from conftest import Desk, paint_folder
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMessageBox, QPushButton

from app.session import pulse
from engine import Project, messages, project_files, project_lock, project_reading
from engine.jobs.repair import repair_project
from engine.project_recovery import recover
from engine.words import say


def _press(desk: Desk, text: str) -> None:
    buttons = [item for item in desk.window.notices.findChildren(QPushButton)]
    next(item for item in buttons if item.text() == text and not item.isHidden()).click()
    desk.settle()


def _labelled(desk: Desk, folder: Path) -> dict[str, str]:
    desk.open(folder)
    desk.add_classes("cat", "dog")
    desk.select("image_1.png", "image_2.png")
    desk.press("1")
    desk.select("image_3.png")
    desk.press("2")
    desk.settle()
    return desk.labels_on_disk()


def test_a_damaged_project_is_repaired_where_it_is_opened(desk: Desk, folder: Path) -> None:
    labels = _labelled(desk, folder)
    assert len(labels) == 3
    desk.window.actions_.close_project.trigger()
    path = folder / "garden.handful"
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(8192) + content[4096 + 8192 :])
    desk.window.open(folder)
    assert desk.session.project is None
    assert desk.notices()[0].startswith(f"{path} is damaged")

    _repair(desk, path)
    assert desk.session.project is not None
    assert desk.labels_on_disk() == labels
    assert "is repaired; labels in it: 3." in desk.notices()[0]
    assert "Nothing that was labelled is missing." in desk.notices()[0]
    assert (folder / "garden.handful.damaged-1").read_bytes() != content


def _repair(desk: Desk, path: Path) -> None:
    _press(desk, "Repair")
    command = desk.engine.last(messages.RepairProject)
    assert command.path == path
    for event in repair_project(command):
        if event is not None:
            desk.engine.publish(event)
    desk.engine.publish(messages.JobFinished(command.request_id))
    desk.settle()


@pytest.mark.parametrize("what", ["images", "classes", "journal", "labels_by_class"])
def test_a_large_damaged_project_is_told_and_repaired_wherever_that_is_found(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """While it is opened, while it is loaded, or beside the work when it is open already."""
    labels = _labelled(desk, folder)
    desk.window.actions_.close_project.trigger()
    path = folder / "garden.handful"
    with closing(sqlite3.connect(path)) as connection:
        asked = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (what,))
        (page,) = asked.fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))
    monkeypatch.setattr(project_files, "CHECKED_AT_ONCE_BYTES", 0)
    desk.window.open(folder)
    desk.qtbot.waitUntil(lambda: bool(desk.notices()))
    assert desk.notices()[0].startswith(f"{path} is damaged")
    assert (desk.session.project is None) == (what != "labels_by_class")
    _repair(desk, path)
    assert desk.session.project is not None
    assert desk.labels_on_disk() == labels
    assert "is repaired; labels in it: 3." in desk.notices()[0]


@pytest.mark.parametrize("what", ["delete", "merge", "add", "label", "scan"])
def test_damage_that_a_later_question_meets_is_told_and_can_be_repaired(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    labels = _labelled(desk, folder)
    session, path = desk.session, folder / "garden.handful"
    cat, dog = session.classes

    def damaged(*_: object, **__: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    with monkeypatch.context() as context:
        for name in ("labelled_as", "read_classes", "images_named", "labels_of"):
            context.setattr(project_reading, name, damaged)
        match what:
            case "delete":
                session.delete_class(cat.class_id)
            case "merge":
                session.merge_classes(cat.class_id, dog.class_id)
            case "add":
                assert session.add_class("fox") is None
            case "label":
                assert not session.label([desk.image("image_5.png")], cat.class_id)
            case _:
                session.rescan()
                desk.engine.finish_scan()
    assert desk.notices()[0].startswith(f"{path} is damaged")
    _repair(desk, path)
    assert desk.session.project is not None
    assert desk.labels_on_disk() == labels


def test_a_project_that_lost_its_log_has_its_labels_again(
    desk: Desk, folder: Path, tmp_path: Path
) -> None:
    desk.open(folder)
    desk.window.actions_.close_project.trigger()
    path = folder / "garden.handful"
    before = path.read_bytes()
    labels = _labelled(desk, folder)
    desk.window.actions_.close_project.trigger()
    path.write_bytes(before)  # As it was without all that stood in the log.
    desk.open(folder)
    assert desk.labels_on_disk() == labels
    assert f"{path} had lost the last 4 changes" in desk.notices()[0]


def test_a_project_that_is_open_in_another_program_is_not_opened(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_lock, "is_remote", lambda _: True)
    Project.create(folder / "garden.handful", folder).close()
    lock = folder / "garden.handful-lock"
    lock.write_text('{"computer": "attic", "process": 7, "since": "2026-01-01T10:00:00"}')
    desk.window.open(folder)
    assert desk.session.project is None
    assert "is open in another Handful (computer attic, process 7" in desk.notices()[0]
    lock.unlink()
    desk.open(folder)
    assert desk.session.project is not None


def test_a_folder_that_goes_away_is_told_once_and_read_again_when_it_is_back(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "_PAUSE_S", 0.01)
    folder = paint_folder(tmp_path / "card" / "garden", 30)
    desk.open(folder)
    desk.add_classes("cat")
    desk.select("image_1.png")
    desk.press("1")
    desk.settle()
    labels = desk.labels_on_disk()
    told = desk.notices()
    desk.session.rescan()
    desk.engine.finish_scan()
    folder.parent.rename(tmp_path / "pulled")
    number = desk.engine.last(messages.ScanFolder).request_id
    for image in desk.session.table.refs(np.arange(30)):
        event = messages.ImageUnreadable(number, image.image_id, say("it is not there"))
        desk.session.reader.on_read(event)
    desk.qtbot.waitUntil(lambda: len(desk.notices()) > len(told))
    desk.settle()
    assert len(desk.notices()) == len(told) + 1
    assert desk.notices()[0].startswith(f"The folder {folder} cannot be reached at the moment.")
    table = desk.session.table
    assert not table.unreadable.any()
    assert not table.missing.any()

    n_scans = len(desk.engine.all(messages.ScanFolder))
    (tmp_path / "pulled").rename(folder.parent)
    desk.qtbot.waitUntil(lambda: len(desk.engine.all(messages.ScanFolder)) > n_scans)
    desk.engine.finish_scan()
    desk.settle()
    assert f"The folder {folder} is back, and is read again." in desk.notices()
    assert desk.labels_on_disk() == labels
    assert not desk.session.table.missing.any()


def test_a_scan_on_whose_way_the_folder_went_away_tells_that_alone(
    desk: Desk, tmp_path: Path
) -> None:
    folder = paint_folder(tmp_path / "garden", 12)
    desk.open(folder)
    desk.session.rescan()
    scan = desk.engine.last(messages.ScanFolder)
    folder.rename(tmp_path / "pulled")
    desk.engine.publish(messages.JobFailed(scan.request_id, say("There is no folder."), False))
    desk.qtbot.waitUntil(lambda: bool(desk.notices()))
    assert [text[:10] for text in desk.notices()] == ["The folder"]
    assert "cannot be reached" in desk.notices()[0]
    assert not desk.session.table.missing.any()
    desk.window.actions_.close_project.trigger()


def test_an_empty_place_where_a_card_was_makes_no_image_missing(desk: Desk, tmp_path: Path) -> None:
    folder = paint_folder(tmp_path / "garden", 12)
    desk.open(folder)
    folder.rename(tmp_path / "pulled")
    folder.mkdir()
    desk.session.rescan()
    desk.engine.finish_scan()
    desk.qtbot.waitUntil(lambda: "cannot be reached" in " ".join(desk.notices()))
    assert not desk.session.table.missing.any()
    desk.window.actions_.close_project.trigger()


def test_some_broken_files_in_a_folder_that_is_there_are_just_that(
    desk: Desk, tmp_path: Path
) -> None:
    folder = paint_folder(tmp_path / "garden", 12)
    for number in range(1, 7):
        (folder / f"image_{number}.png").write_bytes(b"")
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: desk.session.reader._pulse._thread is None)
    assert int(desk.session.table.unreadable.sum()) == 6
    assert not desk.notices()


class Mount:
    """A drive that answers when it is let; until then whoever asks waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.goes_on = threading.Event()
        self.is_dead = False
        self.n_waiting = 0
        for module, name in ((pulse, "is_folder_there"), (os.path, "isdir"), (os.path, "exists")):
            monkeypatch.setattr(module, name, self._slow(getattr(module, name)))
        monkeypatch.setattr(pulse, "_AT_ONCE_S", 0.01)
        monkeypatch.setattr(pulse, "_PAUSE_S", 0.01)
        monkeypatch.setattr(pulse, "_LIMIT_MS", 100)

    def _slow(self, question: Callable[..., bool]) -> Callable[..., bool]:
        def ask(*given: object) -> bool:
            name = threading.current_thread().name
            if self.is_dead and name in ("handful-asking", "handful-pulse"):
                self.n_waiting += 1
                assert self.goes_on.wait(30)
            return question(*given)

        return ask


@pytest.fixture
def mount(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mount]:
    made = Mount(monkeypatch)
    yield made
    made.goes_on.set()
    for thread in threading.enumerate():
        if thread.name in ("handful-asking", "handful-pulse"):
            thread.join(5)


@pytest.mark.parametrize("how", ["scan", "failure"])
def test_a_drive_that_does_not_answer_holds_nothing_up_and_is_told(
    desk: Desk, tmp_path: Path, mount: Mount, how: str
) -> None:
    folder = paint_folder(tmp_path / "garden", 12)
    desk.open(folder)
    desk.session.rescan()
    scan = desk.engine.last(messages.ScanFolder)
    mount.is_dead = True
    if how == "scan":
        desk.engine.publish(messages.ScanFinished(scan.request_id, 0, ()))
    else:
        desk.engine.publish(messages.JobFailed(scan.request_id, say("Nothing is there."), False))
    assert mount.n_waiting == 1
    assert not desk.notices()  # And the window goes on, meanwhile.
    desk.qtbot.waitUntil(lambda: bool(desk.notices()))
    assert desk.notices()[0].startswith(f"The folder {folder} cannot be reached at the moment.")
    assert not desk.session.table.missing.any()
    n_scans = len(desk.engine.all(messages.ScanFolder))
    mount.is_dead = False
    mount.goes_on.set()
    desk.qtbot.waitUntil(lambda: len(desk.engine.all(messages.ScanFolder)) > n_scans)
    assert len(desk.notices()) == 2
    desk.window.actions_.close_project.trigger()


def test_a_folder_that_does_not_answer_is_not_opened_and_told(
    desk: Desk, tmp_path: Path, mount: Mount
) -> None:
    folder = paint_folder(tmp_path / "garden", 12)
    mount.is_dead = True
    painted: list[None] = []
    QTimer.singleShot(20, lambda: painted.append(None))
    desk.window.open(folder)
    assert painted  # The event loop went on.
    assert desk.session.project is None
    assert desk.notices() == [f"{folder} cannot be reached: its drive does not answer."]
    mount.is_dead = False
    desk.open(folder)
    assert desk.session.table.n_rows == 12


def test_images_on_a_drive_that_does_not_answer_are_told_of_and_not_scanned(
    desk: Desk, tmp_path: Path, mount: Mount
) -> None:
    folder = paint_folder(tmp_path / "garden", 12)
    desk.open(folder)
    n_scans = len(desk.engine.all(messages.ScanFolder))
    mount.is_dead = True
    desk.session.rescan()
    assert len(desk.engine.all(messages.ScanFolder)) == n_scans
    desk.qtbot.waitUntil(lambda: bool(desk.notices()))
    assert desk.notices()[0].startswith(f"The folder {folder} is not there any more.")
    assert not desk.session.is_folder_there
    mount.is_dead = False
    desk.session.rescan()
    assert len(desk.engine.all(messages.ScanFolder)) == n_scans + 1
    assert desk.session.is_folder_there


# --- A project that is deleted while it is open ---------------------------------------------------


def _asked(desk: Desk) -> QMessageBox:
    box = desk.window.leaving.box
    assert box is not None
    assert box.isVisible()
    return box


def _answer(desk: Desk, text: str) -> None:
    buttons = _asked(desk).buttons()
    desk.qtbot.mouseClick(
        next(item for item in buttons if item.text() == text), Qt.MouseButton.LeftButton
    )
    desk.qtbot.waitUntil(lambda: desk.window.leaving.box is None)


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("way", ["window", "project", "another"])
def test_what_becomes_of_a_deleted_project_is_asked(
    desk: Desk, folder: Path, tmp_path: Path, way: str
) -> None:
    labels, path = _labelled(desk, folder), folder / "garden.handful"
    (tmp_path / "other").mkdir()

    def leave() -> None:
        match way:
            case "window":
                desk.window.close()
            case "project":
                desk.window.actions_.close_project.trigger()
            case _:
                desk.window.open(tmp_path / "other")

    path.unlink()
    leave()
    assert str(path) in _asked(desk).informativeText()
    _answer(desk, "Cancel")
    project = desk.session.project
    assert project is not None
    assert project.path == path
    assert not path.exists()
    leave()
    _answer(desk, "Leave It Deleted")
    desk.qtbot.waitUntil(lambda: desk.session.project is not project)
    assert not list(folder.glob("garden.handful*"))
    assert path not in desk.preferences.recent()
    # It is gone from where it was, and nothing that was labelled is lost.
    backups = desk.session._backup_folder
    assert recover(path, backups).n_labels == len(labels) == 3


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
def test_a_deleted_project_is_written_again_where_that_is_wanted(desk: Desk, folder: Path) -> None:
    labels, path = _labelled(desk, folder), folder / "garden.handful"
    path.unlink()
    desk.window.actions_.close_project.trigger()
    _answer(desk, "Write It Again")
    assert desk.session.project is None
    with closing(Project.open(path)) as again:
        assert len(again.labels()) == len(labels)


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
def test_what_cannot_be_written_again_is_told_and_stays_open(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels, path = _labelled(desk, folder), folder / "garden.handful"
    path.unlink()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    with monkeypatch.context() as broken:
        broken.setattr("engine.project.write_again", refuse)
        desk.window.close()
        asked = _asked(desk)
        next(item for item in asked.buttons() if item.text() == "Write It Again").click()
        box = _asked(desk)
        assert box is not asked
        assert "stays open" in box.text()
        assert "read-only" in box.informativeText()
        box.button(QMessageBox.StandardButton.Ok).click()
        desk.qtbot.waitUntil(lambda: desk.window.leaving.box is None)
    assert desk.window.isVisible()
    assert desk.session.project is not None
    desk.window.close()
    _answer(desk, "Write It Again")
    with closing(Project.open(path)) as again:
        assert len(again.labels()) == len(labels)


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("content", [b"", b"no project at all" * 1000])
@pytest.mark.parametrize("answer", ["Write It Again", "Leave It Deleted"])
def test_an_answer_holds_only_for_what_it_was_given_to(
    desk: Desk, folder: Path, tmp_path: Path, content: bytes, answer: str
) -> None:
    labels, path = _labelled(desk, folder), folder / "garden.handful"
    other = tmp_path / "other.handful"
    if content:
        other.write_bytes(content)
    path.unlink()
    desk.window.open(other)
    _answer(desk, "Leave It Deleted")
    assert str(other) in desk.notices()[0]
    project = desk.session.project
    assert project is not None  # What was to be opened cannot be.
    assert not project._stays_deleted
    desk.window.close()
    _answer(desk, answer)
    assert desk.session.project is None
    assert path.exists() is (answer == "Write It Again")
    if path.exists():
        with closing(Project.open(path)) as again:
            assert len(again.labels()) == len(labels)


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("answer", ["Write It Again", "Leave It Deleted"])
@pytest.mark.parametrize("what", ["folder", "image"])
def test_a_deleted_project_is_left_before_its_folder_is_opened_again(
    desk: Desk, folder: Path, answer: str, what: str
) -> None:
    labels, path = _labelled(desk, folder), folder / "garden.handful"
    path.unlink()
    before = desk.session.project
    desk.window.open(folder if what == "folder" else folder / "image_1.png")
    _answer(desk, answer)
    project = desk.session.project
    assert project is not None
    assert (project is before) is (answer == "Write It Again")  # It is there again before.
    assert project.path == path
    assert len(project.labels()) == (len(labels) if answer == "Write It Again" else 0)
    assert [item.name for item in folder.glob("*.handful")] == [path.name]
    assert not any("another program" in text for text in desk.notices())
    desk.window.actions_.close_project.trigger()
    backups = desk.session._backup_folder
    path.unlink(missing_ok=True)
    assert recover(path, backups).n_labels == len(labels) == 3


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
def test_nothing_is_asked_of_a_drive_that_does_not_answer(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _labelled(desk, folder)
    project, answers_now = desk.session.project, threading.Event()
    assert project is not None
    (folder / "garden.handful").unlink()
    with monkeypatch.context() as context:
        context.setattr(pulse, "_AT_ONCE_S", 0.0)
        context.setattr(pulse, "_LIMIT_MS", 50)
        context.setattr(pulse, "_says_anything", lambda _: answers_now.wait(30))
        assert not desk.window.leaving.asks("Leave", [], project, lambda: None)
        answers_now.set()
    assert desk.window.leaving.asks("Leave", [], project, lambda: None)
    _answer(desk, "Cancel")


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("how", ["trash", "label", "nothing"])
def test_nothing_is_asked_where_nothing_is_in_doubt(
    desk: Desk, folder: Path, tmp_path: Path, how: str
) -> None:
    path = folder / "garden.handful"
    if how == "nothing":
        folder = tmp_path / "empty"
        folder.mkdir()
        desk.open(folder)
        path = folder / "empty.handful"
        path.unlink()
    else:
        _labelled(desk, folder)
    if how == "trash":
        path.rename(tmp_path / "garden.handful")
    if how == "label":  # It is the person's who goes on with it, and is told at once.
        path.unlink()
        desk.select("image_4.png")
        desk.press("2")
        desk.qtbot.waitUntil(lambda: bool(desk.notices()))
        assert f"{path} was deleted or renamed while it was open; it was" in desk.notices()[0]
    desk.window.actions_.close_project.trigger()
    assert desk.window.leaving.box is None
    assert desk.session.project is None
    assert path.exists() is (how == "label")

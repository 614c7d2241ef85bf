"""Long work: all of it is listed, can be stopped, and neither its end nor its loss goes untold."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from conftest import Desk
from PySide6.QtCore import SLOT, QObject, Qt, Slot
from PySide6.QtDBus import QDBusConnection, QDBusMessage
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.session.works import Outcome, Rank, Work, Works
from app.window.desktop import LinuxDesktop, WorkTeller
from app.window.work_list import WorkList
from engine import messages
from engine.messages import Effort


@pytest.fixture
def working(garden: Desk, folder: Path) -> Desk:
    """The model is being exported, and the folder, which has a new image, is read again."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.window.actions_.export.trigger()
    dialog = garden.window.export_dialog
    garden.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    shutil.copy(folder / "image_1.png", folder / "image_13.png")
    garden.window.actions_.refresh.trigger()
    return garden


def export_number(desk: Desk) -> int:
    return desk.engine.last(messages.ExportModel).request_id


def open_list(desk: Desk) -> WorkList:
    desk.qtbot.mouseClick(desk.window.status_line.all_work, Qt.MouseButton.LeftButton)
    shown = desk.window.status_line.all_work.list_shown()
    assert shown is not None
    return shown


def told_rows(shown: WorkList) -> list[tuple[str, str]]:
    return [(row.title.text(), row.words.text()) for row in shown.rows()]


def question(desk: Desk) -> QMessageBox:
    (box,) = desk.window.findChildren(QMessageBox)
    assert box.isVisible()
    return box


def answer(desk: Desk, box: QMessageBox, text: str) -> None:
    (button,) = [item for item in box.findChildren(QPushButton) if item.text() == text]
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


# --- What is under way ----------------------------------------------------------------------------


def test_each_piece_of_work_has_its_own_line_and_its_own_stop(working: Desk) -> None:
    number = export_number(working)
    working.engine.publish(messages.Progress(number, "Checking the file", 5, 35, 20.0, 1.5))
    line = working.window.status_line
    assert line.work.text() == "Checking the file · 5 / 35 · 20/s · 2 s left"
    assert line.all_work.isVisible()
    assert line.all_work.accessibleName() == "Show all 2 things under way"
    shown = open_list(working)
    assert told_rows(shown) == [
        ("Exporting the model", "Checking the file · 5 / 35 · 20/s · 2 s left"),
        ("Looking for images · 0 found", "Looking for images · 0 found"),
    ]
    rows = shown.rows()
    assert rows[0].button.accessibleName() == "Exporting the model: Cancel this"
    assert not rows[1].button.isEnabled()  # It takes a moment only and cannot be stopped.
    working.qtbot.mouseClick(rows[0].button, Qt.MouseButton.LeftButton)
    assert number in working.engine.cancelled()
    assert rows[0].words.text() == "Cancelling…"
    assert not rows[0].button.isEnabled()
    working.engine.answer_cancel()
    assert [row.title.text() for row in shown.rows()] == ["Looking for images · 0 found"]
    working.engine.finish_scan()
    working.engine.embed()
    working.qtbot.waitUntil(lambda: not working.session.works.running)
    working.qtbot.waitUntil(lambda: not shiboken6.isValid(shown))  # Nothing is left to list.
    assert not line.all_work.isVisible()


def test_the_list_is_left_by_escape_and_opened_by_key(working: Desk) -> None:
    button = working.window.status_line.all_work
    button.setFocus()
    working.qtbot.keyClick(button, Qt.Key.Key_Space)
    shown = button.list_shown()
    assert shown is not None
    working.qtbot.keyClick(shown, Qt.Key.Key_Escape)
    working.qtbot.waitUntil(lambda: button.list_shown() is None)


def test_reading_is_paused_and_gone_on_with_from_the_list(working: Desk) -> None:
    working.engine.finish_scan()
    command = working.engine.last(messages.EmbedImages)
    working.engine.publish(messages.Progress(command.request_id, "Reading images", 0, 1, 3.0, 3))
    shown = open_list(working)
    row = shown.rows()[1]
    assert row.title.text() == "Reading images"
    working.qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    working.engine.publish(messages.JobCancelled(command.request_id))
    assert row.words.text() == "Paused"
    assert row.button.accessibleName() == "Reading images: Go on"
    working.qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert working.engine.last(messages.EmbedImages).request_id > command.request_id
    shown.close()


def test_the_thorough_effort_is_listed_behind_what_a_person_waits_for(working: Desk) -> None:
    working.engine.finish_scan()
    n_asked = len(working.engine.all(messages.Adapt))
    working.engine.embed()
    # The new image moves the folder's mean.
    working.qtbot.waitUntil(lambda: len(working.engine.all(messages.Adapt)) > n_asked)
    cat, dog = (item.class_id for item in working.session.classes)
    working.engine.predict({working.image("image_9.png"): [(cat, 0.8), (dog, 0.2)]}, accuracy=0.8)

    def is_thorough() -> bool:
        return working.engine.last(messages.Adapt).effort is Effort.THOROUGH

    working.qtbot.waitUntil(is_thorough)
    assert working.session.works.first is not None
    assert working.session.works.first.title == "Exporting the model"
    shown = open_list(working)
    row = shown.rows()[-1]
    assert row.title.text() == "Thorough effort"
    working.qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    assert working.engine.last(messages.Adapt).request_id in working.engine.cancelled()
    assert "Thorough effort" not in dict(told_rows(shown))
    shown.close()


# --- Closing --------------------------------------------------------------------------------------


def test_closing_during_an_export_asks_once_and_says_what_is_lost(working: Desk) -> None:
    working.window.close()
    assert working.window.isVisible()
    box = question(working)
    assert "garden-model.onnx is not written to its end" in box.informativeText()
    assert "labels are all saved" in box.informativeText()
    working.window.close()  # A second click on the cross asks no second time.
    assert question(working) is box
    answer(working, box, "Keep Working")
    working.qtbot.waitUntil(lambda: not working.window.findChildren(QMessageBox))
    assert not working.engine.is_closed
    assert export_number(working) not in working.engine.cancelled()
    working.window.close()
    answer(working, question(working), "Leave Anyway")
    working.qtbot.waitUntil(lambda: working.engine.is_closed)
    assert not working.window.isVisible()


def test_closing_the_project_asks_for_what_ends_with_it(working: Desk, tmp_path: Path) -> None:
    close = working.window.actions_.close_project
    close.trigger()
    box = question(working)
    assert "garden-model.onnx is not written to its end" in box.informativeText()
    answer(working, box, "Keep Working")
    working.qtbot.waitUntil(lambda: not working.window.findChildren(QMessageBox))
    assert working.session.project is not None
    assert export_number(working) not in working.engine.cancelled()
    (tmp_path / "other").mkdir()
    working.window.open(tmp_path / "other")
    answer(working, question(working), "Leave Anyway")
    working.qtbot.waitUntil(lambda: not working.window.findChildren(QMessageBox))
    assert working.session.project is not None
    assert working.session.project.folder == tmp_path / "other"
    close.trigger()
    assert working.session.project is None


def test_closing_asks_nothing_where_nothing_would_be_lost(garden: Desk) -> None:
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    assert garden.session.works.running == ()
    garden.window.close()
    assert garden.engine.is_closed


@pytest.mark.parametrize(("seconds_left", "asks"), [(3.0, False), (600.0, True)])
def test_reading_is_worth_a_question_only_where_much_is_left(
    desk: Desk, folder: Path, seconds_left: float, asks: bool
) -> None:
    desk.window.open(folder)
    desk.engine.ready()
    desk.engine.finish_scan()
    number = desk.engine.last(messages.EmbedImages).request_id
    desk.engine.publish(messages.Progress(number, "Reading images", 3, 12, 3.0, seconds_left))
    desk.window.close()
    assert desk.window.isVisible() is asks
    if asks:
        assert "reading goes on when you open the folder" in question(desk).informativeText()


# --- The desktop ----------------------------------------------------------------------------------


class FakeDesktop:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, str]] = []
        self.fractions: list[float | None] = []

    def notify(self, title: str, text: str) -> None:
        self.messages.append((title, text))

    def show_progress(self, fraction: float | None) -> None:
        self.fractions.append(fraction)


@pytest.fixture
def everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.session.works.LONG_S", 0.0)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[QWidget]:
    """A window that is not looked at: another one is in front."""
    window, other = QWidget(), QWidget()
    window.setWindowTitle("garden — Handful")
    window.show()
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: other.isActiveWindow() and not window.isActiveWindow())
    yield window
    for widget in (window, other):
        widget.close()
        widget.deleteLater()


@pytest.mark.usefixtures("everything_is_long")
def test_the_end_of_long_work_is_told_where_the_window_is_not_looked_at(
    window: QWidget, qtbot: QtBot
) -> None:
    works, desktop = Works(), FakeDesktop()
    teller = WorkTeller(works, window, desktop)
    works.begin(Work("Exporting the model")).end(Outcome.DONE)
    works.begin(Work("Exporting the model")).end(Outcome.FAILED, "The disk is full.")
    works.begin(Work("Exporting the model")).end(Outcome.STOPPED)  # They stopped it themselves.
    works.begin(Work("Thorough effort", rank=Rank.BEHIND)).end(Outcome.DONE)
    assert desktop.messages == [
        ("garden — Handful", "Exporting the model: finished."),
        ("garden — Handful", "The disk is full."),
    ]
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    works.begin(Work("Exporting the model")).end(Outcome.DONE)
    assert len(desktop.messages) == 2  # It is before their eyes.
    teller.stop()


def test_the_end_of_short_work_is_no_message(window: QWidget) -> None:
    works, desktop = Works(), FakeDesktop()
    teller = WorkTeller(works, window, desktop)
    works.begin(Work("Saving the predictions")).end(Outcome.DONE)
    assert desktop.messages == []
    teller.stop()


@pytest.mark.usefixtures("everything_is_long")
def test_the_task_bar_shows_how_far_it_is_and_is_cleared(window: QWidget, qtbot: QtBot) -> None:
    works, desktop = Works(), FakeDesktop()
    teller = WorkTeller(works, window, desktop)
    work = works.begin(Work("Exporting the model"))
    work.show(messages.Progress(1, "", 3, 12, 0.0, 0.0))
    qtbot.waitUntil(lambda: desktop.fractions == [0.25])
    work.end(Outcome.DONE)
    qtbot.waitUntil(lambda: desktop.fractions == [0.25, None])
    teller.stop()


class Bus(QObject):
    """Hears what is sent on a bus."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[QDBusMessage] = []

    @Slot(QDBusMessage)
    def hear(self, message: QDBusMessage) -> None:
        self.heard.append(message)


@pytest.fixture
def bus_address() -> Iterator[str]:
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("there is no dbus-daemon")
    process = subprocess.Popen(
        [daemon, "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def test_a_real_bus_carries_progress_and_the_message(bus_address: str, qtbot: QtBot) -> None:
    mine = QDBusConnection.connectToBus(bus_address, "handful-test")
    theirs = QDBusConnection.connectToBus(bus_address, "desktop-test")
    bus, otherwise = Bus(), FakeDesktop()
    desktop = LinuxDesktop(mine, otherwise)
    desktop.notify("garden", "Exporting the model: finished.")
    assert otherwise.messages  # There is no portal yet.
    launcher = "com.canonical.Unity.LauncherEntry"
    assert theirs.connect("", "/handful", launcher, "Update", bus, SLOT("hear(QDBusMessage)"))
    # What Qt asks the bus for to connect is on its way only; an answer that comes after it is not.
    assert theirs.interface().isServiceRegistered("org.freedesktop.DBus").value()
    desktop.show_progress(0.25)
    qtbot.waitUntil(lambda: len(bus.heard) == 1)
    assert bus.heard[0].signature() == "sa{sv}"
    assert bus.heard[0].arguments()[0] == "application://handful.desktop"
    assert theirs.registerService("org.freedesktop.portal.Desktop")

    class Portal(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[tuple[str, dict[str, str]]] = []

        @Slot(str, "QVariantMap")
        def AddNotification(self, number: str, shown: dict[str, str]) -> None:
            self.asked.append((number, shown))

    portal = Portal()
    place = "/org/freedesktop/portal/desktop"
    theirs.registerObject(
        place,
        "org.freedesktop.portal.Notification",
        portal,
        QDBusConnection.RegisterOption.ExportAllSlots,
    )
    desktop.notify("garden", "Exporting the model: finished.")
    qtbot.waitUntil(lambda: len(portal.asked) == 1)
    assert portal.asked[0][1] == {"title": "garden", "body": "Exporting the model: finished."}
    assert len(otherwise.messages) == 1
    theirs.unregisterObject(place)
    for name in ("handful-test", "desktop-test"):
        QDBusConnection.disconnectFromBus(name)


# --- Groups ---------------------------------------------------------------------------------------


def test_the_search_for_groups_is_listed_and_can_be_stopped(garden: Desk) -> None:
    engine, line = garden.engine, garden.window.status_line
    garden.qtbot.waitUntil(lambda: bool(engine.all(messages.FindGroups)))
    number = engine.last(messages.FindGroups).request_id
    assert not garden.session.works.running  # A small folder takes no time worth a line.
    engine.publish(messages.Progress(number, "Looking for alike images", 40, 100, 0.0, 0.0))
    (work,) = garden.session.works.running
    assert work.title == "Looking for alike images"
    assert line.work.text().startswith("Looking for alike images · 40 / 100")
    garden.qtbot.mouseClick(line.button, Qt.MouseButton.LeftButton)
    assert number in engine.cancelled()
    engine.publish(messages.JobCancelled(number))
    assert not garden.session.works.running
    garden.session.likeness.find_soon()  # Nobody wants it now …
    assert not garden.session.likeness._groups.is_settling
    garden.window.actions_.group_similar.trigger()  # … until it is asked for.
    garden.qtbot.waitUntil(lambda: len(engine.all(messages.FindGroups)) == 2)

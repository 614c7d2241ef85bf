"""Notices: over the page and not in its way, read and gone, or there until they are closed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Desk, paint_folder
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QFont
from PySide6.QtWidgets import QApplication, QPushButton, QSplitter, QToolButton, QWidget

from app.look import notices as notices_module
from app.look.notices import Notice, NoticeBars, Remedy, Severity

TOLD = Notice("Something was done.", Severity.INFORMATION)
ERROR = Notice("Could not read image_1.png.")


@pytest.fixture(params=[1.0, 1.5])
def text_size(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[float]:
    """How large the system's text is, in times of what is usual; set before there is a window."""
    before = QFont(qapp.font())
    larger = QFont(before)
    larger.setPointSizeF(request.param * before.pointSizeF())
    qapp.setFont(larger)
    yield request.param
    qapp.setFont(before)


@pytest.fixture
def bars(garden: Desk) -> NoticeBars:
    """The notices of a window that a person looks at, none there yet."""
    garden.qtbot.waitUntil(garden.window.isActiveWindow)
    garden.window.notices.clear()
    garden.view.setFocus()
    return garden.window.notices


@pytest.fixture
def quick(bars: NoticeBars, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody needs long to read; from then on."""
    monkeypatch.setattr(notices_module, "_LEAST_MS", 30)
    monkeypatch.setattr(notices_module, "_MS_A_CHAR", 0)


def button_of(bars: NoticeBars, text: str) -> QPushButton:
    found = [item for item in bars.findChildren(QPushButton) if item.text() == text]
    (button,) = [item for item in found if item.isVisible()]
    return button


def close_of(bars: NoticeBars) -> QToolButton:
    return next(item for item in bars.findChildren(QToolButton) if item.isVisible())


def test_nothing_moves_for_a_notice(bars: NoticeBars, garden: Desk) -> None:
    before = garden.view.mapTo(garden.window, garden.centre_of("image_1.png"))
    bars.add(ERROR)
    QApplication.processEvents()
    assert bars.isVisible()
    assert garden.view.mapTo(garden.window, garden.centre_of("image_1.png")) == before
    pages = garden.window.pages
    place = pages.mapFromGlobal(bars.mapToGlobal(QPoint(0, 0)))
    assert pages.rect().contains(place)
    assert place.y() > pages.height() / 2  # At the lower edge.


def test_it_keeps_off_the_buttons_at_the_foot_of_a_page(bars: NoticeBars, garden: Desk) -> None:
    bars.add(ERROR)
    garden.window.pages.show_review()
    garden.settle()
    strip = garden.window.pages.review.strip
    assert strip.isVisible()
    lower = bars.mapToGlobal(QPoint(0, bars.height())).y()
    assert lower <= strip.mapToGlobal(QPoint(0, 0)).y()


@pytest.mark.parametrize("size", [(900, 560), (1600, 1000)])
def test_it_stays_inside_the_window(
    text_size: float, bars: NoticeBars, garden: Desk, size: tuple[int, int]
) -> None:
    bars.add(Notice("A long sentence about what happened here. " * 8))
    garden.window.resize(*size)
    garden.qtbot.waitUntil(lambda: garden.window.width() == size[0])
    QApplication.processEvents()
    pages = garden.window.pages
    corner = pages.mapFromGlobal(bars.mapToGlobal(QPoint(0, 0)))
    assert pages.rect().contains(corner)
    assert pages.rect().contains(corner + QPoint(bars.width() - 1, bars.height() - 1))


@pytest.mark.usefixtures("quick")
def test_information_leaves_by_itself_and_errors_stay(bars: NoticeBars, garden: Desk) -> None:
    question = Notice("Fine-tuning is done.", Severity.INFORMATION, Remedy.FINETUNE)
    bars.add(question)
    bars.add(ERROR)
    bars.add(TOLD)
    bars.add(Notice("Deleted.", Severity.INFORMATION, Remedy.UNDO))
    garden.qtbot.waitUntil(lambda: len(bars.notices()) == 2)
    assert bars.notices() == [ERROR, question]
    assert not bars._leaving.isActive()


def test_longer_text_stays_longer(bars: NoticeBars) -> None:
    bars.add(TOLD)
    short_ms = bars._leaving.interval()
    bars.add(Notice("A sentence that takes a while to read. " * 5, Severity.INFORMATION))
    assert bars._leaving.interval() > 2 * short_ms


def test_it_stays_while_the_mouse_or_the_focus_is_on_it(
    bars: NoticeBars, garden: Desk, request: pytest.FixtureRequest
) -> None:
    bars.add(TOLD)
    close = close_of(bars)
    close.setFocus()
    assert not bars._leaving.isActive()
    garden.view.setFocus()
    assert bars._leaving.isActive()
    garden.qtbot.mouseMove(close)
    garden.qtbot.waitUntil(lambda: not bars._leaving.isActive())
    assert bars.notices() == [TOLD]
    request.getfixturevalue("quick")  # Not before: a slow computer would be later than the notice.
    garden.qtbot.mouseMove(garden.window.menuBar())
    garden.qtbot.waitUntil(lambda: bars.notices() == [])


@pytest.mark.usefixtures("quick")
def test_it_waits_until_the_window_is_looked_at(bars: NoticeBars, garden: Desk) -> None:
    garden.window.dialogs.settings.begin()
    garden.window.dialogs.settings.activateWindow()
    garden.qtbot.waitUntil(garden.window.dialogs.settings.isActiveWindow)
    bars.add(TOLD)
    assert not bars._leaving.isActive()
    garden.window.dialogs.settings.close()
    garden.window.activateWindow()
    garden.qtbot.waitUntil(lambda: bars.notices() == [])


def test_several_are_folded_into_one_with_a_count(bars: NoticeBars, garden: Desk) -> None:
    for number in range(6):
        bars.add(Notice(f"Could not read image_{number}.png."))
    shown = [bar for bar in bars._bars if bar.isVisible()]
    assert [bar.notice.text for bar in shown] == ["Could not read image_5.png."]
    garden.qtbot.mouseClick(button_of(bars, "5 More"), Qt.MouseButton.LeftButton)
    assert sum(bar.isVisible() for bar in bars._bars) == 4
    garden.qtbot.mouseClick(button_of(bars, "Show Less"), Qt.MouseButton.LeftButton)
    assert sum(bar.isVisible() for bar in bars._bars) == 1
    for left in range(5, -1, -1):  # Each that is closed shows the one under it.
        garden.qtbot.mouseClick(close_of(bars), Qt.MouseButton.LeftButton)
        assert len(bars.notices()) == left
    assert not bars.isVisible()
    assert garden.view.hasFocus()  # A click on a notice has not taken it.


def test_the_same_again_is_counted(bars: NoticeBars) -> None:
    for _ in range(3):
        bars.add(ERROR)
    assert bars.texts() == [ERROR.text]
    assert bars._bars[0]._text.text() == f"{ERROR.text} (3 times)"


def test_a_flood_drops_information_first(bars: NoticeBars) -> None:
    bars.add(ERROR)
    for number in range(40):
        bars.add(Notice(f"Told {number}.", Severity.INFORMATION))
    assert len(bars.notices()) == 20
    assert ERROR in bars.notices()


def test_escape_closes_it_where_nothing_else_takes_it(bars: NoticeBars, garden: Desk) -> None:
    bars.add(TOLD)
    bars.add(ERROR)
    garden.window.actions_.map.trigger()
    garden.press(Qt.Key.Key_Escape)  # The page takes the first one.
    assert garden.window.pages.currentWidget() is garden.gallery
    assert bars.notices() == [ERROR, TOLD]
    garden.view.setFocus()
    garden.press(Qt.Key.Key_Escape)
    assert bars.notices() == [TOLD]
    close_of(bars).setFocus()
    garden.press(Qt.Key.Key_Escape)
    assert bars.notices() == []
    assert garden.view.hasFocus()


def test_what_was_told_is_in_the_log_and_read_aloud(
    bars: NoticeBars, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, bool]] = []

    def announce(_widget: QWidget, text: str, *, is_urgent: bool = False) -> None:
        heard.append((text, is_urgent))

    monkeypatch.setattr(notices_module, "announce", announce)
    with caplog.at_level(logging.INFO):
        bars.add(TOLD)
        bars.add(ERROR)
    logged = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert logged == [
        (logging.INFO, f"told the person: {TOLD.text}"),
        (logging.WARNING, f"told the person: {ERROR.text}"),
    ]
    assert heard == [(f"Notice: {TOLD.text}", False), (f"Error: {ERROR.text}", True)]
    spoken = QAccessible.queryAccessibleInterface(bars._bars[0])
    assert spoken.text(QAccessible.Text.Name) == f"Error: {ERROR.text}"


def test_the_language_changes_without_telling_again(
    bars: NoticeBars, caplog: pytest.LogCaptureFixture
) -> None:
    bars.add(ERROR)
    bars.add(TOLD)
    kept = bars.notices()
    with caplog.at_level(logging.INFO):
        caplog.clear()
        bars.restore(kept)
    assert bars.notices() == kept
    assert not caplog.records


def test_it_follows_the_page_when_the_classes_are_made_wider(
    bars: NoticeBars, garden: Desk
) -> None:
    bars.add(ERROR)
    QApplication.processEvents()
    window, left = garden.window, Qt.MouseButton.LeftButton
    handle = window.findChild(QSplitter).handle(1)
    middle = handle.rect().center()
    before = window.pages.mapTo(window, QPoint(0, 0)).x()
    garden.qtbot.mousePress(handle, left, pos=middle)
    garden.qtbot.mouseMove(handle, middle + QPoint(120, 0))
    garden.qtbot.mouseRelease(handle, left, pos=middle)
    corner = window.pages.mapTo(window, QPoint(0, 0)).x()
    assert corner > before + 60
    assert bars.mapTo(window, QPoint(0, 0)).x() >= corner


def test_a_folder_that_cannot_be_opened_closes_no_notice_of_the_open_project(
    bars: NoticeBars, garden: Desk, tmp_path: Path
) -> None:
    bars.add(ERROR)
    garden.window.open(tmp_path / "nowhere")
    assert bars.texts() == [
        f"There is no folder or project {tmp_path / 'nowhere'}.",
        "Could not read image_1.png.",
    ]
    garden.open(paint_folder(tmp_path / "other", 2))
    assert bars.texts() == []  # They were about what is closed now.

"""Selecting tiles with the keyboard and the rubber band, as in a file manager."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

KEY = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def many(desk: Desk, tmp_path: Path) -> Desk:
    """Two hundred images that exist in name only; the first is selected."""
    folder = tmp_path / "many"
    folder.mkdir()
    desk.window.open(folder)
    desk.engine.ready()
    desk.engine.finish_scan([f"{number:04d}.jpg" for number in range(200)])
    desk.settle()
    desk.click("0000.jpg")
    return desk


def places(desk: Desk) -> list[int]:
    found: list[int] = desk.view.selected_places().tolist()
    return found


def key(desk: Desk, which: Qt.Key, modifiers: Qt.KeyboardModifier = SHIFT) -> None:
    desk.qtbot.keyClick(desk.view, which, modifiers)


def test_shift_and_arrows_select_from_where_one_began(many: Desk) -> None:
    columns = many.view.n_columns
    key(many, KEY.Key_Right)
    key(many, KEY.Key_Right)
    assert places(many) == [0, 1, 2]
    key(many, KEY.Key_Down)
    assert places(many) == list(range(columns + 3))
    key(many, KEY.Key_Up)
    key(many, KEY.Key_Left)
    assert places(many) == [0, 1]


def test_shift_with_end_home_and_pages(many: Desk) -> None:
    many.click("0003.jpg")
    key(many, KEY.Key_End)
    assert places(many) == list(range(3, 200))
    assert 199 in many.view.visible_places()
    key(many, KEY.Key_Home)
    assert places(many) == [0, 1, 2, 3]
    assert 0 in many.view.visible_places()
    key(many, KEY.Key_PageDown)
    page = places(many)[-1]
    assert page > 3
    assert places(many) == list(range(3, page + 1))
    key(many, KEY.Key_PageUp)
    assert places(many) == [0, 1, 2, 3]


def test_ctrl_moves_and_ctrl_space_picks_one_here_and_there(many: Desk) -> None:
    key(many, KEY.Key_Right, CONTROL)
    key(many, KEY.Key_Right, CONTROL)
    assert places(many) == [0]
    assert many.view.currentIndex().row() == 2
    key(many, KEY.Key_Space, CONTROL)
    assert places(many) == [0, 2]
    key(many, KEY.Key_Down, CONTROL)
    key(many, KEY.Key_Space, CONTROL)
    assert places(many) == [0, 2, 2 + many.view.n_columns]
    key(many, KEY.Key_Up, CONTROL)
    key(many, KEY.Key_Space, CONTROL)
    assert places(many) == [0, 2 + many.view.n_columns]
    assert not many.window.pages.is_preview_open()


def test_ctrl_a_selects_all_and_escape_none(many: Desk) -> None:
    key(many, KEY.Key_A, CONTROL)
    assert places(many) == list(range(200))
    assert many.gallery.head.order.chosen.text() == "200 images selected"
    many.press(KEY.Key_Escape)
    assert places(many) == []
    assert many.gallery.head.order.chosen.text() == ""


def test_the_last_line_can_be_reached_and_left(many: Desk) -> None:
    columns = many.view.n_columns
    many.press(KEY.Key_End)
    assert places(many) == [199]
    many.press(KEY.Key_Up)
    assert places(many) == [199 - columns]
    many.press(KEY.Key_Down)
    many.press(KEY.Key_Down)
    assert places(many) == [199]
    many.press(KEY.Key_Right)
    assert places(many) == [199]


def test_a_rubber_band_with_ctrl_adds_to_the_selection(many: Desk) -> None:
    view, model = many.view, many.gallery.model
    columns = view.n_columns
    first = view.card_rect(view.visualRect(model.index(columns + 1)))
    start = QPoint(first.left() - 4, first.top() - 4)
    QTest.mousePress(view.viewport(), LEFT, CONTROL, start)
    QTest.mouseMove(view.viewport(), first.center() - QPoint(9, 9))
    QTest.mouseMove(view.viewport(), first.center())
    QTest.mouseRelease(view.viewport(), LEFT, CONTROL, first.center())
    assert columns + 1 in places(many)


def test_select_all_is_one_range(many: Desk) -> None:
    view = many.view
    view.selectAll()
    assert view.selectionModel().selection().count() == 1
    assert view.count_selected() == 200

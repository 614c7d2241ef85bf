"""Type to find: a letter opens the field, and the tiles follow."""

from __future__ import annotations

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from engine import Change

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def garden(garden: Desk) -> Desk:
    """The folder with a class; before there is one, letters begin its name."""
    garden.add_classes("plant")
    return garden


def typed(desk: Desk, text: str) -> None:
    """Keys where the keyboard's attention is."""
    for letter in text:
        desk.qtbot.keyClicks(QApplication.focusWidget(), letter)


def test_letters_open_the_field_and_go_to_the_first_match(garden: Desk) -> None:
    finder = garden.gallery.finder
    garden.click("image_3.png")
    assert not finder.isVisible()
    typed(garden, "ge_1")  # Digits label, but not in the field.
    assert finder.isVisible()
    assert finder.field.text() == "ge_1"
    assert garden.selected() == ["image_10.png"]  # From image_3 on.
    assert finder.number.text() == "2 of 4"
    assert garden.labels_on_disk() == {}
    garden.press(Qt.Key.Key_F3)
    assert garden.selected() == ["image_11.png"]
    assert garden.view.hasFocus()
    garden.press(Qt.Key.Key_F3)
    garden.press(Qt.Key.Key_F3)
    assert garden.selected() == ["image_1.png"]  # Around the end.
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_F3, SHIFT)
    assert garden.selected() == ["image_12.png"]


def test_enter_takes_what_was_found_and_escape_closes(garden: Desk) -> None:
    finder = garden.gallery.finder
    garden.click("image_1.png")
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_F, CONTROL)
    assert finder.field.hasFocus()
    typed(garden, "7.PNG")  # Whatever the case.
    garden.press(Qt.Key.Key_Return)
    assert garden.view.hasFocus()
    assert garden.selected() == ["image_7.png"]
    assert finder.isVisible()
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_F, CONTROL)
    garden.press(Qt.Key.Key_Escape)
    assert not finder.isVisible()
    assert garden.view.hasFocus()
    assert garden.selected() == ["image_7.png"]


def test_no_match_leaves_the_selection_where_it_is(garden: Desk) -> None:
    garden.click("image_5.png")
    typed(garden, "zebra")
    assert garden.gallery.finder.number.text() == "No match"
    assert not garden.gallery.finder.next.isEnabled()
    assert garden.selected() == ["image_5.png"]


def test_digits_never_begin_a_search_and_a_class_s_letter_neither(garden: Desk) -> None:
    garden.click("image_1.png")
    garden.press("1")
    assert not garden.gallery.finder.isVisible()
    assert garden.labels_on_disk() == {"image_1.png": "plant"}
    (plant,) = garden.session.classes
    garden.session.set_hotkey(plant.class_id, ord("K"))
    garden.click("image_2.png")
    garden.press("k")
    assert not garden.gallery.finder.isVisible()
    assert garden.labels_on_disk() == {"image_1.png": "plant", "image_2.png": "plant"}
    garden.press(Qt.Key.Key_Escape)
    garden.press("k")  # With nothing selected it does nothing, and begins no search either.
    assert not garden.gallery.finder.isVisible()
    garden.press("w")  # Among the tiles no question why.
    assert garden.gallery.finder.field.text() == "w"
    assert not garden.window.pages.is_preview_open()


def test_only_matches_is_a_filter_by_name(garden: Desk) -> None:
    finder = garden.gallery.finder
    garden.click("image_1.png")
    typed(garden, "e_1")
    garden.qtbot.mouseClick(finder.only, Qt.MouseButton.LeftButton)
    assert garden.shown() == ["image_1.png", "image_10.png", "image_11.png", "image_12.png"]
    assert finder.field.hasFocus()
    typed(garden, "2")
    assert garden.shown() == ["image_12.png"]
    garden.press(Qt.Key.Key_Escape)
    assert garden.shown() == ["image_12.png"]  # The pill above still says so.
    assert garden.gallery.head.name_pill.isVisible()
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_F, CONTROL)
    assert finder.only.isChecked()
    garden.qtbot.mouseClick(finder.only, Qt.MouseButton.LeftButton)
    assert len(garden.shown()) == 12


def test_filters_that_are_cleared_do_not_come_back_with_the_next_letter(garden: Desk) -> None:
    finder = garden.gallery.finder
    garden.click("image_1.png")
    typed(garden, "e_1")
    garden.qtbot.mouseClick(finder.only, Qt.MouseButton.LeftButton)
    garden.qtbot.mouseClick(garden.gallery.head.clear, Qt.MouseButton.LeftButton)
    assert len(garden.shown()) == 12
    assert not finder.only.isChecked()
    garden.qtbot.keyClicks(finder.field, "2")
    assert len(garden.shown()) == 12
    assert finder.field.text() == "e_12"


def test_a_slash_looks_into_the_folders(garden: Desk) -> None:
    table = garden.session.table
    assert not table.named("garden").any()
    assert table.named("e_1").sum() == 4
    assert not table.named("x/").any()
    project = garden.session.project
    assert project is not None
    assert isinstance(project.apply(Change("nothing", {})), Change)

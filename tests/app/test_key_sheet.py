"""The key sheet: made from what is there, so that it cannot say what is not so."""

from __future__ import annotations

import pytest
from conftest import Desk, make_all
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from app.classes.class_panel import LETTERS
from app.help.key_sheet import KeyHelper, KeySheet
from app.look.page import Page


@pytest.fixture
def sheet(garden: Desk) -> KeySheet:
    """The sheet, opened by its key among the images of two classes."""
    garden.add_classes("cat", "dog")
    garden.view.setFocus()
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_Question)
    sheet = garden.window.dialogs.key_sheet
    garden.qtbot.waitUntil(sheet.isVisible)
    return sheet


def test_every_action_with_keys_is_on_it_under_its_menu(sheet: KeySheet, garden: Desk) -> None:
    lines = sheet.tree.lines()
    assert ("File", "Ctrl+O", "Open Folder") in lines
    assert ("Edit", "Ctrl+Z", "Undo") in lines  # And not what it would undo.
    assert ("Label", "1", "cat") in lines
    assert ("Label", "0", "None of these") in lines
    shown = " ".join(keys for _, keys, _ in lines)
    for name, action in garden.window.actions_.named().items():
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        assert keys in shown, name


def test_every_key_that_a_page_takes_for_itself_is_on_it(sheet: KeySheet, garden: Desk) -> None:
    pages = [page for page in garden.window.findChildren(Page) if page.keys()]
    assert len(pages) > 2  # Also those that nobody has been to.
    lines = sheet.tree.lines()
    for page in pages:
        named = [keys for group, keys, _ in lines if group == page.accessibleName()]
        parts = {QKeySequence(part.strip()) for keys in named for part in keys.split(",")}
        own: tuple[Qt.Key, ...] = page.keys()
        for key in own:
            if key == Qt.Key.Key_Return:
                key = Qt.Key.Key_Enter  # Both are "Enter" to a person.
            assert QKeySequence(key) in parts, (page.accessibleName(), key)


def test_no_letter_that_means_something_on_a_page_is_offered_to_classes(garden: Desk) -> None:
    make_all(garden.window)
    parts = [part for part in garden.window.findChildren(QWidget) if isinstance(part, KeyHelper)]
    texts = [keys for part in parts for keys, _ in part.key_help()]
    texts += [
        keys.toString()
        for action in garden.window.actions_.named().values()
        for keys in action.shortcuts()
    ]
    taken = {part.strip() for text in texts for part in text.split(",")}
    assert {"G", "N", "U", "W", "X", "Y"} <= taken
    assert taken.isdisjoint(LETTERS)


def test_parts_of_the_window_tell_their_own_keys(sheet: KeySheet, garden: Desk) -> None:
    groups = {group for group, _, _ in sheet.tree.lines()}
    for part in garden.window.findChildren(QWidget):
        if isinstance(part, KeyHelper) and part.key_help():
            assert part.accessibleName() in groups
            assert part.accessibleName()


def test_it_is_searched_by_keys_and_by_words(sheet: KeySheet, garden: Desk) -> None:
    assert sheet.search.hasFocus()
    garden.qtbot.keyClicks(sheet.search, "undo")
    assert sheet.tree.lines() == [("Edit", "Ctrl+Z", "Undo")]
    sheet.search.selectAll()
    garden.qtbot.keyClicks(sheet.search, "ctrl+e export")
    assert [words for _, _, words in sheet.tree.lines()] == ["Export Model"]
    sheet.search.selectAll()
    garden.qtbot.keyClicks(sheet.search, "make coffee")
    assert sheet.tree.lines() == []
    assert sheet._nothing.isVisible()
    garden.qtbot.keyClick(sheet.search, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def idle_keys(sheet: KeySheet) -> list[str]:
    """The keys that the sheet shows as of no use now."""
    rows = [item for _, items in sheet.tree._groups() for item in items]
    return [item.text(0) for item in rows if item.font(0).italic()]


def test_it_says_which_keys_do_nothing_as_things_are_now(sheet: KeySheet, garden: Desk) -> None:
    lines = sheet.tree.lines()
    assert ("View", "Ctrl+I", "Why This Class?") in lines
    assert ("View", "W", "Why This Class?") in lines  # Among the tiles it begins a name.
    assert {"W", "Shift+W", "1"} <= set(idle_keys(sheet))
    assert not {"Ctrl+I", "Ctrl+Z", "Ctrl+O"} & set(idle_keys(sheet))
    sheet.close()
    garden.click("image_1.png")
    garden.window.pages.toggle_preview()
    sheet.begin()
    assert ("View", "Ctrl+I, W", "Why This Class?") in sheet.tree.lines()
    assert not {"Ctrl+I, W", "Shift+W", "1"} & set(idle_keys(sheet))
    headings = [sheet.tree.topLevelItem(row) for row in range(sheet.tree.topLevelItemCount())]
    idle = [item.child(row) for item in headings if item for row in range(item.childCount())]
    spoken = [item.data(0, Qt.ItemDataRole.AccessibleTextRole) for item in idle if item is not None]
    assert any(text.endswith("(not now)") for text in spoken)


def test_it_follows_edited_keys_while_it_is_open(sheet: KeySheet, garden: Desk) -> None:
    garden.window.shortcuts.set_keys("refresh", QKeySequence("Ctrl+R"))
    assert ("View", "Ctrl+R", "Refresh") in sheet.tree.lines()
    garden.window.shortcuts.set_keys("refresh", None)
    assert "Refresh" not in [words for _, _, words in sheet.tree.lines()]


def test_a_screen_reader_hears_keys_and_words_together(sheet: KeySheet) -> None:
    heading = sheet.tree.topLevelItem(0)
    assert heading is not None
    item = heading.child(0)
    assert item is not None
    assert item.data(0, Qt.ItemDataRole.AccessibleTextRole) == "Ctrl+O: Open Folder"


def test_f1_opens_it_on_the_start_page_too(desk: Desk) -> None:
    desk.qtbot.keyClick(desk.window, Qt.Key.Key_F1)
    assert desk.window.dialogs.key_sheet.isVisible()
    assert ("File", "Ctrl+O", "Open Folder") in desk.window.dialogs.key_sheet.tree.lines()

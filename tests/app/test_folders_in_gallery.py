"""Images in sub-folders: their folders can be seen, found, and sorted by."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Desk, paint_folder
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.gallery.arrangement import Sort
from app.session.image_table import path_key

CONTROL = Qt.KeyboardModifier.ControlModifier

NAMES = [
    "site_A/cam1/IMG_2.png",
    "site_A/cam1/IMG_10.png",
    "site_A/cam2/IMG_3.png",
    "site_A/overview.png",
    "site B/cam1/ÄRGER_1.png",
    "zebra.png",
]


@pytest.fixture
def sites(desk: Desk, tmp_path: Path) -> Desk:
    """Six images of two sites, one of them beside both."""
    folder = tmp_path / "sites"
    painted = sorted(paint_folder(tmp_path / "painted", len(NAMES)).iterdir())
    for name, picture in zip(NAMES, painted, strict=True):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        picture.rename(folder / name)
    desk.open(folder)
    desk.add_classes("deer")  # Before there is one, letters begin its name.
    return desk


def typed(desk: Desk, text: str) -> None:
    for letter in text:
        desk.qtbot.keyClicks(QApplication.focusWidget(), letter)


def found(desk: Desk, text: str) -> list[str]:
    table = desk.session.table
    return [table.names[row] for row in table.by_name() if table.named(text)[row]]


def test_a_folder_is_found_by_typing_its_name(sites: Desk) -> None:
    sites.view.setFocus()
    typed(sites, "cam2")
    finder = sites.gallery.finder
    assert "folder" in finder.field.placeholderText()
    assert finder.number.text() == "1 of 1"
    assert sites.selected() == ["site_A/cam2/IMG_3.png"]


def test_words_are_found_in_any_order_and_with_their_separators(sites: Desk) -> None:
    assert found(sites, "img site_a") == NAMES[:3][::1]
    assert found(sites, "10 CAM1") == ["site_A/cam1/IMG_10.png"]
    assert found(sites, "cam1/img") == NAMES[:2]
    assert found(sites, r"cam1\img_2") == NAMES[:1]
    assert found(sites, "site b") == ["site B/cam1/ÄRGER_1.png"]
    assert found(sites, "a\u0308rger") == ["site B/cam1/ÄRGER_1.png"]  # As macOS writes Ä.
    assert found(sites, "sites") == []  # The project's own folder tells nothing.
    assert found(sites, "cam1 zebra") == []


def test_folders_come_one_after_the_other_and_numbers_in_their_order(sites: Desk) -> None:
    assert sites.shown() == [
        "zebra.png",
        "site B/cam1/ÄRGER_1.png",
        "site_A/overview.png",
        "site_A/cam1/IMG_2.png",
        "site_A/cam1/IMG_10.png",
        "site_A/cam2/IMG_3.png",
    ]
    combo = sites.gallery.head.order.sort
    assert [combo.itemText(place) for place in range(2)] == ["Folder and name", "Name"]
    combo.setFocus()
    sites.press(Qt.Key.Key_Down, combo)
    assert sites.gallery.model.arrangement.sort is Sort.FILE_NAME
    assert [name.rpartition("/")[2] for name in sites.shown()] == [
        "IMG_2.png",
        "IMG_3.png",
        "IMG_10.png",
        "overview.png",
        "zebra.png",
        "ÄRGER_1.png",
    ]


def test_without_folders_there_is_one_order_by_name(garden: Desk) -> None:
    combo = garden.gallery.head.order.sort
    assert combo.findData(Sort.FILE_NAME) < 0
    assert combo.itemText(0) == "Name"


def test_a_folder_comes_before_its_sub_folders_and_before_a_longer_name() -> None:
    paths = ["card-1/a.png", "card/b/a.png", "card/z.png", "card 2/a.png", "card 10/a.png", "z.png"]
    assert sorted(paths, key=path_key) == [
        "z.png",
        "card/z.png",
        "card/b/a.png",
        "card 2/a.png",
        "card 10/a.png",
        "card-1/a.png",
    ]


def test_large_tiles_have_a_line_for_the_folder(sites: Desk, garden_height: int) -> None:
    view, slider = sites.view, sites.gallery.head.order.slider
    slider.setValue(240)
    assert view.visualRect(sites.gallery.model.index(0)).height() > garden_height
    tip = sites.gallery.model.index(3).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("site_A/cam1/IMG_2.png\n")


@pytest.fixture
def garden_height(sites: Desk) -> int:
    """How high a large tile is where no image lies in a folder."""
    sites.gallery._delegate.set_side(240)
    table = sites.session.table
    table.has_folders = False
    height = sites.gallery._delegate.cell_size().height()
    table.has_folders = True
    return height


def test_a_small_tile_shows_its_folder_where_that_was_looked_for(sites: Desk) -> None:
    table, delegate = sites.session.table, sites.gallery._delegate
    row = table.row_of_name("site_A/cam1/IMG_2.png")
    assert table.short_name(row, delegate.sought) == "IMG_2.png"
    sites.view.setFocus()
    typed(sites, "img_2")
    assert table.short_name(row, delegate.sought) == "IMG_2.png"
    typed(sites, " cam1")
    assert table.short_name(row, delegate.sought) == "site_A/cam1/IMG_2.png"
    sites.press(Qt.Key.Key_Escape)
    assert delegate.sought == ""


def test_escape_closes_the_field_and_keeps_the_selection(sites: Desk) -> None:
    sites.select("zebra.png", "site_A/overview.png")
    before = sites.selected()
    sites.qtbot.keyClick(sites.view, Qt.Key.Key_F, CONTROL)
    assert sites.selected() == before
    sites.press(Qt.Key.Key_Escape)
    assert not sites.gallery.finder.isVisible()
    assert sites.selected() == before
    sites.qtbot.keyClick(sites.view, Qt.Key.Key_F, CONTROL)
    typed(sites, "cam")
    sites.press(Qt.Key.Key_Return)  # Back among the tiles, with the field still open.
    taken = sites.selected()
    assert len(taken) == 1
    sites.press(Qt.Key.Key_Escape)
    assert not sites.gallery.finder.isVisible()
    assert sites.selected() == taken
    sites.press(Qt.Key.Key_Escape)  # Now it is the selection's turn.
    assert sites.selected() == []
    sites.press(Qt.Key.Key_F3)  # Goes on from where one was, the field closed.
    assert len(sites.selected()) == 1

"""Groups: bursts and near-duplicates under one tile, and what is done to it is done to all."""

from __future__ import annotations

import pytest
from conftest import Desk, drop_on
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from app.gallery.arrangement import Show, Sort
from engine import messages

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def grouped(garden: Desk) -> Desk:
    """2 to 4 show the same, so do 7 and 11; they are laid under one tile each."""
    garden.add_classes("cat", "dog")
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    garden.engine.group(
        [garden.image(f"image_{number}.png") for number in (2, 3, 4)],
        [garden.image(f"image_{number}.png") for number in (7, 11)],
    )
    garden.qtbot.mouseClick(garden.gallery.head.order.group, LEFT)
    garden.settle()
    return garden


def badge(desk: Desk, name: str) -> QPoint:
    """Where a tile's badge is."""
    index = desk.gallery.model.index(desk.place(name))
    card = desk.view.card_rect(desk.view.visualRect(index))
    rect = desk.gallery._delegate.badge_rect(
        card, index.row(), desk.gallery.model, desk.view.font()
    )
    assert not rect.isEmpty()
    return rect.center()


def spoken(desk: Desk, place: int) -> str:
    text: str = desk.gallery.model.index(place).data(Qt.ItemDataRole.AccessibleTextRole)
    return text


def test_the_engine_is_asked_with_names_in_order(garden: Desk) -> None:
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    asked = garden.engine.last(messages.FindGroups)
    wanted = [garden.image(f"image_{number}.png") for number in range(1, 13)]
    assert asked.image_ids.tolist() == wanted
    assert set(asked.taken_s.tolist()) == {messages.NO_DATE}


def test_a_file_that_has_changed_is_looked_at_for_its_group_again(garden: Desk) -> None:
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    Image.new("RGB", (8, 8)).save(garden.session.table.ref(0).path)
    garden.window.actions_.refresh.trigger()
    garden.engine.finish_scan()
    garden.qtbot.waitUntil(lambda: len(garden.engine.last(messages.EmbedImages).images) == 1)
    garden.engine.embed()
    garden.qtbot.waitUntil(lambda: len(garden.engine.all(messages.FindGroups)) == 2)


def test_alike_images_lie_under_the_first_of_them(grouped: Desk) -> None:
    shown = [f"image_{number}.png" for number in (1, 2, 5, 6, 7, 8, 9, 10, 12)]
    assert grouped.shown() == shown
    assert spoken(grouped, 1) == "image_2.png, 3 alike images, not classified yet"
    assert spoken(grouped, 0) == "image_1.png, not classified yet"
    grouped.gallery.filters.choose_sort(Sort.NEWEST_FIRST)  # Whatever comes first stands for them.
    assert len(grouped.shown()) == 9
    grouped.window.actions_.group_similar.trigger()
    assert len(grouped.shown()) == 12


def test_a_closed_group_shows_a_doubt_and_what_is_set_aside(grouped: Desk) -> None:
    def corner() -> QImage:
        rect = grouped.view.visualRect(grouped.gallery.model.index(1))
        return (
            grouped.view.viewport().grab(rect.adjusted(10, 10, 0, 0)).copy(0, 0, 34, 64).toImage()
        )

    table = grouped.session.table
    doubtful, aside = (table.row_of_name(f"image_{number}.png") for number in (3, 4))
    seen = []
    for marks in ((), (doubtful,), (aside,), (doubtful, aside)):
        table._doubtful[:] = table._set_aside[:] = False
        for row in marks:
            (table._doubtful if row == doubtful else table._set_aside)[row] = True
        grouped.view.viewport().update()
        seen.append(corner())
    assert all(seen[first] != seen[last] for first in range(4) for last in range(first))
    tip = grouped.gallery.model.index(1).data(Qt.ItemDataRole.ToolTipRole)
    assert "1 label looks wrong" in tip
    assert "1 is set aside" in tip
    assert spoken(grouped, 1).startswith(
        "image_2.png, 3 alike images, 1 label looks wrong, 1 is set aside, "
    )


def test_a_label_on_a_closed_group_is_one_edit_of_all_of_it(grouped: Desk) -> None:
    grouped.click("image_2.png")
    assert grouped.gallery.head.order.chosen.text() == "3 images selected"
    grouped.press("1")
    cats = dict.fromkeys(("image_2.png", "image_3.png", "image_4.png"), "cat")
    assert grouped.labels_on_disk() == cats
    assert grouped.session.undo_text() == "Label 3 images"
    assert grouped.selected() == ["image_5.png"]  # One key a tile: on to the next.
    grouped.window.actions_.undo.trigger()
    assert grouped.labels_on_disk() == {}
    assert grouped.selected() == ["image_2.png"]


def test_undo_in_the_larger_view_goes_to_the_image_under_a_tile(grouped: Desk) -> None:
    grouped.click("image_2.png")
    grouped.press(Qt.Key.Key_Space)
    preview = grouped.window.preview
    preview.image_requested.emit(grouped.session.table.row_of_name("image_3.png"))
    grouped.press("1", preview)
    assert grouped.labels_on_disk() == {"image_3.png": "cat"}
    grouped.window.actions_.undo.trigger()
    assert grouped.session.table.names[preview.row] == "image_3.png"
    grouped.press("2", preview)
    assert grouped.labels_on_disk() == {"image_3.png": "dog"}


def test_a_closed_group_is_dragged_whole(grouped: Desk) -> None:
    grouped.click("image_7.png")
    mime = grouped.gallery.model.mimeData([grouped.view.currentIndex()])
    dog = grouped.session.classes[1]
    view = grouped.classes.list
    rect = view.visualRect(grouped.classes.model.index(1))
    assert drop_on(view.viewport(), rect.center(), mime)
    assert grouped.labels_on_disk() == {"image_7.png": dog.name, "image_11.png": dog.name}


def test_the_badge_opens_and_closes_a_group(grouped: Desk) -> None:
    grouped.click("image_6.png")
    grouped.qtbot.mouseClick(grouped.view.viewport(), LEFT, pos=badge(grouped, "image_2.png"))
    assert grouped.shown()[:5] == [f"image_{number}.png" for number in range(1, 6)]
    assert grouped.selected() == ["image_6.png"]
    assert spoken(grouped, 2) == "image_3.png, 2 of 3 alike images, not classified yet"
    grouped.click("image_3.png")
    grouped.press("2")
    assert grouped.labels_on_disk() == {"image_3.png": "dog"}  # Open, it is one image alone.
    grouped.qtbot.mouseClick(grouped.view.viewport(), LEFT, pos=badge(grouped, "image_4.png"))
    assert len(grouped.shown()) == 9
    assert spoken(grouped, 1).startswith("image_2.png, 3 alike images, 1 of them labelled")


def test_a_key_opens_a_group_with_its_images_selected(grouped: Desk) -> None:
    grouped.click("image_7.png")
    grouped.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_G, CONTROL)
    assert grouped.shown()[4:6] == ["image_7.png", "image_11.png"]
    assert grouped.selected() == ["image_7.png", "image_11.png"]
    grouped.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_G, CONTROL)
    assert grouped.selected() == ["image_7.png"]
    assert len(grouped.view.selected_images()) == 2
    grouped.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_G, CONTROL | SHIFT)
    assert not grouped.gallery.head.order.group.isChecked()
    assert grouped.selected() == ["image_7.png", "image_11.png"]


def test_a_filter_leaves_under_a_tile_what_it_lets_through(grouped: Desk) -> None:
    grouped.session.label([grouped.image("image_3.png")], grouped.session.classes[0].class_id)
    grouped.gallery.filters.choose(Show.UNLABELLED)
    assert spoken(grouped, 1) == "image_2.png, 2 alike images, not classified yet"
    grouped.gallery.filters.choose(Show.ALIKE)
    assert grouped.shown() == ["image_2.png", "image_7.png"]
    assert grouped.gallery.model.n_images == 5


def test_a_group_with_different_labels_says_so(grouped: Desk) -> None:
    cat, dog = (item.class_id for item in grouped.session.classes)
    grouped.session.label([grouped.image("image_7.png")], cat)
    grouped.session.label([grouped.image("image_11.png")], dog)
    place = grouped.place("image_7.png")
    assert spoken(grouped, place).startswith("image_7.png, 2 alike images with different labels")
    assert place == grouped.place("image_11.png")


def test_while_groups_are_looked_for_the_toggle_says_how_far(garden: Desk) -> None:
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    garden.qtbot.mouseClick(garden.gallery.head.order.group, LEFT)
    number = garden.engine.last(messages.FindGroups).request_id
    garden.engine.publish(messages.Progress(number, "Looking for alike images", 40, 100, 0, 0))
    assert garden.gallery.head.order.group.text().strip() == "Grouping… 40 %"
    garden.engine.group([garden.image("image_1.png"), garden.image("image_2.png")])
    assert garden.gallery.head.order.group.text().strip() == "Group similar"
    garden.qtbot.waitUntil(lambda: len(garden.shown()) == 11)  # Nothing is selected.


def test_the_model_keeps_qts_rules_with_groups(grouped: Desk) -> None:
    mode = QAbstractItemModelTester.FailureReportingMode.Fatal
    tester = QAbstractItemModelTester(grouped.gallery.model, mode)
    grouped.gallery.model.set_expanded(1, True)
    grouped.gallery.model.set_expanded(1, False)
    grouped.gallery.toggle_grouping()
    tester.deleteLater()


def test_a_part_of_a_group_that_was_chosen_elsewhere_does_not_become_all_of_it(
    grouped: Desk,
) -> None:
    grouped.gallery.select_images([grouped.image("image_3.png"), grouped.image("image_7.png")])
    assert grouped.selected() == ["image_3.png", "image_7.png"]
    grouped.press("1")
    assert grouped.labels_on_disk() == {"image_3.png": "cat", "image_7.png": "cat"}


def test_a_whole_group_that_was_chosen_elsewhere_stays_one_tile(grouped: Desk) -> None:
    n_tiles = grouped.gallery.model.rowCount()
    grouped.gallery.select_images([grouped.image(f"image_{n}.png") for n in (2, 3, 4)])
    assert grouped.gallery.model.rowCount() == n_tiles

"""Filters and orders of the gallery: together, taken off again, remembered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.gallery.arrangement import Arrangement, Show, Sort, counts
from app.session.image_table import NONE_SCORE, UNSURE_MARGIN
from engine import SHOWN_ODDS, messages
from engine.messages import NO_DATE, NONE_OF_THESE, ClassId

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def sorted_out(garden: Desk) -> Desk:
    """1 is labelled cat, 2 dog; odd images are predicted cat, even ones dog; 5 is unsure."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.press(Qt.Key.Key_Escape)
    cat, dog = (item.class_id for item in garden.session.classes)
    answers = {}
    for number in range(1, 13):
        first, second = (cat, dog) if number % 2 else (dog, cat)
        sure = 0.55 if number == 5 else 0.9
        answers[garden.image(f"image_{number}.png")] = [(first, sure), (second, 1 - sure)]
    garden.engine.predict(answers, none_scores={garden.image("image_7.png"): 0.9})
    garden.settle()
    return garden


def choose_class(desk: Desk, name: str) -> None:
    """Open the menu of classes with the mouse, and take one by its name."""
    menu = desk.gallery.head.class_pill.menu()
    assert isinstance(menu, QMenu)
    action = next(item for item in menu.actions() if item.text() == name)
    menu.popup(desk.window.mapToGlobal(desk.window.rect().center()))
    desk.qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())


def _is_whole(part: QWidget) -> bool:
    return part.width() >= part.sizeHint().width()


def names(*numbers: int) -> list[str]:
    return [f"image_{number}.png" for number in numbers]


def test_state_class_and_name_combine(sorted_out: Desk) -> None:
    head = sorted_out.gallery.head
    choose_class(sorted_out, "cat")
    assert sorted_out.shown() == names(1, 3, 5, 7, 9, 11)
    assert head.class_pill.text() == "cat"
    assert head.chips[Show.UNLABELLED].text().endswith("5")  # Of the class, not of all.
    sorted_out.qtbot.mouseClick(head.chips[Show.UNLABELLED], LEFT)
    assert sorted_out.shown() == names(3, 5, 7, 9, 11)
    sorted_out.press("F")  # Type to find …
    sorted_out.qtbot.keyClick(sorted_out.gallery.finder.field, Qt.Key.Key_Backspace)
    sorted_out.qtbot.keyClicks(sorted_out.gallery.finder.field, "_1")
    sorted_out.qtbot.mouseClick(sorted_out.gallery.finder.only, LEFT)  # … and see those alone.
    assert sorted_out.shown() == names(11)
    assert head.name_pill.text() == "“_1”"
    sorted_out.qtbot.mouseClick(head.name_pill, LEFT)
    assert sorted_out.shown() == names(3, 5, 7, 9, 11)
    sorted_out.qtbot.mouseClick(head.class_cross, LEFT)
    assert sorted_out.shown() == names(*range(3, 13))
    sorted_out.qtbot.mouseClick(head.chips[Show.UNLABELLED], LEFT)  # The pill that is on.
    assert len(sorted_out.shown()) == 12
    assert head.chips[Show.ALL].isChecked()
    assert not head.chips[Show.UNLABELLED].isChecked()


def test_none_of_these_can_be_filtered_by(sorted_out: Desk) -> None:
    sorted_out.click("image_9.png")
    sorted_out.press("0")
    choose_class(sorted_out, "None of these")
    assert sorted_out.shown() == names(7, 9)  # 7 looks like none of them, 9 is labelled so.
    sorted_out.gallery.head.state_chosen.emit(Show.CONFIDENT)  # Nothing is predicted as that.
    assert sorted_out.gallery.model.arrangement.class_id == 0
    assert sorted_out.gallery.coverage.class_id == 0


def test_the_class_of_the_confidence_bar_is_the_filter(sorted_out: Desk) -> None:
    choose_class(sorted_out, "dog")
    sorted_out.gallery.head.state_chosen.emit(Show.CONFIDENT)
    assert sorted_out.gallery.coverage.classes.currentText() == "dog"
    assert sorted_out.shown() == names(4, 6, 8, 10, 12)
    sorted_out.gallery.filters.keep(Arrangement(Show.CONFIDENT, name="_1"))
    assert sorted_out.shown() == names(10, 11, 12)
    # What is asked to be labelled as predicted is what is shown.
    table = sorted_out.session.table
    rows = sorted_out.gallery.coverage.accepted_rows()
    assert [table.names[row] for row in rows] == names(10, 11, 12)
    assert sorted_out.gallery.coverage.sentence.text().startswith("3 images")


def test_filters_that_leave_nothing_say_so_and_can_be_cleared(sorted_out: Desk) -> None:
    gallery = sorted_out.gallery
    choose_class(sorted_out, "cat")
    gallery.head.state_chosen.emit(Show.UNREADABLE)
    assert sorted_out.shown() == []
    assert gallery.empty.title.text() == "Nothing passes all filters"
    assert gallery.head.clear.isVisible()
    sorted_out.qtbot.mouseClick(gallery.empty.clear_button, LEFT)
    assert len(sorted_out.shown()) == 12
    assert not gallery.head.clear.isVisible()
    gallery.filters.keep(Arrangement(name="elephant"))
    assert gallery.empty.hint.text() == "No file has “elephant” in its name or its folders."
    gallery.filters.keep(Arrangement(Show.ALIKE))
    assert gallery.empty.title.text() == "Not known yet"
    gallery.filters.keep(Arrangement(Show.DOUBTFUL))
    assert gallery.empty.title.text() == "No label looks wrong"


def test_states_without_a_pill_are_in_the_menu(sorted_out: Desk) -> None:
    head = sorted_out.gallery.head
    menu = head.more.menu()
    menu.popup(sorted_out.window.mapToGlobal(sorted_out.window.rect().center()))
    action = next(item for item in menu.actions() if item.text().startswith("Predicted\t"))
    assert action.text() == "Predicted\t10"
    sorted_out.qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    assert sorted_out.shown() == names(*range(3, 13))
    assert head.chips[Show.PREDICTED].isVisible()  # What is on can be seen, and taken off.
    assert not head.chips[Show.PREDICTED].icon().isNull()
    sorted_out.qtbot.mouseClick(head.chips[Show.PREDICTED], LEFT)
    assert len(sorted_out.shown()) == 12
    assert not head.chips[Show.PREDICTED].isVisible()


def test_filters_and_order_are_remembered_for_the_project(sorted_out: Desk) -> None:
    dog = sorted_out.session.classes[1].class_id
    wanted = Arrangement(Show.UNLABELLED, dog, Sort.NEWEST_FIRST, name="image", is_grouped=True)
    sorted_out.gallery.filters.keep(wanted)
    project = sorted_out.session.project
    assert project is not None
    path = project.path
    sorted_out.session.close_project()
    sorted_out.window.open(path)
    assert sorted_out.gallery.model.arrangement == wanted
    assert sorted_out.gallery.head.order.group.isChecked()


@pytest.mark.parametrize(
    ("text", "arrangement"),
    [
        ("unsure", Arrangement(Show.UNSURE)),
        ("class:3", Arrangement(class_id=ClassId(3))),
        ("confident:0.80:2", Arrangement(Show.CONFIDENT, ClassId(2), threshold=0.8)),
        ("", Arrangement()),
    ],
)
def test_what_an_older_version_kept_is_understood(text: str, arrangement: Arrangement) -> None:
    assert Arrangement.from_text(text, "name") == arrangement


def test_what_is_kept_comes_back_but_for_lists_of_images() -> None:
    kept = Arrangement(Show.UNSURE, ClassId(4), Sort.OLDEST_FIRST, 0.75, (), "Ä/1", True)
    assert Arrangement.from_text(*kept.to_text()) == kept
    fleeting = Arrangement(Show.THESE, sort=Sort.SIMILAR_FIRST)
    assert Arrangement.from_text(*fleeting.to_text()) == Arrangement()


def test_every_state_counts_what_it_would_show(sorted_out: Desk) -> None:
    gallery, table = sorted_out.gallery, sorted_out.session.table
    dog = sorted_out.session.classes[1].class_id
    for other in (Arrangement(), Arrangement(class_id=dog), Arrangement(name="_1")):
        numbers = counts(table, other)
        for show in Show:
            gallery.arrange(other)
            gallery.filters.choose(show)
            assert len(sorted_out.shown()) == numbers[show], (show, other)
    assert counts(table)[Show.LABELLED] == 2
    assert NONE_OF_THESE not in table.labelled_as


def test_the_shown_filters_fit_into_the_smallest_window(sorted_out: Desk) -> None:
    long = "a class with a long name, as biologists have them"
    sorted_out.session.rename_class(sorted_out.session.classes[0].class_id, long)
    sorted_out.window.resize(900, 560)
    cat = sorted_out.session.classes[0].class_id
    sorted_out.gallery.filters.keep(
        Arrangement(Show.CONFIDENT, cat, name="a name that is sought, long")
    )
    head = sorted_out.gallery.head
    parts = [*head.chips.values(), head.more, head.class_pill, head.class_cross]
    parts += [head.name_pill, head.clear]
    shown = [part for part in parts if not part.isHidden()]
    assert head.chips[Show.ALL] in shown
    assert head.chips[Show.CONFIDENT] in shown
    sorted_out.qtbot.waitUntil(lambda: all(_is_whole(part) for part in shown))
    assert max(part.geometry().right() for part in shown) < head.width()


def test_the_order_by_date_takes_the_file_s_where_no_camera_tells(sorted_out: Desk) -> None:
    desk = sorted_out
    table = desk.session.table
    changed = int(table.dates_s[table.row_of_name("image_1.png")])
    images = [desk.image(f"image_{number}.png") for number in range(1, 4)]
    table.set_taken(images, [changed - 500_000, changed - 900_000, NO_DATE])
    desk.gallery.filters.choose_sort(Sort.OLDEST_FIRST)
    assert desk.shown()[:2] == names(2, 1)
    desk.gallery.filters.choose_sort(Sort.NEWEST_FIRST)
    assert desk.shown()[-2:] == names(1, 2)


def test_the_order_by_similarity_is_asked_for_with_the_selection(sorted_out: Desk) -> None:
    desk, combo = sorted_out, sorted_out.gallery.head.order.sort
    combo.setCurrentIndex(combo.findData(Sort.SIMILAR_FIRST))
    combo.activated.emit(combo.currentIndex())
    assert desk.notices() == [
        "Select one image or more first; the others are then sorted by how alike they are."
    ]
    assert combo.currentData() is Sort.NAME
    desk.select("image_4.png", "image_6.png")
    control = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F, control)
    asked = desk.engine.last(messages.MeasureSimilarity)
    assert asked.images == (desk.image("image_4.png"), desk.image("image_6.png"))
    measured = {desk.image(f"image_{number}.png"): number / 20 for number in range(1, 12)}
    desk.engine.measure({**measured, desk.image("image_6.png"): 0.99})
    assert desk.shown() == names(6, 11, 10, 9, 8, 7, 5, 4, 3, 2, 1, 12)  # 12 was not measured.
    assert combo.currentData() is Sort.SIMILAR_FIRST
    tip = desk.gallery.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Similarity to the selection 0.99" in tip
    n_asked = len(desk.engine.all(messages.MeasureSimilarity))
    desk.click("image_1.png")  # Another selection is no other order, until it is asked for.
    assert len(desk.engine.all(messages.MeasureSimilarity)) == n_asked
    assert not np.isnan(desk.session.table.similarities[0])


def test_an_order_chosen_while_similarities_are_measured_stays(sorted_out: Desk) -> None:
    desk, filters = sorted_out, sorted_out.gallery.filters
    desk.select("image_4.png")
    filters.sort_by_similarity()
    number = desk.engine.last(messages.MeasureSimilarity).request_id
    filters.choose_sort(Sort.UNSURE_FIRST)
    assert number in desk.engine.cancelled()
    desk.engine.measure({desk.image("image_6.png"): 0.99})
    assert desk.gallery.head.order.sort.currentData() is Sort.UNSURE_FIRST
    assert desk.gallery.model.arrangement.sort is Sort.UNSURE_FIRST


def test_names_that_several_folders_have_show_their_folder(desk: Desk, folder: Path) -> None:
    for place in ("card 1", "card 2"):
        (folder / place).mkdir()
        (folder / place / "IMG_1.png").write_bytes((folder / "image_1.png").read_bytes())
    desk.open(folder)
    table = desk.session.table
    assert table.short_name(table.row_of_name("image_1.png")) == "image_1.png"
    assert table.short_name(table.row_of_name("card 2/IMG_1.png")) == "card 2/IMG_1.png"


def test_each_filter_says_what_bounds_its_number(sorted_out: Desk) -> None:
    chips = sorted_out.gallery.head.chips
    margin, none = round(100 * UNSURE_MARGIN), round(100 * NONE_SCORE)
    assert f"less than {margin} percentage points apart" in chips[Show.UNSURE].toolTip()
    assert f"{none} % or more" in chips[Show.LIKE_NONE].toolTip()
    assert f"at least {SHOWN_ODDS:.0f} times as likely" in chips[Show.DOUBTFUL].toolTip()
    assert "at least 90 %" in chips[Show.CONFIDENT].toolTip()
    now = sorted_out.gallery.model.arrangement
    sorted_out.gallery.arrange(replace(now, show=Show.CONFIDENT, threshold=0.75))
    assert "at least 75 %" in chips[Show.CONFIDENT].toolTip()  # As the slider has it.
    assert all(chip.toolTip() == chip.accessibleDescription() for chip in chips.values())

"""Labelling: by key, by click, by drop, by menu; and taking it all back."""

from __future__ import annotations

from pathlib import Path

from conftest import Desk, drop_on
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu

from app.gallery.gallery_model import mime_of
from engine import messages
from engine.messages import NONE_OF_THESE


def test_a_key_labels_the_selected_image_and_moves_on(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    assert garden.state("image_1.png") == "labelled cat"
    assert garden.labels_on_disk() == {"image_1.png": "cat"}
    assert garden.selected() == ["image_2.png"]
    garden.press("2")
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}
    assert garden.selected() == ["image_3.png"]


def test_moving_on_skips_labelled_images_unless_one_corrects(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.select("image_2.png", "image_3.png")
    garden.press("1")
    garden.click("image_1.png")
    garden.press("1")
    assert garden.selected() == ["image_4.png"]
    garden.click("image_1.png")
    garden.press("2")  # A correction: the next image is the next to be looked at.
    assert garden.selected() == ["image_2.png"]


def test_a_key_labels_many_images_at_once_and_keeps_them_selected(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.select("image_1.png", "image_3.png", "image_5.png")
    garden.press("1")
    assert sorted(garden.labels_on_disk()) == ["image_1.png", "image_3.png", "image_5.png"]
    assert garden.selected() == ["image_1.png", "image_3.png", "image_5.png"]
    assert garden.session.undo_text() == "Label 3 images"


def test_shift_click_selects_in_reading_order(garden: Desk) -> None:
    garden.click("image_2.png")
    garden.click("image_9.png", Qt.KeyboardModifier.ShiftModifier)
    assert garden.selected() == [f"image_{number}.png" for number in range(2, 10)]


def test_labels_reach_the_engine_with_the_visible_images(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    adapt = garden.engine.last(messages.Adapt)
    assert {(ref.name, label) for ref, label in adapt.support} == {
        ("image_1.png", cat.class_id),
        ("image_2.png", dog.class_id),
    }
    assert [item.name for item in adapt.classes] == ["cat", "dog"]
    assert garden.image("image_1.png") in adapt.visible


def test_delete_and_backspace_take_the_label_off(garden: Desk) -> None:
    garden.add_classes("cat")
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
        garden.click("image_1.png")
        garden.press("1")
        garden.click("image_1.png")
        garden.press(key)
        assert garden.labels_on_disk() == {}, key
        assert garden.selected() == ["image_1.png"]


def test_0_says_that_an_image_is_none_of_the_classes(garden: Desk) -> None:
    garden.click("image_1.png")
    garden.press("0")  # Without a class there is nothing to be none of.
    assert garden.labels_on_disk() == {}
    cat, _dog = garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.click("image_2.png")
    garden.press("2")
    garden.press("0")  # The key before went on to the next image; so does this one.
    assert garden.selected() == ["image_4.png"]
    labels = {"image_1.png": "cat", "image_2.png": "dog", "image_3.png": "None of these"}
    assert garden.labels_on_disk() == labels
    assert garden.state("image_3.png") == "labelled None of these"
    adapt = garden.engine.last(messages.Adapt)
    assert [item.name for item in adapt.classes] == ["cat", "dog"]
    assert [label for ref, label in adapt.support if ref.name == "image_3.png"] == [NONE_OF_THESE]
    # It is a label like any other: undone, done again, replaced.
    garden.window.actions_.undo.trigger()
    assert "image_3.png" not in garden.labels_on_disk()
    garden.window.actions_.redo.trigger()
    assert garden.labels_on_disk() == labels
    garden.click("image_3.png")
    garden.press("1")
    assert garden.labels_on_disk()["image_3.png"] == "cat"
    garden.session.label([garden.image("image_3.png")], NONE_OF_THESE)
    garden.click("image_3.png")
    garden.press(Qt.Key.Key_Delete)
    assert "image_3.png" not in garden.labels_on_disk()
    garden.engine.predict({garden.image("image_3.png"): [(cat.class_id, 0.9)]})
    assert garden.state("image_3.png") == "predicted cat, 90 %"


def test_negative_examples_alone_give_no_results(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("0")
    assert len(garden.labels_on_disk()) == 2
    assert garden.session.n_labelled_classes == 1
    assert not garden.window.actions_.export.isEnabled()


def test_a_click_on_a_class_labels_the_selection_and_stays(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    garden.select("image_4.png", "image_6.png")
    garden.click_class(dog.class_id)
    assert garden.labels_on_disk() == {"image_4.png": "dog", "image_6.png": "dog"}
    assert garden.selected() == ["image_4.png", "image_6.png"]
    garden.click_class(cat.class_id)
    assert garden.labels_on_disk() == {"image_4.png": "cat", "image_6.png": "cat"}


def test_a_click_on_a_class_without_a_selection_labels_nothing(garden: Desk) -> None:
    (cat,) = garden.add_classes("cat")
    garden.click_class(cat.class_id)
    assert garden.labels_on_disk() == {}
    assert garden.notices() == []


def test_tiles_dropped_on_a_class_are_labelled(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    panel = garden.classes.list
    assert panel.viewport().acceptDrops()
    rect = panel.visualRect(garden.classes.model.index(1))
    images = [garden.image("image_7.png"), garden.image("image_8.png")]
    assert drop_on(panel.viewport(), rect.center(), garden.gallery.model.mime_of_images(images))
    assert garden.labels_on_disk() == {"image_7.png": "dog", "image_8.png": "dog"}
    below = QPoint(20, panel.height() + 40)
    assert not drop_on(panel.viewport(), below, garden.gallery.model.mime_of_images(images))
    foreign = mime_of(images, Path("/another/project.handful"))
    assert not drop_on(panel.viewport(), rect.center(), foreign)


def test_the_context_menu_labels_and_unlabels(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.select("image_1.png", "image_2.png")
    menu = open_menu(garden)
    entries = [action.text().partition("\t")[0] for action in menu.actions()]
    assert entries[:6] == ["cat", "dog", "", "None of these", "", "New Class for These…"]
    assert "Copy Paths" in entries
    menu.actions()[1].trigger()
    menu.close()
    assert garden.labels_on_disk() == {"image_1.png": "dog", "image_2.png": "dog"}
    menu = open_menu(garden)
    next(action for action in menu.actions() if "Unlabel" in action.text()).trigger()
    menu.close()
    assert garden.labels_on_disk() == {}


def test_copy_path_and_a_new_class_from_the_context_menu(garden: Desk) -> None:
    garden.click("image_3.png")
    menu = open_menu(garden)
    next(action for action in menu.actions() if action.text() == "Copy Path").trigger()
    assert QApplication.clipboard().text().endswith("image_3.png")
    next(action for action in menu.actions() if action.text().startswith("New Class")).trigger()
    menu.close()
    garden.qtbot.keyClicks(garden.classes.field, "bird")
    garden.press(Qt.Key.Key_Return, garden.classes.field)
    assert garden.labels_on_disk() == {"image_3.png": "bird"}
    assert garden.view.hasFocus()


def test_everything_can_be_undone_and_redone(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    session = garden.session
    garden.select("image_1.png", "image_2.png")
    garden.press("1")
    garden.click("image_3.png")
    garden.press("2")
    session.rename_class(cat.class_id, "tiger")
    session.recolour_class(dog.class_id, "#123456")
    session.set_hotkey(dog.class_id, 7)
    session.merge_classes(dog.class_id, cat.class_id)
    session.delete_class(cat.class_id)
    states = []
    for _ in range(9):
        states.append(picture_of(garden))
        garden.window.actions_.undo.trigger()
    assert picture_of(garden) == ((), {})
    assert not garden.window.actions_.undo.isEnabled()
    for state in reversed(states):
        garden.window.actions_.redo.trigger()
        assert picture_of(garden) == state
    assert not garden.window.actions_.redo.isEnabled()


def test_a_new_edit_after_undo_forgets_what_could_be_redone(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press(Qt.Key.Key_Escape)
    garden.window.actions_.undo.trigger()
    garden.click("image_2.png")
    garden.press("2")
    assert garden.session.redo_text() == ""
    assert garden.labels_on_disk() == {"image_2.png": "dog"}


def test_undo_goes_back_to_what_it_changed(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.click("image_4.png")
    garden.press("1")
    garden.press("1")
    assert garden.selected() == ["image_6.png"]
    garden.window.actions_.undo.trigger()
    assert garden.selected() == ["image_5.png"]
    garden.window.actions_.undo.trigger()
    assert garden.selected() == ["image_4.png"]
    garden.double_click("image_12.png")
    garden.window.actions_.redo.trigger()
    assert garden.window.preview.side.name.text() == "image_4.png"


def test_undo_and_redo_name_what_they_do(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.click("image_1.png")
    garden.press("1")
    assert garden.window.actions_.undo.text() == "Undo: Label 1 image"
    garden.window.actions_.undo.trigger()
    assert garden.window.actions_.redo.text() == "Redo: Label 1 image"


def test_arrow_keys_walk_over_the_grid(garden: Desk) -> None:
    garden.click("image_1.png")
    columns = garden.view.n_columns
    garden.press(Qt.Key.Key_Right)
    assert garden.selected() == ["image_2.png"]
    garden.press(Qt.Key.Key_Down)
    assert garden.selected() == [f"image_{2 + columns}.png"]
    garden.press(Qt.Key.Key_Up)
    garden.press(Qt.Key.Key_Left)
    assert garden.selected() == ["image_1.png"]
    garden.press(Qt.Key.Key_End)
    assert garden.selected() == ["image_12.png"]
    garden.press(Qt.Key.Key_Home)
    assert garden.selected() == ["image_1.png"]


def test_the_whole_way_by_keyboard_alone(garden: Desk) -> None:
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    for name in ("cat", "dog"):
        garden.qtbot.keyClicks(garden.classes.field, name)
        garden.press(Qt.Key.Key_Return)
    garden.press(Qt.Key.Key_Escape)
    assert garden.view.hasFocus()
    garden.press(Qt.Key.Key_Right)
    garden.press("1")
    garden.press("2")
    garden.press(Qt.Key.Key_Space)
    assert garden.window.pages.is_preview_open()
    garden.press("1")
    garden.press(Qt.Key.Key_Escape)
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}


def open_menu(desk: Desk) -> QMenu:
    """Ask for the context menu of the selection."""
    desk.view.menu_requested.emit(QPoint(100, 100))
    menu = desk.window.findChildren(QMenu)[-1]
    assert menu.isVisible()
    return menu


def picture_of(desk: Desk) -> tuple[tuple[object, ...], dict[str, str]]:
    """Classes and labels as they are on disk, which is also what the session shows."""
    project = desk.session.project
    assert project is not None
    assert tuple(project.classes()) == desk.session.classes
    shown = {
        desk.session.table.image_id(row): label
        for row, label in enumerate(desk.session.table.labels.tolist())
        if label
    }
    assert shown == project.labels()
    return tuple(project.classes()), desk.labels_on_disk()


def test_the_arrow_key_right_after_a_label_is_the_step_that_was_made(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.view.since_step.setInterval(60_000)  # However slow the machine is.
    garden.click("image_1.png")
    for _ in range(3):
        garden.press("2")
        garden.press(Qt.Key.Key_Right)
    assert garden.labels_on_disk() == {f"image_{number}.png": "dog" for number in (1, 2, 3)}
    assert len(garden.notices()) == 1  # Said once.
    assert "the arrow key right after it is not needed" in garden.notices()[0]
    garden.press(Qt.Key.Key_Right)  # And one more goes on, as always.
    assert garden.selected() == ["image_5.png"]


def test_an_arrow_key_some_time_after_a_label_goes_on(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.view.since_step.setInterval(0)
    garden.click("image_1.png")
    garden.press("2")
    garden.qtbot.waitUntil(lambda: not garden.view.since_step.isActive())
    garden.press(Qt.Key.Key_Right)
    assert garden.selected() == ["image_3.png"]


def test_in_the_larger_view_too_the_arrow_key_after_a_label_is_its_step(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.view.since_step.setInterval(60_000)
    garden.click("image_1.png")
    garden.press(Qt.Key.Key_Space)
    garden.press("2")
    garden.press(Qt.Key.Key_Right, garden.window.preview)
    garden.press("2")
    assert garden.labels_on_disk() == {"image_1.png": "dog", "image_2.png": "dog"}


def test_u_sets_the_selected_images_aside_and_back(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.select("image_1.png", "image_2.png")
    garden.press("u")
    table = garden.session.table
    assert int(table.set_aside.sum()) == 2
    garden.press("u")
    assert not table.set_aside.any()

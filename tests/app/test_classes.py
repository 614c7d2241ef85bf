"""Classes: adding, renaming, colours, keys, merging, deleting."""

from __future__ import annotations

import pytest
from conftest import Desk, drop_on
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QColorDialog,
    QLineEdit,
    QMenu,
)
from pytestqt.modeltest import ModelTester

from app.classes.class_delegate import more_rect
from engine import CLASS_COLOURS, NONE_CLASS, messages
from engine.messages import NONE_OF_THESE


def names(desk: Desk) -> list[str]:
    """The classes as the list shows them."""
    model = desk.classes.model
    places = [model.index(place) for place in range(model.rowCount())]
    return [place.data() for place in places if model.is_class(place)]


def counts(desk: Desk, name: str) -> str:
    """What the list says of a class's numbers."""
    item = next(item for item in desk.session.classes if item.name == name)
    return desk.classes.model.counts_text(item)


def test_without_classes_a_hint_says_what_to_do(garden: Desk) -> None:
    assert "first class" in garden.classes.hint.text()
    garden.add_classes("cat", "dog")
    assert "Select images" in garden.classes.hint.text()
    garden.click("image_1.png")
    garden.press("1")
    assert "second class" in garden.classes.hint.text()
    garden.press("2")
    assert not garden.classes.hint.isVisible()


def test_new_classes_get_the_next_key_and_colour(garden: Desk) -> None:
    made = garden.add_classes(*(f"class {number}" for number in range(1, 12)))
    assert [item.hotkey for item in made] == [1, 2, 3, 4, 5, 6, 7, 8, 9, None, None]
    assert [item.colour for item in made] == list(CLASS_COLOURS[:11])


@pytest.mark.parametrize("name", ["cat", "CAT", "  cat  "])
def test_a_second_class_of_the_same_name_is_refused(garden: Desk, name: str) -> None:
    garden.add_classes("cat")
    garden.window.actions_.new_class.trigger()
    garden.qtbot.keyClicks(garden.classes.field, name)
    garden.press(Qt.Key.Key_Return)
    assert names(garden) == ["cat"]
    assert garden.classes.refusal.isVisible()  # Beside the field, and over no image.
    assert garden.classes.refusal.text() == "There is already a class “cat”."
    assert garden.notices() == []
    assert garden.classes.field.selectedText() == name  # Ready to be typed over.
    garden.press("x", garden.classes.field)
    assert not garden.classes.refusal.isVisible()


def test_an_empty_name_adds_nothing(garden: Desk) -> None:
    garden.window.actions_.new_class.trigger()
    garden.qtbot.keyClicks(garden.classes.field, "   ")
    garden.press(Qt.Key.Key_Return)
    assert names(garden) == []
    assert garden.notices() == []


def test_ctrl_enter_gives_the_new_class_to_the_selection(garden: Desk) -> None:
    garden.select("image_1.png", "image_2.png")
    garden.window.actions_.new_class.trigger()
    garden.qtbot.keyClicks(garden.classes.field, "cat")
    garden.qtbot.keyClick(
        garden.classes.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "cat"}


def test_digits_typed_into_a_name_label_nothing(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.click("image_1.png")
    garden.window.actions_.new_class.trigger()
    garden.qtbot.keyClicks(garden.classes.field, "type 1")
    garden.press(Qt.Key.Key_Backspace)
    assert garden.classes.field.text() == "type "
    assert garden.labels_on_disk() == {}


def test_f2_renames_and_escape_does_not(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    panel = garden.classes.list
    panel.setFocus()
    panel.setCurrentIndex(garden.classes.model.index(1))
    garden.press(Qt.Key.Key_F2)
    editor = panel.findChild(QLineEdit)
    assert editor.text() == "dog"
    editor.clear()
    garden.qtbot.keyClicks(editor, "wolf")
    garden.press(Qt.Key.Key_Return, editor)
    garden.settle()
    assert names(garden) == ["cat", "wolf"]
    assert QApplication.focusWidget() is panel
    control = Qt.KeyboardModifier.ControlModifier
    garden.qtbot.keyClick(panel, Qt.Key.Key_Z, control)
    assert names(garden) == ["cat", "dog"]
    garden.qtbot.keyClick(panel, Qt.Key.Key_Z, control | Qt.KeyboardModifier.ShiftModifier)
    panel.setFocus()
    panel.setCurrentIndex(garden.classes.model.index(1))
    garden.press(Qt.Key.Key_F2, panel)
    editor = panel.findChildren(QLineEdit)[-1]
    editor.clear()
    garden.qtbot.keyClicks(editor, "fox")
    garden.press(Qt.Key.Key_Escape, editor)
    garden.settle()
    assert names(garden) == ["cat", "wolf"]


def test_a_double_click_renames_and_does_not_label(garden: Desk) -> None:
    cat, _dog = garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.click_class(cat.class_id)
    panel = garden.classes.list
    place = panel.visualRect(garden.classes.model.index(0)).center() - QPoint(60, 0)
    garden.qtbot.mouseDClick(panel.viewport(), Qt.MouseButton.LeftButton, pos=place)
    editor = panel.findChild(QLineEdit)
    assert editor is not None
    assert garden.labels_on_disk() == {}
    editor.clear()
    garden.qtbot.keyClicks(editor, "lion")
    garden.press(Qt.Key.Key_Return, editor)
    garden.settle()
    assert names(garden) == ["lion", "dog"]


def test_renaming_to_a_name_that_exists_is_refused(garden: Desk) -> None:
    cat, _dog = garden.add_classes("cat", "dog")
    told: list[str] = []
    garden.session.name_refused.connect(told.append)
    garden.classes.list.edit_name(cat.class_id)
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    editor.clear()
    garden.qtbot.keyClicks(editor, "dog")
    garden.press(Qt.Key.Key_Return, editor)
    garden.settle()
    assert names(garden) == ["cat", "dog"]
    assert told == ["There is already a class “dog”."]  # Once: an editor commits as it leaves.
    assert garden.classes.refusal.text() == told[0]
    assert garden.notices() == []
    garden.session.rename_class(cat.class_id, "lion")
    assert not garden.classes.refusal.isVisible()


def test_before_there_is_a_class_letters_begin_the_name_of_the_first(garden: Desk) -> None:
    garden.click("image_1.png")
    for letter in "uw cat":  # U and W mean something else among the tiles, later on.
        garden.press(letter)
    assert garden.classes.field.hasFocus()
    garden.press(Qt.Key.Key_Return)
    assert names(garden) == ["uw cat"]
    assert not garden.gallery.finder.isVisible()


def test_a_click_on_a_class_that_replaces_a_label_says_so(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    garden.select("image_1.png", "image_2.png")
    garden.click_class(cat.class_id)
    assert garden.notices() == []  # Nothing was replaced.
    garden.click("image_1.png")
    garden.click_class(dog.class_id)
    assert garden.notices() == ["Changed the label of 1 image from “cat” to “dog”."]
    garden.session.undo()
    assert garden.notices() == []
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "cat"}
    garden.select("image_1.png", "image_2.png")
    garden.press("2")
    assert garden.notices() == ["Changed the labels of 2 images to “dog”."]


def test_counts_of_labelled_and_predicted_images(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    assert counts(garden, "cat") == "none yet"
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.engine.predict(
        {
            garden.image(f"image_{number}.png"): [(cat.class_id, 0.9), (dog.class_id, 0.1)]
            for number in range(1, 6)
        }
    )
    garden.settle()
    assert counts(garden, "cat") == "1 labelled · 3 predicted"
    assert counts(garden, "dog") == "1 labelled"


def test_a_key_in_use_is_exchanged(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    garden.session.set_hotkey(dog.class_id, 1)
    assert [(item.name, item.hotkey) for item in garden.session.classes] == [
        ("cat", 2),
        ("dog", 1),
    ]
    garden.click("image_1.png")
    garden.press("1")
    assert garden.labels_on_disk() == {"image_1.png": "dog"}
    garden.session.set_hotkey(cat.class_id, None)
    assert garden.session.image_class(cat.class_id).hotkey is None  # type: ignore[union-attr]


def test_deleting_a_class_takes_its_labels_off_and_offers_undo(garden: Desk) -> None:
    cat, _dog = garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    panel = garden.classes.list
    panel.setFocus()
    panel.setCurrentIndex(garden.classes.model.index(0))
    garden.press(Qt.Key.Key_Delete, panel)
    assert names(garden) == ["dog"]
    assert garden.labels_on_disk() == {}
    assert garden.notices() == ["Deleted the class “cat” and its label."]
    garden.window.actions_.undo.trigger()
    assert names(garden) == ["cat", "dog"]
    assert garden.labels_on_disk() == {"image_1.png": "cat"}
    assert garden.session.image_class(cat.class_id) == cat
    assert garden.notices() == []  # Undo would take back something else now.


def test_predictions_of_a_deleted_class_disappear(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.engine.predict({garden.image("image_5.png"): [(dog.class_id, 0.9), (cat.class_id, 0.1)]})
    assert garden.state("image_5.png") == "predicted dog, 90 %"
    garden.session.delete_class(dog.class_id)
    assert garden.state("image_5.png") == "not classified yet"


def test_a_class_without_a_readable_example_says_so(garden: Desk) -> None:
    cat, dog, void = garden.add_classes("cat", "dog", "void")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.press("3")
    model = garden.classes.model
    assert model.counts_text(void) == "1 labelled"
    garden.engine.predict(
        {garden.image("image_5.png"): [(dog.class_id, 0.9), (cat.class_id, 0.1)]},
        empty=[void.class_id],
    )
    assert model.counts_text(void) == "no example yet"
    spoken = model.index(2).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "void, no example yet"
    assert "labelled" in model.counts_text(cat)
    garden.press("3")  # image_4: the next of the run can be read.
    garden.engine.predict({garden.image("image_5.png"): [(dog.class_id, 0.9), (cat.class_id, 0.1)]})
    assert model.counts_text(void) == "2 labelled"
    garden.engine.predict({}, empty=[void.class_id])
    garden.window.actions_.undo.trigger()
    number = garden.engine.last(messages.Adapt).request_id
    garden.engine.publish(messages.NotAdapted(number, "Label a second class."))
    assert model.counts_text(void) == "1 labelled"


def test_merging_moves_the_labels(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    garden.select("image_1.png", "image_2.png")
    garden.press("1")
    garden.click("image_3.png")
    garden.press("2")
    garden.session.merge_classes(cat.class_id, dog.class_id)
    assert names(garden) == ["dog"]
    assert set(garden.labels_on_disk().values()) == {"dog"}
    assert len(garden.labels_on_disk()) == 3


def test_the_menu_of_a_class_does_all_of_it(garden: Desk) -> None:
    cat, _dog = garden.add_classes("cat", "dog")
    panel = garden.classes.list
    button = more_rect(panel.visualRect(garden.classes.model.index(0))).center()
    garden.qtbot.mouseClick(panel.viewport(), Qt.MouseButton.LeftButton, pos=button)
    menu = garden.classes.findChildren(QMenu)[0]
    texts = [action.text().partition("\t")[0] for action in menu.actions() if action.text()]
    assert texts == [
        "Show Only This Class",
        "Label More of This Class",
        "Rename…",
        "Colour",
        "Key",
        "Note…",
        "Move Up",
        "Move Down",
        "Merge Into",
        "Split into Two…",
        "Delete",
    ]
    sub = {action.text(): action.menu() for action in menu.actions() if action.menu()}
    sub["Colour"].actions()[4].trigger()
    assert garden.session.image_class(cat.class_id).colour == CLASS_COLOURS[4]  # type: ignore[union-attr]
    sub["Key"].actions()[6].trigger()
    assert garden.session.image_class(cat.class_id).hotkey == 7  # type: ignore[union-attr]
    sub["Merge Into"].actions()[0].trigger()
    assert names(garden) == ["dog"]
    menu.close()


def begin_split(desk: Desk) -> list[messages.ImageId]:
    """Four cats; ask from the menu to split them. Returns the two that are to leave."""
    desk.add_classes("cat", "dog")
    desk.select(*(f"image_{number}.png" for number in range(1, 5)))
    desk.press("1")
    menu = desk.classes.menu_of(desk.session.classes[0])
    next(action for action in menu.actions() if "Split" in action.text()).trigger()
    return [desk.image("image_2.png"), desk.image("image_4.png")]


def propose(desk: Desk, leaving: list[messages.ImageId]) -> None:
    """Answer as the engine does."""
    number = desk.engine.last(messages.ProposeSplit).request_id
    desk.engine.publish(messages.SplitProposed(number, tuple(leaving)))
    desk.engine.publish(messages.JobFinished(number))


def test_a_class_is_split_and_back_by_one_undo(garden: Desk) -> None:
    leaving = begin_split(garden)
    dialog = garden.window.dialogs.split
    asked = garden.engine.last(messages.ProposeSplit)
    assert [image.name for image in asked.images] == [f"image_{n}.png" for n in range(1, 5)]
    assert "Looking for two kinds" in dialog.state.text()
    assert not dialog.split_button.isEnabled()
    propose(garden, leaving)
    assert dialog.group_texts() == ("Stay in “cat”: 2", "Go to a new class: 2")
    assert not dialog.split_button.isEnabled()
    garden.qtbot.keyClicks(dialog.field, "kitten 2")
    before = garden.labels_on_disk()
    garden.qtbot.keyClick(dialog.field, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert names(garden) == ["cat", "dog", "kitten 2"]
    changed = {"image_2.png": "kitten 2", "image_4.png": "kitten 2"}
    assert garden.labels_on_disk() == {**before, **changed}
    assert garden.notices() == ["Split “cat”: 2 went to “kitten 2”."]
    garden.window.actions_.undo.trigger()
    assert garden.labels_on_disk() == before
    assert names(garden) == ["cat", "dog"]


def test_a_split_under_a_name_that_exists_is_refused_and_can_be_mended(garden: Desk) -> None:
    propose(garden, begin_split(garden))
    dialog = garden.window.dialogs.split
    garden.qtbot.keyClicks(dialog.field, "dog")
    garden.qtbot.mouseClick(dialog.split_button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    assert garden.notices() == ["There is already a class “dog”."]
    assert set(garden.labels_on_disk().values()) == {"cat"}


def test_closing_the_dialog_cancels_the_question(garden: Desk) -> None:
    leaving = begin_split(garden)
    garden.qtbot.keyClick(garden.window.dialogs.split, Qt.Key.Key_Escape)
    number = garden.engine.last(messages.ProposeSplit).request_id
    assert garden.engine.cancelled() == [number]
    propose(garden, leaving)
    assert not garden.window.dialogs.split.isVisible()
    assert names(garden) == ["cat", "dog"]


def test_labels_may_change_while_a_split_is_looked_at(garden: Desk) -> None:
    propose(garden, begin_split(garden))
    dialog = garden.window.dialogs.split
    garden.qtbot.keyClicks(dialog.field, "kitten")
    cat, dog = garden.session.classes
    garden.session.label([garden.image("image_2.png")], dog.class_id)
    assert dialog.group_texts() == ("Stay in “cat”: 2", "Go to a new class: 1")
    assert dialog.split_button.isEnabled()
    garden.session.label([garden.image("image_4.png")], dog.class_id)
    assert dialog.group_texts() == ("Stay in “cat”: 2", "Go to a new class: 0")
    assert not dialog.split_button.isEnabled()
    garden.session.merge_classes(cat.class_id, dog.class_id)
    assert not dialog.isVisible()


def test_a_class_with_one_image_cannot_be_split(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.click("image_1.png")
    garden.press("1")
    menu = garden.classes.menu_of(garden.session.classes[0])
    assert not next(item for item in menu.actions() if "Split" in item.text()).isEnabled()


def test_a_failed_proposal_is_a_sentence(garden: Desk) -> None:
    begin_split(garden)
    number = garden.engine.last(messages.ProposeSplit).request_id
    garden.engine.publish(messages.JobFailed(number, "None of them can be read.", False))
    assert garden.window.dialogs.split.state.text() == "None of them can be read."
    assert not garden.window.dialogs.split.split_button.isEnabled()


def test_any_colour_can_be_chosen(garden: Desk) -> None:
    (cat,) = garden.add_classes("cat")
    garden.classes._choose_colour(cat)
    dialog = garden.classes.findChild(QColorDialog)
    dialog.setCurrentColor("#102030")
    dialog.accept()
    assert garden.session.image_class(cat.class_id).colour == "#102030"  # type: ignore[union-attr]


def test_a_name_with_an_ampersand_stays_whole(garden: Desk) -> None:
    garden.add_classes("black & white")
    assert garden.window.actions_.label_menu.actions()[0].text() == "black && white"
    garden.click("image_1.png")
    garden.press("1")
    assert garden.labels_on_disk() == {"image_1.png": "black & white"}


# --- None of these --------------------------------------------------------------------------------


def _rows(desk: Desk) -> list[str]:
    model = desk.classes.model
    return [model.index(place).data() for place in range(model.rowCount())]


def test_none_of_these_is_the_last_entry_as_soon_as_there_is_a_class(garden: Desk) -> None:
    assert _rows(garden) == []
    (cat,) = garden.add_classes("cat")
    assert _rows(garden) == ["cat", "None of these"]
    assert garden.classes.model.counts_text(NONE_CLASS) == "shows no class"
    _, dog = garden.add_classes("bird", "dog")
    assert _rows(garden) == ["cat", "bird", "dog", "None of these"]
    garden.select("image_1.png", "image_2.png")
    garden.click_class(NONE_OF_THESE)
    none = {"image_1.png": "None of these", "image_2.png": "None of these"}
    assert garden.labels_on_disk() == none
    assert garden.classes.model.counts_text(NONE_CLASS) == "2 labelled"
    panel = garden.classes.list
    rect = panel.visualRect(garden.classes.model.index(3))
    images = [garden.image("image_7.png")]
    assert drop_on(panel.viewport(), rect.center(), garden.gallery.model.mime_of_images(images))
    assert garden.labels_on_disk() == {**none, "image_7.png": "None of these"}
    assert dog.colour == CLASS_COLOURS[2]
    assert cat.colour == CLASS_COLOURS[0]


def test_none_of_these_cannot_be_renamed_deleted_or_merged(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.select("image_1.png")
    panel, model = garden.classes.list, garden.classes.model
    index = model.index(1)
    place = panel.visualRect(index).center()
    garden.qtbot.mouseClick(panel.viewport(), Qt.MouseButton.LeftButton, pos=place)
    garden.qtbot.mouseDClick(panel.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert garden.labels_on_disk() == {"image_1.png": "None of these"}
    assert panel.state() != QAbstractItemView.State.EditingState
    panel.setCurrentIndex(index)
    for key in (Qt.Key.Key_F2, Qt.Key.Key_Delete):
        garden.press(key, panel)
    assert not model.flags(index) & Qt.ItemFlag.ItemIsEditable
    assert not model.setData(index, "another name")
    assert _rows(garden) == ["cat", "None of these"]
    assert garden.labels_on_disk() == {"image_1.png": "None of these"}
    assert garden.notices() == []
    garden.qtbot.mouseClick(
        panel.viewport(), Qt.MouseButton.LeftButton, pos=more_rect(panel.visualRect(index)).center()
    )
    (menu,) = garden.classes.findChildren(QMenu)
    assert [action.text() for action in menu.actions()] == ["Show Only These"]
    menu.actions()[0].trigger()
    menu.close()
    assert garden.shown() == ["image_1.png"]


def test_a_class_can_be_merged_into_none_of_these(garden: Desk) -> None:
    other, _cat = garden.add_classes("something else", "cat")
    garden.select("image_1.png", "image_2.png")
    garden.press("1")
    menu = garden.classes.menu_of(garden.session.classes[0])
    (merge,) = [action.menu() for action in menu.actions() if action.text() == "Merge Into"]
    targets = [action for action in merge.actions() if action.text()]
    assert [action.text() for action in targets] == ["cat", "None of these"]
    targets[1].trigger()
    assert names(garden) == ["cat"]
    assert set(garden.labels_on_disk().values()) == {"None of these"}
    assert garden.notices() == ["Merged the class “something else” into “None of these”."]
    garden.window.actions_.undo.trigger()
    assert set(garden.labels_on_disk().values()) == {other.name}


def test_no_class_can_be_called_none_of_these(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.qtbot.keyClicks(garden.classes.field, "none of these")
    garden.press(Qt.Key.Key_Return, garden.classes.field)
    assert names(garden) == ["cat"]
    said = garden.classes.refusal.text()
    assert "“None of these” is there for images that show no class" in said


def test_the_model_of_classes_keeps_qts_rules(garden: Desk) -> None:
    tester = ModelTester(None)
    tester.check(garden.classes.model)
    cat, dog = garden.add_classes("cat", "dog")
    garden.session.merge_classes(cat.class_id, dog.class_id)
    garden.window.actions_.undo.trigger()
    tester.check(garden.classes.model)


def test_a_long_name_is_changed_from_its_beginning(garden: Desk) -> None:
    long = "Eastern long-necked turtle (Chelodina longicollis), juvenile, seen from above"
    garden.session.import_classes([long])
    panel = garden.classes.list
    panel.setFocus()
    panel.setCurrentIndex(garden.classes.model.index(0))
    garden.qtbot.keyClick(panel, Qt.Key.Key_F2)
    editor = panel.viewport().findChild(QLineEdit)
    assert editor.selectedText() == long
    assert editor.cursorPosition() == 0  # So that its beginning is what is seen.
    garden.qtbot.keyClicks(editor, "turtle")
    garden.qtbot.keyClick(editor, Qt.Key.Key_Return)
    garden.qtbot.waitUntil(lambda: garden.session.classes[0].name == "turtle")


def test_rows_are_as_high_as_larger_letters_need(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    panel = garden.classes.list
    usual = panel.visualRect(garden.classes.model.index(0)).height()
    font = panel.font()
    font.setPointSizeF(3 * font.pointSizeF())
    panel.setStyleSheet(f"font-size: {font.pointSizeF()}pt")
    garden.qtbot.waitUntil(lambda: panel.visualRect(garden.classes.model.index(0)).height() > usual)
    row = panel.visualRect(garden.classes.model.index(0))
    assert row.height() >= 2 * panel.fontMetrics().height()
    assert panel.sizeHint().height() == panel.model().rowCount() * row.height()

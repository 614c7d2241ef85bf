"""What to label next: the queue, its keys, and that it never runs dry."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Desk
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from app.queue.class_bars import ClassBar, ClassBarModel
from app.queue.queue_page import QueuePage
from engine import messages
from engine.messages import ClassId, Suggestion


@pytest.fixture
def queue(garden: Desk) -> Desk:
    """Two classes, and four suggestions on screen."""
    garden.add_classes("cat", "dog")
    garden.window.actions_.queue.trigger()
    suggest(garden, "image_5.png", "image_7.png", "image_9.png", "image_11.png")
    return garden


def suggest(desk: Desk, *names: str, why: str = "typical of 41 images") -> None:
    """Answer the newest question with these images."""
    classes: Sequence[ClassId] = [item.class_id for item in desk.session.classes][:2]
    desk.engine.suggest([Suggestion(desk.image(name), why, tuple(classes)) for name in names])


def on_screen(desk: Desk) -> str:
    """The name of the image on screen, empty where there is none."""
    row = desk.window.pages.queue.picture.row
    shown = desk.window.pages.queue.picture.isVisible()
    return desk.session.table.names[row] if shown and row >= 0 else ""


def press(desk: Desk, key: Qt.Key | str) -> None:
    """Press a key on the page."""
    desk.press(key, desk.window.pages.queue)


def test_a_suggestion_is_shown_large_with_its_reason(queue: Desk) -> None:
    page = queue.window.pages.queue
    assert on_screen(queue) == "image_5.png"
    assert page.why.text() == "Typical of 41 images"
    assert page.state.text() == "image_5.png"
    assert page.position.text() == "0 labelled here · 12 without a label"
    queue.qtbot.waitUntil(lambda: bool(queue.engine.all(messages.LoadPreview)))
    queue.engine.preview()
    assert not page.picture.view.is_empty


def test_it_asks_for_a_dozen_on_the_labels_as_they_are(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_F6)
    command = garden.engine.last(messages.Suggest)
    assert command.count == 12
    assert [image.name for image, _ in command.support] == ["image_1.png"]
    assert [item.name for item in command.classes] == ["cat", "dog"]
    assert "Looking for images" in garden.window.pages.queue._nothing.text()


def test_a_class_key_labels_and_goes_on(queue: Desk) -> None:
    press(queue, "2")
    press(queue, "1")
    assert queue.labels_on_disk() == {"image_5.png": "dog", "image_7.png": "cat"}
    assert on_screen(queue) == "image_9.png"


def test_clicking_a_class_labels_and_goes_on(queue: Desk) -> None:
    queue.click_class(queue.session.classes[0].class_id)
    assert queue.labels_on_disk() == {"image_5.png": "cat"}
    assert on_screen(queue) == "image_7.png"


def test_space_skips_and_backspace_goes_back(queue: Desk) -> None:
    press(queue, "1")
    press(queue, Qt.Key.Key_Space)
    assert on_screen(queue) == "image_9.png"
    press(queue, Qt.Key.Key_Backspace)
    press(queue, Qt.Key.Key_Backspace)
    assert on_screen(queue) == "image_5.png"
    assert queue.window.pages.queue.state.text() == "image_5.png · labelled cat"
    assert queue.labels_on_disk() == {"image_5.png": "cat"}  # Backspace unlabels elsewhere.
    press(queue, "2")
    assert queue.labels_on_disk() == {"image_5.png": "dog"}
    press(queue, Qt.Key.Key_Delete)
    assert queue.labels_on_disk() == {"image_5.png": "dog"}
    assert on_screen(queue) == "image_7.png"
    press(queue, "0")
    assert queue.labels_on_disk() == {"image_5.png": "dog", "image_7.png": "None of these"}
    assert on_screen(queue) == "image_9.png"


def test_a_key_held_down_labels_one_image(queue: Desk) -> None:
    for action in queue.window.actions_._label_actions:
        assert not action.autoRepeat()
    press(queue, Qt.Key.Key_Space)
    assert on_screen(queue) == "image_7.png"


def test_what_was_skipped_is_not_asked_for_again(queue: Desk) -> None:
    press(queue, Qt.Key.Key_Space)
    press(queue, "1")
    queue.qtbot.waitUntil(lambda: len(queue.engine.all(messages.Suggest)) >= 2)
    queue.qtbot.waitUntil(lambda: len(queue.engine.last(messages.Suggest).support) == 1)
    passed = queue.engine.last(messages.Suggest).passed_over
    assert queue.image("image_5.png") in passed
    # Nor what is on screen and next anyway.
    assert queue.image("image_9.png") in passed
    suggest(queue, "image_5.png", "image_9.png", "image_7.png", "image_12.png")
    names = [
        queue.session.table.names[queue.session.table.row_of(item.image_id)]
        for item in queue.window.pages.queue.suggestions.items
    ]
    assert names == ["image_5.png", "image_7.png", "image_9.png", "image_11.png", "image_12.png"]


def test_more_are_fetched_before_the_queue_runs_out(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.window.actions_.queue.trigger()
    suggest(garden, *(f"image_{number}.png" for number in range(2, 9)))
    assert len(garden.engine.all(messages.Suggest)) == 1
    press(garden, Qt.Key.Key_Space)
    press(garden, Qt.Key.Key_Space)
    press(garden, Qt.Key.Key_Space)
    garden.qtbot.waitUntil(lambda: len(garden.engine.all(messages.Suggest)) == 2)
    assert on_screen(garden) == "image_5.png"  # It goes on meanwhile.
    press(garden, Qt.Key.Key_Space)
    assert on_screen(garden) == "image_6.png"


def test_at_the_end_it_says_so_and_asks_no_more(queue: Desk) -> None:
    for _ in range(4):
        press(queue, Qt.Key.Key_Space)
    assert on_screen(queue) == ""
    queue.qtbot.waitUntil(lambda: len(queue.engine.all(messages.Suggest)) == 2)
    queue.engine.suggest([])
    assert "Nothing is left to suggest" in queue.window.pages.queue._nothing.text()
    assert queue.window.pages.queue.back_button.isVisible()
    press(queue, Qt.Key.Key_Backspace)
    assert on_screen(queue) == "image_11.png"


def test_an_image_that_cannot_be_shown_is_passed_over(queue: Desk) -> None:
    before = on_screen(queue)
    press(queue, Qt.Key.Key_Space)
    gone = queue.window.pages.queue.suggestions.current
    assert gone is not None

    def is_asked_for() -> bool:
        asked = queue.engine.all(messages.LoadPreview)
        return bool(asked) and asked[-1].image.image_id == gone.image_id

    queue.qtbot.waitUntil(is_asked_for)
    number = queue.engine.last(messages.LoadPreview).request_id
    queue.engine.publish(messages.JobFailed(number, "The file is not there any more.", False))
    page = queue.window.pages.queue
    assert page.suggestions.current is not None
    assert page.suggestions.current.image_id != gone.image_id
    assert not page.picture.is_broken
    press(queue, Qt.Key.Key_Backspace)
    assert on_screen(queue) == before
    press(queue, "1")
    labelled = queue.labels_on_disk()
    assert queue.session.table.names[queue.session.table.row_of(gone.image_id)] not in labelled


def test_the_first_class_is_made_on_the_spot(garden: Desk) -> None:
    garden.window.actions_.queue.trigger()
    page = garden.window.pages.queue
    assert page.choices.field.hasFocus()
    garden.qtbot.keyClicks(page.choices.field, "cat")
    suggest(garden, "image_5.png", "image_7.png")
    assert "no class yet" in page.hint.text()
    garden.qtbot.keyClicks(page.choices.field, " 1")  # The image that came leaves it alone.
    assert page.choices.list.texts() == ["cat 1 new class"]
    garden.press(Qt.Key.Key_Return)
    assert garden.labels_on_disk() == {"image_5.png": "cat 1"}
    assert on_screen(garden) == "image_7.png"
    assert page.choices.list.hasFocus()
    garden.press(Qt.Key.Key_Slash)
    garden.qtbot.keyClicks(page.choices.field, "dog")
    garden.press(Qt.Key.Key_Return)
    assert garden.labels_on_disk() == {"image_5.png": "cat 1", "image_7.png": "dog"}
    garden.qtbot.keyClick(page, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert garden.classes.field.hasFocus()


def test_escape_leaves_and_the_queue_goes_on_where_it_was(queue: Desk) -> None:
    press(queue, "1")
    press(queue, Qt.Key.Key_Escape)
    assert queue.view.isVisible()
    assert queue.view.hasFocus()
    queue.click("image_7.png")
    queue.press("2")
    n_asked = len(queue.engine.all(messages.Suggest))
    queue.settle()
    assert len(queue.engine.all(messages.Suggest)) == n_asked  # Nobody looks at it.
    queue.window.actions_.queue.trigger()
    assert on_screen(queue) == "image_9.png"


def test_why_is_asked_of_the_image_on_screen_and_one_comes_back(queue: Desk) -> None:
    press(queue, Qt.Key.Key_Space)
    press(queue, "w")
    assert queue.window.pages.is_preview_open()
    assert queue.window.preview.row == queue.session.table.row_of_name("image_7.png")
    queue.press(Qt.Key.Key_Escape, queue.window.preview)
    assert on_screen(queue) == "image_7.png"


def test_undo_goes_back_to_the_image(queue: Desk) -> None:
    press(queue, "1")
    press(queue, "1")
    queue.window.actions_.undo.trigger()
    assert on_screen(queue) == "image_7.png"
    assert queue.labels_on_disk() == {"image_5.png": "cat"}


def test_labelled_images_that_are_read_on_the_way_are_known_then(garden: Desk) -> None:
    garden.window.actions_.queue.trigger()
    number = garden.engine.last(messages.Suggest).request_id
    image = garden.image("image_3.png")
    garden.engine.publish(messages.ImageUnreadable(number, image, "it is broken"))
    assert garden.state("image_3.png") == "cannot be read: it is broken"


def test_failing_is_a_sentence_on_the_page(garden: Desk) -> None:
    garden.window.actions_.queue.trigger()
    number = garden.engine.last(messages.Suggest).request_id
    garden.engine.publish(messages.JobFailed(number, "No image can be read.", False))
    assert garden.window.pages.queue._nothing.text() == "No image can be read."


def test_another_project_begins_a_new_queue(queue: Desk) -> None:
    press(queue, Qt.Key.Key_Space)
    queue.window.actions_.close_project.trigger()
    assert queue.window.pages.queue.suggestions.items == []
    assert queue.window.pages.currentWidget() is queue.gallery
    assert not queue.window.actions_.queue.isEnabled()


# --- The classes beside the image ---------------------------------------------------------------


@pytest.fixture
def predicted(garden: Desk) -> Desk:
    """As ``queue``, with three classes and predictions: image_5 is most likely a dog."""
    cat, dog, _ = (item.class_id for item in garden.add_classes("cat", "dog", "owl"))
    for name, class_id in (("image_1.png", cat), ("image_2.png", dog)):
        garden.session.label([garden.image(name)], class_id)
    answer(garden, 0.7)
    garden.window.actions_.queue.trigger()
    suggest(garden, "image_5.png", "image_7.png", "image_9.png", "image_11.png")
    return garden


def answer(desk: Desk, dog_share: float, accuracy: float | None = 0.7) -> None:
    """Predict everything as a dog or a cat."""
    cat, dog = (item.class_id for item in desk.session.classes[:2])
    ranks = sorted([(dog, dog_share), (cat, 1.0 - dog_share)], key=lambda item: -item[1])
    names = [name for name in desk.session.table.names if name not in desk.labels_on_disk()]
    desk.engine.predict({desk.image(name): ranks for name in names}, accuracy=accuracy)


def page_of(desk: Desk) -> QueuePage:
    return desk.window.pages.queue


def test_the_classes_stand_in_the_order_of_their_probabilities(predicted: Desk) -> None:
    choices = page_of(predicted).choices
    assert choices.list.texts() == ["2 dog 70 %", "1 cat 30 %", "3 owl", "0 None of these"]
    assert choices.list.current is not None
    assert choices.list.current.name == "dog"


def test_enter_accepts_the_class_singled_out_and_goes_on(predicted: Desk) -> None:
    press(predicted, Qt.Key.Key_Return)
    assert predicted.labels_on_disk()["image_5.png"] == "dog"
    assert on_screen(predicted) == "image_7.png"
    press(predicted, Qt.Key.Key_Down)
    press(predicted, Qt.Key.Key_Down)
    press(predicted, Qt.Key.Key_Return)
    assert predicted.labels_on_disk()["image_7.png"] == "owl"
    assert page_of(predicted).position.text().startswith("2 labelled here")


def test_newer_predictions_move_nothing_under_the_finger(predicted: Desk) -> None:
    choices = page_of(predicted).choices
    answer(predicted, 0.2)
    assert choices.list.texts()[:2] == ["2 dog 20 %", "1 cat 80 %"]
    press(predicted, Qt.Key.Key_Return)
    assert predicted.labels_on_disk()["image_5.png"] == "dog"  # What it said when it was pressed.
    assert choices.list.texts()[:2] == ["1 cat 80 %", "2 dog 20 %"]  # The next image's own order.


def test_what_a_label_has_taught_puts_the_next_image_in_order(predicted: Desk) -> None:
    choices = page_of(predicted).choices
    choices.unseen_ms = 1_000_000  # However busy the machine is.
    press(predicted, "2")
    assert on_screen(predicted) == "image_7.png"
    assert choices.list.texts()[:2] == ["2 dog 70 %", "1 cat 30 %"]  # Of the labels before.
    command = predicted.engine.last(messages.Adapt)
    assert predicted.image("image_7.png") in command.visible  # It is answered first.
    answer(predicted, 0.2)
    assert choices.list.texts()[:2] == ["1 cat 80 %", "2 dog 20 %"]
    answer(predicted, 0.9)  # Anything later moves nothing.
    assert choices.list.texts()[:2] == ["1 cat 10 %", "2 dog 90 %"]
    press(predicted, Qt.Key.Key_Return)
    assert predicted.labels_on_disk()["image_7.png"] == "cat"


def test_late_answers_and_a_busy_hand_move_nothing(predicted: Desk) -> None:
    choices = page_of(predicted).choices
    choices.unseen_ms = 0
    press(predicted, "2")
    answer(predicted, 0.2)
    assert choices.list.texts()[:2] == ["2 dog 20 %", "1 cat 80 %"]
    choices.unseen_ms = 1_000_000
    press(predicted, "2")
    press(predicted, Qt.Key.Key_Down)
    assert choices.list.current is not None
    singled_out = choices.list.current.name
    answer(predicted, 0.9)
    assert choices.list.texts()[:2] == ["1 cat 10 %", "2 dog 90 %"]
    assert choices.list.current is not None
    assert choices.list.current.name == singled_out


def test_the_reason_says_what_the_bars_say(predicted: Desk) -> None:
    page, classes = page_of(predicted), predicted.session.classes
    ids = tuple(item.class_id for item in classes[:2])
    page.suggestions.items[0] = Suggestion(
        predicted.image("image_5.png"), "between cat and dog", ids, is_close_call=True
    )
    answer(predicted, 0.8)
    assert page.why.text() == "Rather dog than cat"
    answer(predicted, 0.55)
    assert page.why.text() == "Between dog and cat"
    answer(predicted, 0.03)
    assert page.why.text() == "Most likely cat"
    press(predicted, Qt.Key.Key_Space)
    assert page.why.text() == "Typical of 41 images"  # Which is true whatever is predicted.


def test_without_predictions_enter_gives_nothing_until_they_come(queue: Desk) -> None:
    choices = page_of(queue).choices
    choices.unseen_ms = 0  # Somebody has read the list.
    press(queue, Qt.Key.Key_Return)
    assert queue.labels_on_disk() == {}
    queue.session.label([queue.image("image_1.png")], queue.session.classes[0].class_id)
    queue.session.label([queue.image("image_2.png")], queue.session.classes[1].class_id)
    answer(queue, 0.9)
    assert choices.list.texts()[0] == "1 cat 10 %"  # Nothing moved.
    press(queue, Qt.Key.Key_Return)
    assert queue.labels_on_disk()["image_5.png"] == "dog"


def test_a_click_on_a_bar_labels(predicted: Desk) -> None:
    view = page_of(predicted).choices.list
    place = view.visualRect(view.bars.index(1)).center()
    predicted.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert predicted.labels_on_disk()["image_5.png"] == "cat"
    assert on_screen(predicted) == "image_7.png"
    below = QPoint(place.x(), view.viewport().height() - 2)
    predicted.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=below)
    assert on_screen(predicted) == "image_7.png"


def test_a_class_without_a_key_is_found_by_typing(predicted: Desk) -> None:
    names = ["ant", "bee", "crow", "duck", "eel", "fox", "goat", "heron"]
    for name in names:
        predicted.session.add_class(name)
    assert predicted.session.classes[-1].hotkey is None
    page_of(predicted).setFocus()
    predicted.press(Qt.Key.Key_Slash)
    field = page_of(predicted).choices.field
    assert field.hasFocus()
    predicted.qtbot.keyClicks(field, "HER")
    assert page_of(predicted).choices.list.texts() == ["heron", "HER new class"]
    predicted.press(Qt.Key.Key_Return)
    assert predicted.labels_on_disk()["image_5.png"] == "heron"
    assert page_of(predicted).choices.list.hasFocus()
    predicted.press(Qt.Key.Key_Slash)
    predicted.qtbot.keyClicks(field, "her")
    predicted.press(Qt.Key.Key_Down)
    predicted.press(Qt.Key.Key_Return)
    assert predicted.labels_on_disk()["image_7.png"] == "her"
    predicted.press(Qt.Key.Key_Slash)
    predicted.qtbot.keyClicks(field, "cat")
    predicted.press(Qt.Key.Key_Escape)
    assert page_of(predicted).choices.list.hasFocus()
    assert on_screen(predicted) == "image_9.png"
    assert len(page_of(predicted).choices.list.texts()) == 13


def test_what_is_set_aside_is_passed_over_and_gone_through_later(predicted: Desk) -> None:
    page, table = page_of(predicted), predicted.session.table
    press(predicted, "u")
    press(predicted, "u")
    assert on_screen(predicted) == "image_9.png"
    assert page.aside_link.text() == "Go Through 2 Set Aside"
    press(predicted, Qt.Key.Key_Backspace)
    assert page.state.text() == "image_7.png · set aside"
    press(predicted, "1")
    assert on_screen(predicted) == "image_9.png"
    assert page.aside_link.text() == "Go Through 1 Set Aside"
    press(predicted, "u")
    assert on_screen(predicted) == "image_11.png"
    predicted.qtbot.mouseClick(page.aside_link, Qt.MouseButton.LeftButton)
    assert on_screen(predicted) == "image_5.png"
    assert page.why.text() == "Set aside by you"
    assert not page.aside_link.isVisible()
    press(predicted, "u")  # Still not to be told.
    assert on_screen(predicted) == "image_9.png"
    press(predicted, "2")
    assert on_screen(predicted) == "image_11.png"  # On where one was.
    assert page.aside_link.text() == "Go Through 1 Set Aside"
    assert table.set_aside[table.row_of_name("image_5.png")]


def test_what_is_set_aside_outlasts_the_window(
    predicted: Desk, home: Path, folder: Path, qapp: QApplication
) -> None:
    press(predicted, "u")
    press(predicted, "u")
    again = predicted.restart(qapp, home)
    try:
        again.open(folder)
        again.window.actions_.queue.trigger()
        asked = again.engine.last(messages.Suggest).passed_over
        aside = {again.image("image_5.png"), again.image("image_7.png")}
        assert aside <= set(asked)
        suggest(again, "image_5.png", "image_9.png")  # As an engine would that was not asked so.
        items = {item.image_id for item in page_of(again).suggestions.items}
        assert again.image("image_9.png") in items
        assert not aside & items
        assert page_of(again).aside_link.text() == "Go Through 2 Set Aside"
        assert again.state("image_5.png") == "set aside, not classified yet"
    finally:
        again.close()


def test_setting_aside_is_undone_and_comes_back_with_a_label_that_is(predicted: Desk) -> None:
    table = predicted.session.table
    row = table.row_of_name("image_5.png")
    press(predicted, "u")
    assert predicted.session.undo_text() == "Set 1 image aside"
    predicted.window.actions_.undo.trigger()
    assert on_screen(predicted) == "image_5.png"
    assert not table.set_aside[row]
    predicted.window.actions_.redo.trigger()
    assert table.set_aside[row]
    n_asked = len(predicted.engine.all(messages.Adapt))
    predicted.session.label([predicted.image("image_5.png")], predicted.session.classes[0].class_id)
    assert not table.set_aside[row]
    assert len(predicted.engine.all(messages.Adapt)) == n_asked + 1
    predicted.window.actions_.undo.trigger()
    assert table.set_aside[row]
    project = predicted.session.project
    assert project is not None
    assert project.set_aside() == [table.image_id(row)]


def test_answers_of_the_engine_leave_those_gone_through_in_front(predicted: Desk) -> None:
    for _ in range(4):
        press(predicted, "u")
    predicted.qtbot.mouseClick(page_of(predicted).aside_link, Qt.MouseButton.LeftButton)
    press(predicted, "1")
    predicted.qtbot.waitUntil(lambda: len(predicted.engine.last(messages.Suggest).support) == 3)
    suggest(predicted, "image_3.png", "image_4.png")
    seen = []
    while on_screen(predicted):
        seen.append(on_screen(predicted))
        press(predicted, Qt.Key.Key_Space)
    assert seen == ["image_7.png", "image_9.png", "image_11.png", "image_3.png", "image_4.png"]


def test_a_class_may_have_the_letter_u_for_its_key(predicted: Desk) -> None:
    predicted.session.set_hotkey(predicted.session.classes[2].class_id, ord("U"))
    keys = page_of(predicted).keys()
    assert Qt.Key.Key_U not in keys
    assert page_of(predicted).choices.list.texts()[2] == "U owl"


def test_after_a_correction_one_is_back_where_one_was(predicted: Desk) -> None:
    for _ in range(3):
        press(predicted, "1")
    for _ in range(3):
        press(predicted, Qt.Key.Key_Backspace)
    assert page_of(predicted).choices.list.current is not None
    assert page_of(predicted).choices.list.current.name == "cat"  # Its label.
    press(predicted, "2")
    assert on_screen(predicted) == "image_11.png"
    assert predicted.labels_on_disk()["image_5.png"] == "dog"
    press(predicted, Qt.Key.Key_Backspace)
    press(predicted, Qt.Key.Key_Return)  # Its label stands.
    assert predicted.labels_on_disk()["image_9.png"] == "cat"
    assert on_screen(predicted) == "image_11.png"


# --- The picture, and the engine ----------------------------------------------------------------


def test_the_next_image_is_decoded_ahead(queue: Desk) -> None:
    def asked() -> list[str]:
        return [command.image.name for command in queue.engine.all(messages.LoadPreview)]

    queue.qtbot.waitUntil(lambda: asked() == ["image_5.png"])
    queue.engine.preview()
    assert asked() == ["image_5.png", "image_7.png"]
    queue.engine.preview()
    assert asked() == ["image_5.png", "image_7.png"]  # One ahead, and no more.
    press(queue, "1")
    picture = page_of(queue).picture
    assert picture.is_ahead(picture.row)
    assert not picture.view.is_empty
    assert asked()[2:] == ["image_9.png"]
    press(queue, Qt.Key.Key_Space)  # It is on its way: not asked for twice.
    queue.engine.preview()
    assert asked()[2:] == ["image_9.png", "image_11.png"]
    assert picture.is_ahead(picture.row)


def test_one_can_label_while_the_engine_is_loading(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    desk.engine.finish_scan()
    desk.settle()
    desk.add_classes("cat")
    desk.window.actions_.queue.trigger()
    page = page_of(desk)
    assert on_screen(desk) == "image_1.png"
    assert page.why.text() == "Next by its place in the folder"
    assert "engine is loading" in page.outlook.text()
    press(desk, "1")
    assert desk.labels_on_disk() == {"image_1.png": "cat"}
    assert on_screen(desk) == "image_2.png"
    desk.engine.ready()
    suggest(desk, "image_9.png", "image_11.png")
    press(desk, "1")  # What was on screen, and the one after it, stayed.
    press(desk, "1")
    assert on_screen(desk) == "image_9.png"


def test_without_an_engine_all_can_be_labelled(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    desk.engine.fail("There is no encoder.")
    desk.engine.finish_scan()
    desk.settle()
    desk.add_classes("cat")
    desk.window.actions_.queue.trigger()
    number = desk.engine.last(messages.Suggest).request_id
    desk.engine.publish(messages.JobFailed(number, "There is no encoder.", False))
    assert page_of(desk).outlook.text() == "There is no encoder."
    for _ in range(12):
        press(desk, "1")
    assert len(desk.labels_on_disk()) == 12
    assert page_of(desk)._nothing.text().startswith("Every image has a label")
    assert page_of(desk).hint.text() == ""


def test_a_queue_opened_before_the_folder_was_read_begins_with_it(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    desk.window.actions_.queue.trigger()
    assert on_screen(desk) == ""
    desk.engine.finish_scan()
    desk.settle()
    desk.qtbot.waitUntil(lambda: on_screen(desk) == "image_1.png")


# --- What more labels would bring ---------------------------------------------------------------


def test_the_expected_gain_is_told_once_it_can_be(predicted: Desk) -> None:
    page = page_of(predicted)
    assert page.outlook.text() == "Estimating how good the predictions are…"
    predicted.qtbot.waitUntil(lambda: bool(predicted.engine.all(messages.ReviewLabels)))
    predicted.engine.review(accuracy=0.7)
    text = page.outlook.text().replace("\u00a0", " ")
    # The number of the line at the bottom, and errors falling as in the fake's curve.
    accuracy = predicted.window.status_line.effort.accessibleName()
    assert accuracy.startswith("About 70 % right of 2 of 3 classes (")
    assert re.fullmatch(re.escape(accuracy) + r"\. 10 more labels: perhaps \d\d %\.", text)
    press(predicted, "1")
    predicted.settle()
    assert len(predicted.engine.all(messages.ReviewLabels)) == 1  # Not after every label.


def test_with_too_few_labels_no_gain_is_told(predicted: Desk) -> None:
    predicted.qtbot.waitUntil(lambda: bool(predicted.engine.all(messages.ReviewLabels)))
    answer(predicted, 0.7, accuracy=None)
    predicted.engine.review(accuracy=None)
    assert page_of(predicted).outlook.text().startswith("Too few labels to tell how often")
    assert page_of(predicted).outlook.toolTip() == ""


def test_a_gain_that_is_none_is_not_promised(predicted: Desk) -> None:
    predicted.qtbot.waitUntil(lambda: bool(predicted.engine.all(messages.ReviewLabels)))
    command = predicted.engine.last(messages.ReviewLabels)
    flat = tuple(messages.CurvePoint(n, 0.98, 0.9, 1.0) for n in (5.0, 40.0))
    predicted.engine.publish(
        messages.LabelsReviewed(command.request_id, (), (), 0.98, 0.9, 1.0, flat, "", None)
    )
    assert "10 more labels will hardly change that" in page_of(predicted).outlook.text()


# --- The list -----------------------------------------------------------------------------------


def test_the_list_is_a_proper_model(qtmodeltester: ModelTester, qtbot: QtBot) -> None:
    model = ClassBarModel()
    qtmodeltester.check(model)
    bars = [ClassBar(ClassId(n), f"class {n}", "#336699", str(n), "5 %", 0.05) for n in range(1, 9)]
    model.show_bars(bars)
    with qtbot.waitSignal(model.dataChanged):
        model.show_bars([ClassBar(ClassId(n), "other", "#336699", "") for n in range(1, 9)])
    with qtbot.waitSignal(model.modelReset):
        model.show_bars(bars[:3])
    assert model.rowCount() == 3
    assert model.place_of(9) == -1


def test_the_class_that_enter_gives_is_seen_to_be_singled_out(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    cat, dog = (item.class_id for item in garden.session.classes)
    garden.engine.predict({garden.image("image_5.png"): [(cat, 0.8), (dog, 0.2)]}, accuracy=0.8)
    garden.window.actions_.queue.trigger()
    choices = garden.window.pages.queue.choices
    assert choices.list.hasFocus()  # By which Qt makes the first line current, but not selected.
    garden.engine.suggest([messages.Suggestion(garden.image("image_5.png"), "why", ())])
    current = choices.list.current
    assert current is not None
    assert current.name == "cat"
    assert choices.list.selectionModel().isSelected(choices.list.currentIndex())

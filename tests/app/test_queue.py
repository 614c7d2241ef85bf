"""What to label next: the queue, its keys, and that it never runs dry."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from conftest import Desk
from PySide6.QtCore import Qt

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
    assert page.position.text() == "0 labelled here · 3 waiting · 12 without a label"
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
    assert page.hasFocus()
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

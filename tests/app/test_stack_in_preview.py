"""A closed stack in the larger view: it says for how many it stands, and labels them all."""

from __future__ import annotations

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from engine import messages

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def stacked(garden: Desk) -> Desk:
    """2 to 4 show the same and lie under one tile, which is shown large."""
    garden.add_classes("cat", "dog")
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    garden.engine.group([garden.image(f"image_{number}.png") for number in (2, 3, 4)])
    garden.qtbot.mouseClick(garden.gallery.head.order.group, LEFT)
    garden.settle()
    garden.click("image_2.png")
    garden.press(Qt.Key.Key_Space)
    return garden


def told(desk: Desk) -> tuple[str, str]:
    preview = desk.window.preview
    if not preview.side.stack.isVisible():
        return "", ""
    return preview.side.stack.title.text(), preview.side.stack.hint.text()


def test_a_key_labels_the_whole_stack_and_the_view_says_so(stacked: Desk) -> None:
    assert told(stacked) == (
        "1 of 3 alike images",
        "A label goes to all 3, as on their tile.",
    )
    stacked.press("1", stacked.window.preview)
    assert stacked.labels_on_disk() == dict.fromkeys(
        ("image_2.png", "image_3.png", "image_4.png"), "cat"
    )
    assert stacked.session.table.names[stacked.window.preview.row] == "image_5.png"
    assert told(stacked) == ("", "")
    stacked.window.actions_.undo.trigger()
    assert stacked.labels_on_disk() == {}
    assert told(stacked)[0] == "1 of 3 alike images"


def test_a_button_and_a_key_show_each_of_them(stacked: Desk) -> None:
    preview = stacked.window.preview
    stacked.qtbot.mouseClick(preview.side.stack.button, LEFT)
    assert stacked.window.pages.is_preview_open()
    assert told(stacked) == ("1 of 3 alike images", "")
    stacked.press("1", preview)
    assert stacked.labels_on_disk() == {"image_2.png": "cat"}
    assert told(stacked) == ("2 of 3 alike images", "")
    stacked.qtbot.keyClick(preview, Qt.Key.Key_G, CONTROL)  # Under one tile again.
    assert told(stacked)[1]


def test_an_image_from_another_page_is_labelled_alone_and_says_so(stacked: Desk) -> None:
    pages = stacked.window.pages
    stacked.press(Qt.Key.Key_Escape, stacked.window.preview)
    pages.evaluation.image_requested.emit(stacked.image("image_2.png"))
    assert told(stacked) == ("One of 3 alike images", "A label goes to this one alone.")
    stacked.press("2", stacked.window.preview)
    assert stacked.labels_on_disk() == {"image_2.png": "dog"}


def test_steps_reach_the_stack_as_a_whole(stacked: Desk) -> None:
    preview = stacked.window.preview
    stacked.press(Qt.Key.Key_Left, preview)
    assert told(stacked) == ("", "")
    stacked.press(Qt.Key.Key_Right, preview)
    assert told(stacked)[1].startswith("A label goes to all 3")
    assert len(stacked.window.pages.chosen_images()) == 3
    assert QApplication.focusWidget() is preview

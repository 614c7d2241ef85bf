"""The larger view: zoom, going on, labelling there, and what it tells."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Desk
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from engine import messages


def show(desk: Desk, name: str) -> None:
    """Double click a tile and let the engine send its pixels."""
    desk.double_click(name)
    load(desk)


def load(desk: Desk, width_px: int = 640, height_px: int = 480) -> None:
    """Wait for the request that follows a short rest, and answer it."""
    desk.qtbot.waitUntil(lambda: not desk.window.preview._timer.isActive())
    desk.engine.preview(width_px, height_px)


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_a_key_opens_it_and_the_same_key_closes_it(garden: Desk, key: Qt.Key) -> None:
    garden.click("image_3.png")
    garden.press(key)
    assert garden.window.pages.is_preview_open()
    assert garden.window.preview._position.text() == "3 of 12"
    garden.press(key)
    assert not garden.window.pages.is_preview_open()
    assert garden.view.hasFocus()
    assert garden.selected() == ["image_3.png"]


def test_the_thumbnail_is_there_at_once_and_the_pixels_follow(garden: Desk) -> None:
    garden.double_click("image_3.png")
    view = garden.window.preview.view
    assert not view.is_empty
    load(garden, 640, 480)
    assert garden.engine.last(messages.LoadPreview).image.name == "image_3.png"
    assert view.sceneRect().width() == 640
    assert garden.window.preview._facts.text().startswith("640 × 480 · ")
    assert garden.window.preview._name.text() == "image_3.png"


def test_arrow_keys_go_on_and_stop_at_the_ends(garden: Desk) -> None:
    show(garden, "image_11.png")
    preview = garden.window.preview
    garden.press(Qt.Key.Key_Right)
    assert preview._name.text() == "image_12.png"
    garden.press(Qt.Key.Key_Right)
    assert preview._name.text() == "image_12.png"
    garden.press(Qt.Key.Key_Left)
    garden.press(Qt.Key.Key_Left)
    assert preview._name.text() == "image_10.png"
    assert garden.selected() == ["image_10.png"]


def test_holding_an_arrow_key_decodes_only_the_last_image(garden: Desk) -> None:
    show(garden, "image_1.png")
    n_before = len(garden.engine.all(messages.LoadPreview))
    for _ in range(6):
        garden.press(Qt.Key.Key_Right)
    garden.qtbot.waitUntil(lambda: not garden.window.preview._timer.isActive())
    assert len(garden.engine.all(messages.LoadPreview)) == n_before + 1
    assert garden.engine.last(messages.LoadPreview).image.name == "image_7.png"


def test_labelling_works_there_and_goes_on(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    show(garden, "image_1.png")
    garden.press("1")
    assert garden.window.preview._name.text() == "image_2.png"
    garden.press("2")
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}
    garden.press(Qt.Key.Key_Left)
    assert garden.window.preview._state.text() == "Labelled dog"
    garden.press(Qt.Key.Key_Delete)
    assert garden.window.preview._state.text() == "Not labelled"
    assert garden.labels_on_disk() == {"image_1.png": "cat"}
    garden.press("0")
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "None of these"}
    garden.press(Qt.Key.Key_Left)
    assert garden.window.preview._state.text() == "Labelled None of these"


def test_a_click_on_a_class_labels_the_large_image_and_stays(garden: Desk) -> None:
    cat, _dog = garden.add_classes("cat", "dog")
    garden.select("image_5.png", "image_6.png")
    show(garden, "image_6.png")
    garden.click_class(cat.class_id)
    assert garden.labels_on_disk() == {"image_6.png": "cat"}
    assert garden.window.preview._name.text() == "image_6.png"


def test_bars_show_the_most_likely_classes(garden: Desk) -> None:
    cat, dog, bird = garden.add_classes("cat", "dog", "bird")
    garden.click("image_1.png")
    for key in "123":
        garden.press(key)
    row = [(bird.class_id, 0.46), (cat.class_id, 0.4), (dog.class_id, 0.14)]
    show(garden, "image_8.png")
    garden.engine.predict({garden.image("image_8.png"): row})
    preview = garden.window.preview
    assert preview._bars.texts() == ["bird 46 %", "cat 40 %", "dog 14 %"]
    assert preview._bars_title.text() == "What the model says (unsure)"


def test_zoom_by_wheel_key_and_double_click(garden: Desk) -> None:
    show(garden, "image_3.png")
    view = garden.window.preview.view
    fitted = view.zoom
    centre = QPointF(view.viewport().rect().center())
    wheel = QWheelEvent(
        centre,
        QPointF(view.viewport().mapToGlobal(centre.toPoint())),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), wheel)
    assert view.zoom == pytest.approx(1.25 * fitted)
    garden.window.actions_.actual_size.trigger()
    assert view.zoom == pytest.approx(1.0)
    assert garden.window.preview._zoom.text() == "100 %"
    garden.window.actions_.smaller.trigger()
    assert view.zoom == pytest.approx(0.8)
    garden.window.actions_.fit.trigger()
    assert view.zoom == pytest.approx(fitted)


def test_a_large_image_is_fetched_larger_only_when_one_zooms_in(garden: Desk) -> None:
    garden.double_click("image_3.png")
    load(garden, 6000, 4000)  # The fake sends half of it.
    assert garden.engine.last(messages.LoadPreview).max_side_px == 2560
    garden.window.actions_.actual_size.trigger()
    garden.qtbot.waitUntil(lambda: not garden.window.preview._timer.isActive())
    assert garden.engine.last(messages.LoadPreview).max_side_px == 8192


def test_the_zoom_stays_while_sharper_pixels_arrive(garden: Desk) -> None:
    garden.double_click("image_3.png")
    load(garden, 6000, 4000)
    garden.window.actions_.actual_size.trigger()
    load(garden, 6000, 4000)
    assert garden.window.preview.view.zoom == pytest.approx(1.0)


def test_a_failure_is_shown_in_place_of_the_picture(garden: Desk) -> None:
    garden.double_click("image_3.png")
    preview = garden.window.preview
    garden.qtbot.waitUntil(lambda: not preview._timer.isActive())
    number = garden.engine.last(messages.LoadPreview).request_id
    garden.engine.publish(
        messages.JobFailed(number, "image_3.png cannot be shown: it is truncated.", False)
    )
    assert preview._message.isVisible()
    assert "truncated" in preview._reason.text()
    garden.press(Qt.Key.Key_Right)
    load(garden)
    assert not preview._message.isVisible()
    assert preview.view.isVisible()


def test_pixels_of_an_image_left_behind_are_dropped(garden: Desk) -> None:
    garden.double_click("image_3.png")
    garden.qtbot.waitUntil(lambda: not garden.window.preview._timer.isActive())
    old = garden.engine.last(messages.LoadPreview)
    garden.press(Qt.Key.Key_Right)
    garden.qtbot.waitUntil(lambda: not garden.window.preview._timer.isActive())
    garden.engine.publish(messages.JobFailed(old.request_id, "image_3.png cannot be shown.", False))
    assert not garden.window.preview._message.isVisible()


def test_closing_the_project_leaves_the_larger_view(garden: Desk) -> None:
    show(garden, "image_3.png")
    garden.window.actions_.close_project.trigger()
    assert not garden.window.pages.is_preview_open()
    assert garden.window.start_page.isVisible()


def test_a_key_shows_what_the_network_gets(garden: Desk) -> None:
    show(garden, "image_1.png")
    preview = garden.window.preview
    garden.press(Qt.Key.Key_M, preview)
    garden.qtbot.waitUntil(lambda: garden.engine.last(messages.LoadPreview).as_network_input)
    asked = garden.engine.last(messages.LoadPreview)
    square = np.zeros((224, 224, 3), np.uint8)
    garden.engine.publish(
        messages.PreviewReady(asked.request_id, asked.image.image_id, square, 640, 480, True)
    )
    scene = preview.view.sceneRect()
    assert (scene.width(), scene.height()) == (224, 224)
    assert "as the model sees it" in preview._facts.text()
    assert "640 × 480" in preview._facts.text()
    garden.press(Qt.Key.Key_Right, preview)  # It stays so for the next image.
    garden.qtbot.waitUntil(
        lambda: garden.engine.last(messages.LoadPreview).image.name == "image_2.png"
    )
    assert garden.engine.last(messages.LoadPreview).as_network_input
    garden.qtbot.mouseClick(preview.network_button, Qt.MouseButton.LeftButton)
    garden.qtbot.waitUntil(lambda: not garden.engine.last(messages.LoadPreview).as_network_input)
    garden.engine.preview()
    assert preview.view.sceneRect().width() == 640

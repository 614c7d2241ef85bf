"""The larger view: zoom, going on, labelling there, and what it tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Desk, paint_folder
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
    assert garden.window.preview.side.facts.text().startswith("640 × 480 · ")
    assert garden.window.preview.side.name.text() == "image_3.png"


def test_arrow_keys_go_on_and_stop_at_the_ends(garden: Desk) -> None:
    show(garden, "image_11.png")
    preview = garden.window.preview
    garden.press(Qt.Key.Key_Right)
    assert preview.side.name.text() == "image_12.png"
    garden.press(Qt.Key.Key_Right)
    assert preview.side.name.text() == "image_12.png"
    garden.press(Qt.Key.Key_Left)
    garden.press(Qt.Key.Key_Left)
    assert preview.side.name.text() == "image_10.png"
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
    assert garden.window.preview.side.name.text() == "image_2.png"
    garden.press("2")
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}
    garden.press(Qt.Key.Key_Left)
    assert garden.window.preview.side.state.text() == "Labelled dog"
    garden.press(Qt.Key.Key_Delete)
    assert garden.window.preview.side.state.text() == "Not labelled"
    assert garden.labels_on_disk() == {"image_1.png": "cat"}
    garden.press("0")
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "None of these"}
    garden.press(Qt.Key.Key_Left)
    assert garden.window.preview.side.state.text() == "Labelled None of these"


def test_a_click_on_a_class_labels_the_large_image_and_stays(garden: Desk) -> None:
    cat, _dog = garden.add_classes("cat", "dog")
    garden.select("image_5.png", "image_6.png")
    show(garden, "image_6.png")
    garden.click_class(cat.class_id)
    assert garden.labels_on_disk() == {"image_6.png": "cat"}
    assert garden.window.preview.side.name.text() == "image_6.png"


def test_bars_show_the_most_likely_classes(garden: Desk) -> None:
    cat, dog, bird = garden.add_classes("cat", "dog", "bird")
    garden.click("image_1.png")
    for key in "123":
        garden.press(key)
    row = [(bird.class_id, 0.46), (cat.class_id, 0.4), (dog.class_id, 0.14)]
    show(garden, "image_8.png")
    garden.engine.predict({garden.image("image_8.png"): row})
    preview = garden.window.preview
    assert preview.side.bars.texts() == ["bird 46 %", "cat 40 %", "dog 14 %"]
    assert preview.side.bars_title.text() == "What the model says (unsure)"


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
    assert "as the model sees it" in preview.side.facts.text()
    assert "640 × 480" in preview.side.facts.text()
    garden.press(Qt.Key.Key_Right, preview)  # It stays so for the next image.
    garden.qtbot.waitUntil(
        lambda: garden.engine.last(messages.LoadPreview).image.name == "image_2.png"
    )
    assert garden.engine.last(messages.LoadPreview).as_network_input
    garden.qtbot.mouseClick(preview.network_button, Qt.MouseButton.LeftButton)
    garden.qtbot.waitUntil(lambda: not garden.engine.last(messages.LoadPreview).as_network_input)
    garden.engine.preview()
    assert preview.view.sceneRect().width() == 640


def test_a_picture_that_cannot_be_read_has_no_zoom_and_says_why_nothing_is_said(
    desk: Desk, folder: Path
) -> None:
    (folder / "image_3.png").write_bytes(b"")
    desk.open(folder)
    show(desk, "image_2.png")
    preview = desk.window.preview
    assert preview._zoom.text()
    desk.press(Qt.Key.Key_Right)
    desk.qtbot.waitUntil(lambda: not preview._timer.isActive())
    number = desk.engine.last(messages.LoadPreview).request_id
    desk.engine.publish(messages.JobFailed(number, "image_3.png cannot be shown.", False))
    assert preview._zoom.text() == ""
    buttons = (preview._zoom_in, preview._zoom_out, preview._fit, preview._actual)
    assert not any(button.isEnabled() for button in buttons)
    assert preview.side.bars._nothing == "Nothing: it cannot be read."
    assert preview.side.state.text() == "Cannot be read"
    desk.press(Qt.Key.Key_Left)
    assert preview.view.isVisible()  # At once, with the thumbnail.
    assert all(button.isEnabled() for button in buttons)
    assert preview.side.bars._nothing == "Nothing yet."


@pytest.mark.parametrize(
    ("size", "zoom"), [((16, 16), 20.0), ((64, 40), 5.0), ((100, 80), 4.0), ((8, 8), 32.0)]
)
def test_small_pictures_are_blown_up_until_one_can_make_them_out(
    garden: Desk, size: tuple[int, int], zoom: float
) -> None:
    garden.double_click("image_3.png")
    load(garden, *size)
    assert garden.window.preview.view.zoom == pytest.approx(zoom)


def test_long_names_are_shortened_and_told_whole(desk: Desk, tmp_path: Path) -> None:
    name = "a_very_long_name_" * 8 + ".png"
    folder = paint_folder(tmp_path / "garden", 2)
    (folder / "image_1.png").rename(folder / name)
    desk.open(folder)
    (item,) = desk.add_classes("a class whose name is longer than any panel is wide, and then some")
    desk.session.label([desk.image(name)], item.class_id)
    desk.double_click(name)
    side = desk.window.preview.side
    content = side.widget()
    assert content.minimumSizeHint().width() <= side.viewport().width()
    for label, text in ((side.name, name), (side.state, f"Labelled {item.name}")):
        assert "…" in label.text()
        assert text in label.toolTip()


def test_the_panel_grows_with_the_font(garden: Desk) -> None:
    side = garden.window.preview.side
    width, height = side.width(), side.bars.sizeHint().height()
    font = side.font()
    font.setPointSizeF(2 * font.pointSizeF())
    side.setFont(font)
    side.bars.setFont(font)
    assert side.width() > 1.5 * width
    assert side.bars.sizeHint().height() > height

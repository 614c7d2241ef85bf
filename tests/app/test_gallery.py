"""The tiles: geometry, scrolling, thumbnails, and what is painted."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from conftest import COLOURS, Desk
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.gallery.gallery_model import images_of, mime_of, percent_text
from app.gallery.thumbnails import Thumbnails
from app.session.image_table import natural_key
from engine import messages
from engine.messages import ImageId


@pytest.fixture
def large(desk: Desk, tmp_path: Path) -> Desk:
    """A thousand images that exist in name only."""
    folder = tmp_path / "large"
    folder.mkdir()
    desk.window.open(folder)
    desk.engine.ready()
    desk.engine.finish_scan([f"{number:04d}.jpg" for number in range(1000)])
    desk.settle()
    return desk


def picture(desk: Desk, name: str) -> QImage:
    """The pixels of one tile."""
    index = desk.gallery.model.index(desk.place(name))
    return desk.view.viewport().grab(desk.view.visualRect(index)).toImage()


def has_colour(image: QImage, colour: str) -> bool:
    """Whether a colour, or one very near, is anywhere in the image."""
    wanted = QColor(colour)
    return any(
        abs(found.red() - wanted.red()) < 12
        and abs(found.green() - wanted.green()) < 12
        and abs(found.blue() - wanted.blue()) < 12
        for y in range(0, image.height(), 2)
        for x in range(0, image.width(), 2)
        for found in (image.pixelColor(x, y),)
    )


def test_every_tile_is_found_where_it_is_painted(large: Desk) -> None:
    view, model = large.view, large.gallery.model
    for width in (900, 1111, 1280):
        large.window.resize(width, 700)
        for place in list(view.visible_places())[: 3 * view.n_columns]:
            index = model.index(place)
            card = view.card_rect(view.visualRect(index))
            for point in (card.center(), card.topLeft(), card.bottomRight()):
                assert view.indexAt(point) == index or not view.viewport().rect().contains(point)
            assert view.indexAt(card.topLeft() - QPoint(3, 3)) != index


def test_the_grid_fills_the_width_evenly(large: Desk) -> None:
    view, model = large.view, large.gallery.model
    rects = [view.card_rect(view.visualRect(model.index(place))) for place in range(view.n_columns)]
    left = rects[0].left()
    right = view.viewport().width() - 1 - rects[-1].right()
    assert abs(left - right) <= 1
    gaps = [b.left() - a.right() for a, b in itertools.pairwise(rects)]
    assert max(gaps) - min(gaps) <= 1


def test_what_is_on_top_stays_there_when_the_window_is_resized(large: Desk) -> None:
    view = large.view
    view.scrollTo(large.gallery.model.index(600), view.ScrollHint.PositionAtTop)
    large.window.resize(900, 800)
    large.settle()
    top = view.visualRect(large.gallery.model.index(600)).top()
    assert 0 <= top < 24


def test_what_is_on_top_stays_there_when_tiles_grow(large: Desk) -> None:
    view = large.view
    view.scrollTo(large.gallery.model.index(600), view.ScrollHint.PositionAtTop)
    large.gallery.head.order.slider.setValue(240)
    assert 600 in view.visible_places()
    assert large.preferences.tile_px == 240
    large.window.actions_.smaller.trigger()
    assert large.gallery.tile_px() == 208


def test_ctrl_and_the_wheel_change_the_tile_size(large: Desk) -> None:
    place = QPointF(large.view.viewport().rect().center())
    for turn, side_px in ((120, 168), (120, 176), (-120, 168)):
        wheel = QWheelEvent(
            place,
            QPointF(large.view.viewport().mapToGlobal(place.toPoint())),
            QPoint(0, 0),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(large.view.viewport(), wheel)
        assert large.gallery.tile_px() == side_px
    assert large.view.verticalScrollBar().value() == 0


def test_end_and_page_keys(large: Desk) -> None:
    large.click("0000.jpg")
    large.press(Qt.Key.Key_End)
    assert large.selected() == ["0999.jpg"]
    assert 999 in large.view.visible_places()
    large.press(Qt.Key.Key_PageUp)
    (name,) = large.selected()
    assert name < "0999.jpg"
    large.press(Qt.Key.Key_Home)
    assert large.view.verticalScrollBar().value() == 0


def test_a_rubber_band_selects_the_tiles_that_it_touches(large: Desk) -> None:
    view, model = large.view, large.gallery.model
    viewport = view.viewport()
    first = view.card_rect(view.visualRect(model.index(0)))
    other = view.card_rect(view.visualRect(model.index(view.n_columns + 1)))
    start = QPoint(first.left() - 6, first.top() - 4)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(viewport, other.center() - QPoint(20, 20))
    QTest.mouseMove(viewport, other.center())
    assert view._band is not None
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=other.center())
    columns = view.n_columns
    assert large.selected() == [f"{place:04d}.jpg" for place in (0, 1, columns, columns + 1)]
    assert view._band is None


def test_a_click_on_the_ground_and_escape_clear_the_selection(large: Desk) -> None:
    large.click("0001.jpg")
    large.press(Qt.Key.Key_Escape)
    assert large.selected() == []
    large.press(Qt.Key.Key_Right)  # Where one was, not the one after it.
    assert large.selected() == ["0001.jpg"]
    large.qtbot.mouseClick(large.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert large.selected() == []


def test_select_all_of_many(large: Desk) -> None:
    large.window.actions_.select_all.trigger()
    assert len(large.view.selected_images()) == 1000
    large.window.actions_.select_none.trigger()
    assert large.selected() == []


def test_thumbnails_on_screen_are_asked_for_first_in_reading_order(large: Desk) -> None:
    names = [image.name for image in large.engine.last(messages.LoadThumbnails).images]
    n_shown = len(large.view.visible_places())
    assert names[:n_shown] == [f"{place:04d}.jpg" for place in range(n_shown)]
    assert len(names) <= 3 * n_shown
    large.view.verticalScrollBar().setValue(10_000)
    large.view.verticalScrollBar().setValue(12_000)
    large.settle()
    first = large.view.visible_places().start
    names = [image.name for image in large.engine.last(messages.LoadThumbnails).images]
    assert names[0] == f"{first:04d}.jpg"


def test_scrolling_asks_once_and_not_for_every_step(large: Desk) -> None:
    n_before = len(large.engine.all(messages.LoadThumbnails))
    for value in range(0, 8000, 200):
        large.view.verticalScrollBar().setValue(value)
    large.settle()
    assert len(large.engine.all(messages.LoadThumbnails)) == n_before + 1


def test_the_memory_of_thumbnails_is_bounded(garden: Desk) -> None:
    small = Thumbnails(garden.session, garden.window, memory_bytes=3 * 96 * 64 * 4)
    small.set_side(160)
    small.want(list(range(12)))
    garden.qtbot.waitUntil(lambda: not small._timer.isActive())
    garden.engine.thumbnails()
    assert small.used_bytes <= 3 * 96 * 64 * 4
    kept = [small.pixmap(garden.session.table.image_id(row)) is not None for row in range(12)]
    assert kept == [False] * 9 + [True] * 3


def test_larger_tiles_get_sharper_thumbnails(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "sharp"
    folder.mkdir()
    Image.new("RGB", (800, 600), "red").save(folder / "a.png")
    desk.open(folder)
    small = desk.gallery.thumbnails.pixmap(desk.image("a.png"))
    assert small is not None
    assert small.size() == QSize(160, 120)
    desk.gallery.head.order.slider.setValue(256)
    desk.settle()
    desk.engine.thumbnails()
    large = desk.gallery.thumbnails.pixmap(desk.image("a.png"))
    assert large is not None
    assert large.size() == QSize(256, 192)


def test_a_tile_shows_the_picture_and_the_label(garden: Desk) -> None:
    (cat,) = garden.add_classes("cat")
    assert has_colour(picture(garden, "image_1.png"), COLOURS[1])
    assert not has_colour(picture(garden, "image_1.png"), cat.colour)
    garden.click("image_1.png")
    garden.press("1")
    assert has_colour(picture(garden, "image_1.png"), cat.colour)


def test_an_unreadable_file_looks_broken_and_not_empty(desk: Desk, folder: Path) -> None:
    (folder / "image_5.png").write_bytes(b"")
    desk.open(folder)
    assert has_colour(picture(desk, "image_5.png"), desk.switch.theme.error)


def test_selection_and_attention_can_be_seen(garden: Desk) -> None:
    accent = garden.switch.theme.accent
    assert not has_colour(picture(garden, "image_3.png"), accent)
    garden.select("image_3.png", "image_4.png")
    assert has_colour(picture(garden, "image_3.png"), accent)
    garden.view.clearSelection()
    assert not has_colour(picture(garden, "image_3.png"), accent)


def test_dragged_images_arrive_as_they_left() -> None:
    images = [ImageId(3), ImageId(14), ImageId(15)]
    project = Path("/photos/ü.handful")
    assert images_of(mime_of(images, project), project) == images
    assert images_of(mime_of([], project), project) == []
    assert images_of(mime_of(images, project), Path("/photos/other.handful")) == []
    assert images_of(QMimeData(), project) == []


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.0, "< 1 %"), (0.004, "< 1 %"), (0.5, "50 %"), (0.994, "99 %"), (0.9999, "> 99 %")],
)
def test_no_certainty_is_claimed(probability: float, text: str) -> None:
    assert percent_text(probability) == text


def test_numbers_in_names_sort_by_value() -> None:
    names = ["b/img10.jpg", "b/img2.jpg", "B/img1.jpg", "a/img100.jpg", "b/img002.jpg"]
    assert sorted(names, key=natural_key) == [
        "a/img100.jpg",
        "B/img1.jpg",
        "b/img2.jpg",
        "b/img002.jpg",
        "b/img10.jpg",
    ]

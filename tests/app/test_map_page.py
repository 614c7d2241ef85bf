"""The map page: points that are selected, labelled, looked at and found again in the gallery."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Desk, end_rest, paint_folder
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolButton

from app.look.theme import DARK, LIGHT, Theme, ThemeChoice, contrast
from app.map.canvas import MapCanvas
from app.map.lasso import Lasso
from app.map.looks import ColourBy, looks, ramp
from app.map.map_page import MapPage
from app.map.names import arranged, class_names
from app.map.sprites import Sign, mask
from engine import messages
from engine.messages import ClassId, ImageId, LayoutMethod

_KEY, _LEFT = Qt.Key, Qt.MouseButton.LeftButton
_NONE = Qt.KeyboardModifier.NoModifier
_SHIFT, _CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier

# Twelve images on a grid: image_1 at the top left, four in a row.
PLACES = {n: ((n - 1) % 4 - 1.5, 1.0 - (n - 1) // 4) for n in range(1, 13)}


class Map:
    """The map of a desk, with shorthand for what a person does on it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        desk.window.actions_.map.trigger()
        self.page: MapPage = desk.window.pages.map
        assert self.page.canvas is not None
        self.canvas: MapCanvas = self.page.canvas

    def lay_out(self, method: LayoutMethod = LayoutMethod.NEIGHBOURS) -> None:
        """Let the engine put the images of the garden on a grid."""
        places = {self.desk.image(f"image_{n}.png"): place for n, place in PLACES.items()}
        self.desk.engine.lay_out(places, method=method)
        self.settle()

    def settle(self) -> None:
        self.desk.settle()
        end_rest(self.page._repaint)
        self.canvas.viewport().repaint()

    def place(self, number: int) -> QPoint:
        """Where an image is in the viewport."""
        row = self.desk.session.table.row_of_name(f"image_{number}.png")
        point = int(np.flatnonzero(self.canvas.rows == row)[0])
        return QPointF(*self.canvas.points.places()[point].tolist()).toPoint()

    def between(self, first: int, second: int) -> QPoint:
        return (self.place(first) + self.place(second)) / 2

    def drag(
        self,
        *places: QPoint,
        modifier: Qt.KeyboardModifier = _NONE,
        button: Qt.MouseButton = _LEFT,
    ) -> None:
        """Press at the first place, go along the others, let go at the last."""
        viewport, bot = self.canvas.viewport(), self.desk.qtbot
        bot.mousePress(viewport, button, modifier, places[0])
        for place in places[1:]:
            bot.mouseMove(viewport, place)
        bot.mouseRelease(viewport, button, modifier, places[-1])

    def lasso(self, *numbers: int, modifier: Qt.KeyboardModifier = _NONE) -> None:
        """Draw around the smallest box that holds these images, clockwise."""
        spots = [self.place(number) for number in numbers]
        left, right = min(s.x() for s in spots) - 20, max(s.x() for s in spots) + 20
        top, bottom = min(s.y() for s in spots) - 20, max(s.y() for s in spots) + 20
        corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 4)]
        self.drag(*(QPoint(*corner) for corner in corners), modifier=modifier)

    def move_to(self, place: QPoint) -> None:
        """Move the pointer, no button pressed; not the real one, which other windows have too."""
        viewport = self.canvas.viewport()
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            viewport.mapToGlobal(QPointF(place)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.NoButton,
            _NONE,
        )
        QApplication.sendEvent(viewport, move)

    def click(self, number: int, modifier: Qt.KeyboardModifier = _NONE) -> None:
        self.desk.qtbot.mouseClick(self.canvas.viewport(), _LEFT, modifier, self.place(number))

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = _NONE) -> None:
        self.desk.qtbot.keyClick(QApplication.focusWidget(), key, modifier)

    def selected(self) -> list[int]:
        """The numbers of the selected images."""
        names = [self.desk.session.table.names[row] for row in self.canvas.selected_rows()]
        return sorted(int(name.removeprefix("image_").removesuffix(".png")) for name in names)

    def current(self) -> int:
        """The number of the image that the keyboard is at, 0 for none."""
        row = self.canvas.current_row()
        if row < 0:
            return 0
        name = self.desk.session.table.names[row]
        return int(name.removeprefix("image_").removesuffix(".png"))

    def is_painted(self, place: QPoint, colour: str) -> bool:
        """Whether a pixel has a colour, as far as a screen of 16 bits can show it."""
        seen, wanted = self.canvas.viewport().grab().toImage().pixelColor(place), QColor(colour)
        parts = zip(seen.getRgb(), wanted.getRgb(), strict=True)
        return all(abs(part - other) <= 8 for part, other in parts)

    def nothing(self) -> str:
        """What is said where there is no map; empty where there is one."""
        return "" if self.canvas.isVisible() else self.page._nothing.text()


@pytest.fixture
def map_(garden: Desk) -> Map:
    """The map of twelve images on a grid."""
    shown = Map(garden)
    shown.lay_out()
    return shown


# --- Coming and going -----------------------------------------------------------------------------


def test_it_asks_for_a_map_when_it_is_opened_and_shows_it(garden: Desk) -> None:
    assert not garden.engine.all(messages.LayOut)
    shown = Map(garden)
    assert garden.window.actions_.map.isChecked()
    command = garden.engine.last(messages.LayOut)
    assert not command.anew
    assert not command.is_quick
    assert shown.nothing() == "Drawing the map…"
    shown.lay_out()
    assert shown.nothing() == ""
    assert shown.canvas.hasFocus()
    assert shown.page.position.text() == "12 images"
    assert len(garden.engine.all(messages.LayOut)) == 1


def test_it_says_why_there_is_no_map_yet(desk: Desk, tmp_path: Path) -> None:
    desk.window.open(paint_folder(tmp_path / "two", 2))
    desk.engine.finish_scan()
    desk.settle()
    shown = Map(desk)
    assert shown.nothing() == "The engine is loading; the map follows…"
    desk.engine.ready()
    assert shown.nothing() == "The images are being read; the map follows…"
    desk.engine.embed()
    assert shown.nothing() == "A map needs at least three images that can be read."
    assert not desk.engine.all(messages.LayOut)
    shown.press(_KEY.Key_Escape)
    assert desk.window.pages.currentWidget() is desk.gallery


def test_a_failure_of_the_engine_is_told(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    desk.engine.fail("There is no encoder.")
    desk.engine.finish_scan()
    desk.settle()
    assert Map(desk).nothing() == "There is no encoder."


def test_while_the_folder_is_read_a_quick_map_is_shown_and_then_a_better_one(
    desk: Desk, folder: Path
) -> None:
    desk.window.open(folder)
    desk.engine.ready()
    desk.engine.finish_scan()
    desk.settle()
    images = desk.engine.last(messages.EmbedImages).images
    desk.engine.embed(images[:6])
    shown = Map(desk)
    command = desk.engine.last(messages.LayOut)
    assert command.is_quick
    desk.engine.lay_out(
        {image.image_id: (0.1 * index, 0.2) for index, image in enumerate(images[:6])},
        method=LayoutMethod.MAIN_DIRECTIONS,
    )
    assert len(shown.canvas.rows) == 6
    assert "once all are read" in shown.page.strip.work_text.text()
    desk.engine.embed()
    desk.qtbot.waitUntil(lambda: len(desk.engine.all(messages.LayOut)) == 2)
    assert not desk.engine.last(messages.LayOut).is_quick
    shown.lay_out()
    assert len(shown.canvas.rows) == 12
    assert shown.page.strip.work_text.text() == ""


def test_images_that_come_later_are_asked_for_without_making_it_anew(
    map_: Map, folder: Path
) -> None:
    desk = map_.desk
    paint_folder(folder, 14)
    desk.window.refresh()
    desk.engine.finish_scan()
    desk.settle()
    desk.engine.embed()
    desk.qtbot.waitUntil(
        lambda: (
            len(desk.engine.all(messages.LayOut)) > 1
            and not desk.engine.last(messages.LayOut).is_quick
        )
    )
    assert not desk.engine.last(messages.LayOut).anew
    map_.click(5)
    places = {desk.image(f"image_{n}.png"): place for n, place in PLACES.items()}
    places |= {desk.image("image_13.png"): (0.0, 0.5), desk.image("image_14.png"): (0.5, 0.5)}
    desk.engine.lay_out(places)
    assert len(map_.canvas.rows) == 14
    assert map_.selected() == [5]


def test_files_that_vanish_leave_the_map(map_: Map, folder: Path) -> None:
    (folder / "image_3.png").unlink()
    map_.desk.window.refresh()
    map_.desk.engine.finish_scan()
    map_.settle()
    assert len(map_.canvas.rows) == 11


@pytest.mark.parametrize(
    ("n_absent", "text"),
    [
        (1, "1 labelled image is not on the map, because it cannot be read."),
        (2, "2 labelled images are not on the map, because they cannot be read."),
    ],
)
def test_labels_that_are_not_on_the_map_are_told(
    desk: Desk, folder: Path, n_absent: int, text: str
) -> None:
    for number in range(1, n_absent + 1):
        (folder / f"image_{number}.png").write_bytes(b"")
    desk.open(folder)
    shown = Map(desk)
    read = {desk.image(f"image_{n}.png"): PLACES[n] for n in range(n_absent + 1, 13)}
    desk.engine.lay_out(read)
    shown.settle()
    assert not shown.page.strip.work_text.isVisible()
    (cat,) = desk.add_classes("cat")
    desk.session.label([desk.image(f"image_{n}.png") for n in range(1, 5)], cat.class_id)
    shown.settle()
    assert shown.page.strip.work_text.text() == text
    assert shown.page.strip.work_text.isVisible()


def test_another_project_begins_with_an_empty_map(map_: Map, tmp_path: Path) -> None:
    map_.click(5)
    map_.desk.open(paint_folder(tmp_path / "other", 4))
    assert len(map_.canvas.rows) == 0
    assert map_.page.chosen_images() == []
    again = Map(map_.desk)
    assert again.nothing() == "Drawing the map…"


# --- Progress -------------------------------------------------------------------------------------


def test_progress_is_shown_and_can_be_stopped(garden: Desk) -> None:
    shown, engine = Map(garden), garden.engine
    number = engine.last(messages.LayOut).request_id
    places = {garden.image(f"image_{n}.png"): place for n, place in PLACES.items()}
    engine.lay_out(places, method=LayoutMethod.MAIN_DIRECTIONS, is_final=False)
    engine.publish(messages.Progress(number, "Arranging the map", 430, 1000, 50.0, 11.4))
    assert shown.page.strip.work_text.text() == "Arranging the map: 43 %, about 11 s left"
    assert not shown.page._anew.isEnabled()
    garden.qtbot.mouseClick(shown.page.strip.stop_button, _LEFT)
    assert engine.cancelled() == [number]
    assert len(shown.canvas.rows) == 12  # What was reached stays.
    assert not shown.page.strip.stop_button.isVisible()
    assert "Stopped" in shown.page.strip.work_text.text()
    garden.qtbot.mouseClick(shown.page._anew, _LEFT)
    assert engine.last(messages.LayOut).anew
    shown.lay_out()
    assert shown.page.strip.work_text.text() == ""


def test_what_was_begun_goes_on_while_one_is_elsewhere(garden: Desk) -> None:
    shown = Map(garden)
    garden.window.pages.leave()
    assert garden.engine.cancelled() == []
    shown.lay_out()
    Map(garden)
    assert len(shown.canvas.rows) == 12
    assert len(garden.engine.all(messages.LayOut)) == 1


def test_a_failed_layout_is_told_and_not_asked_for_again_by_itself(garden: Desk) -> None:
    shown = Map(garden)
    number = garden.engine.last(messages.LayOut).request_id
    garden.engine.publish(messages.JobFailed(number, "It went wrong.", False))
    assert shown.nothing() == "It went wrong."
    garden.session.status_changed.emit()
    garden.qtbot.waitUntil(lambda: not shown.page.layout_._question.is_settling)
    assert len(garden.engine.all(messages.LayOut)) == 1


# --- Mouse ----------------------------------------------------------------------------------------


def test_a_lasso_selects_what_it_encloses(map_: Map) -> None:
    map_.lasso(1, 2, 5, 6)
    assert map_.selected() == [1, 2, 5, 6]
    assert map_.page.position.text() == "4 of 12 selected"
    map_.lasso(12, modifier=_SHIFT)
    assert map_.selected() == [1, 2, 5, 6, 12]
    map_.lasso(6, 7, modifier=_CTRL)
    assert map_.selected() == [1, 2, 5, 7, 12]
    map_.lasso(9)
    assert map_.selected() == [9]


def test_a_lasso_follows_the_hand_and_not_its_box(map_: Map) -> None:
    # A triangle whose box holds images 1 to 12, but whose lower right half is left out.
    corner, right = map_.place(1) - QPoint(20, 20), map_.place(4) + QPoint(30, -20)
    map_.drag(corner, right, map_.place(9) + QPoint(-20, 30), corner)
    chosen = map_.selected()
    assert 1 in chosen
    assert 12 not in chosen
    assert len(chosen) < 12


def test_a_rectangle_selects_what_it_covers(map_: Map) -> None:
    map_.desk.qtbot.mouseClick(map_.page._rectangle, _LEFT)
    map_.drag(map_.place(12) + QPoint(20, 20), map_.between(2, 7))
    assert map_.selected() == [7, 8, 11, 12]
    assert map_.canvas.hasFocus()


def test_a_click_selects_one_and_beside_points_none(map_: Map) -> None:
    map_.click(6)
    assert map_.selected() == [6]
    assert map_.current() == 6
    map_.click(8, _CTRL)
    assert map_.selected() == [6, 8]
    map_.click(6, _CTRL)
    assert map_.selected() == [8]
    beside = map_.between(6, 11)
    map_.desk.qtbot.mouseClick(map_.canvas.viewport(), _LEFT, _SHIFT, beside)
    assert map_.selected() == [8]
    map_.desk.qtbot.mouseClick(map_.canvas.viewport(), _LEFT, pos=beside)
    assert map_.selected() == []


def test_the_wheel_zooms_about_the_pointer_and_the_right_button_pans(map_: Map) -> None:
    viewport, apart = map_.canvas.viewport(), map_.place(8).x() - map_.place(5).x()
    at = map_.place(6)
    wheel = QWheelEvent(
        QPointF(at),
        viewport.mapToGlobal(QPointF(at)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        _NONE,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, wheel)
    assert (map_.place(6) - at).manhattanLength() <= 2
    assert map_.place(8).x() - map_.place(5).x() > 1.4 * apart
    before = map_.place(6)
    map_.drag(QPoint(300, 300), QPoint(340, 290), button=Qt.MouseButton.RightButton)
    assert (map_.place(6) - before - QPoint(40, -10)).manhattanLength() <= 2
    map_.drag(QPoint(300, 300), QPoint(280, 300), button=Qt.MouseButton.MiddleButton)
    assert (map_.place(6) - before - QPoint(20, -10)).manhattanLength() <= 3
    assert map_.selected() == []
    map_.press(_KEY.Key_Home)
    assert abs(map_.place(8).x() - map_.place(5).x() - apart) <= 2


def test_with_space_held_down_the_left_button_pans(map_: Map) -> None:
    map_.click(6)
    before = map_.place(1)
    map_.desk.qtbot.keyPress(map_.canvas, _KEY.Key_Space)
    map_.drag(QPoint(300, 300), QPoint(330, 320))
    map_.desk.qtbot.keyRelease(map_.canvas, _KEY.Key_Space)
    assert (map_.place(1) - before - QPoint(30, 20)).manhattanLength() <= 2
    assert map_.selected() == [6]


def test_the_pointer_shows_what_a_point_is(map_: Map) -> None:
    card = map_.page._card
    assert card is not None
    map_.move_to(map_.place(7) + QPoint(3, 2))
    assert card.isVisible()
    assert card._name.text() == "image_7.png"
    assert card._state.text() == "Not classified yet"
    map_.settle()
    assert not card._picture.pixmap().isNull()
    assert map_.canvas.rect().contains(card.geometry())
    map_.move_to(map_.between(7, 12))
    assert not card.isVisible()


def test_the_menu_is_about_the_point_under_the_pointer(map_: Map) -> None:
    asked: list[QPoint] = []
    map_.page.menu_requested.disconnect()
    map_.page.menu_requested.connect(asked.append)
    map_.click(1)
    place = map_.place(7)
    map_.desk.qtbot.mouseClick(map_.canvas.viewport(), Qt.MouseButton.RightButton, pos=place)
    assert map_.selected() == [7]
    assert asked == [map_.canvas.viewport().mapToGlobal(place)]


# --- Keyboard -------------------------------------------------------------------------------------


def test_arrows_go_to_the_next_point_and_space_selects_it(map_: Map) -> None:
    map_.click(6)
    map_.press(_KEY.Key_Right)
    assert map_.current() == 7
    map_.press(_KEY.Key_Down)
    assert map_.current() == 11
    map_.press(_KEY.Key_Down)  # There is none below.
    assert map_.current() == 11
    map_.press(_KEY.Key_Left)
    assert map_.current() == 10
    assert map_.selected() == [6]
    map_.press(_KEY.Key_Space)
    assert map_.selected() == [6, 10]
    map_.press(_KEY.Key_Up, _SHIFT)
    assert map_.selected() == [6, 10]
    map_.press(_KEY.Key_Left, _SHIFT)
    assert map_.selected() == [5, 6, 10]
    map_.press(_KEY.Key_Space)
    assert map_.selected() == [6, 10]


def test_the_keyboard_shows_what_it_is_at_and_tells_it(map_: Map) -> None:
    map_.press(_KEY.Key_Right)
    assert map_.current() in (6, 7)
    card = map_.page._card
    assert card is not None
    assert card.isVisible()
    assert f"image_{map_.current()}.png, not classified yet" in (
        map_.canvas.accessibleDescription()
    )
    assert map_.canvas.accessibleName() == "Map of the images"


def test_enter_shows_an_image_large_and_esc_comes_back(map_: Map) -> None:
    pages = map_.desk.window.pages
    map_.lasso(1, 2)
    map_.click(2, _SHIFT)
    map_.press(_KEY.Key_Return)
    assert pages.is_preview_open()
    assert map_.desk.window.preview.row == map_.desk.session.table.row_of_name("image_2.png")
    map_.press(_KEY.Key_Escape)
    assert pages.currentWidget() is map_.page
    assert map_.selected() == [1, 2]
    map_.desk.qtbot.mouseDClick(map_.canvas.viewport(), _LEFT, pos=map_.place(11))
    assert map_.desk.window.preview.row == map_.desk.session.table.row_of_name("image_11.png")


def test_esc_lets_go_of_the_selection_and_then_leaves(map_: Map) -> None:
    map_.lasso(1, 2)
    map_.press(_KEY.Key_Escape)
    assert map_.selected() == []
    assert map_.desk.window.pages.currentWidget() is map_.page
    map_.press(_KEY.Key_Escape)
    assert map_.desk.window.pages.currentWidget() is map_.desk.gallery


def test_plus_and_minus_zoom_and_make_no_class(map_: Map) -> None:
    width = map_.canvas._box.viewRect().width()
    map_.press(_KEY.Key_Plus)
    assert map_.canvas._box.viewRect().width() < 0.9 * width
    assert not map_.desk.classes.field.hasFocus()
    map_.press(_KEY.Key_Minus)
    assert map_.canvas._box.viewRect().width() == pytest.approx(width, rel=1e-3)
    map_.desk.window.actions_.larger.trigger()
    assert map_.canvas._box.viewRect().width() < 0.9 * width


def test_ctrl_a_selects_all(map_: Map) -> None:
    map_.press(_KEY.Key_A, _CTRL)
    assert len(map_.selected()) == 12
    map_.press(_KEY.Key_A, _CTRL | _SHIFT)
    assert map_.selected() == []


# --- Labels ---------------------------------------------------------------------------------------


def test_a_key_labels_the_selection_as_one_edit(map_: Map) -> None:
    desk = map_.desk
    desk.add_classes("cat", "dog")
    map_.canvas.setFocus()
    map_.lasso(1, 2, 5, 6)
    map_.press(_KEY.Key_2)
    assert desk.labels_on_disk() == {f"image_{n}.png": "dog" for n in (1, 2, 5, 6)}
    assert map_.selected() == [1, 2, 5, 6]
    desk.window.actions_.undo.trigger()
    assert desk.labels_on_disk() == {}
    map_.press(_KEY.Key_0)
    assert set(desk.labels_on_disk().values()) == {"None of these"}
    map_.press(_KEY.Key_Delete)
    assert desk.labels_on_disk() == {}


def test_a_class_in_the_panel_labels_the_selection(map_: Map) -> None:
    cat, _ = map_.desk.add_classes("cat", "dog")
    map_.lasso(11, 12)
    map_.desk.click_class(cat.class_id)
    assert map_.desk.labels_on_disk() == {"image_11.png": "cat", "image_12.png": "cat"}


def test_where_nothing_is_selected_the_key_labels_the_current_image(map_: Map) -> None:
    map_.desk.add_classes("cat", "dog")
    map_.canvas.setFocus()
    map_.click(6)
    map_.press(_KEY.Key_Escape)
    map_.press(_KEY.Key_1)
    assert map_.desk.labels_on_disk() == {}
    map_.press(_KEY.Key_Right)
    map_.press(_KEY.Key_1)
    assert list(map_.desk.labels_on_disk()) == [f"image_{map_.current()}.png"]


# --- The gallery ----------------------------------------------------------------------------------


def test_what_is_selected_in_the_gallery_is_selected_on_the_map_and_back(map_: Map) -> None:
    desk = map_.desk
    desk.window.pages.leave()
    desk.select("image_2.png", "image_5.png")
    Map(desk)
    assert map_.selected() == [2, 5]
    map_.lasso(9, 10)
    desk.window.actions_.images.trigger()
    assert sorted(desk.selected()) == ["image_10.png", "image_9.png"]


def test_the_selection_waits_for_the_map(garden: Desk) -> None:
    garden.select("image_2.png", "image_5.png")
    shown = Map(garden)
    shown.lay_out()
    assert shown.selected() == [2, 5]


def test_the_selected_images_can_be_shown_as_tiles(map_: Map) -> None:
    assert not map_.page.strip.gallery_button.isEnabled()
    map_.lasso(1, 2, 3)
    map_.desk.qtbot.mouseClick(map_.page.strip.gallery_button, _LEFT)
    assert map_.desk.window.pages.currentWidget() is map_.desk.gallery
    assert map_.desk.shown() == ["image_1.png", "image_2.png", "image_3.png"]


def test_a_window_built_anew_goes_on_with_the_same_map(map_: Map) -> None:
    desk = map_.desk
    desk.qtbot.mouseClick(map_.page._rectangle, _LEFT)
    map_.drag(map_.place(1) - QPoint(20, 20), map_.place(2) + QPoint(20, 20))
    pages = desk.window.pages
    other = MapPage(desk.session, desk.gallery.thumbnails, LIGHT, pages.gallery.model.state_text)
    try:
        other.show()
        other.begin()
        other.restore_state(map_.page.kept_state())
        assert len(other.layout_.rows) == 12
        assert other.chosen_images() == [desk.image("image_1.png"), desk.image("image_2.png")]
        assert other.canvas is not None
        assert not other.canvas.lasso.is_free
    finally:
        other.end()
        other.deleteLater()


# --- Looks ----------------------------------------------------------------------------------------


@pytest.fixture
def judged(map_: Map) -> tuple[Map, list[ClassId]]:
    """Two labels and predictions of all kinds: sure, unsure, like none, and one image without."""
    desk = map_.desk
    classes = [item.class_id for item in desk.add_classes("cat", "dog")]
    desk.session.label([desk.image("image_1.png"), desk.image("image_2.png")], classes[0])
    desk.session.label([desk.image("image_12.png")], classes[1])
    predictions: dict[ImageId, list[tuple[ClassId, float]]] = {}
    for n in range(3, 11):
        share = 0.55 if n == 3 else 0.95
        predictions[desk.image(f"image_{n}.png")] = [
            (classes[n % 2], share),
            (classes[1 - n % 2], 1 - share),
        ]
    desk.engine.predict(predictions, none_scores={desk.image("image_4.png"): 0.9})
    map_.settle()
    return map_, classes


def signs(map_: Map, by: ColourBy, doubtful: tuple[int, ...] = ()) -> dict[int, Sign]:
    table = map_.desk.session.table
    rows = np.array([table.row_of_name(f"image_{n}.png") for n in range(1, 13)])
    doubted = {int(rows[n - 1]) for n in doubtful}
    shown = looks(map_.desk.session, rows, by, LIGHT, doubted)
    return {n: Sign(sign) for n, sign in enumerate(shown.signs.tolist(), start=1)}


def test_labels_predictions_and_the_rest_differ_by_sign_and_colour(
    judged: tuple[Map, list[ClassId]],
) -> None:
    map_, _ = judged
    table = map_.desk.session.table
    for by in (ColourBy.CLASS, ColourBy.CONFIDENCE):
        seen = signs(map_, by)
        assert [n for n in seen if seen[n] is Sign.DISC] == [1, 2, 12]
        assert [n for n in seen if seen[n] is Sign.DOT] == [11]
        assert [n for n in seen if seen[n] is Sign.RING] == list(range(3, 11))
    rows = np.array([table.row_of_name(f"image_{n}.png") for n in (1, 4, 12)])
    shown = looks(map_.desk.session, rows, ColourBy.CLASS, LIGHT)
    assert shown.colours[0] == shown.colours[1] != shown.colours[2]
    sure = looks(map_.desk.session, rows[1:2], ColourBy.CONFIDENCE, LIGHT)
    assert sure.palette[int(sure.colours[0])] == ramp(LIGHT)[95]


def test_what_is_to_be_checked_has_signs_of_its_own(judged: tuple[Map, list[ClassId]]) -> None:
    seen = signs(judged[0], ColourBy.AUDIT, doubtful=(2,))
    assert seen[1] is Sign.DISC
    assert seen[2] is Sign.CROSS
    assert seen[3] is Sign.DIAMOND
    assert seen[4] is Sign.TRIANGLE
    assert seen[5] is Sign.RING


def test_the_doubts_are_those_of_the_tiles_and_a_legend_entry_selects_them(
    judged: tuple[Map, list[ClassId]],
) -> None:
    map_, classes = judged
    desk, chooser = map_.desk, map_.page._colour
    chooser.setFocus()
    map_.press(_KEY.Key_End)
    assert chooser.currentData() is ColourBy.AUDIT
    wrong = messages.DoubtfulLabel(
        desk.image("image_2.png"), classes[0], classes[1], 0.9, 0.1, (), "It looks like a dog."
    )
    desk.qtbot.waitUntil(lambda: bool(desk.engine.all(messages.AuditLabels)))
    desk.engine.audit([wrong])
    map_.settle()
    assert not desk.engine.all(messages.ReviewLabels)  # They are there already.

    def entries() -> list[QToolButton]:
        buttons = map_.page.strip.legend.findChildren(QToolButton)
        found = [button for button in buttons if button.text().startswith("Label looks wrong")]
        return [button for button in found if button.isVisible()]

    desk.qtbot.waitUntil(lambda: bool(entries()))
    (entry,) = entries()
    assert entry.text() == "Label looks wrong  1"
    desk.qtbot.mouseClick(entry, _LEFT)
    assert map_.selected() == [2]


@pytest.mark.parametrize("by", list(ColourBy))
def test_the_legend_counts_as_the_panel_of_classes_does(
    judged: tuple[Map, list[ClassId]], by: ColourBy
) -> None:
    map_, classes = judged
    desk, chooser = map_.desk, map_.page._colour
    wrong = messages.DoubtfulLabel(
        desk.image("image_2.png"), classes[0], classes[1], 0.9, 0.1, (), "It looks like a dog."
    )
    desk.qtbot.waitUntil(lambda: bool(desk.engine.all(messages.AuditLabels)))
    desk.engine.audit([wrong])
    chooser.setFocus()
    map_.press(_KEY.Key_Home)
    for _ in range(list(ColourBy).index(by)):
        map_.press(_KEY.Key_Down)
    map_.settle()
    model = desk.classes.model
    texts = [model.counts_text(item) for item in desk.session.classes]
    assert texts == ["2 labelled · 4 predicted", "1 labelled · 4 predicted"]
    said = {button.text() for button in map_.page.strip.legend.findChildren(QToolButton)}
    assert {"Labels  3", "Predictions  8"} <= said
    (entry,) = [
        button
        for button in map_.page.strip.legend.findChildren(QToolButton)
        if button.text() == "Labels  3" and button.isVisible()
    ]
    desk.qtbot.mouseClick(entry, _LEFT)
    assert map_.selected() == [1, 2, 12]


def test_what_the_colours_show_is_said_beside_the_box(map_: Map) -> None:
    labels = [item for item in map_.page.findChildren(QLabel) if item.isVisible()]
    (beside,) = [item for item in labels if item.buddy() is map_.page._colour]
    assert beside.text() == "Colours show"
    assert beside.geometry().right() < map_.page._colour.geometry().left()


def test_names_stand_at_an_image_amid_most_of_the_class(judged: tuple[Map, list[ClassId]]) -> None:
    map_, _ = judged
    canvas = map_.canvas
    positions = canvas.points.positions.copy()
    # Cats are images 1, 2, 4, 6, 8 and 10: two pairs far out, and four in a loose heap.
    for number, place in {
        1: (-1.0, 1.0),
        2: (-1.0, 1.0),
        4: (0.5, -0.5),
        6: (0.62, -0.5),
        8: (0.5, -0.38),
        10: (0.62, -0.38),
    }.items():
        row = map_.desk.session.table.row_of_name(f"image_{number}.png")
        positions[canvas.rows == row] = place
    names = class_names(map_.desk.session, canvas.rows, positions)
    assert [item.text for item in names] == ["cat", "dog"]  # Six images and five.
    assert 0.49 <= names[0].x <= 0.63
    assert -0.51 <= names[0].y <= -0.37


def test_names_do_not_overlap_and_are_seen_as_a_whole() -> None:
    room = QRectF(0, 0, 400, 300)
    places = [QPointF(200, 150), QPointF(205, 152), QPointF(398, 4), QPointF(500, 100)]
    boxes = arranged(places, [QSizeF(80, 20)] * 4, 8, room)
    assert boxes[3] is None  # Its place is out of sight.
    seen = [box for box in boxes if box is not None]
    assert len(seen) == 3
    assert all(room.contains(box) for box in seen)
    assert not any(box.intersects(other) for box in seen for other in seen if box is not other)
    crowd = arranged([QPointF(200, 150)] * 40, [QSizeF(80, 20)] * 40, 8, room)
    shown = [box for box in crowd if box is not None]
    assert 4 <= len(shown) < 40
    assert crowd[: len(shown)] == shown  # The most important ones.


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_a_class_has_one_colour_and_a_rim_that_is_seen(
    judged: tuple[Map, list[ClassId]], theme: Theme
) -> None:
    map_, classes = judged
    session, rows = map_.desk.session, map_.canvas.rows
    session.recolour_class(classes[0], "#f0f0f4")  # As light as the light theme's ground.
    shown = looks(session, rows, ColourBy.CLASS, theme)
    for item in session.classes:
        own = np.isin(rows, session.labelled_rows(item.class_id))
        assert {shown.palette[index] for index in shown.colours[own].tolist()} == {item.colour}
    assert contrast(shown.rim, theme.sunken) >= 3.0
    names = class_names(session, rows, map_.canvas.points.positions)
    assert {item.text: item.colour for item in names} == {
        item.name: item.colour for item in session.classes
    }


def test_points_are_painted_in_their_class_s_colour_on_the_theme_s_ground(
    judged: tuple[Map, list[ClassId]],
) -> None:
    map_, _ = judged
    desk = map_.desk
    assert map_.is_painted(map_.between(5, 10), LIGHT.sunken)
    (cat,) = [item for item in desk.session.classes if item.name == "cat"]
    assert map_.is_painted(map_.place(2), cat.colour)
    radius = 1.15 * map_.canvas.points.radius()  # Of a label; the rim is right outside.
    # In every direction: where the point lies within its pixel depends on the canvas's size.
    turns = [QPointF(math.cos(turn), math.sin(turn)) for turn in np.linspace(0, 2 * math.pi, 16)]
    edge = [
        (QPointF(map_.place(2)) + turn * (radius + more)).toPoint()
        for turn in turns
        for more in (-0.5, 0.0, 0.5, 1.0)
    ]
    seen = map_.canvas.viewport().grab().toImage()
    contrasts = [contrast(seen.pixelColor(place).name(), LIGHT.sunken) for place in edge]
    assert max(contrasts) > contrast(cat.colour, LIGHT.sunken)
    desk.switch.choose(ThemeChoice.DARK)
    desk.window.pages.set_theme(DARK)
    map_.settle()
    assert map_.is_painted(map_.between(5, 10), DARK.sunken)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_ramp_is_ordered_and_seen_on_its_ground(
    desk: Desk,
    theme: Theme,
) -> None:
    colours = ramp(theme)
    against = [contrast(colour, theme.sunken) for colour in colours]
    assert min(against) >= 3.0
    assert against == sorted(against)


def test_signs_differ_in_shape() -> None:
    inked = {sign: mask(sign, 6.0)[..., 0] * mask(sign, 6.0)[..., 1] for sign in Sign}
    amounts = {sign: float(ink.sum()) for sign, ink in inked.items()}
    assert len({round(amount) for amount in amounts.values()}) == len(Sign)
    assert inked[Sign.RING][6, 6] < 0.5 * inked[Sign.DISC][8, 8]
    for sign in Sign:
        assert mask(sign, 6.0, 3.0).shape[0] >= mask(sign, 6.0).shape[0]
        rimmed = mask(sign, 6.0, rim_px=1.0)
        assert float((rimmed[..., 0] * rimmed[..., 2]).sum()) > 5  # Pixels of rim.
        assert float(mask(sign, 6.0)[..., 2].max()) == 0
        # What is inside the rim is as large as without one.
        inner = float((rimmed[..., 0] * (1 - rimmed[..., 2])).sum())
        assert inner == pytest.approx(float(mask(sign, 6.0)[..., 0].sum()), rel=1e-3)


def test_a_hundred_thousand_points_are_selected_and_gone_through(
    make_desk: Callable[[], Desk],
) -> None:
    canvas = MapCanvas(LIGHT)
    try:
        canvas.resize(600, 400)
        canvas.show()
        positions = np.random.default_rng(0).normal(size=(100_000, 2)).astype(np.float32)
        canvas.set_points(np.arange(100_000), positions)
        canvas.grab()
        lasso = Lasso()
        lasso.begin(QPointF(0, 0))
        for corner in (QPointF(600, 0), QPointF(600, 200), QPointF(0, 200)):
            lasso.go_on(corner)
        inside = lasso.encloses(canvas.points.places(), canvas.viewport().size())
        upper = canvas.points.places()[:, 1] < 200
        assert np.count_nonzero(inside != upper) < 500  # Points on the line itself.
        canvas._go(_KEY.Key_Right, adds=False)
        assert canvas.current_row() >= 0
    finally:
        canvas.deleteLater()

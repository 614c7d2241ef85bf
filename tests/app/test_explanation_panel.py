"""Why: the heat map over the picture, the classes to choose from, the nearest labelled images."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Desk
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from app.preview.explanation_panel import ExplanationPanel
from app.preview.heat_map import AGAINST, FOR, heat_image
from app.preview.neighbours import NeighbourTile
from engine import messages
from engine.messages import ClassId, Effort, Explain

LEFT_SPEAKS = [[1.5, -0.5], [1.5, -0.5]]  # Sums to 2.
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Three classes with a label each, and predictions of all images but the twelfth."""
    garden.session.classifier.choose(Effort.INSTANT)
    garden.add_classes("cat", "dog", "bird")
    garden.click("image_1.png")
    for key in "123":
        garden.press(key)
    predict(garden, {"cat": 0.7, "dog": 0.2, "bird": 0.1})
    return garden


def class_id(desk: Desk, name: str) -> ClassId:
    return next(item.class_id for item in desk.session.classes if item.name == name)


def predict(desk: Desk, chances: dict[str, float]) -> None:
    """Answer the newest labels with the same prediction for images 1 to 11."""
    row = [(class_id(desk, name), chance) for name, chance in chances.items()]
    desk.engine.predict({desk.image(f"image_{n}.png"): row for n in range(1, 12)})


def press_why(desk: Desk) -> None:
    """W on a large image; among the tiles letters begin a name, so it is Ctrl+I there."""
    if desk.window.pages.is_preview_open():
        desk.press("W")
    else:
        control = Qt.KeyboardModifier.ControlModifier
        desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_I, control)


def panel(desk: Desk) -> ExplanationPanel:
    return desk.window.preview.explanation


def open_large(desk: Desk, name: str) -> None:
    """Double click a tile and let the engine send its pixels."""
    desk.double_click(name)
    load(desk)


def load(desk: Desk) -> None:
    desk.qtbot.waitUntil(lambda: not desk.window.preview._timer.isActive())
    desk.engine.preview()


def asked(desk: Desk) -> Explain:
    """What the panel asks, once it has come to rest."""
    desk.qtbot.waitUntil(lambda: not panel(desk)._question.is_settling)
    return desk.engine.last(Explain)


def n_asked(desk: Desk) -> int:
    desk.qtbot.waitUntil(lambda: not panel(desk)._question.is_settling)
    return len(desk.engine.all(Explain))


def explain(desk: Desk, name: str = "image_9.png") -> None:
    """Show an image large, press W and let the engine answer."""
    open_large(desk, name)
    press_why(desk)
    asked(desk)
    near = [
        (desk.image("image_2.png"), class_id(desk, "dog"), 0.91),
        (desk.image("image_1.png"), class_id(desk, "cat"), 0.456),
        (desk.image("image_3.png"), class_id(desk, "bird"), -0.2),
    ]
    desk.engine.explain(LEFT_SPEAKS, near)


def colour_at(desk: Desk, across: float, down: float) -> QColor:
    """The colour on screen at a part of the picture."""
    view = desk.window.preview.view
    area = view.sceneRect()
    place = view.mapFromScene(across * area.width(), down * area.height())
    shown: QImage = view.viewport().grab().toImage()
    ratio = shown.devicePixelRatio()
    return shown.pixelColor(round(place.x() * ratio), round(place.y() * ratio))


def vividness(colour: QColor) -> int:
    return colour.saturation() * colour.value() // 255


def warmth(colour: QColor) -> int:
    return colour.red() - colour.blue()


# --- Asking and showing ---------------------------------------------------------------------------


def test_w_asks_about_the_most_likely_class_and_lays_the_map_over_the_picture(
    labelled: Desk,
) -> None:
    open_large(labelled, "image_9.png")
    assert warmth(colour_at(labelled, 0.25, 0.5)) == 0
    press_why(labelled)
    question = asked(labelled)
    assert question.image.name == "image_9.png"
    assert question.class_id == class_id(labelled, "cat")
    assert [image.name for image, _ in question.support] == [
        "image_1.png",
        "image_2.png",
        "image_3.png",
    ]
    labelled.engine.explain(LEFT_SPEAKS)
    assert warmth(colour_at(labelled, 0.2, 0.5)) > 60
    assert warmth(colour_at(labelled, 0.8, 0.5)) < -10
    shown = panel(labelled)
    assert shown._title.text() == "Why cat?"
    assert shown._confidence.text() == "70 %"
    assert "+2.0" in shown._text.text()
    assert shown._legend.isVisible()
    assert labelled.window.preview.side.bars.marked() == "cat"


def test_the_button_shows_and_hides_it(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    button = panel(labelled)._button
    assert button.text().strip() == "Why? (W)"
    labelled.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    asked(labelled)
    labelled.engine.explain(LEFT_SPEAKS)
    assert button.text().strip() == "Hide why (W)"
    assert labelled.window.preview.view.has_overlay
    labelled.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not labelled.window.preview.view.has_overlay
    assert not panel(labelled)._body.isVisible()
    assert labelled.window.preview.side.bars.marked() == ""
    assert labelled.window.preview.hasFocus()


def test_the_picture_is_grey_below_the_map_and_has_its_colours_back_afterwards(
    labelled: Desk,
) -> None:
    labelled.double_click("image_9.png")  # Its thumbnail, which is purple all over.
    assert vividness(colour_at(labelled, 0.9, 0.9)) > 80
    press_why(labelled)
    asked(labelled)
    labelled.engine.explain([[0.0, 0.0], [0.0, 0.0]])
    assert vividness(colour_at(labelled, 0.9, 0.9)) < 8
    press_why(labelled)
    assert vividness(colour_at(labelled, 0.9, 0.9)) > 80


def test_w_in_the_gallery_opens_the_large_view_with_it(labelled: Desk) -> None:
    labelled.click("image_7.png")
    press_why(labelled)
    assert labelled.window.pages.is_preview_open()
    assert asked(labelled).image.name == "image_7.png"


def test_w_on_a_suggestion_explains_that_one_and_escape_goes_back_to_it(labelled: Desk) -> None:
    labelled.click("image_4.png")
    labelled.window.actions_.queue.trigger()
    classes = (class_id(labelled, "cat"), class_id(labelled, "dog"))
    labelled.engine.suggest(
        [messages.Suggestion(labelled.image("image_8.png"), "between cat and dog", classes)]
    )
    labelled.press("W", labelled.window.pages.queue)
    assert labelled.window.pages.is_preview_open()
    assert asked(labelled).image.name == "image_8.png"
    labelled.press(Qt.Key.Key_Escape)
    assert labelled.window.pages.queue.isVisible()
    assert not panel(labelled).is_on


def test_it_is_in_the_menu_of_the_large_image(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    viewport = labelled.window.preview.view.viewport()
    place = viewport.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, viewport.mapToGlobal(place))
    QApplication.sendEvent(viewport, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = labelled.window.actions_.why
    assert action in menu.actions()
    labelled.qtbot.mouseClick(
        menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center()
    )
    assert asked(labelled).image.name == "image_9.png"


def test_a_letter_in_a_name_is_no_question(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    labelled.add_classes("wolf")
    assert [item.name for item in labelled.session.classes][-1] == "wolf"
    assert not panel(labelled).is_on


def test_an_encoder_without_a_map_has_neighbours_only(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    labelled.press("W")
    asked(labelled)
    near = [(labelled.image("image_2.png"), class_id(labelled, "dog"), 0.91)]
    labelled.engine.explain([[1.5]], near, note="The encoder does not average over places.")
    shown = panel(labelled)
    assert "cannot tell which parts of the picture" in shown._text.text()
    assert not shown._legend.isVisible()
    assert not shown.strength.isVisible()
    assert warmth(colour_at(labelled, 0.2, 0.5)) == 0
    assert [tile.isVisible() for tile in shown.neighbours.tiles] == [True, False, False]
    labelled.press(Qt.Key.Key_Right)
    load(labelled)
    assert asked(labelled).image.name == "image_10.png"
    labelled.engine.explain(LEFT_SPEAKS, near)
    assert shown._legend.isVisible()
    assert shown.strength.isVisible()


# --- Other classes --------------------------------------------------------------------------------


def test_a_click_on_a_bar_explains_that_class(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    bars = labelled.window.preview.side.bars
    labelled.qtbot.mouseClick(
        bars, Qt.MouseButton.LeftButton, pos=bars.rect_of(1).center().toPoint()
    )
    assert asked(labelled).class_id == class_id(labelled, "dog")
    labelled.engine.explain(LEFT_SPEAKS)
    assert panel(labelled)._title.text() == "Why dog?"
    assert panel(labelled)._confidence.text() == "20 %"
    assert bars.marked() == "dog"


def test_shift_w_goes_through_the_likely_classes(labelled: Desk) -> None:
    explain(labelled)
    names = []
    for _ in range(3):
        labelled.qtbot.keyClick(labelled.window.preview, Qt.Key.Key_W, SHIFT)
        asked(labelled)
        names.append(labelled.window.preview.side.bars.marked())
        assert not labelled.window.preview.view.has_overlay  # It was that of another class.
    assert names == ["dog", "bird", "cat"]


def test_the_next_image_starts_with_its_own_most_likely_class(labelled: Desk) -> None:
    explain(labelled)
    labelled.qtbot.keyClick(labelled.window.preview, Qt.Key.Key_W, SHIFT)
    labelled.press(Qt.Key.Key_Right)
    question = asked(labelled)
    assert (question.image.name, question.class_id) == ("image_10.png", class_id(labelled, "cat"))


# --- Keeping up -----------------------------------------------------------------------------------


def test_new_predictions_are_explained_anew_without_a_flicker(labelled: Desk) -> None:
    explain(labelled)
    before = n_asked(labelled)
    predict(labelled, {"cat": 0.6, "bird": 0.3, "dog": 0.1})
    # The same Adapt has answered again: nothing about the model is new.
    assert n_asked(labelled) == before
    labelled.session.classifier.adapt()
    predict(labelled, {"cat": 0.5, "bird": 0.3, "dog": 0.2})
    assert n_asked(labelled) == before + 1
    assert panel(labelled)._confidence.text() == "50 %"
    assert labelled.window.preview.view.has_overlay  # Till the new map comes.
    labelled.engine.explain([[-3.0, 1.0], [-3.0, 1.0]])
    assert warmth(colour_at(labelled, 0.2, 0.5)) < -20
    assert "−4.0" in panel(labelled)._text.text()


def test_another_most_likely_class_is_followed_unless_one_was_chosen(labelled: Desk) -> None:
    explain(labelled)
    labelled.session.classifier.adapt()
    predict(labelled, {"dog": 0.6, "cat": 0.3, "bird": 0.1})
    assert asked(labelled).class_id == class_id(labelled, "dog")
    panel(labelled).choose(class_id(labelled, "cat"))
    labelled.session.classifier.adapt()
    predict(labelled, {"bird": 0.6, "cat": 0.3, "dog": 0.1})
    assert asked(labelled).class_id == class_id(labelled, "cat")


def test_holding_an_arrow_key_explains_only_the_last_image(labelled: Desk) -> None:
    explain(labelled, "image_2.png")
    before = n_asked(labelled)
    for _ in range(6):
        labelled.press(Qt.Key.Key_Right)
    assert not labelled.window.preview.view.has_overlay
    assert n_asked(labelled) == before + 1
    assert asked(labelled).image.name == "image_8.png"


def test_the_answer_for_an_image_left_behind_is_dropped(labelled: Desk) -> None:
    open_large(labelled, "image_8.png")
    press_why(labelled)
    late = asked(labelled).request_id
    labelled.press(Qt.Key.Key_Right)
    labelled.engine.explain(LEFT_SPEAKS, request_id=late)
    assert not labelled.window.preview.view.has_overlay
    asked(labelled)
    labelled.engine.explain(LEFT_SPEAKS)
    assert labelled.window.preview.view.has_overlay


def test_the_answer_for_a_class_left_behind_is_dropped(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    press_why(labelled)
    late = asked(labelled).request_id
    labelled.qtbot.keyClick(labelled.window.preview, Qt.Key.Key_W, SHIFT)
    labelled.engine.explain(LEFT_SPEAKS, request_id=late)
    assert not labelled.window.preview.view.has_overlay
    assert asked(labelled).class_id == class_id(labelled, "dog")
    labelled.engine.explain(LEFT_SPEAKS)
    assert "dog" in panel(labelled)._text.text()


def test_it_ends_with_the_large_view(labelled: Desk) -> None:
    explain(labelled)
    labelled.press(Qt.Key.Key_Escape)
    before = n_asked(labelled)
    open_large(labelled, "image_9.png")
    assert not panel(labelled).is_on
    assert not labelled.window.preview.view.has_overlay
    assert n_asked(labelled) == before


def test_models_that_come_faster_than_it_waits_do_not_starve_it(labelled: Desk) -> None:
    explain(labelled)
    before = len(labelled.engine.all(Explain))

    def adapt_until_asked() -> bool:
        labelled.session.classifier.adapt()
        predict(labelled, {"cat": 0.6, "dog": 0.3, "bird": 0.1})
        return len(labelled.engine.all(Explain)) > before

    labelled.qtbot.waitUntil(adapt_until_asked)


def test_a_slow_answer_is_announced(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    press_why(labelled)
    asked(labelled)
    labelled.qtbot.waitUntil(lambda: panel(labelled)._text.text() == "Looking at the picture…")
    labelled.engine.explain(LEFT_SPEAKS)
    assert "+2.0" in panel(labelled)._text.text()


# --- Neighbours -----------------------------------------------------------------------------------


def test_the_nearest_labelled_images_are_shown_with_class_and_similarity(labelled: Desk) -> None:
    explain(labelled)
    tiles = panel(labelled).neighbours.tiles
    assert [tile.texts() for tile in tiles] == [("dog", "0.91"), ("cat", "0.46"), ("bird", "−0.20")]
    assert all(tile.isVisible() for tile in tiles)
    assert "image_2.png" in tiles[0].toolTip()
    # image_2 is painted in one colour; the tile shows it, not a placeholder.
    middle = tiles[0].grab().toImage().pixelColor(QPoint(33, 50))
    assert middle.green() > middle.red() + 40 or middle.blue() > middle.red() + 40


def test_fewer_neighbours_show_fewer_tiles(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    press_why(labelled)
    asked(labelled)
    labelled.engine.explain(
        LEFT_SPEAKS, [(labelled.image("image_1.png"), class_id(labelled, "cat"), 0.5)]
    )
    assert [tile.isVisible() for tile in panel(labelled).neighbours.tiles] == [True, False, False]


def test_thumbnails_of_neighbours_that_were_never_on_screen_are_fetched(labelled: Desk) -> None:
    labelled.gallery.thumbnails.forget(labelled.image("image_2.png"))
    explain(labelled)
    labelled.qtbot.waitUntil(lambda: not labelled.gallery.thumbnails._timer.isActive())
    wanted = labelled.engine.last(messages.LoadThumbnails)
    assert wanted.images[0].name == "image_2.png"


def test_a_click_on_a_neighbour_shows_it_and_there_is_a_way_back(labelled: Desk) -> None:
    explain(labelled)
    back = panel(labelled)._back
    assert not back.isVisible()
    labelled.qtbot.mouseClick(panel(labelled).neighbours.tiles[0], Qt.MouseButton.LeftButton)
    preview = labelled.window.preview
    assert preview.side.name.text() == "image_2.png"
    assert preview._position.text() == "2 of 12"
    assert preview.hasFocus()
    assert asked(labelled).image.name == "image_2.png"
    assert back.isVisible()
    assert back.text() == "Back to image_9.png"
    labelled.qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    assert preview.side.name.text() == "image_9.png"
    assert not back.isVisible()


def test_going_on_by_oneself_leaves_nothing_to_come_back_to(labelled: Desk) -> None:
    explain(labelled)
    labelled.qtbot.mouseClick(panel(labelled).neighbours.tiles[0], Qt.MouseButton.LeftButton)
    labelled.press(Qt.Key.Key_Right)
    assert labelled.window.preview.side.name.text() == "image_3.png"
    assert not panel(labelled)._back.isVisible()


def test_a_neighbour_that_is_filtered_out_is_shown_all_the_same(labelled: Desk) -> None:
    chip = next(
        chip
        for chip in labelled.gallery.head.chips.values()
        if chip.text().startswith("Unlabelled")
    )
    labelled.qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    labelled.settle()
    explain(labelled)
    labelled.qtbot.mouseClick(panel(labelled).neighbours.tiles[0], Qt.MouseButton.LeftButton)
    assert labelled.window.preview.side.name.text() == "image_2.png"
    assert labelled.window.preview._position.text() == ""


def test_tab_and_enter_reach_a_neighbour(labelled: Desk) -> None:
    explain(labelled)
    passed = []
    while QApplication.focusWidget() is not panel(labelled).strength:
        labelled.press(Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        assert focused not in passed, "Tab came round without it"
        passed.append(focused)
    labelled.press(Qt.Key.Key_Tab)
    tile = QApplication.focusWidget()
    assert isinstance(tile, NeighbourTile)
    labelled.press(Qt.Key.Key_Return)
    assert labelled.window.preview.row == tile.row


# --- When it cannot -------------------------------------------------------------------------------


def test_before_two_classes_have_labels_it_says_so(garden: Desk) -> None:
    open_large(garden, "image_9.png")
    press_why(garden)
    assert "at least two classes" in panel(garden)._text.text()
    assert not panel(garden)._legend.isVisible()
    assert not garden.engine.all(Explain)


def test_an_image_without_a_prediction_is_explained_once_it_has_one(labelled: Desk) -> None:
    open_large(labelled, "image_12.png")
    press_why(labelled)
    assert panel(labelled)._text.text() == "There is no prediction for this image yet."
    row = [(class_id(labelled, "cat"), 0.8), (class_id(labelled, "dog"), 0.2)]
    labelled.engine.predict({labelled.image("image_12.png"): row})
    assert asked(labelled).image.name == "image_12.png"


def test_a_failure_is_said_in_place_of_the_map(labelled: Desk) -> None:
    explain(labelled)
    labelled.session.classifier.adapt()
    predict(labelled, {"cat": 0.6, "dog": 0.3, "bird": 0.1})
    number = asked(labelled).request_id
    sentence = "image_9.png cannot be explained: the file is empty."
    labelled.engine.publish(messages.JobFailed(number, sentence, False))
    assert panel(labelled)._text.text() == sentence
    assert not labelled.window.preview.view.has_overlay
    assert not any(tile.isVisible() for tile in panel(labelled).neighbours.tiles)


def test_without_an_engine_it_says_why(garden: Desk) -> None:
    garden.engine.fail("There is no encoder file.")
    open_large(garden, "image_9.png")
    press_why(garden)
    assert panel(garden)._text.text() == "There is no encoder file."


def test_labels_taken_off_take_the_explanation_away(labelled: Desk) -> None:
    explain(labelled)
    number = labelled.engine.last(messages.Adapt).request_id
    labelled.engine.publish(messages.NotAdapted(number, "Label a second class."))
    assert not labelled.window.preview.view.has_overlay
    assert not panel(labelled)._legend.isVisible()


def test_a_class_that_is_deleted_is_not_explained_any_more(labelled: Desk) -> None:
    explain(labelled)
    labelled.session.delete_class(class_id(labelled, "cat"))
    assert labelled.window.preview.side.bars.marked() != "cat"
    assert "cat" not in panel(labelled)._title.text() or not panel(labelled)._title.isVisible()


def test_closing_the_project_ends_it(labelled: Desk) -> None:
    explain(labelled)
    labelled.window.actions_.close_project.trigger()
    assert not panel(labelled).is_on
    assert not labelled.window.preview.view.has_overlay
    assert not labelled.window.actions_.why.isEnabled()


# --- The picture of the map -----------------------------------------------------------------------


def test_the_colours_follow_sign_strength_and_place() -> None:
    heat = np.zeros((7, 14), np.float32)
    heat[0, 0], heat[6, 13], heat[0, 13] = 2.0, -2.0, 1.0
    shown = heat_image(heat)
    assert shown.size().width() == 2 * shown.size().height()
    right, bottom = shown.width() - 8, shown.height() - 8
    strong, weak = shown.pixelColor(8, 8), shown.pixelColor(right, 8)
    against, nothing = shown.pixelColor(right, bottom), shown.pixelColor(8, bottom)
    assert warmth(strong) > warmth(weak) > 0 > warmth(against)
    assert strong.alpha() > weak.alpha() > nothing.alpha()
    assert nothing.red() == nothing.green() == nothing.blue()
    assert 0 < nothing.alpha() < 128  # A veil that leaves the picture visible.
    assert strong.alpha() < 255


def test_a_map_of_zeros_has_no_colour() -> None:
    shown = heat_image(np.zeros((14, 14), np.float32))
    colour = shown.pixelColor(100, 100)
    assert colour.red() == colour.green() == colour.blue()


def test_the_two_colours_differ_for_every_kind_of_sight() -> None:
    # In the blue-yellow difference, which protan and deutan sight keep, and in the red-green one,
    # which tritan sight keeps.
    def opponents(colour: tuple[int, int, int]) -> tuple[float, float]:
        red, green, blue = colour
        return (red + green) / 2 - blue, float(red - green)

    (yellow_for, red_for), (yellow_against, red_against) = opponents(FOR), opponents(AGAINST)
    assert yellow_for - yellow_against > 200
    assert red_for - red_against > 100


def test_the_colours_of_the_map_fade_with_the_slider(labelled: Desk) -> None:
    open_large(labelled, "image_9.png")
    labelled.press("W")
    asked(labelled)
    labelled.engine.explain(LEFT_SPEAKS)
    view, slider = labelled.window.preview.view, panel(labelled).strength
    assert slider.isVisible()
    strong = view.grab().toImage()
    slider.setFocus()
    labelled.qtbot.keyClick(slider, Qt.Key.Key_Home)
    faint = view.grab().toImage()
    centre = view.viewport().rect().center()
    assert strong.pixel(centre) != faint.pixel(centre)
    labelled.press("W", labelled.window.preview)
    assert view.grab().toImage().pixel(centre) == faint.pixel(centre)  # The picture itself.


def test_the_slider_says_what_it_sets(labelled: Desk) -> None:
    explain(labelled)
    (label,) = [
        item
        for item in panel(labelled).findChildren(QLabel)
        if item.buddy() is panel(labelled).strength
    ]
    assert label.isVisible()
    assert label.text() == "Strength"

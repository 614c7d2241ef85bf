"""Accepting above a confidence, and what looks like none of the classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from app.gallery.arrangement import Arrangement, Show, Sort
from app.gallery.coverage_bar import coverage_text
from engine import ShareRight, messages


@pytest.fixture
def predicted(garden: Desk) -> Desk:
    """image_1 is a cat, image_2 a dog; image_N is predicted a cat with N * 8 %, else a dog."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.press(Qt.Key.Key_Escape)
    predict(garden, held_out(0.9, 20, 19))
    return garden


def held_out(confidence: float, n: int, n_right: int) -> messages.HeldOut:
    """Labels that are all judged with the same confidence."""
    hits = np.arange(n) < n_right
    return messages.HeldOut(n_right / n, 0.5, np.full(n, confidence, np.float32), hits)


def predict(desk: Desk, judged: messages.HeldOut | None) -> None:
    """Answer the newest Adapt; image_12 looks like none of the classes."""
    cat, dog = (item.class_id for item in desk.session.classes)
    answers = {}
    for number in range(1, 13):
        p = number * 0.08
        ranks = [(cat, p), (dog, 1 - p)] if p > 0.5 else [(dog, 1 - p), (cat, p)]
        answers[desk.image(f"image_{number}.png")] = ranks
    strange = {desk.image("image_12.png"): 0.8, desk.image("image_3.png"): 0.3}
    desk.engine.predict(answers, held_out=judged, none_scores=strange)
    desk.settle()


def chip(desk: Desk, show: Show) -> None:
    """Click a filter."""
    desk.qtbot.mouseClick(desk.gallery.head.chips[show], Qt.MouseButton.LeftButton)


def slide_to(desk: Desk, percent: int) -> None:
    """Move the slider by its keys and wait for the tiles."""
    slider = desk.gallery.coverage.slider
    slider.setFocus()
    while slider.value() != percent:
        key = Qt.Key.Key_Left if slider.value() > percent else Qt.Key.Key_Right
        desk.qtbot.keyClick(slider, key)
    desk.qtbot.waitUntil(lambda: not desk.gallery.filters._threshold_timer.isActive())


def test_the_bar_shows_what_reaches_a_confidence_and_how_good_it_is(predicted: Desk) -> None:
    bar = predicted.gallery.coverage
    assert not bar.isVisible()
    chip(predicted, Show.CONFIDENT)
    assert bar.isVisible()
    assert predicted.shown() == []  # 12 would reach 90 %, and looks like none of the classes.
    assert bar.left_out.text() == "1 more looks like none of these classes and is left out."
    slide_to(predicted, 76)
    # Dog 3 with 76 % (1 and 2 have labels); cat 10 and 11 with 80 and 88 %.
    assert predicted.shown() == ["image_3.png", "image_10.png", "image_11.png"]
    sentence = bar.sentence.text().replace("\u00a0", " ")
    assert sentence.startswith("3 images at 76 % or more, about 8")
    assert "(between " in sentence
    assert "20 held-out labels" in bar.sentence.toolTip()
    assert predicted.gallery.head.chips[Show.CONFIDENT].text() == "Confident  3"


def test_one_class_can_be_accepted_alone(predicted: Desk) -> None:
    chip(predicted, Show.CONFIDENT)
    slide_to(predicted, 76)
    bar = predicted.gallery.coverage
    bar.classes.setFocus()
    predicted.qtbot.keyClick(bar.classes, Qt.Key.Key_Down)  # All classes, cat, dog.
    predicted.qtbot.waitUntil(lambda: len(predicted.shown()) == 2)
    assert predicted.shown() == ["image_10.png", "image_11.png"]
    assert bar.sentence.text().startswith("2 × “cat” at 76")
    assert bar.left_out.isVisible()  # 12 is predicted as a cat.
    predicted.qtbot.keyClick(bar.classes, Qt.Key.Key_Down)
    predicted.qtbot.waitUntil(lambda: predicted.shown() == ["image_3.png"])
    assert not bar.left_out.isVisible()
    predicted.session.delete_class(predicted.session.classes[1].class_id)
    assert bar.classes.currentText() == "All classes"
    assert predicted.gallery.model.arrangement.class_id == 0


def test_too_few_labels_is_a_sentence_too(predicted: Desk) -> None:
    chip(predicted, Show.CONFIDENT)
    slide_to(predicted, 60)
    predicted.click("image_5.png")
    predicted.press("2")
    predict(predicted, None)
    assert predicted.gallery.coverage.sentence.text().endswith(
        "; too few labels to tell how many are right."
    )


def test_sentences() -> None:
    share = ShareRight(0.971, 0.942, 0.991, 24)
    assert coverage_text(812, 0.9, share) == (
        "812 images at 90 % or more, about 97 % of them right (between 94 and 99)."
    )
    assert coverage_text(1, 0.9, None).startswith("1 image at 90 % or more; too few")
    assert coverage_text(0, 0.9, share).startswith("No image")


def test_the_confidence_is_remembered_with_the_filter(
    predicted: Desk, make_desk: Callable[[], Desk], folder: Path
) -> None:
    chip(predicted, Show.CONFIDENT)
    slide_to(predicted, 80)
    predicted.close()
    again = make_desk()
    again.open(folder)
    assert again.gallery.model.arrangement == Arrangement(Show.CONFIDENT, threshold=0.8)
    assert again.gallery.coverage.slider.value() == 80


@pytest.mark.parametrize(
    "text", ["confident:x", "confident:", "confident:0.9:x", "these", "class:x", "nonsense"]
)
def test_a_setting_that_is_not_understood_shows_everything(text: str) -> None:
    assert Arrangement.from_text(text, "name") == Arrangement()


def test_predictions_become_labels_only_when_asked_for_and_confirmed(predicted: Desk) -> None:
    chip(predicted, Show.CONFIDENT)
    slide_to(predicted, 76)
    before = predicted.labels_on_disk()
    for answer in ("Cancel", "Label 3 Images"):
        assert predicted.labels_on_disk() == before
        predicted.qtbot.mouseClick(
            predicted.gallery.coverage.label_button, Qt.MouseButton.LeftButton
        )
        box = predicted.window.findChildren(QMessageBox)[-1]
        assert box.text() == "Label 3 images as predicted?"
        (button,) = [item for item in box.buttons() if item.text().replace("&", "") == answer]
        predicted.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert predicted.labels_on_disk() == {
        **before,
        "image_3.png": "dog",
        "image_10.png": "cat",
        "image_11.png": "cat",
    }
    assert predicted.window.actions_.undo.text() == "Undo: Label 3 as predicted"
    predicted.window.actions_.undo.trigger()
    assert predicted.labels_on_disk() == before


def test_one_prediction_is_one_image(predicted: Desk) -> None:
    chip(predicted, Show.CONFIDENT)
    slide_to(predicted, 88)
    predicted.qtbot.mouseClick(predicted.gallery.coverage.label_button, Qt.MouseButton.LeftButton)
    box = predicted.window.findChildren(QMessageBox)[-1]
    assert box.text() == "Label 1 image as predicted?"
    assert next(item.text().replace("&", "") for item in box.buttons()) == "Label 1 Image"
    box.close()


def test_what_looks_like_none_of_the_classes_says_so(predicted: Desk) -> None:
    assert predicted.state("image_12.png") == "predicted cat, 96 %, or none of these"
    assert predicted.state("image_3.png") == "predicted dog, 76 %"
    assert predicted.gallery.head.chips[Show.LIKE_NONE].text().endswith("?  1")
    chip(predicted, Show.LIKE_NONE)
    assert predicted.shown() == ["image_12.png"]
    predicted.click("image_12.png")
    predicted.press("1")
    assert predicted.state("image_12.png") == "labelled cat"
    assert predicted.gallery.head.chips[Show.LIKE_NONE].text().endswith("?  0")


def test_the_filters_take_no_room_from_the_classes(predicted: Desk) -> None:
    gallery, panel, head = predicted.gallery, predicted.classes, predicted.gallery.head.lines
    before = panel.width()
    on_one_line = head.sizeHint().width()
    assert gallery.head.chips[Show.LIKE_NONE].isVisible()
    predicted.window.resize(before + on_one_line - 20, 700)
    predicted.settle()
    assert panel.width() == before
    assert head.sizeHint().width() <= gallery.width() < on_one_line  # It has found a shorter way.


def test_the_name_of_a_class_above_the_tiles_is_short(predicted: Desk) -> None:
    long = "R&D: a name that is so long that nobody reads it to its end, ever"
    cat = predicted.session.classes[0]
    predicted.session.rename_class(cat.class_id, long)
    predicted.gallery.filters.show_only(cat.class_id)
    text = predicted.gallery.head.class_pill.text()
    assert text.startswith("R&&D: a name")
    assert text.endswith("…")


@pytest.mark.parametrize("show", [Show.UNSURE, Show.CONFIDENT, Show.LIKE_NONE])
def test_without_predictions_their_filters_say_what_to_do(garden: Desk, show: Show) -> None:
    garden.add_classes("cat", "dog")
    garden.gallery.filters.choose(show)
    assert garden.gallery.empty.title.text() == "Nothing predicted"
    assert garden.gallery.empty.hint.text() == "Label images of at least two classes first."
    for name, key in (("image_1.png", "1"), ("image_2.png", "2")):
        garden.gallery.filters.choose(Show.ALL)
        garden.click(name)
        garden.press(key)
    garden.gallery.filters.choose(show)
    assert garden.gallery.empty.hint.text() == "The predictions are on their way."


def test_the_larger_view_says_so_too(predicted: Desk) -> None:
    predicted.double_click("image_3.png")
    preview = predicted.window.preview
    assert preview.side.bars_title.text() == "What the model says"
    preview.step_requested.emit(1)
    row = predicted.session.table.row_of_name("image_4.png")
    assert preview.row == row
    predicted.session.table.none_scores[row] = 0.8
    predicted.session.rows_changed.emit(None)
    assert preview.side.bars_title.text() == "What the model says, or none of these"


def test_the_tile_of_a_stranger_differs_from_that_of_a_member(predicted: Desk) -> None:
    def picture() -> bytes:
        image = predicted.view.grab(predicted.view.visualRect(index)).toImage()
        return bytes(image.constBits())

    index = predicted.gallery.model.index(predicted.place("image_3.png"))
    row = predicted.session.table.row_of_name("image_3.png")
    member = picture()
    assert picture() == member
    predicted.session.table.none_scores[row] = 0.8
    assert picture() != member


def test_the_strangest_come_first(predicted: Desk) -> None:
    combo = predicted.gallery.head.order.sort
    combo.setCurrentIndex(combo.findData(Sort.LIKE_NONE_FIRST))
    combo.activated.emit(combo.currentIndex())
    assert predicted.shown()[:2] == ["image_12.png", "image_3.png"]
    assert predicted.shown()[-2:] == ["image_1.png", "image_2.png"]


def test_filters_that_have_nothing_take_no_room(garden: Desk) -> None:
    for show in (Show.CONFIDENT, Show.LIKE_NONE, Show.UNREADABLE, Show.THESE):
        assert not garden.gallery.head.chips[show].isVisible()


def test_named_images_are_shown_until_another_filter_is_chosen(predicted: Desk) -> None:
    wanted = [predicted.image("image_7.png"), predicted.image("image_2.png")]
    predicted.gallery.filters.show_these(wanted)
    assert predicted.shown() == ["image_2.png", "image_7.png"]
    assert predicted.gallery.head.chips[Show.THESE].text() == "Found  2"
    chip(predicted, Show.ALL)
    assert not predicted.gallery.head.chips[Show.THESE].isVisible()


def test_a_narrow_window_gives_the_order_a_line_of_its_own(predicted: Desk) -> None:
    predicted.window.resize(900, 640)
    gallery = predicted.gallery
    predicted.qtbot.waitUntil(
        lambda: gallery.head.order.y() > gallery.head.chips[Show.ALL].y() + 10
    )
    shown = [item for item in gallery.head.chips.values() if item.isVisible()]
    predicted.qtbot.waitUntil(lambda: all(i.width() >= i.sizeHint().width() for i in shown))
    assert all(item.geometry().right() <= gallery.width() for item in shown)
    assert gallery.head.class_pill.geometry().right() <= gallery.width()


def test_what_is_set_aside_is_left_out_and_told(predicted: Desk) -> None:
    bar, session = predicted.gallery.coverage, predicted.session
    session.set_aside([predicted.image("image_10.png")])
    chip(predicted, Show.CONFIDENT)
    slide_to(predicted, 76)
    assert predicted.shown() == ["image_3.png", "image_11.png"]
    assert bar.sentence.text().startswith("2 images at 76")
    assert bar.left_out.text() == (
        "1 more looks like none of these classes and is left out.\n"
        "1 more is set aside and is left out."
    )
    session.set_aside([predicted.image("image_11.png"), predicted.image("image_12.png")])
    predicted.settle()
    assert bar.left_out.text() == "3 more are set aside and are left out."
    predicted.qtbot.mouseClick(bar.label_button, Qt.MouseButton.LeftButton)
    box = predicted.window.findChild(QMessageBox)
    assert box is not None
    assert box.text() == "Label 1 image as predicted?"
    predicted.qtbot.mouseClick(box.buttons()[0], Qt.MouseButton.LeftButton)
    assert set(predicted.labels_on_disk()) == {"image_1.png", "image_2.png", "image_3.png"}

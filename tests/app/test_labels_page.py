"""The page about the labels: enough of them, wrong ones, near-duplicates."""

from __future__ import annotations

import pytest
from conftest import Desk
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from app.evaluation.labels_page import DoubtfulRow
from app.gallery.arrangement import Show
from app.gallery.small_picture import SmallPicture
from app.look.plots import IntervalBar, LearningCurve
from engine import messages
from engine.messages import DoubtfulLabel


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Four images are cats and two are dogs, and the page has been asked for."""
    garden.add_classes("cat", "dog")
    garden.select(*(f"image_{number}.png" for number in range(1, 5)))
    garden.press("1")
    garden.select("image_5.png", "image_6.png")
    garden.press("2")
    garden.window.actions_.evaluation.trigger()
    return garden


def doubt(desk: Desk, name: str) -> DoubtfulLabel:
    """That image's label, cat, looks like dog."""
    cat, dog = (item.class_id for item in desk.session.classes)
    near = (desk.image("image_5.png"), desk.image("image_6.png"))
    why = "Its two nearest labelled images are dogs."
    return DoubtfulLabel(desk.image(name), cat, dog, 0.87, 0.05, near, why)


def texts(desk: Desk) -> str:
    """All that the page says."""
    return "\n".join(desk.window.pages.evaluation.texts())


def rows(desk: Desk) -> list[DoubtfulRow]:
    """The labels that look wrong."""
    return desk.window.pages.evaluation.doubtful_rows()


def click(desk: Desk, button: QWidget) -> None:
    """Click a button, which may be scrolled away."""
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_advice_comes_first_and_then_the_numbers(labelled: Desk) -> None:
    assert "Looking at the labels" in labelled.window.pages.evaluation.position.text()
    command = labelled.engine.last(messages.ReviewLabels)
    assert len(command.support) == 6
    dog = labelled.session.classes[1].class_id
    labelled.engine.review(weakest=dog)
    page = labelled.window.pages.evaluation
    assert page.position.text() == ""
    assert page.texts()[0] == "Label 5 more of dog."
    assert "about 80 % of other images are recognised, between 70 and 90 %" in page.texts()[1]
    assert "2 of 4" in page.texts()  # cat
    assert "1 of 2" in page.texts()  # dog
    bars = page.body.findChildren(IntervalBar)
    assert bars[1].accessibleName() == (
        "50 % of the held-out labels; of all images of the class between 20 and 90 % (95 %)"
    )
    (curve,) = page.body.findChildren(LearningCurve)
    assert curve.accessibleName() == "labels per class 1: 50 %; labels per class 2: 70 %"
    assert "No label looks wrong." in page.texts()


def test_too_few_to_tell_is_said_and_no_curve_drawn(labelled: Desk) -> None:
    labelled.engine.review(accuracy=None)
    assert "can be told from five independent labelled images" in texts(labelled)
    assert labelled.window.pages.evaluation.texts().count("too few to tell") == 2
    assert "Too few labels to tell whether one of them is wrong." in texts(labelled)
    assert labelled.window.pages.evaluation.body.findChildren(LearningCurve) == []


def test_a_label_is_changed_by_a_click_and_back_by_undo(labelled: Desk) -> None:
    labelled.engine.review(
        doubtful=[doubt(labelled, "image_2.png"), doubt(labelled, "image_3.png")]
    )
    first = rows(labelled)[0]
    assert "Labelled cat, looks like dog (87 %)" in texts(labelled)
    assert "Its two nearest labelled images are dogs." in texts(labelled)
    assert first.change_button.text() == "Change to dog"
    click(labelled, first.change_button)
    assert labelled.labels_on_disk()["image_2.png"] == "dog"
    assert [row.doubtful.image_id for row in rows(labelled)] == [labelled.image("image_3.png")]
    labelled.window.actions_.undo.trigger()
    assert labelled.labels_on_disk()["image_2.png"] == "cat"
    assert len(rows(labelled)) == 2


def test_a_label_can_be_taken_off(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    click(labelled, rows(labelled)[0].remove_button)
    assert "image_2.png" not in labelled.labels_on_disk()
    assert rows(labelled) == []


def test_a_doubtful_image_can_be_none_of_the_classes(labelled: Desk) -> None:
    labelled.engine.review(
        doubtful=[doubt(labelled, "image_2.png"), doubt(labelled, "image_3.png")]
    )
    click(labelled, rows(labelled)[0].none_button)
    assert labelled.labels_on_disk()["image_2.png"] == "None of these"
    (left,) = rows(labelled)
    left.keep_button.setFocus()
    labelled.press("0")
    assert labelled.labels_on_disk()["image_3.png"] == "None of these"
    assert rows(labelled) == []


def test_what_is_kept_is_not_doubted_again(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    click(labelled, rows(labelled)[0].keep_button)
    assert rows(labelled) == []
    labelled.press(Qt.Key.Key_Escape, labelled.window.pages.evaluation)
    labelled.window.actions_.evaluation.trigger()
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    assert rows(labelled) == []
    assert labelled.labels_on_disk()["image_2.png"] == "cat"


def test_row_after_row_by_the_keyboard(labelled: Desk) -> None:
    doubtful = [doubt(labelled, f"image_{number}.png") for number in (1, 2, 3)]
    labelled.engine.review(doubtful=doubtful)
    rows(labelled)[0].change_button.setFocus()
    labelled.press(Qt.Key.Key_Space)
    assert labelled.labels_on_disk()["image_1.png"] == "dog"
    assert rows(labelled)[0].keep_button.hasFocus()  # That of the next one.
    labelled.press(Qt.Key.Key_Space)
    assert [row.doubtful.image_id for row in rows(labelled)] == [labelled.image("image_3.png")]
    labelled.press("2")  # A class's key is for the row with the keyboard's attention.
    assert labelled.labels_on_disk()["image_3.png"] == "dog"
    assert labelled.window.pages.evaluation.hasFocus()


def test_an_edit_asks_again_while_the_page_is_open(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    click(labelled, rows(labelled)[0].change_button)
    assert "Looking again" in labelled.window.pages.evaluation.position.text()
    labelled.qtbot.waitUntil(lambda: len(labelled.engine.all(messages.ReviewLabels)) == 2)
    support = dict(labelled.engine.last(messages.ReviewLabels).support)
    dog = labelled.session.classes[1].class_id
    assert (
        support[labelled.session.table.ref(labelled.session.table.row_of_name("image_2.png"))]
        == dog
    )
    labelled.press(Qt.Key.Key_Escape, labelled.window.pages.evaluation)
    labelled.click("image_9.png")
    labelled.press("1")
    labelled.settle()
    assert not labelled.window.pages.evaluation.review.is_waiting


def test_near_duplicates_are_listed_and_looked_at(labelled: Desk) -> None:
    same = [labelled.image("image_7.png"), labelled.image("image_8.png")]
    mixed = [labelled.image("image_1.png"), labelled.image("image_5.png")]
    labelled.engine.review(duplicates=[same, mixed])
    said = labelled.window.pages.evaluation.texts()
    assert "Nearly the same images  (2)" in said
    # The one with two labels is the more urgent one.
    assert said.index("2 images with different labels") < said.index("2 images")
    look = [
        button
        for button in labelled.window.pages.evaluation.body.findChildren(QPushButton)
        if button.text() == "Look at Them"
    ]
    click(labelled, look[1])
    assert labelled.view.isVisible()
    assert labelled.shown() == ["image_7.png", "image_8.png"]
    assert labelled.gallery.model.arrangement.show is Show.THESE


def test_a_picture_is_seen_large_and_one_comes_back(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    labelled.settle()
    labelled.engine.thumbnails()
    picture = rows(labelled)[0].findChild(SmallPicture)
    assert labelled.gallery.thumbnails.pixmap(picture.image_id) is not None
    click(labelled, picture)
    assert labelled.window.pages.is_preview_open()
    assert labelled.window.preview.row == labelled.session.table.row_of_name("image_2.png")
    labelled.press(Qt.Key.Key_Escape, labelled.window.preview)
    assert labelled.window.pages.currentWidget() is labelled.window.pages.evaluation
    labelled.press(Qt.Key.Key_Escape, labelled.window.pages.evaluation)
    assert labelled.window.pages.currentWidget() is labelled.gallery


def test_the_gallery_does_not_take_the_pictures_away(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    labelled.gallery.thumbnails.clear()
    labelled.gallery.thumbnails.want_too([labelled.session.table.row_of_name("image_2.png")])
    labelled.gallery.thumbnails.want([labelled.session.table.row_of_name("image_9.png")])
    labelled.settle()
    asked = labelled.engine.last(messages.LoadThumbnails)
    assert [image.name for image in asked.images] == ["image_2.png", "image_9.png"]


def test_failing_is_a_sentence_on_the_page(labelled: Desk) -> None:
    number = labelled.engine.last(messages.ReviewLabels).request_id
    labelled.engine.publish(messages.JobFailed(number, "There is no encoder.", False))
    assert labelled.window.pages.evaluation.texts() == ["There is no encoder."]


def test_it_follows_the_theme_and_a_renamed_class(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    labelled.session.rename_class(labelled.session.classes[1].class_id, "wolf")
    assert "Labelled cat, looks like wolf (87 %)" in texts(labelled)
    before = rows(labelled)[0]
    actions = labelled.window.actions_.theme_group.actions()
    actions[2].trigger()
    assert rows(labelled)[0] is not before
    labelled.session.delete_class(labelled.session.classes[1].class_id)
    assert rows(labelled) == []

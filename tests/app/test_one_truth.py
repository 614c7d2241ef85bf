"""The accuracy says what it is of, waits for its last word, and yields to a spot check."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Desk
from PySide6.QtCore import Qt

from app.evaluation.report_file import _InHtml
from app.evaluation.spot_result import SpotResult, labels_key
from app.gallery.arrangement import Show, Sort
from engine import messages
from engine.messages import NONE_OF_THESE


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Four images are cats and two are dogs."""
    garden.add_classes("cat", "dog")
    cat, dog = garden.session.classes
    garden.session.label([garden.image(f"image_{n}.png") for n in range(1, 5)], cat.class_id)
    garden.session.label([garden.image(f"image_{n}.png") for n in (5, 6)], dog.class_id)
    return garden


def answer(desk: Desk, none: float = 0.0, **taken_for: str) -> None:
    """The engine answers; ``image_2="dog"``: held out, that image was taken for a dog.

    Args:
        none: how much the other images look like none of the classes.
    """
    ids = {item.name: item.class_id for item in desk.session.classes}
    images = [desk.image(f"image_{number}.png") for number in range(7, 13)]
    desk.engine.predict(
        {image: [(ids["cat"], 0.8), (ids["dog"], 0.2)] for image in images},
        taken_for={
            desk.image(f"{name}.png"): (ids[class_name], 0.7)
            for name, class_name in taken_for.items()
        },
        none_scores=dict.fromkeys(images, none),
    )
    desk.settle()


def answer_thoroughly(desk: Desk, **taken_for: str) -> None:
    """The thorough effort is asked for, and answers."""
    asked = messages.Effort.THOROUGH
    desk.qtbot.waitUntil(lambda: desk.engine.last(messages.Adapt).effort is asked)
    answer(desk, **taken_for)


def said(desk: Desk) -> str:
    return desk.window.status_line.effort.accessibleName()


def overview_of(desk: Desk) -> list[str]:
    desk.window.actions_.evaluation.trigger()
    return desk.window.pages.evaluation.overview.texts()


def keep_spot_check(desk: Desk, n_right: int, n_asked: int) -> None:
    """A spot check with the labels of now."""
    project = desk.session.project
    assert project is not None
    key = labels_key(desk.session.table, [])
    result = SpotResult(n_right, n_asked, 6, 0.9, 6, "2025-03-02T14:05:00+01:00", (), key)
    desk.preferences.keep_spot_check(project.path, result.to_text())
    desk.window.pages.evaluation.figures.look_again()


def test_with_strangers_the_accuracy_says_what_it_is_of(labelled: Desk) -> None:
    answer(labelled)
    assert said(labelled).startswith("About 100 % right on labels it had not seen (")
    assert not labelled.window.pages.evaluation.figures.left_out()
    labelled.session.label([labelled.image("image_12.png")], NONE_OF_THESE)
    answer(labelled)
    assert said(labelled).startswith("About 100 % right of images of your classes (")
    text = "\n".join(overview_of(labelled))
    assert "is that of images that show one of your classes" in text
    assert "How many of such images are found out, is not known." in text
    assert "show one of your classes" in labelled.window.status_line.effort.toolTip()
    assert "7 labelled, 1 of them none of these" in labelled.window.status_line.numbers.text()


def test_many_that_look_like_none_are_strangers_too(labelled: Desk) -> None:
    answer(labelled, none=0.9)
    assert "of images of your classes" in said(labelled)
    assert "6 unlabelled images look like none." in "\n".join(overview_of(labelled))


def test_what_is_known_of_strangers_is_told(labelled: Desk) -> None:
    labelled.session.label([labelled.image("image_12.png")], NONE_OF_THESE)
    number = labelled.engine.last(messages.Adapt).request_id
    held = messages.HeldOutPredictions(*labelled_arrays(labelled))
    labelled.engine.publish(
        messages.Adapted(
            number,
            messages.Effort.INSTANT,
            (),
            6,
            None,
            None,
            None,
            (),
            0.1,
            1.0,
            predictions=held,
            none_judged=12,
            none_found=9,
        )
    )
    text = "\n".join(overview_of(labelled))
    assert "Of 12 images labelled “none of these”, 9 would look like none of the classes" in text
    assert "(47 to 91 %)" in text


def labelled_arrays(desk: Desk) -> tuple[object, ...]:
    """All six labels, recognised."""
    table = desk.session.table
    rows = np.flatnonzero(table.labels > 0)
    labels = table.labels[rows].astype(np.int64)
    return table.ids[rows], labels, labels, np.full(len(rows), 0.9, np.float32)


def test_a_class_without_an_example_is_not_in_the_accuracy(labelled: Desk) -> None:
    labelled.session.add_class("owl")
    answer(labelled)
    assert said(labelled).startswith("About 100 % right of 2 of 3 classes (")
    text = "\n".join(overview_of(labelled))
    assert "The accuracy is that of the 2 classes that have examples: “owl” has none yet" in text


def test_the_accuracy_stays_till_there_is_a_last_word(labelled: Desk) -> None:
    """Not 83 % for some seconds, and then 92 % again."""
    answer(labelled, image_5="cat")
    assert said(labelled).endswith("being checked…")  # Quick; the thorough one is due.
    answer_thoroughly(labelled)
    assert said(labelled).startswith("About 100 % right")
    assert "being checked" not in said(labelled)
    labelled.session.label([labelled.image("image_7.png")], labelled.session.classes[1].class_id)
    answer(labelled, image_5="cat", image_6="cat")
    assert said(labelled).startswith("About 100 % right")
    assert said(labelled).endswith("being checked…")
    headline = labelled.window.pages.evaluation.overview.headline
    overview_of(labelled)
    assert headline.text().startswith("Held-out accuracy 100 % (")
    assert headline.text().endswith("being checked…")
    answer_thoroughly(labelled, image_5="cat")
    assert not said(labelled).startswith("About 100 %")
    assert "being checked" not in said(labelled)
    assert "being checked" not in headline.text()


def test_where_thorough_is_no_better_the_instant_figure_is_the_last_word(labelled: Desk) -> None:
    answer(labelled)
    answer_thoroughly(labelled)
    labelled.session.label([labelled.image("image_7.png")], labelled.session.classes[1].class_id)
    answer(labelled, image_5="cat", image_6="cat", image_7="cat")
    asked = messages.Effort.THOROUGH
    labelled.qtbot.waitUntil(lambda: labelled.engine.last(messages.Adapt).effort is asked)
    labelled.engine.not_better("It is no better.")
    assert said(labelled).startswith("About 50 % right")
    assert "being checked" not in said(labelled)


def test_a_spot_check_that_is_worse_is_believed(labelled: Desk) -> None:
    answer(labelled)
    keep_spot_check(labelled, 4, 7)
    assert said(labelled) == "4 of 7 right in the spot check (25 to 84 %)"
    overview = labelled.window.pages.evaluation.overview
    overview_of(labelled)
    assert overview.headline.text().startswith("Held-out accuracy 100 %")
    assert overview.spot_headline.text() == "Spot check 57 % (25 to 84 %)"
    assert "harder than your labels" in overview.verdict.text()
    labelled.engine.review()
    assert overview.advice.text().startswith("Label more: only 4 of 7 predictions were right")
    assert overview.do_button.text() == "Go On Labelling"
    assert "promised too much: 90 % on average, and 4 of 7" in overview.calibration.text()
    assert "Held-out accuracy" not in said(labelled)
    assert "labels it had not seen" in labelled.window.status_line.effort.toolTip()
    # It holds for these labels, not for others.
    labelled.session.label([labelled.image("image_7.png")], labelled.session.classes[1].class_id)
    answer(labelled)
    assert "spot check" not in said(labelled)
    assert overview.spot_headline.isHidden()


def test_a_spot_check_that_agrees_is_said_beside(labelled: Desk) -> None:
    answer(labelled)
    keep_spot_check(labelled, 7, 7)
    overview_of(labelled)
    overview = labelled.window.pages.evaluation.overview
    assert "does not contradict" in overview.verdict.text()
    keep_spot_check(labelled, 1, 1)  # That is no figure.
    assert "labels it had not seen" in said(labelled)


def test_the_report_has_both_figures(labelled: Desk) -> None:
    answer(labelled)
    keep_spot_check(labelled, 4, 7)
    page = labelled.window.pages.evaluation
    html = page.report_file._report.to_html(_InHtml(labelled.gallery.thumbnails))
    html = html.replace("&nbsp;", " ")
    assert "Spot check 57 % (25 to 84 %)" in html
    assert "harder than your labels" in html


def test_the_button_finds_what_the_advice_asks_for(labelled: Desk) -> None:
    labelled.session.add_class("owl")
    answer(labelled)
    overview_of(labelled)
    cat = labelled.session.classes[0].class_id
    advised = "Label images of “owl”, which has none yet."
    labelled.engine.review(advice=advised, weakest=cat)
    overview = labelled.window.pages.evaluation.overview
    assert overview.advice.text() == advised
    assert overview.do_button.text() == "Find the First “owl”"
    labelled.qtbot.mouseClick(overview.do_button, Qt.MouseButton.LeftButton)
    now = labelled.gallery.model.arrangement
    assert (now.show, now.sort) == (Show.UNLABELLED, Sort.LIKE_NONE_FIRST)
    assert labelled.view.isVisible()
    assert not set(labelled.shown()) & set(labelled.labels_on_disk())


def test_where_the_labels_suffice_no_button_asks_for_more(labelled: Desk) -> None:
    labelled.engine.predict(
        {labelled.image("image_9.png"): [(labelled.session.classes[0].class_id, 1.0)]},
        accuracy=1.0,
    )
    overview_of(labelled)
    labelled.engine.review(weakest=labelled.session.classes[1].class_id)
    overview = labelled.window.pages.evaluation.overview
    assert overview.advice.text().startswith("The labels suffice")
    assert overview.do_button.isHidden()


def test_the_queue_has_no_other_accuracy(labelled: Desk) -> None:
    answer(labelled, image_2="dog")
    labelled.window.actions_.queue.trigger()
    queue = labelled.window.pages.queue
    labelled.qtbot.waitUntil(lambda: bool(labelled.engine.all(messages.ReviewLabels)))
    labelled.engine.review(accuracy=None)  # What the instant effort alone cannot tell.
    assert queue.outlook.text().replace("\u00a0", " ") == f"{said(labelled)}."
    assert "five labels" not in queue.outlook.text()


def test_a_spot_check_that_was_left_can_be_gone_on_with(labelled: Desk) -> None:
    answer(labelled)
    window, page = labelled.window, labelled.window.pages.spot_check
    window.actions_.spot_check.trigger()
    drawn = list(page.check.drawn)
    for key in (Qt.Key.Key_Y, Qt.Key.Key_Y, Qt.Key.Key_Escape):
        labelled.press(key, page)
    assert page.outcome.continue_button.isVisible()
    assert page.outcome.again_button.isVisible()
    labelled.press(Qt.Key.Key_Escape, page)
    assert labelled.view.isVisible()
    window.actions_.spot_check.trigger()
    labelled.qtbot.mouseClick(page.outcome.continue_button, Qt.MouseButton.LeftButton)
    assert page.check.drawn == drawn
    assert page.position.text() == f"3 of {len(drawn)}"
    labelled.press(Qt.Key.Key_Y, page)
    labelled.press(Qt.Key.Key_Escape, page)
    assert page.outcome.headline.text().startswith("3 of 3 right")
    labelled.press(Qt.Key.Key_Escape, page)
    # Other labels, other predictions: then it begins anew.
    labelled.session.label([labelled.image("image_1.png")], labelled.session.classes[1].class_id)
    answer(labelled)
    window.actions_.spot_check.trigger()
    assert page.position.text() == f"1 of {len(page.check.drawn)}"
    assert not page.check.answers

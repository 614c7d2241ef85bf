"""Labels that look wrong: on the tile, as a filter, and in the evaluation, which agree."""

from __future__ import annotations

import pytest
from conftest import Desk
from PySide6.QtCore import Qt

from app.gallery.arrangement import Show
from engine import messages
from engine.messages import DoubtfulLabel


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """1 and 2 are cats, 3 is a dog, and the engine has been asked which looks wrong."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    for key in "112":
        garden.press(key)
    garden.press(Qt.Key.Key_Escape)
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.AuditLabels)))
    return garden


def doubt(desk: Desk, name: str) -> DoubtfulLabel:
    cat, dog = (item.class_id for item in desk.session.classes)
    return DoubtfulLabel(desk.image(name), cat, dog, 0.87, 0.05, (), "Its neighbours are dogs.")


def test_the_labels_are_audited_after_a_pause(labelled: Desk) -> None:
    asked = labelled.engine.last(messages.AuditLabels)
    assert [image.name for image, _ in asked.support] == [
        "image_1.png",
        "image_2.png",
        "image_3.png",
    ]
    assert labelled.engine.all(messages.ReviewLabels) == []  # The longer answer nobody looks at.


def test_a_doubtful_label_is_flagged_in_words_too(labelled: Desk) -> None:
    place = labelled.place("image_2.png")
    index = labelled.gallery.model.index(place)
    before = labelled.view.grab(labelled.view.visualRect(index)).toImage()
    labelled.engine.audit([doubt(labelled, "image_2.png")])
    labelled.settle()
    assert labelled.state("image_2.png") == "labelled cat, looks wrong: rather dog"
    assert "Its neighbours are dogs." in index.data(Qt.ItemDataRole.ToolTipRole)
    assert labelled.view.grab(labelled.view.visualRect(index)).toImage() != before
    chip = labelled.gallery.head.chips[Show.DOUBTFUL]
    assert chip.isVisible()
    labelled.qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert labelled.shown() == ["image_2.png"]


def test_a_label_that_is_changed_is_doubted_no_more(labelled: Desk) -> None:
    labelled.engine.audit([doubt(labelled, "image_1.png"), doubt(labelled, "image_2.png")])
    labelled.click("image_2.png")
    labelled.press("2")
    assert labelled.state("image_2.png") == "labelled dog"
    # An answer to the labels as they were is taken in as far as it still holds.
    labelled.engine.audit([doubt(labelled, "image_1.png"), doubt(labelled, "image_2.png")])
    assert labelled.state("image_2.png") == "labelled dog"
    assert labelled.state("image_1.png").startswith("labelled cat, looks wrong")


def test_what_is_kept_in_the_evaluation_is_no_doubt_of_the_gallery(labelled: Desk) -> None:
    labelled.window.actions_.evaluation.trigger()
    labelled.engine.review(
        doubtful=[doubt(labelled, "image_1.png"), doubt(labelled, "image_2.png")]
    )
    table = labelled.session.table
    assert table.doubtful.sum() == 2  # The tiles agree with the newest answer.
    review = labelled.window.pages.evaluation.review
    review.keep(doubt(labelled, "image_1.png"))
    assert [item.image_id for item in review.doubtful] == [labelled.image("image_2.png")]
    assert table.doubtful.sum() == 1
    labelled.engine.audit([doubt(labelled, "image_1.png"), doubt(labelled, "image_2.png")])
    assert table.doubtful.sum() == 1


def test_without_labels_nothing_is_asked(garden: Desk) -> None:
    garden.qtbot.waitUntil(lambda: not garden.session.audit._question.is_settling)
    assert garden.engine.all(messages.AuditLabels) == []

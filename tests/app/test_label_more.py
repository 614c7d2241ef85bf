"""Label more of a class: unlabelled images that may be of it, and each scene only once."""

from __future__ import annotations

import pytest
from conftest import Desk
from PySide6.QtCore import Qt

from app.gallery.arrangement import Arrangement, Show, Sort, counts
from engine import messages
from engine.messages import ClassId


def names(*numbers: int) -> list[str]:
    return [f"image_{number}.png" for number in numbers]


@pytest.fixture
def started(garden: Desk) -> Desk:
    """1 and 2 are cats, 3 and 4 dogs, 12 a bird; 1 and 5 show the same, so do 7 and 8."""
    garden.add_classes("cat", "dog", "bird")
    cat, dog, bird = (item.class_id for item in garden.session.classes)
    for numbers, item in (((1, 2), cat), ((3, 4), dog), ((12,), bird)):
        garden.session.label([garden.image(name) for name in names(*numbers)], item)
    garden.qtbot.waitUntil(lambda: bool(garden.engine.all(messages.FindGroups)))
    garden.engine.group(
        [garden.image(name) for name in names(1, 5)], [garden.image(name) for name in names(7, 8)]
    )
    sure = {5: 0.6, 6: 0.95, 7: 0.7, 8: 0.6, 9: 0.45, 10: 0.05, 11: 0.3}  # That it is a cat.
    answers = {
        garden.image(f"image_{number}.png"): sorted(
            [(cat, share), (dog, 1 - share)], key=lambda ranked: -ranked[1]
        )
        for number, share in sure.items()
    }
    garden.engine.predict(answers)
    garden.settle()
    return garden


def class_id(desk: Desk, name: str) -> ClassId:
    return next(item.class_id for item in desk.session.classes if item.name == name)


def test_what_may_be_of_the_class_comes_most_unsure_first(started: Desk) -> None:
    started.window.pages.evaluation.label_more_requested.emit(class_id(started, "cat"))
    # 1 tells of 5 already; of 7 and 8 the more unsure one; 9 is a dog rather, but nearly a cat.
    assert started.shown() == names(9, 8, 6)
    assert started.selected() == names(9)
    assert started.view.hasFocus()
    head = started.gallery.head
    assert head.chips[Show.TO_LABEL].text() == "Worth labelling  3"
    assert head.class_pill.text() == "cat"
    assert head.order.sort.currentData() is Sort.UNSURE_FIRST
    started.press("1")
    assert started.labels_on_disk()["image_9.png"] == "cat"
    assert started.selected() == names(8)


def test_where_nothing_is_predicted_as_the_class_likeness_to_its_labels_decides(
    started: Desk,
) -> None:
    menu = started.classes
    menu.label_more_requested.emit(class_id(started, "bird"))
    asked = started.engine.last(messages.MeasureSimilarity)
    assert asked.images == (started.image("image_12.png"),)
    likeness = {started.image(f"image_{number}.png"): number / 20 for number in range(1, 13)}
    started.engine.measure(likeness)
    assert started.shown() == names(11, 10, 9, 8, 6)
    assert "“bird”" in started.notices()[0]


def test_a_class_without_a_label_leads_to_the_queue(started: Desk) -> None:
    started.add_classes("fish")
    started.classes.label_more_requested.emit(class_id(started, "fish"))
    assert started.window.pages.currentWidget() is started.window.pages.queue


def test_the_filter_counts_what_it_shows_with_any_class_and_says_when_all_is_done(
    started: Desk,
) -> None:
    gallery, table = started.gallery, started.session.table
    for chosen in (0, class_id(started, "cat"), class_id(started, "dog")):
        wanted = Arrangement(Show.TO_LABEL, ClassId(chosen))
        gallery.arrange(wanted)
        assert len(started.shown()) == counts(table, wanted)[Show.TO_LABEL]
    gallery.arrange(Arrangement(Show.TO_LABEL, class_id(started, "bird")))
    assert gallery.empty.title.text() == "Nothing worth labelling"


def test_it_is_in_the_menu_of_a_class(started: Desk) -> None:
    menu = started.window.actions_.class_menu
    menu.aboutToShow.emit()
    entry = next(item for item in menu.actions() if item.text() == "cat").menu()
    action = next(item for item in entry.actions() if item.text() == "Label More of This Class")
    action.trigger()
    assert started.gallery.model.arrangement.show is Show.TO_LABEL
    assert (
        started.gallery.model.data(started.gallery.model.index(0), Qt.ItemDataRole.DisplayRole)
        == "image_9.png"
    )

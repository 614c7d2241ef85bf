"""The evaluation: its figures, labels that look wrong, near-duplicates."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import Desk
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.modeltest import ModelTester

from app.evaluation.doubtful_labels import DoubtfulRow
from app.evaluation.evaluation_page import EvaluationPage
from app.gallery.arrangement import Show, counts
from app.gallery.small_picture import SmallPicture
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
    """Click a button, which may be scrolled away or on another tab."""
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def page(desk: Desk) -> EvaluationPage:
    return desk.window.pages.evaluation


def answer(desk: Desk, **taken_for: str) -> None:
    """The engine answers; ``image_2="dog"``: held out, that image was taken for a dog."""
    ids = {item.name: item.class_id for item in desk.session.classes}
    desk.engine.predict(
        {desk.image("image_9.png"): [(ids["cat"], 0.8), (ids["dog"], 0.2)]},
        taken_for={
            desk.image(f"{name}.png"): (ids[class_name], 0.7)
            for name, class_name in taken_for.items()
        },
    )


def show_tab(desk: Desk, place: int) -> None:
    """Click a tab."""
    bar = page(desk).tabs.tabBar()
    desk.qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(place).center())


def cells(desk: Desk, line: int) -> list[str]:
    """What a line of the table of classes says."""
    model = page(desk).overview.scores.scores
    return [str(model.index(line, column).data()) for column in range(model.columnCount())]


def test_the_advice_comes_first_and_a_button_does_it(labelled: Desk) -> None:
    assert "Looking at the labels" in page(labelled).position.text()
    command = labelled.engine.last(messages.ReviewLabels)
    assert len(command.support) == 6
    dog = labelled.session.classes[1].class_id
    answer(labelled, image_5="cat")
    labelled.engine.review(weakest=dog)
    assert page(labelled).position.text() == ""
    assert page(labelled).texts()[0] == (
        "Five more of “dog” would help most: 1 of its 2 held-out labels came out right."
    )
    button = page(labelled).overview.do_button
    assert button.text() == "Label More “dog”"
    click(labelled, button)
    assert labelled.view.isVisible()
    # Nothing is predicted yet: those that are unlabelled, by how much they look like dogs.
    assert "image_12.png" in labelled.shown()
    assert not set(labelled.shown()) & set(labelled.labels_on_disk())
    asked = labelled.engine.last(messages.MeasureSimilarity)
    assert {
        labelled.session.table.label(labelled.session.table.row_of(image)) for image in asked.images
    } == {dog}


def test_the_advice_speaks_of_the_answers_on_screen(labelled: Desk) -> None:
    """What the review says of the instant effort is another number, and nowhere on the page."""
    dog = labelled.session.classes[1].class_id
    answer(labelled)
    labelled.engine.review(weakest=dog)  # It has seen 80 %.
    said = texts(labelled)
    assert "6 of 6 held-out labels came out right; too few to be sure" in said
    assert "Held-out accuracy 100 %" in said
    assert "80 %" not in said
    curve = page(labelled).overview.curve.accessibleName()
    assert curve.endswith("labels per class 2: 100 %")
    answer(labelled, image_5="cat", image_6="cat")
    assert "0 of its 2 held-out labels came out right" in texts(labelled)
    assert page(labelled).overview.curve.accessibleName().endswith("labels per class 2: 50 %")


def test_without_a_weakest_class_the_button_opens_the_queue(labelled: Desk) -> None:
    labelled.engine.review(weakest=None, advice="Label images of at least two classes.")
    click(labelled, page(labelled).overview.do_button)
    assert labelled.window.pages.currentWidget() is labelled.window.pages.queue


def test_the_figures_are_those_of_the_status_line(labelled: Desk) -> None:
    answer(labelled, image_2="dog")
    labelled.engine.review()
    overview = page(labelled).overview
    # Three of four cats and both dogs: the mean of 75 % and 100 %.
    assert overview.headline.text().startswith("Held-out accuracy 88 % (")
    line = labelled.window.status_line.effort
    bounds = overview.headline.text().removeprefix("Held-out accuracy 88 % ")
    assert line.accessibleName() == f"About 88 % right on labels it had not seen {bounds}"
    assert "5 of 6 labelled images came out right" in overview.basis.text()
    assert overview.basis.text().startswith("Instant effort")
    assert "recall 88 % (" in overview.averages.text()
    assert ": 83 % (" in overview.averages.text()  # 5 of 6.


def test_the_table_of_classes_and_its_order(labelled: Desk) -> None:
    answer(labelled, image_2="dog")
    labelled.engine.review(weakest=labelled.session.classes[1].class_id)
    assert cells(labelled, 0) == ["cat", "4", "4", "100 %", "75 %", "86 %"]
    assert cells(labelled, 1) == ["dog", "2", "2", "67 %", "100 %", "80 %"]
    table = page(labelled).overview.scores
    recall = table.scores.index(0, 4)
    assert recall.data(Qt.ItemDataRole.ToolTipRole).startswith("3 of 4: 75 % (")
    header = table.horizontalHeader()
    middle = QPoint(header.sectionViewportPosition(5) + 20, header.height() // 2)
    labelled.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert [cells(labelled, line)[0] for line in (0, 1)] == ["dog", "cat"]
    labelled.qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert [cells(labelled, line)[0] for line in (0, 1)] == ["cat", "dog"]


def test_the_table_is_a_sound_model(labelled: Desk, qtmodeltester: ModelTester) -> None:
    qtmodeltester.check(page(labelled).overview.scores.scores)
    answer(labelled, image_2="dog")
    page(labelled).overview.scores.scores.sort(4, Qt.SortOrder.DescendingOrder)
    labelled.session.add_class("owl")


def test_a_class_of_one_label_says_what_is_missing(labelled: Desk) -> None:
    labelled.session.add_class("owl")
    answer(labelled)
    assert cells(labelled, 2) == ["owl", "0", "0", "–", "–", "–"]
    tip = page(labelled).overview.scores.scores.index(2, 4).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("Too few labels to tell")


def test_the_confidences_are_judged_in_words_and_as_a_drawing(labelled: Desk) -> None:
    answer(labelled, image_2="dog")
    labelled.engine.review()
    overview = page(labelled).overview
    assert overview.reliability.accessibleName() == (
        "confidence 70 %: 0 % right of 1 label, confidence 90 %: 100 % right of 5 labels"
    )
    assert "20.0 percentage points apart" in overview.calibration.text()
    assert overview.curve.accessibleName() == "labels per class 1: 75 %, labels per class 2: 88 %"


def test_too_few_to_tell_is_said_and_what_to_do(labelled: Desk) -> None:
    labelled.engine.predict({})
    labelled.engine.review(accuracy=None)
    overview = page(labelled).overview
    assert overview.headline.text() == "Too few labels to tell how good the answers are"
    assert "label at least two images of each class" in overview.basis.text()
    assert overview.reliability.isHidden() or not overview._drawings.isVisible()
    assert cells(labelled, 0) == ["cat", "4", "0", "–", "–", "–"]
    show_tab(labelled, 1)
    assert "Too few labels to tell" in texts(labelled)
    show_tab(labelled, 2)
    assert "Too few labels to tell whether one of them is wrong." in texts(labelled)
    show_tab(labelled, 3)
    assert "Bursts and duplicates are looked for once all images are known." in texts(labelled)
    labelled.qtbot.waitUntil(lambda: bool(labelled.engine.all(messages.FindGroups)))
    labelled.engine.group()
    assert "No two images of the folder are nearly the same." in texts(labelled)


def test_labels_that_cannot_be_judged_are_counted(labelled: Desk) -> None:
    answer(labelled)
    assert page(labelled).overview.not_judged.isHidden()
    labelled.session.label([labelled.image("image_9.png")], labelled.session.classes[0].class_id)
    assert "Looking" in page(labelled).position.text()
    command = labelled.engine.last(messages.Adapt)
    short = replace(command, support=command.support[:-1])
    labelled.engine.commands[labelled.engine.commands.index(command)] = short
    answer(labelled)
    assert page(labelled).overview.not_judged.text().startswith("6 of 7 labels could be judged")


def test_without_answers_it_says_why(garden: Desk) -> None:
    garden.add_classes("cat")
    garden.window.actions_.evaluation.trigger()
    headline = page(garden).overview.headline.text()
    assert headline == "Label images of at least two classes first."


def test_by_the_keyboard_from_tab_to_tab_and_out(labelled: Desk) -> None:
    answer(labelled)
    labelled.engine.review()
    assert page(labelled).tabs.tabBar().hasFocus()
    labelled.press(Qt.Key.Key_Right)
    assert page(labelled).tabs.currentIndex() == 1
    labelled.press(Qt.Key.Key_Tab)
    assert page(labelled).matrix.hasFocus()
    labelled.press(Qt.Key.Key_Escape)
    assert labelled.window.pages.currentWidget() is labelled.gallery


def test_a_label_is_changed_by_a_click_and_back_by_undo(labelled: Desk) -> None:
    labelled.engine.review(
        doubtful=[doubt(labelled, "image_2.png"), doubt(labelled, "image_3.png")]
    )
    show_tab(labelled, 2)
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
    show_tab(labelled, 2)
    click(labelled, rows(labelled)[0].remove_button)
    assert "image_2.png" not in labelled.labels_on_disk()
    assert rows(labelled) == []


def test_a_doubtful_image_can_be_none_of_the_classes(labelled: Desk) -> None:
    labelled.engine.review(
        doubtful=[doubt(labelled, "image_2.png"), doubt(labelled, "image_3.png")]
    )
    show_tab(labelled, 2)
    click(labelled, rows(labelled)[0].none_button)
    assert labelled.labels_on_disk()["image_2.png"] == "None of these"
    (left,) = rows(labelled)
    left.keep_button.setFocus()
    labelled.press("0")
    assert labelled.labels_on_disk()["image_3.png"] == "None of these"
    assert rows(labelled) == []


def test_what_is_kept_is_not_doubted_again(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    show_tab(labelled, 2)
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
    show_tab(labelled, 2)
    rows(labelled)[0].change_button.setFocus()
    labelled.press(Qt.Key.Key_Space)
    assert labelled.labels_on_disk()["image_1.png"] == "dog"
    assert rows(labelled)[0].keep_button.hasFocus()  # That of the next one.
    labelled.press(Qt.Key.Key_Space)
    assert [row.doubtful.image_id for row in rows(labelled)] == [labelled.image("image_3.png")]
    labelled.press("2")  # A class's key is for the row with the keyboard's attention.
    assert labelled.labels_on_disk()["image_3.png"] == "dog"
    assert labelled.window.pages.evaluation.tabs.tabBar().hasFocus()


def test_an_edit_asks_again_while_the_page_is_open(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    show_tab(labelled, 2)
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


def test_the_groups_are_those_of_the_gallery(labelled: Desk) -> None:
    same = [labelled.image("image_7.png"), labelled.image("image_8.png")]
    mixed = [labelled.image("image_1.png"), labelled.image("image_5.png")]
    labelled.engine.review()
    labelled.qtbot.waitUntil(lambda: bool(labelled.engine.all(messages.FindGroups)))
    labelled.engine.group(same, mixed)
    show_tab(labelled, 3)
    said = labelled.window.pages.evaluation.texts()
    assert "2 groups of 4 images together." in said
    table = labelled.session.table
    assert counts(table)[Show.ALIKE] == 4
    assert page(labelled).tabs.tabText(3) == "Duplicates (2)"
    # The one with two labels is the more urgent one.
    assert said.index("2 images with different labels") < said.index("2 images")
    look = [
        button
        for button in page(labelled).duplicates.body.findChildren(QPushButton)
        if button.text() == "Look at Them"
    ]
    click(labelled, look[1])
    assert labelled.view.isVisible()
    assert labelled.shown() == ["image_7.png", "image_8.png"]
    assert labelled.gallery.model.arrangement.show is Show.THESE


def test_a_picture_is_seen_large_and_one_comes_back(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    show_tab(labelled, 2)
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
    show_tab(labelled, 2)
    labelled.gallery.thumbnails.clear()
    labelled.gallery.thumbnails.want_too([labelled.session.table.row_of_name("image_2.png")])
    labelled.gallery.thumbnails.want([labelled.session.table.row_of_name("image_9.png")])
    labelled.settle()
    asked = labelled.engine.last(messages.LoadThumbnails)
    assert [image.name for image in asked.images] == ["image_2.png", "image_9.png"]


def test_failing_is_a_sentence_on_the_page(labelled: Desk) -> None:
    number = labelled.engine.last(messages.ReviewLabels).request_id
    labelled.engine.publish(messages.JobFailed(number, "There is no encoder.", False))
    assert texts(labelled).startswith("There is no encoder.\n")
    for place in (2, 3):
        show_tab(labelled, place)
        assert texts(labelled) == "There is no encoder."


def test_it_follows_the_theme_and_a_renamed_class(labelled: Desk) -> None:
    labelled.engine.review(doubtful=[doubt(labelled, "image_2.png")])
    show_tab(labelled, 2)
    labelled.session.rename_class(labelled.session.classes[1].class_id, "wolf")
    assert "Labelled cat, looks like wolf (87 %)" in texts(labelled)
    before = rows(labelled)[0]
    actions = labelled.window.actions_.theme_group.actions()
    actions[2].trigger()
    assert rows(labelled)[0] is not before
    labelled.session.delete_class(labelled.session.classes[1].class_id)
    assert rows(labelled) == []

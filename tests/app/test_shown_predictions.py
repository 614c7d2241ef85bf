"""Predictions: shown, never over a label, never stale; filter and order that stay put."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from conftest import Desk
from fake_engine import predictions_ready
from PySide6.QtCore import Qt
from pytestqt.modeltest import ModelTester

from app.gallery.arrangement import Arrangement, Show, Sort
from engine import messages
from engine.messages import ClassId


def start_two_classes(desk: Desk) -> tuple[ClassId, ClassId]:
    """Label image_1 as cat and image_2 as dog, and select nothing."""
    cat, dog = desk.add_classes("cat", "dog")
    desk.click("image_1.png")
    desk.press("1")
    desk.press("2")
    desk.press(Qt.Key.Key_Escape)
    return cat.class_id, dog.class_id


def predict_all(desk: Desk, cat: ClassId, dog: ClassId) -> None:
    """image_N is a cat with N * 8 %, else a dog."""
    desk.engine.predict(
        {
            desk.image(f"image_{number}.png"): (
                [(cat, number * 0.08), (dog, 1 - number * 0.08)]
                if number * 0.08 > 0.5
                else [(dog, 1 - number * 0.08), (cat, number * 0.08)]
            )
            for number in range(1, 13)
        }
    )
    desk.settle()


def test_predictions_appear_with_their_confidence(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    predict_all(garden, cat, dog)
    assert garden.state("image_11.png") == "predicted cat, 88 %"
    assert garden.state("image_3.png") == "predicted dog, 76 %"
    assert garden.state("image_6.png") == "unsure, perhaps dog, 52 %"


def test_a_prediction_never_overwrites_a_label(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    garden.engine.predict({garden.image("image_1.png"): [(dog, 0.99), (cat, 0.01)]})
    assert garden.state("image_1.png") == "labelled cat"
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}
    garden.click("image_1.png")
    garden.press(Qt.Key.Key_Delete)
    assert garden.state("image_1.png") == "predicted dog, 99 %"


def test_predictions_of_an_older_request_are_dropped(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    old = garden.engine.last(messages.Adapt).request_id
    garden.click("image_3.png")
    garden.press("1")
    garden.engine.predict({garden.image("image_9.png"): [(dog, 0.9), (cat, 0.1)]}, request_id=old)
    assert garden.state("image_9.png") == "not classified yet"
    garden.engine.predict({garden.image("image_9.png"): [(cat, 0.8), (dog, 0.2)]})
    assert garden.state("image_9.png") == "predicted cat, 80 %"


def test_predictions_go_on_after_the_job_while_images_are_embedded(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    garden.engine.predict({garden.image("image_9.png"): [(cat, 0.8), (dog, 0.2)]})
    number = garden.engine.last(messages.Adapt).request_id
    later = {garden.image("image_10.png"): [(cat, 0.7), (dog, 0.3)]}
    garden.engine.publish(predictions_ready(number, later))
    assert garden.state("image_10.png") == "predicted cat, 70 %"


def test_one_class_is_a_state_and_not_an_error(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    number = garden.engine.last(messages.Adapt).request_id
    garden.engine.publish(messages.NotAdapted(number, "Label a second class."))
    assert garden.notices() == []
    assert "second class" in garden.classes.hint.text()
    assert not garden.window.actions_.export.isEnabled()
    assert "two classes" in garden.window.actions_.export.toolTip()


def test_taking_the_second_class_back_clears_the_predictions(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    predict_all(garden, cat, dog)
    garden.window.actions_.undo.trigger()
    number = garden.engine.last(messages.Adapt).request_id
    garden.engine.publish(messages.NotAdapted(number, "Label a second class."))
    assert garden.state("image_11.png") == "not classified yet"


def test_natural_order_of_names(garden: Desk) -> None:
    assert garden.shown() == [f"image_{number}.png" for number in range(1, 13)]


def test_each_filter_and_its_count(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    predict_all(garden, cat, dog)
    chips = garden.gallery.head.chips
    expected = {
        Show.ALL: ("All  12", 12),
        Show.UNLABELLED: ("Unlabelled  10", 10),
        Show.LABELLED: ("Labelled  2", 2),
        Show.UNSURE: ("Unsure  2", 2),  # 48 and 56 % of 6 and 7 are within 0.2 of the rest.
    }
    for show, (text, n_shown) in expected.items():
        garden.qtbot.mouseClick(chips[show], Qt.MouseButton.LeftButton)
        assert chips[show].text() == text
        assert len(garden.shown()) == n_shown
        assert chips[show].isChecked()
    assert garden.shown() == ["image_6.png", "image_7.png"]
    garden.gallery.filters.show_only(cat)
    assert garden.shown() == ["image_1.png", *(f"image_{number}.png" for number in range(7, 13))]


def test_orders_by_confidence(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    predict_all(garden, cat, dog)
    garden.gallery.head.order.sort.setCurrentIndex(
        garden.gallery.head.order.sort.findData(Sort.UNSURE_FIRST)
    )
    garden.gallery.head.order.sort.activated.emit(2)
    # Margins: image_6 0.04, image_7 0.12, image_5 0.2; the labelled ones come last.
    assert garden.shown()[:3] == ["image_6.png", "image_7.png", "image_5.png"]
    assert garden.shown()[-2:] == ["image_1.png", "image_2.png"]
    garden.gallery.head.order.sort.setCurrentIndex(
        garden.gallery.head.order.sort.findData(Sort.CONFIDENT_FIRST)
    )
    garden.gallery.head.order.sort.activated.emit(1)
    assert garden.shown()[0] == "image_12.png"


def test_labelling_does_not_move_tiles_until_refresh(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    predict_all(garden, cat, dog)
    garden.gallery.filters.choose(Show.UNLABELLED)
    before = garden.shown()
    garden.click("image_3.png")
    garden.press("1")
    predict_all(garden, cat, dog)
    assert garden.shown() == before
    assert garden.state("image_3.png") == "labelled cat"
    assert garden.gallery.head.chips[Show.UNLABELLED].text() == "Unlabelled  9"
    garden.qtbot.waitUntil(lambda: garden.gallery.head.order.refresh.isVisible())
    garden.window.actions_.refresh.trigger()
    assert "image_3.png" not in garden.shown()
    assert not garden.gallery.head.order.refresh.isVisible()


def test_tiles_are_arranged_by_themselves_when_nothing_is_selected(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    garden.gallery.arrange(Arrangement(sort=Sort.UNSURE_FIRST))
    garden.press(Qt.Key.Key_Escape)
    predict_all(garden, cat, dog)
    garden.qtbot.waitUntil(lambda: garden.shown()[0] == "image_6.png")


def test_the_selection_survives_a_new_order(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    predict_all(garden, cat, dog)
    garden.select("image_3.png", "image_9.png", "image_10.png")
    garden.gallery.arrange(Arrangement(sort=Sort.CONFIDENT_FIRST))
    assert sorted(garden.selected()) == ["image_10.png", "image_3.png", "image_9.png"]
    garden.gallery.arrange(Arrangement(Show.LABELLED))
    assert garden.selected() == []


def test_an_empty_filter_says_so(garden: Desk) -> None:
    garden.gallery.filters.choose(Show.LABELLED)
    assert garden.shown() == []
    assert garden.gallery.empty.title.text() == "Nothing labelled yet"
    assert garden.gallery.empty.isVisible()


def test_the_folders_mean_moves_so_the_model_is_adapted_again(desk: Desk, folder: Path) -> None:
    desk.window.open(folder)
    desk.engine.ready()
    desk.engine.finish_scan()
    desk.settle()
    command = desk.engine.last(messages.EmbedImages)
    desk.engine.embed(command.images[:4])
    start_two_classes(desk)
    n_before = len(desk.engine.all(messages.Adapt))
    desk.engine.embed(command.images[4:6])
    desk.settle()
    assert len(desk.engine.all(messages.Adapt)) == n_before
    desk.engine.embed(command.images[6:8])
    desk.qtbot.waitUntil(lambda: len(desk.engine.all(messages.Adapt)) == n_before + 1)
    desk.engine.embed()
    desk.qtbot.waitUntil(lambda: len(desk.engine.all(messages.Adapt)) == n_before + 2)


def test_the_model_of_the_gallery_keeps_qts_rules(garden: Desk) -> None:
    tester = ModelTester(None)
    tester.check(garden.gallery.model)
    cat, dog = start_two_classes(garden)
    predict_all(garden, cat, dog)
    garden.gallery.arrange(Arrangement(Show.UNSURE))
    tester.check(garden.gallery.model)


def test_predictions_for_images_of_another_project_are_ignored(garden: Desk) -> None:
    cat, dog = start_two_classes(garden)
    number = garden.engine.last(messages.Adapt).request_id
    unknown = np.array([999_999, -5], np.int64)
    classes = np.array([[cat, dog], [dog, cat]], np.int64)
    values = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    garden.engine.publish(
        messages.PredictionsReady(number, unknown, classes, values, np.zeros(2, np.float32))
    )
    assert garden.notices() == []


def test_without_an_encoder_images_are_shown_and_labelled(desk: Desk, folder: Path) -> None:
    sentence = "The encoder file /opt/handful/encoder.safetensors is damaged; install it again."
    desk.window.open(folder)
    desk.engine.fail(sentence)
    desk.engine.finish_scan()
    desk.settle()
    desk.engine.refuse(sentence)
    desk.engine.thumbnails()
    desk.settle()
    assert desk.notices() == [sentence]
    status = desk.window.status_line
    assert status.engine.text().startswith("No predictions: The encoder file")
    assert status.engine.toolTip() == sentence
    assert status.work.text() == ""
    assert not status.button.isVisible()
    assert len(desk.shown()) == 12
    assert desk.gallery.thumbnails.pixmap(desk.image("image_1.png")) is not None
    desk.window.notices.clear()
    start_two_classes(desk)
    desk.engine.refuse(sentence)
    desk.click("image_3.png")
    desk.press("1")
    desk.engine.refuse(sentence)
    assert desk.labels_on_disk() == {
        "image_1.png": "cat",
        "image_2.png": "dog",
        "image_3.png": "cat",
    }
    assert desk.notices() == []  # It was told, and not again at every click.
    assert not desk.window.actions_.export.isEnabled()
    assert desk.window.actions_.export.toolTip() == sentence
    desk.click("image_2.png")
    desk.press(
        Qt.Key.Key_Delete
    )  # One class is left, and the hint does not promise what cannot come.
    assert desk.classes.hint.text() == ""
    desk.engine.refuse(sentence)
    number = desk.engine.last(messages.Adapt).request_id
    desk.engine.publish(messages.JobFailed(number, "Something else.", False))
    assert desk.notices() == ["Something else."]

"""The spot check: an unbiased sample, answers by key, and an honest interval at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Desk, paint_folder
from fake_engine import predictions_ready
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.evaluation.spot_check import SpotCheckPage
from app.evaluation.spot_result import SpotResult
from app.gallery.small_picture import SmallPicture
from engine import messages


@pytest.fixture
def checking(garden: Desk) -> Desk:
    """Ten predictions, cats from image_8 on, and a spot check of all of them."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    predict(garden, 12)
    garden.window.actions_.spot_check.trigger()
    return garden


def predict(desk: Desk, n_images: int) -> None:
    """image_N is a cat with 90 % from 8 on, else a dog with 70 %."""
    cat, dog = (item.class_id for item in desk.session.classes)
    desk.engine.predict(
        {
            desk.image(f"image_{number}.png"): [(cat, 0.9), (dog, 0.1)]
            if number >= 8
            else [(dog, 0.7), (cat, 0.3)]
            for number in range(1, n_images + 1)
        }
    )
    desk.settle()


def page(desk: Desk) -> SpotCheckPage:
    return desk.window.pages.spot_check


def press(desk: Desk, key: Qt.Key | str) -> None:
    """Press a key on the page."""
    desk.press(key, page(desk))


def expected(desk: Desk) -> str:
    """The question that belongs to the image on screen."""
    name = desk.session.table.names[page(desk).picture.row]
    number = int(name.removeprefix("image_").removesuffix(".png"))
    return f"Is this “{'cat' if number >= 8 else 'dog'}”?"


def test_every_prediction_is_asked_once_without_its_confidence(checking: Desk) -> None:
    seen = []
    for place in range(10):
        assert page(checking).position.text() == f"{place + 1} of 10"
        assert page(checking).question.text() == expected(checking)
        assert "%" not in page(checking).question.text() + page(checking).hint.text()
        seen.append(page(checking).picture.row)
        press(checking, Qt.Key.Key_Return)
    assert len(set(seen)) == 10
    labelled = {checking.session.table.row_of_name(f"image_{number}.png") for number in (1, 2)}
    assert not labelled & set(seen)
    assert page(checking).outcome.headline.text() == "10 of 10 right: 100 %, between 72 and 100 %"
    assert "10 predictions" in page(checking).outcome.basis.text()
    assert "promised 80 %" in page(checking).outcome.basis.text()  # Five of 90 and five of 70.


def name_on_screen(desk: Desk) -> str:
    """The file that is asked about."""
    return desk.session.table.names[page(desk).picture.row]


def other_key(desk: Desk) -> str:
    """The key of the class that is not predicted."""
    return "2" if expected(desk) == "Is this “cat”?" else "1"


def test_answers_by_key_and_by_button(checking: Desk) -> None:
    checking.qtbot.mouseClick(page(checking).right_button, Qt.MouseButton.LeftButton)
    checking.qtbot.mouseClick(page(checking).wrong_button, Qt.MouseButton.LeftButton)
    checking.qtbot.mouseClick(page(checking).unknown_button, Qt.MouseButton.LeftButton)
    for key in ("n", "n", "y", "y"):
        press(checking, key)
    answers = page(checking).check.answers
    assert [answers[place].is_right for place in range(5)] == [True, False, False, True, True]
    assert len(checking.labels_on_disk()) == 2  # Nobody has said what the wrong ones are.


def test_the_key_of_another_class_is_wrong_and_a_label_at_once(checking: Desk) -> None:
    name, key = name_on_screen(checking), other_key(checking)
    press(checking, key)
    assert not page(checking).check.answers[0].is_right
    assert checking.labels_on_disk()[name] == ("cat" if key == "1" else "dog")
    assert page(checking).position.text() == "2 of 10"
    checking.window.actions_.undo.trigger()
    assert name not in checking.labels_on_disk()
    assert not page(checking).check.answers[0].is_right  # The check's own record.


def test_the_key_of_the_predicted_class_is_right_and_no_label(checking: Desk) -> None:
    press(checking, "1" if other_key(checking) == "2" else "2")
    assert page(checking).check.answers[0].is_right
    assert len(checking.labels_on_disk()) == 2


def test_wrong_asks_what_it_is(checking: Desk) -> None:
    name, question = name_on_screen(checking), expected(checking)
    press(checking, "n")
    assert page(checking).question.text() == f"Not {question[8:-1]}. What is it?"
    assert page(checking).unknown_button.isVisible()
    assert not page(checking).right_button.isVisible()
    press(checking, Qt.Key.Key_Backspace)
    assert page(checking).question.text() == question
    press(checking, "n")
    checking.click_class(checking.session.classes[int(other_key_of(question)) - 1].class_id)
    assert name in checking.labels_on_disk()
    assert page(checking).position.text() == "2 of 10"
    assert page(checking).right_button.isVisible()
    assert len(page(checking).check.answers) == 1


def test_the_right_arrow_goes_on_from_a_wrong_one_and_keeps_it(checking: Desk) -> None:
    press(checking, "n")
    press(checking, Qt.Key.Key_Right)
    assert [answer.is_right for answer in page(checking).check.answers.values()] == [False]
    assert not page(checking).check.skipped
    assert page(checking).position.text() == "2 of 10"
    assert page(checking).question.text() == expected(checking)


def test_a_label_that_was_undone_does_not_come_back(checking: Desk) -> None:
    name, key = name_on_screen(checking), other_key(checking)
    press(checking, key)
    checking.window.actions_.undo.trigger()
    press(checking, Qt.Key.Key_Left)
    press(checking, Qt.Key.Key_Return)
    assert page(checking).check.answers[0].is_right
    assert name not in checking.labels_on_disk()


def other_key_of(question: str) -> str:
    """The key of the class that a question does not name."""
    return "2" if "cat" in question else "1"


def test_buttons_by_keyboard_keep_the_attention_on_the_strip(checking: Desk) -> None:
    page(checking).wrong_button.setFocus()
    checking.press(Qt.Key.Key_Space)
    assert page(checking).unknown_button.hasFocus()
    checking.press(Qt.Key.Key_Return)
    assert page(checking).position.text() == "2 of 10"
    assert page(checking).right_button.hasFocus()


def test_another_answer_changes_the_label_of_the_one_before(checking: Desk) -> None:
    name, key = name_on_screen(checking), other_key(checking)
    press(checking, key)
    press(checking, Qt.Key.Key_Backspace)
    press(checking, Qt.Key.Key_Return)
    assert page(checking).check.answers[0].is_right
    assert checking.labels_on_disk()[name] == ("dog" if key == "1" else "cat")
    press(checking, Qt.Key.Key_Backspace)
    press(checking, Qt.Key.Key_Space)
    assert page(checking).check.answers == {}
    assert name not in checking.labels_on_disk()


def test_what_is_skipped_does_not_count(checking: Desk) -> None:
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Return):
        press(checking, key)
    press(checking, Qt.Key.Key_Escape)
    outcome = page(checking).outcome
    assert outcome.headline.text().startswith("2 of 2 right")
    assert outcome.skipped.text() == "2 were skipped and do not count."
    assert outcome.skipped.isVisible()


def test_labels_given_meanwhile_do_not_move_the_estimate(checking: Desk) -> None:
    """With each wrong one a label, and predictions that then are all right."""
    wrong = 0
    cat, dog = (item.class_id for item in checking.session.classes)
    for place in range(10):
        if place % 2:
            press(checking, Qt.Key.Key_Return)
            continue
        press(checking, other_key(checking))
        wrong += 1
        everything = [f"image_{number}.png" for number in range(1, 13)]
        checking.engine.predict({checking.image(n): [(cat, 0.9), (dog, 0.1)] for n in everything})
    assert page(checking).outcome.headline.text().startswith(f"{10 - wrong} of 10 right")
    assert "promised 80 %" in page(checking).outcome.basis.text()
    checking.window.actions_.evaluation.trigger()
    note = checking.window.pages.evaluation.overview.spot_note.text()
    assert "with 2 labels; there are 7 now" in note


def test_what_is_none_of_the_classes_is_wrong_and_a_label(checking: Desk) -> None:
    name = name_on_screen(checking)
    press(checking, "0")
    assert not page(checking).check.answers[0].is_right
    assert checking.labels_on_disk()[name] == "None of these"
    press(checking, Qt.Key.Key_Escape)
    assert page(checking).outcome.headline.text().startswith("0 of 1 right")


def test_backspace_goes_back_to_answer_again(checking: Desk) -> None:
    press(checking, Qt.Key.Key_Return)
    press(checking, Qt.Key.Key_Return)
    press(checking, Qt.Key.Key_Backspace)
    assert page(checking).hint.text().startswith("Answered right.")
    press(checking, "n")
    assert [page(checking).check.answers[place].is_right for place in (0, 1)] == [True, False]
    assert len(checking.labels_on_disk()) == 2


def test_one_may_stop_early_and_sees_what_is_known(checking: Desk) -> None:
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Return, "n"):
        press(checking, key)
    press(checking, Qt.Key.Key_Escape)
    assert page(checking).outcome.headline.text() == "2 of 3 right: 67 %, between 21 and 94 %"
    assert page(checking).outcome.wrong_title.isVisible()
    assert len(page(checking).findChildren(SmallPicture)) == 1
    press(checking, Qt.Key.Key_Escape)
    assert checking.view.isVisible()


def test_leaving_before_the_first_answer_shows_no_result(checking: Desk) -> None:
    press(checking, Qt.Key.Key_Escape)
    assert checking.view.isVisible()


def test_right_answers_become_labels_only_on_request(checking: Desk) -> None:
    names = []
    for keys in ((Qt.Key.Key_Return,), ("n", Qt.Key.Key_Return), (Qt.Key.Key_Return,)):
        names.append(name_on_screen(checking))
        for key in keys:
            press(checking, key)
    press(checking, Qt.Key.Key_Escape)
    before = checking.labels_on_disk()
    assert not set(names) & set(before)
    # Two are right; what the second is, nobody knows.
    assert page(checking).outcome.label_button.text() == "Use 2 Answers as Labels"
    checking.qtbot.mouseClick(page(checking).outcome.label_button, Qt.MouseButton.LeftButton)
    labels = checking.labels_on_disk()
    assert names[0] in labels
    assert names[1] not in labels
    assert not page(checking).outcome.label_button.isVisible()
    checking.window.actions_.undo.trigger()
    assert checking.labels_on_disk() == before


def test_the_wrong_ones_are_looked_at_and_the_result_is_still_there(checking: Desk) -> None:
    name = checking.session.table.names[page(checking).picture.row]
    for key in ("n", Qt.Key.Key_Return, Qt.Key.Key_Return, Qt.Key.Key_Escape):
        press(checking, key)
    headline = page(checking).outcome.headline.text()
    checking.qtbot.mouseClick(page(checking).outcome.show_button, Qt.MouseButton.LeftButton)
    assert checking.shown() == [name]
    checking.window.actions_.spot_check.trigger()
    assert page(checking).outcome.headline.text() == headline
    checking.qtbot.mouseClick(page(checking).outcome.again_button, Qt.MouseButton.LeftButton)
    assert page(checking).position.text() == "1 of 10"


def test_the_sample_stays_what_it_was_when_the_answers_change(checking: Desk) -> None:
    before = list(page(checking).check.drawn)
    cat, dog = (item.class_id for item in checking.session.classes)
    checking.engine.predict(
        {checking.image(f"image_{number}.png"): [(cat, 1.0), (dog, 0.0)] for number in range(1, 13)}
    )
    press(checking, Qt.Key.Key_Return)
    assert page(checking).check.drawn == before
    assert page(checking).question.text() == expected(checking)


def test_without_predictions_it_says_so(garden: Desk) -> None:
    garden.window.actions_.spot_check.trigger()
    assert page(garden).outcome.headline.text() == "Nothing to check"
    assert page(garden).outcome.basis.text() == "Label images of at least two classes first."
    assert page(garden).outcome.basis.isVisible()
    press(garden, Qt.Key.Key_Return)
    press(garden, Qt.Key.Key_Escape)
    assert garden.view.isVisible()


def test_opened_too_early_it_begins_when_all_predictions_are_there(garden: Desk) -> None:
    garden.add_classes("cat", "dog")
    garden.window.actions_.spot_check.trigger()
    garden.session.label([garden.image("image_1.png")], garden.session.classes[0].class_id)
    garden.session.label([garden.image("image_2.png")], garden.session.classes[1].class_id)
    assert page(garden).outcome.basis.text() == "The predictions are on their way."
    number = garden.engine.last(messages.Adapt).request_id
    cat = garden.session.classes[0].class_id
    garden.engine.publish(
        messages.Adapted(number, messages.Effort.INSTANT, (), 2, None, None, None, (), 0.01, 1.0)
    )
    first = {garden.image("image_9.png"): [(cat, 1.0)]}
    garden.engine.publish(predictions_ready(number, first))
    assert page(garden).check.drawn == []  # What is on screen comes first, and would be all of it.
    predict(garden, 12)
    assert page(garden).position.text() == "1 of 10"


def test_with_a_label_on_every_image_it_says_so(garden: Desk) -> None:
    cat, dog = garden.add_classes("cat", "dog")
    everything = [garden.image(f"image_{number}.png") for number in range(1, 13)]
    garden.session.label(everything[:6], cat.class_id)
    garden.session.label(everything[6:], dog.class_id)
    predict(garden, 12)
    garden.window.actions_.spot_check.trigger()
    assert "Every image has a label of yours" in page(garden).outcome.basis.text()


def test_a_class_that_is_renamed_or_deleted_meanwhile_is_asked_for_no_more(
    checking: Desk,
) -> None:
    cat, dog = checking.session.classes
    checking.session.rename_class(cat.class_id, "tiger")
    checking.session.rename_class(dog.class_id, "wolf")
    assert page(checking).question.text() in ("Is this “tiger”?", "Is this “wolf”?")
    for _ in range(3):
        press(checking, Qt.Key.Key_Return)
    kept = [
        answer
        for place, answer in page(checking).check.answers.items()
        if page(checking).check.drawn[place].predicted == cat.class_id
    ]
    checking.session.delete_class(dog.class_id)
    assert {drawn.predicted for drawn in page(checking).check.drawn} == {cat.class_id}
    assert list(page(checking).check.answers.values()) == kept
    while page(checking).position.text():
        assert page(checking).question.text() == "Is this “tiger”?"
        press(checking, Qt.Key.Key_Return)
    assert page(checking).outcome.headline.text().startswith("5 of 5 right")
    assert "from 5 predictions" in page(checking).outcome.basis.text()


def test_an_image_that_cannot_be_read_any_more_is_not_asked_for(checking: Desk) -> None:
    press(checking, Qt.Key.Key_Return)
    shown = page(checking).check.drawn[1]
    checking.qtbot.waitUntil(lambda: preview_of(checking) == shown.image_id)
    number = checking.engine.last(messages.LoadPreview).request_id
    checking.engine.publish(messages.JobFailed(number, "The file is not there any more.", False))
    assert shown not in page(checking).check.drawn
    assert page(checking).position.text() == "2 of 9"
    assert page(checking).question.text() == expected(checking)
    assert not page(checking).picture.is_broken
    assert len(page(checking).check.answers) == 1


def preview_of(desk: Desk) -> int:
    """The image that was asked for large."""
    asked = desk.engine.all(messages.LoadPreview)
    return asked[-1].image.image_id if asked else 0


def test_one_answer_is_one_label(checking: Desk) -> None:
    press(checking, Qt.Key.Key_Return)
    press(checking, Qt.Key.Key_Escape)
    assert page(checking).outcome.label_button.text() == "Use 1 Answer as a Label"


def test_all_predictions_are_drawn_alike(desk: Desk, tmp_path: Path) -> None:
    desk.open(paint_folder(tmp_path / "many", 62))
    desk.add_classes("cat", "dog")
    desk.click("image_1.png")
    desk.press("1")
    desk.press("2")
    predict(desk, 62)
    page(desk).random = np.random.default_rng(0)
    drawn = np.zeros(62, np.int64)
    for _ in range(400):
        page(desk).draw()
        rows = [desk.session.table.row_of(item.image_id) for item in page(desk).check.drawn]
        assert len(set(rows)) == 30
        drawn[rows] += 1
    expected_count = 400 * 30 / 60
    assert sorted(drawn)[:2] == [0, 0]  # The two labelled ones.
    # Binomial with deviation 10: of 60 counts none is five deviations off.
    assert np.all(np.abs(np.sort(drawn)[2:] - expected_count) < 50)
    confident = [desk.session.table.row_of_name(f"image_{n}.png") for n in range(8, 63)]
    share = drawn[confident].sum() / drawn.sum()
    assert share == pytest.approx(55 / 60, abs=0.015)


def test_the_outcome_in_words_and_as_it_is_kept() -> None:
    result = SpotResult(27, 30, 500, 0.91, 40, "2025-03-02T14:05:00+01:00")
    assert result.headline() == "27 of 30 right: 90 %, between 74 and 97 %"
    assert "with 40 labels as now" in result.when_text(40)
    assert "there are 55 now" in result.when_text(55)
    assert SpotResult.from_text(result.to_text()) == result
    for broken in ("", "{}", "[1]", result.to_text().replace("27", "31"), "2025"):
        assert SpotResult.from_text(broken) is None


def test_the_result_is_kept_in_view_and_after_a_restart(
    checking: Desk, qapp: QApplication, home: Path
) -> None:
    for _ in range(4):
        press(checking, Qt.Key.Key_Y)
    press(checking, Qt.Key.Key_N)
    press(checking, Qt.Key.Key_Escape)  # Enough.
    press(checking, Qt.Key.Key_Escape)  # Leave.
    checking.window.actions_.evaluation.trigger()
    overview = checking.window.pages.evaluation.overview
    assert overview.spot_title.text().startswith("4 of 5 right: 80 %")
    assert "with 2 labels as now" in overview.spot_note.text()
    checking.session.label([checking.image("image_3.png")], checking.session.classes[0].class_id)
    assert "with 2 labels; there are 3 now" in overview.spot_note.text()
    project = checking.session.project
    assert project is not None
    path = project.path
    again = checking.restart(qapp, home)
    again.window.open(path)
    again.window.actions_.evaluation.trigger()
    assert again.window.pages.evaluation.overview.spot_title.text().startswith("4 of 5 right")
    again.close()

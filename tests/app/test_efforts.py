"""Efforts: thorough after a pause, fine-tuning on request, and what the window says of them."""

from __future__ import annotations

import re

import pytest
from conftest import Desk
from fake_engine import predictions_ready
from PySide6.QtCore import Qt

from engine import messages
from engine.messages import ClassId, Effort

Prediction = dict[messages.ImageId, list[tuple[ClassId, float]]]


@pytest.fixture
def labelled(garden: Desk) -> Desk:
    """Two classes with a label each, instant answers on screen, and a short pause."""
    garden.session.classifier._pause.setInterval(30)
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.press(Qt.Key.Key_Escape)
    garden.engine.predict(answer(garden, 0.8), accuracy=0.79, plain=0.74)
    return garden


def answer(desk: Desk, probability: float) -> Prediction:
    """Image 9 is a cat with that probability."""
    cat, dog = (item.class_id for item in desk.session.classes)
    return {desk.image("image_9.png"): [(cat, probability), (dog, 1 - probability)]}


def asked(desk: Desk) -> list[Effort]:
    """The efforts that were asked for, in order."""
    return [command.effort for command in desk.engine.all(messages.Adapt)]


def wait_for(desk: Desk, effort: Effort) -> messages.Adapt:
    """Wait until the newest Adapt is of that effort."""
    desk.qtbot.waitUntil(lambda: asked(desk)[-1] is effort)
    return desk.engine.last(messages.Adapt)


def choose(desk: Desk, effort: Effort) -> None:
    """Choose from the menu of the status line."""
    desk.window.status_line.effort._choices[effort].trigger()


def said(desk: Desk) -> str:
    """Which effort the answers come from, by the tip, and what the status line says of them."""
    found = re.search(r"^Effort: ([\w-]+)\.", tip(desk), re.MULTILINE)
    assert found is not None
    return f"{found[1]}: {desk.window.status_line.effort.text()}"


def tip(desk: Desk) -> str:
    """The details behind the status line's sentence."""
    return desk.window.status_line.effort.toolTip()


def start_finetuning(desk: Desk) -> messages.FineTune:
    """Through the menu and the dialog."""
    n_before = len(desk.engine.all(messages.FineTune))
    desk.window.status_line.effort.finetune.trigger()
    button = desk.window.dialogs.finetune.start_button
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(desk.engine.all(messages.FineTune)) == n_before + 1
    return desk.engine.last(messages.FineTune)


def finish_finetuning(desk: Desk) -> None:
    """It helped, and the vote behind its network answers."""
    desk.press(Qt.Key.Key_Escape, desk.window.dialogs.finetune)
    desk.window.activateWindow()
    desk.engine.tuned()
    wait_for(desk, Effort.FINETUNE)
    desk.engine.predict(answer(desk, 0.99), accuracy=0.91, instant=0.79, thorough=0.85)


def test_a_pause_brings_the_thorough_answers(labelled: Desk) -> None:
    sentence = "Instant: About 79 % right on labels it had not seen (68 to 87 %), being checked…"
    assert said(labelled) == sentence
    assert "79 of 100 labels came out right" in tip(labelled)
    assert "Plain prototypes, judged alike: 74 %." in tip(labelled)
    command = wait_for(labelled, Effort.THOROUGH)
    assert [label for _, label in command.support] == [
        item.class_id for item in labelled.session.classes
    ]
    number = command.request_id
    labelled.engine.publish(messages.Progress(number, "Thorough", 2, 5, 0.0, 0.0))
    assert "The thorough effort is at work, 40 % done." in tip(labelled)
    assert said(labelled) == sentence  # It stands still while better answers are on their way.
    labelled.engine.predict(
        answer(labelled, 0.95), accuracy=0.84, plain=0.74, instant=0.79, kept=("flips", "votes")
    )
    assert said(labelled).startswith("Thorough: About 84 % right on labels it had not seen (")
    assert "flips, votes" in tip(labelled)
    assert "The instant effort, judged alike: 79 %." in tip(labelled)
    assert "What decides" not in tip(labelled)
    assert "at work" not in tip(labelled)
    assert labelled.state("image_9.png") == "predicted cat, 95 %"


def test_an_effort_that_gains_in_honesty_alone_says_so(labelled: Desk) -> None:
    number = wait_for(labelled, Effort.THOROUGH).request_id
    labelled.engine.publish(messages.Progress(number, "Looking again", 300, 300, 0.0, 0.0))
    assert "The thorough effort is at work." in tip(labelled)  # Not 100 % of what goes on.
    labelled.engine.predict(answer(labelled, 0.95), accuracy=0.81, instant=0.84)
    assert said(labelled).startswith("Thorough: About 81 % right")
    assert "What decides is how probable the right classes are made" in tip(labelled)


def test_thorough_predictions_count_only_after_the_engine_found_them_better(
    labelled: Desk,
) -> None:
    number = wait_for(labelled, Effort.THOROUGH).request_id
    labelled.engine.publish(predictions_ready(number, answer(labelled, 0.95)))
    assert labelled.state("image_9.png") == "predicted cat, 80 %"
    labelled.engine.not_better("More effort brought nothing on the held-out labels.")
    labelled.engine.publish(predictions_ready(number, answer(labelled, 0.95)))
    assert labelled.state("image_9.png") == "predicted cat, 80 %"
    assert said(labelled).startswith("Instant: About 79 %")
    assert "brought nothing" in tip(labelled)
    assert labelled.notices() == []
    labelled.session.classifier._on_pause()
    assert asked(labelled).count(Effort.THOROUGH) == 1  # Not again for the same labels.


def test_the_engine_is_not_asked_twice_whatever_it_answers(labelled: Desk) -> None:
    wait_for(labelled, Effort.THOROUGH)
    command = labelled.engine.last(messages.Adapt)
    labelled.engine.publish(
        messages.Adapted(
            command.request_id, Effort.INSTANT, (), 2, None, None, None, (), 0.1, 600.0
        )
    )
    labelled.engine.publish(messages.JobFinished(command.request_id))
    assert asked(labelled).count(Effort.THOROUGH) == 1


def test_a_figure_that_is_kept_is_named_by_the_effort_that_gave_it(labelled: Desk) -> None:
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.95), accuracy=0.91, instant=0.79)
    labelled.click("image_3.png")
    labelled.press("1")
    labelled.engine.predict(answer(labelled, 0.7), accuracy=0.8)  # Instant; checked after a pause.
    assert labelled.session.classifier.effort is Effort.INSTANT
    assert said(labelled).startswith("Thorough: About 91 %")
    assert said(labelled).endswith("being checked…")
    assert "the answers on screen are of the effort Instant" in tip(labelled)
    assert "The instant effort, judged alike: 79 %." in tip(labelled)
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.96), accuracy=0.92, instant=0.8)
    assert said(labelled).startswith("Thorough: About 92 %")
    assert "the answers on screen are of" not in tip(labelled)


def test_an_edit_supersedes_the_thorough_effort(labelled: Desk) -> None:
    old = wait_for(labelled, Effort.THOROUGH).request_id
    labelled.click("image_3.png")
    labelled.press("1")
    assert asked(labelled)[-1] is Effort.INSTANT
    labelled.engine.predict(answer(labelled, 0.7), accuracy=0.8)
    labelled.engine.publish(predictions_ready(old, answer(labelled, 0.95)))
    assert labelled.state("image_9.png") == "predicted cat, 70 %"
    again = wait_for(labelled, Effort.THOROUGH)
    assert len(again.support) == 3


def test_what_changes_no_example_leaves_the_thorough_answers(labelled: Desk) -> None:
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.95), accuracy=0.85, instant=0.79)
    session, before = labelled.session, len(asked(labelled))
    cat = session.classes[0].class_id
    labelled.add_classes("cow")
    session.rename_class(cat, "tom cat")
    session.recolour_class(cat, "#112233")
    session.note_class(cat, "grey ones, too")
    session.move_class(cat, 2)
    assert [item.name for item in session.classes] == ["dog", "cow", "tom cat"]
    for _ in range(5):
        session.undo()
    assert [item.name for item in session.classes] == ["cat", "dog"]
    session.redo()
    assert len(asked(labelled)) == before
    assert session.classifier.effort is Effort.THOROUGH
    assert labelled.state("image_9.png") == "predicted cat, 95 %"
    cow = session.classes[2].class_id
    assert session.classifier.adapted is not None
    assert session.classifier.adapted.empty_classes == (cow,)
    # Its first example is something new to learn from.
    labelled.click("image_3.png")
    labelled.press("3")
    assert asked(labelled)[-1] is Effort.INSTANT


def test_a_class_without_an_example_does_not_end_the_thorough_effort(labelled: Desk) -> None:
    running, better = wait_for(labelled, Effort.THOROUGH), answer(labelled, 0.95)
    labelled.add_classes("cow")
    assert labelled.session.classifier.running is Effort.THOROUGH
    assert labelled.engine.last(messages.Adapt) is running
    labelled.engine.predict(better, accuracy=0.85, instant=0.79)
    assert labelled.session.classifier.effort is Effort.THOROUGH


def test_it_waits_until_the_instant_answers_are_all_there(garden: Desk) -> None:
    garden.session.classifier._pause.setInterval(10)
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.qtbot.waitUntil(lambda: not garden.session.classifier._pause.isActive())
    assert Effort.THOROUGH not in asked(garden)  # It would end the instant job.
    garden.engine.predict(answer(garden, 0.8))
    assert asked(garden)[-1] is Effort.THOROUGH
    assert said(garden) == "Instant: Too few labels to tell how often it is right"


def test_one_class_is_not_worth_an_effort(garden: Desk) -> None:
    garden.session.classifier._pause.setInterval(10)
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    number = garden.engine.last(messages.Adapt).request_id
    garden.engine.publish(messages.NotAdapted(number, "Label a second class."))
    garden.engine.publish(messages.JobFinished(number))
    garden.qtbot.waitUntil(lambda: not garden.session.classifier._pause.isActive())
    assert Effort.THOROUGH not in asked(garden)
    assert not garden.window.status_line.effort.isVisible()


def test_back_to_instant_and_forth_again(labelled: Desk) -> None:
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.95), accuracy=0.84, instant=0.79)
    choose(labelled, Effort.INSTANT)
    assert asked(labelled)[-1] is Effort.INSTANT
    labelled.engine.predict(answer(labelled, 0.8), accuracy=0.79)
    assert labelled.state("image_9.png") == "predicted cat, 80 %"
    labelled.qtbot.waitUntil(lambda: not labelled.session.classifier._pause.isActive())
    assert asked(labelled)[-1] is Effort.INSTANT  # The choice is kept, also after the next edit.
    labelled.click("image_3.png")
    labelled.press("1")
    labelled.engine.predict(answer(labelled, 0.8), accuracy=0.79)
    labelled.qtbot.waitUntil(lambda: not labelled.session.classifier._pause.isActive())
    assert asked(labelled)[-1] is Effort.INSTANT
    choose(labelled, Effort.THOROUGH)
    assert asked(labelled)[-1] is Effort.THOROUGH


def test_choosing_instant_ends_what_is_under_way(labelled: Desk) -> None:
    number = wait_for(labelled, Effort.THOROUGH).request_id
    choose(labelled, Effort.INSTANT)
    assert labelled.engine.cancelled() == [number]
    assert "at work" not in tip(labelled)
    assert labelled.state("image_9.png") == "predicted cat, 80 %"


def test_fine_tuning_states_its_time_and_replaces_nothing_before_it_is_better(
    labelled: Desk,
) -> None:
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.not_better("No better.")
    labelled.window.status_line.effort.finetune.trigger()
    dialog = labelled.window.dialogs.finetune
    assert "about 10 minutes" in dialog.texts()[0]
    assert "hardly help" in dialog.texts()[0]  # Both of the two labels come out right.
    assert "12 images" in dialog.texts()[-1]
    assert labelled.engine.all(messages.FineTune) == []
    number = start_finetuning(labelled).request_id
    assert dialog.isVisible()  # It shows how it goes, and holds up nothing.
    assert not dialog.isModal()
    labelled.engine.publish(messages.Progress(number, "Fine-tuning", 30, 100, 0.5, 140.0))
    assert labelled.window.status_line.work.text() == "Fine-tuning · 30 / 100 · 0.5/s · 2 min left"
    assert labelled.state("image_9.png") == "predicted cat, 80 %"
    labelled.engine.tuned()
    assert labelled.engine.last(messages.Adapt).tuning == "network-1"
    assert labelled.state("image_9.png") == "predicted cat, 80 %"
    assert labelled.notices() == [
        "Fine-tuning is done: 91 % of held-out labels right, 85 % before."
    ]
    finish = answer(labelled, 0.99)
    labelled.engine.predict(finish, accuracy=0.91, instant=0.79, thorough=0.85)
    assert said(labelled).startswith("Fine-tuned: About 91 % right")
    assert "The thorough effort, judged alike: 85 %." in tip(labelled)
    assert labelled.state("image_9.png") == "predicted cat, 99 %"
    assert "Fine-tuning helped: 91 %" in dialog.texts()[0]
    assert not dialog.start_button.isVisible()


def test_another_encoder_cannot_be_fine_tuned_and_the_dialog_says_why(labelled: Desk) -> None:
    labelled.engine.ready(finetune_refusal="Only encoders of Handful's own can be trained.")
    labelled.window.status_line.effort.finetune.trigger()
    dialog = labelled.window.dialogs.finetune
    (text,) = dialog.texts()
    assert "the one in use, handful-base, is another" in text
    labelled.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert not dialog.start_button.isEnabled()
    assert Effort.FINETUNE not in asked(labelled)


def test_the_dialog_says_why_it_cannot_begin(labelled: Desk) -> None:
    dialog = labelled.window.dialogs.finetune
    dialog.begin()
    labelled.session.delete_class(labelled.session.classes[1].class_id)
    number = labelled.engine.last(messages.Adapt).request_id
    labelled.engine.publish(messages.NotAdapted(number, "Label images of two classes."))
    assert dialog.isVisible()
    assert dialog.texts() == ["Label images of at least two classes first."]
    assert not dialog.start_button.isEnabled()


def test_the_words_of_progress_give_way_to_its_numbers(labelled: Desk) -> None:
    number = start_finetuning(labelled).request_id
    text = "Looking at the labelled images from several sides"
    labelled.engine.publish(messages.Progress(number, text, 1, 60, 0.5, 140.0))
    work = labelled.window.status_line.work
    work.resize(1000, 20)
    assert work.shown() == work.text() == f"{text} · 1 / 60 · 0.5/s · 2 min left"
    work.resize(260, 20)
    assert work.shown().startswith("Look")
    assert work.shown().endswith("… · 1 / 60 · 0.5/s · 2 min left")
    work.resize(60, 20)
    assert work.shown().endswith("…")
    for width_px in (60, 260):
        work.resize(width_px, 20)
        assert work.fontMetrics().horizontalAdvance(work.shown()) <= width_px


def test_fine_tuning_that_is_not_better_changes_nothing(labelled: Desk) -> None:
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.95), accuracy=0.84, instant=0.79)
    start_finetuning(labelled)
    reason = "Fine-tuning was not better on the held-out labels, so nothing was changed."
    labelled.engine.not_tuned(reason)
    assert labelled.notices() == [reason]
    assert labelled.window.dialogs.finetune.texts()[0] == reason
    assert said(labelled).startswith("Thorough: About 84 %")
    assert labelled.state("image_9.png") == "predicted cat, 95 %"
    assert labelled.window.status_line.work.text() == ""


def test_fine_tuning_can_be_stopped_and_goes_on_with_the_same_labels(labelled: Desk) -> None:
    first = start_finetuning(labelled)
    labelled.qtbot.mouseClick(labelled.window.status_line.button, Qt.MouseButton.LeftButton)
    assert labelled.engine.cancelled() == [first.request_id]
    assert not labelled.window.status_line.button.isVisible()
    labelled.engine.answer_cancel()
    assert said(labelled).startswith("Instant: About 79 %")
    assert labelled.notices() == []
    dialog = labelled.window.dialogs.finetune
    assert any("it can go on there" in text for text in dialog.texts())
    assert dialog.start_button.text() == "Go On"
    again = start_finetuning(labelled)
    assert again.support == first.support
    labelled.qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert labelled.engine.cancelled() == [first.request_id, again.request_id]


def test_labels_go_on_while_it_learns_and_count_in_the_end(labelled: Desk) -> None:
    command = start_finetuning(labelled)
    dialog = labelled.window.dialogs.finetune
    assert any("the 2 labels that it began with" in text for text in dialog.texts())
    labelled.click("image_3.png")
    labelled.press("1")
    assert labelled.notices() == []
    assert labelled.engine.cancelled() == []
    labelled.engine.predict(answer(labelled, 0.7), accuracy=0.8)
    assert labelled.state("image_9.png") == "predicted cat, 70 %"  # Instant answers meanwhile,
    wait_for(labelled, Effort.THOROUGH)  # and thorough ones.
    assert labelled.session.classifier.running is Effort.FINETUNE
    labelled.settle()
    assert any("1 label has changed since it began with 2" in text for text in dialog.texts())
    labelled.engine.tuned()
    assert len(command.support) == 2
    asks = labelled.engine.last(messages.Adapt)
    assert (asks.effort, asks.tuning, len(asks.support)) == (Effort.FINETUNE, "network-1", 3)
    (told,) = labelled.notices()
    assert "as they were when it began" in told
    labelled.engine.predict(answer(labelled, 0.99), accuracy=0.91, instant=0.79, thorough=0.85)
    assert "judged with 2 labels; 1 have changed since" in tip(labelled)
    assert dialog.start_button.isEnabled()  # To learn from them, too.


def test_a_network_that_is_ready_within_a_click_waits_for_the_instant_answers(
    labelled: Desk,
) -> None:
    start_finetuning(labelled)
    labelled.click("image_3.png")
    labelled.press("1")
    labelled.engine.tuned()
    assert asked(labelled)[-1] is Effort.INSTANT  # It would end that job.
    labelled.engine.predict(answer(labelled, 0.7), accuracy=0.8)
    assert len(wait_for(labelled, Effort.FINETUNE).support) == 3


def test_an_edit_after_fine_tuning_is_answered_behind_the_same_network(labelled: Desk) -> None:
    start_finetuning(labelled)
    finish_finetuning(labelled)
    labelled.window.notices.clear()
    labelled.click("image_3.png")
    labelled.press("1")
    labelled.engine.predict(answer(labelled, 0.8), accuracy=0.79)
    assert said(labelled).endswith("being checked…")  # The number stands till it is known anew.
    command = wait_for(labelled, Effort.FINETUNE)
    assert (command.tuning, len(command.support)) == ("network-1", 3)
    labelled.engine.predict(answer(labelled, 0.97), accuracy=0.91)
    assert labelled.state("image_9.png") == "predicted cat, 97 %"
    assert labelled.session.snapshot().tuning == "network-1"  # What is exported.
    assert labelled.notices() == []
    assert Effort.THOROUGH not in asked(labelled)[asked(labelled).index(Effort.FINETUNE) :]


def test_thorough_answers_can_be_chosen_again_and_back(labelled: Desk) -> None:
    choices = labelled.window.status_line.effort._choices
    assert not choices[Effort.FINETUNE].isVisible()
    start_finetuning(labelled)
    finish_finetuning(labelled)
    assert choices[Effort.FINETUNE].isVisible()
    assert choices[Effort.FINETUNE].isChecked()
    choose(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.8), accuracy=0.79)
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.9), accuracy=0.85)
    assert labelled.session.snapshot().tuning == ""
    choose(labelled, Effort.FINETUNE)
    assert wait_for(labelled, Effort.FINETUNE).tuning == "network-1"
    assert labelled.state("image_9.png") == "predicted cat, 90 %"  # Till it has answered.


def test_a_network_that_the_engine_has_lost_is_told_by_the_thorough_answers(
    labelled: Desk,
) -> None:
    start_finetuning(labelled)
    labelled.engine.tuned()
    wait_for(labelled, Effort.FINETUNE)
    labelled.engine.not_better("That fine-tuned network is gone; fine-tune again.")
    assert not labelled.window.status_line.effort._choices[Effort.FINETUNE].isVisible()
    assert said(labelled).startswith("Instant: About 79 %")
    assert "is gone" in tip(labelled)


def test_fine_tuning_is_given_up_with_the_project(labelled: Desk) -> None:
    start_finetuning(labelled)
    labelled.window.actions_.close_project.trigger()
    assert labelled.session.classifier.running is Effort.FINETUNE  # The person is asked first.
    box = labelled.window.leaving.box
    assert box is not None
    (leave,) = [item for item in box.buttons() if item.text() == "Leave Anyway"]
    labelled.qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
    assert labelled.session.classifier.running is None
    assert not labelled.window.dialogs.finetune.isVisible()


def test_a_thorough_effort_that_fails_is_told_once_and_the_answers_stay(labelled: Desk) -> None:
    for _ in range(2):
        number = wait_for(labelled, Effort.THOROUGH).request_id
        labelled.engine.publish(messages.JobFailed(number, "There is no memory left.", False))
        assert said(labelled).startswith("Instant: About 79 %")
        labelled.session.classifier._on_pause()
        assert labelled.engine.last(messages.Adapt).request_id == number
        labelled.click("image_3.png")
        labelled.press("1" if "image_3.png" not in labelled.labels_on_disk() else "2")
        labelled.engine.predict(answer(labelled, 0.8), accuracy=0.79)
        assert labelled.notices() == ["There is no memory left."]
    labelled.window.notices.clear()
    number = wait_for(labelled, Effort.THOROUGH).request_id
    labelled.engine.publish(messages.JobFailed(number, "There is no memory left.", False))
    assert labelled.notices() == []


def test_fine_tuning_waits_until_the_instant_answers_are_all_there(labelled: Desk) -> None:
    labelled.click("image_3.png")
    labelled.press("1")
    labelled.window.dialogs.finetune.begin()
    assert not labelled.window.dialogs.finetune.start_button.isEnabled()
    labelled.engine.predict(answer(labelled, 0.8), accuracy=0.79)
    assert labelled.window.dialogs.finetune.start_button.isEnabled()


def test_a_failed_fine_tuning_is_a_sentence(labelled: Desk) -> None:
    number = start_finetuning(labelled).request_id
    labelled.engine.publish(messages.JobFailed(number, "The GPU has no memory left.", False))
    assert labelled.notices() == ["The GPU has no memory left."]
    assert labelled.state("image_9.png") == "predicted cat, 80 %"
    assert labelled.window.status_line.work.text() == ""


def test_a_growing_folder_does_not_end_fine_tuning(labelled: Desk) -> None:
    start_finetuning(labelled)
    labelled.session.classifier._n_embedded_at_adapt = 3
    labelled.session.classifier.on_embedded()
    labelled.session.classifier._on_readapt()
    assert labelled.engine.cancelled() == []
    assert labelled.session.classifier.running is Effort.FINETUNE


def test_fine_tuned_answers_are_extended_to_images_that_come(labelled: Desk) -> None:
    start_finetuning(labelled)
    finish_finetuning(labelled)
    told = labelled.notices()
    count = asked(labelled).count(Effort.FINETUNE)
    labelled.session.classifier._n_embedded_at_adapt = 3
    labelled.session.classifier.on_embedding_finished()
    labelled.session.classifier._on_readapt()
    assert asked(labelled).count(Effort.FINETUNE) == count + 1
    assert labelled.engine.last(messages.Adapt).tuning == "network-1"
    assert labelled.state("image_9.png") == "predicted cat, 99 %"
    labelled.engine.predict(answer(labelled, 0.98), accuracy=0.91, instant=0.79, thorough=0.85)
    assert labelled.state("image_9.png") == "predicted cat, 98 %"
    assert labelled.notices() == told  # Nothing has ended that the person has begun.


def test_thorough_answers_stay_while_they_are_made_anew_for_a_larger_folder(
    labelled: Desk,
) -> None:
    wait_for(labelled, Effort.THOROUGH)
    labelled.engine.predict(answer(labelled, 0.95), accuracy=0.84)
    first = labelled.engine.last(messages.Adapt).request_id
    labelled.session.classifier._on_readapt()
    assert asked(labelled)[-1] is Effort.THOROUGH
    labelled.engine.publish(predictions_ready(first, answer(labelled, 0.94)))
    assert labelled.state("image_9.png") == "predicted cat, 94 %"
    labelled.engine.not_better("No better any more.")
    assert asked(labelled)[-1] is Effort.INSTANT


def test_an_export_is_of_the_effort_on_screen(labelled: Desk) -> None:
    assert labelled.session.snapshot().effort is Effort.INSTANT
    wait_for(labelled, Effort.THOROUGH)
    assert labelled.session.snapshot().effort is Effort.INSTANT
    labelled.engine.predict(answer(labelled, 0.95), accuracy=0.84)
    assert labelled.session.snapshot().effort is Effort.THOROUGH


def test_a_narrow_window_says_it_shortly(labelled: Desk) -> None:
    labelled.window.resize(920, 640)
    labelled.qtbot.waitUntil(lambda: said(labelled).startswith("Instant: 79 % right ("))
    assert labelled.window.status_line.effort.accessibleName().startswith("About 79 % right on")

"""Fine-tuning as it is watched, and meta-training in a process beside the window."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Desk, drop_on
from PySide6.QtCore import QLocale, QMimeData, QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.look.language import LanguageChoice, LanguageSwitch
from app.look.theme import DARK, LIGHT
from app.look.words import told
from app.session.meta_run import MetaTraining, RunPlan, RunState
from app.training.curves import Curve, CurveChart, curves_of
from engine import messages
from engine.messages import Effort, Series
from engine.words import Sentence, say

FAKE = Path(__file__).with_name("fake_meta_train.py")


def fake_command() -> list[str]:
    return [sys.executable, str(FAKE)]


def point(series: Series, training: int, step: int, value: float) -> messages.TrainingPoint:
    return messages.TrainingPoint(7, series, training, 3, step, 16, value)


# --- Fine-tuning ----------------------------------------------------------------------------------


@pytest.fixture
def labelled_two(garden: Desk) -> Desk:
    """The window of fine-tuning is open, and says what would happen."""
    garden.session.classifier._pause.setInterval(30)
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.press(Qt.Key.Key_Escape)
    cat, dog = (item.class_id for item in garden.session.classes)
    garden.engine.predict({garden.image("image_9.png"): [(cat, 0.8), (dog, 0.2)]}, accuracy=0.79)
    garden.window.status_line.effort.finetune.trigger()
    return garden


@pytest.fixture
def tuning(labelled_two: Desk) -> Desk:
    """Fine-tuning was asked for through the menu, and its window is open."""
    button = labelled_two.window.dialogs.finetune.start_button
    labelled_two.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    return labelled_two


def test_curves_and_times_are_shown_while_it_learns(tuning: Desk) -> None:
    dialog, number = (
        tuning.window.dialogs.finetune,
        tuning.engine.last(messages.FineTune).request_id,
    )
    assert dialog.loss.summary() == "There is no point yet."
    for step, loss, accuracy in ((0, 1.5, 0.5), (8, 1.0, 0.75)):
        for series, value in (
            (Series.HELD_OUT_LOSS, loss),
            (Series.HELD_OUT_ACCURACY, accuracy),
        ):
            tuning.engine.publish(messages.TrainingPoint(number, series, 0, 6, step, 40, value))
    tuning.engine.publish(messages.TrainingPoint(number, Series.LOSS, 0, 6, 4, 40, 2.25))
    assert dialog.loss.accessibleDescription() == (
        "on held-out labels: 1.50 at first, 1.00 at step 8. while it learns: 2.25 at step 4."
    )
    assert "50 % at first, 75 % at step 8" in dialog.accuracy.toolTip()
    tuning.engine.publish(messages.Progress(number, "Fine-tuning", 30, 240, 1.0, 210.0))
    assert any(text == "Fine-tuning: 30 of 240" for text in dialog.texts())
    tuning.session.classifier.tuning._began_s -= 100
    dialog._show_clock()
    assert any("1 min 40 s so far, about 8 minutes left" in text for text in dialog.texts())
    tuning.session.classifier.tuning._began_s -= 600
    tuning.engine.publish(messages.Progress(number, "Judging", 0, 0, 0.0, 0.0))
    dialog._show_clock()
    assert any("longer than the 10 minutes expected" in text for text in dialog.texts())


def test_it_runs_on_when_its_window_is_closed_and_can_be_opened_from_below(tuning: Desk) -> None:
    dialog, button = tuning.window.dialogs.finetune, tuning.window.finetune_button
    assert button.isVisible()
    tuning.press(Qt.Key.Key_Escape, dialog)
    assert not dialog.isVisible()
    assert tuning.session.classifier.running is Effort.FINETUNE
    tuning.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    tuning.engine.not_tuned("It did not help.")
    assert not button.isVisible()
    assert dialog.texts()[0] == "It did not help."
    assert dialog.loss.isHidden() or not dialog.loss.isVisible()  # There is no curve to show.


def test_a_mean_is_of_trainings_that_are_over() -> None:
    loss = Series.HELD_OUT_LOSS
    points = [point(loss, 0, step, 1.0) for step in (0, 8, 16)]
    points += [point(loss, 1, step, 3.0) for step in (0, 8)]
    mean, first, second = curves_of(points, loss, "held out")
    assert list(mean.points) == [(0.0, 1.0), (8.0, 1.0), (16.0, 1.0)]
    assert (first.name, len(first.points), len(second.points)) == ("", 3, 2)
    points.append(point(loss, 1, 16, 3.0))
    points.append(point(loss, 2, 0, 9.0))
    mean, *_ = curves_of(points, loss, "held out")
    assert list(mean.points) == [(0.0, 2.0), (8.0, 2.0), (16.0, 2.0)]
    none_over = [point(loss, 0, 0, 1.0), point(loss, 0, 8, 1.0), point(loss, 1, 0, 2.0)]
    assert list(curves_of(none_over, loss, "held out")[0].points) == [(0.0, 1.5)]
    assert [list(curve.points) for curve in curves_of([], loss, "held out")] == [[]]


def test_a_chart_is_painted_in_either_theme_and_at_any_size(qtbot: QtBot) -> None:
    chart = CurveChart("Accuracy", "step", LIGHT, is_share=True)
    qtbot.addWidget(chart)
    empty = chart.grab().toImage()
    line = [(float(step), 0.5 + step / 100) for step in range(0, 41, 8)]
    chart.show_curves([Curve("validation", line, [0.05] * len(line)), Curve("", line)], 40.0)
    light = chart.grab().toImage()
    assert light != empty
    chart.set_theme(DARK)
    assert chart.grab().toImage() != light
    chart.resize(60, 30)  # Too small for anything but a frame.
    chart.grab()
    chart.show_curves([Curve("loss", [(0.0, 0.0)])], 0.0)
    chart.grab()


# --- Meta-training --------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "coins"
    folder.mkdir()
    return folder


@pytest.fixture
def trainer(desk: Desk) -> Desk:
    """A window whose trainings are the fake's, with the dialog open."""
    desk.session.meta_training._command = fake_command
    desk.window.dialogs.meta_training.estimator._command = fake_command
    desk.window.dialogs.meta_training.setup._settle.setInterval(1)
    desk.window.actions_.train_encoder.trigger()
    return desk


def fill_in(desk: Desk, data: Path, out: Path) -> None:
    setup = desk.window.dialogs.meta_training.setup
    setup.data.add([data])
    setup.out.selectAll()
    desk.qtbot.keyClicks(setup.out, str(out))


def begin(desk: Desk, data: Path, out: Path) -> MetaTraining:
    fill_in(desk, data, out)
    dialog = desk.window.dialogs.meta_training
    desk.qtbot.waitUntil(lambda: "between" in dialog.setup.estimate.text())
    desk.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    return desk.session.meta_training


def wait_for_end(desk: Desk, state: RunState) -> None:
    run = desk.session.meta_training
    desk.qtbot.waitUntil(lambda: not run.is_running, timeout=20_000)
    assert run.state is state, run.message


def test_it_says_how_long_it_takes_before_it_begins(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    dialog = trainer.window.dialogs.meta_training
    setup = dialog.setup
    assert setup.estimate.text() == "Add images to learn from."
    assert not dialog.start_button.isEnabled()
    assert dialog.start_button.toolTip() == "Add images to learn from."
    fill_in(trainer, data, tmp_path / "run")
    trainer.qtbot.waitUntil(lambda: "between" in setup.estimate.text(), timeout=20_000)
    assert "between 10 minutes and 21 minutes" in setup.estimate.text()
    assert "images of 40 classes, 100 steps at 0.5 a second; 400 MB" in setup.estimate.text()
    assert dialog.start_button.isEnabled()
    assert not (tmp_path / "run").exists()  # Nothing is written before it begins.
    (data / "fail").write_text("The recipe asks for more classes than there are.")
    trainer.press(Qt.Key.Key_Down, setup.recipe)
    setup.recipe.activated.emit(setup.recipe.currentIndex())
    trainer.qtbot.waitUntil(lambda: "more classes" in setup.estimate.text(), timeout=20_000)
    assert not dialog.start_button.isEnabled()


def test_a_folder_that_holds_a_training_is_refused(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "record.json").touch()
    fill_in(trainer, data, tmp_path / "run")
    assert "holds a training already" in trainer.window.dialogs.meta_training.setup.estimate.text()
    assert not trainer.window.dialogs.meta_training.start_button.isEnabled()


def test_sets_are_dropped_on_a_list_and_removed_by_a_key(trainer: Desk, data: Path) -> None:
    setup = trainer.window.dialogs.meta_training.setup
    mime = QMimeData()
    tar, text = data.parent / "pets.tar", data.parent / "notes.txt"
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in (data, tar, text, data)])
    assert drop_on(setup.validation, QPoint(20, 20), mime)
    assert setup.validation.paths() == (data, tar)
    assert setup.data.paths() == ()
    view = setup.validation.list
    trainer.window.dialogs.meta_training.activateWindow()
    place = view.visualItemRect(view.item(0)).center()
    trainer.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert setup.validation.remove.isEnabled()
    trainer.press(Qt.Key.Key_Delete, view)
    assert setup.validation.paths() == (tar,)
    other = QMimeData()
    other.setUrls([QUrl.fromLocalFile(str(text))])
    assert not drop_on(setup.validation, QPoint(20, 20), other)


def test_a_run_is_shown_to_its_end_and_its_encoder_offered(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    dialog = trainer.window.dialogs.meta_training
    run = begin(trainer, data, tmp_path / "run")
    wait_for_end(trainer, RunState.FINISHED)
    assert run.plan is not None
    assert run.plan.recipe.name == "minimal.toml"
    assert dialog.view.head.text() == (
        "The new encoder is 2.5 points better on the validation sets."
    )
    words = [label.text() for label in dialog.view.gains.findChildren(QLabel)]
    assert words[4:8] == ["pets", "80.0 %", "84.0 %", "+4.0 points"]
    assert dialog.view.loss.summary() == "mean of ten steps: 1.90 at first, 1.65 at step 6."
    assert "validation, 95 % interval: 60 % at step 3." in dialog.view.accuracy.summary()
    assert dialog.view.log.toPlainText() == "A sentence that is no progress."
    assert run.describe() == ""
    trainer.qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    assert trainer.window.dialogs.settings.engine.isVisible()  # Which shows how far that is.
    asked = trainer.engine.last(messages.AddEncoder)
    assert (asked.name, asked.weights) == ("", tmp_path / "run" / "encoder.safetensors")
    trainer.qtbot.mouseClick(dialog.new_button, Qt.MouseButton.LeftButton)
    assert dialog.setup.isVisible()
    assert not dialog.start_button.isEnabled()  # That folder holds a training now.


def test_a_run_of_many_steps_is_drawn_by_a_few_hundred_points(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    dialog = trainer.window.dialogs.meta_training
    run = begin(trainer, data, tmp_path / "run")
    wait_for_end(trainer, RunState.FINISHED)
    run.measured = [(step, {"loss": 2.0 if step < 49_991 else 1.0}) for step in range(1, 50_001)]
    run.changed.emit()
    (curve,) = dialog.view.loss._curves
    assert 300 <= len(curve.points) <= 500
    assert curve.points[0] == (1.0, 2.0)
    assert curve.points[-1] == (50_000.0, 1.0)


def test_the_window_hears_of_all_lines_that_came_at_once(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    n_told: list[int] = []
    trainer.session.meta_training.changed.connect(lambda: n_told.append(1))
    run = begin(trainer, data, tmp_path / "run")
    n_told.clear()
    n_lines: list[str] = []
    assert run._child is not None
    run._child.said.connect(n_lines.append)
    run._child._timer.stop()  # As if the window had been busy while it ran.
    run._child._process.wait(20)
    run._child._on_poll()
    assert len(n_lines) == 7
    assert len(n_told) == 2  # For the lines, and for the end.


def test_nothing_is_timed_for_a_window_that_is_replaced(trainer: Desk, data: Path) -> None:
    dialog = trainer.window.dialogs.meta_training
    waits = "import sys; sys.stdin.read()"
    dialog.estimator._command = lambda: [sys.executable, "-c", waits]
    dialog.setup.data.set_paths([data])
    trainer.qtbot.waitUntil(lambda: dialog.estimator.is_running)
    was_visible, plan = dialog.kept_state()  # type: ignore[misc]
    assert (was_visible, plan.data) == (True, (data,))
    assert not dialog.estimator.is_running


def test_a_run_is_stopped_with_a_checkpoint_and_goes_on(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    (data / "wait").touch()
    dialog, button = trainer.window.dialogs.meta_training, trainer.window.meta_training_button
    run = begin(trainer, data, tmp_path / "run")
    trainer.qtbot.waitUntil(lambda: run.last_step == 3, timeout=20_000)
    assert "step 3 of 6" in run.describe()
    trainer.press(Qt.Key.Key_Escape, dialog)  # It runs on without its window.
    assert button.isVisible()
    assert button.text().strip() == "Encoder in training: 50 %"
    trainer.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert dialog.isVisible()
    trainer.qtbot.mouseClick(dialog.stop_button, Qt.MouseButton.LeftButton)
    assert dialog.stop_button.text() == "Stop at Once"
    wait_for_end(trainer, RunState.STOPPED)
    assert dialog.view.head.text() == "This training was stopped at step 3; it can go on."
    trainer.qtbot.mouseClick(dialog.resume_button, Qt.MouseButton.LeftButton)
    wait_for_end(trainer, RunState.FINISHED)
    # The curves begin where the first process began.
    assert dialog.view.loss.summary().startswith("mean of ten steps: 1.80 at first")
    assert trainer.preferences.unfinished_training == ""


def test_a_run_is_offered_again_after_a_restart(
    make_desk: Callable[[], Desk], qapp: QApplication, data: Path, tmp_path: Path
) -> None:
    desk = make_desk()
    desk.session.meta_training._command = fake_command
    (data / "wait").touch()
    plan = RunPlan(Path("minimal.toml"), (data,), (), tmp_path / "run")
    run = desk.session.meta_training
    run.start(plan)
    desk.qtbot.waitUntil(lambda: run.last_step == 3, timeout=20_000)
    desk.close()  # Ends the process, which leaves a checkpoint.
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()
    again = make_desk()
    run = again.session.meta_training
    assert (run.state, run.plan) == (RunState.STOPPED, plan)
    run._command = fake_command
    again.window.actions_.train_encoder.trigger()
    dialog = again.window.dialogs.meta_training
    assert dialog.view.head.text() == "This training was stopped at step 3; it can go on."
    again.qtbot.mouseClick(dialog.resume_button, Qt.MouseButton.LeftButton)
    wait_for_end(again, RunState.FINISHED)
    assert make_desk().session.meta_training.state is RunState.NONE


def test_a_run_that_fails_says_why_and_can_go_on(trainer: Desk, data: Path, tmp_path: Path) -> None:
    run = trainer.session.meta_training
    (data / "fail").write_text("The disk is full.")
    run.start(RunPlan(Path("minimal.toml"), (data,), (), tmp_path / "run"))
    wait_for_end(trainer, RunState.FAILED)
    dialog = trainer.window.dialogs.meta_training
    assert dialog.view.head.text() == "The disk is full."
    assert dialog.resume_button.isVisible()
    run._command = lambda: [str(tmp_path / "no such program")]
    run.resume()
    assert run.state is RunState.FAILED
    assert "could not be started" in run.message


def test_what_the_process_says_is_told_in_the_persons_language(
    trainer: Desk, data: Path, tmp_path: Path, qapp: QApplication
) -> None:
    error = say("{path} is no valid recipe: {error}.", path="a.toml", error="it has no name")
    (data / "fail").write_text(json.dumps({"error": error.to_json()}) + "\n" + error)
    run = trainer.session.meta_training
    languages = LanguageSwitch(qapp, LanguageChoice.CHINESE)
    try:
        fill_in(trainer, data, tmp_path / "run")
        setup = trainer.window.dialogs.meta_training.setup
        words = "a.toml 不是有效的训练方案：it has no name。"
        trainer.qtbot.waitUntil(lambda: setup.estimate.text() == words, timeout=20_000)
        run.start(RunPlan(Path("minimal.toml"), (data,), (), tmp_path / "run"))
        wait_for_end(trainer, RunState.FAILED)
        assert trainer.window.dialogs.meta_training.view.head.text() == words
        assert list(run.log) == []  # The same in English is not shown below it.
        told_line = say("Stopped with a checkpoint in {folder}.", folder="run")
        run._on_said(json.dumps({"text": told_line, "told": told_line.to_json()}))
        assert run.log[-1].template == told_line.template  # type: ignore[attr-defined]
        run._on_said(json.dumps(_told("Pooling the training images ({name})", name="pets")))
        assert run.progress is not None
        assert told(run.progress.text) == "正在汇聚训练图像（pets）"
    finally:
        languages.choose(LanguageChoice.ENGLISH)
        QLocale.setDefault(QLocale.system())


def _told(template: str, **values: object) -> dict[str, object]:
    """A line of progress."""
    return {"text": "", "sentence": Sentence(template, values).to_json(), "done": 1, "total": 2}


def _says(n_steps: int) -> str:
    """A process that tells its first word and so many steps, and then does not listen."""
    return (
        "import json, sys, time\n"
        "def tell(**line):\n"
        "    sys.stderr.write(json.dumps(line) + '\\n')\n"
        "    sys.stderr.flush()\n"
        "tell(text='Loading torch, which takes some seconds', done=0, total=0)\n"
        f"for step in range(1, {n_steps} + 1):\n"
        "    tell(text='Meta-training', done=step, total=9, measured={'loss': 1.0})\n"
        "time.sleep(600)"
    )


def test_a_run_that_has_taken_no_step_is_stopped_at_once_and_says_so(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    dialog = trainer.window.dialogs.meta_training
    run = begin(trainer, data, tmp_path / "run")
    wait_for_end(trainer, RunState.FINISHED)
    trainer.qtbot.mouseClick(dialog.new_button, Qt.MouseButton.LeftButton)
    run._command = lambda: [sys.executable, "-c", _says(0)]
    dialog.setup.out.selectAll()
    trainer.qtbot.keyClicks(dialog.setup.out, str(tmp_path / "other"))
    trainer.qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert dialog.view.step.text() == "Starting…"
    trainer.qtbot.waitUntil(lambda: "Loading torch" in dialog.view.step.text(), timeout=20_000)
    assert "nothing to go on from" in run.describe()
    assert "Stop at once" in dialog.stop_button.toolTip()
    trainer.qtbot.mouseClick(dialog.stop_button, Qt.MouseButton.LeftButton)
    wait_for_end(trainer, RunState.STOPPED)  # Asked once; by itself it would sleep.
    assert "nothing to go on from" in dialog.view.head.text()
    assert dialog.resume_button.text() == "Start Again"
    assert dialog.resume_button.hasFocus()
    assert trainer.preferences.unfinished_training == ""
    run._command = fake_command  # Which refuses --resume where there is no checkpoint.
    trainer.qtbot.mouseClick(dialog.resume_button, Qt.MouseButton.LeftButton)
    wait_for_end(trainer, RunState.FINISHED)


def test_a_run_that_has_taken_a_step_is_asked_first(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    run = trainer.session.meta_training
    run._command = lambda: [sys.executable, "-c", _says(2)]
    run.start(RunPlan(Path("minimal.toml"), (data,), (), tmp_path / "run"))
    trainer.qtbot.waitUntil(lambda: run.last_step == 2, timeout=20_000)
    run.stop()
    assert (run.state, run.was_killed, run.is_running) == (RunState.STOPPING, False, True)
    (tmp_path / "run" / "checkpoint.safetensors").touch()
    run.stop()
    wait_for_end(trainer, RunState.STOPPED)
    head = trainer.window.dialogs.meta_training.view.head.text()
    assert head == "This training was stopped at once; it can go on from its last checkpoint."


def test_the_timing_says_what_it_does_and_can_be_skipped(
    trainer: Desk, data: Path, tmp_path: Path
) -> None:
    dialog = trainer.window.dialogs.meta_training
    setup = dialog.setup
    line = json.dumps(_told("Preparing the networks"))
    waits = f"import sys; sys.stderr.write({line!r} + '\\n'); sys.stderr.flush(); sys.stdin.read()"
    dialog.estimator._command = lambda: [sys.executable, "-c", waits]
    fill_in(trainer, data, tmp_path / "run")
    trainer.qtbot.waitUntil(lambda: "Preparing" in setup.estimate.text(), timeout=20_000)
    assert (setup.bar.isVisible(), setup.bar.value(), setup.bar.maximum()) == (True, 1, 2)
    assert dialog.start_button.isEnabled()  # Nobody has to wait for it.
    trainer.qtbot.mouseClick(setup.skip, Qt.MouseButton.LeftButton)
    assert not dialog.estimator.is_running
    assert not setup.bar.isVisible()
    assert setup.estimate.text() == "How long it takes on this computer was not timed."
    assert dialog.start_button.isEnabled()
    dialog.estimator._command = fake_command
    assert setup.skip.text() == "Time It"
    trainer.qtbot.mouseClick(setup.skip, Qt.MouseButton.LeftButton)
    trainer.qtbot.waitUntil(lambda: "between" in setup.estimate.text(), timeout=20_000)
    assert not setup.skip.isVisible()


def test_what_is_shown_of_a_run_beside_another_folder_names_its_own(
    trainer: Desk, data: Path, folder: Path, tmp_path: Path
) -> None:
    button = trainer.window.meta_training_button
    begin(trainer, data, tmp_path / "coin encoder")
    wait_for_end(trainer, RunState.FINISHED)
    trainer.window.dialogs.meta_training.close()
    trainer.open(folder)
    assert button.isVisible()
    assert button.text().strip() == "Encoder trained: coin encoder"
    assert str(tmp_path / "coin encoder") in button.toolTip()


def test_stopping_twice_ends_it_at_once(
    trainer: Desk, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer.session.meta_training
    stubborn = "import sys, time\nsys.stderr.write('here\\n')\nsys.stderr.flush()\ntime.sleep(600)"
    run._command = lambda: [sys.executable, "-c", stubborn]
    run.start(RunPlan(Path("minimal.toml"), (data,), (), tmp_path / "run"))
    run.measured.append((1, {}))  # As if it had taken a step.
    trainer.qtbot.waitUntil(lambda: list(run.log) == ["here"], timeout=20_000)
    run.stop()
    assert run.state is RunState.STOPPING
    run.stop()
    wait_for_end(trainer, RunState.STOPPED)


# --- In the smallest window -----------------------------------------------------------------------


@pytest.fixture(params=[1.0, 1.5])
def text_size(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[float]:
    """The system's text is that many times as large."""
    before, larger = qapp.font(), QFont(qapp.font())
    larger.setPointSizeF(request.param * before.pointSizeF())
    qapp.setFont(larger)
    yield request.param
    qapp.setFont(before)


def test_every_dialog_fits_into_the_smallest_window(text_size: float, tuning: Desk) -> None:
    window = tuning.window
    window.resize(900, 560)
    dialogs = (window.dialogs.finetune, window.dialogs.meta_training, window.dialogs.settings)
    for dialog in dialogs:
        dialog.close()
        dialog.begin()
        QApplication.processEvents()
        assert dialog.font().pointSizeF() == QApplication.font().pointSizeF()
        assert dialog.width() <= 868
        assert dialog.height() <= 496  # What 900 x 560 leaves.
        for button in dialog.findChildren(QPushButton):
            if button.isVisible() and button.text() in ("Close", "Hide", "Cancel Fine-Tuning"):
                assert button.visibleRegion().boundingRect() == button.rect()


def test_nothing_is_scrolled_where_there_is_room(text_size: float, labelled_two: Desk) -> None:
    dialog = labelled_two.window.dialogs.finetune
    for _ in range(2):  # The plan, and the curves.
        QApplication.processEvents()
        assert dialog._area.verticalScrollBar().maximum() == 0
        dialog.start_button.click()


def test_what_fine_tuning_says_is_scrolled_where_it_has_no_room(
    tuning: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = tuning.window.dialogs.finetune
    bar = dialog._area.verticalScrollBar()
    dialog.close()
    tuning.window.resize(1280, 800)
    dialog.begin()
    assert bar.maximum() == 0
    assert dialog._area.focusPolicy() is Qt.FocusPolicy.NoFocus
    # A small screen with large text: no window is so low by itself.
    monkeypatch.setattr("app.training.finetune_dialog.room_for", lambda _dialog: QSize(640, 280))
    dialog._keep_room(640)
    dialog.resize(640, 280)
    QApplication.processEvents()
    assert bar.maximum() > 0
    dialog._area.setFocus()
    tuning.qtbot.keyClick(dialog._area, Qt.Key.Key_PageDown)
    assert bar.value() > 0
    assert dialog.close_button.visibleRegion().boundingRect() == dialog.close_button.rect()

"""The settings: each takes effect at once, nothing of the work is lost, and it is remembered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Desk
from fake_engine import FakeEngine
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QFont, QKeySequence
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

import engine
from app.help.about_dialog import AboutDialog
from app.look.notices import Remedy, Severity
from app.look.theme import DARK, ThemeChoice
from app.session import cache_place
from app.session.cache_place import CachePlace, size_text
from app.session.engine_bridge import EngineBridge
from app.session.engine_choice import EngineChoice
from app.settings import engine_section
from app.settings.engine_section import EngineSection
from app.settings.settings_dialog import SettingsDialog
from engine import (
    CacheWorth,
    EngineError,
    cache_limit,
    default_cache_folder,
    default_encoders_folder,
    messages,
)
from engine.cache import cache_size, clean_cache, move_cache
from engine.cache_limit import LIMIT_FILE, keep_limit, kept_limit
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import make_thumbnail
from engine.messages import DoubtfulLabel, Suggestion
from engine.words import sentence_of


@pytest.fixture
def settings(garden: Desk) -> SettingsDialog:
    """The settings of a window on twelve images, two of which are labelled."""
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    garden.press("1")
    garden.press("2")
    garden.press(Qt.Key.Key_Comma)  # A key that means nothing yet.
    garden.qtbot.keyClick(garden.window, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    dialog = garden.window.dialogs.settings
    garden.qtbot.waitUntil(dialog.isVisible)
    return dialog


def press(desk: Desk, button: QPushButton) -> None:
    desk.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def restarted(desk: Desk, number: int) -> FakeEngine:
    """Wait for the engine of that number, and let it begin."""
    desk.qtbot.waitUntil(lambda: len(desk.engines) == number)
    desk.qtbot.waitUntil(lambda: not desk.session.bridge.is_restarting)
    desk.engine.ready()
    return desk.engine


def box_of(dialog: SettingsDialog) -> QMessageBox:
    (box,) = dialog.findChildren(QMessageBox)
    return box


def answer(desk: Desk, box: QMessageBox, text: str) -> None:
    (button,) = [item for item in box.findChildren(QPushButton) if item.text() == text]
    press(desk, button)
    desk.qtbot.waitUntil(lambda: not desk.window.findChildren(QMessageBox))


# --- Device ---------------------------------------------------------------------------------------


def test_another_device_restarts_the_engine_and_keeps_the_labels(
    settings: SettingsDialog, garden: Desk
) -> None:
    settings.show_section(settings.engine)
    assert "In use: CPU, 2 threads" in settings.engine.device_words.text()
    old = garden.engine
    garden.qtbot.mouseClick(settings.engine.device_buttons["cpu"], Qt.MouseButton.LeftButton)
    new = restarted(garden, 2)
    assert old.is_closed
    assert garden.preferences.engine_choice == EngineChoice("cpu")
    assert garden.session.choice.device == "cpu"
    # Everything is asked for again, of the new engine.
    new.finish_scan()
    assert len(new.last(messages.EmbedImages).images) == 12
    assert len(new.last(messages.Adapt).support) == 2
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}
    garden.window.actions_.undo.trigger()
    assert garden.labels_on_disk() == {"image_1.png": "cat"}


def test_another_engine_looks_for_groups_and_wrong_labels_again(
    settings: SettingsDialog, garden: Desk
) -> None:
    cat, dog = (item.class_id for item in garden.session.classes)
    doubt = DoubtfulLabel(garden.image("image_1.png"), cat, dog, 0.9, 0.1, (), "It is a dog.")
    garden.session.audit.take([doubt])
    garden.session.audit.keep(doubt)
    settings.show_section(settings.engine)
    garden.qtbot.mouseClick(settings.engine.device_buttons["cpu"], Qt.MouseButton.LeftButton)
    new = restarted(garden, 2)
    new.finish_scan()
    new.embed()
    garden.qtbot.waitUntil(lambda: bool(new.all(messages.FindGroups)))
    assert len(new.last(messages.FindGroups).image_ids) == 12
    garden.qtbot.waitUntil(lambda: bool(new.all(messages.AuditLabels)))
    assert len(new.last(messages.AuditLabels).support) == 2
    new.audit([doubt])
    garden.settle()
    assert garden.state("image_1.png") == "labelled cat"  # It was said to be right.


def test_what_was_decided_on_the_pages_outlasts_the_engine(
    settings: SettingsDialog, garden: Desk
) -> None:
    pages = garden.window.pages
    first, second = garden.image("image_5.png"), garden.image("image_6.png")
    pages.show_queue()
    garden.engine.suggest([Suggestion(first, "typical of many", ())])
    pages.queue.suggestions.skip()
    pages.review.review.class_id = garden.session.classes[0].class_id
    pages.review.review.take_out([second])
    settings.show_section(settings.engine)
    garden.qtbot.mouseClick(settings.engine.device_buttons["cpu"], Qt.MouseButton.LeftButton)
    restarted(garden, 2)
    assert pages.queue.suggestions._passed_over == {first}
    pages.review.review.class_id = garden.session.classes[0].class_id
    assert pages.review.review.taken_out() == [second]
    garden.session.close_project()
    assert pages.queue.suggestions._passed_over == set()
    assert pages.review.review.taken_out() == []


def test_labelling_goes_on_while_the_engine_restarts(
    settings: SettingsDialog, garden: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()
    old = garden.engine
    close = old.close

    def close_slowly() -> None:
        may_end.wait(10)
        close()

    monkeypatch.setattr(old, "close", close_slowly)
    settings.show_section(settings.engine)
    garden.qtbot.mouseClick(settings.engine.device_buttons["cpu"], Qt.MouseButton.LeftButton)
    assert garden.window.status_line.engine.text() == "Engine is restarting…"
    assert garden.window.status_line.work.text() == "Restarting the engine"
    assert not settings.engine.device_buttons["auto"].isEnabled()
    dog = garden.session.classes[1].class_id
    assert garden.session.label([garden.image("image_3.png")], dog)
    may_end.set()
    new = restarted(garden, 2)
    assert len(new.last(messages.Adapt).support) == 3
    garden.qtbot.waitUntil(settings.engine.device_buttons["auto"].isEnabled)


@pytest.fixture
def has_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer with an NVIDIA GPU; to be asked for before the settings."""
    monkeypatch.setattr(engine_section, "has_nvidia_device", lambda: True)


@pytest.mark.parametrize("has_openvino", [False, True])
@pytest.mark.parametrize("has_nvidia", [False, True])
def test_devices_that_are_not_there_are_not_to_be_chosen(
    has_openvino: bool,
    has_nvidia: bool,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    garden: Desk,
) -> None:
    monkeypatch.setattr(engine_section, "has_openvino", lambda: has_openvino)
    monkeypatch.setattr(engine_section, "has_nvidia_device", lambda: has_nvidia)
    section = EngineSection(garden.session)
    qtbot.addWidget(section)
    wanted = ["auto", "cpu", *["openvino"] * has_openvino, *["cuda"] * has_nvidia]
    assert list(section.device_buttons) == wanted
    assert ("OpenVINO" in section.device_buttons["auto"].toolTip()) == has_openvino


def test_a_device_that_was_chosen_and_is_gone_is_still_to_be_seen(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, garden: Desk
) -> None:
    monkeypatch.setattr(engine_section, "has_openvino", lambda: False)
    garden.preferences.engine_choice = EngineChoice("openvino")
    assert garden.preferences.engine_choice.device == "openvino"  # It is kept.
    section = EngineSection(garden.session)
    qtbot.addWidget(section)
    section.begin()
    assert section.device_buttons["openvino"].isChecked()


def test_why_openvino_is_not_used_is_told_in_the_settings_and_about_the_program(
    settings: SettingsDialog, garden: Desk
) -> None:
    settings.show_section(settings.engine)
    assert "Not used" not in settings.engine.device_words.text()
    garden.engine.ready(openvino_refusal="OpenVINO is not faster here (1.02 times)")
    wanted = "Not used: OpenVINO is not faster here (1.02 times)."
    garden.qtbot.waitUntil(lambda: wanted in settings.engine.device_words.text())
    about = AboutDialog(garden.session, "log")
    garden.qtbot.addWidget(about)
    assert wanted.removesuffix(".") in about.text()


def test_what_happens_to_the_cache_is_told_quietly(garden: Desk) -> None:
    text = "The cache /c has reached its limit of 1.0 GB; what was used longest ago goes first."
    garden.engine.publish(messages.EngineNews(sentence_of(text)))
    garden.qtbot.waitUntil(lambda: garden.notices() == [text])
    (notice,) = garden.window.notices.notices()
    assert notice.severity is Severity.INFORMATION


def test_a_device_that_fails_is_told_and_done_without(
    has_gpu: None, settings: SettingsDialog, garden: Desk
) -> None:
    settings.show_section(settings.engine)
    garden.qtbot.mouseClick(settings.engine.device_buttons["cuda"], Qt.MouseButton.LeftButton)
    garden.qtbot.waitUntil(lambda: len(garden.engines) == 2)
    garden.engine.fail("The device cuda cannot be used: no NVIDIA GPU was found.")
    restarted(garden, 3)
    assert garden.session.choice == EngineChoice()
    assert garden.preferences.engine_choice.device == "cuda"  # It may be plugged in tomorrow.
    assert garden.notices()[0].startswith("The device cuda cannot be used: no NVIDIA GPU was found")
    assert not garden.session.engine_failure


def test_work_under_way_is_not_lost_without_a_question(
    settings: SettingsDialog, garden: Desk
) -> None:
    garden.window.actions_.export.trigger()
    press(garden, garden.window.export_dialog.start_button)
    settings.show_section(settings.engine)
    garden.qtbot.mouseClick(settings.engine.device_buttons["cpu"], Qt.MouseButton.LeftButton)
    box = box_of(settings)
    assert "will be discarded" in box.informativeText()
    answer(garden, box, "Keep Working")
    assert settings.engine.device_buttons["auto"].isChecked()
    assert len(garden.engines) == 1
    garden.qtbot.mouseClick(settings.engine.device_buttons["cpu"], Qt.MouseButton.LeftButton)
    answer(garden, box_of(settings), "Restart Anyway")
    restarted(garden, 2)
    assert garden.session.task is None


def test_moving_the_cache_asks_for_what_would_be_lost(
    settings: SettingsDialog, garden: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden.window.actions_.export.trigger()
    press(garden, garden.window.export_dialog.start_button)

    def choose(*_args: object) -> str:
        return str(tmp_path / "disk")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    settings.show_section(settings.cache)
    press(garden, settings.cache.change_button)
    answer(garden, box_of(settings), "Keep Working")
    assert len(garden.engines) == 1
    press(garden, settings.cache.change_button)
    answer(garden, box_of(settings), "Restart Anyway")
    restarted(garden, 2)
    assert garden.session.choice.cache_folder == tmp_path / "disk" / "Handful cache"


def test_the_bridge_holds_what_is_asked_while_no_engine_is_there(
    qtbot: QtBot, qapp: QApplication
) -> None:
    engines: list[FakeEngine] = []
    told: list[str] = []

    def start(publish: Callable[[messages.Event], None]) -> FakeEngine:
        engines.append(FakeEngine(publish))
        return engines[-1]

    def start_next(publish: Callable[[messages.Event], None], failure: str) -> FakeEngine:
        told.append(failure)
        return start(publish)

    def steps() -> Iterator[messages.Progress]:
        yield messages.Progress(0, "Moving the cache (MB)", 1, 2, 0.0, 0.0)
        raise EngineError("The disk is full.")

    bridge = EngineBridge(start)
    heard: list[messages.Event] = []
    bridge.ask(messages.EmbedImages(bridge.next_id(), ()), heard.append)
    with qtbot.waitSignal(bridge.between_engines):
        bridge.restart(start_next, steps())
        number = bridge.next_id()
        bridge.ask(messages.EmbedImages(number, ()), heard.append)
        engines[0].publish(messages.JobFinished(number))  # The old one has no say any more.
    qtbot.waitUntil(lambda: len(engines) == 2)
    assert told == ["The disk is full."]
    assert [command.request_id for command in engines[1].commands] == [number]
    engines[1].publish(messages.JobFinished(number))
    qtbot.waitUntil(lambda: len(heard) == 1)
    bridge.restart(start_next)
    bridge.close()  # At once: it waits for the old engine, and no new one begins.
    assert engines[1].is_closed
    QApplication.processEvents()
    assert len(engines) == 2


# --- Encoders -------------------------------------------------------------------------------------


@pytest.fixture
def added_path() -> Path:
    """An encoder that was added: a copy of the shipped one."""
    path = default_encoders_folder() / "copy.safetensors"
    path.parent.mkdir(parents=True)
    shipped = next(info for info in engine.list_encoders(path.parent) if info.is_shipped)
    path.write_bytes(shipped.path.read_bytes())
    return path


def names_of(settings: SettingsDialog) -> list[str]:
    tree = settings.engine.list
    rows = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    return [item.text(0) for item in rows if item is not None]


def test_an_added_encoder_is_used_and_removed(
    added_path: Path, settings: SettingsDialog, garden: Desk
) -> None:
    section = settings.engine
    settings.show_section(section)
    assert [name.endswith("(in use)") for name in names_of(settings)] == [True, False]
    assert not section.use_button.isEnabled()
    assert not section.remove_button.isEnabled()  # It came with the program.
    section.list.setFocus()
    garden.qtbot.keyClick(section.list, Qt.Key.Key_Down)
    press(garden, section.use_button)
    restarted(garden, 2)
    assert garden.session.choice.encoder_path == added_path
    assert [name.endswith("(in use)") for name in names_of(settings)] == [False, True]
    assert not section.remove_button.isEnabled()  # It is in use.
    section.list.setCurrentItem(section.list.topLevelItem(0))
    press(garden, section.use_button)
    restarted(garden, 3)
    section.list.setCurrentItem(section.list.topLevelItem(1))
    press(garden, section.remove_button)
    box = box_of(settings)
    assert str(added_path) in box.informativeText()
    answer(garden, box, "Remove")
    assert not added_path.exists()
    assert len(names_of(settings)) == 1


def test_a_network_is_added_by_name_with_progress(
    settings: SettingsDialog, garden: Desk, added_path: Path
) -> None:
    section = settings.engine
    settings.show_section(section)
    press(garden, section.name_button)
    dialog = section._dialog
    assert not dialog.add_button.isEnabled()
    garden.qtbot.keyClicks(dialog.name, "resnet 18")
    assert "letters" in dialog.reason.text()
    assert not dialog.add_button.isEnabled()
    dialog.name.selectAll()
    garden.qtbot.keyClicks(dialog.name, "resnet18")
    press(garden, dialog.add_button)
    assert not dialog.isVisible()
    command = garden.engine.last(messages.AddEncoder)
    assert (command.name, command.weights) == ("timm:resnet18", None)
    number = command.request_id
    garden.engine.publish(messages.Progress(number, "Downloading (MB)", 5, 45, 2.0, 20.0))
    assert section.adding.text.text() == "Downloading (MB) · 5 / 45 · 2.0/s · 20 s left"
    assert garden.window.status_line.work.text().startswith("Adding the encoder resnet18: Downl")
    garden.session.close_project()  # It has nothing to do with a project.
    assert number not in garden.engine.cancelled()
    garden.engine.publish(messages.EncoderAdded(number, added_path, "ResNet 18"))
    assert not section.adding.isVisible()
    assert section.message.text() == "ResNet 18 was added; press Use This to work with it."
    assert section.use_button.isEnabled()  # The new one is chosen in the list.


def test_an_encoder_that_was_trained_is_added_and_used_at_once(
    settings: SettingsDialog, garden: Desk, added_path: Path, tmp_path: Path
) -> None:
    trained = tmp_path / "run" / "encoder.safetensors"
    garden.window.dialogs.meta_training.encoder_made.emit(trained)
    section = settings.engine
    assert section.isVisible()
    assert garden.engine.last(messages.AddEncoder).weights == trained
    garden.window.dialogs.meta_training.encoder_made.emit(trained)  # Pressed twice.
    assert section.message.text().startswith("Another encoder is being added")
    number = garden.engine.last(messages.AddEncoder).request_id
    garden.engine.publish(messages.EncoderAdded(number, added_path, "Mine"))
    restarted(garden, 2)
    assert garden.session.choice.encoder_path == added_path
    assert [name.endswith("(in use)") for name in names_of(settings)] == [False, True]


def test_adding_is_cancelled_or_fails_with_a_sentence(
    settings: SettingsDialog, garden: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = settings.engine
    settings.show_section(section)
    weights = tmp_path / "mine.safetensors"

    def choose(*_args: object) -> tuple[str, str]:
        return str(weights), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    press(garden, section.file_button)
    command = garden.engine.last(messages.AddEncoder)
    assert (command.name, command.weights) == ("", weights)
    press(garden, section.adding.cancel_button)
    assert command.request_id in garden.engine.cancelled()
    assert not section.adding.cancel_button.isEnabled()
    garden.engine.answer_cancel()
    assert not section.adding.isVisible()
    press(garden, section.file_button)
    number = garden.engine.last(messages.AddEncoder).request_id
    garden.engine.publish(messages.JobFailed(number, "There is no file mine.safetensors.", False))
    assert section.message.text() == "There is no file mine.safetensors."
    assert section.file_button.isEnabled()


def test_adding_goes_on_without_the_settings_and_is_told_in_the_window(
    settings: SettingsDialog, garden: Desk, added_path: Path
) -> None:
    garden.session.encoders.add("timm:resnet18", None)
    number = garden.engine.last(messages.AddEncoder).request_id
    settings.close()
    garden.engine.publish(messages.Progress(number, "Downloading (MB)", 5, 45, 2.0, 20.0))
    (work,) = garden.session.works.running
    assert work.title == "Adding the encoder resnet18"
    assert garden.window.status_line.button.isVisible()  # It stops it.
    assert number not in garden.engine.cancelled()
    garden.engine.publish(messages.EncoderAdded(number, added_path, "ResNet 18"))
    assert garden.notices()[0].startswith("The encoder ResNet 18 was added")
    garden.window.notices.remedy_requested.emit(Remedy.SHOW_ENCODERS)
    assert settings.engine.isVisible()
    settings.close()
    garden.session.encoders.add("timm:resnet19", None)
    number = garden.engine.last(messages.AddEncoder).request_id
    garden.engine.publish(messages.JobFailed(number, "There is no network resnet19.", False))
    assert garden.notices()[0] == "There is no network resnet19."


def test_adding_is_stopped_from_the_list_of_long_work(
    settings: SettingsDialog, garden: Desk
) -> None:
    garden.session.encoders.add("timm:resnet18", None)
    settings.close()
    garden.qtbot.mouseClick(garden.window.status_line.button, Qt.MouseButton.LeftButton)
    assert garden.engine.last(messages.AddEncoder).request_id in garden.engine.cancelled()


@pytest.fixture(params=[1.0, 1.5])
def text_size(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[float]:
    """How large the system's text is, in times of what is usual; set before there is a window."""
    before = QFont(qapp.font())
    larger = QFont(before)
    larger.setPointSizeF(request.param * before.pointSizeF())
    qapp.setFont(larger)
    yield request.param
    qapp.setFont(before)


def test_what_happens_is_in_sight_on_a_small_screen(
    text_size: float, settings: SettingsDialog, garden: Desk
) -> None:
    assert settings.engine.message.font().pointSizeF() == QApplication.font().pointSizeF()
    settings.resize(820, 496)  # What 900 x 560 leaves.
    settings.show_section(settings.engine)
    garden.session.encoders.add("timm:resnet18", None)
    number = garden.engine.last(messages.AddEncoder).request_id
    garden.engine.publish(messages.Progress(number, "Downloading (MB)", 5, 45, 2.0, 20.0))
    settings.engine.tell("The server says 404 Not Found.", is_error=True)
    QApplication.processEvents()
    for shown in (
        settings.engine.adding.text,
        settings.engine.adding.cancel_button,
        settings.engine.message,
        settings.engine.name_button,
    ):
        assert shown.visibleRegion().boundingRect() == shown.rect()
    assert settings.height() == 496


# --- Cache ----------------------------------------------------------------------------------------


def fill_cache(folder: Path, n_images: int = 20) -> int:
    """A cache as the engine leaves it, and something of the person's in the same folder."""
    jpeg = make_thumbnail(np.zeros((8, 8, 3), np.uint8))
    picture = jpeg + bytes(3_000_000 // n_images - len(jpeg))
    with ImageCache(folder, "encoder", 4) as cache:
        cache.add(
            {
                FileKey(f"/pictures/{number}.jpg", 1, 1, 1): CacheEntry(
                    number.to_bytes(16, "big"), np.zeros(4, np.float16), picture
                )
                for number in range(n_images)
            }
        )
    (folder / "encoders").mkdir()
    (folder / "encoders" / "abc.onnx").write_bytes(b"graph")
    (folder / "finetuning").mkdir()
    (folder / "finetuning" / "abc.result").write_bytes(b"weights")
    (folder / "letter.txt").write_text("mine")
    return cache_size(folder)


def test_cleaning_takes_the_cache_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert fill_cache(folder) > 3_000_000
    other = ImageCache(folder, "encoder", 4)  # The engine goes on with it.
    key = FileKey("/pictures/1.jpg", 1, 1, 1)
    assert other.find(key) is not None
    steps = list(clean_cache(folder))
    assert (steps[-1].done, steps[-1].total) == (3, 3)
    assert cache_size(folder) < 500_000
    assert not list((folder / "finetuning").iterdir())
    assert other.find(key) is None
    other.close()
    assert (folder / "letter.txt").read_text() == "mine"
    assert list(clean_cache(tmp_path / "nowhere"))[-1].done == 1


def test_moving_takes_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, target = tmp_path / "cache", tmp_path / "disk" / "new"
    size = fill_cache(folder)
    moving = move_cache(folder, target)
    next(moving)
    moving.close()  # The window is closed half-way.
    assert cache_size(folder) == size
    assert cache_size(target) == 0
    steps = list(move_cache(folder, target))
    assert steps[-1].done == steps[-1].total == 3
    assert cache_size(target) == size
    assert cache_size(folder) == 0
    assert [path.name for path in folder.iterdir() if path.suffix == ".txt"] == ["letter.txt"]
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(EngineError, match="Could not write the cache in"):
        list(move_cache(target, file / "inside"))
    assert cache_size(target) == size


def empty_cache(desk: Desk, settings: SettingsDialog) -> None:
    """Press the button, and wait until it is known what that costs."""
    with desk.qtbot.waitSignal(desk.session.cache.weighed):
        press(desk, settings.cache.clean_button)


def test_the_window_goes_on_while_a_large_cache_is_counted(
    settings: SettingsDialog, garden: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_cache(default_cache_folder())
    go_on, threads = threading.Event(), []

    def count_slowly(_folder: Path) -> CacheWorth:
        threads.append(threading.current_thread())
        assert go_on.wait(10)
        return CacheWorth(1_000_000, has_trainings=False)

    monkeypatch.setattr(cache_place, "cache_worth", count_slowly)
    section = settings.cache
    settings.show_section(section)
    press(garden, section.clean_button)  # It would stand here till the end of the wait.
    assert garden.session.cache.is_busy
    assert not section.clean_button.isEnabled()
    with garden.qtbot.waitSignal(garden.session.cache.weighed):
        go_on.set()
    assert threads != [threading.current_thread()]
    assert QLocale().toString(1_000_000) in box_of(settings).informativeText()
    answer(garden, box_of(settings), "Cancel")
    assert section.clean_button.isEnabled()


def test_the_cache_is_cleaned_with_its_size_before_and_after(
    settings: SettingsDialog, garden: Desk
) -> None:
    size = size_text(fill_cache(default_cache_folder()))
    section = settings.cache
    settings.show_section(section)
    assert section.place.text() == str(default_cache_folder())
    assert section.size_words.text() == size
    assert section.clean_button.text() == f"Empty the Cache ({size})"
    empty_cache(garden, settings)  # The results of fine-tuning are hours of work.
    assert "fine-tuning" in box_of(settings).informativeText()
    answer(garden, box_of(settings), "Cancel")
    assert not garden.session.cache.is_busy
    empty_cache(garden, settings)
    answer(garden, box_of(settings), "Empty the Cache")
    told = f"The cache was emptied: {size} before, "
    garden.qtbot.waitUntil(lambda: section.message.text().startswith(told))
    assert size not in section.clean_button.text()
    assert not garden.engine.is_closed
    assert garden.labels_on_disk() == {"image_1.png": "cat", "image_2.png": "dog"}


def test_what_is_quick_to_get_back_is_emptied_without_a_question(
    settings: SettingsDialog, garden: Desk
) -> None:
    folder = default_cache_folder()
    fill_cache(folder)
    (folder / "finetuning" / "abc.result").unlink()
    settings.show_section(settings.cache)
    press(garden, settings.cache.clean_button)
    garden.qtbot.waitUntil(lambda: "emptied" in settings.cache.message.text())
    assert not settings.findChildren(QMessageBox)


def test_many_images_that_would_have_to_be_read_again_are_asked_about(
    settings: SettingsDialog, garden: Desk
) -> None:
    folder = default_cache_folder()
    fill_cache(folder, 2_500)
    (folder / "finetuning" / "abc.result").unlink()
    settings.show_section(settings.cache)
    empty_cache(garden, settings)
    count = QLocale().toString(2500)
    assert f"{count} images are read anew" in box_of(settings).informativeText()
    answer(garden, box_of(settings), "Cancel")
    assert cache_size(folder) > 3_000_000


def test_a_limit_holds_at_once_is_remembered_and_goes_with_the_folder(
    settings: SettingsDialog, garden: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = default_cache_folder()
    monkeypatch.setattr(cache_limit, "SMALLEST_LIMIT_BYTES", 0)
    fill_cache(folder)
    keep_limit(folder, 2_000_000)  # By hand, or by another version.
    section = settings.cache
    settings.show_section(section)
    assert section.limit.currentText() == "At most 2.0 MB"

    def choose(text: str) -> None:
        index = section.limit.findText(text)
        section.limit.setCurrentIndex(index)
        section.limit.activated.emit(index)
        garden.qtbot.waitUntil(lambda: not garden.session.cache.is_busy)

    choose("At most 2.0 MB")
    garden.qtbot.waitUntil(lambda: section.message.text().startswith("The cache was made smaller"))
    assert cache_size(folder) < 2_100_000
    assert garden.preferences.cache_limit == kept_limit(folder) == 2_000_000
    choose("At most 10.0 GB")
    assert section.message.text() == ""
    assert garden.preferences.cache_limit == kept_limit(folder) == 10_000_000_000
    (folder / LIMIT_FILE).unlink()  # With the folder, by whoever cleans up.
    CachePlace(garden.session)
    assert kept_limit(folder) == 10_000_000_000
    (folder / LIMIT_FILE).write_bytes(b"\xff\x00")
    CachePlace(garden.session)
    assert garden.preferences.cache_limit == kept_limit(folder) == 10_000_000_000
    choose("As much as suits the disk")
    assert garden.preferences.cache_limit is kept_limit(folder) is None
    choose("At most 10.0 GB")
    keep_limit(folder, None)  # By the command line.
    CachePlace(garden.session)
    assert garden.preferences.cache_limit is kept_limit(folder) is None
    assert not garden.engine.is_closed


def test_the_cache_moves_with_its_place(
    settings: SettingsDialog, garden: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = fill_cache(default_cache_folder())
    (tmp_path / "disk").mkdir()

    def choose(*_args: object) -> str:
        return str(tmp_path / "disk")

    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose)
    section = settings.cache
    settings.show_section(section)
    assert not section.default_button.isVisible()
    press(garden, section.change_button)
    restarted(garden, 2)
    place = tmp_path / "disk" / "Handful cache"
    assert garden.session.choice.cache_folder == place
    assert cache_size(place) == size
    assert cache_size(default_cache_folder()) == 0
    assert section.place.text() == str(place)
    press(garden, section.default_button)
    restarted(garden, 3)
    assert garden.session.choice.cache_folder is None
    assert cache_size(default_cache_folder()) == size


def test_a_move_that_closing_cuts_off_leaves_the_cache_where_it_is(
    settings: SettingsDialog, garden: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = fill_cache(default_cache_folder())
    (tmp_path / "disk").mkdir()
    old, is_closing = garden.engine, threading.Event()
    close = old.close

    def close_late() -> None:
        while not garden.bridge._closed:
            is_closing.wait(0.01)
        close()

    monkeypatch.setattr(old, "close", close_late)
    garden.session.cache.move_to(tmp_path / "disk")
    garden.close()
    assert garden.preferences.engine_choice == EngineChoice()
    assert cache_size(default_cache_folder()) == size
    assert cache_size(tmp_path / "disk" / "Handful cache") == 0


def test_a_place_that_cannot_be_written_leaves_the_cache_where_it_is(
    settings: SettingsDialog, garden: Desk, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    garden.session.cache.move_to(tmp_path / "file")
    restarted(garden, 2)
    assert garden.session.choice == garden.preferences.engine_choice == EngineChoice()
    assert "Could not write the cache in" in garden.notices()[0]


# --- Appearance -----------------------------------------------------------------------------------


def test_the_theme_is_chosen_and_the_menu_follows(settings: SettingsDialog, garden: Desk) -> None:
    settings.show_section(settings.appearance)
    box = settings.appearance.theme
    box.setFocus()
    garden.qtbot.keyClick(box, Qt.Key.Key_End)
    assert garden.switch.theme is DARK
    assert garden.preferences.theme is ThemeChoice.DARK
    ticked = garden.window.actions_.theme_group.checkedAction()
    assert ticked is not None
    assert ticked.data() is ThemeChoice.DARK


# --- Keys -----------------------------------------------------------------------------------------


@pytest.fixture
def keys(settings: SettingsDialog) -> SettingsDialog:
    settings.show_section(settings.keys)
    return settings


def change(desk: Desk, name: str, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    """Give an action other keys, as a person does."""
    section = desk.window.dialogs.settings.keys
    section.tree.choose(name)
    press(desk, section.capture)
    desk.qtbot.keyClick(section.capture, key, modifier)


def test_an_action_gets_the_keys_that_are_pressed(
    keys: SettingsDialog, garden: Desk, make_desk: Callable[[], Desk]
) -> None:
    change(garden, "evaluation", Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    evaluation = garden.window.actions_.evaluation
    assert evaluation.shortcuts() == [QKeySequence("Ctrl+J")]
    assert evaluation.toolTip() == "Evaluation (Ctrl+J)"
    assert ("View", "Evaluation", "Ctrl+J") in keys.keys.tree.lines()
    keys.close()
    garden.window.activateWindow()
    garden.qtbot.waitUntil(garden.window.isActiveWindow)
    garden.qtbot.keyClick(garden.view, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert garden.window.pages.currentWidget() is garden.window.pages.evaluation
    garden.close()
    again = make_desk()
    assert again.window.actions_.evaluation.shortcuts() == [QKeySequence("Ctrl+J")]
    again.window.shortcuts.reset("evaluation")
    again.close()
    third = make_desk()
    assert QKeySequence("F7") in third.window.actions_.evaluation.shortcuts()


def test_keys_that_another_action_has_are_taken_only_on_purpose(
    keys: SettingsDialog, garden: Desk
) -> None:
    change(garden, "evaluation", Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    section, actions = keys.keys, garden.window.actions_
    assert section.message.text() == "Ctrl+S is the key of “Save Predictions” already."
    assert QKeySequence("F7") in actions.evaluation.shortcuts()
    assert not garden.window.predictions_dialog.isVisible()  # Pressed, but not meant.
    press(garden, section.take_button)
    assert actions.evaluation.shortcuts() == [QKeySequence("Ctrl+S")]
    assert actions.save.shortcuts() == []
    section.tree.choose("save")
    press(garden, section.reset_button)  # It wants its own back.
    assert actions.save.shortcuts() == [QKeySequence("Ctrl+S")]
    assert actions.evaluation.shortcuts() == []
    press(garden, section.reset_all_button)
    assert QKeySequence("F7") in actions.evaluation.shortcuts()
    assert not section.reset_all_button.isEnabled()


@pytest.mark.parametrize(
    ("key", "modifier", "reason"),
    [
        (Qt.Key.Key_3, Qt.KeyboardModifier.NoModifier, "3 is the key of a class"),
        (Qt.Key.Key_B, Qt.KeyboardModifier.NoModifier, "B is the key of a class"),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "moves about in the window"),
        (Qt.Key.Key_F, Qt.KeyboardModifier.AltModifier, "opens the menu “File”"),
    ],
)
def test_keys_that_are_needed_elsewhere_are_refused(
    keys: SettingsDialog,
    garden: Desk,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier,
    reason: str,
) -> None:
    garden.session.set_hotkey(garden.session.classes[0].class_id, ord("B"))
    before = garden.window.actions_.refresh.shortcuts()
    change(garden, "refresh", key, modifier)
    assert reason in keys.keys.message.text()
    assert garden.window.actions_.refresh.shortcuts() == before


def test_a_class_that_is_given_the_key_of_an_action_has_it(
    keys: SettingsDialog, garden: Desk
) -> None:
    change(garden, "map", Qt.Key.Key_K, Qt.KeyboardModifier.NoModifier)
    assert garden.window.actions_.map.shortcut().toString() == "K"
    keys.close()
    garden.window.activateWindow()
    garden.qtbot.waitUntil(garden.window.isActiveWindow)
    cat = garden.session.classes[0]
    garden.session.set_hotkey(cat.class_id, ord("K"))
    garden.click("image_4.png")
    garden.press("k")
    assert garden.labels_on_disk()["image_4.png"] == "cat"
    assert garden.window.pages.shown_name() == ""
    garden.session.set_hotkey(cat.class_id, 1)
    garden.press("k")
    assert garden.window.pages.shown_name() == "MapPage"


def test_capturing_is_left_by_escape_and_keys_can_be_taken_away(
    keys: SettingsDialog, garden: Desk
) -> None:
    section, refresh = keys.keys, garden.window.actions_.refresh
    change(garden, "refresh", Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert refresh.shortcuts() == [QKeySequence("F5")]
    assert keys.isVisible()
    press(garden, section.remove_button)
    assert refresh.shortcuts() == []
    assert refresh.toolTip() == "Refresh"
    press(garden, section.reset_button)
    assert refresh.shortcuts() == [QKeySequence("F5")]


def test_the_keys_of_the_classes_are_shown_but_chosen_elsewhere(
    keys: SettingsDialog, garden: Desk
) -> None:
    section = keys.keys
    section.search.setText("classes")
    assert ("Classes (chosen in their list)", "cat", "1") in section.tree.lines()
    section.search.setText("nothing like this")
    assert section.tree.lines() == []


def test_the_settings_open_where_they_were_left(
    keys: SettingsDialog, garden: Desk, make_desk: Callable[[], Desk]
) -> None:
    garden.close()
    again = make_desk()
    again.window.actions_.settings.trigger()
    assert again.window.dialogs.settings.keys.isVisible()


# --- Layout ---------------------------------------------------------------------------------------


def test_the_page_shown_is_shown_again_at_the_next_start(
    settings: SettingsDialog, garden: Desk, folder: Path, make_desk: Callable[[], Desk]
) -> None:
    settings.close()
    garden.window.actions_.evaluation.trigger()
    garden.close()
    again = make_desk()
    again.open(folder)
    assert again.window.pages.currentWidget() is again.window.pages.evaluation
    again.window.actions_.images.trigger()
    again.session.close_project()
    again.open(folder)  # Only once: who opens another folder wants to see its images.
    assert again.window.pages.currentWidget() is again.gallery
    again.close()
    third = make_desk()
    third.open(folder)
    assert third.window.pages.currentWidget() is third.gallery


def test_a_window_from_a_larger_screen_is_brought_onto_this_one(
    desk: Desk, make_desk: Callable[[], Desk]
) -> None:
    desk.window.setGeometry(5000, 4000, 3000, 2000)
    desk.close()
    room = QApplication.primaryScreen().availableGeometry()
    window = make_desk().window
    assert room.contains(window.geometry().topLeft())
    assert window.height() <= room.height()
    assert window.width() <= max(room.width(), window.minimumWidth())

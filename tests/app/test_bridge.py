"""The bridge: order, one wake-up, a time budget, and nothing after closing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from fake_engine import FakeEngine
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.session.engine_bridge import EngineBridge
from engine import messages


@pytest.fixture
def bridge(qapp: QApplication) -> EngineBridge:
    return EngineBridge(FakeEngine)


def progress(number: int, done: int = 0) -> messages.Progress:
    return messages.Progress(number, "", done, 0, 0.0, 0.0)


def scan(bridge: EngineBridge, handler: Callable[[messages.Event], None]) -> int:
    """Ask for something that is answered by hand."""
    number = bridge.next_id()
    bridge.ask(messages.Cancel(number), handler)
    return number


def test_answers_reach_who_asked_in_order(bridge: EngineBridge, qtbot: QtBot) -> None:
    got: list[tuple[str, int]] = []

    def first(event: messages.Event) -> None:
        assert isinstance(event, messages.Progress)
        got.append(("first", event.done))

    def second(event: messages.Event) -> None:
        assert isinstance(event, messages.Progress)
        got.append(("second", event.done))

    one, two = scan(bridge, first), scan(bridge, second)

    def publish() -> None:
        for done in range(50):
            bridge.publish(progress(one if done % 2 else two, done))

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(got) == 50)
    assert got == [("first" if done % 2 else "second", done) for done in range(50)]


def test_released_answers_are_dropped(bridge: EngineBridge, qtbot: QtBot) -> None:
    got: list[messages.Event] = []
    number = scan(bridge, got.append)
    bridge.publish(progress(number))
    bridge.release(number)
    bridge.publish(progress(number))
    qtbot.waitUntil(lambda: not bridge._awake)
    assert len(got) == 1


def test_a_flood_leaves_room_for_other_work(bridge: EngineBridge, qtbot: QtBot) -> None:
    delivered: list[messages.Event] = []
    turns = 0

    def slow(event: messages.Event) -> None:
        end = time.perf_counter() + 0.001
        while time.perf_counter() < end:
            pass
        delivered.append(event)

    def tick() -> None:
        nonlocal turns
        turns += len(delivered) < 300

    number = scan(bridge, slow)
    timer = QTimer()
    timer.setInterval(0)
    timer.timeout.connect(tick)
    timer.start()

    def publish() -> None:
        for _ in range(300):
            bridge.publish(progress(number))

    thread = threading.Thread(target=publish)
    thread.start()
    qtbot.waitUntil(lambda: len(delivered) == 300)
    thread.join()
    timer.stop()
    assert turns >= 10  # 300 ms of work in slices of about 8 ms.


def test_bulk_answers_wait_behind_the_others(bridge: EngineBridge, qtbot: QtBot) -> None:
    got: list[int] = []

    def note(event: messages.Event) -> None:
        assert isinstance(event, messages.Progress)
        got.append(event.done)

    bulk = bridge.next_id()
    bridge.ask(messages.LoadThumbnails(bulk, ()), note, bulk=True)
    urgent = scan(bridge, note)

    def publish() -> None:
        # From another thread, so that nothing is delivered before all of it is queued.
        bridge.publish(progress(bulk, 1))
        bridge.publish(progress(bulk, 2))
        bridge.publish(progress(urgent, 3))

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(got) == 3)
    assert got == [3, 1, 2]


def test_bulk_answers_get_a_share_of_a_flood(bridge: EngineBridge, qtbot: QtBot) -> None:
    n_left = 400
    when_bulk_came: list[int] = []

    def note(_event: messages.Event) -> None:
        when_bulk_came.append(n_left)

    def slow(_event: messages.Event) -> None:
        nonlocal n_left
        n_left -= 1
        until = time.perf_counter() + 0.001
        while time.perf_counter() < until:
            pass

    number, bulk = scan(bridge, slow), bridge.next_id()
    bridge.ask(messages.LoadThumbnails(bulk, ()), note, bulk=True)

    def publish() -> None:  # On a thread, as the engine does: else each would be delivered at once.
        for _ in range(400):
            bridge.publish(progress(number))
        bridge.publish(progress(bulk))

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: n_left == 0)
    assert when_bulk_came
    assert when_bulk_came[0] > 0  # Before all others were through.


def test_one_bad_event_does_not_hold_up_the_others(bridge: EngineBridge, qtbot: QtBot) -> None:
    got: list[int] = []

    def picky(event: messages.Event) -> None:
        assert isinstance(event, messages.Progress)
        if event.done == 1:
            raise ValueError("a bug")
        got.append(event.done)

    number = scan(bridge, picky)

    def publish() -> None:
        for done in range(3):
            bridge.publish(progress(number, done))

    thread = threading.Thread(target=publish)
    thread.start()
    thread.join()
    with qtbot.captureExceptions() as exceptions:
        qtbot.waitUntil(lambda: got == [0, 2])
    assert [str(error[1]) for error in exceptions] == ["a bug"]


def test_after_closing_nothing_is_delivered_or_submitted(bridge: EngineBridge) -> None:
    got: list[messages.Event] = []
    number = scan(bridge, got.append)
    bridge.close()
    bridge.close()
    bridge.publish(progress(number))
    bridge.cancel(number)
    bridge.ask(messages.Cancel(bridge.next_id()), got.append)
    bridge.forget_everything()
    QApplication.processEvents()
    assert got == []


def test_no_wake_up_is_lost_between_two_threads(bridge: EngineBridge, qtbot: QtBot) -> None:
    got: list[messages.Event] = []
    number = scan(bridge, got.append)

    def publish() -> None:
        for _ in range(5000):
            bridge.publish(progress(number))

    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(got) == 10_000, timeout=10_000)
    for thread in threads:
        thread.join()

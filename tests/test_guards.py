"""The guards that hold for every test do notice what they are there for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.conftest import active_timers, threads_left


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets the threads of a test end; they have ended when the test has."""
    before = set(threading.enumerate())
    event = threading.Event()
    yield event
    event.set()
    for thread in set(threading.enumerate()) - before:
        thread.join()


@pytest.mark.parametrize(
    ("name", "daemon", "is_told"),
    [
        ("handful-engine", True, True),
        ("handful-images_0", False, True),
        ("any", False, True),
        ("any", True, False),
    ],
)
def test_a_thread_left_behind_is_told(
    release: threading.Event, name: str, daemon: bool, is_told: bool
) -> None:
    before = set(threading.enumerate())
    thread = threading.Thread(target=release.wait, name=name, daemon=daemon)
    thread.start()
    assert threads_left(before, wait_s=0.05) == ([name] if is_told else [])
    assert threads_left({*before, thread}, wait_s=0.05) == []


def test_a_thread_that_is_just_ending_is_waited_for(release: threading.Event) -> None:
    before = set(threading.enumerate())
    threading.Thread(target=release.wait, args=(0.2,), name="handful-engine", daemon=True).start()
    assert threads_left(before) == []


def test_a_timer_left_behind_is_told(qapp: object) -> None:
    from PySide6.QtCore import QTimer

    timer = QTimer()
    timer.start(60_000)
    assert len(active_timers()) == 1
    timer.stop()
    assert active_timers() == []


@pytest.mark.loopback
def test_who_is_marked_may_talk_to_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=10).close()


def test_all_others_may_open_no_socket(no_network: list[str]) -> None:
    with pytest.raises(OSError, match="tests may not open sockets"):
        socket.socket(socket.AF_INET)
    assert no_network.pop() == f"socket of family {socket.AF_INET}"


@pytest.mark.loopback
def test_a_connection_to_another_computer_is_told(no_network: list[str]) -> None:
    with socket.socket(socket.AF_INET) as one, pytest.raises(OSError, match="other computers"):
        one.connect(("192.0.2.1", 80))
    assert no_network.pop() == "connection to ('192.0.2.1', 80)"

"""Waiting for a drive, and not for longer than the program runs."""

from __future__ import annotations

import threading
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.session import pulse


class LoopOnce(QEventLoop):
    """Started anew it would return at once, again and again: the program has ended."""

    n_starts = 0

    def exec(self, *how: QEventLoop.ProcessEventsFlag) -> int:  # type: ignore[override]
        self.n_starts += 1
        if self.n_starts > 1:
            raise RuntimeError("waited on")
        return super().exec(*how)


def test_nobody_waits_for_a_drive_when_the_program_is_ended(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[bool | str] = []
    answers_now = threading.Event()
    monkeypatch.setattr(pulse, "QEventLoop", LoopOnce)
    monkeypatch.setattr(pulse, "_AT_ONCE_S", 0.0)
    monkeypatch.setattr(pulse, "_says_anything", lambda _: answers_now.wait(30))

    def ask() -> None:
        QTimer.singleShot(0, qapp.quit)
        try:
            said.append(pulse.answers(Path("drive")))
        except RuntimeError as error:
            said.append(str(error))

    QTimer.singleShot(0, ask)
    qapp.exec()
    answers_now.set()
    for thread in threading.enumerate():
        if thread.name == "handful-asking":
            thread.join(30)
    assert said == [False]


def test_an_answer_that_takes_a_while_is_waited_for(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers_now = threading.Event()
    monkeypatch.setattr(pulse, "QEventLoop", LoopOnce)
    monkeypatch.setattr(pulse, "_AT_ONCE_S", 0.0)
    monkeypatch.setattr(pulse, "_says_anything", lambda _: answers_now.wait(30))
    QTimer.singleShot(0, answers_now.set)
    assert pulse.answers(Path("drive"))


def test_a_thread_that_answers_touches_nothing_of_a_window_that_may_be_closed(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "_AT_ONCE_S", 0.0)
    answers_now = threading.Event()
    said: list[bool] = []
    asking = pulse.Asking()
    asking.ask(lambda: answers_now.wait(30), said.append)
    is_gone = weakref.ref(asking)
    del asking  # The question that is still asked does not hold it either.
    assert is_gone() is None
    answers_now.set()
    for thread in threading.enumerate():
        if thread.name == "handful-asking":
            thread.join(30)
    qapp.processEvents()
    assert said == []

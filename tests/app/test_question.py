"""One question to the engine at a time: replaced, ended, let go of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fake_engine import FakeEngine
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.session.engine_bridge import EngineBridge
from app.session.question import Question
from engine import messages
from engine.messages import ImageId


class Asker(QObject):
    """Asks for suggestions and writes down what it hears."""

    def __init__(self, answer: type[messages.Event] | None) -> None:
        super().__init__()
        self.engine: FakeEngine
        self.heard: list[object] = []
        self.bridge = EngineBridge(self._start)
        self.question = Question(self.bridge, self, 1, answer)
        self.question.due.connect(self.ask)
        self.question.answered.connect(self.heard.append)
        self.question.read.connect(self.heard.append)
        self.question.ended.connect(self.heard.append)

    def _start(self, publish: Callable[[messages.Event], None]) -> FakeEngine:
        self.engine = FakeEngine(publish)
        return self.engine

    def ask(self) -> int:
        self.question.ask(lambda number: messages.Suggest(number, (), (), 1))
        return self.engine.last(messages.Suggest).request_id

    def hear(self, qtbot: QtBot, *events: messages.Event) -> list[object]:
        """What was heard once the bridge has delivered these."""
        self.heard.clear()
        for event in events:
            self.bridge.publish(event)
        qtbot.waitUntil(lambda: not self.bridge._awake)
        return self.heard


@pytest.mark.parametrize("answer", [messages.Suggested, None])
def test_an_answer_ends_it_or_the_job_does(
    qtbot: QtBot, answer: type[messages.Event] | None
) -> None:
    asker = Asker(answer)
    number = asker.ask()
    event = messages.Suggested(number, ())
    assert asker.hear(qtbot, event) == ([event] if answer is None else [event, ""])
    assert asker.question.is_asked == (answer is None)
    end = messages.JobFinished(number)
    assert asker.hear(qtbot, end) == ([""] if answer is None else [])
    assert not asker.question.is_waiting
    asker.bridge.close()


def test_a_newer_question_replaces_an_older_one(qtbot: QtBot) -> None:
    asker = Asker(messages.Suggested)
    first, second = asker.ask(), asker.ask()
    late, event = messages.Suggested(first, ()), messages.Suggested(second, ())
    assert asker.hear(qtbot, late, messages.JobCancelled(first), event) == [event, ""]
    asker.bridge.close()


def test_many_edits_are_one_question(qtbot: QtBot) -> None:
    asker = Asker(messages.Suggested)
    for _ in range(5):
        asker.question.ask_soon()
    assert asker.question.is_settling
    qtbot.waitUntil(lambda: asker.question.is_asked)
    assert len(asker.engine.all(messages.Suggest)) == 1
    asker.bridge.close()


def test_stopping_tells_the_engine_and_hears_no_more(qtbot: QtBot) -> None:
    asker = Asker(messages.Suggested)
    number = asker.ask()
    asker.question.ask_soon()
    asker.question.stop()
    assert not asker.question.is_waiting
    assert asker.engine.cancelled() == [number]
    assert asker.hear(qtbot, messages.Suggested(number, ())) == []
    asker.question.stop()
    assert asker.engine.cancelled() == [number]  # There was nothing more to stop.
    asker.bridge.close()


def test_failing_is_a_sentence_and_images_read_on_the_way_are_told(qtbot: QtBot) -> None:
    asker = Asker(messages.Suggested)
    number = asker.ask()
    read = messages.ImageUnreadable(number, ImageId(1), "it is broken")
    failed = messages.JobFailed(number, "No image can be read.", False)
    assert asker.hear(qtbot, read, failed) == [read, "No image can be read."]
    assert not asker.question.is_asked
    asker.bridge.close()

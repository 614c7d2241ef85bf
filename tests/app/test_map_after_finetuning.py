"""After fine-tuning the map shows what the tuned network finds alike, and says which it shows."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import Desk
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from app.map.map_page import MapPage
from engine import messages
from engine.messages import Effort, ImageId, LayOut

_TUNED = "Alike as the fine-tuned network sees the images."
_UNTUNED = "Alike as the encoder saw the images before fine-tuning."


def places(desk: Desk, *, mirrored: bool = False) -> dict[ImageId, tuple[float, float]]:
    """The images of the garden in a row."""
    sign = -1 if mirrored else 1
    return {desk.image(f"image_{n}.png"): (sign * (n - 6.5) / 6, 0.1 * n) for n in range(1, 13)}


def predict(desk: Desk) -> None:
    first, second = (item.class_id for item in desk.session.classes)
    row = [(first, 0.8), (second, 0.2)]
    desk.engine.predict({desk.image(f"image_{n}.png"): row for n in range(1, 13)})


def wait_for(desk: Desk, tuning: str) -> LayOut:
    """The map asks for the layout of a network, or of the encoder."""
    desk.qtbot.waitUntil(lambda: desk.engine.last(LayOut).tuning == tuning)
    return desk.engine.last(LayOut)


def said(desk: Desk) -> str:
    """What is said below the map."""
    text = desk.window.pages.map.strip.work_text
    return text.text() if text.isVisible() else ""


def is_at_rest(page: MapPage, positions: NDArray[np.float32]) -> bool:
    """Whether the points have arrived, and their names are shown again."""
    assert page.canvas is not None
    points = page.canvas.points
    return np.array_equal(points.positions, positions) and not points.is_moving


@pytest.fixture
def mapped(garden: Desk) -> Desk:
    """Two classes with a label each, instant answers and the encoder's map."""
    garden.session.classifier.choose(Effort.INSTANT)
    garden.add_classes("cat", "dog")
    garden.click("image_1.png")
    for key in "12":
        garden.press(key)
    predict(garden)
    garden.window.actions_.map.trigger()
    garden.engine.lay_out(places(garden))
    garden.settle()
    return garden


@pytest.fixture
def tuned(mapped: Desk) -> Desk:
    """A fine-tuned network answers; its map is asked for."""
    mapped.session.classifier.finetune()
    mapped.engine.tuned()
    mapped.qtbot.waitUntil(
        lambda: mapped.engine.last(messages.Adapt).effort is Effort.FINETUNE, timeout=10_000
    )
    predict(mapped)
    wait_for(mapped, "network-1")
    return mapped


def test_the_old_map_stays_until_the_tuned_one_is_there_and_points_go_calmly(tuned: Desk) -> None:
    page = tuned.window.pages.map
    canvas = page.canvas
    assert canvas is not None
    assert not tuned.engine.last(LayOut).anew
    before = canvas.points.positions.copy()
    assert said(tuned) == _UNTUNED
    assert len(canvas.rows) == 12
    page.select_images([tuned.image("image_3.png")])
    tuned.engine.lay_out(places(tuned, mirrored=True))
    assert said(tuned) == _TUNED
    wanted = before * np.array([-1, 1], np.float32)
    assert np.allclose(canvas.positions, wanted)
    assert np.allclose(canvas.points.positions, before)  # The way begins where they were,
    assert canvas.points.is_moving
    tuned.qtbot.waitUntil(lambda: is_at_rest(page, canvas.positions))  # and ends where they belong.
    assert page.chosen_images() == [tuned.image("image_3.png")]


def test_instant_answers_between_two_clicks_do_not_change_the_map(tuned: Desk) -> None:
    tuned.engine.lay_out(places(tuned))
    n_before = len(tuned.engine.all(LayOut))
    tuned.session.label([tuned.image("image_5.png")], tuned.session.classes[0].class_id)
    predict(tuned)
    assert tuned.session.classifier.effort is Effort.INSTANT
    layout = tuned.window.pages.map.layout_
    tuned.qtbot.waitUntil(lambda: not layout._question.is_settling)
    assert len(tuned.engine.all(LayOut)) == n_before
    assert said(tuned) == _TUNED


def test_with_other_answers_the_encoder_s_map_comes_back(tuned: Desk) -> None:
    tuned.engine.lay_out(places(tuned, mirrored=True))
    page = tuned.window.pages.map
    assert page.canvas is not None
    tuned.session.classifier.choose(Effort.THOROUGH)
    wait_for(tuned, "")
    tuned.engine.lay_out(places(tuned))
    canvas = page.canvas
    tuned.qtbot.waitUntil(lambda: is_at_rest(page, canvas.positions))
    assert said(tuned) == ""


def test_where_the_network_is_gone_it_is_said_and_not_asked_for_again(tuned: Desk) -> None:
    engine, command = tuned.engine, tuned.engine.last(LayOut)
    layout = tuned.window.pages.map.layout_
    ids = np.array(sorted(places(tuned)), np.int64)
    spots = np.zeros((12, 2), np.float32)
    engine.publish(
        messages.LaidOut(command.request_id, ids, spots, messages.LayoutMethod.NEIGHBOURS, True, "")
    )
    engine.publish(messages.JobFinished(command.request_id))
    n_before = len(engine.all(LayOut))
    tuned.session.status_changed.emit()
    tuned.qtbot.waitUntil(lambda: not layout._question.is_settling)
    assert len(engine.all(LayOut)) == n_before
    assert said(tuned) == _UNTUNED


def test_a_map_that_is_not_looked_at_is_not_laid_out_again(mapped: Desk) -> None:
    mapped.window.pages.leave()
    n_before = len(mapped.engine.all(LayOut))
    mapped.session.classifier.finetune()
    mapped.engine.tuned()
    assert len(mapped.engine.all(LayOut)) == n_before
    mapped.window.actions_.map.trigger()
    assert wait_for(mapped, "network-1").is_quick is False
    button = mapped.window.pages.map.strip.stop_button
    number = mapped.engine.last(LayOut).request_id
    mapped.engine.publish(messages.Progress(number, "Arranging the map", 10, 1000, 1.0, 60.0))
    mapped.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert mapped.engine.cancelled() == [number]
    assert mapped.window.pages.map.layout_.tuning == ""

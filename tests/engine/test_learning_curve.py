"""What more labels would bring, from curves whose law is known."""

from __future__ import annotations

import pytest

from engine import expected_accuracy
from engine.messages import CurvePoint
from engine.method.learning_curve import error_power


def curve(power: float, labels: tuple[int, ...] = (1, 2, 5, 10, 20)) -> list[CurvePoint]:
    """Errors that fall with exactly that power of the labels per class."""
    return [CurvePoint(float(n), 1.0 - 0.5 * n**-power, 0.0, 1.0) for n in labels]


@pytest.mark.parametrize("power", [0.2, 0.5, 0.9])
def test_a_power_law_is_found_again(power: float) -> None:
    assert error_power(curve(power)) == pytest.approx(power, abs=0.06)  # Drawn to what is usual.


def test_more_labels_bring_what_the_law_says() -> None:
    points = curve(0.5)
    found = expected_accuracy(points, n_classes=4, n_more=80)  # As many again.
    assert found == pytest.approx(1.0 - 0.5 * 40**-0.5, abs=0.01)
    assert expected_accuracy(points, n_classes=4, n_more=0) == pytest.approx(points[-1].accuracy)
    some = expected_accuracy(points, n_classes=4, n_more=10)
    assert some is not None
    assert points[-1].accuracy < some < found


def test_without_a_curve_nothing_is_promised() -> None:
    assert expected_accuracy([], n_classes=4, n_more=10) is None
    assert expected_accuracy(curve(0.5), n_classes=0, n_more=10) is None


def test_no_error_seen_leaves_room_for_less_than_one() -> None:
    points = [CurvePoint(5.0, 1.0, 0.8, 1.0)]
    assert expected_accuracy(points, n_classes=3, n_more=10) == 1.0

"""Have I labelled enough: figures that can be counted by hand, and what they must not do."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest

from engine.messages import CurvePoint
from engine.method.adaptation import adapt
from engine.method.evaluation import Estimate
from engine.method.folder import FolderShape
from engine.method.heads import Floats
from engine.method.intervals import wilson_interval
from engine.method.learning_curve import carried_over
from engine.method.reach import Reach, measure_reach

DIMENSIONS = 16


def images(counts: list[int], spread: float, seed: int = 0) -> tuple[Floats, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    points = np.eye(DIMENSIONS)[labels] + spread * random.normal(size=(len(labels), DIMENSIONS))
    return points.astype(np.float32), labels


def measured(
    support: Floats,
    labels: np.ndarray,
    n_classes: int,
    *,
    groups: np.ndarray | None = None,
    folder: Floats | None = None,
) -> Reach:
    folder = support if folder is None else folder
    shape = FolderShape.of(folder, folder.mean(axis=0), len(folder))
    steps: Generator[None, None, Reach] = measure_reach(
        support,
        labels,
        n_classes,
        np.arange(len(labels)) if groups is None else groups,
        shape,
        folder,
    )
    while True:
        try:
            next(steps)
        except StopIteration as end:
            reach: Reach = end.value
            return reach


def test_wilson_by_hand() -> None:
    # 8 of 10: (0.8 + z^2/20 +- z sqrt(0.016 + z^2/400)) / (1 + z^2/10), z = 1.96.
    assert wilson_interval(0.8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0.0, 10)[0] == 0.0
    assert wilson_interval(1.0, 10)[1] == 1.0
    assert wilson_interval(0.0, 0) == (0.0, 1.0)


def test_clear_classes_reach_everything_and_more_would_not_help() -> None:
    support, labels = images([12, 12, 12], 0.05)
    reach = measured(support, labels, 3)
    assert reach.overall is not None
    assert reach.overall.accuracy == pytest.approx(1.0, abs=1e-3)
    assert 0.6 < reach.overall.low < 1.0
    assert [item.n_right for item in reach.classes] == [12, 12, 12]
    assert reach.gain is not None
    assert reach.gain < 0.015


def test_mixed_classes_would_gain_and_the_doubtful_one_is_named() -> None:
    support, labels = images([10, 10, 10], 0.1)
    random = np.random.default_rng(5)
    support[labels == 2] = support[labels == 1] + 0.45 * random.normal(size=(10, DIMENSIONS))
    reach = measured(support, labels, 3)
    assert reach.overall is not None
    assert reach.overall.accuracy < 1.0
    assert reach.weakest in (1, 2)
    assert reach.gain is not None
    assert reach.gain > 0.0


def test_the_curve_rises_with_labels_and_ends_with_all_of_them() -> None:
    support, labels = images([20, 20, 20, 20], 0.45)
    reach = measured(support, labels, 4)
    assert [point.labels_per_class for point in reach.curve] == [1, 2, 3, 5, 8, 12, 20]
    assert reach.curve[-1] == reach.overall
    assert reach.curve[-1].accuracy > reach.curve[0].accuracy + 0.1
    for point in reach.curve:
        assert 0.0 <= point.low <= point.accuracy <= point.high <= 1.0


def test_too_few_to_tell() -> None:
    support, labels = images([4, 4, 9], 0.05)
    reach = measured(support, labels, 4)
    assert reach.overall is None
    assert reach.curve == ()
    assert reach.weakest is None
    assert [item.n_labels for item in reach.classes] == [4, 4, 9, 0]
    assert reach.classes[2].n_right == 9
    assert (reach.classes[3].low, reach.classes[3].high) == (0.0, 1.0)


def test_copies_tell_nothing_new() -> None:
    support, labels = images([6, 6], 0.3, seed=2)
    copies = np.concatenate([support] * 5)
    groups = np.tile(np.arange(12), 5)
    once = measured(support, labels, 2, folder=support)
    five = measured(copies, np.tile(labels, 5), 2, groups=groups, folder=support)
    for one, other in zip(once.classes, five.classes, strict=True):
        assert other.n_labels == 5 * one.n_labels
        assert other.n_independent == one.n_independent
        assert other.n_judged == one.n_judged
        assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=0.02)
    # Alike but for the copies' noise at random labels: nothing can be learned from noise.
    random = np.random.default_rng(3)
    noise = random.normal(size=(20, DIMENSIONS)).astype(np.float32)
    meaningless = np.tile([0, 1], 10)
    reach = measured(
        np.concatenate([noise] * 3), np.tile(meaningless, 3), 2, groups=np.tile(np.arange(20), 3)
    )
    assert reach.overall is not None
    assert reach.overall.accuracy < 0.8  # Judged by their copies all would be recognised.
    assert reach.curve[0].accuracy < 0.8


def test_the_intervals_hold_what_they_say() -> None:
    held = []
    for seed in range(40):
        support, labels = images([40, 40, 40], 0.5, seed)
        chosen = np.concatenate([np.flatnonzero(labels == label)[:7] for label in range(3)])
        rest = np.setdiff1d(np.arange(len(labels)), chosen)
        reach = measured(support[chosen], labels[chosen], 3, folder=support)
        assert reach.overall is not None
        shape = FolderShape.of(support, support.mean(axis=0), len(support))
        model = adapt(support[chosen], labels[chosen], shape.mean, shape=shape)
        truth = float((model.probabilities(support[rest]).argmax(axis=1) == labels[rest]).mean())
        held.append(reach.overall.low <= truth <= reach.overall.high)
    assert np.mean(held) >= 0.85


def test_a_curve_is_carried_over_to_another_accuracy() -> None:
    curve = (CurvePoint(1.0, 0.5, 0.3, 0.7), CurvePoint(10.0, 0.8, 0.7, 0.9))
    better = carried_over(curve, 3, Estimate(0.95, 0.9, 0.98))
    assert better[-1] == CurvePoint(10.0, 0.95, 0.9, 0.98)
    # Odds of 1 and 4 become 4.75 and 19.
    assert better[0].accuracy == pytest.approx(4.75 / 5.75)
    assert better[0].low < better[0].accuracy < better[0].high < 1.0
    same = carried_over(curve, 3, Estimate(0.8, 0.7, 0.9))
    assert [point.accuracy for point in same] == pytest.approx([0.5, 0.8])
    # No error among the labels does not mean none with fewer of them.
    sure = carried_over(curve, 3, Estimate(1.0, 0.8, 1.0))
    assert 0.8 < sure[0].accuracy < 0.95
    assert sure[-1].accuracy == 1.0
    assert carried_over((), 3, Estimate(0.8, 0.7, 0.9)) == ()


def test_a_curve_carried_over_to_where_it_ends_stays_what_it_is() -> None:
    curve = (CurvePoint(2.0, 0.95, 0.93, 0.97), CurvePoint(5.0, 0.98, 0.96, 0.99))
    same = carried_over(curve, 20, Estimate(0.98, 0.96, 0.99))
    for point, before in zip(same, curve, strict=True):
        assert (point.accuracy, point.low, point.high) == pytest.approx(
            (before.accuracy, before.low, before.high)
        )

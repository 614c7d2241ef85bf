"""Labels that look wrong: on points where it is known which are."""

from __future__ import annotations

import numpy as np

from engine.method.audit import SHOWN_ODDS, doubtful_labels, left_out_probabilities, odds_against
from engine.method.heads import Floats, normalise

DIMENSIONS = 24


def classes_of(counts: list[int], seed: int = 0) -> tuple[Floats, np.ndarray]:
    """Directions round as many centres, (n, d), and their classes (n,)."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    points = np.eye(DIMENSIONS)[labels] + 0.15 * random.normal(size=(len(labels), DIMENSIONS))
    return normalise(points.astype(np.float32), points.mean(axis=0).astype(np.float32)), labels


def alone(labels: np.ndarray) -> np.ndarray:
    return np.arange(len(labels))


def test_wrong_labels_are_found_and_right_ones_left_alone() -> None:
    x, truth = classes_of([10, 10, 10])
    assert doubtful_labels(x, truth, alone(truth)) == []
    labels = truth.copy()
    labels[[2, 14]] = [1, 2]
    found = doubtful_labels(x, labels, alone(labels))
    assert {doubt.index for doubt in found} == {2, 14}
    for doubt in found:
        assert doubt.likely == truth[doubt.index]
        assert doubt.probability > SHOWN_ODDS * doubt.own_probability
        assert len(doubt.neighbours) == 3
        assert doubt.index not in doubt.neighbours
        assert {truth[row] for row in doubt.neighbours} == {truth[doubt.index]}
        assert doubt.twin is None


def test_class_numbers_may_have_gaps() -> None:
    x, truth = classes_of([8, 8])
    labels = np.where(truth == 0, 3, 11)
    labels[1] = 11
    (doubt,) = doubtful_labels(x, labels, alone(labels))
    assert (doubt.index, doubt.likely) == (1, 3)


def test_a_burst_labelled_wrong_does_not_vouch_for_itself() -> None:
    x, truth = classes_of([10, 10])
    burst = np.repeat(x[:1], 4, axis=0)  # Of the first class, all four called the second.
    images = np.concatenate([x, burst])
    labels = np.concatenate([truth, np.ones(4, np.int64)])
    together = np.concatenate([alone(truth), np.full(4, 20)])
    found = {doubt.index for doubt in doubtful_labels(images[1:], labels[1:], together[1:])}
    assert found >= {19, 20, 21, 22}


def test_twins_with_different_labels_are_told_first() -> None:
    x, truth = classes_of([6, 6])
    images = np.concatenate([x, x[3:4]])
    labels = np.append(truth, 1)
    groups = np.append(alone(truth), 3)
    first = doubtful_labels(images, labels, groups)[0]
    assert (first.index, first.likely, first.twin) == (12, 0, 3)


def test_what_cannot_be_judged_is_not_doubted() -> None:
    x, _ = classes_of([1, 1, 5])
    assert doubtful_labels(x[:2], np.array([0, 1]), np.array([0, 1])) == []
    assert doubtful_labels(x[:0], np.zeros(0, np.int64), np.zeros(0, np.int64)) == []
    assert doubtful_labels(x[2:], np.zeros(5, np.int64), np.arange(5)) == []
    # One image alone in a class that lies amid another: nothing speaks for or against it.
    labels = np.array([2, 2, 2, 2, 1])
    assert doubtful_labels(x[2:], labels, np.arange(5)) == []
    # Two twins, each alone in its class, contradict each other all the same.
    twins = np.concatenate([x[:1], x[:1]])
    (doubt,) = doubtful_labels(twins, np.array([0, 1]), np.array([0, 0]))
    assert doubt.twin is not None


def test_odds_are_those_of_the_likeliest_other_class() -> None:
    probabilities = np.array([[0.5, 0.25, 0.25], [0.1, 0.6, 0.3]], np.float32)
    np.testing.assert_allclose(odds_against(probabilities, np.array([1, 0])), [2.0, 6.0], rtol=1e-6)


def test_left_out_probabilities_do_not_know_the_label_of_the_image() -> None:
    x, labels = classes_of([5, 5])
    changed = labels.copy()
    changed[0] = 1
    before = left_out_probabilities(x, labels, alone(labels))[0]
    after = left_out_probabilities(x, changed, alone(labels))[0]
    # Which class it is said to be in moves what is expected of the classes' sizes only a little.
    assert before.argmax() == after.argmax() == 0
    assert abs(float(before[0] - after[0])) < 0.1

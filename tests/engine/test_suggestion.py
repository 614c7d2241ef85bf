"""What to label next: on points whose best choice is known."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest

from engine.method.adaptation import adapt
from engine.method.duplicates import near_duplicate_groups
from engine.method.heads import Floats, normalise
from engine.method.suggestion import Pick, Reason, choose_what_to_label

DIMENSIONS = 24


def blobs(sizes: list[int], spread: float = 0.12, seed: int = 0) -> tuple[Floats, np.ndarray]:
    """Images round as many centres at right angles; (n, d) and the blob of each (n,)."""
    random = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    points = np.eye(DIMENSIONS)[truth] + spread * random.normal(size=(len(truth), DIMENSIONS))
    return points.astype(np.float32), truth


def finished(steps: Generator[None, None, list[Pick]]) -> list[Pick]:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            picks: list[Pick] = end.value
            return picks


def choose(
    embeddings: Floats,
    labels: dict[int, int],
    count: int,
    *,
    passed_over: list[int] | None = None,
    n_classes: int = 0,
) -> list[Pick]:
    mean = embeddings.sum(axis=0) / max(len(embeddings), 1)
    indices, classes = list(labels), np.array(list(labels.values()), np.int64)
    of_images = np.full(len(embeddings), -1, np.int64)
    of_images[indices] = classes
    enough = len(set(labels.values())) >= 2
    model = adapt(embeddings[indices], classes, mean) if enough else None
    n_images = len(embeddings)
    return finished(
        choose_what_to_label(
            normalise(embeddings, mean),
            np.zeros(n_images, np.uint64),
            of_images,
            np.isin(np.arange(n_images), passed_over or []),
            count,
            n_classes,
            model,
            None if model is None else model.none_scores(embeddings),
        )
    )


def test_without_labels_every_cluster_is_met_and_counted() -> None:
    sizes = [60, 40, 30, 20]
    embeddings, truth = blobs(sizes)
    picks = choose(embeddings, {}, 4)
    assert sorted(truth[pick.index] for pick in picks) == [0, 1, 2, 3]
    for pick in picks:
        assert pick.reason is Reason.TYPICAL
        assert pick.classes == ()
        assert pick.n_near == sizes[truth[pick.index]]


def test_with_one_class_labelled_the_other_clusters_come_first() -> None:
    embeddings, truth = blobs([60, 40, 30, 20])
    picks = choose(embeddings, dict.fromkeys(range(5), 7), 3)
    assert {truth[pick.index] for pick in picks} == {1, 2, 3}


def test_a_class_without_labels_is_looked_for() -> None:
    # Two classes of three have labels, fewer than there are classes: the third blob is asked for.
    embeddings, truth = blobs([60, 40, 30])
    (pick,) = choose(embeddings, {0: 0, 60: 1}, 1, n_classes=3)
    assert truth[pick.index] == 2


def test_with_a_model_the_doubtful_come_before_the_clear() -> None:
    embeddings, truth = blobs([50, 50])
    between = normalise(
        embeddings[:12] + embeddings[50:62], np.zeros(DIMENSIONS, np.float32)
    ) + np.float32(0.05) * np.random.default_rng(3).normal(size=(12, DIMENSIONS)).astype(np.float32)
    labels = {index: int(truth[index]) for index in [*range(12, 18), *range(62, 68)]}
    picks = choose(np.concatenate([embeddings, between]), labels, 3)
    assert all(pick.index >= 100 for pick in picks)
    assert picks[0].reason in (Reason.BETWEEN, Reason.UNLIKE)
    for pick in picks:
        if pick.reason is Reason.BETWEEN:
            assert set(pick.classes) == {0, 1}


def test_what_is_like_no_class_is_told_so() -> None:
    embeddings, truth = blobs([40, 40, 25])
    labels = {index: int(truth[index]) for index in [*range(6), *range(40, 46)]}
    picks = choose(embeddings, labels, 2)
    assert truth[picks[0].index] == 2
    assert picks[0].reason is Reason.UNLIKE
    assert picks[0].n_near > 5


@pytest.mark.parametrize("labels", [{}, {0: 0, 1: 0}, {0: 0, 30: 1, 31: 1}])
def test_no_suggestion_repeats_what_was_seen(labels: dict[int, int]) -> None:
    embeddings, _ = blobs([30, 30, 20])
    # Each image is there three times, a little shaken.
    shaken = [embeddings + np.float32(0.01 * times) for times in range(3)]
    images = np.concatenate(shaken)
    passed_over = [40, 62]
    picks = choose(images, labels, 12, passed_over=passed_over)
    chosen = [pick.index for pick in picks] + list(labels) + passed_over
    assert len(picks) == 12
    groups = near_duplicate_groups(normalise(images, images.mean(axis=0)))
    assert len(set(groups[chosen])) == len(chosen)


def test_no_more_than_there_are() -> None:
    embeddings, truth = blobs([4, 3])
    labels = {0: 0, 4: 1}
    assert len(choose(embeddings, labels, 20)) <= 5
    assert len(choose(embeddings, {}, 20)) <= 7
    assert choose(embeddings, {index: int(truth[index]) for index in range(7)}, 5) == []
    assert choose(embeddings[:0], {}, 5) == []


def test_a_pick_lowers_what_its_neighbours_would_tell() -> None:
    # One doubtful blob holds most of the weight; picking from it alone would leave the others.
    embeddings, truth = blobs([30, 30, 60, 12], spread=0.08)
    labels = {index: int(truth[index]) for index in [*range(5), *range(30, 35)]}
    picks = choose(embeddings, labels, 2)
    assert {truth[pick.index] for pick in picks} == {2, 3}

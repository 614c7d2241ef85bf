"""Groups of a whole folder: copies, bursts, near-duplicates, without comparing all with all."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.messages import NO_DATE
from engine.method import grouping
from engine.method.duplicates import near_duplicate_groups
from engine.method.grouping import Ints, group_steps
from engine.method.heads import Floats

DIMENSIONS = 64


def unit(vectors: NDArray[np.float64]) -> Floats:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def result(steps: Generator[float, None, Ints]) -> list[int]:
    """What a generator returns; every share it yields is one."""
    while True:
        try:
            assert 0.0 <= next(steps) <= 1.0
        except StopIteration as end:
            groups: list[int] = end.value.tolist()
            return groups


def group(
    directions: Floats,
    hashes: list[int] | None = None,
    taken_s: list[int] | None = None,
    folders: list[int] | None = None,
) -> list[int]:
    n = len(directions)
    return result(
        group_steps(
            lambda rows: directions[rows],
            np.array(hashes or [0] * n, np.uint64),
            np.array(taken_s or [NO_DATE] * n, np.int64),
            np.array(folders or [0] * n, np.int64),
        )
    )


def on_a_circle(*degrees: float) -> Floats:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_nothing_and_one_image() -> None:
    assert group(np.zeros((0, 4), np.float32)) == []
    assert group(on_a_circle(3)) == [0]


def test_copies_anywhere_share_a_group() -> None:
    x = unit(np.random.default_rng(0).normal(size=(4, DIMENSIONS)))
    assert group(x[[0, 1, 2, 0, 3, 1]], folders=[0, 0, 0, 1, 1, 1]) == [0, 1, 2, 0, 4, 1]


def test_images_without_direction_are_like_nothing() -> None:
    assert group(np.zeros((3, 4), np.float32)) == [0, 1, 2]


def test_a_burst_is_close_in_time_or_looks_the_same() -> None:
    # 38 degrees are a cosine of 0.79: alike, but no near-duplicates.
    x = on_a_circle(0, 38, 0.5, 180)
    assert group(x) == [0, 1, 0, 3]
    assert group(x, taken_s=[100, 108, 118, 119]) == [0, 0, 0, 3]
    assert group(x, taken_s=[100, 111, 400, 401]) == [0, 1, 0, 3]
    assert group(x, hashes=[0b1111, 0b1011, 1 << 40, 1]) == [0, 0, 0, 3]
    # In another folder, or before the one that it follows, it is no frame of that burst.
    assert group(x[:2], taken_s=[100, 101], folders=[0, 1]) == [0, 1]
    assert group(x[:2], taken_s=[101, 100]) == [0, 1]


def test_a_day_of_a_time_lapse_does_not_become_one_group() -> None:
    x = on_a_circle(*(10.0 * step for step in range(18)))
    groups = np.array(group(x, taken_s=[5 * step for step in range(18)]))
    spans = [10 * np.ptp(np.flatnonzero(groups == number)) for number in np.unique(groups)]
    assert max(spans) <= 2 * 41.5  # Every frame is within 41.4 degrees of the first.
    assert len(spans) >= 3


@pytest.mark.parametrize("n_images", [300, 3_000])
def test_pivots_find_nearly_all_that_comparing_all_would(
    n_images: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "_ALL_WITH_ALL", 100)
    random = np.random.default_rng(4)
    spread = (1 + np.arange(DIMENSIONS)) ** -0.6  # Some directions matter more, as in real folders.
    scenes = random.normal(size=(n_images // 2, DIMENSIONS))
    x = np.concatenate([scenes, scenes + 0.25 * random.normal(size=scenes.shape)]) * spread
    directions = unit(x[random.permutation(len(x))])
    brute = near_duplicate_groups(directions)
    groups = np.array(group(directions, folders=list(range(len(x)))))
    cosines = directions @ directions.T
    first, second = np.nonzero(np.triu(cosines >= 0.9, 1))
    assert len(first) > 0.4 * len(scenes)
    together = (groups[first] == groups[second]).mean()
    assert together >= (brute[first] == brute[second]).mean() - 0.05
    # Whoever stands for a group stands for itself, and nobody is put with what is unlike it.
    assert np.array_equal(groups[groups], groups)
    assert cosines[np.arange(len(groups)), groups].min() > 0.75


def test_no_step_holds_the_whole_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "_ALL_WITH_ALL", 100)
    asked: list[int] = []
    directions = unit(np.random.default_rng(5).normal(size=(3_000, DIMENSIONS)))

    def directions_of(rows: Ints) -> Floats:
        asked.append(len(rows))
        return directions[rows]

    none = np.full(3_000, NO_DATE)
    result(group_steps(directions_of, np.zeros(3_000, np.uint64), none, np.zeros(3_000, np.int64)))
    assert max(asked) <= 1_024

"""Parting a class into two."""

from __future__ import annotations

import numpy as np
import pytest

from engine.method.splitting import split_in_two


def points(*counts: int) -> np.ndarray:
    random = np.random.default_rng(0)
    centres = np.repeat(np.eye(len(counts), 8), counts, axis=0)
    x = centres + 0.1 * random.normal(size=centres.shape)
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def test_the_smaller_kind_leaves_whatever_the_order() -> None:
    x = points(9, 5)
    order = np.random.default_rng(1).permutation(14)
    leaving = split_in_two(x[order], np.arange(14))
    assert sorted(order[leaving]) == list(range(9, 14))


def test_of_equal_halves_the_first_image_stays() -> None:
    assert split_in_two(points(4, 4), np.arange(8)).tolist() == [False] * 4 + [True] * 4


@pytest.mark.parametrize("count", [2, 3, 7])
def test_never_all_and_never_none(count: int) -> None:
    for x in (points(count), np.repeat(points(1), count, axis=0), np.zeros((count, 8), np.float32)):
        for groups in (np.arange(count), np.zeros(count, np.int64)):
            leaving = split_in_two(x, groups)
            assert 0 < leaving.sum() < count
            assert leaving.sum() * 2 <= count


def test_one_image_stays() -> None:
    assert split_in_two(points(1), np.zeros(1, np.int64)).tolist() == [False]
    assert split_in_two(points(1)[:0], np.zeros(0, np.int64)).tolist() == []


def test_near_duplicates_stay_together() -> None:
    x = points(6, 6)
    groups = np.array([0, 0, 0, 1, 2, 3, 0, 4, 5, 6, 7, 8])  # One of the second kind with them.
    leaving = split_in_two(x, groups)
    assert len(set(leaving[groups == 0])) == 1

"""Names and places of very many images, as columns."""

from __future__ import annotations

import random
import tracemalloc

import numpy as np
import pytest

from engine.columns import UNKNOWN, Places, Texts, with_room


def test_texts_come_back_as_they_were_in_whatever_order_they_came() -> None:
    texts = [f"site/{index // 50}/DCIM/IMG_{index:04d}.jpg" for index in range(400)]
    texts += ["", "ä 図.jpg", "ä 圖.jpg", "\udc80x", "x" * 70_000, "x" * 70_001 + "y", "x"] * 9
    random.Random(0).shuffle(texts)
    column = Texts()
    for text in texts:
        column.append(text)
    assert list(column) == texts
    assert len(column) == len(texts)
    # Their bytes are in the same order, letters beyond the first 65,536 among them.
    rows = range(len(texts))
    assert sorted(rows, key=column.utf8) == sorted(rows, key=texts.__getitem__)


def test_what_neighbours_have_in_common_is_kept_once() -> None:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        column = Texts()
        for index in range(20_000):
            column.append(f"a folder with a long name/and another one in it/IMG_{index:06d}.jpg")
        per_text = (tracemalloc.get_traced_memory()[0] - before) / len(column)
    finally:
        tracemalloc.stop()
    assert per_text < 30  # Of 62 letters; as a string it would be 111 bytes.
    assert column[-1 % len(column)].endswith("IMG_019999.jpg")


@pytest.mark.parametrize("at_once", [False, True])
def test_places_are_those_of_a_dictionary(at_once: bool) -> None:
    numbers = [*range(1, 3000), 20_000, 10**6, 2**31, 2**62, -5]
    random.Random(1).shuffle(numbers)
    places, expected = Places(), dict(zip(numbers, range(len(numbers)), strict=True))
    if at_once:
        places.put_all(np.array(numbers, np.int64), np.arange(len(numbers)))
    else:
        for number, row in expected.items():
            places.put(number, row)
    for number in [7, 8, 2**62, 7, 99_999]:
        assert places.pop(number) == expected.pop(number, UNKNOWN)
    places.put(9, 123)
    places.put(-5, 45)
    expected |= {9: 123, -5: 45}
    assert len(places) == len(expected)
    asked = [*numbers, 0, 10**7, -1]
    assert places.of(asked).tolist() == [expected.get(number, UNKNOWN) for number in asked]
    assert [places.get(number) for number in asked] == places.of(np.array(asked)).tolist()
    assert [number in places for number in asked] == [number in expected for number in asked]


def test_an_enormous_number_takes_no_room() -> None:
    tracemalloc.start()
    try:
        places = Places()
        places.put_all(np.array([3, 2**40], np.int64), np.array([0, 1]))
        places.put(2**50, 2)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
    assert places.of([2**40, 2**50, 3]).tolist() == [1, 2, 0]


def test_a_column_grows_by_a_part_and_keeps_what_is_in_it() -> None:
    column = np.zeros(0, np.int64)
    n_moves = 0
    for row in range(20_000):
        before, column = column, with_room(column, row + 1)
        n_moves += column is not before
        column[row] = row
    assert column[:20_000].tolist() == list(range(20_000))
    assert not column[20_000:].any()
    assert len(column) < 23_000
    assert n_moves < 40

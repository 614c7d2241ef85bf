"""Embeddings in memory: what is put in comes out, and their mean is right."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.embedding_rows import BLOCK_ROWS
from engine.embeddings import EmbeddingStore
from engine.messages import ImageId

SIZE = 6


def _embeddings(count: int, seed: int = 0) -> NDArray[np.float16]:
    return np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float16)


def _ids(*numbers: int) -> list[ImageId]:
    return [ImageId(number) for number in numbers]


def test_the_store_gives_back_what_was_added_across_block_borders() -> None:
    count = 2 * BLOCK_ROWS + 7
    embeddings = _embeddings(count)
    ids = [ImageId(5 * index + 3) for index in range(count)]  # Gaps, as after deletions.
    store = EmbeddingStore(SIZE)
    for start in range(0, count, 300):
        store.add(ids[start : start + 300], embeddings[start : start + 300])
    assert len(store) == count
    assert ids[BLOCK_ROWS] in store
    assert ImageId(4) not in store

    some = [ids[0], ids[BLOCK_ROWS - 1], ids[BLOCK_ROWS], ids[-1], ids[0]]
    selected = store.select(some)
    assert selected.dtype == np.float32
    np.testing.assert_array_equal(selected, embeddings[[0, BLOCK_ROWS - 1, BLOCK_ROWS, -1, 0]])

    blocks = list(store.blocks())
    assert [len(block_ids) for block_ids, _ in blocks] == [BLOCK_ROWS, BLOCK_ROWS, 7]
    np.testing.assert_array_equal(np.concatenate([found for found, _ in blocks]), ids)
    np.testing.assert_array_equal(np.concatenate([block for _, block in blocks]), embeddings)
    np.testing.assert_allclose(store.sum(), embeddings.astype(np.float64).sum(0), atol=1e-9)


def test_hashes_follow_their_images() -> None:
    store = EmbeddingStore(SIZE)
    store.add(_ids(1, 2, 3), _embeddings(3), [11, 2**64 - 1, 33])
    store.add(_ids(4), _embeddings(1))
    assert store.perceptual_hashes(_ids(2, 4, 1)).tolist() == [2**64 - 1, 0, 11]
    store.discard(_ids(1))
    assert store.perceptual_hashes(_ids(2, 3, 4)).tolist() == [2**64 - 1, 33, 0]
    store.add(_ids(2), _embeddings(1), [22])
    assert store.perceptual_hashes(_ids(2)).tolist() == [22]


def test_a_store_that_is_filled_at_once_is_the_one_filled_bit_by_bit() -> None:
    count = 33 * BLOCK_ROWS + 5  # In two segments.
    embeddings, ids = _embeddings(count), list(range(7, 7 + count))
    at_once, bit_by_bit = EmbeddingStore(SIZE), EmbeddingStore(SIZE)
    at_once.add(_ids(*ids), embeddings, ids)
    for start in range(0, count, 999):
        part = slice(start, start + 999)
        bit_by_bit.add(_ids(*ids[part]), embeddings[part], ids[part])
    for store in (at_once, bit_by_bit):
        assert len(store) == store.version == count
        np.testing.assert_array_equal(store.sum(), embeddings.astype(np.float64).sum(0))
        np.testing.assert_array_equal(store.select(_ids(*ids[::-1])), embeddings[::-1])
        blocks = np.concatenate(store.blocks_at(BLOCK_ROWS, count - 3))
        np.testing.assert_array_equal(blocks, embeddings[BLOCK_ROWS : count - 3])
        assert store.ids_at(3, 6).tolist() == ids[3:6]
    assert at_once.sampled_ids(500) == bit_by_bit.sampled_ids(500)
    every = at_once.sampled_ids(count)
    assert sorted(every) == ids
    assert every[:500] == at_once.sampled_ids(500)
    assert at_once.known_among(np.array([6, 7, ids[-1], ids[-1] + 1])).tolist() == [
        False,
        True,
        True,
        False,
    ]


def test_an_image_that_is_twice_among_those_added_is_there_once() -> None:
    store, embeddings = EmbeddingStore(SIZE), _embeddings(3)
    store.add(_ids(5, 5, 6), embeddings)
    assert store.image_ids() == set(_ids(5, 6))
    np.testing.assert_array_equal(store.select(_ids(5, 6)), embeddings[1:])


def test_replacing_an_embedding_keeps_the_sum_right() -> None:
    embeddings, other = _embeddings(40), _embeddings(40, seed=1)
    store = EmbeddingStore(SIZE)
    store.add(_ids(*range(40)), embeddings)
    store.add(_ids(*range(10, 20)), other[10:20])
    expected = np.concatenate([embeddings[:10], other[10:20], embeddings[20:]])
    assert len(store) == 40
    np.testing.assert_array_equal(store.select(_ids(*range(40))), expected)
    np.testing.assert_allclose(store.sum(), expected.astype(np.float64).sum(0), atol=1e-12)


def test_an_empty_store_has_no_blocks_and_knows_no_image() -> None:
    store = EmbeddingStore(SIZE)
    assert list(store.blocks()) == []
    assert store.select([]).shape == (0, SIZE)
    np.testing.assert_array_equal(store.sum(), np.zeros(SIZE))
    with pytest.raises(KeyError):
        store.select(_ids(1))


def test_the_sum_is_a_copy() -> None:
    store = EmbeddingStore(SIZE)
    store.add(_ids(1), _embeddings(1))
    store.sum()[:] = 99
    assert np.abs(store.sum()).max() < 10


def test_rows_added_while_blocks_are_read_are_met_later() -> None:
    store = EmbeddingStore(SIZE)
    store.add(_ids(*range(10)), _embeddings(10))
    blocks = store.blocks()
    first_ids, first = next(blocks)
    store.add(_ids(*range(100, 100 + BLOCK_ROWS)), _embeddings(BLOCK_ROWS))
    rest = list(blocks)
    assert len(first_ids) == len(first) == 10
    met = [*first_ids, *(item for ids, _ in rest for item in ids)]
    assert len(met) == len(set(met)) == 10 + BLOCK_ROWS


def test_discarding_leaves_the_others_and_their_mean() -> None:
    n_images = 2 * BLOCK_ROWS + 3
    embeddings = _embeddings(n_images)
    store = EmbeddingStore(SIZE)
    store.add(_ids(*range(n_images)), embeddings)
    gone = [0, 5, BLOCK_ROWS, n_images - 1, n_images - 2, n_images - 3, n_images - 4]
    store.discard(_ids(*gone, 99_999))
    left = [index for index in range(n_images) if index not in gone]
    assert store.image_ids() == set(_ids(*left))
    np.testing.assert_array_equal(store.select(_ids(*left)), embeddings[left].astype(np.float32))
    np.testing.assert_allclose(store.sum(), embeddings[left].astype(np.float64).sum(0), rtol=1e-9)
    met = np.concatenate([ids for ids, _ in store.blocks()])
    assert sorted(met.tolist()) == left
    store.add(_ids(0), embeddings[:1])
    np.testing.assert_array_equal(store.select(_ids(0)), embeddings[:1].astype(np.float32))

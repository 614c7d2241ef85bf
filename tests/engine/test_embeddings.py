"""Embeddings in memory: what is put in comes out, and their mean is right."""

from __future__ import annotations

import shutil
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.embedding_rows import BLOCK_ROWS, RowsInFile
from engine.embeddings import EmbeddingStore
from engine.errors import EngineError
from engine.messages import ImageId

NewStore = Callable[[], EmbeddingStore]
SIZE = 6


def _embeddings(count: int, seed: int = 0) -> NDArray[np.float16]:
    return np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float16)


@pytest.fixture(params=["memory", "file"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    """Makes stores in memory as the window's is, and in a file as a command's."""
    made: list[EmbeddingStore] = []

    def new() -> EmbeddingStore:
        made.append(EmbeddingStore(SIZE, tmp_path if request.param == "file" else None))
        return made[-1]

    yield new
    for store in made:
        store.close()


def _ids(*numbers: int) -> list[ImageId]:
    return [ImageId(number) for number in numbers]


def test_the_store_gives_back_what_was_added_across_block_borders(new_store: NewStore) -> None:
    count = 2 * BLOCK_ROWS + 7
    embeddings = _embeddings(count)
    ids = [ImageId(5 * index + 3) for index in range(count)]  # Gaps, as after deletions.
    store = new_store()
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


def test_hashes_follow_their_images(new_store: NewStore) -> None:
    store = new_store()
    store.add(_ids(1, 2, 3), _embeddings(3), [11, 2**64 - 1, 33])
    store.add(_ids(4), _embeddings(1))
    assert store.perceptual_hashes(_ids(2, 4, 1)).tolist() == [2**64 - 1, 0, 11]
    store.discard(_ids(1))
    assert store.perceptual_hashes(_ids(2, 3, 4)).tolist() == [2**64 - 1, 33, 0]
    store.add(_ids(2), _embeddings(1), [22])
    assert store.perceptual_hashes(_ids(2)).tolist() == [22]


def test_a_store_that_is_filled_at_once_is_the_one_filled_bit_by_bit(new_store: NewStore) -> None:
    count = 33 * BLOCK_ROWS + 5  # In two segments.
    embeddings, ids = _embeddings(count), list(range(7, 7 + count))
    at_once, bit_by_bit = new_store(), new_store()
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


def test_an_image_that_is_twice_among_those_added_is_there_once(new_store: NewStore) -> None:
    store, embeddings = new_store(), _embeddings(3)
    store.add(_ids(5, 5, 6), embeddings)
    assert store.image_ids() == set(_ids(5, 6))
    np.testing.assert_array_equal(store.select(_ids(5, 6)), embeddings[1:])


def test_replacing_an_embedding_keeps_the_sum_right(new_store: NewStore) -> None:
    embeddings, other = _embeddings(40), _embeddings(40, seed=1)
    store = new_store()
    store.add(_ids(*range(40)), embeddings)
    store.add(_ids(*range(10, 20)), other[10:20])
    expected = np.concatenate([embeddings[:10], other[10:20], embeddings[20:]])
    assert len(store) == 40
    np.testing.assert_array_equal(store.select(_ids(*range(40))), expected)
    np.testing.assert_allclose(store.sum(), expected.astype(np.float64).sum(0), atol=1e-12)


def test_an_empty_store_has_no_blocks_and_knows_no_image(new_store: NewStore) -> None:
    store = new_store()
    assert list(store.blocks()) == []
    assert store.select([]).shape == (0, SIZE)
    np.testing.assert_array_equal(store.sum(), np.zeros(SIZE))
    with pytest.raises(KeyError):
        store.select(_ids(1))


def test_the_sum_is_a_copy(new_store: NewStore) -> None:
    store = new_store()
    store.add(_ids(1), _embeddings(1))
    store.sum()[:] = 99
    assert np.abs(store.sum()).max() < 10


def test_rows_added_while_blocks_are_read_are_met_later(new_store: NewStore) -> None:
    store = new_store()
    store.add(_ids(*range(10)), _embeddings(10))
    blocks = store.blocks()
    first_ids, first = next(blocks)
    store.add(_ids(*range(100, 100 + BLOCK_ROWS)), _embeddings(BLOCK_ROWS))
    rest = list(blocks)
    assert len(first_ids) == len(first) == 10
    met = [*first_ids, *(item for ids, _ in rest for item in ids)]
    assert len(met) == len(set(met)) == 10 + BLOCK_ROWS


def test_discarding_leaves_the_others_and_their_mean(new_store: NewStore) -> None:
    n_images = 2 * BLOCK_ROWS + 3
    embeddings = _embeddings(n_images)
    store = new_store()
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


# --- In a file ------------------------------------------------------------------------------------


def test_a_file_without_a_name_holds_them_and_memory_does_not(tmp_path: Path) -> None:
    size, count = 640, 8 * BLOCK_ROWS
    embeddings = np.random.default_rng(0).normal(size=(count, size)).astype(np.float16)
    tracemalloc.start()
    try:
        store = EmbeddingStore(size, tmp_path)
        for start in range(0, count, 128):
            store.add(_ids(*range(start, start + 128)), embeddings[start : start + 128])
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < count * 100  # In memory they would be 1,280 bytes each.
    assert most < embeddings.nbytes / 2
    assert list(tmp_path.iterdir()) == [] or sys.platform == "win32"
    wanted = [0, count - 1, 5, 7 * BLOCK_ROWS]
    np.testing.assert_array_equal(store.select(_ids(*wanted)), embeddings[wanted])
    np.testing.assert_array_equal(np.concatenate(store.blocks_at(0, count)), embeddings)
    store.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("why", ["no folder", "nearly full"])
def test_where_no_file_can_be_had_they_lie_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    embeddings = _embeddings(40)
    if why == "nearly full":
        free = 999_999_999
        usage = type(shutil.disk_usage(tmp_path))(10**12, 10**12 - free, free)
        monkeypatch.setattr("engine.embedding_rows.shutil.disk_usage", lambda _: usage)
    store = EmbeddingStore(SIZE, tmp_path / ("none" if why == "no folder" else ""))
    store.add(_ids(*range(40)), embeddings)
    np.testing.assert_array_equal(store.select(_ids(*range(40))), embeddings)
    store.close()


def test_what_is_replaced_needs_no_more_of_a_disk_that_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 32 * BLOCK_ROWS + 10  # One more than a look at the disk goes for.
    embeddings = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float16)
    store = EmbeddingStore(4, tmp_path)
    store.add(_ids(*range(count)), embeddings)
    looks: list[object] = []

    def is_full(folder: object) -> None:
        looks.append(folder)
        raise OSError("no room")

    monkeypatch.setattr("engine.embedding_rows.shutil.disk_usage", is_full)
    store.add(_ids(0), embeddings[5:6])
    store.discard(_ids(1))
    assert looks == []
    np.testing.assert_array_equal(store.select(_ids(0, 7)), embeddings[[5, 7]])
    store.close()


def test_a_row_that_cannot_be_read_is_not_half_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embeddings = _embeddings(3)
    store = EmbeddingStore(SIZE, tmp_path)
    store.add(_ids(1, 2, 3), embeddings)

    def fail(start: int, stop: int) -> None:
        raise EngineError("the disk is broken")

    with monkeypatch.context() as broken:
        broken.setattr(store._rows, "read", fail)
        with pytest.raises(EngineError):
            store.discard(_ids(1))
    assert len(store) == 3
    np.testing.assert_array_equal(store.select(_ids(1, 2, 3)), embeddings)
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on files to run into")
def test_a_disk_that_gets_full_on_the_way_loses_none(tmp_path: Path) -> None:
    import resource

    count = 3 * BLOCK_ROWS
    embeddings = np.random.default_rng(0).normal(size=(count, 64)).astype(np.float16)
    store = EmbeddingStore(64, tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No more than half a row behind the first block; what goes over it fails as on a full disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (BLOCK_ROWS * 128 + 64, limits[1]))
    try:
        for start in range(0, count, 100):
            ids = _ids(*range(start, min(count, start + 100)))
            store.add(ids, embeddings[start : start + 100])
            store.discard(ids[:1])
            store.add(ids[:1], embeddings[start : start + 1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert len(store) == count
    np.testing.assert_array_equal(store.select(_ids(*range(count))), embeddings)
    np.testing.assert_array_equal(store.sum(), embeddings.astype(np.float64).sum(0))
    store.close()


def test_a_disk_that_does_not_give_back_what_it_took_is_told(tmp_path: Path) -> None:
    rows = RowsInFile(SIZE, tmp_path)
    rows.write(0, _embeddings(9))
    with pytest.raises(EngineError, match=r"^Could not read .*\.$"):
        rows.read(0, 10)
    rows.close()

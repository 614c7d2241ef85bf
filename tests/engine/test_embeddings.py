"""Embeddings in memory and on disk: what is put in comes out, and the cache can do no harm."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.embeddings import BLOCK_ROWS, CacheEntry, EmbeddingStore, FileKey, ImageCache
from engine.messages import ImageId

SIZE = 6


def _embeddings(count: int, seed: int = 0) -> NDArray[np.float16]:
    return np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float16)


def _ids(*numbers: int) -> list[ImageId]:
    return [ImageId(number) for number in numbers]


# --- In memory ------------------------------------------------------------------------------------


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


# --- On disk --------------------------------------------------------------------------------------


def _file(folder: Path, name: str = "a.jpg", content: bytes = b"12345") -> FileKey:
    path = folder / name
    path.write_bytes(content)
    key = FileKey.of(path)
    assert key is not None
    return key


def _entry(mark: int, thumbnail: bytes | None = b"jpeg") -> CacheEntry:
    bits = 2**64 - 1 - mark
    return CacheEntry(bytes([mark]) * 16, _embeddings(1, mark)[0], thumbnail, perceptual_hash=bits)


def _same(found: CacheEntry | None, entry: CacheEntry) -> bool:
    return (
        found is not None
        and found.content == entry.content
        and found.thumbnail == entry.thumbnail
        and found.perceptual_hash == entry.perceptual_hash
        and np.array_equal(found.embedding, entry.embedding)
    )


def test_the_cache_gives_back_what_was_put_in(tmp_path: Path) -> None:
    key, other = _file(tmp_path), _file(tmp_path, "b 図.jpg")
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(1), other: _entry(2)})
        assert cache.notice == ""
        assert cache.size_bytes() > 0
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        found = cache.find_many([key, other, FileKey("elsewhere", 1, 1, 1)], with_thumbnails=True)
        assert set(found) == {key.path, other.path}
        assert _same(found[key.path], _entry(1))
        assert _same(cache.find(other), _entry(2))
        assert found[key.path].embedding.dtype == np.float16
        without = cache.find_many([key], with_thumbnails=False)[key.path]
        assert without.thumbnail is None
        assert np.array_equal(without.embedding, _entry(1).embedding)


def test_a_file_changed_in_size_or_time_is_not_found(tmp_path: Path) -> None:
    key = _file(tmp_path)
    path = Path(key.path)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(1)})
        os.utime(path, ns=(0, key.modified_ns + 1))
        later = FileKey.of(path)
        assert later != key
        assert cache.find(later) is None
        path.write_bytes(b"123456")
        os.utime(path, ns=(0, key.modified_ns))
        longer = FileKey.of(path)
        assert longer is not None
        assert longer.modified_ns == key.modified_ns
        assert cache.find(longer) is None
        assert _same(cache.find(key), _entry(1))


def test_the_same_content_under_another_name_is_found(tmp_path: Path) -> None:
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({_file(tmp_path): _entry(1)})
        assert _same(cache.find_content(_entry(1).content), _entry(1))
        assert cache.find_content(b"x" * 16) is None


def test_embeddings_of_two_encoders_are_not_mixed(tmp_path: Path) -> None:
    key = _file(tmp_path)
    with (
        ImageCache(tmp_path / "cache", "first", SIZE) as first,
        ImageCache(tmp_path / "cache", "second", SIZE) as second,
    ):
        first.add({key: _entry(1)})
        found = second.find(key)
        assert found is not None  # The thumbnail serves both, the embedding does not.
        assert found.embedding is None
        assert found.thumbnail == b"jpeg"
        assert second.find_content(_entry(1).content) is None
        other = CacheEntry(_entry(1).content, _entry(9).embedding, b"jpeg")
        second.add({key: other})
        assert _same(first.find(key), _entry(1))
        assert _same(second.find(key), other)


def test_an_embedding_of_another_length_is_not_believed(tmp_path: Path) -> None:
    key = _file(tmp_path)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(1)})
    with ImageCache(tmp_path / "cache", "encoder", SIZE + 1) as cache:
        found = cache.find(key)
        assert found is not None
        assert found.embedding is None


def test_unreadable_images_are_not_kept(tmp_path: Path) -> None:
    key = _file(tmp_path)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: CacheEntry(b"", None, None, "the file is empty")})
        assert cache.find(key) is None


def test_two_programs_share_one_cache(tmp_path: Path) -> None:
    with (
        ImageCache(tmp_path / "cache", "encoder", SIZE) as one,
        ImageCache(tmp_path / "cache", "encoder", SIZE) as two,
    ):
        for number in range(20):
            key = _file(tmp_path, f"{number}.jpg")
            writer, reader = (one, two) if number % 2 else (two, one)
            writer.add({key: _entry(number)})
            assert _same(reader.find(key), _entry(number))
        assert one.notice == two.notice == ""


def test_a_locked_cache_is_waited_for_not_thrown_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _file(tmp_path)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(1)})
    path = tmp_path / "cache" / "images.sqlite"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    real = sqlite3.connect

    def impatient(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*args, **{**kwargs, "timeout": 0.01})  # type: ignore[call-overload]
        return connection

    monkeypatch.setattr(sqlite3, "connect", impatient)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        assert "locked" in cache.notice
        cache.add({key: _entry(2)})  # In memory, for this run.
        assert _same(cache.find(key), _entry(2))
    holder.execute("ROLLBACK")
    holder.close()
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        assert _same(cache.find(key), _entry(1))


@pytest.mark.parametrize(
    "content", [b"no database at all " * 300, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_damaged_cache_is_begun_again(tmp_path: Path, content: bytes) -> None:
    key = _file(tmp_path)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "images.sqlite").write_bytes(content)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        assert cache.notice == ""
        cache.add({key: _entry(1)})
        assert _same(cache.find(key), _entry(1))
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        assert _same(cache.find(key), _entry(1))


def test_a_cache_found_damaged_while_it_is_used_is_begun_again(tmp_path: Path) -> None:
    keys = [_file(tmp_path, f"{number}.jpg") for number in range(200)]
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(number % 250) for number, key in enumerate(keys)})
    path = tmp_path / "cache" / "images.sqlite"
    whole = path.read_bytes()
    # The first page, with the list of tables, stays whole: opening notices nothing.
    path.write_bytes(whole[:4096] + b"\xaa" * (len(whole) - 4096))
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        assert cache.find_many(keys, with_thumbnails=False) == {}
        cache.add({keys[0]: _entry(1)})
        assert _same(cache.find(keys[0]), _entry(1))
        assert cache.notice == ""


def test_a_cache_of_another_format_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    other = sqlite3.connect(tmp_path / "cache" / "images.sqlite")
    other.executescript("CREATE TABLE files (something INTEGER); PRAGMA user_version = 9")
    other.close()
    key = _file(tmp_path)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(1)})
        assert _same(cache.find(key), _entry(1))
        assert cache.notice == ""


def test_without_a_place_for_the_cache_the_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    key = _file(tmp_path)
    with ImageCache(tmp_path / "file" / "cache", "encoder", SIZE) as cache:
        assert cache.notice.startswith("Could not write the cache in ")
        assert cache.notice.endswith(".")
        cache.add({key: _entry(1)})
        assert _same(cache.find(key), _entry(1))
        assert cache.size_bytes() == 0


def test_a_full_disk_gives_a_notice_and_the_work_goes_on(tmp_path: Path) -> None:
    key, other = _file(tmp_path), _file(tmp_path, "b.jpg")
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(1)})
        (pages,) = cache._connection.execute("PRAGMA page_count").fetchone()
        cache._connection.execute(f"PRAGMA max_page_count = {pages}")
        cache.add({other: _entry(2, b"x" * 100_000)})
        assert "full" in cache.notice
        assert cache.find(other) is None
        assert _same(cache.find(key), _entry(1))


def test_a_closed_cache_answers_nothing_and_is_not_begun_again(tmp_path: Path) -> None:
    key = _file(tmp_path)
    cache = ImageCache(tmp_path / "cache", "encoder", SIZE)
    cache.add({key: _entry(1)})
    cache.close()
    assert cache.find(key) is None
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as again:
        assert _same(again.find(key), _entry(1))


def test_the_key_of_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert FileKey.of(tmp_path / "none.jpg") is None


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_a_path_that_is_not_text_is_cached_like_any_other(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system allows only text")
    (folder / "a.jpg").write_bytes(b"1")
    key = FileKey.of(folder / "a.jpg")
    assert key is not None
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(1)})
        assert _same(cache.find(key), _entry(1))


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

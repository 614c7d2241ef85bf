"""The cache of images on disk: what is put in comes out, and it can do no harm."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.cli import options
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import make_thumbnail

SIZE = 6
JPEG = make_thumbnail(np.zeros((4, 4, 3), np.uint8))


def _embeddings(count: int, seed: int = 0) -> NDArray[np.float16]:
    return np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float16)


def _file(folder: Path, name: str = "a.jpg", content: bytes = b"12345") -> FileKey:
    path = folder / name
    path.write_bytes(content)
    key = FileKey.of(path)
    assert key is not None
    return key


def _entry(mark: int, thumbnail: bytes | None = JPEG) -> CacheEntry:
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
        assert found.thumbnail == JPEG
        assert second.find_content(_entry(1).content) is None
        other = CacheEntry(
            _entry(1).content, _entry(9).embedding, JPEG, perceptual_hash=_entry(1).perceptual_hash
        )
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


@pytest.mark.parametrize(
    "content", [b"no database at all " * 300, b"SQLite format 3\0" + b"x" * 9000]
)
def test_a_damaged_cache_is_begun_again(tmp_path: Path, content: bytes) -> None:
    key = _file(tmp_path)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "images-4.sqlite").write_bytes(content)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        assert cache.notice == ""
        heard: list[str] = []
        cache.listen(heard.append)
        assert [str(tmp_path / "cache") in text for text in heard] == [True]
        cache.add({key: _entry(1)})
        assert _same(cache.find(key), _entry(1))
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        assert _same(cache.find(key), _entry(1))


def test_a_cache_found_damaged_while_it_is_used_is_begun_again(tmp_path: Path) -> None:
    keys = [_file(tmp_path, f"{number}.jpg") for number in range(200)]
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({key: _entry(number % 250) for number, key in enumerate(keys)})
    path = tmp_path / "cache" / "images-4.sqlite"
    whole = path.read_bytes()
    # The first page, with the list of tables, stays whole: opening notices nothing.
    path.write_bytes(whole[:4096] + b"\xaa" * (len(whole) - 4096))
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        heard: list[str] = []
        cache.listen(heard.append)
        assert heard == []
        assert cache.find_many(keys, with_thumbnails=False) == {}
        cache.add({keys[0]: _entry(1)})
        assert _same(cache.find(keys[0]), _entry(1))
        assert cache.notice == ""
        (told,) = heard
        assert told.endswith("was damaged and was begun anew; images are read again.")


def test_a_cache_of_another_format_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    other = sqlite3.connect(tmp_path / "cache" / "images-4.sqlite")
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
        writer = cache._database._writer
        (pages,) = writer.execute("PRAGMA thumbs.page_count").fetchone()
        writer.execute(f"PRAGMA thumbs.max_page_count = {pages}")
        cache.add({other: _entry(2, JPEG + b"x" * 100_000)})
        assert "full" in cache.notice
        heard: list[str] = []
        cache.add({other: _entry(3, JPEG + b"x" * 100_000)})
        cache.listen(heard.append)
        assert heard == [cache.notice]
        assert cache.find(other) is None
        assert _same(cache.find(key), _entry(1))


def test_what_happens_to_the_cache_is_told_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "images-4.sqlite").write_bytes(b"no database at all " * 300)
    monkeypatch.setattr(options, "default_cache_folder", lambda: tmp_path)
    with options.opened_workspace(options.Device.CPU):
        pass
    told = capsys.readouterr().err
    assert told.count("was damaged and was begun anew") == 1


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

"""Hashes that an earlier version put into the cache are made again of the thumbnails."""

from __future__ import annotations

import io
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import cache_hashes
from engine.cache_database import CacheDatabase
from engine.cache_schema import NAMES, connect
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import HASH_VERSION, hash_of_thumbnail, look_at, make_thumbnail

N_IMAGES = 12
WRONG = 0x8123456789ABCDEF  # Above 2^63: a negative number in SQLite.


@pytest.fixture(scope="module")
def looks() -> list[tuple[int, bytes]]:
    """Hash and thumbnail of some pictures."""
    found = []
    for number in range(N_IMAGES):
        content = io.BytesIO()
        cells = np.random.default_rng(number).integers(0, 256, (8, 12, 3), np.uint8)
        Image.fromarray(cells).resize((600, 400), Image.Resampling.BICUBIC).save(content, "BMP")
        look = look_at(content.getvalue())
        found.append((look.perceptual_hash, look.thumbnail))
    return found


@pytest.fixture
def older(tmp_path: Path, looks: list[tuple[int, bytes]]) -> Path:
    """A cache of an earlier version: all hashes are others; two images have no thumbnail."""
    with ImageCache(tmp_path, "encoder", 4) as cache:
        for number, (_, thumbnail) in enumerate(looks):
            keep(cache, number, None if number < 2 else thumbnail)
    become_older(tmp_path)
    return tmp_path


def keep(cache: ImageCache, number: int, thumbnail: bytes | None, bits: int = WRONG) -> None:
    entry = CacheEntry(
        number.to_bytes(16, "big"), np.zeros(4, np.float16), thumbnail, perceptual_hash=bits
    )
    cache.add({FileKey(f"/pictures/{number}.jpg", 1, 1, 1): entry})


def become_older(folder: Path) -> None:
    with closing(connect(folder)) as connection:
        for schema in ("main", "thumbs"):
            connection.execute(f"PRAGMA {schema}.application_id = 0")


def hashes(folder: Path) -> list[int]:
    with closing(sqlite3.connect(folder / NAMES[0])) as connection:
        rows = connection.execute("SELECT perceptual_hash FROM contents ORDER BY id")
        return [(bits or 0) & (2**64 - 1) for (bits,) in rows]


def wait_for(happened: Callable[[], bool]) -> None:
    nothing, deadline = threading.Event(), time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline, "it takes too long"
        nothing.wait(0.01)


def is_new(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / NAMES[0])) as connection:
        return bool(connection.execute("PRAGMA application_id").fetchone()[0] == HASH_VERSION)


def test_the_hash_of_a_thumbnail_is_nearly_that_of_its_picture(
    looks: list[tuple[int, bytes]],
) -> None:
    for bits, thumbnail in looks:
        again = hash_of_thumbnail(thumbnail)
        assert again is not None
        assert (again ^ bits).bit_count() <= 2
    assert hash_of_thumbnail(make_thumbnail(np.zeros((400, 400, 3), np.uint8))) == 0
    assert hash_of_thumbnail(make_thumbnail(np.zeros((3, 4000, 3), np.uint8))) is None
    assert hash_of_thumbnail(looks[0][1][:200]) is None


def test_hashes_of_an_earlier_version_are_made_again_when_the_cache_is_opened(
    older: Path, looks: list[tuple[int, bytes]]
) -> None:
    with ImageCache(older, "encoder", 4) as cache:
        wait_for(lambda: is_new(older))
        entry = cache.find(FileKey("/pictures/5.jpg", 1, 1, 1))
        assert entry is not None
        assert entry.perceptual_hash == hash_of_thumbnail(looks[5][1])
        keep(cache, 99, looks[0][1])
    found = hashes(older)
    assert found[:2] == [WRONG] * 2  # Nothing is there to make them of.
    assert found[2:N_IMAGES] == [hash_of_thumbnail(thumbnail) for _, thumbnail in looks[2:]]
    assert found[N_IMAGES] == WRONG  # It came after that, by this version.
    with ImageCache(older, "encoder", 4) as cache:
        assert cache._database._tidying is None  # Nothing is left to do.
    assert hashes(older) == found


def test_a_cache_that_is_new_is_of_this_version(tmp_path: Path) -> None:
    with ImageCache(tmp_path, "encoder", 4):
        assert is_new(tmp_path)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five at a time."""
    monkeypatch.setattr(cache_hashes, "_SOME", 5)


def test_what_is_broken_off_is_gone_on_with(
    older: Path, looks: list[tuple[int, bytes]], few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CacheDatabase, "_wake_up", lambda self: None)  # Step by step, here.
    database = CacheDatabase(older)
    assert database._renew_some_hashes()
    database.close()
    expected = [hash_of_thumbnail(thumbnail) for _, thumbnail in looks]
    assert hashes(older) == [WRONG] * (N_IMAGES - 5) + expected[-5:]
    with closing(CacheDatabase(older)) as database, closing(CacheDatabase(older)) as other:
        old = cache_hashes.some_old(database._reader, N_IMAGES)
        assert old is not None
        assert other._renew_some_hashes()  # Another program does the same meanwhile.
        late = [(7, number) for number in range(3, 8)]
        database._attempt([lambda connection, _: old.keep(connection, late)], 1.0)
        assert hashes(older)[2:7] == expected[2:7]
        assert not database._renew_some_hashes()
        assert not database._renew_some_hashes()
    assert hashes(older)[2:] == expected[2:]
    assert is_new(older)


def test_what_comes_while_hashes_are_made_again_keeps_its_own(
    older: Path, looks: list[tuple[int, bytes]], few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CacheDatabase, "_wake_up", lambda self: None)
    with ImageCache(older, "encoder", 4) as cache:
        keep(cache, 90, looks[0][1])  # Before the first step, too.
        assert cache._database._renew_some_hashes()
        keep(cache, 91, looks[1][1])
    with ImageCache(older, "encoder", 4) as cache:
        keep(cache, 92, looks[2][1])
        while cache._database._renew_some_hashes():
            pass
    found = hashes(older)
    assert found[2:N_IMAGES] == [hash_of_thumbnail(thumbnail) for _, thumbnail in looks[2:]]
    assert found[N_IMAGES:] == [WRONG] * 3
    assert is_new(older)


@pytest.mark.parametrize("is_open_beside", [False, True])
def test_what_was_broken_off_for_one_version_is_begun_anew_for_the_next(
    older: Path,
    looks: list[tuple[int, bytes]],
    few: None,
    monkeypatch: pytest.MonkeyPatch,
    is_open_beside: bool,
) -> None:
    monkeypatch.setattr(CacheDatabase, "_wake_up", lambda self: None)
    with closing(CacheDatabase(older)) as database:
        assert database._renew_some_hashes()
        with closing(sqlite3.connect(older / NAMES[0])) as connection, connection:
            connection.execute("UPDATE contents SET perceptual_hash = 7")  # By that version.
        with monkeypatch.context() as context:
            context.setattr(cache_hashes, "HASH_VERSION", HASH_VERSION + 1)
            with closing(CacheDatabase(older)) as later:
                assert later._renew_some_hashes()
                if is_open_beside:  # Neither begins over what the other has begun, again and again.
                    context.setattr(cache_hashes, "HASH_VERSION", HASH_VERSION)
                    assert not database._renew_some_hashes()
                    context.setattr(cache_hashes, "HASH_VERSION", HASH_VERSION + 1)
                while later._renew_some_hashes():
                    pass
    assert hashes(older)[2:] == [hash_of_thumbnail(thumbnail) for _, thumbnail in looks[2:]]


def test_a_thumbnail_that_is_none_is_passed_over_and_what_cannot_be_written_is_given_up(
    older: Path, looks: list[tuple[int, bytes]], few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CacheDatabase, "_wake_up", lambda self: None)
    with closing(connect(older)) as connection:
        connection.execute("UPDATE thumbs.thumbnails SET jpeg = ? WHERE id = 4", (b"\xff\xd8 no",))
    with closing(CacheDatabase(older)) as database:
        database._writer.execute("PRAGMA query_only = ON")  # As a disk that turned read-only.
        assert not database._renew_some_hashes()
        database._writer.execute("PRAGMA query_only = OFF")
        while database._renew_some_hashes():
            pass
    found = hashes(older)
    assert found[3] == WRONG
    assert found[4:] == [hash_of_thumbnail(thumbnail) for _, thumbnail in looks[4:]]

"""The cache beside other programs, within its limit, and with files that are not what they were."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from engine import cache_database, cache_limit
from engine.cache import cache_size, clean_cache, move_cache, shrink_cache
from engine.cache_limit import forget_limit, has_limit, keep_limit, kept_limit, limit_in_force
from engine.cache_schema import NAMES
from engine.errors import EngineError
from engine.image_cache import CacheEntry, FileKey, ImageCache, is_thumbnail
from engine.images import make_thumbnail
from engine.words import Sentence

SIZE = 6
JPEG = make_thumbnail(np.zeros((4, 4, 3), np.uint8))
LARGE = JPEG + bytes(20_000)


def key(number: int) -> FileKey:
    return FileKey(f"/pictures/{number:06d}.jpg", 1_000 + number, number, number)


def content(number: int) -> bytes:
    return number.to_bytes(16, "big")


def entry(number: int, thumbnail: bytes | None = JPEG) -> CacheEntry:
    embedding = np.full(SIZE, number % 1000, np.float16)
    return CacheEntry(content(number), embedding, thumbnail, perceptual_hash=number)


def fill(cache: ImageCache, numbers: range, thumbnail: bytes = JPEG) -> None:
    for start in range(numbers.start, numbers.stop, 50):
        some = range(start, min(start + 50, numbers.stop))
        cache.add({key(number): entry(number, thumbnail) for number in some})


def embedded(cache: ImageCache, numbers: range) -> list[int]:
    """Which of these have the embedding that is theirs."""
    found: list[int] = []
    for start in range(numbers.start, numbers.stop, 500):
        some = range(start, min(start + 500, numbers.stop))
        keys = [key(number) for number in some]
        entries = cache.find_many(keys, with_thumbnails=False)
        for number in some:
            known = entries.get(key(number).path)
            if known is not None and known.embedding is not None:
                assert known.content == content(number)
                assert set(known.embedding.tolist()) == {number % 1000}
                found.append(number)
    return found


def with_thumbnail(cache: ImageCache, numbers: range) -> list[int]:
    known = cache.find_many([key(number) for number in numbers], with_thumbnails=True)
    return [
        number
        for number in numbers
        if (found := known.get(key(number).path)) is not None and found.thumbnail is not None
    ]


def on_disk(folder: Path) -> int:
    return sum((folder / name).stat().st_size for name in NAMES)


@pytest.fixture
def hour(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What the clock shows; to be set."""
    shown = [500_000]
    monkeypatch.setattr(cache_database, "_hour_now", lambda: shown[0])
    return shown


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_limit, "SMALLEST_LIMIT_BYTES", 0)
    monkeypatch.setattr(cache_limit, "_ALWAYS_FREE_BYTES", 0)


# --- Other programs -------------------------------------------------------------------------------

WRITER = """
import sys
from pathlib import Path
import numpy as np
from engine.image_cache import CacheEntry, FileKey, ImageCache
first, count, thumbnail = int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4])
with ImageCache(Path(sys.argv[1]), "encoder", 6) as cache:
    for start in range(first, first + count, 4):
        cache.add({
            FileKey(f"/pictures/{number:06d}.jpg", 1_000 + number, number, number): CacheEntry(
                number.to_bytes(16, "big"), np.full(6, number % 1000, np.float16), thumbnail,
                perceptual_hash=number,
            )
            for number in range(start, start + 4)
        })
        print(start, flush=True)
    assert cache.notice == "", cache.notice
"""


def test_programs_that_write_at_once_lose_nothing_and_one_may_be_killed(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    count = 1_200

    def start(first: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WRITER, str(folder), str(first), str(count), JPEG.hex()]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    # Two have half of their images in common.
    one, other, killed = start(0), start(count // 2), start(10_000)
    assert killed.stdout is not None
    for _ in range(40):
        last = int(killed.stdout.readline())
    killed.kill()
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(20_000, 20_400))
        for process in (one, other, killed):
            process.communicate(timeout=60)
        assert (one.returncode, other.returncode) == (0, 0)
        cache.tidy()
        assert cache.notice == ""
        expected = range(count + count // 2)
        assert embedded(cache, expected) == list(expected)
        assert with_thumbnail(cache, range(400)) == list(range(400))
        assert len(embedded(cache, range(20_000, 20_400))) == 400
        # Where the others were always in the way, much of its own still waited.
        assert len(embedded(cache, range(10_000, last))) > 0
    for name in NAMES:
        with sqlite3.connect(folder / name) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()


def test_a_program_in_the_middle_of_writing_keeps_nobody_waiting(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(10))
        holder = sqlite3.connect(folder / NAMES[0], isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with ImageCache(folder, "encoder", SIZE) as later:
            assert later.notice == ""
            assert len(embedded(later, range(10))) == 10
            fill(later, range(10, 20))
            assert embedded(later, range(10, 20)) == []
            holder.execute("ROLLBACK")
            holder.close()
            later.tidy()
            assert later.notice == ""
            assert len(embedded(cache, range(20))) == 20


def test_a_program_that_writes_for_ever_costs_the_cache_and_no_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    monkeypatch.setattr(cache_database, "_MOST_LATER_BYTES", 100_000)
    heard: list[Sentence] = []
    with ImageCache(folder, "encoder", SIZE) as cache:
        cache.listen(heard.append)
        holder = sqlite3.connect(folder / NAMES[0], isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        # Its own thread waits for its turn meanwhile, and has the lock for that.
        with cache._database._write_lock:
            writing = threading.Thread(target=fill, args=(cache, range(20), LARGE))
            writing.start()
            writing.join(30)
            assert not writing.is_alive()
        assert [text for text in heard if "keeps the cache" in text] == heard != []
        holder.execute("ROLLBACK")
        holder.close()
        fill(cache, range(20, 30))
        cache.tidy()
        assert len(embedded(cache, range(20, 30))) == 10


def test_a_damaged_cache_is_not_pulled_away_from_under_another_program(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(400), LARGE)
    with ImageCache(folder, "encoder", SIZE) as healthy:
        assert len(embedded(healthy, range(10))) == 10
        path = folder / NAMES[0]
        before = path.stat().st_ino
        with path.open("r+b") as file:
            file.write(b"no database at all")
        with ImageCache(folder, "encoder", SIZE) as other:
            assert "Could not open the cache" in other.notice
            other.add({key(1): entry(1)})  # In memory, for this run.
            assert embedded(other, range(2)) == [1]
        assert path.stat().st_ino == before
    with ImageCache(folder, "encoder", SIZE) as alone:
        assert alone.notice == ""
        assert embedded(alone, range(400)) == []
        fill(alone, range(5))
    with ImageCache(folder, "encoder", SIZE) as again:
        assert len(embedded(again, range(5))) == 5


def test_encoders_of_one_program_share_a_cache_and_begin_it_again_together(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first = ImageCache(folder, "first", SIZE)
    fill(first, range(400), LARGE)
    first.close()
    for name in NAMES:
        path = folder / name
        whole = path.read_bytes()
        path.write_bytes(whole[:4096] + b"\xaa" * (len(whole) - 4096))
    first = ImageCache(folder, "first", SIZE)
    second = first.beside("second", SIZE)
    assert embedded(second, range(400)) == []
    fill(second, range(3))
    first.close()
    first.close()  # Twice is once.
    assert embedded(second, range(3)) == [0, 1, 2]
    assert second.notice == ""
    second.close()


@pytest.mark.skipif(os.name == "nt", reason="open files cannot be deleted on Windows")
def test_a_cache_deleted_while_it_is_open_is_begun_again(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        for number in range(3):
            fill(cache, range(10 * number, 10 * number + 10))
            with ImageCache(folder, "encoder", SIZE) as other:
                assert len(embedded(other, range(10 * number, 10 * number + 10))) == 10
            if number == 1:
                (folder / NAMES[1]).unlink()
            else:
                shutil.rmtree(folder)
        assert cache.notice == ""


def test_caches_of_other_formats_are_left_alone_and_one_before_goes_when_nobody_has_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    newer = folder / "images-5.sqlite"
    newer.write_bytes(b"something that only a later version understands")
    older = sqlite3.connect(folder / "images.sqlite", isolation_level=None)
    older.execute("PRAGMA journal_mode = WAL")
    older.execute("CREATE TABLE files (path TEXT)")
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(3))
        cache.tidy()
        assert (folder / "images.sqlite").exists()
        older.execute("INSERT INTO files VALUES ('still in use')")
        older.close()
        cache.tidy()
        assert not (folder / "images.sqlite").exists()
        assert len(embedded(cache, range(3))) == 3
    assert newer.read_bytes() == b"something that only a later version understands"


def test_a_cache_that_a_program_has_open_is_emptied_but_not_moved(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(200), LARGE)
        if os.name != "nt":
            with pytest.raises(EngineError, match="Another program has the cache"):
                list(move_cache(folder, tmp_path / "elsewhere"))
        assert len(embedded(cache, range(200))) == 200
        assert cache._database.room().file_bytes > 3_000_000
        list(clean_cache(folder))
        assert cache_size(folder) < 1_000_000
        assert embedded(cache, range(200)) == []
        fill(cache, range(200, 210))
        assert len(embedded(cache, range(200, 210))) == 10
        assert cache.notice == ""
    keep_limit(folder, 2_000_000_000)
    list(move_cache(folder, tmp_path / "elsewhere"))
    assert kept_limit(tmp_path / "elsewhere") == 2_000_000_000
    with ImageCache(tmp_path / "elsewhere", "encoder", SIZE) as cache:
        assert len(embedded(cache, range(200, 210))) == 10


# --- The limit ------------------------------------------------------------------------------------


def test_above_the_limit_the_oldest_goes_thumbnails_first_and_the_files_shrink(
    tmp_path: Path, hour: list[int], small_limits: None
) -> None:
    folder = tmp_path / "cache"
    keep_limit(folder, 50_000_000)
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(200), LARGE)
        hour[0] += 30
        fill(cache, range(200, 400), LARGE)
        hour[0] -= 1_000  # The clock is set back: no matter.
        fill(cache, range(400, 600), LARGE)
        assert len(embedded(cache, range(100))) == 100  # Used again now, so as good as new.
        cache.tidy()
        before = on_disk(folder)
        assert before > 12_000_000
        keep_limit(folder, 10_500_000)
        cache.tidy()
        assert with_thumbnail(cache, range(100, 200)) == []
        assert len(with_thumbnail(cache, range(100))) == 100
        assert len(with_thumbnail(cache, range(400, 600))) == 200
        assert 0 < len(with_thumbnail(cache, range(200, 400))) < 200
        assert len(embedded(cache, range(600))) == 600  # Worth more than thumbnails, and smaller.
        assert on_disk(folder) <= 10_500_000
        assert cache.notice == ""
        cache.tidy()  # What was looked at is stamped while it is still this hour.
        hour[0] += 1
        keep_limit(folder, 250_000)  # Now embeddings go as well.
        fill(cache, range(900, 905))
        cache.tidy()
        assert len(embedded(cache, range(600))) < 600
        assert len(embedded(cache, range(900, 905))) == 5
        assert on_disk(folder) <= 450_000  # What is new stays, and a large page or two are begun.


def test_what_is_in_use_stays_and_the_rest_is_not_kept(
    tmp_path: Path, hour: list[int], small_limits: None
) -> None:
    folder = tmp_path / "cache"
    keep_limit(folder, 2_000_000)
    with ImageCache(folder, "encoder", SIZE) as cache:
        for start in range(0, 1_000, 50):  # A folder larger than the limit, in one go.
            fill(cache, range(start, start + 50), LARGE)
            cache.tidy()
        kept = embedded(cache, range(1_000))
        assert kept == list(range(len(kept)))
        assert 50 < len(kept) < 200
        assert on_disk(folder) < 4_000_000
        hour[0] += 1
        fill(cache, range(2_000, 2_010), LARGE)
        cache.tidy()
        fill(cache, range(2_010, 2_020), LARGE)
        assert len(embedded(cache, range(2_010, 2_020))) == 10
        assert on_disk(folder) < 3_000_000


def test_that_the_limit_is_reached_is_told_once_each(
    tmp_path: Path, hour: list[int], small_limits: None
) -> None:
    folder = tmp_path / "cache"
    keep_limit(folder, 2_000_000)
    heard: list[Sentence] = []
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(50), LARGE)
        cache.tidy()
        cache.listen(heard.append)
        assert heard == []
        for start in range(50, 400, 50):
            fill(cache, range(start, start + 50), LARGE)
            cache.tidy()
        (full,) = heard
        assert str(folder) in full
        assert "at its limit of 2.0 MB with what is in use now" in full
        for _ in range(2):
            hour[0] += 1
            fill(cache, range(2_000, 2_010), LARGE)
            cache.tidy()
        assert len(heard) == 2
        assert "reached its limit of 2.0 MB; what was used longest ago goes first" in heard[1]
        assert cache.notice == ""


def test_embeddings_of_an_encoder_that_nobody_uses_any_more_go_before_others(
    tmp_path: Path, hour: list[int], small_limits: None
) -> None:
    folder = tmp_path / "cache"
    with (
        ImageCache(folder, "shipped", 640) as shipped,
        ImageCache(folder, "tuned", 640) as tuned,
    ):
        numbers = range(1_000)
        for number in numbers:
            vector = np.full(640, number, np.float16)
            tuned.add({key(number): CacheEntry(content(number), vector, None)})
        hour[0] += 1
        for number in numbers:
            vector = np.full(640, number, np.float16)
            shipped.add({key(number): CacheEntry(content(number), vector, None)})
        shipped.tidy()
        keep_limit(folder, int(0.9 * on_disk(folder)))
        shipped.tidy()
        keys = [key(number) for number in numbers[:500]]
        ours = shipped.find_many(keys, with_thumbnails=False).values()
        theirs = tuned.find_many(keys, with_thumbnails=False).values()
        assert all(found.embedding is not None for found in ours)
        assert all(found.embedding is None for found in theirs)


def test_what_waits_for_our_own_tidying_is_no_other_program(
    tmp_path: Path, hour: list[int], small_limits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    keep_limit(folder, 50_000_000)
    monkeypatch.setattr(cache_database, "_TIDY_BYTES", 1 << 40)  # Where it is asked for, alone.
    made: list[int] = []
    vacuum_step = cache_database.vacuum_step

    def slow_step(connection: sqlite3.Connection, generation: int) -> None:
        vacuum_step(connection, generation)
        if len(made) < 8:
            made.append(1_000 + len(made))
            some = range(made[-1], made[-1] + 1)
            writing = threading.Thread(target=fill, args=(cache, some, LARGE))
            writing.start()
            writing.join(30)

    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(600), LARGE)
        hour[0] += 1
        monkeypatch.setattr(cache_database, "_PATIENCE_S", 0.0)
        monkeypatch.setattr(cache_database, "_MOST_LATER_BYTES", 100_000)
        monkeypatch.setattr(cache_database, "vacuum_step", slow_step)
        keep_limit(folder, 3_000_000)
        cache.tidy()
        assert len(made) == 8
        assert cache.notice == ""
        assert embedded(cache, range(1_000, 1_008)) == made


def test_names_by_which_contents_were_met_once_are_forgotten(
    tmp_path: Path, hour: list[int], small_limits: None
) -> None:
    folder = tmp_path / "cache"
    keep_limit(folder, 900_000)
    with ImageCache(folder, "encoder", SIZE) as cache:
        for turn in range(40):  # The same hundred images, renamed again and again.
            hour[0] += 1
            cache.add(
                {
                    FileKey(f"/turn {turn}/{number:0200d}.jpg", 1, 1, 1): entry(number)
                    for number in range(100)
                }
            )
        cache.tidy()
        assert on_disk(folder) <= 900_000
        latest = [FileKey(f"/turn 39/{number:0200d}.jpg", 1, 1, 1) for number in range(100)]
        assert len(cache.find_many(latest, with_thumbnails=True)) == 100


def test_a_limit_chosen_lower_holds_at_once_for_what_is_in_use_too(
    tmp_path: Path, small_limits: None
) -> None:
    folder = tmp_path / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(300), LARGE)
        keep_limit(folder, 3_000_000)
        steps = list(shrink_cache(folder))
        assert steps[-1].done > 0
        assert all(step.done <= step.total for step in steps)
        assert on_disk(folder) <= 3_000_000
        assert len(embedded(cache, range(300))) == 300
        assert 0 < len(with_thumbnail(cache, range(300))) < 200
    assert list(shrink_cache(tmp_path / "nowhere")) == []


def test_the_limit_suits_the_disk_unless_one_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_with(free: int) -> None:
        usage = shutil.disk_usage(tmp_path)._replace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    disk_with(900_000_000_000)
    assert limit_in_force(tmp_path, 0) == cache_limit.DEFAULT_LIMIT_BYTES
    disk_with(6_000_000_000)
    assert limit_in_force(tmp_path, 2_000_000_000) == 4_000_000_000
    keep_limit(tmp_path, 50_000_000_000)
    assert kept_limit(tmp_path) == 50_000_000_000
    assert limit_in_force(tmp_path, 2_000_000_000) == 7_000_000_000  # A gigabyte stays free.
    disk_with(0)
    assert limit_in_force(tmp_path, 500) == 0
    keep_limit(tmp_path, 5)
    assert kept_limit(tmp_path) == cache_limit.SMALLEST_LIMIT_BYTES
    (tmp_path / cache_limit.LIMIT_FILE).write_bytes(b"\xffmuch" * 1_000)
    assert kept_limit(tmp_path) is None
    assert not has_limit(tmp_path)  # It says nothing.
    keep_limit(tmp_path, 200_000_000)
    assert has_limit(tmp_path)
    keep_limit(tmp_path, None)
    assert kept_limit(tmp_path) is None
    assert has_limit(tmp_path)
    forget_limit(tmp_path)
    assert not has_limit(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_or_turns_read_only_costs_the_cache_alone(
    small_disk: Path, small_limits: None
) -> None:
    folder = small_disk / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(10))
        keep_limit(folder, 100_000_000)  # More than there is.
        fill(cache, range(10, 300), LARGE)
        cache.tidy()
        fill(cache, range(300, 310))
        assert embedded(cache, range(10)) == list(range(10))
        assert len(embedded(cache, range(310))) < 200
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with ImageCache(folder, "encoder", SIZE) as cache:
        assert "read-only" in cache.notice
        fill(cache, range(5))
        assert len(embedded(cache, range(5))) == 5


def test_a_cache_without_a_place_on_disk_takes_little_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_database, "_MEMORY_BYTES", 2_000_000)
    monkeypatch.setattr(cache_database, "_TIDY_BYTES", 200_000)
    (tmp_path / "file").write_text("in the way")
    with ImageCache(tmp_path / "file" / "cache", "encoder", SIZE) as cache:
        for start in range(0, 2_000, 50):
            fill(cache, range(start, start + 50), LARGE)
            cache.tidy()
        assert cache._database.room().file_bytes < 4_000_000
        assert len(embedded(cache, range(50))) == 50


def test_many_threads_use_one_cache_at_once(tmp_path: Path) -> None:
    wrong: list[object] = []
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:

        def work(first: int) -> None:
            try:
                for start in range(first, first + 200, 10):
                    fill(cache, range(start, start + 10))
                    embedded(cache, range(first, start + 10))
                    cache.find_content(content(start))
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=work, args=(1_000 * n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        cache.tidy()
        for thread in threads:
            thread.join()
        cache.tidy()
        assert wrong == []
        for first in range(0, 4_000, 1_000):
            assert len(embedded(cache, range(first, first + 200))) == 200


# --- Files that are not what they were ------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows tells no program when a file was changed")
def test_a_file_changed_under_its_name_with_its_time_set_back_is_not_taken_for_itself(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"one")
    before = FileKey.of(path)
    assert before is not None
    while (after := FileKey.of(path)) == before:
        # The clock by which files are given times ticks some 250 times a second.
        path.write_bytes(b"two")
        os.utime(path, ns=(0, before.modified_ns))
    assert after is not None
    assert (after.size_bytes, after.modified_ns) == (before.size_bytes, before.modified_ns)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({before: entry(1)})
        assert cache.find(before) is not None
        assert cache.find(after) is None


def test_a_file_as_young_as_its_times_are_coarse_is_known_by_its_content_only(
    tmp_path: Path,
) -> None:
    second = 1_000_000_000
    now = 1_700_000_000 * second
    fresh = FileKey("/stick/a.jpg", 1, now, now, now + second)
    older = FileKey("/stick/b.jpg", 1, now, now, now + 3 * second)
    fine = FileKey("/disk/c.jpg", 1, now + 7, now + 7, now + second)
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({fresh: entry(1), older: entry(2), fine: entry(3)})
        assert cache.find(fresh) is None
        assert cache.find_content(content(1)) is not None
        assert cache.find(older) is not None
        assert cache.find(fine) is not None


def test_times_of_another_age_are_cached_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"1")
    try:
        os.utime(path, ns=(0, 10**19))
    except (OSError, OverflowError):
        pytest.skip("this file system does not know that year")
    found = FileKey.of(path)
    assert found is not None
    with ImageCache(tmp_path / "cache", "encoder", SIZE) as cache:
        cache.add({found: entry(1)})
        assert cache.find(found) is not None


# --- Files that are meant to harm -----------------------------------------------------------------


def test_what_somebody_put_into_the_file_is_not_run(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(3))
    with sqlite3.connect(folder / NAMES[0]) as database:
        database.execute(
            "CREATE TRIGGER harm AFTER INSERT ON embeddings BEGIN DELETE FROM embeddings; END"
        )
    database.close()
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(3, 6))
        assert len(embedded(cache, range(6))) == 3  # Begun again, without it.
        assert cache.notice == ""


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE embeddings SET embedding = zeroblob(20000000)",
        "UPDATE embeddings SET embedding = zeroblob(16)",  # The length is right, the check is not.
        "UPDATE embeddings SET embedding = 'aaaaaaaaaaaaaaaa'",
        "UPDATE embeddings SET embedding = NULL",
        "UPDATE thumbs.thumbnails SET jpeg = zeroblob(20000000)",
        "UPDATE thumbs.thumbnails SET jpeg = 'text'",
        "UPDATE thumbs.thumbnails SET content = x'00'",
        "UPDATE contents SET content = 'text ' || id",
        "UPDATE contents SET content = randomblob(1000), used = 'when'",
        "UPDATE contents SET perceptual_hash = 'text', taken_s = zeroblob(9)",
        "UPDATE files SET content_id = 99, size_bytes = 'large'",
        "UPDATE contents SET used = 1e300; UPDATE state SET generation = 9e18",
        "UPDATE contents SET id = -id",
        "DELETE FROM state",
        "PRAGMA application_id = 7",
    ],
)
def test_rows_that_say_something_else_are_not_believed(tmp_path: Path, statement: str) -> None:
    folder = tmp_path / "cache"
    with ImageCache(folder, "encoder", SIZE) as cache:
        fill(cache, range(1, 3))
    with sqlite3.connect(folder / NAMES[0]) as database:
        database.execute("ATTACH ? AS thumbs", (str(folder / NAMES[1]),))
        database.executescript(statement)
    database.close()
    with ImageCache(folder, "encoder", SIZE) as cache:
        known = cache.find_many([key(1), key(2)], with_thumbnails=True)
        for number in (1, 2):
            found = known.get(key(number).path) or entry(number)
            assert found.embedding is None or set(found.embedding.tolist()) == {number}
            assert found.thumbnail in (None, JPEG)
            assert found.perceptual_hash in (0, number)
            assert found.taken_s is None
        cache.find_content(content(1))
        cache.tidy()
        fill(cache, range(1, 3))
        cache.tidy()


def test_a_thumbnail_that_would_decode_to_much_is_none() -> None:
    assert is_thumbnail(JPEG)
    frame = JPEG.index(b"\xff\xc0")
    huge = JPEG[: frame + 5] + b"\xff\xff\xff\xff" + JPEG[frame + 9 :]
    assert not is_thumbnail(huge)
    for blob in (None, "text", b"", b"\xff\xd8", JPEG[: frame + 6], b"GIF89a" + JPEG, LARGE[2:]):
        assert not is_thumbnail(blob)
    assert not is_thumbnail(b"\xff\xd8" + b"\xff\xe0\x00\x00" * 10_000)

"""A watched folder: what counts as come, whole, changed and gone; and the thread that watches."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.messages import FoundFile
from engine.watching.folder import FolderWatch, Look
from engine.watching.watcher import FolderWatcher


class Watched:
    """A folder and a clock that the test moves on."""

    def __init__(self, folder: Path, passed_over: Iterable[Path] = ()) -> None:
        self.folder = folder
        self.now_s = 0.0
        self.watch = FolderWatch(folder, passed_over=passed_over, clock=lambda: self.now_s)

    def write(self, name: str, content: bytes = b"x", at_s: int = 1_000) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at_s, at_s))
        return path

    def after(self, seconds: float) -> Look:
        """The next look, so much later."""
        self.now_s += seconds
        return self.watch.look()

    def arrived(self, seconds: float = 1.0) -> list[str]:
        return [file.name for file in self.after(seconds).arrived]


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    folder = tmp_path / "watched"
    folder.mkdir()
    return Watched(folder)


def test_an_image_is_told_once_when_it_has_stayed_for_a_second(watched: Watched) -> None:
    assert watched.after(0) == Look()
    watched.write("b.jpg", b"12345", at_s=2_000)
    watched.write("a.PNG")
    watched.write("notes.txt")
    watched.write(".hidden.jpg")
    assert watched.after(0.5) == Look()
    assert watched.watch.n_settling == 2
    assert watched.after(0.5) == Look()
    assert watched.after(0.5).arrived == (
        FoundFile("a.PNG", 1, 1_000_000_000_000),
        FoundFile("b.jpg", 5, 2_000_000_000_000),
    )
    assert watched.arrived() == watched.arrived(60) == []


def test_what_still_grows_or_is_renamed_at_its_end_waits(watched: Watched) -> None:
    path = watched.write("slow.jpg")
    watched.write("other.jpg.part")
    assert watched.arrived(0) == []
    for number in range(5):
        path.write_bytes(b"x" * (number + 2))
        assert watched.arrived(0.9) == []
    assert watched.arrived(0.9) == []
    assert watched.arrived(0.9) == ["slow.jpg"]
    (watched.folder / "other.jpg.part").rename(watched.folder / "other.jpg")
    assert watched.arrived() == []
    assert watched.arrived() == ["other.jpg"]


def test_a_file_that_goes_before_it_is_whole_was_never_there(watched: Watched) -> None:
    watched.write("a.jpg")
    watched.after(0)
    (watched.folder / "a.jpg").unlink()
    assert watched.after(2) == Look()
    assert watched.after(60) == Look()
    assert watched.watch.n_settling == 0


def test_new_folders_are_looked_into_however_deep(watched: Watched) -> None:
    watched.after(0)
    watched.write("x/y/z/deep.jpg")
    watched.write("x/top.jpg")
    assert watched.arrived() == []
    assert watched.arrived() == ["x/top.jpg", "x/y/z/deep.jpg"]
    shutil.rmtree(watched.folder / "x" / "y")
    assert watched.after(1) == Look((), ("x/y/z/deep.jpg",))
    shutil.rmtree(watched.folder / "x")
    assert watched.after(1) == Look((), ("x/top.jpg",))


def test_changed_and_deleted_files_are_told(watched: Watched) -> None:
    watched.write("a.jpg")
    watched.write("b.jpg")
    watched.after(0)
    assert watched.arrived() == ["a.jpg", "b.jpg"]
    watched.write("a.jpg", b"other", at_s=5_000)
    (watched.folder / "b.jpg").unlink()
    assert watched.after(2).gone == ("b.jpg",)
    assert watched.after(1).arrived == (FoundFile("a.jpg", 5, 5_000_000_000_000),)
    watched.write("b.jpg")  # It is back, as it was: it may be another all the same.
    assert watched.arrived() == []
    assert watched.arrived() == ["b.jpg"]


def test_a_folder_that_goes_takes_nothing_with_it_until_it_is_back(watched: Watched) -> None:
    watched.write("a.jpg")
    watched.after(0)
    assert watched.arrived() == ["a.jpg"]
    away = watched.folder.with_name("away")
    watched.folder.rename(away)
    assert watched.after(1) == Look(is_there=False)
    assert watched.after(60) == Look(is_there=False)
    away.rename(watched.folder)
    watched.write("b.jpg")
    assert watched.after(1) == Look()
    assert watched.after(1).arrived == (FoundFile("b.jpg", 1, 1_000_000_000_000),)


def test_what_is_known_is_told_only_when_it_has_changed_or_gone(watched: Watched) -> None:
    for name in ("same.jpg", "sub/same.jpg", "changed.jpg"):
        watched.write(name)
    known = [FoundFile(name, 1, 1_000_000_000_999) for name in ("same.jpg", "sub/same.jpg")]
    known += [FoundFile("changed.jpg", 2, 10**12), FoundFile("gone/far/a.jpg", 1, 10**12)]
    watched.watch.know(known)
    look = watched.after(0)
    assert look.gone == ("gone/far/a.jpg",)
    assert watched.arrived() == ["changed.jpg"]
    assert watched.arrived(60) == []


def test_some_folders_are_passed_over(watched: Watched, tmp_path: Path) -> None:
    other = Watched(watched.folder, [watched.folder / "sorted"])
    other.write("sorted/fox/a.jpg")
    other.write("a.jpg")
    other.after(0)
    assert other.arrived() == ["a.jpg"]


def test_an_unreadable_image_is_told_again_some_times_at_growing_distances(
    watched: Watched,
) -> None:
    watched.write("a.jpg")
    watched.after(0)
    (file,) = watched.after(1).arrived
    for wait_s in (2, 4, 8):
        assert watched.watch.try_again(file)
        assert watched.arrived(wait_s - 0.5) == []
        assert watched.arrived(0.5) == ["a.jpg"]
    assert not watched.watch.try_again(file)
    assert watched.arrived(60) == []
    watched.write("a.jpg", b"whole now")
    watched.after(60)
    assert watched.arrived() == ["a.jpg"]


def test_a_look_that_takes_long_is_taken_seldom(watched: Watched) -> None:
    def slow() -> float:
        watched.now_s += 0.05
        return watched.now_s

    watch = FolderWatch(watched.folder, clock=slow)
    watch.look()  # At all files; that has a share of its own.
    assert watch.wait_s == 0.5
    watched.now_s += 1
    watch.look()
    assert watch.wait_s == pytest.approx(1.5)
    watched.write("a.jpg")
    watched.now_s += 2
    watch.look()  # What settles is looked at all the same.
    assert watch.wait_s == 0.5
    for _ in range(2):
        watched.now_s += 0.5
        found = watch.look().arrived
    assert [file.name for file in found] == ["a.jpg"]


def test_the_thread_tells_what_is_new_and_whether_the_folder_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "known.jpg").write_bytes(b"x")
    status = (folder / "known.jpg").stat()
    known = [FoundFile("known.jpg", status.st_size, status.st_mtime_ns)]
    looks: list[Look] = []
    told = threading.Semaphore(0)

    def tell(look: Look) -> None:
        looks.append(look)
        told.release()

    watcher = FolderWatcher(folder, lambda: known, tell)
    assert told.acquire(timeout=30)
    assert looks == [Look()]
    (folder / "new.jpg").write_bytes(b"x")
    assert told.acquire(timeout=30)
    assert [file.name for file in looks[-1].arrived] == ["new.jpg"]
    folder.rename(tmp_path / "away")
    assert told.acquire(timeout=30)
    assert looks[-1] == Look(is_there=False)
    (tmp_path / "away").rename(folder)
    assert told.acquire(timeout=30)
    assert looks[-1] == Look()
    watcher.close()
    assert len(looks) == 4

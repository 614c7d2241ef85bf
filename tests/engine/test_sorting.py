"""Sorting into folders: names, plans, carrying out, kills, undo."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli.commands import main as command_line
from engine.cli.sort import sort_results
from engine.errors import EngineError, ExportError
from engine.images import find_images
from engine.interchange.records import Record, Results
from engine.interchange.sorting import carrying, placing, trust
from engine.interchange.sorting.journal import JOURNAL_NAME, Journal, has_unfinished
from engine.interchange.sorting.names import NONE, UNSURE, folder_names, name_key
from engine.interchange.sorting.plan import Planned
from engine.jobs.embedding import scan_folder
from engine.jobs.sorting import carry_out, planned, resume_sorting, undo_sorting
from engine.messages import (
    NONE_NAME,
    Event,
    FilesFound,
    FilesMoved,
    FilesSorted,
    FoundFile,
    ImageId,
    ImageRef,
    Progress,
    ResumeSorting,
    ScanFolder,
    SortChoice,
    SortHow,
    UndoSorting,
)
from engine.project import Change, Project

CLASSES = ("fox", "elk")


def write(folder: Path, names: Sequence[str]) -> None:
    """Files with different bytes and times."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{name} {number}".encode() * 10)
        os.utime(path, ns=(10**18 + number, 10**18 + 7 * number))


def results(
    folder: Path,
    said: Mapping[str, str | float | None],
    classes: Sequence[str] = CLASSES,
    none: Sequence[str] = (),
    unreadable: Sequence[str] = (),
) -> Results:
    """By name: the person's label, or the probability of the first class."""

    def record(number: int, name: str, what: str | float | None) -> Record:
        image = ImageRef(ImageId(number + 1), folder / name, name)
        if name in unreadable:
            return Record(image, failure="the file is empty")
        if isinstance(what, str):
            return Record(image, what)
        rest = np.full(len(classes), (1 - (what or 0)) / (len(classes) - 1), np.float32)
        rest[0] = what or 0
        return Record(image, None, rest, 0.9 if name in none else 0.1)

    records = [record(number, *item) for number, item in enumerate(sorted(said.items()))]

    def chunks() -> Iterator[Sequence[Record]]:
        for start in range(0, len(records), 100):
            yield records[start : start + 100]

    return Results(folder, tuple(classes), tuple(classes), "id", len(records), chunks)


def plan(found: Results, choice: SortChoice) -> Planned:
    steps = planned(found, choice, None, 1)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            value: Planned = stop.value
            return value


def sort(found: Results, choice: SortChoice) -> FilesSorted:
    made = plan(found, choice)
    assert not made.problem
    return ended(carry_out(made.plan, 1))


def ended(steps: Iterator[Event | None]) -> FilesSorted:
    (event,) = [event for event in steps if isinstance(event, FilesSorted)]
    return event


def undo(target: Path) -> FilesSorted:
    return ended(undo_sorting(UndoSorting(2, target)))


def resume(target: Path) -> FilesSorted:
    return ended(resume_sorting(ResumeSorting(3, target)))


def tree(folder: Path, *, with_times: bool = True) -> dict[str, tuple[str, int]]:
    """Every path below a folder with its bytes' hash and time; folders and the journal's bytes
    count by their names alone."""
    found = {}
    for path in sorted(folder.rglob("*")):
        is_plain = path.is_file() and path.name != JOURNAL_NAME
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if is_plain else ""
        time_ns = path.stat().st_mtime_ns if is_plain and with_times else 0
        found[path.relative_to(folder).as_posix()] = (digest, time_ns)
    return found


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    write(folder, ["a.jpg", "b.jpg", "site_A/cam1/a.jpg", "site_A/c.jpg", "site_B/d.jpg"])
    return folder


SAID = {
    "a.jpg": "fox",
    "b.jpg": 0.9,
    "site_A/cam1/a.jpg": 0.8,
    "site_A/c.jpg": 0.55,
    "site_B/d.jpg": NONE_NAME,
}


# --- Names ---------------------------------------------------------------------------------------


HOSTILE = [
    *("fox", "CON", "con.txt", "Lpt1", "..", ".", "../up", "a/b", "a\\b", "c:", "tail. ", "tail"),
    *("new\nline", "nul\0", "=1+1", '"quoted"', "ri\u202eght", "right", "é" * 200, "é" * 199),
    *("_unsure", "_None_of_these", ".hidden", "", "   ", "e\u0301", "ß", "SS", "\ud800", "COM¹"),
]


def test_folders_of_hostile_classes_are_safe_and_unlike() -> None:
    made = folder_names(HOSTILE)
    assert list(made) == HOSTILE
    keys = {name_key(folder) for folder in made.values()}
    assert len(keys) == len(HOSTILE)
    assert not keys & {name_key(UNSURE), name_key(NONE)}
    for folder in made.values():
        assert folder
        assert not folder.startswith(".")
        assert not folder.endswith((".", " "))
        assert not set(folder) & set('<>:"/\\|?*\n\0\u202e')
        assert len(folder.encode()) < 160
        assert folder.partition(".")[0].upper() not in {"CON", "LPT1", "COM¹", "NUL"}
    assert made["fox"] == "fox"
    assert made["right"] == "right"  # The one that needed no change keeps its name.
    assert made["=1+1"] == "=1+1"
    assert folder_names(HOSTILE[::-1])["tail"] == "tail"


def test_folders_of_hostile_classes_can_be_made(tmp_path: Path) -> None:
    for folder in folder_names(HOSTILE).values():
        (tmp_path / folder).mkdir()
    assert len(list(tmp_path.iterdir())) == len(HOSTILE)


# --- The plan ------------------------------------------------------------------------------------


def test_a_plan_says_where_all_would_go_and_touches_nothing(images: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    found = plan(results(images, SAID), SortChoice(tmp_path / "out", unsure_below=0.6))
    assert tree(tmp_path) == before
    assert not found.problem
    assert {item.target for item in found.plan.files} == {
        "fox/a.jpg",
        "fox/b.jpg",
        "fox/site_A/cam1/a.jpg",
        "_unsure/site_A/c.jpg",
        "_none_of_these/site_B/d.jpg",
    }
    counts = {folder.folder: folder.n_images for folder in found.plan.folders}
    assert counts == {"fox": 3, UNSURE: 1, NONE: 1}
    assert found.plan.folders[0].examples[0] == ("a.jpg", "fox/a.jpg")
    assert found.plan.bytes_needed == sum(path.stat().st_size for path in images.rglob("*.jpg"))
    assert found.plan.n_renamed == 0


def test_what_is_unlike_all_classes_and_what_cannot_be_read(images: Path, tmp_path: Path) -> None:
    made = results(images, SAID, none=["b.jpg"], unreadable=["site_A/c.jpg"])
    found = plan(made, SortChoice(tmp_path / "out"))
    assert "_none_of_these/b.jpg" in {item.target for item in found.plan.files}
    assert [(item.name, str(item.reason)) for item in found.left_out] == [
        ("site_A/c.jpg", "the file is empty")
    ]


def test_labelled_only(images: Path, tmp_path: Path) -> None:
    found = plan(results(images, SAID), SortChoice(tmp_path / "out", labelled_only=True))
    assert {item.target for item in found.plan.files} == {
        "fox/a.jpg",
        "_none_of_these/site_B/d.jpg",
    }


def test_flattened_names_do_not_collide_and_do_not_depend_on_the_order(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    names = ["a.jpg", "x/a.jpg", "x/A.JPG", "y/b.jpg", f"z/{'l' * 250}.jpg", f"w/{'l' * 250}.jpg"]
    write(folder, names)
    choice = SortChoice(tmp_path / "out", flatten=True)
    whole = plan(results(folder, dict.fromkeys(names, "fox")), choice).plan
    places = {item.source: item.target for item in whole.files}
    assert len({name_key(place) for place in places.values()}) == len(names)
    assert all(place.count("/") == 1 for place in places.values())
    assert all(len(Path(place).name.encode()) <= 255 for place in places.values())
    assert places[folder / "y/b.jpg"] == "fox/b.jpg"
    assert whole.n_renamed == 5
    fewer = [name for name in names if name != "a.jpg"]
    again = plan(results(folder, dict.fromkeys(fewer, "fox")), choice).plan
    assert {item.source: item.target for item in again.files} == {
        folder / name: places[folder / name] for name in fewer
    }
    assert ended(carry_out(whole, 1)).n_images == len(names)


def test_names_that_leave_the_folder_stay_below_it(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    write(folder, ["a.jpg"])
    write(tmp_path, ["a.jpg"])
    said = {"../a.jpg": "fox", "a.jpg": "fox", str(tmp_path / "a.jpg"): "fox"}
    found = plan(results(folder, said), SortChoice(tmp_path / "out"))
    assert len(found.plan.files) == 2
    assert [str(item.reason) for item in found.left_out] == ["it is listed under two names"]
    for item in found.plan.files:
        assert ".." not in item.target
        assert not item.target.startswith("/")


def test_what_cannot_be_done_is_said_before(images: Path, tmp_path: Path) -> None:
    found = results(images, SAID)
    assert "is a file" in plan(found, SortChoice(images / "a.jpg")).problem
    assert "no folder" in plan(found, SortChoice(tmp_path / "no" / "out")).problem
    for how in (SortHow.COPY, SortHow.LINK):
        assert "twice" in plan(found, SortChoice(images / "sorted", how)).problem
    assert not plan(found, SortChoice(images / "sorted", SortHow.MOVE)).problem
    nothing = plan(results(images, {"b.jpg": 0.9}), SortChoice(tmp_path, labelled_only=True))
    assert nothing.problem == "There is no image to sort."


def test_a_disk_that_is_too_full(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.interchange.sorting.plan._bytes_free", lambda _: 1000)
    choice = SortChoice(tmp_path / "out")
    assert "has 1.0 kB left" in plan(results(images, SAID), choice).problem
    link = SortChoice(tmp_path / "out", SortHow.LINK)
    assert not plan(results(images, SAID), link).problem


def test_hard_links_do_not_reach_another_disk(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.interchange.sorting.plan._device_of", lambda _: -2)
    found = plan(results(images, SAID), SortChoice(tmp_path / "out", SortHow.LINK))
    assert "another disk" in found.problem


def test_hard_links_that_the_disk_does_not_know_begin_nothing(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(results(images, SAID), SortChoice(tmp_path / "out", SortHow.LINK)).plan

    def link(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(ExportError, match="are not possible on these disks"):
        ended(carry_out(made, 1))
    assert not has_unfinished(tmp_path / "out")


# --- Carrying it out, and back -------------------------------------------------------------------


@pytest.mark.parametrize("how", list(SortHow))
@pytest.mark.parametrize("flatten", [False, True])
def test_undo_restores_every_byte_and_path(
    images: Path, tmp_path: Path, how: SortHow, flatten: bool
) -> None:
    before = tree(tmp_path)
    target = tmp_path / "out"
    done = sort(results(images, SAID), SortChoice(target, how, flatten, unsure_below=0.6))
    assert (done.n_images, done.n_left_out, done.is_undo) == (5, 0, False)
    placed = [path for path in target.rglob("*.jpg")]
    assert len(placed) == 5
    assert len(list(images.rglob("*.jpg"))) == (0 if how is SortHow.MOVE else 5)
    hashes = sorted(value for value in tree(target).values() if value[0])
    assert hashes == sorted(value for value in before.values() if value[0])  # Bytes and times.
    if how is SortHow.LINK:
        assert all(path.stat().st_nlink == 2 for path in placed)
    assert undo(target).n_images == 5
    assert tree(tmp_path) == before
    with pytest.raises(EngineError):
        undo(target)


def test_what_is_moved_is_told(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    made = plan(results(images, SAID), SortChoice(target, SortHow.MOVE)).plan
    moves = [
        move
        for event in carry_out(made, 1)
        if isinstance(event, FilesMoved)
        for move in event.moves
    ]
    assert (images / "a.jpg", target / "fox" / "a.jpg") in moves
    assert len(moves) == 5
    back = [
        move
        for event in undo_sorting(UndoSorting(2, target))
        if isinstance(event, FilesMoved)
        for move in event.moves
    ]
    assert sorted(back) == sorted((after, before) for before, after in moves)


def test_nothing_is_ever_written_over(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    write(target, ["fox/a.jpg", "FOX.txt", "fox/b.jpg/inside.txt"])
    before = tree(tmp_path)
    sort(results(images, SAID), SortChoice(target, SortHow.MOVE))
    after = tree(target)
    for name in ("fox/a.jpg", "FOX.txt", "fox/b.jpg/inside.txt"):
        assert after[name] == before[f"out/{name}"]
    undo(target)
    assert tree(tmp_path) == before


def test_what_appears_between_plan_and_work_is_left_alone(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    made = plan(results(images, SAID), SortChoice(target, SortHow.MOVE)).plan
    write(target, ["fox/a.jpg"])
    (images / "b.jpg").write_bytes(b"edited")
    (images / "site_A/c.jpg").unlink()
    done = ended(carry_out(made, 1))
    assert {item.name: str(item.reason) for item in done.left_out} == {
        "a.jpg": "there is something else of that name in the folder by now",
        "b.jpg": "it was changed after this was planned",
        "site_A/c.jpg": "it is not there any more",
    }
    assert done.n_images == 2
    assert undo(target).n_images == 2


def test_folders_that_are_there_are_used_and_kept(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    (target / "Fox").mkdir(parents=True)
    before = tree(tmp_path)
    sort(results(images, SAID), SortChoice(target))
    assert (target / "Fox" / "a.jpg").is_file()
    undo(target)
    assert tree(tmp_path) == before


def test_sorting_again_adds_only_what_is_new(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    for how in (SortHow.COPY, SortHow.LINK):
        sort(results(images, SAID), SortChoice(target, how, flatten=True))
        found = plan(results(images, SAID), SortChoice(target, how, flatten=True))
        assert (found.plan.n_there, found.plan.files, found.problem) == (5, (), "")
        undo(target)


def test_moving_in_place_does_not_nest(images: Path) -> None:
    before = tree(images)
    sort(results(images, SAID), SortChoice(images, SortHow.MOVE))
    assert (images / "fox/site_A/cam1/a.jpg").is_file()
    names = {path.relative_to(images).as_posix() for path in images.rglob("*.jpg")}
    again = plan(results(images, dict.fromkeys(names, "fox")), SortChoice(images, SortHow.MOVE))
    assert again.plan.n_there == 4
    assert [item.target for item in again.plan.files] == ["fox/site_B/d.jpg"]
    undo(images)
    assert tree(images) == before


def test_two_sortings_are_undone_one_after_the_other(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    before = tree(tmp_path)
    sort(results(images, SAID), SortChoice(target, labelled_only=True))
    between = tree(tmp_path)
    sort(results(images, SAID), SortChoice(target))
    undo(target)
    assert tree(tmp_path) == between
    undo(target)
    assert tree(tmp_path) == before


def test_sidecars_travel_with_what_is_moved(tmp_path: Path) -> None:
    folder, target = tmp_path / "images", tmp_path / "out"
    mine = ["a.jpg", "a.xmp", "a.jpg.xmp", "a.json", "x/a.jpg", "x/a.XMP"]
    write(folder, [*mine, "raw.jpg", "raw.CR2", "raw.xmp", "raw.jpg.xmp"])
    before = tree(tmp_path)
    said = dict.fromkeys(["a.jpg", "x/a.jpg", "raw.jpg"], "fox")
    done = sort(results(folder, said), SortChoice(target, SortHow.MOVE, flatten=True))
    assert done.n_images == 3
    placed = {path.name for path in target.rglob("*") if path.is_file()}
    stem = next(name for name in placed if name.endswith(".json")).removesuffix(".json")
    assert {f"{stem}.jpg", f"{stem}.xmp", f"{stem}.jpg.xmp", f"{stem}.json"} <= placed
    assert {path.name for path in folder.rglob("*") if path.is_file()} == {"raw.CR2", "raw.xmp"}
    undo(target)
    assert tree(tmp_path) == before


def test_links_are_not_moved(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    write(folder, ["a.jpg"])
    (folder / "b.jpg").symlink_to("a.jpg")
    said = {"a.jpg": "fox", "b.jpg": "fox"}
    found = plan(results(folder, said), SortChoice(tmp_path / "out", SortHow.MOVE))
    assert [item.name for item in found.left_out] == ["b.jpg"]
    sort(results(folder, said), SortChoice(tmp_path / "copies"))
    assert not (tmp_path / "copies/fox/b.jpg").is_symlink()
    assert undo(tmp_path / "copies").n_images == 2


def test_undo_leaves_alone_what_was_changed_since(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    sort(results(images, SAID), SortChoice(target))
    (target / "fox/a.jpg").write_bytes(b"edited")
    same_size = (target / "fox/b.jpg").read_bytes()[::-1]
    (target / "fox/b.jpg").write_bytes(same_size)
    (images / "site_A/c.jpg").unlink()  # Its copy is the only one now.
    (target / "fox/mine.txt").write_text("mine")
    done = undo(target)
    assert {item.name for item in done.left_out} == {
        "fox/a.jpg",
        "fox/b.jpg",
        "fox/site_A/c.jpg",
    }
    assert (done.n_images, done.n_left_out) == (2, 3)
    assert (target / "fox/a.jpg").read_bytes() == b"edited"
    assert (target / "fox/mine.txt").is_file()
    (target / "fox/a.jpg").unlink()  # Put right, it can be asked for again.
    assert undo(target).n_left_out == 2


def test_undo_of_a_move_leaves_alone_what_took_its_place(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    sort(results(images, SAID), SortChoice(target, SortHow.MOVE))
    (images / "a.jpg").write_bytes(b"another")
    (target / "fox/b.jpg").write_bytes(b"edited")
    done = undo(target)
    assert {item.name for item in done.left_out} == {"fox/a.jpg"}
    assert (images / "a.jpg").read_bytes() == b"another"
    assert (images / "b.jpg").read_bytes() == b"edited"  # Nothing is lost by that.
    assert (images / "site_A/cam1/a.jpg").is_file()


# --- Interrupted ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", list(SortHow))
def test_what_was_cancelled_is_gone_on_with(images: Path, tmp_path: Path, how: SortHow) -> None:
    before = tree(tmp_path)
    sort(results(images, SAID), SortChoice(tmp_path / "whole", SortHow.COPY))
    expected = tree(tmp_path / "whole")
    undo(tmp_path / "whole")
    target = tmp_path / "out"
    made = plan(results(images, SAID), SortChoice(target, how)).plan
    steps = carry_out(made, 1)
    next(event for event in steps if isinstance(event, Progress) and event.done)
    steps.close()  # type: ignore[attr-defined]
    assert has_unfinished(target)
    assert "interrupted" in plan(results(images, SAID), SortChoice(target, how)).problem
    with pytest.raises(ExportError, match="interrupted"):
        ended(carry_out(made, 1))
    assert resume(target).n_images == 5
    assert tree(target) == expected
    assert resume(target).n_images == 5  # Asked for once more, it is whole already.
    undo(target)
    assert tree(tmp_path) == before


class Killed(BaseException):
    """Stands in for a kill: from then on nothing reaches the disk."""


class Reaper:
    """Kills at the n-th step that changes the disk, whichever it is."""

    def __init__(self, patch: pytest.MonkeyPatch, last: int) -> None:
        self.n_steps = 0
        self._last = last
        for place, name in (
            (os, "link"),
            (os, "fsync"),
            (os, "sync"),
            (Path, "unlink"),
            (Path, "mkdir"),
        ):
            self._guard(patch, place, name)
        self._guard(patch, Journal, "_write")

    def _guard(self, patch: pytest.MonkeyPatch, place: object, name: str) -> None:
        real = getattr(place, name)

        def guarded(*arguments: object, **options: object) -> object:
            self.n_steps += 1
            if self.n_steps >= self._last:
                raise Killed
            return real(*arguments, **options)

        patch.setattr(place, name, guarded)


@pytest.mark.parametrize("how", list(SortHow))
def test_a_kill_at_any_step(images: Path, tmp_path: Path, how: SortHow) -> None:
    before = tree(tmp_path)
    target = tmp_path / "out"
    found = results(images, SAID)
    sort(found, SortChoice(target, how))
    whole = tree(target)
    undo(target)
    made = plan(found, SortChoice(target, how)).plan
    n_kills = 0
    for last in range(1, 500, 3):
        with pytest.MonkeyPatch.context() as patch:
            Reaper(patch, last)
            try:
                ended(carry_out(made, 1))
                break
            except Killed:
                n_kills += 1
        if not (target / JOURNAL_NAME).exists():
            continue
        with (target / JOURNAL_NAME).open("ab") as file:
            file.write(b'{"done": {"0": "", "1"' if last % 3 else b"")
        if has_unfinished(target) and last % 2:
            assert resume(target).n_images == 5
            assert tree(target) == whole
        try:
            undo(target)
        except ExportError:  # Killed before the plan was whole: nothing was touched.
            assert not list(target.rglob("*.jpg"))
        assert {path: value for path, value in tree(tmp_path).items() if path != "out"} == before
    assert 3 < n_kills < 99


@pytest.mark.parametrize("how", list(SortHow))
def test_a_kill_at_any_step_of_the_undo(images: Path, tmp_path: Path, how: SortHow) -> None:
    before = tree(tmp_path)
    target = tmp_path / "out"
    found = results(images, SAID)
    n_kills = 0
    for last in range(1, 500, 3):
        sort(found, SortChoice(target, how))
        with pytest.MonkeyPatch.context() as patch:
            Reaper(patch, last)
            try:
                undo(target)
                break
            except Killed:
                n_kills += 1
        if has_unfinished(target):
            assert resume(target).is_undo
        elif (target / JOURNAL_NAME).exists():
            try:
                undo(target)
            except ExportError:  # It was all undone, and the journal alone was left.
                assert not target.exists()
        assert {path: value for path, value in tree(tmp_path).items() if path != "out"} == before
    assert 3 < n_kills < 99


def test_a_kill_between_the_two_names_of_a_move(images: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    before = tree(images)
    made = plan(results(images, SAID), SortChoice(target, SortHow.MOVE)).plan
    with pytest.MonkeyPatch.context() as patch:

        def unlink(path: Path) -> None:
            raise KeyboardInterrupt

        patch.setattr(placing, "_unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            ended(carry_out(made, 1))
    assert (images / "a.jpg").samefile(target / "fox/a.jpg")
    assert resume(target).n_images == 5
    assert not (images / "a.jpg").exists()
    undo(target)
    assert tree(images) == before


def test_moving_to_another_disk_copies_checks_and_removes(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(images)
    link = os.link

    def cross(source: Path, place: Path, **options: bool) -> None:
        if (images in Path(source).parents) != (images in Path(place).parents):
            raise OSError(18, "Invalid cross-device link")
        link(source, place, **options)

    monkeypatch.setattr(os, "link", cross)
    target = tmp_path / "out"
    sort(results(images, SAID), SortChoice(target, SortHow.MOVE))
    assert not list(images.rglob("*.jpg"))
    undo(target)
    assert tree(images) == before
    assert not target.exists()


def test_a_disk_without_hard_links(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    before = tree(tmp_path)
    for how in (SortHow.COPY, SortHow.MOVE):
        sort(results(images, SAID), SortChoice(tmp_path / "out", how))
        assert len(list((tmp_path / "out").rglob("*.jpg"))) == 5
        undo(tmp_path / "out")
        assert tree(tmp_path) == before


def test_a_disk_that_runs_full_can_be_gone_on_with(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(results(images, SAID), SortChoice(tmp_path / "out")).plan
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(placing, "_pump", full)
        with pytest.raises(ExportError, match="the disk is full"):
            ended(carry_out(made, 1))
    assert resume(tmp_path / "out").n_images == 5
    assert not list((tmp_path / "out").glob("*.part"))


def test_only_one_at_a_time(images: Path, tmp_path: Path) -> None:
    made = plan(results(images, SAID), SortChoice(tmp_path / "out")).plan
    steps = carry_out(made, 1)
    next(steps)
    with pytest.raises(ExportError, match="at this moment"):
        resume(tmp_path / "out")
    steps.close()  # type: ignore[attr-defined]
    assert resume(tmp_path / "out").n_images == 5


def test_a_folder_into_which_nothing_was_sorted(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="Nothing was sorted"):
        undo(tmp_path)
    with pytest.raises(EngineError, match="There is no folder"):
        undo(tmp_path / "no")
    (tmp_path / JOURNAL_NAME).write_text('{"run": 1, "version": 99}\n{"run": 2}\n[]\nxx')
    with pytest.raises(ExportError, match="newer Handful"):
        undo(tmp_path)
    (tmp_path / JOURNAL_NAME).write_text('{"run": 2}\n')
    with pytest.raises(ExportError, match="is damaged"):
        undo(tmp_path)


def test_a_project_follows_what_is_moved(images: Path, tmp_path: Path) -> None:
    """Also out of its folder: labels and numbers stay, and a scan finds the images there."""
    project = Project.for_folder(images, tmp_path / "kept")
    project.add_images([found for found in find_images(images) if isinstance(found, FoundFile)])
    fox = project.new_class("fox")
    project.apply(Change("Add", {}, (fox,)))
    numbers = {record.name: record.image_id for record in project.images()}
    project.apply(project.relabel(numbers.values(), fox.class_id))
    labels = project.labels()
    for target in (images / "sorted", tmp_path / "out"):
        made = plan(results(images, SAID), SortChoice(target, SortHow.MOVE)).plan
        for event in carry_out(made, 1):
            if isinstance(event, FilesMoved):
                project.follow_moves(event.moves)
        project.mark_missing([numbers["b.jpg"]])  # As a scan does that is not told.
        assert all(project.path_of(record.name).is_file() for record in project.images())
        elsewhere = tuple(record.name for record in project.images())
        scan = list(scan_folder(ScanFolder(2, images, elsewhere)))
        found = {
            file.name for event in scan if isinstance(event, FilesFound) for file in event.files
        }
        assert found == set(elsewhere)
        project.add_images(
            [file for event in scan if isinstance(event, FilesFound) for file in event.files]
        )
        assert not any(record.missing for record in project.images())
        assert project.labels() == labels
        for event in undo_sorting(UndoSorting(3, target)):
            if isinstance(event, FilesMoved):
                project.follow_moves(event.moves)
        assert {record.name: record.image_id for record in project.images()} == numbers
    project.close()


def test_an_image_known_at_both_places_keeps_both(images: Path, tmp_path: Path) -> None:
    project = Project.for_folder(images, tmp_path / "kept")
    project.add_images([FoundFile("a.jpg", 1, 1), FoundFile("fox/a.jpg", 1, 1)])
    assert project.follow_moves([(images / "a.jpg", images / "fox/a.jpg")]) == []
    assert [record.name for record in project.images()] == ["a.jpg", "fox/a.jpg"]
    project.close()


@pytest.mark.parametrize("is_undo", [False, True])
def test_the_command_line_tells_the_project_before_the_journal_has_ended(
    images: Path, tmp_path: Path, is_undo: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill in between nobody else would."""
    project = Project.for_folder(images, tmp_path / "kept")
    project.add_images([found for found in find_images(images) if isinstance(found, FoundFile)])
    path = project.path
    project.close()
    choice = SortChoice(tmp_path / "out", SortHow.MOVE)
    usual = carrying.Journal.note

    def note(journal: carrying.Journal, run: object, **line: Any) -> None:
        if line.keys() & {"end", "undo_end"}:
            raise ExportError("as if it were killed here")
        usual(journal, run, **line)

    if is_undo:
        sort_results(results(images, SAID), choice, path, only_plan=False)
    with monkeypatch.context() as patch:
        patch.setattr(carrying.Journal, "note", note)
        if is_undo:
            assert command_line(["sort", "undo", str(tmp_path / "out")]) == 1
        else:
            with pytest.raises(ExportError, match="killed here"):
                sort_results(results(images, SAID), choice, path, only_plan=False)
    project = Project.open(path)
    names = [record.name for record in project.images()]
    assert len(names) == 5
    assert all(project.path_of(name).is_file() for name in names)
    assert is_undo != any(name.startswith("../out/") for name in names)
    project.close()


def test_a_list_that_cannot_be_written_now_stops_a_sorting_before_it_begins(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A move that this computer does not know of could not be taken back."""
    before = tree(images)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    made = plan(results(images, SAID), SortChoice(tmp_path / "out", SortHow.MOVE)).plan
    with monkeypatch.context() as patch:
        patch.setattr(trust.os, "fsync", full)
        with pytest.raises(ExportError, match=r"sortings.jsonl: the disk is full"):
            ended(carry_out(made, 1))
    assert tree(images) == before


CHILD = """
import sys, time
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from tests.engine.test_sorting import results, plan
from engine.jobs.sorting import carry_out
from engine.messages import Progress, SortChoice, SortHow
images, target = Path(sys.argv[1]), Path(sys.argv[2])
names = [path.relative_to(images).as_posix() for path in images.rglob("*.jpg")]
made = plan(results(images, dict.fromkeys(names, 0.9)), SortChoice(target, SortHow(sys.argv[4])))
for event in carry_out(made.plan, 1):
    if isinstance(event, Progress):
        print(event.done, flush=True)
"""


@pytest.mark.parametrize("how", [SortHow.COPY, SortHow.MOVE])
def test_a_killed_program_ends_as_if_it_had_not_been(tmp_path: Path, how: SortHow) -> None:
    images, target = tmp_path / "images", tmp_path / "out"
    names = [f"cam{number % 7}/{number}.jpg" for number in range(300)]
    write(images, names)
    before = tree(tmp_path)
    found = results(images, dict.fromkeys(names, 0.9))
    sort(found, SortChoice(target, SortHow.LINK))
    whole = tree(target)
    undo(target)
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(images), str(target), str(root), how.value],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= 20:
            break
    child.send_signal(signal.SIGKILL)
    child.stdout.close()
    assert child.wait() == -signal.SIGKILL
    assert has_unfinished(target)
    assert resume(target).n_images == 300
    assert tree(target) == whole
    undo(target)
    assert tree(tmp_path) == before

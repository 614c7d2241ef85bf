"""Sorting that goes wrong half-way, damaged and foreign journals, and what undo still does."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from test_sorting import SAID, Killed, Reaper, ended, plan, results, resume, sort, tree, undo, write

from engine.errors import ExportError
from engine.interchange.sorting import carrying, placing
from engine.interchange.sorting.journal import (
    JOURNAL_NAME,
    has_something_to_undo,
    has_unfinished,
)
from engine.jobs.sorting import carry_out, undo_sorting
from engine.messages import FilesSorted, SortChoice, SortHow, UndoSorting


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images"
    write(made, ["a.jpg", "b.jpg", "site_A/cam1/a.jpg", "site_A/c.jpg", "site_B/d.jpg"])
    return made


@pytest.fixture
def two_disks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The images lie on another disk than all else."""
    link = os.link

    def cross(source: Path, place: Path, **options: bool) -> None:
        if (folder in Path(source).parents) != (folder in Path(place).parents):
            raise OSError(18, "Invalid cross-device link")
        link(source, place, **options)

    monkeypatch.setattr(os, "link", cross)


def refuse(patch: pytest.MonkeyPatch, is_refused: Callable[[Path], bool], number: int) -> None:
    """Let the system refuse to remove some files."""
    unlink = Path.unlink

    def guarded(path: Path, missing_ok: bool = False) -> None:
        if is_refused(path):
            raise OSError(number, os.strerror(number), str(path))
        unlink(path, missing_ok=missing_ok)

    patch.setattr(Path, "unlink", guarded)


# --- A source that cannot be removed -------------------------------------------------------------


def test_what_cannot_be_removed_is_not_moved_half(folder: Path, tmp_path: Path) -> None:
    before, target = tree(tmp_path), tmp_path / "out"
    made = plan(results(folder, SAID), SortChoice(target, SortHow.MOVE)).plan
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, lambda path: path.parent == folder / "site_A", 13)
        done = ended(carry_out(made, 1))
    assert [item.name for item in done.left_out] == ["site_A/c.jpg"]
    assert "permission was denied" in done.left_out[0].reason
    assert not (target / "fox/site_A/c.jpg").exists()
    assert undo(target).n_images == 4
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("two_disks")
def test_a_read_only_disk_of_the_images_is_named(folder: Path, tmp_path: Path) -> None:
    before, target = tree(folder), tmp_path / "out"
    made = plan(results(folder, SAID), SortChoice(target, SortHow.MOVE)).plan
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, lambda path: folder in path.parents, 30)
        with pytest.raises(ExportError, match=r"images/a\.jpg: the disk is read-only"):
            ended(carry_out(made, 1))
    assert not list(target.rglob("*.jpg"))
    undo(target)
    assert tree(folder) == before


@pytest.mark.usefixtures("two_disks")
def test_a_file_that_stays_at_both_places_can_be_taken_back(folder: Path, tmp_path: Path) -> None:
    before, target = tree(folder), tmp_path / "out"
    made = plan(results(folder, SAID), SortChoice(target, SortHow.MOVE)).plan
    with pytest.MonkeyPatch.context() as patch:
        refuse(patch, lambda path: path.name == "b.jpg", 13)
        with pytest.raises(ExportError, match="permission was denied"):
            ended(carry_out(made, 1))
    assert (folder / "b.jpg").exists()
    assert (target / "fox/b.jpg").exists()
    assert has_unfinished(target)
    assert undo(target).n_left_out == 0
    assert tree(folder) == before
    assert not target.exists()


def test_a_folder_that_cannot_be_written_is_told_before(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != folder)
    choice = SortChoice(tmp_path / "out", SortHow.MOVE)
    found = plan(results(folder, SAID), choice)
    assert [item.name for item in found.left_out] == ["a.jpg", "b.jpg"]
    assert "can only be copied" in found.left_out[0].reason
    assert not found.problem
    only = plan(results(folder, {"a.jpg": "fox"}), choice)
    assert (
        only.problem == f"{folder} cannot be written, so its images cannot be moved; copy them "
        "instead."
    )
    assert not plan(results(folder, SAID), SortChoice(tmp_path / "out")).left_out


# --- Another disk, and a power cut ---------------------------------------------------------------


@pytest.mark.usefixtures("two_disks")
def test_the_new_name_is_on_the_disk_before_the_file_goes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    unlink = placing._unlink

    def check(path: Path) -> None:
        if path.suffix == ".jpg":
            assert place_of[path].parent in synced
        unlink(path)

    target = tmp_path / "out"
    place_of = {folder / name: target / "fox" / name for name in SAID}
    place_of[folder / "site_B/d.jpg"] = target / "_none_of_these/site_B/d.jpg"
    place_of.update({place: path for path, place in place_of.items()})
    monkeypatch.setattr(placing, "sync_path", synced.add)
    monkeypatch.setattr(placing, "_unlink", check)
    assert sort(results(folder, SAID), SortChoice(target, SortHow.MOVE)).n_images == 5
    synced.clear()
    assert undo(target).n_images == 5


@pytest.mark.usefixtures("two_disks")
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_copy_that_lost_its_name_to_a_power_cut_is_the_file(
    folder: Path, tmp_path: Path, goes_on: bool
) -> None:
    before, target = tree(folder), tmp_path / "out"
    made = plan(results(folder, SAID), SortChoice(target, SortHow.MOVE)).plan
    with pytest.MonkeyPatch.context() as patch:

        def killed(*_: object) -> None:
            raise Killed

        patch.setattr(placing, "_part_with", killed)
        with pytest.raises(Killed):
            ended(carry_out(made, 1))
    # What the disk has after the cut: the copy under its first name, and no original.
    head = json.loads((target / JOURNAL_NAME).read_text().splitlines()[0])
    part = target / carrying._mark(head["run"], 0)
    (target / "fox/a.jpg").unlink(missing_ok=True)
    shutil.move(folder / "a.jpg", part)
    if goes_on:
        assert resume(target).n_images == 5
        assert (target / "fox/a.jpg").is_file()
    undo(target)
    assert tree(folder) == before
    assert not target.exists()


@pytest.mark.usefixtures("two_disks")
def test_a_kill_at_any_step_between_two_disks(folder: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    target = tmp_path / "out"
    found = results(folder, SAID)
    sort(found, SortChoice(target, SortHow.MOVE))
    whole = tree(target)
    undo(target)
    made = plan(found, SortChoice(target, SortHow.MOVE)).plan
    n_kills = 0
    for last in range(1, 500, 2):
        with pytest.MonkeyPatch.context() as patch:
            Reaper(patch, last)
            try:
                ended(carry_out(made, 1))
                break
            except Killed:
                n_kills += 1
        if not (target / JOURNAL_NAME).exists():
            continue
        if has_unfinished(target) and last % 4 == 1:
            assert resume(target).n_images == 5
            assert tree(target) == whole
        try:
            assert undo(target).left_out == ()
        except ExportError:
            assert not list(target.rglob("*.jpg"))
        assert {path: value for path, value in tree(tmp_path).items() if path != "out"} == before
    assert 9 < n_kills < 199


@pytest.mark.usefixtures("two_disks")
def test_a_kill_at_any_step_of_the_undo_between_two_disks(folder: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    target = tmp_path / "out"
    found = results(folder, SAID)
    n_kills = 0
    for last in range(1, 500, 2):
        sort(found, SortChoice(target, SortHow.MOVE))
        with pytest.MonkeyPatch.context() as patch:
            Reaper(patch, last)
            try:
                undo(target)
                break
            except Killed:
                n_kills += 1
        if has_unfinished(target):
            done = resume(target)
            assert (done.n_left_out, done.n_edited) == (0, 0)
        elif (target / JOURNAL_NAME).exists():
            try:
                undo(target)
            except ExportError:
                assert not target.exists()
        assert {path: value for path, value in tree(tmp_path).items() if path != "out"} == before
    assert 9 < n_kills < 199


# --- Edited since --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [SortHow.MOVE, SortHow.COPY])
def test_what_was_edited_goes_back_where_nothing_is_lost(
    folder: Path, tmp_path: Path, how: SortHow
) -> None:
    target = tmp_path / "out"
    sort(results(folder, SAID), SortChoice(target, how))
    (target / "fox/b.jpg").write_bytes(b"with keywords")
    done = undo(target)
    if how is SortHow.MOVE:
        assert (done.n_images, done.n_edited, done.n_left_out) == (5, 1, 0)
        assert (folder / "b.jpg").read_bytes() == b"with keywords"
        assert not target.exists()
    else:
        assert (done.n_images, done.n_edited) == (4, 0)
        assert "undo that first" in done.left_out[0].reason


# --- What was kept -------------------------------------------------------------------------------


def test_what_is_kept_does_not_stand_before_earlier_sortings(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    sort(results(folder, SAID), SortChoice(target, labelled_only=True))
    sort(results(folder, SAID), SortChoice(target))
    (target / "fox/b.jpg").write_bytes(b"edited")
    first = undo(target)
    assert (first.n_images, first.n_left_out) == (2, 1)
    assert has_something_to_undo(target)
    second = undo(target)  # Nothing new of the newer one: the older one goes, too.
    assert (second.n_images, second.n_left_out) == (2, 1)
    assert {path.name for path in target.rglob("*.jpg")} == {"b.jpg"}
    assert not has_unfinished(target)
    third = undo(target)
    assert (third.n_images, third.n_left_out) == (0, 1)
    (target / "fox/b.jpg").unlink()
    assert undo(target).n_left_out == 0
    assert not has_something_to_undo(target)
    assert not target.exists()


def test_what_was_put_right_is_all_that_is_taken_back(folder: Path, tmp_path: Path) -> None:
    before, target = tree(folder), tmp_path / "out"
    sort(results(folder, {"a.jpg": "fox"}), SortChoice(target, SortHow.MOVE))
    sort(results(folder, {"b.jpg": "fox"}), SortChoice(target, SortHow.MOVE))
    (folder / "b.jpg").write_bytes(b"another")
    assert undo(target).n_left_out == 1
    (folder / "b.jpg").unlink()
    done = undo(target)
    assert (done.n_images, done.n_left_out) == (1, 0)
    assert (target / "fox/a.jpg").exists()
    assert undo(target).n_images == 1
    assert tree(folder) == before
    assert not target.exists()


# --- Damaged journals ----------------------------------------------------------------------------


def spoil(target: Path, has: str, text: str = '{"fi\ufffdle": [') -> None:
    """Make lines of the journal unreadable."""
    path = target / JOURNAL_NAME
    lines = path.read_text().splitlines()
    assert any(has in line for line in lines)
    path.write_text("".join(f"{text if has in line else line}\n" for line in lines))


@pytest.mark.parametrize("has", ['"number": 0}', '"number": 4}'])
@pytest.mark.parametrize("how", [SortHow.MOVE, SortHow.COPY])
def test_a_damaged_line_costs_its_own_file_alone(
    folder: Path, tmp_path: Path, how: SortHow, has: str
) -> None:
    target = tmp_path / "out"
    sort(results(folder, SAID), SortChoice(target, how))
    spoil(target, has)
    done = undo(target)
    assert (done.n_images, done.n_left_out) == (4, 1)
    assert done.left_out[0].name == JOURNAL_NAME
    assert "is damaged" in done.left_out[0].reason
    assert len(list(target.rglob("*.jpg"))) == 1
    with pytest.raises(ExportError, match="is damaged"):
        undo(target)


@pytest.mark.parametrize("has", ['{"planned"', '{"begin"', '{"done"', '{"made"', '{"end"'])
def test_other_lines_are_told_by_what_is_left(folder: Path, tmp_path: Path, has: str) -> None:
    before, target = tree(folder), tmp_path / "out"
    sort(results(folder, SAID), SortChoice(target, SortHow.MOVE))
    spoil(target, has, "\0\0")
    done = undo(target)
    assert (done.n_images, done.n_left_out) == (5, 0)
    assert tree(folder) == before


def test_the_head_of_a_run_is_not_taken_for_the_run_before(folder: Path, tmp_path: Path) -> None:
    before, target = tree(folder), tmp_path / "out"
    sort(results(folder, {"a.jpg": "fox"}), SortChoice(target, SortHow.MOVE))
    sort(results(folder, {"b.jpg": "fox"}), SortChoice(target, SortHow.MOVE))
    path = target / JOURNAL_NAME
    lines = path.read_text().splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith('{"run"')]
    lines[heads[1]] = "torn"
    path.write_text("\n".join(lines) + "\n")
    assert undo(target).n_images == 1
    assert (folder / "b.jpg").exists()
    assert not (folder / "a.jpg").exists()
    assert undo(target).n_images == 1
    assert tree(folder) == before


def test_numbers_of_no_file_are_passed_over(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    sort(results(folder, SAID), SortChoice(target))
    with (target / JOURNAL_NAME).open("a") as file:
        file.write('{"begin": [99, "x"]}\n{"begin": [99]}\n{"done": {"-7": ""}, "left": {}}\n')
    assert undo(target).n_images == 5


# --- Journals that came with a folder ------------------------------------------------------------


def crafted(target: Path, source: Path, place: str, how: str = "move", *more: object) -> None:
    """A folder from elsewhere, with a file and a journal that says where it came from."""
    item = target / place
    item.parent.mkdir(parents=True, exist_ok=True)
    if not item.exists():
        item.write_bytes(b"evil")
    status = item.stat()
    head = {
        "run": "0" * 32,
        "version": 1,
        "how": how,
        "folder": str(source.parent),
        "project": None,
        "made_target": False,
    }
    line = [str(source), place, status.st_size, status.st_mtime_ns, False]
    lines = [head, {"file": line}, {"planned": 1}, {"begin": [0]}, *more]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (target / JOURNAL_NAME).write_text(text)


DONE = ({"done": {"0": ""}, "left": {}}, {"end": True})


def test_a_journal_from_elsewhere_puts_nothing_outside_of_its_folder(tmp_path: Path) -> None:
    target = tmp_path / "download"
    crafted(target, tmp_path / "autostart/evil.desktop", "fox/a.jpg", "move", *DONE)
    with pytest.raises(ExportError, match="on another computer"):
        undo(target)
    assert not (tmp_path / "autostart").exists()
    assert (target / "fox/a.jpg").exists()
    command = UndoSorting(2, target, tmp_path / "elsewhere")
    with pytest.raises(ExportError, match="on another computer"):
        ended(undo_sorting(command))


def test_a_journal_from_elsewhere_is_obeyed_for_a_folder_that_is_named(tmp_path: Path) -> None:
    target, images = tmp_path / "download", tmp_path / "images"
    crafted(target, images / "sub/a.jpg", "fox/a.jpg", "move", *DONE)
    done = ended(undo_sorting(UndoSorting(2, target, images)))
    assert done.n_images == 1
    assert (images / "sub/a.jpg").read_bytes() == b"evil"


@pytest.mark.parametrize("how", ["move", "copy", "link"])
def test_no_journal_reaches_above_its_folder(tmp_path: Path, how: str) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    target = tmp_path / "download"
    target.mkdir()
    other = target / "a.jpg"
    os.link(mine, other)
    for place in ("../mine.txt", str(mine), "a/../../mine.txt"):
        (target / "a").mkdir(exist_ok=True)
        crafted(target, other, place, how, *DONE)
        with pytest.raises(ExportError, match="is damaged"):
            undo(target)
        assert mine.read_text() == "mine"
    (target / "way").symlink_to(tmp_path)
    crafted(target, other, "way/mine.txt", how, *DONE)
    with pytest.raises(ExportError, match="is damaged"):
        undo(target)
    assert mine.read_text() == "mine"


def test_a_journal_from_elsewhere_fetches_nothing(tmp_path: Path) -> None:
    target, secret = tmp_path / "download", tmp_path / "secret.txt"
    secret.write_text("secret")
    for how in ("copy", "link", "move"):
        crafted(target, secret, "fox/a.jpg", how)
        (target / "fox/a.jpg").unlink()
        with pytest.raises(ExportError, match="on another computer"):
            resume(target)
    assert secret.exists()
    assert not (target / "fox/a.jpg").exists()


def test_a_journal_from_elsewhere_takes_back_its_own_copies(folder: Path, tmp_path: Path) -> None:
    """As does one of this computer whose list of sortings is gone."""
    target = tmp_path / "out"
    sort(results(folder, SAID), SortChoice(target, SortHow.LINK))
    for path in Path(os.environ["HOME"]).rglob("sortings.jsonl"):
        path.unlink()
    assert undo(target).n_images == 5
    sort(results(folder, SAID), SortChoice(folder, SortHow.MOVE))  # Within one folder.
    for path in Path(os.environ["HOME"]).rglob("sortings.jsonl"):
        path.unlink()
    assert undo(folder).n_images == 5


# --- Sidecars ------------------------------------------------------------------------------------


def test_a_sidecar_goes_with_the_image_whose_whole_name_it_has(tmp_path: Path) -> None:
    folder, target = tmp_path / "images", tmp_path / "out"
    write(folder, ["a.jpg", "a.jpg.png", "a.jpg.xmp"])
    before = tree(folder)
    for said in ({"a.jpg": "fox", "a.jpg.png": "elk"}, {"a.jpg.png": "elk"}):
        done = sort(results(folder, said), SortChoice(target, SortHow.MOVE))
        assert done.n_left_out == 0
        assert (target / "fox/a.jpg.xmp").exists() == ("a.jpg" in said)
        assert not (target / "elk/a.jpg.xmp").exists()
        undo(target)
        assert tree(folder) == before


def test_a_whole_sorting_tells_of_itself(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "out"
    assert not has_something_to_undo(target)
    done: FilesSorted = sort(results(folder, SAID), SortChoice(target))
    assert done.n_images == 5
    assert has_something_to_undo(target)
    assert not has_unfinished(target)

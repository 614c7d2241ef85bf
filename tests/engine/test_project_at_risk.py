"""Projects that two programs make, take back or repair at once, and copies that are damaged."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from engine import (
    files,
    project_connection,
    project_files,
    project_journal,
    project_lock,
    project_place,
)
from engine import project as engine_project
from engine.cli import main
from engine.errors import DamagedProjectError, ProjectError, ProjectInUseError
from engine.files import rename_new
from engine.messages import ClassId, FoundFile, ImageId
from engine.project import Change, Project, ProjectNews
from engine.project_connection import connect, connect_to_read
from engine.project_missing import missing_entries
from engine.project_recovery import recover
from engine.project_trail import Entry, Image, Trail

_FOX = ClassId(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "garden"
    made.mkdir()
    return made


def _begun(folder: Path, tmp_path: Path, backups: Path | None = None) -> Project:
    """A project with images and the class fox."""
    project = Project.for_folder(folder, tmp_path / "kept", backups, alone=True)
    project.add_images([FoundFile(f"{number:03}.jpg", number, 5) for number in range(1, 41)])
    project.apply(Change("Add", {}, tuple(project.new_classes(["fox"]))))
    return project


def _label(project: Project, first: int, last: int) -> None:
    for number in range(first, last + 1):
        project.apply(project.relabel([ImageId(number)], _FOX))


def _make_read_only(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    real = os.access

    def access(path: str | os.PathLike[str], mode: int) -> bool:
        is_inside = Path(path) == folder or folder in Path(path).parents
        return not (mode & os.W_OK and is_inside) and real(path, mode)

    monkeypatch.setattr(os, "access", access)


def _break(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(8192) + content[4096 + 8192 :])


# --- Two programs at once -------------------------------------------------------------------------


def test_of_two_programs_that_make_a_project_the_second_opens_what_the_first_made(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, labelled = project_files.folder_settings, []

    def in_between(images: Path, path: Path) -> list[tuple[str, str]]:
        monkeypatch.setattr(project_files, "folder_settings", real)
        with closing(_begun(folder, tmp_path)) as first:  # The other program is quicker.
            _label(first, 1, 3)
            labelled.append(first.labels())
        return real(images, path)

    monkeypatch.setattr(project_files, "folder_settings", in_between)
    second = Project.for_folder(folder, tmp_path / "kept", alone=True)
    assert second.labels() == labelled[0]
    second.close()
    assert os.listdir(folder) == ["garden.handful"]


@pytest.mark.parametrize("can", ["all", "links", "neither"])
def test_a_name_that_is_taken_is_not_given_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can: str
) -> None:
    if can != "all":
        monkeypatch.setattr(files.ctypes, "CDLL", lambda *_, **__: object())
    if can == "neither":

        def no_links(*_: object) -> None:
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", no_links)
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("1")
    other.write_text("2")
    with pytest.raises(FileExistsError):
        rename_new(one, other)
    assert (one.read_text(), other.read_text()) == ("1", "2")
    other.unlink()
    rename_new(one, other)
    assert os.listdir(tmp_path) == ["other"]
    assert other.read_text() == "1"
    with pytest.raises(FileNotFoundError):
        rename_new(one, tmp_path / "third")


@pytest.mark.skipif(os.name == "nt", reason="there the system always locks")
def test_where_there_are_no_locks_a_program_knows_its_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOLCK, "no locks here")

    with closing(_begun(folder, tmp_path)) as project:
        path = project.path
    with monkeypatch.context() as context:
        _make_read_only(context, folder)
        with closing(Project.for_folder(folder, tmp_path / "kept")) as copy:
            _label(copy, 1, 3)
    copy.path.rename(tmp_path / "copy")
    monkeypatch.setattr(project_lock, "_lock", refuse)
    first = Project.open(path, tmp_path / "kept", alone=True)
    (tmp_path / "copy").rename(copy.path)
    number = project_files.number_of(path)
    with closing(Project.open(path, tmp_path / "kept", alone=True)) as second:
        assert "could not be brought back now" in second.notice
    assert project_files.number_of(path) == number
    assert Path(f"{path}-lock").stat().st_size
    first.close()
    assert not Path(f"{path}-lock").exists()
    with closing(Project.open(path, tmp_path / "kept", alone=True)) as again:
        assert len(again.labels()) == 3


def test_what_was_done_in_a_copy_is_not_put_under_another_computers_window(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _begun(folder, tmp_path)
    path = project.path
    project.close()
    with monkeypatch.context() as context:
        _make_read_only(context, folder)
        with closing(Project.for_folder(folder, tmp_path / "kept", alone=True)) as copy:
            assert copy.path.parent == tmp_path / "kept"
            _label(copy, 1, 3)
    with monkeypatch.context() as share:
        share.setattr(project_lock, "is_remote", lambda _: True)
        lock = folder / "garden.handful-lock"
        lock.write_text('{"computer": "attic", "process": 7, "since": "2026-01-01T10:00:00"}')
        before = path.stat().st_ino
        for is_alone in (True, False):
            try:
                project = Project.open(path, tmp_path / "kept", alone=is_alone)
            except ProjectInUseError:
                assert is_alone
                continue
            assert not is_alone
            assert "could not be brought back now" in project.notice
            assert not project.labels()
            project.close()
        assert path.stat().st_ino == before
        lock.unlink()
    with closing(Project.open(path, tmp_path / "kept", alone=True)) as project:
        assert len(project.labels()) == 3


def test_a_look_at_an_open_project_leaves_its_locks(folder: Path, tmp_path: Path) -> None:
    """Else the next program to close it takes itself for the last one, and deletes the log."""
    project = _begun(folder, tmp_path)
    Project.open(project.path, read_only=True).close()  # As who watches the folder does.
    other = f"import sqlite3; c = sqlite3.connect({str(project.path)!r}, timeout=0); "
    other += "c.execute('UPDATE settings SET value = value'); c.close()"
    subprocess.run([sys.executable, "-c", other], check=True)
    _label(project, 1, 9)
    left = tmp_path / "left"
    shutil.copytree(folder, left)  # As a program that is killed leaves it.
    project.close()
    with closing(Project.open(left / "garden.handful")) as again:
        assert len(again.labels()) == 9


# --- Copies of read-only projects -----------------------------------------------------------------


@pytest.mark.parametrize("kept", ["all", "backup", "copy", "nothing"])
@pytest.mark.parametrize("has_header", [True, False])
def test_a_damaged_copy_is_not_in_the_way_of_its_project(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: str, has_header: bool
) -> None:
    backups = tmp_path / "backups"
    with closing(_begun(folder, tmp_path, backups)) as project:
        _label(project, 1, 5)
    _make_read_only(monkeypatch, folder)
    with closing(Project.open(project.path, tmp_path / "kept", backup_folder=backups)) as copy:
        _label(copy, 6, 9)
        path = copy.path
    with closing(Project.open(project.path, tmp_path / "kept", backup_folder=backups)) as copy:
        _label(copy, 10, 12)
    before = project.path.read_bytes()
    _break(path)
    if kept == "nothing" or not has_header:
        path.write_bytes((b"" if has_header else b"?" * 100) + bytes(4096))
    if kept != "all":
        for trail in backups.glob("*.trail"):
            trail.unlink()
    if kept in ("copy", "nothing"):
        shutil.rmtree(backups)
    damaged = path.read_bytes()
    again = Project.open(project.path, tmp_path / "kept", backup_folder=backups, alone=True)
    if has_header or kept == "all":
        expected = {"all": 12, "backup": 12, "copy": 12, "nothing": 5}[kept]
    else:  # Nothing of the copy itself can be read.
        expected = {"backup": 9, "copy": 5, "nothing": 5}[kept]
    assert len(again.labels()) == expected
    assert again.path == path
    told = str(again.notice)
    assert str(path) in told
    assert str(project.path) in told
    again.close()
    (aside,) = (item for item in path.parent.iterdir() if ".damaged-" in item.suffix)
    assert aside.name in told
    assert aside.read_bytes() == damaged
    assert project.path.read_bytes() == before
    with closing(Project.open(project.path, tmp_path / "kept", backup_folder=backups)) as once:
        assert len(once.labels()) == expected
        assert not once.notice


def test_a_damaged_copy_keeps_what_its_trail_never_had(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = tmp_path / "backups"
    with closing(_begun(folder, tmp_path)) as project:
        _label(project, 1, 1)
    _make_read_only(monkeypatch, folder)
    with closing(Project.open(project.path, tmp_path / "kept", backup_folder=backups)) as copy:
        _label(copy, 2, 2)
        assert copy.wait_until_kept()

        def no_room(*_: object) -> None:
            raise OSError(errno.ENOSPC, "no space left")

        with monkeypatch.context() as context:
            context.setattr(Trail, "append", no_room)
            _label(copy, 3, 30)
            copy.close()
    with closing(sqlite3.connect(copy.path)) as connection:
        asked = "SELECT rootpage FROM sqlite_master WHERE name = 'images_by_content'"
        (page,) = connection.execute(asked).fetchone()
        (size_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    content = bytearray(copy.path.read_bytes())
    content[(page - 1) * size_bytes : (page - 1) * size_bytes + 8] = b"\xff" * 8
    copy.path.write_bytes(content)
    with closing(Project.open(project.path, tmp_path / "kept", backup_folder=backups)) as again:
        assert len(again.labels()) == 30
        assert "is repaired" in str(again.notice)


def test_a_damaged_copy_is_named_where_its_project_can_be_written_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(_begun(folder, tmp_path)) as project:
        pass
    with monkeypatch.context() as context:
        _make_read_only(context, folder)
        with closing(Project.for_folder(folder, tmp_path / "kept")) as copy:
            _label(copy, 1, 7)
    whole = copy.path.read_bytes()
    copy.path.write_bytes(b"?" * 100 + whole[100:])
    with closing(Project.open(project.path, tmp_path / "kept")) as again:
        assert not again.labels()
        assert str(again.notice).startswith(f"{copy.path} is damaged")
    recover(copy.path, None)
    with closing(Project.open(project.path, tmp_path / "kept")) as again:
        assert len(again.labels()) == 7


# --- Repairs --------------------------------------------------------------------------------------


def test_the_trail_alone_brings_a_project_back(
    folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    backups = tmp_path / "backups"
    with closing(_begun(folder, tmp_path, backups)) as project:
        _label(project, 1, 9)
        labels = project.labels()
    for backup in backups.glob("*.handful"):
        backup.unlink()
    project.path.unlink()
    assert main(["recover", str(project.path), "--backups", str(backups)]) == 0
    assert "Nothing that was labelled is missing." in capfd.readouterr().err
    with closing(Project.open(project.path, backup_folder=backups)) as again:
        assert again.labels() == labels
        again.add_images([FoundFile(f"{number:03}.jpg", number, 5) for number in range(1, 41)])
        _label(again, 10, 11)
    # It goes on with the trail that it came from.
    (trail,) = backups.glob("*.trail*")
    assert len(list(_all_of(trail))) == 12
    trail.unlink()
    for backup in backups.glob("*.handful"):
        backup.unlink()
    project.path.unlink()
    assert main(["recover", str(project.path), "--backups", str(backups)]) == 1
    assert "and no backup of it" in capfd.readouterr().err


@pytest.mark.parametrize("has_links", [True, False])
def test_a_repair_that_fails_at_its_last_step_leaves_the_file_and_its_log(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_links: bool
) -> None:
    with closing(_begun(folder, tmp_path)) as project:
        _label(project, 1, 9)
    _break(project.path)
    Path(f"{project.path}-wal").write_bytes(b"log")
    before = {item.name: item.read_bytes() for item in folder.iterdir()}
    real, names = Path.replace, []

    def replace(self: Path, target: Path) -> Path:
        # At no step is there nothing of the project's name.
        names.append(project.path.exists())
        if self.suffix == ".part":
            raise OSError(errno.ENOSPC, "no space left")
        return real(self, target)

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    with monkeypatch.context() as context:
        context.setattr(Path, "replace", replace)
        with pytest.raises(ProjectError, match="the disk is full"):
            recover(project.path, None)
    assert {item.name: item.read_bytes() for item in folder.iterdir()} == before
    assert all(names)
    done = recover(project.path, None)
    assert done.n_labels == 9
    assert sorted(os.listdir(folder)) == [
        "garden.handful",
        "garden.handful.damaged-1",
        "garden.handful.damaged-1-wal",
        "garden.handful.damaged-1.txt",
    ]


@pytest.mark.parametrize("size_bytes", [0, 10**9])
def test_a_damaged_project_says_which_file_it_is_wherever_that_is_found(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size_bytes: int
) -> None:
    monkeypatch.setattr(project_files, "CHECKED_AT_ONCE_BYTES", size_bytes)
    with closing(_begun(folder, tmp_path)) as project:
        project.add_images([FoundFile(f"x{number:05}.jpg", number, 5) for number in range(3000)])
        _label(project, 1, 9)
    whole = project.path.read_bytes()
    found: list[Path | None] = []
    for page in range(len(whole) // 4096):
        project.path.write_bytes(whole[: page * 4096] + bytes(4096) + whole[(page + 1) * 4096 :])
        try:
            opened = Project.open(project.path, backup_folder=tmp_path / "backups")
        except DamagedProjectError as error:
            found.append(error.path)
            continue
        try:
            opened.images_after(ImageId(0), 5000)
            opened.classes()
            opened.labels()
            opened.set_aside()
            opened.model_examples()
        except DamagedProjectError as error:
            found.append(error.path)
        finally:
            opened.close()
    assert len(found) > len(whole) // 4096 // 2
    assert set(found) == {project.path}


# --- The trail ------------------------------------------------------------------------------------


def _all_of(path: Path) -> list[Entry]:
    trail = Trail(path, path, "")
    return list(trail.entries(trail.read()))


def _entry(number: int) -> Entry:
    image = Image(number + 1_000_000, 1, 2, "00" * 16, None)
    said = '{"class_id": 1, "name": "fox"}'
    return Entry(number, number, "now", "Label", "image", f"{number}.jpg", None, said, image)


def test_lines_that_were_written_again_come_once_and_in_their_order(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "x.trail", tmp_path / "x.handful", "id")
    trail.append([_entry(number) for number in (3, 4, 5, 6, 7, 8)])
    content = trail.path.read_bytes()
    trail.path.write_bytes(content.replace(b'[5,5,"now"', b'[5,5,"nix"') + b"x" * 100)
    trail.append([_entry(number) for number in (4, 5, 6, 9, 12, 13)], [(9, "a.jpg", "b.jpg")])
    read = trail.read()
    assert read.spans == [(3, 9), (12, 13)]
    assert (read.n_broken, read.moves) == (2, [(9, "a.jpg", "b.jpg")])
    assert [entry.entry for entry in trail.entries(read)] == [3, 4, 5, 6, 7, 8, 9, 12, 13]
    assert [entry.entry for entry in trail.entries(read, 8)] == [9, 12, 13]
    assert read.gaps(1, 12) == [(1, 2), (10, 11)]
    assert read.gaps(4, 9) == []
    assert read.gaps(14, 20) == [(14, 20)]
    trail.begin_anew(6)
    read = trail.read()
    assert [entry.entry for entry in trail.entries(read)] == [7, 8, 9, 12, 13]
    assert (read.n_broken, read.moves) == (0, [(9, "a.jpg", "b.jpg")])


def test_a_long_trail_is_not_held_in_memory(folder: Path, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    with closing(_begun(folder, tmp_path, backups)) as project:
        _label(project, 1, 2)
    before = project.path.read_bytes()
    (path,) = backups.glob("*.trail")
    project_id = json.loads(path.read_bytes().split(b"\n")[0][9:])["id"]
    trail = Trail(path, project.path, project_id)
    last = _all_of(path)[-1].entry
    count = 4_000
    trail.append([_entry(number) for number in range(last + 1, last + 1 + count)])
    project.path.write_bytes(before)
    connection = connect_to_read(project.path)
    tracemalloc.start()
    try:
        missing = missing_entries(connection, trail, project.path, backups)
        assert sum(1 for _ in missing.entries()) == count
        _, peak = tracemalloc.get_traced_memory()
        assert peak < path.stat().st_size / 3
        tracemalloc.reset_peak()
        trail.begin_anew(2)
        _, peak = tracemalloc.get_traced_memory()
        assert peak < path.stat().st_size / 3
    finally:
        tracemalloc.stop()
        connection.close()
    with closing(Project.open(project.path, backup_folder=backups)) as again:
        assert len(again.labels()) == count + 2
        assert f"the last {count} changes" in again.notice


def test_a_connection_is_let_go_of_where_opening_fails(folder: Path, tmp_path: Path) -> None:
    with closing(_begun(folder, tmp_path)) as project:
        pass
    number = project_files.number_of(project.path)
    _break(project.path)
    with pytest.raises(DamagedProjectError):
        Project.open(project.path, tmp_path / "kept", alone=True)
    assert number not in project_files._open_here
    with closing(connect(project.path)):
        pass


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE images SET content = 'text' WHERE image_id = 5",
        "UPDATE images SET size_bytes = 'text' WHERE image_id = 5",
        "UPDATE journal SET name = x'00ff' WHERE entry = (SELECT max(entry) FROM journal)",
    ],
)
def test_a_value_of_another_kind_in_a_large_project_is_damage_and_said_so(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    backups = tmp_path / "backups"
    monkeypatch.setattr(project_files, "CHECKED_AT_ONCE_BYTES", 0)  # As one above 32 MB.
    with closing(_begun(folder, tmp_path, backups)) as project:
        _label(project, 5, 5)
    _let_be_any_kind(project.path, damage)
    with pytest.raises(DamagedProjectError, match="of another kind") as caught:
        Project.open(project.path, backup_folder=backups)
    assert caught.value.path == project.path


def _let_be_any_kind(path: Path, statement: str) -> None:
    """Do to a file what SQLite would not, as a bit that falls over does."""
    with closing(sqlite3.connect(path)) as connection, connection:
        schema = connection.execute("SELECT * FROM sqlite_master").fetchall()
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, 'STRICT', '')")
        connection.execute("DELETE FROM sqlite_master WHERE type = 'trigger'")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master")
        connection.executemany("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", schema)


def test_whatever_goes_wrong_in_keeping_a_trail_the_next_change_is_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups = tmp_path / "backups"
    project = _begun(folder, tmp_path, backups)
    assert project.wait_until_kept()

    def fail(*_: object) -> None:
        raise TypeError("not foreseen")

    with monkeypatch.context() as context:
        context.setattr(Trail, "append", fail)
        _label(project, 1, 1)
        assert project.wait_until_kept()
    _label(project, 2, 2)
    project.close()
    (trail,) = backups.glob("*.trail")
    assert sum(entry.subject == "image" for entry in _all_of(trail)) == 2


# --- Files that go while they are open ------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("how", ["file", "file and log", "log", "renamed"])
def test_a_project_that_is_deleted_while_it_is_open_is_written_again(
    folder: Path, tmp_path: Path, how: str
) -> None:
    project = _begun(folder, tmp_path, tmp_path / "backups")
    told: list[ProjectNews] = []
    project.follow_news(told.append)
    _label(project, 1, 5)
    assert project.wait_until_kept()
    if how == "renamed":
        project.path.rename(folder / "meadow.handful")
    if how in ("file", "file and log"):
        project.path.unlink()
    if "log" in how:
        Path(f"{project.path}-wal").unlink()
        Path(f"{project.path}-shm").unlink()
    for number in (6, 7):
        _label(project, number, number)
        left = tmp_path / f"left {number}"
        shutil.copytree(folder, left)  # As a program that is killed leaves it.
        with closing(Project.open(left / "garden.handful")) as again:
            assert len(again.labels()) == number
    assert len(told) == (0 if how == "log" else 1)
    assert all("was deleted or renamed while it was open" in news.sentence for news in told)
    assert project.wait_until_kept()
    project.close()
    with closing(Project.open(folder / "garden.handful")) as again:
        assert len(again.labels()) == 7
    (trail,) = (tmp_path / "backups").glob("*.trail")
    assert sum(entry.subject == "image" for entry in _all_of(trail)) == 7


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("comes_back", [False, True])
def test_a_project_that_is_to_stay_deleted_does_and_is_kept_as_a_backup(
    folder: Path, tmp_path: Path, comes_back: bool
) -> None:
    backups = tmp_path / "backups"
    project = _begun(folder, tmp_path, backups)
    assert not project.is_deleted
    _label(project, 1, 5)
    os.link(project.path, tmp_path / "other name")
    project.path.unlink()
    assert not project.is_deleted  # In the trash, as far as can be told.
    (tmp_path / "other name").unlink()
    assert project.is_deleted
    assert not project.path.exists()
    project.stay_deleted()
    if comes_back:
        _label(project, 6, 6)  # The person went on, so it is written again.
        assert not project.is_deleted
    path = project.path
    project.close()
    assert bool(os.listdir(folder)) is comes_back
    if not comes_back:
        with closing(Project.for_folder(folder, tmp_path / "kept", backups)) as new:
            assert not new.labels()
            assert not new.notice
        assert not path.exists()  # Nothing was done in it.
        assert recover(path, backups).n_labels == 5
    with closing(Project.open(path, backup_folder=backups)) as again:
        assert len(again.labels()) == (6 if comes_back else 5)


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
def test_a_project_of_which_no_backup_can_be_made_does_not_stay_deleted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _begun(folder, tmp_path, tmp_path / "backups")
    _label(project, 1, 5)
    project.path.unlink()
    project.stay_deleted()

    def no_room(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(engine_project.project_backups, "back_up", no_room)
    project.close()
    with closing(Project.open(project.path)) as again:
        assert len(again.labels()) == 5


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("why", ["no backups", "taken back"])
def test_a_project_that_is_not_to_stay_deleted_or_has_no_backups_does_not(
    folder: Path, tmp_path: Path, why: str
) -> None:
    backups = None if why == "no backups" else tmp_path / "backups"
    project = Project.for_folder(folder, tmp_path / "kept", backups)
    project.add_images([FoundFile("001.jpg", 1, 5)])
    project.path.unlink()
    assert project.is_deleted
    project.stay_deleted()
    if why == "taken back":
        project.stay_deleted(stays=False)
    project.close()
    with closing(Project.open(project.path)) as again:
        assert len(again.images()) == 1


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
def test_a_file_of_which_nobody_can_tell_whether_it_was_renamed_is_not_called_deleted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = _begun(folder, tmp_path)
    project.path.rename(folder / "meadow.handful")
    listed = os.listdir

    def listdir(place: str = ".") -> list[str]:
        if place == "/dev/fd":
            raise PermissionError(errno.EACCES, "permission denied")
        return listed(place)

    monkeypatch.setattr(os, "listdir", listdir)
    assert not project.is_deleted
    project.close()


@pytest.mark.skipif(os.name == "nt", reason="there no file is replaced that is open")
def test_a_project_that_is_replaced_while_it_is_open_is_kept_beside(
    folder: Path, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    project = _begun(folder, tmp_path, backups)
    _label(project, 1, 5)
    (tmp_path / "other").mkdir()
    with closing(_begun(tmp_path / "other", tmp_path)) as other:
        _label(other, 30, 31)
    assert project.wait_until_kept()
    trail = next(backups.glob("*.trail")).read_bytes()
    other.path.replace(project.path)  # As what keeps files in step does.
    for number in (6, 7):
        with pytest.raises(ProjectError, match=r"kept as garden kept 1\.handful"):
            _label(project, number, number)
    project.wait_until_kept()
    assert len(project.labels()) == 5
    project.close()
    with closing(Project.open(folder / "garden kept 1.handful")) as again:
        assert len(again.labels()) == 5
    with closing(Project.open(project.path)) as again:
        assert again.labels().keys() == {30, 31}
    assert next(backups.glob("*.trail")).read_bytes() == trail


@pytest.mark.skipif(os.name == "nt", reason="there no folder is renamed that is in use")
def test_a_folder_that_is_renamed_while_its_project_is_open_loses_nothing(
    folder: Path, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    project = _begun(folder, tmp_path, backups)
    _label(project, 1, 5)
    folder.rename(tmp_path / "meadow")
    _label(project, 6, 9)
    left = tmp_path / "left"
    shutil.copytree(tmp_path / "meadow", left)
    project.close()
    for place in (left, tmp_path / "meadow"):
        with closing(Project.for_folder(place, tmp_path / "kept", backups)) as again:
            assert len(again.labels()) == 9
            assert again.path == place / "garden.handful"


@pytest.mark.parametrize("day", ["1970-01-01", "2099-01-01"])
def test_a_clock_that_jumps_takes_no_label(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, day: str
) -> None:
    backups = tmp_path / "backups"
    with closing(_begun(folder, tmp_path, backups)) as project:
        _label(project, 1, 5)
    monkeypatch.setattr(project_journal, "now", lambda: f"{day}T00:00:00.000+00:00")
    with closing(Project.open(project.path, backup_folder=backups, alone=True)) as project:
        _label(project, 6, 9)
        labels = project.labels()
    whole = project.path.read_bytes()
    project.path.write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    assert recover(project.path, backups).n_labels == 9
    with closing(Project.open(project.path, backup_folder=backups)) as project:
        assert project.labels() == labels


def test_on_a_share_a_file_may_have_another_number_and_be_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_connection, "is_remote", lambda _: True)
    project = _begun(folder, tmp_path)
    _label(project, 1, 3)
    copy = tmp_path / "copy"
    shutil.copyfile(project.path, copy)
    real, numbers = project_files.number_of, iter(range(100, 200))

    def number_of(path: Path) -> tuple[int, int] | None:
        found = real(path)
        return None if found is None else (found[0], next(numbers))

    monkeypatch.setattr(project_place, "number_of", number_of)
    _label(project, 4, 5)
    assert len(project.labels()) == 5
    monkeypatch.setattr(project_place, "number_of", real)
    project._place.renew()
    copy.replace(project.path)
    with pytest.raises(ProjectError, match=r"kept as garden kept 1\.handful"):
        _label(project, 6, 6)
    project.close()
    with closing(Project.open(folder / "garden kept 1.handful")) as again:
        assert len(again.labels()) == 5


@pytest.mark.skipif(os.name == "nt", reason="there no file is replaced that is open")
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_file_that_replaced_an_open_one_is_left_as_it_is(
    folder: Path, tmp_path: Path, is_killed: bool
) -> None:
    with closing(_begun(folder, tmp_path)) as project:
        _label(project, 1, 1)
    (tmp_path / "other").mkdir()
    with closing(_begun(tmp_path / "other", tmp_path)) as other:
        other.add_images([FoundFile(f"x{number:03}.jpg", number, 5) for number in range(300)])
        _label(other, 30, 31)
    content = other.path.read_bytes()
    project = Project.open(project.path, tmp_path / "kept", alone=True)
    _label(project, 2, 11)
    other.path.replace(project.path)  # And no label after it.
    left = tmp_path / "left"
    if is_killed:
        folder.rename(left)  # As a program that is killed leaves it.
        folder.mkdir()
        assert project._lock is not None
        assert project._lock._file is not None
        os.close(project._lock._file)
        project._lock = None
    project.close()
    there = left if is_killed else folder
    assert (there / "garden.handful").read_bytes() == content
    with closing(Project.open(there / "garden.handful", tmp_path / "kept", alone=True)) as again:
        assert again.labels().keys() == {30, 31}
        if is_killed:
            assert "garden.handful.damaged-1-wal" in str(again.notice)
    if is_killed:
        assert (there / "garden.handful.damaged-1-wal").stat().st_size
        shutil.copyfile(there / "garden.handful", there / "garden before taking back 1.handful")
    else:
        with closing(Project.open(folder / "garden kept 1.handful")) as again:
            assert len(again.labels()) == 11
    # What is kept beside does not make the folder nobody's.
    there.rename(tmp_path / "meadow")
    with closing(Project.for_folder(tmp_path / "meadow", tmp_path / "kept")) as again:
        assert again.path.name == "garden.handful"
        assert again.labels().keys() == {30, 31}


def test_a_folder_with_several_projects_says_so(folder: Path, tmp_path: Path) -> None:
    for name in ("fox", "owl", "owl kept 1"):
        Project.create(folder / f"{name}.handful", folder).close()
    with closing(Project.for_folder(folder, tmp_path / "kept")) as project:
        assert project.path == folder / "garden.handful"
        assert "fox.handful" in str(project.notice)
        project.add_images([FoundFile("a.jpg", 1, 5)])
    with closing(Project.for_folder(folder, tmp_path / "kept")) as again:
        assert not again.notice


def test_a_project_that_was_copied_as_it_was_killed_keeps_its_log(
    folder: Path, tmp_path: Path
) -> None:
    project = _begun(folder, tmp_path)
    _label(project, 1, 5)
    shutil.copytree(folder, tmp_path / "left")
    project.close()
    path = tmp_path / "left" / "garden.handful"
    assert Path(f"{path}-lock").exists()
    with closing(Project.open(path, alone=True)) as again:
        assert len(again.labels()) == 5
        assert not again.notice


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_project_that_was_renamed_has_all_that_was_labelled(
    folder: Path, tmp_path: Path, is_killed: bool
) -> None:
    backups = tmp_path / "backups"
    project = _begun(folder, tmp_path, backups)
    _label(project, 1, 3)
    assert project.wait_until_kept()
    now = folder / "meadow.handful"
    project.path.rename(now)
    if is_killed:
        assert project._keeper is not None
        project._keeper.close()
        shutil.copyfile(now, tmp_path / "it")
        (tmp_path / "it").replace(now)  # Without what this program still holds of it.
    else:
        project.close()
        assert os.listdir(folder) == ["meadow.handful"]
    with closing(Project.open(now, backup_folder=backups)) as again:
        assert len(again.labels()) == 3
        assert is_killed == ("they are back" in str(again.notice))
    if is_killed:
        project._connection.close()


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("at_closing", ["room", "none"])
def test_a_label_whose_file_could_not_be_written_again_is_told_and_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_closing: str
) -> None:
    backups = tmp_path / "backups"
    project = _begun(folder, tmp_path, backups)
    told: list[ProjectNews] = []
    project.follow_news(told.append)
    _label(project, 1, 3)
    assert project.wait_until_kept()
    real = project_place.copy_to

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    def written(*arguments: object) -> Change:
        monkeypatch.setattr(engine_project, "write_change", write_change)
        undo = write_change(*arguments)
        project.path.unlink()  # Between the two looks at its name.
        return undo

    write_change = engine_project.write_change
    monkeypatch.setattr(project_place, "copy_to", no_room)
    monkeypatch.setattr(engine_project, "write_change", written)
    _label(project, 4, 4)
    assert ["the disk is full" in news.sentence for news in told] == [True]
    if at_closing == "room":
        monkeypatch.setattr(project_place, "copy_to", real)
    project.close()
    if at_closing == "none":
        assert not project.path.exists()
        monkeypatch.setattr(project_place, "copy_to", real)
        assert recover(project.path, backups).n_labels == 4
    with closing(Project.open(project.path, backup_folder=backups)) as again:
        assert len(again.labels()) == 4


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("how", ["name is taken", "disk fails", "no connection"])
def test_a_file_that_is_not_written_again_stays_open(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    project = _begun(folder, tmp_path)
    _label(project, 1, 3)
    project.path.unlink()
    reached = []

    def late(temporary: Path, path: Path) -> None:
        reached.append(path)
        if how == "disk fails":
            raise OSError(errno.EIO, "it does not answer")
        path.write_bytes(b"of another program")
        rename_new(temporary, path)

    def refuse(path: Path) -> None:
        reached.append(path)
        raise sqlite3.OperationalError("unable to open database file")

    with monkeypatch.context() as context:
        if how == "no connection":
            context.setattr(engine_project, "connect", refuse)
        else:
            context.setattr(project_place, "rename_new", late)
            if how == "name is taken":

                def once(temporary: Path, path: Path) -> None:
                    context.setattr(project_place, "rename_new", rename_new)
                    late(temporary, path)

                context.setattr(project_place, "rename_new", once)
        with pytest.raises(ProjectError):
            _label(project, 4, 4)
    assert reached
    assert len(project.labels()) == 3
    where = "garden.handful"
    if how == "name is taken":
        where = "garden kept 1.handful"
        assert project.path.read_bytes() == b"of another program"
    else:
        _label(project, 4, 5)
    project.close()
    with closing(Project.open(folder / where)) as again:
        assert len(again.labels()) == (3 if how == "name is taken" else 5)


@pytest.mark.skipif(os.name == "nt", reason="there no file goes that is open")
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_log_that_goes_while_somebody_reads_it_is_made_again(
    folder: Path, tmp_path: Path, is_killed: bool
) -> None:
    project = _begun(folder, tmp_path)
    _label(project, 1, 1)
    reader = connect_to_read(project.path)  # As a backup under way.
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM labels").fetchone()
    _label(project, 2, 3)
    Path(f"{project.path}-wal").unlink()
    _label(project, 4, 4)
    assert len(project.labels()) == 4
    reader.close()
    _label(project, 5, 5)
    there = folder
    if is_killed:
        there = tmp_path / "left"
        shutil.copytree(folder, there)
    project.close()
    with closing(Project.open(there / "garden.handful")) as again:
        assert len(again.labels()) == 5


@pytest.mark.skipif(sys.platform == "win32", reason="what is open is not deleted there")
def test_a_project_deleted_with_its_folder_takes_no_label_and_loses_none(
    folder: Path, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    project = _begun(folder, tmp_path, backups)
    _label(project, 1, 3)
    path = project.path
    shutil.rmtree(folder)
    for _ in range(2):
        with pytest.raises(ProjectError, match="deleted with its folder"):
            _label(project, 4, 4)
    project.close()
    folder.mkdir()
    assert recover(path, backups).n_labels == 3
    with closing(Project.open(path, tmp_path / "kept")) as back:
        assert sorted(back.labels()) == [ImageId(number) for number in range(1, 4)]


@pytest.mark.skipif(sys.platform == "win32", reason="what is open is not deleted there")
def test_a_project_whose_folder_has_another_name_goes_on(folder: Path, tmp_path: Path) -> None:
    project = _begun(folder, tmp_path, tmp_path / "backups")
    moved = folder.rename(tmp_path / "elsewhere")
    _label(project, 1, 3)
    path = moved / project.path.name
    project.close()
    with closing(Project.open(path, tmp_path / "kept")) as back:
        assert len(back.labels()) == 3

"""Projects from strangers, on shares, and open twice: what is not ours is refused in a sentence."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import project_connection, project_lock
from engine.errors import DamagedProjectError, ProjectError, ProjectInUseError
from engine.messages import ClassId, FoundFile, ImageId
from engine.project import Change, Project
from engine.project_connection import file_system_of


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A project that was worked in and closed, as one file."""
    (tmp_path / "photos").mkdir()
    project = Project.for_folder(tmp_path / "photos", tmp_path / "kept")
    project.add_images([FoundFile(f"{number}.jpg", number, 5) for number in range(1, 21)])
    project.apply(Change("Add", {}, tuple(project.new_classes(["fox", "owl"]))))
    project.apply(project.relabel([ImageId(1), ImageId(2)], ClassId(1)))
    project.apply(project.setting_aside([ImageId(3)]))
    project.close()
    return project.path


def _run(path: Path, script: str) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode = DELETE;" + script)
    connection.close()


_TRIGGER = "CREATE TRIGGER t AFTER INSERT ON labels BEGIN DELETE FROM images; END"
_SCHEMA = "PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = {} WHERE name = '{}'"


@pytest.mark.parametrize(
    "script",
    [
        _TRIGGER,
        "CREATE VIEW v AS SELECT * FROM images",
        "ALTER TABLE labels RENAME TO x; CREATE VIEW labels AS SELECT * FROM x",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "CREATE TABLE more (a INTEGER, b INTEGER AS (a * 2)) STRICT",
        "CREATE TABLE more (a INTEGER CHECK (a < hex(zeroblob(1000000000)))) STRICT",
        "CREATE TABLE more (a TEXT DEFAULT (hex(randomblob(9)))) STRICT",
        "CREATE INDEX i ON images (length(name))",
        "DROP TRIGGER journal_is_never_shortened; CREATE TRIGGER journal_is_never_shortened "
        "BEFORE DELETE ON journal BEGIN DELETE FROM labels; END",
        _SCHEMA.format("replace(sql, 'NOT NULL', '')", "images"),
        _SCHEMA.format("replace(sql, 'position', 'place')", "classes"),
        "PRAGMA foreign_keys = OFF; DROP TABLE labels",
        "PRAGMA foreign_keys = OFF; DELETE FROM classes",
        "UPDATE images SET image_id = 999999999999 WHERE image_id = 20",
        "UPDATE images SET image_id = -5 WHERE image_id = 20",
        "UPDATE images SET name = hex(zeroblob(20000)) WHERE image_id = 20",
        "UPDATE images SET content = zeroblob(30000000) WHERE image_id = 20",
        "WITH n AS (SELECT 10 i UNION ALL SELECT i + 1 FROM n LIMIT 11000) "
        "INSERT INTO classes SELECT i, i, '#000000', NULL, i, 0 FROM n",
        "PRAGMA application_id = 7",
    ],
)
def test_what_no_handful_makes_is_refused(path: Path, script: str) -> None:
    _run(path, script)
    before = path.read_bytes()
    for read_only in (True, False):
        with pytest.raises(ProjectError) as caught:
            Project.open(path, read_only=read_only)
        assert str(path) in str(caught.value)
        assert str(caught.value).count(". ") == 0
    assert path.read_bytes() == before


def test_tables_that_only_a_newer_handful_knows_are_let_be(path: Path) -> None:
    _run(
        path,
        "CREATE TABLE stars (image_id INTEGER PRIMARY KEY REFERENCES images (image_id), "
        "content BLOB, number INTEGER NOT NULL DEFAULT 0) STRICT;"
        "CREATE INDEX stars_by_number ON stars (number);"
        "CREATE TRIGGER bytes_with_stars_are_gone BEFORE UPDATE OF size_bytes, modified_ns ON "
        "images WHEN OLD.size_bytes != NEW.size_bytes OR OLD.modified_ns != NEW.modified_ns "
        "BEGIN UPDATE stars SET content = x'' WHERE image_id = OLD.image_id "
        "AND content IS NULL; END;",
    )
    project = Project.open(path)
    assert project.labels() == {1: 1, 2: 1}
    project.close()


def test_a_colour_that_is_none_is_another(path: Path) -> None:
    _run(path, "UPDATE classes SET colour = 'red; background: url(x)' WHERE class_id = 1")
    project = Project.open(path)
    assert all(len(item.colour) == 7 and item.colour[0] == "#" for item in project.classes())
    project.close()


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/secret.jpg", "a/../../x.jpg", "C:/x.jpg"])
def test_a_project_of_a_stranger_leads_nowhere_out_of_its_folder(
    path: Path, tmp_path: Path, name: str
) -> None:
    _run(path, f"UPDATE images SET name = '{name}' WHERE image_id = 2")
    for _ in range(2):
        project = Project.open(path, backup_folder=tmp_path / "backups")
        record = project.images()[1]
        assert (record.name, record.missing) == (name, True)
        assert project.images_after(ImageId(0), 5).images[1].missing
        assert all(image.name != name for image in project.snapshot().images)
        assert not project.follows(name)
        assert project.path_of(name).is_relative_to(project.folder)
        assert project.labels() == {1: 1, 2: 1}
        notices = [project.notice]
        # What Handful itself moves out is looked for there.
        project.follow_moves([(project.path_of("5.jpg"), tmp_path / "sorted" / "5.jpg")])
        assert project.follows("../sorted/5.jpg")
        project.apply(project.relabel([ImageId(9)], ClassId(2)))
        project.apply(project.relabel([ImageId(9)], None))
        project.close()
    assert notices == [""]


def test_a_project_that_was_worked_in_here_leads_where_its_images_were_sorted(
    path: Path, tmp_path: Path
) -> None:
    project = Project.open(path, backup_folder=tmp_path / "backups")
    assert not project.notice
    project.follow_moves([(project.path_of("5.jpg"), tmp_path / "sorted" / "5.jpg")])
    project.close()
    again = Project.open(path, backup_folder=tmp_path / "backups")
    assert again.follows("../sorted/5.jpg")
    assert not again.images()[4].missing
    again.close()


# --- Open twice -----------------------------------------------------------------------------------

_HOLDER = """
import sys
from pathlib import Path
from engine.project import Project
project = Project.open(Path(sys.argv[1]), alone=True)
print("open", flush=True)
sys.stdin.read()
"""


def _hold(path: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    return holder


def test_who_has_a_project_open_is_told_and_a_crash_leaves_nothing_in_the_way(path: Path) -> None:
    with _hold(path) as holder:
        with pytest.raises(ProjectInUseError, match=f"process {holder.pid}, since") as caught:
            Project.open(path, alone=True)
        assert str(path) in str(caught.value)
        for others in (Project.open(path), Project.open(path, read_only=True)):
            assert others.labels() == {1: 1, 2: 1}  # The command line may still tell it things.
            others.close()
        holder.kill()
        holder.wait()
    assert Path(f"{path}-lock").exists()
    project = Project.open(path, alone=True)
    project.close()
    assert not Path(f"{path}-lock").exists()


def test_a_lock_of_another_computer_counts_while_it_is_fresh(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_lock, "is_remote", lambda _: True)
    lock = Path(f"{path}-lock")
    said = '{"computer": "elsewhere", "process": 7, "since": "2026-01-01T10:00:00"}'
    lock.write_text(said)
    with pytest.raises(ProjectInUseError, match="computer elsewhere, process 7"):
        Project.open(path, alone=True)
    stat = lock.stat()
    for moved_s in (-1000, 7200):  # Old, or of a clock that was wrong.
        lock.write_text(said)
        os.utime(lock, (stat.st_atime, stat.st_mtime + moved_s))
        Project.open(path, alone=True).close()


def test_a_card_that_was_pulled_out_of_another_computer_is_opened_at_once(path: Path) -> None:
    Path(f"{path}-lock").write_text('{"computer": "elsewhere", "process": 7}')
    Project.open(path, alone=True).close()


@pytest.mark.parametrize("said", ["", "{", "[]", '{"computer": 5}', "\x00" * 9000])
def test_a_lock_file_of_anything_is_not_in_the_way(path: Path, said: str) -> None:
    Path(f"{path}-lock").write_text(said)
    os.utime(f"{path}-lock", (1, 1))
    project = Project.open(path, alone=True)
    twice = Project.open(path, alone=True)  # One program has it for all of itself.
    twice.close()
    project.close()


# --- Shares ---------------------------------------------------------------------------------------


def test_the_kind_of_file_system_is_that_of_the_nearest_mount() -> None:
    mounts = (
        "/dev/sda1 / ext4 rw 0 0\n"
        "host:/export /home/ann/My\\040photos nfs4 rw 0 0\n"
        "//nas/x /mnt cifs rw 0 0\n"
        "/dev/sdb1 /mnt/card vfat rw 0 0\n"
    )
    assert file_system_of("/home/ann/x.handful", mounts) == "ext4"
    assert file_system_of("/home/ann/My photos/a/x.handful", mounts) == "nfs4"
    assert file_system_of("/mnt/x.handful", mounts) == "cifs"
    assert file_system_of("/mnt/card/x.handful", mounts) == "vfat"
    assert file_system_of("/mntx/x.handful", mounts) == "ext4"


def test_on_a_share_there_is_no_log(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Left by a program on this computer, with what it wrote last in a log.
    project = Project.open(path)
    project.apply(project.relabel([ImageId(4)], ClassId(2)))
    for suffix in ("", "-wal"):
        (tmp_path / f"left{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
    project.close()
    path.write_bytes((tmp_path / "left").read_bytes())
    Path(f"{path}-wal").write_bytes((tmp_path / "left-wal").read_bytes())

    monkeypatch.setattr(project_connection, "is_remote", lambda _: True)
    project = Project.open(path, backup_folder=tmp_path / "backups", alone=True)
    assert project.labels() == {1: 1, 2: 1, 4: 2}
    assert project._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert project._connection.execute("PRAGMA synchronous").fetchone() == (2,)
    project.apply(project.relabel([ImageId(5)], ClassId(2)))
    assert not Path(f"{path}-wal").exists()
    assert project.wait_until_kept()
    other = Project.open(path, read_only=True)
    assert len(other.labels()) == 4
    other.close()
    project.apply(project.relabel([ImageId(6)], ClassId(2)))
    project.close()


def test_where_the_log_is_refused_a_journal_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoSharedMemory(sqlite3.Connection):
        def execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
            if sql == "PRAGMA journal_mode = WAL":
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(sql, *parameters)  # type: ignore[arg-type]

    real: Callable[..., sqlite3.Connection] = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *a, **k: real(*a, **{**k, "factory": NoSharedMemory})
    )
    project = Project.open(path)
    project.apply(project.relabel([ImageId(5)], ClassId(2)))
    assert len(project.labels()) == 3
    project.close()


def test_text_that_is_none_is_told(path: Path) -> None:
    content = path.read_bytes().replace(b"CREATE TABLE journal", b"CREATE TABLE j\xc1urnal")
    path.write_bytes(content)
    with pytest.raises(DamagedProjectError) as caught:
        Project.open(path)
    assert str(path) in str(caught.value)

"""Damaged projects: whatever happens to the file, what was labelled is there again, or is named."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine import project_lock
from engine.cli import main
from engine.errors import DamagedProjectError, ProjectError, ProjectInUseError
from engine.messages import FoundFile, ImageId, ProjectRepaired, RepairProject
from engine.project import Change, Project
from engine.project_recovery import Recovery, recover
from engine.words import NOTHING
from engine.worker import _steps_without_encoder
from tests.engine.damages import DAMAGES, Labels, Worked, labels_of, work

_WHOLE = "Nothing that was labelled is missing."


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Worked, Path]:
    """A project that was worked in, and a copy of all its files."""
    home = tmp_path_factory.mktemp("damaged")
    made = work(home / "at", seed=1)
    shutil.copytree(made.folder, home / "copy")
    return made, home / "copy"


def opened_again(worked: Worked, backups: Path | None) -> tuple[Labels, Recovery | None]:
    """What a person finds who opens the project, and has it repaired where that fails."""
    done = None
    for _ in range(2):
        try:
            with closing(Project.open(worked.path, backup_folder=backups)) as project:
                return labels_of(project), done
        except DamagedProjectError:  # At opening, or when it is first asked for its images.
            assert done is None
            done = recover(worked.path, backups)
    raise AssertionError("not reached")


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda item: str(item.__name__))
def test_with_its_backup_and_trail_every_label_is_back(
    worked: tuple[Worked, Path], damage: Callable[[Path, random.Random], object]
) -> None:
    project, whole = worked
    assert len(project.in_backup) > 50
    assert project.labels != project.in_backup
    for seed in range(6):
        project.copy_of(whole)
        damage(project.path, random.Random(f"{damage.__name__} {seed}"))
        labels, done = opened_again(project, project.backups)
        # A bit of a name that flips in a file that is whole otherwise is found by its content.
        assert len(labels) == len(project.labels), seed
        assert len(labels.items() ^ project.labels.items()) <= 4, seed
        if done is not None:
            assert labels == project.labels, seed
            assert _WHOLE in done.sentences
            assert done.damaged is not None
            assert done.damaged.exists()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda item: str(item.__name__))
def test_without_trail_or_backup_nothing_is_missing_unsaid(
    worked: tuple[Worked, Path], damage: Callable[[Path, random.Random], object]
) -> None:
    project, whole = worked
    for seed in range(6):
        project.copy_of(whole)
        for trail in project.backups.glob("*.trail"):
            trail.unlink()
        has_backup = seed % 2 == 0
        damage(project.path, random.Random(f"{damage.__name__} {seed}"))
        before = project.path.read_bytes()
        try:
            done = recover(project.path, project.backups if has_backup else None)
        except ProjectError as error:
            if has_backup or "Nothing of a project could be read" not in str(error):
                raise
            assert project.path.read_bytes() == before
            continue
        again = Project.open(project.path)
        labels = labels_of(again)
        again.close()
        assert done.damaged is not None
        assert done.damaged.read_bytes() == before
        assert len(labels) == done.n_labels
        if has_backup:
            assert not project.in_backup.keys() - labels.keys() - _taken_off(project), seed
        if labels != project.labels:
            assert _WHOLE not in done.sentences, (seed, done.sentences)


def _taken_off(project: Worked) -> set[str]:
    return project.in_backup.keys() - project.labels.keys()


# --- By hand, and on the command line -------------------------------------------------------------


def test_the_command_line_repairs_and_reports(
    worked: tuple[Worked, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    project, whole = worked
    project.copy_of(whole)
    arguments = ["recover", str(project.path), "--backups", str(project.backups), "--json"]
    assert main(arguments) == 0
    told = capfd.readouterr()
    assert json.loads(told.out) == {"is_damaged": False, "n_labels": len(project.labels)}
    assert "is whole; it has" in told.err

    project.copy_of(whole)
    _flip_a_label(project.path)
    Project.open(project.path, read_only=True).close()  # A quick look finds nothing wrong.
    assert main(arguments) == 0
    told = capfd.readouterr()
    said = json.loads(told.out)
    assert said["is_damaged"]
    assert said["n_labels"] == len(project.labels)
    assert _WHOLE in said["report"]
    report = Path(f"{said['damaged']}.txt").read_text()
    assert all(sentence in report for sentence in said["report"])
    again = Project.open(project.path)
    assert labels_of(again) == project.labels
    again.close()

    project.path.unlink()  # Nothing is left of it at all.
    assert main(arguments) == 0
    assert json.loads(capfd.readouterr().out)["n_labels"] == len(project.labels)
    shutil.rmtree(project.backups)
    project.path.unlink()
    assert main(arguments) == 1
    assert "There is no project file" in capfd.readouterr().err


def _flip_a_label(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'labels_by_class'"
    ).fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek(page * 4096 - 1)
        (byte,) = file.read(1)
        file.seek(page * 4096 - 1)
        file.write(bytes([byte ^ 1]))


def test_a_project_that_is_open_is_not_repaired(
    worked: tuple[Worked, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_lock, "is_remote", lambda _: True)
    project, whole = worked
    project.copy_of(whole)
    Path(f"{project.path}-lock").write_text('{"computer": "elsewhere", "process": 7}')
    before = project.path.read_bytes()
    with pytest.raises(ProjectInUseError, match="computer elsewhere"):
        recover(project.path, project.backups)
    assert project.path.read_bytes() == before


def test_a_repair_that_is_called_off_leaves_all_as_it_was(worked: tuple[Worked, Path]) -> None:
    project, whole = worked
    project.copy_of(whole)
    before = {path: path.read_bytes() for path in project.path.parent.iterdir()}

    class CalledOff(Exception):
        pass

    def call_off() -> None:
        raise CalledOff

    with pytest.raises(CalledOff):
        recover(project.path, project.backups, call_off)
    assert {path: path.read_bytes() for path in project.path.parent.iterdir()} == before


def test_images_classes_notes_and_marks_come_back_without_a_backup(tmp_path: Path) -> None:
    made = Worked(tmp_path, {}, {})
    made.path.parent.mkdir()
    project = Project.for_folder(made.path.parent, tmp_path / "kept")
    project.add_images([FoundFile(f"{number:04}.jpg", number, 5) for number in range(1, 2001)])
    project.record_contents({ImageId(n): bytes([n % 250] * 16) for n in range(1, 2001)})
    fox, owl = project.new_classes(["fox", "owl"])
    project.apply(Change("Add", {}, (replace(fox, note="no dogs"), owl)))
    project.apply(Change("Label", {ImageId(n): owl.class_id for n in range(1, 900)}))
    project.apply(project.setting_aside([ImageId(1000), ImageId(1001)]))
    before = project.images(), project.classes(), project.labels(), project.set_aside()
    project.close()
    content = made.path.read_bytes()
    page = _page_of(content, b"Label")
    made.path.write_bytes(content[:page] + bytes(4096) + content[page + 4096 :])
    done = recover(made.path, None)
    again = Project.open(made.path)
    assert (again.images(), again.classes(), again.labels(), again.set_aside()) == before
    again.close()
    told = " ".join(done.sentences)
    assert "labels of that time may be missing" in told or "newest labels may be missing" in told


def _page_of(content: bytes, text: bytes) -> int:
    """Where the last leaf of a table begins that has such a text in it."""
    pages = range(4096, len(content), 4096)
    return [at for at in pages if content[at] == 0x0D and text in content[at : at + 4096]][-1]


def test_the_engine_repairs_also_where_no_encoder_works(worked: tuple[Worked, Path]) -> None:
    project, whole = worked
    project.copy_of(whole)
    project.path.write_bytes(b"nothing of it is left")
    steps = _steps_without_encoder(RepairProject(7, project.path, project.backups), NOTHING)
    (done,) = [event for event in steps if isinstance(event, ProjectRepaired)]
    assert (done.request_id, done.path) == (7, project.path)
    assert _WHOLE in done.sentences
    again = Project.open(project.path)
    assert labels_of(again) == project.labels
    again.close()

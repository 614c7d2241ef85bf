"""Damaged projects: whatever happens to the file, what was labelled is there again, or is named."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from engine.errors import DamagedProjectError, ProjectError
from engine.project import Project
from engine.project_recovery import Recovery, recover
from tests.engine.damages import DAMAGES, Labels, Worked, labels_of, work

_WHOLE = "Nothing that was labelled is missing."


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Worked, Path]:
    """A project that was worked in, and a copy of all its files."""
    home = tmp_path_factory.mktemp("damaged")
    made = work(home / "at", seed=1)
    shutil.copytree(made.folder, home / "copy")
    return made, home / "copy"


def opened_again(worked: Worked, backups: Path | None) -> tuple[Labels, Recovery | None, str]:
    """What a person finds who opens the project, and has it repaired where that fails."""
    done = None
    try:
        project = Project.open(worked.path, backup_folder=backups)
    except DamagedProjectError:
        done = recover(worked.path, backups)
        project = Project.open(worked.path, backup_folder=backups)
    try:
        return labels_of(project), done, project.notice
    finally:
        project.close()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda item: str(item.__name__))
def test_with_its_backup_and_trail_every_label_is_back(
    worked: tuple[Worked, Path], damage: object
) -> None:
    project, whole = worked
    assert len(project.in_backup) > 50
    assert project.labels != project.in_backup
    for seed in range(8):
        project.copy_of(whole)
        assert callable(damage)
        damage(project.path, random.Random(f"{damage} {seed}"))
        labels, done, _ = opened_again(project, project.backups)
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
    worked: tuple[Worked, Path], damage: object
) -> None:
    project, whole = worked
    for seed in range(8):
        project.copy_of(whole)
        for trail in project.backups.glob("*.trail"):
            trail.unlink()
        has_backup = seed % 2 == 0
        assert callable(damage)
        damage(project.path, random.Random(f"{damage} {seed}"))
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

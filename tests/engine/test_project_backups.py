"""Backups that are made while work goes on, which of them stay, and the trail behind them."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine import project_backups, project_keeper
from engine.messages import ClassId, FoundFile, ImageId
from engine.project import Change, Project, ProjectNews
from engine.project_backups import Backup, backups_of, to_remove
from engine.project_trail import Entry, Trail


def _entries(path: Path) -> list[Entry]:
    trail = Trail(path, path, "")
    return list(trail.entries(trail.read()))


def _made(place: int, at: datetime) -> Backup:
    return Backup(Path(f"{place}"), place, f"{at:%Y%m%d-%H}", f"{at:%Y%m%d}")


def _kept(times: list[datetime], size_bytes: int = 1) -> list[Backup]:
    """What is there after a backup was made at each of these times."""
    there: list[Backup] = []
    for place, at in enumerate(times, 1):
        there.append(_made(place, at))
        gone = to_remove(there, lambda _: size_bytes)
        there = [item for item in there if item not in gone]
    return there


def test_hours_of_a_day_and_days_of_a_month_stay() -> None:
    begin = datetime(2026, 1, 1, 8)
    # Five weeks, ten hours a day, three backups an hour.
    times = [
        begin + timedelta(days=day, hours=hour, minutes=20 * part)
        for day in range(35)
        for hour in range(10)
        for part in range(3)
    ]
    there = _kept(times)
    assert [item.place for item in there[-4:]] == [1047, 1048, 1049, 1050]
    assert len({item.hour for item in there}) == len(there) - 2
    days = sorted({item.day for item in there})
    assert len(days) == 30
    assert days[-1] == "20260204"
    assert days[0] == "20260106"
    assert 24 + 27 < len(there) <= 4 + 24 + 30


@pytest.mark.parametrize("wrong", [datetime(1970, 1, 1), datetime(2099, 12, 31, 23)])
def test_a_clock_that_is_wrong_costs_no_good_backup(wrong: datetime) -> None:
    good = [datetime(2026, 1, 1, 8) + timedelta(days=day) for day in range(20)]
    before = _kept(good)
    there = _kept([*good, wrong, wrong, wrong])
    assert {item.place for item in before} <= {item.place for item in there}
    after = [datetime(2026, 2, 1, 8) + timedelta(days=day) for day in range(5)]
    there = _kept([*good, wrong, wrong, wrong, *after])
    assert {item.place for item in before} <= {item.place for item in there}
    assert [item.place for item in there] == sorted(item.place for item in there)


def test_a_clock_that_stands_still_keeps_the_newest() -> None:
    there = _kept([datetime(1970, 1, 1)] * 50)
    assert [item.place for item in there] == [47, 48, 49, 50]


def test_large_projects_have_fewer_and_never_less_than_two() -> None:
    times = [datetime(2026, 1, 1) + timedelta(hours=hour) for hour in range(200)]
    assert len(_kept(times, 20_000_000)) == 25
    assert [item.place for item in _kept(times, 10**12)] == [199, 200]


@pytest.fixture
def opened(tmp_path: Path) -> Project:
    (tmp_path / "photos").mkdir()
    project = Project.for_folder(
        tmp_path / "photos", tmp_path / "kept", tmp_path / "backups", alone=True
    )
    project.add_images([FoundFile(f"{number:03}.jpg", number, 5) for number in range(1, 201)])
    project.apply(Change("Add", {}, tuple(project.new_classes(["fox", "owl"]))))
    return project


def _labels_in(path: Path) -> dict[int, int]:
    connection = sqlite3.connect(path)
    try:
        return dict(connection.execute("SELECT image_id, class_id FROM labels"))
    finally:
        connection.close()


def _label(project: Project, count: int) -> dict[ImageId, ClassId]:
    for number in range(1, count + 1):
        project.apply(project.relabel([ImageId(number)], ClassId(1 + number % 2)))
    return project.labels()


def test_many_changes_are_backed_up_while_work_goes_on(
    opened: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_keeper, "_MANY_CHANGES_S", 0.0)
    monkeypatch.setattr(project_keeper, "_MANY_CHANGES", 50)
    assert opened.wait_until_kept()
    assert not backups_of(opened.path, tmp_path / "backups")
    labels = _label(opened, 49)
    assert opened.wait_until_kept()
    made = backups_of(opened.path, tmp_path / "backups")
    assert made
    kept = _labels_in(made[-1].path)
    assert len(kept) > 40
    assert kept.items() <= labels.items()
    opened.close()


def test_labels_are_given_while_a_backup_is_made(
    opened: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, goes_on = threading.Event(), threading.Event()
    whole = project_keeper.check_whole

    def slow(connection: sqlite3.Connection, path: Path, *, is_thorough: bool = False) -> None:
        began.set()
        assert goes_on.wait(30)
        whole(connection, path, is_thorough=is_thorough)

    monkeypatch.setattr(project_keeper, "check_whole", slow)
    assert opened._keeper is not None
    opened._keeper.back_up_soon()
    assert began.wait(30)
    labels = _label(opened, 20)  # None of these waits for the backup.
    goes_on.set()
    assert opened.wait_until_kept()
    (backup,) = backups_of(opened.path, tmp_path / "backups")
    assert not _labels_in(backup.path)
    opened.close()
    # What the backup has not, the trail has.
    (trail,) = (tmp_path / "backups").glob("*.trail")
    assert sum(entry.subject == "image" for entry in _entries(trail)) == len(labels)


def test_a_project_is_closed_while_a_backup_is_made(
    opened: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = threading.Event()
    copy = project_backups.copy_to

    def slow(source: sqlite3.Connection, path: Path, *, is_stopped: Callable[[], bool]) -> None:
        began.set()
        while not is_stopped():
            began.wait()
        copy(source, path, is_stopped=is_stopped)

    monkeypatch.setattr(project_backups, "copy_to", slow)
    assert opened._keeper is not None
    opened._keeper.back_up_soon()
    assert began.wait(30)
    opened.close()
    assert [path.suffix for path in (tmp_path / "backups").iterdir()] == [".trail"]


def test_what_killed_programs_left_half_written_goes(opened: Project, tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    backups.mkdir(exist_ok=True)
    old, new = backups / ".handful-a.part", backups / ".handful-b.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    assert opened._keeper is not None
    opened._keeper.back_up_soon()
    assert opened.wait_until_kept()
    opened.close()
    assert not old.exists()
    assert new.exists()


def test_a_project_that_was_damaged_meanwhile_is_no_backup(opened: Project, tmp_path: Path) -> None:
    _label(opened, 20)
    assert opened._keeper is not None
    opened._keeper.back_up_soon()
    assert opened.wait_until_kept()
    good = backups_of(opened.path, tmp_path / "backups")
    opened._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = opened._connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE name = 'labels_by_class'"
    ).fetchone()
    with opened.path.open("r+b") as file:  # The index says another class than the table.
        file.seek(page * 4096 - 3)
        byte = file.read(1)
        file.seek(page * 4096 - 3)
        file.write(bytes([byte[0] ^ 2]))
    told: list[ProjectNews] = []
    opened.follow_news(told.append)
    opened._keeper.back_up_soon()
    assert opened.wait_until_kept()
    assert backups_of(opened.path, tmp_path / "backups") == good
    assert len(told) == 1
    assert str(opened.path) in told[0].sentence
    assert "Close the project and repair it" in told[0].sentence
    assert told[0].damaged == opened.path
    opened.close()


def test_a_trail_is_bounded_and_goes_with_a_project_that_is_moved(
    opened: Project, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    assert opened.wait_until_kept()
    (trail,) = backups.glob("*.trail")
    sizes = []
    for _ in range(4):
        labels = _label(opened, 60)
        assert opened._keeper is not None
        opened._keeper.back_up_soon()
        assert opened.wait_until_kept()
        sizes.append(trail.stat().st_size)
        opened.apply(opened.relabel(labels, None))
    assert max(sizes) < 3 * sizes[0]
    opened.apply(opened.relabel([ImageId(7)], ClassId(1)))
    path = opened.path
    opened.close()
    moved = tmp_path / "moved"
    path.parent.rename(moved)
    again = Project.open(moved / path.name, backup_folder=backups)
    again.apply(again.relabel([ImageId(8)], ClassId(1)))
    again.close()
    assert not trail.exists()
    (trail_of_moved,) = backups.glob("*.trail")
    names = [entry.name for entry in _entries(trail_of_moved)]
    assert names[-2:] == ["007.jpg", "008.jpg"]


def test_a_copy_of_a_project_does_not_get_what_was_done_in_the_other(
    opened: Project, tmp_path: Path
) -> None:
    _label(opened, 5)
    opened.close()
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / opened.path.name
    copy.write_bytes(opened.path.read_bytes())
    first = Project.open(opened.path, backup_folder=tmp_path / "backups")
    _label(first, 20)
    first.close()
    second = Project.open(copy, backup_folder=tmp_path / "backups")
    assert len(second.labels()) == 5
    assert not second.notice
    second.close()


def test_an_older_copy_does_not_get_what_was_done_on_a_card_that_is_gone(
    opened: Project, tmp_path: Path
) -> None:
    _label(opened, 5)
    opened.close()
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / opened.path.name
    copy.write_bytes(opened.path.read_bytes())
    first = Project.open(opened.path, backup_folder=tmp_path / "backups")
    labels = _label(first, 20)
    first.close()
    opened.path.parent.rename(tmp_path / "pulled")
    second = Project.open(copy, backup_folder=tmp_path / "backups")
    assert len(second.labels()) == 5
    second.close()
    (tmp_path / "pulled").rename(opened.path.parent)
    first = Project.open(opened.path, backup_folder=tmp_path / "backups")
    assert first.labels() == labels
    assert not first.notice
    first.close()


def test_lines_that_are_damaged_are_missed_alone(opened: Project, tmp_path: Path) -> None:
    _label(opened, 10)
    opened.close()
    (path,) = (tmp_path / "backups").glob("*.trail")
    content = path.read_bytes()
    trail = Trail(path, opened.path, "")
    whole = {entry.entry: entry for entry in _entries(path)}
    assert (len(whole), trail.read().n_broken) == (12, 0)
    lines = content.split(b"\n")
    lines[4] = lines[4].replace(b"fox", b"fix").replace(b"owl", b"own")
    path.write_bytes(b"\n".join(lines)[:-20])
    left = _entries(path)
    assert (len(left), trail.read().n_broken) == (10, 2)
    assert all(whole[entry.entry] == entry for entry in left)

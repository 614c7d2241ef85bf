"""Large projects are read slice by slice: nothing is lost, and nothing begins too early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import Desk, paint_folder
from PySide6.QtWidgets import QApplication

from app.session import project_loader
from engine import Project, ProjectError, messages


@pytest.fixture
def saved(garden: Desk, home: Path, qapp: QApplication) -> Iterator[Desk]:
    """A new window beside a saved project: 1 and 9 are cats, 3 and 8 set aside."""
    (cat,) = garden.add_classes("cat")
    garden.session.label([garden.image("image_1.png"), garden.image("image_9.png")], cat.class_id)
    garden.session.set_aside([garden.image("image_3.png"), garden.image("image_8.png")])
    again = garden.restart(qapp, home)
    yield again
    again.close()


@pytest.fixture(autouse=True)
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project_loader, "FIRST", 5)
    monkeypatch.setattr(project_loader, "SLICE", 3)


def whole(desk: Desk) -> Callable[[], bool]:
    return lambda: not desk.session._loader.is_loading


def test_the_rest_follows_and_the_scan_comes_last(saved: Desk, folder: Path) -> None:
    session = saved.session
    assert session.open(folder)
    assert session.table.n_rows == 5
    assert session.why_no_results() == "The project is still being read."
    session.rescan()
    assert not saved.engine.all(messages.ScanFolder)
    assert not saved.engine.all(messages.Adapt)
    saved.qtbot.waitUntil(whole(saved))
    assert len(saved.engine.all(messages.ScanFolder)) == 1
    assert saved.shown() == [f"image_{number}.png" for number in range(1, 13)]
    assert session.why_no_results() == "Label images of at least two classes first."
    assert saved.state("image_1.png") == saved.state("image_9.png") == "labelled cat"
    assert saved.state("image_3.png") == saved.state("image_8.png")
    assert saved.state("image_8.png") == "set aside, not classified yet"
    assert int(session.table.set_aside.sum()) == 2
    saved.engine.finish_scan()
    assert not session.table.missing.any()


def test_edits_meanwhile_are_in_the_table_in_the_end(saved: Desk, folder: Path) -> None:
    session = saved.session
    assert session.open(folder)
    first = session.table.names[0]
    added = session.add_class("dog")
    assert added is not None
    session.label([session.table.image_id(0)], added.class_id)
    session.delete_class(session.classes[0].class_id)  # Labels in rows that are not read yet, too.
    saved.qtbot.waitUntil(whole(saved))
    table = session.table
    shown = {table.names[row]: int(table.labels[row]) for row in table.labels.nonzero()[0].tolist()}
    assert shown == {first: added.class_id}
    assert saved.labels_on_disk() == {first: "dog"}
    session.undo()
    session.undo()
    assert "labelled cat" in {saved.state("image_1.png"), saved.state("image_9.png")}


def test_another_folder_can_be_opened_before_the_first_is_read(
    saved: Desk, folder: Path, tmp_path: Path
) -> None:
    other = paint_folder(tmp_path / "other", 3)
    assert saved.session.open(folder)
    assert saved.session.open(other)
    assert saved.session.table.n_rows == 0
    saved.engine.finish_scan()
    QApplication.processEvents()
    assert saved.session.table.n_rows == 3
    saved.session.open(folder)
    saved.session.close_project()
    QApplication.processEvents()
    assert saved.session.table.n_rows == 0


def test_what_cannot_be_read_is_said_and_the_project_closed(
    saved: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert saved.session.open(folder)
    problem = "Could not read garden.handful: disk I/O error."

    def fail(*_args: object) -> None:
        raise ProjectError(problem)

    monkeypatch.setattr(Project, "images_after", fail)
    saved.qtbot.waitUntil(lambda: saved.session.project is None)
    assert problem in saved.notices()
    assert not saved.session.open(folder)
    assert saved.session.project is None


def test_a_moved_folder_is_scanned_once_all_is_read(
    saved: Desk, folder: Path, tmp_path: Path
) -> None:
    assert saved.session.open(folder)
    folder.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "garden.handful").rename(tmp_path / "garden.handful")
    saved.session.close_project()
    assert saved.session.open(tmp_path / "garden.handful")
    saved.session.move_folder(tmp_path / "elsewhere")
    assert not saved.engine.all(messages.ScanFolder)
    saved.qtbot.waitUntil(whole(saved))
    assert saved.engine.last(messages.ScanFolder).folder == tmp_path / "elsewhere"
    assert len(saved.engine.all(messages.ScanFolder)) == 1

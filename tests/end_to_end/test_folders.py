"""Folders that change under the program: the real session and the real engine, no window."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from engine import Engine, Project, messages
from engine.images import find_images
from engine.messages import FoundFile
from engine.painting import paint_folder

N_IMAGES = 6
LONG_MS = 60_000  # For what the engine does on a busy machine.


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    bridge = EngineBridge(partial(Engine, cache_folder=tmp_path / "cache", device="cpu"))
    made = Session(bridge, Preferences(settings), tmp_path / "data" / "projects")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "parts"
    assert len(list(paint_folder(made, n_images=N_IMAGES, seed=3))) == N_IMAGES
    return made


def _all_embedded(session: Session) -> bool:
    table = session.table
    return table.n_rows == N_IMAGES and bool((table.embedded | table.missing).all())


def _labels(session: Session) -> dict[str, str]:
    names = {item.class_id: item.name for item in session.classes}
    return {
        name: names[session.table.label(row)]
        for row, name in enumerate(session.table.names)
        if session.table.labels[row]
    }


def test_what_could_not_be_read_at_the_old_place_is_read_at_the_new(
    qtbot: QtBot, session: Session, folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "work.handful"
    project = Project.create(outside, folder)
    project.add_images([item for item in find_images(folder) if isinstance(item, FoundFile)])
    project.close()
    moved = folder.rename(tmp_path / "moved")
    session.open(outside)
    # The window asks for thumbnails of what it shows, and the engine finds no file.
    failed: list[messages.Event] = []
    number = session.bridge.next_id()
    refs = tuple(session.table.ref(row) for row in range(N_IMAGES))
    session.bridge.ask(messages.LoadThumbnails(number, refs), failed.append)
    qtbot.waitUntil(
        lambda: any(isinstance(event, messages.JobFinished) for event in failed), timeout=LONG_MS
    )
    assert sum(isinstance(event, messages.ImageUnreadable) for event in failed) == N_IMAGES
    session.move_folder(moved)
    qtbot.waitUntil(lambda: _all_embedded(session), timeout=LONG_MS)
    assert not session.table.unreadable.any()
    assert not session.table.missing.any()


def test_labels_follow_files_that_another_program_renames(
    qtbot: QtBot, session: Session, folder: Path
) -> None:
    session.open(folder)
    qtbot.waitUntil(lambda: _all_embedded(session), timeout=LONG_MS)
    first, second, third = session.table.names[:3]
    for number, name in enumerate((first, second, third)):
        added = session.add_class(f"class {number}")
        assert added is not None
        image = session.table.image_id(session.table.row_of_name(name))
        assert session.label([image], added.class_id)
    # The first two are swapped, the third is renamed.
    renamed = f"{third}.jpg"
    (folder / first).rename(folder / "swap")
    (folder / second).rename(folder / first)
    (folder / "swap").rename(folder / second)
    (folder / third).rename(folder / renamed)
    session.rescan()
    wanted = {first: "class 1", second: "class 0", renamed: "class 2"}
    qtbot.waitUntil(lambda: _labels(session) == wanted, timeout=LONG_MS)
    while session.undo_text().startswith("Find"):
        session.undo()
    assert _labels(session) == {first: "class 0", second: "class 1", third: "class 2"}

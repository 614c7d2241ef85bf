"""Images that the window has moved, and the command line puts back while the window is open."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.session.engine_bridge import EngineBridge, Publish
from app.session.engine_choice import EngineChoice
from app.session.preferences import Preferences
from app.session.session import Session
from app.session.tasks import Task
from engine import Engine, messages
from engine.messages import SortChoice, SortHow
from engine.painting import paint_folder

N_IMAGES = 6
LONG_MS = 60_000  # For what the engine does on a busy machine.
ROOT = Path(__file__).parents[2]


def start_engine(publish: Publish, choice: EngineChoice) -> Engine:
    return Engine(publish, cache_folder=choice.cache_folder, device=choice.device)


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    preferences.engine_choice = EngineChoice("cpu", None, tmp_path / "cache")
    bridge = EngineBridge(partial(start_engine, choice=preferences.engine_choice))
    made = Session(bridge, preferences, tmp_path / "data" / "projects", start_engine)
    assert len(list(paint_folder(tmp_path / "parts", n_images=N_IMAGES, seed=3))) == N_IMAGES
    made.open(tmp_path / "parts")
    yield made
    made.close()


def result_of(qtbot: QtBot, task: Task) -> object:
    with qtbot.waitSignal(task.succeeded, timeout=LONG_MS) as caught:
        pass
    return caught.args[0]


def test_images_put_back_by_another_process_are_found(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    table, project = session.table, session.project
    assert project is not None
    qtbot.waitUntil(
        lambda: table.n_rows == N_IMAGES and bool(table.embedded.all()), timeout=LONG_MS
    )
    names = list(table.names)
    for row, name in enumerate(("nut", "washer")):
        added = session.add_class(name)
        assert added is not None
        assert session.label([table.image_id(row)], added.class_id)
    labels = project.labels()
    target = tmp_path / "sorted"
    planned = result_of(
        qtbot, session.results.plan_sorting(SortChoice(target, SortHow.MOVE, unsure_below=0.0))
    )
    assert isinstance(planned, messages.SortingPlanned)
    result_of(qtbot, session.results.sort_files(planned.plan))
    qtbot.waitUntil(lambda: not session.reader.is_scanning, timeout=LONG_MS)
    assert all(name.startswith("../sorted/") for name in table.names)
    assert not table.missing.any()

    undone = subprocess.run(
        [sys.executable, "-m", "engine", "sort", "undo", str(target)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LONG_MS / 1000,
        check=False,
    )
    assert undone.returncode == 0, undone.stderr
    assert f"{N_IMAGES} images taken back" in undone.stderr

    session.rescan()
    qtbot.waitUntil(lambda: not session.reader.is_scanning, timeout=LONG_MS)
    assert list(table.names) == names
    assert not table.missing.any()
    assert not any(record.missing for record in project.images())
    assert project.labels() == labels
    assert session.table.ref(0).path.exists()

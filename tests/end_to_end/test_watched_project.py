"""A watched folder with the real engine: what comes is predicted without anybody asking."""

from __future__ import annotations

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
from engine import Engine
from engine.painting import paint_folder

N_IMAGES = 6
LONG_MS = 60_000  # For what the engine does on a busy machine.


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


def test_an_image_that_comes_gets_its_prediction(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    table = session.table
    qtbot.waitUntil(
        lambda: table.n_rows == N_IMAGES and bool(table.embedded.all()), timeout=LONG_MS
    )
    session.watch_folder(True)
    for row, name in enumerate(("nut", "washer")):
        added = session.add_class(name)
        assert added is not None
        assert session.label([table.image_id(row)], added.class_id)
    qtbot.waitUntil(lambda: int(table.predicts.sum()) == N_IMAGES - 2, timeout=LONG_MS)
    assert len(list(paint_folder(tmp_path / "more", n_images=1, seed=4))) == 1
    (picture,) = (path for path in (tmp_path / "more").rglob("*") if path.is_file())
    content, late = picture.read_bytes(), tmp_path / "parts" / "late.jpg"
    late.write_bytes(content[: len(content) // 2])
    late.write_bytes(content)
    qtbot.waitUntil(lambda: int(table.predicts.sum()) == N_IMAGES - 1, timeout=LONG_MS)
    assert table.predicts[table.row_of_name("late.jpg")]
    assert (session.arrivals.n_come, table.n_rows) == (1, N_IMAGES + 1)

"""From a bundle to other images and to the next bundle, through the real engine and the session."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from engine import Engine, messages
from engine.bundle.support import KeptSupport
from engine.messages import Effort
from tests.engine.painted import KINDS, kind_of, paint_folder

LONG_MS = 60_000  # For what the engine does on a busy machine.


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    bridge = EngineBridge(partial(Engine, cache_folder=tmp_path / "cache", device="cpu"))
    made = Session(bridge, Preferences(settings), tmp_path / "data" / "projects")
    made.classifier.preferred = Effort.INSTANT
    yield made
    made.close()


def _export(qtbot: QtBot, session: Session, out: Path) -> None:
    task = session.results.export_bundle(out)
    with qtbot.waitSignal(task.succeeded, timeout=LONG_MS):
        pass


def test_labelling_goes_on_from_bundle_to_bundle(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    paint_folder(first, 3)
    paint_folder(second, 3, seed=9)
    assert session.open(first)
    qtbot.waitUntil(lambda: bool(session.table.embedded.sum() == 9), timeout=LONG_MS)
    for name in KINDS:
        item = session.add_class(name)
        assert item is not None
        rows = [row for row in range(9) if session.table.names[row].startswith(name)]
        session.label([session.table.image_id(row) for row in rows[:2]], item.class_id)
    qtbot.waitUntil(lambda: session.classifier.is_complete, timeout=LONG_MS)
    _export(qtbot, session, tmp_path / "parts.zip")

    read: list[messages.BundleRead] = []
    task = session.read_bundle(tmp_path / "parts.zip")
    task.succeeded.connect(read.append)
    qtbot.waitUntil(lambda: bool(read), timeout=LONG_MS)
    assert session.open(second)
    assert session.begin_from_model(read[0])
    qtbot.waitUntil(
        lambda: session.classifier.is_complete and bool(session.table.predicts.sum() == 9),
        timeout=LONG_MS,
    )
    table = session.table
    names = {item.class_id: item.name for item in session.classes}
    for row in range(9):
        assert names[int(table.predicted[row, 0])] == kind_of(Path(table.names[row]))
    assert session.classifier.adapted is not None
    assert session.classifier.adapted.held_out is None  # Nothing was labelled here.
    session.label([table.image_id(0)], session.classes[0].class_id)
    qtbot.waitUntil(lambda: session.classifier.is_complete, timeout=LONG_MS)
    _export(qtbot, session, tmp_path / "next")
    kept = KeptSupport.read(tmp_path / "next" / "support.safetensors")
    assert np.bincount(kept.labels).tolist() == [3, 2, 2]

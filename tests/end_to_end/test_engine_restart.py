"""Another encoder and another place for the cache, with the real engine and its real files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from app.session.engine_bridge import EngineBridge, Publish
from app.session.engine_choice import EngineChoice
from app.session.preferences import Preferences
from app.session.session import Session
from engine import Engine, cache_size, default_encoders_folder, list_encoders
from engine.painting import paint_folder

N_IMAGES = 6
LONG_MS = 60_000  # For what the engine does on a busy machine.


def start_engine(publish: Publish, choice: EngineChoice) -> Engine:
    return Engine(
        publish,
        cache_folder=choice.cache_folder,
        encoder_path=choice.encoder_path,
        device=choice.device,
    )


@pytest.fixture
def session(qapp: object, tmp_path: Path) -> Iterator[Session]:
    """Six images, two of which are labelled, with the cache in a folder of its own."""
    preferences = Preferences(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    preferences.engine_choice = EngineChoice("cpu", None, tmp_path / "cache")
    bridge = EngineBridge(partial(start_engine, choice=preferences.engine_choice))
    made = Session(bridge, preferences, tmp_path / "data" / "projects", start_engine)
    folder = tmp_path / "parts"
    assert len(list(paint_folder(folder, n_images=N_IMAGES, seed=3))) == N_IMAGES
    made.open(folder)
    yield made
    made.close()


def is_answered(session: Session) -> bool:
    """Whether every image is read and the rest predicted."""
    table, known = session.table, session.classifier
    return (
        table.n_rows == N_IMAGES
        and bool(table.embedded.all())
        and known.is_complete
        and int(table.predicts.sum()) == N_IMAGES - 2
    )


def test_encoder_and_cache_are_changed_and_nothing_is_lost(
    qtbot: QtBot, session: Session, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: session.table.n_rows == N_IMAGES, timeout=LONG_MS)
    for row, name in enumerate(("nut", "washer")):
        added = session.add_class(name)
        assert added is not None
        assert session.label([session.table.image_id(row)], added.class_id)
    labels = session.table.labels.copy()
    qtbot.waitUntil(lambda: is_answered(session), timeout=LONG_MS)
    assert cache_size(tmp_path / "cache") > 0

    # A copy of the shipped encoder, as if it had been added.
    other = default_encoders_folder() / "other.safetensors"
    other.parent.mkdir(parents=True)
    shutil.copy(list_encoders(other.parent)[0].path, other)
    session.choose_engine(replace(session.choice, encoder_path=other))
    assert not session.table.embedded.any()
    qtbot.waitUntil(lambda: is_answered(session), timeout=LONG_MS)
    assert session.choice.encoder_path == other

    (tmp_path / "disk").mkdir()
    session.cache.move_to(tmp_path / "disk")
    qtbot.waitUntil(lambda: session.choice.cache_folder != tmp_path / "cache", timeout=LONG_MS)
    qtbot.waitUntil(lambda: is_answered(session), timeout=LONG_MS)
    assert cache_size(tmp_path / "disk" / "Handful cache") > 0
    assert cache_size(tmp_path / "cache") == 0

    session.cache.clean()
    qtbot.waitUntil(lambda: not session.cache.is_busy, timeout=LONG_MS)
    assert (session.table.labels == labels).all()
    assert session.undo_text()
    assert session.choice == session.preferences.engine_choice


def test_a_gpu_that_is_not_there_leaves_the_program_working(qtbot: QtBot, session: Session) -> None:
    told: list[str] = []
    session.noticed.connect(lambda notice: told.append(notice.text))
    session.choose_engine(replace(session.choice, device="cuda"))
    qtbot.waitUntil(lambda: session.engine is not None, timeout=LONG_MS)
    assert session.engine is not None
    if session.choice.device == "cuda":
        pytest.skip("there is a GPU that works")
    assert session.engine.device.startswith("CPU")
    assert any("Handful goes on with its own encoder" in text for text in told)

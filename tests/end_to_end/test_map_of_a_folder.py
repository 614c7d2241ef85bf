"""The map on the real engine: open a folder, see it laid out, label a region by lasso and a key."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.look.theme import ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow
from engine import Engine
from engine.messages import LayoutMethod
from engine.painting import paint_folder

N_IMAGES = 40
LONG_MS = 120_000  # For what the engine does on a busy machine.


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[MainWindow]:
    qapp.setStyle("Fusion")
    preferences = Preferences(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    bridge = EngineBridge(partial(Engine, cache_folder=tmp_path / "cache", device="cpu"))
    session = Session(bridge, preferences, tmp_path / "projects")
    switch = ThemeSwitch(qapp, preferences.theme)
    shown = MainWindow(session, preferences, switch, tmp_path / "log.txt")
    shown.resize(1280, 800)
    shown.show()
    qtbot.waitExposed(shown)
    shown.activateWindow()
    yield shown
    shown.close()
    session.close()
    shown.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # Offscreen, size hints.
def test_a_region_of_the_map_is_labelled_with_one_key(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    folder = tmp_path / "parts"
    images = {item.name: item.class_name for item in paint_folder(folder, n_images=N_IMAGES)}
    window.open(folder)
    session, page = window.gallery._session, window.pages.map
    qtbot.keyClick(window, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert window.pages.currentWidget() is page
    qtbot.waitUntil(
        lambda: (
            page.layout_.method is LayoutMethod.NEIGHBOURS
            and len(page.layout_.rows) == N_IMAGES
            and not page.layout_.is_working
        ),
        timeout=LONG_MS,
    )
    canvas = page.canvas
    assert canvas is not None
    qtbot.waitUntil(canvas.hasFocus)

    # Neighbours on the map show the same kind of part far more often than by chance.
    kinds = np.array([images[session.table.names[row]] for row in canvas.rows.tolist()])
    places = canvas.points.places()
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    agreement = float(np.mean(kinds[apart.argmin(axis=1)] == kinds))
    shares = np.unique(kinds, return_counts=True)[1] / N_IMAGES
    assert agreement > 2 * float(np.sum(shares**2))

    for name in ("first", "second"):
        window.actions_.new_class.trigger()
        qtbot.keyClicks(window.classes.field, name)
        qtbot.keyClick(window.classes.field, Qt.Key.Key_Return)
    canvas.setFocus()
    middle = float(np.median(places[:, 0]))
    size = canvas.viewport().size()
    for key, left, right in (
        (Qt.Key.Key_1, 1.0, middle),
        (Qt.Key.Key_2, middle, size.width() - 2.0),
    ):
        corners = [(left, 1), (right, 1), (right, size.height() - 2), (left, size.height() - 2)]
        spots = [QPointF(*corner).toPoint() for corner in corners]
        qtbot.mousePress(canvas.viewport(), Qt.MouseButton.LeftButton, pos=spots[0])
        for spot in [*spots[1:], spots[0] + QPoint(0, 4)]:
            qtbot.mouseMove(canvas.viewport(), spot)
        qtbot.mouseRelease(canvas.viewport(), Qt.MouseButton.LeftButton, pos=spots[0])
        assert N_IMAGES // 2 - 2 <= len(page.chosen_images()) <= N_IMAGES // 2 + 2
        qtbot.keyClick(canvas, key)
    first, second = (session.labelled_rows(item.class_id) for item in session.classes)
    assert len(first) + len(second) >= N_IMAGES - 2
    assert np.median(places[np.isin(canvas.rows, first), 0]) < middle
    assert np.median(places[np.isin(canvas.rows, second), 0]) > middle
    assert session.project is not None
    assert len(session.project.labels()) == len(first) + len(second)
    session.undo()
    assert len(session.project.labels()) == len(first)

"""Sixty images of six classes by keyboard, every key counted: the real window, the real engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.look.theme import ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow
from engine import Engine
from engine.painting import CLASS_NAMES, paint_folder

N_IMAGES = 60
LONG_MS = 120_000  # For what the engine does on a busy machine.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # Offscreen.


class Parts(NamedTuple):
    """Pictures of machine parts: where they are, where they are cached, and what each shows."""

    folder: Path
    cache: Path
    kind: dict[str, str]


class Typist:
    """A person at the keyboard, in front of sixty images and six classes; nothing is labelled."""

    def __init__(self, qtbot: QtBot, qapp: QApplication, home: Path, parts: Parts) -> None:
        self.qtbot = qtbot
        self.n_keys = 0  # All that were pressed but the next.
        self.n_moves = 0  # Those that chose other images, and labelled none.
        qapp.setStyle("Fusion")
        preferences = Preferences(QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat))
        bridge = EngineBridge(partial(Engine, cache_folder=parts.cache, device="cpu"))
        self.session = Session(bridge, preferences, home / "projects")
        switch = ThemeSwitch(qapp, preferences.theme)
        self.window = MainWindow(self.session, preferences, switch, home / "log.txt")
        self.window.resize(1280, 800)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.kind = parts.kind
        shutil.copytree(parts.folder, home / "parts")
        self.window.open(home / "parts")
        qtbot.waitUntil(self._is_everything_known, timeout=LONG_MS)
        for name in CLASS_NAMES:
            assert self.session.add_class(name) is not None

    def _is_everything_known(self) -> bool:
        embedded = self.session.table.embedded
        return len(embedded) == N_IMAGES and bool(embedded.all())

    def press(
        self, key: Qt.Key | str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Press a key that labels, where the keyboard's attention is."""
        self.n_keys += 1
        self._send(key, modifier)

    def move(
        self, key: Qt.Key | str, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
    ) -> None:
        """Press a key that only chooses images."""
        self.n_moves += 1
        self._send(key, modifier)

    def _send(self, key: Qt.Key | str, modifier: Qt.KeyboardModifier) -> None:
        self.qtbot.keyClick(QApplication.focusWidget() or self.window, key, modifier)

    def key_of(self, row: int) -> str:
        """The key of the class that an image shows."""
        return str(CLASS_NAMES.index(self.kind[self.session.table.names[row]]) + 1)

    def n_right(self) -> int:
        """How many images are labelled as what they show."""
        table, found = self.session.table, 0
        for row, name in enumerate(table.names):
            label = self.session.image_class(int(table.labels[row]))
            found += label is not None and label.name == self.kind[name]
        return found

    def leave(self) -> None:
        """Close the window and the program with it."""
        self.window.close()
        self.session.close()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """Painted once, and looked at by the engine once."""
    home = tmp_path_factory.mktemp("painted")
    painted = paint_folder(home / "parts", n_images=N_IMAGES, seed=5)
    kind = {item.name: item.class_name for item in painted}
    return Parts(home / "parts", home / "cache", kind)


@pytest.fixture
def typist(qtbot: QtBot, qapp: QApplication, tmp_path: Path, parts: Parts) -> Iterator[Typist]:
    seated = Typist(qtbot, qapp, tmp_path, parts)
    yield seated
    seated.leave()


def test_in_the_gallery_runs_are_selected_and_given_one_key(typist: Typist) -> None:
    window, shift = typist.window, Qt.KeyboardModifier.ShiftModifier
    view, model = window.gallery.view, window.gallery.model
    view.setFocus()
    typist.move(Qt.Key.Key_Home)
    place = view.currentIndex().row()
    while True:
        assert view.currentIndex().row() == place
        key, run = typist.key_of(int(model.order[place])), 1
        while place + run < N_IMAGES and typist.key_of(int(model.order[place + run])) == key:
            typist.move(Qt.Key.Key_Right, shift)
            run += 1
        typist.press(key)
        place += run
        if place == N_IMAGES:
            break
        if run > 1:  # After a single image the selection moves on by itself.
            typist.move(Qt.Key.Key_Right)
    assert typist.n_right() == N_IMAGES
    assert typist.n_keys <= N_IMAGES
    assert typist.n_keys + typist.n_moves <= 1.5 * N_IMAGES


def test_in_the_queue_every_image_takes_one_key_and_none_to_move(typist: Typist) -> None:
    window, page = typist.window, typist.window.pages.queue
    page.choices.unseen_ms = 0  # This typist reads the classes faster than any person could.
    window.actions_.queue.trigger()
    n_accepted = 0
    for number in range(N_IMAGES):
        typist.qtbot.waitUntil(
            lambda: page.suggestions.current is not None or not page.suggestions.is_waiting,
            timeout=LONG_MS,
        )
        current = page.suggestions.current
        assert current is not None, f"the queue ended after {number} images"
        key = typist.key_of(typist.session.table.row_of(current.image_id))
        guess = page.choices.list.current
        if guess is not None and guess.key == key:
            typist.press(Qt.Key.Key_Return)
            n_accepted += 1
        else:
            typist.press(key)
    assert typist.n_right() == N_IMAGES
    assert typist.n_keys <= N_IMAGES
    assert typist.n_moves == 0
    assert n_accepted > N_IMAGES // 6  # The model guesses better than chance while one labels.


def test_in_the_queue_the_classes_are_in_order_after_every_label(typist: Typist) -> None:
    session, page = typist.session, typist.window.pages.queue
    page.choices.unseen_ms = 1_000_000  # However busy the machine is.
    typist.window.actions_.queue.trigger()
    n_seen = 0
    for _ in range(16):
        typist.qtbot.waitUntil(lambda: page.suggestions.current is not None, timeout=LONG_MS)
        typist.press(typist.key_of(page.picture.row))
        if session.n_labelled_classes < 2:
            continue
        typist.qtbot.waitUntil(lambda: session.classifier.is_complete, timeout=LONG_MS)
        if page.suggestions.current is None:
            continue
        row = session.table.row_of(page.suggestions.current.image_id)
        named = [number for number in session.table.predicted[row].tolist() if number]
        shown = [bar.class_id for bar in page.choices.list.bars.bars]
        assert shown[: len(named)] == named
        current = page.choices.list.current
        assert current is not None
        assert current.class_id == named[0]
        if page.suggestions.current.is_close_call:
            assert current.name in page.why.text()
        n_seen += 1
    assert n_seen >= 8


def test_in_the_review_pages_are_accepted_with_few_keys(typist: Typist) -> None:
    window, session, page = typist.window, typist.session, typist.window.pages.review
    window.actions_.queue.trigger()
    queue = window.pages.queue
    for _ in range(18):
        typist.qtbot.waitUntil(lambda: queue.suggestions.current is not None, timeout=LONG_MS)
        typist.press(typist.key_of(queue.picture.row))
    typist.qtbot.waitUntil(lambda: session.classifier.is_complete, timeout=LONG_MS)
    page.unseen_ms = 0  # This typist reads a page faster than any person could.
    window.actions_.review.trigger()
    while bool((session.table.labels == 0).any()) and typist.n_keys <= N_IMAGES:
        typist.qtbot.waitUntil(lambda: session.classifier.is_complete, timeout=LONG_MS)
        kind = page.classes.current.name if page.classes.current is not None else ""
        for row in page.view.rows:
            if typist.kind[session.table.names[row]] != kind:
                while page.view.chosen_rows != [row]:
                    typist.move(Qt.Key.Key_Right)
                    assert typist.n_moves < N_IMAGES
                typist.press(typist.key_of(row))
        typist.press(Qt.Key.Key_Return)
    assert typist.n_right() == N_IMAGES
    assert typist.n_keys <= N_IMAGES

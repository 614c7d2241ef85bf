"""From opening a folder to the checked ONNX file: the real window, the real engine, real events."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.look.theme import ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow
from engine import Engine
from engine.images import decode_image
from engine.painting import CLASS_NAMES, PaintedImage, paint_picture

N_IMAGES = 36
SHOTS = 4
KINDS = CLASS_NAMES[:3]
LONG_MS = 120_000  # For what the engine does on a busy machine.


class Seat:
    """A person in front of the window."""

    def __init__(self, qtbot: QtBot, qapp: QApplication, home: Path) -> None:
        self.qtbot = qtbot
        self.has_left = False
        qapp.setStyle("Fusion")
        preferences = Preferences(QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat))
        bridge = EngineBridge(partial(Engine, cache_folder=home / "cache", device="cpu"))
        self.session = Session(bridge, preferences, home / "projects")
        switch = ThemeSwitch(qapp, preferences.theme)
        self.window = MainWindow(self.session, preferences, switch, home / "log.txt")
        self.window.resize(1280, 800)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()
        self.view = self.window.gallery.view
        self.table = self.session.table

    def leave(self) -> None:
        """Close the window, as its button does, and the program with it; once."""
        if self.has_left:
            return
        self.has_left = True
        self.window.close()
        self.session.close()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def drop(self, folder: Path) -> None:
        """Drag a folder from the file manager onto the window."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(folder))])
        place, action, button = (
            QPoint(400, 300),
            Qt.DropAction.CopyAction,
            Qt.MouseButton.LeftButton,
        )
        none = Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(place, action, mime, button, none)
        QApplication.sendEvent(self.window, enter)
        assert enter.isAccepted()
        QApplication.sendEvent(self.window, QDropEvent(QPointF(place), action, mime, button, none))

    def key(self, key: Qt.Key | str, modifier: Qt.KeyboardModifier | None = None) -> None:
        """Press a key where the keyboard's attention is."""
        widget = QApplication.focusWidget() or self.window
        self.qtbot.keyClick(widget, key, modifier or Qt.KeyboardModifier.NoModifier)

    def click_tile(self, name: str) -> None:
        """Scroll to an image and click it."""
        row = self.session.table.row_of_name(name)
        index = self.window.gallery.model.index(self.window.gallery.model.place_of_row(row))
        self.view.scrollTo(index)
        self.qtbot.mouseClick(
            self.view.viewport(),
            Qt.MouseButton.LeftButton,
            pos=self.view.visualRect(index).center(),
        )

    def press_button(self, button: QPushButton) -> None:
        assert button.isVisible()
        assert button.isEnabled()
        self.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)

    def back_to_the_window(self, dialog: QWidget) -> None:
        """Close a dialog; a window manager then gives the window the keyboard."""
        dialog.close()
        self.window.activateWindow()
        self.view.setFocus()
        self.qtbot.waitUntil(self.window.isActiveWindow)

    def add_class(self, name: str) -> None:
        """Ctrl+N, the name, Enter."""
        self.key(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
        field = QApplication.focusWidget()
        assert isinstance(field, QWidget)
        self.qtbot.keyClicks(field, name)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)
        self.qtbot.keyClick(field, Qt.Key.Key_Escape)

    def tile_text(self, name: str) -> str:
        """What the tile says to a screen reader."""
        text = self.window.gallery.model.state_text(self.session.table.row_of_name(name))
        # That a label looks wrong comes later, and of five labels a kind it may do so.
        return text.partition(", looks wrong")[0] if text.startswith("labelled") else text

    def wait_for_answers(self) -> None:
        """Until every image has a label or a prediction of the newest model."""
        session = self.session

        def everything_is_answered() -> bool:
            table = session.table
            return (
                len(table.ids) == N_IMAGES
                and not session.reader.is_embedding
                and bool(((table.labels != 0) | (table.predicted[:, 0] != 0)).all())
            )

        self.qtbot.waitUntil(everything_is_answered, timeout=LONG_MS)


@pytest.fixture
def seat(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Seat]:
    seated = Seat(qtbot, qapp, tmp_path)
    yield seated
    seated.leave()


def paint_parts(folder: Path, n_images: int) -> list[PaintedImage]:
    """Paint pictures of the three kinds, in turn, into trays below a folder."""
    images = []
    for number in range(n_images):
        kind = KINDS[number % len(KINDS)]
        name = f"tray_{number // 12 + 1:02d}/IMG_{number + 1:04d}.{'jpg' if number % 5 else 'png'}"
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        paint_picture(kind, np.random.default_rng([11, number])).save(folder / name)
        images.append(PaintedImage(name, kind))
    return images


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[PaintedImage]]:
    """A folder of three kinds of machine parts and their true classes."""
    folder = tmp_path_factory.mktemp("parts") / "machine parts é"
    return folder, paint_parts(folder, N_IMAGES)


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # Offscreen, dialogs.
def test_from_a_folder_to_the_checked_onnx_file(
    seat: Seat,
    qtbot: QtBot,
    qapp: QApplication,
    tmp_path: Path,
    painted: tuple[Path, list[PaintedImage]],
) -> None:
    folder, images = painted
    seat.drop(folder)
    qtbot.waitUntil(lambda: len(seat.session.table.ids) == N_IMAGES, timeout=LONG_MS)
    for name in KINDS:
        seat.add_class(name)
    assert [item.name for item in seat.session.classes] == list(KINDS)

    # Label with the mouse and the number keys, while the engine is still reading.
    labelled: dict[str, str] = {}
    for number, kind in enumerate(KINDS, start=1):
        for item in [item for item in images if item.class_name == kind][:SHOTS]:
            seat.click_tile(item.name)
            seat.key(str(number))
            labelled[item.name] = kind
    seat.wait_for_answers()
    for name, kind in labelled.items():
        assert seat.tile_text(name) == f"labelled {kind}"
    others = [item for item in images if item.name not in labelled]
    right = sum(item.class_name in seat.tile_text(item.name) for item in others)
    assert right / len(others) > 0.6  # One in three by chance.

    # Take one back and make it again.
    control = Qt.KeyboardModifier.ControlModifier
    last = list(labelled)[-1]
    seat.view.setFocus()
    seat.key(Qt.Key.Key_Z, control)
    assert seat.tile_text(last) != f"labelled {labelled[last]}"
    seat.key(Qt.Key.Key_Y, control)
    assert seat.tile_text(last) == f"labelled {labelled[last]}"
    seat.wait_for_answers()

    # Save the predictions.
    seat.key(Qt.Key.Key_S, control)
    table_dialog = seat.window.predictions_dialog
    table_path = tmp_path / "predictions.csv"
    table_dialog.path_field.setText(str(table_path))
    seat.press_button(table_dialog.start_button)
    qtbot.waitUntil(lambda: table_dialog.show_button.isVisible(), timeout=LONG_MS)
    seat.back_to_the_window(table_dialog)
    with table_path.open(encoding="utf-8-sig", newline="") as file:
        rows = {row["file_name"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {item.name for item in images}
    for name, kind in labelled.items():
        assert (rows[name]["label"], rows[name]["label_source"]) == (kind, "human")

    # Export the model; the dialog shows the certificate.
    seat.key(Qt.Key.Key_E, control)
    export_dialog = seat.window.export_dialog
    model_path = tmp_path / "model.onnx"
    export_dialog.path_field.setText(str(model_path))
    seat.press_button(export_dialog.start_button)
    qtbot.waitUntil(lambda: export_dialog.show_button.isVisible(), timeout=LONG_MS)
    assert "checked on" in export_dialog.result_text()
    seat.back_to_the_window(export_dialog)

    # The file alone gives the answers of the table.
    model = onnxruntime.InferenceSession(str(model_path), providers=["CPUExecutionProvider"])
    names = json.loads(model.get_modelmeta().custom_metadata_map["class_names"])
    assert names == list(KINDS)
    for item in images[::4]:
        pixels = decode_image((folder / item.name).read_bytes()).pixels
        found = model.run(["probabilities"], {"image": pixels[None]})[0][0]
        expected = [float(rows[item.name][f"prob_{name}"]) for name in names]
        np.testing.assert_allclose(found, expected, atol=1e-4)

    # Start again: the same labels, and predictions without a click.
    seat.leave()
    again = Seat(qtbot, qapp, tmp_path)
    try:
        again.drop(folder)
        again.wait_for_answers()
        for name, kind in labelled.items():
            assert again.tile_text(name) == f"labelled {kind}"
    finally:
        again.leave()

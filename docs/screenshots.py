"""Take the README's screenshots: the real window, the real engine, the painted sample.

    QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 1400x900x24" python docs/screenshots.py [FOLDER]

Writes window-light.png, window-dark.png, preview-light.png, why-light.png, labels-light.png and
export-light.png into FOLDER (default: docs/images). Fonts are the system's; look at what came out
before committing it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.look.theme import ThemeChoice, ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow
from engine import Engine
from engine.demo import run_demo
from engine.jobs.workspace import open_workspace
from engine.messages import Effort

SIZE_PX = (1280, 800)


def main() -> None:
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "images"
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        workspace = open_workspace(root / "cache")
        for _ in run_demo(workspace, root / "Handful demo"):
            pass
        workspace.close()
        take(root, out)


def take(root: Path, out: Path) -> None:
    application = QApplication(sys.argv[:1])
    application.setStyle("Fusion")
    preferences = Preferences(QSettings(str(root / "settings.ini"), QSettings.Format.IniFormat))
    switch = ThemeSwitch(application, ThemeChoice.LIGHT)
    bridge = EngineBridge(partial(Engine, cache_folder=root / "cache"))
    session = Session(bridge, preferences, root / "projects")
    window = MainWindow(session, preferences, switch, root / "log.txt")
    window.resize(*SIZE_PX)
    window.show()
    window.open(root / "Handful demo" / "demo.handful")
    until(lambda: session.engine is not None and session.classifier.adapted is not None)
    until(lambda: bool(session.table.embedded.all()) and not session.reader.is_embedding)
    classifier = session.classifier
    until(lambda: classifier.effort is Effort.THOROUGH or bool(classifier.note))
    view = window.gallery.view
    wait(2000)
    view.select_places(np.array([6, 7]), 7)
    wait(500)
    save(window, out / "window-light.png")
    switch.choose(ThemeChoice.DARK)
    wait(1000)
    save(window, out / "window-dark.png")
    switch.choose(ThemeChoice.LIGHT)
    view.select_places(np.array([0]), 0)
    window.pages.toggle_preview()
    wait(1500)
    save(window, out / "preview-light.png")
    window.pages.leave_preview()
    view.select_places(np.array([11]), 11)
    window.actions_.why.trigger()
    until(lambda: window.preview.view.has_overlay)
    wait(1500)
    save(window, out / "why-light.png")
    window.pages.leave_preview()
    window.pages.show_evaluation()
    until(lambda: window.pages.evaluation.review.result is not None)
    wait(1500)
    save(window, out / "labels-light.png")
    window.pages.leave()
    window.export_dialog.begin()
    dialog = window.export_dialog
    dialog.path_field.setText(str(root / "Handful demo" / "machine-parts.onnx"))
    dialog.start_button.click()
    until(dialog.show_button.isVisible)
    wait(500)
    save(dialog, out / "export-light.png")
    dialog.close()
    window.close()
    session.close()


def save(widget: QWidget, path: Path) -> None:
    widget.grab().save(str(path))
    sys.stdout.write(f"{path}\n")


def until(condition: Callable[[], bool]) -> None:
    while not condition():
        wait(50)


def wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()

"""Take pictures of every view: the real window, the real engine, the painted sample.

    QT_QPA_PLATFORM=xcb xvfb-run -a -s "-screen 0 3840x2160x24" \
        python docs/screenshots.py [--all FOLDER] [--only NAME,NAME]

Without --all it takes those that stand in the README and the guide, into docs/images. With it every
view, in English and Chinese, light and dark, 1280 x 800 and 4K (3840 x 2160 at two pixels a point),
into FOLDER. Fonts are the system's; look at what came out before committing it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QPoint, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

from app.look.language import LanguageChoice, LanguageSwitch
from app.look.theme import ThemeChoice, ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow
from engine import Engine
from engine.demo import run_demo
from engine.jobs.workspace import open_workspace
from engine.messages import Effort

SIZES = {"1280x800": (1280, 800, 1), "4k": (1920, 1080, 2)}  # Points, and pixels a point.
IN_DOCS = {  # What stands in the README and in the guides.
    (
        "en",
        "light",
    ): "start,gallery,why,queue,review,map,evaluation,confusion,finetune,settings,export,sort",
    ("en", "dark"): "gallery",
    ("zh_CN", "light"): "start,gallery,queue,review,map,evaluation,confusion,why,settings,sort",
}
_PATIENCE_MS = 180_000

View = tuple[str, Callable[[], QWidget | None]]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    parser.add_argument("--only", help="names of views, with commas")
    parser.add_argument("--take", nargs=5, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.take:
        root, out, language, theme, size = chosen.take
        wanted = chosen.only.split(",") if chosen.only else None
        take(Path(root), Path(out), language, ThemeChoice(theme), size, wanted)
        return
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        workspace = open_workspace(root / "cache")
        for _ in run_demo(workspace, root / "Handful demo"):
            pass
        workspace.close()
        if chosen.all:
            runs = [
                (language, theme, size, chosen.only)
                for size in SIZES
                for language in ("en", "zh_CN")
                for theme in ("light", "dark")
            ]
        else:
            runs = [(*key, "1280x800", names) for key, names in IN_DOCS.items()]
        out = chosen.all or Path(__file__).parent / "images"
        out.mkdir(parents=True, exist_ok=True)
        for language, theme, size, names in runs:
            own = root / f"{language}-{theme}-{size}"  # The pictures are taken of a fresh copy.
            shutil.copytree(root / "Handful demo", own / "Handful demo")
            shutil.copytree(root / "cache", own / "cache")
            command = [
                sys.executable,
                __file__,
                "--take",
                str(own),
                str(out),
                language,
                theme,
                size,
            ]
            command += ["--only", names] if names else []
            # As at home: what is shown of paths begins with ~.
            environment = {**os.environ, "QT_SCALE_FACTOR": str(SIZES[size][2]), "HOME": str(own)}
            subprocess.run(command, check=True, env=environment)
            shutil.rmtree(own)


def take(
    root: Path, out: Path, language: str, theme: ThemeChoice, size: str, wanted: list[str] | None
) -> None:
    """Open the window once and go through its views."""
    application = QApplication(sys.argv[:1])
    application.setStyle("Fusion")
    preferences = Preferences(QSettings(str(root / "settings.ini"), QSettings.Format.IniFormat))
    languages = LanguageSwitch(application, LanguageChoice(language))
    switch = ThemeSwitch(application, theme)
    bridge = EngineBridge(partial(Engine, cache_folder=root / "cache"))
    session = Session(bridge, preferences, root / "projects")
    window = MainWindow(session, preferences, switch, root / "log.txt", languages)
    window.resize(*SIZES[size][:2])
    window.show()
    steps = (
        (name, show)
        for name, show in views(window, session, root)
        if wanted is None or name in wanted or name == "start"
    )
    ending = f"-{language}-{theme.value}{'' if size == '1280x800' else '-4k'}.png"
    photograph(steps, out, ending, wanted)
    window.close()
    session.close()
    window.deleteLater()
    wait(100)


def photograph(steps: Iterable[View], out: Path, ending: str, wanted: list[str] | None) -> None:
    """Show one view after the other; write those that are wanted, all by default."""
    for name, show in steps:
        shown = show()
        wait(700)
        if shown is not None and (wanted is None or name in wanted):
            path = out / f"{name}{ending}"
            shown.grab().save(str(path))
            sys.stdout.write(f"{path}\n")
            sys.stdout.flush()
        for dialog in QApplication.topLevelWidgets():
            if isinstance(dialog, QDialog | QMenu) and dialog.isVisible():
                dialog.close()
        wait(100)


def views(window: MainWindow, session: Session, root: Path) -> Iterator[View]:
    """Every view, and how it comes to be shown; what each returns is what is photographed."""
    gallery, pages, actions = window.gallery, window.pages, window.actions_

    def start() -> QWidget:
        window.open(root / "Handful demo" / "demo.handful")
        until(lambda: session.engine is not None and session.classifier.adapted is not None)
        until(lambda: bool(session.table.embedded.all()) and not session.reader.is_embedding)
        classifier = session.classifier
        until(lambda: classifier.effort is Effort.THOROUGH or bool(classifier.note))
        wait(3500)  # The strip of pictures is kept by then.
        window.opening.close_project()
        return window

    def all_images() -> QWidget:
        window.open(root / "Handful demo" / "demo.handful")
        classifier = session.classifier
        until(lambda: classifier.effort is Effort.THOROUGH or bool(classifier.note))
        wait(2500)
        gallery.view.select_places(np.array([6, 7]), 7)
        return window

    def class_menu() -> QWidget:
        item = session.classes[0]
        menu = window.classes.menu_of(item)
        menu.popup(window.mapToGlobal(QPoint(200, 160)))
        return menu

    def preview() -> QWidget:
        gallery.view.select_places(np.array([0]), 0)
        pages.toggle_preview()
        wait(1500)
        return window

    def why() -> QWidget:
        pages.leave_preview()
        gallery.view.select_places(np.array([11]), 11)
        actions.why.trigger()
        until(lambda: window.preview.view.has_overlay)
        wait(1500)
        return window

    def queue() -> QWidget:
        pages.leave_preview()
        actions.queue.trigger()
        until(lambda: pages.queue.chosen_image() is not None)
        wait(2000)
        return window

    def review() -> QWidget:
        actions.review.trigger()
        wait(1500)
        return window

    def map_() -> QWidget:
        actions.map.trigger()
        wait(6000)
        return window

    def evaluation(tab: int) -> QWidget:
        if pages.currentWidget() is not pages.evaluation:
            actions.evaluation.trigger()
            until(lambda: pages.evaluation.review.result is not None)
        pages.evaluation.tabs.setCurrentIndex(tab)
        wait(1000)
        return window

    def spot_check() -> QWidget:
        actions.spot_check.trigger()
        wait(1500)
        return window

    def finetune() -> QWidget:
        pages.leave()
        window.dialogs.finetune.begin()
        return window.dialogs.finetune

    def train() -> QWidget:
        window.dialogs.meta_training.begin()
        return window.dialogs.meta_training

    def export() -> QWidget:
        dialog = window.export_dialog
        dialog.begin()
        dialog.path_field.setText(str(root / "machine-parts.onnx"))
        dialog.start_button.click()
        until(dialog.show_button.isVisible)
        return dialog

    def predictions() -> QWidget:
        window.predictions_dialog.begin()
        return window.predictions_dialog

    def result_of(name: str) -> QWidget:
        dialog = window.results.dialog(name)
        dialog.begin()
        wait(400)
        return dialog

    def dialog_of(action_name: str) -> QWidget:
        getattr(actions, action_name).trigger()
        wait(800)
        found = [item for item in window.findChildren(QDialog) if item.isVisible()]
        return found[-1]

    yield "start", start
    yield "gallery", all_images
    yield "class-menu", class_menu
    yield "preview", preview
    yield "why", why
    yield "queue", queue
    yield "review", review
    yield "map", map_
    yield "evaluation", partial(evaluation, 0)
    yield "confusion", partial(evaluation, 1)
    yield "doubtful", partial(evaluation, 2)
    yield "duplicates", partial(evaluation, 3)
    yield "spot-check", spot_check
    yield "finetune", finetune
    yield "train", train
    yield "export", export
    yield "predictions", predictions
    for name in ("sort", "metadata", "export_labels", "import_labels", "open_detections"):
        yield name.replace("_", "-"), partial(result_of, name)
    for name in ("settings", "log", "guide", "about", "keys"):
        yield name, partial(dialog_of, name)


def until(condition: Callable[[], bool]) -> None:
    for _ in range(_PATIENCE_MS // 50):
        if condition():
            return
        wait(50)
    raise TimeoutError("the window did not come to show what was waited for")


def wait(milliseconds: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    main()

"""What the window costs at the program's start, and its pages and dialogs when first asked for.

    python benchmarks/window_start.py [--windows 12] [--starts 7]

Offscreen unless QT_QPA_PLATFORM says otherwise; an empty home, the real engine, nothing open.

1. *Making a window*: CPU time of the window's thread, the first of a process and the median of
   the others, and how many widgets there are in it.
2. *First opening* of each page and dialog, each in a process of its own: CPU time of the window's
   thread and time by the clock until it has been painted.
3. *Cold start*: from ``python -m app`` until the window has been painted, by the clock, and the CPU
   time of the window's thread till then.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QSettings
from PySide6.QtWidgets import QApplication, QWidget

from app.look.theme import ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.dialogs import Dialogs
from app.window.main_window import MainWindow
from app.window.pages import Pages
from engine import Engine

Found = TypeVar("Found")
STARTED = """
import os, runpy, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.isWindow():
            QTimer.singleShot(0, self.tell)
        return False
    def tell(self):
        sys.stdout.write(f"{time.time()} {time.thread_time()}")
        sys.stdout.flush()
        os._exit(0)

run = QApplication.exec
def watched(application=None):
    watch = Watch()
    for window in QApplication.topLevelWidgets():
        window.installEventFilter(watch)
        window.update()
    return run()
QApplication.exec = watched
sys.argv = ["handful"]
runpy.run_module("app", run_name="__main__", alter_sys=True)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--windows", type=int, default=12)
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--open", help=argparse.SUPPRESS)  # In a process of its own.
    options = parser.parse_args()
    if options.open:
        print(*within_home(partial(open_one, options.open)))
        return
    made_ms, n_widgets = within_home(partial(windows, options.windows))
    print(
        f"1. a window: {np.median(made_ms[1:]):.0f} ms of its thread (of {len(made_ms) - 1}, "
        f"{min(made_ms[1:]):.0f} to {max(made_ms[1:]):.0f}), the first {made_ms[0]:.0f} ms; "
        f"{n_widgets} widgets"
    )
    for name in [*made_late(Pages), *made_late(Dialogs)]:
        command = [sys.executable, __file__, "--open", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        work_ms, clock_ms = map(float, done.stdout.split())
        print(f"2. {name}: {work_ms:.0f} ms of the thread, {clock_ms:.0f} ms by the clock")
    starts = np.array([cold_start() for _ in range(options.starts)]).reshape(-1, 2)
    if len(starts):
        (clock, work), least, most = np.median(starts, 0), starts.min(0), starts.max(0)
        print(
            f"3. cold start: {clock:.2f} s by the clock (of {len(starts)}, {least[0]:.2f} to "
            f"{most[0]:.2f}), {work:.2f} s of the thread ({least[1]:.2f} to {most[1]:.2f})"
        )


def cold_start() -> tuple[float, float]:
    """Seconds until the window has been painted: by the clock, and of its thread."""
    with tempfile.TemporaryDirectory() as home:
        surroundings = {**os.environ, "HOME": home, "PYTHONPATH": os.pathsep.join(sys.path)}
        surroundings.update({f"XDG_{name}_HOME": home for name in ("CONFIG", "CACHE", "DATA")})
        started = time.time()
        done = subprocess.run(
            [sys.executable, "-c", STARTED],
            env=surroundings,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    painted, work = map(float, done.stdout.split())
    return painted - started, work


class Bench:
    """Windows on one session, one after the other."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.application = QApplication([])
        self.application.setStyle("Fusion")
        settings = QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat)
        self.preferences = Preferences(settings)
        self.switch = ThemeSwitch(self.application, self.preferences.theme)

        def start(publish: Callable[[object], None], _choice: object) -> Engine:
            return Engine(publish, cache_folder=home / "cache")

        bridge = EngineBridge(partial(start, _choice=self.preferences.engine_choice))
        self.session = Session(bridge, self.preferences, home / "projects", start)
        while self.session.engine is None and not self.session.engine_failure:
            self.application.processEvents()

    def window(self) -> MainWindow:
        return MainWindow(self.session, self.preferences, self.switch, self.home / "log.txt")

    def delete(self, window: MainWindow, *, is_last: bool) -> None:
        if is_last:
            window.close()  # And the session with it.
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def within_home(measure: Callable[[Bench], Found]) -> Found:
    """Measure in an empty home."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update({f"XDG_{name}_HOME": home for name in ("CONFIG", "CACHE", "DATA")})
        os.environ["HOME"] = home
        return measure(Bench(Path(home)))


def windows(n_windows: int, bench: Bench) -> tuple[list[float], int]:
    """Make windows: ms of the thread for each, and widgets of the last one."""
    made_ms: list[float] = []
    n_widgets = 0
    for number in range(n_windows):
        began = time.thread_time()
        window = bench.window()
        made_ms.append(1000 * (time.thread_time() - began))
        n_widgets = len(window.findChildren(QWidget))
        bench.delete(window, is_last=number == n_windows - 1)
    return made_ms, n_widgets


def made_late(kind: type) -> list[str]:
    """The names of what is made when it is first asked for."""
    return [name for name, member in vars(kind).items() if isinstance(member, cached_property)]


def open_one(name: str, bench: Bench) -> tuple[float, float]:
    """Open a page or dialog of a window that is on screen: ms of the thread, and by the clock."""
    window = bench.window()
    window.show()
    window._stack.setCurrentWidget(window._splitter)
    bench.application.processEvents()
    work, clock = time.thread_time(), time.perf_counter()
    if name in made_late(Pages):
        page = getattr(window.pages, name)
        window.pages.setCurrentWidget(page)
        page.begin()
    elif name == "split":
        window.dialogs.split.show()  # There is no class that it could split.
    else:
        getattr(window.dialogs, name).begin()
    bench.application.processEvents()
    found = 1000 * (time.thread_time() - work), 1000 * (time.perf_counter() - clock)
    window.dialogs.close_all()
    bench.delete(window, is_last=True)
    return found


if __name__ == "__main__":
    main()

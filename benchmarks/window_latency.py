"""How long a key press takes to become repainted predictions, and whether the window ever stalls.

    python benchmarks/window_latency.py [--images 10000] [--classes 20] [--clicks 60]
                                        [--embed 5000]

Opens the real window with the real engine, offscreen unless QT_QPA_PLATFORM says otherwise.

1. A folder of ``--images`` small JPEGs whose embeddings are in the cache (drawn around one point
   per class), five labels per class. Each trial selects an unlabelled tile and presses a class's
   key; timed until the gallery has painted the new model's predictions of the visible images, and
   until those of all images have reached the window.
2. A folder of ``--embed`` JPEGs that nothing is known of. While the engine embeds them the longest
   gaps of the window's event loop are recorded (between ticks of a timer of 5 ms), with a label
   pressed every two seconds.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.look.theme import ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow
from engine import Change, Engine, Project
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import content_hash
from engine.messages import FoundFile, ImageId

TICK_MS = 5


class Painted(QObject):
    """Notes when a widget has been painted."""

    def __init__(self) -> None:
        super().__init__()
        self.at = 0.0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            QTimer.singleShot(0, self.note)
        return False

    def note(self) -> None:
        self.at = time.perf_counter()


class Answers:
    """Counts the predictions that have reached the window."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.n_rows, self.first_at, self.last_at = 0, 0.0, 0.0

    def note(self, rows: np.ndarray) -> None:
        self.last_at = time.perf_counter()
        self.first_at = self.first_at or self.last_at
        self.n_rows += len(rows)


class Bench:
    """The window on a project, and what is needed to drive it."""

    def __init__(self, folder: Path, cache: Path, project: Path) -> None:
        self.application = QApplication.instance() or QApplication(sys.argv[:1])
        self.application.setStyle("Fusion")
        settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        preferences = Preferences(settings)
        self.bridge = EngineBridge(partial(Engine, cache_folder=cache))
        self.session = Session(self.bridge, preferences, folder / "projects")
        switch = ThemeSwitch(self.application, preferences.theme)
        self.window = MainWindow(self.session, preferences, switch, folder / "log")
        self.window.resize(1280, 800)
        self.window.show()
        self.window.open(project)
        self.view = self.window.gallery.view

    def until(self, condition: Callable[[], bool], seconds: float = 600.0) -> None:
        """Run the event loop as the program does, asleep when idle, until the condition holds."""
        deadline = time.perf_counter() + seconds
        loop = QEventLoop()

        def look() -> None:
            if condition() or time.perf_counter() > deadline:
                loop.quit()

        timer = QTimer()
        timer.setInterval(1)
        timer.timeout.connect(look)
        timer.start()
        loop.exec()
        timer.stop()
        if not condition():
            raise TimeoutError("the window did not get there")

    def close(self) -> None:
        self.window.close()
        self.session.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--embed", type=int, default=5_000)
    options = parser.parse_args()
    sys.setswitchinterval(0.001)  # As the program does when it opens its window.
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        if options.clicks:
            measure_clicks(root, options.images, options.classes, options.clicks)
        if options.embed:
            measure_gaps(root, options.embed)


def measure_clicks(root: Path, n_images: int, n_classes: int, n_clicks: int) -> None:
    folder, cache = root / "cached", root / "cache"
    truth = paint(folder, n_images, n_classes)
    fill_cache(cache, folder, truth, n_classes)
    bench = Bench(root, cache, label_five(folder, truth, n_classes))
    session, table = bench.session, bench.session.table
    bench.until(lambda: session.engine is not None)
    bench.until(lambda: len(table.ids) == n_images and bool(table.embedded.all()))
    bench.until(lambda: not session.reader.is_embedding and session.classifier.adapted is not None)
    settle(bench, 2.0)
    painted = Painted()
    bench.view.viewport().installEventFilter(painted)
    answers = Answers()
    session.classifier.predicted.connect(answers.note)
    on_screen: list[float] = []
    everywhere: list[float] = []
    generator = np.random.default_rng(0)
    for _ in range(n_clicks):
        free = np.flatnonzero(np.asarray(table.labels) == 0)
        place = int(generator.choice(free[:200]))
        bench.view.select_places(np.array([place]), place)
        settle(bench, 0.15)
        answers.forget()
        painted.at = 0.0
        key = Qt.Key(int(Qt.Key.Key_1) + int(truth[place]) % 9)
        started = time.perf_counter()
        QTest.keyClick(bench.view, key)
        # The first answer is about the visible images; then come all, block by block.
        bench.until(lambda: painted.at > answers.first_at > 0)
        on_screen.append(1000 * (painted.at - started))
        bench.until(lambda: answers.n_rows >= n_images)
        everywhere.append(1000 * (answers.last_at - started))
    print(f"{n_images} images, {n_classes} classes, {n_clicks} key presses; milliseconds:")
    for what, values in (
        ("visible predictions repainted", on_screen),
        ("predictions of all images in the window", everywhere),
    ):
        times = np.array(values)
        print(
            f"    {what:40s} median {np.median(times):.0f}, 95th percentile "
            f"{np.percentile(times, 95):.0f}, worst {times.max():.0f}"
        )
    bench.close()


def measure_gaps(root: Path, n_images: int) -> None:
    folder = root / "fresh"
    truth = paint(folder, n_images, 6, side=400)
    bench = Bench(root, root / "cache-2", label_five(folder, truth, 6))
    session = bench.session
    bench.until(lambda: session.engine is not None)
    gaps: list[float] = []
    last = [time.perf_counter()]

    def tick() -> None:
        now = time.perf_counter()
        gaps.append(now - last[0])
        last[0] = now

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(TICK_MS)
    timer.timeout.connect(tick)
    last[0] = time.perf_counter()
    timer.start()
    clicker = QTimer()
    clicker.setInterval(2000)
    clicker.timeout.connect(partial(press, bench, truth))
    clicker.start()
    started = time.perf_counter()
    bench.until(lambda: bool(session.table.embedded.all()) and not session.reader.is_embedding)
    seconds = time.perf_counter() - started
    timer.stop()
    clicker.stop()
    values = 1000 * np.array(gaps)
    print(
        f"event loop while {n_images} images are embedded ({n_images / seconds:.0f} img/s): "
        f"longest gap {values.max():.0f} ms, over 50 ms: {int((values > 50).sum())}, "
        f"99.9th percentile {np.percentile(values, 99.9):.1f} ms"
    )
    bench.close()


def press(bench: Bench, truth: np.ndarray) -> None:
    free = np.flatnonzero(np.asarray(bench.session.table.labels) == 0)
    place = int(free[0])
    bench.view.select_places(np.array([place]), place)
    QTest.keyClick(bench.view, Qt.Key(int(Qt.Key.Key_1) + int(truth[place])))


def settle(bench: Bench, seconds: float) -> None:
    end = time.perf_counter() + seconds
    bench.until(lambda: time.perf_counter() > end)


def paint(folder: Path, n_images: int, n_classes: int, side: int = 96) -> np.ndarray:
    """Different noise-coloured JPEGs; returns their classes (n_images,)."""
    folder.mkdir()
    generator = np.random.default_rng(1)
    truth = generator.integers(0, n_classes, n_images)
    for index in range(n_images):
        small = generator.integers(0, 256, (8, 8, 3), np.uint8)
        picture = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
        picture.save(folder / f"{index:06d}.jpg", quality=80)
    return truth


def fill_cache(cache: Path, folder: Path, truth: np.ndarray, n_classes: int) -> None:
    encoder = load_encoder(shipped_encoder_path())
    generator = np.random.default_rng(2)
    size = encoder.embedding_size
    spread = 0.25
    centres = np.abs(encoder.feature_mean + spread * generator.normal(size=(n_classes, size)))
    with ImageCache(cache, encoder.fingerprint, size) as store:
        entries = {}
        for path, label in zip(sorted(folder.glob("*.jpg")), truth, strict=True):
            content = path.read_bytes()
            embedding = np.abs(centres[label] + spread * generator.normal(size=size))
            key = FileKey.of(path)
            assert key is not None
            entries[key] = CacheEntry(content_hash(content), embedding.astype(np.float16), content)
            if len(entries) == 1000:
                store.add(entries)
                entries = {}
        store.add(entries)


def label_five(folder: Path, truth: np.ndarray, n_classes: int) -> Path:
    """A project of the folder with five labels a class; returns its path."""
    project = Project.create(folder.parent / f"{folder.name}.handful", folder)
    files = [
        FoundFile(path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(folder.glob("*.jpg"))
    ]
    records = project.add_images(files)
    labels: dict[ImageId, object] = {}
    for label in range(n_classes):
        item = project.new_class(f"class {label:02d}")
        project.apply(Change("Add", {}, (item,)))
        for index in np.flatnonzero(truth == label)[-5:]:
            labels[records[int(index)].image_id] = item.class_id
    project.apply(Change("Label", labels))
    path = project.path
    project.close()
    return path


if __name__ == "__main__":
    main()

"""Whether the window stays quick with a folder of 100,000 files; prints four figures.

    python benchmarks/window_scale.py [--images 100000] [--starts 5] [--folder DIR]

Offscreen unless QT_QPA_PLATFORM says otherwise. The folder holds copies of 50 painted JPEGs, each
with a number behind its end, so that no two files have the same bytes; one image in four is the
first of a burst of up to four. They are made in ``--folder``, or in a temporary one that goes
again; files that are there already are used.

1. *First tiles*: the folder has no project and nothing is in the cache. From the start of the scan
   (the engine is up) until tiles have been painted, and until a thumbnail has.
2. *Longest gap* of the event loop, between ticks of a timer of 5 ms, and how much of such a gap
   the window's thread itself was at work (the rest it waited, for the disk, or for a core that
   another process had), while a person opens the project, scrolls,
   filters, sorts, groups, searches, selects, and labels 1,000 images, takes that back and does it
   again. For this part the embeddings are in the cache (drawn around one point per class), 20
   classes have five labels each, and the engine classifies all images anew after every edit.
3. *Peak memory* of the process of part 2, and of that of part 1.
4. *Cold start*: from ``python -m app`` until its window has been painted, the median of a few.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.gallery.arrangement import Arrangement, Show, Sort
from app.look.theme import ThemeSwitch
from app.session.engine_bridge import EngineBridge
from app.session.preferences import Preferences
from app.session.session import Session
from app.window.main_window import MainWindow
from engine import Change, Engine, Project
from engine.cache_schema import NAMES
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import load_runtime
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import content_hash
from engine.jobs.workspace import cache_key
from engine.messages import FoundFile, ImageId

TICK_MS = 5
N_CLASSES = 20
N_PICTURES = 50
N_LABELLED = 1000

# What ``python -m app`` runs, with a stop watch at the window's first painting.
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
        sys.stdout.write(repr(time.time()))
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


class Watchdog:
    """The longest gaps of the event loop, by what the person did meanwhile."""

    def __init__(self) -> None:
        self.gaps: dict[str, list[tuple[float, float]]] = {}  # Wall and thread time, ms.
        self._doing = ""
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)

    @contextlib.contextmanager
    def during(self, doing: str) -> Iterator[None]:
        """Note the gaps under a name; what is started in it should be through at its end."""
        self._doing = doing
        self._last, self._worked = time.perf_counter(), time.thread_time()
        self._timer.start()
        yield
        self._tick()
        self._timer.stop()

    def _tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        gap = 1000 * (now - self._last), 1000 * (worked - self._worked)
        self.gaps.setdefault(self._doing, []).append(gap)
        self._last, self._worked = now, worked


class Painted(QObject):
    """Notes when a widget has been painted for the first time since it was asked."""

    def __init__(self, is_due: Callable[[], bool]) -> None:
        super().__init__()
        self.at = 0.0
        self._is_due = is_due

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and not self.at and self._is_due():
            QTimer.singleShot(0, self._note)
        return False

    def _note(self) -> None:
        self.at = self.at or time.perf_counter()


class Bench:
    """The window on a folder, and what is needed to drive it."""

    def __init__(self, home: Path, cache: Path) -> None:
        self.application = QApplication.instance() or QApplication(sys.argv[:1])
        self.application.setStyle("Fusion")
        settings = QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat)
        preferences = Preferences(settings)
        self.bridge = EngineBridge(partial(Engine, cache_folder=cache))
        self.session = Session(self.bridge, preferences, home / "projects")
        switch = ThemeSwitch(self.application, preferences.theme)
        self.window = MainWindow(self.session, preferences, switch, home / "log")
        self.window.resize(1280, 800)
        self.window.show()
        self.gallery = self.window.gallery
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

    def settle(self, seconds: float) -> None:
        """Let the event loop run for a while."""
        end = time.perf_counter() + seconds
        self.until(lambda: time.perf_counter() > end)

    def close(self) -> None:
        self.window.close()
        self.session.close()
        # From the top down, as the program does it.
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", choices=("scan", "work"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.setswitchinterval(0.001)  # As the program does when it opens its window.
    if options.part is not None:
        part = scan_part if options.part == "scan" else work_part
        print(json.dumps(part(options.folder, options.images)))
        return
    with tempfile.TemporaryDirectory() as name:
        root = options.folder or Path(name)
        paint(root / "images", options.images)
        fill_cache(root, options.images)
        cold = [cold_start() for _ in range(options.starts)]
        scan = run_part("scan", root, options.images)
        work = run_part("work", root, options.images)
    report(options.images, cold, scan, work)
    if options.json:
        found = {"images": options.images, "cold_s": cold, "scan": scan, "work": work}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def run_part(part: str, root: Path, n_images: int) -> dict:
    """A part of the work in a process of its own, for its memory's sake; what it found."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(root)]
    command += ["--images", str(n_images)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def report(n_images: int, cold: list[float], scan: dict, work: dict) -> None:
    print(f"{n_images} files")
    print(
        f"1. first tiles {scan['tiles_s']:.2f} s after the scan's start, first thumbnail "
        f"{scan['thumbnail_s']:.2f} s, scan over after {scan['scan_s']:.1f} s (longest gap "
        f"meanwhile {scan['gap_ms']:.0f} ms, work of the thread {scan['work_ms']:.0f} ms)"
    )
    for name, gaps in work["gaps"].items():
        print(
            f"    {name:32s} longest gap {gaps['worst']:4.0f} ms, over 50 ms: {gaps['over']:3d}; "
            f"work of the thread {gaps['worked']:4.0f} ms, over 50 ms: {gaps['worked_over']:3d}"
        )
    print(
        f"    {work['groups'][1]} groups were found {work['groups'][0]:.0f} s after the folder was "
        "open"
    )
    asked = {name: gaps for name, gaps in work["gaps"].items() if not name.startswith("(")}
    worst = max(asked, key=lambda name: asked[name]["worst"])
    hardest = max(asked, key=lambda name: asked[name]["worked"])
    print(
        f"2. longest gap {asked[worst]['worst']:.0f} ms ({worst}); the most that the thread itself "
        f"worked in one {asked[hardest]['worked']:.0f} ms ({hardest})"
    )
    print(f"3. peak memory {work['memory_mb']:.0f} MB ({scan['memory_mb']:.0f} MB in part 1)")
    if cold:
        print(f"4. cold start {np.median(cold):.2f} s (of {len(cold)}, worst {max(cold):.2f} s)")


def cold_start() -> float:
    """Seconds from ``python -m app`` until its window has been painted, in an empty home."""
    with tempfile.TemporaryDirectory() as home:
        surroundings = {**os.environ, "HOME": home, "PYTHONPATH": os.pathsep.join(sys.path)}
        surroundings.update({f"XDG_{name}_HOME": home for name in ("CONFIG", "CACHE", "DATA")})
        started = time.time()
        command = [sys.executable, "-c", STARTED]
        done = subprocess.run(
            command, env=surroundings, stdout=subprocess.PIPE, text=True, check=True
        )
        return float(done.stdout) - started


def scan_part(root: Path, n_images: int) -> dict:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        for project in (root / "images").glob("*.handful*"):
            project.unlink()
        bench = Bench(home, home / "cache")
        session, table = bench.session, bench.session
        bench.until(lambda: session.engine is not None)
        bench.settle(1.0)
        thumbnails = bench.gallery.thumbnails
        tiles = Painted(lambda: bool(len(bench.gallery.model.order)))
        pictures = Painted(lambda: thumbnails.used_bytes > 0)
        for painted in (tiles, pictures):
            bench.view.viewport().installEventFilter(painted)
        watchdog = Watchdog()
        with watchdog.during("scan"):
            started = time.perf_counter()
            bench.window.open(root / "images")
            bench.until(lambda: tiles.at > 0)
            bench.until(lambda: pictures.at > 0)
            bench.until(lambda: not session.reader.is_scanning)
            scanned = time.perf_counter()
            bench.settle(2.0)
        assert table.table.n_rows == n_images
        found = {
            "tiles_s": tiles.at - started,
            "thumbnail_s": pictures.at - started,
            "scan_s": scanned - started,
            "gap_ms": max(wall for wall, _ in watchdog.gaps["scan"]),
            "work_ms": max(own for _, own in watchdog.gaps["scan"]),
            "memory_mb": peak_memory_mb(),
        }
        bench.close()
        return found


def work_part(root: Path, n_images: int) -> dict:
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        project = labelled_project(home, root / "images")
        bench = Bench(home, root / "cache")
        session, gallery, view = bench.session, bench.gallery, bench.view
        bench.until(lambda: session.engine is not None)
        watchdog = Watchdog()
        table = session.table
        with watchdog.during("opening"):
            bench.window.open(project)
            table = session.table
            bench.until(lambda: not session.reader.is_scanning)
            bench.until(lambda: bool(table.embedded.all()) and not session.reader.is_embedding)
            bench.until(lambda: session.classifier.is_complete and bool(table.predicts.any()))
        with watchdog.during("(looking for groups)"):
            begun = time.perf_counter()
            bench.until(lambda: session.likeness.is_grouped)
            grouped_s = time.perf_counter() - begun
        assert table.n_rows == n_images
        bench.settle(3.0)
        bar = view.verticalScrollBar()
        with watchdog.during("scrolling"):
            for step in range(200):  # From end to end, and a screen's worth of small steps.
                bar.setValue(bar.maximum() * step // 200)
                bench.settle(0.02)
            for _ in range(100):
                bar.setValue(bar.value() - bar.singleStep())
                bench.settle(0.02)
        with watchdog.during("filtering"):
            for show in Show:
                gallery.head.state_chosen.emit(show)
                bench.settle(0.3)
            gallery.head.class_chosen.emit(int(session.classes[3].class_id))
            bench.settle(0.3)
            gallery.filters.clear()
            bench.settle(0.3)
        with watchdog.during("finding by name"):
            for letter in "img_00":
                QTest.keyClicks(view if letter == "i" else gallery.finder.field, letter)
                bench.settle(0.2)
            gallery.finder.only.click()
            bench.settle(0.3)
            gallery.filters.clear()
            gallery.finder.left.emit()
            bench.settle(0.3)
        with watchdog.during("sorting"):
            for sort in Sort:
                view.select_places(np.arange(3), 0)
                gallery.head.order.sort_chosen.emit(sort)
                bench.settle(0.3)
            bench.until(lambda: gallery.model.arrangement.sort is Sort.SIMILAR_FIRST)
            gallery.arrange(Arrangement())
            bench.settle(0.3)
        with watchdog.during("grouping"):
            gallery.toggle_grouping()
            bench.settle(0.5)
            stack = next(place for place in range(1000) if gallery.model.n_at(place) > 1)
            view.select_places(np.array([stack]), stack)
            for _ in range(2):
                gallery.toggle_group()
                bench.settle(0.3)
            gallery.toggle_grouping()
            bench.settle(0.5)
        for what, chosen in selections(bench).items():
            with watchdog.during(f"selecting {what}"):
                view.select_places(chosen, int(chosen[0]))
                bench.settle(0.5)
            for doing, press in (
                (f"labelling {what}", partial(QTest.keyClick, view, Qt.Key.Key_3)),
                (f"undo, {what}", session.undo),
                (f"redo, {what}", session.redo),
            ):
                with watchdog.during(doing):
                    press()
                    bench.until(lambda: session.classifier.is_complete)
                    bench.settle(0.5)
        with watchdog.during("selecting all"):
            view.selectAll()
            bench.settle(0.5)
            view.clearSelection()
            bench.settle(2.0)
        found = {"gaps": summary(watchdog), "memory_mb": peak_memory_mb()}
        found["groups"] = [grouped_s, len(np.unique(table.groups)) - 1]
        bench.close()
        return found


def selections(bench: Bench) -> dict[str, np.ndarray]:
    """Places of 1,000 tiles in a row, and of 1,000 here and there."""
    n_tiles = len(bench.gallery.model.order)
    count = min(N_LABELLED, n_tiles // 4)
    scattered = np.random.default_rng(3).choice(n_tiles, count, replace=False)
    return {f"{count} in a row": np.arange(count), f"{count} scattered": np.sort(scattered)}


def summary(watchdog: Watchdog) -> dict:
    return {
        name: {
            "worst": max(wall for wall, _ in gaps),
            "over": sum(wall > 50 for wall, _ in gaps),
            "worked": max(own for _, own in gaps),
            "worked_over": sum(own > 50 for _, own in gaps),
        }
        for name, gaps in watchdog.gaps.items()
    }


def peak_memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def file_names(n_images: int) -> list[str]:
    """In a hundred folders, as cameras' cards are."""
    return [f"card_{index // 1000:03d}/IMG_{index % 1000:04d}.jpg" for index in range(n_images)]


def paint(folder: Path, n_images: int) -> None:
    generator = np.random.default_rng(1)
    pictures = []
    for _ in range(N_PICTURES):
        small = generator.integers(0, 256, (6, 8, 3), np.uint8)
        picture = Image.fromarray(small).resize((240, 180), Image.Resampling.BICUBIC)
        path = folder.parent / "picture.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path, quality=80)
        pictures.append(path.read_bytes())
    for index, name in enumerate(file_names(n_images)):
        path = folder / name
        if index % 1000 == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(pictures[index % N_PICTURES] + b"%08d" % index)


def truth_of(n_images: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, N_CLASSES, n_images) if n_images else np.zeros(0)


def fill_cache(root: Path, n_images: int) -> None:
    """Embeddings of all files; where the cache is there it is taken to be right."""
    cache = root / "cache"
    if (cache / NAMES[0]).exists():
        return
    encoder = load_encoder(shipped_encoder_path())
    key = cache_key(load_runtime(encoder, cache / "encoders", "cpu"))
    size = encoder.embedding_size
    generator = np.random.default_rng(2)
    # Signed directions around one point per class; a burst's frames lie near each other.
    centres = generator.normal(size=(N_CLASSES, size))
    truth = truth_of(n_images)
    burst = np.repeat(np.arange(n_images), generator.integers(1, 5, n_images))[:n_images]
    mean = encoder.feature_mean
    with ImageCache(cache, key, size) as store:
        entries = {}
        for index, name in enumerate(file_names(n_images)):
            path = root / "images" / name
            content = path.read_bytes()
            own = np.random.default_rng(int(burst[index])).normal(size=size)
            point = centres[truth[burst[index]]] + own + 0.2 * generator.normal(size=size)
            embedding = mean + 0.05 * point / np.sqrt(size)
            file_key = FileKey.of(path)
            assert file_key is not None
            entries[file_key] = CacheEntry(
                content_hash(content),
                embedding.astype(np.float16),
                content[:-8],
                perceptual_hash=int(np.random.default_rng(int(burst[index])).integers(1 << 62)),
            )
            if len(entries) == 1000:
                store.add(entries)
                entries = {}
        store.add(entries)


def labelled_project(home: Path, folder: Path) -> Path:
    """A project of the folder with five labels a class; returns its path."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    project = Project.create(home / "scale.handful", folder)
    records = []
    for start in range(0, len(names), 5000):
        files = []
        for name in names[start : start + 5000]:
            status = (folder / name).stat()
            files.append(FoundFile(name, status.st_size, status.st_mtime_ns))
        records += project.add_images(files)
    truth = truth_of(len(names))
    labels: dict[ImageId, object] = {}
    for label in range(N_CLASSES):
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

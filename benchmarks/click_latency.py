"""From a click to the answers, for a thousand to a million images; a table and its JSON.

    python benchmarks/click_latency.py [--images 1000 10000 100000 1000000] [--clicks 60]
                                       [--out FILE.md]

The real window, session, project file and engine, offscreen unless QT_QPA_PLATFORM says otherwise;
a process of its own for each number of images. There are no image files: what walking the folder
and the cache on disk would give, comes from memory (names in a hundred folders, 640 numbers drawn
around one point for each of 20 classes). Five labels a class, and one more with every click.

*Visible*: from the key press until the gallery has painted the new model's predictions of the tiles
on screen. *All*: until those of all images are in the window's columns. *Longest turn* of the event
loop while that goes on, and how long the window's thread itself was at work in one. Then what a
person does with so many: filters, orders, a search by name, likeness to a selection. And the
project: made, opened until its images are in the table, its size on disk with 20,000 labels.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

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
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.images import make_thumbnail
from engine.jobs import adaptation, embedding, viewing
from engine.jobs.workspace import Workspace
from engine.messages import (
    ClassId,
    Effort,
    EmbedImages,
    Event,
    FilesFound,
    FoundFile,
    ImageId,
    ImageRef,
    ImagesEmbedded,
    LoadThumbnails,
    ScanFinished,
    ScanFolder,
    ThumbnailReady,
)

N_CLASSES = 20
N_LABELLED_ON_DISK = 20_000
SIZE_BYTES, MODIFIED_NS = 200_000, 1_700_000_000_000_000_000
TICK_MS = 2


def file_name(index: int) -> str:
    return f"card_{index // 10_000:03d}/IMG_{index % 10_000:05d}.jpg"


class Folder:
    """Images that are nowhere but here; number ``i``, from 1 on, is of class ``truth[i - 1]``."""

    def __init__(self, n_images: int) -> None:
        random = np.random.default_rng(0)
        encoder = load_encoder(shipped_encoder_path())
        self.n_images, self.size = n_images, encoder.embedding_size
        self.truth = random.integers(0, N_CLASSES, n_images)
        self._mean = encoder.feature_mean
        self._noise = random.standard_normal(1 << 20, np.float32)
        self._jpegs = [
            make_thumbnail(random.integers(0, 256, (160, 160, 3), np.uint8))
            for _ in range(N_CLASSES)
        ]
        self._centres = random.normal(size=(N_CLASSES, self.size)).astype(np.float32)

    def embeddings(self, image_ids: np.ndarray) -> np.ndarray:
        """Drawn around one point a class, (n, size) float16."""
        numbers = image_ids[:, None] * self.size + np.arange(self.size)
        own = self._noise[(numbers * 2_654_435_761 >> 7) % len(self._noise)]
        points = self._centres[self.truth[image_ids - 1]] + 1.5 * own
        return (self._mean + 0.2 / np.sqrt(self.size) * points).astype(np.float16)

    def scan(self, command: ScanFolder) -> Iterator[Event | None]:
        """In the place of walking a folder."""
        for start in range(0, self.n_images, 500):
            stop = min(start + 500, self.n_images)
            yield FilesFound(command.request_id, tuple(found(start, stop)))
        yield ScanFinished(command.request_id, self.n_images, ())

    def embed(self, workspace: Workspace, command: EmbedImages) -> Iterator[Event | None]:
        """In the place of reading the cache on disk."""
        for start in range(0, len(command.images), 512):
            yield self._taken_in(workspace, command.request_id, command.images[start : start + 512])
        yield from workspace.settle_shape()

    def embed_missing(
        self, workspace: Workspace, request_id: int, support: Sequence[tuple[ImageRef, ClassId]]
    ) -> Iterator[Event | None]:
        """In the place of reading labelled images before all others."""
        missing = [image for image, _ in support if image.image_id not in workspace.store]
        if missing:
            yield self._taken_in(workspace, request_id, missing)

    def thumbnails(self, workspace: Workspace, command: LoadThumbnails) -> Iterator[Event | None]:
        """In the place of reading them from the cache."""
        for image in command.images:
            jpeg = self._jpegs[int(self.truth[image.image_id - 1])]
            yield ThumbnailReady(command.request_id, image.image_id, jpeg)

    def _taken_in(
        self, workspace: Workspace, request_id: int, images: Sequence[ImageRef]
    ) -> ImagesEmbedded:
        ids = [image.image_id for image in images]
        workspace.store.add(ids, self.embeddings(np.array(ids)))
        workspace.refs.update(zip(ids, images, strict=True))
        contents = tuple(item.to_bytes(16, "big") for item in ids)
        return ImagesEmbedded(request_id, tuple(ids), contents, (0,) * len(ids))


def found(start: int, stop: int) -> list[FoundFile]:
    return [FoundFile(file_name(index), SIZE_BYTES, MODIFIED_NS) for index in range(start, stop)]


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


class Turns:
    """The longest turns of the event loop, by the clock and of the thread's own work, in ms."""

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self.forget()

    def forget(self) -> None:
        self.longest = self.worked = 0.0
        self._last, self._last_worked = time.perf_counter(), time.thread_time()

    def _tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self.longest = max(self.longest, 1000 * (now - self._last))
        self.worked = max(self.worked, 1000 * (worked - self._last_worked))
        self._last, self._last_worked = now, worked


class Bench:
    """The window on a project, and what is needed to drive it."""

    def __init__(self, home: Path) -> None:
        self.application = QApplication.instance() or QApplication(sys.argv[:1])
        self.application.setStyle("Fusion")
        settings = QSettings(str(home / "settings.ini"), QSettings.Format.IniFormat)
        preferences = Preferences(settings)
        self.bridge = EngineBridge(partial(Engine, cache_folder=home / "cache"))
        self.session = Session(self.bridge, preferences, home / "projects")
        switch = ThemeSwitch(self.application, preferences.theme)
        self.window = MainWindow(self.session, preferences, switch, home / "log")
        self.window.resize(1280, 800)
        self.window.show()
        self.gallery, self.view = self.window.gallery, self.window.gallery.view
        self.turns = Turns()

    def until(self, condition: Callable[[], bool], seconds: float = 1800.0) -> float:
        """Run the event loop, asleep when idle, until the condition holds; when it did."""
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
        return time.perf_counter()

    def settle(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        self.until(lambda: time.perf_counter() > end)

    def close(self) -> None:
        self.window.close()
        self.session.close()


def measure(n_images: int, n_clicks: int, home: Path) -> dict[str, Any]:
    """All figures for a number of images; times in milliseconds where the name says no other."""
    folder = Folder(n_images)
    embedding.scan_folder, embedding.embed_images = folder.scan, folder.embed
    adaptation.embed_missing, viewing.load_thumbnails = folder.embed_missing, folder.thumbnails
    figures = make_project(folder, home) | weigh_cache(folder, home)
    bench = Bench(home)
    session = bench.session
    session.classifier.preferred = Effort.INSTANT  # There are no images to look at again.
    bench.until(lambda: session.engine is not None)
    bench.turns.forget()
    started = time.perf_counter()
    bench.window.open(home / "project.handful")
    figures["open_turn"] = bench.turns.longest
    table = session.table
    figures["open_s"] = bench.until(lambda: table.n_rows == n_images) - started
    bench.until(lambda: bool(table.embedded.all()) and not session.reader.is_embedding)
    figures["known_s"] = time.perf_counter() - started
    bench.until(lambda: session.classifier.is_complete and bool(table.predicts.any()))
    figures["loading_turn"], figures["loading_work"] = bench.turns.longest, bench.turns.worked
    session.reader.record_contents()  # Else it goes on for a minute, a little at a time.
    bench.settle(3.0)
    figures |= measure_clicks(bench, folder, n_clicks)
    figures |= measure_views(bench)
    figures["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    bench.close()
    return figures


def make_project(folder: Folder, home: Path) -> dict[str, Any]:
    """A project with five labels a class, beside it one with 20,000 to be weighed."""
    images = home / "images"
    images.mkdir()
    started = time.perf_counter()
    project = Project.create(home / "project.handful", images)
    ids: list[ImageId] = []
    for start in range(0, folder.n_images, 500):
        records = project.add_images(found(start, min(start + 500, folder.n_images)))
        ids += [record.image_id for record in records]
    made_s = time.perf_counter() - started
    classes = []
    for label in range(N_CLASSES):
        item = project.new_class(f"class {label:02d}")
        project.apply(Change("Add", {}, (item,)))
        classes.append(item)
    first = {
        ids[index]: classes[label].class_id
        for label in range(N_CLASSES)
        for index in np.flatnonzero(folder.truth == label)[-5:].tolist()
    }
    project.apply(Change("Label", first))
    project.record_contents({item: item.to_bytes(16, "big") for item in ids})
    path = project.path
    project.close()
    weighed = home / "weighed.handful"
    weighed.write_bytes(path.read_bytes())
    project = Project.open(weighed, home / "projects")
    many = {
        ids[index]: classes[int(folder.truth[index])].class_id
        for index in range(min(N_LABELLED_ON_DISK, folder.n_images))
    }
    labelled = time.perf_counter()
    project.apply(Change("Label", many))
    labelled_s = time.perf_counter() - labelled
    project.close()
    opened = time.perf_counter()
    project = Project.open(weighed, home / "projects")
    opened_s = time.perf_counter() - opened
    project.close()
    size = sum(file.stat().st_size for file in home.glob("weighed.handful*"))
    for file in home.glob("weighed.handful*"):
        file.unlink()
    return {
        "made_s": made_s,
        "label_20000_s": labelled_s,
        "opened_s": opened_s,
        "project_mb": size / 1e6,
    }


def weigh_cache(folder: Folder, home: Path) -> dict[str, Any]:
    """Bytes on disk of a cached image, with its thumbnail and without, and how fast they come."""
    count = min(10_000, folder.n_images)
    embeddings = folder.embeddings(np.arange(1, count + 1))
    pictures = [smooth_picture(seed) for seed in range(20)]
    figures: dict[str, Any] = {"thumbnail_bytes": float(np.mean([len(item) for item in pictures]))}
    for name, thumbnails in (("embedding", [None]), ("image", pictures)):
        place = home / f"weighed {name}"
        entries = {
            FileKey(f"/pictures/2024/{file_name(index)}", SIZE_BYTES, MODIFIED_NS, MODIFIED_NS): (
                CacheEntry(
                    index.to_bytes(16, "big"),
                    embeddings[index],
                    thumbnails[index % len(thumbnails)],
                    perceptual_hash=index + 1,
                    taken_s=index,
                )
            )
            for index in range(count)
        }
        keys = list(entries)
        with ImageCache(place, "a" * 64, folder.size) as cache:
            for start in range(0, count, 500):
                cache.add({key: entries[key] for key in keys[start : start + 500]})
        with ImageCache(place, "a" * 64, folder.size) as cache:
            figures[f"cached_{name}_bytes"] = (
                sum(file.stat().st_size for file in place.rglob("*") if file.is_file()) / count
            )
            began = time.process_time()
            for start in range(0, count, 128):
                cache.find_many(keys[start : start + 128], with_thumbnails=False)
            figures["lookup_us"] = 1e6 * (time.process_time() - began) / count
    return figures


def smooth_picture(seed: int) -> bytes:
    """A thumbnail about as large as a photograph's."""
    small = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return make_thumbnail(
        np.asarray(Image.fromarray(small).resize((640, 480), Image.Resampling.BICUBIC))
    )


def measure_clicks(bench: Bench, folder: Folder, n_clicks: int) -> dict[str, Any]:
    session, view = bench.session, bench.view
    table = session.table
    painted = Painted()
    view.viewport().installEventFilter(painted)
    taken = {"rows": 0, "first": 0.0, "last": 0.0}

    def note(rows: np.ndarray | None) -> None:
        taken["last"] = time.perf_counter()
        taken["first"] = taken["first"] or taken["last"]
        taken["rows"] += 0 if rows is None else len(rows)

    session.classifier.predicted.connect(note)
    on_screen, everywhere, turns, worked, used = [], [], [], [], []
    random = np.random.default_rng(0)
    for _ in range(n_clicks):
        free = np.flatnonzero(np.asarray(table.labels[:400]) == 0)
        place = bench.gallery.model.place_of_row(int(random.choice(free[:200])))
        view.select_places(np.array([place]), place)
        bench.settle(0.3)
        taken.update(rows=0, first=0.0, last=0.0)
        painted.at = 0.0
        bench.turns.forget()
        label = int(folder.truth[int(bench.gallery.model.order[place])])
        started, before = time.perf_counter(), time.process_time()
        QTest.keyClick(view, Qt.Key(int(Qt.Key.Key_1) + label % 9))
        # The first answer is about the visible images; then come all, in ever larger parts.
        bench.until(lambda: painted.at > taken["first"] > 0)
        on_screen.append(1000 * (painted.at - started))
        bench.until(lambda: taken["rows"] >= folder.n_images)
        everywhere.append(1000 * (taken["last"] - started))
        used.append(1000 * (time.process_time() - before))
        bench.until(lambda: session.classifier.is_complete)
        bench.settle(0.2)  # Counts, filters and their like follow within a tenth of a second.
        turns.append(bench.turns.longest)
        worked.append(bench.turns.worked)
    session.classifier.predicted.disconnect(note)
    return {
        "visible": spread_of(on_screen),
        "all": spread_of(everywhere),
        "turn": spread_of(turns),
        "work": spread_of(worked),
        "cpu": spread_of(used),
        "n_labels": int(np.count_nonzero(table.labels)),
    }


def spread_of(values: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst."""
    return {
        "median": float(np.median(values)),
        "p95": float(np.percentile(values, 95)),
        "worst": float(np.max(values)),
    }


def measure_views(bench: Bench) -> dict[str, Any]:
    """The longest turn, and the window's work in one, for what filters and orders."""
    session, gallery, view = bench.session, bench.gallery, bench.view
    figures: dict[str, Any] = {}

    def timed(name: str, act: Callable[[], object], seconds: float = 0.5) -> None:
        bench.settle(0.3)
        bench.turns.forget()
        act()
        bench.settle(seconds)
        figures[name] = {"turn": bench.turns.longest, "work": bench.turns.worked}

    for show in (Show.UNLABELLED, Show.UNSURE, Show.CONFIDENT, Show.LIKE_NONE):
        timed(f"filter {show.value}", partial(gallery.head.state_chosen.emit, show))
    gallery.filters.clear()
    class_id = int(session.classes[3].class_id)
    timed("filter a class", partial(gallery.head.class_chosen.emit, class_id))
    gallery.filters.clear()
    for sort in (Sort.FILE_NAME, Sort.NEWEST_FIRST, Sort.CONFIDENT_FIRST, Sort.UNSURE_FIRST):
        timed(f"order {sort.value}", partial(gallery.head.order.sort_chosen.emit, sort))
    gallery.arrange(Arrangement())
    timed("filter a name", partial(gallery.filters.choose_name, "07 img_012"))
    gallery.filters.clear()
    view.select_places(np.arange(3), 0)
    bench.settle(0.3)
    bench.turns.forget()
    started = time.perf_counter()
    gallery.head.order.sort_chosen.emit(Sort.SIMILAR_FIRST)
    bench.until(lambda: gallery.model.arrangement.sort is Sort.SIMILAR_FIRST)
    figures["likeness_s"] = time.perf_counter() - started
    figures["order by likeness"] = {"turn": bench.turns.longest, "work": bench.turns.worked}
    return {"views": figures}


def markdown(rows: dict[int, dict[str, Any]]) -> str:
    """The figures as tables."""

    def line(name: str, cell: Callable[[dict[str, Any]], str]) -> str:
        return f"| {name} | " + " | ".join(cell(found) for found in rows.values()) + " |"

    def spread(name: str) -> Callable[[dict[str, Any]], str]:
        return lambda found: "{median:.0f}, **{p95:.0f}**, {worst:.0f}".format(**found[name])

    heads = "| | " + " | ".join(f"{count:,}" for count in rows) + " |"
    rule = "|---" * (len(rows) + 1) + "|"
    lines = [
        "Milliseconds: median, **95th percentile**, worst.",
        "",
        heads,
        rule,
        line("click to visible answers on screen", spread("visible")),
        line("click to all answers in the window", spread("all")),
        line("processor time of all threads till then", spread("cpu")),
        line("longest turn of the event loop", spread("turn")),
        line("work of the window's thread in one", spread("work")),
        line("labels at the end", lambda found: str(found["n_labels"])),
        "",
        "Longest turn (work of the window's thread in it), milliseconds:",
        "",
        heads,
        rule,
    ]
    first = next(iter(rows.values()))
    for name, value in first["views"].items():
        if isinstance(value, dict):
            lines.append(
                line(
                    name,
                    lambda found, name=name: "{turn:.0f} ({work:.0f})".format(
                        **found["views"][name]
                    ),
                )
            )
    lines += [
        line("likeness asked to shown, s", lambda found: f"{found['views']['likeness_s']:.2f}"),
        "",
        heads,
        rule,
        line("project made, s", lambda found: f"{found['made_s']:.2f}"),
        line("20,000 labels given in one edit, s", lambda found: f"{found['label_20000_s']:.2f}"),
        line("project opened, s", lambda found: f"{found['opened_s']:.2f}"),
        line("window opened to all images in the table, s", lambda found: f"{found['open_s']:.2f}"),
        line("to all embeddings in memory, s", lambda found: f"{found['known_s']:.1f}"),
        line(
            "longest turn meanwhile (work), ms",
            lambda found: f"{found['loading_turn']:.0f} ({found['loading_work']:.0f})",
        ),
        line("project on disk, MB", lambda found: f"{found['project_mb']:.1f}"),
        line(
            "cache on disk, bytes an image (thumbnails aside)",
            lambda found: "{cached_image_bytes:.0f} ({cached_embedding_bytes:.0f})".format(**found),
        ),
        line("looked up in it, us of a core an image", lambda found: f"{found['lookup_us']:.0f}"),
        line("peak memory, MB", lambda found: f"{found['memory_mb']:.0f}"),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--images", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000]
    )
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--out", type=Path, help="a Markdown file; its JSON goes beside it")
    parser.add_argument("--part", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        sys.setswitchinterval(0.001)  # As the program does when it opens its window.
        with tempfile.TemporaryDirectory() as name:
            print(json.dumps(measure(options.part, options.clicks, Path(name))))
        return
    rows = {}
    for n_images in options.images:
        command = [sys.executable, __file__, "--part", str(n_images)]
        command += ["--clicks", str(options.clicks)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows[n_images] = json.loads(done.stdout.splitlines()[-1])
        print(f"{n_images} images: {json.dumps(rows[n_images])}", file=sys.stderr)
    text = markdown(rows)
    print(text)
    if options.out:
        options.out.write_text(text, encoding="utf-8")
        options.out.with_suffix(".json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

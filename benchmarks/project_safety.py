"""What damage does to projects, and what keeping them safe costs.

    .venv/bin/python benchmarks/project_safety.py --damages 500 --images 100000 1000000

Prints Markdown. Damages: of each kind in ``tests/engine/damages.py`` so many in turn, each with
another seed, to a project that was left open; then it is opened, or repaired and opened. Costs: a
click with and without what is kept beside it, a trail of very many labels, clicks while a backup
of a large project is made, opening and repairing it.
"""

from __future__ import annotations

import argparse
import logging
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.errors import DamagedProjectError, ProjectError
from engine.messages import FoundFile, ImageId
from engine.project import Change, Project
from engine.project_connection import connect_to_read
from engine.project_files import check_whole
from engine.project_recovery import recover
from engine.project_trail import Entry, Image, Trail
from tests.engine.damages import DAMAGES, Worked, labels_of, work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--damages", type=int, default=500, help="How many of each regime.")
    parser.add_argument("--images", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--clicks", type=int, default=300)
    parser.add_argument("--entries", type=int, default=300_000, help="Of a trail; 0: none.")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as home:
        if options.damages:
            _damages(Path(home) / "damages", options.damages)
        if options.entries:
            _trail(Path(home), options.entries)
        _clicks(Path(home), options.clicks)
        for n_images in options.images:
            _large(Path(home) / str(n_images), n_images, options.clicks)


def _damages(home: Path, count: int) -> None:
    """With backup and trail, with a backup alone, with the file alone."""
    made = work(home / "at", seed=1)
    shutil.copytree(made.folder, home / "copy")
    print(
        "| what is left | damages | opened as it is | repaired | all labels | fewer, and said so "
        "| fewer, unsaid | refused in a sentence | other errors |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, has_trail, has_backup in (
        ("file, backup and trail", True, True),
        ("file and backup", False, True),
        ("file alone", False, False),
    ):
        told: Counter[str] = Counter()
        for seed in range(count):
            made.copy_of(home / "copy")
            if not has_trail:
                for trail in made.backups.glob("*.trail"):
                    trail.unlink()
            DAMAGES[seed % len(DAMAGES)](made.path, random.Random(seed))
            told.update(_outcome(made, made.backups if has_backup else None))
        columns = ("opened", "repaired", "all", "said", "unsaid", "refused", "error")
        print(f"| {name} | {count} | {' | '.join(str(told[column]) for column in columns)} |")


def _outcome(made: Worked, backups: Path | None) -> list[str]:
    try:
        done = None
        try:
            project = Project.open(made.path, backup_folder=backups)
        except DamagedProjectError:
            done = recover(made.path, backups)
            project = Project.open(made.path, backup_folder=backups)
        labels = labels_of(project)
        project.close()
    except ProjectError:
        return ["refused"]
    except Exception as error:  # The one thing that must not be.
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return ["error"]
    how = "opened" if done is None else "repaired"
    if labels == made.labels:
        return [how, "all"]
    is_said = done is not None and "Nothing that was labelled is missing." not in done.sentences
    return [how, "said" if is_said else "unsaid"]


def _timed(clicks: int, project: Project, first: int) -> list[float]:
    times = []
    (item, *_) = project.classes()
    for number in range(clicks):
        change = project.relabel([ImageId(first + number)], item.class_id)
        begun = time.perf_counter()
        project.apply(change)
        times.append(1000 * (time.perf_counter() - begun))
    return sorted(times)


def _said(times: list[float]) -> str:
    n_times = len(times)
    return (
        f"{times[n_times // 2]:.2f} | {times[int(0.95 * n_times)]:.2f} | {times[-1]:.1f} "
        f"| {n_times}"
    )


def _clicks(home: Path, clicks: int) -> None:
    """A click alone and with the trail kept beside it, in turn."""
    print(
        "\n| a click on 2,000 images | median ms | 95 % | longest | clicks |\n|---|---|---|---|---|"
    )
    plain = _project(home / "plain", 2_000)
    kept = _project(home / "kept", 2_000, home / "backups")
    times: tuple[list[float], list[float]] = ([], [])
    for part in range(10):
        for project, into in zip((plain, kept), times, strict=True):
            into.extend(_timed(clicks // 10, project, 1 + part * (clicks // 10)))
    print(f"| the file alone | {_said(sorted(times[0]))} |")
    print(f"| and the trail | {_said(sorted(times[1]))} |")
    plain.close()
    kept.close()


def _large(home: Path, n_images: int, clicks: int) -> None:
    project = _project(home, n_images)
    (item, *_) = project.classes()
    project.apply(Change("Label", {ImageId(n): item.class_id for n in range(1, n_images, 20)}))
    project.close()
    size = project.path.stat().st_size / 1e6
    print(f"\n| {n_images:,} images, {size:.0f} MB | |\n|---|---|")
    for name, is_thorough in (("quick_check and values", False), ("with indexes", True)):
        with closing(connect_to_read(project.path)) as connection:
            begun = time.perf_counter()
            check_whole(connection, project.path, is_thorough=is_thorough)
            print(f"| {name} | {time.perf_counter() - begun:.3f} s |")
    backups = home / "backups"
    opened: list[Project] = []
    took = _seconds(lambda: opened.append(Project.open(project.path, backup_folder=backups)))
    print(f"| opening, the first time, with a backup begun | {took:.3f} s |")
    times = _timed(clicks, opened[0], 2)
    begun = time.perf_counter()
    while not opened[0].wait_until_kept():
        pass
    said = _said(times).replace(" | ", ", ")
    print(f"| clicks meanwhile: median, 95 %, longest in ms, number | {said} |")
    took = time.perf_counter() - begun
    print(f"| from the last of them until the backup was made and checked | {took:.1f} s |")
    said = _said(_timed(clicks, opened[0], 2 + clicks)).replace(" | ", ", ")
    print(f"| clicks after it: median, 95 %, longest in ms, number | {said} |", flush=True)
    opened[0].close()
    took = _seconds(lambda: Project.open(project.path, backup_folder=backups).close())
    print(f"| opening it again and closing | {took:.3f} s |")
    for name, folder in (("from backup and trail", backups), ("from the file alone", None)):
        content = bytearray(project.path.read_bytes())
        content[4096 * 3 : 4096 * 6] = bytes(4096 * 3)
        project.path.write_bytes(content)
        took = _seconds(lambda f=folder: recover(project.path, f))
        print(f"| repairing, {name} | {took:.1f} s |")
    shutil.rmtree(home)


def _seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def _trail(home: Path, count: int) -> None:
    """What a trail of very many labels takes to be read, and to be begun anew behind half of it."""
    trail = Trail(home / "long.trail", home / "long.handful", "id")
    label = '{"class_id": 1, "name": "fox"}'
    for start in range(1, count + 1, 2000):
        numbers = range(start, min(start + 2000, count + 1))
        trail.append([_entry(number, label) for number in numbers])
    before = _most_mb()
    times = []
    for do in (lambda: sum(1 for _ in trail.entries(trail.read())), partial(_half, trail, count)):
        begun = time.process_time()
        do()
        times.append(f"{time.process_time() - begun:.1f}")
    size_mb = trail.path.stat().st_size / 1e6
    print(f"A trail of {count} entries ({size_mb:.0f} MB left): read and begun anew in", end=" ")
    print(f"{' and '.join(times)} s of CPU and {_most_mb() - before:.0f} MB of memory.\n")


def _half(trail: Trail, count: int) -> None:
    trail.begin_anew(count // 2)


def _entry(number: int, label: str) -> Entry:
    image = Image(number, 10**6, 10**18 + number, "0f" * 16, "0f" * 16)
    at, name = "2026-11-22T05:00:00.000+00:00", f"trip 7/IMG_{number:08}.jpg"
    return Entry(number, number, at, "Label 1 image", "image", name, None, label, image)


def _most_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _project(home: Path, n_images: int, backups: Path | None = None) -> Project:
    folder = home / "photos"
    folder.mkdir(parents=True)
    project = Project.for_folder(folder, home / "kept", backups)
    for start in range(0, n_images, 20_000):
        numbers = range(start, min(n_images, start + 20_000))
        project.add_images(
            [FoundFile(f"trip {n // 1000:04}/IMG_{n:08}.jpg", 10**6, 10**18 + n) for n in numbers]
        )
        project.record_contents({ImageId(n + 1): n.to_bytes(16, "big") for n in numbers})
    project.apply(Change("Add", {}, tuple(project.new_classes(["fox", "owl"]))))
    return project


if __name__ == "__main__":
    main()

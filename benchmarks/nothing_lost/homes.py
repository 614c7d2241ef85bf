"""Homes in which work is done, interrupted and gone on with, and what must hold whenever it is."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import time
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import onnxruntime
import pyarrow.parquet
from PIL import Image

from benchmarks.nothing_lost import works
from benchmarks.nothing_lost.child import Outcome
from benchmarks.nothing_lost.labels import Effects, Labels
from engine import Change
from engine.bundle.contents import EXPECTED, SELF_TEST
from engine.cache_schema import NAMES
from engine.encoder.graph import read_graph_metadata
from engine.encoder.runtime import cpu_session
from engine.image_cache import FileKey
from engine.images import content_hash, decode_image
from engine.interchange.metadata.plan import sidecar_of
from engine.interchange.sorting.journal import JOURNAL_NAME, has_something_to_undo, has_unfinished
from engine.messages import SidecarNaming, SortHow

Tree = dict[str, tuple[str, int]]
_LEFTOVER: Final = re.compile(r"\.handful-[0-9a-f]{32}(\..*)?")
_OLD_S: Final = 3600.0  # Leftovers of killed runs go after so long.
_PART: Final = re.compile(r"\.handful-sorting-[0-9a-f]{8}-\d+\.part")


class LostError(AssertionError):
    """Something was lost, or something broken was left."""


def check(holds: bool, what: object) -> None:
    """Raise LostError unless it holds."""
    if not holds:
        raise LostError(str(what))


class Home:
    """A folder in which one kind of work is done again and again.

    Attributes:
        n_told: how many steps were told to be durable, all of which were looked for.
        is_failing: calls fail, so that some files may be left alone; else all is done in the end.
        module: what its server has loaded.
        phases: what is asked for in turn, the first of them when nothing is under way.
    """

    kind: ClassVar[str]
    module: ClassVar[str] = "works"
    phases: ClassVar[tuple[str, ...]] = ("work",)

    count: int

    def __init__(self, folder: Path, seed: int, count: int | None = None) -> None:
        """Make it; ``count`` is how many images or edits it has, where not as many as usual."""
        if count is not None:
            self.count = count
        self.folder = folder
        self.random = random.Random(seed)
        self.n_told = 0
        self.n_leftovers = 0
        self.is_failing = False
        for name in ("images", "cache", "out", "user"):
            (folder / name).mkdir(parents=True)
        self.make()

    def make(self) -> None:
        """Fill it."""

    @property
    def phase(self) -> str:
        """What will be asked for next."""
        return self.phases[0]

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        return self.phase == self.phases[0]

    def ask(self) -> dict[str, Any]:
        """The next piece of work."""
        raise NotImplementedError

    def check(self, outcome: Outcome) -> None:
        """See that nothing is lost or broken after it. Raises LostError."""
        raise NotImplementedError

    def asked(self, work: str, **more: Any) -> dict[str, Any]:
        """A piece of work in this home."""
        user = str(self.folder / "user")
        environment = {"XDG_DATA_HOME": user, "XDG_CACHE_HOME": user}
        home = str(self.folder)
        return {"work": work, "home": home, "environment": environment, **more}

    # --- What several do --------------------------------------------------------------------------

    @property
    def images(self) -> Path:
        """The folder of images."""
        return self.folder / "images"

    @property
    def failing_folder(self) -> Path:
        """Where calls are made to fail."""
        return self.folder

    def label_some(self, classes: tuple[str, ...], names: list[str]) -> None:
        """Make a project in which these images have the classes in turn."""
        project = works.open_project(self.folder)
        works.find(project)
        made = project.new_classes(classes)
        project.apply(Change("Add", {}, tuple(made)))
        numbers = {record.name: record.image_id for record in project.images()}
        contents = {
            numbers[record.name]: content_hash(project.path_of(record.name).read_bytes())
            for record in project.images()
        }
        project.record_contents(contents)
        for place, item in enumerate(made):
            some = [numbers[name] for name in names[place :: len(made)]]
            project.apply(project.relabel(some, item.class_id))
        project.close()

    def check_project(self) -> None:
        """That the project's file is sound."""
        path = self.images / "images.handful"
        if not path.exists():  # One in which nothing was done goes when it is closed.
            return
        with closing(sqlite3.connect(path)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            check(found == [("ok",)], found)
            found = connection.execute("PRAGMA foreign_key_check").fetchall()
            check(not found, found)


def paint(path: Path, seed: int, size: tuple[int, int] = (40, 32)) -> None:
    """A small picture with a colour of its own."""
    random_numbers = np.random.default_rng(seed)
    colour = random_numbers.integers(0, 256, 3)
    noise = random_numbers.integers(-40, 40, (size[1], size[0], 3))
    pixels = np.clip(colour + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)


def tree(folder: Path) -> Tree:
    """Every file below a folder by its path, with the hash of its bytes and its time; folders by
    their names alone."""
    found: Tree = {}
    for parent, folders, names in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(parent, name), folder)] = ("", 0)
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            found[os.path.relpath(path, folder)] = (digest, os.stat(path).st_mtime_ns)
    return found


# --- Labelling -----------------------------------------------------------------------------------


class Labelling(Home):
    """Random edits of a project: labels, classes, what is set aside, undo."""

    kind = "labelling"
    count = 40

    def make(self) -> None:
        for number in range(30):
            (self.images / f"i{number}.jpg").write_bytes(b"not decoded")
        self.known = Labels()

    def ask(self) -> dict[str, Any]:
        known = {name: getattr(self.known, name) for name in ("classes", "labels", "aside")}
        seed = self.random.randrange(1 << 30)
        return self.asked("label", known=known, seed=seed, count=self.count)

    def check(self, outcome: Outcome) -> None:
        known = self.known
        in_doubt: list[Labels] = []
        for line in outcome.lines:
            if "tries" in line:
                effects: Effects = line["tries"]
                in_doubt.append(known.after(effects))
            elif "made" in line:
                known = known.after(line["made"])
                in_doubt.clear()
                self.n_told += 1
            # A change that was refused since it could not be synced may be in the log all the same,
            # where nothing can be written any more that would go over it.
        if (self.images / "images.handful").exists() or self.n_told:
            project = works.open_project(self.folder)
            found = Labels.of(project)
            project.close()
            self.check_project()
            check(found in (known, *in_doubt), f"{found} is not {known}")
            self.known = found


class Window(Home):
    """The same in the window's session: what is shown is what is saved, and the rest is told."""

    kind = "window"
    module = "window"
    count = 6
    n_images = 8

    @property
    def failing_folder(self) -> Path:
        return self.images  # The preferences are Qt's, which waits for half a minute to lock them.

    def make(self) -> None:
        names = [f"i{number}.jpg" for number in range(self.n_images)]
        for name in names:
            (self.images / name).write_bytes(b"not decoded")
        self.label_some(("fox", "owl"), names[:2])
        self.known = self.found()

    def ask(self) -> dict[str, Any]:
        seed = self.random.randrange(1 << 30)
        return self.asked("label", seed=seed, count=self.count, n_images=self.n_images)

    def check(self, outcome: Outcome) -> None:
        known = self.known
        in_doubt: list[Labels] = []
        for line in outcome.lines:
            if "tries" in line:
                in_doubt.append(known.after(line["tries"]))
            elif "made" in line:
                known = known.after(line["made"])
                in_doubt.clear()
                self.n_told += 1
            elif "refused" in line:
                check(line["refused"], "a label was not saved and nobody was told")
            elif "shown" in line:
                check(
                    line["shown"] == known.labels, f"{line['shown']} is shown, not {known.labels}"
                )
        if not any("shown" in line for line in outcome.lines) and not outcome.is_killed:
            check(any(outcome.all("notices")), "nothing could be labelled and nobody was told")
        found = self.found()
        self.check_project()
        check(found in (known, *in_doubt), f"{found} is not {known}")
        self.known = found

    def found(self) -> Labels:
        """What the file has."""
        project = works.open_project(self.folder)
        found = Labels.of(project)
        project.close()
        return found


# --- Embedding -----------------------------------------------------------------------------------


class Embedding(Home):
    """New pictures under the same names, embedded into the cache."""

    kind = "embedding"
    count = 16

    def make(self) -> None:
        self.n_painted = 0
        works.open_project(self.folder).close()

    def ask(self) -> dict[str, Any]:
        for number in range(self.count):
            self.n_painted += 1
            paint(self.images / f"i{number}.png", self.random.randrange(1 << 30))
        return self.asked("embed")

    def check(self, outcome: Outcome) -> None:
        told: dict[str, str] = {}
        for line in outcome.all("embedded"):
            told |= line
        with works.open_cache(self.folder) as cache:
            check(not cache.notice, cache.notice)
            for number in range(self.count):
                path = self.images / f"i{number}.png"
                key = FileKey.of(path)
                assert key is not None
                entry = cache.find(key)
                if path.name not in told and entry is None:
                    continue
                check(entry is not None, f"{path} was embedded and is not in the cache")
                assert entry is not None
                content = path.read_bytes()
                check(entry.content == content_hash(content), f"{path} has another's bytes")
                self.n_told += path.name in told
                if entry.embedding is None:
                    check(path.name not in told, f"{path} has lost its embedding")
                    continue
                seen = works.runtime().embed(decode_image(content).pixels)
                check(np.array_equal(entry.embedding, seen), f"{path} has another embedding")
        for name in NAMES:
            path = self.folder / "cache" / name
            uri = f"{path.as_uri()}?mode=rw"  # Not made here where it is not there.
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                found = connection.execute("PRAGMA integrity_check").fetchall()
                check(found == [("ok",)], found)
        self.check_project()
        project = works.open_project(self.folder)
        known = {record.name: record for record in project.images()}
        project.close()
        for line in outcome.all("recorded"):
            check(line.keys() <= known.keys(), f"{line.keys() - known.keys()} are not known")


# --- Exporting -----------------------------------------------------------------------------------


class Exporting(Home):
    """Tables, models, bundles and labels, written over those of the time before."""

    work: ClassVar[str]
    count = 12

    def make(self) -> None:
        self.saved: set[str] = set()
        names = [f"i{number:02}.png" for number in range(self.count)]
        for number, name in enumerate(names):
            paint(self.images / name, number)
        self.label_some(("red", "green"), names[: self.count // 2])

    def ask(self) -> dict[str, Any]:
        return self.asked(self.work, seed=self.random.randrange(1 << 30))

    def check(self, outcome: Outcome) -> None:
        for names in outcome.all("saved"):
            self.saved.update(names)
            self.n_told += len(names)
        there = {item.name: item for item in (self.folder / "out").iterdir()}
        for name in [name for name in there if _LEFTOVER.fullmatch(name)]:
            path = there.pop(name)
            is_old = path.stat().st_mtime < time.time() - _OLD_S
            check(not (is_old and outcome.all("saved")), f"{name} was left by one that was killed")
            check(outcome.is_killed or is_old or self.is_failing, f"{name} was left behind")
            self.n_leftovers += not is_old
            os.utime(path, (time.time() - 2 * _OLD_S,) * 2)  # The next run may remove it.
        lost = self.lasting() & self.saved - there.keys()
        check(not lost, f"{sorted(lost)} were written and are not there")
        for name, path in there.items():
            self.check_whole(name, path)
        self.check_project()

    def lasting(self) -> set[str]:
        """What is there from the time when it was written first."""
        return self.saved

    def check_whole(self, name: str, path: Path) -> None:
        """That a file or folder under its own name is all there."""
        raise NotImplementedError

    def names(self) -> list[str]:
        """The images."""
        return sorted(path.name for path in self.images.glob("*.png"))


class Tables(Exporting):
    """CSV, JSON Lines and Parquet."""

    kind, work = "tables", "tables"

    def check_whole(self, name: str, path: Path) -> None:
        if name.endswith(".csv"):
            lines = path.read_text(encoding="utf-8").split("\r\n")
            if len(lines) == 1:
                lines = lines[0].split("\n")
            check(lines.pop() == "", f"{name} does not end with a line")
            check(len({line.count(",") for line in lines}) == 1, lines)
            found = [line.split(",")[0] for line in lines[1:]]
        elif name.endswith(".jsonl"):
            text = path.read_text(encoding="utf-8")
            check(text.endswith("\n"), f"{name} does not end with a line")
            found = [json.loads(line)["file_name"] for line in text.splitlines()]
        else:
            found = pyarrow.parquet.read_table(path)["file_name"].to_pylist()
        check(found == self.names(), f"{name} has {found}")


def check_model(path: Path) -> list[str]:
    """That an ONNX file loads, runs, and says which classes it has."""
    try:
        session = cpu_session(path)
    except Exception as error:  # onnxruntime has exceptions of its own.
        raise LostError(f"{path.name} does not load: {error}") from error
    pixels = np.zeros((1, 32, 40, 3), np.uint8)
    (answers,) = session.run(["probabilities"], {"image": pixels})
    names: list[str] = json.loads(read_graph_metadata(path)["class_names"])
    check(answers.shape == (1, len(names)), answers.shape)
    check(abs(float(answers.sum()) - 1) < 1e-3, answers)
    return names


class Models(Exporting):
    """An ONNX file with what belongs to it."""

    kind, work = "models", "models"

    def check_whole(self, name: str, path: Path) -> None:
        check_of_model(name, path)


def check_of_model(name: str, path: Path) -> None:
    """That a file of an exported model is all there."""
    text = "" if name.endswith(".onnx") else path.read_text(encoding="utf-8")
    match name:
        case works.MODEL:
            check(sorted(check_model(path)) == ["green", "red"], name)
        case "labels.txt":
            check(sorted(text.split()) == ["green", "red"], text)
        case "certificate.json":
            check(json.loads(text)["model_file"] == works.MODEL, text)
        case "model_card.md":
            check(text.startswith("#") and text.endswith("\n"), text)
        case _:
            raise LostError(f"{name} is not known")


class Bundles(Exporting):
    """Bundles, a folder and a zip file."""

    kind, work = "bundles", "bundles"

    def check_whole(self, name: str, path: Path) -> None:
        check(name in works.BUNDLES, f"{name} is not known")
        if path.is_dir():
            self.check_bundle(path)
            return
        unpacked = self.folder / "unpacked"
        with zipfile.ZipFile(path) as archive:
            check(archive.testzip() is None, f"{name} is damaged")
            archive.extractall(unpacked)
        (folder,) = unpacked.iterdir()
        self.check_bundle(folder)
        shutil.rmtree(unpacked)

    def check_bundle(self, folder: Path) -> None:
        expected = json.loads((folder / SELF_TEST / EXPECTED).read_text(encoding="utf-8"))
        first = expected["images"][0]
        pixels = decode_image((folder / SELF_TEST / first["file"]).read_bytes()).pixels
        session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
        )
        (answers,) = session.run(["probabilities"], {"image": pixels[None]})
        wanted = first["probabilities"]["model.onnx"]
        check(bool(np.allclose(answers[0], wanted, atol=1e-3)), f"{answers} is not {wanted}")
        json.loads((folder / "certificate.json").read_text(encoding="utf-8"))


class LabelsOut(Exporting):
    """Labels for other programs, with copies of the images."""

    kind, work = "labels", "labels-out"

    def check_whole(self, name: str, path: Path) -> None:
        if path.is_dir():
            known = {
                hashlib.sha256(item.read_bytes()).hexdigest() for item in self.images.glob("*.png")
            }
            copies = [item for item in path.rglob("*.png")]
            check(len(copies) == self.count // 2, f"{name} has {len(copies)} images")
            for item in copies:
                digest = hashlib.sha256(item.read_bytes()).hexdigest()
                check(digest in known, f"{item} is no whole copy")
        elif name == "labels.json":
            found = json.loads(path.read_text(encoding="utf-8"))
            check(len(found["annotations"]) == self.count // 2, found)
        else:
            text = path.read_text(encoding="utf-8-sig")
            check(text.endswith("\n"), f"{name} does not end with a line")
            check(len(text.splitlines()) == 1 + self.count // 2, text)

    def check(self, outcome: Outcome) -> None:
        super().check(outcome)
        for path in (self.folder / "out").iterdir():
            if path.is_dir():  # Each time there are new ones.
                shutil.rmtree(path)
        self.saved = {name for name in self.saved if "-" not in name}


class Commands(Tables):
    """The command line: tables, a model, labels in and out, keywords."""

    kind, work = "commands", "command"
    phases = ("classify", "export", "labels import", "labels export", "tag")

    @property
    def phase(self) -> str:
        return self.chosen

    @property
    def is_settled(self) -> bool:
        return True

    def make(self) -> None:
        super().make()
        self.chosen = self.phases[0]
        self.labels = self.folder / "labels.csv"
        rows = [f"i{number:02}.png,{('red', 'green')[number % 2]}" for number in range(self.count)]
        self.labels.write_text("\n".join(["file_name,label", *rows, ""]), encoding="utf-8")
        self.before = self.colours()

    def ask(self) -> dict[str, Any]:
        images, project, out = self.images, self.images / "images.handful", self.folder / "out"
        effort = ["--effort", "instant"]
        beside = {
            "classify": [images, "--project", project, "--out", out / "table.csv", *effort],
            "export": ["--project", project, "--out", out / works.MODEL, *effort],
            "labels import": [self.labels, "--project", project],
            "labels export": ["--format", "csv", "--project", project, "--out", out / "labels.csv"],
            "tag": [images, "--project", project, *effort],
        }
        arguments = [*self.chosen.split(), *map(str, beside[self.chosen])]
        return self.asked("command", arguments=arguments)

    def check(self, outcome: Outcome) -> None:
        statuses = outcome.all("status")
        check(outcome.is_killed or statuses in ([0], [1] * self.is_failing), f"exit {statuses}")
        super().check(outcome)
        found = self.colours()
        check(self.before.items() <= found.items(), f"{found} lacks some of {self.before}")

    def colours(self) -> dict[str, int]:
        """The labels in the project."""
        project = works.open_project(self.folder)
        found = Labels.of(project).labels
        project.close()
        return {name: label for name, label in found.items() if label is not None}

    def check_whole(self, name: str, path: Path) -> None:
        match name:
            case "table.csv":
                super().check_whole(name, path)
            case "labels.csv":
                check(path.read_text(encoding="utf-8-sig").endswith("\n"), f"{name} is torn")
            case _:
                check_of_model(name, path)


# --- Sorting -------------------------------------------------------------------------------------


class Sorting(Home):
    """Images sorted into folders, gone on with or taken back, as it comes."""

    kind = "sorting"
    phases = ("sort", "undo")
    count = 90

    def make(self) -> None:
        names = []
        for number in range(self.count):
            path = self.images / f"cam{number % 3}" / f"i{number}.jpg"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(self.random.randbytes(self.random.randrange(2000, 9000)))
            os.utime(path, ns=(10**18 + number, 10**18 + 7 * number))
            names.append(path.relative_to(self.images).as_posix())
        self.label_some(works.CLASSES, names[::3])
        self.before = self.pictures()
        self.labels = self.labels_by_bytes()
        self.doing = ""
        self.how = SortHow.COPY

    @property
    def phase(self) -> str:
        return "undo" if has_something_to_undo(self.target) else "sort"

    @property
    def target(self) -> Path:
        """Where they are sorted to."""
        return self.folder / "sorted"

    def ask(self) -> dict[str, Any]:
        if not self.doing:
            self.how = self.random.choice(list(SortHow))
            self.doing = "sort"
            return self.asked("sort", how=self.how.value)
        if not has_something_to_undo(self.target):
            self.check_undone()  # Killed before anything was touched, or when all was back.
            return self.ask()
        goes_on = has_unfinished(self.target) and self.random.random() < 0.5
        self.doing = "resume" if goes_on else "undo"
        return self.asked("command", arguments=["sort", self.doing, str(self.target)])

    def check(self, outcome: Outcome) -> None:
        self.check_pictures()
        self.check_project()
        statuses = outcome.all("status")
        is_sorted = bool(outcome.all("ended"))
        if statuses:
            check(statuses == [0] or self.is_failing, f"exit status {statuses}")
            # What is gone on with may be the undo.
            is_sorted = self.doing == "resume" and has_something_to_undo(self.target)
            if statuses == [0] and not is_sorted and not self.is_failing:
                self.check_undone()
        if is_sorted and not self.is_failing:
            self.n_told += 1
            self.check_labels()
            now = self.pictures()
            n_there = sum(name.startswith("sorted/") for name in now)
            check(n_there == self.count, f"{n_there} of {self.count} are in their folders")

    def check_undone(self) -> None:
        """That all is as it was, to the byte."""
        now = self.pictures()
        check(now == self.before, _difference(self.before, now))
        self.check_labels()
        if self.target.exists():
            left = sorted(path.name for path in self.target.iterdir())
            # Killed between making the folder and writing the plan down.
            check(left == [JOURNAL_NAME] or not left, f"{left} was left")
            shutil.rmtree(self.target)
        self.doing = ""
        self.n_told += 1

    def pictures(self) -> Tree:
        """All images, wherever they are."""
        found = tree(self.folder)
        return {
            name: what
            for name, what in found.items()
            if name.startswith(("images/cam", "sorted/")) and what[0] and name.endswith(".jpg")
        }

    def check_pictures(self) -> None:
        """That every image is whole under at least one name, and no name has anything else."""
        found = tree(self.folder)
        whole = {what[0] for what in self.before.values()}
        there = set()
        for name, (digest, _) in found.items():
            if not digest or not name.startswith(("images/cam", "sorted/")):
                continue
            base = os.path.basename(name)
            if _PART.fullmatch(base) or base == JOURNAL_NAME:
                continue
            check(digest in whole, f"{name} is no whole image")
            there.add(digest)
        check(there == whole, f"{len(whole - there)} images are nowhere whole")

    def labels_by_bytes(self) -> Counter[tuple[str, int]]:
        """What the project says of the images, by their bytes: those that it does not find are
        missing from it."""
        project = works.open_project(self.folder)
        labels = project.labels()
        found = Counter(
            (hashlib.sha256(project.path_of(record.name).read_bytes()).hexdigest(), int(label))
            for record in project.images()
            if (label := labels.get(record.image_id)) is not None
            and project.path_of(record.name).is_file()
        )
        project.close()
        return found

    def check_labels(self) -> None:
        """That the project finds every labelled image where it is now."""
        check(self.labels_by_bytes() == self.labels, "the project does not find labelled images")


def _difference(before: Tree, now: Tree) -> str:
    gone = sorted(before.keys() - now.keys())[:5]
    new = sorted(now.keys() - before.keys())[:5]
    other = sorted(name for name in before.keys() & now.keys() if before[name] != now[name])[:5]
    return f"not as before: gone {gone}, new {new}, other {other}"


# --- Metadata ------------------------------------------------------------------------------------


class Tagging(Home):
    """Keywords written into images and sidecars, gone on with or taken back."""

    kind = "metadata"
    phases = ("tag", "untag")
    count = 60

    def make(self) -> None:
        for number in range(self.count):
            ending = (".jpg", ".png", ".webp")[number % 3]
            path = self.images / f"i{number}{ending}"
            paint(path, number, (12, 10))
            os.utime(path, ns=(10**18 + number, 10**18 + 7 * number))
        self.before = self.pictures()
        self.pixels = {
            path.name: decode_image(path.read_bytes()).pixels
            for path in sorted(self.images.iterdir())
        }
        self.has_begun = False
        self.is_undoing = False
        self.n_runs = 0

    def ask(self) -> dict[str, Any]:
        if not self.n_left_runs():  # Killed before anything was touched, or when all was back.
            check(self.pictures() == self.before, _difference(self.before, self.pictures()))
            self.has_begun = self.is_undoing = False
        is_again = self.random.random() < 0.5 and not self.is_failing
        if self.is_undoing or (self.has_begun and not is_again):
            self.is_undoing = True
            return self.asked("untag")
        self.has_begun = True
        return self.asked("tag", keyword=self.random.choice(works.CLASSES))

    def check(self, outcome: Outcome) -> None:
        now = self.pictures()
        for name in now:
            path = self.images / name
            if path.suffix == ".xmp":
                check(path.read_bytes().rstrip().endswith(b">"), f"{name} is torn")
                continue
            check(name in self.pixels, f"{name} is not known")
            pixels = decode_image(path.read_bytes()).pixels
            check(np.array_equal(pixels, self.pixels[name]), f"{name} shows something else")
        missing = self.before.keys() - now.keys()
        check(not missing, f"{missing} are gone")
        problems = [text for found in outcome.all("problems") for text in found]
        check(not problems or self.is_failing, problems)
        if "tag" in outcome.all("ended") and not problems:
            self.n_told += 1
            for name in self.before:
                image = self.images / name
                holder = sidecar_of(image, SidecarNaming.FULL) if image.suffix == ".webp" else image
                found = any(word.encode() in holder.read_bytes() for word in works.CLASSES)
                check(found, f"{name} has no keyword")
        if "untag" in outcome.all("ended"):
            check(now == self.before or bool(self.n_left_runs()), _difference(self.before, now))
            if now == self.before and not self.n_left_runs():
                self.has_begun = self.is_undoing = False
                self.n_told += 1

    @property
    def phase(self) -> str:
        return "untag" if self.n_left_runs() else "tag"

    def n_left_runs(self) -> int:
        """How many runs can be taken back yet."""
        return len(list((self.images / ".handful-metadata").glob("run-*.jsonl")))

    def pictures(self) -> Tree:
        """All images and sidecars."""
        found = tree(self.images)
        leftovers = [name for name in found if _LEFTOVER.fullmatch(os.path.basename(name))]
        self.n_leftovers += len(leftovers)
        return {
            name: what
            for name, what in found.items()
            if what[0] and not name.startswith(".handful-") and name not in leftovers
        }


_ALL: Final = (
    *(Labelling, Window, Embedding, Tables, Models, Bundles, LabelsOut),
    *(Commands, Sorting, Tagging),
)
HOMES: Final[dict[str, type[Home]]] = {item.kind: item for item in _ALL}

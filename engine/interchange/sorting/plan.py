"""What sorting into folders will do, file by file, before anything is touched."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Final

from engine.errors import sentence_for
from engine.interchange.records import Record, Results
from engine.interchange.sorting.journal import has_unfinished
from engine.interchange.sorting.names import (
    NONE,
    UNSURE,
    folder_names,
    inner_path,
    name_key,
    with_suffix_of,
)
from engine.messages import LeftOut, Placement, SortChoice, SortedFolder, SortHow, SortPlan
from engine.words import NOTHING, Sentence, say, sentence_of, size_words

MAX_LEFT_OUT: Final = 100
_SIDECARS: Final = (".xmp", ".json")
_N_EXAMPLES: Final = 3
_N_RENAMED: Final = 20
_FILES_PER_STEP: Final = 200
_SPARE_BYTES: Final = 1 << 24  # Folders and the journal take room, too.


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, why it cannot be carried out (or nothing), and what it leaves where it is."""

    plan: SortPlan
    problem: Sentence
    n_left_out: int
    left_out: tuple[LeftOut, ...]


def make_plan(
    results: Results, choice: SortChoice, project: Path | None = None
) -> Generator[int, None, Planned]:
    """Find a place for every image; yields how many more images were looked at, now and then."""
    planner = _Planner(results, choice)
    for chunk in results.chunks():
        for record in chunk:
            planner.take(record)
        yield len(chunk)
    for _ in planner.place_all():
        yield 0
    return planner.planned(project)


@dataclass(slots=True)
class _Item:
    """An image on its way: ``inner`` is its path below ``folder``."""

    name: str
    source: Path
    folder: str
    inner: PurePosixPath
    size_bytes: int
    modified_ns: int
    sidecars: list[str] = field(default_factory=list)

    @property
    def natural(self) -> PurePosixPath:
        return self.folder / self.inner


class _Planner:
    def __init__(self, results: Results, choice: SortChoice) -> None:
        self._results = results
        self._choice = choice
        self._target = Path(os.path.abspath(choice.target))
        self._folders = self._folders_of(results)
        self._known_keys = {name_key(folder) for folder in self._folders.values()}
        self._items: list[_Item] = []
        self._left_out: list[LeftOut] = []
        self._n_left_out = 0
        self._sources: set[str] = set()
        self._used: set[str] = set()
        self._listings: dict[Path, set[str]] = {}
        self._siblings: dict[Path, dict[str, list[str]]] = {}
        self._sidecars: set[Path] = set()  # Those that go with an image already.
        self._can_part: dict[Path, bool] = {}
        self._files: list[Placement] = []
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[tuple[str, str]]] = {}
        self._renamed: list[tuple[str, str]] = []
        self._n_renamed = self._n_there = self._bytes = 0
        self._devices: set[int] = set()
        self._device = _device_of(self._target)

    # --- Which folder -----------------------------------------------------------------------------

    def take(self, record: Record) -> None:
        """Note where an image belongs."""
        if self._choice.labelled_only and record.label is None:
            return
        name, source = record.image.name, Path(os.path.abspath(record.image.path))
        if record.failure:
            self._leave_out(name, sentence_of(record.failure))
            return
        folder = self._folder_of(record)
        if folder is None:
            return
        if str(source) in self._sources:
            self._leave_out(name, say("it is listed under two names"))
            return
        self._sources.add(str(source))
        is_move = self._choice.how is SortHow.MOVE
        try:
            if is_move and source.is_symlink():
                self._leave_out(name, say("it is a link to another file, which is not moved"))
                return
            if is_move and not self._can_be_removed(source):
                self._leave_out(name, say("its folder cannot be written, so it can only be copied"))
                return
            status = source.stat()
        except OSError as error:
            self._leave_out(name, sentence_for(error, source, say("read")))
            return
        self._devices.add(status.st_dev)
        self._items.append(
            _Item(
                name,
                source,
                folder,
                self._inner(source, name),
                status.st_size,
                status.st_mtime_ns,
                self._sidecars_of(source) if is_move else [],
            )
        )

    def _can_be_removed(self, source: Path) -> bool:
        """Whether its folder lets files go, as far as can be said before."""
        folder = source.parent
        if folder not in self._can_part:
            self._can_part[folder] = not folder.is_dir() or os.access(folder, os.W_OK | os.X_OK)
        return self._can_part[folder]

    def _folder_of(self, record: Record) -> str | None:
        answer = self._results.answer(record)
        if answer is None:
            return None
        if answer.is_none:
            return NONE
        if not answer.is_human and answer.confidence < self._choice.unsure_below:
            return UNSURE
        return self._folders[answer.label]

    def _folders_of(self, results: Results) -> dict[str, str]:
        """By class; spelt as folders that are there already and differ by case alone."""
        names = dict.fromkeys([*results.class_names, *results.predicted])
        made = folder_names(list(names))
        try:
            with os.scandir(self._target) as entries:
                present = {name_key(entry.name): entry for entry in entries}
        except OSError:
            return made
        for name, folder in made.items():
            entry = present.get(name_key(folder))
            if entry is not None and entry.is_dir():
                made[name] = entry.name
        return made

    def _inner(self, source: Path, name: str) -> PurePosixPath:
        """The path below the class's folder; what was sorted there before is not nested."""
        inner = inner_path(name)
        if source.is_relative_to(self._target):
            parts = source.relative_to(self._target).parts
            known = {*self._known_keys, name_key(UNSURE), name_key(NONE)}
            if len(parts) > 1 and name_key(parts[0]) in known:
                inner = PurePosixPath(*parts[1:])
        return PurePosixPath(inner.name) if self._choice.flatten else inner

    def _sidecars_of(self, source: Path) -> list[str]:
        """Names of files that belong to an image and to no other file of its name."""
        siblings = self._siblings.get(source.parent)
        if siblings is None:
            siblings = {}
            try:
                names = sorted(os.listdir(source.parent))
            except OSError:
                names = []
            for name in names:
                siblings.setdefault(name_key(os.path.splitext(name)[0]), []).append(name)
            self._siblings[source.parent] = siblings
        # IMG_1.JPG.xmp is the image's; IMG_1.xmp may be that of IMG_1.CR2, which stays.
        own = [name for name in siblings.get(name_key(source.name), []) if _is_sidecar(name)]
        alike = siblings.get(name_key(source.stem), [])
        shared = [name for name in alike if _is_sidecar(name)]
        is_alone = all(name == source.name or _is_sidecar(name) for name in alike)
        found = []
        for name in own + (shared if is_alone else []):
            path, stem = source.with_name(name), os.path.splitext(name)[0]
            # a.jpg.xmp is that of a.jpg where there is one, and not that of a.jpg.png.
            is_others = stem != source.name and os.path.lexists(source.with_name(stem))
            if not is_others and path not in self._sidecars:
                self._sidecars.add(path)
                found.append(name)
        return found

    # --- Which name -------------------------------------------------------------------------------

    def place_all(self) -> Iterator[None]:
        """Give every image a name of its own."""
        n_alike = Counter(name_key(str(item.natural)) for item in self._items)
        for done, item in enumerate(self._items):
            self._place(item, is_alone=n_alike[name_key(str(item.natural))] == 1)
            if done % _FILES_PER_STEP == 0:
                yield

    def _place(self, item: _Item, *, is_alone: bool) -> None:
        natural = item.natural
        if self._target / natural == item.source:
            self._n_there += 1
            self._used.add(name_key(str(natural)))
            return
        for length in count(4, 2):
            # Of two alike both get digits: their names do not depend on the order then.
            is_plain = length == 4
            if is_plain and not is_alone:
                continue
            place = natural if is_plain else with_suffix_of(natural, item.name, min(length, 128))
            if length > 128:
                place = place.with_name(f"{length}-{place.name}"[:200])
            if self._is_there(item, place):
                self._n_there += 1
                self._used.add(name_key(str(place)))
                return
            sidecars = self._sidecar_places(item, place)
            if all(self._is_free(one) for one in (place, *sidecars.values())):
                break
        if place != natural:
            self._n_renamed += 1
            if len(self._renamed) < _N_RENAMED:
                self._renamed.append((item.name, str(place)))
        self._add(item.source, place, item.size_bytes, item.modified_ns, is_sidecar=False)
        self._counts[item.folder] += 1
        examples = self._examples.setdefault(item.folder, [])
        if len(examples) < _N_EXAMPLES:
            examples.append((item.name, str(place)))
        for name, sidecar in sidecars.items():
            path = item.source.with_name(name)
            try:
                status = path.stat()
            except OSError:
                continue
            self._add(path, sidecar, status.st_size, status.st_mtime_ns, is_sidecar=True)

    def _add(
        self, source: Path, place: PurePosixPath, size: int, time_ns: int, *, is_sidecar: bool
    ) -> None:
        self._used.add(name_key(str(place)))
        self._files.append(Placement(source, str(place), size, time_ns, is_sidecar))
        self._bytes += size

    def _sidecar_places(self, item: _Item, place: PurePosixPath) -> dict[str, PurePosixPath]:
        places = {}
        for name in item.sidecars:
            is_whole = name_key(os.path.splitext(name)[0]) == name_key(item.source.name)
            stem = place.name if is_whole else place.stem
            places[name] = place.with_name(stem + os.path.splitext(name)[1])
        return places

    def _is_free(self, place: PurePosixPath) -> bool:
        if name_key(str(place)) in self._used:
            return False
        folder = self._target / place.parent
        listing = self._listings.get(folder)
        if listing is None:
            try:
                listing = {name_key(name) for name in os.listdir(folder)}
            except OSError:
                listing = set()
            self._listings[folder] = listing
        return name_key(place.name) not in listing

    def _is_there(self, item: _Item, place: PurePosixPath) -> bool:
        """Whether an earlier sorting has put the same there."""
        if self._choice.how is SortHow.MOVE or name_key(str(place)) in self._used:
            return False
        path = self._target / place
        try:
            if self._choice.how is SortHow.LINK:
                return path.samefile(item.source)
            if path.is_symlink() or path.stat().st_size != item.size_bytes:
                return False
            return filecmp.cmp(item.source, path, shallow=False)
        except OSError:
            return False

    # --- The whole --------------------------------------------------------------------------------

    def planned(self, project: Path | None) -> Planned:
        """What was found."""
        labels = {folder: label for label, folder in self._folders.items()}
        order = [*labels, UNSURE, NONE]
        choice = self._choice
        is_copied = choice.how is SortHow.COPY or (
            choice.how is SortHow.MOVE and self._devices != {self._device}
        )
        plan = SortPlan(
            choice=SortChoice(
                self._target,
                choice.how,
                choice.flatten,
                choice.unsure_below,
                choice.labelled_only,
            ),
            images_folder=Path(os.path.abspath(self._results.folder)),
            project=project,
            files=tuple(self._files),
            folders=tuple(
                SortedFolder(
                    folder,
                    labels.get(folder, ""),
                    self._counts[folder],
                    tuple(self._examples.get(folder, ())),
                )
                for folder in order
                if self._counts[folder]
            ),
            renamed=tuple(self._renamed),
            n_renamed=self._n_renamed,
            n_there=self._n_there,
            bytes_needed=self._bytes if is_copied else 0,
            bytes_free=_bytes_free(self._target),
        )
        return Planned(plan, self._problem(plan), self._n_left_out, tuple(self._left_out))

    def _problem(self, plan: SortPlan) -> Sentence:
        target, how = self._target, self._choice.how
        if os.path.lexists(target) and not target.is_dir():
            return say("{target} is a file, and no folder to sort into.", target=target)
        if not target.exists() and not target.parent.is_dir():
            return say("There is no folder {parent} to sort into.", parent=target.parent)
        if has_unfinished(target):
            return say(
                "An earlier sorting into {target} was interrupted; go on with it or undo it first.",
                target=target,
            )
        if how is not SortHow.MOVE and _is_within(target, plan.images_folder):
            return say(
                "{target} lies in the folder of the images, where every image would be found "
                "twice; choose a folder outside of it, or move the images.",
                target=target,
            )
        if how is SortHow.LINK and self._devices - {self._device}:
            return say(
                "{target} is on another disk than the images, and a hard link cannot reach there; "
                "copy them instead.",
                target=target,
            )
        if plan.bytes_needed and plan.bytes_needed + _SPARE_BYTES > plan.bytes_free:
            return say(
                "The images take {needed} and {target} has {free} left.",
                needed=size_words(plan.bytes_needed),
                free=size_words(plan.bytes_free),
                target=target,
            )
        if not plan.files and not all(self._can_part.values()):
            folder = next(folder for folder, can in self._can_part.items() if not can)
            return say(
                "{folder} cannot be written, so its images cannot be moved; copy them instead.",
                folder=folder,
            )
        if not plan.files and not self._n_there:
            return say("There is no image to sort.")
        return NOTHING

    def _leave_out(self, name: str, reason: Sentence) -> None:
        self._n_left_out += 1
        if len(self._left_out) < MAX_LEFT_OUT:
            self._left_out.append(LeftOut(name, reason))


def _is_sidecar(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in _SIDECARS


def _is_within(path: Path, folder: Path) -> bool:
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next((one for one in (path, *path.parents) if one.exists()), path)


def _device_of(path: Path) -> int:
    try:
        return _existing(path).stat().st_dev
    except OSError:
        return -1


def _bytes_free(path: Path) -> int:
    try:
        return shutil.disk_usage(_existing(path)).free
    except OSError:
        return 0

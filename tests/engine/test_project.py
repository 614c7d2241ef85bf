"""The project file: durable, undoable, found again, and never harmed by what it cannot read."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine import project_files
from engine.errors import NewerProjectError, ProjectError, ReadOnlyProjectError
from engine.images import content_hash
from engine.messages import NONE_OF_THESE, ClassId, FoundFile, ImageId
from engine.project import CLASS_COLOURS, Change, ImageClass, Project
from engine.project_files import project_path_for


def _files(count: int, prefix: str = "") -> list[FoundFile]:
    return [FoundFile(f"{prefix}{index:03d}.jpg", 100 + index, 5000) for index in range(count)]


def _add_class(project: Project, name: str) -> ImageClass:
    added = project.new_class(name)
    project.apply(Change(f"Add class “{name}”", {}, (added,)))
    return added


def _state(project: Project) -> tuple[list[ImageClass], dict[ImageId, ClassId]]:
    return project.classes(), project.labels()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Fotos äöü 图"
    made.mkdir()
    return made


@pytest.fixture
def project(folder: Path, tmp_path: Path) -> Project:
    made = Project.for_folder(folder, tmp_path / "kept")
    made.add_images(_files(12))
    return made


def _single_sentence(error: pytest.ExceptionInfo[ProjectError], path: Path) -> None:
    text = str(error.value)
    assert str(path) in text
    assert text.endswith(".")
    assert "\n" not in text
    assert "Traceback" not in text


# --- Making and opening ---------------------------------------------------------------------------


def test_a_new_project_lies_in_its_folder_and_nothing_else_does(
    project: Project, folder: Path
) -> None:
    assert project.path == project_path_for(folder) == folder / "Fotos äöü 图.handful"
    assert project.folder == folder
    assert project.name == "Fotos äöü 图"
    project.close()
    assert os.listdir(folder) == ["Fotos äöü 图.handful"]


def test_what_was_saved_is_there_when_the_project_is_opened_again(
    project: Project, folder: Path, tmp_path: Path
) -> None:
    fox = _add_class(project, "fox")
    project.apply(project.relabel([ImageId(2), ImageId(5)], fox.class_id))
    before, images = _state(project), project.images()
    project.close()
    again = Project.for_folder(folder, tmp_path / "kept")
    assert _state(again) == before == ([fox], {2: fox.class_id, 5: fox.class_id})
    assert again.images() == images
    again.close()


def test_create_never_overwrites(project: Project, folder: Path) -> None:
    content = project.path.read_bytes()
    with pytest.raises(ProjectError, match="already exists"):
        Project.create(project.path, folder)
    assert project.path.read_bytes() == content


def test_create_makes_missing_folders_and_says_when_it_cannot(folder: Path, tmp_path: Path) -> None:
    Project.create(tmp_path / "a" / "b" / "x.handful", folder).close()
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError) as caught:
        Project.create(tmp_path / "file" / "x.handful", folder)
    _single_sentence(caught, tmp_path / "file")


def test_very_long_names_are_cut_to_what_the_system_allows(tmp_path: Path) -> None:
    folder = tmp_path / ("ä" * 127)  # 254 bytes in UTF-8; with the suffix it would be too many.
    folder.mkdir()
    project = Project.for_folder(folder, tmp_path / "kept")
    assert project.path.parent == folder
    assert project.path.stem == "ä" * 50
    name = "é" * 5000
    added = _add_class(project, name)
    project.add_images([FoundFile("図" * 83 + ".png", 1, 1)])
    project.close()
    again = Project.for_folder(folder, tmp_path / "kept")
    assert again.classes() == [added]
    assert again.classes()[0].name == name
    assert again.images()[0].name == "図" * 83 + ".png"
    again.close()


def test_a_path_too_long_for_sqlite_gets_its_project_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 250) / ("b" * 250)
    folder.mkdir(parents=True)
    project = Project.for_folder(folder, tmp_path / "kept")
    assert project.path.parent == tmp_path / "kept"
    assert project.folder == folder
    project.close()


@pytest.mark.skipif(os.name == "nt", reason="file names are text on Windows")
def test_a_folder_whose_name_is_not_text(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system allows only text")
    project = Project.for_folder(folder, tmp_path / "kept")
    assert project.folder == folder
    project.close()
    # Kept elsewhere, the way from the project to the folder would have to be stored.
    with pytest.raises(ProjectError, match="not UTF-8"):
        Project.create(tmp_path / "elsewhere.handful", folder)
    assert not (tmp_path / "elsewhere.handful").exists()


def test_two_projects_may_be_open_on_one_file_and_see_each_other(project: Project) -> None:
    fox = _add_class(project, "fox")
    other = Project.open(project.path)
    project.apply(project.relabel([ImageId(1)], fox.class_id))
    assert other.labels() == {1: fox.class_id}
    other.apply(other.relabel([ImageId(2)], fox.class_id))
    assert project.labels() == {1: fox.class_id, 2: fox.class_id}
    other.close()


def test_every_change_is_durable_when_apply_returns(project: Project) -> None:
    assert project._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert project._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert project._connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert project._connection.execute("PRAGMA trusted_schema").fetchone() == (0,)
    fox = _add_class(project, "fox")
    project.apply(project.relabel([ImageId(3)], fox.class_id))
    plain = sqlite3.connect(f"{project.path.as_uri()}?mode=ro", uri=True)
    assert plain.execute("SELECT image_id, class_id FROM labels").fetchall() == [(3, 1)]
    plain.close()


def test_a_program_that_died_loses_no_acknowledged_label(project: Project, tmp_path: Path) -> None:
    """What lies on the disk while the project is still open is what a kill would leave."""
    fox = _add_class(project, "fox")
    for image in range(1, 6):
        project.apply(project.relabel([ImageId(image)], fox.class_id))
        left = tmp_path / f"left {image}"
        left.mkdir()
        for item in project.path.parent.glob("*.handful*"):
            shutil.copyfile(item, left / item.name)
        found = Project.open(left / project.path.name)
        assert list(found.labels()) == list(range(1, image + 1))
        found.close()


# --- Editing --------------------------------------------------------------------------------------


def test_new_classes_get_free_numbers_colours_and_hot_keys(project: Project) -> None:
    classes = [_add_class(project, f"class {index}") for index in range(14)]
    assert [item.class_id for item in classes] == list(range(1, 15))
    assert [item.hotkey for item in classes] == [*range(1, 10), *[None] * 5]
    assert tuple(item.colour for item in classes[:12]) == CLASS_COLOURS
    assert all(item.colour in CLASS_COLOURS for item in classes)
    project.apply(project.removal(classes[3].class_id))
    added = project.new_class("new")
    assert (added.class_id, added.hotkey, added.colour) == (15, 4, CLASS_COLOURS[3])
    assert added.position > max(item.position for item in project.classes())


def test_labels_are_set_changed_and_taken_off(project: Project) -> None:
    fox, owl = _add_class(project, "fox"), _add_class(project, "owl")
    change = project.relabel([ImageId(1), ImageId(2)], fox.class_id)
    assert change.action == "Label 2 images"
    project.apply(change)
    project.apply(project.relabel([ImageId(2)], owl.class_id))
    assert project.labels() == {1: fox.class_id, 2: owl.class_id}
    off = project.relabel([ImageId(1)], None)
    assert off.action == "Unlabel 1 image"
    project.apply(off)
    assert project.labels() == {2: owl.class_id}


def test_more_images_than_sqlite_takes_parameters(project: Project) -> None:
    project.add_images(_files(3000, "many/"))
    fox = _add_class(project, "fox")
    images = [record.image_id for record in project.images()]
    assert len(images) == 3012
    undo = project.apply(project.relabel(images, fox.class_id))
    assert len(project.labels()) == 3012
    project.apply(undo)
    assert project.labels() == {}


def test_undoing_any_row_of_changes_gives_the_start_again(project: Project) -> None:
    chooser = random.Random(0)
    for name in ("fox", "owl"):
        _add_class(project, name)
    project.apply(project.relabel([ImageId(4)], project.classes()[0].class_id))
    for _ in range(12):
        start = _state(project)
        undo: list[Change] = []
        for step in range(12):
            change = _random_change(project, chooser, f"{len(undo)}-{step}")
            before = _state(project)
            undo.append(project.apply(change))
            # Undo and redo once at every step; redo must give the same state again.
            after = _state(project)
            redo = project.apply(undo.pop())
            assert _state(project) == before
            undo.append(project.apply(redo))
            assert _state(project) == after
        while undo:
            project.apply(undo.pop())
        assert _state(project) == start


def _random_change(project: Project, chooser: random.Random, mark: str) -> Change:
    classes = project.classes()
    images = chooser.sample([record.image_id for record in project.images()], 4)
    kind = chooser.choice(["add", "label", "unlabel", "rename", "remove", "merge", "swap"])
    if kind == "add" or len(classes) < 2:
        return Change("Add", {}, (project.new_class(f"new {mark}"),))
    first, second = chooser.sample(classes, 2)
    match kind:
        case "label":
            return project.relabel(images, first.class_id)
        case "unlabel":
            return project.relabel(images, None)
        case "rename":
            return Change("Rename", {}, (replace(first, name=f"renamed {mark}", hotkey=None),))
        case "remove":
            return project.removal(first.class_id)
        case "merge":
            return project.merger(first.class_id, second.class_id)
        case _:
            swapped = (replace(first, name=second.name), replace(second, name=first.name))
            return Change("Swap", {images[0]: second.class_id}, swapped)


def test_merging_and_deleting_classes(project: Project) -> None:
    fox, owl = _add_class(project, "fox"), _add_class(project, "owl")
    project.apply(project.relabel([ImageId(1), ImageId(2)], fox.class_id))
    project.apply(project.relabel([ImageId(3)], owl.class_id))
    merger = project.merger(owl.class_id, fox.class_id)
    assert merger.action == "Merge “owl” into “fox”"
    undo = project.apply(merger)
    assert project.classes() == [fox]
    assert project.labels() == dict.fromkeys((1, 2, 3), fox.class_id)
    project.apply(undo)
    assert project.classes() == [fox, owl]
    assert project.labels()[ImageId(3)] == owl.class_id

    removal = project.removal(fox.class_id)
    assert removal.action == "Delete class “fox”"
    undo = project.apply(removal)
    assert _state(project) == ([owl], {3: owl.class_id})
    assert [item.name for item in project.classes(with_removed=True)] == ["fox", "owl"]
    # The name and the hot key of a deleted class are free again.
    assert project.new_class("fox").hotkey == fox.hotkey
    project.apply(undo)
    assert project.classes() == [fox, owl]


@pytest.mark.parametrize("name", ["Fox", "FOX", " Fox "])
def test_a_second_class_of_one_name_is_refused(project: Project, name: str) -> None:
    _add_class(project, "Fox")
    with pytest.raises(ProjectError, match="There is already a class “Fox”"):
        _add_class(project, name)
    assert [item.name for item in project.classes()] == ["Fox"]


def test_one_name_typed_in_two_ways_is_one_name(project: Project) -> None:
    _add_class(project, "re\N{LATIN SMALL LETTER E WITH ACUTE}")
    with pytest.raises(ProjectError, match="already a class"):
        _add_class(project, "ree\N{COMBINING ACUTE ACCENT}")


def test_a_class_needs_a_name(project: Project) -> None:
    with pytest.raises(ProjectError, match=r"^A class needs a name\.$"):
        _add_class(project, " \t")


def test_a_change_that_fails_leaves_no_trace(project: Project) -> None:
    fox = _add_class(project, "fox")
    before = _state(project)
    (entries,) = project._connection.execute("SELECT count(*) FROM journal").fetchone()
    owl = replace(project.new_class("owl"), class_id=ClassId(9))
    with pytest.raises((ProjectError, KeyError)):
        # The class would be added, the second image is not there.
        project.apply(Change("x", {ImageId(1): fox.class_id, ImageId(99): fox.class_id}, (owl,)))
    assert _state(project) == before
    assert project._connection.execute("SELECT count(*) FROM journal").fetchone() == (entries,)
    project.apply(project.relabel([ImageId(1)], fox.class_id))
    assert project.labels() == {1: fox.class_id}


# --- Negative examples ----------------------------------------------------------------------------


def _format(project: Project) -> int:
    (version,) = project._connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def test_negative_examples_are_labels_but_no_class(project: Project, folder: Path) -> None:
    fox = _add_class(project, "fox")
    project.apply(project.relabel([ImageId(1)], fox.class_id))
    change = project.relabel([ImageId(2), ImageId(3)], NONE_OF_THESE)
    assert change.action == "Label 2 images"
    undo = project.apply(change)
    labels = {1: fox.class_id, 2: NONE_OF_THESE, 3: NONE_OF_THESE}
    assert _state(project) == ([fox], labels)
    assert project.classes(with_removed=True) == [fox]
    snapshot = project.snapshot()
    assert [item.name for item in snapshot.classes] == ["fox"]
    assert {image.image_id: class_id for image, class_id in snapshot.support} == labels
    redo = project.apply(undo)
    assert _state(project) == ([fox], {1: fox.class_id})
    project.apply(redo)
    # It costs no number and no colour.
    owl = _add_class(project, "owl")
    assert (owl.class_id, owl.colour, owl.hotkey) == (2, CLASS_COLOURS[1], 2)
    project.close()
    again = Project.open(project.path)
    assert _state(again) == ([fox, owl], labels)
    told = again._connection.execute(
        "SELECT name, before, after FROM journal WHERE subject = 'image' ORDER BY entry"
    ).fetchall()
    none = '{"class_id": -1, "name": "None of these"}'
    assert told[1:] == [
        ("001.jpg", None, none),
        ("002.jpg", None, none),
        ("001.jpg", none, None),
        ("002.jpg", none, None),
        ("001.jpg", None, none),
        ("002.jpg", None, none),
    ]
    again.close()


def test_a_file_becomes_one_of_the_newer_format_with_its_first_negative_example(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fox = _add_class(project, "fox")
    project.apply(project.relabel([ImageId(1)], fox.class_id))
    assert _format(project) == 1
    project.close()
    with monkeypatch.context() as older:  # Whoever has none keeps a file that it can open.
        older.setattr(project_files, "FORMAT_VERSION", 1)
        opened = Project.open(project.path)
        assert opened.labels() == {1: fox.class_id}
        opened.close()
    again = Project.open(project.path)
    again.apply(again.relabel([ImageId(1), ImageId(2)], NONE_OF_THESE))
    assert _format(again) == 2
    again.apply(again.relabel([ImageId(3)], NONE_OF_THESE))
    again.apply(again.relabel([ImageId(1), ImageId(2), ImageId(3)], None))
    assert _format(again) == 2
    again.close()
    before = project.path.read_bytes()
    monkeypatch.setattr(project_files, "FORMAT_VERSION", 1)
    with pytest.raises(NewerProjectError, match="format 2; this one reads up to 1") as caught:
        Project.open(project.path)
    _single_sentence(caught, project.path)
    assert project.path.read_bytes() == before


def test_a_change_that_fails_leaves_the_older_format(project: Project) -> None:
    with pytest.raises(ProjectError):
        project.apply(Change("Label", {ImageId(1): NONE_OF_THESE, ImageId(2): ClassId(77)}))
    assert _format(project) == 1
    assert project.labels() == {}


def test_a_class_can_be_merged_into_the_negative_examples(project: Project) -> None:
    other, fox = _add_class(project, "something else"), _add_class(project, "fox")
    project.apply(project.relabel([ImageId(1), ImageId(2)], other.class_id))
    project.apply(project.relabel([ImageId(3)], fox.class_id))
    before = _state(project)
    change = project.merger(other.class_id, NONE_OF_THESE)
    assert change.action == "Merge “something else” into “None of these”"
    undo = project.apply(change)
    assert _state(project) == ([fox], {1: NONE_OF_THESE, 2: NONE_OF_THESE, 3: fox.class_id})
    project.apply(undo)
    assert _state(project) == before


def test_no_class_can_take_that_name_but_one_that_has_it_stays(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fox = _add_class(project, "fox")
    for name in ("None of these", "none_of_these", "NONE-of-THESE"):
        with pytest.raises(ProjectError, match=f"cannot be called “{name}”"):
            _add_class(project, name)
        with pytest.raises(ProjectError, match="cannot be called"):
            project.apply(Change("Rename", {}, (replace(fox, name=name),)))
    with pytest.raises(ProjectError, match="cannot be changed"):
        project.apply(Change("x", {}, (replace(fox, class_id=NONE_OF_THESE),)))
    assert project.classes() == [fox]
    with monkeypatch.context() as older:
        older.setattr("engine.project_changes.is_none_name", lambda _name: False)
        mine = _add_class(project, "none of these")
    project.apply(project.relabel([ImageId(1)], mine.class_id))
    project.apply(project.relabel([ImageId(2)], NONE_OF_THESE))
    undo = project.apply(project.removal(mine.class_id))
    project.apply(undo)
    project.apply(Change("Colour", {}, (replace(mine, colour="#112233"),)))
    assert project.labels() == {1: mine.class_id, 2: NONE_OF_THESE}
    renamed = replace(project.classes()[1], name="background")
    project.apply(project.apply(Change("Rename", {}, (renamed,))))  # And undone.
    assert project.classes()[1].name == "none of these"
    project.close()


# --- The journal ----------------------------------------------------------------------------------


def test_the_journal_tells_what_was_done_when(project: Project) -> None:
    fox, owl = _add_class(project, "fox"), _add_class(project, "owl")
    undo = project.apply(project.relabel([ImageId(1), ImageId(2)], fox.class_id))
    project.apply(project.relabel([ImageId(1)], owl.class_id))
    project.apply(Change("Undo", undo.labels))
    rows = project._connection.execute(
        "SELECT change, at, action, subject, name, before, after FROM journal ORDER BY entry"
    ).fetchall()
    told = [
        (row[0], row[2], row[4], *(json.loads(item)["name"] if item else None for item in row[5:]))
        for row in rows
    ]
    assert told == [
        (1, "Add class “fox”", "fox", None, "fox"),
        (2, "Add class “owl”", "owl", None, "owl"),
        (3, "Label 2 images", "000.jpg", None, "fox"),
        (3, "Label 2 images", "001.jpg", None, "fox"),
        (4, "Label 1 image", "000.jpg", "fox", "owl"),
        (5, "Undo", "000.jpg", "owl", None),
        (5, "Undo", "001.jpg", "fox", None),
    ]
    times = [row[1] for row in rows]
    assert times == sorted(times)
    assert all(time.endswith("+00:00") for time in times)


@pytest.mark.parametrize("statement", ["UPDATE journal SET action = 'x'", "DELETE FROM journal"])
def test_the_journal_only_grows(project: Project, statement: str) -> None:
    _add_class(project, "fox")
    stranger = sqlite3.connect(project.path)
    with pytest.raises(sqlite3.IntegrityError, match="the journal only grows"):
        stranger.execute(statement)
    assert stranger.execute("SELECT count(*) FROM journal").fetchone() == (1,)
    stranger.close()


# --- Scans, moves, relinking ----------------------------------------------------------------------


def test_a_scan_reports_what_is_new_changed_or_back(project: Project) -> None:
    assert project.add_images(_files(12)) == []
    changed = FoundFile("003.jpg", 7, 6000)
    new = FoundFile("sub/new.jpg", 1, 1)
    project.mark_missing([ImageId(6)])
    touched = project.add_images([changed, new, FoundFile("005.jpg", 105, 5000)])
    assert [(record.name, record.size_bytes, record.missing) for record in touched] == [
        ("003.jpg", 7, False),
        ("005.jpg", 105, False),
        ("sub/new.jpg", 1, False),
    ]


def test_nothing_is_written_of_files_that_are_as_they_were(project: Project) -> None:
    contents = {ImageId(number): bytes([number]) * 16 for number in range(1, 13)}
    project.record_contents(contents)
    before = project._connection.total_changes
    assert project.add_images(_files(12)) == []
    project.record_contents(contents)
    assert project._connection.total_changes == before
    project.record_contents({ImageId(3): b"x" * 16})
    assert project._connection.total_changes == before + 1


def test_a_file_that_is_found_twice_is_one_image(project: Project) -> None:
    twice = [FoundFile("twice.jpg", 1, 1), FoundFile("twice.jpg", 2, 2)]
    (record,) = project.add_images(twice)
    assert (record.name, record.size_bytes) == ("twice.jpg", 2)


def test_missing_images_keep_their_labels_and_leave_the_snapshot(project: Project) -> None:
    fox = _add_class(project, "fox")
    project.apply(project.relabel([ImageId(1), ImageId(2)], fox.class_id))
    project.mark_missing([ImageId(2)])
    snapshot = project.snapshot()
    assert [image.image_id for image, _ in snapshot.support] == [1]
    assert len(snapshot.images) == 11
    assert snapshot.images[0].path == project.folder / "000.jpg"
    assert set(project.labels()) == {1, 2}


class Library:
    """A folder as a scan and the engine see it: names, and the bytes under them as letters."""

    def __init__(self, project: Project, files: dict[str, str]) -> None:
        self.project = project
        self._clock = 0
        self._stamps: dict[str, tuple[str, int]] = {}
        self.become(files)

    def scan(self, files: dict[str, str]) -> None:
        """The files are these now; nothing has been read yet."""
        for name, content in files.items():
            if self._stamps.get(name, ("", 0))[0] != content:
                self._clock += 1
                self._stamps[name] = (content, self._clock)
        self._stamps = {name: self._stamps[name] for name in files}
        self.project.add_images([FoundFile(name, 9, self._stamps[name][1]) for name in files])
        self.project.mark_missing(
            record.image_id for record in self.project.images() if record.name not in files
        )

    def read(self, *names: str) -> None:
        """The engine has read these files."""
        numbers = {record.name: record.image_id for record in self.project.images()}
        self.project.record_contents(
            {numbers[name]: self._stamps[name][0].encode() * 16 for name in names}
        )

    def become(self, files: dict[str, str]) -> Change | None:
        """Scan, read everything and carry labels; return the change that takes that back."""
        self.scan(files)
        self.read(*files)
        return self.carry(all_known=True)

    def carry(self, *, all_known: bool) -> Change | None:
        """Apply what is to be carried, in one step; return the change that takes it back."""
        change = self.project.carry_labels(all_known=all_known)
        undo = None if change is None else self.project.apply(change)
        assert self.project.carry_labels(all_known=all_known) is None
        return undo

    def label(self, **classes: str) -> None:
        """Give images (names without ``.jpg``) classes, made where needed."""
        known = {item.name: item for item in self.project.classes()}
        numbers = {record.name: record.image_id for record in self.project.images()}
        for name, class_name in classes.items():
            if class_name not in known:
                known[class_name] = _add_class(self.project, class_name)
            change = self.project.relabel([numbers[f"{name}.jpg"]], known[class_name].class_id)
            self.project.apply(change)

    def labels(self) -> dict[str, str]:
        """The class by name without ``.jpg``; labels of missing images in brackets."""
        classes = {item.class_id: item.name for item in self.project.classes()}
        records = {record.image_id: record for record in self.project.images()}
        return {
            Path(records[image].name).stem: f"({classes[label]})"
            if records[image].missing
            else classes[label]
            for image, label in self.project.labels().items()
        }


@pytest.fixture
def library(folder: Path, tmp_path: Path) -> Library:
    """Five images with the bytes a to e."""
    project = Project.for_folder(folder, tmp_path / "kept")
    return Library(project, {f"{number}.jpg": "abcde"[number] for number in range(5)})


def _label(library: Library, names: str, classes: str) -> None:
    library.label(**dict(zip(names, classes.split(), strict=True)))


def test_moved_images_find_their_labels_by_content(library: Library) -> None:
    _label(library, "012", "fox fox owl")
    library.scan({"1.jpg": "b", "3.jpg": "d", "x/0.jpg": "a", "x/2.jpg": "c", "x/n.jpg": "z"})
    library.read("x/0.jpg", "x/2.jpg", "x/n.jpg")
    change = library.project.carry_labels(all_known=True)
    assert change is not None
    assert change.action == "Find the labels of 2 moved images again"
    before = dict(library.project.labels())
    undo = library.project.apply(change)
    names = {record.image_id: record.name for record in library.project.images()}
    assert {names[image] for image in library.project.labels()} == {"1.jpg", "x/0.jpg", "x/2.jpg"}
    redo = library.project.apply(undo)
    assert library.project.labels() == before
    # Who took it back does not want it again.
    assert library.project.carry_labels(all_known=True) is None
    library.project.apply(redo)
    assert len(library.project.labels()) == 3
    assert library.project.carry_labels(all_known=True) is None


def test_a_copy_takes_the_label_when_the_original_is_deleted_later(library: Library) -> None:
    _label(library, "0", "fox")
    library.become({"0.jpg": "a", "copy.jpg": "a"})
    assert library.labels() == {"0": "fox"}
    library.scan({"copy.jpg": "a"})  # Nothing is new, so nothing is read.
    assert library.carry(all_known=True) is not None
    assert library.labels() == {"copy": "fox"}


@pytest.mark.parametrize("batches", [["01"], ["0", "1"], ["1", "0"]])
def test_swapped_files_swap_their_labels(library: Library, batches: list[str]) -> None:
    _label(library, "01", "fox owl")
    library.scan({"0.jpg": "b", "1.jpg": "a", "2.jpg": "c"})
    for batch in batches:
        library.read(*(f"{name}.jpg" for name in batch))
        library.carry(all_known=batch == batches[-1])
    assert library.labels() == {"0": "owl", "1": "fox"}
    assert library.project.accept_changed_files() == []


@pytest.mark.parametrize("batches", [["12345"], ["1", "2", "3", "4", "5"], ["5", "34", "12"]])
def test_files_renamed_by_one_keep_their_labels(library: Library, batches: list[str]) -> None:
    _label(library, "01234", "fox owl fox cat dog")
    library.scan({f"{number + 1}.jpg": "abcde"[number] for number in range(5)})
    for batch in batches:
        library.read(*(f"{name}.jpg" for name in batch))
        library.carry(all_known=batch == batches[-1])
    assert library.labels() == {"1": "fox", "2": "owl", "3": "fox", "4": "cat", "5": "dog"}
    assert library.project.accept_changed_files() == []


def test_negative_examples_follow_their_bytes_as_well(library: Library) -> None:
    library.become({"a.jpg": "1", "b.jpg": "2"})
    numbers = {record.name: record.image_id for record in library.project.images()}
    library.project.apply(library.project.relabel([numbers["a.jpg"]], NONE_OF_THESE))
    library.become({"c.jpg": "1", "b.jpg": "2"})
    (new,) = [item.image_id for item in library.project.images() if item.name == "c.jpg"]
    assert library.project.labels() == {new: NONE_OF_THESE}


def test_carried_labels_can_be_taken_back_at_once(library: Library) -> None:
    _label(library, "0124", "fox owl cat dog")
    undo = library.become({"0.jpg": "b", "1.jpg": "c", "2.jpg": "a", "5.jpg": "e"})
    assert undo is not None
    assert library.labels() == {"0": "owl", "1": "cat", "2": "fox", "5": "dog"}
    redo = library.project.apply(undo)
    assert library.labels() == {"0": "fox", "1": "owl", "2": "cat", "4": "(dog)"}
    assert library.carry(all_known=True) is None
    library.project.apply(redo)
    assert library.labels() == {"0": "owl", "1": "cat", "2": "fox", "5": "dog"}


def test_a_file_moved_over_another_brings_its_label(library: Library) -> None:
    _label(library, "01", "fox owl")
    library.scan({"0.jpg": "b"})
    library.read("0.jpg")
    # What was under that name may be found elsewhere yet.
    assert library.project.carry_labels(all_known=False) is None
    undo = library.carry(all_known=True)
    assert library.labels() == {"0": "owl"}
    assert undo is not None
    library.project.apply(undo)
    assert library.labels() == {"0": "fox", "1": "(owl)"}


def test_a_label_given_to_the_moved_image_meanwhile_is_kept(library: Library) -> None:
    library.become({"0.jpg": "a", "twin.jpg": "a"})
    library.label(**{"0": "fox", "twin": "owl"})
    assert library.become({"twin.jpg": "a"}) is None
    assert library.labels() == {"0": "(fox)", "twin": "owl"}


def test_two_missing_images_of_equal_bytes_both_keep_a_label(library: Library) -> None:
    library.become({"0.jpg": "a", "twin.jpg": "a"})
    library.label(**{"0": "fox", "twin": "owl"})
    library.become({"found.jpg": "a"})
    assert library.labels() == {"found": "fox", "twin": "(owl)"}
    library.become({"found.jpg": "a", "other.jpg": "a"})
    assert library.labels() == {"found": "fox", "other": "owl"}


def test_a_changed_file_has_no_content_until_it_is_read_again(library: Library) -> None:
    library.become({"0.jpg": "a", "twin.jpg": "a"})
    _label(library, "0", "fox")
    library.scan({"twin.jpg": "z"})  # It has other bytes, as is found out later.
    assert library.project.carry_labels(all_known=False) is None


def test_a_file_edited_in_place_keeps_its_label_and_is_told_of_once(library: Library) -> None:
    _label(library, "012", "fox owl cat")
    assert library.become({"0.jpg": "y", "1.jpg": "b", "2.jpg": "z"}) is None
    assert library.labels() == {"0": "fox", "1": "owl", "2": "cat"}
    assert library.project.accept_changed_files() == ["0.jpg", "2.jpg"]
    assert library.project.accept_changed_files() == []
    library.become({"moved.jpg": "y", "1.jpg": "b", "2.jpg": "z"})
    assert library.labels() == {"moved": "fox", "1": "owl", "2": "cat"}


def test_a_label_given_before_the_file_was_read(library: Library) -> None:
    library.scan({"new.jpg": "n", "other.jpg": "o"})
    library.label(new="fox", other="owl")
    library.scan({"new.jpg": "n", "other.jpg": "p"})  # Edited before anybody had read it.
    library.read("new.jpg", "other.jpg")
    assert library.carry(all_known=True) is None
    assert library.project.accept_changed_files() == ["other.jpg"]
    library.become({"renamed.jpg": "n", "other.jpg": "p"})
    assert library.labels() == {"renamed": "fox", "other": "owl"}


def test_labels_of_missing_images_are_found_after_merging_and_undoing(library: Library) -> None:
    _label(library, "01", "fox owl")
    library.become({"2.jpg": "c"})
    fox, owl = library.project.classes()
    library.project.apply(library.project.merger(owl.class_id, fox.class_id))
    undo = library.project.apply(library.project.removal(fox.class_id))
    assert library.labels() == {}
    library.project.apply(undo)
    library.become({"x.jpg": "a", "y.jpg": "b"})
    assert library.labels() == {"x": "fox", "y": "fox"}


def test_project_and_images_moved_together(folder: Path, tmp_path: Path) -> None:
    (folder / "a.jpg").write_bytes(b"a")
    project = Project.for_folder(folder, tmp_path / "kept")
    project.add_images([FoundFile("a.jpg", 1, 1)])
    project.close()
    moved = folder.rename(tmp_path / "elsewhere")
    again = Project.open(moved / project.path.name)
    assert again.folder == moved
    assert again.path_of("a.jpg").is_file()
    again.close()


def test_project_and_images_copied_together_use_the_copies(folder: Path, tmp_path: Path) -> None:
    (folder / "a.jpg").write_bytes(b"a")
    project = Project.for_folder(folder, tmp_path / "kept")
    project.add_images([FoundFile("a.jpg", 1, 1)])
    project.close()
    copied = shutil.copytree(folder, tmp_path / "copy")
    again = Project.open(copied / project.path.name)
    assert again.folder == copied
    again.close()


def test_a_copy_of_the_project_alone_still_finds_the_images(folder: Path, tmp_path: Path) -> None:
    (folder / "a.jpg").write_bytes(b"a")
    project = Project.for_folder(folder, tmp_path / "kept")
    project.add_images([FoundFile("a.jpg", 1, 1)])
    project.close()
    copied = tmp_path / "backup" / "copy.handful"
    copied.parent.mkdir()
    shutil.copyfile(project.path, copied)
    again = Project.open(copied)
    assert again.folder == folder
    again.close()


def test_images_moved_alone_are_pointed_at(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "projects" / "mine.handful"
    project = Project.create(path, folder)
    project.close()
    moved = folder.rename(tmp_path / "moved")
    again = Project.open(path)
    assert not again.folder.is_dir()
    again.move_folder(moved)
    assert again.folder == moved
    again.close()
    again = Project.open(path)
    assert again.folder == moved
    again.close()


# --- Read-only places -----------------------------------------------------------------------------


def _lock(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The folder becomes one where the user may not write, which root otherwise always may."""
    real = os.access

    def access(path: str | os.PathLike[str], mode: int) -> bool:
        is_inside = Path(path) == folder or folder in Path(path).parents
        return not (mode & os.W_OK and is_inside) and real(path, mode)

    monkeypatch.setattr(os, "access", access)


def test_a_folder_that_cannot_be_written_gets_its_project_elsewhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lock(monkeypatch, folder)
    kept = tmp_path / "kept"
    project = Project.for_folder(folder, kept)
    assert project.path.parent == kept
    assert project.folder == folder
    assert list(folder.iterdir()) == []
    fox = _add_class(project, "fox")
    project.close()
    again = Project.for_folder(folder, kept)
    assert again.path == project.path
    assert again.classes() == [fox]
    again.close()
    # Another folder of the same name has a project of its own.
    twin = tmp_path / "other" / folder.name
    twin.mkdir(parents=True)
    _lock(monkeypatch, twin)
    other = Project.for_folder(twin, kept)
    assert other.path != project.path
    assert other.classes() == []
    other.close()


def test_a_read_only_project_is_worked_in_as_a_copy(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.jpg").write_bytes(b"a")
    project = Project.for_folder(folder, tmp_path / "kept")
    project.add_images([FoundFile("a.jpg", 1, 1)])
    fox = _add_class(project, "fox")
    project.close()
    content = project.path.read_bytes()
    _lock(monkeypatch, folder)

    with pytest.raises(ReadOnlyProjectError, match="read-only"):
        Project.open(project.path)
    for open_it in (Project.open, lambda _path, kept: Project.for_folder(folder, kept)):
        copy = open_it(project.path, tmp_path / "kept")
        assert copy.path.parent == tmp_path / "kept"
        assert copy.folder == folder  # Not the folder that the copy lies in.
        assert copy.classes()[0] == fox
        copy.close()
    copy = Project.for_folder(folder, tmp_path / "kept")
    copy.apply(copy.relabel([ImageId(1)], fox.class_id))
    copy.close()
    # The copy is what is opened from now on, with what was done in it.
    copy = Project.for_folder(folder, tmp_path / "kept")
    assert copy.labels() == {1: fox.class_id}
    copy.close()
    assert project.path.read_bytes() == content
    assert sorted(os.listdir(tmp_path / "kept")) == [copy.path.name]


def test_the_copy_of_a_project_has_what_was_only_in_its_log(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An SD card pulled out while the project was open, then locked."""
    project = Project.for_folder(folder, tmp_path / "kept")
    fox = _add_class(project, "fox")
    card = tmp_path / "card"
    shutil.copytree(folder, card)
    assert (card / f"{project.path.name}-wal").stat().st_size > 0
    _lock(monkeypatch, card)
    copy = Project.open(card / project.path.name, tmp_path / "kept")
    assert copy.classes() == [fox]
    assert copy.folder == card
    copy.close()


def test_looking_at_a_read_only_project_changes_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fox = _add_class(project, "fox")
    project.close()
    before = {item: item.read_bytes() for item in project.path.parent.iterdir()}
    _lock(monkeypatch, project.path.parent)
    looked = Project.open(project.path, read_only=True)
    assert looked.classes() == [fox]
    with pytest.raises(ReadOnlyProjectError):
        looked.apply(looked.relabel([ImageId(1)], fox.class_id))
    looked.close()
    assert {item: item.read_bytes() for item in project.path.parent.iterdir()} == before


def test_looking_at_a_project_that_is_open_in_a_window(project: Project) -> None:
    fox = _add_class(project, "fox")
    looked = Project.open(project.path, read_only=True)
    project.apply(project.relabel([ImageId(1)], fox.class_id))
    assert looked.labels() == {1: fox.class_id}
    looked.close()


def _put(folder: Path, *names: str, size_bytes: int = 9, at_s: int = 1_000_000) -> list[FoundFile]:
    """Files that exist, as a scan finds them."""
    found = []
    for name in names:
        (folder / name).write_bytes(b"x" * size_bytes)
        os.utime(folder / name, (at_s, at_s))
        found.append(FoundFile(name, size_bytes, at_s * 10**9))
    return found


def test_two_memory_cards_at_one_place_have_a_project_each(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lock(monkeypatch, folder)
    kept = tmp_path / "kept"
    card_1 = Project.for_folder(folder, kept)
    card_1.add_images(_put(folder, "IMG_0.jpg", "IMG_1.jpg"))
    fox = _add_class(card_1, "fox")
    card_1.apply(card_1.relabel([ImageId(1)], fox.class_id))
    card_1.close()
    _put(folder, "IMG_0.jpg", "IMG_1.jpg", size_bytes=77, at_s=2_000_000)
    card_2 = Project.for_folder(folder, kept)
    assert card_2.path != card_1.path
    assert card_2.labels() == {}
    card_2.add_images(_put(folder, "IMG_0.jpg", size_bytes=77, at_s=2_000_000))
    card_2.close()
    again = Project.for_folder(folder, kept)
    assert again.path == card_2.path
    again.close()
    with pytest.raises(ProjectError, match="another memory card") as caught:
        Project.open(card_1.path, kept)  # As from the list of recent ones.
    _single_sentence(caught, card_1.path)
    for name in ("IMG_0.jpg", "IMG_1.jpg"):
        (folder / name).unlink()
    Project.open(card_1.path, kept).close()  # No card: its images are missing, that is all.
    # The first card, one image of it deleted, after a journey by two hours.
    _put(folder, "IMG_1.jpg", at_s=1_000_000 + 7200)
    again = Project.for_folder(folder, kept)
    assert again.path == card_1.path
    assert again.labels() == {1: fox.class_id}
    again.close()


def test_files_copied_anew_to_a_read_only_folder_are_known_by_their_bytes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lock(monkeypatch, folder)
    project = Project.for_folder(folder, tmp_path / "kept")
    project.add_images(_put(folder, "a.jpg", "b.jpg"))
    project.record_contents({ImageId(2): content_hash((folder / "b.jpg").read_bytes())})
    project.close()
    _put(folder, "a.jpg", "b.jpg", at_s=1_234_567)
    again = Project.for_folder(folder, tmp_path / "kept")
    assert again.path == project.path
    again.close()


def _worked_in_a_copy(
    folder: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """A project with the class fox whose copy, made while it was read-only, has the class owl."""
    original = Project.for_folder(folder, kept)
    original.add_images(_put(folder, "a.jpg"))
    _add_class(original, "fox")
    original.close()
    with monkeypatch.context() as locked:
        _lock(locked, folder)
        copy = Project.for_folder(folder, kept)
        _add_class(copy, "owl")
        copy.close()
    assert copy.path.parent == kept
    return original.path, copy.path


def test_what_was_done_while_it_was_read_only_comes_back(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    path, copy = _worked_in_a_copy(folder, kept, monkeypatch)
    project = Project.for_folder(folder, kept)
    assert project.path == path
    assert project.folder == folder
    assert [item.name for item in project.classes()] == ["fox", "owl"]
    assert str(copy) in project.notice
    old = folder / f"{path.stem} before taking back 1.handful"
    assert old.name in project.notice
    _add_class(project, "cat")
    project.close()
    before = Project.open(old)
    assert [item.name for item in before.classes()] == ["fox"]
    before.close()
    assert sorted(os.listdir(folder)) == sorted(["a.jpg", path.name, old.name])
    # Nothing more to take back; and the copy is behind now, so another is made at need.
    project = Project.for_folder(folder, kept)
    assert project.notice == ""
    project.close()
    _lock(monkeypatch, folder)
    later = Project.for_folder(folder, kept)
    assert later.path.parent == kept
    assert [item.name for item in later.classes()] == ["fox", "owl", "cat"]
    later.close()


def test_a_project_and_its_copy_both_worked_in_are_both_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    path, copy = _worked_in_a_copy(folder, kept, monkeypatch)
    elsewhere = Project.open(path)  # On a computer that has no copy.
    _add_class(elsewhere, "cat")
    elsewhere.close()
    project = Project.for_folder(folder, kept)
    assert [item.name for item in project.classes()] == ["fox", "cat"]
    assert str(copy) in project.notice
    project.close()
    project = Project.for_folder(folder, kept)
    assert project.notice == ""  # It was told.
    project.close()
    other = Project.open(copy)
    assert [item.name for item in other.classes()] == ["fox", "owl"]
    other.close()


def test_a_project_that_is_open_elsewhere_is_not_replaced(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    path, copy = _worked_in_a_copy(folder, kept, monkeypatch)
    busy = Project.open(path)
    project = Project.for_folder(folder, kept)
    assert [item.name for item in project.classes()] == ["fox"]
    assert "could not be brought back now" in project.notice
    assert str(copy) in project.notice
    project.close()
    busy.close()
    assert sorted(os.listdir(folder)) == sorted(["a.jpg", path.name])
    project = Project.for_folder(folder, kept)
    assert [item.name for item in project.classes()] == ["fox", "owl"]
    project.close()


def test_a_project_alone_says_that_its_images_are_gone(folder: Path, tmp_path: Path) -> None:
    project = Project.for_folder(folder, tmp_path / "kept")
    project.add_images(_put(folder, "a.jpg"))
    project.close()
    alone = tmp_path / "sent" / "mine.handful"
    alone.parent.mkdir()
    shutil.copyfile(project.path, alone)
    shutil.rmtree(folder)
    opened = Project.open(alone)
    assert opened.folder == folder  # Not the folder "sent", where none of the images are.
    assert not opened.has_images_in(alone.parent)
    _put(alone.parent, "a.jpg")
    assert opened.has_images_in(alone.parent)
    opened.close()


# --- Backups, and files that are not needed -------------------------------------------------------


def test_a_backup_opens_as_a_copy_with_its_images(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, backups = tmp_path / "kept", tmp_path / "backups"
    project = Project.for_folder(folder, kept)
    project.add_images(_put(folder, "a.jpg"))
    fox = _add_class(project, "fox")
    project.close()
    Project.for_folder(folder, kept, backups).close()
    (backup,) = backups.glob("*.handful")
    assert not backup.stat().st_mode & 0o222
    content = backup.read_bytes()
    _lock(monkeypatch, backup)  # As its mode says to everybody but root.
    opened = Project.open(backup, kept)
    assert opened.path.parent == kept
    assert opened.folder == folder
    assert opened.classes() == [fox]
    _add_class(opened, "owl")
    opened.close()
    assert backup.read_bytes() == content


def test_a_damaged_project_is_refused_with_the_name_of_its_backup(
    project: Project, folder: Path, tmp_path: Path
) -> None:
    kept, backups = tmp_path / "kept", tmp_path / "backups"
    _add_class(project, "fox")
    project.close()
    Project.for_folder(folder, kept, backups).close()
    (backup,) = backups.glob("*.handful")
    whole = project.path.read_bytes()
    for damage in (_nothing, _scrambled_pages):
        damage(project.path, whole)
        with pytest.raises(ProjectError) as caught:
            Project.for_folder(folder, kept, backups)
        _single_sentence(caught, project.path)
        assert f"the newest backup is {backup}." in str(caught.value)


def test_a_backup_that_fails_is_not_in_the_way(
    project: Project, folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fox = _add_class(project, "fox")
    project.close()
    (tmp_path / "file").write_text("")
    opened = Project.for_folder(folder, tmp_path / "kept", tmp_path / "file")
    assert opened.classes() == [fox]
    opened.close()
    assert "could not back up" in caplog.text


def test_a_project_in_which_nothing_was_found_or_done_leaves_no_file(
    folder: Path, tmp_path: Path
) -> None:
    Project.for_folder(folder, tmp_path / "kept").close()
    assert list(folder.iterdir()) == []
    project = Project.for_folder(folder, tmp_path / "kept")
    _add_class(project, "fox")
    project.close()
    assert project.path.exists()


def test_an_empty_project_that_another_window_has_open_stays(folder: Path, tmp_path: Path) -> None:
    first = Project.for_folder(folder, tmp_path / "kept")
    second = Project.for_folder(folder, tmp_path / "kept")
    first.close()
    fox = _add_class(second, "fox")
    second.close()
    again = Project.for_folder(folder, tmp_path / "kept")
    assert again.classes() == [fox]
    again.close()


# --- What is no project ---------------------------------------------------------------------------


def _text(path: Path, _whole: bytes) -> None:
    path.write_text("a letter, not a project " * 20)


def _nothing(path: Path, _whole: bytes) -> None:
    path.write_bytes(b"")


def _header_only(path: Path, whole: bytes) -> None:
    path.write_bytes(whole[:50])


def _half(path: Path, whole: bytes) -> None:
    path.write_bytes(whole[: len(whole) // 2])


def _zeroed_pages(path: Path, whole: bytes) -> None:
    path.write_bytes(whole[:4096] + bytes(len(whole) - 4096))


def _scrambled_pages(path: Path, whole: bytes) -> None:
    path.write_bytes(whole[:4096] + random.Random(0).randbytes(len(whole) - 4096))


def _foreign_database(path: Path, _whole: bytes) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.commit()
    other.close()


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "damage",
    [_text, _nothing, _header_only, _half, _zeroed_pages, _scrambled_pages, _foreign_database],
)
def test_what_is_no_project_is_refused_and_left_alone(
    project: Project, tmp_path: Path, damage: Callable[[Path, bytes], None], read_only: bool
) -> None:
    fox = _add_class(project, "fox")
    for image in range(1, 13):
        project.apply(project.relabel([ImageId(image)], fox.class_id))
    project.close()
    path = tmp_path / "given" / "given.handful"
    path.parent.mkdir()
    damage(path, project.path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(ProjectError) as caught:
        Project.open(path, read_only=read_only)
    _single_sentence(caught, path)
    assert path.read_bytes() == before
    if not read_only:
        assert os.listdir(path.parent) == [path.name]


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.handful", tmp_path):
        with pytest.raises(ProjectError) as caught:
            Project.open(path)
        _single_sentence(caught, path)


def test_a_project_of_a_newer_version_is_refused_and_left_alone(project: Project) -> None:
    project.close()
    newer = sqlite3.connect(project.path)
    newer.execute("PRAGMA journal_mode = DELETE")
    newer.execute("PRAGMA user_version = 7")
    newer.close()
    before = project.path.read_bytes()
    with pytest.raises(NewerProjectError, match="format 7; this one reads up to 2") as caught:
        Project.open(project.path)
    _single_sentence(caught, project.path)
    assert project.path.read_bytes() == before


def test_a_project_that_another_program_holds(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    fox = _add_class(project, "fox")
    project._connection.execute("PRAGMA busy_timeout = 10")
    holder = sqlite3.connect(project.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProjectError, match="another program is using it"):
        project.apply(project.relabel([ImageId(1)], fox.class_id))
    holder.execute("ROLLBACK")
    holder.close()
    project.apply(project.relabel([ImageId(1)], fox.class_id))
    assert project.labels() == {1: fox.class_id}


def test_a_full_disk_is_told_and_nothing_is_lost(project: Project) -> None:
    fox = _add_class(project, "fox")
    project.apply(project.relabel([ImageId(1)], fox.class_id))
    before = _state(project)
    connection = project._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ProjectError, match="the disk is full") as caught:
        project.add_images(_files(500, "a name that takes room/"))
    _single_sentence(caught, project.path)
    with pytest.raises(ProjectError, match="the disk is full"):
        project.apply(Change("x" * 100_000, {ImageId(2): fox.class_id}))
    assert _state(project) == before
    assert len(project.images()) == 12
    connection.execute("PRAGMA max_page_count = 1000000")
    project.apply(project.relabel([ImageId(2)], fox.class_id))
    assert project.labels() == {1: fox.class_id, 2: fox.class_id}


def test_a_project_that_cannot_be_made_leaves_no_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sqlite3.connect

    def nearly_full(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*args, **kwargs)  # type: ignore[call-overload]
        connection.execute("PRAGMA max_page_count = 3")
        return connection

    monkeypatch.setattr(sqlite3, "connect", nearly_full)
    with pytest.raises(ProjectError, match="the disk is full") as caught:
        Project.create(folder / "x.handful", folder)
    _single_sentence(caught, folder / "x.handful")
    assert list(folder.iterdir()) == []


def test_the_single_project_of_a_renamed_folder_is_its_project(tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    project = Project.for_folder(before, tmp_path / "kept")
    project.apply(Change("Add", {}, (project.new_class("fox"),)))
    project.close()
    after = before.rename(tmp_path / "after")
    again = Project.for_folder(after, tmp_path / "kept")
    assert again.path.name == "before.handful"
    assert again.folder == after
    assert [item.name for item in again.classes()] == ["fox"]
    again.close()


def test_a_note_is_kept_with_its_class_and_older_programs_open_the_file(tmp_path: Path) -> None:
    project = Project.for_folder(tmp_path, tmp_path / "fallback")
    fox = project.new_class("fox")
    project.apply(Change("Add", {}, (fox,)))
    (version,) = project._connection.execute("PRAGMA user_version").fetchone()
    noted = replace(fox, note="no dogs")
    undo = project.apply(Change("Note", {}, (noted,)))
    assert project.classes() == [noted]
    assert project._connection.execute("PRAGMA user_version").fetchone() == (version,)
    path = project.path
    project.close()
    again = Project.open(path, tmp_path / "fallback")
    assert again.classes() == [noted]
    again.apply(undo)
    assert again.classes() == [fox]
    again.close()


def test_labels_wait_for_the_disk_also_after_a_scan_was_locked_out(project: Project) -> None:
    project._connection.execute("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(project.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProjectError, match="another program is using it"):
        project.add_images(_files(1, "new"))
    other.execute("ROLLBACK")
    other.close()
    assert project._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL.
    project.close()


def test_a_file_left_by_a_killed_run_over_an_empty_folder_goes(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    left = Project.for_folder(folder, tmp_path / "kept")
    left._is_new = False  # As if that run had been killed.
    left.close()
    assert [path.suffix for path in folder.iterdir()] == [".handful"]
    Project.for_folder(folder, tmp_path / "kept").close()
    assert not list(folder.iterdir())

    used = Project.for_folder(folder, tmp_path / "kept")
    used._is_new = False
    item = used.new_class("cat")
    used.apply(replace(used.relabel([], None), action="Add", classes=(item,)))
    used.close()
    Project.for_folder(folder, tmp_path / "kept").close()
    assert [path.suffix for path in folder.iterdir()] == [".handful"]

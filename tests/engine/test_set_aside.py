"""Images that a person set aside: kept in the project, undone, carried with their bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.messages import NONE_OF_THESE, ClassId, FoundFile, ImageId
from engine.project import Change, Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Five images of known bytes and two classes."""
    made = Project.for_folder(tmp_path, tmp_path / "kept")
    made.apply(Change("Add", {}, tuple(made.new_classes(["fox", "owl"]))))
    see(made, {f"{number}.jpg": "abcde"[number] for number in range(5)})
    yield made
    made.close()


def see(project: Project, files: dict[str, str], *, is_read: bool = True) -> None:
    """Scan a folder that holds these bytes under these names."""
    project.add_images([FoundFile(name, 100, ord(byte)) for name, byte in files.items()])
    images = {record.name: record.image_id for record in project.images()}
    project.mark_missing(image for name, image in images.items() if name not in files)
    if is_read:
        read = {images[name]: byte.encode() * 16 for name, byte in files.items()}
        project.record_contents(read)


def carry(project: Project, *, all_known: bool = True) -> Change | None:
    """As the window does after a scan; returns what takes it back."""
    change = project.carry_labels(all_known=all_known)
    undo = None if change is None else project.apply(change)
    assert project.carry_labels(all_known=all_known) is None
    if all_known:
        project.accept_changed_files()
    return undo


def aside(project: Project) -> set[str]:
    names = {record.image_id: record.name for record in project.images()}
    return {names[image].removesuffix(".jpg") for image in project.set_aside()}


def images(*numbers: int) -> list[ImageId]:
    return [ImageId(number + 1) for number in numbers]


FOX, OWL = ClassId(1), ClassId(2)


def test_marks_are_kept_and_taken_back(project: Project, tmp_path: Path) -> None:
    undo = project.apply(project.setting_aside(images(1, 3)))
    assert undo.action == "Set 2 images aside"
    assert aside(project) == {"1", "3"}
    other = Project.open(project.path)
    assert aside(other) == {"1", "3"}
    other.close()
    redo = project.apply(undo)
    assert aside(project) == set()
    project.apply(redo)
    assert aside(project) == {"1", "3"}
    project.apply(project.setting_aside(images(1), is_set_aside=False))
    assert aside(project) == {"3"}


@pytest.mark.parametrize("label", [FOX, NONE_OF_THESE])
def test_a_label_takes_the_mark_off_and_undo_brings_it_back(
    project: Project, label: ClassId
) -> None:
    project.apply(project.setting_aside(images(1, 3)))
    undo = project.apply(project.relabel(images(1, 2), label))
    assert aside(project) == {"3"}
    redo = project.apply(undo)
    assert project.labels() == {}
    assert aside(project) == {"1", "3"}
    project.apply(redo)
    assert aside(project) == {"3"}
    # What has a label is not set aside.
    project.apply(project.setting_aside(images(1, 4)))
    assert aside(project) == {"3", "4"}


def test_no_table_is_made_before_the_first_mark_and_older_programs_open_the_file(
    project: Project,
) -> None:
    connection = project._connection
    count = "SELECT count(*) FROM sqlite_master WHERE name LIKE '%aside%'"
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    project.apply(project.relabel(images(0), FOX))
    project.apply(project.setting_aside(images(0)))  # It has a label.
    assert connection.execute(count).fetchone() == (0,)
    project.apply(project.setting_aside(images(1)))
    assert connection.execute(count).fetchone() == (2,)
    assert connection.execute("PRAGMA user_version").fetchone() == (version,)


def test_a_label_of_an_older_program_hides_the_mark_for_good(project: Project) -> None:
    project.apply(project.setting_aside(images(1)))
    project._connection.execute("INSERT INTO labels VALUES (2, 1, NULL)")  # It knows no marks.
    assert aside(project) == set()
    undo = project.apply(project.relabel(images(1), None))
    assert aside(project) == set()
    project.apply(undo)
    assert project.labels() == {2: FOX}
    project.apply(project.relabel(images(1), None))
    assert aside(project) == set()


def test_the_journal_tells_of_marks(project: Project) -> None:
    project.apply(project.setting_aside(images(1)))
    project.apply(project.relabel(images(1), OWL))
    rows = project._connection.execute(
        "SELECT action, subject, name, before, after FROM journal ORDER BY entry DESC LIMIT 3"
    ).fetchall()
    mark, owl = json.dumps({"set_aside": True}), json.dumps({"class_id": 2, "name": "owl"})
    assert rows[::-1] == [
        ("Set 1 image aside", "image", "1.jpg", None, mark),
        ("Label 1 image", "image", "1.jpg", None, owl),
        ("Label 1 image", "image", "1.jpg", mark, None),
    ]


def test_marks_follow_renamed_and_swapped_files(project: Project) -> None:
    project.apply(project.setting_aside(images(1, 2)))
    see(project, {"0.jpg": "c", "moved.jpg": "b", "2.jpg": "a", "3.jpg": "d"})
    change = project.carry_labels(all_known=True)
    assert change is not None
    assert change.action == "Keep 2 moved images set aside"
    undo = carry(project)
    assert aside(project) == {"0", "moved"}
    assert undo is not None
    redo = project.apply(undo)
    assert aside(project) == {"1", "2"}
    # Who took it back does not want it again.
    assert project.carry_labels(all_known=True) is None
    project.apply(redo)
    assert aside(project) == {"0", "moved"}


def test_a_mark_follows_bytes_that_were_read_only_later(tmp_path: Path) -> None:
    project = Project.for_folder(tmp_path, tmp_path / "kept")
    see(project, {"0.jpg": "a"}, is_read=False)
    project.apply(project.setting_aside(images(0)))
    see(project, {"0.jpg": "a"})
    see(project, {"new.jpg": "a"})
    carry(project)
    assert aside(project) == {"new"}
    project.close()


def test_a_mark_on_bytes_that_were_never_read_goes_nowhere(tmp_path: Path) -> None:
    project = Project.for_folder(tmp_path, tmp_path / "kept")
    see(project, {"0.jpg": "a"}, is_read=False)
    project.apply(project.setting_aside(images(0)))
    see(project, {"0.jpg": "b"})  # Other bytes under the name.
    see(project, {"new.jpg": "b"})
    assert carry(project) is None
    project.close()


def test_marks_that_change_places_wait_for_each_other(project: Project) -> None:
    project.apply(project.setting_aside(images(1, 2)))
    see(project, {"1.jpg": "c", "2.jpg": "x"})
    # Until all is read, what was "1" may be found elsewhere.
    assert project.carry_labels(all_known=False) is None
    see(project, {"1.jpg": "c", "2.jpg": "b"})
    carry(project, all_known=False)
    assert aside(project) == {"1", "2"}
    see(project, {"3.jpg": "b", "2.jpg": "c"})
    carry(project)
    assert aside(project) == {"2", "3"}  # Each with its own bytes.


def test_labels_and_marks_move_in_one_change(project: Project) -> None:
    project.apply(project.relabel(images(0), FOX))
    project.apply(project.setting_aside(images(1)))
    see(project, {"0.jpg": "b", "1.jpg": "a"})
    undo = carry(project)
    assert project.labels() == {2: FOX}
    assert aside(project) == {"0"}
    assert undo is not None
    project.apply(undo)
    assert project.labels() == {1: FOX}
    assert aside(project) == {"1"}


def test_a_file_edited_in_place_stays_set_aside(project: Project) -> None:
    project.apply(project.setting_aside(images(1)))
    see(project, {f"{number}.jpg": "axcde"[number] for number in range(5)})
    assert carry(project) is None
    assert aside(project) == {"1"}
    see(project, {"0.jpg": "a", "later.jpg": "x"})  # It stands for the new bytes now.
    carry(project)
    assert aside(project) == {"later"}

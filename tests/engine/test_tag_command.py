"""``handful tag``: writing, saying so beforehand, taking back, taking out."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from engine.cli import main
from engine.images import find_images
from engine.interchange.metadata.packet import keywords_in
from engine.messages import FoundFile, RewrittenImage
from engine.project import Change, Project
from tests.engine.painted import KINDS, kind_of, paint_folder


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    paint_folder(folder, 3)
    return folder


@pytest.fixture
def project(images: Path, tmp_path: Path) -> Path:
    """Two labels for each kind; one image of each is left to predict."""
    made = Project.for_folder(images, tmp_path)
    made.add_images([item for item in find_images(images) if isinstance(item, FoundFile)])
    for kind in KINDS:
        added = made.new_class(kind)
        made.apply(Change("Add", {}, (added,)))
        chosen = [item.image_id for item in made.images() if kind_of(Path(item.name)) == kind]
        made.apply(made.relabel(chosen[:2], added.class_id))
    made.close()
    return made.path


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in (".jpg", ".xmp")
    }


def says_its_kind(path: Path) -> bool:
    return kind_of(path).encode() in path.read_bytes()


def run(capfd: pytest.CaptureFixture[str], *given: object, status: int = 0) -> tuple[str, str]:
    assert main(["tag", *map(str, given)]) == status
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err
    return printed.out, printed.err


def test_write_says_it_beforehand_then_undo_takes_it_back(
    capfd: pytest.CaptureFixture[str], images: Path, project: Path
) -> None:
    before = tree(images)
    given = ("--project", project, "--above", 0, "--device", "cpu", "--effort", "instant")
    listed, told = run(capfd, images, *given, "--dry-run")
    assert tree(images) == before
    assert f"{len(before)} images would have a keyword: 6 labelled, 3 predicted" in told
    assert listed.count(".xmp (new)") == 9  # On standard output, to be searched and counted.
    assert ".xmp (new)" not in told
    printed, told = run(capfd, images, *given, "--dry-run", "--json")
    assert json.loads(printed)["is_dry_run"]
    assert ".xmp (new)" in told
    printed, told = run(capfd, "write", images, *given, "--json")
    summary = json.loads(printed)
    assert (summary["n_tagged"], summary["n_human"], summary["n_created"]) == (9, 6, 9)
    assert "To take this back: handful tag undo" in told
    for name in before:
        (written,) = keywords_in((images / f"{name}.xmp").read_bytes())["subject"]
        assert written == kind_of(Path(name))
    _, told = run(capfd, "undo", images)
    assert "9 files are as they were." in told
    assert tree(images) == before


def test_keywords_of_images_that_were_sorted_away_are_taken_back_there(
    capfd: pytest.CaptureFixture[str], images: Path, project: Path, tmp_path: Path
) -> None:
    before = sorted(tree(images).values())
    given = ("--project", project, "--above", 0, "--device", "cpu", "--effort", "instant")
    run(capfd, images, *given)
    target = tmp_path / "x 箱 sorted"
    sort = ("--project", project, "--sort-into", target, "--how", "move")
    command = [*map(str, ("classify", images, *sort, "--device", "cpu"))]
    capfd.readouterr()
    assert main([*command, "--dry-run"]) == 0
    asked = capfd.readouterr()
    assert "sorted:" in asked.out.splitlines()[0]
    assert "sorted:" not in asked.err
    assert not target.exists()
    assert main([*command, "--dry-run", "--json"]) == 0
    asked = capfd.readouterr()
    assert json.loads(asked.out)["sorted"]["is_dry_run"]
    assert "sorted:" in asked.err
    assert main(command) == 0
    assert f"“handful sort undo {shlex.quote(str(target))}”" in capfd.readouterr().err
    assert len(tree(target)) == 18
    capfd.readouterr()
    (there,) = target.glob("*/checks_00.jpg.xmp")
    edited = there.read_bytes() + b"\n"
    there.write_bytes(edited)
    printed, told = run(capfd, "undo", images, "--json", status=1)
    assert (json.loads(printed)["n_restored"], json.loads(printed)["n_problems"]) == (8, 1)
    assert "checks_00.jpg.xmp is not there any more" in told
    assert sorted(tree(target).values()) == sorted([*before, edited])
    # What is left is told again, and the exit status says so.
    _, told = run(capfd, "undo", images, status=1)
    assert "0 files" not in told
    there.unlink()
    assert main(["sort", "undo", str(target)]) == 0
    capfd.readouterr()
    _, told = run(capfd, "undo", images)
    assert sorted(tree(images).values()) == before


def test_a_label_stays_with_an_image_that_was_moved_away_and_written_into(
    images: Path, project: Path, tmp_path: Path
) -> None:
    opened = Project.open(project)
    labels = opened.labels()
    moved = next(item for item in opened.images() if item.image_id in labels)
    copy = next(item for item in opened.images() if item.image_id not in labels)
    old, new = b"o" * 16, b"n" * 16
    opened.record_contents({moved.image_id: old, copy.image_id: old})
    opened.accept_changed_files()
    place = tmp_path / "sorted" / "a.jpg"
    place.parent.mkdir()
    opened.path_of(moved.name).rename(place)
    opened.follow_moves([(images / moved.name, place)])
    opened.follow_rewritten([RewrittenImage(str(place), old, new)])
    opened.record_contents({moved.image_id: new})
    assert opened.carry_labels(all_known=True) is None  # Not to the copy, which has its bytes.
    assert opened.labels() == labels
    assert opened.accept_changed_files() == []
    opened.close()


def test_remove_takes_out_what_was_written_into_images_and_beside_them(
    capfd: pytest.CaptureFixture[str], images: Path, project: Path
) -> None:
    given = ("--project", project, "--above", 0, "--device", "cpu", "--effort", "instant")
    before = tree(images)
    run(capfd, images, *given)
    run(capfd, images, *given, "--embed")
    assert all(says_its_kind(images / name) for name in before)
    listed, _ = run(capfd, "remove", images, "--dry-run")
    assert "  - " in listed
    printed, _ = run(capfd, "remove", images, "--json")
    assert json.loads(printed)["n_problems"] == 0
    assert set(tree(images)) == set(before)
    assert not any(says_its_kind(images / name) for name in before)


def test_what_cannot_be_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], images: Path, tmp_path: Path
) -> None:
    _, told = run(capfd, "undo", images, status=1)
    assert len(told.strip().splitlines()) == 1
    _, told = run(capfd, "remove", tmp_path / "nowhere", status=1)
    assert "nowhere" in told
    run(capfd, images, status=2)

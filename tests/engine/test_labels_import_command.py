"""``handful labels import``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main
from engine.images import find_images
from engine.messages import FoundFile
from engine.project import Change, Project
from tests.engine.painted import noise


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three images, the first labelled as a fox."""
    folder = tmp_path / "den"
    folder.mkdir()
    for number in range(3):
        noise(seed=number).save(folder / f"{number}.png")
    made = Project.create(folder / "den.handful", folder)
    made.add_images([item for item in find_images(folder) if isinstance(item, FoundFile)])
    fox = made.new_class("fox")
    made.apply(Change("Label", {made.images()[0].image_id: fox.class_id}, (fox,)))
    made.close()
    return folder / "den.handful"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "labels.csv"
    path.write_text("file_name,label\n0.png,elk\n1.png,elk\n2.png,fox\n9.png,=fox\n", "utf-8")
    return path


def labels_in(path: Path) -> dict[str, str]:
    opened = Project.open(path, read_only=True)
    try:
        names = {item.class_id: item.name for item in opened.classes()}
        images = {item.image_id: item.name for item in opened.images()}
        return {images[image]: names[label] for image, label in opened.labels().items()}
    finally:
        opened.close()


def run(capfd: pytest.CaptureFixture[str], *given: object, status: int = 0) -> tuple[str, str]:
    assert main(["labels", "import", *map(str, given)]) == status
    printed = capfd.readouterr()
    return printed.out, printed.err


def test_a_dry_run_tells_and_changes_nothing(
    capfd: pytest.CaptureFixture[str], project: Path, table: Path, tmp_path: Path
) -> None:
    rest = tmp_path / "rest.csv"
    _, told = run(capfd, table, "--project", project, "--dry-run", "--unmatched", rest)
    assert "was read as CSV." in told
    assert "New classes: “elk”." in told
    assert "Labelled otherwise in the project and kept: 1; --replace takes" in told
    assert "9.png (=fox): no image is called so" in told
    assert "2 labels would be imported; nothing was changed." in told
    assert labels_in(project) == {"0.png": "fox"}
    assert rest.read_text("utf-8-sig").splitlines()[1].startswith("9.png,'=fox,line 5,no image")


def test_labels_are_imported_and_mine_kept(
    capfd: pytest.CaptureFixture[str], project: Path, table: Path
) -> None:
    printed, told = run(capfd, table, "--project", project, "--json")
    assert "2 labels imported." in told
    summary = json.loads(printed)
    assert summary["n_imported"] == 2
    assert summary["n_kept"] == 1
    assert summary["new_classes"] == ["elk"]
    assert [item["file_name"] for item in summary["unmatched"]] == ["9.png"]
    assert labels_in(project) == {"0.png": "fox", "1.png": "elk", "2.png": "fox"}
    _, told = run(capfd, table, "--project", project)
    assert "No label was imported." in told
    _, told = run(capfd, table, "--project", project, "--replace", "--format", "csv")
    assert "1 label imported." in told
    assert labels_in(project)["0.png"] == "elk"


def test_wrong_use_ends_in_a_sentence(
    capfd: pytest.CaptureFixture[str], project: Path, table: Path, tmp_path: Path
) -> None:
    _, told = run(capfd, table, "--project", project, "--format", "coco", status=1)
    assert "There is no format “coco”; it is one of csv, imagefolder," in told
    _, told = run(capfd, tmp_path / "gone", "--project", project, status=1)
    assert "There is no file or folder" in told
    _, told = run(capfd, table, "--project", project, "--unmatched", table, status=2)
    assert "--unmatched would overwrite the file of LABELS." in told
    _, told = run(capfd, table, "--project", project, "--format", "lobe", status=1)
    assert "is no project of Lobe" in told


def test_folders_as_handful_names_them_are_the_projects_classes(
    capfd: pytest.CaptureFixture[str], project: Path, tmp_path: Path
) -> None:
    opened = Project.open(project)
    images = opened.images()
    made = opened.new_classes(["site/industry", "a/b", "a:b"])
    change = Change("Label", {images[1].image_id: made[0].class_id}, tuple(made))
    opened.apply(change)
    opened.close()
    folders = tmp_path / "folders"
    for name, numbers in {"site_industry": (0, 1), "a_b": (2,)}.items():
        (folders / name).mkdir(parents=True)
        for number in numbers:
            noise(seed=number).save(folders / name / f"{number}.png")
    rest = tmp_path / "rest.csv"
    _, told = run(capfd, folders, "--project", project, "--dry-run", "--unmatched", rest)
    assert "“site_industry” is the class “site/industry”." in told
    assert "Labelled so already: 1." in told
    assert "“fox” in the project, “site/industry” in the file: 1." in told
    assert "0.png: “fox” is kept, not “site/industry”." in told
    assert "New classes: “a_b”." in told  # Two classes would have that folder.
    assert "0.png,site/industry,,your label “fox” was kept" in rest.read_text("utf-8-sig")
    run(capfd, folders, "--project", project, "--replace")
    assert labels_in(project) == {
        "0.png": "site/industry",
        "1.png": "site/industry",
        "2.png": "a_b",
    }

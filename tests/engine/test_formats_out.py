"""Labels for other programs: each format's form, names that are meant to break it, whole or not."""

from __future__ import annotations

import csv
import json
import os
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from engine.cli import main
from engine.errors import ExportError, LabelsError
from engine.interchange.formats.registry import FORMATS
from engine.interchange.writing import Names, folder_names, portable_name, portable_path
from engine.jobs.labels_out import save_labels, save_labels_alone
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    ImageId,
    ImageRef,
    LabelsSaved,
    SaveLabels,
    Snapshot,
)
from tests.engine.painted import KINDS, kind_of, noise, paint_folder, snapshot_of

HOSTILE = (
    "=1+1.png",
    "a\nb.png",
    'say "x".png',
    "test/validation/my_test_1.png",
    "train/eval.png",
    "__hidden/x.png",
    "same.png",
    "same.jpg",
    "Same.png",
    "sub/same.png",
    "con.png",
    "\u202egnp.png",
    "ends. /dot..png",
    "é" * 125 + ".png",
    "#50%?&.png",
    "metadata.jsonl.png",
    "[1].png",
)
CLASSES = ("a/b", "a:b", "=sum", "NUL", "_unlabeled", "..", '"<&>"', "狐狸", "Ümläut ", ".hid")
IMAGE_FORMATS = [item.key for item in FORMATS if item.holds_images]
PREDICTION_FORMATS = [item.key for item in FORMATS if item.marks_predictions]


@pytest.fixture
def hostile(tmp_path: Path) -> Snapshot:
    """Images with hostile names, each labelled with one of the classes, the last with none."""
    folder = tmp_path / "images & more"
    images, classes = [], tuple(ClassSpec(ClassId(n + 1), name) for n, name in enumerate(CLASSES))
    for number, name in enumerate(HOSTILE):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise(20 + number, 20, seed=number).save(path)
        images.append(ImageRef(ImageId(number + 1), path, name))
    support = [(image, classes[n % len(classes)].class_id) for n, image in enumerate(images)]
    support[-1] = (images[-1], NONE_OF_THESE)
    return Snapshot(folder, classes, tuple(support), tuple(images))


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    folder = tmp_path / "images"
    return snapshot_of(folder, paint_folder(folder, 4), shots=2)


def write(snapshot: Snapshot, out: Path, key: str, **options: Any) -> LabelsSaved:
    """Write labels alone."""
    steps = save_labels_alone(SaveLabels(1, snapshot, out, key, **options))
    (saved,) = [event for event in steps if isinstance(event, LabelsSaved)]
    return saved


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def by_bytes(snapshot: Snapshot) -> dict[bytes, str]:
    """The label of each image, by its content."""
    names = {item.class_id: item.name for item in snapshot.classes} | {NONE_OF_THESE: NONE_NAME}
    return {image.path.read_bytes(): names[class_id] for image, class_id in snapshot.support}


# --- What each consumer finds ---------------------------------------------------------------------


def test_torchvision_reads_the_image_folder(hostile: Snapshot, tmp_path: Path) -> None:
    from torchvision.datasets import ImageFolder

    out = tmp_path / "out"
    saved = write(hostile, out, "imagefolder")
    assert (saved.n_labels, saved.n_left_out) == (len(HOSTILE), 0)
    found = ImageFolder(out)
    assert len(found.classes) == len(CLASSES) + 1
    wanted, folders = by_bytes(hostile), folder_names((*CLASSES, NONE_NAME))
    for path, number in found.samples:
        content = Path(path).read_bytes()
        assert found.classes[number] == folders[wanted.pop(content)]
    assert not wanted
    told = "\n".join(saved.notices)
    assert "The class “a/b” is the folder “a_b” there." in told
    assert "The class “a:b” is the folder “a_b-2” there." in told


def test_classes_without_a_label_have_no_folder(snapshot: Snapshot, tmp_path: Path) -> None:
    snapshot = Snapshot(
        snapshot.folder,
        (*snapshot.classes, ClassSpec(ClassId(99), "later")),
        snapshot.support,
        snapshot.images,
    )
    saved = write(snapshot, tmp_path / "out", "imagefolder")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(KINDS)
    assert (saved.n_labels, saved.notices) == (6, ())
    copy = tmp_path / "out" / "dots" / "dots_00.jpg"
    assert copy.stat().st_mtime_ns == (snapshot.folder / "dots_00.jpg").stat().st_mtime_ns
    assert copy.stat().st_nlink == 1


def test_hugging_face_lines_name_their_images(hostile: Snapshot, tmp_path: Path) -> None:
    write(hostile, tmp_path / "out", "huggingface")
    folder = tmp_path / "out" / "train"
    lines = [json.loads(line) for line in _lines(folder / "metadata.jsonl")]
    wanted = by_bytes(hostile)
    assert len(lines) == len(HOSTILE)
    for line in lines:
        assert line["label"] == wanted[(folder / line["file_name"]).read_bytes()]
        assert not {"test", "validation", "train", "eval"} & set(line["file_name"].split("/"))
    assert {line["original_name"] for line in lines} == set(HOSTILE)
    assert files_in(folder) == {line["file_name"] for line in lines} | {"metadata.jsonl"}


def test_fiftyone_knows_images_by_their_stem(hostile: Snapshot, tmp_path: Path) -> None:
    write(hostile, tmp_path / "out", "fiftyone")
    found = json.loads((tmp_path / "out" / "labels.json").read_text(encoding="utf-8"))
    assert found["classes"] == [*CLASSES, NONE_NAME]
    data = tmp_path / "out" / "data"
    images = {os.path.splitext(name)[0]: data / name for name in files_in(data)}
    assert set(images) == set(found["labels"])
    assert len(images) == len(HOSTILE)
    wanted = by_bytes(hostile)
    for key, number in found["labels"].items():
        assert found["classes"][number] == wanted[images[key].read_bytes()]
    assert files_in(tmp_path / "out") - {f"data/{name}" for name in files_in(data)} == {
        "labels.json"
    }


def test_label_studio_finds_its_images_and_choices(hostile: Snapshot, tmp_path: Path) -> None:
    write(hostile, tmp_path / "out", "labelstudio")
    tasks = json.loads((tmp_path / "out" / "tasks.json").read_text(encoding="utf-8"))
    config = ElementTree.parse(tmp_path / "out" / "labeling_config.xml")
    choices = [item.attrib["value"] for item in config.iter("Choice")]
    assert choices == [*CLASSES, NONE_NAME]
    wanted = by_bytes(hostile)
    keys = set()
    for task in tasks:
        address = urlsplit(task["data"]["image"])
        assert address.path == "/data/local-files/"
        (place,) = parse_qs(address.query)["d"]
        content = (hostile.folder.parent / place).read_bytes()  # As below the document root.
        ((annotation,),) = [entry["result"] for entry in task["annotations"]]
        assert annotation["value"]["choices"] == [wanted.pop(content)]
        keys.add(annotation["id"])
    assert not wanted
    assert len(keys) == len(tasks)
    steps = (tmp_path / "out" / "README.txt").read_text(encoding="utf-8")
    assert f"DOCUMENT_ROOT={tmp_path}\n" in steps


def test_labelme_finds_its_flags_beside_the_image(hostile: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(hostile, out, "labelme")
    wanted = by_bytes(hostile)
    jsons = [out / name for name in files_in(out) if name.endswith(".json")]
    assert len(jsons) == len(HOSTILE)
    for path in jsons:
        found = json.loads(path.read_text(encoding="utf-8"))
        image = path.parent / found["imagePath"]
        assert image.stem == path.stem
        label = wanted[image.read_bytes()]
        assert [name for name, is_set in found["flags"].items() if is_set] == [label]
        with Image.open(image) as picture:
            assert picture.size == (found["imageWidth"], found["imageHeight"])


def test_labelme_sizes_are_those_of_the_turned_image(snapshot: Snapshot, tmp_path: Path) -> None:
    turned, text = snapshot.images[0], snapshot.images[1]
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(turned.path, exif=exif)
    text.path.write_text("no image")
    write(snapshot, tmp_path / "out", "labelme")
    sizes = []
    for image in (turned, text):
        path = tmp_path / "out" / Path(image.name).with_suffix(".json")
        found = json.loads(path.read_text())
        sizes.append((found["imageWidth"], found["imageHeight"]))
    assert sizes == [(20, 30), (None, None)]


def test_csv_holds_labels_alone(hostile: Snapshot, tmp_path: Path) -> None:
    saved = write(hostile, tmp_path / "out.csv", "csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert saved.n_labels == len(rows) == len(HOSTILE)
    assert "./=1+1.png" in [row["file_name"] for row in rows]


# --- Predictions ----------------------------------------------------------------------------------


def test_predictions_are_told_from_labels(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    (snapshot.folder / "checks_03.jpg").write_bytes(b"no image")
    labelled = {image.name for image, _ in snapshot.support}
    saved = {}
    for key in PREDICTION_FORMATS:
        out = tmp_path / key
        command = SaveLabels(1, snapshot, out, key, with_predictions=True)
        (event,) = [e for e in save_labels(workspace, command) if isinstance(e, LabelsSaved)]
        saved[key] = (event.n_labels, event.n_predictions)
        if key in ("huggingface", "fiftyone"):
            assert event.n_left_out == 1
            assert event.notices[0].startswith("checks_03.jpg: it holds text")
    assert set(saved.values()) == {(6, 5)}

    lines = [json.loads(line) for line in _lines(tmp_path / "huggingface/train/metadata.jsonl")]
    assert {line["file_name"] for line in lines if line["label_source"] == "human"} == labelled
    for line in lines:
        assert line["label"] == kind_of(Path(line["file_name"]))
        assert (line["confidence"] == 1) == (line["label_source"] == "human")

    found = json.loads((tmp_path / "fiftyone/labels.json").read_text())
    for key, entry in found["labels"].items():
        assert found["classes"][entry["label"]] == key.split("_")[0]
        is_human = entry["attributes"]["label_source"] == "human"
        assert is_human == (f"{key}.jpg" in labelled)

    tasks = json.loads((tmp_path / "labelstudio/tasks.json").read_text())
    assert len(tasks) == 11
    for task in tasks:
        (prediction,) = task["predictions"]
        assert 0 < prediction["score"] <= 1
        assert prediction["model_version"]
        assert prediction["result"][0]["value"]["choices"] == [
            kind_of(Path(task["data"]["file_name"]))
        ]
        assert ("annotations" in task) == (task["data"]["file_name"] in labelled)


@pytest.mark.parametrize("key", ["imagefolder", "labelme"])
def test_where_nothing_tells_them_apart_there_are_none(
    key: str, snapshot: Snapshot, tmp_path: Path
) -> None:
    with pytest.raises(LabelsError, match="cannot tell predictions from labels"):
        write(snapshot, tmp_path / "out", key, with_predictions=True)
    assert not (tmp_path / "out").exists()


# --- Whole or not at all --------------------------------------------------------------------------


@pytest.mark.parametrize("key", [item.key for item in FORMATS if item.write])
def test_cancelled_nothing_is_left(key: str, snapshot: Snapshot, tmp_path: Path) -> None:
    before = files_in(tmp_path)
    steps = save_labels_alone(SaveLabels(1, snapshot, tmp_path / "out", key))
    next(steps)
    assert not (tmp_path / "out").exists()
    steps.close()  # type: ignore[attr-defined]
    assert files_in(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["images"]


def test_what_is_there_is_never_overwritten(snapshot: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    write(snapshot, out, "imagefolder")  # An empty folder is what file dialogs leave.
    with pytest.raises(ExportError, match="something of that name"):
        write(snapshot, out, "fiftyone")
    assert sorted(path.name for path in out.iterdir()) == sorted(KINDS)


@pytest.mark.parametrize("key", IMAGE_FORMATS)
def test_copies_do_not_land_among_the_images(key: str, snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(snapshot.folder)
    for out in (snapshot.folder / "out", tmp_path / "link" / "out", snapshot.folder):
        with pytest.raises(ExportError, match="lies in the folder of the images"):
            write(snapshot, out, key)
    assert len(files_in(snapshot.folder)) == 12


def test_links_cost_no_room(snapshot: Snapshot, tmp_path: Path) -> None:
    write(snapshot, tmp_path / "out", "imagefolder", copy_images=False)
    link = tmp_path / "out" / "dots" / "dots_00.jpg"
    assert link.samefile(snapshot.folder / "dots_00.jpg")


def test_where_no_links_can_be_there_are_copies(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    write(snapshot, tmp_path / "out", "imagefolder", copy_images=False)
    copy = tmp_path / "out" / "dots" / "dots_00.jpg"
    assert copy.read_bytes() == (snapshot.folder / "dots_00.jpg").read_bytes()
    assert not copy.samefile(snapshot.folder / "dots_00.jpg")


@pytest.mark.parametrize("key", IMAGE_FORMATS)
@pytest.mark.parametrize("copy_images", [True, False])
def test_images_that_are_gone_are_left_out_and_told(
    key: str, copy_images: bool, snapshot: Snapshot, tmp_path: Path
) -> None:
    snapshot.images[0].path.unlink()
    saved = write(snapshot, tmp_path / "out", key, copy_images=copy_images)
    assert (saved.n_labels, saved.n_left_out) == (5, 1)
    assert snapshot.images[0].name in saved.notices[0]
    assert "no such file" in saved.notices[0]


def test_an_image_that_cannot_be_read_to_its_end_is_left_out(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # /proc/self/mem opens, and its first byte cannot be read: as on a disk that is failing.
    if not os.path.exists("/proc/self/mem"):
        pytest.skip("needs a file that opens but cannot be read")
    for image, _ in snapshot.support[:2]:
        image.path.unlink()
        image.path.symlink_to("/proc/self/mem")
    saved = write(snapshot, tmp_path / "out", "imagefolder")
    assert (saved.n_labels, saved.n_left_out) == (4, 2)
    assert all("It was left out." in notice for notice in saved.notices)
    assert "input/output error" in saved.notices[0]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dots", "stripes"]


def test_a_full_disk_ends_in_one_sentence(snapshot: Snapshot, small_disk: Path) -> None:
    for image in snapshot.images:
        image.path.write_bytes(os.urandom(600_000))
    with pytest.raises(ExportError, match=r"out: the disk is full\."):
        write(snapshot, small_disk / "out", "imagefolder")
    assert list(small_disk.iterdir()) == []


def test_nothing_labelled_and_unknown_formats_are_told(snapshot: Snapshot, tmp_path: Path) -> None:
    nothing = Snapshot(snapshot.folder, snapshot.classes, (), snapshot.images)
    with pytest.raises(LabelsError, match="No image is labelled yet"):
        write(nothing, tmp_path / "out", "imagefolder")
    with pytest.raises(LabelsError, match="one of csv, imagefolder"):
        write(snapshot, tmp_path / "out", "pascal")


# --- Names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "portable"),
    [
        ("fox.jpg", "fox.jpg"),
        ("..", "_"),
        (".hidden", "_.hidden"),
        ("CON.jpg", "_CON.jpg"),
        ("console.jpg", "console.jpg"),
        ("a/b\\c:d", "a_b_c_d"),
        ("dot. .", "dot"),
        ("", "_"),
        ("\udcff.jpg", "_.jpg"),
    ],
)
def test_portable_names(name: str, portable: str) -> None:
    assert portable_name(name) == portable


def test_long_names_keep_their_ending_and_stay_apart() -> None:
    first, second = (portable_name("é" * 200 + f"{number}.jpg") for number in (1, 2))
    assert first != second
    for name in (first, second):
        assert name.endswith(".jpg")
        assert len(name.encode()) <= 220


def test_paths_stay_in_their_folder() -> None:
    assert portable_path("../../etc/passwd") == "_/_/etc/passwd"
    assert portable_path("/etc/passwd") == "etc/passwd"


def test_names_are_given_once() -> None:
    names = Names()
    assert [names.give(name) for name in ("a.jpg", "A.jpg", "a-2.jpg", "a.png")] == [
        *("a.jpg", "A-2.jpg", "a-2-2.jpg", "a.png"),
    ]
    by_stem = Names(by_stem=True)
    assert [by_stem.give(name) for name in ("x/a.jpg", "x/a.png", "y/a.png")] == [
        *("x/a.jpg", "x/a-2.png", "y/a.png"),
    ]


# --- The command line -----------------------------------------------------------------------------


def test_the_command_writes_a_support_folder(tmp_path: Path, capsys: Any) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / "support" / kind).mkdir(parents=True)
        noise(seed=len(kind)).save(tmp_path / "support" / kind / "1.png")
    arguments = ["labels", "export", "--support", str(tmp_path / "support"), "--json"]
    out = tmp_path / "out"
    assert main([*arguments, "--format", "fiftyone", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "format": "fiftyone",
        "path": str(out),
        "n_labels": 2,
        "n_predictions": 0,
        "n_left_out": 0,
    }
    assert f"2 labels written: {out}." in printed.err
    assert files_in(out) == {"labels.json", "data/cat/1.png", "data/dog/1.png"}
    assert main([*arguments, "--format", "fiftyone", "--out", str(out)]) == 1
    assert "something of that name" in capsys.readouterr().err
    assert main([*arguments, "--format", "nope", "--out", str(out)]) == 1
    assert "There is no format “nope”" in capsys.readouterr().err


def _lines(path: Path) -> list[str]:
    # Not splitlines, which would also cut names at other characters.
    return path.read_text(encoding="utf-8").rstrip("\n").split("\n")

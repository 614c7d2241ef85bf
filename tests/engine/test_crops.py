"""Detections cut out, labelled, and written back into the detector's file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.cli import main
from engine.decoding.heads import read_date
from engine.errors import EngineError, ExportError, LabelsError
from engine.images import find_images
from engine.interchange.crop_folder import MANIFEST
from engine.interchange.crops import BEGUN, RESULTS, cut_out, read_manifest
from engine.interchange.formats.megadetector import MegaDetectorResults, place_within
from engine.jobs.crops import LEFT_OUT, make_crops, write_detections
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    CropsMade,
    DetectionsWritten,
    Event,
    FoundFile,
    ImageId,
    ImageRef,
    MakeCrops,
    Progress,
    Snapshot,
    WriteDetections,
)
from tests.engine.painted import KINDS, paint

BOXES = ([0.05, 0.1, 0.4, 0.5], [0.5, 0.3, 0.45, 0.6])


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Six photographs, each with two pictures pasted where MegaDetector would find them."""
    folder = tmp_path / "trap"
    for number in range(6):
        photo = Image.new("RGB", (400, 300), (90, 100, 80))
        for place, (left, top, width, height) in enumerate(BOXES):
            kind = KINDS[(number + place) % 3]
            size = round(width * 400), round(height * 300)
            photo.paste(paint(kind, *size, seed=number), (round(left * 400), round(top * 300)))
        path = folder / f"camera {number % 2}" / f"IMG_{number:04d}.JPG"
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = f"2024:05:0{number + 1} 10:00:00"
        photo.save(path, "JPEG", quality=92, exif=exif)
    return folder


def entry(name: str, *detections: dict[str, Any]) -> dict[str, Any]:
    return {"file": name, "detections": list(detections)}


def found(box: object, conf: object = 0.9, category: object = "1", **more: Any) -> dict[str, Any]:
    return {"category": category, "conf": conf, "bbox": box, **more}


def content_of(trap: Path) -> dict[str, Any]:
    names = sorted(path.relative_to(trap).as_posix() for path in trap.rglob("*.JPG"))
    images = [
        {**entry(name, *(found(list(box), 0.912) for box in BOXES)), "max_detection_conf": 0.912}
        for name in names
    ]
    images[0]["detections"].append(found([0.1, 0.1, 0.1, 0.1], 0.05))  # type: ignore[attr-defined]
    images[1]["detections"].append(found([0, 0, 1, 1], 0.8, "2"))  # type: ignore[attr-defined]
    images.append({"file": "bad.jpg", "failure": "Failure image access", "detections": None})
    return {
        "info": {"format_version": "1.4", "detector": "md_v5a.0.0.pt", "ünknown": [1.50, None]},
        "detection_categories": {"1": "animal", "2": "person", "3": "vehicle"},
        "images": images,
        "something_else": {"a": 1e-3},
    }


def write(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def results(trap: Path, tmp_path: Path) -> Path:
    return write(tmp_path / "results.json", content_of(trap))


def made(command: MakeCrops) -> CropsMade:
    (event,) = [event for event in make_crops(command) if isinstance(event, CropsMade)]
    return event


def snapshot_of_crops(crops: Path, n_labelled: int, *, none: int | None = None) -> Snapshot:
    """The first crops labelled as what they show."""
    _, known = read_manifest(crops)
    classes = tuple(ClassSpec(ClassId(n + 1), kind) for n, kind in enumerate(KINDS))
    images, support = [], []
    for number, crop in enumerate(known):
        image = ImageRef(ImageId(number + 1), crops / crop.file, crop.file)
        images.append(image)
        shown = (int(crop.image_file[-8:-4]) + crop.detection) % 3
        if number < n_labelled:
            support.append((image, NONE_OF_THESE if number == none else classes[shown].class_id))
    return Snapshot(crops, classes, tuple(support), tuple(images))


def written(steps: Any) -> DetectionsWritten:
    (event,) = [event for event in steps if isinstance(event, DetectionsWritten)]
    return event


# --- Cutting out ----------------------------------------------------------------------------------


def test_every_animal_becomes_an_image(trap: Path, results: Path, tmp_path: Path) -> None:
    event = made(MakeCrops(1, results, trap, tmp_path / "crops"))
    assert (event.n_crops, event.n_images, event.n_made, event.n_left_out) == (12, 6, 12, 0)
    listed = event.path / LEFT_OUT
    assert event.notices == (
        "The detector could not read 1 image: “bad.jpg”.",
        f"All that was left out is listed in {listed}.",
    )
    assert listed.read_text("utf-8-sig").splitlines()[1:] == [
        "bad.jpg,the detector could not read it"
    ]
    names = [item.name for item in find_images(event.path) if isinstance(item, FoundFile)]
    assert len(names) == 12
    assert "camera 0/IMG_0000_d0.jpg" in names
    order, crops = read_manifest(event.path)
    assert {crop.file for crop in crops} == set(names)
    assert order.categories == ("animal",)
    assert not (event.path / BEGUN).exists()
    assert (event.path / RESULTS).read_bytes() == results.read_bytes()
    assert read_date(event.path / names[0]) == read_date(trap / "camera 0" / "IMG_0000.JPG")


def test_people_are_cut_out_where_asked_for(trap: Path, results: Path, tmp_path: Path) -> None:
    command = MakeCrops(1, results, trap, tmp_path / "crops", ("animal", "person"), 0.01)
    assert made(command).n_crops == 14


def test_a_crop_is_a_square_about_its_box_within_the_image() -> None:
    pixels = np.zeros((300, 400, 3), np.uint8)
    pixels[60:180, 300:400] = 255
    decoded = Image.open(_file(cut_out(pixels, (0.75, 0.2, 0.25, 0.4))))
    assert decoded.size == (132, 132)  # 120 and a tenth, moved to the left of the border.
    assert np.asarray(decoded.convert("L"))[66, 40:].min() > 240
    wide = Image.open(_file(cut_out(np.zeros((300, 4000, 3), np.uint8), (0.0, 0.0, 1.0, 1.0))))
    assert wide.size == (1024, 77)


def _file(content: bytes) -> Any:
    import io

    return io.BytesIO(content)


def test_turned_photographs_are_cut_as_they_are_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "trap"
    folder.mkdir()
    photo = Image.new("RGB", (400, 200), "black")
    photo.paste("white", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by 90 degrees to the right: the corner goes to the right.
    photo.save(folder / "a.jpg", exif=exif, quality=95)
    path = write(tmp_path / "r.json", {"images": [entry("a.jpg", found([0.5, 0, 0.5, 0.25]))]})
    crops = made(MakeCrops(1, path, folder, tmp_path / "crops")).path
    pixels = np.asarray(Image.open(crops / "a_d0.jpg").convert("L"))
    assert pixels[:90, 20:].min() > 240


def test_broken_off_it_is_gone_on_with(trap: Path, results: Path, tmp_path: Path) -> None:
    out = tmp_path / "crops"
    steps = make_crops(MakeCrops(1, results, trap, out))
    for event in steps:
        if isinstance(event, Progress) and event.total and event.done >= 1:
            break
    steps.close()  # type: ignore[attr-defined]
    assert (out / BEGUN).is_file()
    assert not (out / MANIFEST).exists()
    there = {path: path.stat().st_mtime_ns for path in out.rglob("*_d*.jpg")}
    assert there
    event = made(MakeCrops(1, results, trap, out))
    assert (event.n_crops, event.n_made) == (12, 12 - len(there))
    assert all(path.stat().st_mtime_ns == before for path, before in there.items())
    assert made(MakeCrops(1, results, trap, out)).n_made == 0
    assert not list(out.rglob("*.part"))


def test_crops_of_images_that_are_gone_since_are_kept(
    trap: Path, results: Path, tmp_path: Path
) -> None:
    out = tmp_path / "crops"
    made(MakeCrops(1, results, trap, out))
    (trap / "camera 0" / "IMG_0000.JPG").unlink()
    event = made(MakeCrops(1, results, trap, out))
    name = "camera 0/IMG_0000.JPG"
    assert any(
        item.startswith("1 image is not in the folder and was left out: ") and name in item
        for item in event.notices
    )
    listed = (out / LEFT_OUT).read_text("utf-8-sig").splitlines()
    assert listed[0] == "file_name,reason"
    assert any(name in line and line.endswith("it is not in the folder") for line in listed[1:])
    assert len(read_manifest(out)[1]) == 12


@pytest.mark.parametrize("change", ["other results", "other settings", "other files"])
def test_nothing_else_is_mixed_with_crops(
    trap: Path, results: Path, tmp_path: Path, change: str
) -> None:
    out = tmp_path / "crops"
    command = MakeCrops(1, results, trap, out)
    if change == "other files":
        out.mkdir()
        (out / "mine.txt").write_text("mine")
    else:
        made(command)
    if change == "other results":
        write(results, content_of(trap) | {"more": 1})
    if change == "other settings":
        command = MakeCrops(1, results, trap, out, least_confidence=0.5)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    with pytest.raises(ExportError, match=r"other crops|of that name already"):
        made(command)
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_crops_do_not_go_among_the_images(trap: Path, results: Path) -> None:
    with pytest.raises(ExportError, match="lies in the folder of the images"):
        made(MakeCrops(1, results, trap, trap / "crops"))
    assert not (trap / "crops").exists()


# --- What others write ----------------------------------------------------------------------------


def test_hostile_detections_are_passed_over(trap: Path, tmp_path: Path) -> None:
    name = "camera 0/IMG_0000.JPG"
    good = found([0.9, 0.9, 0.2, 0.105])  # A little beyond the border, as rounding makes it.
    bad = (
        found([0.1, 0.1, math.nan, 0.1]),
        found([0.1, 0.1, 0.2, 0.2], math.nan),
        found([0.1, 0.1, 0.2, 0.2], 1.5),
        found([100, 20, 60, 70]),
        found([0, 0, 400, 300]),
        found([0.1, 0.1, -0.2, 0.2]),
        found([0.1, 0.1, 0, 0.2]),
        found([0.1, 0.1, 0.2]),
        found("box"),
        found([True, 0, 1, 1]),
        found([0, 0, 1, math.inf]),
        found([0, 0, 1, 1], "0.9"),
        found([0, 0, 1, 1], 0.9, None),
    )
    outside = [
        "../secret.jpg",
        "/etc/passwd.jpg",
        "C:\\trap\\a.jpg",
        "camera 0/../../a.jpg",
        "a\0b.jpg",
        "",
    ]
    content = {
        "info": {"format_version": "1.9"},
        "detection_categories": {"1": "animal"},
        "images": [
            entry(name, *bad, good),
            *(entry(item, found([0, 0, 1, 1])) for item in outside),
            entry("gone.jpg", found([0, 0, 1, 1])),
            "no image",
            {"file": ["a"]},
            {"file": "failed.jpg", "failure": "Failure image access"},
        ],
    }
    (tmp_path / "secret.jpg").write_bytes((trap / name).read_bytes())
    event = made(MakeCrops(1, write(tmp_path / "r.json", content), trap, tmp_path / "crops"))
    assert (event.n_crops, event.n_left_out) == (1, 7)
    (crop,) = read_manifest(event.path)[1]
    assert crop.file == "camera 0/IMG_0000_d13.jpg"
    assert "15 detections are no boxes within their images and were passed over." in event.notices
    told = "\n".join(event.notices)
    assert "6 images lie outside of the folder and were left out: “../secret.jpg”, " in told
    assert "1 image is not in the folder and was left out: “gone.jpg”." in told
    assert "The detector could not read 1 image: “failed.jpg”." in told
    listed = (event.path / LEFT_OUT).read_text("utf-8-sig")
    assert all(name in listed for name in outside)


def test_whole_paths_and_backslashes_lead_into_the_folder(trap: Path) -> None:
    assert place_within(f"{trap}/camera 0/a.jpg", trap) == "camera 0/a.jpg"
    assert place_within("camera 0\\a.jpg", trap) == "camera 0/a.jpg"
    assert place_within(f"{trap}x/a.jpg", trap) is None
    assert place_within("./a.jpg", trap) == "a.jpg"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no results of MegaDetector"),
        ('{"images": 3}', "holds no results of MegaDetector"),
        ('{"images": [{"id": 1, "file_name": "a.jpg"}]}', "holds no results of MegaDetector"),
        ('{"info": {"format_version": "2.0"}, "images": [{"detections": []}]}', "version 2.0"),
        ('{"detection_categories": {"1": "animal"}, "images": []}', "has no detection of “animal”"),
        (
            '{"images": [{"file": "b", "detections": [{"category": "1", "conf": 0.9, '
            '"bbox": [0, 0, 1, 1]}]}]}',
            "is it another folder",
        ),
        ('{"images": [' * 3000, "is not JSON"),
    ],
)
def test_other_files_end_in_a_sentence(trap: Path, tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "r.json"
    path.write_text(content)
    with pytest.raises(LabelsError, match=said):
        made(MakeCrops(1, path, trap, tmp_path / "crops"))
    assert not (tmp_path / "crops").exists()


def test_an_unknown_version_is_told_of(trap: Path, results: Path, tmp_path: Path) -> None:
    write(results, content_of(trap) | {"info": {"format_version": "new"}})
    event = made(MakeCrops(1, results, trap, tmp_path / "crops"))
    assert "says to be of version “new”" in event.notices[0]


def test_two_images_of_one_name_have_crops_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "trap"
    folder.mkdir()
    names = ("a.jpg", "A.png", "a.png", ".hidden.jpg", "con.jpg", "é" * 100 + ".jpg")
    for number, name in enumerate(names):
        paint(KINDS[number % 3], seed=number).save(folder / name)
    box = found([0, 0, 0.5, 0.5])
    path = write(tmp_path / "r.json", {"images": [entry(name, box) for name in names]})
    event = made(MakeCrops(1, path, folder, tmp_path / "crops"))
    crops = read_manifest(event.path)[1]
    assert len({crop.file.casefold() for crop in crops}) == len(names)
    shown = [item.name for item in find_images(event.path) if isinstance(item, FoundFile)]
    assert sorted(shown) == sorted(crop.file for crop in crops)


def test_an_image_that_cannot_be_read_is_left_out(
    trap: Path, results: Path, tmp_path: Path
) -> None:
    (trap / "camera 1" / "IMG_0003.JPG").write_bytes(b"no image")
    event = made(MakeCrops(1, results, trap, tmp_path / "crops"))
    assert (event.n_crops, event.n_left_out) == (10, 1)
    assert any("IMG_0003.JPG" in notice for notice in event.notices)
    assert "IMG_0003.JPG" in (tmp_path / "crops" / LEFT_OUT).read_text("utf-8-sig")


# --- Writing back ---------------------------------------------------------------------------------


def test_the_file_comes_back_with_classes_and_all_else_as_it_was(
    trap: Path, results: Path, tmp_path: Path, workspace: Workspace
) -> None:
    content = content_of(trap)
    content["classification_categories"] = {"0": "dots", "7": "yeti"}
    content["images"][0]["detections"][2]["classifications"] = [["7", 0.5]]
    write(results, content)
    crops = made(MakeCrops(1, results, trap, tmp_path / "crops")).path
    out = tmp_path / "new.json"
    snapshot = snapshot_of_crops(crops, 7, none=6)
    event = written(write_detections(workspace, WriteDetections(2, snapshot, out)))
    assert (event.n_labels, event.n_predictions, event.n_without) == (7, 5, 0)
    new = json.loads(out.read_text())
    names = new["classification_categories"]
    assert names["0"] == "dots"
    assert names["7"] == "yeti"
    assert set(names.values()) == {*KINDS, "yeti", NONE_NAME}
    right = []
    for image in new["images"]:
        for number, detection in enumerate(image["detections"] or ()):
            if detection["conf"] != 0.912:
                continue
            classes = detection.pop("classifications")
            assert [pair[1] for pair in classes] == sorted((p[1] for p in classes), reverse=True)
            assert sum(pair[1] for pair in classes) == pytest.approx(1, abs=0.02)
            shown = KINDS[(int(image["file"][-8:-4]) + number) % 3]
            right.append(names[classes[0][0]] == shown)
    assert sum(right) == 11  # All but the one that was said to be none of these.
    assert new["info"].pop("classifier").startswith("Handful ")
    assert new["info"].pop("classification_completion_time")
    del new["classification_categories"], content["classification_categories"]
    assert new == content
    assert list(new) == list(content)


def test_with_one_class_labels_alone_are_written(
    trap: Path, results: Path, tmp_path: Path, workspace: Workspace
) -> None:
    crops = made(MakeCrops(1, results, trap, tmp_path / "crops")).path
    snapshot = snapshot_of_crops(crops, 1)
    out = tmp_path / "new.json"
    event = written(write_detections(workspace, WriteDetections(2, snapshot, out)))
    assert (event.n_labels, event.n_predictions, event.n_without) == (1, 0, 11)
    classes = json.loads(out.read_text())["images"][0]["detections"][0]["classifications"]
    assert classes == [["0", 1.0]]


@pytest.mark.parametrize("way", ["itself", "soft link", "hard link"])
def test_the_detectors_own_file_is_not_written_over(
    trap: Path, results: Path, tmp_path: Path, workspace: Workspace, way: str
) -> None:
    crops = made(MakeCrops(1, results, trap, tmp_path / "crops")).path
    before = results.read_bytes()
    out = results if way == "itself" else tmp_path / "other.json"
    if way == "soft link":
        out.symlink_to(results)
    if way == "hard link":
        out.hardlink_to(results)
    with pytest.raises(ExportError, match="is the detector's own file"):
        written(write_detections(workspace, WriteDetections(2, snapshot_of_crops(crops, 2), out)))
    assert main(["crops", "write-back", str(crops), "--labels", "x.csv", "--out", str(out)]) == 1
    assert results.read_bytes() == before


@pytest.mark.parametrize("damage", ["no manifest", "another file", "part of the crops", "broken"])
def test_what_cannot_be_written_back_is_told(
    trap: Path, results: Path, tmp_path: Path, workspace: Workspace, damage: str
) -> None:
    crops = made(MakeCrops(1, results, trap, tmp_path / "crops")).path
    snapshot = snapshot_of_crops(crops, 2)
    out = tmp_path / "new.json"
    if damage == "no manifest":
        (crops / MANIFEST).unlink()
    if damage == "another file":
        write(crops / RESULTS, content_of(trap))
        (crops / RESULTS).write_text((crops / RESULTS).read_text() + " ")
    if damage == "part of the crops":
        out = crops / RESULTS
    if damage == "broken":
        (crops / MANIFEST).write_text('{"kind": "handful-crops", "version": 1, "crops": [[]]}')
    with pytest.raises(EngineError, match=r"crops"):
        written(write_detections(workspace, WriteDetections(2, snapshot, out)))
    assert not (tmp_path / "new.json").exists()
    assert json.loads((crops / RESULTS).read_text()) == content_of(trap)


def test_what_was_no_number_stays_so(trap: Path, results: Path, tmp_path: Path) -> None:
    content = content_of(trap)
    content["images"][2]["detections"].append(found([math.nan, 0, 1, 1]))
    source = MegaDetectorResults(write(results, content))
    text = "".join(source.with_classes({(0, 0): [("fox", 0.7)]}, "x", "y"))
    assert math.isnan(json.loads(text)["images"][2]["detections"][2]["bbox"][0])


def test_steps_are_short_where_the_file_is_large(tmp_path: Path) -> None:
    images = [entry(f"{number}.jpg", found([0, 0, 0.5, 0.5])) for number in range(5000)]
    source = MegaDetectorResults(write(tmp_path / "r.json", {"images": images}))
    pieces = list(source.with_classes({(4999, 0): [("fox", 0.7)]}, "x", "y"))
    assert max(map(len, pieces)) < 40_000
    assert json.loads("".join(pieces))["images"][4999]["detections"][0]["classifications"]


# --- The command line -----------------------------------------------------------------------------


def test_from_one_file_to_the_other(
    trap: Path, results: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    crops, out = tmp_path / "crops", tmp_path / "new.json"
    given = ["crops", "make", str(results), "--images", str(trap), "--out", str(crops), "--json"]
    assert main(given) == 0
    assert json.loads(capfd.readouterr().out)["n_crops"] == 12
    lines = ["file_name,label"]
    for crop in read_manifest(crops)[1][:6]:
        lines.append(f"{crop.file},{KINDS[(int(crop.image_file[-8:-4]) + crop.detection) % 3]}")
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(lines))
    given = ["crops", "write-back", str(crops), "--labels", str(labels), "--out", str(out)]
    assert main([*given, "--effort", "instant", "--json"]) == 0
    summary = json.loads(capfd.readouterr().out)
    assert (summary["n_labels"], summary["n_predictions"]) == (6, 6)
    assert json.loads(out.read_text())["classification_categories"]
    assert main([*given, "--effort", "instant", "--json"]) == 0  # Its own file may be replaced,
    mine = write(tmp_path / "mine.json", {"info": {"classifier": "SpeciesNet"}})
    capfd.readouterr()
    assert main([*given[:-1], str(mine)]) == 1  # nobody else's.
    assert "mine.json is there already and was not written by Handful" in capfd.readouterr().err
    assert "SpeciesNet" in mine.read_text()
    assert main(["crops", "write-back", str(trap), "--out", str(out)]) == 1
    assert "holds no crops" in capfd.readouterr().err


def test_making_crops_needs_no_encoder() -> None:
    from engine.words import say
    from engine.worker import _steps_without_encoder

    command = MakeCrops(1, Path("/nowhere.json"), Path("/nowhere"), Path("/crops"))
    steps: list[Event | None] = []
    with pytest.raises(LabelsError, match="There is no folder"):
        steps += _steps_without_encoder(command, say("No encoder."))

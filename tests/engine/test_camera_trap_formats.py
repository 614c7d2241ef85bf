"""COCO Camera Traps and Camtrap DP: what is written, and what others may write."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.errors import LabelsError
from engine.interchange.formats import camtrap_dp_reader, coco_camera_traps
from engine.interchange.formats.registry import recognise
from engine.jobs.labels_out import save_labels, save_labels_alone
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    ClassId,
    ClassSpec,
    ImageId,
    ImageRef,
    LabelsSaved,
    SaveLabels,
    Snapshot,
)
from tests.engine.painted import paint_folder, snapshot_of

CLASSES = ("Vulpes vulpes", "Empty", "person", "Car", '=a "b"\n')


@pytest.fixture
def station(tmp_path: Path) -> Snapshot:
    """Seven photographs of two cameras, the last without date or label; one turned."""
    folder = tmp_path / "station"
    images = []
    for number in range(7):
        name = f"camera {number % 2}/=IMG_{number}.jpg"
        exif = Image.Exif()
        if number < 6:
            exif.get_ifd(0x8769)[0x9003] = f"2024:05:0{number + 1} 10:00:00"
        if number == 0:
            exif[0x0112] = 6
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (number * 30, 90, 90)).save(path, exif=exif)
        images.append(ImageRef(ImageId(number + 1), path, name))
    classes = tuple(ClassSpec(ClassId(n + 1), name) for n, name in enumerate(CLASSES))
    support = [(image, classes[n].class_id) for n, image in enumerate(images[:5])]
    support.append((images[5], NONE_OF_THESE))
    return Snapshot(folder, classes, tuple(support), tuple(images))


def saved(steps: Any) -> LabelsSaved:
    (event,) = [event for event in steps if isinstance(event, LabelsSaved)]
    return event


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_coco_has_classes_without_boxes(station: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "cct.json"
    event = saved(save_labels_alone(SaveLabels(1, station, out, "coco-camera-traps")))
    assert event.n_labels == 6
    content = json.loads(out.read_text())
    assert content["categories"][:2] == [
        {"id": 0, "name": "empty"},
        {"id": 1, "name": "Vulpes vulpes"},
    ]
    assert len({item["name"] for item in content["categories"]}) == 6
    assert [item["width"] for item in content["images"]][:2] == [30, 40]  # The first is turned.
    assert len(content["images"]) == 6
    assert content["annotations"][3]["category_id"] == 0
    assert not any("bbox" in item for item in content["annotations"])
    assert list(tmp_path.iterdir()).count(out) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"station", "cct.json"}


def test_camtrap_dp_parts_people_and_vehicles_from_species(
    station: Snapshot, tmp_path: Path
) -> None:
    out = tmp_path / "dp"
    event = saved(save_labels_alone(SaveLabels(1, station, out, "camtrap-dp")))
    found = rows(out / "observations.csv")
    assert [(row["observationType"], row["scientificName"]) for row in found] == [
        ("animal", "Vulpes vulpes"),
        ("human", ""),
        ("animal", '=a "b"\n'),
        ("blank", ""),
        ("vehicle", ""),
        ("unknown", ""),
    ]
    assert {row["classificationMethod"] for row in found} == {"human"}
    assert found[0]["eventStart"] == "2024-05-01T10:00:00Z"
    deployments = rows(out / "deployments.csv")
    assert [row["deploymentID"] for row in deployments] == ["camera 0", "camera 1"]
    assert deployments[0]["deploymentStart"] == "2024-05-01T10:00:00Z"
    assert deployments[0]["deploymentEnd"] == "2024-05-05T10:00:00Z"
    assert deployments[0]["latitude"] == ""
    assert rows(out / "media.csv")[0]["filePath"] == "camera 0/=IMG_0.jpg"
    package = json.loads((out / "datapackage.json").read_text())
    assert package["temporal"] == {"start": "2024-05-01", "end": "2024-05-06"}
    assert [item["scientificName"] for item in package["taxonomic"]] == [
        "Vulpes vulpes",
        '=a "b"\n',
    ]
    assert "where the cameras stood" in event.notices[0]


def test_predictions_are_the_machines(tmp_path: Path, workspace: Workspace) -> None:
    folder = tmp_path / "images"
    snapshot = snapshot_of(folder, paint_folder(folder, 4), shots=2)
    out = tmp_path / "dp"
    command = SaveLabels(1, snapshot, out, "camtrap-dp", with_predictions=True)
    event = saved(save_labels(workspace, command))
    assert (event.n_labels, event.n_predictions) == (6, 6)
    machine = [
        row for row in rows(out / "observations.csv") if row["classificationMethod"] == "machine"
    ]
    assert len(machine) == 6
    assert all(row["classifiedBy"].startswith("Handful ") for row in machine)
    assert all(0 <= float(row["classificationProbability"]) <= 1 for row in machine)
    assert "12 images do not tell when they were taken" in event.notices[1]
    read = camtrap_dp_reader.read(out)
    assert sum(item.is_machine for item in read.labels) >= 4  # Some may look like no class.


# --- What others write ----------------------------------------------------------------------------


def test_coco_with_boxes_gives_each_image_its_classes(tmp_path: Path) -> None:
    path = tmp_path / "coco.json"
    path.write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a\\b.jpg"}, {"id": 2}, "x"],
                "categories": [{"id": 5, "name": "fox"}, {"id": 6, "name": ["x"]}],
                "annotations": [
                    {"image_id": 1, "category_id": 5, "bbox": [1, 2, 3, 4]},
                    {"image_id": 1, "category_id": 5, "bbox": [9, 2, 3, 4]},
                    {"image_id": 1, "category_id": 9},
                    {"image_id": [1], "category_id": 5},
                    None,
                ],
            }
        )
    )
    assert recognise(path).key == "coco-camera-traps"
    found = coco_camera_traps.read(path)
    assert [(item.name, item.label, item.is_machine) for item in found.labels] == [
        ("a/b.jpg", "fox", False)
    ]
    assert found.notices == ("6 entries are of no known image or class and were passed over.",)


@pytest.mark.parametrize("text", ["[]", "{}", '{"images": [], "categories": 3}', "{", "null"])
def test_what_is_no_coco_ends_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "coco.json"
    path.write_text(text)
    with pytest.raises(LabelsError, match=r"coco\.json"):
        coco_camera_traps.read(path)


def package(folder: Path, media: str, observations: str) -> Path:
    folder.mkdir()
    (folder / "media.csv").write_text(media)
    (folder / "observations.csv").write_text(observations)
    return folder


def test_camtrap_dp_of_others(tmp_path: Path) -> None:
    folder = package(
        tmp_path / "dp",
        "mediaID,filePath,fileName\n"
        "m1,https://example.org/1/file,a.jpg\nm2,../b.jpg,b.jpg\nm3,c.jpg,c.jpg\n",
        "observationID,mediaID,observationLevel,observationType,scientificName,"
        "classificationMethod\n"
        "1,m1,media,animal,Vulpes vulpes,human\n2,m1,media,animal,Vulpes vulpes,human\n"
        "3,m2,media,blank,,machine\n4,m3,media,unclassified,,\n5,,event,animal,Cervus,human\n"
        "6,m9,media,human,,human\n",
    )
    assert recognise(folder).key == "camtrap-dp"
    assert recognise(folder / "observations.csv").key == "camtrap-dp"
    found = camtrap_dp_reader.read(folder)
    assert [(item.name, item.label, item.is_machine, item.path) for item in found.labels] == [
        ("a.jpg", "Vulpes vulpes", False, None),
        ("../b.jpg", "blank", True, None),  # Never taken for a place.
    ]
    assert len(found.notices) == 2


@pytest.mark.parametrize(
    ("media", "observations", "said"),
    [
        ("a,b\n", "c\n", "has no column “mediaID”"),
        ("mediaID,filePath\n", "x\n", "has no column “mediaID”"),
        ("", "", "has no column"),
        ("mediaID,filePath\n", 'mediaID,observationType\n"' + "x" * 200_000, "is no CSV"),
    ],
)
def test_damaged_packages_end_in_a_sentence(
    tmp_path: Path, media: str, observations: str, said: str
) -> None:
    with pytest.raises(LabelsError, match=said):
        camtrap_dp_reader.read(package(tmp_path / "dp", media, observations))


def test_results_of_megadetector_are_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "md.json"
    path.write_text('{"images": [{"file": "a.jpg", "detections": []}]}')
    with pytest.raises(LabelsError, match="no format that Handful knows"):
        recognise(path)

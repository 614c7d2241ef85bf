"""Labels of other programs: read, matched with the project's images, planned, taken in."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import ClassNameError, EngineError, LabelsError
from engine.images import find_images
from engine.interchange.formats.registry import FORMATS, format_of_key
from engine.interchange.label_import import import_change, plan_import, unmatched_table
from engine.interchange.reading import read_json
from engine.jobs.labels_in import read_labels
from engine.jobs.labels_out import save_labels_alone
from engine.messages import (
    NONE_OF_THESE,
    FoundBy,
    FoundFile,
    ImageRef,
    LabelsRead,
    Progress,
    ReadLabels,
    SaveLabels,
    WhyUnmatched,
)
from engine.project import Change, Project
from tests.engine.painted import noise

NAMES = ("a.png", "sub/b.png", "sub/deep/c.png", "Été 1.png", "other/b.png", "d & e.png")
LABELS = {"a.png": "fox", "sub/b.png": "none of these", "sub/deep/c.png": "elk", "Été 1.png": "fox"}


class Den:
    """A project of six different images, and what is read for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for number, name in enumerate(NAMES):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            noise(seed=number).save(path)
        self.project = Project.create(folder / "den.handful", folder)
        found = [item for item in find_images(folder) if isinstance(item, FoundFile)]
        self.project.add_images(found)

    def images(self) -> tuple[ImageRef, ...]:
        return tuple(
            ImageRef(item.image_id, self.project.path_of(item.name), item.name)
            for item in self.project.images()
        )

    def read(self, path: Path, format_key: str = "") -> LabelsRead:
        events = list(read_labels(ReadLabels(7, path, format_key, self.folder, self.images())))
        assert isinstance(events[0], Progress)
        assert isinstance(events[-1], LabelsRead)
        assert events[-1].request_id == 7
        return events[-1]

    def said(self, read: LabelsRead) -> dict[str, str]:
        """Labels by the names of images."""
        names = {int(image.image_id): image.name for image in self.images()}
        return {
            names[image]: str(read.names[number])
            for image, number in zip(read.image_ids.tolist(), read.numbers.tolist(), strict=True)
        }

    def take(self, read: LabelsRead, **choices: bool) -> Change:
        """Import; return the change that undoes it."""
        plan = plan_import(read, self.project.labels(), self.project.classes(), **choices)
        assert not plan.refusal
        return self.project.apply(import_change(plan, self.project))

    def label(self, labels: Mapping[str, str]) -> None:
        """Label images as a person did, making the classes."""
        names = list(dict.fromkeys(name for name in labels.values() if name != "none of these"))
        known = {item.name for item in self.project.classes()}
        made = self.project.new_classes([name for name in names if name not in known])
        ids = {item.name: item.class_id for item in (*self.project.classes(), *made)}
        ids["none of these"] = NONE_OF_THESE
        images = {image.name: image.image_id for image in self.images()}
        given = {images[name]: ids[label] for name, label in labels.items()}
        self.project.apply(Change("Label", given, tuple(made)))

    def labels(self) -> dict[str, str]:
        names = {item.class_id: item.name for item in self.project.classes()}
        names[NONE_OF_THESE] = "none of these"
        images = {image.image_id: image.name for image in self.images()}
        return {images[image]: names[label] for image, label in self.project.labels().items()}


@pytest.fixture
def den(tmp_path: Path) -> Den:
    return Den(tmp_path / "den")


def as_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def why(read: LabelsRead) -> dict[str, WhyUnmatched]:
    return {item.name: item.why for item in read.unmatched}


# --- What Handful writes comes back ---------------------------------------------------------------


@pytest.mark.parametrize("key", [item.key for item in FORMATS if item.write is not None])
@pytest.mark.parametrize("is_zipped", [False, True])
def test_what_is_written_comes_back(den: Den, tmp_path: Path, key: str, is_zipped: bool) -> None:
    den.label(LABELS)
    out = tmp_path / f"out{format_of_key(key).suffix}"
    list(save_labels_alone(SaveLabels(1, den.project.snapshot(), out, key)))
    if is_zipped:
        out = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path, out.name))
    other = Den(tmp_path / "another")
    read = other.read(out)
    assert read.format_title == next(item.title for item in FORMATS if item.key == key)
    assert read.unmatched == ()
    other.take(read)
    assert {name: label.casefold() for name, label in other.labels().items()} == LABELS


# --- What others write ----------------------------------------------------------------------------


def choice(*labels: str, control: str = "choice") -> dict[str, Any]:
    value = {"choices": list(labels)}
    return {"type": "choices", "from_name": control, "to_name": "image", "value": value}


def task(image: str, *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"data": {"image": image}, "annotations": [{"result": list(results)}], **more}


def test_label_studio(den: Den, tmp_path: Path) -> None:
    cancelled = {"result": [choice("wrong")], "was_cancelled": True}
    tasks = [
        task("/data/local-files/?d=den%2Fa.png", choice("fox"), choice("day", control="time")),
        task("/data/upload/3/0f3c9a12-Été_1.png", choice("elk")),
        task("http://localhost:8080/data/upload/3/0f3c9a12-d__e.png", choice("elk")),
        {
            "data": {"image": "s3://bucket/sub/deep/c.png"},
            "annotations": [cancelled],
            "predictions": [{"result": [choice("fox")], "score": 0.9}],
        },
        task("s3://bucket/other/b.png", choice("fox", "elk")),
        task("s3://bucket/somewhere/b.png", choice("fox")),
        {"data": {"text": "no image"}, "annotations": []},
    ]
    read = den.read(as_json(tmp_path / "export.json", tasks))
    assert read.format_title == "Label Studio"
    assert den.said(read) == {
        "a.png": "fox",
        "Été 1.png": "elk",
        "d & e.png": "elk",
        "sub/deep/c.png": "fox",
    }
    assert [bool(item) for item in read.is_predicted] == [False, False, False, True]
    assert why(read) == {
        "s3://bucket/other/b.png": WhyUnmatched.LABELS,
        "s3://bucket/somewhere/b.png": WhyUnmatched.NOWHERE,
    }
    assert read.unmatched[-1].where == "task 5"
    told = " ".join(read.notices)
    assert "those of time were passed over" in told
    assert "1 tasks have no image" in told
    den.take(read)
    assert "sub/deep/c.png" not in den.labels()  # Nobody asked for what a machine said.
    den.take(read, with_predictions=True)
    assert den.labels()["sub/deep/c.png"] == "fox"


@pytest.mark.parametrize("form", ["json-min", "csv", "tsv"])
def test_flat_exports_of_label_studio(den: Den, tmp_path: Path, form: str) -> None:
    rows = [
        {"image": "/data/local-files/?d=den/a.png", "id": 1, "animal": "fox"},
        {"image": "/data/upload/1/aaaaaaaa-c.png", "id": 2, "animal": {"choices": ["elk", "fox"]}},
        {"image": "/data/upload/1/bbbbbbbb-c.png", "id": 3, "animal": "elk"},
    ]
    about = {"annotator": 1, "annotation_id": 9, "lead_time": 2.5}
    if form == "json-min":
        path = as_json(tmp_path / "min.json", [row | about for row in rows])
    else:
        path = tmp_path / f"min.{form}"
        mark = "," if form == "csv" else "\t"
        quoted = ['"image"', '"id"', '"animal"', '"annotation_id"', '"annotator"']
        lines = [mark.join(quoted)]
        for row in rows:
            animal = row["animal"]
            said = animal if isinstance(animal, str) else json.dumps(animal).replace('"', '""')
            lines.append(mark.join([f'"{row["image"]}"', str(row["id"]), f'"{said}"', "9", "1"]))
        path.write_text("\n".join(lines), encoding="utf-8")
    read = den.read(path)
    assert read.format_title == "Label Studio"
    assert den.said(read) == {"a.png": "fox"}
    assert set(why(read).values()) == {WhyUnmatched.CONTESTED}  # Two uploads of one name.


def test_fiftyone_without_its_images(den: Den, tmp_path: Path) -> None:
    labels = {
        "sub/b": 0,
        "sub/deep/c": {"label": "elk", "confidence": None},
        "Été 1": {"label": 1, "confidence": 0.7},
        "other/b": None,
        "a": [0, 1],
        "d & e": 9,
    }
    path = as_json(tmp_path / "labels.json", {"classes": ["fox", "elk"], "labels": labels})
    read = den.read(path)
    assert read.format_title == "FiftyOne"
    assert den.said(read) == {"sub/b.png": "fox", "sub/deep/c.png": "elk", "Été 1.png": "elk"}
    assert read.is_predicted.tolist() == [False, False, True]
    assert set(why(read)) == {"a"}
    assert read.notices == ("1 labels are no classes of the file and were passed over.",)


def test_labelme_beside_the_images_of_the_project(den: Den) -> None:
    def beside(name: str, **content: Any) -> None:
        path = den.folder / name
        as_json(path.with_suffix(".json"), {"shapes": [], "imagePath": path.name} | content)

    beside("a.png", flags={"fox": True, "elk": False})
    beside("sub/b.png", flags={}, shapes=[{"label": "elk"}, {"label": "elk"}])
    beside("sub/deep/c.png", flags={}, shapes=[{"label": "elk"}, {"label": "fox"}])
    beside("other/b.png", flags={"fox": True, "elk": True})
    read = den.read(den.folder)
    assert read.format_title == "labelme"
    assert den.said(read) == {"a.png": "fox", "sub/b.png": "elk"}
    assert why(read) == {"other/b.png": WhyUnmatched.LABELS}
    assert "1 images have no flag" in read.notices[0]
    assert den.said(den.read(den.folder / "a.json")) == {"a.png": "fox"}


def test_folders_of_classes_that_are_the_projects_own(den: Den) -> None:
    read = den.read(den.folder)
    assert read.format_title == "ImageFolder"
    assert den.said(read) == {
        "sub/b.png": "sub",
        "sub/deep/c.png": "sub",
        "other/b.png": "other",
    }
    assert read.found_by == ((FoundBy.PATH, 3),)


def test_copies_in_folders_of_classes_are_found_by_their_content(den: Den, tmp_path: Path) -> None:
    for split, label, name, new in (
        ("train", "fox", "a.png", "0001.png"),
        ("test", "elk", "other/b.png", "b.png"),  # Of that name there are two.
        ("train", "fox", "sub/deep/c.png", "deep__c.png"),
    ):
        place = tmp_path / "set" / split / label / new
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(den.folder / name, place)
    noise(seed=99).save(tmp_path / "set" / "train" / "fox" / "stranger.png")
    read = den.read(tmp_path / "set")
    assert den.said(read) == {"a.png": "fox", "other/b.png": "elk", "sub/deep/c.png": "fox"}
    assert read.found_by == ((FoundBy.CONTENT, 3),)
    assert why(read) == {"train/fox/stranger.png": WhyUnmatched.NOWHERE}


def test_lobe(den: Den, tmp_path: Path) -> None:
    lobe = tmp_path / "lobe"
    blobs = lobe / "data" / "blobs"
    blobs.mkdir(parents=True)
    as_json(lobe / "project.json", {"id": "1", "meta": {"name": "den"}})
    shutil.copy(den.folder / "sub/b.png", blobs / "cafe01")
    (tmp_path / "secret").write_bytes(b"no image")
    connection = sqlite3.connect(lobe / "db.sqlite")
    connection.execute("CREATE TABLE example_images (example_id TEXT, hash TEXT)")
    connection.execute("CREATE TABLE example_labels (example_id TEXT, label TEXT)")
    images = [("1", "cafe01"), ("2", "../../secret"), ("3", "cafe03")]
    connection.executemany("INSERT INTO example_images VALUES (?, ?)", images)
    labels = [("1", "fox"), ("2", "fox")]
    connection.executemany("INSERT INTO example_labels VALUES (?, ?)", labels)
    connection.commit()
    connection.close()
    before = sorted(path.name for path in lobe.iterdir())
    read = den.read(lobe)
    assert (read.format_title, den.said(read)) == ("Lobe", {"sub/b.png": "fox"})
    assert read.unmatched == ()  # A step upwards is no image of Lobe's, and is not looked at.
    assert sorted(path.name for path in lobe.iterdir()) == before


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ("TABLE example_labels AS SELECT '1' example_id, CAST(x'97' AS TEXT) label", "UTF-8"),
        ("VIEW example_labels AS SELECT '1' example_id, 'fox' label", "what should be tables is"),
    ],
)
def test_a_data_base_that_is_not_lobe_s_is_refused_in_a_sentence(
    den: Den, tmp_path: Path, labels: str, reason: str
) -> None:
    lobe = tmp_path / "lobe"
    lobe.mkdir()
    as_json(lobe / "project.json", {"id": "1", "meta": {"name": "den"}})
    with closing(sqlite3.connect(lobe / "db.sqlite")) as connection:
        connection.execute("CREATE TABLE example_images AS SELECT '1' example_id, 'cafe01' hash")
        connection.execute(f"CREATE {labels}")
        connection.commit()
    with pytest.raises(LabelsError, match=f"could not be read as a project of Lobe: .*{reason}"):
        den.read(lobe)


@pytest.mark.parametrize("form", ["{label}/{number}.png", "{label}-!-{number}.png"])
def test_teachable_machine(den: Den, tmp_path: Path, form: str) -> None:
    path = tmp_path / "project.tm"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"type": "image", "version": "2.4"}))
        for number, (name, label) in enumerate({"a.png": "Fox 1", "sub/b.png": "Elk"}.items()):
            archive.write(den.folder / name, form.format(label=label, number=number))
    read = den.read(path)
    assert read.format_title == "Teachable Machine"
    assert den.said(read) == {"a.png": "Fox 1", "sub/b.png": "Elk"}


def test_lines_of_json_and_tables_with_other_columns(den: Den, tmp_path: Path) -> None:
    lines = [{"file_name": "a.png", "label": 3}, {"file_name": "sub/b.png", "label": None}]
    path = tmp_path / "table.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert den.said(den.read(path)) == {"a.png": "3"}
    wide = tmp_path / "wide.csv"
    wide.write_text("filename\tclass\nsub\\b.png\tFüchse\nA.PNG\tfox\n", encoding="utf-16")
    read = den.read(wide)
    assert den.said(read) == {"sub/b.png": "Füchse", "a.png": "fox"}
    assert dict(read.found_by) == {FoundBy.PATH: 1, FoundBy.SPELLING: 1}


# --- Which image is meant -------------------------------------------------------------------------


def table(path: Path, *rows: tuple[str, str]) -> Path:
    path.write_text("file_name,label\n" + "".join(f'"{a}","{b}"\n' for a, b in rows), "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "image", "way"),
    [
        ("sub/deep/c.png", "sub/deep/c.png", FoundBy.PATH),
        ("./sub/deep/c.png", "sub/deep/c.png", FoundBy.PATH),
        ("sub\\deep\\c.png", "sub/deep/c.png", FoundBy.PATH),
        ("{folder}/sub/b.png", "sub/b.png", FoundBy.PATH),
        ("file://{folder}/sub/b.png", "sub/b.png", FoundBy.PATH),
        ("SUB/B.png", "sub/b.png", FoundBy.SPELLING),
        ("E\u0301te\u0301 1.png", "Été 1.png", FoundBy.SPELLING),
        ("C:\\Users\\me\\den\\other\\b.png", "other/b.png", FoundBy.ENDING),
        ("/elsewhere/sub/deep/c.png", "sub/deep/c.png", FoundBy.ENDING),
        ("deep/c.png", "sub/deep/c.png", FoundBy.ENDING),
        ("../den/a.png", "a.png", FoundBy.ENDING),
        ("https://x.org/den/d%20%26%20e.png?size=3", "d & e.png", FoundBy.ENDING),
    ],
)
def test_ways_to_write_a_name(
    den: Den, tmp_path: Path, name: str, image: str, way: FoundBy
) -> None:
    path = table(tmp_path / "labels.csv", (name.format(folder=den.folder.as_posix()), "fox"))
    read = den.read(path)
    assert den.said(read) == {image: "fox"}
    assert read.found_by == ((way, 1),)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("b.png", WhyUnmatched.SEVERAL),
        ("unknown/a.jpg", WhyUnmatched.NOWHERE),
        ("nowhere/b.png", WhyUnmatched.NOWHERE),
        ("../../etc/passwd", WhyUnmatched.NOWHERE),
        ("//server/share/x.png", WhyUnmatched.NOWHERE),
        ("\\\\server\\share\\x.png", WhyUnmatched.NOWHERE),
        ("/dev/zero", WhyUnmatched.NOWHERE),
        ("http://[broken/x.png", WhyUnmatched.NOWHERE),
        ("nul\u0000?.png", WhyUnmatched.NOWHERE),
    ],
)
def test_names_that_are_not_guessed(
    den: Den, tmp_path: Path, name: str, reason: WhyUnmatched
) -> None:
    lines = tmp_path / "labels.jsonl"
    lines.write_text(json.dumps({"file_name": name, "label": "fox"}), "utf-8")
    read = den.read(lines)
    assert den.said(read) == {}
    assert [item.why for item in read.unmatched] == [reason]


def test_the_same_image_elsewhere_is_found_by_its_content(den: Den, tmp_path: Path) -> None:
    shutil.copy(den.folder / "other/b.png", tmp_path / "DSC_1.png")
    path = table(tmp_path / "labels.csv", (str(tmp_path / "DSC_1.png"), "fox"))
    assert den.said(den.read(path)) == {"other/b.png": "fox"}


def test_two_names_that_end_alike_are_not_guessed(den: Den, tmp_path: Path) -> None:
    path = table(
        tmp_path / "labels.csv",
        ("/cards/1/a.png", "fox"),
        ("/cards/2/a.png", "elk"),
        ("sub/deep/c.png", "fox"),
        ("/old/sub/deep/c.png", "elk"),
    )
    read = den.read(path)
    assert den.said(read) == {"sub/deep/c.png": "fox"}
    assert set(why(read).values()) == {WhyUnmatched.CONTESTED}
    saved = unmatched_table(read.unmatched).decode("utf-8-sig").splitlines()
    assert saved[0] == "file_name,label,place,reason"
    assert saved[1] == ("/cards/1/a.png,fox,line 2,another name in the file means the same image")


# --- The plan, and the one step -------------------------------------------------------------------


def test_a_plan_tells_all_and_the_import_is_one_step(den: Den, tmp_path: Path) -> None:
    den.label({"a.png": "fox", "sub/b.png": "fox"})
    path = table(
        tmp_path / "labels.csv",
        ("a.png", "FOX"),
        ("sub/b.png", "elk"),
        ("other/b.png", "Hare"),
        ("d & e.png", "hare"),
        ("Été 1.png", "None of these"),
    )
    read = den.read(path)
    known = den.project.labels(), den.project.classes()
    plan = plan_import(read, *known)
    assert (len(plan.new), len(plan.changing), plan.n_equal, plan.n_taken) == (3, 1, 1, 3)
    assert plan.fresh == ("Hare",)  # “elk” is not needed where mine is kept.
    assert plan_import(read, *known, is_replacing=True).fresh == ("elk", "Hare")
    before = den.labels()
    undo = den.take(read, is_replacing=True)
    assert undo.action == "Import 4 labels"
    assert den.labels() == {
        "a.png": "fox",
        "sub/b.png": "elk",
        "other/b.png": "Hare",
        "d & e.png": "Hare",
        "Été 1.png": "none of these",
    }
    den.project.apply(undo)
    assert den.labels() == before
    assert [item.name for item in den.project.classes()] == ["fox"]


def test_a_machines_label_never_counts_against_a_persons(den: Den, tmp_path: Path) -> None:
    den.label({"a.png": "fox"})
    path = tmp_path / "t.csv"
    path.write_text(
        "file_name,label,label_source\na.png,elk,machine\nsub/b.png,elk,machine\n", "utf-8"
    )
    read = den.read(path)
    known = den.project.labels(), den.project.classes()
    assert plan_import(read, *known).n_taken == 0
    plan = plan_import(read, *known, with_predictions=True, is_replacing=True)
    assert (plan.n_predicted, len(plan.new), len(plan.changing)) == (1, 1, 0)


# --- Hostile files --------------------------------------------------------------------------------


def _nested(path: Path) -> Path:
    path.write_text('[{"annotations": ' + "[" * 100_000, "utf-8")
    return path


def _bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fox/a.png", bytes(50_000_000))
    return path


def _escaping(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../fox/a.png", b"x")
    return path


def _cut(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fox/a.png", os.urandom(50_000))
    content = bytearray(path.read_bytes())
    content[200:400] = bytes(200)
    path.write_bytes(content)
    return path


def _text(content: str | bytes) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("a.csv", _text("path;colour\nx;y\n"), "holds labels of no format"),
        ("a.csv", _text(b"file_name,label\nb\xfccher.png,fox\n"), "not a text file in UTF-8"),
        ("a.csv", _text("file_name,label\nx\0.png,fox\n"), "not a text file in UTF-8"),
        ("a.csv", _text("file_name,label\n" + '"' + "x" * 200_000), "this is no CSV"),
        ("a.json", _text('{"classes": ["x"], "labels": {"a": 0, "a": 1}}'), "“a” twice"),
        ("a.json", _text('{"classes": [], "labels": [1]}'), "has no “labels”"),
        ("a.json", _text('[{"annotations": []}, '), "is not JSON, or it is damaged"),
        ("a.json", _text('[{"annotations": [], "data": {}}]'), "no labels"),
        ("a.json", _nested, "is not JSON, or it is damaged"),
        ("a.jsonl", _text('{"file_name": "a.png"}\n{]\n'), "line 2: this is no JSON"),
        ("a.jsonl", _text('{"file_name": "a.png", "label": true}'), "gives no image a “label”"),
        ("a.zip", _bomb, "as no honest file does"),
        ("a.zip", _escaping, "outside of its place"),
        ("a.zip", _cut, "is not a zip file, or it is damaged"),
        ("a.bin", _text(b"\x89PNG"), "holds labels of no format"),
    ],
)
def test_hostile_files_end_in_one_sentence(
    den: Den, tmp_path: Path, name: str, make: Callable[[Path], Path], sentence: str
) -> None:
    path = make(tmp_path / name)
    with pytest.raises(LabelsError) as raised:
        den.read(path)
    assert sentence in str(raised.value)
    assert "handful-" not in str(raised.value)  # Not where it was unpacked.
    assert den.labels() == {}


def test_labels_that_are_no_names_are_told(den: Den, tmp_path: Path) -> None:
    path = tmp_path / "odd.json"
    path.write_text(
        '{"classes": ["x"], "labels": {"a": NaN, "sub/b": Infinity, "other/b": {"label": []}, '
        f'"sub/deep/c": "{"long " * 100}", "d & e": "\u200b", "Été 1": "\u202efox\u202c  1"}}}}',
        "utf-8",
    )
    read = den.read(path)
    assert den.said(read) == {"Été 1.png": "fox 1"}
    assert set(why(read).values()) == {WhyUnmatched.NAME}
    assert len(read.unmatched) == 2
    assert read.notices == ("2 labels are no classes of the file and were passed over.",)


def test_half_a_letter_is_no_name_and_the_rest_is_taken(den: Den, tmp_path: Path) -> None:
    halves = {"a": "\ud800", "sub/b": "fox \udfff", "sub/deep/c": "elk", "\ud801": "elk"}
    path = as_json(tmp_path / "l.json", {"classes": [*set(halves.values())], "labels": halves})
    read = den.read(path)
    assert den.said(read) == {"sub/deep/c.png": "elk"}
    assert why(read) == {
        "a": WhyUnmatched.NAME,
        "sub/b": WhyUnmatched.NAME,
        "\ud801": WhyUnmatched.NOWHERE,
    }
    assert b"fox \\udfff" in unmatched_table(read.unmatched)
    den.take(read)
    assert den.labels() == {"sub/deep/c.png": "elk"}


def test_the_project_itself_refuses_half_a_letter(den: Den) -> None:
    with pytest.raises(ClassNameError, match=r"be called “fox \?”: a letter of it is no text"):
        den.label({"a.png": "fox \ud800"})
    assert den.labels() == {}


def test_a_name_that_is_there_twice_among_many_is_found_in_one_pass(tmp_path: Path) -> None:
    count = 200_000  # Compared each with each they take ten minutes.
    pairs = ",".join(f'"{number}":0' for number in range(count))
    path = tmp_path / "many.json"
    path.write_text(f'{{{pairs},"{count - 1}":0}}')
    with pytest.raises(LabelsError, match=f"“{count - 1}” twice in one place"):
        read_json(path)


def test_ten_thousand_classes_are_refused_in_one_sentence(den: Den, tmp_path: Path) -> None:
    read = den.read(table(tmp_path / "l.csv", ("a.png", "fox")))
    numbers = np.arange(10_000)
    many = replace(
        read,
        names=tuple(f"class {number}" for number in numbers),
        image_ids=numbers + 1,
        numbers=numbers,
        is_predicted=np.zeros(10_000, np.bool_),
    )
    plan = plan_import(many, {}, [])
    assert plan.refusal == "l.csv would make 10,000 classes; a project may have 1,000."


def test_nobody_waits_for_a_job_that_was_closed(den: Den, tmp_path: Path) -> None:
    steps = read_labels(
        ReadLabels(1, table(tmp_path / "l.csv", ("a.png", "x")), "", den.folder, den.images())
    )
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    with pytest.raises(EngineError, match="no file or folder"):
        den.read(tmp_path / "gone.csv")


def test_a_table_of_others_is_read_whatever_parts_its_columns(tmp_path: Path) -> None:
    from engine.interchange.formats import label_table

    table = tmp_path / "theirs.csv"
    for mark in ",;\t":
        table.write_text(
            f'\ufeffFilename{mark}Note{mark}Class\r\n"./=1, 2; 3.png"{mark}{mark}fox\r\n'
            f' a.png{mark}{mark}"\'=elk"\r\n',
            "utf-8",
            newline="",
        )
        assert label_table.recognises(table)
        found = [(item.name, item.label) for item in label_table.read(table).labels]
        assert found == [("=1, 2; 3.png", "fox"), (" a.png", "=elk")]
    table.write_text("a,b\n1,2\n")
    assert not label_table.recognises(table)

"""What is fuzzed: each reader of files from elsewhere, as a function of bytes.

A reader may refuse with its one sentence (:class:`engine.errors.EngineError`); anything else that
it raises is a finding, and so are a crash, more than five seconds and more than a gigabyte.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import shutil
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from PIL import Image

from engine.bundle.place import models_in
from engine.bundle.start import read_start
from engine.bundle.support import KeptSupport
from engine.class_list import read_class_list
from engine.encoder.catalogue import list_encoders
from engine.encoder.description import Encoder
from engine.encoder.encoder_file import open_encoder, save_encoder
from engine.errors import EngineError
from engine.interchange.foreign_labels import read_and_match
from engine.interchange.formats.megadetector import MegaDetectorResults
from engine.interchange.growing_table import GrowingTable
from engine.interchange.metadata import journal as metadata_journal
from engine.interchange.metadata.embedded import exchange
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.packet import PacketError, keywords_in, merge
from engine.interchange.records import Record, Results
from engine.interchange.sorting import journal as sorting_journal
from engine.interchange.sorting import trust
from engine.jobs.exported_model import ExportedModel
from engine.jobs.replacing import check_table
from engine.jobs.sorting import carry_out, planned
from engine.messages import (
    ClassId,
    FoundFile,
    ImageId,
    ImageRef,
    ReadLabels,
    SortChoice,
    SortHow,
    TableFormat,
)
from engine.project import Change, Project
from engine.sources import SnapshotBuilder
from tests.engine.onnx_models import small_model

_NAMES: Final = ("fox.jpg", "sub/hare.jpg", "deer.jpg")
_KEYWORD: Final = Keyword("fox & co", is_human=True)


# On memory where there is some: a project is synced to disk at every change.
SCRATCH: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
Mutator = Callable[[bytes, Random], bytes]
"""Knows the structure of a file, which flipped bits only break; ValueError where it has none."""


@dataclass(frozen=True, slots=True)
class Reader:
    """``read(content, folder)`` is given an empty folder to put the file into."""

    name: str
    read: Callable[[bytes, Path], None]
    seeds: Callable[[Path], Sequence[bytes]]
    longest_bytes: int = 1 << 14
    mutate: Mutator | None = None


# --- JSON, which flipped bits only break ----------------------------------------------------------

_ODD: Final = (
    *(None, True, -1, 0, 1, 2**63, 10**400, 0.5, 1e308, float("inf"), float("nan")),
    *("", "fox", "x" * 300, "\0", "\ud800", "../../etc/passwd", "fox.jpg", "{", "[[]]", "1"),
    *([], {}, [[]], [None], {"": None}),
)


def mutated_json(text: bytes, random: Random) -> bytes:
    """The same with a member gone, doubled, exchanged for another or for something odd."""
    root = [json.loads(text)]
    places: list[tuple[Any, Any]] = []
    pending: list[Any] = [root]
    while pending:
        item = pending.pop()
        inner = item.items() if isinstance(item, dict) else enumerate(item)
        for key, value in inner:
            places.append((item, key))
            if isinstance(value, dict | list):
                pending.append(value)
    for _ in range(random.randint(1, 3)):
        holder, key = random.choice(places)
        other, name = random.choice(places)
        with contextlib.suppress(KeyError, IndexError):  # It is gone already.
            match random.randrange(5):
                case 0:
                    holder[key] = random.choice(_ODD)
                case 1:
                    holder[key] = copy.deepcopy(other[name])
                case 2:
                    holder[key] = [copy.deepcopy(holder[key])] * random.randint(1, 3)
                case 3 if holder is not root:
                    del holder[key]
                case _:
                    if isinstance(holder, dict):
                        holder[random.choice(("", "id", "label", str(name)))] = holder[key]
                    elif isinstance(holder[key], str):
                        # Texts that hold JSON again, as descriptions in headers do.
                        with contextlib.suppress(ValueError):
                            text_inside = holder[key].encode(errors="ignore")
                            holder[key] = mutated_json(text_inside, random).decode()
    return json.dumps(root[0]).encode()


def _mutated_choice(content: bytes, random: Random) -> bytes:
    first, mark, second = content[1:].partition(b"\0\0")
    return content[:1] + mutated_json(first, random) + mark + second


def _mutated_lines(content: bytes, random: Random) -> bytes:
    lines = content.split(b"\n")
    number = random.randrange(len(lines))
    lines[number] = mutated_json(lines[number], random)
    return b"\n".join(lines)


def _mutated_header(content: bytes, random: Random) -> bytes:
    """Of a safetensors file; half of the time also within the texts of its metadata."""
    length = int.from_bytes(content[:8], "little")
    described, rest = content[8 : 8 + length], content[8 + length :]
    header = json.loads(described)
    texts = header.get("__metadata__") if isinstance(header, dict) else None
    if isinstance(texts, dict) and texts and random.random() < 0.5:
        key = random.choice(list(texts))
        texts[key] = mutated_json(str(texts[key]).encode(), random).decode()
        made = json.dumps(header).encode()
    else:
        made = mutated_json(described, random)
    return len(made).to_bytes(8, "little") + made + rest


# --- Projects -------------------------------------------------------------------------------------


def _read_project(content: bytes, folder: Path) -> None:
    path = folder / "p.handful"
    path.write_bytes(content)
    with contextlib.suppress(EngineError):
        _use(Project.open(path))


def _use(project: Project) -> None:
    """Look at everything, and change something."""
    try:
        known = project.images_after(ImageId(0), 100)
        project.images(), project.classes(with_removed=True), project.labels(), project.set_aside()
        project.snapshot()
        added = project.new_class("hawk")
        change = project.relabel([item.image_id for item in known.images], added.class_id)
        undo = project.apply(Change(change.action, change.labels, (added,)))
        project.apply(undo)
        project.carry_labels(all_known=True)
    finally:
        project.close()


def _project_seeds(folder: Path) -> list[bytes]:
    """Small ones: the pages of a file that holds nothing twice are what is to be turned over."""
    path = folder / "seed.handful"
    with contextlib.closing(Project.create(path, folder)) as project:
        images = project.add_images([FoundFile(name, 10, 20) for name in _NAMES])
        project.record_contents({images[0].image_id: b"x" * 16})
        fox = project.new_class("fox")
        project.apply(Change("add", {images[0].image_id: fox.class_id}, (fox,)))
        project.apply(Change("note", {}, (), set_aside={images[1].image_id: True}))
        project.apply(project.relabel([images[2].image_id], ClassId(-1)))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA page_size = 512")
        connection.execute("VACUUM")
    return [path.read_bytes()]


def _read_project_rows(content: bytes, folder: Path) -> None:
    """A well-formed project whose rows say what they like: an operation for every few bytes."""
    path = folder / "p.handful"
    _ROWS_SEED.setdefault("project", _project_seeds(folder)[0])
    path.write_bytes(_ROWS_SEED["project"])
    stream = iter(content)

    def take() -> int:
        return next(stream, 0)

    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema")]
        for _ in range(1 + take() % 6):
            table = tables[take() % len(tables)]
            kind = take() % 4
            with contextlib.suppress(sqlite3.Error, sqlite3.Warning):
                if kind == 0:
                    connection.execute(f'DROP TABLE "{table}"')
                    continue
                columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
                if not columns:
                    continue
                column = columns[take() % len(columns)]
                values = (take() - 128, 2 ** (take() % 63), "", "x" * take(), None, b"\0" * 16)
                text = bytes(itertools.islice(stream, 24)).decode(errors="replace")
                value = (*values, text, "../../etc/passwd", "[]", '{"a": 1}')[take() % 10]
                where = "" if kind == 1 else " WHERE rowid = (SELECT min(rowid) FROM TABLE_)"
                connection.execute("PRAGMA ignore_check_constraints = ON")
                connection.execute(
                    f'UPDATE "{table}" SET "{column}" = ?{where}'.replace("TABLE_", f'"{table}"'),
                    (value,),
                )
        with contextlib.suppress(sqlite3.Error):
            connection.commit()
    with contextlib.suppress(EngineError):
        _use(Project.open(path))


def _row_seeds(_: Path) -> list[bytes]:
    return [bytes(range(start, start + 40)) for start in (0, 90)]


_ROWS_SEED: dict[str, bytes] = {}

# --- Tables, labels in JSON -----------------------------------------------------------------------


def _images(folder: Path) -> tuple[ImageRef, ...]:
    numbered = enumerate(_NAMES, start=1)
    return tuple(ImageRef(ImageId(number), folder / name, name) for number, name in numbered)


def _read_labels(path: Path, format_key: str, folder: Path) -> None:
    command = ReadLabels(1, path, format_key, folder, _images(folder))
    with contextlib.suppress(EngineError):
        read_and_match(command, lambda done, total: None)


def _read_csv(content: bytes, folder: Path) -> None:
    path = folder / "labels.csv"
    path.write_bytes(content)
    for format_key in ("", "csv", "labelstudio"):
        _read_labels(path, format_key, folder)
    inside = folder / "labels"
    inside.mkdir()
    (inside / "metadata.csv").write_bytes(content)
    _read_labels(inside, "huggingface", folder)
    with contextlib.suppress(EngineError):
        SnapshotBuilder().add_labels(path, folder)
    with contextlib.suppress(EngineError):
        read_class_list(path)


def _csv_seeds(_: Path) -> list[bytes]:
    table = "file_name,label,confidence,label_source\nfox.jpg,fox,0.9,human\ndeer.jpg,deer,,\n"
    return [
        table.encode(),
        table.replace(",", ";").encode("utf-16"),
        b'\xef\xbb\xbfimage\tspecies\r\n"sub/ha""re.jpg"\t\'=1+1\r\n',
        b"class\nfox\nhare\n",
        b"annotation_id,annotator,image,choice\n1,2,fox.jpg,fox\n2,2,deer.jpg,{}\n",
    ]


_JSON_FORMATS: Final = (
    "labelstudio",
    "fiftyone",
    "huggingface",
    "coco-camera-traps",
    "camtrap-dp",
    "labelme",
    "lobe",
    "teachablemachine",
)


def _read_json(content: bytes, folder: Path) -> None:
    """The first byte chooses the format; folders of several files have them all alike."""
    chosen, content = content[:1] or b"\0", content[1:]
    number = chosen[0] % (len(_JSON_FORMATS) + 2)
    if number == len(_JSON_FORMATS):
        path = folder / "detections.json"
        path.write_bytes(content)
        with contextlib.suppress(EngineError):
            found = MegaDetectorResults(path)
            list(found.images())
            b"".join(text.encode() for text in found.with_classes({}, "x", "2026"))
        return
    inside = folder / "labels"
    inside.mkdir()
    first, _, second = content.partition(b"\0\0")
    for name in ("labels.json", "tasks.json", "project.json", "manifest.json", "fox.json"):
        (inside / name).write_bytes(first)
    (inside / "metadata.jsonl").write_bytes(first)
    for name in ("media.csv", "observations.csv", "deployments.csv", "metadata.csv"):
        (inside / name).write_bytes(second)
    (inside / "db.sqlite").write_bytes(second)
    if number > len(_JSON_FORMATS):
        _read_labels(inside, "", folder)
        _read_labels(inside / "labels.json", "", folder)
        return
    for path in (inside, inside / "labels.json"):
        _read_labels(path, _JSON_FORMATS[number], folder)


def _json_seeds(folder: Path) -> list[bytes]:
    path = folder / "lobe.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "PRAGMA page_size = 512; CREATE TABLE example_images (hash, example_id); "
            "CREATE TABLE example_labels (label, example_id); "
            "INSERT INTO example_images VALUES ('ab12', 1); "
            "INSERT INTO example_labels VALUES ('fox', 1);"
        )
    database = path.read_bytes()
    choice = {"type": "choices", "from_name": "c", "value": {"choices": ["fox"]}}
    task = {
        "data": {"image": "/data/local-files/?d=fox.jpg"},
        "annotations": [{"result": [choice]}],
        "predictions": [{"score": 0.5, "result": [choice]}],
    }
    traps = {
        "images": [{"id": "1", "file_name": "fox.jpg"}],
        "categories": [{"id": 0, "name": "empty"}, {"id": 1, "name": "fox"}],
        "annotations": [{"id": "a", "image_id": "1", "category_id": 1}],
    }
    package = {"resources": [{"name": "media", "path": "media.csv"}], "profile": "camtrap-dp"}
    tables = b"mediaID,filePath,observationType,scientificName\nm,fox.jpg,animal,fox\n"
    labelme = {"flags": {"fox": True}, "shapes": [{"label": "a"}], "imagePath": "fox.jpg"}
    box = {"category": "1", "conf": 0.9, "bbox": [0, 0, 0.5, 0.5]}
    detections = {
        "images": [{"file": "fox.jpg", "detections": [box]}],
        "detection_categories": {"1": "animal"},
        "info": {"format_version": "1.3"},
    }
    by_name = {"classes": ["fox"], "labels": {"fox": 0, "deer": {"label": 0, "confidence": 0.5}}}
    contents = [
        json.dumps([task]).encode(),
        json.dumps(by_name).encode(),
        b'{"file_name": "fox.jpg", "label": "fox"}\n{"file_name": "deer.jpg", "label": 1}\n',
        json.dumps(traps).encode(),
        json.dumps(package).encode() + b"\0\0" + tables,
        json.dumps(labelme).encode(),
        b'{"name": "x"}\0\0' + database,
        b'{"type": "image"}',
        json.dumps(detections).encode(),
    ]
    seeds = [bytes([number]) + content for number, content in enumerate(contents)]
    return [*seeds, *(bytes([len(_JSON_FORMATS) + 1]) + content for content in contents)]


# --- Metadata in images ---------------------------------------------------------------------------


def _read_xmp(content: bytes, _: Path) -> None:
    for keyword in (_KEYWORD, None):
        with contextlib.suppress(PacketError):
            merged = merge(content, keyword)
            with contextlib.suppress(PacketError):
                merge(merged.content, None)
    with contextlib.suppress(PacketError):
        keywords_in(content)
    with contextlib.suppress(PacketError):
        exchange(content, _KEYWORD)


def _xmp_seeds(folder: Path) -> list[bytes]:
    ours = merge(None, _KEYWORD).content
    attributes = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF '
        b'xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<r:Description r:about="" xmlns:handful="urn:handful:xmp:1.0/" handful:Class="a" '
        b'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><r:Bag><r:li>x</r:li></r:Bag>'
        b"</dc:subject></r:Description></r:RDF></x:xmpmeta>"
    )
    seeds = [ours, attributes, ours.decode().encode("utf-16")]
    for suffix in ("jpg", "png"):
        path = folder / f"seed.{suffix}"
        Image.new("RGB", (8, 8), "red").save(path)
        content = path.read_bytes()
        found = exchange(content, _KEYWORD)
        assert found is not None
        seeds += [content, found.apply(content)]
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(ours)
    body = b"iTXt" + packed
    chunk = struct.pack(">I", len(packed)) + body + struct.pack(">I", zlib.crc32(body))
    return [*seeds, content[:33] + chunk + content[33:]]


# --- Encoders and what bundles keep ---------------------------------------------------------------


def _read_encoder(content: bytes, folder: Path) -> None:
    path = folder / "e.safetensors"
    path.write_bytes(content)
    with contextlib.suppress(EngineError):
        open_encoder(path)
    with contextlib.suppress(EngineError):
        KeptSupport.read(path)
    list_encoders(folder)


def _encoder_seeds(folder: Path) -> list[bytes]:
    path = folder / "seed.safetensors"
    weights = {"features.0.0.weight": np.zeros((2, 3), np.float32)}
    save_encoder(Encoder("seed", "mobilenet_v2", weights, np.zeros(1280, np.float32)), path)
    kept = KeptSupport(
        ("fox", "hare"),
        np.zeros((2, 4), np.float16),
        np.array([0, 1]),
        np.zeros(2, np.uint64),
        "f" * 64,
    )
    return [path.read_bytes(), kept.to_bytes()]


# --- Journals and tables that are gone on with ----------------------------------------------------


def _read_journals(content: bytes, folder: Path) -> None:
    """What sorting, tagging and watching left in folders that may come from elsewhere."""
    path = folder / sorting_journal.JOURNAL_NAME
    path.write_bytes(content)
    with contextlib.suppress(EngineError):
        sorting_journal.has_unfinished(folder)
        sorting_journal.has_something_to_undo(folder)
        with sorting_journal.opened(folder) as journal:
            journal.runs_to_undo()
            trust.check(folder, journal.run, None, is_undo=True)
    metadata_journal.is_rest(path)
    with contextlib.suppress(EngineError):
        metadata_journal.entries_of(path)
    for table_format in (TableFormat.CSV, TableFormat.JSON_LINES):
        with contextlib.suppress(EngineError):
            list(GrowingTable(path, table_format, ("fox", "hare")).files())
    with contextlib.suppress(EngineError):
        check_table(path)


def _journal_seeds(folder: Path) -> list[bytes]:
    image = folder / "fox.jpg"
    image.write_bytes(b"x" * 20)
    ref = ImageRef(ImageId(1), image, "fox.jpg")
    record = Record(ref, "fox", np.array([0.9, 0.1], np.float32), 0.1)
    results = Results(folder, ("fox", "hare"), ("fox", "hare"), "m", 1, lambda: iter([[record]]))
    seeds = []
    for how in SortHow:
        target = folder / how.value
        steps = planned(results, SortChoice(target, how), None, 0)
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                plan = stop.value.plan
                break
        list(carry_out(plan, 0))
        seeds.append((target / sorting_journal.JOURNAL_NAME).read_bytes())
        image.write_bytes(b"x" * 20)
    for table_format in (TableFormat.CSV, TableFormat.JSON_LINES):
        table = GrowingTable(folder / f"t{table_format}", table_format, ("fox", "hare"))
        table.add(results, record, FoundFile("fox.jpg", 20, 30))
        table.write()
        seeds.append((folder / f"t{table_format}").read_bytes())
    return seeds


# --- Models, and archives with them ---------------------------------------------------------------


def _read_model(content: bytes, folder: Path) -> None:
    """What passes the checks is run, too: it must not take more than they say."""
    path, image = folder / "m.onnx", folder / "i.png"
    path.write_bytes(content)
    Image.new("RGB", (8, 8), "red").save(image)
    with contextlib.suppress(EngineError):
        model = ExportedModel(path)
        for chunk in model.results([ImageRef(ImageId(1), image, "i.png")], folder).chunks():
            assert len(chunk) == 1


def _model_seeds(_: Path) -> list[bytes]:
    return [small_model().SerializeToString()]


def _read_archive(content: bytes, folder: Path) -> None:
    path = folder / "a.zip"
    path.write_bytes(content)
    _read_labels(path, "", folder)
    with contextlib.suppress(EngineError):
        read_start(path)
    with contextlib.suppress(EngineError):
        ExportedModel(path)
    models_in(path)


def _archive_seeds(folder: Path) -> list[bytes]:
    kept = _encoder_seeds(folder)[1]
    seeds = []
    for number, members in enumerate(
        (
            {"labels.csv": b"file_name,label\nfox.jpg,fox\n", "a/fox.jpg": b"x"},
            {"b/model.onnx": b"x", "b/support.safetensors": kept, "b/signature.json": b"{}"},
        )
    ):
        for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
            path = folder / f"{number}-{packing}.zip"
            with zipfile.ZipFile(path, "w", packing) as archive:
                for name, content in members.items():
                    archive.writestr(name, content)
            seeds.append(path.read_bytes())
    return seeds


READERS: Final = (
    Reader("project", _read_project, _project_seeds, 1 << 15),
    Reader("project_rows", _read_project_rows, _row_seeds, 256),
    Reader("csv", _read_csv, _csv_seeds, 4096),
    Reader("xmp", _read_xmp, _xmp_seeds),
    Reader("json", _read_json, _json_seeds, 4096, _mutated_choice),
    Reader("encoder", _read_encoder, _encoder_seeds, 1 << 14, _mutated_header),
    Reader("onnx", _read_model, _model_seeds, 4096),
    Reader("archives", _read_archive, _archive_seeds, 4096),
    Reader("journals", _read_journals, _journal_seeds, 4096, _mutated_lines),
)


def reader_called(name: str) -> Reader:
    return next(item for item in READERS if item.name == name)


def read_once(reader: Reader, content: bytes, folder: Path) -> None:
    """Read in a folder that is empty before and afterwards."""
    place = folder / "place"
    place.mkdir()
    try:
        reader.read(content, place)
    finally:
        shutil.rmtree(place)

"""The work itself, done in a child by the program's own code; each durable step is told at once.

Every home has the same folders: ``images`` with their project, ``cache``, ``out`` for results,
``sorted``, ``user`` for the person's data.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.nothing_lost.labels import Editor, Labels
from benchmarks.nothing_lost.server import say
from engine.cli.commands import main as command_line
from engine.cli.sort import sort_results
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import EncoderRuntime, load_runtime
from engine.errors import EngineError
from engine.image_cache import ImageCache
from engine.images import find_images
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.records import Record, Results
from engine.jobs.bundle import export_bundle
from engine.jobs.embedding import embed_images
from engine.jobs.export import export_model
from engine.jobs.labels_out import save_labels
from engine.jobs.metadata import tag_images
from engine.jobs.metadata_undo import undo_last_run
from engine.jobs.predictions import save_predictions
from engine.jobs.workspace import Workspace, cache_key
from engine.messages import (
    EmbedImages,
    Event,
    ExportBundle,
    ExportModel,
    FoundFile,
    ImageId,
    ImageRef,
    ImagesEmbedded,
    LabelsSaved,
    MetadataChoice,
    MetadataUndone,
    MetadataWritten,
    ModelExported,
    PredictionsSaved,
    SaveLabels,
    SavePredictions,
    Snapshot,
    SortChoice,
    SortHow,
)
from engine.project import Project

REQUEST: Final = 1
CLASSES: Final = ("fox", "owl", "elk")  # Of what is sorted.
TABLES: Final = ("table.csv", "table.jsonl", "table.parquet")
MODEL: Final = "model.onnx"
BUNDLES: Final = ("bundle", "bundle.zip")
LABELS: Final = {
    "imagefolder": "folder",
    "huggingface": "set",
    "coco-camera-traps": "labels.json",
    "csv": "labels.csv",
}
"""Formats and what they are written to; folders get a new name each time."""
_loaded: list[EncoderRuntime] = []


def load() -> None:
    """Load what every child needs."""
    import pyarrow.parquet  # noqa: F401

    _loaded.append(load_runtime(load_encoder(shipped_encoder_path()), Path("unused"), "cpu"))


def runtime() -> EncoderRuntime:
    """The shipped encoder, loaded once in a process."""
    if not _loaded:
        load()
    return _loaded[0]


def open_cache(home: Path) -> ImageCache:
    """The cache of a home."""
    found = runtime()
    return ImageCache(home / "cache", cache_key(found), found.encoder.embedding_size)


def open_project(home: Path) -> Project:
    """The project of a home, opened as the window does it."""
    return Project.for_folder(home / "images", home / "kept", home / "user" / "backups")


# --- Labelling and embedding ---------------------------------------------------------------------


def label(asked: dict[str, Any]) -> None:
    """Make random edits; each is told before it is made and once it is on disk."""
    home = Path(asked["home"])
    project = open_project(home)
    try:
        find(project)
        editor = Editor(project, Labels(**asked["known"]), asked["seed"])
        for _ in range(asked["count"]):
            change, effects = editor.next_edit()
            say({"tries": effects})
            try:
                backward = project.apply(change)
            except EngineError as error:
                say({"refused": str(error)})
                continue
            editor.made(effects, backward)
            say({"made": effects})
    finally:
        project.close()


def find(project: Project) -> None:
    """Let the project know its folder's images."""
    files = [item for item in find_images(project.folder) if isinstance(item, FoundFile)]
    project.add_images(files)


def embed(asked: dict[str, Any]) -> None:
    """Embed the folder; each image is told that is in the cache, and then in the project."""
    home = Path(asked["home"])
    project = open_project(home)
    workspace = Workspace(runtime(), open_cache(home))
    try:
        find(project)
        images = project.snapshot().images
        names = {image.image_id: image.name for image in images}
        for event in embed_images(workspace, EmbedImages(REQUEST, images)):
            if not isinstance(event, ImagesEmbedded):
                continue
            found = dict(zip(event.image_ids, event.contents, strict=True))
            told = {names[image]: content.hex() for image, content in found.items()}
            if not workspace.cache.notice:
                say({"embedded": told})
            project.record_contents(found)
            say({"recorded": told})
        if workspace.cache.notice:
            say({"notice": workspace.cache.notice})
    finally:
        workspace.close()
        project.close()


# --- Results -------------------------------------------------------------------------------------


def export_tables(asked: dict[str, Any]) -> None:
    """Write tables of predictions."""
    home = Path(asked["home"])
    for name in TABLES:
        out = home / "out" / name
        export(home, lambda seen, out=out: SavePredictions(REQUEST, seen, out))


def export_models(asked: dict[str, Any]) -> None:
    """Write the model as one ONNX file."""
    home = Path(asked["home"])
    out = home / "out" / MODEL
    export(home, lambda seen: ExportModel(REQUEST, seen, out))


def export_bundles(asked: dict[str, Any]) -> None:
    """Write the model as a bundle, a folder or a zip file."""
    home = Path(asked["home"])
    out = home / "out" / BUNDLES[asked["seed"] % len(BUNDLES)]
    export(home, lambda seen: ExportBundle(REQUEST, seen, out))


def export_labels(asked: dict[str, Any]) -> None:
    """Write labels and images for other programs: folders under new names, and one file."""
    home = Path(asked["home"])
    for key, name in LABELS.items():
        out = home / "out" / (name if "." in name else f"{name}-{asked['seed']}")
        export(home, lambda seen, out=out, key=key: SaveLabels(REQUEST, seen, out, key))


def export(home: Path, command_for: Callable[[Snapshot], Any]) -> None:
    """Export the labelled folder and tell what was written."""
    project = open_project(home)
    seen = project.snapshot()
    project.close()
    workspace = Workspace(runtime(), open_cache(home))
    try:
        wanted = command_for(seen)
        for event in _EXPORTS[type(wanted)](workspace, wanted):
            match event:
                case PredictionsSaved() | LabelsSaved():
                    say({"saved": [event.path.name]})
                case ModelExported():
                    files = [path for path in event.files if path.parent == event.path.parent]
                    say({"saved": sorted({event.path.name, *(path.name for path in files)})})
                case _:
                    pass
    finally:
        workspace.close()


_EXPORTS: Final[dict[type, Callable[..., Iterator[Event | None]]]] = {
    SavePredictions: save_predictions,
    ExportModel: export_model,
    ExportBundle: export_bundle,
    SaveLabels: save_labels,
}


# --- Sorting -------------------------------------------------------------------------------------


def sort(asked: dict[str, Any]) -> None:
    """Sort the images into folders."""
    home = Path(asked["home"])
    choice = SortChoice(home / "sorted", SortHow(asked["how"]), unsure_below=0.5)
    sort_results(made_up(home / "images"), choice, None, only_plan=False, as_json=True)
    say({"ended": "sort"})


def command(asked: dict[str, Any]) -> None:
    """A command of the command line."""
    status = command_line(asked["arguments"])
    say({"status": status})


def made_up(images: Path) -> Results:
    """Results that follow from the names alone, so that nothing is decoded."""
    names = sorted(
        path.relative_to(images).as_posix() for path in images.rglob("*.jpg") if path.is_file()
    )

    def chunks() -> Iterator[Sequence[Record]]:
        records = []
        for number, name in enumerate(names, 1):
            digest = hashlib.sha256(name.encode()).digest()
            rest = np.full(len(CLASSES), 0.1, np.float32)
            rest[digest[0] % len(CLASSES)] = 0.45 + 0.55 * digest[1] / 255
            image = ImageRef(ImageId(number), images / name, name)
            said = CLASSES[digest[2] % len(CLASSES)] if digest[3] < 64 else None
            records.append(Record(image, said, rest / rest.sum(), digest[4] / 255))
        yield records

    return Results(images, CLASSES, CLASSES, "made-up", len(names), chunks)


# --- Metadata ------------------------------------------------------------------------------------


def tag(asked: dict[str, Any]) -> None:
    """Write keywords into images, and beside those that cannot hold any."""
    folder = Path(asked["home"]) / "images"
    wanted = [
        (ImageRef(ImageId(number), path, path.name), Keyword(asked["keyword"], True))
        for number, path in enumerate(sorted(folder.glob("*.*")), 1)
        if path.suffix in (".jpg", ".png", ".webp")
    ]
    for event in tag_images(folder, wanted, MetadataChoice(is_embedded=True), REQUEST):
        if isinstance(event, MetadataWritten):
            say({"ended": "tag", "problems": [str(problem) for problem in event.problems]})


def untag(asked: dict[str, Any]) -> None:
    """Take the newest run back."""
    for event in undo_last_run(Path(asked["home"]) / "images", REQUEST, ()):
        if isinstance(event, MetadataUndone):
            say({"ended": "untag", "problems": [str(problem) for problem in event.problems]})


WORKS: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "label": label,
    "embed": embed,
    "tables": export_tables,
    "models": export_models,
    "bundles": export_bundles,
    "labels-out": export_labels,
    "sort": sort,
    "command": command,
    "tag": tag,
    "untag": untag,
}

"""``handful classify --cluster``: examples are learnt from here, images are looked at elsewhere."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.bundle.contents import MODEL as MODEL_NAME
from engine.bundle.place import is_zip, opened_bundle
from engine.cli.options import UsageError, check_outputs, opened_workspace
from engine.cli.watch import Source
from engine.errors import EngineError, UnreadableImageError
from engine.images import content_hash, read_file
from engine.messages import (
    NONE_NAME,
    NONE_OF_THESE,
    EngineNews,
    Event,
    PredictionsSaved,
    Snapshot,
    TableFormat,
)
from engine.sources import SnapshotBuilder, briefly, short_path
from engine.terminal import run, tell

if TYPE_CHECKING:
    from engine.cluster.listing import Listing
    from engine.cluster.storage import Storage

_REQUEST: Final = 0
_SUFFIXES: Final = (".csv", ".jsonl", ".ndjson", ".parquet")
_SAMPLE: Final = 3000
"""Images that adapting sees beside the examples: more than any step of it looks at (2,000)."""
_FETCHED_AT_ONCE: Final = 16


def is_address(text: str) -> bool:
    """As :func:`engine.cluster.storage.is_address`, which takes a while to load."""
    return "://" in text or "::" in text


def classify_on_cluster(
    images: str, out: str, source: Source, address: str, table_format: TableFormat | None
) -> dict[str, Any]:
    """Classify whatever of ``images`` has no row yet; the summary of the whole run."""
    from engine.cluster.job import classify_missing
    from engine.cluster.listing import list_images
    from engine.cluster.ray_pool import check_cluster
    from engine.cluster.run_folder import MODEL, begin, forget, parts_in, question_in, question_of
    from engine.cluster.storage import Storage

    table = _table(out, images, source, table_format)
    check_cluster(address)
    parts = Storage(out if table is None else f"{table}.parts")
    listing: Listing = run(list_images(Storage(images), _REQUEST))
    for sentence in briefly([f"{short_path(name)} was left out." for name in listing.left_out]):
        tell(sentence)
    asked = _Model(source) if source.model is not None else _Examples(source, listing)
    question = question_of(listing.folder.address, asked.digest())
    before = question_in(parts)
    if before is not None and before != question:
        if table is None:
            raise EngineError(
                f"{short_path(out)} holds the parts of another run (other images, examples or "
                "model); choose another folder."
            )
        tell("What an interrupted run has left was asked with other examples; it is begun anew.")
    summary: dict[str, Any] = {}
    if before != question:
        forget(parts)
        with tempfile.TemporaryDirectory(prefix="handful-") as folder:
            model, labels = asked.make(Path(folder), summary)
        begin(parts, asked.run(question, listing, labels), model)
        if "model" in summary:
            summary["model"] = f"{parts.address}/{MODEL}"
    steps = classify_missing(listing, parts, address, source.device.value, _REQUEST)
    done = run(steps, _tell_news)
    counts = done.counts
    summary |= {
        "n_images": counts.n_rows - counts.n_unreadable,
        "n_unreadable": counts.n_unreadable,
        "n_like_none_of_these": counts.n_like_none,
        "n_done_before": done.n_done_before,
        "n_parts": done.n_parts,
        "n_workers": done.n_workers,
        "predictions": parts.address,
        "errors": "their rows have a reason",
    }
    if counts.n_rows != len(listing):
        tell(
            f"{counts.n_rows - len(listing)} rows of {short_path(out)} are of images that are not "
            f"in {short_path(images)} any more."
        )
    if table is not None:
        _collect(parts, parts_in(parts), listing, table, table_format, summary)
        forget(parts)
    return summary


def _tell_news(event: Event) -> None:
    if isinstance(event, EngineNews):
        tell(event.text)


def _table(out: str, images: str, source: Source, table_format: TableFormat | None) -> Path | None:
    """The file that all parts are collected in; None where they stay as they are."""
    from engine.interchange.tables import checked_format
    from engine.jobs.replacing import check_table

    if not out.lower().endswith(_SUFFIXES):
        if table_format is not None:
            raise UsageError("--table-format goes with an --out that is a file; parts are Parquet.")
        return None
    if is_address(out):
        raise UsageError("--out can be the address of a folder for parts; a table is a path.")
    table = Path(out)
    inputs = {
        "--labels": source.labels,
        "--project": source.project,
        "--model": source.model,
        "--from-bundle": source.bundle,
    }
    if not is_address(images):
        inputs["IMAGES"] = Path(images)
    check_outputs({"--out": table}, inputs)
    checked_format(table, table_format)
    check_table(table)
    return table


def _collect(
    parts: Storage,
    names: Sequence[str],
    listing: Listing,
    table: Path,
    table_format: TableFormat | None,
    summary: dict[str, Any],
) -> None:
    from engine.cluster.parts import collected
    from engine.jobs.predictions import save_table

    def note(event: Event) -> None:
        if isinstance(event, PredictionsSaved):
            summary["n_images"] = event.n_rows
            summary["n_unreadable"] = event.n_errors
            summary["n_like_none_of_these"] = event.n_like_none
            summary["predictions"] = str(event.path)
            summary["errors"] = str(event.errors_path) if event.errors_path else None

    results = collected(parts, names, listing.names)
    run(save_table(results, table, _REQUEST, table_format), note)
    for name in ("model", "model_files", "certificate"):  # It went with the parts.
        summary.pop(name, None)


class _Asked:
    """What images are to be classified with."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def run(self, question: str, listing: Listing, labels: dict[str, str]) -> Any:
        from engine.cluster.run_folder import Run

        return Run(question, listing.folder.address, labels, self.source.device.value)


class _Model(_Asked):
    """A model that was exported before."""

    def digest(self) -> bytes:
        return content_hash(self._content())

    def make(self, folder: Path, summary: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        return self._content(), {}

    def _content(self) -> bytes:
        from engine.jobs.exported_model import ExportedModel

        model = self.source.model
        assert model is not None
        ExportedModel(model)  # It is one, and of ours.
        if model.is_dir() or is_zip(model):
            with opened_bundle(model) as folder:
                return (folder / MODEL_NAME).read_bytes()
        return model.read_bytes()


class _Examples(_Asked):
    """Labelled images, learnt from on this computer, with some of the others beside them."""

    def __init__(self, source: Source, listing: Listing) -> None:
        super().__init__(source)
        self._listing = listing
        folder = listing.folder.folder
        if source.labels is not None and folder is None:
            raise UsageError(
                "--labels names files of IMAGES, which is an address; give --support, --project, "
                "--from-bundle or --model."
            )
        builder = SnapshotBuilder()
        if source.bundle is not None:
            builder.add_bundle(source.bundle)
        if source.support is not None:
            builder.add_support(source.support)
        if source.labels is not None and folder is not None:
            builder.add_labels(source.labels, folder)
        if source.project is not None:
            builder.add_project(source.project, with_images=False)
        for notice in builder.notices:
            tell(notice)
        self._builder = builder
        self._examples = builder.build()

    def digest(self) -> bytes:
        """Of examples, effort and encoder: the same again make the same model."""
        names = _class_names(self._examples)
        digest = hashlib.blake2b(self.source.effort.value.encode(), digest_size=16)
        for image, class_id in self._examples.support:
            try:
                content = content_hash(read_file(image.path))
            except UnreadableImageError:
                content = b"unreadable"
            digest.update(f"{names[class_id]}\0".encode() + content)
        if self._examples.examples is not None:
            digest.update(self._examples.examples.hashes.tobytes())
            digest.update(self._examples.examples.class_ids.tobytes())
        if self.source.encoder is not None and self.source.encoder.is_file():
            digest.update(content_hash(self.source.encoder.read_bytes()))
        return digest.digest()

    def make(self, folder: Path, summary: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        from engine.cli.classify import classify_and_export

        file = folder / MODEL_NAME
        names = self._listing.sample(_SAMPLE)
        here = self._listing.folder.folder
        if here is None:
            here, names = folder / "images", self._fetched(folder / "images", names)
        self._builder.add_files(here, names)
        snapshot = replace(self._builder.build(), effort=self.source.effort)
        with opened_workspace(self.source.device, self.source.encoder) as workspace:
            summary |= classify_and_export(workspace, snapshot, None, file)
        del summary["model_files"]
        return file.read_bytes(), self._labels()

    def _fetched(self, folder: Path, names: Sequence[str]) -> list[str]:
        """Copies of some images, under numbers: a name may be one that leads elsewhere here."""
        targets = [f"{number:05d}{Path(name).suffix}" for number, name in enumerate(names)]

        def fetch(number: int) -> str | None:
            try:
                self._listing.folder.fetch(names[number], folder / targets[number])
            except UnreadableImageError:
                return None
            return targets[number]

        with ThreadPoolExecutor(_FETCHED_AT_ONCE) as pool:
            return [name for name in pool.map(fetch, range(len(names))) if name is not None]

    def _labels(self) -> dict[str, str]:
        """What a person said of images in the listing, by the names that they have there."""
        import pyarrow
        from pyarrow import compute

        folder = self._listing.folder.folder
        if folder is None:
            return {}
        top = os.path.realpath(folder)
        class_names = _class_names(self._examples)
        found: dict[str, str] = {}
        for image, class_id in self._examples.support:
            real = os.path.realpath(image.path)  # A list may have whole paths.
            names = {real, Path(os.path.relpath(real, top)).as_posix()}
            if image.path.is_relative_to(folder):  # The name of a link.
                names.add(image.path.relative_to(folder).as_posix())
            found |= dict.fromkeys(names, class_names[class_id])
        given = pyarrow.array(list(found), self._listing.names.type)
        known = given.filter(compute.is_in(given, value_set=self._listing.names))
        return {name: found[name] for name in known.to_pylist()}


def _class_names(snapshot: Snapshot) -> dict[Any, str]:
    names: dict[Any, str] = {item.class_id: item.name for item in snapshot.classes}
    return {**names, NONE_OF_THESE: NONE_NAME}

"""What a command keeps of each image of a folder is little, and its answers are the window's."""

from __future__ import annotations

import gc
import hashlib
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.encoder.runtime import EncoderRuntime
from engine.image_cache import CacheEntry, FileKey, ImageCache
from engine.jobs.predictions import fit_snapshot, write_predictions
from engine.jobs.workspace import Workspace
from engine.messages import Effort, Snapshot
from engine.sources import SnapshotBuilder
from tests.engine.painted import kind_of, paint_folder

Open = Callable[[bool], Workspace]


@pytest.fixture
def open_one(runtime: EncoderRuntime, shared_graphs: Path, tmp_path: Path) -> Any:
    """Opens a workspace as the window has it, or as a command has it: with a file."""
    opened: list[Workspace] = []

    def open_it(in_file: bool) -> Workspace:
        encoder = runtime.encoder
        cache = ImageCache(tmp_path / "cache", encoder.fingerprint, encoder.embedding_size)
        folder = tmp_path if in_file else None
        opened.append(Workspace(runtime, cache, graph_folder=shared_graphs, embeddings_in=folder))
        return opened[-1]

    yield open_it
    for workspace in opened:
        workspace.close()


def _result(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def _snapshot(folder: Path, labels: Path) -> Snapshot:
    builder = SnapshotBuilder()
    builder.add_images(folder)
    builder.add_labels(labels, folder)
    return builder.build()


def test_a_command_gives_the_answers_of_the_window(open_one: Open, tmp_path: Path) -> None:
    folder, labels = tmp_path / "images", tmp_path / "labels.csv"
    paths = paint_folder(folder, 4)
    (folder / "broken.jpg").write_bytes(b"no picture")
    rows = [f"{path.name},{kind_of(path)}" for path in paths if path.stem.endswith(("1", "3"))]
    labels.write_text("\n".join(["file_name,label", *rows]), encoding="utf-8")
    columns = _snapshot(folder, labels)
    tables = []
    for in_file in (False, True):
        workspace = open_one(in_file)
        snapshot = columns if in_file else replace(columns, images=tuple(columns.images))
        fitted = _result(fit_snapshot(workspace, replace(snapshot, effort=Effort.THOROUGH), 1))
        out = tmp_path / f"{in_file}.csv"
        list(write_predictions(workspace, fitted, out, 1))
        tables.append(out.read_bytes() + out.with_suffix(".errors.csv").read_bytes())
    assert tables[0] == tables[1]
    assert tables[0].count(b"\n") == 1 + 12 + 1 + 1


def _kept_and_most(open_one: Open, folder: Path, labels: Path, cache: Path) -> tuple[int, int]:
    """Bytes that are kept when the table is written, and that were there at most."""
    tracemalloc.start()
    try:
        snapshot = _snapshot(folder, labels)
        workspace = open_one(True)
        fitted = _result(fit_snapshot(workspace, snapshot, 1))
        list(write_predictions(workspace, fitted, cache.with_suffix(".csv"), 1))
        gc.collect()
        return tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()


def test_memory_hardly_grows_with_the_folder(open_one: Open, tmp_path: Path) -> None:
    """The cache knows all images, each with a content of its own; a tenth of them is broken."""
    # The first time costs what is loaded once; of more than 2,000 images the metric looks at as
    # many. Each folder is the one before, and more.
    counts = (2_100, 2_200, 4_400)
    folder, labels = tmp_path / "images", tmp_path / "labels.csv"
    cache = open_one(False).cache
    random = np.random.default_rng(0)
    measured = []
    n_there = 0
    for count in counts:
        entries = {}
        for index in range(n_there, count):
            inside = folder / "a camera with a long name" / f"{index // 500:03d}"
            inside.mkdir(parents=True, exist_ok=True)
            path = inside / f"IMG_{index:06d}.jpg"
            path.write_bytes(b"" if index % 10 == 9 else b"x")
            key = FileKey.of(path)
            if index % 10 != 9 and key is not None:
                content = hashlib.blake2b(path.name.encode(), digest_size=16).digest()
                embedding = random.normal(size=640).astype(np.float16)
                entries[key] = CacheEntry(content, embedding, None, perceptual_hash=1 + index)
        cache.add(entries)
        n_there = count
        rows = [f"a camera with a long name/000/IMG_{i:06d}.jpg,{'ab'[i % 2]}" for i in range(8)]
        labels.write_text("\n".join(["file_name,label", *rows]), encoding="utf-8")
        measured.append(_kept_and_most(open_one, folder, labels, tmp_path / f"{count}"))
    _, (kept, most), (kept_more, most_more) = measured
    n_more = counts[2] - counts[1]
    # As objects they were 900 bytes each, and 1,280 more with the embedding.
    assert (kept_more - kept) / n_more < 100
    assert (most_more - most) / n_more < 200
    # In memory embeddings have room for many more than these.
    assert kept_more < 8_000_000

"""A few images to write keywords to, and what comes of it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from engine.interchange.metadata.keywords import Keyword
from engine.jobs import metadata as job
from engine.jobs.metadata_undo import undo_last_run
from engine.messages import (
    ImageId,
    ImageRef,
    MetadataChange,
    MetadataChoice,
    MetadataPlanned,
    MetadataUndone,
    MetadataWritten,
)

FOX, DOG = Keyword("fox", False, 0.93, "id"), Keyword("dog", is_human=True)


def paint_few(place: Path) -> Path:
    """Four images in a new folder, one of them in a folder below, with times of their own."""
    (place / "sub").mkdir(parents=True)
    for number in range(4):
        ending = ("jpg", "png", "webp", "jpg")[number]
        path = place / ("sub" if number == 3 else "") / f"i{number}.{ending}"
        Image.effect_noise((40, 30), 50).convert("RGB").save(path)
        os.utime(path, ns=(10**18, 10**18 + 123_456_789))
    return place


def refs(folder: Path) -> list[ImageRef]:
    names = sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.suffix in (".jpg", ".png", ".webp")
    )
    return [ImageRef(ImageId(n), folder / name, name) for n, name in enumerate(names)]


def tag(
    folder: Path, keyword: Keyword | None, choice: MetadataChoice
) -> tuple[MetadataWritten, list[MetadataChange]]:
    events = list(job.tag_images(folder, [(ref, keyword) for ref in refs(folder)], choice, 0))
    planned = [item for e in events if isinstance(e, MetadataPlanned) for item in e.changes]
    (written,) = [event for event in events if isinstance(event, MetadataWritten)]
    return written, planned


def undo(folder: Path, images: Iterable[ImageRef] = ()) -> MetadataUndone:
    (done,) = [e for e in undo_last_run(folder, 0, images) if isinstance(e, MetadataUndone)]
    return done


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }

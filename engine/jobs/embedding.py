"""Embedding a folder: once per image, what the cache knows first."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from engine.decoding.heads import read_date
from engine.errors import EngineError
from engine.image_cache import FileKey
from engine.images import find_images
from engine.jobs.progress import ProgressMeter
from engine.jobs.workspace import Processed, Workspace
from engine.messages import (
    DatesRead,
    EmbedImages,
    Event,
    FilesFound,
    FoundFile,
    ImageId,
    ImageRef,
    Progress,
    ReadDates,
    ScanFinished,
    ScanFolder,
)
from engine.words import say

_CACHE_CHUNK: Final = 128
_SCAN_CHUNK: Final = 500


def scan_folder(command: ScanFolder) -> Iterator[Event | None]:
    """Walk the folder; see :class:`engine.messages.ScanFolder`."""
    files: list[FoundFile] = []
    blocked: list[str] = []
    count = 0
    for item in chain(find_images(command.folder), _found_at(command.folder, command.elsewhere)):
        if isinstance(item, FoundFile):
            files.append(item)
            count += 1
        else:
            blocked.append(item.relative_to(command.folder).as_posix())
        if len(files) >= _SCAN_CHUNK:
            yield FilesFound(command.request_id, tuple(files))
            files.clear()
            yield Progress(command.request_id, say("Looking for images"), count, 0, 0.0, 0.0)
    if files:
        yield FilesFound(command.request_id, tuple(files))
    if not command.folder.is_dir():
        # Pulled out or unmounted on the way: else all that was not met would count as deleted.
        raise EngineError(say("The folder {folder} is not there any more.", folder=command.folder))
    yield ScanFinished(command.request_id, count, tuple(blocked))


def _found_at(folder: Path, names: Sequence[str]) -> Iterator[FoundFile]:
    """The images of these names that are there."""
    for name in names:
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        yield FoundFile(name, status.st_size, status.st_mtime_ns)


def embed_images(workspace: Workspace, command: EmbedImages) -> Iterator[Event | None]:
    """Embed images; see :class:`engine.messages.EmbedImages`. None: nothing finished yet."""
    meter = ProgressMeter(command.request_id, say("Looking at images"), len(command.images))
    for results in embed(workspace, command.images):
        yield from workspace.events_for(command.request_id, results)
        yield meter.advance(len(results)) if results else None
    yield from workspace.settle_shape()


def embed(
    workspace: Workspace, images: Sequence[ImageRef], *, urgent: bool = False
) -> Iterator[list[Processed]]:
    """Bring images into the store, those in the cache first.

    Images that are in the store are looked up all the same, since their files may have changed;
    the cache tells that without reading them.

    Args:
        urgent: see :meth:`Workspace.process`.

    Yields:
        Results in batches, one for every image; an empty list when there is nothing new, so that
        other jobs can run.
    """
    unknown = array("q")  # By their place: in a folder that was never read it is all of them.
    for start in range(0, len(images), _CACHE_CHUNK):
        chunk = images[start : start + _CACHE_CHUNK]
        found = workspace.process_cached(chunk, with_thumbnails=False)
        known = {item.image.image_id for item in found}
        unknown.extend(
            place for place, image in enumerate(chunk, start) if image.image_id not in known
        )
        yield found
    yield from workspace.process((images[place] for place in unknown), urgent=urgent)


def read_dates(workspace: Workspace, command: ReadDates) -> Iterator[Event | None]:
    """Read dates; see :class:`engine.messages.ReadDates`. The cache is asked first."""
    for start in range(0, len(command.images), _CACHE_CHUNK):
        some = command.images[start : start + _CACHE_CHUNK]
        keys = {image.image_id: FileKey.of(image.path) for image in some}
        known = workspace.cache.find_many(
            [key for key in keys.values() if key is not None], with_thumbnails=False
        )
        found: dict[ImageId, int] = {}
        unknown: dict[ImageRef, bytes] = {}
        for image in some:
            key = keys[image.image_id]
            entry = known.get(key.path) if key is not None else None
            if entry is not None and entry.taken_s is not None:
                found[image.image_id] = entry.taken_s
            elif key is not None:
                unknown[image] = b"" if entry is None else entry.content
        yield None
        if unknown:
            dates = yield from workspace.on_pool(partial(_dates_of, tuple(unknown)))
            workspace.cache.add_dates(
                {
                    content: taken_s
                    for content, taken_s in zip(unknown.values(), dates, strict=True)
                    if content
                }
            )
            found.update(zip((image.image_id for image in unknown), dates, strict=True))
        yield DatesRead(command.request_id, tuple(found), tuple(found.values()))


def _dates_of(images: Sequence[ImageRef]) -> list[int]:
    return [read_date(image.path) for image in images]

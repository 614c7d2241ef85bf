"""Pictures for the window: thumbnails, and one image large."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from engine.decoding.decoders import DECODERS
from engine.errors import EngineError, UnreadableImageError
from engine.images import DecodedImage, fit_within, read_file
from engine.jobs.workspace import Processed, Workspace
from engine.messages import (
    Event,
    ImageUnreadable,
    LoadPreview,
    LoadThumbnails,
    PreviewReady,
    ThumbnailReady,
)
from engine.words import say

_CACHE_CHUNK: Final = 16  # Thumbnails are about 10 kB; a screenful comes in a few steps.


def load_thumbnails(workspace: Workspace, command: LoadThumbnails) -> Iterator[Event | None]:
    """Fetch thumbnails; see :class:`engine.messages.LoadThumbnails`.

    An image that was never read is embedded on the way: its one decode serves both.
    """
    unknown = []
    for start in range(0, len(command.images), _CACHE_CHUNK):
        chunk = []
        for image in command.images[start : start + _CACHE_CHUNK]:
            known_bad = workspace.unreadable.get(image.image_id)
            if known_bad is not None and known_bad.still_holds_for(image):
                yield ImageUnreadable(command.request_id, image.image_id, known_bad.reason)
            else:
                chunk.append(image)
        found = workspace.process_cached(chunk, with_thumbnails=True)
        yield from _events(workspace, command.request_id, found)
        known = {item.image.image_id for item in found}
        unknown += [image for image in chunk if image.image_id not in known]
        yield None
    for results in workspace.process(unknown, urgent=True):
        yield from _events(workspace, command.request_id, results)
        yield None


def _events(workspace: Workspace, request_id: int, results: list[Processed]) -> Iterator[Event]:
    for item in results:
        if item.entry.thumbnail is not None:
            yield ThumbnailReady(request_id, item.image.image_id, item.entry.thumbnail)
    yield from workspace.events_for(request_id, results)


def load_preview(workspace: Workspace, command: LoadPreview) -> Iterator[Event | None]:
    """Decode one image large; see :class:`engine.messages.LoadPreview`."""
    try:
        decoded = yield from workspace.on_pool(
            partial(_see_as_network, workspace, command)
            if command.as_network_input
            else partial(_decode_preview, command)
        )
    except UnreadableImageError as error:
        raise EngineError(
            say("{name} cannot be shown: {error}.", name=command.image.name, error=error)
        ) from error
    yield _preview(command, decoded)


def _preview(command: LoadPreview, decoded: DecodedImage) -> PreviewReady:
    pixels = decoded.pixels
    pixels.setflags(write=False)
    return PreviewReady(
        command.request_id,
        command.image.image_id,
        pixels,
        decoded.original_width_px,
        decoded.original_height_px,
        command.as_network_input,
    )


def _see_as_network(workspace: Workspace, command: LoadPreview) -> DecodedImage:
    """What is embedded, from the same decoding."""
    from engine.encoder.network_input import network_input  # Here: onnxruntime may not be there.

    decoded = DECODERS.decode(read_file(command.image.path))
    return DecodedImage(
        network_input(workspace.runtime.graph_on_disk(), decoded.pixels),
        decoded.original_width_px,
        decoded.original_height_px,
    )


def _decode_preview(command: LoadPreview) -> DecodedImage:
    content = read_file(command.image.path)
    decoded = DECODERS.decode(content, shrink_to_px=command.max_side_px)
    return DecodedImage(
        fit_within(decoded.pixels, command.max_side_px),
        decoded.original_width_px,
        decoded.original_height_px,
    )


def load_thumbnails_alone(command: LoadThumbnails) -> Iterator[Event | None]:
    """Thumbnails where there is no encoder, and so no workspace: one after the other, uncached."""
    for image in command.images:
        try:
            look = DECODERS.look(read_file(image.path))
            yield ThumbnailReady(command.request_id, image.image_id, look.thumbnail)
        except UnreadableImageError as error:
            yield ImageUnreadable(command.request_id, image.image_id, error.sentence)


def load_preview_alone(command: LoadPreview) -> Iterator[Event | None]:
    """One image large where there is no encoder."""
    if command.as_network_input:
        raise EngineError(say("Without an encoder there is nothing that looks at the picture."))
    try:
        yield _preview(command, _decode_preview(command))
    except UnreadableImageError as error:
        raise EngineError(
            say("{name} cannot be shown: {error}.", name=command.image.name, error=error)
        ) from error

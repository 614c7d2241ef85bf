"""Pictures to try the program on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.errors import EngineError, sentence_for
from engine.jobs.progress import ProgressMeter
from engine.messages import Event, PaintSample, SamplePainted
from engine.painting import paint_folder
from engine.words import say

N_IMAGES: Final = 150
_SEED: Final = 11  # Not the demo's: these are other pictures.


def paint_sample(command: PaintSample) -> Iterator[Event | None]:
    """Paint, a picture a step; see :class:`engine.messages.PaintSample`."""
    try:
        command.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(sentence_for(error, command.folder, say("create"))) from error
    meter = ProgressMeter(command.request_id, say("Painting the sample"), N_IMAGES)
    for _ in paint_folder(command.folder, n_images=N_IMAGES, seed=_SEED):
        yield meter.advance()
    yield SamplePainted(command.request_id, command.folder)

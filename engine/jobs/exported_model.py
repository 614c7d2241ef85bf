"""Classifying with a model that was exported before, through onnxruntime alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import onnxruntime

from engine.encoder.runtime import cpu_session, usable_cores
from engine.errors import EngineError, UnreadableImageError
from engine.images import decode_image, read_file
from engine.jobs.files import written_whole
from engine.jobs.predictions import (
    errors_path_for,
    machine_row,
    table_header,
    write_errors,
)
from engine.jobs.progress import ProgressMeter
from engine.messages import Event, ImageRef, PredictionsSaved
from engine.method.heads import Floats
from engine.words import say

_OUTPUT: Final = "probabilities"
_NONE_SCORE: Final = "none_score"  # Models from before there was one lack it.


def classify_with_model(
    model: Path, images: Sequence[ImageRef], out: Path, request_id: int
) -> Iterator[Event | None]:
    """Write the table of predictions that an exported model makes.

    Raises:
        EngineError: the file is not a model that Handful exported.
    """
    session, names, model_id = load_exported(model)
    ordered = sorted(images, key=lambda image: image.name)
    meter = ProgressMeter(request_id, say("Looking at images"), len(ordered))
    unreadable: list[tuple[str, str]] = []
    n_rows = 0
    n_like_none = 0

    has_none_score = _NONE_SCORE in {item.name for item in session.get_outputs()}
    wanted = [_OUTPUT, _NONE_SCORE] if has_none_score else [_OUTPUT]

    def classify_one(image: ImageRef) -> tuple[Floats, float | None] | str:
        try:
            pixels = decode_image(read_file(image.path)).pixels
        except UnreadableImageError as error:
            return str(error)
        probabilities, *none_scores = session.run(wanted, {"image": pixels[None]})
        return probabilities[0], float(none_scores[0][0]) if none_scores else None

    with written_whole(out) as temporary:
        with (
            ThreadPoolExecutor(usable_cores()) as pool,
            temporary.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.writer(file)
            writer.writerow(table_header(names))
            window = 4 * usable_cores()
            for start in range(0, len(ordered), window):
                chunk = ordered[start : start + window]
                for image, result in zip(chunk, pool.map(classify_one, chunk), strict=True):
                    if isinstance(result, str):
                        unreadable.append((image.name, result))
                    else:
                        probabilities, none_score = result
                        n_like_none += int(none_score is not None and none_score > 0.5)
                        writer.writerow(
                            machine_row(image.name, names, probabilities, none_score, model_id)
                        )
                        n_rows += 1
                yield meter.advance(len(chunk))
        write_errors(errors_path_for(out), unreadable)
    yield PredictionsSaved(
        request_id,
        out,
        n_rows,
        errors_path_for(out) if unreadable else None,
        len(unreadable),
        n_like_none,
    )


def load_exported(model: Path) -> tuple[onnxruntime.InferenceSession, list[str], str]:
    """The session, the class names in output order and the model's id.

    Raises:
        EngineError: missing, damaged, or not exported by Handful.
    """
    if not model.is_file():
        raise EngineError(say("There is no file {model}.", model=model))
    try:
        session = cpu_session(model)
    except Exception as error:  # onnxruntime has exception classes of its own per status code.
        raise EngineError(
            say("{model} is not an ONNX model, or it is damaged.", model=model)
        ) from error
    metadata = session.get_modelmeta().custom_metadata_map
    try:
        names = [str(name) for name in json.loads(metadata["class_names"])]
        (given,) = session.get_inputs()
        (width,) = (item.shape[-1] for item in session.get_outputs() if item.name == _OUTPUT)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(say("{model} was not exported by Handful.", model=model)) from error
    if (given.name, given.type) != ("image", "tensor(uint8)") or width != len(names) >= 2:
        raise EngineError(say("{model} was not exported by Handful.", model=model))
    return session, names, metadata.get("model_id", "")

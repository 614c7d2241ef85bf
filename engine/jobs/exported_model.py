"""Classifying with a model that was exported before, through onnxruntime alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.bundle.checked_model import checked, read_checked
from engine.bundle.contents import MODEL
from engine.bundle.place import is_zip, opened_bundle
from engine.decoding.decoders import DECODERS
from engine.encoder import gpu
from engine.encoder.runtime import cpu_session, usable_cores
from engine.errors import EncoderError, EngineError, UnreadableImageError
from engine.image_list import by_name
from engine.images import read_file
from engine.interchange.records import Record, Results
from engine.jobs.predictions import save_table
from engine.messages import Event, ImageRef, TableFormat
from engine.project import is_text
from engine.words import say

_OUTPUT: Final = "probabilities"
_MODEL_ID: Final = re.compile("[0-9A-Za-z]{1,128}")
_LONGEST_NAME: Final = 1_000  # Letters of a class's name; a person's has at most 80.
_NONE_SCORE: Final = "none_score"  # Models from before there was one lack it.


def classify_with_model(
    model: Path,
    images: Sequence[ImageRef],
    out: Path,
    request_id: int,
    table_format: TableFormat | None = None,
) -> Iterator[Event | None]:
    """Write the table of predictions that an exported model makes.

    Raises:
        EngineError: the file is not a model that Handful exported.
    """
    results = results_by_model(model, images, Path())
    yield from save_table(results, out, request_id, table_format)


def results_by_model(model: Path, images: Sequence[ImageRef], folder: Path) -> Results:
    """What an exported model says of images; they are looked at while the results are read.

    Raises:
        EngineError: the file is not a model that Handful exported.
    """
    return ExportedModel(model).results(images, folder)


class ExportedModel:
    """An exported model, open: it is asked about some images, and then about others.

    Attributes:
        class_names: the classes in output order.
        model_id: what it calls itself; empty of models from before there were such ids.
    """

    def __init__(self, model: Path, content: bytes | None = None) -> None:
        """Open an ONNX file, or a bundle: its folder or zip file.

        Args:
            model: what to open, or what sentences name where there is
            content: the ONNX file itself, which came from elsewhere.

        Raises:
            EngineError: the file is not a model that Handful exported.
        """
        opened = load_exported(model) if content is None else _load(content, model)
        self._session, names, self.model_id = opened
        self.class_names = tuple(names)
        has_none_score = _NONE_SCORE in {item.name for item in self._session.get_outputs()}
        self._wanted = [_OUTPUT, _NONE_SCORE] if has_none_score else [_OUTPUT]

    def results(self, images: Sequence[ImageRef], folder: Path) -> Results:
        """As :func:`results_by_model`."""
        ordered = by_name(images)

        def chunks() -> Iterator[Sequence[Record]]:
            window = 4 * usable_cores()
            with ThreadPoolExecutor(usable_cores()) as pool:
                for start in range(0, len(ordered), window):
                    yield list(pool.map(self._classify, ordered[start : start + window]))

        return Results(
            folder=folder,
            class_names=self.class_names,
            predicted=self.class_names,
            model_id=self.model_id,
            n_images=len(ordered),
            chunks=chunks,
        )

    def move_to_gpu(self, model: bytes) -> None:
        """Run on a CUDA device from now on; ``model`` is the ONNX file that was opened.

        Raises:
            EncoderError, or what a broken driver stack raises: it stays on the CPU.
        """
        session = _cuda_session(checked(model, Path(MODEL)))
        session.run(self._wanted, {"image": np.zeros((1, 64, 48, 3), np.uint8)})
        self._session = session

    def _classify(self, image: ImageRef) -> Record:
        try:
            return self.record(image, DECODERS.decode(read_file(image.path)).pixels)
        except UnreadableImageError as error:
            return Record(image, failure=str(error))

    def record(self, image: ImageRef, pixels: NDArray[np.uint8]) -> Record:
        """What it says of an image (height, width, 3) RGB; any thread may ask."""
        try:
            found = self._session.run(self._wanted, {"image": pixels[None]})
        except Exception as error:  # onnxruntime has exception classes of its own per status code.
            why = str(error).partition("\n")[0]
            return Record(image, failure=say("the model failed on it ({error})", error=why))
        probabilities, *none_scores = found
        if probabilities.shape != (1, len(self.class_names)) or not np.isfinite(found[0]).all():
            return Record(image, failure=say("the model gives no probabilities for it"))
        none_score = float(none_scores[0][0]) if none_scores else None
        return Record(image, None, probabilities[0], none_score)


def _cuda_session(model: bytes) -> onnxruntime.InferenceSession:
    import torch  # Before preload_dlls(): it brings the CUDA libraries that are then shared.

    if not torch.cuda.is_available():
        raise EncoderError(say("torch sees no CUDA device"))
    onnxruntime.preload_dlls()
    session = onnxruntime.InferenceSession(
        model, providers=[("CUDAExecutionProvider", gpu.arena_options()), "CPUExecutionProvider"]
    )
    if session.get_providers()[0] != "CUDAExecutionProvider":  # It falls back without a word.
        raise EncoderError(say("its CUDA provider did not load"))
    return session


def load_exported(model: Path) -> tuple[onnxruntime.InferenceSession, list[str], str]:
    """The session, the class names in output order and the model's id.

    Args:
        model: an ONNX file, or a bundle: its folder or zip file.

    Raises:
        EngineError: missing, damaged, or not exported by Handful.
    """
    if not model.is_dir() and not model.is_file():
        raise EngineError(say("There is no file {model}.", model=model))
    if model.is_dir() or is_zip(model):
        with opened_bundle(model) as folder:
            return _load(folder / MODEL, model)
    return _load(model, model)


def _load(file: Path | bytes, model: Path) -> tuple[onnxruntime.InferenceSession, list[str], str]:
    """``model`` is what sentences name."""
    content = checked(file, model) if isinstance(file, bytes) else read_checked(file, model)
    try:
        session = cpu_session(content)
    except Exception as error:  # onnxruntime has exception classes of its own per status code.
        raise EngineError(
            say("{model} is not an ONNX model, or it is damaged.", model=model)
        ) from error
    try:
        metadata = session.get_modelmeta().custom_metadata_map
        names = json.loads(metadata["class_names"])
        (given,) = session.get_inputs()
        (width,) = (item.shape[-1] for item in session.get_outputs() if item.name == _OUTPUT)
    except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        raise EngineError(say("{model} was not exported by Handful.", model=model)) from error
    if not isinstance(names, list) or not all(_is_name(name) for name in names):
        raise EngineError(say("{model} was not exported by Handful.", model=model))
    if (given.name, given.type) != ("image", "tensor(uint8)") or width != len(names) >= 2:
        raise EngineError(say("{model} was not exported by Handful.", model=model))
    # It goes into tables and metadata: what is none of ours could be a formula there.
    model_id = metadata.get("model_id", "")
    return session, names, model_id if _MODEL_ID.fullmatch(model_id) else ""


def _is_name(name: object) -> bool:
    return isinstance(name, str) and is_text(name) and len(name) <= _LONGEST_NAME

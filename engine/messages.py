"""What the window and the engine say to each other: commands in, events out.

All messages are frozen; arrays inside them are read-only. A command carries a ``request_id``
and every event that answers it carries the same one, so that a reader can drop answers that are
older than its newest question. Nothing here imports more than numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NewType

import numpy as np
from numpy.typing import NDArray

ImageId = NewType("ImageId", int)
ClassId = NewType("ClassId", int)


@dataclass(frozen=True, slots=True)
class ImageRef:
    """One image as the engine needs it.

    ``name`` is the path relative to the project's folder, with ``/`` as separator: the name that
    tables and error messages show.
    """

    image_id: ImageId
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class FoundFile:
    """An image file met by a scan; ``name`` is relative to the folder, with ``/``."""

    name: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class ClassSpec:
    """A class as the engine needs it."""

    class_id: ClassId
    name: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a prediction table or an exported model depends on, frozen at one moment.

    ``support`` are the labelled examples; ``images`` are those to classify, which labelled ones
    of the same folder belong to as well.
    """

    folder: Path
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]
    images: tuple[ImageRef, ...]


# --- Commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScanFolder:
    """Walk ``folder`` and its sub-folders for image files.

    Answers: FilesFound in batches, then ScanFinished.
    """

    request_id: int
    folder: Path


@dataclass(frozen=True, slots=True)
class EmbedImages:
    """Embed every image, in the order given. Supersedes an older one.

    Answers: ImagesEmbedded or ImageUnreadable for every image, Progress, PredictionsReady (where
    a model is adapted), then JobFinished.
    """

    request_id: int
    images: tuple[ImageRef, ...]


@dataclass(frozen=True, slots=True)
class LoadThumbnails:
    """Fetch thumbnails, in the order given. Supersedes an older one.

    Answers: ThumbnailReady or ImageUnreadable for each image, ImagesEmbedded for those read on
    the way, then JobFinished.
    """

    request_id: int
    images: tuple[ImageRef, ...]


@dataclass(frozen=True, slots=True)
class LoadPreview:
    """Decode one image large. Supersedes an older one. Answers: PreviewReady or JobFailed."""

    request_id: int
    image: ImageRef
    max_side_px: int


@dataclass(frozen=True, slots=True)
class Adapt:
    """Fit the classifier to the labels and classify every embedded image. Supersedes older ones.

    Answers: ImagesEmbedded or ImageUnreadable for labelled images that had to be read first,
    Adapted or NotAdapted, then PredictionsReady in chunks (visible images first), then
    JobFinished.
    """

    request_id: int
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]
    visible: tuple[ImageId, ...]


@dataclass(frozen=True, slots=True)
class SavePredictions:
    """Write the table of predictions to ``out``, a CSV file. Answers: PredictionsSaved."""

    request_id: int
    snapshot: Snapshot
    out: Path


@dataclass(frozen=True, slots=True)
class ExportModel:
    """Write the adapted model to ``out`` (an ONNX file). Answers: Progress, ModelExported."""

    request_id: int
    snapshot: Snapshot
    out: Path


@dataclass(frozen=True, slots=True)
class ForgetImages:
    """Drop every embedding and model held in memory (another project is opened)."""

    request_id: int


@dataclass(frozen=True, slots=True)
class Cancel:
    """Close the job of ``request_id``, wherever it is; what it had finished stays finished."""

    request_id: int


Command = (
    ScanFolder
    | EmbedImages
    | LoadThumbnails
    | LoadPreview
    | Adapt
    | SavePredictions
    | ExportModel
    | ForgetImages
    | Cancel
)


# --- Events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The encoder is loaded.

    ``device`` is what a person reads ("CPU, 2 threads"); ``notice`` is one sentence when a better
    device was found but cannot be used, else empty.
    """

    device: str
    provider: str
    encoder_name: str
    notice: str


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """The engine cannot work at all (no encoder, ...); ``message`` is one sentence."""

    message: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. ``total`` 0 means that the end is not known; rate 0.0: not known yet."""

    request_id: int
    text: str
    done: int
    total: int
    rate_per_s: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class FilesFound:
    request_id: int
    files: tuple[FoundFile, ...]


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """``unreadable_folders`` are relative names of folders that could not be entered."""

    request_id: int
    n_files: int
    unreadable_folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImagesEmbedded:
    """``contents`` are the 16-byte hashes of the files' bytes, in the order of ``image_ids``."""

    request_id: int
    image_ids: tuple[ImageId, ...]
    contents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ImageUnreadable:
    """``reason`` is a clause without the file's name, as in "the file is empty"."""

    request_id: int
    image_id: ImageId
    reason: str


@dataclass(frozen=True, slots=True)
class ThumbnailReady:
    """``jpeg`` is an encoded thumbnail of at most THUMBNAIL_SIDE_PX a side."""

    request_id: int
    image_id: ImageId
    jpeg: bytes


@dataclass(frozen=True, slots=True, eq=False)
class PreviewReady:
    """``pixels`` (height, width, 3) uint8 RGB; ``width_px`` and ``height_px`` of the original."""

    request_id: int
    image_id: ImageId
    pixels: NDArray[np.uint8]
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Adapted:
    """A classifier was fitted.

    ``head`` is "prototypes" or "ridge". ``held_out_accuracy`` in [0, 1] is leave-one-out over the
    labels, averaged over classes, or None where too few labels allow one. ``empty_classes`` have
    no readable example and are never predicted.
    """

    request_id: int
    head: str
    n_support: int
    held_out_accuracy: float | None
    empty_classes: tuple[ClassId, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class NotAdapted:
    """There is nothing to classify with yet; ``reason`` says what to do about it."""

    request_id: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class PredictionsReady:
    """Predictions of ``n`` images.

    ``image_ids`` (n,) int64; ``class_ids`` (n, k) int64, most likely first; ``probabilities``
    (n, k) float32 in [0, 1]; k = min(5, number of classes with examples). ``request_id`` is that
    of the Adapt command whose model made them.
    """

    request_id: int
    image_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PredictionsSaved:
    request_id: int
    path: Path
    n_rows: int
    errors_path: Path | None
    n_errors: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was seen when the exported file was run by plain onnxruntime on real files.

    Differences are absolute, in probability. ``..._rule``: files decoded as the program does
    (shrink on load); ``..._full``: decoded in full. ``n_agree_...`` counts the same top class
    among the ``n_clear_...`` files whose margin (first minus second probability) exceeds
    ``margin_rule`` or ``margin_full``.
    """

    n_files: int
    max_difference_rule: float
    n_clear_rule: int
    n_agree_rule: int
    margin_rule: float
    max_difference_full: float
    n_clear_full: int
    n_agree_full: int
    margin_full: float
    onnxruntime_version: str


@dataclass(frozen=True, slots=True)
class ModelExported:
    """``files`` are all files written; ``path`` is the ONNX file among them."""

    request_id: int
    path: Path
    files: tuple[Path, ...]
    certificate: Certificate
    size_bytes: int


@dataclass(frozen=True, slots=True)
class JobFinished:
    request_id: int


@dataclass(frozen=True, slots=True)
class JobCancelled:
    """The job was cancelled or superseded by a newer one of its kind."""

    request_id: int


@dataclass(frozen=True, slots=True)
class JobFailed:
    """``message`` is one sentence. ``is_bug`` tells our fault (see the log) from the world's."""

    request_id: int
    message: str
    is_bug: bool


Event = (
    EngineReady
    | EngineFailed
    | Progress
    | FilesFound
    | ScanFinished
    | ImagesEmbedded
    | ImageUnreadable
    | ThumbnailReady
    | PreviewReady
    | Adapted
    | NotAdapted
    | PredictionsReady
    | PredictionsSaved
    | ModelExported
    | JobFinished
    | JobCancelled
    | JobFailed
)

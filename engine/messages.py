"""What the window and the engine say to each other: commands in, events out.

All messages are frozen; arrays inside them are read-only. A command carries a ``request_id``
and every event that answers it carries the same one, so that a reader can drop answers that are
older than its newest question. Nothing here imports more than numpy.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NewType

import numpy as np
from numpy.typing import NDArray

from engine.dates import NO_DATE as NO_DATE
from engine.words import NOTHING, Sentence, say

ImageId = NewType("ImageId", int)
ClassId = NewType("ClassId", int)

NONE_OF_THESE: Final = ClassId(-1)
"""The label of a negative example: it shows none of the classes.

Never among the classes of a command or an answer and never predicted: it sharpens the
none-of-these scores, and nothing else.
"""
NONE_NAME: Final = say("None of these")
"""What that is called in tables, in the journal and in the window."""


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


class Effort(StrEnum):
    """How hard the classifier is adapted to the labels."""

    INSTANT = "instant"
    THOROUGH = "thorough"
    FINETUNE = "finetune"


class TableFormat(StrEnum):
    """How a table of predictions is written.

    Excel opens CSV files as the system's settings say: columns parted by commas where the decimal
    point is a point, by semicolons (and numbers with a comma) where it is a comma.
    """

    CSV = "csv"
    EXCEL_CSV = "excel-csv"
    EXCEL_CSV_SEMICOLON = "excel-csv-semicolon"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"

    @property
    def suffix(self) -> str:
        """Of the file's name, with the dot."""
        return ".csv" if self.startswith("excel") else f".{self}"


@dataclass(frozen=True, slots=True, eq=False)
class ModelExamples:
    """Labelled examples that came with a model: embeddings, whose images are elsewhere.

    They teach classes as labelled images do, and are never judged, predicted or shown.

    Attributes:
        embeddings: (n, d) float16, of whole images.
        class_ids: (n,) int64, NONE_OF_THESE for a negative example.
        hashes: (n,) uint64, perceptual hashes of the images.
        fingerprints: (n,) of the encoder that each was seen with; only its own use is right.
    """

    embeddings: NDArray[np.float16]
    class_ids: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    fingerprints: tuple[str, ...]

    def of_encoder(self, fingerprint: str) -> ModelExamples:
        """Those that were seen with an encoder."""
        return self.chosen([item == fingerprint for item in self.fingerprints])

    def chosen(self, kept: Sequence[bool]) -> ModelExamples:
        """Some of them; ``kept`` (n,)."""
        rows = np.flatnonzero(np.array(kept, np.bool_))
        if len(rows) == len(self.class_ids):
            return self
        return ModelExamples(
            self.embeddings[rows],
            self.class_ids[rows],
            self.hashes[rows],
            tuple(self.fingerprints[row] for row in rows.tolist()),
        )

    def teach_the_same(self, other: ModelExamples) -> bool:
        """Whether they are the same examples of the same classes."""
        return (
            self.fingerprints == other.fingerprints
            and np.array_equal(self.class_ids, other.class_ids)
            and np.array_equal(self.embeddings, other.embeddings)
        )

    def counts(self) -> dict[ClassId, int]:
        """How many there are of each class, NONE_OF_THESE among them."""
        numbers, counts = np.unique(self.class_ids, return_counts=True)
        return {
            ClassId(number): count
            for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a prediction table or an exported model depends on, frozen at one moment.

    ``support`` are the labelled examples, negative ones (NONE_OF_THESE) among them, as in every
    command with labels; ``images`` are those to classify, which labelled ones of the same folder
    belong to as well. ``effort`` is that of the answers on screen; of fine-tuned ones ``tuning``
    says which network is behind them, see FineTuned. ``examples`` are those that came with a model.
    """

    folder: Path
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]
    images: Sequence[ImageRef]
    effort: Effort = Effort.INSTANT
    tuning: str = ""
    examples: ModelExamples | None = None

    @property
    def paths(self) -> Iterator[Path]:
        """The files of all its images, examples first."""
        images = itertools.chain((image for image, _ in self.support), self.images)
        return (image.path for image in images)


# --- Commands ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScanFolder:
    """Walk ``folder`` and its sub-folders for image files.

    ``elsewhere`` are names, relative to it, of images that lie outside and are looked for as well.
    Answers: FilesFound in batches, then ScanFinished.
    """

    request_id: int
    folder: Path
    elsewhere: tuple[str, ...] = ()


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
    """Decode one image large. Supersedes an older one. Answers: PreviewReady or JobFailed.

    ``as_network_input``: the square that the encoder's network looks at, in place of the image.
    """

    request_id: int
    image: ImageRef
    max_side_px: int
    as_network_input: bool = False


@dataclass(frozen=True, slots=True)
class Adapt:
    """Fit the classifier to the labels and classify every embedded image. Supersedes older ones.

    Answers: ImagesEmbedded or ImageUnreadable for labelled images that had to be read first,
    Adapted or NotAdapted, then PredictionsReady in chunks (visible images first), then
    JobFinished.

    With more than the instant effort the job runs behind everything a person waits for, sends
    Progress, and a newer Adapt of any effort ends it; Adapted then says what the effort gained.

    With the effort FINETUNE and a ``tuning`` that FineTuned told of, the vote is fitted to these
    labels behind that network, which takes as long as the thorough effort; without one, the network
    is fine-tuned to these labels first.

    ``examples``, which came with a model, are learned from like labelled images; with any of them
    every image is looked at from one view, as they were, and nothing is fine-tuned. ``gone`` are
    images that are not there any more: they do not say what the folder looks like.
    """

    request_id: int
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]
    visible: tuple[ImageId, ...]
    effort: Effort = Effort.INSTANT
    tuning: str = ""
    examples: ModelExamples | None = None
    gone: tuple[ImageId, ...] = ()


@dataclass(frozen=True, slots=True)
class FineTune:
    """Fine-tune the encoder to the labels as they are now, behind everything else.

    It goes on whatever is adapted meanwhile; a newer one ends it. What is finished is kept in the
    cache folder: asked again for the same labels of the same images, also by another process, it
    goes on from there with the same result. Answers: ImagesEmbedded or ImageUnreadable for labelled
    images that had to be read first, Progress, TrainingPoint, then FineTuned or, where it did not
    help on held-out labels, NotAdapted; also with ``examples`` of a model, which are no images that
    a network could learn from.
    """

    request_id: int
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]
    examples: ModelExamples | None = None


@dataclass(frozen=True, slots=True)
class Suggest:
    """Choose what to label next. Supersedes an older one. Answers: Suggested.

    ``count``: how many images at most; ``passed_over`` are not suggested (the person skipped
    them).
    """

    request_id: int
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]
    count: int
    passed_over: tuple[ImageId, ...] = ()
    examples: ModelExamples | None = None


@dataclass(frozen=True, slots=True)
class ReviewLabels:
    """Look for labels that seem wrong, and say how far the labels reach.

    Negative examples are not doubted and belong to no class. Supersedes an older one. Answers:
    LabelsReviewed.
    """

    request_id: int
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]


@dataclass(frozen=True, slots=True)
class AuditLabels:
    """Look for labels that seem wrong, and for nothing else: quick enough after every pause.

    Supersedes an older one. Answers: LabelsAudited.
    """

    request_id: int
    classes: tuple[ClassSpec, ...]
    support: tuple[tuple[ImageRef, ClassId], ...]


@dataclass(frozen=True, slots=True, eq=False)
class FindGroups:
    """Find bursts, copies and near-duplicates among all embedded images. Supersedes an older one.

    ``image_ids`` (n,) int64 in the order of names; ``taken_s`` (n,) int64, see ImagesEmbedded,
    NO_DATE where unknown. Behind everything a person waits for. Answers: Progress, GroupsFound.
    """

    request_id: int
    image_ids: NDArray[np.int64]
    taken_s: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MeasureSimilarity:
    """Compare all embedded images with some. Supersedes an older one. Answers: SimilarityMeasured.

    ``images`` are those compared with; they count alike. Those that are not embedded are passed
    over; without any other it fails.
    """

    request_id: int
    images: tuple[ImageId, ...]


@dataclass(frozen=True, slots=True)
class ReadDates:
    """Find out when pictures were taken, from the heads of their files. Supersedes an older one.

    For images whose embeddings were cached before dates were. Answers: DatesRead in bundles.
    """

    request_id: int
    images: tuple[ImageRef, ...]


@dataclass(frozen=True, slots=True)
class Explain:
    """Say why the current model gives one image its score for ``class_id``.

    Supersedes an older one. Answers: Explained, or JobFailed where no model is adapted.
    """

    request_id: int
    image: ImageRef
    class_id: ClassId
    support: tuple[tuple[ImageRef, ClassId], ...]


@dataclass(frozen=True, slots=True)
class ProposeSplit:
    """Part the labelled images of a class into two that look different. Answers: SplitProposed."""

    request_id: int
    images: tuple[ImageRef, ...]


@dataclass(frozen=True, slots=True)
class LayOut:
    """Lay the embedded images out in the plane, alike ones near each other.

    A layout that was made before stays, and images that came since are placed among their nearest
    neighbours on it; it is made ``anew`` on request, or when most images are others. ``is_quick``:
    only what is there at once, since the folder is still being read. ``tuning``: alike to the
    fine-tuned network of that name, as FineTuned told it; where that is gone, or with none, to the
    encoder. Each has a layout of its own; that of a network begins where the encoder's ends, and
    only its end is told. Supersedes an older one and runs behind all but thorough efforts.
    Answers: LaidOut, better and better, and Progress.
    """

    request_id: int
    anew: bool = False
    is_quick: bool = False
    tuning: str = ""


@dataclass(frozen=True, slots=True)
class SavePredictions:
    """Write the table of predictions to ``out``; without a format its name says which it is.

    Answers: Progress, PredictionsSaved.
    """

    request_id: int
    snapshot: Snapshot
    out: Path
    table_format: TableFormat | None = None


class Precision(StrEnum):
    """What an exported model can be computed in beside float32."""

    FP16 = "fp16"
    INT8 = "int8"


@dataclass(frozen=True, slots=True)
class ExportModel:
    """Write the adapted model to ``out`` (an ONNX file). Answers: Progress, ModelExported.

    For each of ``precisions`` a variant is made and measured, and written beside it as
    ``NAME.fp16.onnx`` or ``NAME.int8.onnx`` where it agrees.
    """

    request_id: int
    snapshot: Snapshot
    out: Path
    precisions: tuple[Precision, ...] = ()


class SortHow(StrEnum):
    """What becomes of the files that are sorted into folders."""

    COPY = "copy"
    LINK = "link"  # A second name of the same file (a hard link), which takes no room.
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class SortChoice:
    """How images are sorted into folders.

    ``flatten``: directly into the class's folder, without the folders they lie in. Predictions
    below ``unsure_below``, in [0, 1], go to a folder of their own. ``labelled_only``: only what
    the person labelled.
    """

    target: Path
    how: SortHow = SortHow.COPY
    flatten: bool = False
    unsure_below: float = 0.0
    labelled_only: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """A file that is to be at ``target``, relative to the target folder with ``/``.

    ``size_bytes`` and ``modified_ns`` are those of ``source`` when this was planned;
    ``is_sidecar`` where it is no image but travels with one.
    """

    source: Path
    target: str
    size_bytes: int
    modified_ns: int
    is_sidecar: bool = False


@dataclass(frozen=True, slots=True)
class SortedFolder:
    """How many images go into ``folder``, which is ``label``'s; examples are (from, to)."""

    folder: str
    label: str
    n_images: int
    examples: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class SortPlan:
    """All that will be done, one file after the other.

    ``images_folder`` is what the images' names are relative to; ``project`` the file that is to
    know where they go. ``renamed`` are examples of the ``n_renamed`` images that get another name
    because two would have had one, as (from, to). ``n_there`` are images that already are where
    they belong. ``bytes_needed`` is the room that copies take, ``bytes_free`` what there is.
    """

    choice: SortChoice
    images_folder: Path
    project: Path | None
    files: tuple[Placement, ...]
    folders: tuple[SortedFolder, ...]
    renamed: tuple[tuple[str, str], ...]
    n_renamed: int
    n_there: int
    bytes_needed: int
    bytes_free: int

    @property
    def n_images(self) -> int:
        """How many images there are to sort, sidecars not counted."""
        return sum(folder.n_images for folder in self.folders)


@dataclass(frozen=True, slots=True)
class PlanSorting:
    """Say what sorting into folders would do; nothing is touched.

    Answers: Progress, SortingPlanned.
    """

    request_id: int
    snapshot: Snapshot
    choice: SortChoice
    project: Path | None = None


@dataclass(frozen=True, slots=True)
class SortFiles:
    """Do what was planned. Answers: Progress, FilesMoved, FilesSorted.

    Cancelled or killed it can be gone on with (ResumeSorting) or taken back (UndoSorting).
    """

    request_id: int
    plan: SortPlan


@dataclass(frozen=True, slots=True)
class ResumeSorting:
    """Go on with what was interrupted in the folder ``target``. Answers: as of SortFiles.

    ``images``: a folder from which, or to which, a journal of another computer may move files.
    """

    request_id: int
    target: Path
    images: Path | None = None


@dataclass(frozen=True, slots=True)
class UndoSorting:
    """Take back the last sorting into the folder ``target``. Answers: as of SortFiles.

    What newer ones had to leave is tried again before. ``images``: as of ResumeSorting.
    """

    request_id: int
    target: Path
    images: Path | None = None


@dataclass(frozen=True, slots=True)
class ClassLook:
    """How a class looks in the window, for who goes on from a bundle.

    ``hotkey`` as ``ImageClass`` has it.
    """

    class_id: ClassId
    colour: str
    hotkey: int | None
    note: str


@dataclass(frozen=True, slots=True)
class ExportBundle:
    """Write the adapted model with all that belongs to it: a folder, or a zip file if ``out``
    ends in ``.zip``. Five images of the project go into it, made small, for its self-test.
    Answers: Progress, ModelExported.
    """

    request_id: int
    snapshot: Snapshot
    out: Path
    looks: tuple[ClassLook, ...] = ()
    precisions: tuple[Precision, ...] = ()


class SidecarNaming(StrEnum):
    """How the XMP file beside an image is called."""

    FULL = "full"
    """IMG_1.JPG.xmp, as darktable, digiKam and Immich look for it."""
    STEM = "stem"
    """IMG_1.xmp, as Lightroom and Bridge do."""


@dataclass(frozen=True, slots=True)
class MetadataChoice:
    """Which images get keywords, and where they are written.

    Labelled images always get theirs, predictions from the confidence ``above`` in [0, 1] on; what
    is, or looks like, none of the classes gets none. ``is_embedded``: into the image's own file
    where that does no harm, else into a sidecar. ``is_dry_run``: nothing is written.
    """

    above: float = 0.9
    is_embedded: bool = False
    naming: SidecarNaming = SidecarNaming.FULL
    is_dry_run: bool = False


@dataclass(frozen=True, slots=True)
class WriteMetadata:
    """Write classes as XMP keywords, merged into those that are there.

    Answers: Progress, MetadataWritten (of a dry run with what would be).
    """

    request_id: int
    snapshot: Snapshot
    choice: MetadataChoice


@dataclass(frozen=True, slots=True)
class UndoMetadata:
    """Take back the newest writing of keywords over a folder. Answers: Progress, MetadataUndone.

    ``images`` are where the project knows images now: some may have been moved since.
    """

    request_id: int
    folder: Path
    images: tuple[ImageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadBundle:
    """Read what labelling can go on from in a bundle: its folder, its zip file, or a file in it.

    Answers: BundleRead, or JobFailed where there is nothing, or it is another encoder's.
    """

    request_id: int
    path: Path


@dataclass(frozen=True, slots=True)
class ReadLabels:
    """Read the labels that another program wrote, and find the images that they are of.

    Nothing is changed by that. ``path`` is a file, a folder or a zip of one; ``format_key`` one of
    ``engine.label_formats()``, empty to recognise it; ``images`` those of the project in
    ``folder``. Goes on on a thread of its own. Answers: Progress, LabelsRead.
    """

    request_id: int
    path: Path
    format_key: str
    folder: Path
    images: tuple[ImageRef, ...]


@dataclass(frozen=True, slots=True)
class RepairProject:
    """Make a damaged project whole again, which nobody has open; see ``engine.project_recovery``.

    Goes on on a thread of its own. Answers: Progress, ProjectRepaired.
    """

    request_id: int
    path: Path
    backup_folder: Path


@dataclass(frozen=True, slots=True)
class SaveLabels:
    """Write the labels to ``out`` in one of the formats of ``engine.label_formats()``.

    ``out`` is a file or, for formats that are one, a folder that is not there yet or empty.
    ``with_predictions``: also what the model says of the other images; only then is anything
    classified. ``copy_images``: copies of the images where the format holds them, else hard links
    where that can be. Answers: Progress, LabelsSaved.
    """

    request_id: int
    snapshot: Snapshot
    out: Path
    format_key: str
    with_predictions: bool = False
    copy_images: bool = True


@dataclass(frozen=True, slots=True)
class AddEncoder:
    """Make an encoder of a network by name: `timm:NAME` or `torchvision:NAME`.

    Its weights are downloaded, the only time that the program uses the network, or, where
    ``weights`` is given, taken from that file (safetensors, or a torch file of tensors only). With
    an empty ``name`` ``weights`` is an encoder file of Handful's to be taken in. What comes out is
    kept in the folder of encoders (``engine.default_encoders_folder``) and is in use once an engine
    is made with it.

    Answers: Progress (of the download in MB), EncoderAdded, or JobFailed. Goes on while projects
    are closed and opened.
    """

    request_id: int
    name: str
    weights: Path | None


@dataclass(frozen=True, slots=True)
class MakeCrops:
    """Cut out what a detector found: ``results`` is its file, in the form of MegaDetector's.

    The crops become the files of ``out``, a new folder, with a manifest that is there once all are.
    Asked again for the same it makes only what is not there. ``images_folder`` is where the images
    lie; only detections of these ``categories`` with at least ``least_confidence``, in [0, 1], are
    cut out. Answers: Progress, CropsMade.
    """

    request_id: int
    results: Path
    images_folder: Path
    out: Path
    categories: tuple[str, ...] = ("animal",)
    least_confidence: float = 0.2


@dataclass(frozen=True, slots=True)
class WriteDetections:
    """Write the detector's file anew, with classes for the detections that were cut out.

    The snapshot's folder is one that MakeCrops made. What a person labelled has that class alone;
    everything else has what the model says, where there are labels for a model. Answers: Progress,
    DetectionsWritten.
    """

    request_id: int
    snapshot: Snapshot
    out: Path


@dataclass(frozen=True, slots=True)
class PaintSample:
    """Paint pictures of machine parts into ``folder``, to try the program on.

    Pictures that are there already are left. Answers: Progress, SamplePainted.
    """

    request_id: int
    folder: Path


@dataclass(frozen=True, slots=True)
class ForgetImages:
    """Drop every embedding and model held in memory (another project is opened).

    Ends all jobs but AddEncoder.
    """

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
    | FineTune
    | Suggest
    | ReviewLabels
    | AuditLabels
    | FindGroups
    | MeasureSimilarity
    | ReadDates
    | Explain
    | ProposeSplit
    | LayOut
    | SavePredictions
    | ExportModel
    | ExportBundle
    | PlanSorting
    | SortFiles
    | ResumeSorting
    | UndoSorting
    | WriteMetadata
    | UndoMetadata
    | ReadBundle
    | ReadLabels
    | RepairProject
    | SaveLabels
    | MakeCrops
    | WriteDetections
    | AddEncoder
    | PaintSample
    | ForgetImages
    | Cancel
)


# --- Events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The encoder is loaded; comes once more where its device fails later and another takes over.

    ``device`` is what a person reads ("CPU, 2 threads"); ``notice`` is one sentence when a better
    device was found, or another encoder asked for, but cannot be used, else empty.
    ``finetune_refusal`` is one sentence where the encoder cannot be fine-tuned, else empty.
    ``openvino_refusal`` is why OpenVINO was tried and is not used, part of a sentence; empty where
    it is in use, not installed, or was not tried.
    """

    device: Sentence
    provider: str
    encoder_name: str
    notice: Sentence
    finetune_refusal: Sentence = NOTHING
    openvino_refusal: Sentence = NOTHING


@dataclass(frozen=True, slots=True)
class EngineNews:
    """Something happened to what the engine works with, the cache or a cluster; one sentence."""

    text: Sentence


@dataclass(frozen=True, slots=True)
class EngineFailed:
    """The engine cannot work at all (no encoder, ...); ``message`` is one sentence."""

    message: Sentence


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. ``total`` 0 means that the end is not known; rate 0.0: not known yet.

    ``measured`` are numbers of the step at hand by their names ("loss", "accuracy"), for curves.
    """

    request_id: int
    text: Sentence
    done: int
    total: int
    rate_per_s: float
    seconds_left: float
    measured: tuple[tuple[str, float], ...] = ()


class Series(StrEnum):
    """What is measured while a network is fine-tuned."""

    LOSS = "loss"
    """On examples that it learns from, each asked against prototypes of others, nats."""
    HELD_OUT_LOSS = "held_out_loss"
    """Log-loss of some examples held out from it, by cosine to prototypes of others, nats."""
    HELD_OUT_ACCURACY = "held_out_accuracy"
    """The share of these that come out right, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class TrainingPoint:
    """A point on a curve of fine-tuning.

    ``training`` counts them from 0, one for each fold of ``n_trainings - 1`` and last the one that
    leaves nothing out; ``step`` of ``n_steps`` of the optimizer; 0 is the network as it was.
    """

    request_id: int
    series: Series
    training: int
    n_trainings: int
    step: int
    n_steps: int
    value: float


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
    """``contents`` are the 16-byte hashes of the files' bytes, in the order of ``image_ids``.

    ``taken_s`` tells when each picture was taken, in seconds since 1970 by the camera's own clock
    (no time zone); NO_DATE where its file does not tell, None where nobody has looked yet. Empty
    where none is known.
    """

    request_id: int
    image_ids: tuple[ImageId, ...]
    contents: tuple[bytes, ...]
    taken_s: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class DatesRead:
    """When pictures were taken, as in ImagesEmbedded but never None."""

    request_id: int
    image_ids: tuple[ImageId, ...]
    taken_s: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ImageUnreadable:
    """``reason`` is a clause without the file's name, as in "the file is empty"."""

    request_id: int
    image_id: ImageId
    reason: Sentence


@dataclass(frozen=True, slots=True)
class ThumbnailReady:
    """``jpeg`` is an encoded thumbnail of at most THUMBNAIL_SIDE_PX a side."""

    request_id: int
    image_id: ImageId
    jpeg: bytes


@dataclass(frozen=True, slots=True, eq=False)
class PreviewReady:
    """``pixels`` (height, width, 3) uint8 RGB; ``width_px`` and ``height_px`` of the original.

    ``is_network_input``: the pixels are those that the network looks at.
    """

    request_id: int
    image_id: ImageId
    pixels: NDArray[np.uint8]
    width_px: int
    height_px: int
    is_network_input: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """How the labelled images fare when each is judged by the others, bursts left out together.

    Only images of classes with at least two independent examples can be judged.

    Attributes:
        accuracy: in [0, 1], averaged over the classes that could be judged.
        log_loss: mean negative log probability of the label, nats.
        confidences: (n,) float32 in [0, 1], the probability of the class thought most likely.
        hits: (n,) bool, whether that class is the label.
    """

    accuracy: float
    log_loss: float
    confidences: NDArray[np.float32]
    hits: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutPredictions:
    """What ``Adapted.held_out`` sums up: one by one, the labelled images that could be judged.

    Of near-duplicates with one label only the first is among them.

    Attributes:
        image_ids: (n,) int64.
        labels: (n,) int64, the class that the person gave.
        predicted: (n,) int64, the class thought most likely by a fit without the image.
        confidences: (n,) float32 in [0, 1], of ``predicted``.
    """

    image_ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    confidences: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Adapted:
    """A classifier was fitted.

    ``held_out`` is None where too few labels allow one. ``plain`` is the same of plain prototypes,
    ``instant`` and ``thorough`` of the lesser efforts, on the same labels and held out the same way
    (None where ``held_out`` is, where it is that effort itself, and where it was not tried so):
    what was gained. ``kept`` names the ingredients
    that went in, in words for a person. ``n_support`` does not count negative examples.
    ``empty_classes`` have no readable example and are never predicted. ``seconds`` it took;
    ``finetune_seconds`` is an estimate of what fine-tuning would take, folder included.
    ``predictions`` are what ``held_out`` sums up; None where that is. ``none_judged`` images
    labelled as none of these, near-duplicates counted once, were judged as strangers that nobody
    has labelled; ``none_found`` of them would be said to look like none of the classes.
    ``n_unused_examples`` of a model were seen by another encoder than this one and left out.
    """

    request_id: int
    effort: Effort
    kept: tuple[Sentence, ...]
    n_support: int
    held_out: HeldOut | None
    plain: HeldOut | None
    instant: HeldOut | None
    empty_classes: tuple[ClassId, ...]
    seconds: float
    finetune_seconds: float
    thorough: HeldOut | None = None
    predictions: HeldOutPredictions | None = None
    none_judged: int = 0
    none_found: int = 0
    n_unused_examples: int = 0


@dataclass(frozen=True, slots=True)
class FineTuned:
    """Fine-tuning helped on held-out labels, and the folder was looked at with its network.

    ``tuning`` names the network, for Adapt and Snapshot; it is kept until another one is shown or
    the folder is closed. ``held_out`` is with it and the vote behind it, ``thorough`` with the vote
    and ``instant`` with the instant head on the encoder as it was, all on the ``n_support`` labels
    that it was given, held out the same way. ``seconds`` it took since it was asked for last.
    """

    request_id: int
    tuning: str
    n_support: int
    held_out: HeldOut
    thorough: HeldOut
    instant: HeldOut
    seconds: float


@dataclass(frozen=True, slots=True)
class NotAdapted:
    """There is nothing to classify with yet; ``reason`` says what to do about it.

    Also where an effort above instant brought nothing on held-out labels: the model on screen
    stays, and ``reason`` says so.
    """

    request_id: int
    reason: Sentence
    effort: Effort = Effort.INSTANT


@dataclass(frozen=True, slots=True, eq=False)
class PredictionsReady:
    """Predictions of ``n`` images.

    ``image_ids`` (n,) int64; ``class_ids`` (n, k) int64, most likely first; ``probabilities``
    (n, k) float32 in [0, 1]; k = min(5, number of classes with examples). ``none_scores`` (n,)
    float32 in [0, 1]: how much the image looks like none of the classes; about one in twenty
    images of the classes, or fewer, lie above 0.5. ``request_id`` is that of the Adapt command
    whose model made them.
    """

    request_id: int
    image_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    none_scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An image worth labelling next.

    ``why`` is a few words for a person ("typical of 41 images without a label", "between scratch
    and dent"); ``class_ids`` are the classes thought most likely, at most two, or none.
    ``is_close_call``: it was chosen because the model wavered between the two, which newer labels
    may have ended.
    """

    image_id: ImageId
    why: Sentence
    class_ids: tuple[ClassId, ...]
    is_close_call: bool = False


@dataclass(frozen=True, slots=True)
class Suggested:
    """The best first; no two are near-duplicates of each other or of a labelled image."""

    request_id: int
    suggestions: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class DoubtfulLabel:
    """A label that looks wrong.

    ``class_id`` is the label and ``likely_id`` the class the other labels speak for, with
    ``probability`` against ``own_probability``; ``neighbours`` are the nearest labelled images
    (three at most); ``why`` is one sentence.
    """

    image_id: ImageId
    class_id: ClassId
    likely_id: ClassId
    probability: float
    own_probability: float
    neighbours: tuple[ImageId, ...]
    why: Sentence


@dataclass(frozen=True, slots=True)
class ClassReach:
    """How far the labels of one class reach.

    ``n_labels`` labelled images, ``n_independent`` with near-duplicates counted once; of
    ``n_judged`` held-out ones ``n_right`` were recognised; ``low`` and ``high`` bound the
    recognition rate (95 %), 0 and 1 where nothing can be said.
    """

    class_id: ClassId
    n_labels: int
    n_independent: int
    n_judged: int
    n_right: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Accuracy on held-out labels with ``labels_per_class`` labels, 95 % interval."""

    labels_per_class: float
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class LabelsReviewed:
    """``accuracy`` with ``low`` and ``high`` is what the instant effort should reach on the images
    without a label, averaged over classes; None where there are too few labels to tell. ``curve``
    ends there. ``advice`` is one plain sentence, empty where that can be told: what to do then
    follows from the answers on screen. ``weakest`` is the class that more labels would help most,
    if any.
    """

    request_id: int
    doubtful: tuple[DoubtfulLabel, ...]
    classes: tuple[ClassReach, ...]
    accuracy: float | None
    low: float
    high: float
    curve: tuple[CurvePoint, ...]
    advice: Sentence
    weakest: ClassId | None


@dataclass(frozen=True, slots=True)
class LabelsAudited:
    """Labels that look wrong, the most doubtful first."""

    request_id: int
    doubtful: tuple[DoubtfulLabel, ...]


@dataclass(frozen=True, slots=True, eq=False)
class GroupsFound:
    """Images that show the same twice or more; those that are alone are left out.

    ``image_ids`` (n,) int64; ``groups`` (n,) int64, the number of each one's group. Every group
    has at least two images.
    """

    request_id: int
    image_ids: NDArray[np.int64]
    groups: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityMeasured:
    """``image_ids`` (n,) int64, ``similarities`` (n,) float32 in [-1, 1]: cosines to the mean of
    the directions of the images that were asked about, in the folder's centred space.
    """

    request_id: int
    image_ids: NDArray[np.int64]
    similarities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A labelled image near the one explained; ``similarity`` is the cosine, in [-1, 1]."""

    image_id: ImageId
    class_id: ClassId
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """Why an image has its score for a class.

    ``score`` is the class's logit less the mean of all classes' logits; ``heat`` (rows, columns)
    float32 lies over the whole image and sums to it. ``neighbours``: the nearest labelled images
    but negative examples, nearest first. ``note`` is one sentence where the encoder cannot tell
    parts of the image apart, and ``heat`` then one cell; else it is empty.
    """

    request_id: int
    image_id: ImageId
    class_id: ClassId
    score: float
    heat: NDArray[np.float32]
    neighbours: tuple[Neighbour, ...]
    note: Sentence = NOTHING


@dataclass(frozen=True, slots=True)
class SplitProposed:
    """The images that would leave the class for a new one; never all and never none of two."""

    request_id: int
    leaving: tuple[ImageId, ...]


class LayoutMethod(StrEnum):
    """How positions on the map came about."""

    MAIN_DIRECTIONS = "main directions"
    """The two directions in which the images differ most (principal components)."""
    NEIGHBOURS = "neighbours"
    """t-SNE, which keeps alike images together."""


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """Where images lie on the map.

    ``image_ids`` (n,) int64, ascending; ``positions`` (n, 2) float32, around the origin, 99 in 100
    of them in the circle of radius one (of images placed later: about there). ``is_final``: no
    better ones follow. ``tuning``: the fine-tuned network that they are alike to, empty for the
    encoder.
    """

    request_id: int
    image_ids: NDArray[np.int64]
    positions: NDArray[np.float32]
    method: LayoutMethod
    is_final: bool
    tuning: str = ""


@dataclass(frozen=True, slots=True)
class PredictionsSaved:
    request_id: int
    path: Path
    n_rows: int
    errors_path: Path | None
    n_errors: int
    n_like_none: int = 0
    """Images without a person's label that look like none of the classes."""


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
class VariantReport:
    """What was measured of the model in a lower precision.

    Attributes:
        file_name: under which it was written; empty where it is not offered.
        size_bytes: of its file.
        images_per_second: on one thread of the CPU, images decoded already, resizing included.
        full_images_per_second: of the model in full precision, timed in turns with all variants
            of one export: the same figure for each.
        n_files: images it was run on; of int8 none that it was made with.
        n_agree: how many of them get the program's class.
        max_difference: the largest difference in probability.
        refusal: one sentence where it is not offered, else empty.
        model_id: what tables made with it are marked with; not that of the full model.
    """

    precision: Precision
    file_name: str
    size_bytes: int
    images_per_second: float
    full_images_per_second: float
    n_files: int
    n_agree: int
    max_difference: float
    refusal: Sentence = NOTHING
    model_id: str = ""


@dataclass(frozen=True, slots=True)
class ModelExported:
    """``files`` are all files written; ``path`` is the ONNX file among them.

    Of a bundle ``path`` is the folder or zip file, ``files`` lie in it, and ``variants`` are the
    other model files in it with what was seen of each; ``note`` is one sentence where one of them
    was left out, else empty.
    """

    request_id: int
    path: Path
    files: tuple[Path, ...]
    certificate: Certificate
    size_bytes: int
    variants: tuple[tuple[str, Certificate], ...] = ()
    note: Sentence = NOTHING
    precisions: tuple[VariantReport, ...] = ()
    """Of each precision that was asked for, in that order, also where it is not offered."""
    removed: tuple[str, ...] = ()
    """Names of variants that were there, belonged to the former model, and are gone with it."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was left as it is, and why."""

    name: str
    reason: Sentence


@dataclass(frozen=True, slots=True, eq=False)
class SortingPlanned:
    """``problem`` is why it cannot be done, or nothing; ``left_out`` are the first of many."""

    request_id: int
    plan: SortPlan
    problem: Sentence
    n_left_out: int
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FilesMoved:
    """Images that lie elsewhere now, as (from, to)."""

    request_id: int
    moves: tuple[tuple[Path, Path], ...]


@dataclass(frozen=True, slots=True)
class FilesSorted:
    """A sorting into folders, or its undo, is over.

    ``n_images`` are where they belong now (after an undo: were taken back by it), ``left_out`` the
    first of those that are not. ``n_edited`` moved images are back as they were edited meanwhile.
    """

    request_id: int
    target: Path
    how: SortHow
    is_undo: bool
    n_images: int
    n_left_out: int
    left_out: tuple[LeftOut, ...]
    n_edited: int = 0


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """What becomes of one file: keywords that come and go.

    ``image`` and ``file`` are relative to the folder of images; ``file`` is the sidecar or the
    image itself (``is_embedded``). ``instead`` says why there is a sidecar where the image's own
    file was asked for, else it is empty.
    """

    image: str
    file: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    is_new: bool
    is_embedded: bool
    instead: Sentence = NOTHING


@dataclass(frozen=True, slots=True)
class RewrittenImage:
    """An image whose file has other bytes now and shows the same, with the hashes of both.

    ``name`` is relative to the folder of images.
    """

    name: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class ImagesRewritten:
    """While keywords are written into images or taken out: which were done."""

    request_id: int
    images: tuple[RewrittenImage, ...]


@dataclass(frozen=True, slots=True)
class MetadataPlanned:
    """Of a dry run: what would become of some files."""

    request_id: int
    changes: tuple[MetadataChange, ...]


@dataclass(frozen=True, slots=True)
class MetadataWritten:
    """What came of writing keywords, or would come of it.

    ``n_tagged`` images have a keyword now, ``n_unchanged`` of them had it before; ``n_created``
    sidecars are new, ``n_merged`` were there, ``n_removed`` held nothing but what Handful wrote and
    are no longer needed, ``n_embedded`` images were written into,
    ``n_instead`` got a sidecar since that could do harm. ``n_silent`` have none: too unsure, or
    none of these. ``changes`` are the first 500, ``problems`` a sentence for each image that was
    left. ``journal`` is None where nothing was ever written.
    """

    request_id: int
    folder: Path
    is_dry_run: bool
    n_tagged: int
    n_human: int
    n_unchanged: int
    n_created: int
    n_merged: int
    n_removed: int
    n_embedded: int
    n_instead: int
    n_silent: int
    changes: tuple[MetadataChange, ...]
    problems: tuple[Sentence, ...]
    journal: Path | None


@dataclass(frozen=True, slots=True)
class MetadataUndone:
    """``n_restored`` files are as they were, ``problems`` has a sentence for each that is not."""

    request_id: int
    folder: Path
    n_restored: int
    problems: tuple[Sentence, ...]


class FoundBy(StrEnum):
    """How the image was found that another program's file names."""

    PATH = "path"
    """By its path, relative to the project's folder or in it."""
    SPELLING = "spelling"
    """By its path, in other letters (capitals, composed characters)."""
    CONTENT = "content"
    """By the bytes of the file."""
    ENDING = "ending"
    """By the end of a path, which only one image has."""


class WhyUnmatched(StrEnum):
    """Why a label of another program's file has no image."""

    NOWHERE = "nowhere"
    """No image of the project is called so or has the same bytes."""
    SEVERAL = "several"
    """Several images of the project may be meant."""
    CONTESTED = "contested"
    """Another name in the file means the same image, at least as well."""
    LABELS = "labels"
    """The file gives the image several labels."""
    NAME = "name"
    """The label is no name that a class can have."""


@dataclass(frozen=True, slots=True)
class UnmatchedLabel:
    """A label that was read and cannot be taken; ``where`` is its place in the file, if known."""

    name: str
    label: str
    where: str
    why: WhyUnmatched


@dataclass(frozen=True, slots=True, eq=False)
class LabelsRead:
    """What another program's file says of the project's images, each image at most once.

    ``image_ids`` (n,) int64; ``numbers`` (n,) int32, places in ``names``, which are names of
    classes as the file writes them, NONE_NAME among them for negative examples; ``is_predicted``
    (n,) bool, whether it was a machine that said so. ``found_by`` counts images. ``format_title``
    is what the format is called.
    """

    request_id: int
    path: Path
    format_title: str
    names: tuple[str, ...]
    image_ids: NDArray[np.int64]
    numbers: NDArray[np.int32]
    is_predicted: NDArray[np.bool_]
    found_by: tuple[tuple[FoundBy, int], ...]
    unmatched: tuple[UnmatchedLabel, ...]
    notices: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class ProjectRepaired:
    """The project can be opened again; the damaged file is kept at ``damaged``.

    ``sentences`` say what was brought back from where, and what was not.
    """

    request_id: int
    path: Path
    damaged: Path | None
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class LabelsSaved:
    """``n_labels`` a person's, ``n_predictions`` the model's; ``n_left_out`` images could not be
    read. ``notices`` say which, and what had to be called otherwise, a sentence each, a few at
    most."""

    request_id: int
    path: Path
    n_labels: int
    n_predictions: int
    n_left_out: int = 0
    notices: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class BundleClass:
    """A class of a bundle, as it looked where that was made; nothing where that is not known.

    ``hotkey`` as ``ImageClass`` has it.
    """

    name: str
    colour: str = ""
    hotkey: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class BundleRead:
    """What labelling can go on from.

    ``path`` is the bundle, ``title`` what a person calls it. ``examples.class_ids`` are positions
    in ``classes``. ``was_tuned``: the bundle's own model looks through a fine-tuned network, which
    its examples are not seen with.
    """

    request_id: int
    path: Path
    title: str
    classes: tuple[BundleClass, ...]
    examples: ModelExamples
    was_tuned: bool


@dataclass(frozen=True, slots=True)
class CropsMade:
    """``path`` is the folder. ``n_crops`` of ``n_images`` images are in it, ``n_made`` of them new;
    of ``n_left_out`` images with detections there are none. ``notices`` say why, and what else was
    passed over, a sentence each, a few at most."""

    request_id: int
    path: Path
    n_crops: int
    n_images: int
    n_made: int
    n_left_out: int
    notices: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class DetectionsWritten:
    """``n_labels`` detections have a person's class, ``n_predictions`` the model's, and
    ``n_without`` crops none."""

    request_id: int
    path: Path
    n_labels: int
    n_predictions: int
    n_without: int


@dataclass(frozen=True, slots=True)
class EncoderAdded:
    """``path`` is the encoder file in the folder of encoders; ``name`` is what a person reads."""

    request_id: int
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class SamplePainted:
    """``folder`` holds the pictures."""

    request_id: int
    folder: Path


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
    message: Sentence
    is_bug: bool


Result = (
    PredictionsSaved  # One a line: each ends a task that a person asked for and waits for.
    | ModelExported
    | MetadataWritten
    | MetadataUndone
    | BundleRead
    | LabelsRead
    | LabelsSaved
    | CropsMade
    | DetectionsWritten
    | EncoderAdded
    | ProjectRepaired
    | SamplePainted
    | SortingPlanned
    | FilesSorted
)

Event = (
    EngineReady
    | EngineFailed
    | EngineNews
    | Progress
    | FilesFound
    | ScanFinished
    | ImagesEmbedded
    | DatesRead
    | ImageUnreadable
    | ThumbnailReady
    | PreviewReady
    | TrainingPoint
    | Adapted
    | FineTuned
    | NotAdapted
    | PredictionsReady
    | Suggested
    | LabelsReviewed
    | LabelsAudited
    | GroupsFound
    | SimilarityMeasured
    | Explained
    | SplitProposed
    | LaidOut
    | PredictionsSaved
    | ModelExported
    | SortingPlanned
    | FilesMoved
    | FilesSorted
    | ImagesRewritten
    | MetadataPlanned
    | MetadataWritten
    | MetadataUndone
    | BundleRead
    | LabelsRead
    | ProjectRepaired
    | LabelsSaved
    | CropsMade
    | DetectionsWritten
    | EncoderAdded
    | SamplePainted
    | JobFinished
    | JobCancelled
    | JobFailed
)

"""An engine that does nothing by itself: it records commands, and the test publishes events."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from engine import messages
from engine.messages import ClassId, ImageId
from engine.words import say, sentence_of

_C = TypeVar("_C", bound=messages.Command)


class FakeEngine:
    """Stands in for :class:`engine.Engine`.

    Attributes:
        commands: everything that was submitted, in order.
        is_closed: whether the window has ended it.
    """

    def __init__(self, publish: Callable[[messages.Event], None]) -> None:
        self.publish = publish
        self.commands: list[messages.Command] = []
        self.is_closed = False
        self._refused: set[int] = set()

    def submit(self, command: messages.Command) -> None:
        assert not self.is_closed
        self.commands.append(command)

    def close(self) -> None:
        self.is_closed = True

    # --- What the tests look at -------------------------------------------------------------------

    def all(self, kind: type[_C]) -> list[_C]:
        """Every command of a kind, in order."""
        return [command for command in self.commands if isinstance(command, kind)]

    def last(self, kind: type[_C]) -> _C:
        """The newest command of a kind."""
        return self.all(kind)[-1]

    def cancelled(self) -> list[int]:
        """The requests that were cancelled."""
        return [command.request_id for command in self.all(messages.Cancel)]

    # --- What the tests let it say ----------------------------------------------------------------

    def ready(
        self, notice: str = "", finetune_refusal: str = "", openvino_refusal: str = ""
    ) -> None:
        self.publish(
            messages.EngineReady(
                say("CPU, {threads}", threads=say("{n_threads} threads", n_threads=2)),
                "CPUExecutionProvider",
                "handful-base",
                sentence_of(notice),
                sentence_of(finetune_refusal),
                sentence_of(openvino_refusal),
            )
        )

    def finish_scan(self, names: Sequence[str] | None = None, batch: int = 1000) -> None:
        """Answer the newest scan with the files that lie there, or with some of that name."""
        scan = self.last(messages.ScanFolder)
        if names is None:
            names = sorted(
                path.relative_to(scan.folder).as_posix()
                for path in scan.folder.rglob("*")
                if path.suffix in (".png", ".jpg")
            )
        files = [_found(scan.folder, name) for name in names]
        for start in range(0, len(files), batch):
            self.publish(messages.FilesFound(scan.request_id, tuple(files[start : start + batch])))
        self.publish(messages.ScanFinished(scan.request_id, len(files), ()))
        self.publish(messages.JobFinished(scan.request_id))

    def embed(self, images: Sequence[messages.ImageRef] | None = None) -> None:
        """Answer the newest list of images to embed, in part or (by default) whole."""
        command = self.last(messages.EmbedImages)
        good: list[messages.ImageRef] = []
        for image in command.images if images is None else images:
            content = image.path.read_bytes() if image.path.exists() else b"x" * image.image_id
            if content:
                good.append(image)
            else:
                self.publish(
                    messages.ImageUnreadable(
                        command.request_id, image.image_id, say("the file is empty")
                    )
                )
        if good:
            self.publish(
                messages.ImagesEmbedded(
                    command.request_id,
                    tuple(image.image_id for image in good),
                    tuple(_hash(image.path) for image in good),
                )
            )
        if images is None:
            self.publish(messages.JobFinished(command.request_id))

    def thumbnails(self) -> None:
        """Answer the newest request for thumbnails."""
        command = self.last(messages.LoadThumbnails)
        for image in command.images:
            try:
                with Image.open(image.path) as picture:
                    small = picture.convert("RGB")
                    small.thumbnail((256, 256))
            except OSError:
                self.publish(
                    messages.ImageUnreadable(command.request_id, image.image_id, "it is broken")
                )
                continue
            jpeg = io.BytesIO()
            small.save(jpeg, "JPEG", quality=90)
            self.publish(
                messages.ThumbnailReady(command.request_id, image.image_id, jpeg.getvalue())
            )
        self.publish(messages.JobFinished(command.request_id))

    def preview(self, width_px: int = 640, height_px: int = 480) -> None:
        """Answer the newest request for one image large."""
        command = self.last(messages.LoadPreview)
        pixels = np.full((height_px // 2, width_px // 2, 3), 90, np.uint8)
        pixels.setflags(write=False)
        self.publish(
            messages.PreviewReady(
                command.request_id, command.image.image_id, pixels, width_px, height_px
            )
        )
        self.publish(messages.JobFinished(command.request_id))

    def explain(
        self,
        heat: Sequence[Sequence[float]],
        neighbours: Sequence[tuple[ImageId, ClassId, float]] = (),
        *,
        request_id: int | None = None,
        note: str = "",
    ) -> None:
        """Answer the newest question why (or the one of that number) with this heat map."""
        asked = [
            command
            for command in self.all(messages.Explain)
            if request_id in (None, command.request_id)
        ][-1]
        cells = np.array(heat, np.float32)
        cells.setflags(write=False)
        near = tuple(messages.Neighbour(*item) for item in neighbours)
        self.publish(
            messages.Explained(
                asked.request_id,
                asked.image.image_id,
                asked.class_id,
                float(cells.sum()),
                cells,
                near,
                sentence_of(note),
            )
        )
        self.publish(messages.JobFinished(asked.request_id))

    def answer_cancel(self) -> None:
        """Answer the newest Cancel as the engine does, unless its job had ended before."""
        self.publish(messages.JobCancelled(self.cancelled()[-1]))

    def fail(self, message: str) -> None:
        """Start without an encoder: images can be looked at, and nothing else."""
        self.publish(messages.EngineFailed(message))

    def refuse(self, message: str) -> None:
        """Answer all that needs an encoder as an engine does that has none."""
        kinds = (
            messages.Adapt,
            messages.EmbedImages,
            messages.SavePredictions,
            messages.ExportModel,
        )
        for command in [item for item in self.commands if isinstance(item, kinds)]:
            if command.request_id not in self._refused:
                self._refused.add(command.request_id)
                self.publish(messages.JobFailed(command.request_id, message, False))

    def predict(
        self,
        predictions: Mapping[ImageId, Sequence[tuple[ClassId, float]]],
        *,
        request_id: int | None = None,
        accuracy: float | None = None,
        empty: Sequence[ClassId] = (),
        plain: float | None = None,
        instant: float | None = None,
        thorough: float | None = None,
        kept: Sequence[str] = (say("ridge regression"),),
        none_scores: Mapping[ImageId, float] | None = None,
        held_out: messages.HeldOut | None = None,
        finetune_seconds: float = 600.0,
        taken_for: Mapping[ImageId, tuple[ClassId, float]] | None = None,
    ) -> None:
        """Answer the newest Adapt (or one of that number) with these predictions.

        Args:
            accuracy, plain, instant, thorough: of held-out labels; None for too few.
            held_out: in place of what is made up for ``accuracy``.
            none_scores: by image, 0 for the others.
            taken_for: every labelled image was held out; what some of them were taken for, with
                which confidence. The others are recognised, with 0.9.
        """
        command = self.last(messages.Adapt)
        if taken_for is not None:
            told = _held_out_predictions(command, taken_for)
            held_out = held_out or _summed_up(told)
        else:
            told = None if accuracy is None else _made_up_predictions(command, accuracy)
            held_out = held_out or _held_out(accuracy, len(command.support))
        number = command.request_id if request_id is None else request_id
        asked = [item for item in self.all(messages.Adapt) if item.request_id == number]
        n_support = len(command.support)
        self.publish(
            messages.Adapted(
                number,
                asked[0].effort,
                kept=tuple(kept),
                n_support=n_support,
                held_out=held_out,
                plain=_held_out(plain, n_support),
                instant=_held_out(instant, n_support),
                empty_classes=tuple(empty),
                seconds=0.01,
                finetune_seconds=finetune_seconds,
                thorough=_held_out(thorough, n_support),
                predictions=told,
            )
        )
        if predictions:
            self.publish(predictions_ready(number, predictions, none_scores))
        self.publish(messages.JobFinished(number))

    def audit(self, doubtful: Sequence[messages.DoubtfulLabel]) -> None:
        """Answer the newest AuditLabels."""
        number = self.last(messages.AuditLabels).request_id
        self.publish(messages.LabelsAudited(number, tuple(doubtful)))
        self.publish(messages.JobFinished(number))

    def group(self, *groups: Sequence[ImageId]) -> None:
        """Answer the newest FindGroups."""
        number = self.last(messages.FindGroups).request_id
        self.publish(messages.Progress(number, "Looking for alike images", 40, 100, 0.0, 0.0))
        ids = np.array([image for group in groups for image in group], np.int64)
        names = np.array([place for place, group in enumerate(groups) for _ in group], np.int64)
        for array in (ids, names):
            array.setflags(write=False)
        self.publish(messages.GroupsFound(number, ids, names))
        self.publish(messages.JobFinished(number))

    def measure(self, similarities: Mapping[ImageId, float]) -> None:
        """Answer the newest MeasureSimilarity."""
        number = self.last(messages.MeasureSimilarity).request_id
        ids = np.array(list(similarities), np.int64)
        values = np.array(list(similarities.values()), np.float32)
        self.publish(messages.SimilarityMeasured(number, ids, values))
        self.publish(messages.JobFinished(number))

    def date(self, dates: Mapping[ImageId, int]) -> None:
        """Answer the newest ReadDates with seconds since 1970; the others tell none."""
        command = self.last(messages.ReadDates)
        images = tuple(image.image_id for image in command.images)
        taken_s = tuple(dates.get(image, messages.NO_DATE) for image in images)
        self.publish(messages.DatesRead(command.request_id, images, taken_s))
        self.publish(messages.JobFinished(command.request_id))

    def review(
        self,
        *,
        doubtful: Sequence[messages.DoubtfulLabel] = (),
        accuracy: float | None = 0.8,
        weakest: ClassId | None = None,
        advice: str = "",
    ) -> None:
        """Answer the newest ReviewLabels; every class has as many labels as were sent."""
        command = self.last(messages.ReviewLabels)
        labels = [label for _, label in command.support]
        n_judged = {item.class_id: labels.count(item.class_id) for item in command.classes}
        if accuracy is None:
            n_judged = dict.fromkeys(n_judged, 0)
        reach = tuple(
            messages.ClassReach(
                item.class_id,
                labels.count(item.class_id),
                labels.count(item.class_id),
                n_judged[item.class_id],
                n_judged[item.class_id] // 2,
                0.2,
                0.9,
            )
            for item in command.classes
        )
        points = ((1.0, 0.5, 0.3, 0.7), (2.0, 0.7, 0.5, 0.9))
        self.publish(
            messages.LabelsReviewed(
                command.request_id,
                tuple(doubtful),
                reach,
                accuracy,
                0.7 if accuracy is not None else 0.0,
                0.9 if accuracy is not None else 1.0,
                tuple(messages.CurvePoint(*point) for point in points if accuracy is not None),
                advice,
                weakest,
            )
        )
        self.publish(messages.JobFinished(command.request_id))

    def suggest(self, suggestions: Sequence[messages.Suggestion]) -> None:
        """Answer the newest Suggest."""
        number = self.last(messages.Suggest).request_id
        self.publish(messages.Suggested(number, tuple(suggestions)))
        self.publish(messages.JobFinished(number))

    def lay_out(
        self,
        positions: Mapping[ImageId, tuple[float, float]],
        *,
        method: messages.LayoutMethod = messages.LayoutMethod.NEIGHBOURS,
        is_final: bool = True,
    ) -> None:
        """Answer the newest LayOut with these places."""
        command = self.last(messages.LayOut)
        number = command.request_id
        ids = np.array(sorted(positions), np.int64)
        places = np.array([positions[ImageId(image)] for image in ids.tolist()], np.float32)
        for array in (ids, places):
            array.setflags(write=False)
        places = places.reshape(-1, 2)
        self.publish(messages.LaidOut(number, ids, places, method, is_final, command.tuning))
        if is_final:
            self.publish(messages.JobFinished(number))

    def tuned(
        self,
        now: float = 0.91,
        before: float = 0.85,
        instant: float = 0.79,
        name: str = "network-1",
    ) -> None:
        """Answer the newest FineTune: it helped."""
        command = self.last(messages.FineTune)
        held_out = [_held_out(value, len(command.support)) for value in (now, before, instant)]
        assert held_out[0] is not None
        assert held_out[1] is not None
        assert held_out[2] is not None
        number, n_support = command.request_id, len(command.support)
        self.publish(messages.FineTuned(number, name, n_support, *held_out, seconds=60.0))
        self.publish(messages.JobFinished(number))

    def not_tuned(self, reason: str) -> None:
        """Answer the newest FineTune: it did not help."""
        number = self.last(messages.FineTune).request_id
        self.publish(messages.NotAdapted(number, sentence_of(reason), messages.Effort.FINETUNE))
        self.publish(messages.JobFinished(number))

    def not_better(self, reason: str) -> None:
        """Answer the newest Adapt of a higher effort: it brought nothing."""
        command = self.last(messages.Adapt)
        assert command.effort is not messages.Effort.INSTANT
        self.publish(messages.NotAdapted(command.request_id, reason, command.effort))
        self.publish(messages.JobFinished(command.request_id))


def predictions_ready(
    request_id: int,
    predictions: Mapping[ImageId, Sequence[tuple[ClassId, float]]],
    none_by_image: Mapping[ImageId, float] | None = None,
) -> messages.PredictionsReady:
    """Predictions by image as the engine sends them."""
    n_ranks = len(next(iter(predictions.values())))
    ids = np.array(list(predictions), np.int64)
    classes = np.array([[item[0] for item in row] for row in predictions.values()], np.int64)
    values = np.array([[item[1] for item in row] for row in predictions.values()], np.float32)
    assert classes.shape == (len(ids), n_ranks)
    by_image = none_by_image or {}
    none_scores = np.array([by_image.get(image, 0.0) for image in predictions], np.float32)
    for array in (ids, classes, values, none_scores):
        array.setflags(write=False)
    return messages.PredictionsReady(request_id, ids, classes, values, none_scores)


def _held_out(accuracy: float | None, n_support: int) -> messages.HeldOut | None:
    if accuracy is None:
        return None
    hits = np.arange(n_support) < round(accuracy * n_support)
    return messages.HeldOut(accuracy, 0.5, np.full(n_support, accuracy, np.float32), hits)


def _held_out_predictions(
    command: messages.Adapt, taken_for: Mapping[ImageId, tuple[ClassId, float]]
) -> messages.HeldOutPredictions:
    images = [image.image_id for image, _ in command.support]
    labels = [label for _, label in command.support]
    guesses = [taken_for.get(image.image_id, (label, 0.9)) for image, label in command.support]
    return messages.HeldOutPredictions(
        np.array(images, np.int64),
        np.array(labels, np.int64),
        np.array([class_id for class_id, _ in guesses], np.int64),
        np.array([confidence for _, confidence in guesses], np.float32),
    )


def _made_up_predictions(command: messages.Adapt, accuracy: float) -> messages.HeldOutPredictions:
    """Of a hundred images that nobody has seen, all of the first class."""
    own, other = (item.class_id for item in command.classes[:2])
    predicted = np.where(np.arange(100) < round(100 * accuracy), own, other)
    return messages.HeldOutPredictions(
        np.arange(100) + 1_000_000,
        np.full(100, own, np.int64),
        predicted.astype(np.int64),
        np.full(100, accuracy, np.float32),
    )


def _summed_up(told: messages.HeldOutPredictions) -> messages.HeldOut:
    hits = told.labels == told.predicted
    recalls = [hits[told.labels == label].mean() for label in np.unique(told.labels)]
    return messages.HeldOut(float(np.mean(recalls)), 0.5, told.confidences, hits)


def _found(folder: Path, name: str) -> messages.FoundFile:
    path = folder / name
    if not path.exists():
        return messages.FoundFile(name, 1000, 1)
    status = path.stat()
    return messages.FoundFile(name, status.st_size, status.st_mtime_ns)


def _hash(path: Path) -> bytes:
    content = path.read_bytes() if path.exists() else str(path).encode()
    return hashlib.blake2b(content, digest_size=16).digest()

"""What a worker of the cluster does: one part after another, from bytes to a Parquet file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.cluster.careful import Expendable
from engine.cluster.parts import Counts, part_name, part_of
from engine.cluster.run_folder import MODEL, forget_attempts, note_attempt, run_in
from engine.cluster.storage import NotFetchedError, Storage
from engine.decoding.decoders import DECODERS
from engine.encoder.devices import has_nvidia_device
from engine.errors import EngineError, UnreadableImageError
from engine.interchange.records import Record, Results
from engine.jobs.exported_model import ExportedModel
from engine.messages import ImageId, ImageRef
from engine.words import say

if TYPE_CHECKING:
    import pyarrow

_READS_PER_THREAD: Final = 16
"""A store answers after 20 to 200 ms, an image is worked on for 12: so many reads hide that."""

_children: dict[str, ExportedModel] = {}  # Of a process that may die: its own model.


class PartWorker:
    """Ray Data makes one in each of its actors, and hands it rows of names and sizes.

    It finds images, model and labels by the folder of the run, so nothing that it needs is lost
    with another computer.
    """

    def __init__(self, out: str, n_threads: int) -> None:
        """Open the model.

        Args:
            out: the address of the run's folder.
            n_threads: how many images are decoded at a time.

        Raises:
            EngineError: the run or its model cannot be read from here.
        """
        self._out = Storage(out)
        run = run_in(self._out)
        self._images = Storage(run.images)
        self._labels = run.labels
        self._content = self._out.read(MODEL)
        self._model = ExportedModel(Path(MODEL), self._content)
        if run.device != "cpu" and has_nvidia_device():
            try:
                self._model.move_to_gpu(self._content)
            except Exception as error:  # Whatever a broken driver stack raises, the CPU remains.
                if run.device == "cuda":
                    raise EngineError(
                        say("The device cuda cannot be used: {reason}.", reason=error)
                    ) from error
        self._n_reads = _READS_PER_THREAD * n_threads
        self._working = threading.BoundedSemaphore(n_threads)

    def __call__(self, batch: pyarrow.Table) -> pyarrow.Table:
        """Classify the parts of a batch; a row about each, with ``failure`` where it has no file.

        Columns of the batch: names, sizes (lists). Of the result: n_rows, n_unreadable,
        n_like_none, failure.
        """
        import pyarrow

        told: list[dict[str, Any]] = []
        for row in batch.to_pylist():
            failure, counts = "", Counts()
            try:
                counts = self.classify(row["names"], row["sizes"])
            except EngineError as error:
                failure = str(error)
            told.append(
                {
                    "n_rows": counts.n_rows,
                    "n_unreadable": counts.n_unreadable,
                    "n_like_none": counts.n_like_none,
                    "failure": failure,
                }
            )
        return pyarrow.Table.from_pylist(told)

    def classify(self, names: Sequence[str], sizes: Sequence[int]) -> Counts:
        """Write the part of some images.

        Where it was begun before and did not end, an image may have taken the process along: then
        each is looked at in one that may die of it.

        Raises:
            EngineError: the part cannot be written, or the store gave none of the images.
        """
        part = part_name(self._model.model_id, names)
        refs = [ImageRef(ImageId(place), Path(name), name) for place, name in enumerate(names)]
        if note_attempt(self._out, part):
            with Expendable(_classify_in_child, _open_in_child, self._content) as look:
                found = [
                    self._record(image, size, look) for image, size in zip(refs, sizes, strict=True)
                ]
        else:
            with ThreadPoolExecutor(self._n_reads, "handful-images") as pool:
                found = list(pool.map(self._record, refs, sizes))
        if not any(was_fetched for _, was_fetched in found):
            raise EngineError(
                say(
                    "Could not read {path}: {reason}.",
                    path=self._images.address,
                    reason=found[0][0].failure,
                )
            )
        records = [record for record, _ in found]
        content, counts = part_of(self._results(len(records)), records)
        self._out.write(part, content)
        forget_attempts(self._out, part)
        return counts

    def _record(
        self,
        image: ImageRef,
        size: int,
        look: Callable[[tuple[ImageRef, bytes]], Record] | None = None,
    ) -> tuple[Record, bool]:
        """What is said of an image, and whether its store gave it or told why not."""
        label = self._labels.get(image.name)
        try:
            content = self._images.read_image(image.name, size)
            if look is None:
                with self._working:
                    record = self._model.record(image, DECODERS.decode(content).pixels)
            else:
                record = look((image, content))
        except UnreadableImageError as error:
            failed = Record(image, label, failure=str(error))
            return failed, not isinstance(error, NotFetchedError)
        return replace(record, label=label), True

    def _results(self, n_images: int) -> Results:
        return Results(
            folder=Path(),
            class_names=self._model.class_names,
            predicted=self._model.class_names,
            model_id=self._model.model_id,
            n_images=n_images,
            chunks=lambda: iter(()),
        )


def _open_in_child(model: bytes) -> None:
    _children["model"] = ExportedModel(Path(MODEL), model)


def _classify_in_child(given: tuple[ImageRef, bytes]) -> Record:
    image, content = given
    return _children["model"].record(image, DECODERS.decode(content).pixels)

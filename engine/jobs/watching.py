"""Classifying the images of a watched folder as they come, into a table that grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from engine.errors import ExportError
from engine.interchange.growing_table import GrowingTable
from engine.interchange.records import Record, Results
from engine.interchange.tables import errors_place, remove_errors, write_errors
from engine.jobs.embedding import embed
from engine.jobs.exported_model import ExportedModel
from engine.jobs.files import written_whole
from engine.jobs.predictions import FittedSnapshot, results_of
from engine.jobs.workspace import Workspace
from engine.messages import FoundFile, ImageId, ImageRef, SortHow
from engine.watching.folder import FolderWatch
from engine.words import say

BATCH: Final = 16
"""Images between two syncs of the table; a stop waits for as many."""


class Classifier(Protocol):
    """What classifies images that come, some at a time."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """The columns of the probabilities."""

    def results(self, files: Sequence[FoundFile]) -> Results:
        """What it says of these images; they are looked at while the results are read."""


class ByExportedModel:
    """Classifies with a model that was exported before."""

    def __init__(self, model: Path, folder: Path) -> None:
        """Open it. Raises EngineError where it is none."""
        self._model = ExportedModel(model)
        self._folder = folder
        self.class_names = self._model.class_names

    def results(self, files: Sequence[FoundFile]) -> Results:
        """See :class:`Classifier`."""
        images = [
            ImageRef(ImageId(number), self._folder / file.name, file.name)
            for number, file in enumerate(files, 1)
        ]
        return self._model.results(images, self._folder)


class ByExamples:
    """Classifies with what was learnt from examples; images labelled in it keep their labels.

    The answers do not depend on what came before: the model stays as it was fitted, and what was
    classified is let go of.
    """

    def __init__(self, workspace: Workspace, fitted: FittedSnapshot, folder: Path) -> None:
        self._workspace = workspace
        self._fitted = fitted
        self._folder = folder
        snapshot = fitted.snapshot
        self._known = {image.name: image for image in snapshot.images}
        examples = [image.image_id for image, _ in snapshot.support]
        self._kept = set(examples)
        ids = [*examples, *(image.image_id for image in snapshot.images)]
        self._next_id = max(ids, default=0) + 1
        self.class_names = tuple(item.name for item in fitted.classes)

    def results(self, files: Sequence[FoundFile]) -> Results:
        """See :class:`Classifier`."""
        images = [self._ref(file.name) for file in files]
        results = results_of(
            self._workspace,
            replace(self._fitted, snapshot=replace(self._fitted.snapshot, images=tuple(images))),
        )
        seen = self._fitted.seen

        def chunks() -> Iterator[Sequence[Record]]:
            for _ in embed(seen, images):
                pass
            yield from results.chunks()
            passing = [image.image_id for image in images if image.image_id not in self._kept]
            seen.store.discard(passing)
            for image_id in passing:
                seen.refs.pop(image_id, None)
                seen.unreadable.pop(image_id)

        return replace(results, folder=self._folder, chunks=chunks)

    def _ref(self, name: str) -> ImageRef:
        known = self._known.get(name)
        if known is None:
            known = ImageRef(ImageId(self._next_id), self._folder / name, name)
            self._next_id += 1
        return known


@dataclass(frozen=True, slots=True)
class Classified:
    """An image and what was found: its row as JSON Lines have it, or why it cannot be read."""

    name: str
    row: dict[str, Any] | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step of watching has brought.

    ``images`` are in the table, or among the unreadable; ``n_waiting`` are whole and come with the
    next steps; ``problem`` is a sentence where something has to be tried again, else empty.
    """

    images: tuple[Classified, ...] = ()
    n_waiting: int = 0
    is_there: bool = True
    problem: str = ""


class WatchRun:
    """Looks, classifies, writes: a step at a time, one thread's.

    Attributes:
        n_rows, n_unreadable, n_like_none: what this run has found.
    """

    def __init__(
        self,
        watch: FolderWatch,
        classifier: Classifier,
        table: GrowingTable,
        out: Path,
        *,
        sort: Callable[[Results], None] | None = None,
        how: SortHow = SortHow.COPY,
    ) -> None:
        """Make it.

        Args:
            watch: the folder.
            classifier: of the images in it.
            table: gets a row for each.
            out: where the table is; the list of unreadable images lies beside it.
            sort: puts classified images into folders.
            how: moved files are sorted when their row is on disk, others before it; so whatever
                interrupts it, none is without a row, and none with a row is left unsorted.
        """
        self._watch = watch
        self._classifier = classifier
        self._table = table
        self._errors_path = errors_place(out)
        self._sort = sort
        self._moves = how is SortHow.MOVE
        self._waiting: list[FoundFile] = []
        self._unreadable: dict[str, str] = {}
        self._tried: dict[str, str] = {}  # Why they could not be read; they are tried again.
        self.n_rows = 0
        self.n_unreadable = 0
        self.n_like_none = 0

    @property
    def wait_s(self) -> float:
        """How long nothing is to be done."""
        return 0.0 if self._waiting else self._watch.wait_s

    def step(self) -> Step:
        """Look, and classify the next images.

        Raises:
            EngineError: sorting into folders failed.
        """
        if self._table.has_unwritten:
            try:
                self._table.write()
            except ExportError as error:
                return Step((), len(self._waiting), problem=str(error))
        if not self._waiting:
            look = self._watch.look()
            if not look.is_there:
                return Step(is_there=False)
            self._forget_unreadable(look.gone)
            self._waiting = [
                file for file in look.arrived if self._moves or not self._table.has(file)
            ]
        some, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        return self._classified(some) if some else Step()

    def finish(self) -> Step:
        """Count and list what was to be tried again as it is now: nothing is tried any more."""
        found: list[Classified] = []
        for name, reason in self._tried.items():
            if name not in self._unreadable:
                self.n_unreadable += 1
                found.append(Classified(name, None, reason))
            self._unreadable[name] = reason
        self._tried.clear()
        problem = ""
        if found:
            try:
                self._list_unreadable()
            except ExportError as error:
                problem = str(error)
        return Step(tuple(found), problem=problem)

    def _classified(self, files: Sequence[FoundFile]) -> Step:
        by_name = {file.name: file for file in files}
        results = self._classifier.results(files).kept()
        readable: list[Record] = []
        found: list[Classified] = []
        for chunk in results.chunks():
            for record in chunk:
                if record.failure:
                    found += self._note_unreadable(by_name[record.image.name], record.failure)
                else:
                    readable.append(record)
        to_sort = replace(results, n_images=len(readable), chunks=lambda: iter([readable]))
        if self._sort is not None and readable and not self._moves:
            self._sort(to_sort)
        for record in readable:
            file = by_name[record.image.name]
            self._unreadable.pop(file.name, None)
            self._tried.pop(file.name, None)
            if self._table.has(file):  # It was not moved before the last run ended.
                continue
            answer = results.answer(record)
            self.n_like_none += int(answer is not None and answer.is_none and not answer.is_human)
            found.append(Classified(file.name, self._table.add(results, record, file)))
            self.n_rows += 1
        problem = ""
        try:
            self._table.write()
            self._list_unreadable()
        except ExportError as error:
            problem = str(error)
        if self._sort is not None and readable and self._moves and not problem:
            self._sort(to_sort)
        return Step(tuple(found), len(self._waiting), problem=problem)

    def _note_unreadable(self, file: FoundFile, reason: str) -> list[Classified]:
        if self._watch.try_again(file):  # A network drive may stumble, a copy stand still.
            self._tried[file.name] = reason
            return []
        self._tried.pop(file.name, None)
        if file.name not in self._unreadable:
            self.n_unreadable += 1
        self._unreadable[file.name] = reason
        return [Classified(file.name, None, reason)]

    def _forget_unreadable(self, gone: Sequence[str]) -> None:
        for name in gone:
            self._unreadable.pop(name, None)
            self._tried.pop(name, None)

    def _list_unreadable(self) -> None:
        """Bring the list beside the table to what cannot be read now."""
        if self._unreadable:
            with written_whole(self._errors_path) as temporary:
                write_errors(sorted(self._unreadable.items()), temporary, self._table.table_format)
        else:
            try:
                remove_errors(self._errors_path)
            except OSError as error:
                raise ExportError(
                    say("Could not remove {path}.", path=self._errors_path)
                ) from error

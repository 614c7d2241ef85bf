"""What leaves the program and what comes back: each is a task of the engine's that is followed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.session.tasks import Task
from engine import EngineError, has_crops, messages

if TYPE_CHECKING:
    from app.session.session import Session
    from app.session.work_watch import WorkWatch


class ResultTasks(QObject):
    """Exports, sorting into folders, metadata, labels of other programs, crops of detections.

    Signals:
        failed: an :class:`EngineError`; what the project could not take of what was done.
    """

    failed = Signal(object)

    def __init__(self, session: Session, watch: WorkWatch) -> None:
        super().__init__(session)
        self._session = session
        self._watch = watch
        self._has_moved = False  # Files were moved, and the folder was not scanned since.
        self._cropping: Task | None = None  # Goes on whatever is open, but with its engine only.
        self._crops_of: tuple[Path, bool] | None = None  # Whether a folder is one of crops.

    def abandon_crops(self) -> None:
        """The engine that cuts out detections ends."""
        if self._cropping is not None:
            self._cropping.abandon()

    def why_no_detections(self) -> str:
        """Why there is nothing to write back into a detector's file; empty where there is."""
        if self._session.project is not None and not self._has_crops():
            return self.tr(
                "These images are no crops of detections; “Open MegaDetector Results” in the menu "
                "File makes some."
            )
        return self._session.why_no_labels()

    def _has_crops(self) -> bool:
        # Asked whenever the window shows what is possible: the disk is asked once.
        assert self._session.project is not None
        folder = self._session.project.folder
        if self._crops_of is None or self._crops_of[0] != folder:
            self._crops_of = folder, has_crops(folder)
        return self._crops_of[1]

    def export_model(self, out: Path, precisions: tuple[messages.Precision, ...] = ()) -> Task:
        """Write the adapted model to an ONNX file, and its variants beside it."""
        return self.begin_result(
            "model",
            self.tr("Exporting the model"),
            out,
            lambda number, snapshot: messages.ExportModel(number, snapshot, out, precisions),
        )

    def export_bundle(self, out: Path, precisions: tuple[messages.Precision, ...] = ()) -> Task:
        """Write the adapted model with all that belongs to it: a folder, or a zip file."""
        looks = tuple(
            messages.ClassLook(item.class_id, item.colour, item.hotkey, item.note)
            for item in self._session.classes
        )
        return self.begin_result(
            "bundle-zip" if out.suffix.lower() == ".zip" else "bundle",
            self.tr("Exporting the model"),
            out,
            lambda number, snapshot: messages.ExportBundle(
                number, snapshot, out, looks, precisions
            ),
        )

    def save_predictions(self, out: Path, table_format: messages.TableFormat) -> Task:
        """Write the table of predictions; the format is remembered."""
        self._session.preferences.table_format = table_format.value
        return self.begin_result(
            "predictions",
            self.tr("Saving the predictions"),
            out,
            lambda number, snapshot: messages.SavePredictions(number, snapshot, out, table_format),
        )

    def plan_sorting(self, choice: messages.SortChoice) -> Task:
        """Say what sorting into folders would do."""
        assert self._session.project is not None
        project = self._session.project.path if choice.how is messages.SortHow.MOVE else None
        return self.begin_result(
            "sorted",
            self.tr("Planning the folders"),
            choice.target,
            lambda number, snapshot: messages.PlanSorting(number, snapshot, choice, project),
            self.tr("The plan of the folders is not made to its end."),
        )

    def sort_files(self, plan: messages.SortPlan) -> Task:
        """Put the images into their folders, as planned."""
        target = plan.choice.target
        return self._begin_sorting(
            target, lambda number, _snapshot: messages.SortFiles(number, plan)
        )

    def resume_sorting(self, target: Path) -> Task:
        """Go on with a sorting, or its undo, that was interrupted."""
        return self._begin_sorting(
            target,
            lambda number, snapshot: messages.ResumeSorting(number, target, snapshot.folder),
        )

    def undo_sorting(self, target: Path) -> Task:
        """Take the last sorting into a folder back."""
        return self._begin_sorting(
            target,
            lambda number, snapshot: messages.UndoSorting(number, target, snapshot.folder),
        )

    def _begin_sorting(
        self, target: Path, command: Callable[[int, messages.Snapshot], messages.Command]
    ) -> Task:
        task = self.begin_result(
            "sorted",
            self.tr("Sorting into folders"),
            target,
            command,
            self.tr("Sorting into {name} stops; you can go on with it or take it back later."),
        )
        self._session.arrivals.hold(is_held=True)
        task.moved.connect(self._on_files_moved)
        task.ended.connect(self._on_sorting_ended)
        return task

    def _on_files_moved(self, event: messages.FilesMoved) -> None:
        if self._session.project is None:
            return
        try:
            records = self._session.project.follow_moves(event.moves)
        except EngineError as error:
            self.failed.emit(error)  # The scan at the end finds what lies in the folder.
            return
        rows = self._session.table.rename(records)
        self._has_moved = True
        if len(rows):
            self._session.rows_changed.emit(rows)

    def _on_sorting_ended(self) -> None:
        self._session.arrivals.hold(is_held=False)
        if self._has_moved:  # Names, and with them the order, are others.
            self._has_moved = False
            self._session.rescan()
        else:
            self._session.arrivals.begin()

    def write_metadata(self, choice: messages.MetadataChoice) -> Task:
        """Write classes as keywords into sidecars or images, or say what that would change."""
        assert self._session.project is not None
        task = self.begin_result(
            "metadata",
            self.tr("Writing metadata"),
            self._session.project.folder,
            lambda number, snapshot: messages.WriteMetadata(number, snapshot, choice),
            self.tr("Keywords written so far stay; they can be undone, or the rest be written."),
        )
        self._follow_rewritten(task)
        return task

    def undo_metadata(self) -> Task:
        """Take the newest writing of keywords back."""
        assert self._session.project is not None
        folder = self._session.project.folder
        images = self._session.table.refs(np.flatnonzero(~self._session.table.missing))
        task = self._session.begin(
            lambda number: messages.UndoMetadata(number, folder, images),
            self.tr("Restoring metadata"),
            self.tr("Some files are not restored yet; they can be later."),
        )
        self._follow_rewritten(task)
        return task

    def read_labels(self, path: Path, format_key: str) -> Task:
        """Read labels of another program for the images of this project; nothing is changed."""
        project, rows = self._session.project, np.flatnonzero(~self._session.table.missing)
        assert project is not None
        folder, images = project.folder, self._session.table.refs(rows)
        return self._session.begin(
            lambda number: messages.ReadLabels(number, path, format_key, folder, images),
            self.tr("Reading labels"),
        )

    def make_crops(
        self,
        results: Path,
        images_folder: Path,
        out: Path,
        categories: tuple[str, ...],
        least_confidence: float,
    ) -> Task:
        """Cut out what a detector found, see :class:`messages.MakeCrops`; whatever is open."""
        self._crops_of = None
        task = Task(
            self._session.bridge,
            lambda number: messages.MakeCrops(
                number, results, images_folder, out, categories, least_confidence
            ),
            is_lasting=True,
        )
        loss = self.tr("The crops in {name} are not all made; what is there is kept for later.")
        self._watch.follow(task, self.tr("Cutting out detections"), loss.format(name=out.name))
        self._cropping = task
        return task

    def begin_result(
        self,
        kind: str,
        title: str,
        out: Path,
        command: Callable[[int, messages.Snapshot], messages.Command],
        loss: str = "",
    ) -> Task:
        """Begin something long that ends with a result, from what is labelled at this moment.

        Args:
            kind: under which the place is remembered for the next time (``output_path``).
            title: what is under way, as the list of works and the question before leaving say it.
            out: the file or folder that is written.
            command: makes the command of a request number and the snapshot.
            loss: what leaving would cost, with {name} for that of ``out``; the usual sentence
                where it is empty.
        """
        assert self._session.project is not None
        self._session.preferences.keep_output_path(self._session.project.path, kind, out)
        snapshot = self._session.snapshot()
        loss = loss or self.tr("{name} is not written to its end and will be discarded.")
        return self._session.begin(
            lambda number: command(number, snapshot), title, loss.format(name=out.name)
        )

    def _follow_rewritten(self, task: Task) -> None:
        """Let labels stay with images whose files the task changes; also where it is cancelled."""
        project = self._session.project
        images: list[messages.RewrittenImage] = []

        def note(event: object) -> None:
            if isinstance(event, messages.ImagesRewritten):
                images.extend(event.images)

        def follow() -> None:
            if not images or project is None or project is not self._session.project:
                return
            self._session.reader.record_contents()
            try:
                project.follow_rewritten(images)
            except EngineError as error:
                self.failed.emit(error)

        def go_on_watching() -> None:
            self._session.arrivals.hold(is_held=False)
            self._session.arrivals.begin()

        # What it writes is not to be taken for other programs' before the project knows of it.
        self._session.arrivals.hold(is_held=True)
        task.noted.connect(note)
        task.ended.connect(follow)
        task.ended.connect(go_on_watching)

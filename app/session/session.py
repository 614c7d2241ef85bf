"""What is open, and every decision about it. Widgets emit intents and show this state."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, QObject, QTimer, Signal
from PySide6.QtGui import QUndoStack

from app.look.notices import Notice, Remedy, Severity
from app.look.words import listed, told, told_event
from app.session.cache_place import CachePlace
from app.session.classifier import Classifier
from app.session.edits import Edit
from app.session.encoders import Encoders
from app.session.engine_bridge import EngineBridge, EngineFace, Publish
from app.session.engine_choice import EngineChoice
from app.session.folder_reader import FolderReader
from app.session.image_table import NO_CLASS, ImageTable, Rows
from app.session.label_audit import LabelAudit
from app.session.likeness import Likeness
from app.session.preferences import Preferences
from app.session.tasks import Task
from app.session.work_watch import WorkWatch
from app.session.works import Outcome, Rank, Work, Works
from app.training.meta_run import MetaTraining
from engine import (
    NONE_CLASS,
    Change,
    EngineError,
    ImageClass,
    Project,
    Sentence,
    class_name_key,
    is_none_name,
    messages,
    say,
)
from engine.messages import NONE_OF_THESE, ClassId, ImageId

PROJECT_SUFFIX: Final = ".handful"
_COUNT_MS: Final = 100
_log = logging.getLogger(__name__)


class Session(QObject):
    """The open project, its images and classes, the undo stack and the background work.

    Signals:
        project_changed: another project is open, or none.
        classes_changed: ``classes`` is new.
        rows_added: first row and number of images never seen before.
        rows_changed: rows to show anew, or None for all.
        scanned: the folder has been walked; what is shown should be arranged again.
        predictions_changed: the order or the filter may be out of date.
        counts_changed: numbers per class or filter may differ; comes at most ten times a second.
        status_changed: the engine, its progress or its accuracy.
        undo_changed: what can be undone or redone.
        revisited: images whose labels were just undone or redone.
        noticed: a :class:`Notice` for the person.
    """

    project_changed = Signal()
    classes_changed = Signal()
    rows_added = Signal(int, int)
    rows_changed = Signal(object)
    scanned = Signal()
    predictions_changed = Signal()
    counts_changed = Signal()
    status_changed = Signal()
    undo_changed = Signal()
    revisited = Signal(object)
    noticed = Signal(object)

    def __init__(
        self,
        bridge: EngineBridge,
        preferences: Preferences,
        fallback_folder: Path,
        start_engine: Callable[[Publish, EngineChoice], EngineFace] | None = None,
    ) -> None:
        """Make a session without a project.

        Args:
            bridge: the engine.
            preferences: what is remembered between starts.
            fallback_folder: where projects of folders that cannot be written are kept; backups
                of all projects go into ``backups`` beside it.
            start_engine: makes the engine of a choice; None: it stays the one that it is.
        """
        super().__init__()
        self.bridge = bridge
        self.preferences = preferences
        self.project: Project | None = None
        self.table = ImageTable()
        self.classes: tuple[ImageClass, ...] = ()
        self.reader = FolderReader(bridge)
        self.classifier = Classifier(bridge)
        self.audit = LabelAudit(bridge, self.classifier)
        self.likeness = Likeness(bridge)
        self.meta_training = MetaTraining(preferences)
        self.engine: messages.EngineReady | None = None
        self.engine_failure = ""
        self.none_class = _none_class()  # In the language now in use.
        self.task: Task | None = None  # The newest export that is still running.
        self.choice = preferences.engine_choice  # What the engine in use was made of.
        self._start_engine = start_engine
        self._restart: Work | None = None
        self.works = Works(self)
        self._watch = WorkWatch(self.works, self.reader, self.classifier, self.meta_training)
        self.encoders = Encoders(bridge, self._watch)
        self.cache = CachePlace(self)
        self._fallback_folder = fallback_folder
        self._backup_folder = fallback_folder.parent / "backups"
        self.covers_folder = fallback_folder.parent / "covers"
        self._class_by_id: dict[int, ImageClass] = {}
        self._undo_stack = QUndoStack(self)
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.setInterval(_COUNT_MS)
        self._count_timer.timeout.connect(self.counts_changed)
        self._connect()

    # --- Opening and closing ----------------------------------------------------------------------

    def open(self, path: Path) -> bool:
        """Open a folder, a project file, or the folder of an image; tell why where it fails."""
        try:
            if path.is_dir():
                project = self._project_of(path)
            elif path.suffix.lower() == PROJECT_SUFFIX:
                project = Project.open(
                    path, self._fallback_folder, backup_folder=self._backup_folder
                )
            elif path.is_file():
                project = self._project_of(path.parent)
            else:
                self._tell(self.tr("There is no folder or project {path}.").format(path=path))
                return False
        except EngineError as error:
            self._tell(str(error))
            return False
        if self.project is not None and project.path == self.project.path:
            project.close()
            self.rescan()
            return True
        self.close_project()
        self.project = project
        self.preferences.add_recent(project.path)
        self._load()
        self.project_changed.emit()
        if project.notice:
            self._tell(project.notice, Severity.WARNING)
        self._tell_where_it_is_kept(path)
        if project.folder.is_dir():
            self.reader.start(project, self.table)
            self.classifier.adapt()
        else:
            self._tell_folder_is_gone()
        return True

    def close_project(self) -> None:
        """Let go of the project; everything is saved already."""
        if self.project is None:
            return
        self._let_go_of_the_work()
        self.audit.forget_kept()
        self.project.close()
        if not self.project.path.exists():  # Nothing was found or done in it.
            self.preferences.remove_recent(self.project.path)
        self.project = None
        self.table = ImageTable()
        self._set_classes(())
        self._undo_stack.clear()
        self._count_timer.stop()
        self.project_changed.emit()
        self.status_changed.emit()

    def close(self) -> None:
        """End everything, the engine too."""
        self.close_project()
        self.encoders.let_go()
        self.cache.close()
        self._count_timer.stop()
        self.meta_training.close()
        self.bridge.close()

    def rescan(self) -> None:
        """Look for new, changed and vanished files."""
        if self.project is None:
            return
        if self.project.folder.is_dir():
            self.reader.start(self.project, self.table)
        else:
            self._tell_folder_is_gone()

    def move_folder(self, folder: Path) -> None:
        """The images lie elsewhere now; a folder that has none of them is refused."""
        if self.project is None:
            return
        if not self.project.has_images_in(folder):
            example = self.table.names[0] if self.table.n_rows else ""
            text = self.tr(
                "None of the project's images is in {folder}, so nothing was changed; show the "
                "folder that holds {name}."
            ).format(folder=folder, name=example)
            self._tell(text, Severity.WARNING, Remedy.FIND_FOLDER)
            return
        try:
            self.project.move_folder(folder)
        except EngineError as error:
            self._tell(str(error))
            return
        # What the engine knows by number it read, or failed to read, at the old place.
        self._let_go_of_the_work()
        self.table.forget_paths()
        self._start_work()
        self.project_changed.emit()
        self.reader.start(self.project, self.table)
        self.classifier.adapt()

    # --- The engine -------------------------------------------------------------------------------

    @property
    def can_restart_engine(self) -> bool:
        """Whether device, encoder and cache can be changed now."""
        return self._start_engine is not None and not self.bridge.is_restarting

    def choose_engine(
        self, choice: EngineChoice, steps: Iterable[messages.Progress] | None = None
    ) -> None:
        """Go on with another device, encoder or cache, and remember it.

        Labels stay, exports under way end, images are read anew. Where there are ``steps`` (what is
        done to the cache while no engine has it open), it is remembered once they are done: where
        they fail, or the window is closed before, all stays as it was chosen before.
        """
        if not self.can_restart_engine:
            return
        before = self.preferences.engine_choice
        if steps is None:
            self.preferences.engine_choice = choice
        self._restart_engine(choice, steps or (), before)

    def _restart_engine(
        self,
        choice: EngineChoice,
        steps: Iterable[messages.Progress] = (),
        before: EngineChoice | None = None,
    ) -> None:
        start_engine = self._start_engine
        if start_engine is None:
            return
        self._let_go_of_the_work()
        self.encoders.let_go()
        self._restart = self.works.begin(Work(self.tr("Restarting the engine"), rank=Rank.ENGINE))
        self.engine, self.engine_failure = None, ""

        def start_next(publish: Publish, failure: str) -> EngineFace:
            self.choice = choice
            if before is not None:
                self.choice = self.preferences.engine_choice = before if failure else choice
            return start_engine(publish, self.choice)

        self.bridge.restart(start_next, steps)
        if self.project is not None:
            # What is known was seen with the other engine; labels are the person's.
            self.table.forget_paths()
            self.table.clear_predictions()
            self._start_work()
            self.project_changed.emit()
            if self.project.folder.is_dir():
                self.reader.start(self.project, self.table)
                self.classifier.adapt()
            else:
                self._tell_folder_is_gone()
        self.status_changed.emit()

    def _on_between_engines(self, progress: messages.Progress) -> None:
        if self._restart is not None:
            self._restart.show(progress)
            self.status_changed.emit()

    def _on_restarted(self, failure: str) -> None:
        work, self._restart = self._restart, None
        if work is not None:
            work.end(Outcome.FAILED if failure else Outcome.DONE, failure)
        if failure:
            self._tell(failure)
        self.status_changed.emit()

    # --- Reading ----------------------------------------------------------------------------------

    def image_class(self, class_id: int) -> ImageClass | None:
        """The class of that number, None where it was removed; also what shows none of them."""
        return self.none_class if class_id == NONE_OF_THESE else self._class_by_id.get(class_id)

    @property
    def offered(self) -> tuple[ImageClass, ...]:
        """What images can be labelled as: the classes and, behind them, none of these.

        Without a class there is nothing to be none of.
        """
        return (*self.classes, self.none_class) if self.classes else ()

    def class_of_hotkey(self, hotkey: int) -> ImageClass | None:
        """The class with that key."""
        return next((item for item in self.classes if item.hotkey == hotkey), None)

    @property
    def n_labelled_classes(self) -> int:
        """How many classes have a label on an image that is there."""
        return len(self.table.labelled_as - {NONE_OF_THESE})

    def labelled_rows(self, class_id: ClassId) -> Rows:
        """The rows of images that are there and have that label."""
        return np.flatnonzero((self.table.labels == class_id) & ~self.table.missing)

    def why_no_results(self) -> str:
        """Why nothing can be exported yet; empty where it can."""
        if self.project is None:
            return self.tr("Open a folder first.")
        if self.n_labelled_classes < 2:
            return self.tr("Label images of at least two classes first.")
        if self.engine_failure:
            return self.engine_failure
        return ""

    def why_no_predictions(self) -> str:
        """Why no image is predicted, or what to do about it; for when none is."""
        reason = self.why_no_results()
        if reason:
            return reason
        if bool(np.all((self.table.labels != NO_CLASS) | self.table.missing)):
            return self.tr("Every image has a label of yours, so none is left to predict.")
        return self.classifier.hint or self.tr("The predictions are on their way.")

    def undo_text(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._undo_stack.undoText()

    def redo_text(self) -> str:
        """What redo would make again; empty where there is nothing."""
        return self._undo_stack.redoText()

    # --- Labels -----------------------------------------------------------------------------------

    def label(self, images: Sequence[ImageId], class_id: ClassId | None) -> bool:
        """Give images a class, or none; False where nothing was to change or it failed."""
        if self.project is None:
            return False
        wanted = class_id or NO_CLASS
        labels = self.table.labels[self.table.rows_of(np.array(images, np.int64))]
        due = [
            image for image, label in zip(images, labels.tolist(), strict=True) if label != wanted
        ]
        return bool(due) and self._commit(self.project.relabel(due, class_id))

    def label_each(self, labels: Mapping[ImageId, ClassId], action: str) -> bool:
        """Give every image its own class, as one edit named ``action``; a notice offers undo."""
        due: dict[ImageId, ClassId | None] = {
            image: class_id
            for image, class_id in labels.items()
            if self.table.label(self.table.row_of(image)) != class_id
        }
        if not due or not self._commit(Change(action, due)):
            return False
        count = QLocale().toString(len(due))
        text = (
            self.tr("Labelled 1 image.") if len(due) == 1 else self.tr("Labelled {count} images.")
        )
        self._tell(text.format(count=count), Severity.INFORMATION, Remedy.UNDO)
        return True

    def predictions_of(self, rows: Rows) -> dict[ImageId, ClassId]:
        """The classes that images without a label are predicted as now."""
        table = self.table
        rows = rows[table.predicts[rows]]
        predicted = table.predicted[rows, 0].tolist()
        return {
            table.image_id(row): ClassId(class_id)
            for row, class_id in zip(rows.tolist(), predicted, strict=True)
        }

    # --- Classes ----------------------------------------------------------------------------------

    def add_class(self, name: str) -> ImageClass | None:
        """Add a class; None where the name is refused."""
        if self.project is None:
            return None
        added = self.project.new_class(_tidy(name))
        change = Change(say("Add class “{name}”", name=added.name), {}, (added,))
        return added if self._commit(change) else None

    def rename_class(self, class_id: ClassId, name: str) -> bool:
        """Give a class another name; False where it is refused."""
        item, tidy = self._class_by_id[class_id], _tidy(name)
        if tidy == item.name:
            return True
        action = say("Rename class “{name}”", name=item.name)
        return self._commit(Change(action, {}, (replace(item, name=tidy),)))

    def recolour_class(self, class_id: ClassId, colour: str) -> None:
        """Give a class another colour."""
        item = self._class_by_id[class_id]
        action = say("Colour of “{name}”", name=item.name)
        self._commit(Change(action, {}, (replace(item, colour=colour),)))

    def set_hotkey(self, class_id: ClassId, hotkey: int | None) -> None:
        """Give a class a key; the class that had it gets the old one in exchange."""
        item = self._class_by_id[class_id]
        changed = [replace(item, hotkey=hotkey)]
        holder = None if hotkey is None else self.class_of_hotkey(hotkey)
        if holder is not None and holder.class_id != class_id:
            changed.append(replace(holder, hotkey=item.hotkey))
        action = say("Key of “{name}”", name=item.name)
        self._commit(Change(action, {}, tuple(changed)))

    def note_class(self, class_id: ClassId, note: str) -> bool:
        """Keep what the person wrote about a class; False where nothing was to change."""
        item = self._class_by_id[class_id]
        if note.strip() == item.note:
            return False
        action = say("Note on “{name}”", name=item.name)
        return self._commit(Change(action, {}, (replace(item, note=note.strip()),)))

    def move_class(self, class_id: ClassId, place: int) -> bool:
        """Put a class at another place among the others; False where it stands there already."""
        item = self._class_by_id[class_id]
        order = [other for other in self.classes if other is not item]
        order.insert(max(0, min(place, len(order))), item)
        moved = tuple(
            replace(other, position=position)
            for position, other in enumerate(order, 1)
            if other.position != position
        )
        if order == list(self.classes):
            return False
        action = say("Move class “{name}”", name=item.name)
        return self._commit(Change(action, {}, moved))

    def import_classes(self, names: Sequence[str]) -> int:
        """Add those of ``names`` that are no classes yet, as one edit; return how many."""
        if self.project is None:
            return 0
        taken = {class_name_key(item.name) for item in self.classes}
        fresh: list[str] = []
        for name in map(_tidy, names):
            if name and class_name_key(name) not in taken and not is_none_name(name):
                taken.add(class_name_key(name))
                fresh.append(name)
        if not fresh:
            text = self.tr("The list names no class that is not there already.")
            self._tell(text, Severity.INFORMATION)
            return 0
        added = tuple(self.project.new_classes(fresh))
        count = QLocale().toString(len(added))
        action = say("Add {count} classes", count=len(added))
        if len(added) == 1:
            action = say("Add class “{name}”", name=added[0].name)
        if not self._commit(Change(action, {}, added)):
            return 0
        text = self.tr("Added 1 class.") if len(added) == 1 else self.tr("Added {count} classes.")
        self._tell(text.format(count=count), Severity.INFORMATION, Remedy.UNDO)
        return len(added)

    def delete_class(self, class_id: ClassId) -> None:
        """Remove a class and its labels; a notice offers to undo it."""
        if self.project is not None:
            change = self.project.removal(class_id)
            name, count = self._class_by_id[class_id].name, len(change.labels)
            if self._commit(change):
                text = self.tr("Deleted the class “{name}”.").format(name=name)
                if count == 1:
                    text = self.tr("Deleted the class “{name}” and its label.").format(name=name)
                elif count:
                    text = self.tr("Deleted the class “{name}” and its {count} labels.").format(
                        name=name, count=QLocale().toString(count)
                    )
                self._tell(text, Severity.INFORMATION, Remedy.UNDO)

    def merge_classes(self, source: ClassId, target: ClassId) -> None:
        """Give all of ``source``'s images to ``target``; a notice offers to undo it.

        ``target`` may be NONE_OF_THESE.
        """
        if self.project is not None:
            change = self.project.merger(source, target)
            into = self.none_class if target == NONE_OF_THESE else self._class_by_id[target]
            text = self.tr("Merged the class “{source}” into “{target}”.").format(
                source=self._class_by_id[source].name, target=into.name
            )
            if self._commit(change):
                self._tell(text, Severity.INFORMATION, Remedy.UNDO)

    def split_class(self, class_id: ClassId, leaving: Sequence[ImageId], name: str) -> bool:
        """Give some of a class's images to a new one, as one edit; False where it is refused."""
        if self.project is None:
            return False
        rows = self.table.rows_of(np.array(leaving, np.int64))
        rows = rows[rows >= 0]
        rows = rows[self.table.labels[rows] == class_id]  # Labels may have changed meanwhile.
        if not len(rows):
            return False
        source, added = self._class_by_id[class_id], self.project.new_class(_tidy(name))
        action = say("Split class “{name}”", name=source.name)
        labels: dict[ImageId, ClassId | None] = {
            self.table.image_id(row): added.class_id for row in rows.tolist()
        }
        if not self._commit(Change(action, labels, (added,))):
            return False
        text = self.tr("Split “{name}”: {count} went to “{new}”.").format(
            name=source.name, count=QLocale().toString(len(labels)), new=added.name
        )
        self._tell(text, Severity.INFORMATION, Remedy.UNDO)
        return True

    # --- Undo -------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the last edit back."""
        command = self._undo_stack.command(self._undo_stack.index() - 1)
        if isinstance(command, Edit) and self._write(command.backward) is not None:
            self._undo_stack.undo()
            self._show(command.backward)
            self.revisited.emit(list(command.backward.labels))

    def redo(self) -> None:
        """Make the last edit that was taken back again."""
        command = self._undo_stack.command(self._undo_stack.index())
        if isinstance(command, Edit) and self._write(command.forward) is not None:
            self._undo_stack.redo()
            self._show(command.forward)
            self.revisited.emit(list(command.forward.labels))

    # --- Results ----------------------------------------------------------------------------------

    def export_model(self, out: Path) -> Task:
        """Write the adapted model to an ONNX file."""
        snapshot = self._snapshot()
        return self._start_task(
            "model", out, lambda number: messages.ExportModel(number, snapshot, out)
        )

    def save_predictions(self, out: Path) -> Task:
        """Write the table of predictions."""
        snapshot = self._snapshot()
        return self._start_task(
            "predictions", out, lambda number: messages.SavePredictions(number, snapshot, out)
        )

    def tell_anew(self) -> None:
        """The language is another one: what is known is told, and shown, anew."""
        self.none_class = _none_class()
        self.engine_failure = told(self.engine_failure)
        if self.engine is not None:
            self.engine = told_event(self.engine)
        self.classifier.tell_anew()
        self.reader.tell_anew()
        self.table.reasons = {row: told(text) for row, text in self.table.reasons.items()}
        for place in range(self._undo_stack.count()):
            command = self._undo_stack.command(place)
            if isinstance(command, Edit):
                command.tell_anew()
        for signal in (self.project_changed, self.classes_changed, self.status_changed):
            signal.emit()
        self.rows_changed.emit(None)
        self.counts_changed.emit()
        self.undo_changed.emit()

    def paint_sample(self, folder: Path) -> Task:
        """Paint pictures to try the program on, and open them."""
        self.task = Task(self.bridge, lambda number: messages.PaintSample(number, folder))
        self.task.progressed.connect(self.status_changed)
        self.task.failed.connect(self._on_sample_failed)
        self.task.succeeded.connect(self._on_sample_painted)
        self.task.ended.connect(self._on_task_ended)
        self._watch.follow(self.task, self.tr("Painting the sample"))
        self.status_changed.emit()
        return self.task

    def set_visible(self, rows: Rows) -> None:
        """What is on screen is embedded and classified first."""
        self.reader.visible = rows
        self.classifier.visible = rows

    # --- Private ----------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.bridge.engine_ready.connect(self._on_engine_ready)
        self.bridge.engine_failed.connect(self._on_engine_failed)
        self.bridge.between_engines.connect(self._on_between_engines)
        self.bridge.restarted.connect(self._on_restarted)
        self.reader.rows_added.connect(self.rows_added)
        self.reader.rows_added.connect(self._count_soon)
        self.reader.rows_changed.connect(self._on_rows_changed)
        self.reader.scanned.connect(self._on_scanned)
        self.reader.embedded.connect(self.classifier.on_embedded)
        self.reader.embedding_finished.connect(self.classifier.on_embedding_finished)
        self.reader.embedding_finished.connect(self.audit.soon)
        self.reader.embedding_finished.connect(self.likeness.find_soon)
        self.reader.dated.connect(self.likeness.find_soon)
        self.audit.changed.connect(self._on_rows_changed)
        self.audit.read.connect(self.reader.on_read)
        self.likeness.failed.connect(self._tell)
        self.reader.labels_moved.connect(self._on_labels_moved)
        self.reader.labelled_changed.connect(self._on_labelled_changed)
        self.reader.status_changed.connect(self.status_changed)
        self.reader.failed.connect(self._on_reading_failed)
        self.classifier.predicted.connect(self._on_predicted)
        self.classifier.read.connect(self.reader.on_read)
        self.classifier.state_changed.connect(self.status_changed)
        self.classifier.failed.connect(self._tell)
        self.classifier.tuning_ended.connect(self._on_tuning_ended)
        self._undo_stack.indexChanged.connect(self.undo_changed)

    def _project_of(self, folder: Path) -> Project:
        return Project.for_folder(folder, self._fallback_folder, self._backup_folder)

    def _let_go_of_the_work(self) -> None:
        self.reader.stop()
        self.classifier.stop()
        self.audit.stop()
        self.likeness.stop()
        self._watch.let_go()
        if self.task is not None:
            self.task.abandon()
        self.bridge.forget_everything()

    def _load(self) -> None:
        project = self.project
        assert project is not None
        self.table = ImageTable(project.path_of)
        self.table.add(project.images())
        self.table.set_labels(project.labels())
        self._set_classes(tuple(project.classes()))
        self._start_work()

    def _start_work(self) -> None:
        for part in (self.classifier, self.audit, self.likeness):
            part.start(self.table)

    def _set_classes(self, classes: tuple[ImageClass, ...]) -> None:
        self.classes = classes
        self._class_by_id = {item.class_id: item for item in classes}
        self.classifier.set_classes(classes)
        self.classes_changed.emit()

    def _commit(self, change: Change) -> bool:
        backward = self._write(change)
        if backward is None:
            return False
        self._undo_stack.push(Edit(change, backward))
        self._show(change)
        return True

    def _write(self, change: Change) -> Change | None:
        if self.project is None:
            return None
        try:
            return self.project.apply(change)
        except EngineError as error:
            self._tell(str(error))
            return None

    def _show(self, change: Change) -> None:
        """Bring what is shown to what is on disk now."""
        assert self.project is not None
        known = set(self._class_by_id)
        rows = self.table.set_labels(change.labels)
        if change.classes:
            self._set_classes(tuple(self.project.classes()))
            for gone in known - set(self._class_by_id):
                self.table.clear_predictions(ClassId(gone))
            self.rows_changed.emit(None)
        else:
            self.rows_changed.emit(rows)
        self.counts_changed.emit()
        self.predictions_changed.emit()
        if change.labels or known != set(self._class_by_id):
            self.classifier.adapt()
            self.audit.soon()

    def _snapshot(self) -> messages.Snapshot:
        # Made from the table, whose paths exist already: Project.snapshot() reads 100,000 rows.
        assert self.project is not None
        table = self.table
        rows = np.flatnonzero(~table.missing)
        return messages.Snapshot(
            folder=self.project.folder,
            classes=self.classifier.specs(),
            support=self.classifier.support(),
            images=table.refs(rows),
            effort=self.classifier.effort,
            tuning=self.classifier.tuning_name,
        )

    def _start_task(self, kind: str, out: Path, command: Callable[[int], messages.Command]) -> Task:
        assert self.project is not None
        self.preferences.keep_output_path(self.project.path, kind, out)
        self.task = Task(self.bridge, command)
        self.task.progressed.connect(self.status_changed)
        self.task.ended.connect(self._on_task_ended)
        title = {
            "model": self.tr("Exporting the model"),
            "predictions": self.tr("Saving the predictions"),
        }.get(kind, self.tr("Saving the results"))
        loss = self.tr("{name} is not written to its end and will be discarded.")
        self._watch.follow(self.task, title, loss.format(name=out.name))
        return self.task

    def _on_sample_painted(self, event: messages.SamplePainted) -> None:
        if self.project is None:  # Else the person has opened something meanwhile.
            self.open(event.folder)

    def _on_sample_failed(self, message: str, _is_bug: bool) -> None:
        self._tell(message)

    def _on_task_ended(self) -> None:
        if self.task is self.sender():
            self.task = None
            self.status_changed.emit()

    def _on_engine_ready(self, event: messages.EngineReady) -> None:
        self.engine = event
        if event.notice:
            self._tell(event.notice, Severity.WARNING)
        self.status_changed.emit()

    def _on_reading_failed(self, message: str) -> None:
        if message != self.engine_failure:  # Else it is told already, once.
            self._tell(message)

    def _on_engine_failed(self, event: messages.EngineFailed) -> None:
        if not self.choice.is_safe and self.can_restart_engine:
            text = self.tr(
                "{reason} Handful goes on with its own encoder and the device that it finds; your "
                "choice is kept in the settings."
            )
            self._tell(text.format(reason=event.message), Severity.WARNING)
            self._restart_engine(self.choice.made_safe())
            return
        self.engine_failure = event.message
        self._tell(event.message)
        self.status_changed.emit()

    def _on_rows_changed(self, rows: Rows) -> None:
        self.rows_changed.emit(rows)
        self._count_soon()

    def _on_predicted(self, rows: Rows | None) -> None:
        self.rows_changed.emit(rows)
        self.predictions_changed.emit()
        self._count_soon()

    def _on_scanned(self, event: messages.ScanFinished) -> None:
        if event.unreadable_folders:
            some = listed(event.unreadable_folders[:3])
            if len(event.unreadable_folders) > 3:
                some = listed((some, "…"))
            text = self.tr("Not everything in the folder could be read: {names}.").format(
                names=some
            )
            self._tell(text, Severity.WARNING, Remedy.RESCAN)
        self.scanned.emit()
        self.classifier.on_scanned()
        self._count_soon()

    def _on_labels_moved(self, change: Change) -> None:
        if self._commit(change):
            n_moved = sum(label is not None for label in change.labels.values())
            text = (
                self.tr("1 image was moved or renamed; its label came with it.")
                if n_moved == 1
                else self.tr(
                    "{count} images were moved or renamed; their labels came with them."
                ).format(count=n_moved)
            )
            self._tell(text, Severity.INFORMATION)

    def _on_labelled_changed(self, names: list[str]) -> None:
        if len(names) == 1:
            text = self.tr(
                "The labelled image {name} was changed by another program; check that its label "
                "still fits."
            )
        else:
            text = self.tr(
                "{count} labelled images were changed by another program, {name} among them; "
                "check that their labels still fit."
            )
        count = QLocale().toString(len(names))
        self._tell(text.format(count=count, name=names[0]), Severity.WARNING)

    def _on_tuning_ended(self, event: messages.Event) -> None:
        match event:
            case messages.FineTuned():
                text = self.tr(
                    "Fine-tuning is done: {now} % of held-out labels right, {before} % before."
                )
                if self.classifier.tuning.n_changed_since(self.classifier.support()):
                    text = self.tr(
                        "Fine-tuning is done: {now} % of held-out labels right, {before} % before, "
                        "by the labels as they were when it began. It answers with those that you "
                        "have given since, too."
                    )
                text = text.format(
                    now=round(100 * event.held_out.accuracy),
                    before=round(100 * event.thorough.accuracy),
                )
                self._tell(text, Severity.INFORMATION, Remedy.FINETUNE)
            case messages.NotAdapted():
                self._tell(event.reason, Severity.INFORMATION)
            case messages.JobFailed():
                self._tell(event.message, Severity.ERROR, Remedy.FINETUNE)
            case _:
                pass

    def _count_soon(self) -> None:
        if not self._count_timer.isActive():
            self._count_timer.start()

    def _tell(
        self, text: str, severity: Severity = Severity.ERROR, remedy: Remedy | None = None
    ) -> None:
        _log.info("told the person: %s", text.english if isinstance(text, Sentence) else text)
        self.noticed.emit(Notice(told(text), severity, remedy))

    def _tell_folder_is_gone(self) -> None:
        assert self.project is not None
        text = self.tr(
            "The folder {folder} is not there any more. Your labels are kept; show Handful where "
            "the images are now."
        ).format(folder=self.project.folder)
        self._tell(text, Severity.WARNING, Remedy.FIND_FOLDER)

    def _tell_where_it_is_kept(self, asked: Path) -> None:
        assert self.project is not None
        kept = self.project.path
        beside = asked if asked.is_dir() else asked.parent
        if kept.parent.resolve() == beside.resolve():
            return
        if os.access(beside, os.W_OK):  # It was read-only when the project was made.
            text = self.tr("The labels of {folder} are kept in {kept}.")
            self._tell(text.format(folder=beside, kept=kept), Severity.INFORMATION)
            return
        text = self.tr("Handful may not write in {folder}, so your labels are kept in {kept}.")
        self._tell(text.format(folder=beside, kept=kept), Severity.WARNING)


def _tidy(name: str) -> str:
    return " ".join(name.split())


def _none_class() -> ImageClass:
    return replace(NONE_CLASS, name=told(NONE_CLASS.name))

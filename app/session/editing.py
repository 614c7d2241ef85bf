"""The open project and every edit of it: each is on disk, and can be undone, once it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QLocale, QObject, Signal
from PySide6.QtGui import QUndoStack

from app.look.notices import Notice, Remedy, Severity
from app.look.words import told
from app.session.edits import Edit
from app.session.image_table import NO_CLASS, ImageTable, Rows
from engine import (
    NONE_CLASS,
    Change,
    ClassNameError,
    EngineError,
    ImageClass,
    ImportPlan,
    Project,
    import_change,
    messages,
    plan_import,
)
from engine.messages import NONE_OF_THESE, ClassId, ImageId, ModelExamples


class Editing(QObject):
    """Project, table of images and classes, kept in step by one door for edits.

    It knows no engine: what has to happen there after an edit is said by who inherits it.

    Signals:
        classes_changed: ``classes`` is new.
        rows_changed: rows to show anew, or None for all.
        predictions_changed: the order or the filter may be out of date.
        counts_changed: numbers per class or filter may differ.
        undo_changed: what can be undone or redone.
        revisited: images whose labels or marks were just undone or redone.
        name_refused: a sentence; why a class cannot have the name that was typed.
        noticed: a :class:`Notice` for the person.
    """

    classes_changed = Signal()
    rows_changed = Signal(object)
    predictions_changed = Signal()
    counts_changed = Signal()
    undo_changed = Signal()
    revisited = Signal(object)
    name_refused = Signal(str)
    noticed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.project: Project | None = None
        self.table = ImageTable()
        self.classes: tuple[ImageClass, ...] = ()
        self.none_class = _none_class()  # In the language now in use.
        self._class_by_id: dict[int, ImageClass] = {}
        self.examples: ModelExamples | None = None  # That came with a model, of the classes here.
        self._undo_stack = QUndoStack(self)
        self._undo_stack.indexChanged.connect(self.undo_changed)

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
        """How many classes have a label on an image that is there, or an example of a model."""
        taught = frozenset() if self.examples is None else self.examples.counts().keys()
        return len((self.table.labelled_as | taught) - {NONE_OF_THESE})

    def labelled_rows(self, class_id: ClassId) -> Rows:
        """The rows of images that are there and have that label."""
        return np.flatnonzero((self.table.labels == class_id) & ~self.table.missing)

    def undo_text(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._undo_stack.undoText()

    def redo_text(self) -> str:
        """What redo would make again; empty where there is nothing."""
        return self._undo_stack.redoText()

    # --- Labels -----------------------------------------------------------------------------------

    def label(self, images: Sequence[ImageId], class_id: ClassId | None) -> bool:
        """Give images a class, or none; False where nothing was to change or it failed.

        Images that the table does not know are left alone.
        """
        if self.project is None:
            return False
        table, rows = self.table, self.table.rows_of(np.array(images, np.int64))
        rows = rows[rows >= 0]
        rows = rows[table.labels[rows] != (class_id or NO_CLASS)]
        due = [table.image_id(row) for row in rows.tolist()]
        return bool(due) and self._commit(self.project.relabel(due, class_id))

    def relabel(self, images: Sequence[ImageId], class_id: ClassId) -> bool:
        """As :meth:`label`; a notice offers undo where labels given before were replaced.

        A click on a class is easily one that was meant to look at it.
        """
        rows = self.table.rows_of(np.array(images, np.int64))
        before = self.table.labels[rows[rows >= 0]]
        replaced = before[(before != NO_CLASS) & (before != class_id)]
        if not self.label(images, class_id):
            return False
        item = self.image_class(class_id)
        old = self.image_class(int(replaced[0])) if len(replaced) == 1 else None
        if old is not None and item is not None:
            text = self.tr("Changed the label of 1 image from “{old}” to “{new}”.")
            self._tell(text.format(old=old.name, new=item.name), Severity.INFORMATION, Remedy.UNDO)
        elif len(replaced) > 1 and item is not None:
            text = self.tr("Changed the labels of {count} images to “{new}”.")
            count = QLocale().toString(len(replaced))
            self._tell(text.format(count=count, new=item.name), Severity.INFORMATION, Remedy.UNDO)
        return True

    def label_each(self, labels: Mapping[ImageId, ClassId], action: str) -> bool:
        """Give every image its own class, as one edit named ``action``; a notice offers undo."""
        rows = {image: self.table.row_of(image) for image in labels}
        due: dict[ImageId, ClassId | None] = {
            image: class_id
            for image, class_id in labels.items()
            if rows[image] >= 0 and self.table.label(rows[image]) != class_id
        }
        if not due or not self._commit(Change(action, due)):
            return False
        count = QLocale().toString(len(due))
        text = (
            self.tr("Labelled 1 image.") if len(due) == 1 else self.tr("Labelled {count} images.")
        )
        self._tell(text.format(count=count), Severity.INFORMATION, Remedy.UNDO)
        return True

    def plan_import(
        self, read: messages.LabelsRead, *, with_predictions: bool, is_replacing: bool
    ) -> ImportPlan:
        """What labels of another program would change as things are; see ``engine.plan_import``."""
        rows = self.table.rows_of(read.image_ids)
        labels = self.table.labels[rows].tolist()
        known = {
            ImageId(image): ClassId(label)
            for image, label in zip(read.image_ids.tolist(), labels, strict=True)
            if label != NO_CLASS
        }
        return plan_import(
            read,
            known,
            self.classes,
            with_predictions=with_predictions,
            is_replacing=is_replacing,
        )

    def import_labels(self, plan: ImportPlan) -> bool:
        """Take labels of another program in, and make the classes for them, as one edit."""
        if self.project is None or plan.refusal:
            return False
        change = None
        with self._told():
            change = import_change(plan, self.project)
        if change is None or not change.labels or not self._commit(change):
            return False
        n_labels = len(change.labels)
        text = (
            self.tr("Imported 1 label.") if n_labels == 1 else self.tr("Imported {count} labels.")
        )
        count = QLocale().toString(n_labels)
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

    def set_aside(self, images: Sequence[ImageId], *, is_set_aside: bool = True) -> bool:
        """Keep images for later, since the person cannot tell what they show, or no longer.

        Those with a label are left alone. Returns False where nothing was to change or it failed.
        """
        if self.project is None:
            return False
        table, rows = self.table, self.table.rows_of(np.array(images, np.int64))
        rows = rows[rows >= 0]
        due = rows[(table.labels[rows] == NO_CLASS) & (table.set_aside[rows] != is_set_aside)]
        if not len(due):
            return False
        marked = [table.image_id(row) for row in due.tolist()]
        return self._commit(self.project.setting_aside(marked, is_set_aside=is_set_aside))

    def toggle_set_aside(self, images: Sequence[ImageId]) -> bool:
        """Set images aside; where all of them are that could be, put them back."""
        return self.set_aside(images) or self.set_aside(images, is_set_aside=False)

    # --- Undo -------------------------------------------------------------------------------------

    def undo(self) -> None:
        """Take the last edit back."""
        command = self._undo_stack.command(self._undo_stack.index() - 1)
        if isinstance(command, Edit) and self._write(command.backward) is not None:
            self._undo_stack.undo()
            self._show(command.backward)
            self.revisited.emit(command.backward.images)

    def redo(self) -> None:
        """Make the last edit that was taken back again."""
        command = self._undo_stack.command(self._undo_stack.index())
        if isinstance(command, Edit) and self._write(command.forward) is not None:
            self._undo_stack.redo()
            self._show(command.forward)
            self.revisited.emit(command.forward.images)

    # --- For who inherits it ----------------------------------------------------------------------

    def _after_edit(self, *, has_labels: bool, has_other_classes: bool) -> None:
        """An edit is made and shown: whether it gave labels, and whether classes came or went."""

    def _set_classes(self, classes: tuple[ImageClass, ...]) -> None:
        self.classes = classes
        self._class_by_id = {item.class_id: item for item in classes}
        self.classes_changed.emit()

    def _set_examples(self, examples: ModelExamples | None) -> None:
        self.examples = examples

    def _read_examples(self) -> None:
        """Know the examples that came with a model as they are in the file."""
        with self._told():
            self._set_examples(None if self.project is None else self.project.model_examples())

    def _commit(self, change: Change, *, is_typed: bool = False) -> bool:
        """Make an edit; where ``is_typed``, a refused name is told beside the field of names."""
        backward = self._write(change, is_typed=is_typed)
        if backward is None:
            return False
        self._undo_stack.push(Edit(change, backward))
        self._show(change)
        return True

    def _write(self, change: Change, *, is_typed: bool = False) -> Change | None:
        if self.project is None:
            return None
        try:
            return self.project.apply(change)
        except ClassNameError as error:
            if is_typed:
                self.name_refused.emit(told(str(error)))
            else:
                self._notify(Notice(str(error), is_slip=True))
            return None
        except EngineError as error:
            self._tell_error(error)
            return None

    def _show(self, change: Change) -> None:
        """Bring what is shown to what is on disk now."""
        assert self.project is not None
        known = set(self._class_by_id)
        rows = self.table.set_labels(change.labels)
        if change.set_aside:
            rows = np.union1d(rows, self.table.set_set_aside(change.set_aside))
        if change.classes or change.examples:
            self._read_examples()
        if change.classes:
            with self._told():
                self._set_classes(tuple(self.project.classes()))
            for gone in known - set(self._class_by_id):
                self.table.clear_predictions(ClassId(gone))
            self.rows_changed.emit(None)
        else:
            self.rows_changed.emit(rows)
        self.counts_changed.emit()
        self.predictions_changed.emit()
        self._after_edit(
            has_labels=bool(change.labels or change.examples),
            has_other_classes=known != set(self._class_by_id),
        )

    def _tell(
        self, text: str, severity: Severity = Severity.ERROR, remedy: Remedy | None = None
    ) -> None:
        self._notify(Notice(text, severity, remedy))

    def _tell_error(self, error: EngineError) -> None:
        """Tell what went wrong outside of the program."""
        self._tell(str(error))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell what goes wrong in the block, and go on behind it."""
        try:
            yield
        except EngineError as error:
            self._tell_error(error)

    def _notify(self, notice: Notice) -> None:
        self.noticed.emit(replace(notice, text=told(notice.text)))

    def _tell_edits_anew(self) -> None:
        """The language is another one: the names of edits are told in it."""
        self.none_class = _none_class()
        for place in range(self._undo_stack.count()):
            command = self._undo_stack.command(place)
            if isinstance(command, Edit):
                command.tell_anew()


def _none_class() -> ImageClass:
    return replace(NONE_CLASS, name=told(NONE_CLASS.name))

"""What a person does to classes: each is one edit, and a notice offers to undo the larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QLocale

from app.look.notices import Remedy, Severity
from app.session.editing import Editing
from engine import Change, ImageClass, class_name_key, is_none_name, messages, say
from engine.messages import NONE_OF_THESE, ClassId, ImageId


class ClassEdits(Editing):
    """Adding, naming, ordering, merging, splitting, importing and deleting classes."""

    def add_class(self, name: str) -> ImageClass | None:
        """Add a class; None where the name is refused, which ``name_refused`` tells."""
        if self.project is None:
            return None
        added = None
        with self._told():
            added = self.project.new_class(_tidy(name))
        if added is None:
            return None
        change = Change(say("Add class “{name}”", name=added.name), {}, (added,))
        return added if self._commit(change, is_typed=True) else None

    def rename_class(self, class_id: ClassId, name: str) -> bool:
        """Give a class another name; False where it is refused."""
        item, tidy = self._class_by_id[class_id], _tidy(name)
        if tidy == item.name:
            return True
        action = say("Rename class “{name}”", name=item.name)
        return self._commit(Change(action, {}, (replace(item, name=tidy),)), is_typed=True)

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
        added: tuple[ImageClass, ...] = ()
        with self._told():
            added = tuple(self.project.new_classes(fresh))
        if not added:
            return 0
        count = QLocale().toString(len(added))
        action = say("Add {count} classes", count=len(added))
        if len(added) == 1:
            action = say("Add class “{name}”", name=added[0].name)
        if not self._commit(Change(action, {}, added)):
            return 0
        n_named = len({class_name_key(name) for name in map(_tidy, names) if name})
        text = self._added_text(len(added), n_named - len(added))
        known = QLocale().toString(n_named - len(added))
        self._tell(text.format(count=count, known=known), Severity.INFORMATION, Remedy.UNDO)
        return len(added)

    def begin_from_model(self, model: messages.BundleRead) -> bool:
        """Go on from a model's labelled examples, as one edit; False where all are here already."""
        if self.project is None:
            return False
        change = None
        with self._told():
            change = self.project.beginning_from(model.title, model.classes, model.examples)
        if change is None:
            return False
        if not change.examples and not change.classes:
            text = self.tr("The examples of the model “{name}” are here already.")
            self._tell(text.format(name=model.title), Severity.INFORMATION)
            return False
        if not self._commit(change):
            return False
        count = QLocale().toString(len(change.examples))
        text = (
            self.tr("1 example came with the model “{name}”; label images here to add to it.")
            if len(change.examples) == 1
            else self.tr(
                "{count} examples came with the model “{name}”; label images here to add to them."
            )
        )
        self._tell(text.format(count=count, name=model.title), Severity.INFORMATION, Remedy.UNDO)
        if model.was_tuned:
            text = self.tr(
                "The model “{name}” was fine-tuned. Here its examples are seen by the encoder as "
                "it was before, so answers may differ from the model's."
            )
            self._tell(text.format(name=model.title), Severity.WARNING)
        return True

    def _added_text(self, n_added: int, n_known: int) -> str:
        if n_known == 1 and n_added == 1:
            return self.tr("Added 1 class; 1 other was there already.")
        if n_known == 1:
            return self.tr("Added {count} classes; 1 other was there already.")
        if n_known and n_added == 1:
            return self.tr("Added 1 class; {known} others were there already.")
        if n_known:
            return self.tr("Added {count} classes; {known} others were there already.")
        return self.tr("Added 1 class.") if n_added == 1 else self.tr("Added {count} classes.")

    def delete_class(self, class_id: ClassId) -> None:
        """Remove a class and its labels; a notice offers to undo it."""
        change = None
        with self._told():
            change = None if self.project is None else self.project.removal(class_id)
        if change is not None:
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
        change = None
        with self._told():
            change = None if self.project is None else self.project.merger(source, target)
        if change is not None:
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
        source, added = self._class_by_id[class_id], None
        with self._told():
            added = self.project.new_class(_tidy(name))
        if added is None:
            return False
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


def _tidy(name: str) -> str:
    return " ".join(name.split())

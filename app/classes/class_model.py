"""The classes as a list: names, counts, and what is dragged out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QLocale,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from app.gallery.gallery_model import images_of, plain_tip
from app.session.session import Session
from engine import ImageClass
from engine.messages import NONE_OF_THESE, ClassId, ImageId

CLASS_MIME: Final = "application/x-handful-class"  # A class on its way to another place.
_Index = QModelIndex | QPersistentModelIndex


class ClassModel(QAbstractListModel):
    """The session's classes in the person's order, with their counts; none of these behind them.

    Where something is none of the classes is a label like theirs, but nothing to be changed.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._n_labelled = np.zeros(1, np.int64)
        self._n_predicted = np.zeros(1, np.int64)
        self._n_negatives = 0
        self._n_borrowed: dict[ClassId, int] = {}  # Examples that came with a model.
        self._n_shown = 0
        self._without_example: frozenset[ClassId] = frozenset()  # By the model that is adapted.
        session.classes_changed.connect(self._on_classes_changed)
        session.counts_changed.connect(self._on_counts_changed)
        session.project_changed.connect(self._on_counts_changed)
        session.status_changed.connect(self._on_status_changed)
        session.project_changed.connect(self._on_status_changed)
        self._on_classes_changed()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else self._n_shown

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= self._n_shown:
            return None
        item = self.class_at(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return item.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (item.name, self.counts_text(item), item.note)
            return ", ".join(part for part in parts if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            key = self.tr("Key {key}").format(key=item.key) if item.key else ""
            hint = self.tr("Click to label the selected images; double click to rename")
            if item.class_id == NONE_OF_THESE:
                key = self.tr("Key {key}").format(key=item.hotkey)
                hint = self.tr(
                    "For images that show none of your classes. They need no such label, but a "
                    "few make Handful better at telling them. Click to label the selected images."
                )
            # The line in the list may be too short for all three counts.
            counts = self.counts_text(item) if self._n_borrowed.get(item.class_id) else ""
            lines = [item.name, item.note, counts, self.counted_text(item), key, hint]
            return plain_tip("\n".join(line for line in lines if line))
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not self.is_class(index) or role != Qt.ItemDataRole.EditRole:
            return False
        return self._session.rename_class(self.class_at(index.row()).class_id, str(value))

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDropEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )
        if not self.is_class(index):
            return flags
        return flags | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [CLASS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        text = str(int(self.class_at(indexes[0].row()).class_id))
        mime.setData(CLASS_MIME, QByteArray(text.encode("ascii")))
        return mime

    def dragged_images(self, mime: QMimeData) -> list[ImageId]:
        """The images of this project in something that is dragged."""
        project = self._session.project
        return [] if project is None else images_of(mime, project.path)

    def class_at(self, place: int) -> ImageClass:
        """The class at a place."""
        return self._session.offered[place]

    def is_class(self, index: _Index) -> bool:
        """Whether there is a class of the person's, which can be renamed, merged and deleted."""
        return index.isValid() and index.row() < len(self._session.classes)

    def place_of(self, class_id: ClassId) -> int:
        """Where a class is shown, -1 where it is not."""
        return next(
            (
                place
                for place, item in enumerate(self._session.offered)
                if item.class_id == class_id
            ),
            -1,
        )

    def counts_text(self, item: ImageClass) -> str:
        """How many images are labelled and predicted as a class, in words."""
        locale, number = QLocale(), int(item.class_id)
        n_borrowed = self._n_borrowed.get(item.class_id, 0)
        borrowed = self.tr("{count} from the model").format(count=locale.toString(n_borrowed))
        if item.class_id == NONE_OF_THESE:
            if not self._n_negatives:
                return borrowed if n_borrowed else self.tr("shows no class")
            count = locale.toString(self._n_negatives)
            text = self.tr("{count} labelled").format(count=count)
            return f"{text} · {borrowed}" if n_borrowed else text
        if item.class_id in self._without_example:
            return self.tr("no example yet")
        n_labelled = int(self._n_labelled[number]) if number < len(self._n_labelled) else 0
        n_predicted = int(self._n_predicted[number]) if number < len(self._n_predicted) else 0
        if not n_labelled and not n_predicted and not n_borrowed:
            return self.tr("none yet")
        parts = []
        if n_labelled or not n_borrowed:
            parts.append(self.tr("{count} labelled").format(count=locale.toString(n_labelled)))
        if n_borrowed:
            parts.append(borrowed)
        if n_predicted:
            parts.append(self.tr("{count} predicted").format(count=locale.toString(n_predicted)))
        return " · ".join(parts)

    def counted_text(self, item: ImageClass) -> str:
        """What the numbers of :meth:`counts_text` count; other parts of the window count others."""
        if item.class_id == NONE_OF_THESE:
            if not self._n_negatives:
                return ""
            return self.tr("Labelled: images that you labelled “none of these”.")
        number = int(item.class_id)
        if number < len(self._n_predicted) and self._n_predicted[number]:
            return self.tr(
                "Labelled: images that you gave this class. Predicted: unlabelled images whose "
                "most likely class it is, also those that look like none of these or are set "
                "aside. Left to review are the predicted ones without these."
            )
        if number < len(self._n_labelled) and self._n_labelled[number]:
            return self.tr("Labelled: images that you gave this class.")
        return ""

    def _on_classes_changed(self) -> None:
        self.beginResetModel()
        self._n_shown = len(self._session.offered)
        self._count()
        self.endResetModel()

    def _on_counts_changed(self) -> None:
        self._count()
        self._show_anew()

    def _count(self) -> None:
        table = self._session.table
        self._n_labelled, self._n_predicted = table.counts_by_class()
        self._n_negatives = table.count_negatives()
        examples = self._session.examples
        self._n_borrowed = {} if examples is None else examples.counts()

    def _on_status_changed(self) -> None:
        adapted = self._session.classifier.adapted
        without = frozenset() if adapted is None else frozenset(adapted.empty_classes)
        if without != self._without_example:
            self._without_example = without
            self._show_anew()

    def _show_anew(self) -> None:
        if self._n_shown:
            self.dataChanged.emit(self.index(0), self.index(self._n_shown - 1))

"""The gallery's list of images: a permutation of rows over the table, nothing copied."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from app.gallery.arrangement import Arrangement, arrange, fits
from app.look.words import percent_of
from app.session.image_table import NO_CLASS, Rows
from app.session.session import Session
from engine.messages import ImageId

IMAGES_MIME: Final = "application/x-handful-images"
_Index = QModelIndex | QPersistentModelIndex


class GalleryModel(QAbstractListModel):
    """Shows ``order``, the rows of the session's table that the arrangement selects.

    A *place* is a number in that order. The order changes only in :meth:`rearrange` and when new
    images are added at the end, never because of a label or a prediction: a tile must not move
    away under the cursor.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.arrangement = Arrangement()
        self.order: Rows = np.zeros(0, np.intp)
        self._place_of_row: Rows = np.zeros(0, np.intp)
        self.visible_places = range(0)  # What the view shows now.
        session.rows_added.connect(self._on_rows_added)
        session.rows_changed.connect(self._on_rows_changed)

    # --- Qt's questions ---------------------------------------------------------------------------

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.order)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.order):
            return None
        row = int(self.order[index.row()])
        if role == Qt.ItemDataRole.DisplayRole:
            return self._session.table.names[row]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tool_tip(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self._session.table.names[row]}, {self.state_text(row)}"
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDragEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )

    def mimeTypes(self) -> list[str]:
        return [IMAGES_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        return self.mime_of_images([self.image_at(index.row()) for index in indexes])

    # --- Places and images ------------------------------------------------------------------------

    def mime_of_images(self, images: Sequence[ImageId]) -> QMimeData:
        """Images as something that can be dragged onto a class."""
        project = self._session.project
        return mime_of(images, Path() if project is None else project.path)

    def image_at(self, place: int) -> ImageId:
        """The image at a place."""
        return self._session.table.image_id(int(self.order[place]))

    def place_of_row(self, row: int) -> int:
        """Where a row is shown, -1 where it is not."""
        return int(self._place_of_row[row]) if 0 <= row < len(self._place_of_row) else -1

    def places_of_rows(self, rows: Rows) -> Rows:
        """Where rows are shown, -1 where they are not."""
        places = np.full(len(rows), -1, np.intp)
        known = rows < len(self._place_of_row)  # Not those of a project that is being closed.
        places[known] = self._place_of_row[rows[known]]
        return places

    def state_text(self, row: int) -> str:
        """Label, prediction or reason of an image in words."""
        table = self._session.table
        if table.unreadable[row]:
            return self.tr("cannot be read: {reason}").format(reason=table.reasons.get(row, ""))
        label = self._session.image_class(int(table.labels[row]))
        if label is not None:
            return self.tr("labelled {name}").format(name=label.name)
        predicted = self._session.image_class(int(table.predicted[row, 0]))
        if predicted is None:
            return self.tr("not classified yet")
        words = (
            self.tr("unsure, perhaps {name}, {percent}")
            if table.is_unsure(row)
            else self.tr("predicted {name}, {percent}")
        )
        percent = percent_text(float(table.probabilities[row, 0]))
        text = words.format(name=predicted.name, percent=percent)
        if table.is_like_none(row):
            text += self.tr(", or none of these")
        return text

    # --- Changes ----------------------------------------------------------------------------------

    def rearrange(self, arrangement: Arrangement | None = None) -> None:
        """Filter and sort anew; the view is reset."""
        self.beginResetModel()
        if arrangement is not None:
            self.arrangement = arrangement
        self._set_order(arrange(self._session.table, self.arrangement))
        self.endResetModel()

    def is_out_of_date(self) -> bool:
        """Whether arranging anew would show other images or another order."""
        return not np.array_equal(arrange(self._session.table, self.arrangement), self.order)

    def _on_rows_added(self, first: int, count: int) -> None:
        rows = np.arange(first, first + count)
        rows = rows[fits(self._session.table, self.arrangement, rows)]
        if len(rows):
            start = len(self.order)
            self.beginInsertRows(QModelIndex(), start, start + len(rows) - 1)
            self._set_order(np.concatenate([self.order, rows]))
            self.endInsertRows()

    def _on_rows_changed(self, rows: Rows | None) -> None:
        # Only what is on screen: most of the chunks of a thousand predictions touch none of it,
        # and a screenful takes 7 ms to paint.
        first, stop = self.visible_places.start, min(self.visible_places.stop, len(self.order))
        places = np.arange(first, stop)
        if rows is not None:
            places = places[np.isin(self.order[first:stop], rows)]
        if len(places):
            self.dataChanged.emit(self.index(int(places[0])), self.index(int(places[-1])))

    def _set_order(self, order: Rows) -> None:
        self.order = order
        self._place_of_row = np.full(self._session.table.n_rows, -1, np.intp)
        self._place_of_row[order] = np.arange(len(order))

    def _tool_tip(self, row: int) -> str:
        table = self._session.table
        text = f"{table.names[row]}\n{capitalised(self.state_text(row))}"
        if table.labels[row] == NO_CLASS and table.predicted[row, 0] != NO_CLASS:
            for class_id, probability in zip(
                table.predicted[row, 1:3].tolist(), table.probabilities[row, 1:3], strict=True
            ):
                other = self._session.image_class(class_id)
                if other is not None:
                    text += f"\n{other.name}, {percent_text(float(probability))}"
        return plain_tip(text)


def capitalised(text: str) -> str:
    """A text with a large first letter; those in names stay as they are."""
    return text[:1].upper() + text[1:]


def plain_tip(text: str) -> str:
    """A tool tip that shows ``text`` as it is; Qt would take ``<b>.jpg`` for bold type."""
    if "<" not in text and "&" not in text:
        return text
    lines = html.escape(text).replace("\n", "<br>")
    return f"<p style='white-space: pre'>{lines}</p>"


def mime_of(images: Sequence[ImageId], project: Path) -> QMimeData:
    """Images of a project as something that can be dragged."""
    mime = QMimeData()
    text = json.dumps({"project": str(project), "images": images})
    mime.setData(IMAGES_MIME, QByteArray(text.encode("ascii")))
    return mime


def images_of(mime: QMimeData, project: Path) -> list[ImageId]:
    """The images that were dragged; none if they come from another project's window."""
    if not mime.hasFormat(IMAGES_MIME):
        return []
    dragged = json.loads(bytes(mime.data(IMAGES_MIME).data()))
    if dragged["project"] != str(project):
        return []
    return [ImageId(number) for number in dragged["images"]]


def percent_text(probability: float) -> str:
    """A probability as a person reads it; never a certainty that nobody has."""
    percent = round(100 * probability)
    if percent >= 100:
        return f"> {percent_of(99)}"
    return f"< {percent_of(1)}" if percent <= 0 else percent_of(percent)

"""The gallery's list of images: a permutation of rows over the table, nothing copied."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QDateTime,
    QLocale,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimeZone,
)

from app.gallery.arrangement import Arrangement, arrange, fits, gather
from app.look.words import percent_of, told
from app.session.image_table import NO_CLASS, NO_GROUP, Rows
from app.session.session import Session
from engine.messages import NO_DATE, ImageId

IMAGES_MIME: Final = "application/x-handful-images"
_Index = QModelIndex | QPersistentModelIndex


class GalleryModel(QAbstractListModel):
    """Shows ``order``, the rows of the session's table that the arrangement selects.

    A *place* is a number in that order. The order changes only in :meth:`rearrange` and when new
    images are added at the end, never because of a label or a prediction: a tile must not move
    away under the cursor.

    Where images are grouped a tile may stand for several: its row is that of the first of them,
    and whatever is done to the tile is done to all.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.arrangement = Arrangement()
        self.order: Rows = np.zeros(0, np.intp)
        self._rows: Rows = np.zeros(0, np.intp)  # All rows under the tiles, tile by tile.
        self._starts: Rows = np.zeros(1, np.intp)  # Where in them those of each place begin.
        self._expanded: set[int] = set()  # Groups whose images are shown each.
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
            return self._tool_tip(index.row())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (
                self._session.table.names[row],
                self.stack_text(index.row()),
                *self.marks_texts(index.row()),
                self.state_text(row),
            )
            return ", ".join(part for part in parts if part)
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
        places = np.array([index.row() for index in indexes], np.intp)
        return self.mime_of_images(self.images_at(places))

    # --- Places and images ------------------------------------------------------------------------

    def mime_of_images(self, images: Sequence[ImageId]) -> QMimeData:
        """Images as something that can be dragged onto a class."""
        project = self._session.project
        return mime_of(images, Path() if project is None else project.path)

    def image_at(self, place: int) -> ImageId:
        """The image at a place, the first of several."""
        return self._session.table.image_id(int(self.order[place]))

    def rows_at(self, place: int) -> Rows:
        """All rows that the tile at a place stands for."""
        return self._rows[self._starts[place] : self._starts[place + 1]]

    def rows_of_places(self, places: Rows) -> Rows:
        """All rows that several tiles stand for, in their order."""
        counts = self._starts[places + 1] - self._starts[places]
        if len(self._rows) == len(self.order):
            return self.order[places]
        # The first of each tile, then one more for each further row under it.
        first = np.repeat(self._starts[places] - np.cumsum(counts) + counts, counts)
        return self._rows[first + np.arange(int(counts.sum()))]

    def images_at(self, places: Rows) -> list[ImageId]:
        """All images that several tiles stand for, in their order."""
        ids = self._session.table.ids[self.rows_of_places(places)]
        return [ImageId(image) for image in ids.tolist()]

    @property
    def n_images(self) -> int:
        """How many images the tiles stand for."""
        return len(self._rows)

    def n_at(self, place: int) -> int:
        """How many images the tile at a place stands for."""
        return int(self._starts[place + 1] - self._starts[place])

    def opened_group(self, place: int) -> tuple[int, int]:
        """Of an image whose expanded group is shown: its number in it and how many; else 0, 0."""
        groups = self._session.table.groups
        group = int(groups[self.order[place]]) if self.arrangement.is_grouped else NO_GROUP
        if group == NO_GROUP or group not in self._expanded:
            return 0, 0
        first = last = place
        while first > 0 and groups[self.order[first - 1]] == group:
            first -= 1
        while last + 1 < len(self.order) and groups[self.order[last + 1]] == group:
            last += 1
        return place - first + 1, last - first + 1

    def places_with(self, mask: NDArray[np.bool_]) -> Rows:
        """Places of the tiles that stand for a row of a mask over the table, ascending."""
        if not len(self._rows):
            return self._rows
        found: Rows = np.flatnonzero(np.logical_or.reduceat(mask[self._rows], self._starts[:-1]))
        return found

    def place_of_row(self, row: int) -> int:
        """Where a row is shown or lies under another one, -1 where it does not."""
        return int(self._place_of_row[row]) if 0 <= row < len(self._place_of_row) else -1

    def places_of_rows(self, rows: Rows) -> Rows:
        """Where rows are shown or lie under others, -1 where they do not."""
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
            doubt = self._session.audit.doubt(row)
            likely = None if doubt is None else self._session.image_class(doubt.likely_id)
            if likely is not None:
                return self.tr("labelled {name}, looks wrong: rather {likely}").format(
                    name=label.name, likely=likely.name
                )
            return self.tr("labelled {name}").format(name=label.name)
        text = self._prediction_text(row)
        if table.set_aside[row]:
            text = self.tr("set aside, {prediction}").format(prediction=text)
        return text

    def _prediction_text(self, row: int) -> str:
        table = self._session.table
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

    def stack_text(self, place: int) -> str:
        """How many images a tile stands for and what is known of them; empty for one."""
        n_images = self.n_at(place)
        if n_images == 1:
            number, n_images = self.opened_group(place)
            if n_images < 2:
                return ""
            return self.tr("{number} of {count} alike images").format(
                number=QLocale().toString(number), count=QLocale().toString(n_images)
            )
        labels = self._session.table.labels[self.rows_at(place)]
        n_labelled = int(np.count_nonzero(labels))
        if n_labelled in (0, n_images) and len(np.unique(labels)) == 1:
            words = self.tr("{count} alike images")
        elif n_labelled == n_images:
            words = self.tr("{count} alike images with different labels")
        else:
            words = self.tr("{count} alike images, {labelled} of them labelled")
        locale = QLocale()
        return words.format(count=locale.toString(n_images), labelled=locale.toString(n_labelled))

    def marks_texts(self, place: int) -> list[str]:
        """What the signs on a tile of several images say, which need not be of the first one."""
        if self.n_at(place) == 1:
            return []
        table, rows = self._session.table, self.rows_at(place)
        told_of = []
        for mask, one, many in (
            (table.doubtful, self.tr("1 label looks wrong"), self.tr("{count} labels look wrong")),
            (table.set_aside, self.tr("1 is set aside"), self.tr("{count} are set aside")),
        ):
            count = int(np.count_nonzero(mask[rows]))
            if count:
                words = one if count == 1 else many
                told_of.append(words.format(count=QLocale().toString(count)))
        return told_of

    # --- Changes ----------------------------------------------------------------------------------

    def rearrange(self, arrangement: Arrangement | None = None) -> None:
        """Filter, sort and group anew; the view is reset."""
        self.beginResetModel()
        if arrangement is not None:
            self.arrangement = arrangement
        self._set_rows(*self._arranged())
        self.endResetModel()

    def set_expanded(self, place: int, is_expanded: bool) -> None:
        """Show each image of the group at a place, or one tile for them; the view is reset."""
        group = int(self._session.table.groups[self.order[place]])
        if is_expanded:
            self._expanded.add(group)
        else:
            self._expanded.discard(group)
        self.beginResetModel()
        # Only the group opens or closes: filter and order stay as they are, stable to the hand.
        self._set_rows(*gather(self._rows, self._session.table.groups, self._expanded))
        self.endResetModel()

    def expand_for(self, rows: Rows) -> None:
        """Open the groups that lie under a closed tile and of which only a part is in ``rows``."""
        places = np.unique(self.places_of_rows(rows))
        chosen = np.zeros(self._session.table.n_rows, np.bool_)
        chosen[rows] = True
        parts = [
            int(place)
            for place in places[places >= 0].tolist()
            if self.n_at(place) > 1 and not chosen[self.rows_at(place)].all()
        ]
        if parts:
            groups = self._session.table.groups[self.order[parts]]
            self._expanded.update(int(group) for group in groups.tolist())
            self.beginResetModel()
            self._set_rows(*gather(self._rows, self._session.table.groups, self._expanded))
            self.endResetModel()

    def forget_expanded(self) -> None:
        """Other groups were found: their numbers mean others now."""
        self._expanded.clear()

    def is_out_of_date(self) -> bool:
        """Whether arranging anew would show other images or another order."""
        rows, starts = self._arranged()
        return not (np.array_equal(rows, self._rows) and np.array_equal(starts, self._starts))

    def _arranged(self) -> tuple[Rows, Rows]:
        rows = arrange(self._session.table, self.arrangement)
        if not self.arrangement.is_grouped:
            return rows, np.arange(len(rows) + 1)
        return gather(rows, self._session.table.groups, self._expanded)

    def _on_rows_added(self, first: int, count: int) -> None:
        rows = np.arange(first, first + count)
        if self.arrangement != Arrangement(sort=self.arrangement.sort):
            rows = rows[fits(self._session.table, self.arrangement, rows)]
        if len(rows):
            start, end = len(self.order), len(self._rows)
            self.beginInsertRows(QModelIndex(), start, start + len(rows) - 1)
            # What is there is only copied: a large project comes in hundreds of slices.
            self._rows = np.concatenate([self._rows, rows])
            self._starts = np.concatenate([self._starts, end + 1 + np.arange(len(rows))])
            self.order = np.concatenate([self.order, rows])
            places = np.full(self._session.table.n_rows, -1, np.intp)
            places[: len(self._place_of_row)] = self._place_of_row
            places[rows] = start + np.arange(len(rows))
            self._place_of_row = places
            self.endInsertRows()

    def _on_rows_changed(self, rows: Rows | None) -> None:
        # Only what is on screen: most of the chunks of a thousand predictions touch none of it,
        # and a screenful takes 7 ms to paint.
        first, stop = self.visible_places.start, min(self.visible_places.stop, len(self.order))
        places = np.arange(first, stop)
        if rows is not None and len(places):
            under = self._rows[self._starts[first] : self._starts[stop]]
            touched = np.unique(self._place_of_row[under[np.isin(under, rows)]])
            places = touched
        if len(places):
            self.dataChanged.emit(self.index(int(places[0])), self.index(int(places[-1])))

    def _set_order(self, order: Rows) -> None:
        """One tile for each row."""
        self._set_rows(order, np.arange(len(order) + 1))

    def _set_rows(self, rows: Rows, starts: Rows) -> None:
        self._rows, self._starts = rows, starts
        self.order = rows[starts[:-1]]
        self._place_of_row = np.full(self._session.table.n_rows, -1, np.intp)
        self._place_of_row[rows] = np.repeat(np.arange(len(starts) - 1), np.diff(starts))

    def _tool_tip(self, place: int) -> str:
        table, row = self._session.table, int(self.order[place])
        lines = [table.names[row], capitalised(self.state_text(row))]
        stack = self.stack_text(place)
        if stack:
            lines[1:1] = [stack, *self.marks_texts(place)]
        if table.labels[row] == NO_CLASS and table.predicted[row, 0] != NO_CLASS:
            for class_id, probability in zip(
                table.predicted[row, 1:3].tolist(), table.probabilities[row, 1:3], strict=True
            ):
                other = self._session.image_class(class_id)
                if other is not None:
                    lines.append(f"{other.name}, {percent_text(float(probability))}")
        doubt = self._session.audit.doubt(row)
        if doubt is not None:
            lines.append(told(doubt.why))
        similarity = float(table.similarities[row])
        if not np.isnan(similarity):
            text = self.tr("Similarity to the selection {similarity}")
            lines.append(text.format(similarity=QLocale().toString(similarity, "f", 2)))
        lines.append(self._date_text(row))
        return plain_tip("\n".join(lines))

    def _date_text(self, row: int) -> str:
        table = self._session.table
        # A camera's clock knows no time zone, so what it showed is shown as it is.
        moment = QDateTime.fromSecsSinceEpoch(
            table.date_s(row), QTimeZone(QTimeZone.Initialization.UTC)
        )
        words = self.tr("Taken {date}")
        if table.taken_s[row] == NO_DATE:
            words = self.tr("File changed {date}")
        return words.format(date=QLocale().toString(moment, QLocale.FormatType.ShortFormat))


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

"""Precision, recall and F1 of every class, as a table that can be sorted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.evaluation.figures import Figures, interval_text, percent
from app.gallery.gallery_model import plain_tip
from app.look.icons import swatch
from app.look.plots import paint_interval
from app.look.theme import Theme
from app.session.session import Session
from engine import ClassScore, Estimate
from engine.messages import ClassId

_Index = QModelIndex | QPersistentModelIndex
_NAME, _LABELS, _JUDGED, _PRECISION, _RECALL, _F1 = range(6)
_MAX_LINES: Final = 14  # More are scrolled.
ESTIMATE_ROLE: Final = Qt.ItemDataRole.UserRole
_BAR_PX: Final = 4


@dataclass(frozen=True, slots=True)
class _Line:
    class_id: ClassId
    name: str
    colour: str
    n_labels: int
    score: ClassScore | None  # None: nothing of it is known.

    @property
    def n_judged(self) -> int:
        return 0 if self.score is None else self.score.n_labels


class ClassScoresModel(QAbstractTableModel):
    """One line for each class, those included of which too little is known to judge them."""

    def __init__(self, session: Session, figures: Figures, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._figures = figures
        self._weakest: ClassId | None = None
        self._sorted_by = (-1, Qt.SortOrder.AscendingOrder)
        self._lines: list[_Line] = []
        self._titles = (
            self.tr("Class"),
            self.tr("Labels"),
            self.tr("Judged"),
            self.tr("Precision"),
            self.tr("Recall"),
            self.tr("F1"),
        )
        self._tips = (
            "",
            self.tr("Images that you labelled so"),
            self.tr("Labels that could be held out: near-duplicates count once"),
            self.tr("Of the images taken for the class: the share that is it"),
            self.tr("Of the images of the class: the share that was recognised"),
            self.tr("Harmonic mean of precision and recall"),
        )

    def refresh(self, weakest: ClassId | None) -> None:
        """Take the figures as they are now; ``weakest`` would gain most from more labels."""
        self.beginResetModel()
        self._weakest = weakest
        found = self._figures.evaluation
        scores = {} if found is None else {item.class_id: item for item in found.classes}
        table = self._session.table
        self._lines = [
            _Line(
                item.class_id,
                item.name,
                item.colour,
                int(np.count_nonzero((table.labels == item.class_id) & ~table.missing)),
                scores.get(item.class_id),
            )
            for item in self._session.classes
        ]
        self._sort()
        self.endResetModel()

    def class_at(self, line: int) -> ClassId:
        """The class of a line."""
        return self._lines[line].class_id

    # --- Qt's questions ---------------------------------------------------------------------------

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation is not Qt.Orientation.Horizontal or not 0 <= section < len(self._titles):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._titles[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tips[section] or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(section)
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._lines):
            return None
        line, column, roles = self._lines[index.row()], index.column(), Qt.ItemDataRole
        if role == roles.DisplayRole:
            return self._text(line, column)
        if role == roles.AccessibleTextRole:
            return self.tr("{column}: {value}").format(
                column=self._titles[column], value=self._text(line, column)
            )
        if role == roles.DecorationRole and column == _NAME:
            return swatch(line.colour)
        if role == roles.FontRole and column == _NAME and line.class_id == self._weakest:
            bold = QFont()
            bold.setWeight(QFont.Weight.DemiBold)
            return bold
        if role == roles.ToolTipRole:
            return self._tip(line, column)
        if role == roles.TextAlignmentRole:
            return self._alignment(column)
        if role == ESTIMATE_ROLE:
            return self._estimate(line, column)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By a column; classes without a number come last in either order. -1: as they are kept."""
        self.layoutAboutToBeChanged.emit()
        before = [line.class_id for line in self._lines]
        self._sorted_by = (column, order)
        self._sort()
        place = {line.class_id: number for number, line in enumerate(self._lines)}
        old = self.persistentIndexList()
        self.changePersistentIndexList(
            old, [self.index(place[before[item.row()]], item.column()) for item in old]
        )
        self.layoutChanged.emit()

    # --- Private ----------------------------------------------------------------------------------

    def _sort(self) -> None:
        column, order = self._sorted_by
        kept = {item.class_id: number for number, item in enumerate(self._session.classes)}
        self._lines.sort(key=lambda line: kept.get(line.class_id, 0))
        if column < 0:
            return
        backwards = order is Qt.SortOrder.DescendingOrder
        if column == _NAME:
            self._lines.sort(key=lambda line: line.name.casefold(), reverse=backwards)
            return

        def value(line: _Line) -> tuple[bool, float]:
            number = self._number(line, column)
            return number is None, 0.0 if number is None else (-number if backwards else number)

        self._lines.sort(key=value)

    def _number(self, line: _Line, column: int) -> float | None:
        if column == _LABELS:
            return line.n_labels
        if column == _JUDGED:
            return line.n_judged
        estimate = self._estimate(line, column)
        return None if estimate is None else estimate.value

    def _estimate(self, line: _Line, column: int) -> Estimate | None:
        if line.score is None:
            return None
        return {
            _PRECISION: line.score.precision,
            _RECALL: line.score.recall,
            _F1: line.score.f1,
        }.get(column)

    def _text(self, line: _Line, column: int) -> str:
        if column == _NAME:
            return line.name
        if column in (_LABELS, _JUDGED):
            return QLocale().toString(line.n_labels if column == _LABELS else line.n_judged)
        estimate = self._estimate(line, column)
        if estimate is None:
            return "–"
        return self.tr("{percent} %").format(percent=percent(estimate.value))

    def _tip(self, line: _Line, column: int) -> str | None:
        locale, estimate = QLocale(), self._estimate(line, column)
        if column == _NAME and line.class_id == self._weakest:
            return self.tr("More labels of this class would help most")
        if column < _PRECISION:
            return plain_tip(line.name) if column == _NAME else None  # It may be cut off.
        if estimate is None or line.score is None:
            return (
                self.tr("No held-out image was taken for it")
                if column == _PRECISION and line.score is not None
                else self.tr("Too few labels to tell: it needs two that are not nearly the same")
            )
        if column == _F1:
            return interval_text(estimate)
        n = line.score.n_predicted if column == _PRECISION else line.score.n_labels
        return self.tr("{right} of {count}: {interval}").format(
            right=locale.toString(line.score.n_right),
            count=locale.toString(n),
            interval=interval_text(estimate),
        )

    def _alignment(self, column: int) -> int:
        flags = Qt.AlignmentFlag
        side = flags.AlignLeft if column == _NAME else flags.AlignRight
        return int(side | flags.AlignVCenter)


class ClassScores(QTableView):
    """The table; Enter or a double click asks for the images of a class.

    Signals:
        opened: the number of a class.
    """

    opened = Signal(int)

    def __init__(
        self, session: Session, figures: Figures, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.scores = ClassScoresModel(session, figures, self)
        self._delegate = _ScoreDelegate(theme, self)
        self.setObjectName("scores")
        self.setAccessibleName(self.tr("Precision, recall and F1 of the classes"))
        self.setToolTip(self.tr("Enter: the images behind it"))
        self.setModel(self.scores)
        self.setItemDelegate(self._delegate)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self.setSortingEnabled(True)
        self.activated.connect(self._on_activated)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._delegate.theme = theme
        self.viewport().update()

    def refresh(self, weakest: ClassId | None) -> None:
        """Show the figures as they are now; the line with the keyboard's attention keeps it."""
        current = self.currentIndex()
        kept = self.scores.class_at(current.row()) if current.isValid() else None
        self.scores.refresh(weakest)
        metrics = self.fontMetrics()
        tall = metrics.height() + 20
        self.verticalHeader().setDefaultSectionSize(tall)
        n_lines = self.scores.rowCount()
        head = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(head + tall * min(n_lines, _MAX_LINES) + 4)
        for line in range(n_lines):
            if self.scores.class_at(line) == kept:
                self.setCurrentIndex(self.scores.index(line, _NAME))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Digits are keys of classes, not a search.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self._on_activated(self.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            event.ignore()  # The page leaves.
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are keys, not a search by name."""

    def _on_activated(self, index: QModelIndex) -> None:
        self.opened.emit(int(self.scores.class_at(index.row())))


class _ScoreDelegate(QStyledItemDelegate):
    """Paints a rate and, below it, its interval from 0 to 100 %."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = theme

    def initStyleOption(self, option: QStyleOptionViewItem, index: _Index) -> None:
        super().initStyleOption(option, index)
        # The focus is shown by the line's own ground and the table's edge.
        option.state &= ~QStyle.StateFlag.State_HasFocus
        if isinstance(index.data(ESTIMATE_ROLE), Estimate):
            option.text = ""  # It is painted above the interval.

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> Any:
        size = super().sizeHint(option, index)
        if index.column() >= _PRECISION:
            size.setWidth(max(size.width(), option.fontMetrics.horizontalAdvance("000000000000")))
        size.setWidth(size.width() + 12)
        return size

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        super().paint(painter, option, index)
        estimate = index.data(ESTIMATE_ROLE)
        if isinstance(estimate, Estimate):
            cell: QRect = option.rect.adjusted(8, 4, -8, -6)
            box = QRectF(cell.left(), cell.bottom() - _BAR_PX, cell.width(), _BAR_PX)
            paint_interval(painter, box, estimate.value, estimate.low, estimate.high, self.theme)
            painter.setPen(QColor(self.theme.text))
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            painter.drawText(cell, flags, str(index.data()))

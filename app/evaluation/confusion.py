"""The confusion matrix: the classes that images have, and those they were taken for."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.evaluation.figures import Figures
from app.gallery.gallery_model import plain_tip
from app.look.theme import Theme, text_on
from engine.messages import ClassId

_Index = QModelIndex | QPersistentModelIndex
SHARE_ROLE: Final = Qt.ItemDataRole.UserRole  # Of the row's labels, in [0, 1].
IS_RIGHT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_NAME_SHARE: Final = 0.3  # Of the view, that names may take; the whole name is in a tip.
_LEAST_NAME_PX: Final = 72
_MANY: Final = 8  # Classes; the cells of more are smaller.
_FAINTEST: Final = 0.18  # A single mistake among hundreds must still be seen.
_STRONGEST: Final = 0.62


class ConfusionModel(QAbstractTableModel):
    """How many held-out images of the row's class were taken for the column's."""

    def __init__(self, figures: Figures, parent: QObject) -> None:
        super().__init__(parent)
        self._figures = figures
        self._found = figures.evaluation

    def refresh(self) -> None:
        """Take the figures as they are now."""
        self.beginResetModel()
        self._found = self._figures.evaluation
        self.endResetModel()

    def pair_at(self, index: _Index) -> tuple[ClassId, ClassId] | None:
        """The label and the class taken for it, of a cell."""
        if self._found is None or not index.isValid():
            return None
        class_ids = self._found.class_ids
        return class_ids[index.row()], class_ids[index.column()]

    def index_of(self, label: ClassId, predicted: ClassId) -> QModelIndex:
        """The cell of a pair; none where a class is not in the matrix."""
        class_ids = () if self._found is None else self._found.class_ids
        if label not in class_ids or predicted not in class_ids:
            return QModelIndex()
        return self.index(class_ids.index(label), class_ids.index(predicted))

    def worst(self) -> QModelIndex:
        """The cell with most mistakes, or the first where there is none."""
        if self._found is None:
            return QModelIndex()
        wrong = self._found.confusion.copy()
        for place in range(len(wrong)):
            wrong[place, place] = 0
        row, column = divmod(int(wrong.argmax()), len(wrong))
        return self.index(row, column)

    def worst_of(self, class_id: ClassId) -> QModelIndex:
        """What a class is most often taken for beside itself; itself where it never was."""
        if self._found is None or class_id not in self._found.class_ids:
            return QModelIndex()
        place = self._found.class_ids.index(class_id)
        row = self._found.confusion[place].copy()
        row[place] = 0
        return self.index(place, int(row.argmax()) if row.any() else place)

    def cell_text(self, index: _Index) -> str:
        """What a cell says, as a sentence."""
        pair = self.pair_at(index)
        if self._found is None or pair is None:
            return ""
        count = int(self._found.confusion[index.row(), index.column()])
        names = {"label": self._name(pair[0]), "predicted": self._name(pair[1])}
        if pair[0] == pair[1]:
            text = (
                self.tr("1 image labelled “{label}” was recognised")
                if count == 1
                else self.tr("{count} images labelled “{label}” were recognised")
            )
        else:
            text = (
                self.tr("1 image labelled “{label}” was taken for “{predicted}”")
                if count == 1
                else self.tr("{count} images labelled “{label}” were taken for “{predicted}”")
            )
        return text.format(count=QLocale().toString(count), **names)

    # --- Qt's questions ---------------------------------------------------------------------------

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() or self._found is None else len(self._found.class_ids)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return self.rowCount(parent)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if self._found is None or not 0 <= section < len(self._found.class_ids):
            return None
        name = self._name(self._found.class_ids[section])
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            is_label = orientation is Qt.Orientation.Vertical
            scores = self._found.classes[section]
            text = (
                self.tr("Labelled “{name}”: {count}")
                if is_label
                else self.tr("Taken for “{name}”: {count}")
            )
            count = scores.n_labels if is_label else scores.n_predicted
            told = text.format(name=name, count=QLocale().toString(count))
            return plain_tip(told) if role == Qt.ItemDataRole.ToolTipRole else told
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        found = self._found
        if found is None or not index.isValid() or index.row() >= len(found.class_ids):
            return None
        count = int(found.confusion[index.row(), index.column()])
        if role == Qt.ItemDataRole.DisplayRole:
            return QLocale().toString(count)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            told = self.cell_text(index)
            return plain_tip(told) if role == Qt.ItemDataRole.ToolTipRole else told
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignCenter)
        if role == SHARE_ROLE:
            return count / max(found.classes[index.row()].n_labels, 1)
        if role == IS_RIGHT_ROLE:
            return index.row() == index.column()
        return None

    def _name(self, class_id: ClassId) -> str:
        return self._figures.class_name(class_id)


class ConfusionMatrix(QTableView):
    """The matrix; arrow keys go from cell to cell, Enter to the images behind one.

    Signals:
        cell_changed: another cell has the keyboard's attention, or the figures are new.
        entered: the person wants to go to the images of that cell.
    """

    cell_changed = Signal()
    entered = Signal()

    def __init__(self, figures: Figures, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.matrix = ConfusionModel(figures, self)
        self._wanted: tuple[ClassId, ClassId] | None = None
        self.setObjectName("confusion")
        self.setAccessibleName(
            self.tr("Confusion matrix: rows are your labels, columns what they were taken for")
        )
        self._delegate = _CellDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self.setHorizontalHeader(_UprightHeader(self))
        self.setModel(self.matrix)
        self.setShowGrid(False)
        self.setCornerButtonEnabled(False)
        self.setTabKeyNavigation(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        across, down = self.horizontalHeader(), self.verticalHeader()
        for header in (across, down):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            header.setHighlightSections(True)
        down.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        down.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        self.clicked.connect(self.cell_changed)
        self.doubleClicked.connect(self.entered)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._delegate.theme = theme
        self.viewport().update()

    def pair(self) -> tuple[ClassId, ClassId] | None:
        """The label and what it was taken for, of the current cell."""
        return self.matrix.pair_at(self.currentIndex())

    def refresh(self) -> None:
        """Show the figures as they are now; the same cell stays the current one."""
        kept = self.pair() or self._wanted
        self.matrix.refresh()
        metrics, is_many = self.fontMetrics(), self.matrix.rowCount() > _MANY
        side = max(metrics.horizontalAdvance("000" if is_many else "0000") + 12, metrics.height())
        side = max(side, metrics.height() + (8 if is_many else 16))
        self.horizontalHeader().setDefaultSectionSize(side)
        self.verticalHeader().setDefaultSectionSize(side)
        index = self.matrix.index_of(*kept) if kept is not None else QModelIndex()
        self._wanted = kept
        self.setCurrentIndex(index if index.isValid() else self.matrix.worst())
        self.cell_changed.emit()

    def forget(self) -> None:
        """Another project is open: no cell is the one to come back to."""
        self._wanted = None
        self.setCurrentIndex(QModelIndex())

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Before Qt lays the headers out.
        self.verticalHeader().setMaximumWidth(self._room_for_names(self.width()))
        across = self.horizontalHeader()
        assert isinstance(across, _UprightHeader)
        across.set_longest(self._room_for_names(self.height()))
        super().resizeEvent(event)

    def _room_for_names(self, length: int) -> int:
        return max(_LEAST_NAME_PX, round(_NAME_SHARE * length))

    def go_to(self, index: QModelIndex) -> None:
        """Make a cell the current one."""
        if index.isValid():
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.entered.emit()
        elif key == Qt.Key.Key_Escape:
            event.ignore()  # The page leaves.
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are keys, not a search by name."""

    def _on_current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        pair = self.matrix.pair_at(current)
        if pair is not None:
            self._wanted = pair
            self.cell_changed.emit()


class _CellDelegate(QStyledItemDelegate):
    """Numbers on a tint as strong as their share of the row: what is right in one hue, what is
    wrong in another, and right ones in bold on the diagonal, so that nothing hangs on the hue.
    """

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme, text = self.theme, str(index.data())
        cell: QRect = option.rect.adjusted(1, 1, -1, -1)
        state: QStyle.StateFlag = option.state
        share = float(index.data(SHARE_ROLE) or 0.0)
        is_right = bool(index.data(IS_RIGHT_ROLE))
        ground = cell_colour(theme, share, is_right=is_right)
        painter.save()
        painter.fillRect(cell, ground)
        font = QFont(option.font)
        if is_right:
            font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        ink = theme.muted if not share else text_on(ground.name())
        painter.setPen(QColor(ink))
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
        if state & QStyle.StateFlag.State_Selected:
            has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.text), 3 if has_focus else 1.5))
            painter.drawRect(cell.adjusted(1, 1, -2, -2))
        painter.restore()


def cell_colour(theme: Theme, share: float, *, is_right: bool) -> QColor:
    """The ground of a cell with that share of its row."""
    if share <= 0:
        return QColor(theme.window)
    strength = _FAINTEST + (_STRONGEST - _FAINTEST) * share
    over, under = QColor(theme.accent if is_right else theme.warning), QColor(theme.surface)
    return QColor.fromRgbF(
        *(
            getattr(over, part)() * strength + getattr(under, part)() * (1 - strength)
            for part in ("redF", "greenF", "blueF")
        )
    )


class _UprightHeader(QHeaderView):
    """Column titles written upwards, so that columns can be narrow."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self._longest_px = _LEAST_NAME_PX

    def set_longest(self, longest_px: int) -> None:
        """Give names no more room than that."""
        if longest_px != self._longest_px:
            self._longest_px = longest_px
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        metrics, model = self.fontMetrics(), self.model()
        names = [
            str(model.headerData(place, Qt.Orientation.Horizontal)) for place in range(self.count())
        ]
        longest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        return QSize(super().sizeHint().width(), min(longest + 16, self._longest_px))

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        name = str(self.model().headerData(section, Qt.Orientation.Horizontal))
        painter.save()
        painter.setFont(self.font())
        painter.setPen(self.palette().windowText().color())
        text = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, rect.height() - 10)
        painter.translate(rect.left(), rect.bottom())
        painter.rotate(-90)
        box = QRect(6, 0, rect.height() - 8, rect.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()

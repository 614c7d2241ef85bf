"""A QListView whose tiles lie on a plain grid, so that every position is one multiplication.

Qt lays out each item and keeps its rectangle, in batches for 100,000 of them; meanwhile the
scroll bar is too short, and every resize and every new order loses the place where the person
was. With tiles of one size nothing needs to be kept: rows, columns and the scroll position
follow from arithmetic, for a million images too. It stays a QListView for the sake of screen
readers, which know that class.
"""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem, QWidget

_MARGIN_PX: Final = 12
_MOST_BETWEEN_PX: Final = 16  # Of room to spare, between two columns.
_GAP_PX: Final = 8  # Between two cards; half of it on each side lies in the cell.
_Index = QModelIndex | QPersistentModelIndex
_Action = QAbstractItemView.CursorAction


class GridView(QListView):
    """Shows a list model as tiles of ``tile_size``, in as many columns as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tile_size = QSize(176, 220)
        self._band: QRect | None = None  # The rubber band, in the coordinates of the contents.
        self._band_origin = QPoint()
        self._anchor = (0, 0)  # First visible place and how far it is scrolled off, in pixels.
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(False)
        self.setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    # --- Geometry ---------------------------------------------------------------------------------

    def set_tile_size(self, size: QSize) -> None:
        """Make the tiles larger or smaller; what is on top stays there."""
        self._tile_size = size
        self.updateGeometries()
        self.viewport().update()

    @property
    def tile_size(self) -> QSize:
        """The room of one tile, with the gap to the next one."""
        return self._tile_size

    def inner_size(self) -> QSize:
        """The room that tiles can lie in without scrolling."""
        return self.viewport().size() - QSize(2 * _MARGIN_PX, 2 * _MARGIN_PX)

    @property
    def n_columns(self) -> int:
        """How many tiles lie side by side."""
        return max(1, self.inner_size().width() // self._tile_size.width())

    @property
    def n_whole(self) -> int:
        """How many tiles fit without scrolling; 0 where not even one line does."""
        return max(0, self.inner_size().height() // self._tile_size.height()) * self.n_columns

    def visible_places(self) -> range:
        """The places that are on screen, at least in part."""
        top = self.verticalOffset() - _MARGIN_PX
        height = self._tile_size.height()
        first = max(0, top // height) * self.n_columns
        last = ((top + self.viewport().height()) // height + 1) * self.n_columns
        return range(first, max(first, min(last, self._count())))

    def visualRect(self, index: _Index) -> QRect:
        if not index.isValid():
            return QRect()
        line, column = divmod(index.row(), self.n_columns)
        top = _MARGIN_PX + line * self._tile_size.height() - self.verticalOffset()
        return QRect(QPoint(self._left_of(column), top), self._tile_size)

    def indexAt(self, point: QPoint) -> QModelIndex:
        y = point.y() + self.verticalOffset() - _MARGIN_PX
        place = y // self._tile_size.height() * self.n_columns + self._column_at(point.x())
        if y < 0 or place >= self._count():
            return QModelIndex()
        index = self.model().index(place, 0)
        # The gaps between the cards are ground, where a rubber band can begin.
        return index if self.card_rect(self.visualRect(index)).contains(point) else QModelIndex()

    def card_rect(self, cell: QRect) -> QRect:
        """Where the tile itself lies in its cell."""
        half = _GAP_PX // 2
        return cell.adjusted(half, half, -half, -half)

    def scrollTo(
        self,
        index: _Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if not index.isValid():
            return
        rect, height = self.visualRect(index), self.viewport().height()
        bar = self.verticalScrollBar()
        hints = QAbstractItemView.ScrollHint
        if hint == hints.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif hint == hints.PositionAtTop or rect.top() < _MARGIN_PX:
            bar.setValue(bar.value() + rect.top() - _MARGIN_PX)
        elif hint == hints.PositionAtBottom or rect.bottom() > height - _MARGIN_PX:
            bar.setValue(bar.value() + rect.bottom() - height + _MARGIN_PX)

    def horizontalOffset(self) -> int:
        return 0

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: _Index) -> bool:
        return False

    def doItemsLayout(self) -> None:
        QAbstractItemView.doItemsLayout(self)

    def updateGeometries(self) -> None:
        QAbstractItemView.updateGeometries(self)
        height = self._tile_size.height()
        lines = -(-self._count() // self.n_columns)
        bar = self.verticalScrollBar()
        place, off = self._anchor
        bar.setPageStep(max(height, self.viewport().height() - height // 2))
        bar.setSingleStep(max(24, height // 5))
        bar.setRange(0, max(0, lines * height + 2 * _MARGIN_PX - self.viewport().height()))
        bar.setEnabled(bar.maximum() > 0)  # A bar with nowhere to go shows no handle.
        bar.setValue(place // self.n_columns * height + off)
        self._anchor = (place, off)

    def rowsInserted(self, parent: _Index, start: int, end: int) -> None:
        # Qt paints everything anew; while a folder is scanned most rows come far below the screen.
        self.updateGeometries()
        if start < self.visible_places().stop:
            self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        QAbstractItemView.resizeEvent(self, event)
        self.updateGeometries()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.scrollDirtyRegion(dx, dy)
        self.viewport().scroll(dx, dy)

    # --- Keyboard and selection -------------------------------------------------------------------

    def moveCursor(self, action: _Action, modifiers: Qt.KeyboardModifier) -> QModelIndex:
        count = self._count()
        if not count:
            return QModelIndex()
        current = self.currentIndex().row()
        if current < 0:
            return self.model().index(max(0, self.visible_places().start), 0)
        columns = self.n_columns
        page = max(1, self.viewport().height() // self._tile_size.height()) * columns
        match action:
            case _Action.MoveLeft | _Action.MovePrevious:
                place = current - 1
            case _Action.MoveRight | _Action.MoveNext:
                place = current + 1
            case _Action.MoveUp:
                place = current - columns if current >= columns else current
            case _Action.MoveDown:
                # From the last full line into a shorter one below it.
                below = current // columns < (count - 1) // columns
                place = min(current + columns, count - 1) if below else current
            case _Action.MovePageUp:
                place = current - page if current >= page else current % columns
            case _Action.MovePageDown:
                place = current + page
            case _Action.MoveHome:
                place = 0
            case _Action.MoveEnd:
                place = count - 1
        return self.model().index(max(0, min(count - 1, place)), 0)

    def selectAll(self) -> None:
        # Qt's own asks of each tile whether it is hidden: 100 ms for 100,000.
        count = self._count()
        if count:
            all_tiles = QItemSelection(self.model().index(0, 0), self.model().index(count - 1, 0))
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.selectionModel().select(all_tiles, flag)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        model = self.model()
        selection = QItemSelection()
        if self.state() == QAbstractItemView.State.DragSelectingState:
            for first, last in self._runs_in(rect.normalized()):
                selection.select(model.index(first, 0), model.index(last, 0))
        else:
            # From one tile to another, in reading order.
            ends = [self.indexAt(point).row() for point in (rect.topLeft(), rect.bottomRight())]
            if min(ends) < 0:
                ends = [self._nearest(rect.topLeft()), self._nearest(rect.bottomRight())]
            if self._count():
                selection.select(model.index(min(ends), 0), model.index(max(ends), 0))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        shown = self.visible_places()
        for part in (selection.at(place) for place in range(selection.count())):
            first, last = max(part.top(), shown.start), min(part.bottom(), shown.stop - 1)
            for place in range(first, last + 1):
                region = region.united(QRegion(self.visualRect(self.model().index(place, 0))))
        return region

    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are keys for labelling, not a search by name."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._band_origin = event.position().toPoint() + QPoint(0, self.verticalOffset())
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.state() == QAbstractItemView.State.DragSelectingState:
            here = event.position().toPoint() + QPoint(0, self.verticalOffset())
            self._band = QRect(self._band_origin, here).normalized()
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if self._band is not None:
            self._band = None
            self.viewport().update()

    # --- Painting ---------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        model, selected = self.model(), self.selectionModel()
        current = self.currentIndex().row()
        hovered = self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())).row()
        has_focus = self.hasFocus()
        base = option.state & ~(QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver)
        for place in self.visible_places():
            index = model.index(place, 0)
            cell = self.visualRect(index)
            if not cell.intersects(event.rect()):
                continue
            state = base
            if selected.isSelected(index):
                state |= QStyle.StateFlag.State_Selected
            if place == current and has_focus:
                state |= QStyle.StateFlag.State_HasFocus
            if place == hovered and self.viewport().underMouse():
                state |= QStyle.StateFlag.State_MouseOver
            option.state = state
            option.rect = self.card_rect(cell)
            self.itemDelegate().paint(painter, option, index)
        if self._band is not None:
            accent = self.palette().color(QPalette.ColorRole.Highlight)
            painter.setPen(accent)
            accent.setAlpha(48)
            painter.setBrush(QColor(accent))
            painter.drawRect(self._band.translated(0, -self.verticalOffset()))
        painter.end()

    # --- Private ----------------------------------------------------------------------------------

    def _count(self) -> int:
        model = self.model()
        return model.rowCount() if model is not None else 0

    def _left_of(self, column: int) -> int:
        """Where a column begins; the room that is left over lies between the columns.

        But no more than a little: three tiles with a hand's breadth between them look lost.
        """
        spare = self.viewport().width() - 2 * _MARGIN_PX - self.n_columns * self._tile_size.width()
        between = min(spare, _MOST_BETWEEN_PX * (self.n_columns - 1))
        shift = between * column // (self.n_columns - 1) if self.n_columns > 1 else 0
        return _MARGIN_PX + (spare - between) // 2 + column * self._tile_size.width() + shift

    def _column_at(self, x: int) -> int:
        """The last column that begins before ``x``."""
        columns = self.n_columns
        step = max(1, self._left_of(1) - self._left_of(0)) if columns > 1 else 1
        column = (x - self._left_of(0)) // step if columns > 1 else 0
        if 0 <= column < columns and x < self._left_of(column):
            column -= 1  # Rounding: the columns differ by a pixel.
        return max(0, min(columns - 1, column))

    def _on_scrolled(self, value: int) -> None:
        height = self._tile_size.height()
        line, off = divmod(value, height)
        self._anchor = (line * self.n_columns, off)

    def _runs_in(self, rect: QRect) -> list[tuple[int, int]]:
        """First and last place of each line of tiles that ``rect`` touches."""
        count, columns = self._count(), self.n_columns
        height = self._tile_size.height()
        top = rect.top() + self.verticalOffset() - _MARGIN_PX
        bottom = rect.bottom() + self.verticalOffset() - _MARGIN_PX
        runs = []
        for line in range(max(0, top // height), max(-1, bottom // height) + 1):
            first = line * columns + self._column_at(rect.left())
            last = min(line * columns + self._column_at(rect.right()), count - 1)
            if first <= last:
                runs.append((first, last))
        return runs

    def _nearest(self, point: QPoint) -> int:
        y = max(0, point.y() + self.verticalOffset() - _MARGIN_PX)
        place = y // self._tile_size.height() * self.n_columns + self._column_at(point.x())
        return max(0, min(self._count() - 1, place))

"""A list of classes, each with its key, a number and a bar: to choose from by mouse or keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.gallery.gallery_model import plain_tip
from app.look.icons import pixmap
from app.look.theme import GAP_PX, Theme, text_on
from engine.messages import NONE_OF_THESE, ClassId

_Index = QModelIndex | QPersistentModelIndex
_KEY_PX: Final = 24
_BAR_PX: Final = 5
_TICK_PX: Final = 16


@dataclass(frozen=True, slots=True)
class ClassBar:
    """One line of the list.

    ``number`` is what stands at its end ("87 %", "41 / 320"), ``share`` the length of its bar in
    [0, 1], below 0 for none. ``spoken`` is what a screen reader says behind the name, and the tool
    tip. A ticked one is what was decided on. ``is_new``: no class as yet, but one to be made.
    """

    class_id: ClassId
    name: str
    colour: str
    key: str
    number: str = ""
    share: float = -1.0
    spoken: str = ""
    is_ticked: bool = False
    is_new: bool = False


class ClassBarModel(QAbstractListModel):
    """The lines, as they are given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bars: tuple[ClassBar, ...] = ()

    def show_bars(self, bars: Sequence[ClassBar]) -> None:
        """Show these; where only what they say is new, the current one stays the current one."""
        fresh = tuple(bars)
        if fresh == self.bars:
            return
        if [bar.class_id for bar in fresh] == [bar.class_id for bar in self.bars]:
            self.bars = fresh
            self.dataChanged.emit(self.index(0), self.index(len(fresh) - 1))
        else:
            self.beginResetModel()
            self.bars = fresh
            self.endResetModel()

    def place_of(self, class_id: int) -> int:
        """The line of a class, -1 where there is none."""
        places = (place for place, bar in enumerate(self.bars) if bar.class_id == class_id)
        return next(places, -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.bars)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.bars):
            return None
        bar = self.bars[index.row()]
        spoken = f"{bar.name}, {bar.spoken}" if bar.spoken else bar.name
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return bar.name
            case Qt.ItemDataRole.ToolTipRole:
                return plain_tip(spoken)
            case Qt.ItemDataRole.AccessibleTextRole:
                return spoken
            case _:
                return None


class ClassBarView(QListView):
    """The list; it takes clicks, and lets the page around it decide what its keys mean.

    Signals:
        chosen: a line was clicked.
    """

    chosen = Signal(object)

    def __init__(self, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classes")
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.bars = ClassBarModel(self)
        self._delegate = _BarDelegate(theme, self)
        self.setModel(self.bars)
        self.setItemDelegate(self._delegate)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._delegate.theme = theme
        self.viewport().update()

    @property
    def current(self) -> ClassBar | None:
        """The line that is singled out."""
        place = self._place()
        return self.bars.bars[place] if 0 <= place < len(self.bars.bars) else None

    def set_current(self, place: int) -> None:
        """Single out a line, or none (-1)."""
        if place != self._place():
            index = self.bars.index(place) if place >= 0 else QModelIndex()
            self.setCurrentIndex(index)
            self.scrollTo(index)

    def step(self, by: int) -> None:
        """Single out the next line or the one before."""
        if self.bars.bars:
            place = self._place()
            place = place + by if place >= 0 else (0 if by > 0 else len(self.bars.bars) - 1)
            self.set_current(max(0, min(len(self.bars.bars) - 1, place)))

    def _place(self) -> int:
        """Of the line singled out, else -1: what Qt makes current on focus was not meant."""
        index = self.currentIndex()
        return index.row() if self.selectionModel().isSelected(index) else -1

    def texts(self) -> list[str]:
        """What the lines say."""
        return [f"{bar.key} {bar.name} {bar.number}".strip() for bar in self.bars.bars]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # What a key means, its page knows.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # Not as Qt does it: a press would move the highlight before anything is decided.
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and index.isValid():
            self.chosen.emit(self.bars.bars[index.row()])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()  # Two fast clicks are two clicks: the image has changed in between.


class _BarDelegate(QStyledItemDelegate):
    """Paints the key's cap, name and number, and below them the bar."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        metrics: QFontMetrics = option.fontMetrics
        return QSize(160, max(_KEY_PX, metrics.height() + _BAR_PX + 4) + 2 * GAP_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model, theme, flags = index.model(), self.theme, QStyle.StateFlag
        assert isinstance(model, ClassBarModel)
        bar = model.bars[index.row()]
        row: QRect = option.rect
        state: QStyle.StateFlag = option.state
        font: QFont = option.font
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(row).adjusted(2, 1, -2, -1)
        is_current = bool(state & flags.State_Selected)
        if is_current or state & flags.State_MouseOver:
            edge = QPen(QColor(theme.accent), 2 if state & flags.State_HasFocus else 1)
            painter.setPen(edge if is_current else Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.accent_soft if is_current else theme.hover))
            painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), 6, 6)
        left = row.left() + GAP_PX + 2
        cap = QRect(left, row.center().y() - _KEY_PX // 2 + 1, _KEY_PX, _KEY_PX)
        self._paint_cap(painter, cap, bar, font)
        words = QRect(cap.right() + GAP_PX + 2, row.top() + GAP_PX // 2 + 1, 0, 0)
        words.setRight(row.right() - GAP_PX - 2)
        has_bar = bar.share >= 0
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(bold)
        words.setHeight(
            row.height() - 2 * GAP_PX - (_BAR_PX if has_bar else 0) + (0 if has_bar else GAP_PX)
        )
        align = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        number_px = QFontMetrics(font).horizontalAdvance(bar.number)
        painter.setFont(font)
        painter.setPen(QColor(theme.text if is_current else theme.muted))
        painter.drawText(words, align | Qt.AlignmentFlag.AlignRight, bar.number)
        name_px = words.width() - number_px - (GAP_PX if number_px else 0)
        if bar.is_ticked:
            name_px -= _TICK_PX + 4
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideRight, name_px)
        painter.setFont(bold)
        painter.setPen(QColor(theme.text))
        painter.drawText(words, align, name)
        if bar.is_ticked:
            widget: QWidget = option.widget
            tick = pixmap("tick", theme.success, _TICK_PX, widget.devicePixelRatioF())
            x = words.left() + metrics.horizontalAdvance(name) + 4
            painter.drawPixmap(x, words.center().y() - _TICK_PX // 2 + 1, tick)
        if has_bar:
            top = float(row.bottom() - GAP_PX - _BAR_PX + 2)
            line = QRectF(words.left(), top, words.width(), _BAR_PX)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.border))
            painter.drawRoundedRect(line, 2.5, 2.5)
            if bar.share > 0:
                line.setWidth(max(float(_BAR_PX), line.width() * min(bar.share, 1.0)))
                painter.setBrush(QColor(bar.colour))
                painter.drawRoundedRect(line, 2.5, 2.5)
        painter.restore()

    def _paint_cap(self, painter: QPainter, cap: QRect, bar: ClassBar, font: QFont) -> None:
        theme = self.theme
        is_class = not bar.is_new and bar.class_id != NONE_OF_THESE
        if is_class:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(bar.colour))
            painter.drawRoundedRect(cap, 6, 6)
        else:
            painter.setPen(QPen(QColor(theme.muted), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(cap).adjusted(1, 1, -1, -1), 6, 6)
        key_font = QFont(font)
        key_font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(key_font)
        painter.setPen(QColor(text_on(bar.colour) if is_class else theme.muted))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, "+" if bar.is_new else bar.key)

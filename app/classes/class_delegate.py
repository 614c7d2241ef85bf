"""How a class looks in the list, and the field in which its name is changed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import (
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.classes.class_model import ClassModel
from app.look.icons import pixmap
from app.look.theme import GAP_PX, Theme, text_on
from engine import ImageClass

_ROW_PX: Final = 48  # At the usual size of letters; with larger ones it is higher.
_KEY_PX: Final = 24
_MORE_PX: Final = 28
_Index = QModelIndex | QPersistentModelIndex


class ClassDelegate(QStyledItemDelegate):
    """Paints a class: its key on its colour, the name, the counts, a button for its menu."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.drop_place = -1  # Where dragged images would land.
        self.gap_place = -1  # Before which class a dragged one would be put.

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours from now on."""
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        font: QFont = option.font
        return QSize(120, row_height(font))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model, row, flags = index.model(), option.rect, QStyle.StateFlag
        assert isinstance(model, ClassModel)
        item, font = model.class_at(index.row()), option.font
        state: QStyle.StateFlag = option.state
        has_menu = bool(state & (flags.State_MouseOver | flags.State_Selected))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_target = index.row() == self.drop_place
        self._paint_card(painter, row, is_target, has_menu, bool(state & flags.State_HasFocus))
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        key = self._paint_key(painter, row, bold, item, model.is_class(index))
        words = QRect(key.right() + 1 + GAP_PX + 4, row.top(), 0, row.height())
        # The room of the menu's button is free where there is neither that nor the note's sign.
        words.setRight(row.right() - GAP_PX - (_MORE_PX + 4 if has_menu or item.note else 0))
        metrics = QFontMetrics(bold)
        middle = row.center().y() + 1
        line = QRect(words.left(), middle - metrics.height(), words.width(), metrics.height())
        flag = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        # In the middle: what tells "species 12" from "species 13" stands at the end.
        name = metrics.elidedText(item.name, Qt.TextElideMode.ElideMiddle, line.width())
        painter.setFont(bold)
        painter.setPen(QColor(self._theme.text if model.is_class(index) else self._theme.muted))
        painter.drawText(line, flag, name)
        small = QFont(font)
        small.setPointSizeF(max(7.0, font.pointSizeF() - 0.5))
        counts = QFontMetrics(small).elidedText(
            model.counts_text(item), Qt.TextElideMode.ElideRight, line.width()
        )
        painter.setFont(small)
        painter.setPen(QColor(self._theme.muted))
        line.moveTop(middle + 1)
        painter.drawText(line, flag, counts)
        self._paint_gap(painter, row, index.row())
        if has_menu or item.note:
            sign, size = ("more", 20) if has_menu else ("note", 16)
            widget: QWidget = option.widget
            ratio = widget.devicePixelRatioF() if widget is not None else 1.0
            corner = more_rect(row).center() - QPoint(size // 2 - 1, size // 2 - 1)
            painter.drawPixmap(corner, pixmap(sign, self._theme.muted, size, ratio))
        painter.restore()

    def _paint_card(
        self, painter: QPainter, row: QRect, is_target: bool, is_lit: bool, has_focus: bool
    ) -> None:
        card = QRectF(row.adjusted(GAP_PX, 1, -GAP_PX, -1))
        if is_target:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.setBrush(QColor(self._theme.accent_soft))
            painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), 6, 6)
        elif is_lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.hover))
            painter.drawRoundedRect(card, 6, 6)
        if has_focus:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), 6, 6)

    def _paint_key(
        self, painter: QPainter, row: QRect, font: QFont, item: ImageClass, is_class: bool
    ) -> QRect:
        """The key on the class's colour; returns where it is."""
        size = _key_size(font)
        key = QRect(row.left() + 2 * GAP_PX, row.center().y() - size // 2 + 1, size, size)
        if is_class:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(item.colour))
            painter.drawRoundedRect(key, 6, 6)
        else:  # Apart from the classes: under a line, and without a colour.
            painter.setPen(QPen(QColor(self._theme.border), 1))
            edge = row.adjusted(2 * GAP_PX, 0, -2 * GAP_PX, 0)
            painter.drawLine(edge.topLeft(), edge.topRight())
            painter.setPen(QPen(QColor(self._theme.muted), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(key).adjusted(1, 1, -1, -1), 6, 6)
        if item.hotkey is not None:
            painter.setPen(QColor(text_on(item.colour) if is_class else self._theme.muted))
            painter.setFont(font)
            painter.drawText(key, Qt.AlignmentFlag.AlignCenter, item.key)
        return key

    def _paint_gap(self, painter: QPainter, row: QRect, place: int) -> None:
        """A line where a dragged class would be put."""
        if self.gap_place not in (place, place + 1):
            return
        painter.setPen(QPen(QColor(self._theme.accent), 3))
        y = row.top() if self.gap_place == place else row.bottom() + 1
        painter.drawLine(row.left() + GAP_PX, y, row.right() - GAP_PX, y)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = _NameEditor(parent)
        editor.setMaxLength(80)
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        row, font = option.rect, option.font
        editor.setGeometry(row.adjusted(2 * GAP_PX + _key_size(font) + 4, 7, -2 * GAP_PX, -7))

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        # Once only: Qt asks again whenever the counts change, and would wipe out what was typed.
        assert isinstance(editor, QLineEdit)
        if not editor.property("is_filled"):
            editor.setProperty("is_filled", True)
            editor.setText(index.data(Qt.ItemDataRole.EditRole))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        # Not the default, which would write an unchanged name once more when the list loses focus.
        assert isinstance(editor, QLineEdit)
        if editor.text().strip() and editor.text() != index.data(Qt.ItemDataRole.EditRole):
            model.setData(index, editor.text())


class _NameEditor(QLineEdit):
    """Begins with the whole name selected, and of a long one shows the beginning."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() == Qt.FocusReason.OtherFocusReason:  # The list has just opened it.
            length = len(self.text())
            self.setSelection(length, -length)


def row_height(font: QFont) -> int:
    """How high a class is in a list with this font, px: two lines and some air."""
    return max(_ROW_PX, 2 * QFontMetrics(font).height() + 12)


def _key_size(font: QFont) -> int:
    return max(_KEY_PX, QFontMetrics(font).height() + 4)


def more_rect(row: QRect) -> QRect:
    """Where the button for a class's menu lies in its row."""
    return QRect(row.right() - GAP_PX - _MORE_PX, row.top(), _MORE_PX, row.height())

"""How one image looks in the gallery."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.gallery.gallery_model import GalleryModel, percent_text
from app.gallery.thumbnails import Thumbnails
from app.look.icons import pixmap
from app.look.theme import Theme, text_on
from app.session.image_table import NO_CLASS, Rows
from app.session.session import Session
from engine import ImageClass

_PAD_PX: Final = 8
_CHIP_PX: Final = 22
_NAME_PX: Final = 18  # At least, a line of text.
_FOLDER_FROM_PX: Final = 192  # From this side on there is room for a line with the folder.
_ICON_PX: Final = 14
_LEAST_LETTERS: Final = 8  # Of a prediction's name, before its percentage is shown, too.
_SIGNS_PX: Final = 6  # From a sign to the one below it.
_BETWEEN_PX: Final = 8  # Between two cards.
_LAYER_PX: Final = 3  # By which a card of a stack lies off the one on top of it.


class TileDelegate(QStyledItemDelegate):
    """Paints a card: the thumbnail, a chip with the class, the file's name, if large the folder.

    A label is a solid chip with a tick; a prediction an outlined one with its confidence; an
    unsure prediction has a dashed outline and a question mark. Above the chip of an image that
    looks like none of the classes it says so. A label that looks wrong has a flag on its picture,
    an image that was set aside a bookmark. So nothing hangs on colour alone.
    """

    def __init__(
        self, session: Session, thumbnails: Thumbnails, theme: Theme, view: QWidget
    ) -> None:
        super().__init__(view)
        self._view = view
        self._session = session
        self._thumbnails = thumbnails
        self._theme = theme
        self._side_px = 160
        self.sought = ""
        """Words that are looked for: where one is in a folder's name, that is painted, too."""
        self._icons: dict[tuple[str, str, int], QPixmap] = {}

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours from now on."""
        self._theme = theme
        self._icons.clear()

    def set_side(self, side_px: int) -> None:
        """Paint thumbnails of that side, in logical pixels."""
        self._side_px = side_px

    def cell_size(self) -> QSize:
        """The room that a card needs, with the gap to the next one."""
        n_lines = 2 if self._has_folder_line() else 1
        height = 3 * _PAD_PX + self._side_px + _CHIP_PX + 4 + n_lines * self._line_px()
        return QSize(self._side_px + 2 * _PAD_PX + _BETWEEN_PX, height + _BETWEEN_PX)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return self.cell_size()

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        model = index.model()
        assert isinstance(model, GalleryModel)
        place = index.row()
        row = int(model.order[place])
        card: QRect = option.rect
        state: QStyle.StateFlag = option.state
        font: QFont = option.font
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if model.n_at(place) > 1:
            card = self._paint_stack(painter, card)
        self._paint_card(painter, card, state)
        picture = QRect(card.left() + _PAD_PX, card.top() + _PAD_PX, self._side_px, self._side_px)
        self._paint_picture(painter, picture, row, font)
        chip = QRect(picture.left(), picture.bottom() + 1 + _PAD_PX, self._side_px, _CHIP_PX)
        if model.n_at(place) > 1 and not self._is_uniform(model.rows_at(place)):
            self._paint_mixed(painter, chip, model.rows_at(place), font)
        else:
            self._paint_chip(painter, chip, row, font)
        self._paint_badge(painter, option.rect, place, model, font)
        rows, table = model.rows_at(place), self._session.table
        signs = []  # Under one tile there may be both.
        if table.doubtful[rows].any():
            signs.append(("flag", self._theme.warning))
        if table.set_aside[rows].any():
            signs.append(("set-aside", self._theme.text))
        for number, (sign, ink) in enumerate(signs):
            below = picture.translated(0, number * (_CHIP_PX + _SIGNS_PX))
            self._paint_sign(painter, below, sign, ink)
        name = QRect(picture.left(), chip.bottom() + 5, self._side_px, self._line_px())
        self._paint_name(painter, name, row, font, bool(state & QStyle.StateFlag.State_Selected))
        painter.restore()

    def badge_rect(self, card: QRect, place: int, model: GalleryModel, font: QFont) -> QRect:
        """Where a group can be opened or closed on its tile's card; empty where there is none."""
        text = _badge_text(model, place)
        if not text:
            return QRect()
        metrics = QFontMetrics(_bold(font))
        width = metrics.horizontalAdvance(text) + _ICON_PX + 20
        height = max(_CHIP_PX, metrics.height() + 4)
        right = card.left() + _PAD_PX + self._side_px
        return QRect(right - width - 4, card.top() + _PAD_PX + 4, width, height)

    # --- Parts ------------------------------------------------------------------------------------

    def _paint_card(self, painter: QPainter, card: QRect, state: QStyle.StateFlag) -> None:
        theme, flags = self._theme, QStyle.StateFlag
        selected = bool(state & flags.State_Selected)
        ground = theme.accent_soft if selected else theme.surface
        edge = QPen(QColor(theme.accent if selected else theme.border), 2 if selected else 1)
        if state & flags.State_MouseOver and not selected:
            edge = QPen(QColor(theme.outline), 1)
        painter.setPen(edge)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(card).adjusted(1, 1, -1, -1), 8, 8)
        if state & flags.State_HasFocus:
            painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(card).adjusted(3.5, 3.5, -3.5, -3.5), 6, 6)

    def _paint_stack(self, painter: QPainter, card: QRect) -> QRect:
        """Two more cards behind; returns where the one on top lies."""
        theme = self._theme
        painter.setPen(QPen(QColor(theme.outline), 1))
        painter.setBrush(QColor(theme.surface))
        top = card.adjusted(0, 0, -2 * _LAYER_PX, -2 * _LAYER_PX)
        for depth in (2, 1):
            shift = depth * _LAYER_PX
            layer = QRectF(top.translated(shift, shift)).adjusted(6, 6, -0.5, -0.5)
            painter.drawRoundedRect(layer, 8, 8)
        return top

    def _paint_badge(
        self, painter: QPainter, card: QRect, place: int, model: GalleryModel, font: QFont
    ) -> None:
        box = self.badge_rect(card, place, model, font)
        if box.isEmpty():
            return
        theme = self._theme
        painter.setPen(QPen(QColor(theme.outline), 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        top = box.center().y() - _ICON_PX // 2 + 1
        painter.drawPixmap(box.left() + 7, top, self._icon("stack", theme.text, _ICON_PX))
        painter.setFont(_bold(font))
        painter.setPen(QColor(theme.text))
        words = box.adjusted(7 + _ICON_PX + 5, 0, 0, 0)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(words, flags, _badge_text(model, place))

    def _paint_sign(self, painter: QPainter, picture: QRect, name: str, ink: str) -> None:
        """In a corner of the picture: what a person should look at again."""
        theme = self._theme
        is_warning = ink == theme.warning
        ground = theme.warning_soft if is_warning else theme.surface
        box = QRect(picture.left() + 4, picture.top() + 4, _CHIP_PX + 2, _CHIP_PX + 2)
        painter.setPen(QPen(QColor(ink if is_warning else theme.outline), 1.5))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.drawPixmap(box.left() + 4, box.top() + 4, self._icon(name, ink, 16))

    def _is_uniform(self, rows: Rows) -> bool:
        labels = self._session.table.labels[rows]
        return bool(np.all(labels == labels[0]))

    def _paint_mixed(self, painter: QPainter, box: QRect, rows: Rows, font: QFont) -> None:
        """Images under one tile with different labels, or only some with one."""
        theme, labels = self._theme, self._session.table.labels[rows]
        n_labelled, locale = int(np.count_nonzero(labels)), QLocale()
        text = self.tr("{count} of {all} labelled").format(
            count=locale.toString(n_labelled), all=locale.toString(len(rows))
        )
        if n_labelled == len(rows):
            text = self.tr("Different labels")
        metrics = QFontMetrics(font)
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width() - 20)
        chip = QRectF(box.left(), box.top(), metrics.horizontalAdvance(text) + 20, box.height())
        painter.setPen(QPen(QColor(theme.outline), 1.5, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(chip.adjusted(1, 1, -1, -1), _CHIP_PX / 2 - 1, _CHIP_PX / 2 - 1)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_picture(self, painter: QPainter, box: QRect, row: int, font: QFont) -> None:
        table, theme = self._session.table, self._theme
        if table.unreadable[row]:
            self._paint_unreadable(painter, box, table.reasons.get(row, ""), font)
            return
        pixels = self._thumbnails.pixmap(table.image_id(row))
        if pixels is None or pixels.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.sunken))
            painter.drawRoundedRect(box, 4, 4)
            glyph = self._icon("image", theme.border, 32)
            painter.drawPixmap(box.center().x() - 15, box.center().y() - 15, glyph)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.window))
        painter.drawRoundedRect(box, 4, 4)
        size = pixels.size() / self._view.devicePixelRatioF()
        if max(size.width(), size.height()) != self._side_px:  # Tiny, or made for other tiles.
            size = size.scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(target), 4, 4)
        painter.save()
        painter.setClipPath(rounded)
        painter.drawPixmap(target, pixels)
        painter.restore()

    def _paint_unreadable(self, painter: QPainter, box: QRect, reason: str, font: QFont) -> None:
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.error_soft))
        painter.drawRoundedRect(box, 4, 4)
        metrics = QFontMetrics(font)
        n_lines = max(1, min(4, (box.height() - 64) // metrics.height()))
        text = metrics.elidedText(
            reason, Qt.TextElideMode.ElideRight, int((box.width() - 16) * n_lines * 0.85)
        )
        text_height = n_lines * metrics.height()
        top = box.center().y() - (40 + text_height) // 2
        glyph = self._icon("image-broken", theme.error, 32)
        painter.drawPixmap(box.center().x() - 15, top, glyph)
        painter.setPen(QColor(theme.error))
        painter.setFont(font)
        words = QRect(box.left() + 8, top + 40, box.width() - 16, text_height + 2)
        painter.drawText(words, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, text)

    def _paint_chip(self, painter: QPainter, box: QRect, row: int, font: QFont) -> None:
        table = self._session.table
        if table.labels[row] != NO_CLASS:
            label = self._session.image_class(int(table.labels[row]))
            if label is not None:
                self._paint_label(painter, box, label, font)
            return
        predicted = self._session.image_class(int(table.predicted[row, 0]))
        if predicted is not None and not table.unreadable[row]:
            percent = percent_text(float(table.probabilities[row, 0]))
            self._paint_prediction(painter, box, predicted, percent, table.is_unsure(row), font)
            if table.is_like_none(row):
                self._paint_like_none(painter, box, font)

    def _paint_like_none(self, painter: QPainter, chip: QRect, font: QFont) -> None:
        """Over the picture's lower edge, next to the chip: beside it there is seldom room."""
        theme = self._theme
        small = _small(font)
        metrics = QFontMetrics(small)
        text = metrics.elidedText(
            self.tr("None of these?"), Qt.TextElideMode.ElideRight, chip.width() - 24
        )
        width, height = metrics.horizontalAdvance(text) + 16, metrics.height() + 4
        left, top = chip.left() + 4, chip.top() - _PAD_PX - 4 - height
        ground = QColor(theme.surface)
        ground.setAlpha(232)
        painter.setPen(QPen(QColor(theme.outline), 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(left + 0.5, top + 0.5, width, height), 6, 6)
        painter.setFont(small)
        painter.setPen(QColor(theme.text))
        painter.drawText(
            QRect(left, top, width + 1, height + 1), Qt.AlignmentFlag.AlignCenter, text
        )

    def _paint_label(self, painter: QPainter, box: QRect, label: ImageClass, font: QFont) -> None:
        ink = text_on(label.colour)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetrics(bold)
        name = metrics.elidedText(label.name, Qt.TextElideMode.ElideRight, box.width() - 36)
        width = min(box.width(), metrics.horizontalAdvance(name) + 36)
        chip = QRectF(box.left(), box.top(), width, box.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(label.colour))
        painter.drawRoundedRect(chip, _CHIP_PX / 2, _CHIP_PX / 2)
        painter.drawPixmap(box.left() + 8, box.top() + 4, self._icon("tick", ink, _ICON_PX))
        painter.setPen(QColor(ink))
        painter.setFont(bold)
        words = box.adjusted(26, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, name)

    def _paint_prediction(
        self,
        painter: QPainter,
        box: QRect,
        predicted: ImageClass,
        percent: str,
        unsure: bool,
        font: QFont,
    ) -> None:
        theme, metrics = self._theme, QFontMetrics(font)
        percent_px = metrics.horizontalAdvance(percent)
        room = box.width() - 26 - 6 - percent_px - 10
        if room < min(
            metrics.horizontalAdvance(predicted.name), _LEAST_LETTERS * metrics.averageCharWidth()
        ):
            # The name says more; the percentage is in the tip and in the larger view.
            percent, percent_px, room = "", 0, box.width() - 26 - 10
        name = metrics.elidedText(predicted.name, Qt.TextElideMode.ElideRight, room)
        name_px = metrics.horizontalAdvance(name)
        chip = QRectF(box.left(), box.top(), 26 + name_px + 6 + percent_px + 10, box.height())
        style = Qt.PenStyle.DashLine if unsure else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(predicted.colour), 1.5, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(chip.adjusted(1, 1, -1, -1), _CHIP_PX / 2 - 1, _CHIP_PX / 2 - 1)
        if unsure:
            glyph = self._icon("unsure", theme.text, _ICON_PX)
            painter.drawPixmap(box.left() + 8, box.top() + 4, glyph)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(predicted.colour))
            painter.drawEllipse(box.left() + 10, box.top() + 7, 8, 8)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(box.adjusted(26, 0, 0, 0), flags, name)
        painter.setPen(QColor(theme.muted))
        painter.drawText(box.adjusted(26 + name_px + 6, 0, 0, 0), flags, percent)

    def _paint_name(
        self, painter: QPainter, box: QRect, row: int, font: QFont, selected: bool
    ) -> None:
        table, metrics = self._session.table, QFontMetrics(_small(font))
        lines = [table.short_name(row, self.sought)]
        if self._has_folder_line():
            lines = [table.names[row].rpartition("/")[2], table.folder_name(row)]
        painter.setFont(_small(font))
        painter.setPen(QColor(self._theme.text if selected else self._theme.muted))
        for number, line in enumerate(lines):
            text = metrics.elidedText(line, Qt.TextElideMode.ElideMiddle, box.width())
            painter.drawText(
                box.translated(0, number * box.height()),
                Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine,
                text,
            )

    def _has_folder_line(self) -> bool:
        return self._session.table.has_folders and self._side_px >= _FOLDER_FROM_PX

    def _line_px(self) -> int:
        return max(_NAME_PX, QFontMetrics(_small(self._view.font())).height() + 1)

    def _icon(self, name: str, colour: str, side_px: int) -> QPixmap:
        key = (name, colour, side_px)
        if key not in self._icons:
            self._icons[key] = pixmap(name, colour, side_px, self._view.devicePixelRatioF())
        return self._icons[key]


def _badge_text(model: GalleryModel, place: int) -> str:
    """How many images lie under a tile, or which one of an open group it is."""
    n_images = model.n_at(place)
    if n_images > 1:
        return QLocale().toString(n_images)
    number, n_images = model.opened_group(place)
    if n_images < 2:
        return ""
    return f"{QLocale().toString(number)}/{QLocale().toString(n_images)}"


def _small(font: QFont) -> QFont:
    small = QFont(font)
    small.setPointSizeF(max(7.0, font.pointSizeF() - 0.5))
    return small


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold

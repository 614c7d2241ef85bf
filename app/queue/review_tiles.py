"""The tiles of a page of the review: those of the gallery, and what was taken out of the class."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from app.gallery.gallery_model import GalleryModel
from app.gallery.gallery_view import GalleryView
from app.gallery.thumbnails import Thumbnails
from app.gallery.tile import TileDelegate
from app.look.icons import pixmap
from app.look.theme import Theme
from app.queue.review_pass import ReviewPass
from app.session.image_table import NO_CLASS, Rows
from app.session.preferences import MIN_TILE_PX
from app.session.session import Session

_CROSS_PX: Final = 28
_MOST_TIMES: Final = 2  # As large as the person chose may a tile become to fill the page.
_KEYS_OF_THE_PAGE: Final = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_X,
)


class ReviewModel(GalleryModel):
    """Shows the rows that it is given, and never others."""

    def __init__(self, session: Session, review: ReviewPass, parent: QObject) -> None:
        super().__init__(session, parent)
        self._review = review

    def show_rows(self, rows: Rows) -> None:
        """Show these, in this order."""
        self.beginResetModel()
        self._set_order(rows)
        self.visible_places = range(len(rows))
        self.endResetModel()

    def is_taken_out(self, row: int) -> bool:
        """Whether the person took the image out of the class, and gave it no label since."""
        table = self._session.table
        is_out = self._review.is_taken_out(table.image_id(row))
        return is_out and bool(table.labels[row] == NO_CLASS)

    def state_text(self, row: int) -> str:
        text = super().state_text(row)
        if self.is_taken_out(row):
            text = self.tr("taken out; {state}").format(state=text)
        return text

    def _on_rows_added(self, first: int, count: int) -> None:
        """What is found later comes when a page is turned."""


class ReviewDelegate(TileDelegate):
    """Paints a tile as the gallery does, crossed out where it was taken out of the class."""

    def __init__(
        self, session: Session, thumbnails: Thumbnails, theme: Theme, view: QWidget
    ) -> None:
        super().__init__(session, thumbnails, theme, view)
        self._colours = theme

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._colours = theme

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        model = index.model()
        assert isinstance(model, ReviewModel)
        if not model.is_taken_out(int(model.order[index.row()])):
            return
        theme, card, widget = self._colours, QRectF(option.rect), option.widget
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(theme.surface)
        veil.setAlpha(200)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(veil)
        painter.drawRoundedRect(card.adjusted(3, 3, -3, -3), 6, 6)
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        text = self.tr("Taken out")
        width = QFontMetrics(bold).horizontalAdvance(text) + 24
        height = QFontMetrics(bold).height() + _CROSS_PX + 20
        box = QRect(0, 0, max(width, _CROSS_PX + 24), height)
        box.moveCenter(option.rect.center())
        painter.setPen(QPen(QColor(theme.outline), 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        cross = pixmap("close", theme.error, _CROSS_PX, widget.devicePixelRatioF())
        painter.drawPixmap(box.center().x() - _CROSS_PX // 2 + 1, box.top() + 6, cross)
        painter.setFont(bold)
        painter.setPen(QColor(theme.text))
        bottom = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom
        painter.drawText(box.adjusted(0, 0, 0, -8), bottom, text)
        painter.restore()


class ReviewTiles(GalleryView):
    """One page of tiles, as many as there is room for; nothing is scrolled."""

    def __init__(
        self, session: Session, review: ReviewPass, thumbnails: Thumbnails, theme: Theme
    ) -> None:
        super().__init__()
        self._session = session
        self._thumbnails = thumbnails
        self._wanted_px = self._side_px = 0
        self.setAccessibleName(self.tr("Images predicted as the class"))
        self.tiles = ReviewModel(session, review, self)
        self._painter = ReviewDelegate(session, thumbnails, theme, self)
        self.setModel(self.tiles)
        self.setItemDelegate(self._painter)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        thumbnails.arrived.connect(self._on_thumbnail)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._painter.set_theme(theme)
        self.drag_colour = theme.accent
        self.viewport().update()

    def set_tile_px(self, side_px: int) -> None:
        """Show tiles of about that side, in logical pixels, as large as as many have room for."""
        self._wanted_px = side_px
        self._fit()

    def _fit(self) -> None:
        """Nothing is scrolled here, so what is left of the room goes to the tiles that fit."""
        room = self.inner_size()
        self._painter.set_side(self._wanted_px)
        cell = self._painter.cell_size()
        n_columns = max(1, room.width() // cell.width())
        n_lines = max(1, room.height() // cell.height())
        width, height = room.width() // n_columns, room.height() // n_lines
        spare_px = min(width - cell.width(), height - cell.height())
        # Not without end: a tile that is alone in a large window is no better for filling it.
        side_px = min(self._wanted_px + spare_px, _MOST_TIMES * self._wanted_px)
        self._side_px = max(MIN_TILE_PX, side_px)
        self._painter.set_side(self._side_px)
        too_high_px = self._painter.cell_size().height() - height
        if too_high_px > 0:  # Large tiles have one more line, for the folder.
            self._side_px = max(MIN_TILE_PX, side_px - too_high_px)
            self._painter.set_side(self._side_px)
        if self._painter.cell_size() != self.tile_size:
            self.set_tile_size(self._painter.cell_size())

    def updateGeometries(self) -> None:
        if getattr(self, "_wanted_px", 0):  # Qt asks once before __init__ is through.
            self._fit()
        super().updateGeometries()

    @property
    def n_tiles(self) -> int:
        """How many tiles a page has: as fit without scrolling, but one line at least."""
        return max(self.n_whole, self.n_columns)

    @property
    def rows(self) -> list[int]:
        """The rows of the page."""
        return self._still_there(self.tiles.order)

    @property
    def chosen_rows(self) -> list[int]:
        """The rows of the selected tiles."""
        return self._still_there(self.tiles.order[self.selected_places()])

    def show_page(self, rows: Rows, ahead: Rows) -> None:
        """Show a page, keeping the selection as far as it is still there.

        Args:
            rows: of the page.
            ahead: of the next one; their thumbnails are fetched, too.
        """
        if not np.array_equal(rows, self.tiles.order):
            chosen, current = self.chosen_rows, self.currentIndex().row()
            self.tiles.show_rows(rows)
            places = np.flatnonzero(np.isin(rows, chosen))
            if len(places):
                self.select_places(places, min(current, len(rows) - 1))
        if self.isVisible():
            self._thumbnails.set_side(round(self._side_px * self.devicePixelRatioF()))
            self._thumbnails.want_too([*rows.tolist(), *ahead.tolist()])
            self._session.set_visible(rows)

    def let_go(self) -> None:
        """The page is shown no more."""
        self._thumbnails.set_side(round(self._wanted_px * self.devicePixelRatioF()))
        self._thumbnails.want_too([])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_leaving = event.key() == Qt.Key.Key_Escape and not len(self.selected_places())
        if is_leaving or event.key() in _KEYS_OF_THE_PAGE:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _still_there(self, rows: Rows) -> list[int]:
        """While a project is being closed there are tiles of it, and no images any more."""
        there: list[int] = rows[rows < self._session.table.n_rows].tolist()
        return there

    def _on_thumbnail(self, image_id: int) -> None:
        place = self.tiles.place_of_row(self._session.table.row_of(image_id))
        if place >= 0 and self.isVisible():
            self.update(self.tiles.index(place))

"""The labelled images that are nearest to one: picture, class and similarity of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QLocale, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.gallery.gallery_model import plain_tip
from app.gallery.thumbnails import Thumbnails
from app.look.icons import pixmap
from app.look.theme import GAP_PX, Theme
from app.session.session import Session
from engine import ImageClass, messages

_MOST: Final = 3
_PICTURE_PX: Final = 66  # Three fit beside a scroll bar.
_STRIPE_PX: Final = 4


class Neighbours(QWidget):
    """The nearest labelled images under a title; with none it is empty.

    Signals:
        chosen: the row of one that was clicked.
    """

    chosen = Signal(int)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._title = QLabel(self.tr("Nearest labelled images"))
        self._title.setObjectName("section")
        self.tiles = [NeighbourTile(session, thumbnails, theme) for _ in range(_MOST)]
        line = QHBoxLayout()
        line.setSpacing(GAP_PX)
        for tile in self.tiles:
            tile.clicked.connect(self._on_tile_clicked)
            line.addWidget(tile)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX)
        column.addWidget(self._title)
        column.addLayout(line)
        thumbnails.arrived.connect(self._on_thumbnail)

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        for tile in self.tiles:
            tile.set_theme(theme)

    def show_nearest(self, neighbours: Sequence[messages.Neighbour]) -> None:
        """Show those that are still in the table, the nearest first."""
        table = self._session.table
        rows = [table.row_of(neighbour.image_id) for neighbour in neighbours]
        known = [item for item in zip(neighbours, rows, strict=True) if item[1] >= 0]
        for place, tile in enumerate(self.tiles):
            tile.setVisible(place < len(known))
            if place < len(known):
                tile.show_neighbour(*known[place])
        if known:
            self._thumbnails.want_too([row for _, row in known])
        self.setVisible(bool(known))

    def _on_tile_clicked(self) -> None:
        tile = self.sender()
        assert isinstance(tile, NeighbourTile)
        self.chosen.emit(tile.row)

    def _on_thumbnail(self, image_id: int) -> None:
        row = self._session.table.row_of(image_id)
        for tile in self.tiles:
            if tile.row == row:
                tile.update()


class NeighbourTile(QAbstractButton):
    """A labelled image: its thumbnail, its class, and how similar it is. A click shows it."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._theme = theme
        self.row = -1
        self._item: ImageClass | None = None
        self._similarity = 0.0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme
        self.update()

    def show_neighbour(self, neighbour: messages.Neighbour, row: int) -> None:
        """Show a labelled image, which is in that row of the table."""
        self.row, self._similarity = row, neighbour.similarity
        self._item = self._session.image_class(neighbour.class_id)
        file_name = self._session.table.names[row]
        words = self.tr("{name}, similarity {value} of at most 1").format(
            name="" if self._item is None else self._item.name, value=self.texts()[1]
        )
        self.setToolTip(plain_tip(f"{file_name}\n{words}"))
        self.setAccessibleName(f"{file_name}: {words}")
        self.update()

    def texts(self) -> tuple[str, str]:
        """What is written below the picture: the class and the similarity."""
        value = QLocale().toString(self._similarity, "f", 2).replace("-", "−")
        return ("" if self._item is None else self._item.name, value)

    def sizeHint(self) -> QSize:
        below = GAP_PX + _STRIPE_PX + 2 * self.fontMetrics().height()
        return QSize(_PICTURE_PX, _PICTURE_PX + below)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = _PICTURE_PX
        box = QRect(0, 0, side, side)
        self._paint_picture(painter, box)
        name, value = self.texts()
        flags, metrics, line = Qt.AlignmentFlag, self.fontMetrics(), self.fontMetrics().height()
        if self._item is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._item.colour))
            stripe = QRectF(0, side + GAP_PX // 2, side, _STRIPE_PX)
            painter.drawRoundedRect(stripe, _STRIPE_PX / 2, _STRIPE_PX / 2)
        words = QRect(0, side + GAP_PX + _STRIPE_PX, side, line)
        painter.setPen(QColor(theme.text))
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, side)
        painter.drawText(words, flags.AlignLeft | flags.AlignVCenter, short)
        painter.setPen(QColor(theme.muted))
        painter.drawText(words.translated(0, line), flags.AlignLeft | flags.AlignVCenter, value)
        painter.end()

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        theme = self._theme
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.sunken))
        painter.drawRoundedRect(box, 6, 6)
        known = 0 <= self.row < self._session.table.n_rows
        image_id = self._session.table.image_id(self.row) if known else None
        pixels = None if image_id is None else self._thumbnails.pixmap(image_id)
        if pixels is None or pixels.isNull():
            glyph = pixmap("image", theme.border, 24, self.devicePixelRatioF())
            painter.drawPixmap(box.center().x() - 11, box.center().y() - 11, glyph)
        else:
            # Cut to a square: at this size more is seen than of the whole picture in a frame.
            side = min(pixels.width(), pixels.height())
            cut = QRect(0, 0, side, side)
            cut.moveCenter(pixels.rect().center())
            rounded = QPainterPath()
            rounded.addRoundedRect(QRectF(box), 6, 6)
            painter.save()
            painter.setClipPath(rounded)
            painter.drawPixmap(box, pixels, cut)
            painter.restore()
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(box).adjusted(1, 1, -1, -1), 6, 6)

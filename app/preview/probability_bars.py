"""What the model says of an image: its most likely classes as bars with percentages."""

from __future__ import annotations

from typing import Final, NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.gallery.gallery_model import percent_text
from app.look.theme import Theme
from app.look.words import listed
from app.session.image_table import NO_CLASS

_PAD_PX: Final = 6
_ABOVE_PX: Final = 4
_BETWEEN_PX: Final = 3  # Words and bar.
_THICK_PX: Final = 6
_BELOW_PX: Final = 6


class Bar(NamedTuple):
    """A class, and how probable it is."""

    class_id: int
    name: str
    colour: str
    value: float


class ProbabilityBars(QWidget):
    """The most likely classes as horizontal bars with percentages; a click chooses one.

    Signals:
        chosen: the number of the class that was clicked.
    """

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[Bar] = []
        self._marked = NO_CLASS
        self._hovered = -1
        self._nothing = ""
        self.setMouseTracking(True)

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme
        self.update()

    def show_bars(self, bars: list[Bar], nothing: str = "") -> None:
        """Show classes, most likely first; where there are none, ``nothing`` says why."""
        if nothing != self._nothing:
            self._nothing = nothing
            self.update()
        if bars != self._bars:
            self._bars, self._hovered = bars, -1
            self.setAccessibleName(listed(f"{bar.name} {percent_text(bar.value)}" for bar in bars))
            self.setToolTip(self.tr("Click a class to see what speaks for it") if bars else "")
            self.unsetCursor()
            self.updateGeometry()
            self.update()

    def mark(self, class_id: int) -> None:
        """Single out the class that is explained, or none (NO_CLASS)."""
        if class_id != self._marked:
            self._marked = class_id
            self.update()

    def texts(self) -> list[str]:
        """What the bars say."""
        return [f"{bar.name} {percent_text(bar.value)}" for bar in self._bars]

    def marked(self) -> str:
        """The name of the class that is singled out, empty for none."""
        return next((bar.name for bar in self._bars if bar.class_id == self._marked), "")

    def rect_of(self, place: int) -> QRectF:
        """The room of a bar, from the most likely one down."""
        height = self._height()
        return QRectF(0, place * height, self.width(), height)

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, len(self._bars)) * self._height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(event.position())
        if event.button() is Qt.MouseButton.LeftButton and place >= 0:
            self.chosen.emit(self._bars[place].class_id)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._place_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        flags = Qt.AlignmentFlag
        if not self._bars:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(self.rect(), flags.AlignLeft | flags.AlignTop, self._nothing)
        for place, bar in enumerate(self._bars):
            self._paint_ground(painter, place)
            room = self.rect_of(place).adjusted(_PAD_PX, 0, -_PAD_PX, 0)
            left, top, width = room.left(), room.top() + _ABOVE_PX, room.width()
            words = QRectF(left, top, width, self.fontMetrics().height())
            track = QRectF(left, words.bottom() + _BETWEEN_PX, width, _THICK_PX)
            percent = percent_text(bar.value)
            percent_px = self.fontMetrics().horizontalAdvance(percent)
            elided = self.fontMetrics().elidedText(
                bar.name, Qt.TextElideMode.ElideRight, int(width - percent_px - 12)
            )
            painter.setPen(QColor(self._theme.text))
            painter.drawText(words, flags.AlignVCenter, elided)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(words, flags.AlignVCenter | flags.AlignRight, percent)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.border))
            painter.drawRoundedRect(track, _THICK_PX / 2, _THICK_PX / 2)
            painter.setBrush(QColor(bar.colour))
            track.setWidth(max(float(_THICK_PX), width * bar.value))
            painter.drawRoundedRect(track, _THICK_PX / 2, _THICK_PX / 2)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
        super().changeEvent(event)

    def _height(self) -> int:
        """Of a bar with its words."""
        around = _ABOVE_PX + _BETWEEN_PX + _THICK_PX + _BELOW_PX
        return self.fontMetrics().height() + around

    def _paint_ground(self, painter: QPainter, place: int) -> None:
        is_marked = self._bars[place].class_id == self._marked
        if is_marked or place == self._hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.accent_soft if is_marked else self._theme.hover))
            painter.drawRoundedRect(self.rect_of(place), 6, 6)

    def _place_at(self, point: QPointF) -> int:
        """Which bar is there, -1 for none."""
        place = int(point.y() // self._height())
        return place if self.rect().contains(point.toPoint()) and place < len(self._bars) else -1

    def _hover(self, place: int) -> None:
        if place != self._hovered:
            self._hovered = place
            if place >= 0:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            else:
                self.unsetCursor()
            self.update()

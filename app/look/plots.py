"""Small drawings of numbers with their uncertainty: an interval, and a learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.look.theme import Theme
from app.look.words import percent_of
from engine.messages import CurvePoint

_BAR_PX: Final = 8
_LEFT_PX, _RIGHT_PX, _TOP_PX, _BOTTOM_PX = 48, 14, 10, 40


class IntervalBar(QWidget):
    """A dot for the share of held-out labels, on the 95 % interval of the whole class.

    The interval follows from the confidences, too, so the dot may lie beside it.
    """

    def __init__(
        self, share: float, low: float, high: float, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._share, self._low, self._high = share, low, high
        self._theme = theme
        self.setMinimumSize(80, 20)
        text = self.tr(
            "{share} % of the held-out labels; of all images of the class between {low} and "
            "{high} % (95 %)"
        ).format(share=round(100 * share), low=round(100 * low), high=round(100 * high))
        self.setAccessibleName(text)
        self.setToolTip(text)

    def sizeHint(self) -> QSize:
        return QSize(140, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, middle = self._theme, self.height() / 2
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, span = 5.0, self.width() - 10.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.hover))
        painter.drawRoundedRect(QRectF(left, middle - _BAR_PX / 2, span, _BAR_PX), 4, 4)
        band = QRectF(
            left + span * self._low,
            middle - _BAR_PX / 2,
            max(2.0, span * (self._high - self._low)),
            _BAR_PX,
        )
        ground = QColor(theme.accent)
        ground.setAlpha(110)
        painter.setBrush(ground)
        painter.drawRoundedRect(band, 4, 4)
        painter.setPen(QPen(QColor(theme.surface), 1.5))
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(QPointF(left + span * self._share, middle), 5.5, 5.5)
        painter.end()


class LearningCurve(QWidget):
    """Accuracy on held-out labels over labels per class, with its 95 % interval."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._points: tuple[CurvePoint, ...] = ()
        self.setMinimumSize(260, 190)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self.update()

    def show_points(self, points: Sequence[CurvePoint]) -> None:
        """Show a curve; with fewer than two points it says why there is none."""
        self._points = tuple(sorted(points, key=lambda point: point.labels_per_class))
        self.setAccessibleName(
            "; ".join(
                self.tr("labels per class {labels}: {percent} %").format(
                    labels=_number(point.labels_per_class), percent=round(100 * point.accuracy)
                )
                for point in self._points
            )
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(360, 200)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small = QFont(self.font())
        small.setPointSizeF(max(7.0, small.pointSizeF() - 0.5))
        painter.setFont(small)
        if len(self._points) < 2:
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(
                self.rect().adjusted(16, 0, -16, 0),
                Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                self.tr("A curve follows once there are more labels."),
            )
        else:
            area = QRectF(self.rect()).adjusted(_LEFT_PX, _TOP_PX, -_RIGHT_PX, -_BOTTOM_PX)
            self._paint_axes(painter, area)
            self._paint_curve(painter, area)
        painter.end()

    def _place(self, area: QRectF, labels: float, share: float) -> QPointF:
        most = self._points[-1].labels_per_class
        return QPointF(
            area.left() + area.width() * labels / most, area.bottom() - area.height() * share
        )

    def _paint_axes(self, painter: QPainter, area: QRectF) -> None:
        theme, flags = self._theme, Qt.AlignmentFlag
        for share in (0.0, 0.5, 1.0):
            y = self._place(area, 0.0, share).y()
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(theme.muted))
            words = QRectF(0, y - 10, _LEFT_PX - 6, 20)
            painter.drawText(
                words, flags.AlignRight | flags.AlignVCenter, percent_of(round(100 * share))
            )
        last_right = -1.0
        for point in self._points:
            x = self._place(area, point.labels_per_class, 0.0).x()
            if x - 14 > last_right:  # Numbers that would touch are left out.
                words = QRectF(x - 20, area.bottom() + 2, 40, 18)
                text = _number(point.labels_per_class)
                painter.drawText(words, flags.AlignCenter, text)
                last_right = x + 14
        words = QRectF(area.left(), area.bottom() + 19, area.width(), 20)
        painter.drawText(words, flags.AlignCenter, self.tr("labels per class"))

    def _paint_curve(self, painter: QPainter, area: QRectF) -> None:
        theme = self._theme
        upper = [self._place(area, p.labels_per_class, p.high) for p in self._points]
        lower = [self._place(area, p.labels_per_class, p.low) for p in self._points]
        band = QColor(theme.accent)
        band.setAlpha(48)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(band)
        painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
        line = [self._place(area, p.labels_per_class, p.accuracy) for p in self._points]
        painter.setPen(QPen(QColor(theme.accent), 2))
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent))
        for place in line:
            painter.drawEllipse(place, 3.5, 3.5)


def _number(value: float) -> str:
    n_decimals = 0 if abs(value - round(value)) < 0.05 else 1
    return QLocale().toString(value, "f", n_decimals)

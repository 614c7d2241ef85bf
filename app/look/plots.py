"""Small drawings of numbers with their uncertainty: intervals, learning curves, reliability.

Each is a function that paints into a rectangle, so that the window and the report draw alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import QCoreApplication, QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.look.theme import Theme
from app.look.words import listed, percent_of
from engine import ReliabilityBin
from engine.messages import CurvePoint

_DOT_PX: Final = 3.5
_Flag = Qt.AlignmentFlag
_Point = Any  # A CurvePoint or a ReliabilityBin: a widget of Qt cannot be generic.


def paint_interval(
    painter: QPainter, box: QRectF, share: float, low: float, high: float, theme: Theme
) -> None:
    """A dot on its interval, on the line from 0 to 1 that fills the width of ``box``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    half = box.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.border))
    painter.drawRoundedRect(box, half, half)
    painter.setBrush(_see_through(theme.accent, 130))
    band = QRectF(
        box.left() + box.width() * low, box.top(), box.width() * (high - low), box.height()
    )
    painter.drawRoundedRect(band, half, half)
    painter.setPen(QPen(QColor(theme.surface), 1))
    painter.setBrush(QColor(theme.accent))
    painter.drawEllipse(
        QPointF(box.left() + box.width() * share, box.center().y()), half + 2, half + 2
    )
    painter.restore()


class Plot(QWidget):
    """A drawing of some points; a screen reader is told the same in words.

    The points begin as none, of which the drawing says why.
    """

    def __init__(
        self,
        paint: Callable[[QPainter, QRectF, Sequence[_Point], Theme], None],
        text: Callable[[Sequence[_Point]], str],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            paint: :func:`paint_curve` or :func:`paint_reliability`.
            text: the same in words.
        """
        super().__init__(parent)
        self._paint, self._text, self._theme = paint, text, theme
        self._points: tuple[_Point, ...] = ()
        size = self.sizeHint()
        self.setMinimumSize(size.width() * 2 // 3, size.height())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self.update()

    def show_points(self, points: Sequence[_Point]) -> None:
        """Show these."""
        self._points = tuple(points)
        self.setAccessibleName(self._text(self._points))
        self.update()

    def sizeHint(self) -> QSize:
        # Larger letters need a larger drawing.
        tall = QFontMetricsF(QFont(self.font())).height()
        return QSize(round(22 * tall), round(13 * tall))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        self._paint(painter, QRectF(self.rect()), self._points, self._theme)
        painter.end()


def curve_text(points: Sequence[CurvePoint]) -> str:
    """A learning curve in words."""
    text = QCoreApplication.translate("Plots", "labels per class {labels}: {percent} %")
    return listed(
        text.format(labels=_number(point.labels_per_class), percent=round(100 * point.accuracy))
        for point in points
    )


def reliability_text(bins: Sequence[ReliabilityBin]) -> str:
    """A reliability diagram in words."""
    one = QCoreApplication.translate(
        "Plots", "confidence {confidence} %: {right} % right of 1 label"
    )
    many = QCoreApplication.translate(
        "Plots", "confidence {confidence} %: {right} % right of {count} labels"
    )
    return listed(
        (one if item.n == 1 else many).format(
            confidence=round(100 * item.confidence),
            right=round(100 * item.right.value),
            count=QLocale().toString(item.n),
        )
        for item in bins
    )


def paint_curve(painter: QPainter, box: QRectF, points: Sequence[CurvePoint], theme: Theme) -> None:
    """A learning curve in the painter's font; with fewer than two points, why there is none."""
    if len(points) < 2:
        words = QCoreApplication.translate("Plots", "A curve follows once there are more labels.")
        _paint_emptiness(painter, box, words, theme)
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    most = points[-1].labels_per_class
    title = QCoreApplication.translate("Plots", "labels per class")
    area = _paint_frame(painter, box, title, theme)
    metrics = QFontMetricsF(painter.font(), painter.device())
    last_right = -1e9
    for point in points:
        text = _number(point.labels_per_class)
        wide = metrics.horizontalAdvance(text) + 8
        x = area.left() + area.width() * point.labels_per_class / most
        if x - wide / 2 > last_right:  # Numbers that would touch are left out.
            words_box = QRectF(x - wide / 2, area.bottom() + 3, wide, metrics.height())
            painter.drawText(words_box, _Flag.AlignCenter, text)
            last_right = x + wide / 2

    def place(point: CurvePoint, share: float) -> QPointF:
        return QPointF(
            area.left() + area.width() * point.labels_per_class / most,
            area.bottom() - area.height() * share,
        )

    band = [place(point, point.high) for point in points]
    band += [place(point, point.low) for point in reversed(points)]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_see_through(theme.accent, 56))
    painter.drawPolygon(QPolygonF(band))
    line = [place(point, point.accuracy) for point in points]
    painter.setPen(QPen(QColor(theme.accent), 2))
    painter.drawPolyline(QPolygonF(line))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.accent))
    for dot in line:
        painter.drawEllipse(dot, _DOT_PX, _DOT_PX)
    painter.restore()


def paint_reliability(
    painter: QPainter, box: QRectF, bins: Sequence[ReliabilityBin], theme: Theme
) -> None:
    """A reliability diagram in the painter's font, each bin with the number of its labels."""
    if not bins:
        words = QCoreApplication.translate(
            "Plots", "A diagram follows once there are labels to judge by."
        )
        _paint_emptiness(painter, box, words, theme)
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    title = QCoreApplication.translate("Plots", "confidence (number: labels)")
    area = _paint_frame(painter, box, title, theme)
    metrics = QFontMetricsF(painter.font(), painter.device())

    def place(confidence: float, right: float) -> QPointF:
        return QPointF(
            area.left() + area.width() * confidence, area.bottom() - area.height() * right
        )

    for share in (0.0, 0.5, 1.0):
        text = percent_of(round(100 * share))
        wide = metrics.horizontalAdvance(text) + 4
        left = min(place(share, 0).x() - wide / 2, box.right() - wide)
        painter.drawText(
            QRectF(left, area.bottom() + 3, wide, metrics.height()), _Flag.AlignCenter, text
        )
    painter.setPen(QPen(QColor(theme.muted), 1.2, Qt.PenStyle.DashLine))
    painter.drawLine(place(0, 0), place(1, 1))
    for item in bins:
        low, high = place(item.confidence, item.right.low), place(item.confidence, item.right.high)
        painter.setPen(QPen(_see_through(theme.accent, 150), 4, c=Qt.PenCapStyle.RoundCap))
        painter.drawLine(low, high)
        painter.setPen(QPen(QColor(theme.surface), 1))
        painter.setBrush(QColor(theme.accent))
        painter.drawEllipse(place(item.confidence, item.right.value), 5, 5)
    for item in bins:
        # Beside its bar, on the side where the dashed line is not.
        text = QLocale().toString(item.n)
        wide, tall = metrics.horizontalAdvance(text) + 2, metrics.height()
        low, high = place(item.confidence, item.right.low), place(item.confidence, item.right.high)
        fits_below = low.y() + tall + 2 < area.bottom()
        y = low.y() + 3 if fits_below else high.y() - tall - 3
        left = min(max(low.x() - wide / 2, area.left()), box.right() - wide)
        words_box = QRectF(left, y, wide, tall)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_see_through(theme.surface, 200))  # Over the dashed line.
        painter.drawRect(words_box)
        painter.setPen(QColor(theme.text))
        painter.drawText(words_box, _Flag.AlignCenter, text)
    painter.restore()


def _paint_frame(painter: QPainter, box: QRectF, title: str, theme: Theme) -> QRectF:
    """Shares on the left, a title below; the area between. The pen is left for words."""
    metrics = QFontMetricsF(painter.font(), painter.device())
    tall, left = metrics.height(), metrics.horizontalAdvance(percent_of(100)) + 8
    area = box.adjusted(left, tall / 2 + 2, -12, -2 * tall - 8)
    for share in (0.0, 0.5, 1.0):
        y = area.bottom() - area.height() * share
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(QColor(theme.muted))
        words = QRectF(box.left(), y - tall / 2, left - 6, tall)
        scale = percent_of(round(100 * share))
        painter.drawText(words, _Flag.AlignRight | _Flag.AlignVCenter, scale)
    words = QRectF(area.left(), area.bottom() + tall + 5, area.width(), tall)
    painter.drawText(words, _Flag.AlignCenter, title)
    return area


def _paint_emptiness(painter: QPainter, box: QRectF, words: str, theme: Theme) -> None:
    painter.setPen(QColor(theme.muted))
    painter.drawText(
        box.adjusted(16, 0, -16, 0), int(_Flag.AlignCenter) | int(Qt.TextFlag.TextWordWrap), words
    )


def _see_through(colour: str, alpha: int) -> QColor:
    made = QColor(colour)
    made.setAlpha(alpha)
    return made


def _number(value: float) -> str:
    whole = abs(value - round(value)) < 0.05
    return QLocale().toString(value, "f", 0 if whole else 1)

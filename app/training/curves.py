"""Curves of a training under way: a few lines that differ in dashes as well as in colour."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.look.theme import Theme
from engine import messages
from engine.messages import Series

_TICKS: Final = 4  # About so many lines across.
_GAP_PX: Final = 6
_SAMPLE_PX: Final = 26  # Of a line beside its name.
_DASHES: Final = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A line to draw.

    Attributes:
        name: what stands beside a piece of it; curves of an empty name are faint companions of the
            last one that has a name.
        points: (x, y), ascending in x.
        margins: half the 95 % interval around each point, or nothing.
    """

    name: str
    points: Sequence[tuple[float, float]]
    margins: Sequence[float] = ()


class CurveChart(QWidget):
    """Curves over the steps of a training, drawn anew whenever there is a new point.

    A screen reader is told where each curve began and where it stands.
    """

    def __init__(
        self,
        title: str,
        x_name: str,
        theme: Theme,
        *,
        is_share: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty one.

        Args:
            title: what is measured, with its unit.
            x_name: what it is drawn over.
            is_share: y is in [0, 1] and told in percent.
        """
        super().__init__(parent)
        self._title, self._x_name, self._is_share = title, x_name, is_share
        self._theme = theme
        self._curves: tuple[Curve, ...] = ()
        self._last_x = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(220, 11 * self.fontMetrics().height())
        self.setAccessibleName(title)

    def set_theme(self, theme: Theme) -> None:
        """Draw in these colours."""
        self._theme = theme
        self.update()

    def show_curves(self, curves: Sequence[Curve], last_x: float) -> None:
        """Show curves on an axis that ends at ``last_x``."""
        self._curves, self._last_x = tuple(curves), max(last_x, 1.0)
        self.setAccessibleDescription(self.summary())
        self.setToolTip(self.summary())
        self.update()

    def summary(self) -> str:
        """Where every named curve began and where it stands, a sentence each."""
        sentences = []
        for curve in self._curves:
            if curve.name and len(curve.points) > 1:
                text = self.tr("{name}: {first} at first, {last} at {x_name} {x}.")
            elif curve.name and curve.points:
                text = self.tr("{name}: {last} at {x_name} {x}.")
            else:
                continue
            (_, first), (x, last) = curve.points[0], curve.points[-1]
            sentences.append(
                text.format(
                    name=curve.name,
                    first=self._value(first),
                    last=self._value(last),
                    x_name=self._x_name,
                    x=QLocale().toString(round(x)),
                )
            )
        return " ".join(sentences) or self.tr("There is no point yet.")

    def sizeHint(self) -> QSize:
        return QSize(340, 15 * self.fontMetrics().height())

    # --- Drawing ----------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, metrics = self._theme, QFontMetricsF(self.font())
        line_px = metrics.height()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(whole, 8, 8)
        inside = whole.adjusted(10, 8, -14, -6)
        painter.setPen(QColor(theme.text))
        bold = painter.font()
        bold.setWeight(bold.Weight.DemiBold)
        painter.setFont(bold)
        head = QRectF(inside.left(), inside.top(), inside.width(), line_px)
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, self._title)
        painter.setFont(self.font())
        top = self._paint_names(painter, inside, head.bottom() + 2, metrics)
        low, high, step = self._range()
        ticks = [low + number * step for number in range(round((high - low) / step) + 1)]
        left = max(metrics.horizontalAdvance(self._tick(tick, step)) for tick in ticks) + _GAP_PX
        area = QRectF(
            inside.left() + left,
            top + _GAP_PX,
            inside.width() - left,
            inside.bottom() - top - 2 * line_px - 2 * _GAP_PX,
        )
        if not any(curve.points for curve in self._curves):
            painter.setPen(QColor(theme.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(inside, flags, self.tr("The first points are on their way."))
        elif area.height() > 2 * line_px:
            self._paint_axes(painter, area, ticks, step, metrics)
            painter.save()
            painter.setClipRect(area.adjusted(-1, -3, 5, 3))
            self._paint_curves(painter, area, low, high)
            painter.restore()
        painter.end()

    def _paint_names(
        self, painter: QPainter, inside: QRectF, top: float, metrics: QFontMetricsF
    ) -> float:
        """A piece of every line beside its name; where what is below begins."""
        x, y = inside.left(), top
        for number, curve in enumerate(self._named()):
            width = _SAMPLE_PX + _GAP_PX + metrics.horizontalAdvance(curve.name)
            if x > inside.left() and x + width > inside.right():
                x, y = inside.left(), y + metrics.height()
            middle = y + metrics.height() / 2
            painter.setPen(self._pen(number))
            painter.drawLine(QPointF(x, middle), QPointF(x + _SAMPLE_PX, middle))
            painter.setPen(QColor(self._theme.muted))
            words = QRectF(x + _SAMPLE_PX + _GAP_PX, y, width, metrics.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft, curve.name)
            x += width + 2 * _GAP_PX
        return y + metrics.height()

    def _paint_axes(
        self,
        painter: QPainter,
        area: QRectF,
        ticks: Sequence[float],
        step: float,
        metrics: QFontMetricsF,
    ) -> None:
        theme, flags, line_px = self._theme, Qt.AlignmentFlag, metrics.height()
        for tick in ticks:
            y = area.bottom() - area.height() * (tick - ticks[0]) / (ticks[-1] - ticks[0])
            painter.setPen(QPen(QColor(theme.border), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(theme.muted))
            words = QRectF(0, y - line_px / 2, area.left() - _GAP_PX, line_px)
            painter.drawText(words, flags.AlignRight | flags.AlignVCenter, self._tick(tick, step))
        for share in (0.0, 0.5, 1.0):
            x, text = share * self._last_x, QLocale().toString(round(share * self._last_x))
            if share == 0.5 and x != round(x):
                continue
            width = metrics.horizontalAdvance(text) + 2
            place = area.left() + share * area.width()
            begins = min(place - width / 2, area.right() + 8 - width)
            words = QRectF(begins, area.bottom() + 3, width, line_px)
            painter.drawText(words, flags.AlignHCenter, text)
        words = QRectF(area.left(), area.bottom() + 3 + line_px, area.width(), line_px)
        painter.drawText(words, flags.AlignHCenter, self._x_name)

    def _paint_curves(self, painter: QPainter, area: QRectF, low: float, high: float) -> None:
        def place(x: float, y: float) -> QPointF:
            return QPointF(
                area.left() + area.width() * x / self._last_x,
                area.bottom() - area.height() * (y - low) / (high - low),
            )

        number = -1
        for curve in self._curves:
            number += bool(curve.name)
            pen = self._pen(max(number, 0))
            if not curve.name:
                faint = QColor(pen.color())
                faint.setAlpha(90)
                pen.setColor(faint)
                pen.setWidthF(1.0)
            if curve.margins:
                both = list(zip(curve.points, curve.margins, strict=True))
                upper = [place(x, y + margin) for (x, y), margin in both]
                lower = [place(x, y - margin) for (x, y), margin in both]
                band = QColor(pen.color())
                band.setAlpha(44)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(band)
                painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
            line = [place(x, y) for x, y in curve.points]
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(line))
            if curve.name and line:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(pen.color())
                painter.drawEllipse(line[-1], 3.5, 3.5)

    def _named(self) -> list[Curve]:
        return [curve for curve in self._curves if curve.name]

    def _pen(self, number: int) -> QPen:
        theme = self._theme
        colours = (theme.accent, theme.warning, theme.success, theme.error)
        pen = QPen(QColor(colours[number % len(colours)]), 2.0)
        pen.setStyle(_DASHES[number % len(_DASHES)])
        return pen

    # --- Numbers ----------------------------------------------------------------------------------

    def _range(self) -> tuple[float, float, float]:
        """Where the axis begins and ends, and the step between its lines."""
        values = [
            y + sign * margin
            for curve in self._curves
            for (_, y), margin in zip(
                curve.points, curve.margins or [0.0] * len(curve.points), strict=True
            )
            for sign in (-1, 1)
        ]
        if self._is_share:
            low = min([0.9, *values]) if values else 0.0
            return _rounded(max(low, 0.0), 1.0)
        return _rounded(0.0, max(values, default=1.0))

    def _tick(self, value: float, step: float) -> str:
        if self._is_share:
            return self._value(value)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        return QLocale().toString(value, "f", decimals)

    def _value(self, value: float) -> str:
        if self._is_share:
            return self.tr("{percent} %").format(percent=QLocale().toString(round(100 * value)))
        return QLocale().toString(value, "f", 2)


def _rounded(low: float, high: float) -> tuple[float, float, float]:
    """Limits at round numbers around those given, and a round step between them."""
    span = max(high - low, 1e-6)
    power = 10.0 ** math.floor(math.log10(span / _TICKS))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power * _TICKS >= span)
    low = step * math.floor(low / step + 1e-9)
    return low, low + step * max(1, math.ceil((high - low) / step - 1e-9)), step


def curves_of(points: Sequence[messages.TrainingPoint], series: Series, name: str) -> list[Curve]:
    """The mean over the trainings that are over (before: over all), and faintly each of them."""
    lines: dict[int, dict[int, float]] = defaultdict(dict)
    n_steps = 0
    for point in points:
        if point.series is series:
            lines[point.training][point.step] = point.value
            n_steps = point.n_steps
    over = [line for line in lines.values() if n_steps in line]
    averaged = over or list(lines.values())
    # Only where all have come: else the mean would jump from one to another.
    steps = sorted(set.intersection(*(set(line) for line in averaged))) if averaged else []
    mean = [(float(step), sum(line[step] for line in averaged) / len(averaged)) for step in steps]
    faint = [
        Curve("", [(float(step), value) for step, value in sorted(line.items())])
        for _, line in sorted(lines.items())
    ]
    return [Curve(name, mean), *(faint if len(faint) > 1 else [])]

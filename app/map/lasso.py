"""What a hand draws over the map, a lasso or a rectangle, and which points it encloses."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QApplication

_STEP_PX: Final = 2.0


class Lasso:
    """The way of the pointer since a button went down, in logical pixels of the viewport.

    Attributes:
        is_free: it follows the hand; else it is the rectangle between first and last place.
    """

    def __init__(self) -> None:
        self.is_free = True
        self._trail: list[QPointF] = []

    @property
    def is_drawing(self) -> bool:
        """Whether the button is down."""
        return bool(self._trail)

    def begin(self, place: QPointF) -> None:
        """The button went down."""
        self._trail = [place]

    def go_on(self, place: QPointF) -> bool:
        """The pointer is elsewhere; return whether that is far enough to be seen."""
        step = place - self._trail[-1]
        if abs(step.x()) + abs(step.y()) < _STEP_PX:
            return False
        self._trail.append(place)
        return True

    def end(self, place: QPointF) -> bool:
        """The button is let go there; return whether something was drawn, or it was a click."""
        self._trail.append(place)
        return any(is_far(item, self._trail[0]) for item in self._trail)

    def forget(self) -> None:
        """Nothing is drawn any more."""
        self._trail = []

    def path(self) -> QPainterPath:
        """Its outline."""
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.WindingFill)
        if not self.is_free:
            path.addRect(QRectF(self._trail[0], self._trail[-1]).normalized())
        else:
            path.addPolygon(QPolygonF(self._trail))
            path.closeSubpath()
        return path

    def encloses(self, places: NDArray[np.float32], size: QSize) -> NDArray[np.bool_]:
        """Which of some places it encloses: filled in, each looks at its own pixel.

        So it costs the same however the lasso winds, where a test by edges would not.

        Args:
            places: (n, 2) in logical pixels of the viewport.
            size: of the viewport.

        Returns:
            (n,) bool.
        """
        width, height = size.width(), size.height()
        image = QImage(width, height, QImage.Format.Format_Grayscale8)
        image.fill(0)
        painter = QPainter(image)
        painter.fillPath(self.path(), QColor("white"))
        painter.end()
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
        cells = np.floor(places).astype(np.intp)
        inside: NDArray[np.bool_] = np.all((cells >= 0) & (cells < [width, height]), axis=1)
        inside[inside] = pixels[cells[inside, 1], cells[inside, 0]] > 127
        return inside


def is_far(place: QPointF, other: QPointF) -> bool:
    """Whether a way is so long that the hand meant it."""
    return (place - other).manhattanLength() >= QApplication.startDragDistance() / 2

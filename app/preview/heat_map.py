"""A heat map as something to look at: the colours, the picture of it, and its legend.

Orange speaks for the class and blue against it: a pair that people of every colour vision tell
apart. The map lies over a grey, slightly flattened picture, so that no colour of the picture is
taken for one of the map and both black and white leave room for a strength to show.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from app.look.theme import GAP_PX, Theme

FOR: Final = (230, 92, 0)
AGAINST: Final = (26, 98, 219)
_VEIL: Final = (128, 128, 128)
_VEIL_ALPHA: Final = 0.3
_STRONGEST_ALPHA: Final = 0.72  # What is below the strongest part can still be made out.
_PER_CELL_PX: Final = 16
_BLUR_CELLS: Final = 0.6  # Wide enough to hide the cells' edges, narrow enough to keep the place.
_BAR_PX: Final = 8


def heat_image(heat: NDArray[np.float32]) -> QImage:
    """The map (rows, columns) as an image to lay over a grey picture; full colour at its peak.

    Neighbouring cells run into each other, so that the picture below is not cut into squares.
    """
    smooth = _blend(heat.shape[0]) @ heat.astype(np.float64) @ _blend(heat.shape[1]).T
    peak = float(np.abs(smooth).max())
    strength = np.clip(smooth / peak, -1.0, 1.0) if peak > 0 else smooth
    colour = np.where(strength[..., None] > 0, FOR, AGAINST)
    alpha = _STRONGEST_ALPHA * np.abs(strength)[..., None]
    veil = _VEIL_ALPHA * (1 - alpha)
    pixels = np.empty((*smooth.shape, 4), np.uint8)
    pixels[..., :3] = np.round(np.array(_VEIL) * veil + colour * alpha)  # Premultiplied.
    pixels[..., 3:] = np.round(255 * (veil + alpha))
    height, width = smooth.shape
    shown = QImage(
        pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied
    )
    return shown.copy()  # Its own memory: the bytes above end with this function.


def _blend(n_cells: int) -> NDArray[np.float64]:
    """(pixels, cells): how much of each cell a pixel shows; rows sum to one."""
    places = (np.arange(n_cells * _PER_CELL_PX) + 0.5) / _PER_CELL_PX
    distance = places[:, None] - (np.arange(n_cells) + 0.5)
    weights = np.exp(-(distance**2) / (2 * _BLUR_CELLS**2))
    blend: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return blend


class HeatLegend(QWidget):
    """A bar from blue to orange, with what the two ends mean."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(self.tr("Blue speaks against, orange speaks for"))

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        against, speaks_for = self.tr("against"), self.tr("for")
        metrics, flags = self.fontMetrics(), Qt.AlignmentFlag
        painter.setPen(QColor(self._theme.muted))
        painter.drawText(self.rect(), flags.AlignLeft | flags.AlignVCenter, against)
        painter.drawText(self.rect(), flags.AlignRight | flags.AlignVCenter, speaks_for)
        left = metrics.horizontalAdvance(against) + GAP_PX
        right = self.width() - metrics.horizontalAdvance(speaks_for) - GAP_PX
        ramp = QLinearGradient(left, 0, right, 0)
        ramp.setColorAt(0.0, QColor(*AGAINST))
        ramp.setColorAt(0.5, QColor(self._theme.hover))
        ramp.setColorAt(1.0, QColor(*FOR))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ramp)
        top = (self.height() - _BAR_PX) / 2 + 1  # Level with the small letters.
        bar = QRectF(left, top, right - left, _BAR_PX)
        painter.drawRoundedRect(bar, _BAR_PX / 2, _BAR_PX / 2)
        painter.end()

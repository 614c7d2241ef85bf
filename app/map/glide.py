"""Points on their way from where they lay to where they belong now, so that an eye can follow."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation, Signal
from PySide6.QtWidgets import QApplication, QStyle

_TIMES_AS_LONG: Final = 4  # As a style's own movements, of a fifth of a second mostly.


class Glide(QObject):
    """One movement at a time.

    Where the desktop is set to show none, points are at once where they belong.

    Attributes:
        positions: (n, 2) float32, where the points are now.

    Signals:
        moved: ``positions`` are others.
    """

    moved = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.positions: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self._from = self._to = self.positions
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.valueChanged.connect(self._on_value)

    @property
    def is_running(self) -> bool:
        """Whether points are on their way."""
        return self._animation.state() == QVariantAnimation.State.Running

    def put(self, positions: NDArray[np.float32]) -> None:
        """Be there at once."""
        self._animation.stop()
        self.positions = positions

    def go(self, start: NDArray[np.float32], end: NDArray[np.float32]) -> None:
        """Go from places (n, 2) to others."""
        hint = QStyle.StyleHint.SH_Widget_Animation_Duration
        duration_ms = _TIMES_AS_LONG * QApplication.style().styleHint(hint)
        self._animation.stop()
        if duration_ms <= 0:
            self.positions = end
            return
        self._from, self._to, self.positions = start, end, start
        self._animation.setDuration(duration_ms)
        self._animation.start()

    def _on_value(self, share: float) -> None:
        way = np.float32(share)
        self.positions = self._to if share >= 1.0 else self._from + way * (self._to - self._from)
        self.moved.emit()

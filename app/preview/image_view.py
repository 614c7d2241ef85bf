"""One picture that can be zoomed and moved."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsPixmapItem, QGraphicsScene, QGraphicsView, QWidget

_STEP: Final = 1.25
_MAX_ZOOM: Final = 32.0
_MAX_FIT: Final = 4.0  # Small pictures are not blown up further,
_LEAST_FIT_PX: Final = 320.0  # unless they would still be hard to make out.


class ImageView(QGraphicsView):
    """Shows pixels in the coordinates of the original image.

    Zoom 1.0 means one pixel of the original for one of the screen. Until the person zooms, the
    picture fits the view; small pictures are not blown up beyond four times, tiny ones to some
    300 pixels.

    Signals:
        zoom_changed: the zoom, where 1.0 is the original size.
    """

    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("picture")
        self.setScene(QGraphicsScene(self))
        self._item = QGraphicsPixmapItem()
        self._item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self.scene().addItem(self._item)
        self._colours, self._grey = QPixmap(), QPixmap()  # The picture as it is, and in grey.
        # The grey picture lies over the coloured one, so that both can fade into each other.
        self._grey_item = QGraphicsPixmapItem()
        self._grey_item.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._grey_item.setVisible(False)
        self.scene().addItem(self._grey_item)
        self._strength = 1.0
        self._overlay = QGraphicsPixmapItem()
        self._overlay.setTransformationMode(Qt.TransformationMode.SmoothTransformation)
        self._overlay.setVisible(False)
        self.scene().addItem(self._overlay)
        self._width_px = self._height_px = 0
        self._fits = True
        self.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(self.tr("Picture"))

    @property
    def zoom(self) -> float:
        """Screen pixels per pixel of the original."""
        return self.transform().m11() * self.devicePixelRatioF()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return self._item.pixmap().isNull()

    def show_pixmap(self, pixels: QPixmap, width_px: int, height_px: int) -> None:
        """Show pixels that stand for an original of that size."""
        same = (width_px, height_px) == (self._width_px, self._height_px)
        self._width_px, self._height_px = width_px, height_px
        self._colours, self._grey = pixels, QPixmap()
        self._show_layers()
        self.scene().setSceneRect(QRectF(0, 0, width_px, height_px))
        if self._fits or not same:
            self.fit()

    def show_array(self, pixels: NDArray[np.uint8], width_px: int, height_px: int) -> None:
        """Show (height, width, 3) uint8 RGB pixels that stand for an original of that size."""
        height, width, _ = pixels.shape
        rows = np.ascontiguousarray(pixels)
        image = QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self.show_pixmap(QPixmap.fromImage(image), width_px, height_px)

    def clear(self) -> None:
        """Show nothing."""
        self._colours, self._grey = QPixmap(), QPixmap()
        self.show_overlay(None)
        self._width_px = self._height_px = 0
        self.scene().setSceneRect(QRectF(0, 0, 1, 1))  # Else nothing could be scrolled about in.

    @property
    def has_overlay(self) -> bool:
        """Whether something lies over the picture."""
        return self._overlay.isVisible()

    def show_overlay(self, overlay: QImage | None) -> None:
        """Lay an image over all of the picture, which is grey below it; None takes it off."""
        self._overlay.setVisible(overlay is not None)
        self._overlay.setPixmap(QPixmap() if overlay is None else QPixmap.fromImage(overlay))
        self._show_layers()

    def set_overlay_strength(self, strength: float) -> None:
        """How much of the overlay, and of the grey below it, is seen: from 0 to 1."""
        self._strength = strength
        self._overlay.setOpacity(strength)
        self._grey_item.setOpacity(strength)

    def fit(self) -> None:
        """Show the whole picture."""
        self._fits = True
        if self._width_px:
            room = self.viewport().size()
            scale = min(room.width() / self._width_px, room.height() / self._height_px)
            most = max(_MAX_FIT, _LEAST_FIT_PX / max(self._width_px, self._height_px))
            self._set_scale(min(scale, most, _MAX_ZOOM))

    def actual_size(self) -> None:
        """Show one pixel of the original for one of the screen."""
        self._fits = False
        self._set_scale(1.0 / self.devicePixelRatioF())

    def zoom_by(self, steps: float) -> None:
        """Zoom in (positive) or out by some steps."""
        if not self._width_px:
            return
        room = self.viewport().size()
        whole = min(room.width() / self._width_px, room.height() / self._height_px)
        least = min(whole, 1.0) / 2
        scale = self.transform().m11() * _STEP**steps
        self._fits = False
        self._set_scale(max(least, min(_MAX_ZOOM, scale)))

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(event.angleDelta().y() / 120)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._fits:
            self.actual_size()
        else:
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._fits:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()  # Arrow keys go to the next image, not along this one.

    def _show_layers(self) -> None:
        pixels, overlay = self._colours, self._overlay.pixmap().size()
        has_grey = self.has_overlay and not pixels.isNull()
        if has_grey and self._grey.isNull():
            grey = pixels.toImage().convertToFormat(QImage.Format.Format_Grayscale8)
            self._grey = QPixmap.fromImage(grey)
        self._item.setPixmap(pixels)
        self._grey_item.setPixmap(self._grey if has_grey else QPixmap())
        self._grey_item.setVisible(has_grey)
        if not pixels.isNull():
            for item in (self._item, self._grey_item):
                item.setScale(self._width_px / pixels.width())
            if not overlay.isEmpty():
                across, down = self._width_px / overlay.width(), self._height_px / overlay.height()
                self._overlay.setTransform(QTransform.fromScale(across, down))

    def _set_scale(self, scale: float) -> None:
        self.resetTransform()
        self.scale(scale, scale)
        # Hard pixels where the person wants to see pixels.
        smooth = self.zoom < 3.0
        mode = Qt.TransformationMode
        for item in (self._item, self._grey_item):
            item.setTransformationMode(
                mode.SmoothTransformation if smooth else mode.FastTransformation
            )
        self.zoom_changed.emit(self.zoom)

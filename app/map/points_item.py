"""The points as an item of pyqtgraph's scene: stamped into one image, painted in one go."""

from __future__ import annotations

import time
from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from app.look.theme import GAP_PX, LIGHT, Theme
from app.map.looks import Looks
from app.map.names import Name, arranged
from app.map.sprites import Sign, mask, packed, rgb, stamp

_EDGE_PX: Final = 48  # Around the image, so that no sign at its edge is cut or wraps around.
_DOT_PX: Final = 8  # The colour of a class beside its name.
_HALO_PX: Final = 2.5  # Around what is selected.
_RIM: Final = 0.2  # Width of a sign's rim, of its radius: small signs stay colours.
_WIDEST_RIM_PX: Final = 1.0
_SLOW_S: Final = 0.025  # An image that took longer is moved and stretched first, then made anew.
_REST_MS: Final = 90


class PointsItem(pg.GraphicsObject):
    """Paints points, what is selected among them, the current one, and names.

    Attributes:
        positions: (n, 2) float32, in the coordinates of the view.
        selected: (n,) bool.
        current: which point has the keyboard's attention, -1 for none.
        viewport_size: of the view that shows it, in logical pixels.
        names: texts and the places that they belong to, the most important first.
        is_moving: the points are on their way; their names are not shown till they are there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.positions = np.zeros((0, 2), np.float32)
        self.selected = np.zeros(0, np.bool_)
        self.current = -1
        self.has_focus = False
        self.names: list[Name] = []
        self.is_moving = False
        self.viewport_size = QSize(1, 1)
        nothing = np.zeros(0, np.uint8)
        self._looks = Looks((), nothing, nothing)
        self._theme = LIGHT
        self._version = 0  # Of all that the image shows.
        self._image: QImage | None = None
        self._buffer: NDArray[np.uint32] | None = None  # The image's pixels.
        self._made_for: tuple[object, ...] = ()
        self._edge = 0
        self._view_rect = QRectF()  # What the image shows, in the coordinates of the view.
        self._seconds = 0.0  # The last image took so long.
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.refresh)

    # --- What is painted --------------------------------------------------------------------------

    def set_points(self, positions: NDArray[np.float32]) -> None:
        """Other points, or other places; nothing is selected and none is current."""
        self.prepareGeometryChange()
        if len(positions) != len(self.positions):
            none = np.zeros(len(positions), np.uint8)
            self._looks = Looks(("#808080",), none, none)
        self.positions = positions
        self.selected = np.zeros(len(positions), np.bool_)
        self.current = -1
        self.refresh()

    def set_looks(self, looks: Looks, names: list[Name]) -> None:
        """How each point looks, and what is written over them."""
        self._looks, self.names = looks, names
        self.refresh()

    def set_theme(self, theme: Theme) -> None:
        """Paint on this theme's ground."""
        self._theme = theme
        self.refresh()

    def refresh(self) -> None:
        """Something of it is new: make the image anew."""
        self._version += 1
        self.update()

    # --- Where points are -------------------------------------------------------------------------

    def places(self) -> NDArray[np.float32]:
        """Where the points are in the viewport, (n, 2) in logical pixels."""
        return self._in_viewport(self.positions)

    def radius(self) -> float:
        """Of a sign, in logical pixels: smaller with many points, larger when zoomed in."""
        n_points = max(len(self.positions), 1)
        radius = 8.4 - 1.3 * np.log10(n_points)
        view = self.getViewBox()
        width = view.viewRect().width() if view is not None else 0.0
        if width > 0 and n_points > 1:
            # The whole map is some 2.2 wide.
            radius *= float(np.clip((2.2 / width) ** 0.3, 1.0, 2.0))
        return float(np.clip(radius, 1.8, 7.0))

    # --- Qt's and pyqtgraph's questions -----------------------------------------------------------

    def boundingRect(self) -> QRectF:
        view = self.getViewBox()  # It paints the ground, too.
        return QRectF() if view is None else view.viewRect()

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()
        super().viewRangeChanged()

    def paint(
        self, painter: QPainter, _option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        if widget is None:
            return
        size, scale = widget.size(), widget.devicePixelRatioF()
        view_rect = self.getViewBox().viewRect()
        wanted = (self._version, size, scale, view_rect)
        painter.save()
        painter.resetTransform()
        is_moved = self._made_for[:3] == wanted[:3] and self._made_for != wanted
        if self._image is not None and is_moved and self._seconds > _SLOW_S:
            self._rest.start()
            painter.fillRect(QRectF(QPointF(), size), QColor(self._theme.sunken))
            painter.drawImage(
                self._moved(size.width(), size.height(), view_rect), self._image, self._inner()
            )
        else:
            if self._made_for != wanted or self._image is None:
                self._image = self._make(size.width(), size.height(), scale)
                self._made_for, self._view_rect = wanted, view_rect
            painter.drawImage(QRectF(QPointF(), size), self._image, self._inner())
        self._paint_current(painter)
        if not self.is_moving:
            self._paint_names(painter, widget.font(), size.width(), size.height())
        painter.restore()

    # --- Private ----------------------------------------------------------------------------------

    def _make(self, width: int, height: int, scale: float) -> QImage:
        """Stamp everything into an image of the viewport, in device pixels."""
        started = time.perf_counter()
        edge = round(_EDGE_PX * scale)
        shape = (round(height * scale) + 2 * edge, round(width * scale) + 2 * edge)
        buffer = self._buffer
        if buffer is None or buffer.shape != shape:
            buffer = np.empty(shape, np.uint32)
        ground = rgb([self._theme.sunken])
        buffer[:] = packed(ground)[0]
        pixels = np.floor(self.places() * np.float32(scale)).astype(np.intp) + edge
        margin = edge // 2
        inside = (
            (pixels[:, 0] >= margin)
            & (pixels[:, 0] < shape[1] - margin)
            & (pixels[:, 1] >= margin)
            & (pixels[:, 1] < shape[0] - margin)
        )
        shown = np.flatnonzero(inside)
        flat = pixels[shown, 1] * shape[1] + pixels[shown, 0]
        radius = round(4 * self.radius() * scale) / 4  # In steps: the masks are kept.
        palette, text = rgb(self._looks.palette), rgb([self._theme.text])
        rim, rim_px = None, 0.0
        if self._looks.rim:
            rim = rgb([self._looks.rim])[0]
            rim_px = min(_RIM * radius, _WIDEST_RIM_PX * scale)
        signs, colours = self._looks.signs[shown], self._looks.colours[shown]
        chosen = self.selected[shown]
        for is_chosen in (False, True):
            for sign in Sign:
                which = (signs == sign) & (chosen == is_chosen)
                if not which.any():
                    continue
                some = flat[which]
                if is_chosen:
                    halo = mask(sign, radius, _HALO_PX * scale)
                    stamp(buffer, some, np.zeros(len(some), np.uint8), halo, text, ground[0])
                beneath = text[0] if is_chosen else ground[0]
                sprite = mask(sign, radius, rim_px=rim_px)
                stamp(buffer, some, colours[which], sprite, palette, ground[0], beneath, rim)
        self._buffer = buffer
        pixel_bytes = buffer.reshape(-1).view(np.uint8).data
        self._edge = edge
        self._seconds = time.perf_counter() - started
        return QImage(pixel_bytes, shape[1], shape[0], 4 * shape[1], QImage.Format.Format_RGB32)

    def _inner(self) -> QRectF:
        """The part of the image that is the viewport."""
        assert self._buffer is not None
        height, width = self._buffer.shape
        edge = self._edge
        return QRectF(edge, edge, width - 2 * edge, height - 2 * edge)

    def _moved(self, width: int, height: int, view_rect: QRectF) -> QRectF:
        """Where the image that was made for another part of the map belongs now."""
        per_x, per_y = width / view_rect.width(), height / view_rect.height()
        old = self._view_rect
        return QRectF(
            (old.left() - view_rect.left()) * per_x,
            (view_rect.bottom() - old.bottom()) * per_y,
            old.width() * per_x,
            old.height() * per_y,
        )

    def _in_viewport(self, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        # Not by deviceTransform(): with PySide6 6.11.3 the process crashes in it while painting.
        view, size = self.getViewBox().viewRect(), self.viewport_size
        scale = np.array([size.width() / view.width(), -size.height() / view.height()], np.float32)
        corner = np.array([view.left(), view.bottom()], np.float32)
        places: NDArray[np.float32] = (positions - corner) * scale
        return places

    def _paint_current(self, painter: QPainter) -> None:
        """A ring of two colours around the point that the keys are about: seen on any ground."""
        if not 0 <= self.current < len(self.positions):
            return
        x, y = self.places()[self.current].tolist()
        radius = self.radius() + 6
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, width in ((self._theme.surface, 5.0), (self._theme.accent, 2.5)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(QPointF(x, y), radius, radius)

    def _paint_names(self, painter: QPainter, font: QFont, width: int, height: int) -> None:
        """Where two names would overlap, the less important one stands aside, or is left out."""
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        metrics = QFontMetricsF(bold)
        spots = np.array([(item.x, item.y) for item in self.names], np.float32).reshape(-1, 2)
        places = [QPointF(x, y) for x, y in self._in_viewport(spots).tolist()]
        texts = [
            metrics.elidedText(item.text, Qt.TextElideMode.ElideRight, width / 4)
            for item in self.names
        ]
        around = 2 * GAP_PX + _DOT_PX + 4
        sizes = [
            QSizeF(metrics.horizontalAdvance(text) + around, metrics.height() + 4) for text in texts
        ]
        boxes = arranged(places, sizes, self.radius() + 4, QRectF(0, 0, width, height))
        ground = QColor(self._theme.surface)
        ground.setAlpha(225)
        painter.setFont(bold)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for item, text, box in zip(self.names, texts, boxes, strict=True):
            if box is None:
                continue
            painter.setPen(QPen(QColor(self._theme.border), 1))
            painter.setBrush(ground)
            painter.drawRoundedRect(box, 6, 6)
            painter.setPen(QColor(self._theme.text))
            words = box.adjusted(GAP_PX + _DOT_PX + 4, 0, 0, 0)
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
            painter.setPen(QPen(QColor(self._theme.muted), 1))
            painter.setBrush(QColor(item.colour))
            dot = QPointF(box.left() + GAP_PX + _DOT_PX / 2, box.center().y())
            painter.drawEllipse(dot, _DOT_PX / 2, _DOT_PX / 2)

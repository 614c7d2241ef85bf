"""The map as a person handles it: zoom, pan, select by lasso, rectangle, click or keyboard."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainterPath,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGraphicsPathItem, QWidget

from app.look.theme import Theme
from app.map.glide import Glide
from app.map.lasso import Lasso, is_far
from app.map.looks import Looks
from app.map.names import Name
from app.map.points_item import PointsItem
from app.session.image_table import Rows

_REACH_PX: Final = 10.0  # From the pointer to a point that is meant.
_STEP: Final = 1.25  # Of zoom, a notch of the wheel.
_MARGIN: Final = 0.06  # Around the points, of their extent.
_NARROWEST: Final = 1e-4  # What the view shows at least; the map is about 2 wide.
_WIDEST: Final = 12.0
_SIDEWAYS: Final = 2.0  # How much a step to the side costs when going in a direction.
_NO_MODIFIER: Final = Qt.KeyboardModifier.NoModifier

_ARROWS: Final = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


class MapCanvas(pg.GraphicsView):
    """Points in the plane; each stands for a row of the session's table.

    Left drag selects, with Shift in addition, with Ctrl the other way round; drag with the middle
    or right button, or with Space held down, pans; the wheel zooms. Arrow keys go to the nearest
    point in their direction, Space selects it or not.

    Attributes:
        rows: (n,) the row of each point, ascending.
        positions: (n, 2) where they are, or are on their way to.
        lasso: what a left drag draws.

    Signals:
        selection_changed: other points are selected, or another one is current.
        hovered: the row under the pointer, or that the keyboard went to, or -1; and where its point
            is in the viewport.
        opened: a row that is to be shown large.
        menu_requested: a context menu for what is selected, at a global position.
        left: Esc, with nothing selected.
    """

    selection_changed = Signal()
    hovered = Signal(int, QPointF)
    opened = Signal(int)
    menu_requested = Signal(QPoint)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=None)
        self.rows: Rows = np.zeros(0, np.intp)
        self.positions: NDArray[np.float32] = np.zeros((0, 2), np.float32)
        self.lasso = Lasso()
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.points = PointsItem()
        self._box = pg.ViewBox(enableMenu=False, enableMouse=False, lockAspect=True)
        self._box.setDefaultPadding(0.0)
        self._box.addItem(self.points, ignoreBounds=True)
        self.setCentralItem(self._box)
        self._glide = Glide(self)
        self._glide.moved.connect(self._on_glided)
        self._drawn = QGraphicsPathItem()
        self._drawn.setZValue(10)
        self.scene().addItem(self._drawn)
        self._is_fitted = True  # Until the person zooms or pans, all points stay in sight.
        self._panned_from: QPointF | None = None
        self._has_panned = False
        self._is_space_down = False
        self.set_theme(theme)

    # --- What is shown ----------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self.points.set_theme(theme)
        pen = QPen(QColor(theme.accent), 1.5)
        pen.setCosmetic(True)
        self._drawn.setPen(pen)
        fill = QColor(theme.accent)
        fill.setAlpha(36)
        self._drawn.setBrush(fill)

    def set_points(
        self, rows: Rows, positions: NDArray[np.float32], *, calmly: bool = False
    ) -> None:
        """Show other points, or the same elsewhere; what was selected stays so.

        Args:
            rows: (n,) ascending.
            positions: (n, 2), see :class:`engine.messages.LaidOut`.
            calmly: let the eye follow those that were there before.
        """
        chosen, current = self.selected_rows(), self.current_row()
        if calmly:
            self._glide.go(self._where_they_are(rows, positions), positions)
        else:
            self._glide.put(positions)
        self.rows, self.positions = rows, positions
        self.points.set_points(self._glide.positions)
        self.points.is_moving = self._glide.is_running
        self.points.selected = np.isin(rows, chosen, assume_unique=True)
        self.points.current = self._point_of(current)
        if self._is_fitted:
            self.fit()

    def set_looks(self, looks: Looks, names: list[Name]) -> None:
        """How the points look, and what is written over them."""
        self.points.set_looks(looks, names)

    # --- Selection --------------------------------------------------------------------------------

    def selected_rows(self) -> Rows:
        """The rows of the selected points, ascending."""
        chosen: Rows = self.rows[self.points.selected]
        return chosen

    def current_row(self) -> int:
        """The row that the keyboard is at, -1 for none."""
        current = self.points.current
        return int(self.rows[current]) if 0 <= current < len(self.rows) else -1

    def select_rows(self, rows: Rows, *, go_there: bool = True) -> None:
        """Select exactly these, as far as they are on the map."""
        selected = np.isin(self.rows, rows)
        current = self.points.current
        if not (0 <= current < len(selected) and selected[current]):
            found = np.flatnonzero(selected)
            current = int(found[0]) if len(found) else -1
        self._select(selected, current)
        if go_there and len(rows):
            self._bring_into_view(selected)

    # --- View -------------------------------------------------------------------------------------

    def fit(self) -> None:
        """Show all points."""
        self._is_fitted = True
        positions = self.positions
        low, high = np.array([-1.0, -1.0]), np.array([1.0, 1.0])
        if len(positions):
            low, high = positions.min(axis=0), positions.max(axis=0)
        extent = np.maximum(high - low, 0.05)
        low, high = low - _MARGIN * extent, high + _MARGIN * extent
        self._box.setRange(
            QRectF(QPointF(*low.tolist()), QPointF(*high.tolist())), padding=0.0, update=True
        )

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Show less (factor above one) or more; the point at ``at`` in the viewport stays there."""
        width = self._box.viewRect().width()
        factor = min(max(factor, width / _WIDEST), width / _NARROWEST)
        if at is None:
            at = QPointF(self.viewport().rect().center())
            if self.points.current >= 0:
                at = QPointF(*self.points.places()[self.points.current].tolist())
        self._is_fitted = False
        self._box.scaleBy((1 / factor, 1 / factor), center=self._on_map(at))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if hasattr(self, "points"):  # pyqtgraph calls it once before there are any.
            self.points.viewport_size = self.viewport().size()
            self.points.refresh()
        if event is not None and hasattr(self, "_is_fitted") and self._is_fitted:
            self.fit()

    # --- Mouse ------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(-1, QPointF())
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and not self._is_space_down:
            self.lasso.begin(event.position())
        elif not self.lasso.is_drawing:
            self._panned_from, self._has_panned = event.position(), False
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None:
            self._pan_to(event.position())
        elif self.lasso.is_drawing:
            if self.lasso.go_on(event.position()):
                self._show_drawn()
        else:
            self._hover(event.position())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None:
            if event.button() == Qt.MouseButton.RightButton and not self._has_panned:
                self._ask_for_menu(event)
            self._panned_from = None
            self.unsetCursor()
        elif self.lasso.is_drawing and event.button() == Qt.MouseButton.LeftButton:
            if self.lasso.end(event.position()):
                inside = self.lasso.encloses(self.points.places(), self.viewport().size())
                self._combine(inside, event.modifiers())
            else:
                self._on_click(event.position(), event.modifiers())
            self._stop_drawing()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        point = self._point_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and point >= 0:
            self.opened.emit(int(self.rows[point]))
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.hovered.emit(-1, QPointF())
        self.zoom(_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit(-1, QPointF())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # From the keyboard; the mouse's comes when its button is let go.
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.points.current >= 0:
            place = QPointF(*self.points.places()[self.points.current].tolist())
            self.menu_requested.emit(self.viewport().mapToGlobal(place.toPoint()))

    # --- Keyboard ---------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        # The window's shortcuts would take these keys before the map hears of them.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = (Qt.Key.Key_Space, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Equal)
            modifiers = event.modifiers() & ~(
                Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
            )
            if event.key() in keys and modifiers == _NO_MODIFIER:
                event.accept()
                return True
        return bool(super().event(event))

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom(1.0 + event.value(), event.position())
            return True
        return bool(super().viewportEvent(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        is_ctrl = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        is_shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        match key:
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down:
                self._go(key, adds=is_shift)
            case Qt.Key.Key_Space:
                if not event.isAutoRepeat():
                    self._is_space_down, self._has_panned = True, False
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                if self.current_row() >= 0:
                    self.opened.emit(self.current_row())
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal if not is_ctrl:
                self.zoom(_STEP)
            case Qt.Key.Key_Minus if not is_ctrl:
                self.zoom(1 / _STEP)
            case Qt.Key.Key_Home:
                self.fit()
            case Qt.Key.Key_0 if is_ctrl:
                self.fit()
            case Qt.Key.Key_A if is_ctrl:
                self._select(np.full(len(self.rows), not is_shift), self.points.current)
            case Qt.Key.Key_Escape:
                self._on_escape()
            case _:
                event.ignore()
                return
        event.accept()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            if self._is_space_down and not self._has_panned and self.points.current >= 0:
                selected = self.points.selected.copy()
                selected[self.points.current] ^= True
                self._select(selected, self.points.current)
            self._is_space_down = False
            event.accept()
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._is_space_down = False
        super().focusOutEvent(event)

    # --- Private ----------------------------------------------------------------------------------

    def _select(self, selected: NDArray[np.bool_], current: int) -> None:
        if np.array_equal(selected, self.points.selected) and current == self.points.current:
            return
        self.points.selected, self.points.current = selected, current
        self.points.refresh()
        self.selection_changed.emit()

    def _combine(self, inside: NDArray[np.bool_], modifiers: Qt.KeyboardModifier) -> None:
        """Select what was drawn around: alone, in addition (Shift), or turned round (Ctrl)."""
        selected = inside
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            selected = self.points.selected ^ inside
        elif modifiers & Qt.KeyboardModifier.ShiftModifier:
            selected = self.points.selected | inside
        current = self.points.current
        if current >= 0 and not selected[current]:
            current = -1
        self._select(selected, current)

    def _on_click(self, place: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        point = self._point_at(place)
        hit = np.zeros(len(self.rows), np.bool_)
        if point >= 0:
            hit[point] = True
        elif modifiers != _NO_MODIFIER:
            return  # Missed: what was selected with care stays.
        self._combine(hit, modifiers)
        if point >= 0:
            self._select(self.points.selected, point)

    def _on_escape(self) -> None:
        if self.lasso.is_drawing:
            self._stop_drawing()
        elif self.points.selected.any() or self.points.current >= 0:
            self._select(np.zeros(len(self.rows), np.bool_), -1)
        else:
            self.left.emit()

    def _ask_for_menu(self, event: QMouseEvent) -> None:
        point = self._point_at(event.position())
        if point >= 0 and not self.points.selected[point]:
            hit = np.zeros(len(self.rows), np.bool_)
            hit[point] = True
            self._select(hit, point)
        self.menu_requested.emit(event.globalPosition().toPoint())

    def _on_glided(self) -> None:
        self.points.positions = self._glide.positions
        self.points.is_moving = self._glide.positions is not self.positions
        self.points.refresh()

    def _where_they_are(self, rows: Rows, positions: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where the points of these rows are now; of those that are not there, ``positions``."""
        starts, places = positions.copy(), np.searchsorted(self.rows, rows)
        places[places == len(self.rows)] = 0
        known = self.rows[places] == rows if len(self.rows) else np.zeros(len(rows), np.bool_)
        starts[known] = self.points.positions[places[known]]
        return starts

    def _point_of(self, row: int) -> int:
        place = int(np.searchsorted(self.rows, row))
        return place if row >= 0 and place < len(self.rows) and self.rows[place] == row else -1

    def _point_at(self, place: QPointF) -> int:
        """The point that is meant by a place in the viewport, -1 where none is near."""
        if not len(self.rows):
            return -1
        apart = self.points.places() - np.array([place.x(), place.y()], np.float32)
        distances = np.einsum("ij,ij->i", apart, apart)
        nearest = int(distances.argmin())
        reach = max(_REACH_PX, self.points.radius() + 2)
        return nearest if distances[nearest] <= reach**2 else -1

    def _hover(self, place: QPointF) -> None:
        point = self._point_at(place)
        if point < 0:
            self.hovered.emit(-1, QPointF())
        else:
            x, y = self.points.places()[point].tolist()
            self.hovered.emit(int(self.rows[point]), QPointF(x, y))

    def _go(self, key: Qt.Key, *, adds: bool) -> None:
        """To the nearest point in a direction; the first press goes to the middle of the view."""
        if not len(self.rows):
            return
        places = self.points.places()
        if self.points.current < 0:
            middle = np.array(self.viewport().rect().center().toTuple(), np.float32)
            apart = places - middle
            self._arrive(int(np.einsum("ij,ij->i", apart, apart).argmin()), adds=adds)
            return
        x, y = _ARROWS[key]
        apart = places - places[self.points.current]
        ahead, aside = apart @ np.array([x, y], np.float32), apart @ np.array([y, x], np.float32)
        cost = ahead + _SIDEWAYS * np.abs(aside)
        cost[(ahead <= 0) | (np.abs(aside) > ahead)] = np.inf
        nearest = int(cost.argmin())
        if np.isfinite(cost[nearest]):
            self._arrive(nearest, adds=adds)

    def _arrive(self, point: int, *, adds: bool) -> None:
        selected = self.points.selected.copy()
        if adds:
            selected[point] = True
            if self.points.current >= 0:
                selected[self.points.current] = True
        self._select(selected, point)
        only = np.zeros(len(self.rows), np.bool_)
        only[point] = True
        self._bring_into_view(only)
        place = self.points.places()[point].tolist()
        self.hovered.emit(int(self.rows[point]), QPointF(*place))

    def _bring_into_view(self, which: NDArray[np.bool_]) -> None:
        """Move the view as little as shows these points, and zoom out only where it must be."""
        if not which.any():
            return
        own, view = self.points.positions[which], self._box.viewRect()
        low, high = own.min(axis=0).tolist(), own.max(axis=0).tolist()
        margin = 0.06 * view.width()
        room = view.adjusted(margin, margin, -margin, -margin)
        if high[0] - low[0] > room.width() or high[1] - low[1] > room.height():
            if not view.contains(QRectF(QPointF(*low), QPointF(*high))):
                self.fit()
            return
        x = min(0.0, low[0] - room.left()) + max(0.0, high[0] - room.right())
        y = min(0.0, low[1] - room.top()) + max(0.0, high[1] - room.bottom())
        if x or y:
            self._is_fitted = False
            self._box.translateBy((x, y))

    def _pan_to(self, place: QPointF) -> None:
        assert self._panned_from is not None
        if not self._has_panned and not is_far(place, self._panned_from):
            return
        moved = self._on_map(self._panned_from) - self._on_map(place)
        self._panned_from, self._has_panned, self._is_fitted = place, True, False
        self._box.translateBy((moved.x(), moved.y()))

    def _on_map(self, place: QPointF) -> QPointF:
        """A place in the viewport, in the coordinates of the map."""
        view, size = self._box.viewRect(), self.viewport().size()
        return QPointF(
            view.left() + place.x() / max(size.width(), 1) * view.width(),
            view.bottom() - place.y() / max(size.height(), 1) * view.height(),
        )

    def _stop_drawing(self) -> None:
        self.lasso.forget()
        self._drawn.setPath(QPainterPath())

    def _show_drawn(self) -> None:
        self._drawn.setPath(self.viewportTransform().inverted()[0].map(self.lasso.path()))

"""The tiles as a person handles them: keys, clicks, dragging, selecting."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QLocale,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.gallery.gallery_model import GalleryModel
from app.gallery.grid_view import GridView
from app.gallery.tile import TileDelegate
from app.look.theme import text_on
from app.session.image_table import Rows
from engine.messages import ImageId

_SETTLE_MS: Final = 30
_STEP_MS: Final = 500  # A habit's arrow key follows sooner; a look at the next image takes longer.
_NAVIGATION: Final = (
    Qt.Key.Key_Left,
    Qt.Key.Key_Right,
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
)


class GalleryView(GridView):
    """The tiles.

    Signals:
        open_requested: show the current image large.
        menu_requested: a context menu at a global position.
        view_moved: other tiles are on screen.
        find_requested: a letter was typed.
        find_left: Esc, while names are being found.
        group_toggled: a place whose group should be opened or closed.
        step_taken: an arrow key was taken for the step that had just been made.
        size_step_requested: larger (positive) or smaller tiles, by steps of the wheel.
    """

    open_requested = Signal()
    menu_requested = Signal(QPoint)
    view_moved = Signal()
    find_requested = Signal(str)
    find_left = Signal()
    group_toggled = Signal(int)
    step_taken = Signal()
    size_step_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("gallery")
        self.setAccessibleName(self.tr("Images"))
        self.setDragEnabled(True)
        self.setAcceptDrops(False)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.view_moved)
        self.since_step = QTimer(self)
        self.since_step.setSingleShot(True)
        self.since_step.setInterval(_STEP_MS)
        self.drag_colour = "#2459c9"
        self.finds_names = False
        """Whether letters begin a name to be found."""
        self.is_finding = False
        """Whether the field for names is open: Esc closes that first, and keeps the selection."""
        self.own_letters: frozenset[str] = frozenset()
        """Those that do so here, whatever they mean in the rest of the window."""

    def settle(self) -> None:
        """Tell soon, and once, that other tiles are on screen."""
        if not self._settle.isActive():
            self._settle.start()

    def takes_as_step(self) -> bool:
        """Whether going on by one is what a label has just done by itself; then it is done.

        Who presses "2, Right, 2, Right" would else label every second image, and see it late. Who
        wants to leave one out looks at it first, and loses at most one press.
        """
        is_done = self.since_step.isActive()
        self.since_step.stop()
        if is_done:
            self.step_taken.emit()
        return is_done

    def key_help(self) -> list[tuple[str, str]]:
        """The keys that mean something among the tiles; for the key sheet."""
        return [
            (self.tr("Arrow keys, Home, End"), self.tr("Go through the images")),
            (self.tr("Shift+Arrow keys"), self.tr("Select several")),
            (self.tr("Ctrl+Arrow keys, Ctrl+Space"), self.tr("Pick one here and there")),
            (
                self.tr("Key of a class"),
                self.tr("Label the selected images; of one image, label it and go on to the next"),
            ),
            (self.tr("Enter, Space"), self.tr("Show the image large")),
            (self.tr("Esc"), self.tr("Select nothing")),
            (self.tr("Ctrl+Mouse wheel"), self.tr("Larger or smaller tiles")),
            *(
                [(self.tr("Letters"), self.tr("Find by name or folder"))]
                if self.finds_names
                else []
            ),
        ]

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.settle()

    def updateGeometries(self) -> None:
        super().updateGeometries()
        if hasattr(self, "_settle"):  # Qt asks once before __init__ is through.
            self.settle()

    def event(self, event: QEvent) -> bool:
        # The window's shortcuts would take these letters before the tiles hear of them.
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and _begins_a_name(event)
            and event.text().upper() in self.own_letters
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plain = (
            event.key(),
            event.modifiers()
            in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            ),
        )
        if not (plain and key == Qt.Key.Key_Right):
            self.since_step.stop()  # Whoever does anything else has seen the step.
        if plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.currentIndex().isValid():
                self.open_requested.emit()
        elif plain and key == Qt.Key.Key_Escape and self.is_finding:
            self.find_left.emit()
        elif plain and key == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()  # Where there is none, the window closes a notice.
        elif plain and key == Qt.Key.Key_Right and self.takes_as_step():
            pass
        elif plain and key in _NAVIGATION and self._select_current():
            pass  # The first arrow key after Escape picks up where one was.
        elif self.finds_names and _begins_a_name(event):
            self.find_requested.emit(event.text())
        else:
            super().keyPressEvent(event)
            if plain and key in (Qt.Key.Key_Home, Qt.Key.Key_End):
                self._select_current()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.since_step.stop()
        place = self._badge_at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.group_toggled.emit(place)
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        over = self._badge_at(event.position().toPoint()) >= 0
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
        if self.viewport().cursor().shape() != shape:
            self.viewport().setCursor(shape)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.size_step_requested.emit(1 if event.angleDelta().y() > 0 else -1)
        else:
            super().wheelEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        super().mouseDoubleClickEvent(event)
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if self._badge_at(event.position().toPoint()) >= 0:
            return
        on_tile = self.indexAt(event.position().toPoint()).isValid()
        if plain and on_tile and event.button() == Qt.MouseButton.LeftButton:
            self.open_requested.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        point = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            rect = self.visualRect(self.currentIndex())
            point = self.viewport().mapToGlobal(rect.center())
        if self.selectionModel().hasSelection():
            self.menu_requested.emit(point)

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        images = self.selected_images()
        if not images:
            return
        drag = QDrag(self)
        drag.setMimeData(self.gallery_model().mime_of_images(images))
        drag.setPixmap(self._drag_picture(len(images)))
        drag.setHotSpot(QPoint(-8, -8))
        drag.exec(Qt.DropAction.CopyAction)

    def gallery_model(self) -> GalleryModel:
        """The model, by its own type."""
        model = self.model()
        assert isinstance(model, GalleryModel)
        return model

    def selected_places(self) -> Rows:
        """Places of the selected tiles, in order."""
        selection = self.selectionModel().selection()
        chosen = np.zeros(self.model().rowCount(), np.bool_)
        for part in (selection.at(place) for place in range(selection.count())):
            chosen[part.top() : part.bottom() + 1] = True
        return np.flatnonzero(chosen)

    def selected_images(self) -> list[ImageId]:
        """The selected images, in order; all of those that lie under one tile."""
        return self.gallery_model().images_at(self.selected_places())

    def count_selected(self) -> int:
        """How many images are selected."""
        return len(self.gallery_model().rows_of_places(self.selected_places()))

    def select_places(self, places: Rows, current: int = -1) -> None:
        """Select exactly these tiles."""
        model = self.model()
        selection = QItemSelection()
        breaks = np.flatnonzero(np.diff(places) != 1) + 1
        for run in np.split(places, breaks):
            if len(run):
                selection.select(model.index(int(run[0]), 0), model.index(int(run[-1]), 0))
        flags = QItemSelectionModel.SelectionFlag
        if current >= 0:
            self.selectionModel().setCurrentIndex(model.index(current, 0), flags.NoUpdate)
        self.selectionModel().select(selection, flags.ClearAndSelect)

    def _select_current(self) -> bool:
        """Select the tile with the keyboard's attention if nothing is selected."""
        place = self.currentIndex().row()
        if place < 0 or self.selectionModel().hasSelection():
            return False
        self.select_places(np.array([place], np.intp), place)
        self.scrollTo(self.currentIndex())
        return True

    def _badge_at(self, point: QPoint) -> int:
        """The place whose badge of a group is there, -1 where none is."""
        index, delegate = self.indexAt(point), self.itemDelegate()
        if not index.isValid() or not isinstance(delegate, TileDelegate):
            return -1
        card = self.card_rect(self.visualRect(index))
        badge = delegate.badge_rect(card, index.row(), self.gallery_model(), self.font())
        return index.row() if badge.contains(point) else -1

    def _drag_picture(self, n_images: int) -> QPixmap:
        text = (
            self.tr("1 image")
            if n_images == 1
            else self.tr("{count} images").format(count=QLocale().toString(n_images))
        )
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        metrics = self.fontMetrics()
        ratio = self.devicePixelRatioF()
        width, height = metrics.horizontalAdvance(text) + 36, 28
        pixels = QPixmap(int(width * ratio), int(height * ratio))
        pixels.setDevicePixelRatio(ratio)
        pixels.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixels)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(self.drag_colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawRoundedRect(0, 0, width, height, 14, 14)
        painter.setPen(QColor(text_on(self.drag_colour)))
        painter.setFont(font)
        painter.drawText(0, 0, width, height, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()
        return pixels


def _begins_a_name(event: QKeyEvent) -> bool:
    """Whether a key is a letter; digits label."""
    others = (
        Qt.KeyboardModifier.ControlModifier
        | Qt.KeyboardModifier.AltModifier
        | Qt.KeyboardModifier.MetaModifier
    )
    text = event.text()
    return len(text) == 1 and text.isalpha() and not event.modifiers() & others

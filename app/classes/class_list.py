"""The list of classes: its mouse and keys, and what can be dropped on it."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QSizePolicy,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from app.classes.class_delegate import ClassDelegate, more_rect, row_height
from app.classes.class_model import CLASS_MIME, ClassModel
from app.gallery.gallery_model import IMAGES_MIME
from app.look.theme import Theme
from engine import ImageClass
from engine.messages import NONE_OF_THESE, ClassId

_Index = QModelIndex | QPersistentModelIndex


class ClassList(QListView):
    """The classes, and none of these below them.

    Where there are more classes than fit, none of these stays at the foot and the others scroll
    behind it: it is wanted in every folder, and its place must not have to be looked for.

    Signals:
        class_clicked: a class; the selected images are meant to be given it.
        class_double_clicked: a class; its name is meant to be changed.
        images_dropped: class and images that were dragged onto it.
        menu_requested: class and global position.
        delete_requested: a class.
        move_requested: a class, and its place among the others.
        left: the person pressed Escape.
    """

    class_clicked = Signal(int)
    class_double_clicked = Signal(int)
    images_dropped = Signal(int, object)
    menu_requested = Signal(int, QPoint)
    delete_requested = Signal(int)
    move_requested = Signal(int, int)
    left = Signal()

    def __init__(self, model: ClassModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_committing = False
        self._ground = QColor(theme.window)
        self.setObjectName("classes")
        self.setAccessibleName(self.tr("Classes"))
        self._delegate = ClassDelegate(theme, self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragEnabled(True)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setAcceptDrops(True)
        self.viewport().setAcceptDrops(True)  # Qt asks the viewport, and does not ask the view.
        self.setDropIndicatorShown(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        model.modelReset.connect(self.updateGeometry)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._delegate.set_theme(theme)
        self._ground = QColor(theme.window)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        # As tall as its classes, so that the field for a new one follows the last of them.
        return QSize(240, self.model().rowCount() * row_height(self.font()))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, min(self.model().rowCount(), 3) * row_height(self.font()))

    def class_model(self) -> ClassModel:
        """The model, by its own type."""
        model = self.model()
        assert isinstance(model, ClassModel)
        return model

    def current_class(self) -> ImageClass | None:
        """The class with the keyboard's attention."""
        index = self.currentIndex()
        return self.class_model().class_at(index.row()) if index.isValid() else None

    def edit_name(self, class_id: ClassId) -> None:
        """Let the person type another name."""
        place = self.class_model().place_of(class_id)
        if self.class_model().is_class(self.class_model().index(place)):
            index = self.class_model().index(place)
            self.setCurrentIndex(index)
            self.scrollTo(index)
            self.edit(index)

    def commitData(self, editor: QWidget) -> None:
        # The list is filled anew, which takes the editor away, and Qt would hand its keys to the
        # next field: a class's number would be typed into it.
        # Losing the focus, the editor commits once more: a refused name would be told twice.
        if self._is_committing:
            return
        self._is_committing = True
        had_focus = editor.hasFocus()
        super().commitData(editor)
        if had_focus:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._is_committing = False

    # --- None of these at the foot ----------------------------------------------------------------

    def visualRect(self, index: _Index) -> QRect:
        rect = super().visualRect(index)
        if self._is_last(index):
            rect.moveTop(min(rect.top(), self.viewport().height() - rect.height()))
        return rect

    def indexAt(self, point: QPoint) -> QModelIndex:
        foot = self._foot()
        return foot if self.visualRect(foot).contains(point) else super().indexAt(point)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        # Qt looks for what lies there, and finds the class behind.
        foot = self._foot()
        if self.visualRect(foot).contains(rect):
            self.selectionModel().select(foot, command)
        else:
            super().setSelection(rect, command)

    def scrollTo(
        self,
        index: _Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        if self._is_last(index):
            return  # It is in sight wherever the others are.
        super().scrollTo(index, hint)
        foot = self._foot()
        hidden = self.visualRect(index).bottom() + 1 - self.visualRect(foot).top()
        if index.isValid() and foot.isValid() and hidden > 0:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + hidden)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.viewport().update()  # Qt moves the pixels, and those of the foot with them.

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        foot = self._foot()
        rect = self.visualRect(foot)
        if not foot.isValid() or super().visualRect(foot) == rect:
            return
        option, flags = QStyleOptionViewItem(), QStyle.StateFlag
        self.initViewItemOption(option)
        option.rect = rect
        if self.selectionModel().isSelected(foot):
            option.state |= flags.State_Selected
        if self.hasFocus() and self.currentIndex() == foot:
            option.state |= flags.State_HasFocus
        else:
            option.state &= ~flags.State_HasFocus
        if self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())) == foot:
            option.state |= flags.State_MouseOver
        painter = QPainter(self.viewport())
        painter.fillRect(rect, self._ground)
        self.itemDelegate().paint(painter, option, foot)
        painter.end()

    def _foot(self) -> QModelIndex:
        """None of these; not valid where it is not offered."""
        model = self.class_model()
        last = model.index(model.rowCount() - 1)
        return last if self._is_last(last) else QModelIndex()

    def _is_last(self, index: _Index) -> bool:
        return index.isValid() and not self.class_model().is_class(index)

    # --- Mouse and keys ---------------------------------------------------------------------------

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        place = event.position().toPoint()
        index = self.indexAt(place)
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid():
            return
        class_id = int(self.class_model().class_at(index.row()).class_id)
        if more_rect(self.visualRect(index)).contains(place):
            self.menu_requested.emit(class_id, self.viewport().mapToGlobal(place))
        elif self.state() != QAbstractItemView.State.EditingState:
            self.class_clicked.emit(class_id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid():
            self.class_double_clicked.emit(int(self.class_model().class_at(index.row()).class_id))

    def key_help(self) -> list[tuple[str, str]]:
        """The keys that mean something in the list; for the key sheet."""
        return [
            (self.tr("Enter, Space"), self.tr("Give this class to the selected images")),
            (self.tr("F2"), self.tr("Rename the class")),
            (self.tr("Delete"), self.tr("Delete the class")),
            (self.tr("Esc"), self.tr("Back to the images")),
        ]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            here = self.visualRect(index).center() if by_key else event.pos()
            class_id = int(self.class_model().class_at(index.row()).class_id)
            self.setCurrentIndex(index)
            self.menu_requested.emit(class_id, self.viewport().mapToGlobal(here))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        item = self.current_class()
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.left.emit()
        elif (
            item is not None
            and key in (Qt.Key.Key_Up, Qt.Key.Key_Down)
            and event.modifiers() & Qt.KeyboardModifier.AltModifier
        ):
            if item.class_id != NONE_OF_THESE:
                place = self.currentIndex().row() + (1 if key == Qt.Key.Key_Down else -1)
                self.move_requested.emit(int(item.class_id), place)
        elif item is not None and key == Qt.Key.Key_F2:
            self.edit_name(item.class_id)
        elif item is not None and item.class_id != NONE_OF_THESE and key == Qt.Key.Key_Delete:
            self.delete_requested.emit(int(item.class_id))
        elif item is not None and key in (
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
            Qt.Key.Key_Space,
        ):
            self.class_clicked.emit(int(item.class_id))
        else:
            super().keyPressEvent(event)

    # --- Dropping ---------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._is_own(event) or self.class_model().dragged_images(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._is_own(event):
            self._show_drop(-1, self._gap_at(event.position().toPoint()))
            event.acceptProposedAction()
            return
        index = self.indexAt(event.position().toPoint())
        fits = index.isValid() and event.mimeData().hasFormat(IMAGES_MIME)
        self._show_drop(index.row() if fits else -1)
        if fits:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._show_drop(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        self._show_drop(-1)
        if self._is_own(event):
            class_id = int(bytes(event.mimeData().data(CLASS_MIME).data()))
            gap = self._gap_at(event.position().toPoint())
            event.setDropAction(Qt.DropAction.IgnoreAction)  # The list is filled anew by itself.
            event.accept()
            before = self.class_model().place_of(ClassId(class_id))
            self.move_requested.emit(class_id, gap - 1 if gap > before else gap)
            return
        index = self.indexAt(event.position().toPoint())
        images = self.class_model().dragged_images(event.mimeData())
        if index.isValid() and images:
            event.acceptProposedAction()
            class_id = int(self.class_model().class_at(index.row()).class_id)
            self.images_dropped.emit(class_id, images)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.viewport().update()

    def _is_own(self, event: QDropEvent) -> bool:
        """Whether one of the classes is dragged to another place."""
        return event.source() is self and event.mimeData().hasFormat(CLASS_MIME)

    def _gap_at(self, point: QPoint) -> int:
        """Before which class a point lies; behind the last one is their number."""
        model = self.class_model()
        for place in range(model.rowCount()):
            index = model.index(place)
            if not model.is_class(index) or point.y() < self.visualRect(index).center().y():
                return place
        return model.rowCount()

    def _show_drop(self, place: int, gap: int = -1) -> None:
        self._delegate.drop_place, self._delegate.gap_place = place, gap
        self.viewport().update()

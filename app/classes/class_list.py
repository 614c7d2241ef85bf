"""The list of classes: its model, how a class looks, and what can be dropped on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QByteArray,
    QEvent,
    QLocale,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
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
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.gallery.gallery_model import IMAGES_MIME, images_of, plain_tip
from app.look.icons import pixmap
from app.look.theme import GAP_PX, Theme, text_on
from app.session.session import Session
from engine import ImageClass
from engine.messages import NONE_OF_THESE, ClassId, ImageId

CLASS_MIME: Final = "application/x-handful-class"  # A class on its way to another place.
_ROW_PX: Final = 48
_KEY_PX: Final = 24
_MORE_PX: Final = 28
_Index = QModelIndex | QPersistentModelIndex


class ClassModel(QAbstractListModel):
    """The session's classes in the person's order, with their counts; none of these behind them.

    Where something is none of the classes is a label like theirs, but nothing to be changed.
    """

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._n_labelled = np.zeros(1, np.int64)
        self._n_predicted = np.zeros(1, np.int64)
        self._n_negatives = 0
        self._n_shown = 0
        self._without_example: frozenset[ClassId] = frozenset()  # By the model that is adapted.
        session.classes_changed.connect(self._on_classes_changed)
        session.counts_changed.connect(self._on_counts_changed)
        session.project_changed.connect(self._on_counts_changed)
        session.status_changed.connect(self._on_status_changed)
        session.project_changed.connect(self._on_status_changed)
        self._on_classes_changed()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else self._n_shown

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= self._n_shown:
            return None
        item = self.class_at(index.row())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return item.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (item.name, self.counts_text(item), item.note)
            return ", ".join(part for part in parts if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            key = self.tr("Key {key}").format(key=item.key) if item.key else ""
            hint = self.tr("Click to label the selected images; double click to rename")
            if item.class_id == NONE_OF_THESE:
                key = self.tr("Key {key}").format(key=item.hotkey)
                hint = self.tr(
                    "For images that show none of your classes. They need no such label, but a "
                    "few make Handful better at telling them. Click to label the selected images."
                )
            return plain_tip("\n".join(part for part in (item.name, item.note, key, hint) if part))
        return None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if not self.is_class(index) or role != Qt.ItemDataRole.EditRole:
            return False
        return self._session.rename_class(self.class_at(index.row()).class_id, str(value))

    def flags(self, index: _Index) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemIsDropEnabled
            | Qt.ItemFlag.ItemNeverHasChildren
        )
        if not self.is_class(index):
            return flags
        return flags | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [CLASS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        text = str(int(self.class_at(indexes[0].row()).class_id))
        mime.setData(CLASS_MIME, QByteArray(text.encode("ascii")))
        return mime

    def dragged_images(self, mime: QMimeData) -> list[ImageId]:
        """The images of this project in something that is dragged."""
        project = self._session.project
        return [] if project is None else images_of(mime, project.path)

    def class_at(self, place: int) -> ImageClass:
        """The class at a place."""
        return self._session.offered[place]

    def is_class(self, index: _Index) -> bool:
        """Whether there is a class of the person's, which can be renamed, merged and deleted."""
        return index.isValid() and index.row() < len(self._session.classes)

    def place_of(self, class_id: ClassId) -> int:
        """Where a class is shown, -1 where it is not."""
        return next(
            (
                place
                for place, item in enumerate(self._session.offered)
                if item.class_id == class_id
            ),
            -1,
        )

    def counts_text(self, item: ImageClass) -> str:
        """How many images are labelled and predicted as a class, in words."""
        locale, number = QLocale(), int(item.class_id)
        if item.class_id == NONE_OF_THESE:
            if not self._n_negatives:
                return self.tr("shows no class")
            count = locale.toString(self._n_negatives)
            return self.tr("{count} labelled").format(count=count)
        if item.class_id in self._without_example:
            return self.tr("no example yet")
        n_labelled = int(self._n_labelled[number]) if number < len(self._n_labelled) else 0
        n_predicted = int(self._n_predicted[number]) if number < len(self._n_predicted) else 0
        if not n_labelled and not n_predicted:
            return self.tr("none yet")
        text = self.tr("{count} labelled").format(count=locale.toString(n_labelled))
        if n_predicted:
            text += " · " + self.tr("{count} predicted").format(count=locale.toString(n_predicted))
        return text

    def _on_classes_changed(self) -> None:
        self.beginResetModel()
        self._n_shown = len(self._session.offered)
        self._count()
        self.endResetModel()

    def _on_counts_changed(self) -> None:
        self._count()
        self._show_anew()

    def _count(self) -> None:
        table = self._session.table
        self._n_labelled, self._n_predicted = table.counts_by_class()
        self._n_negatives = table.count_negatives()

    def _on_status_changed(self) -> None:
        adapted = self._session.classifier.adapted
        without = frozenset() if adapted is None else frozenset(adapted.empty_classes)
        if without != self._without_example:
            self._without_example = without
            self._show_anew()

    def _show_anew(self) -> None:
        if self._n_shown:
            self.dataChanged.emit(self.index(0), self.index(self._n_shown - 1))


class ClassDelegate(QStyledItemDelegate):
    """Paints a class: its key on its colour, the name, the counts, a button for its menu."""

    def __init__(self, theme: Theme, parent: QObject) -> None:
        super().__init__(parent)
        self._theme = theme
        self.drop_place = -1  # Where dragged images would land.
        self.gap_place = -1  # Before which class a dragged one would be put.

    def set_theme(self, theme: Theme) -> None:
        """Paint in these colours from now on."""
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model, theme, flags = index.model(), self._theme, QStyle.StateFlag
        assert isinstance(model, ClassModel)
        item = model.class_at(index.row())
        row: QRect = option.rect
        state: QStyle.StateFlag = option.state
        font: QFont = option.font
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(row.adjusted(GAP_PX, 1, -GAP_PX, -1))
        hovered = bool(state & flags.State_MouseOver)
        is_current = bool(state & flags.State_Selected)
        if index.row() == self.drop_place:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(QColor(theme.accent_soft))
            painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), 6, 6)
        elif hovered or is_current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.hover))
            painter.drawRoundedRect(card, 6, 6)
        if state & flags.State_HasFocus:
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), 6, 6)
        key = QRect(row.left() + 2 * GAP_PX, 0, _KEY_PX, _KEY_PX)
        key.moveTop(row.center().y() - _KEY_PX // 2 + 1)
        bold = QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        is_class = model.is_class(index)
        if is_class:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(item.colour))
            painter.drawRoundedRect(key, 6, 6)
        else:  # Apart from the classes: under a line, and without a colour.
            painter.setPen(QPen(QColor(theme.border), 1))
            edge = row.adjusted(2 * GAP_PX, 0, -2 * GAP_PX, 0)
            painter.drawLine(edge.topLeft(), edge.topRight())
            painter.setPen(QPen(QColor(theme.muted), 1.5, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(key).adjusted(1, 1, -1, -1), 6, 6)
        if item.hotkey is not None:
            painter.setPen(QColor(text_on(item.colour) if is_class else theme.muted))
            painter.setFont(bold)
            painter.drawText(key, Qt.AlignmentFlag.AlignCenter, item.key)
        words = QRect(key.right() + 1 + GAP_PX + 4, row.top(), 0, row.height())
        words.setRight(row.right() - GAP_PX - _MORE_PX - 4)
        metrics = QFontMetrics(bold)
        name = metrics.elidedText(item.name, Qt.TextElideMode.ElideRight, words.width())
        middle = row.center().y() + 1
        line = QRect(words.left(), middle - metrics.height(), words.width(), metrics.height())
        painter.setFont(bold)
        painter.setPen(QColor(theme.text if is_class else theme.muted))
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, name)
        small = QFont(font)
        small.setPointSizeF(max(7.0, font.pointSizeF() - 0.5))
        if not (hovered or is_current or item.note):
            line.setRight(row.right() - GAP_PX)  # The room of the menu's button is free.
        counts = QFontMetrics(small).elidedText(
            model.counts_text(item), Qt.TextElideMode.ElideRight, line.width()
        )
        painter.setFont(small)
        painter.setPen(QColor(theme.muted))
        line.moveTop(middle + 1)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, counts)
        if item.note and not (hovered or is_current):
            place = more_rect(row)
            widget_: QWidget = option.widget
            ratio = widget_.devicePixelRatioF() if widget_ is not None else 1.0
            painter.drawPixmap(
                place.center() - QPoint(7, 7), pixmap("note", theme.muted, 16, ratio)
            )
        self._paint_gap(painter, row, index.row())
        if hovered or is_current:
            place = more_rect(row)
            widget: QWidget = option.widget
            ratio = widget.devicePixelRatioF() if widget is not None else 1.0
            painter.drawPixmap(
                place.center() - QPoint(9, 9), pixmap("more", theme.muted, 20, ratio)
            )
        painter.restore()

    def _paint_gap(self, painter: QPainter, row: QRect, place: int) -> None:
        """A line where a dragged class would be put."""
        if self.gap_place not in (place, place + 1):
            return
        painter.setPen(QPen(QColor(self._theme.accent), 3))
        y = row.top() if self.gap_place == place else row.bottom() + 1
        painter.drawLine(row.left() + GAP_PX, y, row.right() - GAP_PX, y)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: _Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(80)
        return editor

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: _Index
    ) -> None:
        row: QRect = option.rect
        editor.setGeometry(row.adjusted(2 * GAP_PX + _KEY_PX + 4, 7, -2 * GAP_PX, -7))

    def setEditorData(self, editor: QWidget, index: _Index) -> None:
        # Once only: Qt asks again whenever the counts change, and would wipe out what was typed.
        assert isinstance(editor, QLineEdit)
        if not editor.property("is_filled"):
            editor.setProperty("is_filled", True)
            editor.setText(index.data(Qt.ItemDataRole.EditRole))

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: _Index) -> None:
        # Not the default, which would write an unchanged name once more when the list loses focus.
        assert isinstance(editor, QLineEdit)
        if editor.text().strip() and editor.text() != index.data(Qt.ItemDataRole.EditRole):
            model.setData(index, editor.text())


class ClassList(QListView):
    """The classes.

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
        self.viewport().update()

    def sizeHint(self) -> QSize:
        # As tall as its classes, so that the field for a new one follows the last of them.
        return QSize(240, self.model().rowCount() * _ROW_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, min(self.model().rowCount(), 3) * _ROW_PX)

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
        had_focus = editor.hasFocus()
        super().commitData(editor)
        if had_focus:
            self.setFocus(Qt.FocusReason.OtherFocusReason)

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


def more_rect(row: QRect) -> QRect:
    """Where the button for a class's menu lies in its row."""
    return QRect(row.right() - GAP_PX - _MORE_PX, row.top(), _MORE_PX, row.height())

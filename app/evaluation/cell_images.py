"""The images behind a cell of the confusion matrix, where a class's key puts a label right."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
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
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListView,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.evaluation.figures import Figures
from app.evaluation.section import words
from app.gallery.gallery_model import percent_text, plain_tip
from app.gallery.thumbnails import Thumbnails
from app.look.icons import pixmap, swatch
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import ClassId, ImageId

_Index = QModelIndex | QPersistentModelIndex
_SIDE_PX: Final = 112
_PAD_PX: Final = 6
_MOST_WANTED: Final = 60  # Thumbnails asked for at once, from the first that is on screen.


class CellModel(QAbstractListModel):
    """Some images, in the order given."""

    def __init__(self, session: Session, figures: Figures, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._figures = figures
        self.images: list[ImageId] = []
        self.label: ClassId | None = None  # That of all of them when they were judged.
        session.rows_changed.connect(self._on_rows_changed)

    def show_images(self, images: list[ImageId], label: ClassId | None) -> None:
        """Hold these instead."""
        self.beginResetModel()
        self.images, self.label = images, label
        self.endResetModel()

    def is_settled(self, place: int) -> bool:
        """Whether it has another label than the one that it was judged with."""
        table = self._session.table
        return table.label(table.row_of(self.images[place])) != self.label

    def caption(self, place: int) -> str:
        """What stands below an image: its new label, or how sure the model was."""
        image = self.images[place]
        if not self.is_settled(place):
            return percent_text(self._figures.confidence(image))
        table = self._session.table
        label = table.label(table.row_of(image))
        if not label or label == NO_CLASS:
            return self.tr("label removed")
        return self._figures.class_name(ClassId(int(label)))

    # --- Qt's questions ---------------------------------------------------------------------------

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.images)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self.images):
            return None
        table = self._session.table
        row = table.row_of(self.images[index.row()])
        if row < 0:
            return None
        name, caption = table.names[row], self.caption(index.row())
        if not self.is_settled(index.row()):
            pattern = self.tr("{name}: confidence {label}")
        elif table.label(row) == NO_CLASS:
            pattern = self.tr("{name}: {label}")
        else:
            pattern = self.tr("{name}: labelled {label} now")
        text = pattern.format(name=name, label=caption)
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return text
        return None

    def _on_rows_changed(self, _rows: object) -> None:
        if self.images:
            self.dataChanged.emit(self.index(0), self.index(len(self.images) - 1))


class CellImages(QWidget):
    """The images of one cell, with what can be done about them.

    Signals:
        image_requested: one image to see large.
        images_requested: images to look at in the gallery.
        left: the keyboard goes back to the matrix.
    """

    image_requested = Signal(int)
    images_requested = Signal(object)
    left = Signal()

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        figures: Figures,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self.model = CellModel(session, figures, self)
        self.title = words("", "section")
        self.hint = words("", "muted")
        self.view = _ImageList(self)
        self.view.setModel(self.model)
        self._delegate = _PictureDelegate(session, self.model, thumbnails, theme, self.view)
        self.view.setItemDelegate(self._delegate)
        self.gallery_button = QPushButton(self.tr("Show in Gallery"))
        self.gallery_button.setToolTip(self.tr("Show these images among all (G)"))
        self.gallery_button.clicked.connect(self.show_in_gallery)
        row = QHBoxLayout()
        row.setSpacing(GAP_PX)
        row.addWidget(self.title, 1)
        row.addWidget(self.gallery_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        column.setSpacing(GAP_PX)
        column.addLayout(row)
        column.addWidget(self.hint)
        self._body = QStackedWidget()
        self.emptiness = words("", "muted")
        self.emptiness.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._body.addWidget(self.view)
        self._body.addWidget(self.emptiness)
        column.addWidget(self._body, 1)
        self.view.opened.connect(self._on_opened)
        self.view.left.connect(self._on_left)
        self.view.gallery_requested.connect(self.show_in_gallery)
        self.view.verticalScrollBar().valueChanged.connect(self.want_pictures)
        thumbnails.arrived.connect(self.view.viewport().update)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._delegate.theme = theme
        self.view.viewport().update()

    def show_cell(self, title: str, images: list[ImageId], label: ClassId | None) -> None:
        """Show a cell's images; the one with the keyboard's attention keeps it, if it is there."""
        place = self.view.currentIndex().row()
        current = self.model.images[place] if 0 <= place < len(self.model.images) else None
        had_focus = self.view.hasFocus()
        self.title.setText(title)
        if (images, label) != (self.model.images, self.model.label):
            self.model.show_images(images, label)
            if current in images:
                place = images.index(current)
            elif not had_focus:
                place = 0
            # Nothing is selected unasked: what is selected is what a class's key labels.
            self._go_to(max(0, min(place, len(images) - 1)), select=had_focus)
        if not images and (had_focus or self.gallery_button.hasFocus()):
            self.left.emit()  # Before they are hidden, else Qt would choose who is next.
        self._body.setCurrentIndex(0 if images else 1)
        self.gallery_button.setVisible(bool(images))
        self.hint.setVisible(bool(images))
        self.hint.setText(
            self.tr(
                "A class’s key labels the selected images at once; Enter shows one large, Esc "
                "goes back to the matrix."
            )
        )
        self.emptiness.setText(
            self.tr("No held-out image was taken so.\nThe arrow keys choose another cell.")
        )
        self.want_pictures()

    def texts(self) -> list[str]:
        """All that is said, in order."""
        said = self.hint if self.model.images else self.emptiness
        return [self.title.text(), said.text()]

    def current_image(self) -> ImageId | None:
        """The image with the keyboard's attention; None where it is elsewhere."""
        place = self.view.currentIndex().row()
        if not self.view.hasFocus() or not 0 <= place < len(self.model.images):
            return None
        return self.model.images[place]

    def take_class(self, class_id: ClassId) -> bool:
        """Label the selected images and go on to the next that is not settled."""
        chosen = sorted(index.row() for index in self.view.selectedIndexes())
        if not chosen:
            return False
        images = [self.model.images[place] for place in chosen]
        is_changed = self._session.label(images, class_id)
        n_images = len(self.model.images)
        following = [*range(chosen[-1] + 1, n_images), *range(chosen[0])]
        due = [place for place in following if not self.model.is_settled(place)]
        if due:
            self._go_to(due[0])
        return is_changed

    def begin(self) -> bool:
        """Give the images the keyboard's attention; False where there are none."""
        if not self.model.images:
            return False
        self._go_to(max(0, self.view.currentIndex().row()))
        self.view.setFocus()
        return True

    def show_in_gallery(self) -> None:
        """Ask for these images among all."""
        if self.model.images:
            self.images_requested.emit(list(self.model.images))

    def want_pictures(self) -> None:
        """Ask for the thumbnails that are on screen, and some below."""
        if not self.isVisible():
            return
        first = max(0, self.view.indexAt(QPoint(_SIDE_PX // 2, _SIDE_PX // 2)).row())
        table = self._session.table
        wanted = self.model.images[first : first + _MOST_WANTED]
        rows = [table.row_of(image) for image in wanted]
        self._thumbnails.want_too([row for row in rows if row >= 0])

    def _go_to(self, place: int, *, select: bool = True) -> None:
        index, flags = self.model.index(place), QItemSelectionModel.SelectionFlag
        if index.isValid():
            flag = flags.ClearAndSelect if select else flags.NoUpdate
            self.view.selectionModel().setCurrentIndex(index, flag)
            self.view.scrollTo(index)

    def _on_left(self) -> None:
        self.view.clearSelection()
        self.left.emit()

    def _on_opened(self, place: int) -> None:
        self.image_requested.emit(int(self.model.images[place]))


class _ImageList(QListView):
    """Pictures in lines.

    Signals:
        opened: the place of an image.
        left: Esc.
        gallery_requested: the person wants to see them in the gallery.
    """

    opened = Signal(int)
    left = Signal()
    gallery_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("cell-images")
        self.setAccessibleName(self.tr("Images behind the cell"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setMovement(QListView.Movement.Static)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.doubleClicked.connect(self._on_double_clicked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, is_plain = event.key(), event.modifiers() == Qt.KeyboardModifier.NoModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex().row())
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key == Qt.Key.Key_G and is_plain:
            self.gallery_requested.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters and digits are keys, not a search by name."""

    def _on_double_clicked(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())


class _PictureDelegate(QStyledItemDelegate):
    """Paints a thumbnail with its caption; a new label with a tick and the class's colour."""

    def __init__(
        self,
        session: Session,
        model: CellModel,
        thumbnails: Thumbnails,
        theme: Theme,
        view: QWidget,
    ) -> None:
        super().__init__(view)
        self._session = session
        self._model = model
        self._thumbnails = thumbnails
        self._view = view
        self.theme = theme

    def cell_size(self) -> QSize:
        """The room for one image."""
        caption = self._view.fontMetrics().height()
        return QSize(_SIDE_PX + 4 * _PAD_PX, _SIDE_PX + caption + 5 * _PAD_PX)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return self.cell_size()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        theme, flags = self.theme, QStyle.StateFlag
        state: QStyle.StateFlag = option.state
        card: QRect = option.rect.adjusted(_PAD_PX // 2, _PAD_PX // 2, -_PAD_PX // 2, -_PAD_PX // 2)
        is_selected = bool(state & flags.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(
            QPen(QColor(theme.accent if is_selected else theme.border), 2 if is_selected else 1)
        )
        painter.setBrush(QColor(theme.accent_soft if is_selected else theme.surface))
        painter.drawRoundedRect(QRectF(card).adjusted(1, 1, -1, -1), 8, 8)
        if state & flags.State_HasFocus:
            painter.setPen(QPen(QColor(theme.text), 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(card).adjusted(3.5, 3.5, -3.5, -3.5), 6, 6)
        box = QRect(0, 0, _SIDE_PX, _SIDE_PX)
        box.moveTop(card.top() + _PAD_PX + 1)
        box.moveLeft(card.center().x() - _SIDE_PX // 2)
        self._paint_picture(painter, box, self._model.images[index.row()])
        line = QRect(box.left(), box.bottom() + _PAD_PX, box.width(), card.bottom() - box.bottom())
        self._paint_caption(painter, line, index.row(), option.font)
        painter.restore()

    def _paint_picture(self, painter: QPainter, box: QRect, image: ImageId) -> None:
        pixels = self._thumbnails.pixmap(image)
        if pixels is None or pixels.isNull():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.sunken))
            painter.drawRoundedRect(box, 4, 4)
            return
        size = pixels.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(box.center())
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(target), 4, 4)
        painter.save()
        painter.setClipPath(rounded)
        painter.drawPixmap(target, pixels)
        painter.restore()

    def _paint_caption(self, painter: QPainter, line: QRect, place: int, font: QFont) -> None:
        theme, text = self.theme, self._model.caption(place)
        line = QRect(line.left(), line.top(), line.width(), self._view.fontMetrics().height())
        painter.setFont(font)
        left = line.left()
        if self._model.is_settled(place):
            table = self._session.table
            label = self._session.image_class(
                int(table.label(table.row_of(self._model.images[place])) or NO_CLASS)
            )
            ratio = self._view.devicePixelRatioF()
            painter.drawPixmap(left, line.center().y() - 7, pixmap("tick", theme.text, 14, ratio))
            left += 18
            if label is not None:
                dot = swatch(label.colour).pixmap(QSize(14, 14), ratio)
                painter.drawPixmap(left, line.center().y() - 7, dot)
                left += 18
        words_box = line.adjusted(left - line.left(), 0, 0, 0)
        metrics = painter.fontMetrics()
        painter.setPen(QColor(theme.text))
        short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, words_box.width())
        painter.drawText(words_box, Qt.AlignmentFlag.AlignVCenter, short)

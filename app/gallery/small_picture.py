"""A thumbnail as a widget of its own, outside the gallery."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.gallery.gallery_model import plain_tip
from app.gallery.thumbnails import Thumbnails
from app.look.theme import Theme
from app.session.session import Session
from engine.messages import ImageId


class SmallPicture(QWidget):
    """Paints one image's thumbnail; a click or Enter asks to see it large.

    Signals:
        opened: the number of the image.
    """

    opened = Signal(int)

    def __init__(
        self,
        image_id: ImageId,
        side_px: int,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.image_id = image_id
        self._side_px = side_px
        self._thumbnails = thumbnails
        self._theme = theme
        self.setFixedSize(QSize(side_px, side_px))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = session.table.row_of(image_id)
        name = session.table.names[row] if row >= 0 else ""
        label = session.image_class(int(session.table.labels[row])) if row >= 0 else None
        if label is not None:
            name += "\n" + self.tr("Labelled {name}").format(name=label.name)
        self.setAccessibleName(name)
        self.setToolTip(plain_tip(name))
        thumbnails.arrived.connect(self._on_thumbnail)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.sunken))
        painter.drawRoundedRect(box, 4, 4)
        pixels = self._thumbnails.pixmap(self.image_id)
        if pixels is not None and not pixels.isNull():
            size = pixels.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            target = QRect(0, 0, size.width(), size.height())
            target.moveCenter(self.rect().center())
            rounded = QPainterPath()
            rounded.addRoundedRect(box, 4, 4)
            painter.setClipPath(rounded)
            painter.drawPixmap(target, pixels)
            painter.setClipping(False)
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 4, 4)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(int(self.image_id))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(int(self.image_id))
        else:
            super().keyPressEvent(event)

    def _on_thumbnail(self, image_id: int) -> None:
        if image_id == self.image_id:
            self.update()

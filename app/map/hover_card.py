"""What a point of the map is: its picture, name and state, beside the pointer."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from app.gallery.gallery_model import capitalised
from app.gallery.thumbnails import Thumbnails
from app.look.theme import GAP_PX
from app.session.session import Session

_SIDE_PX: Final = 144
_AWAY_PX: Final = 16  # From the point.


class HoverCard(QFrame):
    """Lies over the map and lets the mouse through."""

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._page = parent
        self._session = session
        self._thumbnails = thumbnails
        self._row = -1
        self._picture, self._name, self._state = QLabel(), QLabel(), QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._picture.setFixedSize(QSize(_SIDE_PX, _SIDE_PX))
        self._name.setObjectName("section")
        self._state.setObjectName("muted")
        self._state.setWordWrap(True)
        for label in (self._name, self._state):
            label.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(GAP_PX, GAP_PX, GAP_PX, GAP_PX)
        column.setSpacing(GAP_PX // 2)
        for label in (self._picture, self._name, self._state):
            column.addWidget(label)
        thumbnails.arrived.connect(self._on_thumbnail)
        self.hide()

    @property
    def row(self) -> int:
        """The row that is shown, -1 for none."""
        return self._row

    def show_row(self, row: int, state: str, place: QPointF) -> None:
        """Show an image.

        Args:
            row: its row in the table.
            state: label or prediction in words.
            place: its point, in the coordinates of the parent.
        """
        if row != self._row:
            self._row = row
            self._thumbnails.want_too([row])
            self._show_picture()
        name = self._session.table.names[row].rpartition("/")[2]
        metrics = self._name.fontMetrics()
        self._name.setText(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, _SIDE_PX))
        self._state.setText(capitalised(state))
        self._state.setFixedWidth(_SIDE_PX)
        self.adjustSize()
        self._put_beside(place)
        self.show()
        self.raise_()

    def clear(self) -> None:
        """Show nothing."""
        if self._row >= 0:
            self._row = -1
            self._thumbnails.want_too([])
        self.hide()

    def _put_beside(self, place: QPointF) -> None:
        """To the right and below where there is room, else on the other side."""
        room, size = self._page.size(), self.size()
        x, y = round(place.x()) + _AWAY_PX, round(place.y()) + _AWAY_PX
        if x + size.width() > room.width():
            x = round(place.x()) - _AWAY_PX - size.width()
        if y + size.height() > room.height():
            y = round(place.y()) - _AWAY_PX - size.height()
        self.move(max(0, min(x, room.width() - size.width())), max(0, y))

    def _show_picture(self) -> None:
        pixels = self._thumbnails.pixmap(self._session.table.image_id(self._row))
        if pixels is None or pixels.isNull():
            self._picture.clear()
            return
        scale = self.devicePixelRatioF()
        shown = pixels.scaled(
            QSize(_SIDE_PX, _SIDE_PX) * scale,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown.setDevicePixelRatio(scale)
        self._picture.setPixmap(shown)

    def _on_thumbnail(self, image_id: int) -> None:
        if self._row >= 0 and self._session.table.row_of(image_id) == self._row:
            self._show_picture()

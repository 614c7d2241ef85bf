"""One image as large as there is room for: the thumbnail at once, the sharp picture as it comes."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from app.gallery.thumbnails import Thumbnails
from app.look.icons import pixmap
from app.look.theme import Theme
from app.preview.image_view import ImageView
from app.session.session import Session
from engine import messages

_SIDE_PX: Final = 2560  # Enough for most screens.
_COALESCE_MS: Final = 40  # While keys follow each other fast, only the last image is decoded.


class LargePicture(QWidget):
    """Shows an image by its row, or why it cannot be read.

    Signals:
        failed: the number of the image that cannot be shown; a page may go on to another one.
    """

    failed = Signal(int)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._thumbnails = thumbnails
        self._row = -1
        self._request_id = 0
        self._is_sharp = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_COALESCE_MS)
        self._timer.timeout.connect(self._load)
        self.view = ImageView()
        self._broken, self._reason = QLabel(), QLabel()
        self._reason.setObjectName("error")
        self._reason.setWordWrap(True)
        message = QWidget()
        column = QVBoxLayout(message)
        column.addStretch(1)
        for label in (self._broken, self._reason):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addStretch(1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.view)
        self._stack.addWidget(message)
        thumbnails.arrived.connect(self._on_thumbnail)
        session.project_changed.connect(self.clear)
        self.set_theme(theme)

    @property
    def row(self) -> int:
        """The row that is shown, -1 for none."""
        return self._row

    @property
    def is_broken(self) -> bool:
        """Whether it says why the image cannot be read."""
        return self._stack.currentIndex() == 1

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._broken.setPixmap(pixmap("image-broken", theme.error, 48, self.devicePixelRatioF()))

    def show_row(self, row: int, following: list[int]) -> None:
        """Show an image.

        Args:
            row: its row in the table.
            following: rows that will probably be shown next; their thumbnails are fetched.
        """
        if row == self._row:
            return
        self._row, self._is_sharp = row, False
        self._stack.setCurrentIndex(0)
        self.view.clear()
        self._show_thumbnail()
        self._thumbnails.want_too([row, *following])
        self._timer.start()

    def clear(self) -> None:
        """Show nothing."""
        self._timer.stop()
        self._session.bridge.release(self._request_id)
        self._row, self._request_id = -1, 0
        self.view.clear()

    def _show_thumbnail(self) -> None:
        small = self._thumbnails.pixmap(self._session.table.image_id(self._row))
        if small is not None and not small.isNull():
            times = max(1, 2048 // max(small.width(), small.height()))
            self.view.show_pixmap(small, small.width() * times, small.height() * times)
            self.view.fit()

    def _on_thumbnail(self, image_id: int) -> None:
        is_mine = self._row >= 0 and self._session.table.row_of(image_id) == self._row
        if is_mine and not self._is_sharp:
            self._show_thumbnail()

    def _load(self) -> None:
        bridge = self._session.bridge
        bridge.release(self._request_id)
        self._request_id = bridge.next_id()
        image = self._session.table.ref(self._row)
        command = messages.LoadPreview(self._request_id, image, _SIDE_PX)
        bridge.ask(command, self._on_event)

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.PreviewReady():
                self._is_sharp = True
                self._stack.setCurrentIndex(0)
                self.view.show_array(event.pixels, event.width_px, event.height_px)
            case messages.ImageUnreadable():
                self._session.reader.on_read(event)
                self._fail(event.reason)
            case messages.JobFailed():
                self._fail(event.message)
            case _:
                pass

    def _fail(self, reason: str) -> None:
        self.view.clear()
        self._reason.setText(reason)
        self._stack.setCurrentIndex(1)
        self.failed.emit(int(self._session.table.image_id(self._row)))

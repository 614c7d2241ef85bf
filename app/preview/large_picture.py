"""One image as large as there is room for: the thumbnail at once, the sharp picture as it comes."""

from __future__ import annotations

from collections import OrderedDict
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
_N_KEPT: Final = 3  # The image on screen, the next one, and the one before: 20 MB each at most.


class LargePicture(QWidget):
    """Shows an image by its row, or why it cannot be read.

    Once it is there, the one that will probably be shown next is decoded ahead.

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
        self._asked_row = -1  # What is being decoded.
        self._next_row = -1  # What will probably be shown next.
        self._is_sharp = False
        self._kept: OrderedDict[int, messages.PreviewReady] = OrderedDict()  # By row.
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
            following: rows that will probably be shown next; their thumbnails are fetched, and
                the first of them is decoded once the image itself is there.
        """
        next_row = following[0] if following else -1
        if row == self._row:
            if next_row != self._next_row:
                self._next_row = next_row
                self._look_ahead()
            return
        self._row, self._next_row, self._is_sharp = row, next_row, False
        self._stack.setCurrentIndex(0)
        self.view.clear()
        self._thumbnails.want_too([row, *following])
        kept = self._kept.get(row)
        if kept is not None:
            self._kept.move_to_end(row)
            self._timer.stop()
            self._show_sharp(kept)
            return
        self._show_thumbnail()
        if self._asked_row != row:  # Else it is on its way already.
            self._timer.start()

    def clear(self) -> None:
        """Show nothing."""
        self._timer.stop()
        self._session.bridge.release(self._request_id)
        self._row = self._asked_row = self._next_row = -1
        self._request_id = 0
        self._kept.clear()
        self.view.clear()

    def is_ahead(self, row: int) -> bool:
        """Whether an image is decoded already."""
        return row in self._kept

    def _show_sharp(self, event: messages.PreviewReady) -> None:
        self._is_sharp = True
        self._stack.setCurrentIndex(0)
        self.view.show_array(event.pixels, event.width_px, event.height_px)
        self._look_ahead()

    def _look_ahead(self) -> None:
        row = self._next_row
        if self._is_sharp and row >= 0 and row not in self._kept and row != self._asked_row:
            self._ask(row)

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
        self._ask(self._row)

    def _ask(self, row: int) -> None:
        bridge = self._session.bridge
        bridge.release(self._request_id)
        self._request_id, self._asked_row = bridge.next_id(), row
        image = self._session.table.ref(row)
        command = messages.LoadPreview(self._request_id, image, _SIDE_PX)
        bridge.ask(command, self._on_event)

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.PreviewReady():
                row, self._asked_row = self._asked_row, -1
                self._kept[row] = event
                while len(self._kept) > _N_KEPT:
                    self._kept.popitem(last=False)
                if row == self._row:
                    self._show_sharp(event)
            case messages.ImageUnreadable():
                self._session.reader.on_read(event)
                self._fail(event.reason)
            case messages.JobFailed():
                self._fail(event.message)
            case messages.JobFinished() | messages.JobCancelled():
                self._asked_row = -1
            case _:
                pass

    def _fail(self, reason: str) -> None:
        row, self._asked_row = self._asked_row, -1
        if row != self._row:
            return  # It was to be looked at later; why it cannot be is told then.
        self.view.clear()
        self._reason.setText(reason)
        self._stack.setCurrentIndex(1)
        self.failed.emit(int(self._session.table.image_id(self._row)))

"""Thumbnails: asks the engine for what is on screen first, keeps a bounded number of pixels."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImageReader, QPixmap

from app.session.session import Session
from engine import messages
from engine.messages import ImageId

MEMORY_BYTES: Final = 256 * 1024 * 1024
_COALESCE_MS: Final = 30


class Thumbnails(QObject):
    """The pixels of the tiles, scaled to the tile's size when they arrive.

    Signals:
        arrived: the number of an image whose thumbnail can be painted now.
    """

    arrived = Signal(int)

    def __init__(self, session: Session, parent: QObject, memory_bytes: int = MEMORY_BYTES) -> None:
        super().__init__(parent)
        self._session = session
        self._memory_bytes = memory_bytes
        self._used_bytes = 0
        self._side_px = 0
        self._kept: OrderedDict[int, _Kept] = OrderedDict()
        self._wanted: tuple[int, ...] = ()
        self._wanted_first: tuple[int, ...] = ()
        self._asked: tuple[int, ...] = ()
        self._due: set[int] = set()  # All that is wanted.
        self._request_id = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_COALESCE_MS)
        self._timer.timeout.connect(self._ask)
        session.project_changed.connect(self.clear)
        session.rows_changed.connect(self._on_rows_changed)

    @property
    def used_bytes(self) -> int:
        """Memory held by the thumbnails."""
        return self._used_bytes

    def pixmap(self, image_id: ImageId) -> QPixmap | None:
        """The thumbnail, None while it is on its way."""
        kept = self._kept.get(image_id)
        if kept is None:
            return None
        self._kept.move_to_end(image_id)
        return kept.pixels

    def set_side(self, side_px: int) -> None:
        """The side of the tiles in device pixels; smaller thumbnails are fetched again."""
        self._side_px = side_px

    def want(self, rows: list[int]) -> None:
        """Fetch the thumbnails of these rows, in this order; replaces what was wanted before."""
        self._wanted = tuple(rows)
        self._due = {*self._wanted, *self._wanted_first}
        if not self._timer.isActive():
            self._timer.start()

    def want_too(self, rows: list[int]) -> None:
        """Fetch the thumbnails of these rows before what is wanted, now and later.

        The gallery wants others whenever it is arranged anew, also while another page is shown.
        """
        self._wanted_first = tuple(dict.fromkeys(rows))
        self._due = {*self._wanted, *self._wanted_first}
        if not self._timer.isActive():
            self._timer.start()

    def clear(self) -> None:
        """Forget everything; another project is open."""
        self._timer.stop()
        self._kept.clear()
        self._used_bytes = 0
        self._wanted = self._wanted_first = self._asked = ()
        self._due = set()
        self._request_id = 0

    def forget(self, image_id: ImageId) -> None:
        """The file changed."""
        kept = self._kept.pop(image_id, None)
        if kept is not None:
            self._used_bytes -= kept.n_bytes

    def _on_rows_changed(self) -> None:
        """Files may have changed under their names; what is on screen is asked for again."""
        if self._due and not self._timer.isActive():
            self._timer.start()

    def _ask(self) -> None:
        table = self._session.table
        due = tuple(
            row
            for row in dict.fromkeys((*self._wanted_first, *self._wanted))
            if row < table.n_rows and not table.unreadable[row] and not self._has(row)
        )
        if not due or (self._request_id and due == self._asked):
            return
        self._asked = due
        # The engine drops the older list by itself; thumbnails already on their way still count.
        bridge = self._session.bridge
        self._request_id = bridge.next_id()
        refs = tuple(table.ref(row) for row in due)
        bridge.ask(messages.LoadThumbnails(self._request_id, refs), self._on_event, bulk=True)

    def _has(self, row: int) -> bool:
        kept = self._kept.get(self._session.table.image_id(row))
        if kept is None or kept.file != self._session.table.file_state(row):
            return False
        return kept.is_whole or kept.side_px >= self._side_px

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.ThumbnailReady():
                # Whoever scrolls fast leaves many behind: those cost no decoding any more.
                if self._session.table.row_of(event.image_id) in self._due:
                    self._keep(event.image_id, event.jpeg)
                    self.arrived.emit(event.image_id)
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self._session.reader.on_read(event)
            case messages.JobFinished() | messages.JobFailed() | messages.JobCancelled():
                self._session.bridge.release(event.request_id)
                if event.request_id == self._request_id:
                    self._request_id = 0
            case _:
                pass

    def _keep(self, image_id: ImageId, jpeg: bytes) -> None:
        buffer = QBuffer()
        buffer.setData(QByteArray(jpeg))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        reader = QImageReader(buffer, b"jpeg")
        size = reader.size()
        side_px = self._side_px or max(size.width(), size.height())
        is_whole = max(size.width(), size.height()) <= side_px
        if size.isValid() and not is_whole:
            # libjpeg shrinks while decoding: less work and less memory than scaling afterwards.
            reader.setScaledSize(
                size.scaled(QSize(side_px, side_px), Qt.AspectRatioMode.KeepAspectRatio)
            )
        image = reader.read()
        buffer.close()
        self.forget(image_id)
        row = self._session.table.row_of(image_id)
        state = self._session.table.file_state(row)
        kept = _Kept(QPixmap.fromImage(image), side_px, is_whole, state)
        self._kept[image_id] = kept
        self._used_bytes += kept.n_bytes
        while self._used_bytes > self._memory_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._used_bytes -= oldest.n_bytes


class _Kept:
    __slots__ = ("file", "is_whole", "n_bytes", "pixels", "side_px")

    def __init__(
        self, pixels: QPixmap, side_px: int, is_whole: bool, file: tuple[int, int]
    ) -> None:
        self.pixels = pixels
        self.file = file  # What the file was like; another asks for another picture.
        self.side_px = side_px
        self.is_whole = is_whole  # Not scaled down: there is no more to be had.
        self.n_bytes = pixels.width() * pixels.height() * 4

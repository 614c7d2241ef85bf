"""A strip of a project's pictures, to know it by on the start page."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPixmap

from app.gallery.thumbnails import Thumbnails
from app.session.image_table import NO_CLASS
from app.session.session import Session

N_PICTURES: Final = 4
SIDE_PX: Final = 40
GAP_PX: Final = 4
_RATIO: Final = 2  # Kept at two pixels a point, for dense screens.
_SOME_MS: Final = 3000
_LOOKED_THROUGH: Final = 2000
_log = logging.getLogger(__name__)


def cover_path(folder: Path, project: Path) -> Path:
    """Where the strip of ``project`` is kept; it need not exist."""
    text = str(project).encode("utf-8", "surrogatepass")
    return folder / f"{hashlib.blake2b(text, digest_size=8).hexdigest()}.png"


class Covers(QObject):
    """Makes the strip of the open project from thumbnails that are there already.

    It is made once some seconds after the first pictures came, and again by :meth:`keep`: then
    there are labels, and the strip shows one picture of each class.
    """

    def __init__(self, session: Session, thumbnails: Thumbnails, folder: Path, parent: QObject):
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self.folder = folder
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SOME_MS)
        self._timer.timeout.connect(self.keep)
        self._is_begun = False
        thumbnails.arrived.connect(self._on_arrived)
        session.project_changed.connect(self._on_project_changed)

    def keep(self) -> None:
        """Make the strip of the open project; leave an older one where there is nothing to show."""
        project = self._session.project
        pictures = [] if project is None else self._pictures()
        if project is None or not pictures:
            return
        path = cover_path(self.folder, project.path)
        part = path.with_suffix(".part.png")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if strip_of(pictures).save(str(part)):
                os.replace(part, path)
        except OSError as error:
            _log.warning("no strip was kept for %s: %s", project.path, error)

    def _on_arrived(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            self._timer.start()

    def _on_project_changed(self) -> None:
        self._timer.stop()
        self._is_begun = False

    def _pictures(self) -> list[QPixmap]:
        """One of each class first, then whatever comes first by name."""
        table = self._session.table
        rows = table.by_name()
        rows = rows[~table.missing[rows]]
        labels = table.labels[rows]
        chosen: list[int] = []
        for item in self._session.classes:
            of_class = rows[labels == item.class_id][:_LOOKED_THROUGH].tolist()
            chosen += [row for row in of_class if self._has(row)][:1]
        others = rows[labels == NO_CLASS][:_LOOKED_THROUGH].tolist()
        chosen += [row for row in others if self._has(row)][:N_PICTURES]
        found = [self._thumbnails.pixmap(table.image_id(row)) for row in chosen[:N_PICTURES]]
        return [pixels for pixels in found if pixels is not None]

    def _has(self, row: int) -> bool:
        pixels = self._thumbnails.pixmap(self._session.table.image_id(row))
        return pixels is not None and not pixels.isNull()


def strip_of(pictures: list[QPixmap]) -> QImage:
    """Up to four pictures side by side, cut to squares."""
    side, gap = SIDE_PX * _RATIO, GAP_PX * _RATIO
    strip = QImage(
        N_PICTURES * side + (N_PICTURES - 1) * gap, side, QImage.Format.Format_ARGB32_Premultiplied
    )
    strip.fill(Qt.GlobalColor.transparent)
    painter = QPainter(strip)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for place, pixels in enumerate(pictures[:N_PICTURES]):
        short = min(pixels.width(), pixels.height())
        cut = QRect(0, 0, short, short)
        cut.moveCenter(pixels.rect().center())
        box = QRect(place * (side + gap), 0, side, side)
        rounded = QPainterPath()
        rounded.addRoundedRect(QRectF(box), 4 * _RATIO, 4 * _RATIO)
        painter.setClipPath(rounded)
        painter.drawPixmap(box, pixels, cut)
    painter.end()
    return strip

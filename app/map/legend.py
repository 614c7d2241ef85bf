"""What colours and signs of the map mean; an entry selects the points that it stands for."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from PySide6.QtCore import QLocale, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QIcon,
    QImage,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from app.look.theme import GAP_PX, Theme
from app.map.looks import ramp
from app.map.sprites import Sign, mask, rgb

_SIGN_PX: Final = 16
_RADIUS_PX: Final = 5.0
_RAMP_PX: Final = QSize(96, 10)


class Entry(NamedTuple):
    """One sign, its colour, what it means, and on how many points it is."""

    sign: Sign
    colour: str
    text: str
    n_points: int


class Legend(QWidget):
    """A line of entries, with a ramp in front where colours are confidences.

    Signals:
        chosen: the sign of an entry that was clicked.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Legend"))
        self._entries: tuple[Entry, ...] = ()
        self._shown: tuple[object, ...] = ()
        # It takes the lines that its width leaves it, and not the other way round.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GAP_PX // 2)
        self._columns = 0
        self._ramp = QWidget()
        low, high = QLabel(self.tr("Unsure")), QLabel(self.tr("Sure"))
        self._bar = _Ramp()
        line = QHBoxLayout(self._ramp)
        line.setContentsMargins(0, 0, GAP_PX, 0)
        line.setSpacing(GAP_PX // 2)
        for part in (low, self._bar, high):
            line.addWidget(part)
        self._ramp.hide()
        self._buttons: list[QToolButton] = []

    def show_entries(self, entries: tuple[Entry, ...], theme: Theme, *, has_ramp: bool) -> None:
        """Show these, those with a count of zero left out."""
        shown = (entries, theme.name, has_ramp)
        if shown == self._shown:
            return
        self._shown = shown
        self._ramp.setVisible(has_ramp)
        self._bar.set_colours(ramp(theme) if has_ramp else ())
        for button in self._buttons:
            button.hide()  # It goes only with the next turn of the event loop.
            button.deleteLater()
        self._buttons = []
        for entry in entries:
            if not entry.n_points:
                continue
            button = QToolButton()
            button.setObjectName("flat")
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setIconSize(QSize(_SIGN_PX, _SIGN_PX))
            button.setIcon(self._icon(entry, theme))
            button.setText(f"{entry.text}  {QLocale().toString(entry.n_points)}")
            button.setToolTip(self.tr("Select these on the map"))
            button.setProperty("sign", int(entry.sign))
            button.clicked.connect(self._on_clicked)
            self._buttons.append(button)
        self._columns = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """As many columns as there is room for."""
        parts: list[QWidget] = [*([] if self._ramp.isHidden() else [self._ramp]), *self._buttons]
        if not parts:
            return
        widths = [part.sizeHint().width() + self._grid.horizontalSpacing() for part in parts]
        columns = len(parts)
        while columns > 1 and _width(widths, columns) > self.width():
            columns -= 1
        if columns == self._columns:
            return
        self._columns = columns
        for index, part in enumerate(parts):
            self._grid.addWidget(part, index // columns, index % columns)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
        self._grid.setColumnStretch(columns, 1)

    def _on_clicked(self) -> None:
        self.chosen.emit(int(self.sender().property("sign")))

    def _icon(self, entry: Entry, theme: Theme) -> QIcon:
        """The sign as the map shows it."""
        scale = max(1.0, self.devicePixelRatioF())
        sprite = mask(entry.sign, _RADIUS_PX * scale)
        colour, ground = rgb([entry.colour, theme.sunken])
        pixels = np.empty((*sprite.shape[:2], 4), np.uint8)
        pixels[..., :3] = np.rint(ground + sprite[..., 1:2] * (colour - ground))
        pixels[..., 3] = np.rint(255 * sprite[..., 0])
        side = len(sprite)
        image = QImage(
            np.ascontiguousarray(pixels).reshape(-1).data,
            side,
            side,
            4 * side,
            QImage.Format.Format_RGBA8888,
        ).copy()
        picture = QPixmap(round(_SIGN_PX * scale), round(_SIGN_PX * scale))
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        corner = (picture.width() - side) // 2
        painter.drawImage(corner, corner, image)
        painter.end()
        picture.setDevicePixelRatio(scale)
        return QIcon(picture)


def _width(widths: list[int], columns: int) -> int:
    """Of parts in so many columns."""
    return sum(max(widths[column::columns]) for column in range(columns))


class _Ramp(QWidget):
    """A bar of colours."""

    def __init__(self) -> None:
        super().__init__()
        self._colours: tuple[str, ...] = ()
        self.setFixedSize(_RAMP_PX)

    def set_colours(self, colours: tuple[str, ...]) -> None:
        """From left to right."""
        self._colours = colours
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._colours:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gradient = QLinearGradient(0, 0, self.width(), 0)
        last = len(self._colours) - 1
        for index, colour in enumerate(self._colours):
            gradient.setColorAt(index / last, QColor(colour))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(QRectF(self.rect()), 3, 3)

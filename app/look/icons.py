"""The program's own line icons, drawn as SVG in black and coloured here for the theme."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

ICON_FOLDER: Final = Path(__file__).resolve().parents[2] / "assets" / "icons"

_SIDES_PX: Final = (16, 20, 32, 40)  # Menus and tool bars, at one and two pixels per point.


def icon(name: str, colour: str = "") -> QIcon:
    """The icon of that name in ``colour``, or in the text colours of the theme now in use.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    palette = QGuiApplication.palette()
    normal = colour or palette.color(QPalette.ColorRole.ButtonText).name()
    dimmed = palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText).name()
    made = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, normal), (QIcon.Mode.Disabled, dimmed)):
        for drawn in _drawn(name, ink, _SIDES_PX):
            made.addPixmap(QPixmap.fromImage(drawn), mode)
    return made


def pixmap(name: str, colour: str, side_px: int, pixel_ratio: float = 1.0) -> QPixmap:
    """One icon as pixels of ``side_px`` logical pixels a side."""
    (drawn,) = _drawn(name, colour, (int(side_px * pixel_ratio + 0.5),))
    pixels = QPixmap.fromImage(drawn)
    pixels.setDevicePixelRatio(pixel_ratio)
    return pixels


def swatch(colour: str) -> QIcon:
    """A class colour as the picture of a menu entry."""
    pixels = QPixmap.fromImage(_dot(colour))
    pixels.setDevicePixelRatio(2.0)
    return QIcon(pixels)


@lru_cache(maxsize=256)
def _dot(colour: str) -> QImage:
    """Every class has one in several menus, which are made anew with each new class."""
    dot = QImage(32, 32, QImage.Format.Format_ARGB32_Premultiplied)
    dot.fill(Qt.GlobalColor.transparent)
    painter = QPainter(dot)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(5, 5, 22, 22)
    painter.end()
    return dot


def application_icon() -> QIcon:
    """The program's icon, in its own colours."""
    made = QIcon()
    for drawn in _drawn("handful", "", (16, 24, 32, 48, 64, 128, 256)):
        made.addPixmap(QPixmap.fromImage(drawn))
    return made


# A window asks for hundreds, most of them several times, which was a third of its making. Images
# and not pixmaps, which must not outlive the application.
@lru_cache(maxsize=1024)
def _drawn(name: str, colour: str, sides_px: tuple[int, ...]) -> tuple[QImage, ...]:
    """One icon in several sizes; to read it takes as long as to draw one."""
    drawing = (ICON_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    if colour:
        drawing = drawing.replace("#000", colour)
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    images = []
    for side_px in sides_px:
        pixels = QImage(side_px, side_px, QImage.Format.Format_ARGB32_Premultiplied)
        pixels.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixels)
        renderer.render(painter, QRectF(pixels.rect()))
        painter.end()
        images.append(pixels)
    return tuple(images)

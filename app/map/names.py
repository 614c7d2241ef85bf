"""The names of the classes on the map: where each class is thickest, none over another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSizeF

from app.map.looks import shown_classes
from app.session.image_table import Rows
from app.session.session import Session

_CELLS: Final = 64  # A side, in which the images of a class are counted.
_EDGE: Final = 1.5  # Of the map, in which 99 in 100 images are in the circle of radius one.
_REACH: Final = 0.05  # Standard deviation of the bell about each image, of the map's width.
_FARTHEST_LINES: Final = 2  # A name stands at most so many of its heights off its place.


class Name(NamedTuple):
    """A class's name and the image that it is written at, in the coordinates of the map."""

    text: str
    colour: str
    x: float
    y: float


def class_names(session: Session, rows: Rows, positions: NDArray[np.float32]) -> list[Name]:
    """The name of each class at that image of it that most of the class is around; largest first.

    Not at the mean: between two heaps of a class there may be another class. An estimate of
    density by bells (Parzen 1962) on a grid, so that 100,000 images cost a count and two products
    of small matrices a class.

    Args:
        session: its classes, labels and predictions.
        rows: (n,) of the images on the map.
        positions: (n, 2), where these are.
    """
    if not len(rows):
        return []
    shown = shown_classes(session.table, rows)
    # The few that lie far out share the cells at the edge, so that the rest is told apart.
    low, high = np.clip([positions.min(axis=0), positions.max(axis=0)], -_EDGE, _EDGE)
    per_unit = _CELLS / np.maximum(high - low, 1e-6)
    places = np.clip((positions - low) * per_unit, 0, _CELLS - 1).astype(np.intp)
    cells = _CELLS * places[:, 1] + places[:, 0]
    apart = np.arange(_CELLS)[:, None] - np.arange(_CELLS)
    bells = np.exp(-(apart**2) / (2 * (_REACH * _CELLS) ** 2)).astype(np.float32)
    found: list[tuple[int, Name]] = []
    for item in session.classes:
        own = np.flatnonzero(shown == item.class_id)
        if not len(own):
            continue
        counts = np.bincount(cells[own], minlength=_CELLS**2).reshape(_CELLS, _CELLS)
        density = (bells @ counts.astype(np.float32) @ bells).ravel()
        x, y = positions[own[int(density[cells[own]].argmax())]].tolist()
        found.append((len(own), Name(item.name, item.colour, x, y)))
    found.sort(key=lambda entry: -entry[0])
    return [name for _, name in found]


def arranged(
    places: Iterable[QPointF], sizes: Sequence[QSizeF], away: float, room: QRectF
) -> list[QRectF | None]:
    """Boxes for names: above its place where that is free, else below, beside, or a line further.

    Args:
        places: of the names, the most important first; all distances in logical pixels.
        sizes: of their boxes.
        away: from a place to its box.
        room: what is seen.

    Returns:
        A box each, inside the room and over no other; None for a name whose place is not seen, or
        that nothing is free for.
    """
    taken: list[QRectF] = []
    found: list[QRectF | None] = []
    for place, size in zip(places, sizes, strict=True):
        box = None
        if room.contains(place):
            tries = (_inside(item, room) for item in _around(place, size, away))
            free = (item for item in tries if not any(item.intersects(other) for other in taken))
            box = next(free, None)
        if box is not None:
            taken.append(box)
        found.append(box)
    return found


def _around(place: QPointF, size: QSizeF, away: float) -> Iterable[QRectF]:
    """Boxes about a place, the best first."""
    width, height = size.width(), size.height()
    across, down = away + width / 2, away + height / 2
    for lines in range(_FARTHEST_LINES + 1):
        step = lines * (height + 2)
        for middle in (
            QPointF(0, -down - step),
            QPointF(0, down + step),
            QPointF(across, -step),
            QPointF(-across, -step),
            QPointF(across, step),
            QPointF(-across, step),
        ):
            box = QRectF(QPointF(), size)
            box.moveCenter(place + middle)
            yield box


def _inside(box: QRectF, room: QRectF) -> QRectF:
    """Moved as far as it must be to be seen as a whole."""
    x = min(max(box.left(), room.left()), room.right() - box.width())
    y = min(max(box.top(), room.top()), room.bottom() - box.height())
    return QRectF(QPointF(x, y), box.size())

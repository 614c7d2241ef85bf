"""What the points of the map show: class, confidence or what asks for a second look."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from app.look.theme import Theme, contrast
from app.map.sprites import Sign
from app.session.image_table import NO_CLASS, ImageTable, Rows
from app.session.session import Session

_LEVELS: Final = 100  # Of the ramp: a colour a percent.
_CONTRAST: Final = 3.0  # Of a point to the ground, as WCAG asks of what must be seen.
_BINS: Final = 24  # A side, in which the thickest place of a class is sought.


class ColourBy(Enum):
    """What colour and sign of a point tell."""

    CLASS = "class"
    CONFIDENCE = "confidence"
    AUDIT = "audit"


class Name(NamedTuple):
    """A class's name and the place that it is written above, in the coordinates of the map."""

    text: str
    colour: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """How every point looks.

    Attributes:
        palette: the colours, as ``#rrggbb``, at most 256.
        colours: (n,) uint8, which of them.
        signs: (n,) uint8, which :class:`Sign`.
    """

    palette: tuple[str, ...]
    colours: NDArray[np.uint8]
    signs: NDArray[np.uint8]


def looks(
    session: Session, rows: Rows, by: ColourBy, theme: Theme, doubtful: Collection[int] = ()
) -> Looks:
    """How the images of these rows look.

    Args:
        session: their labels and predictions.
        rows: (n,).
        by: what is told.
        theme: for what has no colour of its own.
        doubtful: rows whose labels look wrong.
    """
    table = session.table
    match by:
        case ColourBy.CLASS:
            return _by_class(session, rows, theme)
        case ColourBy.CONFIDENCE:
            return _by_confidence(table, rows, theme)
        case ColourBy.AUDIT:
            return _by_audit(table, rows, theme, doubtful)


def ramp(theme: Theme) -> tuple[str, ...]:
    """Colours for confidence from 0 to 99 %, ordered by lightness, all of them seen on the ground.

    Of matplotlib's "plasma", the part that stands out from the theme's ground; certain is far from
    the ground, unsure is near.
    """
    import pyqtgraph as pg  # Here: the start of the window does not wait for it.

    low, high = (0.59, 0.0) if theme.name == "light" else (0.42, 1.0)
    colours = pg.colormap.get("plasma").map(np.linspace(low, high, _LEVELS), mode="byte")
    return tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, *_ in colours.tolist())


def class_names(
    session: Session, rows: Rows, positions: NDArray[np.float32], theme: Theme
) -> list[Name]:
    """The name of each class above the place where most of its points are; largest class first."""
    shown = _shown_classes(session.table, rows)
    found: list[tuple[int, Name]] = []
    if not len(rows):
        return []
    low, high = positions.min(axis=0), positions.max(axis=0)
    per_unit = (_BINS - 1) / np.maximum(high - low, 1e-6)
    across, along = (positions.T - low[:, None]) * per_unit[:, None]
    columns, lines = across.astype(np.int16), along.astype(np.int16)
    cells = _BINS * columns + lines
    for item in session.classes:
        own = np.flatnonzero(shown == item.class_id)
        if not len(own):
            continue
        column, line = divmod(int(np.bincount(cells[own]).argmax()), _BINS)
        is_near = (np.abs(columns[own] - column) <= 1) & (np.abs(lines[own] - line) <= 1)
        near = positions[own[is_near]]
        x, y = float(np.median(near[:, 0])), float(near[:, 1].max())
        found.append((len(own), Name(item.name, _seen_on(theme, item.colour), x, y)))
    found.sort(key=lambda entry: -entry[0])
    return [name for _, name in found]


def _by_class(session: Session, rows: Rows, theme: Theme) -> Looks:
    table, shown = session.table, _shown_classes(session.table, rows)
    palette, colours = [theme.muted], np.zeros(len(rows), np.uint8)
    for item in session.offered[:255]:
        palette.append(_seen_on(theme, item.colour))
        colours[shown == item.class_id] = len(palette) - 1
    signs = _plain_signs(table, rows)
    signs[colours == 0] = Sign.DOT  # Also a prediction of a class that was just deleted.
    return Looks(tuple(palette), colours, signs)


def _by_confidence(table: ImageTable, rows: Rows, theme: Theme) -> Looks:
    signs = _plain_signs(table, rows)
    percent = np.clip(100 * table.probabilities[rows, 0], 0, _LEVELS - 1).astype(np.uint8)
    colours = np.where(signs == Sign.RING, percent, _LEVELS).astype(np.uint8)
    return Looks((*ramp(theme), theme.muted), colours, signs)


def _by_audit(table: ImageTable, rows: Rows, theme: Theme, doubtful: Collection[int]) -> Looks:
    signs = _plain_signs(table, rows)
    colours = np.zeros(len(rows), np.uint8)
    doubted = np.isin(rows, np.array(sorted(doubtful), np.intp))
    # Those further down count most.
    for number, (which, sign) in enumerate(
        (
            (table.unsure[rows], Sign.DIAMOND),
            (table.like_none[rows], Sign.TRIANGLE),
            (doubted, Sign.CROSS),
        ),
        start=1,
    ):
        colours[which] = number
        signs[which] = sign
    return Looks((theme.outline, theme.accent, theme.warning, theme.error), colours, signs)


def _seen_on(theme: Theme, colour: str) -> str:
    """A class's colour, darkened or lightened as far as it must be to stand out from the ground."""
    own, text = QColor(colour), QColor(theme.text)
    for share in np.linspace(0.0, 1.0, 11).tolist():
        mixed = QColor(
            round(own.red() + share * (text.red() - own.red())),
            round(own.green() + share * (text.green() - own.green())),
            round(own.blue() + share * (text.blue() - own.blue())),
        ).name()
        if contrast(mixed, theme.sunken) >= _CONTRAST:
            return mixed
    return theme.text


def _plain_signs(table: ImageTable, rows: Rows) -> NDArray[np.uint8]:
    signs = np.full(len(rows), Sign.DOT, np.uint8)
    signs[table.predicts[rows]] = Sign.RING
    signs[table.labels[rows] != NO_CLASS] = Sign.DISC
    return signs


def _shown_classes(table: ImageTable, rows: Rows) -> NDArray[np.int32]:
    """The label of each image, else its prediction."""
    labels = table.labels[rows]
    return np.where(labels != NO_CLASS, labels, table.predicted[rows, 0])

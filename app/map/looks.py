"""What the points of the map show: class, confidence or what asks for a second look."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.look.theme import Theme
from app.map.sprites import Sign
from app.session.image_table import NO_CLASS, ImageTable, Rows
from app.session.session import Session

_LEVELS: Final = 100  # Of the ramp: a colour a percent.
_MOST_COLOURS: Final = 256


class ColourBy(Enum):
    """What colour and sign of a point tell."""

    CLASS = "class"
    CONFIDENCE = "confidence"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """How every point looks.

    Attributes:
        palette: the colours, as ``#rrggbb``, at most 256.
        colours: (n,) uint8, which of them.
        signs: (n,) uint8, which :class:`Sign`.
        groups: (n,) bool each, what an entry of the legend stands for where that is more than the
            points with its sign: a label that looks wrong is a label all the same.
        rim: the colour of a line around each sign, where the palette's colours may be as light or
            dark as the ground; empty for none.
    """

    palette: tuple[str, ...]
    colours: NDArray[np.uint8]
    signs: NDArray[np.uint8]
    groups: Mapping[Sign, NDArray[np.bool_]] = field(default_factory=dict)
    rim: str = ""

    def which(self, sign: Sign) -> NDArray[np.bool_]:
        """(n,) the points that the legend's entry of this sign stands for."""
        own: NDArray[np.bool_] = self.signs == sign
        return self.groups.get(sign, own)


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


def _by_class(session: Session, rows: Rows, theme: Theme) -> Looks:
    """The classes' colours as they are everywhere; what makes them seen on the ground is a rim."""
    table, shown = session.table, shown_classes(session.table, rows)
    palette = [theme.muted]
    index_of = np.zeros(max((int(item.class_id) for item in session.offered), default=0) + 2)
    for item in session.offered:
        if item.colour not in palette and len(palette) < _MOST_COLOURS:
            palette.append(item.colour)
        if item.colour in palette:
            index_of[item.class_id] = palette.index(item.colour)
    known = np.isin(shown, [item.class_id for item in session.offered])
    colours = np.where(known, index_of[np.where(known, shown, 0)], 0).astype(np.uint8)
    signs = _plain_signs(table, rows)
    signs[~known] = Sign.DOT  # Also a prediction of a class that was just deleted.
    return Looks(tuple(palette), colours, signs, rim=theme.muted)


def _by_confidence(table: ImageTable, rows: Rows, theme: Theme) -> Looks:
    signs = _plain_signs(table, rows)
    percent = np.clip(100 * table.probabilities[rows, 0], 0, _LEVELS - 1).astype(np.uint8)
    colours = np.where(signs == Sign.RING, percent, _LEVELS).astype(np.uint8)
    return Looks((*ramp(theme), theme.muted), colours, signs)


def _by_audit(table: ImageTable, rows: Rows, theme: Theme, doubtful: Collection[int]) -> Looks:
    signs, colours = _plain_signs(table, rows), np.zeros(len(rows), np.uint8)
    groups = {sign: signs == sign for sign in (Sign.DISC, Sign.RING)}
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
        groups[sign] = which
    palette = (theme.outline, theme.accent, theme.warning, theme.error)
    return Looks(palette, colours, signs, groups)


def _plain_signs(table: ImageTable, rows: Rows) -> NDArray[np.uint8]:
    signs = np.full(len(rows), Sign.DOT, np.uint8)
    signs[table.predicts[rows]] = Sign.RING
    signs[table.labels[rows] != NO_CLASS] = Sign.DISC
    return signs


def shown_classes(table: ImageTable, rows: Rows) -> NDArray[np.int32]:
    """The label of each image (n,), else its prediction, else NO_CLASS."""
    labels = table.labels[rows]
    return np.where(labels != NO_CLASS, labels, table.predicted[rows, 0])

"""Which images the gallery shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.image_table import NO_CLASS, ImageTable, Rows
from engine.messages import ClassId

_NONE: Final = ClassId(NO_CLASS)


class Show(Enum):
    """The kinds of filter."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    LABELLED = "labelled"
    UNSURE = "unsure"
    UNREADABLE = "unreadable"
    CLASS = "class"  # Labelled or predicted as one class.


class Sort(Enum):
    """The orders; ties are in the order of names."""

    NAME = "name"
    CONFIDENT_FIRST = "confident"
    UNSURE_FIRST = "unsure"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A filter and an order; ``class_id`` counts only with Show.CLASS."""

    show: Show = Show.ALL
    class_id: ClassId = _NONE
    sort: Sort = Sort.NAME

    @property
    def follows_predictions(self) -> bool:
        """Whether new predictions can change what it selects or the order."""
        return self.sort is not Sort.NAME or self.show in (Show.UNSURE, Show.CLASS)

    def to_text(self) -> tuple[str, str]:
        """Filter and sort as they are kept in the settings."""
        suffix = f":{self.class_id}" if self.show is Show.CLASS else ""
        return f"{self.show.value}{suffix}", self.sort.value

    @classmethod
    def from_text(cls, show_text: str, sort_text: str) -> Arrangement:
        """What ``to_text`` wrote; the default for what is not understood."""
        kind, _, number = show_text.partition(":")
        try:
            show = Show(kind)
            class_id = ClassId(int(number)) if show is Show.CLASS else _NONE
        except ValueError:
            show, class_id = Show.ALL, _NONE
        try:
            sort = Sort(sort_text)
        except ValueError:
            sort = Sort.NAME
        return cls(show, class_id, sort)


def arrange(table: ImageTable, arrangement: Arrangement) -> Rows:
    """The rows to show, in order."""
    by_name = table.by_name()
    rows = by_name[_mask(table, arrangement)[by_name]]
    if arrangement.sort is Sort.NAME:
        return rows
    # Labelled and not yet predicted images come after those that have something to be sorted by.
    predicts = table.predicts[rows]
    if arrangement.sort is Sort.CONFIDENT_FIRST:
        value = -table.probabilities[rows, 0]
    else:
        value = table.margins[rows]
    value = np.where(predicts, value, np.float32(2.0))
    return rows[np.argsort(value, kind="stable")]


def fits(table: ImageTable, arrangement: Arrangement, rows: Rows) -> NDArray[np.bool_]:
    """Which of ``rows`` the filter lets through."""
    return _mask(table, arrangement)[rows]


def counts(table: ImageTable) -> dict[Show, int]:
    """How many images each filter but Show.CLASS lets through."""
    return {
        show: int(np.count_nonzero(_mask(table, Arrangement(show))))
        for show in Show
        if show is not Show.CLASS
    }


def _mask(table: ImageTable, arrangement: Arrangement) -> NDArray[np.bool_]:
    present = ~table.missing
    mask: NDArray[np.bool_]
    match arrangement.show:
        case Show.ALL:
            mask = present
        case Show.UNLABELLED:
            mask = present & (table.labels == NO_CLASS) & ~table.unreadable
        case Show.LABELLED:
            mask = present & (table.labels != NO_CLASS)
        case Show.UNSURE:
            mask = table.unsure
        case Show.UNREADABLE:
            mask = present & table.unreadable
        case Show.CLASS:
            labelled = present & (table.labels == arrangement.class_id)
            predicted = table.predicts & (table.predicted[:, 0] == arrangement.class_id)
            mask = labelled | predicted
    return mask

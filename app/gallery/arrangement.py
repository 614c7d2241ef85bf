"""Which images the gallery shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.session.image_table import NO_CLASS, ImageTable, Rows
from engine.messages import ClassId, ImageId

_NONE: Final = ClassId(NO_CLASS)
DEFAULT_THRESHOLD: Final = 0.9


class Show(Enum):
    """The kinds of filter."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    LABELLED = "labelled"
    UNSURE = "unsure"
    CONFIDENT = "confident"  # Predicted with at least a threshold's confidence.
    LIKE_NONE = "none"
    UNREADABLE = "unreadable"
    CLASS = "class"  # Labelled or predicted as one class.
    THESE = "these"  # Some images that another page named; not kept.


class Sort(Enum):
    """The orders; ties are in the order of names."""

    NAME = "name"
    CONFIDENT_FIRST = "confident"
    UNSURE_FIRST = "unsure"
    LIKE_NONE_FIRST = "none"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A filter and an order.

    ``class_id`` counts only with Show.CLASS and Show.CONFIDENT (there 0 for all classes),
    ``threshold`` only with Show.CONFIDENT, ``images`` only with Show.THESE.
    """

    show: Show = Show.ALL
    class_id: ClassId = _NONE
    sort: Sort = Sort.NAME
    threshold: float = DEFAULT_THRESHOLD
    images: tuple[ImageId, ...] = ()

    def to_text(self) -> tuple[str, str]:
        """Filter and sort as they are kept in the settings."""
        if self.show is Show.THESE:
            return Show.ALL.value, self.sort.value
        suffix = ""
        if self.show is Show.CLASS:
            suffix = f":{self.class_id}"
        elif self.show is Show.CONFIDENT:
            suffix = f":{self.threshold:.2f}:{self.class_id}"
        return f"{self.show.value}{suffix}", self.sort.value

    @classmethod
    def from_text(cls, show_text: str, sort_text: str) -> Arrangement:
        """What ``to_text`` wrote; the default for what is not understood."""
        kind, _, number = show_text.partition(":")
        class_id, threshold = _NONE, DEFAULT_THRESHOLD
        try:
            show = Show(kind)
            if show is Show.CLASS:
                class_id = ClassId(int(number))
            elif show is Show.CONFIDENT:
                value, _, number = number.partition(":")
                threshold = min(max(float(value), 0.0), 1.0)
                class_id = ClassId(int(number or NO_CLASS))
            elif show is Show.THESE:
                show = Show.ALL
        except ValueError:
            show, class_id = Show.ALL, _NONE
        try:
            sort = Sort(sort_text)
        except ValueError:
            sort = Sort.NAME
        return cls(show, class_id, sort, threshold)


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
    elif arrangement.sort is Sort.LIKE_NONE_FIRST:
        value = -table.none_scores[rows]
    else:
        value = table.margins[rows]
    value = np.where(predicts, value, np.float32(2.0))
    return rows[np.argsort(value, kind="stable")]


def fits(table: ImageTable, arrangement: Arrangement, rows: Rows) -> NDArray[np.bool_]:
    """Which of ``rows`` the filter lets through."""
    return _mask(table, arrangement)[rows]


def counts(table: ImageTable) -> dict[Show, int]:
    """How many images each filter lets through that needs no class, threshold or list."""
    return {
        show: int(np.count_nonzero(_mask(table, Arrangement(show))))
        for show in Show
        if show not in (Show.CLASS, Show.CONFIDENT, Show.THESE)
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
        case Show.CONFIDENT:
            mask = table.confident(arrangement.threshold, arrangement.class_id)
        case Show.LIKE_NONE:
            mask = table.like_none
        case Show.THESE:
            mask = np.zeros(table.n_rows, np.bool_)
            rows = table.rows_of(np.array(arrangement.images, np.int64))
            mask[rows[rows >= 0]] = True
            mask &= present
        case Show.UNREADABLE:
            mask = present & table.unreadable
        case Show.CLASS:
            labelled = present & (table.labels == arrangement.class_id)
            predicted = table.predicts & (table.predicted[:, 0] == arrangement.class_id)
            mask = labelled | predicted
    return mask

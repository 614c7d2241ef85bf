"""Which images the gallery shows, and in which order."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from app.session.image_table import NO_CLASS, NO_GROUP, UNSURE_MARGIN, ImageTable, Rows
from engine.messages import NONE_OF_THESE, ClassId, ImageId

_NONE: Final = ClassId(NO_CLASS)
DEFAULT_THRESHOLD: Final = 0.9

_Mask = NDArray[np.bool_]


class Show(Enum):
    """What state an image is in; a filter of its own, beside class and name."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    LABELLED = "labelled"
    PREDICTED = "predicted"
    UNSURE = "unsure"
    CONFIDENT = "confident"  # Predicted with at least a threshold's confidence.
    LIKE_NONE = "none"
    SET_ASIDE = "set-aside"  # Kept for later by the person.
    DOUBTFUL = "doubtful"  # The label looks wrong.
    ALIKE = "alike"  # In a burst, or one of several that show the same.
    UNREADABLE = "unreadable"
    TO_LABEL = "to_label"  # See worth_labelling().
    THESE = "these"  # Some images that another page named; not kept.


class Sort(Enum):
    """The orders; ties are in the order of folders and names."""

    NAME = "name"  # Folder by folder.
    FILE_NAME = "file"  # Whatever the folder.
    OLDEST_FIRST = "oldest"
    NEWEST_FIRST = "newest"
    CONFIDENT_FIRST = "confident"
    UNSURE_FIRST = "unsure"
    LIKE_NONE_FIRST = "none"
    SIMILAR_FIRST = "similar"  # To images that were selected once; not kept.


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Filters, all of which an image must pass, and an order.

    Attributes:
        show: the state.
        class_id: labelled or predicted as that class; with NONE_OF_THESE those that are labelled
            so or look like none of the classes; NO_CLASS for any.
        threshold: counts only with Show.CONFIDENT.
        images: counts only with Show.THESE.
        name: words that the name or its folders contain, in any order and case; empty for any.
        is_grouped: images that show the same lie under one tile.
    """

    show: Show = Show.ALL
    class_id: ClassId = _NONE
    sort: Sort = Sort.NAME
    threshold: float = DEFAULT_THRESHOLD
    images: tuple[ImageId, ...] = ()
    name: str = ""
    is_grouped: bool = False

    @property
    def n_filters(self) -> int:
        """How many filters are on."""
        return sum((self.show is not Show.ALL, self.class_id != NO_CLASS, bool(self.name)))

    def unfiltered(self) -> Arrangement:
        """All images, in the same order."""
        return replace(self, show=Show.ALL, class_id=_NONE, name="", images=())

    def with_state(self, show: Show) -> Arrangement:
        """The same with another state."""
        # Nothing is predicted as none of these.
        is_neither = show is Show.CONFIDENT and self.class_id == NONE_OF_THESE
        return replace(self, show=show, class_id=_NONE if is_neither else self.class_id)

    def with_class(self, class_id: ClassId) -> Arrangement:
        """The same with another class."""
        is_neither = self.show is Show.CONFIDENT and class_id == NONE_OF_THESE
        return replace(self, show=Show.ALL if is_neither else self.show, class_id=class_id)

    def to_text(self) -> tuple[str, str]:
        """Filter and sort as they are kept in the settings."""
        sort = Sort.NAME if self.sort is Sort.SIMILAR_FIRST else self.sort
        kept = {
            "show": (Show.ALL if self.show is Show.THESE else self.show).value,
            "class": int(self.class_id),
            "threshold": round(self.threshold, 2),
            "name": self.name,
            "grouped": self.is_grouped,
        }
        return json.dumps(kept, ensure_ascii=False), sort.value

    @classmethod
    def from_text(cls, filter_text: str, sort_text: str) -> Arrangement:
        """What ``to_text`` wrote, now or in an older version; the default for anything else."""
        try:
            kept = json.loads(filter_text)
        except ValueError:
            kept = _from_old_text(filter_text)
        if not isinstance(kept, dict) or kept.get("show") == Show.THESE.value:
            kept = {}
        try:
            sort = Sort(sort_text)
        except ValueError:
            sort = Sort.NAME
        try:
            return cls(
                Show(kept.get("show", Show.ALL.value)),
                ClassId(int(kept.get("class", NO_CLASS))),
                sort,
                min(max(float(kept.get("threshold", DEFAULT_THRESHOLD)), 0.0), 1.0),
                name=str(kept.get("name", "")),
                is_grouped=bool(kept.get("grouped", False)),
            )
        except (TypeError, ValueError):
            return cls(sort=sort)


def arrange(table: ImageTable, arrangement: Arrangement) -> Rows:
    """The rows to show, in order; groups are not gathered, see :func:`gather`."""
    by_name = table.by_name()
    if arrangement.sort is Sort.FILE_NAME:
        by_name = table.by_file_name()
    rows = by_name[_mask(table, arrangement)[by_name]]
    value: NDArray[Any]
    match arrangement.sort:
        case Sort.NAME | Sort.FILE_NAME:
            return rows
        case Sort.OLDEST_FIRST:
            value = table.dates_s[rows]
        case Sort.NEWEST_FIRST:
            value = -table.dates_s[rows]
        case Sort.SIMILAR_FIRST:
            return rows[_ascending(-table.similarities[rows])]  # Not measured (NaN): last.
        case _:
            return rows[_ascending(_certainty(table, arrangement.sort, rows))]
    return rows[np.argsort(value, kind="stable")]


def gather(rows: Rows, groups: NDArray[np.int64], expanded: set[int]) -> tuple[Rows, Rows]:
    """Lay images of one group under the first of them.

    Args:
        rows: to show, in order.
        groups: the group of every row of the table.
        expanded: numbers of groups whose images are shown each, one behind the other.

    Returns:
        The rows with groups together, and (n_tiles + 1,) where each tile's rows begin in them.
    """
    own = groups[rows]
    grouped = np.flatnonzero(own != NO_GROUP)
    if not len(grouped):
        return rows, np.arange(len(rows) + 1)
    first = np.zeros(int(own.max()) + 1, np.intp)
    first[own[grouped[::-1]]] = grouped[::-1]  # Of several the last that is written stays.
    leader = np.arange(len(rows))
    leader[grouped] = first[own[grouped]]
    # With its place below it each leader is a number of its own, and those are sorted fastest.
    keys = (leader << 32) + np.arange(len(rows))
    keys.sort()
    order = keys & 0xFFFFFFFF
    begins = leader[order] == order  # The first of a group, and who has none.
    if expanded:
        begins |= np.isin(own[order], np.fromiter(expanded, np.int64, len(expanded)))
    return rows[order], np.append(np.flatnonzero(begins), len(rows))


def fits(table: ImageTable, arrangement: Arrangement, rows: Rows) -> _Mask:
    """Which of ``rows`` the filters let through."""
    return _mask(table, arrangement)[rows]


def counts(
    table: ImageTable, arrangement: Arrangement | None = None, states: Iterable[Show] = Show
) -> dict[Show, int]:
    """How many images each state has, beside the other filters of an arrangement."""
    other = replace(arrangement or Arrangement(), show=Show.ALL)
    among = _others(table, other)
    found = {}
    for show in states:
        if show is Show.TO_LABEL:  # What a class means is another thing there.
            mask = _mask(table, replace(other, show=show))
        else:
            mask = _state(table, replace(other, show=show))
            mask = mask if among is None else mask & among
        found[show] = int(np.count_nonzero(mask))
    return found


def worth_labelling(table: ImageTable, class_id: ClassId) -> _Mask:
    """Unlabelled and unsure; of a class, those predicted as it or with it close behind.

    Each scene is there once, see :func:`one_to_label_of_each`.
    """
    if class_id == NO_CLASS:
        mask = table.unsure
    elif class_id == NONE_OF_THESE:
        mask = table.like_none
    else:
        least = table.probabilities[:, 0] - np.float32(UNSURE_MARGIN)
        mask = table.predicted[:, 0] == class_id
        for rank in range(1, table.predicted.shape[1]):
            is_close = table.probabilities[:, rank] > least
            mask |= is_close & (table.predicted[:, rank] == class_id)
        mask &= table.predicts
    return one_to_label_of_each(table, mask)


def one_to_label_of_each(table: ImageTable, mask: _Mask) -> _Mask:
    """Of a mask's images that show the same only the most unsure; none that a label tells of.

    What is set aside is not offered: the person could not tell what it shows.
    """
    mask = mask & ~table.set_aside
    grouped = mask & (table.groups != NO_GROUP)
    if not grouped.any():
        return mask
    # Through tables by group, of which there are at most as many as images: sorting 100,000 rows
    # takes half of what a turn of the event loop may.
    groups, n_groups = table.groups, int(table.groups.max()) + 1
    told = np.zeros(n_groups, np.bool_)
    told[groups[(table.labels != NO_CLASS) & (groups != NO_GROUP) & ~table.missing]] = True
    rows = np.flatnonzero(grouped)
    rows = rows[~told[groups[rows]]]
    margins = np.nan_to_num(table.margins[rows], nan=np.inf)  # Not predicted: the last choice.
    least = np.full(n_groups, np.inf, margins.dtype)
    np.minimum.at(least, groups[rows], margins)
    rows = rows[margins == least[groups[rows]]]
    first = np.full(n_groups, -1, np.intp)
    first[groups[rows[::-1]]] = rows[::-1]
    kept: _Mask = mask & ~grouped
    kept[first[first >= 0]] = True
    return kept


def _ascending(values: NDArray[np.float32]) -> Rows:
    """The order that sorts values (n,), ties as they are and NaN last.

    As whole numbers whose lower half is the place, a million take 20 ms; a stable sort of the
    floats takes 160.
    """
    bits = np.where(np.isnan(values), np.float32(np.nan), values + np.float32(0.0)).view(np.int32)
    bits ^= (bits >> 31) & 0x7FFFFFFF  # The greater a negative number's bits, the less it is.
    keys = (bits.astype(np.int64) << 32) + np.arange(len(values))
    keys.sort()
    order: Rows = (keys & 0xFFFFFFFF).astype(np.intp, copy=False)
    return order


def _certainty(table: ImageTable, sort: Sort, rows: Rows) -> NDArray[np.float32]:
    # Labelled and not yet predicted images come after those that have something to be sorted by.
    if sort is Sort.CONFIDENT_FIRST:
        value = -table.probabilities[rows, 0]
    elif sort is Sort.LIKE_NONE_FIRST:
        value = -table.none_scores[rows]
    else:
        value = table.margins[rows]
    return np.where(table.predicts[rows], value, np.float32(2.0))


def _mask(table: ImageTable, arrangement: Arrangement) -> _Mask:
    mask, among = _state(table, arrangement), _others(table, arrangement)
    return mask if among is None else mask & among


def _others(table: ImageTable, arrangement: Arrangement) -> _Mask | None:
    """What passes the filters beside the state; None where there are none."""
    mask: _Mask | None = None
    if arrangement.show is Show.TO_LABEL:
        pass  # The state has seen to the class.
    elif arrangement.class_id == NONE_OF_THESE:
        mask = (table.labels == NONE_OF_THESE) | table.like_none
    elif arrangement.class_id != NO_CLASS:
        mask = table.predicts & (table.predicted[:, 0] == arrangement.class_id)
        mask |= table.labels == arrangement.class_id
    if arrangement.name:
        named = table.named(arrangement.name)
        mask = named if mask is None else mask & named
    return mask


def _state(table: ImageTable, arrangement: Arrangement) -> _Mask:
    present = ~table.missing
    mask: _Mask
    match arrangement.show:
        case Show.ALL:
            mask = present
        case Show.UNLABELLED:
            mask = present & (table.labels == NO_CLASS) & ~table.unreadable
        case Show.LABELLED:
            mask = present & (table.labels != NO_CLASS)
        case Show.PREDICTED:
            mask = table.predicts
        case Show.UNSURE:
            mask = table.unsure
        case Show.CONFIDENT:
            mask = table.confident(arrangement.threshold)
        case Show.LIKE_NONE:
            mask = table.like_none
        case Show.SET_ASIDE:
            mask = present & table.set_aside
        case Show.DOUBTFUL:
            mask = present & table.doubtful
        case Show.ALIKE:
            mask = present & (table.groups != NO_GROUP)
        case Show.UNREADABLE:
            mask = present & table.unreadable
        case Show.TO_LABEL:
            mask = worth_labelling(table, arrangement.class_id)
        case Show.THESE:
            mask = np.zeros(table.n_rows, np.bool_)
            rows = table.rows_of(np.array(arrangement.images, np.int64))
            mask[rows[rows >= 0]] = True
            mask &= present
    return mask


def _from_old_text(text: str) -> dict[str, object]:
    """As it was while there was one filter at a time: ``class:3``, ``confident:0.80:3``."""
    kind, _, rest = text.partition(":")
    if kind == "class":
        return {"class": rest}
    if kind == "confident":
        threshold, _, number = rest.partition(":")
        return {"show": kind, "threshold": threshold, "class": number or NO_CLASS}
    return {"show": kind or Show.ALL.value}

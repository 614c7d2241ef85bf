"""Going through the predictions of one class after the other, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from app.session.image_table import NO_CLASS, Rows
from app.session.session import Session
from engine.messages import NONE_OF_THESE, ClassId, ImageId

_NO_ROWS: Final[Rows] = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How far the review of a class is.

    ``n_labelled`` and ``n_predicted`` are the numbers of the panel of classes. Of the predicted
    ones ``n_unlike`` look like none of the classes, and stand under none of these; ``n_aside`` are
    set aside; ``n_out`` of the others were taken out; ``n_left`` are those that are still to be
    decided. What looks like none of the classes is predicted as nothing: there ``n_predicted`` is
    0.
    """

    n_labelled: int
    n_predicted: int
    n_unlike: int
    n_aside: int
    n_out: int
    n_left: int

    @property
    def share(self) -> float:
        """The part that is decided, in [0, 1]."""
        n_done = self.n_labelled + self.n_out
        return n_done / max(1, n_done + self.n_left)


class ReviewPass:
    """What is looked at, in which order, and what was taken out.

    The order is that of the predictions when a page was turned to: pages that were seen stay as
    they were, and only what comes after the one on screen is put in order anew. What looks like
    none of the classes is not among the predictions of a class, but stands under none of these.
    What is set aside waits for the label queue.

    Attributes:
        class_id: the class that is gone through, NONE_OF_THESE for what looks like none of the
            classes, NO_CLASS for none as yet.
        first: the place at which the page on screen begins.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._table = session.table
        self._order: Rows = _NO_ROWS
        self._taken_out: dict[int, set[ImageId]] = {}
        self.class_id = ClassId(NO_CLASS)
        self.first = 0

    # --- Reading ----------------------------------------------------------------------------------

    def page(self, n_tiles: int) -> Rows:
        """The rows on screen."""
        return self._order[self.first : self.first + n_tiles]

    def after(self, n_tiles: int) -> Rows:
        """The rows behind the page on screen, as they stand now."""
        return self._order[self.first + n_tiles :]

    def undecided(self) -> Rows:
        """Rows of the class that have no label and were not taken out, most certain first."""
        table, class_id = self._session.table, self.class_id
        if class_id == NO_CLASS or not table.n_rows:
            return _NO_ROWS
        if class_id == NONE_OF_THESE:
            is_due, certainty = table.like_none & ~table.set_aside, table.none_scores
        else:
            is_due, certainty = table.confident(0.0, class_id), table.probabilities[:, 0]
        by_name = table.by_name()
        rows = by_name[(is_due & ~table.unreadable)[by_name]]
        rows = rows[~np.isin(rows, self.taken_out_rows())]
        return rows[np.argsort(-certainty[rows], kind="stable")]

    def is_taken_out(self, image_id: ImageId) -> bool:
        """Whether the person said that an image does not show the class."""
        return image_id in self._taken_out.get(self.class_id, ())

    def taken_out(self) -> list[ImageId]:
        """The images that were taken out of the class and have no label yet."""
        table = self._session.table
        rows = self.taken_out_rows()
        return [table.image_id(row) for row in rows.tolist() if table.labels[row] == NO_CLASS]

    def taken_out_rows(self) -> Rows:
        """The rows of images that were taken out of the class."""
        return self._taken_out_rows(self.class_id)

    def reviewed(self) -> dict[ClassId, Reviewed]:
        """How far each class is, in the order in which they are offered."""
        session, table = self._session, self._session.table
        is_aside = table.predicts & table.set_aside
        like_none = table.like_none & ~is_aside
        is_open = table.predicts & ~like_none & ~is_aside
        # One pass for all classes: this is asked for ten times a second, of 100,000 images.
        labelled, predicted = table.counts_by_class()
        reviewable = np.bincount(table.predicted[is_open, 0], minlength=1)
        aside = np.bincount(table.predicted[is_aside & ~table.like_none, 0], minlength=1)
        found: dict[ClassId, Reviewed] = {}
        for item in session.offered:
            number, out = item.class_id, self._taken_out_rows(item.class_id)
            if number == NONE_OF_THESE:
                n_labelled, n_predicted = table.count_negatives(), 0
                n_open, n_out = int(np.count_nonzero(like_none)), int(like_none[out].sum())
                n_unlike, n_aside = 0, int(np.count_nonzero(is_aside & table.like_none))
            else:
                n_labelled, n_predicted, n_open, n_aside = (
                    int(counts[number]) if number < len(counts) else 0
                    for counts in (labelled, predicted, reviewable, aside)
                )
                n_unlike = n_predicted - n_open - n_aside
                is_mine = is_open[out] & (table.predicted[out, 0] == number)
                n_out = int(np.count_nonzero(is_mine))
            n_left = n_open - n_out
            found[number] = Reviewed(n_labelled, n_predicted, n_unlike, n_aside, n_out, n_left)
        return found

    def next_class(self) -> ClassId | None:
        """The next class with something left to review, in the order offered and round again."""
        reviewed = self.reviewed()
        numbers = list(reviewed)
        here = numbers.index(self.class_id) if self.class_id in numbers else -1
        for number in (*numbers[here + 1 :], *numbers[: here + 1]):
            if reviewed[number].n_left:
                return number
        return None

    def kept_state(self) -> object:
        """What a review in a window built anew goes on from."""
        return self.class_id, self.first, self._order, self._taken_out

    def restore_state(self, state: object) -> None:
        """Go on from what another review kept."""
        if isinstance(state, tuple):
            self.class_id, self.first, self._order, self._taken_out = state

    # --- Going through ----------------------------------------------------------------------------

    def begin(self, class_id: ClassId) -> None:
        """Begin a class, or begin it anew."""
        self.class_id, self.first = class_id, 0
        self._order = self.undecided()

    def turn(self, n_tiles: int) -> None:
        """Go to the next page, with what comes then in the order of the newest predictions."""
        self.first = min(self.first + n_tiles, len(self._order))
        self.order_anew()

    def order_anew(self) -> None:
        """Put the page on screen and what comes after it in the order of the newest predictions."""
        seen = self._order[: self.first]
        fresh = self.undecided()
        self._order = np.concatenate([seen, fresh[~np.isin(fresh, seen)]])

    def turn_back(self, n_tiles: int) -> None:
        """Go to the page before, which is as it was."""
        self.first = max(0, self.first - n_tiles)

    def go_to(self, rows: Rows) -> bool:
        """Let the page begin with the first of these; False where none was looked at."""
        places = np.flatnonzero(np.isin(self._order, rows))
        if len(places):
            self.first = int(places[0])
        return bool(len(places))

    def take_out(self, images: list[ImageId]) -> None:
        """They do not show the class; where all are taken out already, they are put back."""
        out = self._taken_out.setdefault(int(self.class_id), set())
        if out.issuperset(images):
            out.difference_update(images)
        else:
            out.update(images)

    def forget(self) -> None:
        """Another project is open, or the same one is looked at by another engine."""
        if self._session.table is not self._table:
            self._table = self._session.table
            self._taken_out.clear()
        self._order, self.first, self.class_id = _NO_ROWS, 0, ClassId(NO_CLASS)

    def _taken_out_rows(self, class_id: int) -> Rows:
        images = sorted(self._taken_out.get(class_id, ()))
        rows = self._session.table.rows_of(np.array(images, np.int64))
        return rows[rows >= 0]

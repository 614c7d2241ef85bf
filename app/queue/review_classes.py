"""The classes beside the review, and how far each of them is."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QWidget

from app.look.theme import Theme
from app.queue.class_bars import ClassBar, ClassBarView
from app.queue.review_pass import Reviewed
from app.session.session import Session
from engine.messages import NONE_OF_THESE, ClassId


class ReviewClasses(ClassBarView):
    """The list of classes, with a bar for the share of each that is reviewed."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(self.tr("Classes to review"), theme, parent)
        self._session = session

    def show_reviewed(self, reviewed: Mapping[ClassId, Reviewed], class_id: ClassId) -> None:
        """Show how far each class is, and single out the one that is gone through."""
        locale, bars = QLocale(), []
        # Nobody knows yet what will be left, so nothing is done either.
        is_awaited = self._session.awaits_predictions
        for number, state in reviewed.items():
            item = self._session.image_class(number)
            if item is None:
                continue
            bars.append(
                ClassBar(
                    number,
                    self.tr("None of these?") if number == NONE_OF_THESE else item.name,
                    item.colour,
                    item.key,
                    ""
                    if is_awaited
                    else self.tr("{count} left").format(count=locale.toString(state.n_left)),
                    0.0 if is_awaited else state.share,
                    "" if is_awaited else self._told(state, is_none=number == NONE_OF_THESE),
                    state.share == 1.0 and not is_awaited,
                )
            )
        self.bars.show_bars(bars)
        self.set_current(self.bars.place_of(class_id))

    def _told(self, state: Reviewed, *, is_none: bool) -> str:
        """How the number left follows from those that the panel of classes shows."""
        locale = QLocale()
        pattern = self.tr("{labelled} labelled, {predicted} predicted, {left} left to review")
        if is_none:
            pattern = self.tr("{labelled} labelled, {left} left to review")
        lines = [
            pattern.format(
                labelled=locale.toString(state.n_labelled),
                predicted=locale.toString(state.n_predicted),
                left=locale.toString(state.n_left),
            )
        ]
        if state.n_unlike == 1:
            lines.append(self.tr("1 predicted one looks like none of these and is reviewed there"))
        elif state.n_unlike:
            lines.append(
                self.tr(
                    "{count} predicted ones look like none of these and are reviewed there"
                ).format(count=locale.toString(state.n_unlike))
            )
        if state.n_aside == 1:
            lines.append(self.tr("1 is set aside and waits in the label queue"))
        elif state.n_aside:
            text = self.tr("{count} are set aside and wait in the label queue")
            lines.append(text.format(count=locale.toString(state.n_aside)))
        if state.n_out == 1:
            lines.append(self.tr("1 was taken out"))
        elif state.n_out:
            text = self.tr("{count} were taken out").format(count=locale.toString(state.n_out))
            lines.append(text)
        lines.append(
            self.tr(
                "Left to review: unlabelled images that look like none of these, without those "
                "set aside or taken out. Labels are not counted."
            )
            if is_none
            else self.tr(
                "Left to review: predicted images without those that look like none of these, are "
                "set aside or were taken out. Labels are not counted."
            )
        )
        return "\n".join(lines)

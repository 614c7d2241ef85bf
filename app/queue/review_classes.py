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
        for number, state in reviewed.items():
            item = self._session.image_class(number)
            if item is None:
                continue
            done, total = locale.toString(state.n_reviewed), locale.toString(state.n_total)
            bars.append(
                ClassBar(
                    number,
                    self.tr("None of these?") if number == NONE_OF_THESE else item.name,
                    item.colour,
                    item.key,
                    self.tr("{done} / {total}").format(done=done, total=total),
                    state.n_reviewed / max(1, state.n_total),
                    self.tr("{done} of {total} reviewed").format(done=done, total=total),
                    0 < state.n_total == state.n_reviewed,
                )
            )
        self.bars.show_bars(bars)
        self.set_current(self.bars.place_of(class_id))

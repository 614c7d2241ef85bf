"""What to label next: the engine's suggestions as a queue that never runs dry."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.look.words import told_event
from app.session.image_table import NO_CLASS
from app.session.question import Question
from app.session.session import Session
from engine import messages, sentence_of
from engine.messages import ImageId, Suggestion

_COUNT: Final = 12
_RUNNING_LOW: Final = 4
_SETTLE_MS: Final = 400  # After a label; a run of fast keys is one question to the engine.


class Suggestions(QObject):
    """The queue: what was suggested, and where in it the person is.

    What comes after the next image is replaced whenever labels have changed, since better
    suggestions follow from them; what is on screen and the one after it stay. While the engine
    cannot suggest anything (it is loading, or has no encoder), images that it has not looked at
    come in its place, spread over the folder.

    Attributes:
        items: the suggestions, those already passed included.
        place: of the one on screen in ``items``; their number where all are passed.
        failure: why there are none, one sentence.

    Signals:
        changed: any of it.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._table = session.table
        self._is_open = False
        self._passed_over: set[ImageId] = set()
        self._again: set[ImageId] = set()  # Set aside, and to be gone through now.
        self._labelled: set[ImageId] = set()  # Here, while the project is open.
        self._n_support = -1  # Labels at the newest question.
        self._n_embedded = 0  # Images that the engine knew at the newest question.
        self._found_all = False  # The newest answer had nothing new.
        self.items: list[Suggestion] = []
        self.place = 0
        self.failure = ""
        self._question = Question(session.bridge, self, _SETTLE_MS, messages.Suggested)
        self._question.due.connect(self._ask)
        self._question.answered.connect(self._on_answered)
        self._question.ended.connect(self._on_ended)
        self._question.read.connect(session.reader.on_read)  # Labelled ones not known till then.
        session.project_changed.connect(self._on_project_changed)
        session.predictions_changed.connect(self._on_edited)
        session.counts_changed.connect(self._on_counts_changed)

    # --- Reading ----------------------------------------------------------------------------------

    @property
    def current(self) -> Suggestion | None:
        """The suggestion on screen."""
        return self.items[self.place] if self.place < len(self.items) else None

    @property
    def following(self) -> list[ImageId]:
        """The images that come next."""
        return [item.image_id for item in self.items[self.place + 1 : self.place + 4]]

    @property
    def n_labelled(self) -> int:
        """How many images were labelled here, while the project is open, and still are."""
        table = self._session.table
        rows = table.rows_of(np.array(sorted(self._labelled), np.int64))
        return int(np.count_nonzero(table.labels[rows[rows >= 0]] != NO_CLASS))

    @property
    def set_aside(self) -> list[ImageId]:
        """The images that the person set aside, by name; those that are there and can be read."""
        table = self._session.table
        is_due = table.set_aside & ~table.missing & ~table.unreadable
        if not is_due.any():
            return []
        rows = table.by_name()
        return [table.image_id(row) for row in rows[is_due[rows]].tolist()]

    @property
    def is_going_through(self) -> bool:
        """Whether the image on screen is one that was set aside, and is there on request."""
        return self.current is not None and self.current.image_id in self._again

    @property
    def is_waiting(self) -> bool:
        """Whether more suggestions are on their way."""
        return self._question.is_waiting

    # --- What the person does ---------------------------------------------------------------------

    def open(self) -> None:
        """Begin, or go on where one was."""
        self._is_open = True
        self.items = [item for item in self.items[self.place :] if self._is_due(item)]
        self.place = 0
        if self._session.engine is None:
            self._fill()
        self._ask()

    def close(self) -> None:
        """Ask for no more."""
        self._is_open = False
        self._question.stop()

    def kept_state(self) -> object:
        """What a queue in a window built anew goes on from."""
        return self.items, self.place, self._passed_over, self._again, self._labelled

    def restore_state(self, state: object) -> None:
        """Go on from what another queue kept."""
        if isinstance(state, tuple):
            items, self.place, self._passed_over, self._again, self._labelled = state
            self.items = [told_event(item) for item in items]
            self.changed.emit()

    def take_label(self) -> None:
        """The image on screen was labelled: go to the next one that has no label."""
        if self.current is not None:
            self._labelled.add(self.current.image_id)
            self._advance()

    def skip(self) -> None:
        """Go to the next one; this one is not suggested again while the project is open."""
        if self.current is None:
            return
        if self._needs_label(self.current):
            self._passed_over.add(self.current.image_id)
            self._advance()
        else:  # The person went back, and goes forward again.
            self.place += 1
            self.changed.emit()

    def put_aside(self) -> None:
        """Go to the next one; the project keeps this: the person cannot tell what it shows."""
        if self.current is None or not self._needs_label(self.current):
            return
        image, table = self.current.image_id, self._session.table
        if table.set_aside[table.row_of(image)] or self._session.set_aside([image]):
            self._again.discard(image)
            self._advance()

    def go_through_set_aside(self) -> None:
        """Put what was set aside in front, one after the other; then the queue goes on."""
        images = self.set_aside
        self._again = set(images)
        why = sentence_of(self.tr("set aside by you"))
        rest = [item for item in self.items[self.place :] if item.image_id not in self._again]
        self.items = [
            *(item for item in self.items[: self.place] if item.image_id not in self._again),
            *(Suggestion(image, why, ()) for image in images),
            *rest,
        ]
        self.place = len(self.items) - len(images) - len(rest)
        self.changed.emit()

    def drop(self, image_id: int) -> None:
        """That image cannot be looked at: it is not suggested again while the project is open."""
        self._passed_over.add(ImageId(image_id))
        behind = sum(item.image_id == image_id for item in self.items[: self.place])
        self.items = [item for item in self.items if item.image_id != image_id]
        self.place -= behind
        self._ask_if_low()
        self.changed.emit()

    def go_back(self) -> None:
        """Go to the one before."""
        if self.place > 0:
            self.place -= 1
            self.changed.emit()

    def go_to(self, images: list[ImageId]) -> None:
        """Go to the first of these that is in the queue."""
        for place, item in enumerate(self.items):
            if item.image_id in images:
                self.place = place
                self.changed.emit()
                return

    # --- Private ----------------------------------------------------------------------------------

    def _advance(self) -> None:
        self.place += 1
        while self.current is not None and not self._is_due(self.current):
            self.place += 1
        self._ask_if_low()
        if self._session.engine is None or self.failure:
            self._fill()
        self.changed.emit()

    def _needs_label(self, item: Suggestion) -> bool:
        table = self._session.table
        row = table.row_of(item.image_id)
        if row < 0 or table.missing[row] or table.unreadable[row]:
            return False
        return bool(table.labels[row] == NO_CLASS)

    def _is_due(self, item: Suggestion) -> bool:
        """Whether it is to be shown: not what was set aside, unless that was asked for."""
        if not self._needs_label(item):
            return False
        table = self._session.table
        return item.image_id in self._again or not table.set_aside[table.row_of(item.image_id)]

    def _fill(self) -> None:
        """Go on with images that the engine has not looked at, where nothing else is left."""
        if self.current is not None:
            return
        table = self._session.table
        known = {item.image_id for item in self.items} | self._passed_over
        is_due = ~table.missing & ~table.unreadable & ~table.embedded & (table.labels == NO_CLASS)
        is_due &= ~table.set_aside & ~np.isin(table.ids, sorted(known))
        rows = table.by_name()
        rows = rows[is_due[rows]]
        places = np.unique(np.linspace(0, len(rows) - 1, min(_COUNT, len(rows))).astype(np.intp))
        why = sentence_of(self.tr("next by its place in the folder"))
        self.items += [Suggestion(table.image_id(row), why, ()) for row in rows[places].tolist()]

    def _on_project_changed(self) -> None:
        self.close()
        self.items, self.place, self.failure = [], 0, ""
        if self._session.table is not self._table:  # Else only the engine is another one.
            self._table = self._session.table
            self._passed_over.clear()
            self._again.clear()
            self._labelled.clear()

    def _on_edited(self) -> None:
        # Predictions arrive in chunks as well; only labels make other images worth labelling.
        if self._is_open and len(self._session.classifier.support()) != self._n_support:
            self._found_all = False
            self._question.ask_soon()

    def _on_counts_changed(self) -> None:
        """Images that the engine has come to know meanwhile can be suggested, too."""
        if self._is_open and self._session.engine is None and self.current is None:
            self._fill()  # The folder was not read yet when the queue was opened.
            if self.current is not None:
                self.changed.emit()
        if self._is_open and self.current is None and not self.is_waiting and not self.failure:
            self._ask_if_low()

    def _ask_if_low(self) -> None:
        n_embedded = int(np.count_nonzero(self._session.table.embedded))
        is_low = len(self.items) - self.place <= _RUNNING_LOW
        if is_low and not (self._found_all and n_embedded == self._n_embedded):
            self._ask_soon()

    def _ask_soon(self) -> None:
        if self._is_open and not self.is_waiting:
            self._question.ask_soon(0)

    def _ask(self) -> None:
        classifier = self._session.classifier
        if self._session.project is None or not self._is_open:
            return
        specs, support = classifier.specs(), classifier.support()
        self._n_support = len(support)
        self._n_embedded = int(np.count_nonzero(self._session.table.embedded))
        kept = [item.image_id for item in self.items[self.place : self.place + 2]]
        passed_over = tuple(sorted(self._passed_over.union(kept, self.set_aside)))
        examples = classifier.examples
        self._question.ask(
            lambda number: messages.Suggest(number, specs, support, _COUNT, passed_over, examples)
        )
        self.changed.emit()

    def _on_answered(self, event: messages.Suggested) -> None:
        self.failure = ""
        n_kept = self.place + 2
        while n_kept < len(self.items) and self.items[n_kept].image_id in self._again:
            n_kept += 1
        kept = self.items[:n_kept]
        known = {item.image_id for item in kept} | self._passed_over
        fresh = [
            item for item in event.suggestions if item.image_id not in known and self._is_due(item)
        ]
        self.items = [*kept, *fresh]
        self._found_all = not fresh

    def _on_ended(self, failure: str) -> None:
        self.failure = failure or self.failure
        self._fill()
        self.changed.emit()

"""Type to find: the field above the tiles, and the walk from match to match."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.gallery.find_bar import FindBar
from app.gallery.gallery_view import GalleryView
from app.session.image_table import Rows
from app.session.session import Session


class NameSearch(QObject):
    """Goes to the tiles whose name matches what is typed, or has those alone be shown.

    Signals:
        name_chosen: the tiles are to be filtered by this name; by none where it is empty.
        sought_changed: something else is looked for.
    """

    name_chosen = Signal(str)
    sought_changed = Signal()

    def __init__(self, session: Session, view: GalleryView, bar: FindBar) -> None:
        super().__init__(view)
        self._session = session
        self._view = view
        self._bar = bar
        self._sought_from = 0  # The place where the search for a name began.
        bar.text_changed.connect(self._on_sought)
        bar.step_requested.connect(self._step_to_match)
        bar.only_changed.connect(self._on_only_matches)
        bar.taken.connect(view.setFocus)
        bar.left.connect(self.leave)
        view.find_left.connect(self.leave)

    def begin(self, text: str) -> None:
        """Open the field with a letter that was typed, or with none."""
        self._sought_from = max(0, self._view.currentIndex().row())
        self._bar.show_only(bool(self._view.gallery_model().arrangement.name))
        self._view.is_finding = True
        self._bar.begin(text)
        if not text:
            self._show_number()

    def go_on(self, by: int) -> None:
        """Go to the next image whose name matches (1), or to the one before (-1)."""
        self._step_to_match(by)
        self._view.setFocus()

    def leave(self) -> None:
        """Close the field; a filter by the name and what is selected stay."""
        self.close()
        self._view.setFocus()

    def close(self) -> None:
        """The same, and the keyboard's attention stays where it is."""
        self._view.is_finding = False
        self._bar.hide()
        self.sought_changed.emit()

    @property
    def sought(self) -> str:
        """What is looked for now; empty while the field is closed."""
        return self._text() if self._view.is_finding else ""

    def _on_sought(self, text: str) -> None:
        if self._bar.only.isChecked():
            self.name_chosen.emit(text.strip())
        places = self._matches()
        if len(places):
            after = places[places >= self._sought_from]
            self._go_to(int(after[0]) if len(after) else int(places[0]))
        self._show_number()

    def _step_to_match(self, by: int) -> None:
        places = self._matches()
        if not len(places):
            return
        here = self._view.currentIndex().row()
        further = places[places > here] if by > 0 else places[places < here]
        if by > 0:
            place = further[0] if len(further) else places[0]
        else:
            place = further[-1] if len(further) else places[-1]
        self._go_to(int(place))
        self._show_number()

    def _on_only_matches(self, is_only: bool) -> None:
        self.name_chosen.emit(self._text() if is_only else "")
        self._show_number()
        self._bar.field.setFocus()

    def _go_to(self, place: int) -> None:
        # Not by setCurrentIndex(), which looks at the keys: with Ctrl, as in Ctrl+F, it would
        # take the tile out of the selection, and with Shift, as in Shift+F3, select all between.
        self._view.select_places(np.array([place], np.intp), place)
        self._view.scrollTo(self._view.currentIndex())

    def _matches(self) -> Rows:
        """Places of the tiles with a name that matches."""
        text = self._text()  # Also while the field is closed: F3 goes on.
        if not text:
            return np.zeros(0, np.intp)
        return self._view.gallery_model().places_with(self._session.table.named(text))

    def _text(self) -> str:
        return self._bar.field.text().strip()

    def _show_number(self) -> None:
        places = self._matches()
        at = np.flatnonzero(places == self._view.currentIndex().row())
        self._bar.show_number(int(at[0]) + 1 if len(at) else 0, len(places))
        self.sought_changed.emit()

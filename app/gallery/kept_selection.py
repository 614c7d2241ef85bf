"""The selection while the tiles are filtered and sorted anew."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSignalBlocker

from app.gallery.gallery_view import GalleryView


class KeptSelection:
    """While the model is reset the same images stay selected, as far as they are still shown."""

    def __init__(self, view: GalleryView, n_rows: int, at_top: bool) -> None:
        """Remember what is selected.

        Args:
            view: the tiles.
            n_rows: how many images the project has now, after it was perhaps just closed.
            at_top: begin with the first tile afterwards, unless something is selected.
        """
        self._view = view
        self._at_top = at_top
        model, chosen = view.gallery_model(), view.selected_places()
        place = view.currentIndex().row()
        rows = model.rows_of_places(chosen[chosen < len(model.order)])
        self._rows = rows[rows < n_rows]
        self._current = int(model.order[place]) if 0 <= place < len(model.order) else -1
        self._blocker = QSignalBlocker(view.selectionModel())

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_error: object) -> None:
        view, model = self._view, self._view.gallery_model()
        places = model.places_of_rows(self._rows)
        places = np.unique(places[places >= 0])
        view.select_places(places, model.place_of_row(self._current))
        self._blocker.unblock()
        if self._at_top:
            view.scrollToTop()
        if view.currentIndex().isValid() and len(places):
            view.scrollTo(view.currentIndex())
        view.settle()

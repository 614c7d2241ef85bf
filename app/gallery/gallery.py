"""The gallery: filters, order and size above, a field to find names, the tiles below."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from app.gallery.arrangement import Arrangement, Show, counts
from app.gallery.coverage_bar import CoverageBar
from app.gallery.emptiness import Emptiness
from app.gallery.filters import Filters
from app.gallery.find_bar import FindBar
from app.gallery.gallery_model import GalleryModel
from app.gallery.gallery_view import GalleryView
from app.gallery.head import GalleryHead
from app.gallery.kept_selection import KeptSelection
from app.gallery.name_search import NameSearch
from app.gallery.thumbnails import Thumbnails
from app.gallery.tile import TileDelegate
from app.look.theme import Theme
from app.session.image_table import NO_GROUP
from app.session.session import Session
from engine.messages import ImageId

_PAUSE_MS: Final = 1500
_WHEEL_STEP_PX: Final = 8
_WHY: Final = frozenset({"W"})  # Asks why in the larger view; among the tiles it is a letter.


class Gallery(QWidget):
    """The tiles with their controls.

    While predictions above a confidence are shown, a bar says what accepting them would mean.

    The order and the choice of tiles stay while a person labels, so that no tile moves away under
    the cursor. They are made anew when the filter or the order is changed, on Refresh (F5), after
    a scan, and when nothing is selected and nothing happened for a short while. When they could
    be made anew, the Refresh button says so.

    Signals:
        open_requested: show the current image large.
        menu_requested: a context menu for the selection, at a global position.
        selection_changed: other images are selected.
        refresh_requested: scan the folder again, too.
        label_as_predicted_requested: the person wants the images that are shown labelled so.
        name_typed: a letter, where there is no class yet: the first one's name begins with it.
    """

    open_requested = Signal()
    menu_requested = Signal(QPoint)
    selection_changed = Signal()
    refresh_requested = Signal()
    label_as_predicted_requested = Signal()
    name_typed = Signal(str)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self.thumbnails = Thumbnails(session, self)
        self.model = GalleryModel(session, self)
        self.view = GalleryView(self)
        self._delegate = TileDelegate(session, self.thumbnails, theme, self.view)
        self.view.setModel(self.model)
        self.view.setItemDelegate(self._delegate)
        self._fitted: object = None  # What the tiles were given room for last.
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause)
        self.head = GalleryHead(session)
        self.coverage = CoverageBar(session)
        self.finder = FindBar(theme)
        self.search = NameSearch(session, self.view, self.finder)
        self.empty = Emptiness(session)
        self.filters = Filters(session, self.view, self.head, self.coverage, self.finder)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.head, self.coverage, self.finder):
            column.addWidget(part)
        column.addLayout(self._stack, 1)
        self._connect()
        self.view.finds_names = True
        self._show_own_letters()
        self.set_theme(theme)
        self._set_side(session.preferences.tile_px)

    # --- For the window ---------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._delegate.set_theme(theme)
        self.view.drag_colour = theme.accent
        self.head.set_theme(theme)
        self.finder.set_theme(theme)
        self.empty.set_theme(theme)
        self._fit_tiles()  # The text may be larger, too.
        self.view.viewport().update()

    def kept_state(self) -> object:
        """What a gallery in a window built anew goes on from."""
        table, row = self._session.table, self.current_row()
        return (
            self.model.arrangement,
            self.view.selected_images(),
            table.image_id(row) if row >= 0 else None,
            self.view.verticalScrollBar().value(),
        )

    def restore_state(self, state: object) -> None:
        """Go on from what another gallery kept: filter, order, selection, place."""
        if isinstance(state, tuple):
            arrangement, images, current, scrolled = state
            self._on_classes_changed()
            self.arrange(self.filters.without_removed(arrangement))
            if current is not None:
                self.set_current_row(self._session.table.row_of(current))
            self.select_images(images)
            if not images:
                self.view.clearSelection()
            self.view.verticalScrollBar().setValue(scrolled)

    def current_row(self) -> int:
        """The row of the image with the keyboard's attention, -1 where there is none."""
        place = self.view.currentIndex().row()
        return int(self.model.order[place]) if 0 <= place < len(self.model.order) else -1

    def set_current_row(self, row: int) -> None:
        """Give an image the keyboard's attention and select it alone."""
        place = self.model.place_of_row(row)
        if place >= 0:
            self.view.setCurrentIndex(self.model.index(place))

    def step(self, by: int) -> int:
        """Select the next or previous tile alone; return its row, -1 at the end."""
        place = self.view.currentIndex().row() + by
        if not 0 <= place < len(self.model.order):
            return -1
        self.view.setCurrentIndex(self.model.index(place))
        return int(self.model.order[place])

    def select_images(self, images: list[ImageId]) -> None:
        """Select images as far as they are shown, and go to the first of them.

        A group of which only a part is meant is opened: its tile would stand for all of it.
        """
        rows = self._session.table.rows_of(np.array(images, np.int64))
        self.model.expand_for(rows[rows >= 0])
        places = self.model.places_of_rows(rows[rows >= 0])
        places = np.unique(places[places >= 0])
        if len(places):
            self.view.select_places(places, int(places[0]))
            self.view.scrollTo(self.view.currentIndex())

    def advance(self, was_labelled: bool) -> None:
        """After a label by key on one tile: go where a fast labeller wants to be.

        In a run over fresh images that is the next one without a label; while labels are being
        corrected it is simply the next one.
        """
        start = self.view.currentIndex().row()
        rest = self.model.order[start + 1 :]
        if not len(rest):
            return
        place = start + 1
        if not was_labelled:
            fresh = np.flatnonzero(
                (self._session.table.labels[rest] == 0) & ~self._session.table.unreadable[rest]
            )
            if len(fresh):
                place = start + 1 + int(fresh[0])
        self.view.setCurrentIndex(self.model.index(place))
        self.view.since_step.start()

    def arrange(self, arrangement: Arrangement | None = None) -> None:
        """Filter and sort anew, keeping the selection as far as it is still shown."""
        at_top = self.view.verticalScrollBar().value() == 0 or arrangement is not None
        with self._keeping_selection(at_top):
            self.model.rearrange(arrangement)
        self.head.show_out_of_date(False)
        self._show_arrangement()

    def open_find(self) -> None:
        """Open the field for names."""
        self.search.begin("")

    def find_next(self) -> None:
        """Go to the next image whose name matches."""
        self.search.go_on(1)

    def find_previous(self) -> None:
        """Go to the one before."""
        self.search.go_on(-1)

    def toggle_grouping(self) -> None:
        """Lay images that show the same under one tile, or show each."""
        self._on_grouping(not self.model.arrangement.is_grouped)

    def toggle_group(self) -> None:
        """Open or close the group of the current tile."""
        place = self.view.currentIndex().row()
        if place >= 0:
            self._on_group_toggled(place)

    def tile_px(self) -> int:
        """The side of a thumbnail."""
        return self.head.order.slider.value()

    def change_tile_px(self, by: int) -> None:
        """Make the tiles larger or smaller."""
        self.head.order.slider.setValue(self.head.order.slider.value() + by)

    # --- Wiring -----------------------------------------------------------------------------------

    def _connect(self) -> None:
        session, head, view = self._session, self.head, self.view
        session.project_changed.connect(self._on_project_changed)
        session.scanned.connect(self.arrange)
        session.status_changed.connect(self._on_status_changed)
        session.rows_added.connect(self._fit_tiles)
        session.counts_changed.connect(self._show_counts)
        session.classes_changed.connect(self._on_classes_changed)
        session.predictions_changed.connect(self._on_predictions_changed)
        session.audit.changed.connect(self._on_predictions_changed)
        session.likeness.grouped.connect(self._on_groups_found)
        session.likeness.progressed.connect(self._show_progress)
        self.thumbnails.arrived.connect(self._on_thumbnail)
        view.view_moved.connect(self._on_view_moved)
        view.size_step_requested.connect(self._on_size_step)
        view.open_requested.connect(self.open_requested)
        view.menu_requested.connect(self.menu_requested)
        view.find_requested.connect(self._on_letter)
        view.group_toggled.connect(self._on_group_toggled)
        view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.model.modelReset.connect(self._show_emptiness)
        self.model.rowsInserted.connect(self._show_emptiness)
        head.order.grouping_chosen.connect(self._on_grouping)
        head.order.refresh_requested.connect(self.refresh_requested)
        head.order.side_changed.connect(self._on_side_chosen)
        self.search.name_chosen.connect(self.filters.choose_name)
        self.filters.wanted.connect(self.arrange)
        self.filters.refused.connect(self._show_arrangement)
        self.search.sought_changed.connect(self._show_sought)
        self.empty.cleared.connect(self.filters.clear)
        self.coverage.label_requested.connect(self.label_as_predicted_requested)

    # --- The session ------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        kept = self.filters.remembered()
        self.view.clearSelection()
        self.search.close()
        self.model.forget_expanded()
        self.head.show_classes()
        self._fit_tiles()
        self.arrange(kept)

    def _on_classes_changed(self) -> None:
        self.head.show_classes()
        self._show_own_letters()
        chosen = self.filters.without_removed(self.model.arrangement)
        if chosen != self.model.arrangement:
            self.filters.keep(chosen)
        else:
            self._show_arrangement()

    def _on_predictions_changed(self) -> None:
        self._pause.start()

    def _on_groups_found(self) -> None:
        self.model.forget_expanded()
        self._show_counts()
        self._show_emptiness()
        self._pause.start()

    def _on_pause(self) -> None:
        if not self.model.is_out_of_date():
            self.head.show_out_of_date(False)
        elif self.view.selectionModel().hasSelection():
            self.head.show_out_of_date(True)
        else:
            self.arrange()

    def _on_thumbnail(self, image_id: int) -> None:
        place = self.model.place_of_row(self._session.table.row_of(image_id))
        if place in self.model.visible_places:
            self.view.update(self.model.index(place))

    # --- The view ---------------------------------------------------------------------------------

    def _on_selection_changed(self) -> None:
        self._pause.start()
        self.head.order.show_selected(self.view.count_selected())
        self.selection_changed.emit()

    def _on_view_moved(self) -> None:
        if self._session.project is None:
            return
        shown = self.view.visible_places()
        self.model.visible_places = shown
        order, screen = self.model.order, len(shown)
        visible = order[shown.start : shown.stop]
        self._session.set_visible(visible)
        ahead = order[shown.stop : shown.stop + 2 * screen]
        behind = order[max(0, shown.start - screen) : shown.start]
        self.thumbnails.want(np.concatenate([visible, ahead, behind[::-1]]).tolist())

    def _on_size_step(self, steps: int) -> None:
        self.change_tile_px(_WHEEL_STEP_PX * steps)

    def _on_side_chosen(self, side_px: int) -> None:
        self._set_side(side_px)
        self._session.preferences.tile_px = side_px

    def _on_group_toggled(self, place: int) -> None:
        group = int(self._session.table.groups[self.model.order[place]])
        if not self.model.arrangement.is_grouped or group == NO_GROUP:
            return
        with self._keeping_selection(at_top=False):
            self.model.set_expanded(place, self.model.n_at(place) > 1)

    def _on_grouping(self, is_on: bool) -> None:
        if is_on:
            self._session.likeness.find_again()
        at_top = self.view.verticalScrollBar().value() == 0
        with self._keeping_selection(at_top):
            self.model.rearrange(replace(self.model.arrangement, is_grouped=is_on))
        self.filters.remember()
        self._show_arrangement()
        self._show_progress()

    # --- Finding ----------------------------------------------------------------------------------

    def _on_letter(self, letter: str) -> None:
        # Also where nothing is selected, so that the class's key has nothing to do just now.
        if not self._session.classes:
            self.name_typed.emit(letter)  # As the first hint says; Ctrl+F finds names.
        elif letter.upper() not in self._class_keys():
            self.search.begin(letter)

    def _class_keys(self) -> set[str]:
        return {item.key for item in self._session.classes}

    # --- Showing ----------------------------------------------------------------------------------

    @contextmanager
    def _keeping_selection(self, at_top: bool) -> Iterator[None]:
        with KeptSelection(self.view, self._session.table.n_rows, at_top):
            yield
        self.head.order.show_selected(self.view.count_selected())
        self.selection_changed.emit()

    def _show_own_letters(self) -> None:
        self.view.own_letters = _WHY - self._class_keys()

    def _set_side(self, side_px: int) -> None:
        self.thumbnails.set_side(round(side_px * self.devicePixelRatioF()))
        self._delegate.set_side(side_px)
        self._fit_tiles()

    def _fit_tiles(self) -> None:
        """Give the tiles the room that they need; more where images lie in sub-folders."""
        has_folders = self._session.table.has_folders
        if (fitted := (self._delegate.cell_size(), has_folders)) != self._fitted:
            self._fitted = fitted
            self.view.set_tile_size(self._delegate.cell_size())
            self.head.show_folders(has_folders)

    def _show_arrangement(self) -> None:
        now = self.model.arrangement
        self._show_sought()
        self.coverage.setVisible(now.show is Show.CONFIDENT)
        if now.show is Show.CONFIDENT and not self.filters.is_threshold_moving:
            self.coverage.show_choice(now.threshold, now.class_id, now.name)
        self._show_counts()

    def _show_sought(self) -> None:
        sought = self.search.sought or self.model.arrangement.name
        if sought != self._delegate.sought:
            self._delegate.sought = sought
            self.view.viewport().update()

    def _show_counts(self) -> None:
        now = self.model.arrangement
        # Of what is worth labelling only where it is seen: that takes as long as all the others.
        states = [show for show in Show if show is not Show.TO_LABEL or show is now.show]
        self.head.show_arrangement(now, counts(self._session.table, now, states))

    def _show_progress(self) -> None:
        self.head.order.show_progress(self._session.likeness.progress)

    def _show_emptiness(self) -> None:
        is_empty = not len(self.model.order)
        # Else Qt would pass the keyboard's attention on to the button that clears the filters.
        had_focus = self.view.hasFocus() or self.empty.hasFocus()
        shown = self.empty if is_empty and self._session.table.n_rows else self.view
        if is_empty:
            self.empty.show_reason(self.model.arrangement)
        self._stack.setCurrentWidget(shown)
        if had_focus:
            shown.setFocus()

    def _on_status_changed(self) -> None:
        if self._stack.currentWidget() is self.empty:
            self.empty.show_reason(self.model.arrangement)

"""The gallery: filters, order and size above, a field to find names, the tiles below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import QPoint, QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from app.gallery.arrangement import Arrangement, Show, Sort, counts
from app.gallery.coverage_bar import CoverageBar
from app.gallery.emptiness import Emptiness
from app.gallery.find_bar import FindBar
from app.gallery.gallery_model import GalleryModel
from app.gallery.gallery_view import GalleryView
from app.gallery.head import GalleryHead
from app.gallery.thumbnails import Thumbnails
from app.gallery.tile import TileDelegate
from app.look.notices import Notice, Severity
from app.look.theme import Theme
from app.session.image_table import NO_CLASS, NO_GROUP, Rows
from app.session.session import Session
from engine.messages import NONE_OF_THESE, ClassId, ImageId

_PAUSE_MS: Final = 1500
_WHEEL_STEP_PX: Final = 8
_WHY: Final = frozenset({"W"})  # Asks why in the larger view; among the tiles it is a letter.
_THRESHOLD_MS: Final = 80  # While the slider moves, the tiles are filtered so often.


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
    """

    open_requested = Signal()
    menu_requested = Signal(QPoint)
    selection_changed = Signal()
    refresh_requested = Signal()
    label_as_predicted_requested = Signal()

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
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._on_pause)
        self._threshold_timer = QTimer(self)
        self._threshold_timer.setSingleShot(True)
        self._threshold_timer.setInterval(_THRESHOLD_MS)
        self._threshold_timer.timeout.connect(self._on_threshold)
        self._sought_from = 0  # The place where the search for a name began.
        self.head = GalleryHead(session)
        self.coverage = CoverageBar(session)
        self.finder = FindBar(theme)
        self.empty = Emptiness(session)
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
            self.arrange(self._without_removed(arrangement))
            if current is not None:
                self.set_current_row(self._session.table.row_of(current))
            self.select_images(images)
            if not images:
                self.view.clearSelection()
            self.view.verticalScrollBar().setValue(scrolled)

    @property
    def n_rows(self) -> int:
        """How many images the project has."""
        return self._session.table.n_rows

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

    def arrange(self, arrangement: Arrangement | None = None) -> None:
        """Filter and sort anew, keeping the selection as far as it is still shown."""
        at_top = self.view.verticalScrollBar().value() == 0 or arrangement is not None
        with self._keeping_selection(at_top):
            self.model.rearrange(arrangement)
        self.head.show_out_of_date(False)
        self._show_arrangement()

    def show_only(self, class_id: ClassId) -> None:
        """Filter by a class, and by nothing else."""
        now = self.model.arrangement
        self._keep_without_name(replace(now.unfiltered(), class_id=class_id))

    def show_these(self, images: Sequence[ImageId]) -> None:
        """Show these images only."""
        now = self.model.arrangement
        self._keep_without_name(replace(now.unfiltered(), show=Show.THESE, images=tuple(images)))

    def clear_filters(self) -> None:
        """Show all images, in the order they are in."""
        self._keep_without_name(self.model.arrangement.unfiltered())
        self.view.setFocus()

    def open_find(self) -> None:
        """Open the field for names."""
        self.begin_find("")

    def begin_find(self, text: str) -> None:
        """Open the field for names with a letter that was typed."""
        self._sought_from = max(0, self.view.currentIndex().row())
        self.finder.show_only(bool(self.model.arrangement.name))
        self.finder.begin(text)

    def find_next(self) -> None:
        """Go to the next image whose name matches."""
        self._step_to_match(1)
        self.view.setFocus()

    def find_previous(self) -> None:
        """Go to the one before."""
        self._step_to_match(-1)
        self.view.setFocus()

    def toggle_grouping(self) -> None:
        """Lay images that show the same under one tile, or show each."""
        self._on_grouping(not self.model.arrangement.is_grouped)

    def toggle_group(self) -> None:
        """Open or close the group of the current tile."""
        place = self.view.currentIndex().row()
        if place >= 0:
            self._on_group_toggled(place)

    def sort_by_similarity(self) -> None:
        """Show what is most like the selected images first."""
        images = self.view.selected_images()
        if images:
            self._session.likeness.measure(images)
            return
        self._show_arrangement()  # The order is what it was.
        text = self.tr(
            "Select one image or more first; the others are then sorted by how alike they are."
        )
        self._session.noticed.emit(Notice(text, Severity.INFORMATION, None))

    def tile_px(self) -> int:
        """The side of a thumbnail."""
        return self.head.slider.value()

    def change_tile_px(self, by: int) -> None:
        """Make the tiles larger or smaller."""
        self.head.slider.setValue(self.head.slider.value() + by)

    # --- Wiring -----------------------------------------------------------------------------------

    def _connect(self) -> None:
        session, head, finder, view = self._session, self.head, self.finder, self.view
        session.project_changed.connect(self._on_project_changed)
        session.scanned.connect(self.arrange)
        session.counts_changed.connect(self._show_counts)
        session.classes_changed.connect(self._on_classes_changed)
        session.predictions_changed.connect(self._on_predictions_changed)
        session.audit.changed.connect(self._on_predictions_changed)
        session.likeness.grouped.connect(self._on_groups_found)
        session.likeness.progressed.connect(self._show_progress)
        session.likeness.measured.connect(self._on_measured)
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
        head.state_chosen.connect(self._choose)
        head.class_chosen.connect(self._on_class_chosen)
        head.name_cleared.connect(self._on_name_cleared)
        head.cleared.connect(self.clear_filters)
        head.sort_chosen.connect(self._on_sort_chosen)
        head.grouping_chosen.connect(self._on_grouping)
        head.refresh_requested.connect(self.refresh_requested)
        head.side_changed.connect(self._on_side_chosen)
        finder.text_changed.connect(self._on_sought)
        finder.step_requested.connect(self._step_to_match)
        finder.only_changed.connect(self._on_only_matches)
        finder.taken.connect(self.view.setFocus)
        finder.left.connect(self._on_find_left)
        self.empty.cleared.connect(self.clear_filters)
        self.coverage.choice_changed.connect(self._on_threshold_moved)
        self.coverage.label_requested.connect(self.label_as_predicted_requested)

    # --- The session ------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        project = self._session.project
        kept = Arrangement()
        if project is not None:
            kept = Arrangement.from_text(*self._session.preferences.arrangement(project.path))
            kept = self._without_removed(kept)
        self.view.clearSelection()
        self.finder.hide()
        self.model.forget_expanded()
        self.head.show_classes()
        self.arrange(kept)

    def _on_classes_changed(self) -> None:
        self.head.show_classes()
        self._show_own_letters()
        chosen = self._without_removed(self.model.arrangement)
        if chosen != self.model.arrangement:
            self._keep(chosen)
        else:
            self._show_arrangement()

    def _on_predictions_changed(self) -> None:
        self._pause.start()

    def _on_groups_found(self) -> None:
        self.model.forget_expanded()
        self._show_counts()
        self._show_emptiness()
        self._pause.start()

    def _on_measured(self) -> None:
        self._keep(replace(self.model.arrangement, sort=Sort.SIMILAR_FIRST))
        self.view.scrollToTop()

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
        self.head.show_selected(self.view.count_selected())
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

    # --- Filters and order ------------------------------------------------------------------------

    def _choose(self, show: Show) -> None:
        now = self.model.arrangement
        class_id = now.class_id
        if show is Show.CONFIDENT and class_id == NONE_OF_THESE:
            class_id = ClassId(NO_CLASS)  # Nothing is predicted as that.
        self._keep(replace(now, show=show, class_id=class_id))

    def _on_class_chosen(self, class_id: int) -> None:
        now = self.model.arrangement
        is_neither = now.show is Show.CONFIDENT and class_id == NONE_OF_THESE
        show = Show.ALL if is_neither else now.show
        self._keep(replace(now, show=show, class_id=ClassId(class_id)))

    def _on_name_cleared(self) -> None:
        self._keep_without_name(replace(self.model.arrangement, name=""))

    def _on_threshold_moved(self) -> None:
        if not self._threshold_timer.isActive():
            self._threshold_timer.start()

    def _on_threshold(self) -> None:
        if self.model.arrangement.show is Show.CONFIDENT:
            now, bar = self.model.arrangement, self.coverage
            self._keep(replace(now, threshold=bar.threshold, class_id=bar.class_id))

    def _on_sort_chosen(self, sort: Sort) -> None:
        if sort is Sort.SIMILAR_FIRST:
            self.sort_by_similarity()
            return
        self._keep(replace(self.model.arrangement, sort=sort))
        self.view.scrollToTop()  # The order was asked for to see what comes first in it.

    def _on_grouping(self, is_on: bool) -> None:
        at_top = self.view.verticalScrollBar().value() == 0
        with self._keeping_selection(at_top):
            self.model.rearrange(replace(self.model.arrangement, is_grouped=is_on))
        self._remember()
        self._show_arrangement()
        self._show_progress()

    def _keep(self, arrangement: Arrangement) -> None:
        self.arrange(arrangement)
        self._remember()

    def _keep_without_name(self, arrangement: Arrangement) -> None:
        """Also where the field is open, which would filter by the next letter typed into it."""
        self.finder.show_only(False)
        self._keep(arrangement)

    def _remember(self) -> None:
        project = self._session.project
        if project is not None:
            kept = self.model.arrangement.to_text()
            self._session.preferences.keep_arrangement(project.path, *kept)

    def _without_removed(self, chosen: Arrangement) -> Arrangement:
        """The same, but for a class that there is no more."""
        if chosen.class_id == NO_CLASS or self._session.image_class(chosen.class_id) is not None:
            return chosen
        return replace(chosen, class_id=ClassId(NO_CLASS))

    # --- Finding ----------------------------------------------------------------------------------

    def _on_letter(self, letter: str) -> None:
        # Also where nothing is selected, so that the class's key has nothing to do just now.
        if letter.upper() not in self._class_keys():
            self.begin_find(letter)

    def _class_keys(self) -> set[str]:
        return {item.key for item in self._session.classes}

    def _on_sought(self, text: str) -> None:
        if self.finder.only.isChecked():
            self._keep(replace(self.model.arrangement, name=text))
        places = self._matches()
        if text and len(places):
            after = places[places >= self._sought_from]
            self._go_to(int(after[0]) if len(after) else int(places[0]))
        self._show_number()

    def _step_to_match(self, by: int) -> None:
        places = self._matches()
        if not len(places):
            return
        here = self.view.currentIndex().row()
        further = places[places > here] if by > 0 else places[places < here]
        if by > 0:
            place = further[0] if len(further) else places[0]
        else:
            place = further[-1] if len(further) else places[-1]
        self._go_to(int(place))
        self._show_number()

    def _on_only_matches(self, is_only: bool) -> None:
        name = self.finder.field.text() if is_only else ""
        self._keep(replace(self.model.arrangement, name=name))
        self._show_number()
        self.finder.field.setFocus()

    def _on_find_left(self) -> None:
        self.finder.hide()
        self.view.setFocus()

    def _go_to(self, place: int) -> None:
        # Not by setCurrentIndex(), which looks at the keys: with Ctrl, as in Ctrl+F, it would
        # take the tile out of the selection, and with Shift, as in Shift+F3, select all between.
        self.view.select_places(np.array([place], np.intp), place)
        self.view.scrollTo(self.view.currentIndex())

    def _matches(self) -> Rows:
        """Places of the tiles with a name that matches."""
        text = self.finder.field.text()
        if not text:
            return np.zeros(0, np.intp)
        return self.model.places_with(self._session.table.named(text))

    def _show_number(self) -> None:
        places = self._matches()
        at = np.flatnonzero(places == self.view.currentIndex().row())
        self.finder.show_number(int(at[0]) + 1 if len(at) else 0, len(places))

    # --- Showing ----------------------------------------------------------------------------------

    def _keeping_selection(self, at_top: bool) -> _KeptSelection:
        return _KeptSelection(self, at_top)

    def _show_own_letters(self) -> None:
        self.view.own_letters = _WHY - self._class_keys()

    def _set_side(self, side_px: int) -> None:
        self.thumbnails.set_side(round(side_px * self.devicePixelRatioF()))
        self._delegate.set_side(side_px)
        self.view.set_tile_size(self._delegate.cell_size())

    def _show_arrangement(self) -> None:
        now = self.model.arrangement
        self.coverage.setVisible(now.show is Show.CONFIDENT)
        if now.show is Show.CONFIDENT and not self._threshold_timer.isActive():
            self.coverage.show_choice(now.threshold, now.class_id, now.name)
        self._show_counts()

    def _show_counts(self) -> None:
        now = self.model.arrangement
        self.head.show_arrangement(now, counts(self._session.table, now))

    def _show_progress(self) -> None:
        self.head.show_progress(self._session.likeness.progress)

    def _show_emptiness(self) -> None:
        is_empty = not len(self.model.order)
        self._stack.setCurrentIndex(1 if is_empty and self._session.table.n_rows else 0)
        if is_empty:
            self.empty.show_reason(self.model.arrangement)


class _KeptSelection:
    """While the model is reset the same images stay selected, as far as they are still shown."""

    def __init__(self, gallery: Gallery, at_top: bool) -> None:
        self._gallery = gallery
        self._at_top = at_top
        view, model = gallery.view, gallery.model
        chosen = view.selected_places()
        rows = model.rows_of_places(chosen[chosen < len(model.order)])
        self._rows = rows[rows < gallery.n_rows]  # The project may just have been closed.
        self._current = gallery.current_row()
        self._blocker = QSignalBlocker(view.selectionModel())

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_error: object) -> None:
        view, model = self._gallery.view, self._gallery.model
        places = model.places_of_rows(self._rows)
        places = np.unique(places[places >= 0])
        view.select_places(places, model.place_of_row(self._current))
        self._blocker.unblock()
        if self._at_top:
            view.scrollToTop()
        if view.currentIndex().isValid() and len(places):
            view.scrollTo(view.currentIndex())
        view.settle()
        self._gallery.head.show_selected(view.count_selected())
        self._gallery.selection_changed.emit()

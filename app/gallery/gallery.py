"""The gallery: filter, order and tile size above, the tiles below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from PySide6.QtCore import (
    QLocale,
    QPoint,
    QSignalBlocker,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QSlider,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.gallery.arrangement import Arrangement, Show, Sort, counts
from app.gallery.coverage_bar import CoverageBar
from app.gallery.gallery_model import GalleryModel
from app.gallery.gallery_view import GalleryView
from app.gallery.thumbnails import Thumbnails
from app.gallery.tile import TileDelegate
from app.look.icons import icon, pixmap, swatch
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.preferences import MAX_TILE_PX, MIN_TILE_PX
from app.session.session import Session
from engine.messages import NONE_OF_THESE, ClassId, ImageId

_PAUSE_MS: Final = 1500
_WHEEL_STEP_PX: Final = 8
_NAME_PX: Final = 120  # Of a class above the tiles.
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
        self.coverage = CoverageBar(session)
        self._build()
        self._connect()
        self.set_theme(theme)
        self._set_side(session.preferences.tile_px)

    # --- For the window ---------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._delegate.set_theme(theme)
        self.view.drag_colour = theme.accent
        self._refresh.setIcon(icon("refresh", theme.accent))
        self._small.setPixmap(pixmap("small-tiles", theme.muted, 16, self.devicePixelRatioF()))
        self._large.setPixmap(pixmap("large-tile", theme.muted, 16, self.devicePixelRatioF()))
        self._class_chip.setIcon(icon("down", theme.muted))
        self._empty_picture.setPixmap(
            pixmap("filter", theme.disabled, 48, self.devicePixelRatioF())
        )
        self.view.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_head()

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
            self.arrange(self._without_removed(arrangement))
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
        """Select images as far as they are shown, and go to the first of them."""
        rows = self._session.table.rows_of(np.array(images, np.int64))
        places = self.model.places_of_rows(rows[rows >= 0])
        places = np.sort(places[places >= 0])
        if len(places):
            self.view.select_places(places, int(places[0]))
            self.view.scrollTo(self.view.currentIndex())

    def advance(self, was_labelled: bool) -> None:
        """After a label by key on one image: go where a fast labeller wants to be.

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
        chosen = self.view.selected_places()
        rows = self.model.order[chosen[chosen < len(self.model.order)]]
        rows = rows[rows < self._session.table.n_rows]  # The project may just have been closed.
        current = self.current_row()
        at_top = self.view.verticalScrollBar().value() == 0 or arrangement is not None
        with QSignalBlocker(self.view.selectionModel()):
            self.model.rearrange(arrangement)
            places = self.model.places_of_rows(rows)
            places = np.sort(places[places >= 0])
            self.view.select_places(places, self.model.place_of_row(current))
        if at_top:
            self.view.scrollToTop()
        if self.view.currentIndex().isValid() and len(places):
            self.view.scrollTo(self.view.currentIndex())
        self._out_of_date(False)
        self._show_arrangement()
        self._show_counts()
        self.view.settle()
        self.selection_changed.emit()

    def show_only(self, class_id: ClassId) -> None:
        """Filter by a class."""
        self._choose(Show.CLASS, class_id)

    def show_these(self, images: Sequence[ImageId]) -> None:
        """Show these images only."""
        now = self.model.arrangement
        self._keep(replace(now, show=Show.THESE, images=tuple(images)))

    def tile_px(self) -> int:
        """The side of a thumbnail."""
        return self._slider.value()

    def change_tile_px(self, by: int) -> None:
        """Make the tiles larger or smaller."""
        self._slider.setValue(self._slider.value() + by)

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self._chips: dict[Show, QToolButton] = {}
        self._numbers: dict[Show, int] = {}  # What the filters show, or would.
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        head, order = QHBoxLayout(), QHBoxLayout()
        self._order = order
        for part in (head, order):
            part.setSpacing(GAP_PX)
        for show, tip in (
            (Show.ALL, self.tr("Show every image")),
            (Show.UNLABELLED, self.tr("Show images without a label of yours")),
            (Show.LABELLED, self.tr("Show images that you labelled")),
            (Show.UNSURE, self.tr("Show images whose two most likely classes are close")),
            (Show.CONFIDENT, self.tr("Show predictions above a confidence, and how good they are")),
            (Show.LIKE_NONE, self.tr("Show images that look like none of the classes")),
            (Show.UNREADABLE, self.tr("Show files that cannot be read, and why")),
            (Show.CLASS, self.tr("Show images labelled or predicted as one class")),
            (Show.THESE, self.tr("Show the images that another page named")),
        ):
            chip = QToolButton()
            chip.setObjectName("chip")
            chip.setCheckable(True)
            chip.setToolTip(tip)
            self._group.addButton(chip)
            self._chips[show] = chip
            head.addWidget(chip)
        self._class_chip = self._chips[Show.CLASS]
        self._class_chip.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._class_chip.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._class_chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._class_menu = QMenu(self)
        self._class_menu.setLayoutDirection(self.layoutDirection())  # Not the mirrored chip's.
        self._class_chip.setMenu(self._class_menu)
        self._refresh = QToolButton()
        self._refresh.setObjectName("flat")
        self._refresh.setText(self.tr("Refresh"))
        self._refresh.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._refresh.setToolTip(self.tr("New predictions: filter and sort again (F5)"))
        self._refresh.hide()
        head.addStretch(1)
        order.addWidget(self._refresh)
        order.addStretch(1)
        self._sort = QComboBox()
        self._sort.setAccessibleName(self.tr("Order"))
        self._sort.setToolTip(self.tr("Order of the images"))
        self._sort.addItem(self.tr("Name"), Sort.NAME)
        self._sort.addItem(self.tr("Most confident first"), Sort.CONFIDENT_FIRST)
        self._sort.addItem(self.tr("Most unsure first"), Sort.UNSURE_FIRST)
        self._sort.addItem(self.tr("Least like any class first"), Sort.LIKE_NONE_FIRST)
        # As wide as its shortest entries: the filters need the room.
        self._sort.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._sort.setMinimumContentsLength(9)
        self._sort.view().setMinimumWidth(200)
        order.addWidget(self._sort)
        self._small, self._large = QLabel(), QLabel()
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(MIN_TILE_PX, MAX_TILE_PX)
        self._slider.setSingleStep(16)
        self._slider.setPageStep(32)
        self._slider.setFixedWidth(88)
        self._slider.setAccessibleName(self.tr("Tile size"))
        self._slider.setToolTip(self.tr("Tile size (Ctrl and mouse wheel)"))
        self._slider.setValue(self._session.preferences.tile_px)
        order.addWidget(self._small)
        order.addWidget(self._slider)
        order.addWidget(self._large)
        self._bar = QWidget()
        self._bar.setObjectName("page")
        # What is said above the tiles follows from their width, and not the other way round: else
        # a filter that comes would take its room from the classes, and never give it back.
        self._bar.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._bar)
        self._head.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        self._head.setSpacing(GAP_PX)
        self._head.addLayout(head)
        self._head.addLayout(order)
        self._empty = QWidget()
        self._empty.setObjectName("ground")
        self._empty_picture = QLabel()
        self._empty_text = QLabel()
        self._empty_text.setObjectName("title")
        self._empty_hint = QLabel()
        self._empty_hint.setObjectName("muted")
        self._empty_hint.setWordWrap(True)
        centre = QVBoxLayout(self._empty)
        centre.addStretch(2)
        for label in (self._empty_picture, self._empty_text, self._empty_hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            centre.addWidget(label)
        centre.addStretch(3)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._bar)
        column.addWidget(self.coverage)
        column.addLayout(self._stack, 1)

    def _connect(self) -> None:
        session = self._session
        session.project_changed.connect(self._on_project_changed)
        session.scanned.connect(self.arrange)
        session.counts_changed.connect(self._show_counts)
        session.classes_changed.connect(self._on_classes_changed)
        session.predictions_changed.connect(self._on_predictions_changed)
        self.thumbnails.arrived.connect(self._on_thumbnail)
        self.view.view_moved.connect(self._on_view_moved)
        self.view.size_step_requested.connect(self._on_size_step)
        self.view.open_requested.connect(self.open_requested)
        self.view.menu_requested.connect(self.menu_requested)
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.model.modelReset.connect(self._show_emptiness)
        self.model.rowsInserted.connect(self._show_emptiness)
        self._group.buttonClicked.connect(self._on_chip)
        self._class_menu.triggered.connect(self._on_class_chosen)
        self._class_menu.aboutToHide.connect(self._show_arrangement)
        self._sort.activated.connect(self._on_sort_chosen)
        self._slider.valueChanged.connect(self._on_side_chosen)
        self._refresh.clicked.connect(self.refresh_requested)
        self.coverage.choice_changed.connect(self._on_threshold_moved)
        self.coverage.label_requested.connect(self.label_as_predicted_requested)

    # --- Slots ------------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        project = self._session.project
        kept = Arrangement()
        if project is not None:
            kept = Arrangement.from_text(*self._session.preferences.arrangement(project.path))
            kept = self._without_removed(kept)
        self.view.clearSelection()
        self.arrange(kept)

    def _on_classes_changed(self) -> None:
        chosen = self._without_removed(self.model.arrangement)
        if chosen != self.model.arrangement:
            self._keep(chosen)
        self._show_arrangement()
        self._show_counts()

    def _on_predictions_changed(self) -> None:
        self._pause.start()

    def _on_pause(self) -> None:
        if not self.model.is_out_of_date():
            self._out_of_date(False)
        elif self.view.selectionModel().hasSelection():
            self._out_of_date(True)
        else:
            self.arrange()

    def _on_selection_changed(self) -> None:
        self._pause.start()
        self.selection_changed.emit()

    def _on_thumbnail(self, image_id: int) -> None:
        place = self.model.place_of_row(self._session.table.row_of(image_id))
        if place in self.model.visible_places:
            self.view.update(self.model.index(place))

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

    def _on_chip(self, button: QToolButton) -> None:
        for show, chip in self._chips.items():
            if chip is button and show is not Show.CLASS:
                self._choose(show)

    def _on_class_chosen(self, action: QAction) -> None:
        self._choose(Show.CLASS, ClassId(int(action.data())))

    def _on_threshold_moved(self) -> None:
        if not self._threshold_timer.isActive():
            self._threshold_timer.start()

    def _on_threshold(self) -> None:
        if self.model.arrangement.show is Show.CONFIDENT:
            now, bar = self.model.arrangement, self.coverage
            self._keep(replace(now, threshold=bar.threshold, class_id=bar.class_id))

    def _on_sort_chosen(self) -> None:
        self._keep(replace(self.model.arrangement, sort=self._sort.currentData()))
        self.view.scrollToTop()  # The order was asked for to see what comes first in it.

    def _on_size_step(self, steps: int) -> None:
        self.change_tile_px(_WHEEL_STEP_PX * steps)

    def _on_side_chosen(self, side_px: int) -> None:
        self._set_side(side_px)
        self._session.preferences.tile_px = side_px

    # --- Private ----------------------------------------------------------------------------------

    def _without_removed(self, chosen: Arrangement) -> Arrangement:
        """The same, but for a class that there is no more."""
        if chosen.class_id == NO_CLASS or self._session.image_class(chosen.class_id) is not None:
            return chosen
        show = Show.ALL if chosen.show is Show.CLASS else chosen.show
        return replace(chosen, show=show, class_id=ClassId(NO_CLASS))

    def _choose(self, show: Show, class_id: ClassId = ClassId(0)) -> None:  # noqa: B008
        now = self.model.arrangement
        if show is Show.THESE:
            self._keep(replace(now, show=show))
        else:
            self._keep(Arrangement(show, class_id, now.sort, now.threshold, now.images))

    def _keep(self, arrangement: Arrangement) -> None:
        self.arrange(arrangement)
        if self._session.project is not None:
            self._session.preferences.keep_arrangement(
                self._session.project.path, *arrangement.to_text()
            )

    def _set_side(self, side_px: int) -> None:
        self.thumbnails.set_side(round(side_px * self.devicePixelRatioF()))
        self._delegate.set_side(side_px)
        self.view.set_tile_size(self._delegate.cell_size())

    def _out_of_date(self, is_so: bool) -> None:
        self._refresh.setVisible(is_so)

    def _show_arrangement(self) -> None:
        now = self.model.arrangement
        self._chips[now.show].setChecked(True)
        self._sort.setCurrentIndex(self._sort.findData(now.sort))
        self._class_menu.clear()
        for item in self._session.offered:
            if item.class_id == NONE_OF_THESE:
                self._class_menu.addSeparator()
            action = self._class_menu.addAction(swatch(item.colour), item.name.replace("&", "&&"))
            action.setData(int(item.class_id))
        self._class_chip.setEnabled(bool(self._session.classes))
        self.coverage.setVisible(now.show is Show.CONFIDENT)
        if now.show is Show.CONFIDENT and not self._threshold_timer.isActive():
            self.coverage.show_choice(now.threshold, now.class_id)

    def _show_counts(self) -> None:
        table, numbers = self._session.table, counts(self._session.table)
        chosen = self.model.arrangement
        numbers[Show.CONFIDENT] = int(
            np.count_nonzero(table.confident(chosen.threshold, self._confident_class()))
        )
        numbers[Show.THESE] = len(chosen.images)
        self._numbers = dict(numbers)
        # What there is nothing of takes no room.
        numbers[Show.CONFIDENT] = int(np.count_nonzero(table.predicts))
        numbers[Show.THESE] = 0
        for show in (Show.CONFIDENT, Show.LIKE_NONE, Show.UNREADABLE, Show.THESE):
            self._chips[show].setVisible(numbers[show] > 0 or chosen.show is show)
        item = self._session.image_class(chosen.class_id)
        name = self.tr("Class")
        if chosen.show is Show.CLASS and item is not None:
            metrics = self._class_chip.fontMetrics()
            short = metrics.elidedText(item.name, Qt.TextElideMode.ElideRight, _NAME_PX)
            name = short.replace("&", "&&")  # No letter of a name becomes a mnemonic.
        self._class_chip.setText(name)
        self._fit_head()

    def _confident_class(self) -> ClassId:
        now = self.model.arrangement
        return now.class_id if now.show is Show.CONFIDENT else ClassId(NO_CLASS)

    def _fit_head(self) -> None:
        """Say as much above the tiles as there is room for, on one line if that will do."""
        room = self.width() - 4 * GAP_PX
        self._bar.setMinimumWidth(self._name_chips(is_short=True, has_numbers=False) + 4 * GAP_PX)
        for is_short, has_numbers, has_one_line in (
            (False, True, True),
            (True, True, True),
            (False, True, False),
            (True, True, False),
            (True, False, False),
        ):
            needed = self._name_chips(is_short=is_short, has_numbers=has_numbers)
            if has_one_line:
                needed += self._order.sizeHint().width()
            if needed <= room:
                break
        self._head.setDirection(
            QBoxLayout.Direction.LeftToRight if has_one_line else QBoxLayout.Direction.TopToBottom
        )

    def _name_chips(self, *, is_short: bool, has_numbers: bool) -> int:
        """Write on the filters; return the width that those take which are shown."""
        names = {
            Show.ALL: self.tr("All"),
            Show.UNLABELLED: self.tr("Unlabelled"),
            Show.LABELLED: self.tr("Labelled"),
            Show.UNSURE: self.tr("Unsure"),
            Show.CONFIDENT: self.tr("Confident"),
            Show.LIKE_NONE: self.tr("None?") if is_short else self.tr("None of these?"),
            Show.UNREADABLE: self.tr("Unreadable"),
            Show.THESE: self.tr("Found"),
        }
        for show, name in names.items():
            number = QLocale().toString(self._numbers.get(show, 0))
            self._chips[show].setText(f"{name}  {number}" if has_numbers else name)
        shown = [chip for chip in self._chips.values() if not chip.isHidden()]
        return sum(chip.sizeHint().width() + GAP_PX for chip in shown)

    def _show_emptiness(self) -> None:
        is_empty = not len(self.model.order)
        self._stack.setCurrentIndex(1 if is_empty and self._session.table.n_rows else 0)
        if not is_empty:
            return
        texts = {
            Show.UNSURE: (
                self.tr("Nothing unsure"),
                self.tr("No prediction has two classes that are close to each other."),
            ),
            Show.LABELLED: (
                self.tr("Nothing labelled yet"),
                self.tr("Select images and press the key of a class."),
            ),
            Show.UNLABELLED: (
                self.tr("Everything is labelled"),
                self.tr("Every image here has a label of yours."),
            ),
            Show.UNREADABLE: (self.tr("Every file can be read"), ""),
            Show.CLASS: (
                self.tr("Nothing here yet"),
                self.tr("No image is labelled or predicted as this class."),
            ),
            Show.CONFIDENT: (
                self.tr("Nothing that confident"),
                self.tr("Move the slider to the left, or label a few more images."),
            ),
            Show.LIKE_NONE: (
                self.tr("Nothing strange"),
                self.tr("Every image looks like one of your classes."),
            ),
            Show.THESE: (self.tr("These images are not there any more"), ""),
            Show.ALL: (self.tr("No images"), ""),
        }
        title, hint = texts[self.model.arrangement.show]
        is_of_predictions = self.model.arrangement.show in (
            Show.UNSURE,
            Show.CONFIDENT,
            Show.LIKE_NONE,
        )
        if is_of_predictions and not self._session.table.predicts.any():
            title, hint = self.tr("Nothing predicted"), self._session.why_no_predictions()
        self._empty_text.setText(title)
        self._empty_hint.setText(hint)

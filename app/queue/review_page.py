"""The page on which the predictions of one class after the other are accepted or put right."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QElapsedTimer, QLocale, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.gallery.thumbnails import Thumbnails
from app.look.icons import icon
from app.look.page import Page
from app.look.theme import GAP_PX, Theme
from app.queue.by_confidence import ByConfidence
from app.queue.class_bars import ClassBar
from app.queue.review_classes import ReviewClasses
from app.queue.review_nothing import ReviewNothing
from app.queue.review_pass import ReviewPass
from app.queue.review_strip import ReviewStrip
from app.queue.review_tiles import ReviewTiles
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine import ImageClass
from engine.messages import NONE_OF_THESE, ClassId, ImageId

_SIDE_PX: Final = 208
_UNSEEN_MS: Final = 400  # So long after a page was turned nobody has looked at its tiles yet.
_KEYS: Final = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Delete,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_F5,
)


class ReviewPage(Page):
    """A page of tiles that are predicted as one class, most certain first.

    Enter accepts those on screen: they become labels, as one edit, because a person has looked at
    them. What is wrong is given its class first, by its key, or taken out. No tile moves or goes
    before the page is turned.

    Signals:
        image_requested: one image to see large.
        images_requested: images to look at in the gallery.
        menu_requested: a context menu for the chosen images, at a global position.
        size_step_requested: larger (positive) or smaller tiles, by steps of the wheel.
        label_as_predicted_requested: all images above the slider are meant to be labelled, those
            that nobody has looked at among them.
    """

    image_requested = Signal(int)
    images_requested = Signal(object)
    menu_requested = Signal(QPoint)
    size_step_requested = Signal(int)
    label_as_predicted_requested = Signal()

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        self._session = session
        super().__init__(self.tr("Review by class"), theme, parent)
        self._since_turned = QElapsedTimer()
        self.unseen_ms = _UNSEEN_MS
        self.review = ReviewPass(session)
        self.view = ReviewTiles(session, self.review, thumbnails, theme)
        self.nothing = ReviewNothing(session, self.review)
        self.strip = ReviewStrip()
        self.coverage = ByConfidence(session, self.review, self.strip, self)
        self.classes = ReviewClasses(session, theme)
        self._build()
        self.lead_focus_to(self.view)
        self._connect()
        self.set_theme(theme)

    # --- For the window ---------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "classes"):  # The base class asks once before there are any.
            self.view.set_theme(theme)
            self.classes.set_theme(theme)
            self.strip.set_theme()
            self.coverage.set_theme()
            self._refresh.setIcon(icon("refresh"))

    def kept_state(self) -> object:
        return self.review.kept_state()

    def restore_state(self, state: object) -> None:
        self.review.restore_state(state)
        if self.isVisible():
            self._show_page()

    def begin(self) -> None:
        self.refresh()

    def come_back(self) -> None:
        self._show_page()  # The same one.

    def end(self) -> None:
        self.view.let_go()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_page()

    def chosen_image(self) -> ImageId | None:
        chosen = self.chosen_images()
        return chosen[0] if len(chosen) == 1 else None

    def chosen_images(self) -> list[ImageId]:
        return self.view.selected_images()

    def take_class(self, class_id: ClassId) -> bool:
        """Label the selected tiles; they stay where they are until the page is turned."""
        return self._session.label(self.chosen_images(), class_id)

    def revisit(self, images: list[ImageId]) -> None:
        """Go to the page with these: their labels were just undone or redone."""
        rows = self._session.table.rows_of(np.array(images, np.int64))
        if self.isVisible() and self.review.go_to(rows):
            self._show_page()

    # --- What the person does ---------------------------------------------------------------------

    def choose_class(self, class_id: ClassId) -> None:
        """Go through the predictions of that class, from the most certain one."""
        self.review.begin(class_id)
        self._since_turned.start()
        self.view.clearSelection()
        self._show_page()

    def refresh(self) -> None:
        """Put everything in order anew and begin with the first page."""
        class_id, reviewed = self.review.class_id, self.review.reviewed()
        if class_id not in reviewed:
            left = {number: item.n_left for number, item in reviewed.items()}
            class_id = max(left, key=left.__getitem__) if left else ClassId(NO_CLASS)
        self.choose_class(class_id)

    def accept_page(self) -> None:
        """Label what is on screen and was neither labelled nor taken out; turn the page."""
        if not self.view.rows:
            self._go_on()
            return
        self._accept(self._open_images(self._page_rows()))
        self.turn(1)

    def accept_selection(self) -> None:
        """Label the selected tiles as the class; the page stays."""
        self._accept(self._open_images(self.view.chosen_rows))

    def take_out_selection(self) -> None:
        """The selected tiles do not show the class; or do, where they were taken out before."""
        table = self._session.table
        rows = [row for row in self.view.chosen_rows if table.labels[row] == NO_CLASS]
        if rows:
            self.review.take_out([table.image_id(row) for row in rows])
            self.view.viewport().update()
            self._show_progress()

    def turn(self, by: int) -> None:
        """Go to the next page or the one before, and decide nothing."""
        if by < 0:
            self.review.turn_back(self.view.n_tiles)
        else:
            self.review.turn(len(self.view.rows))
            self._since_turned.start()
        self.view.clearSelection()
        self._show_page()

    def step_class(self, by: int) -> None:
        """Go on with the next class or the one before."""
        numbers = [item.class_id for item in self._session.offered]
        if self.review.class_id in numbers:
            place = numbers.index(self.review.class_id) + by
            self.choose_class(numbers[place % len(numbers)])

    def key_help(self) -> list[tuple[str, str]]:
        out = self.tr("Delete, Backspace, X")
        if self._session.class_of_hotkey(ord("X")) is not None:
            out = self.tr("Delete, Backspace")
        return [
            (self.tr("Enter"), self.tr("Accept the page")),
            (self.tr("Ctrl+Enter"), self.tr("Accept the selected images")),
            (out, self.tr("Take the selected images out of the class")),
            (self.tr("Key of a class"), self.tr("The selected images show this class")),
            (self.tr("Page Up, Page Down"), self.tr("Turn the page")),
            (self.tr("Ctrl+Page Up, Ctrl+Page Down"), self.tr("Another class")),
            (self.tr("F5"), self.tr("Sort the predictions anew")),
            (self.tr("Esc"), self.tr("Back to all images")),
        ]

    def keys(self) -> tuple[Qt.Key, ...]:
        # A class may have that letter for its key.
        has_x = self._session.class_of_hotkey(ord("X")) is not None
        return _KEYS if has_x else (*_KEYS, Qt.Key.Key_X)

    def on_key(self, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.accept_page()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace | Qt.Key.Key_X:
                self.take_out_selection()
            case Qt.Key.Key_PageDown:
                self.turn(1)
            case Qt.Key.Key_PageUp:
                self.turn(-1)
            case Qt.Key.Key_F5:
                self.refresh()
            case Qt.Key.Key_Escape if self.coverage.isVisible():
                self._on_coverage_closed()
            case Qt.Key.Key_Down | Qt.Key.Key_Up if self.classes.hasFocus():
                self.step_class(1 if key == Qt.Key.Key_Down else -1)
            case _:
                return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            super().keyPressEvent(event)
            return
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.accept_selection()
            case Qt.Key.Key_PageDown:
                self.step_class(1)
            case Qt.Key.Key_PageUp:
                self.step_class(-1)
            case _:
                event.ignore()

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self._refresh = QToolButton()
        self._refresh.setObjectName("flat")
        self._refresh.setToolTip(self.tr("In order anew, from the first page (F5)"))
        self._refresh.setAccessibleName(self.tr("Refresh"))
        self.head.addWidget(self._refresh)
        self._stack = QStackedLayout()
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addLayout(self._stack, 1)
        self.column.addLayout(body, 1)
        # Behind that: a stack shows what it is given, as a window while it is in no page itself.
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.nothing)
        side = QFrame()
        side.setObjectName("page")
        side.setFixedWidth(_SIDE_PX)
        rail = QVBoxLayout(side)
        rail.setContentsMargins(GAP_PX, GAP_PX, GAP_PX, GAP_PX)
        counted = QLabel(self.tr("Predictions left to review"))  # The panel's count labels, too.
        counted.setObjectName("section")
        counted.setWordWrap(True)
        counted.setContentsMargins(GAP_PX // 2, 0, 0, GAP_PX // 2)
        rail.addWidget(counted)
        rail.addWidget(self.classes)
        body.addWidget(side)
        self.column.addWidget(self.strip)

    def _connect(self) -> None:
        session, view, strip = self._session, self.view, self.strip
        self.classes.chosen.connect(self._on_class_chosen)
        self._refresh.clicked.connect(self.refresh)
        strip.accept_page.clicked.connect(self.accept_page)
        strip.accept_selection.clicked.connect(self.accept_selection)
        strip.take_out.clicked.connect(self.take_out_selection)
        strip.previous.clicked.connect(self._on_previous)
        strip.next.clicked.connect(self._on_next)
        strip.taken_out.clicked.connect(self._on_taken_out_link)
        strip.by_confidence.toggled.connect(self._show_coverage)
        self.coverage.closed.connect(self._on_coverage_closed)
        self.coverage.label_requested.connect(self.label_as_predicted_requested)
        view.view_moved.connect(self._on_view_moved)
        view.size_step_requested.connect(self.size_step_requested)
        view.open_requested.connect(self._on_open_requested)
        view.menu_requested.connect(self.menu_requested)
        view.selectionModel().selectionChanged.connect(self._show_strip)
        session.project_changed.connect(self._on_project_changed)
        session.classes_changed.connect(self._on_classes_changed)
        session.counts_changed.connect(self._on_counts_changed)
        session.status_changed.connect(self._on_status_changed)

    # --- Slots ------------------------------------------------------------------------------------

    def _on_class_chosen(self, bar: ClassBar) -> None:
        self.choose_class(bar.class_id)
        self.setFocus()

    def _on_previous(self) -> None:
        self.turn(-1)

    def _on_next(self) -> None:
        self.turn(1)

    def _on_coverage_closed(self) -> None:
        self.strip.by_confidence.setChecked(False)
        self.setFocus()

    def _on_taken_out_link(self) -> None:
        self.images_requested.emit(self.review.taken_out())

    def _on_open_requested(self) -> None:
        place = self.view.currentIndex().row()
        if place >= 0:
            self.image_requested.emit(int(self.view.tiles.image_at(place)))

    def _on_view_moved(self) -> None:
        if self.isVisible():
            self._show_page()  # There may be room for more tiles, or for fewer.

    def _on_project_changed(self) -> None:
        self.review.forget()
        self.strip.by_confidence.setChecked(False)
        self._show_page()

    def _on_classes_changed(self) -> None:
        if self.review.class_id != NO_CLASS and self._item is None:
            self.refresh()  # The class was deleted.
        elif self.isVisible():
            self._show_progress()

    def _on_counts_changed(self) -> None:
        if not self.isVisible():
            return
        if self.review.class_id == NO_CLASS:
            self.refresh()
        elif not self.view.rows:
            self.review.order_anew()  # What has come meanwhile; nothing is moved by it.
            self._show_page()
        self._show_progress()

    def _on_status_changed(self) -> None:
        """The answers to what was accepted are there: the page that came then is theirs, too."""
        if not self.isVisible():
            return
        is_unseen = self._since_turned.isValid() and self._since_turned.elapsed() < self.unseen_ms
        is_touched = bool(self.view.chosen_rows)
        if is_unseen and not is_touched and self._session.classifier.is_complete:
            self._since_turned.invalidate()
            self.review.order_anew()
            self._show_page()
        elif not self.view.rows:
            self._show_progress()

    # --- Private ----------------------------------------------------------------------------------

    @property
    def _item(self) -> ImageClass | None:
        return self._session.image_class(self.review.class_id)

    def _page_rows(self) -> list[int]:
        """Those on screen, without what was set aside since: a page is no answer for those."""
        set_aside = self._session.table.set_aside
        return [row for row in self.view.rows if not set_aside[row]]

    def _open_images(self, rows: list[int]) -> list[ImageId]:
        """Those of the rows that accepting them would label."""
        table = self._session.table
        return [
            table.image_id(row)
            for row in rows
            if table.labels[row] == NO_CLASS
            and not table.missing[row]
            and not self.view.tiles.is_taken_out(row)
        ]

    def _accept(self, images: list[ImageId]) -> None:
        item = self._item
        if images and item is not None:
            action = self.tr("Accept {count} as “{name}”").format(
                count=QLocale().toString(len(images)), name=item.name
            )
            self._session.label_each(dict.fromkeys(images, item.class_id), action)

    def _go_on(self) -> None:
        """From the end of a class: what was passed over, or the next class with something left."""
        if len(self.review.undecided()):
            self.choose_class(self.review.class_id)
        elif (following := self.review.next_class()) is not None:
            self.choose_class(following)

    # --- Showing ----------------------------------------------------------------------------------

    def _show_page(self) -> None:
        n_tiles = self.view.n_tiles
        rows = self.review.page(n_tiles)
        self.view.show_page(rows, self.review.after(n_tiles)[:n_tiles])
        self._stack.setCurrentIndex(0 if len(rows) else 1)
        self._show_progress()

    def _show_progress(self) -> None:
        locale, n_tiles, reviewed = QLocale(), self.view.n_tiles, self.review.reviewed()
        self.classes.show_reviewed(reviewed, self.review.class_id)
        here, text = reviewed.get(self.review.class_id), ""
        if here is not None and self.view.rows:
            page = -(-self.review.first // n_tiles) + 1
            n_after = -(-len(self.review.after(n_tiles)) // n_tiles)
            text = self.tr("{count} left to review · page {page} of {pages}").format(
                count=locale.toString(here.n_left),
                page=locale.toString(page),
                pages=locale.toString(page + n_after),
            )
        self.position.setText(text)
        self._show_strip()
        self._show_coverage()
        if not self.view.rows:
            self.nothing.show_state()

    def _show_strip(self) -> None:
        table, chosen = self._session.table, self.view.chosen_rows
        self.strip.show_state(
            n_open=len(self._open_images(self._page_rows())),
            n_selected=sum(bool(table.labels[row] == NO_CLASS) for row in chosen),
            n_taken_out=len(self.review.taken_out()),
            has_tiles=bool(self.view.rows),
            has_before=self.review.first > 0,
        )

    def _show_coverage(self) -> None:
        class_id = self.review.class_id
        is_class = class_id not in (NO_CLASS, NONE_OF_THESE)
        self.strip.by_confidence.setEnabled(is_class)
        self.coverage.set_open(is_class and self.strip.by_confidence.isChecked())

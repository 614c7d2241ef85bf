"""What is shown beside the classes: all images, one of them large, or a page of its own."""

from __future__ import annotations

from functools import cached_property
from typing import Final, TypeVar

from PySide6.QtCore import QLocale, QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFrame, QStackedWidget, QWidget

from app.evaluation.evaluation_page import EvaluationPage
from app.evaluation.figures import Figures
from app.evaluation.spot_check import SpotCheckPage
from app.gallery.gallery import Gallery
from app.look.notices import Notice, Severity
from app.look.page import Page
from app.look.theme import Theme
from app.map.map_page import MapPage
from app.preview.preview import Preview
from app.queue.queue_page import QueuePage
from app.queue.review_page import ReviewPage
from app.session.session import Session
from engine.messages import ClassId, ImageId

_TILE_STEP_PX: Final = 32
_WHEEL_STEP_PX: Final = 8
_MAP_STEP: Final = 1.25
_NAMES: Final = {  # Pages of their own, by the names that are remembered.
    "QueuePage": "queue",
    "ReviewPage": "review",
    "MapPage": "map",
    "EvaluationPage": "evaluation",
    "SpotCheckPage": "spot_check",
}
_OwnPage = TypeVar("_OwnPage", bound=Page)


class Pages(QStackedWidget):
    """The pages, which of them is shown, and what a class means there.

    What follows a label by key on a single image is decided here: the selection moves on, so that
    a run of images needs one key each. A label by mouse leaves the selection where it is, because
    the hand is at the mouse and will click the next image itself.

    Those of their own are made when they are first asked for: all five took as long to make as the
    rest of the window. A page reads what it shows from the session when it begins, so one that is
    made late has missed nothing.

    Attributes:
        figures: of the answers on screen; more than the evaluation shows them.

    Signals:
        changed: another page is shown, or other images are chosen.
        menu_requested: a context menu for the chosen images, at a global position.
        label_as_predicted_requested: all above the slider of the page shown are meant to be
            labelled.
        report_requested: the person wants to save the evaluation.
        page_made: a page of its own, which nobody has asked for before.
    """

    changed = Signal()
    menu_requested = Signal(QPoint)
    label_as_predicted_requested = Signal()
    report_requested = Signal()
    page_made = Signal(object)

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._return_to: Page | None = None  # Where the larger view was opened from.
        self._has_told_of_steps = False
        self._is_tile_large = False  # The larger view stands for its tile, not for one image of it.
        self._theme = theme
        self._own: list[Page] = []  # Those that were made.
        self.gallery = Gallery(session, theme, self)
        thumbnails = self.gallery.thumbnails
        self.preview = Preview(session, thumbnails, theme, self)
        self.figures = Figures(session, self)
        gallery, preview = self.gallery, self.preview
        self.addWidget(gallery)
        self.addWidget(preview)
        session.revisited.connect(self._on_revisited)
        gallery.open_requested.connect(self.toggle_preview)
        gallery.menu_requested.connect(self.menu_requested)
        gallery.selection_changed.connect(self._on_selection_changed)
        gallery.view.step_taken.connect(self._on_step_taken)
        preview.step_requested.connect(self._on_step)
        preview.left.connect(self.leave_preview)
        preview.image_requested.connect(self._on_image_requested)
        preview.menu_requested.connect(self.menu_requested)
        preview.group_requested.connect(self.toggle_group)
        gallery.label_as_predicted_requested.connect(self.label_as_predicted_requested)

    # --- Pages of their own -----------------------------------------------------------------------

    @cached_property
    def queue(self) -> QueuePage:
        """What to label next."""
        page = QueuePage(self._session, self.gallery.thumbnails, self.figures, self._theme, self)
        return self._keep(page)

    @cached_property
    def review(self) -> ReviewPage:
        """The predictions of one class after the other."""
        page = self._keep(ReviewPage(self._session, self.gallery.thumbnails, self._theme, self))
        page.images_requested.connect(self._on_images_requested)
        page.image_requested.connect(self._on_picture_opened)
        page.menu_requested.connect(self.menu_requested)
        page.size_step_requested.connect(self._on_size_step)
        page.label_as_predicted_requested.connect(self.label_as_predicted_requested)
        return page

    @cached_property
    def map(self) -> MapPage:
        """All images as points."""
        describe = self.gallery.model.state_text
        thumbnails = self.gallery.thumbnails
        page = self._keep(MapPage(self._session, thumbnails, self._theme, describe, self))
        page.menu_requested.connect(self.menu_requested)
        page.selection_changed.connect(self.changed)
        page.images_requested.connect(self._on_images_requested)
        page.image_requested.connect(self._on_picture_opened)
        return page

    @cached_property
    def evaluation(self) -> EvaluationPage:
        """What the engine thinks of the labels."""
        page = EvaluationPage(
            self._session, self.gallery.thumbnails, self.figures, self._theme, self
        )
        page.images_requested.connect(self._on_images_requested)
        page.image_requested.connect(self._on_picture_opened)
        page.spot_check_requested.connect(self.show_spot_check)
        page.label_more_requested.connect(self.label_more)
        page.first_requested.connect(self.find_first)
        page.noticed.connect(self._session.noticed)
        page.report_requested.connect(self.report_requested)
        return self._keep(page)

    @cached_property
    def spot_check(self) -> SpotCheckPage:
        """Predictions drawn at random."""
        page = SpotCheckPage(self._session, self.gallery.thumbnails, self._theme, self)
        page.images_requested.connect(self._on_images_requested)
        page.image_requested.connect(self._on_picture_opened)
        page.ended.connect(self.figures.look_again)
        page.ended.connect(self.changed)
        return self._keep(page)

    def make_all(self) -> None:
        """Make those that nobody has asked for yet."""
        for name in _NAMES.values():
            getattr(self, name)

    def _keep(self, page: _OwnPage) -> _OwnPage:
        self._own.append(page)
        self.addWidget(page)
        page.left.connect(self.leave)
        self.page_made.emit(page)
        return page

    # --- For the window ---------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self.gallery.set_theme(theme)
        self.preview.set_theme(theme)
        for page in self._own:
            page.set_theme(theme)

    def kept_state(self) -> object:
        """What pages in a window built anew go on from."""
        shown = self.currentWidget()
        if self.is_preview_open() and self._return_to is not None:
            shown = self._return_to
        large = self.preview.row if self.is_preview_open() else -1
        return (
            self.gallery.kept_state(),
            {type(page).__name__: page.kept_state() for page in self._own},
            type(shown).__name__,
            self._session.table.image_id(large) if large >= 0 else None,
        )

    def restore_state(self, state: object) -> None:
        """Go on from what the pages of another window kept, on the same page."""
        if not isinstance(state, tuple):
            return
        gallery, pages, shown, large = state
        self.gallery.restore_state(gallery)
        for kind, kept in pages.items():
            page: Page = getattr(self, _NAMES[kind])
            if kind == shown:
                self._show_own(page)  # First: a page that begins may begin afresh.
            page.restore_state(kept)
        if large is not None:
            self._on_picture_opened(large)
        self.changed.emit()

    def foot_height(self) -> int:
        """How high the row of buttons at the foot of the page shown is, in points."""
        page = self.currentWidget() or self.gallery
        for strip in page.findChildren(QFrame, "strip", Qt.FindChildOption.FindDirectChildrenOnly):
            if strip.isVisible() and strip.geometry().bottom() >= page.rect().bottom():
                return strip.height()
        return 0

    def takes(self, keys: QKeySequence) -> bool:
        """Whether the page shown has these keys for itself, so that no action hears them."""
        page = self.currentWidget()
        if page is self.gallery:
            return keys.toString() in self.gallery.view.own_letters
        own = page.keys() if isinstance(page, Page) else ()
        return any(keys == QKeySequence(key) for key in own)

    # --- Images and classes -----------------------------------------------------------------------

    def chosen_images(self) -> list[ImageId]:
        """The images that the keys are about."""
        page = self.currentWidget()
        if isinstance(page, Page):
            return page.chosen_images()
        if self.is_preview_open():
            return [self._session.table.image_id(row) for row in self._large_rows()]
        return self.gallery.view.selected_images()

    def has_chosen_images(self) -> bool:
        """Whether the keys of the classes mean something now."""
        if isinstance(self.currentWidget(), Page):
            return True  # Its keys mean something to it, also where no image is chosen.
        if self.is_preview_open():
            return self.preview.row >= 0
        return self.gallery.view.selectionModel().hasSelection()

    def label_by_key(self, class_id: ClassId | None) -> None:
        """Give the selected images, or the large one, a class or none; then move on."""
        page = self.currentWidget()
        if isinstance(page, Page) and class_id is not None:
            page.take_class(class_id)
            return
        images = self.chosen_images()
        if not images:
            return
        # One tile, under which several alike images may lie.
        is_single = len(images) == 1 or len(self.gallery.view.selected_places()) == 1
        row = self._session.table.row_of(images[0])
        was_labelled = self._session.table.labels[row] != 0
        if is_single or class_id is None:
            is_changed = self._session.label(images, class_id)
        else:  # One goes on to the next, and undo comes back to it; of several a slip is unseen.
            is_changed = self._session.relabel(images, class_id)
        if not is_changed and class_id is None:
            return
        if is_single and class_id is not None:
            self.gallery.advance(bool(was_labelled))
            if self.is_preview_open():
                self._show_tile_in_preview()

    def label_by_click(self, class_id: ClassId) -> bool:
        """Give the selected images a class; whether any label was changed."""
        page = self.currentWidget()
        if isinstance(page, Page):
            return page.take_class(class_id)
        return self._session.relabel(self.chosen_images(), class_id)

    # --- Which page -------------------------------------------------------------------------------

    def focus(self) -> None:
        """Give the keyboard's attention to what is shown."""
        page = self.currentWidget()
        (page if isinstance(page, Page | Preview) else self.gallery.view).setFocus()

    def show_only(self, class_id: ClassId) -> None:
        """Show the images of a class."""
        self.leave()
        self.gallery.filters.show_only(class_id)

    def show_queue(self) -> None:
        """Show what to label next, one image at a time."""
        self._show_own(self.queue)
        if not self._session.classes:
            self.queue.choices.ask_for_name()

    def show_evaluation(self) -> None:
        """Show what the engine thinks of the labels."""
        self._show_own(self.evaluation)

    def save_report(self) -> None:
        """Ask where to save the evaluation, which is shown meanwhile: it may not be up to date."""
        self.show_evaluation()
        self.evaluation.save_report()

    def show_review(self) -> None:
        """Show the predictions of one class after the other, to be accepted or put right."""
        self.review.view.set_tile_px(self.gallery.tile_px())
        self._show_own(self.review)

    def show_map(self) -> None:
        """Show all images as points, alike ones near each other; what was selected stays so."""
        if not isinstance(self.currentWidget(), MapPage):
            self.map.select_images(self.gallery.view.selected_images())
        self._show_own(self.map)

    def show_spot_check(self) -> None:
        """Let the person say of predictions drawn at random whether they are right."""
        self._show_own(self.spot_check)

    def shown_name(self) -> str:
        """A name for the page that is shown, to be remembered; empty for the images."""
        page = self.currentWidget()
        # A spot check is a sample drawn once; there is nothing to come back to.
        return (
            type(page).__name__ if page in self._own and not isinstance(page, SpotCheckPage) else ""
        )

    def show_named(self, name: str) -> None:
        """Show the page of that name, where there is one and something to do on it."""
        if name in _NAMES and self._session.classes:
            self._show_own(getattr(self, _NAMES[name]))

    def leave(self) -> None:
        """Show all images; what was selected on the map stays so."""
        page = self.currentWidget()
        if isinstance(page, MapPage):
            self.gallery.select_images(page.chosen_images())
        self.begin_anew()

    def begin_anew(self) -> None:
        """Show all images; another project is open, of which the page shown may not know yet."""
        self._return_to = None
        page = self.currentWidget()
        if isinstance(page, Page):
            self.setCurrentWidget(self.gallery)
            page.end()
            self.changed.emit()
        self.leave_preview()

    def _show_own(self, page: Page, *, is_back: bool = False) -> None:
        if self._session.project is None or self.currentWidget() is page:
            return
        self.leave()
        self.setCurrentWidget(page)
        if is_back:
            page.come_back()
        else:
            page.begin()
        page.setFocus()
        self.changed.emit()

    # --- Larger view ------------------------------------------------------------------------------

    def is_preview_open(self) -> bool:
        """Whether one image is shown large."""
        return self.currentWidget() is self.preview

    def toggle_preview(self) -> None:
        """Show the current image large, or what was shown before again."""
        self.gallery.view.since_step.stop()  # Whoever does this has seen the step.
        if self.is_preview_open():
            self.leave_preview()
            return
        page = self.currentWidget()
        image = page.chosen_image() if isinstance(page, Page) else None
        if image is not None:
            self._on_picture_opened(image)
            return
        self.leave()
        row = self.gallery.current_row()
        if row < 0 and len(self.gallery.model.order):
            self.gallery.view.setCurrentIndex(self.gallery.model.index(0))
            row = self.gallery.current_row()
        if row >= 0:
            self.setCurrentWidget(self.preview)
            self._show_tile_in_preview()
            self.preview.setFocus()
            self.changed.emit()

    def toggle_group(self) -> None:
        """Open or close the group of the current tile, or that of the large image."""
        row = self.preview.row
        self.gallery.toggle_group()
        if self.is_preview_open():
            self.gallery.set_current_row(row)
            self._show_tile_in_preview()

    def leave_preview(self) -> None:
        """Show all images, or the page that the large one was opened from."""
        page, self._return_to = self._return_to, None
        if self.is_preview_open():
            self.setCurrentWidget(self.gallery)
            self.preview.clear()
            self.changed.emit()
            if page is not None:
                self._show_own(page, is_back=True)
                return
        self.focus()

    def toggle_why(self) -> None:
        """Show why the image that the keys are about has its class, large; or stop showing it."""
        page = self.currentWidget()
        if self.is_preview_open():
            self.preview.explanation.toggle()
            return
        if not isinstance(page, Page):
            self.toggle_preview()
        elif (image := page.chosen_image()) is not None:
            self._on_picture_opened(image)
        self.preview.explanation.set_on(self.is_preview_open())

    def zoom_in(self) -> None:
        """Show the image or the tiles larger."""
        if self.is_preview_open():
            self.preview.zoom_in()
        elif isinstance(page := self.currentWidget(), MapPage):
            page.zoom(_MAP_STEP)
        else:
            self._change_tile_px(_TILE_STEP_PX)

    def zoom_out(self) -> None:
        """Show the image or the tiles smaller."""
        if self.is_preview_open():
            self.preview.zoom_out()
        elif isinstance(page := self.currentWidget(), MapPage):
            page.zoom(1 / _MAP_STEP)
        else:
            self._change_tile_px(-_TILE_STEP_PX)

    def _change_tile_px(self, by: int) -> None:
        self.gallery.change_tile_px(by)
        for page in self._own:
            if isinstance(page, ReviewPage):
                page.view.set_tile_px(self.gallery.tile_px())

    def _large_rows(self) -> list[int]:
        """What the keys are about in the larger view: a closed tile's images, or the one shown."""
        row, model = self.preview.row, self.gallery.model
        place = model.place_of_row(row)
        if self._is_tile_large and place >= 0 and model.order[place] == row:
            return [int(under) for under in model.rows_at(place)]
        return [row] if row >= 0 else []

    def _show_tile_in_preview(self) -> None:
        """Show the current tile large, and with it all that lie under it."""
        self._show_in_preview(self.gallery.current_row(), is_tile=True)

    def _show_in_preview(self, row: int, *, is_tile: bool = False) -> None:
        self._is_tile_large = is_tile
        place, count = self.gallery.model.place_of_row(row), len(self.gallery.model.order)
        text = self.tr("{place} of {count}").format(
            place=QLocale().toString(place + 1), count=QLocale().toString(count)
        )
        # An image that is filtered out can be shown as another one's neighbour.
        self.preview.show_row(row, text if place >= 0 else "")
        self._show_stack()

    def _show_stack(self) -> None:
        """Say of how many alike images the large one is, and to which of them labels go."""
        model, row = self.gallery.model, self.preview.row
        if row >= self._session.table.n_rows:
            return  # The project has just been closed.
        place = model.place_of_row(row)
        n_images = model.n_at(place) if place >= 0 else 1
        if n_images < 2:
            self.preview.side.stack.say(model.stack_text(place) if place >= 0 else "", "")
            return
        count = QLocale().toString(n_images)
        if len(self._large_rows()) > 1:
            title = self.tr("1 of {count} alike images").format(count=count)
            hint = self.tr("A label goes to all {count}, as on their tile.").format(count=count)
        else:
            title = self.tr("One of {count} alike images").format(count=count)
            hint = self.tr("A label goes to this one alone.")
        self.preview.side.stack.say(title, hint)

    # --- Slots ------------------------------------------------------------------------------------

    def _on_images_requested(self, images: list[ImageId]) -> None:
        self.leave()
        self.gallery.filters.show_these(images)

    def label_more(self, class_id: int) -> None:
        """Show what may be of a class; or what to label next of any."""
        self.leave()
        if not class_id or not self.gallery.filters.label_more(ClassId(class_id)):
            self.show_queue()

    def find_first(self, class_id: int) -> None:
        """Show where the first image of a class may be found; or what to label next of any."""
        self.leave()
        if not self.gallery.filters.find_first(ClassId(class_id)):
            self.show_queue()

    def _on_picture_opened(self, image_id: int) -> None:
        page, row = self.currentWidget(), self._session.table.row_of(image_id)
        if row >= 0:
            self.leave()
            self.setCurrentWidget(self.preview)
            self._on_image_requested(row)
            self.changed.emit()
            self._return_to = page if isinstance(page, Page) else None

    def _on_size_step(self, steps: int) -> None:
        self._change_tile_px(_WHEEL_STEP_PX * steps)

    def _on_image_requested(self, row: int) -> None:
        self.gallery.set_current_row(row)
        self._show_in_preview(row)
        self.preview.setFocus()

    def _on_step(self, by: int) -> None:
        if by == 1 and self.gallery.view.takes_as_step():
            return
        if self.gallery.step(by) >= 0:
            self._show_tile_in_preview()

    def _on_step_taken(self) -> None:
        if not self._has_told_of_steps:
            self._has_told_of_steps = True
            text = self.tr(
                "The key of a class labels one image and goes on to the next by itself; the arrow "
                "key right after it is not needed."
            )
            self._session.noticed.emit(Notice(text, Severity.INFORMATION))

    def _on_selection_changed(self) -> None:
        if self.is_preview_open():
            self._show_stack()  # Tiles may have been opened or closed.
        self.changed.emit()

    def _on_revisited(self, images: list[ImageId]) -> None:
        """Show what was undone or redone, so that a slip can be mended on the spot."""
        self.gallery.select_images(images)
        for page in self._own:
            match page:
                case MapPage() if self.currentWidget() is page:
                    page.select_images(images)
                case QueuePage():
                    page.suggestions.go_to(images)
                case ReviewPage():
                    page.revisit(images)
                case _:
                    pass
        if self.is_preview_open():
            # One that lies under another tile, or is filtered out, is no tile's first image.
            row = self._session.table.row_of(images[0]) if len(images) == 1 else -1
            if row >= 0:
                self._show_in_preview(row)
            elif self.gallery.current_row() >= 0:
                self._show_tile_in_preview()

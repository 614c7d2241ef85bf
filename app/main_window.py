"""The window: its pages, menus and keys. It passes intents on; the session decides."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, QPoint, QProcess, QSize, Qt, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions
from app.class_panel import ClassPanel
from app.effort import FinetuneDialog
from app.gallery import Gallery
from app.help_dialogs import AboutDialog, KeysDialog
from app.icons import application_icon
from app.labels_page import LabelsPage
from app.notices import Notice, NoticeBars, Remedy, Severity
from app.page import Page
from app.preferences import Preferences
from app.preview import Preview
from app.save_dialog import ExportDialog, PredictionsDialog
from app.session import PROJECT_SUFFIX, Session
from app.split_dialog import SplitDialog
from app.spot_check import SpotCheckPage
from app.start_page import EmptyFolderPage, StartPage
from app.status_line import StatusLine
from app.suggest_page import SuggestPage
from app.theme import Theme, ThemeChoice, ThemeSwitch
from engine.messages import ClassId, Effort, ImageId

_TILE_STEP_PX: Final = 32


class MainWindow(QMainWindow):
    """Everything that a person sees.

    What follows a label by key on a single image is decided here: the selection moves on, so that
    a run of images needs one key each. A label by mouse leaves the selection where it is, because
    the hand is at the mouse and will click the next image itself.
    """

    def __init__(
        self, session: Session, preferences: Preferences, switch: ThemeSwitch, log_path: Path
    ) -> None:
        super().__init__()
        self._session = session
        self._preferences = preferences
        self._switch = switch
        self._log_path = log_path
        self._click_labelled = False
        self._return_to: Page | None = None  # Where the larger view was opened from.
        self.setWindowTitle("Handful")
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        theme = switch.theme
        self.notices = NoticeBars(theme)
        self.start_page = StartPage(preferences, theme)
        self.empty_page = EmptyFolderPage(theme)
        self.classes = ClassPanel(session, theme)
        self.gallery = Gallery(session, theme)
        self.preview = Preview(session, self.gallery.thumbnails, theme)
        self.suggest_page = SuggestPage(session, self.gallery.thumbnails, theme)
        self.labels_page = LabelsPage(session, self.gallery.thumbnails, theme)
        self.spot_check = SpotCheckPage(session, self.gallery.thumbnails, theme)
        self.status_line = StatusLine(session, theme)
        self.export_dialog = ExportDialog(session, theme, self)
        self.predictions_dialog = PredictionsDialog(session, theme, self)
        self.finetune_dialog = FinetuneDialog(session, self)
        self.split_dialog = SplitDialog(session, self.gallery.thumbnails, theme, self)
        self._build_pages()
        self.actions_ = Actions(self, self.pages, session, preferences, switch.choice)
        self.actions_.improve_menu.addSeparator()
        self.actions_.improve_menu.addActions(self.status_line.effort.menu().actions())
        self._connect_actions()
        self._connect()
        self._restore_layout()
        self._on_theme_changed(theme)
        self._on_project_changed()

    # --- Building ---------------------------------------------------------------------------------

    def _build_pages(self) -> None:
        self.pages = QStackedWidget()  # The images, one image large, or a page of its own.
        self.pages.addWidget(self.gallery)
        self.pages.addWidget(self.preview)
        self.pages.addWidget(self.suggest_page)
        self.pages.addWidget(self.labels_page)
        self.pages.addWidget(self.spot_check)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.classes)
        self._splitter.addWidget(self.pages)
        self._splitter.setStretchFactor(1, 1)
        self.classes.setMinimumWidth(200)
        self.classes.setMaximumWidth(420)
        self._splitter.setSizes([248, 1032])
        self._stack = QStackedWidget()
        for page in (self.start_page, self.empty_page, self._splitter):
            self._stack.addWidget(page)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self._stack, 1)
        self.setCentralWidget(centre)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.status_line, 1)

    def _connect_actions(self) -> None:
        actions, session, view = self.actions_, self._session, self.gallery.view
        for action, slot in (
            (actions.open_folder, self.choose_folder),
            (actions.open_project, self.choose_project),
            (actions.close_project, session.close_project),
            (actions.save, self.predictions_dialog.begin),
            (actions.export, self.export_dialog.begin),
            (actions.quit, self.close),
            (actions.undo, session.undo),
            (actions.redo, session.redo),
            (actions.select_all, view.selectAll),
            (actions.select_none, view.clearSelection),
            (actions.preview, self.toggle_preview),
            (actions.suggest, self.show_suggestions),
            (actions.check_labels, self.show_labels),
            (actions.spot_check, self.show_spot_check),
            (actions.why, self.toggle_why),
            (actions.why_next, self.preview.explanation.choose_next),
            (actions.larger, self._on_larger),
            (actions.smaller, self._on_smaller),
            (actions.fit, self.preview.view.fit),
            (actions.actual_size, self.preview.view.actual_size),
            (actions.refresh, self.refresh),
            (actions.new_class, self._on_new_class),
            (actions.new_class_for_selection, self._on_new_class_for_selection),
            (actions.unlabel, self._on_unlabel_key),
            (actions.show_file, self._on_show_file),
            (actions.copy_paths, self._on_copy_paths),
            (actions.keys, self._on_keys),
            (actions.log, self._on_log),
            (actions.about, self._on_about),
        ):
            action.triggered.connect(slot)
        actions.label_requested.connect(self._on_label_requested)
        actions.theme_requested.connect(self._on_theme_requested)
        actions.recent_requested.connect(self._open_recent)
        actions.class_menu_requested.connect(self._on_class_menu)

    def _connect(self) -> None:
        session, gallery, classes = self._session, self.gallery, self.classes
        session.project_changed.connect(self._on_project_changed)
        session.classes_changed.connect(self._on_classes_changed)
        session.rows_added.connect(self._show_page)
        session.rows_changed.connect(self._on_rows_changed)
        session.scanned.connect(self._show_page)
        session.status_changed.connect(self._on_status_changed)
        session.undo_changed.connect(self._on_undo_changed)
        session.counts_changed.connect(self._show_possible)
        session.revisited.connect(self._on_revisited)
        for dialog in (self.export_dialog, self.predictions_dialog):
            dialog.ended_unseen.connect(self._on_ended_unseen)
        session.noticed.connect(self.notices.add)
        self._switch.changed.connect(self._on_theme_changed)
        self.notices.remedy_requested.connect(self._on_remedy)
        self.start_page.folder_requested.connect(self.choose_folder)
        self.start_page.project_requested.connect(self.choose_project)
        self.start_page.recent_requested.connect(self._open_recent)
        self.empty_page.folder_requested.connect(self.choose_folder)
        self.empty_page.find_requested.connect(self._find_folder)
        self.empty_page.refresh_requested.connect(self.refresh)
        gallery.open_requested.connect(self.toggle_preview)
        gallery.menu_requested.connect(self._on_image_menu)
        gallery.selection_changed.connect(self._show_possible)
        gallery.refresh_requested.connect(self.refresh)
        gallery.label_as_predicted_requested.connect(self._on_label_as_predicted)
        self.preview.step_requested.connect(self._on_step)
        self.preview.left.connect(self.leave_preview)
        self.preview.image_requested.connect(self._on_image_requested)
        self.preview.menu_requested.connect(self._on_image_menu)
        self.suggest_page.left.connect(self.leave_page)
        for page in (self.labels_page, self.spot_check):
            page.left.connect(self.leave_page)
            page.images_requested.connect(self._on_images_requested)
            page.image_requested.connect(self._on_picture_opened)
        classes.class_clicked.connect(self._on_class_clicked)
        classes.class_double_clicked.connect(self._on_class_double_clicked)
        classes.images_dropped.connect(self._on_images_dropped)
        classes.show_only_requested.connect(self._on_show_only)
        classes.split_requested.connect(self._on_split_requested)
        classes.class_made.connect(self._on_class_clicked)
        classes.left.connect(self._focus_images)
        self.labels_page.spot_check_requested.connect(self.show_spot_check)
        self.status_line.pause_requested.connect(self._on_pause)
        self.status_line.effort.finetune_requested.connect(self.finetune_dialog.begin)

    # --- Opening ----------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a folder or project; a failure is told in a notice."""
        self.notices.clear()
        if self._session.open(path):
            self._focus_images()

    def choose_folder(self) -> None:
        """Let the person choose a folder of images."""
        project = self._session.project
        start = str(project.folder.parent) if project is not None else str(Path.home())
        chosen = QFileDialog.getExistingDirectory(self, self.tr("Open a folder of images"), start)
        if chosen:
            self.open(Path(chosen))

    def choose_project(self) -> None:
        """Let the person choose a project file."""
        project = self._session.project
        start = str(project.path.parent) if project is not None else str(Path.home())
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Open a project"),
            start,
            self.tr("Handful projects (*{suffix})").format(suffix=PROJECT_SUFFIX),
        )
        if chosen:
            self.open(Path(chosen))

    def refresh(self) -> None:
        """Scan the folder, filter and sort again."""
        self._session.rescan()
        self.gallery.arrange()

    def _open_recent(self, path: Path) -> None:
        if path.exists():
            self.open(path)
            return
        self._preferences.remove_recent(path)
        self.start_page.show_recent()
        text = self.tr("{path} is not there any more; it was taken off the list.")
        self.notices.add(Notice(text.format(path=path), Severity.WARNING))

    def _find_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, self.tr("Where are the images now?"), str(Path.home())
        )
        if chosen:
            self._session.move_folder(Path(chosen))

    def _on_remedy(self, remedy: Remedy) -> None:
        match remedy:
            case Remedy.UNDO:
                self._session.undo()
            case Remedy.FIND_FOLDER:
                self._find_folder()
            case Remedy.RESCAN:
                self.refresh()
            case Remedy.SHOW_EXPORT:
                self.export_dialog.begin()
            case Remedy.SHOW_SAVE:
                self.predictions_dialog.begin()
            case Remedy.FINETUNE:
                self.finetune_dialog.begin()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_path(event) is not None:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _dropped_path(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped_path(event)
        if path is not None:
            event.acceptProposedAction()
            self.open(path)

    # --- Labelling --------------------------------------------------------------------------------

    def label_by_key(self, class_id: ClassId | None) -> None:
        """Give the selected images, or the large one, a class or none; then move on."""
        page = self.pages.currentWidget()
        if isinstance(page, Page) and class_id is not None:
            page.take_class(class_id)
            return
        images = self._chosen_images()
        if not images:
            return
        is_single = len(images) == 1
        row = self._session.table.row_of(images[0])
        was_labelled = self._session.table.labels[row] != 0
        if not self._session.label(images, class_id) and class_id is None:
            return
        if is_single and class_id is not None:
            self.gallery.advance(bool(was_labelled))
            if self.is_preview_open():
                self._show_in_preview(self.gallery.current_row())

    def _chosen_images(self) -> list[ImageId]:
        page = self.pages.currentWidget()
        if isinstance(page, Page):
            image = page.chosen_image()
            return [] if image is None else [image]
        if self.is_preview_open():
            row = self.preview.row
            return [self._session.table.image_id(row)] if row >= 0 else []
        return self.gallery.view.selected_images()

    def _has_chosen_images(self) -> bool:
        if isinstance(self.pages.currentWidget(), Page):
            return True  # Its keys mean something to it, also where no image is chosen.
        if self.is_preview_open():
            return self.preview.row >= 0
        return self.gallery.view.selectionModel().hasSelection()

    def _on_label_requested(self, class_id: int) -> None:
        self.label_by_key(ClassId(class_id))

    def _on_unlabel_key(self) -> None:
        self.label_by_key(None)

    def _on_class_clicked(self, class_id: int) -> None:
        page = self.pages.currentWidget()
        if isinstance(page, Page):
            page.take_class(ClassId(class_id))
            return
        self._click_labelled = self._session.label(self._chosen_images(), ClassId(class_id))

    def _on_class_double_clicked(self, class_id: int) -> None:
        # The first click of the two has labelled the selection; that was not what was meant.
        if self._click_labelled:
            self._session.undo()
            self._click_labelled = False
        self.classes.list.edit_name(ClassId(class_id))

    def _on_label_as_predicted(self) -> None:
        """Ask first: it is the one way by which what the model said becomes a label."""
        bar = self.gallery.coverage
        rows = np.flatnonzero(self._session.table.confident(bar.threshold, bar.class_id))
        if not len(rows):
            return
        count = QLocale().toString(len(rows))
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Label as Predicted"))
        box.setText(self.tr("Label {count} images as predicted?").format(count=count))
        box.setInformativeText(
            self.tr(
                "They become labels like those that you gave. The model then learns from its own "
                "answers, and its accuracy on held-out labels will look better than it is. Undo "
                "takes them all back."
            )
        )
        yes = box.addButton(
            self.tr("Label {count} Images").format(count=count), QMessageBox.ButtonRole.AcceptRole
        )
        no = box.addButton(self.tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(no)
        box.setEscapeButton(no)
        # As it is now: the answers may change while the question stands there.
        labels = self._session.predictions_of(rows)
        action = self.tr("Label {count} as predicted").format(count=count)

        def label() -> None:
            self._session.label_each(labels, action)

        yes.clicked.connect(label)
        box.open()

    def _on_images_dropped(self, class_id: int, images: list[ImageId]) -> None:
        self._session.label(images, ClassId(class_id))

    def _on_new_class(self) -> None:
        self.classes.begin_new(for_selection=self.pages.currentWidget() is self.suggest_page)

    def _on_new_class_for_selection(self) -> None:
        self.classes.begin_new(for_selection=True)

    def _on_show_only(self, class_id: int) -> None:
        self.leave_page()
        self.gallery.show_only(ClassId(class_id))

    def _on_split_requested(self, class_id: int) -> None:
        self.split_dialog.begin(ClassId(class_id))

    def _on_revisited(self, images: list[ImageId]) -> None:
        """Show what was undone or redone, so that a slip can be mended on the spot."""
        self.gallery.select_images(images)
        self.suggest_page.queue.go_to(images)
        if self.is_preview_open() and self.gallery.current_row() >= 0:
            self._show_in_preview(self.gallery.current_row())

    def _on_ended_unseen(self, text: str, is_failure: bool) -> None:
        is_export = self.sender() is self.export_dialog
        remedy = Remedy.SHOW_EXPORT if is_export else Remedy.SHOW_SAVE
        severity = Severity.ERROR if is_failure else Severity.INFORMATION
        self.notices.add(Notice(text, severity, remedy))

    # --- Pages ------------------------------------------------------------------------------------

    def show_suggestions(self) -> None:
        """Show what to label next, one image at a time."""
        self._show_own_page(self.suggest_page)
        if not self._session.classes:
            self.classes.begin_new(for_selection=True)

    def show_labels(self) -> None:
        """Show what the engine thinks of the labels."""
        self._show_own_page(self.labels_page)

    def show_spot_check(self) -> None:
        """Let the person say of predictions drawn at random whether they are right."""
        self._show_own_page(self.spot_check)

    def _on_images_requested(self, images: list[ImageId]) -> None:
        self.leave_page()
        self.gallery.show_these(images)

    def _on_picture_opened(self, image_id: int) -> None:
        page, row = self.pages.currentWidget(), self._session.table.row_of(image_id)
        if row >= 0:
            self.leave_page()
            self.pages.setCurrentWidget(self.preview)
            self._on_image_requested(row)
            self._show_possible()
            self._return_to = page if isinstance(page, Page) else None

    def leave_page(self) -> None:
        """Show all images."""
        self._return_to = None
        page = self.pages.currentWidget()
        if isinstance(page, Page):
            self.pages.setCurrentWidget(self.gallery)
            page.end()
            self._show_possible()
        self.leave_preview()

    def _show_own_page(self, page: Page) -> None:
        if self._session.project is None or self.pages.currentWidget() is page:
            return
        self.leave_page()
        self.pages.setCurrentWidget(page)
        page.begin()
        page.setFocus()
        self._show_possible()

    # --- Larger view ------------------------------------------------------------------------------

    def is_preview_open(self) -> bool:
        """Whether one image is shown large."""
        return self.pages.currentWidget() is self.preview

    def toggle_preview(self) -> None:
        """Show the current image large, or all images again."""
        if self.is_preview_open():
            self.leave_preview()
            return
        page = self.pages.currentWidget()
        image = page.chosen_image() if isinstance(page, Page) else None
        if image is not None:
            self._on_picture_opened(image)
            return
        self.leave_page()
        row = self.gallery.current_row()
        if row < 0 and len(self.gallery.model.order):
            self.gallery.view.setCurrentIndex(self.gallery.model.index(0))
            row = self.gallery.current_row()
        if row >= 0:
            self.pages.setCurrentWidget(self.preview)
            self._show_in_preview(row)
            self.preview.setFocus()
            self._show_possible()

    def leave_preview(self) -> None:
        """Show all images, or the page that the large one was opened from."""
        page, self._return_to = self._return_to, None
        if self.is_preview_open():
            self.pages.setCurrentWidget(self.gallery)
            self.preview.clear()
            self._show_possible()
            if page is not None:
                self._show_own_page(page)
                return
        self._focus_images()

    def toggle_why(self) -> None:
        """Show why the image that the keys are about has its class, large; or stop showing it."""
        page = self.pages.currentWidget()
        if self.is_preview_open():
            self.preview.explanation.toggle()
            return
        if not isinstance(page, Page):
            self.toggle_preview()
        elif (image := page.chosen_image()) is not None:
            self._on_picture_opened(image)
        self.preview.explanation.set_on(self.is_preview_open())

    def _show_in_preview(self, row: int) -> None:
        place, count = self.gallery.model.place_of_row(row), len(self.gallery.model.order)
        text = self.tr("{place} of {count}").format(
            place=QLocale().toString(place + 1), count=QLocale().toString(count)
        )
        # An image that is filtered out can be shown as another one's neighbour.
        self.preview.show_row(row, text if place >= 0 else "")

    def _on_image_requested(self, row: int) -> None:
        self.gallery.set_current_row(row)
        self._show_in_preview(row)
        self.preview.setFocus()

    def _on_step(self, by: int) -> None:
        row = self.gallery.step(by)
        if row >= 0:
            self._show_in_preview(row)

    def _focus_images(self) -> None:
        page = self.pages.currentWidget()
        (page if isinstance(page, Page | Preview) else self.gallery.view).setFocus()

    def _on_larger(self) -> None:
        if self.is_preview_open():
            self.preview.zoom_in()
        else:
            self.gallery.change_tile_px(_TILE_STEP_PX)

    def _on_smaller(self) -> None:
        if self.is_preview_open():
            self.preview.zoom_out()
        else:
            self.gallery.change_tile_px(-_TILE_STEP_PX)

    # --- Menus ------------------------------------------------------------------------------------

    def _on_class_menu(self, menu: QMenu, class_id: int) -> None:
        item = self._session.image_class(class_id)
        if item is not None:
            self.classes.fill_menu(menu, item)

    def _on_image_menu(self, point: QPoint) -> None:
        images = self._chosen_images()
        if images:
            in_preview = self.is_preview_open()
            self.actions_.image_menu(len(images), in_preview=in_preview).popup(point)

    def _on_copy_paths(self) -> None:
        table = self._session.table
        paths = [str(table.ref(table.row_of(image)).path) for image in self._chosen_images()]
        QGuiApplication.clipboard().setText("\n".join(paths))

    def _on_show_file(self) -> None:
        images = self._chosen_images()
        if images:
            table = self._session.table
            show_in_file_manager(table.ref(table.row_of(images[0])).path)

    # --- State ------------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        project = self._session.project
        self.leave_page()
        self.setWindowTitle("Handful" if project is None else f"{project.folder.name} — Handful")
        self.start_page.show_recent()
        self._show_page()
        self.actions_.fill_label_menu()
        self.actions_.show_undo()
        self._show_possible()

    def _on_classes_changed(self) -> None:
        self.actions_.fill_label_menu()
        self._show_possible()

    def _on_rows_changed(self, _rows: object) -> None:
        self._show_page()

    def _on_status_changed(self) -> None:
        if self._session.classifier.running is Effort.FINETUNE:
            self.notices.withdraw(Remedy.FINETUNE)
        self._show_page()
        self._show_possible()

    def _show_page(self) -> None:
        project, table = self._session.project, self._session.table
        if project is None:
            self._stack.setCurrentWidget(self.start_page)
        elif table.n_rows and not bool(np.all(table.missing)):
            self._stack.setCurrentWidget(self._splitter)
        else:
            self._stack.setCurrentWidget(self.empty_page)
            if self._session.reader.is_scanning:
                self.empty_page.show_scanning(project.folder)
            elif not project.folder.is_dir():
                self.empty_page.show_gone(project.folder)
            elif table.n_rows:
                self.empty_page.show_missing(project.folder, table.n_rows)
            else:
                self.empty_page.show_nothing(project.folder)

    def _on_undo_changed(self) -> None:
        self.notices.withdraw(Remedy.UNDO)  # Undo would now take back something else.
        self.actions_.show_undo()

    def _show_possible(self) -> None:
        self.actions_.show_possible(
            has_images=self._session.project is not None and self._has_chosen_images(),
            in_preview=self.is_preview_open(),
            in_gallery=self.pages.currentWidget() is self.gallery,
        )

    def _on_pause(self) -> None:
        reader = self._session.reader
        if self._session.task is not None:
            self._session.task.cancel()
        elif self._session.classifier.running is Effort.FINETUNE:
            self._session.classifier.cancel_tuning()
        elif reader.is_paused:
            reader.resume()
        else:
            reader.pause()

    def _on_theme_requested(self, choice: ThemeChoice) -> None:
        self._switch.choose(choice)
        self._preferences.theme = choice

    def _on_theme_changed(self, theme: Theme) -> None:
        self.actions_.set_theme()
        for part in (
            self.notices,
            self.start_page,
            self.empty_page,
            self.classes,
            self.gallery,
            self.preview,
            self.suggest_page,
            self.labels_page,
            self.spot_check,
            self.status_line,
            self.export_dialog,
            self.predictions_dialog,
            self.split_dialog,
        ):
            part.set_theme(theme)

    def _on_keys(self) -> None:
        KeysDialog(self).show()

    def _on_about(self) -> None:
        AboutDialog(self._session, str(self._log_path), self).show()

    def _on_log(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_path)))

    # --- Closing ----------------------------------------------------------------------------------

    def _restore_layout(self) -> None:
        if not self.restoreGeometry(self._preferences.layout("window")):
            # With its frame inside the screen, taskbar left out: a laptop has 1366 x 768.
            # WORKAROUND: not self.screen(): with PySide6 6.11.3 the process crashes at a later
            # garbage collection, once the window is gone.
            room = QGuiApplication.primaryScreen().availableSize() - QSize(16, 48)
            self.resize(QSize(1280, 800).boundedTo(room))
        self._splitter.restoreState(self._preferences.layout("splitter"))

    def closeEvent(self, event: QCloseEvent) -> None:
        self._preferences.keep_layout("window", self.saveGeometry())
        self._preferences.keep_layout("splitter", self._splitter.saveState())
        self.export_dialog.close()
        self.predictions_dialog.close()
        self.finetune_dialog.close()
        self.split_dialog.close()
        self.hide()  # At once: the engine may have to finish a step first.
        self._session.close()
        event.accept()


def show_in_file_manager(path: Path) -> None:
    """Open the system's file manager at a file, selecting it where the system can."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def _dropped_path(event: QDropEvent) -> Path | None:
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    return Path(urls[0].toLocalFile()) if urls else None

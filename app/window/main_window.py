"""The window: its pages, menus and keys. It passes intents on; the session decides."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QLocale, QPoint, QProcess, QSize, QStandardPaths, Qt, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
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

from app.classes.class_panel import ClassPanel
from app.classes.split_dialog import SplitDialog
from app.help.about_dialog import AboutDialog
from app.help.key_sheet import KeySheet
from app.help.log_dialog import LogDialog
from app.look.icons import application_icon
from app.look.language import LanguageChoice, LanguageSwitch, language_name
from app.look.notices import Notice, NoticeBars, Remedy, Severity
from app.look.theme import Theme, ThemeChoice, ThemeSwitch
from app.results.save_dialog import ExportDialog, PredictionsDialog
from app.session.preferences import Preferences
from app.session.session import PROJECT_SUFFIX, Session
from app.settings.appearance_section import Languages
from app.settings.settings_dialog import SettingsDialog
from app.settings.shortcuts import Shortcuts
from app.training.finetune_dialog import FinetuneDialog
from app.training.meta_dialog import MetaTrainingDialog
from app.training.run_button import FinetuneButton, MetaTrainingButton
from app.window.actions import Actions
from app.window.covers import Covers
from app.window.desktop import LateDesktop, WorkTeller
from app.window.pages import Pages
from app.window.start_page import EmptyFolderPage, StartPage
from app.window.status_line import StatusLine
from engine import EngineError, read_class_list
from engine.messages import NONE_OF_THESE, ClassId, Effort, ImageId


class MainWindow(QMainWindow):
    """Everything that a person sees."""

    def __init__(
        self,
        session: Session,
        preferences: Preferences,
        switch: ThemeSwitch,
        log_path: Path,
        languages: LanguageSwitch | None = None,
    ) -> None:
        """Make a window on the session, which outlives it.

        Args:
            languages: what View > Language switches; None where no other window can follow this
                one (see :class:`app.window.keeper.WindowKeeper`), and so no other language.
        """
        super().__init__()
        self._languages = languages
        self._session = session
        self._preferences = preferences
        self._switch = switch
        self._log_path = log_path
        self._click_labelled = False
        self._page_before = preferences.place("page")
        self.may_leave = False
        """Closing asks no more, whatever is under way."""
        self._question: QMessageBox | None = None
        self.setWindowTitle("Handful")
        self.setWindowIcon(application_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        theme = switch.theme
        # From the outside in: a widget that is moved into another has all within it styled anew.
        self._centre = QWidget(self)
        self.setCentralWidget(self._centre)
        self._stack = QStackedWidget(self._centre)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self._stack)
        self.notices = NoticeBars(theme, self._centre)
        self.start_page = StartPage(preferences, session.covers_folder, theme, self._stack)
        self.empty_page = EmptyFolderPage(theme, self._stack)
        self.classes = ClassPanel(session, theme, self._splitter)
        self.pages = Pages(session, theme, self._splitter)
        self.gallery, self.preview = self.pages.gallery, self.pages.preview
        self._covers = Covers(session, self.gallery.thumbnails, session.covers_folder, self)
        self.status_line = StatusLine(session, theme)
        self.export_dialog = ExportDialog(session, theme, self)
        self.predictions_dialog = PredictionsDialog(session, theme, self)
        self.finetune_dialog = FinetuneDialog(session, theme, self)
        self.meta_training_dialog = MetaTrainingDialog(session.meta_training, theme, self)
        self.finetune_button = FinetuneButton(session, theme)
        self.meta_training_button = MetaTrainingButton(session.meta_training, theme)
        self.split_dialog = SplitDialog(session, self.gallery.thumbnails, theme, self)
        self.work_teller = WorkTeller(session.works, self, LateDesktop(self))
        self._build()
        self.actions_ = Actions(self, self.pages, session, preferences, switch.choice)
        if languages is not None:
            self.actions_.add_languages(languages.choice)
        self.shortcuts = Shortcuts(self.actions_, session)
        self.settings_dialog = SettingsDialog(
            session, switch, self.shortcuts, self._languages_to_choose(), self
        )
        self.key_sheet = KeySheet(self, self.actions_, self.shortcuts)
        self.log_dialog = LogDialog(session, log_path, self)
        self.actions_.improve_menu.addSeparator()
        self.actions_.improve_menu.addActions(self.status_line.effort.menu().actions())
        self.actions_.improve_menu.addSeparator()
        self.actions_.improve_menu.addAction(self.actions_.train_encoder)
        self._connect_actions()
        self._connect()
        self._restore_layout()
        self._on_theme_changed(theme)
        self._on_project_changed()

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.classes)
        self._splitter.addWidget(self.pages)
        self._splitter.setStretchFactor(1, 1)
        self.classes.setMinimumWidth(200)
        self.classes.setMaximumWidth(420)
        self._splitter.setSizes([248, 1032])
        for page in (self.start_page, self.empty_page, self._splitter):
            self._stack.addWidget(page)
        column = QVBoxLayout(self._centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notices)
        column.addWidget(self._stack, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.status_line, 1)
        self.statusBar().addPermanentWidget(self.finetune_button)
        self.statusBar().addPermanentWidget(self.meta_training_button)

    def _connect_actions(self) -> None:
        actions, session, pages = self.actions_, self._session, self.pages
        view = self.gallery.view
        for action, slot in (
            (actions.open_folder, self.choose_folder),
            (actions.open_project, self.choose_project),
            (actions.close_project, self.close_project),
            (actions.save, self.predictions_dialog.begin),
            (actions.export, self.export_dialog.begin),
            (actions.quit, self.close),
            (actions.undo, session.undo),
            (actions.redo, session.redo),
            (actions.select_all, view.selectAll),
            (actions.select_none, view.clearSelection),
            (actions.find, self.gallery.open_find),
            (actions.find_next, self.gallery.find_next),
            (actions.find_previous, self.gallery.find_previous),
            (actions.group_similar, self.gallery.toggle_grouping),
            (actions.toggle_group, self.gallery.toggle_group),
            (actions.sort_similar, self.gallery.sort_by_similarity),
            (actions.preview, pages.toggle_preview),
            (actions.queue, pages.show_queue),
            (actions.evaluation, pages.show_evaluation),
            (actions.images, pages.leave),
            (actions.review, pages.show_review),
            (actions.map, pages.show_map),
            (actions.spot_check, pages.show_spot_check),
            (actions.train_encoder, self.meta_training_dialog.begin),
            (actions.why, pages.toggle_why),
            (actions.why_next, self.preview.explanation.choose_next),
            (actions.larger, pages.zoom_in),
            (actions.smaller, pages.zoom_out),
            (actions.fit, self.preview.view.fit),
            (actions.actual_size, self.preview.view.actual_size),
            (actions.refresh, self.refresh),
            (actions.new_class, self._on_new_class),
            (actions.import_classes, self.choose_class_list),
            (actions.new_class_for_selection, self._on_new_class_for_selection),
            (actions.unlabel, self._on_unlabel_key),
            (actions.show_file, self._on_show_file),
            (actions.copy_paths, self._on_copy_paths),
            (actions.settings, self.settings_dialog.begin),
            (actions.keys, self.key_sheet.begin),
            (actions.log, self.log_dialog.begin),
            (actions.about, self._on_about),
        ):
            action.triggered.connect(slot)
        actions.views.triggered.connect(self._show_view)
        actions.label_requested.connect(self._on_label_requested)
        actions.theme_requested.connect(self._on_theme_requested)
        self.settings_dialog.theme_requested.connect(self._on_theme_requested)
        actions.language_requested.connect(self.choose_language)
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
        for dialog in (self.export_dialog, self.predictions_dialog):
            dialog.ended_unseen.connect(self._on_ended_unseen)
        session.noticed.connect(self.notices.add)
        self._switch.changed.connect(self._on_theme_changed)
        self.notices.remedy_requested.connect(self._on_remedy)
        self.start_page.folder_requested.connect(self.choose_folder)
        self.start_page.project_requested.connect(self.choose_project)
        self.start_page.recent_requested.connect(self._open_recent)
        self.start_page.sample_requested.connect(self._on_sample_requested)
        self.empty_page.folder_requested.connect(self.choose_folder)
        self.empty_page.find_requested.connect(self._find_folder)
        self.empty_page.refresh_requested.connect(self.refresh)
        self.pages.changed.connect(self._show_possible)
        self.pages.menu_requested.connect(self._on_image_menu)
        self.pages.evaluation.noticed.connect(self.notices.add)
        gallery.refresh_requested.connect(self.refresh)
        gallery.label_as_predicted_requested.connect(self._on_label_as_predicted)
        self.pages.review.label_as_predicted_requested.connect(self._on_label_as_predicted)
        classes.class_clicked.connect(self._on_class_clicked)
        classes.class_double_clicked.connect(self._on_class_double_clicked)
        classes.images_dropped.connect(self._on_images_dropped)
        classes.show_only_requested.connect(self._on_show_only)
        classes.split_requested.connect(self._on_split_requested)
        classes.class_made.connect(self._on_class_clicked)
        classes.left.connect(self.pages.focus)
        self.status_line.pause_requested.connect(self._on_pause)
        self.status_line.effort.finetune_requested.connect(self.finetune_dialog.begin)
        self.finetune_button.clicked.connect(self.finetune_dialog.begin)
        self.meta_training_button.clicked.connect(self.meta_training_dialog.begin)
        self.meta_training_dialog.encoder_made.connect(self._on_encoder_made)

    # --- Opening ----------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a folder or project; a failure is told in a notice.

        What was begun for the project that is open ends with it, so the person is asked first.
        """
        losses = self._losses_with_project()
        if losses:
            title = self.tr("Close the Project")
            self._ask_before_leaving(title, losses, partial(self._open, path))
        else:
            self._open(path)

    def _open(self, path: Path) -> None:
        self.notices.clear()
        self._covers.keep()  # Of what is left for it.
        if self._session.open(path):
            name, self._page_before = self._page_before, ""  # Once, after the program's start.
            self.pages.show_named(name)
            self.pages.focus()

    def close_project(self) -> None:
        """Go back to the start page; asks as :meth:`open` does."""
        losses = self._losses_with_project()
        if losses:
            title = self.tr("Close the Project")
            self._ask_before_leaving(title, losses, self._close_project)
        else:
            self._close_project()

    def _close_project(self) -> None:
        self._covers.keep()
        self._session.close_project()

    def _losses_with_project(self) -> list[str]:
        running = self._session.works.running
        return list(dict.fromkeys(work.loss for work in running if work.is_lost_with_project))

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

    def choose_class_list(self) -> None:
        """Let the person choose a file that names classes, and add them."""
        project = self._session.project
        if project is None:
            return
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("Import a class list"),
            str(project.folder),
            self.tr("Lists of classes (*.txt *.csv *.tsv);;All files (*)"),
        )
        if not chosen:
            return
        try:
            names = read_class_list(Path(chosen))
        except EngineError as error:
            self.notices.add(Notice(str(error)))
            return
        self._session.import_classes(names)

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

    def _on_sample_requested(self) -> None:
        if self._session.task is None:
            self._session.paint_sample(sample_folder())

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
            case Remedy.OPEN_REPORT:
                self.pages.evaluation.open_report()

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

    def _on_label_requested(self, class_id: int) -> None:
        self.pages.label_by_key(ClassId(class_id))

    def _on_unlabel_key(self) -> None:
        self.pages.label_by_key(None)

    def _on_class_clicked(self, class_id: int) -> None:
        self._click_labelled = self.pages.label_by_click(ClassId(class_id))

    def _on_class_double_clicked(self, class_id: int) -> None:
        if class_id == NONE_OF_THESE:
            return  # It has no name to be changed; two clicks label as one does.
        # The first click of the two has labelled the selection; that was not what was meant.
        if self._click_labelled:
            self._session.undo()
            self._click_labelled = False
        self.classes.list.edit_name(ClassId(class_id))

    def _on_label_as_predicted(self) -> None:
        """Ask first: it is the one way by which what the model said becomes a label."""
        is_review = self.pages.currentWidget() is self.pages.review
        bar = self.pages.review.coverage if is_review else self.gallery.coverage
        rows = bar.accepted_rows()
        if not len(rows):
            return
        count = QLocale().toString(len(rows))
        box = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(self.tr("Label as Predicted"))
        question, do_it = self.tr("Label 1 image as predicted?"), self.tr("Label 1 Image")
        if len(rows) != 1:
            question = self.tr("Label {count} images as predicted?").format(count=count)
            do_it = self.tr("Label {count} Images").format(count=count)
        box.setText(question)
        box.setInformativeText(
            self.tr(
                "They become labels like those that you gave. The model then learns from its own "
                "answers, and its accuracy on held-out labels will look better than it is. Undo "
                "takes them all back."
            )
        )
        yes = box.addButton(do_it, QMessageBox.ButtonRole.AcceptRole)
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
        is_suggesting = self.pages.currentWidget() is self.pages.queue
        self.classes.begin_new(for_selection=is_suggesting)

    def _on_new_class_for_selection(self) -> None:
        self.classes.begin_new(for_selection=True)

    def _on_show_only(self, class_id: int) -> None:
        self.pages.show_only(ClassId(class_id))

    def _on_split_requested(self, class_id: int) -> None:
        self.split_dialog.begin(ClassId(class_id))

    def _on_ended_unseen(self, text: str, is_failure: bool) -> None:
        is_export = self.sender() is self.export_dialog
        remedy = Remedy.SHOW_EXPORT if is_export else Remedy.SHOW_SAVE
        severity = Severity.ERROR if is_failure else Severity.INFORMATION
        self.notices.add(Notice(text, severity, remedy))

    # --- Menus ------------------------------------------------------------------------------------

    def _on_class_menu(self, menu: QMenu, class_id: int) -> None:
        item = self._session.image_class(class_id)
        if item is not None:
            self.classes.fill_menu(menu, item)

    def _on_image_menu(self, point: QPoint) -> None:
        images = self.pages.chosen_images()
        if images:
            in_preview = self.pages.is_preview_open()
            self.actions_.image_menu(len(images), in_preview=in_preview).popup(point)

    def _on_copy_paths(self) -> None:
        table = self._session.table
        paths = [str(table.ref(table.row_of(image)).path) for image in self.pages.chosen_images()]
        QGuiApplication.clipboard().setText("\n".join(paths))

    def _on_show_file(self) -> None:
        images = self.pages.chosen_images()
        if images:
            table = self._session.table
            show_in_file_manager(table.ref(table.row_of(images[0])).path)

    # --- State ------------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        project = self._session.project
        self.pages.leave()
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
            has_images=self._session.project is not None and self.pages.has_chosen_images(),
            in_preview=self.pages.is_preview_open(),
            in_gallery=self.pages.currentWidget() is self.gallery,
        )
        self._show_view()

    def _show_view(self) -> None:
        """Tick the view that is shown; a click on the ticked one must leave it ticked."""
        actions, pages, shown = self.actions_, self.pages, self.pages.currentWidget()
        for action, page in (
            (actions.images, self.gallery),
            (actions.queue, pages.queue),
            (actions.review, pages.review),
            (actions.map, pages.map),
            (actions.evaluation, pages.evaluation),
        ):
            is_shown = shown in (page, pages.preview) if page is self.gallery else shown is page
            action.setChecked(is_shown and self._session.project is not None)

    def _on_pause(self) -> None:
        work = self._session.works.first
        if work is not None and work.is_paused:
            work.go_on()
        elif work is not None:
            work.stop()

    def _on_theme_requested(self, choice: ThemeChoice) -> None:
        self._switch.choose(choice)
        self._preferences.theme = choice
        for action in self.actions_.theme_group.actions():
            action.setChecked(action.data() is choice)
        self.settings_dialog.appearance.begin()

    def choose_language(self, choice: LanguageChoice) -> None:
        """Speak another language, from now on and at the next start."""
        self._preferences.language = choice
        if self._languages is not None:
            self._languages.choose(choice)

    def _languages_to_choose(self) -> Languages | None:
        languages = self._languages
        if languages is None:
            return None
        names = [(choice, language_name(choice)) for choice in LanguageChoice]

        def chosen() -> object:
            return languages.choice

        def choose(choice: object) -> None:
            assert isinstance(choice, LanguageChoice)
            self.choose_language(choice)

        return Languages(names, chosen, choose)

    def _on_theme_changed(self, theme: Theme) -> None:
        self.actions_.set_theme()
        for part in (
            self.notices,
            self.start_page,
            self.empty_page,
            self.classes,
            self.pages,
            self.status_line,
            self.export_dialog,
            self.predictions_dialog,
            self.finetune_dialog,
            self.finetune_button,
            self.meta_training_dialog,
            self.meta_training_button,
            self.split_dialog,
            self.settings_dialog,
        ):
            part.set_theme(theme)

    def _on_encoder_made(self, path: Path) -> None:
        """Use it; the settings show how far that is, and how to go back."""
        self.settings_dialog.begin()
        self.settings_dialog.show_section(self.settings_dialog.engine)
        self.settings_dialog.engine.use_file(path)

    def _on_about(self) -> None:
        AboutDialog(self._session, str(self._log_path), self).show()

    # --- Built anew -------------------------------------------------------------------------------

    def kept_state(self) -> object:
        """What a window that takes this one's place goes on from."""
        self._keep_layout()
        dialogs = [dialog.kept_state() for dialog in (self.export_dialog, self.predictions_dialog)]
        notices = self.notices.notices()
        opened = (
            self.finetune_dialog.isVisible(),
            self.meta_training_dialog.kept_state(),
            self.settings_dialog.isVisible(),
        )
        return self.pages.kept_state(), dialogs, opened, notices

    def restore_state(self, state: object) -> None:
        """Go on from what another window on the same session kept."""
        if not isinstance(state, tuple):
            return
        pages, dialogs, (is_finetuning_asked, meta_training, is_setting), notices = state
        self.notices.clear()
        for notice in reversed(notices):
            self.notices.add(notice)
        if self._session.project is not None:
            self.pages.restore_state(pages)
            self.pages.focus()
        for dialog, kept in zip(
            (self.export_dialog, self.predictions_dialog), dialogs, strict=True
        ):
            dialog.restore_state(kept)
        if is_finetuning_asked:
            self.finetune_dialog.begin()
        self.meta_training_dialog.restore_state(meta_training)
        if is_setting:  # It may be where the language was chosen.
            self.settings_dialog.begin()

    # --- Closing ----------------------------------------------------------------------------------

    def _keep_layout(self) -> None:
        self._preferences.keep_layout("window", self.saveGeometry())
        self._preferences.keep_layout("splitter", self._splitter.saveState())
        self._preferences.keep_layout("bars", self.saveState())
        if self._session.project is not None:
            self._preferences.keep_place("page", self.pages.shown_name())

    def _restore_layout(self) -> None:
        if not self.restoreGeometry(self._preferences.layout("window")):
            # With its frame inside the screen, taskbar left out: a laptop has 1366 x 768.
            # WORKAROUND: not self.screen(): with PySide6 6.11.3 the process crashes at a later
            # garbage collection, once the window is gone.
            room = QGuiApplication.primaryScreen().availableSize() - QSize(16, 48)
            self.resize(QSize(1280, 800).boundedTo(room))
        self._splitter.restoreState(self._preferences.layout("splitter"))
        self.restoreState(self._preferences.layout("bars"))

    def _ask_before_leaving(
        self, title: str, losses: list[str], leave_it: Callable[[], None]
    ) -> None:
        """Ask once, whether to leave work that is under way."""
        if self._question is not None:
            self._question.raise_()
            self._question.activateWindow()
            return
        box = self._question = QMessageBox(self)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(title)
        box.setText(self.tr("Work is still under way."))
        box.setInformativeText("\n\n".join([*losses, self.tr("Your labels are all saved.")]))
        leave = box.addButton(self.tr("Leave Anyway"), QMessageBox.ButtonRole.DestructiveRole)
        keep = box.addButton(self.tr("Keep Working"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(keep)
        box.setEscapeButton(keep)

        def leave_anyway() -> None:  # Without what the button would tell of itself.
            leave_it()

        leave.clicked.connect(leave_anyway)
        box.destroyed.connect(self._on_question_gone)
        box.open()

    def _on_leave(self) -> None:
        self.may_leave = True
        self.close()

    def _on_question_gone(self) -> None:
        self._question = None

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._switch.follow_font()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.actions_.fit_tool_bar(event.size().width())

    def closeEvent(self, event: QCloseEvent) -> None:
        losses = self._session.works.losses()
        if losses and not self.may_leave:
            event.ignore()
            self._ask_before_leaving(self.tr("Close Handful"), losses, self._on_leave)
            return
        self._keep_layout()
        self.export_dialog.close()
        self.predictions_dialog.close()
        self.finetune_dialog.close()
        self.meta_training_dialog.close()
        self.split_dialog.close()
        self.settings_dialog.close()
        self.key_sheet.close()
        self.log_dialog.close()
        self.work_teller.stop()
        self._covers.keep()
        self.hide()  # At once: the engine may have to finish a step first.
        self._session.close()
        event.accept()


def sample_folder() -> Path:
    """Where the sample's pictures are painted: in the person's documents, to be found again."""
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or Path.home()) / "Handful sample" / "Machine parts"


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

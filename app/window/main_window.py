"""The window: its pages, menus and keys. It passes intents on; the session decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QMainWindow,
    QMenu,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.actions.actions import Actions
from app.classes.class_panel import ClassPanel
from app.evaluation.evaluation_page import EvaluationPage
from app.gallery.gallery import Gallery
from app.look.icons import application_icon
from app.look.language import LanguageChoice, LanguageSwitch, language_name
from app.look.notices import Notice, NoticeBars, Remedy, Severity
from app.look.page import pressed_by
from app.look.theme import Theme, ThemeChoice, ThemeSwitch
from app.map.map_page import MapPage
from app.preview.preview import Preview
from app.queue.queue_page import QueuePage
from app.queue.review_page import ReviewPage
from app.results.crops_dialog import CropsDialog
from app.results.import_labels_dialog import ImportLabelsDialog
from app.results.result_dialog import ResultDialog
from app.session.preferences import Preferences
from app.session.session import Session
from app.settings.appearance_section import Languages
from app.settings.shortcuts import Shortcuts
from app.training.run_button import FinetuneButton, MetaTrainingButton
from app.window.covers import Covers
from app.window.desktop import LateDesktop, WorkTeller, show_in_file_manager
from app.window.dialogs import Dialogs
from app.window.empty_page import EmptyFolderPage
from app.window.labelling import Labelling
from app.window.leaving import LeaveQuestion
from app.window.opening import Opening
from app.window.pages import Pages
from app.window.start_page import StartPage
from app.window.status_line import StatusLine
from app.window.watch_button import WatchButton
from engine.messages import ClassId, Effort


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
        self._page_before = preferences.place("page")
        self.may_leave = False
        """Closing asks no more, whatever is under way."""
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
        self.status_line = StatusLine(session, self.pages.figures, theme)
        self.finetune_button = FinetuneButton(session, theme)
        self.meta_training_button = MetaTrainingButton(session.meta_training, theme)
        self.leaving = LeaveQuestion(self)
        self.opening = Opening(session, preferences, self.notices, self._covers, self.leaving, self)
        self.work_teller = WorkTeller(session.works, self, LateDesktop(self))
        self._build()
        self.actions_ = Actions(self, self.pages, session, preferences, switch.choice)
        if languages is not None:
            self.actions_.add_languages(languages.choice)
        self.shortcuts = Shortcuts(self.actions_, session)
        self.dialogs = Dialogs(
            session,
            self.pages,
            switch,
            self.actions_,
            self.shortcuts,
            self._languages_to_choose(),
            LanguageChoice.ENGLISH if languages is None else languages.language,
            log_path,
            self,
        )
        self.results = self.dialogs.results
        self.actions_.improve_menu.addSeparator()
        self.actions_.improve_menu.addActions(self.status_line.effort.menu().actions())
        self.actions_.improve_menu.addSeparator()
        self.actions_.improve_menu.addAction(self.actions_.train_encoder)
        self.labelling = Labelling(session, self.actions_, self.classes, self.pages, self)
        self._make_watch_button(theme)
        self._connect_actions()
        self._connect()
        self._restore_layout()
        self.actions_.set_theme()
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
        column.addWidget(self._stack, 1)
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.status_line, 1)
        self.statusBar().addPermanentWidget(self.finetune_button)
        self.statusBar().addPermanentWidget(self.meta_training_button)

    def _make_watch_button(self, theme: Theme) -> None:
        self.watch_action = self.actions_.results["watch"]
        self.watch_action.setCheckable(True)
        self.watch_button = WatchButton(self._session.arrivals, theme, self.statusBar())
        self.statusBar().addPermanentWidget(self.watch_button)
        self._session.arrivals.changed.connect(self._show_watching)
        self._show_watching()

    def _connect_actions(self) -> None:
        actions, session, pages = self.actions_, self._session, self.pages
        view = self.gallery.view
        for action, slot in (
            (actions.open_folder, self.opening.choose_folder),
            (actions.open_project, self.opening.choose_project),
            (actions.start_from_model, self.opening.choose_model),
            (actions.close_project, self.opening.close_project),
            (actions.save_report, pages.save_report),
            (actions.quit, self.close),
            (actions.undo, session.undo),
            (actions.redo, session.redo),
            (actions.select_all, view.selectAll),
            (actions.select_none, view.clearSelection),
            (actions.find, self.gallery.open_find),
            (actions.find_next, self.gallery.find_next),
            (actions.find_previous, self.gallery.find_previous),
            (actions.group_similar, self.gallery.toggle_grouping),
            (actions.toggle_group, self.pages.toggle_group),
            (actions.sort_similar, self.gallery.filters.sort_by_similarity),
            (actions.preview, pages.toggle_preview),
            (actions.queue, pages.show_queue),
            (actions.evaluation, pages.show_evaluation),
            (actions.images, pages.leave),
            (actions.review, pages.show_review),
            (actions.map, pages.show_map),
            (actions.spot_check, pages.show_spot_check),
            (actions.train_encoder, self.dialogs.show_meta_training),
            (actions.why, pages.toggle_why),
            (actions.why_next, self.preview.explanation.choose_next),
            (actions.larger, pages.zoom_in),
            (actions.smaller, pages.zoom_out),
            (actions.fit, self.preview.view.fit),
            (actions.actual_size, self.preview.view.actual_size),
            (actions.refresh, self.refresh),
            (actions.import_classes, self.opening.choose_class_list),
            (actions.show_file, self._on_show_file),
            (actions.copy_paths, self._on_copy_paths),
            (actions.settings, self.dialogs.show_settings),
            (actions.guide, self.dialogs.show_guide),
            (actions.keys, self.dialogs.show_keys),
            (actions.log, self.dialogs.show_log),
            (actions.about, self.dialogs.show_about),
        ):
            action.triggered.connect(slot)
        self.results.connect_actions(actions.results)
        self.watch_action.triggered.connect(session.watch_folder)
        self.watch_button.stop_requested.connect(self._on_stop_watching)
        actions.views.triggered.connect(self._show_view)
        actions.theme_requested.connect(self._on_theme_requested)
        self.dialogs.theme_requested.connect(self._on_theme_requested)
        actions.language_requested.connect(self.choose_language)
        actions.recent_requested.connect(self.opening.open_recent)
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
        self.results.ended_unseen.connect(self._on_ended_unseen)
        self.results.cancelled_unseen.connect(self._on_cancelled_unseen)
        self.results.open_requested.connect(self.open)
        session.noticed.connect(self.notices.add)
        self._switch.changed.connect(self._on_theme_changed)
        self.notices.remedy_requested.connect(self._on_remedy)
        self.notices.result_requested.connect(self.results.begin)
        self.notices.left.connect(self.pages.focus)
        self.notices.lie_in(self._room_for_notices, self.pages)
        self.dialogs.encoder_ended_unseen.connect(self._on_encoder_ended_unseen)
        self.start_page.folder_requested.connect(self.opening.choose_folder)
        self.start_page.project_requested.connect(self.opening.choose_project)
        self.start_page.recent_requested.connect(self.opening.open_recent)
        self.start_page.sample_requested.connect(self.opening.open_sample)
        self.opening.opened.connect(self._on_opened)
        self.opening.recent_changed.connect(self.start_page.show_recent)
        self.opening.painting_changed.connect(self.start_page.show_painting)
        self.start_page.show_painting(self.opening.is_painting)
        self.empty_page.folder_requested.connect(self.opening.choose_folder)
        self.empty_page.find_requested.connect(self.opening.find_folder)
        self.empty_page.refresh_requested.connect(self.refresh)
        self.pages.changed.connect(self._show_possible)
        self.pages.page_made.connect(self._on_page_made)
        self.pages.menu_requested.connect(self._on_image_menu)
        self.pages.report_requested.connect(self.actions_.save_report.trigger)
        self.pages.figures.changed.connect(self._show_possible)
        gallery.refresh_requested.connect(self.refresh)
        gallery.name_typed.connect(self.classes.begin_name)
        classes.show_only_requested.connect(self._on_show_only)
        classes.label_more_requested.connect(self.pages.label_more)
        classes.split_requested.connect(self._on_split_requested)
        classes.list_refused.connect(self._on_list_refused)
        classes.left.connect(self.pages.focus)
        self.status_line.pause_requested.connect(self._on_pause)
        self.status_line.effort.finetune_requested.connect(self.dialogs.show_finetuning)
        self.finetune_button.clicked.connect(self.dialogs.show_finetuning)
        self.meta_training_button.clicked.connect(self.dialogs.show_meta_training)

    # --- Opening ----------------------------------------------------------------------------------

    @property
    def export_dialog(self) -> ResultDialog:
        """The dialog of exported models."""
        return self.results.dialog("export")

    @property
    def predictions_dialog(self) -> ResultDialog:
        """The dialog of tables."""
        return self.results.dialog("save")

    def open(self, path: Path) -> None:
        """Open a folder or project, see :meth:`app.window.opening.Opening.open`."""
        self.opening.open(path)

    def _on_opened(self) -> None:
        name, self._page_before = self._page_before, ""  # Once, after the program's start.
        self.pages.show_named(name)
        self.pages.focus()

    def _on_list_refused(self, reason: str) -> None:
        self.notices.add(Notice(reason, is_slip=True))

    def refresh(self) -> None:
        """Scan the folder, filter and sort again."""
        self._session.rescan()
        self.gallery.arrange()

    def _on_remedy(self, remedy: Remedy) -> None:
        match remedy:
            case Remedy.UNDO:
                self._session.undo()
            case Remedy.FIND_FOLDER:
                self.opening.find_folder()
            case Remedy.RESCAN:
                self.refresh()
            case Remedy.SHOW_ENCODERS:
                self.dialogs.show_encoders()
            case Remedy.FINETUNE:
                self.dialogs.show_finetuning()
            case Remedy.OPEN_REPORT:
                self.pages.evaluation.open_report()
            case Remedy.REPAIR:
                self.opening.repair()

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
            importing = self.results.dialog("import_labels")
            cropping = self.results.dialog("open_detections")
            if isinstance(cropping, CropsDialog) and cropping.takes(path):
                cropping.begin_with(path)
            elif isinstance(importing, ImportLabelsDialog) and importing.takes(path):
                importing.begin_with(path)
            else:
                self.open(path)

    def _on_ended_unseen(self, name: str, text: str, is_failure: bool) -> None:
        severity = Severity.ERROR if is_failure else Severity.INFORMATION
        self.notices.add(Notice(text, severity, Remedy.SHOW_RESULT, name))

    def _on_cancelled_unseen(self, text: str) -> None:
        self.notices.add(Notice(text, Severity.INFORMATION))

    def _on_encoder_ended_unseen(self, text: str, is_failure: bool) -> None:
        severity = Severity.ERROR if is_failure else Severity.INFORMATION
        self.notices.add(Notice(text, severity, Remedy.SHOW_ENCODERS))

    def _room_for_notices(self) -> QRect:
        """Over the page shown, above the buttons at its foot."""
        page = self._stack.currentWidget()
        room = self._centre.rect()
        if page is self._splitter:
            pages = self.pages
            room = QRect(pages.mapTo(self._centre, QPoint(0, 0)), pages.size())
            room.setBottom(room.bottom() - pages.foot_height())
        return room

    # --- Menus ------------------------------------------------------------------------------------

    def _on_show_only(self, class_id: int) -> None:
        self.pages.show_only(ClassId(class_id))

    def _on_split_requested(self, class_id: int) -> None:
        self.dialogs.split.begin(ClassId(class_id))

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
        self.pages.begin_anew()
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
            elif not self._session.is_folder_there:
                self.empty_page.show_gone(project.folder)
            elif table.n_rows:
                self.empty_page.show_missing(project.folder, table.n_rows)
            else:
                self.empty_page.show_nothing(project.folder)

    def _on_page_made(self, page: QWidget) -> None:
        """Let Tab come to the line at the bottom behind the page, though that was made later."""
        # The newest widget is where Tab goes last. Not found by walking from one to the next: what
        # nextInFocusChain() returns is deleted with what it was asked of (PySide6 6.11.3).
        end = before = QWidget(page)
        end.hide()
        end.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for part in self.statusBar().findChildren(QWidget):
            if part.window() is self and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                self.setTabOrder(before, part)
                before = part
        end.deleteLater()

    def _on_stop_watching(self) -> None:
        self._session.watch_folder(False)

    def _show_watching(self) -> None:
        self.watch_action.setChecked(self._session.arrivals.is_on)

    def _on_undo_changed(self) -> None:
        self.notices.withdraw(Remedy.UNDO)  # Undo would now take back something else.
        self.actions_.show_undo()

    def _show_possible(self) -> None:
        self.actions_.show_possible(
            has_images=self._session.project is not None and self.pages.has_chosen_images(),
            in_preview=self.pages.is_preview_open(),
            in_gallery=self.pages.currentWidget() is self.gallery,
            no_report=self.pages.figures.why_no_report(),
        )
        self.notices.place()  # Another page has another foot.
        self._show_view()

    def _show_view(self) -> None:
        """Tick the view that is shown; a click on the ticked one must leave it ticked."""
        actions, shown = self.actions_, self.pages.currentWidget()
        for action, kind in (
            (actions.images, Gallery | Preview),
            (actions.queue, QueuePage),
            (actions.review, ReviewPage),
            (actions.map, MapPage),
            (actions.evaluation, EvaluationPage),
        ):
            action.setChecked(isinstance(shown, kind) and self._session.project is not None)

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
            self.finetune_button,
            self.meta_training_button,
            self.watch_button,
            self.dialogs,
        ):
            part.set_theme(theme)

    # --- Built anew -------------------------------------------------------------------------------

    def kept_state(self) -> object:
        """What a window that takes this one's place goes on from."""
        self._keep_layout()
        return self.pages.kept_state(), self.dialogs.kept_state(), self.notices.notices()

    def restore_state(self, state: object) -> None:
        """Go on from what another window on the same session kept."""
        if not isinstance(state, tuple):
            return
        pages, dialogs, notices = state
        self.notices.restore(notices)
        if self._session.project is not None:
            self.pages.restore_state(pages)
            self.pages.focus()
        self.dialogs.restore_state(dialogs)

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

    def _on_leave(self) -> None:
        self.may_leave = True
        self.close()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ApplicationFontChange:
            self._switch.follow_font()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.notices.dismiss():
            return  # Nothing else took it.
        # The keys of what cannot be done now come here, and say why.
        why_not = self.actions_.why_not(QKeySequence(event.keyCombination()))
        if why_not and not event.isAutoRepeat():
            self._session.noticed.emit(Notice(why_not, Severity.INFORMATION))
        elif not pressed_by(event, self):
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.actions_.fit_tool_bar(event.size().width())

    def closeEvent(self, event: QCloseEvent) -> None:
        losses, project = self._session.works.losses(), self._session.project
        title = self.tr("Close Handful")
        if not self.may_leave and self.leaving.asks(title, losses, project, self._on_leave):
            event.ignore()
            return
        self._keep_layout()
        self.dialogs.close_all()
        self.work_teller.stop()
        self._covers.keep()
        self.hide()  # At once: the engine may have to finish a step first.
        self._session.close()
        event.accept()


def _dropped_path(event: QDropEvent) -> Path | None:
    urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
    return Path(urls[0].toLocalFile()) if urls else None

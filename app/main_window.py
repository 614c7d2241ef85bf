"""The window: its pages, menus and keys. It passes intents on; the session decides."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QLocale, QObject, QPoint, QProcess, QSize, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QKeySequence,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.class_panel import ClassPanel
from app.gallery import Gallery
from app.help_dialogs import AboutDialog, KeysDialog
from app.icons import application_icon, icon, swatch
from app.notices import Notice, NoticeBars, Remedy, Severity
from app.preferences import Preferences
from app.preview import Preview
from app.save_dialog import ExportDialog, PredictionsDialog
from app.session import PROJECT_SUFFIX, Session
from app.start_page import EmptyFolderPage, StartPage
from app.status_line import StatusLine
from app.theme import Theme, ThemeChoice, ThemeSwitch
from engine import ImageClass
from engine.messages import ClassId, ImageId

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
        self._icons: list[tuple[QAction, str]] = []
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
        self.status_line = StatusLine(session, theme)
        self.export_dialog = ExportDialog(session, theme, self)
        self.predictions_dialog = PredictionsDialog(session, theme, self)
        self._build_pages()
        self._build_actions()
        self._build_menus()
        self._build_tool_bar()
        self._connect()
        self._restore_layout()
        self._on_theme_changed(theme)
        self._on_project_changed()

    # --- Building ---------------------------------------------------------------------------------

    def _build_pages(self) -> None:
        self.pages = QStackedWidget()  # The images, or one image large.
        self.pages.addWidget(self.gallery)
        self.pages.addWidget(self.preview)
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

    def _action(
        self, text: str, picture: str, slot: object, *keys: str | QKeySequence.StandardKey
    ) -> QAction:
        action = QAction(text, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.triggered.connect(slot)
        if picture:
            self._icons.append((action, picture))
        if keys:
            plain = text.replace("&", "").rstrip("…")
            shortcut = QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{plain} ({shortcut})")
        self.addAction(action)
        return action

    def _build_actions(self) -> None:
        self.open_folder_action = self._action(
            self.tr("&Open Folder…"), "folder-open", self.choose_folder, "Ctrl+O"
        )
        self.open_project_action = self._action(
            self.tr("Open &Project…"), "project", self.choose_project, "Ctrl+Shift+O"
        )
        self.close_action = self._action(
            self.tr("&Close Project"), "", self._session.close_project, "Ctrl+W"
        )
        self.save_action = self._action(
            self.tr("&Save Predictions…"), "table", self.predictions_dialog.begin, "Ctrl+S"
        )
        self.export_action = self._action(
            self.tr("&Export Model…"), "export", self.export_dialog.begin, "Ctrl+E"
        )
        self.quit_action = self._action(self.tr("&Quit"), "quit", self.close, "Ctrl+Q")
        self.quit_action.setMenuRole(QAction.MenuRole.QuitRole)
        self.undo_action = self._action(self.tr("&Undo"), "undo", self._session.undo, "Ctrl+Z")
        self.redo_action = self._action(
            self.tr("&Redo"), "redo", self._session.redo, "Ctrl+Shift+Z", "Ctrl+Y"
        )
        self.select_all_action = self._action(
            self.tr("Select &All"), "", self.gallery.view.selectAll, "Ctrl+A"
        )
        self.select_none_action = self._action(
            self.tr("Select &None"), "", self.gallery.view.clearSelection, "Ctrl+Shift+A"
        )
        self.preview_action = self._action(self.tr("&Larger View"), "eye", self.toggle_preview)
        self.larger_action = self._action(
            self.tr("Zoom &In"), "zoom-in", self._on_larger, "Ctrl++", "Ctrl+="
        )
        self.smaller_action = self._action(
            self.tr("Zoom &Out"), "zoom-out", self._on_smaller, "Ctrl+-"
        )
        self.fit_action = self._action(self.tr("&Fit"), "fit", self.preview.view.fit, "Ctrl+0")
        self.actual_action = self._action(
            self.tr("Original &Size"), "actual-size", self.preview.view.actual_size, "Ctrl+1"
        )
        self.refresh_action = self._action(self.tr("&Refresh"), "refresh", self.refresh, "F5")
        self.new_class_action = self._action(
            self.tr("&New Class…"), "plus", self._on_new_class, "Ctrl+N", "+"
        )
        self.unlabel_action = self._action(
            self.tr("&Unlabel"), "unlabel", self._on_unlabel_key, "0", "Del", "Backspace"
        )
        # Del means something else in the list of classes and in text fields.
        self.unlabel_action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.removeAction(self.unlabel_action)
        self.pages.addAction(self.unlabel_action)
        self.keys_action = self._action(
            self.tr("&Keyboard Shortcuts"), "keyboard", self._on_keys, "F1"
        )
        self.about_action = self._action(self.tr("&About Handful"), "info", self._on_about)
        self.about_action.setMenuRole(QAction.MenuRole.AboutRole)
        self.log_action = self._action(self.tr("Show &Log"), "", self._on_log)
        self._label_actions: list[QAction] = []

    def _build_menus(self) -> None:
        bar = self.menuBar()
        file = bar.addMenu(self.tr("&File"))
        file.addActions([self.open_folder_action, self.open_project_action])
        self._recent_menu = file.addMenu(self.tr("Open &Recent"))
        self._recent_menu.aboutToShow.connect(self._fill_recent_menu)
        self._recent_menu.triggered.connect(self._on_recent_action)
        file.addSeparator()
        file.addActions([self.save_action, self.export_action])
        file.addSeparator()
        file.addActions([self.close_action, self.quit_action])
        edit = bar.addMenu(self.tr("&Edit"))
        edit.addActions([self.undo_action, self.redo_action])
        edit.addSeparator()
        edit.addActions([self.select_all_action, self.select_none_action])
        view = bar.addMenu(self.tr("&View"))
        view.addAction(self.preview_action)
        view.addSeparator()
        view.addActions(
            [self.larger_action, self.smaller_action, self.fit_action, self.actual_action]
        )
        view.addSeparator()
        view.addAction(self.refresh_action)
        view.addSeparator()
        themes = view.addMenu(self.tr("&Theme"))
        self._theme_group = QActionGroup(self)
        for choice, text in (
            (ThemeChoice.SYSTEM, self.tr("As the &System")),
            (ThemeChoice.LIGHT, self.tr("&Light")),
            (ThemeChoice.DARK, self.tr("&Dark")),
        ):
            action = themes.addAction(text)
            action.setCheckable(True)
            action.setData(choice)
            action.setChecked(choice is self._switch.choice)
            self._theme_group.addAction(action)
        self._theme_group.triggered.connect(self._on_theme_chosen)
        self.label_menu = bar.addMenu(self.tr("&Label"))
        self.class_menu = bar.addMenu(self.tr("&Class"))
        self.class_menu.aboutToShow.connect(self._fill_class_menu)
        help_menu = bar.addMenu(self.tr("&Help"))
        help_menu.addActions([self.keys_action, self.log_action])
        help_menu.addSeparator()
        help_menu.addAction(self.about_action)

    def _build_tool_bar(self) -> None:
        bar = QToolBar(self.tr("Tools"))
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bar.addAction(self.open_folder_action)
        bar.addSeparator()
        for action in (self.undo_action, self.redo_action):
            bar.addAction(action)
            bar.widgetForAction(action).setProperty("toolButtonStyle", 0)
        bar.addSeparator()
        bar.addAction(self.new_class_action)
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(gap)
        bar.addActions([self.save_action, self.export_action])
        for action in bar.actions():
            # Qt leaves no room between a tool button's icon and its text.
            action.setIconText(f" {action.iconText()}" if action.iconText() else "")
        self.addToolBar(bar)

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
        self.empty_page.folder_requested.connect(self._on_folder_requested)
        self.empty_page.refresh_requested.connect(self.refresh)
        gallery.open_requested.connect(self.toggle_preview)
        gallery.menu_requested.connect(self._on_image_menu)
        gallery.selection_changed.connect(self._show_possible)
        gallery.refresh_requested.connect(self.refresh)
        self.preview.step_requested.connect(self._on_step)
        self.preview.left.connect(self.leave_preview)
        classes.class_clicked.connect(self._on_class_clicked)
        classes.class_double_clicked.connect(self._on_class_double_clicked)
        classes.images_dropped.connect(self._on_images_dropped)
        classes.show_only_requested.connect(self._on_show_only)
        classes.class_made.connect(self._on_class_clicked)
        classes.left.connect(self._focus_images)
        self.status_line.pause_requested.connect(self._on_pause)
        gallery.view.viewport().installEventFilter(self)

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

    def _on_folder_requested(self) -> None:
        project = self._session.project
        if project is not None and not project.folder.is_dir():
            self._find_folder()
        else:
            self.choose_folder()

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
        if self.is_preview_open():
            row = self.preview.row
            return [self._session.table.image_id(row)] if row >= 0 else []
        return self.gallery.view.selected_images()

    def _has_chosen_images(self) -> bool:
        if self.is_preview_open():
            return self.preview.row >= 0
        return self.gallery.view.selectionModel().hasSelection()

    def _on_label_action(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.label_by_key(ClassId(int(action.data())))

    def _on_unlabel_key(self) -> None:
        self.label_by_key(None)

    def _on_class_clicked(self, class_id: int) -> None:
        self._click_labelled = self._session.label(self._chosen_images(), ClassId(class_id))

    def _on_class_double_clicked(self, class_id: int) -> None:
        # The first click of the two has labelled the selection; that was not what was meant.
        if self._click_labelled:
            self._session.undo()
            self._click_labelled = False
        self.classes.list.edit_name(ClassId(class_id))

    def _on_images_dropped(self, class_id: int, images: list[ImageId]) -> None:
        self._session.label(images, ClassId(class_id))

    def _on_new_class(self) -> None:
        self.classes.begin_new()

    def _on_new_class_for_selection(self) -> None:
        self.classes.begin_new(for_selection=True)

    def _on_show_only(self, class_id: int) -> None:
        self.leave_preview()
        self.gallery.show_only(ClassId(class_id))

    def _on_revisited(self, images: list[ImageId]) -> None:
        """Show what was undone or redone, so that a slip can be mended on the spot."""
        self.gallery.select_images(images)
        if self.is_preview_open() and self.gallery.current_row() >= 0:
            self._show_in_preview(self.gallery.current_row())

    def _on_ended_unseen(self, text: str, is_failure: bool) -> None:
        is_export = self.sender() is self.export_dialog
        remedy = Remedy.SHOW_EXPORT if is_export else Remedy.SHOW_SAVE
        severity = Severity.ERROR if is_failure else Severity.INFORMATION
        self.notices.add(Notice(text, severity, remedy))

    # --- Larger view ------------------------------------------------------------------------------

    def is_preview_open(self) -> bool:
        """Whether one image is shown large."""
        return self.pages.currentWidget() is self.preview

    def toggle_preview(self) -> None:
        """Show the current image large, or all images again."""
        if self.is_preview_open():
            self.leave_preview()
            return
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
        """Show all images."""
        if self.is_preview_open():
            self.pages.setCurrentWidget(self.gallery)
            self.preview.clear()
            self._show_possible()
        self._focus_images()

    def _show_in_preview(self, row: int) -> None:
        place, count = self.gallery.model.place_of_row(row), len(self.gallery.model.order)
        text = self.tr("{place} of {count}").format(
            place=QLocale().toString(place + 1), count=QLocale().toString(count)
        )
        self.preview.show_row(row, text)

    def _on_step(self, by: int) -> None:
        row = self.gallery.step(by)
        if row >= 0:
            self._show_in_preview(row)

    def _focus_images(self) -> None:
        (self.preview if self.is_preview_open() else self.gallery.view).setFocus()

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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.gallery.view.viewport()
            and isinstance(event, QWheelEvent)
            and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.gallery.change_tile_px(8 if event.angleDelta().y() > 0 else -8)
            return True
        return super().eventFilter(watched, event)

    # --- Menus ------------------------------------------------------------------------------------

    def _fill_recent_menu(self) -> None:
        self._recent_menu.clear()
        for path in self._preferences.recent():
            action = self._recent_menu.addAction(f"{path.stem}  —  {path.parent}")
            action.setData(str(path))
        if self._recent_menu.isEmpty():
            self._recent_menu.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _on_recent_action(self, action: QAction) -> None:
        if action.data():
            self._open_recent(Path(action.data()))

    def _fill_label_menu(self) -> None:
        for action in self._label_actions:
            self.removeAction(action)
            action.deleteLater()
        self._label_actions = []
        self.label_menu.clear()
        for item in self._session.classes:
            action = self._label_action(item, self)
            if item.hotkey is not None:
                action.setShortcut(QKeySequence(str(item.hotkey)))
            self.addAction(action)
            self._label_actions.append(action)
        self.label_menu.addActions(self._label_actions)
        self.label_menu.addSeparator()
        self.label_menu.addActions([self.unlabel_action, self.new_class_action])

    def _label_action(self, item: ImageClass, parent: QObject) -> QAction:
        action = QAction(swatch(item.colour), item.name.replace("&", "&&"), parent)
        action.setData(int(item.class_id))
        action.triggered.connect(self._on_label_action)
        return action

    def _fill_class_menu(self) -> None:
        self.class_menu.clear()
        self.class_menu.addAction(self.new_class_action)
        self.class_menu.addSeparator()
        for item in self._session.classes:
            sub = self.class_menu.addMenu(swatch(item.colour), item.name.replace("&", "&&"))
            self.classes.fill_menu(sub, item)

    def _on_image_menu(self, point: QPoint) -> None:
        images = self._chosen_images()
        if not images:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for item in self._session.classes:
            action = self._label_action(item, menu)
            if item.hotkey is not None:
                action.setText(f"{action.text()}\t{item.hotkey}")
            menu.addAction(action)
        new = menu.addAction(icon("plus"), self.tr("New Class for These…"))
        new.triggered.connect(self._on_new_class_for_selection)
        menu.addAction(self.unlabel_action)
        menu.addSeparator()
        if not self.is_preview_open():
            menu.addAction(self.preview_action)
        show = menu.addAction(icon("folder"), self.tr("Show in File Manager"))
        show.triggered.connect(self._on_show_in_file_manager)
        copy = menu.addAction(
            icon("copy"),
            self.tr("Copy Path") if len(images) == 1 else self.tr("Copy Paths"),
        )
        copy.triggered.connect(self._on_copy_paths)
        menu.popup(point)

    def _on_copy_paths(self) -> None:
        table = self._session.table
        paths = [str(table.ref(table.row_of(image)).path) for image in self._chosen_images()]
        QGuiApplication.clipboard().setText("\n".join(paths))

    def _on_show_in_file_manager(self) -> None:
        images = self._chosen_images()
        if images:
            table = self._session.table
            show_in_file_manager(table.ref(table.row_of(images[0])).path)

    # --- State ------------------------------------------------------------------------------------

    def _on_project_changed(self) -> None:
        project = self._session.project
        self.leave_preview()
        self.setWindowTitle("Handful" if project is None else f"{project.folder.name} — Handful")
        self.start_page.show_recent()
        self._show_page()
        self._fill_label_menu()
        self._show_undo()
        self._show_possible()

    def _on_classes_changed(self) -> None:
        self._fill_label_menu()
        self._show_possible()

    def _on_rows_changed(self, _rows: object) -> None:
        self._show_page()

    def _on_status_changed(self) -> None:
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
            elif project.folder.is_dir():
                self.empty_page.show_nothing(project.folder)
            else:
                self.empty_page.show_gone(project.folder)

    def _on_undo_changed(self) -> None:
        self.notices.withdraw(Remedy.UNDO)  # Undo would now take back something else.
        self._show_undo()

    def _show_undo(self) -> None:
        for action, text, word in (
            (self.undo_action, self._session.undo_text(), self.tr("Undo")),
            (self.redo_action, self._session.redo_text(), self.tr("Redo")),
        ):
            action.setEnabled(bool(text))
            action.setText(f"{word} {text}" if text else word)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            action.setToolTip(f"{action.text()} ({keys})")

    def _show_possible(self) -> None:
        is_open = self._session.project is not None
        has_images = is_open and self._has_chosen_images()
        reason = self._session.why_no_results()
        for action, text in (
            (self.save_action, self.tr("Save the predictions as a table (Ctrl+S)")),
            (self.export_action, self.tr("Export the model as ONNX (Ctrl+E)")),
        ):
            action.setEnabled(not reason)
            action.setToolTip(reason or text)
        for action in (self.close_action, self.refresh_action, self.new_class_action):
            action.setEnabled(is_open)
        for action in (*self._label_actions, self.unlabel_action):
            action.setEnabled(has_images)
        in_preview = is_open and self.is_preview_open()
        for action in (self.fit_action, self.actual_action):
            action.setEnabled(in_preview)
        for action in (self.select_all_action, self.select_none_action):
            action.setEnabled(is_open and not in_preview)
        for action in (self.preview_action, self.larger_action, self.smaller_action):
            action.setEnabled(is_open)

    def _on_pause(self) -> None:
        reader = self._session.reader
        if self._session.task is not None:
            self._session.task.cancel()
        elif reader.is_paused:
            reader.resume()
        else:
            reader.pause()

    def _on_theme_chosen(self, action: QAction) -> None:
        self._switch.choose(action.data())
        self._preferences.theme = action.data()

    def _on_theme_changed(self, theme: Theme) -> None:
        for action, name in self._icons:
            action.setIcon(icon(name))
        for part in (
            self.notices,
            self.start_page,
            self.empty_page,
            self.classes,
            self.gallery,
            self.preview,
            self.status_line,
            self.export_dialog,
            self.predictions_dialog,
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
            self.resize(1280, 800)
        self._splitter.restoreState(self._preferences.layout("splitter"))

    def closeEvent(self, event: QCloseEvent) -> None:
        self._preferences.keep_layout("window", self.saveGeometry())
        self._preferences.keep_layout("splitter", self._splitter.saveState())
        self.export_dialog.close()
        self.predictions_dialog.close()
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

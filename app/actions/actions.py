"""All that can be chosen: the actions with their texts, icons and keys, the menus, the tool bar."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from app.actions.tool_bar import ToolBar
from app.gallery.gallery_model import plain_tip
from app.look.icons import icon, swatch
from app.look.language import LanguageChoice, language_name
from app.look.theme import ThemeChoice
from app.look.words import without_mnemonic
from app.results.entries import ResultEntries
from app.session.preferences import Preferences
from app.session.session import Session
from engine import ImageClass
from engine.messages import NONE_OF_THESE


class Actions(QObject):
    """The window's actions; the window connects them.

    The actions that label by class are made anew whenever the classes change; each has the
    class's key, and "none of these" has 0. ``results`` are those of the Results menu by name; a
    new one is an entry in :mod:`app.results.entries`.

    Signals:
        label_requested: a class, by its key or from the Label menu.
        theme_requested: a :class:`ThemeChoice`.
        language_requested: a :class:`LanguageChoice`.
        recent_requested: a project that was open before.
        class_menu_requested: the menu of one class, to be filled, and the class's number.
    """

    label_requested = Signal(int)
    theme_requested = Signal(object)
    language_requested = Signal(object)
    recent_requested = Signal(Path)
    class_menu_requested = Signal(object, int)

    def __init__(
        self,
        window: QMainWindow,
        images: QWidget,
        session: Session,
        preferences: Preferences,
        theme: ThemeChoice,
    ) -> None:
        """Make all actions, the menus and the tool bar.

        Args:
            window: where they are shown and their keys are heard.
            images: the part of it in which Del takes labels off.
            session: its classes and undo stack are what some of them show.
            preferences: the recent projects.
            theme: the choice that is ticked.
        """
        super().__init__(window)
        self._window = window
        self._session = session
        self._preferences = preferences
        self._icons: list[tuple[QAction, str]] = []
        self._tips: dict[QAction, str] = {}  # Without the keys, which may be changed.
        self._label_actions: list[QAction] = []
        self.result_entries = ResultEntries(self).all()
        self.results: dict[str, QAction] = {}
        self._make_actions()
        self.unlabel.setAutoRepeat(False)
        # Del means something else in the list of classes and in text fields.
        self.unlabel.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        window.removeAction(self.unlabel)
        images.addAction(self.unlabel)
        self._make_menus(theme)
        self._make_tool_bar()

    # --- State ------------------------------------------------------------------------------------

    def add_languages(self, chosen: LanguageChoice) -> None:
        """Offer the languages, with ``chosen`` ticked."""
        menu = self._view_menu.addMenu(self.tr("L&anguage"))
        group = QActionGroup(self)
        for choice in LanguageChoice:
            action = menu.addAction(language_name(choice))
            action.setCheckable(True)
            action.setData(choice)
            action.setChecked(choice is chosen)
            group.addAction(action)
        group.triggered.connect(self._on_language_chosen)

    def set_theme(self) -> None:
        """Draw the icons in the colours now in use."""
        for action, name in self._icons:
            action.setIcon(icon(name))

    def show_undo(self) -> None:
        """Name what can be undone and redone."""
        for action, text, word, pattern in (
            (self.undo, self._session.undo_text(), self.tr("Undo"), self.tr("Undo: {action}")),
            (self.redo, self._session.redo_text(), self.tr("Redo"), self.tr("Redo: {action}")),
        ):
            action.setEnabled(bool(text))
            action.setText(pattern.format(action=_plain(text)) if text else word)
            self._tips[action] = pattern.format(action=text) if text else word
            self.show_keys(action)

    def show_possible(
        self, *, has_images: bool, in_preview: bool, in_gallery: bool, no_report: str
    ) -> None:
        """Enable what can be done now.

        Args:
            has_images: images are selected, or one is shown large.
            in_preview: one image is shown large.
            in_gallery: all images are shown.
            no_report: why there is no evaluation to report; empty where there is one.
        """
        is_open = self._session.project is not None
        for action, text, why_not in (
            *(
                (self.results[entry.name], entry.tip, entry.why_not(self._session))
                for entry in self.result_entries
            ),
            (
                self.save_report,
                self.tr("Save all figures of the evaluation as one HTML or PDF file"),
                no_report,
            ),
        ):
            action.setEnabled(not why_not)
            self._tips[action] = text
            self.show_keys(action)
            action.setStatusTip(why_not)
            if why_not:
                action.setToolTip(why_not)
        for action in (
            self.close_project,
            self.refresh,
            self.new_class,
            self.import_classes,
            *self.views.actions(),
            self.spot_check,
        ):
            action.setEnabled(is_open)
        for action in (*self._label_actions, self.unlabel):
            action.setEnabled(has_images)
        # Without a class, the letters begin the name of the first one.
        self.set_aside.setEnabled(has_images and bool(self._session.classes))
        for action in (self.fit, self.actual_size, self.why_next):
            action.setEnabled(is_open and in_preview)
        for action in (
            self.select_all,
            self.select_none,
            self.find,
            self.find_next,
            self.find_previous,
            self.group_similar,
            self.sort_similar,
        ):
            action.setEnabled(is_open and in_gallery)
        self.toggle_group.setEnabled(is_open and (in_gallery or in_preview))
        for action in (self.preview, self.why, self.larger, self.smaller):
            action.setEnabled(is_open)

    def named(self) -> dict[str, QAction]:
        """The actions by the names that the settings know them by, in the order of the menus."""
        found = {name: item for name, item in vars(self).items() if isinstance(item, QAction)}
        found |= self.results
        placed = [action for _, actions in self.grouped() for action in actions]
        return dict(
            sorted(
                found.items(),
                key=lambda item: placed.index(item[1]) if item[1] in placed else len(placed),
            )
        )

    def grouped(self) -> list[tuple[str, list[QAction]]]:
        """The titles of the menus and what is in them, in sub-menus, too."""
        return [
            (without_mnemonic(top.text()), _actions_in(top.menu()))
            for top in self._window.menuBar().actions()
            if isinstance(top.menu(), QMenu)
        ]

    def groups(self) -> dict[str, str]:
        """By the names of the actions the title of the menu that each is in."""
        titles: dict[QAction, str] = {}
        for title, actions in self.grouped():
            for action in actions:
                titles.setdefault(action, title)
        none = self.tr("Context menu")
        return {name: titles.get(action, none) for name, action in self.named().items()}

    def menu_of_mnemonic(self, keys: QKeySequence) -> str:
        """The title of the menu that these keys open, or nothing."""
        for top in self._window.menuBar().actions():
            if not keys.isEmpty() and keys == QKeySequence.mnemonic(top.text()):
                return without_mnemonic(top.text())
        return ""

    def why_not(self, keys: QKeySequence) -> str:
        """Why what these keys do cannot be done now; empty where it can, or they do nothing."""
        for entry in self.result_entries:
            action = self.results[entry.name]
            if keys in action.shortcuts() and not action.isEnabled():
                return entry.why_not(self._session)
        return ""

    def show_keys(self, action: QAction) -> None:
        """Name an action's keys in its tip."""
        tip = self._tips.get(action, "")
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(plain_tip(f"{tip} ({keys})" if keys else tip))

    def fill_label_menu(self) -> None:
        """Make the actions that label by class anew."""
        for action in self._label_actions:
            self._window.removeAction(action)
            action.deleteLater()
        self._label_actions = []
        self.label_menu.clear()
        for item in self._session.offered:
            action = self._label_action(item, self)
            if item.hotkey is not None:
                action.setShortcut(QKeySequence(item.key))
            self._window.addAction(action)
            self._label_actions.append(action)
        self.label_menu.addActions(self._label_actions)
        if self._label_actions:
            self.label_menu.insertSeparator(self._label_actions[-1])
        self.label_menu.addSeparator()
        self.label_menu.addActions([self.unlabel, self.set_aside, self.new_class])

    def image_menu(self, n_images: int, *, in_preview: bool) -> QMenu:
        """A context menu for the selected images; it deletes itself when it is closed."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for item in self._session.offered:
            action = self._label_action(item, menu)
            if item.hotkey is not None:
                action.setText(f"{action.text()}\t{item.key}")
            if item.class_id == NONE_OF_THESE:
                menu.addSeparator()
            menu.addAction(action)
        menu.addSeparator()
        menu.addActions([self.new_class_for_selection, self.unlabel, self.set_aside])
        menu.addSeparator()
        if not in_preview:
            menu.addAction(self.preview)
            among_tiles = (self.sort_similar, self.toggle_group)
            menu.addActions([action for action in among_tiles if action.isEnabled()])
        if n_images == 1 or in_preview:
            menu.addAction(self.why)
        self.copy_paths.setText(self.tr("Copy Path") if n_images == 1 else self.tr("Copy Paths"))
        menu.addActions([self.show_file, self.copy_paths])
        return menu

    # --- Making -----------------------------------------------------------------------------------

    def _action(
        self, text: str, picture: str = "", *keys: str, role: QAction.MenuRole | None = None
    ) -> QAction:
        action = QAction(text, self)
        action.setIconText(without_mnemonic(text))  # Qt would leave "(F)" of East Asian texts.
        # On macOS an action's place is guessed from its text where no role is given.
        action.setMenuRole(role or QAction.MenuRole.NoRole)
        action.setShortcuts([QKeySequence(key) for key in keys])
        if picture:
            self._icons.append((action, picture))
        self._tips[action] = without_mnemonic(text).rstrip("…")
        self.show_keys(action)
        self._window.addAction(action)
        return action

    def _make_actions(self) -> None:
        make, roles = self._action, QAction.MenuRole
        self.open_folder = make(self.tr("&Open Folder…"), "folder-open", "Ctrl+O")
        self.open_project = make(self.tr("Open &Project…"), "project", "Ctrl+Shift+O")
        self.start_from_model = make(self.tr("Start from a &Model…"), "model")
        self._tips[self.start_from_model] = self.tr(
            "Go on from the labelled examples of an exported bundle, with other images"
        )
        self.show_keys(self.start_from_model)
        self.close_project = make(self.tr("&Close Project"), "", "Ctrl+W")
        for entry in self.result_entries:
            action = self.results[entry.name] = make(entry.text, entry.picture, *entry.keys)
            action.setData(entry.name)
        self.save, self.export = self.results["save"], self.results["export"]
        self.save_report = make(self.tr("Save E&valuation Report…"), "report", "Ctrl+P")
        self.quit = make(self.tr("&Quit"), "quit", "Ctrl+Q", role=roles.QuitRole)
        self.undo = make(self.tr("&Undo"), "undo", "Ctrl+Z")
        self.redo = make(self.tr("&Redo"), "redo", "Ctrl+Shift+Z", "Ctrl+Y")
        self.select_all = make(self.tr("Select &All"), "", "Ctrl+A")
        self.select_none = make(self.tr("Select &None"), "", "Ctrl+Shift+A")
        self.find = make(self.tr("&Find by Name…"), "find", "Ctrl+F")
        self.find_next = make(self.tr("Find Ne&xt"), "", "F3")
        self.find_previous = make(self.tr("Find Pre&vious"), "", "Shift+F3")
        self.group_similar = make(self.tr("&Group Similar Images"), "stack", "Ctrl+Shift+G")
        self.toggle_group = make(self.tr("Open or &Close the Group"), "", "Ctrl+G")
        self.sort_similar = make(self.tr("Sort by &Similarity to These"), "", "Ctrl+Shift+F")
        self.preview = make(self.tr("&Larger View"), "eye")
        self.why = make(self.tr("&Why This Class?"), "why", "Ctrl+I", "W")
        self.why_next = make(self.tr("Why the &Next Class?"), "", "Shift+W")
        self.larger = make(self.tr("Zoom &In"), "zoom-in", "Ctrl++", "Ctrl+=")
        self.smaller = make(self.tr("Zoom &Out"), "zoom-out", "Ctrl+-")
        self.fit = make(self.tr("&Fit"), "fit", "Ctrl+0")
        self.actual_size = make(self.tr("Original &Size"), "actual-size", "Ctrl+1")
        self.refresh = make(self.tr("&Refresh"), "refresh", "F5")
        self.new_class = make(self.tr("&New Class…"), "plus", "Ctrl+N", "+")
        self.import_classes = make(self.tr("&Import Class List…"))
        self.new_class_for_selection = make(self.tr("New Class for These…"), "plus")
        self.unlabel = make(self.tr("&Unlabel"), "unlabel", "Del", "Backspace")
        self.set_aside = make(self.tr("Set Aside or Put Back"), "set-aside", "U")
        self.images = make(self.tr("All &Images"), "grid", "Alt+1")
        self.images.setIconText(self.tr("Images"))
        self.queue = make(self.tr("Label &Queue"), "suggest", "Alt+2", "F6")
        self.queue.setIconText(self.tr("Queue"))
        self.review = make(self.tr("&Review by Class"), "review", "Alt+3", "F9")
        self.review.setIconText(self.tr("Review"))
        self.map = make(self.tr("&Map"), "map", "Alt+4", "F4")
        self.evaluation = make(self.tr("&Evaluation"), "check", "Alt+5", "F7")
        # Which of them is shown; a page that belongs to none of them leaves all unticked.
        self.views = QActionGroup(self)
        self.views.setExclusionPolicy(QActionGroup.ExclusionPolicy.ExclusiveOptional)
        for action in (self.images, self.queue, self.review, self.map, self.evaluation):
            action.setCheckable(True)
            self.views.addAction(action)
        self.train_encoder = make(self.tr("Train an &Encoder…"), "curve")
        self.spot_check = make(self.tr("S&pot Check"), "spot-check", "F8")
        self.settings = make(
            self.tr("Se&ttings…"), "settings", "Ctrl+,", role=roles.PreferencesRole
        )
        self.show_file = make(self.tr("Show in File Manager"), "folder")
        self.copy_paths = make(self.tr("Copy Path"), "copy")
        self.guide = make(self.tr("&User Guide"), "guide", "Shift+F1")
        self.keys = make(self.tr("&Keyboard Shortcuts"), "keyboard", "F1", "?")
        self.log = make(self.tr("Show &Log"), "log")
        self.about = make(self.tr("&About Handful"), "info", role=roles.AboutRole)

    def _make_menus(self, theme: ThemeChoice) -> None:
        bar = self._window.menuBar()
        file = bar.addMenu(self.tr("&File"))
        file.addActions([self.open_folder, self.open_project, self.start_from_model])
        opening = [entry.name for entry in self.result_entries if entry.opens]
        file.addActions([self.results[name] for name in opening])
        self.recent_menu = file.addMenu(self.tr("Open &Recent"))
        self.recent_menu.aboutToShow.connect(self._fill_recent_menu)
        self.recent_menu.triggered.connect(self._on_recent_chosen)
        file.addSeparator()
        file.addActions([self.close_project, self.quit])
        edit = bar.addMenu(self.tr("&Edit"))
        edit.addActions([self.undo, self.redo])
        edit.addSeparator()
        edit.addActions([self.select_all, self.select_none])
        edit.addSeparator()
        edit.addActions([self.find, self.find_next, self.find_previous])
        edit.addSeparator()
        edit.addAction(self.settings)
        view = self._view_menu = bar.addMenu(self.tr("&View"))
        view.addActions(self.views.actions())
        view.addSeparator()
        view.addActions([self.group_similar, self.toggle_group, self.sort_similar])
        view.addSeparator()
        view.addActions([self.preview, self.why, self.why_next])
        view.addSeparator()
        view.addActions([self.larger, self.smaller, self.fit, self.actual_size])
        view.addSeparator()
        view.addAction(self.refresh)
        view.addSeparator()
        themes = view.addMenu(self.tr("&Theme"))
        self.theme_group = QActionGroup(self)
        for choice, text in (
            (ThemeChoice.SYSTEM, self.tr("As the &System")),
            (ThemeChoice.LIGHT, self.tr("&Light")),
            (ThemeChoice.DARK, self.tr("&Dark")),
        ):
            action = themes.addAction(text)
            action.setCheckable(True)
            action.setData(choice)
            action.setChecked(choice is theme)
            self.theme_group.addAction(action)
        self.theme_group.triggered.connect(self._on_theme_chosen)
        self.label_menu = bar.addMenu(self.tr("&Label"))
        self.improve_menu = bar.addMenu(self.tr("&Improve"))
        self.improve_menu.addActions([self.spot_check])
        self.class_menu = bar.addMenu(self.tr("&Class"))
        self.class_menu.aboutToShow.connect(self._fill_class_menu)
        self.results_menu = bar.addMenu(self.tr("&Results"))
        self.results_menu.setToolTipsVisible(True)  # What each is for, or why it cannot be.
        for entry in self.result_entries:
            if entry.opens:
                continue
            if entry.begins_group:
                self.results_menu.addSeparator()
            self.results_menu.addAction(self.results[entry.name])
            if entry.name == "save":
                self.results_menu.addAction(self.save_report)
        help_menu = bar.addMenu(self.tr("&Help"))
        help_menu.addActions([self.guide, self.keys, self.log])
        help_menu.addSeparator()
        help_menu.addAction(self.about)

    def _make_tool_bar(self) -> None:
        self._bar = ToolBar(
            (self.open_folder, self.new_class),
            (self.undo, self.redo),
            self.views.actions(),
            (self._results_button(),),
            self._window,
        )
        self._window.addToolBar(self._bar)

    def _results_button(self) -> QAction:
        # Not the menu's own action: a menu bar shows an icon in place of the text.
        action = QAction(without_mnemonic(self.results_menu.title()), self)
        action.setMenu(self.results_menu)
        action.setToolTip(self.tr("What comes of your labels: tables, models and more"))
        self._icons.append((action, "export"))
        return action

    def fit_tool_bar(self, width_px: int) -> None:
        """Leave out words where a narrow window has no room for all of them."""
        self._bar.fit(width_px)

    def _label_action(self, item: ImageClass, parent: QObject) -> QAction:
        action = QAction(swatch(item.colour), _plain(item.name), parent)
        action.setData(int(item.class_id))
        action.setAutoRepeat(False)  # A key held down too long must not label the next images.
        action.triggered.connect(self._on_label_chosen)
        return action

    # --- Slots ------------------------------------------------------------------------------------

    def _fill_recent_menu(self) -> None:
        self.recent_menu.clear()
        for path in self._preferences.recent():
            action = self.recent_menu.addAction(_plain(f"{path.stem}  —  {path.parent}"))
            action.setData(str(path))
        if self.recent_menu.isEmpty():
            self.recent_menu.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _fill_class_menu(self) -> None:
        self.class_menu.clear()
        self.class_menu.addActions([self.new_class, self.import_classes])
        self.class_menu.addSeparator()
        for item in self._session.classes:
            menu = self.class_menu.addMenu(swatch(item.colour), _plain(item.name))
            self.class_menu_requested.emit(menu, int(item.class_id))

    def _on_label_chosen(self) -> None:
        action = self.sender()
        assert isinstance(action, QAction)
        self.label_requested.emit(int(action.data()))

    def _on_theme_chosen(self, action: QAction) -> None:
        self.theme_requested.emit(action.data())

    def _on_language_chosen(self, action: QAction) -> None:
        self.language_requested.emit(action.data())

    def _on_recent_chosen(self, action: QAction) -> None:
        if action.data():
            self.recent_requested.emit(Path(action.data()))


def _actions_in(menu: QObject | None) -> list[QAction]:
    found: list[QAction] = []
    for action in menu.actions() if isinstance(menu, QMenu) else ():
        if isinstance(action.menu(), QMenu):
            found.extend(_actions_in(action.menu()))
        elif not action.isSeparator():
            found.append(action)
    return found


def _plain(name: str) -> str:
    """A name as a menu shows it: no letter becomes a mnemonic."""
    return name.replace("&", "&&")

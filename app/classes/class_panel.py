"""The panel of classes: the list, a field for new ones, and the hint what to do next."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QActionGroup, QColor, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QColorDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.classes.class_list import ClassList
from app.classes.class_model import ClassModel
from app.classes.note_dialog import NoteDialog
from app.look.announcing import announce
from app.look.icons import icon, swatch
from app.look.theme import GAP_PX, Theme
from app.look.words import told
from app.session.session import Session
from engine import CLASS_COLOURS, EngineError, ImageClass, check_class_names, names_in
from engine.messages import NONE_OF_THESE, ClassId

LETTERS: Final = "ABCDEFHIJKLOPQRSTVZ"  # The others mean something on one page or another.


class ClassPanel(QWidget):
    """Everything about classes.

    Signals:
        class_clicked, class_double_clicked, images_dropped: as in :class:`ClassList`.
        show_only_requested: filter the gallery by a class.
        label_more_requested: show unlabelled images that may be of a class.
        split_requested: propose how a class could be split.
        class_made: a new class that is meant for the selected images.
        list_refused: a sentence; what was pasted into the field is no list of classes.
        left: the keyboard's attention should go back to the images.
    """

    class_clicked = Signal(int)
    class_double_clicked = Signal(int)
    images_dropped = Signal(int, object)
    show_only_requested = Signal(int)
    label_more_requested = Signal(int)
    split_requested = Signal(int)
    class_made = Signal(int)
    list_refused = Signal(str)
    left = Signal()

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._theme = theme
        self._for_selection = False
        self.model = ClassModel(session, self)
        self.list = ClassList(self.model, theme)
        self._build()
        self.list.class_clicked.connect(self.class_clicked)
        self.list.class_double_clicked.connect(self.class_double_clicked)
        self.list.images_dropped.connect(self.images_dropped)
        self.list.menu_requested.connect(self._on_menu_requested)
        self.list.delete_requested.connect(self._on_delete_requested)
        self.list.move_requested.connect(self._on_move_requested)
        self.list.left.connect(self.left)
        self._add.clicked.connect(self._on_add_clicked)
        self.field.entered.connect(self._on_entered)
        self.field.left.connect(self._on_field_left)
        self.field.list_pasted.connect(self._on_list_pasted)
        self.field.textEdited.connect(self._clear_refusal)
        session.name_refused.connect(self._on_name_refused)
        session.undo_changed.connect(self._clear_refusal)
        session.classes_changed.connect(self._show_hint)
        session.counts_changed.connect(self._show_hint)
        session.status_changed.connect(self._show_hint)
        session.project_changed.connect(self._show_hint)
        self.set_theme(theme)
        self._show_hint()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self.list.set_theme(theme)
        self._add.setIcon(icon("plus"))

    def begin_new(self, *, for_selection: bool = False) -> None:
        """Let the person type the name of a new class.

        Args:
            for_selection: the selected images are meant to be given it.
        """
        self._for_selection = for_selection
        self.field.setPlaceholderText(
            self.tr("Name of their class") if for_selection else self.tr("New class")
        )
        self._clear_refusal()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def begin_name(self, letter: str) -> None:
        """As :meth:`begin_new`, with the first letter of the name typed already."""
        self.begin_new()
        self.field.setText(letter)

    def menu_of(self, item: ImageClass) -> QMenu:
        """What can be done with a class; the menu deletes itself when it is closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu, item)
        return menu

    def fill_menu(self, menu: QMenu, item: ImageClass) -> None:
        """Add what can be done with a class to a menu."""
        class_id = item.class_id
        if item.class_id == NONE_OF_THESE:
            show = menu.addAction(icon("filter"), self.tr("Show Only These"))
            show.triggered.connect(_calling(self.show_only_requested.emit, int(class_id)))
            return
        show = menu.addAction(icon("filter"), self.tr("Show Only This Class"))
        show.triggered.connect(_calling(self.show_only_requested.emit, int(class_id)))
        more = menu.addAction(icon("suggest"), self.tr("Label More of This Class"))
        more.triggered.connect(_calling(self.label_more_requested.emit, int(class_id)))
        menu.addSeparator()
        rename = menu.addAction(icon("edit"), self.tr("Rename…") + "\tF2")
        rename.triggered.connect(_calling(self.list.edit_name, class_id))
        colours = menu.addMenu(icon("palette"), self.tr("Colour"))
        for colour in CLASS_COLOURS:
            action = colours.addAction(swatch(colour), self._name_of(colour))
            action.setCheckable(True)
            action.setChecked(colour == item.colour)
            action.triggered.connect(_calling(self._session.recolour_class, class_id, colour))
        colours.addSeparator()
        other = colours.addAction(self.tr("Other…"))
        other.triggered.connect(_calling(self._choose_colour, item))
        keys = menu.addMenu(icon("key"), self.tr("Key"))
        group = QActionGroup(keys)
        self._fill_keys(keys, group, range(1, 10), item)
        letters = keys.addMenu(self.tr("Letters"))
        self._fill_keys(letters, group, map(ord, LETTERS), item)
        none = keys.addAction(self.tr("None"))
        none.setCheckable(True)
        none.setChecked(item.hotkey is None)
        group.addAction(none)
        none.triggered.connect(_calling(self._session.set_hotkey, class_id, None))
        note = menu.addAction(icon("note"), self.tr("Note…"))
        note.triggered.connect(_calling(self._edit_note, item))
        place = self._session.classes.index(item)
        for text, step in ((self.tr("Move Up"), -1), (self.tr("Move Down"), 1)):
            keys_text = self.tr("Alt+Up") if step < 0 else self.tr("Alt+Down")
            action = menu.addAction(f"{text}\t{keys_text}")
            action.setEnabled(0 <= place + step < len(self._session.classes))
            action.triggered.connect(_calling(self._on_move_requested, int(class_id), place + step))
        menu.addSeparator()
        merge = menu.addMenu(icon("merge"), self.tr("Merge Into"))
        others = [other_class for other_class in self._session.offered if other_class != item]
        for target in others:
            if target.class_id == NONE_OF_THESE:
                merge.addSeparator()
            action = merge.addAction(swatch(target.colour), _plain(target.name))
            action.triggered.connect(
                _calling(self._session.merge_classes, class_id, target.class_id)
            )
        split = menu.addAction(icon("split"), self.tr("Split into Two…"))
        split.setEnabled(len(self._session.labelled_rows(class_id)) >= 2)
        split.triggered.connect(_calling(self.split_requested.emit, int(class_id)))
        menu.addSeparator()
        delete = menu.addAction(icon("delete"), self.tr("Delete"))
        delete.triggered.connect(_calling(self._session.delete_class, class_id))

    def _fill_keys(
        self, menu: QMenu, group: QActionGroup, keys: Iterable[int], item: ImageClass
    ) -> None:
        for key in keys:
            holder = self._session.class_of_hotkey(key)
            name = replace(item, hotkey=key).key
            text = name if holder is None else f"{name}  {_plain(holder.name)}"
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(item.hotkey == key)
            group.addAction(action)
            action.triggered.connect(_calling(self._session.set_hotkey, item.class_id, key))

    # --- Private ----------------------------------------------------------------------------------

    def _build(self) -> None:
        title = QLabel(self.tr("Classes"))
        title.setObjectName("title")
        self._add = QToolButton()
        self._add.setObjectName("flat")
        self._add.setToolTip(self.tr("New class (Ctrl+N)"))
        self._add.setAccessibleName(self.tr("New class"))
        head = QHBoxLayout()
        head.setContentsMargins(2 * GAP_PX, GAP_PX, GAP_PX, GAP_PX // 2)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(self._add)
        self.field = _NameField()
        self.field.setPlaceholderText(self.tr("New class"))
        self.field.setAccessibleName(self.tr("Name of a new class"))
        self.field.setToolTip(
            self.tr(
                "Enter adds the class; Ctrl+Enter also gives it to the selected images; several "
                "lines that are pasted become a class each"
            )
        )
        self.field.setMaxLength(80)
        self.field.setAcceptDrops(False)  # A folder dropped there is to be opened, not typed.
        field = QHBoxLayout()
        field.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        field.addWidget(self.field)
        self.refusal = QLabel()
        self.refusal.setObjectName("error")
        self.refusal.setWordWrap(True)
        self.refusal.setTextFormat(Qt.TextFormat.PlainText)
        self.refusal.hide()
        refused = QHBoxLayout()
        refused.setContentsMargins(2 * GAP_PX, 0, 2 * GAP_PX, 0)
        refused.addWidget(self.refusal)
        self.step, self.hint = QLabel(), QLabel()
        self.step.setObjectName("section")
        self.hint.setWordWrap(True)
        self._hint_card = QFrame()
        self._hint_card.setObjectName("hint")
        words = QVBoxLayout(self._hint_card)
        words.setContentsMargins(12, GAP_PX, 12, GAP_PX)
        words.setSpacing(GAP_PX // 2)
        words.addWidget(self.step)
        words.addWidget(self.hint)
        card = QHBoxLayout()
        card.setContentsMargins(2 * GAP_PX, GAP_PX // 2, 2 * GAP_PX, 2 * GAP_PX)
        card.addWidget(self._hint_card)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.list)
        column.addLayout(field)
        column.addLayout(refused)
        column.addLayout(card)
        column.addStretch(1)

    def _show_hint(self) -> None:
        session = self._session
        n_classes, n_labelled = len(session.classes), session.n_labelled_classes
        step = 0
        if n_classes == 0:
            step, text = 1, self.tr("Type the name of your first class, for instance “cat”.")
        elif n_labelled == 0:
            step, text = (
                2,
                self.tr(
                    "Select images that show a class, then press its number or click its name. "
                    "The number labels one image and goes on to the next by itself."
                ),
            )
        elif session.engine_failure:
            text = ""  # Nothing will be classified; the notice and the status line say why.
        elif n_labelled == 1:
            step, text = 3, self.tr("Label a second class, and Handful classifies all the others.")
        elif session.classifier.hint:
            text = session.classifier.hint
        else:
            text = ""
        # The first three go away by being done; what the classifier has to say may follow.
        self.step.setText(self.tr("Step {number} of 3").format(number=step))
        self.step.setVisible(step > 0)
        self.hint.setText(text)
        self._hint_card.setVisible(bool(text))

    def _on_menu_requested(self, class_id: int, point: QPoint) -> None:
        item = self._session.image_class(class_id)
        if item is not None:
            self.menu_of(item).popup(point)

    def _on_delete_requested(self, class_id: int) -> None:
        self._session.delete_class(ClassId(class_id))

    def _on_move_requested(self, class_id: int, place: int) -> None:
        had_focus = self.list.hasFocus()
        if self._session.move_class(ClassId(class_id), place):
            self.list.setCurrentIndex(self.model.index(self.model.place_of(ClassId(class_id))))
            if had_focus:
                self.list.setFocus()

    def _edit_note(self, item: ImageClass) -> None:
        dialog = NoteDialog(item, self)
        dialog.written.connect(self._on_note_written)
        dialog.open()

    def _on_note_written(self, class_id: int, text: str) -> None:
        if self._session.image_class(class_id) is not None:
            self._session.note_class(ClassId(class_id), text)

    def _on_list_pasted(self, text: str) -> None:
        self.field.clear()
        names = names_in(text)
        try:
            check_class_names(names, self.tr("The pasted text"))
        except EngineError as error:
            self.list_refused.emit(told(str(error)))
            return
        self._session.import_classes(names)

    def _on_add_clicked(self) -> None:
        self.begin_new()

    def _on_entered(self, name: str, with_selection: bool) -> None:
        if not name.strip():
            return
        added = self._session.add_class(name)
        if added is None:
            self.field.selectAll()
            return
        self.field.clear()
        self.list.scrollToBottom()
        if with_selection or self._for_selection:
            self._on_field_left()
            self.class_made.emit(int(added.class_id))

    def _on_name_refused(self, reason: str) -> None:
        self.refusal.setText(reason)
        self.refusal.show()
        announce(self.refusal, reason, is_urgent=True)

    def _clear_refusal(self) -> None:
        self.refusal.clear()
        self.refusal.hide()

    def _on_field_left(self) -> None:
        self.field.clear()
        self._clear_refusal()
        self._for_selection = False
        self.field.setPlaceholderText(self.tr("New class"))
        self.left.emit()

    def _choose_colour(self, item: ImageClass) -> None:
        dialog = QColorDialog(QColor(item.colour), self)
        dialog.setWindowTitle(self.tr("Colour of “{name}”").format(name=item.name))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setProperty("class_id", int(item.class_id))
        dialog.colorSelected.connect(self._on_colour_chosen)
        dialog.open()

    def _on_colour_chosen(self, colour: QColor) -> None:
        class_id = ClassId(int(self.sender().property("class_id")))
        self._session.recolour_class(class_id, colour.name())

    def _name_of(self, colour: str) -> str:
        names = (
            self.tr("Blue"),
            self.tr("Red"),
            self.tr("Green"),
            self.tr("Yellow"),
            self.tr("Light blue"),
            self.tr("Purple"),
            self.tr("Orange"),
            self.tr("Teal"),
            self.tr("Wine"),
            self.tr("Olive"),
            self.tr("Rose"),
            self.tr("Lavender"),
        )
        return names[CLASS_COLOURS.index(colour)]


def _calling(function: Callable[..., object], *arguments: object) -> Callable[[], None]:
    """A slot for a menu's action; it lives no longer than the action does."""

    def slot() -> None:
        function(*arguments)

    return slot


def _plain(name: str) -> str:
    """A name as a menu shows it: no letter becomes a mnemonic."""
    return name.replace("&", "&&")


class _NameField(QLineEdit):
    """A line edit that tells Enter from Ctrl+Enter, knows Escape, and a list when one is pasted.

    Signals:
        entered: the text, and whether with Ctrl.
        left: Escape was pressed.
        list_pasted: a text of several lines was pasted.
    """

    entered = Signal(str, bool)
    left = Signal()
    list_pasted = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            with_selection = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.entered.emit(self.text(), with_selection)
        elif event.matches(QKeySequence.StandardKey.Paste) and "\n" in (
            text := QGuiApplication.clipboard().text().strip()
        ):
            self.list_pasted.emit(text)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

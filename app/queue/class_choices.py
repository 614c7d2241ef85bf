"""What one image could be: its classes in a fixed order, and a field to find or add one."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QElapsedTimer, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from app.gallery.gallery_model import percent_text
from app.look.theme import GAP_PX, Theme
from app.queue.class_bars import ClassBar, ClassBarView
from app.session.image_table import NO_CLASS, Rows
from app.session.session import Session
from engine import class_name_key, is_none_name
from engine.messages import NONE_OF_THESE, ClassId

_UNSEEN_MS: Final = 700  # So long after an image has come nobody has read its classes yet.


class ClassChoices(QWidget):
    """The classes stand in the order of their probabilities when the image came on screen.

    A label brings the next image at once, and what it has taught a moment later: the answers that
    come so soon still put the classes in order, unless the person has singled one out or is typing.
    From then on they stay: newer predictions change the numbers and the bars, but move nothing
    under the hand, and Enter gives what it gave before.

    Attributes:
        unseen_ms: how long after an image has come its classes may be put in order anew.

    Signals:
        chosen: the number of a class.
        left: the keyboard's attention should go back to the page.
    """

    chosen = Signal(int)
    left = Signal()

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._row = -1
        self._order: list[ClassId] = []
        self._is_moved = False  # Whether the person has singled out another one.
        self._is_due = False  # The answers to the newest labels are not there yet.
        self._since_shown = QElapsedTimer()
        self.unseen_ms = _UNSEEN_MS
        self.list = ClassBarView(self.tr("Classes of this image"), theme)
        self.field = _Field()
        self.field.setPlaceholderText(self.tr("Find or add a class ( / )"))
        self.field.setAccessibleName(self.tr("Find or add a class"))
        self.field.setToolTip(
            self.tr("Type a name; Enter gives the class singled out, or makes a new one (/)")
        )
        self.field.setMaxLength(80)
        self.field.setAcceptDrops(False)  # A folder dropped there is to be opened, not typed.
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX // 2)
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        self.list.chosen.connect(self._choose)
        self.field.textChanged.connect(self._on_typed)
        self.field.entered.connect(self._on_entered)
        self.field.stepped.connect(self.step)
        self.field.left.connect(self._leave_field)
        session.classifier.predicted.connect(self._on_predicted)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.list.set_theme(theme)

    def show_image(self, row: int) -> None:
        """Show the classes of another image, or in no order of its own (-1)."""
        self._row, self._order, self._is_moved = row, [], False
        self._is_due = not self._session.classifier.is_complete
        self._since_shown.start()
        if not self.field.hasFocus():  # Else a name is being typed, perhaps since before.
            self.field.clear()
        self.list.scrollToTop()
        self.show_chances()
        if not self.field.text():
            self._single_out()

    def show_chances(self) -> None:
        """Show the classes and the predictions as they are now, where they stand already."""
        current = self.list.current
        self.list.bars.show_bars([*self._bars(), *self._new_bar()])
        if current is not None:
            self.list.set_current(self.list.bars.place_of(current.class_id))
        elif not self._is_moved and not self.field.text():
            self._single_out()  # The first predictions have come.

    def step(self, by: int) -> None:
        """Single out the next class or the one before."""
        self._is_moved = True
        self.list.step(by)

    def choose_current(self) -> None:
        """Choose the class that is singled out, if one is."""
        self._choose(self.list.current)

    def ask_for_name(self) -> None:
        """Let the person type the name of a class: one that there is, or a new one."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- Private ----------------------------------------------------------------------------------

    def _on_predicted(self, rows: Rows | None) -> None:
        is_mine = rows is not None and bool((rows == self._row).any())
        if not self._is_due or not is_mine:
            return
        self._is_due = False
        is_touched = self._is_moved or bool(self.field.text())
        if not is_touched and self._since_shown.elapsed() < self.unseen_ms:
            self._order = []
            self.show_chances()
            self._single_out()

    def _bars(self) -> list[ClassBar]:
        session, table, row = self._session, self._session.table, self._row
        chances: dict[int, float] = {}
        if 0 <= row < table.n_rows and not table.unreadable[row]:
            named = zip(table.predicted[row].tolist(), table.probabilities[row], strict=True)
            chances = {number: float(chance) for number, chance in named if number != NO_CLASS}
        offered = {item.class_id: item for item in session.offered}
        order = [number for number in self._order or map(ClassId, chances) if number in offered]
        fresh = [number for number in offered if number not in order]
        # What is new comes behind the other classes, and before none of these.
        n_classes = len(order) - order.count(NONE_OF_THESE)
        order[n_classes:n_classes] = fresh
        self._order = order
        label = int(table.labels[row]) if 0 <= row < table.n_rows else NO_CLASS
        typed = self._typed().casefold()
        bars = []
        for number in order:
            item = offered[number]
            if typed in item.name.casefold():
                has_chance = bool(chances) and number != NONE_OF_THESE
                number_text = percent_text(chances[number]) if number in chances else ""
                spoken = number_text
                if number == label:
                    spoken = self.tr("the label")
                bars.append(
                    ClassBar(
                        number,
                        item.name,
                        item.colour,
                        item.key,
                        number_text,
                        chances.get(number, 0.0) if has_chance else -1.0,
                        spoken,
                        number == label,
                    )
                )
        return bars

    def _new_bar(self) -> list[ClassBar]:
        name = self._typed()
        taken = {class_name_key(item.name) for item in self._session.offered}
        if not name or class_name_key(name) in taken or is_none_name(name):
            return []
        what = self.tr("new class")
        return [ClassBar(ClassId(NO_CLASS), name, "", "", what, -1.0, what, is_new=True)]

    def _typed(self) -> str:
        return " ".join(self.field.text().split())

    def _single_out(self) -> None:
        """The class that Enter gives: the label, else the likeliest one, if there is any."""
        table, row = self._session.table, self._row
        number = NO_CLASS
        if 0 <= row < table.n_rows:  # A project that is being closed has no images any more.
            number = int(table.labels[row]) or int(table.predicted[row, 0])
        self.list.set_current(self.list.bars.place_of(number) if number != NO_CLASS else -1)

    def _choose(self, bar: ClassBar | None) -> None:
        if bar is None:
            return
        class_id = bar.class_id
        if bar.is_new:
            added = self._session.add_class(bar.name)
            if added is None:
                return  # The panel of classes says why.
            class_id = added.class_id
        self._leave_field()
        self.chosen.emit(int(class_id))

    def _on_typed(self) -> None:
        self.show_chances()
        if self.field.text():
            self.list.set_current(0 if self.list.bars.bars else -1)
        else:
            self._single_out()

    def _on_entered(self) -> None:
        if self._typed():
            self.choose_current()
        else:
            self._leave_field()

    def _leave_field(self) -> None:
        self.field.clear()
        if self.field.hasFocus():
            self.left.emit()


class _Field(QLineEdit):
    """A line edit whose arrow keys move in the list above it."""

    entered = Signal()
    stepped = Signal(int)
    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.entered.emit()
            case Qt.Key.Key_Down:
                self.stepped.emit(1)
            case Qt.Key.Key_Up:
                self.stepped.emit(-1)
            case Qt.Key.Key_Escape:
                self.left.emit()
            case _:
                super().keyPressEvent(event)

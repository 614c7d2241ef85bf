"""Why an image looks like a class: the heat map's reading, and the nearest labelled images."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.gallery.gallery_model import percent_text
from app.gallery.thumbnails import Thumbnails
from app.look.icons import icon
from app.look.theme import GAP_PX, Theme
from app.preview.heat_map import HeatLegend, heat_image
from app.preview.neighbours import Neighbours
from app.session.image_table import NO_CLASS, Rows
from app.session.question import Question
from app.session.session import Session
from engine import messages

_COALESCE_MS: Final = 40  # While an arrow key is held down, only the last image is explained.
_SLOW_MS: Final = 400  # An answer that takes longer is announced.

_Subject = tuple[int, int, int]  # Row, class, and the request that made the model.


class ExplanationPanel(QWidget):
    """Asks the engine why the image that is shown large has its score for a class.

    Its head is a button that is always there; the rest shows while the explanation is on. It asks
    anew whenever the image, the class or the predictions of the image change.

    Signals:
        toggled: whether the explanation is shown.
        heat_changed: a QImage to lay over the picture, or None.
        strength_changed: how much of it is to be seen, from 0 to 1.
        explained_changed: the class that is explained, NO_CLASS for none.
        image_requested: the row of an image to show instead.
    """

    toggled = Signal(bool)
    heat_changed = Signal(object)
    strength_changed = Signal(float)
    explained_changed = Signal(int)
    image_requested = Signal(int)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._is_on = False
        self._row = -1
        self._chosen = NO_CLASS  # By the person; else it is the most likely class.
        self._asked: _Subject | None = None  # What the newest request was about.
        self._trail: list[int] = []  # The images that were left for a neighbour of theirs.
        self._requested = -1  # The row that this panel asked for.
        self._build(theme)
        self._question = Question(session.bridge, self, _COALESCE_MS, messages.Explained)
        self._question.due.connect(self._ask)
        self._question.answered.connect(self._on_answered)
        self._question.read.connect(session.reader.on_read)
        self._question.ended.connect(self._on_ended)
        self._slow_timer = QTimer(self)
        self._slow_timer.setSingleShot(True)
        self._slow_timer.setInterval(_SLOW_MS)
        self._slow_timer.timeout.connect(self._on_slow)
        session.rows_changed.connect(self._on_rows_changed)
        session.classes_changed.connect(self._follow)
        session.status_changed.connect(self._follow)
        self.set_theme(theme)

    @property
    def is_on(self) -> bool:
        """Whether the explanation is shown."""
        return self._is_on

    def set_row(self, row: int) -> None:
        """Another image is shown large, or none (-1)."""
        if row == self._row:
            return
        self._row, self._chosen = row, NO_CLASS
        if row != self._requested:  # The person went on: there is nothing to come back to.
            self._trail.clear()
        self._requested = -1
        self._show_way_back()
        self._forget_answer()
        self._follow()

    def toggle(self) -> None:
        """Show the explanation, or hide it."""
        self.set_on(not self._is_on)

    def set_on(self, is_on: bool) -> None:
        """Show the explanation of the most likely class, or hide it."""
        if is_on == self._is_on:
            return
        self._is_on, self._chosen = is_on, NO_CLASS
        self._body.setVisible(is_on)
        self._name_button()
        if not is_on:
            self._trail.clear()
        self._show_way_back()
        self._forget_answer()
        self._follow()
        self.toggled.emit(is_on)

    def choose(self, class_id: int) -> None:
        """Explain another of the image's likely classes."""
        self.set_on(True)
        self._chosen = class_id
        self._follow()

    def choose_next(self) -> None:
        """Explain the next likely class, after the last one the first."""
        classes = self._likely()
        if classes:
            now = self.explained_class()
            place = classes.index(now) + 1 if self._is_on and now in classes else 0
            self.choose(classes[place % len(classes)])

    def explained_class(self) -> int:
        """The class that is explained, NO_CLASS where there is none or nothing is shown."""
        classes = self._likely() if self._is_on else []
        if self._chosen in classes:
            return self._chosen
        return classes[0] if classes else NO_CLASS

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._button.setIcon(icon("why"))
        self._back.setIcon(icon("previous", theme.accent))
        self._legend.set_theme(theme)
        self.neighbours.set_theme(theme)

    # --- Building ---------------------------------------------------------------------------------

    def _build(self, theme: Theme) -> None:
        self._button = QPushButton()
        self._button.setIconSize(QSize(18, 18))
        self._button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._button.setToolTip(
            self.tr("Show which parts of the picture speak for the class, and its nearest examples")
        )
        self._button.clicked.connect(self.toggle)
        self._name_button()
        self._back = QPushButton()
        self._back.setObjectName("link")
        self._back.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._back.clicked.connect(self._on_back)
        self._back.hide()
        self._title, self._confidence = QLabel(), QLabel()
        self._title.setObjectName("section")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setWordWrap(True)
        self._confidence.setObjectName("muted")
        head = QHBoxLayout()
        head.addWidget(self._title, 1)
        head.addWidget(self._confidence, 0, Qt.AlignmentFlag.AlignTop)
        self._legend = HeatLegend(theme)
        self.strength = QSlider(Qt.Orientation.Horizontal)
        self.strength.setRange(0, 100)
        self.strength.setValue(100)
        self.strength.setSingleStep(10)
        self.strength.setPageStep(25)
        self.strength.setAccessibleName(self.tr("Strength of the colours"))
        self.strength.setToolTip(
            self.tr("How much of the colours is seen: to the left the picture itself comes out")
        )
        self.strength.valueChanged.connect(self._on_strength_moved)
        strength_label = QLabel(self.tr("Strength"))
        strength_label.setObjectName("muted")
        strength_label.setBuddy(self.strength)
        self._strength_line = QWidget()
        line = QHBoxLayout(self._strength_line)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GAP_PX)
        line.addWidget(strength_label)
        line.addWidget(self.strength, 1)
        self._text = QLabel()
        self._text.setObjectName("muted")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self.neighbours = Neighbours(self._session, self._thumbnails, theme)
        self.neighbours.chosen.connect(self._on_neighbour)
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, GAP_PX, 0, 0)
        body.setSpacing(GAP_PX)
        body.addLayout(head)
        body.addWidget(self._legend)
        body.addWidget(self._strength_line)
        body.addWidget(self._text)
        body.addWidget(self.neighbours)
        self._body.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX // 2)
        column.addWidget(self._button)
        column.addWidget(self._back, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._body)

    # --- Asking -----------------------------------------------------------------------------------

    def _on_rows_changed(self, rows: Rows | None) -> None:
        if rows is None or bool(np.any(rows == self._row)):
            self._follow()

    def _follow(self) -> None:
        """Bring what is shown to the image, the class and the predictions of now."""
        subject = self._subject()
        self.explained_changed.emit(self.explained_class())
        if not self._is_on:
            return
        if subject is None:
            self._forget_answer()
            self._show_message(self._why_not())
            return
        self._show_title()
        if subject != self._asked:
            if self._asked is None or subject[:2] != self._asked[:2]:
                self._show_nothing_yet()
            self._asked = subject
            if not self._question.is_settling:  # Models may come faster than it waits.
                self._question.ask_soon()

    def _subject(self) -> _Subject | None:
        """What there is to explain, None for nothing."""
        item = self._session.image_class(self.explained_class())
        adapted = self._session.classifier.adapted
        if item is None or adapted is None:
            return None
        return self._row, int(item.class_id), adapted.request_id

    def _likely(self) -> list[int]:
        """The classes that the image has probabilities for, most likely first."""
        table = self._session.table
        if not 0 <= self._row < table.n_rows:
            return []
        return [
            class_id
            for class_id in table.predicted[self._row].tolist()
            if self._session.image_class(class_id) is not None
        ]

    def _ask(self) -> None:
        item = self._session.image_class(self.explained_class())
        if self._subject() is None or item is None:
            return
        session, class_id = self._session, item.class_id
        image, support = session.table.ref(self._row), session.classifier.support()
        self._slow_timer.start()
        self._question.ask(lambda number: messages.Explain(number, image, class_id, support))

    def _on_answered(self, event: messages.Explained) -> None:
        self._slow_timer.stop()
        self._show(event)

    def _on_ended(self, failure: str) -> None:
        self._slow_timer.stop()
        if failure:
            self.heat_changed.emit(None)
            self._show_message(failure)

    def _forget_answer(self) -> None:
        self._question.stop()
        self._slow_timer.stop()
        self._asked = None
        self.heat_changed.emit(None)

    # --- Showing ----------------------------------------------------------------------------------

    def _show(self, event: messages.Explained) -> None:
        item = self._session.image_class(event.class_id)
        if item is None:
            return
        has_parts = not event.note  # Some encoders cannot tell parts of an image apart.
        self.heat_changed.emit(heat_image(event.heat) if has_parts else None)
        self._show_title()
        text = (
            self.tr(
                "Orange parts speak for {name}, blue ones against it; all together make its "
                "score, {score} (0: the average class)."
            )
            if has_parts
            else self.tr(
                "The score of {name} is {score} (0: the average class). The encoder in use cannot "
                "tell which parts of the picture speak for it; Handful's own can."
            )
        )
        self._text.setText(text.format(name=item.name, score=_signed(event.score)))
        self.neighbours.show_nearest(event.neighbours)
        for part in (self._legend, self._strength_line):
            part.setVisible(has_parts)

    def _show_title(self) -> None:
        item = self._session.image_class(self.explained_class())
        if item is None:
            return
        table = self._session.table
        place = table.predicted[self._row].tolist().index(item.class_id)
        self._title.setText(self.tr("Why {name}?").format(name=item.name))
        self._confidence.setText(percent_text(float(table.probabilities[self._row, place])))
        self._title.show()
        self._confidence.show()

    def _show_nothing_yet(self) -> None:
        """Another image or class: what is said of the last one must not be taken for it."""
        self._slow_timer.stop()
        self._question.stop()
        self.heat_changed.emit(None)
        self._text.setText("")
        self._show_parts(False)

    def _show_message(self, text: str) -> None:
        self._text.setText(text)
        self._title.hide()
        self._confidence.hide()
        self._show_parts(False)

    def _show_parts(self, are_shown: bool) -> None:
        for part in (self._legend, self._strength_line, self.neighbours):
            part.setVisible(are_shown)

    def _on_slow(self) -> None:
        if not self._text.text():
            self._text.setText(self.tr("Looking at the picture…"))

    def _why_not(self) -> str:
        session, table = self._session, self._session.table
        if not 0 <= self._row < table.n_rows:
            return ""
        if table.unreadable[self._row]:
            return self.tr("The picture cannot be read, so there is nothing to explain.")
        if session.engine_failure:
            return session.engine_failure
        if session.n_labelled_classes < 2:
            return self.tr("Label images of at least two classes first; then this tells why.")
        return self.tr("There is no prediction for this image yet.")

    def _name_button(self) -> None:
        name = self.tr("Hide why (W)") if self._is_on else self.tr("Why? (W)")
        self._button.setText(f" {name}")
        self._button.setAccessibleName(name)

    def _on_strength_moved(self, value: int) -> None:
        self.strength_changed.emit(value / 100)

    # --- Neighbours -------------------------------------------------------------------------------

    def _on_neighbour(self, row: int) -> None:
        self._trail.append(self._row)
        self._request(row)

    def _on_back(self) -> None:
        if self._trail:
            self._request(self._trail.pop())

    def _request(self, row: int) -> None:
        self._requested = row
        self.image_requested.emit(row)

    def _show_way_back(self) -> None:
        self._back.setVisible(bool(self._trail))
        if self._trail:
            name = self._session.table.names[self._trail[-1]].rpartition("/")[2]
            short = self._back.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 140)
            # No letter of a name becomes a mnemonic.
            self._back.setText(self.tr("Back to {name}").format(name=short.replace("&", "&&")))


def _signed(score: float) -> str:
    """A score with its sign, a minus as long as the plus."""
    tenths = round(10 * score)
    size = QLocale().toString(abs(tenths) / 10, "f", 1)
    return size if tenths == 0 else f"{'+' if tenths > 0 else '−'}{size}"

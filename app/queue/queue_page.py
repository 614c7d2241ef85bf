"""The page on which suggestions are labelled, one image at a time: a key, and the next one."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.evaluation.figures import Figures
from app.gallery.gallery_model import capitalised, plain_tip
from app.gallery.thumbnails import Thumbnails
from app.look.page import Page
from app.look.theme import GAP_PX, Theme
from app.preview.large_picture import LargePicture
from app.queue.class_choices import ClassChoices
from app.queue.expected_gain import ExpectedGain
from app.queue.reason import reason_text
from app.queue.suggestions import Suggestions
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import ClassId, ImageId

_SIDE_PX: Final = (232, 340)  # Least and most.


class QueuePage(Page):
    """Shows one suggestion large and, beside it, the classes that it could be."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        figures: Figures,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        self._session = session
        super().__init__(self.tr("Label queue"), theme, parent)
        self._shown: ImageId | None = None
        self.suggestions = Suggestions(session, self)
        self.gain = ExpectedGain(session, figures, self)
        self.picture = LargePicture(session, thumbnails, theme)
        self.choices = ClassChoices(session, theme)
        self._build()
        self.lead_focus_to(self.choices.list)
        self.picture.failed.connect(self.suggestions.drop)
        self.choices.chosen.connect(self._on_chosen)
        self.choices.left.connect(self.setFocus)
        self.back_button.clicked.connect(self.suggestions.go_back)
        self.skip_button.clicked.connect(self.suggestions.skip)
        self.aside_button.clicked.connect(self.suggestions.put_aside)
        self.aside_link.clicked.connect(self._on_aside_link)
        self.suggestions.changed.connect(self._show)
        self.gain.changed.connect(self._show_gain)
        session.rows_changed.connect(self._on_session_changed)
        session.classes_changed.connect(self._on_session_changed)
        session.status_changed.connect(self._on_session_changed)
        session.counts_changed.connect(self._on_session_changed)
        self._show()

    # --- For the window ---------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "picture"):  # The base class asks once before there is one.
            self.picture.set_theme(theme)
            self.choices.set_theme(theme)

    def kept_state(self) -> object:
        return self.suggestions.kept_state()

    def restore_state(self, state: object) -> None:
        self.suggestions.restore_state(state)

    def begin(self) -> None:
        self.suggestions.open()
        self.gain.open()

    def end(self) -> None:
        self.suggestions.close()
        self.gain.close()
        self.choices.field.clear()
        self.picture.clear()

    def chosen_image(self) -> ImageId | None:
        current = self.suggestions.current
        return None if current is None else current.image_id

    def take_class(self, class_id: ClassId) -> bool:
        """Label the image on screen and go on."""
        image = self.chosen_image()
        if image is None:
            return False
        is_due = self._session.table.label(self._session.table.row_of(image)) != class_id
        is_labelled = is_due and self._session.label([image], class_id)
        if is_labelled or not is_due:
            self.suggestions.take_label()
        return is_labelled

    def key_help(self) -> list[tuple[str, str]]:
        aside = (self.tr("U"), self.tr("Set the image aside and go on"))
        has_u = self._session.class_of_hotkey(ord("U")) is not None
        return [
            (self.tr("Key of a class"), self.tr("Label the image and go on")),
            (self.tr("Up, Down"), self.tr("Single out another class")),
            (self.tr("Enter"), self.tr("Accept the class singled out")),
            (self.tr("/"), self.tr("Find a class, or add one")),
            (self.tr("Space, Right"), self.tr("Skip the image")),
            *(() if has_u else (aside,)),
            (self.tr("Backspace, Left"), self.tr("Back to the image before")),
            (self.tr("Esc"), self.tr("Back to all images")),
        ]

    def keys(self) -> tuple[Qt.Key, ...]:
        keys = Qt.Key
        mine = (keys.Key_Space, keys.Key_Backspace, keys.Key_Return, keys.Key_Enter, keys.Key_Slash)
        # A class may have that letter for its key.
        return mine if self._session.class_of_hotkey(ord("U")) is not None else (*mine, keys.Key_U)

    def on_key(self, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.choices.choose_current()
            case Qt.Key.Key_Down:
                self.choices.step(1)
            case Qt.Key.Key_Up:
                self.choices.step(-1)
            case Qt.Key.Key_Space | Qt.Key.Key_Right:
                self.suggestions.skip()
            case Qt.Key.Key_U:
                self.suggestions.put_aside()
            case Qt.Key.Key_Backspace | Qt.Key.Key_Left:
                self.suggestions.go_back()
            case Qt.Key.Key_Slash:
                self.choices.ask_for_name()
            case _:
                return False
        return True

    # --- Building ---------------------------------------------------------------------------------

    def _build(self) -> None:
        self.why, self.state, self.hint, self.outlook = QLabel(), QLabel(), QLabel(), QLabel()
        self.why.setObjectName("title")
        for label in (self.state, self.hint, self.outlook):
            label.setObjectName("muted")
        for label in (self.why, self.state, self.hint, self.outlook):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        # A long file name without a space must not make the column wider.
        self.state.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._side = QFrame()
        self._side.setObjectName("page")
        self._side.setMinimumWidth(_SIDE_PX[0])
        self._side.setMaximumWidth(_SIDE_PX[1])
        column = QVBoxLayout(self._side)
        column.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        column.setSpacing(GAP_PX // 2)
        column.addWidget(self.why)
        column.addWidget(self.state)
        column.addSpacing(GAP_PX // 2)
        column.addWidget(self.choices, 1)
        column.addSpacing(GAP_PX // 2)
        column.addWidget(self.outlook)
        self._nothing = QLabel()
        self._nothing.setObjectName("title")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(4 * GAP_PX, 0, 4 * GAP_PX, 0)
        self._ground = QWidget()
        self._ground.setObjectName("ground")
        QVBoxLayout(self._ground).addWidget(self._nothing)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.picture, 5)
        body.addWidget(self._ground, 5)
        body.addWidget(self._side, 2)
        self.column.addLayout(body, 1)
        self.column.addWidget(self._build_strip())

    def _build_strip(self) -> QWidget:
        self.back_button = QPushButton(self.tr("Back"))
        self.back_button.setToolTip(
            self.tr("The image before; another key changes its label (Backspace)")
        )
        self.aside_button = QPushButton(self.tr("Set Aside"))
        self.aside_button.setToolTip(
            self.tr("You cannot tell: no label now, and the project keeps it for later (U)")
        )
        self.skip_button = QPushButton(self.tr("Skip"))
        self.skip_button.setToolTip(
            self.tr("No label; not suggested again while the project is open (Space)")
        )
        self.aside_link = QPushButton()
        self.aside_link.setObjectName("link")
        self.aside_link.setToolTip(self.tr("Show the images that you set aside, one by one"))
        self._strip = QFrame()
        self._strip.setObjectName("strip")
        row = QHBoxLayout(self._strip)
        row.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        row.setSpacing(GAP_PX)
        row.addWidget(self.hint, 1)
        row.addWidget(self.aside_link)
        for button in (self.back_button, self.aside_button, self.skip_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # Space must skip, wherever one clicked.
            row.addWidget(button)
        return self._strip

    # --- Showing ----------------------------------------------------------------------------------

    def _on_chosen(self, class_id: int) -> None:
        self.take_class(ClassId(class_id))

    def _on_aside_link(self) -> None:
        self.suggestions.go_through_set_aside()
        self.choices.list.setFocus()  # The link hides itself, and must not take the keys with it.

    def _on_session_changed(self) -> None:
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        queue, table = self.suggestions, self._session.table
        current = queue.current
        row = -1 if current is None else table.row_of(current.image_id)
        self.picture.setVisible(row >= 0)
        self._ground.setVisible(row < 0)
        self._side.setVisible(row >= 0 or queue.is_waiting)
        for label in (self.why, self.state):
            label.setVisible(row >= 0)
        self.back_button.setEnabled(queue.place > 0)
        self.skip_button.setEnabled(row >= 0)
        self.aside_button.setEnabled(row >= 0 and bool(table.labels[row] == NO_CLASS))
        self.hint.setText(self._hint_text() if row >= 0 else "")
        self._show_progress()
        self._show_gain()
        if current is None or row < 0:
            self._nothing.setText(self._nothing_text())
        else:
            if self.isVisible():
                following = [table.row_of(image) for image in queue.following]
                following = [item for item in following if item >= 0]
                self.picture.show_row(row, following)
                # Their answers come first after a label, so that they are there before the eye is.
                self._session.set_visible(np.array([row, *following], np.intp))
            self.why.setText(capitalised(reason_text(self._session, current)))
            self.state.setText(self._state_text(row))
            self.state.setToolTip(plain_tip(table.names[row]))
        shown = current.image_id if current is not None and row >= 0 else None
        if shown != self._shown:
            self._shown = shown
            self.choices.show_image(row)
        else:
            self.choices.show_chances()

    def _state_text(self, row: int) -> str:
        table = self._session.table
        name = table.names[row].rpartition("/")[2]
        label = self._session.image_class(int(table.labels[row]))
        if label is not None:
            return self.tr("{file} · labelled {name}").format(file=name, name=label.name)
        if table.set_aside[row]:
            return self.tr("{file} · set aside").format(file=name)
        if table.predicts[row] and table.is_like_none(row):
            return self.tr("{file} · perhaps none of these").format(file=name)
        return name

    def _show_progress(self) -> None:
        queue, locale, n_left = self.suggestions, QLocale(), self._n_without_label()
        self.position.setText(
            self.tr("{labelled} labelled here · {left} without a label").format(
                labelled=locale.toString(queue.n_labelled), left=locale.toString(n_left)
            )
        )
        n_aside = len(queue.set_aside)
        self.aside_link.setVisible(n_aside > 0 and not queue.is_going_through)
        text = self.tr("Go Through {count} Set Aside")
        if n_aside == 1:
            text = self.tr("Go Through 1 Set Aside")
        self.aside_link.setText(text.format(count=locale.toString(n_aside)))

    def _n_without_label(self) -> int:
        """As many as the filter of that name shows."""
        table = self._session.table
        return int(
            np.count_nonzero((table.labels == NO_CLASS) & ~table.missing & ~table.unreadable)
        )

    def _show_gain(self) -> None:
        self.outlook.setText(self.gain.text.replace(" %", "\u00a0%"))  # Never on two lines.
        self.outlook.setToolTip(self.gain.basis)

    def _hint_text(self) -> str:
        if not self._session.classes:
            return self.tr("There is no class yet: type the name of what you see and press Enter.")
        return self.tr(
            "Key: label · Enter: the class singled out · Space: skip · U: set aside · "
            "Backspace: back"
        )

    def _nothing_text(self) -> str:
        queue = self.suggestions
        if self._session.table.n_rows and not self._n_without_label():
            return self.tr("Every image has a label. Esc goes back to all images.")
        if queue.failure:
            return queue.failure
        if queue.is_waiting:
            if self._session.engine is None and not self._session.engine_failure:
                return self.tr("The engine is loading; suggestions follow…")
            return self.tr("Looking for images that are worth a label…")
        return self.tr("Nothing is left to suggest. Esc goes back to all images.")

"""A spot check: how many of the predictions are right, by looking at a few drawn at random."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.evaluation.spot_outcome import SpotOutcome
from app.evaluation.spot_sample import Answer, SpotSample
from app.gallery.thumbnails import Thumbnails
from app.look.icons import swatch
from app.look.page import Page
from app.look.theme import GAP_PX, Theme
from app.preview.large_picture import LargePicture
from app.session.session import Session
from engine.messages import ClassId, ImageId

_GO_ON_KEYS: Final = (
    *(Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Right),
    Qt.Key.Key_N,
)
"""While it is asked what a wrong one is: to the next image without saying it."""


class SpotCheckPage(Page):
    """Asks for one prediction after the other whether it is right, and then says how many are.

    The sample is drawn from all predictions alike and fixed at the start, and the confidence is
    not shown before the answer: both would make the share of right ones look other than it is. So
    what is wrong can become a label at once: the answers count as they were given, whatever is
    predicted afterwards.

    Signals:
        images_requested: images to look at in the gallery.
        image_requested: one image to see large.
        ended: there is a result, or it is another one since.
    """

    images_requested = Signal(object)
    image_requested = Signal(int)
    ended = Signal()

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        self._session = session
        super().__init__(self.tr("Spot check"), theme, parent)
        self._thumbnails = thumbnails
        self.random = np.random.default_rng()
        self.check = SpotSample()
        self._is_naming = False  # The current one is wrong, and is asked what it is.
        self._was_left = False  # By Esc; then the next time begins anew, or goes on with the rest.
        self._labelled: set[ImageId] = set()  # By answers, so that another answer changes it.
        self._unseen: set[int] = set()  # Images that could not be shown.
        self.picture = LargePicture(session, thumbnails, theme)
        self.picture.failed.connect(self._on_picture_failed)
        self._dot, self.question, self.hint = QLabel(), QLabel(), QLabel()
        self.question.setObjectName("title")
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setObjectName("muted")
        self.hint.setWordWrap(True)
        self.wrong_button = QPushButton(self.tr("Wrong"))
        self.wrong_button.setToolTip(
            self.tr("The prediction is wrong (N); a class’s key says at once what it is")
        )
        self.skip_button = QPushButton(self.tr("Skip"))
        self.skip_button.setToolTip(self.tr("You cannot tell; it does not count (Space)"))
        self.right_button = QPushButton(self.tr("Right"))
        self.right_button.setObjectName("primary")
        self.right_button.setToolTip(self.tr("The prediction is right (Enter or Y)"))
        self.unknown_button = QPushButton(self.tr("Don’t Know"))
        self.unknown_button.setObjectName("primary")
        self.unknown_button.setToolTip(
            self.tr("It is wrong, and you cannot say what it is (Enter)")
        )
        self.wrong_button.clicked.connect(self._on_wrong)
        self.skip_button.clicked.connect(self._on_skip)
        self.right_button.clicked.connect(self._on_right)
        self.unknown_button.clicked.connect(self._go_on)
        for button in self._buttons():
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.outcome = SpotOutcome(session, thumbnails)
        self.outcome.again_requested.connect(self._on_again)
        self.outcome.continue_requested.connect(self._on_continue)
        self.outcome.show_requested.connect(self._on_show_wrong)
        self.outcome.label_requested.connect(self._on_label)
        self.outcome.image_requested.connect(self.image_requested)
        self._body = QStackedLayout()
        self.column.addLayout(self._body, 1)  # First: it shows what it is given, else as a window.
        self._body.addWidget(self._build_question())
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.outcome)
        self._body.addWidget(scroll)
        session.project_changed.connect(self._forget)
        session.classes_changed.connect(self._on_session_changed)
        session.status_changed.connect(self._on_session_changed)
        self.left.connect(self._on_left)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "picture"):  # The base class asks once before there is one.
            self.picture.set_theme(theme)

    def begin(self) -> None:
        """Draw a sample, unless one comes back to the last one: its result, or the rest of it."""
        # Who looks at the wrong ones, and labels them, comes back to the result; who left it, not.
        is_ended = self.check.is_over and bool(self.check.answers) and not self._was_left
        self._was_left = False
        if not is_ended and not self.check.can_go_on(self._session.table):
            self.draw()
        self._show()

    def end(self) -> None:
        self.picture.clear()

    def kept_state(self) -> object:
        kept = self.check, self._is_naming, self._labelled, self._unseen
        return kept if self.check.drawn else None

    def restore_state(self, state: object) -> None:
        if isinstance(state, tuple):
            self.check, self._is_naming, self._labelled, self._unseen = state
            self._show()

    def draw(self) -> None:
        """Draw a new sample from the predictions as they are now."""
        self.check = SpotSample.draw(self._session.table, self.random)
        self._is_naming = False
        self._labelled.clear()
        self._unseen.clear()
        self._show()

    def chosen_image(self) -> ImageId | None:
        return None  # Keys answer here; nothing becomes a label before one says so.

    def take_class(self, class_id: ClassId) -> bool:
        """The person says what it is: that is right or wrong, too."""
        drawn = self.check.current
        if drawn is None:
            return False
        self._answer(Answer(drawn.predicted == class_id, class_id))
        self._go_on()
        return drawn.predicted != class_id

    def key_help(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Enter, Y"), self.tr("The prediction is right")),
            (self.tr("Key of a class"), self.tr("It is this class: a wrong one is labelled so")),
            (self.tr("N"), self.tr("The prediction is wrong; then what it is, or Enter")),
            (self.tr("Space, Right"), self.tr("Skip the image; it does not count")),
            (self.tr("Backspace, Left"), self.tr("Back to the image before")),
            (self.tr("Esc"), self.tr("End the spot check")),
        ]

    def keys(self) -> tuple[Qt.Key, ...]:
        return Qt.Key.Key_Backspace, Qt.Key.Key_Space

    def on_key(self, key: Qt.Key) -> bool:
        keys, is_asking = Qt.Key, self.check.current is not None
        if self._is_naming and key in _GO_ON_KEYS:
            self._go_on()
            return True
        match key:
            case keys.Key_Return | keys.Key_Enter | keys.Key_Y if is_asking:
                self._on_right()
            case keys.Key_N if is_asking:
                self._on_wrong()
            case keys.Key_Space | keys.Key_Right if is_asking:
                self._on_skip()
            case keys.Key_Backspace | keys.Key_Left if is_asking:
                self._go_back()
            case keys.Key_Escape if is_asking and self.check.answers:
                self._is_naming = False
                self.check.is_over = True
                self._show()
            case _:
                return False
        return True

    # --- What happens meanwhile -------------------------------------------------------------------

    def _on_session_changed(self) -> None:
        if not self.isVisible():
            return
        check = self.check
        if not check.drawn and self._session.classifier.is_complete:
            self.draw()  # It was opened too early.
        elif not check.drawn or check.leave_out(self._is_kept):
            self._is_naming = False
            self._show()
        elif not check.is_over:
            self._show_question()  # The class may have got another name or colour.

    def _is_kept(self, place: int) -> bool:
        drawn = self.check.drawn[place]
        return self._session.image_class(drawn.predicted) is not None and (
            place in self.check.answers or drawn.image_id not in self._unseen
        )

    def _on_picture_failed(self, image_id: int) -> None:
        self._unseen.add(image_id)
        self._on_session_changed()

    # --- Building ---------------------------------------------------------------------------------

    def _build_question(self) -> QWidget:
        strip = QFrame()
        strip.setObjectName("strip")
        asked = QHBoxLayout()
        asked.setSpacing(GAP_PX)
        asked.addWidget(self._dot)
        asked.addWidget(self.question, 1)
        words = QVBoxLayout()
        words.setSpacing(GAP_PX // 2)
        words.addLayout(asked)
        words.addWidget(self.hint)
        row = QHBoxLayout(strip)
        row.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        row.setSpacing(GAP_PX)
        row.addLayout(words, 1)
        for button in self._buttons():
            row.addWidget(button)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.picture, 1)
        column.addWidget(strip)
        return page

    # --- Asking -----------------------------------------------------------------------------------

    def _buttons(self) -> tuple[QPushButton, ...]:
        return self.wrong_button, self.skip_button, self.right_button, self.unknown_button

    def _answer(self, answer: Answer) -> None:
        """Keep an answer; a wrong prediction of which it says what it is becomes a label."""
        drawn = self.check.current
        if drawn is None:
            return
        self.check.answer(answer)
        label = answer.class_id
        if answer.is_right:
            # Else the label that an answer before this one gave would stand.
            label = drawn.predicted if self._is_labelled_here(drawn.image_id) else None
        if label is not None or self._is_labelled_here(drawn.image_id):
            self._labelled.add(drawn.image_id)
            self._session.label([drawn.image_id], label)

    def _is_labelled_here(self, image_id: ImageId) -> bool:
        """Whether an answer made a label, and nobody has taken it back since."""
        row = self._session.table.row_of(image_id)
        return image_id in self._labelled and row >= 0 and bool(self._session.table.labels[row])

    def _on_right(self) -> None:
        self._answer(Answer(True))
        self._go_on()

    def _on_wrong(self) -> None:
        self._answer(Answer(False))
        self._is_naming = True
        self._show_question()

    def _on_skip(self) -> None:
        drawn = self.check.current
        self._is_naming = False
        if drawn is not None and self._is_labelled_here(drawn.image_id):
            self._session.label([drawn.image_id], None)  # It was an answer that is withdrawn.
        self.check.skip()
        self._show()

    def _go_on(self) -> None:
        self._is_naming = False
        self.check.go_on()
        self._show()

    def _go_back(self) -> None:
        """From what it is to whether it is right, from there to the image before."""
        if not self._is_naming:
            self.check.go_back()
        self._is_naming = False
        self._show()

    def _show(self) -> None:
        if self.check.current is None:
            self.picture.clear()
            self.position.setText("")
            self._show_result()
            self._body.setCurrentIndex(1)
            return
        self._body.setCurrentIndex(0)
        self._show_question()
        table = self._session.table
        check = self.check
        following = [item.image_id for item in check.drawn[check.place + 1 : check.place + 4]]
        if self.isVisible():
            rows = [table.row_of(image) for image in following]
            row = table.row_of(check.drawn[check.place].image_id)
            self.picture.show_row(row, [item for item in rows if item >= 0])

    def _show_question(self) -> None:
        locale, check = QLocale(), self.check
        drawn = check.drawn[check.place]
        self.position.setText(
            self.tr("{place} of {count}").format(
                place=locale.toString(check.place + 1), count=locale.toString(len(check.drawn))
            )
        )
        item = self._session.image_class(drawn.predicted)
        name = item.name if item is not None else ""
        if item is not None:
            self._dot.setPixmap(swatch(item.colour).pixmap(20, 20))
        had_focus = any(button.hasFocus() for button in self._buttons())
        for button in (self.wrong_button, self.skip_button, self.right_button):
            button.setVisible(not self._is_naming)
        self.unknown_button.setVisible(self._is_naming)
        self._dot.setVisible(not self._is_naming)
        if had_focus and not any(button.hasFocus() for button in self._buttons()):
            (self.unknown_button if self._is_naming else self.right_button).setFocus()
        if self._is_naming:
            self.question.setText(self.tr("Not “{name}”. What is it?").format(name=name))
            self.hint.setText(
                self.tr(
                    "A class’s key or a click on the class labels it, 0: none of these · Enter: "
                    "don’t know · Backspace: back"
                )
            )
            return
        self.question.setText(self.tr("Is this “{name}”?").format(name=name))
        hint = self.tr(
            "Enter: right · a class’s key: wrong, it is that · N: wrong · Space: skip · "
            "Backspace: back · Esc: enough"
        )
        self.hint.setText(self._said().format(hint=hint))

    def _said(self) -> str:
        """What was answered before, as a pattern with room for the hint."""
        check = self.check
        given = check.answers.get(check.place)
        if check.place in check.skipped:
            return self.tr("Skipped before. {hint}")
        if given is None:
            return "{hint}"
        return (
            self.tr("Answered right. {hint}")
            if given.is_right
            else self.tr("Answered wrong. {hint}")
        )

    # --- The result -------------------------------------------------------------------------------

    def _show_result(self) -> None:
        check, session = self.check, self._session
        if not check.answers:
            self.outcome.show_nothing(session.why_no_predictions())
            return
        result = check.result([item.class_id for item in session.classes])
        if session.project is not None:
            session.preferences.keep_spot_check(session.project.path, result.to_text())
            self.ended.emit()
        self.outcome.show_result(result, check.wrong, len(check.skipped), self._theme)
        self.outcome.show_due(len(self._due()))
        n_left = len(check.drawn) - check.place if check.can_go_on(session.table) else 0
        self.outcome.show_rest(n_left)

    def _due(self) -> dict[ImageId, ClassId]:
        """Answers that say what an image is, where its label is another or none."""
        session, table = self._session, self._session.table
        return {
            image: class_id
            for image, class_id in self.check.labels().items()
            if session.image_class(class_id) is not None
            and table.row_of(image) >= 0
            and table.label(table.row_of(image)) != class_id
        }

    def _on_show_wrong(self) -> None:
        self.images_requested.emit(self.check.wrong)

    def _on_label(self) -> None:
        if self._session.label_each(self._due(), self.tr("Label by spot check")):
            self.outcome.show_due(len(self._due()))

    def _on_continue(self) -> None:
        self.check.resume()
        self._show()
        self.setFocus()

    def _on_left(self) -> None:
        """The next time there is a new sample, unless this one can be gone on with."""
        self._was_left = True
        if not self.check.can_go_on(self._session.table):
            self._forget()

    def _on_again(self) -> None:
        self.draw()
        self.setFocus()

    def _forget(self) -> None:
        self.check = SpotSample()
        self._is_naming = False
        self._labelled.clear()

"""A spot check: how many of the predictions are right, by looking at a few drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.evaluation.spot_result import SpotResult
from app.gallery.small_picture import SmallPicture
from app.gallery.thumbnails import Thumbnails
from app.look.icons import swatch
from app.look.page import Page
from app.look.theme import GAP_PX, Theme
from app.preview.large_picture import LargePicture
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import ClassId, ImageId

_COUNT: Final = 30
_MAX_WRONG: Final = 6  # On one line; all of them can be looked at in the gallery.
_WIDTH_PX: Final = 760
_PICTURE_PX: Final = 96


@dataclass(frozen=True, slots=True)
class Drawn:
    """A prediction that was drawn, as it was at the start."""

    image_id: ImageId
    predicted: ClassId
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person says of it; ``class_id`` is what it is, None where that was not said."""

    is_right: bool
    class_id: ClassId | None


class SpotCheckPage(Page):
    """Asks for one prediction after the other whether it is right, and then says how many are.

    The sample is drawn from all predictions alike and fixed at the start, and the confidence is
    not shown before the answer: both would make the share of right ones look other than it is.

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
        self.sample: list[Drawn] = []
        self.answers: dict[int, Answer] = {}  # By place in the sample.
        self.place = 0
        self._drawn_from = np.zeros(0, np.int32)  # The predicted classes, of all images.
        self._is_over = False
        self._ended_at = ""
        self._n_labels = 0  # At that moment.
        self._unseen: set[int] = set()  # Images that could not be shown.
        self.picture = LargePicture(session, thumbnails, theme)
        self.picture.failed.connect(self._on_picture_failed)
        self._dot, self.question, self.hint = QLabel(), QLabel(), QLabel()
        self.question.setObjectName("title")
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setObjectName("muted")
        self.hint.setWordWrap(True)
        self.wrong_button = QPushButton(self.tr("Wrong"))
        self.wrong_button.setToolTip(self.tr("The prediction is wrong (N)"))
        self.right_button = QPushButton(self.tr("Right"))
        self.right_button.setObjectName("primary")
        self.right_button.setToolTip(self.tr("The prediction is right (Enter or Y)"))
        self.wrong_button.clicked.connect(partial(self._answer, False, None))
        self.right_button.clicked.connect(partial(self._answer, True, None))
        for button in (self.wrong_button, self.right_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._body = QStackedLayout()
        self._body.addWidget(self._build_question())
        self._body.addWidget(self._build_result())
        self.column.addLayout(self._body, 1)
        session.project_changed.connect(self._forget)
        session.classes_changed.connect(self._on_session_changed)
        session.status_changed.connect(self._on_session_changed)
        self.left.connect(self._forget)  # The next time there is a new sample.

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "picture"):  # The base class asks once before there is one.
            self.picture.set_theme(theme)

    def begin(self) -> None:
        """Draw a sample, unless the result of the last one is what one comes back to."""
        if not (self._is_over and self.answers):
            self.draw()
        self._show()

    def end(self) -> None:
        self.picture.clear()

    def kept_state(self) -> object:
        kept = self.sample, self.answers, self.place, self._drawn_from, self._is_over, self._unseen
        return kept if self.sample else None

    def restore_state(self, state: object) -> None:
        if isinstance(state, tuple):
            (
                self.sample,
                self.answers,
                self.place,
                self._drawn_from,
                self._is_over,
                self._unseen,
            ) = state
            self._show()

    def draw(self) -> None:
        """Draw a new sample from the predictions as they are now."""
        table = self._session.table
        rows = np.flatnonzero(table.predicts & ~table.unreadable)
        self._drawn_from = table.predicted[rows, 0]
        drawn = self.random.choice(rows, min(_COUNT, len(rows)), replace=False)
        self.sample = [
            Drawn(
                table.image_id(row),
                ClassId(int(table.predicted[row, 0])),
                float(table.probabilities[row, 0]),
            )
            for row in drawn.tolist()
        ]
        self.answers, self.place, self._is_over, self._ended_at = {}, 0, False, ""
        self._unseen.clear()
        self._show()

    def chosen_image(self) -> ImageId | None:
        return None  # Keys answer here; nothing becomes a label before one says so.

    def take_class(self, class_id: ClassId) -> bool:
        """The person says what it is: that is right or wrong, too."""
        if not self._is_over and self.place < len(self.sample):
            self._answer(self.sample[self.place].predicted == class_id, class_id)
        return False

    def key_help(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Enter, Y"), self.tr("The prediction is right")),
            (self.tr("N"), self.tr("The prediction is wrong")),
            (self.tr("Key of a class"), self.tr("It is this class")),
            (self.tr("Backspace, Left"), self.tr("Back to the image before")),
            (self.tr("Esc"), self.tr("End the spot check")),
        ]

    def keys(self) -> tuple[Qt.Key, ...]:
        return (Qt.Key.Key_Backspace,)

    def on_key(self, key: Qt.Key) -> bool:
        is_asking = not self._is_over and self.place < len(self.sample)
        match key:
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Y if is_asking:
                self._answer(True, None)
            case Qt.Key.Key_N if is_asking:
                self._answer(False, None)
            case Qt.Key.Key_Backspace | Qt.Key.Key_Left if is_asking:
                self.place = max(0, self.place - 1)
                self._show()
            case Qt.Key.Key_Escape if is_asking and self.answers:
                self._is_over = True
                self._show()
            case _:
                return False
        return True

    def labels(self) -> dict[ImageId, ClassId]:
        """What the images are, by the answers that say so."""
        found: dict[ImageId, ClassId] = {}
        for place, answer in self.answers.items():
            drawn = self.sample[place]
            class_id = drawn.predicted if answer.is_right else answer.class_id
            if class_id is not None and self._session.image_class(class_id) is not None:
                found[drawn.image_id] = class_id
        return found

    # --- What happens meanwhile -------------------------------------------------------------------

    def _on_session_changed(self) -> None:
        if not self.isVisible():
            return
        if not self.sample and self._session.classifier.is_complete:
            self.draw()  # It was opened too early.
        elif not self.sample or self._leave_out():
            self._show()
        elif not self._is_over:
            self._show_question()  # The class may have got another name or colour.

    def _leave_out(self) -> bool:
        """Ask no more of what nobody can judge; whether there was any."""
        kept = [
            place
            for place, drawn in enumerate(self.sample)
            if self._session.image_class(drawn.predicted) is not None
            and (place in self.answers or drawn.image_id not in self._unseen)
        ]
        if len(kept) == len(self.sample):
            return False
        self.sample = [self.sample[place] for place in kept]
        self.answers = {
            new: self.answers[old] for new, old in enumerate(kept) if old in self.answers
        }
        self.place = sum(place < self.place for place in kept)
        self._is_over = self._is_over or self.place >= len(self.sample)
        return True

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
        row.addWidget(self.wrong_button)
        row.addWidget(self.right_button)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.picture, 1)
        column.addWidget(strip)
        return page

    def _build_result(self) -> QWidget:
        self.headline, self.basis, self.wrong_title = QLabel(), QLabel(), QLabel()
        self.headline.setObjectName("heading")
        self.basis.setObjectName("muted")
        self.wrong_title.setObjectName("section")
        for label in (self.headline, self.basis):
            label.setWordWrap(True)
        self._wrong = QHBoxLayout()
        self._wrong.setSpacing(GAP_PX)
        self.show_button = QPushButton(self.tr("Show the Wrong Ones"))
        self.show_button.clicked.connect(self._on_show_wrong)
        self.label_button = QPushButton()
        self.label_button.clicked.connect(self._on_label)
        self.again_button = QPushButton(self.tr("Draw Again"))
        self.again_button.clicked.connect(self._on_again)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        for button in (self.again_button, self.show_button, self.label_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        card = QFrame()
        card.setObjectName("card")
        card.setMaximumWidth(_WIDTH_PX)
        column = QVBoxLayout(card)
        column.setContentsMargins(3 * GAP_PX, 3 * GAP_PX, 3 * GAP_PX, 3 * GAP_PX)
        column.setSpacing(GAP_PX)
        column.addWidget(self.headline)
        column.addWidget(self.basis)
        column.addSpacing(GAP_PX)
        column.addWidget(self.wrong_title)
        column.addLayout(self._wrong)
        column.addSpacing(GAP_PX)
        column.addLayout(buttons)
        page = QWidget()
        page.setObjectName("ground")
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card, 100)
        across.addStretch(1)
        down = QVBoxLayout(page)
        down.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        down.addStretch(1)
        down.addLayout(across)
        down.addStretch(2)
        return page

    # --- Asking -----------------------------------------------------------------------------------

    def _answer(self, is_right: bool, class_id: ClassId | None) -> None:
        self.answers[self.place] = Answer(is_right, class_id)
        self.place += 1
        self._is_over = self.place >= len(self.sample)
        self._show()

    def _show(self) -> None:
        if self._is_over or not self.sample:
            self.picture.clear()
            self.position.setText("")
            self._show_result()
            self._body.setCurrentIndex(1)
            return
        self._body.setCurrentIndex(0)
        self._show_question()
        table = self._session.table
        following = [item.image_id for item in self.sample[self.place + 1 : self.place + 4]]
        if self.isVisible():
            rows = [table.row_of(image) for image in following]
            row = table.row_of(self.sample[self.place].image_id)
            self.picture.show_row(row, [item for item in rows if item >= 0])

    def _show_question(self) -> None:
        locale, drawn = QLocale(), self.sample[self.place]
        self.position.setText(
            self.tr("{place} of {count}").format(
                place=locale.toString(self.place + 1), count=locale.toString(len(self.sample))
            )
        )
        item = self._session.image_class(drawn.predicted)
        name = item.name if item is not None else ""
        if item is not None:
            self._dot.setPixmap(swatch(item.colour).pixmap(20, 20))
        self.question.setText(self.tr("Is this “{name}”?").format(name=name))
        given = self.answers.get(self.place)
        hint = self.tr(
            "Enter: right · N: wrong · number keys: what it is, 0 none of these · Backspace: back "
            "· Esc: enough"
        )
        if given is not None:
            answer = self.tr("Answered right.") if given.is_right else self.tr("Answered wrong.")
            hint = f"{answer} {hint}"
        self.hint.setText(hint)

    # --- The result -------------------------------------------------------------------------------

    def _show_result(self) -> None:
        n_asked = len(self.answers)
        wrong = [place for place, answer in self.answers.items() if not answer.is_right]
        while self._wrong.count():
            item = self._wrong.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for part in (self.show_button, self.label_button, self.again_button):
            part.setVisible(n_asked > 0)
        self.wrong_title.setVisible(bool(wrong))
        if not n_asked:
            self.headline.setText(self.tr("Nothing to check"))
            self.basis.setText(self._session.why_no_predictions())
            return
        result = self._keep_result(n_asked - len(wrong))
        self.headline.setText(result.headline())
        locale = QLocale()
        self.basis.setText(
            self.tr(
                "Drawn at random from {count} predictions; the share among all of them lies "
                "between the two numbers 95 times in 100. Their confidences promised {percent} %."
            ).format(
                count=locale.toString(result.n_predictions), percent=round(100 * result.promised)
            )
        )
        self.wrong_title.setText(self.tr("{count} wrong").format(count=locale.toString(len(wrong))))
        for number, place in enumerate(wrong[:_MAX_WRONG]):
            picture = SmallPicture(
                self.sample[place].image_id,
                _PICTURE_PX,
                self._session,
                self._thumbnails,
                self._theme,
            )
            picture.opened.connect(self.image_requested)
            self._wrong.insertWidget(number, picture)
        self._wrong.addStretch(1)
        table = self._session.table
        rows = [table.row_of(self.sample[place].image_id) for place in wrong[:_MAX_WRONG]]
        self._thumbnails.want_too([row for row in rows if row >= 0])
        self.show_button.setVisible(bool(wrong))
        self._show_labels()

    def _keep_result(self, n_right: int) -> SpotResult:
        """Keep the result beside the project; it is that of the moment when it was over."""
        table, project = self._session.table, self._session.project
        known = [int(item.class_id) for item in self._session.classes]
        if not self._ended_at:
            self._ended_at = datetime.now().astimezone().isoformat(timespec="seconds")
            self._n_labels = int(np.count_nonzero((table.labels != NO_CLASS) & ~table.missing))
        result = SpotResult(
            n_right,
            len(self.answers),
            int(np.count_nonzero(np.isin(self._drawn_from, known))),
            float(np.mean([self.sample[place].confidence for place in self.answers])),
            self._n_labels,
            self._ended_at,
        )
        if project is not None:
            self._session.preferences.keep_spot_check(project.path, result.to_text())
            self.ended.emit()
        return result

    def _show_labels(self) -> None:
        labels, table = self.labels(), self._session.table
        due = [
            image
            for image, class_id in labels.items()
            if table.row_of(image) >= 0 and table.label(table.row_of(image)) != class_id
        ]
        self.label_button.setVisible(bool(due))
        text = (
            self.tr("Use 1 Answer as a Label")
            if len(due) == 1
            else self.tr("Use {count} Answers as Labels")
        )
        self.label_button.setText(text.format(count=QLocale().toString(len(due))))
        self.label_button.setToolTip(
            self.tr("Right answers and those that say what it is become labels of yours")
        )

    def _on_show_wrong(self) -> None:
        wrong = [place for place, answer in self.answers.items() if not answer.is_right]
        self.images_requested.emit([self.sample[place].image_id for place in wrong])

    def _on_label(self) -> None:
        if self._session.label_each(self.labels(), self.tr("Label by spot check")):
            self._show_labels()

    def _on_again(self) -> None:
        self.draw()
        self.setFocus()

    def _forget(self) -> None:
        self.sample, self.answers, self.place, self._is_over = [], {}, 0, False
        self._ended_at = ""

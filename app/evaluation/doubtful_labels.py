"""Labels that look wrong, each with its reason and what can be done about it."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.evaluation.review_list import ReviewList
from app.evaluation.section import card, words
from app.gallery.small_picture import SmallPicture
from app.gallery.thumbnails import Thumbnails
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import NONE_OF_THESE, ClassId, DoubtfulLabel, ImageId

_MAX_DOUBTFUL: Final = 20
_CHANGE_PX: Final = 160  # Of a name on a button.
_PICTURE_PX: Final = 104
_SMALL_PX: Final = 48


class DoubtfulLabels(ReviewList):
    """The list, the most doubtful first."""

    def rows(self) -> list[DoubtfulRow]:
        """The rows, from above."""
        return self.body.findChildren(DoubtfulRow)

    def row_with_focus(self) -> DoubtfulRow | None:
        """The row in which the keyboard's attention is."""
        focused = QApplication.focusWidget()
        if focused is None:
            return None
        return next((row for row in self.rows() if row.isAncestorOf(focused)), None)

    def content(self) -> object:
        doubtful = [(item.image_id, item.class_id) for item in self._review.doubtful]
        return self._review.result, doubtful, self._session.classes

    def show_review(self) -> bool:
        """Show the review as it is now; False where the keyboard's attention has nowhere to go."""
        focused = self.row_with_focus()
        place = self.rows().index(focused) if focused is not None else -1
        if not self.refresh():
            return True
        rows = self.rows()
        if place >= 0 and rows:
            rows[min(place, len(rows) - 1)].keep_button.setFocus()
        return place < 0 or bool(rows)

    def fill(self) -> None:
        if self._review.result is None:
            return
        doubtful = self._review.doubtful
        title = words(self.tr("Labels that look wrong"), "title")
        if not doubtful:
            is_known = self._review.result.accuracy is not None
            text = self.tr("No label looks wrong.")
            if not is_known:
                text = self.tr("Too few labels to tell whether one of them is wrong.")
            self.lines.addWidget(card(title, words(text, "muted")))
            return
        hint = words(
            self.tr(
                "A class’s key labels the image whose buttons have the keyboard’s attention; Tab "
                "goes on."
            ),
            "muted",
        )
        rows: list[QWidget] = [title, hint]
        for item in doubtful[:_MAX_DOUBTFUL]:
            row = DoubtfulRow(item, self._session, self._thumbnails, self._theme)
            row.kept.connect(partial(self._review.keep, item))
            row.labelled.connect(self._on_labelled)
            row.opened.connect(self.image_requested)
            rows.append(row)
        n_more = len(doubtful) - _MAX_DOUBTFUL
        if n_more > 0:
            more = (
                self.tr("1 more follows when these are settled.")
                if n_more == 1
                else self.tr("{count} more follow when these are settled.")
            )
            rows.append(words(more.format(count=QLocale().toString(n_more)), "muted"))
        self.lines.addWidget(card(*rows))

    def _on_labelled(self, image_id: int, class_id: int) -> None:
        self._session.label([ImageId(image_id)], ClassId(class_id) if class_id else None)


class DoubtfulRow(QWidget):
    """A label that looks wrong, and what can be done about it.

    Signals:
        kept: the label is right.
        labelled: image and class, 0 for none.
        opened: an image to see large.
    """

    kept = Signal()
    labelled = Signal(int, int)
    opened = Signal(int)

    def __init__(
        self, doubtful: DoubtfulLabel, session: Session, thumbnails: Thumbnails, theme: Theme
    ) -> None:
        super().__init__()
        self.doubtful = doubtful
        own, likely = (
            session.image_class(class_id) for class_id in (doubtful.class_id, doubtful.likely_id)
        )
        own_name, likely_name = ("" if item is None else item.name for item in (own, likely))
        picture = SmallPicture(doubtful.image_id, _PICTURE_PX, session, thumbnails, theme)
        picture.opened.connect(self.opened)
        says = QLabel(
            self.tr("Labelled {own}, looks like {likely} ({percent} %)").format(
                own=own_name, likely=likely_name, percent=round(100 * doubtful.probability)
            )
        )
        says.setObjectName("section")
        why = QLabel(doubtful.why)
        table = session.table
        name = QLabel(table.names[table.row_of(doubtful.image_id)])
        name.setObjectName("muted")
        words = QVBoxLayout()
        words.setSpacing(2)
        for label in (says, why, name):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            words.addWidget(label)
        self.keep_button = QPushButton(self.tr("Keep"))
        self.keep_button.clicked.connect(self.kept)
        self.change_button = QPushButton()
        metrics = self.change_button.fontMetrics()
        short = metrics.elidedText(likely_name, Qt.TextElideMode.ElideRight, _CHANGE_PX)
        # No letter of a name becomes a mnemonic.
        self.change_button.setText(
            self.tr("Change to {name}").format(name=short.replace("&", "&&"))
        )
        self.change_button.clicked.connect(
            partial(self.labelled.emit, int(doubtful.image_id), int(doubtful.likely_id))
        )
        self.none_button = QPushButton(session.none_class.name)
        self.none_button.setToolTip(self.tr("It shows none of your classes (0)"))
        self.none_button.clicked.connect(
            partial(self.labelled.emit, int(doubtful.image_id), int(NONE_OF_THESE))
        )
        self.remove_button = QPushButton(self.tr("Remove Label"))
        self.remove_button.clicked.connect(
            partial(self.labelled.emit, int(doubtful.image_id), NO_CLASS)
        )
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP_PX)
        for button in (
            self.keep_button,
            self.change_button,
            self.none_button,
            self.remove_button,
        ):
            buttons.addWidget(button)
        buttons.addStretch(1)
        words.addSpacing(GAP_PX // 2)
        words.addLayout(buttons)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GAP_PX // 2, 0, GAP_PX // 2)
        row.setSpacing(GAP_PX)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addSpacing(GAP_PX // 2)
        row.addLayout(words, 1)
        for image in doubtful.neighbours:
            if table.row_of(image) >= 0:
                near = SmallPicture(image, _SMALL_PX, session, thumbnails, theme)
                near.opened.connect(self.opened)
                row.addWidget(near, 0, Qt.AlignmentFlag.AlignTop)

"""What the review says where no tile is left on the page, and where Enter goes on."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.look.theme import GAP_PX
from app.queue.review_pass import ReviewPass
from app.session.session import Session
from engine.messages import NONE_OF_THESE


class ReviewNothing(QWidget):
    """The end of a class: a line, and below it what can be done."""

    def __init__(self, session: Session, review: ReviewPass, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self._review = review
        self.title, self.hint = QLabel(), QLabel()
        self.title.setObjectName("title")
        self.hint.setObjectName("muted")
        centre = QVBoxLayout(self)
        centre.setContentsMargins(4 * GAP_PX, 0, 4 * GAP_PX, 0)
        centre.addStretch(2)
        for label in (self.title, self.hint):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            centre.addWidget(label)
        centre.addStretch(3)

    def show_state(self) -> None:
        """Say how it is now."""
        session, review = self._session, self._review
        item = session.image_class(review.class_id)
        n_left, following = len(review.undecided()), review.next_class()
        if following is None and not n_left and not session.table.predicts.any():
            self.title.setText(self.tr("Nothing predicted"))
            self.hint.setText(session.why_no_predictions())
            return
        hint = ""
        if n_left:
            text = self.tr("You have seen all that is predicted as “{name}”")
            hint = self.tr("{count} are undecided; Enter goes through them again.")
        elif review.class_id == NONE_OF_THESE:
            text = self.tr("Nothing more looks like none of your classes")
        else:
            text = self.tr("Nothing more is predicted as “{name}”")
        if not n_left and following is not None:
            other = session.image_class(following)
            hint = self.tr("Enter goes on with “{name}”.").format(name=other.name if other else "")
        self.title.setText(text.format(name=item.name if item is not None else ""))
        self.hint.setText(hint.format(count=QLocale().toString(n_left)))

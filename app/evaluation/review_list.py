"""A list that follows the review: made anew only when what it shows is another thing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.evaluation.label_review import LabelReview
from app.evaluation.section import Section, card, words
from app.gallery.small_picture import SmallPicture
from app.gallery.thumbnails import Thumbnails
from app.look.theme import Theme
from app.session.session import Session
from engine.messages import ImageId


class ReviewList(Section):
    """Rows with small pictures; subclasses say which.

    Signals:
        image_requested: one image to see large.
    """

    image_requested = Signal(int)

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        review: LabelReview,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._review = review
        self._theme = theme
        self._shown: object = None

    # --- What subclasses say ----------------------------------------------------------------------

    def content(self) -> object:
        """What the rows depend on; while it is equal to that of before, they stay."""
        raise NotImplementedError

    def fill(self) -> None:
        """Add the rows, or what there is to say in their place."""
        raise NotImplementedError

    # --- For the page -----------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._shown = None

    def pictures(self) -> list[ImageId]:
        """Whose thumbnails are shown."""
        return [picture.image_id for picture in self.body.findChildren(SmallPicture)]

    def refresh(self) -> bool:
        """Show the review as it is now; whether the rows are others."""
        wanted = (self.content(), self._review.result is None, self._review.failure)
        if wanted == self._shown:
            return False
        self._shown = wanted
        self.start_body()
        if self._review.failure:
            self.lines.addWidget(card(words(self._review.failure, "error")))
        else:
            self.fill()
        self.lines.addStretch(1)
        return True

"""Images that are nearly the same, those first that were labelled differently."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app.evaluation.label_review import LabelReview
from app.evaluation.section import Section, card, words
from app.gallery.small_picture import SmallPicture
from app.gallery.thumbnails import Thumbnails
from app.look.icons import pixmap
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import ImageId

_MAX_GROUPS: Final = 30
_MAX_PICTURES: Final = 4
_SMALL_PX: Final = 56


class Duplicates(Section):
    """The groups of near-duplicates.

    Signals:
        images_requested: images to look at in the gallery.
        image_requested: one image to see large.
    """

    images_requested = Signal(object)
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

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._shown = None

    def pictures(self) -> list[ImageId]:
        """Whose thumbnails are shown."""
        return [picture.image_id for picture in self.body.findChildren(SmallPicture)]

    def refresh(self) -> None:
        """Show the review as it is now."""
        result = self._review.result
        groups = () if result is None else result.duplicates
        differ = [self._differ(group) for group in groups]
        wanted = (groups, differ, result is None, self._review.failure)
        if wanted == self._shown:
            return
        self._shown = wanted
        self.start_body()
        if self._review.failure:
            self.lines.addWidget(card(words(self._review.failure, "error")))
        elif result is not None:
            self._add_groups(groups)
        self.lines.addStretch(1)

    def _add_groups(self, groups: tuple[tuple[ImageId, ...], ...]) -> None:
        locale = QLocale()
        title = words(self.tr("Nearly the same images"), "title")
        if not groups:
            text = self.tr("No two images of the folder are nearly the same.")
            self.lines.addWidget(card(title, words(text, "muted")))
            return
        n_images = sum(map(len, groups))
        count = (
            self.tr("1 group of {images} images.")
            if len(groups) == 1
            else self.tr("{groups} groups of {images} images together.")
        ).format(groups=locale.toString(len(groups)), images=locale.toString(n_images))
        rows: list[QWidget] = [
            title,
            words(count),
            words(
                self.tr("One label each is enough; they count as one when the answers are judged."),
                "muted",
            ),
        ]
        by_conflict = sorted(groups, key=lambda group: not self._differ(group))
        rows += [self._group_row(group) for group in by_conflict[:_MAX_GROUPS]]
        if len(groups) > _MAX_GROUPS:
            everything = QPushButton(self.tr("Look at All of Them"))
            images = [image for group in groups for image in group]
            everything.clicked.connect(partial(self.images_requested.emit, images))
            box = QWidget()
            row = QHBoxLayout(box)
            row.setContentsMargins(0, 0, 0, 0)
            row.addStretch(1)
            row.addWidget(everything)
            rows.append(box)
        self.lines.addWidget(card(*rows))

    def _differ(self, group: tuple[ImageId, ...]) -> bool:
        table = self._session.table
        labels = {int(table.labels[row]) for row in map(table.row_of, group) if row >= 0}
        return len(labels - {NO_CLASS}) > 1

    def _group_row(self, group: tuple[ImageId, ...]) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP_PX)
        for image in group[:_MAX_PICTURES]:
            picture = SmallPicture(image, _SMALL_PX, self._session, self._thumbnails, self._theme)
            picture.opened.connect(self.image_requested)
            row.addWidget(picture)
        if self._differ(group):
            warning = QLabel()
            warning.setPixmap(pixmap("warning", self._theme.warning, 16, self.devicePixelRatioF()))
            row.addWidget(warning)
            text = self.tr("{count} images with different labels")
        else:
            text = self.tr("{count} images")
        row.addWidget(words(text.format(count=QLocale().toString(len(group)))), 1)
        look = QPushButton(self.tr("Look at Them"))
        look.clicked.connect(partial(self.images_requested.emit, list(group)))
        row.addWidget(look)
        return box

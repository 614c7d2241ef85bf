"""Images that are nearly the same, as the gallery groups them; differing labels come first."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app.evaluation.review_list import ReviewList
from app.evaluation.section import card, words
from app.gallery.small_picture import SmallPicture
from app.look.icons import pixmap
from app.look.theme import GAP_PX
from app.session.image_table import NO_CLASS, NO_GROUP
from engine.messages import ImageId

_MAX_GROUPS: Final = 30
_MAX_PICTURES: Final = 4
_SMALL_PX: Final = 56


class Duplicates(ReviewList):
    """The groups of near-duplicates.

    Signals:
        images_requested: images to look at in the gallery.
    """

    images_requested = Signal(object)

    def content(self) -> object:
        table = self._session.table
        rows = np.flatnonzero((table.groups != NO_GROUP) & ~table.missing)
        columns = rows, table.groups[rows], table.labels[rows]
        return self._session.likeness.is_grouped, *(column.tobytes() for column in columns)

    def fill(self) -> None:
        table, locale = self._session.table, QLocale()
        groups = [
            tuple(ImageId(image) for image in table.ids[rows].tolist())
            for rows in table.groups_of_rows()
        ]
        title = words(self.tr("Copies, bursts and near-duplicates"), "title")
        if not groups:
            text = (
                self.tr("No two images of the folder are nearly the same.")
                if self._session.likeness.is_grouped
                else self.tr("Bursts and duplicates are looked for once all images are known.")
            )
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
                self.tr(
                    "These are the groups that the gallery shows. One label each is mostly enough: "
                    "near-duplicates count as one when the answers are judged."
                ),
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

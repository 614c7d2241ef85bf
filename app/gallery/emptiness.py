"""What stands in the tiles' place where there is none: why, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.gallery.arrangement import Arrangement, Show
from app.look.icons import pixmap
from app.look.theme import Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session

_OF_PREDICTIONS = (Show.PREDICTED, Show.UNSURE, Show.CONFIDENT, Show.LIKE_NONE, Show.TO_LABEL)


class Emptiness(QWidget):
    """Says why an arrangement shows nothing.

    Signals:
        cleared: the person wants no filters.
    """

    cleared = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._session = session
        self._picture = QLabel()
        self.title = QLabel()
        self.title.setObjectName("title")
        self.hint = QLabel()
        self.hint.setObjectName("muted")
        self.clear_button = QPushButton(self.tr("Clear Filters"))
        self.clear_button.clicked.connect(self.cleared)
        centre = QVBoxLayout(self)
        centre.addStretch(2)
        for label in (self._picture, self.title, self.hint):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            centre.addWidget(label)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.clear_button)
        row.addStretch(1)
        centre.addSpacing(8)
        centre.addLayout(row)
        centre.addStretch(3)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._picture.setPixmap(pixmap("filter", theme.disabled, 48, self.devicePixelRatioF()))

    def show_reason(self, arrangement: Arrangement) -> None:
        """Say why there is nothing to see with these filters."""
        title, hint = self._reason(arrangement)
        self.title.setText(title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.clear_button.setVisible(arrangement.n_filters > 0)

    def _reason(self, arrangement: Arrangement) -> tuple[str, str]:
        show = arrangement.show
        if self._is_still_read(arrangement):
            text = self.tr("What passes the filters appears here as soon as it is known.")
            return self.tr("Still reading the images…"), text
        if show in _OF_PREDICTIONS and not self._session.table.predicts.any():
            return self.tr("Nothing predicted"), self._session.why_no_predictions()
        if show is Show.TO_LABEL and not arrangement.name:
            text = self.tr(
                "No unlabelled image is unsure or may be of this class. Those that are set aside "
                "or show the same as a labelled image are left out."
            )
            return self.tr("Nothing worth labelling"), text
        if arrangement.n_filters > 1:
            return (
                self.tr("Nothing passes all filters"),
                self.tr("Each of them leaves something out; take one off, or all."),
            )
        if arrangement.name:
            text = self.tr("No file has “{text}” in its name or its folders.")
            if len(arrangement.name.split()) > 1:
                text = self.tr("No file has all words of “{text}” in its name or its folders.")
            return self.tr("No such name"), text.format(text=arrangement.name)
        if arrangement.class_id != NO_CLASS:
            text = self.tr("No image is labelled or predicted as this class.")
            return self.tr("Nothing here yet"), text
        if show is Show.ALIKE and not self._session.likeness.is_grouped:
            text = self.tr("Bursts and duplicates are looked for once all images are known.")
            return self.tr("Not known yet"), text
        return self._of_state(show)

    def _is_still_read(self, arrangement: Arrangement) -> bool:
        """Whether images that would be shown may not be known yet."""
        reader = self._session.reader
        of_reading = arrangement.show in (*_OF_PREDICTIONS, Show.DOUBTFUL)
        is_embedding = reader.is_embedding and not reader.is_paused
        return reader.is_scanning or (
            is_embedding and (of_reading or arrangement.class_id != NO_CLASS)
        )

    def _of_state(self, show: Show) -> tuple[str, str]:
        match show:
            case Show.UNSURE:
                text = self.tr("No prediction has two classes that are close to each other.")
                return self.tr("Nothing unsure"), text
            case Show.LABELLED:
                text = self.tr("Select images and press the key of a class.")
                return self.tr("Nothing labelled yet"), text
            case Show.UNLABELLED:
                text = self.tr("Every image here has a label of yours.")
                return self.tr("Everything is labelled"), text
            case Show.UNREADABLE:
                return self.tr("Every file can be read"), ""
            case Show.CONFIDENT:
                text = self.tr("Move the slider to the left, or label a few more images.")
                return self.tr("Nothing that confident"), text
            case Show.LIKE_NONE:
                text = self.tr("Every image looks like one of your classes.")
                return self.tr("Nothing strange"), text
            case Show.DOUBTFUL:
                text = self.tr("Each label is what the other labels would make of its image.")
                return self.tr("No label looks wrong"), text
            case Show.SET_ASIDE:
                text = self.tr("U sets the selected images aside, for those that you cannot tell.")
                return self.tr("Nothing set aside"), text
            case Show.ALIKE:
                text = self.tr("No two images show the same.")
                return self.tr("No duplicates, no bursts"), text
            case Show.THESE:
                return self.tr("These images are not there any more"), ""
            case _:
                return self.tr("No images"), ""

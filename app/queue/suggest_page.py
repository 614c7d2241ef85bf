"""The page on which suggestions are labelled, one image at a time, by the keys of the classes."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.gallery.gallery_model import capitalised
from app.gallery.thumbnails import Thumbnails
from app.look.page import Page
from app.look.theme import GAP_PX, Theme
from app.preview.large_picture import LargePicture
from app.queue.suggestions import Suggestions
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine.messages import ClassId, ImageId, Suggestion


class SuggestPage(Page):
    """Shows one suggestion large, with why it is worth a label."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        self._session = session
        self.queue: Suggestions
        super().__init__(self.tr("What to label next"), theme, parent)
        self.queue = Suggestions(session, self)
        self.picture = LargePicture(session, thumbnails, theme)
        self.picture.failed.connect(self.queue.drop)
        self.why, self.likely, self.hint = QLabel(), QLabel(), QLabel()
        self.why.setObjectName("title")
        self.why.setWordWrap(True)
        for label in (self.why, self.likely):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setObjectName("muted")
        self.back_button = QPushButton(self.tr("Back"))
        self.back_button.setToolTip(self.tr("The image before (Backspace)"))
        self.back_button.clicked.connect(self.queue.go_back)
        self.skip_button = QPushButton(self.tr("Skip"))
        self.skip_button.setToolTip(self.tr("Leave this image without a label (Space)"))
        self.skip_button.clicked.connect(self.queue.skip)
        for button in (self.back_button, self.skip_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # Space must skip, wherever one clicked.
        words = QVBoxLayout()
        words.setSpacing(GAP_PX // 2)
        for label in (self.why, self.likely, self.hint):
            words.addWidget(label)
        self._strip = QFrame()
        self._strip.setObjectName("strip")
        row = QHBoxLayout(self._strip)
        row.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        row.setSpacing(GAP_PX)
        row.addLayout(words, 1)
        row.addWidget(self.back_button)
        row.addWidget(self.skip_button)
        self._nothing = QLabel()
        self._nothing.setObjectName("title")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(4 * GAP_PX, 0, 4 * GAP_PX, 0)
        self.column.addWidget(self.picture, 1)
        self._ground = QWidget()
        self._ground.setObjectName("ground")
        centre = QVBoxLayout(self._ground)
        centre.addWidget(self._nothing)
        self.column.addWidget(self._ground, 1)
        self.column.addWidget(self._strip)
        self.queue.changed.connect(self._show)
        session.rows_changed.connect(self._on_session_changed)
        session.classes_changed.connect(self._on_session_changed)
        session.status_changed.connect(self._on_session_changed)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        if hasattr(self, "picture"):  # The base class asks once before there is one.
            self.picture.set_theme(theme)

    def begin(self) -> None:
        self.queue.open()

    def end(self) -> None:
        self.queue.close()
        self.picture.clear()

    def chosen_image(self) -> ImageId | None:
        current = self.queue.current
        return None if current is None else current.image_id

    def take_class(self, class_id: ClassId) -> bool:
        """Label the image on screen and go on."""
        image = self.chosen_image()
        if image is None:
            return False
        is_due = self._session.table.label(self._session.table.row_of(image)) != class_id
        is_labelled = is_due and self._session.label([image], class_id)
        if is_labelled or not is_due:
            self.queue.advance()
        return is_labelled

    def key_help(self) -> list[tuple[str, str]]:
        return [
            (self.tr("Key of a class"), self.tr("Label the image and go on")),
            (self.tr("Space, Right"), self.tr("Skip the image")),
            (self.tr("Backspace, Left"), self.tr("Back to the image before")),
            (self.tr("Esc"), self.tr("Back to all images")),
        ]

    def keys(self) -> tuple[Qt.Key, ...]:
        return (Qt.Key.Key_Space, Qt.Key.Key_Backspace)

    def on_key(self, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_Space | Qt.Key.Key_Right:
                self.queue.skip()
            case Qt.Key.Key_Backspace | Qt.Key.Key_Left:
                self.queue.go_back()
            case _:
                return False
        return True

    def _on_session_changed(self) -> None:
        if self.isVisible():
            self._show()

    def _show(self) -> None:
        queue, table = self.queue, self._session.table
        current = queue.current
        row = -1 if current is None else table.row_of(current.image_id)
        self.picture.setVisible(row >= 0)
        self._ground.setVisible(row < 0)
        self._strip.setVisible(row >= 0 or queue.place > 0)
        self.back_button.setEnabled(queue.place > 0)
        self.skip_button.setEnabled(row >= 0)
        for label in (self.why, self.likely, self.hint):
            label.setVisible(row >= 0)
        n_waiting = max(0, len(queue.items) - queue.place - 1)
        self.position.setText(
            self.tr("{count} more in the queue").format(count=QLocale().toString(n_waiting))
            if row >= 0
            else ""
        )
        if current is None or row < 0:
            self._nothing.setText(self._nothing_text())
            return
        if self.isVisible():
            following = [table.row_of(image) for image in queue.following]
            self.picture.show_row(row, [item for item in following if item >= 0])
        self.why.setText(capitalised(current.why))
        self.likely.setText(self._likely_text(current, row))
        self.likely.setVisible(bool(self.likely.text()))
        self.hint.setText(
            self.tr(
                "Number keys label and go on · 0: none of these · Space skips · Backspace goes "
                "back · Esc ends"
            )
            if self._session.classes
            else self.tr("There is no class yet: type the name of what you see and press Enter.")
        )

    def _likely_text(self, current: Suggestion, row: int) -> str:
        label = self._session.image_class(int(self._session.table.labels[row]))
        if label is not None and int(self._session.table.labels[row]) != NO_CLASS:
            return self.tr("Labelled {name}").format(name=label.name)
        known = [self._session.image_class(class_id) for class_id in current.class_ids]
        names = [
            f"{item.name} ({item.key})" if item.hotkey is not None else item.name
            for item in known
            if item is not None
        ]
        if len(names) >= 2:
            return self.tr("Perhaps {first} or {second}").format(first=names[0], second=names[1])
        return self.tr("Perhaps {name}").format(name=names[0]) if names else ""

    def _nothing_text(self) -> str:
        if self.queue.failure:
            return self.queue.failure
        if self.queue.is_waiting:
            if self._session.engine is None and not self._session.engine_failure:
                return self.tr("The engine is loading; suggestions follow…")
            return self.tr("Looking for images that are worth a label…")
        return self.tr("Nothing is left to suggest. Esc goes back to all images.")

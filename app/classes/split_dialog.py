"""Splitting a class: which of its images would leave it, and what the new class is called."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.gallery.small_picture import SmallPicture
from app.gallery.thumbnails import Thumbnails
from app.look.theme import GAP_PX, Theme
from app.session.session import Session
from engine import messages
from engine.messages import ClassId, ImageId

_WIDTH_PX: Final = 640
_N_PICTURES: Final = 7
_PICTURE_PX: Final = 76


class SplitDialog(QDialog):
    """Shows the two groups that the engine proposes; nothing is changed before Split is pressed."""

    def __init__(
        self,
        session: Session,
        thumbnails: Thumbnails,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._thumbnails = thumbnails
        self._theme = theme
        self._class_id = ClassId(0)
        self._leaving: tuple[ImageId, ...] = ()
        self._shown: tuple[list[int], list[int]] = ([], [])  # Rows that stay, rows that leave.
        self._request_id = 0
        self.setFixedWidth(_WIDTH_PX)
        self.state, self._staying_title, self._leaving_title = QLabel(), QLabel(), QLabel()
        self.state.setWordWrap(True)
        for title in (self._staying_title, self._leaving_title):
            title.setObjectName("section")
            title.setTextFormat(Qt.TextFormat.PlainText)
        self._staying_row, self._leaving_row = QHBoxLayout(), QHBoxLayout()
        self.field = QLineEdit()
        self.field.setMaxLength(80)
        self.field.setPlaceholderText(self.tr("Name of the new class"))
        self.field.setAccessibleName(self.tr("Name of the new class"))
        self.field.textChanged.connect(self._show_possible)
        self.split_button = QPushButton(self.tr("Split"))
        self.split_button.setObjectName("primary")
        self.split_button.setDefault(True)
        self.split_button.clicked.connect(self._on_split)
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.close)
        buttons = QDialogButtonBox()  # In the order that the platform has.
        buttons.addButton(self.split_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        self._groups = QWidget()
        groups = QVBoxLayout(self._groups)
        groups.setContentsMargins(0, 0, 0, 0)
        groups.setSpacing(GAP_PX)
        groups.addWidget(self._staying_title)
        groups.addLayout(self._staying_row)
        groups.addSpacing(GAP_PX)
        groups.addWidget(self._leaving_title)
        groups.addLayout(self._leaving_row)
        groups.addWidget(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(2 * GAP_PX)
        column.addWidget(self.state)
        column.addWidget(self._groups)
        column.addStretch(1)
        column.addWidget(buttons)
        self.finished.connect(self._on_finished)
        session.project_changed.connect(self.close)
        session.predictions_changed.connect(self._on_edited)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        if self.isVisible() and self._leaving:
            self._show_groups()

    def begin(self, class_id: ClassId) -> None:
        """Ask the engine how a class could be split."""
        item = self._session.image_class(class_id)
        images = self._session.labelled_rows(class_id)
        if item is None or len(images) < 2:
            return
        self._class_id, self._leaving, self._shown = class_id, (), ([], [])
        self.setWindowTitle(self.tr("Split “{name}”").format(name=item.name))
        self.state.setText(self.tr("Looking for two kinds of images in it…"))
        self.state.show()
        self._groups.hide()
        self.field.clear()
        self._show_possible()
        bridge = self._session.bridge
        bridge.release(self._request_id)
        self._request_id = bridge.next_id()
        command = messages.ProposeSplit(self._request_id, self._session.table.refs(images))
        bridge.ask(command, self._on_event)
        self.show()
        self.raise_()
        self.activateWindow()

    def group_texts(self) -> tuple[str, str]:
        """What is said of those that stay and of those that leave."""
        return self._staying_title.text(), self._leaving_title.text()

    def _on_finished(self) -> None:
        if self._request_id:
            self._session.bridge.cancel(self._request_id)
            self._end()

    def _on_event(self, event: messages.Event) -> None:
        match event:
            case messages.SplitProposed():
                self._leaving = event.leaving
                self._end()
                self._show_groups()
                self.field.setFocus()
            case messages.JobFailed():
                self.state.setText(event.message)
                self._end()
            case messages.JobFinished() | messages.JobCancelled():
                self._end()
            case messages.ImagesEmbedded() | messages.ImageUnreadable():
                self._session.reader.on_read(event)  # Labelled ones that were not known yet.
            case _:
                pass

    def _on_edited(self) -> None:
        """Labels may have changed, or the class may be gone."""
        if not self.isVisible():
            return
        if self._session.image_class(self._class_id) is None:
            self.close()
        elif self._leaving and self._groups_now() != self._shown:
            self._show_groups()

    def _groups_now(self) -> tuple[list[int], list[int]]:
        """The rows of the class that stay, and those that leave, by the labels as they are now."""
        rows = self._session.labelled_rows(self._class_id)
        leaves = np.isin(self._session.table.ids[rows], np.array(self._leaving, np.int64))
        return rows[~leaves].tolist(), rows[leaves].tolist()

    def _end(self) -> None:
        self._session.bridge.release(self._request_id)
        self._request_id = 0

    def _show_groups(self) -> None:
        table, locale = self._session.table, QLocale()
        self._shown = staying, leaving = self._groups_now()
        item = self._session.image_class(self._class_id)
        self.state.hide()
        self._groups.show()
        self._staying_title.setText(
            self.tr("Stay in “{name}”: {count}").format(
                count=locale.toString(len(staying)),
                name=item.name if item is not None else "",
            )
        )
        self._leaving_title.setText(
            self.tr("Go to a new class: {count}").format(count=locale.toString(len(leaving)))
        )
        shown: list[int] = []
        for row_layout, group in ((self._staying_row, staying), (self._leaving_row, leaving)):
            while row_layout.count():
                taken = row_layout.takeAt(0)
                widget = taken.widget() if taken is not None else None
                if widget is not None:
                    widget.hide()
                    widget.deleteLater()
            for row in group[:_N_PICTURES]:
                picture = SmallPicture(
                    table.image_id(row), _PICTURE_PX, self._session, self._thumbnails, self._theme
                )
                picture.setFocusPolicy(Qt.FocusPolicy.NoFocus)
                picture.setCursor(Qt.CursorShape.ArrowCursor)
                row_layout.addWidget(picture)
                shown.append(row)
            row_layout.addStretch(1)
        self._thumbnails.want_too(shown)
        self._show_possible()

    def _show_possible(self) -> None:
        has_groups = bool(self._leaving) and all(self._shown)
        self.split_button.setEnabled(has_groups and bool(self.field.text().strip()))

    def _on_split(self) -> None:
        if self._session.split_class(self._class_id, self._leaving, self.field.text()):
            self.close()

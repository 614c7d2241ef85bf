"""The log in the window: its last lines as they come, and a report of a bug to be copied."""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, QSize, QTimer, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QFontDatabase,
    QGuiApplication,
    QHideEvent,
    QShowEvent,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.help.bug_report import bug_report
from app.help.log_file import LogFile, LogLine
from app.look.dialog_room import keep_within
from app.look.theme import GAP_PX
from app.session.session import Session
from app.settings.section import words_label

_MOST_LINES: Final = 2000
_LOOK_MS: Final = 500
_SIZE: Final = QSize(840, 560)


class LogDialog(QDialog):
    """What happened, for whoever wants to know; nothing of it leaves the computer by itself."""

    def __init__(self, session: Session, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._file = LogFile(path)
        self._lines: deque[LogLine] = deque(maxlen=_MOST_LINES)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self.look)
        self.setWindowTitle(self.tr("Log"))
        self._build(path)
        room = QGuiApplication.primaryScreen().availableSize() - QSize(32, 64)
        self.resize(_SIZE.boundedTo(room))

    def begin(self) -> None:
        """Show the end of the log."""
        keep_within(self)
        self.show()
        self.raise_()
        self.activateWindow()

    def look(self) -> None:
        """Read what was written since the last look."""
        lines, is_new = self._file.read_new()
        if is_new:
            self._lines.clear()
        self._lines.extend(lines)
        if is_new or len(lines) >= _MOST_LINES:
            self._show_all()
        else:
            self._append([line for line in lines if line.level >= self._least()])

    def report(self) -> str:
        """The report of a bug as Copy copies it."""
        self.look()
        return bug_report(self._session, list(self._lines), with_names=self.with_names.isChecked())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.look()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _build(self, path: Path) -> None:
        self.level = QComboBox()
        self.level.setAccessibleName(self.tr("Which lines"))
        for text, level in (
            (self.tr("All lines"), logging.NOTSET),
            (self.tr("Warnings and errors"), logging.WARNING),
            (self.tr("Errors"), logging.ERROR),
        ):
            self.level.addItem(text, level)
        self.level.currentIndexChanged.connect(self._show_all)
        self.follow = QCheckBox(self.tr("Follow"))
        self.follow.setToolTip(self.tr("Keep the newest line in sight"))
        self.follow.setChecked(True)
        self.follow.toggled.connect(self._on_follow)
        self.count = QLabel()
        self.count.setObjectName("muted")
        self.text = QPlainTextEdit()
        self.text.setObjectName("log")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("Lines of the log"))
        self.text.setMaximumBlockCount(_MOST_LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setPlaceholderText(self.tr("Nothing was logged yet."))
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPointSizeF(self.font().pointSizeF())  # As large as the other text.
        self.text.setFont(fixed)
        self.copy_button = QPushButton(self.tr("Copy for a Bug Report"))
        self.copy_button.setObjectName("primary")
        self.copy_button.clicked.connect(self._on_copy)
        self.with_names = QCheckBox(self.tr("With names of images, folders and classes"))
        self.folder_button = QPushButton(self.tr("Open Folder"))
        self.folder_button.setToolTip(str(path.parent))
        self.folder_button.clicked.connect(self._on_folder)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.close)
        for button in (self.copy_button, self.folder_button, close):
            button.setAutoDefault(False)
        self.note = words_label(self._note())
        head = QHBoxLayout()
        head.setSpacing(2 * GAP_PX)
        head.addWidget(self.level)
        head.addWidget(self.follow)
        head.addStretch(1)
        head.addWidget(self.count)
        report = QHBoxLayout()
        report.setSpacing(2 * GAP_PX)
        report.addWidget(self.copy_button)
        report.addWidget(self.with_names)
        report.addStretch(1)
        role = QDialogButtonBox.ButtonRole
        foot = QDialogButtonBox()  # In the order that the platform has.
        foot.addButton(self.folder_button, role.ActionRole)
        foot.addButton(close, role.RejectRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(GAP_PX)
        column.addLayout(head)
        column.addWidget(self.text, 1)
        column.addWidget(self.note)
        column.addLayout(report)
        column.addWidget(foot)

    def _note(self) -> str:
        return self.tr(
            "A report has versions, device, settings and the end of the log. It goes to the "
            "clipboard only; nothing leaves this computer unless you send it."
        )

    def _least(self) -> int:
        return int(self.level.currentData())

    def _show_all(self) -> None:
        self.text.clear()
        self._append([line for line in self._lines if line.level >= self._least()])

    def _append(self, lines: list[LogLine]) -> None:
        if lines:
            bar = self.text.verticalScrollBar()
            place = bar.value()
            self.text.appendPlainText("\n".join(line.shown() for line in lines))
            if self.follow.isChecked():
                self._to_end()
            else:
                bar.setValue(place)
        n_shown = sum(line.level >= self._least() for line in self._lines)
        words = self.tr("1 line") if n_shown == 1 else self.tr("{count} lines")
        self.count.setText(words.format(count=QLocale().toString(n_shown)))

    def _to_end(self) -> None:
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.text.moveCursor(QTextCursor.MoveOperation.StartOfLine)
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _on_follow(self, follows: bool) -> None:
        if follows:
            self._to_end()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report())
        self.note.setText(
            self.tr("The report is on the clipboard. Look it over before you send it.")
        )

    def _on_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file.path.parent)))

"""About, and the table of keys."""

from __future__ import annotations

import platform

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.look.icons import application_icon
from app.look.theme import GAP_PX
from app.session.session import Session
from engine import __version__


class AboutDialog(QDialog):
    """Version, engine and device, as something that can be copied into a report."""

    def __init__(self, session: Session, log_path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Handful"))
        logo = QLabel()
        logo.setPixmap(application_icon().pixmap(QSize(64, 64), self.devicePixelRatioF()))
        name = QLabel(f"Handful {__version__}")
        name.setObjectName("heading")
        claim = QLabel(self.tr("Sort a folder of images by a handful of examples."))
        claim.setObjectName("muted")
        words = QVBoxLayout()
        words.setSpacing(GAP_PX // 2)
        words.addWidget(name)
        words.addWidget(claim)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP_PX)
        head.addWidget(logo)
        head.addLayout(words, 1)
        engine = session.engine
        rows = [
            (self.tr("Device"), engine.device if engine else self.tr("not loaded yet")),
            (self.tr("Encoder"), engine.encoder_name if engine else self.tr("not loaded yet")),
            (self.tr("Runs on"), engine.provider if engine else self.tr("not loaded yet")),
            (self.tr("Qt"), f"{qVersion()}, Python {platform.python_version()}"),
            (self.tr("System"), platform.platform(terse=True)),
            (self.tr("Log"), log_path),
            (self.tr("Licence"), "Apache-2.0"),
        ]
        if session.engine_failure:
            rows.insert(0, (self.tr("Engine"), session.engine_failure))
        self._text = "\n".join(
            [f"Handful {__version__}", *(f"{key}: {value}" for key, value in rows)]
        )
        grid = _card_of(rows)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(self._on_copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP_PX, 3 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(2 * GAP_PX)
        column.addLayout(head)
        column.addWidget(grid)
        column.addWidget(buttons)
        self.setMinimumWidth(480)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)


class KeysDialog(QDialog):
    """All keys, in two columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        label = [
            ("1 … 9", self.tr("Give the class with that key")),
            ("0", self.tr("None of these: it shows no class")),
            (self.tr("Delete, Backspace"), self.tr("Take the label off")),
            (self.tr("Ctrl+N or +"), self.tr("New class")),
            (self.tr("Ctrl+Enter"), self.tr("… and give it to the selected images")),
            (self.tr("Ctrl+Z, Ctrl+Shift+Z"), self.tr("Undo, redo")),
            (self.tr("F2, Delete"), self.tr("Rename, delete the class (in the list)")),
        ]
        look = [
            (self.tr("Arrow keys"), self.tr("Go through the images")),
            (self.tr("Shift, Ctrl+A"), self.tr("Select several, all")),
            (self.tr("Enter, Space"), self.tr("Larger view, and back")),
            ("W, Shift+W", self.tr("Why this class, why the next one")),
            (self.tr("Ctrl++, Ctrl+-"), self.tr("Larger, smaller")),
            (self.tr("Ctrl+0, Ctrl+1"), self.tr("Fit, original size")),
            ("F5", self.tr("Scan the folder, filter and sort again")),
        ]
        on_map = [
            ("F4", self.tr("Map")),
            (self.tr("Drag, Shift, Ctrl"), self.tr("Select by lasso, add, invert")),
            (self.tr("Right button, Space"), self.tr("… drag with it: move the map")),
            (self.tr("Arrow keys, Space"), self.tr("Go to the nearest image, select it")),
            (self.tr("+, -, Home"), self.tr("Zoom in, out, whole map")),
        ]
        improve = [
            ("F6", self.tr("Label queue")),
            (self.tr("Enter, /"), self.tr("… accept the class singled out, find or add one")),
            (self.tr("Space, U"), self.tr("… skip an image, or keep it as unsure")),
            (self.tr("Backspace"), self.tr("… go back to the one before")),
            ("F9", self.tr("Review by class")),
            (self.tr("Enter, Ctrl+Enter"), self.tr("… accept the page, or the selected images")),
            ("X", self.tr("… take the selected images out of the class")),
            (self.tr("Page Up, Page Down"), self.tr("… turn the page; with Ctrl: another class")),
            ("F7", self.tr("Evaluation")),
            ("Ctrl+P", self.tr("… save its report")),
            ("F8", self.tr("Spot check predictions drawn at random")),
            (self.tr("Enter or Y, N"), self.tr("… the prediction is right, is wrong")),
        ]
        row = QHBoxLayout()
        row.setSpacing(2 * GAP_PX)
        for groups in (
            ((self.tr("Labelling"), label), (self.tr("Improving"), improve)),
            ((self.tr("Looking"), look), (self.tr("On the map"), on_map)),
        ):
            column = QVBoxLayout()
            for title, rows in groups:
                heading = QLabel(title)
                heading.setObjectName("section")
                column.addWidget(heading)
                column.addWidget(_card_of(rows, keys_first=True))
            column.addStretch(1)
            row.addLayout(column)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        page = QVBoxLayout(self)
        page.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        page.setSpacing(2 * GAP_PX)
        page.addLayout(row)
        page.addWidget(buttons)


def _card_of(rows: list[tuple[str, str]], *, keys_first: bool = False) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    grid = QGridLayout(card)
    grid.setContentsMargins(2 * GAP_PX, 12, 2 * GAP_PX, 12)
    grid.setHorizontalSpacing(2 * GAP_PX)
    grid.setVerticalSpacing(GAP_PX)
    grid.setColumnStretch(1, 1)
    for line, (key, value) in enumerate(rows):
        left, right = QLabel(key), QLabel(value)
        left.setObjectName("section" if keys_first else "muted")
        left.setAlignment(Qt.AlignmentFlag.AlignTop)
        right.setWordWrap(not keys_first)
        right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(left, line, 0)
        grid.addWidget(right, line, 1)
    return card

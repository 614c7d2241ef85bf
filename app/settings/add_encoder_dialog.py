"""Asks for a network by name, and where its weights come from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX
from app.session.encoders import Encoders
from app.settings.section import words_label

_NAME: Final = re.compile(r"[A-Za-z0-9_.\-/:@]+")
_WIDTH_PX: Final = 480


class AddEncoderDialog(QDialog):
    """A network of timm or torchvision, its weights downloaded or from a file.

    It closes when adding begins; the settings and the status line show how far that is.
    """

    def __init__(self, encoders: Encoders, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._encoders = encoders
        self.setWindowTitle(self.tr("Add an Encoder"))
        self.setMinimumWidth(_WIDTH_PX)
        self.library = QComboBox()
        self.library.addItems(["timm", "torchvision"])
        self.library.setAccessibleName(self.tr("Library"))
        self.name = QLineEdit()
        self.name.setAccessibleName(self.tr("Name of the network"))
        self.name.setPlaceholderText("mobilenetv3_small_100")
        self.name.textChanged.connect(self._show_possible)
        self.download = QRadioButton(self.tr("Download its weights"))
        self.download.setChecked(True)
        self.from_file = QRadioButton(self.tr("Take its weights from a file"))
        self.from_file.toggled.connect(self._show_possible)
        self.path = QLineEdit()
        self.path.setAccessibleName(self.tr("File of weights"))
        self.path.textChanged.connect(self._show_possible)
        self.browse = QPushButton(self.tr("Browse…"))
        self.browse.setAutoDefault(False)
        self.browse.clicked.connect(self._on_browse)
        note = words_label(
            self.tr(
                "A download is the only time that Handful uses the internet: it fetches these "
                "weights, and tells nothing of you or your images."
            )
        )
        self.reason = QLabel()
        self.reason.setObjectName("error")
        self.reason.setWordWrap(True)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GAP_PX)
        form.setVerticalSpacing(GAP_PX)
        form.addRow(self.tr("&Library"), self.library)
        form.addRow(self.tr("&Network"), self.name)
        file_row = QHBoxLayout()
        file_row.setContentsMargins(3 * GAP_PX, 0, 0, 0)
        file_row.addWidget(self.path, 1)
        file_row.addWidget(self.browse)
        note_row = QHBoxLayout()
        note_row.setContentsMargins(3 * GAP_PX, 0, 0, GAP_PX)
        note_row.addWidget(note)
        self.add_button = QPushButton(self.tr("Add"))
        self.add_button.setObjectName("primary")
        self.add_button.setDefault(True)
        self.add_button.clicked.connect(self._on_add)
        cancel = QPushButton(self.tr("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        buttons = QDialogButtonBox()  # In the order that the platform has.
        buttons.addButton(self.add_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.addButton(cancel, QDialogButtonBox.ButtonRole.RejectRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(GAP_PX)
        column.addLayout(form)
        column.addSpacing(GAP_PX)
        column.addWidget(self.download)
        column.addLayout(note_row)
        column.addWidget(self.from_file)
        column.addLayout(file_row)
        column.addSpacing(GAP_PX)
        column.addWidget(self.reason)
        column.addWidget(buttons)

    def begin(self) -> None:
        """Show the dialog."""
        self._show_possible()
        self.open()
        # Qt sizes a dialog by a width of its own choosing, at which large text has fewer lines.
        layout = self.layout()
        assert layout is not None
        layout.activate()
        needed_px = layout.totalHeightForWidth(self.width())
        self.resize(self.width(), max(self.height(), needed_px))
        self.name.setFocus()

    def _show_possible(self) -> None:
        is_local = self.from_file.isChecked()
        self.path.setEnabled(is_local)
        self.browse.setEnabled(is_local)
        library, colon, rest = self.name.text().strip().partition(":")
        if colon and (place := self.library.findText(library.strip().lower())) >= 0:
            # As other programs, and Handful's command line, write it: timm:resnet18.
            self.library.setCurrentIndex(place)
            self.name.setText(rest)
            return  # Setting the text has asked for this again.
        name = self.name.text().strip()
        self.reason.setText(
            self.tr("A name has letters, digits and _ . - only.")
            if name and not _NAME.fullmatch(name)
            else ""
        )
        self.add_button.setEnabled(
            bool(_NAME.fullmatch(name)) and (not is_local or bool(self.path.text().strip()))
        )

    def _on_browse(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self,
            self.tr("File of weights"),
            self.path.text() or str(Path.home()),
            self.tr("Weights (*.safetensors *.pth *.pt *.bin)"),
        )
        if chosen:
            self.path.setText(chosen)

    def _on_add(self) -> None:
        weights = None
        if self.from_file.isChecked():
            weights = Path(self.path.text().strip()).expanduser()
            if not weights.is_file():
                self.reason.setText(self.tr("There is no file {path}.").format(path=weights))
                return
        name = f"{self.library.currentText()}:{self.name.text().strip()}"
        if self._encoders.add(name, weights) is not None:
            self.accept()

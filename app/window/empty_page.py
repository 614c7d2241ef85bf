"""What is shown where the open folder has no images: why, and what to do about it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.look.icons import pixmap
from app.look.theme import GAP_PX, Theme


class EmptyFolderPage(QWidget):
    """The open folder has no images that can be read.

    Signals:
        folder_requested: choose another folder.
        find_requested: show where the images of this project are.
        refresh_requested: look again.
    """

    folder_requested = Signal()
    find_requested = Signal()
    refresh_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ground")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._picture = QLabel()
        self._title = QLabel()
        self._title.setObjectName("title")
        self._text = QLabel()
        self._text.setObjectName("muted")
        self._text.setFixedWidth(520)
        for label in (self._picture, self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(label is not self._picture)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.find_images = QPushButton(self.tr("Find the Images…"))
        self.find_images.setObjectName("primary")
        self.find_images.setToolTip(self.tr("Show Handful where the images of this project are"))
        self.find_images.clicked.connect(self.find_requested)
        other = QPushButton(self.tr("Open Another Folder…"))
        other.clicked.connect(self.folder_requested)
        again = QPushButton(self.tr("Look Again"))
        again.setToolTip(self.tr("Scan the folder again (F5)"))
        again.clicked.connect(self.refresh_requested)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.find_images)
        buttons.addWidget(other)
        buttons.addWidget(again)
        buttons.addStretch(1)
        self._buttons = (other, again)
        column = QVBoxLayout(self)
        column.setSpacing(2 * GAP_PX)
        column.addStretch(2)
        column.addWidget(self._picture)
        column.addWidget(self._title)
        text = QHBoxLayout()  # Not an alignment, which would give the text too few lines.
        text.addStretch(1)
        text.addWidget(self._text)
        text.addStretch(1)
        column.addLayout(text)
        column.addLayout(buttons)
        column.addStretch(3)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._picture.setPixmap(pixmap("image", theme.disabled, 64, self.devicePixelRatioF()))

    def texts(self) -> tuple[str, str]:
        """Title and explanation, as shown."""
        return self._title.text(), self._text.text()

    def show_scanning(self, folder: Path) -> None:
        """Nothing was found so far."""
        self._show(self.tr("Looking for images…"), str(folder), with_buttons=False)

    def show_nothing(self, folder: Path) -> None:
        """Nothing was found."""
        title = self.tr("No images in “{name}”").format(name=folder.name or folder)
        text = self.tr(
            "Handful looked in {folder} and its sub-folders for image files: JPEG, PNG, TIFF, "
            "WebP, AVIF, GIF, BMP and the like. Copy some there and look again, or open another "
            "folder."
        ).format(folder=folder)
        self._show(title, text, with_buttons=True)

    def show_missing(self, folder: Path, n_images: int) -> None:
        """None of the project's images was found."""
        title = self.tr("The images are not in “{name}”").format(name=folder.name or folder)
        text = self.tr(
            "None of the {count} images of this project was found in {folder}. If they were moved, "
            "show Handful where they are; your labels are kept."
        ).format(folder=folder, count=QLocale().toString(n_images))
        if n_images == 1:
            text = self.tr(
                "The only image of this project was not found in {folder}. If it was moved, show "
                "Handful where it is; your labels are kept."
            ).format(folder=folder)
        self._show(title, text, with_buttons=True, with_find=True)

    def show_gone(self, folder: Path) -> None:
        """The folder is not there."""
        title = self.tr("The folder is not there any more")
        text = self.tr(
            "{folder} could not be found. If it was moved, or lies on a disk that is not plugged "
            "in, show Handful where it is; your labels are kept."
        ).format(folder=folder)
        self._show(title, text, with_buttons=True, with_find=True)

    def _show(self, title: str, text: str, *, with_buttons: bool, with_find: bool = False) -> None:
        self._title.setText(title)
        self._text.setText(text)
        for button in self._buttons:
            button.setVisible(with_buttons)
        self.find_images.setVisible(with_find)
        other = self._buttons[0]
        other.setObjectName("" if with_find else "primary")  # One button only is the one to press.
        other.style().unpolish(other)
        other.style().polish(other)

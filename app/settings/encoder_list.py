"""The encoders there are: name, size, length of the embedding, licence, and which is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app.look.theme import GAP_PX
from app.session.cache_place import size_text
from app.session.session import Session
from engine import EncoderInfo

_LEAST_ROWS: Final = 4


class EncoderList(QTreeWidget):
    """One row an encoder; the chosen one is what the buttons below are about."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("table")
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setAccessibleName(self.tr("Encoders"))
        self.setHeaderLabels(
            [self.tr("Name"), self.tr("Size"), self.tr("Embedding"), self.tr("Licence")]
        )
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setStretchLastSection(False)
        self.setMinimumHeight(_LEAST_ROWS * (self.fontMetrics().height() + GAP_PX))

    def fill(self) -> None:
        """Show what there is now; the chosen one stays chosen."""
        chosen = self.chosen()
        at = chosen.path if chosen is not None else None
        self.clear()
        for encoder in self._session.encoders.known():
            item = QTreeWidgetItem(
                [
                    encoder.name,
                    size_text(encoder.size_bytes),
                    self.tr("{count} numbers").format(
                        count=QLocale().toString(encoder.embedding_length)
                    ),
                    encoder.licence or self.tr("unknown"),
                ]
            )
            item.setData(0, Qt.ItemDataRole.UserRole, encoder)
            shipped = self.tr("{name}, comes with Handful").format(name=encoder.name)
            item.setToolTip(0, shipped if encoder.is_shipped else f"{encoder.name}\n{encoder.path}")
            item.setToolTip(3, encoder.licence)
            self.addTopLevelItem(item)
            if encoder.path == at or self.currentItem() is None:
                self.setCurrentItem(item)
        self.mark()

    def mark(self) -> None:
        """Tell which encoder is in use, in words and not by weight alone."""
        for item in self._items():
            encoder = _encoder_of(item)
            if encoder is None:
                continue
            in_use = self.is_in_use(encoder)
            name = self.tr("{name} (in use)").format(name=encoder.name) if in_use else encoder.name
            font = item.font(0)
            font.setBold(in_use)
            item.setFont(0, font)
            item.setText(0, name)

    def chosen(self) -> EncoderInfo | None:
        """The chosen one."""
        return _encoder_of(self.currentItem())

    def choose(self, path: Path) -> None:
        """Choose the encoder of that file, if it is there."""
        for item in self._items():
            encoder = _encoder_of(item)
            if encoder is not None and encoder.path == path:
                self.setCurrentItem(item)

    def is_in_use(self, encoder: EncoderInfo) -> bool:
        """Whether the engine looks through it."""
        path = self._session.choice.encoder_path
        return encoder.is_shipped if path is None else encoder.path == path

    def _items(self) -> list[QTreeWidgetItem]:
        rows = [self.topLevelItem(row) for row in range(self.topLevelItemCount())]
        return [item for item in rows if item is not None]


def _encoder_of(item: QTreeWidgetItem | None) -> EncoderInfo | None:
    found = None if item is None else item.data(0, Qt.ItemDataRole.UserRole)
    return found if isinstance(found, EncoderInfo) else None

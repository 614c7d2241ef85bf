"""The labels that could not be taken, and why: a list that may be as long as the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QHeaderView, QTableView, QWidget

from app.gallery.gallery_model import plain_tip
from app.look.words import told
from engine import messages, why_text

_Index = QModelIndex | QPersistentModelIndex
_MAX_LINES: Final = 5  # What is below is scrolled to.


class UnmatchedModel(QAbstractTableModel):
    """A row for each: the name in the file, the label, its place there, and why not."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: Sequence[messages.UnmatchedLabel] = ()
        self._whys = {why: told(why_text(why)) for why in messages.WhyUnmatched}
        self._titles = (self.tr("Image"), self.tr("Label"), self.tr("Why not"))

    def show(self, items: Sequence[messages.UnmatchedLabel]) -> None:
        """List these."""
        self.beginResetModel()
        self._items = items
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        item = self._items[index.row()]
        texts = (item.name, item.label, self._whys[item.why])
        if role == Qt.ItemDataRole.DisplayRole:
            # A name may be as long as the file that it stands in.
            return texts[index.column()][:500].replace("\n", " ")
        if role == Qt.ItemDataRole.ToolTipRole:
            if index.column() == 2:
                return texts[2]
            where = told(item.where)
            return plain_tip(f"{item.name[:500]} ({where})" if where else item.name[:500])
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return self._titles[section] if 0 <= section < len(self._titles) else None


class UnmatchedList(QTableView):
    """Shows the model; its rows are read, and nothing is chosen in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.unmatched = UnmatchedModel(self)
        self.setModel(self.unmatched)
        self.setObjectName("plan")
        self.setAccessibleName(self.tr("Labels that cannot be taken"))
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)  # Tab leaves the list; the arrow keys go through it.
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().hide()
        row_px = self.fontMetrics().height() + 8
        self.verticalHeader().setDefaultSectionSize(row_px)
        self._row_px = row_px
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        letter_px = self.fontMetrics().averageCharWidth()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 16 * letter_px)
        header.resizeSection(2, 44 * letter_px)

    def show_labels(self, labels: Sequence[messages.UnmatchedLabel]) -> None:
        """Show these, and as many at once as there is room for."""
        self.unmatched.show(labels)
        n_lines = min(_MAX_LINES, self.unmatched.rowCount())
        header_px = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(header_px + n_lines * self._row_px + 2 * self.frameWidth() + 6)

"""A table of what would be done, before anything is touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

MOST_LINES: Final = 8  # What is below is scrolled to.
FEWEST_LINES: Final = 3  # Where there is no room for more.
_MAX_LETTERS: Final = 40  # Of a column; longer names are shortened in the middle.
_FRAME_PX: Final = 6


class PlanTable(QTableWidget):
    """Lines of text to be read, as high as its first lines; the last column takes the room."""

    def __init__(self, numbers: Sequence[int] = (), parent: QWidget | None = None) -> None:
        """Make an empty one.

        Args:
            numbers: the columns with numbers, which stand to the right.
        """
        super().__init__(parent)
        self._numbers = frozenset(numbers)
        self.setObjectName("plan")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.verticalHeader().hide()
        self.horizontalHeader().setHighlightSections(False)

    def show_lines(
        self,
        titles: Sequence[str],
        lines: Sequence[Sequence[str]],
        tips: Sequence[Sequence[str]] | None = None,
    ) -> None:
        """Show these lines below these titles; ``tips`` where they are not the texts themselves."""
        self.setColumnCount(len(titles))
        self.setRowCount(len(lines))
        header = self.horizontalHeader()
        for column, title in enumerate(titles):
            item = QTableWidgetItem(title)
            item.setTextAlignment(self._alignment(column))
            self.setHorizontalHeaderItem(column, item)
            is_last = column == len(titles) - 1
            mode = QHeaderView.ResizeMode
            header.setSectionResizeMode(column, mode.Stretch if is_last else mode.ResizeToContents)
        for line, texts in enumerate(lines):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setTextAlignment(self._alignment(column))
                item.setToolTip(text if tips is None else tips[line][column])
                self.setItem(line, column, item)
        self.setVisible(bool(lines))
        self.show_most(MOST_LINES)

    def show_most(self, n_lines: int | None) -> None:
        """Be as high as up to that many lines; None: as all of them."""
        shown = range(self.rowCount() if n_lines is None else min(n_lines, self.rowCount()))
        heights = sum(self.rowHeight(line) for line in shown)
        height = self.horizontalHeader().sizeHint().height() + heights + _FRAME_PX
        if height != self.maximumHeight():
            self.setFixedHeight(height)

    def sizeHintForColumn(self, column: int) -> int:
        room = _MAX_LETTERS * self.fontMetrics().averageCharWidth()
        return min(super().sizeHintForColumn(column), room)

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        flag = Qt.AlignmentFlag
        return (flag.AlignRight if column in self._numbers else flag.AlignLeft) | flag.AlignVCenter

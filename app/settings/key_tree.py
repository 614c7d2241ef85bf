"""Keys and what they do, in groups, as a list that can be searched and read aloud."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

Row = tuple[str, str, str]
"""Keys, what they do, and a name for whoever asks which row is chosen."""


class KeyTree(QTreeWidget):
    """Groups of rows; a group is a heading and cannot be chosen."""

    def __init__(self, titles: tuple[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("table")
        self.setColumnCount(2)
        self.setHeaderLabels(list(titles))
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        self.setTabKeyNavigation(False)
        self.setUniformRowHeights(True)
        header = self.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)

    def fill(self, groups: Sequence[tuple[str, Sequence[Row]]]) -> None:
        """Show other rows; the chosen one stays chosen where it is still there."""
        chosen = self.chosen()
        self.clear()
        for title, rows in groups:
            heading = QTreeWidgetItem([title, ""])
            heading.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = heading.font(0)
            font.setBold(True)
            heading.setFont(0, font)
            self.addTopLevelItem(heading)
            heading.setFirstColumnSpanned(True)
            for first, second, name in rows:
                item = QTreeWidgetItem([first, second])
                item.setData(0, Qt.ItemDataRole.UserRole, name)
                item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{first}: {second}")
                heading.addChild(item)
                if name and name == chosen:
                    self.setCurrentItem(item)
        self.expandAll()
        items = [item for _, group in self._groups() for item in group]
        if self.currentItem() is None and items:
            self.setCurrentItem(items[0])

    def chosen(self) -> str:
        """The name of the chosen row, or nothing."""
        item = self.currentItem()
        name = None if item is None else item.data(0, Qt.ItemDataRole.UserRole)
        return str(name) if name else ""

    def search(self, text: str) -> int:
        """Show only rows with all words of ``text``; return how many there are."""
        words = text.casefold().split()
        n_shown = 0
        for heading, items in self._groups():
            n_here = 0
            for item in items:
                line = f"{heading.text(0)} {item.text(0)} {item.text(1)}".casefold()
                is_shown = all(word in line for word in words)
                item.setHidden(not is_shown)
                n_here += is_shown
            heading.setHidden(not n_here)
            n_shown += n_here
        return n_shown

    def lines(self) -> list[tuple[str, str, str]]:
        """What is shown now: heading, and the two columns."""
        return [
            (heading.text(0), item.text(0), item.text(1))
            for heading, items in self._groups()
            for item in items
            if not item.isHidden()
        ]

    def dim(self, name: str, spoken: str) -> None:
        """Show the rows of that name as of no use now, in italics and to a screen reader.

        Args:
            name: of the rows.
            spoken: what is read aloud, with ``{keys}`` and ``{words}``.
        """
        for _, items in self._groups():
            for item in items:
                if item.data(0, Qt.ItemDataRole.UserRole) == name:
                    text = spoken.format(keys=item.text(0), words=item.text(1))
                    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, text)
                    for place in (0, 1):
                        font = item.font(place)
                        font.setItalic(True)
                        item.setFont(place, font)

    def choose(self, name: str) -> None:
        """Choose the row of that name."""
        for _, items in self._groups():
            for item in items:
                if item.data(0, Qt.ItemDataRole.UserRole) == name:
                    self.setCurrentItem(item)

    def _groups(self) -> list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]]:
        found = []
        for place in range(self.topLevelItemCount()):
            heading = self.topLevelItem(place)
            if heading is not None:
                items = [heading.child(row) for row in range(heading.childCount())]
                found.append((heading, [item for item in items if item is not None]))
        return found

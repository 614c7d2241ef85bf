"""What fine-tuning will do, as numbered steps."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from app.look.theme import GAP_PX


class Plan(QWidget):
    """What will happen: sentences, and steps with their numbers beside them."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP_PX)
        self._grid.setVerticalSpacing(GAP_PX // 2)
        self._grid.setColumnStretch(1, 1)

    def text(self) -> str:
        """All of it."""
        return "\n".join(self._lines)

    def set_lines(self, lines: list[str]) -> None:
        """Show these; two spaces part the number of a step from its words."""
        if lines == self._lines:
            return
        self._lines = lines
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, line in enumerate(lines):
            number, parted, words = line.partition("  ")
            label = wrap(QLabel(words if parted else line))
            if parted:
                self._grid.addWidget(QLabel(number), row, 0, Qt.AlignmentFlag.AlignTop)
                self._grid.addWidget(label, row, 1)
            else:
                self._grid.addWidget(label, row, 0, 1, 2)


def wrap(label: QLabel) -> QLabel:
    """As high as its words need at its width, whatever the font."""
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label

"""The tool bar: what is used most, in as many words as the window has room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

_SPACING_PX: Final = 8  # Between the buttons, their margins included.


class ToolBar(QToolBar):
    """Buttons for some of the window's actions; they lose their words where there is no room."""

    def __init__(
        self,
        begin: Sequence[QAction],
        wordless: Sequence[QAction],
        views: Sequence[QAction],
        end: Sequence[QAction],
        parent: QWidget,
    ) -> None:
        """Make the bar.

        Args:
            begin: the first buttons, each with a gap behind it but for ``wordless``, which come
                behind the first of them.
            wordless: have a picture only.
            views: the pages.
            end: at the right; one with a menu opens it.
        """
        super().__init__(parent)
        self.setWindowTitle(self.tr("Tools"))
        self.setObjectName("tools")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._views = list(views)
        self._others = [*begin, *end]
        first, *others = begin
        self.addAction(first)
        self.addSeparator()
        for action in wordless:
            self.addAction(action)
            button = self.widgetForAction(action)
            button.setProperty("toolButtonStyle", Qt.ToolButtonStyle.ToolButtonIconOnly)
        for action in others:
            self.addSeparator()
            self.addAction(action)
        self.addSeparator()
        self.addActions(self._views)
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self.addActions(list(end))
        for action in end:
            button = self.widgetForAction(action)
            if isinstance(button, QToolButton) and action.menu() is not None:
                button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        for action in self.actions():
            # Qt leaves no room between a tool button's icon and its text.
            action.setIconText(f" {action.iconText()}" if action.iconText() else "")

    def fit(self, width_px: int) -> None:
        """Leave out words where a narrow window has no room for all of them."""
        style = Qt.ToolButtonStyle
        for n_wordless in range(3):
            for actions, from_step in ((self._others, 1), (self._views, 2)):
                is_wordless = n_wordless >= from_step
                for action in actions:
                    button = self.widgetForAction(action)
                    button.setProperty(
                        "toolButtonStyle",
                        style.ToolButtonIconOnly if is_wordless else style.ToolButtonTextBesideIcon,
                    )
            shown = [self.widgetForAction(action) for action in self.actions()]
            needed = sum(part.sizeHint().width() + _SPACING_PX for part in shown)
            if needed <= width_px - 2 * _SPACING_PX:
                return

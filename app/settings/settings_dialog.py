"""The settings: few, each said in one line, each at once in force."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.look.dialog_room import keep_within
from app.look.icons import icon
from app.look.theme import GAP_PX, Theme, ThemeSwitch
from app.session.session import Session
from app.settings.appearance_section import AppearanceSection, Languages
from app.settings.cache_section import CacheSection
from app.settings.engine_section import EngineSection
from app.settings.keys_section import KeysSection
from app.settings.section import Section
from app.settings.shortcuts import Shortcuts

_SIZE: Final = QSize(840, 640)
_PLACE: Final = "settings"


class SettingsDialog(QDialog):
    """Sections beside a list of them. It holds up nothing: labelling can go on.

    Signals:
        theme_requested: a :class:`app.look.theme.ThemeChoice`.
    """

    theme_requested = Signal(object)

    def __init__(
        self,
        session: Session,
        switch: ThemeSwitch,
        shortcuts: Shortcuts,
        languages: Languages | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._preferences = session.preferences
        self.setWindowTitle(self.tr("Settings"))
        self.appearance = AppearanceSection(switch, languages)
        self.engine = EngineSection(session)
        self.cache = CacheSection(session, self.engine.restart_or_ask)
        self.keys = KeysSection(session, shortcuts)
        self._sections: tuple[Section, ...] = (self.appearance, self.engine, self.cache, self.keys)
        self.appearance.theme_requested.connect(self.theme_requested)
        self.list = QListWidget()
        self.list.setObjectName("sections")
        self.list.setAccessibleName(self.tr("Sections"))
        self.list.setIconSize(QSize(20, 20))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._stack = QStackedWidget()
        for section in self._sections:
            self.list.addItem(QListWidgetItem(section.title))
            self._stack.addWidget(section)
        self.list.currentRowChanged.connect(self._on_row)
        self.list.setFixedWidth(self.list.sizeHintForColumn(0) + 6 * GAP_PX)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.list)
        body.addWidget(self._stack, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, 2 * GAP_PX)
        foot.addWidget(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addLayout(foot)
        self.set_theme(switch.theme)
        room = QGuiApplication.primaryScreen().availableSize() - QSize(32, 64)
        self.resize(_SIZE.expandedTo(self.sizeHint()).boundedTo(room))

    def begin(self) -> None:
        """Show the dialog at the section that was looked at last."""
        names = [type(section).__name__ for section in self._sections]
        kept = self._preferences.place(_PLACE)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(names.index(kept) if kept in names else 0)
        else:
            self._sections[self.list.currentRow()].begin()
        keep_within(self)
        self.show()
        self.raise_()
        self.activateWindow()
        self.list.setFocus()

    def show_section(self, section: Section) -> None:
        """Show one section."""
        self.list.setCurrentRow(self._sections.index(section))

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        for row, section in enumerate(self._sections):
            item = self.list.item(row)
            if item is not None:
                item.setIcon(icon(section.picture))
            section.set_theme(theme)

    def _on_row(self, row: int) -> None:
        if row >= 0:
            section = self._sections[row]
            self._stack.setCurrentWidget(section)
            section.begin()
            self._preferences.keep_place(_PLACE, type(section).__name__)

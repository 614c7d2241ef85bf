"""How the window looks: one palette per theme, one small style sheet, and the switch.

Every colour of the interface is named here once. Text colours keep a contrast of at least 4.5
to their background (WCAG AA), controls' outlines at least 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from app.look.icons import ICON_FOLDER

_HEADING: Final = 1.8  # Times as large as other text.
_TITLE: Final = 1.25
GAP_PX: Final = 8  # All distances are multiples of half of this.


class ThemeChoice(Enum):
    """What the person chose under View > Theme."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Theme:
    """The named colours of one theme, as ``#rrggbb``."""

    name: str
    window: str  # Behind everything.
    surface: str  # Cards, fields, tiles.
    sunken: str  # The ground that tiles lie on.
    hover: str
    border: str
    outline: str  # The edge of a control, of contrast 3 or more.
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    accent_soft: str
    warning: str
    warning_soft: str
    error: str
    error_soft: str
    success: str
    info_soft: str


LIGHT: Final = Theme(
    name="light",
    window="#f6f7f9",
    surface="#ffffff",
    sunken="#eceef2",
    hover="#e4e8ee",
    border="#d6dae1",
    outline="#868d98",
    text="#1b1f24",
    muted="#565e6b",
    disabled="#9aa1ac",
    accent="#2459c9",
    accent_hover="#1d4cae",
    on_accent="#ffffff",
    accent_soft="#dfe9fc",
    warning="#875500",
    warning_soft="#fff3d6",
    error="#b3261e",
    error_soft="#fde9e7",
    success="#1a7336",
    info_soft="#e6eefc",
)

DARK: Final = Theme(
    name="dark",
    window="#1d2024",
    surface="#282c32",
    sunken="#15171a",
    hover="#343a42",
    border="#3a4049",
    outline="#7f8894",
    text="#e9ebee",
    muted="#a9b1bc",
    disabled="#6a727d",
    accent="#84aeff",
    accent_hover="#a3c2ff",
    on_accent="#0d1c38",
    accent_soft="#2a3b5e",
    warning="#f2c566",
    warning_soft="#3d331b",
    error="#ff9f98",
    error_soft="#472422",
    success="#74d092",
    info_soft="#26344f",
)


def text_on(background: str) -> str:
    """Black or white, whichever reads better on ``background`` (always at least 4.5 : 1)."""
    return "#000000" if _luminance(QColor(background)) > 0.179 else "#ffffff"


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours by WCAG 2, from 1 to 21."""
    high, low = sorted((_luminance(QColor(first)), _luminance(QColor(second))), reverse=True)
    return (high + 0.05) / (low + 0.05)


class ThemeSwitch(QObject):
    """Keeps the application in the chosen theme, following the system where that is the choice.

    Signals:
        changed: the :class:`Theme` that is now in use.
    """

    changed = Signal(object)

    def __init__(self, application: QApplication, choice: ThemeChoice) -> None:
        super().__init__()
        self._application = application
        self.choice = choice
        self.theme = LIGHT
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._on_system_changed)
        self._text_pt = 0.0
        self._apply()

    def choose(self, choice: ThemeChoice) -> None:
        """Switch at once."""
        self.choice = choice
        self._apply()

    def _on_system_changed(self) -> None:
        if self.choice is ThemeChoice.SYSTEM:
            self._apply()

    def follow_font(self) -> None:
        """The system's font may be another one: headings are as much larger as they were."""
        if _text_pt() != self._text_pt:
            self._apply()

    def _apply(self) -> None:
        hints = QGuiApplication.styleHints()
        # The system's own frames and dialogs follow, where the platform can.
        match self.choice:
            case ThemeChoice.SYSTEM:
                hints.unsetColorScheme()
                dark = hints.colorScheme() == Qt.ColorScheme.Dark
            case ThemeChoice.LIGHT:
                hints.setColorScheme(Qt.ColorScheme.Light)
                dark = False
            case ThemeChoice.DARK:
                hints.setColorScheme(Qt.ColorScheme.Dark)
                dark = True
        self.theme = DARK if dark else LIGHT
        self._application.setPalette(palette_of(self.theme))
        self._text_pt = _text_pt()
        self._application.setStyleSheet(style_sheet_of(self.theme, self._text_pt))
        self.changed.emit(self.theme)


def palette_of(theme: Theme) -> QPalette:
    """The Qt palette that the Fusion style paints with."""
    palette = QPalette()
    role = QPalette.ColorRole
    for colour_role, colour in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.window),
        (role.Text, theme.text),
        (role.Button, theme.surface),
        (role.ButtonText, theme.text),
        (role.BrightText, theme.on_accent),
        (role.ToolTipBase, theme.surface),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Link, theme.accent),
        (role.LinkVisited, theme.accent),
        (role.Accent, theme.accent),
        (role.Mid, theme.border),
        (role.Midlight, theme.hover),
        (role.Dark, theme.outline),
        (role.Light, theme.surface),
    ):
        palette.setColor(colour_role, QColor(colour))
    for colour_role in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, colour_role, QColor(theme.disabled))
    return palette


def style_sheet_of(theme: Theme, text_pt: float = 9.0) -> str:
    """The style sheet of the whole application.

    Args:
        text_pt: how large the system's text is; headings are larger by a factor.
    """
    sheet = _SHEET.replace("@heading_pt@", f"{_HEADING * text_pt:.1f}")
    sheet = sheet.replace("@title_pt@", f"{_TITLE * text_pt:.1f}")
    for name in Theme.__dataclass_fields__:
        sheet = sheet.replace(f"@{name}@", getattr(theme, name))
    return sheet.replace("@icons@", ICON_FOLDER.as_posix())


def _text_pt() -> float:
    """How large the system's text is, in points."""
    return QFontInfo(QGuiApplication.font()).pointSizeF()


def _luminance(colour: QColor) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# Names between @ are colours of the theme; they are longest first where one begins another.
_SHEET: Final = """
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QToolTip { color: @text@; background: @surface@; border: 1px solid @border@; padding: 4px 6px; }
QMainWindow::separator { width: 0; }
QToolBar { background: @window@; border: none; border-bottom: 1px solid @border@; padding: 4px 8px;
  spacing: 4px; }
QToolBar::separator { background: @border@; width: 1px; margin: 6px 4px; }
QToolBar QToolButton, QToolButton#flat { border: 1px solid transparent; border-radius: 6px;
  padding: 4px 8px; color: @text@; background: transparent; }
QToolBar QToolButton:hover, QToolButton#flat:hover { background: @hover@; }
QToolBar QToolButton:pressed, QToolButton#flat:pressed { background: @accent_soft@; }
QToolBar QToolButton:checked, QToolButton#flat:checked { background: @accent_soft@;
  border-color: @accent@; }
QToolBar QToolButton:focus, QToolButton#flat:focus { border-color: @accent@; }
QToolBar QToolButton:disabled, QToolButton#flat:disabled { color: @disabled@; }
QToolButton#flat::menu-indicator { image: none; width: 0; }
QToolBar QToolButton[popupMode="2"] { padding-right: 24px; }
QToolBar QToolButton::menu-indicator { image: url("@icons@/down-@name@.svg"); width: 12px;
  height: 12px; subcontrol-origin: padding; subcontrol-position: right center; right: 6px; }
QMenuBar { background: @window@; border-bottom: 1px solid @border@; padding: 2px 4px; }
QMenuBar::item { padding: 4px 8px; border-radius: 4px; background: transparent; }
QMenuBar::item:selected { background: @hover@; }
QMenu { background: @surface@; border: 1px solid @border@; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 8px; border-radius: 4px; }
QMenu::icon { padding-left: 6px; }
QMenu::item:selected { background: @accent_soft@; color: @text@; }
QMenu::item:disabled { color: @disabled@; }
QMenu::separator { height: 1px; background: @border@; margin: 4px 8px; }
QStatusBar { background: @window@; border-top: 1px solid @border@; }
QStatusBar::item { border: none; }
QDialogButtonBox { dialogbuttonbox-buttons-have-icons: 0; }
QPushButton { background: @surface@; color: @text@; border: 1px solid @outline@; border-radius: 6px;
  padding: 7px 14px; }
QPushButton:hover { background: @hover@; }
QPushButton:pressed { background: @accent_soft@; }
QPushButton:focus { border: 2px solid @accent@; padding: 6px 13px; }
QPushButton:disabled { color: @disabled@; border-color: @border@; background: @window@; }
QPushButton#primary { background: @accent@; color: @on_accent@; border-color: @accent@;
  font-weight: 600; }
QPushButton#primary:hover { background: @accent_hover@; border-color: @accent_hover@; }
QPushButton#primary:focus { border: 2px solid @text@; }
QPushButton#primary:disabled { background: @border@; border-color: @border@; color: @muted@; }
QPushButton#link { border: 1px solid transparent; background: transparent; color: @accent@;
  padding: 4px 8px; font-weight: 600; }
QPushButton#link:hover { background: @hover@; }
QPushButton#link:focus { border: 2px solid @accent@; padding: 3px 7px; }
QPushButton#recent { border: 1px solid transparent; background: transparent; text-align: left;
  padding: 6px 8px; }
QPushButton#recent:hover { background: @hover@; }
QPushButton#recent:focus { border: 2px solid @accent@; padding: 5px 7px; }
QToolButton#chip { border: 1px solid @border@; border-radius: 13px; padding: 3px 11px;
  background: @surface@; color: @text@; min-height: 18px; }
QToolButton#chip:hover { background: @hover@; }
QToolButton#chip:checked { background: @accent_soft@; border-color: @accent@; color: @text@; }
QToolButton#chip:focus { border: 2px solid @accent@; padding: 2px 10px; }
QToolButton#chip::menu-indicator { image: none; width: 0; }
QComboBox { combobox-popup: 0; background: @surface@; border: 1px solid @outline@;
  border-radius: 6px;
  padding: 4px 8px; min-height: 18px; color: @text@; }
QComboBox:hover { background: @hover@; }
QComboBox:focus { border: 2px solid @accent@; padding: 3px 7px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url("@icons@/down-@name@.svg"); width: 14px; height: 14px; }
QComboBox QAbstractItemView { background: @surface@; border: 1px solid @border@;
  selection-background-color: @accent_soft@; selection-color: @text@; outline: none; }
QLineEdit { background: @surface@; border: 1px solid @outline@; border-radius: 6px;
  padding: 5px 8px; color: @text@; selection-background-color: @accent@;
  selection-color: @on_accent@; }
QLineEdit:focus { border: 2px solid @accent@; padding: 4px 7px; }
QSpinBox { background: @surface@; border: 1px solid @outline@; border-radius: 6px;
  padding: 5px 2px 5px 7px; color: @text@; selection-background-color: @accent@;
  selection-color: @on_accent@; }
QSpinBox:focus { border: 2px solid @accent@; padding: 4px 1px 4px 6px; }
QSpinBox::up-button, QSpinBox::down-button { subcontrol-origin: border; border: none;
  background: transparent; width: 22px; }
QSpinBox::up-button { subcontrol-position: top right; }
QSpinBox::down-button { subcontrol-position: bottom right; }
QSpinBox::up-arrow { image: url("@icons@/up-@name@.svg"); width: 12px; height: 12px; }
QSpinBox::down-arrow { image: url("@icons@/down-@name@.svg"); width: 12px; height: 12px; }
QProgressBar { background: @hover@; border: none; border-radius: 3px; max-height: 6px;
  min-height: 6px; }
QProgressBar::chunk { background: @accent@; border-radius: 3px; }
QScrollBar:vertical { background: transparent; width: 14px; margin: 0; }
QScrollBar::handle:vertical { background: @outline@; border-radius: 4px; min-height: 36px;
  margin: 3px; }
QScrollBar::handle:vertical:hover { background: @muted@; }
QScrollBar::handle:disabled { background: transparent; }
QScrollBar:horizontal { background: transparent; height: 14px; margin: 0; }
QScrollBar::handle:horizontal { background: @outline@; border-radius: 4px; min-width: 36px;
  margin: 3px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QSlider:horizontal { min-height: 22px; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @border@; }
QSlider::sub-page:horizontal { background: @accent@; border-radius: 2px; }
QSlider::handle:horizontal { width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
  background: @surface@; border: 1px solid @outline@; }
QSlider::handle:horizontal:hover { border-color: @accent@; }
QSlider::handle:horizontal:focus { width: 12px; height: 12px; border: 2px solid @accent@; }
QSplitter::handle { background: @border@; }
QSplitter::handle:hover { background: @accent@; }
QFrame#notice-information, QFrame#notice-warning, QFrame#notice-error { border-radius: 8px; }
QFrame#notice-information { background: @info_soft@; border: 1px solid @accent@; }
QFrame#notice-warning { background: @warning_soft@; border: 1px solid @warning@; }
QFrame#notice-error { background: @error_soft@; border: 1px solid @error@; }
QFrame#strip { background: @window@; border-top: 1px solid @border@; }
QFrame#card { background: @surface@; border: 1px solid @border@; border-radius: 10px; }
QFrame#hint { background: @accent_soft@; border: 1px solid @accent@; border-radius: 8px; }
QFrame#rule { background: @border@; border: none; max-height: 1px; min-height: 1px; }
QWidget#page, QWidget#panel { background: @window@; }
QWidget#ground { background: @sunken@; }
QLabel#heading { font-size: @heading_pt@pt; font-weight: 600; }
QLabel#title { font-size: @title_pt@pt; font-weight: 600; }
QLabel#section { font-weight: 600; }
QLabel#muted { color: @muted@; }
QLabel#error { color: @error@; }
QLabel#success { color: @success@; font-weight: 600; }
QListWidget#sections { background: @sunken@; border: none; border-right: 1px solid @border@;
  outline: none; padding: 8px; }
QListWidget#sections::item { padding: 8px; border-radius: 6px; color: @text@; }
QListWidget#sections::item:hover { background: @hover@; }
QListWidget#sections::item:selected { background: @accent_soft@; color: @text@; }
QListWidget#sections::item:focus { border: 2px solid @accent@; padding: 6px; }
QRadioButton, QCheckBox { border: 2px solid transparent; border-radius: 4px; padding: 2px; }
QRadioButton:focus, QCheckBox:focus { border-color: @accent@; }
QRadioButton::indicator, QCheckBox::indicator { width: 14px; height: 14px; background: @surface@;
  border: 1px solid @outline@; border-radius: 8px; }
QCheckBox::indicator { border-radius: 3px; }
QRadioButton::indicator:hover, QCheckBox::indicator:hover { border-color: @accent@; }
QRadioButton::indicator:disabled, QCheckBox::indicator:disabled { border-color: @border@;
  background: @window@; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid @accent@;
  background: @on_accent@; }
QRadioButton::indicator:checked:disabled { border-color: @disabled@; }
QCheckBox::indicator:checked { background: @accent@; border-color: @accent@;
  image: url("@icons@/down-tick-@name@.svg"); }
QCheckBox::indicator:checked:disabled { background: @disabled@; border-color: @disabled@; }
QTreeView#table { background: @surface@; border: 1px solid @outline@; outline: none; }
QTreeView#table:focus { border: 2px solid @accent@; }
QTreeView#table::item { padding: 3px 6px; color: @text@; }
QTreeView#table::item:selected { background: @accent_soft@; color: @text@; }
QTreeView#table QHeaderView::section { background: @window@; color: @muted@; border: none;
  border-bottom: 1px solid @border@; padding: 4px 6px; }
QPlainTextEdit#log { background: @surface@; border: 1px solid @outline@; color: @text@; }
QPlainTextEdit#log:focus { border: 2px solid @accent@; }
QFileDialog { backward-icon: url("@icons@/dialog-back-@name@.svg");
  forward-icon: url("@icons@/dialog-forward-@name@.svg");
  filedialog-parent-directory-icon: url("@icons@/dialog-up-@name@.svg"); }
QTextBrowser#guide { background: @surface@; border: 2px solid transparent; }
QTextBrowser#guide:focus { border-color: @accent@; }
QScrollArea { background: transparent; border: none; }
QScrollArea#scrolled:focus { border: 2px solid @accent@; }
QTabWidget::pane { border: none; border-top: 1px solid @border@; }
QTabBar { background: @window@; }
QTabBar::tab { background: transparent; color: @muted@; padding: 7px 14px; border: none;
  border-bottom: 3px solid transparent; }
QTabBar::tab:hover { color: @text@; background: @hover@; }
QTabBar::tab:selected { color: @text@; border-bottom-color: @accent@; }
QTabBar::tab:focus { color: @text@; background: @accent_soft@; }
QTableView#scores, QTableView#confusion, QTableView#plan { background: @surface@;
  border: 2px solid transparent; outline: none; selection-background-color: @accent_soft@;
  selection-color: @text@; }
QTableView#confusion, QTableView#confusion QTableCornerButton::section { background: @window@;
  border: none; }
QTableView#scores:focus, QTableView#plan:focus, QListView#cell-images:focus {
  border: 2px solid @accent@; }
QTableView#scores QHeaderView::section, QTableView#plan QHeaderView::section {
  background: @surface@; color: @muted@; border: none; border-bottom: 1px solid @border@;
  padding: 4px 8px; }
QTableView#plan::item { padding: 0 6px; }
QTableView#confusion QHeaderView { background: @window@; }
QTableView#confusion QHeaderView::section { background: @window@; color: @muted@; border: none;
  padding: 4px 8px; }
QTableView#confusion QHeaderView::section:checked { color: @text@; }
QListView#cell-images { background: transparent; border: 2px solid transparent; outline: none; }
QListView#recent { background: transparent; border: none; outline: none; }
QListView#classes { background: transparent; border: none; outline: none; }
QListView#gallery { background: @sunken@; border: none; outline: none; }
QGraphicsView#picture { background: @sunken@; border: none; }
"""

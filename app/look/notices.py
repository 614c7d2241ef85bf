"""Sentences for the person, shown in bars above the work; nothing ever blocks it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.look.icons import icon, pixmap
from app.look.theme import GAP_PX, Theme
from app.look.words import told

_MAX_SHOWN: Final = 3
_INFORMATION_MS: Final = 12_000


class Severity(Enum):
    """How loud a notice is."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


class Remedy(Enum):
    """What a notice's button does about it."""

    UNDO = "undo"
    FIND_FOLDER = "find-folder"
    RESCAN = "rescan"
    SHOW_EXPORT = "show-export"
    SHOW_SAVE = "show-save"
    FINETUNE = "finetune"
    OPEN_REPORT = "open-report"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and at most one button."""

    text: str
    severity: Severity = Severity.ERROR
    remedy: Remedy | None = None


class NoticeBars(QWidget):
    """The notices not yet dismissed, the newest on top.

    Signals:
        remedy_requested: the :class:`Remedy` of a notice whose button was pressed.
    """

    remedy_requested = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bars: list[_NoticeBar] = []
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def texts(self) -> list[str]:
        """What is shown, the newest first."""
        return [bar.notice.text for bar in self._bars]

    def add(self, notice: Notice) -> None:
        """Show a notice; one that is shown already moves to the top."""
        notice = replace(notice, text=told(notice.text))
        for bar in [item for item in self._bars if item.notice.text == notice.text]:
            self._remove(bar)
        bar = _NoticeBar(notice, self._theme, self)
        bar.dismissed.connect(self._remove)
        bar.remedy_requested.connect(self._on_remedy)
        self._bars.insert(0, bar)
        self._layout.insertWidget(0, bar)
        for surplus in self._bars[_MAX_SHOWN:]:
            self._remove(surplus)

    def notices(self) -> list[Notice]:
        """What is shown, the newest first."""
        return [bar.notice for bar in self._bars]

    def withdraw(self, remedy: Remedy) -> None:
        """Dismiss the notices with that button; it no longer means what they say."""
        for bar in [item for item in self._bars if item.notice.remedy is remedy]:
            self._remove(bar)

    def clear(self) -> None:
        """Dismiss everything."""
        for bar in list(self._bars):
            self._remove(bar)

    def set_theme(self, theme: Theme) -> None:
        """Recolour the icons."""
        self._theme = theme
        for bar in self._bars:
            bar.set_theme(theme)

    def _on_remedy(self, bar: _NoticeBar) -> None:
        remedy = bar.notice.remedy
        self._remove(bar)
        self.remedy_requested.emit(remedy)

    def _remove(self, bar: _NoticeBar) -> None:
        if bar in self._bars:
            self._bars.remove(bar)
            self._layout.removeWidget(bar)
            bar.hide()
            bar.deleteLater()


class _NoticeBar(QFrame):
    dismissed = Signal(object)
    remedy_requested = Signal(object)

    def __init__(self, notice: Notice, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.setObjectName(f"notice-{notice.severity.value}")
        self._picture = QLabel()
        text = QLabel(notice.text)
        text.setWordWrap(True)
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setObjectName("flat")
        self._close.setToolTip(self.tr("Dismiss"))
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.clicked.connect(self._on_dismiss)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GAP_PX, GAP_PX // 2, GAP_PX, GAP_PX // 2)
        row.setSpacing(GAP_PX)
        row.addWidget(self._picture)
        row.addWidget(text, 1)
        if notice.remedy is not None:
            button = QPushButton(self._text_of(notice.remedy))
            button.setObjectName("link")
            button.clicked.connect(self._on_remedy)
            row.addWidget(button)
        row.addWidget(self._close)
        self.set_theme(theme)
        if notice.severity is Severity.INFORMATION and notice.remedy in (None, Remedy.UNDO):
            # Nothing is lost with it: what it tells can be seen, and Undo is in the menu, too.
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self._on_dismiss)
            timer.start(_INFORMATION_MS)

    def set_theme(self, theme: Theme) -> None:
        name, colour = {
            Severity.INFORMATION: ("info", theme.accent),
            Severity.WARNING: ("warning", theme.warning),
            Severity.ERROR: ("error", theme.error),
        }[self.notice.severity]
        self._picture.setPixmap(pixmap(name, colour, 20, self.devicePixelRatioF()))
        self._close.setIcon(icon("close"))

    def _text_of(self, remedy: Remedy) -> str:
        match remedy:
            case Remedy.UNDO:
                return self.tr("Undo")
            case Remedy.FIND_FOLDER:
                return self.tr("Find folder…")
            case Remedy.RESCAN:
                return self.tr("Look again")
            case Remedy.SHOW_EXPORT | Remedy.SHOW_SAVE | Remedy.FINETUNE:
                return self.tr("Show")
            case Remedy.OPEN_REPORT:
                return self.tr("Open")

    def _on_dismiss(self) -> None:
        self.dismissed.emit(self)

    def _on_remedy(self) -> None:
        self.remedy_requested.emit(self)

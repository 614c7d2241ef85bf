"""Sentences for the person, on a card over the page's lower edge; nothing ever blocks the work.

What only informs, and what a small mistake was refused with, leaves by itself once it could be
read; lost work or files, and what asks for something, stay until they are closed. The newest lies
on top and says how many lie under it. All are in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from PySide6.QtCore import QEvent, QLocale, QObject, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.look.announcing import announce
from app.look.icons import icon, pixmap
from app.look.theme import GAP_PX, Theme
from app.look.words import told
from engine import Sentence

_MOST_KEPT: Final = 20
_MOST_OPEN: Final = 4  # Where all are to be seen: the newest; the others come as these are closed.
_MOST_CHARS: Final = 100  # In a line, with the buttons behind it.
_LEAST_MS: Final = 6_000
_MS_A_CHAR: Final = 80  # Twice as long as reading takes.
_log = logging.getLogger(__name__)


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
    SHOW_RESULT = "show-result"
    SHOW_ENCODERS = "show-encoders"
    FINETUNE = "finetune"
    OPEN_REPORT = "open-report"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence, and at most one button; ``result`` names what SHOW_RESULT shows.

    A slip is what was refused and can be tried again (a name that is taken, a file that is no list
    of classes): nothing is lost with it.
    """

    text: str
    severity: Severity = Severity.ERROR
    remedy: Remedy | None = None
    result: str = ""
    is_slip: bool = False

    @property
    def leaves(self) -> bool:
        """Whether nothing is lost with it: it only informs, and Undo is in the menu, too."""
        informs = self.severity is Severity.INFORMATION or self.is_slip
        return informs and self.remedy in (None, Remedy.UNDO)


class NoticeBars(QWidget):
    """The notices not yet dismissed, over the lower edge of the page: nothing moves for them.

    It is a child of what it lies over and places itself. No timer runs while the person cannot
    have seen it (the window is not the active one) or has the mouse or the focus on it.

    Signals:
        remedy_requested: the :class:`Remedy` of a notice whose button was pressed.
        result_requested: in place of SHOW_RESULT, the name of the entry whose result was told.
        left: what had the keyboard's attention is gone.
    """

    remedy_requested = Signal(object)
    result_requested = Signal(str)
    left = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("Notices"))
        self._theme = theme
        self._bars: list[_NoticeBar] = []
        self._is_open = False  # All are to be seen, and not only the newest.
        self._room: Callable[[], QRect] = parent.rect
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(GAP_PX // 2)
        self._timed: _NoticeBar | None = None  # What the timer is about.
        self._leaving = QTimer(self)
        self._leaving.setSingleShot(True)
        self._leaving.timeout.connect(self._on_time)
        parent.installEventFilter(self)
        parent.window().installEventFilter(self)
        QApplication.instance().focusChanged.connect(self._on_focus)  # type: ignore[union-attr]
        self.hide()

    def lie_in(self, room: Callable[[], QRect], page: QWidget) -> None:
        """Lie at the lower left of what ``room`` gives, in the coordinates of the parent.

        Args:
            room: asked anew whenever the parent or ``page`` has another size.
            page: a part of the parent, whose size may change alone.
        """
        self._room = room
        page.installEventFilter(self)
        self.place()

    def key_help(self) -> list[tuple[str, str]]:
        """Their key, for the key sheet."""
        return [(self.tr("Esc"), self.tr("Close the newest notice, where Esc means nothing else"))]

    # --- What there is ----------------------------------------------------------------------------

    def texts(self) -> list[str]:
        """What is not dismissed, the newest first."""
        return [bar.notice.text for bar in self._bars]

    def notices(self) -> list[Notice]:
        """What is not dismissed, the newest first."""
        return [bar.notice for bar in self._bars]

    def add(self, notice: Notice) -> None:
        """Show a notice, log it and have it read aloud; one there is already is counted again."""
        level = logging.INFO if notice.severity is Severity.INFORMATION else logging.WARNING
        text = notice.text
        english = text.english if isinstance(text, Sentence) else text
        _log.log(level, "told the person: %s", english)
        bar = self._add(notice)
        announce(self, bar.accessibleName(), is_urgent=notice.severity is Severity.ERROR)

    def restore(self, notices: Sequence[Notice]) -> None:
        """Show, in place of all, what :meth:`notices` gave of another window."""
        self.clear()
        for notice in reversed(notices):
            self._add(notice)

    def withdraw(self, remedy: Remedy) -> None:
        """Dismiss the notices with that button; it no longer means what they say."""
        for bar in [item for item in self._bars if item.notice.remedy is remedy]:
            self._remove(bar)

    def withdraw_all(self, notices: Sequence[Notice]) -> None:
        """Dismiss these, where they are still there and were not told again since."""
        for bar in [item for item in self._bars if any(item.notice is old for old in notices)]:
            self._remove(bar)

    def dismiss(self) -> bool:
        """Dismiss the newest one; whether there was one."""
        if self._bars:
            self._remove(self._bars[0])
            return True
        return False

    def clear(self) -> None:
        """Dismiss everything."""
        for bar in list(self._bars):
            self._remove(bar)

    def set_theme(self, theme: Theme) -> None:
        """Recolour the icons."""
        self._theme = theme
        for bar in self._bars:
            bar.set_theme(theme)

    # --- Showing ----------------------------------------------------------------------------------

    def place(self) -> None:
        """Lie where there is room now."""
        shown = [bar for bar in self._bars if not bar.isHidden()]
        room = self._room().adjusted(2 * GAP_PX, GAP_PX, -2 * GAP_PX, -GAP_PX)
        if not shown or room.width() <= 0:
            return
        most = _MOST_CHARS * self.fontMetrics().averageCharWidth()
        wanted = max(bar.natural_width() for bar in shown)
        width = min(room.width(), max(most, GAP_PX), wanted)
        height = sum(bar.heightForWidth(width) for bar in shown)
        height = min(height + (len(shown) - 1) * self._layout.spacing(), room.height())
        self.setGeometry(room.left(), room.bottom() + 1 - height, width, height)
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.place()
            if self._bars:  # What lies within has not followed yet.
                QApplication.postEvent(self, QEvent(QEvent.Type.LayoutRequest))
        elif kind in (QEvent.Type.WindowActivate, QEvent.Type.WindowDeactivate):
            self._wait()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.place()
        return handled

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._leaving.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._wait()

    def _add(self, notice: Notice) -> _NoticeBar:
        notice = replace(notice, text=told(notice.text))
        count = 1
        for old in [item for item in self._bars if item.notice.text == notice.text]:
            count += old.count
            self._remove(old)
        bar = _NoticeBar(notice, count, self._theme, self)
        bar.dismissed.connect(self._remove)
        bar.remedy_requested.connect(self._on_remedy)
        bar.opened.connect(self._on_opened)
        self._bars.insert(0, bar)
        self._layout.insertWidget(0, bar)
        while len(self._bars) > _MOST_KEPT:  # The log has them.
            leaving = [item for item in self._bars if item.notice.leaves]
            self._remove((leaving or self._bars)[-1])
        self._show()
        return bar

    def _show(self) -> None:
        n_shown = _MOST_OPEN if self._is_open else 1
        for number, bar in enumerate(self._bars):
            bar.setVisible(number < n_shown)
            bar.show_others(len(self._bars) - 1 if number == 0 else 0, is_open=self._is_open)
        self.setVisible(bool(self._bars))
        self.place()
        self._wait()

    def _wait(self) -> None:
        """Let the newest leave once it could be read, if it may and nobody is at it."""
        focus = QApplication.focusWidget()
        is_held = self.underMouse() or (focus is not None and self.isAncestorOf(focus))
        if (
            self._bars
            and self._bars[0].notice.leaves
            and not self._is_open
            and not is_held
            and self.window().isActiveWindow()
        ):
            if not self._leaving.isActive() or self._timed is not self._bars[0]:
                self._timed = self._bars[0]
                self._leaving.start(self._timed.reading_ms())
        else:
            self._leaving.stop()

    def _on_time(self) -> None:
        self.dismiss()

    def _on_focus(self, _old: QWidget | None, _new: QWidget | None) -> None:
        self._wait()

    def _on_opened(self) -> None:
        self._is_open = not self._is_open
        self._show()

    def _on_remedy(self, bar: _NoticeBar) -> None:
        remedy, result = bar.notice.remedy, bar.notice.result
        self._remove(bar)
        if remedy is Remedy.SHOW_RESULT:
            self.result_requested.emit(result)
        else:
            self.remedy_requested.emit(remedy)

    def _remove(self, bar: _NoticeBar) -> None:
        if bar not in self._bars:
            return
        focus = QApplication.focusWidget()
        had_focus = focus is not None and bar.isAncestorOf(focus)
        self._bars.remove(bar)
        self._layout.removeWidget(bar)
        bar.hide()
        bar.deleteLater()
        if self._timed is bar:
            self._leaving.stop()
            self._timed = None
        if len(self._bars) < 2:
            self._is_open = False
        self._show()
        if had_focus:
            self.left.emit()


class _NoticeBar(QFrame):
    dismissed = Signal(object)
    remedy_requested = Signal(object)
    opened = Signal()

    def __init__(self, notice: Notice, count: int, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.notice = notice
        self.count = count
        self.setObjectName(f"notice-{notice.severity.value}")
        self.setAccessibleName(self._spoken())
        self._picture = QLabel()
        shown = notice.text
        if count > 1:
            times = QLocale().toString(count)
            shown = self.tr("{text} ({count} times)").format(text=shown, count=times)
        self._text = QLabel(shown)
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.others_button = QPushButton()
        self.others_button.clicked.connect(self.opened)
        self.others_button.hide()
        self._close = QToolButton()
        self._close.setObjectName("flat")
        self._close.setIconSize(QSize(16, 16))
        self._close.setToolTip(self.tr("Dismiss (Esc)"))
        self._close.setAccessibleName(self.tr("Dismiss"))
        self._close.clicked.connect(self._on_dismiss)
        buttons: list[QPushButton] = [self.others_button]
        if notice.remedy is not None:
            button = QPushButton(self._text_of(notice.remedy))
            button.clicked.connect(self._on_remedy)
            buttons.insert(0, button)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(2 * GAP_PX, GAP_PX, GAP_PX, GAP_PX)
        self._row.setSpacing(GAP_PX)
        self._row.addWidget(self._picture)
        self._row.addWidget(self._text, 1)
        for button in buttons:
            button.setObjectName("link")
            # A click on a notice leaves the keyboard's attention with the images.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._row.addWidget(button)
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._row.addWidget(self._close)
        self.set_theme(theme)

    def reading_ms(self) -> int:
        """How long it stays."""
        return max(_LEAST_MS, _MS_A_CHAR * len(self._text.text()))

    def natural_width(self) -> int:
        """How wide it is with its text in one line, in points."""
        lines = self._text.text().split("\n")
        text = max(self._text.fontMetrics().horizontalAdvance(line) for line in lines)
        return self._row.sizeHint().width() - self._text.sizeHint().width() + text + GAP_PX

    def show_others(self, n_others: int, *, is_open: bool) -> None:
        """Offer to show the notices under this one, or to show only this one again."""
        self.others_button.setVisible(n_others > 0)
        count = QLocale().toString(n_others)
        more = self.tr("{count} More").format(count=count)
        self.others_button.setText(self.tr("Show Less") if is_open else more)
        self.others_button.setAccessibleName(
            self.tr("Show only the newest notice")
            if is_open
            else self.tr("Show 1 more notice")
            if n_others == 1
            else self.tr("Show {count} more notices").format(count=count)
        )
        self.others_button.setToolTip(self.others_button.accessibleName())

    def set_theme(self, theme: Theme) -> None:
        name, colour = {
            Severity.INFORMATION: ("info", theme.accent),
            Severity.WARNING: ("warning", theme.warning),
            Severity.ERROR: ("error", theme.error),
        }[self.notice.severity]
        self._picture.setPixmap(pixmap(name, colour, 20, self.devicePixelRatioF()))
        self._close.setIcon(icon("close"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._on_dismiss()
        else:
            super().keyPressEvent(event)

    def _spoken(self) -> str:
        match self.notice.severity:
            case Severity.INFORMATION:
                pattern = self.tr("Notice: {text}")
            case Severity.WARNING:
                pattern = self.tr("Warning: {text}")
            case Severity.ERROR:
                pattern = self.tr("Error: {text}")
        return pattern.format(text=self.notice.text)

    def _text_of(self, remedy: Remedy) -> str:
        match remedy:
            case Remedy.UNDO:
                return self.tr("Undo")
            case Remedy.FIND_FOLDER:
                return self.tr("Find folder…")
            case Remedy.RESCAN:
                return self.tr("Look again")
            case Remedy.SHOW_RESULT | Remedy.SHOW_ENCODERS | Remedy.FINETUNE:
                return self.tr("Show")
            case Remedy.OPEN_REPORT:
                return self.tr("Open")
            case Remedy.REPAIR:
                return self.tr("Repair")

    def _on_dismiss(self) -> None:
        self.dismissed.emit(self)

    def _on_remedy(self) -> None:
        self.remedy_requested.emit(self)

"""All that is under way, where it is more than one thing: a button and the list it opens."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QLocale, QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.look.icons import icon
from app.look.progress_words import words_of
from app.look.theme import GAP_PX, Theme
from app.session.works import Work, Works

_WIDTH_PX: Final = 420


class AllWorkButton(QToolButton):
    """Says how much is under way, where it is more than one thing; opens the list of it."""

    def __init__(self, works: Works, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flat")
        self._works = works
        self._list: WorkList | None = None
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.clicked.connect(self._on_clicked)
        self.set_theme(theme)
        self.show_count()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.setIcon(icon("down", theme.muted))

    def show_count(self) -> None:
        """Show how much is under way now."""
        count = len(self._works.running)
        self.setVisible(count > 1)
        if count > 1:
            self.setText(QLocale().toString(count))
            tip = self.tr("Show all {count} things under way").format(
                count=QLocale().toString(count)
            )
            self.setToolTip(tip)
            self.setAccessibleName(tip)

    def list_shown(self) -> WorkList | None:
        """The list while it is open."""
        return self._list

    def _on_clicked(self) -> None:
        if self._list is not None:
            self._list.close()
            return
        self._list = WorkList(self._works, self)
        self._list.destroyed.connect(self._on_closed)
        self._list.show_above(self)

    def _on_closed(self) -> None:
        self._list = None


class WorkList(QFrame):
    """What each piece of work does, how far it is, and a button that stops it.

    It closes when the person clicks elsewhere or presses Esc, and when nothing is left.
    """

    def __init__(self, works: Works, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("card")
        self.setAccessibleName(self.tr("Work under way"))
        self._works = works
        self._anchor = QPoint()
        self._rows: dict[Work, _WorkRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(2 * GAP_PX, GAP_PX, 2 * GAP_PX, GAP_PX)
        self._column.setSpacing(GAP_PX)
        works.changed.connect(self._show)
        self._show()

    def rows(self) -> list[_WorkRow]:
        """The rows, in the order in which the work began."""
        return [self._rows[work] for work in self._works.running if work in self._rows]

    def show_above(self, widget: QWidget) -> None:
        """Open it over a widget, inside the screen."""
        self._anchor = widget.mapToGlobal(QPoint(0, 0))
        self.show()
        rows = self.rows()
        if rows:
            rows[0].button.setFocus(Qt.FocusReason.PopupFocusReason)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._place()

    def _place(self) -> None:
        self.adjustSize()
        room = QGuiApplication.primaryScreen().availableGeometry()
        screen = QGuiApplication.screenAt(self._anchor)
        if screen is not None:
            room = screen.availableGeometry()
        left = min(self._anchor.x(), room.right() - self.width())
        top = max(room.top(), self._anchor.y() - self.height() - GAP_PX // 2)
        self.move(max(room.left(), left), top)

    def _show(self) -> None:
        running = self._works.running
        is_new = set(running) != set(self._rows)
        for work in [work for work in self._rows if work not in running]:
            row = self._rows.pop(work)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for work in running:
            if work not in self._rows:
                self._rows[work] = _WorkRow(work, self)
                self._column.addWidget(self._rows[work])
            self._rows[work].show_work()
        if not running:
            self.close()
        elif is_new and self.isVisible():
            self._place()


class _WorkRow(QWidget):
    def __init__(self, work: Work, parent: QWidget) -> None:
        super().__init__(parent)
        self._work = work
        self.title = QLabel()
        self.title.setObjectName("section")
        self.words = QLabel()
        self.words.setObjectName("muted")
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        for label in (self.title, self.words):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self.button = QToolButton()
        self.button.setObjectName("flat")
        self.button.setIconSize(QSize(16, 16))
        self.button.clicked.connect(self._on_clicked)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP_PX)
        grid.setVerticalSpacing(GAP_PX // 2)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.title, 0, 0)
        grid.addWidget(self._bar, 1, 0)
        grid.addWidget(self.words, 2, 0)
        grid.addWidget(self.button, 0, 1, 3, 1, Qt.AlignmentFlag.AlignVCenter)
        self.setMinimumWidth(_WIDTH_PX)

    def show_work(self) -> None:
        work = self._work
        self.title.setText(work.title)
        self.words.setText(
            self.tr("Paused") if work.is_paused else words_of_work(work, with_title=False)
        )
        self.words.setVisible(self.words.text() != work.title)
        show_bar(self._bar, work)
        self.button.setIcon(icon("next" if work.is_paused else "stop"))
        self.button.setEnabled(work.is_paused or work.can_stop)
        tip = self.tr("Go on") if work.is_paused else work.stop_text
        self.button.setToolTip(tip)
        self.button.setAccessibleName(
            self.tr("{work}: {action}").format(work=work.title, action=tip)
        )

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LanguageChange:
            self.show_work()
        return super().event(event)

    def _on_clicked(self) -> None:
        if self._work.is_paused:
            self._work.go_on()
        else:
            self._work.stop()


def words_of_work(work: Work, *, with_title: bool = True) -> str:
    """How far it is, in one line; with its title where the words would not tell what it is."""
    if work.progress is None:
        return work.title
    words = words_of(work.progress)
    if not (work.is_named and with_title):
        return words
    pattern = QCoreApplication.translate("WorkList", "{work}: {progress}")
    return pattern.format(work=work.title, progress=words)


def show_bar(bar: QProgressBar, work: Work) -> None:
    """The same as a bar; it runs to and fro where the end is not known."""
    progress = work.progress
    if work.is_paused:
        bar.setRange(0, max(1, progress.total if progress is not None else 1))
    elif progress is None or not progress.total:
        bar.setRange(0, 0)
    else:
        bar.setRange(0, progress.total)
        bar.setValue(progress.done)

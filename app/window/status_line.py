"""The line at the bottom: what the engine does, how far it is, and how good it is."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from app.evaluation.figures import Figures
from app.gallery.gallery_model import plain_tip
from app.look.icons import icon, pixmap
from app.look.progress_words import DOT
from app.look.theme import GAP_PX, Theme
from app.session.image_table import NO_CLASS
from app.session.session import Session
from app.session.works import Rank
from app.training.effort import EffortButton
from app.window.work_list import AllWorkButton, show_bar, words_of_work

_WIDE_PX: Final = 1160  # From here on there is room for a whole sentence about the accuracy.
_BAR_PX: Final = 160  # Where there is room.
_LEAST_PX: Final = 48  # Of the words beside the numbers of progress.
_FAILURE_PX: Final = 420  # Of a sentence about the engine; the whole of it is in a notice.


class StatusLine(QWidget):
    """Shows the state of the session; it fills the status bar.

    Signals:
        pause_requested: stop, or go on with, the work that is shown.
    """

    pause_requested = Signal()

    def __init__(
        self, session: Session, figures: Figures, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._pictures = ("", "", "")  # Of engine and button as shown: drawing them takes 3 ms.
        self._picture = QLabel()
        self.engine = QLabel()
        self.work = WorkLabel()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(_BAR_PX)
        self.button = QToolButton()
        self.button.setObjectName("flat")
        self.button.clicked.connect(self.pause_requested)
        self.all_work = AllWorkButton(session.works, theme)
        self.effort = EffortButton(session, figures, theme)
        self.numbers = QLabel()
        for label in (self.engine, self.numbers):
            label.setObjectName("muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_PX, 0, GAP_PX, 0)
        row.setSpacing(GAP_PX)
        row.addWidget(self._picture)
        row.addWidget(self.engine)
        row.addSpacing(GAP_PX)
        row.addWidget(self._bar)
        row.addWidget(self.button)
        row.addWidget(self.all_work)
        row.addWidget(self.work, 1)
        row.addWidget(self.effort)
        row.addSpacing(GAP_PX)
        row.addWidget(self.numbers)
        self.setMinimumHeight(30)
        session.status_changed.connect(self.show_status)
        session.works.changed.connect(self._show_work)
        session.counts_changed.connect(self.show_numbers)
        session.project_changed.connect(self.show_numbers)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme
        self._pictures = ("", "", "")
        self.effort.set_theme(theme)
        self.all_work.set_theme(theme)
        self.show_status()
        self.show_numbers()

    def show_status(self) -> None:
        """Show engine, work and effort as they are now."""
        session, theme = self._session, self._theme
        colour, name = theme.muted, "device"
        if session.engine_failure:
            colour, name, tip = theme.error, "error", session.engine_failure
            text = self.fontMetrics().elidedText(
                self.tr("No predictions: {reason}").format(reason=tip),
                Qt.TextElideMode.ElideRight,
                _FAILURE_PX,
            )
        elif session.bridge.is_restarting:
            text, tip = self.tr("Engine is restarting…"), self.tr("You can label meanwhile.")
        elif session.engine is None:
            text, tip = self.tr("Engine is loading…"), self.tr("You can label meanwhile.")
        else:
            text = session.engine.device
            tip = session.engine.notice or self.tr("{encoder} on {provider}").format(
                encoder=session.engine.encoder_name, provider=session.engine.provider
            )
            if session.engine.notice:
                colour, name = theme.warning, "warning"
        self.engine.setText(text)
        self.engine.setToolTip(plain_tip(tip))
        first = session.works.first
        button = "next" if first is not None and first.is_paused else "stop"
        if self._pictures != (name, colour, button):
            self._pictures = (name, colour, button)
            self._picture.setPixmap(pixmap(name, colour, 16, self.devicePixelRatioF()))
            self.button.setIcon(icon(button))
        self._show_work()
        self.effort.show_effort()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_compact = event.size().width() < _WIDE_PX
        self.effort.set_compact(is_compact)
        self._bar.setFixedWidth(_BAR_PX // 2 if is_compact else _BAR_PX)

    def show_numbers(self) -> None:
        """Show how many images are what."""
        if self._session.project is None:
            self.numbers.setText("")
            return
        locale, table = QLocale(), self._session.table
        n_labelled = int(np.count_nonzero((table.labels != NO_CLASS) & ~table.missing))
        n_none = table.count_negatives()
        n_predicted = int(np.count_nonzero(table.predicts))
        n_unreadable = int(np.count_nonzero(table.unreadable & ~table.missing))
        labelled = (
            self.tr("{count} labelled, {none} of them none of these")
            if n_none
            else self.tr("{count} labelled")
        )
        parts = [
            labelled.format(count=locale.toString(n_labelled), none=locale.toString(n_none)),
            self.tr("{count} predicted").format(count=locale.toString(n_predicted)),
        ]
        if n_unreadable:
            parts.append(self.tr("{count} unreadable").format(count=locale.toString(n_unreadable)))
        self.numbers.setText(DOT.join(parts))

    def _show_work(self) -> None:
        """Show what comes first; the button beside it lists all where there is more."""
        works = [work for work in self._session.works.running if work.rank > Rank.BEHIND]
        first = self._session.works.first if works else None
        self._bar.setVisible(first is not None and not first.is_paused)
        self.button.setVisible(first is not None and (first.is_paused or first.can_stop))
        self.all_work.show_count()
        if first is None:
            self.work.setText("")
            return
        if first.is_paused:
            self.button.setToolTip(self.tr("Go on with the other images"))
            self.work.setText(self.tr("Stopped; some images are not classified yet"))
        else:
            self.button.setToolTip(first.stop_text)
            self.work.setText(words_of_work(first))
        self.button.setAccessibleName(self.button.toolTip())
        show_bar(self._bar, first)


class WorkLabel(QLabel):
    """What is done and how far it is; where there is no room, the words give way to the numbers.

    Then a tip says all of it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawText(
            self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.shown()
        )
        painter.end()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            self.setToolTip("" if self.shown() == self.text() else plain_tip(self.text()))
        return super().event(event)

    def shown(self) -> str:
        """What there is room for."""
        metrics, text, end = self.fontMetrics(), self.text(), Qt.TextElideMode.ElideRight
        words, dot, numbers = text.partition(DOT)
        room = self.width() - metrics.horizontalAdvance(dot + numbers)
        if metrics.horizontalAdvance(text) <= self.width() or room < _LEAST_PX:
            return metrics.elidedText(text, end, self.width())
        return metrics.elidedText(words, end, room) + dot + numbers

"""What the dialogs of results share: a choice, how far it is, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication, QKeyEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.look.dialog_room import room_for
from app.look.icons import pixmap
from app.look.progress_words import words_of
from app.look.theme import GAP_PX, Theme
from app.look.words import told_event
from app.results.plan_table import FEWEST_LINES, MOST_LINES, PlanTable
from app.session.session import Session
from app.session.tasks import Task
from engine import Project, messages

_CHOICE, _PROGRESS, _RESULT = range(3)
_LONG_WORD: Final = re.compile(r"[^\s\u200b]{24}(?=[^\s\u200b])")


class ResultDialog(QDialog):
    """A dialog of three pages, of which one is shown: a choice, progress, and the result.

    It does not hold up anything: labelling can go on while it works, and closing it leaves the
    work running in the background; only Cancel ends it. Subclasses say what there is to choose,
    begin the task and put its result into words. Where the result is a file, see
    :class:`app.results.save_dialog.SaveDialog`.

    Signals:
        ended_unseen: a headline or a sentence, and whether it failed, while the dialog was closed.
        cancelled_unseen: a sentence; it was cancelled elsewhere, while the dialog was closed.
    """

    ended_unseen = Signal(str, bool)
    cancelled_unseen = Signal(str)
    WIDTH_PX = 600

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._theme = theme
        self._task: Task | None = None
        self._project: Project | None = None  # That of the task.
        self._result: messages.Result | None = None
        self._is_news = False  # It ended unseen: the next time, show that.
        self.setWindowTitle(self.title())
        self._page = _CHOICE
        self._buttons_of: dict[QPushButton, tuple[int, ...]] = {}
        self._offered_if: dict[QPushButton, Callable[[], bool]] = {}
        self._revealed: QWidget | None = None
        self._reveal_timer = QTimer(self, singleShot=True, interval=0)
        self._reveal_timer.timeout.connect(self._on_reveal)
        self._pages = (self._build_choice(), self._build_progress(), self._build_result())
        role = QDialogButtonBox.ButtonRole
        self._buttons = QDialogButtonBox()  # In the order that the platform has.
        choice, progress, result = (_CHOICE,), (_PROGRESS,), (_RESULT,)
        make = self._button
        self.cancel_button = make(
            self.tr("Cancel"), self._on_cancel, role.RejectRole, choice + progress
        )
        self.close_button = make(self.tr("Close"), self.close, role.RejectRole, result)
        self.background_button = make(
            self.tr("Go On Working"), self.close, role.AcceptRole, progress
        )
        self.copy_button = make(self.tr("Copy Text"), self._on_copy, role.ActionRole, result)
        self.copy_button.setToolTip(self.tr("Copy what is said here, as text"))
        self.show_button = make(self.tr("Show in Folder"), self._on_show, role.ActionRole, result)
        self.offer_if(self.show_button, self._has_place)
        self.start_button = make(self.action_text(), self._on_start, role.AcceptRole, choice)
        self.start_button.setObjectName("primary")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(2 * GAP_PX)
        column.addWidget(self._build_ground(), 1)
        column.addWidget(self._buttons)
        self._show_page(_CHOICE)
        session.project_changed.connect(self._on_project_changed)

    # --- What subclasses say ----------------------------------------------------------------------
    # Abstract in all but name: abc's metaclass cannot be combined with Qt's.

    def title(self) -> str:
        """The dialog's title."""
        raise NotImplementedError

    def action_text(self) -> str:
        """The text of the button that begins."""
        raise NotImplementedError

    def explanation(self) -> str:
        """What will be done, in one or two sentences."""
        raise NotImplementedError

    def build_choice(self, column: QVBoxLayout) -> None:
        """Put what there is to choose into the first page, below the explanation."""

    def prepare(self) -> None:
        """Fill in the choice, whenever the dialog is opened for it."""

    def why_not(self) -> str:
        """Why it cannot begin as things are, asked when the person wants to; empty where it can."""
        return self._session.why_no_results()

    def start(self) -> Task:
        """Begin what was chosen."""
        raise NotImplementedError

    def take(self, result: messages.Result) -> bool:
        """Whether a task's answer is only a step, as a plan is, and was dealt with here.

        The dialog is back at the choice then; else the answer is shown as the result.
        """
        return False

    def result_rows(self, result: messages.Result) -> tuple[str, list[tuple[str, str]]]:
        """A headline, and what is to be known, as names and values."""
        raise NotImplementedError

    def place_of(self, result: messages.Result) -> Path | None:
        """The file or folder that Show in Folder leads to; None where there is none."""
        path = getattr(result, "path", None)
        return path if isinstance(path, Path) else None

    def cancelled_text(self) -> str:
        """What is told where it is cancelled unseen, with what became of what was done so far."""
        return self.tr("“{title}” was cancelled; nothing was written.").format(title=self.title())

    def choice_state(self) -> object:
        """What is chosen, for the dialog of a window built anew."""
        return None

    def restore_choice(self, state: object) -> None:
        """Choose what :meth:`choice_state` gave."""

    def result_default(self) -> QPushButton:
        """What Enter presses below a result."""
        return self.close_button

    # --- For subclasses ---------------------------------------------------------------------------

    @property
    def shown_result(self) -> messages.Result | None:
        """What is shown as the result."""
        return self._result

    def add_choice_button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        """A further button beside the one that begins."""
        return self._button(text, slot, QDialogButtonBox.ButtonRole.ActionRole, (_CHOICE,))

    def add_result_button(self, text: str, slot: Callable[[], object]) -> QPushButton:
        """A further button below the result."""
        return self._button(text, slot, QDialogButtonBox.ButtonRole.ActionRole, (_RESULT,))

    def follow(self, task: Task) -> None:
        """Show how far a task is, and then what came of it."""
        self._result = None
        self._project = self._session.project
        self.progress_text.setText(self.tr("Starting…"))
        self._bar.setRange(0, 0)
        self._follow(task)

    def fail(self, message: str) -> None:
        """Say in the choice why it cannot be."""
        self._failure.setText(message)
        self._failure.show()
        self._show_page(_CHOICE)
        self.reveal(self._failure)

    def forget_failure(self) -> None:
        """What was said of the choice is about one that is changed now."""
        if not self._failure.isHidden():
            self._failure.hide()
            self.fit()

    def offer_if(self, button: QPushButton, condition: Callable[[], bool]) -> None:
        """Show a button of a page only while that holds; see :meth:`show_buttons`."""
        self._offered_if[button] = condition

    def show_buttons(self) -> None:
        """Show the buttons of this page that are offered, always in the same order."""
        wanted = [
            button
            for button, pages in self._buttons_of.items()
            if self._page in pages and self._offered_if.get(button, _always)()
        ]
        if wanted == [button for button in self._buttons_of if not button.isHidden()]:
            return
        focused = self.focusWidget()
        # WORKAROUND: the box puts a button that was hidden behind those that were not (Qt 6.6 on).
        for button in self._buttons_of:
            button.hide()
        for button in wanted:
            button.show()
        if focused in wanted:
            focused.setFocus()

    def reveal(self, widget: QWidget) -> None:
        """Scroll to a part of the page, once all parts have their places."""
        self._revealed = widget
        self._reveal_timer.start()

    def fit(self) -> None:
        """Take the size that is needed, after what is shown has changed.

        Wider than ``WIDTH_PX`` only where large text needs it, and no higher than the window the
        dialog belongs to, or the screen: what is more is scrolled to.
        """
        layout, content = self.layout(), self._content.layout()
        assert layout is not None
        assert content is not None
        self._content.ensurePolished()
        content.activate()
        room = room_for(self)
        tables = [item for item in self._content.findChildren(PlanTable) if not item.isHidden()]
        for table in tables:
            table.show_most(MOST_LINES)
        margins = layout.contentsMargins()
        sides = margins.left() + margins.right()
        needed_px = max(content.minimumSize().width(), self._buttons.sizeHint().width()) + sides
        width = min(room.width(), max(self.WIDTH_PX, needed_px))
        # adjustSize() takes the height of a narrower dialog, in which the texts need more lines.
        # As high as with a scroll bar: one that came once stays while the text needs it beside it.
        bar_px = self._scroll.verticalScrollBar().sizeHint().width()
        frame_px = margins.top() + margins.bottom()
        frame_px += layout.spacing() + self._buttons.sizeHint().height()
        height = self._content_px(width - sides - bar_px) + frame_px
        # One scroll bar is enough: that of the table, or of the page around it.
        for n_lines in (*range(MOST_LINES - 1, FEWEST_LINES - 1, -1), None) if tables else ():
            if height <= room.height():
                break
            for table in tables:
                table.show_most(n_lines)
            height = self._content_px(width - sides - bar_px) + frame_px
        if height > room.height():
            width = min(room.width(), width + bar_px)
        self.setFixedWidth(width)
        self.resize(width, min(height, room.height()))

    def _has_place(self) -> bool:
        return self._result is not None and self.place_of(self._result) is not None

    def _content_px(self, width: int) -> int:
        """How high the page that is shown is at a width."""
        content = self._content.layout()
        assert content is not None
        content.activate()
        height = content.totalHeightForWidth(width)
        if height < 0:  # No text on the page can be broken.
            height = content.totalSizeHint().height()
        return height

    # --- For the window ---------------------------------------------------------------------------

    def begin(self) -> None:
        """Show the dialog, ready for the next time unless it is still at work."""
        if self._task is None and not self._is_news:
            self.prepare()
            self._text.setText(self.explanation())
            self._failure.hide()
            self._show_page(_CHOICE)
        self._is_news = False
        self.show()
        self.raise_()
        self.activateWindow()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self._theme = theme

    def kept_state(self) -> object:
        """What the dialog of a window built anew goes on from."""
        failure = "" if self._failure.isHidden() else self._failure.text()
        was_opened = bool(self._text.text())
        shown = self.isVisible(), self._is_news, was_opened, failure
        return self._task, self._project, self._result, self.choice_state(), shown

    def restore_state(self, state: object) -> None:
        """Go on from what another one kept; what it began is followed here."""
        if not isinstance(state, tuple):
            return
        task, self._project, result, choice, (is_visible, is_news, was_opened, failure) = state
        if was_opened and self._session.project is not None:
            self.prepare()
            self._text.setText(self.explanation())
        self.restore_choice(choice)
        if task is not None and task.is_running:
            self.progress_text.setText(self.tr("Starting…"))
            self._bar.setRange(0, 0)
            self._follow(task)
            if task.progress is not None:
                self._on_progressed(told_event(task.progress))
        elif result is not None:
            self._show_result(result)
        elif failure:
            self.fail(failure)
        self._is_news = is_news
        if is_visible:
            self.show()

    def result_text(self) -> str:
        """The result as text, as Copy copies it."""
        if self._result is None:
            return ""
        headline, rows = self.result_rows(self._result)
        lines = [headline, *(f"{name}: {value}" for name, value in rows)]
        return "\n".join(lines).replace("\u200b", "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()

    # --- Building ---------------------------------------------------------------------------------

    def _build_ground(self) -> QWidget:
        """The pages, scrolled where the window has no room for them."""
        self._content = QWidget()
        # Else that of texts broken at their narrowest, and a scroll bar for what is not there.
        self._content.setMinimumHeight(1)
        column = QVBoxLayout(self._content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for page in self._pages:  # Not a stack, which would be as high as the highest page.
            column.addWidget(page)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Tab goes from control to control.
        self._scroll.setWidget(self._content)
        return self._scroll

    def _build_choice(self) -> QWidget:
        page = QWidget()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)  # Classes are called what they are.
        self._failure = QLabel()
        self._failure.setObjectName("error")
        self._failure.setWordWrap(True)
        self._failure.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._failure.hide()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX)
        column.addWidget(self._text)
        self.build_choice(column)
        column.addWidget(self._failure)
        column.addStretch(1)
        return page

    def _build_progress(self) -> QWidget:
        page = QWidget()
        self.progress_text = QLabel()
        self.progress_text.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        note = QLabel(self.tr("You can close this window and go on labelling meanwhile."))
        note.setObjectName("muted")
        note.setWordWrap(True)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.progress_text)
        column.addWidget(self._bar)
        column.addWidget(note)
        column.addStretch(1)
        return page

    def _build_result(self) -> QWidget:
        page = QWidget()
        self._tick = QLabel()
        self.headline = QLabel()
        self.headline.setObjectName("title")
        self.headline.setWordWrap(True)
        head = QHBoxLayout()
        head.setSpacing(GAP_PX)
        head.addWidget(self._tick, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.headline, 1)
        self._card = card = QFrame()
        card.setObjectName("card")
        self._facts = QGridLayout(card)
        self._facts.setContentsMargins(2 * GAP_PX, 12, 2 * GAP_PX, 12)
        self._facts.setHorizontalSpacing(3 * GAP_PX)
        self._facts.setVerticalSpacing(GAP_PX)
        self._facts.setColumnStretch(1, 1)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(card)
        column.addStretch(1)
        return page

    def _button(
        self,
        text: str,
        slot: Callable[[], object],
        role: QDialogButtonBox.ButtonRole,
        pages: tuple[int, ...],
    ) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        self._buttons.addButton(button, role)
        self._buttons_of[button] = pages
        button.setVisible(self._page in pages)
        return button

    # --- Slots ------------------------------------------------------------------------------------

    def _on_reveal(self) -> None:
        if self._revealed is None:
            return
        if self._revealed.height() > self._scroll.viewport().height():  # Then from its beginning.
            top = self._revealed.mapTo(self._content, QPoint(0, 0)).y()
            self._scroll.verticalScrollBar().setValue(top)
        else:
            self._scroll.ensureWidgetVisible(self._revealed)

    def _on_start(self) -> None:
        reason = self.why_not()
        if reason:
            self.fail(reason)
            return
        self.follow(self.start())

    def _on_cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        else:
            self.close()

    def _on_project_changed(self) -> None:
        """Nobody waits for the results of a project that is closed; a moved folder is no end."""
        if self._task is not None and self._session.project is not self._project:
            self._task.abandon()

    def _on_progressed(self, progress: messages.Progress) -> None:
        self.cancel_button.setEnabled(self._task is None or not self._task.is_cancelling)
        self.progress_text.setText(words_of(progress))
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)

    def _on_succeeded(self, result: messages.Result) -> None:
        self._task = None
        if self.take(result):
            self._failure.hide()
            self._show_page(_CHOICE)
            return
        headline = self._show_result(result)
        if not self.isVisible():
            self._is_news = True
            self.ended_unseen.emit(headline, False)

    def _show_result(self, result: messages.Result) -> str:
        """Show what came of it; return the headline."""
        self._result = result
        headline, rows = self.result_rows(result)
        self.headline.setText(headline)
        self._tick.setPixmap(pixmap("tick", self._theme.success, 24, self.devicePixelRatioF()))
        while (item := self._facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._card.setVisible(bool(rows))
        for line, (name, value) in enumerate(rows):
            key, text = QLabel(name), QLabel(_softened(value))
            key.setObjectName("muted")
            key.setAlignment(Qt.AlignmentFlag.AlignTop)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setWordWrap(True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._facts.addWidget(key, line, 0)
            self._facts.addWidget(text, line, 1)
        self._show_page(_RESULT)
        return headline

    def _on_failed(self, message: str, _is_bug: bool) -> None:
        self._task = None
        self.fail(message)
        if not self.isVisible():
            self._is_news = True
            self.ended_unseen.emit(message, True)

    def _on_cancelled(self) -> None:
        was_asked = self._task is not None and not self._task.is_abandoned
        self._task = None
        self._failure.hide()
        self._show_page(_CHOICE)
        if was_asked and not self.isVisible():
            self.cancelled_unseen.emit(self.cancelled_text())

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.result_text())

    def _on_show(self) -> None:
        place = None if self._result is None else self.place_of(self._result)
        if place is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(place.parent)))

    # --- Private ----------------------------------------------------------------------------------

    def _follow(self, task: Task) -> None:
        self._task = task
        task.progressed.connect(self._on_progressed)
        task.succeeded.connect(self._on_succeeded)
        task.failed.connect(self._on_failed)
        task.cancelled.connect(self._on_cancelled)
        self._show_page(_PROGRESS)

    def _show_page(self, page: int) -> None:
        for place, widget in enumerate(self._pages):
            widget.setVisible(place == page)
        is_other, self._page = page != self._page, page
        self.show_buttons()
        self.cancel_button.setEnabled(True)
        default = self.background_button if page == _PROGRESS else self.start_button
        if page == _RESULT:
            default = self.result_default()
        default.setDefault(True)
        if is_other:  # What had the focus is hidden.
            default.setFocus()
        self.fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fit()  # Only now do all its parts have the style's measures.


def _always() -> bool:
    return True


def _softened(text: str) -> str:
    """Text whose long words may go on in another line: no name makes a dialog wider."""
    return _LONG_WORD.sub(lambda found: found[0] + "\u200b", text)


def breakable(path: Path) -> str:
    """A path as text that may go on in another line: a zero-width space after each separator."""
    return str(path).replace("/", "/\u200b").replace("\\", "\\\u200b")

"""Meta-training from the window: the questions before it, how it goes, what it has brought."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.look.dialog_room import keep_within
from app.look.theme import GAP_PX, Theme
from app.session.meta_run import MetaTraining, RunPlan, RunState
from app.training.estimator import Estimator
from app.training.meta_setup import MetaSetup
from app.training.run_view import RunView

_SIZE_PX: Final = (720, 640)


class MetaTrainingDialog(QDialog):
    """Asks, starts and shows a run; what runs, runs on when this is closed.

    Signals:
        encoder_made: the person wants to use the encoder file of a run that is finished.
    """

    encoder_made = Signal(Path)

    def __init__(
        self,
        run: MetaTraining,
        theme: Theme,
        parent: QWidget | None = None,
        estimator: Estimator | None = None,
    ) -> None:
        super().__init__(parent)
        self._run = run
        self.setWindowTitle(self.tr("Train an Encoder"))
        self.setMinimumSize(520, 420)
        self.estimator = estimator or Estimator(parent=self)
        self.setup = MetaSetup(self.estimator)
        self.view = RunView(run, theme)
        self._stack = QStackedWidget()
        for page in (self.setup, self.view):
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # What is in it takes the focus.
            area.setFrameShape(QScrollArea.Shape.NoFrame)
            area.setWidget(page)
            self._stack.addWidget(area)
        self.start_button = self._button(self.tr("Start Training"), self._on_start)
        self.stop_button = self._button(self.tr("Stop"), run.stop)
        self.resume_button = self._button(self.tr("Go On"), run.resume)
        self.use_button = self._button(self.tr("Use This Encoder"), self._on_use)
        self.folder_button = self._button(self.tr("Show Folder"), self._on_folder)
        self.new_button = self._button(self.tr("New Training…"), self._on_new)
        self.new_button.setToolTip(self.tr("What is in the folder of this one stays there"))
        self.close_button = self._button("", self.close)
        for button in (self.start_button, self.resume_button, self.use_button):
            button.setObjectName("primary")
        role = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox()  # In the order that the platform has.
        for button in (self.stop_button, self.new_button, self.folder_button):
            buttons.addButton(button, role.ActionRole)
        for button in (self.start_button, self.resume_button, self.use_button):
            buttons.addButton(button, role.AcceptRole)
        buttons.addButton(self.close_button, role.RejectRole)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        column.setSpacing(2 * GAP_PX)
        column.addWidget(self._stack, 1)
        column.addWidget(buttons)
        self.resize(*_SIZE_PX)
        run.changed.connect(self._show_state)
        self.setup.ready_changed.connect(self._show_state)
        self._show_state()

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.view.set_theme(theme)

    def begin(self) -> None:
        """Show the dialog: the run that there is, or the questions before one."""
        self._show_state()
        keep_within(self)
        self.show()
        self.raise_()
        self.activateWindow()

    def kept_state(self) -> object:
        """What :meth:`restore_state` needs to go on here in a window built anew."""
        kept = self.isVisible(), self.setup.plan()
        self.setup.set_active(False)  # The process that times would outlive this window.
        return kept

    def restore_state(self, state: object) -> None:
        """Go on from what :meth:`kept_state` of the dialog before gave."""
        match state:
            case (bool(was_visible), RunPlan() as plan):
                self.setup.set_plan(plan)
                if was_visible:
                    self.begin()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show_state()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.setup.set_active(False)
        self.view.set_active(False)

    def _button(self, text: str, slot: object) -> QPushButton:
        button = QPushButton(text)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    def _show_state(self) -> None:
        state, run = self._run.state, self._run
        had_stop = self.stop_button.hasFocus()
        asks = state is RunState.NONE
        was_asking = self._stack.currentIndex() == 0
        self._stack.setCurrentIndex(0 if asks else 1)
        if self.isVisible() and (asks != was_asking or asks != self.setup._is_active):
            self.setup.set_active(asks)
        self.view.set_active(self.isVisible() and not asks)
        reason = self.setup.why_not()
        self.start_button.setVisible(asks)
        self.start_button.setEnabled(not reason)
        self.start_button.setToolTip(reason)
        running = state in (RunState.RUNNING, RunState.STOPPING)
        self.stop_button.setVisible(running)
        if state is RunState.STOPPING:
            self.stop_button.setText(self.tr("Stop at Once"))
            self.stop_button.setToolTip(self.tr("What came after the last checkpoint is lost"))
        else:
            self.stop_button.setText(self.tr("Stop"))
            self.stop_button.setToolTip(
                self.tr("Stop after the step at hand, with a checkpoint to go on from")
                if self._run.is_learning
                else self.tr("Stop at once; no step is taken yet that would be lost")
            )
        self.resume_button.setVisible(state in (RunState.STOPPED, RunState.FAILED))
        if run.has_checkpoint:
            self.resume_button.setText(self.tr("Go On"))
            self.resume_button.setToolTip("")
        else:
            self.resume_button.setText(self.tr("Start Again"))
            self.resume_button.setToolTip(self.tr("Begin anew with the same images and folder"))
        result = run.result
        has_new = result is not None and result.encoder is not None and not result.is_start
        self.use_button.setVisible(state is RunState.FINISHED and has_new)
        self.new_button.setVisible(not asks and not running)
        self.folder_button.setVisible(not asks)
        self.close_button.setText(self.tr("Hide") if running else self.tr("Close"))
        self.close_button.setToolTip(
            self.tr("It runs on; open this again from the line at the bottom (Esc)")
            if running
            else ""
        )
        if had_stop and not running:  # Not to whatever comes next: to what one may want now.
            offered = (self.use_button, self.resume_button, self.start_button, self.close_button)
            next(button for button in offered if not button.isHidden()).setFocus()

    def _on_start(self) -> None:
        if not self.setup.why_not():
            plan = self.setup.plan()
            self.setup.set_active(False)
            self._run.start(plan)

    def _on_new(self) -> None:
        plan = self._run.plan
        self._run.forget()
        if plan is not None:  # After a restart the questions would have no answers.
            self.setup.set_plan(plan)

    def _on_use(self) -> None:
        result = self._run.result
        if result is not None and result.encoder is not None:
            self.encoder_made.emit(result.encoder)

    def _on_folder(self) -> None:
        if self._run.plan is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._run.plan.out)))

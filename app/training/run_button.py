"""Buttons at the bottom that show a training under way and open its window again."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QToolButton, QWidget

from app.look.icons import icon
from app.look.theme import Theme
from app.session.meta_run import MetaTraining, RunState
from app.session.session import Session
from engine.messages import Effort

_NAME_PX: Final = 160  # Of a folder; the tip has all of it.


class _RunButton(QToolButton):
    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flat")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.hide()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.setIcon(icon("curve", theme.accent))

    def _show(self, text: str, tip: str) -> None:
        self.setText(f" {text}")  # Qt leaves no room between a tool button's icon and its text.
        self.setToolTip(tip)
        self.setAccessibleName(tip)


class FinetuneButton(_RunButton):
    """There while the encoder is fine-tuned."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._session = session
        self._show(self.tr("Curves"), self.tr("Show how fine-tuning goes"))
        session.status_changed.connect(self._on_changed)

    def _on_changed(self) -> None:
        is_running = self._session.classifier.running is Effort.FINETUNE
        if is_running == self.isHidden():
            self.setVisible(is_running)


class MetaTrainingButton(_RunButton):
    """There while an encoder is trained, and until its result was looked at."""

    def __init__(self, run: MetaTraining, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._run = run
        run.changed.connect(self._on_changed)
        self.clicked.connect(self._on_clicked)
        self._is_seen = True

    def _on_clicked(self) -> None:
        if not self._run.is_running:
            self._is_seen = True
            self.hide()

    def _on_changed(self) -> None:
        run, progress = self._run, self._run.progress
        if run.plan is None:
            self._is_seen = True
            self.hide()
            return
        place = str(run.plan.out)
        name = self.fontMetrics().elidedText(
            run.plan.out.name, Qt.TextElideMode.ElideMiddle, _NAME_PX
        )
        if run.is_running:
            self._is_seen = False
            text = self.tr("Encoder in training")
            if progress is not None and run.measured and progress.total:
                percent = QLocale().toString(100 * progress.done // progress.total)
                text = self.tr("Encoder in training: {percent} %").format(percent=percent)
            self._show(
                text,
                self.tr("Show how the training of an encoder in {folder} goes").format(
                    folder=place
                ),
            )
        elif run.state is RunState.FINISHED:
            # It is of no image folder and stays when another is opened, so it says of what it is.
            self._show(
                self.tr("Encoder trained: {folder}").format(folder=name),
                self.tr("Show what the training in {folder} has brought").format(folder=place),
            )
        else:
            self._show(
                self.tr("Training stopped: {folder}").format(folder=name),
                self.tr("Show how the training in {folder} ended").format(folder=place),
            )
        self.setVisible(run.is_running or not self._is_seen)

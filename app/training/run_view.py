"""How a run of meta-training goes, with live curves, and in the end what it has brought."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QLocale, QTimer
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.look.theme import GAP_PX, Theme
from app.look.words import told
from app.session.meta_run import MetaTraining, RunProgress, RunState
from app.session.run_result import RunResult
from app.training.curves import Curve, CurveChart
from app.training.effort import duration_text, elapsed_text

_TICK_MS: Final = 1000
_AVERAGED: Final = 10  # Steps; of single ones the curve says more about what was drawn.
_MOST_POINTS: Final = 400  # Of a curve.
_LOG_ROWS: Final = 4


class RunView(QWidget):
    """How a run goes, and in the end what it has brought."""

    def __init__(self, run: MetaTraining, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self.head = QLabel()
        self.head.setObjectName("title")
        self.words = QLabel()
        self.step = QLabel()
        self.clock = QLabel()
        self.clock.setObjectName("muted")
        for label in (self.head, self.words, self.step, self.clock):
            label.setWordWrap(True)
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("How far the training is"))
        self.loss = CurveChart(self.tr("Loss"), self.tr("step"), theme)
        self.accuracy = CurveChart(self.tr("Accuracy"), self.tr("step"), theme, is_share=True)
        charts = QHBoxLayout()
        charts.setSpacing(GAP_PX)
        charts.addWidget(self.loss, 1)
        charts.addWidget(self.accuracy, 1)
        self._charts = QWidget()
        self._charts.setLayout(charts)
        charts.setContentsMargins(0, 0, 0, 0)
        self.gains = QWidget()
        self._grid = QGridLayout(self.gains)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(3 * GAP_PX)
        self._grid.setVerticalSpacing(GAP_PX // 2)
        self.log = QPlainTextEdit()
        self.log.setReadOnly(True)
        self.log.setAccessibleName(self.tr("What the training said last"))
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setTabChangesFocus(True)
        self.log.setMaximumHeight((_LOG_ROWS + 1) * self.fontMetrics().lineSpacing() + 2 * GAP_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP_PX + GAP_PX // 2)
        for widget in (self.head, self.bar, self.step, self.clock, self.words, self.gains):
            column.addWidget(widget)
        column.addWidget(self._charts, 1)
        column.addWidget(self.log)
        column.addStretch()  # Where no curve takes the room that is left.
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._show_clock)
        self._is_active = False
        self._shown_result: RunResult | None = None
        run.changed.connect(self._show_run)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.loss.set_theme(theme)
        self.accuracy.set_theme(theme)

    def set_active(self, is_active: bool) -> None:
        """Whether it is on screen and to be kept up to date."""
        if is_active == self._is_active:
            return
        self._is_active = is_active
        if is_active:
            self._timer.start()
            self._show_run()
        else:
            self._timer.stop()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange and hasattr(self, "log"):
            rows = (_LOG_ROWS + 1) * self.fontMetrics().lineSpacing()
            self.log.setMaximumHeight(rows + 2 * GAP_PX)

    def _show_run(self) -> None:
        run = self._run
        if not self._is_active or run.plan is None:
            return
        running = run.is_running
        self.head.setText(self._head_text())
        words = self._words_text()
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.bar.setVisible(running)
        self.step.setVisible(running)
        progress = run.progress
        if progress is None:
            self.bar.setRange(0, 0)
            self.step.setText(self.tr("Starting…"))
        else:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
            self.step.setText(self._step_text(progress))
        self._show_clock()
        self._show_curves()
        self._show_gains()
        text = "\n".join(map(told, run.log))
        if text != self.log.toPlainText():
            self.log.setPlainText(text)
            self.log.verticalScrollBar().setValue(self.log.verticalScrollBar().maximum())
        self.log.setVisible(bool(text))

    def _show_clock(self) -> None:
        run = self._run
        elapsed, progress = elapsed_text(run.elapsed_s), run.progress
        self.clock.setVisible(run.elapsed_s > 0)
        if not run.is_running:
            is_whole = run.state is RunState.FINISHED
            text = self.tr("It took {time}.") if is_whole else self.tr("It ran for {time}.")
            self.clock.setText(text.format(time=elapsed))
        elif progress is not None and progress.seconds_left > 0:
            self.clock.setText(
                self.tr("{elapsed} so far; this part takes about {left} more").format(
                    elapsed=elapsed, left=duration_text(progress.seconds_left)
                )
            )
        else:
            self.clock.setText(self.tr("{elapsed} so far").format(elapsed=elapsed))

    def _show_curves(self) -> None:
        run = self._run
        progress = run.progress
        last = float(run.last_step)
        if progress is not None and run.measured and progress.total:
            last = max(last, float(progress.total))
        scores = [line for line in run.scores if "step" in line]
        first_live = run.measured[0][0] if run.measured else float("inf")

        def curve(key: str) -> list[tuple[float, float]]:
            """Means of epochs from before this process, then of the last steps."""
            old = [
                (float(line["step"]), float(line[key]))
                for line in scores
                if key in line and line["step"] < first_live
            ]
            new, n_steps = [], len(run.measured)
            # As many points as can be seen: a paper's recipe has tens of thousands of steps.
            ends = {*range(1, n_steps, 1 + n_steps // _MOST_POINTS), n_steps}
            for end in sorted(ends):
                some = run.measured[max(0, end - _AVERAGED) : end]
                values = [numbers[key] for _, numbers in some if key in numbers]
                if values:
                    new.append((float(some[-1][0]), sum(values) / len(values)))
            return [*old, *new]

        validated = [line for line in scores if "validation_accuracy" in line]
        self.loss.show_curves([Curve(self.tr("mean of ten steps"), curve("loss"))], last)
        curves = [Curve(self.tr("in training"), curve("accuracy"))]
        if validated:
            curves.insert(
                0,
                Curve(
                    self.tr("validation, 95 % interval"),
                    [
                        (float(line["step"]), float(line["validation_accuracy"]))
                        for line in validated
                    ],
                    [float(line.get("validation_ci95", 0.0)) for line in validated],
                ),
            )
        self.accuracy.show_curves(curves, last)
        self._charts.setVisible(bool(run.measured or scores) or run.is_running)

    def _show_gains(self) -> None:
        result = self._run.result
        gains = () if result is None else result.gains
        self.gains.setVisible(bool(gains))
        if result is self._shown_result:
            return
        self._shown_result = result
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        if not gains:
            return
        locale = QLocale()
        heads = (self.tr("Validation set"), self.tr("Before"), self.tr("Now"), self.tr("Gain"))
        for column, text in enumerate(heads):
            label = QLabel(text)
            label.setObjectName("section")
            self._grid.addWidget(label, 0, column)
        for row, gain in enumerate(gains, 1):
            points = 100 * (gain.after - gain.before)
            signed = locale.toString(points, "f", 1)
            texts = (
                gain.name,
                self.tr("{percent} %").format(percent=locale.toString(100 * gain.before, "f", 1)),
                self.tr("{percent} %").format(percent=locale.toString(100 * gain.after, "f", 1)),
                self.tr("{points} points").format(points=f"+{signed}" if points > 0 else signed),
            )
            for column, text in enumerate(texts):
                self._grid.addWidget(QLabel(text), row, column)
        self._grid.setColumnStretch(0, 1)

    def _head_text(self) -> str:
        run = self._run
        match run.state:
            case RunState.RUNNING:
                return self.tr("An encoder is being trained.")
            case RunState.STOPPING if run.was_killed:
                return self.tr("The training is being ended.")
            case RunState.STOPPING:
                return self.tr("It stops after the step at hand, with a checkpoint.")
            case RunState.STOPPED if not run.has_checkpoint:
                return self.tr(
                    "This training was stopped before its first checkpoint, so there is nothing to "
                    "go on from."
                )
            case RunState.STOPPED if run.was_killed:
                return self.tr(
                    "This training was stopped at once; it can go on from its last checkpoint."
                )
            case RunState.STOPPED:
                if run.last_step:
                    return self.tr(
                        "This training was stopped at step {step}; it can go on."
                    ).format(step=QLocale().toString(run.last_step))
                return self.tr("This training was stopped; it can go on.")
            case RunState.FAILED:
                return told(run.message)
            case RunState.FINISHED:
                return self._result_text()
            case _:
                return ""

    def _result_text(self) -> str:
        result = self._run.result
        if result is None:
            return self.tr("The training is finished.")
        if result.encoder is None:
            return self.tr("The model is trained. It is a paper's, not one that Handful can use.")
        if result.is_start:
            return self.tr(
                "Nothing was better on the validation sets without harm to one of them, so the "
                "encoder is left as it was."
            )
        if result.gain is None:
            return self.tr(
                "The encoder is trained, by the smallest step: there was nothing to judge it by."
            )
        return self.tr("The new encoder is {points} points better on the validation sets.").format(
            points=QLocale().toString(100 * result.gain, "f", 1)
        )

    def _words_text(self) -> str:
        run = self._run
        if run.plan is None:
            return ""
        if run.is_running and not run.is_learning and not run.has_checkpoint:
            return self.tr(
                "It runs in a process of its own and gives way to your work. You can close this "
                "window. Once it has taken a step it can be stopped and gone on with. It writes to "
                "{folder}."
            ).format(folder=run.plan.out)
        if run.is_running:
            return self.tr(
                "It runs in a process of its own and gives way to your work. You can close this "
                "window. When Handful is closed it stops with a checkpoint, and can go on later. "
                "It writes to {folder}."
            ).format(folder=run.plan.out)
        if run.state is RunState.FINISHED:
            return self.tr("It lies in {folder}.").format(folder=run.plan.out)
        return self.tr("Its folder is {folder}.").format(folder=run.plan.out)

    def _step_text(self, progress: RunProgress) -> str:
        if not progress.total:
            return self.tr("{text}…").format(text=told(progress.text))
        locale = QLocale()
        return self.tr("{text}: {done} of {total}").format(
            text=told(progress.text),
            done=locale.toString(progress.done),
            total=locale.toString(progress.total),
        )

"""Fine-tuning: what will happen, how it goes, what came of it; labelling goes on beside it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.look.dialog_room import keep_within, room_for
from app.look.theme import GAP_PX, Theme
from app.session.session import Session
from app.training.curves import CurveChart, curves_of
from app.training.effort import duration_text, elapsed_text
from app.training.finetune_plan import Plan, wrap
from engine import messages
from engine.messages import Series

_WIDTH_PX: Final = 640
_LEAST_PX: Final = 460
_TICK_MS: Final = 1000


class FinetuneDialog(QDialog):
    """Says what fine-tuning does before it begins, and shows how it goes; holds up nothing.

    It may be closed and opened again at any time: what runs, runs on.
    """

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._tuning = session.classifier.tuning
        self.setWindowTitle(self.tr("Fine-Tuning"))
        self.setMinimumWidth(_LEAST_PX)
        self._head = QLabel()
        self._head.setObjectName("title")
        self._words = QLabel()
        self._plan = Plan()
        for label in (self._head, self._words):
            wrap(label)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("How far fine-tuning is"))
        self._step = QLabel()
        self._step.setWordWrap(True)
        self._clock = QLabel()
        self._clock.setObjectName("muted")
        self._clock.setWordWrap(True)
        self.loss = CurveChart(self.tr("How wrong it is"), self.tr("step"), theme)
        self.loss.setToolTip(
            self.tr("Lower is better: the mean negative logarithm of the right class’s probability")
        )
        self.accuracy = CurveChart(
            self.tr("Held-out labels right"), self.tr("step"), theme, is_share=True
        )
        self._charts = QWidget()
        charts = QHBoxLayout(self._charts)
        charts.setContentsMargins(0, 0, 0, 0)
        charts.setSpacing(GAP_PX)
        charts.addWidget(self.loss, 1)
        charts.addWidget(self.accuracy, 1)
        self._how = QLabel(
            self.tr(
                "Faint: each training by itself. These curves show that it learns; whether it is "
                "kept is decided at the end, by the whole vote."
            )
        )
        self._how.setObjectName("muted")
        self._how.setWordWrap(True)
        self.start_button = QPushButton(self.tr("Fine-Tune"))
        self.start_button.setObjectName("primary")
        self.start_button.setDefault(True)
        self.start_button.clicked.connect(self._on_start)
        self.cancel_button = QPushButton(self.tr("Cancel Fine-Tuning"))
        self.cancel_button.setToolTip(
            self.tr("What is finished is kept: asked again for the same labels, it goes on there")
        )
        self.cancel_button.clicked.connect(session.classifier.cancel_tuning)
        self.close_button = QPushButton()
        self.close_button.clicked.connect(self.close)
        role = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox()  # In the order that the platform has.
        buttons.addButton(self.start_button, role.AcceptRole)
        buttons.addButton(self.close_button, role.RejectRole)
        buttons.addButton(self.cancel_button, role.ActionRole)
        inner = _Inner()
        column = self._column = QVBoxLayout(inner)
        column.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 0)
        column.setSpacing(GAP_PX + GAP_PX // 2)
        for widget in (self._head, self._bar, self._step, self._clock):
            column.addWidget(widget)
        column.addWidget(self._charts, 1)
        for part in (self._how, self._words, self._plan):
            column.addWidget(part)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.addStretch()  # Where no curve takes the room that is left.
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QScrollArea.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setMinimumHeight(1)  # Where little is said, the buttons keep their room.
        self._area.setObjectName("scrolled")
        self._area.setAccessibleName(self.tr("Fine-Tuning"))
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.verticalScrollBar().rangeChanged.connect(self._on_scrollable)
        self._area.setWidget(inner)
        self._foot = QVBoxLayout()
        self._foot.setContentsMargins(3 * GAP_PX, 2 * GAP_PX, 3 * GAP_PX, 2 * GAP_PX)
        self._foot.addWidget(buttons)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._area, 1)
        whole.addLayout(self._foot)
        # Its own least height is of sentences in narrow columns; see ``_keep_room``.
        whole.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self.resize(_WIDTH_PX, 10)
        self._shape: tuple[bool, ...] = ()  # What is there besides sentences.
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._show_clock)
        session.status_changed.connect(self._show_state)
        session.counts_changed.connect(self._show_state)
        session.project_changed.connect(self.close)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.loss.set_theme(theme)
        self.accuracy.set_theme(theme)

    def begin(self) -> None:
        """Show the dialog; its estimate is kept up to date."""
        self._show_state(anyway=True)
        keep_within(self)
        self.show()
        self.raise_()
        self.activateWindow()
        if self.start_button.isVisible() and self.start_button.isEnabled():
            self.start_button.setFocus()

    def texts(self) -> list[str]:
        """What is said, from the top down."""
        labels = (self._head, self._step, self._clock, self._words, self._plan)
        return [label.text() for label in labels if not label.isHidden()]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: object) -> None:
        super().hideEvent(event)  # type: ignore[arg-type]
        self._timer.stop()

    # --- State ------------------------------------------------------------------------------------

    def _show_state(self, *, anyway: bool = False) -> None:
        if not (anyway or self.isVisible()):
            return
        tuning, classifier = self._tuning, self._session.classifier
        running, had_cancel = tuning.is_running, self.cancel_button.hasFocus()
        has_ended = not running and (tuning.outcome is not None or tuning.was_cancelled)
        self._head.setText(self._head_text())
        words, plan = self._words_text(), [] if has_ended else self._plan_lines()
        self._words.setText(words)
        self._words.setVisible(bool(words))
        self._plan.set_lines(plan)
        self._plan.setVisible(bool(plan))
        for widget in (self._bar, self._step):
            widget.setVisible(running)
        self._clock.setVisible(running or has_ended)
        has_curves = running or bool(tuning.points)
        self._charts.setVisible(has_curves)
        self._how.setVisible(has_curves)
        self.cancel_button.setVisible(running)
        self.start_button.setVisible(not running and not classifier.is_tuned)
        self.start_button.setEnabled(classifier.can_finetune and not self._refusal_text())
        self.start_button.setText(
            self.tr("Go On") if tuning.was_cancelled and not running else self.tr("Fine-Tune")
        )
        if running:
            self.close_button.setText(self.tr("Hide"))
            self.close_button.setToolTip(
                self.tr("It runs on; open this again from the line at the bottom (Esc)")
            )
        else:
            self.close_button.setText(self.tr("Close"))
            self.close_button.setToolTip("")
        self._show_progress()
        self._show_clock()
        if has_curves:
            self._show_curves()
        shape = has_curves, running, bool(plan)
        if shape != self._shape:
            # Once: from then on the size is the person's.
            self._shape = shape
            self._fit()
        self._keep_room(self.width())
        if had_cancel and self.start_button.isEnabled() and not running:
            self.start_button.setFocus()

    def _fit(self) -> None:
        """As high as what is shown needs, and never so narrow that curves are cut off.

        But no larger than the window has room for: there what is shown is scrolled, and the buttons
        stay in sight.
        """
        layout, room = self._column, room_for(self)
        layout.activate()
        self._foot.invalidate()  # The buttons may be others, or their text larger.
        bar = self._area.verticalScrollBar().sizeHint().width()
        least = max(_LEAST_PX, layout.minimumSize().width() + bar)
        self.setMinimumWidth(min(least, room.width()))
        width = min(max(self.width(), _WIDTH_PX), room.width())
        self.setMinimumHeight(0)
        height = layout.totalHeightForWidth(width) + self._foot.sizeHint().height()
        self.resize(width, min(height, room.height()))

    def _keep_room(self, width: int) -> None:
        """No lower than what is said needs at this width, as far as there is room for it."""
        self._foot.invalidate()
        least = self._column.totalMinimumHeightForWidth(width) + self._foot.sizeHint().height()
        self.setMinimumHeight(min(least, room_for(self).height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_room(event.size().width())

    def _show_progress(self) -> None:
        progress = self._tuning.progress
        if progress is None:
            self._bar.setRange(0, 0)
            self._step.setText(self.tr("Starting…"))
            return
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        if progress.total:
            locale = QLocale()
            text = self.tr("{text}: {done} of {total}").format(
                text=progress.text,
                done=locale.toString(progress.done),
                total=locale.toString(progress.total),
            )
        else:
            text = self.tr("{text}…").format(text=progress.text)
        self._step.setText(text)

    def _show_clock(self) -> None:
        tuning = self._tuning
        elapsed = elapsed_text(tuning.elapsed_s)
        if not tuning.is_running:
            is_whole = isinstance(tuning.outcome, messages.FineTuned | messages.NotAdapted)
            text = self.tr("It took {time}.") if is_whole else self.tr("It ran for {time}.")
            self._clock.setText(text.format(time=elapsed))
            return
        step_s = tuning.progress.seconds_left if tuning.progress is not None else 0.0
        left = max(step_s, tuning.estimate_s - tuning.elapsed_s)
        if left > 0:
            text = self.tr("{elapsed} so far, about {left} left").format(
                elapsed=elapsed, left=duration_text(left)
            )
        elif tuning.estimate_s > 0:
            text = self.tr("{elapsed} so far, longer than the {estimate} expected").format(
                elapsed=elapsed, estimate=duration_text(tuning.estimate_s)
            )
        else:
            text = self.tr("{elapsed} so far").format(elapsed=elapsed)
        self._clock.setText(text)

    def _show_curves(self) -> None:
        points = self._tuning.points
        last_step = points[-1].n_steps if points else 1
        self.loss.show_curves(
            [
                *curves_of(points, Series.HELD_OUT_LOSS, self.tr("on held-out labels")),
                *curves_of(points, Series.LOSS, self.tr("while it learns")),
            ],
            last_step,
        )
        self.accuracy.show_curves(
            curves_of(points, Series.HELD_OUT_ACCURACY, self.tr("average")), last_step
        )

    # --- Words ------------------------------------------------------------------------------------

    def _head_text(self) -> str:
        """How it stands: how long it takes, why it cannot begin, or what came of it."""
        classifier, tuning = self._session.classifier, self._tuning
        adapted, outcome = classifier.adapted, tuning.outcome
        if tuning.is_running:
            return self.tr("Fine-tuning is under way.")
        if classifier.is_tuned and isinstance(outcome, messages.FineTuned):
            return self._gain_text(outcome)
        if classifier.is_tuned:
            return self.tr("The answers are fine-tuned already.")
        if isinstance(outcome, messages.FineTuned):
            return self._gain_text(outcome)
        if isinstance(outcome, messages.NotAdapted):
            return outcome.reason
        if isinstance(outcome, messages.JobFailed):
            return outcome.message
        if refusal := self._refusal_text():
            return refusal
        if tuning.was_cancelled:
            return self.tr("Fine-tuning was cancelled.")
        if adapted is None:
            return self._session.why_no_predictions()
        return self._time_text(adapted)

    def _refusal_text(self) -> str:
        """Why the encoder in use cannot be fine-tuned; empty where it can."""
        engine = self._session.engine
        if engine is None or not engine.finetune_refusal:
            return ""
        return self.tr(
            "Only encoders of Handful's own architecture can be fine-tuned, and the one in use, "
            "{name}, is another. Choose Handful's in the settings to fine-tune it."
        ).format(name=engine.encoder_name)

    def _time_text(self, adapted: messages.Adapted) -> str:
        engine = self._session.engine
        device = engine.device if engine is not None else ""
        if adapted.finetune_seconds <= 0:
            return self.tr(
                "This can take long; how long is not known on this computer ({device})."
            ).format(device=device)
        text = self.tr("This takes about {time} on this computer ({device}).").format(
            time=duration_text(adapted.finetune_seconds), device=device
        )
        if adapted.held_out is not None and adapted.held_out.hits.all():
            text += " " + self.tr("All held-out labels come out right already: it can hardly help.")
        return text

    def _gain_text(self, found: messages.FineTuned) -> str:
        return self.tr(
            "Fine-tuning helped: {now} % of held-out labels right, {before} % before."
        ).format(
            now=round(100 * found.held_out.accuracy), before=round(100 * found.thorough.accuracy)
        )

    def _words_text(self) -> str:
        """What the person should know now."""
        tuning, classifier = self._tuning, self._session.classifier
        locale = QLocale()
        if tuning.is_running:
            changed = tuning.n_changed_since(classifier.support())
            count = locale.toString(tuning.n_labels)
            if not changed:
                return self.tr(
                    "Go on labelling: it goes on with the {count} labels that it began with, and "
                    "answers with all of yours in the end."
                ).format(count=count)
            if changed == 1:
                return self.tr(
                    "1 label has changed since it began with {count}. It goes on with those, and "
                    "answers with all of yours in the end."
                ).format(count=count)
            return self.tr(
                "{changed} labels have changed since it began with {count}. It goes on with those, "
                "and answers with all of yours in the end."
            ).format(changed=locale.toString(changed), count=count)
        if tuning.was_cancelled:
            if tuning.n_changed_since(classifier.support()):
                return self.tr(
                    "Labels have changed since: images that were looked at are kept, the trainings "
                    "begin anew."
                )
            return self.tr("What was finished is kept, and it can go on there.")
        if isinstance(tuning.outcome, messages.FineTuned):
            changed = tuning.n_changed_since(classifier.support(), found=True)
            if changed:
                return self.tr(
                    "That was judged with {count} labels; {changed} have changed since. They are "
                    "answered with the fine-tuned encoder, too. Fine-tune again to learn from them."
                ).format(
                    count=locale.toString(tuning.outcome.n_support),
                    changed=locale.toString(changed),
                )
            return self.tr(
                "The answers on screen come from the fine-tuned encoder, and so do those to labels "
                "that you give from now on, whenever you pause."
            )
        return ""

    def _plan_lines(self) -> list[str]:
        """What will happen, in order; empty where nothing can begin."""
        classifier, locale = self._session.classifier, QLocale()
        if self._tuning.is_running or not classifier.can_finetune or self._refusal_text():
            return []
        adapted = classifier.adapted
        n_labels = 0 if adapted is None else adapted.n_support
        n_images = int(self._session.table.embedded.sum())
        n_none = self._session.table.count_negatives()
        looked_at = (
            self.tr(
                "1.  The {count} labelled images of your classes are looked at from several sides. "
                "It does not learn from those labelled “none of these” ({none})."
            )
            if n_none
            else self.tr("1.  Your {count} labelled images are looked at from several sides.")
        )
        return [
            self.tr("What will happen:"),
            looked_at.format(count=locale.toString(n_labels), none=locale.toString(n_none)),
            self.tr(
                "2.  The last part of the encoder learns from them: five times with a fifth of "
                "the labels held out, to see whether it helps, and once with all."
            ),
            self.tr(
                "3.  Only if it clearly helps on the labels held out, the folder is read again "
                "with the new encoder: {count} images. Else nothing changes."
            ).format(count=locale.toString(n_images)),
            self.tr(
                "You can go on labelling, and close this window. It needs about 2 GB of memory. "
                "Cancelled, or cut off by closing Handful, it goes on where it was when you ask "
                "for it again with the same labels."
            ),
        ]

    def _on_scrollable(self, _least: int, most: int) -> None:
        # By keys, too; but where nothing is scrolled Tab goes from button to button.
        policy = Qt.FocusPolicy.StrongFocus if most > 0 else Qt.FocusPolicy.NoFocus
        self._area.setFocusPolicy(policy)

    def _on_start(self) -> None:
        self._session.classifier.finetune()
        self._show_state(anyway=True)
        self.close_button.setFocus()


class _Inner(QWidget):
    """What is scrolled: only where the curves are as low as they may be, and it is still high."""

    def minimumSizeHint(self) -> QSize:
        # Not the layout's height, which is of sentences in narrow columns.
        return QSize(super().minimumSizeHint().width(), 0)

    def heightForWidth(self, width: int) -> int:
        layout = self.layout()
        return (
            super().heightForWidth(width)
            if layout is None
            else layout.totalMinimumHeightForWidth(width)
        )

"""How good the answers are, in the status line, and the menu to choose the effort behind them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.evaluation.figures import Figures, effort_name, percent
from app.look.icons import icon
from app.look.theme import Theme
from app.look.words import listed
from app.session.session import Session
from engine import messages
from engine.messages import Effort


class EffortButton(QToolButton):
    """Says how often the answers on screen are right; its menu changes the effort behind them.

    The line holds one number, with its interval; the tip says how it was found.

    Signals:
        finetune_requested: the person wants to fine-tune; nothing has begun.
    """

    finetune_requested = Signal()

    def __init__(
        self, session: Session, figures: Figures, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("flat")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # The arrow behind the words.
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._session = session
        self._figures = figures
        self._is_compact = False
        menu = QMenu(self)
        menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setMenu(menu)
        group = QActionGroup(self)
        self._choices: dict[Effort, QAction] = {}
        for effort, text in (
            (Effort.INSTANT, self.tr("Instant: after every click")),
            (Effort.THOROUGH, self.tr("Thorough: when you pause, kept where it is better")),
            (Effort.FINETUNE, self.tr("Fine-tuned: when you pause, with the tuned encoder")),
        ):
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setData(effort)
            group.addAction(action)
            self._choices[effort] = action
        menu.addSeparator()
        self.finetune = menu.addAction(self.tr("Fine-Tune…"))
        self.finetune.triggered.connect(self.finetune_requested)
        group.triggered.connect(self._on_chosen)
        figures.changed.connect(self.show_effort)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.setIcon(icon("down", theme.muted))

    def set_compact(self, is_compact: bool) -> None:
        """Use few words, where there is little room."""
        if is_compact != self._is_compact:
            self._is_compact = is_compact
            self.show_effort()

    def show_effort(self) -> None:
        """Show the state of the classifier as it is now."""
        classifier = self._session.classifier
        adapted = classifier.adapted
        for effort, action in self._choices.items():
            action.setChecked(effort is classifier.preferred)
        self._choices[Effort.FINETUNE].setVisible(classifier.tuning.found is not None)
        # While it runs, or where it cannot begin, the dialog says how far it is, or why not.
        self.finetune.setEnabled(self._session.project is not None)
        self.setVisible(adapted is not None)
        if adapted is None:
            return
        self.setText(self._figures.short(is_compact=self._is_compact))
        self.setAccessibleName(self._figures.short())
        self.setToolTip(self._tip(adapted))

    def _tip(self, adapted: messages.Adapted) -> str:
        found, locale = self._figures.evaluation, QLocale()
        lines = [self._figures.short()]
        if self._figures.spot_check is not None:
            lines += [self._figures.held_out_text(), self._figures.verdict()]
        if found is not None:
            lines.append(
                self.tr(
                    "{right} of {judged} labels came out right when each was classified by a model "
                    "that had not seen it or its near-duplicates. In the accuracy classes count "
                    "alike; the truth lies between the two bounds 95 times in 100."
                ).format(
                    right=locale.toString(found.n_right), judged=locale.toString(found.n_held_out)
                )
            )
        if self._figures.left_out():
            lines.append(self._figures.left_out())
        judged = self._figures.adapted or adapted  # What the figure above is of.
        lines.append(
            self.tr("Effort: {effort}. A click chooses another.").format(
                effort=effort_name(judged.effort)
            )
        )
        if judged.effort is not adapted.effort:
            lines.append(
                self.tr(
                    "Until it is checked, the answers on screen are of the effort {effort}."
                ).format(effort=effort_name(adapted.effort))
            )
        lines += self._compared(judged)
        if self._session.classifier.running is Effort.THOROUGH:
            lines.append(self._running_text())
        tuning, newer = self._session.classifier.tuning, 0
        if adapted.effort is Effort.FINETUNE and tuning.found is not None:
            newer = tuning.n_changed_since(self._session.classifier.support(), found=True)
        if newer and tuning.found is not None:
            lines.append(
                self.tr(
                    "The encoder was fine-tuned and judged with {count} labels; {newer} have "
                    "changed since. They count, but have not been judged by."
                ).format(
                    count=QLocale().toString(tuning.found.n_support),
                    newer=QLocale().toString(newer),
                )
            )
        if judged.kept:
            lines.append(self.tr("What went in: {kept}.").format(kept=listed(judged.kept)))
        if self._session.classifier.note:
            lines.append(self._session.classifier.note)
        return "\n".join(line for line in lines if line)

    def _compared(self, adapted: messages.Adapted) -> list[str]:
        """What lesser efforts get on the same labels, held out in the same way."""
        now, lines, is_fewer = adapted.held_out, [], False
        for text, lesser in (
            (self.tr("The thorough effort, judged alike: {percent} %."), adapted.thorough),
            (self.tr("The instant effort, judged alike: {percent} %."), adapted.instant),
            (self.tr("Plain prototypes, judged alike: {percent} %."), adapted.plain),
        ):
            if lesser is not None and now is not None:
                lines.append(text.format(percent=percent(lesser.accuracy)))
                is_fewer |= lesser.accuracy > now.accuracy
        if is_fewer:
            lines.append(
                self.tr(
                    "What decides is how probable the right classes are made, not the share of "
                    "hits alone: that tells more from the same labels."
                )
            )
        return lines

    def _running_text(self) -> str:
        progress = self._session.classifier.progress
        if progress is None or progress.done >= progress.total:  # Or the end is not known.
            return self.tr("The thorough effort is at work.")
        return self.tr("The thorough effort is at work, {percent} % done.").format(
            percent=percent(progress.done / progress.total)
        )

    def _on_chosen(self, action: QAction) -> None:
        self._session.classifier.choose(Effort(action.data()))


def duration_text(seconds: float) -> str:
    """A duration that is an estimate, in words."""
    if seconds < 90:
        return _tr("{count} seconds").format(count=max(10, 10 * round(seconds / 10)))
    if seconds < 5400:
        return _tr("{count} minutes").format(count=round(seconds / 60))
    return _tr("{count} hours").format(count=QLocale().toString(seconds / 3600, "f", 1))


def elapsed_text(seconds: float) -> str:
    """A duration that was measured."""
    whole, locale = int(seconds), QLocale()
    if whole < 60:
        return _tr("{count} s").format(count=locale.toString(whole))
    if whole < 3600:
        text = _tr("{minutes} min {seconds} s")
        return text.format(minutes=locale.toString(whole // 60), seconds=whole % 60)
    text = _tr("{hours} h {minutes} min")
    return text.format(hours=locale.toString(whole // 3600), minutes=whole % 3600 // 60)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Effort", text)

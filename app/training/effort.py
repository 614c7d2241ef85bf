"""How hard the model was adapted: what it gained in words, and the menu to choose."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.look.icons import icon
from app.look.theme import Theme
from app.look.words import listed
from app.session.session import Session
from engine import messages
from engine.messages import Effort


class EffortButton(QToolButton):
    """Says which effort the answers on screen come from and what it gained; its menu changes it.

    Signals:
        finetune_requested: the person wants to fine-tune; nothing has begun.
    """

    finetune_requested = Signal()

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("flat")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # The arrow behind the words.
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._session = session
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
        text = gain_text(adapted, is_compact=self._is_compact)
        if classifier.running is Effort.THOROUGH:
            text += " · " + self._running_text()
        self.setText(text)
        self.setAccessibleName(gain_text(adapted))
        self.setToolTip(self._tip(adapted))

    def _running_text(self) -> str:
        progress = self._session.classifier.progress
        if progress is None or progress.done >= progress.total:  # Or the end is not known.
            return self.tr("thorough is at work…")
        percent = 100 * progress.done // progress.total
        return self.tr("thorough: {percent} % done").format(percent=percent)

    def _tip(self, adapted: messages.Adapted) -> str:
        lines = [gain_text(adapted)]
        if adapted.held_out is not None:
            lines.append(
                self.tr(
                    "Each of {judged} labelled images is classified by the others, its near-"
                    "duplicates left out with it; classes count alike."
                ).format(judged=QLocale().toString(len(adapted.held_out.hits)))
            )
        if adapted.instant is not None:
            lines.append(
                self.tr(
                    "Every effort holds out other parts of the labels, so only numbers that stand "
                    "together can be compared."
                )
            )
        now, before = adapted.held_out, adapted.instant
        if (
            now is not None
            and before is not None
            and now.accuracy < before.accuracy
            and now.log_loss < before.log_loss
        ):
            locale = QLocale()
            lines.append(
                self.tr(
                    "Fewer come out right than with the instant effort, but the confidences are "
                    "closer to the truth (log-loss {now} instead of {before})."
                ).format(
                    now=locale.toString(now.log_loss, "f", 2),
                    before=locale.toString(before.log_loss, "f", 2),
                )
            )
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
        if adapted.kept:
            lines.append(self.tr("What went in: {kept}.").format(kept=listed(adapted.kept)))
        if self._session.classifier.note:
            lines.append(self._session.classifier.note)
        return "\n".join(lines)

    def _on_chosen(self, action: QAction) -> None:
        self._session.classifier.choose(Effort(action.data()))


def effort_name(effort: Effort) -> str:
    """An effort as the person reads it."""
    match effort:
        case Effort.INSTANT:
            return _tr("Instant")
        case Effort.THOROUGH:
            return _tr("Thorough")
        case Effort.FINETUNE:
            return _tr("Fine-tuned")


def gain_text(adapted: messages.Adapted, *, is_compact: bool = False) -> str:
    """Which effort it is, how it does on held-out labels, and what lesser efforts do there."""
    name = effort_name(adapted.effort)
    if adapted.held_out is None:
        if is_compact:
            return name
        return _tr("{effort}: too few labels to tell how good").format(effort=name)
    percent = round(100 * adapted.held_out.accuracy)
    if is_compact:
        return _tr("{effort}: {percent} % of held-out").format(effort=name, percent=percent)
    parts = [
        _tr("{effort}: {percent} % of held-out labels right").format(effort=name, percent=percent)
    ]
    if adapted.thorough is not None:
        parts.append(
            _tr("{percent} % thorough").format(percent=round(100 * adapted.thorough.accuracy))
        )
    if adapted.instant is not None:
        parts.append(
            _tr("{percent} % instant").format(percent=round(100 * adapted.instant.accuracy))
        )
    if adapted.plain is not None:
        plain = round(100 * adapted.plain.accuracy)
        parts.append(_tr("{percent} % plain prototypes").format(percent=plain))
    whole = parts[0]
    for part in parts[1:]:
        whole = _tr("{before}, {next}").format(before=whole, next=part)
    return whole


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

"""The window's dialogs: one of each, over the work and never in its way."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QMainWindow

from app.actions.actions import Actions
from app.classes.split_dialog import SplitDialog
from app.help.about_dialog import AboutDialog
from app.help.guide_window import GuideWindow
from app.help.key_sheet import KeySheet
from app.help.log_dialog import LogDialog
from app.look.language import LanguageChoice
from app.look.theme import Theme, ThemeSwitch
from app.results.dialogs import ResultDialogs
from app.session.session import Session
from app.settings.appearance_section import Languages
from app.settings.settings_dialog import SettingsDialog
from app.settings.shortcuts import Shortcuts
from app.training.finetune_dialog import FinetuneDialog
from app.training.meta_dialog import MetaTrainingDialog
from app.window.pages import Pages

_Dialog = TypeVar("_Dialog", bound=QDialog)


@runtime_checkable
class _Coloured(Protocol):
    """A dialog that draws something in the colours of the theme by itself."""

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""


class Dialogs(QObject):
    """Makes, colours and closes them, and keeps what is open while the window is made anew.

    Each is made when it is first asked for: all of them were a third of what making a window takes.
    A dialog reads what there is from the session whenever it begins, so nothing is lost on one that
    comes late.

    Signals:
        theme_requested: a :class:`app.look.theme.ThemeChoice`, in the settings.
        encoder_ended_unseen: an encoder was added, or was not, while the settings did not show it:
            one sentence, and whether it failed.
    """

    theme_requested = Signal(object)
    encoder_ended_unseen = Signal(str, bool)

    def __init__(
        self,
        session: Session,
        pages: Pages,
        switch: ThemeSwitch,
        actions: Actions,
        shortcuts: Shortcuts,
        languages: Languages | None,
        language: LanguageChoice,
        log_path: Path,
        window: QMainWindow,
    ) -> None:
        """Make none yet.

        Args:
            languages: what the settings offer, if anything.
            language: the one that is spoken, which the guide is to be in.
            log_path: the file that the log page reads.
            window: on which they stand.
        """
        super().__init__(window)
        self._session = session
        self._pages = pages
        self._switch = switch
        self._actions = actions
        self._shortcuts = shortcuts
        self._languages = languages
        self._language = language
        self._log_path = log_path
        self._window = window
        self._made: list[QDialog] = []
        self.results = ResultDialogs(session, actions.result_entries, switch.theme, window)
        if session.encoders.task is not None:
            _ = self.settings  # Begun in a window before this one: they tell how it ends.

    # --- Each of them -----------------------------------------------------------------------------

    @cached_property
    def finetune(self) -> FinetuneDialog:
        """Fine-tuning."""
        return self._keep(FinetuneDialog(self._session, self._switch.theme, self._window))

    @cached_property
    def meta_training(self) -> MetaTrainingDialog:
        """Meta-training."""
        run, theme = self._session.meta_training, self._switch.theme
        dialog = self._keep(MetaTrainingDialog(run, theme, self._window))
        dialog.encoder_made.connect(self.use_encoder)
        return dialog

    @cached_property
    def split(self) -> SplitDialog:
        """Splitting a class."""
        thumbnails, theme = self._pages.gallery.thumbnails, self._switch.theme
        return self._keep(SplitDialog(self._session, thumbnails, theme, self._window))

    @cached_property
    def settings(self) -> SettingsDialog:
        """The settings."""
        dialog = self._keep(
            SettingsDialog(
                self._session, self._switch, self._shortcuts, self._languages, self._window
            )
        )
        dialog.theme_requested.connect(self.theme_requested)
        dialog.engine.ended_unseen.connect(self.encoder_ended_unseen)
        return dialog

    @cached_property
    def key_sheet(self) -> KeySheet:
        """All keys; the pages tell theirs."""
        self._pages.make_all()
        return self._keep(KeySheet(self._window, self._actions, self._shortcuts, self._pages.takes))

    @cached_property
    def log(self) -> LogDialog:
        """The log."""
        return self._keep(LogDialog(self._session, self._log_path, self._window))

    @cached_property
    def guide(self) -> GuideWindow:
        """The user guide."""
        return self._keep(GuideWindow(self._switch.theme, self._language, self._window))

    # --- Showing them -----------------------------------------------------------------------------

    def show_finetuning(self) -> None:
        """Show what fine-tuning would do, or how it goes."""
        self.finetune.begin()

    def show_meta_training(self) -> None:
        """Show the training of an encoder, or the questions before it."""
        self.meta_training.begin()

    def show_settings(self) -> None:
        """Show the settings where they were left."""
        self.settings.begin()

    def show_keys(self) -> None:
        """Show all keys."""
        self.key_sheet.begin()

    def show_log(self) -> None:
        """Show the log."""
        self.log.begin()

    def show_guide(self) -> None:
        """Show the user guide."""
        self.guide.begin()

    def show_about(self) -> None:
        """Show what the program is made of; made anew, since it says what is in use now."""
        AboutDialog(self._session, str(self._log_path), self._window).show()

    def show_encoders(self) -> None:
        """Show the settings where the encoders are."""
        self.show_settings()
        self.settings.show_section(self.settings.engine)

    def use_encoder(self, path: Path) -> None:
        """Use an encoder file; the settings show how far that is, and how to go back."""
        self.show_encoders()
        self.settings.engine.use_file(path)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        self.results.set_theme(theme)
        for dialog in self._made:
            if isinstance(dialog, _Coloured):
                dialog.set_theme(theme)

    def close_all(self) -> None:
        """The window is closed."""
        self.results.close_all()
        for dialog in self._made:
            dialog.close()

    def come_to_front(self) -> None:
        """Stand over the window, which was shown after those that were restored."""
        shown = [item for item in self._window.findChildren(QDialog) if item.isVisible()]
        for dialog in shown:
            dialog.raise_()
        if shown:
            front = next((item for item in shown if isinstance(item, SettingsDialog)), shown[-1])
            front.raise_()
            front.activateWindow()

    def kept_state(self) -> object:
        """What the dialogs of a window that takes this one's place go on from."""
        meta_training = self._found(MetaTrainingDialog)
        return (
            self.results.kept_state(),
            self._is_open(FinetuneDialog),
            None if meta_training is None else meta_training.kept_state(),
            self._is_open(SettingsDialog),
            self._is_open(GuideWindow),
        )

    def restore_state(self, state: object) -> None:
        """Go on from what :meth:`kept_state` gave."""
        if not isinstance(state, tuple):
            return
        results, is_finetuning_asked, meta_training, is_setting, is_reading = state
        self.results.restore_state(results)
        if is_finetuning_asked:
            self.show_finetuning()
        if meta_training is not None:
            self.meta_training.restore_state(meta_training)
        if is_reading:
            self.show_guide()
        if is_setting:  # It may be where the language was chosen.
            self.show_settings()

    # --- Private ----------------------------------------------------------------------------------

    def _keep(self, dialog: _Dialog) -> _Dialog:
        self._made.append(dialog)
        return dialog

    def _found(self, kind: type[_Dialog]) -> _Dialog | None:
        """The dialog of that kind, if it was made."""
        return next((item for item in self._made if isinstance(item, kind)), None)

    def _is_open(self, kind: type[QDialog]) -> bool:
        dialog = self._found(kind)
        return dialog is not None and dialog.isVisible()

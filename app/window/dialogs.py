"""The window's dialogs: one of each, over the work and never in its way."""

from __future__ import annotations

from pathlib import Path

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


class Dialogs:
    """Makes them, colours them, and keeps what is open while the window is made anew."""

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
        """Make the dialogs; none is shown.

        Args:
            languages: what the settings offer, if anything.
            language: the one that is spoken, which the guide is to be in.
            log_path: the file that the log page reads.
            window: on which they stand.
        """
        theme = switch.theme
        self._session = session
        self._log_path = log_path
        self._window = window
        self.results = ResultDialogs(session, actions.result_entries, theme, window)
        self.finetune = FinetuneDialog(session, theme, window)
        self.meta_training = MetaTrainingDialog(session.meta_training, theme, window)
        self.split = SplitDialog(session, pages.gallery.thumbnails, theme, window)
        self.settings = SettingsDialog(session, switch, shortcuts, languages, window)
        self.key_sheet = KeySheet(window, actions, shortcuts, pages.takes)
        self.log = LogDialog(session, log_path, window)
        self.guide = GuideWindow(theme, language, window)
        self._coloured = (
            self.results,
            self.finetune,
            self.meta_training,
            self.split,
            self.settings,
            self.guide,
        )

    def show_about(self) -> None:
        """Show what the program is made of; made anew, since it says what is in use now."""
        AboutDialog(self._session, str(self._log_path), self._window).show()

    def show_encoders(self) -> None:
        """Show the settings where the encoders are."""
        self.settings.begin()
        self.settings.show_section(self.settings.engine)

    def use_encoder(self, path: Path) -> None:
        """Use an encoder file; the settings show how far that is, and how to go back."""
        self.show_encoders()
        self.settings.engine.use_file(path)

    def set_theme(self, theme: Theme) -> None:
        """Show in these colours."""
        for dialog in self._coloured:
            dialog.set_theme(theme)

    def close_all(self) -> None:
        """The window is closed."""
        self.results.close_all()
        for dialog in (
            self.finetune,
            self.meta_training,
            self.split,
            self.settings,
            self.key_sheet,
            self.log,
            self.guide,
        ):
            dialog.close()

    def come_to_front(self) -> None:
        """Stand over the window, which was shown after those that were restored."""
        shown = [item for item in self._window.findChildren(QDialog) if item.isVisible()]
        for dialog in shown:
            dialog.raise_()
        if shown:
            front = self.settings if self.settings in shown else shown[-1]
            front.raise_()
            front.activateWindow()

    def kept_state(self) -> object:
        """What the dialogs of a window that takes this one's place go on from."""
        return (
            self.results.kept_state(),
            self.finetune.isVisible(),
            self.meta_training.kept_state(),
            self.settings.isVisible(),
            self.guide.isVisible(),
        )

    def restore_state(self, state: object) -> None:
        """Go on from what :meth:`kept_state` gave."""
        if not isinstance(state, tuple):
            return
        results, is_finetuning_asked, meta_training, is_setting, is_reading = state
        self.results.restore_state(results)
        if is_finetuning_asked:
            self.finetune.begin()
        self.meta_training.restore_state(meta_training)
        if is_reading:
            self.guide.begin()
        if is_setting:  # It may be where the language was chosen.
            self.settings.begin()

"""Language and theme."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QSizePolicy, QWidget

from app.look.theme import Theme, ThemeChoice, ThemeSwitch
from app.settings.section import Section


@dataclass(frozen=True, slots=True)
class Languages:
    """The languages to choose from: value and name of each, which is chosen, and how to choose."""

    choices: Sequence[tuple[object, str]]
    chosen: Callable[[], object]
    choose: Callable[[object], object]


class AppearanceSection(Section):
    """How the window looks and what it speaks.

    Signals:
        theme_requested: a :class:`ThemeChoice`.
    """

    theme_requested = Signal(object)

    def __init__(
        self, switch: ThemeSwitch, languages: Languages | None, parent: QWidget | None = None
    ) -> None:
        super().__init__("", "palette", parent)
        self.title = self.tr("Appearance")
        self.setAccessibleName(self.title)
        self._switch = switch
        self._languages = languages
        self.language = QComboBox()
        if languages is not None:
            self.add_heading(self.tr("Language"))
            for value, name in languages.choices:
                self.language.addItem(name.replace("&", ""), value)
            self.language.setAccessibleName(self.tr("Language"))
            self.language.activated.connect(self._on_language)
            self._add(self.language)
            self.add_words(
                self.tr(
                    "What the window speaks, and how it writes numbers and dates; it changes at "
                    "once, and nothing is lost."
                )
            )
        self.add_heading(self.tr("Theme"))
        self.theme = QComboBox()
        self.theme.setAccessibleName(self.tr("Theme"))
        for choice, text in (
            (ThemeChoice.SYSTEM, self.tr("As the System")),
            (ThemeChoice.LIGHT, self.tr("Light")),
            (ThemeChoice.DARK, self.tr("Dark")),
        ):
            self.theme.addItem(text, choice)
        self.theme.activated.connect(self._on_theme)
        self._add(self.theme)
        self.add_words(self.tr("The colours of the window. Text is as large as the system's."))
        self.column.addStretch(1)

    def set_theme(self, theme: Theme) -> None:
        self.begin()  # It may have been chosen in the menu.

    def begin(self) -> None:
        self.theme.setCurrentIndex(self.theme.findData(self._switch.choice))
        if self._languages is not None:
            self.language.setCurrentIndex(self.language.findData(self._languages.chosen()))

    def _add(self, box: QComboBox) -> None:
        box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        box.setMinimumContentsLength(20)
        self.column.addWidget(box)

    def _on_language(self) -> None:
        if self._languages is not None:
            self._languages.choose(self.language.currentData())

    def _on_theme(self) -> None:
        self.theme_requested.emit(self.theme.currentData())

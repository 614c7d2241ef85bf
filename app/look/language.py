"""Which language the window speaks, and how the reader's country writes numbers and dates.

Widgets make their texts once. So another language takes effect by another window over the same
session (:mod:`app.window.keeper`), and nothing has to know how to change its texts.
"""

from __future__ import annotations

import logging
from enum import Enum
from pathlib import Path
from typing import Final

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator, Signal
from PySide6.QtGui import QFontDatabase, QFontInfo, QGuiApplication

# Where the system itself speaks another language, its choice for Chinese characters is often a
# Japanese font, whose forms differ. The families of Windows, macOS and Linux, for what is missing
# in the font of the system.
_CHINESE_FAMILIES: Final = (
    *("Microsoft YaHei UI", "PingFang SC", "Noto Sans CJK SC", "Noto Sans SC"),
    *("Source Han Sans SC", "WenQuanYi Micro Hei"),
)
# What Qt's own file dialog says and its catalogue lacks (Qt 6.11); ours is asked first.
TEXTS_OF_QT: Final = (
    QCoreApplication.translate("QFileDialog", "&Look in:"),
    QCoreApplication.translate("QFileDialog", "Files of &type:"),
    QCoreApplication.translate("QAbstractFileIconProvider", "Folder"),
    QCoreApplication.translate("QAbstractFileIconProvider", "File Folder"),
    QCoreApplication.translate("QAbstractFileIconProvider", "Drive"),
    QCoreApplication.translate("QAbstractFileIconProvider", "File"),
    QCoreApplication.translate("QAbstractFileIconProvider", "%1 File"),
    QCoreApplication.translate("QAbstractFileIconProvider", "Unknown"),
)
TRANSLATIONS: Final = Path(__file__).parents[2] / "assets" / "translations"
_log = logging.getLogger(__name__)


class LanguageChoice(Enum):
    """What the person chose; the value is kept in the settings."""

    SYSTEM = "system"
    ENGLISH = "en"
    CHINESE = "zh_CN"


def language_name(choice: LanguageChoice) -> str:
    """A language as those who speak it call it; translated for the system's only."""
    match choice:
        case LanguageChoice.SYSTEM:
            return QCoreApplication.translate("Language", "As the &System")
        case LanguageChoice.ENGLISH:
            return "English"
        case LanguageChoice.CHINESE:
            return "简体中文"


class LanguageSwitch(QObject):
    """Keeps the application in the chosen language.

    Attributes:
        choice: what the person chose.
        language: what is spoken: ENGLISH or CHINESE, never SYSTEM.

    Signals:
        changed: texts made from now on are in another language, numbers in another locale.
    """

    changed = Signal()

    def __init__(self, application: QGuiApplication, choice: LanguageChoice) -> None:
        super().__init__()
        self._application = application
        self._translators: list[QTranslator] = []
        self._families = application.font().families()
        self._family = QFontInfo(application.font()).family()
        self.choice = choice
        self.language = LanguageChoice.ENGLISH
        self._apply()

    def choose(self, choice: LanguageChoice) -> None:
        """Switch at once."""
        if choice is self.choice:
            return
        before = (self.language, QLocale())
        self.choice = choice
        self._apply()
        if before != (self.language, QLocale()):
            self.changed.emit()

    def _apply(self) -> None:
        system = QLocale.system()
        self.language = self.choice
        if self.choice is LanguageChoice.SYSTEM:
            self.language = language_of(system.uiLanguages())
        for translator in self._translators:
            self._application.removeTranslator(translator)
        self._translators = []
        if self.language is not LanguageChoice.ENGLISH:
            # The last installed is asked first: ours, then Qt's for its own buttons and menus.
            qt_folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
            self._install("qtbase", Path(qt_folder))
            self._install("handful", TRANSLATIONS)
        self._choose_fonts()
        # Who reads the system's language writes numbers as the system is set up to.
        is_systems = self.choice is LanguageChoice.SYSTEM or (
            language_of([system.name()]) is self.language
        )
        QLocale.setDefault(system if is_systems else QLocale(self.language.value))

    def _choose_fonts(self) -> None:
        families = list(self._families)
        if self.language is LanguageChoice.CHINESE:
            # By its own name: behind an alias ("Sans Serif") Qt takes the first real family, a
            # Chinese one, for Latin letters and for the ellipsis, too, which it draws raised.
            families = [self._family, *families]
            families += [name for name in _CHINESE_FAMILIES if QFontDatabase.hasFamily(name)]
        font = self._application.font()
        if font.families() != families:
            font.setFamilies(families)
            self._application.setFont(font)

    def _install(self, name: str, folder: Path) -> None:
        path = folder / f"{name}_{self.language.value}.qm"
        translator = QTranslator(self)
        if translator.load(str(path)):
            self._application.installTranslator(translator)
            self._translators.append(translator)
        else:
            _log.warning("the translation %s cannot be read", path)


def language_of(wanted: list[str]) -> LanguageChoice:
    """The first language of a list (as in "zh-Hans-CN") that Handful speaks, else English.

    Traditional Chinese is another way of writing, which not all who read it take Simplified for.
    """
    for name in wanted:
        parts = name.replace("_", "-").split("-")
        if parts[0] == "en":
            return LanguageChoice.ENGLISH
        if parts[0] == "zh" and not {"Hant", "TW", "HK", "MO"}.intersection(parts):
            return LanguageChoice.CHINESE
    return LanguageChoice.ENGLISH

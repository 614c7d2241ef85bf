"""What the program remembers between starts, beside the work itself: QSettings with types."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings

from app.look.language import LanguageChoice
from app.look.theme import ThemeChoice
from app.session.engine_choice import DEVICES, EngineChoice

MAX_RECENT: Final = 8
DEFAULT_TILE_PX: Final = 160
MIN_TILE_PX: Final = 96
MAX_TILE_PX: Final = 256


class Preferences:
    """Typed access to the settings; every change is kept at once."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def theme(self) -> ThemeChoice:
        """The theme chosen under View > Theme."""
        try:
            return ThemeChoice(str(self._settings.value("theme", ThemeChoice.SYSTEM.value)))
        except ValueError:
            return ThemeChoice.SYSTEM

    @theme.setter
    def theme(self, choice: ThemeChoice) -> None:
        self._settings.setValue("theme", choice.value)

    @property
    def language(self) -> LanguageChoice:
        """The language chosen in the settings."""
        try:
            return LanguageChoice(str(self._settings.value("language", "system")))
        except ValueError:
            return LanguageChoice.SYSTEM

    @language.setter
    def language(self, choice: LanguageChoice) -> None:
        self._settings.setValue("language", choice.value)

    @property
    def tile_px(self) -> int:
        """The side of a thumbnail in the gallery."""
        try:
            side_px = int(str(self._settings.value("tile_px", DEFAULT_TILE_PX)))
        except ValueError:
            side_px = DEFAULT_TILE_PX
        return max(MIN_TILE_PX, min(MAX_TILE_PX, side_px))

    @tile_px.setter
    def tile_px(self, side_px: int) -> None:
        self._settings.setValue("tile_px", side_px)

    @property
    def engine_choice(self) -> EngineChoice:
        """Device, encoder and cache as chosen in the settings."""
        device = str(self._settings.value("engine/device", "auto"))
        return EngineChoice(
            device if device in DEVICES else "auto",
            _path_of(self._settings.value("engine/encoder", "")),
            _path_of(self._settings.value("engine/cache", "")),
        )

    @engine_choice.setter
    def engine_choice(self, choice: EngineChoice) -> None:
        self._settings.setValue("engine/device", choice.device)
        self._settings.setValue("engine/encoder", str(choice.encoder_path or ""))
        self._settings.setValue("engine/cache", str(choice.cache_folder or ""))

    @property
    def cache_limit(self) -> int | None:
        """How many bytes the cache of images may take; None: what suits the disk."""
        text = str(self._settings.value("engine/cache_limit", ""))
        return int(text) if text.isascii() and text.isdigit() else None

    @cache_limit.setter
    def cache_limit(self, limit_bytes: int | None) -> None:
        self._settings.setValue("engine/cache_limit", str(limit_bytes or ""))

    def action_keys(self, name: str) -> str | None:
        """The keys that the person gave an action, as portable text; None: those it came with."""
        value = self._settings.value(f"keys/{name}")
        return None if value is None else str(value)

    def keep_action_keys(self, name: str, keys: str | None) -> None:
        """Remember the keys of an action; None: those it came with."""
        if keys is None:
            self._settings.remove(f"keys/{name}")
        else:
            self._settings.setValue(f"keys/{name}", keys)

    def place(self, name: str) -> str:
        """Which page or tab of several was shown last; empty where none is known."""
        return str(self._settings.value(f"place/{name}", ""))

    def keep_place(self, name: str, place: str) -> None:
        """Remember which page or tab is shown."""
        self._settings.setValue(f"place/{name}", place)

    def recent(self) -> list[Path]:
        """Project files opened before, the latest first."""
        kept = self._settings.value("recent", [])
        texts = [kept] if isinstance(kept, str) else list(kept) if isinstance(kept, list) else []
        return [Path(str(text)) for text in texts if text][:MAX_RECENT]

    def add_recent(self, project: Path) -> None:
        """Put a project first in the list."""
        others = [path for path in self.recent() if path != project]
        self._keep_recent([project, *others])

    def remove_recent(self, project: Path) -> None:
        """Take a project off the list."""
        self._keep_recent([path for path in self.recent() if path != project])

    def arrangement(self, project: Path) -> tuple[str, str]:
        """How the gallery of ``project`` was filtered and sorted; empty where never chosen."""
        key = _key_of(project)
        return (
            str(self._settings.value(f"projects/{key}/filter", "")),
            str(self._settings.value(f"projects/{key}/sort", "")),
        )

    def keep_arrangement(self, project: Path, filter_text: str, sort_text: str) -> None:
        """Remember how the gallery of ``project`` is filtered and sorted."""
        key = _key_of(project)
        self._settings.setValue(f"projects/{key}/filter", filter_text)
        self._settings.setValue(f"projects/{key}/sort", sort_text)

    def output_path(self, project: Path, kind: str) -> Path | None:
        """Where the last result of ``kind`` ("model", "predictions") was written."""
        text = str(self._settings.value(f"projects/{_key_of(project)}/{kind}", ""))
        return Path(text) if text else None

    def keep_output_path(self, project: Path, kind: str, path: Path) -> None:
        """Remember where a result was written."""
        self._settings.setValue(f"projects/{_key_of(project)}/{kind}", str(path))

    @property
    def table_format(self) -> str:
        """The format in which predictions were saved last; empty where none were."""
        return str(self._settings.value("results/table_format", ""))

    @table_format.setter
    def table_format(self, text: str) -> None:
        self._settings.setValue("results/table_format", text)

    @property
    def unfinished_training(self) -> str:
        """The meta-training that was begun last and is not over, as it was kept; or nothing."""
        return str(self._settings.value("training/unfinished", ""))

    @unfinished_training.setter
    def unfinished_training(self, text: str) -> None:
        self._settings.setValue("training/unfinished", text)

    def spot_check(self, project: Path) -> str:
        """What the last spot check of ``project`` found; empty where there was none."""
        return str(self._settings.value(f"projects/{_key_of(project)}/spot_check", ""))

    def keep_spot_check(self, project: Path, result: str) -> None:
        """Remember what a spot check found."""
        self._settings.setValue(f"projects/{_key_of(project)}/spot_check", result)

    def watches(self, project: Path) -> bool:
        """Whether the folder of ``project`` is to be watched while it is open."""
        return str(self._settings.value(f"projects/{_key_of(project)}/watch", "")) == "on"

    def keep_watching(self, project: Path, *, is_on: bool) -> None:
        """Remember whether the folder of ``project`` is to be watched."""
        key = f"projects/{_key_of(project)}/watch"
        if is_on:
            self._settings.setValue(key, "on")
        else:
            self._settings.remove(key)

    def layout(self, name: str) -> QByteArray:
        """The saved geometry of a window or splitter; empty where there is none."""
        value = self._settings.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_layout(self, name: str, state: QByteArray) -> None:
        """Remember the geometry of a window or splitter."""
        self._settings.setValue(f"layout/{name}", state)

    def _keep_recent(self, projects: list[Path]) -> None:
        self._settings.setValue("recent", [str(path) for path in projects[:MAX_RECENT]])


def _path_of(value: object) -> Path | None:
    return Path(str(value)) if value else None


def _key_of(project: Path) -> str:
    text = str(project).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8).hexdigest()

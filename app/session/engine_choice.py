"""What an engine is made of: the person's choices in the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEVICES: Final = ("auto", "cpu", "openvino", "cuda")


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Device, encoder and cache of an engine.

    Attributes:
        device: one of DEVICES.
        encoder_path: None: the shipped one.
        cache_folder: None: where the system keeps caches.
    """

    device: str = "auto"
    encoder_path: Path | None = None
    cache_folder: Path | None = None

    @property
    def is_safe(self) -> bool:
        """Whether nothing was chosen that may be gone later: a GPU, a library, a file."""
        return self.device in ("auto", "cpu") and self.encoder_path is None

    def made_safe(self) -> EngineChoice:
        """The shipped encoder on what device there is."""
        return EngineChoice("auto", None, self.cache_folder)

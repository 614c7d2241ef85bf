"""What a folder of crops is known by; the window asks, and loads no more than this."""

from __future__ import annotations

from pathlib import Path
from typing import Final

MANIFEST: Final = "crops.json"
"""In the folder, once all crops are made."""


def has_crops(folder: Path) -> bool:
    """Whether a folder is one of crops, looked at by name alone."""
    return (folder / MANIFEST).is_file()

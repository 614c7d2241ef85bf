"""How large the cache of images may become: what the person chose, else what suits the disk.

The choice lies as a small file in the cache's folder, so that the window, the command line and two
programs at once go by the same.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Final

from engine.errors import EngineError, sentence_for
from engine.files import write_whole
from engine.words import say

LIMIT_FILE: Final = "images-limit.txt"
DEFAULT_LIMIT_BYTES: Final = 16_000_000_000
"""About a million photographs, see docs/results/cache.md."""
SMALLEST_LIMIT_BYTES: Final = 100_000_000
_SUITS_THE_DISK: Final = b"as suits the disk"  # In the file: it was asked for, so it stays.
_ALWAYS_FREE_BYTES: Final = 1_000_000_000
_LONGEST_NUMBER: Final = 18


def kept_limit(folder: Path) -> int | None:
    """The limit in bytes that was chosen for the cache in ``folder``, or None."""
    with contextlib.suppress(OSError, ValueError), (folder / LIMIT_FILE).open("rb") as file:
        return max(SMALLEST_LIMIT_BYTES, int(file.read(_LONGEST_NUMBER)))
    return None


def has_limit(folder: Path) -> bool:
    """Whether somebody has chosen for the cache in ``folder``, be it what suits the disk.

    A file that says neither is no choice.
    """
    with contextlib.suppress(OSError), (folder / LIMIT_FILE).open("rb") as file:
        is_said = file.read(len(_SUITS_THE_DISK) + 1) == _SUITS_THE_DISK
        return is_said or kept_limit(folder) is not None
    return False


def forget_limit(folder: Path) -> None:
    """The cache in ``folder`` is one that nobody has chosen for."""
    with contextlib.suppress(OSError):
        (folder / LIMIT_FILE).unlink(missing_ok=True)


def keep_limit(folder: Path, limit_bytes: int | None) -> None:
    """Choose a limit for the cache in ``folder``; None: what suits the disk.

    Programs that have the cache open go by it from the next time that they tidy it.

    Raises:
        EngineError: it cannot be written.
    """
    path = folder / LIMIT_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        content = _SUITS_THE_DISK
        if limit_bytes is not None:
            content = str(max(SMALLEST_LIMIT_BYTES, limit_bytes)).encode()
        write_whole(path, content)
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("write"))) from error


def limit_in_force(folder: Path, own_bytes: int) -> int:
    """How many bytes the cache in ``folder`` may take as things are.

    At most what was chosen, and never the disk's last gigabyte: projects are saved there too.
    Unchosen, at most half of what the disk would have free without the cache.

    Args:
        own_bytes: what the cache takes now.
    """
    chosen = kept_limit(folder)
    try:
        free_bytes = shutil.disk_usage(folder).free + own_bytes
    except OSError:
        return chosen or DEFAULT_LIMIT_BYTES
    if chosen is None:
        return min(DEFAULT_LIMIT_BYTES, free_bytes // 2)
    return max(0, min(chosen, free_bytes - _ALWAYS_FREE_BYTES))

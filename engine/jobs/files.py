"""Results appear under their final name only when whole."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from engine.errors import ExportError, sentence_for
from engine.words import say


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its name when the block ends well.

    Synced to disk before it is renamed; removed if the block raises or its generator is closed.

    Raises:
        ExportError: the folder is missing or cannot be written, the disk is full, ...
    """
    if os.path.islink(path):
        path = path.resolve()  # A link stays one; what it points to is written.
    temporary = path.parent / f".handful-{uuid4().hex}{path.suffix[:20]}"
    try:
        if not path.parent.is_dir():
            raise ExportError(
                say(
                    "Could not write {path}: there is no folder {parent}.",
                    path=path,
                    parent=path.parent,
                )
            )
        if path.is_dir():  # Asked first also because it finds an impossible name at once.
            raise ExportError(say("Could not write {path}: it is a folder.", path=path))
        if path.exists() and not path.is_file():
            raise ExportError(say("Could not write {path}: it is no ordinary file.", path=path))
        temporary.touch(exist_ok=False)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("write"))) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Make the new name durable where the system lets a folder be synced."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

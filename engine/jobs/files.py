"""Results appear under their final name only when whole."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from engine.errors import ExportError, sentence_for
from engine.files import claimed, clear_leftovers, sync_folder
from engine.images import EXTENSIONS
from engine.project_backups import SUFFIX as PROJECT_SUFFIX
from engine.words import say

_FILES_AT_ONCE: Final = 16


def check_target(out: Path, inputs: Iterable[Path] = ()) -> None:
    """Refuse to write over what was read, or over what no result may be called, through links too.

    Args:
        out: a file to be written; whatever it is a link to is what would be lost.
        inputs: files that the result is made of.

    Raises:
        ExportError: it has the name of an image or a project, or is one of ``inputs``.
    """
    for path in dict.fromkeys((out, Path(os.path.realpath(out)))):
        if path.suffix.lower() in EXTENSIONS:
            raise ExportError(
                say("Could not write {path}: that is the name of an image.", path=path)
            )
        if path.suffix.lower() == PROJECT_SUFFIX:
            raise ExportError(
                say("Could not write {path}: that is the name of a project.", path=path)
            )
    try:
        there = out.stat()
    except (OSError, ValueError):
        return
    for path in inputs:
        with contextlib.suppress(OSError, ValueError):
            if os.path.samestat(there, path.stat()):
                raise ExportError(say("Could not write {path}: it is one of the images.", path=out))


def is_same_file(one: Path, other: Path) -> bool:
    """Whether two paths lead to one file, whether it is there yet or not."""
    with contextlib.suppress(OSError, ValueError):
        if os.path.samefile(one, other):
            return True
    return os.path.realpath(one) == os.path.realpath(other)


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
    claim = ExitStack()
    try:
        _check_parent(path)
        if path.is_dir():  # Asked first also because it finds an impossible name at once.
            raise ExportError(say("Could not write {path}: it is a folder.", path=path))
        if path.exists() and not path.is_file():
            raise ExportError(say("Could not write {path}: it is no ordinary file.", path=path))
        temporary.touch(exist_ok=False)
        claim.enter_context(claimed(temporary))
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        claim.close()
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("write"))) from error
    finally:
        claim.close()
        with contextlib.suppress(OSError):
            temporary.unlink()


@contextmanager
def folder_written_whole(path: Path) -> Iterator[Path]:
    """A temporary folder beside ``path`` that takes its name when the block ends well.

    Removed with all that is in it if the block raises or its generator is closed. To make it
    durable before, which takes a while, is for the block: see :func:`synced`.

    Raises:
        ExportError: there is something at ``path`` already that is not an empty folder; the folder
            it is to be in is missing or cannot be written, the disk is full, ...
    """
    temporary = path.parent / f".handful-{uuid4().hex}"
    claim = ExitStack()
    try:
        _check_parent(path)
        clear_leftovers(path.parent)
        temporary.mkdir()
        claim.enter_context(claimed(temporary))
        yield temporary
        # An empty folder may have been made in the file dialog for this; Windows replaces none.
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
        if os.path.lexists(path):
            raise ExportError(
                say("Could not write {path}: there is something of that name already.", path=path)
            )
        temporary.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("write"))) from error
    finally:
        claim.close()
        shutil.rmtree(temporary, ignore_errors=True)


def synced(folder: Path) -> Iterator[None]:
    """Make a folder with all that is in it durable, a few files at each step.

    Several at once: then the disk makes one round for them. Hard links are left out: what they are
    links to was there before.
    """
    paths = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
    with ThreadPoolExecutor(_FILES_AT_ONCE) as pool:
        for start in range(0, len(paths), _FILES_AT_ONCE):
            list(pool.map(_sync_file, paths[start : start + _FILES_AT_ONCE]))
            yield
    for parent, _, _ in os.walk(folder):
        sync_folder(Path(parent))
        yield


def _sync_file(path: Path) -> None:
    if path.stat().st_nlink > 1:
        return
    # Windows syncs only what is open for writing.
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_parent(path: Path) -> None:
    if not path.parent.is_dir():
        raise ExportError(
            say(
                "Could not write {path}: there is no folder {parent}.",
                path=path,
                parent=path.parent,
            )
        )

"""Which journals are obeyed: a folder may come from anywhere, and its journal with it.

A journal moves and removes files where it says. What it says to touch in its own folder is always
checked to lie in there. Beyond it only those are obeyed that Handful wrote on this computer, which
a list in the person's own data tells, or for folders that the person names.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

from platformdirs import user_data_path

from engine.errors import ExportError, sentence_for
from engine.interchange.sorting.journal import Run, damaged
from engine.messages import SortHow
from engine.words import say

_LIST_NAME: Final = "sortings.jsonl"


def remember(run: Run) -> None:
    """Note on this computer that a run is ours, and where its images came from.

    Where that may never be written, the run counts as one of another computer.

    Raises:
        ExportError: it could not be written now: the disk is full or broken. Nothing is moved then,
            since taking it back would be refused.
    """
    folder = _absolute(run.images_folder)
    others = {_absolute(item.source.parent) for item in run.files.values()}
    line = {
        "run": run.run_id,
        "folders": [str(folder), *sorted(str(one) for one in others if not _is_in(one, folder))],
    }
    path = _list_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            # Another line's end first: a full disk may have torn the one before.
            file.write(f"\n{json.dumps(line)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            raise ExportError(sentence_for(error, path, say("write"))) from error


def is_known(run: Run) -> bool:
    """Whether a run was done by Handful on this computer, from the folders that it names."""
    folders = _known_folders(run.run_id)
    return all(
        any(_is_in(parent, folder) for folder in folders)
        for parent in {_absolute(item.source).parent for item in run.files.values()}
    )


def check(target: Path, run: Run, images: Path | None, *, is_undo: bool) -> None:
    """Refuse a journal that reaches for what it should not.

    Args:
        target: the folder in which the journal lies.
        images: a folder that the person names as the one where the images were; its project's.

    Raises:
        ExportError: it names places outside of ``target``, or was written on another computer and
            would take files from, or put them into, other folders than these.
    """
    inner = [*(item.target for item in run.files.values()), *run.made]
    if not all(is_inner(name) for name in inner):
        raise damaged(target)
    if is_known(run):
        return
    home = Path(os.path.realpath(target))
    folders = {target / name for name in run.made}
    folders |= {(target / item.target).parent for item in run.files.values()}
    if not all(_is_in(Path(os.path.realpath(folder)), home) for folder in folders):
        raise damaged(target)  # By way of a link.
    if is_undo and run.how is not SortHow.MOVE:
        return  # It only removes, in this folder, second files of what is elsewhere.
    allowed = [home, *([Path(os.path.realpath(images))] if images is not None else [])]
    for parent in {item.source.parent for item in run.files.values()}:
        real = Path(os.path.realpath(parent))
        if not any(_is_in(real, folder) for folder in allowed):
            raise ExportError(
                say(
                    "The sorting into {target} was done on another computer, or by another person, "
                    "and names files in {folder}; if that is right, open the folder of the images "
                    "as a project and take it back there, or give it with --images.",
                    target=target,
                    folder=parent,
                )
            )


def _known_folders(run_id: str) -> list[Path]:
    try:
        lines = _list_path().read_bytes().splitlines()
    except OSError:
        return []
    for text in reversed(lines):
        if run_id.encode() in text:
            with contextlib.suppress(ValueError, KeyError, TypeError, RecursionError):
                line = json.loads(text)
                if line["run"] == run_id:
                    return [Path(folder) for folder in line["folders"]]
    return []


def _list_path() -> Path:
    return user_data_path("Handful", appauthor=False) / _LIST_NAME


def is_inner(name: str) -> bool:
    """Whether a path is relative and has no way up, on every system."""
    windows = PureWindowsPath(name)
    parts = {*PurePosixPath(name).parts, *windows.parts}
    is_rooted = PurePosixPath(name).is_absolute() or (
        os.name == "nt" and bool(windows.drive or windows.root)
    )
    return bool(name) and not is_rooted and ".." not in parts


def _is_in(path: Path, folder: Path) -> bool:
    return path == folder or path.is_relative_to(folder)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))

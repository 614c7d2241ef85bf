"""Reading what others wrote, which may be damaged, enormous or meant to harm."""

from __future__ import annotations

import codecs
import csv
import json
import lzma
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from engine.errors import LabelsError, sentence_for
from engine.images import EXTENSIONS
from engine.interchange.cells import text_of
from engine.words import say

HEAD_BYTES: Final = 1 << 16
MAX_TEXT_BYTES: Final = 1 << 29
"""Labels of millions of images are smaller; beyond it is not asked what a file may be."""
_MAX_UNPACKED_BYTES: Final = 1 << 33
_MAX_RATIO: Final = 200  # Text packs to a twentieth, zeros to a thousandth.
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DAMAGED_ZIP: Final = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(NotImplementedError, EOFError, UnicodeError, OverflowError),
)
# What is taken out of an archive: what readers of labels look at, and nothing that could be run.
_UNPACKED: Final = EXTENSIONS | {".json", ".jsonl", ".csv", ".tsv", ".txt", ".sqlite", ".parquet"}


def head_of(path: Path) -> str:
    """The first 64 KiB as text, empty where it is none or cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except (OSError, ValueError):
        return ""
    return head.decode("utf-16" if head.startswith(_WIDE) else "utf-8", errors="ignore")


def read_text(path: Path, most_bytes: int = MAX_TEXT_BYTES) -> str:
    """A whole text file in UTF-8, or UTF-16 with a mark at its beginning, as Excel writes it.

    Raises:
        LabelsError: it cannot be read, is no text, or too long.
    """
    try:
        size = path.stat().st_size
        if size > most_bytes:
            raise LabelsError(
                say(
                    "{path} has {size:.0f} MB; files of labels are read up to {most:.0f} MB.",
                    path=path,
                    size=size / 1e6,
                    most=most_bytes / 1e6,
                )
            )
        with path.open("rb") as start:
            is_wide = start.read(2) in _WIDE
        with path.open(encoding="utf-16" if is_wide else "utf-8-sig", newline="") as file:
            text = file.read()
    except UnicodeError as error:
        raise LabelsError(say("{path} is not a text file in UTF-8.", path=path)) from error
    except OSError as error:
        raise LabelsError(sentence_for(error, path, say("read"))) from error
    if "\0" in text:
        raise LabelsError(say("{path} is not a text file in UTF-8.", path=path))
    return text


def read_json(path: Path, most_bytes: int = MAX_TEXT_BYTES) -> Any:
    """A whole JSON file.

    Raises:
        LabelsError: it cannot be read, is no JSON, nested too deeply, names something twice (the
            one or the other would be lost without a word), or is too long.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # Written in Python also because other threads get their turn whenever it is called: the
        # reader of the standard library alone would hold up the window for seconds.
        made = dict(pairs)
        if len(made) < len(pairs):
            raise LabelsError(
                say(
                    "{path} is damaged: it says “{name}” twice in one place.",
                    path=path,
                    name=text_of(_first_twice(name for name, _ in pairs)[:80]),
                )
            )
        return made

    try:
        return json.loads(read_text(path, most_bytes), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise LabelsError(say("{path} is not JSON, or it is damaged.", path=path)) from error


def is_file(path: Path) -> bool:
    """Whether a file lies there; a name from elsewhere may be one that no file can have."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # Too long, or with a zero in it.
        return False


def possible_path(text: str) -> str:
    """A path as it is in a file from anywhere, if the system can be asked about it.

    Raises ValueError: a null character, or letters that no name can have; system calls raise, too.
    """
    if "\0" in text:
        raise ValueError("no path")
    os.fsencode(text)
    return text


def _first_twice(names: Iterable[str]) -> str:
    """The first name that was there before; empty where each is there once."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return ""


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive whose members are safe to unpack: no escaping names, no bomb.

    Raises:
        LabelsError: it is none, or one that should not be unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            total = 0
            for member in archive.infolist():
                if not member.filename:  # zipfile itself cannot tell what that is.
                    raise zipfile.BadZipFile("a member without a name")
                total += member.file_size
                parts = member.filename.replace("\\", "/").split("/")
                if ".." in parts or member.filename.startswith(("/", "\\")) or ":" in parts[0]:
                    raise LabelsError(
                        say(
                            "{path} was not opened: its member “{member}” would be written "
                            "outside of its place.",
                            path=path,
                            member=member.filename,
                        )
                    )
                if member.file_size > _MAX_RATIO * max(1 << 16, member.compress_size):
                    raise LabelsError(
                        say(
                            "{path} was not opened: “{member}” would become {size:.0f} MB, as no "
                            "honest file does.",
                            path=path,
                            member=member.filename,
                            size=member.file_size / 1e6,
                        )
                    )
            if total > _MAX_UNPACKED_BYTES:
                raise LabelsError(
                    say(
                        "{path} was not opened: unpacked it would take {size:.0f} MB.",
                        path=path,
                        size=total / 1e6,
                    )
                )
            yield archive
    except _DAMAGED_ZIP as error:
        raise LabelsError(say("{path} is not a zip file, or it is damaged.", path=path)) from error
    except OSError as error:
        raise LabelsError(sentence_for(error, path, say("read"))) from error


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """A folder with what is in a zip archive, gone when the block ends; anything else as it is.

    Only what can be labels or images is taken out. A folder in which all the rest lies is entered.

    Raises:
        LabelsError: see :func:`opened_zip`; or the disk has no room for it.
    """
    if not path.is_file() or not _is_zip(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="handful-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        with opened_zip(path) as archive:
            members = [item for item in archive.infolist() if _is_wanted(item)]
            size = sum(item.file_size for item in members)
            if size > shutil.disk_usage(folder).free:
                raise LabelsError(
                    say(
                        "{path} was not opened: unpacked it would take {size:.0f} MB, and the disk "
                        "has no room for that.",
                        path=path,
                        size=size / 1e6,
                    )
                )
            for member in members:
                try:
                    archive.extract(member, folder)
                except RuntimeError as error:  # So zipfile says that there is a password.
                    raise LabelsError(
                        say("{path} was not opened: it has a password.", path=path)
                    ) from error
        yield _without_wrapping(folder)


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # One of several disks, say; opening it tells.
        return True


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    parts = member.filename.replace("\\", "/").split("/")
    is_hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts if part)
    return not is_hidden and Path(parts[-1]).suffix.lower() in _UNPACKED


def _without_wrapping(folder: Path) -> Path:
    """The folder itself, or the only thing in it where that is no class of images."""
    while True:
        inside = list(folder.iterdir())
        if len(inside) != 1:
            return folder
        if not inside[0].is_dir():
            return folder if inside[0].suffix.lower() in EXTENSIONS else inside[0]
        if any(item.suffix.lower() in EXTENSIONS for item in inside[0].iterdir()):
            return folder  # It is a class.
        folder = inside[0]


@contextmanager
def told_as_no_csv(path: Path, reader: csv.DictReader[str]) -> Iterator[None]:
    """What the csv module cannot read in the block is told with the file and the line.

    Raises:
        LabelsError: it is no CSV.
    """
    try:
        yield
    except csv.Error as error:
        raise LabelsError(
            say(
                "{path}, line {line}: this is no CSV ({error}).",
                path=path,
                line=reader.line_num,
                error=str(error),
            )
        ) from error

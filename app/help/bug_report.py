"""A report of a bug as text: what runs where, the last errors, the end of the log, and no names."""

from __future__ import annotations

import logging
import os
import platform
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QLocale, qVersion

from app.help.log_file import LogLine
from app.session.image_table import NO_CLASS
from app.session.session import Session
from engine import __version__, default_cache_folder, has_nvidia_device

_N_LINES: Final = 200
_N_ERRORS: Final = 5
_PACKAGES: Final = (
    *("PySide6_Essentials", "numpy", "pillow"),
    *("onnxruntime", "onnxruntime-gpu", "torch"),
)
_SUFFIXES: Final = (
    "(?:jpe?g|jpe|jfif|png|tiff?|webp|avif|gif|bmp|heic|heif|jp2|ppm|pgm|dng|cr2|nef)"
)
_FILE: Final = re.compile(rf"[^\s\"'“”:,;()\[\]]+\.{_SUFFIXES}\b", re.IGNORECASE)
_SUFFIX_END: Final = re.compile(rf"\.{_SUFFIXES}\b", re.IGNORECASE)
_QUOTED: Final = re.compile(r"“[^”]*”")
_LONGEST_NAME: Final = 400


def bug_report(session: Session, lines: Sequence[LogLine], *, with_names: bool) -> str:
    """The report, in English as the log is, since others are to read it.

    Args:
        lines: of the log; the last ones are taken.
        with_names: leave the names of images, folders and classes in.
    """
    errors = [line.text for line in lines if line.level >= logging.ERROR and _is_head(line.text)]
    parts = [
        "\n".join(_facts(session)),
        "Last errors\n" + ("\n".join(errors[-_N_ERRORS:]) or "none"),
        f"Log, last {_N_LINES} lines\n" + "\n".join(line.text for line in lines[-_N_LINES:]),
    ]
    text = "\n\n".join(parts)
    if not with_names:
        text = without_names(text, session)
    return without_home(text) + "\n"


def without_home(text: str) -> str:
    """With the home folder as "~" and without the user's name in other folders."""
    home = Path.home()
    for form in {str(home), home.as_posix(), os.path.realpath(home)}:
        if len(form) > 1:
            text = text.replace(form, "~")
    if len(home.name) > 1:
        name = re.escape(home.name)
        text = re.sub(rf"(?<=[/\\]){name}(?=[/\\\s]|$)", "…", text, flags=re.MULTILINE)
    return text


def without_names(text: str, session: Session) -> str:
    """Without names of images, of the open folder, and of what stands in quotation marks."""
    if session.project is not None:
        for path in (session.project.path, session.project.folder):
            text = text.replace(str(path), "<project>")
    names = set(session.table.names)
    names |= {name.rpartition("/")[2] for name in names}
    lines = [_QUOTED.sub("“…”", _without_images(line, names)) for line in text.split("\n")]
    return "\n".join(lines)


def _without_images(line: str, names: set[str]) -> str:
    """First the images of the project, whose names may have blanks, then what looks like one."""
    place = 0
    while (end := _SUFFIX_END.search(line, place)) is not None:
        place = end.end()
        for start in range(max(0, place - _LONGEST_NAME), end.start()):
            if line[start:place] in names:
                line = f"{line[:start]}<image>{line[place:]}"
                place = start + len("<image>")
                break
    return _FILE.sub("<image>", line)


def _facts(session: Session) -> list[str]:
    engine, choice, table = session.engine, session.choice, session.table
    packages = [f"{name} {version}" for name in _PACKAGES if (version := _version_of(name))]
    n_labelled = int(np.count_nonzero(table.labels != NO_CLASS))
    wanted = session.preferences.engine_choice
    return [
        f"Handful {__version__}, Python {platform.python_version()}, Qt {qVersion()}",
        f"System: {platform.platform()}, {os.cpu_count()} cores",
        f"Packages: {', '.join(packages)}",
        f"Device: {engine.device if engine else 'not loaded'}",
        f"Provider: {engine.provider if engine else 'not loaded'}",
        f"NVIDIA device: {'yes' if has_nvidia_device() else 'no'}",
        f"Encoder: {engine.encoder_name if engine else 'not loaded'}",
        f"Notice: {(engine.notice if engine else '') or 'none'}",
        f"Failure: {session.engine_failure or 'none'}",
        f"Settings: device {wanted.device}, encoder "
        f"{wanted.encoder_path.name if wanted.encoder_path else 'shipped'}, cache "
        f"{choice.cache_folder or default_cache_folder()}, theme "
        f"{session.preferences.theme.value}, locale {QLocale().name()}",
        f"Project: {table.n_rows} images, {len(session.classes)} classes, {n_labelled} labels",
    ]


def _is_head(text: str) -> bool:
    return text[:4].isdigit()


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""

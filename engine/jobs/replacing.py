"""What a command may write over without a question: an earlier result of Handful's, of its kind.

The window asks its person instead. See also :func:`engine.jobs.files.check_target` for what nobody
may write over.
"""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from engine.encoder.graph import read_graph_metadata
from engine.errors import EngineError, ExportError
from engine.interchange.reading import read_json
from engine.interchange.tables import table_header
from engine.words import Sentence, say

_HEAD_BYTES: Final = 1_000_000  # A line of JSON Lines has a probability for every class.
_COLUMNS: Final = table_header(())
_LEADING: Final = _COLUMNS[:4]


def check_table(out: Path) -> None:
    """Whether a table of predictions may take the place of ``out``.

    Raises:
        ExportError: something else is there.
    """
    _check(
        out,
        _is_table,
        say(
            "{path} is there already and is not a table of Handful; choose another name.", path=out
        ),
    )


def check_models(paths: Sequence[Path]) -> None:
    """Whether exported models may take the places of ``paths``.

    Raises:
        ExportError: something else is at one of them.
    """
    for path in paths:
        refusal = say(
            "{path} is there already and is not a model of Handful; choose another name.", path=path
        )
        _check(path, _is_model, refusal)


def check_detections(out: Path) -> None:
    """Whether results of a detector that were written back may take the place of ``out``.

    Raises:
        ExportError: something else is there, the detector's own file too.
    """
    refusal = say(
        "{path} is there already and was not written by Handful; choose another name.", path=out
    )
    _check(out, _is_written_back, refusal)


def _check(out: Path, is_own: Callable[[Path], bool], refusal: Sentence) -> None:
    try:
        if not out.is_file() or not out.stat().st_size:
            return  # Nothing is lost; what is no file is refused where it is written.
        if is_own(out):
            return
    except (OSError, ValueError, RecursionError):
        pass
    raise ExportError(refusal)


def _is_table(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(b"PAR1"):
        import pyarrow
        import pyarrow.parquet

        try:
            names = pyarrow.parquet.read_schema(path).names
        except (pyarrow.ArrowException, OSError):
            return False
        return bool(names[: len(_COLUMNS)] == _COLUMNS)
    line = head.removeprefix(codecs.BOM_UTF8).partition(b"\n")[0].strip()
    if line.startswith(b"{"):
        row = json.loads(line)
        return all(name in row for name in _COLUMNS)
    columns = [mark.join(_LEADING).encode() for mark in ",;"]
    return any(line == start or line.startswith((start + b",", start + b";")) for start in columns)


def _is_model(path: Path) -> bool:
    return {"class_names", "encoder_fingerprint"} <= read_graph_metadata(path).keys()


def _is_written_back(path: Path) -> bool:
    try:
        content = read_json(path, os.path.getsize(path) + 1)
    except EngineError:
        return False
    info = content.get("info") if isinstance(content, dict) else None
    return isinstance(info, dict) and str(info.get("classifier", "")).startswith("Handful ")

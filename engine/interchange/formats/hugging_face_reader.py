"""Hugging Face's imagefolder: folders of classes, or a metadata file beside the images.

https://huggingface.co/docs/datasets/image_dataset
"""

from __future__ import annotations

import csv
import io
import json
import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from engine.errors import LabelsError
from engine.interchange.formats import image_folder_reader
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.interchange.reading import head_of, is_file, read_text
from engine.words import Sentence, say

_NAMES: Final = ("metadata.jsonl", "metadata.csv")
_FILE_KEYS: Final = ("file_name", "image_file_name", "image")
_LABEL_KEYS: Final = ("label", "labels", "class", "category")
_DEEPEST: Final = 3


def read(path: Path) -> Foreign:
    """Labels of the metadata files; of the folders where there is none.

    Args:
        path: the folder, or a file of one JSON object a line with "file_name" and "label", as
            Handful's own tables in JSON Lines are.
    """
    files = [path] if path.is_file() else list(_metadata_in(path))
    if not files:
        return image_folder_reader.read(path)
    root = path if path.is_dir() else path.parent
    labels: list[ForeignLabel] = []
    n_odd = 0
    for file in files:
        beside = file.parent.relative_to(root).as_posix()
        for row, where in _rows_of(file):
            name, label = _text_of(row, _FILE_KEYS), _text_of(row, _LABEL_KEYS)
            if name and label:
                said = posixpath.normpath(posixpath.join(beside, name))
                image = root / said
                is_inside = not said.startswith(("/", "../")) and is_file(image)
                is_machine = row.get("label_source") == "machine"
                # What Handful writes also tells what the image was called before.
                shown = _text_of(row, ("original_name",)) or said
                labels.append(
                    ForeignLabel(shown, label, image if is_inside else None, is_machine, where)
                )
            else:
                n_odd += 1
    if not labels:
        raise LabelsError(say("{path} gives no image a “label”.", path=files[0]))
    notices = (say("{count} lines have no file name or no label.", count=n_odd),) if n_odd else ()
    return Foreign(tuple(dict.fromkeys(item.label for item in labels)), tuple(labels), notices)


def recognises(path: Path) -> bool:
    """A folder with a metadata file, or such a file."""
    if path.is_dir():
        return any(True for _ in _metadata_in(path))
    return path.suffix.lower() in (".jsonl", ".ndjson") and '"file_name"' in head_of(path)


def _metadata_in(path: Path) -> Iterator[Path]:
    for folder, inner, names in os.walk(path):
        depth = len(Path(folder).relative_to(path).parts)
        inner[:] = [] if depth >= _DEEPEST else sorted(n for n in inner if n[0] != ".")
        for name in _NAMES:
            if name in names:
                yield Path(folder, name)
                break


def _rows_of(file: Path) -> Iterator[tuple[dict[str, Any], Sentence]]:
    text = read_text(file)
    if file.suffix.lower() == ".csv":
        reader = csv.DictReader(io.StringIO(text, newline=""))
        try:
            for table_row in reader:
                yield table_row, say("line {number}", number=reader.line_num)
        except csv.Error as error:
            raise LabelsError(
                say(
                    "{path}, line {line}: this is no CSV ({error}).",
                    path=file,
                    line=reader.line_num,
                    error=str(error),
                )
            ) from error
        return
    # Not str.splitlines, which would also cut names at other characters.
    for number, line in enumerate(io.StringIO(text), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise LabelsError(
                say("{path}, line {line}: this is no JSON.", path=file, line=number)
            ) from error
        if isinstance(row, dict):
            yield row, say("line {number}", number=number)


def _text_of(row: dict[str, Any], keys: tuple[str, ...]) -> str:
    """The first of these that is there; a number stands for a class without another name."""
    value = next((row[key] for key in keys if row.get(key) is not None), None)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""

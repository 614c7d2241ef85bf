"""labelme and X-AnyLabeling: a JSON file beside each image, its flags being the labels."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

from engine.errors import LabelsError
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.interchange.reading import head_of, is_file, read_json
from engine.words import say

_LOOKED_AT: Final = 20  # Files of a folder, to tell what it is.
_MAX_FILE_BYTES: Final = 1 << 28  # The image may be in it.


def read(path: Path) -> Foreign:
    """The flags that are set; without any the one label that all shapes have.

    Args:
        path: a folder of such files, at any depth, or one of them.
    """
    root = path if path.is_dir() else path.parent
    labels: list[ForeignLabel] = []
    known: dict[str, None] = {}
    n_shapes = n_damaged = n_files = 0
    for file in _files_below(path):
        try:
            found = read_json(file, _MAX_FILE_BYTES)
        except LabelsError:
            if file == path:
                raise
            n_damaged += 1
            continue
        if not isinstance(found, dict) or "imagePath" not in found:
            continue
        n_files += 1
        flags = found.get("flags")
        flags = flags if isinstance(flags, dict) else {}
        known.update(dict.fromkeys(flags))
        given = [name for name, is_set in flags.items() if is_set is True]
        if not given:
            given = _of_shapes(found.get("shapes"))
            n_shapes += bool(given)
        name, image = _image_of(found["imagePath"], file, root)
        where = file.relative_to(root).as_posix()
        labels += [ForeignLabel(name, label, image, False, where) for label in given]
    if not n_files:
        raise LabelsError(say("{path} has no file of labelme's.", path=path))
    if not labels:
        raise LabelsError(
            say("{path}: no image has a flag that is set, so there are no labels.", path=path)
        )
    notices = []
    if n_shapes:
        notices.append(
            say(
                "{count} images have no flag; the label that all their shapes have was taken.",
                count=n_shapes,
            )
        )
    if n_damaged:
        notices.append(say("{count} files are no JSON or damaged.", count=n_damaged))
    known.update(dict.fromkeys(item.label for item in labels))
    return Foreign(tuple(known), tuple(labels), tuple(notices))


def recognises(path: Path) -> bool:
    """A file with an image's place and shapes, or a folder with one among its first."""
    return any(
        '"imagePath"' in head or ('"shapes"' in head and '"flags"' in head)
        for head in map(head_of, islice(_files_below(path), _LOOKED_AT))
    )


def _files_below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if path.suffix.lower() == ".json":
            yield path
        return
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(".json") and not name.startswith("."):
                yield Path(folder, name)


def _of_shapes(shapes: Any) -> list[str]:
    named = {
        shape["label"]
        for shape in (shapes if isinstance(shapes, list) else ())
        if isinstance(shape, dict) and isinstance(shape.get("label"), str)
    }
    return list(named) if len(named) == 1 else []


def _image_of(given: Any, file: Path, root: Path) -> tuple[str, Path | None]:
    """The image's name relative to the root, and its own file where it lies there."""
    if not isinstance(given, str) or not given:
        return file.relative_to(root).with_suffix("").as_posix(), None
    said = given.replace("\\", "/")
    if posixpath.isabs(said) or said[1:2] == ":":
        return said, None
    beside = file.relative_to(root).parent.as_posix()
    name = posixpath.normpath(posixpath.join(beside, said))
    if name.startswith("../"):  # Where that is, is not asked; how it ends may tell.
        return name.replace("../", ""), None
    image = root / name
    return name, image if is_file(image) else None

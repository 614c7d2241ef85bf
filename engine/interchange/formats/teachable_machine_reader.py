"""Image projects of Teachable Machine: what "Download project as file" gives.

A ``.tm`` file is a zip with a description and the samples
(https://github.com/googlecreativelab/teachablemachine-community/issues/38). How the samples are
named is described nowhere; two ways are read: a folder per class, and CLASS-!-NUMBER.EXTENSION.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from engine.errors import LabelsError
from engine.images import find_images
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.interchange.reading import head_of
from engine.messages import FoundFile
from engine.words import say

_MARK: Final = "-!-"


def read(path: Path) -> Foreign:
    """A label for each sample; ``path`` is the unpacked folder."""
    labels: list[ForeignLabel] = []
    n_other = 0
    for item in find_images(path):
        if not isinstance(item, FoundFile):
            continue
        folder, _, file = item.name.rpartition("/")
        label = file.partition(_MARK)[0] if _MARK in file else folder.rpartition("/")[2]
        if label:
            labels.append(ForeignLabel(item.name, label, path / item.name, False, ""))
        else:
            n_other += 1
    if not labels:
        raise LabelsError(
            say("{path} has no samples in folders of classes, so no labels.", path=path)
        )
    notices = (say("{count} samples belong to no class.", count=n_other),) if n_other else ()
    return Foreign(tuple(dict.fromkeys(item.label for item in labels)), tuple(labels), notices)


def recognises(path: Path) -> bool:
    """A folder with Teachable Machine's description of an image project."""
    head = head_of(path / "manifest.json") if path.is_dir() else ""
    return '"type"' in head and '"image"' in head

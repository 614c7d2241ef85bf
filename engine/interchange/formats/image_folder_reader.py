"""Images in a folder per class, as torchvision's ImageFolder and many others have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.errors import LabelsError, sentence_for
from engine.images import find_images
from engine.interchange.formats.interface import Foreign, ForeignLabel
from engine.messages import FoundFile
from engine.words import say

SPLITS: Final = frozenset(("train", "training", "val", "valid", "validation", "test"))
_UNLABELLED: Final = frozenset(("_unlabeled", "_unlabelled", "unlabeled", "unlabelled"))
_LOOKED_AT: Final = 50  # Entries of a folder, to tell what it is.


def read(path: Path) -> Foreign:
    """A label for each image that lies in a folder of a class, at any depth below it.

    Folders called train, val or test with folders in them are splits, not classes.
    """
    classes: dict[str, None] = {}
    labels: list[ForeignLabel] = []
    n_outside = 0
    for folder in class_folders(path):
        if folder.name.lower() in _UNLABELLED:
            continue
        classes[folder.name] = None
        for item in find_images(folder):
            if isinstance(item, FoundFile):
                image = folder / item.name
                name = image.relative_to(path).as_posix()
                labels.append(ForeignLabel(name, folder.name, image, False, ""))
            else:
                n_outside += 1
    if not labels:
        raise LabelsError(say("{path} has no folders with images in them.", path=path))
    notices = (
        (say("{count} files and folders could not be read.", count=n_outside),) if n_outside else ()
    )
    return Foreign(tuple(classes), tuple(labels), notices)


def recognises(path: Path) -> bool:
    """A folder with a folder that has an image in it."""
    try:
        folders = list(class_folders(path)) if path.is_dir() else []
    except LabelsError:
        return False
    return any(
        isinstance(item, FoundFile) for folder in folders[:_LOOKED_AT] for item in _first_of(folder)
    )


def class_folders(path: Path) -> Iterator[Path]:
    """The folders of classes: those inside, or those inside of its splits."""
    inside = _folders_in(path)
    splits = [folder for folder in inside if folder.name.lower() in SPLITS]
    within = [inner for folder in splits for inner in _folders_in(folder)]
    yield from within if splits and len(splits) == len(inside) and within else inside


def _folders_in(path: Path) -> list[Path]:
    try:
        found = [item for item in path.iterdir() if item.is_dir() and item.name[0] != "."]
    except OSError as error:
        raise LabelsError(sentence_for(error, path, say("read"))) from error
    return sorted(found)


def _first_of(folder: Path) -> Iterator[FoundFile | Path]:
    for item in find_images(folder):
        yield item
        return

"""A folder per class with its images in it, as torchvision, timm, Keras and FastAI read them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Final

from engine.interchange.formats.interface import Format, WriteOptions, Written
from engine.interchange.records import Results
from engine.interchange.writing import (
    Names,
    Tally,
    folder_names,
    portable_name,
    renamed_classes,
)
from engine.messages import NONE_NAME
from engine.words import say


def write(results: Results, out: Path, options: WriteOptions) -> Generator[int, None, Written]:
    """``CLASS/IMAGE`` for each labelled image; sub-folders become part of the name.

    Not folders within folders: some readers take the innermost for the class. Images that nobody
    labelled are not in it, and classes without a label have no folder: readers count folders.
    """
    folders = folder_names((*results.class_names, NONE_NAME))
    names, tally = Names(), Tally()
    used: set[str] = set()
    for chunk in results.chunks():
        for record in chunk:
            if record.label is not None:
                flat = portable_name("__".join(record.image.name.split("/")))
                place = names.give(f"{folders[record.label]}/{flat}")
                if tally.place(record, out / place, options):
                    used.add(record.label)
            yield 1
    return tally.written(
        renamed_classes({name: folders[name] for name in results.class_names if name in used})
    )


FORMAT: Final = Format(
    key="imagefolder",
    title="ImageFolder",
    suffix="",
    consumer=say("PyTorch (torchvision, timm), Keras, fastai: a folder of images per class"),
    write=write,
    holds_images=True,
)

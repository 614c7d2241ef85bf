"""A JSON file of flags beside each image, as labelme and X-AnyLabeling keep classes."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

from engine.decoding.heads import read_size
from engine.interchange.formats.interface import Format, WriteOptions, Written
from engine.interchange.records import Results
from engine.interchange.writing import Names, Tally, json_text, portable_path
from engine.messages import NONE_NAME
from engine.words import say

_VERSION: Final = "5.5.0"  # Of labelme, whose form this is.


def write(results: Results, out: Path, options: WriteOptions) -> Generator[int, None, Written]:
    """Labelled images with a flag per class, of which that of the label is set.

    The images come along: both programs look for the JSON beside the image, under its name.
    """
    names, tally = Names(by_stem=True), Tally()
    for chunk in results.chunks():
        for record in chunk:
            if record.label is not None:
                place = out / names.give(portable_path(record.image.name))
                if tally.place(record, place, options):
                    content = json_text(_content(results, record.label, place), indent=2)
                    place.with_suffix(".json").write_text(
                        content + "\n", encoding="utf-8", newline="\n"
                    )
            yield 1
    return tally.written()


def _content(results: Results, label: str, image: Path) -> dict[str, Any]:
    flags = {name: name == label for name in results.class_names}
    if label == NONE_NAME:
        flags[NONE_NAME] = True
    width, height = read_size(image) or (None, None)
    return {
        "version": _VERSION,
        "flags": flags,
        "shapes": [],
        "imagePath": image.name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
    }


FORMAT: Final = Format(
    key="labelme",
    title="labelme",
    suffix="",
    consumer=say("labelme and X-AnyLabeling: flags in a JSON file beside each image"),
    write=write,
    holds_images=True,
)

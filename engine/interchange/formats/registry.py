"""All formats of labels, in the order in which they are offered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.errors import LabelsError
from engine.interchange.formats import (
    camtrap_dp,
    camtrap_dp_reader,
    coco_camera_traps,
    fiftyone,
    fiftyone_reader,
    hugging_face,
    hugging_face_reader,
    image_folder,
    image_folder_reader,
    label_studio,
    label_studio_reader,
    label_table,
    labelme,
    labelme_reader,
    lobe_reader,
    teachable_machine_reader,
)
from engine.interchange.formats.interface import Format, Reader, Recogniser
from engine.words import say

_WRITTEN: Final = (
    label_table.FORMAT,
    image_folder.FORMAT,
    hugging_face.FORMAT,
    label_studio.FORMAT,
    fiftyone.FORMAT,
    labelme.FORMAT,
    coco_camera_traps.FORMAT,
    camtrap_dp.FORMAT,
)
_ONLY_READ: Final = (
    Format("lobe", "Lobe", "", say("Lobe")),
    Format("teachablemachine", "Teachable Machine", ".tm", say("Teachable Machine")),
)
# In the order in which a file or folder is held against them.
_READERS: Final[dict[str, tuple[Reader, Recogniser]]] = {
    "csv": (label_table.read, label_table.recognises),
    "labelstudio": (label_studio_reader.read, label_studio_reader.recognises),
    "fiftyone": (fiftyone_reader.read, fiftyone_reader.recognises),
    "huggingface": (hugging_face_reader.read, hugging_face_reader.recognises),
    "coco-camera-traps": (coco_camera_traps.read, coco_camera_traps.recognises),
    "camtrap-dp": (camtrap_dp_reader.read, camtrap_dp_reader.recognises),
    "labelme": (labelme_reader.read, labelme_reader.recognises),
    "lobe": (lobe_reader.read, lobe_reader.recognises),
    "teachablemachine": (teachable_machine_reader.read, teachable_machine_reader.recognises),
    # Last: most of the others may be folders with folders of images, too.
    "imagefolder": (image_folder_reader.read, image_folder_reader.recognises),
}


def _with_reader(item: Format) -> Format:
    if item.key not in _READERS:
        return item
    read, recognises = _READERS[item.key]
    return replace(item, read=read, recognises=recognises)


FORMATS: Final[tuple[Format, ...]] = tuple(map(_with_reader, (*_WRITTEN, *_ONLY_READ)))


def format_of_key(key: str) -> Format:
    """The format of that name on the command line.

    Raises:
        LabelsError: there is none; the sentence names all.
    """
    for item in FORMATS:
        if item.key == key:
            return item
    raise LabelsError(
        say(
            "There is no format “{key}”; it is one of {known}.",
            key=key,
            known=", ".join(item.key for item in FORMATS),
        )
    )


def recognise(path: Path) -> Format:
    """The format that a file or folder is of.

    Raises:
        LabelsError: none that is known.
    """
    by_key = {item.key: item for item in FORMATS}
    for key, (_, recognises) in _READERS.items():
        if recognises(path):
            return by_key[key]
    if not path.exists():
        raise LabelsError(say("There is no file or folder {path}.", path=path))
    raise LabelsError(say("{path} holds labels of no format that Handful knows.", path=path))

"""What a project holds, as values: its images, its classes, and a change of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.messages import NONE_NAME, NONE_OF_THESE, ClassId, ImageId

MAX_HOTKEY: Final = 9  # New classes get the digits; a letter, as its code, only who asks for it.
# Twelve colours that stay apart for the common kinds of colour blindness and on both themes
# (from Paul Tol's "bright" and "muted" schemes, technical note SRON/EPS/TN/09-002).
CLASS_COLOURS: Final = (
    "#4477aa",
    "#ee6677",
    "#228833",
    "#ccbb44",
    "#66ccee",
    "#aa3377",
    "#ee8866",
    "#44aa99",
    "#882255",
    "#999933",
    "#cc6677",
    "#7f7fc8",
)


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One image of the project; ``missing`` when the last scan did not find its file."""

    image_id: ImageId
    name: str
    size_bytes: int
    modified_ns: int
    missing: bool


@dataclass(frozen=True, slots=True)
class KnownImages:
    """Some images of the project, with what the person said of them."""

    images: list[ImageRecord]
    labels: dict[ImageId, ClassId]
    set_aside: list[ImageId]


@dataclass(frozen=True, slots=True)
class ImageClass:
    """A class as the person sees it.

    ``hotkey`` is 1 to 9, the code of a letter from A to Z, or None; ``key`` is what is pressed.
    ``note`` is what the person wrote down about the class. A removed class stays in the file, so
    that undo can bring it back with its number.
    """

    class_id: ClassId
    name: str
    colour: str
    hotkey: int | None
    position: int
    removed: bool = False
    note: str = ""

    @property
    def key(self) -> str:
        """The key that labels, as a person reads it ("3", "B"); empty where there is none."""
        if self.hotkey is None:
            return ""
        return str(self.hotkey) if self.hotkey <= MAX_HOTKEY else chr(self.hotkey)


NONE_CLASS: Final = ImageClass(NONE_OF_THESE, NONE_NAME, "#5f6670", 0, 0)
"""How negative examples are shown where a label is shown as its class; no class of a project.

It is a label that can be given like any other, but cannot be renamed, removed or predicted.
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One step that a person can undo.

    ``labels`` maps images to their new class, NONE_OF_THESE for a negative example, None to
    unlabel. ``classes`` are classes in their new state, added if unknown. ``action`` is the word
    for the undo menu ("Label 5 images").

    ``set_aside`` says of images whether the person keeps them for later, since they cannot tell
    what they show. An image with a label is never set aside: who gives it one takes that off.

    A label, or mark, stands for the bytes that its image has when it is given, or for ``contents``:
    None where they are not known. ``is_carrying``: the labels follow their bytes to other names.
    Who takes that back says that they belong to the names.

    ``examples`` maps examples that came with a model to their class, None to leave them out.
    """

    action: str
    labels: Mapping[ImageId, ClassId | None]
    classes: tuple[ImageClass, ...] = ()
    contents: Mapping[ImageId, bytes | None] = field(default_factory=dict)
    is_carrying: bool = False
    set_aside: Mapping[ImageId, bool] = field(default_factory=dict)
    examples: Mapping[int, ClassId | None] = field(default_factory=dict)

    @property
    def images(self) -> list[ImageId]:
        """All images that it is about."""
        return list(dict.fromkeys((*self.labels, *self.set_aside)))


def is_text(name: str) -> bool:
    r"""Whether no half of a pair of UTF-16 is in it, like ``\ud800`` in JSON: no file holds one."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def class_name_key(name: str) -> str:
    """The same for names that look the same, however the letters were typed: one class."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def is_none_name(name: str) -> bool:
    """Whether a name says "none of these", in any case, with spaces, hyphens or underscores."""
    words = class_name_key(name).replace("-", " ").replace("_", " ").split()
    return words == class_name_key(NONE_NAME).split()

"""What every format of labels is made of: how it is written, how it is read, what reading gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.interchange.records import Results
from engine.words import Sentence


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What a person may choose where a format has room for it.

    ``with_predictions``: also what the machine says of images that nobody labelled (each format
    marks it as such); ``copy_images``: formats that hold images get copies, not links.
    """

    with_predictions: bool = False
    copy_images: bool = True


@dataclass(frozen=True, slots=True)
class ForeignLabel:
    """What another program's file says of one image.

    ``name`` is the path as it stands there, with ``/``, absolute or not, never trusted as a place
    to read or write; ``label`` the class's name; ``path`` the image's own file where the format
    brings images along, so that it can be matched by content; ``is_machine``: a prediction, not a
    person's word; ``where`` is the place in the file, such as "line 12", for sentences.
    """

    name: str
    label: str
    path: Path | None = None
    is_machine: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """All that was read; ``classes`` in the file's own order, also those without a label.

    ``notices`` tell what was passed over, a sentence each, at most a few.
    """

    classes: tuple[str, ...]
    labels: tuple[ForeignLabel, ...]
    notices: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What a writer may return at its end, where there is more to tell than that all is written.

    ``n_left_out`` are images that could not be put in place; ``notices`` tell of them and of what
    had to be called otherwise, a sentence each, at most a few.
    """

    n_labels: int
    n_predictions: int
    n_left_out: int = 0
    notices: tuple[Sentence, ...] = ()


Writer = Callable[[Results, Path, WriteOptions], Iterator[int]]
"""Writes to a path that does not have its final name yet; yields how many records are done since.

For a format that is a folder the path is an empty folder, else an empty file; its final name will
be in the same folder. Each step takes about 50 ms, or as long as copying an image does. A generator
may return a :class:`Written`.
"""

Reader = Callable[[Path], Foreign]
"""Reads a file or folder. Raises LabelsError with one sentence where it is not of the format."""

Recogniser = Callable[[Path], bool]
"""Whether a file or folder looks like the format, from its name and its first 64 KiB alone."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of labels; ``key`` is its name on the command line, ``title`` that in the window.

    ``suffix`` of its file, empty for a folder; ``consumer`` names what reads it, for the window.
    ``marks_predictions``: it can tell a machine's word from a person's, so both may be in it;
    ``holds_images``: the images are part of it, as copies or links.
    """

    key: str
    title: str
    suffix: str
    consumer: Sentence
    write: Writer | None = None
    read: Reader | None = None
    recognises: Recogniser | None = None
    marks_predictions: bool = False
    holds_images: bool = False

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of files."""
        return not self.suffix

"""The world's faults, each told in one sentence that names the file or the number.

Anything else that is raised is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Final

from engine.words import Sentence, say, sentence_of


class EngineError(Exception):
    """Something outside the program went wrong; ``str(error)`` is one sentence for the user."""

    @property
    def sentence(self) -> Sentence:
        """The same, as messages to the window carry it."""
        return sentence_of(str(self))


class ProjectError(EngineError):
    """The project file cannot be read or written."""


class ClassNameError(ProjectError):
    """A class cannot have that name; nothing was written, and nothing is lost."""


class DamagedProjectError(ProjectError):
    """What was written can no longer be read, or is what no Handful has written.

    Attributes:
        path: the project's file, where it is known.
    """

    def __init__(self, sentence: str, path: Path | None = None) -> None:
        super().__init__(sentence)
        self.path = path


class ProjectInUseError(ProjectError):
    """Another Handful has the project open; the sentence says which."""


class NewerProjectError(ProjectError):
    """The project was written by a newer Handful than this one."""


class ReadOnlyProjectError(ProjectError):
    """The project file is where this user may not write."""


class UnreadableImageError(EngineError):
    """An image file cannot become pixels; the reason follows the file's name."""


class EncoderError(EngineError):
    """An encoder file is missing, damaged or of an unknown kind."""


class NoMapError(EncoderError):
    """The encoder works, but has no map that would tell where in an image something is."""


class LabelsError(EngineError):
    """The examples given cannot train a classifier (too few classes, none found, ...)."""


class ExportError(EngineError):
    """A result could not be written, or did not pass its own check."""


WITHOUT_TORCH: Final = say(
    "PyTorch is not part of this build of Handful; fine-tuning, meta-training and other encoders "
    "need it, all else does not."
)


def is_without_torch(error: BaseException) -> bool:
    """Whether the program was built without PyTorch, and that is all there is to it."""
    missing = isinstance(error, ModuleNotFoundError) and error.name in ("torch", "torchvision")
    return missing and bool(getattr(sys, "frozen", False))


def sentence_for(error: OSError, path: Path, doing: str) -> Sentence:
    """One sentence for a failed file operation.

    Args:
        error: what the system said.
        path: the file or folder concerned.
        doing: the verb phrase of what was tried, as in "write" or "read".
    """
    is_not_there = isinstance(error, FileNotFoundError)  # safetensors gives it no number.
    if error.errno == errno.ENOSPC:
        reason = say("the disk is full")
    elif error.errno in (errno.EACCES, errno.EPERM):
        reason = say("permission was denied")
    elif error.errno == errno.EROFS:
        reason = say("the disk is read-only")
    elif error.errno == errno.ENOENT or (error.errno is None and is_not_there):
        reason = say("there is no such file or folder")
    elif error.errno == errno.EISDIR:
        reason = say("it is a folder")
    elif error.errno == errno.ENOTDIR:
        reason = say("what should be a folder on the way to it is a file")
    elif error.errno == errno.EEXIST:
        reason = say("there is something else of that name")
    elif error.errno == errno.ENAMETOOLONG:
        reason = say("the name is too long")
    else:
        reason = sentence_of((error.strerror or str(error)).lower())
    return say("Could not {doing} {path}: {reason}.", doing=doing, path=path, reason=reason)

"""What image files tell of themselves without their pixels, read where they can do no harm.

The heads of WebP and AVIF are read by their decoders, in C, and no reader of heads was written with
an enemy in mind: it runs in a process that decodes, which gets no more of a file than it asks for.
The beginning of a JPEG alone is read here, four times as fast: one marker after the other, in
Python.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Final

from engine.dates import NO_DATE
from engine.decoding.child import HEAD_BYTES
from engine.decoding.decoders import DECODERS
from engine.errors import UnreadableImageError
from engine.images import MAX_FILE_BYTES, Head, head_of

_JPEG: Final = b"\xff\xd8\xff"
_NOTHING: Final = Head(None, NO_DATE)


def read_date(path: Path) -> int:
    """When a picture was taken, see :class:`Head`; NO_DATE where the file cannot be read."""
    return read_head(path).taken_s


def read_size(path: Path) -> tuple[int, int] | None:
    """Width and height in pixels after orientation; None: no image."""
    return read_head(path).size_px


def read_head(path: Path) -> Head:
    """What the head of a file tells, nothing where it cannot be read. Any thread."""
    try:
        with path.open("rb", buffering=0) as file:
            length = os.fstat(file.fileno()).st_size
            if not 0 < length <= MAX_FILE_BYTES:
                return _NOTHING
            first = file.read(HEAD_BYTES)
            if first.startswith(_JPEG):
                head = head_of(io.BytesIO(first), ("JPEG",))
                if head.size_px is not None:  # Else its pixels begin later, or it is none.
                    return head
            return DECODERS.head(file, length)
    except (OSError, ValueError, UnreadableImageError):  # ValueError: a NUL in the name.
        return _NOTHING

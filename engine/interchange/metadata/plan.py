"""What writing one image's keyword would change, file by file; nothing is changed here."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.errors import ExportError, UnreadableImageError, sentence_for
from engine.images import content_hash, read_file
from engine.interchange.metadata.embedded import exchange
from engine.interchange.metadata.journal import Entry
from engine.interchange.metadata.keywords import Keyword
from engine.interchange.metadata.packet import (
    MAX_PACKET_BYTES,
    Merge,
    PacketError,
    merge,
    without_keywords,
)
from engine.messages import SidecarNaming
from engine.words import Sentence, say

_MAY_WRITE: Final = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_OTHER: Final = {
    SidecarNaming.FULL: SidecarNaming.STEM,
    SidecarNaming.STEM: SidecarNaming.FULL,
}


@dataclass(frozen=True, slots=True, eq=False)
class FileEdit:
    """One file as it is to be; ``after`` None: it goes. ``entry.path`` is that of ``path``."""

    path: Path
    after: bytes | None
    entry: Entry
    merge: Merge

    @property
    def is_new(self) -> bool:
        """Whether there is no such file yet."""
        return not self.entry.before


@dataclass(frozen=True, slots=True, eq=False)
class ImagePlan:
    """The edits of one image; ``instead`` says why a sidecar is written and nothing embedded."""

    edits: tuple[FileEdit, ...]
    instead: Sentence | None = None


def sidecar_of(image: Path, naming: SidecarNaming) -> Path:
    """Where the sidecar of an image is; one that is there with an ending in capitals is it."""
    name = image.name if naming is SidecarNaming.FULL else image.stem
    path = image.with_name(f"{name}.xmp")
    if not os.path.lexists(path) and os.path.lexists(image.with_name(f"{name}.XMP")):
        return image.with_name(f"{name}.XMP")
    return path


def is_of_another(sidecar: Path, image: Path) -> bool:
    """Whether a sidecar bears the whole name of another file: a.jpg.xmp, for a.jpg.png."""
    named = sidecar.with_suffix("")
    return named.name != image.name and named.suffix != "" and named.is_file()


def is_protected(path: Path) -> bool:
    """Whether a file must not be written, or its owner said so: to an administrator all is open."""
    return not os.access(path, os.W_OK) or not path.stat().st_mode & _MAY_WRITE


def plan_image(
    image: Path,
    keyword: Keyword | None,
    folder: Path,
    naming: SidecarNaming,
    *,
    is_embedded: bool,
    keeps_own: bool = False,
) -> ImagePlan:
    """What has to be changed so that an image has this keyword of Handful's and no other.

    Args:
        image: its file.
        keyword: None: what Handful wrote before is taken out.
        folder: what paths in the journal are relative to.
        naming: of the sidecar that is written.
        is_embedded: write into the image's file where that can be done without harm.
        keeps_own: its sidecar is that of other images, too: nothing is taken out of it.

    Raises:
        ExportError: a file cannot be read or safely added to; the sentence names it.
    """
    edits: list[FileEdit] = []
    instead: Sentence | None = None
    if is_embedded:
        try:
            edits += _embedding(image, keyword, folder)
        except PacketError as error:
            instead = error.sentence
    own, other = sidecar_of(image, naming), sidecar_of(image, _OTHER[naming])
    beside = keyword if not is_embedded or instead is not None else None
    if beside is not None and is_of_another(own, image):
        raise ExportError(
            say(
                "{name} got no keyword: {sidecar} is the sidecar of another image.",
                name=image.name,
                sidecar=own.name,
            )
        )
    if beside is not None or not (keeps_own or is_of_another(own, image)):
        edits += _beside(own, image, beside, folder)
    if not is_of_another(other, image):
        with contextlib.suppress(ExportError):  # It is not what was asked to be written.
            # Else it would go on saying what was true once.
            edits += _beside(other, image, None, folder)
    return ImagePlan(tuple(edits), instead if keyword is not None else None)


def relative_to(path: Path, folder: Path) -> str:
    """A path as the journal has it."""
    try:
        return path.absolute().relative_to(folder.absolute()).as_posix()
    except ValueError:
        return str(path.absolute())


def _embedding(image: Path, keyword: Keyword | None, folder: Path) -> Iterator[FileEdit]:
    try:
        content = read_file(image)
        status = image.stat()
    except UnreadableImageError as error:
        raise PacketError(error.sentence) from error
    except OSError as error:
        raise ExportError(sentence_for(error, image, say("read"))) from error
    found = exchange(content, keyword)
    if found is None:
        return
    if image.is_symlink():
        raise PacketError(say("it is a link to another file"))
    if is_protected(image):
        raise PacketError(say("it is write-protected"))
    if status.st_nlink > 1:
        raise PacketError(say("its file has several names (hard links)"))
    after = found.apply(content)
    entry = Entry(
        path=relative_to(image, folder),
        before=content_hash(content).hex(),
        after=content_hash(after).hex(),
        offset=found.offset,
        removed=found.removed,
        n_new=len(found.new),
        times=(status.st_atime_ns, status.st_mtime_ns),
        is_image=True,
        image=relative_to(image, folder),
    )
    yield FileEdit(image, after, entry, found.merge)


def _beside(path: Path, image: Path, keyword: Keyword | None, folder: Path) -> Iterator[FileEdit]:
    before: bytes | None = None
    times = (0, 0)
    try:
        if os.path.lexists(path):
            if path.stat().st_size > MAX_PACKET_BYTES:
                raise PacketError(
                    say("it has {size:.0f} MB, too much for XMP", size=path.stat().st_size / 1e6)
                )
            before = path.read_bytes()
            times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
        merged = merge(before or None, keyword, is_in_empty=before == b"")
        after = merged.content if keyword is not None else without_keywords(before, merged)
        if before == after:
            return
        if path.is_symlink():
            raise PacketError(say("it is a link to another file"))
        if before is not None and is_protected(path):
            raise PacketError(say("it is write-protected"))
    except OSError as error:
        raise ExportError(sentence_for(error, path, say("read"))) from error
    except PacketError as error:
        raise ExportError(
            say("{path} was left as it is: {reason}.", path=path, reason=error.sentence)
        ) from error
    entry = Entry(
        path=relative_to(path, folder),
        before="" if before is None else content_hash(before).hex(),
        after="" if after is None else content_hash(after).hex(),
        offset=0,
        removed=before or b"",
        n_new=len(after or b""),
        times=times,
        is_image=False,
        image=relative_to(image, folder),
    )
    yield FileEdit(path, after, entry, merged)

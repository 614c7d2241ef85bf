"""Writing what other programs read: names that every system takes, JSON, images put in place."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from engine.errors import UnreadableImageError, sentence_for
from engine.interchange.formats.interface import WriteOptions, Written
from engine.interchange.records import Record
from engine.words import Sentence, say, sentence_of

_MAX_STEM_BYTES: Final = 200  # File systems take 255 for a name, and endings are put behind it.
_MAX_ENDING_BYTES: Final = 16
_MAX_NOTICES: Final = 5
_PART_BYTES: Final = 1 << 20
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\ud800-\udfff]')
# Windows takes these for devices, also with an ending.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)


def portable_name(name: str) -> str:
    """A name for a file or folder that every system takes; the same where it is one already.

    No separators, control characters or what Windows reserves; not hidden, not empty, and short
    enough for an ending behind it.
    """
    name = _FORBIDDEN.sub("_", name).rstrip(". ")
    if not name or name.startswith(".") or _DEVICES.match(name):
        name = f"_{name}"
    stem, ending = _parted(name)
    if len(stem.encode()) > _MAX_STEM_BYTES:
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        kept = stem.encode()[: _MAX_STEM_BYTES - 9].decode(errors="ignore")
        name = f"{kept}-{digest}{ending}"
    return name


def portable_path(name: str) -> str:
    """A relative path with ``/`` whose every part is portable; it never leaves its folder."""
    return "/".join(portable_name(part) for part in name.split("/") if part) or "_"


class Names:
    """Gives each name once: to systems that see no difference of case, too.

    ``by_stem``: names that differ by their ending alone count as one, for formats that know an
    image without it.
    """

    def __init__(self, *, by_stem: bool = False) -> None:
        self._by_stem = by_stem
        self._taken: set[str] = set()

    def give(self, wished: str) -> str:
        """``wished``, or with a number before its ending."""
        folder, slash, name = wished.rpartition("/")
        stem, ending = _parted(name)
        found, number = wished, 1
        while (key := self._key(found)) in self._taken:
            number += 1
            found = f"{folder}{slash}{stem}-{number}{ending}"
        self._taken.add(key)
        return found

    def _key(self, name: str) -> str:
        if self._by_stem:
            name = os.path.splitext(name)[0]
        return unicodedata.normalize("NFC", name).casefold()


def folder_names(class_names: Sequence[str]) -> dict[str, str]:
    """A folder's name for each class."""
    names = Names()
    return {name: names.give(class_folder(name)) for name in class_names}


def renamed_classes(folders: dict[str, str]) -> list[Sentence]:
    """A sentence for each class whose folder had to be called otherwise."""
    return [
        say("The class “{name}” is the folder “{folder}” there.", name=name, folder=folder)
        for name, folder in folders.items()
        if name != folder
    ]


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON in UTF-8; names that are no Unicode are escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, indent=indent, allow_nan=False)
    return text


def place_image(record: Record, out: Path, options: WriteOptions) -> None:
    """Copy the image to ``out``, or link it where that is asked for and can be.

    Its bytes and the time of its last change stay as they are; the copy may be written to.

    Raises:
        UnreadableImageError: the image's file cannot be read; nothing is left at ``out``.
        OSError: ``out`` cannot be written.
    """
    with _reading(record):
        # What a link points to, never the link itself.
        path = record.image.path.resolve(strict=True)
        source = path.open("rb")
    with source:
        out.parent.mkdir(parents=True, exist_ok=True)
        if not options.copy_images:
            with contextlib.suppress(OSError):  # Another disk, or one without hard links.
                os.link(path, out)
                return
        try:
            with out.open("wb") as target:
                while True:
                    with _reading(record):
                        part = source.read(_PART_BYTES)
                    if not part:
                        break
                    target.write(part)
        except UnreadableImageError:
            out.unlink()
            with contextlib.suppress(OSError):
                out.parent.rmdir()  # To some readers an empty folder is a class without images.
            raise
        with _reading(record):
            status = os.fstat(source.fileno())
    os.utime(out, ns=(status.st_atime_ns, status.st_mtime_ns))


@contextlib.contextmanager
def _reading(record: Record) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links.
        fault = error if isinstance(error, OSError) else OSError(str(error))
        raise UnreadableImageError(sentence_for(fault, record.image.path, say("read"))) from error


class Tally:
    """Counts what was written and remembers why the rest was not."""

    def __init__(self) -> None:
        self._n_labels = 0
        self._n_predictions = 0
        self._left_out: list[Sentence] = []
        self._n_left_out = 0

    def place(self, record: Record, out: Path, options: WriteOptions) -> bool:
        """Put the image in place and count it; tell whether it could be."""
        if record.failure:
            reason = sentence_of(record.failure)
            self._leave_out(say("{name}: {reason}.", name=record.image.name, reason=reason))
            return False
        try:
            place_image(record, out, options)
        except UnreadableImageError as error:
            self._leave_out(error.sentence)
            return False
        self.count(record)
        return True

    def count(self, record: Record) -> None:
        """One more."""
        if record.label is not None:
            self._n_labels += 1
        else:
            self._n_predictions += 1

    def written(self, notices: Sequence[Sentence] = ()) -> Written:
        """What a writer returns."""
        found = [*notices[:_MAX_NOTICES], *self._left_out]
        if (more := self._n_left_out - len(self._left_out)) == 1:
            found.append(say("1 more image was left out."))
        elif more:
            found.append(say("{count} more images were left out.", count=more))
        return Written(self._n_labels, self._n_predictions, self._n_left_out, tuple(found))

    def _leave_out(self, why: Sentence) -> None:
        self._n_left_out += 1
        if len(self._left_out) < _MAX_NOTICES:
            self._left_out.append(say("{why} It was left out.", why=why))


def class_folder(name: str) -> str:
    """The name of a class's folder, where no other class has the same."""
    # FiftyOne takes images in this folder for unlabelled.
    return "unlabeled" if name == "_unlabeled" else portable_name(name)


def _parted(name: str) -> tuple[str, str]:
    """Stem and ending, the latter empty where it would be too long for one."""
    stem, ending = os.path.splitext(name)
    return (stem, ending) if len(ending.encode()) <= _MAX_ENDING_BYTES else (name, "")

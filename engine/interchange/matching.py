"""Which image of the project another program's file means.

It was written elsewhere: on another computer, with another folder as its root, with addresses of a
server in place of paths, or with copies of the images. So a name is compared as it is, then however
it may be spelt, then by the bytes of the image where they are to be had, and last by how it ends,
if only one image of the project can be meant. What is doubtful is not guessed but told.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import posixpath
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from engine.images import EXTENSIONS
from engine.interchange.formats.interface import ForeignLabel
from engine.messages import FoundBy, ImageRef, WhyUnmatched

# Label Studio puts eight digits before the name of an image that was uploaded to it, and takes
# out what Django takes out of the names of files (django.utils.text.get_valid_filename).
_UPLOADED: Final = re.compile(r"(?:^|.*/)upload/\d+/(?:[0-9a-f]{8}-)?([^/]+)$")
_LEFT_OUT: Final = re.compile(r"(?u)[^-\w.]")
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_DRIVE: Final = re.compile(r"^[A-Za-z]:/")
_BLOCK_BYTES: Final = 1 << 20
_STEP: Final = 256  # Names between two reports of how far it is.

NameAndFile = tuple[str, Path | None]
"""What a label says of its image: see :class:`ForeignLabel`."""


@dataclass(frozen=True, slots=True)
class Match:
    """The image that a name means, or why none."""

    image: ImageRef | None
    found_by: FoundBy | None = None
    why: WhyUnmatched | None = None


class ImageMatcher:
    """Finds images of one project; any thread, one at a time.

    Args:
        images: the project's.
        folder: what their names are relative to.
    """

    def __init__(self, images: Sequence[ImageRef], folder: Path) -> None:
        self._images = images
        self._folder = Path(os.path.abspath(folder))
        self._by_name = {image.name: image for image in images}
        self._by_key: dict[str, list[ImageRef]] = defaultdict(list)
        self._by_file: dict[str, list[ImageRef]] = defaultdict(list)
        self._by_upload: dict[str, list[ImageRef]] = defaultdict(list)
        self._by_stem: dict[str, list[ImageRef]] = defaultdict(list)
        for image in images:
            key = _key(image.name)
            file = key.rpartition("/")[2]
            self._by_key[key].append(image)
            self._by_file[file].append(image)
            self._by_stem[file.rpartition(".")[0]].append(image)
            self._by_upload[_upload_key(file)].append(image)
        self._by_size: dict[int, list[ImageRef]] | None = None
        self._hashes: dict[str, bytes] = {}
        self._folder_key = _key(self._folder.as_posix()) + "/"

    def match(
        self,
        labels: Iterable[ForeignLabel],
        report: Callable[[int], None],
    ) -> dict[NameAndFile, Match]:
        """A match for each name with its file.

        Args:
            labels: what was read.
            report: is told how many names are done; what it raises ends the search.
        """
        found: dict[NameAndFile, Match] = {}
        for number, item in enumerate(labels):
            if number % _STEP == 0:
                report(number)
            known = (item.name, item.path)
            if known not in found:
                if item.path is not None:
                    report(number)  # The bytes may have to be read, which takes long.
                found[known] = self._match(item.name, item.path)
        return _without_contested(found)

    def _match(self, name: str, path: Path | None) -> Match:
        own = None if path is None else self._inside(Path(os.path.abspath(path)).as_posix())
        if own is not None:
            return Match(own, FoundBy.PATH)
        spellings = _spellings(name)
        for spelling in spellings:
            image = self._by_name.get(spelling) or self._inside(spelling)
            if image is not None:
                return Match(image, FoundBy.PATH)
        is_several = False
        for spelling in spellings:
            alike = self._by_key.get(_key(spelling), [])
            if len(alike) == 1:
                return Match(alike[0], FoundBy.SPELLING)
            is_several = is_several or len(alike) > 1
        match = self._by_content(name, path)
        if match is not None:
            return match
        uploaded = _UPLOADED.match(spellings[-1])
        if uploaded is not None:
            alike = self._by_upload.get(_upload_key(_key(uploaded[1])), [])
        else:
            alike = self._by_ending(spellings[-1])
        if len(alike) == 1:
            return Match(alike[0], FoundBy.ENDING)
        is_several = is_several or len(alike) > 1
        return Match(None, None, WhyUnmatched.SEVERAL if is_several else WhyUnmatched.NOWHERE)

    def _inside(self, name: str) -> ImageRef | None:
        """The image at an absolute path inside the project's folder."""
        if not name.startswith("/") and not _DRIVE.match(name):
            return None
        key = _key(name)
        if not key.startswith(self._folder_key):
            return None
        image = self._by_name.get(name[len(self._folder.as_posix()) + 1 :])
        alike = self._by_key.get(key[len(self._folder_key) :], [])
        return image or (alike[0] if len(alike) == 1 else None)

    def _by_ending(self, name: str) -> list[ImageRef]:
        """The image of the longest path that the name ends with, or all whose path it ends."""
        key = _key(name).lstrip("/")
        file = key.rpartition("/")[2]
        alike, has_ending = self._by_file.get(file, []), True
        if not alike and not file.endswith(tuple(EXTENSIONS)):  # FiftyOne leaves them out.
            alike, has_ending = self._by_stem.get(file, []), False
        keys = [_key(image.name) for image in alike]
        if not has_ending:
            keys = [known.rpartition(".")[0] for known in keys]
        within = [len(known) if _ends(key, known) else 0 for known in keys]
        if any(within):
            longest = max(within)
            return [image for image, length in zip(alike, within, strict=True) if length == longest]
        return [image for image, known in zip(alike, keys, strict=True) if _ends(known, key)]

    # --- By what is in the file -------------------------------------------------------------------

    def _by_content(self, name: str, path: Path | None) -> Match | None:
        """The image with the same bytes; None where there is none, or nothing to compare."""
        if path is None:
            said = name.replace("\\", "/")
            # Never a path that begins with two: Windows would ask another computer for it.
            if said.startswith("//") or not os.path.isabs(name):
                return None
            path = Path(name)
        size = _size_of(path)
        if not size:
            return None
        if self._by_size is None:
            self._by_size = defaultdict(list)
            for image in self._images:
                self._by_size[_size_of(image.path)].append(image)
        candidates = self._by_size.get(size, [])
        wanted = self._hash_of(path) if candidates else b""
        alike = [image for image in candidates if wanted and self._hash_of(image.path) == wanted]
        if len(alike) > 1:
            key = _key(name)
            ending = [image for image in alike if _ends(key, _key(image.name))]
            alike = ending if len(ending) == 1 else alike
        if len(alike) == 1:
            return Match(alike[0], FoundBy.CONTENT)
        return Match(None, None, WhyUnmatched.SEVERAL) if alike else None

    def _hash_of(self, path: Path) -> bytes:
        """Of the bytes; empty where they cannot be read."""
        key = str(path)
        if key not in self._hashes:
            digest = hashlib.blake2b(digest_size=16)
            try:
                with path.open("rb") as file:
                    while block := file.read(_BLOCK_BYTES):
                        digest.update(block)
                self._hashes[key] = digest.digest()
            except OSError:
                self._hashes[key] = b""
        return self._hashes[key]


def _without_contested(
    found: dict[NameAndFile, Match],
) -> dict[NameAndFile, Match]:
    """Take back what was found by an ending alone where another name means that image as well."""
    claims: dict[int, set[str]] = defaultdict(set)
    for (name, _), match in found.items():
        if match.image is not None:
            claims[match.image.image_id].add(name)
    contested = Match(None, None, WhyUnmatched.CONTESTED)
    return {
        known: contested
        if match.image is not None
        and match.found_by is FoundBy.ENDING
        and len(claims[match.image.image_id]) > 1
        else match
        for known, match in found.items()
    }


def _spellings(name: str) -> list[str]:
    """A name, and what else it may be a way to write."""
    said = name.strip().replace("\\", "/")
    made = [name, said]
    with contextlib.suppress(ValueError):
        parts = urlsplit(said)
        if asked := parse_qs(parts.query).get("d"):  # Label Studio's local files.
            made.append(asked[0].replace("\\", "/"))
        elif _SCHEME.match(said):
            path = unquote(parts.path)
            made += [path] if parts.scheme == "file" else [path, path.lstrip("/")]
        elif "%" in said:
            made.append(unquote(said))
    # Where a step upwards leads to is not known; what comes after it is.
    made.append(posixpath.normpath(made[-1]).rpartition("../")[2])
    return [item for item in dict.fromkeys(made) if item]


def _key(name: str) -> str:
    """The same for names that some systems take for one."""
    return unicodedata.normalize("NFC", name.replace("\\", "/")).casefold()


def _upload_key(file: str) -> str:
    return _LEFT_OUT.sub("", file.strip().replace(" ", "_"))


def _ends(path: str, ending: str) -> bool:
    """Whether a path ends with another, by whole names of folders."""
    return path == ending or path.endswith(f"/{ending}")


def _size_of(path: Path) -> int:
    """0 where it is no ordinary file that can be looked at."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0

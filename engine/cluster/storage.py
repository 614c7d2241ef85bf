"""Folders of images and of results, on a disk or wherever fsspec leads: S3, GCS, a zip file."""

from __future__ import annotations

import contextlib
import os
import posixpath
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from engine.errors import EngineError, ExportError, UnreadableImageError, sentence_for
from engine.files import write_whole
from engine.images import EXTENSIONS, MAX_FILE_BYTES, find_images, read_file
from engine.messages import FoundFile
from engine.words import Sentence, say, sentence_of

UNKNOWN_SIZE: Final = -1
_PAUSES_S: Final = (0.5, 4.0)  # Before a file that could not be fetched is asked for again.


class NotFetchedError(UnreadableImageError):
    """The store did not give an image, several times: that may say nothing about the image."""


def is_address(text: str) -> bool:
    """Whether fsspec is asked, as for ``s3://bucket/images``, rather than the system."""
    return "://" in text or "::" in text


class Storage:
    """A folder that every computer of a cluster reaches by the same address.

    It travels to other processes by its address alone. Any thread may use it.

    Attributes:
        address: as it was given; a path on the system is made absolute.
        folder: the same as a path where it is one, which ``file://`` is too; else None.
    """

    def __init__(self, address: str) -> None:
        """Open an address; nothing is asked of a store yet.

        Raises:
            EngineError: the address is of no known kind, or its package is not installed.
        """
        self.folder: Path | None = None
        if not is_address(address):
            self.folder = Path(address).absolute()
            self.address = str(self.folder)
            return
        self.address = address
        self._files, self._root = _opened(address)
        if _is_of_this_system(self._files):
            self.folder = Path(self._root)

    def __reduce__(self) -> tuple[type[Storage], tuple[str]]:
        return Storage, (self.address,)

    def is_folder(self) -> bool:
        """Whether there is such a folder; of an object store, whether anything lies in it."""
        if self.folder is not None:
            return self.folder.is_dir()
        with self._told("read"):
            return bool(self._files.isdir(self._root))

    def is_file(self) -> bool:
        """Whether the address is that of a file."""
        if self.folder is not None:
            return self.folder.is_file()
        with self._told("read"):
            return bool(self._files.isfile(self._root))

    @property
    def parent(self) -> Storage:
        """The folder around it, where a path or a plain address is meant."""
        if self.folder is not None:
            return Storage(str(self.folder.parent))
        head, mark, rest = self.address.partition("::")
        return Storage(posixpath.dirname(head.rstrip("/")) + mark + rest)

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.folder.name if self.folder is not None else posixpath.basename(self._root)

    # --- Results ----------------------------------------------------------------------------------

    def names(self, inside: str = "") -> list[str]:
        """The names of what lies in a folder in it, sorted; none where that is not there."""
        with self._told("read"), contextlib.suppress(FileNotFoundError):
            if self.folder is not None:
                return sorted(os.listdir(self.folder / inside))
            place = self._place(inside)
            self._files.invalidate_cache()  # Other computers write there, too.
            found = (path.rstrip("/") for path in self._files.ls(place, detail=False))
            return sorted(posixpath.basename(path) for path in found if path != place)
        return []

    def exists(self, name: str) -> bool:
        """Whether a file is there now."""
        with self._told("read"):
            if self.folder is not None:
                return (self.folder / name).is_file()
            self._files.invalidate_cache()
            return bool(self._files.exists(self._place(name)))

    def read(self, name: str) -> bytes:
        """All of a file."""
        with self._told("read"):
            if self.folder is not None:
                return (self.folder / name).read_bytes()
            content: bytes = self._files.cat_file(self._place(name))
            return content

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[Any]:
        """A file to be read here and there, as Parquet is."""
        with self._told("read"):
            if self.folder is not None:
                file: Any = (self.folder / name).open("rb")
            else:
                file = self._files.open(self._place(name), "rb")
        with file:
            yield file

    def write(self, name: str, content: bytes) -> None:
        """Write a file that is there whole or not at all, whatever was there before.

        Raises:
            ExportError: it cannot be written.
        """
        with self._told("write"):
            if self.folder is not None:
                target = self.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                write_whole(target, content)
                return
            target_place = self._place(name)
            aside = f"{posixpath.dirname(target_place)}/.handful-{uuid4().hex}"
            self._files.makedirs(posixpath.dirname(target_place), exist_ok=True)
            try:
                self._files.pipe_file(aside, content)
                self._files.mv(aside, target_place)
            finally:
                with contextlib.suppress(Exception):
                    self._files.rm_file(aside)

    def remove(self, name: str) -> None:
        """Remove a file, or nothing where it is not there."""
        with self._told("write"), contextlib.suppress(FileNotFoundError):
            if self.folder is not None:
                (self.folder / name).unlink(missing_ok=True)
            else:
                self._files.rm_file(self._place(name))

    def remove_empty(self, folder: str) -> None:
        """Remove a folder, if it is empty; object stores have none."""
        with contextlib.suppress(Exception):
            if self.folder is not None:
                (self.folder / folder).rmdir()
            else:
                self._files.rmdir(self._place(folder))

    # --- Images -----------------------------------------------------------------------------------

    def images(self) -> Iterator[tuple[str, int] | str]:
        """Walk for image files by their endings.

        Yields:
            The name, relative with ``/``, and size in bytes of each image, in any order; a bare
            name for what could not be entered or is no text. What is hidden is passed over, as in
            :func:`engine.images.find_images`.
        """
        if self.folder is not None:
            for item in find_images(self.folder):
                if isinstance(item, FoundFile):
                    yield item.name, item.size_bytes
                else:
                    yield str(item)
            return
        with self._told("read"):
            for place, _, files in self._files.walk(self._root, detail=True):
                inside = place[len(self._root) :].strip("/")
                if any(part.startswith(".") for part in inside.split("/")):
                    continue
                for name, details in files.items():
                    is_image = posixpath.splitext(name)[1].lower() in EXTENSIONS
                    if is_image and not name.startswith("."):
                        size = details.get("size")
                        yield posixpath.join(inside, name), UNKNOWN_SIZE if size is None else size

    def lines(self) -> Iterator[str]:
        """The lines of the text file that the address is of, without their ends and empty ones.

        Raises:
            EngineError: it cannot be read, or is no text in UTF-8.
        """
        try:
            with self._told("read"), self._opened_text() as file:
                for line in file:
                    if name := line.strip():
                        yield name
        except UnicodeDecodeError as error:
            raise EngineError(
                say("{path} is not a text file in UTF-8.", path=self.address)
            ) from error

    def read_image(self, name: str, size: int = UNKNOWN_SIZE) -> bytes:
        """All bytes of an image, asked for three times where a store is slow to give them.

        Args:
            size: from the listing, so that nothing need be asked twice.

        Raises:
            UnreadableImageError: it is empty, too large, not there, or nobody's to read.
            NotFetchedError: the store failed.
        """
        for pause in (*_PAUSES_S, None):
            try:
                return self._image(name, size)
            except NotFetchedError:
                if pause is None:
                    raise
                time.sleep(pause)
        raise AssertionError("unreachable")

    def fetch(self, name: str, target: Path) -> None:
        """Copy an image to this computer. Raises UnreadableImageError."""
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.read_image(name))

    # --- Private ----------------------------------------------------------------------------------

    def _place(self, name: str) -> str:
        return posixpath.join(self._root, name) if name else self._root

    def _opened_text(self) -> Any:
        if self.folder is not None:
            return self.folder.open(encoding="utf-8-sig", newline="\n")
        return self._files.open(self._root, "r", encoding="utf-8-sig", newline="\n")

    def _image(self, name: str, size: int) -> bytes:
        if self.folder is not None:
            try:
                return read_file(self.folder / name)
            except UnreadableImageError as error:
                if _is_passing(error.__cause__):
                    raise NotFetchedError(sentence_of(str(error))) from error
                raise
        try:
            place = self._place(name)
            if size < 0:
                size = self._files.info(place).get("size") or 0
            if size == 0:
                raise UnreadableImageError(say("the file is empty"))
            if size > MAX_FILE_BYTES:
                raise UnreadableImageError(
                    say(
                        "the file has {size:.1f} GB, more than the limit of {limit:.1f} GB",
                        size=size / 1e9,
                        limit=MAX_FILE_BYTES / 1e9,
                    )
                )
            content: bytes = self._files.cat_file(place)
        except UnreadableImageError:
            raise
        except FileNotFoundError as error:
            raise UnreadableImageError(say("the file is not there any more")) from error
        except PermissionError as error:
            raise UnreadableImageError(say("permission was denied")) from error
        except Exception as error:  # Each store's client has exception classes of its own.
            raise NotFetchedError(_why(error)) from error
        if not content:
            raise UnreadableImageError(say("the file is empty"))
        return content

    @contextlib.contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Whatever a store's client raises, as one sentence with the address."""
        error_class = EngineError if doing == "read" else ExportError
        verb = say("read") if doing == "read" else say("write")
        try:
            yield
        except (EngineError, UnicodeDecodeError):
            raise
        except Exception as error:
            if self.folder is not None and isinstance(error, OSError):
                raise error_class(sentence_for(error, self.folder, verb)) from error
            raise error_class(
                say(
                    "Could not {doing} {path}: {reason}.",
                    doing=verb,
                    path=self.address,
                    reason=_why(error),
                )
            ) from error


def _opened(address: str) -> tuple[Any, str]:
    """fsspec's file system and the path in it."""
    import fsspec

    try:
        files, root = fsspec.core.url_to_fs(address)
    except ImportError as error:  # fsspec knows the kind and says which package reads it.
        raise EngineError(
            say("{address} needs a package that is not there: {why}.", address=address, why=error)
        ) from error
    except Exception as error:  # Unknown kinds, damaged archives, no credentials, ...
        raise EngineError(
            say("Could not open {address}: {reason}.", address=address, reason=_why(error))
        ) from error
    return files, str(root).rstrip("/") if len(str(root)) > 1 else str(root)


def _is_of_this_system(files: Any) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(files, LocalFileSystem)


def _is_passing(error: BaseException | None) -> bool:
    """Whether a failure may be the disk's or the network's rather than the file's."""
    lasting = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError)
    return isinstance(error, OSError) and not isinstance(error, lasting)


def _why(error: Exception) -> Sentence:
    text = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
    return sentence_of(text[:1].lower() + text[1:] if text else type(error).__name__)

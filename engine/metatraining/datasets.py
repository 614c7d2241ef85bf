"""Labelled image sets for meta-training: ImageFolder directories or tar files, read in place."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.errors import EngineError, UnreadableImageError, sentence_for
from engine.metatraining.progress import result_of
from engine.words import say

_MOST_DIGESTS: Final = 64
EXTENSIONS: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """Images of known classes.

    Attributes:
        name: of the folder or tar file, without its ending.
        class_names: sorted.
        labels: (n_images,) int64, indices into ``class_names``; images are in class order.
        image_names: ``CLASS/file`` of each image.
        read: the bytes of image ``i``, as stored. May be called from several threads.
    """

    name: str
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    image_names: tuple[str, ...]
    read: Callable[[int], bytes]

    def __len__(self) -> int:
        return len(self.image_names)

    def decode(self, index: int) -> NDArray[np.uint8]:
        """Image ``index`` as (height, width, 3) uint8 RGB, decoded in full.

        Raises:
            UnreadableImageError: it is no image that Pillow can decode.
        """
        try:
            with Image.open(io.BytesIO(self.read(index))) as image:
                return np.asarray(image.convert("RGB"))
        except (OSError, ValueError, Image.DecompressionBombError, SyntaxError) as error:
            named = f"{self.name}/{self.image_names[index]}"
            raise UnreadableImageError(say("{name} cannot be decoded.", name=named)) from error


def digest_of(images: ImageSet) -> str:
    """A hash over the names and bytes of all images: what is computed of them holds for no others.

    An image that cannot be read counts as an empty one.
    """
    return result_of(digesting(images))


def digesting(images: ImageSet) -> Generator[int, None, str]:
    """As :func:`digest_of`, in steps: yields how many images were read in each.

    All of a set is read once in a process, by whichever of the two comes first.
    """
    known = _digests.get(images)
    if known is not None:
        yield len(images)
        return known
    digest = hashlib.sha256()
    for index, name in enumerate(images.image_names):
        try:
            stored = images.read(index)
        except OSError:
            stored = b""
        digest.update(f"{name}\n{len(stored)}\n".encode())
        digest.update(stored)
        yield 1
    if len(_digests) >= _MOST_DIGESTS:
        del _digests[next(iter(_digests))]
    _digests[images] = digest.hexdigest()
    return _digests[images]


_digests: dict[ImageSet, str] = {}


def open_image_set(path: Path) -> ImageSet:
    """The images of ``path``: a folder ``CLASS/file`` or a tar file of ``NAME/CLASS/file``.

    A tar file must not be compressed: its images are read where they lie.

    Raises:
        EngineError: nothing is there, or no images in class folders are in it.
    """
    if path.is_dir():
        return _open_folder(path)
    return _open_tar(path)


def open_image_sets(paths: Iterable[Path]) -> list[ImageSet]:
    """Open every path; a folder of tar files, or of folders of classes, stands for all of them.

    Raises:
        EngineError: as ``open_image_set``, or two sets have the same name.
    """
    sets = [open_image_set(found) for path in paths for found in paths_of_sets(path)]
    refuse_same_names([image_set.name for image_set in sets])
    return sets


def paths_of_sets(path: Path) -> list[Path]:
    """What ``path`` stands for: itself, or the tar files or folders of classes in it.

    Raises:
        EngineError: it cannot be read.
    """
    if not path.is_dir():
        return [path]
    try:
        tars = sorted(path.glob("*.tar"))
        if tars:
            return tars
        children = sorted(child for child in path.iterdir() if child.is_dir())
        if any(grandchild.is_dir() for child in children for grandchild in child.iterdir()):
            return children
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read"))) from error
    return [path]


def refuse_same_names(names: Sequence[str]) -> None:
    """Two sets of one name could not be told apart, and are most often one set given twice.

    Raises:
        EngineError: there are two.
    """
    for name in names:
        if names.count(name) > 1:
            raise EngineError(say("Two of the data sets are named {name!r}.", name=name))


def _open_folder(path: Path) -> ImageSet:
    try:
        files = [
            file
            for folder in sorted(path.iterdir())
            if folder.is_dir()
            for file in sorted(folder.iterdir())
            if _is_image(file.name)
        ]
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read"))) from error

    def read(index: int) -> bytes:
        return files[index].read_bytes()

    return _image_set(path, [(file.parent.name, file.name) for file in files], read)


def _open_tar(path: Path) -> ImageSet:
    members: list[tuple[str, str, int, int]] = []
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                parts = PurePosixPath(member.name).parts
                if member.isfile() and len(parts) >= 2 and _is_image(parts[-1]):
                    members.append((parts[-2], parts[-1], member.offset_data, member.size))
    except tarfile.TarError as error:
        raise EngineError(
            say("{path} is damaged or is no uncompressed tar file.", path=path)
        ) from error
    except OSError as error:
        raise EngineError(sentence_for(error, path, say("read"))) from error
    members.sort(key=lambda member: member[:2])

    def read(index: int) -> bytes:
        _, _, offset, size_bytes = members[index]
        with path.open("rb") as file:
            file.seek(offset, os.SEEK_SET)
            return file.read(size_bytes)

    return _image_set(path, [member[:2] for member in members], read)


def _image_set(path: Path, found: list[tuple[str, str]], read: Callable[[int], bytes]) -> ImageSet:
    class_names = tuple(sorted({class_name for class_name, _ in found}))
    if len(class_names) < 2:
        raise EngineError(
            say(
                "{path} holds images of 1 class; a data set needs at least 2, each a folder of "
                "images.",
                path=path,
            )
            if class_names
            else say(
                "{path} holds no folders of images; a data set needs at least 2, one for each "
                "class.",
                path=path,
            )
        )
    index_of = {class_name: index for index, class_name in enumerate(class_names)}
    return ImageSet(
        name=path.name.removesuffix(".tar"),
        class_names=class_names,
        labels=np.array([index_of[class_name] for class_name, _ in found], np.int64),
        image_names=tuple(f"{class_name}/{file}" for class_name, file in found),
        read=read,
    )


def _is_image(name: str) -> bool:
    return not name.startswith(".") and PurePosixPath(name).suffix.lower() in EXTENSIONS

"""The images of a folder as columns: some 25 bytes each, where objects would take 400."""

from __future__ import annotations

import hashlib
import itertools
import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, overload

import numpy as np
from numpy.typing import NDArray

from engine.columns import UNKNOWN, Places, Texts
from engine.messages import ImageId, ImageRef

_FILE_BYTES: Final = 16  # Of a digest: two files do not have the same.


class ImageList(Sequence[ImageRef]):
    """Images whose ImageRef is made when it is asked for. It does not change; any thread."""

    def __init__(
        self,
        folder: Path,
        names: Texts,
        ids: NDArray[np.int32],
        elsewhere: Mapping[int, Path] | None = None,
        rows: NDArray[np.int32] | None = None,
    ) -> None:
        """Make it.

        Args:
            folder: what their names are relative to.
            names: of all rows.
            ids: (n_rows,) which image each is; several names may be one image's.
            elsewhere: where rows lie that do not lie where their name says.
            rows: those that are in the list, in this order; None: all.
        """
        self._folder = folder
        self._names = names
        self._ids = ids
        self._elsewhere = elsewhere or {}
        self._rows = rows

    def __len__(self) -> int:
        return len(self._ids) if self._rows is None else len(self._rows)

    @overload
    def __getitem__(self, index: int) -> ImageRef: ...
    @overload
    def __getitem__(self, index: slice) -> list[ImageRef]: ...
    def __getitem__(self, index: int | slice) -> ImageRef | list[ImageRef]:
        if isinstance(index, slice):
            return [self[item] for item in range(*index.indices(len(self)))]
        row = range(len(self))[index]  # IndexError, and what is counted from the end.
        return self._at(row if self._rows is None else self._rows.item(row))

    def __iter__(self) -> Iterator[ImageRef]:
        return (self[index] for index in range(len(self)))

    @property
    def ids(self) -> NDArray[np.int32]:
        """(n,) the image of each."""
        return self._ids if self._rows is None else self._ids[self._rows]

    def by_name(self) -> ImageList:
        """The same images in the order of their names; those of one name stay in theirs."""
        rows = range(len(self._ids)) if self._rows is None else self._rows.tolist()
        utf8 = self._names.utf8
        if all(utf8(one) <= utf8(other) for one, other in itertools.pairwise(rows)):
            return self
        ordered = np.fromiter(sorted(rows, key=utf8), np.int32, len(rows))
        return ImageList(self._folder, self._names, self._ids, self._elsewhere, ordered)

    def places(self) -> Places:
        """Where in the list each image is met first."""
        places = Places()
        places.put_all(*np.unique(self.ids.astype(np.int64), return_index=True))
        return places

    def _at(self, row: int) -> ImageRef:
        name = self._names[row]
        path = self._elsewhere.get(row) or Path(self._folder, name)
        return ImageRef(ImageId(self._ids.item(row)), path, name)


class ImageListBuilder:
    """Collects images and examples, and finds out which names are of one file.

    Files are numbered from 1 as they are met. Until all are known, a digest of each one's place is
    kept of it, and no more.
    """

    def __init__(self) -> None:
        self._names = Texts()
        self._folder: Path | None = None
        self._elsewhere: dict[int, Path] = {}
        self._files = bytearray()
        self._met = array("q")  # What each is of: a row of the names, or before 0 an example.
        self._examples: list[tuple[Path, str]] = []

    def __len__(self) -> int:
        return len(self._names)

    def add(self, folder: Path, name: str, path: Path | None = None) -> None:
        """Add an image; a name that is there already is found out in the end.

        Args:
            folder: what its name is relative to.
            name: with ``/``.
            path: where it lies; None: where its name says.
        """
        row = len(self._names)
        self._folder = self._folder or folder
        if path is not None or folder is not self._folder:
            place = path or Path(folder, name)
            if place != Path(self._folder, name):
                self._elsewhere[row] = place
        self._names.append(name)
        self._meet(path or os.path.join(folder, name), row)

    def add_example(self, path: Path, name: str) -> bytes:
        """Add a labelled image, which need not be among the images; what its file is known by."""
        self._examples.append((path, name))
        return self._meet(path, -len(self._examples))

    def build(self) -> tuple[ImageList, dict[bytes, ImageRef]]:
        """The images, and under the name that was met first each file that is an example."""
        count = len(self._met)
        met = np.array(self._met, np.int64)
        halves = np.frombuffer(bytes(self._files), np.uint64).reshape(count, 2)
        order = np.lexsort((halves[:, 1], halves[:, 0]))  # Stable: of one file the first is first.
        is_other = np.ones(count, np.bool_)
        is_other[1:] = (halves[order[1:]] != halves[order[:-1]]).any(axis=1)
        first = np.empty(count, np.int64)
        first[order] = order[is_other][np.cumsum(is_other) - 1]
        ids = np.cumsum(first == np.arange(count))[first]
        is_image = met >= 0
        images = self._listed(ids[is_image].astype(np.int32))
        examples = {}
        for place in np.flatnonzero(~is_image).tolist():
            begin = int(met[first[place]])
            image_id = ImageId(int(ids[place]))
            if begin >= 0:
                path, name = self._place_of(begin), self._names[begin]
            else:
                path, name = self._examples[-begin - 1]
            examples[self._file(place)] = ImageRef(image_id, path, name)
        return images, examples

    def _listed(self, ids: NDArray[np.int32]) -> ImageList:
        """All rows but those of a name that was there before, which has the same file."""
        numbers, counts = np.unique(ids, return_counts=True)
        repeated = np.flatnonzero(np.isin(ids, numbers[counts > 1])).tolist()
        seen: set[tuple[int, str]] = set()
        is_kept = np.ones(len(ids), np.bool_)
        for row in repeated:
            of = ids.item(row), self._names[row]
            is_kept[row] = of not in seen
            seen.add(of)
        rows = None if is_kept.all() else np.flatnonzero(is_kept).astype(np.int32)
        return ImageList(self._folder or Path(), self._names, ids, self._elsewhere, rows)

    def _place_of(self, row: int) -> Path:
        return self._elsewhere.get(row) or Path(self._folder or "", self._names[row])

    def _meet(self, path: Path | str, what: int) -> bytes:
        try:
            place = os.path.normcase(os.path.realpath(path))
        except (OSError, ValueError):  # No possible path (a NUL): reading it will say so.
            place = str(path)
        text = place.encode("utf-8", "surrogatepass")
        file = hashlib.blake2b(text, digest_size=_FILE_BYTES).digest()
        self._files += file
        self._met.append(what)
        return file

    def _file(self, place: int) -> bytes:
        return bytes(self._files[_FILE_BYTES * place : _FILE_BYTES * (place + 1)])


class ImagesRead(dict[ImageId, ImageRef]):
    """Images by their number.

    Those of one list, where there is one, take no room: they are found in it, but not counted.
    """

    def __init__(self) -> None:
        super().__init__()
        self._listed: ImageList | None = None
        self._places = Places()

    def listed(self, images: Sequence[ImageRef]) -> None:
        """Images that are about to be read; those of an earlier list are known no more."""
        self._listed, self._places = None, Places()
        if isinstance(images, ImageList):
            self._listed, self._places = images, images.places()

    def __setitem__(self, image_id: ImageId, image: ImageRef) -> None:
        place = self._places.get(image_id)
        if self._listed is None or place == UNKNOWN:
            super().__setitem__(image_id, image)

    def __missing__(self, image_id: ImageId) -> ImageRef:
        place = self._places.get(image_id)
        if self._listed is None or place == UNKNOWN:
            raise KeyError(image_id)
        return self._listed[place]

    def clear(self) -> None:
        """Forget all, the list too."""
        super().clear()
        self._listed, self._places = None, Places()


def ids_of(images: Sequence[ImageRef]) -> NDArray[np.int64]:
    """The number (n,) of each image."""
    if isinstance(images, ImageList):
        return images.ids.astype(np.int64)
    return np.fromiter((image.image_id for image in images), np.int64, len(images))


def by_name(images: Sequence[ImageRef]) -> Sequence[ImageRef]:
    """Images in the order of their names."""
    if isinstance(images, ImageList):
        return images.by_name()
    return sorted(images, key=lambda image: image.name)

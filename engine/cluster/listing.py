"""Which images there are, as columns: a hundred million names fit where as many objects do not."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.cluster.storage import UNKNOWN_SIZE, Storage
from engine.errors import EngineError
from engine.images import EXTENSIONS
from engine.messages import Progress
from engine.words import say

if TYPE_CHECKING:
    import pyarrow

_ROWS_PER_STEP: Final = 20_000
_LEAST_ROWS: Final = 16
_MOST_ROWS: Final = 4096  # What a killed worker loses, half a minute on one core.
_PARTS_PER_WORKER: Final = 32  # The last ones to finish keep the others waiting for one at most.
_MOST_PARTS: Final = 8192  # More make the driver's scheduling, and readers of the parts, slow.


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Images in the order of their names, each name once.

    Attributes:
        folder: what the names are relative to.
        names: large_string array.
        sizes: int64 array of bytes, UNKNOWN_SIZE where it was not told.
        left_out: names of what could not be entered, or is no text.
    """

    folder: Storage
    names: pyarrow.Array
    sizes: pyarrow.Array
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def without(self, names: pyarrow.Array) -> Listing:
        """The images that are not among ``names``."""
        from pyarrow import compute

        left = compute.invert(compute.is_in(self.names, value_set=names))
        return Listing(self.folder, self.names.filter(left), self.sizes.filter(left))

    def sample(self, count: int) -> list[str]:
        """So many names, evenly spread, or all if they are no more."""
        total = len(self)
        if total <= count:
            return list(self.names.to_pylist())
        return [self.names[index * total // count].as_py() for index in range(count)]

    def blocks(self, n_rows: int) -> list[pyarrow.Table]:
        """The images ``n_rows`` at a time: tables of one row with their ``names`` and ``sizes``.

        They share the listing's memory.
        """
        import pyarrow

        blocks = []
        for start in range(0, len(self), n_rows):
            columns = []
            for column in (self.names, self.sizes):
                some = column.slice(start, n_rows)
                columns.append(pyarrow.LargeListArray.from_arrays([0, len(some)], some))
            blocks.append(pyarrow.Table.from_arrays(columns, ["names", "sizes"]))
        return blocks


def list_images(images: Storage, request_id: int) -> Generator[Progress, None, Listing]:
    """The images of a folder with its sub-folders, of a text file with a path a line, or one image.

    Raises:
        EngineError: there is no such thing, no image in it, or it cannot be read.
    """
    is_list = False
    if images.is_folder():
        folder, found = images, images.images()
    elif images.is_file():
        folder = images.parent
        is_list = not images.name.lower().endswith(tuple(EXTENSIONS))
        names = images.lines() if is_list else iter([images.name])
        if images.folder is not None:  # As `handful classify` names them.
            names = (Path(name).as_posix() for name in names)
        found = ((name, UNKNOWN_SIZE) for name in names)
    else:
        raise EngineError(say("There is no folder or file {path}.", path=images.address))
    columns = _Columns()
    left_out: list[str] = []
    for item in found:
        if isinstance(item, str) or not _is_text(item[0]):
            left_out.append(item if isinstance(item, str) else item[0])
        elif columns.add(*item):
            text = say("Listing images")
            yield Progress(request_id, text, columns.n_rows, 0, 0.0, 0.0)
    listing = columns.listing(folder, tuple(left_out), may_repeat=is_list)
    if not len(listing):
        raise EngineError(say("There are no images in {path}.", path=images.address))
    return listing


def rows_per_part(n_images: int, n_workers: int) -> int:
    """How many images a part has: the unit that is scheduled, written, and lost by a kill."""
    even = -(-n_images // (_PARTS_PER_WORKER * max(1, n_workers)))
    return max(_LEAST_ROWS, min(_MOST_ROWS, even), -(-n_images // _MOST_PARTS))


class _Columns:
    """Names and sizes on their way into arrays, so that few are Python objects at a time."""

    def __init__(self) -> None:
        self.n_rows = 0
        self._names: list[str] = []
        self._sizes: list[int] = []
        self._done: list[Any] = []

    def add(self, name: str, size: int) -> bool:
        """Whether it is time to tell how many there are."""
        self._names.append(name)
        self._sizes.append(size)
        self.n_rows += 1
        if len(self._names) < _ROWS_PER_STEP:
            return False
        self._pack()
        return True

    def listing(self, folder: Storage, left_out: tuple[str, ...], *, may_repeat: bool) -> Listing:
        import pyarrow
        from pyarrow import compute

        self._pack()
        table = pyarrow.concat_tables(self._done)
        self._done.clear()
        table = table.sort_by("name").combine_chunks()
        names, sizes = (_whole(table.column(name)) for name in ("name", "size"))
        if may_repeat and len(names) > 1:
            is_other = compute.not_equal(names.slice(1), names.slice(0, len(names) - 1))
            is_first = pyarrow.concat_arrays([pyarrow.array([True]), is_other])
            names, sizes = names.filter(is_first), sizes.filter(is_first)
        return Listing(folder, names, sizes, left_out)

    def _pack(self) -> None:
        import pyarrow

        arrays = [
            pyarrow.array(self._names, pyarrow.large_string()),
            pyarrow.array(self._sizes, pyarrow.int64()),
        ]
        self._done.append(pyarrow.Table.from_arrays(arrays, ["name", "size"]))
        self._names, self._sizes = [], []


def _whole(column: Any) -> Any:
    """One array out of a column that has at most one chunk."""
    import pyarrow

    return column.chunk(0) if column.num_chunks else pyarrow.array([], column.type)


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True

"""Columns that grow: of a million texts or numbers few are Python objects at a time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", np.int32, np.int64, np.uint64)
UNKNOWN: Final = -1
_LEAST_ROOM: Final = 1024
_NEIGHBOURS: Final = 32
_MOST_SHARED: Final = 2**16 - 1
# Numbers up to so many times as large as there are of them have a place each in the table.
_MOST_GAPS: Final = 8


def with_room(column: NDArray[_Number], n_rows: int) -> NDArray[_Number]:
    """A column that has at least so many rows, those behind the former ones zero.

    It grows by an eighth, so that little of it is empty; what comes later is moved seldom enough.
    """
    if n_rows <= len(column):
        return column
    more = max(_LEAST_ROOM, n_rows // 8, n_rows - len(column))
    return np.concatenate([column, np.zeros(more, column.dtype)])


class Texts:
    """Texts by the order in which they came, as UTF-8: some 10 bytes each and what is new in it.

    Of the first of some neighbours all is kept, of the others what differs from its beginning:
    names of a folder come in their order, and may have a long way in common.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("q")
        self._n_shared = array("H")  # Bytes at the beginning, with the first of the neighbours.

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> str:
        return self.utf8(row).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return (self[row] for row in range(len(self)))

    def append(self, text: str) -> None:
        """Add one behind the others."""
        whole = text.encode("utf-8", "surrogatepass")
        first = len(self) // _NEIGHBOURS * _NEIGHBOURS
        shared = 0
        if first < len(self):
            beginning = self._kept(first)[:_MOST_SHARED]
            # Mostly as much as the one before; letter by letter only from there.
            known = self._n_shared[-1]
            shared = known if whole.startswith(beginning[:known]) else 0
            for one, other in zip(beginning[shared:], whole[shared:], strict=False):
                if one != other:
                    break
                shared += 1
        self._bytes += whole[shared:]
        self._ends.append(len(self._bytes))
        self._n_shared.append(shared)

    def utf8(self, row: int) -> bytes:
        """The bytes of one; they are in the order of the texts."""
        shared = self._n_shared[row]
        first = row // _NEIGHBOURS * _NEIGHBOURS
        return self._kept(first)[:shared] + self._kept(row) if shared else self._kept(row)

    def _kept(self, row: int) -> bytes:
        return bytes(self._bytes[self._ends[row - 1] if row else 0 : self._ends[row]])


class Places:
    """A row for each of some numbers, which are mostly dense: 4 bytes each then, else some 100.

    Rows are below 2**31. The numbers may be a stranger's: an enormous one costs no more.
    """

    def __init__(self) -> None:
        self._dense = np.zeros(0, np.int32)  # The row and one more; 0: none.
        self._sparse: dict[int, int] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, number: int) -> bool:
        if 0 <= number < len(self._dense):
            return self._dense.item(number) > 0
        return number in self._sparse

    def get(self, number: int) -> int:
        """Its row, or UNKNOWN."""
        if 0 <= number < len(self._dense):
            return self._dense.item(number) - 1
        return self._sparse.get(number, UNKNOWN)

    def put(self, number: int, row: int) -> None:
        """Give a number a row."""
        self._count += number not in self
        if len(self._dense) <= number < _MOST_GAPS * self._count + _LEAST_ROOM:
            self._grow(number + 1)
        if 0 <= number < len(self._dense):
            self._dense[number] = row + 1
        else:
            self._sparse[number] = row

    def put_all(self, numbers: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Give rows to numbers (n,) that have none, each of them once."""
        self._count += len(numbers)
        most = int(numbers.max(initial=UNKNOWN))
        if len(self._dense) <= most < _MOST_GAPS * self._count + _LEAST_ROOM:
            self._grow(most + 1)
        is_dense = (numbers >= 0) & (numbers < len(self._dense))
        self._dense[numbers[is_dense]] = rows[is_dense] + 1
        others = np.flatnonzero(~is_dense)
        self._sparse.update(zip(numbers[others].tolist(), rows[others].tolist(), strict=True))

    def pop(self, number: int) -> int:
        """Take a number out; its row, or UNKNOWN."""
        row = self.get(number)
        if row != UNKNOWN:
            self._count -= 1
            if 0 <= number < len(self._dense):
                self._dense[number] = 0
            else:
                del self._sparse[number]
        return row

    def of(self, numbers: Iterable[int]) -> NDArray[np.int64]:
        """The rows of many numbers (n,), UNKNOWN where there is none."""
        asked = numbers if isinstance(numbers, np.ndarray) else np.array([*numbers], np.int64)
        rows = np.full(len(asked), UNKNOWN, np.int64)
        is_dense = (asked >= 0) & (asked < len(self._dense))
        rows[is_dense] = self._dense[asked[is_dense]].astype(np.int64) - 1
        if self._sparse:
            for index in np.flatnonzero(~is_dense).tolist():
                rows[index] = self._sparse.get(int(asked[index]), UNKNOWN)
        return rows

    def _grow(self, size: int) -> None:
        self._dense = with_room(self._dense, size)
        for number in [item for item in self._sparse if 0 <= item < len(self._dense)]:
            self._dense[number] = self._sparse.pop(number) + 1

"""Reading a project's file page by page, without SQLite: what is left of a damaged one.

SQLite refuses a whole table for one bad page. Here every page stands for itself: rows are found by
walking from what the file says are its tables and, where the way is broken, by looking at every
page and what its rows are shaped like. Indexes hold labels and names a second time. Nothing read
here is believed: every number is checked before it is used.

The format is described in https://www.sqlite.org/fileformat2.html; sections 1.5 and 1.6 are pages,
2.1 is records, 4 is the write-ahead log.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Value = int | float | str | bytes | None
Row = tuple[Value, ...]

_MAGIC: Final = b"SQLite format 3\0"
_HEADER_BYTES: Final = 100
_WAL_MAGIC: Final = (0x377F0682, 0x377F0683)
_WAL_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_PAGE_BYTES: Final = 4096  # Of every file that Handful makes.
_TABLE_LEAF, _TABLE_INNER, _INDEX_LEAF, _INDEX_INNER = 0x0D, 0x05, 0x0A, 0x02
_KINDS: Final = (_TABLE_LEAF, _TABLE_INNER, _INDEX_LEAF, _INDEX_INNER)
_MAX_ROW_BYTES: Final = 16_000_000
_MAX_COLUMNS: Final = 100


@dataclass(slots=True)
class Tree:
    """The rows of one table or index.

    Attributes:
        rows: by number for a table; for an index its records, the table's number last.
        is_whole: no page on the way was missing or broken.
    """

    rows: list[tuple[int, Row]] = field(default_factory=list)
    is_whole: bool = True


class DamagedFile:
    """The pages of a database file as they are after its write-ahead log, as far as that is good.

    Attributes:
        n_pages: how many there are.
        n_broken: pages that are neither empty nor anything that SQLite writes, known after
            :meth:`tables`.
        has_lost_log: the log held changes that could not be read.
    """

    def __init__(self, path: Path) -> None:
        """Read a file, and the log beside it. Raises OSError."""
        content = path.read_bytes()
        log_path = Path(f"{path}-wal")
        log = log_path.read_bytes() if log_path.is_file() else b""
        self._page_bytes = _size_of_pages(content, log)
        self._usable = self._page_bytes
        if content[:16] == _MAGIC and len(content) >= _HEADER_BYTES and content[20] < 100:
            self._usable -= content[20]
        self._content = memoryview(content)
        self.n_pages = -(-len(content) // self._page_bytes)
        frames, self.has_lost_log = _frames(log, self._page_bytes)
        self._newer = frames
        self.n_pages = max([self.n_pages, *frames])
        self._seen: set[int] = set()
        self.n_broken = 0

    def tables(
        self, names: Sequence[str], shape_of: Callable[[Row], str | None], step: Callable[[], None]
    ) -> dict[str, Tree]:
        """All rows that can be read, by table or index.

        Args:
            names: of the tables and indexes that are wanted.
            shape_of: the table that a row on a page of no known table may be of; None: of none.
            step: called every few pages; it may raise to end the work.

        Returns:
            By name; an index is "table:name of the index".
        """
        found = {name: Tree() for name in names}
        roots = self._roots()
        for name in names:
            if name in roots:
                self._walk(roots[name], found[name], step)
            else:
                found[name].is_whole = False
        if all(tree.is_whole for tree in found.values()):
            return found
        free = self._free_pages()
        for number in range(1, self.n_pages + 1):
            if number % 64 == 0:
                step()
            page = self._page(number)
            if number in self._seen or number in free or not any(page):
                continue
            if page[_start_of(number)] != _TABLE_LEAF:
                continue
            for rowid, row in self._leaf(number, page, Tree()):
                shape = shape_of(row)
                if shape in found:
                    found[shape].rows.append((rowid, row))
        return found

    # --- Private --------------------------------------------------------------------------------

    def _page(self, number: int) -> bytes:
        if number in self._newer:
            return self._newer[number]
        start = (number - 1) * self._page_bytes
        page = bytes(self._content[start : start + self._page_bytes])
        return page.ljust(self._page_bytes, b"\0")

    def _roots(self) -> dict[str, int]:
        """Where tables and indexes begin, by name."""
        schema = Tree()
        self._walk(1, schema, lambda: None)
        roots: dict[str, int] = {}
        for _, row in schema.rows:
            if len(row) != 5:
                continue
            kind, name, table, root, _sql = row
            if not isinstance(root, int) or not 1 < root <= self.n_pages:
                continue
            if kind == "table" and isinstance(name, str):
                roots[name] = root
            elif kind == "index" and isinstance(table, str) and isinstance(name, str):
                roots[f"{table}:{name}"] = root
        return roots

    def _walk(self, root: int, tree: Tree, step: Callable[[], None]) -> None:
        """Read a tree from its root, passing over what is broken."""
        pending = [root]
        is_index: bool | None = None
        while pending:
            number = pending.pop()
            if not 0 < number <= self.n_pages or number in self._seen:
                tree.is_whole = False
                continue
            page = self._page(number)
            start = _start_of(number)
            kind = page[start]
            of_index = kind in (_INDEX_LEAF, _INDEX_INNER)
            if kind not in _KINDS or (is_index is not None and of_index != is_index):
                self.n_broken += 1
                tree.is_whole = False
                continue
            is_index = of_index
            self._seen.add(number)
            if len(self._seen) % 64 == 0:
                step()
            if kind in (_TABLE_LEAF, _INDEX_LEAF):
                tree.rows += self._leaf(number, page, tree)
                continue
            (count,) = struct.unpack_from(">H", page, start + 3)
            (last,) = struct.unpack_from(">I", page, start + 8)
            children = []
            for place in self._cells(page, start + 12, count, tree):
                children.append(struct.unpack_from(">I", page, place)[0])
                if kind == _INDEX_INNER:
                    row = self._index_row(page, place + 4)
                    if row is None:
                        tree.is_whole = False
                    else:
                        tree.rows.append((0, row))
            pending += [last, *reversed(children)]

    def _cells(self, page: bytes, start: int, count: int, tree: Tree) -> list[int]:
        """The places of a page's cells; those that cannot be are left out."""
        most = (self._usable - start) // 2
        if count > most:
            tree.is_whole = False
            self.n_broken += 1
            count = 0
        places = struct.unpack_from(f">{count}H", page, start)
        good = [place for place in places if start + 2 * count <= place <= self._usable - 4]
        if len(good) < count:
            tree.is_whole = False
        return good

    def _leaf(self, number: int, page: bytes, tree: Tree) -> list[tuple[int, Row]]:
        start = _start_of(number)
        (count,) = struct.unpack_from(">H", page, start + 3)
        is_index = page[start] == _INDEX_LEAF
        rows: list[tuple[int, Row]] = []
        for place in self._cells(page, start + 8, count, tree):
            if is_index:
                row = self._index_row(page, place)
                if row is not None:
                    rows.append((0, row))
                    continue
            else:
                found = self._table_row(page, place)
                if found is not None:
                    rows.append(found)
                    continue
            tree.is_whole = False
        return rows

    def _table_row(self, page: bytes, place: int) -> tuple[int, Row] | None:
        size, place = _varint(page, place)
        rowid, place = _varint(page, place)
        if rowid >= 1 << 63:
            rowid -= 1 << 64
        payload = self._payload(page, place, size, self._usable - 35)
        row = None if payload is None else _record(payload)
        return None if row is None else (rowid, row)

    def _index_row(self, page: bytes, place: int) -> Row | None:
        size, place = _varint(page, place)
        most = (self._usable - 12) * 64 // 255 - 23
        payload = self._payload(page, place, size, most)
        return None if payload is None else _record(payload)

    def _payload(self, page: bytes, place: int, size: int, most: int) -> bytes | None:
        if not 0 < size <= min(_MAX_ROW_BYTES, self.n_pages * self._page_bytes):
            return None
        if size <= most:
            part = page[place : min(place + size, self._usable)]
            return part if len(part) == size else None
        least = (self._usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (self._usable - 4)
        if local > most:
            local = least
        if place + local + 4 > self._usable:
            return None
        parts = [page[place : place + local]]
        (following,) = struct.unpack_from(">I", page, place + local)
        left = size - local
        while left > 0:
            if not 1 < following <= self.n_pages or following in self._seen:
                return None
            self._seen.add(following)
            more = self._page(following)
            (following,) = struct.unpack_from(">I", more, 0)
            parts.append(more[4 : 4 + min(left, self._usable - 4)])
            left -= self._usable - 4
        return b"".join(parts)

    def _free_pages(self) -> set[int]:
        """Pages that the file says are in no use; they may hold rows that were deleted."""
        free: set[int] = set()
        (trunk,) = struct.unpack_from(">I", self._page(1), 32)
        while 1 < trunk <= self.n_pages and trunk not in free:
            free.add(trunk)
            page = self._page(trunk)
            following, count = struct.unpack_from(">II", page, 0)
            count = min(count, (self._usable - 8) // 4)
            free.update(struct.unpack_from(f">{count}I", page, 8))
            trunk = following
        return free


def _start_of(number: int) -> int:
    return _HEADER_BYTES if number == 1 else 0


def _size_of_pages(content: bytes, log: bytes) -> int:
    sizes = []
    if content[:16] == _MAGIC and len(content) >= 18:
        sizes.append(int.from_bytes(content[16:18], "big"))
    if len(log) >= 12:
        sizes.append(int.from_bytes(log[8:12], "big"))
    for size in sizes:
        size = 65536 if size == 1 else size
        if 512 <= size <= 65536 and size & (size - 1) == 0:
            return size
    return _PAGE_BYTES


def _varint(page: bytes, place: int) -> tuple[int, int]:
    """A number of one to nine bytes, and the place behind it; zeros follow the page's end."""
    value = 0
    for count in range(9):
        byte = page[place + count] if place + count < len(page) else 0
        if count == 8:
            return value << 8 | byte, place + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + count + 1
    raise AssertionError


_FIXED: Final = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}


def _record(payload: bytes) -> Row | None:
    """The values of a record; None where it is none."""
    header, place = _varint(payload, 0)
    if not place <= header <= len(payload):
        return None
    kinds = []
    while place < header:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    if place != header or not 0 < len(kinds) <= _MAX_COLUMNS:
        return None
    values: list[Value] = []
    for kind in kinds:
        if kind in (10, 11):
            return None
        size = _FIXED[kind] if kind < 10 else (kind - 12) // 2
        part = payload[place : place + size]
        if len(part) < size:
            return None
        place += size
        if kind == 0:
            values.append(None)
        elif kind <= 6:
            values.append(int.from_bytes(part, "big", signed=True))
        elif kind == 7:
            values.append(struct.unpack(">d", part)[0])
        elif kind in (8, 9):
            values.append(kind - 8)
        elif kind % 2:
            try:
                values.append(part.decode())
            except UnicodeDecodeError:
                return None
        else:
            values.append(part)
    return tuple(values) if place == len(payload) else None


def _frames(log: bytes, page_bytes: int) -> tuple[dict[int, bytes], bool]:
    """The newest good form of each page in a log, and whether a frame of it was broken.

    SQLite ends at the first broken frame. Each is checked here with the sum that the one before
    it has written, so those behind a broken one count as well. What was begun and never finished,
    at the end of the log, does not.
    """
    if len(log) < _WAL_HEADER_BYTES:
        return {}, False
    magic, _, size, _, salt_1, salt_2, sum_1, sum_2 = struct.unpack_from(">8I", log)
    if magic not in _WAL_MAGIC or size != page_bytes:
        return {}, any(log)
    big = magic == _WAL_MAGIC[1]
    pages: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    is_broken = has_lost = False
    frame_bytes = _FRAME_HEADER_BYTES + page_bytes
    for start in range(_WAL_HEADER_BYTES, len(log) - frame_bytes + 1, frame_bytes):
        header = struct.unpack_from(">6I", log, start)
        number, committed, *salts = header[:4]
        if tuple(salts) != (salt_1, salt_2):
            is_broken = True  # Of before the log was begun anew, or broken: the next will tell.
            sum_1, sum_2 = header[4:]
            continue
        page = log[start + _FRAME_HEADER_BYTES : start + frame_bytes]
        sums = _sums(log[start : start + 8] + page, sum_1, sum_2, big=big)
        sum_1, sum_2 = header[4:]
        if sums != (sum_1, sum_2) or not 0 < number <= 1 << 31:
            is_broken = True
            continue
        has_lost |= is_broken
        waiting[number] = page
        if committed:
            pages.update(waiting)
            waiting.clear()
    return pages, has_lost


def _sums(data: bytes, sum_1: int, sum_2: int, *, big: bool) -> tuple[int, int]:
    """The log's checksum: s1 += x[2k] + s2, s2 += x[2k + 1] + s1, modulo 2^32.

    That is linear, so all of a page is two products with fixed weights, which are Fibonacci's.
    """
    words: NDArray[np.uint32] = np.frombuffer(data, ">u4" if big else "<u4").astype(np.uint32)
    first, second, carry = _weights(len(words))
    given = np.array([sum_1, sum_2], np.uint32)
    made = []
    for weights, of_before in ((first, carry[0]), (second, carry[1])):
        whole = (words * weights).sum(dtype=np.uint32), (given * of_before).sum(dtype=np.uint32)
        made.append(sum(map(int, whole)) & 0xFFFFFFFF)
    return made[0], made[1]


@cache
def _weights(n_words: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]]:
    """What each word, and each of the two sums before, adds to either sum in the end."""
    fibonacci = [0, 1]
    while len(fibonacci) < n_words + 3:
        fibonacci.append((fibonacci[-1] + fibonacci[-2]) & 0xFFFFFFFF)
    # A word's share grows with the words behind it.
    first = np.array(fibonacci[n_words - 1 :: -1], np.uint32)
    second = np.array(fibonacci[n_words:0:-1], np.uint32)
    carry = np.array(
        [
            [fibonacci[n_words - 1], fibonacci[n_words]],
            [fibonacci[n_words], fibonacci[n_words + 1]],
        ],
        np.uint32,
    )
    return first, second, carry


def rows_by_number(tree: Tree) -> Iterator[tuple[int, Row]]:
    """The rows of a table in the order of their numbers, the last of each where there are two."""
    ordered = sorted(tree.rows, key=lambda item: item[0])
    for one, other in pairwise([*ordered, (None, ())]):
        if one[0] is not None and one[0] != other[0]:
            yield one[0], one[1]

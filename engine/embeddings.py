"""Embeddings in memory, by image. What is kept on disk is ``image_cache``'s."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.messages import ImageId

BLOCK_ROWS: Final = 512  # As single precision 1.3 MB, which a core's own cache holds.
_SEGMENT_ROWS: Final = 32 * BLOCK_ROWS  # 21 MB with 640 numbers.


class EmbeddingStore:
    """The embeddings of the open folder, in blocks of rows, with their running mean.

    Embeddings are ``(embedding_size,)`` float16, exactly as the encoder's graph gives them: with
    640 numbers 1,280 bytes an image, and some 120 more for what is kept beside them. A *row* is an
    image's place; it stays while ``version`` does. Engine thread only, save for reading blocks.
    """

    def __init__(self, embedding_size: int) -> None:
        self.embedding_size = embedding_size
        # Each room for many blocks, so that a million rows are no two thousand arrays; what is not
        # used of the last one the system never gives.
        self._segments: list[NDArray[np.float16]] = []
        self._ids = np.zeros(0, dtype=np.int64)
        self._hashes = np.zeros(0, dtype=np.uint64)
        self._lots = np.zeros(0, dtype=np.uint64)  # Of what is in each row, drawn by its content.
        self._rows: dict[ImageId, int] = {}
        self._sum = np.zeros(embedding_size, dtype=np.float64)
        self.version = 0
        """Counts the changes; an embedding that is replaced by the same one is none."""

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._rows

    def add(
        self,
        image_ids: Sequence[ImageId],
        embeddings: NDArray[np.float16],
        perceptual_hashes: Sequence[int] | None = None,
    ) -> None:
        """Add or replace embeddings ``(n_images, embedding_size)``, and hashes where known."""
        hashes = np.array(perceptual_hashes or [0] * len(image_ids), np.uint64)
        known = self._rows
        fresh = {image_id: None for image_id in image_ids if image_id not in known}
        if len(fresh) == len(image_ids) == len(embeddings) == len(hashes):
            self._append(image_ids, embeddings, hashes)
            return
        for image_id, embedding, bits in zip(image_ids, embeddings, hashes, strict=True):
            if image_id in known:
                self._replace(known[image_id], embedding, bits)
            else:
                self._append([image_id], embedding[None], bits[None])

    def _append(
        self,
        image_ids: Sequence[ImageId],
        embeddings: NDArray[np.float16],
        hashes: NDArray[np.uint64],
    ) -> None:
        """Add embeddings of images that have none, each once."""
        first = len(self._rows)
        stop = first + len(image_ids)
        if stop > len(self._ids):
            more = max(1024, first, stop - len(self._ids))
            self._ids = np.concatenate([self._ids, np.zeros(more, np.int64)])
            self._hashes = np.concatenate([self._hashes, np.zeros(more, np.uint64)])
            self._lots = np.concatenate([self._lots, np.zeros(more, np.uint64)])
        while stop > len(self._segments) * _SEGMENT_ROWS:
            self._segments.append(np.zeros((_SEGMENT_ROWS, self.embedding_size), np.float16))
        for begin, end in _pieces(first, stop, _SEGMENT_ROWS):
            given = embeddings[begin - first : end - first]
            self._part(begin, end)[:] = given
            # Of numbers of half precision double precision loses nothing in any order.
            self._sum += given.sum(axis=0, dtype=np.float64)
        self._ids[first:stop] = image_ids
        self._hashes[first:stop] = hashes
        self._lots[first:stop] = _lots_of(embeddings)
        self._rows.update(zip(image_ids, range(first, stop), strict=True))
        self.version += len(image_ids)

    def _replace(self, row: int, embedding: NDArray[np.float16], bits: np.uint64) -> None:
        place = self._part(row, row + 1)
        if np.array_equal(place[0], embedding) and self._hashes[row] == bits:
            return
        self.version += 1
        self._sum -= place[0]
        self._sum += embedding
        place[0] = embedding
        self._hashes[row] = bits
        self._lots[row] = _lots_of(place)[0]

    def discard(self, image_ids: Iterable[ImageId]) -> None:
        """Drop embeddings; images that have none are passed over."""
        for image_id in image_ids:
            row = self._rows.pop(image_id, None)
            if row is None:
                continue
            self.version += 1
            place = self._part(row, row + 1)
            self._sum -= place[0]
            last = len(self._rows)  # The last row fills the gap.
            place[:] = self._part(last, last + 1)
            self._ids[row] = self._ids[last]
            self._hashes[row] = self._hashes[last]
            self._lots[row] = self._lots[last]
            if row != last:
                self._rows[ImageId(int(self._ids[row]))] = row
            if last == (len(self._segments) - 1) * _SEGMENT_ROWS:
                del self._segments[-1]

    def image_ids(self) -> set[ImageId]:
        """The images that have an embedding."""
        return set(self._rows)

    def known_among(self, image_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of many images have an embedding, ``(n_images,)``."""
        rows = self._rows
        return np.fromiter((item in rows for item in image_ids.tolist()), np.bool_, len(image_ids))

    def sum(self) -> NDArray[np.float64]:
        """The sum of all embeddings ``(embedding_size,)``; divided by ``len`` it is their mean."""
        return self._sum.copy()

    def select(self, image_ids: Iterable[ImageId]) -> NDArray[np.float32]:
        """The embeddings of ``image_ids`` ``(n_images, embedding_size)``; KeyError if unknown."""
        rows = np.array([self._rows[image_id] for image_id in image_ids], np.intp)
        selected = np.empty((len(rows), self.embedding_size), np.float32)
        segment_of = rows // _SEGMENT_ROWS
        for number in np.unique(segment_of).tolist():
            wanted = np.flatnonzero(segment_of == number)
            selected[wanted] = self._segments[number][rows[wanted] % _SEGMENT_ROWS]
        return selected

    def perceptual_hashes(self, image_ids: Iterable[ImageId]) -> NDArray[np.uint64]:
        """The hashes of ``image_ids`` ``(n_images,)``, 0 where none is known; KeyError if unknown.

        See :func:`engine.images.perceptual_hash`.
        """
        return self._hashes[[self._rows[image_id] for image_id in image_ids]]

    def sample(self, most: int) -> NDArray[np.float32]:
        """At most so many embeddings ``(n, embedding_size)``, a random choice.

        The same for the same images, however they are numbered, in the order of
        :meth:`sampled_ids`.
        """
        return self.select(self.sampled_ids(most))

    def sampled_ids(self, most: int) -> list[ImageId]:
        """The images of :meth:`sample`."""
        # By content: rows lie in the order in which threads finished, and a project numbers images
        # as it found them, the command line by their names.
        ids, lots = self._ids[: len(self._rows)], self._lots[: len(self._rows)]
        rows = np.arange(len(ids))
        if 0 < most < len(ids):
            # Those with one of the least lots; sorting a million of them would take a second.
            rows = np.flatnonzero(lots <= np.partition(lots, most - 1)[most - 1])
        order = rows[np.lexsort((ids[rows], lots[rows]))][:most]
        return [ImageId(item) for item in ids[order].tolist()]

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """All embeddings as (image ids ``(n,)``, embeddings ``(n, embedding_size)``) per block.

        Rows added while the iteration goes on are met if their block was not passed yet.
        """
        start = 0
        while start < len(self._rows):
            stop = min(start + BLOCK_ROWS, len(self._rows))
            yield self.ids_at(start, stop), self._part(start, stop)
            start = stop

    def ids_at(self, start: int, stop: int) -> NDArray[np.int64]:
        """The images of rows from ``start`` to before ``stop``, a copy."""
        return self._ids[start:stop].copy()

    def blocks_at(self, start: int, stop: int) -> list[NDArray[np.float16]]:
        """The embeddings of rows from ``start`` to before ``stop``, in views of BLOCK_ROWS each.

        ``start`` is a multiple of BLOCK_ROWS. Any thread may read them until the store changes.
        """
        return [self._part(begin, end) for begin, end in _pieces(start, stop, BLOCK_ROWS)]

    def _part(self, start: int, stop: int) -> NDArray[np.float16]:
        """Rows that lie in one segment."""
        first = start // _SEGMENT_ROWS * _SEGMENT_ROWS
        return self._segments[start // _SEGMENT_ROWS][start - first : stop - first]


def _pieces(start: int, stop: int, size: int) -> Iterator[tuple[int, int]]:
    """From ``start`` to ``stop``, parted at the multiples of ``size``."""
    while start < stop:
        end = min(stop, (start // size + 1) * size)
        yield start, end
        start = end


def _lots_of(embeddings: NDArray[np.float16]) -> NDArray[np.uint64]:
    """A number (n,) drawn for each of embeddings (n, embedding_size) by its bytes."""
    content, size = memoryview(embeddings.tobytes()), 2 * embeddings.shape[1]
    digests = [
        hashlib.blake2b(content[start : start + size], digest_size=8).digest()
        for start in range(0, len(content), size)
    ]
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)

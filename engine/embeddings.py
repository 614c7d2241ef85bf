"""Embeddings of the images at hand, by image. What is kept on disk is ``image_cache``'s."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.columns import UNKNOWN, Places, with_room
from engine.embedding_rows import BLOCK_ROWS, Rows, RowsInFile, RowsInMemory, pieces
from engine.messages import ImageId


class EmbeddingStore:
    """The embeddings of the open folder, in blocks of rows, with their running mean.

    Embeddings are ``(embedding_size,)`` float16, exactly as the encoder's graph gives them: with
    640 numbers 1,280 bytes an image, and some 30 more for what is kept beside them. A *row* is an
    image's place; it stays while ``version`` does. Engine thread only, save for reading blocks.
    """

    def __init__(self, embedding_size: int, folder: Path | None = None) -> None:
        """Make an empty one.

        Args:
            folder: where a file without a name may hold the embeddings; None: they lie in memory,
                where clicks look at all of them.
        """
        self.embedding_size = embedding_size
        self._rows: Rows = (
            RowsInMemory(embedding_size) if folder is None else RowsInFile(embedding_size, folder)
        )
        self._ids = np.zeros(0, dtype=np.int64)
        self._hashes = np.zeros(0, dtype=np.uint64)
        self._lots = np.zeros(0, dtype=np.uint64)  # Of what is in each row, drawn by its content.
        self._places = Places()
        self._sum = np.zeros(embedding_size, dtype=np.float64)
        self.version = 0
        """Counts the changes; an embedding that is replaced by the same one is none."""

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, image_id: ImageId) -> bool:
        return image_id in self._places

    def add(
        self,
        image_ids: Sequence[ImageId],
        embeddings: NDArray[np.float16],
        perceptual_hashes: Sequence[int] | None = None,
    ) -> None:
        """Add or replace embeddings ``(n_images, embedding_size)``, and hashes where known."""
        hashes = np.array(perceptual_hashes or [0] * len(image_ids), np.uint64)
        known = self._places
        fresh = {image_id for image_id in image_ids if image_id not in known}
        if len(fresh) == len(image_ids) == len(embeddings) == len(hashes):
            self._append(image_ids, embeddings, hashes)
            return
        for image_id, embedding, bits in zip(image_ids, embeddings, hashes, strict=True):
            if image_id in known:
                self._replace(known.get(image_id), embedding, bits)
            else:
                self._append([image_id], embedding[None], bits[None])

    def _append(
        self,
        image_ids: Sequence[ImageId],
        embeddings: NDArray[np.float16],
        hashes: NDArray[np.uint64],
    ) -> None:
        """Add embeddings of images that have none, each once."""
        first = len(self)
        stop = first + len(image_ids)
        self._ids = with_room(self._ids, stop)
        self._hashes = with_room(self._hashes, stop)
        self._lots = with_room(self._lots, stop)
        self._rows.write(first, embeddings)
        # Of numbers of half precision double precision loses nothing in any order.
        self._sum += embeddings.sum(axis=0, dtype=np.float64)
        self._ids[first:stop] = image_ids
        self._hashes[first:stop] = hashes
        self._lots[first:stop] = _lots_of(embeddings)
        self._places.put_all(self._ids[first:stop], np.arange(first, stop))
        self.version += len(image_ids)

    def _replace(self, row: int, embedding: NDArray[np.float16], bits: np.uint64) -> None:
        former = self._rows.read(row, row + 1)[0]
        if np.array_equal(former, embedding) and self._hashes[row] == bits:
            return
        self.version += 1
        self._sum -= former
        self._sum += embedding
        self._rows.write(row, embedding[None])
        self._hashes[row] = bits
        self._lots[row] = _lots_of(embedding[None])[0]

    def discard(self, image_ids: Iterable[ImageId]) -> None:
        """Drop embeddings; images that have none are passed over."""
        for image_id in image_ids:
            row = self._places.get(image_id)
            if row == UNKNOWN:
                continue
            last = len(self) - 1
            former = self._rows.read(row, row + 1)[0].copy()
            if row != last:  # The last row fills the gap.
                self._rows.write(row, self._rows.read(last, last + 1))
            # From here on nothing can fail.
            self.version += 1
            self._sum -= former
            self._places.pop(image_id)
            if row != last:
                for column in (self._ids, self._hashes, self._lots):
                    column[row] = column[last]
                self._places.put(int(self._ids[row]), row)
            self._rows.cut(last)

    def image_ids(self) -> set[ImageId]:
        """The images that have an embedding."""
        known: list[ImageId] = self._ids[: len(self)].tolist()
        return set(known)

    def known_among(self, image_ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of many images have an embedding, ``(n_images,)``."""
        is_known: NDArray[np.bool_] = self._places.of(image_ids) != UNKNOWN
        return is_known

    def sum(self) -> NDArray[np.float64]:
        """The sum of all embeddings ``(embedding_size,)``; divided by ``len`` it is their mean."""
        return self._sum.copy()

    def select(self, image_ids: Iterable[ImageId]) -> NDArray[np.float32]:
        """The embeddings of ``image_ids`` ``(n_images, embedding_size)``; KeyError if unknown."""
        rows = self._known(image_ids)
        selected = np.empty((len(rows), self.embedding_size), np.float32)
        part_of = rows // self._rows.read_rows
        for number in np.unique(part_of).tolist():
            wanted = np.flatnonzero(part_of == number)
            first, last = rows[wanted].min(), rows[wanted].max()
            selected[wanted] = self._rows.read(first, last + 1)[rows[wanted] - first]
        return selected

    def perceptual_hashes(self, image_ids: Iterable[ImageId]) -> NDArray[np.uint64]:
        """The hashes of ``image_ids`` ``(n_images,)``, 0 where none is known; KeyError if unknown.

        See :func:`engine.images.perceptual_hash`.
        """
        return self._hashes[self._known(image_ids)]

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
        ids, lots = self._ids[: len(self)], self._lots[: len(self)]
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
        while start < len(self):
            stop = min(start + BLOCK_ROWS, len(self))
            yield self.ids_at(start, stop), self._rows.read(start, stop)
            start = stop

    def ids_at(self, start: int, stop: int) -> NDArray[np.int64]:
        """The images of rows from ``start`` to before ``stop``, a copy."""
        return self._ids[start:stop].copy()

    def blocks_at(self, start: int, stop: int) -> list[NDArray[np.float16]]:
        """The embeddings of rows from ``start`` to before ``stop``, BLOCK_ROWS each.

        ``start`` is a multiple of BLOCK_ROWS. Any thread may read them until the store changes.
        """
        return [self._rows.read(begin, end) for begin, end in pieces(start, stop, BLOCK_ROWS)]

    def close(self) -> None:
        """Let go of the file, if there is one; nothing is asked or added any more."""
        self._rows.close()

    def _known(self, image_ids: Iterable[ImageId]) -> NDArray[np.int64]:
        """Their rows (n_images,); KeyError if unknown."""
        asked = list(image_ids)
        rows = self._places.of(asked)
        for index in np.flatnonzero(rows == UNKNOWN).tolist():
            raise KeyError(asked[index])
        return rows


def _lots_of(embeddings: NDArray[np.float16]) -> NDArray[np.uint64]:
    """A number (n,) drawn for each of embeddings (n, embedding_size) by its bytes."""
    content, size = memoryview(embeddings.tobytes()), 2 * embeddings.shape[1]
    digests = [
        hashlib.blake2b(content[start : start + size], digest_size=8).digest()
        for start in range(0, len(content), size)
    ]
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)

"""Embeddings in memory, by image. What is kept on disk is ``image_cache``'s."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.messages import ImageId

BLOCK_ROWS: Final = 512  # As single precision 2.6 MB, near enough to a core's own cache.


class EmbeddingStore:
    """The embeddings of the open folder, in blocks of rows, with their running mean.

    Embeddings are ``(embedding_size,)`` float16, exactly as the encoder's graph gives them.
    Engine thread only.
    """

    def __init__(self, embedding_size: int) -> None:
        self.embedding_size = embedding_size
        self._blocks: list[NDArray[np.float16]] = []
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
        hashes = perceptual_hashes or [0] * len(image_ids)
        for image_id, embedding, bits in zip(image_ids, embeddings, hashes, strict=True):
            row = self._rows.get(image_id)
            if row is None:
                row = len(self._rows)
                if row == len(self._blocks) * BLOCK_ROWS:
                    self._blocks.append(np.zeros((BLOCK_ROWS, self.embedding_size), np.float16))
                if row == len(self._ids):
                    more = max(1024, row)
                    self._ids = np.concatenate([self._ids, np.zeros(more, np.int64)])
                    self._hashes = np.concatenate([self._hashes, np.zeros(more, np.uint64)])
                    self._lots = np.concatenate([self._lots, np.zeros(more, np.uint64)])
                self._rows[image_id] = row
                self._ids[row] = image_id
            else:
                known = self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS]
                if np.array_equal(known, embedding) and self._hashes[row] == bits:
                    continue
                self._sum -= known
            self.version += 1
            self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS] = embedding
            self._hashes[row] = bits
            self._lots[row] = _lot_of(self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS])
            self._sum += embedding

    def discard(self, image_ids: Iterable[ImageId]) -> None:
        """Drop embeddings; images that have none are passed over."""
        for image_id in image_ids:
            row = self._rows.pop(image_id, None)
            if row is None:
                continue
            self.version += 1
            place = self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS]
            self._sum -= place
            last = len(self._rows)  # The last row fills the gap.
            place[:] = self._blocks[last // BLOCK_ROWS][last % BLOCK_ROWS]
            self._ids[row] = self._ids[last]
            self._hashes[row] = self._hashes[last]
            self._lots[row] = self._lots[last]
            if row != last:
                self._rows[ImageId(int(self._ids[row]))] = row
            if last == (len(self._blocks) - 1) * BLOCK_ROWS:
                del self._blocks[-1]

    def image_ids(self) -> set[ImageId]:
        """The images that have an embedding."""
        return set(self._rows)

    def sum(self) -> NDArray[np.float64]:
        """The sum of all embeddings ``(embedding_size,)``; divided by ``len`` it is their mean."""
        return self._sum.copy()

    def select(self, image_ids: Iterable[ImageId]) -> NDArray[np.float32]:
        """The embeddings of ``image_ids`` ``(n_images, embedding_size)``; KeyError if unknown."""
        rows = [self._rows[image_id] for image_id in image_ids]
        selected = np.empty((len(rows), self.embedding_size), np.float32)
        for index, row in enumerate(rows):
            selected[index] = self._blocks[row // BLOCK_ROWS][row % BLOCK_ROWS]
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
        ids = self._ids[: len(self._rows)]
        order = np.lexsort((ids, self._lots[: len(ids)]))[:most]
        return [ImageId(item) for item in ids[order].tolist()]

    def blocks(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """All embeddings as (image ids ``(n,)``, embeddings ``(n, embedding_size)``) per block.

        Rows added while the iteration goes on are met if their block was not passed yet.
        """
        start = 0
        while start < len(self._rows):
            stop = min(start + BLOCK_ROWS, len(self._rows))
            yield self._ids[start:stop].copy(), self._blocks[start // BLOCK_ROWS][: stop - start]
            start = stop


def _lot_of(embedding: NDArray[np.float16]) -> int:
    return int.from_bytes(hashlib.blake2b(embedding.tobytes(), digest_size=8).digest(), "big")

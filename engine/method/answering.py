"""The answers of a model for many images at once: in one pass over their embeddings.

Asked for one property after the other, a model widens, centres and measures the same embeddings
twice: a million of them cost 4.5 s of one core, of which the products with its weights are half a
second. Here one product gives all that is asked, centring included: (u - m) w = u w - m w, and
likewise for lengths. Where an embedding lies so near to m that digits would be lost, it is centred.

What changes least from click to click costs most, how near the nearest labelled image is: as
many products as there are labels. :class:`NearestKept` has it for every row of a store, and a click
pays for the labels that came or went.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.method.adaptation import AdaptedModel
from engine.method.calibration import softmax
from engine.method.heads import SMALLEST_NORM, Floats, normalise
from engine.method.products import products_of
from engine.method.unknowns import UnknownScorer, scores_of

PIECE_ROWS: Final = 4096
"""Of a store, in the order of its rows: what is answered, and kept, together."""

Halves = NDArray[np.float16]

# Half precision is widened by moving its bits: numpy's own conversion takes longer than all else.
_HALF_BITS: Final = np.int32(np.uint32(0x8FFFE000).view(np.int32))
_HALF_SCALE: Final = np.float32(2.0**112)
# Distances around one centre follow from those around another, unless an image lies so much nearer
# to it that digits would be lost.
_LOSES_DIGITS: Final = np.float32(0.05)
_NO_LABEL: Final = 0
_NOT_KNOWN: Final = np.float32(-1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of n images: ``columns`` (n, k) of the model, most likely first, their ``probabilities``
    (n, k) and the ``none_scores`` (n,), all but the columns float32.
    """

    columns: NDArray[np.int64]
    probabilities: Floats
    none_scores: Floats


class Answering:
    """A model made ready for answers. Any thread may ask; what it answers does not change."""

    def __init__(self, model: AdaptedModel, n_top: int) -> None:
        """Make it ready.

        Args:
            n_top: how many classes an answer names, where there are as many.
        """
        self.model = model
        self._n_top = min(n_top, len(model.bias))
        unknowns = model.unknowns
        self._moved = model.mean - unknowns.mean
        self._moved_square = np.float32(self._moved @ self._moved)
        told = unknowns.negative_weights
        # Rows to multiply with: the classes, the way between the two centres, the first centre,
        # negative examples.
        more = [self._moved, model.mean, *([] if told is None else [told])]
        self._fixed = np.vstack([model.weights, *more]).astype(np.float32)
        self._unchanged = _all_of(unknowns)
        self._made: tuple[_Change, Floats, Floats] | None = None

    def of(self, embeddings: Halves | Floats) -> Answers:
        """The answers for embeddings (n, d)."""
        pieces = [
            self.of_piece([embeddings[start : start + PIECE_ROWS]], None, 0)
            for start in range(0, len(embeddings), PIECE_ROWS)
        ]
        if len(pieces) == 1:
            return pieces[0]
        return joined(pieces or [self.of_piece([embeddings], None, 0)])

    def of_piece(
        self, blocks: Sequence[Halves | Floats], nearest: Nearest | None, start: int
    ) -> Answers:
        """The answers for the rows of a piece.

        Args:
            blocks: the embeddings (n, d) of its rows, in portions that a core's cache holds.
            nearest: what is kept of the store that they are of; None: nothing is.
            start: of the piece's first row in that store, a multiple of PIECE_ROWS.
        """
        unknowns = self.model.unknowns
        change = self._unchanged if nearest is None else nearest.change_of(start)
        n_fixed, n_classes = len(self._fixed), len(self.model.bias)
        weights, offsets = self._weights_of(change)
        products, squares = self._around_mean(
            blocks, weights, offsets, None if nearest is None else nearest.squares_at(start)
        )
        lengths: Floats = np.maximum(np.sqrt(squares), SMALLEST_NORM)
        logits = np.divide(products[:, :n_classes], lengths[:, None], dtype=np.float32)
        logits += self.model.bias
        columns, probabilities = _most_likely(softmax(logits), self._n_top)

        # The same around the other centre: u - m0 = (u - m1) + (m1 - m0).
        moved = squares + 2 * products[:, n_classes] + self._moved_square
        lost = np.flatnonzero(moved < _LOSES_DIGITS * (squares + self._moved_square))
        moved[lost] = 1.0
        around = products[:, n_classes + 2 :] + weights[n_classes + 2 :] @ self._moved
        around /= np.maximum(np.sqrt(moved), SMALLEST_NORM)[:, None]
        if len(lost):
            directions = normalise(_rows_of(blocks, lost), unknowns.mean)
            around[lost] = directions @ weights[n_classes + 2 :].T
        n_told = n_fixed - n_classes - 2
        nearness = around[:, n_told:]
        nearness -= unknowns.inverse_reach[change.added]
        greatest = (
            nearness.max(axis=1)
            if nearest is None
            else nearest.taken_in(change, nearness, blocks, start)
        )
        told = around[:, 0] if n_told else None
        return Answers(columns, probabilities, scores_of(unknowns, greatest, told))

    def _weights_of(self, change: _Change) -> tuple[Floats, Floats]:
        """Rows to multiply with (k, d), and what is added to their products (k,)."""
        made = self._made
        if made is None or made[0] is not change:  # Of most pieces it is the one before.
            weights = np.vstack([self._fixed, self.model.unknowns.support[change.added]])
            made = self._made = change, weights, -(weights @ self.model.mean)
        return made[1:]

    def _around_mean(
        self,
        blocks: Sequence[Halves | Floats],
        weights: Floats,
        offsets: Floats,
        kept: Floats | None,
    ) -> tuple[Floats, Floats]:
        """Of n embeddings around the model's mean: products with ``weights`` (k, d), squares.

        Args:
            offsets: (k,) less the products of the mean.
            kept: (n,) the squares of the embeddings as they are, filled in where not known yet.

        Returns:
            (n, k) and (n,), the squares of the lengths.
        """
        mean = self.model.mean
        mean_square = np.float32(mean @ mean)
        n_rows = sum(len(block) for block in blocks)
        own = np.full(n_rows, _NOT_KNOWN) if kept is None else kept
        if n_rows and own[0] == _NOT_KNOWN:
            _fill_squares(blocks, own)
        products = np.empty((n_rows, len(weights)), np.float32)
        squares = np.empty(n_rows, np.float32)
        room: Floats | None = None
        start, is_near = 0, False
        for block in blocks:
            rows = slice(start, start + len(block))
            if is_near:
                room = np.empty(blocks[0].shape, np.float32) if room is None else room
                part = centred(block, mean, room[: len(block)])
                np.matmul(part, weights.T, out=products[rows])
                np.einsum("nd,nd->n", part, part, out=squares[rows])
                lost = squares[rows] < _LOSES_DIGITS * (own[rows] + mean_square)
            else:
                found = products[rows] = products_of(block, weights, offsets)
                # u = (u - m) + m, so |u - m|^2 = |u|^2 - |m|^2 - 2 (u - m) m.
                crossed = found[:, len(self.model.bias) + 1]
                squares[rows] = own[rows] - mean_square - 2 * crossed
                lost = squares[rows] < _LOSES_DIGITS * (own[rows] + mean_square)
                if lost.any():
                    part = block[lost] - mean
                    products[rows][lost] = part @ weights.T
                    squares[rows][lost] = np.einsum("nd,nd->n", part, part)
            # Of a camera that looks at one place all may be so: the next block is centred at once.
            is_near = 4 * int(np.count_nonzero(lost)) > len(block)
            start += len(block)
        return products, squares


@dataclass(frozen=True, slots=True, eq=False)
class _Change:
    """What became of the labelled images since a piece was answered.

    Attributes:
        added: (n_added,) their rows in the scorer's support.
        of_slot: for each slot the columns of ``added`` that go into it.
        is_gone: (n_numbers,) by an image's number whether it is not in its slot any more, a row
            for each slot; None where none is.
    """

    added: NDArray[np.intp]
    of_slot: tuple[NDArray[np.intp], ...]
    is_gone: NDArray[np.bool_] | None


def _all_of(unknowns: UnknownScorer) -> _Change:
    return _Change(np.arange(len(unknowns.support)), (), None)


class NearestKept:
    """How near the nearest labelled image is to each row of a store, kept between models.

    Labelled images of one reach lie in one *slot*: which of them is nearest does not depend on the
    reach, which another label changes. There are two, since an image whose class has no other
    example has a reach of its own. For each row and slot the greatest cosine is kept, and whose it
    is: a label that comes is one more product, a label that goes leaves rows to be done anew where
    it was the nearest. Kept with them are the squares of the rows' lengths. 20 bytes an image.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Keep nothing."""
        self._key: Hashable = None
        self._cosines = np.zeros((2, 0), np.float32)
        self._whose = np.zeros((2, 0), np.int32)
        self._squares = np.zeros(0, np.float32)
        self._held: list[tuple[frozenset[int], ...]] = []  # Of every piece, by slot.
        self._numbers: dict[bytes, int] = {}

    def ready(self, unknowns: UnknownScorer, key: Hashable, n_rows: int) -> Nearest | None:
        """What is kept, for a scorer; None where it cannot be kept for such a one.

        Args:
            key: whatever the embeddings of the rows depend on.
            n_rows: of the store.
        """
        slots = unknowns.slots()
        if slots is None:
            return None
        key = key, unknowns.mean.tobytes()
        if self._key != key:
            self.forget()
            self._key = key
            self._cosines = np.full((2, n_rows), -np.inf, np.float32)
            self._whose = np.full((2, n_rows), _NO_LABEL, np.int32)
            self._squares = np.full(n_rows, _NOT_KNOWN)
            self._held = [(frozenset(), frozenset())] * -(-n_rows // PIECE_ROWS)
        for image in unknowns.images:
            self._numbers.setdefault(image, len(self._numbers) + 1)
        return Nearest(self, unknowns, slots)


class Nearest:
    """What is kept of a store's rows, for one scorer. Threads may ask for different pieces."""

    def __init__(
        self, kept: NearestKept, unknowns: UnknownScorer, slots: NDArray[np.int64]
    ) -> None:
        self._unknowns = unknowns
        self._cosines, self._whose, self._held = kept._cosines, kept._whose, kept._held
        self._squares = kept._squares
        self._numbers = np.array([kept._numbers[image] for image in unknowns.images], np.int32)
        self._n_numbers = len(kept._numbers) + 1
        self._slots = slots
        self._now = tuple(
            frozenset(self._numbers[slots == slot].tolist()) for slot in range(len(self._cosines))
        )
        self._changes: dict[tuple[frozenset[int], ...], _Change] = {}

    def squares_at(self, start: int) -> Floats:
        """Of the piece that begins at a row; to be filled in by whoever answers it first."""
        return self._squares[start : start + PIECE_ROWS]

    def change_of(self, start: int) -> _Change:
        """From what is held of the piece that begins at a row to the labels of now."""
        held = self._held[start // PIECE_ROWS]
        change = self._changes.get(held)
        if change is None:
            change = self._changes[held] = self._change_from(held)
        return change

    def _change_from(self, held: tuple[frozenset[int], ...]) -> _Change:
        numbers = self._numbers.tolist()
        is_new = [
            number not in held[slot]
            for number, slot in zip(numbers, self._slots.tolist(), strict=True)
        ]
        added = np.flatnonzero(is_new)
        is_gone = np.zeros((len(held), self._n_numbers), np.bool_)
        for slot, before in enumerate(held):
            is_gone[slot, list(before - self._now[slot])] = True
        return _Change(
            added,
            tuple(np.flatnonzero(self._slots[added] == slot) for slot in range(len(held))),
            is_gone if is_gone.any() else None,
        )

    def taken_in(
        self, change: _Change, nearness: Floats, blocks: Sequence[Halves | Floats], start: int
    ) -> Floats:
        """The greatest nearness (n,) of a piece's rows, what is new of it kept.

        Args:
            nearness: (n, n_added) to the images that were added.
            blocks: the piece's embeddings.
            start: its first row.
        """
        unknowns = self._unknowns
        rows = slice(start, start + len(nearness))
        greatest = np.full(len(nearness), -np.inf, np.float32)
        for slot, added in enumerate(change.of_slot):
            cosines, whose = self._cosines[slot, rows], self._whose[slot, rows]
            members = np.flatnonzero(self._slots == slot)
            if not len(members):
                cosines[:], whose[:] = -np.inf, _NO_LABEL
                continue
            # One for all of a slot: what the nearness is of a cosine.
            inverse = unknowns.inverse_reach[members[0]]
            if len(added):
                among = nearness if len(added) == nearness.shape[1] else nearness[:, added]
                nearest = among.argmax(axis=1)
                found = among[np.arange(len(among)), nearest] / inverse + np.float32(1.0)
                nearer = found > cosines
                cosines[nearer] = found[nearer]
                whose[nearer] = self._numbers[change.added[added[nearest[nearer]]]]
            if change.is_gone is not None:
                stale = np.flatnonzero(change.is_gone[slot][whose])
                if len(stale):
                    directions = normalise(_rows_of(blocks, stale), unknowns.mean)
                    among = directions @ unknowns.support[members].T
                    nearest = among.argmax(axis=1)
                    cosines[stale] = among[np.arange(len(stale)), nearest] / inverse
                    whose[stale] = self._numbers[members[nearest]]
            np.maximum(greatest, (cosines - np.float32(1.0)) * inverse, out=greatest)
        self._held[start // PIECE_ROWS] = self._now
        return greatest


def joined(parts: Sequence[Answers]) -> Answers:
    """The answers for the images of several, one behind the other."""
    return Answers(
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.none_scores for part in parts]),
    )


def centred(embeddings: Halves | Floats, mean: Floats, out: Floats) -> Floats:
    """Embeddings (n, d) less ``mean``, as single precision; halves in ``out`` (n, d)."""
    if embeddings.dtype != np.float16:
        return np.subtract(embeddings, mean, dtype=np.float32)
    return np.subtract(_widened(embeddings, out), mean, out=out)


def _widened(halves: Halves | Floats, out: Floats) -> Floats:
    """Halves (n, d) in single precision, in ``out`` (n, d)."""
    bits = out.view(np.int32)
    np.copyto(bits, halves.view(np.int16))
    np.left_shift(bits, 13, out=bits)  # The sign has come along as the topmost bits.
    np.bitwise_and(bits, _HALF_BITS, out=bits)
    # An exponent counts from another number; no rounding.
    return np.multiply(out, _HALF_SCALE, out=out)


def _fill_squares(blocks: Sequence[Halves | Floats], out: Floats) -> None:
    """The squares of the lengths (n,) of all rows."""
    room = np.empty((max(len(block) for block in blocks), blocks[0].shape[1]), np.float32)
    first = 0
    for block in blocks:
        rows = _widened(block, room[: len(block)]) if block.dtype == np.float16 else block
        np.einsum("nd,nd->n", rows, rows, out=out[first : first + len(block)])
        first += len(block)


def _rows_of(blocks: Sequence[Halves | Floats], rows: NDArray[np.intp]) -> Floats:
    """Some rows (n, d) of a piece."""
    starts = np.cumsum([0, *(len(block) for block in blocks)])
    of = np.searchsorted(starts, rows, side="right") - 1
    found = np.empty((len(rows), blocks[0].shape[1]), np.float32)
    for number in np.unique(of).tolist():
        mine = of == number
        found[mine] = blocks[number][rows[mine] - starts[number]]
    return found


def _most_likely(probabilities: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Columns and values (n, count) of the greatest of each row, of equal ones the first.

    Sorted as whole numbers, of which a column is the lower half: the bits of positive numbers are
    in their order. A stable sort of the floats takes four times as long.
    """
    n_columns = probabilities.shape[1]
    keys = probabilities.view(np.uint32).astype(np.int64) << 32
    keys |= np.arange(n_columns - 1, -1, -1)
    keys.sort(axis=1)
    best = keys[:, : -count - 1 : -1]
    columns = (n_columns - 1) - (best & 0xFFFFFFFF)
    return columns, (best >> 32).astype(np.uint32).view(np.float32)

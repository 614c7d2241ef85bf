"""Which of several encoders a run ends with: the best on validation sets that does no harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.metatraining.encoder_training.label_draws import HEADS, accuracies, draw_labels
from engine.metatraining.intervals import Score, score

GATE_SHOTS: Final = (1, 5)
GATE_HEADS: Final = ("cosine", "ridge")
MAX_LOSS: Final = 0.01
"""No validation set may fall by more than this, in accuracy, with any head and shot of the gate.

Held against the end of the 95 % interval over draws: with the mean, a share was chosen whose loss
turned out at 1.02 points with other draws.
"""

Cell = tuple[str, str, int]
"""Data set, head, shot."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An encoder, told by how it was made, and the accuracy [0, 1] of every draw, (n_draws,).

    Attributes:
        share: how far its blocks lie from the start's (0) towards the trained ones (1).
        projection_share: weight of what earlier blocks add, in a projection that was fitted; None
            with what the start makes of its activations.
        accuracy: of every cell.
    """

    share: float
    projection_share: float | None
    accuracy: Mapping[Cell, NDArray[np.float64]]

    def gain_over(self, start: Candidate) -> float:
        """Mean gain in accuracy over sets, heads and shots."""
        return float(np.mean([gain.mean for gain in self._gains(start)]))

    def worst_against(self, start: Candidate) -> float:
        """The smallest gain that any set, head and shot may have: the end of its interval."""
        return min(gain.mean - gain.ci95 for gain in self._gains(start))

    def passes(self, start: Candidate) -> bool:
        """Whether the mean rises and no cell can have fallen by more than ``MAX_LOSS``."""
        return self.gain_over(start) > 0 and self.worst_against(start) >= -MAX_LOSS

    def _gains(self, start: Candidate) -> list[Score]:
        """Paired differences, cell by cell."""
        return [score(self.accuracy[cell] - start.accuracy[cell]) for cell in start.accuracy]


def choose(start: Candidate, candidates: Sequence[Candidate]) -> Candidate:
    """The candidate with the largest mean gain among those that pass; else ``start``."""
    passing = [candidate for candidate in candidates if candidate.passes(start)]
    return max(passing, key=lambda candidate: candidate.gain_over(start), default=start)


def measure(
    name: str,
    embeddings: NDArray[np.float32],
    labels: NDArray[np.int64],
    n_draws: int,
    seed: int,
) -> dict[Cell, NDArray[np.float64]]:
    """The cells of one validation set.

    Args:
        name: of the set.
        embeddings: (n_images, d).
        labels: (n_images,) of all its classes.
        n_draws: of labels, for each shot; every candidate sees the same.
        seed: of the draws.
    """
    cells: dict[Cell, NDArray[np.float64]] = {}
    for n_shot in GATE_SHOTS:
        draws = draw_labels(labels, n_shot, n_draws, seed)
        for head in GATE_HEADS:
            cells[name, head, n_shot] = accuracies(embeddings, labels, HEADS[head], draws)
    return cells

"""How far to go from the start weights towards the trained ones, chosen on validation sets.

Weights between two networks that share their training's start often classify better than either
end, and lose less where training did harm (WiSE-FT, Wortsman et al. 2022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.encoder.network import embedding_of
from engine.metatraining.encoder_training.maps import FeatureMaps
from engine.metatraining.intervals import Score, score

GATE_SHOTS: Final = (1, 5)
GATE_HEADS: Final = ("cosine", "ridge")
MAX_LOSS: Final = 0.01
"""No validation set may fall by more than this, in accuracy, with any head and shot of the gate.

Held against the end of the 95 % interval over draws: with the mean, a share was chosen whose loss
turned out at 1.02 points with other draws.
"""

_BATCH: Final = 16

Cell = tuple[str, str, int]
"""Data set, head, shot."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One share of the way, and the accuracy [0, 1] of every draw that it gives, (n_draws,)."""

    share: float
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


@torch.no_grad()
def embed_maps(blocks: nn.Module, maps: FeatureMaps, first: int) -> NDArray[np.float32]:
    """Embeddings of up to ``_BATCH`` images from index ``first`` on, of the product's own view.

    Rounded to float16 as in the graph, given as float32.
    """
    indices = np.arange(first, min(first + _BATCH, len(maps.labels)))
    embeddings = embedding_of(blocks(maps.batch(0, indices)))
    return embeddings.to(torch.float16).to(torch.float32).numpy()

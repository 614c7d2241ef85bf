"""From scores to probabilities: one scale (inverse temperature), fitted to held-out scores.

A few labels say little about the scale, so what draws from labelled sets have taught is the prior:
log scale ~ Normal(a + b log n_classes + c log(examples per class), spread^2)
(benchmarks/scale_prior.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.messages import HeldOut
from engine.method.heads import Floats

# Searched coarsely, then finely around the best: log steps from the expected scale.
_COARSE_STEPS: Final = np.linspace(-3.0, 3.0, 13)
_FINE_STEPS: Final = np.linspace(-0.45, 0.45, 19)


@dataclass(frozen=True, slots=True)
class ScalePrior:
    """What is expected of a head's scale before any label is held out.

    Attributes:
        constant, per_way, per_shot: a, b, c of the mean of the log scale.
        spread: standard deviation of the log scale.
    """

    constant: float
    per_way: float
    per_shot: float
    spread: float

    def expected(self, n_classes: int, shots: float) -> float:
        """The scale for ``n_classes`` with ``shots`` examples each on the mean."""
        return float(
            np.exp(self.constant + self.per_way * np.log(n_classes) + self.per_shot * np.log(shots))
        )

    def fit(self, scores: Floats, labels: NDArray[np.int64], n_classes: int, shots: float) -> float:
        """The scale of highest posterior probability given held-out scores (n, n_classes)."""
        expected = self.expected(n_classes, shots)
        if len(labels) == 0:
            return expected

        def cost(step: float) -> float:
            logits = np.float32(expected * np.exp(step)) * scores
            return float(losses_of(logits, labels).sum()) + step**2 / (2 * self.spread**2)

        # The cost is nearly convex in the step: the held-out loss is convex in the scale.
        coarse = min(_COARSE_STEPS, key=cost)
        return expected * float(np.exp(min(coarse + _FINE_STEPS, key=cost)))


def softmax(logits: Floats) -> Floats:
    """Probabilities (n, n_classes) of logits (n, n_classes)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities


def losses_of(logits: Floats, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Negative log-likelihood (n,) of each label, nats."""
    peak = logits.max(axis=1, initial=-np.inf)
    total = np.log(np.exp(logits - peak[:, None]).sum(axis=1)) + peak
    losses: NDArray[np.float64] = (total - logits[np.arange(len(labels)), labels]).astype(
        np.float64
    )
    return losses


def guesses_of(logits: Floats) -> NDArray[np.int64]:
    """The most likely column (n,) of logits (n, n_classes); of equal probabilities the first."""
    guesses: NDArray[np.int64] = softmax(logits).argmax(axis=1).astype(np.int64)
    return guesses


def held_out_of(logits: Floats, labels: NDArray[np.int64]) -> HeldOut | None:
    """How held-out examples fare, from their logits (n, n_classes); None of no example."""
    if len(labels) == 0:
        return None
    probabilities = softmax(logits)
    hits = probabilities.argmax(axis=1) == labels
    counts = np.bincount(labels)
    right = np.bincount(labels, weights=hits)
    confidences = probabilities.max(axis=1)
    for array in (confidences, hits):
        array.setflags(write=False)
    return HeldOut(
        accuracy=float(np.mean(right[counts > 0] / counts[counts > 0])),
        log_loss=float(losses_of(logits, labels).mean()),
        confidences=confidences,
        hits=hits,
    )

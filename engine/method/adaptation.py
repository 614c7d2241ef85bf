"""From a handful of labelled embeddings to a classifier with a confidence.

Instant adaptation: cosine prototypes and ridge regression are both fitted in closed form; the
better one by exact leave-one-out is kept; one scale (inverse temperature) turns its scores into
probabilities. Nothing here knows of files, jobs or threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import LabelsError
from engine.messages import Effort, HeldOut
from engine.method.heads import (
    SMALLEST_NORM,
    FittedHead,
    Floats,
    fit_prototypes,
    fit_ridge,
    normalise,
)
from engine.method.unknowns import UnknownScorer

PROTOTYPES: Final = "prototypes"
RIDGE: Final = "ridge"
_KEPT: Final = {PROTOTYPES: "cosine prototypes", RIDGE: "ridge regression"}

# How many embeddings of the folder weigh as much as the encoder's own training mean. Small: with
# sixty images the folder's own mean was better already.
MEAN_PRIOR_COUNT: Final = 4.0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A head that adaptation may choose.

    ``prior``: log scale ~ Normal(a + b log n_classes + c log(examples per class), spread^2), its
    mean fitted to the log-loss of held-out images over draws from the validation sets
    (benchmarks/scale_prior.py).
    """

    head: str
    penalty: float
    prior: tuple[float, float, float]

    def fit(self, support: Floats, labels: NDArray[np.int64], n_classes: int) -> FittedHead:
        if self.head == PROTOTYPES:
            return fit_prototypes(support, labels, n_classes)
        return fit_ridge(support, labels, n_classes, self.penalty)

    def expected_scale(self, n_classes: int, shots: float) -> float:
        constant, per_way, per_shot = self.prior
        return float(np.exp(constant + per_way * np.log(n_classes) + per_shot * np.log(shots)))


# The first is preferred: on held-out sets it was best on the mean at 1, 5 and 10 shots, so the
# others have to win clearly on the labels at hand (benchmarks/encoder_quality.py).
_CANDIDATES: Final = (
    _Candidate(RIDGE, 1.0, (2.60, 0.09, -0.19)),
    _Candidate(RIDGE, 0.3, (2.16, 0.10, -0.11)),
    _Candidate(PROTOTYPES, 0.0, (1.90, 0.07, 0.19)),
)
_CLEAR_GAIN: Final = 2.0  # Standard errors of the paired difference in left-out log-loss.
_SCALE_PRIOR_SPREAD: Final = 0.6
# Searched coarsely, then finely around the best: log steps from the expected scale.
_COARSE_STEPS: Final = np.linspace(-3.0, 3.0, 13)
_FINE_STEPS: Final = np.linspace(-0.45, 0.45, 19)


@dataclass(frozen=True, slots=True, eq=False)
class AdaptedModel:
    """An adapted classifier: ``softmax(weights @ x + bias)``, ``x = (u - mean) / |u - mean|``.

    Whatever was voted on, each head is linear in x, and a product of powers of softmaxes is the
    softmax of the sum of their logits: so every effort ends in one linear map.

    Attributes:
        effort: that it was made with.
        kept: the ingredients that went in, in words for a person.
        weights: (n_classes, d) float32, rows of classes with examples only, temperature included.
        bias: (n_classes,) float32.
        classes: (n_classes,) the column's index in the labels that were given.
        mean: (d,) float32, what embeddings are centred on.
        unknowns: tells what is like none of the classes.
        n_support: labelled images that went in.
        held_out: how the labelled images fare judged by the others; None where none can be.
        plain: the same of plain prototypes; None where ``held_out`` is.
    """

    effort: Effort
    kept: tuple[str, ...]
    weights: Floats
    bias: Floats
    classes: NDArray[np.int64]
    mean: Floats
    unknowns: UnknownScorer
    n_support: int
    held_out: HeldOut | None
    plain: HeldOut | None

    def directions(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """x (n, d) of embeddings (n, d)."""
        # Widened and centred in one pass. Expanding |u - m|^2 to spare the centred copy would lose
        # half of the digits where a folder's images are nearly the same.
        centred = np.subtract(embeddings, self.mean, dtype=np.float32)
        norms = np.sqrt(np.einsum("nd,nd->n", centred, centred))
        centred /= np.maximum(norms, SMALLEST_NORM)[:, None]
        return centred

    def logits(self, directions: Floats) -> Floats:
        """(n, n_classes) of x (n, d)."""
        logits: Floats = directions @ self.weights.T + self.bias
        return logits

    def probabilities(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """Class probabilities (n, n_classes) of embeddings (n, d)."""
        return softmax(self.logits(self.directions(embeddings)))

    def none_scores(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """How much each of embeddings (n, d) looks like none of the classes, (n,) in [0, 1]."""
        return self.unknowns.scores(self.directions(embeddings))


def folder_mean(embedding_sum: NDArray[np.float64], n_images: int, training_mean: Floats) -> Floats:
    """What a folder's embeddings are centred on: their own mean, steadied by the training mean.

    Args:
        embedding_sum: (d,) sum over the folder's images.
        n_images: how many were summed; 0 gives the training mean.
        training_mean: (d,) from the encoder file.
    """
    total = embedding_sum + MEAN_PRIOR_COUNT * training_mean.astype(np.float64)
    mean: Floats = (total / (n_images + MEAN_PRIOR_COUNT)).astype(np.float32)
    return mean


def adapt(support: Floats, labels: NDArray[np.int64], mean: Floats) -> AdaptedModel:
    """Fit a classifier to labelled embeddings.

    Args:
        support: (n_support, d) embeddings as the encoder gives them.
        labels: (n_support,) any non-negative class numbers, gaps allowed.
        mean: (d,) see :func:`folder_mean`.

    Raises:
        LabelsError: there are fewer than two classes among the labels.
    """
    classes, compact = np.unique(labels, return_inverse=True)
    n_classes = len(classes)
    if n_classes < 2:
        raise LabelsError(
            f"At least two classes need a labelled image; {n_classes} "
            f"{'has' if n_classes == 1 else 'have'} one."
        )
    counts = np.bincount(compact)
    x = normalise(support, mean)
    # An example alone in its class cannot be judged by leaving it out: its class would be gone.
    judged = counts[compact] >= 2
    shots = len(support) / n_classes
    # With half of the classes unjudged a comparison would speak for the other half only.
    comparable = np.count_nonzero(counts >= 2) * 2 >= n_classes
    chosen: _Fit | None = None
    plain: _Fit | None = None
    for candidate in _CANDIDATES:
        fitted = candidate.fit(x, compact, n_classes)
        scores, truth = fitted.left_out_scores[judged], compact[judged]
        scale = _fit_scale(scores, truth, candidate.expected_scale(n_classes, shots))
        losses = _losses(np.float32(scale) * scores, truth)
        fit = _Fit(candidate.head, fitted, scale, losses)
        if chosen is None or (comparable and _is_clearly_lower(losses, chosen.losses)):
            chosen = fit
        if candidate.head == PROTOTYPES:
            plain = fit
    assert chosen is not None
    assert plain is not None
    return AdaptedModel(
        effort=Effort.INSTANT,
        kept=(_KEPT[chosen.head],),
        weights=np.float32(chosen.scale) * chosen.fitted.weights,
        bias=np.zeros(n_classes, np.float32),
        classes=classes.astype(np.int64),
        mean=mean,
        unknowns=UnknownScorer.fit(x, compact),
        n_support=len(support),
        held_out=_held_out(chosen, compact, judged),
        plain=_held_out(plain, compact, judged),
    )


def softmax(logits: Floats) -> Floats:
    """Probabilities (n, n_classes) of logits (n, n_classes)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    head: str
    fitted: FittedHead
    scale: float
    losses: NDArray[np.float64]


def _is_clearly_lower(losses: NDArray[np.float64], current: NDArray[np.float64]) -> bool:
    gain = current - losses
    error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
    return bool(gain.mean() > _CLEAR_GAIN * error)


def _fit_scale(scores: Floats, labels: NDArray[np.int64], expected: float) -> float:
    """The scale of highest posterior probability given left-out scores (n, n_classes)."""
    if len(labels) == 0:
        return expected

    def cost(step: float) -> float:
        logits = np.float32(expected * np.exp(step)) * scores
        return float(_losses(logits, labels).sum()) + step**2 / (2 * _SCALE_PRIOR_SPREAD**2)

    # The cost is nearly convex in the step: the left-out loss is convex in the scale.
    coarse = min(_COARSE_STEPS, key=cost)
    return expected * float(np.exp(min(coarse + _FINE_STEPS, key=cost)))


def _losses(logits: Floats, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Negative log-likelihood (n,) of each label."""
    peak = logits.max(axis=1, initial=-np.inf)
    total = np.log(np.exp(logits - peak[:, None]).sum(axis=1)) + peak
    losses: NDArray[np.float64] = (total - logits[np.arange(len(labels)), labels]).astype(
        np.float64
    )
    return losses


def _held_out(fit: _Fit, labels: NDArray[np.int64], judged: NDArray[np.bool_]) -> HeldOut | None:
    if not judged.any():
        return None
    probabilities = softmax(np.float32(fit.scale) * fit.fitted.left_out_scores[judged])
    hits = probabilities.argmax(axis=1) == labels[judged]
    counts = np.bincount(labels[judged])
    right = np.bincount(labels[judged], weights=hits)
    confidences = probabilities.max(axis=1)
    for array in (confidences, hits):
        array.setflags(write=False)
    return HeldOut(
        accuracy=float(np.mean(right[counts > 0] / counts[counts > 0])),
        log_loss=float(fit.losses.mean()),
        confidences=confidences,
        hits=hits,
    )

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
from engine.method.heads import FittedHead, Floats, fit_prototypes, fit_ridge, normalise

PROTOTYPES: Final = "prototypes"
RIDGE: Final = "ridge"

# 0.3 won on held-out sets at 1, 5 and 10 shots; its neighbours may win where labels say so.
PREFERRED_PENALTY: Final = 0.3
PENALTIES: Final = (PREFERRED_PENALTY, 0.1, 1.0)

# How many embeddings of the folder weigh as much as the encoder's own training mean.
MEAN_PRIOR_COUNT: Final = 20.0

# log scale ~ Normal(a + b log n_classes + c log(examples per class), 0.5^2). The three numbers of
# each head were fitted on episodes over the meta-training sets (benchmarks/calibration_prior.py).
_SCALE_PRIORS: Final = {PROTOTYPES: (2.2, 0.2, 0.1), RIDGE: (2.2, 0.2, 0.1)}
_SCALE_PRIOR_SPREAD: Final = 0.5
_SCALE_GRID: Final = np.linspace(-3.0, 3.0, 121)


@dataclass(frozen=True, slots=True, eq=False)
class AdaptedModel:
    """An adapted classifier: ``softmax(scale * weights @ (u - mean) / |u - mean|)``.

    Attributes:
        head: "prototypes" or "ridge".
        weights: (n_classes, d) float32, rows of classes with examples only.
        classes: (n_classes,) the column's index in the labels that were given.
        mean: (d,) float32, what embeddings are centred on.
        scale: inverse temperature, > 0.
        n_support: labelled images that went in.
        held_out_accuracy: leave-one-out accuracy over the examples of classes with at least two,
            in [0, 1]; None where there are none.
    """

    head: str
    weights: Floats
    classes: NDArray[np.int64]
    mean: Floats
    scale: float
    n_support: int
    held_out_accuracy: float | None

    def probabilities(self, embeddings: NDArray[np.float16] | Floats) -> Floats:
        """Class probabilities (n, n_classes) of embeddings (n, d)."""
        # |u - m|^2 = |u|^2 - 2 u.m + |m|^2 and w.(u - m) = w.u - w.m: one product with the
        # embeddings as they are, without a centred copy of them.
        wide = embeddings.astype(np.float32, copy=False)
        directions = np.vstack([self.weights, self.mean])
        products = wide @ directions.T
        squared = np.einsum("nd,nd->n", wide, wide) - 2.0 * products[:, -1]
        squared += np.dot(self.mean, self.mean)
        norms = np.sqrt(np.maximum(squared, 1e-12))
        scores = (products[:, :-1] - self.weights @ self.mean) / norms[:, None]
        return softmax(self.scale * scores)


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
    candidates = [
        (RIDGE, fit_ridge(x, compact, n_classes, PREFERRED_PENALTY)),
        (PROTOTYPES, fit_prototypes(x, compact, n_classes)),
        *((RIDGE, fit_ridge(x, compact, n_classes, penalty)) for penalty in PENALTIES[1:]),
    ]
    # An example alone in its class cannot be judged by leaving it out: its class would be gone.
    judged = counts[compact] >= 2
    way_and_shot = (n_classes, len(support) / n_classes)
    head, fitted = candidates[0]
    scale = _fit_scale(fitted.left_out_scores[judged], compact[judged], head, way_and_shot)
    losses = _losses(scale * fitted.left_out_scores[judged], compact[judged])
    # With half of the classes unjudged the comparison would speak for the other half only.
    if np.count_nonzero(counts >= 2) * 2 >= n_classes:
        first_losses = losses
        best_mean = float(losses.mean())
        for name, other in candidates[1:]:
            other_scale = _fit_scale(
                other.left_out_scores[judged], compact[judged], name, way_and_shot
            )
            other_losses = _losses(other_scale * other.left_out_scores[judged], compact[judged])
            gain = first_losses - other_losses
            error = float(gain.std(ddof=1)) / np.sqrt(len(gain))
            if gain.mean() > error and other_losses.mean() < best_mean:
                head, fitted, scale, losses = name, other, other_scale, other_losses
                best_mean = float(other_losses.mean())
    return AdaptedModel(
        head=head,
        weights=fitted.weights,
        classes=classes.astype(np.int64),
        mean=mean,
        scale=scale,
        n_support=len(support),
        held_out_accuracy=_accuracy(fitted, compact, judged),
    )


def softmax(logits: Floats) -> Floats:
    """Probabilities (n, n_classes) of logits (n, n_classes)."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities


def scale_prior(head: str, n_classes: int, shots: float) -> float:
    """The scale expected before any label is left out."""
    constant, per_way, per_shot = _SCALE_PRIORS[head]
    return float(np.exp(constant + per_way * np.log(n_classes) + per_shot * np.log(shots)))


def _fit_scale(
    scores: Floats, labels: NDArray[np.int64], head: str, way_and_shot: tuple[int, float]
) -> float:
    """The scale of highest posterior probability given left-out scores (n, n_classes)."""
    prior = scale_prior(head, *way_and_shot)
    if len(labels) == 0:
        return prior
    costs = [
        float(_losses(np.float32(prior * np.exp(step)) * scores, labels).sum())
        + step**2 / (2 * _SCALE_PRIOR_SPREAD**2)
        for step in _SCALE_GRID
    ]
    return prior * float(np.exp(_SCALE_GRID[int(np.argmin(costs))]))


def _losses(logits: Floats, labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Negative log-likelihood (n,) of each label."""
    peak = logits.max(axis=1, initial=-np.inf)
    total = np.log(np.exp(logits - peak[:, None]).sum(axis=1)) + peak
    losses: NDArray[np.float64] = (total - logits[np.arange(len(labels)), labels]).astype(
        np.float64
    )
    return losses


def _accuracy(
    fitted: FittedHead, labels: NDArray[np.int64], judged: NDArray[np.bool_]
) -> float | None:
    if not judged.any():
        return None
    hits = fitted.left_out_scores[judged].argmax(axis=1) == labels[judged]
    return float(hits.mean())

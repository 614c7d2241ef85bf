"""What is measured of a method's predictions, episode by episode."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.metatraining.intervals import Score, score

Floats = NDArray[np.float64]

EPISODE_MEASURES: Final = ("accuracy", "precision", "recall", "f1", "log_loss")
N_BINS: Final = 15


class Tally:
    """Collects the measures of episodes.

    Precision, recall and F1 are macro averages: the mean over the episode's classes, each of them
    counted by its queries; a class that is never predicted has precision 0 (scikit-learn's
    ``zero_division=0``). Log-loss is in nats. Predictions that are NaN or infinite count
    as guesses.

    Attributes:
        n_not_numbers: how many queries had such predictions.
    """

    def __init__(self) -> None:
        """Begin with no episode."""
        self._measures: list[Floats] = []
        self._bins = np.zeros((N_BINS, 3))
        self.n_not_numbers = 0

    def add(self, log_probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        """Count one episode.

        Args:
            log_probabilities: (n_query, n_way).
            labels: (n_query,) in [0, n_way).
        """
        wide = log_probabilities.astype(np.float64)
        broken = ~np.isfinite(wide).all(1)
        if broken.any():
            wide[broken] = -np.log(wide.shape[1])
            self.n_not_numbers += int(broken.sum())
        self._measures.append(episode_measures(wide, labels))
        self._bins += confidence_bins(wide, labels)

    @property
    def n_episodes(self) -> int:
        """How many were counted."""
        return len(self._measures)

    def values(self, measure: str) -> Floats:
        """One of ``EPISODE_MEASURES`` of every episode, (n_episodes,)."""
        return np.array([row[EPISODE_MEASURES.index(measure)] for row in self._measures])

    def score(self, measure: str) -> Score:
        """Mean over episodes and its 95 % interval, 1.96 standard errors."""
        return score(self.values(measure))

    @property
    def bins(self) -> Floats:
        """(N_BINS, 3): queries, summed confidence and correct ones by confidence."""
        return self._bins.copy()

    @property
    def calibration_error(self) -> float:
        """Expected calibration error over all queries of all episodes together."""
        return calibration_error(self._bins)


def episode_measures(log_probabilities: Floats, labels: NDArray[np.int64]) -> Floats:
    """``EPISODE_MEASURES`` of one episode, (5,).

    Args:
        log_probabilities: (n_query, n_way).
        labels: (n_query,) in [0, n_way), every class at least once.
    """
    n_query, n_way = log_probabilities.shape
    predicted = log_probabilities.argmax(1)
    right = np.bincount(labels[predicted == labels], minlength=n_way)
    n_predicted = np.bincount(predicted, minlength=n_way)
    n_true = np.bincount(labels, minlength=n_way)
    return np.array(
        [
            right.sum() / n_query,
            np.mean(right / np.maximum(n_predicted, 1)),
            np.mean(right / n_true),
            np.mean(2 * right / (n_predicted + n_true)),
            -np.mean(log_probabilities[np.arange(n_query), labels]),
        ]
    )


def confidence_bins(log_probabilities: Floats, labels: NDArray[np.int64]) -> Floats:
    """Queries, summed confidence and correct predictions, (N_BINS, 3).

    Bin m of M holds confidences in ((m - 1) / M, m / M], as in Guo et al. 2017 (arXiv 1706.04599).
    """
    predicted = log_probabilities.argmax(1)
    confidence = np.exp(log_probabilities[np.arange(len(labels)), predicted])
    index = np.clip(np.ceil(confidence * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)
    columns = (np.ones(len(labels)), confidence, (predicted == labels).astype(np.float64))
    return np.stack([np.bincount(index, column, N_BINS) for column in columns], axis=1)


def calibration_error(bins: Floats) -> float:
    """Mean over queries of |share right - mean confidence| of their bin (Guo et al., eq. 3)."""
    total = bins[:, 0].sum()
    return float(np.abs(bins[:, 2] - bins[:, 1]).sum() / total) if total else 0.0

"""What is measured of an answer, trial by trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.metatraining.metrics import (
    EPISODE_MEASURES,
    calibration_error,
    confidence_bins,
    episode_measures,
)

Floats = NDArray[np.float64]

MEASURES: Final = ("accuracy", "f1", "log_loss", "calibration_error", "unknown_auroc", "seconds")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One method in one trial.

    Attributes:
        values: by measure; ``unknown_auroc`` is missing where no class could be left unlabelled.
        hits: (n_query,) which queries were classified right.
        bins: (N_BINS, 3), see ``confidence_bins``.
    """

    values: dict[str, float]
    hits: NDArray[np.bool_]
    bins: Floats


def measure(
    log_probabilities: Floats, labels: NDArray[np.int64], seconds: float, auroc: float | None
) -> Measured:
    """Measure one answer.

    Args:
        log_probabilities: (n_query, n_classes).
        labels: (n_query,) true classes, each at least once.
        seconds: to adapt.
        auroc: see ``unknown_auroc``, or None.
    """
    found = dict(
        zip(EPISODE_MEASURES, episode_measures(log_probabilities, labels).tolist(), strict=True)
    )
    bins = confidence_bins(log_probabilities, labels)
    values = {
        "accuracy": found["accuracy"],
        "f1": found["f1"],
        "log_loss": found["log_loss"],
        "calibration_error": calibration_error(bins),
        **({} if auroc is None else {"unknown_auroc": auroc}),
        "seconds": seconds,
    }
    return Measured(values, log_probabilities.argmax(axis=1) == labels, bins)


def unknown_auroc(none_scores: Floats, is_unknown: NDArray[np.bool_]) -> float:
    """How often a query of an unlabelled class scores above one of a labelled class; ties half.

    Args:
        none_scores: (n_query,), the higher the more like none of the labelled classes.
        is_unknown: (n_query,), some True and some False.
    """
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]  # Slow to import.

    return float(roc_auc_score(is_unknown, none_scores))


def is_clearly_worse(hits: NDArray[np.bool_], plain: NDArray[np.bool_]) -> bool:
    """Whether fewer queries are right than with ``plain``, by more than one standard error.

    The standard error is that of the mean difference, paired over the trial's queries (n_query,).
    """
    differences = hits.astype(np.float64) - plain.astype(np.float64)
    if len(differences) < 2:
        return False
    error = float(differences.std(ddof=1)) / float(np.sqrt(len(differences)))
    # A single image is exactly one standard error, and must not count by how it is rounded.
    return bool(differences.mean() < -error * (1 + 1e-9))

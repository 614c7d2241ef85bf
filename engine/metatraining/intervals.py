"""Means and their 95 % confidence intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Score:
    """Mean accuracy in [0, 1] over draws, and the half width of its 95 % confidence interval.

    The interval covers the choice of labels only, not that of the images or of the data sets.
    """

    mean: float
    ci95: float


def score(values: NDArray[np.float64]) -> Score:
    """Mean of per-draw values and its interval; paired differences may be given too."""
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Score(mean=float(values.mean()), ci95=1.96 * spread / float(np.sqrt(len(values))))

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


def share_interval(count: int, total: int) -> tuple[float, float]:
    """Ends of the 95 % interval of a share, count / total (Wilson 1927).

    Unlike the normal approximation it does not shrink to nothing where ``count`` is 0.
    """
    z_squared = 1.96**2
    share = count / total
    centre = (share + z_squared / (2 * total)) / (1 + z_squared / total)
    spread = np.sqrt(share * (1 - share) / total + z_squared / (4 * total**2))
    half = 1.96 * float(spread) / (1 + z_squared / total)
    return max(0.0, centre - half), min(1.0, centre + half)

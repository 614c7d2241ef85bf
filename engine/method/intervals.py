"""How far a share that was seen in some examples can be believed."""

from __future__ import annotations

import math
from typing import Final

HELD_OUT_WORTH: Final = 0.75
"""Of a held-out example, in independent ones: labelled images share their training images, so
their hits vary more than those of independent examples (benchmarks/advice.py)."""

_Z95: Final = 1.959964  # The normal distribution's 97.5 % quantile.


def wilson_interval(share: float, n_examples: float) -> tuple[float, float]:
    """The 95 % interval (Wilson, 1927) of a rate seen as ``share`` in so many examples, >= 0.

    It never leaves [0, 1], holds for few examples, and does not shrink to nothing where none or
    all were right; of no example at all it is (0, 1).
    """
    if n_examples <= 0:
        return 0.0, 1.0
    squared = _Z95**2
    spread = _Z95 * math.sqrt(share * (1 - share) / n_examples + squared / (4 * n_examples**2))
    centre, weight = share + squared / (2 * n_examples), 1 + squared / n_examples
    # Rounding must not keep a perfect record from being possible.
    low = 0.0 if share <= 0.0 else max(0.0, (centre - spread) / weight)
    high = 1.0 if share >= 1.0 else min(1.0, (centre + spread) / weight)
    return low, high

"""A head for an encoder that gives nearly the same embeddings: as a quantised one does."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from engine.method.adaptation import AdaptedModel
from engine.method.heads import Floats

_PENALTY: Final = 0.1  # On what moves away from the head as it was.
_CONSTANT: Final = np.float32(0.5)  # Beside the direction, for the bias, as in the heads.


def taught_head(head: AdaptedModel, exact: Floats, near: Floats) -> AdaptedModel:
    """The head refitted so that it says of the near embeddings what it said of the exact ones.

    A ridge regression, from the head as it was, of its own logits; what embeddings are centred on
    moves with their mean. The logits come from the same labels by the same method, whatever was
    voted on; fitting anew to the labels alone agreed less with the program
    (benchmarks/precision.py). What is none of the classes is told by the same labelled images
    around the moved mean.

    Args:
        exact: (n, d) the program's embeddings of images, labelled or not.
        near: (n, d) those of the other encoder.
    """
    moved = (near - exact).mean(axis=0, dtype=np.float64).astype(np.float32)
    mean = head.mean + moved
    taught = replace(
        head, mean=mean, unknowns=replace(head.unknowns, mean=head.unknowns.mean + moved)
    )
    directions = taught.directions(near)
    x = np.concatenate([directions, np.full((len(near), 1), _CONSTANT, np.float32)], axis=1)
    missing = (head.logits(head.directions(exact)) - taught.logits(directions)).astype(np.float64)
    # In the images' own space (n, n): there are fewer of them than numbers in an embedding.
    gram = (x @ x.T).astype(np.float64) + _PENALTY * np.eye(len(x))
    change = (x.T.astype(np.float64) @ np.linalg.solve(gram, missing)).astype(np.float32)
    return replace(
        taught,
        weights=np.ascontiguousarray(head.weights + change[:-1].T),
        bias=head.bias + _CONSTANT * change[-1],
    )

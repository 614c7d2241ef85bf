"""Near-duplicates: which images count once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.method.duplicates import near_duplicate_groups, near_duplicate_steps
from engine.method.heads import Floats

DIMENSIONS = 32


def directions(n_images: int, seed: int = 0) -> Floats:
    random = np.random.default_rng(seed)
    return unit(random.normal(size=(n_images, DIMENSIONS)))


def unit(vectors: NDArray[np.float64]) -> Floats:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def on_a_circle(degrees: list[float]) -> Floats:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_copies_and_bursts_share_a_group() -> None:
    x = directions(5)
    shaken = unit(x[1] + 0.05 * np.random.default_rng(1).normal(size=(3, DIMENSIONS)))
    images = np.concatenate([x, x[:1], shaken])
    assert near_duplicate_groups(images).tolist() == [0, 1, 2, 3, 4, 0, 1, 1, 1]


def test_a_chain_of_small_steps_does_not_become_one_group() -> None:
    # Neighbours are 10 degrees apart (cosine 0.985); 0.9 is 25.8 degrees.
    groups = near_duplicate_groups(on_a_circle([10.0 * step for step in range(18)]))
    spans = [np.ptp(np.flatnonzero(groups == group)) * 10 for group in range(groups.max() + 1)]
    assert max(spans) <= 2 * 25.8
    assert len(spans) > 2


def test_blocks_give_what_one_comparison_would() -> None:
    # More images than one block, each copied once, far from its copy.
    x = directions(700)
    groups = near_duplicate_groups(np.concatenate([x, x]))
    assert groups[:700].tolist() == list(range(700))
    assert groups[700:].tolist() == list(range(700))
    assert len(list(near_duplicate_steps(np.concatenate([x, x])))) > 2


def test_the_layout_decides_between_similar_embeddings() -> None:
    x = on_a_circle([0.0, 35.0])  # Cosine 0.82: alike, but not enough by itself.
    same_layout = np.array([0b1111, 0b0011], np.uint64)
    other_layout = np.array([0, 2**64 - 1], np.uint64)
    assert near_duplicate_groups(x, same_layout).tolist() == [0, 0]
    assert near_duplicate_groups(x, other_layout).tolist() == [0, 1]
    assert near_duplicate_groups(x).tolist() == [0, 1]
    none_known = np.zeros(2, np.uint64)
    assert near_duplicate_groups(x, none_known).tolist() == [0, 1]
    # The layout alone is not enough: the same background with another thing before it.
    assert near_duplicate_groups(on_a_circle([0.0, 60.0]), same_layout).tolist() == [0, 1]


def test_few_or_featureless_images() -> None:
    assert near_duplicate_groups(np.zeros((0, DIMENSIONS), np.float32)).tolist() == []
    assert near_duplicate_groups(directions(1)).tolist() == [0]
    assert near_duplicate_groups(np.zeros((2, DIMENSIONS), np.float32)).tolist() == [0, 1]

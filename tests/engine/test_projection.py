"""The projection of several blocks: closed form, held to its definition."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.metatraining.datasets import ImageSet
from engine.metatraining.encoder_training.pooled import PooledImages, PooledSet
from engine.metatraining.encoder_training.projection import (
    FittedProjection,
    fit_projection,
    project,
)
from engine.metatraining.encoder_training.recipe import ProjectionRule, ProjectionView
from engine.metatraining.views import View

N_LAST, N_EARLIER = 1280, 96  # Channels of blocks 18 and 2.
RULE = ProjectionRule(
    taps=(18, 2),
    tap_weights=(1.0, 0.5),
    last_size=N_LAST - 16,
    earlier_size=16,
    shrinkage=0.7,
    between_sets=2.0,
    shares=(1.0,),
    views=(ProjectionView(View(turn=True), weight=0.3),),
)


def _pooled(name: str, seed: int) -> PooledSet:
    random = np.random.default_rng(seed)
    n_images, n_pooled = 24, N_LAST + N_EARLIER
    plain = random.random((n_images, n_pooled)).astype(np.float32) + np.float32(seed / 10)
    view = plain + random.normal(0, 0.1, plain.shape).astype(np.float32)
    # Unequal classes, one of them of a single image.
    labels = np.repeat([0, 1, 2, 5], [12, 6, 5, 1])
    return PooledSet(name, labels, plain, (view,))


@pytest.fixture(scope="module")
def sets() -> list[PooledSet]:
    return [_pooled("a", 1), _pooled("b", 2), _pooled("c", 3)]


@pytest.fixture(scope="module")
def fitted(sets: list[PooledSet]) -> FittedProjection:
    return _finish(fit_projection(sets, RULE), len(sets))


def _finish(fitting: Generator[int, None, FittedProjection], n_sets: int) -> FittedProjection:
    done = 0
    while True:
        try:
            done += next(fitting)
        except StopIteration as finished:
            assert done == 2 * n_sets
            result: FittedProjection = finished.value
            return result


def _unit_trace(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = covariance / np.trace(covariance) * len(covariance)
    return unit


def _unwanted(sets: list[PooledSet]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The definition, loop by loop: (scale, covariance of what is to be turned down)."""
    blocks = (slice(0, N_LAST), slice(N_LAST, None))
    scale = np.empty(N_LAST + N_EARLIER)
    for block, weight in zip(blocks, RULE.tap_weights, strict=True):
        lengths = [
            np.linalg.norm(s.plain[:, block] - s.plain[:, block].mean(0), axis=1).mean()
            for s in sets
        ]
        scale[block] = weight / np.mean(lengths)
    within, views, means = np.zeros((2, len(scale), len(scale))), [], []
    for s in sets:
        x = s.plain.astype(np.float64) * scale
        classes = [x[s.labels == label] for label in np.unique(s.labels)]
        parts = [np.cov(c.T) if len(c) > 1 else np.zeros_like(within[0]) for c in classes]
        within[0] += np.mean(parts, axis=0)
        difference = x - s.views[0] * scale
        views.append(difference.T @ difference / len(x))
        means.append(x.mean(0))
    unwanted = _unit_trace(within[0]) + 0.3 * _unit_trace(np.sum(views, axis=0))
    unwanted = _unit_trace(unwanted) + 2.0 * _unit_trace(np.cov(np.array(means).T))
    return scale, unwanted + 0.7 * np.eye(len(scale))


def test_distances_are_those_of_the_inverse_covariance(sets: list[PooledSet]) -> None:
    """Every direction kept, the share 1: |W^T (x - y)|^2 = (x - y)^T S^-1 (x - y)."""
    fitted = _whole(sets)
    matrix = np.concatenate([fitted.last, fitted.earlier], axis=1)
    scale, unwanted = _unwanted(sets)
    differences = sets[0].plain[:8].astype(np.float64) - sets[1].plain[:8]
    given = ((differences @ matrix) ** 2).sum(1)
    scaled = differences * scale
    expected = np.einsum("nd,nd->n", scaled, np.linalg.solve(unwanted, scaled.T).T)
    np.testing.assert_allclose(given, expected, rtol=1e-3)


def _whole(sets: list[PooledSet]) -> FittedProjection:
    # More numbers than an embedding may have: a rule for this test alone.
    rule = replace(RULE, last_size=N_LAST, earlier_size=N_EARLIER)
    return _finish(fit_projection(sets, rule), len(sets))


def test_the_first_part_sees_the_last_block_alone(fitted: FittedProjection) -> None:
    projection = fitted.at(0.5)
    assert projection.parts == (0, N_LAST - 16)
    assert not projection.matrix[N_LAST:, : N_LAST - 16].any()
    assert projection.matrix[N_LAST:, N_LAST - 16 :].any()


def test_the_share_weighs_the_second_part(fitted: FittedProjection) -> None:
    whole, half = fitted.at(1.0), fitted.at(0.5)
    first = slice(0, N_LAST - 16)
    np.testing.assert_array_equal(whole.matrix[:, first], half.matrix[:, first])
    np.testing.assert_allclose(
        half.matrix[:, N_LAST - 16 :], 0.5 * whole.matrix[:, N_LAST - 16 :], rtol=1e-6
    )


def test_embeddings_have_length_one_and_are_centred_before(
    fitted: FittedProjection, sets: list[PooledSet]
) -> None:
    projection = fitted.at(0.8)
    embeddings = project(sets[0].plain, projection)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-3)
    np.testing.assert_array_equal(embeddings, embeddings.astype(np.float16))
    means = np.mean([s.plain.mean(0, dtype=np.float64) for s in sets], axis=0)
    np.testing.assert_allclose(means @ projection.matrix + projection.offset, 0, atol=1e-3)


def test_one_set_of_single_images_is_enough() -> None:
    """No class has two images, no other set: views alone tell what is unwanted."""
    lonely = replace(_pooled("a", 1), labels=np.arange(24))
    projection = _finish(fit_projection([lonely], RULE), 1).at(1.0)
    assert np.isfinite(projection.matrix).all()


def test_what_one_of_several_networks_makes_of_readable_images() -> None:
    sizes = {18: N_LAST, 2: N_EARLIER}
    views = tuple(
        np.random.default_rng(seed).random((4, 2 * (N_LAST + N_EARLIER)), np.float32)
        for seed in (0, 1)
    )
    images = ImageSet("s", ("a", "b"), np.array([0, 0, 1, 1]), ("1", "2", "3", "4"), lambda _: b"")
    pooled = PooledImages(images, np.array([True, False, True, True]), (18, 2), views)

    of_first = pooled.of(0, (18, 2))
    assert (of_first.name, of_first.labels.tolist()) == ("s", [0, 1, 1])
    np.testing.assert_array_equal(of_first.plain, views[0][[0, 2, 3], : sum(sizes.values())])
    turned = pooled.of(1, (2, 18))
    begin = sum(sizes.values())
    np.testing.assert_array_equal(
        turned.plain[:, :N_EARLIER], views[0][[0, 2, 3], begin + N_LAST :]
    )
    np.testing.assert_array_equal(
        turned.views[0][:, N_EARLIER:], views[1][[0, 2, 3], begin : begin + N_LAST]
    )

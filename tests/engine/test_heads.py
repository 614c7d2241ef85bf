"""The closed-form heads against numbers worked out by hand or by refitting."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.method.heads import (
    FittedHead,
    Floats,
    fit_prototypes,
    fit_ridge,
    independent_groups,
    normalise,
    some_of_each,
)


def _support(
    counts: tuple[int, ...], n_dimensions: int = 12, seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Normalised examples in noisy clusters, the classes mixed up in their order."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(counts)), counts))
    centres = random.normal(size=(len(counts), n_dimensions))
    points = centres[labels] + 0.8 * random.normal(size=(len(labels), n_dimensions))
    return normalise(points.astype(np.float32), np.zeros(n_dimensions, np.float32)), labels


def _ridge(
    support: Floats,
    labels: NDArray[np.int64],
    penalty: float,
    weights_of: NDArray[np.float64],
    n_classes: int,
    n_present: int,
) -> NDArray[np.float64]:
    """argmin over W of sum_i weight_i |y_i - W x_i|^2 + penalty |W|^2, in double precision."""
    x = support.astype(np.float64)
    targets = np.eye(n_classes)[labels] - 1.0 / n_present
    present = np.bincount(labels, minlength=n_classes) > 0
    gram = (x * weights_of[:, None]).T @ x + penalty * np.eye(x.shape[1])
    solved = np.linalg.solve(gram, (x * weights_of[:, None]).T @ targets).T
    solved[~present] = 0
    return solved


def test_normalising_by_hand() -> None:
    embeddings = np.array([[4.0, 4.0], [1.0, 1.0], [1.0, -1.0]], np.float32)
    mean = np.array([1.0, 0.0], np.float32)
    # (3, 4) / 5; (0, 1); (0, -1)
    np.testing.assert_allclose(normalise(embeddings, mean), [[0.6, 0.8], [0, 1], [0, -1]])
    # What equals the mean has no direction and becomes zero, not NaN.
    np.testing.assert_array_equal(normalise(mean[None], mean), [[0, 0]])


def test_prototypes_by_hand() -> None:
    support = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    labels = np.array([0, 0, 1])
    fitted = fit_prototypes(support, labels, 2)
    half = np.sqrt(0.5)  # The sum (1, 1) at length one.
    np.testing.assert_allclose(fitted.weights, [[half, half], [-1, 0]], atol=1e-7)
    expected = [
        [0, -1],  # Without itself class 0 is (0, 1): 1 * 0 + 0 * 1.
        [0, 0],
        [-half, 0],  # Class 1 has no other example; its left-out score is zero.
    ]
    np.testing.assert_allclose(fitted.left_out_scores, expected, atol=1e-7)


def test_left_out_prototypes_equal_refits() -> None:
    support, labels = _support((4, 7, 2, 5))
    fitted = fit_prototypes(support, labels, 4)
    for left_out in range(len(labels)):
        rest = np.arange(len(labels)) != left_out
        refit = fit_prototypes(support[rest], labels[rest], 4).weights
        np.testing.assert_allclose(
            fitted.left_out_scores[left_out], refit @ support[left_out], atol=1e-6
        )


@pytest.mark.parametrize("head", [fit_prototypes, lambda x, y, n: fit_ridge(x, y, n, 0.3)])
def test_permuting_classes_permutes_columns(head) -> None:
    support, labels = _support((4, 7, 2, 5))
    order = np.array([2, 0, 3, 1])  # Class c becomes order[c].
    fitted, permuted = head(support, labels, 4), head(support, order[labels], 4)
    np.testing.assert_allclose(permuted.weights[order], fitted.weights, atol=1e-5)
    np.testing.assert_allclose(
        permuted.left_out_scores[:, order], fitted.left_out_scores, atol=1e-5
    )


@pytest.mark.parametrize("head", [fit_prototypes, lambda x, y, n: fit_ridge(x, y, n, 0.3)])
def test_permuting_examples_changes_nothing(head) -> None:
    support, labels = _support((4, 7, 2, 5))
    order = np.random.default_rng(5).permutation(len(labels))
    fitted, permuted = head(support, labels, 4), head(support[order], labels[order], 4)
    np.testing.assert_allclose(permuted.weights, fitted.weights, atol=1e-5)
    np.testing.assert_allclose(permuted.left_out_scores, fitted.left_out_scores[order], atol=1e-5)


def test_doubling_the_support_leaves_prototypes_unchanged() -> None:
    support, labels = _support((4, 7, 2, 5))
    once = fit_prototypes(support, labels, 4)
    twice = fit_prototypes(np.concatenate([support] * 2), np.concatenate([labels] * 2), 4)
    np.testing.assert_allclose(twice.weights, once.weights, atol=1e-6)


# Examples fewer than dimensions (the kernel form is solved) and more (the primal one).
SHAPES = [((4, 3, 2), 12), ((6, 5, 1), 12), ((20, 9, 14), 12), ((30, 2, 5, 1), 12)]


@pytest.mark.parametrize(("counts", "n_dimensions"), SHAPES)
@pytest.mark.parametrize("penalty", [0.1, 1.0])
def test_ridge_is_the_weighted_least_squares_it_says(
    counts: tuple[int, ...], n_dimensions: int, penalty: float
) -> None:
    support, labels = _support(counts, n_dimensions)
    n_classes = len(counts)
    # Every class weighs n_support / n_classes in all.
    weight = len(labels) / (n_classes * np.array(counts, np.float64)[labels])
    expected = _ridge(support, labels, penalty, weight, n_classes, n_classes)
    fitted = fit_ridge(support, labels, n_classes, penalty)
    np.testing.assert_allclose(fitted.weights, expected, atol=2e-5)


@pytest.mark.parametrize(("counts", "n_dimensions"), SHAPES)
def test_ridge_left_out_scores_equal_refits(counts: tuple[int, ...], n_dimensions: int) -> None:
    """Refitted from nothing without the example: counts, weights and all."""
    support, labels = _support(counts, n_dimensions, seed=3)
    n_classes = len(counts)
    fitted = fit_ridge(support, labels, n_classes, 0.3)
    for left_out in range(len(labels)):
        rest = np.arange(len(labels)) != left_out
        if counts[labels[left_out]] == 1:
            np.testing.assert_array_equal(fitted.left_out_scores[left_out], 0)
            continue
        x, y = support[rest].astype(np.float64), labels[rest]
        weight = len(y) / (n_classes * np.bincount(y)[y])
        targets = np.eye(n_classes)[y] - 1.0 / n_classes
        gram = (x * weight[:, None]).T @ x + 0.3 * np.eye(n_dimensions)
        refit = np.linalg.solve(gram, (x * weight[:, None]).T @ targets).T
        np.testing.assert_allclose(
            fitted.left_out_scores[left_out], refit @ support[left_out], atol=5e-5
        )


def test_a_class_of_more_examples_than_dimensions_is_left_out_exactly() -> None:
    """The first class has 40 in 12 dimensions, some of them in bursts; the second has 5."""
    support, labels = _support((40, 5, 20))
    groups = np.arange(len(labels))
    first = np.flatnonzero(labels == 0)
    groups[first[:6]] = groups[first[0]]
    groups[first[6:8]] = groups[first[6]]
    groups = independent_groups(labels, groups)
    fitted = fit_ridge(support, labels, 3, 0.3, groups)
    for group in np.unique(groups):
        left_out = groups == group
        refit = fit_ridge(
            support[~left_out],
            labels[~left_out],
            3,
            0.3,
            independent_groups(labels[~left_out], groups[~left_out]),
        )
        np.testing.assert_allclose(
            fitted.left_out_scores[left_out], support[left_out] @ refit.weights.T, atol=2e-5
        )


def test_some_of_each_class_as_many_as_of_any() -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(3), (100, 5, 40)))
    rows = some_of_each(labels, 35)
    assert np.bincount(labels[rows]).tolist() == [15, 5, 15]
    assert (np.diff(rows) > 0).all()
    assert np.array_equal(some_of_each(labels, 500), np.arange(145))
    assert rows.max() > 120  # Not the first of each.


def test_kernel_and_primal_form_agree() -> None:
    """Dimensions that are zero everywhere change nothing but which form is solved."""
    support, labels = _support((9, 6, 4), n_dimensions=12)
    assert len(labels) > 12
    padded = np.pad(support, ((0, 0), (0, 20)))
    primal, kernel = fit_ridge(support, labels, 3, 0.3), fit_ridge(padded, labels, 3, 0.3)
    np.testing.assert_allclose(kernel.weights[:, :12], primal.weights, atol=2e-5)
    np.testing.assert_allclose(kernel.weights[:, 12:], 0)
    np.testing.assert_allclose(kernel.left_out_scores, primal.left_out_scores, atol=5e-5)


def test_a_class_clicked_ten_times_as_often_does_not_rule() -> None:
    """Two opposite directions; the border between them must not move with the counts."""

    def border(few: int, many: int) -> float:
        support = np.repeat(np.array([[1, 0.0], [0, 1.0]], np.float32), (few, many), axis=0)
        labels = np.repeat([0, 1], (few, many))
        weights = fit_ridge(support, labels, 2, 0.3).weights
        middle = np.array([1, 1], np.float32) / np.sqrt(2)
        return float((weights[0] - weights[1]) @ middle)

    assert abs(border(3, 3)) < 1e-6
    # The class of few weighs as much: penalty 0.3 on total class weights of n / 2 each.
    for few, many in ((1, 10), (2, 40)):
        assert abs(border(few, many)) < 1e-6


def _head_names() -> list[object]:
    return [fit_prototypes, lambda x, y, n: fit_ridge(x, y, n, 0.3)]


@pytest.mark.parametrize("head", _head_names())
def test_a_class_without_examples_has_a_zero_vector(head) -> None:
    support, labels = _support((4, 5))
    labels = labels * 2  # Classes 0 and 2 of 4; 1 and 3 are empty.
    fitted: FittedHead = head(support, labels, 4)
    assert np.isfinite(fitted.weights).all()
    assert np.isfinite(fitted.left_out_scores).all()
    np.testing.assert_array_equal(fitted.weights[[1, 3]], 0)
    compact = head(support, labels // 2, 2)
    np.testing.assert_allclose(fitted.weights[[0, 2]], compact.weights, atol=1e-6)


@pytest.mark.parametrize("head", _head_names())
def test_one_example_a_class_and_equal_examples_give_finite_numbers(head) -> None:
    for counts in ((1, 1), (1, 1, 1, 1, 1)):
        fitted = head(*_support(counts), len(counts))
        assert np.isfinite(fitted.weights).all()
        assert np.isfinite(fitted.left_out_scores).all()
    same = np.zeros((6, 12), np.float32)
    same[:, 3] = 1
    for support in (same, np.zeros((6, 12), np.float32)):
        fitted = head(support, np.array([0, 0, 1, 1, 2, 2]), 3)
        assert np.isfinite(fitted.weights).all()
        assert np.isfinite(fitted.left_out_scores).all()


def test_what_is_returned_is_single_precision() -> None:
    for counts in ((2, 2), (20, 20)):
        fitted = fit_ridge(*_support(counts), 2, 0.3)
        assert fitted.weights.dtype == fitted.left_out_scores.dtype == np.float32
        assert fit_prototypes(*_support(counts), 2).weights.dtype == np.float32


@pytest.mark.parametrize("n_dimensions", [12, 60])
def test_near_duplicates_weigh_as_one_and_are_left_out_together(n_dimensions: int) -> None:
    support, labels = _support((6, 9, 4), n_dimensions)
    groups = independent_groups(labels, np.arange(len(labels)) // 3)
    fitted = fit_ridge(support, labels, 3, 0.5, groups)
    plain = fit_prototypes(support, labels, 3, groups)
    assert (np.bincount(groups) > 1).any()
    for group in np.unique(groups):
        rest = groups != group
        again = independent_groups(labels[rest], groups[rest])
        refit = fit_ridge(support[rest], labels[rest], 3, 0.5, again).weights
        np.testing.assert_allclose(
            fitted.left_out_scores[~rest], support[~rest] @ refit.T, atol=2e-4
        )
        refit = fit_prototypes(support[rest], labels[rest], 3, again).weights
        np.testing.assert_allclose(
            plain.left_out_scores[~rest], support[~rest] @ refit.T, atol=1e-5
        )


def test_an_image_given_thrice_as_one_group_is_the_image_given_once() -> None:
    support, labels = _support((3, 4, 5))
    tripled = np.concatenate([np.arange(len(labels)), [0, 0]])
    groups = independent_groups(labels[tripled], tripled)
    for fit in (fit_prototypes, lambda x, y, n, g=None: fit_ridge(x, y, n, 0.3, g)):
        once = fit(support, labels, 3)
        thrice = fit(support[tripled], labels[tripled], 3, groups)
        np.testing.assert_allclose(thrice.weights, once.weights, atol=1e-5)
        np.testing.assert_allclose(thrice.left_out_scores, once.left_out_scores[tripled], atol=1e-4)


def test_near_duplicates_with_different_labels_stay_two_examples() -> None:
    assert independent_groups(np.array([0, 1, 0, 0]), np.array([5, 5, 5, 2])).tolist() == [
        1,
        2,
        1,
        0,
    ]

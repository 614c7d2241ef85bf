"""How many accepted predictions are right: the estimate, its interval, and a spot check's."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.messages import HeldOut
from engine.method.coverage import _beta_binomial_interval, share_right, wilson_interval


def held_out(confidences: NDArray[np.float64], hits: NDArray[np.bool_]) -> HeldOut:
    return HeldOut(float(hits.mean()), 0.5, confidences.astype(np.float32), hits)


class World:
    """A folder whose model says one thing and is right at another rate."""

    def __init__(self, seed: int, overclaim: float) -> None:
        """``overclaim``: how many logits the model is surer than it should be."""
        self._random = np.random.default_rng(seed)
        self._overclaim = overclaim

    def draw(self, n: int, shape: float = 4.0) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Confidences of ``n`` images and whether they are right."""
        confidences = np.clip(self._random.beta(shape, 1.0, n), 0.01, 0.999)
        logits = np.log(confidences / (1 - confidences)) - self._overclaim
        return confidences, self._random.random(n) < 1 / (1 + np.exp(-logits))


def how_often_it_holds(
    n_labels: int, overclaim: float, n_images: int, labels_shape: float = 4.0
) -> float:
    """In how many of 400 folders the true share lies in the interval, in whole percents."""
    holds = []
    for seed in range(400):
        world = World(seed, overclaim)
        confidences, right = world.draw(n_images)
        accepted = confidences >= 0.8
        told = share_right(
            confidences[accepted].astype(np.float32),
            0.8,
            held_out(*world.draw(n_labels, labels_shape)),
        )
        if told is not None and accepted.any():
            truth = round(100 * right[accepted].mean())
            holds.append(round(100 * told.low) <= truth <= round(100 * told.high))
    assert len(holds) > 300
    return float(np.mean(holds))


@pytest.mark.parametrize("n_labels", [5, 20, 100])
@pytest.mark.parametrize("n_images", [30, 2000])
def test_the_interval_holds_where_the_model_is_honest(n_labels: int, n_images: int) -> None:
    assert how_often_it_holds(n_labels, 0.0, n_images) >= 0.95


@pytest.mark.parametrize("n_labels", [10, 40, 200])
def test_it_nearly_holds_where_the_model_claims_too_much(n_labels: int) -> None:
    # 0.6 logits: what is said to be 90 % is 83 %.
    assert how_often_it_holds(n_labels, 0.6, 2000) >= 0.9


def test_labels_that_are_harder_than_the_folder_do_not_mislead() -> None:
    # Labels chosen where the model was unsure: less sure and less often right than the folder.
    assert how_often_it_holds(60, 0.0, 2000, labels_shape=1.5) >= 0.95


def test_more_labels_make_it_narrower() -> None:
    accepted = np.full(500, 0.95, np.float32)
    widths = []
    for n_labels in (1, 4, 20, 100):
        hits = np.arange(n_labels) >= round(0.05 * n_labels)
        told = share_right(accepted, 0.9, held_out(np.full(n_labels, 0.95), hits))
        assert told is not None
        assert told.n_held_out == n_labels
        assert told.low < told.share < told.high
        widths.append(told.high - told.low)
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 4 * widths[-1]


def test_few_images_make_it_wider() -> None:
    labels = held_out(np.full(200, 0.9), np.arange(200) >= 20)
    widths = []
    for n_images in (5, 50, 5000):
        told = share_right(np.full(n_images, 0.9, np.float32), 0.8, labels)
        assert told is not None
        widths.append(told.high - told.low)
    assert widths == sorted(widths, reverse=True)


def test_held_out_labels_correct_the_claim() -> None:
    accepted = np.full(1000, 0.95, np.float32)
    # Of 96 at that confidence 72 are right: (4 * 0.95 + 72) / 100.
    told = share_right(accepted, 0.9, held_out(np.full(96, 0.95), np.arange(96) < 72))
    assert told is not None
    assert told.share == pytest.approx(0.758, abs=1e-6)
    # Only labels at or above the threshold count.
    both = held_out(
        np.repeat([0.95, 0.5], 96), np.concatenate([np.arange(96) < 72, np.ones(96)]) > 0
    )
    assert share_right(accepted, 0.9, both) == told


def test_too_few_labels_to_tell() -> None:
    accepted = np.full(10, 0.95, np.float32)
    unsure = held_out(np.full(30, 0.5), np.ones(30, np.bool_))
    assert share_right(accepted, 0.9, None) is None
    assert share_right(accepted, 0.9, unsure) is None
    assert share_right(accepted[:0], 0.9, unsure) is None


def test_no_certainty_is_claimed() -> None:
    sure = held_out(np.full(50, 1.0), np.ones(50, np.bool_))
    told = share_right(np.ones(10_000, np.float32), 0.9, sure)
    assert told is not None
    assert told.low < 0.99


def test_a_spot_check_has_wilsons_interval() -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I: 81 of 263 and 0 of 20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    low, high = wilson_interval(27, 30)
    assert (round(100 * low), round(100 * high)) == (74, 97)
    assert wilson_interval(3, 30) == pytest.approx((1 - high, 1 - low))
    with pytest.raises(ValueError, match="nothing"):
        wilson_interval(0, 0)


def test_the_interval_is_that_of_a_beta_binomial() -> None:
    # Beta(1, 1) with n images: every count from 0 to n is equally likely, 1 / (n + 1).
    assert _beta_binomial_interval(1.0, 1.0, 29) == (0.0, 1.0)
    assert _beta_binomial_interval(1.0, 1.0, 299) == (7 / 299, 292 / 299)
    # Beta(2, 1) with one image: right with probability 2 / 3.
    assert _beta_binomial_interval(2.0, 1.0, 1) == (0.0, 1.0)
    low, high = _beta_binomial_interval(9.0, 1.0, 200)
    assert _beta_binomial_interval(1.0, 9.0, 200) == pytest.approx((1 - high, 1 - low), abs=0.006)

"""The thorough effort: discriminant, mixture, vote, and what they are held to."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.benchmark.measures import unknown_auroc
from engine.messages import Effort
from engine.method.adaptation import RIDGE, AdaptedModel, Labelled, adapt
from engine.method.calibration import ScalePrior, held_out_of, losses_of
from engine.method.discriminant import fit_discriminant
from engine.method.folder import FolderShape
from engine.method.heads import Floats, normalise
from engine.method.mixture import fit_mixture
from engine.method.thorough import _vote, adapt_thoroughly
from engine.method.unknowns import UnknownScorer

SIZE = 160
_N_NUISANCES = 6


def _run(steps: Generator[Any, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


def _folder(
    counts: tuple[int, ...], noise: float = 0.5, seed: int = 0
) -> tuple[Floats, NDArray[np.int64]]:
    """Embeddings in clusters that are long in some directions that tell nothing of the class."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = np.random.default_rng(99).normal(size=(len(counts), SIZE))
    points = centres[labels] + noise * random.normal(size=(len(labels), SIZE))
    nuisance = np.random.default_rng(98).normal(size=(_N_NUISANCES, SIZE)) / np.sqrt(SIZE)
    points += 5.0 * random.normal(size=(len(labels), _N_NUISANCES)) @ nuisance
    return points.astype(np.float32), labels


def _few(labels: NDArray[np.int64], shots: int, seed: int = 0) -> NDArray[np.int64]:
    random = np.random.default_rng(seed)
    return np.concatenate(
        [random.permutation(np.flatnonzero(labels == c))[:shots] for c in np.unique(labels)]
    )


def _both(
    embeddings: Floats,
    labels: NDArray[np.int64],
    support: NDArray[np.int64],
    groups: NDArray[np.int64] | None = None,
) -> tuple[AdaptedModel, AdaptedModel]:
    mean = embeddings.mean(0)
    shape = FolderShape.of(embeddings, mean, len(embeddings))
    rest = np.setdiff1d(np.arange(len(labels)), support)
    given = (embeddings[support], labels[support], mean)
    instant = adapt(*given, shape=shape, groups=groups)
    thorough = _run(adapt_thoroughly(*given, embeddings[rest], shape, groups))
    return instant, thorough


def test_the_discriminant_is_the_one_of_the_textbook() -> None:
    """Against the primal formula in double precision: S^-1 m and -m' S^-1 m / 2, times the ball."""
    points, labels = _folder((4, 6, 3))
    x = normalise(points, points.mean(0))
    share = np.where(np.arange(13) < 2, 0.5, 1.0).astype(np.float32)
    weights, bias = fit_discriminant(x, labels, 3, share)
    means = np.stack(
        [np.average(x[labels == c], axis=0, weights=share[labels == c]) for c in range(3)]
    )
    spread = (x - means[labels]).astype(np.float64)
    within = (spread * (share / share.sum())[:, None]).T @ spread
    ball = 0.4 * np.trace(within) / SIZE
    shrunk = 0.6 * within + ball * np.eye(SIZE)
    expected = ball * np.linalg.solve(shrunk, means.T).T
    np.testing.assert_allclose(weights, expected, atol=1e-4)
    np.testing.assert_allclose(bias, -0.5 * (expected * means).sum(1), atol=1e-4)


def test_the_unlabelled_rest_helps_where_one_label_is_not_enough() -> None:
    gains = []
    for seed in range(5):
        embeddings, labels = _folder((100, 100, 100), noise=1.9, seed=seed)
        support = _few(labels, 1, seed)
        instant, thorough = _both(embeddings, labels, support)
        rest = np.setdiff1d(np.arange(len(labels)), support)
        right = [
            (model.probabilities(embeddings[rest]).argmax(1) == labels[rest]).mean()
            for model in (instant, thorough)
        ]
        gains.append(right[1] - right[0])
        assert thorough.effort is Effort.THOROUGH
        assert "unlabelled images" in thorough.kept
    assert np.mean(gains) > 0.02


def test_the_mixture_learns_that_classes_differ_in_size() -> None:
    embeddings, labels = _folder((200, 20), noise=0.3)
    support = _few(labels, 3)
    x = normalise(embeddings, embeddings[support].mean(0))
    rest = np.setdiff1d(np.arange(len(labels)), support)
    even = np.full((len(rest), 2), 0.5, np.float32)
    one = np.ones(len(support), np.float32)
    start = np.where(
        (x[rest] @ x[support].T)[:, :3].max(1) > (x[rest] @ x[support].T)[:, 3:].max(1), 0.9, 0.1
    )
    even[:, 0], even[:, 1] = start, 1 - start
    mixture = _run(
        fit_mixture(
            x[support],
            labels[support],
            2,
            one,
            x[rest],
            np.ones(len(rest), np.float32),
            even,
        )
    )
    predicted = mixture.logits(x[rest]).argmax(1)
    assert (predicted == labels[rest]).mean() > 0.95
    assert abs((predicted == 0).mean() - 197 / 214) < 0.05


def test_images_that_belong_to_no_class_do_not_move_it() -> None:
    embeddings, labels = _folder((40, 40))
    support = _few(labels, 2)
    x = normalise(embeddings, embeddings.mean(0))
    strange = -x[support].mean(0, keepdims=True) + np.zeros((50, 1), np.float32)
    one = np.ones(len(support), np.float32)

    def fitted(unlabelled: Floats, belongs: Floats) -> Floats:
        start = np.full((len(unlabelled), 2), 0.5, np.float32)
        mixture = _run(fit_mixture(x[support], labels[support], 2, one, unlabelled, belongs, start))
        weights: Floats = mixture.weights
        return weights

    alone = fitted(x, np.ones(len(x), np.float32))
    belongs = np.concatenate([np.ones(len(x)), np.zeros(50)]).astype(np.float32)
    np.testing.assert_allclose(
        fitted(np.concatenate([x, strange]), belongs), alone, rtol=1e-3, atol=1e-3
    )


def test_labels_at_random_are_left_to_the_instant_effort_or_not_believed() -> None:
    random = np.random.default_rng(3)
    embeddings, _ = _folder((120,))
    labels = random.integers(0, 3, 120)
    _, thorough = _both(embeddings, labels, np.arange(60))
    assert thorough.held_out is not None
    assert thorough.held_out.accuracy < 0.55
    assert np.median(thorough.probabilities(embeddings[60:]).max(1)) < 0.6


def test_the_order_of_the_examples_does_not_matter() -> None:
    embeddings, labels = _folder((30, 30, 30))
    support = _few(labels, 1)  # With more the folds are drawn, and these by the order.
    _, thorough = _both(embeddings, labels, support)
    _, turned = _both(embeddings, labels, support[::-1].copy())
    np.testing.assert_allclose(
        thorough.probabilities(embeddings), turned.probabilities(embeddings), atol=2e-3
    )


def test_a_burst_lies_on_one_side_of_every_split() -> None:
    """Copies of three examples a class with labels at random: judged by each other they would
    all be right."""
    random = np.random.default_rng(5)
    points = random.normal(size=(18, SIZE)).astype(np.float32)
    labels = np.arange(18) % 2
    copies = np.repeat(np.arange(18), 4)
    embeddings = points[copies] + 0.01 * random.normal(size=(72, SIZE)).astype(np.float32)
    alone = _both(embeddings, labels[copies], np.arange(72), copies)[1]
    fooled = _both(embeddings, labels[copies], np.arange(72))[1]
    assert alone.held_out is not None
    assert fooled.held_out is not None
    assert fooled.held_out.accuracy > 0.95
    assert alone.held_out.accuracy < 0.75


@pytest.mark.parametrize("shots", [1, 2, 6])
def test_the_vote_is_one_linear_head(shots: int) -> None:
    embeddings, labels = _folder((30, 30, 30))
    _, model = _both(embeddings, labels, _few(labels, shots))
    x = model.directions(embeddings)
    assert model.weights.shape == (3, SIZE)
    assert model.weights.dtype == model.bias.dtype == np.float32
    logits = x.astype(np.float64) @ model.weights.T.astype(np.float64) + model.bias
    expected = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(model.probabilities(embeddings), expected, atol=1e-5)


def test_every_class_may_have_another_number_of_labels() -> None:
    embeddings, labels = _folder((30, 30, 30))
    members = [np.flatnonzero(labels == c) for c in range(3)]
    support = np.concatenate([members[0][:1], members[1][:9], members[2][:3]])
    _, model = _both(embeddings, labels, support)
    assert model.held_out is not None
    assert len(model.held_out.hits) == 12  # The lone one cannot be judged.
    assert np.isfinite(model.probabilities(embeddings)).all()


def test_without_unlabelled_images_the_heads_vote_alone() -> None:
    embeddings, labels = _folder((5, 5))
    _, model = _both(embeddings, labels, np.arange(10))
    assert "unlabelled images" not in model.kept


# --- Calibration ----------------------------------------------------------------------------------


def test_the_scale_is_the_prior_without_labels_and_the_labels_with_many() -> None:
    prior = ScalePrior(np.log(4.0), 0.0, 0.0, 0.5)
    none = np.zeros((0, 2), np.float32)
    assert prior.fit(none, np.zeros(0, np.int64), 2, 1.0) == pytest.approx(4.0)
    # Logits that are right as they stand when doubled.
    random = np.random.default_rng(0)
    scores = random.normal(size=(20_000, 2)).astype(np.float32)
    chance = 1 / (1 + np.exp(-2 * (scores[:, 1] - scores[:, 0])))
    labels = (random.uniform(size=len(scores)) < chance).astype(np.int64)
    assert prior.fit(scores, labels, 2, 1.0) == pytest.approx(2.0, rel=0.06)
    few = prior.fit(scores[:4], labels[:4], 2, 1.0)
    assert 1.5 < few < 8.0


def test_the_held_out_record_by_hand() -> None:
    logits = np.log(np.array([[0.8, 0.2], [0.6, 0.4], [0.3, 0.7]], np.float32))
    record = held_out_of(logits, np.array([0, 1, 1]))
    assert record is not None
    assert record.accuracy == pytest.approx((1.0 + 0.5) / 2)
    assert record.hits.tolist() == [True, False, True]
    np.testing.assert_allclose(record.confidences, [0.8, 0.6, 0.7], rtol=1e-5)
    assert record.log_loss == pytest.approx(-np.log([0.8, 0.4, 0.7]).mean(), rel=1e-5)
    assert losses_of(logits, np.array([0, 0, 0])).shape == (3,)
    assert held_out_of(logits[:0], np.zeros(0, np.int64)) is None


# --- None of these --------------------------------------------------------------------------------


def test_strangers_score_higher_than_the_classes_own() -> None:
    embeddings, labels = _folder((40, 40, 40, 40), noise=0.3)
    known = labels < 3
    model = adapt(embeddings[known][::4], labels[known][::4], embeddings.mean(0))
    scores = model.none_scores(embeddings)
    assert scores.dtype == np.float32
    assert ((scores >= 0) & (scores <= 1)).all()
    order = scores[~known][:, None] > scores[known][None, :]
    assert order.mean() > 0.95


def test_one_half_is_where_a_twentieth_of_the_labelled_lie_above() -> None:
    points, labels = _folder((400, 400))
    mean = points.mean(0)
    some, classes = points[::4], labels[::4]
    scorer = UnknownScorer.fit(some, classes, mean)
    own = [_without(scorer, index).scores(some[index][None])[0] for index in range(len(some))]
    assert 0.0 < np.mean(np.array(own) > 0.5) <= 0.07


def _without(scorer: UnknownScorer, index: int) -> UnknownScorer:
    return replace(
        scorer,
        support=np.delete(scorer.support, index, 0),
        inverse_reach=np.delete(scorer.inverse_reach, index),
    )


def test_the_only_example_of_a_class_reaches_as_far_as_there_is_any_likeness() -> None:
    points, labels = _folder((60, 60, 60))
    few = np.concatenate([np.arange(30), [60, 120]])  # Thirty of a class, one of each other.
    mean = points.mean(0)
    scorer = UnknownScorer.fit(points[few], labels[few], mean)
    np.testing.assert_allclose(scorer.inverse_reach[30:], 1.0)
    assert (scorer.inverse_reach[:30] > 1.2).all()
    assert len(np.unique(scorer.inverse_reach[:30])) == 1
    # By the many images' reach the images of the other two classes would look strange.
    others = points[labels > 0]
    as_the_many = replace(
        scorer,
        support=normalise(points[few], mean) * scorer.inverse_reach[0],
        inverse_reach=np.full(len(few), scorer.inverse_reach[0]),
    )
    assert (scorer.scores(others) > 0.5).mean() <= 0.05
    assert (as_the_many.scores(others) > 0.5).mean() > 0.2


def test_the_score_is_what_its_text_says() -> None:
    points, labels = _folder((8, 8, 1))
    scorer = UnknownScorer.fit(points, labels, points.mean(0)).with_negatives(points[:2] - 3.0)
    assert scorer.negative_weights is not None
    x = normalise(points, scorer.mean)
    reach = 1.0 / scorer.inverse_reach
    distances = 1.0 - x @ normalise(points, scorer.mean).T
    logits = 8.0 * ((distances / reach).min(1) - 1.0)
    logits += x @ scorer.negative_weights + scorer.negative_bias
    np.testing.assert_allclose(scorer.scores(points), 1 / (1 + np.exp(-logits)), rtol=1e-4)


def test_negative_examples_tell_strangers_better_and_leave_the_classes_alone() -> None:
    embeddings, labels = _folder((60, 60, 60, 60), noise=1.4)
    known = labels < 3
    some = _few(labels, 3)
    some = some[labels[some] < 3]
    plain = adapt(embeddings[some], labels[some], embeddings.mean(0))
    strangers = np.flatnonzero(~known)
    told = plain.with_negatives(embeddings[strangers[:3]])
    rest = np.setdiff1d(np.arange(len(labels)), strangers[:3])
    before, after = (
        unknown_auroc(model.none_scores(embeddings[rest]), ~known[rest]) for model in (plain, told)
    )
    assert before < 0.95
    assert after > before + 0.03
    assert (told.none_scores(embeddings[known]) > 0.5).mean() <= 0.1
    np.testing.assert_array_equal(told.probabilities(embeddings), plain.probabilities(embeddings))
    assert told.unknowns.n_negatives == 3
    assert told.n_support == plain.n_support
    again = told.with_negatives(embeddings[:0])  # Taken back.
    np.testing.assert_array_equal(again.none_scores(embeddings), plain.none_scores(embeddings))


def test_negative_examples_are_judged_as_if_nobody_had_labelled_them() -> None:
    embeddings, labels = _folder((60, 60, 60, 60), noise=1.4)
    some = _few(labels, 3)
    some = some[labels[some] < 3]
    plain = adapt(embeddings[some], labels[some], embeddings.mean(0))
    strangers = np.flatnonzero(labels == 3)[:20]
    told = plain.with_negatives(embeddings[strangers]).unknowns
    n_found = 0
    for left_out in range(len(strangers)):
        others = plain.with_negatives(embeddings[np.delete(strangers, left_out)])
        n_found += int(others.none_scores(embeddings[strangers[left_out : left_out + 1]])[0] > 0.5)
    assert told.n_negatives_judged == 20
    assert 0 < n_found < 20
    assert abs(told.n_negatives_found - n_found) <= 1  # The threshold has moved a little.
    assert plain.with_negatives(embeddings[:0]).unknowns.n_negatives_judged == 0


def test_of_very_many_negative_examples_every_kind_is_heard() -> None:
    embeddings, labels = _folder((300, 300, 30, 30), noise=0.9)
    known = np.concatenate([np.flatnonzero(labels == index)[:3] for index in (2, 3)])
    plain = adapt(embeddings[known], labels[known], embeddings.mean(0))
    order = np.argsort(labels, kind="stable")  # One kind after the other, as names sort them.
    strangers = order[np.isin(labels[order], (0, 1))]
    told = plain.with_negatives(embeddings[strangers])
    assert told.unknowns.n_negatives == 600
    for index in (0, 1):
        of_kind = embeddings[labels == index]
        assert told.none_scores(of_kind).mean() > plain.none_scores(of_kind).mean() + 0.1


def test_many_negative_examples_do_not_make_the_classes_strange() -> None:
    """Ten times as many as labels, from all over: they tell of no kind, so they raise little."""
    embeddings, labels = _folder((100, 100, 100, 100), noise=0.9)
    some = _few(labels, 1)
    rest = np.setdiff1d(np.arange(len(labels)), some)
    random = np.random.default_rng(2)
    negatives = embeddings.mean(0) + random.normal(size=(40, SIZE)).astype(np.float32)
    plain = adapt(embeddings[some], labels[some], embeddings.mean(0))
    told = plain.with_negatives(negatives)
    held_back, free = (
        (replace(told.unknowns, negative_bias=bias).scores(embeddings[rest]) > 0.5).mean()
        for bias in (told.unknowns.negative_bias, 0.0)
    )
    assert held_back <= (plain.none_scores(embeddings[rest]) > 0.5).mean() + 0.05
    assert free > held_back


def test_the_mixture_leaves_out_what_negative_examples_are_like() -> None:
    embeddings, labels = _folder((60, 60, 60), noise=0.6)
    some = _few(labels, 3)
    some = some[labels[some] < 2]
    rest = np.setdiff1d(np.arange(len(labels)), some)
    mean = embeddings.mean(0)
    shape = FolderShape.of(embeddings, mean, len(embeddings))
    strangers = embeddings[labels == 2]
    given = (embeddings[some], labels[some], mean, embeddings[rest], shape)
    plain, told = (
        _run(adapt_thoroughly(*given, judge=False, negatives=negatives))
        for negatives in (None, strangers[:5])
    )
    assert told.none_scores(strangers).mean() > plain.none_scores(strangers).mean() + 0.1
    assert not np.array_equal(told.weights, plain.weights)


def test_many_labelled_images_cost_no_more_than_some() -> None:
    points, labels = _folder((900, 20))
    scorer = UnknownScorer.fit(points, labels, points.mean(0))
    assert len(scorer.support) == 256
    # The small class is there whole.
    assert scorer.scores(points[900:]).max() < 0.5


# --- The folder -----------------------------------------------------------------------------------


def test_the_metric_weighs_by_the_root_of_the_spread() -> None:
    random = np.random.default_rng(0)
    spread = np.linspace(1.0, 3.0, 6).astype(np.float32)
    points = (random.normal(size=(20_000, 6)) * spread).astype(np.float32)
    shape = FolderShape.of(points, np.zeros(6, np.float32), len(points))
    np.testing.assert_allclose(shape.metric, shape.metric.T, atol=1e-6)
    x = normalise(points, shape.mean)
    assert np.square(x @ shape.metric).sum(1).mean() == pytest.approx(1.0, rel=1e-3)
    ratio = np.diag(shape.metric) / shape.metric[0, 0]
    expected = (np.square(x).mean(0) / np.square(x[:, 0]).mean()) ** 0.25
    np.testing.assert_allclose(ratio, expected, rtol=0.02)


def test_a_folder_without_images_weighs_all_directions_alike() -> None:
    shape = FolderShape.of(np.zeros((0, 5), np.float32), np.zeros(5, np.float32), 0)
    np.testing.assert_allclose(shape.metric / shape.metric[0, 0], np.eye(5), atol=1e-6)


# --- Bursts ---------------------------------------------------------------------------------------


def test_a_burst_does_not_make_all_else_strange() -> None:
    points, labels = _folder((60, 60, 60))
    random = np.random.default_rng(1)
    some = _few(labels, 3)
    twice = np.concatenate([some, some])
    groups = np.concatenate([np.arange(len(some))] * 2)
    embeddings = points[twice] + 0.004 * random.normal(size=(len(twice), SIZE)).astype(np.float32)
    mean = points.mean(0)
    once = adapt(points[some], labels[some], mean)
    burst = adapt(embeddings, labels[twice], mean, groups=groups)
    np.testing.assert_allclose(burst.unknowns.inverse_reach, once.unknowns.inverse_reach, rtol=0.02)
    assert (burst.none_scores(points) > 0.5).mean() < 0.3
    naive = adapt(embeddings, labels[twice], mean)
    assert (naive.none_scores(points) > 0.5).mean() > 0.9


def test_a_burst_is_one_piece_of_evidence() -> None:
    points, labels = _folder((20, 20))
    some = _few(labels, 4)
    tenfold = np.concatenate([some, np.repeat(some[:1], 9)])
    groups = np.concatenate([np.arange(len(some)), np.zeros(9, np.int64)])
    mean = points.mean(0)
    once = adapt(points[some], labels[some], mean)
    burst = adapt(points[tenfold], labels[tenfold], mean, groups=groups)
    assert once.held_out is not None
    assert burst.held_out is not None
    assert len(burst.held_out.hits) == len(once.held_out.hits) == 8
    np.testing.assert_allclose(burst.probabilities(points), once.probabilities(points), atol=1e-3)


def test_a_head_that_held_out_labels_speak_against_is_dropped() -> None:
    points, labels = _folder((40, 40, 40))
    some = _few(labels, 8)
    labelled = Labelled.of(points[some], labels[some], points.mean(0))
    good = RIDGE.head(labelled, None)
    random = np.random.default_rng(0)
    noise = replace(
        good, name="noise", held_out=9 * random.normal(size=good.held_out.shape).astype(np.float32)
    )
    _, kept = _vote(labelled, [(0.5, good), (0.5, noise)])
    assert kept == (good.name,)

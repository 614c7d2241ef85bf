"""From labelled embeddings to a classifier: invariances, edge cases, and the formula itself."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import LabelsError
from engine.method.adaptation import AdaptedModel, adapt
from engine.method.calibration import softmax
from engine.method.folder import MEAN_PRIOR_COUNT, folder_mean
from engine.method.heads import Floats, normalise

SIZE = 40


def _clusters(
    counts: tuple[int, ...], *, spread: float = 0.6, seed: int = 0, size: int = SIZE
) -> tuple[Floats, NDArray[np.int64]]:
    """Embeddings around one centre a class, non-negative as the encoder's are."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).gamma(2.0, size=(len(counts), size))
    labels = np.repeat(np.arange(len(counts)), counts)
    points = centres[labels] + spread * random.normal(size=(len(labels), size))
    return np.abs(points).astype(np.float16).astype(np.float32), labels


def _mean(embeddings: Floats) -> Floats:
    return embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)


def _fit(counts: tuple[int, ...], **how: float) -> tuple[AdaptedModel, Floats]:
    support, labels = _clusters(counts, **how)  # type: ignore[arg-type]
    mean = _mean(support)
    return adapt(support, labels, mean), mean


def test_clusters_are_told_apart_with_a_confidence_that_sums_to_one() -> None:
    model, _ = _fit((5, 5, 5))
    others, truth = _clusters((40, 40, 40), seed=1)
    probabilities = model.probabilities(others)
    assert probabilities.shape == (120, 3)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert (probabilities.argmax(axis=1) == truth).mean() >= 0.95
    assert model.n_support == 15
    assert model.held_out is not None
    assert model.held_out.accuracy >= 0.9


def _naive(model: AdaptedModel, embeddings: Floats) -> NDArray[np.float64]:
    """softmax(w . (u - m) / |u - m| + b), in double precision."""
    centred = embeddings.astype(np.float64) - model.mean
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    logits = unit @ model.weights.astype(np.float64).T + model.bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def test_probabilities_are_the_formula() -> None:
    model, _ = _fit((5, 3, 8), spread=1.5)
    others, _ = _clusters((50, 50, 50), spread=2.0, seed=1)
    np.testing.assert_allclose(model.probabilities(others), _naive(model, others), atol=1e-5)


def test_probabilities_are_the_formula_where_all_images_are_nearly_the_same() -> None:
    """A fixed camera: what tells images apart is a hundredth of what they have in common."""
    random = np.random.default_rng(0)
    base = random.gamma(2.0, size=1280)
    labels = np.arange(24) % 3
    kinds = 0.01 * random.normal(size=(3, 1280))
    support = np.abs(base + kinds[labels] + 0.005 * random.normal(size=(24, 1280)))
    support = support.astype(np.float16).astype(np.float32)
    model = adapt(support, labels, _mean(support))
    np.testing.assert_allclose(model.probabilities(support), _naive(model, support), atol=1e-4)


def test_half_precision_in_gives_what_its_single_precision_gives() -> None:
    model, _ = _fit((5, 3, 8))
    halves = _clusters((50, 50, 50), seed=1)[0].astype(np.float16)
    np.testing.assert_array_equal(
        model.probabilities(halves), model.probabilities(halves.astype(np.float32))
    )


def test_an_image_gives_the_same_alone_as_among_others() -> None:
    model, _ = _fit((5, 3, 8))
    others, _ = _clusters((20, 20, 20), seed=1)
    together = model.probabilities(others)
    for index in (0, 31, 59):
        alone = model.probabilities(others[index : index + 1])[0]
        np.testing.assert_allclose(alone, together[index], atol=1e-5)


def test_permuting_classes_permutes_columns() -> None:
    support, labels = _clusters((5, 3, 8))
    mean, (others, _) = _mean(support), _clusters((20, 20, 20), seed=1)
    order = np.array([2, 0, 1])
    model = adapt(support, labels, mean)
    permuted = adapt(support, order[labels], mean)
    assert permuted.kept == model.kept
    assert permuted.held_out is not None
    assert model.held_out is not None
    assert permuted.held_out.accuracy == model.held_out.accuracy
    np.testing.assert_allclose(
        permuted.probabilities(others)[:, order], model.probabilities(others), atol=1e-4
    )


def test_the_order_of_the_examples_does_not_matter() -> None:
    support, labels = _clusters((5, 3, 8))
    mean, (others, _) = _mean(support), _clusters((20, 20, 20), seed=1)
    order = np.random.default_rng(4).permutation(len(labels))
    np.testing.assert_allclose(
        adapt(support[order], labels[order], mean).probabilities(others),
        adapt(support, labels, mean).probabilities(others),
        atol=1e-4,
    )


def test_labels_may_have_gaps() -> None:
    support, labels = _clusters((5, 3, 8))
    mean = _mean(support)
    gaps = np.array([3, 700, 12])
    model, plain = adapt(support, gaps[labels], mean), adapt(support, labels, mean)
    assert model.classes.tolist() == [3, 12, 700]
    others, _ = _clusters((20, 20, 20), seed=1)
    np.testing.assert_allclose(
        model.probabilities(others), plain.probabilities(others)[:, [0, 2, 1]], atol=1e-4
    )


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([], "At least two classes need a labelled image; 0 have one."),
        ([4, 4, 4], "At least two classes need a labelled image; 1 has one."),
    ],
)
def test_fewer_than_two_classes_are_refused(labels: list[int], sentence: str) -> None:
    support, _ = _clusters((len(labels), 1))
    with pytest.raises(LabelsError) as caught:
        adapt(support[: len(labels)], np.array(labels, np.int64), np.zeros(SIZE, np.float32))
    assert str(caught.value) == sentence


def test_one_example_a_class_gives_the_preferred_head_and_no_accuracy() -> None:
    model, _ = _fit((1, 1, 1))
    assert model.held_out is None
    others, truth = _clusters((20, 20, 20), seed=1)
    probabilities = model.probabilities(others)
    assert (probabilities.argmax(axis=1) == truth).mean() >= 0.9
    # Little is known: no certainty on any image.
    assert probabilities.max() < 0.999


def test_accuracy_is_over_the_examples_that_can_be_left_out() -> None:
    model, _ = _fit((6, 1))
    # Only the six are judged; with the other example in place, each has its class.
    assert model.held_out is not None
    assert model.held_out.accuracy * 6 == pytest.approx(round(model.held_out.accuracy * 6))


def test_labels_at_random_are_not_believed() -> None:
    """With nothing to learn, the left-out accuracy is near chance and the confidence low."""
    random = np.random.default_rng(7)
    support = np.abs(random.normal(size=(90, SIZE))).astype(np.float32)
    labels = np.arange(90) % 3
    model = adapt(support, labels, _mean(support))
    assert model.held_out is not None
    assert model.held_out.accuracy < 0.5
    fresh = np.abs(random.normal(size=(300, SIZE))).astype(np.float32)
    assert np.median(model.probabilities(fresh).max(axis=1)) < 0.6


def test_a_class_of_many_examples_does_not_swallow_one_of_few() -> None:
    others, truth = _clusters((40, 40, 40), seed=1)
    model = adapt(*_clusters((60, 3, 3)), _mean(others))  # The folder itself is balanced.
    predicted = model.probabilities(others).argmax(axis=1)
    for label in range(3):
        assert (predicted[truth == label] == label).mean() >= 0.85


def test_embeddings_without_any_difference_give_equal_probabilities() -> None:
    support = np.full((6, SIZE), 0.7, np.float32)
    model = adapt(support, np.array([0, 0, 1, 1, 2, 2]), _mean(support))
    probabilities = model.probabilities(support)
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities, 1 / 3, atol=1e-3)


def test_more_examples_than_dimensions() -> None:
    support, labels = _clusters((30, 30, 30), size=20)
    model = adapt(support, labels, _mean(support))
    others, truth = _clusters((40, 40, 40), size=20, seed=1)
    assert (model.probabilities(others).argmax(axis=1) == truth).mean() >= 0.95


def test_clear_labels_make_more_confident_than_muddled_ones() -> None:
    clear, _ = _fit((8, 8, 8), spread=0.2)
    muddled, _ = _fit((8, 8, 8), spread=4.0)
    others, _ = _clusters((40, 40, 40), spread=0.2, seed=1)
    easy = clear.probabilities(others).max(axis=1).mean()
    assert easy > 0.9
    hard, _ = _clusters((40, 40, 40), spread=4.0, seed=1)
    assert muddled.probabilities(hard).max(axis=1).mean() < easy


def test_the_folder_mean_is_steadied_by_the_training_mean() -> None:
    training = np.array([1.0, 3.0], np.float32)
    np.testing.assert_array_equal(folder_mean(np.zeros(2), 0, training), training)
    # n = MEAN_PRIOR_COUNT images with mean (3, 5) weigh as much as the training mean: half way.
    n = int(MEAN_PRIOR_COUNT)
    half_way = folder_mean(np.array([3.0, 5.0]) * n, n, training)
    np.testing.assert_allclose(half_way, [2.0, 4.0], rtol=1e-6)
    far = folder_mean(np.array([3.0, 5.0]) * 10**7, 10**7, training)
    np.testing.assert_allclose(far, [3.0, 5.0], rtol=1e-5)
    assert far.dtype == np.float32


def test_softmax_of_large_logits_does_not_overflow() -> None:
    logits = np.array([[0.0, np.log(3.0)], [1e4, 0.0], [-1e4, -1e4]], np.float32)
    np.testing.assert_allclose(softmax(logits), [[0.25, 0.75], [1.0, 0.0], [0.5, 0.5]], atol=1e-6)


def test_centring_is_what_normalise_does() -> None:
    model, _ = _fit((5, 3, 8))
    others, _ = _clusters((20, 20, 20), seed=1)
    logits = normalise(others, model.mean) @ model.weights.T + model.bias
    np.testing.assert_allclose(model.probabilities(others), softmax(logits), atol=1e-5)

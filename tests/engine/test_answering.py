"""Answers for many images in one pass: the same as one property asked after the other."""

from __future__ import annotations

import base64

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from engine.method.adaptation import AdaptedModel, adapt
from engine.method.answering import PIECE_ROWS, Answering, Answers, NearestKept, joined
from engine.method.calibration import softmax
from engine.method.products import GRAPH

SIZE, N_CLASSES = 48, 7
CENTRES = np.random.default_rng(5).normal(size=(N_CLASSES, SIZE))


def _embeddings(count: int, seed: int, offset: float = 0.3) -> NDArray[np.float16]:
    """Clustered, and of length about one, as an encoder's are."""
    random = np.random.default_rng(seed)
    points = CENTRES[random.integers(0, N_CLASSES, count)] + random.normal(size=(count, SIZE))
    points = offset + points / np.sqrt(SIZE)
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float16)


POOL = _embeddings(2 * PIECE_ROWS + 77, 1)
MEAN = POOL.astype(np.float32).mean(axis=0)


def _model(rows: list[int], labels: list[int], negatives: list[int] | None = None) -> AdaptedModel:
    model = adapt(POOL[rows].astype(np.float32), np.array(labels), MEAN)
    return model.with_negatives(POOL[negatives].astype(np.float32)) if negatives else model


def _plain(model: AdaptedModel, embeddings: NDArray[np.float16]) -> Answers:
    probabilities = softmax(model.logits(model.directions(embeddings)))
    columns = np.argsort(-probabilities, axis=1, kind="stable")[:, :5]
    top = np.take_along_axis(probabilities, columns, axis=1)
    return Answers(columns, top, model.none_scores(embeddings))


def _same(found: Answers, expected: Answers) -> None:
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=2e-6)
    np.testing.assert_allclose(found.none_scores, expected.none_scores, atol=5e-6)
    gaps = -np.diff(expected.probabilities, axis=1, append=0.0)
    clear = (gaps > 1e-5) & (np.roll(gaps, 1, axis=1) > 1e-5)
    assert clear.mean() > 0.5
    np.testing.assert_array_equal(found.columns[clear], expected.columns[clear])


def _of_all(model: AdaptedModel, kept: NearestKept, version: int = 0) -> Answers:
    """As a click does, piece by piece."""
    nearest = kept.ready(model.unknowns, version, len(POOL))
    assert nearest is not None
    answering = Answering(model, 5)
    parts = []
    for start in range(0, len(POOL), PIECE_ROWS):
        piece = POOL[start : start + PIECE_ROWS]
        blocks = [piece[row : row + 500] for row in range(0, len(piece), 500)]
        parts.append(answering.of_piece(blocks, nearest, start))
    return joined(parts)


@pytest.mark.parametrize("negatives", [None, [50, 51, 52]])
def test_one_pass_says_what_each_property_says(negatives: list[int] | None) -> None:
    model = _model(list(range(30)), [row % 4 for row in range(30)], negatives)
    answering = Answering(model, 5)
    _same(answering.of(POOL), _plain(model, POOL))
    # What the store gives of a few images is of single precision.
    _same(answering.of(POOL[:9].astype(np.float32)), _plain(model, POOL[:9]))
    none = answering.of(POOL[:0])
    assert none.columns.shape == (0, 4)
    assert none.none_scores.shape == (0,)


def test_every_number_of_half_precision_is_widened_exactly() -> None:
    numbers = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = numbers[np.isfinite(numbers)]
    embeddings = np.resize(finite, (len(finite) // SIZE + 1, SIZE))
    model = _model(list(range(10)), [row % 2 for row in range(10)])
    found = Answering(model, 5).of(embeddings)
    expected = model.probabilities(embeddings)
    np.testing.assert_allclose(found.probabilities.max(axis=1), expected.max(axis=1), atol=2e-6)


def test_images_at_the_folders_mean_lose_no_digits() -> None:
    model = _model(list(range(200)), [row % 4 for row in range(200)])
    near = (MEAN + 1e-3 * np.random.default_rng(3).normal(size=(64, SIZE))).astype(np.float16)
    assert np.abs(model.mean - MEAN).max() > 1e-3  # They lie much further from the other centre.
    _same(Answering(model, 5).of(near), _plain(model, near))


def test_where_most_images_lie_near_the_mean_they_are_centred_at_once() -> None:
    """A camera that looks at one place: products of what is not centred would be done twice."""
    model = _model(list(range(200)), [row % 4 for row in range(200)])
    noise = np.random.default_rng(3).normal(size=(PIECE_ROWS + 9, SIZE))
    near = (MEAN + 2e-2 * noise).astype(np.float16)
    near[::7] = POOL[: len(near[::7])]
    kept = NearestKept()
    nearest = kept.ready(model.unknowns, 0, len(near))
    assert nearest is not None
    answering = Answering(model, 5)
    parts = [
        answering.of_piece(
            [near[row : row + 512] for row in range(start, stop, 512)], nearest, start
        )
        for start, stop in ((0, PIECE_ROWS), (PIECE_ROWS, len(near)))
    ]
    _same(joined(parts), _plain(model, near))


def test_the_graph_of_products_is_what_onnx_makes_of_it() -> None:
    value, half, single = helper.make_tensor_value_info, TensorProto.FLOAT16, TensorProto.FLOAT
    cast = helper.make_node("Cast", ["halves"], ["rows"], to=single)
    gemm = helper.make_node("Gemm", ["rows", "weights", "offsets"], ["products"], transB=1)
    taken = [
        value("halves", half, ["n", "d"]),
        value("weights", single, ["k", "d"]),
        value("offsets", single, ["k"]),
    ]
    graph = helper.make_graph(
        [cast, gemm], "products", taken, [value("products", single, ["n", "k"])]
    )
    model = onnx.load_from_string(base64.b64decode(GRAPH))
    assert model.graph == graph
    onnx.checker.check_model(model)


def test_equal_probabilities_keep_the_order_of_the_columns() -> None:
    model = _model(list(range(30)), [row % 6 for row in range(30)])
    model.weights[:] = 0.0
    model.bias[:] = 0.0
    assert Answering(model, 5).of(POOL[:3]).columns.tolist() == [[0, 1, 2, 3, 4]] * 3


def test_what_is_kept_from_click_to_click_changes_no_answer() -> None:
    labels: dict[int, int] = {}
    kept = NearestKept()
    random = np.random.default_rng(9)

    def check() -> None:
        model = _model(list(labels), list(labels.values()))
        _same(_of_all(model, kept), _plain(model, POOL))

    for step in range(25):  # The first example of a class has another reach than its second.
        labels[int(random.integers(len(POOL)))] = step % N_CLASSES
        if step > 1:
            check()
    for row in list(labels)[3:9]:  # Taken back, some given to another class.
        del labels[row]
        check()
    labels[next(iter(labels))] = 6
    check()
    for row in range(400):  # More than are compared with.
        labels[row] = row % 3
    check()
    labels[401] = 1
    check()


def test_of_many_labels_one_more_leaves_those_that_are_compared_with() -> None:
    labels = [row % 3 for row in range(400)]
    before = set(_model(list(range(400)), labels).unknowns.images)
    after = set(_model(list(range(401)), [*labels, 1]).unknowns.images)
    assert len(before) == len(after) == 256
    assert len(after - before) <= 2


def test_a_click_asks_only_for_the_labels_that_are_new() -> None:
    kept = NearestKept()
    rows, labels = list(range(40)), [row % 4 for row in range(40)]
    before = _model(rows, labels)
    _of_all(before, kept)
    after = _model([*rows, 99], [*labels, 1])
    nearest = kept.ready(after.unknowns, 0, len(POOL))
    assert nearest is not None
    assert len(nearest.change_of(0).added) == 1
    # A click that was overtaken has answered some pieces and not the others.
    Answering(after, 5).of_piece([POOL[:PIECE_ROWS]], nearest, 0)
    last = _model([*rows, 100], [*labels, 2])
    _same(_of_all(last, kept), _plain(last, POOL))


def test_other_embeddings_are_looked_at_anew() -> None:
    kept = NearestKept()
    model = _model(list(range(20)), [row % 2 for row in range(20)])
    _of_all(model, kept)
    nearest = kept.ready(model.unknowns, "another version of the store", len(POOL))
    assert nearest is not None
    assert len(nearest.change_of(0).added) == 20

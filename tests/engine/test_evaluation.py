"""Rates, intervals and calibration of held-out predictions, and whether they are the right ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.jobs.adaptation import adapt_and_classify
from engine.jobs.embedding import embed_images
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    Adapt,
    Adapted,
    ClassId,
    Effort,
    EmbedImages,
    HeldOutPredictions,
    Snapshot,
)
from engine.method.evaluation import Evaluation, evaluate, held_out_images
from engine.method.intervals import wilson_interval
from tests.engine.painted import paint_folder, snapshot_of

CAT, DOG, OWL = (ClassId(number) for number in (3, 5, 8))


def predictions(
    pairs: Sequence[tuple[ClassId, ClassId]], confidences: Sequence[float] | None = None
) -> HeldOutPredictions:
    """Images 1, 2, ... with a label and what they were taken for."""
    labels, predicted = np.array(pairs, np.int64).reshape(-1, 2).T
    told = [0.8] * len(pairs) if confidences is None else confidences
    return HeldOutPredictions(
        np.arange(1, len(pairs) + 1), labels, predicted, np.array(told, np.float32)
    )


def evaluated(told: HeldOutPredictions) -> Evaluation:
    found = evaluate(told, (CAT, DOG, OWL))
    assert found is not None
    return found


# Of four cats three are recognised, of two dogs one, and the owl is taken for a cat.
PAIRS = [(CAT, CAT)] * 3 + [(CAT, DOG), (DOG, DOG), (DOG, CAT), (OWL, CAT)]


def test_rates_counted_by_hand() -> None:
    found = evaluated(predictions(PAIRS))
    assert found.class_ids == (CAT, DOG, OWL)
    assert found.confusion.tolist() == [[3, 1, 0], [1, 1, 0], [1, 0, 0]]
    cat, dog, owl = found.classes
    assert (cat.n_labels, cat.n_predicted, cat.n_right) == (4, 5, 3)
    assert cat.recall is not None
    assert cat.recall.value == pytest.approx(3 / 4)
    assert cat.precision is not None
    assert cat.precision.value == pytest.approx(3 / 5)
    assert cat.f1 is not None
    assert cat.f1.value == pytest.approx(2 * 3 / (4 + 5))
    assert dog.f1 is not None
    assert dog.f1.value == pytest.approx(2 / 4)
    assert owl.precision is None
    assert owl.recall is not None
    assert owl.f1 is not None
    assert found.accuracy.value == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    assert found.precision.value == pytest.approx((3 / 5 + 1 / 2) / 2)
    assert found.f1.value == pytest.approx((6 / 9 + 1 / 2 + 0) / 3)
    assert (found.n_right, found.n_held_out) == (4, 7)
    assert found.share_right.value == pytest.approx(4 / 7)


def test_a_held_out_label_counts_as_three_quarters_of_one_in_the_intervals() -> None:
    recall = evaluated(predictions(PAIRS)).classes[0].recall
    assert recall is not None
    assert (recall.low, recall.high) == wilson_interval(3 / 4, 3.0)


def test_the_interval_of_f1_is_that_of_the_overlap() -> None:
    f1 = evaluated(predictions(PAIRS)).classes[0].f1
    low, high = wilson_interval(3 / 6, 0.75 * 6)
    assert f1 is not None
    assert (f1.low, f1.high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


def test_all_right_is_not_certain() -> None:
    found = evaluated(predictions([(CAT, CAT)] * 6 + [(DOG, DOG)] * 6))
    for mean in (found.accuracy, found.precision, found.f1):
        assert mean.value == mean.high == 1.0
        assert 0.5 < mean.low < 0.9


def test_more_labels_are_surer() -> None:
    few, many = (evaluated(predictions(PAIRS * times)) for times in (1, 8))
    for name in ("accuracy", "precision", "f1", "share_right"):
        wide, narrow = getattr(few, name), getattr(many, name)
        assert wide.value == pytest.approx(narrow.value)
        assert 0.0 <= wide.low < narrow.low < narrow.value < narrow.high < wide.high <= 1.0


def test_of_one_size_the_mean_recall_is_as_sure_as_a_share() -> None:
    """With classes alike the mean of recalls is the share of all that came out right."""
    found = evaluated(
        predictions(([(CAT, CAT)] * 4 + [(CAT, DOG)]) * 20 + ([(DOG, DOG)] * 4 + [(DOG, CAT)]) * 20)
    )
    assert found.accuracy.value == pytest.approx(found.share_right.value)
    assert found.accuracy.low == pytest.approx(found.share_right.low, abs=0.01)
    assert found.accuracy.high == pytest.approx(found.share_right.high, abs=0.01)


def test_bins_and_the_calibration_error_by_hand() -> None:
    pairs = [(CAT, CAT), (CAT, DOG), (DOG, DOG), (DOG, DOG)]
    found = evaluated(predictions(pairs, [0.5, 0.55, 0.9, 1.0]))
    assert [(item.n, item.low, item.high) for item in found.bins] == [
        (2, pytest.approx(0.4), pytest.approx(0.6)),
        (2, pytest.approx(0.8), pytest.approx(1.0)),
    ]
    first, second = found.bins
    assert (first.confidence, first.right.value) == pytest.approx((0.525, 0.5))
    assert (second.confidence, second.right.value) == pytest.approx((0.95, 1.0))
    assert found.calibration_error == pytest.approx((2 * 0.025 + 2 * 0.05) / 4)
    assert found.overconfidence == pytest.approx(2.95 / 4 - 3 / 4)
    by_chance = np.sqrt(2 / np.pi) * (np.sqrt(0.25 + 0.55 * 0.45) + np.sqrt(0.09)) / 4
    assert found.chance_error == pytest.approx(by_chance)


def test_true_confidences_err_as_much_as_chance_makes_them() -> None:
    random = np.random.default_rng(0)
    errors, expected = [], []
    for _ in range(200):
        confidences = random.uniform(0.5, 1.0, 60)
        pairs = [(CAT, CAT if random.random() < item else DOG) for item in confidences]
        found = evaluated(predictions(pairs, confidences.tolist()))
        errors.append(found.calibration_error)
        expected.append(found.chance_error)
    assert np.mean(errors) == pytest.approx(np.mean(expected), rel=0.1)


def test_many_labels_get_ten_bins() -> None:
    confidences = np.linspace(0.0, 1.0, 200).tolist()
    assert len(evaluated(predictions([(CAT, CAT)] * 200, confidences)).bins) == 10


def test_what_belongs_to_a_removed_class_is_left_out() -> None:
    found = evaluate(predictions(PAIRS), (CAT, DOG))
    assert found is not None
    assert found.confusion.tolist() == [[3, 1], [1, 1]]
    assert evaluate(predictions(PAIRS), ()) is None
    assert evaluate(None, (CAT, DOG)) is None


def test_a_class_nobody_asked_about_has_no_line() -> None:
    assert evaluated(predictions([(CAT, CAT), (DOG, DOG)])).class_ids == (CAT, DOG)


def test_the_images_behind_a_cell_the_surest_first() -> None:
    told = predictions([(CAT, DOG), (CAT, CAT), (CAT, DOG)], [0.6, 0.9, 0.8])
    assert held_out_images(told, CAT, DOG) == [3, 1]
    assert held_out_images(told, DOG, CAT) == []


# --- What the engine sends -----------------------------------------------------------------------


@pytest.fixture
def snapshot(tmp_path: Path, workspace: Workspace) -> Snapshot:
    made = snapshot_of(tmp_path / "images", paint_folder(tmp_path / "images", 6), 4)
    for _ in embed_images(workspace, EmbedImages(1, made.images)):
        pass
    return made


def adapted(workspace: Workspace, snapshot: Snapshot, effort: Effort) -> Adapted | None:
    command = Adapt(2, snapshot.classes, snapshot.support, (), effort)
    found = [item for item in adapt_and_classify(workspace, command) if isinstance(item, Adapted)]
    return found[0] if found else None


def check(answer: Adapted, snapshot: Snapshot) -> None:
    """The images told of are those that the record sums up."""
    told, held_out = answer.predictions, answer.held_out
    assert told is not None
    assert held_out is not None
    labels = {image.image_id: class_id for image, class_id in snapshot.support}
    assert [labels[image] for image in told.image_ids.tolist()] == told.labels.tolist()
    assert len(set(told.image_ids.tolist())) == len(told.image_ids) == len(held_out.hits)
    np.testing.assert_array_equal(told.labels == told.predicted, held_out.hits)
    np.testing.assert_array_equal(told.confidences, held_out.confidences)
    assert not told.image_ids.flags.writeable
    found = evaluate(told, [item.class_id for item in snapshot.classes])
    assert found is not None
    assert found.accuracy.value == pytest.approx(held_out.accuracy)


@pytest.mark.parametrize("effort", [Effort.INSTANT, Effort.THOROUGH])
def test_an_answer_tells_which_images_it_was_judged_by(
    workspace: Workspace, snapshot: Snapshot, effort: Effort
) -> None:
    answer = adapted(workspace, snapshot, effort)
    assert answer is not None
    check(answer, snapshot)


def test_a_wrong_label_is_the_one_that_is_told_of(workspace: Workspace, snapshot: Snapshot) -> None:
    (image, right), *others = snapshot.support
    wrong = next(item.class_id for item in snapshot.classes if item.class_id != right)
    spoilt = replace(snapshot, support=((image, wrong), *others))
    answer = adapted(workspace, spoilt, Effort.INSTANT)
    assert answer is not None
    assert answer.predictions is not None
    check(answer, spoilt)
    assert image.image_id in held_out_images(answer.predictions, wrong, right)


def test_negative_examples_and_unread_images_are_none_of_them(
    workspace: Workspace, snapshot: Snapshot, tmp_path: Path
) -> None:
    (first, _), (second, kind), *others = snapshot.support
    gone = replace(second, image_id=type(second.image_id)(999), path=tmp_path / "gone.png")
    support = ((first, NONE_OF_THESE), (gone, kind), *others)
    answer = adapted(workspace, replace(snapshot, support=support), Effort.INSTANT)
    assert answer is not None
    assert answer.predictions is not None
    check(answer, replace(snapshot, support=support))
    assert not {int(first.image_id), 999} & set(answer.predictions.image_ids.tolist())


def test_one_label_each_tells_nothing(workspace: Workspace, snapshot: Snapshot) -> None:
    one_each = {class_id: (image, class_id) for image, class_id in snapshot.support}
    answer = adapted(workspace, replace(snapshot, support=tuple(one_each.values())), Effort.INSTANT)
    assert answer is not None
    assert answer.predictions is None
    assert answer.held_out is None

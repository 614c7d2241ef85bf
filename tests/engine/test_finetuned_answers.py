"""What stands behind a fine-tuned encoder: explained by it, kept for it, extended to new images.

The training itself is test_finetuning's matter; here it is replaced by weights that were moved.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.finetuning.blocks import TunedBlocks, tuned_encoder
from engine.jobs import tuned
from engine.jobs.adaptation import adapt_and_classify, fine_tune
from engine.jobs.embedding import embed, embed_images
from engine.jobs.explanation import explain
from engine.jobs.finetuning import FineTuned
from engine.jobs.layout import lay_out
from engine.jobs.predictions import fit_snapshot
from engine.jobs.workspace import Workspace
from engine.messages import (
    NONE_OF_THESE,
    Adapt,
    Adapted,
    Effort,
    EmbedImages,
    Event,
    Explain,
    Explained,
    FineTune,
    HeldOut,
    ImageId,
    ImageRef,
    LaidOut,
    LayOut,
    NotAdapted,
    PredictionsReady,
    Progress,
    Snapshot,
)
from engine.messages import FineTuned as Told
from tests.engine.painted import paint, paint_folder, snapshot_of

_HELD_OUT = HeldOut(0.9, 0.3, np.full(9, 0.8, np.float32), np.arange(9) < 8)


def _moved(workspace: Workspace) -> FineTuned:
    """As if the encoder had learned something."""
    encoder = workspace.runtime.encoder
    random = np.random.default_rng(0)
    weights = {
        name: (value * (1 + 0.15 * random.normal(size=value.shape))).astype(np.float32)
        for name, value in TunedBlocks(encoder, "cpu").weights().items()
    }
    nowhere = np.zeros(encoder.embedding_size, np.float32)
    return FineTuned(
        encoder=tuned_encoder(encoder, weights, nowhere, {"n_labels": 9, "n_classes": 3}),
        held_out=_HELD_OUT,
        held_out_losses=np.full(9, 0.3),
        judged=np.arange(9),
        guesses=np.where(np.arange(9) < 8, np.arange(9) // 3, 0),
        before=_HELD_OUT,
        instant=_HELD_OUT,
        gain=0.2,
        standard_error=0.1,
        share=1.0,
        factor=0.6,
        reach=0.9,
    )


@pytest.fixture
def trainings(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[FineTuned | None]:
    """What trainings gave, those that are counted as made; the next gives ``_moved``."""
    made: list[FineTuned | None] = []

    def finetune(*_: Any) -> Generator[None, None, FineTuned | None]:
        yield None
        made.append(_moved(workspace))
        return made[-1]

    monkeypatch.setattr(tuned, "finetune", finetune)
    return made


@pytest.fixture
def snapshot(tmp_path: Path, workspace: Workspace) -> Snapshot:
    made = snapshot_of(tmp_path / "images", paint_folder(tmp_path / "images", 5), 4)
    list(embed_images(workspace, EmbedImages(1, made.images)))
    return made


def _of(kind: type, events: Iterable[Event | None]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def _adapt(snapshot: Snapshot, support: Sequence[Any] = ()) -> Adapt:
    return Adapt(7, snapshot.classes, tuple(support) or snapshot.support, (), Effort.FINETUNE)


def _drain(steps: Generator[Event | None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def test_fine_tuned_answers_are_explained_kept_and_extended(
    tmp_path: Path, workspace: Workspace, snapshot: Snapshot, trainings: list[FineTuned | None]
) -> None:
    events = list(adapt_and_classify(workspace, _adapt(snapshot)))
    (adapted,) = _of(Adapted, events)
    assert adapted.effort is Effort.FINETUNE
    assert adapted.held_out is adapted.thorough is adapted.instant is _HELD_OUT
    assert adapted.predictions is not None
    judged = [(image.image_id, label) for image, label in snapshot.support[:9]]
    told = adapted.predictions
    assert [*zip(told.image_ids.tolist(), told.labels.tolist(), strict=True)] == judged
    assert told.predicted[0] == snapshot.classes[0].class_id
    current = workspace.current
    assert current is not None
    assert current.seen.runtime.is_viewed
    assert current.model.held_out_losses.shape == (9,)
    assert (1 / current.model.unknowns.inverse_reach >= 0.9 - 1e-6).all()

    # Explained by the network that answers.
    image = snapshot.images[0]
    logits = current.model.logits(
        current.model.directions(current.seen.store.select([image.image_id]))
    )[0]
    for column, item in enumerate(snapshot.classes):
        asked = Explain(9, image, item.class_id, snapshot.support)
        (told,) = _of(Explained, explain(workspace, asked))
        assert told.score == pytest.approx(float(logits[column] - logits.mean()), abs=2e-3)
        assert told.heat.sum(dtype=np.float64) == pytest.approx(told.score, abs=1e-4)

    # Laid out by it, found by the name that the window knows.
    (name,) = workspace.tunings
    laid_out = _of(LaidOut, lay_out(workspace, LayOut(9, tuning=name)))[-1]
    assert laid_out.tuning == name
    assert laid_out.is_final
    assert set(laid_out.image_ids.tolist()) == current.seen.store.image_ids()

    # Neither an image that comes nor one that shows none of the classes makes it learn anew.
    path = tmp_path / "images" / "new.png"
    paint("dots", 200, 150, seed=77).save(path)
    new = ImageRef(ImageId(999), path, path.name)
    _drain_all(embed(workspace, [new]))
    negative = (snapshot.images[-1], NONE_OF_THESE)
    events = list(adapt_and_classify(workspace, _adapt(snapshot, (*snapshot.support, negative))))
    assert len(trainings) == 1
    assert workspace.current is not None
    assert workspace.current.seen is current.seen
    assert workspace.current.model.unknowns.n_negatives == 1
    np.testing.assert_array_equal(workspace.current.model.weights, current.model.weights)
    classified = {int(item) for event in _of(PredictionsReady, events) for item in event.image_ids}
    assert 999 in classified
    list(adapt_and_classify(workspace, _adapt(snapshot)))
    assert workspace.current.model.unknowns.n_negatives == 0
    exported = _drain(fit_snapshot(workspace, replace(snapshot, effort=Effort.FINETUNE), 1))
    assert exported.model.effort is Effort.FINETUNE
    assert len(trainings) == 1

    # Another label does.
    fewer = snapshot.support[1:]
    list(adapt_and_classify(workspace, _adapt(snapshot, fewer)))
    assert len(trainings) == 2


def test_a_refusal_comes_at_once_and_a_table_gets_the_thorough_answers(
    workspace: Workspace, snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> Generator[None, None, None]:
        yield None

    monkeypatch.setattr(tuned, "finetune", refused)
    events = list(adapt_and_classify(workspace, _adapt(snapshot)))
    assert _of(NotAdapted, events)[0].effort is Effort.FINETUNE
    assert _of(Progress, events) == []  # No image is looked at for what nobody asked for.
    fitted = _drain(fit_snapshot(workspace, replace(snapshot, effort=Effort.FINETUNE), 1))
    assert fitted.model.effort is Effort.THOROUGH
    assert "Fine-tuning did not help" in fitted.note


def _drain_all(steps: Iterable[Any]) -> None:
    for _ in steps:
        pass


def test_the_network_goes_with_the_project(
    workspace: Workspace,
    snapshot: Snapshot,
    trainings: list[FineTuned | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing of a project's labels is left in the engine once another one is open."""
    made: list[str] = []
    make = Workspace._make_beside

    def untuned(self: Workspace, encoder: Any, viewed: bool) -> Workspace:
        made.append(encoder.fingerprint)
        return make(self, workspace.runtime.encoder, viewed)  # Its graph is there already.

    monkeypatch.setattr(Workspace, "_make_beside", untuned)
    list(adapt_and_classify(workspace, _adapt(snapshot)))
    assert len(trainings) == len(made) == 1
    assert any(key[0] == made[0] for key in workspace._beside)
    workspace.forget()
    assert not any(key[0] == made[0] for key in workspace._beside)


def test_labels_given_meanwhile_are_answered_behind_the_same_network(
    tmp_path: Path, workspace: Workspace, snapshot: Snapshot, trainings: list[FineTuned | None]
) -> None:
    began = snapshot.support[:-1]
    events = list(fine_tune(workspace, FineTune(4, snapshot.classes, began)))
    (told,) = _of(Told, events)
    assert (told.request_id, told.n_support) == (4, len(began))
    assert told.held_out is told.thorough is told.instant is _HELD_OUT
    assert workspace.current is None  # What is on screen is not its matter.

    newer = Adapt(7, snapshot.classes, snapshot.support, (), Effort.FINETUNE, told.tuning)
    (adapted,) = _of(Adapted, adapt_and_classify(workspace, newer))
    assert len(trainings) == 1
    assert adapted.n_support == len(snapshot.support)
    assert adapted.held_out is _HELD_OUT  # The judgement is that of the network.
    assert workspace.current is not None
    assert workspace.current.seen.runtime.encoder.fingerprint == told.tuning
    model = workspace.current.model

    shown = replace(snapshot, effort=Effort.FINETUNE, tuning=told.tuning)
    exported = _drain(fit_snapshot(workspace, shown, 1))
    np.testing.assert_array_equal(exported.model.weights, model.weights)
    older = Adapt(8, snapshot.classes, began, (), Effort.FINETUNE, told.tuning)
    list(adapt_and_classify(workspace, older))
    assert np.abs(workspace.current.model.weights - model.weights).max() > 0
    assert len(trainings) == 1

    # Asked again for the same labels it is there at once; without a network in one's hand, too.
    (again,) = _of(Told, fine_tune(workspace, FineTune(9, snapshot.classes, began)))
    assert again.tuning == told.tuning
    list(adapt_and_classify(workspace, _adapt(snapshot, began)))
    assert len(trainings) == 1

    workspace.forget()
    list(embed_images(workspace, EmbedImages(1, snapshot.images)))
    (refused,) = _of(NotAdapted, adapt_and_classify(workspace, newer))
    assert "fine-tune again" in refused.reason
    assert len(trainings) == 1  # Minutes of work that nobody asked for.


def test_fine_tuning_that_cannot_begin_says_what_to_do(
    workspace: Workspace, snapshot: Snapshot, trainings: list[FineTuned | None]
) -> None:
    one_class = snapshot.support[:4]
    (refused,) = _of(NotAdapted, fine_tune(workspace, FineTune(3, snapshot.classes, one_class)))
    assert refused.effort is Effort.FINETUNE
    assert refused.reason == "Label an image of a second class."
    few = (snapshot.support[0], snapshot.support[4], snapshot.support[8])
    (refused,) = _of(NotAdapted, fine_tune(workspace, FineTune(3, snapshot.classes, few)))
    assert "ten labelled images" in refused.reason
    assert trainings == []


@pytest.mark.usefixtures("trainings")
def test_a_label_that_was_changed_since_is_no_longer_judged_by(
    workspace: Workspace, snapshot: Snapshot
) -> None:
    (told,) = _of(Told, fine_tune(workspace, FineTune(4, snapshot.classes, snapshot.support)))
    (image, _), *others = snapshot.support
    swapped = ((image, snapshot.classes[1].class_id), *others[1:])  # The second is gone.
    newer = Adapt(7, snapshot.classes, swapped, (), Effort.FINETUNE, told.tuning)
    (adapted,) = _of(Adapted, adapt_and_classify(workspace, newer))
    assert adapted.held_out is not None
    assert adapted.predictions is not None
    judged = [(image.image_id, label) for image, label in others[1:8]]
    found = adapted.predictions
    assert [*zip(found.image_ids.tolist(), found.labels.tolist(), strict=True)] == judged
    np.testing.assert_array_equal(adapted.held_out.hits, _HELD_OUT.hits[2:9])
    np.testing.assert_array_equal(found.confidences, adapted.held_out.confidences)
    # Four, two and one of the classes are left; the one of the last is wrong.
    assert adapted.held_out.accuracy == pytest.approx((2 / 2 + 4 / 4 + 0 / 1) / 3)
    assert adapted.instant is None  # They were judged by all of the labels.
    assert adapted.thorough is None

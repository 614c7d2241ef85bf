"""Fine-tuning: what is learned folds into an encoder, and is kept only where it helps."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.encoder.description import Encoder
from engine.encoder.encoder_file import load_encoder, save_encoder
from engine.encoder.graph import load_or_build_graph
from engine.encoder.network import build_network, embed, preprocess
from engine.encoder.runtime import EncoderRuntime, cpu_session
from engine.encoder.views import VIEWS, cut
from engine.finetuning import checkpoints as checkpoint_module
from engine.finetuning import gate, training
from engine.finetuning.blocks import (
    FIRST_BLOCK,
    N_VIEWS,
    FrozenBlocks,
    Looked,
    TunedBlocks,
    tuned_encoder,
)
from engine.finetuning.checkpoints import Checkpoints
from engine.finetuning.gate import (
    can_judge,
    decide,
    folds_of,
    held_out_logits,
    held_out_votes,
    judge,
)
from engine.jobs.finetuning import FineTuned, finetune, why_not
from engine.jobs.finetuning_time import estimate_seconds
from engine.jobs.workspace import Workspace
from engine.messages import Event, ImageRef, Progress, Series, TrainingPoint
from engine.method.folder import FolderShape, folder_mean
from engine.method.heads import normalise
from engine.method.thorough import adapt_thoroughly
from tests.engine.painted import noise, refs

_T = TypeVar("_T")
_SMALL_PX = 96  # A fifth of the work of the shipped encoder's 224.


def spot(is_disc: bool, seed: int) -> NDArray[np.uint8]:
    """A disc or a square, anywhere on a background of waves: hard for the encoder."""
    random = np.random.default_rng([seed, int(is_disc)])
    y, x = np.mgrid[0:_SMALL_PX, 0:_SMALL_PX].astype(np.float32)
    pixels = np.zeros((_SMALL_PX, _SMALL_PX, 3))
    for _ in range(6):
        along, down = random.uniform(-0.25, 0.25, 2)
        waves = np.sin(along * x + down * y + random.uniform(0, 6))
        pixels += waves[..., None] * random.uniform(-40, 40, 3)
    pixels += random.uniform(60, 200, 3)
    x, y = x - random.uniform(15, 81), y - random.uniform(15, 81)
    drawn = np.hypot(x, y) < 9 if is_disc else np.maximum(abs(x), abs(y)) < 8
    pixels[drawn] = random.uniform(0, 255, 3)
    pixels += random.normal(0, 8, pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def spot_refs(folder: Path, n_each: int, first: int = 0) -> list[tuple[ImageRef, int]]:
    """Spots as files, squares (0) and discs (1) in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(n_each):
        for kind in (0, 1):
            path = folder / f"{number:02d}_{kind}.png"
            Image.fromarray(spot(bool(kind), first + number)).save(path)
            paths.append(path)
    return [(ref, index % 2) for index, ref in enumerate(refs(paths, folder))]


def result_of(steps: Generator[Any, None, _T]) -> _T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result


@pytest.fixture(scope="module")
def small(runtime: EncoderRuntime) -> Encoder:
    """The shipped network for small images."""
    start = runtime.encoder
    return replace(start, preprocessing=replace(start.preprocessing, size_px=_SMALL_PX))


@pytest.fixture
def workspace_of_small(
    small: Encoder, open_workspace: Callable[..., tuple[Workspace, Any]]
) -> Workspace:
    """A workspace whose encoder is that; nothing here embeds with its graph."""
    workspace, _ = open_workspace()
    workspace.runtime = replace(workspace.runtime, encoder=small)
    return workspace


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer and shorter trainings: what is seen of them here takes no more."""
    monkeypatch.setattr(gate, "N_FOLDS", 3)
    monkeypatch.setattr(training, "STEPS", 25)


def moved(encoder: Encoder, seed: int = 0) -> TunedBlocks:
    """Blocks as if they had learned something."""
    blocks = TunedBlocks(encoder, "cpu")
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in blocks.learned():
            parameter += 0.05 * torch.randn(parameter.shape, generator=random)
    return blocks


RECORD = {"n_labels": 12, "n_classes": 3}


def encoder_of(start: Encoder, blocks: TunedBlocks) -> Encoder:
    shift = np.full(start.embedding_size, 0.001, np.float32)
    return tuned_encoder(start, blocks.weights(), shift, RECORD)


@pytest.mark.parametrize("projected", [True, False])
def test_the_new_encoder_gives_what_the_tuned_blocks_gave(small: Encoder, projected: bool) -> None:
    start = small
    if not projected:
        start = replace(small, projection=None, feature_mean=np.zeros(1280, np.float32))
    images = [spot(index % 2 == 1, index) for index in range(3)]
    blocks = moved(start)
    network = build_network(start)
    batch = torch.stack([preprocess(torch.from_numpy(p), start.preprocessing) for p in images])
    with torch.no_grad():
        maps = network.features[:FIRST_BLOCK](batch)
        frozen = FrozenBlocks(start, "cpu")
        roots = np.stack([frozen.look(p, "any").roots[0] for p in images])
        with_adapters = blocks(maps, torch.from_numpy(roots)).numpy()
    folded = embed(build_network(encoder_of(start, blocks)), images, start.preprocessing)
    # Other batches and layouts take other convolutions, which round otherwise from build to build.
    np.testing.assert_allclose(folded, with_adapters, rtol=1e-4, atol=1e-4)
    assert np.abs(folded - embed(network, images, start.preprocessing)).max() > 0.01


@pytest.mark.parametrize("n_views", [1, len(VIEWS)])
def test_the_first_views_are_what_the_program_sees(small: Encoder, n_views: int) -> None:
    image = spot(False, 7)
    looked = FrozenBlocks(small, "cpu").look(image, "spot")
    assert looked.maps.shape[0] == looked.roots.shape[0] == N_VIEWS
    blocks = TunedBlocks(small, "cpu")
    made = result_of(training.embeddings_of(blocks, [looked], "cpu", n_views))
    seen = [cut(image, view) for view in VIEWS[:n_views]]
    expected = embed(build_network(small), seen, small.preprocessing).mean(0, keepdims=True)
    np.testing.assert_allclose(made, expected, atol=2e-3)  # The maps are kept in half precision.
    start = training.start_embeddings([looked], small.embedding_size, n_views)
    np.testing.assert_allclose(start, made, atol=1e-3)
    for view in range(1, N_VIEWS):
        assert np.abs(looked.maps[view] - looked.maps[0]).max() > 0.1


def test_the_new_encoder_is_an_encoder_like_any_other(
    runtime: EncoderRuntime, tmp_path: Path
) -> None:
    start = runtime.encoder
    made = encoder_of(start, moved(start))
    assert made.fingerprint != start.fingerprint
    assert repr(start.name) in made.metadata["provenance"]
    assert "12 labelled images of 3 classes" in made.metadata["provenance"]
    assert made.metadata["start"]["fingerprint"] == start.fingerprint
    assert made.metadata["start"]["meta_training"] == start.metadata["meta_training"]
    assert made.metadata["licence"] == start.metadata["licence"]
    np.testing.assert_allclose(made.feature_mean - start.feature_mean, 0.001, atol=1e-6)

    path = tmp_path / "tuned.safetensors"
    save_encoder(made, path)
    read = load_encoder(path)
    assert read.fingerprint == made.fingerprint
    assert dict(read.metadata) == dict(made.metadata)

    graph = load_or_build_graph(read, tmp_path / "graphs")
    assert graph == tmp_path / "graphs" / f"{made.fingerprint}.onnx"
    image = np.asarray(noise(83, 61))
    (ran,) = cpu_session(graph).run(["embedding"], {"image": image[None]})
    expected = embed(build_network(read), [image.copy()], read.preprocessing)
    np.testing.assert_allclose(ran, expected, atol=1e-3)  # The graph rounds to half precision.


@pytest.mark.usefixtures("quick")
def test_spots_are_told_apart_better_after_fine_tuning(
    workspace_of_small: Workspace, tmp_path: Path
) -> None:
    support = spot_refs(tmp_path / "spots", 24)
    rest = [image for image, _ in spot_refs(tmp_path / "others", 30, first=100)]
    rest[3].path.unlink()  # Only looked at to see how sure answers may be: no reason to stop.
    events: list[Event] = []

    def listen() -> Generator[None, None, FineTuned | None]:
        steps = finetune(workspace_of_small, 3, support, np.arange(len(support)), rest, 1)
        while True:
            try:
                event = next(steps)
            except StopIteration as end:
                found: FineTuned | None = end.value
                return found
            if event is not None:
                events.append(event)
            yield

    tuned = result_of(listen())
    assert isinstance(tuned, FineTuned)
    assert tuned.gain > tuned.standard_error > 0
    assert tuned.held_out is not None
    assert tuned.before.log_loss - tuned.held_out.log_loss == pytest.approx(tuned.gain, abs=1e-5)
    assert 0 < tuned.reach < 1.5
    assert len(tuned.held_out.hits) == len(tuned.before.hits) == len(support)
    given = np.array([label for _, label in support])
    np.testing.assert_array_equal(given[tuned.judged] == tuned.guesses, tuned.held_out.hits)
    assert sorted(tuned.judged.tolist()) == [*range(len(support))]
    assert tuned.share in training.SHARES
    assert all(isinstance(event, Progress) and event.request_id == 3 for event in events)
    told = [event.text for event in events if event.done == event.total > 0]
    assert told[-2:] == ["Fine-tuning", "Looking at some images without a label"]

    # On spots that nobody has labelled.
    unseen = [spot(index % 2 == 1, 500 + index) for index in range(60)]
    truth = np.arange(60) % 2
    labelled = [np.asarray(Image.open(image.path)) for image, _ in support]
    labels = np.array([label for _, label in support])

    def lost(encoder: Encoder, factor: float) -> float:
        network = build_network(encoder)
        known = embed(network, [pixels.copy() for pixels in labelled], encoder.preprocessing)
        asked = embed(network, unseen, encoder.preprocessing)
        every = np.concatenate([known, asked])
        shape = FolderShape.of(every, every.mean(0), len(every))
        steps = adapt_thoroughly(
            known, labels, every.mean(0), asked, shape, judge=encoder is not tuned.encoder
        )
        model = result_of(steps)
        return log_loss(factor * model.logits(model.directions(asked)), truth)

    start = workspace_of_small.runtime.encoder
    assert lost(tuned.encoder, tuned.factor) < lost(start, 1.0) - 0.01
    assert tuned.factor < 1  # The network has seen what its head is fitted to.


def log_loss(logits: NDArray[np.float32], truth: NDArray[np.int64]) -> float:
    shifted = logits - logits.max(1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return float(-log_probabilities[np.arange(len(truth)), truth].mean())


@pytest.mark.usefixtures("quick")
def test_labels_that_say_nothing_are_not_tuned_to(
    workspace_of_small: Workspace, tmp_path: Path
) -> None:
    support = [(image, index // 2 % 2) for index, (image, _) in enumerate(spot_refs(tmp_path, 6))]
    # Each kind of spot has as many of either label: nothing can be learned from them.
    assert result_of(finetune(workspace_of_small, 0, support, np.arange(12))) is None


def test_too_few_labels_are_refused_in_a_sentence(
    workspace_of_small: Workspace, tmp_path: Path
) -> None:
    support = spot_refs(tmp_path, 5)
    labels = np.array([label for _, label in support])
    bursts = labels.copy()  # All of a class are near-duplicates.
    assert "ten labelled images" in why_not(labels, bursts)
    assert why_not(labels, np.arange(10)) == ""
    assert "ten labelled images" in why_not(labels[:9], np.arange(9))
    assert list(finetune(workspace_of_small, 0, support, bursts)) == []


def test_most_classes_must_be_judged() -> None:
    six = [0] * 6
    assert can_judge(np.array([*six, 1, 1, 1, 1, 2]), np.arange(11))
    assert not can_judge(np.array([*six, *six, 1, 2, 3]), np.arange(15))
    assert not can_judge(np.array([*six, *six]), np.arange(12))
    assert not can_judge(np.array([], np.int64), np.array([], np.int64))


def test_near_duplicates_are_held_out_together_and_no_class_altogether() -> None:
    random = np.random.default_rng(5)
    labels = np.repeat(np.arange(4), [1, 2, 7, 30])
    groups = np.arange(40)
    groups[10:40] = 100 + np.arange(30) // 3  # The last class: ten bursts of three.
    order = random.permutation(40)
    labels, groups = labels[order], groups[order]
    folds = folds_of(labels, groups)
    for group in np.unique(groups):
        assert len(np.unique(folds[groups == group])) == 1
    assert (folds[labels == 0] == -1).all()
    assert (folds[labels > 0] >= 0).all()
    for fold in range(folds.max() + 1):
        assert set(labels[folds != fold]) == {0, 1, 2, 3}


def test_a_prototype_leaves_out_the_near_duplicates_of_who_asks() -> None:
    """Two of a burst point the other way than the third image of their class."""
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    labels = np.array([0, 0, 0, 1, 1])
    images = np.arange(5)

    def loss(groups: list[int]) -> float:
        return float(training._prototype_loss(x, labels, np.array(groups), images))

    # Alone: the first two are near each other. As a burst: each is judged by the third only.
    assert loss([0, 0, 1, 2, 3]) > loss([0, 1, 2, 3, 4]) + 1


def test_one_example_is_judged_by_its_other_view() -> None:
    x = torch.tensor([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0], [0.0, 1.0]])
    labels, groups = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    images = np.array([0, 0, 1, 2])  # The first class has one image, drawn in two views.
    p = np.array([[1.0, 0.0], [0.6, 0.8]])
    prototypes = np.array([[1.6, 0.8], [0.0, 1.0]]) / np.array([[np.sqrt(3.2)], [1.0]])
    cosines = np.array([*(p @ prototypes.T), *[prototypes @ [0.0, 1.0]] * 2])
    cosines[0, 0] = cosines[1, 0] = 0.6  # Of the two views with each other.
    expected = log_loss((10 * cosines).astype(np.float32), labels)
    found = float(training._prototype_loss(x, labels, groups, images))
    assert found == pytest.approx(expected, abs=1e-5)


def test_what_is_held_out_has_no_say_in_the_head() -> None:
    random = np.random.default_rng(0)
    embeddings = random.normal(size=(20, 8)).astype(np.float32)
    labels, groups = np.arange(20) % 2, np.arange(20)
    left_out = np.arange(20) >= 16
    mean = np.zeros(8, np.float32)
    told = held_out_logits(embeddings, labels, groups, left_out, mean)
    swapped = labels.copy()
    swapped[left_out] = 1 - labels[left_out]
    assert told.shape == (4, 2)
    np.testing.assert_array_equal(
        told, held_out_logits(embeddings, swapped, groups, left_out, mean)
    )


def test_what_is_held_out_has_no_say_in_the_vote_but_as_an_unlabelled_image() -> None:
    random = np.random.default_rng(0)
    labels, groups = np.arange(20) % 2, np.arange(20)
    embeddings = (random.normal(size=(20, 8)) + 2 * labels[:, None]).astype(np.float32)
    left_out = np.arange(20) >= 16
    mean = np.zeros(8, np.float32)
    rest = (random.normal(size=(30, 8)) + 2 * (np.arange(30)[:, None] % 2)).astype(np.float32)
    told, distances = result_of(
        held_out_votes(embeddings, labels, groups, left_out, mean, rest, is_tuned=True)
    )
    swapped = labels.copy()
    swapped[left_out] = 1 - labels[left_out]
    again, _ = result_of(
        held_out_votes(embeddings, swapped, groups, left_out, mean, rest, is_tuned=True)
    )
    np.testing.assert_array_equal(told, again)
    assert (told.argmax(1) == labels[left_out]).all()
    every = np.concatenate([embeddings, rest])
    x = normalise(embeddings, folder_mean(every.sum(0, dtype=np.float64), len(every), mean))
    nearest = 1 - (x[left_out] @ x[~left_out].T).max(1)
    np.testing.assert_allclose(distances, nearest, atol=1e-6)
    without, _ = result_of(
        held_out_votes(embeddings, labels, groups, left_out, mean, rest[:0], is_tuned=True)
    )
    assert np.abs(without - told).max() > 0.01


def test_confidence_is_taken_back_where_it_was_too_high() -> None:
    """One in four is wrong whatever the logits say: log odds of log 3, not of 8."""
    labels = np.arange(400) % 2
    said = np.where(np.arange(400) % 4 == 0, 1 - labels, labels)
    logits = np.where(said[:, None] == np.arange(2), 4.0, -4.0).astype(np.float32)
    tried = judge(0.5, logits, labels, np.arange(400), gate.TUNED)
    assert tried.factor * 8 == pytest.approx(np.log(3), rel=0.1)
    assert tried.held_out.accuracy == pytest.approx(0.75)
    assert tried.losses.mean() == pytest.approx(
        -0.75 * np.log(0.75) - 0.25 * np.log(0.25), abs=0.01
    )


def test_a_burst_is_one_piece_of_evidence() -> None:
    """Twenty copies that come out wrong beside four images that come out right: four of five."""
    labels = np.array([0] * 20 + [0, 0, 1, 1])
    groups = np.array([0] * 20 + [1, 2, 3, 4])
    logits = np.where(labels[:, None] == np.arange(2), 2.0, -2.0).astype(np.float32)
    logits[:20] *= -1
    tried = judge(0.5, logits, labels, groups, gate.TUNED)
    assert tried.held_out.hits.tolist() == [False, True, True, True, True]
    assert len(tried.losses) == 5
    assert tried.held_out.log_loss == pytest.approx(tried.losses.mean())


def test_a_gain_below_its_standard_error_is_not_believed() -> None:
    labels = np.zeros(50, np.int64)
    labels[25:] = 1
    groups = np.arange(50)
    random = np.random.default_rng(1)
    start = random.normal(0, 1, (50, 2)).astype(np.float32)
    start[np.arange(50), labels] += 1
    sure = np.zeros((50, 2), np.float32)
    sure[np.arange(50), labels] = 4
    alike = start + random.normal(0, 0.3, start.shape).astype(np.float32)
    before = judge(0.0, start, labels, groups, gate.UNTUNED)
    better = judge(1.0, sure, labels, groups, gate.TUNED)
    other = judge(0.5, alike, labels, groups, gate.TUNED)
    assert decide(before, [other, better]).best is better
    assert decide(before, [other, better]).exceeds(gate.CLEAR_GAIN)
    assert not decide(better, [before, other]).exceeds(gate.CLEAR_GAIN)
    same = decide(before, [before])
    assert (same.gain, same.exceeds(gate.CLEAR_GAIN)) == (0.0, False)


def test_the_same_labels_give_the_same_encoder(small: Encoder) -> None:
    def weights() -> dict[str, NDArray[np.float32]]:
        frozen = FrozenBlocks(small, "cpu")
        looked = [frozen.look(spot(index % 2 == 1, index), f"{index}") for index in range(4)]
        labels = np.array([0, 1, 0, 1])
        examples = training.Examples(looked, labels, np.arange(4))
        steps = training.tune(small, examples, np.arange(4))
        for _ in range(2):
            next(steps)
        torch.rand(3)  # Draws of others make no difference.
        found: dict[str, NDArray[np.float32]] = result_of(steps).weights()
        return found

    first, again = weights(), weights()
    assert first.keys() == again.keys() <= small.weights.keys()
    assert any(np.abs(first[name] - small.weights[name]).max() > 0.001 for name in first)
    for name in first:
        np.testing.assert_array_equal(first[name], again[name])


def test_part_of_the_way(small: Encoder) -> None:
    start, end = TunedBlocks(small, "cpu"), moved(small)
    half = end.part_way(start, 0.5).weights()
    for name, value in half.items():
        middle = (small.weights[name] + end.weights()[name]) / 2
        np.testing.assert_allclose(value, middle, atol=1e-6)
    assert end.part_way(start, 0.0).weights().keys() == half.keys()


def test_closing_leaves_nothing_behind(workspace_of_small: Workspace, tmp_path: Path) -> None:
    support = spot_refs(tmp_path / "spots", 5)
    before = sorted(tmp_path.rglob("*"))
    steps = finetune(workspace_of_small, 0, support, np.arange(len(support)))
    for event in steps:
        if isinstance(event, Progress) and event.text == "Fine-tuning":
            break
    steps.close()
    assert workspace_of_small.pool.submit(lambda: 7).result(timeout=60) == 7
    assert sorted(tmp_path.rglob("*")) == before


def test_an_image_that_is_gone_is_named(workspace_of_small: Workspace, tmp_path: Path) -> None:
    from engine.errors import EngineError

    support = spot_refs(tmp_path, 5)
    support[1][0].path.unlink()
    with pytest.raises(EngineError, match=support[1][0].name):
        result_of(finetune(workspace_of_small, 0, support, np.arange(10)))


def test_the_estimate_grows_with_labels_and_folder(workspace: Workspace) -> None:
    few = estimate_seconds(20, 300, workspace)
    assert 1 < few < estimate_seconds(60, 300, workspace) < estimate_seconds(60, 30_000, workspace)


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folds of two stretches, whose network is kept whatever comes of it."""
    monkeypatch.setattr(gate, "N_FOLDS", 2)
    monkeypatch.setattr(training, "STEPS", 2 * training.KEPT_EVERY)
    monkeypatch.setattr(gate.Verdict, "exceeds", lambda *_: True)


def tell(
    steps: Generator[Event | None, None, FineTuned | None], stop: Callable[[Event], bool]
) -> tuple[list[Event], FineTuned | None]:
    """What is told, and what comes out; closed after an event at which it is to stop."""
    events: list[Event] = []
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            return events, end.value
        if event is not None:
            events.append(event)
            if stop(event):
                steps.close()
                return events, None


def never(_: Event) -> bool:
    return False


@pytest.mark.usefixtures("brief")
def test_what_is_closed_goes_on_where_it_was_with_the_same_result(
    workspace_of_small: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    support = spot_refs(tmp_path / "spots", 6)
    kept_in = tmp_path / "kept"
    given = (workspace_of_small, 5, support, np.arange(12), (), 1)
    _, whole = tell(finetune(*given), never)  # As the command line does it: keeps nothing.
    assert whole is not None
    assert not kept_in.exists()

    def middle(event: Event) -> bool:
        """In the middle of a training."""
        return (
            isinstance(event, TrainingPoint)
            and event.series is Series.LOSS
            and event.step == training.KEPT_EVERY + 4
        )

    first, nothing = tell(finetune(*given, kept_in), middle)
    assert nothing is None
    workspace_of_small.pool.submit(lambda: None).result()
    looked = list(kept_in.glob("*.looked"))
    assert len(looked) == 12
    assert list(kept_in.glob("*.position"))

    looks: list[str] = []
    monkeypatch.setattr(FrozenBlocks, "look", lambda *given, **_: looks.append(given[2]))
    steps_before = count_steps(monkeypatch)
    again, resumed = tell(finetune(*given, kept_in), never)
    assert resumed is not None
    assert looks == []  # Nothing was decoded and looked at again,
    assert 0 < len(steps_before) <= 5 * training.KEPT_EVERY  # nor trained again.
    assert resumed.encoder.fingerprint == whole.encoder.fingerprint  # Over all weights.
    np.testing.assert_array_equal(resumed.held_out_losses, whole.held_out_losses)
    assert (resumed.factor, resumed.reach, resumed.share) == (
        whole.factor,
        whole.reach,
        whole.share,
    )
    # The curves are whole, with what was told before.
    assert set(points_in(first)) <= set(points_in(again))
    assert len(points_in(again)) == len(set(points_in(again))) == 3 * 4 + 2 * 3 * 2

    steps_before.clear()
    known, same = tell(finetune(*given, kept_in), never)
    assert steps_before == []
    assert same is not None
    assert same.encoder.fingerprint == whole.encoder.fingerprint
    assert set(points_in(known)) == set(points_in(again))
    assert not list(kept_in.glob("*.position"))
    last = [event for event in known if isinstance(event, Progress) and event.text == "Fine-tuning"]
    assert last[-1].done == last[-1].total

    # Other labels of the same images are another training of what was looked at already.
    swapped = [(image, 1 - label) for image, label in support[:4]] + support[4:]
    tell(finetune(workspace_of_small, 5, swapped, np.arange(12), (), 1, kept_in), middle)
    assert looks == []
    assert steps_before


def count_steps(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A number is added to it at every step of an optimizer."""
    taken: list[int] = []
    step = torch.optim.AdamW.step

    def counted(self: torch.optim.AdamW, *given: Any) -> Any:
        taken.append(1)
        return step(self, *given)

    monkeypatch.setattr(torch.optim.AdamW, "step", counted)
    return taken


def points_in(events: list[Event]) -> list[tuple[Any, ...]]:
    return [
        (event.series, event.training, event.step, event.value)
        for event in events
        if isinstance(event, TrainingPoint)
    ]


@pytest.mark.usefixtures("brief")
def test_curves_tell_how_every_fold_does(workspace_of_small: Workspace, tmp_path: Path) -> None:
    support = spot_refs(tmp_path / "spots", 6)
    kept_in = tmp_path / "kept"
    steps = finetune(workspace_of_small, 5, support, np.arange(12), (), 1, kept_in)
    events, _ = tell(steps, never)
    points = [event for event in events if isinstance(event, TrainingPoint)]
    assert {point.request_id for point in points} == {5}
    assert {point.n_trainings for point in points} == {3}
    for fold in (0, 1):
        own = [point for point in points if point.training == fold]
        held_out = [point.step for point in own if point.series is Series.HELD_OUT_LOSS]
        assert held_out == [0, 8, 16]
        accuracies = [point.value for point in own if point.series is Series.HELD_OUT_ACCURACY]
        assert all(0 <= value <= 1 for value in accuracies)
    whole = [point for point in points if point.training == 2]
    assert {point.series for point in whole} == {Series.LOSS}  # Nothing is held out from it.


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("damage", [b"", b"\xff" * 8, b"nothing that could be read at all"])
def test_damaged_checkpoints_are_made_anew(
    workspace_of_small: Workspace, tmp_path: Path, damage: bytes
) -> None:
    checkpoints = Checkpoints(tmp_path / "kept", workspace_of_small.runtime.encoder, "cpu")
    looked = FrozenBlocks(workspace_of_small.runtime.encoder, "cpu").look(spot(True, 1), "a")
    key = checkpoints.looked_key(b"1", "a", 5)
    checkpoints.keep_looked(key, looked)
    again = checkpoints.looked(key)
    assert again is not None
    np.testing.assert_array_equal(again.maps, looked.maps)
    (path,) = (tmp_path / "kept").iterdir()
    path.write_bytes(damage)
    assert checkpoints.looked(key) is None
    path.write_bytes(path.read_bytes()[:40])
    assert checkpoints.looked(key) is None


def test_the_oldest_checkpoints_go_first(
    small: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = Checkpoints(tmp_path, small, "cpu")
    checkpoints.prune()
    array = np.zeros((1, 4), np.float32)
    for number in range(4):
        checkpoints.keep_looked(f"{number}", Looked(array.astype(np.float16), array, array))
        os.utime(tmp_path / f"{number}.looked", (number, number))
    assert checkpoints.looked("0") is not None  # Was of use just now.
    size = (tmp_path / "0.looked").stat().st_size
    monkeypatch.setattr(checkpoint_module, "MOST_BYTES", 2 * size)
    checkpoints.prune()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.looked", "3.looked"]

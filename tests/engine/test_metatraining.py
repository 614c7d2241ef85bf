"""Meta-training on painted images: small, seeded, on the CPU."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import load_file, save_file
from torchvision.models import mobilenet_v2  # type: ignore[import-untyped]  # It has no types.

from engine.cli import main
from engine.encoder.description import Encoder, Preprocessing
from engine.encoder.encoder_file import load_encoder, save_encoder, shipped_encoder_path
from engine.encoder.network import Network, build_network, embed, embedding_of, weights_of
from engine.errors import EngineError
from engine.messages import Progress
from engine.metatraining.aggregation import interpolate
from engine.metatraining.algorithms.anchored import AnchoredEncoder, AnchoredPrototypes
from engine.metatraining.datasets import ImageSet, open_image_set, open_image_sets
from engine.metatraining.encoder_training import choice, kept
from engine.metatraining.encoder_training import estimate as estimate_module
from engine.metatraining.encoder_training.estimate import estimate
from engine.metatraining.encoder_training.gate import Candidate, Cell, choose, measure
from engine.metatraining.encoder_training.label_draws import (
    HEADS,
    accuracies,
    cosine_prototypes,
    draw_labels,
    plain_prototypes,
    product_head,
    ridge,
)
from engine.metatraining.encoder_training.projection import project
from engine.metatraining.encoder_training.recipe import (
    LossRule,
    ProjectionRule,
    ProjectionView,
    Recipe,
    ViewRule,
    load_recipe,
)
from engine.metatraining.encoder_training.run import MetaTrained, meta_train
from engine.metatraining.episodes import EpisodeRule, EpisodeSampler
from engine.metatraining.intervals import score
from engine.metatraining.loop import TrainingLoop
from engine.metatraining.optimizers import OptimizerRule
from engine.metatraining.tasks import Task
from engine.metatraining.views import View, generator_for, make_view

Result = TypeVar("Result")

SIZE_PX = 32


def _paint_set(folder: Path, n_classes: int, n_images: int, seed: int) -> Path:
    """Classes differ in the direction of their stripes; every image has its own colours."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:40, 0:48]
    for label in range(n_classes):
        class_folder = folder / f"class{label}"
        class_folder.mkdir(parents=True)
        angle = np.pi * label / n_classes
        for number in range(n_images):
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) / 2 + random.random() * 6)
            pixels = (
                128 + 90 * wave[..., None] * random.random(3) + random.normal(0, 9, (40, 48, 3))
            )
            image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
            image.save(class_folder / f"{number:03}.png")
    return folder


def _tar_of(folder: Path, path: Path, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        archive.add(folder, folder.name)
    return path


def _finish(generator: Generator[Progress, None, Result]) -> tuple[Result, list[Progress]]:
    events: list[Progress] = []
    while True:
        try:
            events.append(next(generator))
        except StopIteration as finished:
            return finished.value, events


# --- Data sets -----------------------------------------------------------------------------------


def test_a_folder_and_its_tar_file_are_the_same_set(tmp_path: Path) -> None:
    folder = _paint_set(tmp_path / "stripes", 3, 4, seed=0)
    (folder / "class0" / "notes.txt").write_text("no image")
    tar = _tar_of(folder, tmp_path / "stripes.tar")

    from_folder, from_tar = open_image_set(folder), open_image_set(tar)
    assert from_folder.name == from_tar.name == "stripes"
    assert from_folder.class_names == from_tar.class_names == ("class0", "class1", "class2")
    assert from_folder.image_names == from_tar.image_names
    assert from_tar.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    for index in (0, 5, 11):
        with Image.open(folder / from_folder.image_names[index]) as image:
            pixels = np.asarray(image.convert("RGB"))
        np.testing.assert_array_equal(from_folder.decode(index), pixels)
        np.testing.assert_array_equal(from_tar.decode(index), pixels)


def test_a_folder_of_sets_stands_for_all_of_them(tmp_path: Path) -> None:
    for name in ("b", "a"):
        _tar_of(_paint_set(tmp_path / "painted" / name, 2, 2, seed=0), tmp_path / f"{name}.tar")
    shutil.move(tmp_path / "painted", tmp_path / "folders")
    tars = tmp_path / "tars"
    tars.mkdir()
    for name in ("a", "b"):
        shutil.move(tmp_path / f"{name}.tar", tars)
    assert [images.name for images in open_image_sets([tars])] == ["a", "b"]
    assert [images.name for images in open_image_sets([tmp_path / "folders"])] == ["a", "b"]
    with pytest.raises(EngineError, match="named 'a'"):
        open_image_sets([tars, tmp_path / "folders" / "a"])


def test_what_is_no_image_set_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.tar").write_text("no tar file")
    compressed = _tar_of(_paint_set(tmp_path / "set", 2, 2, 0), tmp_path / "set.tar", "w:gz")
    for path, words in (
        (tmp_path / "empty", "no folders of images"),
        (tmp_path / "text.tar", "uncompressed tar"),
        (compressed, "uncompressed tar"),
        (tmp_path / "missing.tar", "no such file"),
    ):
        with pytest.raises(EngineError, match=words) as caught:
            open_image_set(path)
        assert str(path) in str(caught.value)


# --- Episodes ------------------------------------------------------------------------------------


LABELS = np.repeat(np.arange(6), [3, 5, 8, 8, 12, 20])


def test_episodes_keep_to_their_rule() -> None:
    rule = EpisodeRule(min_way=2, max_way=5, min_shot=1, max_shot=4, n_query=3, max_images=30)
    sampler = EpisodeSampler(["only"], [LABELS], [1.0], rule)
    random = torch.Generator().manual_seed(0)
    ways, shots = set(), set()
    for _ in range(300):
        episode = sampler.sample(random)
        together = np.concatenate([episode.support, episode.query])
        assert len(set(together.tolist())) == len(together) <= 30
        ways.add(episode.n_way)
        per_class = np.bincount(episode.support_labels)
        shots.update(per_class.tolist())
        assert 2 <= episode.n_way == len(per_class) <= 5
        assert per_class.min() >= 1
        assert per_class.max() <= 4
        queries = np.bincount(episode.query_labels, minlength=episode.n_way)
        assert queries.min() >= 1
        assert queries.max() <= 3
        # Episode labels stand for one class each.
        for label in range(episode.n_way):
            of_label = [
                *LABELS[episode.support[episode.support_labels == label]],
                *LABELS[episode.query[episode.query_labels == label]],
            ]
            assert len(set(of_label)) == 1
    assert ways == {2, 3, 4, 5}
    assert shots == {1, 2, 3, 4}


def test_the_mixture_weights_rule_how_often_a_set_is_drawn() -> None:
    sampler = EpisodeSampler(["a", "b", "c"], [LABELS] * 3, [1.0, 3.0, 0.0], EpisodeRule())
    random = torch.Generator().manual_seed(0)
    drawn = np.bincount([sampler.sample(random).set_index for _ in range(800)], minlength=3)
    # 200 expected; the standard deviation of that count is 12.
    assert abs(drawn[0] - 200) < 50
    assert drawn[2] == 0


def test_images_with_a_negative_label_are_never_drawn() -> None:
    labels = LABELS.copy()
    labels[::2] = -1
    sampler = EpisodeSampler(["a"], [labels], [1.0], EpisodeRule())
    random = torch.Generator().manual_seed(0)
    for _ in range(100):
        episode = sampler.sample(random)
        assert (labels[np.concatenate([episode.support, episode.query])] >= 0).all()


def test_impossible_episodes_are_refused_with_their_numbers() -> None:
    with pytest.raises(EngineError, match=r"'few' has 2 classes of at least 11 images.*need 5"):
        EpisodeSampler(["few"], [LABELS], [1.0], EpisodeRule(min_way=5, min_shot=10))
    with pytest.raises(EngineError, match=r"need 40 images, but max_images is 39"):
        EpisodeSampler(["a"], [LABELS], [1.0], EpisodeRule(min_way=4, min_shot=9, max_images=39))


def test_the_same_generator_draws_the_same_episodes() -> None:
    drawn = []
    for _ in range(2):
        sampler = EpisodeSampler(["a"], [LABELS], [1.0], EpisodeRule())
        random = torch.Generator().manual_seed(4)
        drawn.append([sampler.sample(random) for _ in range(20)])
    for first, second in zip(*drawn, strict=True):
        np.testing.assert_array_equal(first.support, second.support)
        np.testing.assert_array_equal(first.query, second.query)


# --- Views ---------------------------------------------------------------------------------------


def test_the_default_view_is_the_products_own_preprocessing() -> None:
    from engine.encoder.network import preprocess

    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    rule = Preprocessing(size_px=40)
    view = make_view(image, View(size_px=40), rule, True, generator_for("any"))
    torch.testing.assert_close(view, preprocess(torch.from_numpy(image), rule))


def test_a_view_depends_on_its_key_alone() -> None:
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    view = View(size_px=36, min_area=0.3, flip=True, colour=0.4, grey=0.5)

    def made(*key: str | int) -> torch.Tensor:
        return make_view(image, view, Preprocessing(), True, generator_for(*key))

    assert torch.equal(made(1, "set", 7, 0), made(1, "set", 7, 0))
    assert not torch.equal(made(1, "set", 7, 0), made(1, "set", 8, 0))
    assert made(0).shape == (3, 36, 36)


def test_a_turned_view_is_one_of_three_quarter_turns() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    preprocessing = Preprocessing(size_px=32)

    def made(turned: NDArray[np.uint8], view: View, key: int) -> torch.Tensor:
        return make_view(turned, view, preprocessing, True, generator_for(key))

    plain = [made(np.rot90(image, turns).copy(), View(size_px=32), 0) for turns in range(4)]
    found = set()
    for key in range(30):
        view = made(image, View(size_px=32, turn=True), key)
        found.add(next(n for n in range(4) if torch.equal(view, plain[n])))
    assert found == {1, 2, 3}


def test_images_of_some_sets_are_not_mirrored() -> None:
    ramp = np.tile(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], (64, 1, 3))
    view = View(size_px=32, flip=True)
    for may_flip in (True, False):
        rising = [
            bool((made[0, 16].diff() > 0).all())
            for number in range(30)
            for made in [make_view(ramp, view, Preprocessing(), may_flip, generator_for(number))]
        ]
        assert all(rising) != may_flip
        assert any(rising)


# --- Evaluation ----------------------------------------------------------------------------------


def test_draws_label_k_images_of_every_class_and_leave_the_rest() -> None:
    labels = np.repeat(np.arange(3), [2, 6, 9])
    draws = draw_labels(labels, 4, 20, seed=1)
    for draw in draws:
        assert np.bincount(labels[draw.support]).tolist() == [1, 4, 4]
        assert sorted([*draw.support, *draw.query]) == list(range(17))
    assert len({tuple(sorted(draw.support)) for draw in draws}) > 10
    again = draw_labels(labels, 4, 10, seed=1)
    for first, second in zip(draws, again, strict=False):
        np.testing.assert_array_equal(first.support, second.support)
    with pytest.raises(EngineError, match="has 1 image;"):
        draw_labels(np.array([0, 0, 1]), 1, 2, seed=0)


def test_plain_prototypes_by_hand() -> None:
    """Prototypes (1, 0) and (0, 5); |q - p|^2 of (1, 2) is 4 and 10."""
    support = np.array([[0, 0], [2, 0], [0, 5]], np.float32)
    query = np.array([[1, 2], [1, 4]], np.float32)
    given = plain_prototypes(support, np.array([0, 0, 1]), query, np.zeros(2, np.float32), 2)
    assert given.tolist() == [0, 1]


def test_cosine_prototypes_by_hand() -> None:
    """About the mean (1, 1): directions (1, 0) and (0, 1); length does not matter."""
    mean = np.ones(2, np.float32)
    support = np.array([[3, 1], [1, 9]], np.float32)
    query = np.array([[1.2, 1.1], [1.1, 1.2], [9, 8]], np.float32)
    assert cosine_prototypes(support, np.array([0, 1]), query, mean, 2).tolist() == [0, 1, 0]


def test_ridge_is_regression_on_one_hot_labels() -> None:
    """The primal solution (X'X + 0.3 I)^-1 X'Y, in place of the kernel's."""
    random = np.random.default_rng(0)
    support = random.normal(size=(12, 5)).astype(np.float32)
    queries = random.normal(size=(40, 5)).astype(np.float32)
    labels = np.arange(12) % 3
    mean = support.mean(0)
    x = support - mean
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    weights = np.linalg.solve(x.T @ x + 0.3 * np.eye(5), x.T @ np.eye(3)[labels])
    expected = ((queries - mean) @ weights).argmax(1)
    assert ridge(support, labels, queries, mean, 3).tolist() == expected.tolist()


@pytest.mark.parametrize("head", [*HEADS, "product"])
def test_every_head_separates_what_is_separate_and_ignores_the_order_of_classes(
    head: str,
) -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 10)
    centres = np.abs(random.normal(size=(4, 30))) * 3
    embeddings = np.abs(centres[labels] + random.normal(size=(40, 30)) * 0.3).astype(np.float32)
    fitted = product_head(embeddings.mean(0), 40) if head == "product" else HEADS[head]
    draws = draw_labels(labels, 3, 5, seed=0)
    assert accuracies(embeddings, labels, fitted, draws).tolist() == [1.0] * 5
    permuted = np.array([2, 0, 3, 1])[labels]
    assert accuracies(embeddings, permuted, fitted, draws).tolist() == [1.0] * 5


def test_a_score_is_the_mean_and_its_interval() -> None:
    found = score(np.array([0.5, 0.7]))
    assert found.mean == pytest.approx(0.6)
    # The standard deviation is 0.1 * sqrt(2), its error 0.1.
    assert found.ci95 == pytest.approx(0.196)


# --- Loss and interpolation ----------------------------------------------------------------------


class _Still(AnchoredEncoder):
    """An encoder that knows its two-dimensional embeddings, and is held to the first axis."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Parameter(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.table[images]

    def targets(self, images: torch.Tensor) -> torch.Tensor:
        return torch.tensor([[1.0, 0.0]]).expand(len(images), 2)


def test_anchored_prototypes_by_hand() -> None:
    """Prototypes (1, 0) and (0, 1), a query at the first: -log(e^2 / (e^2 + 1)), counted twice.

    One of three images is a right angle from its target: 1/3, counted 0.3 times.
    """
    task = Task(
        support=torch.tensor([0, 1]),
        support_labels=torch.tensor([0, 1]),
        query=torch.tensor([2]),
        query_labels=torch.tensor([0]),
        n_way=2,
        class_ids=torch.tensor([0, 1]),
        weight=4.0,
    )
    encoder = _Still()
    algorithm = AnchoredPrototypes(encoder, episode=0.5, anchor=0.3, scale=2.0, scale_rate=0.1)
    report = algorithm.meta_learn([task])
    assert report.loss == pytest.approx(2 * np.log1p(np.exp(-2)) + 0.1)
    assert report.accuracy == 1.0
    # d(-log p)/d(log scale) = -scale * (1 - p) here, where the cosines are 1 and 0.
    wrong = 1 / (1 + np.exp(2))
    assert algorithm.log_scale.grad is not None
    assert algorithm.log_scale.grad.item() == pytest.approx(-2 * 2 * wrong)
    assert encoder.table.grad is not None
    # The image a right angle away is pulled to its target, 0.3 / 3; the query, which is not of its
    # class, pushes it off with twice the scale times what it gets of the probability.
    assert encoder.table.grad[1, 0].item() == pytest.approx(-0.1 + 2 * 2 * wrong)
    weights, scale = algorithm.parameter_groups()
    assert weights["params"] == [encoder.table]
    assert scale["lr"] == 0.1
    predict = algorithm.adapt(task.support, task.support_labels, 2)
    assert predict(task.query).exp()[0, 0].item() == pytest.approx(1 - wrong)


def test_silent_units_get_no_gradient() -> None:
    activation = torch.tensor([0.0, 4.0]).reshape(1, 2, 1, 1).requires_grad_(True)
    embedding = embedding_of(activation)
    assert embedding.tolist() == [[0.0, 2.0]]
    embedding.sum().backward()
    assert activation.grad is not None
    assert activation.grad.flatten().tolist() == [0.0, 0.25]


def test_mixing_goes_the_share_of_the_way() -> None:
    start = {"a": torch.tensor([0.0, 2.0]), "n": torch.tensor(3)}
    trained = {"a": torch.tensor([1.0, 4.0]), "n": torch.tensor(3)}
    assert interpolate(start, trained, 0.25)["a"].tolist() == [0.25, 2.5]
    assert interpolate(start, trained, 0.25)["n"].item() == 3


def _candidate(share: float, first: float, second: float) -> Candidate:
    """Accuracies of two sets, the same in both draws."""
    return Candidate(
        share, None, {("a", "ridge", 1): np.full(2, first), ("b", "ridge", 1): np.full(2, second)}
    )


def test_the_best_candidate_that_harms_no_set_is_chosen() -> None:
    start = _candidate(0.0, 0.50, 0.80)
    gentle, bold, harmful = (
        _candidate(0.3, 0.51, 0.80),
        _candidate(0.6, 0.54, 0.795),
        _candidate(1.0, 0.70, 0.78),
    )
    assert choose(start, [gentle, bold, harmful]) is bold
    assert choose(start, [harmful]) is start
    assert choose(start, [_candidate(0.5, 0.50, 0.795)]) is start


def test_a_loss_that_the_draws_do_not_exclude_is_held_against_a_candidate() -> None:
    """Differences -1.5 and 0.5 points: their mean is -0.5, but its interval reaches below -1."""
    start = _candidate(0.0, 0.50, 0.80)
    shaky = Candidate(
        0.5, None, {("a", "ridge", 1): np.full(2, 0.6), ("b", "ridge", 1): np.array([0.785, 0.805])}
    )
    assert shaky.gain_over(start) == pytest.approx((0.1 - 0.005) / 2)
    assert shaky.worst_against(start) < -0.01
    assert choose(start, [shaky]) is start


# --- Recipes -------------------------------------------------------------------------------------


RECIPE = """
name = "Painted"
seed = 3
n_episodes = 7
frozen_blocks = 16
never_flipped = ["left"]
interpolation = [0.5, 1]

[episodes]
max_way = 4

[loss]
anchor = 2

[mixture]
left = 2.5

[projection]
taps = [18, 7]
tap_weights = [1, 0.5]
earlier_size = 100

[[projection.views]]
weight = 2
turn = true

[[views]]

[[views]]
size_px = 160
min_area = 0.5
target = false
"""


def test_a_recipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('start = "mine.safetensors"\n' + RECIPE)
    assert load_recipe(path) == Recipe(
        name="Painted",
        seed=3,
        n_episodes=7,
        start=tmp_path / "mine.safetensors",
        frozen_blocks=16,
        never_flipped=frozenset({"left"}),
        interpolation=(0.5, 1.0),
        episodes=EpisodeRule(max_way=4),
        loss=LossRule(anchor=2.0),
        mixture=MappingProxyType({"left": 2.5}),
        projection=ProjectionRule(
            taps=(18, 7),
            tap_weights=(1.0, 0.5),
            earlier_size=100,
            views=(ProjectionView(View(turn=True), weight=2.0),),
        ),
        views=(ViewRule(View()), ViewRule(View(size_px=160, min_area=0.5), target=False)),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seed = 3", "it has no name"),
        ('name = "x"\nn_steps = 3', r"papers' recipes have, but no table \[algorithm\]"),
        ("name = ", "is no valid recipe"),
        ('name = "x"\nsteps = 3', "unknown key, steps"),
        ('name = "x"\n[loss]\nmargin = 3', r"unknown key, loss\.margin"),
        ('name = "x"\nseed = "three"', "seed must be a whole number, not 'three'"),
        ('name = "x"\nseed = true', "seed must be a whole number, not True"),
        ('name = "x"\nn_episodes = -1', "n_episodes must be at least 0, not -1"),
        ('name = "x"\nfrozen_blocks = 19', "frozen_blocks must be"),
        ('name = "x"\n[episodes]\nmin_way = 1', "2 <= min_way"),
        ('name = "x"\n[optimizer]\nlearning_rate = -1', r"learning_rate must be in \(0, 1\]"),
        ('name = "x"\ninterpolation = [2]', "interpolation must hold shares"),
        ('name = "x"\n[[views]]\n[[views]]\nmin_area = 0', "min_area must be"),
        ('name = "x"\n[[views]]\nmin_area = 0.5', "the first view"),
        ('name = "x"\nviews = 3', "views must be a list"),
        ('name = "x"\nn_episodes = 0', "nothing to do"),
        (f'name = "x"\nseed = {2**70}', "seed must be 0 to below 4294967296"),
        ('name = "x"\n[episodes]\nturned_classes = true', "kept feature maps cannot be turned"),
        ('name = "x"\nprojection = 3', "projection must be a table"),
        ('name = "x"\n[projection]\nsize = 3', r"unknown key, projection\.size"),
        ('name = "x"\n[projection]\ntaps = [7, 18]', "must begin with 18"),
        ('name = "x"\n[projection]\ntaps = [18, 1]', "from 2 on"),
        ('name = "x"\n[projection]\ntap_weights = [1]', "one weight above 0 for every tap"),
        ('name = "x"\n[projection]\nlast_size = 1200', "at most 1280 numbers"),
        ('name = "x"\n[projection]\nshrinkage = 0', "shrinkage must be above 0"),
        ('name = "x"\n[projection]\nshares = [0]', "shares must hold"),
        ('name = "x"\n[[projection.views]]\nmin_area = 2', "min_area must be"),
        ('name = "x"\n[[projection.views]]\nweight = "a"', "weight must be a number"),
        ('name = "x"\nmixture = 3', "mixture must be a table"),
        ('name = "x"\n[mixture]\na = -1', "must not be negative"),
    ],
)
def test_a_wrong_recipe_is_refused_in_a_sentence(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)
    with pytest.raises(EngineError, match=words) as caught:
        load_recipe(path)
    assert str(path) in str(caught.value)
    with pytest.raises(EngineError, match="no such file"):
        load_recipe(tmp_path / "missing.toml")


def test_the_minimal_recipe_is_valid() -> None:
    recipe = load_recipe(shipped_encoder_path().with_name("recipes") / "minimal.toml")
    assert recipe.start is None
    assert recipe.n_episodes == 100


def test_the_full_recipe_can_be_run_by_anybody() -> None:
    recipe = load_recipe(shipped_encoder_path().with_name("recipes") / "full.toml")
    assert recipe.start is None
    assert recipe.mixture == {}
    assert recipe.never_flipped == frozenset()  # Else it would ask for a set of that name.
    assert recipe.n_episodes == 350


def test_the_shipped_recipe_is_valid() -> None:
    recipe = load_recipe(shipped_encoder_path().parent / "recipes" / "shipped.toml")
    assert recipe.start is not None, "else it would start from its own result"
    encoder = load_encoder(shipped_encoder_path())
    assert encoder.name == recipe.name
    assert encoder.metadata["meta_training"]["recipe"]["n_episodes"] == recipe.n_episodes


# --- Whole runs ----------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Bit for bit is promised for as many threads; MKL takes fewer where others use the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", autouse=True)
def exported_once() -> Iterator[None]:
    """Many runs use the same networks, each of which takes seconds to export."""
    export, kept_sessions = kept.session_of, {}

    def session_of(module: torch.nn.Module, *given: Any) -> Any:
        stored = io.BytesIO()
        torch.save(module.state_dict(), stored)
        key = (str(module), getattr(module, "taps", ()), stored.getvalue(), str(given))
        if key not in kept_sessions:
            kept_sessions[key] = export(module, *given)
        return kept_sessions[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "session_of", session_of)
        yield


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network for small images."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        features = mobilenet_v2(weights=None).features
        for module in features.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None  # Statistics of what is shown, or activations would vanish.
        with torch.no_grad():
            features(torch.randn(64, 3, SIZE_PX, SIZE_PX))
        network = Network(features)
    path = tmp_path_factory.mktemp("start") / "start.safetensors"
    encoder = Encoder(
        name="Untrained",
        architecture="mobilenet_v2",
        weights=weights_of(network),
        feature_mean=np.zeros(1280, np.float32),
        preprocessing=Preprocessing(size_px=SIZE_PX),
        metadata={"licence": "Apache-2.0"},
    )
    save_encoder(encoder, path)
    return path


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("painted")
    left = _paint_set(folder / "left", 4, 6, seed=1)
    (left / "class1" / "003.png").write_bytes(b"broken")
    right = _paint_set(folder / "right", 3, 5, seed=2)
    return [left, _tar_of(right, folder / "right.tar")]


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _paint_set(tmp_path_factory.mktemp("unseen") / "unseen", 3, 6, seed=3)


@pytest.fixture(scope="module")
def recipe(start: Path) -> Recipe:
    return Recipe(
        name="Painted",
        seed=5,
        n_episodes=6,
        start=start,
        frozen_blocks=15,
        views=(
            ViewRule(View(size_px=SIZE_PX)),
            ViewRule(View(size_px=SIZE_PX, min_area=0.5, flip=True, colour=0.2)),
            ViewRule(View(size_px=2 * SIZE_PX), train=False),
        ),
        never_flipped=frozenset({"left"}),
        episodes=EpisodeRule(max_way=3, max_shot=2, n_query=2, max_images=12),
        optimizer=OptimizerRule(learning_rate=1e-3, warmup_steps=2),
        interpolation=(0.5, 1.0),
        checkpoint_every=2,
        validation_draws=3,
        projection=ProjectionRule(
            taps=(18, 7),
            tap_weights=(1.0, 0.5),
            last_size=12,
            earlier_size=8,
            shares=(0.5, 1.0),
            views=(ProjectionView(View(size_px=SIZE_PX, turn=True)),),
        ),
    )


@pytest.fixture(scope="module")
def whole(
    recipe: Recipe,
    painted: list[Path],
    unseen: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, MetaTrained, list[Progress]]:
    """One uninterrupted run: its folder, its result, what it reported.

    Six episodes on an untrained network are no gain; the last candidate is taken all the same.
    """
    out_dir = tmp_path_factory.mktemp("run") / "whole"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "choose", _last)
        result, events = _finish(meta_train(recipe, painted, out_dir, validation_paths=[unseen]))
    return out_dir, result, events


def test_every_step_tells_its_loss_for_curves(
    whole: tuple[Path, MetaTrained, list[Progress]], recipe: Recipe
) -> None:
    _, _, events = whole
    measured = [(event.done, dict(event.measured)) for event in events if event.measured]
    assert [step for step, _ in measured] == list(range(1, recipe.n_episodes + 1))
    scores = [json.loads(line) for line in (whole[0] / "scores.jsonl").read_text().splitlines()]
    for number, score_line in enumerate(scores):
        losses = [numbers["loss"] for _, numbers in measured[2 * number : 2 * number + 2]]
        assert score_line["loss"] == pytest.approx(np.mean(losses))


def test_an_estimate_is_timed_and_writes_nothing(
    recipe: Recipe, painted: list[Path], unseen: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    with_projection, events = _finish(estimate(recipe, painted, [unseen]))
    assert sorted(tmp_path.rglob("*")) == before
    assert 0 < with_projection.low_s < with_projection.high_s
    assert with_projection.steps_per_s > 0
    assert with_projection.views_per_s > 0
    assert with_projection.n_steps == recipe.n_episodes
    assert with_projection.n_images == 4 * 6 + 3 * 5
    assert with_projection.n_classes == 7
    assert with_projection.n_validation == 18
    assert events[-1].done == events[-1].total
    with pytest.raises(EngineError, match="both to train and to validate on"):
        _finish(estimate(recipe, painted, [painted[0]]))


def test_an_estimate_grows_with_the_work(
    recipe: Recipe, painted: list[Path], unseen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every view and step taken to cost the same, so that what is counted can be seen."""
    monkeypatch.setattr(estimate_module, "_view_seconds", lambda *_: 10.0)
    monkeypatch.setattr(estimate_module, "_step_seconds", lambda *_: 100.0)

    def seconds(recipe: Recipe, validation: Sequence[Path] = ()) -> float:
        found, _ = _finish(estimate(recipe, painted, validation))
        return found.high_s / estimate_module._HIGH

    plain = replace(recipe, projection=None, views=recipe.views[:1])
    one_more = replace(plain, n_episodes=plain.n_episodes + 1)
    assert seconds(one_more) - seconds(plain) == pytest.approx(100.0, abs=20)
    two_views = replace(plain, views=recipe.views[:2])
    assert seconds(two_views) - seconds(plain) == pytest.approx(39 * 10.0, abs=20)
    assert seconds(plain, [unseen]) - seconds(plain) > 18 * 10.0


def _last(start: Candidate, candidates: Sequence[Candidate]) -> Candidate:
    return candidates[-1]


def _folder_with_maps(whole_dir: Path, folder: Path) -> Path:
    """A run's folder with the maps of another run, which take seconds to make."""
    shutil.copytree(whole_dir / "maps", folder / "maps")
    return folder


def _weights(path: Path) -> dict[str, NDArray[np.float32]]:
    return dict(load_encoder(path).weights)


def test_a_run_leaves_an_encoder_and_its_record(
    whole: tuple[Path, MetaTrained, list[Progress]], recipe: Recipe
) -> None:
    out_dir, result, events = whole
    assert result.encoder_path == out_dir / "encoder.safetensors"
    encoder = load_encoder(result.encoder_path)
    build_network(encoder)
    assert encoder.name == "Painted"
    assert encoder.preprocessing == Preprocessing(size_px=SIZE_PX)
    assert encoder.metadata["licence"] == "Apache-2.0"
    assert encoder.metadata["provenance"] == "Meta-trained by Handful from 'Untrained'."
    assert (result.share, result.projection_share) == (1.0, 1.0)
    assert encoder.embedding_size == 20
    assert encoder.feature_mean.shape == (encoder.embedding_size,)

    record = json.loads(result.record_path.read_text())
    assert record["encoder"] == encoder.fingerprint
    assert record["recipe"]["seed"] == 5
    assert record["n_episodes"] == 6
    assert record["share"] == result.share
    described = {entry["name"]: entry for entry in record["data"]}
    assert described["left"]["n_images"] == 24
    assert described["left"]["unreadable"] == ["class1/003.png"]
    assert described["right"]["unreadable"] == []
    tried = [(each["share"], each["projection_share"]) for each in record["candidates"]]
    shares = [(share, weight) for share in (0.0, 0.5, 1.0) for weight in (0.5, 1.0)]
    assert tried == [(0.0, None), *shares]
    assert [entry["name"] for entry in record["validation"]] == ["unseen"]
    assert record["versions"].keys() >= {"handful", "torch", "onnxruntime"}
    assert record["hardware"]["device"] == "cpu"
    assert record["seconds"] > 0
    assert str(out_dir) not in result.record_path.read_text()

    assert all(event.request_id == 0 for event in events)
    assert all(0 <= event.done <= event.total for event in events)
    assert any("Meta-training" in event.text and event.done == 6 for event in events)


def test_the_projection_alone_is_fitted_to_bare_weights(
    start: Path, recipe: Recipe, painted: list[Path], tmp_path: Path
) -> None:
    """No episodes; the embedding of the new encoder's network is the fitted one's."""
    bare = tmp_path / "bare.safetensors"
    save_file(dict(load_encoder(start).weights), bare)
    small = replace(
        recipe,
        n_episodes=0,
        start=bare,
        start_name="Bare",
        start_licence="MIT",
        views=(ViewRule(View(size_px=224)),),
    )
    result, events = _finish(meta_train(small, painted, tmp_path / "run"))
    assert (result.share, result.projection_share) == (0.0, 0.5)
    assert result.validation_gain is None
    assert not any("Meta-training" in event.text for event in events)
    encoder = load_encoder(result.encoder_path)
    assert encoder.embedding_size == 20
    assert encoder.metadata["licence"] == "MIT"
    assert encoder.metadata["start"]["name"] == "Bare"
    for name, array in load_encoder(start).weights.items():
        np.testing.assert_array_equal(encoder.weights[name], array)

    images = open_image_set(painted[0])
    readable = [index for index in range(len(images)) if "003" not in images.image_names[index]]
    embeddings = embed(
        build_network(encoder),
        [images.decode(i).copy() for i in readable[:3]],
        encoder.preprocessing,
    )
    kept = np.load(tmp_path / "run" / "maps" / "left.pooled0.npy")[readable[:3]]
    assert encoder.projection is not None
    np.testing.assert_allclose(project(kept, encoder.projection), embeddings, atol=1e-3)

    with pytest.raises(EngineError, match="holds a run already"):
        next(meta_train(small, painted, tmp_path / "run"))


def test_only_the_blocks_that_are_not_frozen_change(
    start: Path,
    recipe: Recipe,
    painted: list[Path],
    whole: tuple[Path, MetaTrained, list[Progress]],
    tmp_path: Path,
) -> None:
    out_dir = _folder_with_maps(whole[0], tmp_path)
    result, _ = _finish(meta_train(recipe, painted, out_dir))
    assert result.validation_gain is None
    assert result.share == 0.5, "without validation sets the smallest share is taken"
    before, after = _weights(start), _weights(result.encoder_path)
    changed = {name for name in before if not np.array_equal(before[name], after[name])}
    assert changed
    for name in changed:
        assert int(name.split(".")[1]) >= 15
        assert not name.endswith(("running_mean", "running_var"))


def test_without_a_projection_of_its_own_a_recipe_keeps_the_starts(
    recipe: Recipe, painted: list[Path], tmp_path: Path
) -> None:
    fitted = meta_train(replace(recipe, n_episodes=0), painted, tmp_path / "start")
    start_path = _finish(fitted)[0].encoder_path
    other = replace(recipe, start=start_path, n_episodes=2, projection=None)
    result, _ = _finish(meta_train(other, painted, tmp_path / "run"))
    start, trained = load_encoder(start_path), load_encoder(result.encoder_path)
    assert result.projection_share is None
    assert trained.projection is not None
    # What the start was trained on, the new encoder has seen, too.
    assert trained.metadata["start"]["meta_training"] == start.metadata["meta_training"]
    assert start.projection is not None
    np.testing.assert_array_equal(trained.projection.matrix, start.projection.matrix)
    assert trained.fingerprint != start.fingerprint
    # The mean is over the training images as the new weights embed them.
    assert trained.feature_mean.shape == start.feature_mean.shape
    assert 0 < float(np.abs(trained.feature_mean - start.feature_mean).max()) < 1


@pytest.mark.parametrize("n_steps", [1, 3, 4])
def test_a_resumed_run_ends_as_an_uninterrupted_one(
    n_steps: int,
    recipe: Recipe,
    painted: list[Path],
    unseen: Path,
    whole: tuple[Path, MetaTrained, list[Progress]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "choose", _last)
    out_dir = _folder_with_maps(whole[0], tmp_path)
    running = meta_train(recipe, painted, out_dir, validation_paths=[unseen])
    for event in running:
        if "Meta-training" in event.text and event.done == n_steps:
            break
    running.close()
    assert (out_dir / "checkpoint.safetensors").exists()
    assert not (out_dir / "encoder.safetensors").exists()
    with pytest.raises(EngineError, match="holds a run already"):
        next(meta_train(recipe, painted, out_dir))

    resumed = meta_train(recipe, painted, out_dir, resume=True, validation_paths=[unseen])
    result, events = _finish(resumed)
    first = next(event.done for event in events if "Meta-training" in event.text)
    assert first == n_steps + 1
    # Weights, optimizer and random state.
    trained, uninterrupted = (
        load_file(folder / "checkpoint.safetensors") for folder in (out_dir, whole[0])
    )
    assert trained.keys() == uninterrupted.keys()
    for name, array in uninterrupted.items():
        np.testing.assert_array_equal(trained[name], array, err_msg=name)
    _, expected, _ = whole
    assert load_encoder(result.encoder_path).fingerprint == (
        load_encoder(expected.encoder_path).fingerprint
    )
    assert (result.share, result.projection_share) == (1.0, 1.0)


def test_the_chosen_encoder_is_what_was_measured(
    whole: tuple[Path, MetaTrained, list[Progress]], recipe: Recipe, unseen: Path
) -> None:
    """Its file's network embeds as what was measured; that gives the recorded accuracy."""
    out_dir, result, _ = whole
    encoder, images = load_encoder(result.encoder_path), open_image_set(unseen)
    assert encoder.projection is not None
    pictures = [images.decode(index).copy() for index in range(len(images))]
    embeddings = embed(build_network(encoder), pictures, encoder.preprocessing)
    roots = np.load(out_dir / "maps" / "unseen.pooled0.npy")
    assert roots.shape[1] == 3 * (1280 + 192), "pooled for shares of 0, 0.5 and 1"
    roots = roots[:, -1472:]
    measured = project(roots, encoder.projection)
    np.testing.assert_allclose(measured, embeddings, atol=1e-3)
    candidates = json.loads(result.record_path.read_text())["candidates"]
    assert _cells(candidates[-1]) == _measured(measured, images.labels, recipe)

    start = load_encoder(recipe.start or out_dir)
    embeddings = embed(build_network(start), pictures, start.preprocessing)
    roots = np.load(out_dir / "maps" / "unseen.pooled0.npy")[:, :1280]
    measured = roots.astype(np.float16).astype(np.float32)
    np.testing.assert_allclose(measured, embeddings, atol=2e-3)
    assert _cells(candidates[0]) == _measured(measured, images.labels, recipe)


def _cells(candidate: dict[str, Any]) -> dict[Cell, float]:
    return {
        (cell["set"], cell["head"], cell["n_shot"]): cell["mean"] for cell in candidate["accuracy"]
    }


def _measured(
    embeddings: NDArray[np.float32], labels: NDArray[np.int64], recipe: Recipe
) -> dict[Cell, float]:
    found = measure("unseen", embeddings, labels, recipe.validation_draws, recipe.seed)
    return {cell: round(float(values.mean()), 5) for cell, values in found.items()}


def test_the_gate_decides_by_the_recorded_accuracies(
    recipe: Recipe,
    painted: list[Path],
    unseen: Path,
    whole: tuple[Path, MetaTrained, list[Progress]],
    tmp_path: Path,
) -> None:
    """Nothing replaced: the run ends with the best of the candidates that lose no cell a point."""
    out_dir = _folder_with_maps(whole[0], tmp_path)
    shutil.copy(whole[0] / "checkpoint.safetensors", out_dir)
    resumed = meta_train(recipe, painted, out_dir, resume=True, validation_paths=[unseen])
    result, _ = _finish(resumed)
    start, *others = json.loads(result.record_path.read_text())["candidates"]
    gains = {
        (each["share"], each["projection_share"]): np.mean(
            [_cells(each)[cell] - mean for cell, mean in _cells(start).items()]
        )
        for each in others
    }
    assert result.validation_gain is not None
    if result.is_start:
        assert result.validation_gain == 0
        assert load_encoder(result.encoder_path).name == "Untrained"
    else:
        assert result.validation_gain == pytest.approx(
            gains[result.share, result.projection_share], abs=1e-4
        )
        assert result.validation_gain > 0


@pytest.mark.parametrize("refit", [True, False])
def test_where_nothing_passes_the_start_stays_as_it_is(
    refit: bool,
    recipe: Recipe,
    painted: list[Path],
    unseen: Path,
    whole: tuple[Path, MetaTrained, list[Progress]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its projection, too, which candidates are measured against whether or not one is fitted."""
    start = load_encoder(whole[1].encoder_path)
    again = replace(
        recipe,
        start=whole[1].encoder_path,
        n_episodes=2,
        interpolation=(1.0,),
        projection=recipe.projection if refit else None,
    )
    given: list[Candidate] = []

    def first(of_start: Candidate, candidates: Sequence[Candidate]) -> Candidate:
        given.extend([of_start, *candidates])
        return of_start

    monkeypatch.setattr(choice, "choose", first)
    result, _ = _finish(meta_train(again, painted, tmp_path, validation_paths=[unseen]))
    assert (result.share, result.projection_share, result.validation_gain) == (0.0, None, 0.0)
    encoder = load_encoder(result.encoder_path)
    assert result.is_start
    assert encoder.fingerprint == start.fingerprint
    assert (encoder.name, encoder.metadata) == (start.name, start.metadata)
    np.testing.assert_array_equal(encoder.feature_mean, start.feature_mean)
    expected = json.loads((whole[0] / "record.json").read_text())["candidates"][-1]["accuracy"]
    means = [float(values.mean()) for values in given[0].accuracy.values()]
    assert means == pytest.approx([cell["mean"] for cell in expected], abs=1e-4)
    assert len(given) == (5 if refit else 2)


def test_images_that_have_changed_are_embedded_anew(
    recipe: Recipe, painted: list[Path], tmp_path: Path
) -> None:
    """Although their names and number are the same."""
    left = shutil.copytree(painted[0], tmp_path / "left")
    alone = replace(recipe, n_episodes=0)
    _finish(meta_train(alone, [left], tmp_path / "run"))
    kept_path = tmp_path / "run" / "maps" / "left.pooled0.npy"
    before = np.load(kept_path)
    shutil.copy(left / "class0" / "000.png", left / "class2" / "000.png")
    _finish(meta_train(alone, [left], tmp_path / "run", resume=True))
    changed = (before != np.load(kept_path)).any(1) & ~np.isnan(before[:, 0])
    assert np.flatnonzero(changed).tolist() == [12]

    kept_path.write_bytes(kept_path.read_bytes()[:-100])
    with pytest.raises(EngineError, match=r"left\.pooled0\.npy is damaged; delete it"):
        _finish(meta_train(alone, [left], tmp_path / "run", resume=True))
    kept_path.unlink()
    _finish(meta_train(alone, [left], tmp_path / "run", resume=True))


def test_an_interrupt_inside_an_episode_leaves_the_last_checkpoint(
    recipe: Recipe,
    painted: list[Path],
    whole: tuple[Path, MetaTrained, list[Progress]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(self: TrainingLoop) -> None:
        raise KeyboardInterrupt

    out_dir = _folder_with_maps(whole[0], tmp_path)
    running = meta_train(recipe, painted, out_dir)
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # The second part is to be interrupted.
        for event in running:
            if "Meta-training" in event.text and event.done == 3:
                monkeypatch.setattr(TrainingLoop, "step", interrupt)
    monkeypatch.undo()
    _, events = _finish(meta_train(recipe, painted, out_dir, resume=True))
    assert next(event.done for event in events if "Meta-training" in event.text) == 3


def test_a_checkpoint_of_another_recipe_is_refused(
    recipe: Recipe,
    painted: list[Path],
    whole: tuple[Path, MetaTrained, list[Progress]],
    tmp_path: Path,
) -> None:
    out_dir = _folder_with_maps(whole[0], tmp_path)
    shutil.copy(whole[0] / "checkpoint.safetensors", out_dir)
    kept_maps = {path: path.read_bytes() for path in (out_dir / "maps").iterdir()}
    for other in (replace(recipe, loss=LossRule(anchor=1.0)), replace(recipe, seed=6)):
        with pytest.raises(EngineError, match="another recipe or other data"):
            _finish(meta_train(other, painted, out_dir, resume=True))
    grey = shutil.copytree(painted[0], tmp_path / "changed" / "left")
    Image.new("RGB", (48, 40), "grey").save(grey / "class2" / "002.png")
    with pytest.raises(EngineError, match="another recipe or other data"):
        _finish(meta_train(recipe, [grey, painted[1]], out_dir, resume=True))
    assert kept_maps == {path: path.read_bytes() for path in (out_dir / "maps").iterdir()}
    (out_dir / "checkpoint.safetensors").write_bytes(b"cut")
    with pytest.raises(EngineError, match=r"checkpoint\.safetensors is damaged"):
        _finish(meta_train(recipe, painted, out_dir, resume=True))


def test_data_that_do_not_fit_the_recipe_are_told(
    recipe: Recipe, painted: list[Path], unseen: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(painted[0], tmp_path / "copied")
    namesake = _paint_set(tmp_path / "other" / "left", 2, 2, seed=7)
    single = _paint_set(tmp_path / "single", 2, 2, seed=8)
    (single / "class1" / "001.png").write_bytes(b"broken")
    cases: list[tuple[Recipe, list[Path], list[Path], str]] = [
        (recipe, [], [], "No data sets"),
        (recipe, painted, [painted[0]], "'left' is given both"),
        (recipe, painted, [copied], "'left', also 'copied', is given both to train"),
        (recipe, painted, [namesake], "Two data sets are named 'left', one to train and one"),
        (recipe, painted, [single], "The class 'class1' of the data set 'single' has 1 readable"),
        (replace(recipe, mixture={"left": 0, "right": 0}), painted, [], "mixture leaves none"),
        (
            replace(recipe, episodes=EpisodeRule(min_way=9, max_way=9)),
            painted,
            [],
            "'left' has 4 classes of at least 2 images; episodes of 9 classes",
        ),
        (recipe, [unseen], [], "names the data set 'left', which is not among"),
        (replace(recipe, start=tmp_path / "none"), painted, [], "There is no encoder file"),
        (replace(recipe, views=(ViewRule(View()),)), painted, [], "first view is 224 px.* 32 px"),
    ]
    for given, data, validation, words in cases:
        with pytest.raises(EngineError, match=words):
            _finish(meta_train(given, data, tmp_path / "out", validation_paths=validation))
    assert not (tmp_path / "out" / "maps").exists(), "all are told before anything is computed"


def test_a_full_disk_is_told_before_maps_are_stored(
    recipe: Recipe, painted: list[Path], small_disk: Path
) -> None:
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - 64 * 1024)
    with pytest.raises(EngineError, match=r"Could not keep feature maps in .*: the disk is full"):
        _finish(meta_train(recipe, painted, small_disk))
    (small_disk / "filler").unlink()
    # Sparse it would fit, and kill the process when it is filled.
    with pytest.raises(OSError, match="No space"):
        kept.new_array(small_disk / "maps.npy", np.float16, (100, 96, 14, 14))


def test_an_encoder_is_not_trained_by_several_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe_path = tmp_path / "recipe.toml"
    recipe_path.write_text('name = "x"')
    monkeypatch.setenv("WORLD_SIZE", "2")
    arguments = ["meta-train", str(recipe_path), "--data", str(tmp_path), "--out", "run"]
    assert main(arguments) == 1
    assert "trained by one process" in capsys.readouterr().err
    monkeypatch.delenv("WORLD_SIZE")
    assert main([*arguments, "--device", "cuda"]) == 1
    assert "trained on the CPU" in capsys.readouterr().err


def test_a_set_without_one_readable_image_is_told(recipe: Recipe, tmp_path: Path) -> None:
    from engine.metatraining.encoder_training.maps import FrozenBlocks, build_maps

    class Idle(FrozenBlocks):
        def prepare(self) -> None:
            pass

    broken = ImageSet("broken", ("a", "b"), np.array([0, 1]), ("a/1", "b/1"), lambda _: b"no")
    frozen = Idle(load_encoder(recipe.start or tmp_path), 15)
    building = build_maps(broken, recipe.views[:1], frozen, True, 0, tmp_path / "maps")
    with pytest.raises(EngineError, match="None of the images of the data set 'broken'"):
        list(building)


def test_an_image_that_is_cut_off_is_unreadable() -> None:
    stored = io.BytesIO()
    Image.new("RGB", (64, 64)).save(stored, "JPEG")
    cut = stored.getvalue()[:-200]
    images = ImageSet("s", ("a", "b"), np.array([0, 1]), ("a/1", "b/1"), lambda _: cut)
    with pytest.raises(EngineError, match="s/b/1 cannot be decoded"):
        images.decode(1)

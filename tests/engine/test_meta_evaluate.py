"""Meta-evaluation on painted images: small, seeded, on the CPU."""

from __future__ import annotations

import hashlib
import json
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save_file
from sklearn.metrics import (  # type: ignore[import-untyped]  # It has no types.
    accuracy_score,
    log_loss,
    precision_recall_fscore_support,
)
from torch import Tensor

from engine.cli import main
from engine.encoder.encoder_file import load_encoder, save_encoder, shipped_encoder_path
from engine.encoder.runtime import load_runtime
from engine.errors import EngineError
from engine.messages import Progress
from engine.metatraining.algorithms.interface import Algorithm, Predict, StepReport
from engine.metatraining.algorithms.prototypical import PrototypicalNetwork
from engine.metatraining.encoder_training import label_draws
from engine.metatraining.episodes import EpisodeRule
from engine.metatraining.epochs import CHECKPOINT_NAME, CONFIG_NAME, KEPT_NAME, SCORES_NAME
from engine.metatraining.few_shot.build import build_algorithm
from engine.metatraining.few_shot.recipe import (
    AlgorithmRule,
    DataRule,
    FewShotRecipe,
    Kind,
    NetworkRule,
)
from engine.metatraining.few_shot.run import (
    MODEL_NAME,
    START_NAME,
    meta_train_few_shot,
    save_algorithm,
)
from engine.metatraining.meta_evaluation import photographs as photographs_module
from engine.metatraining.meta_evaluation import run as run_module
from engine.metatraining.meta_evaluation.contenders import contenders_of
from engine.metatraining.meta_evaluation.corruptions import (
    CORRUPTIONS,
    NOISE_DEVIATION,
    wrong_labels,
)
from engine.metatraining.meta_evaluation.evaluate import CLEAN, Contender, Pace, evaluate
from engine.metatraining.meta_evaluation.heads import HEADS, heads_over
from engine.metatraining.meta_evaluation.images import PixelImages, PixelShelf, open_data
from engine.metatraining.meta_evaluation.learning_curves import learning_curves
from engine.metatraining.meta_evaluation.methods import (
    Combination,
    EncoderModel,
    Method,
    PixelRule,
    Source,
    TrainedModel,
    encoder_methods_of,
    open_checkpoint,
)
from engine.metatraining.meta_evaluation.photographs import EmbeddedPhotographs, Photographs
from engine.metatraining.meta_evaluation.report import as_markdown
from engine.metatraining.meta_evaluation.run import EvaluationRule, MetaEvaluated, meta_evaluate
from engine.metatraining.meta_evaluation.seen import seen_by_model
from engine.metatraining.meta_evaluation.settings import (
    LabelledSet,
    Setting,
    check_possible,
    digest_of,
    draw_episodes,
)
from engine.metatraining.metrics import (
    N_BINS,
    Tally,
    calibration_error,
    confidence_bins,
    episode_measures,
)
from engine.metatraining.networks import Norm
from engine.metatraining.optimizers import OptimizerKind, OptimizerRule
from engine.metatraining.pixels import OMNIGLOT_NAME
from engine.metatraining.tasks import PixelSet, Task
from engine.method import adaptation
from engine.method.folder import folder_mean
from tests.engine.painted import KINDS, paint

Result = TypeVar("Result")

SIDE_PX = 16
SMALL = PixelRule(SIDE_PX, 1, inverted=False)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Generator[None, None, None]:
    """Networks this small are slower on several threads, much so beside other work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _finish(generator: Generator[Progress, None, Result]) -> tuple[Result, list[Progress]]:
    events: list[Progress] = []
    while True:
        try:
            events.append(next(generator))
        except StopIteration as finished:
            return finished.value, events


def _logs(*rows: Sequence[float]) -> NDArray[np.float64]:
    return np.log(np.array(rows))


# --- Measures ------------------------------------------------------------------------------------


def test_the_measures_of_an_episode_by_hand() -> None:
    """Classes 0 0 1 2 are taken for 0 1 1 1.

    Precision 1, 1/3 and 0 (never predicted); recall 1/2, 1, 0; F1 2/3, 1/2, 0.
    """
    logs = _logs([0.8, 0.1, 0.1], [0.3, 0.4, 0.3], [0.2, 0.5, 0.3], [0.2, 0.7, 0.1])
    found = episode_measures(logs, np.array([0, 0, 1, 2]))
    loss = -np.mean(np.log([0.8, 0.3, 0.5, 0.1]))
    np.testing.assert_allclose(found, [0.5, 4 / 9, 0.5, 7 / 18, loss])


def test_the_measures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    for n_way in (2, 5, 20):
        labels = np.repeat(np.arange(n_way), random.integers(1, 6, n_way))
        scores = random.normal(size=(len(labels), n_way)) * 2
        logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
        predicted = logs.argmax(1)
        macro = precision_recall_fscore_support(
            labels, predicted, labels=np.arange(n_way), average="macro", zero_division=0
        )
        expected = [
            accuracy_score(labels, predicted),
            *macro[:3],
            log_loss(labels, np.exp(logs), labels=np.arange(n_way)),
        ]
        np.testing.assert_allclose(episode_measures(logs, labels), expected)


def test_the_calibration_error_by_hand() -> None:
    """Two at 0.9, one right; two at 0.6, both right: (2 * 0.4 + 2 * 0.4) / 4."""
    logs = _logs([0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6])
    bins = confidence_bins(logs, np.array([0, 1, 1, 1]))
    assert calibration_error(bins) == pytest.approx(0.4)
    assert bins[:, 0].sum() == 4
    # (0.8667, 0.9333] is the 14th of 15 bins, (0.5333, 0.6] the 9th.
    assert bins[13].tolist() == pytest.approx([2, 1.8, 1])
    assert bins[8, 0] == 2
    # In one bin errors of both signs cancel: half right at 0.5.
    even = confidence_bins(_logs([0.5, 0.5], [0.5, 0.5]), np.array([0, 1]))
    assert calibration_error(even) == pytest.approx(0)


def test_bins_are_open_below_and_closed_above() -> None:
    edges = np.arange(1, N_BINS + 1) / N_BINS
    logs = np.log(np.stack([edges, np.full(N_BINS, 1e-9)], axis=1))
    logs[0, 1] = np.log(1e-12)
    counts = confidence_bins(logs, np.zeros(N_BINS, np.int64))[:, 0]
    assert counts.sum() == N_BINS
    assert counts[-1] == 1, "a confidence of 1 is in the last bin, not beyond it"


def test_a_tally_averages_episodes_and_pools_their_queries() -> None:
    tally = Tally()
    tally.add(_logs([0.9, 0.1], [0.1, 0.9]).astype(np.float32), np.array([0, 1]))
    tally.add(_logs([0.9, 0.1], [0.9, 0.1]).astype(np.float32), np.array([0, 1]))
    assert tally.n_episodes == 2
    assert tally.values("accuracy").tolist() == [1.0, 0.5]
    # The standard deviation is 0.5 / sqrt(2), its error 0.25.
    assert tally.score("accuracy").mean == 0.75
    assert tally.score("accuracy").ci95 == pytest.approx(1.96 * 0.25)
    # 4 queries at 0.9 of which 3 are right.
    assert tally.calibration_error == pytest.approx(0.15)


def test_predictions_that_are_no_numbers_count_as_guesses() -> None:
    tally = Tally()
    nan = float("nan")
    logs = np.array([[np.log(0.75), np.log(0.25)], [nan, nan]], np.float32)
    tally.add(logs, np.array([0, 1]))
    assert tally.n_not_numbers == 1
    assert tally.score("accuracy").mean == 0.5
    assert tally.score("log_loss").mean == pytest.approx(-np.log([0.75, 0.5]).mean())


# --- Episodes ------------------------------------------------------------------------------------


LABELS = np.repeat(np.arange(6), [3, 5, 8, 8, 12, 20])


def test_episodes_have_exactly_what_was_asked() -> None:
    labelled = LabelledSet("set", LABELS, turned_classes=True)
    episodes = draw_episodes(labelled, Setting(7, 2, 6), 50, seed=0)
    seen = set()
    for episode in episodes:
        assert np.bincount(episode.support_labels).tolist() == [2] * 7
        assert np.bincount(episode.query_labels).tolist() == [6] * 7
        for label in range(7):
            support = episode.support[episode.support_labels == label]
            query = episode.query[episode.query_labels == label]
            own = np.concatenate([support, query])
            assert len(set(own.tolist())) == 8, "no image is both shown and asked"
            (number,) = set(LABELS[own].tolist())
            seen.add((number, int(episode.class_turns[label])))
    # Classes 0 and 1 have 3 and 5 images, fewer than 8; the others come in four positions each.
    assert {number for number, _ in seen} == {2, 3, 4, 5}
    assert {turn for _, turn in seen} == {0, 1, 2, 3}


def test_episodes_depend_on_seed_and_setting_alone() -> None:
    labelled = LabelledSet("set", LABELS, turned_classes=False)
    setting = Setting(3, 1, 2)
    first = digest_of(draw_episodes(labelled, setting, 5, seed=1))
    assert digest_of(draw_episodes(labelled, setting, 5, seed=1)) == first
    assert digest_of(draw_episodes(labelled, setting, 6, seed=1)) != first
    assert digest_of(draw_episodes(labelled, setting, 5, seed=2)) != first
    # Asking for more episodes leaves the first ones as they are.
    assert digest_of(draw_episodes(labelled, setting, 6, seed=1)[:5]) == first


@pytest.mark.parametrize(
    ("setting", "turned", "words"),
    [
        (Setting(5, 1, 7), False, "set has 4 classes of at least 8 images; its largest has 20"),
        (Setting(5, 1, 7), False, "5-way tasks with 1 shot and 7 queries a class need 5 such"),
        (Setting(17, 1, 7), True, "has 16 classes .4, each turned to 4 positions. of at least 8"),
        (Setting(2, 20, 1), False, "has 0 classes of at least 21 images; its largest has 20"),
        (Setting(7, 1, 1), False, "set has 6 classes of at least 2 images; 7-way"),
    ],
)
def test_impossible_tasks_are_refused_with_their_numbers(
    setting: Setting, turned: bool, words: str
) -> None:
    labelled = LabelledSet("set", LABELS, turned)
    for asked in (check_possible, lambda *given: draw_episodes(*given, 5, 0)):
        with pytest.raises(EngineError, match=words):
            asked(labelled, setting)


# --- Harm ----------------------------------------------------------------------------------------


def test_labels_are_wrong_as_often_as_asked_and_of_the_episode() -> None:
    labels = np.repeat(np.arange(5), 10)
    for rate in (0.1, 0.2):
        made = np.stack([wrong_labels(labels, 5, rate, (0, number)) for number in range(200)])
        # 10,000 labels: the standard deviation of the share is at most 0.004.
        assert abs(np.mean(made != labels) - rate) < 0.02
        assert set(np.unique(made)) == set(range(5))
    low, high = (wrong_labels(labels, 5, rate, (7,)) for rate in (0.3, 0.6))
    changed = low != labels
    assert changed.any()
    np.testing.assert_array_equal(low[changed], high[changed])
    np.testing.assert_array_equal(low, wrong_labels(labels, 5, 0.3, (7,)))


def test_one_right_label_of_each_class_is_kept() -> None:
    labels = np.repeat(np.arange(4), 3)
    for number in range(50):
        made = wrong_labels(labels, 4, 1.0, (number,))
        right = np.bincount(labels[made == labels], minlength=4)
        assert right.tolist() == [1, 1, 1, 1]
    single = np.arange(4)
    assert wrong_labels(single, 4, 0.9, (0,)).tolist() == single.tolist()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_spoilt_pixels_depend_on_image_and_key_alone(name: str, channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, channels), dtype=np.uint8)
    kept = pixels.copy()
    spoilt = CORRUPTIONS[name](pixels, ("set", 3))
    np.testing.assert_array_equal(pixels, kept)
    assert spoilt.dtype == np.uint8
    assert spoilt.shape == pixels.shape
    assert (spoilt != pixels).mean() > 0.5
    np.testing.assert_array_equal(CORRUPTIONS[name](pixels, ("set", 3)), spoilt)


def test_the_severity_is_what_is_said() -> None:
    noise, blur, jpeg = CORRUPTIONS.values()
    grey = np.full((100, 100, 1), 128, np.uint8)
    one, other = noise(grey, ("set", 1)), noise(grey, ("set", 2))
    assert (one.astype(float) - 128).std() == pytest.approx(255 * NOISE_DEVIATION, rel=0.05)
    assert (one != other).any(), "every image has noise of its own"

    edge = np.zeros((100, 200, 1), np.uint8)
    edge[:, 100:] = 255
    row = blur(edge, ())[50, :, 0].astype(float) / 255
    # Of a step, 16 % lie one standard deviation before it: 2 pixels, 2 % of the shorter side.
    assert row[97:99].mean() == pytest.approx(0.16, abs=0.08)
    assert row[90] < 0.01
    # Colour gradients survive JPEG, fine noise does not.
    fine = np.random.default_rng(0).integers(118, 138, (64, 64, 1)).astype(np.uint8)
    assert jpeg(fine, ()).astype(float).std() < 0.5 * fine.std()


# --- Every method gets the same ------------------------------------------------------------------


class _Witness(Algorithm):
    """Remembers what it was shown and guesses."""

    def __init__(self) -> None:
        super().__init__()
        self.supports: list[Tensor] = []
        self.labels: list[list[int]] = []
        self.queries: list[Tensor] = []

    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        raise NotImplementedError

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        self.supports.append(support)
        self.labels.append(labels.tolist())

        def predict(queries: Tensor) -> Tensor:
            self.queries.append(queries)
            return torch.log_softmax(torch.zeros(len(queries), n_way), 1)

        return predict


def _pixel_set(n_classes: int = 6, n_images: int = 12, side_px: int = SIDE_PX) -> PixelSet:
    """Stripes of a direction for each class, with noise."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:side_px, 0:side_px] * (SIDE_PX / side_px)
    images = []
    for label in range(n_classes):
        angle = np.pi * label / n_classes
        for _ in range(n_images):
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) + random.random() * 6)
            images.append(128 + 100 * wave + random.normal(0, 10, x.shape))
    stacked = np.clip(np.stack(images), 0, 255).astype(np.uint8)[:, None]
    labels = np.repeat(np.arange(n_classes), n_images)
    return PixelSet("stripes", stacked, labels, tuple(f"class{i}" for i in range(n_classes)))


CPU = torch.device("cpu")


def test_all_methods_see_the_same_tasks() -> None:
    pixels = _pixel_set()
    images = PixelImages(pixels, CPU)
    first, second = _Witness(), _Witness()
    contenders = [Contender(name, one, images, 3) for name, one in (("a", first), ("b", second))]
    setting = Setting(3, 2, 2)
    episodes = draw_episodes(LabelledSet("stripes", pixels.labels, True), setting, 5, 0)
    pace = Pace(5)
    outcomes, events = _finish(evaluate(contenders, "stripes", setting, episodes, 0, pace))
    assert [event.done for event in events] == [1, 2, 3, 4, 5]
    # To warm up; every episode; the two shares of wrong labels in the first three.
    assert len(first.supports) == 1 + 5 + 2 * 3
    assert first.labels == second.labels
    for one, other in ((first.supports, second.supports), (first.queries, second.queries)):
        assert len(one) == len(other)
        assert all(torch.equal(x, y) for x, y in zip(one, other, strict=True))
    for outcome in outcomes:
        assert outcome.before.n_episodes == outcome.after[CLEAN].n_episodes == 5
        harmed = set(outcome.after) - {CLEAN}
        assert harmed == {*CORRUPTIONS, "10 % wrong labels", "20 % wrong labels"}
        assert {outcome.after[name].n_episodes for name in harmed} == {3}
        assert len(outcome.seconds) == 5
        assert outcome.after[CLEAN].score("accuracy").mean == pytest.approx(1 / 3)
        assert outcome.after[CLEAN].score("log_loss").mean == pytest.approx(np.log(3))


def test_a_single_shot_has_no_wrong_labels() -> None:
    pixels = _pixel_set()
    setting = Setting(3, 1, 2)
    episodes = draw_episodes(LabelledSet("stripes", pixels.labels, True), setting, 3, 0)
    contenders = [Contender("a", _Witness(), PixelImages(pixels, CPU), 3)]
    (outcome,), _ = _finish(evaluate(contenders, "stripes", setting, episodes, 0, Pace(3)))
    assert set(outcome.after) == {CLEAN, *CORRUPTIONS}


def test_embedding_images_once_changes_no_prediction() -> None:
    """A prototypical network and its vote with another, straight and by way of embeddings."""
    pixels = _pixel_set(n_images=6)
    labelled = LabelledSet("stripes", pixels.labels, turned_classes=True)
    setting = Setting(5, 2, 3)
    members = []
    for seed in (0, 1):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            members.append(build_algorithm(_recipe(Kind.PROTOTYPICAL), 5))
    methods = [
        Method("one", (members[0],), SMALL, ()),
        Method("vote", tuple(members), SMALL, ()),
    ]
    images = {SMALL: PixelImages(pixels, CPU)}
    found = {}
    # 8 episodes draw 200 images, 4 draw 100; there are 144 with those turned.
    for n_episodes in (4, 8):
        contenders, _ = _finish(
            contenders_of(methods, images, labelled, [setting], n_episodes, True)
        )
        assert [contender.timed is not None for contender in contenders] == [n_episodes == 8] * 2
        episodes = draw_episodes(labelled, setting, 8, 0)[:4]
        found[n_episodes], _ = _finish(
            evaluate(contenders, "stripes", setting, episodes, 0, Pace(4))
        )
    for straight, embedded in zip(found[4], found[8], strict=True):
        assert len(embedded.seconds) == 4
        assert straight.after.keys() == embedded.after.keys()
        for condition, tally in straight.after.items():
            for measure in ("accuracy", "log_loss"):
                np.testing.assert_allclose(
                    tally.values(measure), embedded.after[condition].values(measure), rtol=1e-4
                )


# --- Whole evaluations of small networks ---------------------------------------------------------


def _recipe(kind: Kind, name: str = "Tiny", **given: Any) -> FewShotRecipe:
    by_gradient = kind not in (Kind.PROTOTYPICAL, Kind.TRANSFER)
    rule = EpisodeRule(min_way=3, max_way=3, min_shot=1, max_shot=1, n_query=2, max_images=99)
    return FewShotRecipe(
        name=name,
        n_steps=4,
        n_validation_episodes=3,
        validate_every=2,
        keep=2,
        algorithm=AlgorithmRule(kind=kind, inner_steps=1, test_steps=2, inner_rate=0.01),
        network=NetworkRule(
            side_px=SIDE_PX,
            inverted=False,
            strided=by_gradient,
            norm=Norm.BATCH if by_gradient else Norm.RUNNING,
        ),
        data=DataRule(),
        episodes=rule,
        validation=rule,
        optimizer=OptimizerRule(kind=OptimizerKind.ADAM, learning_rate=1e-3),
        **given,
    )


def _save_untrained(kind: Kind, path: Path, name: str, seed: int = 0) -> Path:
    recipe = _recipe(kind, name)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        algorithm = build_algorithm(recipe, 6)
    save_algorithm(algorithm, recipe, 6, 0, path)
    return path


@pytest.fixture(scope="module")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The painted pixels as an image folder, one file broken."""
    folder = tmp_path_factory.mktemp("data") / "stripes"
    pixels = _pixel_set(side_px=20)
    for index, (image, label) in enumerate(zip(pixels.images, pixels.labels, strict=True)):
        class_folder = folder / pixels.class_names[label]
        class_folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0]).save(class_folder / f"{index:03}.png")
    (folder / "class0" / "000.png").write_bytes(b"broken")
    return folder


@pytest.fixture(scope="module")
def trained(stripes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run of a prototypical network."""
    out_dir = tmp_path_factory.mktemp("runs") / "prototypical"
    unseen = shutil.copytree(stripes, out_dir.parent / "unseen")
    recipe = _recipe(Kind.PROTOTYPICAL, "Prototypes")
    _finish(meta_train_few_shot(recipe, [stripes], out_dir, validation_paths=[unseen]))
    return out_dir


RULE = EvaluationRule(ways=(2, 3), shots=(1, 2), n_query=4, n_episodes=6, robustness=True)


def _evaluated(
    tmp_path: Path,
    checkpoints: Sequence[Path],
    data: Path,
    rule: EvaluationRule = RULE,
    combinations: Sequence[Combination] = (),
    start: Path | None = None,
) -> MetaEvaluated:
    out = tmp_path / "report.json"
    cache = tmp_path / "cache"
    steps = meta_evaluate(checkpoints, [data], out, rule, cache, combinations, start, "cpu")
    return _finish(steps)[0]


def _accuracies(done: MetaEvaluated) -> dict[str, list[float]]:
    """By method, over the settings."""
    found: dict[str, list[float]] = {}
    for row in done.report["results"]:
        found.setdefault(row["method"], []).append(row["after"]["accuracy"]["mean"])
    return found


def test_a_report_of_several_methods(
    trained: Path,
    stripes: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    reptile = _save_untrained(Kind.REPTILE, tmp_path / "reptile.safetensors", "Reptile")
    maml = _save_untrained(Kind.MAML, tmp_path / "maml.safetensors", "MAML")
    out = tmp_path / "report.json"
    arguments = [
        *("meta-evaluate", trained, reptile, maml, "--data", stripes, "--ways", "3,2"),
        *("--shots", "1,2", "--queries", 4, "--episodes", 6, "--robustness", "--out", out),
        *("--combine", "vote", "--device", "cpu", "--json"),
    ]
    status = main([str(argument) for argument in arguments])
    printed = capfd.readouterr()
    assert status == 0, printed.err

    methods = [
        "Prototypes",
        "Reptile (queries share batch statistics)",
        "Reptile (each query alone)",
        "MAML (queries share batch statistics)",
        "Vote of 3 models (queries share batch statistics)",
    ]
    report = json.loads(out.read_text())
    assert report["format"] == "handful-meta-evaluation-1"
    assert [method["name"] for method in report["methods"]] == methods
    assert [len(method["files"]) for method in report["methods"]] == [1, 1, 1, 1, 3]
    (described,) = report["data"]
    assert (described["n_images"], described["n_classes"]) == (71, 6)
    assert described["n_unreadable"] == 1
    assert str(tmp_path) not in out.read_text()
    assert report["methods"][0]["n_weights"] > 100_000
    assert report["recipes"]["prototypical/model.safetensors"]["name"] == "Prototypes"

    results = report["results"]
    assert len(results) == 4 * len(methods)
    for row in results:
        assert row["n_episodes"] == 6
        assert 0 <= row["after"]["accuracy"]["mean"] <= 1
        # Of as many queries of every class accuracy and macro recall are the same.
        assert row["after"]["recall"] == row["after"]["accuracy"]
        assert sum(found["n"] for found in row["after"]["reliability"]) == 6 * 4 * row["n_way"]
        assert row["seconds_to_adapt"]["median"] > 0
        assert len(row["robustness"]) == (3 if row["n_shot"] == 1 else 5)
        for harmed in row["robustness"].values():
            expected = harmed["accuracy"]["mean"] - row["after"]["accuracy"]["mean"]
            assert harmed["change"]["mean"] == pytest.approx(expected, abs=2e-6)
    for way, shot in ((2, 1), (2, 2), (3, 1), (3, 2)):
        rows = [row for row in results if (row["n_way"], row["n_shot"]) == (way, shot)]
        assert [row["method"] for row in rows] == methods
        assert len({row["episodes_sha256"] for row in rows}) == 1
        assert rows[0]["against_first"] == {"mean": 0.0, "ci95": 0.0}
        assert rows[0]["before"]["accuracy"]["mean"] == pytest.approx(1 / way, abs=1e-6)
        assert rows[0]["before"]["log_loss"]["mean"] == pytest.approx(np.log(way), abs=1e-5)
    # The directions of stripes are easy to tell apart by any network.
    assert min(row["after"]["accuracy"]["mean"] for row in results[::5]) > 0.6
    assert [line["step"] for line in report["learning_curves"][0]["scores"]] == [2, 4]

    summary = json.loads(printed.out)
    assert summary["report"] == str(out)
    assert len(summary["results"]) == len(results)
    assert f"all numbers {out}." in printed.err
    markdown = (tmp_path / "report.md").read_text()
    assert f"| {methods[1]} |" in markdown
    assert "**" not in markdown
    assert sorted(path.name for path in tmp_path.glob("*.svg")) == [
        "report-learning.svg",
        "report-reliability-stripes.svg",
        "report-shots-stripes.svg",
    ]
    for path, words in (
        ("report-learning.svg", ("steps of meta-training", "accuracy on validation tasks, %")),
        ("report-reliability-stripes.svg", ("confidence, %", "share right, %", "3-way 2-shot")),
        ("report-shots-stripes.svg", ("shots, images per class", "accuracy, %", methods[1])),
    ):
        assert f"]({path})" in markdown
        root = ET.parse(tmp_path / path).getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        text = "".join(root.itertext())
        assert all(word in text for word in words)


def test_every_table_row_has_as_many_cells_as_its_head(
    trained: Path, stripes: Path, tmp_path: Path
) -> None:
    done = _evaluated(tmp_path, [trained], stripes)
    lines = done.markdown_path.read_text().splitlines()
    head = ""
    n_tables = 0
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("|"):
            head = line if not before.startswith("|") else head
            n_tables += line is head
            assert line.count("|") == head.count("|"), line
    assert n_tables == 4


def test_the_same_seed_gives_the_same_numbers(trained: Path, stripes: Path, tmp_path: Path) -> None:
    def numbers(rule: EvaluationRule) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = _evaluated(tmp_path, [trained], stripes, rule).report[
            "results"
        ]
        return [{**row, "seconds_to_adapt": None} for row in rows]

    first = numbers(RULE)
    assert numbers(RULE) == first
    other = numbers(replace(RULE, seed=1))
    assert {row["episodes_sha256"] for row in other}.isdisjoint(
        row["episodes_sha256"] for row in first
    )


def test_combining_a_model_with_itself_changes_nothing(
    trained: Path, stripes: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(trained / "model.safetensors", again)
    both = [Combination.AVERAGE, Combination.VOTE]
    start = again / "model.safetensors"
    rule = replace(RULE, robustness=False)
    done = _evaluated(tmp_path, [trained, again], stripes, rule, both, start)
    found = _accuracies(done)
    # Two models, the start, three shares for each, an average, a vote.
    assert len(found) == 2 + 1 + 6 + 2
    one = found["Prototypes [prototypical/model.safetensors]"]
    for values in found.values():
        assert values == pytest.approx(one, abs=1e-6)


def test_equal_recipes_in_equally_named_folders_are_told_apart(
    stripes: Path, tmp_path: Path
) -> None:
    paths = []
    for seed, folder in enumerate(("cpu", "gpu")):
        (tmp_path / folder / "1shot").mkdir(parents=True)
        path = tmp_path / folder / "1shot" / MODEL_NAME
        paths.append(_save_untrained(Kind.PROTOTYPICAL, path, "Same", seed))
    rule = EvaluationRule(ways=(2,), shots=(1,), n_query=2, n_episodes=2)
    done = _evaluated(tmp_path, paths, stripes, rule)
    files = [
        f"1shot/model.safetensors, {hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
        for path in paths
    ]
    assert list(done.report["recipes"]) == files
    assert list(_accuracies(done)) == [f"Same [{file}]" for file in files]
    paths[1].write_bytes(paths[0].read_bytes())
    with pytest.raises(EngineError, match=r"named 'Same \[1shot/model.safetensors\]'; is a file"):
        _evaluated(tmp_path, paths, stripes, rule)


def test_weights_between_two_networks_are_measured(
    trained: Path, stripes: Path, tmp_path: Path
) -> None:
    start = _save_untrained(Kind.PROTOTYPICAL, tmp_path / "start.safetensors", "Start", seed=3)
    run = shutil.copytree(trained, tmp_path / "prototypical")
    shutil.copy(start, run / KEPT_NAME / "of_a_person.safetensors")  # No part of the average.
    done = _evaluated(tmp_path, [run], stripes, RULE, [Combination.AVERAGE], start)
    assert list(_accuracies(done)) == [
        "Prototypes",
        "Start, start",
        *(f"Prototypes, {share} of the way from the start" for share in (0.25, 0.5, 0.75)),
        "Prototypes, average of 2 kept weights",
    ]
    losses = [row["after"]["log_loss"]["mean"] for row in done.report["results"][:6]]
    assert len(set(losses)) == 6, "six different networks"


def test_a_model_of_few_classes_has_gaps_beside_others(
    trained: Path, stripes: Path, tmp_path: Path
) -> None:
    """MAML first, whose head tells 3 classes apart: the plots and tables begin with a gap."""
    maml = _save_untrained(Kind.MAML, tmp_path / "maml.safetensors", "MAML")
    done = _evaluated(tmp_path, [maml, trained], stripes, replace(RULE, ways=(4, 2)))
    found = {(row["method"], row["n_way"]) for row in done.report["results"]}
    title = "MAML (queries share batch statistics)"
    assert found == {("Prototypes", 4), ("Prototypes", 2), (title, 2)}
    gap = next(text for text in done.report["warnings"] if text.startswith("MAML"))
    assert gap == (
        f"{title} was meta-trained for tasks of up to 3 classes: there are no figures for more."
    )
    assert gap in done.told()
    markdown = done.markdown_path.read_text()
    assert f"| {title} | – | – | " in markdown
    assert "4-way 2-shot" in (tmp_path / "report-reliability-stripes.svg").read_text()


def test_tasks_that_no_method_can_do_are_left_out_and_told(stripes: Path, tmp_path: Path) -> None:
    """The default ways are for all methods; one alone may have a bound below."""
    maml = _save_untrained(Kind.MAML, tmp_path / "maml.safetensors", "MAML")
    done = _evaluated(tmp_path, [maml], stripes, replace(RULE, ways=(2, 4)))
    assert {entry["n_way"] for entry in done.report["results"]} == {2}
    assert any("tasks of up to 3 classes: there are no figures for more" in w for w in done.told())


def test_what_cannot_be_combined_is_told(trained: Path, stripes: Path, tmp_path: Path) -> None:
    maml = _save_untrained(Kind.MAML, tmp_path / "maml.safetensors", "MAML")
    model = trained / "model.safetensors"
    vote, average = [Combination.VOTE], [Combination.AVERAGE]
    cases: list[tuple[list[Path], EvaluationRule, list[Combination], str]] = [
        ([trained], RULE, vote, "vote takes at least 2 models; prototypical/model.safetensors is"),
        ([trained, maml], RULE, average, "not of the same network"),
        ([maml], RULE, average, "average takes at least 2 models.* has kept 0 earlier weights"),
        ([trained, model], RULE, [], "is a file given twice"),
        ([maml], replace(RULE, ways=(4, 5)), [], "up to 3 classes; 4-way tasks were asked for"),
    ]
    for given, rule, combinations, words in cases:
        with pytest.raises(EngineError, match=words):
            _evaluated(tmp_path, given, stripes, rule, combinations)


# --- Encoders ------------------------------------------------------------------------------------

PROJECTED_HEADS = ["plain prototypes", "cosine prototypes", "ridge", "the product's head"]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "kinds"
    for kind in KINDS:
        (folder / kind).mkdir(parents=True)
        for seed in range(6):
            paint(kind, seed=seed).save(folder / kind / f"{seed}.png")
    return folder


def test_the_shipped_encoder_with_every_head(kinds: Path, trained: Path, tmp_path: Path) -> None:
    rule = EvaluationRule(ways=(3,), shots=(1, 2), n_query=3, n_episodes=4, robustness=True)
    done = _evaluated(tmp_path, [shipped_encoder_path(), trained], kinds, rule)
    found = _accuracies(done)
    name = load_encoder(shipped_encoder_path()).name
    assert list(found) == ["Prototypes", *(f"{name}: {head}" for head in PROJECTED_HEADS)]
    for head in ("cosine prototypes", "ridge", "the product's head"):
        assert min(found[f"{name}: {head}"]) > 0.9, "no encoder mixes these kinds up"
    digests = {(row["n_shot"], row["episodes_sha256"]) for row in done.report["results"]}
    assert len(digests) == 2, "the encoder sees the small network's episodes"
    for row in done.report["results"]:
        assert len(row["robustness"]) == (3 if row["n_shot"] == 1 else 5)
    assert any("without embedding" in note for note in done.report["notes"])


def test_every_image_is_embedded_once_and_fitted_as_the_program_does(
    kinds: Path, tmp_path: Path
) -> None:
    encoder = load_encoder(shipped_encoder_path())
    real = load_runtime(encoder, tmp_path, "cpu")
    seen: list[bytes] = []

    def embed(pixels: NDArray[np.uint8]) -> NDArray[np.float16]:
        seen.append(pixels.tobytes())
        return real.embed(pixels)

    runtime = replace(real, backend=embed)
    (opened,) = open_data([kinds], "test")
    photographs = Photographs(opened)
    labelled, _ = _finish(photographs.read())
    episodes = draw_episodes(labelled, Setting(3, 2, 2), 10, 0)
    images = EmbeddedPhotographs(photographs, runtime)
    _finish(images.embed([(episode, number < 1) for number, episode in enumerate(episodes)]))
    # Those that no episode draws, too: they are centred on. The first episode's six queries also
    # spoilt in three ways.
    assert len(seen) == len(set(seen)) == len(labelled.labels) + 3 * 6

    task = images.task(episodes[0])
    rows = [real.embed(photographs.pixels(int(i), 0, "")) for i in episodes[0].support]
    np.testing.assert_array_equal(task.support.numpy(), np.stack(rows).astype(np.float32))
    assert not torch.equal(task.query, images.spoilt_queries(episodes[0], next(iter(CORRUPTIONS))))

    mean = images.mean(encoder)
    head = HEADS["the product's head"](mean)
    predicted = head.adapt(task.support, task.support_labels, 3)(task.query).exp().numpy()
    model = adaptation.adapt(task.support.numpy(), task.support_labels.numpy(), mean)
    np.testing.assert_allclose(predicted, model.probabilities(task.query.numpy()), rtol=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_heads_give_log_probabilities_that_follow_the_classes(head: str) -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 3)
    centres = random.normal(size=(4, 30)) * 2
    support = torch.from_numpy(centres[labels] + random.normal(size=(12, 30)) * 0.2).float()
    queries = torch.from_numpy(centres + random.normal(size=(4, 30)) * 0.2).float()
    adapter = HEADS[head](support.numpy().mean(0))
    found = adapter.adapt(support, torch.from_numpy(labels), 4)(queries)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.exp().sum(1), torch.ones(4))
    assert found.argmax(1).tolist() == [0, 1, 2, 3]
    order = np.array([2, 0, 3, 1])
    renamed = adapter.adapt(support, torch.from_numpy(order[labels]), 4)(queries)
    torch.testing.assert_close(renamed[:, order], found, rtol=1e-3, atol=1e-3)


def test_encoders_are_averaged_and_mixed_weight_by_weight() -> None:
    start = load_encoder(shipped_encoder_path())
    other = replace(
        start,
        name="Other",
        weights={key: array + 1 for key, array in start.weights.items()},
        feature_mean=start.feature_mean + 4,
    )
    path = Path("any.safetensors")
    one, two = (
        EncoderModel(encoder.name, path, encoder, Source(encoder.name, "0"))
        for encoder in (start, other)
    )
    rows = encoder_methods_of([one, two], [Combination.AVERAGE, Combination.VOTE])
    assert len(rows) == 4 * (2 + 2)
    average, vote = rows[8], rows[12]
    assert (average.head, vote.head) == ("plain prototypes", "plain prototypes")
    (mixed,) = average.encoders
    assert [encoder.name for encoder in vote.encoders] == [start.name, "Other"]
    key = next(iter(start.weights))
    np.testing.assert_allclose(mixed.weights[key], start.weights[key] + 0.5, rtol=1e-5)
    np.testing.assert_allclose(mixed.feature_mean, start.feature_mean + 2, rtol=1e-5)

    on_the_way = encoder_methods_of([two], [], one)
    quarter = on_the_way[2 * 4].encoders[0]
    np.testing.assert_allclose(quarter.weights[key], start.weights[key] + 0.25, rtol=1e-5)
    with pytest.raises(EngineError, match="average takes at least 2 encoders"):
        encoder_methods_of([one], [Combination.AVERAGE])
    assert start.projection is not None
    turned = replace(start.projection, matrix=start.projection.matrix[::-1].copy())
    for projection in (None, turned):
        strange = replace(other, projection=projection)
        third = EncoderModel("Strange", path, strange, Source("Strange", "0"))
        with pytest.raises(EngineError, match="different projections"):
            encoder_methods_of([one, third], [Combination.AVERAGE])
        # There is no way between them, but each can be measured.
        names = {method.name.split(":")[0] for method in encoder_methods_of([third], [], one)}
        assert names == {"Strange", f"{start.name}, start"}


def test_bare_weights_are_evaluated_and_started_from(kinds: Path, tmp_path: Path) -> None:
    """Those of the shipped encoder without its projection."""
    bare = tmp_path / "bare.safetensors"
    save_file(dict(load_encoder(shipped_encoder_path()).weights), bare)
    rule = EvaluationRule(ways=(3,), shots=(1,), n_query=2, n_episodes=2)
    done = _evaluated(tmp_path, [shipped_encoder_path()], kinds, rule, start=bare)
    shipped = load_encoder(shipped_encoder_path()).name
    assert list(_accuracies(done)) == [
        *(f"{shipped}: {head}" for head in PROJECTED_HEADS),
        "bare, start: plain prototypes on z",
        "bare, start: plain prototypes on √z",
        *(f"bare, start: {head}" for head in PROJECTED_HEADS[1:]),
    ]
    (warning,) = done.report["warnings"]
    assert warning.startswith("There are no weights on the way from")
    assert "bare.safetensors to assets/encoder.safetensors" in warning
    assert warning in done.told()
    assert warning in done.markdown_path.read_text()
    assert any(note.startswith("z is") for note in done.report["notes"])


def test_a_row_says_whether_plain_prototypes_see_activations_or_their_roots() -> None:
    projected = load_encoder(shipped_encoder_path())
    rooted = replace(projected, projection=None, feature_mean=np.zeros(1280, np.float32))
    plain = {
        name: [title for title in heads_over(encoders) if "plain" in title]
        for name, encoders in (
            ("projected", [projected]),
            ("rooted", [rooted]),
            ("both", [rooted, projected]),
        )
    }
    assert plain == {
        "projected": ["plain prototypes"],
        "rooted": ["plain prototypes on z", "plain prototypes on √z"],
        "both": ["plain prototypes"],
    }


@pytest.mark.parametrize(
    ("title", "head", "power"),
    [
        ("plain prototypes", label_draws.plain_prototypes, 1),
        ("plain prototypes on √z", label_draws.plain_prototypes, 1),
        ("plain prototypes on z", label_draws.plain_prototypes, 2),
        ("cosine prototypes", label_draws.cosine_prototypes, 1),
        ("ridge", label_draws.ridge, 1),
    ],
)
def test_heads_choose_as_those_that_choose_encoders(
    title: str, head: label_draws.Head, power: int
) -> None:
    random = np.random.default_rng(0)
    roots = np.sqrt(random.gamma(0.3, size=(300, 40))).astype(np.float32)
    labels = np.repeat(np.arange(5), 4)
    support, queries, mean = roots[:20], roots[20:], roots.mean(0)
    learner = HEADS[title](mean)
    found = learner.adapt(torch.from_numpy(support), torch.from_numpy(labels), 5)
    chosen = found(torch.from_numpy(queries)).argmax(1).numpy()
    expected = head(support**power, labels, queries**power, mean, 5)
    assert len(set(expected.tolist())) == 5
    np.testing.assert_array_equal(chosen, expected)


def test_equal_episodes_give_equal_numbers_whatever_else_is_asked(
    kinds: Path, trained: Path, tmp_path: Path
) -> None:
    """One image in three is in no episode of the first evaluation.

    In the second there is another encoder, whose embeddings are the same, and their mean is not.
    """
    shipped = load_encoder(shipped_encoder_path())
    moved = replace(shipped, name="Moved", feature_mean=shipped.feature_mean[::-1].copy())
    assert moved.fingerprint == shipped.fingerprint
    save_encoder(moved, tmp_path / "moved.safetensors")
    rule = EvaluationRule(ways=(2,), shots=(1,), n_query=1, n_episodes=3)
    others = replace(rule, ways=(2, 3), shots=(1, 3), robustness=True)
    found = []
    for asked, before in ((rule, []), (others, [shipped_encoder_path()])):
        paths = [*before, tmp_path / "moved.safetensors", trained]
        done = _evaluated(tmp_path, paths, kinds, asked)
        found.append(
            {
                (row["method"], row["episodes_sha256"]): (row["before"], row["after"])
                for row in done.report["results"]
            }
        )
    alone, among = found
    assert len(alone) == 1 + len(PROJECTED_HEADS)
    for key, numbers in alone.items():
        assert among[key] == numbers, key


def test_a_large_set_is_centred_on_the_same_part_of_it(
    kinds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (opened,) = open_data([kinds], "test")
    assert Photographs(opened).centred_on() == list(range(18))
    monkeypatch.setattr(photographs_module, "N_CENTRED", 5)
    photographs = Photographs(opened)
    chosen = photographs.centred_on()
    assert len(set(chosen)) == 5
    assert Photographs(opened).centred_on() == chosen

    runtime = load_runtime(load_encoder(shipped_encoder_path()), tmp_path, "cpu")
    images = EmbeddedPhotographs(photographs, runtime)
    labelled, _ = _finish(photographs.read())
    episodes = draw_episodes(labelled, Setting(3, 2, 2), 3, 0)
    _finish(images.embed([(episode, False) for episode in episodes]))
    total = sum(runtime.embed(photographs.pixels(index, 0, "")).astype(float) for index in chosen)
    expected = folder_mean(np.asarray(total), 5, runtime.encoder.feature_mean)
    np.testing.assert_allclose(images.mean(runtime.encoder), expected, rtol=1e-6)


def test_a_vote_of_encoders_sees_the_embeddings_of_each(kinds: Path, tmp_path: Path) -> None:
    """Of one encoder under two names: the vote is the encoder."""
    copied = replace(load_encoder(shipped_encoder_path()), name="Copy")
    save_encoder(copied, tmp_path / "copy.safetensors")
    paths = [shipped_encoder_path(), tmp_path / "copy.safetensors"]
    rule = EvaluationRule(ways=(3,), shots=(2,), n_query=2, n_episodes=3)
    found = _accuracies(_evaluated(tmp_path, paths, kinds, rule, [Combination.VOTE]))
    for head in PROJECTED_HEADS:
        assert found[f"Vote of 2 encoders: {head}"] == found[f"Copy: {head}"]


# --- What was seen before ------------------------------------------------------------------------


def _small_warnings(tmp_path: Path, model: Path, data: Path) -> list[str]:
    rule = EvaluationRule(ways=(2,), shots=(1,), n_query=2, n_episodes=2)
    done = _evaluated(tmp_path, [model], data, rule)
    warnings: list[str] = done.report["warnings"]
    assert done.summary()["warnings"] == warnings
    for warning in warnings:
        assert warning in done.told()
        assert f"- {warning}\n" in done.markdown_path.read_text()
    return warnings


def test_images_that_a_small_network_was_trained_on_are_told(
    trained: Path, stripes: Path, kinds: Path, tmp_path: Path
) -> None:
    expected = "prototypical/model.safetensors was meta-trained on the images of {}: its accuracy"
    (warning,) = _small_warnings(tmp_path, trained, stripes)
    assert warning.startswith(expected.format("stripes"))
    # The same images under another name; other images under the same name.
    again = shutil.copytree(stripes, tmp_path / "again")
    (warning,) = _small_warnings(tmp_path, trained, again)
    assert warning.startswith(expected.format("again"))
    other = shutil.copytree(kinds, tmp_path / "other" / "stripes")
    assert _small_warnings(tmp_path, trained, other) == []
    # What a run began with has seen nothing.
    run = shutil.copytree(trained, tmp_path / "run")
    assert _small_warnings(tmp_path, run / START_NAME, stripes) == []
    # Where nothing tells, nothing is told.
    config = json.loads((run / CONFIG_NAME).read_text())
    for entry in config["data"]:
        del entry["sha256"]
    (run / CONFIG_NAME).write_text(json.dumps(config))
    assert _small_warnings(tmp_path, run, stripes) == []
    (run / CONFIG_NAME).unlink()
    assert _small_warnings(tmp_path, run, stripes) == []
    for damaged in ("{", "[" * 100_000):
        (run / CONFIG_NAME).write_text(damaged)
        with pytest.raises(EngineError, match=r"config\.json is damaged; without it"):
            _small_warnings(tmp_path, run, stripes)


@pytest.mark.parametrize(
    ("trained_split", "asked", "words"),
    [
        ("train", "train", "all characters of omniglot_train"),
        ("trainval", "train", "all characters of omniglot_train"),
        ("train", "trainval", "1 of the 2 characters of omniglot_trainval"),
        ("trainval", "test", ""),
        ("gone", "test", ""),
    ],
)
@pytest.mark.parametrize("has_config", [True, False])
def test_characters_that_a_small_network_was_trained_on_are_told(
    trained_split: str, asked: str, words: str, has_config: bool, tmp_path: Path
) -> None:
    omniglot = _omniglot(tmp_path / "omniglot")
    (omniglot / "vinyals_trainval.txt").write_text("A/2/rot000\nB/1/rot000")
    (omniglot / "vinyals_test.txt").write_text("A/1/rot000")
    recipe = _recipe(Kind.PROTOTYPICAL)
    turned = replace(recipe.episodes, turned_classes=True)
    recipe = replace(recipe, data=DataRule(split=trained_split), episodes=turned)
    path = tmp_path / "run" / MODEL_NAME
    save_algorithm(build_algorithm(recipe, 8), recipe, 8, 1, path)
    if has_config:
        entry = {"name": f"omniglot_{trained_split}", "n_images": 5, "sha256": "0"}
        (tmp_path / "run" / CONFIG_NAME).write_text(json.dumps({"data": [entry]}))
    rule = EvaluationRule(ways=(2,), shots=(1,), n_query=1, n_episodes=2, split=asked)
    # Given twice, and told once.
    warnings = _evaluated(tmp_path, [path], omniglot, rule, start=path).report["warnings"]
    begin = "" if has_config else "By its recipe "
    expected = f"{begin}run/model.safetensors was meta-trained on {words}: its accuracy"
    assert len(warnings) == bool(words)
    assert all(warning.startswith(expected) for warning in warnings)


def test_characters_are_compared_by_their_lists_alone(tmp_path: Path) -> None:
    omniglot = _omniglot(tmp_path / "omniglot")
    (omniglot / "vinyals_trainval.txt").write_text("A/2/rot000\nB/1/rot000")
    recipe = replace(_recipe(Kind.PROTOTYPICAL), data=DataRule(split="trainval"))
    recipe = replace(recipe, episodes=replace(recipe.episodes, turned_classes=True))
    save_algorithm(build_algorithm(recipe, 8), recipe, 8, 1, tmp_path / MODEL_NAME)
    model = open_checkpoint(tmp_path / MODEL_NAME)
    assert isinstance(model, TrainedModel)
    (opened,) = open_data([omniglot], "test")
    small, _ = _finish(PixelShelf(CPU).images(opened, model.pixels))
    (omniglot / OMNIGLOT_NAME).unlink()
    (warning,) = seen_by_model(model, opened, small)
    assert "on 1 of the 2 characters of omniglot_test" in warning


def test_images_that_an_encoder_was_made_with_are_told(kinds: Path, tmp_path: Path) -> None:
    entry = {"name": "kinds", "n_images": 18, "n_classes": 3}
    record: dict[str, Any]
    for record, words in (
        ({"data": [entry], "validation": [entry]}, "was meta-trained on the images of kinds"),
        ({"data": [], "validation": [entry]}, "went from its start was chosen on the images of"),
        ({"data": [{**entry, "n_images": 17}]}, ""),
        ({"data": [{**entry, "name": "others"}]}, ""),
        ({}, ""),
        ({"start": {"meta_training": {"data": [entry]}}}, "was meta-trained on the images"),
    ):
        metadata = record if "start" in record else {"meta_training": record}
        encoder = replace(load_encoder(shipped_encoder_path()), metadata=metadata)
        path = tmp_path / "mine.safetensors"
        save_encoder(encoder, path)
        warnings = _small_warnings(tmp_path, path, kinds)
        assert len(warnings) == bool(words)
        assert all(words in warning for warning in warnings)


# --- What was left beside a model ----------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        '{"accuracy": 0.5}',
        '{"step": 3}',
        '{"step": 3, "accuracy": "half"}',
        '{"step": 3, "accuracy": 0.5, "validation_accuracy": 0.5}',
        "[3, 0.5]",
        "{",
        pytest.param("[" * 100_000, id="nested"),
    ],
)
def test_damaged_scores_are_told_before_anything_is_measured(
    line: str, trained: Path, stripes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(trained, tmp_path / "run")
    good = '{"step": 2, "accuracy": 0.5}'
    (run / SCORES_NAME).write_text(f"{good}\n{line}\n{good}\n")
    monkeypatch.setattr(run_module, "open_data", lambda *given: pytest.fail("too late"))
    expected = r"^Line 2 of \S+scores\.jsonl is not a score of a run; without the file"
    with pytest.raises(EngineError, match=expected):
        _evaluated(tmp_path, [run], stripes)


def test_a_run_has_one_learning_curve(trained: Path, tmp_path: Path) -> None:
    """Not one more of what it began with, nor of another model that lies beside it."""
    run = shutil.copytree(trained, tmp_path / "run")
    shutil.copy(run / MODEL_NAME, run / "copy.safetensors")
    paths = [run / START_NAME, run, trained, run / "copy.safetensors"]
    models = [open_checkpoint(path) for path in paths]
    curves = learning_curves([model for model in models if isinstance(model, TrainedModel)])
    files = ["run/model.safetensors", "prototypical/model.safetensors"]
    assert [curve["file"] for curve in curves] == files
    assert [curve["model"] for curve in curves] == [f"Prototypes [{file}]" for file in files]


# --- The report's files --------------------------------------------------------------------------


def _told_of_full_disk(folder: Path, trained: Path, stripes: Path) -> str:
    rule = EvaluationRule(ways=(2,), shots=(1,), n_query=2, n_episodes=2)
    steps = meta_evaluate([trained], [stripes], folder / "report.json", rule, folder)
    with pytest.raises(EngineError) as caught:
        _finish(steps)
    return str(caught.value)


def test_a_full_disk_is_told_and_what_fits_is_kept(
    small_disk: Path, trained: Path, stripes: Path
) -> None:
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(bytes(4096))
    told = _told_of_full_disk(small_disk, trained, stripes)
    assert told == f"Could not write the report {small_disk / 'report.json'}: the disk is full."
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
    # Room for the numbers, but not for the plots.
    with (small_disk / "filler").open("r+b") as filler:
        filler.truncate((small_disk / "filler").stat().st_size - 40_000)
    told = _told_of_full_disk(small_disk, trained, stripes)
    assert told.endswith("report-reliability-stripes.svg: the disk is full.")
    report = json.loads((small_disk / "report.json").read_text())
    assert report["results"]


def test_predictions_that_are_no_numbers_are_told(
    trained: Path, stripes: Path, tmp_path: Path
) -> None:
    report = _evaluated(tmp_path, [trained], stripes).report
    report["results"][0]["after"]["n_not_numbers"] = 1234
    expected = (
        "- For 1,234 queries of 2-way 1-shot tasks of stripes the predictions of Prototypes were "
        "NaN or infinite; they are scored as guesses."
    )
    assert expected in as_markdown(report, {}).splitlines()


def test_data_sets_of_similar_names_have_plots_of_their_own(
    trained: Path, stripes: Path, tmp_path: Path
) -> None:
    names = ["花", "鳥", "birds_1", "Birds-1", "data-2"]
    expected = ["data", "data-2", "birds-1", "Birds-1-2", "data-2-2"]
    for name in names:
        shutil.copytree(stripes, tmp_path / "sets" / name)
    rule = EvaluationRule(ways=(2,), shots=(1,), n_query=2, n_episodes=2)
    paths = [tmp_path / "sets" / name for name in names]
    out = tmp_path / "report.json"
    done, _ = _finish(meta_evaluate([trained], paths, out, rule, tmp_path, device="cpu"))
    reliability = [path for path in done.plot_paths if "reliability" in path.name]
    found = [path.stem.removeprefix("report-reliability-") for path in reliability]
    assert found == expected
    assert all(path.is_file() for path in reliability)
    assert all(f"]({path.name})" in done.markdown_path.read_text() for path in reliability)


# --- Data ----------------------------------------------------------------------------------------


def _omniglot(folder: Path) -> Path:
    """Three characters of five drawings in Omniglot's form, two of them in the test split."""
    folder.mkdir()
    random = np.random.default_rng(0)
    np.savez(
        folder / "omniglot_28.npz",
        images=random.integers(0, 256, (15, 28, 28), dtype=np.uint8),
        class_index=np.repeat(np.arange(3), 5).astype(np.int16),
        class_names=np.array(["A/1", "A/2", "B/1"]),
        drawer=np.tile(np.arange(1, 6), 3).astype(np.int8),
    )
    for split, names in (("test", ("A/1", "B/1")), ("train", ("A/2",))):
        lines = [f"{name}/rot{turn:03}" for name in names for turn in (0, 90, 180, 270)]
        (folder / f"vinyals_{split}.txt").write_text("\n".join(lines))
    return folder


def test_omniglots_characters_are_turned_for_networks_and_encoders_alike(tmp_path: Path) -> None:
    (opened,) = open_data([_omniglot(tmp_path / "omniglot")], "test")
    assert opened.labelled.name == "omniglot_test"
    assert opened.labelled.turned_classes
    with pytest.raises(EngineError, match=r"omniglot_test has 8 classes .2, each turned to 4"):
        check_possible(opened.labelled, Setting(9, 1, 1))
    small, _ = _finish(PixelShelf(CPU).images(opened, PixelRule(28, 1, inverted=False)))
    photographs = Photographs(opened)
    (episode,) = draw_episodes(opened.labelled, Setting(8, 1, 1), 1, 0)
    task = small.task(episode)
    for position, (index, label) in enumerate(
        zip(episode.support, episode.support_labels, strict=True)
    ):
        turned = photographs.pixels(int(index), int(episode.class_turns[label]), "")
        assert turned.shape == (28, 28, 3)
        np.testing.assert_array_equal(
            np.rint(task.support[position, 0].numpy() * 255), turned[:, :, 0]
        )


def test_the_digits_are_a_set_of_their_own(trained: Path, tmp_path: Path) -> None:
    rule = EvaluationRule(ways=(10,), shots=(5,), n_query=2, n_episodes=2)
    done = _evaluated(tmp_path, [trained], Path("digits"), rule)
    (described,) = done.report["data"]
    assert (described["name"], described["n_images"]) == ("digits", 1797)
    assert not described["turned_classes"]
    (row,) = done.report["results"]
    assert row["after"]["accuracy"]["mean"] > 0.2, "twice what guessing gives"


# --- Exit statuses -------------------------------------------------------------------------------


def _status(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    status = main(["meta-evaluate", *(str(argument) for argument in arguments)])
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err
    assert printed.out == ""
    return status, printed.err


def test_wrong_use_is_status_2(
    trained: Path, stripes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    for given, words in (
        (("--out", out, "--ways", "five"), "--ways takes whole numbers parted by commas"),
        (("--out", out, "--ways", "1,5"), "--ways must be at least 2, not 1"),
        (("--out", out, "--shots", "0"), "--shots must be at least 1, not 0"),
        (("--out", out, "--episodes", "1"), "--episodes"),
        (("--out", out, "--combine", "sum"), "--combine"),
        (("--out", tmp_path / "report.md"), "ends with .json"),
        ((), "--out"),
    ):
        status, told = _status(capfd, trained, "--data", stripes, *given)
        assert status == 2, told
        assert words in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["classify", "meta-train", "meta-evaluate"])
def test_the_help_promises_no_value_of_a_flag(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """``--robustness true`` would take ``true`` for another checkpoint."""
    assert main([command, "--help"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert any("--json" in line for line in lines)
    assert not [line for line in lines if "<bool>" in line and "--help" not in line]


def test_what_cannot_be_done_is_status_1_in_one_sentence(
    trained: Path, stripes: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = ("--queries", "4", "--out", tmp_path / "report.json")
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    save_file({"other": np.zeros(2, np.float32)}, tmp_path / "other.safetensors")
    unfinished, folder = tmp_path / "unfinished", tmp_path / "folder.json"
    for made in (unfinished, folder):
        made.mkdir()
    shutil.copy(trained / CHECKPOINT_NAME, unfinished)
    cases: list[tuple[Sequence[str | Path], str]] = [
        ((trained, "--data", stripes, *out, "--ways", "7"), "stripes has 6 classes of at least 5"),
        ((trained, "--data", stripes, *out, "--ways", "2", "--shots", "9"), "need 2 such classes."),
        ((tmp_path / "none", "--data", stripes, *out), "Could not read the checkpoint"),
        ((tmp_path, "--data", stripes, *out), "no model.safetensors and no encoder.safetensors."),
        ((unfinished, "--data", stripes, *out), "encoder.safetensors: its run is not finished."),
        ((tmp_path / "broken.safetensors", "--data", stripes, *out), "is damaged"),
        ((trained / "checkpoint.safetensors", "--data", stripes, *out), "is the state of a run"),
        ((tmp_path / "other.safetensors", "--data", stripes, *out), "holds no weights of a torch"),
        ((trained, "--data", stripes, *out[:2], "--out", folder), "folder.json: it is a folder"),
        ((trained, "--data", tmp_path / "none", *out), "no such file or folder"),
        ((trained, "--data", stripes, "--out", tmp_path / "no" / "r.json"), "there is no folder"),
        (
            (trained, shipped_encoder_path(), "--data", stripes, *out, "--combine", "vote"),
            "cannot be combined",
        ),
        (
            (trained, "--data", stripes, *out, "--start", shipped_encoder_path()),
            "is not of the kind of prototypical/model.safetensors",
        ),
    ]
    for given, words in cases:
        status, told = _status(capfd, *given)
        assert status == 1, told
        assert words in told
        assert told.count("\n") == 1
    assert not (tmp_path / "report.json").exists()


def test_ctrl_c_is_status_130_and_leaves_no_report(
    trained: Path,
    stripes: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*given: object) -> Generator[Progress, None, None]:
        yield Progress(0, "Evaluating", 1, 2, 1.0, 1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "evaluate", interrupted)
    out = tmp_path / "report.json"
    given = (trained, "--data", stripes, "--ways", "2", "--shots", "1", "--queries", "2")
    status, _ = _status(capfd, *given, "--out", out)
    assert status == 130
    assert list(tmp_path.iterdir()) == []


def test_a_model_and_an_encoder_are_told_apart(trained: Path) -> None:
    model = open_checkpoint(trained)
    assert model.source.name == "prototypical/model.safetensors"
    assert isinstance(getattr(model, "algorithm", None), PrototypicalNetwork)
    assert isinstance(open_checkpoint(shipped_encoder_path()), EncoderModel)

"""Runs of the papers' recipes on small painted characters: trained, stopped, resumed, broken."""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn.functional import nll_loss

from engine import run_command_line
from engine.errors import EngineError
from engine.files import write_whole
from engine.messages import Progress
from engine.metatraining import epochs, loop
from engine.metatraining.aggregation import Vote, average_weights, interpolate
from engine.metatraining.algorithms.interface import Algorithm, Predict, StepReport, accuracy_of
from engine.metatraining.encoder_training.recipe import load_recipe
from engine.metatraining.episodes import EpisodeRule, EpisodeSampler, TaskWeight
from engine.metatraining.epochs import (
    CHECKPOINT_NAME,
    CONFIG_NAME,
    KEPT_NAME,
    LOGS_NAME,
    MAPS_NAME,
    SCORES_NAME,
)
from engine.metatraining.few_shot import run as few_shot_run
from engine.metatraining.few_shot.build import build_algorithm
from engine.metatraining.few_shot.recipe import (
    FewShotRecipe,
    Kind,
    few_shot_recipe_from,
    is_few_shot_recipe,
    load_few_shot_recipe,
)
from engine.metatraining.few_shot.run import (
    MODEL_NAME,
    START_NAME,
    FewShotTrained,
    load_algorithm,
    meta_train_few_shot,
)
from engine.metatraining.loop import TrainingLoop
from engine.metatraining.meta_evaluation.methods import TrainedModel, open_checkpoint
from engine.metatraining.networks import Norm
from engine.metatraining.optimizers import Decay, OptimizerKind, OptimizerRule, Precision
from engine.metatraining.pixels import load_pixels
from engine.metatraining.processes import Processes, alone
from engine.metatraining.progress import Counter, result_of
from engine.metatraining.tasks import PixelSet, PixelSource, Task

SIDE_PX = 16
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small are slower on many threads, above all where others use the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- Data and recipes ----------------------------------------------------------------------------


def _characters(n_classes: int, n_images: int, seed: int = 0) -> np.ndarray:
    """Dark stripes on white, (n_classes * n_images, side, side) uint8; each class has its angle."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX]
    images = []
    for label in range(n_classes):
        angle = np.pi * (label + 0.3) / n_classes
        for _ in range(n_images):
            wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 0.8 + random.random() * 6)
            images.append(np.clip(190 + 60 * wave + random.normal(0, 20, x.shape), 0, 255))
    return np.stack(images).astype(np.uint8)


def _lines(first: int, last: int) -> str:
    turns = ("000", "090", "180", "270")
    return "".join(
        f"Stripes/character{n:02}/rot{turn}\n" for n in range(first, last) for turn in turns
    )


@pytest.fixture(scope="module")
def omniglot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like Omniglot's: 6 characters to train on, 4 to validate on, 6 images each."""
    folder = tmp_path_factory.mktemp("omniglot")
    np.savez(
        folder / "omniglot_28.npz",
        images=_characters(10, 6),
        class_index=np.repeat(np.arange(10), 6),
        class_names=np.array([f"Stripes/character{n:02}" for n in range(10)]),
    )
    (folder / "vinyals_train.txt").write_text(_lines(0, 6))
    (folder / "vinyals_val.txt").write_text(_lines(6, 10))
    (folder / "vinyals_trainval.txt").write_text(_lines(0, 10))
    return folder


def _folder_of_stripes(folder: Path, n_images: int, seed: int = 0) -> Path:
    """An image set of 4 classes."""
    for number, image in enumerate(_characters(4, n_images, seed)):
        path = folder / f"class{number // n_images}" / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


def _table(kind: Kind = Kind.PROTOTYPICAL, **changes: Any) -> dict[str, Any]:
    """The values of a recipe of 8 steps, with an epoch every 3 and a checkpoint every 2."""
    by_gradients = kind not in (Kind.PROTOTYPICAL, Kind.TRANSFER)
    episodes = {
        "min_way": 3,
        "max_way": 3,
        "min_shot": 1,
        "max_shot": 1,
        "n_query": 2,
        "turned_classes": True,
    }
    table: dict[str, Any] = {
        "name": "test",
        "seed": 3,
        "n_steps": 8,
        "tasks_per_step": 2,
        "n_validation_episodes": 4,
        "validate_every": 3,
        "checkpoint_every": 2,
        "algorithm": {
            "kind": kind.value,
            "inner_steps": 2,
            "inner_batch": 4,
            "inner_rate": 0.01 if kind is Kind.REPTILE else 0.4,
            "test_steps": 3,
        },
        "network": {
            "side_px": SIDE_PX,
            "strided": True,
            "norm": "batch" if by_gradients else "running",
        },
        "episodes": episodes,
        "validation": episodes,
        "optimizer": {"kind": "sgd", "learning_rate": 0.5} if kind is Kind.REPTILE else {},
    }
    for key, value in changes.items():
        section, _, entry = key.partition("__")
        if entry:
            table[section] = {**table[section], entry: value}
        else:
            table[section] = value
    return table


def _recipe(kind: Kind = Kind.PROTOTYPICAL, **changes: Any) -> FewShotRecipe:
    return few_shot_recipe_from(_table(kind, **changes))


def _toml(table: Mapping[str, Any], path: Path) -> Path:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    sections = {key: value for key, value in table.items() if isinstance(value, dict)}
    lines = [f"{key} = {json.dumps(value)}" for key, value in plain.items()]
    for name, section in sections.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in section.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


Run = Generator[Progress, None, FewShotTrained]


def _stop_at(run: Run, step: int, text: str = "Meta-training") -> None:
    """Close the run where it first shows ``text`` at ``step`` or after."""
    for event in run:
        if event.text.startswith(text) and event.done >= step:
            run.close()
            return
    raise AssertionError("the run ended before it could be stopped")


def _scores(folder: Path) -> list[dict[str, Any]]:
    """What an uninterrupted run must equal: all but the time."""
    lines = [json.loads(line) for line in (folder / SCORES_NAME).read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


def _assert_same_run(folder: Path, reference: Path) -> None:
    found, expected = load_file(folder / MODEL_NAME), load_file(reference / MODEL_NAME)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name
    assert _scores(folder) == _scores(reference)


# --- Episodes of small images --------------------------------------------------------------------


def _pixel_set(n_classes: int = 4, n_images: int = 5) -> PixelSet:
    labels = np.repeat(np.arange(n_classes), n_images)
    names = tuple(map(str, range(n_classes)))
    return PixelSet("stripes", _characters(n_classes, n_images)[:, None], labels, names)


def test_turned_classes_are_classes_of_their_own() -> None:
    pixels = _pixel_set()
    rule = EpisodeRule(min_way=10, max_way=10, max_shot=2, n_query=2, turned_classes=True)
    sampler = EpisodeSampler(["stripes"], [pixels.labels], [1.0], rule)
    assert sampler.n_classes == 16
    source, random = PixelSource([pixels]), torch.Generator().manual_seed(0)
    turned = 0
    for _ in range(5):
        episode = sampler.sample(random)
        assert len(set(episode.class_ids.tolist())) == 10
        task = source.task(episode, random)
        for images, labels, indices in (
            (task.support, task.support_labels, episode.support),
            (task.query, task.query_labels, episode.query),
        ):
            for image, label, index in zip(images, labels.tolist(), indices, strict=True):
                class_id = int(task.class_ids[label])
                assert class_id // 4 == pixels.labels[index]
                upright = pixels.images[index, 0].astype(np.float32) / 255
                np.testing.assert_array_equal(image[0].numpy(), np.rot90(upright, class_id % 4))
                turned += class_id % 4 != 0
    assert turned > 0


def test_the_weight_of_a_task_can_follow_the_loss_of_guessing() -> None:
    labels = np.repeat(np.arange(12), 4)
    for weight, expected in (
        (TaskWeight.EQUAL, lambda n_way: 1.0),
        (TaskWeight.CHANCE, lambda n_way: 1 / math.log(n_way)),
    ):
        rule = EpisodeRule(min_way=2, max_way=12, max_shot=2, task_weight=weight)
        sampler = EpisodeSampler(["a"], [labels], [1.0], rule)
        random = torch.Generator().manual_seed(0)
        ways = set()
        for _ in range(20):
            episode = sampler.sample(random)
            ways.add(episode.n_way)
            assert episode.weight == expected(episode.n_way)
        assert len(ways) > 3


def test_shots_can_differ_between_the_classes_of_a_task() -> None:
    labels = np.repeat(np.arange(6), 20)
    for unbalanced in (False, True):
        rule = EpisodeRule(min_way=6, max_way=6, max_shot=8, unbalanced=unbalanced)
        sampler = EpisodeSampler(["a"], [labels], [1.0], rule)
        random = torch.Generator().manual_seed(0)
        found = [len(set(np.bincount(sampler.sample(random).support_labels))) for _ in range(20)]
        assert (max(found) > 1) == unbalanced


def test_classes_of_several_sets_have_numbers_of_their_own() -> None:
    rule = EpisodeRule(min_way=2, max_way=3)
    sets = [np.repeat(np.arange(3), 4), np.repeat(np.arange(5), 4)]
    sampler = EpisodeSampler(["a", "b"], sets, [1.0, 1.0], rule)
    assert sampler.n_classes == 8
    random = torch.Generator().manual_seed(0)
    seen: tuple[set[int], set[int]] = (set(), set())
    for _ in range(60):
        episode = sampler.sample(random)
        seen[episode.set_index].update(episode.class_ids.tolist())
    assert seen == ({0, 1, 2}, {3, 4, 5, 6, 7})


# --- Images --------------------------------------------------------------------------------------


def test_omniglot_is_read_by_its_lists(omniglot: Path) -> None:
    (pixels,) = load_pixels(omniglot, SIDE_PX, 1, inverted=True, split="val")
    assert pixels.class_names == tuple(f"Stripes/character{n:02}" for n in range(6, 10))
    assert pixels.images.shape == (24, 1, SIDE_PX, SIDE_PX)
    assert np.bincount(pixels.labels).tolist() == [6, 6, 6, 6]
    np.testing.assert_array_equal(pixels.images[:, 0], 255 - _characters(10, 6)[36:])
    (larger,) = load_pixels(omniglot, 20, 3, inverted=False, split="val")
    assert larger.images.shape == (24, 3, 20, 20)
    np.testing.assert_array_equal(larger.images[:, 0], larger.images[:, 2])


def test_any_folder_of_images_can_be_made_small(tmp_path: Path) -> None:
    for label, colour in enumerate(((200, 10, 10), (10, 10, 200))):
        folder = tmp_path / "set" / f"class{label}"
        folder.mkdir(parents=True)
        for number in range(70):  # More than are read at once.
            Image.new("RGB", (30, 24), colour).save(folder / f"{number:02}.png")
    (tmp_path / "set" / "class0" / "broken.png").write_bytes(b"no image")
    (pixels,) = load_pixels(tmp_path / "set", SIDE_PX, 3, inverted=False)
    assert pixels.images.shape == (140, 3, SIDE_PX, SIDE_PX)
    assert pixels.images[0, :, 5, 5].tolist() == [200, 10, 10]
    assert pixels.images[-1, :, 5, 5].tolist() == [10, 10, 200]
    assert np.bincount(pixels.labels).tolist() == [70, 70]
    (grey,) = load_pixels(tmp_path / "set", SIDE_PX, 1, inverted=True)
    assert grey.images[0, 0, 5, 5] == 255 - round(0.299 * 200 + 0.701 * 10)


def test_handwritten_digits_are_at_hand() -> None:
    (pixels,) = load_pixels(Path("digits"), SIDE_PX, 1, inverted=True)
    assert pixels.images.shape == (1797, 1, SIDE_PX, SIDE_PX)
    assert pixels.class_names == tuple("0123456789")
    # Ink is bright once inverted, and the corners are empty paper.
    assert pixels.images[:, 0, 0, 0].mean() < 10
    assert pixels.images[:, 0, 6:10, 6:10].mean() > 80


def _damaged(folder: Path, omniglot: Path, name: str) -> Path:
    folder.mkdir()
    for file in omniglot.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    drawings, train = folder / "omniglot_28.npz", folder / "vinyals_train.txt"
    match name:
        case "cut":
            drawings.write_bytes(drawings.read_bytes()[:2000])
        case "flipped":
            content = bytearray(drawings.read_bytes())
            content[500:600] = bytes(100)
            drawings.write_bytes(content)
        case "no archive":
            drawings.write_bytes(b"nothing of the kind")
        case "other arrays":
            np.savez(drawings, images=np.zeros((2, 4)))
        case "flat":
            np.savez(drawings, images=np.zeros(2), class_index=[0, 1], class_names=["a", "b"])
        case "no list":
            train.unlink()
        case "empty list":
            train.write_text("")
        case "unknown name":
            train.write_text("Stripes/character99/rot000\n")
        case "no text":
            train.write_bytes(b"\xff\xfe\xff")
    return folder


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cut", r"omniglot_28.npz is damaged"),
        ("flipped", r"omniglot_28.npz is damaged"),
        ("no archive", r"omniglot_28.npz is damaged"),
        ("other arrays", r"omniglot_28.npz is damaged"),
        ("flat", r"omniglot_28.npz is damaged"),
        ("no list", r"vinyals_train.txt: there is no such file"),
        ("empty list", r"vinyals_train.txt names no characters"),
        ("unknown name", r"'Stripes/character99', which omniglot_28.npz does not have"),
        ("no text", r"vinyals_train.txt is no text"),
    ],
)
def test_damaged_data_is_told_in_a_sentence(
    tmp_path: Path, omniglot: Path, name: str, sentence: str
) -> None:
    folder = _damaged(tmp_path / "data", omniglot, name)
    with pytest.raises(EngineError, match=sentence):
        load_pixels(folder, SIDE_PX, 1, inverted=True, split="train")


# --- Training ------------------------------------------------------------------------------------


def _loop(
    algorithm: Algorithm, n_steps: int, optimizer: OptimizerRule | None = None, **changes: Any
) -> TrainingLoop:
    pixels = _pixel_set(6, 6)
    rule = EpisodeRule(min_way=3, max_way=3, max_shot=1, n_query=2)
    options: dict[str, Any] = {
        "tasks_per_step": 2,
        "precision": Precision.FLOAT32,
        "seed": 0,
        "processes": alone(),
        **changes,
    }
    sampler = EpisodeSampler(["stripes"], [pixels.labels], [1.0], rule)
    return TrainingLoop(
        algorithm, sampler, PixelSource([pixels]), optimizer or OptimizerRule(), n_steps, **options
    )


@pytest.mark.parametrize("kind", [Kind.PROTOTYPICAL, Kind.MAML, Kind.TRANSFER])
def test_training_lowers_the_loss_of_new_tasks(kind: Kind) -> None:
    torch.manual_seed(0)
    algorithm = build_algorithm(_recipe(kind, algorithm__inner_rate=0.1), 6)
    training = _loop(algorithm, 40, OptimizerRule(learning_rate=6e-3))
    pixels = _pixel_set(6, 6)
    rule = EpisodeRule(min_way=3, max_way=3, max_shot=1, n_query=2)
    sampler = EpisodeSampler(["stripes"], [pixels.labels], [1.0], rule)
    source, random = PixelSource([pixels]), torch.Generator().manual_seed(9)
    tasks = [source.task(sampler.sample(random), random) for _ in range(20)]

    def loss() -> float:
        losses = [
            nll_loss(
                algorithm.adapt(task.support, task.support_labels, 3)(task.query), task.query_labels
            ).item()
            for task in tasks
        ]
        return float(np.mean(losses))

    for _ in range(2):  # So that running statistics have some base.
        training.step()
    before = loss()
    while training.n_done < 40:
        training.step()
    assert loss() < 0.9 * before


class _Stub(Algorithm):
    """One weight; loss and gradient are told from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.loss, self.gradient = 1.0, 1.0

    def meta_learn(self, tasks: Sequence[Task]) -> StepReport:
        self.weight.grad = torch.tensor([self.gradient])
        return StepReport(self.loss, 0.5)

    def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
        return self.unadapted(n_way)


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        (Decay.CONSTANT, [0.8, 0.8, 0.8, 0.8]),
        (Decay.HALVING, [0.8, 0.8, 0.4, 0.4]),
        (Decay.LINEAR, [0.8, 0.6, 0.4, 0.2]),
        (Decay.COSINE, [0.8, 0.4 + 0.4 * 0.5**0.5, 0.4, 0.4 - 0.4 * 0.5**0.5]),
    ],
)
def test_the_rate_falls_as_the_recipe_says(decay: Decay, expected: list[float]) -> None:
    """With gradient 1 and plain descent the weight is minus the sum of the rates."""
    stub = _Stub()
    rule = OptimizerRule(OptimizerKind.SGD, learning_rate=0.8, decay=decay, halve_every=2)
    training = _loop(stub, 4, rule)
    for number, rate in enumerate(expected, 1):
        assert training.learning_rate == pytest.approx(rate)
        training.step()
        assert -stub.weight.item() == pytest.approx(sum(expected[:number]))


@pytest.mark.parametrize(
    ("loss", "gradient", "sentence"),
    [
        (math.nan, 1.0, r"The loss became nan in step 3; no checkpoint was written yet"),
        (math.inf, 1.0, r"The loss became inf in step 3"),
        (1.0, math.inf, r"The gradient became infinite in step 3"),
        (1.0, math.nan, r"The gradient became infinite in step 3"),
    ],
)
def test_a_step_that_leads_nowhere_is_not_taken(
    loss: float, gradient: float, sentence: str
) -> None:
    stub = _Stub()
    training = _loop(stub, 10)
    training.step()
    training.step()
    before = stub.weight.item()
    stub.loss, stub.gradient = loss, gradient
    with pytest.raises(EngineError, match=sentence):
        training.step()
    assert stub.weight.item() == before
    assert training.n_done == 2


def test_infinite_weights_never_replace_a_checkpoint(tmp_path: Path) -> None:
    stub = _Stub()
    training = _loop(stub, 10, OptimizerRule(OptimizerKind.SGD, learning_rate=1.0))
    path = tmp_path / "checkpoint.safetensors"
    training.step()
    training.save(path, {})
    kept = path.read_bytes()
    stub.gradient = 3e38  # The largest number is 3.4e38.
    training.step()
    training.step()
    with pytest.raises(
        EngineError, match=r"weights became infinite by step 3; .*checkpoint.* still holds step 1"
    ):
        training.save(path, {})
    assert path.read_bytes() == kept


def _full(*given: object) -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nSee the log.")


def test_too_little_memory_of_a_gpu_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no damage of the file, and no end of another process."""
    path = tmp_path / CHECKPOINT_NAME
    training = _loop(_Stub(), 4)
    training.step()
    training.save(path, {})
    resumed = _loop(_Stub(), 4)
    with monkeypatch.context() as patched:
        patched.setattr(_Stub, "load_state_dict", _full)
        with pytest.raises(EngineError, match=r"^The GPU's memory ran out on loading \S+; smaller"):
            resumed.load(path, {})
    resumed.load(path, {})
    monkeypatch.setattr(_Stub, "meta_learn", _full)
    words = r"^The GPU's memory ran out in step 2, and \S+ still holds step 1; smaller tasks need"
    with pytest.raises(EngineError, match=words):
        resumed.step()
    assert resumed.n_done == 1


def test_too_little_memory_to_validate_is_told(
    omniglot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few_shot_run, "accuracy_of", _full)
    with pytest.raises(EngineError, match=r"^The GPU's memory ran out in validation; smaller"):
        result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path))
    assert (tmp_path / CHECKPOINT_NAME).exists()


def test_why_an_exchange_failed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise RuntimeError("Connection closed by peer.\nException raised from loop")

    monkeypatch.setattr(torch.distributed, "all_reduce", broken)
    words = r"the others of its run, as when one of them has ended: Connection closed by peer\.$"
    with pytest.raises(EngineError, match=words):
        Processes(0, 2, torch.device("cpu")).any(True)


def test_tasks_that_cannot_be_shared_evenly_are_refused() -> None:
    processes = Processes(0, 2, torch.device("cpu"))
    with pytest.raises(EngineError, match=r"tasks_per_step, 3, cannot be .* among 2 processes"):
        _loop(_Stub(), 4, tasks_per_step=3, processes=processes)


# --- Whole runs ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Kind))
def test_every_algorithm_runs_from_its_recipe(kind: Kind, omniglot: Path, tmp_path: Path) -> None:
    recipe = _recipe(kind, n_steps=4)
    trained = result_of(meta_train_few_shot(recipe, [omniglot], tmp_path / "run"))
    assert trained.validation_accuracy is not None
    assert 0 <= trained.validation_accuracy <= 1
    scores = _scores(tmp_path / "run")
    assert [line["step"] for line in scores] == [3, 4]
    assert scores[-1]["validation_accuracy"] == trained.validation_accuracy
    config = json.loads((tmp_path / "run" / CONFIG_NAME).read_text())
    assert config["seed"] == 3
    assert config["versions"]["torch"] == torch.__version__
    assert few_shot_recipe_from(config["recipe"]) == recipe
    assert config["data"][0]["n_images"] == 36
    assert config["validation_data"][0]["name"] == "omniglot_val"

    algorithm, of_model = load_algorithm(trained.model_path)
    assert of_model == recipe
    in_checkpoint = load_file(tmp_path / "run" / CHECKPOINT_NAME)
    for name, value in algorithm.state_dict().items():
        assert torch.equal(value, in_checkpoint[f"weights.{name}"])
    (pixels,) = load_pixels(omniglot, SIDE_PX, 1, inverted=True, split="val")
    images, labels = torch.from_numpy(pixels.images) / 255, torch.from_numpy(pixels.labels)
    support = images[labels < 3]
    predict = algorithm.adapt(support, labels[labels < 3], 3)
    assert predict(support[:5]).shape == (5, 3)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (Kind.PROTOTYPICAL, {"network__channels_last": True, "network__strided": False}),
        (Kind.PROTOTYPICAL, {"precision": "bfloat16"}),
        (Kind.META_SGD, {}),
        (Kind.REPTILE, {}),
        (Kind.TRANSFER, {"optimizer": {"kind": "adamw", "weight_decay": 0.1}}),
    ],
)
def test_a_stopped_run_goes_on_to_the_same_result(
    kind: Kind, changes: dict[str, Any], omniglot: Path, tmp_path: Path
) -> None:
    """Stopped in the middle of an epoch, and between checkpoints."""
    recipe = _recipe(kind, **changes)
    result_of(meta_train_few_shot(recipe, [omniglot], tmp_path / "whole"))
    _stop_at(meta_train_few_shot(recipe, [omniglot], tmp_path / "parts"), 5)
    assert not (tmp_path / "parts" / MODEL_NAME).exists()
    result_of(meta_train_few_shot(recipe, [omniglot], tmp_path / "parts", resume=True))
    _assert_same_run(tmp_path / "parts", tmp_path / "whole")


@pytest.mark.parametrize(("step", "text"), [(3, "Meta-training"), (2, "Validating")])
def test_a_run_stopped_at_the_end_of_an_epoch_still_scores_it(
    step: int, text: str, omniglot: Path, tmp_path: Path
) -> None:
    recipe = _recipe()
    result_of(meta_train_few_shot(recipe, [omniglot], tmp_path / "whole"))
    _stop_at(meta_train_few_shot(recipe, [omniglot], tmp_path / "parts"), step, text)
    assert not (tmp_path / "parts" / SCORES_NAME).exists()
    result_of(meta_train_few_shot(recipe, [omniglot], tmp_path / "parts", resume=True))
    _assert_same_run(tmp_path / "parts", tmp_path / "whole")


def test_a_finished_run_can_be_resumed_for_its_model(omniglot: Path, tmp_path: Path) -> None:
    first = result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path))
    model = load_file(first.model_path)
    first.model_path.unlink()
    again = result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path, resume=True))
    assert again == first
    for name, value in load_file(again.model_path).items():
        assert torch.equal(value, model[name])


def test_the_weights_that_training_began_with_are_kept(omniglot: Path, tmp_path: Path) -> None:
    """For ``meta-evaluate --start``; nothing but the seed tells them, also where they were lost."""
    recipe = _recipe()
    _stop_at(meta_train_few_shot(recipe, [omniglot], tmp_path), 5)
    (tmp_path / START_NAME).unlink()
    trained = result_of(meta_train_few_shot(recipe, [omniglot], tmp_path, resume=True))
    opened = open_checkpoint(trained.start_path)
    assert isinstance(opened, TrainedModel)
    assert opened.recipe == recipe
    start, model = load_file(trained.start_path), load_file(trained.model_path)
    with torch.random.fork_rng():
        torch.manual_seed(recipe.seed)
        fresh = build_algorithm(recipe, 24).state_dict()
    assert start.keys() == model.keys() == fresh.keys()
    for name, value in fresh.items():
        assert torch.equal(start[name], value), name
    assert not torch.equal(start["encoder.0.weight"], model["encoder.0.weight"])


def test_validation_shows_the_same_tasks_each_time_and_keeps_none(
    omniglot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them in memory would be 2 GB for 200 tasks of colour images of 84 px."""
    recipe, n_made = _recipe(), 0

    class CountingSource(PixelSource):
        def task(self, episode: Any, random: torch.Generator) -> Task:
            nonlocal n_made
            n_made += 1
            return super().task(episode, random)

    monkeypatch.setattr(few_shot_run, "PixelSource", CountingSource)
    made = []
    run = meta_train_few_shot(recipe, [omniglot], tmp_path)
    try:
        while True:
            if next(run).text != "Reading the images":
                made.append(n_made)
    except StopIteration as finished:
        trained = finished.value
    # 2 tasks in each of 8 steps; 4 to validate on, one at a time, after the third, sixth and last.
    assert made == [
        2,
        4,
        6,
        7,
        8,
        9,
        10,
        *(12, 14, 16, 17, 18, 19, 20),
        *(22, 24, 25, 26, 27, 28),
        28,
    ]

    (pixels,) = load_pixels(omniglot, SIDE_PX, 1, inverted=True, split="val")
    sampler, source = few_shot_run.sampler_of([pixels], recipe.validation), PixelSource([pixels])
    random = torch.Generator().manual_seed(recipe.seed + 2)
    tasks = [source.task(sampler.sample(random), random) for _ in range(4)]
    algorithm, _ = load_algorithm(trained.model_path)
    found = [
        accuracy_of(algorithm.adapt(t.support, t.support_labels, 3)(t.query), t.query_labels)
        for t in tasks
    ]
    assert trained.validation_accuracy == pytest.approx(np.mean(found))


def test_the_same_recipe_gives_the_same_run_and_another_seed_another(
    omniglot: Path, tmp_path: Path
) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        torch.manual_seed(len(name) + seed)  # The global generator must not matter.
        result_of(meta_train_few_shot(_recipe(seed=seed), [omniglot], tmp_path / name))
    _assert_same_run(tmp_path / "b", tmp_path / "a")
    assert _scores(tmp_path / "c") != _scores(tmp_path / "a")


def test_the_model_can_be_the_average_of_the_last_epochs(omniglot: Path, tmp_path: Path) -> None:
    recipe = _recipe(keep=2, average=True)
    trained = result_of(meta_train_few_shot(recipe, [omniglot], tmp_path / "whole"))
    kept = sorted((tmp_path / "whole" / KEPT_NAME).iterdir())
    assert [path.stem for path in kept] == ["00000006", "00000008"]
    parts = [load_file(path) for path in kept]
    model = load_file(trained.model_path)
    for name, value in model.items():
        if value.is_floating_point():
            torch.testing.assert_close(value, (parts[0][name] + parts[1][name]) / 2)
    assert load_algorithm(kept[0])[1] == recipe

    # What another run has left there has no part in it.
    stray = tmp_path / "parts" / KEPT_NAME / "00000099.safetensors"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(kept[0].read_bytes())
    stray.with_stem("of_a_person").write_bytes(kept[0].read_bytes())
    _stop_at(meta_train_few_shot(recipe, [omniglot], tmp_path / "parts"), 7)
    result_of(meta_train_few_shot(recipe, [omniglot], tmp_path / "parts", resume=True))
    _assert_same_run(tmp_path / "parts", tmp_path / "whole")


def test_progress_tells_rate_time_left_current_and_best_score(
    omniglot: Path, tmp_path: Path
) -> None:
    events = [
        event
        for event in meta_train_few_shot(_recipe(n_steps=7), [omniglot], tmp_path)
        if event.text.startswith("Meta-training")
    ]
    assert [event.done for event in events] == list(range(1, 8))
    assert all(event.total == 7 for event in events)
    assert all(event.rate_per_s > 0 for event in events)
    assert events[-1].seconds_left == 0 < events[0].seconds_left
    found = [line["validation_accuracy"] for line in _scores(tmp_path)]
    shown = f"validation {found[1]:.4f} (best {max(found[:2]):.4f})"
    assert events[-1].text.endswith(shown)
    assert "accuracy" in events[0].text


def test_the_rate_is_that_of_this_run_and_gives_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    counter = Counter(total=50, done=20)  # Resumed: its 20 cost no time here.
    assert (counter.progress("").rate_per_s, counter.progress("").seconds_left) == (0, 0)

    def steps() -> Generator[int, None, str]:
        nonlocal now
        for _ in range(2):
            now += 2.0
            yield 5
        return "result"

    followed = counter.follow("Reading", steps())
    assert next(followed) == Progress(0, "Reading", 25, 50, 2.5, 10.0)
    assert result_of(followed) == "result"
    assert counter.progress("Reading") == Progress(0, "Reading", 30, 50, 2.5, 8.0)
    counter.total = 0
    assert counter.progress("").seconds_left == 0


# --- TensorBoard ---------------------------------------------------------------------------------


def _events(path: Path) -> list[Any]:
    """The records of an event file: length, its checksum, content, its checksum."""
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import masked_crc32c

    content, events, at = path.read_bytes(), [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        record = content[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", content, at + 8)[0] == masked_crc32c(content[at : at + 8])
        assert struct.unpack_from("<I", content, at + 12 + length)[0] == masked_crc32c(record)
        events.append(Event.FromString(record))
        at += length + 16
    return events


def test_tensorboard_finds_every_score_once(omniglot: Path, tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import SessionLog

    _stop_at(meta_train_few_shot(_recipe(), [omniglot], tmp_path), 7)
    (first,) = (tmp_path / LOGS_NAME).iterdir()
    first.rename(first.with_name("events.out.tfevents.1.1"))  # As if begun long ago.
    result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path, resume=True))
    found: dict[tuple[str, int], float] = {}
    starts: list[int] = []  # From here on TensorBoard drops what earlier files say.
    for path in sorted((tmp_path / LOGS_NAME).iterdir()):
        events = _events(path)
        assert events[0].file_version == "brain.Event:2"
        for event in events[1:]:
            if event.session_log.status == SessionLog.START:
                starts.append(event.step)
            for value in event.summary.value:
                assert (value.tag, event.step) not in found
                found[value.tag, event.step] = value.simple_value
    assert starts == [1, 8]
    keys = ("loss", "accuracy", "learning_rate", "validation_accuracy")
    expected = {(key, line["step"]): line[key] for line in _scores(tmp_path) for key in keys}
    assert found == pytest.approx(expected, rel=1e-6)


def test_events_of_a_run_that_left_no_checkpoint_are_dropped(
    omniglot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the first epoch's score: begun again, the same score is written again."""
    from tensorboardX.proto.event_pb2 import SessionLog

    def killed(path: Path, content: bytes) -> None:
        raise KeyboardInterrupt

    recipe = _recipe(checkpoint_every=100)
    with monkeypatch.context() as patched:
        patched.setattr(loop, "write_whole", killed)
        with pytest.raises(KeyboardInterrupt):
            result_of(meta_train_few_shot(recipe, [omniglot], tmp_path))
    assert _scores(tmp_path)
    (first,) = (tmp_path / LOGS_NAME).iterdir()
    assert any(event.summary.value for event in _events(first))
    first.rename(first.with_name("events.out.tfevents.1.1"))  # As if begun long ago.
    _stop_at(meta_train_few_shot(recipe, [omniglot], tmp_path), 1)
    second = max((tmp_path / LOGS_NAME).iterdir())
    assert (_events(second)[1].session_log.status, _events(second)[1].step) == (SessionLog.START, 1)


# --- What ends a run -----------------------------------------------------------------------------


def test_a_loss_that_is_no_number_leaves_the_last_checkpoint(
    omniglot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batch norm's running statistics have moved when it is noticed; the checkpoint's have not."""
    result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path / "whole"))

    class BrokenSource(PixelSource):
        n_tasks = 0

        def task(self, episode: Any, random: torch.Generator) -> Task:
            task = super().task(episode, random)
            BrokenSource.n_tasks += 1
            if BrokenSource.n_tasks <= 14:  # Four of them to validate on, two for each step.
                return task
            return replace(task, support=task.support * math.nan)

    monkeypatch.setattr(few_shot_run, "PixelSource", BrokenSource)
    with pytest.raises(
        EngineError,
        match=r"^The loss became nan in step 6; \S+checkpoint.safetensors still holds step 4, and "
        r"a lower learning rate may help\.$",
    ):
        result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path / "parts"))
    monkeypatch.undo()
    result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path / "parts", resume=True))
    _assert_same_run(tmp_path / "parts", tmp_path / "whole")


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        (loop, CHECKPOINT_NAME, "write the checkpoint"),
        (epochs, SCORES_NAME, "write the scores"),
        (few_shot_run, MODEL_NAME, "write the model"),
        (epochs, CONFIG_NAME, "write the run"),
    ],
)
def test_a_full_disk_leaves_the_last_checkpoint(
    module: Any,
    name: str,
    words: str,
    omniglot: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path / "whole"))
    n_written = 0

    def full(path: Path, content: bytes) -> None:
        nonlocal n_written
        n_written += path.name == name
        if path.name == name and n_written >= (1 if name == MODEL_NAME else 2):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_whole(path, content)

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(EngineError, match=f"^Could not {words} .*: the disk is full.$"):
        result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path / "parts"))
    monkeypatch.undo()
    result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path / "parts", resume=True))
    _assert_same_run(tmp_path / "parts", tmp_path / "whole")


def test_a_really_full_disk_leaves_the_last_checkpoint(small_disk: Path, omniglot: Path) -> None:
    with pytest.raises(EngineError, match=r"Could not write the checkpoint .*: the disk is full"):
        result_of(meta_train_few_shot(_recipe(), [omniglot], small_disk))
    assert not list(small_disk.glob(".*"))
    with pytest.raises(EngineError, match="the disk is full"):  # Loaded, trained on, not saved.
        result_of(meta_train_few_shot(_recipe(), [omniglot], small_disk, resume=True))


def test_a_folder_that_holds_something_else_is_refused(omniglot: Path, tmp_path: Path) -> None:
    recipe = _recipe()
    _stop_at(meta_train_few_shot(recipe, [omniglot], tmp_path), 3)
    checkpoint = tmp_path / CHECKPOINT_NAME
    kept = checkpoint.read_bytes()

    def refused(words: str, recipe: FewShotRecipe = recipe, resume: bool = True) -> None:
        with pytest.raises(EngineError, match=words):
            result_of(meta_train_few_shot(recipe, [omniglot], tmp_path, resume))

    refused("holds a run already", resume=False)
    refused("another recipe or other data", replace(recipe, n_steps=9))
    all_parts = {"split": "trainval", "validation_split": ""}
    refused("another recipe or other data", _recipe(data=all_parts))
    assert checkpoint.read_bytes() == kept
    checkpoint.write_bytes(kept[:1000])
    refused("checkpoint.safetensors is damaged")
    checkpoint.write_bytes(b"")
    refused("checkpoint.safetensors is damaged")
    model = tmp_path / MODEL_NAME
    few_shot_run.save_algorithm(build_algorithm(recipe, 6), recipe, 6, 0, model)
    checkpoint.write_bytes(model.read_bytes())
    refused("no checkpoint of this kind")
    checkpoint.write_bytes(kept)
    for damaged in ('{"step": 3, "loss"', "[" * 100_000):
        (tmp_path / SCORES_NAME).write_text(damaged)
        refused("scores.jsonl is damaged; without it the run can go on")
    (tmp_path / SCORES_NAME).unlink()
    for damaged in ("[]", "[" * 100_000):
        (tmp_path / CONFIG_NAME).write_text(damaged)
        refused("config.json is damaged; without it the run can go on")
    (tmp_path / CONFIG_NAME).unlink()
    result_of(meta_train_few_shot(recipe, [omniglot], tmp_path, resume=True))


def _with_header(content: bytes, **entries: str) -> bytes:
    """A safetensors file in whose header some values are others."""
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    header["__metadata__"] |= entries
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + content[8 + length :]


@pytest.mark.parametrize(
    "entries",
    [
        {"described": "{"},
        {"described": "[" * 100_000},
        {"n_done": "three"},
        {"n_done": "-1"},
        {"n_done": "9"},
    ],
)
def test_a_damaged_header_of_a_checkpoint_is_told(
    entries: dict[str, str], omniglot: Path, tmp_path: Path
) -> None:
    _stop_at(meta_train_few_shot(_recipe(), [omniglot], tmp_path), 3)
    checkpoint = tmp_path / CHECKPOINT_NAME
    checkpoint.write_bytes(_with_header(checkpoint.read_bytes(), **entries))
    damaged = checkpoint.read_bytes()
    with pytest.raises(EngineError, match=r"checkpoint.safetensors is damaged: it does not hold"):
        result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path, resume=True))
    assert checkpoint.read_bytes() == damaged


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("recent", torch.zeros(())),
        ("recent", torch.zeros(2, 3)),
        ("random_state", torch.zeros(3)),
        ("optimizer.99.exp_avg", torch.zeros(1)),
        ("optimizer.a.exp_avg", torch.zeros(1)),
        ("weights.encoder.0.bias", torch.zeros(1)),
        ("weights.other", torch.zeros(1)),
    ],
)
def test_damaged_tensors_of_a_checkpoint_are_told(
    name: str, tensor: Tensor, omniglot: Path, tmp_path: Path
) -> None:
    _stop_at(meta_train_few_shot(_recipe(), [omniglot], tmp_path), 3)
    checkpoint = tmp_path / CHECKPOINT_NAME
    header, tensors = loop.read_tensors(checkpoint, "handful-training-1")
    checkpoint.write_bytes(save({**tensors, name: tensor}, metadata=header))
    with pytest.raises(EngineError, match=r"checkpoint.safetensors is damaged: it does not hold"):
        result_of(meta_train_few_shot(_recipe(), [omniglot], tmp_path, resume=True))


def test_other_validation_data_are_refused_on_resuming(omniglot: Path, tmp_path: Path) -> None:
    """Their scores would stand in one file, as if they could be compared."""
    run = tmp_path / "run"
    sets = [_folder_of_stripes(tmp_path / str(seed) / "set", 5, seed) for seed in range(2)]
    _stop_at(meta_train_few_shot(_recipe(), [omniglot], run, False, sets[:1]), 5)
    kept = (run / CHECKPOINT_NAME).read_bytes()
    for other in ([], sets[1:]):
        with pytest.raises(EngineError, match=r"run was validated on other data so far; go on wi"):
            result_of(meta_train_few_shot(_recipe(), [omniglot], run, True, other))
    assert (run / CHECKPOINT_NAME).read_bytes() == kept
    result_of(meta_train_few_shot(_recipe(), [omniglot], run, True, sets[:1]))


def test_what_is_no_model_is_told_in_a_sentence(omniglot: Path, tmp_path: Path) -> None:
    path = tmp_path / MODEL_NAME
    with pytest.raises(EngineError, match="no such file"):
        load_algorithm(path)
    recipe = _recipe()
    few_shot_run.save_algorithm(build_algorithm(recipe, 6), recipe, 6, 0, path)
    content = path.read_bytes()
    path.write_bytes(content[:-10])
    with pytest.raises(EngineError, match="is damaged"):
        load_algorithm(path)
    path.write_bytes(content.replace(b"prototypical", b"prototypicaI"))
    with pytest.raises(EngineError, match="does not hold what it says"):
        load_algorithm(path)
    for recipe_of_header in ("{", "null", "3", "[]", '["name"]', '{"name": []}'):
        path.write_bytes(_with_header(content, recipe=recipe_of_header))
        with pytest.raises(EngineError, match="is damaged: it does not hold what it says"):
            load_algorithm(path)
    for n_classes in ("", "null"):
        path.write_bytes(_with_header(content, n_classes=n_classes))
        with pytest.raises(EngineError, match="is damaged: it does not hold what it says"):
            load_algorithm(path)


def test_data_that_cannot_be_used_is_told_with_its_numbers(omniglot: Path, tmp_path: Path) -> None:
    def refused(words: str, data: Path = omniglot, **changes: Any) -> None:
        with pytest.raises(EngineError, match=words):
            result_of(meta_train_few_shot(_recipe(**changes), [data], tmp_path / "run"))
        assert not (tmp_path / "run").exists()

    refused("no such file or folder", data=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    refused("holds no folders of images", data=tmp_path / "empty")
    with pytest.raises(EngineError, match="No data sets"):
        result_of(meta_train_few_shot(_recipe(), [], tmp_path / "run"))
    # Six characters, four ways each, of six images.
    refused(
        r"'omniglot_train' has 6 classes of at least 2 images.* need 25",
        episodes__min_way=25,
        episodes__max_way=25,
        episodes__max_images=200,
    )
    refused(
        r"'omniglot_train' has 0 classes of at least 7 images.* need 3",
        episodes__min_shot=6,
        episodes__max_shot=6,
    )
    refused(
        r"'omniglot_val' has 4 classes of at least 2 images.* need 17",
        validation__min_way=17,
        validation__max_way=17,
    )
    # Their characters tell that these parts overlap, not their names.
    with pytest.raises(
        EngineError,
        match=r"^4 of the 4 classes of 'omniglot_val' are trained on, too, in 'omniglot_trainval'; "
        r'data.validation_split must be another part, or "" for no validation\.$',
    ):
        result_of(
            meta_train_few_shot(_recipe(data={"split": "trainval"}), [omniglot], tmp_path / "run")
        )
    assert not (tmp_path / "run").exists()
    stripes = [_folder_of_stripes(tmp_path / str(seed) / "set", 5, seed) for seed in range(2)]
    for training, validation in (([omniglot] * 2, []), (stripes, []), ([omniglot], stripes)):
        with pytest.raises(EngineError, match=r"Two of the data sets are named '(omniglot|set)"):
            result_of(meta_train_few_shot(_recipe(), training, tmp_path / "run", False, validation))
        assert not (tmp_path / "run").exists()
    with pytest.raises(EngineError, match="'omniglot_train' is given both to train and"):
        result_of(
            meta_train_few_shot(
                _recipe(data={"validation_split": ""}), [omniglot], tmp_path, False, [omniglot]
            )
        )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"n_steps": 0}, "n_steps must be at least 1, not 0"),
        ({"n_steps": "many"}, "n_steps must be a whole number, not 'many'"),
        ({"n_steps": True}, "n_steps must be a whole number, not True"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"name": " "}, "name must not be empty"),
        ({"average": True}, "average needs keep to be at least 2"),
        ({"steps": 5}, "it has an unknown key, steps"),
        ({"precision": "float16"}, "precision must be one of float32, bfloat16, not 'float16'"),
        ({"algorithm__kind": "mamel"}, "algorithm.kind must be one of prototypical, maml"),
        ({"algorithm__rate": 0.1}, "unknown key, algorithm.rate"),
        ({"algorithm__inner_rate": 0}, "algorithm.inner_rate must be above 0"),
        ({"algorithm__inner_steps": 0}, "algorithm.inner_steps must be at least 1, not 0"),
        ({"algorithm": 3}, "algorithm must be a table, not 3"),
        ({"network__side_px": 12}, "network.side_px must be 16 to 224"),
        ({"network__channels": 2}, "network.channels must be 1 or 3"),
        ({"episodes__min_way": 1}, "episodes need 2 <= min_way <= max_way"),
        ({"episodes__min_way": 4}, "episodes need 2 <= min_way <= max_way"),
        ({"validation__n_query": 0}, "validation.n_query must be at least 1"),
        ({"optimizer__learning_rate": 1.5}, r"optimizer.learning_rate must be in \(0, 1\]"),
        ({"optimizer__learning_rate": "fast"}, "optimizer.learning_rate must be a number"),
        ({"algorithm__kind": "maml"}, "maml needs network.norm = 'batch'"),
    ],
)
def test_a_bad_recipe_is_told_with_its_key(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    path = _toml(_table(**changes), tmp_path / "recipe.toml")
    with pytest.raises(EngineError, match=sentence) as caught:
        load_few_shot_recipe(path)
    assert str(caught.value).startswith(f"{path} is no valid recipe: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[algorithm]\n", "it has no name"),
        ("name = \n", "Invalid value"),
        ('name = "a"\n[algorithm]\ninner_rate = inf\n', "inner_rate must be a finite number"),
        ('name = "a"\n[algorithm]\ninner_rate = nan\n', "inner_rate must be a finite number"),
        (f'name = "a"\nseed = {2**70}\n[algorithm]\n', "seed must be below 4294967296"),
        (
            'name = "a"\n[algorithm]\n[optimizer]\nweight_decay = 0.1\n',
            "optimizer.weight_decay needs optimizer.kind to be adamw or sgd",
        ),
        (
            'name = "a"\nn_validation_episodes = 1\n[algorithm]\n',
            "n_validation_episodes must be at least 2, not 1",
        ),
        (
            'name = "a"\n[algorithm]\n[data]\nsplit = "../other"\n',
            "data.split must be the name of a part",
        ),
    ],
)
def test_more_of_what_a_recipe_cannot_be(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    with pytest.raises(EngineError, match=sentence):
        load_few_shot_recipe(path)


def test_every_recipe_that_is_shipped_can_be_loaded() -> None:
    found = sorted((Path(__file__).parents[2] / "assets" / "recipes").rglob("*.toml"))
    papers = [path for path in found if is_few_shot_recipe(path)]
    assert {load_few_shot_recipe(path).algorithm.kind for path in papers} == set(Kind)
    for path in set(found) - set(papers):
        load_recipe(path)


# --- On the command line -------------------------------------------------------------------------


def _environment() -> dict[str, str]:
    """As here, without what other runs of torchrun may have left."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TORCHELASTIC")}
    return {**kept, "OMP_NUM_THREADS": "1"}


def _started(
    *arguments: object, module: str = "engine", **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**_environment(), **environment},
        start_new_session=True,  # With what it starts it can be signalled as by a terminal.
    )


def _wait_for(process: subprocess.Popen[str], holds: Callable[[], bool]) -> None:
    while not holds():
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(f"the process has ended: {process.communicate()[0]}")


@pytest.fixture(scope="module")
def long_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough to be caught in the middle, with a checkpoint early on."""
    table = _table(n_steps=500, tasks_per_step=1, validate_every=100, checkpoint_every=15)
    return _toml(table, tmp_path_factory.mktemp("recipe") / "recipe.toml")


@pytest.fixture(scope="module")
def long_run(long_recipe: Path, omniglot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without an interruption."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run") / "whole"
    result_of(meta_train_few_shot(load_few_shot_recipe(long_recipe), [omniglot], folder))
    torch.set_num_threads(before)
    return folder


@POSIX
def test_ctrl_c_leaves_a_checkpoint_and_resuming_gives_the_same(
    long_recipe: Path,
    long_run: Path,
    omniglot: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run = tmp_path / "run"
    arguments = ["meta-train", str(long_recipe), "--data", str(omniglot), "--out", str(run)]
    process = _started(*arguments)
    _wait_for(process, (run / CHECKPOINT_NAME).exists)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate()
    assert process.returncode == 130, output
    assert output.count("Interrupted") == 1
    assert f"Interrupted. With --resume the run goes on from the checkpoint in {run}." in output
    assert "Traceback" not in output
    assert not (run / MODEL_NAME).exists()

    assert run_command_line([*arguments, "--device", "cpu"]) == 1
    assert "holds a run already" in capsys.readouterr().err
    assert run_command_line([*arguments, "--resume", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["model_path"] == str(run / MODEL_NAME)
    assert "The model is" in captured.err
    _assert_same_run(run, long_run)


@POSIX
def test_a_killed_run_goes_on_to_the_same_result(
    long_recipe: Path, long_run: Path, omniglot: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    process = _started("meta-train", long_recipe, "--data", omniglot, "--out", run)
    _wait_for(process, (run / CHECKPOINT_NAME).exists)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    own = {
        run: (CHECKPOINT_NAME, CONFIG_NAME, SCORES_NAME, MODEL_NAME, START_NAME),
        run / KEPT_NAME: ("00000100.safetensors",),
        run / MAPS_NAME: ("set.0.json", "set.0.embeddings.npy"),
    }
    for folder, names in own.items():
        folder.mkdir(exist_ok=True)
        for name in names:
            (folder / f".{name}.1.part").write_bytes(b"half of a file")
    others = [
        folder / name
        for folder in own
        for name in (".film.mkv.1.part", f".{CHECKPOINT_NAME}.part", ".model.part", "a.1.part")
    ]
    for path in others:
        path.write_bytes(b"half of another program's file")
    recipe = load_few_shot_recipe(long_recipe)
    result_of(meta_train_few_shot(recipe, [omniglot], run, resume=True))
    _assert_same_run(run, long_run)
    assert set(run.rglob("*.part")) == set(others)


def test_a_second_ctrl_c_stops_at_once(
    omniglot: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first is answered after the step at hand; inside a step nothing is saved."""
    recipe = _toml(_table(), tmp_path / "recipe.toml")
    run = tmp_path / "run"
    arguments = ["meta-train", str(recipe), "--data", str(omniglot), "--out", str(run)]
    presses = 0
    step = TrainingLoop.step

    def pressed(training: TrainingLoop) -> StepReport:
        if training.n_done == 5:
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)
        return step(training)

    monkeypatch.setattr(TrainingLoop, "step", pressed)
    monkeypatch.setattr("engine.cli.stopping._AGAIN_S", 0.0)
    for presses, n_done in ((2, "4"), (1, "6")):  # noqa: B007
        assert run_command_line([*arguments, "--resume"]) == 130
        assert loop.read_tensors(run / CHECKPOINT_NAME, "handful-training-1")[0]["n_done"] == n_done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert run_command_line([*arguments, "--resume"]) == 0


def test_ctrl_c_before_the_first_checkpoint_promises_nothing(
    omniglot: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recipe = _toml(_table(), tmp_path / "recipe.toml")
    run = tmp_path / "run"

    def pressed(training: TrainingLoop) -> StepReport:
        raise KeyboardInterrupt

    monkeypatch.setattr(TrainingLoop, "step", pressed)
    arguments = ["meta-train", str(recipe), "--data", str(omniglot), "--out", str(run)]
    assert run_command_line(arguments) == 130
    told = capsys.readouterr().err
    assert told == f"Interrupted before {run} had a checkpoint; start it again.\n"


def test_recipes_without_an_algorithm_are_for_encoders(
    omniglot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('name = "encoder"\n[views]\n')
    out = tmp_path / "run"
    assert run_command_line(["meta-train", str(path), "--data", ".", "--out", str(out)]) == 1
    assert "views must be a list" in capsys.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_told(
    omniglot: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = _toml(_table(), tmp_path / "recipe.toml")
    arguments = ["meta-train", str(recipe), "--data", str(omniglot), "--out", str(tmp_path / "run")]
    assert run_command_line([*arguments, "--device", "cuda"]) == 1
    assert "No CUDA device is available" in capsys.readouterr().err


# --- Several processes ---------------------------------------------------------------------------


_FREE_PORT = "import socket; print(socket.create_server(('127.0.0.1', 0)).getsockname()[1])"


def _started_by_torchrun(*arguments: object) -> subprocess.Popen[str]:
    """Two processes, and a third that watches over them."""
    return _started(
        *("--standalone", "--nproc-per-node=2", "-m", "engine", "meta-train", *arguments),
        *("--device", "cpu"),
        module="torch.distributed.run",
    )


def _started_as_pair(
    *arguments_of_each: Sequence[object],
) -> tuple[subprocess.Popen[str], subprocess.Popen[str]]:
    """Two processes as two machines start them; the first leads."""
    port = subprocess.run(
        [sys.executable, "-c", _FREE_PORT], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    first, second = (
        _started(
            *("meta-train", *arguments, "--device", "cpu"),
            RANK=str(rank),
            LOCAL_RANK="0",
            WORLD_SIZE="2",
            MASTER_ADDR="127.0.0.1",
            MASTER_PORT=port,
        )
        for rank, arguments in enumerate(arguments_of_each)
    )
    return first, second


@POSIX
@pytest.mark.parametrize("kind", [Kind.MAML, Kind.REPTILE])
def test_two_processes_train_as_one_does(kind: Kind, omniglot: Path, tmp_path: Path) -> None:
    """Up to rounding, which small steps and enough images for batch norm keep small.

    Adam would turn the rounding of gradients that are zero into whole steps, and the moments of
    Reptile's inner one are those of the tasks that a process has seen: so plain descent.
    """
    table = _table(
        kind,
        n_steps=5,
        tasks_per_step=4,
        keep=2,
        average=True,
        algorithm__inner_optimizer="sgd",
        algorithm__inner_rate=0.01,
        algorithm__inner_batch=9,
        optimizer={"kind": "sgd", "learning_rate": 0.02},
        episodes__task_weight="chance",
        episodes__min_way=2,
        episodes__min_shot=3,
        episodes__max_shot=3,
    )
    recipe = _toml(table, tmp_path / "recipe.toml")
    process = _started_by_torchrun(recipe, "--data", omniglot, "--out", tmp_path / "two")
    result_of(meta_train_few_shot(load_few_shot_recipe(recipe), [omniglot], tmp_path / "one"))
    output, _ = process.communicate()
    assert process.returncode == 0, output
    assert output.count("The model is") == 1

    found, expected = (
        load_file(tmp_path / "two" / MODEL_NAME),
        load_file(tmp_path / "one" / MODEL_NAME),
    )
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-3, atol=1e-4, msg=name)
    for one, two in zip(_scores(tmp_path / "one"), _scores(tmp_path / "two"), strict=True):
        assert two == pytest.approx(one, rel=1e-3)
    for path in sorted((tmp_path / "one").rglob("*")):
        if path.parent.name != LOGS_NAME:
            assert (tmp_path / "two" / path.relative_to(tmp_path / "one")).exists()
    assert len(list((tmp_path / "two" / LOGS_NAME).iterdir())) == 1
    config = json.loads((tmp_path / "two" / CONFIG_NAME).read_text())
    assert config["hardware"]["processes"] == 2


@POSIX
def test_two_processes_stop_at_ctrl_c_and_go_on_to_the_same_result(
    omniglot: Path, tmp_path: Path
) -> None:
    """Running statistics of batch norm, which are averaged, go on as well.

    All get a terminal's signal, and torchrun, which then fails in its own words, passes it on.
    """
    table = _table(n_steps=80, validate_every=30, checkpoint_every=5)
    arguments = [_toml(table, tmp_path / "recipe.toml"), "--data", omniglot, "--out"]
    run, whole = tmp_path / "run", tmp_path / "whole"
    process = _started_by_torchrun(*arguments, run)
    _wait_for(process, (run / CHECKPOINT_NAME).exists)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate()
    assert output.count("Interrupted") == 1
    assert f"Interrupted. With --resume the run goes on from the checkpoint in {run}." in output
    assert not (run / MODEL_NAME).exists()

    for folder, options in ((run, ["--resume"]), (whole, [])):
        for process in _started_as_pair(*[[*arguments, folder, *options]] * 2):
            output, _ = process.communicate()
            assert process.returncode == 0, output
    _assert_same_run(run, whole)


@POSIX
def test_a_signal_to_one_process_stops_all_after_the_same_step(
    omniglot: Path, tmp_path: Path
) -> None:
    table = _table(n_steps=80, validate_every=30, checkpoint_every=5)
    arguments = [_toml(table, tmp_path / "recipe.toml"), "--data", omniglot, "--out", tmp_path]
    leader, other = _started_as_pair(arguments, arguments)
    _wait_for(leader, (tmp_path / CHECKPOINT_NAME).exists)
    other.send_signal(signal.SIGINT)
    outputs = [process.communicate()[0] for process in (leader, other)]
    assert [process.returncode for process in (leader, other)] == [130, 130], outputs
    assert "With --resume the run goes on" in outputs[0]
    assert outputs[1] == ""

    # One process goes on alone.
    resumed = meta_train_few_shot(load_few_shot_recipe(arguments[0]), [omniglot], tmp_path, True)
    result_of(resumed)
    assert [line["step"] for line in _scores(tmp_path)] == [30, 60, 80]


@POSIX
@pytest.mark.parametrize("what", ["recipe", "data", "validation data"])
def test_processes_that_do_not_train_alike_are_told(
    what: str, omniglot: Path, tmp_path: Path
) -> None:
    """Also where one of them has so many more images to read that it reports in between."""
    recipes = [
        _toml(_table(seed=seed), tmp_path / f"recipe{seed}.toml")
        for seed in ((3, 4) if what == "recipe" else (3, 3))
    ]
    data = [omniglot, omniglot]
    validation = [_folder_of_stripes(tmp_path / "0" / "set", 5)] * 2
    other = _folder_of_stripes(tmp_path / "1" / "set", 5 if what == "data" else 40, seed=1)
    if what == "data":
        data = [_folder_of_stripes(tmp_path / str(n) / "more", 5 + 35 * n) for n in range(2)]
    if what == "validation data":
        validation[1] = other
    out = tmp_path / "run"
    processes = _started_as_pair(
        *(
            [recipe, "--data", images, "--validation", seen, "--out", out]
            for recipe, images, seen in zip(recipes, data, validation, strict=True)
        )
    )
    for process in processes:
        output, _ = process.communicate()
        assert process.returncode == 1, output
        assert "recipe, data and validation data must be the same on all machines" in output
    assert not out.exists()


# --- Aggregation ---------------------------------------------------------------------------------


def test_weights_are_averaged_and_interpolated_by_hand(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    weights = [{"a": torch.tensor([1.0, 2.0]), "n": torch.tensor(3)}]
    weights.append({"a": torch.tensor([5.0, 0.0]), "n": torch.tensor(9)})
    paths = [tmp_path / f"{number}.safetensors" for number in range(2)]
    for entry, path in zip(weights, paths, strict=True):
        save_file(entry, path)
    averaged = average_weights(paths)
    assert averaged["a"].tolist() == [3.0, 1.0]
    assert averaged["n"].item() == 9
    mixed = interpolate(*weights, 0.25)
    assert mixed["a"].tolist() == [2.0, 1.5]
    assert mixed["n"].item() == 3

    save_file({"a": torch.zeros(3), "n": torch.tensor(0)}, paths[1])
    with pytest.raises(EngineError, match=r"1.safetensors is not of the same network as .*0.safe"):
        average_weights(paths)
    paths[1].write_bytes(b"damaged")
    with pytest.raises(EngineError, match=r"1.safetensors is damaged"):
        average_weights(paths)
    paths[1].unlink()
    with pytest.raises(EngineError, match=r"1.safetensors: there is no such file"):
        average_weights(paths)
    with pytest.raises(EngineError, match="No checkpoints were given"):
        average_weights([])


def test_a_vote_averages_probabilities() -> None:
    class Sure(_Stub):
        def __init__(self, *probabilities: float) -> None:
            super().__init__()
            self.probabilities = torch.tensor([probabilities])

        def adapt(self, support: Tensor, labels: Tensor, n_way: int) -> Predict:
            return lambda queries: self.probabilities.log().expand(len(queries), -1)

    vote = Vote([Sure(0.9, 0.1), Sure(0.3, 0.7)])
    found = vote.adapt(torch.zeros(2, 1), torch.tensor([0, 1]), 2)(torch.zeros(3, 1)).exp()
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.4]] * 3))
    assert len(list(vote.parameters())) == 2


# --- What other versions rely on -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Kind.PROTOTYPICAL, {"encoder"}),
        (Kind.MAML, {"network"}),
        (Kind.META_SGD, {"network", "rates"}),
        (Kind.REPTILE, {"network", "n_updates", "moment"}),
        (Kind.TRANSFER, {"encoder", "head"}),
    ],
)
def test_the_names_in_a_model_file_stay(kind: Kind, names: set[str]) -> None:
    """Models that were trained once must load."""
    state = build_algorithm(_recipe(kind), 6).state_dict()
    found = {name.split(".")[0] for name in state}
    assert {"moment" if name.startswith("moment_") else name for name in found} == names
    prefix = "encoder" if kind in (Kind.PROTOTYPICAL, Kind.TRANSFER) else "network.encoder"
    of_norm = {"weight", "bias"}
    if _recipe(kind).network.norm is Norm.RUNNING:
        of_norm |= {"running_mean", "running_var", "num_batches_tracked"}
    layers = {0: {"weight", "bias"}, 1: of_norm, 3: {"weight", "bias"}, 4: of_norm}
    for layer, entries in layers.items():
        start = f"{prefix}.{layer}."
        assert {name.removeprefix(start) for name in state if name.startswith(start)} == entries
    if kind is Kind.META_SGD:
        assert {"rates.encoder_0_weight", "rates.head_bias"} <= state.keys()
    if kind is Kind.REPTILE:
        assert {"moment_encoder_0_weight", "moment_head_bias"} <= state.keys()

"""The benchmark on painted image sets, with the real encoder."""

from __future__ import annotations

import json
import shutil
import tarfile
import xml.etree.ElementTree as ET
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file
from scipy.special import softmax  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression as Regression  # type: ignore[import-untyped]
from sklearn.metrics import (  # type: ignore[import-untyped]
    accuracy_score,
    f1_score,
    log_loss,
    roc_auc_score,
)

from engine.benchmark import run as run_module
from engine.benchmark.image_sets import EmbeddedSet, SetSource, embed_set, open_sets, open_start
from engine.benchmark.measures import is_clearly_worse, measure, unknown_auroc
from engine.benchmark.methods import (
    LOGISTIC_REGRESSION,
    PLAIN,
    PLAIN_ON_START,
    Answer,
    Episode,
    LogisticRegression,
    Method,
    PlainPrototypes,
    Program,
)
from engine.benchmark.run import Benchmarked, BenchmarkRule, benchmark
from engine.benchmark.splits import Split, SplitRule, digest_of, draw_split, unlabelled_classes
from engine.benchmark.tables import as_markdown
from engine.benchmark.trials import run_trials
from engine.cli import main
from engine.embeddings import EmbeddingStore
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import EncoderRuntime
from engine.errors import EngineError
from engine.jobs.workspace import Workspace
from engine.messages import Effort, ImageId, ImageRef, Progress
from engine.metatraining.encoder_training.label_draws import draw_labels
from engine.method.adaptation import adapt
from engine.method.duplicates import near_duplicate_groups
from engine.method.folder import FolderShape, folder_mean
from engine.method.heads import normalise
from engine.method.intervals import wilson_interval
from tests.engine.conftest import CountingBackend
from tests.engine.painted import KINDS, paint

Result = TypeVar("Result")
PER_KIND = 7
LABELS = np.repeat(np.arange(4), [5, 12, 20, 40])


def finish(steps: Generator[Any, None, Result]) -> Result:
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            return finished.value


def paint_set(folder: Path, kinds: tuple[str, ...] = KINDS, per_kind: int = PER_KIND) -> Path:
    for kind in kinds:
        (folder / kind).mkdir(parents=True)
        for seed in range(per_kind):
            paint(kind, 80, 60, seed=seed).save(folder / kind / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return paint_set(tmp_path_factory.mktemp("data") / "kinds")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes only: too few to leave one unlabelled."""
    return paint_set(tmp_path_factory.mktemp("data") / "pair", KINDS[:2], 5)


def benchmarked(
    workspace: Workspace, paths: list[Path], tmp_path: Path, rule: BenchmarkRule, **given: Any
) -> Benchmarked:
    out = tmp_path / given.pop("name", "report.json")
    return finish(benchmark(workspace, paths, out, rule, tmp_path / "cache", **given))


def row_of(done: Benchmarked, data: str, method: str, n_shot: int) -> dict[str, Any]:
    (row,) = [
        row
        for row in done.report["results"]
        if (row["data"], row["method"], row["n_shot"]) == (data, method, n_shot)
    ]
    return dict(row)


# --- Splits ---------------------------------------------------------------------------------------


def test_a_plain_split_is_what_label_draws_draws() -> None:
    """So that figures are those of the other measurements of encoders."""
    for n_shot in (1, 5, 30):
        draws = draw_labels(LABELS, n_shot, 4, seed=3)
        for trial, draw in enumerate(draws):
            split = draw_split(LABELS, n_shot, trial, SplitRule(seed=3))
            assert split.support.tolist() == draw.support.tolist()
            assert split.query.tolist() == draw.query.tolist()
            assert split.given.tolist() == LABELS[draw.support].tolist()
            assert split.folder.tolist() == list(range(len(LABELS)))


def test_a_split_follows_from_seed_shots_and_trial_alone() -> None:
    rule = SplitRule(seed=1, unbalanced=True, wrong_labels=0.3)
    first = digest_of([draw_split(LABELS, 5, 2, rule)])
    assert digest_of([draw_split(LABELS, 5, 2, rule)]) == first
    others = [
        digest_of([draw_split(LABELS, n_shot, trial, replace(rule, seed=seed))])
        for n_shot, trial, seed in ((4, 2, 1), (5, 3, 1), (5, 2, 2))
    ]
    assert len({first, *others}) == 4


def test_unbalanced_labels_and_images() -> None:
    rule = SplitRule(unbalanced=True)
    splits = [draw_split(LABELS, 5, trial, rule) for trial in range(300)]
    counts = np.array([np.bincount(LABELS[split.support]) for split in splits])
    assert counts.min() == 1
    assert counts[:, 0].max() == 4, "one of five images is left to classify"
    assert counts[:, 3].max() == 10
    assert 5.0 < counts[:, 3].mean() < 6.0  # Uniform over 1..10: 5.5 on the mean.
    queries = np.array([np.bincount(LABELS[split.query], minlength=4) for split in splits])
    assert queries.min() >= 1
    left = np.bincount(LABELS) - counts
    assert (queries == left).any(1).all(), "the largest share keeps all"
    assert not (queries == left).all(1).any()
    for split in splits:
        assert not np.intersect1d(split.support, split.query).size


def test_shares_of_equally_large_classes_are_dirichlet() -> None:
    labels = np.repeat(np.arange(4), 400)
    rule = SplitRule(unbalanced=True)
    splits = [draw_split(labels, 1, trial, rule) for trial in range(400)]
    queries = np.array([np.bincount(labels[split.query], minlength=4) for split in splits])
    shares = queries / queries.sum(1, keepdims=True)
    # Dirichlet(2, 2, 2, 2): each share has the mean 1/4 and the variance (1/4)(3/4) / 9.
    assert np.allclose(shares.mean(0), 1 / 4, atol=0.025)
    assert np.allclose(shares.std(0), np.sqrt(3 / 16 / 9), atol=0.015)


def test_imbalance_labels_the_same_images_first() -> None:
    balanced = draw_split(LABELS, 5, 0, SplitRule())
    unbalanced = draw_split(LABELS, 5, 0, SplitRule(unbalanced=True))
    for label in range(4):
        one, other = (
            [index for index in split.support.tolist() if LABELS[index] == label]
            for split in (balanced, unbalanced)
        )
        shorter = min(len(one), len(other))
        assert one[:shorter] == other[:shorter]


def test_wrong_labels_are_as_many_as_asked_and_spare_one_of_each_class() -> None:
    labels = np.repeat(np.arange(3), 60)
    wrong = []
    for trial in range(20):
        split = draw_split(labels, 50, trial, SplitRule(wrong_labels=0.1))
        right = draw_split(labels, 50, trial, SplitRule())
        assert split.support.tolist() == right.support.tolist()
        wrong.append(np.mean(split.given != right.given))
        assert set(split.given.tolist()) == {0, 1, 2}
    assert 0.07 < np.mean(wrong) < 0.13
    split = draw_split(labels, 5, 0, SplitRule(wrong_labels=1.0))
    kept = split.given == labels[split.support]
    assert np.bincount(labels[split.support[kept]]).tolist() == [1, 1, 1]
    split = draw_split(labels, 1, 0, SplitRule(wrong_labels=1.0))
    assert (split.given == labels[split.support]).all()


def test_every_class_has_its_turn_without_labels() -> None:
    assert len(unlabelled_classes(2, 0)) == 0
    for n_classes, each in ((3, 1), (7, 1), (10, 2), (14, 3)):
        turns = [unlabelled_classes(n_classes, trial) for trial in range(n_classes)]
        assert {len(turn) for turn in turns} == {each}
        assert set(np.concatenate(turns).tolist()) == set(range(n_classes))


# --- Measures -------------------------------------------------------------------------------------


def random_answer(n_classes: int = 5, n: int = 120) -> tuple[NDArray[Any], NDArray[Any]]:
    random = np.random.default_rng(4)
    labels = np.concatenate([np.arange(n_classes), random.integers(0, n_classes, n - n_classes)])
    probabilities = softmax(random.normal(0, 1.5, (n, n_classes)), axis=1)
    return np.log(probabilities), labels


def test_measures_are_those_of_scikit_learn() -> None:
    log_probabilities, labels = random_answer()
    found = measure(log_probabilities, labels, 0.5, 0.75)
    predicted = log_probabilities.argmax(1)
    assert found.values["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    assert found.values["f1"] == pytest.approx(f1_score(labels, predicted, average="macro"))
    expected = log_loss(labels, np.exp(log_probabilities), labels=range(5))
    assert found.values["log_loss"] == pytest.approx(expected)
    assert (found.values["seconds"], found.values["unknown_auroc"]) == (0.5, 0.75)
    assert found.hits.tolist() == (predicted == labels).tolist()
    confidences = np.exp(log_probabilities.max(1))
    edges = np.linspace(0, 1, 16)
    error = 0.0
    for low, high in pairwise(edges):
        inside = (confidences > low) & (confidences <= high)
        if inside.any():
            error += inside.mean() * abs(confidences[inside].mean() - found.hits[inside].mean())
    assert found.values["calibration_error"] == pytest.approx(error)
    assert "unknown_auroc" not in measure(log_probabilities, labels, 0.5, None).values


def test_the_auroc_counts_pairs() -> None:
    scores = np.array([0.9, 0.5, 0.5, 0.1])
    # Unknown: 0.9 and 0.5; known: 0.5 and 0.1. Three pairs are right, one is a tie.
    assert unknown_auroc(scores, np.array([True, True, False, False])) == 3.5 / 4
    random = np.random.default_rng(1)
    scores, unknown = random.normal(size=50), random.random(50) < 0.3
    assert unknown_auroc(scores, unknown) == pytest.approx(roc_auc_score(unknown, scores))


def test_clearly_worse_is_by_more_than_a_standard_error_of_the_pairs() -> None:
    plain = np.ones(100, bool)
    one_wrong = plain.copy()
    one_wrong[0] = False
    # Differences: one -1 among 100. Mean -0.01, standard error 0.1 / 10 = 0.01: not more.
    assert not is_clearly_worse(one_wrong, plain)
    two_wrong = one_wrong.copy()
    two_wrong[1] = False
    # Mean -0.02, standard deviation sqrt(100 / 99 * 0.02 * 0.98) = 0.1407, error 0.0141.
    assert is_clearly_worse(two_wrong, plain)
    assert not is_clearly_worse(plain, two_wrong)
    assert not is_clearly_worse(plain, plain)
    exchanged = np.roll(two_wrong, 50)  # As many wrong, but others: no difference on the mean.
    assert not is_clearly_worse(exchanged, two_wrong)
    assert not is_clearly_worse(np.array([False]), np.array([True])), "one image tells nothing"


def test_the_interval_of_a_share() -> None:
    # Wilson's for 0 of 10: (0, z^2 / (n + z^2)).
    assert wilson_interval(0.0, 10) == pytest.approx((0.0, 1.959964**2 / (10 + 1.959964**2)))
    low, high = wilson_interval(0.5, 100)
    assert low == pytest.approx(1 - high)
    assert high == pytest.approx(0.5962, abs=1e-3)
    assert wilson_interval(1.0, 10)[1] == 1.0


# --- Methods --------------------------------------------------------------------------------------


def random_set(n_classes: int = 3, per_class: int = 20, size: int = 640) -> EmbeddedSet:
    """Numbers in place of embeddings, those of the encoder half-precision ones of length one."""
    random = np.random.default_rng(7)
    labels = np.repeat(np.arange(n_classes), per_class)
    centres = random.normal(size=(n_classes, size))
    vectors = centres[labels] + 3 * random.normal(size=(len(labels), size))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return EmbeddedSet(
        name="random",
        folder=Path("nowhere"),
        images=tuple(
            ImageRef(ImageId(1 + index), Path(f"{index}.png"), f"{index}.png")
            for index in range(len(labels))
        ),
        class_names=tuple(f"class {label}" for label in range(n_classes)),
        labels=labels,
        embeddings=unit.astype(np.float16).astype(np.float32),
        hashes=np.zeros(len(labels), np.uint64),
        start=np.abs(vectors).astype(np.float32),
        sha256="",
        n_unreadable=0,
        notes=(),
    )


def episode_of(images: EmbeddedSet, split: Split) -> Episode:
    return Episode(
        images=images,
        folder=split.folder,
        support=split.support,
        labels=split.given,
        classes=np.arange(len(images.class_names)),
        query=split.query,
    )


def test_prototypes_are_class_means_and_squared_distances() -> None:
    images = random_set()
    episode = episode_of(images, draw_split(images.labels, 4, 0, SplitRule()))
    for on_start, vectors in ((False, images.embeddings), (True, images.start)):
        assert vectors is not None
        wide = vectors.astype(np.float64)
        means = np.stack([wide[episode.support][episode.labels == c].mean(0) for c in range(3)])
        distances = ((wide[episode.query][:, None] - means[None]) ** 2).sum(2)
        expected = softmax(-distances, axis=1)
        answer = finish(PlainPrototypes(on_start=on_start).answer(episode))
        assert np.allclose(np.exp(answer.log_probabilities), expected, atol=1e-2 * on_start + 1e-5)
        own = 1 - np.exp(answer.log_probabilities).max(1)
        assert np.allclose(answer.none_scores, own, atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_logistic_regression_is_that_of_scikit_learn(n_classes: int) -> None:
    images = random_set(n_classes)
    assert images.start is not None
    episode = episode_of(images, draw_split(images.labels, 4, 0, SplitRule()))
    answer = finish(LogisticRegression().answer(episode))
    model = Regression(max_iter=1000).fit(images.start[episode.support], episode.labels)
    expected = model.predict_proba(images.start[episode.query])
    assert np.allclose(np.exp(answer.log_probabilities), expected, atol=1e-6)
    assert np.allclose(answer.none_scores, 1 - expected.max(1), atol=1e-6)


def test_instant_is_what_the_program_fits_to_what_is_in_the_folder(workspace: Workspace) -> None:
    images = random_set()
    method = Program(workspace, Effort.INSTANT)
    for rule in (SplitRule(), SplitRule(unbalanced=True), SplitRule()):
        split = draw_split(images.labels, 4, 0, rule)
        answer = finish(method.answer(episode_of(images, split)))
        folder = images.embeddings[split.folder].astype(np.float64)
        training_mean = workspace.runtime.encoder.feature_mean
        mean = folder_mean(folder.sum(0), len(folder), training_mean)
        support = images.embeddings[split.support]
        model = adapt(
            support,
            split.given,
            mean,
            shape=FolderShape.of(images.embeddings[split.folder], mean, len(folder)),
            groups=near_duplicate_groups(normalise(support, mean)),
        )
        queries = images.embeddings[split.query]
        found = np.exp(answer.log_probabilities)
        assert np.allclose(found, model.probabilities(queries), atol=1e-5)
        assert np.allclose(answer.none_scores, model.none_scores(queries), atol=1e-5)


def test_what_one_effort_leaves_in_the_store_is_not_seen_by_the_next(
    workspace: Workspace,
) -> None:
    images = random_set()
    method = Program(workspace, Effort.INSTANT)
    episode = episode_of(images, draw_split(images.labels, 4, 0, SplitRule()))
    before = finish(method.answer(episode))
    other = EmbeddingStore(workspace.store.embedding_size)
    turned = np.roll(images.embeddings, 1, axis=0).astype(np.float16)
    other.add([image.image_id for image in images.images], turned)
    workspace.store = other
    after = finish(method.answer(episode))
    assert (after.log_probabilities == before.log_probabilities).all()


class Recorder:
    """Answers by the labels' own classes, and remembers what it was asked."""

    def __init__(self, name: str) -> None:
        self.name, self.plain = name, PLAIN
        self.asked: list[Episode] = []

    def answer(self, episode: Episode) -> Generator[None, None, Answer]:
        yield None
        self.asked.append(episode)
        truth = episode.images.labels[episode.query]
        known = np.isin(truth, episode.classes)
        columns = np.searchsorted(episode.classes, truth)
        wide = np.full((len(truth), len(episode.classes)), 0.01)
        wide[known, columns[known]] = 1.0
        logs = np.log(wide / wide.sum(1, keepdims=True))
        return Answer(logs, np.where(known, 0.0, 1.0), 0.25)


def test_every_method_is_asked_the_same_and_nothing_of_the_unlabelled_classes() -> None:
    images = random_set(n_classes=5)
    plain, other = Recorder(PLAIN), Recorder("other")
    rule = SplitRule(unbalanced=True, wrong_labels=0.5)
    methods: list[Method] = [plain, other]
    cell = finish(run_trials(images, methods, 4, 6, rule, ""))
    assert len(plain.asked) == len(other.asked) == 12
    for one, two in zip(plain.asked, other.asked, strict=True):
        for part in ("folder", "support", "labels", "classes", "query"):
            assert getattr(one, part).tolist() == getattr(two, part).tolist()
    for split, first, second in zip(cell.splits, plain.asked[::2], plain.asked[1::2], strict=True):
        assert first.classes.tolist() == [0, 1, 2, 3, 4]
        assert first.classes[first.labels].tolist() == split.given.tolist()
        assert second.classes.tolist() == sorted(set(range(5)) - set(split.unlabelled.tolist()))
        assert set(second.labels.tolist()) == set(range(len(second.classes)))
        assert not np.isin(images.labels[second.support], split.unlabelled).any()
        assert second.query.tolist() == first.query.tolist()
        assert second.folder.tolist() == first.folder.tolist()
    for measured in cell.measured.values():
        assert [item.values["accuracy"] for item in measured] == [1.0] * 6
        assert [item.values["unknown_auroc"] for item in measured] == [1.0] * 6
    assert cell.worse == {"other": (False,) * 6}


# --- Image sets -----------------------------------------------------------------------------------


def embedded(workspace: Workspace, path: Path, scratch: Path) -> EmbeddedSet:
    (source,), _ = open_sets([path])
    scratch.mkdir(exist_ok=True)
    return finish(embed_set(workspace, None, source, scratch, 1, ""))


def test_a_tar_file_is_its_folder(kinds: Path, workspace: Workspace, tmp_path: Path) -> None:
    packed = tmp_path / "kinds.tar"
    with tarfile.open(packed, "w") as archive:
        archive.add(kinds, "kinds")
    one = embedded(workspace, kinds, tmp_path / "none")
    other = embedded(workspace, packed, tmp_path / "unpacked")
    assert one.sha256 == other.sha256
    assert one.labels.tolist() == other.labels.tolist()
    assert (one.embeddings == other.embeddings).all()
    for left, right in zip(one.images, other.images, strict=True):
        assert left.name == right.name
        assert left.path.read_bytes() == right.path.read_bytes()
    assert list((tmp_path / "none").iterdir()) == []


def test_activations_of_the_untouched_network_are_squared_roots(
    kinds: Path, workspace: Workspace, tmp_path: Path
) -> None:
    """The embedding of an encoder without a projection is the root of what is wanted."""
    bare = tmp_path / "bare.safetensors"
    save_file(dict(load_encoder(shipped_encoder_path()).weights), bare)
    start = open_start(bare, tmp_path / "cache", "cpu")
    try:
        (source,), _ = open_sets([kinds])
        images = finish(embed_set(workspace, start, source, tmp_path, 1, ""))
        pixels = np.stack([source.images.decode(index) for index in (0, 9)])
        roots = np.stack([start.runtime.embed(image) for image in pixels]).astype(np.float32)
    finally:
        start.close()
    assert images.start is not None
    assert images.start.shape == (len(images.labels), 1280)
    assert (images.start[[0, 9]] == roots**2).all()


def test_what_cannot_be_used_is_told_and_the_rest_measured(
    kinds: Path, pair: Path, workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "sets"
    shutil.copytree(kinds, folder / "a")
    shutil.copytree(pair, folder / "b")
    shutil.copytree(pair, folder / "c")
    shutil.rmtree(folder / "b" / KINDS[0])  # One class.
    for file in sorted((folder / "c" / KINDS[0]).iterdir())[1:]:
        file.unlink()  # A class with a single image leaves one.
    (folder / "a" / KINDS[0] / "0.png").write_bytes(b"no image")
    (folder / "a" / "alone").mkdir()
    paint("dots").save(folder / "a" / "alone" / "0.png")
    rule = BenchmarkRule(shots=(2,), n_trials=2)
    done = benchmarked(workspace, [folder], tmp_path, rule)
    (described,) = done.report["data"]
    assert (described["name"], described["n_classes"]) == ("a", 3)
    assert described["n_images"] == 3 * PER_KIND - 1
    assert described["n_unreadable"] == 1
    one_class, unreadable, alone, single = done.report["warnings"]
    assert "b holds images of 1 class;" in one_class
    assert unreadable.startswith("a: checks/0.png could not be read (")
    assert alone == "a: the class “alone” has a single readable image; it is left out."
    assert single.startswith("c has 1 classes of at least 2 readable images")
    assert all(sentence.endswith("is left out.") for sentence in done.report["warnings"])
    assert unreadable in done.markdown_path.read_text(encoding="utf-8")


def test_a_set_that_made_the_encoder_is_told(
    kinds: Path, runtime: EncoderRuntime, workspace: Workspace, tmp_path: Path
) -> None:
    entry = {"name": "kinds", "n_images": 3 * PER_KIND}
    metadata = {"meta_training": {"data": [], "validation": [entry]}}
    workspace.runtime = replace(runtime, encoder=replace(runtime.encoder, metadata=metadata))
    done = benchmarked(workspace, [kinds], tmp_path, BenchmarkRule(shots=(1,), n_trials=1))
    (warning,) = done.report["warnings"]
    assert "went from its start was chosen on the images of kinds" in warning


def test_nothing_usable_is_an_error(tmp_path: Path, workspace: Workspace) -> None:
    paint_set(tmp_path / "single", KINDS[:2], 1)
    for path, words in (
        (tmp_path / "none", "no such file or folder"),
        (tmp_path / "single", "single has 0 classes of at least 2 readable images"),
        (tmp_path / "single" / KINDS[0], "holds no folders of images"),
    ):
        with pytest.raises(EngineError, match=words):
            benchmarked(workspace, [path], tmp_path, BenchmarkRule(shots=(1,), n_trials=1))
    assert not (tmp_path / "report.json").exists()


# --- The whole ------------------------------------------------------------------------------------


def test_a_report_of_two_sets(
    kinds: Path, pair: Path, workspace: Workspace, tmp_path: Path
) -> None:
    rule = BenchmarkRule(shots=(1, 3), n_trials=3)
    # An encoder with a projection may be a start, too: its embeddings are taken as they are.
    given: dict[str, Any] = {"start_path": shipped_encoder_path(), "device": "cpu"}
    done = benchmarked(workspace, [kinds, pair], tmp_path, rule, **given)
    report = json.loads(done.report_path.read_text(encoding="utf-8"))
    methods = [PLAIN, PLAIN_ON_START, LOGISTIC_REGRESSION, "instant"]
    assert [item["name"] for item in report["methods"]] == methods
    assert len(report["results"]) == 2 * 2 * 4
    assert report["encoder"]["fingerprint"] == workspace.runtime.encoder.fingerprint
    assert report["settings"] == {
        "shots": [1, 3],
        "trials": 3,
        "efforts": ["instant"],
        "seed": 0,
        "unbalanced": False,
        "wrong_labels": 0.0,
    }
    for n_shot in (1, 3):
        digests = {
            (row["data"], row["splits_sha256"])
            for row in report["results"]
            if row["n_shot"] == n_shot
        }
        assert len(digests) == 2, "one digest a set: all methods have the same trials"
    instant = row_of(done, "kinds", "instant", 3)
    assert instant["accuracy"]["mean"] > 0.9, "no encoder mixes these kinds up"
    values = [trial["accuracy"] for trial in instant["trials"]]
    assert instant["accuracy"]["mean"] == pytest.approx(np.mean(values), abs=1e-5)
    regression = [
        trial["accuracy"] for trial in row_of(done, "kinds", LOGISTIC_REGRESSION, 3)["trials"]
    ]
    differences = np.array(values) - regression
    against = instant["against_logistic_regression"]["accuracy"]
    assert against["mean"] == pytest.approx(differences.mean(), abs=1e-5)
    half = 1.96 * differences.std(ddof=1) / np.sqrt(3)
    assert against["ci95"] == pytest.approx(half, abs=1e-5)
    assert [trial["n_labels"] for trial in instant["trials"]] == [9, 9, 9]
    assert [trial["n_queries"] for trial in instant["trials"]] == [12, 12, 12]
    assert [trial["unlabelled_classes"] for trial in instant["trials"]] == [[k] for k in KINDS]
    assert row_of(done, "pair", "instant", 3)["unknown_auroc"] is None
    # The same numbers by two ways, as the start is the encoder itself.
    for data in ("kinds", "pair"):
        one, other = (row_of(done, data, name, 3)["f1"] for name in (PLAIN, PLAIN_ON_START))
        assert one == other
    means = {(row["n_shot"], row["method"]): row for row in report["means"]}
    both = [
        np.array([t["log_loss"] for t in row_of(done, data, "instant", 1)["trials"]])
        for data in ("kinds", "pair")
    ]
    mean = means[1, "instant"]["log_loss"]["mean"]
    assert mean == pytest.approx(np.mean(both), abs=1e-5)
    assert (
        means[1, "instant"]["unknown_auroc"] == row_of(done, "kinds", "instant", 1)["unknown_auroc"]
    ), "only one of the sets has it"
    assert means[3, "instant"]["worse_than_plain"]["of"] == 6
    assert means[3, PLAIN]["worse_than_plain"] is None
    assert {path.name for path in done.plot_paths} == {
        "report-accuracy.svg",
        "report-reliability.svg",
    }
    for path in done.plot_paths:
        assert ET.parse(path).getroot().tag.endswith("svg")
    assert sorted(item.name for item in tmp_path.iterdir() if item.is_file()) == [
        "report-accuracy.svg",
        "report-reliability.svg",
        "report.json",
        "report.md",
    ]


def without_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = json.loads(json.dumps(rows))
    for row in told:
        for part in (row, row.get("against_logistic_regression") or {}, *row.get("trials", ())):
            part.pop("seconds", None)
            part.pop("median_seconds", None)
    return list(told)


def test_the_same_seed_gives_the_same_numbers_and_embeds_once(
    kinds: Path,
    pair: Path,
    open_workspace: Callable[..., tuple[Workspace, CountingBackend]],
    tmp_path: Path,
) -> None:
    rule = BenchmarkRule(
        shots=(2,), n_trials=3, splits=SplitRule(5, unbalanced=True, wrong_labels=0.2)
    )
    workspace, backend = open_workspace()
    first = benchmarked(workspace, [kinds, pair], tmp_path, rule)
    n_embedded = 3 * PER_KIND + 2 * 5
    # The first painted images of both sets are the same files: their embedding is known already.
    assert 0 < backend.count <= n_embedded
    count = backend.count
    again = benchmarked(workspace, [kinds, pair], tmp_path, rule, name="again.json")
    assert backend.count == count, "the cache has them all"
    # A set's numbers depend neither on the others nor on which shots are asked for.
    wider = BenchmarkRule(shots=(1, 2), n_trials=3, splits=rule.splits)
    alone = benchmarked(workspace, [pair], tmp_path, wider, name="alone.json")
    assert without_times(first.report["results"]) == without_times(again.report["results"])
    for method in (PLAIN, "instant"):
        one, other = (row_of(done, "pair", method, 2) for done in (first, alone))
        assert without_times([one]) == without_times([other])
    (described,) = [item for item in first.report["data"] if item["name"] == "kinds"]
    assert described["images_per_class"] == dict.fromkeys(KINDS, PER_KIND)
    told = first.markdown_path.read_text(encoding="utf-8")
    assert "Labels and images are unbalanced. About 20 % of the labels are wrong." in told


def test_table_rows_have_as_many_cells_as_their_head(
    kinds: Path, pair: Path, workspace: Workspace, tmp_path: Path
) -> None:
    rule = BenchmarkRule(shots=(1, 2), n_trials=1)
    done = benchmarked(workspace, [kinds, pair], tmp_path, rule, device="cpu")
    # More methods than fit side by side; their names may hold what parts cells.
    report = json.loads(json.dumps(done.report))
    for key in ("results", "means"):
        report[key] = [
            {**row, "method": f"{row['method']}{suffix}"}
            for suffix in ("", "|2", "|3")
            for row in report[key]
        ]
    page = as_markdown(report, {"A plot": "plot.svg"})
    tables = [
        [line.replace("\\|", "") for line in part.splitlines()]
        for part in page.split("\n\n")
        if part.startswith("|")
    ]
    assert len(tables) > 10
    for table in tables:
        assert {line.count("|") for line in table} == {table[0].count("|")}
        assert len(table) > 2
    assert max(table[0].count("|") for table in tables) <= 7, "wide tables are split"
    assert "![A plot](plot.svg)" in page
    assert "±" not in page.split("## How")[0].partition("## 1 label")[2], "one trial, no interval"


def test_the_program_without_a_start_has_one_baseline(
    kinds: Path, workspace: Workspace, tmp_path: Path
) -> None:
    done = benchmarked(workspace, [kinds], tmp_path, BenchmarkRule(shots=(1,), n_trials=2))
    assert [item["name"] for item in done.report["methods"]] == [PLAIN, "instant"]
    assert done.report["start"] is None
    assert all(row["against_logistic_regression"] is None for row in done.report["results"])
    assert len(workspace.store) == 0, "the folder is closed again"


def test_files_are_written_all_or_none(kinds: Path, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "report.md").mkdir()
    with pytest.raises(EngineError, match=r"report\.md: it is a folder"):
        benchmarked(workspace, [kinds], tmp_path, BenchmarkRule(shots=(1,), n_trials=1))
    assert [item.name for item in tmp_path.iterdir() if item.name.startswith(("report", "."))] == [
        "report.md"
    ]


# --- The command ----------------------------------------------------------------------------------


def status_of(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    status = main(["benchmark", *map(str, arguments)])
    captured = capfd.readouterr()
    return status, captured.out, captured.err


def test_the_command(kinds: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "report.json"
    given = ("--shots", "2,1", "--trials", "2", "--device", "cpu", "--out", out, "--json")
    status, printed, told = status_of(capfd, kinds, *given)
    assert status == 0, told
    summary = json.loads(printed)
    assert summary["sets"] == ["kinds"]
    assert summary["settings"]["shots"] == [1, 2]
    assert [row["method"] for row in summary["means"]] == [PLAIN, "instant", "thorough"] * 2
    assert "2 labels per class, instant: " in told
    assert f"all numbers {out}." in told
    assert Path(summary["tables"]).is_file()


def test_wrong_use_is_status_2(
    kinds: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    for given, words in (
        (("--out", tmp_path / "report.txt"), "ends with .json"),
        (("--out", out, "--shots", "0"), "at least 1"),
        (("--out", out, "--shots", "few"), "whole numbers"),
        (("--out", out, "--effort", "instant,none"), "not 'none'"),
        (("--out", out, "--trials", "0"), "--trials"),
        (("--out", out, "--wrong-labels", "1.5"), "--wrong-labels"),
        ((), "--out"),
    ):
        status, _, told = status_of(capfd, kinds, *given)
        assert status == 2, told
        assert words in told
    assert not out.exists()


def test_a_failure_is_status_1_in_one_sentence(
    kinds: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.json"
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no")
    for given, words in (
        ((tmp_path / "none", "--out", out), "no such file or folder"),
        ((kinds, "--out", tmp_path / "no" / "report.json"), "there is no folder"),
        ((kinds, "--out", out, "--start", broken), "is damaged"),
        ((kinds, "--out", out, "--encoder", broken), "is damaged"),
        ((kinds, kinds, "--out", out), "Two of the data sets are named 'kinds'."),
        ((kinds / KINDS[0], "--out", out), "a data set needs at least 2"),
    ):
        status, _, told = status_of(capfd, *given, "--device", "cpu")
        assert status == 1, told
        assert words in told
        assert told.count("\n") == 1
    assert not out.exists()


def test_ctrl_c_is_status_130_and_leaves_nothing(
    kinds: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scratches: list[Path] = []
    real = run_module.embed_set

    def noted(
        workspace: Workspace,
        start: Workspace | None,
        source: SetSource,
        scratch: Path,
        first: int,
        title: str,
    ) -> Generator[Progress | None, None, EmbeddedSet]:
        scratches.append(scratch)
        return (yield from real(workspace, start, source, scratch, first, title))

    def interrupted(*given: object) -> Generator[Progress, None, None]:
        yield Progress(0, "Trials", 1, 2, 1.0, 1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, "embed_set", noted)
    monkeypatch.setattr(run_module, "run_trials", interrupted)
    status, _, told = status_of(capfd, kinds, "--out", tmp_path / "report.json", "--device", "cpu")
    assert (status, told) == (130, "Interrupted; no report was written.\n")
    assert list(tmp_path.iterdir()) == []
    assert len(scratches) == 1
    assert not scratches[0].exists()

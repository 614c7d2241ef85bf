"""How good the advice is: what to label next, which labels look wrong, how far the labels reach.

    python benchmarks/advice.py DIR_OR_TAR... [--trials 10] [--only suggestions,audit,reach]

Prints Markdown tables. Images are labelled by their folders' names, as a person would who follows
the suggestions; the classifier is the instant one. Intervals are 95 %, over the draws.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import load_runtime
from engine.images import perceptual_hash
from engine.metatraining.datasets import open_image_sets
from engine.method.adaptation import AdaptedModel, adapt
from engine.method.audit import SHOWN_ODDS, left_out_probabilities, odds_against
from engine.method.duplicates import near_duplicate_groups
from engine.method.folder import FolderShape, folder_mean
from engine.method.heads import Floats, normalise
from engine.method.reach import measure_reach
from engine.method.suggestion import choose_what_to_label
from engine.worker import default_cache_folder

Indices = NDArray[np.int64]
T = TypeVar("T")

TEST_SHARE = 0.4  # Never suggested nor labelled: the learning curves are measured on these.
MOST_LABELS = 15  # Per class.
PER_CLASS = (5, 10, 15)
WRONG_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Folder:
    """A labelled set as the program would see it."""

    name: str
    embeddings: Floats
    hashes: NDArray[np.uint64]
    labels: Indices
    shape: FolderShape

    @property
    def n_classes(self) -> int:
        return int(self.labels.max()) + 1

    def fit(self, images: Indices, labels: Indices) -> AdaptedModel:
        return adapt(
            self.embeddings[images],
            labels,
            self.shape.mean,
            shape=self.shape,
            groups=self.groups(images),
        )

    def groups(self, images: Indices) -> Indices:
        return near_duplicate_groups(self.directions(images), self.hashes[images])

    def directions(self, images: Indices) -> Floats:
        return normalise(self.embeddings[images], self.shape.mean)

    def accuracy(self, model: AdaptedModel, images: Indices) -> float:
        guesses = model.classes[model.probabilities(self.embeddings[images]).argmax(axis=1)]
        return float((guesses == self.labels[images]).mean())

    def class_accuracies(self, model: AdaptedModel, images: Indices) -> NDArray[np.float64]:
        guesses = model.classes[model.probabilities(self.embeddings[images]).argmax(axis=1)]
        hits = guesses == self.labels[images]
        counts = np.bincount(self.labels[images], minlength=self.n_classes)
        return np.bincount(self.labels[images], weights=hits, minlength=self.n_classes) / counts

    def draw(self, n_labels: int, generator: np.random.Generator) -> tuple[Indices, Indices]:
        """``n_labels`` images of each class, three of each left over at least; and those."""
        drawn, rest = [], []
        for label in range(self.n_classes):
            members = generator.permutation(np.flatnonzero(self.labels == label))
            n_drawn = min(n_labels, len(members) - 3)
            drawn.append(members[:n_drawn])
            rest.append(members[n_drawn:])
        return np.concatenate(drawn), np.concatenate(rest)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--encoder", type=Path, default=shipped_encoder_path())
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--batch", type=int, default=5, help="suggestions labelled at a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="suggestions,audit,reach")
    options = parser.parse_args(arguments)
    folders = open_folders(options.sets, options.encoder)
    parts: dict[str, Callable[[], None]] = {
        "suggestions": lambda: suggestions(folders, options.trials, options.batch, options.seed),
        "audit": lambda: audit(folders, options.trials, options.seed),
        "reach": lambda: reach(folders, options.trials, options.batch, options.seed),
    }
    for part in options.only.split(","):
        parts[part]()


def open_folders(paths: Sequence[Path], encoder_path: Path) -> list[Folder]:
    encoder = load_encoder(encoder_path)
    runtime = load_runtime(encoder, default_cache_folder() / "encoders", "cpu")
    folders = []
    for image_set in open_image_sets(paths):

        def look(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float16], int]:
            return runtime.embed(pixels), perceptual_hash(pixels)

        with ThreadPoolExecutor(runtime.n_threads) as pool:
            pictures = (image_set.decode(index) for index in range(len(image_set)))
            seen = list(pool.map(look, pictures))
        embeddings = np.stack([embedding for embedding, _ in seen]).astype(np.float32)
        total = embeddings.sum(axis=0, dtype=np.float64)
        mean = folder_mean(total, len(embeddings), encoder.feature_mean)
        shape = FolderShape.of(embeddings, mean, len(embeddings))
        hashes = np.array([bits for _, bits in seen], np.uint64)
        labels = image_set.labels.astype(np.int64)
        folders.append(Folder(image_set.name, embeddings, hashes, labels, shape))
        sys.stderr.write(f"{image_set.name}: {len(embeddings)} images embedded\n")
    return folders


# --- What to label next ---------------------------------------------------------------------------


def suggestions(folders: Sequence[Folder], trials: int, batch: int, seed: int) -> None:
    print("### What to label next\n")
    print(
        f"Share of random labelling's labels with which suggestions, {batch} at a time from none "
        f"on, reach its accuracy, on {TEST_SHARE:.0%} of the images that are never labelled; then "
        f"accuracy in % at as many labels. {trials} draws of the images that may be labelled.\n"
    )
    columns = [f"{n} a class: share | random | suggested" for n in PER_CLASS]
    print("| set | " + " | ".join(columns) + " |")
    print("|---" * (1 + 3 * len(PER_CLASS)) + "|")
    for folder in folders:
        random, suggested = [], []
        for trial in range(trials):
            # As of one draw, so that differences are paired.
            for curves, choose in ((random, choose_randomly), (suggested, choose_suggested)):
                curves.append(learning_curve(folder, choose, batch, (seed, trial)))
        table = np.array(random), np.array(suggested)
        cells = []
        for per_class in PER_CLASS:
            n_labels = per_class * folder.n_classes
            last = n_labels // batch - 1
            if last >= table[0].shape[1]:
                cells.append("– | – | –")
                continue
            share, half = share_needed(*table, n_labels, batch)
            at = [f"{curves[:, last].mean() * 100:.1f}" for curves in table]
            shown = "more" if share > 1.5 else f"{share:.2f} ± {half:.2f}"
            cells.append(f"{shown} | {at[0]} | {at[1]}")
        print(f"| {folder.name} | " + " | ".join(cells) + " |", flush=True)


def learning_curve(
    folder: Folder,
    choose: Callable[[Folder, Indices, Indices, int, np.random.Generator], Indices],
    batch: int,
    seed: tuple[int, int],
) -> list[float]:
    """Accuracy after each batch of labels; 0 while there are fewer than two classes."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(folder.labels))
    n_test = int(TEST_SHARE * len(order))
    test, pool = order[:n_test], np.sort(order[n_test:])
    n_labels = min(MOST_LABELS * folder.n_classes, len(pool) * 2 // 3)
    labelled = np.zeros(0, np.int64)
    curve = []
    while len(labelled) + batch <= n_labels:
        labelled = np.append(labelled, choose(folder, pool, labelled, batch, generator))
        labels = folder.labels[labelled]
        if len(np.unique(labels)) < 2:
            curve.append(0.0)
            continue
        curve.append(folder.accuracy(folder.fit(labelled, labels), test))
    return curve


def choose_randomly(
    folder: Folder, pool: Indices, labelled: Indices, count: int, generator: np.random.Generator
) -> Indices:
    return generator.permutation(np.setdiff1d(pool, labelled))[:count]


def choose_suggested(
    folder: Folder, pool: Indices, labelled: Indices, count: int, generator: np.random.Generator
) -> Indices:
    labels = np.where(np.isin(pool, labelled), folder.labels[pool], -1)
    known = folder.labels[labelled]
    model = folder.fit(labelled, known) if len(np.unique(known)) >= 2 else None
    mean = folder.shape.mean if model is None else model.mean
    picks = finished(
        choose_what_to_label(
            normalise(folder.embeddings[pool], mean),
            folder.hashes[pool],
            labels,
            np.zeros(len(pool), np.bool_),
            count,
            folder.n_classes,
            model,
            None if model is None else model.none_scores(folder.embeddings[pool]),
        )
    )
    chosen = pool[[pick.index for pick in picks]]
    # Near-duplicates of what is labelled are never suggested; random ones fill up.
    left = np.setdiff1d(pool, np.append(labelled, chosen))
    return np.append(chosen, generator.permutation(left)[: count - len(chosen)])


def share_needed(
    random: NDArray[np.float64], suggested: NDArray[np.float64], n_labels: int, batch: int
) -> tuple[float, float]:
    """Labels that suggestions need for random's accuracy at ``n_labels``, and the half interval.

    The interval is from draws with replacement of the trials (bootstrap).
    """

    def needed(rows: Indices) -> float:
        target = random[rows].mean(axis=0)[n_labels // batch - 1]
        curve = np.maximum.accumulate(np.append(0.0, suggested[rows].mean(axis=0)))
        after = int(np.searchsorted(curve, target))
        if after >= len(curve):
            return 2.0
        if after == 0:
            return 0.0
        rise = max(float(curve[after] - curve[after - 1]), 1e-12)
        return batch * (after - 1 + float(target - curve[after - 1]) / rise) / n_labels

    generator = np.random.default_rng(0)
    everything = np.arange(len(random))
    draws = [needed(generator.choice(everything, len(everything))) for _ in range(200)]
    low, high = np.quantile(draws, (0.025, 0.975))
    return needed(everything), float(high - low) / 2


# --- Which labels look wrong ----------------------------------------------------------------------


def audit(folders: Sequence[Folder], trials: int, seed: int) -> None:
    print("\n### Which labels look wrong\n")
    print(
        f"{WRONG_SHARE:.0%} of the labels are made wrong at random. Precision at recall 0.6 of the "
        f"ranking; precision and recall of what is shown (odds {SHOWN_ODDS:.0f} to 1); share of "
        "the labels shown where none is wrong. All in %.\n"
    )
    shots = (5, 10, 20)
    columns = [f"{n} a class: at recall 0.6 | precision | recall | none wrong" for n in shots]
    print("| set | " + " | ".join(columns) + " |")
    print("|---" * (1 + 4 * len(shots)) + "|")
    rows = []
    for folder in folders:
        cells: list[float] = []
        for n_labels in shots:
            found = []
            for trial in range(trials):
                generator = np.random.default_rng([seed, n_labels, trial])
                images, _ = folder.draw(n_labels, generator)
                truth = folder.labels[images]
                labels = truth.copy()
                n_wrong = max(1, round(WRONG_SHARE * len(labels)))
                for index in generator.permutation(len(labels))[:n_wrong]:
                    labels[index] = generator.choice(
                        np.delete(np.arange(folder.n_classes), truth[index])
                    )
                clean = odds(folder, images, truth)
                found.append(
                    [
                        *audit_scores(odds(folder, images, labels), labels != truth),
                        float((clean >= SHOWN_ODDS).mean()),
                    ]
                )
            with np.errstate(invalid="ignore"):
                cells += np.nanmean(np.array(found), axis=0).tolist()
        rows.append(cells)
        print(
            f"| {folder.name} | " + " | ".join(f"{100 * x:.0f}" for x in cells) + " |", flush=True
        )
    means = np.nanmean(np.array(rows), axis=0)
    print("| **mean** | " + " | ".join(f"**{100 * x:.0f}**" for x in means) + " |")


def odds(folder: Folder, images: Indices, labels: Indices) -> Floats:
    compact = np.unique(labels, return_inverse=True)[1]
    groups = folder.groups(images)
    probabilities = left_out_probabilities(folder.directions(images), compact, groups)
    return odds_against(probabilities, compact)


def audit_scores(found: Floats, wrong: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Precision at recall 0.6, and precision (NaN where nothing is) and recall of what is shown."""
    hits = np.cumsum(wrong[np.argsort(-found, kind="stable")])
    place = int(np.searchsorted(hits, np.ceil(0.6 * wrong.sum())))
    shown = found >= SHOWN_ODDS
    precision = float(wrong[shown].mean()) if shown.any() else float("nan")
    return float(hits[place] / (place + 1)), precision, float(shown[wrong].mean())


# --- How far the labels reach ---------------------------------------------------------------------


def reach(folders: Sequence[Folder], trials: int, batch: int, seed: int) -> None:
    print("\n### How far the labels reach\n")
    print(
        "How often the 95 % interval of the recognition rate, over all classes and of each, holds "
        "that of the rest of the folder, and its mean width; estimate less truth; then what twice "
        "as many labels were expected to bring and brought. All in %, mean over the sets. "
        "Suggested: labels chosen by the suggestions, as many as at random.\n"
    )
    print("| labels | overall: held | width | error | each class: held | expected gain | gain |")
    print("|---" * 7 + "|")
    for n_labels in (5, 10, 20):
        report(
            f"{n_labels} a class, random",
            [
                [at_random(folder, n_labels, (seed, n_labels, trial)) for trial in range(trials)]
                for folder in folders
            ],
        )
    report(
        "10 a class on the mean, suggested",
        [
            [as_suggested(folder, 10, batch, (seed, trial)) for trial in range(max(1, trials // 3))]
            for folder in folders
        ],
    )


def report(title: str, found: list[list[list[float]]]) -> None:
    """``found``: figures of each draw of each set, NaN where there is none."""
    cells = []
    for figures in np.moveaxis(np.array(found), -1, 0):
        of_sets = [draws[~np.isnan(draws)].mean() for draws in figures if not np.isnan(draws).all()]
        cells.append(f"{100 * np.mean(of_sets):.1f}" if of_sets else "–")
    print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


def at_random(folder: Folder, n_labels: int, seed: tuple[int, int, int]) -> list[float]:
    generator = np.random.default_rng(seed)
    images, rest = folder.draw(n_labels, generator)
    figures = judged(folder, images, rest)
    more, left = [], []
    for label in range(folder.n_classes):
        members = rest[folder.labels[rest] == label]
        more.append(members[:n_labels])
        left.append(members[n_labels:])
    after = np.concatenate(left)
    if min(map(len, left)) < 3:
        return [*figures, float("nan")]
    one, two = (
        folder.class_accuracies(folder.fit(chosen, folder.labels[chosen]), after).mean()
        for chosen in (images, np.concatenate([images, *more]))
    )
    return [*figures, float(two - one)]


def as_suggested(folder: Folder, n_labels: int, batch: int, seed: tuple[int, int]) -> list[float]:
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(folder.labels))
    pool = np.sort(order[: int((1 - TEST_SHARE) * len(order))])
    labelled = np.zeros(0, np.int64)
    while len(labelled) < min(n_labels * folder.n_classes, len(pool) * 2 // 3):
        labelled = np.append(labelled, choose_suggested(folder, pool, labelled, batch, generator))
    return [*judged(folder, labelled, np.setdiff1d(order, labelled)), float("nan")]


def judged(folder: Folder, images: Indices, rest: Indices) -> list[float]:
    labels = folder.labels[images]
    found = finished(
        measure_reach(
            folder.embeddings[images],
            labels,
            folder.n_classes,
            folder.groups(images),
            folder.shape,
            folder.embeddings[rest],
        )
    )
    if found.overall is None or found.gain is None or len(np.unique(labels)) < folder.n_classes:
        return [float("nan")] * 5
    truth = folder.class_accuracies(folder.fit(images, labels), rest)
    return [
        float(found.overall.low <= truth.mean() <= found.overall.high),
        found.overall.high - found.overall.low,
        found.overall.accuracy - float(truth.mean()),
        float(
            np.mean(
                [
                    item.low <= rate <= item.high
                    for item, rate in zip(found.classes, truth, strict=True)
                ]
            )
        ),
        found.gain,
    ]


def finished(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value


if __name__ == "__main__":
    main(sys.argv[1:])

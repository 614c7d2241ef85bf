"""What each ingredient of adaptation is worth: accuracy with and without it, as a Markdown table.

    python benchmarks/ingredients.py DIR_OR_TAR... [--shots 1,5,10] [--draws 10]

A few images of every class are labelled at random, all the others classified. Every variant gets
the same draws; the differences are paired, their 95 % intervals are over draws, after the mean
over sets. "Unbalanced" are folders whose classes differ in size up to tenfold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import load_runtime
from engine.encoder.views import VIEWS, View, cut
from engine.errors import EngineError
from engine.images import decode_image
from engine.metatraining.datasets import open_image_sets
from engine.metatraining.encoder_training.label_draws import draw_labels
from engine.metatraining.intervals import score
from engine.method.adaptation import FOLDER_RIDGE, PROTOTYPES, RIDGE, Labelled, instant_head
from engine.method.folder import FolderShape, folder_mean
from engine.method.heads import Floats, normalise
from engine.method.thorough import adapt_thoroughly
from engine.worker import default_cache_folder


@dataclass(frozen=True)
class Task:
    """Embeddings of a folder from one view and from several, and what is labelled in it."""

    embeddings: dict[str, Floats]
    labels: NDArray[np.int64]
    training_mean: Floats
    support: NDArray[np.int64]
    query: NDArray[np.int64]

    def parts(self, views: str) -> tuple[Floats, Floats, Floats, FolderShape]:
        """Support, queries, mean and shape, of the images that are there."""
        there = np.concatenate([self.support, self.query])
        embeddings = self.embeddings[views]
        total = embeddings[there].sum(0).astype(np.float64)
        mean = folder_mean(total, len(there), self.training_mean)
        shape = FolderShape.of(embeddings[there], mean, len(there))
        return embeddings[self.support], embeddings[self.query], mean, shape


def _instant(views: str, *, metric: bool) -> Callable[[Task], NDArray[np.int64]]:
    def predict(task: Task) -> NDArray[np.int64]:
        support, query, mean, shape = task.parts(views)
        labelled = Labelled.of(support, task.labels[task.support], mean)
        head = instant_head(labelled, shape if metric else None)
        return _winners(normalise(query, labelled.mean) @ head.weights.T + head.bias)

    return predict


def _one_head(candidate: Any) -> Callable[[Task], NDArray[np.int64]]:
    def predict(task: Task) -> NDArray[np.int64]:
        support, query, mean, shape = task.parts("one view")
        labelled = Labelled.of(support, task.labels[task.support], mean)
        head = candidate.head(labelled, shape.metric)
        return _winners(normalise(query, labelled.mean) @ head.weights.T + head.bias)

    return predict


def _thorough(views: str, *, unlabelled: bool) -> Callable[[Task], NDArray[np.int64]]:
    def predict(task: Task) -> NDArray[np.int64]:
        support, query, mean, shape = task.parts(views)
        rest = query if unlabelled else query[:0]
        model = _run(adapt_thoroughly(support, task.labels[task.support], mean, rest, shape))
        return _winners(model.logits(model.directions(query)))

    return predict


VARIANTS: dict[str, Callable[[Task], NDArray[np.int64]]] = {
    "prototypes": _one_head(PROTOTYPES),
    "ridge": _one_head(RIDGE),
    "ridge in the folder's metric": _one_head(FOLDER_RIDGE),
    "instant": _instant("one view", metric=True),
    "instant, three views": _instant("three views", metric=True),
    "instant, nine views": _instant("nine views", metric=True),
    "thorough without the rest, one view": _thorough("one view", unlabelled=False),
    "thorough, one view": _thorough("one view", unlabelled=True),
    "thorough (three views)": _thorough("three views", unlabelled=True),
    "thorough, nine views": _thorough("nine views", unlabelled=True),
}
REFERENCE = "instant"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--shots", default="1,5,10")
    parser.add_argument("--draws", type=int, default=10)
    options = parser.parse_args(arguments)
    encoder = load_encoder(shipped_encoder_path())
    try:
        sets = open_image_sets(options.sets)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    embedded = {images.name: (_embedded(images), images.labels) for images in sets}
    shots = [int(text) for text in options.shots.split(",")]
    for unbalanced in (False, True):
        print(f"\n{'Unbalanced' if unbalanced else 'As they are'}, accuracy in %:\n")
        print("| variant | " + " | ".join(f"{shot} labels" for shot in shots) + " |")
        print("|---|" + "---|" * len(shots))
        table: dict[str, list[NDArray[np.float64]]] = {name: [] for name in VARIANTS}
        for shot in shots:
            right = {name: np.zeros((len(sets), options.draws)) for name in VARIANTS}
            for row, (embeddings, labels) in enumerate(embedded.values()):
                draws = draw_labels(labels, shot, options.draws, 0)
                for column, draw in enumerate(draws):
                    query = draw.query
                    if unbalanced:
                        query = _thinned(labels, query, np.random.default_rng(column))
                    task = Task(embeddings, labels, encoder.feature_mean, draw.support, query)
                    for name, predict in VARIANTS.items():
                        right[name][row, column] = np.mean(predict(task) == labels[query])
            for name, values in right.items():
                table[name].append(100 * values.mean(0))
        for name, columns in table.items():
            cells = []
            for accuracies, reference in zip(columns, table[REFERENCE], strict=True):
                cell = f"{accuracies.mean():.1f}"
                if name != REFERENCE:
                    gain = score(accuracies - reference)
                    cell += f" ({gain.mean:+.1f} ± {gain.ci95:.1f})"
                cells.append(cell)
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    return 0


def _embedded(images: Any) -> dict[str, Floats]:
    encoder = load_encoder(shipped_encoder_path())
    runtime = load_runtime(encoder, default_cache_folder() / "encoders", "cpu")

    def embed(index: int) -> Floats:
        pixels = decode_image(images.read(index)).pixels
        seen = [cut(pixels, view) for view in (*VIEWS, View(0.15, True))]
        height, width = pixels.shape[:2]
        tall, wide = max(1, round(height * 0.8)), max(1, round(width * 0.8))
        seen += [
            pixels[top : top + tall, left : left + wide]
            for top in (0, height - tall)
            for left in (0, width - wide)
        ]
        seen.append(np.rot90(pixels, 2))
        each: Floats = np.stack(
            [runtime.embed(np.ascontiguousarray(view)) for view in seen]
        ).astype(np.float32)
        return each

    with ThreadPoolExecutor(runtime.n_threads) as pool:
        views = np.stack(list(pool.map(embed, range(len(images)))))

    def mean(count: int) -> Floats:
        rounded: Floats = views[:, :count].mean(1).astype(np.float16).astype(np.float32)
        return rounded

    return {"one view": mean(1), "three views": mean(len(VIEWS)), "nine views": mean(9)}


def _thinned(
    labels: NDArray[np.int64], query: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """Queries of which the classes' sizes fall off geometrically, to a tenth."""
    classes = random.permutation(np.unique(labels))
    kept = []
    for position, label in enumerate(classes):
        members = random.permutation(query[labels[query] == label])
        share = 10.0 ** -(position / max(1, len(classes) - 1))
        kept.append(members[: max(1, round(len(members) * share))])
    return np.sort(np.concatenate(kept))


def _winners(logits: Floats) -> NDArray[np.int64]:
    winners: NDArray[np.int64] = logits.argmax(axis=1).astype(np.int64)
    return winners


def _run(steps: Generator[None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

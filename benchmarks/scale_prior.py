"""Fit the prior of the head's scale (inverse temperature) to draws from labelled image sets.

    python benchmarks/scale_prior.py DIR... [--encoder FILE] [--draws 40]

Prints, for every head that adaptation uses, the three numbers of its ``ScalePrior`` (in
``engine/method/adaptation.py`` and ``thorough.py``), the spread of each draw's own best scale
around them, and how well the prior does on each set when it is fitted without it. In every other
draw the classes of the folder differ in size up to tenfold.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import load_runtime
from engine.images import decode_image
from engine.metatraining.datasets import open_image_sets
from engine.method import thorough
from engine.method.adaptation import FOLDER_RIDGE, PROTOTYPES, RIDGE, Candidate, Labelled
from engine.method.calibration import ScalePrior
from engine.method.folder import FolderShape, folder_mean
from engine.method.heads import Floats, normalise
from engine.worker import default_cache_folder

LOG_SCALES = np.linspace(-4.0, 5.0, 60)
Doubles = NDArray[np.float64]
UNSCALED = ScalePrior(0.0, 0.0, 0.0, 1e-4)


def _raw(candidate: Candidate) -> Callable[[Labelled, FolderShape, Floats], Floats]:
    def logits(labelled: Labelled, shape: FolderShape, query: Floats) -> Floats:
        head = replace(candidate, prior=UNSCALED).head(labelled, shape.metric)
        return query @ head.weights.T + head.bias

    return logits


def _folds(kind: str) -> Callable[[Labelled, FolderShape, Floats], Floats]:
    """What ``thorough`` fits to all labels, without its folds."""

    def logits(labelled: Labelled, shape: FolderShape, query: Floats) -> Floats:
        fit = (
            thorough._mixture(labelled, shape, np.ones(len(query), np.float32), FOLDER_RIDGE)
            if kind == "mixture"
            else thorough._discriminant(labelled)
        )
        steps = fit(np.arange(len(labelled.labels)), query)
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                weights, bias = stop.value
                found: Floats = query @ weights.T + bias
                return found

    return logits


HEADS = {
    "ridge in the folder's metric": _raw(FOLDER_RIDGE),
    "ridge": _raw(RIDGE),
    "cosine prototypes": _raw(PROTOTYPES),
    "mixture": _folds("mixture"),
    "discriminant": _folds("discriminant"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--encoder", type=Path, default=shipped_encoder_path())
    parser.add_argument("--draws", type=int, default=40, help="draws per set")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    encoder = load_encoder(options.encoder)
    runtime = load_runtime(encoder, default_cache_folder() / "encoders", "cpu")
    embedded = {}
    for image_set in open_image_sets(options.sets):
        with ThreadPoolExecutor(runtime.n_threads) as pool:
            pixels = (decode_image(image_set.read(i)).pixels for i in range(len(image_set)))
            embedded[image_set.name] = (
                np.stack(list(pool.map(runtime.embed, pixels))).astype(np.float32),
                image_set.labels,
            )
    names = list(embedded)
    for title, raw in HEADS.items():
        generator = np.random.default_rng(options.seed)
        features, curves, groups = [], [], []
        for group, name in enumerate(names):
            embeddings, labels = embedded[name]
            for _ in range(options.draws):
                drawn = draw(labels, generator)
                if drawn is None:
                    continue
                support, support_labels, query, query_labels, shots = drawn
                n_classes = int(support_labels.max()) + 1
                if shots == 1 and title == "discriminant":
                    continue  # It knows no spread then, and is not asked.
                there = embeddings[support + query]
                total = there.astype(np.float64).sum(0)
                mean = folder_mean(total, len(there), encoder.feature_mean)
                shape = FolderShape.of(there, mean, len(there))
                labelled = Labelled.of(embeddings[support], support_labels, mean)
                scores = raw(labelled, shape, normalise(embeddings[query], labelled.mean))
                features.append([1.0, np.log(n_classes), np.log(shots)])
                curves.append([log_loss(np.exp(s) * scores, query_labels) for s in LOG_SCALES])
                groups.append(group)
        table, losses, group_of = np.array(features), np.array(curves), np.array(groups)
        everything = np.ones(len(table), bool)
        prior = fit(table, losses, group_of, everything)
        best = LOG_SCALES[losses.argmin(axis=1)]
        inside = best < LOG_SCALES[-2]
        spread = float((best - table @ prior)[inside].std())
        print(f"{title}: {np.round(prior, 3)}, spread {spread:.2f}", flush=True)
        for group, name in enumerate(names):
            without = fit(table, losses, group_of, group_of != group)
            here = group_of == group
            print(
                f"    {name:20s} log-loss {cost(table, losses, without, here):.3f} without it in "
                f"the fit, {cost(table, losses, prior, here):.3f} with, "
                f"{losses[here].min(axis=1).mean():.3f} at each draw's own best scale"
            )


def draw(
    labels: NDArray[np.int64], generator: np.random.Generator
) -> tuple[list[int], NDArray[np.int64], list[int], NDArray[np.int64], int] | None:
    """A random task: 2 to all classes, 1 to 10 labels each (log-uniform), 3 to 30 queries each."""
    shots = round(float(np.exp(generator.uniform(0.0, np.log(10.0)))))
    enough = np.flatnonzero(np.bincount(labels) >= shots + 3)
    if len(enough) < 2:
        return None
    classes = generator.choice(enough, int(generator.integers(2, len(enough) + 1)), replace=False)
    support: list[int] = []
    query: list[int] = []
    query_labels: list[int] = []
    uneven = bool(generator.integers(2))
    for index, label in enumerate(classes):
        members = generator.permutation(np.flatnonzero(labels == label))
        support += members[:shots].tolist()
        n_query = round(30 * 10.0 ** -generator.uniform()) if uneven else 30
        chosen = members[shots : shots + n_query].tolist()
        query += chosen
        query_labels += [index] * len(chosen)
    support_labels = np.repeat(np.arange(len(classes)), shots)
    return support, support_labels, query, np.array(query_labels), shots


def log_loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    peak = logits.max(axis=1, keepdims=True)
    total = np.log(np.exp(logits - peak).sum(axis=1)) + peak[:, 0]
    return float((total - logits[np.arange(len(labels)), labels]).mean())


def cost(table: Doubles, losses: Doubles, prior: Doubles, chosen: NDArray[np.bool_]) -> float:
    """Mean log-loss over the chosen draws when their scale is the prior's."""
    log_scales = table[chosen] @ prior
    return float(
        np.mean(
            [
                np.interp(log_scale, LOG_SCALES, curve)
                for log_scale, curve in zip(log_scales, losses[chosen], strict=True)
            ]
        )
    )


def fit(
    table: Doubles, losses: Doubles, group_of: NDArray[np.int64], chosen: NDArray[np.bool_]
) -> Doubles:
    """The prior of lowest log-loss, every set weighing the same; by coordinate descent."""

    def total(prior: Doubles) -> float:
        groups = np.unique(group_of[chosen])
        return float(np.mean([cost(table, losses, prior, group_of == g) for g in groups]))

    prior, step = np.array([1.0, 0.1, 0.0]), 0.5
    best = total(prior)
    while step > 0.005:
        improved = False
        for index in range(3):
            for sign in (-1, 1):
                trial = prior.copy()
                trial[index] += sign * step
                if (value := total(trial)) < best - 1e-9:
                    prior, best, improved = trial, value, True
        if not improved:
            step /= 2
    return prior


if __name__ == "__main__":
    main()

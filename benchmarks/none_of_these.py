"""How far the none-of-these score keeps its word, with and without negative examples.

    python benchmarks/none_of_these.py DIR_OR_TAR... [--labels 1,2,3,5,10] [--draws 10]

The last class of every set is nobody's: none of its images is labelled as a class. Of the others k
images each are, or of one class k and of every other one a single image. Negative examples, where
there are any, are images of the class that is nobody's; the rest of them are the strangers. Prints
Markdown tables of means over sets and draws: the share of the classes' own images above one half
(promised: about one in twenty, or fewer), that of the strangers, and the AUROC of strangers against
own images.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.benchmark.measures import unknown_auroc
from engine.encoder.encoder_file import load_encoder, shipped_encoder_path
from engine.encoder.runtime import load_runtime
from engine.errors import EngineError
from engine.images import decode_image
from engine.metatraining.datasets import open_image_sets
from engine.metatraining.encoder_training.label_draws import Draw, draw_labels
from engine.method.folder import folder_mean
from engine.method.heads import Floats
from engine.method.unknowns import UnknownScorer
from engine.worker import default_cache_folder

NEGATIVES = (0, 1, 3, 10)


@dataclass(frozen=True)
class Folder:
    """A set's images as the encoder sees them."""

    embeddings: Floats
    labels: NDArray[np.int64]
    mean: Floats


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--labels", default="1,2,3,5,10")
    parser.add_argument("--draws", type=int, default=10)
    options = parser.parse_args(arguments)
    encoder = load_encoder(shipped_encoder_path())
    try:
        sets = open_image_sets(options.sets)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    folders = []
    for item in sets:
        if item.labels.max() >= 2:  # Else a single class would have labels.
            embeddings = _embedded(item)
            total = embeddings.sum(0).astype(np.float64)
            mean = folder_mean(total, len(embeddings), encoder.feature_mean)
            folders.append(Folder(embeddings, item.labels, mean))
    for one_class in (False, True):
        title = "k labels of one class, one of every other" if one_class else "k labels a class"
        print(f"\n{title}; own images above 0.5 / strangers above 0.5, in % / AUROC\n")
        print("| k | " + " | ".join(f"{count} negative examples" for count in NEGATIVES) + " |")
        print("|---|" + "---|" * len(NEGATIVES))
        for n_labels in (int(text) for text in options.labels.split(",")):
            if one_class and n_labels == 1:
                continue
            found = [
                _measure(folder, draw, one_class, np.random.default_rng(number))
                for folder in folders
                for number, draw in enumerate(
                    draw_labels(folder.labels, n_labels, options.draws, 0)
                )
            ]
            cells = [
                f"{100 * own:.1f} / {100 * strange:.1f} / {auroc:.3f}"
                for own, strange, auroc in np.nanmean(found, axis=0)
            ]
            print(f"| {n_labels} | " + " | ".join(cells) + " |", flush=True)
    return 0


def _measure(
    folder: Folder, draw: Draw, one_class: bool, random: np.random.Generator
) -> NDArray[np.float64]:
    """(len(NEGATIVES), 3): shares of own images and strangers above one half, and AUROC."""
    labels = folder.labels
    nobodys = int(labels.max())
    support = draw.support[labels[draw.support] != nobodys]
    if one_class:
        first = np.unique(labels[support], return_index=True)[1]
        many = np.flatnonzero(labels[support] == labels[support].min())
        support = support[np.union1d(first, many)]
    plain = UnknownScorer.fit(folder.embeddings[support], labels[support], folder.mean)
    strangers = random.permutation(draw.query[labels[draw.query] == nobodys])
    found = np.full((len(NEGATIVES), 3), np.nan)
    for row, count in enumerate(NEGATIVES):
        if len(strangers) <= count:
            continue
        scorer = plain.with_negatives(folder.embeddings[strangers[:count]])
        query = np.setdiff1d(draw.query, strangers[:count])
        scores, is_strange = scorer.scores(folder.embeddings[query]), labels[query] == nobodys
        above = scores > 0.5
        found[row] = (
            above[~is_strange].mean(),
            above[is_strange].mean(),
            unknown_auroc(scores, is_strange),
        )
    return found


def _embedded(images: Any) -> Floats:
    runtime = load_runtime(
        load_encoder(shipped_encoder_path()), default_cache_folder() / "encoders", "cpu"
    )

    def embed(index: int) -> Floats:
        return runtime.embed(decode_image(images.read(index)).pixels).astype(np.float32)

    with ThreadPoolExecutor(runtime.n_threads) as pool:
        return np.stack(list(pool.map(embed, range(len(images)))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How much better one encoder is than another for the tool, set by set, as a Markdown table.

    python benchmarks/encoder_quality.py --start START.safetensors \
        --encoder assets/encoder.safetensors --data DIR_OR_TAR... --json OUT.json

A few images of every class are labelled at random, all the others are classified, all classes at
once. Both encoders get the same draws, so differences are paired. Images go through each
encoder's ONNX graph, as in the program.

An encoder without a projection emits the root of the pooled activation z. "Plain" and "raw cosine"
take z itself from it, as published networks emit it, and the embedding as it is from any other.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from engine.encoder.description import Encoder
from engine.encoder.encoder_file import load_encoder, open_encoder, shipped_encoder_path
from engine.encoder.graph import INPUT_NAME, OUTPUT_NAME, load_or_build_graph
from engine.errors import EngineError
from engine.metatraining.datasets import ImageSet, open_image_sets
from engine.metatraining.encoder_training.label_draws import (
    HEADS,
    Head,
    accuracies,
    cosine_prototypes,
    draw_labels,
    product_head,
)
from engine.metatraining.intervals import score

SEEN_BY_THE_START = ("mini_imagenet", "dog_breeds120")
"""Sets whose images are ImageNet's: the pre-trained weights have seen them."""

HEAD_TITLES = {
    "plain": "plain prototypes: class means, squared Euclidean distance, embeddings as emitted",
    "raw_cosine": "the same with the cosine",
    "cosine": "cosine prototypes, centred on the folder's mean",
    "ridge": "ridge, centred on the folder's mean",
    "product": "the product's head",
}

Values = dict[tuple[str, str, int], NDArray[np.float64]]
"""Accuracy of every draw, by data set, head and shot."""


def main(arguments: Sequence[str]) -> int:
    options = _parse(arguments)
    try:
        sets = open_image_sets(options.data)
        start = open_encoder(options.start, "start")
        encoder = load_encoder(options.encoder)
        with tempfile.TemporaryDirectory() as cache:
            before = _measure(start, sets, options, Path(cache))
            after = _measure(encoder, sets, options, Path(cache))
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(_markdown(before, after, sets, options))
    if options.json:
        report = {
            "start": start.fingerprint,
            "encoder": encoder.fingerprint,
            "draws": options.draws,
            "seed": options.seed,
            "results": _as_json(before, after),
        }
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--start", type=Path, required=True, help="the untouched encoder, or its bare weights"
    )
    parser.add_argument("--encoder", type=Path, default=shipped_encoder_path())
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--shots", type=_shots, default=(1, 5, 10))
    parser.add_argument("--draws", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def _shots(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _measure(
    encoder: Encoder, sets: Sequence[ImageSet], options: argparse.Namespace, cache: Path
) -> Values:
    session_options = onnxruntime.SessionOptions()
    session_options.intra_op_num_threads = 1  # Images are spread over threads instead.
    session = onnxruntime.InferenceSession(
        str(load_or_build_graph(encoder, cache)),
        session_options,
        providers=["CPUExecutionProvider"],
    )
    values: Values = {}
    for images in sets:

        def embed(index: int, images: ImageSet = images) -> NDArray[np.float32]:
            (embeddings,) = session.run([OUTPUT_NAME], {INPUT_NAME: images.decode(index)[None]})
            one: NDArray[np.float32] = embeddings[0]
            return one

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            embeddings = np.stack(list(pool.map(embed, range(len(images)))))
        emitted = embeddings**2 if encoder.projection is None else embeddings
        heads = {**HEADS, "product": product_head(encoder.feature_mean, len(images))}
        for n_shot in options.shots:
            draws = draw_labels(images.labels, n_shot, options.draws, options.seed)
            for name, head in heads.items():
                values[images.name, name, n_shot] = accuracies(
                    emitted if name == "plain" else embeddings, images.labels, head, draws
                )
            values[images.name, "raw_cosine", n_shot] = accuracies(
                emitted, images.labels, _uncentred(cosine_prototypes), draws
            )
        sys.stderr.write(f"{encoder.name}: {images.name} measured\n")
    return values


def _uncentred(head: Head) -> Head:
    def classify(
        support: NDArray[np.float32],
        support_labels: NDArray[np.int64],
        queries: NDArray[np.float32],
        folder_mean: NDArray[np.float32],
        n_way: int,
    ) -> NDArray[np.int64]:
        return head(support, support_labels, queries, np.zeros_like(folder_mean), n_way)

    return classify


def _markdown(
    before: Values, after: Values, sets: Sequence[ImageSet], options: argparse.Namespace
) -> str:
    lines = [
        f"Accuracy in %, mean over {options.draws} draws of the labels (seed {options.seed}); "
        "differences are paired, ± 95 % interval over draws.",
    ]
    for head, title in HEAD_TITLES.items():
        lines += ["", f"### {title[0].upper()}{title[1:]}", ""]
        header, rule = "| set |", "|---|"
        for n_shot in options.shots:
            header += f" {n_shot}: start | encoder | difference |"
            rule += "---|---|---|"
        lines += [header, rule]
        for images in sets:
            seen = " (seen in pre-training)" if images.name in SEEN_BY_THE_START else ""
            row = f"| {images.name}{seen} |"
            for n_shot in options.shots:
                old, new = before[images.name, head, n_shot], after[images.name, head, n_shot]
                gain = score(new - old)
                row += (
                    f" {_percent(old)} | {_percent(new)} | "
                    f"{gain.mean * 100:+.2f} ± {gain.ci95 * 100:.2f} |"
                )
            lines.append(row)
        row = "| **mean** |"
        for n_shot in options.shots:
            old, new = (
                np.mean([values[images.name, head, n_shot] for images in sets], axis=0)
                for values in (before, after)
            )
            gain = score(new - old)
            row += (
                f" **{_percent(old)}** | **{_percent(new)}** | "
                f"**{gain.mean * 100:+.2f}** ± {gain.ci95 * 100:.2f} |"
            )
        lines.append(row)
    return "\n".join(lines)


def _percent(values: NDArray[np.float64]) -> str:
    return f"{values.mean() * 100:.1f}"


def _as_json(before: Values, after: Values) -> list[dict[str, Any]]:
    results = []
    for (name, head, n_shot), old in before.items():
        new = after[name, head, n_shot]
        gain = score(new - old)
        results.append(
            {
                "set": name,
                "head": head,
                "n_shot": n_shot,
                "start": round(float(old.mean()), 5),
                "start_ci95": round(score(old).ci95, 5),
                "encoder": round(float(new.mean()), 5),
                "encoder_ci95": round(score(new).ci95, 5),
                "difference": round(gain.mean, 5),
                "difference_ci95": round(gain.ci95, 5),
            }
        )
    return results


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

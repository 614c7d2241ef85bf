"""How long a meta-training step takes in each precision and memory order, as a Markdown table.

    python benchmarks/training_step.py RECIPE.toml --data DIR... [--trials 10] [--threads 1]

All variants run in one process, turn by turn, so that a noisy machine disturbs them alike; ratios
are to float32 with torch's default memory order.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from engine.errors import EngineError
from engine.metatraining.few_shot.build import build_algorithm
from engine.metatraining.few_shot.recipe import FewShotRecipe, load_few_shot_recipe
from engine.metatraining.few_shot.run import sampler_of
from engine.metatraining.intervals import score
from engine.metatraining.loop import TrainingLoop
from engine.metatraining.optimizers import Precision
from engine.metatraining.pixels import load_pixels
from engine.metatraining.processes import alone
from engine.metatraining.tasks import PixelSource


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--trials", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        recipe = load_few_shot_recipe(options.recipe)
        loops = {
            (precision, channels_last): _loop(recipe, options.data, precision, channels_last)
            for precision in Precision
            for channels_last in (False, True)
        }
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    seconds: dict[tuple[Precision, bool], list[float]] = {variant: [] for variant in loops}
    for trial in range(options.trials + 1):
        for variant, loop in loops.items():
            try:
                began = time.perf_counter()
                loop.step()
                if trial:  # The first step of each prepares kernels.
                    seconds[variant].append(time.perf_counter() - began)
            except RuntimeError:
                seconds[variant] = []  # Not offered for these operations on this device.
    print(f"{recipe.name}; {options.threads} threads, {options.trials} trials\n")
    print("| precision | memory order | ms a step, median | times the first |")
    print("|---|---|---|---|")
    base = np.array(seconds[Precision.FLOAT32, False])
    for (precision, channels_last), values in seconds.items():
        order = "channels last" if channels_last else "default"
        if len(values) < options.trials:
            print(f"| {precision} | {order} | does not run | |")
            continue
        ratio = score(base / np.array(values))
        print(
            f"| {precision} | {order} | {1000 * np.median(values):.0f} "
            f"| {ratio.mean:.2f} ± {ratio.ci95:.2f} |"
        )
    return 0


def _loop(
    recipe: FewShotRecipe, data: Sequence[Path], precision: Precision, channels_last: bool
) -> TrainingLoop:
    network = recipe.network
    sets = [
        pixels
        for path in data
        for pixels in load_pixels(
            path, network.side_px, network.channels, network.inverted, recipe.data.split
        )
    ]
    sampler = sampler_of(sets, recipe.episodes)
    algorithm = build_algorithm(recipe, sampler.n_classes)
    if channels_last:
        algorithm.to(memory_format=torch.channels_last)
    return TrainingLoop(
        algorithm,
        sampler,
        PixelSource(sets),
        recipe.optimizer,
        recipe.n_steps,
        recipe.tasks_per_step,
        precision,
        recipe.seed,
        alone(),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

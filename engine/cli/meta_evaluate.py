"""``handful meta-evaluate``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import Device, JsonOption, UsageError, check_outputs, numbers
from engine.cli.stopping import Stopped
from engine.terminal import print_json, run, tell
from engine.worker import default_cache_folder


class Split(StrEnum):
    """Parts of Omniglot."""

    TRAIN = "train"
    VAL = "val"
    TRAINVAL = "trainval"
    TEST = "test"


class Combine(StrEnum):
    """How several models become one."""

    AVERAGE = "average"
    VOTE = "vote"


def meta_evaluate_command(
    checkpoint: Annotated[
        list[Path],
        typer.Argument(
            help="Models and encoders from meta-train, or the folders of its runs; an encoder's "
            "bare weights.",
        ),
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            "--data",
            help="Images to evaluate on (may be repeated): as for meta-train, the folder of "
            "Omniglot, or the word digits for scikit-learn's handwritten digits.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", help="The report, a JSON file; tables and plots go beside it."),
    ],
    ways: Annotated[
        str, typer.Option("--ways", help="Classes of a task, several parted by commas.")
    ] = "5,20",
    shots: Annotated[
        str, typer.Option("--shots", help="Examples of a class, several parted by commas.")
    ] = "1,5",
    queries: Annotated[
        int, typer.Option("--queries", min=1, help="Images of a class to classify.")
    ] = 15,
    episodes: Annotated[
        int, typer.Option("--episodes", min=2, help="Tasks of each pair of way and shot.")
    ] = 600,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Chooses the tasks; the same for every model.")
    ] = 0,
    split: Annotated[
        Split, typer.Option("--split", help="Which of Omniglot's characters.")
    ] = Split.TEST,
    robustness: Annotated[
        bool,
        typer.Option(
            "--robustness",
            help="Also with wrong labels, and queries with noise, blur and JPEG.",
            metavar="",
        ),
    ] = False,
    combine: Annotated[
        list[Combine] | None,
        typer.Option(
            "--combine",
            help="Also the average of the models' weights (of one model: of those its run has "
            "kept), or their vote (may be repeated).",
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            "--start",
            help="What training began with, an encoder, bare weights or a model: also weights on "
            "the way from it.",
        ),
    ] = None,
    device: Annotated[Device, typer.Option("--device", help="Where the models run.")] = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Measure meta-trained models on few-shot tasks, all on the same ones, and write a report."""
    from engine.metatraining.meta_evaluation.methods import Combination
    from engine.metatraining.meta_evaluation.run import EvaluationRule, meta_evaluate

    rule = EvaluationRule(
        ways=numbers("--ways", ways, 2),
        shots=numbers("--shots", shots, 1),
        n_query=queries,
        n_episodes=episodes,
        seed=seed,
        split=split.value,
        robustness=robustness,
    )
    if out.suffix != ".json":
        raise UsageError(f"--out is a JSON file and ends with .json, unlike {out.name}.")
    check_outputs({"--out": out}, {"--start": start})
    combinations = [Combination(choice.value) for choice in combine or []]
    cache_folder = default_cache_folder()
    steps = meta_evaluate(
        checkpoint, data, out, rule, cache_folder, combinations, start, device.value
    )
    try:
        done = run(steps)
    except KeyboardInterrupt:
        raise Stopped("Interrupted; no report was written.") from None
    for line in done.told():
        tell(line)
    if as_json:
        print_json(done.summary())

"""``handful benchmark``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import (
    Device,
    DeviceOption,
    EncoderFile,
    JsonOption,
    UsageError,
    check_outputs,
    numbers,
    opened_workspace,
)
from engine.cli.stopping import Stopped
from engine.messages import Effort
from engine.sources import briefly
from engine.terminal import print_json, run, tell
from engine.worker import default_cache_folder


def benchmark_command(
    data: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR...",
            help="Image sets: folders DIR/CLASS/images, tar files of these, or folders of either.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", help="The report, a JSON file; tables and plots go beside it."),
    ],
    shots: Annotated[
        str, typer.Option("--shots", help="Labels per class, several parted by commas.")
    ] = "1,5,10",
    trials: Annotated[
        int, typer.Option("--trials", min=1, help="Draws of the labels for each number of them.")
    ] = 10,
    effort: Annotated[
        str,
        typer.Option(
            "--effort",
            help=f"How hard to adapt, several parted by commas: {', '.join(Effort)}.",
        ),
    ] = f"{Effort.INSTANT},{Effort.THOROUGH}",
    start: Annotated[
        Path | None,
        typer.Option(
            "--start",
            help="The untouched ImageNet network: adds prototypes and logistic regression on it.",
        ),
    ] = None,
    unbalanced: Annotated[
        bool,
        typer.Option(
            "--unbalanced", help="Unequal numbers of labels and of images per class.", metavar=""
        ),
    ] = False,
    wrong_labels: Annotated[
        float,
        typer.Option("--wrong-labels", min=0.0, max=1.0, help="Share of labels that are wrong."),
    ] = 0.0,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="Chooses the labels; the same for every method.")
    ] = 0,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Measure labelling by a few examples on image sets, against baselines on the same splits."""
    from engine.benchmark.run import BenchmarkRule, benchmark
    from engine.benchmark.splits import SplitRule

    rule = BenchmarkRule(
        shots=numbers("--shots", shots, 1),
        n_trials=trials,
        efforts=_efforts(effort),
        splits=SplitRule(seed, unbalanced, wrong_labels),
    )
    if out.suffix != ".json":
        raise UsageError(f"--out is a JSON file and ends with .json, unlike {out.name}.")
    check_outputs({"--out": out}, {"--start": start, "--encoder": encoder})
    try:
        with opened_workspace(device, encoder) as workspace:
            done = run(
                benchmark(workspace, data, out, rule, default_cache_folder(), start, device.value)
            )
    except KeyboardInterrupt:
        raise Stopped("Interrupted; no report was written.") from None
    for line in (*briefly(done.report["warnings"]), *done.told()):
        tell(line)
    if as_json:
        print_json(done.summary())


def _efforts(text: str) -> tuple[Effort, ...]:
    """Efforts parted by commas, each once, in the order in which they cost more."""
    given = {part.strip() for part in text.split(",")}
    if unknown := sorted(given - set(Effort)):
        raise UsageError(
            f"--effort takes {', '.join(Effort)}, parted by commas, not {unknown[0]!r}."
        )
    return tuple(effort for effort in Effort if effort in given)

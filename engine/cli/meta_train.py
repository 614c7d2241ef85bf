"""``handful meta-train``: of an encoder, or of a paper's experiment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.options import Device, JsonOption
from engine.cli.stopping import Stopped, stop_asked, until
from engine.errors import EngineError
from engine.messages import Progress
from engine.piped import JsonProgress, give_way, told_of_stop, watched_input
from engine.terminal import print_json, run, tell
from engine.words import say

if TYPE_CHECKING:
    from engine.metatraining.encoder_training.estimate import Estimate
    from engine.metatraining.encoder_training.run import MetaTrained
    from engine.metatraining.few_shot.run import FewShotTrained


def meta_train_command(
    recipe: Annotated[
        Path,
        typer.Argument(
            help="A TOML file. Those in assets/recipes train an encoder; those in its folders "
            "repeat the experiments of papers, from nothing, with small networks."
        ),
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            "--data",
            help="Images to train on: folders of class folders, tar files of these, or folders "
            "of either; for a paper's recipe also the folder of Omniglot, or the word digits. "
            "Further ones may follow.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="The folder of the run: model, checkpoint, configuration, scores, logs."
        ),
    ],
    more_data: Annotated[list[Path] | None, typer.Argument(hidden=True, metavar="")] = None,
    validation: Annotated[
        list[Path] | None,
        typer.Option(
            "--validation",
            help="Images that choose how far to go from the start weights, or that a paper's "
            "recipe is validated on (may be repeated).",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on from the folder's checkpoint; on a CPU the result is the same as without "
            "the stop.",
            metavar="",
        ),
    ] = False,
    device: Annotated[
        Device,
        typer.Option("--device", help="Where a paper's recipe trains; encoders use the CPU."),
    ] = Device.AUTO,
    only_estimate: Annotated[
        bool,
        typer.Option(
            "--estimate",
            help="Time a few steps and say how long it would take; nothing is trained or written.",
            metavar="",
        ),
    ] = False,
    piped: Annotated[
        bool,
        typer.Option(
            "--piped",
            help="Driven by another program: give way to all others, tell progress on standard "
            "error as a JSON object a line, and stop when standard input ends.",
            metavar="",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Meta-train by episodes of few-shot tasks.

    Ctrl-C stops after the step at hand, a second one at once; --resume goes on.

    Processes can share a paper's recipe: torchrun --nproc-per-node 2 -m engine ...
    """
    progress = JsonProgress() if piped else None
    if progress is not None:
        give_way()
        progress(Progress(0, say("Loading torch, which takes some seconds"), 0, 0, 0.0, 0.0))
    from engine.metatraining.epochs import CHECKPOINT_NAME
    from engine.metatraining.few_shot.recipe import is_few_shot_recipe
    from engine.metatraining.processes import is_leader

    paths = [*data, *(more_data or [])]
    try:
        if only_estimate:
            print_json(asdict(_estimate(recipe, paths, validation or [], progress)))
            return
        train = _train_few_shot if is_few_shot_recipe(recipe) else _train_encoder
        with stop_asked() as asked, watched_input(piped) as has_ended:
            done = train(
                recipe,
                paths,
                out,
                resume,
                validation or [],
                device,
                lambda: asked() or has_ended(),
                progress,
            )
    except EngineError as error:
        if progress is not None:
            progress.fail(error)
        raise
    except KeyboardInterrupt:
        if not is_leader():  # One of several processes; the others would say the same.
            raise Stopped from None
        has_checkpoint = (out / CHECKPOINT_NAME).exists()
        if progress is not None:
            progress.tell(told_of_stop(out, has_checkpoint))
            raise Stopped from None
        if not has_checkpoint:
            raise Stopped(f"Interrupted before {out} had a checkpoint; start it again.") from None
        raise Stopped(
            f"Interrupted. With --resume the run goes on from the checkpoint in {out}."
        ) from None
    if as_json and done is not None:
        print_json(asdict(done))


def _train_encoder(
    recipe: Path,
    data: list[Path],
    out: Path,
    resume: bool,
    validation: list[Path],
    device: Device,
    asked: Callable[[], bool],
    progress: JsonProgress | None,
) -> MetaTrained:
    from engine.metatraining.encoder_training.recipe import load_recipe
    from engine.metatraining.encoder_training.run import meta_train
    from engine.metatraining.processes import n_started

    if n_started() > 1:
        raise EngineError("An encoder is trained by one process; start it without torchrun.")
    if device is Device.CUDA:
        raise EngineError("An encoder is trained on the CPU; --device cuda is for papers' recipes.")
    steps = meta_train(load_recipe(recipe), data, out, resume, validation)
    done: MetaTrained = run(until(asked, steps), show=progress)
    for sentence in done.told():
        (tell if progress is None else progress.tell)(sentence)
    return done


def _estimate(
    recipe: Path, data: list[Path], validation: list[Path], progress: JsonProgress | None
) -> Estimate:
    from engine.metatraining.encoder_training.estimate import estimate
    from engine.metatraining.encoder_training.recipe import load_recipe
    from engine.metatraining.few_shot.recipe import is_few_shot_recipe

    if is_few_shot_recipe(recipe):
        raise EngineError("Only the time of recipes that train an encoder is estimated.")
    estimated: Estimate = run(estimate(load_recipe(recipe), data, validation), show=progress)
    return estimated


def _train_few_shot(
    recipe: Path,
    data: list[Path],
    out: Path,
    resume: bool,
    validation: list[Path],
    device: Device,
    asked: Callable[[], bool],
    progress: JsonProgress | None,
) -> FewShotTrained | None:
    """None in processes that do not lead."""
    from engine.metatraining.few_shot.recipe import load_few_shot_recipe
    from engine.metatraining.few_shot.run import meta_train_few_shot
    from engine.metatraining.processes import joined

    with joined(device.value) as processes:
        steps = meta_train_few_shot(
            load_few_shot_recipe(recipe), data, out, resume, validation, processes
        )
        # All processes stop after the same step, whichever of them was asked.
        events = until(lambda: processes.any(asked()), steps)
        if not processes.leads:
            for _ in events:
                pass
            return None
        done: FewShotTrained = run(events, show=progress)
    (tell if progress is None else progress.tell)(done.told())
    return done

"""The command line: the same jobs as the window's, iterated without a thread.

Results go to files, one JSON object to standard output with ``--json``, everything a person reads
to standard error. Exit status: 0; 1 a failure told in one sentence; 2 wrong use; 130 Ctrl-C.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from engine.encoder_commands import encoder_commands
from engine.errors import WITHOUT_TORCH, EngineError, is_without_torch
from engine.messages import (
    Effort,
    Event,
    ImageId,
    ImageUnreadable,
    ModelExported,
    PredictionsSaved,
    Progress,
    Snapshot,
)
from engine.piped import JsonProgress, give_way, watched_input
from engine.sources import SnapshotBuilder, briefly, short_path
from engine.terminal import print_json, run, tell
from engine.worker import default_cache_folder

if TYPE_CHECKING:
    from engine.jobs.predictions import FittedSnapshot
    from engine.jobs.workspace import Workspace
    from engine.metatraining.encoder_training.estimate import Estimate
    from engine.metatraining.encoder_training.run import MetaTrained
    from engine.metatraining.few_shot.run import FewShotTrained

OpenWindow = Callable[[Path | None], int]
"""Opens the window on a folder or project and returns the exit status."""

_REQUEST: Final = 0  # The command line runs one job at a time; nobody needs to tell them apart.
_INTERRUPTED: Final = 130
_AGAIN_S: Final = 1.0  # torchrun passes Ctrl-C on, so that its processes get every one twice.
# typer brings a click of its own or, in older versions, takes the registry's; its public exception
# leads to either's base classes.
_UsageError: Any = typer.BadParameter.__mro__[1]
_ClickException: Any = typer.BadParameter.__mro__[2]


class _Stopped(Exception):
    """Ctrl-C, by a job that knows better what to say to it; nothing where its text is empty."""


class Device(StrEnum):
    """Where the encoder runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


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


app = typer.Typer(
    name="handful",
    help="Label a handful of images; a meta-trained network classifies the rest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(encoder_commands, name="encoder")

Images = Annotated[
    Path,
    typer.Argument(
        help="A folder, walked with its sub-folders, or a text file with a path a line."
    ),
]
OptionalImages = Annotated[
    Path | None, typer.Argument(help="The folder that the examples come from or belong to.")
]
Support = Annotated[
    Path | None,
    typer.Option(
        "--support",
        help="A folder of examples: DIR/CLASS/images. Those in DIR/none_of_these show none of the "
        "classes; they make none_score better.",
        rich_help_panel="Examples",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="A CSV file with the columns file_name (relative to IMAGES) and label, which may be "
        "“None of these”.",
        rich_help_panel="Examples",
    ),
]
ProjectFile = Annotated[
    Path | None,
    typer.Option("--project", help="A project made in the window.", rich_help_panel="Examples"),
]
ModelFile = Annotated[
    Path | None,
    typer.Option("--model", help="A model exported before.", rich_help_panel="Examples"),
]
DeviceOption = Annotated[Device, typer.Option("--device", help="Where the encoder runs.")]
EffortOption = Annotated[
    Effort,
    typer.Option(
        "--effort",
        help="How hard to adapt to the examples: at once; with the folder's other images and, up "
        "to 2,000 of them, three views of each; or by training the network on them, too.",
    ),
]
EncoderFile = Annotated[
    Path | None,
    typer.Option(
        "--encoder",
        help="Another encoder than the shipped one, from meta-train or handful encoder add.",
    ),
]
# An empty metavar: typer would write <bool>, as if a flag took a value.
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json", help="Print one JSON object about the run on standard output.", metavar=""
    ),
]


def main(arguments: Sequence[str], open_window: OpenWindow | None = None) -> int:
    """Run one command and return its exit status.

    Args:
        arguments: as typed, without the program's name.
        open_window: how to open the window; None where there is no window (``python -m engine``).
    """
    try:
        status = app(
            args=list(arguments), prog_name="handful", standalone_mode=False, obj=open_window
        )
        code = int(status or 0)
    except typer.Exit as stop:
        code = int(stop.exit_code)
    except SystemExit as stop:  # typer's way out when whoever read our output has gone.
        code = int(stop.code or 0)
    except _ClickException as error:  # Wrong use: click's own wording, exit status 2.
        error.show()
        code = int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except _Stopped as stopped:
        if text := str(stopped):
            tell(text)
        return _INTERRUPTED
    except EngineError as error:
        tell(str(error))
        code = 1
    except OSError as error:
        tell(f"{error}.")
        code = 1
    except ModuleNotFoundError as error:
        if not is_without_torch(error):
            raise
        tell(WITHOUT_TORCH)
        code = 1
    if code == _INTERRUPTED:
        tell("Interrupted. Images that were read are kept: another run need not read them again.")
    return code


@app.command()
def gui(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(help="A folder of images or a project to open.")
    ] = None,
) -> int:
    """Open the window (also: handful FOLDER)."""
    open_window: OpenWindow | None = context.obj
    if open_window is None:
        raise EngineError("This way of starting Handful has no window; use the handful command.")
    return open_window(path)


@app.command()
def demo(
    context: typer.Context,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Where the sample goes; default: Handful demo in Documents."),
    ] = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> int:
    """Paint a sample folder, label five images a class, classify the rest, export the model."""
    from engine.demo import default_demo_folder, report_lines, run_demo

    with _workspace(device) as workspace:
        steps = run_demo(workspace, folder or default_demo_folder())
        report = run(steps)
    for line in report_lines(report):
        tell(line)
    if as_json:
        print_json({**asdict(report)})
    open_window: OpenWindow | None = context.obj
    if open_window is not None:
        open_window(report.project)  # Without a screen it says so; the job is done all the same.
    return 0


@app.command()
def classify(
    images: Images,
    out: Annotated[Path, typer.Option("--out", help="The table to write, a CSV file.")],
    support: Support = None,
    labels: Labels = None,
    project: ProjectFile = None,
    model: ModelFile = None,
    export_to: Annotated[
        Path | None, typer.Option("--export", help="Also write the adapted model, an ONNX file.")
    ] = None,
    effort: EffortOption = Effort.THOROUGH,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Classify images from a handful of examples, or with a model exported before."""
    _exactly_one({"--support": support, "--labels": labels, "--project": project, "--model": model})
    _check_outputs(
        {"--out": out, "--export": export_to},
        {"IMAGES": images, "--labels": labels, "--project": project, "--model": model},
    )
    started = time.perf_counter()
    if model is not None:
        if export_to is not None:
            raise _UsageError("--export writes an adapted model; --model is one already.")
        summary = _classify_with_model(images, model, out)
    else:
        snapshot = replace(_snapshot(images, support, labels, project), effort=effort)
        with _workspace(device, encoder) as workspace:
            summary = _classify_and_export(workspace, snapshot, out, export_to)
    summary["seconds"] = round(time.perf_counter() - started, 3)
    tell(_told(summary))
    if as_json:
        print_json(summary)


@app.command()
def export(
    out: Annotated[Path, typer.Option("--out", help="The ONNX file to write.")],
    images: OptionalImages = None,
    support: Support = None,
    labels: Labels = None,
    project: ProjectFile = None,
    effort: EffortOption = Effort.THOROUGH,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Write the adapted model as one ONNX file, checked on real images before it gets its name."""
    _exactly_one({"--support": support, "--labels": labels, "--project": project})
    _check_outputs({"--out": out}, {"IMAGES": images, "--labels": labels, "--project": project})
    snapshot = replace(_snapshot(images, support, labels, project), effort=effort)
    with _workspace(device, encoder) as workspace:
        summary = _classify_and_export(workspace, snapshot, None, out)
    tell(_told(summary))
    if as_json:
        print_json(summary)


@app.command("benchmark")
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
        shots=_numbers("--shots", shots, 1),
        n_trials=trials,
        efforts=_efforts(effort),
        splits=SplitRule(seed, unbalanced, wrong_labels),
    )
    if out.suffix != ".json":
        raise _UsageError(f"--out is a JSON file and ends with .json, unlike {out.name}.")
    _check_outputs({"--out": out}, {"--start": start, "--encoder": encoder})
    try:
        with _workspace(device, encoder) as workspace:
            done = run(
                benchmark(workspace, data, out, rule, default_cache_folder(), start, device.value)
            )
    except KeyboardInterrupt:
        raise _Stopped("Interrupted; no report was written.") from None
    for line in (*briefly(done.report["warnings"]), *done.told()):
        tell(line)
    if as_json:
        print_json(done.summary())


@app.command("meta-train")
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
    from engine.metatraining.epochs import CHECKPOINT_NAME
    from engine.metatraining.few_shot.recipe import is_few_shot_recipe
    from engine.metatraining.processes import is_leader

    paths = [*data, *(more_data or [])]
    if piped:
        give_way()
    progress = JsonProgress() if piped else None
    try:
        if only_estimate:
            print_json(asdict(_estimate(recipe, paths, validation or [], progress)))
            return
        train = _train_few_shot if is_few_shot_recipe(recipe) else _train_encoder
        with _stop_asked() as asked, watched_input(piped) as has_ended:
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
            raise _Stopped from None
        if not (out / CHECKPOINT_NAME).exists():
            raise _Stopped(f"Interrupted before {out} had a checkpoint; start it again.") from None
        raise _Stopped(
            f"Interrupted. With --resume the run goes on from the checkpoint in {out}."
        ) from None
    if as_json and done is not None:
        print_json(asdict(done))


@app.command("meta-evaluate")
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
        ways=_numbers("--ways", ways, 2),
        shots=_numbers("--shots", shots, 1),
        n_query=queries,
        n_episodes=episodes,
        seed=seed,
        split=split.value,
        robustness=robustness,
    )
    if out.suffix != ".json":
        raise _UsageError(f"--out is a JSON file and ends with .json, unlike {out.name}.")
    _check_outputs({"--out": out}, {"--start": start})
    combinations = [Combination(choice.value) for choice in combine or []]
    cache_folder = default_cache_folder()
    steps = meta_evaluate(
        checkpoint, data, out, rule, cache_folder, combinations, start, device.value
    )
    try:
        done = run(steps)
    except KeyboardInterrupt:
        raise _Stopped("Interrupted; no report was written.") from None
    for line in done.told():
        tell(line)
    if as_json:
        print_json(done.summary())


@app.command()
def doctor(
    device: DeviceOption = Device.AUTO,
    encoder: EncoderFile = None,
    as_json: JsonOption = False,
) -> int:
    """Show versions, devices, providers in use and the cache, and test one image."""
    from engine.doctor import examine, report_lines

    report = examine(default_cache_folder(), device.value, encoder)
    for line in report_lines(report):
        tell(line)
    if as_json:
        print_json(asdict(report))
    return 0 if report.is_well else 1


# --- The work behind the commands -----------------------------------------------------------------


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
    done: MetaTrained = run(_until(asked, steps), show=progress)
    tell(f"The encoder is {done.encoder_path}, the record {done.record_path}.")
    if done.validation_gain is None:
        tell("Without validation sets only the smallest step away from the start was taken.")
    elif done.is_start:
        tell("Nothing was better on the validation sets without harm to one: it is the start.")
    else:
        tell(f"On the validation sets it is {100 * done.validation_gain:.2f} points better.")
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
        events = _until(lambda: processes.any(asked()), steps)
        if not processes.leads:
            for _ in events:
                pass
            return None
        done: FewShotTrained = run(events, show=progress)
    score = (
        ""
        if done.validation_accuracy is None
        else (f" Validation: {100 * done.validation_accuracy:.2f} %.")
    )
    tell(f"The model is {done.model_path}, the scores {done.scores_path}.{score}")
    return done


@contextmanager
def _stop_asked() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed or the process told to end; a second Ctrl-C interrupts at once."""
    first: float | None = None

    def asked() -> bool:
        return first is not None

    def note(number: int, frame: object) -> None:
        nonlocal first
        now = time.monotonic()
        if first is None:
            first = now
        elif number == signal.SIGINT and now - first >= _AGAIN_S:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _until(
    asked: Callable[[], bool], steps: Generator[Progress, None, Any]
) -> Generator[Progress, None, Any]:
    """The job's events, until a stop is asked for between two of its steps."""
    try:
        while True:
            try:
                event = next(steps)
            except StopIteration as finished:
                return finished.value
            if asked():
                raise KeyboardInterrupt
            yield event
    finally:
        steps.close()


def _classify_and_export(
    workspace: Workspace, snapshot: Snapshot, out: Path | None, export_to: Path | None
) -> dict[str, Any]:
    from engine.jobs.export import write_model
    from engine.jobs.predictions import fit_snapshot, write_predictions

    reasons: dict[ImageId, str] = {}

    def note_unreadable(event: Event) -> None:
        if isinstance(event, ImageUnreadable):
            reasons[event.image_id] = event.reason

    try:
        fitted = run(fit_snapshot(workspace, snapshot, _REQUEST), note_unreadable)
    finally:  # Also where too few are left to classify with: this is why.
        unreadable = [image for image, _ in snapshot.support if image.image_id in reasons]
        for sentence in briefly(
            [
                f"The example {short_path(image.name)} could not be read: "
                f"{reasons[image.image_id]}."
                for image in unreadable
            ]
        ):
            tell(sentence)
    summary: dict[str, Any] = {
        "classes": [item.name for item in fitted.classes],
        "n_labelled": fitted.model.n_support,
        "n_negative_examples": fitted.model.unknowns.n_negatives,
        "n_unreadable_examples": len(unreadable),
        "effort": fitted.model.effort.value,
        "ingredients": fitted.model.kept,
        "effort_asked": snapshot.effort.value,
        "note": fitted.note,
        **_held_out(fitted),
        "model_id": fitted.model_id,
        "device": workspace.runtime.device,
    }
    labelled = {class_id for _, class_id in snapshot.support}
    for item in snapshot.classes:
        if item not in fitted.classes:
            example = "readable example" if item.class_id in labelled else "example"
            tell(f"The class “{item.name}” has no {example}; it is never predicted.")

    def note(event: Event) -> None:
        match event:
            case PredictionsSaved():
                summary["n_images"] = event.n_rows
                summary["n_unreadable"] = event.n_errors
                summary["n_like_none_of_these"] = event.n_like_none
                summary["predictions"] = str(event.path)
                summary["errors"] = str(event.errors_path) if event.errors_path else None
            case ModelExported():
                summary["model"] = str(event.path)
                summary["model_files"] = [str(path) for path in event.files]
                summary["certificate"] = asdict(event.certificate)
            case _:
                pass

    if out is not None:
        run(write_predictions(workspace, fitted, out, _REQUEST), note)
    if export_to is not None:
        run(write_model(workspace, fitted, export_to, _REQUEST), note)
    return summary


def _held_out(fitted: FittedSnapshot) -> dict[str, float | None]:
    """Accuracy on held-out labels, beside that of the simpler ways on the same labels."""
    records = {
        "held_out_accuracy": fitted.model.held_out,
        "held_out_accuracy_thorough": fitted.thorough,
        "held_out_accuracy_instant": fitted.instant,
        "held_out_accuracy_plain": fitted.model.plain,
    }
    return {key: record.accuracy if record else None for key, record in records.items()}


def _classify_with_model(images: Path, model: Path, out: Path) -> dict[str, Any]:
    from engine.jobs.exported_model import classify_with_model

    builder = SnapshotBuilder()
    builder.add_images(images)
    for notice in builder.notices:
        tell(notice)
    summary: dict[str, Any] = {"model": str(model)}

    def note(event: Event) -> None:
        if isinstance(event, PredictionsSaved):
            summary["n_images"] = event.n_rows
            summary["n_unreadable"] = event.n_errors
            summary["n_like_none_of_these"] = event.n_like_none
            summary["predictions"] = str(event.path)
            summary["errors"] = str(event.errors_path) if event.errors_path else None

    run(classify_with_model(model, builder.build().images, out, _REQUEST), note)
    return summary


def _snapshot(
    images: Path | None, support: Path | None, labels: Path | None, project: Path | None
) -> Snapshot:
    builder = SnapshotBuilder()
    if images is not None:
        builder.add_images(images)
    if support is not None:
        builder.add_support(support)
    if labels is not None:
        folder = labels.parent if images is None else images if images.is_dir() else images.parent
        builder.add_labels(labels, folder)
    if project is not None:
        builder.add_project(project)
    for notice in builder.notices:
        tell(notice)
    return builder.build()


def _numbers(option: str, text: str, least: int) -> tuple[int, ...]:
    """Whole numbers parted by commas, each once, ascending."""
    try:
        numbers = sorted({int(part) for part in text.split(",")})
    except ValueError:
        raise _UsageError(f"{option} takes whole numbers parted by commas, not {text!r}.") from None
    if numbers[0] < least:
        raise _UsageError(f"{option} must be at least {least}, not {numbers[0]}.")
    return tuple(numbers)


def _efforts(text: str) -> tuple[Effort, ...]:
    """Efforts parted by commas, each once, in the order in which they cost more."""
    given = {part.strip() for part in text.split(",")}
    if unknown := sorted(given - set(Effort)):
        raise _UsageError(
            f"--effort takes {', '.join(Effort)}, parted by commas, not {unknown[0]!r}."
        )
    return tuple(effort for effort in Effort if effort in given)


def _exactly_one(options: dict[str, Path | None]) -> None:
    given = [name for name, value in options.items() if value is not None]
    if len(given) != 1:
        names = ", ".join(options)
        raise _UsageError(
            f"Give exactly one of {names}; {len(given) or 'none'} "
            f"{'was' if len(given) < 2 else 'were'} given."
        )


def _check_outputs(outputs: dict[str, Path | None], inputs: dict[str, Path | None]) -> None:
    """What cannot be written is known before an hour of work rather than after it."""
    read = {path.absolute(): name for name, path in inputs.items() if path is not None}
    for name, path in outputs.items():
        if path is None:
            continue
        if path.is_dir():
            raise EngineError(f"Could not write {short_path(path)}: it is a folder.")
        if not path.parent.is_dir():
            folder = short_path(path.parent)
            raise EngineError(f"Could not write {short_path(path)}: there is no folder {folder}.")
        if path.absolute() in read:
            raise _UsageError(f"{name} would overwrite the file of {read[path.absolute()]}.")
        read[path.absolute()] = name


@contextmanager
def _workspace(device: Device, encoder: Path | None = None) -> Iterator[Workspace]:
    from engine.jobs.workspace import open_workspace

    workspace = open_workspace(default_cache_folder(), device=device.value, encoder_path=encoder)
    for notice in (workspace.runtime.notice, workspace.cache.notice):
        if notice:
            tell(notice)
    try:
        yield workspace
    finally:
        workspace.close()


def _told(summary: dict[str, Any]) -> str:
    parts = []
    if "predictions" in summary:
        parts.append(f"{summary['n_images']} images classified: {summary['predictions']}.")
        if n_like_none := summary["n_like_none_of_these"]:
            parts.append(f"{n_like_none} of them look like none of the classes (none_score > 0.5).")
        if summary["n_unreadable"]:
            parts.append(f"{summary['n_unreadable']} could not be read: {summary['errors']}.")
    if (accuracy := summary.get("held_out_accuracy")) is not None:
        lesser = {
            name: summary[f"held_out_accuracy_{name}"] for name in ("thorough", "instant", "plain")
        }
        if summary["effort"] == Effort.INSTANT:
            lesser["instant"] = None
        beside = ", ".join(
            f"{'plain prototypes' if name == 'plain' else name}: {100 * value:.0f} %"
            for name, value in lesser.items()
            if value is not None
        )
        parts.append(
            f"Held-out labels right, every label judged by the others: {100 * accuracy:.0f} % "
            f"({beside})."
        )
    if note := summary.get("note"):
        parts.append(note)
    if certificate := summary.get("certificate"):
        parts.append(
            f"Model: {summary['model']}, checked on {certificate['n_files']} images "
            f"(largest difference {certificate['max_difference_rule']:.1e})."
        )
    return "\n".join(parts)

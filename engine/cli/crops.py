"""``handful crops``: what a detector found, cut out for labelling, and the answers written back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.classify import snapshot_of
from engine.cli.options import (
    Device,
    DeviceOption,
    EffortOption,
    EncoderFile,
    JsonOption,
    Labels,
    ModelFile,
    ProjectFile,
    Support,
    check_outputs,
    exactly_one,
    opened_workspace,
)
from engine.errors import EngineError
from engine.interchange.crop_folder import has_crops
from engine.interchange.formats.megadetector import ANIMAL, LEAST_CONFIDENCE
from engine.messages import (
    CropsMade,
    DetectionsWritten,
    Effort,
    Event,
    MakeCrops,
    WriteDetections,
)
from engine.project_files import only_project_in
from engine.terminal import print_json, run, tell

_REQUEST = 0

crops_commands = typer.Typer(
    help="What MegaDetector found: cut out, to be labelled, and written back with classes.",
    no_args_is_help=True,
    add_completion=False,
)


@crops_commands.command("make")
def make(
    results: Annotated[
        Path, typer.Argument(metavar="RESULTS.json", help="The results of MegaDetector.")
    ],
    images: Annotated[Path, typer.Option("--images", help="The folder of the images.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="The folder of the crops; where it was begun before, it is gone on with."
        ),
    ],
    confidence: Annotated[
        float,
        typer.Option("--confidence", help="From which confidence on.", min=0.0, max=1.0),
    ] = LEAST_CONFIDENCE,
    category: Annotated[
        list[str] | None,
        typer.Option(
            "--category",
            help=f"What of, by its name in RESULTS.json; several may be given. [default: {ANIMAL}]",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Cut out every detection, as an image of its own in a folder to be labelled."""
    from engine.jobs.crops import make_crops

    command = MakeCrops(_REQUEST, results, images, out, tuple(category or (ANIMAL,)), confidence)
    summary: dict[str, Any] = {}

    def note(event: Event) -> None:
        if isinstance(event, CropsMade):
            for notice in event.notices:
                tell(notice)
            summary.update(
                path=str(event.path),
                n_crops=event.n_crops,
                n_images=event.n_images,
                n_made=event.n_made,
                n_left_out=event.n_left_out,
            )

    run(make_crops(command), note)
    n_crops, n_images = summary["n_crops"], summary["n_images"]
    tell(
        f"{n_crops} {'crop' if n_crops == 1 else 'crops'} of {n_images} "
        f"{'image' if n_images == 1 else 'images'}: {summary['path']}."
    )
    if as_json:
        print_json(summary)


@crops_commands.command("write-back")
def write_back(
    crops: Annotated[Path, typer.Argument(metavar="CROPS", help="A folder of crops.")],
    out: Annotated[Path, typer.Option("--out", help="The results with classes, another file.")],
    support: Support = None,
    labels: Labels = None,
    project: ProjectFile = None,
    model: ModelFile = None,
    effort: EffortOption = Effort.THOROUGH,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Write the results of MegaDetector anew, with the class of every crop.

    Without other examples those of the project in CROPS.
    """
    from engine.jobs.crops import check_no_source, write_detections, write_results_back
    from engine.jobs.replacing import check_detections

    if not has_crops(crops):
        raise EngineError(f"{crops} holds no crops of detections.")
    if support is labels is project is model is None:
        project = only_project_in(crops)
    exactly_one({"--support": support, "--labels": labels, "--project": project, "--model": model})
    check_outputs({"--out": out}, {"--labels": labels, "--project": project, "--model": model})
    check_no_source(out, crops)
    check_detections(out)
    summary: dict[str, Any] = {}

    def note(event: Event) -> None:
        if isinstance(event, DetectionsWritten):
            summary.update(
                path=str(event.path),
                n_labels=event.n_labels,
                n_predictions=event.n_predictions,
                n_without=event.n_without,
            )

    if model is not None:
        from engine.jobs.exported_model import results_by_model

        images = snapshot_of(crops, None, None, None).images
        run(write_results_back(results_by_model(model, images, crops), out, _REQUEST), note)
    else:
        snapshot = replace(
            snapshot_of(None if project else crops, support, labels, project),
            effort=effort,
            folder=crops,
        )
        with opened_workspace(device, encoder) as workspace:
            run(write_detections(workspace, WriteDetections(_REQUEST, snapshot, out)), note)
    tell(
        f"{summary['n_labels']} detections with your class and {summary['n_predictions']} with a "
        f"predicted one: {summary['path']}."
    )
    if as_json:
        print_json(summary)

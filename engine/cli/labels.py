"""``handful labels``: labels for other programs, and from them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.classify import snapshot_of
from engine.cli.labels_import import import_labels
from engine.cli.options import (
    Device,
    DeviceOption,
    EffortOption,
    EncoderFile,
    JsonOption,
    Labels,
    OptionalImages,
    ProjectFile,
    Support,
    check_images_kept,
    check_outputs,
    exactly_one,
    opened_workspace,
)
from engine.errors import EngineError
from engine.interchange.formats.registry import FORMATS
from engine.messages import Effort, Event, LabelsSaved, SaveLabels
from engine.sources import short_path
from engine.terminal import print_json, run, tell

_REQUEST = 0

labels_commands = typer.Typer(
    help="Labels for other programs, and from them.", no_args_is_help=True, add_completion=False
)
labels_commands.command("import")(import_labels)
_KEYS = ", ".join(item.key for item in FORMATS if item.write is not None)


@labels_commands.command("export")
def export_labels(
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            help="The file to write or, for most formats, the folder; never one with files in it.",
        ),
    ],
    format_key: Annotated[str, typer.Option("--format", help=f"One of {_KEYS}.")],
    images: OptionalImages = None,
    support: Support = None,
    labels: Labels = None,
    project: ProjectFile = None,
    with_predictions: Annotated[
        bool,
        typer.Option(
            "--with-predictions",
            help="Also what the model says of the images without a label, marked as such.",
            metavar="",
        ),
    ] = False,
    hard_links: Annotated[
        bool,
        typer.Option(
            "--hard-links",
            help="Formats that hold images get hard links to them, not copies, where the disk can.",
            metavar="",
        ),
    ] = False,
    effort: EffortOption = Effort.THOROUGH,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Write labels as another program reads them: a project's, a table's or a folder's."""
    from engine.jobs.labels_out import format_to_write, save_labels, save_labels_alone

    exactly_one({"--support": support, "--labels": labels, "--project": project})
    chosen = format_to_write(format_key)
    if not chosen.is_folder:
        check_outputs({"--out": out}, {"IMAGES": images, "--labels": labels, "--project": project})
    snapshot = replace(snapshot_of(images, support, labels, project), effort=effort)
    if images is None and project is None:
        # Nothing but examples was given: they are what there is to write.
        snapshot = replace(snapshot, images=tuple(image for image, _ in snapshot.support))
    if not chosen.is_folder:
        check_images_kept([out], snapshot)
        if os.path.lexists(out):
            raise EngineError(f"{short_path(out)} is there already; choose another name.")
    command = SaveLabels(
        _REQUEST, snapshot, out, format_key, with_predictions, copy_images=not hard_links
    )
    summary: dict[str, Any] = {"format": format_key}

    def note(event: Event) -> None:
        if isinstance(event, LabelsSaved):
            for notice in event.notices:
                tell(notice)
            summary.update(
                path=str(event.path),
                n_labels=event.n_labels,
                n_predictions=event.n_predictions,
                n_left_out=event.n_left_out,
            )

    if with_predictions:
        with opened_workspace(device, encoder) as workspace:
            run(save_labels(workspace, command), note)
    else:
        run(save_labels_alone(command), note)
    tell(_told(summary))
    if as_json:
        print_json(summary)


def _told(summary: dict[str, Any]) -> str:
    count, n_predictions = summary["n_labels"], summary["n_predictions"]
    parts = "1 label" if count == 1 else f"{count} labels"
    if n_predictions:
        parts += " and 1 prediction" if n_predictions == 1 else f" and {n_predictions} predictions"
    return f"{parts} written: {summary['path']}."

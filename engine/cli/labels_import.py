"""``handful labels import``: labels from another program into a project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from engine.cli.options import JsonOption, check_outputs
from engine.errors import LabelsError
from engine.files import write_whole
from engine.interchange.formats.registry import FORMATS, format_of_key
from engine.interchange.label_import import (
    ImportPlan,
    import_change,
    plan_import,
    unmatched_table,
    why_text,
)
from engine.messages import NONE_NAME, NONE_OF_THESE, Event, ImageRef, LabelsRead, ReadLabels
from engine.project import Project
from engine.sources import briefly, short_path
from engine.terminal import print_json, run, tell

_REQUEST: Final = 0
_KEYS: Final = ", ".join(item.key for item in FORMATS if item.read is not None)
_MOST_NAMED: Final = 20


def import_labels(
    labels: Annotated[
        Path, typer.Argument(help="A file or folder that another program wrote, or a zip of it.")
    ],
    project: Annotated[
        Path, typer.Option("--project", help="The project that the labels are for.")
    ],
    format_key: Annotated[
        str,
        typer.Option("--format", help=f"One of {_KEYS}; it is recognised where none is given."),
    ] = "",
    is_dry: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell what would be done, and change nothing.", metavar=""),
    ] = False,
    is_replacing: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Take the file's label also where the project has another one of yours.",
            metavar="",
        ),
    ] = False,
    with_predictions: Annotated[
        bool,
        typer.Option(
            "--with-predictions",
            help="Also take what a machine predicted there, for images without a label.",
            metavar="",
        ),
    ] = False,
    unmatched: Annotated[
        Path | None,
        typer.Option("--unmatched", help="List what could not be taken here, as a CSV file."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take labels of another program into a project, matched by path and by content."""
    from engine.jobs.labels_in import read_labels

    if format_key:
        format_of_key(format_key)
    if not labels.exists():
        raise LabelsError(f"There is no file or folder {short_path(labels)}.")
    check_outputs({"--unmatched": unmatched}, {"LABELS": labels, "--project": project})
    opened = Project.open(project, read_only=is_dry, alone=True)
    try:
        images = tuple(
            ImageRef(record.image_id, opened.path_of(record.name), record.name)
            for record in opened.images()
            if not record.missing
        )
        found: list[LabelsRead] = []

        def note(event: Event) -> None:
            if isinstance(event, LabelsRead):
                found.append(event)

        run(read_labels(ReadLabels(_REQUEST, labels, format_key, opened.folder, images)), note)
        (read,) = found
        plan = plan_import(
            read,
            opened.labels(),
            opened.classes(),
            with_predictions=with_predictions,
            is_replacing=is_replacing,
        )
        kept = [] if is_replacing else _kept(plan, opened, images)
        if unmatched is not None:
            write_whole(unmatched, unmatched_table(read.unmatched, kept))
        shown = kept if is_dry else []
        for sentence in _told_of_file(read, plan, shown, with_predictions=with_predictions):
            tell(sentence)
        if plan.refusal:
            raise LabelsError(plan.refusal)
        if plan.n_taken and not is_dry:
            opened.apply(import_change(plan, opened))
    finally:
        opened.close()
    tell(_told_of_plan(plan, is_dry=is_dry))
    if as_json:
        print_json(_summary(read, plan, is_dry=is_dry))


def _kept(
    plan: ImportPlan, project: Project, images: Sequence[ImageRef]
) -> list[tuple[str, str, str]]:
    """The images that keep their labels: name, label of the file, label of the project."""
    names = {item.class_id: item.name for item in project.classes()}
    names[NONE_OF_THESE] = str(NONE_NAME)
    labels = project.labels()
    return [
        (image.name, plan.changing[image.image_id], names[labels[image.image_id]])
        for image in images
        if image.image_id in plan.changing
    ]


def _told_of_file(
    read: LabelsRead,
    plan: ImportPlan,
    kept: Sequence[tuple[str, str, str]],
    *,
    with_predictions: bool,
) -> list[str]:
    told = [f"{short_path(read.path)} was read as {read.format_title}.", *read.notices]
    names = plan.fresh[:_MOST_NAMED]
    if names:
        others = len(plan.fresh) - len(names)
        listed = ", ".join(f"“{name}”" for name in names) + (f" and {others} more" * bool(others))
        told.append(f"New classes: {listed}.")
    told += briefly([f"“{name}” is the class “{known}”." for name, known in plan.renamed])
    if plan.n_equal:
        told.append(f"Labelled so already: {plan.n_equal}.")
    if plan.changing and not plan.is_replacing:
        told.append(
            f"Labelled otherwise in the project and kept: {len(plan.changing)}; --replace takes "
            "the file's labels."
        )
        told += briefly(
            [
                f"  “{mine}” in the project, “{theirs}” in the file: {count}."
                for mine, theirs, count in plan.differing
            ]
        )
        told += briefly(
            [
                f"  {short_path(name)}: “{mine}” is kept, not “{theirs}”."
                for name, theirs, mine in kept
            ]
        )
    if plan.n_predicted and not with_predictions:
        told.append(
            f"Predicted by a machine and not taken: {plan.n_predicted}; --with-predictions takes "
            "them."
        )
    if read.unmatched:
        told.append(f"Not taken: {len(read.unmatched)}.")
    sentences = [
        f"  {short_path(item.name)} ({item.label[:80]}): {why_text(item.why)}."
        for item in read.unmatched
    ]
    return told + briefly(sentences)


def _told_of_plan(plan: ImportPlan, *, is_dry: bool) -> str:
    count = plan.n_taken
    labels = "1 label" if count == 1 else f"{count} labels"
    if is_dry:
        return f"{labels} would be imported; nothing was changed."
    return f"{labels} imported." if count else "No label was imported."


def _summary(read: LabelsRead, plan: ImportPlan, *, is_dry: bool) -> dict[str, Any]:
    return {
        "file": str(read.path),
        "format": read.format_title,
        "dry_run": is_dry,
        "n_imported": plan.n_taken,
        "n_new": len(plan.new),
        "n_changed": len(plan.changing) if plan.is_replacing else 0,
        "n_kept": 0 if plan.is_replacing else len(plan.changing),
        "differing": [
            {"project": mine, "file": theirs, "n_images": count}
            for mine, theirs, count in plan.differing
        ],
        "renamed": dict(plan.renamed),
        "n_equal": plan.n_equal,
        "n_predicted": plan.n_predicted,
        "n_unmatched": len(read.unmatched),
        "new_classes": list(plan.fresh),
        "found_by": {way.value: count for way, count in read.found_by},
        "unmatched": [
            {"file_name": item.name, "label": item.label, "place": item.where, "why": item.why}
            for item in read.unmatched
        ],
    }

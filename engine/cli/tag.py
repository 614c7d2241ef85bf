"""``handful tag``: classes as XMP keywords, and taking them back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from engine.cli.classify import snapshot_of
from engine.cli.options import (
    Device,
    DeviceOption,
    EffortOption,
    EncoderFile,
    Images,
    JsonOption,
    Labels,
    ModelFile,
    ProjectFile,
    Support,
    exactly_one,
    opened_workspace,
)
from engine.errors import EngineError
from engine.messages import (
    Effort,
    Event,
    ImageRef,
    MetadataChange,
    MetadataChoice,
    MetadataPlanned,
    MetadataUndone,
    MetadataWritten,
    SidecarNaming,
)
from engine.project import Project
from engine.project_files import only_project_in
from engine.sources import SnapshotBuilder, briefly, short_path
from engine.terminal import print_json, print_list, run, tell, typed

_REQUEST: Final = 0
_WRITE: Final = "write"


class _WriteUnlessSaid(TyperGroup):
    """``handful tag IMAGES`` is ``handful tag write IMAGES``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_help = bool(args) and args[0] in ctx.help_option_names
        if args and not is_help and args[0] not in self.commands:
            args = [_WRITE, *args]
        return super().parse_args(ctx, args)


tag_commands = typer.Typer(
    cls=_WriteUnlessSaid,
    help="Write classes into the images' metadata, as XMP keywords; write may be left out.",
    no_args_is_help=True,
)

_DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Only say what would change in which file.", metavar=""),
]
_Folder = Annotated[Path, typer.Argument(help="The folder of images, or the list, of the run.")]


@tag_commands.command(_WRITE)
def write_command(
    images: Images,
    support: Support = None,
    labels: Labels = None,
    project: ProjectFile = None,
    model: ModelFile = None,
    above: Annotated[
        float,
        typer.Option(
            "--above",
            min=0.0,
            max=1.0,
            help="The confidence from which on predictions are written; labels always are, what "
            "looks like none of the classes never is.",
        ),
    ] = 0.9,
    embed: Annotated[
        bool,
        typer.Option(
            "--embed",
            help="Write into JPEG and PNG files themselves; others get a sidecar.",
            metavar="",
        ),
    ] = False,
    naming: Annotated[
        SidecarNaming,
        typer.Option(
            "--naming", help="Of sidecars: full is IMG_1.JPG.xmp, stem is IMG_1.xmp (Lightroom)."
        ),
    ] = SidecarNaming.FULL,
    dry_run: _DryRun = False,
    effort: EffortOption = Effort.THOROUGH,
    encoder: EncoderFile = None,
    device: DeviceOption = Device.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Merge a keyword for each image's class into its metadata; nothing else is changed."""
    exactly_one({"--support": support, "--labels": labels, "--project": project, "--model": model})
    from engine.jobs.metadata import tag_results

    choice = MetadataChoice(above, embed, naming, dry_run)
    if model is not None:
        from engine.jobs.exported_model import results_by_model

        snapshot = _images_of(images)
        results = results_by_model(model, snapshot.images, snapshot.folder)
        _write(tag_results(results, choice, _REQUEST), as_json)
        return
    from engine.jobs.predictions import fit_snapshot, results_of

    snapshot = replace(snapshot_of(images, support, labels, project), effort=effort)
    with opened_workspace(device, encoder) as workspace:
        fitted = run(fit_snapshot(workspace, snapshot, _REQUEST))
        results = replace(results_of(workspace, fitted), folder=_folder_of(images))
        _write(tag_results(results, choice, _REQUEST), as_json)


@tag_commands.command("undo")
def undo_command(images: _Folder, as_json: JsonOption = False) -> None:
    """Take back the newest run over a folder, an interrupted one too; once more: the one before.

    What could not be taken back is told, and tried again the next time; the exit status is 1 then.
    """
    from engine.jobs.metadata_undo import undo_last_run

    done: list[MetadataUndone] = []

    def note(event: Event) -> None:
        if isinstance(event, MetadataUndone):
            done.append(event)

    run(undo_last_run(_folder_of(images), _REQUEST, _images_now(images)), note)
    (undone,) = done
    for sentence in briefly(list(undone.problems)):
        tell(sentence)
    n_files = undone.n_restored
    if n_files or not undone.problems:
        tell("1 file is as it was." if n_files == 1 else f"{n_files} files are as they were.")
    if as_json:
        print_json(_summary(undone))
    if undone.problems:
        raise typer.Exit(1)


@tag_commands.command("remove")
def remove_command(images: Images, dry_run: _DryRun = False, as_json: JsonOption = False) -> None:
    """Take out all keywords that Handful ever wrote, in images and sidecars; others stay."""
    from engine.jobs.metadata import remove_metadata

    found = _images_of(images)
    steps = remove_metadata(found.folder, found.images, _REQUEST, is_dry_run=dry_run)
    _write(steps, as_json)


def _images_of(images: Path) -> Any:
    builder = SnapshotBuilder()
    builder.add_images(images)
    for notice in builder.notices:
        tell(notice)
    return replace(builder.build(), folder=_folder_of(images))


def _images_now(images: Path) -> Iterator[ImageRef]:
    """The images of a run where they are by now, also those that sorting moved out of a folder."""
    builder = SnapshotBuilder()
    with contextlib.suppress(EngineError):
        builder.add_images(images, may_be_empty=True)
    yield from builder.build().images
    project = only_project_in(images) if images.is_dir() else None
    if project is not None:
        with contextlib.suppress(EngineError):
            opened = Project.open(project, read_only=True)
            try:
                known = opened.images()
                yield from (ImageRef(i.image_id, opened.path_of(i.name), i.name) for i in known)
            finally:
                opened.close()


def _folder_of(images: Path) -> Path:
    """Where the journal of a run lies."""
    if not images.exists():
        raise EngineError(f"There is no folder or file {short_path(images)}.")
    return images if images.is_dir() else images.parent


def _write(steps: Iterator[Event | None], as_json: bool) -> None:
    done: list[MetadataWritten] = []

    def note(event: Event) -> None:
        match event:
            case MetadataPlanned():
                lines = [_told_change(change) for change in event.changes]
                if as_json and lines:  # Which has standard output to itself.
                    tell("\n".join(lines))
                elif lines:
                    print_list(lines)
            case MetadataWritten():
                done.append(event)
            case _:
                pass

    run(steps, note)
    (written,) = done
    for sentence in briefly(list(written.problems)):
        tell(sentence)
    tell(_told(written))
    if as_json:
        print_json(_summary(written))


def _told_change(change: MetadataChange) -> str:
    """What becomes of one file, in the manner of a diff."""
    head = f"{change.file} (new)" if change.is_new else change.file
    lines = [f"{head}: {change.instead}" if change.instead else head]
    lines += [f"  - {text}" for text in change.removed]
    lines += [f"  + {text}" for text in change.added]
    return "\n".join(lines)


def _told(written: MetadataWritten) -> str:
    verb = "would have" if written.is_dry_run else "have"
    n_machine = written.n_tagged - written.n_human
    parts = [
        f"{written.n_tagged} images {verb} a keyword: {written.n_human} labelled, "
        f"{n_machine} predicted; {written.n_unchanged} had it before.",
        f"Sidecars: {written.n_created} new, {written.n_merged} merged into, "
        f"{written.n_removed} removed. "
        f"Images written into: {written.n_embedded}.",
    ]
    if written.n_instead:
        parts.append(f"{written.n_instead} could not be written into and have a sidecar instead.")
    if written.n_silent:
        parts.append(f"{written.n_silent} get none: too unsure, or none of these.")
    if written.journal is not None and not written.is_dry_run:
        parts.append(f"To take this back: handful tag undo {typed(written.folder)}")
    return "\n".join(parts)


def _summary(event: MetadataWritten | MetadataUndone) -> dict[str, Any]:
    summary = {k: v for k, v in asdict(event).items() if k != "request_id"}
    summary["n_problems"] = len(event.problems)
    return summary

"""Sorting into folders on the command line: what ``classify --sort-into`` does, and its undo."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from engine.errors import EngineError, ExportError, ProjectError
from engine.interchange.records import Results
from engine.messages import (
    Event,
    FilesMoved,
    FilesSorted,
    LeftOut,
    ResumeSorting,
    SortChoice,
    SortHow,
    UndoSorting,
)
from engine.project import Project
from engine.project_files import only_project_in
from engine.sources import briefly, short_path
from engine.terminal import print_json, print_list, run, tell, typed
from engine.words import size_words

_REQUEST: Final = 0

sort_commands = typer.Typer(
    help="What “classify --sort-into” has put into folders: go on with it, or take it back.",
    no_args_is_help=True,
)

_Target = Annotated[
    Path, typer.Argument(metavar="DIR", help="The folder that images were sorted into.")
]
_Json = Annotated[
    bool, typer.Option("--json", help="Print JSON on standard output as well.", metavar="")
]
_Images = Annotated[
    Path | None,
    typer.Option(
        "--images",
        help="The folder of the images, where another computer has sorted them: files are taken "
        "from there, or put back there, as its journal says.",
    ),
]
_PANEL: Final = "Into folders"
SortInto = Annotated[
    Path | None,
    typer.Option(
        "--sort-into",
        help="Put the images into a folder per class in this one; nothing is written over, and "
        "“handful sort undo” takes it back.",
        rich_help_panel=_PANEL,
    ),
]
How = Annotated[
    SortHow,
    typer.Option("--how", help="What becomes of the files.", rich_help_panel=_PANEL),
]
Flatten = Annotated[
    bool,
    typer.Option(
        "--flatten",
        help="Without the folders that the images lie in; of two names alike both get digits.",
        metavar="",
        rich_help_panel=_PANEL,
    ),
]
UnsureBelow = Annotated[
    float,
    typer.Option(
        "--unsure-below",
        help="Predictions with less confidence go into _unsure; without it none do.",
        min=0.0,
        max=1.0,
        rich_help_panel=_PANEL,
    ),
]
LabelledOnly = Annotated[
    bool,
    typer.Option(
        "--labelled-only",
        help="Only the images that a person labelled.",
        metavar="",
        rich_help_panel=_PANEL,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Only say what would be put where.",
        metavar="",
        rich_help_panel=_PANEL,
    ),
]


@dataclass(frozen=True, slots=True)
class Sorting:
    """What was asked for with ``--sort-into``."""

    choice: SortChoice
    project: Path | None
    only_plan: bool
    as_json: bool = False

    def of(self, results: Results) -> dict[str, Any]:
        """Sort by these results; see :func:`sort_results`."""
        return sort_results(
            results, self.choice, self.project, only_plan=self.only_plan, as_json=self.as_json
        )


@sort_commands.command("resume")
def resume_command(target: _Target, images: _Images = None, as_json: _Json = False) -> None:
    """Go on with a sorting, or an undo, that was interrupted."""
    from engine.jobs.sorting import resume_sorting

    steps = resume_sorting(ResumeSorting(_REQUEST, target, images))
    _finish(steps, target, images, as_json=as_json)


@sort_commands.command("undo")
def undo_command(target: _Target, images: _Images = None, as_json: _Json = False) -> None:
    """Take the last sorting back: every file is where it was, every folder made for it gone.

    What had to be left is told, and tried again the next time before the sorting before is taken
    back.
    """
    from engine.jobs.sorting import undo_sorting

    steps = undo_sorting(UndoSorting(_REQUEST, target, images))
    _finish(steps, target, images, as_json=as_json)


def sort_results(
    results: Results,
    choice: SortChoice,
    project: Path | None,
    *,
    only_plan: bool,
    as_json: bool = False,
) -> dict[str, Any]:
    """Plan, tell the plan, and carry it out unless ``only_plan``; return what JSON says of it.

    A plan that was asked for goes to standard output, unless that is to have ``as_json`` alone.

    Raises:
        ExportError: it cannot be done.
    """
    from engine.jobs.sorting import carry_out, planned

    is_move = choice.how is SortHow.MOVE  # Else the images stay where the project knows them.
    project = (project or only_project_in(results.folder)) if is_move else None
    found = run(planned(results, choice, project and project.absolute(), _REQUEST))
    plan = found.plan
    _tell_left_out(found.left_out, found.n_left_out)
    if only_plan and not (found.problem or as_json):
        print_list(_table(plan))
    elif only_plan or found.problem:
        for line in _table(plan):
            tell(line)
    if found.problem:
        raise ExportError(found.problem)
    summary: dict[str, Any] = {
        "target": str(plan.choice.target),
        "how": plan.choice.how.value,
        "is_dry_run": only_plan,
        "folders": [
            {"folder": item.folder, "label": item.label or None, "n_images": item.n_images}
            for item in plan.folders
        ],
        "n_images": plan.n_images,
        "n_there_already": plan.n_there,
        "n_renamed": plan.n_renamed,
        "n_left_out": found.n_left_out,
        "bytes_needed": plan.bytes_needed,
    }
    if only_plan:
        return summary
    try:
        done = _carried(carry_out(plan, _REQUEST), [plan.project] if plan.project else [])
    except (KeyboardInterrupt, EngineError):
        folder = typed(plan.choice.target)
        tell(f"“handful sort resume {folder}” goes on, “handful sort undo {folder}” takes it back.")
        raise
    summary["n_images"] = done.n_images
    summary["n_left_out"] += done.n_left_out
    tell(_told(done))
    return summary


def _finish(steps: Any, target: Path, images: Path | None, *, as_json: bool) -> None:
    from engine.jobs.sorting import projects_to_tell

    done = _carried(steps, projects_to_tell(target, images))
    tell(_told(done))
    if as_json:
        print_json(
            {
                "target": str(done.target),
                "how": done.how.value,
                "is_undo": done.is_undo,
                "n_images": done.n_images,
                "n_left_out": done.n_left_out,
                "n_edited": done.n_edited,
            }
        )


def _carried(steps: Any, projects: Sequence[Path]) -> FilesSorted:
    """Run the job to its end; the projects learn where their images are, some files at a time.

    Before the journal says that it is over: a project that was not told by then is told by nobody.
    """
    done: list[FilesSorted] = []
    with contextlib.ExitStack() as stack:
        following = [_Following(path, stack) for path in projects]

        def note(event: Event) -> None:
            match event:
                case FilesMoved():
                    for project in following:
                        project.follow(event.moves)
                case FilesSorted():
                    done.append(event)
                case _:
                    pass

        run(steps, note)
    (event,) = done
    _tell_left_out(event.left_out, event.n_left_out)
    return event


class _Following:
    """A project that learns where its images go, opened when the first of them does."""

    def __init__(self, path: Path, stack: contextlib.ExitStack) -> None:
        self._path = path
        self._stack = stack  # That closes it.
        self._project: Project | None = None
        self._has_failed = False

    def follow(self, moves: Sequence[tuple[Path, Path]]) -> None:
        """Tell it; where that fails, the person is told once."""
        if self._has_failed:
            return
        try:
            if self._project is None:
                self._project = Project.open(self._path)
                self._stack.callback(self._project.close)
            self._project.follow_moves(moves)
        except ProjectError as error:
            self._has_failed = True
            tell(f"{error} It finds images by their content when they are in its folder.")


def _table(plan: Any) -> list[str]:
    lines = [f"Into {short_path(plan.choice.target)}:"]
    width = max((len(item.folder) for item in plan.folders), default=0)
    for item in plan.folders:
        is_other = item.label not in ("", item.folder)
        label = f"  (the class “{item.label}”)" if is_other else ""
        example = f"  {short_path(item.examples[0][0])} -> {short_path(item.examples[0][1])}"
        lines.append(f"  {item.folder:<{width}}  {item.n_images}{label}{example}")
    if plan.n_there:
        lines.append(f"{plan.n_there} are there already.")
    if plan.n_renamed:
        before, after = plan.renamed[0]
        lines.append(
            f"{plan.n_renamed} get another name, since another file has theirs: "
            f"{short_path(before)} -> {short_path(after)}, ..."
        )
    if plan.bytes_needed:
        lines.append(
            f"It takes {size_words(plan.bytes_needed)} of {size_words(plan.bytes_free)} free."
        )
    return lines


def _tell_left_out(left_out: tuple[LeftOut, ...], count: int) -> None:
    told = briefly([f"Left alone: {short_path(item.name)}: {item.reason}" for item in left_out])
    for sentence in told:
        tell(sentence if sentence.endswith(".") else f"{sentence}.")
    if count > len(left_out):
        tell(f"{count} files were left alone in all.")


def _told(done: FilesSorted) -> str:
    images = "1 image" if done.n_images == 1 else f"{done.n_images} images"
    folder = short_path(os.path.normpath(done.target))
    if done.is_undo:
        edited = ""
        if done.n_edited:
            were = "1 of them was" if done.n_edited == 1 else f"{done.n_edited} of them were"
            edited = f" {were} edited since, and back as edited."
        return f"{images} taken back from {folder}.{edited}"
    verb = {SortHow.COPY: "copied", SortHow.LINK: "linked", SortHow.MOVE: "moved"}[done.how]
    undo = f"“handful sort undo {typed(done.target)}”"
    return f"{images} {verb} into {folder}; {undo} takes it back."

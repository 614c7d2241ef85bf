"""``handful recover``."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import JsonOption
from engine.errors import DamagedProjectError, ProjectError
from engine.project import Project
from engine.project_backups import backups_of, default_folder
from engine.project_connection import connect_to_read
from engine.project_files import check_header, check_whole, project_error
from engine.project_recovery import recover
from engine.project_trail import Trail
from engine.sources import short_path
from engine.terminal import print_json, tell
from engine.words import say


def recover_command(
    project: Annotated[
        Path, typer.Argument(metavar="PROJECT.handful", help="The project that is damaged.")
    ],
    backups: Annotated[
        Path | None,
        typer.Option(
            "--backups",
            help="Where its backups are; otherwise those that the window makes.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Repair a damaged project from its backups, its journal and what its file still tells.

    A project that is whole is left alone. A damaged file is kept under another name.
    """
    folder = backups or default_folder()
    is_kept = bool(backups_of(project, folder)) or Trail.for_damaged(project, "", folder)
    if not project.exists() and not is_kept:
        raise ProjectError(f"There is no project file {short_path(project)}, and no backup of it.")
    try:
        _look_through(project)
    except DamagedProjectError:
        pass  # What is wrong with it stands in the report beside it.
    else:
        opened = Project.open(project, backup_folder=folder, alone=True)
        try:
            n_labels = len(opened.labels())
            if opened.notice:
                tell(opened.notice)
        finally:
            opened.close()
        tell(f"{short_path(project)} is whole; it has {n_labels} labels.")
        if as_json:
            print_json({"is_damaged": False, "n_labels": n_labels})
        return
    done = recover(project, folder)
    for sentence in done.sentences:
        tell(sentence)
    if as_json:
        print_json(
            {
                "is_damaged": True,
                "n_labels": done.n_labels,
                "n_images": done.n_images,
                "damaged": None if done.damaged is None else str(done.damaged),
                "report": list(done.sentences),
            }
        )


def _look_through(path: Path) -> None:
    """Raises DamagedProjectError where something is wrong with it, or it is not there."""
    import sqlite3

    if not path.exists():
        raise DamagedProjectError(say("There is no project file {path}.", path=path))
    check_header(path)
    try:
        with closing(connect_to_read(path)) as connection:
            check_whole(connection, path, is_thorough=True)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise project_error(error, path, say("read")) from error

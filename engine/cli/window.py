"""``handful gui`` and ``handful demo``: what ends in the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import Device, DeviceOption, JsonOption, opened_workspace
from engine.errors import EngineError
from engine.terminal import print_json, run, tell

OpenWindow = Callable[[Path | None], int]
"""Opens the window on a folder or project and returns the exit status."""


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

    with opened_workspace(device) as workspace:
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
